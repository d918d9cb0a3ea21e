"""Arrays put together from others."""

from __future__ import annotations

import numpy as np

from .pages import page


@page(np.concatenate)
def concatenate(arrays, axis=0):
    """The arrays one after the other along an axis."""
    arrays = [np.asarray(a) for a in arrays]
    if axis is None:
        arrays = [np.ravel(a) for a in arrays]
        axis = 0
    first = arrays[0].shape
    axis = axis % len(first)
    total = sum([a.shape[axis] for a in arrays])
    out = np.empty((*first[:axis], total, *first[axis + 1 :]), dtype=np.result_type(*arrays))
    whole = (slice(None),) * axis
    start = 0
    for a in arrays:
        out[(*whole, slice(start, start + a.shape[axis]))] = a
        start += a.shape[axis]
    return out
