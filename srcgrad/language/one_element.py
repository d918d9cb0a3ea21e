"""Which axes of an array have one element, as text tells: new axes, `keepdims`, sizes of 1, slices of one element."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SrcgradError
from ..rules import arrays, elementwise
from .affine import simplify_index
from .axes import axes_of, permutation
from .ir import Const, Dots, Expr, Kind, Name, NewAxis, Op, Select, Slice, Sub
from .kinds import Unknown, kind_of

ONE = Const(1)
Known = Mapping[str, frozenset[int]]


def axes_of_one(expr: Expr, kinds: dict[str, Kind], known: Known) -> frozenset[int]:
    """Return the axes of an expression that have one element, given those of names; not all, where text does not tell.

    >>> x = Name("x")
    >>> sorted(axes_of_one(Sub(x, (NewAxis(), Slice(Const(2), Const(3)))), {"x": Kind("float64", 2)}, {}))
    [0, 1]
    """
    try:
        return _Reader(kinds, known).axes(expr)
    except (Unknown, SrcgradError):
        return frozenset()


class _Reader:
    def __init__(self, kinds: dict[str, Kind], known: Known):
        self.kinds, self.known = kinds, known

    def rank(self, expr: Expr) -> int:
        return kind_of(expr, self.kinds).rank

    def axes(self, expr: Expr) -> frozenset[int]:
        if isinstance(expr, Name):
            return self.known.get(expr.id, frozenset())
        if isinstance(expr, Sub):
            return self.of_part(expr)
        if isinstance(expr, Select):
            return self.axes(expr.then) & self.axes(expr.other)
        return self.of_result(expr) if isinstance(expr, Op) else frozenset()

    def of_part(self, expr: Sub) -> frozenset[int]:
        """Return the axes of one element of what a subscript shows."""
        if any(not isinstance(item, Slice | NewAxis | Dots) and self.rank(item) for item in expr.index):
            return frozenset()
        items = list(expr.index if Dots() in expr.index else (*expr.index, Dots()))
        others = self.rank(expr.base) - sum(not isinstance(item, NewAxis | Dots) for item in items)
        place = items.index(Dots())
        items[place : place + 1] = [Slice()] * others
        base, found, axis, at = self.axes(expr.base), set(), 0, 0
        for item in items:
            if isinstance(item, NewAxis):
                found.add(axis)
            elif isinstance(item, Slice):
                whole = item.lo is None and item.hi is None
                if at in base and whole or _is_of_one(item):
                    found.add(axis)
            axis += isinstance(item, NewAxis | Slice)
            at += not isinstance(item, NewAxis)
        return frozenset(found)

    def of_result(self, expr: Op) -> frozenset[int]:
        """Return the axes of one element of what an operation gives."""
        fn, args = expr.fn, expr.args
        if elementwise.is_elementwise(fn) or fn == "np.where":
            return self.broadcast(args)
        if fn in arrays.REDUCTIONS:
            rank, own = self.rank(args[0]), self.axes(args[0])
            gone = axes_of(expr.option("axis"), rank)
            if expr.option("keepdims"):
                return own | set(gone)
            left = [d for d in range(rank) if d not in gone]
            return frozenset(k for k, d in enumerate(left) if d in own)
        if fn in ("reshape", "broadcast_to"):
            return frozenset(k for k, size in enumerate(args[1:]) if size == ONE)
        if fn in arrays.ALLOCATIONS:
            return frozenset(k for k, size in enumerate(args) if size == ONE)
        if fn == "permuted":
            own = self.axes(args[0])
            return frozenset(k for k, d in enumerate(permutation(expr, self.rank(args[0]))) if d in own)
        if fn == "np.transpose":
            rank = self.rank(args[0])
            return frozenset(rank - 1 - d for d in self.axes(args[0]))
        if fn == "np.linalg.solve":
            return self.axes(args[1])
        if fn == "np.outer":
            return frozenset(k for k, a in enumerate(args) if self.axes(a) == frozenset(range(self.rank(a))))
        if fn == "np.dot":
            return self.of_product(*args)
        if fn in ("copy", "astype", "np.ascontiguousarray", "np.flip", "print_grad", *_LIKE):
            return self.axes(args[0])
        return frozenset()

    def of_product(self, a: Expr, b: Expr) -> frozenset[int]:
        rows = {0} & self.axes(a) if self.rank(a) == 2 else set()
        columns = {self.rank(a) - 1} if self.rank(b) == 2 and 1 in self.axes(b) else set()
        return frozenset(rows | columns)

    def broadcast(self, args) -> frozenset[int]:
        ranks = [self.rank(a) for a in args]
        rank = max(ranks)
        own = [{d + rank - r for d in self.axes(a)} | set(range(rank - r)) for a, r in zip(args, ranks, strict=True)]
        return frozenset(set.intersection(*own)) if rank else frozenset()


_LIKE = ("np.zeros_like", "np.ones_like", "np.empty_like", "np.full_like")


def _is_of_one(item: Slice) -> bool:
    """Return whether a slice shows one element, or none where the array ends before it."""
    if item.step is not None and item.step != ONE:
        return False
    lo, hi = item.lo or Const(0), item.hi
    if hi is None:
        return lo == Const(-1)
    return simplify_index(Op("sub", (hi, lo))) == ONE and hi != Const(0)
