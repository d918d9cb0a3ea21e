"""IR expressions to sympy and back, only when something is differentiated.

Subexpressions without an active leaf, conditions and everything sympy would rewrite numerically for the worse are
opaque to it: functions are classes of our own whose derivatives come from the table (`symbolic_rows`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cmp_to_key, lru_cache
from typing import TypeGuard

import sympy
from sympy.core.parameters import distribute

from ..errors import UnsupportedError, problem_at
from ..language.dependence import differentiable_leaves
from ..language.ir import Const, Expr, Name, Op, Select, Sub
from ..rules import elementwise
from ..rules.elementwise import BY_SPELLING, ROWS
from .stand_ins import Whole
from .symbolic_rows import ARITHMETIC, TESTS, Choose, function_class, number

_EXTREMES = ("maximum", "minimum", "fmax", "fmin")
_OPERATORS = {"remainder": "mod", "floor_divide": "floordiv", "power": "pow", "root": "pow"}
_IDENTITY_CASTS = ("float", "np.float64", "np.float32", "positive")
_ORDINAL = ("first", "second", "third", "fourth")
# the order of texts, made only where nothing else tells two expressions apart: they are long
_BY_TEXT = cmp_to_key(lambda a, b: (str(a) > str(b)) - (str(a) < str(b)))


def is_finite(expr: Expr) -> TypeGuard[Const]:
    """Return whether an expression is a number that sympy computes with; inf and nan stand for themselves."""
    if not isinstance(expr, Const) or not isinstance(expr.value, int | float) or isinstance(expr.value, bool):
        return False
    return math.isfinite(expr.value)


class Converter:
    """Turns the expressions of one statement into sympy and its derivatives back.

    `dtype` gives those of parts of the statement, "" for floats. Integers are floats before derivatives add or multiply
    them, or take their negative: in their own type that may wrap around.
    """

    def __init__(
        self, is_active: Callable[[Expr], bool], prefix: str = "np", dtype: Callable[[Expr], str] | None = None
    ):
        self.is_active, self.dtype = is_active, dtype
        self.prefix = prefix
        self.waits: sympy.Symbol | None = None
        self.symbols: dict[Expr, sympy.Symbol] = {}
        self.exprs: dict[sympy.Symbol, Expr] = {}

    def symbol(self, expr: Expr, last: bool = False) -> sympy.Symbol:
        """Return the symbol of an opaque expression; symbols sort by first appearance, or behind all others."""
        if expr not in self.symbols:
            s = sympy.Symbol(f"{'v' if last else 's'}{len(self.symbols):04d}")
            self.symbols[expr] = s
            self.exprs[s] = expr
        return self.symbols[expr]

    # -- to sympy
    def to_sympy(self, expr: Expr):
        """Return the sympy form of an expression whose active leaves are symbols."""
        if is_finite(expr):
            return number(expr.value)
        if isinstance(expr, Name | Sub) or not self.any_active(expr):
            return self.symbol(expr)
        if isinstance(expr, Select):
            return Choose(self.symbol(expr.test), self.to_sympy(expr.then), self.to_sympy(expr.other))
        assert isinstance(expr, Op), expr
        if expr.fn == "div" and (parts := logistic_parts(expr)) is not None:
            top, z, power = parts
            return self.to_sympy(top) * function_class("logistic")(self.to_sympy(z)) ** power
        if expr.fn == "pow":
            return self.power(*expr.args)
        if expr.fn in ARITHMETIC:
            found = ARITHMETIC[expr.fn](*map(self.to_sympy, expr.args))
            if found.has(sympy.zoo, sympy.nan):
                what = "this divides by what is zero whatever the arguments are"
                raise UnsupportedError(problem_at(expr.loc, what, "leave the quotient out"))
            return found
        if expr.fn == "neg":
            return -self.to_sympy(expr.args[0])
        if expr.fn in _IDENTITY_CASTS:
            return self.to_sympy(expr.args[0])
        if expr.fn in ("mod", "floordiv"):
            name = {"mod": "remainder", "floordiv": "floor_divide"}[expr.fn]
            return function_class(name)(*map(self.to_sympy, expr.args))
        row = BY_SPELLING.get(expr.fn)
        if row is None or not row.differentiable:
            return self.symbol(expr)
        if row.name == "power":
            return self.power(*expr.args)
        tie = "strict" if row.name in _EXTREMES and not self.any_active(expr.args[1]) else ""
        for k in row.constant_arguments:
            if self.any_active(expr.args[k]):
                what = f"the derivative of {expr.fn} by its {_ORDINAL[k]} argument is not known"
                raise UnsupportedError(problem_at(expr.loc, what, "pass a constant there, or stop_gradient(...) of it"))
        return function_class(row.name, tie)(*map(self.to_sympy, expr.args))

    def power(self, base: Expr, exponent: Expr):
        b = self.to_sympy(base)
        if is_finite(exponent):
            p = number(exponent.value)
            return function_class("root")(b, p) if 0 < exponent.value < 1 else b**p
        return function_class("power")(b, self.to_sympy(exponent))

    def any_active(self, expr: Expr) -> bool:
        """Return whether the expression depends differentiably on an active leaf."""
        return bool(differentiable_leaves(expr, self.is_active))

    # -- back
    def from_sympy(self, e) -> Expr:
        """Return the IR of a sympy expression, written as a person would."""
        if isinstance(e, sympy.Symbol):
            own = self.exprs[e]
            return Whole(own) if isinstance(own, Op) and self.dtype is not None and self.dtype(own) else own
        if e.is_Number:
            return _number_const(e)
        if isinstance(e, Choose):
            test, a, b = map(self.from_sympy, e.args)
            return a if a == b else Select(test, a, b)
        if e.is_Add:
            return self.sum(e)
        if e.is_Mul:
            return self.product(e)
        if e.is_Pow:
            return self.power_back(e)
        row = getattr(type(e), "row", None)
        assert row is not None, e
        args = tuple(map(self.from_sympy, e.args))
        if row in TESTS:
            return Op(row, args)
        if row == "logistic":
            exp = Op(self.spelling("exp"), (self.negated(args[0]),))
            return Op("div", (Const(1.0), Op("add", (Const(1.0), exp))))
        if row in _OPERATORS:
            # a whole exponent stays one: such powers are products
            return Op(_OPERATORS[row], (args[0], _whole(args[1])) if row == "power" else args)
        orders = ROWS[row].constant_arguments
        return Op(self.spelling(row), tuple(_whole(a) if k in orders else a for k, a in enumerate(args)))

    def integer(self, e: Expr) -> str:
        """Return the dtype of an integer or truth value, "" of anything else."""
        if isinstance(e, Op):
            return self.integer(e.args[0]) if e.fn == "neg" else ""
        own = e.value if isinstance(e, Whole) else e
        return self.dtype(own) if self.dtype is not None and isinstance(own, Name | Sub | Op) else ""

    def beside(self, a: Expr, b: Expr) -> Expr:
        """Return an operand, which is a float if both are integers."""
        return self.floated(a) if self.integer(a) and self.integer(b) else a

    def floated(self, e: Expr) -> Expr:
        """Return an integer as a float; numba knows no float() of truth values."""
        return Select(e, Const(1.0), Const(0.0)) if self.integer(e) == "bool" else Op("float", (e,))

    def held(self, e) -> Expr:
        """Return the IR of what gets a name: a float."""
        value = self.from_sympy(e)
        return self.floated(value) if self.integer(value) else value

    def chained(self, fn: str, parts: list[Expr]) -> Expr:
        first = self.beside(*parts[:2]) if len(parts) > 1 else parts[0]
        return _chain(fn, [first, *parts[1:]])

    def negated(self, e: Expr) -> Expr:
        """Return -e, without a double sign."""
        first = e
        while isinstance(first, Op) and first.fn in ("mul", "div"):
            first = first.args[0]
        if self.integer(first) in ("", "int64"):
            return negated(e)
        return Op("neg", (self.floated(e) if first is e else e,))

    def spelling(self, row: str) -> str:
        spellings = ROWS[row].spellings
        return next((s for s in spellings if s.startswith(f"{self.prefix}.")), spellings[0])

    def order(self, e):
        """Return a sort key: numbers, then symbols in order of appearance, then what is built on them."""
        if e.is_Number:
            return "-1", "0", ""
        if e.is_Symbol:
            return "0", e.name, "-1", ""
        return "0", min((s.name for s in e.free_symbols), default=""), str(e.count_ops()), _BY_TEXT(e)

    def sum(self, e) -> Expr:
        terms = sorted(e.args, key=lambda t: (not t.is_Number, *self.order(t)))
        positive = [t for t in terms if not t.could_extract_minus_sign() or not _negative(t)]
        terms = positive + [t for t in terms if t not in positive]
        result = None
        for t in terms:
            if _negative(t) and result is not None:
                value = self.from_sympy(-t)
                result = Op("sub", (self.beside(result, value), value))
            else:
                value = self.from_sympy(t)
                result = value if result is None else Op("add", (self.beside(result, value), value))
        assert result is not None, e
        return result

    def product(self, e) -> Expr:
        chooses = [f for f in e.args if isinstance(f, Choose) and 0 in f.args[1:]]
        if chooses:
            first, rest = chooses[0], sympy.Mul(*(f for f in e.args if f is not chooses[0]))
            test, a, b = first.args
            return self.from_sympy(Choose(test, *(sympy.Integer(0) if v == 0 else v * rest for v in (a, b))))
        coefficient, factors = e.as_coeff_mul()
        factors = sorted(factors, key=self.order)
        below = [f for f in factors if f.is_Pow and f.exp.is_Number and f.exp < 0]
        above = [f for f in factors if f not in below]
        sign, coefficient = (-1, -coefficient) if coefficient < 0 else (1, coefficient)
        divisor: list[Expr] = []
        if coefficient.is_Rational and (coefficient.q > 1024 or coefficient.q & (coefficient.q - 1)):
            divisor = [_number_const(sympy.Integer(coefficient.q))]
            coefficient = sympy.Integer(coefficient.p)
        parts = [self.from_sympy(f) for f in above]
        waits = self.waits is not None and any(f.has(self.waits) for f in above)
        if waits and divisor and not below:
            parts.insert(0, Op("div", (_number_const(coefficient), divisor.pop())))
        elif float(coefficient) != 1.0 or not parts:
            parts.insert(0, _number_const(coefficient))
        result = self.chained("mul", parts)
        if sign < 0:
            result = self.negated(result)
        bottom = divisor + [self.from_sympy(1 / f) for f in below]
        if waits and below:
            return Op("mul", (result, Op("div", (Const(1.0), self.chained("mul", bottom)))))
        return Op("div", (result, self.chained("mul", bottom))) if bottom else result

    def power_back(self, e) -> Expr:
        base, exponent = e.args
        if exponent.is_Number and exponent < 0:
            return Op("div", (Const(1.0), self.from_sympy(base ** (-exponent))))
        value = Const(int(exponent)) if exponent.is_Integer else _number_const(exponent)
        power = self.from_sympy(base)
        return Op("pow", (self.floated(power) if self.integer(power) else power, value))


def logistic_parts(expr: Op) -> tuple[Expr, Expr, int] | None:
    """Return (top, z, n) where the expression is top / (1 + exp(-z))**n, else None.

    exp(z) / (1 + exp(z)) is the same with top 1: the other way to write the logistic function.
    """
    top, bottom = expr.args
    power = 1
    if isinstance(bottom, Op) and bottom.fn == "pow" and isinstance(bottom.args[1], Const):
        exponent = bottom.args[1].value
        if not isinstance(exponent, int) or exponent < 1:
            return None
        bottom, power = bottom.args[0], exponent
    if not (isinstance(bottom, Op) and bottom.fn == "add"):
        return None
    for one, e in (bottom.args, bottom.args[::-1]):
        if not (isinstance(e, Op) and e.fn in ("np.exp", "math.exp")):
            continue
        if isinstance(one, Const) and one.value == 1:
            if top == e and power == 1:
                return Const(1.0), e.args[0], 1
            return top, negated(e.args[0]), power
    return None


def negated(e: Expr) -> Expr:
    """Return -e, without a double sign."""
    if isinstance(e, Op) and e.fn == "neg":
        return e.args[0]
    if isinstance(e, Const):
        return Const(-e.value)
    if isinstance(e, Op) and e.fn == "sub":
        return Op("sub", (e.args[1], e.args[0]))
    if isinstance(e, Op) and e.fn in ("mul", "div"):
        return Op(e.fn, (negated(e.args[0]), e.args[1]), e.static)
    return Op("neg", (e,))


def _negative(e) -> bool:
    return e.is_Number and e < 0 or e.is_Mul and e.as_coeff_Mul()[0] < 0


def _number_const(e) -> Const:
    return Const(float(e))


def _whole(e: Expr) -> Expr:
    """Return an order with whole numbers as integers: `n - 1`, which stays one where n is one."""
    if isinstance(e, Op) and e.fn in ("add", "sub"):
        a, b = map(_whole, e.args)
        return Op(e.fn, (b, a) if e.fn == "add" and isinstance(a, Const) else (a, b))
    return Const(int(e.value)) if isinstance(e, Const) and float(e.value).is_integer() else e


def _chain(fn: str, parts) -> Expr:
    result = parts[0]
    for p in parts[1:]:
        result = Op(fn, (result, p))
    return result


def stabilise(e):
    """Return the expression with quotients of overflowing functions as functions that do not overflow.

    exp(z)/(1 + exp(z)) is the logistic function, sinh(z)/cosh(z) is tanh(z), z/sqrt(z) is sqrt(z).
    """
    exp, sinh, cosh, sqrt = (function_class(n) for n in ("exp", "sinh", "cosh", "sqrt"))

    def below(m, base):
        return next((f for f in m.args if f.is_Pow and f.base == base and f.exp.is_Integer and f.exp < 0), None)

    def rewrite(m):
        for f in m.args:
            pairs = {exp: (lambda a: 1 + exp(a), "logistic"), sinh: (cosh, "tanh")}
            if f.func not in pairs:
                continue
            make, name = pairs[f.func]
            divisor = below(m, make(f.args[0]))
            if divisor is not None:
                rest = [a for a in m.args if a is not f and a is not divisor]
                return sympy.Mul(function_class(name)(f.args[0]), divisor * make(f.args[0]), *rest)
        return m

    def roots(m):
        """Return a product with one power of each root: of the root where it is odd and negative."""
        powers = m.as_powers_dict()
        for root in [b for b in powers if b.func is sqrt]:
            z = root.args[0]
            halves = powers[root] + 2 * powers.get(z, 0)
            if not (halves.is_Integer and powers[root].is_Integer) or powers[root] == halves:
                continue
            whole = halves / 2 if halves % 2 == 0 else 0 if halves < 0 else (halves - 1) / 2
            m = m / root ** powers[root] / z ** powers.get(z, 0) * z**whole * root ** (halves - 2 * whole)
        return m

    if e.has(sqrt):
        e = e.replace(lambda m: (m.is_Mul or m.is_Pow) and m.has(sqrt), roots)
    if not e.has(exp, sinh):
        return e
    return e.replace(lambda m: m.is_Mul, rewrite)


def _with_factor(part, whole, out):
    rest = part / whole
    divides = any(p.exp.is_Number and p.exp < 0 for p in rest.atoms(sympy.Pow))
    return part if divides or rest.count_ops() >= part.count_ops() else out * rest


def by_result(whole, leaves: list, parts: list, out) -> list:
    """Return the partials of a product or quotient with its value `out` where that saves a call or a quotient."""
    parts = [_with_factor(part, whole, out) for part in parts]
    factors = whole.args if whole.is_Mul else (whole,)
    below = [f for f in factors if f.is_Pow and f.exp.is_Number and f.exp < 0]
    if not below:
        return parts
    with distribute(False):
        bottom = sympy.Mul(*(1 / f for f in below))
        top = sympy.Mul(*(f for f in factors if f not in below))
        bases = {f.base for f in below}
        found = []
        for leaf, part in zip(leaves, parts, strict=True):
            d_top, d_bottom = plain_slopes(top.diff(leaf), whole), bottom.diff(leaf)
            d_bottom = plain_slopes(d_bottom.replace(lambda f: _steep_root(f) in bases, lambda f: f.args[1]), whole)
            if d_bottom == 0:
                found.append(part)
            elif d_top == 0 and top == 1 and len(below) == 1 and below[0].exp == -1:
                found.append(-(out**2) * d_bottom)
            elif d_top == 0:
                found.append(-out * stabilise(stabilise(d_bottom) / bottom))
            else:
                found.append((d_top - out * stabilise(d_bottom)) / bottom)
        return found


def _steep_root(f):
    """Return what the choice of an infinite slope tests: a root, or what stands under one; None of anything else."""
    steep = number(elementwise.STEEP)
    chosen = isinstance(f, Choose) and f.args[2] in (steep, -steep) and isinstance(f.args[0], function_class("ne"))
    return f.args[0].args[0] if chosen else None


def plain_slopes(e, whole):
    """Return the expression with `STEEP` only where it is needed, chosen by a test that is cheap.

    A root that also stands as a factor or divisor cancels; the root of a sum with a number in it, an epsilon say, is
    taken not to be zero; a root that is not the whole value is zero where its argument is.
    """
    steep = number(elementwise.STEEP)
    ne, sqrt = function_class("ne"), function_class("sqrt")
    if not e.has(steep):
        return e

    def shifted(f):
        r = _steep_root(f)
        r = r.args[0] if isinstance(r, sqrt) else r
        return r is not None and r.is_Add and r.as_coeff_Add()[0] != 0

    def cancel(m):
        bases = {f.base if f.is_Pow else f for f in m.args}
        return sympy.Mul(*(f.args[1] if _steep_root(f) in bases else f for f in m.args))

    e = e.replace(shifted, lambda f: f.args[1]).replace(lambda m: m.is_Mul, cancel)
    inner = {t: ne(t.args[0].args[0], 0) for t in e.atoms(ne) if isinstance(t.args[0], sqrt) and t.args[0] != whole}
    return e.xreplace(inner)


def partials(converter: Converter, value: Expr, leaves: list[Expr]):
    """Return (sympy form of the value, its partial for each leaf)."""
    with distribute(False):
        whole = converter.to_sympy(value)
        return whole, [_slope(whole, converter.symbol(leaf)) for leaf in leaves]


@lru_cache(maxsize=4096)
def _slope(whole, leaf):
    """Return a partial as it is printed; each is asked for by several passes, and by other derivatives later."""
    return plain_slopes(stabilise(whole.diff(leaf)), whole)


def divide_once(exprs: list):
    """Return ([(symbol, 1 / base)], expressions) with one reciprocal where a base divides in several powers.

    None of a base that divides in the sides of a `Choose` alone: it may be 0, or not exist, where the other side holds.
    """
    powers: dict = {}
    always: set = set()

    def collect(e, guarded: bool):
        if e.is_Pow and e.exp.is_Integer and e.exp < 0 and not e.base.is_Number:
            powers.setdefault(e.base, set()).add(e)
            if not guarded:
                always.add(e.base)
        for a in e.args:
            collect(a, guarded or isinstance(e, Choose))

    for e in exprs:
        collect(e, False)
    several = [base for base in powers if len(powers[base]) > 1 and base in always]
    several.sort(key=lambda base: (base.count_ops(), str(base)))
    temps = []
    table: dict = {}
    for k, base in enumerate(several):
        r = sympy.Symbol(f"r{k:04d}")
        temps.append((r, 1 / base))
        table |= {p: r**-p.exp for p in powers[base]}
    return temps, [e.xreplace(table) for e in exprs] if table else exprs


def share(exprs: list, first: int):
    """Return ([(symbol, expression)], expressions) with repeated subexpressions taken out.

    None out of a `Choose`, and no order of a function: it stays what it is, an integer or not.
    """
    hidden: dict = {}

    def hide(e, whole=False):
        if isinstance(e, Choose) or whole and e.args:
            if e not in hidden:
                hidden[e] = sympy.Symbol(f"z{len(hidden):04d}")
            return hidden[e]
        row = ROWS.get(getattr(type(e), "row", ""))
        orders = row.constant_arguments if row is not None else ()
        return e.func(*(hide(a, k in orders) for k, a in enumerate(e.args))) if e.args else e

    with distribute(False):
        covered = [hide(e) for e in exprs]
        names = (sympy.Symbol(f"t{k:04d}") for k in range(first, first + 1000))
        temps, results = sympy.cse(covered, symbols=names, optimizations=[], order="none", list=True)
        small: dict = {}
        named: dict = {}
        kept = []

        def reveal(e):
            """Return an expression without stand-ins; what is hidden uses the names that stand by then."""
            return e.xreplace(small).xreplace({v: k.xreplace(named) for k, v in hidden.items()})

        for s, whole in temps:
            e = reveal(whole)
            if e.is_Mul and len(e.args) == 2 and all(a.is_Symbol or a.is_Number for a in e.args) or _negative(e):
                small[s] = e
            else:
                kept.append((s, e))
                named |= {} if whole.is_Symbol else {whole: s}
        return kept, [reveal(e) for e in results]


__all__ = [
    "Choose", "Converter", "distribute", "elementwise", "function_class",
    "negated", "number", "partials", "share",
]  # fmt: skip
