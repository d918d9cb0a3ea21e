"""Queues, and dicts whose keys are tuples, members of enumerations, or no names."""

import collections
import enum
from collections import deque

import numpy as np

from tests.corpus.case import Case


class C(enum.Enum):
    A = 1
    B = 2


PZ = np.array([[1, 0], [0, -1]], dtype=complex)
PY = np.array([[0, -1j], [1j, 0]])



def window(x, n):
    q = deque()
    for i in range(n):
        q.append(x * i)
        if len(q) > 2:
            q.popleft()
    return sum(q)


def longest(x, n):
    q = deque(maxlen=3)
    s = 0.0
    for i in range(n):
        q.append(x * i * i)
        s += sum(q) / len(q)
    return s + q[0] * q[-1]


def from_the_left(x, n):
    q = collections.deque([x, 2 * x], maxlen=n - 2)
    for i in range(n):
        q.appendleft(x ** i)
    return sum((k + 1) * v for k, v in enumerate(q))


def delayed(x, n):
    hist = deque([0.0] * 3, 3)
    y = 0.0
    for i in range(n):
        hist.append(x * i)
        y += 0.5 * hist[0] + 0.3 * hist[1] * hist[2]
    return y


def of_arrays(x, n):
    buf = deque(maxlen=2)
    for i in range(n):
        buf.append(np.array([x, i * x]))
    return np.sum(np.array(buf) ** 2)


def of_tuples(x, n):
    q = deque([(0, x)])
    tot = 0.0
    while q:
        k, v = q.popleft()
        tot += v
        if k < 3:
            q.append((k + 1, v * 0.5))
            q.append((k + 1, v * x))
    return tot


def keys_that_are_tuples(x, n):
    d = {(0, 1): x, (1, 0): x ** 2}
    s = 0.0
    for (i, j), v in d.items():
        s += v * (i + 2 * j)
    for k in d:
        s += d[k] * k[0]
    if (0, 1) in d and (5, 5) not in d:
        s *= 2
    return s + d.get((7, 7), 3.0 * x) + d[0, 1]


def keys_of_an_enumeration(x, n):
    d = {C.A: x, C.B: 2 * x, None: x ** 3}
    d[C.A] += 1.0
    return sum(d.values()) * d[C.A] + d[None]


def table_by_pairs(x, n):
    T = {}
    for i in range(3):
        for j in range(3):
            T[i, j] = x ** (i + j)
    T[0, 0] += x
    return sum(v * (a + 1) for (a, b), v in T.items()) + len(T) + max(T.values())


def table_in_a_loop(x, n):
    T = {(i, j): x * i + j for i in range(2) for j in range(2)}
    for t in range(n):
        T[(0, 0)] = 0.5 * T[(0, 0)] + T[1, 1]
    return T[0, 0]


def text_and_number(x, n):
    m = {}
    m["a", 1] = x
    m["b", 2] = x * x
    return m[("a", 1)] * m["b", 2]


def captured_complex_matrices(x, n):
    H = x * PY + PZ
    psi = np.array([1.0 + 0j, 0.0])
    for _ in range(n):
        psi = psi - 0.1j * (H @ psi)
    return np.abs(psi[0]) ** 2 + (psi.conj() @ PZ @ psi).real


def keys_that_are_no_names(x, n):
    g = {"H+": x, "OH-": 1e-2 / x, "k on": 3.0}
    for _ in range(n):
        g["H+"] = g["H+"] * 0.9 + g["k on"] * 0.1
    return g["H+"] * g["OH-"]


CASES = [
    Case(window, (1.3, 6)),
    Case(longest, (1.3, 6)),
    Case(from_the_left, (1.3, 6)),
    Case(delayed, (1.3, 6)),
    Case(of_arrays, (1.3, 6)),
    Case(of_tuples, (1.3, 6)),
    Case(keys_that_are_tuples, (1.3, 5)),
    Case(keys_of_an_enumeration, (1.3, 5)),
    Case(table_by_pairs, (1.3, 5)),
    Case(table_in_a_loop, (1.3, 5)),
    Case(text_and_number, (1.3, 5)),
    Case(captured_complex_matrices, (1.3, 5)),
    Case(keys_that_are_no_names, (1.3, 5)),
]
