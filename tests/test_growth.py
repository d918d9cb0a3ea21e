"""How much work it is to generate a derivative grows with the text of a function, not with what it writes out."""

import sys

import numpy as np
import pytest

from tests.helpers import loaded
from tests.random_programs.compare import written
from tests.random_programs.differences import float_argnums

VECTOR, MATRIX = np.ones(3), np.eye(3)


def halves(n):
    """Numbers of a loop, each read twice, the last of which is added to neighbours."""
    lines = [f"        a{k + 1} = 0.5 * a{k} * a{k} + 0.3" for k in range(n)]
    ends = [f"        x[i - 1] += a{n}", f"        x[i] += 2.0 * a{n}", f"        x[i + 1] += a{n}"]
    return ["def f(q):", "    x = np.zeros(q.size)", "    for i in range(1, q.size - 1):", "        a0 = q[i]",
            *lines, *ends, "    return np.sum(x * x)"], (VECTOR,)  # fmt: skip


def nested(n):
    """One expression, parentheses inside parentheses."""
    text = "x"
    for k in range(n):
        text = f"({text} * y + math.sin(x + {k}.0))"
    return ["def f(x, y):", f"    return {text}"], (0.3, 0.2)


def layers(n):
    """Products with a matrix and norms."""
    return ["def f(A, b):", "    h = b", *["    h = np.tanh(A @ h + b)", "    h = h / np.linalg.norm(h)"] * n,
            "    return h.sum()"], (MATRIX, VECTOR)  # fmt: skip


def branches(n):
    """Tests in a loop, one after the other, each of which may end the trip."""
    trip = ["        if a > {}.1:", "            continue", "        a = a * y + s"]
    lines = [line.format(k) for k in range(n) for line in trip]
    return ["def f(x, y):", "    s = 0.0", "    for i in range(x.size):", "        a = x[i] * y", *lines,
            "        s += a", "    return s"], (VECTOR, 0.2)  # fmt: skip


def waves(n):
    """Complex numbers in an array, each of which is read twice."""
    return ["def f(x, y):", "    z = 1j * x * y", *["    z = z * z / (1.0 + np.exp(z)) + y"] * n,
            "    return np.sum(z.real)"], (VECTOR, 0.2)  # fmt: skip


def steps(n):
    """Stencils over an array in place."""
    return ["def f(u, c):", "    u = u.copy()", *["    u[1:-1] += c * (u[2:] - 2.0 * u[1:-1] + u[:-2])"] * n,
            "    return np.sum(u * u)"], (np.ones(6), 0.2)  # fmt: skip


def growing(n):
    """A list of numbers."""
    return ["def f(x):", "    found = []", *[f"    found.append(x[{k % 3}] * {k}.0)" for k in range(n)],
            "    return sum(v * v for v in found) + max(found)"], (VECTOR,)  # fmt: skip


def work_for(program, n, folder):
    """How many functions are called to generate value and gradient."""
    lines, args = program(n)
    f = loaded("\n".join(["import math", "import numpy as np", *lines, ""]), folder, f"{program.__name__}_{n}").f
    count = 0

    def note(frame, event, value):
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        written(f, args, float_argnums(args))
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(("program", "n"), [
    (halves, 8), (nested, 6), (layers, 2), (branches, 3), (waves, 1), (steps, 2), (growing, 5),
])  # fmt: skip
def test_twice_the_text_is_less_than_four_times_the_work(program, n, tmp_path):
    work_for(program, 1, tmp_path)  # what is imported and kept once
    assert work_for(program, 2 * n, tmp_path) < 4 * work_for(program, n, tmp_path)
