"""Loops whose indices go round at both ends, as a loop over what lies between and one over the ends.

`y[i] = x[(i - 1) % n] + x[(i + 1) % n]` reads neighbours, but for the first and the last trip. A compiler sees
remainders and takes one trip after the other; between the ends indices are plain, and it takes trips in lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import affine, simplify_index
from ..language.blocks import by_section
from ..language.ir import Const, Expr, For, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.sum_order import is_free, only_summed
from .free_order import Around, IsFree, free_order_in

ZERO, ONE = Const(0), Const(1)
MOST = 20  # statements of a loop, to stand in the text twice


def part_ends(function: ir.Function, kinds: dict[str, Kind], sizes: dict[str, tuple[Expr, ...]]) -> ir.Function:
    """Return the function with the ends of innermost loops whose indices go round in loops of their own.

    Loops that add up something stay: the value would not have the same bits in all modes.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, y, n):
    ...     for i in range(n):
    ...         y[i] = x[(i - 1) % n] + x[(i + 1) % n]
    ...     return y''')
    >>> print(emit(part_ends(f, {"x": Kind("float64", 1), "y": Kind("float64", 1)}, {})))
    def f(x, y, n):
        for i in range(1, n - 1):
            y[i] = x[i - 1] + x[i + 1]
        for i in range(0, n, max(n - 1, 1)):
            y[i] = x[(i - 1) % n] + x[(i + 1) % n]
        return y
    """
    same = Known(function.body, sizes).same
    is_free_order = free_order_in(function.body, {n for n, k in kinds.items() if k.rank})

    def is_free(loop: For, around: Around) -> bool:
        return not only_summed(loop.body) and is_free_order(loop, around)

    return by_section(function, lambda block: ends_apart(block, same, is_free))


def ends_apart(block, same: Callable[[Expr, Expr], bool], is_free_order: IsFree, around: Around = ()) -> ir.Block:
    """Return the block with such loops parted; `same` tells whether two sizes are equal."""
    out: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, For) and _goes_round(stmt, same) and is_free_order(stmt, around):
            out += _parted(stmt)
            continue
        inside = (*around, stmt) if isinstance(stmt, For | ir.While) else around
        out.append(ir.with_blocks(stmt, partial(ends_apart, same=same, is_free_order=is_free_order, around=inside)))
    return tuple(out)


def _goes_round(loop: For, same) -> bool:
    """Return whether indices of a loop over a whole axis are one off its counter, modulo the size of the axis."""
    if len(loop.body) > MOST or not all(isinstance(s, Let | Store) for s in loop.body):
        return False
    if (loop.lo, loop.step) != (ZERO, ONE) or loop.other or loop.schedule or loop.parallel:
        return False
    changing = ir.bound_in((loop,)) | ir.stored_in(loop.body)
    if ir.names_in(loop.hi) & changing or not _sums_are_free(loop):
        return False
    found = False
    for e in _indices(loop.body):
        distance = affine(e) - affine(Name(loop.var))
        if distance.is_const:
            found |= distance.const == -1
            if distance.const < -1:
                return False
        turns = [p for p in ir.walk(e) if isinstance(p, Op) and p.fn == "mod" and ir.names_in(p) & changing]
        for part in turns:
            place, modulus = part.args
            distance = affine(place) - affine(Name(loop.var))
            if part is not e or not distance.is_const or abs(distance.const) > 1 or not same(modulus, loop.hi):
                return False
            found = True
    return found


def _sums_are_free(loop: For) -> bool:
    """Return whether what a loop adds up may be added in any order."""
    sums = only_summed(loop.body)
    added = [s.value for s in loop.body if isinstance(s, Let) and s.target in sums]
    return all(isinstance(value, Op) and is_free(value) for value in added)


def _indices(block) -> Iterator[Expr]:
    for s in block:
        if isinstance(s, Store):
            yield from s.index
        for e in ir.walk(*ir.exprs_of(s)):
            if isinstance(e, Sub):
                yield from e.index


def _parted(loop: For) -> list[Stmt]:
    """Return the trips between the ends, where indices are plain, and those at the ends."""
    last = simplify_index(Op("sub", (loop.hi, ONE)))
    between = replace(loop, lo=ONE, hi=last, body=tuple(_plain(s, loop.var) for s in loop.body))
    return [between, replace(loop, step=Op("max", (last, ONE)))]


def _plain(stmt: Stmt, var: str) -> Stmt:
    """Return a statement with places in its indices in place of their remainders."""

    def place(e: Expr) -> Expr:
        return e.args[0] if isinstance(e, Op) and e.fn == "mod" and var in ir.names_in(e.args[0]) else e

    def one(e: Expr) -> Expr:
        e = ir.rebuild(e, one)
        return replace(e, index=tuple(map(place, e.index))) if isinstance(e, Sub) else e

    stmt = ir.with_exprs(stmt, one)
    return replace(stmt, index=tuple(map(place, stmt.index))) if isinstance(stmt, Store) else stmt
