"""`check_grads`: what it compares with, what it finds, and how it says so."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

import srcgrad as sg
from srcgrad import check, check_calls, store
from srcgrad.generation import entry
from tests.test_arguments import Layer, U, V, energy, mixed, scaled_outputs, square


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain check")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def test_agreement(plain):
    found = sg.check_grads(energy, (U, V))
    assert found < 1e-13
    assert set(found.by_argument) == {"u", "v"}
    assert sg.check_grads(energy, (U, V), argnums="v") < 1e-13
    assert sg.check_grads(scaled_outputs, (V[0], 2.0)) < 1e-13
    assert sg.check_grads(mixed, ({"layer": Layer(U, np.zeros(2)), "scale": 2.0, "pair": [3.0, (4.0,)]}, V[0])) < 1e-13
    assert sg.check_grads(lambda x, n: x**n, (1.5, 3)) < 1e-13


def test_compiled():
    for modes in ("rev", ("fwd",), ("fwd", "rev")):
        assert sg.check_grads(energy, (U, V), modes=modes) < 1e-13


def test_differences_where_there_is_no_complex_step(plain):
    def with_cast(x):
        return math.sin(x[0]) * x[1]

    def with_absolute_value(x):
        return np.sum(np.abs(x) * x)

    def with_real_buffer(x):
        out = np.zeros(2)
        out[:] = x * x
        return np.sum(out)

    for f in (with_cast, with_absolute_value, with_real_buffer):
        assert 1e-14 < sg.check_grads(f, (np.array([0.3, 0.8]),)) < 1e-8


@pytest.mark.long
def test_further_orders_in_all_modes(plain):
    def f(x, k):
        return k * x[0] ** 3 * np.exp(x[1])

    assert sg.check_grads(f, (np.array([1.2, 0.4]), 0.7), order=2) < 1e-6
    assert sg.check_grads(scaled_outputs, (V[0], 2.0), order=2, modes="fwd") < 1e-6
    assert sg.check_grads(lambda x: np.sum(np.exp(x) * x[0]), (np.array([0.2, 0.5]),), order=3) < 1e-6


def test_a_planted_error(monkeypatch, plain):
    def wrong(f, *args):
        out, pullback = sg.vjp(f, *args)

        def planted(out_bar):
            u_bar, v_bar = pullback(out_bar)
            v_bar[1, 2] += 0.25
            return u_bar, v_bar

        return out, planted

    monkeypatch.setattr(check, "vjp", wrong)
    message = r"^gradient by v\[1, 2\]: 1\.08.*, a complex step gives 0\.83.*, off by 0\.25 \(allowed 8.*e-10\)$"
    with pytest.raises(AssertionError, match=message):
        sg.check_grads(energy, (U, V))
    assert sg.check_grads(energy, (U, V), argnums="u") < 1e-13


def test_a_planted_error_in_forward_mode(monkeypatch, plain):
    def wrong(f, primals, tangents):
        out, tangent = sg.jvp(f, primals, tangents)
        return out, tangent + 1e-3 * tangents[1]

    monkeypatch.setattr(check, "jvp", wrong)
    with pytest.raises(AssertionError, match=r"^derivative in forward mode by y: 2\.001, a complex step"):
        sg.check_grads(lambda x, y: x * y, (2.0, 3.0))
    # what is allowed against differences, is no longer where one mode is compared with the other
    monkeypatch.setattr(check, "jvp", lambda f, p, t: (p[0], sg.jvp(f, p, t)[1] * (1.0 + 1e-10)))
    with pytest.raises(AssertionError, match=r"^the modes disagree: <y_bar, J x_dot> is"):
        sg.check_grads(lambda x, y: x * y, (2.0, 3.0))


def test_every_argument_that_is_off_is_named(monkeypatch, plain):
    monkeypatch.setattr(check, "vjp", lambda f, *args: (sg.vjp(f, *args)[0], lambda out_bar: (0.0, 0.0)))
    with pytest.raises(AssertionError, match=r"gradient by x: 0\.0.*\ngradient by y: 0\.0"):
        sg.check_grads(lambda x, y: x * y, (2.0, 3.0), modes="rev")


def test_a_planted_error_in_second_order(monkeypatch, plain):
    def wrong(f, *args):
        out, pullback = sg.vjp(f, *args)
        if f.__name__ != "cube_jacrev":
            return out, pullback
        return out, lambda out_bar: (pullback(out_bar)[0] + 0.5,)

    def cube(x):
        return x**3

    monkeypatch.setattr(check, "vjp", wrong)
    assert sg.check_grads(cube, (2.0,), modes="rev") < 1e-13
    with pytest.raises(AssertionError, match=r"^order 2, cube_jacrev: gradient by x: .*, off by 0\.5 "):
        sg.check_grads(cube, (2.0,), modes="rev", order=2)


def test_another_value_than_that_of_plain_python(monkeypatch):
    drawn = iter(range(10))
    monkeypatch.setattr(check, "python_function", lambda f: lambda x: next(drawn) * x)
    assert sg.check_grads(lambda x: x * x, (3.0,)) < 1e-6, "it gives another value each time"
    monkeypatch.setattr(check, "python_function", lambda f: lambda x: x * x + 1.0)
    with pytest.raises(AssertionError, match=r"gives 10\.0 in plain Python, and 9\.0 as srcgrad reads it"):
        sg.check_grads(lambda x: x * x, (3.0,))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite(monkeypatch, bad, plain):
    monkeypatch.setattr(check, "vjp", lambda f, *args: (sg.vjp(f, *args)[0], lambda out_bar: (bad,)))
    with pytest.raises(AssertionError, match="gradient by x: "):
        sg.check_grads(square, (2.0,))


def test_defaults(plain):
    def area(a, b=2.0):
        return a * a * b

    assert sg.check_grads(area, (2.0,)) < 1e-13
    assert sg.check_grads(area, (2.0,), argnums="b") < 1e-13


def test_float32(plain):
    sg.check_grads(energy, (U.astype(np.float32), V.astype(np.float32)))


def test_arguments_that_make_no_sense():
    with pytest.raises(sg.ArgumentError):
        sg.check_grads(lambda x, n: x**n, (1.5, 3), argnums="n")
    with pytest.raises(sg.ArgumentError, match="order=4"):
        sg.check_grads(square, (1.5,), order=4)
    with pytest.raises(sg.ArgumentError, match="modes="):
        sg.check_grads(square, (1.5,), modes="forward")


def test_arguments_are_left_alone(plain):
    def in_place(x):
        x *= 2.0
        return np.sum(x * x)

    x = np.array([1.0, 2.0])
    assert sg.check_grads(in_place, (x,), order=2) < 1e-6
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.fixture
def every_call(monkeypatch, plain):
    """Gradients that are compared with differences at every call, until the test is over."""
    for cls in (sg.api.Grad, sg.api.ValueAndGrad):
        monkeypatch.setattr(cls, "__call__", cls.__call__)
    check_calls.check_every_call()


@sg.custom_vjp
def halved(x):
    return x * x


halved.defvjp(lambda x: (x * x, x), lambda x, bar: (x * bar,))


def test_every_call_is_checked_if_asked_for(every_call):
    assert np.allclose(sg.grad(lambda x: np.sum(x**3))(np.array([1.0, 2.0])), [3.0, 12.0])
    assert sg.value_and_grad(square)(3.0) == (9.0, 6.0)
    assert sg.grad(lambda p: p["a"] * p["b"] ** 2)({"a": 2.0, "b": 3.0})["b"] == 12.0
    assert sg.grad(sg.grad(lambda x: x**3))(2.0) == 12.0


def test_a_wrong_rule_is_named_at_the_call(every_call):
    with pytest.raises(AssertionError, match=r"gradient by x: 2\.0, .* 4\.0"):
        sg.grad(lambda x: halved(x))(2.0)
    with pytest.raises(AssertionError, match=r"gradient by y\[1\]: 3\.0, .* 6\.0"):
        sg.value_and_grad(lambda x, y: x + halved(y[1]), argnums=(0, 1))(1.0, np.array([2.0, 3.0]))


def test_the_switch_is_read_at_import():
    code = "import srcgrad as sg; print(sg.api.Grad.__call__ is sg.api.Derivative.__call__)"
    for value, same in (("1", "False"), ("0", "True")):
        environment = {**os.environ, "SRCGRAD_CHECK": value}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == same


def test_arguments_come_in_a_tuple():
    with pytest.raises(sg.ArgumentError, match=r"args=2.0 is no tuple of arguments\n  write \(x,\)"):
        sg.check_grads(lambda x: x * 2.0, 2.0)
