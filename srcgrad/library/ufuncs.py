"""Methods of ufuncs: `outer` of two arrays, `reduce` and `accumulate` where they are functions of NumPy as well."""

from __future__ import annotations

import numpy as np

from .pages import page


def outer_of(ufunc):
    """The page of `ufunc.outer`: every element of the one array with every element of the other."""

    def outer(A, B):
        A = np.asarray(A)
        B = np.asarray(B)
        return ufunc(A[(..., *(None,) * B.ndim)], B)

    return outer


for _ufunc in vars(np).values():
    if isinstance(_ufunc, np.ufunc) and (_ufunc.nin, _ufunc.nout, _ufunc.signature) == (2, 1, None):
        page(_ufunc.outer)(outer_of(_ufunc))


@page(np.add.reduce)
def add_reduce(array, axis=0, dtype=None, keepdims=False, initial=None, where=None):
    """The sum along an axis."""
    return np.sum(array, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@page(np.multiply.reduce)
def multiply_reduce(array, axis=0, dtype=None, keepdims=False, initial=None, where=None):
    """The product along an axis."""
    return np.prod(array, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@page(np.logical_and.reduce)
def logical_and_reduce(array, axis=0, keepdims=False):
    """Whether all elements along an axis are true."""
    return np.all(array, axis=axis, keepdims=keepdims)


@page(np.logical_or.reduce)
def logical_or_reduce(array, axis=0, keepdims=False):
    """Whether any element along an axis is true."""
    return np.any(array, axis=axis, keepdims=keepdims)


@page(np.maximum.reduce)
def maximum_reduce(array, axis=0, dtype=None, keepdims=False, initial=None, where=None):
    """The greatest along an axis."""
    x = np.asarray(array, dtype=dtype)
    return np.max(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


@page(np.minimum.reduce)
def minimum_reduce(array, axis=0, dtype=None, keepdims=False, initial=None, where=None):
    """The least along an axis."""
    x = np.asarray(array, dtype=dtype)
    return np.min(x, axis=axis, keepdims=keepdims, initial=initial, where=where)


@page(np.add.accumulate)
def add_accumulate(array, axis=0, dtype=None):
    """Sums of ever more along an axis."""
    return np.cumsum(array, axis=axis, dtype=dtype)


@page(np.multiply.accumulate, cases=("A(4)", "A(2, 3), axis=1"))
def multiply_accumulate(array, axis=0, dtype=None):
    """Products of ever more along an axis."""
    return np.cumprod(array, axis=axis, dtype=dtype)
