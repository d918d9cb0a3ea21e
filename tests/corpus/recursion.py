"""Functions that call themselves, directly and by turns."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


def bisect(x, a, b, n):
    m = 0.5 * (a + b)
    if n == 0:
        return m * x
    if m * m > x:
        return bisect(x, a, m, n - 1) * 1.01
    return bisect(x, m, b, n - 1) + 0.1 * x


def fib(x, n):
    return x if n < 2 else math.sin(fib(x, n - 1)) + 0.5 * fib(x * x, n - 2)


def rotate(q, p, n):
    if n == 0:
        return q, p
    u, v = rotate(p, -0.5 * q, n - 1)
    return u + 0.1 * v * u, v


def rotated(q, p):
    a, b = rotate(q, p, 5)
    return a * b


def late_form(q, n):
    if n > 0:
        a, b = late_form(q * 0.5, n - 1)
        return a * b, b + q
    return q, q * q


def late(q):
    a, b = late_form(q, 4)
    return a + b


def total(a, lo, hi):
    if hi - lo == 1:
        return a[lo] ** 2
    mid = (lo + hi) // 2
    return total(a, lo, mid) * 1.1 + math.tanh(total(a, mid, hi))


def tree_sum(a):
    return total(a, 0, len(a))


def even(x, n):
    if n == 0:
        return x
    return odd(x * 1.1, n - 1)


def odd(x, n):
    if n == 0:
        return -x
    return even(x * x, n - 1)


W = np.array([0.5, 0.2, 0.9])


def horner(x, k):
    if k == 3:
        return 0.0
    return W[k] + x * horner(x, k + 1)


def halves(a, n):
    if n == 0:
        return a * a
    b = halves(a * 0.9, n - 1)
    return b + 0.1 * a


def halved(a):
    return np.sum(halves(a, 3))


def horner_from(x):
    return horner(x, 0)


def likelihood(node, t):
    if isinstance(node, int):
        return np.array([1.0, 0.3, 0.2]) if node else np.array([0.1, 0.2, 1.0])
    (left, a), (right, b) = node
    change = np.exp(-t * a), np.exp(-t * b)
    return (np.eye(3) * change[0] + 0.1) @ likelihood(left, t) * ((np.eye(3) * change[1] + 0.1) @ likelihood(right, t))


def tree_of_tuples(t):
    return np.sum(likelihood(((((((0, 0.2), (1, t)), t), (1, 0.1)), 0.3), (0, 0.25)), t))


TERM = ("+", ("*", "x", ("sin", "y")), ("*", 2.0, ("+", "x", ("*", "y", "y"))))


def evaluated(term, x, y):
    if isinstance(term, str):
        return x if term == "x" else y
    if isinstance(term, float):
        return term
    op, *args = term
    if op == "sin":
        return math.sin(evaluated(args[0], x, y))
    a, b = evaluated(args[0], x, y), evaluated(args[1], x, y)
    return a + b if op == "+" else a * b


def term_of_tuples(x, y):
    return evaluated(TERM, x, y)


def smoothed(x, n):
    if n == 0:
        return x * x, 1.0
    y, c = smoothed(x, n - 1)
    return np.cumsum(y) * 0.5 + np.roll(y, 1), c * y[0]


def transformed(x):
    y, c = smoothed(x, 3)
    return np.sum(y * y) * c


def series(x, a):
    """A function inside calls itself twice."""

    def legendre(n, t):
        if n == 0:
            return 1.0
        if n == 1:
            return t
        return ((2 * n - 1) * t * legendre(n - 1, t) - (n - 1) * legendre(n - 2, t)) / n

    return sum(c * legendre(k, a) for k, c in enumerate(x))


def bound_anew(x, n):
    """What is taken from around is what stands there when the function is called."""
    k = 0.5

    def g(i, v):
        if i == 0:
            return v * k
        return g(i - 1, v * x[i]) + k

    first = g(n, 1.0)
    k = x[0] * 2.0
    return first + g(n - 1, 2.0)


CASES = [
    Case(series, (sample(4), 0.3)),
    Case(bound_anew, (sample(6), 4)),
    Case(tree_of_tuples, (0.7,)),
    Case(term_of_tuples, (0.7, 0.4)),
    Case(transformed, (sample(5),)),
    Case(power, (1.3, 5)),
    Case(bisect, (0.7, 0.0, 1.3, 5)),
    Case(fib, (0.7, 6)),
    Case(rotated, (0.4, 0.8)),
    Case(late, (0.9,)),
    Case(tree_sum, (sample(7),)),
    Case(even, (0.7, 5)),
    Case(horner_from, (0.7,)),
    Case(halved, (sample(3),)),
]
