"""Sums that begin as a number and become arrays in a loop."""

import numpy as np

from tests.corpus.case import Case, sample


def fourier_series(a, x):
    y = 0.0
    for k in range(len(a)):
        y += a[k] * np.sin((k + 1) * x)
    return np.mean(y**2)


def begun_as_an_integer(x, n):
    total = 0
    for i in range(n):
        total = total + x * i
    return np.sum(total**2)


def spectra(a, x):
    s = 0.0
    for j in range(3):
        y = 1.0
        for k in range(len(a)):
            y -= a[k] * np.cos((k + j) * x)
        s += np.sum(y * y)
    return s


def of_positive_weights(a, x):
    y = 0.0
    for k in range(len(a)):
        if a[k] > 0.0:
            y = a[k] * x + y
    return np.sum(y**3)


def over_two_loops(a, X):
    t = 0.0
    for k in range(2):
        for j in range(len(a)):
            t += a[j] * X**k
    return np.sum(t * t)


def of_two_shapes(x, y, k):
    total = 0
    for i in range(3):
        total += x * y * i - k
    return np.sum(total**2)


def until(a, x):
    y, k = 0.5, 0
    while k < len(a):
        y += a[k] * x
        k += 1
        if a[k - 1] > 0.7:
            break
    return y[0] * y.sum()


CASES = [
    Case(fourier_series, (sample(3), sample(4, seed=1))),
    Case(begun_as_an_integer, (sample(4), 3)),
    Case(spectra, (sample(3), sample(4, seed=1))),
    Case(of_positive_weights, (np.array([0.4, -0.3, 0.8]), sample(4))),
    Case(over_two_loops, (sample(3), sample(2, 3, seed=1))),
    Case(of_two_shapes, (sample(1, 3), sample(2, 1, seed=1), np.array([1, 2, 3]))),
    Case(until, (np.array([0.4, 0.3, 0.8]), np.array([0.9, 0.2, 0.4]))),
]
