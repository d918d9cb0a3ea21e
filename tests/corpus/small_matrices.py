"""Small vectors and matrices in loops: products of both, and arrays that each trip makes for itself or does not."""

import numpy as np

from tests.corpus.case import Case, sample


def forces(x):
    e = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d = x[i] - x[j]
            e += 1.0 / (0.3 + d @ d)
    return e


def turned_points(q, X, Y):
    w, x, y, z = q
    R = np.array([
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ])  # fmt: skip
    s = 0.0
    for i in range(len(X)):
        d = R @ X[i] - Y[i]
        s += d @ d
    return s


def runge_kutta_of_vectors(s, p, n):
    def slope(s):
        return np.array([p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]])

    for _ in range(n):
        k1 = slope(s)
        k2 = slope(s + 0.01 * k1)
        s = s + 0.01 * (k1 + k2)
    return s @ s


def filtered(F, Q, h, x, z):
    P = np.eye(len(x))
    likelihood = 0.0
    for t in range(len(z)):
        x = F @ x
        P = F @ P @ F.T + Q
        S = h @ P @ h + 0.5
        K = P @ h / S
        e = z[t] - h @ x
        x = x + K * e
        P = P - np.outer(K, h @ P)
        likelihood -= 0.5 * (np.log(S) + e * e / S)
    return likelihood


def above_the_size_of_a_call(A, n):
    P = A
    for _ in range(n):
        P = np.tanh(A @ P)
    return np.sum(P * P)


def both_sides(A, x, y):
    return np.sum(np.tanh(A @ x)) + np.sum(np.sin(y @ A)) + y @ A @ x


def turned(A, x, y):
    u = A.T @ y
    v = x @ A.T
    return u @ x * (v @ y) + np.sum(np.cos(u))


def kept_for_the_next_trip(A, x, n):
    before = np.zeros(len(x))
    s = 0.0
    for _ in range(n):
        now = np.empty(len(x))
        for i in range(len(x)):
            now[i] = np.tanh(A[i] @ x + before[i])
        s += now @ before
        before = now
    return s + np.sum(before)


def last_of_all_trips(A, x, n):
    y = x.copy()
    for k in range(n):
        y = np.zeros(len(x))
        for i in range(len(x)):
            y[i] += A[i, k % len(x)] * x[i]
    return y @ y


def all_of_them_listed(A, x, n):
    rows = []
    for k in range(n):
        row = np.zeros(len(x))
        row[k % len(x)] = np.sum(A[k % len(x)]) * x[0]
        rows.append(row)
    s = 0.0
    for k in range(n):
        s += rows[k] @ x * (k + 1)
    return s


def under_another_name(A, x, n):
    s = 0.0
    last = x
    for k in range(n):
        y = np.empty(len(x))
        for i in range(len(x)):
            y[i] = A[i, 0] * x[i] * (k + 1.0)
        z = y
        s += z @ last
        last = z
    return s


def filled_from_zero(A, x, n):
    s = 0.0
    for k in range(n):
        y = np.zeros(len(x))
        if k % 2:
            for i in range(len(x)):
                y[i] += A[i, k % len(x)] * x[i]
        s += y @ x + y[0]
    return s


def inner_and_outer_loop(A, x, n):
    s = 0.0
    for k in range(n):
        y = A[k % len(x)] * x
        for j in range(k):
            z = y * x[j % len(x)]
            s += z @ z
        s += np.sum(y)
    return s


def two_matrices_in_turn(A, B, x):
    u = A @ x
    v = B @ x
    w = x @ A
    return u @ v + v @ w * np.sum(u * w)


def assigned_and_added(A, x, y):
    p = A @ x
    q = y @ A
    return np.sum(p * p) + np.sum(q**3)


def parts_of_products(A, x):
    first = (A @ x)[:1]
    rows = (A @ A.T)[:2] * 2.0 + 1.0
    corner = (A @ A)[:2, :2] - (A @ x)[:2]
    joined = np.concatenate(((A @ x)[:1], x[1:]))
    return np.sum(first**2) + np.sum(rows**2) + np.sum(corner) * first.size + np.sum(joined * rows[1]) + rows.size


V3, V2 = sample(3), sample(2, seed=1)
CASES = [
    Case(forces, (sample(4, 3),)),
    Case(parts_of_products, (sample(3, 3), sample(3, seed=1))),
    Case(turned_points, (sample(4) * 0.4, sample(5, 3), sample(5, 3, seed=2))),
    Case(runge_kutta_of_vectors, (V3, np.array([10.0, 2.8, 2.7]), 4)),
    Case(filtered, (np.eye(3) + 0.1 * sample(3, 3), 0.1 * np.eye(3), V3, sample(3, seed=4), sample(5))),
    Case(above_the_size_of_a_call, (0.3 * sample(6, 6), 2)),
    Case(both_sides, (sample(2, 3), V3, V2)),
    Case(turned, (sample(2, 3), V3, V2)),
    Case(kept_for_the_next_trip, (sample(3, 3), V3, 3)),
    Case(kept_for_the_next_trip, (sample(3, 3), V3, 0)),
    Case(last_of_all_trips, (sample(3, 3), V3, 4)),
    Case(all_of_them_listed, (sample(3, 3), V3, 4)),
    Case(under_another_name, (sample(3, 3), V3, 3)),
    Case(filled_from_zero, (sample(3, 3), V3, 4)),
    Case(inner_and_outer_loop, (sample(3, 3), V3, 4)),
    Case(two_matrices_in_turn, (sample(3, 3), sample(3, 3, seed=3), V3)),
    Case(assigned_and_added, (sample(2, 3), V3, V2)),
    Case(both_sides, (np.asfortranarray(sample(2, 3)), V3, V2)),
    Case(both_sides, (sample(4, 6)[::2, ::-2], sample(6)[::2], V2)),
]
