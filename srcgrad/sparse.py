"""Sparse Jacobians: found where they have entries, then computed from as many products as it takes colours."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .coloring import color_columns
from .differentiation.widths import FEWER, WIDTH
from .errors import ArgumentError, Problem, SrcgradError
from .generation import entry
from .generation.callables import base_of, with_text
from .generation.digests import function_digest
from .generation.layouts import DIRECTIONS, PAIRS, float_leaves, with_arguments


class SparsityError(SrcgradError, ValueError):
    """A Jacobian has an entry where the sparsity given says that there is none."""


@dataclass(frozen=True)
class Pattern:
    """Where a Jacobian has entries, and the colours of its columns or rows.

    Attributes
    ----------
    rows, columns : int arrays
        The places, row by row.
    colors : int array
        Of the columns in forward mode, of the rows in reverse mode.
    forward : bool
        Which of the two.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    colors: np.ndarray
    forward: bool

    @functools.cached_property
    def count(self) -> int:
        """The number of colours."""
        return int(self.colors.max()) + 1 if self.colors.size else 0

    @functools.cached_property
    def seeds(self) -> np.ndarray:
        """Directions whose products have all entries: one for each colour, and, forward, the probing vector."""
        lanes = np.arange(self.count)
        if not self.forward:
            return (self.colors == lanes[:, None]).astype(float)
        return np.column_stack([self.colors[:, None] == lanes, probe(self.shape[1])])

    @functools.cached_property
    def places(self) -> np.ndarray:
        """Where the entries are among the products, taken as one long vector."""
        if self.forward:
            return self.rows * (self.count + 1) + self.colors[self.columns]
        return self.colors[self.rows] * self.shape[1] + self.columns

    @functools.cached_property
    def starts(self) -> np.ndarray:
        """Where rows begin among the entries, and end."""
        return np.searchsorted(self.rows, np.arange(self.shape[0] + 1))


@functools.lru_cache(maxsize=16)
def probe(size: int) -> np.ndarray:
    """Return the vector that results are checked with."""
    return np.random.default_rng(size).uniform(0.5, 1.5, size)


def pattern_of(matrix, mode: str) -> Pattern:
    """Return the pattern of a SciPy sparse array, coloured for a mode, or for the one that takes less time."""
    by_row, by_column = matrix.tocsr(), matrix.tocsc()
    by_row.sort_indices()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(by_row.indptr))
    ways = {"fwd": (by_column, by_row), "rev": (by_row, by_column)}
    found = {
        way: color_columns(*(np.asarray(a, np.int64) for m in ways[way] for a in (m.indptr, m.indices)))
        for way in ways
        if mode in (way, "auto")
    }
    counts = {k: int(c.max()) + 1 if c.size else 0 for k, c in found.items()}
    chosen = mode if mode in found else "fwd" if counts["fwd"] <= FEWER * counts["rev"] else "rev"
    return Pattern(matrix.shape, rows, by_row.indices.astype(np.int64), found[chosen], chosen == "fwd")


class SparseJacobian:
    """Computes Jacobians as SciPy sparse arrays; made by `sparse_jacobian`.

    Attributes
    ----------
    pattern : Pattern or None
        Where entries are, as known so far.
    """

    def __init__(self, f, argnums=0, sparsity=None, mode="auto"):
        if mode not in ("auto", "fwd", "rev"):
            raise ArgumentError(Problem(f"mode={mode!r}", "write 'fwd', 'rev' or 'auto'"))
        self._f, self._mode = with_text(f), mode
        self._positions, _ = entry.positions(argnums, entry.parameters(base_of(self._f)))
        self._digest = function_digest(base_of(self._f))
        self._given = sparsity is not None
        self.pattern = pattern_of(_sparse(sparsity), mode) if sparsity is not None else None
        self.__name__ = f"{getattr(f, '__name__', 'function')}_sparse_jacobian"

    def __call__(self, *args, **kwargs):
        """Return the Jacobian at these arguments, a `scipy.sparse.csr_array`."""
        return with_arguments(self._f, args, kwargs, self._at, self._digest)

    def _at(self, given: entry.Arguments, digest: str):
        """Return the Jacobian at arguments taken apart."""
        at = _Evaluation(self._f, given, self._positions, digest)
        if self.pattern is None:
            self.pattern = at.detected(self._mode, None)
        while True:
            found = at.compressed(self.pattern)
            if found is None:
                self.pattern = self._of_another_shape(at)
                continue
            values, product = found
            result = _assembled(self.pattern, values)
            if at.agrees(self.pattern, values, product):
                return result
            if self._given:
                at.refuse(self.pattern)
                return result
            wider = at.detected(self._mode, self.pattern)
            if wider.rows.size == self.pattern.rows.size:
                return result
            self.pattern = wider

    def _of_another_shape(self, at: _Evaluation) -> Pattern:
        """Return the pattern of a Jacobian that has not the shape of the one known."""
        found = at.detected(self._mode, None)
        if self._given:
            assert self.pattern is not None
            what = f"the sparsity has shape {self.pattern.shape}, the Jacobian {found.shape}"
            way = "a row for each entry of the result, a column for each of the arguments"
            raise ArgumentError(Problem(what, way))
        return found

    def __repr__(self):
        return f"<srcgrad sparse Jacobian of {getattr(self._f, '__name__', self._f)}>"


class _Evaluation:
    """A function at a point, its float leaves and results as long vectors."""

    def __init__(self, f, args: entry.Arguments, positions, digest: str):
        self.f, self.args, self.digest = f, args, digest
        self.wrt = float_leaves(args, positions)
        if not self.wrt:
            raise ArgumentError(Problem("no argument differentiated by is a float", "name float arguments"))
        self.leaves = [args.flat[k] for k in self.wrt]
        self.sizes = [int(np.size(x)) for x in self.leaves]
        self.columns = sum(self.sizes)

    def along(self, seeds: np.ndarray) -> np.ndarray:
        """Return the product of the Jacobian with a matrix of at most `WIDTH` columns."""
        parts = np.split(seeds, np.cumsum(self.sizes)[:-1])
        dots = [np.ascontiguousarray(p.reshape(*np.shape(x), seeds.shape[1]), dtype=np.asarray(x).dtype)
                for p, x in zip(parts, self.leaves, strict=True)]  # fmt: skip

        def run(made):
            return made.functions[0](*self.args.flat, *dots)

        outs = DIRECTIONS.run(self.f, self.args, self.wrt, run, self.digest)
        outs = outs if isinstance(outs, tuple) else (outs,)
        return np.concatenate([o.reshape(math.prod(o.shape[:-1]), seeds.shape[1]) for o in outs])

    def products(self, seeds: np.ndarray) -> np.ndarray:
        """Return the product of the Jacobian with a matrix."""
        return np.hstack([self.along(seeds[:, s : s + WIDTH]) for s in range(0, seeds.shape[1], WIDTH)])

    def pulled(self, seeds: np.ndarray) -> np.ndarray | None:
        """Return the product of a matrix with the Jacobian, row by row; None if it has another number of columns."""
        every = tuple(k for k, kind in enumerate(self.args.kinds) if kind.is_float)

        def run(made):
            *outs, residuals = made.functions[0](*self.args.flat)
            if sum(np.size(o) for o in outs if np.asarray(o).dtype.kind == "f") != seeds.shape[1]:
                return None
            found = np.empty((seeds.shape[0], self.columns))
            for row, seed in zip(found, seeds, strict=True):
                bars = made.functions[1](residuals, *_split(seed, outs))
                chosen = [np.ravel(b) for k, b in zip(every, bars, strict=True) if k in self.wrt]
                row[:] = np.concatenate(chosen)
            return found

        return PAIRS.run(self.f, self.args, every, run, self.digest)

    def compressed(self, pattern: Pattern) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (values at the places of the pattern, product with the probing vector); None if the shape differs."""
        if pattern.shape[1] != self.columns:
            return None
        if pattern.forward:
            found = self.products(pattern.seeds)
            return (found.ravel()[pattern.places], found[:, -1]) if found.shape[0] == pattern.shape[0] else None
        pulled = self.pulled(pattern.seeds)
        if pulled is None:
            return None
        return pulled.ravel()[pattern.places], self.along(probe(self.columns)[:, None])[:, 0]

    def agrees(self, pattern: Pattern, values: np.ndarray, product: np.ndarray) -> bool:
        """Return whether the product with the probing vector is that of the entries."""
        terms = values * probe(self.columns)[pattern.columns]
        size = np.bincount(pattern.rows, np.abs(terms), pattern.shape[0])
        exact = all(np.asarray(x).dtype == np.float64 for x in self.leaves)
        allowed = (1e-9 if exact else 1e-3) * (size + size.max(initial=0.0))
        off = np.abs(np.bincount(pattern.rows, terms, pattern.shape[0]) - product)
        return bool(np.all((off <= allowed) | ~np.isfinite(off)))

    def detected(self, mode: str, known: Pattern | None) -> Pattern:
        """Return the pattern of the whole Jacobian at this point, with that known before."""
        from scipy.sparse import coo_array

        rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        size = 0
        for start in range(0, max(self.columns, 1), WIDTH):
            lanes = np.arange(start, min(start + WIDTH, self.columns))
            found = self.along((np.arange(self.columns)[:, None] == lanes).astype(float))
            size = found.shape[0]
            row, lane = np.nonzero(found)
            rows.append(row)
            columns.append(lanes[lane])
        if known is not None:
            rows.append(known.rows)
            columns.append(known.columns)
        places = np.concatenate(rows), np.concatenate(columns)
        whole = coo_array((np.ones(places[0].size), places), shape=(size, self.columns))
        return pattern_of(whole.tocsr(), mode)

    def refuse(self, pattern: Pattern):
        """Raise for an entry that is not zero where the pattern has none."""
        here = set(zip(pattern.rows.tolist(), pattern.columns.tolist(), strict=True))
        wider = self.detected("fwd", None)
        missing = sorted(set(zip(wider.rows.tolist(), wider.columns.tolist(), strict=True)) - here)
        if missing:
            what = f"{len(missing)} entries of the Jacobian are not in the sparsity and not zero, first {missing[0]}"
            raise SparsityError(Problem(what, "add them, or leave the sparsity out"))


def _split(seed: np.ndarray, outs: list[Any]) -> list[Any]:
    """Return the adjoints of results from one long vector; integers have none in it."""
    bars, at = [], 0
    for o in outs:
        if np.asarray(o).dtype.kind != "f":
            bars.append(np.zeros(np.shape(o)) if np.ndim(o) else 0.0)
            continue
        part = seed[at : at + np.size(o)]
        at += np.size(o)
        bars.append(part.reshape(np.shape(o)) if np.ndim(o) else float(part[0]))
    return bars


def _assembled(pattern: Pattern, values: np.ndarray):
    from scipy.sparse import csr_array

    return csr_array((values, pattern.columns, pattern.starts), shape=pattern.shape)


def _sparse(sparsity):
    from scipy.sparse import csr_array, issparse

    found = csr_array(sparsity if issparse(sparsity) else np.asarray(sparsity))
    found = csr_array((np.ones(found.data.size), found.indices, found.indptr), shape=found.shape)
    found.sum_duplicates()
    return found


def sparse_jacobian(f=None, argnums=0, *, sparsity=None, mode="auto"):
    """Return a function that computes the Jacobian of `f` as a SciPy sparse array.

    Parameters
    ----------
    f : function
        Returns an array, or numbers and arrays in a tuple, dict or list.
    argnums : int, str or tuple of these
        The arguments to differentiate by.
    sparsity : array or sparse array, optional
        Where the Jacobian may have entries: what is not zero. By default it is found at the first call, from all
        columns of the Jacobian there, and added to where later calls show that there is more.
    mode : {"auto", "fwd", "rev"}
        Whether columns are put together (forward mode) or rows (reverse mode); by default what takes less time.

    Returns
    -------
    SparseJacobian
        Takes the arguments of `f`; returns a `scipy.sparse.csr_array` with a row for each entry of the result and a
        column for each entry of the arguments differentiated by, both row by row, one argument after the other.

    Raises
    ------
    SparsityError
        If there is an entry outside of the sparsity given.
    ArgumentError
        If an argument named has no floats, or the sparsity another shape than the Jacobian.

    Notes
    -----
    Columns without a common row are computed together (Curtis, Powell and Reid 1974); the number of colours, for banded
    Jacobians the width of the band, takes the place of the number of columns. A product with one further vector checks
    every result: an entry that the pattern misses is found, and not added to another one.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> jac = sg.sparse_jacobian(lambda x: x[1:] - x[:-1] ** 2)
    >>> jac(np.array([1.0, 2.0, 3.0])).toarray()
    array([[-2.,  1.,  0.],
           [ 0., -4.,  1.]])
    """
    if f is None:
        return functools.partial(SparseJacobian, argnums=argnums, sparsity=sparsity, mode=mode)
    return SparseJacobian(f, argnums, sparsity, mode)

