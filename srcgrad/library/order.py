"""Sorting and what follows from the order of elements; where elements are equal the first one comes first."""

from __future__ import annotations

import numpy as np

from ..hints import stop_gradient
from .axes import axes_first, axes_of, axis_of, of_floats, one_of, quantile_rule, refuse, written_out
from .pages import page
from .statistics import with_axes


@page(np.argsort, method="argsort", cases=("A(5)", "A(2, 4)", "A(3, 2), axis=0", "A(2, 3), axis=None", "I(6)",
                                           'A(4), kind="stable"'))  # fmt: skip
def argsort(a, axis=-1, kind=None, stable=None):
    """The places of the elements in ascending order, equal ones in the order they stand in."""
    x = np.ravel(a) if axis is None else np.asarray(a)
    if x.ndim == 1:
        return np.argsort(x, kind="mergesort")
    axis = axis_of(axis, x.ndim)
    out = np.empty(x.shape, dtype=np.int64)
    rows, places = np.moveaxis(x, axis, -1), np.moveaxis(out, axis, -1)
    for at in np.ndindex(rows.shape[:-1]):
        places[at] = np.argsort(rows[at], kind="mergesort")
    return out


@page(np.lexsort, cases=("(A(5), A(5))", "[I(6), I(6)]", "A(2, 4)", "(A(4), I(4), M(4))"))
def lexsort(keys, axis=-1):
    """The places of the elements in the order of the last key, equal ones in that of the key before it."""
    order = np.argsort(keys[0], kind="mergesort")
    if isinstance(keys, np.ndarray):
        for row in keys[1:]:
            order[:] = order[np.argsort(row[order], kind="mergesort")]
    else:
        for k in written_out(len(keys))[1:]:
            order[:] = order[np.argsort(np.asarray(keys[k])[order], kind="mergesort")]
    return order


@page(np.sort, cases=("A(5)", "A(2, 4)", "A(3, 2), axis=0", "A(2, 3), axis=None", "I(6)"))
def sort(a, axis=-1, kind=None, stable=None):
    """The elements in ascending order."""
    x = np.ravel(a) if axis is None else np.asarray(a)
    if x.ndim == 1:
        return x[np.argsort(x, kind="mergesort")]
    axis = axis_of(axis, x.ndim)
    out = np.empty(x.shape, dtype=x.dtype)
    rows, sorted_rows = np.moveaxis(x, axis, -1), np.moveaxis(out, axis, -1)
    for at in np.ndindex(rows.shape[:-1]):
        sorted_rows[at] = rows[at][np.argsort(rows[at], kind="mergesort")]
    return out


@page(method="sort")
def sort_in_place(a, axis=-1, kind=None, stable=None):
    """Bring the elements of an array into ascending order."""
    a[...] = np.sort(a, axis=axis)


@page(np.partition, cases=("A(5), 2", "A(2, 4), 1, axis=-1"))
def partition(a, kth, axis=-1, kind=None):
    """The elements in ascending order, which is a partition at every place."""
    place_in(np.size(a) if axis is None else np.shape(a)[axis], kth)
    return np.sort(a, axis=axis)


@page(np.argpartition, method="argpartition", cases=("A(3), [0, 1, 2]",))
def argpartition(a, kth, axis=-1, kind=None):
    """The places of the elements in ascending order, which is a partition at every place."""
    place_in(np.size(a) if axis is None else np.shape(a)[axis], kth)
    return np.argsort(a, axis=axis)


def place_in(n, kth):
    """An error where a partition is at a place that there is not."""
    for k in np.ravel(np.asarray(kth)) if np.ndim(kth) > 0 else (kth,):
        if k < -n or k >= n:
            raise ValueError("partition: kth is out of bounds")


@page(np.median, cases=("A(5)", "A(4)", "A(3, 4), axis=1", "A(4, 2), axis=0, keepdims=True", "A(2, 3, 2), axis=(0, 2)",
                        "I(4)", "H(3)", "I(0)", "I(2, 0), axis=1"))  # fmt: skip
def median(a, axis=None, keepdims=False):
    """The element in the middle, or the mean of the two there."""
    x, axes = np.asarray(a), axes_of(axis, np.ndim(a))
    rows = rows_along(x, axes)
    if rows.ndim == 1:
        whole = middle(rows)
    else:
        whole = np.empty(rows.shape[:-1], dtype=np.mean(x).dtype)
        for at in np.ndindex(rows.shape[:-1]):
            whole[at] = middle(rows[at])
    return with_axes(whole, axes, x.ndim, np.mean(x).dtype) if keepdims else whole


def middle(row):
    """The median of a row."""
    n = row.shape[0]
    if n == 0:
        return np.nan
    order = np.argsort(row, kind="mergesort")
    last, low, high = order[n - 1], order[(n - 1) // 2], order[n // 2]
    return row[last] if np.isnan(row[last]) else 0.5 * row[low] + 0.5 * row[high]  # NaN is the last


def rows_along(x, axes):
    """The array with the axes in question as one, the last."""
    if x.ndim == 0:
        return np.full(1, x)
    kept = axes_first(axes, x.ndim)[len(axes) :]
    turned = np.transpose(x, kept + axes)
    count = 1
    for d in axes:
        count = count * x.shape[d]
    return turned if len(axes) == 1 else np.reshape(turned, (*turned.shape[: len(kept)], count))


@page(np.quantile, cases=("A(5), 0.3", "A(4), [0.25, 0.5]", "A(3, 4), 0.4, axis=1", "A(4, 2), P(2) / 2, axis=0",
                          "A(5), S() * 0 + 0.37", 'A(5), 0.4, method="lower"', 'A(5), 0.4, method="hazen"',
                          'A(5), 0.4, method="midpoint"', 'A(5), 0.9, method="median_unbiased"', "A(5), 1.0",
                          "A(2, 3), 0.5, axis=(0, 1), keepdims=True", 'A(5), 0.4, method="nearest"'))  # fmt: skip
def quantile(a, q, axis=None, method="linear", keepdims=False):
    """The number below which a share of the elements lies."""
    x, axes, shares = np.asarray(a), axes_of(axis, np.ndim(a)), np.asarray(q)
    if np.any(shares < 0) or np.any(shares > 1):
        raise ValueError("Quantiles must be in the range [0, 1]")
    rows = rows_along(x, axes)
    if shares.ndim == 0:
        whole = quantile_of_rows(rows, q, method)
        return with_axes(whole, axes, x.ndim, np.mean(x).dtype) if keepdims else whole
    flat = np.ravel(shares)
    made = [1 if d in axes else x.shape[d] for d in range(x.ndim)] if keepdims else rows.shape[:-1]
    out = np.empty((flat.shape[0], *made), dtype=np.result_type(x, shares))
    for k in range(flat.shape[0]):
        found = quantile_of_rows(rows, flat[k], method)
        out[k] = with_axes(found, axes, x.ndim, np.mean(x).dtype) if keepdims else found
    return out if shares.ndim == 1 else np.reshape(out, (*shares.shape, *made))


def quantile_of_rows(rows, share, method):
    """A quantile along the last axis."""
    if rows.shape[-1] == 0:
        raise ValueError("quantile of no elements")
    place = quantile_place(rows.shape[-1], share, method)
    one = method == "lower" or method == "higher" or method == "nearest"
    if rows.ndim == 1:
        return element_at(rows, place) if one else between(rows, place)
    out = np.empty(rows.shape[:-1], dtype=rows.dtype if one else np.mean(rows).dtype)
    for at in np.ndindex(rows.shape[:-1]):
        out[at] = element_at(rows[at], place) if one else between(rows[at], place)
    return out


def element_at(row, place):
    """The element of a row that stands at a place in ascending order."""
    order = np.argsort(row, kind="mergesort")
    last = order[row.shape[0] - 1]
    return row[last] if np.isnan(row[last]) else row[order[int(place)]]  # NaN is the last


def between(row, place):
    """What stands at a place between two elements of a row in ascending order."""
    n = row.shape[0]
    order = np.argsort(row, kind="mergesort")
    before = int(place)
    last, low, high = order[n - 1], order[before], order[min(before + 1, n - 1)]
    return row[last] if np.isnan(row[last]) else row[low] + (row[high] - row[low]) * (place - before)  # NaN is the last


def quantile_place(n, share, method):
    """Where a quantile lies between the elements in their order (Hyndman and Fan 1996)."""
    kind, alpha, beta = quantile_rule(method)
    if kind == "continuous":
        return min(max(n * share + alpha + share * (1.0 - alpha - beta) - 1.0, 0.0), n - 1.0)
    place = (n - 1) * share
    if kind == "lower":
        return np.floor(place)
    if kind == "higher":
        return np.ceil(place)
    if kind == "nearest":
        return np.rint(place)
    return 0.5 * (np.floor(place) + np.ceil(place))


@page(np.percentile, cases=("A(5), 30.0", "A(3, 4), [10, 90], axis=1"))
def percentile(a, q, axis=None, method="linear", keepdims=False):
    """The number below which so many in a hundred elements lie."""
    share = np.asarray(q) / 100.0 if np.ndim(q) > 0 else q / 100.0
    return np.quantile(a, share, axis=axis, method=method, keepdims=keepdims)


@page(np.nanmedian, cases=("H(5)", "H(2, 3), axis=1"))
def nanmedian(a, axis=None, keepdims=False):
    """The median of what is not NaN; NaN where there is nothing."""
    x, axes = np.asarray(a), axes_of(axis, np.ndim(a))
    rows = rows_along(x, axes)
    if rows.ndim == 1:
        whole = middle_of_known(rows)
    else:
        whole = np.empty(rows.shape[:-1], dtype=np.mean(x).dtype)
        for at in np.ndindex(rows.shape[:-1]):
            whole[at] = middle_of_known(rows[at])
    return with_axes(whole, axes, x.ndim, np.mean(x).dtype) if keepdims else whole


def middle_of_known(row):
    """The median of what is not NaN in a row."""
    order = np.argsort(row, kind="mergesort")  # NaN comes last
    n = np.sum(~np.isnan(row))
    low, high = order[max(n - 1, 0) // 2], order[n // 2 if n > 0 else 0]
    return 0.5 * row[low] + 0.5 * row[high] if n > 0 else np.nan


@page(np.nanquantile, cases=("H(5), 0.3", "H(2, 3), 0.6, axis=1", "H(5), [0.2, 0.5]"))
def nanquantile(a, q, axis=None, method="linear", keepdims=False):
    """The quantile of what is not NaN; NaN where there is nothing."""
    x, axes = np.asarray(a), axes_of(axis, np.ndim(a))
    rows = rows_along(x, axes)
    if np.ndim(q) > 0 and (keepdims or rows.ndim > 1):
        refuse("several quantiles along an axis, without NaN, are not supported", "ask for one after the other")
    if rows.ndim == 1:
        whole = quantile_of_known(rows, q, method)
        return with_axes(whole, axes, x.ndim, np.mean(x).dtype) if keepdims else whole
    whole = np.empty(rows.shape[:-1], dtype=np.mean(x).dtype)
    for at in np.ndindex(rows.shape[:-1]):
        whole[at] = quantile_of_known(rows[at], q, method)
    return with_axes(whole, axes, x.ndim, np.mean(x).dtype) if keepdims else whole


@page(np.nanpercentile, cases=("H(5), 30.0", "H(2, 3), 60.0, axis=1"))
def nanpercentile(a, q, axis=None, method="linear", keepdims=False):
    """The percentile of what is not NaN; NaN where there is nothing."""
    share = np.asarray(q) / 100.0 if np.ndim(q) > 0 else q / 100.0
    return np.nanquantile(a, share, axis=axis, method=method, keepdims=keepdims)


def quantile_of_known(row, q, method):
    """The quantile of the elements of a row that are not NaN."""
    known = row[~np.isnan(row)]
    return np.quantile(known, q, method=method) if known.shape[0] > 0 else np.asarray(q) * np.nan


@page(np.unique, cases=("I(6)", "A(4)", "I(2, 4), return_index=True, return_inverse=True, return_counts=True",
                        "I(5), return_counts=True"))  # fmt: skip
def unique(ar, return_index=False, return_inverse=False, return_counts=False, equal_nan=True, sorted=True):
    """The different elements in ascending order; the derivative goes to the first of equal ones."""
    flat = np.ravel(np.asarray(ar))
    n = flat.shape[0]
    order = np.argsort(flat, kind="mergesort")
    first, inverse, counts = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    found = 0
    for i in range(n):
        same = i > 0 and (
            flat[order[i]] == flat[order[i - 1]]
            or equal_nan and np.isnan(flat[order[i]]) and np.isnan(flat[order[i - 1]])
        )
        if not same:
            first[found] = order[i]
            found += 1
        inverse[order[i]] = found - 1
        counts[found - 1] += 1
    values = (flat[first[:found]],)
    places = (first[:found],) if return_index else ()
    back = (np.reshape(inverse, np.asarray(ar).shape),) if return_inverse else ()
    results = values + places + back + ((counts[:found],) if return_counts else ())
    return results if len(results) > 1 else results[0]


@page(np.searchsorted, method="searchsorted", cases=("U(5), A(3)", "U(5), 0.3", 'U(4), A(2, 2), side="right"'))
def searchsorted(a, v, side="left"):
    """The places at which values would stand in an array in ascending order."""
    one_of(side, "side", "left", "right")
    values = np.asarray(v)
    if values.ndim < 2:
        return np.searchsorted(a, values, side=side)
    return np.reshape(np.searchsorted(a, np.ravel(values), side=side), values.shape)


@page(np.digitize, cases=("A(4), U(3)", "A(2, 2), U(3), right=True"))
def digitize(x, bins, right=False):
    """The numbers of the bins that values lie in, whose edges ascend."""
    edges = np.asarray(bins)
    ascending(edges)
    return np.searchsorted(edges, x, side="left" if right else "right")


def ascending(edges):
    """An error where the edges of bins do not ascend."""
    for i in range(1, edges.shape[0]):
        if edges[i] < edges[i - 1]:
            raise ValueError("the edges of the bins must ascend")


@page(np.histogram, cases=("A(20), 4", "A(20), U(4)", "A(10), 3, (-1.0, 1.0)", "A(10), 3, weights=A(10)",
                           "A(10), 4, density=True", "A(10), U(5), weights=P(10), density=True",
                           "M(6), 2", "A(0), 3"))  # fmt: skip
def histogram(a, bins=10, range=None, density=False, weights=None):
    """How many elements lie in each bin, or the sums of their weights; and the edges of the bins."""
    flat = np.ravel(np.asarray(a))
    flat = flat if of_floats(flat.dtype) else np.asarray(flat, dtype=np.int64)
    w = None if weights is None else np.ravel(np.asarray(weights))
    if weights is not None and np.shape(weights) != np.shape(a):
        raise ValueError("histogram: the weights and the elements differ in shape")
    if np.ndim(bins) > 0:
        edges = np.asarray(bins)
        ascending(edges)
        found = np.zeros(edges.shape[0] - 1, dtype=np.int64 if weights is None else w.dtype)
        into_bins(flat, w, edges, found)
    else:
        low, high = ends_of(flat) if range is None else (range[0], range[1])
        if not (np.isfinite(low) and np.isfinite(high) and low <= high):
            raise ValueError("histogram: the range of the bins must be finite and ascend")
        if stop_gradient(low) == stop_gradient(high):
            low, high = low - 0.5, high + 0.5
        edges = np.asarray(np.linspace(low, high, bins + 1), dtype=np.result_type(flat, 1.0))
        found = np.zeros(bins, dtype=np.int64 if weights is None else w.dtype)
        into_equal_bins(flat, w, edges, found)
    if density:
        return found / (np.asarray(np.diff(edges), dtype=np.float64) * np.sum(found)), edges
    return found, edges


def ends_of(values):
    """The range of the bins where none is given."""
    if values.shape[0] == 0:
        return 0.0, 1.0
    return 1.0 * np.min(values), 1.0 * np.max(values)


def into_bins(values, weights, edges, found):
    """Add ones, or weights, to the bins that values lie in."""
    count = edges.shape[0] - 1
    for i in range(values.shape[0]):
        if values[i] >= edges[0] and values[i] <= edges[count]:
            place = min(np.searchsorted(edges, values[i], side="right") - 1, count - 1)
            found[place] += 1 if weights is None else weights[i]


def into_equal_bins(values, weights, edges, found):
    """Add ones, or weights, to the bins of one width that values lie in, as a quotient says and their edges decide."""
    count = edges.shape[0] - 1
    scale = count / (edges[count] - edges[0])
    for i in range(values.shape[0]):
        if values[i] >= edges[0] and values[i] <= edges[count]:
            place = min(int(stop_gradient((values[i] - edges[0]) * scale)), count - 1)
            if values[i] < edges[place]:
                place -= 1
            elif place < count - 1 and values[i] >= edges[place + 1]:
                place += 1
            found[place] += 1 if weights is None else weights[i]


@page(np.bincount, cases=("C(6)", "C(5), A(5)", "C(4), minlength=6"))
def bincount(x, weights=None, minlength=0):
    """How often each number occurs, or the sums of the weights of its places."""
    bins = np.asarray(x)
    n = minlength
    for value in bins:
        if value < 0:
            raise ValueError("bincount: a number is negative")
        n = max(n, value + 1)
    if weights is None:
        counts = np.zeros(n, dtype=np.int64)
        for k in bins:
            counts[k] += 1
        return counts
    sums = np.zeros(n)
    given = np.asarray(weights)
    if given.shape[0] != bins.shape[0]:
        raise ValueError("bincount: the weights and the numbers differ in length")
    for i in range(bins.shape[0]):
        sums[bins[i]] += given[i]
    return sums


@page(np.argmax, method="argmax", cases=("A(2, 3), axis=1, keepdims=True", "A(4), keepdims=True"))
def argmax(a, axis=None, keepdims=False):
    """The place of the greatest element, the first one of several."""
    x = np.asarray(a)
    found = np.argmax(x, axis=axis)
    return with_axes(found, axes_of(axis, x.ndim), x.ndim, np.int64) if keepdims else found


@page(np.argmin, method="argmin", cases=("A(2, 3), axis=1, keepdims=True", "A(4), keepdims=True"))
def argmin(a, axis=None, keepdims=False):
    """The place of the least element, the first one of several."""
    x = np.asarray(a)
    found = np.argmin(x, axis=axis)
    return with_axes(found, axes_of(axis, x.ndim), x.ndim, np.int64) if keepdims else found


@page(np.nanargmax, cases=("H(5)", "H(2, 3), axis=1", "H(2, 3), axis=1, keepdims=True"))
def nanargmax(a, axis=None, keepdims=False):
    """The place of the greatest element that is not NaN."""
    return np.argmax(without_nan(np.asarray(a), axis, -np.inf), axis=axis, keepdims=keepdims)


@page(np.nanargmin, cases=("H(5)", "H(2, 3), axis=1"))
def nanargmin(a, axis=None, keepdims=False):
    """The place of the least element that is not NaN."""
    return np.argmin(without_nan(np.asarray(a), axis, np.inf), axis=axis, keepdims=keepdims)


def without_nan(x, axis, instead):
    """The array with a number in place of NaN; an error where there is nothing else along an axis."""
    if not of_floats(x.dtype):
        return x
    if np.any(np.all(np.isnan(x), axis=axis)):
        raise ValueError("All-NaN slice encountered")
    return np.where(np.isnan(x), instead, x)
