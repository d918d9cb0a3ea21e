"""Lists of tuples and namedtuples that grow: work stacks, pairs, records, queues."""

import math
from collections import namedtuple

import numpy as np

from tests.corpus.case import Case

Particle = namedtuple("Particle", "x v m")
P = namedtuple("P", "x v")


def quick(a):
    b = a.copy()
    stack = [(0, len(b) - 1)]
    while stack:
        lo, hi = stack.pop()
        if lo >= hi:
            continue
        p = b[hi]
        i = lo
        for j in range(lo, hi):
            if b[j] < p:
                b[i], b[j] = b[j], b[i]
                i += 1
        b[i], b[hi] = b[hi], b[i]
        stack.append((lo, i - 1))
        stack.append((i + 1, hi))
    return np.sum(b * np.arange(b.size))


def particles(x, v, m):
    ps = [Particle(xi, vi, mi) for xi, vi, mi in zip(x, v, m)]
    e = 0.0
    for i, p in enumerate(ps):
        e += 0.5 * p.m * p.v ** 2
        for q in ps[i + 1:]:
            e -= p.m * q.m / abs(p.x - q.x)
    return e


def simpson_adaptive(a, b, tol):
    def f(x):
        return math.exp(-a * x) * math.cos(b * x)
    def simpson(lo, hi):
        return (hi - lo) / 6.0 * (f(lo) + 4.0 * f(0.5 * (lo + hi)) + f(hi))
    total = 0.0
    todo = [(0.0, 2.0)]
    while todo:
        lo, hi = todo.pop()
        mid = 0.5 * (lo + hi)
        whole, left, right = simpson(lo, hi), simpson(lo, mid), simpson(mid, hi)
        if abs(left + right - whole) < tol or hi - lo < 0.05:
            total += left + right
        else:
            todo.append((lo, mid))
            todo.append((mid, hi))
    return total


def two_kinds(x, n):
    stack = [(x, 0)]
    t = 0.0
    while len(stack) > 0:
        v, d = stack.pop()
        if d >= n:
            t += v * v
        else:
            stack.append((math.sin(v), d + 1))
            stack.append((v * 0.5 + x, d + 1))
    return t


def empty_first(a):
    pairs = []
    for i in range(a.size):
        for j in range(i):
            if a[i] > a[j]:
                pairs.append((a[i] * a[j], i - j))
    s = 0.0
    for k, (p, d) in enumerate(pairs):
        s += p * d + k * p
    for p, d in pairs[1:]:
        s += p ** 2
    if pairs:
        s += pairs[-1][0] + pairs[0][1]
    return s + len(pairs)


def records(x, v):
    ps = [P(a, b) for a, b in zip(x, v)]
    for step in range(3):
        for i in range(len(ps)):
            p = ps[i]
            ps[i] = P(p.x + 0.1 * p.v, p.v - 0.1 * math.sin(p.x))
    best = max(p.x * p.v for p in ps)
    return best + sum(p.x ** 2 for p in ps if p.v > 0.0)


def nested_forms(x, n):
    out = []
    for i in range(n):
        out.append((x * i, (i, x + i)))
    tot = 0.0
    while out:
        a, (b, c) = out.pop()
        tot += a * b + c
    return tot


def arrays_in(u, n):
    hist = []
    w = u.copy()
    for i in range(n):
        w = np.sin(w) + 0.1
        hist.append((w, float(i)))
    s = 0.0
    for h, t in hist:
        s += np.sum(h) * t
    return s + hist[-1][0][0]


def helper(items):
    s = 0.0
    for a, b in items:
        s += a * b
    return s


def passed(x, n):
    items = [(x, 1.0)]
    for i in range(n):
        items.append((x * i, x + i))
    return helper(items)


def heap_like(a):
    q = [(a[0], 0)]
    done = 0.0
    steps = 0
    while q and steps < 10:
        steps += 1
        best = 0
        for i in range(1, len(q)):
            if q[i][0] < q[best][0]:
                best = i
        c, k = q[best]
        q[best] = q[-1]
        q.pop()
        done += c * (k + 1)
        for m in (1, 2):
            if k + m < a.size:
                q.append((c + a[k + m], k + m))
    return done


CASES = [
    Case(quick, (np.array([0.3, -0.2, 0.9, 0.1, 0.5]),)),
    Case(particles, (np.array([0.0, 1.0, 2.5]), np.array([0.3, 0.1, -0.2]), np.array([1.0, 2.0, 0.5]))),
    Case(simpson_adaptive, (0.5, 3.0, 1e-4), (0, 1)),
    Case(two_kinds, (0.4, 3)),
    Case(empty_first, (np.array([0.3, 0.9, 0.5, 1.2]),)),
    Case(records, (np.array([0.3, 0.9]), np.array([0.1, -0.5]))),
    Case(nested_forms, (0.4, 3)),
    Case(arrays_in, (np.array([0.3, 0.1]), 3)),
    Case(passed, (0.3, 3)),
    Case(heap_like, (np.array([0.3, 0.1, 0.5, 0.2]),)),
]
