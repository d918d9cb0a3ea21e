"""Sums, means and spreads over axes, with their options; what is NaN left out."""

from __future__ import annotations

import numpy as np

from ..errors import SQUEEZED
from .axes import axes_of, known_option, not_of_truth, of_floats, one_element_axes, only_floats, refuse, wide_enough
from .pages import page


def with_axes(value, axes, ndim, kind):
    """The result of a reduction, of a dtype, with the axes it was taken over as axes of one element."""
    if len(axes) == ndim:
        return np.full((1,) * ndim, value, dtype=kind)
    return value[tuple([None if d in axes else slice(None) for d in range(ndim)])]


def count_along(a, axes):
    """How many elements are taken together."""
    count = 1
    for d in axes:
        count = count * a.shape[d]
    return count


@page(np.sum, method="sum", cases=("A(2, 3), axis=0, initial=2.0", "A(2, 3), where=M(2, 3)",
                                                  "A(2, 3), axis=-1, keepdims=True, where=M(3)"))  # fmt: skip
def sum_(a, axis=None, dtype=None, keepdims=False, initial=None, where=None):
    """The sum of the elements."""
    x = a if where is None else np.where(where, a, 0)
    total = np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)
    return total if initial is None else total + started(total.dtype, initial)


def started(kind, initial):
    """What a reduction begins with, in the dtype of its result."""
    not_of_truth(kind)
    return initial if of_floats(kind) else int(initial)


@page(np.mean, method="mean", cases=("A(2, 3), where=M(2, 3)", "A(2, 3), axis=1, where=M(2, 3)"))
def mean(a, axis=None, dtype=None, keepdims=False, where=None):
    """The mean of the elements."""
    if where is None:
        return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)
    only_floats(dtype)
    total = np.sum(np.where(where, a, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    return shared_out(total, count_where(where, a, axis, keepdims), a)


def count_where(where, a, axis, keepdims):
    """How many elements are taken together, of those that are chosen."""
    return np.sum(np.where(where, np.ones_like(a, dtype=np.int64), 0), axis=axis, keepdims=keepdims)


def shared_out(total, count, a):
    """A sum of elements divided by counts, in the dtype of a mean."""
    if np.ndim(total) == 0:
        return total / count
    kind = total.dtype if of_floats(total.dtype) else np.mean(a).dtype
    return total / np.asarray(count, dtype=kind)


def of_several(reduced, of_two, x, first, axis, keepdims):
    """The extreme of elements and of a number, which it is where there are no elements."""
    axes = axes_of(axis, x.ndim)
    some = count_along(x, axes) > 0
    if len(axes) == x.ndim:
        value = of_two(reduced(x), first) if some else first
        return with_axes(value, axes, x.ndim, x.dtype) if keepdims else value
    out = np.full([x.shape[d] for d in range(x.ndim) if d not in axes], first, dtype=x.dtype)
    if some:
        out[...] = of_two(reduced(x, axis=axes), first)
    return with_axes(out, axes, x.ndim, x.dtype) if keepdims else out


@page(np.max, np.amax, method="max", cases=("A(2, 3), axis=0, initial=0.0",
                                                               "A(2, 3), where=M(2, 3), initial=-1.0"))  # fmt: skip
def max_(a, axis=None, keepdims=False, initial=None, where=None):
    """The greatest element."""
    if where is not None and initial is None:
        refuse("where without initial is not supported", "say what is given where nothing is chosen: initial=...")
    if initial is None:
        return np.max(a, axis=axis, keepdims=keepdims)
    first = started(np.asarray(a).dtype, initial)
    x = np.asarray(a) if where is None else np.where(where, a, first)
    return of_several(np.max, np.maximum, x, first, axis, keepdims)


@page(np.min, np.amin, method="min", cases=("A(2, 3), axis=0, initial=0.0",
                                                               "A(2, 3), where=M(2, 3), initial=1.0"))  # fmt: skip
def min_(a, axis=None, keepdims=False, initial=None, where=None):
    """The least element."""
    if where is not None and initial is None:
        refuse("where without initial is not supported", "say what is given where nothing is chosen: initial=...")
    if initial is None:
        return np.min(a, axis=axis, keepdims=keepdims)
    first = started(np.asarray(a).dtype, initial)
    x = np.asarray(a) if where is None else np.where(where, a, first)
    return of_several(np.min, np.minimum, x, first, axis, keepdims)


@page(np.prod, method="prod", cases=(
    "A(4)", "A(2, 3)", "A(2, 3), axis=0", "A(2, 3), axis=(1, 0)", "A(2, 3, 2), axis=(0, -1), keepdims=True", "I(3)",
    "A(2, 3), keepdims=True", "A(2, 3), axis=1, where=M(2, 3), initial=2.0",
))  # fmt: skip
def prod(a, axis=None, dtype=None, keepdims=False, initial=None, where=None):
    """The product of the elements; no quotient is taken in the derivative, so that zeros are right."""
    wide_enough(dtype)
    given = np.asarray(a, dtype=dtype)
    chosen = given if where is None else np.where(where, given, 1)
    if chosen.ndim == 0:
        return np.sum(chosen) if initial is None else chosen * initial
    axes = axes_of(axis, chosen.ndim)
    kept = [d for d in range(chosen.ndim) if d not in axes]
    x = np.transpose(chosen, (*kept, *axes))
    kind = np.sum(x).dtype if dtype is None else dtype
    if len(kept) == 0:
        whole = 1
        for i in np.ndindex(x.shape):
            whole *= x[i]
        value = whole if initial is None else whole * started(kind, initial)
        return with_axes(value, axes, chosen.ndim, kind) if keepdims else value
    out = np.empty(x.shape[: len(kept)], dtype=kind)
    for at in np.ndindex(x.shape[: len(kept)]):
        part_ = 1
        for i in np.ndindex(x.shape[len(kept) :]):
            part_ *= x[(*at, *i)]
        out[at] = part_
    result = out if initial is None else out * started(kind, initial)
    return with_axes(result, axes, chosen.ndim, kind) if keepdims else result


@page(np.any, method="any", cases=("M(3)", "A(2, 3) > 0.5, axis=0",
                                                         "I(2, 3), axis=1, keepdims=True"))  # fmt: skip
def any_(a, axis=None, keepdims=False):
    """Whether an element is true."""
    return np.sum(np.asarray(a) != 0, axis=axis, keepdims=keepdims) > 0


@page(np.all, method="all", cases=("M(3)", "A(2, 3) > -0.5, axis=0", "I(2, 3), axis=(0, 1)"))
def all_(a, axis=None, keepdims=False):
    """Whether all elements are true."""
    return np.sum(np.asarray(a) == 0, axis=axis, keepdims=keepdims) == 0


@page(np.ptp, cases=("A(4)", "A(2, 3), axis=1"))
def ptp(a, axis=None, keepdims=False):
    """The greatest element minus the least."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@page(np.var, method="var", cases=(
    "A(5)", "A(2, 3), axis=0", "A(2, 3), ddof=1", "A(2, 3, 2), axis=(0, 2), keepdims=True", "I(4)",
    "A(2, 4), axis=-1, ddof=1", "A(2, 3), where=M(2, 3)", "A(3, 4), axis=1, where=M(4), ddof=1, keepdims=True",
    "I(2, 3), axis=1, where=M(2, 1)",
))  # fmt: skip
def var(a, axis=None, dtype=None, ddof=0, keepdims=False, correction=None, where=None):
    """The mean square of the distances to the mean."""
    only_floats(dtype)
    x = np.asarray(a, dtype=dtype)
    less = ddof if correction is None else correction
    if where is not None:
        chosen = np.where(where, x - np.mean(x, axis=axis, keepdims=True, where=where), 0)
        free = np.maximum(count_where(where, x, axis, keepdims) - less, 0)
        return shared_out(np.sum(chosen * chosen, axis=axis, keepdims=keepdims), free, x)
    away = x - np.mean(x, axis=axis, keepdims=True)
    count = count_along(x, axes_of(axis, x.ndim)) - less
    return np.sum(away * away, axis=axis, keepdims=keepdims) / max(count, 0)


@page(np.std, method="std", cases=("A(5)", "A(2, 3), axis=0, ddof=1", "A(2, 3), axis=1, keepdims=True",
                                   "A(3, 4), axis=1, where=M(4)"))  # fmt: skip
def std(a, axis=None, dtype=None, ddof=0, keepdims=False, correction=None, where=None):
    """The root of the variance; where that is 0 the derivative is 0."""
    return np.sqrt(var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, correction=correction, where=where))


@page(np.average, cases=("A(5)", "A(5), weights=P(5)", "A(2, 3), axis=1, weights=P(3)", "A(2, 3), 0, P(2, 3)",
                         "A(2, 3), weights=P(2, 3), returned=True", "A(2, 3), axis=0, returned=True"))  # fmt: skip
def average(a, axis=None, weights=None, returned=False, keepdims=False):
    """The mean with weights, and their sums where these are asked for."""
    x = np.asarray(a)
    if weights is None:
        value = np.mean(x, axis=axis, keepdims=keepdims)
        scale = value * 0.0 + count_along(x, axes_of(axis, x.ndim))
        return (value, scale) if returned else value
    given = np.asarray(weights)
    along = axes_of(axis, x.ndim)
    w = given if given.ndim == x.ndim else spread(given, x, along)
    total = np.sum(w, axis=axis, keepdims=keepdims)
    value = np.sum(1.0 * x * w, axis=axis, keepdims=keepdims) / total
    return (value, total) if returned else value


def spread(weights, x, axes):
    """Weights of the places along some axes, as an array like the one they belong to."""
    return weights[tuple([slice(None) if d in axes else None for d in range(x.ndim)])] + np.zeros_like(x)


@page(np.count_nonzero, cases=("I(2, 3), axis=(0, 1)", "A(2, 3) > 0, axis=1, keepdims=True"))
def count_nonzero(a, axis=None, keepdims=False):
    """How many elements are not zero."""
    return np.sum(np.asarray(a) != 0, axis=axis, keepdims=keepdims)


@page(np.nansum, cases=("H(5)", "H(2, 3), axis=0"))
def nansum(a, axis=None, dtype=None, keepdims=False):
    """The sum of what is not NaN."""
    return np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, keepdims=keepdims)


@page(np.nanprod, cases=("H(5)", "H(2, 3), axis=1"))
def nanprod(a, axis=None, dtype=None, keepdims=False):
    """The product of what is not NaN."""
    return np.prod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype, keepdims=keepdims)


@page(np.nanmean, cases=("H(5)", "H(2, 3), axis=0", "H(2, 3), axis=1, keepdims=True"))
def nanmean(a, axis=None, dtype=None, keepdims=False):
    """The mean of what is not NaN."""
    only_floats(dtype)
    total = np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, keepdims=keepdims)
    return shared_out(total, np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims), a)


@page(np.nanvar, cases=("H(5)", "H(2, 3), axis=1, ddof=1"))
def nanvar(a, axis=None, dtype=None, ddof=0, keepdims=False):
    """The variance of what is not NaN."""
    only_floats(dtype)
    x = np.asarray(a, dtype=dtype)
    if not of_floats(x.dtype):
        return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)
    away = np.where(np.isnan(x), 0, x - np.nanmean(x, axis=axis, keepdims=True))
    count = np.sum(np.logical_not(np.isnan(x)), axis=axis, keepdims=keepdims)
    free = np.where(count > ddof, count - ddof, np.nan)
    return shared_out(np.sum(away * away, axis=axis, keepdims=keepdims), free, x)


@page(np.nanstd, cases=("H(5)", "H(2, 3), axis=1"))
def nanstd(a, axis=None, dtype=None, ddof=0, keepdims=False):
    """The standard deviation of what is not NaN."""
    return np.sqrt(np.nanvar(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims))


@page(np.nanmax, cases=("H(5)", "H(2, 3), axis=0", "H(2, 3), axis=1"))
def nanmax(a, axis=None, keepdims=False):
    """The greatest element that is not NaN; NaN where there is none."""
    if not of_floats(np.asarray(a).dtype):
        return np.max(a, axis=axis, keepdims=keepdims)
    found = np.max(np.where(np.isnan(a), -np.inf, a), axis=axis, keepdims=keepdims)
    return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found)


@page(np.nanmin, cases=("H(5)", "H(2, 3), axis=0", "H(2, 3), axis=1"))
def nanmin(a, axis=None, keepdims=False):
    """The least element that is not NaN; NaN where there is none."""
    if not of_floats(np.asarray(a).dtype):
        return np.min(a, axis=axis, keepdims=keepdims)
    found = np.min(np.where(np.isnan(a), np.inf, a), axis=axis, keepdims=keepdims)
    return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found)


@page(np.cov, cases=("A(3, 5)", "A(4)", "A(5, 2), rowvar=False", "A(4), A(4)", "A(2, 5), bias=True", "A(2, 5), ddof=0",
                     "[S(), 1.0, S()], rowvar=False", "I(2, 3), ddof=4", "A(3), [S(), 2, S()]",
                     "A(2, 4), aweights=P(4)", "A(3, 4), fweights=C(4), bias=True",
                     "A(4), A(4), fweights=C(4), aweights=P(4), ddof=0", "A(2, 4), fweights=C(4)"))  # fmt: skip
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    """The covariances of the rows."""
    rows = variables(np.asarray(m), known_option(rowvar))
    x = rows if y is None else np.concatenate((rows, variables(np.asarray(y), known_option(rowvar))), axis=0)
    less = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        away = x - np.mean(x, axis=1, keepdims=True)
        c = away @ away.T / max(x.shape[1] - less, 0)
    else:
        c = weighted_products(x, fweights, aweights, less)
    if np.ndim(m) < 2 and y is None or 0 in one_element_axes(c):
        return c[0, 0]
    if y is None and x.shape[0] == 1:
        raise ValueError(SQUEEZED)
    return c


def weighted_products(x, fweights, aweights, less):
    """The covariances of rows whose columns occur so many times, or have weights."""
    counts = np.ones(x.shape[1]) if fweights is None else 1.0 * np.asarray(fweights)
    w = counts if aweights is None else counts * aweights
    if np.any(w < 0.0):
        raise ValueError("cov: weights cannot be negative")
    total = np.sum(w)
    away = x - np.average(x, axis=1, weights=w, keepdims=True)
    lost = less * 1.0 if aweights is None else less * (np.sum(w * aweights) / total)
    return away @ (away * w).T / np.maximum(total - lost, 0.0)


def variables(m, rowvar):
    """The variables as rows, in double precision."""
    x = np.atleast_2d(np.asarray(m, dtype=np.float64))
    return x if rowvar or m.ndim < 2 else x.T


@page(np.corrcoef, cases=("A(3, 5)", "A(4), A(4)", "A(5, 2), rowvar=False"))
def corrcoef(x, y=None, rowvar=True):
    """The correlations of the rows."""
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    root = np.sqrt(np.diag(c))
    return c / (root[:, None] * root[None, :])


@page("statistics.mean", "statistics.fmean", cases=("A(4)",))
def mean_of_items(data):
    """The mean of the items."""
    return np.mean(np.asarray(data))


@page("statistics.median", cases=("A(4)", "A(5)"))
def median_of_items(data):
    """The item in the middle, or the mean of the two there."""
    return np.median(np.asarray(data))


@page("statistics.variance", cases=("A(4)",))
def variance_of_items(data):
    """The mean square of the distances to the mean, shared among one item less."""
    return np.var(np.asarray(data), ddof=1)


@page("statistics.stdev", cases=("A(4)",))
def deviation_of_items(data):
    """The root of `statistics.variance`."""
    return np.std(np.asarray(data), ddof=1)


@page("statistics.pvariance", cases=("A(4)",))
def variance_of_all(data):
    """The mean square of the distances to the mean."""
    return np.var(np.asarray(data))


@page("statistics.pstdev", cases=("A(4)",))
def deviation_of_all(data):
    """The root of `statistics.pvariance`."""
    return np.std(np.asarray(data))
