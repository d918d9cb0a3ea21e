"""The public functions: what goes in, what comes out, where they can be called, and what a call leaves alone."""

import doctest
import functools
import importlib
import inspect
import math
import os
import pickle
import pkgutil
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from numba import njit, typeof

import srcgrad as sg
from srcgrad import pipeline, runtime, tree
from srcgrad.emit import emit
from srcgrad.entry import kind_of_type, parameters
from srcgrad.parse import parse_text
from tests.test_corpus import CASES

ROOT = Path(__file__).parents[1]
Layer = namedtuple("Layer", "W b")
Net = namedtuple("Net", "first scale")


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


def energy(u, v):
    return np.sum(np.tanh(u) * v) + u[0, 0]


def affine(layer, x):
    return np.sum(np.tanh(layer.W @ x + layer.b))


def mixed(p, x):
    return p["scale"] * np.sum(p["layer"].W @ x) + p["pair"][0] * p["pair"][1][0]


def in_place(a, k):
    for i in range(a.shape[0] - 1):
        a[i + 1] = a[i] * a[i + 1] + k
    a[0] = 7.0 * k
    return np.sum(a * a)


def scaled_outputs(x, y):
    total = np.sum(x) * y
    return total, (x * y, x[0] * x)


square_slope = sg.grad(square)
energy_both = sg.value_and_grad(energy, argnums=(0, 1))
U = np.linspace(-1.0, 1.2, 6).reshape(2, 3)
V = np.linspace(0.5, 2.0, 6).reshape(2, 3)
# what `energy_both` must give at (U, V)
VALUE = float(np.sum(np.tanh(U) * V) + U[0, 0])
U_BAR = (1.0 - np.tanh(U) ** 2) * V + np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
V_BAR = np.tanh(U)


def same_bits(a, b):
    """Return whether two values, or tuples of values, are equal to the last bit and in dtype and shape."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same_bits, a, b))
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ---- argnums, keywords, defaults


def test_argnums_are_positions_or_names():
    assert sg.grad(area)(2.0) == 24.0
    assert sg.grad(area, argnums="b")(2.0) == 12.0
    assert sg.grad(area, argnums=1)(2.0) == 12.0
    assert sg.grad(area, argnums=-1)(2.0) == 8.0
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


@pytest.mark.xfail(reason="PicklingError: it's not the same object as tests.test_api.slope_of_cube")
def test_pickle_of_a_decorated_gradient():
    assert pickle.loads(pickle.dumps(slope_of_cube))(2.0) == 12.0


def run_python(code, folder, *arguments, **environment):
    """Return what a program prints, run by a fresh Python in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_pickle_into_another_process(tmp_path):
    (tmp_path / "things.py").write_text(
        "import srcgrad as sg\n\n\n@sg.differentiable\ndef f(x, y):\n    return x * y * y\n\n\n"
        "g = sg.grad(f, argnums=(0, 'y'))\n",
        "utf-8",
    )
    run_python("import pickle, things\nwith open('t.pkl', 'wb') as file:\n    pickle.dump((things.f, things.g), file)", tmp_path)
    code = "import pickle\nwith open('t.pkl', 'rb') as file:\n    f, g = pickle.load(file)\nprint(f(2.0, 3.0), g(2.0, 3.0))"
    assert run_python(code, tmp_path) == "18.0 (9.0, 12.0)"


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
    def train(layer, x, u, v):
        for _ in range(3):
            value, bar = layer_grad(layer, x)
            layer = Layer(layer.W - 0.1 * bar.W, layer.b - 0.1 * bar.b)
        return layer, energy_both(u, v)

    layer, x = Layer(U, np.array([0.1, -0.2])), V[0]
    trained, (value, (u_bar, v_bar)) = train(layer, x, U, V)
    for _ in range(3):
        bar = sg.grad(affine)(layer, x)
        layer = Layer(layer.W - 0.1 * bar.W, layer.b - 0.1 * bar.b)
    assert isinstance(trained, Layer)
    np.testing.assert_allclose(trained.W, layer.W, rtol=1e-14)
    assert value == pytest.approx(VALUE, rel=1e-14)
    np.testing.assert_allclose(u_bar, U_BAR, rtol=1e-14)
    np.testing.assert_allclose(v_bar, V_BAR, rtol=1e-14)


@pytest.mark.xfail(reason="ValueError: lengths differ; works only after a Python call has met the same case")
def test_axis_of_length_one_inside_njit():
    g = sg.grad(lambda u, v: np.sum(u * v), argnums=1)

    @njit
    def outer(u, v):
        return g(u, v)

    np.testing.assert_array_equal(outer(np.ones((1, 3)), np.ones((2, 3))), np.ones((2, 3)))


@pytest.mark.xfail(reason="numba's TypingError: the compiled entry has no defaults")
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


def test_default_of_an_inner_function_is_bound_where_it_is_defined():
    def f(x):
        k = x
        g = lambda t, s=k: t * s
        k = 3.0
        return g(x) + k

    assert sg.value_and_grad(f)(2.0) == (7.0, 4.0)


def test_loop_over_an_array_that_is_bound_anew():
    def f(a):
        s = 0.0
        for v in a:
            a = a * 2.0
            s += v * a[0]
        return s

    a = np.array([1.0, 2.0, 3.0])
    assert sg.differentiable(f)(a) == f(a)


@pytest.mark.parametrize(
    ("f", "right"),
    [
        (lambda x: math.floor(x) * x, 10.0),
        (lambda x: (x > 1.0) * x, 1.0),
        (lambda x: float(int(x)) ** 20 * x, 1e20),
    ],
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


def test_pullback_has_the_structure_of_the_arguments():
    p = {"layer": Layer(U, np.zeros(2)), "scale": 2.0, "pair": [3.0, (4.0,)]}
    out, pullback = sg.vjp(mixed, p, V[0])
    bar, x_bar = pullback(1.0)
    assert out == mixed(p, V[0])
    assert bar["pair"] == [4.0, (3.0,)]
    assert isinstance(bar["layer"], Layer)
    assert x_bar.shape == (3,)


# ---- dtypes, layouts, sizes


def gapped(a):
    """Return the array with gaps between its elements."""
    wide = np.zeros((2 * a.shape[0], 3 * a.shape[1]))[::2, ::3]
    wide[...] = a
    return wide


def read_only(a):
    """Return a read-only copy."""
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "C": np.copy,
    "F": np.asfortranarray,
    "strided": gapped,
    "backward": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda a: a.T.copy().T,
    "read-only": read_only,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    u, v = LAYOUTS[layout](U), V.copy()
    before = u.tobytes(), u.strides, v.tobytes()
    value, (u_bar, v_bar) = energy_both(u, v)
    assert value == pytest.approx(VALUE, rel=1e-14)
    np.testing.assert_allclose(u_bar, U_BAR, rtol=1e-14)
    np.testing.assert_allclose(v_bar, V_BAR, rtol=1e-14)
    assert before == (u.tobytes(), u.strides, v.tobytes())


def test_float32_stays_float32():
    value, (u_bar, v_bar) = energy_both(U.astype(np.float32), V.astype(np.float32))
    assert (u_bar.dtype, v_bar.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(u_bar, U_BAR, rtol=1e-5, atol=1e-6)
    assert value == pytest.approx(VALUE, rel=1e-6)
    _, (u_bar, v_bar) = energy_both(U.astype(np.float32), V)
    assert (u_bar.dtype, v_bar.dtype) == (np.float32, np.float64)
    out, pullback = sg.vjp(lambda x: x * np.float32(2.0), U.astype(np.float32))
    assert (out.dtype, pullback(np.ones((2, 3)))[0].dtype) == (np.float32, np.float32)


def test_float32_scalar_stays_float32_inside_njit():
    g = sg.grad(lambda x: x * x)

    @njit
    def bits(x):
        return np.array([g(x)])

    assert bits(np.float32(3.0)).dtype == np.float32
    assert bits(3.0).dtype == np.float64


def test_numpy_scalars_and_0d_arrays():
    for x in (np.float64(3.0), np.array(3.0), 3.0):
        assert square_slope(x) == 6.0
        assert np.shape(square_slope(x)) == ()
        assert sg.vjp(square, x)[1](1.0) == (6.0,)


def test_empty_and_single_elements():
    f = sg.value_and_grad(lambda u, v: np.sum(np.tanh(u) * v), argnums=(0, 1))
    value, (u_bar, v_bar) = f(np.zeros((0, 3)), np.zeros((0, 3)))
    assert (value, u_bar.shape, v_bar.shape) == (0.0, (0, 3), (0, 3))
    value, (u_bar, v_bar) = f(np.full((1, 1), 0.5), np.full((1, 1), 2.0))
    assert value == pytest.approx(2.0 * math.tanh(0.5), rel=1e-15)
    assert u_bar.shape == v_bar.shape == (1, 1)


def test_axes_of_length_one_are_repeated():
    f = lambda u, v: np.sum(np.tanh(u) * v)
    g = sg.value_and_grad(f, argnums=(0, 1))
    for u, v in [(U, V), (U[:1], V), (U, V[:, :1]), (U[:1], V[:, :1]), (U, V), (U[:, :1], V[:1])]:
        value, bars = g(u, v)
        wide = np.broadcast_arrays(u, v)
        wide_bars = ((1.0 - np.tanh(wide[0]) ** 2) * wide[1], np.tanh(wide[0]))
        assert value == pytest.approx(f(u, v), rel=1e-14)
        for bar, wide_bar, a in zip(bars, wide_bars, (u, v), strict=True):
            axes = tuple(k for k in range(2) if a.shape[k] == 1 < wide_bar.shape[k])
            np.testing.assert_allclose(bar, wide_bar.sum(axis=axes, keepdims=True), rtol=1e-13)
    assert sg.vjp(f, U[:1], V)[1](1.0)[0].shape == (1, 3)


def test_store_of_an_axis_of_length_one():
    def f(a, b):
        c = np.zeros_like(a)
        c[:] = b
        return np.sum(c * a)

    a = np.arange(3.0)
    np.testing.assert_array_equal(sg.grad(f, "b")(a, np.ones(1)), [3.0])


# ---- what a call leaves alone


@pytest.mark.parametrize("call", ["grad", "value_and_grad", "vjp"])
def test_arguments_are_not_written(call):
    a = np.linspace(0.5, 1.5, 4)
    before = a.copy()
    if call == "vjp":
        sg.vjp(in_place, a, 0.3)[1](1.0)
    else:
        getattr(sg, call)(in_place, argnums=(0, 1))(a, 0.3)
    assert same_bits(a, before)


def test_primal_writes_as_the_function_does():
    a, b = np.linspace(0.5, 1.5, 4), np.linspace(0.5, 1.5, 4)
    assert sg.differentiable(in_place)(a, 0.3) == pytest.approx(in_place(b, 0.3), rel=1e-14)
    np.testing.assert_allclose(a, b, rtol=1e-14)


def test_written_argument_that_overlaps_another_one():
    def f(a, b):
        a[0] = 5.0 * b[0]
        return b[0] * b[1]

    x = np.array([2.0, 3.0])
    right = f(x.copy(), x.copy())
    assert sg.value_and_grad(f)(x, x.copy())[0] == right
    try:
        value, _ = sg.value_and_grad(f)(x, x)
    except (sg.SrcgradError, ValueError):
        return
    assert value == 30.0


def test_same_call_gives_the_same_bits():
    first = energy_both(U, V)
    assert all(same_bits(first, energy_both(U, V)) for _ in range(3))
    assert same_bits(first, sg.value_and_grad(energy, argnums=(0, 1))(U, V))


def test_results_do_not_share_memory_with_arguments():
    out, pullback = sg.vjp(lambda x: x, U)
    bar = np.ones((2, 3))
    (u_bar,) = pullback(bar)
    assert not np.shares_memory(out, U)
    assert not np.shares_memory(u_bar, bar)


def test_four_threads_at_once():
    shared = sg.value_and_grad(lambda u, v: np.sum(np.cos(u) * v), argnums=(0, 1))
    results, errors = [[] for _ in range(4)], []

    def work(k):
        try:
            own = sg.grad(lambda x: np.sum(np.sin(x) * x))
            for n in range(20):
                results[k].append((shared(U + n, V), own(V[0])))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert all(same_bits(tuple(results[0]), tuple(other)) for other in results[1:])
    np.testing.assert_allclose(results[0][0][1], np.sin(V[0]) + V[0] * np.cos(V[0]), rtol=1e-14)


# ---- vjp


def test_vjp_of_arrays_and_tuples():
    out, pullback = sg.vjp(scaled_outputs, V[0], 2.0)
    x = V[0]
    assert out[0] == pytest.approx(2.0 * x.sum(), rel=1e-15)
    np.testing.assert_allclose(out[1][1], x[0] * x, rtol=1e-15)
    b, c = np.array([0.1, 0.2, 0.3]), np.array([-1.0, 0.5, 2.0])
    x_bar, y_bar = pullback((1.5, (b, c)))
    right = 1.5 * 2.0 + b * 2.0 + x[0] * c
    right[0] += x @ c
    np.testing.assert_allclose(x_bar, right, rtol=1e-14)
    assert y_bar == pytest.approx(1.5 * x.sum() + b @ x, rel=1e-14)


def test_vjp_gives_none_for_integers():
    _, pullback = sg.vjp(lambda x, n, flag: x * n if flag else x, 2.0, 3, True)
    assert pullback(1.0) == (3.0, None, None)


def test_pullback_refuses_another_shape():
    _, pullback = sg.vjp(lambda x: x * 2.0, U)
    for bar in (np.ones((3, 2)), 1.0, np.ones(6)):
        with pytest.raises(sg.ArgumentError, match="the adjoint has shape"):
            pullback(bar)


def test_pullback_can_be_called_again():
    def f(a):
        b = np.empty_like(a)
        b[0] = a[0]
        b[1] = np.exp(b[0])
        b[0] = b[1] * 2.0
        return np.sum(b * b)

    _, pullback = sg.vjp(f, np.array([0.5, 1.0]))
    first = pullback(1.0)
    assert same_bits(first, pullback(1.0))
    assert same_bits(first, pullback(1.0))


def directional(f, args, directions, h=1e-3):
    """Return the derivative of f along a direction, by extrapolated differences."""
    def along(t):
        return f(*(a + t * d for a, d in zip(args, directions, strict=True)))

    wide = [along(k * h) - along(-k * h) for k in (1, 2, 3)]
    return (45 * wide[0] - 9 * wide[1] + wide[2]) / (60 * h)


def test_dot_product_identity(rng):
    """<out_bar, J d> = <J^T out_bar, d> for an array-valued function."""

    def layer(W, x, b):
        h = np.tanh(W @ x + b)
        for i in range(1, h.size):
            h[i] = h[i] * h[i - 1] + x[0]
        return h

    args = (rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4))
    for _ in range(3):
        _, pullback = sg.vjp(layer, *args)
        out_bar, directions = rng.normal(size=4), [rng.normal(size=a.shape) for a in args]
        pushed = directional(layer, args, directions)
        pulled = sum(np.sum(bar * d) for bar, d in zip(pullback(out_bar), directions, strict=True))
        assert out_bar @ pushed == pytest.approx(pulled, rel=1e-9)


# ---- check_grads


def test_check_grads_agrees():
    assert sg.check_grads(energy, (U, V)) < 1e-8
    assert sg.check_grads(area, (2.0,), argnums="b") < 1e-8
    assert sg.check_grads(scaled_outputs, (V[0], 2.0)) < 1e-8
    assert sg.check_grads(mixed, ({"layer": Layer(U, np.zeros(2)), "scale": 2.0, "pair": [3.0, (4.0,)]}, V[0])) < 1e-8
    assert sg.check_grads(lambda x, n: x**n, (1.5, 3)) < 1e-8


def test_check_grads_finds_a_planted_error(monkeypatch):
    from srcgrad import check

    def wrong(f, *args):
        out, pullback = sg.vjp(f, *args)

        def planted(out_bar):
            u_bar, v_bar = pullback(out_bar)
            v_bar[1, 2] += 0.25
            return u_bar, v_bar

        return out, planted

    monkeypatch.setattr(check, "vjp", wrong)
    with pytest.raises(AssertionError, match=r"gradient by v\[1, 2\]: 1\.08.*differences give 0\.83.*off by 0\.25"):
        sg.check_grads(energy, (U, V))
    assert sg.check_grads(energy, (U, V), argnums="u") < 1e-8


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_check_grads_finds_what_is_not_finite(monkeypatch, bad):
    from srcgrad import check

    monkeypatch.setattr(check, "vjp", lambda f, *args: (sg.vjp(f, *args)[0], lambda out_bar: (bad,)))
    with pytest.raises(AssertionError, match="gradient by x: "):
        sg.check_grads(square, (2.0,))


@pytest.mark.xfail(reason="the step for float32 is too small for the allowed deviation")
def test_check_grads_of_float32():
    sg.check_grads(energy, (U.astype(np.float32), V.astype(np.float32)))


@pytest.mark.xfail(reason="TypeError: unsupported operand None - float")
def test_check_grads_of_an_integer_argument():
    with pytest.raises(sg.ArgumentError):
        sg.check_grads(lambda x, n: x**n, (1.5, 3), argnums="n")


# ---- source


def test_source_forms():
    g = sg.grad(lambda u, v: np.sum(u * v) * 3.0, argnums=(0, 1))
    for_vectors = sg.source(g, U[0], V[0])
    assert isinstance(for_vectors, str)
    assert isinstance(for_vectors, sg.Source)
    g(U, V)
    assert "for j in range" in sg.source(g)
    assert "for j in range" not in for_vectors
    g(U[0], V[0])
    assert for_vectors.strip() in sg.source(g)
    assert sg.source(g, U[0].astype(np.float32), V[0].astype(np.float32)).count("def function_grad(u, v):") == 1
    compile(str(sg.source(g, U, V)), "<source>", "exec")
    assert "NAMES" not in for_vectors
    assert "RESULT" not in for_vectors


def test_source_of_defaults_and_structures():
    assert "def area_grad(a, b, c):" in sg.source(sg.grad(area), 2.0)
    text = sg.source(sg.grad(mixed), {"layer": Layer(U, V[0, :2]), "scale": 2.0, "pair": [3.0, (4.0,)]}, V[0])
    assert "p_layer_W" in text
    assert "p_pair_1_0" in text
    assert "def square(x):" in sg.source(square, 2.0)


def test_source_computes_the_gradient():
    namespace = {}
    exec(str(sg.source(energy_both, U, V)), namespace)
    value, u_bar, v_bar = namespace["energy_value_and_grad"](U, V)
    assert value == pytest.approx(VALUE, rel=1e-14)
    np.testing.assert_allclose(u_bar, U_BAR, rtol=1e-14)
    np.testing.assert_allclose(v_bar, V_BAR, rtol=1e-14)


# ---- generated text is itself input


def generated(case, layout=pipeline.value_and_grad):
    """Return the derivative of a corpus function as generated, before it becomes text."""
    structures = tuple(tree.structure_of(a) for a in case.args)
    flat = [leaf for s, a in zip(structures, case.args, strict=True) for leaf in tree.leaves(s, a)]
    names = [n for s, p in zip(structures, parameters(case.function).parameters, strict=True)
             for n in tree.leaf_names(s, p)]  # fmt: skip
    kinds = tuple(kind_of_type(typeof(a), n) for a, n in zip(flat, names, strict=True))
    return layout(case.function, structures, kinds, case.positions)


@functools.cache
def all_generated():
    """Return [(case, generated derivative)] for the whole corpus."""
    return [(case, generated(case)) for case in CASES]


def helpers():
    """Return the names of the compiled helpers that generated code may use."""
    return {name: value for name, value in vars(runtime).items() if not name.startswith("_")}


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda k: CASES[k].name)
def test_emitted_text_reads_back_as_the_same_program(index):
    _, made = all_generated()[index]
    (function,) = made.functions
    assert parse_text(emit(function), {**helpers(), **dict(made.captured)}) == function


def test_same_text_for_every_hash_seed(tmp_path):
    code = (
        "import hashlib, tests.test_api as t\n"
        "from srcgrad import generate\n"
        "for case, made in t.all_generated():\n"
        "    text = generate.module_text(case.name, made)\n"
        "    print(case.name, hashlib.sha256(text.encode()).hexdigest())\n"
    )
    runs = [run_python(code, tmp_path, PYTHONHASHSEED=seed).splitlines() for seed in ("1", "2")]
    assert [a for a, b in zip(*runs, strict=True) if a != b] == []
    assert len(runs[0]) == len(CASES)


# ---- edits


EDITS = {
    "constant": ("C = 3.0\n\n\ndef f(x):\n    return C * x\n", "3.0", "5.0"),
    "captured array": ("import numpy as np\n\nC = np.array([3.0, 1.0])\n\n\ndef f(x):\n    return C[0] * x\n", "3.0", "5.0"),
    "source": ("def f(x):\n    return 3.0 * x\n", "3.0", "5.0"),
    "callee": ("def g(x):\n    return 3.0 * x\n\n\ndef f(x):\n    return g(x)\n", "3.0", "5.0"),
    "njit callee": ("from numba import njit\n\n\n@njit\ndef g(x):\n    return 3.0 * x\n\n\ndef f(x):\n    return g(x)\n", "3.0", "5.0"),
    "default of a callee": ("def g(x, k=3.0):\n    return k * x\n\n\ndef f(x):\n    return g(x)\n", "3.0", "5.0"),
    "closure": ("def make(k):\n    def f(x):\n        return k * x\n\n    return f\n\n\nf = make(3.0)\n", "3.0", "5.0"),
    "field of a namedtuple": ("from collections import namedtuple\n\nC = namedtuple('C', 'k')(3.0)\n\n\ndef f(x):\n    return C.k * x\n", "3.0", "5.0"),
    "class attribute": ("class C:\n    k = 3.0\n\n\ndef f(x):\n    return C.k * x\n", "3.0", "5.0"),
    "attribute of an object": ("class C:\n    def __init__(self, k):\n        self.k = k\n\n\nc = C(3.0)\n\n\ndef f(x):\n    return c.k * x\n", "3.0", "5.0"),
    "default array of a callee": ("import numpy as np\n\nK = np.array([3.00000000001])\n\n\ndef g(x, k=K):\n    return k[0] * x\n\n\ndef f(x):\n    return g(x)\n", "3.00000000001", "3.00000000002"),
    "module read by two functions": (
        "import edited_settings as s\n\n\ndef g(x):\n    return s.SECOND * x\n\n\ndef f(x):\n    return s.FIRST * g(x)\n",
        "3.0", "5.0",
    ),
    "default of a namedtuple": ("from collections import namedtuple\n\nP = namedtuple('P', 'x k', defaults=(3.0,))\n\n\ndef f(x):\n    return P(x).x * P(x).k\n", "3.0", "5.0"),
}  # fmt: skip
STALE = {
    "class attribute", "attribute of an object", "default array of a callee", "default of a namedtuple",
    "module read by two functions",
}  # fmt: skip


@pytest.fixture(scope="module")
def slopes_before_and_after(tmp_path_factory):
    """The slopes of all programs in `EDITS` in one process, and after the edit in a second one."""
    folder = tmp_path_factory.mktemp("edited")
    code = "import sys, importlib, srcgrad\nfor name in sys.argv[1:]:\n"
    code += "    print(srcgrad.grad(importlib.import_module(name).f)(2.0))\n"
    names = [f"edited_{k}" for k in range(len(EDITS))]
    runs = []
    for after in (False, True):
        for name, (text, old, new) in zip(names, EDITS.values(), strict=True):
            (folder / f"{name}.py").write_text(text.replace(old, new) if after else text, "utf-8")
        (folder / "edited_settings.py").write_text(f"FIRST, SECOND = {5.0 if after else 3.0}, 1.0\n", "utf-8")
        cache = str(folder / "cache")
        runs.append(run_python(code, folder, *names, SRCGRAD_CACHE_DIR=cache).splitlines())
    return dict(zip(EDITS, zip(*runs, strict=True), strict=True))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.xfail(reason="stale gradient") if n in STALE else ()) for n in EDITS]
)
def test_an_edit_gives_a_new_gradient(name, slopes_before_and_after):
    """In a second process, the stored module of the first one must not be found."""
    _, old, new = EDITS[name]
    assert slopes_before_and_after[name] == (old, new)


def test_a_changed_constant_in_the_same_process():
    captured = np.array([3.0])

    def f(x):
        return captured[0] * x

    assert sg.grad(f)(1.0) == 3.0
    captured[0] = 5.0
    assert sg.grad(f)(1.0) == 5.0
    assert sg.vjp(f, 1.0)[1](1.0) == (5.0,)


def test_large_captured_arrays():
    table = np.linspace(0.0, 1.0, 1000)
    assert sg.grad(lambda x: np.sum(table * x))(2.0) == pytest.approx(500.0)


# ---- debugging


def test_dump_prints_the_passes(monkeypatch, capsys):
    monkeypatch.setenv("SRCGRAD_DUMP", "parse,lower")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 11.0), U[0], V[0])
    printed = capsys.readouterr().err
    assert printed.count("# --- after") == 2
    assert "# --- after parse\ndef function(a, b):\n    return np.sum(a * b) * 11.0\n" in printed
    assert "# --- after lower\n" in printed
    monkeypatch.setenv("SRCGRAD_DUMP", "all")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 12.0), U[0], V[0])
    printed = capsys.readouterr().err
    for name in ("parse", "webs", "lower", "reverse", "simplify", "schedule", "final"):
        assert f"# --- after {name}\n" in printed
    monkeypatch.setenv("SRCGRAD_DUMP", "")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 13.0), U[0], V[0])
    assert capsys.readouterr().err == ""


def test_traceback_shows_the_generated_line():
    g = sg.grad(lambda a, b: np.sum(a * b) * 14.0)
    namespace = {}
    exec(compile(str(sg.source(g, U[0], V[0])), "<generated>", "exec"), namespace)
    with pytest.raises(ValueError, match="could not be broadcast"):
        namespace["function_grad"](U[0], V[0, :2])


# ---- examples in docstrings


def test_doctests():
    failed, tried = 0, 0
    for module in pkgutil.walk_packages([str(ROOT / "srcgrad")], "srcgrad."):
        result = doctest.testmod(importlib.import_module(module.name))
        failed, tried = failed + result.failed, tried + result.attempted
    assert failed == 0
    assert tried > 20
