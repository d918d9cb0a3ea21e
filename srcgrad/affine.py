"""Integer-affine arithmetic on index and size expressions: normal form, equality, differences."""

from __future__ import annotations

from . import ir
from .ir import Const, Expr, Name, Op


class Affine:
    """A sum of integer multiples of atoms plus a constant; atoms are expressions that are not affine themselves."""

    __slots__ = ("const", "terms")

    def __init__(self, terms: dict[Expr, int] | None = None, const: int = 0):
        self.terms = {atom: c for atom, c in (terms or {}).items() if c}
        self.const = const

    def __add__(self, other: Affine) -> Affine:
        terms = dict(self.terms)
        for atom, c in other.terms.items():
            terms[atom] = terms.get(atom, 0) + c
        return Affine(terms, self.const + other.const)

    def __mul__(self, k: int) -> Affine:
        return Affine({a: c * k for a, c in self.terms.items()}, self.const * k)

    def __sub__(self, other: Affine) -> Affine:
        return self + other * -1

    def __eq__(self, other):
        return isinstance(other, Affine) and self.terms == other.terms and self.const == other.const

    def __hash__(self):
        return hash((frozenset(self.terms.items()), self.const))

    @property
    def is_const(self) -> bool:
        return not self.terms

    def coefficient(self, name: str) -> int:
        return self.terms.get(Name(name), 0)

    def coefficient_of(self, atom: Expr) -> int:
        return self.terms.get(atom, 0)

    def expr(self) -> Expr:
        """Return the expression a person would write: positive terms first, the constant last."""
        positive = [(a, c) for a, c in self.terms.items() if c > 0]
        negative = [(a, c) for a, c in self.terms.items() if c < 0]
        result: Expr | None = None
        for atom, c in positive:
            term = atom if c == 1 else Op("mul", (Const(c), atom))
            result = term if result is None else Op("add", (result, term))
        if result is None:
            result = Const(self.const) if self.const or not negative else None
            rest = 0
        else:
            rest = self.const
        for atom, c in negative:
            term = atom if c == -1 else Op("mul", (Const(-c), atom))
            result = Op("neg", (term,)) if result is None else Op("sub", (result, term))
        assert result is not None
        if rest:
            result = Op("add" if rest > 0 else "sub", (result, Const(abs(rest))))
        return result


def affine(expr: Expr) -> Affine:
    """Return the normal form of an integer expression.

    >>> affine(Op("sub", (Op("add", (Name("i"), Const(1))), Const(2)))).expr()
    Op(fn='sub', args=(Name(id='i'), Const(value=1)), static=())
    """
    if isinstance(expr, Const) and isinstance(expr.value, int):
        return Affine(const=int(expr.value))
    if isinstance(expr, Op):
        if expr.fn in ("add", "sub"):
            a, b = map(affine, expr.args)
            return a + b if expr.fn == "add" else a - b
        if expr.fn == "neg":
            return affine(expr.args[0]) * -1
        if expr.fn == "mul":
            a, b = map(affine, expr.args)
            if a.is_const:
                return b * a.const
            if b.is_const:
                return a * b.const
            return Affine({Op("mul", (a.expr(), b.expr())): 1})
        if expr.fn in ("len", "size"):
            return Affine({expr: 1})
        if expr.fn == "max" and expr.args[1] == Const(0):
            inner = affine(expr.args[0])
            if inner.is_const:
                return Affine(const=max(inner.const, 0))
            return Affine({Op("max", (inner.expr(), Const(0))): 1})
    return Affine({_plain(expr): 1})


def _plain(expr: Expr) -> Expr:
    return Name(expr.id) if isinstance(expr, Name) else expr


def simplify_index(expr: Expr) -> Expr:
    """Return an index expression in normal form; a spelling that is already short is kept."""
    if isinstance(expr, Name | Const):
        return expr
    return affine(expr).expr()


def clipped(expr: Expr) -> Expr:
    """Return `max(expr, 0)`, folded where the sign is known."""
    a = affine(expr)
    inner = [t for t in a.terms if isinstance(t, Op) and t.fn == "max" and t.args[1] == Const(0)]
    if len(a.terms) == 1 and inner and a.terms[inner[0]] == 1 and a.const <= 0:
        a = affine(inner[0].args[0]) + Affine(const=a.const)  # max(max(n, 0) - 1, 0) is max(n - 1, 0)
    if a.is_const:
        return Const(max(a.const, 0))
    if nonnegative(a):
        return a.expr()
    return Op("max", (a.expr(), Const(0)))


def nonnegative(a: Affine) -> bool:
    """Return whether a form is surely not negative: sizes and a constant that are added up."""
    return a.const >= 0 and all(c > 0 and _is_size(t) for t, c in a.terms.items())


def unclipped(expr: Expr) -> Expr:
    """Return `e` for `max(e, 0)`: a range stops at once below zero anyway."""
    if isinstance(expr, Op) and expr.fn == "max" and expr.args[1] == Const(0):
        return expr.args[0]
    return expr


def _is_size(expr: Expr) -> bool:
    if isinstance(expr, Op) and expr.fn == "mul":
        return all(nonnegative(affine(e)) for e in expr.args)
    return isinstance(expr, Op) and (expr.fn in ("shape", "len", "size") or expr.fn == "max")


def distance(a: Expr, b: Expr) -> Affine:
    """Return a - b in normal form."""
    return affine(a) - affine(b)


__all__ = ["Affine", "affine", "clipped", "distance", "ir", "nonnegative", "simplify_index", "unclipped"]
