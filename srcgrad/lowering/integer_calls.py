"""Functions of integers, spelled so that compiled code computes what Python and NumPy do."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Expr, Function, Kind, Op, Stmt
from ..language.kinds import kind_of

REMAINDERS = ("np.fmod", "math.fmod")


def spell_integers(function: Function, kinds: dict[str, Kind]) -> Function:
    """Return the lowered function with calls of integers that numba would compute in another type.

    There `int(u)` of an unsigned number stays unsigned, so that differences wrap around, `fmod` of integers loses the
    sign, and a float to a negative whole power is an error at zero.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x, u, k):\\n    return x**-2 * (int(u) - int(k)) + np.fmod(k, 5)")
    >>> kinds = {"x": Kind("float64"), "u": Kind("uint8"), "k": Kind("int64")}
    >>> print(emit(spell_integers(f, kinds), comments=False))
    def f(x, u, k):
        return 1.0 / x**2 * (np.int64(u) - int(k)) + np.int64(np.fmod(float(k), float(5)))
    """

    def expr(e: Expr) -> Expr:
        e = ir.rebuild(e, expr)
        if isinstance(e, Op) and e.fn == "pow":
            return _divided(e, kinds)
        if not isinstance(e, Op) or e.fn != "int" and e.fn not in REMAINDERS:
            return e
        own = [kind_of(a, kinds) for a in e.args]
        if any(k.rank or k.is_float for k in own):
            return e
        if e.fn == "int":
            return replace(e, fn="np.int64") if own[0].dtype.startswith("uint") else e
        found = replace(e, args=tuple(Op("float", (a,)) for a in e.args))
        return found if e.fn == "math.fmod" else Op("np.int64", (found,), (), e.loc)

    def stmt(s: Stmt) -> Stmt:
        return ir.with_blocks(ir.with_exprs(s, expr), lambda b: tuple(map(stmt, b)))

    return replace(function, body=tuple(map(stmt, function.body)))


def _divided(power: Op, kinds: dict[str, Kind]) -> Expr:
    """Return a power of a float whose exponent is a negative whole constant as one divided by what is positive."""
    base, exponent = power.args
    negative = isinstance(exponent, Const) and type(exponent.value) is int and exponent.value < 0
    if not isinstance(exponent, Const) or not negative or not kind_of(base, kinds).is_float:
        return power
    below = base if exponent.value == -1 else replace(power, args=(base, Const(-exponent.value)))
    return Op("div", (Const(1.0), below), (), power.loc)
