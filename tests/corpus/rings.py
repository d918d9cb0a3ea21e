"""Axes that go round: indices modulo the size of an axis, negative indices, np.roll."""

import numpy as np

from tests.corpus.case import Case, sample


def energy_of_spins(s, J, h):
    n, m = s.shape
    e = 0.0
    for i in range(n):
        for j in range(m):
            e -= J * s[i, j] * (s[(i + 1) % n, j] + s[i, (j + 1) % m]) + h * s[i, j]
    return e


def waves_on_a_torus(u, rate, steps):
    for _ in range(steps):
        around = np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, axis=1) + np.roll(u, -1, axis=1)
        u = u + rate * (around - 4.0 * u) * u
    return np.sum(u * u)


def neighbours_by_negative_indices(u, c, steps):
    n = len(u)
    u = u.copy()
    for _ in range(steps):
        new = np.empty(n)
        for i in range(n):
            new[i] = u[i] + c * (u[i - 1] - 2.0 * u[i] + u[(i + 1) % n]) * u[i]
        u = new
    return np.sum(u**2)


def swept_in_place(u, c):
    n = len(u)
    for i in range(n):
        u[i] += c * u[i] * (u[(i - 1) % n] + u[(i + 1) % n])
    return np.sum(u**2)


def linear_and_in_place(u, v, c):
    n = u.shape[0]
    for i in range(n):
        v[i] = u[(i - 1) % n] + c * u[i] * u[i] - 3.0 * u[(i + 1) % n]
    for i in range(n):
        u[(i + 1) % n] += 2.0 * v[i]
        u[(i - 1) % n] -= v[i] * c
        v[i] = 0.0
    return np.sum(u**2) + np.sum(v * u)


def by_more_than_one(u, k):
    n = u.shape[0]
    s = np.zeros(n)
    for i in range(n):
        s[i] = u[(i + 2) % n] * u[i] - u[(i - 3) % n]
    for i in range(n):
        s[i] += u[(i + k) % n] ** 2 * u[(k + i) % n]
    return np.sum(s * u)


def correlation_at_lags(x, lags):
    total = 0.0
    for k in range(lags):
        total += np.sum(x * np.roll(x, k)) ** 2 + np.sum(np.roll(x, -k)[:2] ** 3)
    return total


def rolled_into_itself(a, b):
    a[:] = np.roll(a, 1) * b
    a += np.roll(a, -1) ** 2
    a[1:] = np.roll(a, 2)[:-1]
    return np.sum(a * b)


def half_round(u, w):
    # goes round along the second axis, has a border along the first
    n, m = u.shape
    out = np.zeros((n, m))
    for i in range(1, n - 1):
        for j in range(m):
            out[i, j] = (u[i - 1, j] + u[i + 1, j] + u[i, (j - 1) % m] + u[i, (j + 1) % m] - 4.0 * u[i, j]) * w
    return np.sum(out**2)


def last_of_a_ring(u):
    n = u.shape[0]
    found = 0.0
    for i in range(n):
        found = u[(i + 1) % n] * u[i - 1]
    return found * u[i]


CASES = [
    Case(energy_of_spins, (sample(3, 4), 0.7, 0.2)),
    Case(energy_of_spins, (sample(1, 2), 0.7, 0.2)),
    Case(energy_of_spins, (sample(2, 1), 0.7, 0.2)),
    Case(waves_on_a_torus, (sample(4, 3), 0.1, 3)),
    Case(waves_on_a_torus, (sample(2, 1), 0.1, 2)),
    Case(waves_on_a_torus, (sample(1, 2), 0.1, 2)),
    Case(neighbours_by_negative_indices, (sample(5), 0.1, 3)),
    Case(neighbours_by_negative_indices, (sample(2), 0.1, 2)),
    Case(neighbours_by_negative_indices, (sample(1), 0.1, 2)),
    Case(swept_in_place, (sample(5), 0.3)),
    Case(swept_in_place, (sample(1), 0.3)),
    Case(linear_and_in_place, (sample(5), sample(5, seed=1), 0.3)),
    Case(linear_and_in_place, (sample(2), sample(2, seed=1), 0.3)),
    Case(by_more_than_one, (sample(5), 3)),
    Case(by_more_than_one, (sample(5), -7)),
    Case(by_more_than_one, (sample(1), 4)),
    Case(correlation_at_lags, (sample(5), 7)),
    Case(rolled_into_itself, (sample(5), sample(5, seed=1))),
    Case(half_round, (sample(4, 5), 0.3)),
    Case(half_round, (sample(3, 1), 0.3)),
    Case(last_of_a_ring, (sample(4),)),
    Case(last_of_a_ring, (sample(1),)),
]
