"""Loops over `prange`: on several cores where trips are independent, else on one, with a warning of the line."""

import inspect
import warnings

import numba
import numpy as np
import pytest
from numba import prange

import srcgrad as sg
from srcgrad import store
from srcgrad.analysis import warned
from srcgrad.generation import entry


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def rows(A, w):
    y = np.empty(A.shape[0])
    for i in prange(A.shape[0]):
        s = 0.0
        for j in range(A.shape[1]):
            s += np.sin(A[i, j]) ** 2
        y[i] = np.sqrt(s) * w
    total = 0.0
    for i in numba.prange(A.shape[0]):
        if y[i] > 0.5:
            total += y[i] ** 2
    return total


def stencil(x, w):
    y = np.zeros(x.size)
    for i in prange(1, x.size - 1):
        y[i] = w * (x[i - 1] - 2.0 * x[i] + x[i + 1])
    return np.sum(y**2)


def newton(x, w):
    y = np.empty(x.size)
    for i in prange(x.size):
        r = 1.0
        for k in range(6):
            r = r - (r * r * r - x[i] * w) / (3.0 * r * r)
        y[i] = r
    return np.sum(y)


def scan(x, w):
    y = x.copy()
    for i in prange(1, x.size):
        y[i] = y[i - 1] * w + x[i]
    return y[-1]


def carried(x, w):
    s = 1.0
    for i in prange(x.size):
        s = s * w + x[i]
    return s


def gathered(x, w):
    at = np.arange(x.size)[::-1]
    y = np.empty(x.size)
    for i in prange(x.size):
        y[i] = x[at[i] - 1] * w
    return np.sum(y)


def counter_after(x, w):
    for i in prange(x.size):
        x[i] *= w
    return x[i]


def by_two(x, w):
    for i in prange(0, x.size, 2):
        x[i] *= w
    return np.sum(x)


def stopped(x, w):
    for i in prange(x.size):
        if x[i] > 9.0:
            break
        x[i] *= w
    return np.sum(x)


def whole(x, w):
    y, of = np.empty(x.size), np.array([w, x[0], x[1]])
    for i in prange(x.size):
        y[i] = np.argmax(of) * w
    return np.sum(y)


def arrays_made(x, w):
    y = np.empty(x.size)
    for i in prange(x.size):
        t = np.zeros(2)
        t[0] = x[i] * w
        y[i] = t[0] + t[1]
    return np.sum(y)


def printed(x, w):
    for i in prange(x.size):
        print(i)
        x[i] *= w
    return np.sum(x)


def noisy(x, w):
    for i in prange(x.size):
        x[i] *= w * np.random.uniform()
    return np.sum(x)


def shared(x, w):
    y = np.empty(x.size)
    for i in prange(x.size):
        y[i] = x[0] * x[i] * w
    return np.sum(y)


def seen_by(call):
    """Return the result of a call, and the warnings it gives, as they would be given in a new process."""
    warned._shown.clear()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        result = call()
    return result, seen


def headers(text):
    return [line.strip() for line in text.splitlines() if line.strip().startswith("for ")]


X = np.linspace(0.5, 1.5, 7)
ARGS = {rows: (np.arange(12.0).reshape(4, 3), 0.7)}


@pytest.mark.parametrize("f", [rows, stencil, newton])
def test_independent_trips_run_on_several_cores(f, plain):
    args = ARGS.get(f, (X, 0.7))
    (value, gradient), seen = seen_by(lambda: sg.value_and_grad(f, (0, 1))(*args))
    assert seen == []
    assert value == pytest.approx(f(*args), rel=1e-13)
    text = sg.source(sg.grad(f, (0, 1)), *args)
    assert "from numba import prange" in text
    backward = headers(text.split("# backward")[-1])
    assert any("prange" in line for line in backward)
    assert headers(sg.source(sg.differentiable(f), *args))[0].startswith("for i in prange(")
    h = 1e-6
    by_w = (f(args[0], 0.7 + h) - f(args[0], 0.7 - h)) / (2.0 * h)
    assert gradient[1] == pytest.approx(by_w, rel=1e-7)
    step = np.random.default_rng(0).normal(size=args[0].shape)
    along = (f(args[0] + h * step, 0.7) - f(args[0] - h * step, 0.7)) / (2.0 * h)
    assert np.sum(gradient[0] * step) == pytest.approx(along, rel=1e-6)


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (scan, "trips may meet in elements of 'y'"),
        (carried, "'s' is carried from trip to trip"),
        (gathered, "a trip may raise an error"),
        (counter_after, "'i' is read after it"),
        (by_two, "its step is not 1"),
        (whole, "a trip uses a whole array"),
        (arrays_made, "a trip makes an array"),
        (printed, "a trip prints, or calls a function"),
        (noisy, "a trip draws random numbers"),
    ],
)
def test_else_on_one_core_with_a_warning(f, reason, plain, capsys):
    np.random.seed(3)
    value, seen = seen_by(lambda: sg.differentiable(f)(X.copy(), 0.7))
    np.random.seed(3)
    assert value == pytest.approx(f(X.copy(), 0.7), rel=1e-13)
    (one,) = [s for s in seen if issubclass(s.category, sg.SerialLoopWarning)]
    assert f"this loop over prange runs on one core: {reason}" in str(one.message)
    inside = [k for k, line in enumerate(inspect.getsource(f).splitlines()) if "prange(" in line]
    assert one.lineno == f.__code__.co_firstlineno + inside[0]
    assert "prange" not in "".join(headers(sg.source(sg.differentiable(f), X, 0.7)))


def test_a_loop_that_is_left_stays_on_one_core(plain):
    value, seen = seen_by(lambda: sg.differentiable(stopped)(X.copy(), 0.7))
    assert value == pytest.approx(0.7 * np.sum(X))
    assert len(seen) == 1


def test_the_reverse_may_have_to_stay_on_one_core(plain):
    gradient, seen = seen_by(lambda: sg.grad(gathered)(X, 0.7))
    np.testing.assert_allclose(gradient, 0.7)
    what = "the reverse of this loop over prange runs on one core: trips may meet in elements of 'x_bar'"
    assert [what in str(s.message) for s in seen] == [False, True]


def test_what_all_trips_add_to_one_element_is_summed(plain):
    gradient, seen = seen_by(lambda: sg.grad(shared)(X, 0.7))
    right = 0.7 * X[0] * np.ones(7)
    right[0] += 0.7 * np.sum(X)
    np.testing.assert_allclose(gradient, right, rtol=1e-13)
    assert seen == []


def test_what_inner_loops_add_to_one_number_is_summed_in_each_trip_first(plain):
    """Cores that add to numbers side by side in memory all the time would wait for each other."""
    text = sg.source(sg.grad(newton, "w"), X, 0.7)
    assert "    for i in prange(x.size):\n        w_bar_sum = 0.0\n" in text
    assert "        w_bar += w_bar_sum\n" in text
    text = sg.source(sg.differentiable(rows), *ARGS[rows])
    assert "total += y[i]**2" in text
    assert "total_sum" not in text


def test_second_derivatives_and_directions(plain):
    args = ARGS[rows]
    step = np.random.default_rng(0).normal(size=args[0].shape)
    second = sg.hvp(rows, args, (step, None))
    ends = [sg.grad(rows)(args[0] + h * step, 0.7) for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(second, (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-7)
    _, along = sg.jvp(rows, args, (step, None))
    assert along == pytest.approx(np.sum(sg.grad(rows)(*args) * step), rel=1e-12)


def test_inside_a_batch_it_is_the_batch_that_runs_on_several_cores(plain):
    f = sg.vmap(newton, (0, None), parallel=True)
    text = sg.source(f, np.ones((3, 4)), 0.7)
    assert [line for line in headers(text) if "prange" in line] == ["for part in prange(parts):"]


def test_compiled():
    rng = np.random.default_rng(1)
    args = rng.normal(size=(301, 5)), 0.7
    gradient = sg.value_and_grad(rows, (0, 1))
    value, (by_a, by_w) = gradient(*args)
    again = gradient(*args)
    assert value == again[0]
    assert value == pytest.approx(rows(*args), rel=1e-12)
    h = 1e-6
    assert by_w == pytest.approx((rows(args[0], 0.7 + h) - rows(args[0], 0.7 - h)) / (2.0 * h), rel=1e-7)
    step = rng.normal(size=args[0].shape)
    ends = [rows(args[0] + s * h * step, 0.7) for s in (1.0, -1.0)]
    assert np.sum(by_a * step) == pytest.approx((ends[0] - ends[1]) / (2.0 * h), rel=1e-5)
