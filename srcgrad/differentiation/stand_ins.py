"""What stands for parts of a statement while sympy works on its partials."""

from __future__ import annotations

from dataclasses import dataclass

from ..language import ir
from ..language.ir import Expr


@dataclass(frozen=True, slots=True)
class Output(Expr):
    """The value just computed."""

    target: Expr


@dataclass(frozen=True, slots=True)
class Last(Expr):
    """The seed, or a tangent: sorts after everything else."""

    seed: Expr


@dataclass(frozen=True, slots=True)
class Whole(Expr):
    """An integer that the statement computes itself, in the type of its numbers."""

    value: Expr


def reveal(expr: Expr, target: Expr | None) -> Expr:
    """Return the expression with what the stand-ins stand for.

    >>> reveal(ir.Op("mul", (Whole(ir.Name("k")), Last(ir.Name("y_bar")))), None)
    Op(fn='mul', args=(Name(id='k'), Name(id='y_bar')), static=())
    """
    if isinstance(expr, Output):
        assert target is not None
        return target
    if isinstance(expr, Last):
        return expr.seed
    if isinstance(expr, Whole):
        return expr.value
    return ir.rebuild(expr, lambda e: reveal(e, target))
