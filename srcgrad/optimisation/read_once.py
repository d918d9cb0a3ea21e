"""Read a choice of elements where it is summed up, if that is all that is done with it.

`chosen = a[mask]` makes a list of places; a sum over `a[mask]` is a loop with a test.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from ..language import ir
from ..language.ir import Block, Expr, Function, Let, Name, Op, Stmt, Sub

SUMS = ("np.sum", "np.mean")
TESTS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "bitand", "bitor", "bitxor", "invert", "not", "np.isnan",
                   "np.isfinite", "np.logical_and", "np.logical_or", "np.logical_not", "np.logical_xor"})  # fmt: skip


def read_in_place(function: Function) -> Function:
    """Return the function with choices read in the sum of the next statement, where nothing else reads them.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b):
    ...     chosen = a[b > 0]
    ...     total = 2.0 * np.sum(chosen)
    ...     return total''')
    >>> print(emit(read_in_place(f)))
    def f(a, b):
        total = 2.0 * np.sum(a[b > 0])
        return total
    """
    reads = Counter(e.id for s in ir.statements(function.body) for e in ir.walk(*ir.exprs_of(s)) if isinstance(e, Name))
    bound = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    once = {n for n, k in reads.items() if k == 1 and bound[n] == 1} - ir.stored_in(function.body)
    lets = [s for s in ir.statements(function.body) if isinstance(s, Let)]
    masks = {s.target for s in lets if bound[s.target] == 1 and _is_test(s.value)} - ir.stored_in(function.body)
    choices = {s.target for s in lets if s.target in once and _is_choice(s.value, masks)}
    return replace(function, body=_block(function.body, choices)) if choices else function


def _block(block: Block, once: set[str]) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, lambda b: _block(b, once))
        before = out[-1] if out else None
        if isinstance(before, Let) and before.target in once and not ir.blocks_of(stmt):
            read = ir.with_exprs(stmt, partial(_summed, name=before.target, value=before.value))
            if read != stmt:
                out[-1] = read
                continue
        out.append(stmt)
    return tuple(out)


def _is_test(value: Expr) -> bool:
    return isinstance(value, Op) and value.fn in TESTS


def _is_choice(value: Expr, masks: set[str]) -> bool:
    """Return whether a value is `a[mask]`; what a list of places chooses is read where it stands, and checked there."""
    index = value.index if isinstance(value, Sub) else ()
    return len(index) == 1 and (_is_test(index[0]) or isinstance(index[0], Name) and index[0].id in masks)


def _summed(e: Expr, name: str, value: Expr) -> Expr:
    if isinstance(e, Op) and e.fn in SUMS and e.args == (Name(name),):
        return replace(e, args=(value,))
    return ir.rebuild(e, lambda part: _summed(part, name, value))
