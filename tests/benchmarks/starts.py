"""Start of Python to the first gradient in a second process, and a cold compile split into its parts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.timing import print_table, short

ROOT = Path(__file__).resolve().parents[2]

EMPTY = """
from numba import njit

@njit(cache=True)
def empty(x, y, z):
    return x, y, z

if __name__ == "__main__":
    empty(1.0, 2.0, 0.0)
"""

GRADIENT = """
import math
import sys

import srcgrad as sg

def three_scalars(x, y, z):
    return math.sin(x) * y + z * z

if __name__ == "__main__":
    sg.grad(three_scalars, argnums=(0, 1, 2))(1.0, 2.0, 0.0)
    print("sympy" in sys.modules)
"""

COLD = """
import json
import time

import srcgrad as sg
from tests.benchmarks.emitted import network
from tests.benchmarks.programs import mlp_loss
from tests.benchmarks.starts import seconds_of_our_passes

import numba
import numpy as np

@numba.njit
def warm(x):
    return np.dot(x, x).sum()

if __name__ == "__main__":
    warm(np.ones((2, 2)))
    args = network(64, 32, 10, 128)
    begin = time.perf_counter()
    sg.value_and_grad(mlp_loss, argnums=(0, 1, 2, 3))(*args)
    total = time.perf_counter() - begin
    print(json.dumps([total, seconds_of_our_passes()]))
"""


def seconds_of_our_passes() -> float:
    """Seconds this process has spent in srcgrad's own passes, sympy included, numba's compilation not.

    The one place to adapt to how srcgrad exposes its timings.
    """
    from srcgrad.generation import generate

    return generate.TIMES["transform"]


def run(script: str, folder: Path) -> tuple[float, str]:
    """Wall seconds of a script in a process of its own, and what it printed."""
    path = folder / "script.py"
    if not path.exists() or path.read_text("utf-8") != script:
        path.write_text(script, encoding="utf-8")
    folders = {"SRCGRAD_CACHE_DIR": str(folder / "srcgrad"), "NUMBA_CACHE_DIR": str(folder / "numba")}
    environment = {**os.environ, **folders, "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(path)], env=environment, cwd=folder, check=True, capture_output=True, text=True
    )
    return time.perf_counter() - begin, done.stdout


def table_of_starts(repeats: int) -> None:
    """Prints the times of second and later processes, taken in turns."""
    scripts = {"empty cached njit function": EMPTY, "srcgrad": GRADIENT}
    times: dict[str, list[float]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory(prefix="srcgrad-starts-") as base:
        folders = {name: Path(base) / str(k) for k, name in enumerate(scripts)}
        for name, folder in folders.items():
            folder.mkdir()
            run(scripts[name], folder)
        printed = ""
        for _ in range(repeats):
            for name, folder in folders.items():
                seconds, output = run(scripts[name], folder)
                times[name].append(seconds)
                printed = output.strip() or printed
    medians = {name: statistics.median(found) for name, found in times.items()}
    base_time = medians["empty cached njit function"]
    rows = [[name, short(t), f"{t / base_time:.2f}"] for name, t in medians.items()]
    print_table("Start to first result in a second process", ["", "median", "ratio"], rows)
    print(f"  sympy imported in the second process: {printed}", flush=True)


def table_of_compiling(repeats: int) -> None:
    """Prints how long the MLP loss's first gradient takes with an empty cache, and whose time it is."""
    found = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="srcgrad-cold-") as folder:
            _, output = run(COLD, Path(folder))
            found.append(json.loads(output.strip().splitlines()[-1]))
    total, ours = sorted(found, key=lambda pair: pair[0])[len(found) // 2]
    rows = [["total", short(total), "100%"]]
    rows += [["our passes, sympy among them", short(ours), f"{ours / total:.0%}"]]
    rows += [["numba", short(total - ours), f"{1 - ours / total:.0%}"]]
    print_table("Cold compile of the MLP loss's value and gradient", ["", "time", "share"], rows)
