"""What pages ask of axes and options, which are known when a page is read."""

from __future__ import annotations

import operator

import numpy as np

from .pages import RefusedError, known


@known
def axis_of(axis, ndim, what="axis"):
    """Return an axis counted from the first one."""
    place = operator.index(axis)
    if not -ndim <= place < ndim:
        raise ValueError(f"{what} {axis} of an array with {ndim} axes")
    return place % ndim


@known
def only_axis(axis, ndim):
    """Return an axis counted from the first one; where none is named, that of an array that has one."""
    if axis is None and ndim != 1:
        raise ValueError("for arrays with more than one axis an axis is to be named")
    return 0 if axis is None else axis_of(axis, ndim)


@known
def axes_of(axis, ndim):
    """Return one axis, several or (None) all as a tuple of different ones, counted from the first, in their order."""
    if axis is None:
        return tuple(range(ndim))
    given = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    found = tuple(axis_of(a, ndim) for a in given)
    if len(set(found)) < len(found):
        raise ValueError(f"an axis stands twice in {given}")
    return found


@known
def one_element_axes(a):
    """Return the axes of an array that the text gives one element: its reader puts them in place of the array."""
    return a


@known
def most(counts, least):
    """Return the greatest of some numbers of axes, or what there are at least."""
    return max(least, *counts)


@known
def written_out(count):
    """Return 0, 1, ... as a tuple: a loop over it is written out."""
    return tuple(range(count))


@known
def last_axis(axes):
    """Return the last of two axes."""
    if not isinstance(axes, (tuple, list)) or len(axes) != 2:
        raise ValueError(f"the axes {axes} are not two")
    return axes[1]


@known
def transformed_axes(axes, ndim, of_own_lengths, count):
    """Return the axes of a Fourier transform over several, which has lengths of its own or so many given ones."""
    found = axes_of(tuple(range(ndim))[ndim - count :] if axes is None and not of_own_lengths else axes, ndim)
    if not of_own_lengths and len(found) != count:
        raise ValueError("shape and axes have different lengths")
    return found


@known
def whole_transform(norm, forward):
    """Return whether a Fourier transform is divided by its length: that of the direction which `norm` names."""
    return norm == "forward" if forward else norm in (None, "backward")


@known
def axes_first(axes, ndim):
    """Return the order of axes that has these first, and the others as they were."""
    return (*axes, *(d for d in range(ndim) if d not in axes))


@known
def axes_moved(ndim, source, destination):
    """Return the order of axes after `np.moveaxis`."""
    source, destination = axes_of(source, ndim), axes_of(destination, ndim)
    if len(source) != len(destination):
        raise ValueError("as many axes to move as places for them")
    order = [d for d in range(ndim) if d not in source]
    for to, of in sorted(zip(destination, source, strict=True)):
        order.insert(to, of)
    return tuple(order)


@known
def one_of(option, name, *choices):
    """Return an option that is one of the choices."""
    if option not in choices:
        raise RefusedError(f"{name}={option!r} is not supported", f"one of {', '.join(map(repr, choices))}")
    return option


@known
def known_option(option):
    """Return whether an option is set, which has to be known when the function is read."""
    return bool(option)


@known
def only_floats(dtype):
    """Refuse a dtype that is none of floating numbers: what is computed in integers is cut at each step."""
    if dtype is not None and np.dtype(dtype).kind != "f":
        raise RefusedError(f"dtype={np.dtype(dtype)} is not supported here", "a dtype of floats, or convert the result")


@known
def wide_enough(dtype):
    """Refuse a dtype of short integers: sums and products would wrap around in it."""
    if dtype is not None and np.dtype(dtype) != np.int64 and np.dtype(dtype).kind != "f":
        what = f"dtype={np.dtype(dtype)} of sums and products is not supported"
        raise RefusedError(what, "leave it out, and convert the result")


@known
def not_of_truth(dtype):
    """Refuse a dtype of truth values."""
    if dtype is not None and np.dtype(dtype).kind == "b":
        raise RefusedError("initial with truth values is not supported", "convert them: np.asarray(x, dtype=int)")


@known
def no_products_of_truth(dtypes):
    """Refuse to sum products of truth values only: NumPy joins them by `or`."""
    if all(dtype is not None and np.dtype(dtype).kind == "b" for dtype in dtypes):
        raise RefusedError("einsum of truth values is not supported", "convert them: a.astype(int)")


@known
def of_floats(dtype):
    """Return whether a dtype is one of floating numbers; True where it is not known."""
    return dtype is None or np.dtype(dtype).kind == "f"


@known
def of_truth(dtype):
    """Return whether a dtype is that of truth values."""
    return dtype is not None and np.dtype(dtype).kind == "b"


@known
def only_integers(dtype):
    """Refuse a dtype that is none of integers."""
    if dtype is not None and np.dtype(dtype).kind not in "iu":
        raise RefusedError(f"indices of dtype {np.dtype(dtype)} are not supported", "give integers")


@known
def grid_axes(count, indexing):
    """Return along which axis each of the vectors of a grid runs."""
    one_of(indexing, "indexing", "xy", "ij")
    return (1, 0, *range(2, count)) if indexing == "xy" and count > 1 else tuple(range(count))


@known
def paired_axes(axes, left, right):
    """Return the axes of two arrays that `np.tensordot` sums over in pairs."""
    if isinstance(axes, int):
        return tuple(range(left - axes, left)), tuple(range(axes))
    mine, other = (axes_of(tuple(a) if isinstance(a, list) else a, n) for a, n in zip(axes, (left, right), strict=True))
    if len(mine) != len(other):
        raise ValueError("tensordot: the axes do not make pairs")
    return mine, other


# alpha and beta of the methods that interpolate; the others pick elements
_QUANTILES = {
    "linear": (1.0, 1.0), "interpolated_inverted_cdf": (0.0, 1.0), "hazen": (0.5, 0.5), "weibull": (0.0, 0.0),
    "median_unbiased": (1.0 / 3.0, 1.0 / 3.0), "normal_unbiased": (0.375, 0.375),
}  # fmt: skip
_PICKED = ("lower", "higher", "nearest", "midpoint")


@known
def quantile_rule(method):
    """Return ("continuous", alpha, beta), or the name of a method that picks elements and zeros."""
    one_of(method, "method", *_QUANTILES, *_PICKED)
    return ("continuous", *_QUANTILES[method]) if method in _QUANTILES else (method, 0.0, 0.0)


@known
def refuse(what, way_out):
    """Raise the error that says what is not supported, and what to write instead."""
    raise RefusedError(what, way_out)


@known
def binary(n):
    """Return the digits of a number in base two, the highest first."""
    return tuple(int(c) for c in bin(n)[2:])


@known
def norm_rule(order, axis, ndim):
    """Return ("vector", its axes), or ("values" or "sums", two axes of matrices), as `np.linalg.norm` takes them."""
    axes = axes_of(axis, ndim)
    if axis is None and (order is None or order in ("fro", "f") and ndim == 2 or order == 2 and ndim == 1):
        return "vector", axes
    if len(axes) == 1:
        if isinstance(order, str):
            raise ValueError(f"the order {order!r} is one of matrices")
        return "vector", axes
    if len(axes) != 2:
        raise ValueError(f"a norm over {len(axes)} axes: name one or two")
    if order in (None, "fro", "f"):
        return "vector", axes
    if order in ("nuc", 2, -2):
        return "values", axes
    if order in (1, -1, float("inf"), float("-inf")):
        return "sums", axes
    raise ValueError(f"invalid order {order!r} of a matrix norm")
