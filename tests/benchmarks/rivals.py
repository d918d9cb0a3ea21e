"""Value and gradient of array kernels in PyTorch, HIPS autograd and JAX, against ours: CPU time in turns."""

from __future__ import annotations

import statistics
import sys
import warnings
from collections.abc import Callable
from functools import partial

import srcgrad as sg
from tests.benchmarks import arrays_in_autograd, arrays_in_jax, arrays_in_jax_ports, arrays_in_torch, in_jax
from tests.benchmarks.agreement import assert_agree
from tests.benchmarks.array_kernels import KERNELS, Kernel
from tests.benchmarks.arrays import fastest_of_fresh
from tests.benchmarks.timing import keep_memory, print_table, short

RIVALS = {
    "PyTorch": arrays_in_torch.compiled,
    "autograd": arrays_in_autograd.compiled,
    "JAX, ported": partial(in_jax.compiled, arrays_in_jax_ports.KERNELS),
    "JAX, rewritten": partial(in_jax.compiled, arrays_in_jax.KERNELS),
}
WRITTEN = arrays_in_torch.KERNELS.keys() | arrays_in_autograd.KERNELS.keys() | arrays_in_jax_ports.KERNELS.keys()


def times_of(kernel: Kernel, seconds: float) -> dict[str, float]:
    """CPU seconds of our gradient and of each rival that is installed and has the kernel; all agree before that."""
    large = kernel.args(kernel.large)
    argnums = kernel.argnums(large)
    gradient = sg.value_and_grad(kernel.function, argnums=argnums)
    ours = gradient(*large)
    calls: dict[str, Callable[..., object]] = {"gradient": gradient}
    for name, prepared in RIVALS.items():
        call = prepared(kernel.name, large, argnums)
        if call is not None:
            assert_agree(f"{kernel.name} {name}", call(), ours)
            calls[name] = lambda *_, call=call: call()
    return fastest_of_fresh(calls, large, seconds)


def table(seconds: float, only: str = "") -> None:
    """Prints the table, and the geometric means of the ratios."""
    rows: list[list[str]] = []
    found: dict[str, list[float]] = {name: [] for name in RIVALS}
    keep_memory()
    for kernel in KERNELS:
        if kernel.name not in (only.split(",") if only else WRITTEN):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's, of sparse matrices
            times = times_of(kernel, seconds)
        ratios = {name: times[name] / times["gradient"] for name in RIVALS if name in times}
        for name, ratio in ratios.items():
            found[name].append(ratio)
        cells = (f"{ratios[name]:.2f}" if name in ratios else "-" for name in RIVALS)
        rows.append([kernel.name, str(kernel.large), short(times["gradient"]), *cells])
        print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    means = (f"{statistics.geometric_mean(r):.2f} ({len(r)})" if r else "-" for r in found.values())
    rows.append(["geometric mean (kernels)", "", "", *means])
    head = ["value and gradient", "size", "srcgrad", *(f"{name} / srcgrad" for name in RIVALS)]
    print_table("Array kernels beside rivals, CPU time, fastest of interleaved runs", head, rows)
