"""Interpolation, differences, convolutions and margins."""

from __future__ import annotations

import numpy as np

from .axes import axes_of, axis_of, of_floats, one_of, refuse, written_out
from .pages import page


@page(np.interp, cases=("A(4), U(5), A(5)", "S(), U(3), A(3)", "A(2, 2), U(4), A(4), left=0.5, right=S()",
                        "A(3) * 9, U(4), A(4)", "A(4), U(4), A(4), period=1.5",
                        "A(4), U(4), A(4), period=-1.5", "A(3), U(4), I(4)", "S(), U(4), M(4)"))  # fmt: skip
def interp(x, xp, fp, left=None, right=None, period=None):
    """Values between given points, joined by straight lines."""
    points, heights, at = np.asarray(xp, dtype=np.float64), np.asarray(fp, dtype=np.float64), np.asarray(x)
    if points.shape[0] != heights.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    if points.shape[0] == 0:
        raise ValueError("array of sample points is empty")
    if period is not None:
        length = abs(period)
        order = np.argsort(points % length, kind="mergesort")
        inside, given = (points % length)[order], heights[order]
        points = np.concatenate((inside[-1:] - length, inside, inside[:1] + length))
        heights = np.concatenate((given[-1:], given, given[:1]))
        at = at % length
    low = heights[0] if left is None else left
    high = heights[-1] if right is None else right
    if at.ndim == 0:
        return between(at, points, heights, low, high)
    flat = np.ravel(at)
    out = np.empty(flat.shape[0])
    for i in range(flat.shape[0]):
        out[i] = between(flat[i], points, heights, low, high)
    return out if at.ndim == 1 else np.reshape(out, at.shape)


def between(at, points, heights, low, high):
    """The value at one place."""
    n = points.shape[0]
    if np.isnan(at):
        return at
    if at < points[0]:
        return low
    if at > points[n - 1]:
        return high
    k = max(np.searchsorted(points, at, side="right"), 1)
    if k >= n:
        return heights[n - 1]
    slope = (heights[k] - heights[k - 1]) / (points[k] - points[k - 1])
    return heights[k - 1] + slope * (at - points[k - 1])


@page(np.gradient, cases=("A(5)", "A(5), 0.5", "A(5), U(5)", "A(3, 4)", "A(3, 4), 2.0, axis=1", "A(4, 3), axis=0",
                          "A(5), edge_order=2", "A(5), U(5), edge_order=2", "A(3, 4), 0.5, U(4)", "I(4)"))  # fmt: skip
def gradient(f, *varargs, axis=None, edge_order=1):
    """The slopes, by differences of both neighbours inside and of one at the ends."""
    one_of(edge_order, "edge_order", 1, 2)
    given = np.asarray(f)
    x = given if of_floats(given.dtype) else np.asarray(given, dtype=np.float64)
    axes = axes_of(axis, x.ndim)
    spacings = varargs if len(varargs) > 1 else (varargs[0] if len(varargs) == 1 else 1.0,) * len(axes)
    if len(spacings) != len(axes):
        refuse("as many distances as axes are needed", "give one for all, or one for each")
    slopes = [slope_along(x, h, d, edge_order) for h, d in zip(spacings, axes, strict=True)]
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def slope_along(x, h, axis, edge_order):
    """The slopes along one axis, for one distance or for the places of the elements."""
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ValueError("gradient: too few elements along an axis")
    out = np.empty(x.shape, dtype=np.mean(x).dtype)
    rows, slopes = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    steps = np.asarray(h)
    if steps.ndim == 0:
        slopes[1:-1] = (rows[2:] - rows[:-2]) / (2.0 * h)
        if edge_order == 1:
            slopes[0] = (rows[1] - rows[0]) / h
            slopes[-1] = (rows[-1] - rows[-2]) / h
        else:
            slopes[0] = (-1.5 * rows[0] + 2.0 * rows[1] - 0.5 * rows[2]) / h
            slopes[-1] = (0.5 * rows[-3] - 2.0 * rows[-2] + 1.5 * rows[-1]) / h
        return out
    if steps.shape[0] != n:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    for i in range(1, n - 1):
        left, right = h[i] - h[i - 1], h[i + 1] - h[i]
        p, q = left * left, right * right
        slopes[i] = (p * rows[i + 1] + (q - p) * rows[i] - q * rows[i - 1]) / (left * right * (left + right))
    if edge_order == 1:
        slopes[0] = (rows[1] - rows[0]) / (h[1] - h[0])
        slopes[-1] = (rows[-1] - rows[-2]) / (h[-1] - h[-2])
    else:
        a, b = h[1] - h[0], h[2] - h[1]
        first = rows[1] * ((a + b) / (a * b)) - rows[0] * ((2.0 * a + b) / (a * (a + b)))
        slopes[0] = first - rows[2] * (a / (b * (a + b)))
        c, d = h[-2] - h[-3], h[-1] - h[-2]
        slopes[-1] = (
            rows[-3] * (d / (c * (c + d))) - rows[-2] * ((c + d) / (c * d)) + rows[-1] * ((2.0 * d + c) / (d * (c + d)))
        )
    return out


@page(np.convolve, cases=("A(5), A(3)", 'A(3), A(5), mode="same"', 'A(6), A(3), "valid"', "I(4), I(2)",
                          'A(3), A(5), mode="valid"', 'A(4), A(2), mode="same"'))  # fmt: skip
def convolve(a, v, mode="full"):
    """out[k] = the sum of a[k - j] v[j] over j."""
    one_of(mode, "mode", "full", "same", "valid")
    x, y = np.atleast_1d(a), np.atleast_1d(v)
    n, m = x.shape[0], y.shape[0]
    if n == 0 or m == 0:
        raise ValueError("convolve: an array is empty")
    if mode == "full":
        first, count = 0, n + m - 1
    elif mode == "same":
        first, count = (min(n, m) - 1) // 2, max(n, m)
    else:
        first, count = min(n, m) - 1, max(n, m) - min(n, m) + 1
    out = np.zeros(count, dtype=np.result_type(x, y))
    for j in range(m):
        start, stop = max(j - first, 0), min(count, n + j - first)
        for k in range(start, stop):
            out[k] += x[k + first - j] * y[j]
    return out


@page(np.correlate, cases=("A(5), A(3)", 'A(5), A(3), "full"', 'A(3), A(4), mode="same"', "A(2), A(4)"))
def correlate(a, v, mode="valid"):
    """out[k] = the sum of a[k + j] v[j] over j."""
    return np.convolve(a, np.flip(v), mode)


@page(np.pad, cases=(
    "A(3), 2", "A(3), (1, 2)", "A(2, 3), ((1, 0), (2, 1)), constant_values=0.5", 'A(3), 2, "edge"',
    'A(4), 2, mode="reflect"', 'A(3), (2, 1), mode="symmetric"', 'A(3), (1, 2), "wrap"', 'A(2, 3), 1, "edge"',
    "A(2, 2), ((1, 1), (0, 0))", "A(2, 3), 1", "A(2, 3, 4), ((1, 1), (2, 2), (1, 1))",
    "A(2, 3), ((0, N()), (1, 1))", 'A(2), 5, mode="reflect"', 'A(2), 5, mode="symmetric"', 'A(1), 2, mode="reflect"',
    'A(2, 3), ((1, 0), (2, 1)), mode="mean"', 'A(2, 3), 1, "maximum"', 'A(4), (0, 2), mode="minimum"',
    'A(2, 4), 1, mode="median"', 'A(3), (2, 3), mode="linear_ramp", end_values=0.5', 'I(2, 3), 1, "mean"',
    'A(2, 3), 2, "linear_ramp"', 'I(3), 3, mode="linear_ramp"',
))  # fmt: skip
def pad(array, pad_width, mode="constant", constant_values=0, end_values=0):
    """The array with a margin."""
    one_of(mode, "mode", "constant", "edge", "reflect", "symmetric", "wrap", *_ONE_VALUE, "linear_ramp")
    x = np.asarray(array)
    widths = widths_of(pad_width, x.ndim)
    sizes = [n + before + after for n, (before, after) in zip(x.shape, widths, strict=True)]
    if mode == "constant":
        out = np.full(sizes, constant_values, dtype=x.dtype)
        out[tuple([slice(before, before + n) for n, (before, _) in zip(x.shape, widths, strict=True)])] = x
        return out
    wider = x
    for d in written_out(x.ndim):
        before, after = widths[d]
        if mode == "linear_ramp":
            wider = with_ramps(wider, d, before, after, end_values)
        elif mode in _ONE_VALUE:
            wider = with_one_value(wider, d, before, after, mode)
        else:
            wider = np.take(wider, source_places(x.shape[d], before, after, mode), axis=d)
    return wider


_ONE_VALUE = ("mean", "median", "maximum", "minimum")


def with_one_value(x, axis, before, after, mode):
    """The array with a margin along an axis that holds a number for each row of it."""
    if mode == "maximum":
        value = np.max(x, axis=axis, keepdims=True)
    elif mode == "minimum":
        value = np.min(x, axis=axis, keepdims=True)
    elif mode == "mean":
        value = np.mean(x, axis=axis, keepdims=True)
    else:
        value = np.median(x, axis=axis, keepdims=True)
    own = np.asarray(value if of_floats(x.dtype) else np.round(value), dtype=x.dtype)
    return np.concatenate((np.repeat(own, before, axis=axis), x, np.repeat(own, after, axis=axis)), axis=axis)


def with_ramps(x, axis, before, after, end):
    """The array with a margin along an axis that runs to a number."""
    first, last = np.take(x, 0, axis=axis), np.take(x, -1, axis=axis)
    ahead = np.linspace(end, first, before, endpoint=False, axis=axis)
    behind = np.flip(np.linspace(end, last, after, endpoint=False, axis=axis), axis)
    if of_floats(x.dtype):
        return np.concatenate((np.asarray(ahead, dtype=x.dtype), x, np.asarray(behind, dtype=x.dtype)), axis=axis)
    return np.concatenate((np.floor(ahead).astype(x.dtype), x, np.floor(behind).astype(x.dtype)), axis=axis)


def widths_of(pad_width, ndim):
    """The margins before and after each axis."""
    if not isinstance(pad_width, tuple | list):
        return ((pad_width, pad_width),) * ndim
    if isinstance(pad_width[0], tuple | list):
        return tuple([(w[0], w[-1]) for w in pad_width]) * (ndim if len(pad_width) == 1 else 1)
    return ((pad_width[0], pad_width[-1]),) * ndim


def source_places(n, before, after, mode):
    """Which element along an axis stands at each place of the axis with its margins."""
    if n == 0:
        raise ValueError("pad: an axis is empty")
    places = np.empty(n + before + after, dtype=np.int64)
    for i in range(n + before + after):
        k = i - before
        if mode == "edge":
            places[i] = min(max(k, 0), n - 1)
        elif mode == "wrap":
            places[i] = k % n
        elif mode == "symmetric":
            r = k % (2 * n)
            places[i] = min(r, 2 * n - 1 - r)
        else:
            r = k % max(2 * n - 2, 1)
            places[i] = min(r, 2 * n - 2 - r)
    return places


@page(np.unwrap, cases=("4.0 * A(5)", "5.0 * A(2, 4)", "3.0 * A(4, 2), axis=0", "2.0 * A(5), period=1.5",
                        "5.0 * A(6), discont=4.0"))  # fmt: skip
def unwrap(p, discont=None, axis=-1, period=6.283185307179586):
    """Angles without jumps: whole periods are added where the next one is more than half a period away."""
    x = np.asarray(p) * 1.0
    if not of_floats(np.result_type(np.asarray(p), np.asarray(period))):
        refuse("np.unwrap of whole numbers by a whole period is not supported", "make the period a float")
    axis = axis_of(axis, x.ndim)
    before = (slice(None),) * axis
    half = period / 2
    step = np.diff(x, axis=axis)
    within = np.mod(step + half, period) - half
    within = np.where((within == -half) & (step > 0.0), half, within)
    jump = np.where(np.abs(step) < (half if discont is None else discont), 0.0, within - step)
    out = np.array(x)
    out[(*before, slice(1, None))] += np.cumsum(jump, axis=axis)
    return out
