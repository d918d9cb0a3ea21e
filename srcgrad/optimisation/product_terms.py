"""Additions as sums of products of elements: what a loop over three counters adds up."""

from __future__ import annotations

from dataclasses import dataclass

from ..language import ir
from ..language.ir import Const, Expr, Let, Name, Op, Stmt, Store, Sub
from ..language.sum_order import adds_to_itself

MOST = 4  # terms that an addition may have


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


@dataclass(frozen=True)
class Term:
    """One product of a sum: its sign, and its factors."""

    sign: int
    factors: tuple[Expr, ...]


def terms_of(value: Expr) -> list[Term]:
    """Return the products that an expression is the sum of.

    >>> from srcgrad.language.emit import expr_text
    >>> a, b, c = map(Name, "abc")
    >>> found = terms_of(Op("mul", (Op("sub", (a, Op("neg", (b,)))), c)))
    >>> [(t.sign, [expr_text(f) for f in t.factors]) for t in found]
    [(1, ['a', 'c']), (1, ['b', 'c'])]
    """
    if isinstance(value, Op) and not value.static:
        parts = [terms_of(a) for a in value.args] if value.fn in ("add", "sub", "mul", "neg", "pos") else []
        if value.fn in ("add", "pos"):
            return [t for part in parts for t in part]
        if value.fn in ("sub", "neg"):
            return [*(t for part in parts[:-1] for t in part), *(Term(-t.sign, t.factors) for t in parts[-1])]
        if value.fn == "mul":
            return [Term(s.sign * t.sign, (*s.factors, *t.factors)) for s in parts[0] for t in parts[1]]
        if value.fn == "div":
            over = Op("div", (Const(1.0), value.args[1]))
            return [Term(t.sign, (*t.factors, over)) for t in terms_of(value.args[0])]
    return [Term(1, () if value == Const(1.0) else (value,))]


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
