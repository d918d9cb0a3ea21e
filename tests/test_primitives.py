"""Elementwise functions from a formula: values, derivatives of all orders, numbers and arrays, in other processes."""

import pickle

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.generation import entry
from srcgrad.rules.rows import BY_OBJECT, BY_SPELLING, OWN, ROWS
from tests.helpers import run_python

# plain Python says where compiled code goes on with inf
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
A = np.array([-800.0, -1.0, 0.0, 2.0, 800.0])
SOFTPLUS = "softplus", "log(1 + exp(x))", "maximum(x, 0) + log1p(exp(-abs(x)))"


@pytest.fixture(autouse=True)
def _own_tables():
    """The tables are as before, for tests that run through all of them."""
    before = dict(OWN)
    yield
    for key in set(OWN) - set(before):
        BY_OBJECT.pop(OWN.pop(key))
        BY_SPELLING.pop(f"own.{key}")
        ROWS.pop(key)


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def difference(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2.0 * h)


def test_value_of_numbers_and_arrays():
    softplus = sg.primitive(*SOFTPLUS)
    assert np.allclose(softplus(A), np.logaddexp(0.0, A), rtol=1e-15)
    assert type(softplus(2.0)) is float or np.ndim(softplus(2.0)) == 0
    assert softplus(np.float32(2.0)).dtype == np.float32
    assert softplus(A.reshape(5, 1)).shape == (5, 1)


def test_derivatives_do_not_overflow(plain):
    softplus = sg.primitive(*SOFTPLUS)
    assert np.array_equal(sg.grad(lambda a: np.sum(softplus(a)))(A)[[0, 2, 4]], [0.0, 0.5, 1.0])
    second = sg.grad(sg.grad(lambda x: softplus(x)))
    assert [second(x) for x in (-800.0, 0.0, 800.0)] == [0.0, 0.25, 0.0]


FORMULAS = {
    "gaussian": ("exp(-x**2 / 2) / sqrt(2 * PI)", 0.7),
    "swish": ("x / (1 + exp(-x))", 0.7),
    "bent": ("(sqrt(x**2 + 1) - 1) / 2 + x", 0.7),
    "pieces": ("x**3 if x > 0 else sin(2 * x)", -0.7),
    "scaled_erf": ("erf(3 * x) * x", 0.3),
    "fermi": ("1 / (3 + 2 * exp(x))", 0.3),
    "damped": ("exp(x) / (2 + 5 * exp(x))", 0.3),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_to_third_order(name, plain):
    formula, x = FORMULAS[name]
    f = sg.primitive(name, formula)
    derivative = lambda x: f(x)
    for _ in range(3):
        before, derivative = derivative, sg.grad(derivative)
        assert derivative(x) == pytest.approx(difference(before, x), rel=1e-6, abs=1e-8)
    assert sg.jvp(lambda x: f(x), (x,), (1.0,))[1] == pytest.approx(sg.grad(lambda x: f(x))(x), rel=1e-14)


def test_several_arguments_and_broadcasting(plain):
    softplus = sg.primitive(*SOFTPLUS)
    mix = sg.primitive("mix", "x * softplus(y) + y**z")
    X, y = np.array([[0.5, 1.0, 2.0], [1.5, 0.3, 0.1]]), np.array([0.2, 0.4, 0.6])

    def f(X, y, z):
        return np.sum(mix(X, y, z) ** 2)

    assert f(X, y, 2.0) == pytest.approx(np.sum((X * softplus(y) + y**2) ** 2))
    by_x, by_y, by_z = sg.grad(f, argnums=(0, 1, 2))(X, y, 2.0)
    out = mix(X, y, 2.0)
    assert np.allclose(by_x, 2 * out * softplus(y))
    assert np.allclose(by_y, np.sum(2 * out * (X / (1 + np.exp(-y)) + 2 * y), axis=0))
    assert by_z == pytest.approx(np.sum(2 * out * y**2 * np.log(y)))


def test_compiled_and_inside_njit():
    softplus = sg.primitive(*SOFTPLUS)

    def loss(a):
        return np.sum(softplus(a) ** 2)

    slope = sg.grad(loss)

    @njit
    def inside(x, a):
        return softplus(x), softplus(a), slope(a)

    number, array, found = inside(1.0, A)
    assert number == pytest.approx(softplus(1.0), rel=1e-15)
    assert np.allclose(array, softplus(A), rtol=1e-15)
    assert np.allclose(found, 2 * softplus(A) / (1 + np.exp(-np.clip(A, -700, 700))), rtol=1e-12)
    single = inside(np.float32(1.0), A.astype(np.float32))
    assert np.asarray(single[0]).dtype == np.float32 or isinstance(single[0], float)
    assert single[1].dtype == single[2].dtype == np.float32


def test_one_name_for_two_formulas(plain):
    first, second = sg.primitive("f", "x**2"), sg.primitive("f", "x**3")
    assert first is sg.primitive("f", "x**2")
    assert first is not second
    assert (sg.grad(lambda x: first(x))(2.0), sg.grad(lambda x: second(x))(2.0)) == (4.0, 12.0)


def test_a_variable_of_that_name_is_another_thing(plain):
    square = sg.primitive("square_of", "x**2")

    def f(x):
        own = square(x)
        square_of = square(own) * own
        return square_of

    assert f(2.0) == sg.differentiable(f)(2.0) == 64.0
    assert sg.grad(f)(2.0) == 6 * 32.0


def test_differentiated_alone_and_checked(plain):
    mix = sg.primitive("grown", "x * exp(y)")
    assert sg.grad(mix, argnums=("x", "y"))(2.0, 0.0) == (1.0, 2.0)
    assert sg.check_rule(mix, 2.0, 0.5, order=2) < 1e-6
    assert sg.check_rule(sg.primitive(*SOFTPLUS), np.array([0.5, -1.0])) < 1e-6


def test_pickled():
    softplus = sg.primitive(*SOFTPLUS)
    assert pickle.loads(pickle.dumps(softplus)) is softplus


WRONG = {
    "is no expression": ("f", "x +"),
    "'sinus(x)' is not known": ("f", "sinus(x)"),
    "'q' is not known": ("f", "x + q"),
    "'exp(x, y)' is not known": ("f", "exp(x, y)"),
    "'[x]' is not supported": ("f", "[x]"),
    "has 0 arguments": ("f", "1 + PI"),
    "the stable one 2": ("f", "exp(x)", "x + y"),
    "'exp' is a function that is known anyway": ("exp", "x"),
    "is no name for a function": ("two words", "x"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_formula_is_refused(what):
    with pytest.raises(sg.ArgumentError) as caught:
        sg.primitive(*WRONG[what])
    assert what in str(caught.value)


PROGRAM = """
import sys
import numpy as np, srcgrad as sg
softplus = sg.primitive("softplus", "FORMULA")
def f(x): return softplus(x) * x
print(sg.grad(f)(0.5), "sympy" in sys.modules)
"""


def test_another_process_finds_it_and_an_edited_formula_is_another(tmp_path):
    def result(formula):
        path = tmp_path / "program.py"
        path.write_text(PROGRAM.replace("FORMULA", formula), "utf-8")
        code = f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')"
        return run_python(code, tmp_path, NUMBA_DISABLE_JIT="1", SRCGRAD_CACHE_DIR=str(tmp_path / "cache")).split()

    assert result("x**2") == ["0.75", "True"]
    assert result("x**2") == ["0.75", "False"]
    assert result("x**3") == ["0.5", "True"]
