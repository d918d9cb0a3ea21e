"""Gathers whose inside is assigned, since a nest before them cleared it; what is at the border is added.

`X[i] = 0.0` over [lo, hi), and then `X[i] += e` over more, along each axis: the inside becomes `X[i] = e`. At the
border a gather reads beyond what stands in frames of zeros: these terms are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ..analysis.aliases import have_other_names
from ..analysis.equalities import Equal, Known, told_in_loops
from ..language import ir
from ..language.affine import affine, clipped
from ..language.blocks import has_jumps, readers, touches
from ..language.ir import Block, Const, Expr, For, Function, If, Kind, Let, Name, Op, Stmt, Store, Sub
from .perfect_nests import Nest, at_end, each_has_a_trip, in_loops, perfect_nest

ZERO = Const(0.0)
Range = tuple[Expr, Expr]
Same = Callable[[Expr, Expr], bool]
Sizes = dict[str, tuple[Expr, ...]]


def assign_interiors(function: Function, start: int, kinds: dict[str, Kind], sizes: Sizes) -> Block:
    """Return the backward part, which starts at a statement, with gathers assigned where their target was cleared.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(g, n):
    ...     u_bar = np.ones(n)
    ...     u_pad = np.zeros(n + 2)
    ...     for i in range(1, n - 1):
    ...         u_pad[i + 1] = u_bar[i]
    ...         u_bar[i] = 0.0
    ...     for i in range(n):
    ...         u_bar[i] += g * (u_pad[i] + u_pad[i + 1] + u_pad[i + 2])
    ...     return u_bar''')
    >>> kinds = {n: Kind("float64", 1) for n in ("u_bar", "u_pad")}
    >>> print(emit(replace(f, body=assign_interiors(f, 0, kinds, {})), comments=False))
    def f(g, n):
        u_bar = np.ones(n)
        u_pad = np.zeros(n + 2)
        for i in range(1, n - 1):
            u_pad[i + 1] = u_bar[i]
        if 1 < n - 1:
            for i in range(1, n - 1):
                u_bar[i] = g * (u_pad[i] + u_pad[i + 1] + u_pad[i + 2])
            u_bar[0] += g * u_pad[2]
            u_bar[n - 1] += g * u_pad[n - 1]
        return u_bar
    """
    return _Interiors(Gathers.of(function, start, kinds, sizes)).block(function.body[start:], {})


@dataclass(frozen=True)
class Frame:
    """An array of zeros into which a nest stores, at one distance from its counters; nothing else writes it."""

    nest: Nest
    place: tuple[Expr, ...]

    def is_beyond(self, place: tuple[Expr, ...]) -> bool:
        """Return whether a place is surely one that nothing is stored at."""
        for e, own, loop in zip(place, self.place, self.nest.loops, strict=True):
            shift = affine(own) - affine(Name(loop.var))
            short, far = affine(loop.lo) + shift - affine(e), affine(e) - affine(loop.hi) - shift
            if short.is_const and short.const > 0 or far.is_const and far.const >= 0:
                return True
        return False


def frames_in(function: Function, start: int) -> dict[str, Frame]:
    """Return the frames of the backward part, which starts at a statement, whose nests have steady ranges."""
    stmts = list(ir.statements(function.body[start:]))
    made = [s for s in stmts if isinstance(s, Let) and isinstance(s.value, Op) and s.value.fn == "np.zeros"]
    bound = Counter([*function.params, *(n for s in ir.statements(function.body) for n in ir.binds(s))])
    stored = Counter(s.base for s in stmts if isinstance(s, Store))
    zeros = {s.target for s in made if bound[s.target] == stored[s.target] == 1}
    found: dict[str, Frame] = {}
    for nest in filter(None, map(perfect_nest, stmts)):
        steady = all(bound[n] == 1 for n in ir.names_in(*(e for r in ranges_of(nest) for e in r)))
        for s in nest.body:
            if isinstance(s, Store) and s.base in zeros and steady and at_one_distance(s.index, nest):
                found[s.base] = Frame(nest, s.index)
    return found


def at_one_distance(index: tuple[Expr, ...], nest: Nest) -> bool:
    """Return whether an index is at the same distance from the counters of a nest in all its trips."""
    pairs = zip(index, nest.cell(), strict=False)
    return len(index) == len(nest.loops) and all((affine(e) - affine(c)).is_const for e, c in pairs)


def ranges_of(nest: Nest) -> list[Range]:
    """Return what the counters of a nest run through."""
    return [(loop.lo, loop.hi) for loop in nest.loops]


def clears(nest: Nest, array: str) -> bool:
    """Return whether a nest reads an array at its counters, and clears it there, and does nothing else with it."""
    cell = Sub(Name(array), nest.cell())
    stores = [k for k, s in enumerate(nest.body) if isinstance(s, Store) and s.base == array]
    if len(stores) != 1:
        return False
    clear = nest.body[stores[0]]
    if not isinstance(clear, Store) or (clear.op, clear.value, clear.index) != ("=", ZERO, cell.index):
        return False
    before, after = nest.body[: stores[0]], nest.body[stores[0] + 1 :]
    reads = [e for s in before for v in ir.exprs_of(s) for e in ir.walk(v)]
    elements = [e for e in reads if isinstance(e, Sub) and e.base == Name(array)]
    only_there = all(e == cell for e in elements) and reads.count(Name(array)) == len(elements)
    return only_there and array not in ir.read_in(after)


@dataclass(frozen=True)
class Gather:
    """A nest that adds to an array at its counters, and the ranges within which the array was cleared."""

    nest: Nest
    add: Store
    test: Expr
    inside: list[Range]
    frames: dict[str, Frame]

    def assigned(self, array: str, place: tuple[Expr, ...]) -> If:
        """Return the gather with its inside assigned to elements of an array, and the border added."""
        value = self.add.value if self.add.op == "+=" else Op("neg", (self.add.value,))
        put = Store(array, place, value, "=", self.add.loc)
        loops = tuple(replace(loop, loc=self.add.loc) for loop in self.nest.loops)
        return If(self.test, tuple(self.parts(loops, self.inside, put)), (), self.add.loc)

    def parts(self, loops: tuple[For, ...], inside: list[Range], put: Store) -> list[Stmt]:
        """Return loops that put inside, and add before and behind it along each axis."""
        if not loops:
            return [put]
        (loop, *others), ((lo, hi), *further) = loops, inside
        within = replace(loop, lo=lo, hi=hi, body=tuple(self.parts(tuple(others), further, put)))
        whole = replace(loop, body=in_loops(others, [(o.lo, o.hi) for o in others], (self.add,)))
        ends = (at_end(whole, loop.lo, lo), at_end(whole, hi, loop.hi))
        return [within, *(s for e in ends if e is not None for s in self.nonzero(e))]

    def nonzero(self, stmt: Stmt) -> list[Stmt]:
        """Return a statement at the border without what it reads beyond all that stands in frames."""
        if isinstance(stmt, Store):
            value = self.left(stmt.value)
            return [] if value is None else [replace(stmt, value=value)]
        return [ir.with_blocks(stmt, lambda b: [t for s in b for t in self.nonzero(s)])]

    def left(self, e: Expr) -> Expr | None:
        """Return an expression without terms that are zero; None where all are."""
        if isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id in self.frames:
            return None if self.frames[e.base.id].is_beyond(e.index) else e
        if not isinstance(e, Op) or e.fn not in ("add", "sub", "mul", "neg"):
            return e
        parts = [self.left(a) for a in e.args]
        some = tuple(p for p in parts if p is not None)
        if not some or len(some) < len(parts) and e.fn == "mul":
            return None
        if len(some) == len(parts):
            return replace(e, args=some)
        return Op("neg", some) if e.fn == "sub" and parts[0] is None else some[0]


@dataclass(frozen=True)
class Gathers:
    """What is known of a function while its gathers are looked for."""

    function: Function
    kinds: dict[str, Kind]
    sizes: Sizes
    told: dict[ir.Loc, Equal]
    frames: dict[str, Frame] = field(default_factory=dict)

    @classmethod
    def of(cls, function: Function, start: int, kinds: dict[str, Kind], sizes: Sizes) -> Gathers:
        """Return what is known of a function whose backward part starts at a statement."""
        told = told_in_loops(function.body[:start])
        return cls(function, kinds, sizes, told, frames_in(function, start))

    def told_by(self, loop: For) -> Equal:
        """Return what the checks of a loop tell of sizes."""
        return self.told.get(loop.loc, {}) if loop.loc is not None else {}

    def find(self, stmt: Stmt, cleared: Nest, equal: Equal) -> Gather | None:
        """Return the gather that a statement is, if it adds to all elements that a nest cleared, and to others."""
        same = Known(self.function.body, self.sizes, equal).same
        guard = stmt if isinstance(stmt, If) and len(stmt.then) == 1 and not stmt.other else None
        nest = perfect_nest(guard.then[0] if guard is not None else stmt)
        add = self.only_store(nest) if nest is not None else None
        if nest is None or add is None or add.op == "=" or add.index != nest.cell():
            return None
        ranges = ranges_of(cleared)
        inside = ranges if guard is None else _compared(guard.test)
        if not inside or guard is not None and each_has_a_trip(inside) != guard.test:
            return None  # it may not gather although something was cleared
        empty = {n for n, f in self.frames.items() if _alike(ranges_of(f.nest), ranges, same)}  # where the ranges are
        if add.base in ir.names_in(add.value) or guard is None and not _vanishes(add.value, empty):
            return None
        if not _alike(inside, ranges, same) or not _within(inside, nest):
            return None
        return Gather(nest, add, each_has_a_trip(inside), inside, self.frames)

    def only_store(self, nest: Nest) -> Store | None:
        """Return what a nest that does one thing stores, without scalars of its own; None where it does more."""
        *lets, last = nest.body
        inside, everywhere = readers(nest.body), readers(self.function.body)
        if not isinstance(last, Store) or any(inside[n] < everywhere[n] for s in lets for n in ir.binds(s)):
            return None
        for let in reversed(lets):
            if not isinstance(let, Let) or let.target in ir.names_in(let.value):
                return None
            last = replace(last, value=ir.substitute(last.value, {Name(let.target): let.value}))
        return last

    def is_shown(self, arrays: set[str], stmt: Stmt) -> bool:
        """Return whether arrays come from outside, or have another name where a statement stands."""
        stmts = self.function.body
        last = next((k for k, s in enumerate(stmts) if any(s is stmt for s in ir.statements((s,)))), len(stmts) - 1)
        params = set(self.function.params)
        return bool(arrays & params) or have_other_names(arrays, stmts[: last + 1], self.kinds)


def _alike(some: list[Range], others: list[Range], same: Same) -> bool:
    """Return whether ranges run through the same trips, or have none."""

    def trips(lo: Expr, hi: Expr) -> Expr:
        return clipped(Op("sub", (hi, lo)))

    pairs = list(zip(some, others, strict=False))
    return len(some) == len(others) and all(a[0] == b[0] and same(trips(*a), trips(*b)) for a, b in pairs)


def _within(inside: list[Range], nest: Nest) -> bool:
    """Return whether ranges are some trips less at both ends than those of a nest, or none."""
    pairs = [p for (lo, hi), o in zip(inside, nest.loops, strict=True) for p in ((lo, o.lo), (o.hi, hi))]
    return all(d.is_const and d.const >= 0 for d in (affine(e) - affine(f) for e, f in pairs))


def _compared(test: Expr) -> list[Range]:
    """Return the ranges of which a test tells that each has a trip."""
    if isinstance(test, Op) and test.fn == "and":
        return [r for part in test.args for r in _compared(part)]
    return [(test.args[0], test.args[1])] if isinstance(test, Op) and test.fn == "lt" else []


def _vanishes(e: Expr, frames: set[str]) -> bool:
    """Return whether an expression is zero where the elements of some arrays are."""
    if isinstance(e, Sub):
        return isinstance(e.base, Name) and e.base.id in frames
    if not isinstance(e, Op) or e.fn not in ("add", "sub", "mul", "neg"):
        return False
    found = [_vanishes(a, frames) for a in e.args]
    return any(found) if e.fn == "mul" else all(found)


@dataclass(frozen=True)
class _Interiors:
    """Assigns the gathers of a function inside."""

    known: Gathers

    def block(self, block: Block, equal: Equal) -> Block:
        """Return a block with its gathers assigned inside; `equal` tells of sizes around."""
        out: list[Stmt] = []
        for stmt in block:
            target = _target(stmt)
            place = next((k for k in range(len(out) - 1, -1, -1) if touches(out[k], target)), None) if target else None
            nest = perfect_nest(out[place]) if place is not None else None
            if target is None or place is None or nest is None or not clears(nest, target):
                more = equal | self.known.told_by(stmt) if isinstance(stmt, For) else equal
                out.append(ir.with_blocks(stmt, partial(self.block, equal=more)))
                continue
            gather = None if self.known.is_shown({target}, stmt) else self.known.find(stmt, nest, equal)
            if gather is None:
                out.append(stmt)
                continue
            ranges = ranges_of(nest)
            between = tuple(out[place + 1 :])
            if has_jumps(between) or ir.names_in(*(e for r in ranges for e in r)) & ir.bound_in(between):
                out.append(stmt)
                continue
            left = [s for s in nest.body if not (isinstance(s, Store) and s.base == target)]
            out[place : place + 1] = in_loops(nest.loops, ranges, left) if left else ()
            out.append(gather.assigned(target, gather.nest.cell()))
        return tuple(out)


def _target(stmt: Stmt) -> str | None:
    """Return the array that a statement may gather into."""
    last = stmt
    while isinstance(last, For | If):
        body = last.body if isinstance(last, For) else last.then
        if not body:
            return None
        last = body[-1]
    return last.base if isinstance(last, Store) and last is not stmt and last.op != "=" else None
