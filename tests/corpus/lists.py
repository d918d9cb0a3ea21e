"""Lists: grown, popped and written; comprehensions and generators; dicts."""

import math
from functools import reduce
from itertools import pairwise, product

import numpy as np

from tests.corpus.case import Case, sample


def appended(x, n):
    xs = []
    for i in range(n):
        xs.append(math.sin(x * i))
    s = 0.0
    for v in xs:
        s += v * v
    return s + xs[-1] * xs[2] + len(xs) * x + sum(xs) + max(xs)


def unpacked_from_a_generator(W, x):
    q, k = (w * x for w in W)
    a, b = [v * v for v in x[:2]]
    pairs = []
    for v in x:
        pairs.append((v, v * a))
    (c, d), *_ = [pairs[0]]
    (e, f), g = pairs[1:]
    return np.sum(q * k) + a * b * c - d * e * f + g[0] * g[1]


def dict_and_tuple_of_a_range(x):
    d = {k: x[k] * k for k in range(3)}
    t = tuple(x[i] ** 2 for i in range(3))
    pairs = tuple([v, 2.0 * v] for v in (x[0], x[1]))
    e = {n: x[i] for i, n in enumerate(("a", "b"))}
    return d[2] * sum(t) + t[-1] * pairs[1][1] + e["b"] * len(t)


def places_as_text(x):
    s = 0.0
    for op in ("0", "+", "2", "1"):
        s = s * s if op == "+" else s + x[int(op)]
    return s


def written_under_names_unpacked(W):
    rows = [w * 2.0 for w in W]
    a, b = rows
    a[0] = 3.0
    b *= a
    return np.sum(rows[0] * rows[1]) + np.sum(b)


def fed_by_itself(x, n):
    xs = [x, 2.0 * x]
    for i in range(n):
        xs.append(xs[-1] * xs[-2] + math.cos(xs[i]))
    a = np.array(xs)
    return np.sum(a ** 2)


def comprehensions(x):
    ys = [v * v for v in x]
    zs = [v for v in ys if v > 0.2]
    a = np.array([math.sin(v) * i for i, v in enumerate(x)])
    return sum(zs) + np.sum(a) + ys[-1] * len(zs) + sum(v * w for v, w in zip(x, ys))


def nested_comprehensions(x, n):
    m = np.array([[x[i] * x[j] + i for j in range(n)] for i in range(n)])
    r = [x * k for k in range(3)]
    q = [a + b for a in x for b in x if a > b]
    return np.sum(m ** 2) + np.sum(r[1] ** 2) + np.sum(np.array(q) ** 2)


def known_lists(x):
    hs = []
    h = x
    for c in (1.0, 2.0, 3.0):
        h = np.tanh(h * c)
        hs.append(h)
    h = h * 5.0
    w = [2.0, 3.0]
    w[0] = w[1] * x[0]
    w[-1] += 1.0
    t = hs.pop()
    return np.sum(hs[0] * hs[1]) + np.sum(t) + w[0] * w[1] + len(hs)


def hidden_states(x, W, n):
    h = x
    hs = []
    for t in range(n):
        h = np.tanh(W @ h + t)
        hs.append(h)
    H = np.array(hs)
    s = 0.0
    for h in hs:
        s += np.sum(h ** 2)
    return np.sum(H[-1] * H[0]) + s + np.sum(hs[-1] ** 3)


def stack_of_work(x):
    todo = [x]
    s = 0.0
    while todo:
        v = todo.pop()
        s += v * v
        if v > 0.3:
            todo.append(v * 0.5)
            todo.append(v * 0.3)
    return s


def list_in_a_loop(x, n):
    s = 0.0
    for i in range(n):
        row = []
        for j in range(i + 1):
            row.append(x * j + s * 0.1)
            if len(row) > 3:
                break
        s += sum(row) * row[0] + row[-1] ** 2
    return s


def generators(x):
    a = max(v * v for v in x)
    b = min(abs(v) for v in x)
    c = 1.0 if any(v > 1.0 for v in x) else 2.0
    d = 1.0 if all(v > 1.0 for v in x) else x[0]
    e = sum(v for v in (x[0], x[1]))
    f = sum([x[0], x[1], 2.0]) + max((x[0], x[1])) + np.sum([x[0], x[2]]) + min([x[1], x[0]])
    return a * b * c * d + e * f


def repeated_and_written(x, n):
    w = [0.0] * n
    w[0] = x
    for i in range(1, n):
        w[i] = w[i - 1] * x + i
    u = [1.0] * 3
    for i in range(n):
        u[i % 3] += w[i]
    return w[-1] + sum(w) + u[0] * u[1] - u[-1]


def powers(a, n):
    out = []
    for i in range(n):
        out.append(a ** i)
    return out


def put(xs, v):
    xs.append(v)


def built_by_a_helper(x, n):
    c = powers(x, n)
    put(c, x * x)
    d = powers(x * 2.0, n)
    return sum(c) * sum(d) + c[-1]


def two_names(x, n):
    a = []
    b = a
    for i in range(n):
        a.append(x * i)
        b.append(x)
    return sum(a) + a[-1] * x


def emptied_now_and_then(x, n):
    xs = []
    s = 0.0
    for i in range(n):
        xs.append(x * i)
        if len(xs) > 3:
            s += sum(xs) * x
            xs = []
    xs.extend([x, x * x])
    ys = xs[1:]
    return s + sum(ys) * ys[0]


def dicts(x):
    p = {"a": x, "b": {"c": x * x, "d": (x, 2.0)}}
    p["e"] = 3.0 * x
    p["a"] += 1.0
    s = 0.0
    for k in p:
        s += 1.0
    for k, v in p["b"].items():
        if k == "c":
            s += v
    q = {k: v * 2.0 for k, v in (("u", x), ("v", p["a"]))}
    return s * p["a"] * p["b"]["d"][0] * p["e"] + q["u"] * q["v"] + sum(v for v in q.values()) + q.get("w", x)


def state_in_a_dict(x, n):
    p = {"m": 0.0, "v": x}
    for i in range(n):
        p["m"] = 0.9 * p["m"] + 0.1 * p["v"]
        p["v"] -= 0.1 * p["m"] * p["v"]
    return p["m"] * p["v"]


def long_list_in_a_loop(x, n):
    s = 0.0
    for i in range(n):
        row = []
        for j in range(i + 1):
            row.append(x * j * 0.01 + s * 0.1)
        s += math.sin(sum(row) * row[0] + row[-1] ** 2)
    return s


def popped_and_written(x, n):
    xs = [x]
    k = 0
    while k < n:
        xs.append(math.sin(xs[k // 3] * 3.0) + xs[-1] ** 2 * 0.1)
        xs[k // 4] = xs[k // 4] * 1.1 + x
        if k % 3 == 2:
            v = xs.pop()
            xs[-1] += v * v
        k += 1
    return sum(xs) + len(xs) * xs[-2]


def lists_of_two_levels(x, n):
    out = []
    s = x
    for i in range(n):
        cur = [s]
        while len(cur) < 12:
            cur.append(cur[-1] * 0.9 + math.cos(x * len(cur)))
        nxt = [v * w for v, w in zip(cur, cur[1:]) if v > 0.0]
        s = sum(nxt) * 0.1
        out.extend(cur[2:5])
        if i == 3:
            out.clear()
    return np.sum(np.array(out) ** 2) + s


def rows_in_pairs(x, n):
    hs = []
    h = x
    for i in range(n):
        h = np.sin(h) + 0.1 * x
        hs.append(h)
        if i > 2:
            h = h * hs[i - 2]
    s = 0.0
    for a, b in zip(hs, hs[1:]):
        s += np.sum(a * b)
    return s + np.sum(np.array(hs)[:, 0] ** 2)


def popped_in_an_expression(x, n):
    xs = [x, 2.0 * x]
    for i in range(n):
        xs.append(x * i)
    a = xs[-1] * 10.0 + xs.pop()
    b = (xs[-1], xs.pop(), xs[-1])
    return a + b[0] * b[1] * b[2] + max(xs[-1], xs.pop() * 0.5)


def bound_in_an_expression(x):
    y = x
    z = y + (y := 2.0 * x) * y
    w = (y, (y := y * x))
    return z + w[0] * w[1] * y


def tripled(a):
    a[0] = a[0] * 3.0
    return a[1]


def written_in_an_expression(x):
    a = np.array([x, 2.0 * x])
    s = a[0] + tripled(a) * a[0]
    t = a[0] > tripled(a)
    return s * a[0] + (1.0 if t else 2.0) * x


def made_of_its_own_items(x):
    xs = [1.0 * x]
    xs = [xs[-1] * 2.0, xs[0]]
    xs.append(x)
    for i in range(2):
        xs = [xs[-1] * 2.0, xs[0] + x]
        xs.append(xs[0])
        xs.extend([xs[-1] * x, xs[-2] + i])
    return sum(xs) + xs[-1] * xs[-2]


def one_list_for_each_layer(x, n):
    total = 0.0
    for e in range(n):
        for c in (1.0, 2.0):
            ys = [v * c + e for v in x]
            zs = [y * y for y in ys if y > 0.3]
            total += sum(zs)
    return total


BUTCHER = ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0))


def runge_kutta_by_its_table(x, h, n):
    for _ in range(n):
        slopes = []
        for row in BUTCHER:
            slopes.append(math.sin(x + h * sum(a * k for a, k in zip(row, slopes))))
        x += h * sum(b * k for b, k in zip((1 / 6, 1 / 3, 1 / 3, 1 / 6), slopes))
    return x


def known_items_beside_an_array(x):
    functions = [math.sin, math.exp, lambda t: t * t]
    values = [f(v) for f, v in zip(functions, x)]
    pairs = ((1.0, 2.0), (3.0, x[0]))
    s = sum(a * v + b for (a, b), v in zip(pairs, x)) + max(f(v) for v, f in zip(x, functions))
    kinds = ["once", "twice", "once", "twice", "once"]
    found = any(f(v) > 1.4 for f, v in zip(functions, x))
    return s * values[1] + values[2] + sum(v if k == "once" else 2.0 * v for v, k in zip(x, kinds)) * found


def lists_mapped_filtered_and_sorted(x):
    ys = list(map(math.sin, x))
    s = sum(map(lambda a, b: a * b, x, ys)) + sum(filter(lambda v: v > 0.0, ys)) * max(map(abs, x))
    for a in map(math.exp, x):
        if a < 1.0:
            continue
        s += a * a
    p, q = map(math.cos, (x[0], s))
    zs = sorted(x, reverse=True)
    zs.append(p)
    return s * q + zs[0] * zs[2] + sorted(ys)[0] + reduce(lambda a, b: a * 0.5 + b, x) + reduce(max, ys, x[1])


def greatest_by_a_key(x):
    k = max(range(len(x)), key=lambda i: x[i] * x[i])
    a = min(x, key=lambda v: abs(v - 0.32)) + max(x[0], x[1], key=abs)
    a += max((v * v for v in x if v > 100.0), default=x[0]) * max([v for v in x if v > 0.1], default=7.0)
    return a * x[k] + sum((v * v for v in x), start=x[1]) + sum((x[0], a), x[2])


def pairs_of_items(x):
    s = sum(a * b * b for a, b in product(x, x[1:]))
    for i, j in product(range(len(x)), range(2)):
        if i == 2:
            break
        s += x[i] * x[j] * i
    return s + sum((b - a) ** 2 for a, b in pairwise(x)) + sum(a * b for a, b in pairwise((s, x[0], 2.0)))


def sums_of_rows(A, x):
    total = sum(A)
    other = sum(np.exp(row) * k for k, row in enumerate(A))
    third = sum((w * row for w, row in zip((1.0, x), A)), start=total * x)
    return np.sum(total * other * third) + sum(sum(row[:2]) * row[1] for row in A)


def items_updated_by_every_operator(x):
    xs = [x, 2.0 * x, 3.0]
    for i in range(3):
        xs[i] *= x
        xs[-1] **= 1.5
        xs[i - 1] /= xs[0] + i
    return xs[0] * xs[1] + xs[2]


def rows_kept_while_others_take_their_place(x):
    rows = []
    for i in range(4):
        rows.append(x * i)
    first, last = rows[1], rows.pop()
    rows[1] = x * x
    rows.append(first + last * x)
    rows[0], rows[2] = rows[2], rows[0]
    s = np.sum(first * last) + np.sum(rows[0] * rows[3]) + rows[2][0]
    for k in range(2):
        a = rows[k]
        rows[k] = rows[k + 1] * x[0]
        rows[k + 1] = a
        s += np.sum(a * rows[k])
    return s


def stack_of_arrays(x):
    stack = [(x, 1.0)]
    s, n = 0.0, 0
    while stack:
        v, w = stack.pop()
        n += 1
        if n < 5:
            stack.append((v * 0.5, w + 1.0))
            if n < 3:
                stack.append((v + 1.0, w * 2.0))
        s += np.sum(v * v * w)
    return s


def rows_updated_in_place(x):
    rows = [x * k for k in range(3)]
    rows[1] += x[0]
    rows[-1] *= rows[1]
    pair = [np.zeros(2)] * 2
    pair[0][1] = x[1]
    return np.sum(rows[2] * rows[1]) + pair[1][1] * x[0]


def slices_in_a_tuple(A):
    inner = (slice(1, None), slice(None, None, 2))
    s = np.sum(A[inner] ** 2)
    for i in range(2):
        window = (slice(i, i + 2), 1)
        s += np.sum(A[window]) * s
        A[window] *= 2.0
    return s + np.sum(A)


def functions_in_a_comprehension(x):
    waves = [lambda v, k=k: math.sin(k * v) + v for k in range(3)]
    return sum(f(v) for f, v in zip(waves, x)) * waves[2](x[0])


def queue_of_places(x):
    queue, seen = [0], [False] * 4
    seen[0] = True
    s, n = 0.0, 0
    while queue:
        k = queue.pop(0)
        n += 1
        s += x[k] * n
        for j in (k + 1, k + 2, k - 1):
            if 0 <= j < 4 and not seen[j]:
                seen[j] = True
                queue.append(j)
    return s


def items_moved(x):
    rows, pairs = [], []
    for i in range(4):
        rows.append(x * i)
        pairs.insert(0, (x[i], i))
    taken = rows.pop(1)
    rows.insert(0, taken * 2.0)
    rows.insert(-1, x * x)
    rows.reverse()
    pairs.reverse()
    a, k = pairs.pop(-2)
    pairs.insert(9, (a * a, k + 1))
    ys = [x[0], x[1], x[2]]
    ys.reverse()
    ys.insert(1, x[3])
    zs = ys.copy()
    zs[0] = taken[1] * rows.pop(2)[0]
    s = sum(np.sum(r * (k + 1)) for k, r in enumerate(rows)) + sum(p * (q + 1) for p, q in pairs)
    return s * ys[1] + zs[0] * zs[3] + ys[0]


def levels_handed_over(x):
    level, pairs = [x[0]], []
    for v in x:
        pairs.append((v, v * v))
    total = 0.0
    for d in range(3):
        following = []
        for v in level:
            following.append(v * 0.5)
            if v > 0.0:
                following.append(v + x[d])
        total += sum(level) * level[-1]
        level = following
        shorter = []
        for (a, b), (p, q) in pairwise(pairs):
            shorter.append((0.5 * (a + p), b * q))
        pairs = shorter
    return total * level[-1] + sum(a * b for a, b in pairs)


def distance_of_sequences(a, b):
    n, m = len(a), len(b)
    table = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        table[i][0] = 0.5 * i
    for j in range(1, m + 1):
        table[0][j] = 0.5 * j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            change = table[i - 1][j - 1] + (a[i - 1] - b[j - 1]) ** 2
            table[i][j] = min(table[i - 1][j] + 0.5, table[i][j - 1] + 0.5, change)
    whole = np.array([[v * k for v in a] for k in range(3)])
    return table[n][m] + np.sum(whole[0] + whole[2] * 2)


def tuples_from_a_comprehension(x):
    stack = [(v, 0) for v in x]
    pairs = [((x[i] - x[j]) ** 2, i, j) for i in range(4) for j in range(i)]
    s = 0.0
    while stack:
        v, depth = stack.pop()
        s += v * v * depth
        if depth < 2:
            stack.append((v * 0.6, depth + 1))
            stack.append((v * 0.4, depth + 1))
    for k in np.argsort(np.array([p[0] for p in pairs])):
        w, i, j = pairs[k]
        s = s * 0.5 + w * (i - j)
    return s


def weights_of_a_code(x):
    nodes = [v * v for v in x]
    cost = 0.0
    while len(nodes) > 1:
        nodes.sort()
        a, b = nodes.pop(0), nodes.pop(0)
        cost += (a + b) ** 2
        nodes.append(a + b)
    best = [x[0], x[1], x[2]]
    best.sort(reverse=True)
    for v in x:
        best.append(v)
        best.sort()
        best.pop()
    return cost + best[0] * best[2]


def from_infinity(x):
    best, worst = float("inf"), -float("inf")
    for v in x:
        best, worst = min(best, v * v), max(worst, v)
    return best * worst


def norm_of_a_list_of_sums(x):
    sums = []
    for v in x:
        total = 0
        for sign, w in ((1, v), (-1, v**2)):
            total += sign * w
        sums.append(total)
    return np.linalg.norm(sums)


POINT = np.array([0.4, -0.7, 1.2, 0.3])

def windows(x, n):
    rows = np.stack([x[i : i + n] for i in range(3)])
    lags = np.array([x[k + 1 : len(x) - 2 + k] for k in range(2)])
    return np.sum(np.sin(rows)) + np.sum(lags[0] * lags[1] ** 2)


def list_of_rows_beside_an_array_that_is_updated(c, s):
    rows = [np.sin(v) * s for v in c]
    c *= 2.0
    for _ in range(2):
        c += np.array([v * 0.5 for v in c]) + np.array(rows)
    return np.sum(c**2)


CASES = [
    Case(windows, (sample(6), 3)),
    Case(norm_of_a_list_of_sums, (POINT,)),
    Case(appended, (0.3, 6)),
    Case(fed_by_itself, (0.3, 9)),
    Case(comprehensions, (POINT,)),
    Case(nested_comprehensions, (POINT, 3)),
    Case(known_lists, (POINT,)),
    Case(hidden_states, (POINT, sample(4, 4), 12)),
    Case(stack_of_work, (3.0,)),
    Case(list_in_a_loop, (0.3, 6)),
    Case(generators, (POINT,)),
    Case(repeated_and_written, (0.3, 5)),
    Case(built_by_a_helper, (0.3, 9)),
    Case(two_names, (0.4, 7)),
    Case(emptied_now_and_then, (0.3, 10)),
    Case(dicts, (0.3,)),
    Case(state_in_a_dict, (0.3, 5)),
    Case(long_list_in_a_loop, (0.3, 14)),
    Case(popped_and_written, (0.2, 20)),
    Case(lists_of_two_levels, (0.3, 5)),
    Case(popped_in_an_expression, (0.3, 5)),
    Case(bound_in_an_expression, (0.3,)),
    Case(written_in_an_expression, (0.3,)),
    Case(made_of_its_own_items, (0.3,)),
    Case(one_list_for_each_layer, (POINT + 0.01, 3)),
    Case(rows_in_pairs, (POINT, 11)),
    Case(runge_kutta_by_its_table, (0.3, 0.2, 3)),
    Case(known_items_beside_an_array, (POINT,)),
    Case(lists_mapped_filtered_and_sorted, (POINT,)),
    Case(greatest_by_a_key, (POINT,)),
    Case(pairs_of_items, (POINT,)),
    Case(sums_of_rows, (sample(3, 2), 0.7)),
    Case(items_updated_by_every_operator, (0.6,)),
    Case(from_infinity, (POINT,)),
    Case(rows_kept_while_others_take_their_place, (POINT,)),
    Case(stack_of_arrays, (POINT,)),
    Case(rows_updated_in_place, (POINT,)),
    Case(slices_in_a_tuple, (sample(4, 3),)),
    Case(functions_in_a_comprehension, (POINT,)),
    Case(queue_of_places, (POINT,)),
    Case(weights_of_a_code, (POINT,)),
    Case(distance_of_sequences, (POINT, sample(3))),
    Case(tuples_from_a_comprehension, (POINT,)),
    Case(items_moved, (POINT,)),
    Case(levels_handed_over, (POINT,)),
    Case(unpacked_from_a_generator, (sample(2, 3), sample(3))),
    Case(written_under_names_unpacked, (sample(2, 3),)),
    Case(dict_and_tuple_of_a_range, (sample(3),)),
    Case(places_as_text, (sample(3),)),
    Case(list_of_rows_beside_an_array_that_is_updated, (np.array([[0.3, 0.5], [0.2, -0.4]]), 0.7)),
]
