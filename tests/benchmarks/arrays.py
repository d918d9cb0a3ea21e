"""Array kernels: NumPy's, numba's and our primal, our gradient, and the gradients of experts of numba and of JAX."""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

import srcgrad as sg
from tests.benchmarks import arrays_by_hand, arrays_in_jax, in_jax, programs
from tests.benchmarks.agreement import assert_agree
from tests.benchmarks.array_kernels import KERNELS, Kernel
from tests.benchmarks.kernels import compile_time
from tests.benchmarks.timing import keep_memory, print_table, short
from tests.random_programs.differences import copied

HEAD = ["array kernel", "size", "NumPy", "njit", "srcgrad", "gradient", "njit/srcgrad", "gradient/primal", "by hand",
        "gradient/by hand", "JAX", "JAX/gradient", "compile: njit", "srcgrad", "gradient", "JAX"]  # fmt: skip
RATIOS = {"njit/srcgrad": ("njit", "srcgrad"), "gradient/primal": ("gradient", "srcgrad"),
          "gradient/by hand": ("gradient", "by hand"), "JAX/gradient": ("JAX", "gradient")}  # fmt: skip


def fastest_of_fresh(
    calls: Mapping[str, Callable[..., object]], args: tuple[Any, ...], seconds: float
) -> dict[str, float]:
    """Least CPU seconds of each call in turns, every time with arguments as they were: kernels write theirs.

    What runs beside on the machine costs time, but next to no CPU time of this process. Every other turn goes backward:
    a call finds the memory that the one before it used in the caches, and each comes behind both of its neighbours.
    """
    best = dict.fromkeys(calls, float("inf"))
    spent = dict.fromkeys(calls, 0.0)
    turns = 0
    while turns < 4 or min(spent.values()) < seconds and turns < 300:
        turns += 1
        for name, call in list(calls.items())[:: 1 if turns % 2 else -1]:
            if turns > 4 and spent[name] > seconds:
                continue
            given = copied(args)
            begin = time.process_time()
            call(*given)
            taken = time.process_time() - begin
            best[name] = min(best[name], taken)
            spent[name] += taken
    return best


def under_njit(kernel: Kernel) -> Callable[..., Any]:
    """The kernel compiled by numba as it stands, the functions of its module that it calls too."""
    module = sys.modules[kernel.function.__module__]
    namespace = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            again = FunctionType(value.__code__, namespace, name, value.__defaults__)
            namespace[name] = njit(error_model="numpy")(again)
    return namespace[kernel.name]


def row(kernel: Kernel, seconds: float) -> tuple[list[str], dict[str, float]]:
    """A line of the table, and the times by who."""
    tiny, large = kernel.args(kernel.tiny), kernel.args(kernel.large)
    argnums = kernel.argnums(large)
    calls: dict[str, Callable[..., object]] = {
        "NumPy": kernel.function,
        "njit": under_njit(kernel),
        "srcgrad": sg.differentiable(kernel.function),
        "gradient": sg.value_and_grad(kernel.function, argnums=argnums),
    }
    compiling = {}
    for name in ("njit", "srcgrad", "gradient"):
        try:
            compiling[name] = compile_time(calls[name], copied(tiny))
        except (NumbaError, AssertionError):  # the latter from inside of numba, for masks with two axes
            assert name == "njit", (kernel.name, name)
            del calls[name]
    ours = calls["gradient"](*large)
    for name in ("NumPy", "njit", "srcgrad"):
        if name in calls:
            np.testing.assert_allclose(calls[name](*copied(large)), ours[0], rtol=1e-8, err_msg=f"{kernel.name} {name}")
    if kernel.name in arrays_by_hand.KERNELS:
        calls["by hand"] = arrays_by_hand.KERNELS[kernel.name]
        assert_agree(f"{kernel.name} by hand", calls["by hand"](*copied(large)), ours)
    theirs = in_jax.compiled(arrays_in_jax.KERNELS, kernel.name, large, argnums)
    if theirs is not None:
        begin = time.perf_counter()
        result = theirs()
        compiling["JAX"] = time.perf_counter() - begin
        assert_agree(f"{kernel.name} JAX", result, ours)
        calls["JAX"] = lambda *_: theirs()
    times = fastest_of_fresh(calls, large, seconds)
    ratios = {r: times[a] / times[b] for r, (a, b) in RATIOS.items() if {a, b} <= times.keys()}
    cells = {name: short(t) for name, t in times.items()} | {name: f"{r:.2f}" for name, r in ratios.items()}
    compiled = [short(compiling[n]) if n in compiling else "-" for n in ("njit", "srcgrad", "gradient", "JAX")]
    return [kernel.name, str(kernel.large), *(cells.get(h, "-") for h in HEAD[2:12]), *compiled], ratios


def table(seconds: float, only: str = "") -> None:
    """Prints the table, and the geometric means of the ratios."""
    rows: list[list[str]] = []
    found: dict[str, list[float]] = {name: [] for name in RATIOS}
    keep_memory()
    sg.value_and_grad(programs.three_scalars)(1.0, 2.0, 3.0)  # imports sympy
    for kernel in KERNELS:
        if only and kernel.name not in only.split(","):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numba's of slices that are not contiguous
            line, ratios = row(kernel, seconds)
        rows.append(line)
        for name, ratio in ratios.items():
            found[name].append(ratio)
        print("  ".join(line), file=sys.stderr, flush=True)
    means = {name: f"{statistics.geometric_mean(r):.2f}" if r else "-" for name, r in found.items()}
    rows.append(["geometric mean", *(means.get(h, "") for h in HEAD[1:])])
    print_table("Array kernels, CPU time, fastest of interleaved runs", HEAD, rows)
