"""How operations, values and shapes are written in a drawing."""

from __future__ import annotations

import numpy as np

from .. import shown
from ..language.emit import expr_text
from ..language.ir import Const, Expr, Op, Select, Sub

_SIGNS = {
    "add": "+", "sub": "−", "mul": "×", "div": "/", "neg": "−", "np.dot": "@", "mod": "mod", "floordiv": "//",
    "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠", "and": "and", "or": "or", "not": "not",
    "np.transpose": "T", "stop_gradient": "stop", "print_grad": "print", "astype": "cast", "np.sum": "sum",
    "np.maximum": "max", "np.minimum": "min", "np.fmax": "max", "np.fmin": "min", "permuted": "axes",
    "reshape_like": "reshape", "np.ascontiguousarray": "copy", "bitand": "and", "bitor": "or", "np.power": "power",
}  # fmt: skip
_RAISED = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
_LONG = 28


def short(text: str, most: int = _LONG) -> str:
    """Return a text cut to a length.

    >>> short("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def operation(expr: Expr) -> str:
    """Return what is written on the node of an operation whose operands come along edges.

    >>> from srcgrad.language.ir import Name
    >>> operation(Op("sub", (Const(1.0), Name("x")))), operation(Op("pow", (Name("x"), Const(2))))
    ('1 −', '(·)²')
    """
    if isinstance(expr, Sub):
        return short(f"[{expr_text(expr).partition('[')[2]}", 16)
    if isinstance(expr, Select):
        return short(f"if {expr_text(expr.test)}")
    if not isinstance(expr, Op):
        return short(expr_text(expr))
    sign = _SIGNS.get(expr.fn) or expr.fn.rpartition(".")[2]
    numbers = [_number(a) for a in expr.args]
    if expr.fn == "pow" and numbers[1]:
        return f"(·){numbers[1].translate(_RAISED)}"
    if len(numbers) == 2 and expr.fn in _SIGNS and any(numbers):
        return f"{numbers[0]} {sign}" if numbers[0] else f"{sign} {numbers[1]}"
    options = [f"{k} {v}" for k, v in expr.static if k in ("axis", "label") and v not in (None, "")]
    return short(" ".join([sign, *options]))


def _number(expr: Expr) -> str:
    return number(expr.value) if isinstance(expr, Const) else ""


def number(value) -> str:
    """Return a number with four digits.

    >>> number(-0.5), number("text")
    ('−0.5', "'text'")
    """
    return repr(value) if isinstance(value, str) else shown.number(value).replace("-", "−")


def shape(value) -> str:
    """Return the shape of an array as NumPy writes it."""
    return str(np.shape(value)).replace(" ", "\u202f") if np.ndim(value) else ""


def value(v) -> str:
    """Return a value as it stands on an edge: a number, or the shape of an array.

    >>> value(2.5), value(np.zeros(3))
    ('2.5', '(3,)')
    """
    if v is None:
        return ""
    if isinstance(v, np.random.Generator):
        return "generator"
    return shape(v) if np.ndim(v) else number(v)


def total(parts: list, whole) -> str:
    """Return a gradient as the sum of what comes back along a few edges, where that is short.

    >>> total([2.0, 3.0], 5.0), total([1.0, 2.0, 3.0, 4.0], 10.0)
    ('2 + 3 = 5', '10')
    """
    if len(parts) < 2 or any(map(np.ndim, parts)):
        return value(whole)
    text = f"{' + '.join(map(number, parts))} = {value(whole)}".replace("+ −", "− ")
    return text if len(text) <= 14 else value(whole)


def full(v) -> str:
    """Return a value as it stands in a tooltip: of a small array all numbers."""
    if v is None or isinstance(v, np.random.Generator) or not np.ndim(v):
        return value(v)
    a = np.asarray(v)
    if a.size > 64:
        return f"{a.shape}, norm {number(shown.norm(a))}"
    return np.array2string(a, precision=4, suppress_small=True, floatmode="maxprec")
