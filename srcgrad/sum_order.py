"""Sums whose order is free: what NumPy sums up, and adjoints. Written as such, they vectorise.

A compiler adds in the order of the text, one number after the other, each of which waits for the one before. Where no
order is promised, `total += unordered(e)` lets it add in several lanes, which is a multiple as fast, and rounds less.
What a user's loop adds up stays in its order.
"""

from __future__ import annotations

from dataclasses import replace

from . import ir
from .blocks import updates
from .ir import For, Function, If, Let, Op, Stmt, Store

# options of an addition to a name: as it stands, in any order, and written as being in any order
INPLACE = (("inplace", True),)
UNORDERED = (("inplace", True), ("unordered", False))
WRITTEN = (("inplace", True), ("unordered", True))


def is_free(value: Op) -> bool:
    """Return whether an addition may be done in any order among the others to the same name."""
    return value.option("unordered") is not None


def adds_to_itself(stmt: Let) -> bool:
    """Return whether a statement only adds to a number."""
    value = stmt.value
    adds = updates(stmt) and isinstance(value, Op) and value.fn in ("add", "sub")
    return adds and isinstance(value, Op) and stmt.target not in ir.names_in(value.args[1])


def read_otherwise(block, name: str) -> bool:
    """Return whether a block reads a name elsewhere than where it is bound."""
    for stmt in ir.statements(block):
        if isinstance(stmt, Let) and stmt.target == name:
            continue
        if name in ir.names_in(*ir.exprs_of(stmt)):
            return True
    return False


def write_order(function: Function) -> Function:
    """Return the function with free sums of innermost loops written as unordered, and of no others.

    >>> from srcgrad.ir import Name
    >>> total = Op("add", (Name("total"), ir.Sub(Name("x"), (Name("i"),))), UNORDERED)
    >>> loop = For("i", ir.ZERO, Name("n"), ir.ONE, (Let("total", total),))
    >>> (loop,) = write_order(Function("f", ("x", "n"), (loop,))).body
    >>> loop.body[0].value.static == WRITTEN
    True
    """
    return replace(function, body=_written(function.body))


def _written(block) -> tuple[Stmt, ...]:
    return tuple(_innermost(s) if _is_innermost(s) else ir.with_blocks(_plain(s), _written) for s in block)


def _is_innermost(stmt: Stmt) -> bool:
    if not isinstance(stmt, For) or stmt.parallel or stmt.other:
        return False
    return all(isinstance(s, Let | Store | If) for s in ir.statements(stmt.body))


def _innermost(loop: Stmt) -> Stmt:
    body = ir.blocks_of(loop)[0]
    lets = [s for s in ir.statements(body) if isinstance(s, Let)]
    free = {s.target for s in lets if isinstance(s.value, Op) and is_free(s.value) and adds_to_itself(s)}
    free -= {s.target for s in lets if not (isinstance(s.value, Op) and is_free(s.value) and adds_to_itself(s))}
    free = {n for n in free if not read_otherwise(body, n)}

    def written(block) -> tuple[Stmt, ...]:
        return tuple(ir.with_blocks(_with(s, WRITTEN) if _target(s) in free else _plain(s), written) for s in block)

    return ir.with_blocks(loop, written)


def _target(stmt: Stmt) -> str | None:
    return stmt.target if isinstance(stmt, Let) else None


def _plain(stmt: Stmt) -> Stmt:
    value = stmt.value if isinstance(stmt, Let) else None
    return _with(stmt, UNORDERED) if isinstance(value, Op) and is_free(value) else stmt


def _with(stmt: Stmt, static) -> Stmt:
    assert isinstance(stmt, Let)
    assert isinstance(stmt.value, Op)
    return replace(stmt, value=replace(stmt.value, static=static))
