"""Ordinary programs with steps and branches in them, whose derivative surprises nobody: no warning is due."""

import numpy as np

import srcgrad as sg

TABLE = np.arange(10.0) ** 2
VECTOR = np.array([0.3, 1.2, -0.7, 2.1])
MATRIX = np.arange(9.0).reshape(3, 3) + np.eye(3)


def relu(x=2.5):
    if x > 0.0:
        y = x
    else:
        y = 0.0
    return y


def relu_as_an_expression(x=2.5):
    return x if x > 0.0 else 0.0


def relu_as_a_product(x=VECTOR):
    return np.sum((x > 0.0) * x) + np.sum(x * (x > 1.0).astype(np.float64))


def max_abs_clip(x=VECTOR):
    return max(x[0], 0.0) + np.sum(np.abs(x)) + np.sum(np.clip(x, 0.0, 1.0)) + np.max(x)


def extremes(x=MATRIX):
    return np.sum(np.max(x, axis=0)) + np.sum(np.min(2.0 * x, axis=1)) + np.max(3.0 * x)


def reading_the_maximum(x=VECTOR):
    return x[np.argmax(x)] + x[np.argmin(2.0 * x)]


def reading_beside_the_maximum(x=VECTOR):
    k = np.argmax(x)
    return x[max(k - 1, 0)] * x[k]


def own_maximum(x=VECTOR):
    m = x[0]
    for v in x:
        if v > m:
            m = v
    return m


def place_of_an_own_maximum(x=VECTOR):
    k = 0
    for i in range(len(x)):
        if x[i] > x[k]:
            k = i
    return x[k]


def loop_counter(x=VECTOR):
    s = 0.0
    for i in range(len(x)):
        if i == 2:
            s += x[i]
    return s


def integer_argument(x=VECTOR, n=3):
    if n == 3:
        y = 1.0
    else:
        y = 2.0
    return y * x[int(n) // 2]


def size(x=VECTOR):
    return np.sum(x[: len(x) // 2]) + (1.0 if len(x) > 2 else 0.0)


def newton(x=2.5):
    r = 1.0
    while abs(r) > 1e-9:
        r = (x * x - 2.0) / (2.0 * x)
        x -= r
    return x


def steps_of_newton(x=2.5):
    k = 0
    r = 1.0
    while abs(r) > 1e-9 and k < 99:
        r = x * x - 2.0
        x -= r / x
        k += 1
    return x


def left_when_it_stays(x=2.5):
    for i in range(99):
        y = 0.5 * x
        if y == x:
            break
        x = y
    return x


def returned_when_it_stays(x=2.5):
    while True:
        y = 0.5 * (x + 2.0 / x)
        if y == x:
            return y
        x = y


def refused(x=2.5):
    if x == 0.0:
        raise ValueError('zero')
    if x < 0.0:
        raise ValueError('low')
    return 1.0 / x


def sentinels(x=2.5):
    if x != x or x == np.inf:
        return 0.0
    return x * x


def fraction(x=2.5):
    return x - np.floor(x) + x % 1.0


def nearest_image(x=VECTOR):
    d = x - 3.0 * np.rint(x / 3.0)
    return np.sum(d * d)


def nearest_image_by_a_name(x=2.5):
    k = round(x / 3.0)
    d = x
    d -= 3.0 * k
    return d * d


def interpolation(x=2.5):
    k = int(x)
    w = x - k
    return (1.0 - w) * TABLE[k] + w * TABLE[k + 1]


def pieces(x=4.5):
    k = 0
    while TABLE[k + 1] < x:
        k += 1
    return TABLE[k] * (x - TABLE[k]) + TABLE[k]


def bisection(x=4.5):
    lo, hi = 0, 9
    while hi - lo > 1:
        m = (lo + hi) // 2
        if TABLE[m] < x:
            lo = m
        else:
            hi = m
    return TABLE[lo] + (x - TABLE[lo]) / (TABLE[hi] - TABLE[lo])


def deposit(x=VECTOR):
    h = np.zeros(9)
    for v in x:
        k = int(v + 3.0)
        w = v + 3.0 - k
        h[k] += 1.0 - w
        h[k + 1] += w
    return np.sum(h * h)


def number_of_steps(x=2.5):
    k = int(x / 0.1) + 1
    h = x / k
    y = 1.0
    for i in range(k):
        y += h * y
    return y


def signed_root(x=2.5):
    return np.sign(x) * np.sqrt(abs(x))


def own_sign(x=2.5):
    s = 1.0
    if x < 0.0:
        s = -1.0
    return s * x * x


def coefficients(x=2.5):
    if x < 2.0:
        a, b = 1.0, 2.0
    else:
        a, b = -1.0, 3.0
    return a + b * x


def broken_off(x=2.5):
    for i in range(9):
        x *= 1.5
        if x > 20.0:
            break
        x += 1.0
    for c in (1.0, 2.0, 3.0):
        x *= c
        if x > 99.0:
            break
        x += 1.0
    return x


def mean_of_some(x=VECTOR):
    k, s = 0, 0.0
    for v in x:
        if v > 0.0:
            k += 1
            s += v
    return s / k


def continued(x=VECTOR):
    s = 0.0
    for v in x:
        if v < 0.0:
            continue
        s += v * v
    return s


def capped(x=2.5):
    y = x * x
    if y > 4.0:
        y = 4.0
    return y


def regimes(x=2.5):
    k = 1 if x < 2.0 else 2
    if k == 1:
        return x
    return 2.0 * x


def pivoting(x=MATRIX):
    b = np.ones(3)
    for k in range(3):
        p = k
        for i in range(k, 3):
            if abs(x[i, k]) > abs(x[p, k]):
                p = i
        if p != k:
            for j in range(3):
                t = x[k, j]
                x[k, j] = x[p, j]
                x[p, j] = t
            t = b[k]
            b[k] = b[p]
            b[p] = t
        for i in range(k + 1, 3):
            m = x[i, k] / x[k, k]
            for j in range(k, 3):
                x[i, j] -= m * x[k, j]
            b[i] -= m * b[k]
    return b[2] / x[2, 2]


def printed(x=2.5):
    print(int(x), x > 1.0)
    assert x != 7.0
    return x * x


def not_used(x=2.5):
    k = int(x)
    y = 1.0 if x > 1.0 else 2.0
    assert k + y > -9.0
    return x * x


def meant(x=2.5):
    z = sg.stop_gradient(x)
    y = 1.0 if z > 1.0 else 2.0
    if z == 1.0:
        return x
    return y + TABLE[int(z)] * x


@sg.nondifferentiable
def tabulated(t):
    return TABLE[int(t)] if t != 1.0 else 0.0


def nondifferentiable(x=2.5):
    return x * tabulated(sg.stop_gradient(x))


PROGRAMS = [
    relu, broken_off, relu_as_an_expression, relu_as_a_product, max_abs_clip, extremes, reading_the_maximum,
    reading_beside_the_maximum, own_maximum, place_of_an_own_maximum, loop_counter, integer_argument, size, newton,
    steps_of_newton, left_when_it_stays, returned_when_it_stays, refused, sentinels, fraction, nearest_image,
    nearest_image_by_a_name, interpolation, pieces, bisection, deposit, number_of_steps, signed_root, own_sign,
    coefficients, mean_of_some, continued, capped, regimes, pivoting, printed, not_used, meant, nondifferentiable,
]  # fmt: skip
