"""What Python has for containers: dicts that change, sets of constants, running results, orders by a key, stars."""

import itertools
import math
import statistics
from functools import reduce
from operator import add, mul

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


def extended(x):
    pairs, known, found = [(v, 1.0) for v in x], [], [1.0]
    known.extend(pairs)
    known += pairs[1:]
    found.extend(v for v in x)
    found.extend(x * 2.0)
    return sum(a * b for a, b in known) + len(known) * found[-1] + np.sum(np.array(pairs) * pairs)


def columns_of_rows(x):
    rows = [(v, v * v, k) for k, v in enumerate(x)]
    xs, ys, ks = zip(*rows)
    total = sum(column[0] * sum(column) for column in zip(*rows))
    first, second = zip(*((x[0], 1.0), (x[1], x[2])))
    rows.append((1.0, 2.0, 3))
    products = math.prod(v + 2.0 for v in x) + statistics.mean(v * v for v in x)
    return sum(a * b for a, b in zip(xs, ys)) + len(xs) * ks[-1] * total + first[1] * second[1] + products


def lists_by_a_test(x):
    y = [x[0], x[1]] if x[0] > 1.0 else [v for v in x]
    both = [v * v for v in x] if x[0] > 0.1 else [v for v in x if v > 0.5]
    for k in range(3):
        y = [v * 2.0 for v in y] if k else y
    best = both if x[1] > 0.2 else [0.0]
    return sum(y) * sum(both) + best[0] * len(best)


def known_orders(x):
    d, total = {"b": x[0], "a": x[1]}, 0.0
    for i, name in enumerate(sorted(d)):
        total += d[name] * (i + 1)
    for name, v in sorted(d.items(), reverse=True):
        total = total * (2.0 if name == "a" else 0.5) + v
    pairs = [(2, x[0]), (1, x[1])]
    by_value = sorted([(x[0], 1.0), (x[1], 2.0)], key=lambda p: -p[0])
    pairs.sort(key=lambda p: p[1])
    return total + pairs[0][1] * pairs[0][0] + by_value[0][0] * by_value[0][1] + sorted((3, 1, 2))[0]


def trajectory(x):
    y, table = [x[0], x[1]], []
    path = [y]
    for k in range(4):
        y = [y[0] + 0.1 * y[1], y[1] - 0.1 * y[0] ** 2]
        path.append(y)
        table.append([k * 0.1, y[0], np.sin(y[1])])
    whole = np.array(table)
    pairs = [(v, i) for i, v in enumerate(x)]
    first, second = np.array(pairs).T
    joined = path[0] + path[-1]
    return whole[:, 1].max() * whole[-1, 2] + first @ second + joined[3] * table[1][2] + sum(a * b for a, b in path)


def hull(x):
    def turns(o, a, b):
        return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

    points = sorted(((v, v * v - k) for k, v in enumerate(x)), key=lambda p: p[0])
    lower, upper = [], []
    for p in points:
        while len(lower) >= 2 and turns(lower[-2], lower[-1], p) <= 0.0:
            lower.pop()
        lower.append(p)
    for p in reversed(points):
        while len(upper) >= 2 and turns(upper[-2], upper[-1], p) <= 0.0:
            upper.pop()
        upper.append(p)
    edge, area = lower[:-1] + upper[:-1], 0.0
    for (a, b), (c, d) in zip(edge, edge[1:] + edge[:1]):
        area += a * d - b * c
    return 0.5 * area + len(edge)


def averages(x):
    fast = slow = None
    total = 0.0
    for v in x:
        fast = v if fast is None else 0.3 * v + 0.7 * fast
        slow = v * 2.0 if slow is None else slow * v
        total += (fast if fast is not None else 0.0) * slow
    return total + reduce(add, map(mul, x, x[::-1]))


def intervals(x):
    waiting, total = [[0.0, 1.0]], 0.0
    while waiting:
        a, b = waiting.pop()
        middle = 0.5 * (a + b)
        if b - a < 0.3:
            total += (b - a) * math.exp(x[0] * middle)
        else:
            waiting.append([a, middle])
            waiting += [[middle, b]]
    return total


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

NAMES = ("rate", "scale", "shift")


def dicts_of_pairs(p, t):
    by_name = dict(zip(NAMES, p, strict=False))
    first = {name: v for name, v in zip(NAMES[:2], p, strict=False)}
    given = dict([("rate", p[1]), ("scale", t)], shift=1.0)
    numbered = dict(enumerate((t, p[0])))
    more = dict((name, by_name[name] * t) for name in NAMES[1:])
    p[0] = 100.0
    total = by_name["scale"] * math.exp(-by_name["rate"] * t) + by_name["shift"] + first["rate"] * first["scale"]
    return total * given["rate"] + numbered[1] * more["scale"] + given["shift"] * p[1]


def all_pairs_of_places(theta, wins):
    return sum(wins[i, j] * (theta[i] - theta[j]) ** 2 for i, j in itertools.product(range(len(theta)), repeat=2))



def corners_by_their_number(a, b):
    corners = [(a, b), (b, 1.0), (2.0, a)]
    n, area = len(corners), 0.0
    for i in range(n):
        (x, y), (u, v) = corners[i], corners[(i + 1) % n]
        area += x * v - u * y
    return 0.5 * area


def last_number_that_a_loop_came_to(a, b, bound, m):
    items = [a, b, 2.0 * a * b]
    for k in (0, 1, 2):
        if items[k] > bound:
            break
    for step in (1, m):
        taken = step
    return items[k] * items[taken]


def determinant_of_rows(rows):
    n = len(rows)
    if n == 1:
        return rows[0][0]
    return sum((-1) ** j * rows[0][j] * determinant_of_rows([r[:j] + r[j + 1 :] for r in rows[1:]]) for j in range(n))


def determinant_by_minors(a, b, c):
    return determinant_of_rows([[a, b, 1.0], [b, c * c, a], [2.0, a * b, c]])


def triangle_of_rows(x, w):
    table = []
    for k in range(3):
        row = [x * (k + 1)]
        for j in range(1, k + 1):
            row.append(row[j - 1] + (row[j - 1] - table[k - 1][j - 1]) / w)
        table.append(row)
    return np.sum(table[-1][-1] ** 2)



def bars_between_corners(areas, angle):
    corners, bars = [(0.0, 0.0), (1.0, 0.1), (0.5, 0.8)], [(0, 1), (1, 2), (0, 2)]
    stiffness = 0.0
    for (i, j), area in zip(bars, areas, strict=False):
        (x, y), (u, v) = corners[i], corners[j]
        stiffness += area**2 * math.cos(angle * (u - x)) * (v - y + 1.0)
    for bar in bars:
        start, end = bar
        stiffness += areas[end] * corners[start][0] * angle
    for k, area in zip([2, 0, 1], areas, strict=True):
        stiffness *= 1.0 + area * corners[k][1]
    return stiffness


def places_in_a_list_that_changes(a, b, n):
    values, places = (a, b, a * b), [0, 1]
    total = 0.0
    for _ in range(n):
        total += total * values[places[0]] + values[places[1]]
        places[0] = 2
    return total



def ordered_by_several_keys(x, w):
    places = sorted(range(len(x)), key=lambda i: (x[i, 0] > 0.0, -x[i, 1]))
    total = 0.0
    for k, i in enumerate(places):
        total += w[k] * np.sum(x[i]) ** 2
    pairs = [(x[i, 0], w[i]) for i in range(len(x))]
    pairs.sort(key=lambda p: (p[1] > 0.0, p[0]), reverse=True)
    known = sorted([(w[0], 1.0), (w[1], 2.0), (w[2], 3.0)], key=lambda p: (p[1] < 2.0, p[0]))
    return total + sum(k * a * b for k, (a, b) in enumerate(pairs)) + known[0][0] * known[1][1]



def generators_in_stars_and_loops(a, b, x):
    k, scale, total = 2.0, 1.0, 0.0
    for c in (scale * k * a for k in x if k > -0.5 if k < 0.8):
        if c > 0.6:
            continue
        total += c * k
        scale += b
    first, *rest = (*(c * b for c in (a, 1.0)), k)
    return total * math.hypot(*(c * a for c in (1.0, b))) + first * sum(rest)



def greatest_and_least_of_tuples(x):
    value, place = max((v, i) for i, v in enumerate(x))
    least = min(zip(x, x[1:], strict=False))
    i, j = min(((a - b) ** 2, i, j) for i, a in enumerate(x) for j, b in enumerate(x) if i < j)[1:]
    k, best = max(enumerate(x), key=lambda pair: pair[1] ** 2)
    ranked = sorted((v, k) for k, v in enumerate(x))
    known = max([(x[0], 3.0), (x[1], 2.0)], key=lambda p: (p[1] > 2.5, p[0]))
    total = value * place + least[0] * least[1] + x[i] * x[j] ** 2 + k * best
    return total + sum(v * k for v, k in ranked[:2]) + known[0] * known[1]



def names_that_say_what_to_do(x):
    for part in STEPS.split(","):
        name, given = part.split(":")
        if name.startswith("block") and not name.endswith("off"):
            x = x + float(given) * x ** int(name.removeprefix("block"))
        elif "norm" in name.lower():
            x = x / np.sqrt(np.sum(x**2) + int(given))
    return np.sum(x * np.arange(len(x)).size.bit_length()) * (len(x) + 3).bit_count()


STEPS = "block2:0.5,norm_x:3,block1_off:9"


def lists_by_the_names_of_a_dict(a, b):
    history = {name: [value] for name, value in {"a": a, "b": b}.items()}
    for _ in range(3):
        for name in history:
            history[name].append(0.9 * history[name][-1] + 0.1 * sum(h[0] for h in history.values()))
    return sum(u * v for u, v in zip(history["a"], history["b"], strict=True))


def a_new_dict_of_states(k, a):
    T = {"a": a, "b": 2.0 * a}
    new = {}
    for n in ("a", "b"):
        new[n] = T[n] * k
    T = new
    return T["a"] * T["b"]


def a_new_dict_in_each_trip(k, a):
    T = {"a": a, "b": a * a}
    for _ in range(3):
        new = {}
        new["a"] = T["a"] * k
        new["b"] = T["b"] * T["a"]
        T = new
    for _ in range(2):
        new = dict(T)
        new["a"] += T["b"] * k
        T = new
    return T["a"] * T["b"]


def a_new_dict_of_arrays(k, a):
    T = {"u": np.array([a, k]), "v": a * a}
    for _ in range(3):
        new = {n: v * k for n, v in T.items()}
        new["u"][0] = 1.5 * T["v"]
        T = new
    return np.sum(T["u"]) * T["v"]


def joined_and_cut(x, a, n):
    total = 0.0
    for v in itertools.chain(x, [a, 2.0], (x[0],)):
        total = total * v + v
    for i, v in enumerate(itertools.islice(x, 1, n)):
        total += i * v
    kept = [v * a for v in x if v > 0.0]
    total += sum(itertools.chain(kept, x)) + sum(itertools.chain((a, x[1]), (a,)))
    return total * sum(itertools.islice(kept, 2)) + sum(v * v for v in itertools.islice(x, 0, None, 2))


def times(k):
    def product(x):
        return x * k

    return product


def functions_and_names_in_a_list(x):
    by = [times(k) for k in range(3)]
    powers = [lambda t, k=k: t**k for k in range(1, 4)]
    layers = [(f"layer {k}", np.tanh if k < 2 else times(x[0])) for k in range(3)]
    width = {name: x[1] * (k + 1) for k, (name, _) in enumerate(layers)}
    h = x[0]
    for name, bend in layers:
        h = bend(h) + width[name]
    return h * by[-1](x[1]) + sum(f(x[0]) for f in by) + sum(p(x[1]) for p in powers)


CASES = [
    Case(functions_and_names_in_a_list, (np.array([0.7, -0.4]),)),
    Case(names_that_say_what_to_do, (sample(4),)),
    Case(lists_by_the_names_of_a_dict, (0.4, 0.7)),
    Case(greatest_and_least_of_tuples, (sample(5),)),
    Case(generators_in_stars_and_loops, (0.7, 0.9, sample(5))),
    Case(ordered_by_several_keys, (sample(5, 2), sample(5, seed=1))),
    Case(bars_between_corners, (sample(3), 0.7)),
    Case(places_in_a_list_that_changes, (0.7, 0.4, 3), (0, 1)),
    Case(corners_by_their_number, (0.3, 0.5)),
    Case(last_number_that_a_loop_came_to, (0.7, 0.5, 0.6, 2)),
    Case(last_number_that_a_loop_came_to, (0.5, 0.4, 0.6, 2)),
    Case(determinant_by_minors, (0.5, 1.5, -0.7)),
    Case(triangle_of_rows, (sample(2), 0.4)),
    Case(all_pairs_of_places, (sample(3), sample(3, 3))),
    Case(dicts_of_pairs, (sample(4), 0.7)),
    Case(dict_that_changes, (1.2, 0.5, 0.1)),
    Case(items_written, (0.3,)),
    Case(history_of_a_run, (POINT, 4)),
    Case(extended, (POINT,)),
    Case(columns_of_rows, (POINT,)),
    Case(lists_by_a_test, (POINT,)),
    Case(known_orders, (POINT,)),
    Case(trajectory, (POINT,)),
    Case(hull, (POINT,)),
    Case(averages, (POINT,)),
    Case(intervals, (POINT,)),
    Case(lists_by_name, (POINT,)),
    Case(sets_of_constants, (1.3,)),
    Case(none_by_a_test, (POINT,)),
    Case(running_results, (sample(4),)),
    Case(ordered_by_a_key, (sample(4),)),
    Case(stars, (POINT,)),
    Case(numbers_as_a_list, (POINT,)),
    Case(of_statistics, (POINT,)),
    Case(joined_and_cut, (sample(6), 0.7, 4)),
    Case(a_new_dict_of_states, (1.5, 0.6)),
    Case(a_new_dict_in_each_trip, (1.5, 0.6)),
    Case(a_new_dict_of_arrays, (1.5, 0.6)),
]
