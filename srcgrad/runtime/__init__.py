"""The few compiled helpers that generated code calls; NumPy and numba only."""

from __future__ import annotations

import numba
import numpy as np
from numba.core import types
from numba.extending import lower_builtin, type_callable


@numba.njit(cache=True)
def grow(buffer):
    """Return a buffer twice as long that begins with what `buffer` holds."""
    longer = np.empty((2 * buffer.shape[0],) + buffer.shape[1:], buffer.dtype)
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
