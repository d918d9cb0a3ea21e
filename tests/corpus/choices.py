"""Branches in loops that only choose numbers, what keeps them branches, and loops that add to neighbours."""

import numpy as np

from tests.corpus.case import Case, sample


def read_behind_the_loop(a):
    t = 0.0
    s = 0.0
    for i in range(a.shape[0]):
        t = a[i] * 2.0
        if t > 1.0:
            t = t * t
        s += t
    return s + t


def kept_from_an_earlier_trip(a):
    s = 0.0
    u = 1.5
    for i in range(a.shape[0]):
        t = a[i]
        if t > 0.5:
            u = t * 3.0
        else:
            t = u * a[i]
        s += t * u
    return s


def changed_places(a):
    s = 0.0
    for i in range(a.shape[0]):
        x = a[i]
        y = a[i] * a[i]
        if x > y:
            x, y = y, x
        s += x - 2.0 * y
    return s


def choices_beside_jumps(a):
    s = 0.0
    for i in range(a.shape[0]):
        t = a[i]
        if t > 0.95:
            break
        if t < -0.5:
            continue
        w = 1.0
        if t > 0.25:
            if t > 0.5:
                w = t
            else:
                w = -t
        else:
            w = w + t * t
        s += w * t
    return s


def chosen_in_a_while_loop(a):
    s = 0.0
    i = 0
    while i < a.shape[0]:
        t = a[i]
        r = t
        if r < 0.0:
            r = -r
        if r > 0.5:
            r = 0.5 * (r + 0.5)
        a[i] = r
        s += t * r
        i += 1
    return s + np.sum(a * a)


def neighbours_on_a_ring(a):
    n = a.shape[0]
    s = 0.0
    for i in range(n):
        if i + 1 < n:
            right = a[i + 1]
        else:
            right = a[0]
        if i > 0:
            left = a[i - 1]
        else:
            left = a[n - 1]
        bend = right - 2.0 * a[i] + left
        if bend > 0:
            g = bend
        elif bend < -0.3:
            g = 0.5 * bend
        else:
            g = 0.0
        s += g * a[i]
    return s


def bound_twice_on_one_side(a):
    s = 0.0
    for i in range(a.shape[0]):
        t = a[i]
        if t > 0.0:
            t = t + 1.0
            t = t * t
        u = t
        if u > 2.0:
            t = u - 2.0
            u = t * a[i]
        s += t * u
    return s


def limited_slopes(u):
    s = 0.0
    for i in range(1, u.shape[0] - 1):
        a = u[i] - u[i - 1]
        b = u[i + 1] - u[i]
        if a * b <= 0:
            d = 0.0
        elif abs(a) < abs(b):
            d = a
        else:
            d = b
        s += (u[i] + 0.5 * d) ** 2
    return s


def read_between_points(grid, x, y):
    s = 0.0
    for p in range(x.shape[0]):
        i = int(x[p])
        j = int(y[p])
        u = x[p] - i
        v = y[p] - j
        value = (1 - u) * (1 - v) * grid[i, j] + u * (1 - v) * grid[i + 1, j]
        value += (1 - u) * v * grid[i, j + 1] + u * v * grid[i + 1, j + 1]
        s += value * value
    return s


POINTS = np.array([0.3, -0.7, 0.62, -0.2, 0.41, 0.9, 0.05])
CASES = [
    *(Case(f, (POINTS,)) for f in (read_behind_the_loop, kept_from_an_earlier_trip, changed_places,
                                   choices_beside_jumps, chosen_in_a_while_loop, neighbours_on_a_ring,
                                   bound_twice_on_one_side, limited_slopes)),
    Case(read_between_points, (sample(3, 4), np.array([0.3, 1.6, 0.8]), np.array([2.2, 0.7, 1.1])), argnums=(0,)),
]  # fmt: skip
