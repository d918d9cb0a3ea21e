"""What it costs to compute an expression again."""

from __future__ import annotations

from ..rules import elementwise
from . import ir
from .ir import Const, Expr, Op


def cost(expr: Expr) -> int:
    """Return how much it costs to compute an expression again, in simple operations."""
    own = 0
    if isinstance(expr, Op):
        row = elementwise.BY_SPELLING.get(expr.fn)
        heavy = (
            (expr.fn == "pow" and not isinstance(expr.args[1], Const))
            or (row is not None and row.transcendental)
            or not elementwise.is_elementwise(expr.fn)
        )
        own = 10 if heavy and expr.fn not in ("shape", "len", "size") else 3 if expr.fn == "div" else 1
    return own + sum(cost(e) for e in ir.children(expr))
