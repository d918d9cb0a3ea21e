"""Indices that go round, without a division for every trip.

`x[(i - 1) % n]` in a loop over all n goes round once. A compiler computes the remainder in every trip, and takes one
trip after the other; `x[i - 1 if i > 0 else n - 1]` is a choice between two places, which vectorises. Where an index
goes round by more than one, the trip at which it begins anew is computed before the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import affine
from ..language.blocks import by_section, is_innermost
from ..language.ir import Const, Expr, For, If, Let, Name, Op, Select, Stmt, Store, Sub

ZERO, ONE = Const(0), Const(1)


def choose_turns(function: ir.Function, sizes: dict[str, tuple[Expr, ...]]) -> ir.Function:
    """Return the function with remainders in indices of innermost loops as choices, where these go round once.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, y, n, k):
    ...     for i in range(n):
    ...         y[i] = x[(i - 1) % n] + x[(i + 1) % n]
    ...     for i in range(n):
    ...         y[i] += x[(i + k) % n]
    ...     return y''')
    >>> print(emit(choose_turns(f, {}), comments=False))
    def f(x, y, n, k):
        for i in range(n):
            y[i] = x[i - 1 if i > 0 else n - 1] + x[i + 1 if i + 1 < n else 0]
        turn = -k % max(n, 1)
        for i in range(n):
            y[i] += x[i - turn if i >= turn else i + n - turn]
        return y
    """
    same = Known(function.body, sizes).same
    fresh = ir.Fresh(ir.all_names(function))

    def block(stmts) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            if isinstance(stmt, For) and is_innermost(stmt):
                turns = _Turns(stmt, same, fresh)
                loop = ir.with_blocks(stmt, turns.block)
                out += [*turns.before.values(), loop]
            else:
                out.append(ir.with_blocks(stmt, block))
        return tuple(out)

    return by_section(function, block)


class _Turns:
    """The remainders in the indices of one loop, and what has to stand before it."""

    def __init__(self, loop: For, same: Callable[[Expr, Expr], bool], fresh: ir.Fresh):
        self.loop, self.same, self.fresh = loop, same, fresh
        self.before: dict[Expr, Let] = {}
        self.changing = ir.bound_in((loop,)) | ir.stored_in(loop.body)
        rises = loop.step == ONE and isinstance(loop.lo, Const) and loop.lo.value >= 0
        falls = loop.step == Const(-1) and isinstance(loop.hi, Const) and loop.hi.value >= -1
        self.end = loop.hi if rises else Op("add", (loop.lo, ONE)) if falls else None
        self.moves = loop.var in ir.bound_in(loop.body)

    def block(self, stmts) -> tuple[Stmt, ...]:
        return tuple(self.stmt(s) for s in stmts)

    def stmt(self, stmt: Stmt) -> Stmt:
        if self.end is None or self.moves:
            return stmt
        stmt = ir.with_exprs(stmt, self.expr)
        if isinstance(stmt, Store):
            stmt = replace(stmt, index=tuple(map(self.index, stmt.index)))
        return ir.with_blocks(stmt, self.block) if isinstance(stmt, If) else stmt

    def expr(self, e: Expr) -> Expr:
        e = ir.rebuild(e, self.expr)
        return replace(e, index=tuple(map(self.index, e.index))) if isinstance(e, Sub) else e

    def index(self, e: Expr) -> Expr:
        """Return an index with a choice for its remainder, where that goes round once in the loop."""
        if not (isinstance(e, Op) and e.fn == "mod"):
            return e
        place, modulus = e.args
        counter = Name(self.loop.var)
        distance = affine(place) - affine(counter)
        assert self.end is not None
        if (distance.names | ir.names_in(modulus)) & self.changing or not self.same(modulus, self.end):
            return e
        if any(isinstance(x, Sub) for x in ir.walk(*distance.terms)):
            return e  # where there is no trip there may be no such element
        if distance.is_const and distance.const == 0:
            return counter
        if distance.is_const and distance.const == -1:
            return Select(Op("gt", (counter, ZERO)), place, Op("sub", (modulus, ONE)))
        if distance.is_const and distance.const == 1:
            return Select(Op("lt", (place, modulus)), place, ZERO)
        start = Op("mod", ((distance * -1).expr(), Op("max", (modulus, ONE))))
        if start not in self.before:
            self.before[start] = Let(self.fresh("turn"), start, self.loop.loc)
        turn = Name(self.before[start].target)
        here, anew = (Op("sub", (e, turn)) for e in (counter, Op("add", (counter, modulus))))
        return Select(Op("ge", (counter, turn)), here, anew)
