"""Arrays made from numbers: grids, triangles, powers."""

from __future__ import annotations

import math

import numpy as np

from .axes import axis_of, of_floats, written_out
from .pages import page, part


@page(np.arange, cases=("5.0", "0.0, 1.0, 0.25", "S(), 3.0, 0.5", "5, 0, -2", "0.0, -2.0, -0.5", "1.0, 0.0",
                         "0, N(), 2.0", "3, dtype=np.float64", "0.0, 1.0, P(1)[0]",
                         "0.5, 4.5, 0.5, dtype=np.int64"))  # fmt: skip
def arange(start, stop=None, step=1, dtype=None):
    """Numbers at the same distance of each other, the end left out."""
    first, last = (0, start) if stop is None else (start, stop)
    if step == 0:
        raise ZeroDivisionError("arange: the step is 0")
    if not of_floats(dtype) and of_floats(np.result_type(first, last, step)):
        whole = int(first)
        count = max(math.ceil((last - first) / step), 0)
        return (whole + np.arange(count) * (int(first + step) - whole)).astype(dtype)
    out = np.empty(max(math.ceil((last - first) / step), 0), dtype=np.result_type(first, last, step))
    for i in range(out.shape[0]):
        out[i] = first + i * step
    return out if dtype is None else out.astype(dtype)


@page(np.eye, cases=("3", "2, 3", "3, k=-1", "2, 4, 2", "2, dtype=np.int64", "N()"))
def eye(N, M=None, k=0, dtype=None):
    """Ones on a diagonal, zeros elsewhere."""
    columns = N if M is None else M
    out = np.zeros((N, columns), dtype=dtype)
    for i in range(max(0, -k), min(N, columns - k)):
        out[i, i + k] = 1
    return out


@page(np.identity, cases=("3", "2, np.float32"))
def identity(n, dtype=None):
    """Ones on the diagonal."""
    return np.eye(n, dtype=dtype)


@page(np.tri, cases=("3", "2, 3, 1", "3, k=-1"))
def tri(N, M=None, k=0, dtype=None):
    """Ones on and below a diagonal."""
    return np.tril(np.ones((N, N if M is None else M), dtype=dtype), k)


@page(np.tril, cases=("A(3, 3)", "A(2, 4), 1", "A(4, 2), k=-1", "A(2, 3, 3)", "A(3)"))
def tril(m, k=0):
    """The array with zeros above a diagonal."""
    return np.where(column_behind_row(m) <= k, m, np.zeros_like(m))


@page(np.triu, cases=("A(3, 3)", "A(2, 4), 1", "A(4, 2), k=-1", "A(2, 3, 3)", "A(3)"))
def triu(m, k=0):
    """The array with zeros below a diagonal."""
    return np.where(column_behind_row(m) >= k, m, np.zeros_like(m))


def column_behind_row(m):
    """How far the column of each place of a matrix is behind its row; a vector is a row of many."""
    columns = np.shape(m)[-1]
    rows = np.shape(m)[-2] if np.ndim(m) > 1 else columns
    return np.arange(columns) - np.arange(rows)[:, None]


@page(np.linspace, cases=("S(), S(), 5", "0.0, S(), num=4, endpoint=False", "A(2), A(2), 3", "S(), A(2), 3, axis=1",
                          "0, 1, 6", "S(), 2.0, 1", "S(), 2.0, 4, retstep=True", "S(), 1.0, N()",
                          "-3, 3, 5, dtype=np.int64"))  # fmt: skip
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """Numbers at equal distances from `start` to `stop`."""
    way = 1.0 * np.asarray(stop) - np.asarray(start)
    parts = num - 1 if endpoint else num
    step = way / max(parts, 1)
    out = np.empty((num, *way.shape), dtype=np.result_type(start, stop, 1.0))
    for i in range(parts):
        out[i] = start + i * step
    if endpoint and num > 0:
        out[num - 1] = stop if num > 1 else start
    moved = np.moveaxis(out, 0, axis_of(axis, out.ndim)) if way.ndim > 0 else out
    whole = moved if of_floats(dtype) else np.floor(moved)
    result = whole if dtype is None else whole.astype(dtype)
    return (result, step) if retstep else result


@page(np.logspace, cases=("S(), S(), 4", "0.0, 1.0, 3, base=P(1)[0]"))
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """Powers of the base with exponents at equal distances."""
    found = base ** np.linspace(start, stop, num, endpoint, axis=axis)
    return found if dtype is None else found.astype(dtype)


@page(np.geomspace, cases=("P(1)[0], 3.0, 4", "1.0, P(1)[0], 3, endpoint=False"))
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Positive numbers of which each is the one before times the same factor."""
    if np.any(np.asarray(start) <= 0) or np.any(np.asarray(stop) <= 0):
        raise ValueError("geomspace: the ends must be positive")
    first, last = np.log10(start), np.log10(stop)
    found = 10.0 ** np.asarray(np.linspace(first, last, num, endpoint, axis=axis), dtype=np.float64)
    return found if dtype is None else found.astype(dtype)


@page(np.vander, cases=("A(4)", "A(3), 2", "A(3), increasing=True", "A(3), 1"))
def vander(x, N=None, increasing=False):
    """The powers of the elements, a row for each."""
    given = np.asarray(x)
    count = given.shape[0] if N is None else N
    out = np.empty((given.shape[0], count), dtype=np.float64 if of_floats(given.dtype) else np.int64)
    for i in range(given.shape[0]):
        power = 1
        for j in range(count):
            out[i, j if increasing else count - 1 - j] = power
            power *= given[i]
    return out


@part
def beside_diagonal(v, k):
    """The matrix with a vector on a diagonal, which is known only at run time."""
    size = v.shape[0] + abs(k)
    out = np.zeros((size, size), dtype=v.dtype)
    for i in range(v.shape[0]):
        out[i + max(-k, 0), i + max(k, 0)] = v[i]
    return out


@page(np.diagflat, cases=("A(3)", "A(2, 2), 1"))
def diagflat(v, k=0):
    """The elements on a diagonal."""
    return np.diag(np.ravel(np.asarray(v)), k)


def open_grid(ranges):
    """The places of each range along an axis of its own: what `np.ogrid` gives."""
    count = len(ranges)
    grids = []
    for d, (start, stop, step, counted) in enumerate(ranges):
        places = np.linspace(start, stop, step) if counted else np.arange(start, stop, step)
        grids = [*grids, places[(None,) * d + (slice(None),) + (None,) * (count - d - 1)]]
    return tuple(grids) if count > 1 else grids[0]


def dense_grid(ranges):
    """The places of each range, repeated along the axes of the others: what `np.mgrid` gives."""
    grids = open_grid(ranges)
    return np.stack(np.broadcast_arrays(*grids)) if len(ranges) > 1 else grids


@page(np.indices, cases=("(2, 3)",))
def indices(dimensions):
    """The index of each place along each axis."""
    out = np.empty((len(dimensions), *dimensions), dtype=np.int64)
    for at in np.ndindex(*dimensions):
        for d, i in enumerate(at):
            out[(d, *at)] = i
    return out


@page(np.tril_indices, cases=("3", "3, -1", "3, 1, 2"))
def tril_indices(n, k=0, m=None):
    """The places on and below a diagonal."""
    return np.nonzero(np.tri(n, m, k) > 0)


@page(np.triu_indices, cases=("3", "3, 1", "2, 0, 4"))
def triu_indices(n, k=0, m=None):
    """The places on and above a diagonal."""
    return np.nonzero(np.tri(n, m, k - 1) == 0)


@page(np.tril_indices_from, cases=("A(2, 3)", "A(3, 2), -1"))
def tril_indices_from(arr, k=0):
    """The places of a matrix on and below a diagonal."""
    return np.tril_indices(arr.shape[0], k, arr.shape[1])


@page(np.triu_indices_from, cases=("A(2, 3)", "A(3, 2), k=1"))
def triu_indices_from(arr, k=0):
    """The places of a matrix on and above a diagonal."""
    return np.triu_indices(arr.shape[0], k, arr.shape[1])


@page(np.diag_indices_from, cases=("A(3, 3)",))
def diag_indices_from(arr):
    """The places on the diagonal of a square array."""
    for d in written_out(arr.ndim):
        if arr.shape[d] != arr.shape[0]:
            raise ValueError("All dimensions of input must be of equal length")
    return np.diag_indices(arr.shape[0], arr.ndim)


@page(np.diag_indices, cases=("3", "2, 3"))
def diag_indices(n, ndim=2):
    """The places on the diagonal."""
    places = np.arange(n)
    return (places,) * ndim


@page(np.unravel_index, cases=("C(3), (2, 3)", "5, (2, 3)"))
def unravel_index(indices, shape):
    """The index along each axis of places in the order of a contiguous array."""
    place = np.asarray(indices)
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    found = []
    for n in sizes[::-1]:
        found = [place % n, *found]
        place = place // n
    if np.any(place != 0):
        raise ValueError("unravel_index: an index is out of bounds for an array of this shape")
    return tuple(found)


@page(np.ravel_multi_index, cases=("(C(3), C(3)), (3, 4)", "(1, 2), (3, 4)"))
def ravel_multi_index(multi_index, dims):
    """The places in the order of a contiguous array of an index along each axis."""
    sizes = dims if isinstance(dims, tuple | list) else (dims,)
    place = 0
    for k in written_out(len(sizes)):
        at = np.asarray(multi_index[k])
        if np.any(at < 0) or np.any(at >= sizes[k]):
            raise ValueError("ravel_multi_index: an index is out of bounds for an array of this shape")
        place = place * sizes[k] + at
    return place


@page(np.fromfunction, cases=("lambda i, j: 2.0 * i + j, (2, 3)", "lambda i: 0.5 * i, (4,)"))
def fromfunction(function, shape, dtype=float):
    """What a function gives of the numbers of all places."""
    places = np.indices(shape)
    return function(*[np.asarray(places[d], dtype=dtype) for d in written_out(len(shape))])
