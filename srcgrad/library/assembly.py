"""Arrays put together from others, and taken apart."""

from __future__ import annotations

import numpy as np

from .axes import axes_of, axis_of, grid_axes, most, one_of, refuse, written_out
from .pages import page


@page(np.concatenate, cases=("(A(3), A(2))", "[A(2, 3), A(2, 2), A(2, 1)], axis=1", "(A(2, 3), A(3)), axis=None",
                             "(A(3), I(2))", "(A(2, 1, 3), A(2, 2, 3)), axis=-2"))  # fmt: skip
def concatenate(arrays, axis=0, dtype=None):
    """The arrays one after the other along an axis."""
    if isinstance(arrays, np.ndarray):
        return merged(arrays, axis)
    if len(arrays) == 0:
        raise ValueError("need at least one array to concatenate")
    arrays = [np.asarray(a) for a in arrays]
    if axis is None:
        arrays = [a if a.ndim == 1 else np.ravel(a) for a in arrays]
        axis = 0
    return joined(arrays, axis, np.result_type(*arrays) if dtype is None else dtype)


def joined(arrays, axis, kind):
    """The arrays one after the other along an axis, in a dtype."""
    first = arrays[0]
    axis = axis_of(axis, first.ndim)
    for a in arrays[1:]:
        same_axes(first, a)
        for d in written_out(first.ndim):
            if d != axis and first.shape[d] != a.shape[d]:
                raise ValueError("arrays that are joined along one axis differ in length along another one")
    total = sum([a.shape[axis] for a in arrays])
    out = np.empty((*first.shape[:axis], total, *first.shape[axis + 1 :]), dtype=kind)
    before = (slice(None),) * axis
    start = 0
    for a in arrays:
        out[(*before, slice(start, start + a.shape[axis]))] = a
        start += a.shape[axis]
    return out


def merged(x, axis):
    """The arrays that stand in the first axis of one, one after the other."""
    if axis is None:
        return np.ravel(x).copy()
    d = axis_of(axis, x.ndim - 1)
    moved = x if d == 0 else np.moveaxis(x, 0, d)
    return np.reshape(moved, (*moved.shape[:d], moved.shape[d] * moved.shape[d + 1], *moved.shape[d + 2 :])).copy()


def same_axes(a, b):
    """An error where two arrays differ in the number of axes."""
    if a.ndim != b.ndim:
        raise ValueError("arrays that are joined differ in the number of axes")


@page(np.stack, cases=("(A(3), A(3))", "[A(2, 3), A(2, 3)], axis=1", "(A(2, 3), I(2, 3)), axis=-1", "(1.0, S())"))
def stack(arrays, axis=0, dtype=None):
    """The arrays side by side along a new axis."""
    if isinstance(arrays, np.ndarray):
        return np.moveaxis(arrays, 0, axis_of(axis, arrays.ndim)).copy()
    arrays = [np.asarray(a) for a in arrays]
    first = arrays[0]
    axis = axis_of(axis, first.ndim + 1)
    for a in arrays[1:]:
        same_axes(first, a)
        for d in written_out(first.ndim):
            if first.shape[d] != a.shape[d]:
                raise ValueError("all input arrays must have the same shape")
    kind = np.result_type(*arrays) if dtype is None else dtype
    out = np.empty((*first.shape[:axis], len(arrays), *first.shape[axis:]), dtype=kind)
    before = (slice(None),) * axis
    for k, a in enumerate(arrays):
        out[(*before, k)] = a
    return out


@page(np.atleast_1d, cases=("S()", "A(3)"))
def atleast_1d(a):
    """The array, a number with one axis."""
    a = np.asarray(a)
    return a if a.ndim > 0 else np.reshape(a, (1,))


@page(np.atleast_2d, cases=("S()", "A(3)", "A(2, 3)"))
def atleast_2d(a):
    """The array with two axes or more, new ones first."""
    a = np.atleast_1d(a)
    return a if a.ndim > 1 else a[None, :]


@page(np.atleast_3d, cases=("A(3)", "A(2, 3)", "A(2, 3, 1)"))
def atleast_3d(a):
    """The array with three axes or more."""
    a = np.atleast_1d(a)
    if a.ndim == 1:
        return a[None, :, None]
    return a[:, :, None] if a.ndim == 2 else a


@page(np.hstack, cases=("(A(3), A(2))", "(A(2, 3), A(2, 1))", "(S(), 2.0)"))
def hstack(tup):
    """The arrays one after the other along their second axis, vectors along their only one."""
    if isinstance(tup, np.ndarray):
        return np.concatenate(tup, axis=0 if tup.ndim < 3 else 1)
    arrays = [np.atleast_1d(a) for a in tup]
    return np.concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1)


@page(np.vstack, cases=("(A(3), A(3))", "(A(2, 3), A(3))"))
def vstack(tup):
    """The arrays one below the other, vectors as rows."""
    if isinstance(tup, np.ndarray):
        return tup.copy() if tup.ndim == 2 else np.concatenate(tup)
    return np.concatenate([np.atleast_2d(a) for a in tup], axis=0)


@page(np.dstack, cases=("(A(3), A(3))", "(A(2, 3), A(2, 3))"))
def dstack(tup):
    """The arrays one behind the other along the third axis."""
    return np.concatenate([np.atleast_3d(a) for a in tup], axis=2)


@page(np.column_stack, cases=("(A(3), A(3, 2))", "(A(3), I(3), A(3))"))
def column_stack(tup):
    """The arrays side by side, vectors as columns."""
    arrays = [np.atleast_1d(a) for a in tup]
    return np.concatenate([a[:, None] if a.ndim == 1 else a for a in arrays], axis=1)


def in_a_row(tup):
    """The arrays and numbers one after the other: what `np.r_` gives."""
    return joined([np.atleast_1d(a) for a in tup], 0, np.result_type(*tup))


def in_columns(tup):
    """The arrays and numbers one after the other along their last axis, vectors as columns: what `np.c_` gives."""
    arrays = [np.atleast_1d(a) for a in tup]
    return joined([a[:, None] if a.ndim == 1 else a for a in arrays], -1, np.result_type(*tup))


@page(np.append, cases=("A(3), A(2, 2)", "A(2, 3), A(1, 3), axis=0", "A(3), S()"))
def append(arr, values, axis=None):
    """The array and then the values."""
    return np.concatenate((arr, values), axis=axis)


@page(np.block, cases=("[[A(2, 2), A(2, 3)], [A(1, 2), A(1, 3)]]", "[A(3), A(2)]", "A(2, 3)",
                       "[A(2, 2, 3), A(2, 2, 3)]", "[[A(2, 2, 3)], [A(2, 1, 3)]]", "[A(3), A(2, 2)[:1]]",
                       "[[A(2), S()], [A(3)]]"))  # fmt: skip
def block(arrays):
    """An array put together from rows of blocks."""
    if isinstance(arrays, np.ndarray):
        return arrays.copy()
    nested = isinstance(arrays[0], list)
    rows = arrays if nested else [arrays]
    if isinstance(rows[0][0], list):
        refuse("np.block of lists nested more than twice is not supported", "put the parts together first")
    ndim = most([np.asarray(a).ndim for row in rows for a in row], 2 if nested else 1)
    joined_rows = [np.concatenate([with_axes_before(a, ndim) for a in row], axis=-1) for row in rows]
    return np.concatenate(joined_rows, axis=-2) if nested else joined_rows[0]


def with_axes_before(a, ndim):
    """An array with so many axes, new ones first."""
    x = np.asarray(a)
    if x.ndim == 0:
        return np.reshape(x, (1,) * ndim)
    return x[(None,) * (ndim - x.ndim)] if x.ndim < ndim else x


@page(np.split, cases=("A(6), 3", "A(6), [2, 5]", "A(2, 4), 2, axis=1", "A(5, 2), (1, 7)"))
def split(ary, indices_or_sections, axis=0):
    """Equal parts of an array, or its parts between places along an axis: they show its memory."""
    axis = axis_of(axis, ary.ndim)
    if not isinstance(indices_or_sections, tuple | list) and ary.shape[axis] % indices_or_sections != 0:
        raise ValueError("array split does not result in an equal division")
    return np.array_split(ary, indices_or_sections, axis=axis)


@page(np.array_split, cases=("A(7), 3", "A(3, 5), 4, axis=-1", "A(7), (2, 2, -1)"))
def array_split(ary, indices_or_sections, axis=0):
    """Parts of an array along an axis, the first ones longer by one; or its parts between places."""
    axis = axis_of(axis, ary.ndim)
    before = (slice(None),) * axis
    n = ary.shape[axis]
    if isinstance(indices_or_sections, tuple | list):
        ends = [0, *indices_or_sections, n]
    else:
        each, longer = n // indices_or_sections, n % indices_or_sections
        ends = [each * k + min(k, longer) for k in range(indices_or_sections + 1)]
    return [ary[(*before, slice(ends[k], ends[k + 1]))] for k in range(len(ends) - 1)]


@page(np.hsplit, cases=("A(4), 2", "A(2, 4), 2"))
def hsplit(ary, indices_or_sections):
    """Parts along the second axis, of a vector along its only one."""
    return np.split(ary, indices_or_sections, axis=0 if ary.ndim == 1 else 1)


@page(np.vsplit, cases=("A(4, 2), 2",))
def vsplit(ary, indices_or_sections):
    """Parts along the first axis."""
    return np.split(ary, indices_or_sections, axis=0)


@page(np.dsplit, cases=("A(1, 2, 4), [1, 2]",))
def dsplit(ary, indices_or_sections):
    """Parts along the third axis."""
    return np.split(ary, indices_or_sections, axis=2)


@page(np.tile, cases=("A(3), 2", "A(2, 3), (2, 1)", "A(3), (2, 2)", "A(2, 1, 2), 2", "S(), 3"))
def tile(A, reps):
    """The array, repeated so many times along each axis."""
    reps = tuple(reps) if isinstance(reps, tuple | list) else (reps,)
    given = np.asarray(A)
    a = given[(None,) * max(len(reps) - given.ndim, 0)]
    times = (1,) * (a.ndim - len(reps)) + reps
    out = np.empty([n * r for n, r in zip(a.shape, times)], dtype=a.dtype)
    for at in np.ndindex(times):
        out[tuple([slice(k * n, (k + 1) * n) for k, n in zip(at, a.shape)])] = a
    return out


@page(np.repeat, method="repeat", cases=("A(3), 2", "A(2, 3), 2, axis=1", "A(2, 3), 3, axis=0", "A(2, 2), 2",
                                         "A(3), C(3)", "A(3, 2), C(3), axis=0", "A(2, 3), C(1), -1"))  # fmt: skip
def repeat(a, repeats, axis=None):
    """Every element so many times, one after the other; or as many times as an array of counts says."""
    a = np.asarray(a)
    if axis is None:
        a = np.ravel(a)
        axis = 0
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    counts = np.asarray(repeats)
    if counts.ndim > 0 and counts.shape[0] != n and counts.shape[0] != 1:
        raise ValueError("repeat: there are not as many counts as elements")
    if counts.ndim == 0:
        total = n * repeats
    else:
        total = total_of(counts) if counts.shape[0] == n else n * counts[0]
    out = np.empty((*a.shape[:axis], total, *a.shape[axis + 1 :]), dtype=a.dtype)
    before = (slice(None),) * axis
    if counts.ndim == 0:
        for i in range(n):
            out[(*before, slice(i * repeats, (i + 1) * repeats))] = a[(*before, i, None)]
    else:
        start = 0
        for i in range(n):
            count = counts[i] if counts.shape[0] == n else counts[0]
            out[(*before, slice(start, start + count))] = a[(*before, i, None)]
            start += count
    return out


def total_of(counts):
    """The sum of counts, none of which is negative."""
    total = 0
    for count in counts:
        if count < 0:
            raise ValueError("repeat: a count is negative")
        total += count
    return total


@page(np.roll, cases=("A(5), 2", "A(5), -7", "A(2, 3), 1", "A(2, 3), 1, axis=1", "A(3, 4), (1, -1), axis=(0, 1)",
                      "A(5), (1, 2), axis=0", "A(2, 3), (1, 2)", "A(5), (1, 1), axis=(0, 0)"))  # fmt: skip
def roll(a, shift, axis=None):
    """The elements moved along an axis, those at its end to its beginning."""
    if axis is None:
        return np.reshape(rolled(np.ravel(a), shift, (0,)), np.shape(a))
    several = isinstance(axis, tuple | list)
    return rolled(np.asarray(a), shift, tuple([axis_of(d, a.ndim) for d in (axis if several else (axis,))]))


def rolled(a, shift, axes):
    """The elements moved along axes one after the other."""
    shifts = shift if isinstance(shift, tuple | list) else (shift,) * len(axes)
    if len(axes) == 1:
        axes = axes * len(shifts)
    if len(axes) != len(shifts):
        refuse("as many distances as axes are needed", "give one for all, or one for each")
    if len(axes) == 0:
        return a.copy()
    if len(axes) > 1:
        return moved_round(rolled(a, shifts[:-1], axes[:-1]), shifts[-1], axes[-1])
    return moved_round(a, shifts[0], axes[0])


def moved_round(a, shift, axis):
    """The elements moved along one axis."""
    n = a.shape[axis]
    return a[(*(slice(None),) * axis, np.arange(-shift, n - shift) % n)]


@page(np.rot90, cases=("A(2, 3)", "A(2, 3), 2", "A(2, 3), k=-1", "A(2, 3, 2), 1, (1, 2)"))
def rot90(m, k=1, axes=(0, 1)):
    """The array turned by 90 degrees in the plane of two axes: it shows the same memory."""
    first, second = axes_of(axes, m.ndim)
    k = k % 4
    if k == 0:
        return m[...]
    if k == 2:
        return np.flip(np.flip(m, first), second)
    if k == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    return np.flip(np.swapaxes(m, first, second), second)


@page(np.asfortranarray, cases=("A(2, 3)", "A(3)"))
def asfortranarray(a):
    """The array with its first axis contiguous: itself where it is that already, else a copy."""
    return np.ascontiguousarray(np.transpose(a)).T


@page(np.meshgrid, cases=("A(2), A(3)", 'A(2), A(3), A(4), indexing="ij"', "A(2), A(3), sparse=True"))
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Each vector repeated along the axes of the others; the first two axes change places by default."""
    vectors = [np.ravel(x) for x in xi]
    places = grid_axes(len(vectors), indexing)
    sizes = [1] * len(vectors)
    for x, d in zip(vectors, places):
        sizes = [*sizes[:d], x.shape[0], *sizes[d + 1 :]]
    grids = []
    for x, d in zip(vectors, places):
        row = x[(*(None,) * d, slice(None), *(None,) * (len(sizes) - d - 1))]
        shown = row if sparse else np.broadcast_to(row, sizes)
        grids.append(shown.copy() if copy else shown)
    return grids


@page(np.ravel, method="ravel", cases=('A(2, 3), order="F"', 'A(2, 3, 2), "F"', 'A(2, 3), order="C"'))
def ravel(a, order="C"):
    """All elements along one axis, the last index running fastest, or the first (`order="F"`)."""
    one_of(order, "order", "C", "F")
    x = np.asarray(a)
    return np.ravel(np.transpose(x)) if order == "F" else np.ravel(x)


@page(method="flatten")
def flatten(a, order="C"):
    """A copy of all elements along one axis."""
    one_of(order, "order", "C", "F")
    return np.transpose(a).flatten() if order == "F" else a.flatten()


@page(np.reshape, method="reshape", cases=('A(2, 3), (3, 2), order="F"', 'A(2, 6), (4, 3), order="F"'))
def reshape(a, shape, order="C"):
    """The array with other axes, filled with the last index running fastest, or the first (`order="F"`)."""
    one_of(order, "order", "C", "F")
    x = np.asarray(a)
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return np.transpose(np.reshape(np.transpose(x), tuple(sizes[::-1]))) if order == "F" else np.reshape(x, sizes)
