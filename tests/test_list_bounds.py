"""Items a list does not have: the same errors as Python's, in compiled code too."""

import math

import numba
import numpy as np
import pytest

import srcgrad as sg
from tests.random_programs.compare import plain_gradient


def grown(x, n):
    xs = []
    for k in range(n):
        xs.append(math.sin(x * k))
    return xs


def item(x, n, k):
    xs = grown(x, n)
    return xs[k] * x


def last(x, n):
    xs = grown(x, n)
    return xs[-1] * x


def popped(x, n, k):
    xs = grown(x, n)
    for _ in range(k):
        x += xs.pop()
    return x


def written(x, n, k):
    xs = grown(x, n)
    xs[k] = x * x
    xs[k] += x
    return sum(xs) * xs[k]


def largest(x, n):
    return max(grown(x, n)) * x


INSIDE = [
    (item, (0.3, 10, 9)), (item, (0.3, 10, -10)), (last, (0.3, 1)), (popped, (0.3, 9, 9)), (written, (0.3, 9, 8)),
    (written, (0.3, 9, -9)), (largest, (0.3, 3)),
]  # fmt: skip
OUTSIDE = [
    (item, (0.3, 10, 10), IndexError), (item, (0.3, 10, -11), IndexError), (last, (0.3, 0), IndexError),
    (popped, (0.3, 9, 10), IndexError), (written, (0.3, 9, 9), IndexError), (written, (0.3, 9, -10), IndexError),
    (largest, (0.3, 0), ValueError),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), INSIDE)
def test_items_there_are(function, args):
    value, slope = sg.value_and_grad(function)(*args)
    x, *others = args
    assert value == pytest.approx(function(*args), rel=1e-13)
    step = 1e-6
    assert slope == pytest.approx((function(x + step, *others) - function(x - step, *others)) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(("function", "args", "error"), OUTSIDE)
def test_items_there_are_not(function, args, error):
    with pytest.raises(error):
        function(*args)
    with pytest.raises(error, match=r"test_list_bounds\.py:\d+"):
        sg.value_and_grad(function)(*args)


def by_length_of_a_list(x, y):
    xs = []
    for v in x:
        xs.append(v * y[len(xs)])
    return xs[0] * xs[-1]


def by_length_of_what_is_chosen(x, y):
    chosen = np.array([v for v in x if v > 0.0])
    return chosen[0] * y[len(chosen)]


def by_count_of_places(x, y):
    places = np.where(x > 0.0)[0]
    return x[places[0]] * y[len(places)]


@pytest.mark.parametrize("function", [by_length_of_a_list, by_length_of_what_is_chosen, by_count_of_places])
def test_the_length_of_a_list_is_inside_no_other_array(function, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    x = np.array([0.3, 0.5, 0.7])
    for call in (sg.differentiable(function), sg.value_and_grad(function)):
        call(x, np.ones(4))
        with pytest.raises(IndexError, match=r"out of bounds for axis 0 with size 2: .*test_list_bounds\.py:"):
            call(x, np.ones(2))


def left_before_the_last_item(x, k):
    s = 0.0
    for q in [x[i] for i in range(k)]:
        s += q
        if s > 0.5:
            break
    return s


def test_a_list_is_made_before_the_loop_that_leaves_it_early():
    with pytest.raises(IndexError):
        plain_gradient(left_before_the_last_item, (np.ones(3), 5), (0,))


def one_element_put(x, k):
    parts = [x * i for i in range(k)]
    parts[1] = x[:1]
    return np.sum(np.array(parts) ** 2)


def test_an_array_of_one_element_is_not_repeated_as_an_item_of_a_list():
    with pytest.raises(ValueError, match="the arrays in a list differ in size"):
        plain_gradient(one_element_put, (np.arange(1.0, 6.0), 2), (0,))


def put_at_the_start(items, values):
    items[0:2] = values
    return items[0]


def callers_list_made_longer(x):
    items = [v * v for v in x]
    return put_at_the_start(items, [x[0]]) * items[1]


def spread_over_a_part(x):
    items = [v * v for v in x]
    items[::2] = x[:1]
    return items[2]


@pytest.mark.parametrize("f", [callers_list_made_longer, spread_over_a_part])
def test_a_part_of_a_list_that_keeps_its_length_takes_as_many_items(f):
    with pytest.raises(ValueError, match=r"a part of a list gets another number of items.*test_list_bounds\.py:"):
        plain_gradient(f, (np.arange(1.0, 6.0),), (0,))
