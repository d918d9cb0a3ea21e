"""Functions of `scipy.special` that take whole arrays together, or are made of others."""

from __future__ import annotations

import math

import numpy as np

from ..hints import stop_gradient
from ..runtime import special
from .axes import of_floats
from .pages import page


def along(totals, axis):
    """What has been made of the rows along an axis, so that it fits the array itself."""
    if axis is None:
        return totals
    return np.expand_dims(totals, axis)


def greatest(a, axis):
    """The greatest of each row; it cancels in what follows, so that its own derivative does as well."""
    return finite_of(np.max(a, axis=axis))


def finite_of(m):
    """The numbers that are finite, 0 in place of others."""
    return stop_gradient(np.where(np.isfinite(m), m, 0.0))


@page("scipy.special.softmax")
def softmax(x, axis=None):
    """exp(x) / sum(exp(x))."""
    x = np.asarray(x)
    m = stop_gradient(np.max(x, axis=axis))
    e = np.exp(x - along(m, axis))
    total = np.sum(e, axis=axis)
    return e / along(total, axis)


@page("scipy.special.log_softmax")
def log_softmax(x, axis=None):
    """x - log(sum(exp(x)))."""
    x = np.asarray(x)
    m = greatest(x, axis)
    z = x - along(m, axis)
    e = np.exp(z)
    total = np.log(np.sum(e, axis=axis))
    return z - along(total, axis)


@page("scipy.special.logsumexp")
def logsumexp(a, axis=None, b=None, keepdims=False):
    """log(sum(b * exp(a)))."""
    a = np.asarray(a)
    if not of_floats(a.dtype):
        a = a * 1.0
    # of nothing it is log(0)
    m = finite_of(np.max(a, axis=axis, initial=-np.inf))
    e = np.exp(a - along(m, axis))
    if b is not None:
        e = b * e
    total = np.sum(e, axis=axis)
    # a sum of nothing but exp(-inf) has the derivative 0, where log(0) would make NaN of it
    out = (np.where(total <= 0.0, -np.inf, np.log(total)) if b is None else np.log(total)) + m
    if not keepdims:
        return out
    if axis is None:
        return np.full((1,) * a.ndim, out)
    return np.expand_dims(out, axis)


@page(np.logaddexp.reduce, cases=("A(4)", "A(2, 3), axis=1", "A(2, 3), keepdims=True"))
def logaddexp_reduce(array, axis=0, keepdims=False):
    """The logarithm of a sum of exponentials along an axis."""
    return logsumexp(array, axis=axis, keepdims=keepdims)


@page("scipy.special.factorial")
def factorial(n):
    """gamma(n + 1), 0 below 0."""
    return np.where(n < 0.0, 0.0, math.gamma(n + 1.0))


@page("scipy.special.comb", cases=("5, 2", "C(3) + 1, C(3)"))
def comb(N, k):
    """The number of ways to choose k of N, 0 where there are none."""
    n, m = np.asarray(N, dtype=np.float64), np.asarray(k, dtype=np.float64)
    there = (m <= n) & (n >= 0.0) & (m >= 0.0)
    return np.where(there, special.binom(n, np.where(there, m, 0.0)), 0.0)


@page("scipy.special.perm", cases=("5, 2", "C(3) + 1, C(3)"))
def perm(N, k):
    """The number of ways to choose k of N in an order, 0 where there are none."""
    n, m = np.asarray(N, dtype=np.float64), np.asarray(k, dtype=np.float64)
    there = (m <= n) & (n >= 0.0) & (m >= 0.0)
    return np.where(there, special.poch(np.where(there, n - m, 0.0) + 1.0, m), 0.0)


@page("scipy.special.multigammaln")
def multigammaln(a, d):
    """The logarithm of the gamma function of d by d matrices (James 1964)."""
    total = 0.25 * d * (d - 1.0) * math.log(math.pi) + math.lgamma(a)
    for j in range(1, d):
        total = total + math.lgamma(a - 0.5 * j)
    return total


@page("scipy.special.softplus")
def softplus(x):
    """log(1 + exp(x))."""
    return np.logaddexp(0.0, x)
