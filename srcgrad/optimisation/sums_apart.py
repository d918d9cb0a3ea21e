"""Sums whose order is free, in loops of their own beside loops that store.

A loop that stores compares where its arrays lie before it takes them in lanes (`sum_order.pairs_compared`); one that
only sums does not, and gives the same bits in every call.
"""

from __future__ import annotations

from functools import partial

from ..language import ir
from ..language.blocks import by_section
from ..language.ir import For, Kind, Let, Op, Stmt, Store
from ..language.sum_order import is_free
from ..switches import is_on
from .free_order import Around, free_order_in
from .split import split_loop


def part_sums(function: ir.Function, kinds: dict[str, Kind]) -> ir.Function:
    """Return the function with free sums of innermost loops that store as well in loops of their own.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.runtime import unordered
    >>> f = parse_text('''
    ... def f(a, b, n):
    ...     total = 0.0
    ...     for i in range(n):
    ...         b[i] = 2.0 * a[i]
    ...         total += unordered(b[i])
    ...     return total''', {"unordered": unordered})
    >>> print(emit(part_sums(f, {"a": Kind("float64", 1), "b": Kind("float64", 1)})))
    def f(a, b, n):
        total = 0.0
        for i in range(n):
            b[i] = 2.0 * a[i]
        for i in range(n):
            total += unordered(b[i])
        return total
    """
    if not is_on("sums"):
        return function
    is_free_order = free_order_in(function.body, {n for n, k in kinds.items() if k.rank})

    def block(stmts: ir.Block, around: Around) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            if isinstance(stmt, For) and _sums_and_stores(stmt):
                out += split_loop(stmt, lambda loop: is_free_order(loop, around))
            else:
                inside = (*around, stmt) if isinstance(stmt, For | ir.While) else around
                out.append(ir.with_blocks(stmt, partial(block, around=inside)))
        return tuple(out)

    return by_section(function, partial(block, around=()))


def _sums_and_stores(loop: For) -> bool:
    if loop.other or loop.parallel or not all(isinstance(s, Let | Store) for s in loop.body):
        return False
    sums = any(isinstance(s, Let) and isinstance(s.value, Op) and is_free(s.value) for s in loop.body)
    return sums and any(isinstance(s, Store) for s in loop.body)
