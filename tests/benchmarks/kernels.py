"""Eight loop kernels: emitted value and gradient against the primal, an expert's adjoint, and JAX."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
from numba import njit

import srcgrad as sg
from tests.benchmarks import handwritten, in_jax, loops, loops_by_hand, loops_in_jax, programs
from tests.benchmarks.agreement import assert_agree
from tests.benchmarks.emitted import Program, looped
from tests.benchmarks.timing import fastest, print_table, short
from tests.random_programs.differences import mismatch, reference


def chain(n: int) -> tuple[Any, ...]:
    """A diagonally dominant tridiagonal system."""
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 0.9, n), rng.uniform(2.0, 3.0, n), rng.uniform(0.1, 0.9, n), rng.normal(size=n)


def track(steps: int) -> tuple[Any, ...]:
    """Measurements of one combination of positions in the plane, and a model of constant speed."""
    F = np.eye(4)
    F[0, 2] = F[1, 3] = 0.1
    y = np.random.default_rng(0).normal(size=steps)
    return y, F, np.array([1.0, 0.5, 0.0, 0.0]), 0.1 * np.eye(4), 0.5, np.eye(4)


def symbols(states: int, kinds: int, steps: int) -> tuple[Any, ...]:
    """A hidden Markov model and what it emitted."""
    rng = np.random.default_rng(0)
    transition, emission = rng.uniform(size=(states, states)), rng.uniform(size=(states, kinds))
    transition /= transition.sum(1, keepdims=True)
    emission /= emission.sum(1, keepdims=True)
    return np.ones(states) / states, transition, emission, rng.integers(0, kinds, steps)


def bodies(n: int, steps: int) -> tuple[Any, ...]:
    """Bodies on a ring, slowly moving."""
    rng = np.random.default_rng(0)
    angle = 2.0 * np.pi * np.arange(n) / n
    position = np.stack([np.cos(angle), np.sin(angle), 0.1 * rng.normal(size=n)], axis=1)
    return position, 0.1 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.0, n), 1e-3, steps


def sequence(hidden: int, inputs: int, steps: int) -> tuple[Any, ...]:
    """Weights of one layer, and inputs and targets over time."""
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=s) * 0.3 for s in ((4 * hidden, inputs), (4 * hidden, hidden), 4 * hidden))
    return *weights, rng.normal(size=(steps, inputs)), rng.normal(size=(steps, hidden))


def all_kernels() -> list[Program]:
    """What is timed; `loop` calls run inside one compiled loop, for functions as short as a call."""
    theta, returns = np.array([0.3, 0.1, 1.3, 0.2]), np.random.default_rng(0).normal(size=2000)
    weights, root = np.array([0.1, 0.1, 0.8]), (27.0, 5.0)
    hand = loops_by_hand
    return [
        Program(programs.pendulum, (theta, 50, 0.01), (theta, 1000, 0.01), (0,), handwritten.pendulum,
                size="1000 steps"),
        Program(programs.cube_root, root, root, (0, 1), handwritten.cube_root_restructured, loop=1000,
                size="7 iterations"),
        Program(loops.thomas, chain(9), chain(1000), (0, 1, 2, 3), hand.thomas, size="1000 rows"),
        Program(loops.kalman, track(7), track(300), (1, 2, 3, 4), hand.kalman, size="4 states, 300 steps"),
        Program(loops.hmm, symbols(3, 4, 9), symbols(8, 5, 500), (0, 1, 2), hand.hmm, size="8 states, 500 steps"),
        Program(loops.garch, (weights, returns[:30]), (weights, returns), (0,), hand.garch, size="2000 returns"),
        Program(loops.n_body, bodies(3, 4), bodies(8, 100), (0, 1, 2), hand.n_body, size="8 bodies, 100 steps"),
        Program(loops.lstm, sequence(3, 2, 5), sequence(16, 8, 50), (0, 1, 2), hand.lstm, size="16 units, 50 steps"),
    ]  # fmt: skip


def verify(program: Program, calls: dict[str, Callable[..., Any]]) -> None:
    """Asserts value and gradient at the small arguments, and that all agree at the large ones."""
    name = program.function.__name__
    expected = reference(program.function, program.small, program.argnums)
    results = {}
    for who, call in calls.items():
        value, gradients = call(*program.small)
        assert abs(value - expected.value) <= 1e-10 * max(1.0, abs(expected.value)), (name, who)
        assert (wrong := mismatch(expected, gradients, program.small, program.argnums)) is None, (name, who, wrong)
        results[who] = call(*program.large)
    for who, result in results.items():
        assert_agree(f"{name} {who}", result, results["emitted"], rtol=1e-9)


def compile_time(call: Callable[..., Any], args: tuple[Any, ...]) -> float:
    """Seconds of a first call, with nothing in srcgrad's cache."""
    with tempfile.TemporaryDirectory(prefix="srcgrad-cold-") as folder:
        with mock.patch.dict(os.environ, SRCGRAD_CACHE_DIR=folder):
            begin = time.perf_counter()
            call(*args)
            return time.perf_counter() - begin


def row(program: Program, seconds: float) -> tuple[list[str], float, float]:
    """A line of the table, emitted/primal and emitted/hand."""
    emitted = sg.value_and_grad(program.function, argnums=program.argnums)
    primal = njit(error_model="numpy")(program.function)
    compiling = {"primal": compile_time(primal, program.small)}
    compiling["hand"] = compile_time(program.by_hand, program.small)
    compiling["emitted"] = compile_time(emitted, program.small)
    unchecked = sg.value_and_grad(program.function, argnums=program.argnums, boundscheck=False)
    rivals = {"hand": program.by_hand, "emitted": emitted, "unchecked": unchecked}
    verify(program, rivals)
    calls = {"primal": looped(primal, program.large, program.loop, False)}
    calls |= {name: looped(rival, program.large, program.loop, True) for name, rival in rivals.items()}
    theirs = in_jax.compiled(loops_in_jax.KERNELS, program.function.__name__, program.large, program.argnums)
    if theirs is not None:
        assert_agree(f"{program.function.__name__} JAX", theirs(), emitted(*program.large), rtol=1e-9)
        calls["jax"] = theirs
    times = {name: t / max(1, program.loop) for name, t in fastest(calls, seconds).items()}
    ratios = {name: times[name] / times["primal"] for name in ("emitted", "hand")}
    line = [
        program.function.__name__,
        program.size,
        short(times["primal"]),
        *(f"{ratios[name]:.2f}" for name in ("emitted", "hand")),
        f"{times['emitted'] / times['hand']:.2f}",
        f"{times['emitted'] / times['unchecked']:.2f}",
        f"{times['jax'] / times['primal']:.1f}" if theirs is not None else "-",
        *(short(compiling[name]) for name in ("primal", "emitted", "hand")),
    ]
    return line, ratios["emitted"], times["emitted"] / times["hand"]


def table(seconds: float, only: str = "") -> None:
    """Prints the table, and the medians of both ratios."""
    rows, of_primal, of_hand = [], [], []
    sg.value_and_grad(programs.three_scalars)(1.0, 2.0, 3.0)  # imports sympy
    for program in all_kernels():
        if only and program.function.__name__ not in only.split(","):
            continue
        line, primal, hand = row(program, seconds)
        rows.append(line)
        of_primal.append(primal)
        of_hand.append(hand)
    medians = (f"{statistics.median(r):.2f}" for r in (of_primal, of_hand))
    rows.append(["median", "", "", next(medians), "", next(medians), "", "", "", "", ""])
    head = ["value and gradient", "size", "primal", "emitted/primal", "hand/primal", "emitted/hand",
            "with/without checks", "jax/primal"]  # fmt: skip
    head += ["compile: primal", "emitted", "hand"]
    print_table("Loop kernels, fastest of many interleaved runs", head, rows)
