"""Dicts with keys known only at run time: states by time, sums by number, ratings by player, memo tables."""

from collections import Counter, defaultdict

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


def filled_downward(c, d):
    n = len(c)
    V, seen = {n: d}, {}
    for i in range(n - 1, -1, -1):
        V[i] = max(c[i], 0.9 * V[i + 1])
        seen[2 * i] = V[i]
    return V[0] + V[2] * sum(seen.values())


def memo(x, keys):
    table, order = {}, {}
    s = 0.0
    for k in keys:
        if k not in table:
            table[k] = x**k
        else:
            s += table[k]
        if k not in order:
            order[k] = len(order)
        s += order[k] * x
    if 7 in table:
        return s
    return s * len(table) + table[keys[0]]


def sums_by_number(x, keys):
    sums, counts, last = {}, Counter(), defaultdict(float)
    for v, k in zip(x, keys):
        sums[k] = sums.get(k, 0.0) + v
        counts[k] += 1
        last[k - 10] = v * last[k - 9] + v
    for k in sums:
        sums[k] = sums[k] / counts[k]
    s = max(sums.values()) + last[-7] * sums.get(9, 0.5)
    for k, v in sums.items():
        s = 0.5 * s + k * v
    for k in sorted(sums):
        s = s * 0.9 + sums[k]
    if len(sums) > 2:
        del sums[5]
    three = sums.pop(3)
    return s * len(sums) + three


def alignment(x, y):
    D = {}
    n, m = len(x), len(y)
    for i in range(n + 1):
        D[i, 0] = 0.3 * i
    for j in range(m + 1):
        D[0, j] = 0.4 * j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = min(D[i - 1, j] + 0.3, D[i, j - 1] + 0.4, D[i - 1, j - 1] + (x[i - 1] - y[j - 1]) ** 2)
    return D[n, m] + len(D)


def values_of_states(r, n):
    V = {s: 0.0 for s in range(n)}
    for _ in range(4):
        V = {s: max(r[s] + 0.9 * V[(s + 1) % n], 0.5 * r[s] + 0.9 * V[s]) for s in range(n)}
    best = {}
    for s in V:
        best[s % 2] = max(best.get(s % 2, 0.0), V[s])
    return sum(V.values()) + best[0] * best[1]


def arrays_by_key(x, keys):
    d = {}
    for k in keys:
        if k not in d:
            d[k] = np.zeros(len(x))
        d[k] += x * k
    return np.sum(d[3] * d[2])


def sums_read_by_their_keys(x, places):
    sums = defaultdict(float)
    for v, place in zip(x, places, strict=True):
        sums[place % 3] += v**2
    total = 0.0
    for place in sums:
        total += place * sums[place] ** 2
    return total + sum(np.sin(sums[k]) for k in sums.keys()) + sum(sums[k] * (k + 1) for k in sorted(sums))


RNN = (sample(3, 4), sample(3, 3, seed=1), sample(4, 3, seed=2), sample(3, 1, seed=3), sample(3, 1, seed=4))
CASES = [
    Case(characters, (*RNN, np.array([0, 2, 1]), np.array([2, 1, 3]))),
    Case(by_number, (1.3, 6)),
    Case(by_number, (1.3, 1)),
    Case(ratings, (20.0, np.array([[0, 1], [1, 2], [2, 0]]), 3)),
    Case(asked_first, (1.2, 5)),
    Case(asked_for_numbers_between, (1.2, 4)),
    Case(keys_one_ahead, (0.7, 4)),
    Case(filled_downward, (sample(4, low=0.1), 1.1)),
    Case(memo, (1.1, np.array([3, 5, 3, 2, 5]))),
    Case(sums_by_number, (sample(4, low=0.1), np.array([3, 5, 3, 2]))),
    Case(alignment, (sample(3), sample(2, seed=1))),
    Case(values_of_states, (sample(4, low=0.1), 4)),
    Case(sums_read_by_their_keys, (sample(4), np.array([3, 5, 3, 2]))),
    Case(arrays_by_key, (sample(3), np.array([3, 2, 3]))),
]
