"""Adjoints that a loop clears become numbers where one trip does all with them."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.blocks import touches
from ..language.ir import Const, Expr, For, Let, Name, Op, Stmt, Store, Sub


def scratch_to_scalars(block, fresh: ir.Fresh) -> tuple[Stmt, ...]:
    """Return the block with adjoints that are zero before and after every use of one loop body kept in a scalar.

    `B[i] += e; ... B[i] ...; B[i] = 0.0`, where B was allocated as zeros and no other loop touches it.
    """
    out = list(block)
    for k, stmt in enumerate(out):
        if not (isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn.startswith("np.zeros")):
            continue
        touching = [j for j in range(k + 1, len(out)) if touches(out[j], stmt.target)]
        if touching and isinstance(out[touching[0]], For):
            out[touching[0]] = _scalarised(out[touching[0]], stmt.target, fresh)
    return tuple(out)


def _scalarised(stmt: For, array: str, fresh) -> For:
    touching = [s for s in stmt.body if touches(s, array)]
    if len(touching) == 1 and isinstance(touching[0], For):
        inner = _scalarised(touching[0], array, fresh)
        return replace(stmt, body=tuple(inner if s is touching[0] else s for s in stmt.body))
    stores = [s for s in touching if isinstance(s, Store)]
    if not all(isinstance(s, Store) for s in stmt.body) or len(stores) < 3:
        return stmt
    first, *between, last = stores
    opens = first.base == array and first.op == "+=" and Name(array) not in [*map(_base, _elements_in(first.value))]
    closes = last.base == array and last.op == "=" and last.value == Const(0.0)
    cells = {e.index for s in touching for v in ir.exprs_of(s) for e in _elements_in(v) if e.base == Name(array)}
    if not (opens and closes and cells <= {first.index} and last.index == first.index):
        return stmt
    if any(s.base == array for s in between):
        return stmt
    name = fresh("seed")
    cell = Sub(Name(array), first.index)
    body: list[Stmt] = []
    for s in stmt.body:
        if s is first:
            body.append(Let(name, s.value, s.loc))
        elif s is not last:
            body.append(ir.with_exprs(s, lambda e: ir.substitute(e, {cell: Name(name)})))
    return replace(stmt, body=tuple(body))


def _base(e: Sub) -> Expr:
    return e.base


def _elements_in(e: Expr) -> list[Sub]:
    return [x for x in ir.walk(e) if isinstance(x, Sub)]
