"""Minibatches and splits: which rows, drawn with an explicit generator; minibatches inside compiled code as well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from .. import tree
from .structures import leaf_expressions, mapped, tree_map, written

NO_ROWS = "size is less than 1: a minibatch has at least one row"
NO_SUCH_ROW = "a row is asked for that the data do not have: number the rows from 0"
LENGTHS, SAME = "the arrays of the data have different lengths", "give as many rows of each"
WANTED = "a tuple of arrays: (X,) or (X, y)"


@register_jitable
def shuffled_batches(n: int, size: int, rng) -> Iterator[np.ndarray]:
    """Return an iterator over the row numbers of minibatches: all rows from 0 to n - 1 once, in random order.

    Parameters
    ----------
    n, size : int
        Rows, and rows of a batch; the last batch has the rest.
    rng : numpy.random.Generator
        Gives the same order in Python and inside njit code.

    Raises
    ------
    ValueError
        If a batch has no row, when the first one is asked for.
    """
    if size < 1:
        raise ValueError(NO_ROWS)
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


@register_jitable
def sampled_batches(n: int, size: int, count: int, rng) -> Iterator[np.ndarray]:
    """Return an iterator over the row numbers of `count` minibatches, each row drawn from all, with replacement.

    Parameters and errors as for `shuffled_batches`.
    """
    if size < 1:
        raise ValueError(NO_ROWS)
    for _ in range(count):
        yield rng.integers(0, n, size)


def take_rows(data, rows):
    """Return the rows `rows` of every array of a structure.

    Raises
    ------
    IndexError
        If an array has no such row.
    """
    return tree_map(lambda a: a[rows], data)


def taken(data, rows):
    """Return what `take_rows` does, of rows that were looked at before."""
    return take_rows(data, rows)


def arrays_of(data) -> tuple:
    """Return the data as a tuple of arrays, which lists of numbers are made.

    Raises
    ------
    TypeError
        If they are no tuple, or an array is not one of numbers.
    ValueError
        If there is no array, or one has no axis.
    """
    if not isinstance(data, tuple | list):
        raise TypeError(f"the data are a {type(data).__name__}: give {WANTED}")
    if not data:
        raise ValueError(f"the data have no arrays: give {WANTED}")
    arrays = tuple(map(_arrays, data))
    for array in tree.leaves_of(arrays):
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            raise TypeError(f"the data have {array!r}, which is no array of numbers: give {WANTED}")
        if array.ndim == 0:
            raise ValueError(f"the data have {array} alone: give {WANTED}, examples along the first axis")
    return arrays


def _arrays(value):
    """Return a structure of arrays as it is, anything else as an array."""
    if any(isinstance(leaf, np.ndarray) for leaf in tree.leaves_of((value,))):
        return value
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError("the data have a list whose items have different lengths: make them one array") from None


def rows_in(data) -> int:
    """Return how many rows the arrays of a structure have, which must be the same for all.

    Raises
    ------
    ValueError
        If they have different numbers of them.
    """
    lengths = sorted({len(a) for a in tree.leaves_of(data)})
    if len(lengths) != 1:
        raise ValueError(f"{LENGTHS}: {lengths}; {SAME}")
    return lengths[0]


@register_jitable
def require_rows(rows, count):
    """Raise where a number of a row is none of so many rows; those from -1 down count from the end."""
    for row in rows.flat:
        if row < -count or row >= count:
            raise IndexError(NO_SUCH_ROW)


def split(n: int, fraction: float, rng, labels=None) -> tuple[np.ndarray, np.ndarray]:
    """Return (training, held out): the row numbers of two parts of n rows, each in random order.

    Parameters
    ----------
    n : int
    fraction : float
        Of the rows, rounded, that are held out.
    rng : numpy.random.Generator
    labels : sequence of int, of length n, optional
        The class of each row: the split is then made within each class.

    Raises
    ------
    ValueError
        If the fraction is not between 0 and 1, or there are not n labels.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"fraction is {fraction}: it has to be between 0 and 1")
    labels = np.zeros(n, dtype=np.int64) if labels is None else np.asarray(labels)
    if len(labels) != n:
        raise ValueError(f"there are {len(labels)} labels for {n} rows")
    order = rng.permutation(n)
    groups = [order[labels[order] == c] for c in np.unique(labels)]
    held = [order[:0], *(group[: round(fraction * len(group))] for group in groups)]
    kept = [order[:0], *(group[round(fraction * len(group)) :] for group in groups)]
    return rng.permutation(np.concatenate(kept)), rng.permutation(np.concatenate(held))


# --- the same inside compiled code --------------------------------------------------------------------------------


@overload(taken)
def _taken(data, rows):
    namespace: dict = {}
    value = mapped(data, "data", "{}[rows]", namespace)
    return written(f"def impl(data, rows):\n    return {value}\n", namespace)


@overload(take_rows)
def _take_rows(data, rows):
    # numba's own indexing by arrays reads whatever stands there
    looked = isinstance(rows, types.Array) and isinstance(rows.dtype, types.Integer)
    lines = [f"require_rows(rows, len({a}))" for a in leaf_expressions(data, "data")] if looked else []
    body = "".join(f"    {line}\n" for line in lines)
    namespace = {"taken": taken, "require_rows": require_rows}
    return written(f"def impl(data, rows):\n{body}    return taken(data, rows)\n", namespace)


@overload(rows_in)
def _rows_in(data):
    first, *others = leaf_expressions(data, "data")
    lines = [f"    if len({a}) != len({first}):\n        raise ValueError({f'{LENGTHS}: {SAME}'!r})\n" for a in others]
    return written(f"def impl(data):\n{''.join(lines)}    return len({first})\n", {})
