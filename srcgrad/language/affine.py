"""Integer arithmetic on index and size expressions: normal form, equality, differences."""

from __future__ import annotations

from functools import lru_cache

from . import ir
from .hashing import found_once
from .ir import Block, Const, Expr, For, Name, Op


class Affine:
    """A sum of integer multiples of atoms plus a constant.

    Atoms are products, in one order, of expressions that are neither sums nor products themselves.
    """

    __slots__ = ("_names", "const", "terms")
    _names: frozenset[str]

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
    def names(self) -> frozenset[str]:
        """The names in it, those inside of atoms too."""
        try:
            return self._names
        except AttributeError:
            found: frozenset[str] = frozenset(ir.names_in(*self.terms))
            self._names = found
            return found

    @property
    def is_const(self) -> bool:
        return not self.terms

    def coefficient(self, name: str) -> int:
        """Return the factor of a name that stands alone; other atoms may have it in them (`slope`)."""
        return self.terms.get(Name(name), 0)

    def slope(self, name: str) -> Affine | None:
        """Return the factor of a name, with all it is multiplied by; None where it stands inside anything else.

        >>> from srcgrad.language.emit import expr_text
        >>> i, n = Name("i"), Name("n")
        >>> expr_text(affine(Op("add", (Op("mul", (i, Op("add", (n, Const(2))))), n))).slope("i").expr())
        'n + 2'
        """
        found = Affine()
        for atom, c in self.terms.items():
            rest = list(factors(atom))
            if Name(name) in rest:
                rest.remove(Name(name))
                found = found + (Affine({_product(rest): c}) if rest else Affine(const=c))
            if any(name in ir.names_in(f) for f in rest):
                return None
        return found

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


@found_once("known_affine")
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
            return times(a, b)
        if expr.fn in ("len", "size"):
            return Affine({expr: 1})
        if expr.fn == "max" and expr.args[1] == Const(0):
            inner = affine(expr.args[0])
            if inner.is_const:
                return Affine(const=max(inner.const, 0))
            return Affine({Op("max", (inner.expr(), Const(0))): 1})
        if expr.fn in ("floordiv", "mod"):
            return Affine({ir.rebuild(expr, simplify_index): 1})
    return Affine({_plain(expr): 1})


def times(a: Affine, b: Affine) -> Affine:
    """Return the product of two forms.

    >>> from srcgrad.language.emit import expr_text
    >>> i, n = affine(Name("i")), affine(Name("n"))
    >>> expr_text((times(i + affine(Const(1)), n) - times(n, i)).expr())
    'n'
    """
    found = a * b.const + b * a.const + Affine(const=-a.const * b.const)
    for x, c in a.terms.items():
        for y, d in b.terms.items():
            found = found + Affine({_product([*factors(x), *factors(y)]): c * d})
    return found


def factors(atom: Expr) -> tuple[Expr, ...]:
    """Return the factors of an atom."""
    if isinstance(atom, Op) and atom.fn == "mul":
        return (*factors(atom.args[0]), *factors(atom.args[1]))
    return (atom,)


def _product(parts: list[Expr]) -> Expr:
    first, *others = sorted(parts, key=_place)
    for part in others:
        first = Op("mul", (first, part))
    return first


@lru_cache(maxsize=4096)
def _place(factor: Expr) -> tuple[bool, str]:
    """Return where a factor stands in a product: names come first."""
    return not isinstance(factor, Name), repr(factor)


def _plain(expr: Expr) -> Expr:
    return Name(expr.id) if isinstance(expr, Name) else expr


def simplify_index(expr: Expr) -> Expr:
    """Return an index expression in normal form; a spelling that is already short is kept."""
    if isinstance(expr, Name | Const):
        return expr
    found = affine(expr).expr()
    # a product of sums is shorter than the sum of its products
    return found if sum(1 for _ in ir.walk(found)) <= sum(1 for _ in ir.walk(expr)) else expr


def at_most_one(size: Expr) -> bool:
    """Return whether a length is surely zero or one, as that of `x[k:k + 1]` is.

    >>> k, n = Name("k"), Name("n")
    >>> at_most_one(Op("max", (Op("sub", (Op("min", (Op("add", (k, Const(1))), n)), k)), Const(0))))
    True
    """
    if isinstance(size, Op) and size.fn == "max" and size.args[1] == Const(0):
        return at_most_one(size.args[0])
    a = affine(size)
    least = [(atom, e) for atom, c in a.terms.items() if c == 1 and isinstance(atom, Op) and atom.fn == "min"
             for e in atom.args]  # fmt: skip
    return a.const <= 1 if a.is_const else any(at_most_one((a - affine(m) + affine(e)).expr()) for m, e in least)


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


def not_negative(number: Affine, around: Block) -> bool:
    """Return whether a number made of counters of the loops around and of sizes is surely no less than zero."""
    counters = {s.var: s for s in around if isinstance(s, For)}

    def fine(atom: Expr) -> bool:
        if isinstance(atom, Name) and atom.id in counters:
            loop = counters[atom.id]
            if loop.step == Const(1):
                return not_negative(affine(loop.lo), around[: around.index(loop)])
            return loop.step == Const(-1) and not_negative(
                affine(loop.hi) + Affine(const=1), around[: around.index(loop)]
            )
        return nonnegative(affine(atom)) if not isinstance(atom, Name) else False

    return number.const >= 0 and all(c > 0 and fine(atom) for atom, c in number.terms.items())


def trips_from_zero(loop: For) -> Expr | None:
    """Return how many trips a loop makes whose counter takes all values from zero on, upward or downward."""
    if loop.lo == Const(0) and loop.step == Const(1):
        return loop.hi
    return simplify_index(Op("add", (loop.lo, Const(1)))) if (loop.hi, loop.step) == (Const(-1), Const(-1)) else None


def unclipped(expr: Expr) -> Expr:
    """Return `e` for `max(e, 0)`: a range stops at once below zero anyway."""
    if isinstance(expr, Op) and expr.fn == "max" and expr.args[1] == Const(0):
        return expr.args[0]
    return expr


def _is_size(expr: Expr) -> bool:
    sizes = ("shape", "len", "size", "max")
    return all(isinstance(f, Op) and f.fn in sizes for f in factors(expr))
