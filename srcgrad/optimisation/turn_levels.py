"""Loops over the last axis of arrays, taken inside of the loops of array expressions that stand in them.

`for k: X[:, k] = f(X[:, k - 1])` is lowered to a loop over a column inside of the loop over k, and every element is of
another line of memory. Where the elements of a column have nothing to do with each other, each row may be gone through
by itself: every element has the same operations in the same order, so that all bits stay, in reverse as well.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..analysis.dead_code import escaping_counters
from ..language import ir
from ..language.blocks import defined_first
from ..language.ir import Block, Const, For, Function, Kind, Let, Stmt, Store
from .joins import values_read
from .turn_columns import has_load, part_invariant, read_counts, strides, touch_their_own

STEPS = (Const(1), Const(-1))


def turn_levels(function: Function, kinds: dict[str, Kind]) -> Function:
    """Return the lowered function with loops that go through columns inside of those that go down them.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(X, r, n, m):
    ...     for t in range(1, m):
    ...         for i in range(n):
    ...             g = X[i, t - 1] * r[i]
    ...             X[i, t] = g + X[i, t - 1]
    ...     return X''')
    >>> loop = replace(f.body[0], body=(replace(f.body[0].body[0], made=True),))
    >>> kinds = {"X": Kind("float64", 2), "r": Kind("float64", 1), "g": Kind("float64")}
    >>> print(emit(turn_levels(replace(f, body=(loop, f.body[1])), kinds), comments=False))
    def f(X, r, n, m):
        for i in range(n):
            for t in range(1, m):
                g = X[i, t - 1] * r[i]
                X[i, t] = g + X[i, t - 1]
        return X
    """
    reads, read_later = read_counts(function.body), escaping_counters(function.body)

    def block(stmts: Block, around: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            read = read_later & {s.var for s in ir.statements((stmt,)) if isinstance(s, For)}
            new = _turned(stmt, reads, kinds, around) if isinstance(stmt, For) and not read else None
            out += new or [ir.with_blocks(stmt, partial(block, around=(*around, stmt)))]
        return tuple(out)

    return replace(function, body=block(function.body, ()))


def _turned(loop: For, reads, kinds: dict[str, Kind], around: Block) -> list[Stmt] | None:
    """Return a loop inside of the loops in it, behind what is the same in all its trips; None where it has to stay."""
    if loop.step not in STEPS or loop.other or loop.schedule is not None or loop.parallel or has_load(loop.lo, loop.hi):
        return None
    inside = read_counts((loop,))
    within = {n for n in ir.bound_in(loop.body) if reads[n] == inside[n] and defined_first(loop.body, n)}
    common, rest = part_invariant(loop, within)
    nest: list[For] = []
    while len(rest) == 1 and isinstance(rest[0], For):
        nest.append(rest[0])
        rest = rest[0].body
    if not nest or not all(isinstance(s, Let | Store) for s in rest) or not all(_is_steady(n, loop) for n in nest):
        return None
    if strides(rest, nest[-1].var) <= strides(rest, loop.var):
        return None
    turned = replace(loop, body=rest)
    for inner in reversed(nest):
        turned = replace(inner, body=(turned,))
        if not touch_their_own(turned, within | {inner.var, loop.var}, kinds, common, around):
            return None
    return [*common, turned]


def _is_steady(inner: For, outer: For) -> bool:
    """Return whether a loop of array expressions has the same range in all trips of the outer one."""
    if not inner.made or inner.step not in STEPS or inner.other or has_load(inner.lo, inner.hi):
        return False
    changing = ir.bound_in(outer.body) - {s.var for s in ir.statements(outer.body) if isinstance(s, For)}
    return not values_read(inner.lo, inner.hi) & (changing | ir.stored_in(outer.body) | {outer.var})
