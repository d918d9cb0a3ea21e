"""Elementary functions without branches and calls, as compiled code has them where loops are to vectorise.

A loop that calls a function of the C library runs element by element. These functions are arithmetic and choices
between two numbers only, and stand in the loop that uses them, so that a compiler computes 2, 4 or 8 elements at once.
They keep 2 units in the last place for all numbers, and NumPy's values for zeros, infinities and NaN. Single precision
is computed in double. In plain Python each is NumPy's function of its name.

The methods: arguments are reduced and results put together as in Sun's fdlibm (Freely Distributable LIBM, 1993), its
branches turned into choices; integers are taken from the bits of a sum with a large number, as in Shibata and
Petrogalli, "SLEEF: A portable vectorized library of C standard mathematical functions" (2020).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba.core import types
from numba.extending import overload

from . import angles
from .packed import INLINED, ROUNDING, ROUNDING_BITS, bits, from_bits, inlined, power_of_two, whole

_LOG2_E = 1.4426950408889634
# log(2) in two parts; the first has 33 digits, so that its product with an exponent is exact
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@inlined
def _reduced(x):
    """(k, r, c) with x = k log(2) + r + c, |r| < 0.35, where c is what r has lost by rounding."""
    rounded = x * _LOG2_E + ROUNDING
    number = rounded - ROUNDING
    high, low = x - number * _LN2_HIGH, number * _LN2_LOW
    r = high - low
    return bits(rounded) - ROUNDING_BITS, r, (high - r) - low


@inlined
def _beyond_linear(r):
    """exp(r) - 1 - r for |r| < 0.35; the polynomial has the least error relative to r, 2**-61."""
    s = r * r
    q = s * s
    a = 0.5 + r * 0.16666666666666677
    b = 0.0416666666666667 + r * 0.008333333333321619
    c = 0.001388888888886682 + r * 0.00019841269886152054
    d = 2.4801587360606853e-05 + r * 2.75572441887741e-06
    e = 2.7557242703739226e-07 + r * 2.510904243415716e-08 + s * 2.0924463996913907e-09
    return s * ((a + s * b) + q * ((c + s * d) + q * e))


@inlined
def _exp(x):
    """exp(x) = 2**k exp(r); the power in two factors, of which each can be represented."""
    inside = 710.0 if x > 710.0 else x
    inside = -746.0 if inside < -746.0 else inside
    k, r, c = _reduced(inside)
    half = k >> 1
    return (1.0 + (r + (c + _beyond_linear(r)))) * power_of_two(half) * power_of_two(k - half)


@inlined
def _expm1_parts(x):
    """(h, low) with expm1(x) = 2 (h + low) for -40 <= x <= 710: 2**(k - 1) - 1/2 and 2**(k - 1) r added."""
    k, r, c = _reduced(x)
    power = power_of_two(k - 1)
    a, b = power - 0.5, power * r
    h = a + b
    of_b = h - a
    return h, ((a - (h - of_b)) + (b - of_b)) + power * (c + _beyond_linear(r))


@inlined
def _expm1(x):
    """expm1(x); of tiny numbers themselves."""
    inside = 710.0 if x > 710.0 else x
    inside = -40.0 if inside < -40.0 else inside
    h, low = _expm1_parts(inside)
    return x if abs(x) < 1e-17 else 2.0 * (h + low)


@inlined
def _tanh(x):
    """tanh(x) = -t / (t + 2) with t = expm1(-2 |x|)."""
    size = abs(x)
    h, low = _expm1_parts(-40.0 if size > 20.0 else -2.0 * size)
    # t = 2 (h + low), and the quotient is corrected by what its parts have lost
    top, bottom = h + low, (h + 1.0) + low
    top_rest, bottom_rest = (h - top) + low, ((1.0 - bottom) + h) + low
    ratio = top / bottom
    ratio += (top_rest - ratio * bottom_rest) / bottom
    return x if size < 1e-8 else np.copysign(ratio, x)


@inlined
def _log_parts(x):
    """(k, f) with x = 2**k (1 + f), and 1 + f between the roots of 1/2 and 2, for positive numbers."""
    small = x < 2.2250738585072014e-308
    n = bits(x * 18014398509481984.0 if small else x)
    k = (n - 0x3FE6A09E667F3BCD) >> 52
    return k - (54 if small else 0), from_bits(n - (k << 52)) - 1.0


@inlined
def _log_sum(k, f, c):
    """k log(2) + log(1 + f) + c; the polynomial is that of fdlibm's e_log.c, of f / (2 + f)."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    odd = 0.6666666666666735130 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591))
    half = 0.5 * f * f
    number = whole(k)
    return number * _LN2_HIGH - ((half - (s * (half + (even + z * odd)) + (number * _LN2_LOW + c))) - f)


@inlined
def _log(x):
    """log(x)."""
    k, f = _log_parts(x)
    return _at_ends(_log_sum(k, f, 0.0), x, x)


@inlined
def _log1p(x):
    """log(1 + x); what 1 + x has lost is added to the logarithm of what is left."""
    u = 1.0 + x
    k, f = _log_parts(u)
    of_x = u - 1.0
    lost = (1.0 - (u - of_x)) + (x - of_x)
    near = k == 0
    value = _log_sum(k, x if near else f, 0.0 if near else lost / u)
    return x if abs(x) < 1e-17 else _at_ends(value, u, x)


@inlined
def _at_ends(value, u, x):
    """The logarithm of u: a value, but -inf of 0, nan of negative numbers, and x where that is inf or nan."""
    value = value if u > 0.0 else -np.inf if u == 0.0 else np.nan
    return value if x < np.inf else x


def _elementary(name: str, compiled: Callable) -> Callable:
    """Return NumPy's function of this name, which is an inlined one in compiled code."""

    def function(x):
        return getattr(np, name)(x)

    @overload(function, jit_options=INLINED)
    def typing(x):
        if x == types.float32:
            return lambda x: np.float32(compiled(np.float64(x)))
        return (lambda x: compiled(np.float64(x))) if _is_number(x) else None

    return _named(function, name, "x")


def _of_two(name: str, compiled: Callable) -> Callable:
    """Return NumPy's function of two arguments of this name, which is an inlined one in compiled code."""

    def function(x, y):
        return getattr(np, name)(x, y)

    @overload(function, jit_options=INLINED)
    def typing(x, y):
        if x == y == types.float32:
            return lambda x, y: np.float32(compiled(np.float64(x), np.float64(y)))
        return (lambda x, y: compiled(np.float64(x), np.float64(y))) if _is_number(x) and _is_number(y) else None

    return _named(function, name, "x, y")


def _is_number(x) -> bool:
    """Return whether a type of numba is one of real numbers."""
    return isinstance(x, types.Float | types.Integer | types.Boolean)


def _named(function: Callable, name: str, args: str) -> Callable:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return `np.{name}({args})`."
    return function


exp = _elementary("exp", _exp)
expm1 = _elementary("expm1", _expm1)
log = _elementary("log", _log)
log1p = _elementary("log1p", _log1p)
tanh = _elementary("tanh", _tanh)
sin = _elementary("sin", angles.sin)
cos = _elementary("cos", angles.cos)
arctan = _elementary("arctan", angles.arctan)
arctan2 = _of_two("arctan2", angles.arctan2)
