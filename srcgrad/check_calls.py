"""Gradients compared with differences at every call from Python: for debugging, as `SRCGRAD_CHECK=1` asks for."""

from __future__ import annotations

import functools

from . import tree
from .api import Derivative, Grad, ValueAndGrad
from .check import Limits, Point


def check_every_call() -> None:
    """Have every gradient that Python code asks for compared with differences; AssertionError names what is off.

    Two or three evaluations for every entry of the arguments. Calls inside compiled code are not looked at.
    """
    for cls in (Grad, ValueAndGrad):
        name = "__call__"
        setattr(cls, name, _checked(getattr(cls, name)))


def _checked(call):
    """Return the same method, whose result is compared before it is returned."""

    @functools.wraps(call)
    def checked(self: Derivative, *args, **kwargs):
        result = call(self, *args, **kwargs)
        problems = problems_of(self, self._bind(args, kwargs), result)
        if problems:
            raise AssertionError("\n".join(problems))
        return result

    return checked


def problems_of(derivative: Derivative, args: tuple, result) -> list[str]:
    """Return for every argument whose gradient is off its worst entry, in words."""
    point = Point(derivative._unwrapped, args, derivative._argnums, ())
    found = result[1] if isinstance(derivative, ValueAndGrad) else result
    bars = (found,) if derivative._single else found
    problems = []
    for k, bar in zip(point.wanted, bars, strict=True):
        leaves = list(tree.leaves(point.structures[k], bar))
        problems += point.compare(k, {"rev": leaves}, Limits(None, None, None))[1]
    return problems
