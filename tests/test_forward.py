"""Forward mode: jvp and hvp as users call them. The corpus and random programs compare it with reverse mode."""

import math
from collections import namedtuple
from dataclasses import dataclass
from threading import Thread

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import pipeline
from srcgrad.language.ir import Kind
from tests.corpus import physics
from tests.helpers import ROOT, loaded, run_python, same_bits

FLOAT, VECTOR = Kind("float64"), Kind("float64", 1)
Line = namedtuple("Line", "slope level")


@dataclass
class Model:
    """Parameters as people keep them."""

    gain: float
    weights: np.ndarray


def wave(x, k, n):
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = np.sin(k * x[i])
        for _ in range(n):
            y[i] = y[i] * x[i]
    return y


def cube(x):
    return np.sum(x**3)


def tangent_text(f, kinds, wrt):
    """Return the text of the tangent form of a function."""
    return pipeline.jvp(f, (tree.LEAF,) * len(kinds), kinds, wrt).text()


def slope_along(f, args, dots, h=1e-6):
    """Return two-sided differences of a function of floats along tangents."""
    moved = [tuple(a + s * h * d for a, d in zip(args, dots, strict=True)) for s in (1.0, -1.0)]
    return (f(*moved[0]) - f(*moved[1])) / (2.0 * h)


# ---- values and tangents


def test_value_and_derivative():
    x, x_dot = np.array([0.3, 1.2, -0.7]), np.array([1.0, -2.0, 0.5])
    out, out_dot = sg.jvp(wave, (x, 1.5, 2), (x_dot, 0.3, None))
    np.testing.assert_array_equal(out, wave(x, 1.5, 2))
    np.testing.assert_allclose(
        out_dot, slope_along(lambda x, k: wave(x, k, 2), (x, 1.5), (x_dot, 0.3)), rtol=1e-7, atol=1e-9
    )


def test_arguments_without_a_tangent_are_held_constant():
    assert sg.jvp(lambda x, y: x * y, (2.0, 3.0), (None, 1.0)) == (6.0, 2.0)
    assert sg.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0)) == (6.0, 3.0)
    text = tangent_text(lambda x, y: x * y, (FLOAT, FLOAT), (1,))
    assert "x_dot" not in text


def test_a_result_that_does_not_depend_on_the_argument_has_tangent_zero():
    out, (first, second) = sg.jvp(lambda x, y: (x * 2.0, np.cos(y)), (2.0, np.ones(3)), (1.0, None))
    assert out[0] == 4.0
    assert first == 2.0
    np.testing.assert_array_equal(second, np.zeros(3))


def test_defaults_that_are_left_out_have_no_tangents():
    def scaled(x, k=3.0):
        return k * x

    assert sg.jvp(scaled, (2.0,), (1.0,)) == (6.0, 3.0)


def test_integers_have_no_tangent():
    def power(x, n):
        return x**n, n

    assert sg.jvp(power, (2.0, 3), (1.0, None)) == ((8.0, 3), (12.0, None))
    assert sg.jvp(power, (2.0, 3), (1.0, 0)) == ((8.0, 3), (12.0, None))
    with pytest.raises(ValueError, match="n is an integer: its tangent is None or zero"):
        sg.jvp(power, (2.0, 3), (1.0, 1))


def test_structured_arguments_and_results():
    def model(p, x):
        return {"y": p["W"] * x + p["line"].slope, "parts": [p["line"].level * x, x]}

    p = {"W": np.array([1.0, 2.0]), "line": Line(3.0, 0.5)}
    p_dot = {"W": np.array([0.1, 0.0]), "line": Line(None, 1.0)}
    out, out_dot = sg.jvp(model, (p, 2.0), (p_dot, 1.0))
    np.testing.assert_array_equal(out["y"], [5.0, 7.0])
    np.testing.assert_allclose(out_dot["y"], [1.2, 2.0])
    assert out["parts"] == [1.0, 2.0]
    assert out_dot["parts"] == [2.5, 1.0]


def test_dataclasses_and_namedtuples():
    def fit(m, x):
        return Line(m.gain * np.sum(m.weights), x * m.gain)

    model, along = Model(2.0, np.array([1.0, 2.0])), Model(1.0, np.array([0.0, 0.5]))
    out, out_dot = sg.jvp(fit, (model, 3.0), (along, None))
    assert out == Line(6.0, 6.0)
    assert out_dot == Line(4.0, 3.0)


def test_dtypes_and_layouts():
    rng = np.random.default_rng(1)

    def f(a):
        return np.tanh(a) * a.T

    plain, turned, wide = rng.normal(size=(3, 3)), np.asfortranarray(rng.normal(size=(3, 3))), rng.normal(size=(3, 6))
    for a, a_dot in ((plain, turned), (turned, wide[:, ::2]), (wide[:, ::2], plain)):
        before = a.copy(), a_dot.copy()
        out, out_dot = sg.jvp(f, (a,), (a_dot,))
        np.testing.assert_allclose(out, f(a))
        right = (1.0 - np.tanh(a) ** 2) * a_dot * a.T + np.tanh(a) * a_dot.T
        np.testing.assert_allclose(out_dot, right, rtol=1e-12)
        assert same_bits(before, (a.copy(), a_dot.copy()))
    a = rng.normal(size=(3, 3)).astype(np.float32)
    out, out_dot = sg.jvp(f, (a,), (a,))
    assert (out.dtype, out_dot.dtype) == (np.float32, np.float32)
    assert sg.jvp(f, (np.zeros((0, 0)),), (np.zeros((0, 0)),))[1].shape == (0, 0)


def test_tangents_are_converted_to_the_dtype_of_their_values():
    x = np.array([1.0, 2.0])
    for x_dot in (np.array([1, 0]), np.array([1.0, 0.0], dtype=np.float32), np.array([True, False])):
        out_dot = sg.jvp(lambda x: x * x, (x,), (x_dot,))[1]
        assert out_dot.dtype == np.float64
        np.testing.assert_array_equal(out_dot, [2.0, 0.0])
    assert sg.jvp(lambda x: x * x, (3.0,), (1,)) == (9.0, 6.0)
    assert sg.jvp(lambda x: x * x, (np.array(3.0),), (np.array(1.0),)) == (9.0, 6.0)


def test_an_argument_without_a_tangent_that_is_bound_anew():
    def f(x, s):
        s *= x
        s = s + 1.0
        return s * x

    assert sg.jvp(f, (2.0, 3.0), (1.0, None)) == (14.0, 13.0)


def test_results_are_memory_of_their_own():
    x, x_dot = np.ones(3), np.ones(3)
    out, out_dot = sg.jvp(lambda x: x, (x,), (x_dot,))
    out[0] = out_dot[0] = 7.0
    assert x[0] == x_dot[0] == 1.0


def test_an_argument_that_is_written_is_copied():
    def scaled(a, s):
        a *= s
        return a

    a = np.array([1.0, 2.0])
    out, out_dot = sg.jvp(scaled, (a, 3.0), (np.ones(2), 1.0))
    np.testing.assert_array_equal(a, [1.0, 2.0])
    np.testing.assert_array_equal(out, [3.0, 6.0])
    np.testing.assert_array_equal(out_dot, [4.0, 5.0])


def test_an_axis_of_length_one_that_is_repeated():
    def f(a, b):
        return np.sum(a * b)

    a, b = np.ones((2, 3)), np.full((2, 1), 2.0)
    assert sg.jvp(f, (a, b), (np.ones((2, 3)), np.ones((2, 1)))) == (12.0, 18.0)


# ---- errors


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ((1.0, None), "no argument has a tangent|does not have the structure|the tangent of p"),
        (({"a": 1.0, "c": 1.0}, None), "the tangent of p does not have the structure of its value"),
        (({"a": 1.0, "b": np.ones(2)}, None), r"the tangent of p\['b'\] has 1 axes, its value has 0"),
        (({"a": 1.0},), "there are 1 tangents for 2 arguments"),
        ((None, None), "no argument has a tangent"),
        (1.0, "the tangents are not a tuple"),
    ],
)
def test_tangents_that_do_not_fit(tangents, message):
    with pytest.raises(sg.ArgumentError, match=message):
        sg.jvp(lambda p, n: p["a"] * p["b"] * n, ({"a": 1.0, "b": 2.0}, 2), tangents)


def test_arguments_that_are_no_tuple():
    with pytest.raises(sg.ArgumentError, match="the primals are not a tuple"):
        sg.jvp(cube, 2.0, 1.0)
    with pytest.raises(sg.ArgumentError, match="there are 1 primals for 2 arguments"):
        sg.jvp(lambda x, n=2: x**n, (2.0,), 1.0)


def test_a_tangent_of_another_shape():
    with pytest.raises(ValueError, match=r"the tangent of x does not have the shape of its value"):
        sg.jvp(cube, (np.ones(3),), (np.ones(2),))


def test_an_active_value_in_a_nondifferentiable_function():
    @sg.nondifferentiable
    def bin_of(t):
        return int(10.0 * t)

    with pytest.raises(sg.UnsupportedError, match="bin_of"):
        sg.jvp(lambda x: x * bin_of(x), (0.35,), (1.0,))
    assert sg.jvp(lambda x, t: x * bin_of(t), (2.0, 0.35), (1.0, None)) == (6.0, 3.0)


def test_places_searched_for_a_number_that_has_a_tangent():
    def f(x, w):
        return x[np.searchsorted(x, 0.5 * w)] * w

    x = np.array([0.1, 0.3, 0.9])
    value, along = sg.jvp(f, (x, 1.2), (np.array([0.0, 0.0, 2.0]), 1.0))
    assert (value, along) == (pytest.approx(0.9 * 1.2), pytest.approx(2.0 * 1.2 + 0.9))


def test_a_draw_that_depends_on_an_argument():
    with pytest.raises(sg.UnsupportedError, match="depends on a differentiated argument"):
        sg.jvp(lambda x: np.random.normal(x, 1.0), (0.3,), (1.0,))


def test_an_index_outside():
    def f(x, k):
        return x[k] * x[0]

    with pytest.raises(IndexError, match="index 5 is out of bounds for axis 0 with size 3"):
        sg.jvp(f, (np.ones(3), 5), (np.ones(3), None))


# ---- hints, random numbers, loops with checkpoints


def test_stop_gradient_and_print_grad(capsys):
    def f(x):
        y = sg.print_grad(x * x, "adjoint of y:")
        return y * sg.stop_gradient(x)

    assert sg.jvp(f, (3.0,), (1.0,)) == (27.0, 18.0)
    assert capsys.readouterr().out == ""


def test_random_numbers_are_constants():
    def noisy(x, rng):
        return x * rng.normal()

    value, slope = sg.jvp(noisy, (2.0, np.random.default_rng(4)), (1.0, None))
    assert value == 2.0 * slope == 2.0 * np.random.default_rng(4).normal()


def test_checkpoints_have_no_effect():
    def decay(x, n):
        for _ in sg.checkpoint(range(n), "binomial", slots=3):
            x = x - 0.1 * x * x
        return x

    _, slope = sg.jvp(decay, (1.0, 20), (1.0, None))
    assert slope == pytest.approx(sg.grad(decay)(1.0, 20), rel=1e-14)


# ---- inside njit


@njit
def jitted(x, k):
    return k * np.sum(x * x)


differentiated = sg.differentiable(cube)
cube_jvp, cube_hvp = sg.jvp(differentiated), sg.hvp(cube)
X, V = np.array([1.0, -2.0, 0.5]), np.array([0.5, 1.0, 2.0])


def test_inside_njit():
    @njit
    def inside(x, v):
        out, along = sg.jvp(jitted, (x, 2.0), (v, 1.0))
        return out, along, sg.jvp(differentiated, (x,), (v,)), cube_jvp((x,), (v,)), sg.hvp(differentiated, (x,), (v,))

    out, along, direct, curried, product = inside(X, V)
    assert (out, along) == sg.jvp(jitted, (X, 2.0), (V, 1.0))
    assert direct == curried == sg.jvp(cube, (X,), (V,))
    np.testing.assert_array_equal(product, 6.0 * X * V)


def test_structures_and_none_inside_njit():
    def f(p, n):
        return p[0] * p[1] * n, n

    made = sg.jvp(f)

    @njit
    def inside(a, b):
        return made(((a, b), 2), ((1.0, None), None))

    assert inside(3.0, 4.0) == ((24.0, 2), (8.0, None))


def test_an_axis_of_length_one_inside_njit():
    made = sg.jvp(lambda a, b: np.sum(a * b))

    @njit
    def inside(a, b):
        return made((a, b), (a, b))

    for b in (np.ones(3), np.ones(1)):
        assert inside(np.ones(3), b) == (3.0, 6.0)


def test_the_derivative_of_a_gradient_by_name_inside_njit():
    f = sg.differentiable(lambda x, y: x * x * y)

    @njit
    def inside(x, y):
        return sg.hvp(f, (x, y), (1.0, 0.0), "y"), sg.hvp(f, (x, y), (0.0, 1.0), argnums=0)

    assert inside(3.0, 2.0) == (6.0, 6.0)


# ---- of derivatives


def test_hessian_product_is_symmetric_and_right():
    def f(x, k):
        s = 0.0
        for i in range(x.size - 1):
            s += np.exp(k * x[i] * x[i + 1]) + math.sin(x[i])
        return s

    x, rng = np.array([0.3, -0.8, 1.1, 0.4]), np.random.default_rng(2)
    v, w = rng.normal(size=4), rng.normal(size=4)
    product = sg.hvp(f, (x, 0.7), (v, None))
    np.testing.assert_allclose(product, slope_along(lambda x: sg.grad(f)(x, 0.7), (x,), (v,)), rtol=1e-7)
    assert np.dot(w, product) == pytest.approx(np.dot(v, sg.hvp(f, (x, 0.7), (w, None))), rel=1e-13)
    np.testing.assert_array_equal(sg.jvp(sg.grad(f), (x, 0.7), (v, None))[1], product)


def test_hessian_product_of_structures():
    def f(p, c):
        return c * p["a"] ** 2 * np.sum(p["b"] ** 2)

    p, v = {"a": 2.0, "b": np.array([1.0, 3.0])}, {"a": 1.0, "b": np.array([0.0, 1.0])}
    by_p, by_c = sg.hvp(f, (p, 0.5), (v, None), argnums=("p", "c"))
    assert by_p["a"] == pytest.approx(2 * 0.5 * 10.0 + 4 * 0.5 * 2.0 * 3.0)
    np.testing.assert_allclose(by_p["b"], 0.5 * (4 * 2.0 * np.array([1.0, 3.0]) + 2 * 4.0 * np.array([0.0, 1.0])))
    assert by_c == pytest.approx(2 * 2.0 * 10.0 + 4.0 * 2 * 3.0)


def test_derivatives_of_any_order_in_any_mode():
    """The third derivative of x**5 y is 60 x**2 y, whichever modes are nested."""

    def f(x, y):
        return x**5 * y

    one = (1.0, None)
    first = sg.jvp(sg.jvp(f), (((2.0, 3.0), one)), (one, (None, None)))
    assert first == ((96.0, 240.0), (240.0, 480.0))
    assert sg.jvp(sg.grad(sg.grad(f)), (2.0, 3.0), one) == (480.0, 720.0)
    assert sg.jvp(sg.hvp(f), ((2.0, 3.0), one), (one, (None, None))) == (480.0, 720.0)
    assert sg.hvp(sg.grad(f), (2.0, 3.0), one) == 720.0
    out, pullback = sg.vjp(sg.jvp(sg.grad(f)), (2.0, 3.0), one)
    assert out == (240.0, 480.0)
    assert pullback((0.0, 1.0))[0][0] == 720.0
    still = (None, None)
    third = sg.jvp(sg.jvp(sg.jvp(f)), (((2.0, 3.0), one), (one, still)), ((one, still), (still, still)))
    assert third[1][1][1] == 720.0


def test_second_order_of_while_loops():
    def halvings(x, low):
        y = 0.0
        while x > low:
            y = x * (1.0 - y)
            x = x * 0.5
        return y

    slope = slope_along(lambda x: sg.grad(halvings)(x, 0.05), (0.9,), (1.0,))
    assert sg.hvp(halvings, (0.9, 0.05), (1.0, None)) == pytest.approx(slope, rel=1e-7)


# ---- the object


def test_same_bits_again_in_threads_and_after_an_exception():
    args, dots = (np.array([0.3, 0.1, 1.3, 0.2]), 40, 0.05), (np.array([1.0, -1.0, 0.5, 0.0]), None, 0.1)
    made = sg.jvp(physics.pendulum)
    first, results = made(args, dots), []
    with pytest.raises(ValueError, match="shape"):
        made(args, (np.ones(3), None, 0.1))
    threads = [Thread(target=lambda: results.append(made(args, dots))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(same_bits(first, r) for r in results)
    assert len(results) == 4


def test_source_and_names():
    made = sg.jvp(cube)
    assert (made.__name__, list(made.__signature__.parameters)) == ("cube_jvp", ["primals", "tangents"])
    assert "derivative along tangents of cube" in made.__doc__
    text = sg.source(made, (X,), (V,))
    assert "def cube_jvp(x, x_dot):" in text
    assert sg.source(sg.hvp(cube), (X,), (V,)).count("def cube_hvp(x, x_dot):") == 1


def test_the_tangent_form_is_accepted_input(tmp_path):
    text = "import numpy as np\n\n\n" + tangent_text(wave, (VECTOR, FLOAT, Kind("int64")), (0, 1))
    module = loaded(text, tmp_path, "wave_along")
    args = (np.array([0.3, 1.2]), 1.5, 2, np.array([1.0, 0.5]), 0.2)
    again = sg.differentiable(module.wave_jvp)(*args)
    assert same_bits(tuple(module.wave_jvp(*args)), again)


def test_nothing_is_computed_for_what_no_result_depends_on():
    def f(x):
        unused = np.exp(x)
        for _ in range(3):
            unused = unused * x
        return x * x

    text = tangent_text(f, (FLOAT,), (0,))
    assert "unused_dot" not in text


def test_a_direct_call_follows_a_constant_that_changes():
    factor = 2.0

    def scaled(x):
        return factor * x

    assert sg.jvp(scaled, (3.0,), (1.0,)) == (6.0, 2.0)
    factor = 5.0
    assert sg.jvp(scaled, (3.0,), (1.0,)) == (15.0, 5.0)


def test_a_second_process_imports_no_sympy(tmp_path):
    code = (
        "import sys, numpy as np, srcgrad as sg\n"
        "from tests.corpus import physics\n"
        "x = np.array([0.3, 0.1, 1.3, 0.2])\n"
        "print(sg.jvp(physics.pendulum, (x, 40, 0.05), (x, None, None)), 'sympy' in sys.modules)"
    )
    first, second = (run_python(code, ROOT, SRCGRAD_CACHE_DIR=str(tmp_path)) for _ in "ab")
    assert first.endswith("True")
    assert second.endswith("False")
    assert first.removesuffix("True") == second.removesuffix("False")


def test_under_plain_python(tmp_path):
    code = (
        "import numpy as np, srcgrad as sg\n"
        "from tests.test_forward import cube, wave\n"
        "x = np.array([0.3, 1.2])\n"
        "print(sg.jvp(wave, (x, 1.5, 2), (x, 0.1, None)), sg.hvp(cube, (x,), (x,)))"
    )
    run = [run_python(code, ROOT, SRCGRAD_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT=d) for d in ("0", "1")]
    assert run[0] == run[1]
