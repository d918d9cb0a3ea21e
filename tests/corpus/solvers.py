"""Linear algebra by hand, elimination with pivots, steppers that choose their step."""

import math

import numpy as np

from tests.corpus.case import Case


def cg_solve(A, b, iters):
    x = np.zeros_like(b)
    r = b - A @ x
    p = r.copy()
    rs = r @ r
    for _ in range(iters):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        rs_new = r @ r
        if rs_new < 1e-20:
            break
        p = r + (rs_new / rs) * p
        rs = rs_new
    return np.sum(x**2)


def gram_schmidt(A):
    m, n = A.shape
    Q = np.zeros((m, n))
    R = np.zeros((n, n))
    for j in range(n):
        v = A[:, j].copy()
        for i in range(j):
            R[i, j] = np.dot(Q[:, i], A[:, j])
            v = v - R[i, j] * Q[:, i]
        R[j, j] = np.sqrt(np.sum(v * v))
        Q[:, j] = v / R[j, j]
    out = 0.0
    for j in range(n):
        out += np.log(abs(R[j, j]))
    return out + Q[0, 0]


def lu_inplace(A, b):
    A = A.copy()
    b = b.copy()
    n = A.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i, k:] -= f * A[k, k:]
            b[i] -= f * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        s = b[i]
        for j in range(i + 1, n):
            s -= A[i, j] * x[j]
        x[i] = s / A[i, i]
    return x.sum() + x[0] ** 2


def gauss_pivot(A, b):
    A = A.copy()
    b = b.copy()
    n = len(b)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if p != k:
            for j in range(n):
                A[k, j], A[p, j] = A[p, j], A[k, j]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            for j in range(k, n):
                A[i, j] -= f * A[k, j]
            b[i] -= f * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= A[i, j] * b[j]
        b[i] /= A[i, i]
    return np.dot(b, b)


def power_iteration(A, v, iters):
    for _ in range(iters):
        v = A @ v
        v /= np.sqrt(np.sum(v**2))
    return v @ (A @ v)


def jacobi_sweep(A):
    A = A.copy()
    n = A.shape[0]
    for p in range(n - 1):
        for q in range(p + 1, n):
            if abs(A[p, q]) < 1e-12:
                continue
            theta = 0.5 * math.atan2(2 * A[p, q], A[q, q] - A[p, p])
            c, s = math.cos(theta), math.sin(theta)
            for k in range(n):
                akp, akq = A[k, p], A[k, q]
                A[k, p] = c * akp - s * akq
                A[k, q] = s * akp + c * akq
            for k in range(n):
                apk, aqk = A[p, k], A[q, k]
                A[p, k] = c * apk - s * aqk
                A[q, k] = s * apk + c * aqk
    total = 0.0
    for i in range(n):
        total += A[i, i] ** 3
    return total


def spline_tridiag(y, h):
    n = len(y)
    m = np.zeros(n)
    c = np.zeros(n)
    d = np.zeros(n)
    for i in range(1, n - 1):
        rhs = 6 * (y[i - 1] - 2 * y[i] + y[i + 1]) / h**2
        w = 4 - c[i - 1]
        c[i] = 1 / w
        d[i] = (rhs - d[i - 1]) / w
    for i in range(n - 2, 0, -1):
        m[i] = d[i] - c[i] * m[i + 1]
    return np.sum(m**2) * h


def fem_1d(E, f, n):
    K = np.zeros((n + 1, n + 1))
    ke = np.array([[1.0, -1.0], [-1.0, 1.0]])
    for e in range(n):
        for a in range(2):
            for b in range(2):
                K[e + a, e + b] += E[e] * ke[a, b]
    u = np.zeros(n + 1)
    for sweep in range(30):
        for i in range(1, n):
            s = f[i]
            for j in range(n + 1):
                if j != i:
                    s -= K[i, j] * u[j]
            u[i] = s / K[i, i]
    return np.dot(u, f)


def adaptive_euler(x, lam, tol):
    t, h = 0.0, 0.1
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        full = x + h * (-lam * x)
        half = x + 0.5 * h * (-lam * x)
        half = half + 0.5 * h * (-lam * half)
        err = abs(half - full)
        if err > tol:
            h *= 0.5
            continue
        x = 2 * half - full
        t += h
        if err < 0.1 * tol:
            h *= 2
    return x * x


CASES = [
    Case(
        cg_solve,
        (
            np.array(
                [
                    [3.64, -1.25, -3.35, -2.13],
                    [-1.25, 3.22, 1.85, 0.33],
                    [-3.35, 1.85, 5.83, 4.09],
                    [-2.13, 0.33, 4.09, 7.52],
                ]
            ),
            np.array([0.19, -0.02, 0.61, -0.36]),
            3,
        ),
    ),
    Case(
        gram_schmidt,
        (np.array([[-0.15, 0.24, 0.1], [-0.86, 0.9, -1.3], [-1.2, -1.28, 0.97], [-0.36, -0.97, -1.14]]),),
    ),
    Case(
        lu_inplace,
        (
            np.array(
                [
                    [3.64, -1.25, -3.35, -2.13],
                    [-1.25, 3.22, 1.85, 0.33],
                    [-3.35, 1.85, 5.83, 4.09],
                    [-2.13, 0.33, 4.09, 7.52],
                ]
            ),
            np.array([0.42, -1.05, -1.27, 0.61]),
        ),
    ),
    Case(
        gauss_pivot,
        (
            np.array(
                [
                    [-1.2, -0.32, -0.01, -0.45],
                    [-0.05, 1.34, -0.52, -1.26],
                    [-1.84, -0.2, -0.35, 0.27],
                    [-0.46, -0.48, -0.72, -0.52],
                ]
            ),
            np.array([0.16, -0.38, 0.1, 1.9]),
        ),
    ),
    Case(
        power_iteration,
        (
            np.array(
                [
                    [3.64, -1.25, -3.35, -2.13],
                    [-1.25, 3.22, 1.85, 0.33],
                    [-3.35, 1.85, 5.83, 4.09],
                    [-2.13, 0.33, 4.09, 7.52],
                ]
            ),
            np.array([0.48, -1.58, 1.73, 0.35]),
            5,
        ),
    ),
    Case(
        jacobi_sweep,
        (
            np.array(
                [
                    [3.64, -1.25, -3.35, -2.13],
                    [-1.25, 3.22, 1.85, 0.33],
                    [-3.35, 1.85, 5.83, 4.09],
                    [-2.13, 0.33, 4.09, 7.52],
                ]
            ),
        ),
    ),
    Case(spline_tridiag, (np.array([-0.33, 0.42, 1.88, -1.21, 0.26, -0.31, -1.06]), 0.5)),
    Case(fem_1d, (np.array([0.64, 0.46, 0.25, 0.22]), np.array([1.85, 2.16, -0.52, -0.93, 2.69]), 4)),
    Case(adaptive_euler, (1.2, 3.0, 0.0203)),
]
