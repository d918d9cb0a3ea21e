"""Elementary functions that vectorise: digits, ends of domains, packed instructions, and the loops that call them."""

import os
import pickle
import re

import mpmath
import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad.rules.rows import SIMD
from srcgrad.runtime import simd
from tests.helpers import run_python

NAMES = sorted({spelling.removeprefix("simd.") for spelling in SIMD.values()} - {"arctan2"})
EXACT = {"arctan": mpmath.atan}
BOUNDS = {"log": (0.0, np.inf), "log1p": (-1.0, np.inf)}
ENDS = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e-310, -1e-310, 1.0, -1.0, 1e308, -1e308, 710.0,
                 -708.4, -745.2, -800.0, np.nextafter(-1.0, 0.0), np.nextafter(-1.0, -2.0),
                 np.nextafter(1.0, 0.0)])  # fmt: skip
HARD = [6381956970095103.0 * 2.0**797]  # of all numbers the one next to a multiple of pi/2
ULPS = 2


def loop(function):
    """A compiled loop over two arrays that calls a function."""

    @numba.njit(error_model="numpy")
    def each(x, out):
        for i in range(x.shape[0]):
            out[i] = function(x[i])

    return each


@pytest.fixture(scope="module")
def loops():
    """The loop of each function."""
    return {name: loop(getattr(simd, name)) for name in NAMES}


def points(name, count):
    """Numbers of all sizes, and more of those where a function is neither constant nor its argument."""
    rng = np.random.default_rng(7)
    every = rng.integers(0, 0x7FF0000000000000, count).view(np.float64)
    spread = [rng.uniform(-w, w, count) for w in (0.01, 0.7, 3.0, 40.0, 750.0)]
    quarters = 0.5 * np.pi * np.round(10.0 ** rng.uniform(0, 15, count))
    x = np.concatenate([every, -every, 1.0 + 10.0 ** rng.uniform(-17, 0, count), *spread, quarters, HARD])
    low, high = BOUNDS.get(name, (-np.inf, np.inf))
    return x[(x > low) & (x < high)]


def error_in_ulps(name, x, out):
    """The largest distance from the exact values, in units of their last places."""
    worst = 0.0
    with mpmath.workprec(160):
        function = EXACT[name] if name in EXACT else getattr(mpmath, name)
        for number, found in zip(x.tolist(), out.tolist(), strict=True):
            if name.startswith("exp") and number > 720.0:
                assert found == np.inf, (name, number)
                continue
            if name == "exp" and number < -760.0:
                assert found == 0.0, (name, number)
                continue
            exact = function(mpmath.mpf(number))
            if abs(exact) > np.finfo(np.float64).max:
                worst = max(worst, 0.0 if np.isinf(found) else np.inf)
                continue
            worst = max(worst, in_units(found, exact))
    return worst


def in_units(found, exact):
    """The distance of a number from the exact value, in units of its last place."""
    unit = mpmath.ldexp(1, max(int(mpmath.frexp(exact)[1]) - 53, -1074))
    return float(abs(found - exact) / unit)


def check_digits(name, each, count):
    x = points(name, count)
    out = np.empty_like(x)
    each(x, out)
    assert error_in_ulps(name, x, out) <= ULPS


@pytest.mark.parametrize("name", NAMES)
def test_the_last_digits_are_right(loops, name):
    check_digits(name, loops[name], 100)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_last_digits_are_right_at_many_points(loops, name):
    check_digits(name, loops[name], 20_000)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_last_digits_are_right_without_fused_operations(name):
    code = (
        "import sys; from tests import test_simd as t; from srcgrad.runtime import simd; name = sys.argv[1]\n"
        "t.check_digits(name, t.loop(getattr(simd, name)), 2000)"
    )
    run_python(code, os.getcwd(), name, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")


@pytest.mark.parametrize("name", NAMES)
def test_ends_of_domains_are_those_of_numpy(loops, name):
    out = np.empty_like(ENDS)
    loops[name](ENDS, out)
    with np.errstate(all="ignore"):
        right = getattr(np, name)(ENDS)
    np.testing.assert_allclose(out, right, rtol=5e-16, atol=0.0)
    assert np.array_equal(np.signbit(out[~np.isnan(right)]), np.signbit(right[~np.isnan(right)]))


def test_angles_of_points():
    @numba.njit(error_model="numpy")
    def each(y, x, out):
        for i in range(x.shape[0]):
            out[i] = simd.arctan2(y[i], x[i])

    rng = np.random.default_rng(5)
    y = np.concatenate([rng.standard_normal(300), 10.0 ** rng.uniform(-320, 308, 300), 10.0 ** rng.uniform(-5, 5, 300)])
    x = rng.permutation(y) * rng.choice([-1, 1], y.size)
    out = np.empty_like(x)
    each(y, x, out)
    with mpmath.workprec(160):
        exact = [mpmath.atan2(*map(mpmath.mpf, point)) for point in zip(y.tolist(), x.tolist(), strict=True)]
        assert max(map(in_units, out.tolist(), exact)) <= ULPS
    y, x = (axis.ravel().copy() for axis in np.meshgrid(ENDS, ENDS))
    out = np.empty_like(x)
    each(y, x, out)
    np.testing.assert_allclose(out, np.arctan2(y, x), rtol=5e-16, atol=0.0)
    known = ~np.isnan(out)
    assert np.array_equal(np.signbit(out[known]), np.signbit(np.arctan2(y, x)[known]))
    assert np.array_equal(simd.arctan2(y, x), np.arctan2(y, x), equal_nan=True)
    (code,) = each.inspect_llvm().values()
    assert len(re.findall(r"fmul contract <\d+ x double>", code)) > 5


@pytest.mark.parametrize("name", NAMES)
def test_loops_vectorise(loops, name):
    loops[name](np.ones(3), np.ones(3))
    (code,) = loops[name].inspect_llvm().values()
    packed = re.findall(r"fmul contract <\d+ x double>", code)
    assert len(packed) > 5


def test_single_precision_and_integers():
    @numba.njit(error_model="numpy")
    def every(x, n):
        some = simd.exp(x), simd.expm1(x), simd.log(x), simd.log1p(x), simd.tanh(x), simd.sin(x), simd.arctan2(x, x)
        return some, simd.exp(n)

    x = np.float32(0.7)
    singles, whole = every(x, 3)
    assert all(type(s) is float for s in singles)  # numba hands float32 out as float
    for value, name in zip(singles, ("exp", "expm1", "log", "log1p", "tanh", "sin", "arctan2"), strict=True):
        right = np.arctan2(x, x) if name == "arctan2" else getattr(np, name)(x)
        assert value == pytest.approx(float(right), rel=1.2e-7)
        assert np.float32(value) == value
    assert whole == pytest.approx(np.exp(3), rel=1e-15)


def test_plain_python_has_numpys_functions():
    x = np.array([0.5, 2.0])
    for name in NAMES:
        assert np.array_equal(getattr(simd, name)(x), getattr(np, name)(x))


@sg.differentiable(simd=True)
def log_sum_exp(x):
    largest = np.max(x)
    return np.log(np.sum(np.exp(x - largest))) + largest


def test_loops_that_vectorise_call_them_and_others_do_not():
    text = str(sg.source(sg.grad(log_sum_exp), np.ones(3)))
    assert "from srcgrad.runtime import simd, unordered\n" in text
    assert "= simd.exp(x[i] - largest)" in text
    assert "total += unordered(exp)" in text


def recurrence(x, n):
    for _ in range(n):
        x = np.tanh(x) + 0.1
    return x


def with_another_call(a):
    total = 0.0
    for i in range(a.shape[0]):
        total += np.exp(a[i]) * np.cosh(a[i])
    return total


def with_a_branch(a):
    total = 0.0
    for i in range(a.shape[0]):
        if a[i] > 0.0:
            total += np.exp(a[i])
    return total


@pytest.mark.parametrize(("function", "args"), [(recurrence, (0.3, 4)), (with_another_call, (np.ones(3),)),
                                                (with_a_branch, (np.ones(3),))])  # fmt: skip
def test_loops_that_do_not_vectorise_stay(function, args):
    made = sg.differentiable(function, simd=True)
    for made in (made, sg.grad(made)):
        assert "runtime import simd" not in str(sg.source(made, *args))


def test_off_where_nothing_is_said():
    x = np.ones(3)
    plain = log_sum_exp.__wrapped__
    for made in (sg.differentiable(plain), sg.grad(plain), sg.grad(sg.differentiable(log_sum_exp, simd=False))):
        text = str(sg.source(made, x))
        assert "runtime import simd" not in text
        assert "np.exp(" in text


def test_on_by_the_environment(monkeypatch):
    monkeypatch.setenv("SRCGRAD_SIMD", "1")
    x = np.ones(3)
    assert "simd.exp(" in str(sg.source(sg.grad(log_sum_exp.__wrapped__), x))
    assert "simd.exp(" not in str(sg.source(sg.grad(sg.differentiable(log_sum_exp, simd=False)), x))


def test_sent_to_other_processes():
    for simd_on in (True, False):
        sent = pickle.loads(pickle.dumps(sg.differentiable(log_sum_exp, simd=simd_on)))
        assert sent._simd is simd_on


def test_every_derivative_has_the_option():
    x = np.ones(3)
    assert "simd.exp(" in str(sg.source(sg.value_and_grad(log_sum_exp), x))
    assert "simd.exp(" in str(sg.source(sg.vmap(log_sum_exp), np.ones((2, 3))))
    assert "simd.exp(" in str(sg.source(sg.jacrev(log_sum_exp), x))
    for derivative in (sg.jacfwd, sg.hessian):
        made = derivative(log_sum_exp)
        assert made._simd
        assert np.isfinite(made(x)).all()


@pytest.mark.long
def test_derivatives_of_derivatives():
    x = np.linspace(-1.0, 1.0, 9)
    assert sg.check_grads(log_sum_exp, (x,), order=2) < 1e-5
    weights = np.exp(x) / np.sum(np.exp(x))
    np.testing.assert_allclose(sg.grad(log_sum_exp)(x), weights, rtol=1e-14)
    product = sg.hvp(log_sum_exp, (x,), (x,))
    np.testing.assert_allclose(product, weights * x - weights * (weights @ x), rtol=1e-12, atol=1e-15)


def test_compiled_callers():
    gradient = sg.grad(log_sum_exp)

    @numba.njit
    def twice(x):
        return 2.0 * gradient(x)

    x = np.linspace(-1.0, 1.0, 9)
    assert np.array_equal(twice(x), 2.0 * gradient(x))


def named_simd(simd, x):
    return np.sum(np.exp(simd * x))


def test_a_variable_of_that_name_gets_another_one():
    x = np.linspace(0.0, 1.0, 5)
    slope = sg.grad(sg.differentiable(named_simd, simd=True))(0.5, x)
    assert slope == pytest.approx(np.sum(x * np.exp(0.5 * x)), rel=1e-14)
