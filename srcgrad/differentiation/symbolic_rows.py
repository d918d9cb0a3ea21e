"""Rows of the table as sympy functions: classes of our own, so that nothing is rewritten behind our back.

Their derivatives are the partials of the table, read as sympy expressions; tests of numbers are decided.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable

import sympy

from ..rules import elementwise
from ..rules.elementwise import ROWS
from ..rules.rows import OWN, Row

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
TESTS = (*COMPARISONS, "and", "or")


class Choose(sympy.Function):
    """`a if test else b`; differentiated side by side."""

    nargs = 3

    @classmethod
    def eval(cls, test, a, b):
        """Return the side that is taken where the test is decided."""
        return a if test is sympy.true else b if test is sympy.false else None

    def _eval_derivative(self, s):
        test, a, b = self.args
        da, db = a.diff(s), b.diff(s)
        return sympy.Integer(0) if da == 0 and db == 0 else Choose(test, da, db)


def function_class(name: str, tie: str = ""):
    """Return the sympy class of a row, test, `logistic` or `root`; with `tie` 'strict' the second wins a tie."""
    return _function_class(name, tie, ROWS.get(name))


@functools.cache
def _function_class(name: str, tie: str, row: Row | None):
    if name in TESTS:
        decide = classmethod(functools.partial(_decided, name))
        return type(f"{name}_", (sympy.Function,),
                    {"fdiff": lambda self, k=1: sympy.Integer(0), "row": name, "eval": decide})  # fmt: skip
    if name == "logistic":
        return type("logistic_", (sympy.Function,), {"fdiff": lambda self, k=1: self * (1 - self), "row": name})
    if name == "root":
        return type("root_", (sympy.Function,), {"fdiff": _slope_of_root, "row": name})
    assert row is not None, name

    def fdiff(self, argindex=1):
        return _partial(row, tie, argindex, self.args, self)

    return type(f"{name}_{tie}", (sympy.Function,), {"fdiff": fdiff, "row": name, "nargs": row.arity})


def _decided(name: str, cls, a, b):
    """Return a test of numbers as true or false, or what is left of a test of tests; None where it stays as it is."""
    if name in ("and", "or"):
        strong = sympy.false if name == "and" else sympy.true
        if strong in (a, b):
            return strong
        return next((other for one, other in ((a, b), (b, a)) if one == sympy.Not(strong)), None)
    if a.is_Number and b.is_Number:
        return sympy.sympify(getattr(operator, name)(a, b))
    return None


def _slope_of_root(self, argindex=1):
    """Return the slope of x**p for a number p between 0 and 1, which is infinite at 0."""
    x, p = self.args
    return Choose(function_class("ne")(x, sympy.Integer(0)), p * x ** (p - 1), number(elementwise.STEEP))


def _partial(row, tie, argindex, args, out):
    if row.partials is None:
        return _derived(row.name, argindex)(*args)
    text = row.partials[argindex - 1]
    if tie == "strict":
        text = text.replace(">=", ">").replace("<=", "<")
    table = {name: number(value) for name, value in elementwise.CONSTANTS.items()}
    table |= dict(zip(elementwise.ARGUMENTS, args, strict=False)) | {"out": out}
    return _from_text(ast.parse(text, mode="eval").body, table)


@functools.cache
def _derived(name: str, argindex: int):
    """Return the partial of a row that gives only its formula: sympy differentiates it."""
    x, y, *others = sympy.symbols("x y z w")
    row = ROWS[name]
    assert row.formula is not None, name
    if name in OWN:
        symbols = (x, y, *others)[: row.arity]
        table = {n: number(value) for n, value in elementwise.CONSTANTS.items()}
        table |= dict(zip(elementwise.ARGUMENTS, symbols, strict=False))
        whole = _from_text(ast.parse(row.formula, mode="eval").body, table)
        return sympy.Lambda(symbols, stable_quotients(whole.diff(symbols[argindex - 1])))
    expr = _native(ast.parse(row.formula, mode="eval").body, {"x": x, "y": y})
    derivative = sympy.diff(expr, (x, y)[argindex - 1])
    known = {getattr(sympy, n): function_class(n) for n in ("sin", "cos", "sinh", "cosh", "exp", "log", "tanh")}
    ours = derivative.replace(lambda e: type(e) in known, lambda e: known[type(e)](*e.args))
    return sympy.Lambda((x, y)[: row.arity], ours)


def stable_quotients(expr):
    """Return an expression with exp(u) / (c + exp(u)) as 1 / (1 + c * exp(-u)), which does not overflow.

    >>> exp, x = function_class("exp"), sympy.Symbol("x")
    >>> stable_quotients(exp(x) / (1 + exp(x)))
    logistic_(x)
    """
    exp, logistic = function_class("exp"), function_class("logistic")

    def one(product):
        for factor in product.args:
            u = factor.args[0] if isinstance(factor, exp) else None
            below = 1 / next((f for f in product.args if u is not None and _has_exponential(1 / f, factor)), factor)
            if u is None or below == 1 / factor:
                continue
            c, a = below - factor * below.coeff(factor), below.coeff(factor)
            rest = product / factor * below
            return rest * (logistic(u) if a == c == 1 else 1 / (a + c * exp(-u)))
        return product

    return expr.replace(lambda e: isinstance(e, sympy.Mul), one)


def _has_exponential(total, factor) -> bool:
    """Return whether an expression is a sum of a multiple of an exponential and a number."""
    a = total.coeff(factor)
    return isinstance(total, sympy.Add) and a.is_number and a != 0 and (total - factor * a).is_number


def _native(node, table):
    if isinstance(node, ast.Name):
        return table[node.id]
    return getattr(sympy, node.func.id)(*(_native(a, table) for a in node.args))


def _from_text(node, table):
    """Return the sympy form of the text of a partial, node by node."""
    if isinstance(node, ast.Name):
        return table[node.id]
    if isinstance(node, ast.Constant):
        return number(node.value)
    if isinstance(node, ast.UnaryOp):
        return -_from_text(node.operand, table)
    if isinstance(node, ast.IfExp):
        return Choose(*(_from_text(e, table) for e in (node.test, node.body, node.orelse)))
    if isinstance(node, ast.Compare):
        name = _COMPARED[type(node.ops[0])]
        return function_class(name)(_from_text(node.left, table), _from_text(node.comparators[0], table))
    if isinstance(node, ast.BoolOp):
        name = "and" if isinstance(node.op, ast.And) else "or"
        return functools.reduce(function_class(name), (_from_text(e, table) for e in node.values))
    if isinstance(node, ast.Call):
        return function_class(node.func.id)(*(_from_text(a, table) for a in node.args))
    a, b = _from_text(node.left, table), _from_text(node.right, table)
    if isinstance(node.op, ast.Pow) and not b.is_number:
        return function_class("power")(a, b)
    rows = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
    return ARITHMETIC[rows[type(node.op)]](a, b)


_COMPARED = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le", ast.Eq: "eq", ast.NotEq: "ne"}
ARITHMETIC: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}


def number(value) -> sympy.Expr:
    """Return a number such that sympy computes with it as floating point would, exactly where that is exact."""
    if isinstance(value, int):
        return sympy.Integer(value)
    if value != value or value in (float("inf"), float("-inf")):
        return sympy.Symbol(f"const_{value!r}")
    if value == int(value) and abs(value) < 2**53:
        return sympy.Integer(int(value))
    numerator, denominator = value.as_integer_ratio()
    if denominator <= 1024:
        return sympy.Rational(numerator, denominator)
    return sympy.Float(value)
