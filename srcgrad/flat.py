"""Structured parameters as one vector, and vectors as parameters again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import tree
from .errors import ArgumentError, Problem


@dataclass(frozen=True)
class Layout:
    """Where the floats of a structured value stand in a vector: leaf after leaf, each row by row.

    Attributes
    ----------
    structure : Structure
        That of the value.
    templates : tuple
        For each leaf an array of its shape and dtype, or 0.0 for a number.
    """

    structure: tree.Structure
    templates: tuple[Any, ...]

    @property
    def sizes(self) -> list[int]:
        """The number of entries of each leaf."""
        return [int(np.size(t)) for t in self.templates]

    @property
    def size(self) -> int:
        """The length of the vector."""
        return sum(self.sizes)

    @property
    def is_vector(self) -> bool:
        """Whether the value is the vector itself."""
        return self.structure == tree.LEAF and np.ndim(self.templates[0]) == 1 and self.templates[0].dtype == float

    def parts(self, vector: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the part of the vector that is each leaf's."""
        at = 0
        for size in self.sizes:
            yield vector[at : at + size]
            at += size

    def flatten(self, value) -> np.ndarray:
        """Return the vector of a value of this structure."""
        if self.is_vector:
            return np.asarray(value)
        leaves = [np.ravel(leaf) for leaf in tree.leaves(self.structure, value)]
        return np.concatenate(leaves, dtype=float) if leaves else np.empty(0)

    def unflatten(self, vector: np.ndarray):
        """Return the value that a vector stands for, with the shapes and dtypes it had."""
        if self.is_vector:
            return vector
        return tree.unflatten(self.structure, map(_shaped, self.parts(vector), self.templates))

    def matrix(self, leaves: Sequence[Any]) -> np.ndarray:
        """Return the matrix of leaves that have axes more in front of those here: a row for each entry of these."""
        rows = int(np.prod(np.shape(leaves[0])[: np.ndim(leaves[0]) - np.ndim(self.templates[0])], dtype=int))
        blocks = [np.reshape(b, (rows, n)) for b, n in zip(leaves, self.sizes, strict=True)]
        return np.hstack(blocks, dtype=float)


def _shaped(part: np.ndarray, template):
    if isinstance(template, np.ndarray):
        return part.reshape(template.shape).astype(template.dtype, copy=False)
    return type(template)(part[0])


def layout_of(value, name: str = "x0") -> Layout:
    """Return where the floats of a value stand in a vector.

    Raises
    ------
    ArgumentError
        If a leaf is no float: it would have no derivative.
    """
    structure = tree.structure_of(value)
    leaves = list(tree.leaves(structure, value))
    paths = tree.leaf_paths(structure, name)
    return Layout(structure, tuple(_template(leaf, path) for leaf, path in zip(leaves, paths, strict=True)))


def _template(leaf, path: str):
    dtype = np.asarray(leaf).dtype
    if dtype not in (np.float64, np.float32):
        what = f"{path} is of dtype {dtype}, not a float"
        raise ArgumentError(Problem(what, "write it as a float, or pass what is held constant in args"))
    if np.ndim(leaf):
        return np.empty(np.shape(leaf), dtype)
    return np.float32(0.0) if dtype == np.float32 else 0.0


def flatten(value):
    """Return `(vector, unflatten)`: the floats of a structured value in one vector, and the way back.

    Parameters
    ----------
    value : float, array, or tuple, namedtuple, dataclass, list or dict of these
        Leaves stand in the order of their fields, positions or keys, arrays row by row.

    Returns
    -------
    vector : float64 array of shape (n,)
    unflatten : function
        Takes such a vector; returns a value with the structure, shapes and dtypes of `value`.

    Raises
    ------
    ArgumentError
        If a leaf is no float.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> vector, unflatten = sg.scipy.flatten({"a": 1.0, "b": np.array([2.0, 3.0])})
    >>> vector
    array([1., 2., 3.])
    >>> unflatten(2.0 * vector)
    {'a': 2.0, 'b': array([4., 6.])}
    """
    layout = layout_of(value, "value")
    return np.array(layout.flatten(value)), layout.unflatten
