"""A function of the corpus with the arguments it is differentiated at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A function, its arguments, the positions differentiated (None: all floats), a gradient known by hand.

    `expected` is for points where differences do not give the gradient: at a kink, the written policy does.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    argnums: tuple[int, ...] | None = None
    expected: tuple[Any, ...] | None = None

    @property
    def name(self) -> str:
        """Where the function stands, for the test's name."""
        module = self.function.__module__.rpartition(".")[2]
        return f"{module}-{self.function.__qualname__.rpartition('.')[2].strip('<>')}"

    @property
    def positions(self) -> tuple[int, ...]:
        """The arguments differentiated with respect to."""
        if self.argnums is not None:
            return self.argnums
        return tuple(k for k, arg in enumerate(self.args) if is_float(arg))

    def fresh(self) -> tuple[Any, ...]:
        """The arguments, arrays copied with their layout."""
        return tuple(copied(arg) if isinstance(arg, np.ndarray) else arg for arg in self.args)


def is_float(arg: Any) -> bool:
    """Whether an argument can be differentiated with respect to."""
    return isinstance(arg, float) or (isinstance(arg, np.ndarray) and arg.dtype.kind == "f")


def copied(array: np.ndarray) -> np.ndarray:
    """A copy that is contiguous, or has gaps, as the array itself."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array.copy(order="K")
    gaps = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)[..., ::2]
    gaps[...] = array
    return gaps


def sample(*shape: int, seed: int = 0, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Fixed numbers, uniform between the bounds."""
    return np.random.default_rng(seed).uniform(low, high, shape)
