"""What one call of a gradient from Python costs."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

from numba import njit

import srcgrad as sg
from tests.benchmarks import programs
from tests.benchmarks.timing import interleaved, print_table, short

ARGS = (0.3, 1.2, -0.7)


@njit
def empty(x, y, z):
    return x, y, z


@njit
def by_hand(x, y, z):
    return math.cos(x) * y, math.sin(x), 2.0 * z


def of_jax() -> Callable[[], object]:
    """A call of JAX's compiled gradient."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(lambda x, y, z: jnp.sin(x) * y + z * z, argnums=(0, 1, 2)))
    args = tuple(jnp.asarray(v) for v in ARGS)
    return lambda: jax.block_until_ready(gradient(*args))


def of_torch() -> Callable[[], object]:
    """A call of torch, forward and backward."""
    import torch

    args = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ARGS]

    def call() -> Any:
        x, y, z = args
        return torch.autograd.grad(torch.sin(x) * y + z * z, args)

    return call


def table(seconds: float) -> None:
    """Prints the table; systems that are not installed are left out."""
    gradient = sg.grad(programs.three_scalars, argnums=(0, 1, 2))
    calls: dict[str, Callable[[], object]] = {
        "empty njit function": lambda: empty(*ARGS),
        "gradient by hand, njit": lambda: by_hand(*ARGS),
        "srcgrad": lambda: gradient(*ARGS),
    }
    for name, make in (("jax", of_jax), ("torch", of_torch)):
        if importlib.util.find_spec(name) is not None:
            calls[name] = make()
    times = interleaved(calls, seconds)
    base = times["empty njit function"]
    rows = [[name, short(t), short(t - base) if t > base else "0"] for name, t in times.items()]
    print_table(
        "Gradient of three scalars, called from Python", ["", "a call", "above the empty function"], rows
    )
