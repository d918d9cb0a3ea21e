"""What arithmetic on several numbers at once is made of: bits of floats, sums and products with what they lose.

All of it is inlined, and without branches and calls, so that a loop that has it vectorises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir as llvm
from numba.core import types
from numba.extending import intrinsic

# 1.5 * 2**52: a sum with it is rounded to an integer, which stands in its last bits
ROUNDING = 6755399441055744.0
ROUNDING_BITS = 0x4338000000000000
_ONE_BITS = 0x3FF0000000000000

# `contract` lets a * b + c round once, where what is computed does not depend on whether it does
INLINED: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "forceinline": True}
inlined = numba.njit(**INLINED)
inlined_as_written = numba.njit(**{**INLINED, "fastmath": False})


@intrinsic
def bits(typing, x):
    """Return the bits of a float64 as an int64."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], llvm.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def from_bits(typing, n):
    """Return the float64 with the bits of an int64."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], llvm.DoubleType())

    return types.float64(types.int64), generate


def _instruction(name: str) -> Callable:
    """Return the instruction of LLVM of this name, of one float64."""

    def generate(context, builder, signature, args):
        return builder.call(builder.module.declare_intrinsic(name, [llvm.DoubleType()]), args)

    @intrinsic
    def instruction(typing, x):
        return types.float64(types.float64), generate

    return instruction


nearest = _instruction("llvm.rint")


@intrinsic
def multiplied_and_added(typing, a, b, c):
    """Return a * b + c, rounded once."""

    def generate(context, builder, signature, args):
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


@inlined_as_written
def sum_and_rest(a, b):
    """Return (a + b, what that has lost by rounding): Knuth, "The Art of Computer Programming", vol. 2, 4.2.2."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


@inlined_as_written
def product_and_rest(a, b):
    """Return (a * b, what that has lost by rounding)."""
    product = a * b
    return product, multiplied_and_added(a, b, -product)


@inlined
def power_of_two(k):
    """Return 2**k, of an integer from -1022 to 1023."""
    return from_bits((k << 52) + _ONE_BITS)


@inlined
def whole(k):
    """Return an integer of less than 51 bits as a float."""
    return from_bits(k + ROUNDING_BITS) - ROUNDING
