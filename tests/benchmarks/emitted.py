"""Emitted against hand-written value and gradient, both against the primal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

import srcgrad as sg
from tests.benchmarks import handwritten, programs
from tests.benchmarks.timing import interleaved, print_table, short
from tests.random_programs.differences import mismatch, reference


@dataclass(frozen=True)
class Program:
    """A function with the arguments it is checked at, those it is timed at, and its hand-written rivals."""

    function: Callable[..., float]
    small: tuple[Any, ...]
    large: tuple[Any, ...]
    argnums: tuple[int, ...]
    by_hand: Callable[..., Any]
    restructured: Callable[..., Any] | None = None
    loop: int = 0
    size: str = ""


def network(inputs: int, hidden: int, classes: int, batch: int) -> tuple[Any, ...]:
    """Weights and a minibatch."""
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(inputs, hidden)) * 0.1,
        np.zeros(hidden),
        rng.normal(size=(hidden, classes)) * 0.1,
        np.zeros(classes),
        rng.normal(size=(batch, inputs)),
        rng.integers(0, classes, batch),
        1e-3,
    )


def all_programs() -> list[Program]:
    """What is timed; `loop` calls run inside one compiled loop, for functions as short as a call."""
    theta = np.array([0.3, 0.1, 1.3, 0.2])
    return [
        Program(programs.gate, (1.0, 2.0, 0.0), (1.0, 2.0, 0.0), (0, 1, 2), handwritten.gate, loop=10_000),
        Program(
            programs.pendulum,
            (theta, 50, 0.01),
            (theta, 1000, 0.01),
            (0,),
            handwritten.pendulum,
            size="1000 steps",
        ),
        Program(
            programs.heat,
            (np.sin(np.linspace(0.0, 3.0, 20)), 7, 0.2),
            (np.sin(np.linspace(0.0, 3.0, 20_000)), 100, 0.2),
            (0,),
            handwritten.heat,
            handwritten.heat_restructured,
            size="20,000 points, 100 steps",
        ),
        Program(
            programs.mlp_loss,
            network(5, 4, 3, 6),
            network(64, 32, 10, 128),
            (0, 1, 2, 3),
            handwritten.mlp_loss,
            size="64-32-10, batch 128",
        ),
        Program(
            programs.cube_root,
            (27.0, 5.0),
            (27.0, 5.0),
            (0, 1),
            handwritten.cube_root,
            handwritten.cube_root_restructured,
            loop=1000,
        ),
    ]


def verify(program: Program, value_and_grad: Callable[..., Any]) -> None:
    """Asserts value and gradient at the small arguments."""
    expected = reference(program.function, program.small, program.argnums)
    value, gradients = value_and_grad(*program.small)
    assert abs(value - expected.value) <= 1e-12 * max(1.0, abs(expected.value)), program.function.__name__
    wrong = mismatch(expected, gradients, program.small, program.argnums)
    assert wrong is None, f"{program.function.__name__}: {wrong}"


def looped(
    function: Callable[..., Any], args: tuple[Any, ...], times: int, gradient: bool
) -> Callable[[], object]:
    """A call of the function, or of a compiled loop of calls at moving arguments: none can be hoisted."""
    if not times:
        return lambda: function(*args)
    first, rest = args[0], args[1:]
    if gradient:

        @njit
        def many(start, others):
            total = 0.0
            for i in range(times):
                value, bars = function(start + 1e-9 * i, *others)
                total += value
                for bar in bars:
                    total += bar
            return total
    else:

        @njit
        def many(start, others):
            total = 0.0
            for i in range(times):
                total += function(start + 1e-9 * i, *others)
            return total

    return lambda: many(first, rest)


def table(seconds: float) -> None:
    """Prints the table."""
    rows = []
    for program in all_programs():
        emitted = sg.value_and_grad(program.function, argnums=program.argnums)
        rivals = {"by hand": program.by_hand, "emitted": emitted}
        if program.restructured is not None:
            rivals["restructured"] = program.restructured
        for rival in rivals.values():
            verify(program, rival)
        calls = {"primal": looped(njit(program.function), program.large, program.loop, False)}
        calls |= {name: looped(rival, program.large, program.loop, True) for name, rival in rivals.items()}
        times = {name: t / max(1, program.loop) for name, t in interleaved(calls, seconds).items()}
        best = times.get("restructured")
        rows.append(
            [
                program.function.__name__,
                program.size,
                *(short(times[name]) for name in ("primal", "by hand", "emitted")),
                f"{times['emitted'] / times['by hand']:.2f}",
                f"{times['emitted'] / times['primal']:.2f}",
                f"{times['by hand'] / times['primal']:.2f}",
                f"{times['emitted'] / best:.2f}" if best else "",
            ]
        )
    head = [
        "value and gradient",
        "size",
        "primal",
        "by hand",
        "emitted",
        "emitted/hand",
        "emitted/primal",
        "hand/primal",
    ]
    print_table(
        "Emitted against hand-written, medians of interleaved runs", [*head, "emitted/restructured"], rows
    )
