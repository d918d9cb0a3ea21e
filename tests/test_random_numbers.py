"""Random numbers: the stream moves as in the function itself, and parameters of distributions are not lost."""

import math
import re

import numba
import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.rules.draws import BY_OBJECT, BY_SIZES, DRAWS, METHODS, is_draw


def walk(x, rng, n):
    eps = rng.normal(0.0, 1.0, n)
    k = rng.integers(0, x.size)
    s = x[k] ** 2
    for i in range(n):
        rng.random()
        s = s + math.sin(s * eps[i]) + x[i % x.size] * rng.random()
        if rng.uniform() < 0.3:
            s *= 0.5
    return s


POINT = np.array([0.3, 0.5, -0.2, 0.9])


def generator():
    return np.random.default_rng(1)


def test_generator_moves_as_in_the_function():
    plain, compiled, derived = generator(), generator(), generator()
    value = walk(POINT, plain, 5)
    assert njit(walk)(POINT, compiled, 5) == value
    assert sg.differentiable(walk)(POINT, compiled := generator(), 5) == value
    assert sg.value_and_grad(walk)(POINT, derived, 5)[0] == value
    assert plain.random() == compiled.random() == derived.random()


def test_gradient_with_a_generator_against_differences():
    _, gradient = sg.value_and_grad(walk)(POINT, generator(), 5)
    for k in range(POINT.size):
        step = 1e-6 * np.eye(POINT.size)[k]
        slope = (walk(POINT + step, generator(), 5) - walk(POINT - step, generator(), 5)) / 2e-6
        assert abs(gradient[k] - slope) < 1e-8


def test_pullback_draws_nothing():
    rng, other = generator(), generator()
    value, pullback = sg.vjp(walk, POINT, rng, 5)
    assert value == walk(POINT, other, 5)
    first = pullback(1.0)
    np.testing.assert_array_equal(first[0], pullback(1.0)[0])
    assert first[1] is None
    assert rng.random() == other.random()


def test_backward_part_draws_nothing():
    text = str(sg.source(sg.value_and_grad(walk), POINT, generator(), 5))
    forward, backward = text.split("# backward")
    calls = r"rng\.\w+\("
    code = "\n".join(line for line in backward.splitlines() if not line.strip().startswith("#"))
    assert len(re.findall(calls, forward)) == 5
    assert not re.findall(calls, code)


def unit(x, seed):
    np.random.seed(seed)
    return x * np.random.standard_normal()


def test_seed_of_compiled_code():
    f, g = njit(unit), sg.value_and_grad(unit)
    for seed in (0, 1, 2):
        assert g(2.0, seed)[0] == f(2.0, seed)
        assert g(2.0, seed)[1] == f(1.0, seed)


def stretched(x, y, rng):
    z = rng.normal(size=3)
    return np.sum((x + y) * z)


def dropped(x, rng):
    return np.sum(np.where(rng.random(x.shape) < 0.5, 0.0, x * np.where(x > 0.4, rng.random(x.shape), 2.0)))


def test_a_draw_among_the_arguments_of_a_choice_is_one_draw(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    plain, primal, derived = generator(), generator(), generator()
    value = dropped(POINT, plain)
    assert sg.differentiable(dropped)(POINT, primal) == value
    assert sg.value_and_grad(dropped)(POINT, derived)[0] == value
    assert plain.random() == primal.random() == derived.random()


def taken_by_builtins(x, rng):
    a = max(rng.random(3)) + sum(rng.random(3)) * min(rng.random(3)) + list(rng.random(2))[1]
    items = [1.0, 2.0, 3.0]
    items[rng.integers(0, 3)] = rng.random()
    items[rng.integers(0, 3)] += rng.random()
    items[rng.integers(0, 3)] *= rng.random()
    return x * (a + items[0] + items[1] * items[2]) + (1.0 if any(rng.random(2) > 0.5) else x)


def test_what_builtins_and_indices_of_lists_draw_is_drawn_once_in_order(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    plain, derived = generator(), generator()
    assert sg.value_and_grad(taken_by_builtins)(1.5, derived)[0] == taken_by_builtins(1.5, plain)
    assert plain.random() == derived.random()


def test_a_broadcast_found_late_draws_once():
    rng, other = generator(), generator()
    x, y = np.ones(3), np.ones(1)
    assert sg.value_and_grad(stretched)(x, y, rng)[0] == pytest.approx(stretched(x, y, other))
    assert rng.random() == other.random()


LEGACY = {spelling: f for f, spelling in BY_OBJECT.items() if spelling.startswith("np.random")}
ARGUMENTS = {"binomial": (5, 0.5), "negative_binomial": (5, 0.5), "hypergeometric": (5, 4, 3), "zipf": (2.5,),
             "geometric": (0.4,), "logseries": (0.4,), "triangular": (0.0, 0.5, 1.0), "permutation": (4,),
             "choice": (4,), "randint": (0, 9), "integers": (0, 9), "poisson": (2.0,)}  # fmt: skip


@pytest.mark.parametrize("spelling", DRAWS)
def test_every_draw_is_read_with_its_parameters(spelling):
    row = DRAWS[spelling]
    args = ARGUMENTS.get(row.name) or tuple(0.5 + k for k in range(len(row.params)))
    shown = ", ".join(map(repr, args))
    home = "rng" if spelling.startswith(".") else ""
    text = f"def f(x, rng):\n    d = {home}{spelling}({shown})\n    return x * np.sum(d)\n"
    import random

    from srcgrad.language.emit import emit
    from srcgrad.parsing.function import parse_text

    function = parse_text(text, {"random": random})
    assert emit(function) == text.rstrip()
    assert is_draw(function.body[0].value.fn)


def test_tables_name_what_exists():
    assert all(hasattr(np.random.Generator, name) for name in METHODS)
    assert set(BY_SIZES.values()) <= set(DRAWS)
