"""Array parameters: copied where they are bound anew, checked to lie apart where they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..analysis.aliases import changed, shown_by
from ..errors import BROADCAST, BROADCAST_ONCE, SQUEEZED, UnsupportedError, problem_at
from ..language import ir
from ..language.blocks import rename_block, updates
from ..language.ir import Const, If, Kind, Let, Name, Op, Stmt, Store


def apart_checks(function: ir.Function, kinds: dict[str, Kind]) -> list[Stmt]:
    """Return checks that array arguments that are written share no memory with others."""
    stored = changed(function, kinds)
    stored |= {p for p, own in owned(function).items() if own in stored}
    params = [p for p in function.params if kinds[p].rank]
    checks: list[Stmt] = []
    for p in params:
        for q in params:
            if p in stored and p != q and not (q in stored and q < p):
                message = Const(f"{p} is written and shares memory with {q}")
                stop = ir.Raise("ValueError", (message,), function.loc)
                checks.append(If(Op("overlap", (Name(p), Name(q))), (stop,), (), function.loc))
    return checks


def own_rebound_params(function: ir.Function, kinds: dict[str, Kind], keep_args: bool = False) -> ir.Function:
    """Return the function with array parameters that are bound anew copied into a name of their own.

    Where such a parameter may be written before it is bound anew the caller would have to see some writes and not
    others: refused, unless arguments are kept as they are anyway.
    """
    bound = {n for s in ir.statements(function.body) if binds_anew(s) for n in ir.binds(s)}
    fresh, table, copies = ir.Fresh(ir.all_names(function)), {}, []
    for p in (*function.params, *(n for n, _ in function.captured)):
        if p not in bound or not kinds[p].rank:
            continue
        written_first = None if keep_args else _first_write(function.body, p, kinds)[1]
        if written_first is not None:
            raise UnsupportedError(problem_at(written_first.loc, f"the argument {p!r} is written and bound anew",
                                              f"copy it first: {p}_own = {p}.copy()"))  # fmt: skip
        table[p] = fresh(p)
        copies.append(Let(table[p], Op("copy", (Name(p),), (("own", True),)), function.loc))
    return replace(function, body=(*copies, *rename_block(function.body, table)))


def _first_write(block: ir.Block, param: str, kinds: dict[str, Kind], passed: bool = True) -> tuple[bool, Store | None]:
    """Return whether a name may still be the argument behind a block, and a store that may write into that."""
    for stmt in block:
        if isinstance(stmt, Store) and stmt.base == param and passed:
            return passed, stmt
        inside = [_first_write(b, param, kinds, passed) for b in ir.blocks_of(stmt)]
        found = next((store for _, store in inside if store is not None), None)
        if found is not None:
            return passed, found
        after = [left for left, _ in inside]
        if isinstance(stmt, If):
            passed = any(after)
        elif inside:
            passed = passed or any(after)
        elif param in ir.binds(stmt) and binds_anew(stmt):
            shown = shown_by(stmt.value, kinds) if isinstance(stmt, Let) else {param}
            passed = bool(shown - {param}) or passed and param in shown
    return passed, None


def owned(function: ir.Function) -> dict[str, str]:
    """Return for the parameters that `own_rebound_params` copied the names of their copies."""
    copies = [s for s in function.body if isinstance(s, Let) and isinstance(s.value, Op) and s.value.option("own")]
    return {n: s.target for s in copies for n in ir.names_in(s.value)}


def with_axes_of_one(function: ir.Function, axes: Iterable[tuple[int, int]]) -> ir.Function:
    """Return the function with checks first that axes of its arguments have one element, as is known from then on.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> print(emit(with_axes_of_one(parse_text("def f(a):\\n    return a"), [(0, 1)]), comments=False))
    def f(a):
        if a.shape[1] != 1:
            raise ValueError('operands could not be broadcast together: lengths', a.shape[1], 1, '<text>:1')
        return a
    """
    where = (Const(function.loc.place),) if function.loc is not None else ()
    checks: list[Stmt] = []
    for k, axis in axes:
        size = Op("shape", (Name(function.params[k]),), (("axis", axis),))
        stop = ir.Raise("ValueError", (Const(BROADCAST), size, Const(1), *where), function.loc)
        checks.append(If(Op("ne", (size, Const(1))), (stop,), (), function.loc))
    return replace(function, body=(*checks, *function.body))


def compared_axes(function: ir.Function) -> list[tuple[int, int] | None]:
    """Return the (argument, axis) whose sizes have to fit others in broadcasts; with None where other sizes have to.

    Among them are those that `squeeze` takes away where they have one element.

    >>> from srcgrad.parsing.function import parse_text
    >>> compared_axes(parse_text(f'''
    ... def f(a, b):
    ...     if a.shape[0] != b.shape[1]:
    ...         raise ValueError({BROADCAST!r}, a.shape[0], b.shape[1])
    ...     return a'''))
    [(0, 0), (1, 1)]
    """
    place = {n: k for k, n in enumerate(function.params)}
    place |= {own: place[p] for p, own in owned(function).items() if p in place}
    found: dict[tuple[int, int] | None, None] = {}
    for test in (s for s in ir.statements(function.body) if isinstance(s, If) and is_squeezed(s)):
        for e in ir.children(test.test):
            if _place(e, place) is not None:
                found[_place(e, place)] = None
    for stop in (s for s in ir.statements(function.body) if isinstance(s, ir.Raise) and s.args):
        sizes = [e for e in stop.args[1:3] if not isinstance(e, Const)]
        if stop.args[0] not in (Const(BROADCAST), Const(BROADCAST_ONCE)):
            continue
        if sizes and isinstance(sizes[0], Name) and stop.args[2] == Const(1):
            continue  # no more than one
        for e in sizes:
            found[_place(e, place)] = None
    return list(found)


def is_squeezed(stmt: If) -> bool:
    """Return whether a statement raises where an axis has one element that `squeeze` would have to take away."""
    stop = stmt.then[0] if stmt.then else None
    text = stop.args[0].value if isinstance(stop, ir.Raise) and stop.args and isinstance(stop.args[0], Const) else ""
    return str(text).startswith(SQUEEZED)


def _place(size: ir.Expr, place: dict[str, int]) -> tuple[int, int] | None:
    """Return the (argument, axis) that a size is of, None where it is another."""
    if not (isinstance(size, Op) and size.fn == "shape" and isinstance(size.args[0], Name)):
        return None
    k = place.get(size.args[0].id)
    return None if k is None else (k, size.option("axis", 0))


def binds_anew(stmt: Stmt) -> bool:
    """Return whether a statement binds names, and does not only write into the arrays that they stand for."""
    return isinstance(stmt, ir.Unpack) or (isinstance(stmt, Let) and not updates(stmt))
