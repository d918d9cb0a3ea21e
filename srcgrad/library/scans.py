"""Sums, products and differences along an axis that keep it."""

from __future__ import annotations

import numpy as np

from .pages import page


@page(np.cumsum, method="cumsum")
def cumsum(a, axis=None):
    """out[i] = a[0] + ... + a[i]."""
    a = np.asarray(a)
    if axis is None:
        a = np.ravel(a)
        axis = 0
    out = np.empty(a.shape, dtype=np.sum(a).dtype)
    x = np.moveaxis(a, axis, -1)
    y = np.moveaxis(out, axis, -1)
    for at in np.ndindex(x.shape[:-1]):
        total = 0
        for i in range(x.shape[-1]):
            total += x[(*at, i)]
            y[(*at, i)] = total
    return out


@page(np.diff)
def diff(a, n=1, axis=-1):
    """out[i] = a[i + 1] - a[i], n times."""
    a = np.moveaxis(np.asarray(a), axis, -1)
    for _ in range(n):
        a = a[..., 1:] - a[..., :-1]
    return np.moveaxis(a, -1, axis)
