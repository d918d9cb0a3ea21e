"""Lists in lists, and lists that get longer, under several names: all see what is written, or it is refused."""

import numpy as np
import pytest

from tests.aliases import check_right_or_refused


def row_with_another_name(x):
    row = [x, 1.0]
    m = [row, [x, 1.0]]
    m[0][1] = x * 7.0
    return row[1] * m[0][1]


def one_row_twice(x):
    m = [[0.0] * 2] * 2
    m[0][1] = x * 7.0
    return m[1][1] * x


def rows_of_two_lists(x):
    m = [[0.0, x], [x, 1.0]]
    k = list(m)
    k[0][0] = x * 3.0
    return m[0][0] * x


def rows_of_two_lists_by_a_comprehension(x):
    m = [[0.0, x], [x, 1.0]]
    k = [row for row in m]
    k[0][0] = x * 3.0
    return m[0][0] * x


def row_put_twice(x):
    m = [[0.0, x], [x, 1.0]]
    m[0] = m[1]
    m[1][0] = x * x
    return m[0][0]


def row_that_goes_on(x, n):
    m = []
    row = [x, 2.0]
    for k in range(n):
        row[0] = row[0] * 2
        m.append(row)
    m[0][1] = x
    return m[2][0] * m[1][1]


def row_replaced(x, n):
    m = [[0.0] * n for _ in range(n)]
    r = m[1]
    m[1] = [x, 2.0 * x, 3.0 * x]
    r[0] = x
    return r[0] * m[1][1] + m[1][0]


def rows_change_places_under_names(x):
    m = [[0.0, x], [x, 1.0]]
    r = m[1]
    m[0], m[1] = m[1], m[0]
    r[0] = x * 5.0
    return r[0] * m[0][0] + m[1][0]


def row_under_a_name(x):
    m = [[x, 1.0], [0.5, x]]
    r = m[0]
    r[1] = x * 5.0
    return m[0][1] * m[1][1]


def two_names_of_rows(x):
    m = [[0.0, x], [x, 1.0]]
    k = m
    k[0][0] = x * 3.0
    return m[0][0] * x


def copies_of_rows(x):
    m = [[0.0, x], [x, 1.0]]
    k = [list(row) for row in m]
    k[0][0] = x * 3.0
    return m[0][0] * x + k[0][0]


def popped_and_appended(x):
    a = [x, 0.4, x * 0.4]
    a.append(a.pop(0))
    a.insert(1, a.pop())
    a.extend([a.pop(), a.pop(0)])
    return a[0] + 2 * a[1] + 3 * a[2]


def popped_in_an_update(x):
    a = [x, 0.4, x * 0.4]
    a[0] += a.pop()
    return a[0] * a[1] * len(a)


def popped_in_an_update_of_a_dict(x):
    d = {"a": x, "b": x * x}
    d["a"] += d.pop("b")
    return d["a"] * len(d)


def popped_and_put(x):
    a = [x, 0.4, x * 0.4, x * x]
    a[0] = a.pop() * a[0]
    a[0], a[1] = a[1], a.pop()
    d = {"a": x, "b": x * x}
    d["a"] = d.pop("b") * d["a"]
    d.setdefault("e", d.pop("a"))
    return a[0] * len(a) * d["e"] * len(d)


def longer_under_a_second_name(x, n):
    a = [x * i for i in range(n)]
    b = a
    b.append(0.4)
    c = b
    z = c.pop(0)
    b[0] = 3.0 * x
    return sum(v * (i + 1) for i, v in enumerate(a)) + len(a) * x + z


def longer_under_a_second_name_in_a_loop(x, n):
    a = [x * i for i in range(n)]
    for _ in range(2):
        b = a
        b.append(x)
    return len(a) * x + a[-1]


def longer_in_a_tuple(x, n):
    a = [x * i for i in range(n)]
    c = (a, 1.0)
    b = a
    b.append(x)
    return len(c[0]) * x


def item_of_a_copied_list_updated(u, n):
    m = [u * i for i in range(n + 1)]
    k = list(m)
    k[0] *= 3.0
    return np.sum(m[0]) + np.sum(k[1])


def put_and_updated_there(u, n):
    m = [u]
    for _ in range(n):
        m.append(u * 2.0)
    m[0] *= 3.0
    return np.sum(u) + np.sum(m[-1])


def one_array_many_times(u, n):
    m = [u for _ in range(n + 1)]
    m[0] *= 3.0
    return np.sum(m[1]) + np.sum(u)


def one_row_in_two_places(x):
    m = [[x, 0.4], [0.4, 0.16]]
    m[0], r = m[1], m[0]
    m[0][1] = x * 3.0
    return m[1][1] * r[0]


def list_and_array_added(x, n):
    a = [x * i + 0.4 for i in range(n + 1)]
    z = np.array(a)
    a += z
    return sum(a) + len(a) * x


def truth_values_as_places(x, n):
    a = [x, 0.4, x * 0.4]
    for i in range(n):
        a.append(x * i)
    a[x > 0.1] = x * x
    q = [x > i for i in range(n + 1)]
    q[0] += q[0]
    return sum(v * (i + 1) for i, v in enumerate(a)) + a[x > 5.0] + sum(q) * x


def greater_of_two(x):
    m = max((x, 0.4), (0.4, 3.0 * x))
    k = min([x, 1.0], [x * x, 2.0])
    return m[0] + 2.0 * m[1] + k[0] * k[1]


FUNCTIONS = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__]
REFUSED = {
    row_with_another_name, one_row_twice, rows_of_two_lists, rows_of_two_lists_by_a_comprehension, row_put_twice,
    row_that_goes_on, row_replaced, rows_change_places_under_names, popped_in_an_update,
    popped_in_an_update_of_a_dict, longer_under_a_second_name_in_a_loop, longer_in_a_tuple,
    item_of_a_copied_list_updated, put_and_updated_there, one_array_many_times, one_row_in_two_places,
    list_and_array_added,
}  # fmt: skip
REASONS = (
    "put into (a list|'.*')", "other names", "another takes its place", "is changed by", "of a list that grows",
    "a list and an array are added",
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_right_or_refused(function):
    check_right_or_refused(function, function in REFUSED, REASONS)
