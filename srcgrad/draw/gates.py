"""Gates: one operation with its derivative, as the lectures have it: forward keeps what backward needs.

The derivative of a gate is made as that of any function is; what is printed of it is run as plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BROADCAST
from ..generation import generate, pipeline
from ..language import ir
from ..language.emit import emit
from ..language.ir import Kind, Op
from ..language.plain import functions_of
from ..language.repeats import ANYWHERE, NOWHERE
from ..rules import draws


@dataclass(frozen=True)
class Gate:
    """A function of a few values with its reverse.

    Attributes
    ----------
    text : str
        The source of both.
    wrt : tuple of int
        The positions of the inputs that `backward` gives gradients of.
    """

    text: str
    wrt: tuple[int, ...]
    run: Callable
    reverse: Callable | None

    def forward(self, *inputs) -> tuple[tuple[Any, ...], Any]:
        """Return (values, what backward needs)."""
        found = self.run(*inputs)
        if self.reverse is None:
            return found if isinstance(found, tuple) else (found,), None
        *values, residuals = found
        return tuple(values), residuals

    def backward(self, residuals, *gradients) -> dict[int, Any]:
        """Return the gradients of the inputs by position, given those of the values."""
        if self.reverse is None:
            return {}
        return dict(zip(self.wrt, self.reverse(residuals, *gradients), strict=True))


_made: dict[tuple, Gate] = {}


def gate_of(function: ir.Function, kinds: tuple[Kind, ...]) -> Gate:
    """Return the gate of a function, as it is read, for inputs of these kinds.

    >>> from srcgrad.parsing.function import parse_text
    >>> times = gate_of(parse_text("def times(x, y):\\n    return x * y"), (Kind("float64"), Kind("float64")))
    >>> (value,), kept = times.forward(2.0, 3.0)
    >>> value, times.backward(kept, 10.0)
    (6.0, {0: 30.0, 1: 20.0})
    """
    key = emit(function, comments=False), kinds
    if key not in _made:
        _made[key] = _make(function, kinds)
    return _made[key]


def _make(function: ir.Function, kinds: tuple[Kind, ...]) -> Gate:
    wrt = () if _is_drawn(function) else tuple(k for k, kind in enumerate(kinds) if kind.is_float)
    # axes of length one may be repeated, as NumPy does it, without a word before
    for repeats in (NOWHERE, ANYWHERE):
        variant = pipeline.Variant(repeats)
        made = (pipeline.pair(function, None, kinds, wrt, variant) if wrt
                else pipeline.primal(function, None, kinds, variant))  # fmt: skip
        text = generate.module_text(function.name, made)
        if BROADCAST not in text:
            break
    found = functions_of(text, tuple(f.name for f in made.functions), dict(made.captured))
    return Gate(made.text(), wrt, found[0], found[1] if wrt else None)


def _is_drawn(function: ir.Function) -> bool:
    exprs = (e for s in ir.statements(function.body) for part in ir.exprs_of(s) for e in ir.walk(part))
    return any(isinstance(e, Op) and draws.is_draw(e.fn) for e in exprs)


def jacobian(gate: Gate, residuals, position: int, values: tuple, result: int):
    """Return the derivative of one value of a gate by one of its inputs: axes of the value, then those of the input."""
    zeros = [np.zeros(np.shape(v)) if np.ndim(v) else 0.0 for v in values]
    shape = np.shape(values[result])
    rows = []
    for place in np.ndindex(*shape):
        seed = np.zeros(shape)
        seed[place] = 1.0
        given = [*zeros]
        given[result] = seed if shape else 1.0
        rows.append(gate.backward(residuals, *given)[position])
    found = np.array(rows)
    return found.reshape(shape + found.shape[1:]) if shape else rows[0]
