"""Callables without text, as functions that call them: methods, partial functions, objects, functions in C."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any

from ..hints import Nondifferentiable
from ..language.names import Fresh
from ..parsing.source import python_function, shown_file, source_from_text

_BY_PLACE = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def with_text(f: Any) -> Any:
    """Return a function that calls a callable; what has text itself, or cannot be called, as it is.

    What a partial function holds is no argument any more; functions in C are given the arguments that they need.

    >>> import math
    >>> def scaled(x, by, *, power=2): return by * x**power
    >>> made = with_text(functools.partial(scaled, by=3.0))
    >>> made(2.0), list(inspect.signature(made).parameters)
    (12.0, ['x', 'power'])
    >>> print(with_text(math.sin).__srcgrad_source__.text)
    def sin(x):
        return function(x)
    >>> with_text(scaled) is scaled
    True
    """
    known = python_function(f) is not None or hasattr(f, "_transform") or isinstance(f, type | Nondifferentiable)
    taken = None if known or not callable(f) else _parameters(f)
    return f if taken is None else _calling(f, taken)


def base_of(f: Any) -> Any:
    """Return the function that a derivative is taken of: that behind a compiled primal, one with text of a callable."""
    return f._base if getattr(f, "_transform", None) == "primal" else with_text(f)


def _parameters(f) -> list[inspect.Parameter] | None:
    """Return the parameters that are given where a callable is called; None where they are not known."""
    if hasattr(f, "nin"):
        return [inspect.Parameter(f"x{k}", _BY_PLACE[1]) for k in range(f.nin)]
    try:
        every = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    if isinstance(f, functools.partial):
        every = [p for p in every if p.name not in f.keywords]
    elif not isinstance(f if isinstance(f, MethodType) else type(f).__call__, MethodType | FunctionType):
        every = [p for p in every if p.default is p.empty]
    return every if every and all(p.kind in (*_BY_PLACE, _KEYWORD) for p in every) else None


def _calling(f, taken: list[inspect.Parameter]) -> FunctionType:
    of = f.func if isinstance(f, functools.partial) else f
    name = getattr(of, "__name__", type(of).__name__)
    name = name if name.isidentifier() else "function"
    stands_for, called, value = _spelled(f, {*(p.name for p in taken), name})
    by_place = [p.name for p in taken if p.kind in _BY_PLACE]
    by_name = [p.name for p in taken if p.kind == _KEYWORD]
    declared = ", ".join([*by_place, *(["*"] if by_name else []), *by_name])
    given = ", ".join([*by_place, *(f"{n}={n}" for n in by_name)])
    namespace = {"__name__": getattr(of, "__module__", None) or __name__, stands_for: value}
    source = source_from_text(f"def {name}({declared}): return {called}({given})", namespace)
    behind = python_function(of if python_function(of) is not None else getattr(of, "__func__", type(of).__call__))
    if behind is not None:  # problems and comments name a line that there is
        code = behind.__code__
        source = replace(source, file=shown_file(code.co_filename), first_line=code.co_firstlineno)
    function = source.function
    function.__defaults__ = tuple(p.default for p in taken if p.kind in _BY_PLACE and p.default is not p.empty) or None
    function.__kwdefaults__ = {p.name: p.default for p in taken if p.kind == _KEYWORD and p.default is not p.empty}
    function.__doc__ = f.__doc__
    function.__dict__["__srcgrad_source__"] = source
    return function


def _spelled(f, taken: set[str]) -> tuple[str, str, Any]:
    """Return (a name, how text with it names a callable, what it stands for)."""
    if isinstance(f, functools.partial):
        name = Fresh(taken)("partial")
        return name, name, f
    if isinstance(f, MethodType) and getattr(f.__self__, f.__name__, None) == f:
        name = Fresh(taken)("model")
        return name, f"{name}.{f.__name__}", f.__self__
    name = Fresh(taken)("function" if hasattr(f, "__name__") else "model")
    return name, name, f
