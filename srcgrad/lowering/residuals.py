"""Calls of functions with rules of their own, in reverse: their forward pages, which give the residuals as well."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.calls import is_call, operation


def with_residuals(function: ir.Function) -> ir.Function:
    """Return the function with the forward pages of rules in the place of the functions that have them.

    >>> from srcgrad.language.calls import Routine, Rule, call
    >>> from srcgrad.language.emit import emit
    >>> x = ir.Name("x")
    >>> page = Routine("f_fwd", ir.Function("f_fwd", ("x",), (ir.Return(ir.Tuple((x, ir.Name("t")))),)))
    >>> f = Routine("f", ir.Function("f", ("x",), (ir.Return(x),)), rule=Rule("f", 1, forward=page))
    >>> print(emit(with_residuals(ir.Function("g", ("x",), (call(("y",), f, (x,), None),)))))
    def g(x):
        y, t_residual = f_fwd(x)
    """
    fresh = ir.Fresh(ir.all_names(function))

    def one(stmt: ir.Stmt) -> ir.Stmt:
        if not is_call(stmt):
            return ir.with_blocks(stmt, lambda b: [one(s) for s in b])
        made = operation(stmt)
        routine = made.option("routine")
        page = routine.rule.forward if routine.rule is not None else None
        if page is None or page is routine or made.option("form") is not None:
            return stmt
        kept = page.results[len(stmt.targets) :]
        targets = (*stmt.targets, *(fresh(f"{e.id if isinstance(e, ir.Name) else 'out'}_residual") for e in kept))
        table = {**dict(made.static), "routine": page, "name": page.name}
        return replace(stmt, targets=targets, value=replace(made, static=tuple(table.items())))

    return replace(function, body=tuple(one(s) for s in function.body))
