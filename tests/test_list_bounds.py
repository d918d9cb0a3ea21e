"""Items a list does not have: the same errors as Python's, in compiled code too."""

import math

import pytest

import srcgrad as sg


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
    with pytest.raises(error):
        sg.value_and_grad(function)(*args)
