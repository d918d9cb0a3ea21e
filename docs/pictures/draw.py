"""Draws the pictures of the documentation: `python docs/pictures/draw.py` writes them anew, beside this file."""

from pathlib import Path

import numpy as np

import srcgrad as sg


def gate(x, y, z):
    a = x + y
    b = max(y, z)
    return a * b


def product_node(W, x, delta):
    z = W @ x
    return delta @ z


def regression_neuron(w, b, x, y, lam):
    u = 1.0 / (1.0 + np.exp(-(w * x + b)))
    return 0.5 * (y - u) ** 2 + lam * w**2


def layer(W, x, b):
    return np.tanh(W @ x + b)


def loss(W1, b1, W2, b2, x, y):
    h = layer(W1, x, b1)
    d = layer(W2, h, b2) - y
    return np.sum(d * d)


def energy(q, k, n):
    e = 0.0
    for i in range(n):
        r = q[i + 1] - q[i]
        if r > 1.0:
            e += k * np.log(r)
        else:
            e += 0.5 * k * (r - 1.0) ** 2
    return e


def parameters():
    """Return arguments of `loss`: three inputs, four hidden units, two outputs."""
    rng = np.random.default_rng(0)
    sizes = (4, 3), (4,), (2, 4), (2,), (3,), (2,)
    return tuple(rng.normal(size=s) for s in sizes)


PICTURES = {
    "gate": (gate, (1.0, 2.0, 0.0)),
    "product_node": (product_node, (np.ones((2, 4)), np.ones(4), np.array([1.0, -1.0]))),
    "neuron": (regression_neuron, (0.5, -1.0, 2.0, 1.0, 0.1)),
    "layers": (loss, parameters()),
    "springs": (energy, (np.array([0.0, 0.5, 2.0, 2.4]), 1.5, 3)),
}


def main():
    """Write every picture."""
    for name, (function, arguments) in PICTURES.items():
        print(sg.graph(function, *arguments).save(Path(__file__).with_name(f"{name}.svg")))


if __name__ == "__main__":
    main()
