"""Callables without text of their own: methods, partial functions, objects, functions in C; each as what calls it."""

import functools
import math
import pickle
import re

import numpy as np
import pytest

import srcgrad as sg


def loss(w, x, y=1.0, *, scale=2.0):
    return scale * np.sum((w * x - y) ** 2)


class Called:
    def __call__(self, at, times=1.0):
        return self.stiffness * at * times


class Spring(Called):
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def force(self, at, power=2):
        return self.stiffness * at**power

    @classmethod
    def cubed(cls, at):
        return at**3

    @sg.differentiable
    def energy(self, at):
        return 0.5 * self.stiffness * at**2

    def read(self, at):
        return open(at)


W, X = np.array([1.0, 2.0]), np.array([0.5, 0.3])


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(sg.store, "package_digest", lambda: "plain")
    monkeypatch.setattr("numba.config.DISABLE_JIT", True)


@pytest.mark.parametrize(("f", "call", "expected"), [
    (functools.partial(loss, x=X), lambda g: g(W), [-1.0, -0.48]),
    (functools.partial(loss, x=X), lambda g: g(W, scale=3.0), [-1.5, -0.72]),
    (functools.partial(functools.partial(loss, W), y=2.0), lambda g: g(X), [-6.0, -11.2]),
    (Spring(3.0).force, lambda g: g(2.0), 12.0),
    (Spring(4.0).force, lambda g: g(2.0), 16.0),
    (Spring(3.0).force, lambda g: g(2.0, power=3), 36.0),
    (Spring(3.0), lambda g: g(2.0), 3.0),
    (Spring(3.0), lambda g: g(2.0, 5.0), 15.0),
    (Spring(3.0).energy, lambda g: g(2.0), 6.0),
    (Spring.cubed, lambda g: g(2.0), 12.0),
    (np.linalg.norm, lambda g: g(np.array([3.0, 4.0])), [0.6, 0.8]),
    (np.sin, lambda g: g(0.3), math.cos(0.3)),
    (math.atan2, lambda g: g(1.0, 2.0), 0.4),
])  # fmt: skip
def test_gradients(f, call, expected):
    np.testing.assert_allclose(call(sg.grad(f)), expected, rtol=1e-12)


def test_what_a_partial_function_holds_is_no_argument():
    g = sg.grad(functools.partial(loss, x=X), argnums="scale")
    assert g(W) == pytest.approx(0.41)
    with pytest.raises(sg.ArgumentError, match=r"there is no argument 'x'\n  arguments: \['w', 'y', 'scale'\]"):
        sg.grad(functools.partial(loss, x=X), argnums="x")


def test_other_derivatives():
    force = Spring(3.0).force
    assert sg.vjp(force, 2.0)[1](1.0)[0] == 12.0
    assert sg.jvp(force, (2.0,), (0.5,)) == (12.0, 6.0)
    assert sg.grad(sg.grad(force))(2.0) == 6.0
    assert sg.explain(force, 2.0).value == sg.graph(force, 2.0).forward(2.0) == 12.0
    assert sg.check_grads(force, (2.0,)) < 1e-6
    np.testing.assert_allclose(sg.hessian(functools.partial(loss, x=X))(W), np.diag([1.0, 0.36]), rtol=1e-12)


def test_another_process_gets_what_they_are_made_of():
    assert pickle.loads(pickle.dumps(sg.grad(Spring(3.0).force)))(2.0) == 12.0


def test_the_source_names_the_line_of_the_definition():
    text = str(sg.source(sg.grad(Spring(3.0).force), 2.0))
    line = Spring.force.__code__.co_firstlineno
    assert re.search(rf"from force \(.*test_callables\.py:{line}\)", text)
    assert "# def force(at, power): return model.force(at, power)" in text


def test_a_problem_inside_names_its_line():
    with pytest.raises(sg.UnknownFunctionError) as error:
        sg.grad(Spring(3.0).read)(2.0)
    assert "return open(at)" in str(error.value)


@pytest.mark.parametrize("thing", [max, "text", 3.0, None.__class__])
def test_things_without_source(thing):
    with pytest.raises(sg.SourceNotFoundError, match="is not a Python function"):
        sg.grad(thing)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (math.hypot, r"'hypot' has no source of its own\n  write a function that calls it: lambda x: hypot\(x\)"),
        (functools.partial(max, 2.0), r"a functools.partial has no source\n  .*: lambda x: partial\(x\)"),
    ],
)
def test_things_that_a_function_may_call(thing, message):
    with pytest.raises(sg.SourceNotFoundError, match=message):
        sg.grad(thing)
