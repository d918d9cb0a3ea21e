"""Derivatives of solutions against those of the iteration unrolled, and of batches against a loop by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

import srcgrad as sg
from tests.benchmarks.timing import fastest, print_table, short


def equations(x, A, b):
    return A @ x + 0.1 * x**3 - b


def by_root(A, b):
    x = sg.root(equations, np.zeros(b.size), A, b)
    return np.sum(x**2)


def unrolled(A, b):
    x = np.zeros(b.size)
    for _ in range(6):
        x = x - np.linalg.solve(A + np.diag(0.3 * x**2), A @ x + 0.1 * x**3 - b)
    return np.sum(x**2)


def loss(W, x, y):
    h = np.tanh(W @ x)
    return np.sum((h - y) ** 2)


@njit
def per_sample_by_hand(W, X, Y):
    out = np.empty((X.shape[0], *W.shape))
    for n in range(X.shape[0]):
        h = np.tanh(W @ X[n])
        for i in range(h.size):
            t = 2.0 * (h[i] - Y[n, i]) * (1.0 - h[i] ** 2)
            for j in range(W.shape[1]):
                out[n, i, j] = t * X[n, j]
    return out


def table(seconds: float) -> None:
    """Prints the table."""
    rng = np.random.default_rng(0)
    rows = []
    for n in (3, 10, 30):
        A, b = np.eye(n) + 0.1 * rng.normal(size=(n, n)), rng.normal(size=n)
        functions = {
            "primal": sg.differentiable(by_root),
            "root": sg.grad(by_root, (0, 1)),
            "unrolled": sg.grad(unrolled, (0, 1)),
        }
        calls: dict[str, Callable[[], object]] = {k: lambda f=f, A=A, b=b: f(A, b) for k, f in functions.items()}
        found = fastest(calls, seconds)
        ratio = f"{found['unrolled'] / found['root']:.2f}"
        rows.append([f"{n} equations", *(short(found[k]) for k in functions), ratio])
    head = ["root", "primal", "gradient by root", "Newton unrolled", "unrolled / root"]
    print_table("Gradients of a root by Newton's method", head, rows)

    W, X, Y = rng.normal(size=(16, 32)), rng.normal(size=(256, 32)), rng.normal(size=(256, 16))
    per_sample = sg.vmap(sg.grad(loss), (None, 0, 0))
    found = fastest({"hand": lambda: per_sample_by_hand(W, X, Y), "vmap": lambda: per_sample(W, X, Y)}, seconds)
    cells = ["256 samples", short(found["hand"]), short(found["vmap"]), f"{found['vmap'] / found['hand']:.2f}"]
    print_table("Gradients of each sample", ["tanh layer, 32 to 16", "by hand", "vmap", "vmap / by hand"], [cells])
