"""Names that are None until a tuple or an array is bound to them: the nearest so far, the state of a filter."""

from collections import namedtuple

import numpy as np

from tests.corpus.case import Case

Hit = namedtuple("Hit", "t k")


def nearest(x, n):
    best = None
    for i in range(n):
        d = (x - i) ** 2
        if best is None or d < best[0]:
            best = (d, x * i)
    if best is None:
        return 0.0
    return best[0] + best[1]


def nearest_by_fields(x, n):
    best = None
    for i in range(n):
        d = (x - i) ** 2
        if best is None or d < best.t:
            best = Hit(d, x * i)
    return best.k + best.t


def first_hit_and_its_normal(x, n):
    hit = None
    for i in range(n):
        v = np.array([x * i, 1.0])
        if v[0] > 2.0 and (hit is None or v[0] < hit[0]):
            hit = v[0], v * 2.0
    if hit:
        t, w = hit
        return t * w.sum()
    return x


def differences_of_neighbours(x, n):
    prev = None
    tot = 0.0
    for i in range(n):
        cur = (x * i, x + i)
        if prev is not None:
            tot += (cur[0] - prev[0]) * prev[1]
        prev = cur
    return tot


def never_bound(x, n):
    best = None
    if n > 100:
        best = (x, x)
    return best[0] if best is not None else 3.0 * x


def none_again(x, n):
    last = None
    for i in range(n):
        if i == 3:
            last = None
        elif i % 2:
            last = (x * i, (x, i * x))
    if last is None:
        return x
    return last[0] + last[1][1]


def state_unpacked(x, n):
    state = None
    for i in range(n):
        if state is None:
            state = (x, 0.0)
        else:
            a, b = state
            state = (a * 0.9 + b, b + 0.1 * a)
    a, b = state
    return a * b


def average_chosen(x, n):
    w = None
    for i in range(n):
        g = np.array([x, x * i])
        w = g if w is None else 0.5 * w + g
    return w.sum()


def average_by_branch(x, n):
    w = None
    for i in range(n):
        g = np.array([x, x * i])
        if w is not None:
            w = 0.5 * w + g
        else:
            w = g
    return w.sum()


def largest(x):
    best = None
    for v in x:
        if best is None or v > best:
            best = v * v
    return best


def largest_and_its_square(x):
    best = None
    for v in x:
        if best is None or v > best[0]:
            best = v, v * v
    return best[1]


def two_functions_with_their_names_at_the_same_places(x):
    return largest(x) * largest_and_its_square(x)


CASES = [
    Case(nearest, (1.3, 5)),
    Case(nearest_by_fields, (1.3, 5)),
    Case(first_hit_and_its_normal, (1.3, 5)),
    Case(differences_of_neighbours, (1.3, 5)),
    Case(never_bound, (1.3, 5)),
    Case(none_again, (1.3, 5)),
    Case(state_unpacked, (1.3, 5)),
    Case(average_chosen, (1.3, 5)),
    Case(average_by_branch, (1.3, 5)),
    Case(two_functions_with_their_names_at_the_same_places, (np.array([0.3, 0.8, 0.5]),)),
]
