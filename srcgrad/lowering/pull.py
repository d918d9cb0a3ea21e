"""Array expressions as (sizes, index -> scalar expression): slices shift, newaxis drops, transpose permutes.

Nothing is computed by building a `Pull`; asking it for an element gives the scalar expression that a loop nest writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..language import ir
from ..language.affine import clipped, simplify_index
from ..language.ir import Const, Expr, Name, Op, Select, Slice, Sub

ZERO, ONE = Const(0), Const(1)
Index = tuple[Expr, ...]


@dataclass(frozen=True)
class Pull:
    """An array expression: its sizes, its element at an index, and an array expression a library call can take."""

    dims: tuple[Expr, ...]
    at: Callable[[Index], Expr] = field(compare=False)
    array: Expr | None = None

    @property
    def rank(self) -> int:
        return len(self.dims)


def whole(name: str, dims: tuple[Expr, ...]) -> Pull:
    """Return the pull of a named array."""
    return Pull(dims, lambda idx: Sub(Name(name), tuple(idx)), Name(name))


def single(value: Expr) -> Pull:
    """Return the pull of a scalar."""
    return Pull((), lambda _: value)


def cell_of(p: Pull, idx: Index) -> Sub:
    """Return the element of a pull of memory, which a store may write."""
    cell = p.at(idx)
    assert isinstance(cell, Sub), cell
    return cell


def transpose(p: Pull) -> Pull:
    """Return the pull with its axes reversed."""
    array: Expr | None = None if p.array is None else Op("np.transpose", (p.array,))
    if isinstance(p.array, Op) and p.array.fn == "np.transpose":
        array = p.array.args[0]
    return Pull(p.dims[::-1], lambda idx: p.at(tuple(reversed(idx))), array if p.rank > 1 else p.array)


def is_contiguous(array: Expr) -> bool:
    """Return whether a view of contiguous memory is contiguous: BLAS takes it as it is, others are copied first."""
    if isinstance(array, Name):
        return True
    if isinstance(array, Op):
        return is_contiguous(array.args[0])
    if not isinstance(array, Sub) or not isinstance(array.base, Name):
        return False
    items = list(array.index)
    while len(items) > 1 and items[-1] == Slice():
        items.pop()
    *first, last = items
    leading = not any(isinstance(i, Slice | ir.NewAxis) for i in first)
    return leading and not isinstance(last, ir.NewAxis) and not (isinstance(last, Slice) and last.step is not None)


@dataclass(frozen=True)
class _Axis:
    """One axis of an indexed result: its size and the base index it stands for, given its own index."""

    size: Expr
    base: Callable[[Expr], Expr] = field(compare=False)


class Indexer:
    """Applies the items of a subscript to a pull.

    `is_nonneg` tells indices that cannot be negative; `hold` names a value, `held` one that may have a name already,
    `length` a length; `within` writes the demand that an index lie inside a view, `places` an index array of a view
    with its negative indices counted from the start, `stop_if` any other demand.
    """

    def __init__(self, is_nonneg: Callable[[Expr], bool], pull_index: Callable[[Expr], Pull], *writers):
        self.is_nonneg = is_nonneg
        self.pull_index = pull_index
        self.hold, self.held, self.length, self.within, self.places, self.stop_if = writers
        # axes of slices with such steps in the present statement: `a[::k] *= 2.0` has one, not two
        self.steps: dict[tuple, _Axis] = {}

    def apply(self, p: Pull, items: Index, broadcast) -> Pull:
        """Return the pull of `p[items]`."""
        items = _expand(items, p.rank)
        if not any(isinstance(i, Slice | ir.NewAxis | ir.Dots) or self.pull_index(i).rank for i in items):
            scalars = [self.pull_index(i).at(()) for i in items]
            indices = tuple(self.wrap(i, p, d) for d, i in enumerate(scalars))
            return Pull((), lambda idx: p.at(indices))
        items = tuple(self.lowered(i) if isinstance(i, Slice) else i for i in items)
        parts: list = []  # per item: ("axis", _Axis) | ("new",) | ("fixed", Expr) | ("gather", Pull)
        d = 0
        for item in items:
            if isinstance(item, ir.NewAxis):
                parts.append(("new", None))
                continue
            n = p.dims[d]
            d += 1
            if isinstance(item, Slice):
                parts.append(("axis", self.slice_axis(item, n)))
                continue
            q = self.pull_index(item)
            if q.rank:
                parts.append(("gather", self.places(item, q, n, d - 1, isinstance(p.array, Name))))
            else:
                index = q.at(())
                if isinstance(p.array, Name):
                    self.within(index, n, d - 1)
                parts.append(("fixed", self.wrap(index, p, d - 1)))
        return self.assemble(p, parts, items, broadcast)

    def lowered(self, item: Slice) -> Slice:
        """Return a slice with its bounds as scalar expressions."""
        return Slice(*(None if e is None else self.pull_index(e).at(()) for e in (item.lo, item.hi, item.step)))

    def assemble(self, p: Pull, parts, items, broadcast) -> Pull:
        gathers = [q for kind, q in parts if kind == "gather"]
        lifted: Lifted = broadcast(gathers) if gathers else Lifted((), ())
        # beside an array an integer is an array too: what stands between them moves the gathered axes to the front
        places = [k for k, (kind, _) in enumerate(parts) if kind in ("gather", "fixed") and gathers]
        adjacent = not places or places == list(range(places[0], places[-1] + 1))
        dims: list[Expr] = []
        axes: list = []  # for each result axis: ("axis", part number) | ("new",) | ("gather", n)
        if gathers and not adjacent:
            dims += lifted.dims
            axes += [("gather", n) for n in range(len(lifted.dims))]
        for k, (kind, value) in enumerate(parts):
            if kind == "axis":
                dims.append(value.size)
                axes.append(("axis", k))
            elif kind == "new":
                dims.append(ONE)
                axes.append(("new", None))
            elif adjacent and places and k == places[0]:
                dims += lifted.dims
                axes += [("gather", n) for n in range(len(lifted.dims))]

        def at(idx):
            shared = [i for (kind, _), i in zip(axes, idx, strict=True) if kind == "gather"]
            own = {k: i for (kind, k), i in zip(axes, idx, strict=True) if kind == "axis"}
            base, g = [], 0
            for k, (kind, value) in enumerate(parts):
                if kind == "axis":
                    base.append(value.base(own[k]))
                elif kind == "fixed":
                    base.append(value)
                elif kind == "gather":
                    base.append(lifted.element(g, tuple(shared)))
                    g += 1
            return p.at(tuple(base))

        shown = Sub(p.array, _trim(items)) if not gathers and p.array is not None else None
        return Pull(tuple(dims), at, shown)

    def wrap(self, index: Expr, p: Pull, axis: int) -> Expr:
        """Return the index without a negative value, where numba's own wraparound would not see it."""
        if isinstance(p.array, Name):
            return index
        n = p.dims[axis]
        if not self.is_nonneg(index):
            index = self.hold(index, "at")
        self.within(index, n, axis)
        if self.is_nonneg(index):
            return index
        if isinstance(index, Const):
            return simplify_index(Op("add", (n, index)))
        return Select(Op("lt", (index, ZERO)), Op("add", (index, n)), index)

    def slice_axis(self, item: Slice, n: Expr) -> _Axis:
        lo, hi, by = item.lo, item.hi, ONE if item.step is None else item.step
        if not isinstance(by, Const):
            return self.stepped(lo, hi, n, by)
        step = by.value
        if step > 0:
            start, size = self.upward(lo, hi, n)
        else:
            start, size = self.downward(lo, hi, n)
        if abs(step) > 1:
            size = _steps(size, Const(abs(step)))
        if any(isinstance(e, Op) and e.fn == "min" for e in ir.walk(size)):
            return _Axis(self.length(size), _line(start, by))
        return _Axis(_fold(size), _line(start, by))

    def stepped(self, lo, hi, n, by) -> _Axis:
        """Return the axis of a slice whose step is known at run time only, and may be negative."""
        key = (lo, hi, n, by)
        if key not in self.steps:
            self.steps[key] = self.stepped_anew(*key)
        return self.steps[key]

    def stepped_anew(self, lo, hi, n, by) -> _Axis:
        by = self.hold(by, "by")
        self.stop_if(Op("eq", (by, ZERO)), "slice step cannot be zero")
        start, size = self.upward(lo, hi, n)
        if not self.is_nonneg(by):
            last, down = self.downward(lo, hi, n)
            upward = Op("gt", (by, ZERO))
            start, size = (Select(upward, a, b) for a, b in ((start, last), (size, down)))
        start, size = self.hold(start, "start"), self.hold(size, "n")
        size = self.hold(_steps(size, by if self.is_nonneg(by) else Op("abs", (by,))), "n")
        return _Axis(size, _line(start, by))

    def upward(self, lo, hi, n):
        start = ZERO if lo is None else self.bound(lo, n)
        if hi is None:
            end = n
        elif isinstance(hi, Const) and hi.value < 0:
            end = Op("add", (n, hi))
        else:
            end = self.least(self.bound(hi, n), n)
        return start, self.clipped(Op("sub", (end, start)))

    def bound(self, e: Expr, n: Expr, least: Expr = ZERO) -> Expr:
        """Return a bound of a slice counted from the front; `least` stands for all that lies before the array."""
        if isinstance(e, Const) and least == ZERO:
            return e if e.value >= 0 else self.clipped(Op("add", (n, e)))
        if self.is_nonneg(e):
            return e
        e = self.hold(e, "start")
        wrapped = Op("max", (Op("add", (e, n)), least))
        return self.held(Select(Op("lt", (e, ZERO)), wrapped, e), "start")

    def downward(self, lo, hi, n):
        last = Op("sub", (n, ONE))
        if lo is None:
            start = simplify_index(last)
        elif isinstance(lo, Const) and lo.value < 0:
            start = Op("max", (simplify_index(Op("add", (n, lo))), Const(-1)))
        else:
            start = self.least(self.bound(lo, n, Const(-1)), simplify_index(last))
        if hi is None:
            end: Expr = Const(-1)
        elif isinstance(hi, Const) and hi.value < 0:
            end = Op("max", (simplify_index(Op("add", (n, hi))), Const(-1)))
        else:
            end = self.bound(hi, n, Const(-1))
        return start, self.clipped(Op("sub", (start, end)))

    def least(self, a: Expr, b: Expr) -> Expr:
        """Return the smaller of two places."""
        return a if self.is_nonneg(Op("sub", (b, a))) else Op("min", (a, b))

    def clipped(self, span: Expr) -> Expr:
        """Return how many places a span has: none where it is negative."""
        return simplify_index(span) if self.is_nonneg(span) else clipped(span)


@dataclass(frozen=True)
class Lifted:
    """Several pulls broadcast together: the common sizes, and each one's element at a common index."""

    dims: tuple[Expr, ...]
    maps: tuple[Callable[[Index], Expr], ...] = field(compare=False)

    def element(self, k: int, idx: Index) -> Expr:
        return self.maps[k](idx)


def stepped(step: Expr, index: Expr) -> Expr:
    """Return the place of an index along an axis of one element or of as many as there are: its step is 0 or 1."""
    return ZERO if step == ZERO else Op("mul", (index, step))


def same(index: Expr) -> Expr:
    """Return the index as it is: the map of an axis that is not repeated."""
    return index


def lift(pulls, resolve) -> Lifted:
    """Return pulls broadcast together; `resolve(a, b)` gives (size, index map of a, index map of b) for two sizes."""
    rank = max(p.rank for p in pulls)
    dims: list[Expr] = []
    axis_maps: list[list] = [[] for _ in pulls]
    for d in range(rank):
        size: Expr = ONE
        maps: list = [None] * len(pulls)
        for k, p in enumerate(pulls):
            own = d - (rank - p.rank)
            if own < 0:
                continue
            n = p.dims[own]
            if n == ONE:
                maps[k] = lambda i: ZERO
            elif size == ONE:
                size, maps[k] = n, same
            else:
                size, earlier, mine = resolve(size, n)
                if earlier is not None:
                    maps = [m if m is None or m is not same else earlier for m in maps]
                maps[k] = mine or same
        dims.append(size)
        for k, m in enumerate(maps):
            if m is not None:
                axis_maps[k].append((d, m))
    def mapper(p, chosen):
        return lambda idx: p.at(tuple(m(idx[d]) for d, m in chosen))

    return Lifted(tuple(dims), tuple(mapper(p, chosen) for p, chosen in zip(pulls, axis_maps, strict=True)))


def _expand(items: Index, rank: int) -> Index:
    used = sum(not isinstance(i, ir.NewAxis | ir.Dots) for i in items)
    full = (Slice(),) * (rank - used)
    for k, item in enumerate(items):
        if isinstance(item, ir.Dots):
            return items[:k] + full + items[k + 1 :]
    return items + full


def _steps(size: Expr, step: Expr) -> Expr:
    """Return how many steps fit into a span."""
    more = Const(step.value - 1) if isinstance(step, Const) else Op("sub", (step, ONE))
    return Op("floordiv", (Op("add", (size, more)), step))


def _line(start: Expr, step: Expr) -> Callable[[Expr], Expr]:
    def base(i):
        scaled = i if step == ONE else Op("mul", (step, i))
        return simplify_index(Op("add", (scaled, start)))

    return base


def _trim(items: Index) -> Index:
    """Return the items without trailing full slices, which would cost numba the contiguity of a row."""
    kept = list(items)
    while len(kept) > 1 and kept[-1] == Slice():
        kept.pop()
    return tuple(kept)


def _fold(size: Expr) -> Expr:
    return size if isinstance(size, Op) and size.fn in ("floordiv", "min") else simplify_index(size)

