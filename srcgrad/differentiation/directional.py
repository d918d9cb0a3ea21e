"""The derivative of a value along tangents of its leaves: partials times tangents, in the form of a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..language.ir import Const, Expr, Op, Select, substitute


@dataclass(frozen=True, slots=True)
class _Part(Expr):
    """Stands for a sum, or for a partial that gets a name, while sympy works."""

    key: object


class Total:
    """The sum of partials times tangents, as a factor that all terms have and what is left of each.

    Terms that only one side of a test has are summed side by side, so that the other side is not evaluated: in
    `a if test else b` the tangent is `a_dot if test else b_dot`.

    Parameters
    ----------
    converter : Converter
        What the partials were made with.
    pairs : list
        (partial, symbol of the tangent) of every leaf.
    """

    def __init__(self, converter, pairs: list):
        from . import symbolic

        self.converter, self.symbolic = converter, symbolic
        self.sides: dict = {}
        plain = []
        terms = [(term, dot) for part, dot in pairs for term in _addends(part, self.chosen)]
        tests = {choice.args[0] for term, _ in terms if (choice := self.chosen(term)) is not None}
        for term, dot in terms:
            choice = self.chosen(term, tests)
            if choice is None:
                plain.append((term, dot))
                continue
            rest = self.without(term, choice)
            both = self.sides.setdefault(choice.args[0], ([], []))
            for side, value in zip(both, choice.args[1:], strict=True):
                if value != 0:
                    side.append((self.times(value, rest), dot))
        self.factor, slopes = self.common([p for p, _ in plain])
        self.terms = [(slope, dot) for slope, (_, dot) in zip(slopes, plain, strict=True)]

    # -- arithmetic that does not expand
    def times(self, a, b):
        with self.symbolic.distribute(False):
            return a * b

    def without(self, term, factor):
        """Return a product without one of its factors."""
        rest = self.symbolic.number(1)
        for f in (term,) if term == factor else term.args:
            if f is not factor and f != factor:
                rest = self.times(rest, f)
        return rest

    def chosen(self, term, tests=frozenset()):
        """Return the factor of a term that is zero on one side of a test, or chosen by one of `tests`, else None."""
        factors = term.args if term.is_Mul else (term,)
        choices = [f for f in factors if isinstance(f, self.symbolic.Choose)]
        zero = (f for f in choices if 0 in f.args[1:])
        return next(zero, next((f for f in choices if f.args[0] in tests), None))

    def common(self, parts: list):
        """Return (the factor that all parts have, what is left of each)."""
        one = self.symbolic.number(1)
        if len(parts) < 2:
            return one, parts
        split = [p.as_coeff_Mul() for p in parts]
        powers = [rest.as_powers_dict() for _, rest in split]
        factor, left = one, [rest for _, rest in split]
        for base, exponent in powers[0].items():
            shared = [d[base] for d in powers if base in d]
            if base == 1 or len(shared) < len(parts) or not all(e.is_Number for e in shared):
                continue
            if not (all(e > 0 for e in shared) or all(e < 0 for e in shared)):
                continue
            power = base ** (min(shared) if exponent > 0 else max(shared))
            factor = self.times(factor, power)
            left = [self.times(rest, 1 / power) for rest in left]
        numbers = [c for c, _ in split]
        if len({abs(c) for c in numbers}) == 1 and abs(numbers[0]) != 1:
            factor = self.times(abs(numbers[0]), factor)
            numbers = [c / abs(c) for c in numbers]
        return factor, [self.times(c, rest) for c, rest in zip(numbers, left, strict=True)]

    # -- names for what is used more than once
    def shared(self, known=None) -> list:
        """Return [(symbol, expression)] of what gets a name: what repeats, and, if given, all but `known` symbols."""
        exprs = [self.factor, *(slope for slope, _ in self.terms)]
        divisors, exprs = self.symbolic.divide_once(exprs)
        temps, (self.factor, *slopes) = self.symbolic.share(exprs, 0)
        temps = divisors + temps
        if known is not None:
            self.factor, *slopes = (self.named(e, temps, known) for e in (self.factor, *slopes))
        self.terms = [(slope, dot) for slope, (_, dot) in zip(slopes, self.terms, strict=True)]
        return temps

    def named(self, e, temps: list, known: set):
        """Return the symbol of a name for an expression that is more than a name or a number."""
        sign, size = (-1, -e) if self.symbolic._negative(e) else (1, e)
        if size.is_Number or size in known or any(size == s for s, _ in temps):
            return e
        found = next((s for s, value in temps if value == size), None)
        if found is None:
            found = self.converter.symbol(_Part((len(temps), str(size))))
            temps.append((found, size))
        return sign * found

    # -- back
    def expr(self, negated: Callable[[Expr], Expr]) -> Expr:
        """Return the IR of the sum; `negated` gives the negative of a product."""
        found = [self.plain(negated)] if self.terms else []
        for test, both in self.sides.items():
            then, other = (Total(self.converter, s).expr(negated) if s else Const(0.0) for s in both)
            found.append(Select(self.converter.from_sympy(test), then, other))
        result = found[0] if found else Const(0.0)
        for e in found[1:]:
            result = Op("add", (result, e))
        return result

    def plain(self, negated: Callable[[Expr], Expr]) -> Expr:
        """Return the factor times the sum of the terms."""
        terms = [self.times(slope, dot) for slope, dot in self.terms]
        ups = [t for t in terms if not self.symbolic._negative(t)]
        downs = [-t for t in terms if self.symbolic._negative(t)]
        first, *more = map(self.converter.from_sympy, ups or downs)
        for e in more:
            first = Op("add", (first, e))
        for t in downs if ups else ():
            first = Op("sub", (first, self.converter.from_sympy(t)))
        if self.factor != 1:
            stand_in = _Part(first)
            product = self.converter.from_sympy(self.times(self.factor, self.converter.symbol(stand_in, last=True)))
            first = substitute(product, {stand_in: first})
        return first if ups else negated(first)


def _addends(part, chosen) -> tuple:
    """Return the terms of a partial where one of them is chosen by a test, else the partial."""
    return part.args if part.is_Add and any(map(chosen, part.args)) else (part,)
