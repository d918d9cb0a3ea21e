"""Sums whose order is free are written so; those of users' loops keep their order."""

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.runtime import unordered
from tests.random_programs.compare import plain_run
from tests.random_programs.differences import mismatch, reference


def dot_and_own_loop(x, y):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return total + np.sum(x * y)


def compensated(x):
    total = 0.0
    rest = 0.0
    for i in range(x.shape[0]):
        term = x[i] - rest
        new = total + term
        rest = (new - total) - term
        total = new
    return total


def recurrence(x, c):
    v = 1.0
    for i in range(x.shape[0]):
        v = c * v + x[i]
    return v


def scaled_products(s, A, B, x):
    return np.sum(s * A @ B @ x) + np.sum(x @ (A * s)) + np.sum(np.sin(2.0 * A @ B))


def mean_of_chosen(x, y):
    chosen = x[y > 0.2]
    mean = np.mean(chosen)
    return mean * np.sum(x[y <= 0.2]) + np.mean(chosen)


def mean_in_each_bin(x, y):
    out = np.zeros(4)
    for k in range(4):
        inside = x[np.logical_and(y >= 0.25 * k, y < 0.25 * (k + 1))]
        out[k] = inside.mean()
    return np.sum(out * out)


A, B = np.linspace(-1.0, 1.3, 12).reshape(3, 4), np.linspace(0.7, -0.4, 12).reshape(4, 3) ** 2
CASES = (
    (dot_and_own_loop, (np.linspace(-1.0, 2.0, 7), np.linspace(0.5, 0.1, 7) ** 2)),
    (recurrence, (np.linspace(-1.0, 2.0, 7), 0.8)),
    (scaled_products, (1.3, A, B, np.array([0.3, -0.2, 0.9]))),
    (mean_of_chosen, (np.linspace(-1.0, 2.0, 7), np.linspace(0.0, 0.9, 7))),
    (mean_in_each_bin, (np.linspace(-1.0, 2.0, 9), np.linspace(0.0, 0.99, 9) ** 2)),
)


@pytest.mark.parametrize(("function", "args"), CASES, ids=lambda f: getattr(f, "__name__", ""))
def test_gradients_are_those_of_differences(function, args):
    argnums = tuple(range(len(args)))
    if function in (mean_of_chosen, mean_in_each_bin):
        argnums = (0,)
    _, _, (_, *gradients) = plain_run(function, args, argnums)
    assert mismatch(reference(function, args, argnums), gradients, args, argnums) is None


def test_users_sums_keep_their_order_in_value_and_adjoint_of_others():
    _, text, _ = plain_run(dot_and_own_loop, CASES[0][1], (0, 1))
    assert "total += x[i] * x[i]" in text
    assert "+= unordered(x[i] * y[i])" in text


def test_adjoints_of_loops_that_wait_for_themselves_are_plain():
    _, text, _ = plain_run(recurrence, CASES[1][1], (0, 1))
    assert "unordered" not in text


def test_compensated_sums_stay_compensated():
    x = np.ones(2**12 + 1) * 1e-16
    x[0] = 1.0
    f = sg.differentiable(compensated)
    assert f(x) == compensated(x) == 1.0 + 2**12 * 1e-16
    assert sg.value_and_grad(compensated)(x)[0] == f(x)


def test_sums_over_a_choice_make_no_list():
    _, text, _ = plain_run(mean_in_each_bin, CASES[4][1], (0,))
    assert "where" not in text
    _, text, _ = plain_run(mean_of_chosen, CASES[3][1], (0,))
    assert "where" in text


def test_products_scale_what_comes_out():
    _, text, _ = plain_run(scaled_products, CASES[2][1], (0, 1, 2, 3))
    assert "operand" not in text


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_additions_in_any_order_have_the_type_of_additions(dtype):
    @njit
    def total(x, start):
        s = start
        for i in range(x.shape[0]):
            s += unordered(x[i])
        for i in range(x.shape[0]):
            s -= unordered(2 * x[i])
        return s

    x = np.linspace(0.0, 1.0, 1001).astype(dtype)
    for start in (dtype(0.5), 1, 0.25):
        plain, found = total.py_func(x, start), total(x, start)
        assert type(found) is float
        assert np.isclose(found, plain, rtol=1e-12 if dtype is np.float64 else 1e-4)


def counts(x):
    return np.sum(x) * np.sum(x > 0.3) + np.sum(np.arange(x.shape[0]) * 2)


def test_sums_of_whole_numbers_stay_whole_numbers():
    x = np.linspace(-1.0, 1.0, 9)
    _, text, _ = plain_run(counts, (x,), (0,))
    assert text.count("unordered(") == 1
    assert sg.differentiable(counts)(x) == counts(x)

    @njit
    def total(x):
        s = 0
        for i in range(x.shape[0]):
            s += unordered(x[i])
            s -= unordered(x[i] > 3)
        return s

    found = total(np.arange(7))
    assert type(found) is int
    assert found == 21 - 3


def test_additions_in_any_order_vectorise():
    @njit
    def total(x, y):
        s = 0.0
        for i in range(x.shape[0]):
            s += unordered(x[i] * y[i])
        return s

    x = np.linspace(0.0, 1.0, 64)
    assert np.isclose(total(x, x), x @ x)
    (text,) = total.inspect_llvm().values()
    assert "fadd reassoc <" in text
