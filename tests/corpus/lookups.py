"""What looks for something: items of the user's own classes, fields by name, places in lists, the first of many."""

import math

import numpy as np

from tests.corpus.case import Case, sample


class Polynomial:
    def __init__(self, coefficients):
        self.coefficients = coefficients
        self.changes = []

    def __call__(self, t):
        s = 0.0
        for k in range(len(self) - 1, -1, -1):
            s = s * t + self[k]
        return s

    def __len__(self):
        return len(self.coefficients)

    def __getitem__(self, k):
        return self.coefficients[k]

    def __setitem__(self, k, value):
        self.changes.append(value - self.coefficients[k])
        self.coefficients[k] = value

    def __iter__(self):
        return iter((self[0], 2.0 * self[1]))


def own_items(x, t):
    p = Polynomial(x.copy())
    for k in range(len(p)):
        p[k] += t * p[k - 1]
    p[0] = t * t
    a, b = p
    first = [*p, *list(p)]
    s = sum(p) * first[3]
    for v in p:
        s = 0.5 * s + v
    return p(t) * a + b + s + sum(p.changes)


class Grid:
    def __init__(self, n):
        self.n = n
        self.data = np.zeros((n, n))

    def __getitem__(self, place):
        i, j = place
        return self.data[i % self.n, j % self.n]

    def __setitem__(self, place, value):
        i, j = place
        self.data[i % self.n, j % self.n] = value


def items_of_two_places(x, n):
    g = Grid(n)
    for i in range(n):
        for j in range(n):
            g[i, j] = x[i] * x[j]
            g[i, j] -= 0.1 * g[i - 1, j]
    return sum(g[i, i + 1] * g[i - 1, i] for i in range(n))


class Bond:
    def __init__(self, coupon, rate):
        self.coupon, self.rate = coupon, rate

    def price(self):
        return self.coupon / (1.0 + self.rate)


def fields_by_name(coupon, rate):
    b = Bond(coupon, rate)
    s = 0.0
    for name in ("coupon", "rate"):
        s += getattr(b, name) ** 2
        setattr(b, name, 1.5 * getattr(b, name))
    s *= getattr(b, "price")() + getattr(b, "missing", 1.0)
    return s * getattr(math, "exp")(rate) if hasattr(b, "price") and not hasattr(b, "yield_") else coupon


def places_and_first_ones(x):
    squares = []
    for v in x:
        squares.append(v * v)
    k = squares.index(max(squares))
    names = ["a", "b", "c"]
    v = 3.0
    first = next(v * 2.0 for v in x if v > 0.5)
    at = next((i for i, u in enumerate(x) if u < 0.0), -1)
    none = next((u for u in x if u > 9.0), x[0])
    return x[k] * squares.count(squares[1]) * v + first * x[names.index("b")] + x[at] * none * names.count("c")


CASES = [
    Case(own_items, (sample(3), 0.7)),
    Case(items_of_two_places, (sample(3), 3)),
    Case(fields_by_name, (1.0, 0.2)),
    Case(places_and_first_ones, (np.array([0.3, 0.9, 1.7, -0.4]),)),
]
