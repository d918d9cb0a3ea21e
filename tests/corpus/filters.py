"""Signals: recursive filters, transforms in place, predictors."""

import numpy as np

from tests.corpus.case import Case


def fir_filter_energy(x, h):
    y = np.zeros(len(x) - len(h) + 1)
    for i in range(len(y)):
        for k in range(len(h)):
            y[i] += h[k] * x[i + len(h) - 1 - k]
    return np.sum(y**2)


def iir_biquad(x, b0, b1, b2, a1, a2):
    x1 = x2 = y1 = y2 = 0.0
    out = np.empty_like(x)
    for n, xn in enumerate(x):
        yn = b0 * xn + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x2, x1 = x1, xn
        y2, y1 = y1, yn
        out[n] = yn
    return np.sum(out**2)


def goertzel(x, coeff):
    s1, s2 = 0.0, 0.0
    for sample in x:
        s = sample + coeff * s1 - s2
        s2 = s1
        s1 = s
    return s1**2 + s2**2 - coeff * s1 * s2


def haar_energy(x):
    a = x.copy()
    n = a.size
    e = 0.0
    while n > 1:
        half = n // 2
        tmp = np.empty(n)
        for i in range(half):
            tmp[i] = (a[2 * i] + a[2 * i + 1]) / np.sqrt(2.0)
            tmp[half + i] = (a[2 * i] - a[2 * i + 1]) / np.sqrt(2.0)
        for i in range(n):
            a[i] = tmp[i]
        e += np.abs(a[half])
        n = half
    return e + np.sum(a**4)


def fft_power(x):
    n = len(x)
    re = x.copy()
    im = np.zeros(n)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    length = 2
    while length <= n:
        ang = -2 * np.pi / length
        for start in range(0, n, length):
            for k in range(length // 2):
                c, s = np.cos(ang * k), np.sin(ang * k)
                a, b = start + k, start + k + length // 2
                tr = c * re[b] - s * im[b]
                ti = c * im[b] + s * re[b]
                re[b] = re[a] - tr
                im[b] = im[a] - ti
                re[a] += tr
                im[a] += ti
        length *= 2
    return np.sum(np.sqrt(re**2 + im**2 + 1e-3))


def levinson(r, order):
    a = np.zeros(order + 1)
    a[0] = 1.0
    e = r[0]
    for i in range(1, order + 1):
        acc = r[i]
        for j in range(1, i):
            acc += a[j] * r[i - j]
        k = -acc / e
        new = a.copy()
        for j in range(1, i):
            new[j] = a[j] + k * a[i - j]
        new[i] = k
        a = new
        e *= 1 - k * k
    return e + a[1]


def holt_winters(y, alpha, beta, gamma, m):
    level = y[:m].mean()
    trend = (y[m : 2 * m].mean() - level) / m
    season = y[:m] - level
    sse = 0.0
    for t in range(m, len(y)):
        pred = level + trend + season[t % m]
        err = y[t] - pred
        sse += err * err
        last = level
        level = alpha * (y[t] - season[t % m]) + (1 - alpha) * (level + trend)
        trend = beta * (level - last) + (1 - beta) * trend
        season[t % m] = gamma * (y[t] - level) + (1 - gamma) * season[t % m]
    return sse


def lifting_wavelet(x, a, b):
    s, d = x[::2].copy(), x[1::2].copy()
    n = len(s)
    for i in range(n):
        d[i] -= a * (s[i] + s[(i + 1) % n])
    for i in range(n):
        s[i] += b * (d[i] + d[i - 1])
    return (s**2).sum() + np.abs(d).sum()


def median_like_smoother(x):
    y = x.copy()
    for i in range(1, len(x) - 1):
        lo = min(x[i - 1], x[i], x[i + 1])
        hi = max(x[i - 1], x[i], x[i + 1])
        y[i] = x[i - 1] + x[i] + x[i + 1] - lo - hi
    return (y * np.arange(len(x))).sum()


def rls(x, d, lam, delta):
    n = x.shape[1]
    w = np.zeros(n)
    P = np.zeros((n, n))
    for i in range(n):
        P[i, i] = 1 / delta
    err = 0.0
    for t in range(x.shape[0]):
        u = x[t]
        pi = P @ u
        k = pi / (lam + u @ pi)
        e = d[t] - w @ u
        w = w + k * e
        P = (P - np.outer(k, pi)) / lam
        err += e**2
    return err


def kalman_2d(ys, q, r):
    x = np.zeros(2)
    P = np.array([[1.0, 0.0], [0.0, 1.0]])
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    H = np.array([1.0, 0.0])
    ll = 0.0
    for y in ys:
        x = F @ x
        P = F @ P @ F.T
        P[0, 0] += q
        P[1, 1] += q
        S = H @ P @ H + r
        K = P @ H / S
        e = y - H @ x
        x = x + K * e
        P = P - np.outer(K, H @ P)
        ll -= 0.5 * (np.log(S) + e**2 / S)
    return ll


CASES = [
    Case(
        fir_filter_energy,
        (
            np.array([0.99, 0.04, -2.24, -0.57, 0.19, -1.15, -1.35, 0.37, -0.65]),
            np.array([-1.7, -0.68, 0.86]),
        ),
    ),
    Case(
        iir_biquad,
        (np.array([-0.47, 0.93, 1.53, 0.03, -1.13, -1.3, -0.03, 0.88, 0.27]), 0.3, 0.2, 0.1, -0.4, 0.2),
    ),
    Case(goertzel, (np.array([0.2, 1.45, 0.11, -0.08, 0.1, 0.84, -0.81, 0.61]), 1.2)),
    Case(haar_energy, (np.array([0.58, 2.33, -0.34, -0.91, 0.74, -0.4, 0.29, 0.13]),)),
    Case(fft_power, (np.array([-0.94, 0.91, 0.02, -0.62, -0.63, -0.99, 0.05, 1.07]),)),
    Case(levinson, (np.array([2.0, 1.0, 0.5, 0.2]), 3)),
    Case(
        holt_winters,
        (np.array([1.14, 0.57, 0.38, 0.2, 0.26, 0.41, 0.62, 0.8, 1.18, 1.09, 0.44, 0.81]), 0.3, 0.2, 0.4, 3),
    ),
    Case(lifting_wavelet, (np.array([-0.21, 0.45, -0.33, 0.65, 0.46, 0.36, 1.32, -1.47]), 0.5, 0.25)),
    Case(median_like_smoother, (np.array([1.17, -0.66, -0.09, -2.55, -0.89, 1.54, -0.68, -0.7]),)),
    Case(
        rls,
        (
            np.array(
                [
                    [0.86, 0.33, 1.14],
                    [-0.14, -0.1, -0.86],
                    [0.01, -0.08, 2.77],
                    [-0.19, 1.27, 1.32],
                    [-0.19, 1.17, -2.18],
                ]
            ),
            np.array([0.09, 0.86, -2.4, -1.16, 1.06]),
            0.95,
            0.5,
        ),
    ),
    Case(kalman_2d, (np.array([1.88, -0.01, -1.34, -1.05, 1.45]), 0.1, 0.3)),
]
