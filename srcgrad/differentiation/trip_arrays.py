"""Buffers that every trip of a loop fills anew are made in the trip: what is kept of them is kept where it is written.

Written for speed, `ahead = np.empty(n)` stands before the loop that writes all of it in every trip. Its old elements
mean nothing, but reverse would keep each of them before it is overwritten, and put it back.
"""

from __future__ import annotations

from dataclasses import replace

from ..analysis.equalities import Known
from ..language import ir
from ..language.blocks import touches
from ..language.ir import Block, Const, Expr, For, Let, Name, Op, Stmt, Store, Sub

ZERO, ONE = Const(0), Const(1)


def make_in_trips(function: ir.Function, sizes) -> ir.Function:
    """Return the function with the allocations of such arrays at the start of the innermost loop that fills them.

    `sizes` are those of its arrays.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n):
    ...     w = np.empty(n)
    ...     s = 0.0
    ...     for t in range(3):
    ...         for i in range(n):
    ...             w[i] = x[i] * s
    ...         s = w[0] * w[1]
    ...     return s''')
    >>> print(emit(make_in_trips(f, {"w": (Name("n"),)}), comments=False))
    def f(x, n):
        s = 0.0
        for t in range(3):
            w = np.empty(n)
            for i in range(n):
                w[i] = x[i] * s
            s = w[0] * w[1]
        return s
    """
    bound = [n for s in ir.statements(function.body) for n in ir.binds(s)]
    same = Known(function.body, sizes).same

    def inside(block: Block) -> Block:
        body = [ir.with_blocks(s, inside) for s in block]
        for k, stmt in reversed(list(enumerate(body))):
            if isinstance(stmt, Let) and _is_allocation(stmt.value) and bound.count(stmt.target) == 1:
                moved = _moved(tuple(body[k + 1 :]), stmt, sizes.get(stmt.target, ()), same)
                if moved is not None:
                    body[k:] = moved
        return tuple(body)

    return replace(function, body=inside(function.body))


def _is_allocation(value: Expr) -> bool:
    return isinstance(value, Op) and value.fn in ("np.empty", "np.zeros", "np.empty_like", "np.zeros_like")


def _moved(block: Block, made: Let, dims, same) -> Block | None:
    """Return a block with an allocation in the loop in it that alone uses the array; None where it has to stay."""
    using = [s for s in block if touches(s, made.target)]
    if len(using) != 1 or not isinstance(using[0], For) or using[0].other or using[0].parallel or not dims:
        return None
    loop = using[0]
    names = ir.names_in(made.value) | ir.names_in(*dims)
    if names & ir.bound_in((loop,)) or not _by_elements(loop.body, made.target, len(dims)):
        return None
    body = _moved(loop.body, made, dims, same)
    if body is None:
        first = next(s for s in loop.body if touches(s, made.target))
        if not _fills(first, made.target, dims, {}, same):
            return None
        assert isinstance(made.value, Op)
        fn = made.value.fn.replace("zeros", "empty")
        body = (replace(made, value=replace(made.value, fn=fn)), *loop.body)
    return tuple(replace(s, body=body) if s is loop else s for s in block)


def _by_elements(block: Block, array: str, rank: int) -> bool:
    """Return whether nothing but elements of an array is read and written."""

    def inside(e: Expr) -> bool:
        if isinstance(e, Sub) and e.base == Name(array):
            return len(e.index) == rank and all(map(inside, e.index)) and not any(
                isinstance(i, ir.Slice | ir.NewAxis | ir.Dots) for i in e.index)  # fmt: skip
        if isinstance(e, Op) and e.fn in ("shape", "len", "size"):
            return True
        return e != Name(array) and all(map(inside, ir.children(e)))

    stmts = list(ir.statements(block))
    stores = [s for s in stmts if isinstance(s, Store) and s.base == array]
    plain = all(isinstance(s, Let | Store | For | ir.If | ir.While | ir.Raise | ir.Break | ir.Continue)
                for s in stmts if touches(s, array))  # fmt: skip
    whole = all(len(s.index) == rank and not any(isinstance(i, ir.Slice | ir.Dots) for i in s.index) for s in stores)
    return plain and whole and all(inside(e) for s in stmts for e in ir.exprs_of(s))


def _fills(stmt: Stmt, array: str, dims, counters: dict[str, Expr], same) -> bool:
    """Return whether a statement writes all elements of an array, and reads none but one that it has written."""
    if isinstance(stmt, Store) and stmt.base == array:
        cell = [e.id for e in stmt.index if isinstance(e, Name)]
        # a loop around that is of no axis may have no trip
        covered = len(cell) == len(dims) and set(cell) == set(counters) and all(
            same(counters[n], size) for n, size in zip(cell, dims, strict=True))  # fmt: skip
        return stmt.op == "=" and covered and not _reads(stmt, array)
    if not isinstance(stmt, For) or stmt.step != ONE or stmt.lo != ZERO or stmt.other or _jumps(stmt.body):
        return False
    k = next((k for k, s in enumerate(stmt.body) if touches(s, array)), None)
    if k is None or not _fills(stmt.body[k], array, dims, counters | {stmt.var: stmt.hi}, same):
        return False
    store = next(s for s in ir.statements((stmt.body[k],)) if isinstance(s, Store) and s.base == array)
    rest = stmt.body[k + 1 :]
    own = {e.index for s in ir.statements(rest) for v in ir.exprs_of(s) for e in ir.walk(v)
           if isinstance(e, Sub) and e.base == Name(array)}  # fmt: skip
    return own <= {store.index} and not any(isinstance(s, Store) and s.base == array for s in ir.statements(rest))


def _reads(stmt: Stmt, array: str) -> bool:
    return any(isinstance(e, Sub) and e.base == Name(array) for v in ir.exprs_of(stmt) for e in ir.walk(v))


def _jumps(block: Block) -> bool:
    return any(isinstance(s, ir.Break | ir.Continue | ir.Return) for s in ir.statements(block))
