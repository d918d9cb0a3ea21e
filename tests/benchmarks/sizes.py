"""One pass backward against the primal, and against a pass for each argument, from 10^2 to 10^7 parameters."""

from __future__ import annotations

import numpy as np

import srcgrad as sg
from tests.benchmarks.programs import mlp_loss
from tests.benchmarks.timing import fastest, print_table, short

# inputs, hidden units: about 10^2, 10^3, ... 10^7 weights with ten outputs
LAYERS = ((6, 6), (22, 31), (88, 102), (300, 322), (990, 1000), (3150, 3165))
ROWS = 32
WEIGHTS = ("W1", "b1", "W2", "b2")


def network(inputs: int, hidden: int) -> tuple:
    """Weights and a batch."""
    rng = np.random.default_rng(0)
    W1, W2 = (rng.normal(size=s) / np.sqrt(s[0]) for s in ((inputs, hidden), (hidden, 10)))
    return W1, np.zeros(hidden), W2, np.zeros(10), rng.normal(size=(ROWS, inputs)), rng.integers(0, 10, ROWS), 1e-4


def table(seconds: float) -> None:
    """Prints the table."""
    primal = sg.differentiable(mlp_loss)
    together = sg.value_and_grad(mlp_loss, argnums=WEIGHTS)
    apart = [sg.value_and_grad(mlp_loss, argnums=name) for name in WEIGHTS]
    rows = []
    for layers in LAYERS:
        given = network(*layers)
        calls = {
            "primal": lambda given=given: primal(*given),
            "together": lambda given=given: together(*given),
            "apart": lambda given=given: [one(*given) for one in apart],
        }
        times = fastest(calls, seconds)
        count = sum(w.size for w in given[:4])
        rows.append((f"{count:,}", short(times["primal"]), f"{times['together'] / times['primal']:.2f}",
                     f"{times['apart'] / times['primal']:.2f}"))  # fmt: skip
    head = ("parameters", "primal", "value and all gradients / primal", "a pass for each of four / primal")
    print_table(f"All gradients at once: a network of two layers, batch of {ROWS}", head, rows)
