"""Choices between an array and a number, between arrays with other numbers of axes, and between arrays to write."""

import numpy as np

from tests.corpus.case import Case, sample


def array_or_number(x, k):
    return np.sum(x * (x if k > 2 else 2.0))


def vector_or_matrix(x, A, k):
    return np.sum(A * (x if k > 2 else A) ** 2)


def every_other_trip(x, n):
    y = x.copy()
    for k in range(n):
        y = y - 0.1 * (np.sin(y) if k % 2 else y[0])
    return y.sum()


def step_before_last(x, W):
    states = [x]
    for k in range(3):
        states.append(W @ states[-1] + (states[-2] if len(states) > 1 else 0.0))
    return states[-1].sum()


def bias_bound_to_a_name(x, k):
    bias = x if k > 2 else 1.5
    y = x * bias
    y[0] *= np.mean(bias)
    return np.sum(y + bias)


def chosen_in_a_loop(x, n):
    s = 0.0
    for k in range(n):
        if k == 3:
            continue
        w = x * k if k % 2 else 0.5
        s += np.sum(w * x)
        if s > 1e3:
            break
    return s


def two_choices(x, k, m):
    a = x if k > 2 else 1.5
    b = x * x if m > 2 else 0.5
    return np.sum(a * b * x)


def there_and_back_again(u, n):
    a, b = u.copy(), np.zeros_like(u)
    for t in range(n):
        src, dst = (a, b) if t % 2 == 0 else (b, a)
        for i in range(1, len(u) - 1):
            dst[i] = 0.5 * (src[i - 1] * src[i + 1]) + src[i]
    return np.sum(a * a) + np.sum(b)


def one_of_two_is_written(x, z, k):
    a, b = x.copy(), z.copy()
    y = a if k > 2 else b
    y[0] = 3.0 * y[1] ** 2
    y *= z
    return np.sum(a) * np.sum(b)


def shorter_each_trip(V, n):
    for i in range(n):
        V = V[1:] * V[:-1]
        V = np.arange(5.0 - i) + V
    return V[0]


def american_put(S, sigma, n):
    u = np.exp(sigma / np.sqrt(n))
    p = (1.001 - 1.0 / u) / (u - 1.0 / u)
    V = np.maximum(100.0 - S * u ** np.arange(n, -n - 1, -2.0), 0.0)
    for i in range(n - 1, -1, -1):
        V = 0.999 * (p * V[:-1] + (1.0 - p) * V[1:])
        V = np.maximum(100.0 - S * u ** np.arange(i, -i - 1, -2.0), V)
    return V[0]


def march(x):
    s = 0.0
    for i, j in np.ndindex(x.shape):
        for k in range(5):
            if k == 3:
                break
            s += x[i, j] ** k
    return s


def layers_of_glass(a, b):
    M = np.array([[a, 1j * b], [1j, a]])
    p, q = M @ np.array([1.0, b])
    return abs(p / q)


def slice_or_index(x, p):
    i = 0 if p else slice(1, 3)
    return np.sum(x[i] ** 2) + np.sum(x[slice(0, 2) if p else 1])


def annotated(x, p):
    v: np.ndarray = x if p else np.sum(x)
    return np.sum(v * v) * len(x)


def inside_what_is_bound(x, p):
    y = (x if p else x[0]) * 2.0
    return np.sum(y * x)


def inside_what_is_bound_in_a_loop(x, p):
    s = 0.0
    for k in range(3):
        y = np.sin(x if (k % 2 == 0) == p else np.sum(x))
        s += np.sum(y) * k
    z = (x if p else 1.0) + (x[0] if p else 2.0)
    return s * np.sum(z * x)


def tuples_of_two_lengths(x, p):
    return sum((x, x * x) if p else (x, 2.0 * x, x**3)) * x


def four_choices(x, p, q):
    a = x if p else x[0]
    b = x if q else x[1]
    c = x if p and q else x[2]
    d = x if p or q else x[3]
    return np.sum(a * b * c * d)


CASES = [
    *(Case(slice_or_index, (sample(4), p)) for p in (True, False)),
    *(Case(inside_what_is_bound, (sample(4), p)) for p in (True, False)),
    *(Case(inside_what_is_bound_in_a_loop, (sample(4), p)) for p in (True, False)),
    *(Case(tuples_of_two_lengths, (0.7, p)) for p in (True, False)),
    *(Case(annotated, (sample(4), p)) for p in (True, False)),
    *(Case(four_choices, (sample(4), p, q)) for p, q in ((True, False), (False, False))),
    *(Case(lambda x, p: np.sum((x if p else np.sum(x)) ** 2), (sample(4), p)) for p in (True, False)),
    *(Case(array_or_number, (sample(4), k)) for k in (2, 3)),
    *(Case(vector_or_matrix, (sample(3), sample(2, 3), k)) for k in (2, 3)),
    Case(every_other_trip, (sample(4), 3)),
    Case(step_before_last, (sample(3), sample(3, 3))),
    *(Case(bias_bound_to_a_name, (sample(4), k)) for k in (2, 3)),
    Case(chosen_in_a_loop, (sample(4), 6)),
    *(Case(two_choices, (sample(4), k, m)) for k, m in ((2, 3), (3, 2), (3, 3))),
    *(Case(there_and_back_again, (sample(5), n)) for n in (3, 4)),
    *(Case(one_of_two_is_written, (sample(4), sample(4, seed=1), k)) for k in (2, 3)),
    Case(shorter_each_trip, (sample(6), 3)),
    Case(american_put, (101.3, 0.2, 9)),
    Case(march, (sample(2, 3),)),
    Case(layers_of_glass, (1.2, 0.5)),
]
