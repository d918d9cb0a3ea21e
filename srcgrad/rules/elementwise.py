"""Elementwise functions: a row each, with its spellings, partial derivatives and test domain.

Partials are written in `x`, `y` (the arguments) and `out` (the value); a row without them is differentiated by sympy
from `formula`. Kinks follow one policy: where two sides tie the first argument wins, |x| has slope 0 at 0, steps have
slope 0 everywhere. A derivative is finite wherever the value is: where the slope is infinite at the end of a domain
(the root at 0, arccos at 1) it is STEEP, so that zero times it is zero: what stands inside the function has an extreme
there, its own slope is zero, and zero times infinity would be NaN.
"""

from __future__ import annotations

import builtins
import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """One elementwise function: spellings, arity, partials, result dtype ('float', 'same', 'bool', 'int')."""

    name: str
    spellings: tuple[str, ...]
    arity: int
    partials: tuple[str, ...] | None
    formula: str | None
    result: str
    domains: tuple[tuple[float, float], ...]
    transcendental: bool

    @property
    def differentiable(self) -> bool:
        return self.result not in ("bool", "int")


# stands for an infinite slope; in single precision too it can be multiplied with what is not astronomical
STEEP = 1e30

ROWS: dict[str, Row] = {}
BY_SPELLING: dict[str, Row] = {}
BY_OBJECT: dict[object, str] = {}

_MODULES = {"np": np, "math": math, "": builtins}


def row(name, spellings, *partials, formula=None, result="float", domain=(-2.0, 2.0), other=None, cheap=False):
    """Register an elementwise function; the first spelling is the one used in derivatives of others."""
    spellings = tuple(spellings.split())
    arity = 2 if other is not None else 1
    domains = (domain,) if other is None else (domain, other)
    assert formula or len(partials) == arity or result in ("bool", "int"), name
    entry = Row(name, spellings, arity, partials or None, formula, result, domains, not cheap)
    ROWS[name] = entry
    for spelling in spellings:
        module, _, attribute = spelling.rpartition(".")
        target = getattr(_MODULES[module], attribute)
        BY_SPELLING[spelling] = entry
        BY_OBJECT[target] = spelling


_POSITIVE, _UNIT, _WIDE = (0.2, 3.0), (-0.9, 0.9), (-3.0, 3.0)

row("exp", "np.exp math.exp", "out")
row("exp2", "np.exp2", "out * log(2.0)")
row("expm1", "np.expm1 math.expm1", "out + 1.0")
row("log", "np.log math.log", "1.0 / x", domain=_POSITIVE)
row("log2", "np.log2 math.log2", "1.0 / (x * log(2.0))", domain=_POSITIVE)
row("log10", "np.log10 math.log10", "1.0 / (x * log(10.0))", domain=_POSITIVE)
row("log1p", "np.log1p math.log1p", "1.0 / (1.0 + x)", domain=(-0.5, 2.0))
row("sqrt", "np.sqrt math.sqrt", "0.5 / out if out != 0.0 else STEEP", domain=_POSITIVE)
row("cbrt", "np.cbrt", "1.0 / (3.0 * out**2)", domain=_POSITIVE)
row("sin", "np.sin math.sin", formula="sin(x)", domain=_WIDE)
row("cos", "np.cos math.cos", formula="cos(x)", domain=_WIDE)
row("tan", "np.tan math.tan", "1.0 + out**2", domain=(-1.2, 1.2))
row("sinh", "np.sinh math.sinh", formula="sinh(x)")
row("cosh", "np.cosh math.cosh", formula="cosh(x)")
row("tanh", "np.tanh math.tanh", "1.0 - out**2", domain=_WIDE)
row("arcsin", "np.arcsin math.asin", "1.0 / sqrt((1.0 - x) * (1.0 + x)) if abs(x) != 1.0 else STEEP", domain=_UNIT)
row("arccos", "np.arccos math.acos", "-1.0 / sqrt((1.0 - x) * (1.0 + x)) if abs(x) != 1.0 else -STEEP", domain=_UNIT)
row("arctan", "np.arctan math.atan", formula="atan(x)")
row("arcsinh", "np.arcsinh math.asinh", "1.0 / hypot(1.0, x)")
row("arccosh", "np.arccosh math.acosh", "1.0 / sqrt((x - 1.0) * (x + 1.0)) if x != 1.0 else STEEP", domain=(1.2, 3.0))
row("arctanh", "np.arctanh math.atanh", "1.0 / ((1.0 - x) * (1.0 + x))", domain=_UNIT)
row("erf", "math.erf", "1.1283791670955126 * exp(-(x**2))")
row("erfc", "math.erfc", "-1.1283791670955126 * exp(-(x**2))")
row("sinc", "np.sinc", "(cos(3.141592653589793 * x) - out) / x if x != 0.0 else 0.0", domain=(0.2, 2.0))

row("abs", "np.abs abs np.fabs math.fabs", "sign(x)", result="same", cheap=True)
row("square", "np.square", "2.0 * x", result="same", cheap=True)
row("reciprocal", "np.reciprocal", "-(out**2)", domain=_POSITIVE, cheap=True)
row("deg2rad", "np.deg2rad math.radians np.radians", "0.017453292519943295", cheap=True)
row("rad2deg", "np.rad2deg math.degrees np.degrees", "57.29577951308232", cheap=True)
row("positive", "np.positive", "1.0", result="same", cheap=True)

row("sign", "np.sign", "0.0", result="same", cheap=True)
row("floor", "np.floor math.floor", "0.0", cheap=True)
row("ceil", "np.ceil math.ceil", "0.0", cheap=True)
row("trunc", "np.trunc math.trunc", "0.0", cheap=True)
row("rint", "np.rint", "0.0", cheap=True)

row("maximum", "max np.maximum np.fmax", "1.0 if x >= y else 0.0", "0.0 if x >= y else 1.0", result="same",
    other=(-2.0, 2.0), cheap=True)
row("minimum", "min np.minimum np.fmin", "1.0 if x <= y else 0.0", "0.0 if x <= y else 1.0", result="same",
    other=(-2.0, 2.0), cheap=True)
row("hypot", "np.hypot math.hypot", "x / out if out > 0.0 else 0.0", "y / out if out > 0.0 else 0.0", other=(0.5, 2.0))
row("arctan2", "np.arctan2 math.atan2", "y / (x**2 + y**2)", "-x / (x**2 + y**2)", domain=_POSITIVE, other=(-2.0, 2.0))
row("logaddexp", "np.logaddexp", "exp(x - out)", "exp(y - out)", other=(-2.0, 2.0))
row("logaddexp2", "np.logaddexp2", "exp2(x - out)", "exp2(y - out)", other=(-2.0, 2.0))
row("copysign", "np.copysign math.copysign", "copysign(1.0, x) * copysign(1.0, y)", "0.0", other=(-2.0, 2.0),
    cheap=True)
row("power", "np.power math.pow np.float_power", "y * power(x, y - 1.0) if y != 0.0 else 0.0",
    "out * log(x) if x > 0.0 else 0.0", result="same", domain=_POSITIVE, other=(-2.0, 2.0))
row("fmod", "np.fmod", "1.0", "-trunc(x / y)", result="same", domain=(0.5, 5.0), other=(1.1, 1.9), cheap=True)
row("remainder", "np.remainder np.mod", "1.0", "-floor(x / y)", result="same", domain=(0.5, 5.0), other=(1.1, 1.9),
    cheap=True)
row("floor_divide", "np.floor_divide", "0.0", "0.0", result="same", domain=(0.5, 5.0), other=(1.1, 1.9), cheap=True)

row("isnan", "np.isnan math.isnan", result="bool", cheap=True)
row("isinf", "np.isinf math.isinf", result="bool", cheap=True)
row("isfinite", "np.isfinite math.isfinite", result="bool", cheap=True)
row("logical_not", "np.logical_not", result="bool", cheap=True)
row("logical_and", "np.logical_and", result="bool", other=(-2.0, 2.0), cheap=True)
row("logical_or", "np.logical_or", result="bool", other=(-2.0, 2.0), cheap=True)

BY_OBJECT[math.fmod] = "np.fmod"  # numba has no math.fmod

# spelled by an operator in source, by the ufunc as a function
OPERATOR_UFUNCS = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.true_divide: "div", np.negative: "neg",
    np.less: "lt", np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge", np.equal: "eq", np.not_equal: "ne",
}  # fmt: skip
ARITHMETIC = frozenset({"add", "sub", "mul", "div", "neg", "pow"})
STEPS = frozenset({"mod", "floordiv"})
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
LOGIC = frozenset({"and", "or", "not", "bitand", "bitor", "bitxor", "invert", "lshift", "rshift"})
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
CASTS = frozenset({"float", "int", "bool", "np.float64", "np.float32", "round", *(f"np.{n}" for n in INTEGERS)})

HINTS = frozenset({"stop_gradient"})
_OPERATORS = ARITHMETIC | STEPS | COMPARISONS | LOGIC | CASTS | HINTS


def is_elementwise(fn: str) -> bool:
    """Return whether an operation maps scalars to a scalar, and arrays element by element."""
    return fn in _OPERATORS or fn in BY_SPELLING
