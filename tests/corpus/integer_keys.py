"""Dicts whose keys are whole numbers that follow each other: states by time, sums by number, ratings by player."""

import numpy as np

from tests.corpus.case import Case, sample


def characters(Wxh, Whh, Why, b, start, inputs, targets):
    xs, hs, ps = {}, {}, {}
    hs[-1] = np.copy(start)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((4, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + b)
        ps[t] = np.exp(np.dot(Why, hs[t]))
        ps[t] /= np.sum(ps[t])
        loss += -np.log(ps[t][targets[t], 0])
    return loss


def by_number(x, n):
    found = {0: 1.0, 1: x}
    for k in range(2, n + 1):
        found[k] = found[k - 1] * x + found[k - 2] * 0.5
    return found[n]


def ratings(gain, games, n):
    rating = {i: 1500.0 for i in range(n)}
    for g in range(len(games)):
        a, b = games[g, 0], games[g, 1]
        likely = 1.0 / (1.0 + 10.0 ** ((rating[b] - rating[a]) / 400.0))
        rating[a] += gain * (1.0 - likely)
        rating[b] -= gain * (1.0 - likely)
    return rating[0] - rating[1] * 0.5


def asked_first(x, n):
    d = {}
    for k in range(1, n):
        if k not in d:
            d[k] = x * k
        d[k] *= x
    return d[n - 1] + len(d)


def asked_for_numbers_between(x, n):
    d = {}
    for k in range(n):
        d[k] = x * k
    total = 0.0
    for k in range(2 * n):
        if 0.5 * k in d:
            total += d[k // 2] * (k + 1.0)
    return total


def keys_one_ahead(x, n):
    h, total = {}, 0.0
    h[0] = x
    for t in reversed(range(n)):
        total += t * x
    for t in range(n):
        h[t + 1] = np.sin(h[t]) * total
    return h[n] * h[0]


RNN = (sample(3, 4), sample(3, 3, seed=1), sample(4, 3, seed=2), sample(3, 1, seed=3), sample(3, 1, seed=4))
CASES = [
    Case(characters, (*RNN, np.array([0, 2, 1]), np.array([2, 1, 3]))),
    Case(by_number, (1.3, 6)),
    Case(by_number, (1.3, 1)),
    Case(ratings, (20.0, np.array([[0, 1], [1, 2], [2, 0]]), 3)),
    Case(asked_first, (1.2, 5)),
    Case(asked_for_numbers_between, (1.2, 4)),
    Case(keys_one_ahead, (0.7, 4)),
]
