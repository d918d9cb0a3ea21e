"""Calls that stay calls: one routine for many calls, its pullback, and what must be read in place all the same."""

import re
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
import srcgrad.parsing.routines as reading
from srcgrad import store, tree
from srcgrad.generation import entry, pipeline
from srcgrad.parsing import function_calls
from tests.corpus import calls, recursion, routines
from tests.helpers import ROOT, loaded, run_python
from tests.random_programs.compare import directions, disagreement, plain_gradient, plain_run
from tests.test_corpus import check

IN_PLACE = {"written", "shown_written"}  # they write arrays that a callee writes, or returns as it got them
TREES = [c for c in calls.CASES if c.function in (calls.gauss_legendre, calls.call_tree)]
CASES = routines.CASES + recursion.CASES + TREES


@pytest.fixture
def apart(monkeypatch):
    """Every callee is a function of its own, however short."""
    monkeypatch.setattr(function_calls, "LONG", -1)
    monkeypatch.setattr(reading, "SHORT", -1)
    monkeypatch.setattr(reading.Routines, "called_once", lambda self, block: frozenset())
    monkeypatch.setattr(store, "package_digest", lambda: "apart")


def text_of(function, args, positions):
    """Return the source of value and gradient."""
    kinds = tuple(entry.kind_of_type(entry.numba.typeof(a), "argument") for a in args)
    return pipeline.value_and_grad(function, (tree.LEAF,) * len(args), kinds, positions).text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradient_through_routines(case, apart):
    args = case.fresh()
    value, gradients = plain_gradient(case.function, args, case.positions)
    check(case, args, value, gradients)
    text = text_of(case.function, args, case.positions)
    assert ("_pullback(" in text) == (case.function.__name__ not in IN_PLACE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_second_derivative_through_routines(case, apart, monkeypatch, rng):
    """The pullback of the gradient, in plain Python, against differences of the gradient."""
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    gradient = sg.grad(case.function, argnums=case.positions)

    def parts(result):
        return result if isinstance(result, tuple) else (result,)

    def like(values):
        return tuple(rng.uniform(-1, 1, np.shape(v)) if np.ndim(v) else rng.uniform(-1, 1) for v in values)

    found, pullback = sg.vjp(gradient, *case.fresh())
    weights = like(parts(found))
    bars = pullback(weights if isinstance(found, tuple) else weights[0])
    along = dict(zip(case.positions, like([case.args[k] for k in case.positions]), strict=True))

    def moved(h):
        args = list(case.fresh())
        for k, direction in along.items():
            args[k] = args[k] + h * direction
        return parts(gradient(*args))

    h = 1e-5
    right = sum(np.sum(w * (p - m)) / (2 * h) for w, p, m in zip(weights, moved(h), moved(-h), strict=True))
    assert sum(np.sum(bars[k] * d) for k, d in along.items()) == pytest.approx(right, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tangents_through_routines(case, apart):
    """Forward mode against reverse, and forward over reverse against reverse over reverse, in plain Python."""
    args, wanted = case.fresh(), case.positions
    dots = directions(args, wanted)
    _, text, (_, tangent) = plain_run(case.function, args, wanted, "jvp", dots)
    _, gradients = plain_gradient(case.function, args, wanted)
    assert disagreement(tangent, gradients, dots) is None
    calls_made = re.findall(r"= \w+_jvp(?:_\d+)?\(", text)
    assert bool(calls_made) == (case.function.__name__ not in IN_PLACE)


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: case.name)
def test_hessian_products_through_routines(case, apart, monkeypatch):
    """The product with a Hessian along v is symmetric: <w, H v> = <v, H w>."""
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    product = sg.hvp(case.function, argnums=case.positions)

    def along(dots):
        given = dict(zip(case.positions, dots, strict=True))
        return product(case.fresh(), tuple(given.get(k) for k in range(len(case.args))))

    def dot(left, right):
        return sum(float(np.sum(a * b)) for a, b in zip(left, right, strict=True))

    v, w = (directions(case.args, case.positions, seed) for seed in (1, 2))
    assert dot(w, along(v)) == pytest.approx(dot(v, along(w)), rel=1e-11, abs=1e-12)


# Compiling takes seconds each: the last ones with `-m long`.
COMPILED = ("array_loop_used", "functions", "even", "struct_args", "array_tuple", "tree_sum")
OFTEN = COMPILED[:3]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c.name, marks=() if c.function.__name__ in OFTEN else pytest.mark.long)
        for c in CASES
        if c.function.__name__ in COMPILED
    ],
)
def test_compiled_with_its_routines(case, apart):
    derivative = sg.value_and_grad(case.function, argnums=case.positions)
    args = case.fresh()
    value, gradients = derivative(*args)
    given = dict(zip(case.positions, directions(args, case.positions), strict=True))
    same, tangent = sg.jvp(case.function, args, tuple(given.get(k) for k in range(len(args))))
    assert same == value
    assert disagreement(tangent, gradients, tuple(given.values())) is None
    check(case, args, value, gradients)
    assert sg.differentiable(case.function)(*case.fresh()) == pytest.approx(value, rel=1e-13)

    @njit
    def inside(values):
        return derivative(*values)

    again, gradients_again = inside(case.fresh())
    assert again == value
    assert all(np.array_equal(p, q) for p, q in zip(gradients, gradients_again, strict=True))
    out, pullback = sg.vjp(case.function, *case.fresh())
    assert out == pytest.approx(value, rel=1e-13)
    bars = pullback(1.0)
    for k, gradient in zip(case.positions, gradients, strict=True):
        np.testing.assert_allclose(bars[k], gradient, rtol=1e-12)


# ---- deep trees


LEAF = "def f0(x, y):\n    t = x * y + 0.1\n    return t / (1.0 + t * t)\n"
NODE = "def f{k}(x, y):\n    a = f{j}(x * 0.9, y)\n    b = f{j}(y, a * 0.5)\n    return np.sin(a) + 0.3 * b\n"


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """The root of a tree of calls: twelve levels, two calls each, 4096 calls of the leaf."""
    nodes = [NODE.format(k=k, j=k - 1) for k in range(1, 13)]
    text = "\n\n".join(["import numpy as np\n", LEAF, *nodes])
    return loaded(text, tmp_path_factory.mktemp("deep"), "deep_tree").f12


def test_deep_tree_is_small_and_right(deep):
    derivative = sg.value_and_grad(deep, argnums=(0, 1))
    value, gradient = derivative(0.7, 0.4)
    assert value == pytest.approx(deep(0.7, 0.4), rel=1e-13)
    h = 1e-6
    right = (deep(0.7 + h, 0.4) - deep(0.7 - h, 0.4)) / (2 * h), (deep(0.7, 0.4 + h) - deep(0.7, 0.4 - h)) / (2 * h)
    assert gradient == pytest.approx(right, rel=1e-6, abs=1e-9)
    text = sg.source(derivative, 0.7, 0.4)
    assert text.count("\n") < 1200
    assert text.count("\ndef ") < 10


@pytest.mark.long
def test_deep_tree_has_a_second_derivative(deep, monkeypatch):
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    nine_levels = deep.__globals__["f9"]
    first = sg.grad(nine_levels, argnums=0)
    second = sg.grad(sg.grad(nine_levels, argnums=0), argnums=(0, 1))(0.7, 0.4)
    h = 1e-5
    right = (first(0.7 + h, 0.4) - first(0.7 - h, 0.4)) / (2 * h), (first(0.7, 0.4 + h) - first(0.7, 0.4 - h)) / (2 * h)
    assert second == pytest.approx(right, rel=1e-5, abs=1e-8)


def test_recursive_code_stays_out_of_the_cache_of_numba(tmp_path):
    """Loaded from there it crashes: https://github.com/numba/numba/issues/6061."""
    code = "import srcgrad as sg\nfrom tests.corpus import recursion\nprint(sg.grad(recursion.rotated)(0.4, 0.8))"
    first, second = (run_python(code, ROOT, SRCGRAD_CACHE_DIR=str(tmp_path)) for _ in "ab")
    assert first == second
    assert not [file for file in (tmp_path / "__pycache__").glob("*.nbc") if "rotated" in file.name]


# ---- what a call does besides giving results


def test_a_routine_prints_once(tmp_path, apart, capsys, monkeypatch):
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    text = "def g(x):\n    print(x)\n    return x * x\n\n\ndef f(x):\n    return g(x) * g(2.0 * x)\n"
    f = loaded(text, tmp_path, "printing").f
    assert sg.value_and_grad(f)(3.0) == (324.0, 432.0)
    assert capsys.readouterr().out == "3.0\n6.0\n"


def test_a_routine_raises(tmp_path, apart):
    text = (
        "def g(x):\n    if x < 0.0:\n        raise ValueError('negative')\n    return x\n\n\n"
        "def f(x):\n    y = g(x)\n    return x * x\n"
    )
    f = loaded(text, tmp_path, "raising").f
    assert sg.grad(f)(3.0) == 6.0
    with pytest.raises(ValueError, match="negative"):
        sg.grad(f)(-3.0)


def test_a_function_that_draws_is_read_in_place(tmp_path, apart):
    text = (
        "import numpy as np\n\n\ndef g(x, rng):\n    return x * rng.random()\n\n\n"
        "def f(x, rng):\n    return g(x, rng) * g(x * x, rng)\n"
    )
    f = loaded(text, tmp_path, "drawing").f
    value, gradient = sg.value_and_grad(f)(2.0, np.random.default_rng(1))
    assert value == pytest.approx(f(2.0, np.random.default_rng(1)))
    assert gradient == pytest.approx(1.5 * value)


def test_an_index_outside_is_found_in_a_routine(tmp_path, apart):
    text = "def g(a, k):\n    return a[k] * a[0]\n\n\ndef f(a, k):\n    return g(a, k) * g(a, 0)\n"
    f = loaded(text, tmp_path, "outside").f
    np.testing.assert_allclose(sg.grad(f)(np.array([2.0, 3.0]), 1), [36.0, 8.0])
    with pytest.raises(IndexError):
        sg.grad(f)(np.array([2.0, 3.0]), 2)


def test_constants_inside_a_routine(tmp_path, apart):
    text = (
        "import srcgrad as sg\n\n\n@sg.nondifferentiable\ndef bin_of(t):\n    return int(10.0 * t)\n\n\n"
        "def g(x, y):\n    return x * x, sg.stop_gradient(y) * 2.0\n\n\n"
        "def f(x, y):\n    a, b = g(x, y)\n    c, d = g(a, b)\n    return c * bin_of(d) + a * b\n"
    )
    f = loaded(text, tmp_path, "constants").f
    assert sg.grad(f, argnums=(0, 1))(1.5, 0.2) == pytest.approx((4.0 * 1.5**3 * 8 + 2.0 * 1.5 * 0.4, 0.0))


def test_axes_of_length_one_inside_a_routine(tmp_path, apart):
    text = (
        "import numpy as np\n\n\ndef g(a, b):\n    return np.sum(a * b * a)\n\n\n"
        "def f(a, b):\n    return g(a, b) * g(2.0 * a, b)\n"
    )
    f = loaded(text, tmp_path, "stretched").f
    a, b = np.arange(1.0, 4.0), np.array([2.0])
    a_bar, b_bar = sg.grad(f, argnums=(0, 1))(a, b)
    total = np.sum(2.0 * a**2)
    np.testing.assert_allclose(a_bar, 4.0 * 2.0 * total * 4.0 * a, rtol=1e-13)
    np.testing.assert_allclose(b_bar, [4.0 * 2.0 * total * np.sum(a**2)], rtol=1e-13)


def test_a_second_process_loads_the_routines(deep, tmp_path):
    code = (
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport deep_tree\nimport srcgrad as sg\n"
        "print(sg.grad(deep_tree.f9)(0.7, 0.4), 'sympy' in sys.modules)"
    )
    folder = Path(deep.__code__.co_filename).parent
    first, second = (run_python(code, tmp_path, str(folder), SRCGRAD_CACHE_DIR=str(tmp_path / "cache")) for _ in "ab")
    assert first.endswith("True")
    assert second == first.replace("True", "False")
