"""Minibatches and splits: which rows, drawn with an explicit generator. The batches work inside compiled code as well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba.extending import overload, register_jitable

from .structures import mapped, tree_map, written


@register_jitable
def shuffled_batches(n: int, size: int, rng) -> Iterator[np.ndarray]:
    """Return an iterator over the row numbers of minibatches: all rows from 0 to n - 1 once, in random order.

    Parameters
    ----------
    n, size : int
        Rows, and rows of a batch; the last batch has the rest.
    rng : numpy.random.Generator
        Gives the same order in Python and inside njit code.
    """
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


@register_jitable
def sampled_batches(n: int, size: int, count: int, rng) -> Iterator[np.ndarray]:
    """Return an iterator over the row numbers of `count` minibatches, each row drawn from all, with replacement.

    Parameters as for `shuffled_batches`.
    """
    for _ in range(count):
        yield rng.integers(0, n, size)


def take_rows(data, rows):
    """Return the rows `rows` of every array of a structure."""
    return tree_map(lambda a: a[rows], data)


@overload(take_rows)
def _take_rows(data, rows):
    namespace: dict = {}
    value = mapped(data, "data", "{}[rows]", namespace)
    return written(f"def impl(data, rows):\n    return {value}\n", namespace)


def split(n: int, fraction: float, rng, labels=None) -> tuple[np.ndarray, np.ndarray]:
    """Return (training, held out): the row numbers of two parts of n rows, each in random order.

    Parameters
    ----------
    n : int
    fraction : float
        Of the rows, rounded, that are held out.
    rng : numpy.random.Generator
    labels : array of int, of shape (n,), optional
        The class of each row: the split is then made within each class.

    Raises
    ------
    ValueError
        If the fraction is not between 0 and 1, or there are not n labels.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"fraction is {fraction}: it has to be between 0 and 1")
    if labels is None:
        labels = np.zeros(n, dtype=np.int64)
    if len(labels) != n:
        raise ValueError(f"there are {len(labels)} labels for {n} rows")
    order = rng.permutation(n)
    groups = [order[labels[order] == c] for c in np.unique(labels)]
    held = [group[: round(fraction * len(group))] for group in groups]
    kept = [group[round(fraction * len(group)) :] for group in groups]
    return rng.permutation(np.concatenate(kept)), rng.permutation(np.concatenate(held))
