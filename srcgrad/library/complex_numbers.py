"""Complex numbers, by their real and imaginary parts: a page takes both of each number, and gives both of its own.

Branch cuts are NumPy's. The quotient is the plain one: parts whose squares overflow or underflow give inf, nan or zero.
"""

from __future__ import annotations

import numpy as np

from ..hints import stop_gradient
from .axes import refuse
from .pages import part


@part
def quotient(a, b, c, d):
    """(a + ib) / (c + id)."""
    size = c * c + d * d
    return (a * c + b * d) / size, (b * c - a * d) / size


@part
def magnitude(a, b):
    """|a + ib|."""
    return np.hypot(a, b)


@part
def phase(a, b):
    """The angle between a + ib and the real axis, from -pi to pi."""
    return np.arctan2(b, a)


@part
def exponential(a, b):
    """exp(a + ib)."""
    size = np.exp(a)
    return size * np.cos(b), size * np.sin(b)


@part
def of_angle(b):
    """exp(ib)."""
    return np.cos(b), np.sin(b)


@part
def logarithm(a, b):
    """log(a + ib), cut along the negative real axis."""
    return np.log(np.hypot(a, b)), np.arctan2(b, a)


@part
def square_root(a, b):
    """The square root with a real part that is not negative."""
    # -a and not abs(a), which has no derivative where a is zero
    half = np.sqrt(0.5 * (np.where(a < 0.0, -a, a) + np.hypot(a, b)))
    twice = np.where(half > 0.0, 2.0 * half, 1.0)
    return np.where(a < 0.0, np.abs(b) / twice, half), np.where(a < 0.0, np.copysign(half, b), b / twice)


@part
def sine(a, b):
    """sin(a + ib)."""
    return np.sin(a) * np.cosh(b), np.cos(a) * np.sinh(b)


@part
def cosine(a, b):
    """cos(a + ib)."""
    return np.cos(a) * np.cosh(b), -np.sin(a) * np.sinh(b)


@part
def tangent(a, b):
    """tan(a + ib)."""
    p, q = hyperbolic_tangent(-b, a)
    return q, -p


@part
def hyperbolic_sine(a, b):
    """sinh(a + ib)."""
    return np.sinh(a) * np.cos(b), np.cosh(a) * np.sin(b)


@part
def hyperbolic_cosine(a, b):
    """cosh(a + ib)."""
    return np.cosh(a) * np.cos(b), np.sinh(a) * np.sin(b)


@part
def hyperbolic_tangent(a, b):
    """tanh(a + ib)."""
    twice = 2.0 * np.where(a < 0.0, -a, a)
    e = np.exp(-twice)
    size = 1.0 + e * (2.0 * np.cos(2.0 * b) + e)
    return np.where(a < 0.0, 1.0, -1.0) * np.expm1(-2.0 * twice) / size, 2.0 * e * np.sin(2.0 * b) / size


@part
def real_power(a, b, p):
    """(a + ib) ** p of a real p."""
    size, angle = np.hypot(a, b) ** p, np.arctan2(b, a) * p
    itself = stop_gradient(p) == 1.0  # whose derivative is right where the number is zero, too
    return np.where(itself, a, size * np.cos(angle)), np.where(itself, b, size * np.sin(angle))


@part
def whole_power(a, b, n):
    """(a + ib) ** n of a whole n, by multiplication: its derivative is right where the number is zero, too."""
    p, q = np.ones_like(a), np.zeros_like(b)
    for _ in range(abs(n)):
        p, q = p * a - q * b, p * b + q * a
    if n < 0:
        size = p * p + q * q
        p, q = p / size, -q / size
    return p, q


@part
def power(a, b, p, q):
    """(a + ib) ** (p + iq)."""
    size, angle = np.log(np.hypot(a, b)), np.arctan2(b, a)
    return exponential(p * size - q * angle, q * size + p * angle)


@part
def norm(a, b):
    """The square root of the sum of all |a + ib|**2."""
    return np.sqrt(np.sum(a * a + b * b))


@part
def solution(a, b, c, d):
    """The x of (a + ib) x = c + id, of one matrix, from a real system of twice its size."""
    n = a.shape[0]
    x = np.linalg.solve(in_blocks(a, b), np.concatenate((c, d)))
    return x[:n], x[n:]


@part
def inverse(a, b):
    """The inverse of one matrix."""
    n = a.shape[0]
    x = np.linalg.inv(in_blocks(a, b))
    return x[:n, :n], x[n:, :n]


@part
def eigenvalues(a, b):
    """The eigenvalues of one Hermitian matrix, of which the lower triangle is read: those of a real one, each twice."""
    if a.ndim > 2:
        refuse("the eigenvalues of stacks of complex matrices are not supported", "write the loop")
    return np.linalg.eigvalsh(in_blocks(np.tril(a) + np.tril(a, -1).T, np.tril(b, -1) - np.tril(b, -1).T))[::2]


@part
def in_blocks(a, b):
    """The real matrix that multiplies the real and imaginary parts of a vector by a + ib."""
    n = a.shape[0]
    whole = np.empty((2 * n, 2 * n))
    whole[:n, :n] = a
    whole[:n, n:] = -b
    whole[n:, :n] = b
    whole[n:, n:] = a
    return whole
