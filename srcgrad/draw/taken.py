"""Gates as the path that is taken needs them: without names that it does not bind, with lists that begin empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Expr, Let, Name, Op, Return, Select


def without_unbound(gate: ir.Function, unbound: set[str], is_true: Callable[[Expr], bool]) -> ir.Function:
    """Return a gate that does not read what is not bound, as far as its tests leave these names unread.

    Raises
    ------
    UnboundLocalError
        If it reads one of them.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def gate(first, v, best):\\n    return first or v < best")
    >>> print(emit(without_unbound(f, {"best"}, lambda e: True), comments=False))
    def gate(first, v, best):
        return True
    """
    *before, last = gate.body
    read = unbound & ir.read_in(tuple(before))
    if read or not isinstance(last, Return):
        raise _unbound(min(read or unbound))
    return replace(gate, body=(*before, replace(last, value=_taken(last.value, unbound, is_true))))


def _taken(expr: Expr, unbound: set[str], is_true) -> Expr:
    if not unbound & ir.names_in(expr):
        return expr
    if isinstance(expr, Name):
        raise _unbound(expr.id)
    if isinstance(expr, Select):
        return _taken(expr.then if is_true(_taken(expr.test, unbound, is_true)) else expr.other, unbound, is_true)
    if isinstance(expr, Op) and expr.fn in ("and", "or"):
        ends = expr.fn == "or"
        for side in expr.args[:-1]:
            if is_true(_taken(side, unbound, is_true)) is ends:
                return Const(ends)
        return _taken(expr.args[-1], unbound, is_true)
    return ir.rebuild(expr, lambda e: _taken(e, unbound, is_true))


def _unbound(name: str) -> UnboundLocalError:
    return UnboundLocalError(f"{name} is not bound on this path")


def with_empty_lists(gate: ir.Function, empty: set[str]) -> ir.Function:
    """Return a gate that makes the buffers of lists itself which are empty before it: what it puts in tells their size.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def gate(x, n):\\n    rows = []\\n    for k in range(n): rows.append(x)\\n    return rows[0]")
    >>> cut = replace(f, params=("x", "n", "rows"), body=f.body[1:])
    >>> print(emit(with_empty_lists(cut, {"rows"}), comments=False))
    def gate(x, n, rows):
        rows = list()
        rows_count = 0
        for k in range(n):
            rows = grow(rows) if rows_count == rows.shape[0] else rows
            rows[rows_count] = x
            rows_count += 1
        return head(rows, rows_count)[0]
    """
    made = tuple(Let(n, Op("list", (), (), gate.loc), gate.loc) for n in gate.params if n in empty)
    return replace(gate, body=(*made, *gate.body))
