"""Additions of products of elements: what a loop over three counters adds up."""

from __future__ import annotations

from dataclasses import dataclass

from ..language import ir
from ..language.ir import Const, Expr, Let, Name, Op, Stmt, Store, Sub
from ..language.sum_order import adds_to_itself


@dataclass(frozen=True)
class Addition:
    """`target[index] += value`, or `-=`; a number has no index."""

    target: str
    index: tuple[Expr, ...]
    value: Expr
    sign: int
    stmt: Store | Let


def addition(stmt: Stmt) -> Addition | None:
    """Return what a statement adds to an element or a number; None where it does anything else."""
    if isinstance(stmt, Store) and stmt.op in ("+=", "-="):
        return Addition(stmt.base, stmt.index, stmt.value, 1 if stmt.op == "+=" else -1, stmt)
    if isinstance(stmt, Let) and isinstance(stmt.value, Op) and adds_to_itself(stmt):
        return Addition(stmt.target, (), stmt.value.args[1], 1 if stmt.value.fn == "add" else -1, stmt)
    return None


def factors_of(value: Expr) -> tuple[int, tuple[Expr, ...]]:
    """Return (sign, factors) of a product; sums in it are factors, as taken apart they would lose digits.

    >>> from srcgrad.language.emit import expr_text
    >>> a, b, c = map(Name, "abc")
    >>> sign, found = factors_of(Op("mul", (Op("sub", (a, b)), Op("div", (Op("neg", (b,)), c)))))
    >>> sign, [expr_text(f) for f in found]
    (-1, ['a - b', 'b', '1.0 / c'])
    """
    if isinstance(value, Op) and not value.static:
        if value.fn in ("neg", "pos"):
            sign, found = factors_of(value.args[0])
            return (-sign if value.fn == "neg" else sign), found
        if value.fn == "mul":
            parts = [factors_of(a) for a in value.args]
            return parts[0][0] * parts[1][0], (*parts[0][1], *parts[1][1])
        if value.fn == "div":
            sign, found = factors_of(value.args[0])
            return sign, (*found, Op("div", (Const(1.0), value.args[1])))
    return 1, () if value == Const(1.0) else (value,)


def product_of(factors: tuple[Expr, ...]) -> Expr | None:
    """Return a product; None of no factors."""
    result: Expr | None = None
    for f in factors:
        quotient = result is not None and isinstance(f, Op) and f.fn == "div" and f.args[0] == Const(1.0)
        if quotient and isinstance(f, Op) and result is not None:
            result = Op("div", (result, f.args[1]))
        else:
            result = f if result is None else Op("mul", (result, f))
    return result


def is_element(e: Expr) -> bool:
    """Return whether an expression is an element of a named array at counters, each once: `a[i, k]`."""
    if not (isinstance(e, Sub) and isinstance(e.base, Name)):
        return False
    names = [i.id for i in e.index if isinstance(i, Name)]
    return len(names) == len(e.index) == len(set(names)) and len(names) in (1, 2)


def at_counters(e: Expr) -> frozenset[str]:
    """Return the names in the index of an element."""
    assert isinstance(e, Sub)
    return frozenset(ir.names_in(*e.index))
