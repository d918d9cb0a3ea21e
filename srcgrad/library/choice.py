"""Elements chosen by other arrays."""

from __future__ import annotations

import numpy as np

from ..errors import SQUEEZED
from .axes import axes_of, axis_of, of_truth, one_element_axes, one_of, only_integers, refuse, written_out
from .pages import page, part


@page(np.take_along_axis, cases=("A(2, 4), J(2, 3), axis=1", "A(3, 2), J(2, 2), axis=0", "A(4), J(2), axis=0",
                                 "A(2, 3), J(4), axis=None", "A(3, 4), J(1, 2), 1"))  # fmt: skip
def take_along_axis(arr, indices, axis):
    """out[i, k] = arr[i, indices[i, k]]."""
    x = np.ravel(arr) if axis is None else arr
    return x[along(x, indices, 0 if axis is None else axis_of(axis, x.ndim))]


@page(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    """arr[i, indices[i, k]] = values[i, k]."""
    if axis is None:
        refuse("np.put_along_axis without an axis is not supported", "np.put(arr, indices, values)")
    arr[along(arr, indices, axis_of(axis, arr.ndim))] = values


def along(x, indices, axis):
    """The subscript that applies indices to one axis, at the place they stand in along the others."""
    only_integers(indices.dtype)
    if x.ndim != indices.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    own = [np.arange(x.shape[d])[(slice(None), *(None,) * (x.ndim - d - 1))] for d in written_out(x.ndim)]
    return (*own[:axis], indices, *own[axis + 1 :])


@page(np.putmask)
def putmask(a, mask, values):
    """Store values where a mask is true: each element has the value of its own place, as often as they repeat."""
    cycle(a, np.asarray(mask), np.array(np.ravel(np.asarray(values))), False)


@page(np.place)
def place(arr, mask, vals):
    """Store values where a mask is true, one after the other, as often as they repeat."""
    cycle(arr, np.asarray(mask), np.array(np.ravel(np.asarray(vals))), True)


def cycle(a, mask, values, chosen_only):
    """Store values that are repeated, counting all elements or those that are chosen."""
    if mask.shape != a.shape:
        raise ValueError("the mask and the array differ in shape")
    k = 0
    for at in np.ndindex(a.shape):
        if mask[at]:
            a[at] = values[k % values.shape[0]]
        if mask[at] or not chosen_only:
            k += 1


@page(np.choose, method="choose", cases=("J(2, 3) * 0, [A(3)]", "J(3), [A(3), A(3)]", "J(2, 2), (A(2, 2), S())",
                                         'I(3), [A(3), A(3)], mode="clip"'))  # fmt: skip
def choose(a, choices, mode="raise"):
    """The elements of the choice whose number stands at each place."""
    one_of(mode, "mode", "raise", "clip", "wrap")
    if not isinstance(choices, (tuple, list)):
        refuse("the choices as one array are not supported", "give them in a list: [choices[0], choices[1]]")
    n = len(choices)
    given = np.asarray(a)
    if mode == "raise" and (np.any(given < 0) or np.any(given >= n)):
        raise ValueError("invalid entry in choice array")
    places = np.minimum(np.maximum(given, 0), n - 1) if mode == "clip" else given % n
    out = np.where(places == 0, choices[0], choices[n - 1])
    for k in written_out(n)[1:-1]:
        out = np.where(places == k, choices[k], out)
    return out


@page(np.select, cases=(
    "[A(4) > 0.5, M(4)], [A(4), A(4)]", "[M(3)], [A(3)], 2.0", "[M(2, 2), M(2, 2)], [A(2, 2), 1.0], S()",
))  # fmt: skip
def select(condlist, choicelist, default=0):
    """The elements of the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("np.select: there are not as many choices as conditions")
    out = default
    for k in written_out(len(condlist))[::-1]:
        out = np.where(condlist[k], choicelist[k], out)
    return out if np.ndim(out) == 0 else np.asarray(out, dtype=np.result_type(*choicelist, default))


@page(np.piecewise, cases=(
    "A(4), [A(4) < 0.0, A(4) >= 0.5], [np.sin, 2.0]", "A(2, 3), [M(2, 3)], [S(), np.exp]", "A(3), M(3), [np.square]",
    "A(4), [M(4), M(4)], [lambda v: v * v, lambda v: -v, 1.5]", "A(3), [M(3)], [lambda v, c: c * v, 0.0], S()",
))  # fmt: skip
def piecewise(x, condlist, funclist, *args):
    """What the last function whose condition holds gives of each element, zero where none does."""
    given = np.asarray(x)
    if given.ndim == 0:
        refuse("np.piecewise of a number is not supported", "write it with if and elif")
    tests = condlist if isinstance(condlist, (tuple, list)) else [condlist]
    if len(funclist) not in (len(tests), len(tests) + 1):
        raise ValueError("as many functions as conditions, or one more for all other elements")
    out = np.zeros(given.shape, dtype=given.dtype)
    for at in np.ndindex(given.shape):
        other = True
        for k in written_out(len(tests)):
            if np.asarray(tests[k])[at]:
                other = False
                out[at] = piece(funclist[k], given[at], args)
        if len(funclist) > len(tests) and other:
            out[at] = piece(funclist[-1], given[at], args)
    return out


def piece(function, value, args):
    """What a function gives of an element, or the number that stands in its place."""
    if not callable(function):
        return function
    return function(value, *args) if len(args) > 0 else function(value)


def vectorized(pyfunc, *args):
    """What a function gives of the elements of all arguments, as a function made by np.vectorize does."""
    if max([np.ndim(x) for x in args]) == 0:
        return np.asarray(pyfunc(*args))
    given = np.broadcast_arrays(*args)
    shape = given[0].shape
    for size in shape:
        if size == 0:
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    first = np.asarray(pyfunc(*[x[(0,) * len(shape)] for x in given]))
    out = np.empty(shape, dtype=first.dtype)
    for at in np.ndindex(shape):
        out[at] = pyfunc(*[x[at] for x in given])
    return out


def vectorized_as(pyfunc, dtype, *args):
    """What a function gives of the elements of all arguments, as one made by np.vectorize with `otypes` does."""
    if max([np.ndim(x) for x in args]) == 0:
        return np.asarray(pyfunc(*args), dtype=dtype)
    given = np.broadcast_arrays(*args)
    out = np.empty(given[0].shape, dtype=dtype)
    for at in np.ndindex(given[0].shape):
        out[at] = pyfunc(*[x[at] for x in given])
    return out


@part
def taken_within(a, indices, axis, mode):
    """`np.take`, where places that are not there are moved to where there are some: round, or to the ends."""
    one_of(mode, "mode", "raise", "wrap", "clip")
    n = a.size if axis is None else a.shape[axis]
    if n == 0 and np.size(indices) > 0:
        raise IndexError("cannot do a non-empty take from an empty axes.")
    places = np.asarray(indices)
    return np.take(a, places % n if mode == "wrap" else np.minimum(np.maximum(places, 0), n - 1), axis=axis)


@page(np.squeeze, method="squeeze", cases=("A(2, 1, 3), axis=1", "A(1, 3), 0", "A(1, 2, 1), axis=(0, -1)"))
def squeeze(a, axis=None):
    """The array without axes of one element: it shows the same memory."""
    x = np.asarray(a)
    axes = one_element_axes(x) if axis is None else axes_of(axis, x.ndim)
    for d in axes:
        if x.shape[d] != 1:
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    if axis is None:
        for d in written_out(x.ndim):
            if d not in axes and x.shape[d] == 1:
                raise ValueError(SQUEEZED)
    return x[tuple([0 if d in axes else slice(None) for d in range(x.ndim)])]


@page(np.argwhere, cases=("M(4)", "I(2, 3)"))
def argwhere(a):
    """The index of every element that is not zero, a row for each."""
    x = np.asarray(a)
    found = np.nonzero(x)
    out = np.empty((found[0].shape[0], x.ndim), dtype=np.int64)
    for d in written_out(x.ndim):
        out[:, d] = found[d]
    return out


@page(np.delete, cases=("A(5), 2", "A(5), -1", "A(3, 4), 1, axis=1", "A(5), [1, -1]", "A(3, 4), C(2), axis=1",
                        "A(5), slice(1, 3)", "A(3, 2), M(3), axis=0"))  # fmt: skip
def delete(arr, obj, axis=None):
    """The array without the elements at some places along an axis."""
    x = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis_of(axis, x.ndim)
    n = x.shape[axis]
    if isinstance(obj, tuple | list | slice | np.ndarray):
        kept = np.ones(n, dtype=np.bool_)
        kept[obj if isinstance(obj, slice) else np.asarray(obj)] = False
        return np.compress(kept, x, axis=axis)
    at = obj + n if obj < 0 else obj
    if at < 0 or at >= n:
        raise IndexError("np.delete: the place is out of bounds")
    before = (slice(None),) * axis
    out = np.empty((*x.shape[:axis], n - 1, *x.shape[axis + 1 :]), dtype=x.dtype)
    out[(*before, slice(None, at))] = x[(*before, slice(None, at))]
    out[(*before, slice(at, None))] = x[(*before, slice(at + 1, None))]
    return out


@page(np.insert, cases=("A(4), 1, 2.0", "A(2, 3), 1, A(2), axis=1", "A(3), -1, S()", "A(4), 1, A(3)",
                        "A(2, 3), 1, A(2, 2), axis=1", "I(3), 3, [1, 2]", "A(4), [1, 3, 3, -4], A(4)",
                        "A(2, 3), [2, 0], A(2, 2), axis=1", "A(3, 2), C(4), S(), 0", "A(3), M(3), 0.5"))  # fmt: skip
def insert(arr, obj, values, axis=None):
    """The array with values put before one place along an axis, or before several."""
    x = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis_of(axis, x.ndim)
    if isinstance(obj, slice) or isinstance(obj, tuple | list) and len(obj) == 1:
        refuse("np.insert before a slice or a list of one place is not supported", "give the place, or an array")
    if isinstance(obj, tuple | list | np.ndarray):
        return inserted(x, chosen_places(obj), values, axis)
    at = obj + x.shape[axis] if obj < 0 else obj
    if at < 0 or at > x.shape[axis]:
        raise IndexError("np.insert: the place is out of bounds")
    new, before = np.asarray(values), (slice(None),) * axis
    if new.ndim > x.ndim:
        refuse("values with more axes than the array are not supported", "give as many axes as the array has")
    count = new.shape[0] if new.ndim == x.ndim else 1
    out = np.empty((*x.shape[:axis], x.shape[axis] + count, *x.shape[axis + 1 :]), dtype=x.dtype)
    out[(*before, slice(None, at))] = x[(*before, slice(None, at))]
    if new.ndim == x.ndim:
        out[(*before, slice(at, at + count))] = np.moveaxis(new, 0, axis)
    else:
        out[(*before, at)] = new
    out[(*before, slice(at + count, None))] = x[(*before, slice(at, None))]
    return out


def chosen_places(obj):
    """Places, which a mask may stand for."""
    given = np.asarray(obj)
    return np.flatnonzero(given) if of_truth(given.dtype) else given


def inserted(x, places, values, axis):
    """The array with values put before several places along an axis."""
    n, count, before = x.shape[axis], places.shape[0], (slice(None),) * axis
    if np.any(places < -n) or np.any(places > n):
        raise IndexError("np.insert: a place is out of bounds")
    moved = np.where(places < 0, places + n, places)
    moved[np.argsort(moved, kind="mergesort")] += np.arange(count)
    old = np.ones(n + count, dtype=np.bool_)
    old[moved] = False
    out = np.empty((*x.shape[:axis], n + count, *x.shape[axis + 1 :]), dtype=x.dtype)
    out[(*before, moved)] = values
    out[(*before, np.flatnonzero(old))] = x
    return out


@page(np.apply_along_axis, cases=("np.sum, 1, A(2, 3)", "np.cumsum, 0, A(3, 2)", "np.sum, 0, A(3)",
                                  "np.cumsum, -2, A(2, 3, 2)", "lambda v: np.outer(v, v), 0, A(3, 2)"))  # fmt: skip
def apply_along_axis(func1d, axis, arr):
    """What a function gives of each row along an axis."""
    axis = axis_of(axis, arr.ndim)
    x = np.moveaxis(arr, axis, -1)
    first = np.asarray(func1d(x[(0,) * (x.ndim - 1)]))
    if x.ndim == 1:
        return np.array(first)
    out = np.empty((*x.shape[:-1], *first.shape), dtype=first.dtype)
    for at in np.ndindex(x.shape[:-1]):
        out[at] = func1d(x[at])
    moved = written_out(first.ndim)
    return np.moveaxis(out, tuple([k - first.ndim for k in moved]), tuple([axis + k for k in moved]))


@page(np.array_equal, cases=("A(3), A(3)", "I(2), I(2)"))
def array_equal(a1, a2):
    """Whether two arrays have the same shape and elements."""
    x, y = np.asarray(a1), np.asarray(a2)
    if x.ndim != y.ndim:
        return False
    same = True
    for d in written_out(x.ndim):
        same = same and x.shape[d] == y.shape[d]
    if same:
        for at in np.ndindex(x.shape):
            same = same and x[at] == y[at]
    return same


@page(np.isin, cases=("I(4), C(3)", "I(2, 2), [1, 2]"))
def isin(element, test_elements, invert=False):
    """Which elements occur in another array."""
    x, wanted = np.asarray(element), np.ravel(np.asarray(test_elements))
    if x.ndim == 0:
        return np.all(wanted != x) if invert else np.any(wanted == x)
    out = np.zeros(x.shape, dtype=np.bool_)
    for at in np.ndindex(x.shape):
        for value in wanted:
            if x[at] == value:
                out[at] = True
    return ~out if invert else out


@page(np.isclose, cases=("A(3), A(3)", "A(3), 0.1, rtol=0.5, atol=0.1"))
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Which elements are equal but for rounding."""
    x, y = np.asarray(a), np.asarray(b)
    close = (np.abs(x - y) <= atol + rtol * np.abs(y)) & np.isfinite(y) | (x == y)
    return close | np.isnan(x) & np.isnan(y) if equal_nan else close


@page(np.allclose, cases=("A(3), A(3)", "A(3), 0.1, 5.0"))
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are equal but for rounding."""
    return np.all(np.isclose(a, b, rtol, atol, equal_nan))
