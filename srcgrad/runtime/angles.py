"""Sines, cosines and angles without branches and calls, so that loops that have them vectorise.

An angle is reduced by multiples of pi/2 for all numbers alike, as in Payne and Hanek, "Radian reduction for
trigonometric functions" (1983): x = m 2**e, and of 2**e 2/pi a table has what is left of multiples of 4, in four
parts. The polynomials are those of Sun's fdlibm (Freely Distributable LIBM, 1993), k_sin.c, k_cos.c and s_atan.c.
"""

from __future__ import annotations

import numpy as np

from .packed import (
    ROUNDING,
    bits,
    inlined,
    inlined_as_written,
    nearest,
    power_of_two,
    product_and_rest,
    sum_and_rest,
)

_EXPONENTS = 972  # of numbers from 2**52 to 2**1023, m having 53 bits; the first of them is that of all smaller numbers


def _arctan_of_inverse(n: int, one: int) -> int:
    """Return arctan(1 / n) in units of 1 / one, by its power series."""
    term = total = one // n
    for k in range(1, one.bit_length()):
        term //= -n * n
        total += term // (2 * k + 1)
    return total


def _quarter_turns() -> tuple[np.ndarray, ...]:
    """Return 2**e 2/pi for all exponents, less a multiple of 4 and between -2 and 2, as sums of four numbers."""
    one = 1 << _EXPONENTS + 300
    pi = 4 * (4 * _arctan_of_inverse(5, one) - _arctan_of_inverse(239, one))  # Machin's formula
    parts = np.empty((4, _EXPONENTS))
    rest = 2 * one * one // pi
    for e in range(_EXPONENTS):
        left = rest = (rest + 2 * one) % (4 * one) - 2 * one
        for part in parts:
            part[e] = left / one
            top, bottom = float(part[e]).as_integer_ratio()
            left -= top * one // bottom
        rest *= 2
    return tuple(parts)


_T1, _T2, _T3, _T4 = _quarter_turns()
_HALF_PI, _HALF_PI_REST = 1.57079632679489655800e00, 6.12323399573676603587e-17


@inlined_as_written
def _reduced(x):
    """Return (n, r, c) with x = n pi/2 + r + c and |r| < 0.79, n among 0, 1, 2 and 3."""
    exponent = ((bits(x) >> 52) & 0x7FF) - (1023 + 52)
    exponent = min(max(exponent, 0), _EXPONENTS - 1)
    m = x * power_of_two(-exponent)
    a, a_rest = product_and_rest(m, _T1[exponent])
    b, b_rest = product_and_rest(m, _T2[exponent])
    c, c_rest = product_and_rest(m, _T3[exponent])
    whole = nearest(a)
    high, low = sum_and_rest(a - whole, a_rest)
    high, b_low = sum_and_rest(high, b)
    rest = nearest(high)
    high -= rest
    low, lost_1 = sum_and_rest(low, b_low)
    low, lost_2 = sum_and_rest(low, b_rest)
    low, lost_3 = sum_and_rest(low, c)
    high, low = sum_and_rest(high, low)
    high, low = sum_and_rest(high, low + ((c_rest + m * _T4[exponent]) + lost_1 + lost_2 + lost_3))
    r, r_rest = product_and_rest(high, _HALF_PI)
    quarter = (whole - 4.0 * nearest(0.25 * whole)) + rest
    return bits(quarter + ROUNDING) & 3, r, r_rest + (high * _HALF_PI_REST + low * _HALF_PI)


@inlined
def _sine(x, y):
    """Return sin(x + y) for |x| < 0.79 and y much smaller."""
    z = x * x
    v = z * x
    r = 8.33333333332248946124e-03 + z * (
        -1.98412698298579493134e-04
        + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
    )
    return x - ((z * (0.5 * y - v * r) - y) - v * -1.66666666666666324348e-01)


@inlined
def _cosine(x, y):
    """Return cos(x + y) for |x| < 0.79 and y much smaller."""
    z = x * x
    r = z * (
        4.16666666666666019037e-02
        + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 + z * (
            -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))))
    )  # fmt: skip
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * r - x * y))


@inlined
def _at_quarter(n, r, c):
    """Return the sine of n pi/2 + r + c."""
    value = _cosine(r, c) if n & 1 else _sine(r, c)
    return -value if n & 2 else value


@inlined
def sin(x):
    """Return sin(x); of tiny numbers themselves."""
    n, r, c = _reduced(x)
    return x if abs(x) < 1e-8 else _at_quarter(n, r, c)


@inlined
def cos(x):
    """Return cos(x)."""
    n, r, c = _reduced(x)
    return _at_quarter(n + 1, r, c)


@inlined
def _angle(a, b):
    """Return the angle whose tangent is a / b, of numbers that are not negative.

    It is that of 0, 1/2, 1, 3/2 or infinity, whichever is near, and the rest of it.
    """
    up, high, low = -b, 1.57079632679489655800e00, 6.12323399573676603587e-17
    down = a
    if a < 2.4375 * b:
        up, down, high, low = a - 1.5 * b, b + 1.5 * a, 9.82793723247329054082e-01, 1.39033110312309984516e-17
    if a < 1.1875 * b:
        up, down, high, low = a - b, a + b, 7.85398163397448278999e-01, 3.06161699786838301793e-17
    if a < 0.6875 * b:
        up, down, high, low = 2.0 * a - b, 2.0 * b + a, 4.63647609000806093515e-01, 2.26987774529616870924e-17
    if a < 0.4375 * b:
        up, down, high, low = a, b, 0.0, 0.0
    x = up / down
    z = x * x
    w = z * z
    even = z * (
        3.33333333333329318027e-01
        + w * (1.42857142725034663711e-01 + w * (9.09088713343650656196e-02 + w * (
            6.66107313738753120669e-02 + w * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02))))
    )  # fmt: skip
    odd = w * (
        -1.99999999998764832476e-01
        + w * (-1.11111104054623557880e-01 + w * (-7.69187620504482999495e-02 + w * (
            -5.83357013379057348645e-02 + w * -3.65315727442169155270e-02)))
    )  # fmt: skip
    return high - ((x * (even + odd) - low) - x)


@inlined
def arctan(x):
    """Return arctan(x)."""
    return np.copysign(_angle(abs(x), 1.0), x)


@inlined
def arctan2(y, x):
    """Return the angle of the point (x, y), from -pi to pi; zeros and infinities as in C, with their signs."""
    a, b = abs(y), abs(x)
    largest = max(a, b)
    both = a == b and largest == np.inf
    a, b = 1.0 if both else a, 1.0 if both or largest == 0.0 else b
    scale = 7.888609052210118e-31 if largest > 1e300 else 1.2676506002282294e30 if largest < 1e-270 else 1.0
    angle = _angle(a * scale, b * scale)
    angle = np.pi - (angle - 1.2246467991473531772e-16) if bits(x) < 0 else angle
    return np.copysign(angle, y) if x == x and y == y else np.nan
