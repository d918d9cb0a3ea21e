"""Peak memory and time of checkpointed loops: each schedule in a process of its own."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numba
import numpy as np

import srcgrad as sg
from srcgrad.runtime import next_checkpoint
from tests.benchmarks.timing import print_table, short

SLOTS, EVERY = 50, 1000


def pendulum(schedule: str) -> Callable[..., object]:
    """The pendulum with a loop of this schedule."""

    def pendulum(theta, n, dt):
        x, v, k, c = theta[0], theta[1], theta[2], theta[3]
        for _ in sg.checkpoint(range(n), schedule, every=EVERY, slots=SLOTS):
            a = -k * math.sin(x) - c * v
            v = v + dt * a
            x = x + dt * v
        return (x - 1.0) ** 2

    return pendulum


def burgers(schedule: str) -> Callable[..., object]:
    """Burgers' equation with a loop of this schedule."""

    def burgers(u0, n, r):
        u, new = u0.copy(), u0.copy()
        for _ in sg.checkpoint(range(n), schedule, every=EVERY, slots=SLOTS):
            for i in range(1, u.size - 1):
                new[i] = u[i] - 0.05 * u[i] * (u[i + 1] - u[i - 1]) + r * (u[i - 1] - 2.0 * u[i] + u[i + 1])
            u, new = new, u
        return np.sum(u * u)

    return burgers


SCHEDULES = {"all": "all", f"periodic {EVERY}": "periodic", "sqrt": "sqrt", f"binomial {SLOTS}": "binomial"}
PROGRAMS = {"pendulum": pendulum, "burgers": burgers}
START = np.sin(np.linspace(0.0, 3.0, 1000))
ARGS = {"pendulum": (np.array([0.5, 0.1, 2.0, 0.01]), 10_000_000, 1e-4), "burgers": (START, 100_000, 0.2)}


@numba.njit
def trips_again(n: int, slots: int) -> int:
    """How many trips the binomial schedule runs besides one forward and one recorded run."""
    place = np.empty(slots + 1, np.int64)
    top, at, run = -1, 0, 0
    while at < n:
        top += 1
        place[top] = at
        at = max(min(next_checkpoint(at, n, slots - 1 - top), n - 1), at + 1)
    for last in range(n - 1, -1, -1):
        at = place[top]
        while at < last:
            stop = min(next_checkpoint(at, last + 1, slots - 1 - top), last)
            run += stop - at
            at = stop
            if at < last:
                top += 1
                place[top] = at
        if place[top] == last:
            top -= 1
    return run


def fewest_again(n: int, slots: int) -> int:
    """The least number of trips any schedule runs besides these two runs (Griewank and Walther 2000)."""
    r = next(r for r in range(n) if math.comb(slots + r, slots) >= n)
    return r * n - math.comb(slots + r, slots + 1) - (n - 1)


def measured(schedule: str, program: str) -> dict[str, float]:
    """Seconds of primal and of value and gradient, and bytes at the peak above those before the large run."""
    f = PROGRAMS[program](SCHEDULES[schedule])
    args = ARGS[program]
    primal, gradient = sg.differentiable(f), sg.value_and_grad(f)
    small = (args[0], 10, args[2])
    primal(*small)
    gradient(*small)
    begin = time.perf_counter()
    primal(*args)
    alone = time.perf_counter() - begin
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    value, bar = gradient(*args)
    both = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"primal": alone, "both": both, "peak": 1024.0 * peak, "check": float(np.sum(bar)) + value}


def table() -> None:
    """Prints peak memory and time of every schedule."""
    for program in PROGRAMS:
        rows, checks, n = [], [], ARGS[program][1]
        for schedule in SCHEDULES:
            command = [sys.executable, "-m", "tests.benchmarks.checkpoints", schedule, program]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = json.loads(text.splitlines()[-1])
            again = {"all": 0, "sqrt": 0}.get(schedule, 0)
            if schedule.startswith("binomial"):
                again = trips_again(n, SLOTS)
                assert again == fewest_again(n, SLOTS)
            runs = {"all": "0"}.get(schedule, f"{1 + again / n:.2f}")
            checks.append(found["check"])
            rows.append([schedule, short(found["primal"]), f"{found['both'] / found['primal']:.2f}",
                         f"{found['peak'] / 2**20:.1f} MiB", runs])  # fmt: skip
        np.testing.assert_allclose(checks, checks[0], rtol=1e-9)
        title = f"Checkpoints: {program}, {n} trips; binomial runs as few again as can be"
        print_table(title, ["schedule", "primal", "value+grad / primal", "peak memory", "run again"], rows)


if __name__ == "__main__":
    print(json.dumps(measured(*sys.argv[1:])))
