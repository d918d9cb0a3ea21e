"""Gradients by central differences, extrapolated, with an estimate of their error and a search for kinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

STEPS = (1e-3, 1e-4, 1e-5)
KINK = 1e-6


@dataclass(frozen=True)
class Difference:
    """The derivative along one entry, the error it may have, and whether a kink or jump is near."""

    value: float
    error: float
    smooth: bool


@dataclass(frozen=True)
class Reference:
    """Value and gradient in plain Python; `smooth` is False where differences cannot be trusted."""

    value: float
    gradients: tuple[np.ndarray, ...]
    error: float
    smooth: bool

    @property
    def norm(self) -> float:
        """Euclidean norm over all gradients together."""
        return float(np.sqrt(sum(np.sum(gradient**2) for gradient in self.gradients)))


def copied(args: Sequence[object]) -> tuple[object, ...]:
    """The arguments with every array replaced by a copy of the same layout."""
    return tuple(arg.copy(order="K") if isinstance(arg, np.ndarray) else arg for arg in args)


def float_argnums(args: Sequence[object]) -> tuple[int, ...]:
    """Positions of the floating scalars and arrays."""
    return tuple(
        k
        for k, arg in enumerate(args)
        if isinstance(arg, float) or (isinstance(arg, np.ndarray) and np.issubdtype(arg.dtype, np.floating))
    )


def along(f: Callable[[float], float], middle: float, h: float) -> Difference:
    """The derivative of f at 0 by three central differences, extrapolated twice."""
    high = [f(step) for step in (h, h / 2, h / 4)]
    low = [f(-step) for step in (h, h / 2, h / 4)]
    first, second, third = (
        (up - down) / (2 * step) for up, down, step in zip(high, low, (h, h / 2, h / 4), strict=True)
    )
    coarse, fine = (4 * second - first) / 3, (4 * third - second) / 3
    best = (16 * fine - coarse) / 15
    # Second differences over h vanish like h where f is smooth, and stay where the slope jumps.
    bend, narrow = (high[0] - 2 * middle + low[0]) / h, (high[2] - 2 * middle + low[2]) / (h / 4)
    error = abs(best - fine) + 4e-16 * (abs(middle) + 1.0) / h
    smooth = abs(bend - 4 * narrow) <= KINK * (1.0 + abs(best)) + 100 * error and error <= KINK * (
        1.0 + abs(best)
    )
    return Difference(best, error, smooth)


def entry(
    f: Callable[..., float], args: Sequence[object], k: int, index: tuple[int, ...] | None, middle: float
) -> Difference:
    """The derivative of f with respect to one entry of one argument."""

    def shifted(step: float) -> float:
        moved = list(copied(args))
        if index is None:
            moved[k] = moved[k] + step  # type: ignore[operator]
        else:
            moved[k][index] += step  # type: ignore[index]
        return float(f(*moved))

    found = along(shifted, middle, STEPS[0])
    for h in STEPS[1:]:
        if found.smooth:
            break
        found = along(shifted, middle, h)
    return found


def reference(f: Callable[..., float], args: Sequence[object], argnums: Sequence[int]) -> Reference:
    """Value, gradient by differences, and their worst error, of f in plain Python."""
    middle = float(f(*copied(args)))
    gradients, error, smooth = [], 0.0, True
    for k in argnums:
        arg = args[k]
        gradient = np.zeros(np.shape(arg))  # type: ignore[call-overload]
        for index in np.ndindex(gradient.shape):
            found = entry(f, args, k, index if isinstance(arg, np.ndarray) else None, middle)
            gradient[index] = found.value
            error, smooth = max(error, found.error), smooth and found.smooth
        gradients.append(gradient)
    return Reference(middle, tuple(gradients), error, smooth)


def mismatch(
    expected: Reference,
    gradients: Sequence[object],
    args: Sequence[object],
    argnums: Sequence[int],
    relative: float = 1e-7,
) -> str | None:
    """What is wrong with the gradients, in a sentence; None if nothing is."""
    if len(gradients) != len(argnums):
        return f"{len(gradients)} gradients for {len(argnums)} arguments"
    limit = relative * (1e-2 + expected.norm) + 20 * expected.error
    for k, right, gradient in zip(argnums, expected.gradients, gradients, strict=True):
        found = np.asarray(gradient)
        if found.shape != right.shape:
            return f"gradient of argument {k} has shape {found.shape}, not {right.shape}"
        # numbers computed from elements stay single in plain Python, and are widened by numba
        if found.dtype != np.asarray(args[k]).dtype and (found.ndim or found.dtype != np.float32):
            return f"gradient of argument {k} is {found.dtype}, not {np.asarray(args[k]).dtype}"
        far = ~(np.abs(found - right) <= limit)
        if np.any(far):
            index = tuple(int(i) for i in np.argwhere(far)[0])
            return f"argument {k}{list(index) or ''}: {found[index]!r}, differences give {right[index]!r}"
    return None
