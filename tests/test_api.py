"""The public functions: how they are asked for, what they look like, where they can be called."""

import inspect
import math
import pickle
from collections import namedtuple

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from tests.helpers import run_python

Layer = namedtuple("Layer", "W b")
Net = namedtuple("Net", "first scale")
U = np.linspace(-1.0, 1.2, 6).reshape(2, 3)
V = np.linspace(0.5, 2.0, 6).reshape(2, 3)


# ---- programs, at the top of the module so that they pickle


def area(a, b=2.0, *, c=3.0):
    """Return a * b * c, squared in a."""
    return a * a * b * c


@sg.differentiable
def square(x):
    """Return the square."""
    return x * x


@sg.differentiable()
def cube(x):
    return x * x * x


@sg.grad
def slope_of_cube(x):
    return x * x * x


@sg.value_and_grad(argnums=("y", 0))
def both(x, y):
    return x * y * y


@njit
def compiled_sine(x):
    return math.sin(x)


def affine(layer, x):
    return np.sum(np.tanh(layer.W @ x + layer.b))


def mixed(p, x):
    return p["scale"] * np.sum(p["layer"].W @ x) + p["pair"][0] * p["pair"][1][0]


square_slope = sg.grad(square)


# ---- argnums, keywords, defaults


def test_argnums_are_positions_or_names():
    assert sg.grad(area)(2.0) == 24.0
    assert sg.grad(area, argnums="b")(2.0) == 12.0
    assert sg.grad(area, argnums=1)(2.0) == 12.0
    assert sg.grad(area, argnums=-1)(2.0) == 8.0
    assert sg.grad(area, argnums=np.int64(1))(2.0) == 12.0
    assert sg.grad(area, argnums=("c", "a"))(2.0) == (8.0, 24.0)
    assert sg.grad(area, argnums=(0,))(2.0) == (24.0,)
    assert sg.grad(area, argnums=[0, 1])(2.0) == (24.0, 12.0)
    assert sg.value_and_grad(area, argnums=("c", 0))(2.0) == (24.0, (8.0, 24.0))
    assert sg.value_and_grad(area)(2.0) == (24.0, 24.0)


def test_keywords_and_defaults():
    g = sg.grad(area, argnums=("a", "c"))
    assert g(2.0) == g(2.0, 2.0) == g(2.0, 2.0, c=3.0) == g(c=3.0, b=2.0, a=2.0) == (24.0, 8.0)
    assert g(2.0, c=5.0) == (40.0, 8.0)
    assert sg.differentiable(area)(2.0, c=1.0) == 8.0
    out, pullback = sg.vjp(area, 2.0)
    assert (out, pullback(1.0)) == (24.0, (24.0, 12.0, 8.0))


def halved(x, low):
    y = 0.0
    while x > low:
        y = math.sin(x * (1.0 - y))
        x = x * 0.5
    return y


@pytest.mark.parametrize("low", [0.2, 1e-30])
def test_what_a_while_loop_keeps_outlives_the_forward_call(low):
    out, pullback = sg.vjp(halved, 1.3, low)
    overwritten = [sg.vjp(halved, 0.1 * k, low) for k in range(1, 9)]
    value, expected = sg.value_and_grad(halved)(1.3, low)
    assert out == value
    assert pullback(1.0)[0] == pytest.approx(expected)
    assert len(overwritten) == 8


def test_decorators():
    assert isinstance(square, sg.Differentiable)
    assert isinstance(cube, sg.Differentiable)
    assert sg.differentiable(square) is square
    assert (square(3.0), cube(2.0), slope_of_cube(2.0)) == (9.0, 8.0, 12.0)
    assert both(2.0, 3.0) == (18.0, (12.0, 9.0))
    assert sg.grad(square)(3.0) == 6.0


# ---- looks


def test_name_doc_signature_repr():
    g = sg.grad(area, argnums=("a", "b"))
    assert (square.__name__, square.__doc__) == ("square", "Return the square.")
    assert (g.__name__, sg.value_and_grad(area).__name__) == ("area_grad", "area_value_and_grad")
    assert g.__doc__.splitlines()[0] == "Gradient of area with respect to a, b."
    assert "Return a * b * c" in g.__doc__
    assert g.__module__ == __name__
    assert inspect.signature(g) == inspect.signature(area)
    assert inspect.signature(square) == inspect.signature(lambda x: x)
    line = inspect.getsourcelines(area)[1]
    assert repr(g) == f"<srcgrad grad of area (test_api.py:{line})>"
    assert repr(square).startswith("<srcgrad primal of square (test_api.py:")
    assert repr(sg.value_and_grad(area)).startswith("<srcgrad value_and_grad of area (")
    assert repr(sg.vjp(area, 1.0)[1]) == "<srcgrad pullback of area>"


# ---- pickle


@pytest.mark.parametrize("thing", [square, square_slope, sg.grad(area, "c"), sg.value_and_grad(square), cube])
def test_pickle(thing):
    again = pickle.loads(pickle.dumps(thing))
    assert again(2.0) == thing(2.0)
    assert repr(again) == repr(thing)


def test_pickle_of_a_decorated_function_is_the_function():
    assert pickle.loads(pickle.dumps(square)) is square


def test_pickle_of_a_decorated_gradient():
    assert pickle.loads(pickle.dumps(slope_of_cube))(2.0) == 12.0


def test_pickle_into_another_process(tmp_path):
    (tmp_path / "things.py").write_text(
        "import srcgrad as sg\n\n\n@sg.differentiable\ndef f(x, y):\n    return x * y * y\n\n\n"
        "g = sg.grad(f, argnums=(0, 'y'))\n",
        "utf-8",
    )
    save = "import pickle, things\nwith open('t.pkl', 'wb') as file:\n    pickle.dump((things.f, things.g), file)"
    load = "import pickle\nwith open('t.pkl', 'rb') as file:\n    f, g = pickle.load(file)\n"
    run_python(save, tmp_path)
    assert run_python(load + "print(f(2.0, 3.0), g(2.0, 3.0))", tmp_path) == "18.0 (9.0, 12.0)"


# ---- inside njit


def test_called_inside_njit():
    @njit
    def descend(x, steps):
        for _ in range(steps):
            x -= 0.1 * square_slope(x)
        return x + square(0.0)

    x = 3.0
    for _ in range(5):
        x -= 0.1 * (2.0 * x)
    assert descend(3.0, 5) == pytest.approx(x, rel=1e-15)


def test_passed_to_njit_as_an_argument():
    @njit
    def apply(g, x):
        return g(x)

    assert (apply(square_slope, 3.0), apply(square, 3.0)) == (6.0, 9.0)


def test_arrays_and_structures_inside_njit():
    layer_grad = sg.value_and_grad(affine)

    @njit
    def train(layer, x):
        loss = 0.0
        for _ in range(3):
            value, bar = layer_grad(layer, x)
            loss += value
            layer = Layer(layer.W - 0.1 * bar.W, layer.b - 0.1 * bar.b)
        return layer, loss

    layer, x, right = Layer(U, np.array([0.1, -0.2])), V[0], 0.0
    trained, loss = train(layer, x)
    for _ in range(3):
        value, bar = layer_grad(layer, x)
        right += value
        layer = Layer(layer.W - 0.1 * bar.W, layer.b - 0.1 * bar.b)
    assert isinstance(trained, Layer)
    assert loss == pytest.approx(right, rel=1e-14)
    np.testing.assert_allclose(trained.W, layer.W, rtol=1e-14)
    np.testing.assert_allclose(trained.b, layer.b, rtol=1e-14)


def test_axis_of_length_one_inside_njit_is_repeated():
    g = sg.grad(lambda u, v: np.sum(u * v), argnums=(0, 1))

    @njit
    def outer(u, v):
        return g(u, v)

    u_bar, v_bar = outer(np.full((1, 3), 2.0), np.ones((2, 3)))
    assert np.array_equal(u_bar, np.full((1, 3), 2.0))
    assert np.array_equal(v_bar, np.full((2, 3), 2.0))
    with pytest.raises(ValueError, match="could not be broadcast"):
        outer(np.ones((3, 3)), np.ones((2, 3)))


def test_unpacking_an_array_of_another_length_is_an_error():
    def product(x):
        a, b = x
        return a * b

    g = sg.grad(product)
    assert np.array_equal(g(np.array([2.0, 3.0])), [3.0, 2.0])
    with pytest.raises(ValueError, match="values to unpack and names differ in number: 3 and 2"):
        g(np.ones(3))


def test_a_starred_name_takes_items_of_arrays_with_one_axis():
    def first(x):
        a, *rest = x
        return a * len(rest)

    np.testing.assert_array_equal(sg.grad(first)(np.ones(3)), [2.0, 0.0, 0.0])
    with pytest.raises(sg.UnsupportedError, match="an array that has not one axis"):
        sg.grad(lambda x: np.sum(first(x)))(np.ones((3, 2)))


def test_defaults_inside_njit():
    g = sg.grad(area)

    @njit
    def outer(x):
        return g(x)

    assert outer(2.0) == 24.0


# ---- what can be differentiated


def test_njit_dispatchers():
    assert sg.grad(compiled_sine)(0.3) == pytest.approx(math.cos(0.3), rel=1e-15)
    assert sg.grad(lambda x: compiled_sine(x * x))(0.3) == pytest.approx(0.6 * math.cos(0.09), rel=1e-14)


def test_differentiable_called_by_a_differentiated_function():
    assert sg.grad(lambda x: square(x) * cube(x))(2.0) == 80.0


def test_lambdas_and_closures():
    def power(k, shift):
        def f(x):
            return (x + shift) ** k

        return f

    assert [sg.grad(power(k, 1.0))(2.0) for k in (2, 3)] == [6.0, 27.0]
    assert [sg.grad(f)(2.0) for f in (lambda x: x * 5.0, lambda x: x * 7.0)] == [5.0, 7.0]


def test_gradient_of_a_gradient():
    quartic = sg.grad(sg.grad(lambda x: x**4))
    assert quartic(2.0) == 48.0
    assert sg.value_and_grad(square_slope)(5.0) == (10.0, 2.0)


def test_gradient_called_by_a_differentiated_function_is_not_taken_for_the_primal():
    try:
        slope = sg.grad(lambda x: square_slope(x) * x)(3.0)
    except sg.SrcgradError:
        return
    assert slope == 12.0


def test_array_named_out():
    def f(a):
        out = a * 2.0
        return np.sum(a * out)

    np.testing.assert_array_equal(sg.grad(f)(np.arange(3.0)), 4.0 * np.arange(3.0))


@pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")
@pytest.mark.parametrize(
    ("f", "right"),
    [
        (lambda x: math.floor(x) * x, 10.0),
        (lambda x: (x > 1.0) * x, 1.0),
        (lambda x: float(int(x)) ** 20 * x, 1e20),
    ],
    ids=["floor", "comparison", "cast"],
)
def test_gradient_is_a_float(f, right):
    slope = sg.grad(f)(10.5)
    assert type(slope) is float
    assert slope == right


# ---- structures


def test_namedtuples_nested_in_tuples():
    net = (Net(Layer(U, np.array([0.1, -0.2])), 2.0), V[1])

    def f(p):
        return p[0].scale * np.sum(np.tanh(p[0].first.W @ p[1] + p[0].first.b))

    bar = sg.grad(f)(net)
    assert isinstance(bar, tuple)
    assert isinstance(bar[0], Net)
    assert isinstance(bar[0].first, Layer)
    z = U @ V[1] + net[0].first.b
    t = 2.0 * (1.0 - np.tanh(z) ** 2)
    assert bar[0].scale == pytest.approx(np.sum(np.tanh(z)), rel=1e-14)
    np.testing.assert_allclose(bar[0].first.W, np.outer(t, V[1]), rtol=1e-13)
    np.testing.assert_allclose(bar[0].first.b, t, rtol=1e-13)
    np.testing.assert_allclose(bar[1], t @ U, rtol=1e-13)


def test_dicts_and_lists():
    p = {"layer": Layer(U, np.zeros(2)), "scale": 2.0, "pair": [3.0, (4.0,)]}
    value, (bar, x_bar) = sg.value_and_grad(mixed, argnums=(0, "x"))(p, V[0])
    assert value == mixed(p, V[0])
    assert list(bar) == ["layer", "scale", "pair"]
    assert isinstance(bar["layer"], Layer)
    assert bar["pair"] == [4.0, (3.0,)]
    assert bar["scale"] == pytest.approx(np.sum(U @ V[0]), rel=1e-14)
    np.testing.assert_allclose(bar["layer"].W, 2.0 * np.array([V[0], V[0]]), rtol=1e-14)
    np.testing.assert_array_equal(bar["layer"].b, np.zeros(2))
    np.testing.assert_allclose(x_bar, 2.0 * U.sum(axis=0), rtol=1e-14)
    assert sg.differentiable(mixed)(p, V[0]) == value


def test_dict_in_another_order():
    g = sg.grad(lambda p: p["a"] * p["b"] * p["b"])
    assert g({"a": 2.0, "b": 3.0}) == {"a": 9.0, "b": 12.0}
    assert list(g({"b": 3.0, "a": 2.0})) == ["b", "a"]
    assert g({"b": 3.0, "a": 2.0}) == {"a": 9.0, "b": 12.0}


def test_dict_keys_that_give_the_same_name():
    assert sg.grad(lambda p, p_a: p["a"] * p["b"] * p_a)({"a": 2.0, "b": 3.0}, 5.0) == {"a": 15.0, "b": 10.0}
    assert sg.grad(lambda p: p["a b"] * p["a_b"])({"a b": 2.0, "a_b": 3.0}) == {"a b": 3.0, "a_b": 2.0}


def test_empty_structures():
    assert sg.grad(lambda p, x: x * x, argnums=1)((), 2.0) == 4.0
    assert sg.grad(lambda p, x: x * x, argnums=1)({}, 2.0) == 4.0
    assert sg.grad(lambda p: 3.0)({}) == {}


def test_gradient_by_an_empty_structure():
    assert sg.grad(lambda p, x: x * x)((), 2.0) == ()


def given_or_filled(x, n):
    if n == 0:
        return x, n, x[0]
    y = np.zeros_like(x)
    for i in range(n):
        y[i] = x[i] * x[i]
    return y, n + 1, x[0]


def test_pullback_of_several_returns_takes_none_for_zero():
    x = np.array([0.5, 2.0])
    for n, slopes in ((0, [1.0, 3.0]), (2, [1.0, 12.0])):
        value, pullback = sg.vjp(given_or_filled, x, n)
        assert np.array_equal(value[0], given_or_filled(x, n)[0])
        assert np.array_equal(pullback((np.array([1.0, 3.0]), None, None))[0], slopes)
    assert np.array_equal(pullback((None, None, 2.0))[0], [2.0, 0.0])


def test_pullback_has_the_structure_of_the_arguments():
    p = {"layer": Layer(U, np.zeros(2)), "scale": 2.0, "pair": [3.0, (4.0,)]}
    out, pullback = sg.vjp(mixed, p, V[0])
    bar, x_bar = pullback(1.0)
    assert out == mixed(p, V[0])
    assert bar["pair"] == [4.0, (3.0,)]
    assert isinstance(bar["layer"], Layer)
    assert x_bar.shape == (3,)
