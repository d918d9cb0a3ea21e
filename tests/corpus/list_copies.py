"""Lists bound to shorter ones step by step, and lists that functions give on one of several paths."""

import numpy as np

from tests.corpus.case import Case, sample


def bezier(points, t):
    q = points
    while len(q) > 1:
        q = [(1.0 - t) * a + t * b for a, b in zip(q[:-1], q[1:], strict=True)]
    return q[0]


def de_casteljau(x, A, t):
    known = [x[0], x[1], x[2], x[3]]
    q = known
    while len(q) > 1:
        q = [(1.0 - t) * a + t * b for a, b in zip(q[:-1], q[1:], strict=True)]
    r = known
    for k in range(1, len(known)):
        r = [(1.0 - t) * r[i] + t * r[i + 1] for i in range(len(known) - k)]
    point = bezier([A[0], A[1], A[2]], t) * bezier(list(A), t)
    return q[0] * known[0] + r[0] + bezier(known, t) * bezier([v * v for v in x], t) + np.sum(point)


def bound_in_a_branch(x, n):
    items = [x[0], x[1]]
    q = items
    if n > 2:
        q = [2.0 * v for v in q] + [x[2]]
    for _ in range(n - 3):
        items = [v * v for v in items]
    return sum(q) * items[0] * len(q)


def up_to(x, n):
    if n == 0:
        return []
    items = []
    for i in range(n):
        items.append(x[i] * x[i])
    return items


def of_several_lengths(x, i):
    if i > 2:
        return [x[0], x[1], x[i]]
    if i > 1:
        return [x[i]]
    return [x[1], x[i]]


def pairs_of(x, n):
    if n == 0:
        return []
    return [(v, v * v) for v in x]


def scaled(x, n):
    items = [v * v for v in x]
    if n == 0:
        return 1.0, [x[0]]
    if n > 2:
        return 2.0, items
    return 3.0, items[1:]


def lists_given_back(x, n):
    a, b = scaled(x, n)
    c, d = scaled(x, 2)
    b.append(a)
    s, previous = sum(up_to(x, n)) + len(up_to(x, 0)), of_several_lengths(x, 0)
    for i in range(n):
        current = of_several_lengths(x, i)
        s += sum(current) * previous[0] * len(previous)
        previous = current
    pairs = sum(p * q for p, q in pairs_of(x, n)) + len(pairs_of(x, n - 3))
    return sum(a * v for v in b) + c * d[0] + s + pairs


CASES = [
    Case(de_casteljau, (sample(5), sample(3, 2, seed=1), 0.3)),
    *(Case(bound_in_a_branch, (sample(4), n)) for n in (2, 3, 5)),
    *(Case(lists_given_back, (sample(5), n)) for n in (0, 3, 4)),
]
