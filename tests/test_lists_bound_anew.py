"""Lists and dicts under two names, one of which a branch or loop may bind anew, or a callee give back."""

import pytest

from tests.aliases import check_right_or_refused


def doubled(items, n):
    q = items
    for _ in range(n):
        q = [2.0 * v for v in q]
    return q


def reduced(q):
    while len(q) > 1:
        q = [a + 0.5 * b for a, b in zip(q[:-1], q[1:], strict=True)]
    return q


def through_another(items):
    return reduced(items)


def picked(a, b, n):
    q = a
    for _ in range(n):
        q = b
    return q


def given_or_new(items, n):
    if n == 0:
        return items
    return [2.0 * v for v in items]


def given_or_longer(items, n):
    if n == 0:
        return items
    return [2.0 * v for v in items] + [1.0]


def dict_given_or_new(d, n):
    if n == 0:
        return d
    return {"a": 2.0 * d["a"], "b": 1.0}


class Holder:
    def __init__(self, items):
        self.items = items

    def put(self, v):
        self.items[0] = v


def result_is_written(x, n):
    items = [x * k for k in range(n)]
    r = doubled(items, n - 3)
    r[1] = 5.0
    return items[1] * x


def result_of_known_items_is_written(x, n):
    items = [x, x * x]
    r = doubled(items, n - 3)
    r[0] = 5.0
    return items[0] * x


def argument_is_written(x, n):
    items = [x * k for k in range(n)]
    r = doubled(items, n - 3)
    items[1] = 5.0
    return r[1] * x


def grown_after_a_loop(x, n):
    items = [x, x * x]
    q = items
    for _ in range(n - 3):
        q = [2.0 * v for v in q]
    items.append(x)
    return q[0] * len(q) * len(items)


def written_under_a_third_name(x, n):
    items = [x, x * x]
    q = items
    for _ in range(n - 3):
        q = [2.0 * v for v in q]
    r = q
    r[0] = 5.0
    return items[0] * x


def written_after_a_branch(x, n):
    items = [x, x * x]
    q = items
    if n == 4:
        q = [2.0 * v for v in q]
    items[0] = 5.0
    return q[0] * items[1]


def written_in_a_dict(x, n):
    items = [x, x * x]
    d = {"a": items}
    q = items
    for _ in range(n - 3):
        q = [2.0 * v for v in q]
    d["a"][0] = 5.0
    return q[0] * x


def written_by_an_object(x, n):
    items = [x, x * x]
    holder = Holder(items)
    q = items
    for _ in range(n - 3):
        q = [2.0 * v for v in q]
    holder.put(5.0)
    return q[0] * x


def written_by_a_function_inside(x, n):
    items = [x, x * x]

    def put(v):
        items[0] = v

    q = items
    for _ in range(n - 3):
        q = [2.0 * v for v in q]
    put(5.0)
    return q[0] * x


def bound_to_the_list_of_a_caller(x, n):
    a, b = [x * k for k in range(n)], [x + k for k in range(n)]
    r = picked(a, b, n - 2)
    b[0] = 5.0
    return r[0] * x


def written_in_a_later_trip(x, n):
    items, s = [x * k for k in range(n)], 0.0
    items.append(x)
    for k in range(n):
        q = items
        while len(q) > 1:
            q = [a * b + x for a, b in zip(q[:-1], q[1:], strict=True)]
        s += q[0]
        items.append(x * k)
    return s * len(items)


def second_result_is_written(x, n):
    items = [x * k for k in range(n)]
    a = doubled(items, n)
    b = doubled(items, n - 3)
    b[1] = 5.0
    return items[1] * a[1]


def given_back_through_another(x):
    items = [x]
    q = through_another(items)
    q[0] = 7.0
    return items[0] * x


def dict_written_after_a_loop(x, n):
    d = {"a": x, "b": x * x}
    q = d
    for _ in range(n - 3):
        q = {"a": q["a"] * 2.0, "b": q["b"]}
    q["a"] = 5.0
    return d["a"] * x


def given_back_and_written(x, n):
    items = [x, x * x]
    r = given_or_new(items, n)
    r[0] = 5.0
    return items[0] * x


def given_back_and_grown(x, n):
    items = [x, x * x]
    r = given_or_longer(items, n - 3)
    r[0] = 5.0
    return items[0] * x


def dict_given_back_and_written(x, n):
    d = {"a": x, "b": x * x}
    r = dict_given_or_new(d, n)
    r["a"] = 5.0
    return d["a"] * r["b"]


def one_of_an_object(x, n):
    holder = Holder([x, x * x])

    def get(k):
        if k == 0:
            return holder.items
        return [1.0, 2.0, x]

    r = get(n - 3)
    r[0] = 3.0
    return holder.items[0] * x


def one_from_around(x, n):
    items = [x * k for k in range(n)]

    def get(k):
        if k > 2:
            return items
        return [x]

    r = get(n)
    r[0] = 4.0
    return items[0] + x


def nothing_written(x, n):
    items = [x, x * x, 1.0 + x]
    more = [x * k for k in range(n)]
    more.append(x)
    q, t = items, more
    for _ in range(n):
        q = [2.0 * v for v in q]
    while len(t) > 1:
        t = [a + x * b for a, b in zip(t[:-1], t[1:], strict=True)]
    a = doubled(more, n)
    b = doubled(more, n - 3)
    return q[0] * items[1] * t[0] + reduced(items)[0] * sum(reduced(items)) + doubled(more, n)[1] * a[0] + sum(b)


def nothing_written_that_is_given_back(x, n):
    items = [x, x * x, 1.0 + x]
    d = {"a": x, "b": x * x}
    e, r = dict_given_or_new(d, n), reduced([x, 2.0, x])
    f = given_or_new(items, n - 3)
    return e["a"] * d["a"] + r[0] * f[0] * items[1] + sum(given_or_longer([x, x], n))


def written_before(x, n):
    items = []
    for k in range(n):
        items.append(x * k + 1.0)
    path = [items]
    path.append([x])

    def at(t):
        q = items
        while len(q) > 1:
            q = [(1.0 - t) * a + t * b for a, b in zip(q[:-1], q[1:], strict=True)]
        return q[0]

    return at(0.3) * at(x) * len(path)


REFUSED = (
    result_is_written, result_of_known_items_is_written, argument_is_written, grown_after_a_loop,
    written_under_a_third_name, written_after_a_branch, written_in_a_dict, written_by_an_object,
    written_by_a_function_inside, bound_to_the_list_of_a_caller, written_in_a_later_trip, given_back_through_another,
    second_result_is_written,
    dict_written_after_a_loop, given_back_and_written, given_back_and_grown, dict_given_back_and_written,
    one_of_an_object, one_from_around,
)  # fmt: skip
REASONS = ("has other names", "bound anew", "becomes another list or dict", "one of several", "starts anew")
RIGHT = (nothing_written, nothing_written_that_is_given_back, written_before)


@pytest.mark.parametrize("function", [*REFUSED, *RIGHT], ids=lambda f: f.__name__)
def test_right_or_refused(function):
    check_right_or_refused(function, function in REFUSED, REASONS)
