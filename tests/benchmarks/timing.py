"""Times of interleaved calls, and tables."""

from __future__ import annotations

import ctypes
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def interleaved(
    calls: Mapping[str, Callable[[], object]], seconds: float = 1.0, batch: float = 2e-3
) -> dict[str, float]:
    """Median seconds per call of each, in turns: a slow spell of the machine meets all alike."""
    return {name: statistics.median(times) for name, times in sampled(calls, seconds, batch).items()}


def fastest(
    calls: Mapping[str, Callable[[], object]], seconds: float = 1.0, batch: float = 3e-4
) -> dict[str, float]:
    """Least seconds per call of each over many short turns: what a shared machine does to others is left out."""
    return {name: min(times) for name, times in sampled(calls, seconds, batch).items()}


def sampled(
    calls: Mapping[str, Callable[[], object]], seconds: float, batch: float
) -> dict[str, list[float]]:
    """Seconds per call of each, as many samples as the time allows, in turns."""
    numbers = {}
    for name, call in calls.items():
        call()
        begin = time.perf_counter()
        call()
        numbers[name] = max(1, round(batch / max(time.perf_counter() - begin, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds * len(calls)
    while time.perf_counter() < end or len(samples[next(iter(calls))]) < 5:
        for name, call in calls.items():
            number = numbers[name]
            begin = time.perf_counter()
            for _ in range(number):
                call()
            samples[name].append((time.perf_counter() - begin) / number)
    return samples


def stay_on_one_core() -> None:
    """Holds this process and the threads it starts on one core, where the system allows it.

    Libraries that were told to use one thread start others all the same; what runs on another core is counted late in
    CPU time, if the call is over by then not at all, and in other times it counts once for two cores.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def keep_memory() -> None:
    """Lets glibc keep what is freed: else a call pays for the pages that the call before it gave back to the system."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # another C library
    trim_threshold, mmap_max, arena_max = -1, -4, -8
    mallopt(trim_threshold, 1 << 30)
    mallopt(mmap_max, 0)
    mallopt(arena_max, 1)


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with the first column to the left and the others to the right."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    print(f"\n{title}\n")
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        print("  " + "   ".join(cells))
    print(flush=True)


def short(seconds: float) -> str:
    """A time with a unit that suits it.

    >>> short(2.5e-7), short(0.0123), short(3.0)
    ('250 ns', '12.3 ms', '3 s')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1.0:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
