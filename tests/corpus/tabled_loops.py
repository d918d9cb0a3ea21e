"""Long loops over known numbers: over tables of them, or written out where an item must be known."""

import math

import numpy as np

from tests.corpus.case import Case, sample

BARS = ((0, 1), (1, 2), (0, 2), (1, 3), (2, 3))
STAGES = ((0.0, 1.0, 1), (0.5, 2.0, 2), (0.5, 2.0, 2), (1.0, 1.0, 3))


def truss(xy, area, stiffness):
    """The matrix of a truss, bar after bar."""
    n = len(xy)
    K = np.zeros((2 * n, 2 * n))
    for (i, j), a in zip(BARS, area):
        d = xy[j] - xy[i]
        length = math.sqrt(d @ d)
        c, s = d / length
        k = stiffness * a / length * np.array([[c * c, c * s], [c * s, s * s]])
        at, to = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        K[at, at] += k
        K[to, to] += k
        K[at, to] -= k
        K[to, at] -= k
    free = [3, 4, 5, 6, 7]
    load = np.zeros(2 * n)
    load[7] = -1.0
    return np.linalg.solve(K[np.ix_(free, free)] + 0.5 * np.eye(5), load[free])[4] + (i + j) * c


def stages(x, rate):
    """Steps of a scheme whose numbers stand in a table; what a name holds behind the loop is that of the last one."""
    total, slope = np.zeros_like(x), np.zeros_like(x)
    for at, weight, power in STAGES:
        state = x + at * slope
        if np.sum(state) > 50.0:
            break
        inner = np.where(state > 0.0, np.tanh(state), 0.1 * state) ** power
        outer = np.cumsum(inner) * rate + np.roll(state, 1)
        slope = outer - state / (1.0 + inner**2) + np.sin(outer) * weight
        total += weight * slope + np.maximum(outer, inner) * np.exp(-at)
    else:
        total *= rate
    return np.sum(total * x) * at + weight * power * np.sum(state)


def list_of_places(x):
    """A list of numbers that stays; its loop has a loop inside."""
    places = [4, 0, 3, 1]
    found = []
    for k, p in enumerate(places):
        low = x[p] * x[p] + k
        for q in places:
            low = low * 0.5 + x[q] * np.cos(x[p])
            if low > 3.0:
                low = math.sqrt(low)
        high = np.hypot(low, x[p - 1]) + p
        low, high = min(low, high), max(low, high)
        found.append(low * high - k * np.log(high))
        x[p] = high * 0.1 + low / (p + 1)
    return sum(found) + max(found) * places[1] + x[3] * p


def summed_along(a, axis):
    return np.sum(np.tanh(a) * a, axis) + np.max(a, axis)


def axes(a):
    """An axis must be known: the loop is written out."""
    total = 0.0
    for axis in (0, 1, 2):
        rows = summed_along(a, axis)
        sharp = rows - np.mean(rows)
        total += np.sum(sharp * np.roll(rows, 1)) + np.sum(np.diff(rows[0]) ** 2) + rows[0, 0]
        total += np.max(rows) * np.sum(np.cumsum(rows, 0)) + np.prod(np.flip(rows[:, 0]))
        total += np.linalg.norm(sharp) + np.sum(np.outer(rows[0], sharp[0]) ** 2) + np.std(rows)
    return total


CASES = [
    Case(truss, (sample(4, 2, low=0.2, high=1.5), sample(5, low=0.2), 3.0)),
    Case(stages, (sample(4), 0.7)),
    Case(list_of_places, (sample(5, low=0.2),)),
    Case(axes, (sample(2, 3, 2),)),
]
