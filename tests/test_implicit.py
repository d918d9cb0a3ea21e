"""Roots, fixed points and differential equations: against closed forms, iterations unrolled, SciPy, and differences."""

import warnings

import numpy as np
import pytest
from numba import njit
from scipy.integrate import solve_ivp

import srcgrad as sg
from tests.helpers import plain_training


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python, and so does what it calls."""
    plain_training(monkeypatch)


def cubic(x, a):
    return x**3 - a


def cube_root(a):
    return sg.root(cubic, 1.0, a)


def curves(x, a, b):
    return np.array([x[0] ** 2 + a * x[1] - 3.0, x[1] ** 3 + b * x[0] - 2.0])


def crossing(a, b):
    x = sg.root(curves, np.ones(2), a, b, tol=1e-13)
    return x[0] * x[1] ** 2


def layer(x, A, b):
    return np.tanh(A @ x) * 0.5 + b


def at_rest(A, b):
    return np.sum(sg.fixed_point(layer, np.zeros(b.size), A, b, tol=1e-14) ** 2)


def unrolled(A, b):
    x = np.zeros(b.size)
    for _ in range(60):
        x = np.tanh(A @ x) * 0.5 + b
    return np.sum(x**2)


# ---- roots and fixed points


def test_the_root_of_a_number_to_third_order(plain):
    first = sg.grad(cube_root)
    second = sg.grad(first)
    third = sg.grad(second)
    a = 2.0
    right = a ** (1 / 3), a ** (-2 / 3) / 3, -2 / 9 * a ** (-5 / 3), 10 / 27 * a ** (-8 / 3)
    np.testing.assert_allclose([f(a) for f in (cube_root, first, second, third)], right, rtol=1e-9)
    np.testing.assert_allclose(sg.jvp(cube_root, (a,), (3.0,)), (right[0], 3.0 * right[1]), rtol=1e-9)
    assert sg.jacfwd(sg.jacfwd(cube_root))(a) == pytest.approx(right[2], rel=1e-9)


def test_the_root_of_an_array(plain):
    args = 0.5, 0.7
    gradient = sg.grad(crossing, (0, 1))(*args)
    h = 1e-6
    by_a = (crossing(0.5 + h, 0.7) - crossing(0.5 - h, 0.7)) / (2.0 * h)
    by_b = (crossing(0.5, 0.7 + h) - crossing(0.5, 0.7 - h)) / (2.0 * h)
    np.testing.assert_allclose(gradient, (by_a, by_b), rtol=1e-7)
    _, along = sg.jvp(crossing, args, (2.0, -1.0))
    assert along == pytest.approx(2.0 * gradient[0] - gradient[1], rel=1e-12)
    second = sg.hvp(crossing, args, (None, 1.0), argnums=(0, 1))
    ends = [sg.grad(crossing, (0, 1))(0.5, 0.7 + s * h) for s in (1.0, -1.0)]
    np.testing.assert_allclose(second, [(p - q) / (2.0 * h) for p, q in zip(*ends)], rtol=1e-6)


@pytest.mark.long
def test_a_fixed_point_against_its_iteration_unrolled(plain, rng):
    A, b = 0.4 * rng.normal(size=(4, 4)), rng.normal(size=4)
    for found, right in zip(sg.grad(at_rest, (0, 1))(A, b), sg.grad(unrolled, (0, 1))(A, b)):
        np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-13)
    V = rng.normal(size=(4, 4))
    found, right = (sg.hvp(f, (A, b), (V, None)) for f in (at_rest, unrolled))
    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
    found, right = (sg.jvp(f, (A, b), (V, b))[1] for f in (at_rest, unrolled))
    assert found == pytest.approx(right, rel=1e-11)


def test_parameters_with_parts_and_a_start_that_depends_on_them(plain):
    def f(p, scale):
        x = sg.root(lambda x, p: x**2 - p["a"] * p["b"][1], scale * np.ones(3), p)
        return np.sum(x)

    p = {"a": 2.0, "b": (1.0, np.array([1.0, 2.0, 8.0]))}
    by_p, by_scale = sg.grad(f, (0, 1))(p, 1.5)
    roots = np.sqrt(2.0 * p["b"][1])
    assert by_p["a"] == pytest.approx(np.sum(roots) / 4.0, rel=1e-9)
    np.testing.assert_allclose(by_p["b"][1], 1.0 / roots, rtol=1e-9)
    assert by_p["b"][0] == 0.0
    assert by_scale == 0.0


def test_from_python_they_are_compiled_functions(plain):
    assert sg.root(cubic, 1, 8.0) == pytest.approx(2.0)
    np.testing.assert_allclose(sg.root(curves, [1.0, 1.0], 0.0, 0.0), [3.0**0.5, 2.0 ** (1 / 3)])
    assert sg.fixed_point(lambda x, a: 0.5 * (x + a / x), 1.0, 4.0) == 2.0


def test_newton_steps_that_lead_away_are_halved(plain):
    """Plain steps from 3 run away: arctan is flat out there."""
    assert sg.root(lambda x: np.arctan(x), 3.0) == pytest.approx(0.0, abs=1e-10)


def test_a_function_defined_inside_may_use_what_is_around_it(plain):
    def around(a, b):
        def f(x, c):
            return x**3 + b * x - c

        return sg.root(f, 1.0, a)

    x = around(2.0, 0.5)
    slope = 1.0 / (3.0 * x**2 + 0.5)
    np.testing.assert_allclose(sg.grad(around, (0, 1))(2.0, 0.5), [slope, -x * slope], rtol=1e-9)


def by_default(a, b):
    return sg.root(lambda x, c=2.0: x**3 + b * x - c * a, 1.0)


@sg.custom_jvp
def twice(f, x):
    return f(f(x))


twice.defjvp(lambda primals, tangents: (twice(*primals), tangents[1]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sg.root(lambda x: x * x + 1.0, 0.7), ValueError, "root: Newton's method does not converge"),
        (lambda: sg.fixed_point(lambda x: 2.0 * x + 1.0, 1.0), ValueError, "the iteration does not converge"),
        (lambda: sg.root(cubic, np.ones((2, 2)), 1.0), sg.UnsupportedError, "root: x0 has 2 axes"),
        (lambda: sg.grad(by_default)(1.0, 2.0), sg.UnsupportedError, "uses 'c', 'a', 'b' from around it or by default"),
        (
            lambda: sg.grad(lambda a: twice(lambda x: a * x, 1.0))(1.0), sg.UnsupportedError,
            "a function passed to twice uses 'a' from around it",
        ),
        (lambda: sg.odeint(cubic, 1.0, np.ones(2), 1.0), sg.UnsupportedError, "y0 has 0 axes"),
        (lambda: sg.odeint(decay, np.ones(2), np.arange(2.0), 1.0, method="euler"), sg.UnsupportedError, "no method"),
        (lambda: sg.odeint(decay, np.ones(2), np.arange(2.0), 1.0, schedule="x"), sg.UnsupportedError, "no schedule"),
        (lambda: sg.odeint(blow_up, np.ones(1), np.array([0.0, 2.0])), ValueError, "steps become too short"),
        (lambda: sg.odeint(decay, np.ones(2), np.arange(2.0), np.nan), ValueError, "or a number is nan"),
        (lambda: sg.odeint(decay, np.array([1.0, np.nan]), np.arange(2.0), 1.0), ValueError, "or a number is nan"),
        (lambda: sg.odeint(decay, np.zeros(2), np.arange(2.0), 1.0, atol=0.0), ValueError, "or a number is nan"),
        (lambda: sg.odeint(decay, np.ones(2), np.arange(2.0), 1.0, rtol=-1.0), sg.UnsupportedError, "negative"),
        (lambda: sg.odeint(decay, np.ones(2), np.arange(2.0), 1.0, method="rk4", steps=0), sg.SrcgradError, "one step"),
    ],
)  # fmt: skip
def test_errors(call, error, message, plain):
    with pytest.raises(error, match=message), np.errstate(all="ignore"):
        call()


# ---- differential equations


def decay(y, t, rate):
    return -rate * y


def blow_up(y, t):
    return y * y


def prey(y, t, a, b):
    return np.array([a * y[0] - b * y[0] * y[1] + 0.1 * np.sin(t), -y[1] + y[0] * y[1]])


def by_rk4(y0, t, a, b):
    return np.sum(sg.odeint(prey, y0, t, a, b, method="rk4", steps=8) ** 2)


def by_dopri5(y0, t, a, b):
    return np.sum(sg.odeint(prey, y0, t, a, b, rtol=1e-10, atol=1e-10) ** 2)


ARGS = np.array([1.0, 0.5]), np.array([0.0, 0.7, 1.5, 3.0]), 0.7, 0.9


def solved(y0, t, a, b):
    found = solve_ivp(lambda s, y: prey(y, s, a, b), (t[0], t[-1]), y0, "DOP853", t, rtol=1e-12, atol=1e-13)
    return found.y.T


def differences(f, args, h=1e-5):
    """Return the derivatives of a number by all arguments, by two-sided differences."""
    out = []
    for k, arg in enumerate(args):
        found = np.empty(np.shape(arg))
        for at in np.ndindex(found.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = np.array(arg, dtype=float)
                moved[at] += sign * h
                ends.append(f(*args[:k], moved if np.ndim(arg) else float(moved), *args[k + 1 :]))
            found[at] = (ends[0] - ends[1]) / (2.0 * h)
        out.append(found)
    return out


def test_solutions(plain):
    right = solved(*ARGS)
    np.testing.assert_allclose(sg.odeint(prey, *ARGS, rtol=1e-10, atol=1e-10), right, rtol=1e-8)
    np.testing.assert_allclose(sg.odeint(prey, *ARGS), right, rtol=1e-4)
    errors = [np.max(np.abs(sg.odeint(prey, *ARGS, method="rk4", steps=n) - right)) for n in (4, 8)]
    assert 12.0 < errors[0] / errors[1] < 20.0, "of fourth order"
    back = sg.odeint(prey, right[-1], ARGS[1][::-1].copy(), *ARGS[2:], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(back[-1], ARGS[0], rtol=1e-6)
    assert sg.odeint(decay, np.ones(2), np.zeros(1), 1.0).shape == (1, 2)
    np.testing.assert_array_equal(sg.odeint(decay, np.ones(2), np.zeros(2), 1.0), 1.0)


def test_the_adjoint_of_the_steps_is_that_of_the_discrete_solution(plain):
    gradient = sg.grad(by_rk4, (0, 1, 2, 3))(*ARGS)
    for found, right in zip(gradient, differences(by_rk4, ARGS)):
        np.testing.assert_allclose(found, right, rtol=1e-7)
    tangents = np.ones(2), None, 1.0, -1.0
    _, along = sg.jvp(by_rk4, ARGS, tangents)
    assert along == pytest.approx(np.sum(gradient[0]) + gradient[2] - gradient[3], rel=1e-12)


def test_the_adjoint_of_chosen_steps_is_near_that_of_the_solution(plain):
    gradient = sg.grad(by_dopri5, (0, 1, 2, 3))(*ARGS)
    right = differences(lambda *args: np.sum(solved(*args) ** 2), ARGS)
    for k in (0, 2, 3):
        np.testing.assert_allclose(gradient[k], right[k], rtol=1e-6)
    slopes = np.array([prey(y, s, *ARGS[2:]) for y, s in zip(solved(*ARGS), ARGS[1])])
    by_end = np.sum(2.0 * solved(*ARGS)[-1] * slopes[-1])
    assert gradient[1][-1] == pytest.approx(by_end, rel=1e-6)


@pytest.mark.parametrize(
    ("method", "schedule"),
    [("rk4", "sqrt"), ("rk4", "binomial"), pytest.param("dopri5", "periodic", marks=pytest.mark.long)],
)
def test_checkpoints_change_nothing(method, schedule, plain):
    def f(y0, a, every, slots):
        return np.sum(sg.odeint(prey, y0, ARGS[1], a, 0.9, method=method, steps=7, schedule=schedule, slots=3) ** 2)

    def whole(y0, a):
        return np.sum(sg.odeint(prey, y0, ARGS[1], a, 0.9, method=method, steps=7) ** 2)

    found = sg.value_and_grad(f, ("y0", "a"))(ARGS[0], 0.7, 2, 3)
    right = sg.value_and_grad(whole, (0, 1))(ARGS[0], 0.7)
    assert found[0] == right[0]
    np.testing.assert_allclose(found[1][0], right[1][0], rtol=1e-13)
    assert found[1][1] == pytest.approx(right[1][1], rel=1e-13)


def test_second_order_and_functions_defined_inside(plain):
    def end(rate):
        def f(y, t):
            return -rate * y

        return sg.odeint(f, np.array([2.0]), np.array([0.0, 1.5]), method="rk4", steps=40)[-1, 0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope = sg.value_and_grad(end)(0.5)
    np.testing.assert_allclose([value, slope], 2.0 * np.exp(-0.75) * np.array([1.0, -1.5]), rtol=1e-7)
    assert sg.grad(sg.grad(end))(0.5) == pytest.approx(2.0 * 2.25 * np.exp(-0.75), rel=1e-7)


def test_chosen_steps_of_a_function_that_depends_on_more_than_its_arguments(plain):
    def end(rate):
        return sg.odeint(lambda y, t: -rate * y, np.array([2.0]), np.array([0.0, 1.5]), rtol=1e-9)[-1, 0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sg.grad(end)(0.5) == pytest.approx(-3.0 * np.exp(-0.75), rel=1e-6)


# ---- compiled


cubic_in_njit, decay_in_njit = njit(cubic), njit(decay)
heron = njit(lambda x, a: 0.5 * (x + a / x))


def test_inside_njit():
    gradient = sg.grad(cube_root)

    @njit
    def every(a):
        return sg.root(cubic_in_njit, 1.0, a), sg.fixed_point(heron, 1.0, a), gradient(a)

    np.testing.assert_allclose(every(8.0), [2.0, 8.0**0.5, 1.0 / 12.0], rtol=1e-9)


@pytest.mark.long
def test_a_differential_equation_inside_njit():
    @njit
    def end(a):
        return sg.odeint(decay_in_njit, np.ones(2), np.array([0.0, 1.0]), a)[-1, 0]

    assert end(2.0) == pytest.approx(np.exp(-2.0), rel=1e-5)
    args = (np.array([1.0, 0.5]), ARGS[1], 0.7, 0.9)
    compiled = sg.grad(by_rk4, (0, 1, 2, 3))(*args)
    for found, right in zip(compiled, differences(by_rk4, args)):
        np.testing.assert_allclose(found, right, rtol=1e-7)


def test_functions_that_return_lists(plain):
    def prey_list(y, t, a, b):
        return [a * y[0] - b * y[0] * y[1], -y[1] + b * y[0] * y[1]]

    def prey_array(y, t, a, b):
        return np.array([a * y[0] - b * y[0] * y[1], -y[1] + b * y[0] * y[1]])

    def circle_and_line(x, a):
        return [x[0] ** 2 + x[1] ** 2 - a, x[1] - 0.5 * x[0]]

    def turned(x, a):
        return a * np.cos(x[1]), np.sin(x[0])

    y0, t = np.array([1.0, 0.5]), np.linspace(0.0, 2.0, 4)
    both = [sg.value_and_grad(lambda a, f=f: np.sum(sg.odeint(f, y0, t, a, 0.4, method="rk4")))(1.1)
            for f in (prey_list, prey_array)]  # fmt: skip
    assert both[0] == both[1]
    corner = sg.value_and_grad(lambda a: np.sum(sg.root(circle_and_line, np.ones(2), a)))(5.0)
    np.testing.assert_allclose(corner, (3.0, 0.3), rtol=1e-10)
    x = sg.fixed_point(turned, np.ones(2), 0.5)
    np.testing.assert_allclose(x, turned(x, 0.5), rtol=1e-9)
