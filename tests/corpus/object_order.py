"""Fields of objects that are read before what follows writes them, in every trip of a loop."""

import numpy as np

from tests.corpus.case import Case


class P:
    def __init__(self, x):
        self.x = x

    def step(self):
        self.x = self.x * 2.0

    def swap(self, v):
        self.x = 3.0 * v + self.x
        return v

    def pair(self):
        return (self.x, self.x**2)


def g(a, p):
    p.step()
    return a * p.x


def h(a, f):
    f()
    return a


def get(p):
    return p.x


def both(p):
    return p.x, get(p)


def given_before_a_step(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += g(p.x, p)
    return s


def given_to_its_own_method(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += p.swap(p.x) * p.x
    return s


def given_beside_a_function(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += h(p.x, lambda: p.step()) + p.x
    return s


def fields_in_a_pair(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        t = p.pair()
        a, b = p.x, t
        p.step()
        s += t[0] * b[1] + a
    return s


def fields_in_a_dict(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        d = {"k": p.x, "l": [p.x, 1.0]}
        rest = [p.x]
        rest.append(p.x)
        p.step()
        s += d["k"] * d["l"][0] + rest[0] * rest[1] * p.x
    return s


def field_of_another(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        q = P(p.x)
        p.step()
        s += q.x * p.x
    return s


def array_given_before_a_step(x, n):
    p = P(np.array([x, 2 * x]))
    s = 0.0

    def use(w, p):
        p.x = p.x * 2
        return w.sum() + p.x.sum()

    for i in range(n):
        s += use(p.x, p)
    return s


def in_a_comprehension(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        r = [v * p.x for v in (p.x, 2 * p.x)]
        z = (p.x if n > 2 else 0.0) + 0 * (p.step() or 0.0)
        s += z * p.x + r[1]
    return s


def as_a_default(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        def k(a, b=p.x):
            return a * b * p.x

        p.step()
        s += k(p.x)
    return s


def on_both_sides(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += p.x + (p.step() is None) * p.x
    return s


def names_of_a_field(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        a = b = p.x
        p.x += 1.0
        c, p.x = p.x, a * 2
        s += a * b * c + p.x
    return s


def fields_exchanged(x, n):
    p = P(x)
    q = P(2 * x)
    s = 0.0
    for i in range(n):
        p.x, q.x = q.x, p.x + 0.5
        s += p.x * (i + 1)
    return s * q.x


def tuple_in_a_field(x, n):
    p = P((x, 1.0))
    s = 0.0
    for i in range(n):
        a = p.x
        p.x = (a[1], a[0] + x)
        s += a[0] * p.x[0]
    return s


def array_under_another_name(x, n):
    p = P(np.array([x, 2 * x]))
    s = 0.0
    for i in range(n):
        w = p.x
        p.x = w * 1.5
        s += w.sum() * p.x[0]
        v = p.x
        p.x += 1.0
        s += v[1]
    return s


def in_a_tuple_of_tuples(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        t = (p.x, 1.0, (p.x, 2.0))
        p.step()
        s += t[0] * p.x + t[2][0]
    return s


def by_a_getter(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += g(get(p), p) + g(*both(p)[:1], p)
    return s


def in_a_function_inside(x, n):
    p = P(x)
    s = 0.0

    def inner(a):
        before = a
        p.step()
        return before + a

    for i in range(n):
        s += inner(p.x) * inner(a=p.x)
    return s


def two_calls_deep(x, n):
    p = P(x)
    s = 0.0

    def deep(a, k):
        return mid(a, k) * a

    def mid(b, k):
        p.step()
        return b + k

    for i in range(n):
        s += deep(p.x, i)
    return s


def in_greatest_and_least(x, n):
    p = P(x)
    s = 0.0
    for i in range(n):
        s += max(p.x, p.swap(0.1)) + min(p.swap(p.x), p.x) + abs(p.x) ** p.swap(0.01)
    return s


def array_and_its_reverse(x, n):
    p = P(np.array([x, 2 * x]))
    s = 0.0

    def use(w, v, p):
        p.x = w * 2 + v[0]
        return w.sum() + v[1] + p.x.sum()

    for i in range(n):
        s += use(p.x, p.x[::-1], p)
    return s


def two_objects_in_turn(x, n):
    ps = [P(x), P(2 * x)]
    s = 0.0
    for i in range(n):
        for p, q in zip(ps, ps[::-1]):
            p.x = p.x + 0.1 * q.x
            s += g(q.x, p)
    return s


def until_forty(x, n):
    p = P(x)
    s = 0.0
    while p.x < 40:
        y = p.x
        if y > 5:
            p.step()
        else:
            p.x += 1.0
        s += y * p.x
    return s


CASES = [
    Case(given_before_a_step, (1.3, 4)),
    Case(given_to_its_own_method, (1.3, 4)),
    Case(given_beside_a_function, (1.3, 4)),
    Case(fields_in_a_pair, (1.3, 4)),
    Case(fields_in_a_dict, (1.3, 4)),
    Case(field_of_another, (1.3, 4)),
    Case(array_given_before_a_step, (1.3, 4)),
    Case(in_a_comprehension, (1.3, 4)),
    Case(as_a_default, (1.3, 4)),
    Case(on_both_sides, (1.3, 4)),
    Case(names_of_a_field, (1.3, 4)),
    Case(fields_exchanged, (1.3, 4)),
    Case(tuple_in_a_field, (1.3, 4)),
    Case(array_under_another_name, (1.3, 4)),
    Case(in_a_tuple_of_tuples, (1.3, 4)),
    Case(by_a_getter, (1.3, 4)),
    Case(in_a_function_inside, (1.3, 4)),
    Case(two_calls_deep, (1.3, 4)),
    Case(in_greatest_and_least, (1.3, 4)),
    Case(array_and_its_reverse, (1.3, 4)),
    Case(two_objects_in_turn, (1.3, 4)),
    Case(until_forty, (1.3, 4)),
]
