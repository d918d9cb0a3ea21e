"""Read records where they are kept: an array that a reverse puts back only to read it is not put back.

`u[i] = u_rec[t, i]` for all i, and then reads of u: these become reads of the record. What was to wait until all of u
is there need not wait, and joins the loop before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..analysis.access import reads_elements
from ..analysis.aliases import have_other_names
from ..analysis.dead_code import escaping_counters
from ..analysis.equalities import Known, told_in_loops, with_told_sizes
from ..language import ir
from ..language.affine import trips_from_zero, unclipped
from ..language.blocks import by_section
from ..language.ir import Block, Expr, For, Kind, Let, Name, Op, Stmt, Store, Sub
from .adjoint_joins import Sizes, made_sizes


def read_records(function: ir.Function, kinds: dict[str, Kind], sizes: Sizes) -> ir.Function:
    """Return the function with reads of records in its backward part where these would only be copied first.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(u0, g, n):
    ...     u = u0.copy()
    ...     u_rec = np.empty((n, u.shape[0]))
    ...     for t in range(n - 1, -1, -1):
    ...         for i in range(u.shape[0]):
    ...             u[i] = u_rec[t, i]
    ...         for i in range(1, u.shape[0]):
    ...             g[i] *= u[i - 1]
    ...     return g''')
    >>> kinds = {"u0": Kind("float64", 1), "u": Kind("float64", 1), "u_rec": Kind("float64", 2)}
    >>> kept = read_records(replace(f, sections=((2, "backward"),)), kinds, {})
    >>> print(emit(kept, comments=False))
    def f(u0, g, n):
        u = u0.copy()
        u_rec = np.empty((n, u.shape[0]))
        for t in range(n - 1, -1, -1):
            for i in range(1, u.shape[0]):
                g[i] *= u_rec[t, i - 1]
        return g
    """
    start = {title: k for k, title in function.sections}.get("backward")
    if start is None:
        return function
    told = told_in_loops(function.body[:start])
    sizes = made_sizes(function.body, kinds, sizes)
    backward = with_told_sizes(function.body[start:], told, Known(function.body, sizes))
    tried: set[str] = set()
    while (put := next((p for p in _puts_back(backward) if p.array not in tried), None)) is not None:
        tried.add(put.array)
        arrays = {put.array, put.record}
        apart = not arrays & set(function.params) and not have_other_names(arrays, function.body, kinds)
        known = Known(function.body, sizes, {k: v for loc in put.around for k, v in told.get(loc, {}).items()})
        if apart and put.covers(known, sizes) and put.stays(backward):
            backward = _read_where_kept(put, backward)
    whole = replace(function, body=(*function.body[:start], *backward))
    read_later = escaping_counters(whole.body)
    return by_section(whole, lambda block: _without_empty_loops(block, read_later))


@dataclass(frozen=True)
class _PutBack:
    """A nest in a block that puts an array back, element by element, from a row of its record."""

    block: Block
    nest: tuple[For, ...]
    store: Store
    around: tuple[ir.Loc, ...]  # the places of the loops around

    @property
    def array(self) -> str:
        return self.store.base

    @property
    def source(self) -> Sub:
        assert isinstance(self.store.value, Sub)
        return self.store.value

    @property
    def record(self) -> str:
        assert isinstance(self.source.base, Name)
        return self.source.base.id

    @property
    def row(self) -> tuple[Expr, ...]:
        """The places of the record's leading axes."""
        return self.source.index[: -len(self.nest)]

    def covers(self, known: Known, sizes: Sizes) -> bool:
        """Return whether every element is put back, from a row of the size of the array."""
        rows = sizes.get(self.record, ())[len(self.row) :]
        if len(rows) != len(self.nest):
            return False
        for d, (loop, length) in enumerate(zip(self.nest, rows, strict=True)):
            size = Op("shape", (Name(self.array),), (("axis", d),))
            trips = trips_from_zero(loop)
            if trips is None or not known.same(trips, size) or not known.same(unclipped(length), size):
                return False
        return True

    def stays(self, backward: Block) -> bool:
        """Return whether nothing else writes the array or its record, whose row is the same for all of the block."""
        stores = [s for s in ir.statements(backward) if isinstance(s, Store) and s.base in (self.array, self.record)]
        bound = {self.array, self.record} & ir.bound_in(backward)
        moving = ir.names_in(*self.row) & ir.bound_in(self.block)
        loads = any(isinstance(e, Sub) for e in ir.walk(*self.row))
        return len(stores) == 1 and not (bound or moving or loads)


def _puts_back(block: Block, around: tuple[ir.Loc, ...] = ()) -> Iterator[_PutBack]:
    for stmt in block:
        if isinstance(stmt, For):
            yield from _in_nest(block, (stmt,), around)
        inside = (*around, stmt.loc) if isinstance(stmt, For) and stmt.loc is not None else around
        for inner in ir.blocks_of(stmt):
            yield from _puts_back(inner, inside)


def _in_nest(block: Block, nest: tuple[For, ...], around: tuple[ir.Loc, ...]) -> Iterator[_PutBack]:
    cell = tuple(Name(loop.var) for loop in nest)
    for stmt in nest[-1].body:
        if isinstance(stmt, For):
            yield from _in_nest(block, (*nest, stmt), around)
        elif isinstance(stmt, Store) and (stmt.op, stmt.index) == ("=", cell) and isinstance(stmt.value, Sub):
            source = stmt.value
            kept = len(source.index) > len(cell) and source.index[-len(cell) :] == cell
            if kept and isinstance(source.base, Name) and source.base.id != stmt.base:
                yield _PutBack(block, nest, stmt, around)


def _read_where_kept(put: _PutBack, backward: Block) -> Block:
    """Return the backward part without what puts an array back, if all that is read of it then is in the record."""

    def read(e: Expr) -> Expr:
        e = ir.rebuild(e, read)
        if isinstance(e, Sub) and e.base == Name(put.array) and len(e.index) == len(put.nest):
            return replace(e, base=Name(put.record), index=(*put.row, *e.index))
        return e

    def everywhere(stmt: Stmt) -> Stmt:
        return ir.with_blocks(ir.with_exprs(stmt, read), lambda b: tuple(map(everywhere, b)))

    def own(e: Expr) -> Expr:
        return ir.substitute(e, {Sub(Name(put.array), put.store.index): put.source})

    def inside(stmt: Stmt, loops: tuple[For, ...]) -> Stmt:
        """Return a loop of the nest: behind the store its own element is there, and no other one for sure."""
        body: list[Stmt] = []
        found = False
        for s in stmt.body if isinstance(stmt, For) else ():
            if s is put.store:
                found = True
            elif loops and s is loops[0]:
                body.append(inside(s, loops[1:]))
            else:
                body.append(ir.with_exprs(s, own) if found and isinstance(s, Let | Store) else s)
        return replace(stmt, body=tuple(body)) if isinstance(stmt, For) else stmt

    def block(stmts: Block) -> Block:
        if stmts is not put.block:
            return tuple(ir.with_blocks(s, block) for s in stmts)
        at = next(k for k, s in enumerate(stmts) if s is put.nest[0])
        return (*stmts[:at], inside(stmts[at], put.nest[1:]), *map(everywhere, stmts[at + 1 :]))

    top = next(k for k, s in enumerate(backward) if any(t is put.store for t in ir.statements((s,))))
    rest = block(backward)[top:] if put.block is backward else tuple(ir.with_blocks(s, block) for s in backward[top:])
    left = any(reads_elements(e, put.array) for s in ir.statements(rest) for e in ir.exprs_of(s))
    return backward if left else (*backward[:top], *rest)


def _without_empty_loops(block: Block, read_later: set[str]) -> Block:
    """Return the block without loops that do nothing, but for those whose counter is read after them."""
    out = [ir.with_blocks(s, lambda b: _without_empty_loops(b, read_later)) for s in block]
    return tuple(s for s in out if not (isinstance(s, For) and not s.body and not s.other) or s.var in read_later)
