"""SciPy's optimisers: every method with its derivatives, structures there and back, bounds, constraints, errors."""

from collections import namedtuple

import numpy as np
import pytest
from scipy import optimize
from scipy.sparse import issparse

import srcgrad as sg
from srcgrad import store
from srcgrad.coloring import color_columns
from srcgrad.generation import entry
from tests.helpers import run_python

Point = namedtuple("Point", "x y")
WITH_GRADIENT = ("CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP")
SECOND_ORDER = ("Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr")


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """Generated source runs as plain Python; what it calls of the library is compiled before."""
    color_columns(*(np.zeros(n, np.int64) for n in (1, 0, 1, 0)))
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def valley(p, steep=10.0):
    return (1.0 - p["x"]) ** 2 + steep * np.sum((p["y"] - p["x"] ** 2) ** 2)


def start():
    return {"x": 0.8, "y": np.array([[0.5, 2.0]])}


@pytest.mark.parametrize("method", [None, *WITH_GRADIENT, *SECOND_ORDER])
def test_every_method_finds_the_minimum(method):
    x0 = start()
    found = sg.scipy.minimize(valley, x0, (12.0,), method, tol=1e-8)
    assert found.success
    assert list(found.x) == ["x", "y"]
    assert isinstance(found.x["x"], float)
    assert found.x["y"].shape == (1, 2)
    np.testing.assert_allclose(found.x["x"], 1.0, atol=1e-4)
    np.testing.assert_allclose(found.x["y"], 1.0, atol=1e-4)
    if method != "trust-constr":
        assert found.jac["y"].shape == (1, 2)
    assert x0["x"] == 0.8
    np.testing.assert_array_equal(x0["y"], [[0.5, 2.0]])


def test_methods_without_derivatives():
    found = sg.scipy.minimize(valley, start(), method="Nelder-Mead")
    np.testing.assert_allclose(found.x["x"], 1.0, atol=1e-3)


def test_the_gradient_is_not_differenced():
    """Evaluations of the function are those of the line searches, not one more for each parameter."""
    found = sg.scipy.minimize(lambda x: np.sum((x - np.arange(50)) ** 2), np.zeros(50), method="BFGS")
    assert found.nfev < 10
    np.testing.assert_allclose(found.x, np.arange(50.0), atol=1e-6)


def test_derivatives_by_a_vector_are_those_of_the_structure():
    problem = sg.scipy.Objective(valley, start(), 7.0)
    x, p = problem.x0, np.array([0.3, -0.7, 1.1])
    value, gradient = problem.value_and_grad(x)
    assert value == problem.fun(x)
    np.testing.assert_allclose(gradient, optimize.approx_fprime(x, problem.fun, 1e-7), rtol=1e-5)
    H = problem.hess(x)
    right = optimize.approx_fprime(x, lambda x: problem.value_and_grad(x)[1], 1e-7)
    np.testing.assert_allclose(H, right, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(problem.hessp(x, p), H @ p, rtol=1e-12)


def test_plain_arrays_and_numbers_as_in_scipy():
    def rosenbrock(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    ours = sg.scipy.minimize(rosenbrock, [1.3, 0.7, 0.8], method="BFGS")
    theirs = optimize.minimize(optimize.rosen, [1.3, 0.7, 0.8], method="BFGS", jac=optimize.rosen_der)
    assert ours.nit == theirs.nit
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-8)
    assert isinstance(sg.scipy.minimize(lambda x: (x - 3.0) ** 2, 1).x, float)
    np.testing.assert_allclose(sg.scipy.minimize(lambda x: np.sum((x - 3.0) ** 2), np.arange(2)).x, 3.0, atol=1e-6)
    found = sg.scipy.minimize(lambda p: (p.x - 1.0) ** 2 + p.y**2, Point(3.0, 2.0))
    assert found.x == pytest.approx((1.0, 0.0), abs=1e-6)


def test_float32_stays_float32():
    found = sg.scipy.minimize(lambda p: np.sum((p[0] - 2.0) ** 2), (np.zeros(2, np.float32),), method="L-BFGS-B")
    assert found.x[0].dtype == np.float32
    np.testing.assert_allclose(found.x[0], 2.0, rtol=1e-3)


@pytest.mark.parametrize(
    "bounds",
    [
        {"x": (None, 0.5)},
        {"x": (-np.inf, 0.5), "y": None},
        {"x": optimize.Bounds(-1.0, 0.5), "y": optimize.Bounds([[-9.0, -9.0]], [[9.0, 9.0]])},
    ],
)
def test_bounds_have_the_structure(bounds):
    found = sg.scipy.minimize(valley, start(), method="L-BFGS-B", bounds=bounds)
    assert found.x["x"] == 0.5
    np.testing.assert_allclose(found.x["y"], 0.25, atol=1e-5)


def test_bounds_of_one_array_are_those_of_scipy():
    def f(x):
        return np.sum((x - 3.0) ** 2)

    for bounds in ([(0.0, 1.0), (None, 2.0)], optimize.Bounds([0.0, -np.inf], [1.0, 2.0])):
        np.testing.assert_allclose(sg.scipy.minimize(f, np.zeros(2), bounds=bounds).x, [1.0, 2.0])
    np.testing.assert_allclose(sg.scipy.minimize(f, np.zeros(2), bounds=(0.0, 1.0)).x, 1.0)
    found = sg.scipy.least_squares(lambda x: x - 3.0, np.zeros(2), bounds=([-1.0, -1.0], [1.0, 2.0]))
    np.testing.assert_allclose(found.x, [1.0, 2.0], rtol=1e-6)


def test_constraints_get_their_derivatives():
    def inside(p):
        return p["x"] ** 2, p["x"] * p["y"]

    round_ = optimize.NonlinearConstraint(inside, -np.inf, 0.25)
    found = sg.scipy.minimize(valley, start(), method="trust-constr", constraints=round_)
    np.testing.assert_allclose(found.x["x"], 0.5, atol=1e-3)
    found = sg.scipy.minimize(valley, start(), constraints=[{"type": "ineq", "fun": lambda p: 0.25 - p["x"] ** 2}])
    np.testing.assert_allclose(found.x["x"], 0.5, atol=1e-5)
    found = sg.scipy.minimize(valley, start(), constraints=optimize.LinearConstraint([[1.0, 0.0, 0.0]], ub=0.5))
    np.testing.assert_allclose(found.x["x"], 0.5, atol=1e-5)


def test_the_weighted_hessian_of_a_constraint():
    r = sg.scipy.Residual(lambda p: (p["x"] ** 2, p["x"] * p["y"]), start())
    weights = np.array([2.0, -1.0, 0.5])
    right = optimize.approx_fprime(r.x0, lambda x: weights @ r.jac(x), 1e-7)
    np.testing.assert_allclose(r.weighted_hess(r.x0, weights), right, atol=1e-6)


def test_callbacks_see_the_structure():
    seen = []
    sg.scipy.minimize(valley, start(), method="BFGS", callback=lambda p: seen.append(p["x"]))
    assert seen[-1] == pytest.approx(1.0, abs=1e-4)

    def with_value(intermediate_result):
        seen.append((intermediate_result.x["y"].shape, intermediate_result.fun))

    sg.scipy.minimize(valley, start(), method="BFGS", callback=with_value)
    assert seen[-1][0] == (1, 2)
    assert seen[-1][1] < 1e-6


def curve(p, t):
    return p["a"] * np.exp(-p["k"] * t), p["k"]


def misfit(p, t, y):
    value, _ = curve(p, t)
    return {"fit": value - y, "prior": 0.0 * p["k"]}


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method):
    t = np.linspace(0.0, 1.0, 12)
    found = sg.scipy.least_squares(misfit, {"a": 1.0, "k": 1.0}, (t, 3.0 * np.exp(-2.0 * t)), method=method)
    assert found.x == pytest.approx({"a": 3.0, "k": 2.0})
    assert found.jac.shape == (13, 2)
    assert set(found.grad) == {"a", "k"}


def test_sparse_least_squares_and_its_jacobian():
    def steps(p, y):
        return p["u"] - y, 10.0 * (p["u"][1:] - p["u"][:-1]) ** 2

    y = np.sin(np.arange(30.0))
    dense = sg.scipy.least_squares(steps, {"u": np.zeros(30)}, (y,))
    sparse = sg.scipy.least_squares(steps, {"u": np.zeros(30)}, (y,), sparse=True)
    assert issparse(sparse.jac)
    assert sparse.jac.nnz <= 30 + 2 * 29
    np.testing.assert_allclose(sparse.x["u"], dense.x["u"], atol=1e-4)
    given = sg.scipy.least_squares(steps, {"u": np.zeros(30)}, (y,), jac_sparsity=np.abs(dense.jac) > 0.0)
    np.testing.assert_allclose(given.x["u"], dense.x["u"], atol=1e-4)


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov"])
def test_root(method):
    def f(p, c):
        return p.x**2 - p.y[0], p.y - c

    found = sg.scipy.root(f, Point(1.0, np.ones(2)), (4.0,), method)
    assert isinstance(found.x, Point)
    np.testing.assert_allclose(found.x.y, 4.0, rtol=1e-5)
    assert found.success


def square(x):
    return np.sum(x**2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sg.scipy.minimize(valley, {"x": 1, "y": 2.0}), r"x0\['x'\] is of dtype int64, not a float"),
        (lambda: sg.scipy.minimize(lambda p: p.x, Point(1.0, True)), "x0.y is of dtype bool, not a float"),
        (lambda: sg.scipy.minimize(lambda x: x * x, np.ones(2)), "grad needs one number"),
        (lambda: sg.scipy.minimize(square, np.ones(2), method="BFGS", hess="dense"), "does not take hess='dense'"),
        (lambda: sg.scipy.minimize(square, np.ones(2), (), "dogleg", hess="product"), "does not take hess='product'"),
        (lambda: sg.scipy.minimize(square, np.ones(2), method="trust-ncg", hess="exact"), "hess='exact'"),
        (lambda: sg.scipy.minimize(valley, start(), bounds={"z": (0, 1)}), "bounds does not have the structure of x0"),
        (lambda: sg.scipy.minimize(valley, start(), bounds={"x": 1.0}), r"bounds\['x'\] is 1.0, not a pair"),
        (lambda: sg.scipy.minimize(square, np.ones(3), bounds=optimize.Bounds([0.0, 1.0], 2.0)), "not have the shape"),
        (lambda: sg.scipy.minimize(square, np.ones(3), bounds=([0, 0, 0], [1, 1, 1])), "not a pair"),
        (
            lambda: sg.scipy.minimize(square, np.ones(2), constraints={"type": "eq", "fun": square, "jac": square}),
            "a constraint has derivatives of its own",
        ),
        (lambda: sg.scipy.least_squares(lambda x: x > 0.0, np.ones(2)), "the result is of dtype bool, not a float"),
        (lambda: sg.scipy.flatten({"a": [1.0, "b", 2]}), r"value\['a'\]\[2\] is of dtype int64"),
    ],
)
def test_errors(call, message):
    with pytest.raises(sg.ArgumentError, match=message):
        call()


def test_flatten_and_back():
    value = {"a": 1.5, "b": [np.arange(6.0).reshape(2, 3), None, "text"], "c": Point(np.float32(2.0), np.zeros(0))}
    vector, unflatten = sg.scipy.flatten(value)
    np.testing.assert_array_equal(vector, [1.5, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 2.0])
    again = unflatten(vector)
    np.testing.assert_array_equal(again["b"][0], value["b"][0])
    assert again["b"][1:] == [None, "text"]
    assert isinstance(again["c"], Point)
    assert isinstance(again["c"].x, np.float32)
    assert again["c"].y.shape == (0,)
    x = np.ones(2)
    assert sg.scipy.flatten(x)[0] is not x


def test_scipy_is_imported_when_it_is_called(tmp_path):
    code = "import sys, srcgrad as sg; sg.scipy.flatten(1.0); print('scipy.optimize' in sys.modules)"
    assert run_python(code, tmp_path) == "False"
