"""Adjoints that a loop clears: numbers where one trip does all with them, assigned where a gather covers them."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.affine import affine
from ..language.blocks import touches
from ..language.ir import Const, Expr, For, If, Let, Name, Op, Stmt, Store, Sub


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


def assign_interiors(block) -> tuple[Stmt, ...]:
    """Return the block with gathers assigned where the loop before them only cleared their target.

    `X[i] = 0.0` over [lo, hi), then `X[i] += e` over more: the interior becomes `X[i] = e`, the ends keep the sum.
    Where the interior has no trip, the gather adds zeros.
    """
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, assign_interiors)
        before = out[-1] if out else None
        if isinstance(before, For) and isinstance(stmt, For):
            out[-1:] = _interior(before, stmt) or [before, stmt]
        elif isinstance(before, For) and isinstance(stmt, If) and _guards(stmt, before):
            (gather,) = stmt.then
            joined = _interior(before, gather) if isinstance(gather, For) else None
            out[-1:] = [before, stmt] if joined is None else [joined[0], replace(stmt, then=tuple(joined[1:]))]
        else:
            out.append(stmt)
    return tuple(out)


def _guards(guarded: If, loop: For) -> bool:
    """Return whether a statement does one thing, where a loop has trips."""
    return len(guarded.then) == 1 and not guarded.other and guarded.test == Op("lt", (loop.lo, loop.hi))


def _interior(clear: For, gather: For) -> list[Stmt] | None:
    """Return (the first loop without what clears, the gather in its range, the gather at both ends)."""
    if len(gather.body) != 1 or (clear.lo, clear.hi) == (gather.lo, gather.hi):
        return None
    add = gather.body[0]
    cell = (Name(clear.var),)
    if not isinstance(add, Store) or add.op == "=" or (add.index, gather.var) != (cell, clear.var):
        return None
    zeros = [s for s in clear.body if isinstance(s, Store) and s.base == add.base]
    reads = [e for s in clear.body for v in ir.exprs_of(s) for e in _elements_in(v) if e.base == Name(add.base)]
    plain = all(isinstance(s, Let | Store) for s in clear.body) and all(e.index == cell for e in reads)
    if len(zeros) != 1 or (zeros[0].op, zeros[0].value, zeros[0].index) != ("=", Const(0.0), cell) or not plain:
        return None
    if add.base in ir.names_in(add.value) or not _inside(clear, gather):
        return None
    after = clear.body[clear.body.index(zeros[0]) + 1 :]
    if any(add.base in ir.read_in((s,)) for s in after):
        return None
    value = add.value if add.op == "+=" else Op("neg", (add.value,))
    interior = replace(gather, lo=clear.lo, hi=clear.hi, body=(replace(add, op="=", value=value),))
    ends = [replace(gather, hi=clear.lo), replace(gather, lo=clear.hi)]
    ends = [e for e in ends if e.lo != e.hi]
    cleared = replace(clear, body=tuple(s for s in clear.body if s is not zeros[0]))
    return [cleared, interior, *ends]


def _inside(inner: For, outer: For) -> bool:
    low, high = affine(inner.lo) - affine(outer.lo), affine(outer.hi) - affine(inner.hi)
    return low.is_const and high.is_const and low.const >= 0 and high.const >= 0


def _elements_in(e: Expr) -> list[Sub]:
    return [x for x in ir.walk(e) if isinstance(x, Sub)]
