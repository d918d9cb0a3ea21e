"""Arguments that a source is generated for: text, None, and dataclasses that hold them."""

import enum
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numba import njit

import srcgrad as sg


@dataclass(frozen=True)
class Layer:
    weight: np.ndarray
    bias: float
    kind: str = "tanh"
    mask: object = None


@dataclass
class Model:
    first: Layer
    second: Layer
    scale: float = 2.0


def apply(layer, x):
    z = layer.weight @ x + layer.bias
    if layer.kind == "tanh":
        z = np.tanh(z)
    elif layer.kind == "square":
        z = z * z
    return z if layer.mask is None else z * layer.mask


def loss(model, x):
    second = replace(model.second, bias=model.second.bias * 2.0)
    third = Layer(second.weight, second.bias, kind="square")
    return model.scale * np.sum(apply(third, apply(model.first, x))) + np.sum(apply(second, apply(model.first, x)))


MODEL = Model(
    Layer(np.eye(3) * 0.5, 0.1),
    Layer(np.ones((2, 3)) * 0.3, 0.2, "none", np.array([1.0, 0.0])),
)
X = np.array([0.3, 0.5, -0.2])


def test_dataclasses():
    value, gradient = sg.value_and_grad(loss)(MODEL, X)
    assert value == pytest.approx(loss(MODEL, X), rel=1e-14)
    assert isinstance(gradient, Model)
    assert (gradient.first.kind, gradient.first.mask, gradient.second.kind) == ("tanh", None, "none")
    step = 1e-6
    moved = [loss(replace(MODEL, second=replace(MODEL.second, bias=0.2 + d)), X) for d in (step, -step)]
    assert gradient.second.bias == pytest.approx((moved[0] - moved[1]) / (2.0 * step), rel=1e-7)


def test_pullback_of_dataclasses():
    value, pullback = sg.vjp(loss, MODEL, X)
    model_bar, _ = pullback(1.0)
    assert value == pytest.approx(loss(MODEL, X), rel=1e-14)
    assert isinstance(model_bar, Model)
    sg.check_grads(loss, (MODEL, X))


def area(x, y, kind="flat", scale=None):
    z = x if kind == "flat" else x * x
    return z * y if scale is None else z * y * scale


def test_options():
    g = sg.grad(area)
    assert g(2.0, 3.0) == 3.0
    assert g(2.0, 3.0, "square") == 12.0
    assert g(2.0, 3.0, "flat", 5.0) == 15.0
    assert g(2.0, 3.0, kind="square", scale=2.0) == 24.0
    assert g(2.0, 3.0, scale=4.0) == 12.0
    assert sg.grad(g)(2.0, 3.0, "square") == 6.0
    assert sg.differentiable(area)(2.0, 3.0, "square") == 12.0
    assert "kind" not in str(sg.source(g, 2.0, 3.0, "square")).split("# backward")[0]
    with pytest.raises(sg.ArgumentError, match="the argument 'kind' is 'square', not a float"):
        sg.grad(area, argnums="kind")(2.0, 3.0, "square")


def scaled(x, scale=None):
    return x * x if scale is None else x * scale


def test_none_inside_njit():
    g = sg.grad(scaled)

    @njit
    def outer(x):
        return g(x), g(x, None), g(x, 5.0)

    assert outer(3.0) == (6.0, 6.0, 5.0)


def activated(x, act=np.tanh):
    return np.sum(act(x))


@njit
def cubed(x):
    return x * x * x


def test_functions():
    x, g = np.array([0.3, -0.7]), sg.grad(activated)
    np.testing.assert_allclose(g(x), 1.0 - np.tanh(x) ** 2, rtol=1e-14)
    rate = 3.0
    pairs = [(np.sin, np.cos(x)), (np.cos, -np.sin(x)), (cubed, 3.0 * x**2), (lambda u: rate * u, 3.0 + 0.0 * x)]
    for act, slope in (*pairs, (sg.grad(lambda u: np.sum(u**4)), 12.0 * x**2), (np.sin, np.cos(x))):
        np.testing.assert_allclose(g(x, act), slope, rtol=1e-14)
    np.testing.assert_allclose(sg.hessian(activated)(x, np.exp), np.diag(np.exp(x)), rtol=1e-14)
    np.testing.assert_allclose(sg.grad(g_of)({"net": (x, np.sin)})["net"][0], np.cos(x), rtol=1e-14)
    np.testing.assert_allclose(sg.vmap(lambda u, f: f(u), in_axes=(0, None))(x, np.exp), np.exp(x), rtol=1e-14)
    assert sg.differentiable(activated)(x, act=np.cos) == pytest.approx(np.sum(np.cos(x)))
    with pytest.raises(sg.ArgumentError, match="the argument 'act' is <ufunc 'sin'>, not a float"):
        sg.grad(activated, argnums=(0, 1))(x, np.sin)


def g_of(p):
    weights, act = p["net"]
    return activated(weights, act)


def test_functions_given_to_derivatives_inside():
    def squares(x, f):
        return np.sum(f(x) ** 2)

    slope = sg.grad(squares)
    x = np.array([0.7, -0.4])
    np.testing.assert_allclose(sg.grad(lambda u: np.sum(slope(u, cubed) ** 2))(x), 360.0 * x**9, rtol=1e-13)
    np.testing.assert_allclose(sg.grad(lambda u, f: np.sum(slope(u, f)))(x, cubed), 30.0 * x**4, rtol=1e-13)


def along(x, axis=0, shape=(3, 2)):
    return np.sum(x.sum(axis=axis) ** 2) + np.sum(np.reshape(x, shape)[0] ** 3)


def layers(p, x, L=2):
    for k in range(1, L + 1):
        x = np.tanh(p["W" + str(k)] @ x)
    return np.sum(x)


def riccati(q, N=4):
    P = [None] * (N + 1)
    P[N] = q
    for k in range(N, 0, -1):
        P[k - 1] = q + P[k] / (1.0 + P[k])
    return P[0]


def test_integers_that_code_has_to_know():
    x = np.array([[0.3, -0.7, 1.1], [0.4, 0.2, -0.5]])
    g = sg.grad(along)
    for axis in (0, 1, np.int64(1), -1):
        first = np.zeros((2, 3))
        first[0, :2] = 3.0 * x[0, :2] ** 2
        right = 2.0 * np.broadcast_to(np.sum(x, axis=axis, keepdims=True), x.shape)
        np.testing.assert_allclose(g(x, axis), right + first, rtol=1e-14)
        np.testing.assert_allclose(sg.vjp(along, x, axis)[1](1.0)[0], right + first, rtol=1e-14)
    assert sg.vjp(along, x, 1)[1](1.0)[1:] == (None, (None, None))
    assert "def along_grad(x):" in str(sg.source(sg.grad(along), x))
    _, tangent = sg.jvp(along, (x, 1, (3, 2)), (np.ones((2, 3)), None, None))
    assert tangent == pytest.approx(np.sum(g(x, 1)))
    with pytest.raises(sg.ArgumentError, match="the argument 'axis' is 1, not a float"):
        sg.grad(along, argnums="axis")(x, 1)
    with pytest.raises(sg.UnsupportedError, match="this option must be known when the function is read"):
        sg.grad(along)(x, 1000)


@pytest.mark.long
def test_how_many_layers():
    p = {"W1": np.eye(2) * 0.3, "W2": np.ones((2, 2)) * 0.4}
    sg.check_grads(layers, (p, np.array([0.3, 0.9]), 2))
    sg.check_grads(layers, (p, np.array([0.3, 0.9]), 1))
    for n in (1, 4):
        assert sg.grad(riccati)(0.7, n) == pytest.approx((riccati(0.7 + 1e-6, n) - riccati(0.7 - 1e-6, n)) / 2e-6)
    slope = sg.grad(riccati)
    assert sg.hessian(riccati)(0.7) == pytest.approx((slope(0.7 + 1e-5) - slope(0.7 - 1e-5)) / 2e-5)


def test_integers_that_may_be_any_stay_arguments():
    def power(x, n):
        for _ in range(n):
            x = np.sin(x)
        return np.sum(x)

    g = sg.grad(power)
    for n in (1, 2, 3):
        g(np.ones(2), n)
    assert len(g._entries) == 1


def summed_along(x, axis):
    return np.sum(np.sum(x**3, axis=axis) ** 2)


def test_four_threads_find_out_about_an_integer_at_once():
    g, found, begin = sg.grad(summed_along), [], threading.Barrier(4)

    def call():
        begin.wait()
        found.append(g(np.ones((2, 3)), 1))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 4
    for gradient in found:
        np.testing.assert_array_equal(gradient, np.full((2, 3), 18.0))


def test_explain_and_graph_know_the_integers_that_code_needs():
    x = np.ones((2, 3))
    assert sg.explain(summed_along, x, 1).value == 18.0
    np.testing.assert_array_equal(sg.graph(summed_along, x, 1).backward()[0], np.full((2, 3), 18.0))


class Kernel(enum.Enum):
    SQUARE = 2
    CUBE = 3
    SCALED = np.pi


class Order(enum.IntEnum):
    FIRST = 1
    THIRD = 3


def smoothed(x, kernel=Kernel.CUBE):
    if kernel is Kernel.SCALED:
        return np.sum(x) * kernel.value
    match kernel:
        case Kernel.SQUARE:
            return np.sum(x**2)
        case _:
            return np.sum(x**kernel.value)


def by_parts(x, given):
    kernel, order = given
    return smoothed(x, kernel) * order


def slope_of_smoothed(x, kernel):
    return np.sum(sg.grad(smoothed)(x, kernel))


def test_members_of_enumerations_are_known():
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(sg.grad(smoothed)(x), 3.0 * x**2)
    np.testing.assert_array_equal(sg.grad(smoothed)(x, Kernel.SQUARE), 2.0 * x)
    np.testing.assert_array_equal(sg.grad(smoothed)(x, kernel=Kernel.SCALED), [np.pi, np.pi])
    np.testing.assert_array_equal(sg.grad(by_parts)(x, (Kernel.SQUARE, Order.THIRD)), 6.0 * x)
    np.testing.assert_array_equal(sg.grad(slope_of_smoothed)(x, Kernel.CUBE), 6.0 * x)
    assert sg.jvp(smoothed, (x, Kernel.SQUARE), (np.ones(2), None)) == (13.0, 10.0)
    with pytest.raises(sg.SrcgradError, match="not a float"):
        sg.grad(smoothed, argnums=1)(x, Kernel.CUBE)


def over_members(x):
    total, weights = 0.0, {}
    for k, kernel in enumerate(Kernel):
        weights[kernel] = x[0] * k
        total += kernel.value * weights[kernel]
    assert Kernel.CUBE in Kernel
    return total + len(Kernel) * x[1] + sum(x[order - 2] * order for order in Order)


def test_enumerations_are_run_through():
    x = np.array([2.0, 3.0])
    np.testing.assert_allclose(sg.grad(over_members)(x), [3.0 + 2.0 * np.pi, 7.0], rtol=1e-15)
    assert sg.value_and_grad(over_members)(x)[0] == over_members(x)


def test_code_made_for_a_member_knows_its_value():
    """Of two enumerations that are called the same, with members that are, each has its own."""

    def powers(square):
        return enum.Enum("Power", {"SQUARE": square})

    for value in (2, 4):
        gradient = sg.grad(smoothed_by)(np.array([2.0]), powers(value).SQUARE)
        np.testing.assert_array_equal(gradient, [value * 2.0 ** (value - 1)])


def smoothed_by(x, power):
    return np.sum(x**power.value)
