"""Functions whose callees are routines where calls stay calls: every form of argument and result."""

import math
from collections import namedtuple

import numpy as np

from tests.corpus.case import Case, sample

Spring = namedtuple("Spring", "k rest")


def energy(spring, u):
    s = u - spring.rest
    return 0.5 * spring.k * s**2


def struct_args(k, x):
    return energy(Spring(k, 0.3), x) + energy(Spring(2.0 * k, x * 0.1), x**2)


def two(x, y):
    s = x * y
    return s + x, math.sin(s)


def tuples(x, y):
    a, b = two(x, y)
    c, d = two(b, a)
    return c * d + a


def smooth(a):
    b = np.empty_like(a)
    for i in range(1, len(a) - 1):
        b[i] = 0.5 * a[i] + 0.25 * (a[i - 1] * a[i + 1])
    b[0] = a[0]
    b[-1] = a[-1] ** 2
    return b


def arrays(a):
    u = smooth(a)
    v = smooth(u * a)
    return np.sum(u * v)


def array_loop(a, n):
    x = a.copy()
    for t in range(n):
        x = smooth(x)
    return np.sum(x**2)


def array_loop_used(a, n):
    s = 0.0
    for t in range(n):
        u = smooth(a * (1.0 + t))
        s += np.sum(np.sin(u)) * u[1]
    return s


def step(q, p, dt):
    p = p - dt * math.sin(q)
    q = q + dt * p
    return q, p


def pendulum(q, p, n):
    for _ in range(n):
        q, p = step(q, p, 0.1)
    return q * p


def in_while(x, y):
    k = 0
    while step(x, y, 0.3)[0] < 2.0 and k < 8:
        x, y = step(x, y + 0.3, 0.2)
        k += 1
    return x * y


def rows(a, w):
    s = 0.0
    for i in range(a.shape[0]):
        s += dotted(a[i], w) * dotted(a[i, 1:], w[1:])
    return s


def dotted(u, v):
    s = 0.0
    for i in range(len(u)):
        s += u[i] * math.tanh(v[i])
    return s


def transposed(a):
    return norm_like(a.T) + norm_like(a[::2]) + norm_like(a[:, 1:])


def norm_like(m):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += (i + 1) * m[i, j] ** 2 * (j + 2)
    return s


def branches(x, y):
    if x > 0.5:
        z = bend(x, y)
    else:
        z = bend(y, x) * 2.0
    if bend(z, x) > 0.0:
        z = z + bend(z, y) * z
    return z


def bend(x, y):
    if x > y:
        return x * y
    return x + y**2


def apply(f, x):
    return f(x) * f(2.0 * x)


def cube(x):
    return x**3


def functions(x):
    return apply(math.sin, x) + apply(cube, x) + apply(cube, x * x)


def power(x, n=2, scale=1.5):
    s = scale
    for _ in range(n):
        s = s * x
    return s


def keywords(x, y):
    return power(x) + power(y, n=3) + power(scale=y, x=x) + power(x, 3, scale=0.5)


TABLE = np.array([0.4, -0.3, 1.2, 0.8])


def weighted(x):
    s = 0.0
    for k in range(len(TABLE)):
        s += TABLE[k] * x**k
    return s


def captured(x, y):
    return weighted(x) * weighted(y)


def scaled_by(c):
    def inner(x, y):
        t = c * x
        return t * y
    return inner


first, second = scaled_by(0.7), scaled_by(-1.3)


def closures(x, y):
    return first(x, y) * second(y, x) + first(y, y)


def writes(a, x):
    a[0] = x * a[1]
    a[1] += a[0] ** 2


def written(a, x):
    b = a.copy()
    writes(b, x)
    writes(b, x * x)
    return b[0] * b[1]


def chosen(a, first):
    if first:
        return a
    return a * 2.0


def shown_written(a, x):
    b = a * x
    c = chosen(b, True)
    c[0] = x * x
    return np.sum(b**2)


def shown(a, x):
    c = chosen(a * x, True)
    d = chosen(c, False)
    return np.sum(c * d)


def inactive(x, n):
    k = count(n, 3)
    return weighted(x) * k


def count(n, m):
    s = 0
    for i in range(n):
        s += i % m
    return s


def result_int(x, y):
    a, k = pick(x, y)
    b, j = pick(y, x)
    return a * b + k * x - j * y


def pick(x, y):
    if x > y:
        return x * y, 1
    return x - y, 2


def same_twice(x):
    return bend(x, x) * step(x, x, x)[1]


def elements(a):
    s = 0.0
    for i in range(1, len(a)):
        s += bend(a[i], a[i - 1]) * a[i]
        a[i] = bend(a[i], s)
    return s


def matrix(a, b):
    return scaled(a) @ scaled(b)


def scaled(m):
    t = np.sum(m * m)
    return m / (1.0 + t)


def products(a, b):
    c = matrix(a, b)
    d = matrix(c, a)
    return np.sum(c * d)


def raising(x, y):
    return checked(x) * checked(y)


def checked(x):
    if x < -10.0:
        raise ValueError("too small")
    return x * math.exp(-x)


def filled(x, n):
    v = np.zeros(n)
    for i in range(n):
        v[i] = x ** (i + 1)
    return v


def sizes(x, n):
    s = 0.0
    for k in range(1, n):
        u = filled(x, n)
        s += np.sum(u * u) * u[k]
    return s


def pair_of_arrays(a, x):
    return a * x, np.cos(a) * x


def array_tuple(a, x):
    u, v = pair_of_arrays(a, x)
    w, z = pair_of_arrays(u, x * x)
    return np.sum(u * v) + np.sum(w * z * u)


def swap_args(x, y, n):
    for _ in range(n):
        x, y = bend(y, x), bend(x, y) * 0.5
    return x + 2.0 * y


def nested(x):
    return apply2(x) + apply2(x * 0.5)


def apply2(x):
    return apply(cube, x) * weighted(x)


def mixed_kinds(x, n):
    return power(n, 2, x) + power(x, 2, n)


def shape_arg(a, x):
    return ones_like_it(a.shape, x) + ones_like_it(a.shape, x * x)


def ones_like_it(shape, x):
    v = np.ones(shape)
    for i in range(shape[0]):
        v[i] *= x + i
    return np.sum(v * v)


CASES = [
    Case(struct_args, (1.3, 0.7)),
    Case(tuples, (0.7, 1.2)),
    Case(arrays, (sample(6),)),
    Case(array_loop, (sample(6), 4)),
    Case(array_loop_used, (sample(5), 3)),
    Case(pendulum, (0.4, 0.2, 7)),
    Case(in_while, (0.1, 0.2)),
    Case(rows, (sample(3, 4), sample(4, seed=1))),
    Case(transposed, (sample(4, 3),)),
    Case(branches, (0.7, 0.3)),
    Case(branches, (0.2, 0.9)),
    Case(functions, (0.6,)),
    Case(keywords, (0.8, 1.1)),
    Case(captured, (0.5, 0.9)),
    Case(closures, (0.5, 0.9)),
    Case(written, (sample(3), 0.7)),
    Case(shown_written, (sample(3), 0.7)),
    Case(shown, (sample(3), 0.7)),
    Case(inactive, (0.4, 7)),
    Case(result_int, (0.9, 0.4)),
    Case(same_twice, (0.6,)),
    Case(elements, (sample(5, low=0.1, high=0.9),)),
    Case(products, (sample(3, 3), sample(3, 3, seed=2))),
    Case(raising, (0.4, 0.8)),
    Case(sizes, (0.7, 4)),
    Case(array_tuple, (sample(4), 0.8)),
    Case(swap_args, (0.4, 0.9, 4)),
    Case(nested, (0.8,)),
    Case(mixed_kinds, (0.7, 3)),
    Case(shape_arg, (sample(3), 0.7)),
]
