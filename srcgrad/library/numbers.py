"""Elementwise functions made of others, and those of `math` that take sequences."""

from __future__ import annotations

import math

import numpy as np

from ..hints import stop_gradient
from .axes import of_floats, one_of
from .pages import page

# ---- steps and parts


@page(np.heaviside)
def heaviside(x1, x2):
    """0 below 0, x2 at 0, 1 above."""
    return np.where(np.abs(x1) <= 0.0, x2, 0.5 * (np.sign(x1) + 1.0))


@page(np.round, np.around, method="round")
def around(a, decimals=0):
    """The nearest number with so many decimals, an even last digit where there are two."""
    if decimals >= 0 and not of_floats(np.asarray(a).dtype):
        return np.copy(a)
    if decimals == 0:
        return np.rint(a)
    if decimals > 0:
        return np.rint(a * 10.0**decimals) / 10.0**decimals
    found = np.rint(a / 10.0**-decimals) * 10.0**-decimals
    return found if of_floats(np.asarray(a).dtype) else np.asarray(found, dtype=np.asarray(a).dtype)


@page(round)
def round_decimal(number, ndigits):
    """The nearest number with so many decimals of a number of Python's, where `np.round` errs in ties."""
    if not of_floats(np.asarray(number).dtype):
        return int(around(number, ndigits))
    x = stop_gradient(number)
    scale = 10.0 ** abs(ndigits)
    moved = x * scale if ndigits > 0 else x / scale
    if not abs(moved) < 4503599627370496.0:
        return float(x if ndigits > 0 else np.rint(moved) * scale)
    step = 0.0
    if abs(moved - np.trunc(moved)) == 0.5:
        # half way: what the product or quotient has lost tells on which side the number is
        left = product_error(x, scale, moved) if ndigits > 0 else -product_error(moved, scale, x)
        if left < 0.0:
            step = np.floor(moved) - np.rint(moved)
        elif left > 0.0:
            step = np.ceil(moved) - np.rint(moved)
    if ndigits > 0:
        return float((np.rint(number * scale) + step) / scale)
    return float((np.rint(number / scale) + step) * scale)


def product_error(a, b, product):
    """a * b - product, which may be as good as a * b: Dekker, "A floating-point technique" (1971)."""
    a_high = 134217729.0 * a - (134217729.0 * a - a)
    b_high = 134217729.0 * b - (134217729.0 * b - b)
    a_low = a - a_high
    b_low = b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@page(np.divmod, divmod)
def quotient_and_remainder(x1, x2):
    """x1 // x2 and x1 % x2."""
    return x1 // x2, x1 % x2


@page(np.modf, math.modf)
def fraction_and_whole(x):
    """What stands behind the decimal point, and before it."""
    return np.where(np.isinf(x), 0.0, np.fmod(x, 1.0)), np.trunc(x)


@page(np.frexp, math.frexp)
def mantissa_and_exponent(x):
    """m and e with x = m * 2**e and 0.5 <= |m| < 1."""
    y = stop_gradient(np.abs(x))
    usable = np.logical_and(np.isfinite(y), y > 0.0)
    size = np.where(usable, y, 0.5)
    e = np.int64(np.floor(np.log2(size))) + 1
    # a logarithm may be rounded over a whole number
    e = np.where(np.ldexp(size, -e) >= 1.0, e + 1, np.where(np.ldexp(size, -e) < 0.5, e - 1, e))
    return np.where(usable, np.ldexp(x, -e), x), np.where(usable, e, 0)


@page(method="bit_length")
def bit_length(n):
    """How many binary digits |n| has."""
    rest = abs(n)
    count = 0
    while rest > 0:
        rest = rest // 2
        count = count + 1
    return count


@page(method="bit_count")
def bit_count(n):
    """How many binary digits of |n| are 1."""
    rest = abs(n)
    count = 0
    while rest > 0:
        count = count + rest % 2
        rest = rest // 2
    return count


@page(math.ulp)
def ulp(x):
    """The distance of |x| to the next number."""
    return np.spacing(np.abs(x))


@page(math.remainder)
def ieee_remainder(x, y):
    """x - n * y for the whole number n nearest x / y, an even one where there are two; without rounding."""
    a = abs(x)
    b = abs(y)
    r = np.fmod(a, b)
    if 2.0 * r > b or 2.0 * r >= b and np.fmod(a - r, 2.0 * b) > 0.5 * b:
        r = r - b
    return r if x >= 0.0 else -r


@page(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """x with numbers in place of NaN and infinities."""
    one_of(copy, "copy", True)
    if not of_floats(np.asarray(x).dtype):
        return np.array(x)
    out = np.where(np.isnan(x), nan, np.nan_to_num(x))
    if posinf is not None:
        out = np.where(np.isposinf(x), posinf, out)
    if neginf is not None:
        out = np.where(np.isneginf(x), neginf, out)
    return out


@page(np.float_power)
def float_power(x1, x2):
    """x1**x2 in double precision."""
    return np.power(np.float64(x1), np.float64(x2))


@page(np.angle)
def angle(z, deg=False):
    """0 or pi: that of a real number."""
    if deg:
        return np.rad2deg(np.arctan2(0.0, z))
    return np.arctan2(0.0, z)


# ---- closeness


def near(a, b, rtol, atol):
    """Whether numbers are close or equal."""
    # a <= b <= a is a == b, which readers would be warned of as a branch on equality
    return np.logical_or(
        np.logical_and(np.isfinite(b), np.abs(a - b) <= atol + rtol * np.abs(b)), np.logical_and(a <= b, b <= a)
    )


@page(np.isclose)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|a - b| <= atol + rtol * |b|."""
    if equal_nan:
        return np.logical_or(near(a, b, rtol, atol), np.logical_and(np.isnan(a), np.isnan(b)))
    return near(a, b, rtol, atol)


@page(math.isclose)
def math_isclose(a, b, rel_tol=1e-09, abs_tol=0.0):
    """|a - b| <= max(rel_tol * max(|a|, |b|), abs_tol)."""
    if a <= b and b <= a:
        return True
    if math.isinf(a) or math.isinf(b):
        return False
    return abs(a - b) <= max(rel_tol * max(abs(a), abs(b)), abs_tol)


# ---- sequences


@page(math.dist)
def dist(p, q):
    """sqrt(sum((p - q)**2))."""
    p = np.asarray(p)
    q = np.asarray(q)
    return np.sqrt(np.sum((p - q) ** 2))


@page(*(f for f in (getattr(math, "sumprod", None),) if f))
def sumprod(p, q):
    """p[0] * q[0] + p[1] * q[1] + ..."""
    return np.sum(np.asarray(p) * np.asarray(q))


@page(math.prod)
def prod(iterable, start=1):
    """start * a[0] * a[1] * ..."""
    out = start
    for v in iterable:
        out = out * v
    return out


# ---- whole numbers


@page(math.factorial)
def factorial(n):
    """1 * 2 * ... * n."""
    if n < 0:
        raise ValueError("factorial() of a negative number")
    if n > 20:
        raise OverflowError("factorial() above 20 has more than 64 bits: use math.gamma(n + 1.0)")
    out = 1
    for k in range(2, n + 1):
        out = out * k
    return out


@page(math.comb)
def comb(n, k):
    """n! / (k! * (n - k)!)."""
    if n < 0 or k < 0:
        raise ValueError("comb() of a negative number")
    least = k if 2 * k <= n else n - k
    out = 1 if least >= 0 else 0
    for i in range(least):
        if out > 9223372036854775807 // (n - i):
            raise OverflowError("comb() has more than 64 bits: use special.binom()")
        out = out * (n - i) // (i + 1)
    return out


@page(math.perm)
def perm(n, k):
    """n! / (n - k)!."""
    if n < 0 or k < 0:
        raise ValueError("perm() of a negative number")
    out = 1 if k <= n else 0
    for i in range(k if k <= n else 0):
        if out > 9223372036854775807 // (n - i):
            raise OverflowError("perm() has more than 64 bits: use special.poch()")
        out = out * (n - i)
    return out


@page(math.isqrt)
def isqrt(n):
    """The whole part of the square root."""
    if n < 0:
        raise ValueError("isqrt() of a negative number")
    root = int(np.sqrt(n))
    while root * root > n:
        root -= 1
    while (root + 1) * (root + 1) <= n:
        root += 1
    return root
