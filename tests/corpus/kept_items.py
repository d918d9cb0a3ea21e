"""Tuples, lists and dicts put into others: what they hold is as it was then, whatever names are bound to later."""

import math
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.corpus.case import Case, sample

Point = namedtuple("Point", "x y")


@dataclass
class State:
    level: float
    rate: float


def before_it_is_squared(h):
    found = []
    found.append((2.0 * h, 1.0))
    found.append([3.0 * h])
    found.append({"v": 4.0 * h})
    found.append(Point(5.0 * h, h))
    found.append(State(6.0 * h, h))
    found.insert(0, (7.0 * h, (8.0 * h, h)))
    found.extend([(9.0 * h,)])
    h = h * h
    total = found[0][0] + found[0][1][0] * found[1][0] + found[2][0] + found[3]["v"] * found[4].x
    return (total + found[5].level * found[5].rate + found[6][0]) * h


def first_and_last(x):
    seen = {}
    seen["first"] = (x, x * x)
    seen.update(other=(math.sin(x), [x]))
    seen.setdefault("more", Point(x, 2.0 * x))
    x = x - math.sin(x)
    seen["last"] = (x, x * x)
    return seen["first"][1] - seen["last"][1] + seen["other"][0] * seen["other"][1][0] * seen["more"].y


def names_change_places(xs):
    lo, hi = xs[0], xs[1]
    pairs = []
    pairs.append((lo, hi))
    lo, hi = hi, lo
    pairs.append((lo, hi))
    return pairs[0][0] * 2.0 + pairs[1][0] * 3.0 * pairs[0][1]


def array_bound_anew(x):
    kept = []
    kept.append((0.5 * x, x.shape, 1))
    x = x[1:] * 3.0
    kept.append((x, x.shape, 2))
    return np.sum(kept[0][0]) * np.sum(kept[1][0]) * kept[0][1][0] * kept[1][1][0]


def item_replaced(h):
    d = {"p": (1.0, 2.0)}
    d["p"] = (2.0 * h, h)
    rows = [[1.0], [2.0]]
    rows[0] = [3.0 * h]
    h = h * h
    return d["p"][0] * h + rows[0][0] * rows[1][0]


def segments(h):
    found = []
    start = 0.0
    for length in (1.0, 2.0, 0.5):
        found.append([start, start + length * h])
        start += length * h
    return sum((b - a) * a for a, b in found)


def layers_kept(h):
    layers = []
    x = np.array([h, 1.0])
    for W in (np.eye(2) * 2.0, np.ones((2, 2))):
        layers.append((x, W @ x))
        x = np.tanh(W @ x)
    return sum(np.sum(a * b) for a, b in layers)


def turtle(h):
    path = [(0.0, 0.0)]
    x, y, angle = 0.0, 0.0, 0.0
    for step, v in [("F", 1.0), ("L", 0.5), ("F", 2.0), ("R", 0.2), ("F", 1.0)]:
        if step == "F":
            x += v * math.cos(angle)
            y += v * math.sin(angle)
            path.append((x, y))
        else:
            angle += v * h if step == "L" else -v * h
    return sum(math.hypot(b[0] - a[0] + 0.1, b[1] - a[1] - 0.3) for a, b in zip(path, path[1:], strict=False))


def romberg(a, h):
    rows = []
    rows.append([0.5 * h * (math.exp(a) + math.exp(a + h))])
    n = 1
    for i in range(1, 4):
        h /= 2.0
        n *= 2
        inside = sum(math.exp(a + k * h) for k in range(1, n, 2))
        row = [0.5 * rows[i - 1][0] + h * inside]
        for k in range(1, i + 1):
            row.append(row[k - 1] + (row[k - 1] - rows[i - 1][k - 1]) / (4.0**k - 1.0))
        rows.append(row)
    return rows[-1][-1]


def one_list_twice(h):
    row = [h, 2.0 * h]
    rows = []
    rows.append(row)
    rows.append([3.0 * h])
    h = h * h
    return (rows[0][0] + rows[0][1] * rows[1][0]) * h


def complex_numbers(a, b):
    roots = []
    z = complex(a, b)
    roots.append(z)
    z = z * z
    roots.append((z, abs(z)))
    z = 0.5 * z
    return roots[0].real * roots[1][0].imag + roots[1][1] + z.real


def part_of_a_list(x, y, n):
    a = [x]
    for _ in range(n):
        a.append(y)
    kept = {}
    kept["first"] = a[:2]
    pairs = [(a, x)]
    pairs.append((a[:2], y))
    a[0] = 9.0 * y
    return kept["first"][0] * pairs[1][0][0] + pairs[1][0][1] * a[0]


@dataclass
class Link:
    length: float
    offset: float = 0.0
    name: str = "link"
    parent: "Link | None" = None
    bent: Callable = np.sin

    def reach(self):
        return self.bent(self.length) + (self.offset if self.parent is None else 0.0)


def objects_with_names_and_none(lengths):
    links = []
    for length in lengths:
        if length > 0.6:
            links.append(Link(length, length**2, "arm"))
        else:
            links.append(Link(length, 1.0, "arm"))
    links.sort(key=lambda link: link.offset)
    total = 0.0
    for k, link in enumerate(reversed(links)):
        total += k * link.reach() + (link.offset if link.name == "arm" else 0.0)
    return total + links.pop().length + max(links, key=lambda link: link.length).length * len(links)


def work_to_do(x):
    todo = [("half", 1.0, None)]
    total = 0.0
    while todo:
        what, size, _ = todo.pop()
        total += size * x[0] if what == "half" else 0.0
        if size > 0.3 * x[1]:
            todo += [("half", size / 2.0, None), ("half", size * x[1], None)]
    return total


CASES = [
    Case(objects_with_names_and_none, (np.array([1.1, 0.8, 0.5]),)),
    Case(work_to_do, (np.array([0.7, 0.4]),)),
    *(Case(f, (0.7,)) for f in (before_it_is_squared, first_and_last, item_replaced, segments, layers_kept, turtle,
                                one_list_twice)),
    Case(names_change_places, (np.array([0.7, 1.9]),)),
    Case(array_bound_anew, (sample(4),)),
    Case(part_of_a_list, (1.3, 0.7, 2)),
    Case(romberg, (0.3, 1.1)),
    Case(complex_numbers, (0.7, 0.4)),
]  # fmt: skip
