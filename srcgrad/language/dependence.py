"""Through which leaves a scalar expression depends on them differentiably."""

from __future__ import annotations

from ..rules import elementwise
from .ir import Expr, Name, Op, Select, Sub, children

_PASSING = ("float", "np.float64", "np.float32", "mod", "floordiv", "print_grad")


def passes(e: Op) -> bool:
    """Return whether an operation passes a derivative from its operands on; that of a step is zero."""
    row = elementwise.BY_SPELLING.get(e.fn)
    return e.fn in elementwise.ARITHMETIC or e.fn in _PASSING or (row is not None and row.differentiable)


def differentiable_leaves(expr: Expr, is_active, passes=passes) -> list[Expr]:
    """Return the distinct active names and elements through which the value depends differentiably, in order."""
    found: dict[Expr, None] = {}

    def visit(e: Expr):
        if isinstance(e, Name | Sub):
            if is_active(e):
                found.setdefault(e)
        elif isinstance(e, Select):
            visit(e.then)
            visit(e.other)
        elif isinstance(e, Op) and passes(e):
            for a in e.args:
                visit(a)

    visit(expr)
    return list(found)


def reading_tests(expr: Expr, leaf: Expr) -> list[tuple[Expr, ...]]:
    """Return, for every place where an expression reads a leaf, the tests under which it does.

    >>> i, x = Name("i"), Sub(Name("x"), (Name("i"),))
    >>> reading_tests(Select(Op("lt", (i, Name("n"))), x, i), x)
    [(Op(fn='lt', args=(Name(id='i'), Name(id='n')), static=()),)]
    """
    if expr == leaf:
        return [()]
    if isinstance(expr, Select):
        sides = ((expr.then, conjuncts(expr.test)), (expr.other, [Op("not", (expr.test,))]))
        under = [(*tests, *more) for side, tests in sides for more in reading_tests(side, leaf)]
        return [*reading_tests(expr.test, leaf), *under]
    if isinstance(expr, Op) and expr.fn in ("and", "or"):
        left, right = expr.args
        met = conjuncts(left) if expr.fn == "and" else [Op("not", (left,))]
        return [*reading_tests(left, leaf), *((*met, *more) for more in reading_tests(right, leaf))]
    return [found for e in children(expr) for found in reading_tests(e, leaf)]


def conjuncts(test: Expr) -> list[Expr]:
    """Return the tests that all hold where a test does, in the order in which Python makes them."""
    if isinstance(test, Op) and test.fn == "and":
        return [c for a in test.args for c in conjuncts(a)]
    return [test]


def disjuncts(test: Expr) -> list[Expr]:
    """Return the tests of which one holds where a test does, in the order in which Python makes them."""
    if isinstance(test, Op) and test.fn == "or":
        return [c for a in test.args for c in disjuncts(a)]
    return [test]


def both(a: Expr, b: Expr) -> Expr:
    """Return `a and b`, associated to the left as text is read."""
    if isinstance(b, Op) and b.fn == "and":
        return Op("and", (both(a, b.args[0]), b.args[1]))
    return Op("and", (a, b))
