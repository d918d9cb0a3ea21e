"""Lists that a branch or loop binds anew: to comprehensions, lists joined by `+`, slices, what a function returns."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def pendulum_by_lists(y0, mu):
    def slope(y):
        x, v = y
        return [v, mu * (1 - x**2) * v - x]

    y, h = list(y0), 0.05
    for _ in range(10):
        k1 = slope(y)
        k2 = slope([a + h / 2 * k for a, k in zip(y, k1)])
        y = [a + h * (0.1 * p + 0.9 * q) for a, p, q in zip(y, k1, k2)]
    return y[0] ** 2 + y[1]


def de_casteljau(points, t):
    points = list(points)
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in zip(points[:-1], points[1:])]
    return points[0]


def array_then_known(x):
    y = list(x)
    for _ in range(3):
        y = [y[0] + 0.1 * y[1], y[1] - 0.1 * y[0] ** 2]
    return y[0] ** 2 + y[1]


def known_then_array(x):
    y = [0.5, 1.0, 0.2]
    for _ in range(3):
        y = [v * math.cos(a) for v, a in zip(y, x)]
    return y[0] ** 2 + y[1]


def old_beside_new(x):
    y, s = [0.0] * len(x), 0.0
    for _ in range(3):
        old = y
        y = [v + 0.5 * a * a for v, a in zip(y, x)]
        s += abs(old[0] - y[0]) + y[1] ** 2
    return s


def other_list_keeps_its_items(x):
    y = list(x)
    z = y
    for _ in range(2):
        y = [v * u for v, u in zip(y, x)]
    return sum(y) + 3.0 * sum(z)


def both_at_once(x):
    y, z = list(x), [v * v for v in x]
    for _ in range(3):
        y, z = z, y
    for _ in range(2):
        y, z = [*z[1:], y[0]], y[:2] + [z[0]]
        y, z = z[1:] + [y[0] * z[0]], y[:2] + [z[0]]
    return y[1] * 2.0 + z[0] * 3.0 + z[2]


def best_so_far(x):
    best = list(x)
    for k in range(4):
        tried = [v * k + x[0] for v in x]
        if sum(tried) > sum(best):
            best = tried
    return best[0] * best[1]


def lists_of_branches(x):
    if x[0] > 0.0:
        y = [u * u for u in x]
    else:
        y = [1.0, x[1]]
    y.append(x[2])
    return sum(y) * y[1]


def queue_by_slices(x):
    queue, total = [x[0], x[1]], 0.0
    while len(queue) > 0:
        first = queue[0]
        queue = queue[1:]
        total += first * first
        if first > 0.25:
            queue = queue + [0.5 * first]
    return total


def products_of_all(x):
    y = [x[0]]
    for _ in range(2):
        y = [u + v * v for u in y for v in x]
    return sum(y)


def pairs_bound_anew(x):
    y = [(v, 1.0) for v in x]
    for _ in range(2):
        y = [(u * w, w + 1.0) for u, w in y] + [(x[0], 2.0)]
        y = y[1:]
    return sum(u * w for u, w in y)


def parameter_bound_anew(x):
    def stepped(z, n):
        for _ in range(n):
            z = [z[0] * z[1], z[1] + z[0]]
        return z

    y = list(x[:2])
    z = stepped(y, 3)
    return sum(y) + 10.0 * z[0] * z[1]


def returned_by_a_function(x):
    def halved(z):
        return [u * 0.5 for u in z]

    y = list(x)
    for k in range(4):
        y = halved(y)
        y[0] += k
    return sum(v * v for v in y)


def sorted_again(x):
    y = sorted(x)
    for k in range(3):
        y = sorted(v * (-1) ** k for v in y)
        y = [v + k for v in y[::-1]]
    return y[0] ** 2


def rows_made_anew(S, n):
    for _ in range(n):
        S = np.array([S[k] @ S[k - 1].T / 3.0 + np.eye(2) for k in range(len(S))])
    return np.sum(S[0] * S[1])


def array_of_numbers_made_anew(y, n):
    """What is written into a new array before it has a second name is not seen under the names it had before."""
    x = best = y
    kept = []
    for k in range(n):
        old = x
        new = np.array([x[0] + x[1], x[1] * x[2], x[2]])
        if new[0] > best[0]:
            best = new
        kept.append(x)
        if k % 2:
            x = new
        else:
            filled = np.empty(3)
            filled[0] = old[1]
            filled[1:] = x[:2] ** 2
            x = filled
    return np.sum(x * best * old) + sum(np.sum(v) for v in kept)


POSITIVE = np.array([0.4, 0.7, 1.2])


def last_of_each_table(x, w):
    for _ in range(3):
        table = [x]
        for k in range(3):
            table.append(table[-1] * w + k)
        x = table[-1]
    return np.sum(x**2)



def rows_of_an_edit_distance(x, w):
    before = [0.1 * k for k in range(len(x) + 1)]
    for k in range(1, 4):
        row = [0.2 * k] + [0.0] * len(x)
        for j in range(1, len(x) + 1):
            row[j] = min(before[j] + w, row[j - 1] + w * w, before[j - 1] + abs(w * k - x[j - 1]))
        before = row
    return before[-1]


def lists_that_change_places(a, n):
    new, old = [0.0] * n, [a] * n
    for k in range(3):
        for j in range(1, n):
            new[j] = a * old[j - 1] + new[j - 1] * old[j]
        if k % 2 == 0:
            new, old = old, new
    two, one = [0.0] * n, list(old)
    for _ in range(3):
        last = [0.5] * n
        for j in range(1, n):
            last[j] = a * one[j - 1] + two[j]
        two, one = one, last
    return sum(new) + sum(old) * sum(one) + sum(two)



def bodies_moved_by_what_pulls_them(start, n):
    places = [row.copy() for row in (start[0], start[1])]
    for _ in range(n):
        pulls = [0.1 * p**2 for p in places]
        for k, pull in enumerate(pulls):
            places[k] += pull * places[k - 1]
    return np.sum(places[0] * places[1])



def rows_replaced_by_lists(a, n):
    rows = [[a * (i + 1) + (j - i) ** 2 for j in range(n)] for i in range(n)]
    for k in range(n):
        pivot = rows[k][k]
        rows[k] = [v / pivot for v in rows[k]]
        for r in range(n):
            if r != k:
                factor = 0.5 * rows[r][k]
                rows[r] = [v - factor * u for v, u in zip(rows[r], rows[k], strict=True)]
    return sum(sum(row) * row[0] for row in rows)


CASES = [
    Case(rows_replaced_by_lists, (0.7, 3), (0,)),
    Case(bodies_moved_by_what_pulls_them, (sample(2, 3), 2)),
    Case(rows_of_an_edit_distance, (sample(3), 0.4)),
    Case(lists_that_change_places, (0.7, 4), (0,)),
    Case(last_of_each_table, (sample(2), 0.4)),
    Case(pendulum_by_lists, (np.array([1.0, 0.2]), 0.3)),
    Case(de_casteljau, (sample(5), 0.3)),
    Case(de_casteljau, (sample(1), 0.3)),
    Case(array_then_known, (sample(2),)),
    Case(known_then_array, (sample(3),)),
    Case(old_beside_new, (POSITIVE,)),
    Case(other_list_keeps_its_items, (sample(3),)),
    Case(both_at_once, (sample(3),)),
    Case(best_so_far, (POSITIVE,)),
    Case(lists_of_branches, (POSITIVE,)),
    Case(lists_of_branches, (-POSITIVE,)),
    Case(queue_by_slices, (POSITIVE,)),
    Case(products_of_all, (sample(3),)),
    Case(pairs_bound_anew, (sample(3),)),
    Case(parameter_bound_anew, (sample(3),)),
    Case(returned_by_a_function, (sample(3),)),
    Case(sorted_again, (sample(3),)),
    Case(rows_made_anew, (sample(3, 2, 2), 3)),
    Case(array_of_numbers_made_anew, (sample(3), 4)),
]
