"""What is evaluated when, and what a name stands for by then: effects between operands, functions that are returned."""

from functools import wraps

import numpy as np
from numba import njit

from tests.corpus.case import Case


def doubling(f):
    @wraps(f)
    def square(v):
        return 2.0 * f(v)

    return square


@doubling
def square(v):
    return v * v


@doubling
@njit
def cube(v):
    return v * v * v


def tripled(a):
    a[0] = a[0] * 3.0
    return 2.0 * a[1]


def place(a):
    a[0] = a[0] * 3.0
    return 1


def names_bound_in_targets_and_indices(a, x):
    i = 2
    a[(i := 1)] = i * x
    i = 0
    s = a[i + (i := 1)] * np.sum(a[i : (i := 3)] ** 2) * i
    items = [x, 2.0 * x, 3.0 * x]
    i = 0
    items[i] += (i := 1) * x
    d = {"a": x, "b": (x := 2.0 * x)}
    x += (x := 2.0 * x) * 3.0
    b = 1.0
    r = x if 0.0 < b < (b := 0.5) else 3.0 * x
    return s * items[0] * items[1] + items[2] + d["a"] * d["b"] ** 2 + r * b


def names_bound_in_indices_of_a_matrix(A):
    i = 0
    s = A[i, (i := 1)] * A[i, i]
    return s * np.sum(A[i - 1 : 2, (i := 1) :]) * i


def effects_between_operands(a):
    y = 2.0 if a[0] < tripled(a) < 10.0 else a[0]
    s = np.hypot(a[0], tripled(a)) + max(a[0], tripled(a)) * (2.0 * a)[place(a) - 1]
    a[place(a)] = a[0]
    d = {"p": a[0], "q": tripled(a), "r": a[0]}
    return s * y + d["p"] + 10.0 * d["q"] + 100.0 * d["r"]


def effects_on_a_list_that_grew(a, n):
    items = []
    for i in range(n):
        items.append(a[i])

    def changed():
        items[0] = items[0] * 3.0
        return items[1]

    items[0] += changed()
    items[0] *= changed()
    items[n - 2] -= changed()
    i = 0
    items[i] += (i := 1) * 2.0
    return items[0] * items[1] + items[2]


def arguments_of_lambdas_are_computed_first(a, x):
    changed = lambda: tripled(a)
    g = lambda v: changed() + v
    h = lambda v: tripled(a) * v
    k = lambda v: sum(v * i for i in range(3))
    return g(a[0]) * h(a[0] * x) + k(a[0] * 2.0) * (lambda v: (t := a[0] * 2.0) * v * t)(a[1])


def functions_outlive_what_their_arguments_were_called(a, x):
    def times(k):
        return lambda v: k * v

    def line(t):
        def at(v):
            return t[0] * v + t[1]

        return at, t[0]

    def total(w):
        return lambda v: np.sum(w) * v

    k, t = 2.0 * x, (x, 2.0 * x)
    f, (g, _), h = times(k), line(t), total(a)
    k, t = 3.0, (5.0, 6.0)
    a = a * 2.0
    return f(x) * k + g(x) * t[0] + h(x) * a[0]


def else_of_a_loop_whose_test_binds(x):
    s, k = 0.0, 7
    while (k := k - 1) > 0 and s < 50.0:
        if k % 2:
            continue
        s += x**k
    else:
        s *= x
    while (k := k + 1) < 5:
        s += x
        if k == 3:
            break
    else:
        s *= 100.0
    return s + k


def any_and_all_end_where_they_are_decided(a, x):
    w = u = 0.0
    if any((w := v) > 1.0 for v in a):
        x = x * w
    if not all((u := v) > -3.0 for v in (a[0], a[1], -4.0, a[2])):
        x = x * u
    return x * x + w


def arrays_in_dicts_and_lists_updated_in_place(a, b, n):
    d = {"u": a, "v": b, "x": a[0]}
    x = d["x"]
    for _ in range(n):
        d["u"] += b
        d["v"] *= 1.5
        d["x"] *= a[1]
    items = [a, b]
    items[0] += b
    items[-1] -= a
    return np.sum(a * b * items[0]) + d["x"] * x


def items_written_where_a_loop_has_been(x):
    d = {"u": x, "w": 2.0 * x, "z": 3.0 * x}
    for key, v in d.items():
        d[key] = v * v
    items = [x, 2.0 * x, 3.0 * x]
    for i, v in enumerate(items):
        items[i] = v + d["w"]
        items[0] += v
    for v in list(d.values()):
        d["z"] += v
    return d["u"] * d["w"] + d["z"] * items[0] * items[1] * items[2]


def slices_of_a_list_are_copies(x, n):
    items = []
    for i in range(n):
        items.append(x * i)
    s = 0.0
    for v in items[1:]:
        s = s * 2.0 + v
        items[2] = 7.0 * x * v
    return s + items[2]


def what_decorators_add_and_texts_say(x):
    mode = "abc"
    y = square(x) + cube(x)
    return y * x if mode[0] == "a" and mode[1:] == "bc" else y


def tests_that_are_factors_add_up(a):
    return np.any(a > 1.0) * a[0] + (a.max() > 1.0) * a[0]


POINT = np.array([0.5, 1.5, -2.0])
OTHER = np.array([-0.4, 0.9, 1.1])
SQUARE = np.array([[0.5, 1.5, -0.3], [-0.7, 0.9, 0.2], [0.1, -1.1, 0.8]])

CASES = [
    Case(names_bound_in_targets_and_indices, (POINT, 0.7)),
    Case(names_bound_in_indices_of_a_matrix, (SQUARE,)),
    Case(effects_between_operands, (POINT,)),
    Case(effects_on_a_list_that_grew, (POINT, 3)),
    Case(arguments_of_lambdas_are_computed_first, (POINT, 0.7)),
    Case(functions_outlive_what_their_arguments_were_called, (POINT, 0.7)),
    Case(else_of_a_loop_whose_test_binds, (0.7,)),
    Case(any_and_all_end_where_they_are_decided, (POINT, 0.7)),
    Case(arrays_in_dicts_and_lists_updated_in_place, (POINT, OTHER, 2)),
    Case(items_written_where_a_loop_has_been, (0.7,)),
    Case(slices_of_a_list_are_copies, (0.7, 4)),
    Case(what_decorators_add_and_texts_say, (0.7,)),
    Case(tests_that_are_factors_add_up, (POINT,)),
]
