"""What Python has for containers: dicts that change, sets of constants, running results, orders by a key, stars."""

import itertools
import math
import statistics

import numpy as np

from tests.corpus.case import Case, sample


def dict_that_changes(k, m, c):
    p = {"k": k, "m": m, "c": c}
    p.update(k=p["k"] * p["m"], m=p["k"])
    g = p.setdefault("g", 9.81) + p.setdefault("m", 0.0)
    c = p.pop("c") + p.pop("zeta", 0.5)
    for _ in range(2):
        p.update({"k": p["m"], "m": p["k"] * 0.5})
    del p["g"]
    return math.sqrt(p["k"] * p["m"]) * c + g * len(p)


def items_written(x):
    scaled = {}
    for name, value in {"a": x, "b": x * x}.items():
        scaled[name] = value**2
    for name, value in list(scaled.items()):
        scaled.update(b=7.0 * x * value)
        scaled[name] = value * 2.0
    return scaled["a"] * scaled["b"]


SMALL = frozenset({"k", "c"})


def history_of_a_run(x, n):
    history = {"v": [], "large": [x[0]], "pair": []}
    rows, v = [[], []], 0.5
    for k in range(n):
        v = v * x[1] * 1.3
        history["v"].append(v)
        history["pair"].append((v, k))
        if v > 0.4:
            history["large"].append(v * v)
        rows[0].append(v * k)
    history["large"].append(x[2])
    rows[1].extend(history["v"])
    last = history["v"].pop()
    ends = history["large"][-1] * history["large"][1] + sum(p * q for p, q in history["pair"])
    return sum(history["v"]) * last + ends + sum(rows[0]) * rows[1][0] + len(rows[1])


SMALL_ONES = ("a", "b")


def lists_by_name(x):
    total = 0.0
    for v in x:
        found = {"a": [], "b": [v]}
        for name in SMALL_ONES:
            found[name].append(v * v)
        for k in range(2):
            found["a"].append(v * k)
        total += sum(found["a"]) * len(found["a"]) + found["b"][1]
    return total


def sets_of_constants(x):
    odd, total = {1, 3}, 0.0
    for k in range(5):
        if k in odd or k in set(range(4, 6)):
            total += x**k
        elif k not in {0}:
            total -= x
    for name in ("k", "q"):
        if name in SMALL:
            total *= 1.0 + x
    return total


def none_by_a_test(x):
    before, total = None, 0.0
    for v in x:
        if before is not None:
            total += v * before
        before = v if v > 0.5 else None
    scale = None if total > 100.0 else 2.0 * total
    return total if scale is None else scale


def running_results(x):
    total = 0.0
    for k, v in enumerate(itertools.accumulate((v * v for v in x), initial=x[0])):
        total += v * k
    products = list(itertools.accumulate([x[0], x[1], 2.0], lambda a, b: a * b))
    best = list(itertools.accumulate(x, max))
    return total + products[-1] * len(products) + best[1]


def ordered_by_a_key(x):
    order = sorted(range(len(x)), key=lambda i: x[i])
    back = sorted(range(len(x)), key=lambda i: -x[i], reverse=True)
    pairs = sorted([(v, k) for k, v in enumerate(x)], key=lambda p: (p[0] - 0.4) ** 2)
    largest = sorted(x, key=abs, reverse=True)
    ranked = sum(r * x[i] ** 2 for r, i in enumerate(order)) + sum(r * r * i for r, i in enumerate(back)) * x[0]
    return ranked + pairs[0][0] * (pairs[1][1] + 1) + largest[0] * largest[-1]


def stars(x):
    def area(a, b, c):
        return a * b - c

    first, *rest = x
    *most, last = [v * v for v in x]
    a, *middle, b = x
    rest[0] = 7.0 * x[1]
    called = area(*x[:3]) + area(1.0, *x[:2]) + area(*most) + np.arctan2(*x[:2]) + max(*x)
    return first * sum(rest) + last * most[0] + a * b * middle[-1] + called + area(*(a, b), last)


def numbers_as_a_list(x):
    values = x.tolist()
    x[0] = 5.0
    values[1] = 3.0 * values[0]
    values.append(x[2])
    values += (x[1:] * 2.0).tolist()
    return sum(values) * values[2]


def of_statistics(x):
    values = [v * v for v in x]
    centre = statistics.mean(values) * statistics.median(values) + statistics.fmean(x)
    return centre * statistics.stdev(x) + statistics.pvariance([x[0], x[1]])


POINT = np.array([0.4, 0.7, 1.2, 0.9])

CASES = [
    Case(dict_that_changes, (1.2, 0.5, 0.1)),
    Case(items_written, (0.3,)),
    Case(history_of_a_run, (POINT, 4)),
    Case(lists_by_name, (POINT,)),
    Case(sets_of_constants, (1.3,)),
    Case(none_by_a_test, (POINT,)),
    Case(running_results, (sample(4),)),
    Case(ordered_by_a_key, (sample(4),)),
    Case(stars, (POINT,)),
    Case(numbers_as_a_list, (POINT,)),
    Case(of_statistics, (POINT,)),
]
