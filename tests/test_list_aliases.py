"""Two names of one list or dict: both see what is written, or the function is refused."""

import numpy as np
import pytest

import srcgrad as sg
from tests.aliases import check_right_or_refused

TABLE = [1.0, 2.0]
OPTIONS = {"k": 1.0}


def written_through_the_other(x):
    a = [x, 2.0 * x]
    b = a
    b[0] = x * x
    return a[0] * a[1]


def grown_under_one_name(x):
    a = [x, 2.0 * x]
    b = a
    a.append(x)
    return b[2] * a[1] + len(b)


def dict_of_two_names(x):
    d = {"k": x}
    e = d
    e["k"] = x * x
    return d["k"]


def copies(x):
    d = {"k": x}
    e = d.copy()
    e["k"] = x * x
    f = dict(d)
    f["k"] = 3.0 * x
    return d["k"] * e["k"] * f["k"]


def inner_list(x):
    a = [[x], [2.0 * x]]
    r = a[0]
    r[0] = x * x
    return a[0][0]


def list_in_a_tuple(x):
    a = [x, x]
    t = (a, 1.0)
    a[0] = x * x
    return t[0][0]


def written_by_a_closure(x):
    a = [x, x]
    def g():
        a[0] = 3.0 * x
        return a[1]
    return g() * a[0]


def written_by_a_callee(x):
    a = [x, x]
    def g(q):
        q[0] = 3.0 * x
        return 1.0
    g(a)
    return a[0]


def second_name_in_a_loop(x, n):
    a = [x, x]
    for i in range(n):
        b = a
        b[0] = b[0] * x
    return a[0]


def chosen_list(x, n):
    a = [x, x]
    b = a if n > 2 else [1.0, 2.0]
    b[0] = 3.0
    return a[0] * b[1]


def list_of_lists(x):
    a = [x, x]
    b = [y for y in (a, a)]
    b[0][0] = 3.0
    return a[0] * x


def unpacked(x):
    a, b = [x], [x]
    c, d = a, b
    c[0] = 3.0 * x
    return a[0] * d[0]


def list_in_a_dict(x):
    p = {"w": [x, x]}
    q = p["w"]
    q[0] = x * x * x
    return p["w"][0]


def same_list_twice_in_a_loop(x):
    a = [x]
    for b in (a, a):
        b[0] = b[0] * x
    return a[0]


def longer_in_place(x):
    a = [x, 1.0]
    a += [x * x]
    b = a
    b += [3.0 * x]
    return len(a) * x + a[2]


def grown_through_a_loop_variable(x):
    a = [x, 1.0]
    for b in [a]:
        b.append(x)
    return len(a) * x


def captured_list(x):
    r = TABLE
    r[0] = x
    return r[0] * r[1]


def captured_dict(x):
    d = OPTIONS
    d["k"] = x
    return d["k"]


def renamed_by_a_callee(x):
    a = [x, x]
    def g(q):
        r = q
        r[0] = 3.0 * x
        return 1.0
    g(a)
    return a[0]


def renamed_by_a_closure(x):
    a = [x, x]
    def g():
        r = a
        r[0] = 3.0 * x
        return 1.0
    g()
    return a[0]


def item_of_a_comprehension(x):
    a = [x, x]
    b = [y for y in (a, a)]
    r = b[0]
    r[0] = 3.0
    return a[0] * x


def longer_in_place_in_a_loop(x, n):
    a = [x]
    for i in range(n):
        a += [x * i]
    b = [0.0] * n
    b += [x]
    return len(a) * x + a[2] + b[-1]


def two_names_at_once(x):
    a = b = [x, 2.0 * x]
    a[0] = x * x
    c = d = []
    c.append(x)
    return b[0] * b[1] + sum(d) * len(d)


def dict_of_two_names_at_once(x):
    a = b = {"k": x}
    a["k"] = x * x
    return b["k"]


def longer_in_place_in_a_callee(x):
    def g(q):
        q += [2.0]
        return q
    a = [x, x]
    b = g(a)
    return len(a) * x + b[0]


def grown_and_bound_anew_in_a_callee(x):
    def g(q, n):
        if n > 7:
            q = [1.0]
        q.append(2.0)
        return q[0]
    a = [x, x]
    return g(a, 3) * len(a)


def returned_by_a_callee(x):
    def g(q):
        return q
    a = [x, x]
    b = g(a)
    b[0] = 3.0 * x
    return a[0] * x


def read_before_it_is_bound(x, n):
    s = 0.0
    for k in range(n):
        if k > 0:
            s += y[0] * len(y)  # noqa: F821
        y = [x]
        y.append(k)
    return s * y[0]


def longer_dict_in_a_callee(x):
    def g(d):
        d |= {"k": 3.0}
        return 1.0
    d = {"k": x}
    return g(d) * d["k"]


def longer_dict_of_two_names(x):
    d = dict(k=x)
    e = d
    e |= {"k": x * x}
    return d["k"]


def joined_dicts(x):
    d = {"k": x}
    e = d
    e = e | {"k": x * x}
    return d["k"] * e["k"]


def chosen_by_a_callee(x, n):
    def g(p, q):
        if n > x:
            return p
        return q
    a = {"k": x}
    b = g({"k": 2.0}, a)
    b["k"] = 3.0 * x
    return a["k"]


def chosen_dict(x, n):
    a = {"k": x}
    b = {"k": 2.0} if n < x else a
    b["k"] = 3.0 * x
    return a["k"]


def renamed_and_returned(x):
    def g(p):
        q = p
        return q
    a = {"k": x}
    b = g(a)
    b["k"] = 3.0 * x
    return a["k"]


def renamed_on_one_path_and_returned(x):
    def g(p):
        q = {"k": 2.0}
        if x > 0.0:
            q = p
        return q
    a = {"k": x}
    b = g(a)
    b["k"] = 3.0 * x
    return a["k"]


def dict_that_callees_read(x, n):
    def loss(p, m=1.0):
        q = dict(p, more=m)
        return p["w"] * p["b"] + other(q)
    def other(p):
        return p["w"] ** 2 if "more" in p else 0.0
    def step(p, rate):
        p = dict(p)
        for k in p:
            p[k] = p[k] * (1.0 - rate)
        return p
    p = {"w": x, "b": 2.0}
    for k in range(n):
        s = loss(p)
        g = sg.grad(loss)(p)
        p["w"] = p["w"] - 0.1 * s * g["w"]
        p["b"] -= 0.01 * g["b"]
        p = step(p, 0.1)
    return loss(m=2.0, p=p)


def same_list_twice(x):
    def g():
        q = [x, 2.0 * x]
        return q, q
    a, b = g()
    a[0] = x * x
    return b[0] * b[1]


def of_an_earlier_trip(x, n):
    s = 0.0
    for k in range(n):
        y = []
        for i in range(2):
            y.append(x * k)
        p = (y, 2.0)
        if k == 1:
            first = p
        if k > 0:
            s += sum(first[0])
    return s


def array_put_and_written(u, n):
    h = []
    for i in range(n):
        h.append(u)
        u[0] = u[0] * 2.0
    return sum(np.sum(v) for v in h)


def array_put_in_a_tuple_and_written(u, n):
    h = []
    for i in range(n):
        h.append((u, i))
        u[0] = u[0] * 2.0
    return sum(np.sum(v) * i for v, i in h)


def row_put_and_written(u, n):
    rows = []
    a = np.outer(u, u)
    for i in range(u.size):
        rows.append(a[i])
    a[0, 0] = 5.0
    return sum(np.sum(v) for v in rows)


def item_written(u, n):
    h = []
    for i in range(n):
        h.append(u)
    h[0][0] = 7.0
    return sum(np.sum(v) for v in h)


def items_of_their_own_written(u, n):
    h = []
    for i in range(n):
        w = np.zeros(2)
        w[0] = u[1] * i
        h.append(w)
    for i in range(n):
        h[i][1] = u[0] * i
        h[i] += u
    v = h[1]
    v[0] = 7.0
    return sum(np.sum(w) * k for k, w in enumerate(h))


def copies_put(u, n):
    h = [u.copy()]
    for i in range(n):
        u = np.sin(u) + 0.1
        h.append(u)
    return np.sum(h[0] * h[-2])


def last_one_written(u, n):
    h = [u.copy()]
    for i in range(n):
        u = np.sin(u) + 0.1
        h.append(u)
    u[0] = 3.0
    return np.sum(h[-1])


def arrays_made_one(u, n):
    m = np.array([u, 2.0 * u])
    m[0] = m[1] * u
    u[0] = 3.0
    return np.sum(m) + u[1]


FUNCTIONS = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__]
REFUSED = {
    chosen_list, list_of_lists, captured_list, captured_dict, item_of_a_comprehension, array_put_and_written,
    array_put_in_a_tuple_and_written, row_put_and_written, item_written, last_one_written, longer_in_place_in_a_callee,
    read_before_it_is_bound, of_an_earlier_trip, longer_dict_in_a_callee, chosen_by_a_callee,
    renamed_on_one_path_and_returned, chosen_dict,
}  # fmt: skip
REASONS = (
    "another name", "can(not)? be assigned", "put into a list", "other names", "cannot grow here",
    "used before it is assigned", "different paths|some paths", "one list or dict of two",
    "becomes another list or dict", "one of several",
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_right_or_refused(function):
    check_right_or_refused(function, function in REFUSED, REASONS)
