"""Lists of arrays of different sizes: levels of a wavelet or a grid, triangles of rows, groups, parts."""

import numpy as np

from .case import Case, sample


def haar_wavelet(x, n):
    details = []
    for _ in range(n):
        a = (x[0::2] + x[1::2]) / 2
        d = (x[0::2] - x[1::2]) / 2
        details.append(d)
        x = a
    y = x
    for d in reversed(details):
        z = np.zeros(2 * len(d))
        z[0::2] = y + d * np.tanh(d)
        z[1::2] = y - d
        y = z
    return np.sum(y**3)


def restricted_grids(u, n):
    grids = [u]
    for k in range(n):
        g = grids[-1]
        m = g.shape[0] // 2
        c = np.zeros((m, m + k))
        for i in range(m):
            for j in range(m):
                c[i, j] = 0.25 * (g[2*i, 2*j] + g[2*i+1, 2*j] * g[2*i, 2*j+1] + g[2*i+1, 2*j+1])
        grids.append(c)
    s = 0.0
    for k, g in enumerate(grids):
        s += (k + 1) * np.sum(np.sin(g))
    return s + grids[1][0, 1] * grids[-1][0, 0]


def popped_at_both_ends(x, n):
    stack = [x[:1]]
    for i in range(1, n):
        stack.append(x[:i + 1] * stack[-1][0])
    s = 0.0
    while len(stack) > 1:
        a = stack.pop()
        b = stack.pop(0)
        s += np.sum(a) * b[-1]
    return s


def inserted_and_reversed(x, n):
    parts = []
    for i in range(n):
        parts.insert(0, x[i:2*i + 1] ** 2)
    parts.reverse()
    return sum(p.prod() * (k + 1) for k, p in enumerate(parts))


def replaced_by_longer_rows(x, n):
    rows = [x[:2] for _ in range(n)]
    for i in range(n):
        rows[i] = np.concatenate((rows[i - 1], x[:i]))
    return np.sum(rows[0]) * np.sum(rows[-1] ** 2) + rows[1][1]


def rows_written_inside(x, n):
    rows = []
    for i in range(n):
        rows.append(np.ones(i + 1))
    for i in range(1, n):
        rows[i][0] = x[i] * rows[i - 1][0]
        rows[i][-1] += x[i] ** 2
        rows[i] *= 1.5
    return sum([np.sum(r) for r in rows])


def slices_of_rows(x, n):
    rows = []
    for i in range(n):
        rows.append(x[i:] * (i + 1.0))
    s = 0.0
    for r in rows[1:]:
        s += np.sum(r) ** 2
    for a, b in zip(rows[:-1], rows[1:]):
        s += a[0] * b[-1]
    last = rows[-2:]
    return s + last[0][0]


def triangle_of_lists(x, n):
    rows = [[1.0]]
    for i in range(n):
        prev = rows[-1]
        row = [1.0] + [prev[j] * x[i] + prev[j + 1] for j in range(len(prev) - 1)] + [1.0]
        rows.append(row)
    return sum(rows[-1])


def groups_by_label(x, lab, k):
    parts = []
    for c in range(k):
        parts.append(x[lab == c])
    s = 0.0
    for p in parts:
        if len(p) > 0:
            s += np.mean(p) ** 2 + np.var(p)
    return s


def de_casteljau(p, t):
    levels = [p]
    while len(levels[-1]) > 1:
        q = levels[-1]
        levels.append((1 - t) * q[:-1] + t * q[1:])
    return levels[-1][0] + levels[1][0]**2


def neville(x, y, t):
    T = [y]
    for k in range(1, len(x)):
        T.append(((t - x[k:]) * T[-1][:-1] - (t - x[:-k]) * T[-1][1:]) / (x[:-k] - x[k:]))
    return T[-1][0]


def total(arrays):
    s = 0.0
    for a in arrays:
        s += np.sum(a * a)
    return s


def handed_to_a_helper(x, n):
    def down(v):
        return v[:-1] + v[1:] ** 2
    out = []
    v = x
    for i in range(n):
        v = down(v)
        out.append(v)
    return total(out)


def tree_of_prices(s0, u, d, r, n, strike):
    prices = []
    for i in range(n + 1):
        prices.append(s0 * u ** np.arange(i, -1, -1) * d ** np.arange(0, i + 1))
    v = np.maximum(prices[-1] - strike, 0.0)
    p = (np.exp(r) - d) / (u - d)
    for i in range(n - 1, -1, -1):
        v = np.maximum(np.exp(-r) * (p * v[:-1] + (1 - p) * v[1:]), prices[i] - strike)
    return v[0]


def one_row_twice(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i + 1] * 2.0)
    rows.append(rows[0])
    rows[0][0] = x[0] ** 3
    return rows[-1][0] + np.sum(rows[1])


def row_kept_while_replaced(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i + 1] * 2.0)
    a = rows[0]
    rows[0] = rows[1]
    rows[0][1] = x[0]
    return a[0] + np.sum(rows[1] ** 2)


def rows_exchanged(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i + 1] * 2.0)
    rows[0], rows[-1] = rows[-1], rows[0]
    return rows[0][n - 1] * rows[-1][0]


def made_anew_in_each_trip(x, n):
    s = 0.0
    for t in range(3):
        rows = [x]
        for i in range(n):
            rows.append(rows[-1][1:] * rows[-1][:-1])
        s += np.sum(rows[-1]) * (t + 1)
        x = x * 1.1
    return s


def empty_row(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i])
    return sum(np.sum(r) for r in rows) + rows[-1][0]


def lengths_of_rows(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i + 1] ** 2)
    return sum(r[-1] for r in rows) + sum([len(r) for r in rows]) * x[0]


def rows_joined(x, n):
    rows = []
    for i in range(n):
        rows.append(x[:i + 1] ** 2)
    return np.sum(np.concatenate(rows) ** 2)


def matrices_joined(x, n):
    rows = []
    for i in range(n):
        rows.append(np.outer(x[:i + 1], x) ** 2)
    m = np.concatenate(rows, axis=0)
    return np.sum(m[::2] ** 2) + m[3, 2]


def build(x, n):
    rows = []
    for i in range(n):
        rows.append(x[i:])
    return rows


def made_by_a_helper(x, n):
    rows = build(x, n)
    s = 0.0
    for i, r in enumerate(rows):
        s += r[0] * r[-1] * i
    return s


def kept_under_a_condition(x, n):
    rows = []
    for i in range(n):
        if x[i] > 0:
            rows.append(x[i:])
    s = 0.0
    for r in rows:
        s += r[0] ** 2 * np.sum(r)
    return s


def matrices_multiplied(x, n):
    ms = []
    for i in range(1, n):
        ms.append(np.outer(x[:i], x[i:]))
    s = 0.0
    for m in ms:
        s += np.sum(m @ m.T)
    return s


def chain_of_matrices(x, n):
    ms = []
    for i in range(1, n):
        ms.append(np.outer(x[:i], x[:i + 1]))
    v = x[:1]
    for m in ms:
        v = v @ m
    return np.sum(v)


def lists_in_a_dict(x, n):
    out = {"d": [], "a": []}
    a = x
    for _ in range(n):
        out["d"].append(a[::2] - a[1::2])
        a = a[::2] + a[1::2]
        out["a"].append(a)
    return sum(np.sum(d ** 2) for d in out["d"]) + out["a"][-1][0]


def rows_beside_numbers(x, n):
    out = []
    a = x
    for k in range(n):
        out.append((k, a[::2] - a[1::2]))
        a = a[::2] + a[1::2]
    s = 0.0
    for k, d in out:
        s += (k + 1) * np.sum(d ** 2)
    return s + np.sum(a)


def comprehension_of_rows(x, n):
    rows = [x[i:] ** 2 for i in range(n)]
    return sum(np.sum(r) * r[0] for r in rows)


def rows_of_places(x, n):
    idx = []
    for i in range(n):
        idx.append(np.arange(i + 1))
    s = 0.0
    for k in idx:
        s += np.sum(x[k]) * len(k)
    return s


def wavelet_thresholded(x, n):
    coeffs = []
    a = x
    for _ in range(n):
        coeffs.append((a[::2] - a[1::2]) / np.sqrt(2))
        a = (a[::2] + a[1::2]) / np.sqrt(2)
    flat = np.concatenate([a] + coeffs[::-1])
    t = np.sign(flat) * np.maximum(np.abs(flat) - 0.1, 0)
    return np.sum(t ** 2 * np.arange(len(t)))


def spread_by_a_star(x, n):
    coeffs = []
    a = x
    for _ in range(n):
        coeffs.append((a[::2] - a[1::2]) / np.sqrt(2))
        a = (a[::2] + a[1::2]) / np.sqrt(2)
    flat = np.concatenate([a, *coeffs])
    return np.sum(flat ** 3)


def spread_twice(x, n):
    ps = []
    for i in range(n):
        ps.append(x[i:])
    qs = [*ps, *ps[1:], x]
    return sum(np.sum(q ** 2) * q[0] for q in qs)


CASES = [
    Case(haar_wavelet, (sample(8), 3)),
    Case(restricted_grids, (sample(8, 8), 2)),
    Case(popped_at_both_ends, (sample(6), 6)),
    Case(inserted_and_reversed, (sample(9), 4)),
    Case(replaced_by_longer_rows, (sample(5), 4)),
    Case(rows_written_inside, (sample(5), 5)),
    Case(slices_of_rows, (sample(5), 4)),
    Case(triangle_of_lists, (sample(5), 4)),
    Case(groups_by_label, (sample(9), np.array([0, 1, 2, 1, 0, 0, 2, 1, 1]), 4)),
    Case(de_casteljau, (sample(5), 0.3)),
    Case(neville, (np.array([0.1, 0.4, 0.9, 1.3]), sample(4), 0.2)),
    Case(handed_to_a_helper, (0.3 * sample(6), 4)),
    Case(tree_of_prices, (100.0, 1.1, 0.9, 0.02, 5, 95.0)),
    Case(one_row_twice, (sample(6), 4)),
    Case(row_kept_while_replaced, (sample(6), 4)),
    Case(rows_exchanged, (sample(6), 4)),
    Case(made_anew_in_each_trip, (sample(6), 4)),
    Case(empty_row, (sample(6), 4)),
    Case(lengths_of_rows, (sample(6), 4)),
    Case(rows_joined, (sample(6), 4)),
    Case(matrices_joined, (sample(6), 4)),
    Case(made_by_a_helper, (sample(6), 4)),
    Case(kept_under_a_condition, (sample(6), 4)),
    Case(matrices_multiplied, (sample(6), 4)),
    Case(chain_of_matrices, (sample(6), 4)),
    Case(lists_in_a_dict, (sample(8), 3)),
    Case(rows_beside_numbers, (sample(8), 3)),
    Case(comprehension_of_rows, (sample(6), 4)),
    Case(rows_of_places, (sample(6), 4)),
    Case(wavelet_thresholded, (sample(8), 3)),
    Case(spread_by_a_star, (sample(8), 3)),
    Case(spread_twice, (sample(6), 4)),
]
