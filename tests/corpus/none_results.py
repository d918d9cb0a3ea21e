"""Helpers that give a number or None: roots of a parabola, rays that miss, places that are not found."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def root(a, b, c):
    d = b * b - 4.0 * a * c
    if d < 0.0:
        return None
    return (-b + math.sqrt(d)) / (2.0 * a)


def square_of_a_root(a, b, c):
    r = root(a, b, c)
    if r is None:
        return a * b
    return r * r * c


def met(origin, direction, centre, radius):
    away = origin - centre
    b = np.dot(away, direction)
    d = b * b - np.dot(away, away) + radius * radius
    if d < 0.0:
        return None
    t = -b - math.sqrt(d)
    if t < 1e-4:
        return None
    return t


def nearest_sphere(origin, direction, centres, radii):
    best = None
    for k in range(len(radii)):
        t = met(origin, direction, centres[k], radii[k])
        if t is not None and (best is None or t < best):
            best = t
    if best is None:
        return np.sum(direction)
    return best * best


def first_above(x, least):
    for i in range(len(x)):
        if x[i] > least:
            return i
    return None


def element_by_place(x, least):
    i = first_above(x, least)
    if i is None:
        i = 0
    return x[i] ** 2 * least + x[first_above(x, -9.0)]


def real_root(a, b, c):
    if a > 5.0:
        return None
    return root(a, b, c)


def through_another(a, b, c):
    if real_root(a, b, c) is None:
        return a * c
    if (r := real_root(a, 2.0 * b, c)) is not None and r > 0.0:
        return r * b
    s = real_root(a, b, c)
    return c if s is None else s


def clear_above(x, most):
    for i in range(len(x)):
        if x[i] > most:
            x[i] = most
            if i > 1:
                return
    return most


def called_for_its_effect(x, most):
    y = x * 2.0
    clear_above(y, most)
    return np.sum(y * y) * most


def bias_of(p, name):
    if name not in p:
        return None
    return p[name][0]


def matrix_for(W, kind):
    if kind == 1:
        return None
    return W * 2.0


def none_when_it_is_read(W, x):
    p = {"b": x}
    plain, doubled = matrix_for(W, 1), matrix_for(W, 2)
    y = W @ x if plain is None else plain @ x
    b, c = bias_of(p, "b"), bias_of(p, "c")
    if b is not None:
        y[0] += b
    return np.sum(y * (doubled @ x)) if c is None else np.sum(c @ x)


RAY = np.array([0.0, 0.1, 1.0])
SPHERES = (np.array([[0.0, 0.0, 5.0], [0.0, 1.0, 3.0], [9.0, 9.0, 9.0]]), np.array([1.0, 1.2, 1.0]))
CASES = [
    Case(square_of_a_root, (1.0, -3.0, 1.0)),
    Case(square_of_a_root, (1.0, 1.0, 1.0)),
    Case(nearest_sphere, (np.zeros(3), RAY, *SPHERES)),
    Case(nearest_sphere, (np.zeros(3), -RAY, *SPHERES)),
    Case(element_by_place, (sample(5), 0.1)),
    Case(element_by_place, (sample(5), 9.0)),
    Case(called_for_its_effect, (sample(5), 0.3)),
    Case(none_when_it_is_read, (sample(3, 3), sample(3, seed=1))),
    Case(through_another, (1.0, -3.0, 1.0)),
    Case(through_another, (6.0, -3.0, 0.1)),
    Case(through_another, (1.0, 3.0, 1.0)),
]
