"""What loops run over when it is known only at run time: how many trips, and the item of each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from ..language import ir
from ..language.ir import Const, Op

# what gives tuples of items that are picked from others
PICKING = (itertools.combinations, itertools.combinations_with_replacement, itertools.permutations)


@dataclass(frozen=True)
class Trips:
    """What a loop runs over when it is only known at run time: a count, and the item at a place of it.

    With `most` there are items for that many constant places only, of which the first `count` are run through.
    """

    count: ir.Expr
    item: Callable[[ir.Expr], object]
    bounds: tuple[ir.Expr, ir.Expr, ir.Expr] | None = None
    downward: bool = False
    most: int | None = None
    parallel: bool = False

    def upward(self) -> Callable[[ir.Expr], object]:
        """Return the item at a place counted from the first trip."""
        if not self.downward:
            return self.item
        last = plus(self.count, Const(-1))
        return lambda k: self.item(Op("sub", (last, k)))


def plus(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """Return a sum of whole numbers, shortened where it can be."""
    if isinstance(a, Const) and isinstance(b, Const):
        return Const(a.value + b.value)
    if Const(0) in (a, b):
        return b if a == Const(0) else a
    if isinstance(b, Const) and b.value < 0:
        return Op("sub", (a, Const(-b.value)))
    return Op("add", (a, b))


def times(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    """Return a product of whole numbers, shortened where it can be."""
    if isinstance(a, Const) and isinstance(b, Const):
        return Const(a.value * b.value)
    return b if a == Const(1) else a if b == Const(1) else Op("mul", (a, b))


def item_of_range(bounds, k: ir.Expr) -> ir.Expr:
    """Return the number at a place of a range."""
    lo, _, step = bounds
    if isinstance(step, Const) and step.value < 0 and not isinstance(k, Const):
        return Op("sub", (lo, times(Const(-step.value), k)))
    return plus(lo, times(step, k))


def _minus(a: ir.Expr, b: ir.Expr) -> ir.Expr:
    return plus(a, Const(-b.value)) if isinstance(b, Const) else Op("sub", (a, b))


def length(lo: ir.Expr, hi: ir.Expr, step: ir.Expr) -> ir.Expr:
    """Return how many trips a range makes."""
    if all(isinstance(e, Const) and type(e.value) is int for e in (lo, hi, step)) and step != Const(0):
        return Const(len(range(*(e.value for e in (lo, hi, step) if isinstance(e, Const)))))
    span = _minus(hi, lo)
    if isinstance(step, Const) and step.value != 1:
        c = step.value
        if c < 0:
            span = _minus(lo, hi)
        span = Op("floordiv", (plus(span, Const(abs(c) - 1)), Const(abs(c))))
    elif not isinstance(step, Const):
        span = Op("floordiv", (Op("add", (span, Op("sub", (step, Op("np.sign", (step,)))))), step))
    return span
