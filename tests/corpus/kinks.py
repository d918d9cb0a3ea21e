"""Functions with kinks, away from them and at guarded ones."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def hinge_loss(w, X, y):
    return np.mean(np.maximum(0.0, 1.0 - y * (X @ w)))


def median_of_three(a, b, c):
    return max(min(a, b), min(max(a, b), c))


def triangle_wave(x):
    return abs(abs(x) - 1.0) * x


def guarded_root(x):
    return np.sum(np.where(x > 0.0, np.sqrt(x), 0.0))


def guarded_root_of_scalar(x):
    return math.sqrt(x) * x if x > 0.0 else 0.0 * x


def hard_tanh(z):
    return np.sum(np.minimum(np.maximum(z, -1.0), 1.0) * z)


def largest_gap(x):
    best = 0.0
    for i in range(x.size - 1):
        best = max(best, abs(x[i + 1] - x[i]))
    return best


def soft_threshold(x, lam):
    return np.sum(np.where(x > lam, x - lam, np.where(x < -lam, x + lam, 0.0)) ** 2)


def safe_ratio(a, b):
    return np.sum(np.where(np.abs(b) > 1e-3, a / np.where(np.abs(b) > 1e-3, b, 1.0), a))


def logistic_both_tails(z):
    total = 0.0
    for v in z:
        if v >= 0.0:
            total += 1.0 / (1.0 + math.exp(-v))
        else:
            e = math.exp(v)
            total += e / (1.0 + e)
    return total


def softmax_loss_at_large_logits(f, y):
    m = f.max()
    return m + np.log(np.sum(np.exp(f - m))) - f[y]


def bounding_box(points):
    return np.sum(points.max(axis=0) - points.min(axis=0))


CASES = [
    Case(hinge_loss, (sample(3), sample(6, 3, seed=1), np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0])), (0, 1)),
    Case(median_of_three, (0.4, -0.2, 0.1)),
    Case(triangle_wave, (0.6,)),
    Case(triangle_wave, (-1.6,)),
    Case(guarded_root, (np.array([4.0, 0.0, -1.0]),), expected=(np.array([0.25, 0.0, 0.0]),)),
    Case(guarded_root_of_scalar, (0.0,), expected=(0.0,)),
    Case(hard_tanh, (np.array([-2.0, -0.4, 0.3, 1.7]),)),
    Case(largest_gap, (sample(6),)),
    Case(soft_threshold, (sample(7), 0.3)),
    Case(safe_ratio, (sample(4), np.array([0.5, 0.0, -0.8, 1e-9])), (0,)),
    Case(
        logistic_both_tails,
        (np.array([-1e4, -3.0, 0.5, 1e4]),),
        expected=(
            np.array(
                [
                    0.0,
                    math.exp(-3.0) / (1.0 + math.exp(-3.0)) ** 2,
                    math.exp(-0.5) / (1.0 + math.exp(-0.5)) ** 2,
                    0.0,
                ]
            ),
        ),
    ),
    Case(
        softmax_loss_at_large_logits, (np.array([1e4, -1e4, 0.0]), 1), expected=(np.array([1.0, -1.0, 0.0]),)
    ),
    Case(bounding_box, (sample(5, 2),)),
]
