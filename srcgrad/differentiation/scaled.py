"""Partials times adjoints or tangents, as statements need them: in place, negative, and only where elements exist."""

from __future__ import annotations

from functools import reduce

from ..language.dependence import reading_tests
from ..language.ir import Expr, Kind, Name, Op, Sub, names_in
from ..language.kinds import as_float, kind_of
from ..language.sum_order import INPLACE


def guard(leaf: Sub, source: Expr) -> Expr | None:
    """Return the test without which an element may lie outside its array: `x[i] if i < n else 0.0`."""
    places = reading_tests(source, leaf)
    if leaf.loc is None or () in places:
        return None
    fewest = [p for p in dict.fromkeys(places) if not any(set(q) < set(p) for q in places)]
    either = [reduce(lambda a, b: Op("and", (a, b)), tests) for tests in fewest]
    return reduce(lambda a, b: Op("or", (a, b)), either)


def multiple(value: Expr, seed: Expr) -> Expr:
    """Return `factor * seed` as an update of the seed, `seed *= factor`; anything else as it is."""
    if isinstance(value, Op) and value.fn == "mul" and value.args[1] == seed:
        static = INPLACE if isinstance(seed, Name) else ()
        return Op("mul", (seed, value.args[0]), static)
    if isinstance(value, Op) and value.fn == "div" and value.args[0] == seed and isinstance(seed, Name):
        return Op("div", value.args, INPLACE)
    return value


def negative(value: Expr, kinds: dict[str, Kind]) -> Expr:
    """Return the negative of a value; truth values have none in NumPy, and that of an unsigned number is not one."""
    from .symbolic import negated

    first = value
    while isinstance(first, Op) and first.fn in ("mul", "div"):
        first = first.args[0]
    if integer_dtype(first, kinds) in ("", "int64"):
        return negated(value)
    return Op("neg", (as_float(value, kinds) if first is value else value,))


def integer_dtype(expr: Expr, kinds: dict[str, Kind]) -> str:
    """Return the dtype of an integer or truth value, "" of a float; unknown names are floats.

    >>> integer_dtype(Op("add", (Name("k"), Name("k"))), {"k": Kind("uint8")}), integer_dtype(Name("x"), {})
    ('uint8', '')
    """
    kind = kind_of(expr, {n: kinds.get(n, Kind("float64")) for n in names_in(expr)})
    return "" if kind.is_float else kind.dtype
