"""Adjoint loops turned so that memory is walked along rows.

`for j: s = ...; for i: A[i, j] += x[i] * s` walks down a column in its inner loop. What it adds is read by nothing else
in the loop over j, so that it may be added afterwards, in the other order, the values of s kept in a buffer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from ..language import ir
from ..language.affine import simplify_index
from ..language.ir import Block, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.kind import dtype_option


def walk_rows(block: Block, kinds: dict[str, Kind], fresh: ir.Fresh) -> Block:
    """Return the block of the backward part with inner loops that walk down columns turned.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(A_bar, x, g, n):
    ...     for j in range(n):
    ...         s = g[j] * 2.0
    ...         for i in range(n):
    ...             A_bar[i, j] += x[i] * s
    ...     return A_bar''')
    >>> print(emit(replace(f, body=walk_rows(f.body, {}, ir.Fresh(ir.all_names(f))))))
    def f(A_bar, x, g, n):
        s_all = np.empty(max(n, 0))
        for j in range(n):
            s = g[j] * 2.0
            s_all[j] = s
        for i in range(n):
            for j in range(n):
                A_bar[i, j] += x[i] * s_all[j]
        return A_bar
    """
    out: list[Stmt] = []
    for stmt in block:
        buffers: list[Stmt] = []
        new = _visit(stmt, (), kinds, fresh, buffers)
        out += [*buffers, *new]
    return tuple(out)


def _visit(stmt: Stmt, around: Block, kinds, fresh, buffers) -> list[Stmt]:
    if isinstance(stmt, For) and all(isinstance(s, Let | Store | For) for s in stmt.body):
        moved = [s for s in stmt.body if isinstance(s, For) and _gains(s, stmt) and _may_wait(s, stmt)]
        moved = [s for s in moved if not _uses_array_of(s, stmt, kinds)]
        size = length_outside(stmt, around)
        if moved and size is not None:
            return _turned(stmt, moved, size, kinds, fresh, buffers)
    if isinstance(stmt, If):
        return [stmt]
    inner = (*around, stmt)
    return [ir.with_blocks(stmt, lambda b: [n for s in b for n in _visit(s, inner, kinds, fresh, buffers)])]


def _gains(inner: For, outer: For) -> bool:
    """Return whether more elements stand next to each other along the outer loop; what is written counts twice."""
    if not all(isinstance(s, Store) and s.op != "=" for s in inner.body):
        return False
    reads = [e.index for s in inner.body for x in ir.exprs_of(s) for e in ir.walk(x) if isinstance(e, Sub)]
    writes = [s.index for s in inner.body if isinstance(s, Store)]
    last = [index[-1] for index in (*reads, *writes, *writes) if len(index) > 1]
    return last.count(Name(outer.var)) > last.count(Name(inner.var))


def _may_wait(inner: For, outer: For) -> bool:
    """Return whether a loop may run for all trips of the outer one after the rest of it has."""
    if inner.step != Const(1) or ir.names_in(inner.lo, inner.hi) & ir.bound_in((outer,)):
        return False
    rest = tuple(s for s in outer.body if s is not inner)
    read = ir.names_in(*(e for s in inner.body for e in ir.exprs_of(s)))
    stored = ir.stored_in(inner.body)
    return not stored & ir.read_in(rest) and not (read & (ir.stored_in(outer.body)))


def _uses_array_of(inner: For, outer: For, kinds) -> bool:
    """Return whether a loop uses an array that is bound in the present trip of the outer one, as its record."""
    used = ir.names_in(*(e for s in inner.body for e in ir.exprs_of(s))) & ir.bound_in(outer.body)
    return any(kinds[n].rank for n in used if n in kinds)


def length_outside(outer: For, around: Block) -> Expr | None:
    """Return the length of a buffer indexed by a loop's counter, where it is known before the loops around it."""
    bound = {n for s in around for n in ir.bound_in((s,))} | {outer.var}
    stored = {a for s in around for a in ir.stored_in((s,))}
    up = outer.step == Const(1) and isinstance(outer.lo, Const) and outer.lo.value >= 0
    down = outer.step == Const(-1) and isinstance(outer.hi, Const) and outer.hi.value >= -1
    if not up and not down or ir.names_in(outer.lo, outer.hi) & (bound | stored):
        return None
    size = outer.hi if up else simplify_index(Op("add", (outer.lo, Const(1))))
    return Op("max", (size, Const(0))) if not _is_size(size) else size


def _is_size(size: Expr) -> bool:
    return isinstance(size, Op) and size.fn in ("shape", "len", "size")


def _turned(outer: For, moved: list[For], size: Expr, kinds, fresh, buffers) -> list[Stmt]:
    counts = Counter(n for s in ir.statements(outer.body) if isinstance(s, Let) for n in ir.binds(s))
    names: dict[str, str] = {}
    body: list[Stmt] = []
    after: list[Stmt] = []
    lo, hi = outer.lo, outer.hi
    if outer.step == Const(-1):
        lo, hi = (simplify_index(Op("add", (e, Const(1)))) for e in (outer.hi, outer.lo))
    for stmt in outer.body:
        if not any(stmt is m for m in moved):
            body.append(stmt)
            continue
        assert isinstance(stmt, For)
        table: dict[Expr, Expr] = {}
        wanted = ir.names_in(*(e for s in stmt.body for e in ir.exprs_of(s)))
        for n in sorted(wanted & set(counts)):
            if n not in names or counts[n] > 1:
                names[n] = fresh(f"{n}_all")
                kind = kinds.get(n, Kind("float64"))
                buffers.append(Let(names[n], Op("np.empty", (size,), dtype_option(kind.dtype))))
                body.append(Store(names[n], (Name(outer.var),), Name(n), "=", stmt.body[0].loc))
            table[Name(n)] = Sub(Name(names[n]), (Name(outer.var),))
        adds = tuple(ir.with_exprs(s, partial(ir.substitute, table=table)) for s in stmt.body)
        nest = replace(stmt, body=(replace(outer, lo=lo, hi=hi, step=Const(1), body=adds),))
        after.append(nest)
    return [replace(outer, body=tuple(body)), *after]
