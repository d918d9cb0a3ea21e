"""What `scipy.stats` says of samples: means, moments and entropies along an axis, by default the first."""

from __future__ import annotations

import math

import numpy as np

from ..runtime import special
from .axes import axes_of
from .pages import page
from .statistics import count_along


def moment_about_mean(x, order, axis, keepdims):
    """The mean power of the distances to the mean."""
    away = x - np.mean(x, axis=axis, keepdims=True)
    return np.mean(away**order, axis=axis, keepdims=keepdims)


@page("scipy.stats.zscore", cases=("A(5)", "A(3, 4), axis=1, ddof=1"))
def zscore(a, axis=0, ddof=0):
    """How many standard deviations the elements are from their mean."""
    x = np.asarray(a)
    return (x - np.mean(x, axis=axis, keepdims=True)) / np.std(x, axis=axis, ddof=ddof, keepdims=True)


@page("scipy.stats.gmean", cases=("P(5)", "P(3, 4), axis=1, weights=P(4)"))
def gmean(a, axis=0, weights=None):
    """The geometric mean."""
    return np.exp(np.average(np.log(np.asarray(a)), axis=axis, weights=weights))


@page("scipy.stats.hmean", cases=("P(5)", "P(3, 4), axis=1"))
def hmean(a, axis=0):
    """The harmonic mean."""
    return 1.0 / np.mean(1.0 / np.asarray(a), axis=axis)


@page("scipy.stats.sem", cases=("A(5)", "A(3, 4), axis=1, ddof=0"))
def sem(a, axis=0, ddof=1):
    """The standard error of the mean."""
    x = np.asarray(a)
    return np.std(x, axis=axis, ddof=ddof) / np.sqrt(count_along(x, axes_of(axis, x.ndim)))


@page("scipy.stats.variation", cases=("P(5)", "P(3, 4), axis=1, ddof=1"))
def variation(a, axis=0, ddof=0):
    """The standard deviation divided by the mean."""
    return np.std(a, axis=axis, ddof=ddof) / np.mean(a, axis=axis)


@page("scipy.stats.moment", cases=("A(5), 3", "A(3, 4), 2, axis=1"))
def moment(a, order=1, axis=0):
    """The mean power of the distances to the mean."""
    return moment_about_mean(np.asarray(a), order, axis, False)


@page("scipy.stats.skew", cases=("A(5)", "A(3, 4), axis=1, bias=False"))
def skew(a, axis=0, bias=True):
    """The third moment about the mean in standard deviations."""
    x = np.asarray(a)
    n = count_along(x, axes_of(axis, x.ndim))
    found = moment_about_mean(x, 3, axis, False) / moment_about_mean(x, 2, axis, False) ** 1.5
    return found if bias else found * (np.sqrt(n * (n - 1.0)) / (n - 2.0))


@page("scipy.stats.kurtosis", cases=("A(5)", "A(3, 5), axis=1, bias=False", "A(4), fisher=False"))
def kurtosis(a, axis=0, fisher=True, bias=True):
    """The fourth moment about the mean in standard deviations, less that of a normal distribution."""
    x = np.asarray(a)
    n = count_along(x, axes_of(axis, x.ndim))
    found = moment_about_mean(x, 4, axis, False) / moment_about_mean(x, 2, axis, False) ** 2
    if not bias:
        found = ((n * n - 1.0) * found - 3.0 * (n - 1.0) ** 2) / ((n - 2.0) * (n - 3.0)) + 3.0
    return found - 3.0 if fisher else found


@page("scipy.stats.entropy", cases=("P(5)", "P(3, 4), axis=1, base=2", "P(4), P(4)"))
def entropy(pk, qk=None, base=None, axis=0):
    """The entropy of numbers as shares of their sum, or how far these are from those of others."""
    p = np.asarray(pk) / np.sum(np.asarray(pk), axis=axis, keepdims=True)
    if qk is None:
        found = np.sum(special.entr(p), axis=axis)
    else:
        q = np.asarray(qk) / np.sum(np.asarray(qk), axis=axis, keepdims=True)
        found = np.sum(special.rel_entr(p, q), axis=axis)
    return found if base is None else found / math.log(base)


@page("scipy.stats.iqr", cases=("A(5)", "A(3, 4), axis=1"))
def iqr(x, axis=None):
    """The range of the middle half."""
    return np.percentile(x, 75.0, axis=axis) - np.percentile(x, 25.0, axis=axis)
