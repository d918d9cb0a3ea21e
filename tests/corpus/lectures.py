"""The pieces of a first lecture on backpropagation."""

import numpy as np

from tests.corpus.case import Case, sample


def gate(x, y, z):
    a = x + y
    b = max(y, z)
    return a * b


def score(u, W, x, b):
    z = W @ x + b
    h = np.tanh(z)
    return u @ h


def score_by_loops(u, W, x, b):
    s = 0.0
    for i in range(W.shape[0]):
        z = b[i]
        for j in range(W.shape[1]):
            z += W[i, j] * x[j]
        s += u[i] * np.tanh(z)
    return s


def regression_neuron(w, b, x, y, lam):
    u = 1.0 / (1.0 + np.exp(-(w * x + b)))
    return 0.5 * (y - u) ** 2 + lam * w**2


def softmax_cross_entropy(f, y):
    m = f.max()
    return m + np.log(np.sum(np.exp(f - m))) - f[y]


def window_score(E, W, b, u, words):
    rows = E[words]
    x = rows.reshape(rows.size)
    h = 1.0 / (1.0 + np.exp(-(W @ x + b)))
    return 1.0 / (1.0 + np.exp(-(u @ h)))


def chain_of_two_paths(x):
    u = np.sin(x)
    left = u * u
    right = np.exp(0.5 * u)
    return left * right + u


def deep_net(W, x):
    h = x
    for layer in range(W.shape[0]):
        h = 1.0 / (1.0 + np.exp(-(W[layer] @ h)))
    return np.sum(h)


def multiply_gate(x, y):
    z = x * y
    return np.sum(z * z)


CASES = [
    Case(gate, (1.0, 2.0, 0.0), expected=(2.0, 5.0, 0.0)),
    Case(score, (sample(2), sample(2, 4, seed=1), sample(4, seed=2), sample(2, seed=3))),
    Case(score_by_loops, (sample(2), sample(2, 4, seed=1), sample(4, seed=2), sample(2, seed=3))),
    Case(regression_neuron, (0.5, -1.0, 2.0, 1.0, 0.1), (0, 1), (-0.15, -0.125)),
    Case(softmax_cross_entropy, (sample(5, low=-3.0, high=3.0), 2)),
    Case(
        window_score,
        (
            sample(7, 2),
            sample(3, 10, seed=1),
            sample(3, seed=2),
            sample(3, seed=3),
            np.array([4, 1, 6, 1, 0]),
        ),
    ),
    Case(chain_of_two_paths, (0.7,)),
    Case(deep_net, (sample(4, 3, 3, low=-2.0, high=2.0), sample(3, seed=1))),
    Case(multiply_gate, (sample(4), sample(4, seed=1))),
]
