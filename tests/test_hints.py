"""stop_gradient, print_grad and nondifferentiable: in plain Python, differentiated, inside njit."""

import pickle
import types
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.hints import require_constant
from srcgrad.hints import stop_gradient as stop
from tests.random_programs.compare import plain_gradient


class Pair(NamedTuple):
    W: np.ndarray
    b: float


# ---- stop_gradient: programs, whose derivative is that of the program with the stopped values held fixed


def scalar(x, a):
    return x * stop(x * x) + stop(np.sin(x)) * np.sum(a)


def in_a_loop(x, a):
    s = 1.0
    for i in range(len(a)):
        s = stop(s) * x + a[i] * s
    return s * x


def resets_the_gradient(x, a):
    s = x
    for i in range(len(a)):
        s = s * a[i] + 0.1
        if i == 1:
            s = stop(s)
    return s * s


def in_a_branch(x, a):
    y = x * a[0]
    if stop(y) > 0.1:
        z = stop(y) * x
    else:
        z = y * y
    return z + (stop(z) if x > 0.0 else z) * a[1]


def array_written_later(x, a):
    y = stop(a)
    a[0] = 2.0 * x
    return np.sum(y * a * a)


def written_itself(x, a):
    y = stop(a)
    y[1] = x
    return np.sum(y * a)


def of_a_view(x, a):
    y = stop(a[1:])
    a[1:] = a[1:] * a[1:] * x
    return np.sum(y * a[1:]) + np.sum(stop(a[::-1]) * a)


def in_place(x, a):
    a[0] += stop(a[1]) * x
    a[1:] *= stop(a[0])
    a += stop(a)
    return np.sum(a * a * x)


def element_stopped_in_place(x, a):
    for i in range(1, len(a)):
        a[i] = stop(a[i]) + a[i - 1] * x
    a[0] = stop(a[0])
    return np.sum(a * a)


def bound_anew_in_a_loop(x, a):
    for _ in range(3):
        a = stop(a) * x + 0.5 * a
    return np.sum(a)


def into_a_product(x, a):
    m = np.outer(a, a) * x
    return np.sum(stop(m) @ a) + np.dot(stop(a), a * x) + np.max(stop(a) * a)


def holds_a_step_constant(x, a):
    h = stop(np.min(np.abs(a)) * x)
    t = 0.0
    while t < 0.99:
        step = min(h, 1.0 - t)
        x = x + step * np.sin(x) * a[0]
        t += stop(step)
    return x


def a_tuple(x, a):
    v, (w, u) = stop((a * x, (x, a[0])))
    p = stop(Pair(a, x))
    a[0] = x
    return np.sum(v * a) + w * x * u + np.sum(p.W * a) + p.b * x


def helper(z, w):
    w[0] = stop(w[0]) * z
    return np.sum(w) * z


def passed_to_a_function(x, a):
    return helper(x, stop(a)) + helper(stop(x), a)


PROGRAMS = [
    scalar, in_a_loop, resets_the_gradient, in_a_branch, array_written_later, written_itself, of_a_view, in_place,
    element_stopped_in_place, bound_anew_in_a_loop, into_a_product, holds_a_step_constant, a_tuple,
    passed_to_a_function,
]  # fmt: skip
POINT = 0.7, np.array([0.4, -0.3, 0.9])


class Held:
    """A stop_gradient that keeps what it sees at first, and later gives the same values again."""

    def __init__(self):
        self.values, self.at, self.keeping = [], 0, True

    def __call__(self, x):
        if self.keeping:
            self.values.append(stop(x))
        self.at += 1
        return stop(self.values[self.at - 1])


def held(function):
    """Return a program of one flat vector with the values it stops at POINT held fixed."""
    fixed = Held()
    names = {**globals(), "stop": fixed}
    names["helper"] = types.FunctionType(helper.__code__, names)
    program = types.FunctionType(function.__code__, names)
    program(POINT[0], POINT[1].copy())
    fixed.keeping = False

    def value(v):
        fixed.at = 0
        return program(v[0], v[1:].copy())

    return value


V = np.concatenate([[POINT[0]], POINT[1]])
UNIT = np.eye(len(V))


def differences(f, h=1e-6):
    return np.array([(f(V + h * e) - f(V - h * e)) / (2.0 * h) for e in UNIT])


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_gradient_is_that_with_the_stopped_values_fixed(program):
    value, (x_bar, a_bar) = plain_gradient(program, (POINT[0], POINT[1].copy()), (0, 1))
    assert value == pytest.approx(program(POINT[0], POINT[1].copy()), rel=1e-14)
    assert np.concatenate([[x_bar], a_bar]) == pytest.approx(differences(held(program)), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("program", PROGRAMS[::3], ids=lambda p: p.__name__)
def test_compiled_gradient_and_second_derivative(program):
    gradient = sg.grad(program, argnums=0)
    assert "stop_gradient(" in sg.source(gradient, *POINT)
    fixed = held(program)
    first = differences(fixed)[0]
    assert gradient(POINT[0], POINT[1].copy()) == pytest.approx(first, rel=1e-7)
    e, h = UNIT[0], 1e-4
    second = (fixed(V + h * e) - 2.0 * fixed(V) + fixed(V - h * e)) / h**2
    assert sg.grad(gradient)(POINT[0], POINT[1].copy()) == pytest.approx(second, rel=1e-5, abs=1e-5)


def test_derivative_is_exactly_zero_where_the_other_factor_is_not_finite():
    assert sg.grad(lambda x: sg.stop_gradient(np.sqrt(x)) + x)(0.0) == 1.0


def test_integers_pass_through_stop_gradient():
    def f(x, n, k):
        return x[sg.stop_gradient(n)] * x[sg.stop_gradient(k)[0]]

    assert np.array_equal(sg.grad(f)(np.arange(1.0, 4.0), 1, np.array([2])), [0.0, 3.0, 2.0])


def test_plain_python_returns_values_of_their_own():
    a = np.arange(3.0)
    pair, table = sg.stop_gradient(Pair(a, 2.0)), sg.stop_gradient({"a": [a, (a, 1)]})
    single, watched = sg.stop_gradient(a), sg.print_grad(a, "a")
    a[0] = 9.0
    assert isinstance(pair, Pair)
    for copy in (pair.W, table["a"][0], table["a"][1][0], single, watched):
        assert np.array_equal(copy, [0.0, 1.0, 2.0])
    assert (pair.b, sg.stop_gradient(1.5), sg.stop_gradient(3), sg.print_grad(0.5)) == (2.0, 1.5, 3, 0.5)
    assert require_constant("f", a) is None


def test_inside_njit():
    @njit
    def f(p, t):
        q, s = sg.stop_gradient(p), sg.stop_gradient(t)
        w = sg.print_grad(p.W, "w")
        p.W[0] = 7.0
        return q, s, w, sg.print_grad(p.b)

    q, s, w, b = f(Pair(np.ones(2), 2.0), (1, (2.0,), ()))
    assert isinstance(q, Pair)
    assert np.array_equal(q.W, np.ones(2))
    assert np.array_equal(w, np.ones(2))
    assert (q.b, s, b) == (2.0, (1, (2.0,), ()), 2.0)


# ---- print_grad


def watched_loop(x, a):
    s = 0.0
    for i in range(len(a)):
        y = sg.print_grad(x * a[i], "y")
        if i != 1:
            s = s + y * y
    return s


def watched_array(x, a):
    b = sg.print_grad(a * x, "b")
    a[0] = 5.0
    b[2] = 0.0
    return np.sum(b) * sg.print_grad(x)


def watched_itself(x, a):
    for _ in range(2):
        x = sg.print_grad(x, "x")
        x = 3.0 * x
    a = sg.print_grad(a, "a")
    return x + np.sum(sg.print_grad(a * a, "squares"))


def unused(x, a):
    y = sg.print_grad(x, "y")
    z = sg.print_grad(y, "seen") + a[0]
    w = sg.print_grad(len(a), "an integer")
    return z * w + sg.print_grad(sg.stop_gradient(x), "never")


PRINTED = {
    watched_loop: ("y 8.0\ny 0.0\ny 4.0\n", (20.0, [8.0, 0.0, 16.0])),
    watched_array: ("2.0\nb [2. 2. 0.]\n", (4.0, [4.0, 4.0, 0.0])),
    watched_itself: ("squares [1. 1. 1.]\na [2. 0. 4.]\nx 3.0\nx 9.0\n", (9.0, [2.0, 0.0, 4.0])),
    unused: ("seen 3.0\ny 3.0\n", (3.0, [3.0, 0.0, 0.0])),
}


@pytest.mark.parametrize("jit", [True, False])
@pytest.mark.parametrize("program", PRINTED, ids=lambda p: p.__name__)
def test_print_grad(program, jit, capsys):
    args = 2.0, np.array([1.0, 0.0, 2.0])
    printed, (x_right, a_right) = PRINTED[program]
    if jit:
        x_bar, a_bar = sg.grad(program, argnums=(0, 1))(*args)
    else:
        _, (x_bar, a_bar) = plain_gradient(program, args, (0, 1))
    # plain source is run twice, for its bits
    assert capsys.readouterr().out == printed * (1 if jit else 2)
    assert x_bar == x_right
    assert np.array_equal(a_bar, a_right)


def test_print_grad_prints_in_higher_derivatives_too(capsys):
    def f(x):
        return sg.print_grad(x, "x") ** 3

    assert sg.grad(sg.grad(f))(2.0) == 12.0
    assert capsys.readouterr().out == "x 12.0\nx 12.0\n"


def test_print_grad_in_a_pullback_and_not_in_the_value(capsys):
    out, pullback = sg.vjp(watched_array, 2.0, np.array([1.0, 0.0, 2.0]))
    assert out == 4.0
    assert capsys.readouterr().out == ""
    pullback(10.0)
    assert capsys.readouterr().out == "20.0\nb [20. 20.  0.]\n"


def test_print_grad_on_the_path_taken_only(capsys):
    def f(x):
        if x > 1.0:
            return sg.print_grad(x, "large") * 2.0
        return sg.print_grad(x, "small") * 3.0

    assert (sg.grad(f)(2.0), sg.grad(f)(0.5)) == (2.0, 3.0)
    assert capsys.readouterr().out == "large 2.0\nsmall 3.0\n"


# ---- nondifferentiable


@sg.nondifferentiable
def interval(t, xs):
    k = 0
    while k < len(xs) - 2 and xs[k + 1] < t:
        k += 1
    return k, xs[k]


def table(x, xs, ys):
    k, x0 = interval(sg.stop_gradient(x), xs)
    w = (x - x0) / (xs[k + 1] - x0)
    return (1.0 - w) * ys[k] + w * ys[k + 1]


def unguarded(x, xs, ys):
    k, _ = interval(x, xs)
    return ys[k] * x


XS, YS = np.linspace(0.0, 1.0, 5), np.arange(5.0) ** 2


def test_nondifferentiable_results_are_constants():
    gradient = sg.grad(table, argnums=(0, 2))
    x_bar, ys_bar = gradient(0.3, XS, YS)
    assert x_bar == pytest.approx(12.0)
    assert ys_bar == pytest.approx([0.0, 0.8, 0.2, 0.0, 0.0])
    assert "require_constant('interval', t, xs)" in sg.source(gradient, 0.3, XS, YS)
    assert np.array_equal(sg.grad(unguarded, argnums="ys")(0.3, XS, YS), [0.0, 0.3, 0.0, 0.0, 0.0])
    first = sg.grad(table)
    assert sg.grad(first)(0.3, XS, YS) == 0.0
    assert "require_constant(" in sg.source(first, 0.3, XS, YS)


def test_nondifferentiable_is_called_as_the_function_is():
    @njit
    def inside(t, xs):
        return interval(t, xs)

    compiled = sg.nondifferentiable(njit(interval.__wrapped__))
    assert interval(0.3, XS) == inside(0.3, XS) == compiled(0.3, XS) == (1, 0.25)
    assert sg.nondifferentiable(interval) is interval
    assert interval.__name__ == "interval"
    assert "interval" in repr(interval)


class Scaled:
    @sg.nondifferentiable
    def by(self, x):
        """Twice x."""
        return 2.0 * x


def test_a_nondifferentiable_function_is_pickled_and_bound_as_functions_are():
    assert pickle.loads(pickle.dumps(interval)) is interval
    assert Scaled().by(1.5) == 3.0
    assert Scaled.by.__doc__ == "Twice x."


def test_the_declaration_is_part_of_what_a_gradient_depends_on():
    def make(callee):
        def f(x):
            return callee(x) * x

        return f

    def square(t):
        return t * t

    assert sg.grad(make(square))(2.0) == 12.0
    with pytest.raises(sg.UnsupportedError, match=r"square\(\) is nondifferentiable, and 'x'"):
        sg.grad(make(sg.nondifferentiable(square)))(2.0)


def test_a_second_derivative_may_not_flow_into_a_nondifferentiable_function_either():
    first = sg.grad(unguarded, argnums="ys")

    def total(x, xs, ys):
        return table(x, xs, ys) * x

    assert first(0.3, XS, YS).shape == (5,)
    second = sg.grad(sg.grad(total, argnums="x"), argnums="xs")
    with pytest.raises(sg.UnsupportedError, match=r"interval\(\) is nondifferentiable, and 'xs'"):
        second(0.3, XS, YS)


def test_an_active_value_may_not_come_in_through_a_closure():
    def f(x, n):
        return apply(lambda t: t * x, n)

    @sg.nondifferentiable
    def apply(g, t):
        return g(t)

    with pytest.raises(sg.UnsupportedError, match=r"apply\(\) is nondifferentiable"):
        sg.grad(f)(2.0, 3.0)


def test_a_nondifferentiable_function_is_not_differentiated_itself():
    with pytest.raises(sg.ArgumentError, match="interval is declared nondifferentiable"):
        sg.grad(interval)


def test_arrays_written_by_a_nondifferentiable_function():
    @sg.nondifferentiable
    def fill(out, n):
        for i in range(len(out)):
            out[i] = n * i

    def f(x, n):
        w = np.zeros(3)
        fill(w, n)
        return np.sum(w * x)

    def g(x, n):
        w = x * np.ones(3)
        fill(w, n)
        return np.sum(w * x)

    assert sg.grad(f)(2.0, 4.0) == 12.0
    with pytest.raises(sg.UnsupportedError, match="'w' in this call depends on a differentiated argument"):
        sg.grad(g)(2.0, 4.0)
