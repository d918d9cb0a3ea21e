"""Sums, products, extremes and differences along an axis that keep it."""

from __future__ import annotations

import numpy as np

from .axes import axis_of, only_axis, refuse, wide_enough, written_out
from .pages import page


@page(np.cumsum, method="cumsum", cases=(
    "A(5)", "A(2, 3)", "A(2, 3), axis=0", "A(2, 3, 2), axis=-2", "A(2, 3), axis=1", "I(4)", "A(3), dtype=np.float32",
))  # fmt: skip
def cumsum(a, axis=None, dtype=None):
    """out[i] = a[0] + ... + a[i]."""
    wide_enough(dtype)
    given = np.asarray(a, dtype=dtype)
    x = np.ravel(given) if axis is None else given
    axis = 0 if axis is None else axis_of(axis, x.ndim)
    kind = np.sum(x).dtype
    if axis == x.ndim - 1:
        out = np.empty(x.shape, dtype=kind)
        for at in np.ndindex(x.shape[:-1]):
            total = 0
            for i in range(x.shape[axis]):
                total += x[(*at, i)]
                out[(*at, i)] = total
        return out
    sums = np.array(x, dtype=kind)
    before = (slice(None),) * axis
    for i in range(1, x.shape[axis]):
        sums[(*before, i)] += sums[(*before, i - 1)]
    return sums


@page(np.cumprod, method="cumprod", cases=(
    "A(5)", "A(2, 3)", "A(2, 3), axis=0", "A(2, 3), axis=1", "I(4)",
))  # fmt: skip
def cumprod(a, axis=None, dtype=None):
    """out[i] = a[0] * ... * a[i]."""
    wide_enough(dtype)
    given = np.asarray(a, dtype=dtype)
    x = np.ravel(given) if axis is None else given
    axis = 0 if axis is None else axis_of(axis, x.ndim)
    out = np.empty(x.shape, dtype=np.sum(x).dtype)
    before = (slice(None),) * axis
    if x.shape[axis] > 0:
        out[(*before, 0)] = x[(*before, 0)]
    for i in range(1, x.shape[axis]):
        out[(*before, i)] = out[(*before, i - 1)] * x[(*before, i)]
    return out


@page(np.logaddexp.accumulate, cases=("A(4)", "A(2, 3)", "A(2, 3), axis=1"))
def logaddexp_accumulate(array, axis=0):
    """The logarithms of sums of exponentials of ever more along an axis."""
    out = np.array(array)
    before = (slice(None),) * axis_of(axis, out.ndim)
    for i in range(1, out.shape[axis]):
        out[(*before, i)] = np.logaddexp(out[(*before, i - 1)], out[(*before, i)])
    return out


@page("numpy.cumulative_sum", cases=("A(5)", "A(2, 3), axis=1", "A(2, 3), axis=0, include_initial=True", "I(4)"))
def cumulative_sum(x, axis=None, dtype=None, include_initial=False):
    """The sums so far, after a zero if `include_initial` says so."""
    sums = np.cumsum(x, axis=only_axis(axis, np.ndim(x)), dtype=dtype)
    return after(0, sums, only_axis(axis, np.ndim(x))) if include_initial else sums


@page("numpy.cumulative_prod", cases=("A(5)", "A(2, 3), axis=1, include_initial=True"))
def cumulative_prod(x, axis=None, dtype=None, include_initial=False):
    """The products so far, after a one if `include_initial` says so."""
    products = np.cumprod(x, axis=only_axis(axis, np.ndim(x)), dtype=dtype)
    return after(1, products, only_axis(axis, np.ndim(x))) if include_initial else products


def after(start, x, axis):
    """An array with a number put before it along an axis."""
    return np.concatenate((np.full_like(np.take(x, [0], axis=axis), start), x), axis=axis)


@page(np.nancumsum, cases=("H(5)", "H(2, 3), axis=1"))
def nancumsum(a, axis=None, dtype=None):
    """The sums so far of what is not NaN."""
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


@page(np.nancumprod, cases=("H(5)",))
def nancumprod(a, axis=None, dtype=None):
    """The products so far of what is not NaN."""
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


@page(np.maximum.accumulate, cases=("A(5)", "A(3, 4), axis=1", "A(4, 2)"))
def running_max(array, axis=0):
    """The greatest so far; its derivative goes to the first element that attains it."""
    x = np.asarray(array)
    axis = axis_of(axis, x.ndim)
    out = np.empty(x.shape, dtype=x.dtype)
    before = (slice(None),) * axis
    if x.shape[axis] > 0:
        out[(*before, 0)] = x[(*before, 0)]
    for i in range(1, x.shape[axis]):
        out[(*before, i)] = np.maximum(out[(*before, i - 1)], x[(*before, i)])
    return out


@page(np.minimum.accumulate, cases=("A(5)", "A(3, 4), axis=1"))
def running_min(array, axis=0):
    """The least so far; its derivative goes to the first element that attains it."""
    x = np.asarray(array)
    axis = axis_of(axis, x.ndim)
    out = np.empty(x.shape, dtype=x.dtype)
    before = (slice(None),) * axis
    if x.shape[axis] > 0:
        out[(*before, 0)] = x[(*before, 0)]
    for i in range(1, x.shape[axis]):
        out[(*before, i)] = np.minimum(out[(*before, i - 1)], x[(*before, i)])
    return out


@page(np.add.reduceat, cases=("A(6), [0, 2, 5]", "A(6), [4, 1, 3]", "A(2, 5), C(3), axis=1", "I(5), [0, 3]"))
def add_reduceat(array, indices, axis=0):
    """The sums from each index to the next one, of one element where that is not greater."""
    x, starts = np.asarray(array), np.asarray(indices)
    axis = axis_of(axis, x.ndim)
    out = np.empty((*x.shape[:axis], starts.shape[0], *x.shape[axis + 1 :]), dtype=np.sum(x).dtype)
    before = (slice(None),) * axis
    for k in range(starts.shape[0]):
        if starts[k] < 0 or starts[k] >= x.shape[axis]:
            raise IndexError("reduceat: an index is out of bounds")
        end = x.shape[axis]
        if k + 1 < starts.shape[0]:
            end = starts[k + 1]
        out[(*before, k)] = x[(*before, starts[k])]
        for i in range(starts[k] + 1, end):
            out[(*before, k)] += x[(*before, i)]
    return out


@page(np.diff, cases=("A(5)", "A(2, 4), n=2", "A(3, 2), axis=0", "A(3), prepend=0.5", "A(2, 2), append=A(2, 3)",
                      "I(4)", "A(3), 0"))  # fmt: skip
def diff(a, n=1, axis=-1, prepend=None, append=None):
    """out[i] = a[i + 1] - a[i], n times."""
    x = np.asarray(a)
    axis = axis_of(axis, x.ndim)
    orders = written_out(n)  # known, then
    if n < 0:
        refuse("np.diff has no differences of negative order", "give n=0 or more")
    if prepend is not None:
        x = np.concatenate((ending(prepend, x, axis), x), axis=axis)
    if append is not None:
        x = np.concatenate((x, ending(append, x, axis)), axis=axis)
    before = (slice(None),) * axis
    for _ in orders:
        x = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    return x


def ending(value, x, axis):
    """What is put before or after an array; a number everywhere."""
    array = np.asarray(value)
    if array.ndim > 0:
        return array
    return np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), array)


@page(np.ediff1d, cases=("A(2, 3)",))
def ediff1d(ary):
    """The differences of the elements in their order."""
    return np.diff(np.ravel(ary))


@page(np.trapezoid, "scipy.integrate.trapezoid", cases=(
    "A(5)", "A(5), dx=0.1", "A(2, 4), U(4)", "A(3, 2), axis=0", "A(3, 2), x=U(3), axis=0", "A(2, 3), U(2, 3)", "I(4)",
    "A(2, 4), dx=P(3)", "A(3, 2), dx=P(2, 1), axis=0",
))  # fmt: skip
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule."""
    values = np.asarray(y)
    axis = axis_of(axis, values.ndim)
    before = (slice(None),) * axis
    left, right = values[(*before, slice(None, -1))], values[(*before, slice(1, None))]
    if x is None and np.ndim(dx) == 0:
        return 0.5 * dx * np.sum(left + right, axis=axis)
    return 0.5 * np.sum(distances(x, dx, values, axis) * (left + right), axis=axis)


@page("scipy.integrate.cumulative_trapezoid", cases=(
    "A(5)", "A(5), dx=0.1, initial=0", "A(2, 4), U(4)", "A(3, 2), axis=0", "A(3, 2), x=U(3), axis=0, initial=0", "I(4)",
))  # fmt: skip
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    """The integral up to each point by the trapezoidal rule; `initial`, 0, stands before the first."""
    values = np.asarray(y)
    axis = axis_of(axis, values.ndim)
    before = (slice(None),) * axis
    left, right = values[(*before, slice(None, -1))], values[(*before, slice(1, None))]
    found = np.cumsum(distances(x, dx, values, axis) * (left + right) / 2.0, axis=axis)
    if initial is None:
        return found
    out = np.zeros(values.shape)
    out[(*before, slice(1, None))] = found
    return out


def distances(x, dx, values, axis):
    """How far points are apart along an axis of the values: an array that fits them, or a number."""
    if x is None:
        if np.ndim(dx) > values.ndim:
            refuse("distances with more axes than the values are not supported", "repeat the values: np.broadcast_to")
        return dx
    points = np.asarray(x)
    if points.ndim > values.ndim:
        refuse("points with more axes than the values are not supported", "repeat the values: np.broadcast_to")
    if points.ndim != 1:
        return np.diff(points, axis=axis)
    if values.shape[axis] != points.shape[0]:
        raise ValueError("the points and the values differ in number")
    return (points[1:] - points[:-1])[(slice(None), *(None,) * (values.ndim - axis - 1))]


@page("scipy.integrate.simpson", cases=(
    "A(5)", "A(6), dx=0.1", "A(5), U(5)", "A(6), x=U(6)", "A(2, 5), U(5)", "A(6, 2), x=U(6), axis=0", "A(2), x=U(2)",
    "A(2, 4), U(2, 4)", "A(3)", "I(5)", "A(1)",
))  # fmt: skip
def simpson(y, x=None, dx=1.0, axis=-1):
    """The integral by Simpson's rule; of an even number of points the last step is that of the last parabola.

    K. V. Cartwright: Simpson's rule cumulative integration with MS Excel and irregularly-spaced data, J. Math. Sci.
    Math. Educ. 12 (2), 2017.
    """
    y = np.moveaxis(np.asarray(y, dtype=np.float64), axis_of(axis, np.ndim(y)), -1)
    n = y.shape[-1]
    if x is None:
        h = dx * np.ones(n - 1)
    else:
        points = x if np.ndim(x) == 1 else np.moveaxis(np.asarray(x), axis_of(axis, np.ndim(x)), -1)
        h = distances(points, dx, y, y.ndim - 1)
    if n == 2:
        return 0.5 * h[..., 0] * (y[..., 0] + y[..., 1])
    even = n // 2 * 2 if n % 2 == 1 else n - 2
    total = np.sum(parabolas(y[..., : even + 1], h[..., :even]), axis=-1)
    if n % 2 == 1 or n < 3:
        return total
    a, b = h[..., -2], h[..., -1]
    last = (2.0 * b**2 + 3.0 * a * b) / (6.0 * (a + b)) * y[..., -1] + (b**2 + 3.0 * a * b) / (6.0 * a) * y[..., -2]
    return total + last - b**3 / (6.0 * a * (a + b)) * y[..., -3]


def parabolas(y, h):
    """The integrals of parabolas through three points each."""
    a, b = h[..., ::2], h[..., 1::2]
    first, second, third = y[..., :-2:2], y[..., 1::2], y[..., 2::2]
    return (a + b) / 6.0 * (first * (2.0 - b / a) + second * ((a + b) ** 2 / (a * b)) + third * (2.0 - a / b))
