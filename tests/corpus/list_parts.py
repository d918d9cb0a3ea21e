"""Parts of lists that are assigned and deleted, items deleted, lists repeated in place."""

import numpy as np

from tests.corpus.case import Case, sample


def exchanged(items, v):
    items[0:2] = v
    return items[0]


def weighted(items):
    return sum(v * (i + 1) for i, v in enumerate(items)) * len(items)


def sliding_window(x, n):
    window = []
    s = 0.0
    for i in range(n):
        window.append(x[i] * x[i])
        if len(window) > 3:
            del window[0]
        s += max(window) * window[0]
    return s * len(window)


def from_both_ends(x):
    items = [x[0], x[1], x[2], x[3]]
    s = 0.0
    while len(items) > 1:
        s += items[0] * items[-1]
        del items[-1]
    return s * items[0]


def deleted_under_another_name(x, n):
    items = [v * v for v in x]
    same = items
    del items[n], same[0]
    few = [x[0], x[1], x[2]]
    other = few
    del few[0]
    return weighted(same) + weighted(other)


def parts_deleted(x, n):
    items, known = [v * v for v in x], [x[0], x[1], x[2], x[3], x[4]]
    del items[1:3], items[n:]
    del known[1:2], known[::2]
    pairs = [(v, v * v) for v in x]
    del pairs[0], pairs[1:n]
    rest = [v for v in x]
    del rest[:]
    rest.append(x[0])
    return weighted(items) + weighted(known) * pairs[-1][1] + weighted(rest)


def parts_assigned(x, n):
    items = [v * v for v in x]
    items[-2:] = [x[0], x[1], x[2]]
    items[-20:1] = []
    items[3:1] = [x[5]]
    items[1:n] = [w * x[0] for w in x[:2]]
    items[len(items) :] = x[:2] * 2.0
    return weighted(items)


def parts_of_itself(x):
    items = [v * v for v in x]
    items[1:3] = items
    items[:0] = items[-2:]
    items[1:4] = items[3:0:-1]
    known = [x[0], x[1], x[2]]
    known[1:2] = known
    known[:0] = known[-2:]
    return weighted(items) + weighted(known)


def parts_in_branches(x, n, m):
    items = [x[0], x[1], x[2]]
    same = items
    if n > 2:
        items[1:2] = [x[3], x[4] * x[5]]
    for i in range(m):
        items[0:1] = [x[i] * items[1], items[0], x[i]]
        del items[-1]
    return weighted(same)


def parts_in_steps(x, n):
    items = [v * v for v in x]
    items[::2] = [x[0], x[1], x[2]]
    zeros = [0.0] * 6
    zeros[1:3] = [x[0], x[1]]
    zeros[3:5] = x[3:5] * 2.0
    for i in range(n):
        zeros[2:4] = [zeros[1] * x[i], zeros[3]]
    return weighted(items) + weighted(zeros) + exchanged([v * v for v in x], [x[1], x[0]])


def rows_and_pairs(A, n):
    rows = [r for r in A]
    del rows[0]
    rows[1:3] = [A[0] * 2.0, A[1], A[2]]
    pairs = [(v, v * v) for v in A[0]]
    pairs[0:1] = [(A[1, 0], A[1, 1]), (A[0, 0], A[1, 2])]
    inner = {"a": [A[0, 0], A[0, 1]], "b": A[1, 1]}
    for i in range(n):
        inner["a"].append(A[i, 0])
        del inner["a"][0]
    return np.sum(rows[0] * rows[1] * rows[2]) * len(rows) + pairs[1][1] * pairs[-1][0] + weighted(inner["a"])


def updated(x, n):
    items, many = [v * v for v in x], [0.0] * n
    items[0:2] += [x[0], x[1]]
    many[0:2] += [x[0], x[1]]
    many[0:2] *= 2
    return weighted(items) + weighted(many)


def repeated_in_place(x, n):
    known = [x[0], x[1]]
    known *= 3
    known[0] = x[3]
    items = [v for v in x]
    same = items
    items *= 2
    items[0] = x[3]
    for i in range(n):
        known *= 2
        known[i] = known[i + 1] * x[i]
    pairs = [(v, v * v) for v in x]
    pairs *= 2
    items[:0] = [pairs[7][0] * pairs[1][1]]
    gone = [v for v in x]
    gone *= 0
    return weighted(same) + weighted(known) + len(gone)


class Track:
    def __init__(self, x):
        self.points = [x[0], x[1], x[2]]

    def drop(self):
        del self.points[0]

    def put(self, v):
        self.points[0:1] = [v, v * v]


def held_by_an_object(x, n):
    track = Track(x)
    track.drop()
    for i in range(n):
        track.put(x[i])
        if i % 2:
            track.drop()
    return weighted(track.points)


CASES = [
    Case(sliding_window, (sample(7), 6)),
    Case(from_both_ends, (sample(4),)),
    Case(deleted_under_another_name, (sample(6), 3)),
    Case(parts_deleted, (sample(6), 3)),
    Case(parts_assigned, (sample(6), 3)),
    Case(parts_assigned, (sample(6), -3)),
    Case(parts_of_itself, (sample(6),)),
    *(Case(parts_in_branches, (sample(6), n, m)) for n, m in ((3, 3), (2, 0))),
    Case(parts_in_steps, (sample(6), 3)),
    Case(rows_and_pairs, (sample(4, 3), 3)),
    Case(updated, (sample(6), 4)),
    *(Case(repeated_in_place, (sample(6), n)) for n in (0, 2)),
    *(Case(held_by_an_object, (sample(6), n)) for n in (0, 3)),
]
