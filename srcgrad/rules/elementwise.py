"""Elementwise functions: a row each, with its spellings, partial derivatives and test domain.

Kinks follow one policy: where two sides tie the first argument wins, |x| has slope 0 at 0, steps have slope 0
everywhere. A derivative is finite wherever the value is: where the slope is infinite at the end of a domain (the root
at 0, arccos at 1) it is STEEP, so that zero times it is zero: what stands inside the function has an extreme there, its
own slope is zero, and zero times infinity would be NaN.
"""

from __future__ import annotations

import numpy as np

from . import special
from .rows import ARGUMENTS, BY_OBJECT, BY_SPELLING, CONSTANTS, ROWS, STEEP, Row, row, special_name, spelling_of

_POSITIVE, _UNIT, _WIDE = (0.2, 3.0), (-0.9, 0.9), (-3.0, 3.0)

row("exp", "np.exp math.exp", "out", alias="simd.exp")
row("exp2", "np.exp2 math.exp2", "out * log(2.0)", alias="special.exp2")
row("expm1", "np.expm1 math.expm1", "out + 1.0", alias="special.expm1 simd.expm1")
row("log", "np.log math.log", "1.0 / x", domain=_POSITIVE, alias="simd.log")
row("log2", "np.log2 math.log2", "1.0 / (x * log(2.0))", domain=_POSITIVE)
row("log10", "np.log10 math.log10", "1.0 / (x * log(10.0))", domain=_POSITIVE)
row("log1p", "np.log1p math.log1p", "1.0 / (1.0 + x)", domain=(-0.5, 2.0), alias="special.log1p simd.log1p")
row("sqrt", "np.sqrt math.sqrt", "0.5 / out if out != 0.0 else STEEP", domain=_POSITIVE)
row("cbrt", "np.cbrt", "1.0 / (3.0 * out**2) if out != 0.0 else STEEP", domain=_POSITIVE,
    alias="math.cbrt special.cbrt")
row("sin", "np.sin math.sin", formula="sin(x)", domain=_WIDE, alias="simd.sin")
row("cos", "np.cos math.cos", formula="cos(x)", domain=_WIDE, alias="simd.cos")
row("tan", "np.tan math.tan", "1.0 + out**2", domain=(-1.2, 1.2))
row("sinh", "np.sinh math.sinh", formula="sinh(x)")
row("cosh", "np.cosh math.cosh", formula="cosh(x)")
row("tanh", "np.tanh math.tanh", "1.0 - out**2", domain=_WIDE, alias="simd.tanh")
row("arcsin", "np.arcsin math.asin", "1.0 / sqrt((1.0 - x) * (1.0 + x)) if abs(x) != 1.0 else STEEP", domain=_UNIT)
row("arccos", "np.arccos math.acos", "-1.0 / sqrt((1.0 - x) * (1.0 + x)) if abs(x) != 1.0 else -STEEP", domain=_UNIT)
row("arctan", "np.arctan math.atan", formula="atan(x)", alias="simd.arctan")
row("arcsinh", "np.arcsinh math.asinh", "1.0 / hypot(1.0, x)")
row("arccosh", "np.arccosh math.acosh", "1.0 / sqrt((x - 1.0) * (x + 1.0)) if x != 1.0 else STEEP", domain=(1.2, 3.0))
row("arctanh", "np.arctanh math.atanh", "1.0 / ((1.0 - x) * (1.0 + x))", domain=_UNIT)
row("sinc", "np.sinc",
    "(cos(PI * x) - out) / x if abs(x) > 0.5 else -(PI**2) / 3.0 * x * hyp0f1(2.5, -(PI**2) / 4.0 * x**2)",
    domain=(-2.0, 2.0))

row("abs", "np.abs abs", "sign(x)", result="same", cheap=True)
row("fabs", "np.fabs math.fabs", "sign(x)", cheap=True)
row("square", "np.square", "2.0 * x", result="same", cheap=True)
row("reciprocal", "np.reciprocal", "-(out**2)", domain=_POSITIVE, cheap=True)
row("deg2rad", "np.deg2rad math.radians np.radians", "PI / 180.0", cheap=True)
row("rad2deg", "np.rad2deg math.degrees np.degrees", "180.0 / PI", cheap=True)
row("positive", "np.positive", "1.0", result="same", cheap=True, alias="np.conj")

row("nan_to_num", "np.nan_to_num", "1.0 if isfinite(x) else 0.0", result="same", cheap=True)

row("sign", "np.sign", "0.0", result="same", cheap=True)
# from NumPy 2.1 on integers stay integers
_ROUNDED = "same" if np.floor(np.int64(1)).dtype.kind == "i" else "float"
row("floor", "np.floor math.floor", "0.0", result=_ROUNDED, cheap=True)
row("ceil", "np.ceil math.ceil", "0.0", result=_ROUNDED, cheap=True)
row("trunc", "np.trunc math.trunc", "0.0", result=_ROUNDED, cheap=True, alias="np.fix")
row("rint", "np.rint", "0.0", cheap=True, alias="special.round")
row("spacing", "np.spacing", "0.0", cheap=True)

_ANY = ((-2.0, 2.0),)
row("maximum", "max np.maximum", "1.0 if x >= y else 0.0", "0.0 if x >= y else 1.0", result="same",
    more=_ANY, cheap=True)
row("minimum", "min np.minimum", "1.0 if x <= y else 0.0", "0.0 if x <= y else 1.0", result="same",
    more=_ANY, cheap=True)
row("fmax", "np.fmax", "1.0 if x >= y or y != y else 0.0", "0.0 if x >= y or y != y else 1.0", result="same",
    more=_ANY, cheap=True)
row("fmin", "np.fmin", "1.0 if x <= y or y != y else 0.0", "0.0 if x <= y or y != y else 1.0", result="same",
    more=_ANY, cheap=True)
row("hypot", "np.hypot math.hypot", "x / out if out > 0.0 else 0.0", "y / out if out > 0.0 else 0.0",
    more=((0.5, 2.0),))
row("arctan2", "np.arctan2 math.atan2", "y / (x**2 + y**2) if x**2 + y**2 > 0.0 else 0.0",
    "-x / (x**2 + y**2) if x**2 + y**2 > 0.0 else 0.0", domain=_POSITIVE, more=_ANY, alias="simd.arctan2")
# where the value is infinite it is one of the two
for _name, _exp in (("logaddexp", "exp"), ("logaddexp2", "exp2")):
    row(_name, f"np.{_name}", *(f"{_exp}({x} - out) if {x} != out else 1.0" for x in "xy"), more=_ANY)
row("copysign", "np.copysign math.copysign", "copysign(1.0, x) * copysign(1.0, y)", "0.0", more=_ANY, cheap=True)
row("nextafter", "np.nextafter math.nextafter", "1.0", "0.0", more=_ANY, cheap=True)
row("ldexp", "np.ldexp", "ldexp(1.0, y)", None, result="first", more=((-3, 3),), cheap=True, alias="math.ldexp")
row("power", "np.power math.pow",
    "y * power(x, y - 1.0) if x != 0.0 or y >= 1.0 or y < 0.0 else STEEP if y > 0.0 else 0.0",
    "out * log(x) if x > 0.0 else 0.0", result="same", domain=_POSITIVE, more=_ANY)
_DIVISOR = ((1.1, 1.9),)
row("fmod", "np.fmod", "1.0", "-trunc(x / y)", result="same", domain=(0.5, 5.0), more=_DIVISOR, cheap=True,
    alias="math.fmod")
row("remainder", "np.remainder np.mod", "1.0", "-floor(x / y)", result="same", domain=(0.5, 5.0), more=_DIVISOR,
    cheap=True)
row("floor_divide", "np.floor_divide", "0.0", "0.0", result="same", domain=(0.5, 5.0), more=_DIVISOR, cheap=True)

row("isnan", "np.isnan math.isnan", result="bool", cheap=True)
row("isinf", "np.isinf math.isinf", result="bool", cheap=True)
row("isfinite", "np.isfinite math.isfinite", result="bool", cheap=True)
row("isposinf", "np.isposinf", result="bool", cheap=True)
row("isneginf", "np.isneginf", result="bool", cheap=True)
row("isreal", "np.isreal", result="bool", cheap=True)
row("iscomplex", "np.iscomplex", result="bool", cheap=True)
row("signbit", "np.signbit", result="bool", cheap=True)
row("logical_not", "np.logical_not", result="bool", cheap=True)
row("logical_and", "np.logical_and", result="bool", more=_ANY, cheap=True)
row("logical_or", "np.logical_or", result="bool", more=_ANY, cheap=True)
row("logical_xor", "np.logical_xor", result="bool", more=_ANY, cheap=True)
row("gcd", "np.gcd math.gcd", result="int", domain=(0, 20), more=((1, 20),), cheap=True)
row("lcm", "np.lcm", result="int", domain=(0, 20), more=((1, 20),), cheap=True, alias="math.lcm")

# spelled by an operator in source, by the ufunc as a function
OPERATOR_UFUNCS = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.true_divide: "div", np.negative: "neg",
    np.bitwise_and: "bitand", np.bitwise_or: "bitor", np.bitwise_xor: "bitxor", np.invert: "invert",
    np.left_shift: "lshift", np.right_shift: "rshift",
    np.less: "lt", np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge", np.equal: "eq", np.not_equal: "ne",
}  # fmt: skip
ARITHMETIC = frozenset({"add", "sub", "mul", "div", "neg", "pow"})
STEPS = frozenset({"mod", "floordiv"})
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
LOGIC = frozenset({"and", "or", "not", "bitand", "bitor", "bitxor", "invert", "lshift", "rshift"})
BITS = {"bitand": "&", "bitor": "|", "bitxor": "^", "invert": "~", "lshift": "<<", "rshift": ">>"}
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
CASTS = frozenset({"float", "int", "bool", "np.float64", "np.float32", "round", *(f"np.{n}" for n in INTEGERS)})

HINTS = frozenset({"stop_gradient"})
_OPERATORS = ARITHMETIC | STEPS | COMPARISONS | LOGIC | CASTS | HINTS


def refusal(fn: str, kinds) -> tuple[str, str] | None:
    """Return (what, the way out) where NumPy does not compute this of operands of such kinds, None where it does."""
    given = " and ".join(map(str, kinds))
    if fn in ("sub", "neg") and all(k.dtype == "bool" for k in kinds) and any(k.rank for k in kinds):
        return "NumPy does not subtract truth values", "write !=, or convert them"
    if fn in ("and", "or", "not") and any(k.rank for k in kinds):
        return "the truth of an array is ambiguous", "use .any() or .all(), or & | ~ between comparisons"
    if fn in ("max", "min") and any(k.rank for k in kinds):
        return f"{fn}() compares arrays as a whole", f"np.{fn}imum"
    if fn in BITS and any(k.is_float for k in kinds):
        return f"{BITS[fn]} of {given}", "compare them, or use int()"
    if fn in ("lshift", "rshift") and all(k.dtype == "bool" for k in kinds):
        return f"{BITS[fn]} of {given}", "convert them to integers"
    if fn == "np.reciprocal" and not kinds[0].is_float:
        return f"{fn} of {given}: in NumPy a whole number", "write 1.0 / x"
    of_integers = fn in BY_SPELLING and BY_SPELLING[fn].result == "int"
    if of_integers and any(k.is_float for k in kinds) or fn in ("np.ldexp", "math.ldexp") and kinds[1].is_float:
        return f"{fn} of {given}", "pass integers"
    return None


def is_elementwise(fn: str) -> bool:
    """Return whether an operation maps scalars to a scalar, and arrays element by element."""
    return fn in _OPERATORS or fn in BY_SPELLING


__all__ = [
    "ARGUMENTS", "BY_OBJECT", "BY_SPELLING", "CONSTANTS", "ROWS", "STEEP", "Row", "row", "special", "special_name",
    "spelling_of",
]  # fmt: skip
