"""Tests that compare numbers of the text: the path they take."""

from __future__ import annotations

import operator

from ..language import ir
from ..language.blocks import by_section
from ..language.ir import Block, Const, Expr, If, Op, Select

_COMPARED = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip


def settle_tests(function: ir.Function) -> ir.Function:
    """Return the function with the branch that is taken in place of a branch on numbers of the text.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.language.ir import Function, If, Let, Name, Return
    >>> test = Op("or", (Op("lt", (Const(2), Const(1))), Op("ge", (Const(0), Const(3)))))
    >>> body = Let("y", Name("x")), If(test, (Let("y", Const(0.0)),), ()), Return(Name("y"))
    >>> print(emit(settle_tests(Function("f", ("x",), body))))
    def f(x):
        y = x
        return y
    """
    return by_section(function, _block)


def _block(block: Block) -> Block:
    out: list[ir.Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(ir.with_exprs(stmt, _settled), _block)
        if isinstance(stmt, If) and isinstance(stmt.test, Const):
            out += stmt.then if stmt.test.value else stmt.other
        else:
            out.append(stmt)
    return tuple(out)


def _settled(expr: Expr) -> Expr:
    expr = ir.rebuild(expr, _settled)
    if isinstance(expr, Select) and isinstance(expr.test, Const):
        return expr.then if expr.test.value else expr.other
    if not isinstance(expr, Op) or len(expr.args) != 2:
        return expr
    a, b = expr.args
    if expr.fn in _COMPARED and isinstance(a, Const) and isinstance(b, Const) and type(a.value) is type(b.value) is int:
        return Const(_COMPARED[expr.fn](a.value, b.value))
    if expr.fn in ("and", "or"):
        decides = expr.fn == "or"
        if isinstance(a, Const) and isinstance(a.value, bool):
            return a if a.value == decides else b
        if isinstance(b, Const) and isinstance(b.value, bool) and b.value != decides:
            return a
    return expr
