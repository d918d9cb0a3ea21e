"""Sums whose order is free: what NumPy sums up, and adjoints. Written as such, they vectorise.

A compiler adds in the order of the text, one number after the other, each of which waits for the one before. Where no
order is promised, `total += unordered(e)` lets it add in several lanes, which is a multiple as fast, and rounds less.
What a user's loop adds up stays in its order.
"""

from __future__ import annotations

from dataclasses import replace

from ..rules import elementwise
from . import ir
from .blocks import defined_first, updates
from .ir import Const, For, Function, If, Let, Name, Op, Stmt, Store, Sub

# options of an addition to a name: as it stands, in any order, and written as being in any order
INPLACE = (("inplace", True),)
UNORDERED = (("inplace", True), ("unordered", False))
WRITTEN = (("inplace", True), ("unordered", True))
# what processors do in lanes beside cheap functions of the tables
OPERATORS = frozenset({
    "add", "sub", "mul", "div", "neg", "pos", "min", "max", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not",
    "bool", "int", "float", "np.float32", "np.float64", "np.sqrt", "math.sqrt", "shape", "len",
})  # fmt: skip


def is_free(value: Op) -> bool:
    """Return whether an addition may be done in any order among the others to the same name."""
    return value.option("unordered") is not None


def as_value(op: Op) -> Op:
    """Return what an addition in place comes to, which stands anywhere."""
    return replace(op, static=tuple(o for o in op.static if o[0] not in ("inplace", "unordered")))


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


def only_summed(block) -> set[str]:
    """Return the numbers that a block adds to and does nothing else with."""
    lets = [s for s in ir.statements(block) if isinstance(s, Let)]
    others = {s.target for s in lets if not adds_to_itself(s)}
    return {n for n in {s.target for s in lets} - others if not read_otherwise(block, n)}


def write_order(function: Function) -> Function:
    """Return the function with free sums of innermost loops written as unordered, and of no others.

    >>> total = Op("add", (Name("total"), ir.Sub(Name("x"), (Name("i"),))), UNORDERED)
    >>> loop = For("i", ir.ZERO, Name("n"), ir.ONE, (Let("total", total),))
    >>> (loop,) = write_order(Function("f", ("x", "n"), (loop,))).body
    >>> loop.body[0].value.static == WRITTEN
    True
    """
    return replace(function, body=_written(function.body))


def _written(block) -> tuple[Stmt, ...]:
    return tuple(_loop(s) if isinstance(s, For) else ir.with_blocks(_plain(s), _written) for s in block)


def _loop(loop: For) -> Stmt:
    free = _free_sums(loop) if vectorises(loop) else set()

    def written(block) -> tuple[Stmt, ...]:
        return tuple(ir.with_blocks(_with(s, WRITTEN) if _target(s) in free else _plain(s), written) for s in block)

    return ir.with_blocks(loop, written if free else _written)


def _free_sums(loop: For) -> set[str]:
    """Return the numbers that a loop only adds to, in any order."""
    lets = [s for s in ir.statements(loop.body) if isinstance(s, Let)]
    return only_summed(loop.body) - {s.target for s in lets if not (isinstance(s.value, Op) and is_free(s.value))}


def vectorises(loop: For) -> bool:
    """Return whether the trips of an innermost loop are independent but for free sums, and call no function."""
    every = list(ir.statements(loop.body))
    if loop.parallel or loop.other or not all(isinstance(s, Let | Store | If) for s in every):
        return False
    exprs = [e for s in every for e in ir.walk(*ir.exprs_of(s))]
    if not in_lanes(*exprs):
        return False
    sums = _free_sums(loop)
    sums |= {s.target for s in every if isinstance(s, Let) and _counts(s)}
    if not all(n in sums or defined_first(loop.body, n) for n in ir.bound_in(loop.body)):
        return False
    if any(isinstance(s, Store) and is_computed(s.index, ir.bound_in(loop.body)) for s in every):
        return False
    places: dict[str, set] = {}
    for s in every:
        if isinstance(s, Store):
            places.setdefault(s.base, set()).add(s.index[-1])
    for e in exprs:
        # an element that stays the same in the loop is compared with what is stored before it
        if isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id in places and loop.var in ir.names_in(e):
            places[e.base.id].add(e.index[-1])
    apart = all(len(columns) == 1 for columns in places.values())
    return apart and not (_free_sums(loop) and pairs_compared(every))


def is_computed(index: tuple[ir.Expr, ...], varying: set[str]) -> bool:
    """Return whether a trip computes or loads where an element stands: two trips may have the same one."""
    return bool(ir.names_in(*index) & varying) or any(isinstance(e, Sub) for e in ir.walk(*index))


def pairs_compared(block) -> int:
    """Return how many pairs of arrays or rows are compared before a loop that takes them in lanes.

    Where short arrays lie close to each other it takes one element after the other instead: sums in any order would
    have other last places in another call.
    """
    exprs = [e for s in ir.statements(block) for e in ir.walk(*ir.exprs_of(s))]
    stored = {(s.base, s.index[:-1]) for s in ir.statements(block) if isinstance(s, Store)}
    read = {(e.base.id, e.index[:-1]) for e in exprs if isinstance(e, Sub) and isinstance(e.base, Name)}
    return len(stored) * len(read - stored) + len(stored) * (len(stored) - 1) // 2


def _counts(stmt: Let) -> bool:
    """Return whether a statement adds a whole number to a name: if that is one too, it may be done in any order."""
    added = stmt.value.args[1] if isinstance(stmt.value, Op) and adds_to_itself(stmt) else None
    return isinstance(added, Const) and isinstance(added.value, int)


def in_lanes(*exprs: ir.Expr) -> bool:
    """Return whether processors compute expressions for several numbers at once."""
    return all(not isinstance(e, Op) or is_instruction(e) for e in ir.walk(*exprs))


def is_instruction(e: Op) -> bool:
    """Return whether an operation is arithmetic in compiled code, which is done in lanes, and not a call."""
    if e.fn == "pow":
        return isinstance(e.args[1], Const) and isinstance(e.args[1].value, int)
    row = elementwise.BY_SPELLING.get(e.fn)
    return e.fn in OPERATORS or row is not None and not row.transcendental


def _target(stmt: Stmt) -> str | None:
    return stmt.target if isinstance(stmt, Let) else None


def _plain(stmt: Stmt) -> Stmt:
    value = stmt.value if isinstance(stmt, Let) else None
    return _with(stmt, INPLACE) if isinstance(value, Op) and is_free(value) else stmt


def _with(stmt: Stmt, static) -> Stmt:
    assert isinstance(stmt, Let)
    assert isinstance(stmt.value, Op)
    return replace(stmt, value=replace(stmt.value, static=static))
