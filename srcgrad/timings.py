"""How long a derivative takes beside its function: calls in turns, so that a slow spell meets both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba

LOOP = 10_000  # calls in a compiled loop


@dataclass(frozen=True)
class Timings:
    """Seconds a call of two functions took, round by round, and what they took to compile."""

    first: tuple[float, ...]
    second: tuple[float, ...]
    compiling: tuple[float, float]

    @property
    def ratios(self) -> list[float]:
        """How much longer the second took, in every round."""
        return [b / a for a, b in zip(self.first, self.second, strict=True)]


def in_turns(first: Callable[[], object], second: Callable[[], object], rounds: int, seconds: float) -> Timings:
    """Return the timings of two calls: `rounds` of each, all together about so many seconds.

    The first call of each compiles. A round is the mean over as many calls as its share of the time has room for.
    """
    compiling = once(first), once(second)
    share = seconds / (2 * rounds)
    numbers = [max(1, round(share / max(min(once(call), once(call)), 1e-7))) for call in (first, second)]
    found: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for call, number, times in zip((first, second), numbers, found, strict=True):
            begin = time.perf_counter()
            for _ in range(number):
                call()
            times.append((time.perf_counter() - begin) / number)
    return Timings(tuple(found[0]), tuple(found[1]), compiling)


def looped(f, args: tuple, gradient: bool) -> Callable[[], object]:
    """Return a call of a compiled loop of `LOOP` calls at moving numbers: none can be left out or done once."""
    first, rest = args[0], args[1:]
    if gradient:

        @numba.njit
        def many(start, others):
            total = 0.0
            for i in range(LOOP):
                value, bars = f(start + 1e-9 * i, *others)
                total += value
                for bar in bars:
                    total += bar
            return total

    else:

        @numba.njit
        def many(start, others):
            total = 0.0
            for i in range(LOOP):
                total += f(start + 1e-9 * i, *others)
            return total

    return lambda: many(first, rest)


def once(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def spread(values) -> tuple[float, float, float]:
    """Return (median, least, largest)."""
    return statistics.median(values), min(values), max(values)


def in_words(seconds: float) -> str:
    """Return a time with a unit that suits it.

    >>> in_words(0.00132), in_words(2.5e-7), in_words(3.0)
    ('1.32 ms', '250 ns', '3 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
