"""Array parameters: copied where they are bound anew, checked to lie apart where they are written."""

from __future__ import annotations

from dataclasses import replace

from . import ir
from .aliases import written
from .blocks import rename_block, updates
from .errors import UnsupportedError, problem_at
from .ir import Const, If, Kind, Let, Name, Op, Stmt, Store


def apart_checks(function: ir.Function, kinds: dict[str, Kind]) -> list[Stmt]:
    """Return checks that array arguments that are written share no memory with others."""
    stored = written(function, kinds)
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

    Where such a parameter is also written the caller would have to see some writes and not others: refused, unless
    arguments are kept as they are anyway.
    """
    bound = {n for s in ir.statements(function.body) if binds_anew(s) for n in ir.binds(s)}
    fresh, table, copies = ir.Fresh(ir.all_names(function)), {}, []
    for p in (*function.params, *(n for n, _ in function.captured)):
        if p not in bound or not kinds[p].rank:
            continue
        if p in ir.stored_in(function.body) and not keep_args:
            loc = next(s.loc for s in ir.statements(function.body) if isinstance(s, Store) and s.base == p)
            raise UnsupportedError(problem_at(loc, f"the argument {p!r} is written and bound anew",
                                              f"copy it first: {p}_own = {p}.copy()"))  # fmt: skip
        table[p] = fresh(p)
        copies.append(Let(table[p], Op("copy", (Name(p),), (("own", True),)), function.loc))
    return replace(function, body=(*copies, *rename_block(function.body, table)))


def owned(function: ir.Function) -> dict[str, str]:
    """Return for the parameters that `own_rebound_params` copied the names of their copies."""
    copies = [s for s in function.body if isinstance(s, Let) and isinstance(s.value, Op) and s.value.option("own")]
    return {n: s.target for s in copies for n in ir.names_in(s.value)}


def binds_anew(stmt: Stmt) -> bool:
    """Return whether a statement binds names, and does not only write into the arrays that they stand for."""
    return isinstance(stmt, ir.Unpack) or (isinstance(stmt, Let) and not updates(stmt))
