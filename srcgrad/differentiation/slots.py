"""Slots: where kept values stand between the forward part and their use in the backward part.

A value kept in loops whose trips are known before the outermost of them stands in an array of exact size, indexed by
the loop counters. Else it stands on a stack: an array that grows, indexed by the trips that the innermost loop of
unknown length has made so far, which all stacks of that loop share, and by the counters of the loops within.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product

from ..analysis.writes import extreme
from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.affine import Affine, affine, clipped, simplify_index, unclipped
from ..language.blocks import may_end_early, resized_in
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..language.kind import dtype_option
from ..language.sum_order import INPLACE
from .adjoint import Step

ROOM, ROWS = 64, 8


@dataclass(frozen=True)
class Slot:
    """A name, or a place in an array or on a stack; `cut` are the sizes there, along axes where they differ by trip.

    A size that only the way forward knows is kept too.
    """

    name: str
    index: tuple[Expr, ...]
    kind: Kind
    cut: tuple[Size | None, ...] = ()

    def keep(self, value: Expr) -> Stmt:
        """Return the statement that keeps a value."""
        return Store(self.name, self.index, value) if self.index else Let(self.name, value)

    def value(self) -> Expr:
        """Return the expression of the kept value."""
        return Sub(Name(self.name), self.index) if self.index else Name(self.name)

    def cut_to(self, sizes: Sequence[Expr | None]) -> Expr:
        """Return the expression of a kept array of these sizes."""
        cuts = tuple(ir.Slice(None, size) for size in sizes) if any(sizes) else ()
        return Sub(Name(self.name), (*self.index, *cuts)) if self.index else Name(self.name)

    def birth(self, name: str) -> list[Stmt]:
        """Return the statements that make an array of a trip where it is kept."""
        kept = [s for size in self.cut if size is not None for s in size.keep()]
        return [*kept, Let(name, self.cut_to([None if size is None else size.value for size in self.cut]))]

    def recall(self, name: str) -> list[Stmt]:
        """Return the statements that bind an array of a trip again on the way back."""
        return [Let(name, self.cut_to([None if size is None else size.recalled() for size in self.cut]))]


@dataclass(frozen=True)
class Size:
    """The size of an axis in a trip, and the slot it is kept in if the way back would not know it."""

    value: Expr
    slot: Slot | None = None

    def keep(self) -> list[Stmt]:
        """Return the statement that keeps the size, if it is kept."""
        return [self.slot.keep(self.value)] if self.slot is not None else []

    def recalled(self) -> Expr:
        """Return the size on the way back."""
        return self.slot.value() if self.slot is not None else self.value


@dataclass(frozen=True)
class Ragged:
    """Where arrays stand whose sizes differ from trip to trip: one behind the other in a long array."""

    name: str
    top: str
    begin: str
    begin_slot: Slot
    sizes: tuple[Size, ...]
    kind: Kind

    def birth(self, name: str) -> list[Stmt]:
        """Return the statements that make an array of a trip where it is kept."""
        sizes = [size.value for size in self.sizes]
        end = Op("add", (Name(self.top), reduce(lambda m, n: Op("mul", (m, n)), sizes)))
        begin = Let(self.begin, Name(self.top))
        return [begin, self.begin_slot.keep(Name(self.begin)), *(s for size in self.sizes for s in size.keep()),
                Let(self.top, end), ir.Grow(self.name, Name(self.top), True),
                Let(name, self.between(sizes))]  # fmt: skip

    def recall(self, name: str) -> list[Stmt]:
        """Return the statements that bind an array of a trip again on the way back."""
        begin = Let(self.begin, self.begin_slot.value())
        made = Let(name, self.between([size.recalled() for size in self.sizes]))
        return [begin, made, Let(self.top, Name(self.begin))]

    def between(self, sizes: Sequence[Expr]) -> Expr:
        elements = Sub(Name(self.name), (ir.Slice(Name(self.begin), Name(self.top)),))
        return elements if len(sizes) == 1 else Op("reshape", (elements, *sizes))


class Checkpoints:
    """The names by which the states of a checkpointed loop are kept, and the stretch that is recorded at a time."""

    def __init__(self, step: Step, fresh):
        loop = step.stmt
        assert isinstance(loop, For)
        assert loop.schedule is not None
        self.binomial = loop.schedule[0] == "binomial"
        self.at = fresh("at" if self.binomial else "start")
        self.stop = fresh("stop")
        number = loop.schedule[1]
        fixed = loop.schedule[0] == "periodic" and isinstance(number, Const) and number.value > 0
        self.every: Expr = number if fixed else Name(fresh("every"))
        self.chunk = fresh("top" if self.binomial else "chunk")
        self.count = fresh("slots" if self.binomial else "chunks")
        self.place = fresh("place") if self.binomial else ""
        self.last = fresh(f"{loop.var}_last") if self.binomial else ""
        end = Op("add", (Name(self.at), self.every))
        self.stretch = replace(loop, lo=Name(self.at), hi=end, schedule=None)
        self.kept = {fact: fresh(f"{fact.removesuffix('[]')}_ckpt") for fact in step.state}


class Slots:
    """Allocates the slots of a function, before the outermost loops they are filled in."""

    def __init__(
        self, kinds: dict[str, Kind], fresh: ir.Fresh, dims, single: Set[str], definitions: dict[str, Expr]
    ):  # fmt: skip
        self.kinds, self.fresh, self.dims, self.single, self.definitions = kinds, fresh, dims, single, definitions
        self.made: dict[str, Kind] = {}
        self.fixed: set[str] = set()  # of the names that are bound once, those that are bound where the slot is made
        self.branch: Step | None = None  # the outermost branch around the present place, outside of all loops

    def fill(self, steps: list[Step], loops: tuple[Step, ...] = ()):
        """Give every value that is to be kept its slot, and every loop whose trips only it knows a count of them."""
        for step in steps:
            if step.is_checkpointed:
                step.checkpoints = Checkpoints(step, self.fresh)
                for fact, kept in step.checkpoints.kept.items():
                    kind = self.kinds[fact.removesuffix("[]")]
                    self.made[kept] = Kind(kind.dtype, kind.rank + 1)
            inner = step.recorded_in(loops)
            around = self.branch
            if isinstance(step.stmt, If) and not loops and around is None:
                self.branch = step
            for block in (step.body, step.other):
                before = set(self.fixed)
                self.fill(block, inner)
                self.fixed = before
            self.branch = around
            stmt = step.stmt
            if stmt is not None and not isinstance(stmt, For):
                self.fixed |= set(ir.binds(stmt)) & self.single
            if step.kept is True:
                assert isinstance(stmt, Let | Store)
                name = stmt.target if isinstance(stmt, Let) else stmt.base
                step.kept = self.slot(name, Kind(self.kinds[name].dtype), loops)
            for name in step.kept_after:
                step.kept_after[name] = self.born(name, self.kinds[name], loops)
            if step.is_loop and step.has_reverse and not _tells_trips(stmt):
                self.count(step, loops)
            step.entry = [(fact, self.entry(fact, step, loops)) for fact in step.entry]

    def count(self, step: Step, loops):
        """Count the trips of a loop; on a stack's own count where a while loop has one."""
        if isinstance(step.stmt, While) and step.height:
            step.trips = self.fresh("start") if loops else None
        else:
            step.trips = self.fresh("trips")
        if step.trips and loops:
            step.trips_slot = self.slot(step.trips, Kind("int64"), loops)

    def entry(self, fact: str, step: Step, loops) -> Slot:
        name = fact.removesuffix("[]")
        kind = self.kinds[name]
        if fact == name and kind.rank:
            raise UnsupportedError(problem_at(step.stmt.loc, f"the array {name!r} is bound anew", "use two names"))
        return self.slot(name, kind, loops)

    def born(self, name: str, kind: Kind, loops) -> Slot | Ragged:
        """Return a slot for a value that a loop body binds anew in every trip."""
        found = self.row_sizes(name, loops, kind.rank > 1) if loops else []
        if all(most is not None for most, _ in found):
            return self.slot(name, kind, loops)
        base, top, begin = (self.fresh(f"{name}_{part}") for part in ("rec", "top", "begin"))
        self.made |= {base: Kind(kind.dtype, 1), top: Kind("int64"), begin: Kind("int64")}
        self.kinds |= {top: Kind("int64"), begin: Kind("int64")}
        self.allocate(Let(base, Op("np.empty", (Const(ROOM),), dtype_option(kind.dtype))), loops)
        self.allocate(Let(top, Const(0)), loops)
        begins = self.slot(begin, Kind("int64"), loops)
        own = [most if differs is None and most is not None else self.size(name, axis)
               for axis, (most, differs) in enumerate(found)]  # fmt: skip
        # of one axis the size is what lies between where it begins and where it ends
        sizes = [Size(e) if kind.rank == 1 else self.known_size(name, e, loops) for e in own]
        return Ragged(base, top, begin, begins, tuple(sizes), kind)

    def known_size(self, name: str, size: Expr, loops) -> Size:
        """Return a size of an array as the way back knows it: by the counters of the loops, or it is kept."""
        counters = {s.stmt.var for s in loops if isinstance(s.stmt, For)}
        if ir.names_in(size) & resized_in((loops[0].recorded,)) <= counters:
            return Size(size)
        return Size(size, self.slot(f"{name}_size", Kind("int64"), loops))

    def allocate(self, let: Let, loops):
        """Make room before the outermost loop; before the branch that it stands in, where the size is known there.

        The branch of the way back reads what that of the way forward has made: derivatives of both see it made first.
        """
        host = self.branch
        made = {n for s in loops if s.is_checkpointed for n in ir.names_in(s.checkpoints.every)}
        known = host is not None and not ir.names_in(let.value) & (ir.bound_in((host.stmt,)) | made)
        (host if host is not None and known else loops[0]).allocations.append(let)

    def slot(self, name: str, kind: Kind, loops) -> Slot:
        """Return a slot for values kept inside the given loops."""
        base = self.fresh(f"{name}_rec" if loops else f"{name}_old")
        self.made[base] = Kind(kind.dtype, kind.rank + len(loops))
        if not loops:
            return Slot(base, (), kind)
        sizes, cut = self.most_rows(name, loops) if kind.rank else ((), ())
        static = dtype_option(kind.dtype)
        own = self.widest([s.recorded for s in loops])
        # of a stretch, the other loops depend on the whole range: where it begins is not known before
        counted = trip_counts(own, [w if s.recorded is s.stmt else s.stmt for s, w in zip(loops, own, strict=True)])
        known = counted[max((k + 1 for k, c in enumerate(counted) if c is None), default=0) :]
        rows, index = tuple(c[0] for c in known if c), tuple(c[1] for c in known if c)
        if len(known) < len(loops):
            owner = loops[len(loops) - len(known) - 1]
            rows, index = (Const(ROWS), *rows), (Name(self.height(owner, loops)), *index)
            owner.stacks.append(base)
            self.made[base] = Kind(kind.dtype, kind.rank + len(rows))
        made = Op("np.empty", (*rows, *sizes), static)
        if len(known) < len(loops) and len(rows) + len(sizes) == 1:
            made = Op("stack", (Const(ROOM),), static)
        self.allocate(Let(base, made), loops)
        return Slot(base, index, kind, cut)

    def widest(self, loops: list[Stmt]) -> list[Stmt]:
        """Return loops with ends that are known before the outermost of them, where theirs are the smaller of two."""
        found: list[Stmt] = []
        for stmt in loops:
            ends = []
            if isinstance(stmt, For) and stmt.step == Const(1):
                hi = unclipped(self.resolved(stmt.hi, resized_in((loops[0],)), loops))
                ends = [replace(stmt, hi=e) for e in without_least(hi)]
            known = [e for e in ends if trip_counts([*found, e])[-1] is not None]
            found.append(known[0] if known else stmt)
        return found

    def height(self, owner: Step, loops) -> str:
        """Return the name of the count that all stacks of a loop share: the number of its present trip, from 0."""
        if owner.height is None:
            owner.height = self.fresh("trip")
            self.made[owner.height] = Kind("int64")
            self.allocate(Let(owner.height, Const(-1)), loops)
        return owner.height

    def resolved(self, size: Expr, bound: set[str], loops: Sequence[Stmt]) -> Expr:
        """Return a size with names that loops bind to the same number in every trip replaced by what they stand for.

        That is: with names bound once, to an expression of names that the loops do not bind, of their counters, and of
        such names. What else is bound may have changed between two of them, and would cancel.
        """
        steady = self.fixed | {s.var for s in loops if isinstance(s, For)}
        usable = {n: e for n, e in self.definitions.items() if n in self.fixed and ir.names_in(e) & bound <= steady}
        for _ in range(5):
            table: dict[Expr, Expr] = {Name(n): usable[n] for n in sorted(ir.names_in(size) & bound & usable.keys())}
            if not table:
                break
            size = ir.substitute(size, table)
        return size

    def size(self, name: str, axis: int) -> Expr:
        known = self.dims.get(name)
        return known[axis] if known else Op("shape", (Name(name),), (("axis", axis),))

    def row_sizes(self, name: str, loops, wide: bool = True) -> list[tuple[Expr | None, Expr | None]]:
        """Return for each axis of an array (the most it gets, None if unknown; its size where that differs by trip).

        With `wide` a smaller one of two sizes is taken for either, which may be more than it gets.
        """
        outer = loops[0].recorded
        bound = resized_in((outer,))
        found: list[tuple[Expr | None, Expr | None]] = []
        for axis in range(self.kinds[name].rank):
            size = self.resolved(self.size(name, axis), bound, [s.stmt for s in loops])
            if not ir.names_in(size) & bound:
                found.append((size, None))
                continue
            candidates = [unclipped(size), *(without_least(unclipped(size)) if wide else ())]
            ends = [extreme(affine(e), [s.stmt for s in loops], 1) for e in candidates]
            fits = [clipped(e.expr()) for e in ends if e is not None and not ir.names_in(e.expr()) & bound]
            found.append((fits[0] if fits else None, size))
        return found

    def most_rows(self, name: str, loops) -> tuple[tuple[Expr, ...], tuple[Size | None, ...]]:
        """Return the sizes of the place an array is kept in, and its own sizes where they differ from trip to trip."""
        found = self.row_sizes(name, loops)
        sizes = tuple(most for most, _ in found if most is not None)
        if len(sizes) < len(found):
            raise UnsupportedError(
                problem_at(loops[0].recorded.loc, f"the array {name!r} changes its size in this loop and is needed in "
                           "reverse", f"allocate {name!r} before the loop, as large as it gets")
            )  # fmt: skip
        return sizes, tuple(cut if cut is None else self.known_size(name, cut, loops) for _, cut in found)


def without_least(size: Expr) -> list[Expr]:
    """Return the expressions that a size is not greater than, with `min(a, b)` replaced by one of the two.

    What is subtracted stays: there, either of the two makes the whole less.

    >>> from srcgrad.language.emit import expr_text
    >>> i, n = Name("i"), Name("n")
    >>> least = Op("min", (i, n))
    >>> [expr_text(e) for e in without_least(Op("sub", (Op("add", (least, Const(1))), least)))]
    ['i + 1 - min(i, n)', 'n + 1 - min(i, n)']
    """
    if not isinstance(size, Op):
        return [size]
    if size.fn == "min":
        return [e for arg in size.args for e in without_least(arg)]
    rising = {"add": 2, "max": 2, "sub": 1, "floordiv": isinstance(size.args[-1], Const) and size.args[-1].value > 0}
    count = rising.get(size.fn, 0)
    parts = [without_least(arg) if k < count else [arg] for k, arg in enumerate(size.args)]
    return [replace(size, args=args) for args in product(*parts)]


def next_trip(step: Step) -> list[Stmt]:
    """Return what a loop with stacks does first in each trip: count it, and make room where they are full."""
    assert step.height is not None
    height = Name(step.height)
    up = Let(step.height, Op("add", (height, Const(1)), INPLACE))
    return [up, *(ir.Grow(stack, height) for stack in step.stacks)]


# --- trips --------------------------------------------------------------------------------------------------------


def trip_counts(loops: list[Stmt], ranges: list[Stmt] | None = None) -> list[tuple[Expr, Expr] | None]:
    """Return for each of some nested loops (most trips, place of the present trip), where both are known before them.

    One loop may depend on the counters of those around it, as in a triangle: then half of the places stay empty. The
    counters run through `ranges`, where these are not the loops themselves.

    >>> outer, inner = (For(v, lo, Name("n"), Const(1), ()) for v, lo in (("i", Const(0)), ("j", Name("i"))))
    >>> [place.id for size, place in trip_counts([outer, inner])]
    ['i', 'j']
    """
    found: list[tuple[Expr, Expr] | None] = []
    boxed = False
    for k, stmt in enumerate(loops):
        counted, exact = _places(stmt, (ranges or loops)[:k])
        if counted is not None and not _invariant(counted[0], loops[0]):
            counted = None
        if counted is not None and not exact:
            counted, boxed = (None, boxed) if boxed else (counted, True)
        found.append(counted)
    return found


def _places(stmt, around) -> tuple[tuple[Expr, Expr] | None, bool]:
    """Return ((places, place of the present trip), whether every trip around makes use of all of them)."""
    if not isinstance(stmt, For) or not isinstance(stmt.step, Const) or stmt.step.value not in (1, -1):
        return None, True
    up = stmt.step.value == 1
    low, high = affine(stmt.lo), affine(stmt.hi)
    if not up:
        low, high = high + Affine(const=1), low + Affine(const=1)
    least, most, trips = extreme(low, around, -1), extreme(high, around, 1), high - low
    varying = {loop.var for loop in around if isinstance(loop, For)}
    exact = not any(ir.names_in(t) & varying for t in trips.terms)
    small = least is not None and least.is_const and 0 <= least.const <= 2
    if small and most is not None and (not exact or low == least):
        return (clipped(most.expr()), Name(stmt.var)), exact
    longest = extreme(trips, around, 1)
    if longest is None:
        return None, exact
    ends = (Name(stmt.var), stmt.lo) if up else (stmt.lo, Name(stmt.var))
    return (clipped(longest.expr()), simplify_index(Op("sub", ends))), exact


def _invariant(size: Expr, outer: Stmt) -> bool:
    bound, stored = resized_in((outer,)), ir.stored_in((outer,))
    if ir.names_in(size) & bound:
        return False
    return not any(isinstance(x, Sub) and ir.names_in(x) & stored for x in ir.walk(size))


def _tells_trips(stmt: Stmt) -> bool:
    """Return whether the bounds of a loop tell how many trips it makes."""
    return isinstance(stmt, For) and isinstance(stmt.step, Const) and not may_end_early(stmt.body)
