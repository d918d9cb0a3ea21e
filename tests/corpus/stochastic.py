"""Random numbers: drawn once in the forward part, constants of the derivative; each program seeds its own stream."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def monte_carlo_call(spot, volatility, paths):
    np.random.seed(3)
    total = 0.0
    for _ in range(paths):
        z = np.random.normal()
        np.random.random()  # moves the stream on, and is read by nothing
        total += max(spot * math.exp(-0.5 * volatility**2 + volatility * z) - 1.0, 0.0)
    return total / paths


def reparametrised(mu, sigma, n):
    np.random.seed(4)
    z = np.random.randn(n)
    w = np.random.uniform(-1.0, 1.0, size=(n, 2))
    v = mu + sigma * z
    return np.sum(v**2) + np.sum(np.sin(w * mu)) * sigma


def langevin(x, steps):
    np.random.seed(8)
    for _ in range(steps):
        z = np.random.standard_normal(x.shape)
        x = x - 0.1 * x**3 + 0.05 * z
    return np.sum(x**2)


def stochastic_gradient_descent(w, x, steps):
    np.random.seed(0)
    order = np.random.permutation(x.size)
    places = np.arange(x.size)
    np.random.shuffle(places)
    for k in range(steps):
        w = w - 0.1 * (w - x[order[k]]) * x[places[k]]
        w += 0.01 * np.random.randint(3)
    batch = np.random.choice(x.size, 2, replace=False)
    return w + x[batch[0]] * x[batch[1]]


def dropout(x, W, keep):
    np.random.seed(6)
    h = np.tanh(W @ x)
    mask = np.random.rand(h.size) < keep
    h = np.where(mask, h / keep, 0.0)
    return np.sum(h * h)


def random_walk_until(x):
    np.random.seed(1)
    y = x
    while np.random.rand() < 0.9 and y < 5.0:
        y = math.sin(y) + x * np.random.uniform(0.5, 1.5)
    return y * x if np.random.rand() < 0.5 else y


def shuffled(x):
    np.random.seed(5)
    y = x.copy()
    np.random.shuffle(y)
    total = y[0] ** 2
    for i in range(y.size):
        total += i * y[i] * math.cos(y[i - 1])
    return total


CASES = [
    Case(monte_carlo_call, (1.1, 0.3, 20)),
    Case(reparametrised, (0.2, 0.4, 5)),
    Case(langevin, (sample(4), 5)),
    Case(stochastic_gradient_descent, (0.3, sample(6), 4)),
    Case(dropout, (sample(3), sample(4, 3, seed=1), 0.7), (0, 1)),
    Case(random_walk_until, (0.8,)),
    Case(shuffled, (sample(5),)),
]
