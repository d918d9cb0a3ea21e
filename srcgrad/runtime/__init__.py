"""The few compiled helpers that generated code calls; NumPy and numba only."""

from __future__ import annotations

import numba
import numpy as np
from numba.core import types
from numba.extending import lower_builtin, type_callable

from .products import matmul as matmul
from .unordered import unordered


@numba.njit(cache=True)
def grow(buffer, least=0):
    """Return a buffer twice as long, at least `least`, that begins with what `buffer` holds."""
    longer = np.empty((max(2 * buffer.shape[0], least),) + buffer.shape[1:], buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer


def stack(size, dtype=np.float64):
    """Return an empty array of a literal size in the frame of the compiled function that asks: it ends with the call.

    As long as what is kept fits, it costs no allocation; without a count of references to it there is none to update
    in every trip of a loop.
    """
    return np.empty(size, dtype)


@type_callable(stack)
def _type_of_stack(context):
    def typer(size, dtype=None):
        if isinstance(size, types.IntegerLiteral) and (dtype is None or isinstance(dtype, types.NumberClass)):
            return types.Array(types.float64 if dtype is None else dtype.dtype, 1, "C")
        return None

    return typer


@lower_builtin(stack, types.IntegerLiteral)
@lower_builtin(stack, types.IntegerLiteral, types.NumberClass)
def _lower_stack(context, builder, signature, args):
    size, kind = signature.args[0].literal_value, signature.return_type
    with builder.goto_entry_block():
        memory = builder.alloca(context.get_data_type(kind.dtype), context.get_constant(types.intp, size))

    def view(address):
        return numba.carray(address, (size,))

    return context.compile_internal(builder, view, kind(types.CPointer(kind.dtype)), [memory])


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
    """Return whether two arrays have a byte in common, or may have where it takes long to tell."""
    if a.size == 0 or b.size == 0:
        return False
    low_a, high_a = span(a)
    low_b, high_b = span(b)
    if low_a >= high_b or low_b >= high_a:
        return False
    # with all strides made positive, and the places of b counted from its end, their distance is a sum of strides
    axes = np.empty((a.ndim + b.ndim, 2), np.int64)
    k = 0
    for n, stride in zip(a.shape, a.strides):
        axes[k, 0], axes[k, 1] = abs(stride), n - 1
        k += 1
    for n, stride in zip(b.shape, b.strides):
        axes[k, 0], axes[k, 1] = abs(stride), n - 1
        k += 1
    distance = high_b - b.itemsize - low_a
    return is_sum(axes, distance - (a.itemsize - 1), distance + (b.itemsize - 1))


@numba.njit(cache=True)
def span(a):
    """Return the first address of an array and the one after its last."""
    low = np.int64(a.ctypes.data)
    high = low + a.itemsize
    for n, stride in zip(a.shape, a.strides):
        reach = (n - 1) * stride
        if reach < 0:
            low += reach
        else:
            high += reach
    return low, high


@numba.njit(cache=True)
def next_checkpoint(start, stop, free):
    """Return where to keep the next state on the way from `start` to `stop`, so that the fewest trips run again.

    The state at `start` is kept, `free` more can be; `stop` where no more are needed, or none is free. With s = free
    + 1 and r the least number of repetitions with (s + r over s) >= stop - start, both parts of the way can be reversed
    within r (Griewank and Walther 2000, section 2).
    """
    steps = stop - start
    if free < 1 or steps < 2:
        return stop
    s, r, whole, before, last = free + 1, 0, 1, 0, 0
    # whole = (s + r over s), before = (s + r - 1 over s), last = (s + r - 2 over s)
    while whole < steps:
        r += 1
        last, before, whole = before, whole, whole * (s + r) // r
    return start + max(steps - whole * s // (s + r), last, 1)


@numba.njit(cache=True)
def is_sum(axes, low, high):
    """Return whether a sum of strides, each taken at most so many times, lies between two bounds.

    `axes` holds the strides, each with how often it may be taken, and comes back sorted. Tries the largest stride
    first, with what can still bring the sum between the bounds. True where that takes long.
    """
    n = len(axes)
    for k in range(1, n):  # np.argsort would take longer to compile than all that asks
        j = k
        while j > 0 and axes[j - 1, 0] < axes[j, 0]:
            for c in range(2):
                axes[j - 1, c], axes[j, c] = axes[j, c], axes[j - 1, c]
            j -= 1
    # for each stride: what it and those after it can add, the sum so far, how often it is taken, and at most
    work = np.zeros((n + 1, 4), np.int64)
    for k in range(n - 1, -1, -1):
        work[k, 0] = work[k + 1, 0] + axes[k, 0] * axes[k, 1]
    k, down = 0, True
    for _ in range(10000):
        if down:
            lo, hi = low - work[k, 1], high - work[k, 1]
            if lo <= 0 <= hi:
                return True
            if lo <= work[k, 0] and hi >= 0:
                work[k, 2] = max(0, -((work[k + 1, 0] - lo) // axes[k, 0]))
                work[k, 3] = min(axes[k, 1], hi // axes[k, 0])
            elif k == 0:
                return False
            else:
                k -= 1
                work[k, 2] += 1
        down = work[k, 2] <= work[k, 3]
        if down:
            work[k + 1, 1] = work[k, 1] + work[k, 2] * axes[k, 0]
            k += 1
        elif k == 0:
            return False
        else:
            k -= 1
            work[k, 2] += 1
    return True


# what generated modules import, by the name they call it
HELPERS = {f.__name__: f for f in (grow, in_order, matmul, next_checkpoint, overlap, stack, unordered, unset)}
