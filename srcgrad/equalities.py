"""Sizes that are known to be equal: one of them stands for all."""

from __future__ import annotations

from collections.abc import Callable

from . import ir
from .affine import Affine, affine
from .ir import Const, Expr, If, Name, Op, Stmt

Equal = dict[Expr, Expr]  # what stands for an atom of the normal form of a size


def representative(size: Expr, equal: Equal, made_with: Callable[[Op], Expr | None] = lambda atom: None) -> Expr:
    """Return what stands for a size; `made_with` tells the size an array was made with.

    >>> from srcgrad.emit import expr_text
    >>> n, m = Name("n"), Op("len", (Name("a"),))
    >>> expr_text(representative(Op("add", (m, Const(1))), {m: n}))
    'n + 1'
    """
    a = affine(size)
    for _ in range(20):
        changed = False
        total = affine(Const(a.const))
        for atom, c in a.terms.items():
            new = equal.get(atom)
            if new is None and isinstance(atom, Op) and atom.fn in ("len", "size", "shape"):
                new = made_with(atom)
            changed |= new is not None
            total = total + affine(new if new is not None else atom) * c
        a = total
        if not changed:
            break
    return a.expr()


def unify(a: Expr, b: Expr, equal: Equal):
    """Note that two sizes are equal."""
    fa, fb = affine(a), affine(b)
    local = len(fa.terms) == 1 and isinstance(next(iter(fa.terms)), Name)
    for x, y in ((fa, b), (fb, a)) if local else ((fb, a), (fa, b)):
        atom = _alone(x)
        if atom is not None and atom not in ir.walk(y):
            equal[atom] = y
            return


def _alone(form: Affine) -> Expr | None:
    """Return the atom that a form is, None where it is more or another."""
    if len(form.terms) != 1 or form.const:
        return None
    ((atom, c),) = form.terms.items()
    return atom if c == 1 else None


def learn(stmt: Stmt, equal: Equal):
    """Note what holds after a check that two sizes are equal."""
    check = isinstance(stmt, If) and bool(stmt.then) and all(isinstance(s, ir.Raise) for s in stmt.then)
    if isinstance(stmt, If) and check and isinstance(stmt.test, Op) and stmt.test.fn == "ne":
        a, b = (representative(e, equal) for e in stmt.test.args)
        if a != b:
            unify(a, b, equal)
