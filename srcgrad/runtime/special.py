"""SciPy's special functions as generated code calls them: `special.erfinv(x)`, compiled and in plain Python alike.

Compiled code calls the C functions that SciPy exports. Their addresses differ from process to process, and compiled
code is kept on disk: it has a slot for each, and the first call asks `srcgrad.runtime.addresses` for it by name.
Functions of a few operations are formulas, which a compiler can put into the loop around them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
from llvmlite import ir as llvm
from numba.core import types
from numba.extending import lower_builtin, overload, type_callable

from ..rules.rows import SCIPY
from ..rules.special import ARITIES
from .addresses import address_of

_C_NAMES = {"digamma": "psi"}
# numba looks at the names of a typing function's parameters
_TYPING: tuple[Callable, ...] = (
    lambda found: lambda x: found(x),
    lambda found: lambda x, y: found(x),
    lambda found: lambda x, y, z: found(x),
    lambda found: lambda x, y, z, w: found(x),
)


def _in_python(name: str) -> Callable:
    """Return the function of this name as plain Python has it: SciPy's."""

    def function(*args):
        return getattr(importlib.import_module(SCIPY), name)(*args)

    function.__name__ = function.__qualname__ = name
    return function


# ---- formulas


def _formula(compiled) -> Callable:
    """Return SciPy's function of the same name, which is this formula in compiled code."""
    function = _in_python(compiled.__name__)
    arity = compiled.__code__.co_argcount
    overload(function, jit_options={"error_model": "numpy"})(_TYPING[arity - 1](lambda x: compiled))
    return function


@_formula
def expit(x):
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


@_formula
def log_expit(x):
    """log(expit(x))."""
    return x - np.log1p(np.exp(x)) if x < 0.0 else -np.log1p(np.exp(-x))


@_formula
def logit(x):
    """log(x / (1 - x))."""
    if x < 0.3 or x > 0.65:
        return np.log(x / (1.0 - x))
    s = 2.0 * (x - 0.5)
    return np.log1p(s) - np.log1p(-s)


@_formula
def xlogy(x, y):
    """x * log(y), 0 where x is."""
    return 0.0 if x == 0.0 and y == y else x * np.log(y)


@_formula
def xlog1py(x, y):
    """x * log(1 + y), 0 where x is."""
    return 0.0 if x == 0.0 and y == y else x * np.log1p(y)


@_formula
def entr(x):
    """-x * log(x), 0 where x is."""
    if x > 0.0 or x != x:
        return -x * np.log(x)
    return 0.0 if x == 0.0 else -np.inf


@_formula
def rel_entr(x, y):
    """x * log(x / y)."""
    if x > 0.0 and y > 0.0:
        ratio = x / y
        if 0.5 < ratio < 2.0:
            return x * np.log1p((x - y) / y)
        return x * np.log(ratio) if 1e-300 < ratio < np.inf else x * (np.log(x) - np.log(y))
    if x != x or y != y:
        return np.nan
    return 0.0 if x == 0.0 and y >= 0.0 else np.inf


@_formula
def kl_div(x, y):
    """x * log(x / y) - x + y."""
    if x > 0.0 and y > 0.0:
        return x * np.log(x / y) - x + y
    if x != x or y != y:
        return np.nan
    return y * 1.0 if x == 0.0 and y >= 0.0 else np.inf


@_formula
def huber(x, y):
    """y**2 / 2, and as a line where |y| is above x."""
    if x < 0.0:
        return np.inf
    return 0.5 * y**2 if abs(y) <= x else x * (abs(y) - 0.5 * x)


@_formula
def polygamma(x, y):
    """The derivative of digamma of order x at y."""
    if x == 0:
        return digamma(y)
    whole = zeta(x + 1.0, y) * gamma(x + 1.0)
    return whole if x % 2 == 1 else -whole


# 2k! / B_2k of the Euler-Maclaurin formula
_FACTORS = (
    12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10, -2.950130727918164224e12,
    1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17, -7.1661652561756670113e18,
)  # fmt: skip


@_formula
def zeta(x, y):
    """Sum of (k + y)**-x: some terms, then the Euler-Maclaurin formula (as in Moshier's Cephes library)."""
    if x <= 1.0 or y <= 0.0 and (y == np.floor(y) or x != np.floor(x)):
        return np.inf if x == 1.0 or x > 1.0 and y == np.floor(y) else np.nan
    if y > 1e8:
        return (1.0 / (x - 1.0) + 0.5 / y) * y ** (1.0 - x)
    total, a, terms = y**-x, y, 0
    term = total
    while terms < 9 or a <= 9.0:
        a += 1.0
        terms += 1
        term = a**-x
        total += term
        if abs(term) < 1.1e-16 * abs(total):
            return total
    total += term * a / (x - 1.0) - 0.5 * term
    rising, k = 1.0, 0
    for factor in _FACTORS:
        rising *= x + k
        term /= a
        more = rising * term / factor
        total += more
        if abs(more) < 1.1e-16 * abs(total):
            break
        rising *= x + k + 1
        term /= a
        k += 2
    return total


# ---- C functions


def _external(name: str, arity: int) -> Callable:
    """Return SciPy's function, which is a C function in compiled code: of polynomials one for whole degrees."""
    function, exported = _in_python(name), _C_NAMES.get(name, name)
    numbers = (types.float64,) * arity
    of_degree = (types.intp, *numbers[1:]) if name.startswith("eval_") else numbers

    def signature_for(first):
        return types.float64(*(of_degree if isinstance(first, types.Integer) else numbers))

    type_callable(function)(lambda context: _TYPING[arity - 1](signature_for))
    _lower(function, exported, numbers)
    if of_degree != numbers:
        _lower(function, f"{exported}_of_integer", of_degree)
    return function


def _lower(function, exported: str, kinds: tuple):
    """Tell numba how a function of arguments of these kinds is called."""

    @lower_builtin(function, *kinds)
    def lowered(context, builder, signature, args):
        flag = llvm.IntType(32)
        kind = llvm.FunctionType(llvm.DoubleType(), [*map(context.get_value_type, kinds), flag])
        address = address_of(context, builder, exported)
        return builder.call(builder.bitcast(address, kind.as_pointer()), [*args, flag(0)])


gamma = _external("gamma", 1)
digamma = _external("digamma", 1)

for _name, _arity in ARITIES.items():
    if _name not in globals():
        globals()[_name] = _external(_name, _arity)
