"""SciPy's `solve_ivp` and `odeint`: the same values as in SciPy, derivatives against differences of them, errors."""

import numpy as np
import pytest
from scipy.integrate import odeint, solve_ivp

import srcgrad as sg
from tests.helpers import plain_training


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    plain_training(monkeypatch)


def predators(t, y, a, b):
    return [a * y[0] - b * y[0] * y[1], b * y[0] * y[1] - (1.0 + 0.1 * np.sin(t)) * y[1]]


def every_step(a, b, end):
    found = solve_ivp(predators, (0.0, end), [1.0, 0.5], args=(a, b))
    return found.y[0, -1] + np.sum(found.y[1] ** 2) + np.sum(found.t)


def at_given_times(a, b, end):
    found = solve_ivp(predators, [0, end], (1.0, 0.5), "RK45", np.linspace(0.0, 0.9 * end, 5), args=(a, b), rtol=1e-6)
    return np.sum(found.y**2)


def of_order_eight(a, b, end):
    def slope(t, y):
        return predators(t, y, a, b)

    times, exact = [0.0, 1.0, end], [1e-12, 1e-11]
    found = solve_ivp(slope, (0.0, end), [1, 0.5], method="DOP853", t_eval=times, rtol=1e-9, atol=exact)
    return np.sum(found.y**2) + np.sum(found.t) if found.success and found.status == 0 else 0.0


def backward_in_time(a, b, end):
    found = solve_ivp(predators, (end, 0.5), np.array([0.7, b]), "RK23", (end, 2.0, 1.0), args=(a, b), max_step=0.3)
    return np.prod(found.y)


def with_a_first_step(a, b, end):
    found = solve_ivp(predators, (0.0, end), np.array([a, b]), args=(a, b), first_step=0.05 * a, atol=1e-4 * b)
    return np.log(found.y[0, -1]) * found.nfev


def from_zero(a, b, end):
    # errors of no size at all on the way, and a first step that the values say nothing of
    found = solve_ivp(lambda t, y: np.array([a, b * y[0]]), (0.0, end), np.zeros(2))
    return found.y[0, -1] + found.y[1, -1] ** 2


def no_time_at_all(a, b, end):
    return solve_ivp(predators, (end, end), [a, b], args=(a, b)).y[1, -1]


def differences(f, x, h):
    steps = np.eye(len(x)) * h
    return np.array([(f(*(x + d)) - f(*(x - d))) / (2.0 * h) for d in steps])


@pytest.mark.parametrize("f", [every_step, at_given_times, of_order_eight, backward_in_time, with_a_first_step,
                               from_zero, no_time_at_all])  # fmt: skip
def test_steps_are_those_of_scipy(f, plain):
    x = np.array([0.7, 0.9, 3.0])
    value, slopes = sg.value_and_grad(f, argnums=(0, 1, 2))(*x)
    assert np.isclose(value, f(*x), rtol=1e-12)
    assert np.allclose(slopes, differences(f, x, 1e-5), rtol=2e-6, atol=1e-7)


def test_forward_mode(plain):
    args, toward = (0.7, 0.9, 3.0), (0.3, -0.5, 0.2)
    slopes = sg.grad(every_step, argnums=(0, 1, 2))(*args)
    assert np.isclose(sg.jvp(every_step, args, toward)[1], np.dot(slopes, toward), rtol=1e-11)


@pytest.mark.long
def test_compiled_and_second_order():
    args = 0.7, 0.9, 3.0
    second = sg.grad(sg.grad(at_given_times))(*args)
    ahead, behind = (sg.grad(at_given_times)(args[0] + d, *args[1:]) for d in (1e-5, -1e-5))
    assert np.isclose(second, (ahead - behind) / 2e-5, rtol=1e-6)


@pytest.mark.parametrize("first", [False, True])
def test_odeint_is_as_near_as_scipy_to_the_solution(first, plain):
    def f(a, b, end):
        def slope(y, t):
            return predators(t, y, a, b)

        times = np.linspace(0.0, end, 5)
        if first:
            return np.sum(odeint(predators, [1.0, 0.5], times, args=(a, b), tfirst=True) ** 2)
        return np.sum(odeint(slope, [1.0, 0.5], times) ** 2)

    x = np.array([0.7, 0.9, 3.0])
    value, slopes = sg.value_and_grad(f, argnums=(0, 1, 2))(*x)
    assert np.isclose(value, f(*x), rtol=1e-6)
    assert np.allclose(slopes, differences(f, x, 1e-3), rtol=1e-4)


def test_odeint_of_one_number(plain):
    def f(rate):
        return odeint(lambda y, t, k: -k * y, 2.0, [0.0, 1.0, 3.0], args=(rate,))[-1, 0]

    assert np.allclose(sg.value_and_grad(f)(0.4), (2.0 * np.exp(-1.2), -6.0 * np.exp(-1.2)), rtol=1e-9)


@pytest.mark.parametrize(("options", "message"), [
    ({"method": "Radau"}, "solve_ivp with method='Radau' is not supported"),
    ({"events": predators}, "this option of solve_ivp is not supported"),
    ({"dense_output": True}, "this option of solve_ivp is not supported"),
    ({"y0": 1.0}, "the values have 0 axes"),
])  # fmt: skip
def test_what_is_refused(options, message, plain):
    given = {"y0": [1.0, 0.5]} | options

    def f(a):
        return np.sum(solve_ivp(predators, (0.0, 1.0), args=(a, 0.9), **given).y)

    with pytest.raises(sg.UnsupportedError, match=message) as error:
        sg.grad(f)(0.7)
    assert "solve_ivp(predators" in str(error.value)


def test_odeint_with_steps_no_longer_than_said_is_refused(plain):
    def f(rate):
        return odeint(lambda y, t: -rate * y, 1.0, [0.0, 1.0], hmax=0.01)[-1, 0]

    with pytest.raises(sg.UnsupportedError, match="this option of odeint is not supported"):
        sg.grad(f)(0.7)


@pytest.mark.parametrize(("times", "message"), [([0.5, 0.2], "properly sorted"), ([0.5, 1.2], "not within"),
                                            ([0.2, 0.2], "properly sorted")])  # fmt: skip
def test_times_that_scipy_refuses(times, message, plain):
    def f(a, times):
        return np.sum(solve_ivp(predators, (0.0, 1.0), [1.0, 0.5], t_eval=times, args=(a, 0.9)).y)

    for function in (f, sg.grad(f)):
        with pytest.raises(ValueError, match=message):
            function(0.7, np.array(times))


def test_a_solution_that_ends_is_an_error(plain):
    def f(a):
        return np.sum(solve_ivp(lambda t, y: a * y**2, (0.0, 2.0), [1.0]).y)

    with pytest.raises(ValueError, match="the steps become too short"):
        sg.grad(f)(1.0)
