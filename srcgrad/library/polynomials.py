"""Polynomials by their coefficients, the highest power first, as `np.polyval` takes them, or the lowest first."""

from __future__ import annotations

import numpy as np

from .axes import refuse, written_out
from .pages import page


@page(np.polyval, cases=("A(4), S()", "A(3), A(5)", "A(3), A(2, 2)", "[1.0, S(), 2], A(3)", "I(3), 2"))
def polyval(p, x):
    """The value at a number or at each element, by Horner's rule."""
    coefficients, at = np.asarray(p), np.asarray(x)
    if coefficients.ndim != 1:
        refuse("coefficients with other than one axis are not supported", "evaluate one polynomial after the other")
    out = coefficients[0] if at.ndim == 0 else np.full(at.shape, coefficients[0])
    for c in coefficients[1:]:
        out = out * at + c
    return out


@page("numpy.polynomial.polynomial.polyval", cases=("S(), A(4)", "A(5), A(3)"))
def power_series(x, c):
    """The value at a number or at each element, the coefficient of the lowest power first."""
    return np.polyval(np.asarray(c)[::-1], x)


@page(np.polyder, cases=("A(4)", "A(4), 2", "A(1)"))
def polyder(p, m=1):
    """The coefficients of the m-th derivative."""
    found = np.asarray(p)
    for _ in written_out(m):
        powers = np.arange(found.shape[0] - 1, 0, -1)
        found = found[:-1] * powers
    return found


@page(np.polyint, cases=("A(3)",))
def polyint(p, m=1, k=None):
    """The coefficients of the integral that is 0 at 0."""
    if m != 1 or k is not None:
        refuse("np.polyint of other than one integral that is 0 at 0 is not supported", "integrate once more")
    given = np.asarray(p)
    n = given.shape[0]
    return np.append(given / np.arange(n, 0, -1), 0.0)


@page(np.polymul, cases=("A(3), A(2)",))
def polymul(a1, a2):
    """The coefficients of a product."""
    x, y = np.atleast_1d(a1), np.atleast_1d(a2)
    if x.shape[0] > 1 and x[0] == 0 or y.shape[0] > 1 and y[0] == 0:
        raise ValueError("polymul: NumPy cuts zeros off that stand first: write np.convolve, which keeps them")
    return np.convolve(x, y)


@page(np.polyfit, cases=("U(5), A(5), 2", "U(4), A(4), 1", "U(5), A(5), 1, w=P(5)", "U(5), A(5, 2), 1",
                         "U(5), A(5, 3), 2, w=P(5)"))  # fmt: skip
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The coefficients of least squared distances: the columns of powers are scaled to length 1 and solved for."""
    if full or cov:
        refuse("np.polyfit with full or cov is not supported", "compute them from np.vander and np.linalg.lstsq")
    places, heights = np.asarray(x) + 0.0, np.asarray(y) + 0.0
    powers = np.vander(places, deg + 1)
    if w is not None:
        weights = np.asarray(w)
        powers = powers * weights[:, None]
        heights = heights * (weights if heights.ndim == 1 else weights[:, None])
    lengths = np.sqrt(np.sum(powers * powers, axis=0))
    least = powers.shape[0] * np.finfo(places.dtype).eps if rcond is None else rcond
    found = np.linalg.lstsq(powers / lengths, heights, least)[0]
    return found / (lengths if heights.ndim == 1 else lengths[:, None])


@page(np.polyadd, cases=("A(3), A(2)", "A(2), [1.0, S(), 2.0]"))
def polyadd(a1, a2):
    """The coefficients of a sum."""
    x, y = np.asarray(a1), np.asarray(a2)
    n = max(x.shape[0], y.shape[0])
    out = np.zeros(n, dtype=np.result_type(x, y))
    out[n - x.shape[0] :] += x
    out[n - y.shape[0] :] += y
    return out


@page(np.polysub, cases=("A(3), A(2)", "A(2), A(4)"))
def polysub(a1, a2):
    """The coefficients of a difference."""
    return np.polyadd(a1, -np.asarray(a2))


@page(np.poly, cases=("A(3)", "A(1)"))
def poly(seq_of_zeros):
    """The coefficients of the polynomial with these zeros, that of the highest power being 1."""
    zeros = np.asarray(seq_of_zeros)
    if zeros.ndim != 1:
        refuse("np.poly of a matrix is not supported", "give it the eigenvalues")
    n = zeros.shape[0]
    out = np.zeros(n + 1, dtype=np.mean(zeros).dtype)
    out[0] = 1.0
    for k in range(n):
        for j in range(k + 1, 0, -1):
            out[j] -= zeros[k] * out[j - 1]
    return out


@page("numpy.polynomial.chebyshev.chebval", cases=("S(), A(4)", "A(5), A(3)", "A(2, 2), A(1)"))
def chebyshev_series(x, c):
    """The sum of c[k] T_k(x), by Clenshaw's recurrence."""
    at = np.asarray(x)
    last, before = 0.0 * at, 0.0 * at
    for k in range(len(c) - 1, 0, -1):
        last, before = c[k] + 2.0 * at * last - before, last
    return c[0] + at * last - before


@page("numpy.polynomial.legendre.legval", cases=("S(), A(4)", "A(5), A(3)"))
def legendre_series(x, c):
    """The sum of c[k] P_k(x), by Clenshaw's recurrence."""
    at = np.asarray(x)
    last, before = 0.0 * at, 0.0 * at
    for k in range(len(c) - 1, 0, -1):
        last, before = c[k] + (2.0 * k + 1.0) / (k + 1.0) * at * last - (k + 1.0) / (k + 2.0) * before, last
    return c[0] + at * last - 0.5 * before


@page("numpy.polynomial.hermite.hermval", cases=("S(), A(4)", "A(5), A(3)"))
def hermite_series(x, c):
    """The sum of c[k] H_k(x), by Clenshaw's recurrence."""
    at = np.asarray(x)
    last, before = 0.0 * at, 0.0 * at
    for k in range(len(c) - 1, 0, -1):
        last, before = c[k] + 2.0 * at * last - 2.0 * (k + 1.0) * before, last
    return c[0] + 2.0 * at * last - 2.0 * before


@page("numpy.polynomial.hermite_e.hermeval", cases=("S(), A(4)", "A(5), A(3)"))
def probabilists_hermite_series(x, c):
    """The sum of c[k] He_k(x), by Clenshaw's recurrence."""
    at = np.asarray(x)
    last, before = 0.0 * at, 0.0 * at
    for k in range(len(c) - 1, 0, -1):
        last, before = c[k] + at * last - (k + 1.0) * before, last
    return c[0] + at * last - before


@page("numpy.polynomial.laguerre.lagval", cases=("S(), A(4)", "A(5), A(3)"))
def laguerre_series(x, c):
    """The sum of c[k] L_k(x), by Clenshaw's recurrence."""
    at = np.asarray(x)
    last, before = 0.0 * at, 0.0 * at
    for k in range(len(c) - 1, 0, -1):
        last, before = c[k] + (2.0 * k + 1.0 - at) / (k + 1.0) * last - (k + 1.0) / (k + 2.0) * before, last
    return c[0] + (1.0 - at) * last - 0.5 * before
