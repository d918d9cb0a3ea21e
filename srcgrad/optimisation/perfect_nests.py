"""Loops that stand in each other with nothing between them, and the statements in the innermost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from ..language import ir
from ..language.affine import affine, simplify_index, trips_from_zero
from ..language.ir import Const, Expr, For, Let, Name, Op, Stmt, Store, Sub


@dataclass(frozen=True)
class Nest:
    """A perfect nest: its loops from outside in, and what the innermost does: stores, and scalars they use."""

    loops: tuple[For, ...]
    body: tuple[Let | Store, ...]

    def cell(self) -> tuple[Expr, ...]:
        """Return the index that is the counters of the loops."""
        return tuple(Name(loop.var) for loop in self.loops)


def perfect_nest(stmt: Stmt) -> Nest | None:
    """Return the nest that a loop is, with loops upward by one; None where it is none."""
    if not isinstance(stmt, For):
        return None
    loops = [stmt]
    while len(loops[-1].body) == 1 and isinstance(loops[-1].body[0], For):
        loops.append(loops[-1].body[0])
    body = tuple(s for s in loops[-1].body if isinstance(s, Let | Store))
    if len(body) < len(loops[-1].body) or any(loop.step != Const(1) for loop in loops):
        return None
    return Nest(tuple(loops), body)


def in_loops(loops: Sequence[For], ranges: Sequence[tuple[Expr, Expr]], body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    """Return statements in loops like those given, over other ranges."""
    inside = tuple(body)
    for loop, (lo, hi) in zip(reversed(loops), reversed(ranges), strict=True):
        inside = (replace(loop, lo=lo, hi=hi, body=inside),)
    return inside


def covers(loops: Sequence[For], array: str, same: Callable[[Expr, Expr], bool]) -> bool:
    """Return whether the counters of loops go through all elements of an array; `same` compares sizes."""
    trips = [trips_from_zero(loop) for loop in loops]
    shape = [Op("shape", (Name(array),), (("axis", d),)) for d in range(len(loops))]
    return all(n is not None and same(n, size) for n, size in zip(trips, shape, strict=True))


def each_has_a_trip(ranges: Sequence[tuple[Expr, Expr]]) -> Expr:
    """Return the test whether each of some ranges has a trip."""
    first, *others = (Op("lt", r) for r in ranges)
    return reduce(lambda test, one: Op("and", (test, one)), others, first)


def at_end(loop: For, lo: Expr, hi: Expr) -> Stmt | None:
    """Return a loop over other trips: what it does, where it has one; nothing where it has none."""
    count = affine(hi) - affine(lo)
    if count == affine(Const(0)):
        return None
    if count != affine(Const(1)) or len(loop.body) != 1:
        return replace(loop, lo=lo, hi=hi)
    return _at(loop.body[0], {Name(loop.var): lo})


def _at(stmt: Stmt, counters: dict[Expr, Expr]) -> Stmt:
    """Return a statement with values of counters in their place."""
    stmt = ir.with_exprs(stmt, lambda e: _settled(ir.substitute(e, counters)))
    return ir.with_blocks(stmt, lambda b: [_at(s, counters) for s in b])


def _settled(e: Expr) -> Expr:
    """Return an expression with its indices in their shortest form."""
    if isinstance(e, Sub):
        return replace(e, index=tuple(map(simplify_index, e.index)))
    return ir.rebuild(e, _settled)
