"""The few compiled helpers that generated code calls; NumPy and numba only."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def grow(buffer):
    """Return a buffer twice as long that begins with what `buffer` holds."""
    longer = np.empty((2 * buffer.shape[0],) + buffer.shape[1:], buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer


@numba.njit(cache=True)
def unset(array):
    """Return the array: it stands for one that only some paths make, so that its name has a type on all of them."""
    return array


@numba.njit(cache=True)
def in_order(array):
    """Return whether the elements of an array stand one behind the other, row by row."""
    return array.flags.c_contiguous


@numba.njit(cache=True)
def overlap(a, b):
    """Return whether the memory that two arrays span has a byte in common."""
    if a.size == 0 or b.size == 0:
        return False
    low_a, high_a = span(a)
    low_b, high_b = span(b)
    return low_a < high_b and low_b < high_a


@numba.njit(cache=True)
def span(a):
    """Return the first address of an array and the one after its last."""
    low = a.ctypes.data
    high = low + a.itemsize
    for n, stride in zip(a.shape, a.strides):
        reach = (n - 1) * stride
        if reach < 0:
            low += reach
        else:
            high += reach
    return low, high
