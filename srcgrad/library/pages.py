"""The table of pages: which text stands for which function, and the calls that tests make of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.rows import SCIPY, special_name


class RefusedError(ValueError):
    """A page does not have this: what, and what to write instead."""


PAGES: dict[object, Callable] = {}
METHODS: dict[str, Callable] = {}
CASES: dict[Callable, tuple[str, ...]] = {}
KNOWN: set[Callable] = set()
OTHERWISE: dict[Callable, Any] = {}  # what some of those give where an argument is known only at run time
# the parameters of methods of ufuncs, which have no signature to look at
_OF_UFUNCS = {
    "reduce": ["array", "axis", "dtype", "out", "keepdims", "initial", "where"],
    "accumulate": ["array", "axis", "dtype", "out"],
}
# functions of modules that are not imported here, by their full names
_BY_NAME: dict[str, Callable] = {}


def page(*functions, method: str | None = None, cases: tuple[str, ...] = ()):
    """Return a decorator that makes a function the page of these functions, and of the array method of that name.

    Parameters
    ----------
    functions : callable or str
        A text names a function of a module that is imported by its users only.
    cases : tuple of str
        The arguments of the calls that tests make, as code writes them; `A(3, 4)` stands for an array of that shape,
        and so do other letters for arrays with certain properties (`tests/library_cases.py`).
    """

    def register(text):
        for function in functions:
            (_BY_NAME if isinstance(function, str) else PAGES)[function] = text
        if method is not None:
            METHODS[method] = text
        PAGES[text] = text
        CASES[text] = tuple(cases)
        return text

    return register


def part(text: Callable) -> Callable:
    """Return a function outside of this package that pages call: it is read as they are."""
    PAGES[text] = text
    return text


def reads_as(function: Callable, text: Callable):
    """Let calls of a function outside of this package be read as calls of another one, which is text to be read."""
    PAGES[function] = PAGES[text] = text


def known(function: Callable) -> Callable:
    """Return a function of what is known when a page is read (axes, options, text), which is called then."""
    KNOWN.add(function)
    return function


def known_or(otherwise) -> Callable:
    """Return a decorator as `known`, for a function that gives `otherwise` where an argument is not known."""

    def register(function: Callable) -> Callable:
        OTHERWISE[function] = otherwise
        return known(function)

    return register


def page_of(function) -> Callable | None:
    """Return the page of a function; None where it has none."""
    try:
        found = PAGES.get(function)
    except TypeError:
        return None
    return found or _BY_NAME.get(full_name(function)) or _BY_NAME.get(f"{SCIPY}.{special_name(function)}")


def by_name(function: Callable, text: Callable, count: int) -> tuple[str, ...]:
    """Return the names of the last of `count` arguments, where the page has others in these places.

    A page leaves parameters of its function out, as `out`: what comes behind them is not in the same place.
    """
    named: object = function
    if function is text:  # of a method: that of the function of NumPy with this page
        named = next((f for f, own in PAGES.items() if own is text and f is not text), text)
    every = _in_place(named)
    names = every[:count]
    own = list(inspect.signature(text).parameters)
    if len(names) < count:
        return ()
    moved = (k for k, name in enumerate(names) if k >= len(own) or own[k] != name and own[k] in every)
    return tuple(names[next(moved, count) :])


def _in_place(function: Any) -> list[str]:
    """Return the names of the parameters that may be given by place; none where they are not known."""
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return _OF_UFUNCS.get(function.__name__, [])
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in every if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def is_ours(function) -> bool:
    """Return whether a function is a page, or stands beside pages and serves them."""
    module = getattr(function, "__module__", None) or ""
    return module.startswith(__package__) or function in PAGES


def functions_of(text: Callable) -> list[str]:
    """Return how code spells the functions that a page stands for."""
    named = [name for name, own in _BY_NAME.items() if own is text]
    return [_spelling(f) for f, own in PAGES.items() if own is text and f is not text] + named


def _spelling(function) -> str:
    """Return how code spells a function of NumPy or of Python."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{function.__name__}"
    module = getattr(function, "__module__", None) or ""
    if module in ("math", "builtins"):
        return f"math.{function.__name__}" if module == "math" else function.__name__
    inner = module.removeprefix("numpy").strip(".")
    return f"np.{inner}.{function.__name__}" if inner else f"np.{function.__name__}"


def _holder(name: str):
    """Return a module, or an object in one, by its full name; None where nobody has imported it."""
    module, _, attribute = name.rpartition(".")
    return sys.modules.get(name) or getattr(sys.modules.get(module), attribute, None)


def full_name(function) -> str:
    """Return the name under which one of the modules named in this table holds a function, else ''."""
    name = getattr(function, "__name__", None)
    for known_as in _BY_NAME if isinstance(name, str) else ():
        holder, _, attribute = known_as.rpartition(".")
        if attribute == name and getattr(_holder(holder), name, None) == function:
            return known_as
    return ""
