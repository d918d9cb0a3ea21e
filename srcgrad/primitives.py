"""Elementwise functions of the user's own, each from one formula: its value, and by sympy all its derivatives."""

from __future__ import annotations

import ast
import functools
import hashlib
import keyword
import linecache
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import overload

from .errors import ArgumentError, Problem
from .rules.elementwise import ARGUMENTS, BY_OBJECT, BY_SPELLING, CONSTANTS, ROWS, Row
from .rules.rows import OWN
from .runtime import special
from .travel import SENT


class Primitive:
    """An elementwise function made by `primitive`; takes numbers and arrays, from Python and inside njit."""

    def __init__(self, key: str, name: str, formula: str, stable: str | None, arity: int):
        self.key, self.formula, self.stable = key, formula, stable
        self.__name__ = self.__qualname__ = name
        self.__doc__ = f"{formula}, by element."
        self.parameters = ARGUMENTS[:arity]

    def __call__(self, *args):
        """Return the value for numbers or arrays."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            value = self._of_arrays(*args)
        return value if np.ndim(value) else value[()] if isinstance(value, np.ndarray) else value

    @property
    def text(self) -> str:
        """How a generated module defines it."""
        return f"{self.key}={self.formula if self.stable is None else (self.formula, self.stable)!r}"

    @functools.cached_property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function that calls it: what a derivative of the primitive alone is made from."""
        args = ", ".join(self.parameters)
        text = f"def {self.__name__}({args}):\n    return own.{self.key}({args})\n"
        namespace: dict[str, Any] = {"own": own, "__name__": self.__module__}
        exec(compile(text, f"<srcgrad primitive {self.key}>", "exec"), namespace)
        function = namespace[self.__name__]
        function.__dict__[SENT] = text.splitlines(True), 1
        return function

    def _function(self, arrays: bool) -> Callable[..., Any]:
        node = _Code(arrays).visit(ast.parse(self.stable or self.formula, mode="eval").body)
        body = ast.unparse(ast.fix_missing_locations(node))
        text = f"def {self.key}({', '.join(self.parameters)}):\n    return {body}\n"
        file = f"<srcgrad primitive {self.key} of {'arrays' if arrays else 'numbers'}>"
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        namespace: dict[str, Any] = {"np": np, "math": math, "special": special, "own": own, **CONSTANTS}
        exec(compile(text, file, "exec"), namespace)
        return namespace[self.key]

    @functools.cached_property
    def _of_arrays(self):
        return self._function(True)

    @functools.cached_property
    def _dispatcher(self):
        """The compiled function: of numbers as it stands, of arrays by a ufunc."""
        scalar = numba.njit(error_model="numpy")(self._function(False))
        args = ", ".join(self.parameters)
        namespace: dict[str, Any] = {"np": np, "scalar": scalar, "ufunc": numba.vectorize(self._function(False))}

        def made(text: str):
            exec(f"def {self.key}({args}):\n    {text}\n", namespace)
            return namespace[self.key]

        def choose(*given):
            if any(isinstance(t, types.Array) for t in given):
                return made(f"return ufunc({args})")
            single = all(t == types.float32 for t in given)
            return made(f"return np.float32(scalar({args}))" if single else f"return scalar({args})")

        stub = made("raise NotImplementedError")
        namespace["choose"] = choose
        exec(f"def typing({args}):\n    return choose({args})\n", namespace)
        overload(stub, strict=False)(namespace["typing"])
        namespace["stub"] = stub
        return numba.njit(made(f"return stub({args})"))

    @property
    def _numba_type_(self):
        return self._dispatcher._numba_type_

    def __reduce__(self):
        return primitive, (self.__name__, self.formula, self.stable)

    def __repr__(self):
        return f"<srcgrad primitive {self.__name__}({', '.join(self.parameters)}) = {self.formula}>"


class _Code(ast.NodeTransformer):
    """Turns a formula into code of NumPy: functions by their spellings, choices between arrays by `where`."""

    def __init__(self, arrays: bool):
        self.arrays = arrays

    def visit_Call(self, node):
        """Spell a function."""
        self.generic_visit(node)
        spellings = ROWS[node.func.id].spellings
        best = next((s for prefix in ("np.", "special.") for s in spellings if s.startswith(prefix)), spellings[0])
        return ast.Call(ast.parse(best, mode="eval").body, node.args, [])

    def visit_IfExp(self, node):
        """Write the choice by element."""
        self.generic_visit(node)
        if not self.arrays:
            return node
        return ast.Call(ast.parse("np.where", mode="eval").body, [node.test, node.body, node.orelse], [])


_ALIASES = {"max": "maximum", "min": "minimum", "atan": "arctan", "asin": "arcsin", "acos": "arccos"}
_KNOWN = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.IfExp, ast.Compare, ast.BoolOp, ast.operator,
          ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)  # fmt: skip


def _read(text: str, name: str) -> tuple[str, int]:
    """Return (a formula with the names of rows in it, how many arguments it has)."""

    def fail(what: str):
        way = "write it in x, y, z, w with + - * / **, conditional expressions, PI, and elementwise functions"
        raise ArgumentError(Problem(f"the formula of {name!r}, {text!r}: {what}",
                                    f"{way} by their names in NumPy or scipy.special"))  # fmt: skip

    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        fail("is no expression")
    arity = 0
    called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    for part in ast.walk(node):
        if not isinstance(part, _KNOWN):
            fail(f"{ast.unparse(part)!r} is not supported")
        if isinstance(part, ast.Call):
            function = part.func.id if isinstance(part.func, ast.Name) else ast.unparse(part.func)
            latest = next((k for k, p in reversed(OWN.items()) if p.__name__ == function), function)
            key = _ALIASES.get(latest, latest)
            if key not in ROWS or part.keywords or len(part.args) != ROWS[key].arity:
                fail(f"{ast.unparse(part)!r} is not known")
            part.func = ast.Name(key, ast.Load())
        elif isinstance(part, ast.Name) and part.id in ARGUMENTS:
            arity = max(arity, ARGUMENTS.index(part.id) + 1)
        elif isinstance(part, ast.Name) and part.id not in CONSTANTS and id(part) not in called and part.id not in ROWS:
            fail(f"{part.id!r} is not known")
        elif isinstance(part, ast.Constant) and type(part.value) not in (int, float):
            fail(f"{part.value!r} is no number")
    return ast.unparse(node), arity


def primitive(name, formula, stable=None):
    """Return an elementwise function with a value, and derivatives of all orders, from a formula.

    Parameters
    ----------
    name : str
        Its name, which generated code calls it by.
    formula : str
        An expression in `x`, and `y`, `z`, `w` for further arguments: arithmetic, conditional expressions, `PI`, and
        functions by their names in NumPy or `scipy.special`, or those of other primitives.
    stable : str, optional
        A text for the value, where the formula as it stands loses digits or overflows.

    Returns
    -------
    Primitive
        Callable from Python, with numbers and arrays, and inside njit. In differentiated functions it is an elementwise
        function like those of NumPy.

    Raises
    ------
    ArgumentError
        If the name is taken by a function that is known anyway, or a text is no formula.

    Notes
    -----
    Derivatives are sympy's, of the formula; quotients of exponentials, as exp(x) / (1 + exp(x)), are written such that
    they do not overflow.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> softplus = sg.primitive("softplus", "log(1 + exp(x))", stable="maximum(x, 0) + log1p(exp(-abs(x)))")
    >>> sg.grad(lambda a: np.sum(softplus(a)))(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    whole, arity = _read(formula, name)
    value, used = (None, arity) if stable is None else _read(stable, name)
    if not arity or used > arity:
        what = f"the formula of {name!r}, {formula!r}, has {arity} arguments, the stable one {used}"
        raise ArgumentError(Problem(what,
                                    "write both in x, and y, z, w for further arguments"))  # fmt: skip
    for made in OWN.values():
        if (made.__name__, made.formula, made.stable) == (name, whole, value):
            return made
    taken = name in ROWS and name not in OWN
    if not name.isidentifier() or keyword.iskeyword(name) or taken or name in ARGUMENTS:
        what = "is a function that is known anyway" if taken else "is no name for a function"
        raise ArgumentError(Problem(f"the primitive {name!r}: {name!r} {what}", "choose another name"))
    digest = hashlib.sha256(f"{whole} {value}".encode()).hexdigest()
    key = f"{name}_{digest[:6]}" if name in OWN else name
    spelling = f"own.{key}"
    row = Row(key, (spelling,), None, whole, "float", ((-2.0, 2.0),) * arity, True)
    made = Primitive(key, name, whole, value, arity)
    ROWS[key] = BY_SPELLING[spelling] = row
    OWN[key] = made
    BY_OBJECT[made] = spelling
    setattr(own, key, made)
    return made


# what generated source that is read as text calls `own`: all primitives of this process
own = ModuleType("own")


def primitives(**formulas):
    """Return a module with primitives: each from its formula, or from the formula and the stable text for the value.

    What is a function already stands in it as it is.
    """
    found = ModuleType("own")
    for key, given in formulas.items():
        if not isinstance(given, str | tuple):
            setattr(found, key, given)
            continue
        formula, stable = (given, None) if isinstance(given, str) else given
        known = OWN.get(key)
        same = known is not None and (known.formula, known.stable) == (formula, stable)
        setattr(found, key, known if same else primitive(key, formula, stable))
    return found
