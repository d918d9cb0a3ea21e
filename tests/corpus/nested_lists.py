"""Lists of lists that are written inside, and lists of integers that floats are put into."""

import itertools
import math

import numpy as np

from tests.corpus.case import Case

COUNTS = np.array([3, 1, 2])


def rotation(t, v):
    R = [[0.0] * 3 for _ in range(3)]
    R[0][0] = math.cos(t)
    R[0][1] = -math.sin(t)
    R[1][0] = math.sin(t)
    R[1][1] = math.cos(t)
    R[2][2] = 1.0
    return R[0][0] * v[0] + R[1][0] * v[1] + R[0][1] * v[2] * R[2][2]


def factors(t):
    M = [[4.0 + t, 1.0, 2.0], [1.0, 3.0, t], [t, 2.0, 5.0]]
    n = len(M)
    for k in range(n):
        for i in range(k + 1, n):
            f = M[i][k] / M[k][k]
            for j in range(k, n):
                M[i][j] -= f * M[k][j]
    return M[0][0] * M[1][1] * M[2][2]


def in_place(A):
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i][k] /= A[k][k]
            for j in range(k + 1, n):
                A[i][j] -= A[i][k] * A[k][j]


def factors_by_a_function(t, n):
    M = [[4.0 + t, 1.0, 2.0], [1.0, 3.0, t], [t, 2.0, 5.0]]
    in_place(M)
    N = [[4.0 * (i == j) + t for j in range(n)] for i in range(n)]
    in_place(N)
    return M[2][2] * N[2][2]


def times(A, B):
    C = [[0, 0], [0, 0]]
    for i in range(2):
        for j in range(2):
            for k in range(2):
                C[i][j] += A[i][k] * B[k][j]
    return C


def powers_of_a_matrix(t):
    M = [[1, t], [t, 0]]
    R = [[1, 0], [0, 1]]
    for _ in range(5):
        R = times(R, M)
    return R[0][1] + R[1][1]


def swapped_rows(t):
    M = [[0.0, t], [2.0, 1.0]]
    if M[0][0] < M[1][0]:
        M[0], M[1] = M[1], M[0]
    M[1][0] = t
    return M[0][0] * M[1][1] + M[1][0]


def particles(t):
    ps = [[1.0, t, 0.5], [2.0, 0.3, t]]
    for _ in range(4):
        for p in ps:
            p[0] += 0.1 * p[1]
            p[1] -= 0.1 * p[0] * p[2]
    return ps[0][0] + ps[1][1]


def relaxed(t):
    g = [[0.0 for _ in range(4)] for _ in range(4)]
    for i in range(4):
        g[i][0] = t * i
        g[0][i] = t + i
    for _ in range(3):
        h = [row[:] for row in g]
        for i in range(1, 3):
            for j in range(1, 3):
                h[i][j] = 0.25 * (g[i - 1][j] + g[i + 1][j] + g[i][j - 1] + g[i][j + 1])
        g = h
    return g[1][1] + g[2][2] * t


def lists_in_a_dict(t):
    d = {"pos": [1.0, t], "vel": [t, 0.5], "form": [[0.0, t], [t, 1.0]]}
    d["form"][0][1] = t * t
    for _ in range(4):
        for k in range(2):
            d["pos"][k] += 0.1 * d["vel"][k]
            d["vel"][k] -= 0.1 * d["pos"][k]
    return d["pos"][0] * d["vel"][1] * d["form"][0][1]


def of_unequal_lengths(t):
    M = [[1.0, t], [t * t]]
    M[0][1] += 2 * t
    M[1][0] = M[0][1] * t
    M[1].append(t)
    return M[1][0] * 3 + M[0][1] * M[1][1]


def read_at_run_time(t, n):
    M = [[1.0, t], [t * t, 2.0]]
    s = 0.0
    for i in range(n):
        for j in range(n):
            s += M[i % 2][j % 2] * (i + 1)
    return s


def begun_anew(t):
    s = 0.0
    M = [[t, 2.0], [3.0, t]]
    for k in range(4):
        M = [[M[0][1], t], [M[1][1], M[0][0]]]
        M[1][0] += 1.0 * k
        s += M[1][0] * M[0][0]
    return s


def rows_appended(t, n):
    M = [[t, 2.0]]
    for k in range(n):
        row = [t * k, M[-1][0]]
        M.append(row)
    M[0][1] = t
    N = []
    for i in range(n):
        row = []
        for j in range(n):
            row.append(t * i * j + t)
        N.append(row)
    N[1][1] *= 3
    return M[2][0] * M[3][1] + M[0][1] + N[1][1] * N[2][0]


def all_of_them_zeros(t, n):
    C = [[0.5 for _ in range(n)] for _ in range(n)]
    D = [[[0 for _ in range(n)] for _ in range(n)] for _ in range(n)]
    D[1][0][1] = t
    return C[0][0] * t + C[1][0] * t * t + C[2][2] * D[1][0][1]


def floats_into_integers(t, n):
    a = [0] * n
    a[0] = t
    b = list(range(n))
    b[1] = t * t
    c = a[1:]
    c[0] = t
    d = a.copy()
    d[2] = t**3
    e = [0] * n + [1] * n
    e[1] += t
    f = [False] * n
    f[1] = t
    return a[0] * b[1] + c[0] * d[2] * e[1] + f[1] * b[2]


def floats_into_counts(t, k):
    a = sorted(k)
    a[0] = t
    b = list(k)
    b[0] *= t
    c = k.tolist()
    c[2] /= t
    d = list(itertools.accumulate(k))
    d[1] = d[1] * t
    e = [p for p, _ in zip(k, k)]
    e[1] /= 2
    return a[0] * a[1] + b[0] * c[2] + d[1] * e[1] * t


def first(L, t):
    L[0] = t
    for i in range(1, len(L)):
        L[i] = L[i - 1] * t
    return L


def floats_by_a_function(t, n):
    A = [0] * n
    B = first(A, t)

    def put(i, v):
        A[i] = v

    put(1, t * t)
    rows = [[0] * n for _ in range(n)]
    for i, row in enumerate(rows):
        for j in range(n):
            row[j] += t * i * j
    return A[1] * B[2] + rows[1][1] * t


def still_integers(t, n):
    D = [[0] * n for _ in range(n)]
    D[1][1] = 3
    D[1][2] = 7 // 2
    return t * D[1][1] * D[1][2] + t / (D[1][1] // 2)


NEIGHBOURS = [[1, 2], [0], [0, 3, 1], [2]]
WEIGHTS = ((0.5, 0.25), (1.0, 2.0))


def on_a_graph(t, n):
    x = np.arange(4) * t + 1.0
    near = [[1], [0, 2], [1]]
    for _ in range(n):
        y = x.copy()
        for i in range(len(x)):
            for j in NEIGHBOURS[i]:
                y[i] += 0.1 * (x[j] - x[i])
            y[i] *= WEIGHTS[i % 2][1] + sum(WEIGHTS[i % 2])
        x = y
    return x[0] * x[3] + sum(x[j] for i in range(n) for j in near[i % 3]) + len(NEIGHBOURS[n % 4]) * t


PAIRS = [(0, 1, 2.0), (1, 2, 0.5), (2, 0, 1.5)]


def tuples_at_run_time(t, n):
    W = np.array([t, t * t, 3.0])
    ps = [(t, 1.0), (t * t, 2.0), (1.0, t)]
    s = 0.0
    for k in range(n):
        i, j, w = PAIRS[k % 3]
        x = ps[-(k % 3) - 1]
        s += W[i] * W[j] * w + x[0] * x[1] + sum(PAIRS[k % 3]) + WEIGHTS[k % 2][k % 2] * t
    return s


def places_of_a_test(t, n):
    A = np.sin(np.arange(n * n).reshape(n, n) * t)
    s = sum(A[i, j] * t for i, j in zip(*np.triu_indices(n, 1)))
    for i, j in zip(*np.nonzero(A > 0.1)):
        s += A[i, j] * (i + 2 * j)
    return s


def parts_and_repetitions(t, n):
    a = list(np.arange(n) * t) * 2
    P = [t, 1.0, t * t, 2.0, 5.0]
    s = 0.0
    for i in range(n):
        Q = P[:]
        s += sum(Q[:i]) * sum(P[i:]) + sum(P[-2:])
    return sum(a) * a[n + 1] + s


def names_that_hide_others(t, n):
    x = np.arange(n) * t
    x = [x * 2 for x in x]
    s = sum(x for x in x)
    for i in range(n):
        s += sum([t**i for i in range(i, n)]) + i * t
    a = np.ones((n, 2)) * t
    return s + sum(sum(a * j for j, a in enumerate(a)) for a in a)


def read_by_a_closure(t):
    p = {"m": 1.0}
    p["k"] = t

    def force(x):
        return -p["k"] * x / p["m"]

    a = force(1.0)
    for k in range(3):
        p["m"] = p["m"] * (t + 1.0)
        a += force(k)
    return a


def slices_of_an_axis(A):
    total = 0.0
    for ax in (0, 1):
        lo, hi = [slice(None)] * A.ndim, [slice(None)] * A.ndim
        lo[ax] = slice(None, -1)
        hi[ax] = slice(1, None)
        total += np.sum((A[tuple(hi)] - A[tuple(lo)]) ** 2)
    for ax in range(A.ndim):
        total += np.sum(np.diff(A, axis=ax) ** 3) / A.shape[ax]
    for q in [slice(0, 2), slice(2, 5)]:
        total += A[q].sum() ** 2
    return total


CASES = [
    Case(on_a_graph, (0.3, 4)),
    Case(tuples_at_run_time, (0.3, 5)),
    Case(places_of_a_test, (0.3, 4)),
    Case(parts_and_repetitions, (0.3, 3)),
    Case(names_that_hide_others, (0.3, 4)),
    Case(read_by_a_closure, (0.3,)),
    Case(slices_of_an_axis, (np.arange(12.0).reshape(3, 4) ** 0.5,)),
    Case(rotation, (0.3, np.array([1.0, 2.0, 3.0]))),
    Case(factors, (0.3,)),
    Case(factors_by_a_function, (0.3, 3)),
    Case(powers_of_a_matrix, (0.3,)),
    Case(swapped_rows, (0.3,)),
    Case(particles, (0.3,)),
    Case(relaxed, (0.3,)),
    Case(lists_in_a_dict, (0.3,)),
    Case(of_unequal_lengths, (0.3,)),
    Case(read_at_run_time, (0.3, 5)),
    Case(begun_anew, (0.3,)),
    Case(rows_appended, (0.3, 4)),
    Case(all_of_them_zeros, (0.3, 3)),
    Case(floats_into_integers, (0.3, 4)),
    Case(floats_into_counts, (0.3, COUNTS)),
    Case(floats_by_a_function, (0.3, 4)),
    Case(still_integers, (0.3, 3)),
]
