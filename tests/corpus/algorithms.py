"""Algorithms as people write them: searches, sorts, tables, filters, geometry."""

import math
from collections import namedtuple

import numpy as np

from tests.corpus.case import Case, sample

State = namedtuple("State", "pos vel mass")


def projectile_drag(v0, angle, k):
    x, y = 0.0, 1.0
    vx, vy = v0 * math.cos(angle), v0 * math.sin(angle)
    dt = 0.05
    steps = 0
    while y > 0.0 and steps < 200:
        speed = math.hypot(vx, vy)
        vx -= k * speed * vx * dt
        vy -= (9.81 + k * speed * vy) * dt
        x_old, y_old = x, y
        x += vx * dt
        y += vy * dt
        steps += 1
    frac = y_old / (y_old - y)
    return x_old + frac * (x - x_old)


def bond_ytm(coupons, price, y0):
    y = y0
    for _ in range(20):
        pv, dpv = 0.0, 0.0
        for t, c in enumerate(coupons, start=1):
            df = (1.0 + y) ** -t
            pv += c * df
            dpv -= t * c * df / (1.0 + y)
        step = (pv - price) / dpv
        y -= step
        if abs(step) < 1e-12:
            break
    return y


def em_two_gaussians(x, mu0, mu1):
    w = 0.5
    s0 = s1 = 1.0
    for _ in range(5):
        r = np.empty(x.size)
        for i, xi in enumerate(x):
            p0 = w * np.exp(-0.5 * ((xi - mu0) / s0) ** 2) / s0
            p1 = (1.0 - w) * np.exp(-0.5 * ((xi - mu1) / s1) ** 2) / s1
            r[i] = p0 / (p0 + p1)
        n0, n1 = r.sum(), (1.0 - r).sum()
        mu0, mu1 = (r * x).sum() / n0, ((1.0 - r) * x).sum() / n1
        s0 = np.sqrt((r * (x - mu0) ** 2).sum() / n0 + 1e-3)
        s1 = np.sqrt(((1.0 - r) * (x - mu1) ** 2).sum() / n1 + 1e-3)
        w = n0 / x.size
    return mu0 * mu1 + s0 * s1 * w


def viterbi_like(scores, trans):
    T, K = scores.shape
    best = scores[0].copy()
    back = np.zeros((T, K), dtype=np.int64)
    for t in range(1, T):
        new = np.full(K, -np.inf)
        for j in range(K):
            for i in range(K):
                cand = best[i] + trans[i, j] + scores[t, j]
                if cand > new[j]:
                    new[j] = cand
                    back[t, j] = i
        best = new
    k = int(np.argmax(best))
    path = [k]
    for t in range(T - 1, 0, -1):
        k = back[t, k]
        path.append(k)
    total = 0.0
    for t, s in enumerate(reversed(path)):
        total += scores[t, s] ** 2
    return total + best.max()


def lms(x, d, mu):
    taps = 3
    w = np.zeros(taps)
    err = 0.0
    for n in range(taps, x.size):
        window = x[n - taps:n][::-1]
        e = d[n] - w @ window
        w += 2.0 * mu * e * window
        err += e * e
    return err


def nelder_path(x0, y0):
    xs = [x0, x0 + 0.5, x0]
    ys = [y0, y0, y0 + 0.5]
    def f(x, y):
        return (x - 1.0) ** 2 + 2.0 * (y + 0.5) ** 2
    for _ in range(6):
        worst, best = 0, 0
        for i in range(3):
            if f(xs[i], ys[i]) > f(xs[worst], ys[worst]):
                worst = i
            if f(xs[i], ys[i]) < f(xs[best], ys[best]):
                best = i
        cx = (sum(xs) - xs[worst]) / 2.0
        cy = (sum(ys) - ys[worst]) / 2.0
        rx, ry = 2.0 * cx - xs[worst], 2.0 * cy - ys[worst]
        if f(rx, ry) < f(xs[worst], ys[worst]):
            xs[worst], ys[worst] = rx, ry
        else:
            xs[worst], ys[worst] = 0.5 * (xs[worst] + xs[best]), 0.5 * (ys[worst] + ys[best])
    return min(f(xs[i], ys[i]) for i in range(3))


def bezier_length(P):
    n = 10
    total = 0.0
    prev = P[0].copy()
    for i in range(1, n + 1):
        t = i / n
        Q = P.copy()
        k = Q.shape[0]
        while k > 1:
            Q[:k - 1] = (1.0 - t) * Q[:k - 1] + t * Q[1:k]
            k -= 1
        total += np.sqrt(np.sum((Q[0] - prev) ** 2))
        prev[:] = Q[0]
    return total


def perspective_sum(points, cam):
    total = 0.0
    for p in points:
        q = p - cam.pos
        if q[2] <= 0.1:
            continue
        u, v = cam.vel * q[0] / q[2], cam.vel * q[1] / q[2]
        total += u * u + v * v
    return total * cam.mass


def run_perspective(points, pos, f, m):
    return perspective_sum(points, State(pos=pos, vel=f, mass=m))


def gauss_rows(A, b):
    A = A.copy()
    b = b.copy()
    n = b.size
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            A[[k, p]] = A[[p, k]]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i, k:] -= f * A[k, k:]
            b[i] -= f * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1:] @ x[i + 1:]) / A[i, i]
    return np.sum(x)


def givens_qr(A):
    R = A.copy()
    m, n = R.shape
    for j in range(n):
        for i in range(m - 1, j, -1):
            a, b = R[i - 1, j], R[i, j]
            r = math.hypot(a, b)
            c, s = a / r, b / r
            top, bot = R[i - 1].copy(), R[i].copy()
            R[i - 1] = c * top + s * bot
            R[i] = -s * top + c * bot
    return abs(R[0, 0]) + R[0, 1] ** 2


def jacobi_eig(A):
    S = 0.5 * (A + A.T)
    n = len(S)
    for _ in range(3):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(S[p, q]) < 1e-14:
                    continue
                theta = (S[q, q] - S[p, p]) / (2.0 * S[p, q])
                t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1.0))
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    x, y = S[k, p], S[k, q]
                    S[k, p], S[k, q] = c * x - s * y, s * x + c * y
                for k in range(n):
                    x, y = S[p, k], S[q, k]
                    S[p, k], S[q, k] = c * x - s * y, s * x + c * y
    return max(S[i, i] for i in range(n))


def lis_weights(a, w):
    n = a.size
    L = w.copy()
    for i in range(n):
        for j in range(i):
            if a[j] < a[i] and L[j] + w[i] > L[i]:
                L[i] = L[j] + w[i]
    return L.max()


def dijkstra(W):
    n = W.shape[0]
    dist = np.full(n, 1e9)
    dist[0] = 0.0
    done = np.zeros(n, dtype=np.bool_)
    for _ in range(n):
        u = -1
        for v in range(n):
            if not done[v] and (u < 0 or dist[v] < dist[u]):
                u = v
        done[u] = True
        for v in range(n):
            if not done[v]:
                dist[v] = min(dist[v], dist[u] + W[u, v])
    return np.sum(dist)


def union_find_mst(x, y):
    n = x.size
    parent = np.arange(n)
    used = np.zeros((n, n), np.bool_)
    total = 0.0
    edges = 0
    while edges < n - 1:
        bi, bj, bd = -1, -1, 1e18
        for i in range(n):
            for j in range(i + 1, n):
                if not used[i, j]:
                    d = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2
                    if d < bd:
                        bi, bj, bd = i, j, d
        used[bi, bj] = True
        a, b = bi, bj
        while parent[a] != a:
            a = parent[a]
        while parent[b] != b:
            b = parent[b]
        if a != b:
            parent[a] = b
            total += math.sqrt(bd)
            edges += 1
    return total


def spline(x, y, q):
    n = x.size
    h = x[1:] - x[:-1]
    al = np.zeros(n)
    for i in range(1, n - 1):
        al[i] = 3.0 * (y[i + 1] - y[i]) / h[i] - 3.0 * (y[i] - y[i - 1]) / h[i - 1]
    l, mu, z = np.ones(n), np.zeros(n), np.zeros(n)
    for i in range(1, n - 1):
        l[i] = 2.0 * (x[i + 1] - x[i - 1]) - h[i - 1] * mu[i - 1]
        mu[i] = h[i] / l[i]
        z[i] = (al[i] - h[i - 1] * z[i - 1]) / l[i]
    c, b, d = np.zeros(n), np.zeros(n - 1), np.zeros(n - 1)
    for j in range(n - 2, -1, -1):
        c[j] = z[j] - mu[j] * c[j + 1]
        b[j] = (y[j + 1] - y[j]) / h[j] - h[j] * (c[j + 1] + 2.0 * c[j]) / 3.0
        d[j] = (c[j + 1] - c[j]) / (3.0 * h[j])
    i = 0
    while i < n - 2 and q > x[i + 1]:
        i += 1
    t = q - x[i]
    return y[i] + t * (b[i] + t * (c[i] + t * d[i]))


def walrus(x, n):
    total = 0.0
    k = 0
    while (y := x * k) < n and (k := k + 1) < 20:
        total += y * y
    return total + y


def matched(x, mode):
    match mode:
        case 0:
            y = x * x
        case 1 | 2:
            y = math.sin(x)
        case _ if mode > 5:
            y = x
        case _:
            y = 3.0 * x
    return y * x


def views_written(A):
    B = A.copy()
    d = B.ravel()[:: B.shape[1] + 1]
    d *= 2.0
    col = B[:, 0]
    col += 1.0
    B[1:, 1:] *= B[:-1, :-1]
    r = B[::-1]
    r[0] = r[0] ** 2
    t = B.T
    t[0, :] -= 0.5
    return B.sum() + (t @ B).trace()


def ints(x, n, k):
    a = np.array([n, k, 2])
    b = np.array([x, 2.0 * x, 1])
    return np.sum(b * (a // 2)) + x * a[1]


def stacked(u, v):
    M = np.array([u, v])
    return np.sum(M @ M.T)


SQUARE = np.array([[0.1, 2.0, 1.0], [1.5, 0.3, 0.2], [0.4, 0.7, 3.0]])
WAVE = np.sin(np.arange(12.0))
LENGTHS = np.abs(np.sin(np.arange(16.0) * 2.0)).reshape(4, 4) + 0.1

def log_determinant_by_elimination(A):
    U = A.copy()
    n = U.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            U[i, k] /= U[k, k]
            for j in range(k + 1, n):
                U[i, j] -= U[i, k] * U[k, j]
    total = 0.0
    for i in range(n):
        total += np.log(np.abs(U[i, i]))
    return total


def elimination_with_a_right_hand_side(A, b):
    U, x, n = A.copy(), b.copy(), len(b)
    for k in range(n - 1):
        for i in range(k + 1, n):
            f = U[i, k] / U[k, k]
            U[i, k:] -= f * U[k, k:]
            x[i] -= f * x[k]
    for i in range(n - 1, -1, -1):
        x[i] = (x[i] - U[i, i + 1 :] @ x[i + 1 :]) / U[i, i]
    return np.sum(x**2)


def elimination_whose_pivots_are_used_again(A):
    # what stood below a pivot is read: it has to be kept
    U, n, total = A.copy(), A.shape[0], 0.0
    for k in range(n):
        for i in range(n):
            total += U[i, k] ** 2
        for i in range(k + 1, n):
            for j in range(n):
                U[i, j] -= U[i, k] * U[k, j]
    return total + np.sum(U)


def rows_added_to_earlier_ones(A):
    U = A.copy()
    for k in range(1, U.shape[0]):
        for i in range(k):
            U[i] += U[k, 0] * U[k] * U[i]
    return np.sum(U**2)


CASES = [
    Case(log_determinant_by_elimination, (3.0 * np.eye(4) + sample(4, 4),)),
    Case(elimination_with_a_right_hand_side, (3.0 * np.eye(4) + sample(4, 4), sample(4, seed=1))),
    Case(elimination_whose_pivots_are_used_again, (0.4 * sample(3, 3),)),
    Case(rows_added_to_earlier_ones, (sample(4, 3),)),
    Case(projectile_drag, (12.0, 0.7, 0.01)),
    Case(bond_ytm, (np.array([5.0, 5.0, 105.0]), 98.0, 0.05)),
    Case(em_two_gaussians, (np.array([-1.0, -0.8, 0.3, 0.9, 1.4, 2.0]), -0.5, 1.0)),
    Case(viterbi_like, (WAVE.reshape(4, 3), np.cos(np.arange(9.0)).reshape(3, 3))),
    Case(lms, (WAVE, np.cos(np.arange(12.0)), 0.05)),
    Case(nelder_path, (0.2, 0.1)),
    Case(bezier_length, (np.array([[0.0, 0.0], [1.0, 2.0], [2.0, -1.0], [3.0, 0.5]]),)),
    Case(run_perspective, (np.array([[0.1, 0.2, 1.0], [0.5, -0.3, 2.0], [0.1, 0.1, 0.05]]), np.zeros(3), 1.2, 0.5)),
    Case(gauss_rows, (SQUARE, np.array([1.0, 2.0, 3.0]))),
    Case(givens_qr, (SQUARE[:, :2].copy(),)),
    Case(jacobi_eig, (SQUARE,)),
    Case(lis_weights, (np.array([0.3, -0.2, 0.9, 0.1, 0.5]), np.array([1.0, 1.1, 0.7, 0.3, 0.6]))),
    Case(dijkstra, (LENGTHS,)),
    Case(union_find_mst, (np.sin(np.arange(5.0) * 3), np.cos(np.arange(5.0) * 2))),
    Case(spline, (np.array([0.0, 1.0, 2.0, 3.5]), np.array([0.3, 0.8, 0.1, 0.9]), 1.6)),
    Case(walrus, (0.3, 2)),
    Case(matched, (0.4, 2)),
    Case(views_written, (SQUARE,)),
    Case(ints, (0.3, 5, 3)),
    Case(stacked, (np.array([1.0, 2.0]), np.array([0.3, 0.1]))),
]
