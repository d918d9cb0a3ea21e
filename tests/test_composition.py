"""Derivatives called inside functions that are differentiated: made there or outside, nested, over closures."""

import re
from collections import namedtuple

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.generation import entry
from tests.corpus.branches import size_known_in_a_branch
from tests.helpers import run_python

A = np.array([0.3, -0.2, 0.9])
Pair = namedtuple("Pair", "u v")


def energy(w, a):
    return np.sum(np.tanh(a * w)) * w


def of_dict(p, x):
    return np.sum(p["k"] * x**3 * p["b"])


def of_pair(p):
    return p.u**2 * np.sum(p.v**3)


def curve(x, c):
    return np.array([x[0] * x[1] ** 2 * c, np.sin(x[2]) * x[0]])


force = sg.grad(energy)
bending = sg.grad(sg.grad(energy))
pushed = sg.jvp(energy)


def made_inside(w, a):
    g = sg.grad(energy)(w, a)
    return g**2


def made_outside(w, a):
    return np.sin(force(w, a)) * w


def by_keyword(w, a):
    return force(a=a, w=w)


def nested_outside(w, a):
    return bending(w, a) * w


def nested_inside(w, a):
    return sg.grad(sg.grad(energy))(w, a) * w


def over_closure(w, a):
    return sg.grad(lambda u: u * w * np.sum(a))(w) * w


def third_order(w, a):
    def inner(u):
        def deep(z):
            return u * z * z * z * w

        return sg.grad(deep)(u) * w

    return sg.grad(inner)(w)


def forward(w, a):
    out, dot = sg.jvp(energy, (w, a), (1.0, None))
    return dot * out


def forward_made_outside(w, a):
    return pushed((w, a), (w, a))[1]


def forward_over_closure(w, a):
    return sg.jvp(lambda x: np.sum(x * x) * w, (a,), (a,))[1]


def both_arguments(w, a):
    value, (by_w, by_a) = sg.value_and_grad(energy, argnums=(0, 1))(w, a)
    return value * by_w + np.sum(by_a**2)


def second_derivatives(w, a):
    H = sg.hessian(curve)(a * w, 2.0)
    return np.sum(H**2)


def all_modes(w, a):
    J = sg.jacobian(curve)(a * w, w)
    return np.sum(J**2) + np.sum(sg.jacfwd(curve)(a, w)) + np.sum(sg.jacrev(curve, argnums=1)(a * w, w))


def product(w, a):
    return np.sum(sg.hvp(energy, (w, a), (1.0, a), argnums=(0, 1))[1])


def dict_argument(w, a):
    g = sg.grad(of_dict)({"k": w, "b": 2.0}, a)
    return g["k"] * g["b"]


def namedtuple_argument(w, a):
    g = sg.grad(of_pair)(Pair(w, a))
    return g.u * np.sum(g.v)


def descent(w, a):
    x = w
    for i in range(5):
        x = x - 0.1 * force(x, a)
    return x


def descent_over_closure(w, a):
    scale = 2.0 * w

    def model(x):
        return np.sum(scale * x)

    def err(x):
        return (model(x) - 1.0) ** 2

    x = a.copy()
    for i in range(3):
        x = x - 0.01 * sg.grad(err)(x)
    return np.sum(x * x)


def derivative_in_closure(w, a):
    g = sg.grad(lambda x: np.sum(x * w) ** 2)
    return sg.grad(lambda x: np.sum(g(x) ** 2))(a)[1]


def with_default(w, a):
    slope = sg.grad(lambda u, k=w: u * u * k)
    return slope(w)


def cubic(x):
    return x**3 - 2.0


def pulled(w, a):
    out, pullback = sg.vjp(energy, w, a)
    by_w, by_a = pullback(2.0 * out)
    return by_w * np.sum(by_a**2) + out


def pulled_over_closure(w, a):
    out, pullback = sg.vjp(lambda x, n: x[:n] ** 2 * w, a, 2)
    return np.sum(pullback(out)[0] ** 2)


def pulled_of_structures(w, a):
    out, pullback = sg.vjp(of_dict, {"k": w, "b": 2.0}, a)
    by_p, by_x = pullback(w)
    return by_p["k"] * np.sum(by_x) + by_p["b"] * out


def newton(f, x):
    return x - f(x) / sg.grad(f)(x)


def function_as_argument(w, a):
    return newton(lambda x: x**3 - w, newton(cubic, w) + 2.0)


def callee(u, a):
    return force(u, a) + u


def in_callee(w, a):
    return callee(w, a) * callee(2.0 * w, a)


CASES = (
    made_inside, made_outside, by_keyword, nested_outside, nested_inside, over_closure, third_order, forward,
    forward_made_outside, forward_over_closure, both_arguments, second_derivatives, all_modes, product, dict_argument,
    namedtuple_argument, descent, descent_over_closure, derivative_in_closure, with_default,
    function_as_argument, in_callee, pulled, pulled_over_closure, pulled_of_structures,
)  # fmt: skip


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def difference(f, w, a, h=1e-5):
    return (f(w + h, a) - f(w - h, a)) / (2.0 * h)


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_gradient_through_a_derivative(f, plain):
    before = A.copy()
    value, by_w = sg.value_and_grad(f)(0.7, A)
    assert value == pytest.approx(f(0.7, A), rel=1e-12)
    assert by_w == pytest.approx(difference(f, 0.7, A), rel=1e-7, abs=1e-8)
    along, dot = sg.jvp(f, (0.7, A), (1.0, None))
    assert along == pytest.approx(value, rel=1e-12)
    assert dot == pytest.approx(by_w, rel=1e-12)
    assert np.array_equal(A, before)


@pytest.mark.parametrize("f", [made_inside, third_order, descent_over_closure], ids=lambda f: f.__name__)
def test_second_derivative_through_a_derivative(f, plain):
    second = sg.grad(sg.grad(f))(0.7, A)
    assert second == pytest.approx(difference(sg.grad(f), 0.7, A), rel=1e-7)


def test_compiled_inside_njit_as_in_python():
    gradient = sg.grad(descent_over_closure)

    @njit
    def twice(w, a):
        return 2.0 * gradient(w, a)

    assert twice(0.7, A) == 2.0 * gradient(0.7, A)
    assert gradient(0.7, A) == pytest.approx(difference(descent_over_closure, 0.7, A), rel=1e-7)
    assert sg.differentiable(descent_over_closure)(0.7, A) == pytest.approx(descent_over_closure(0.7, A), rel=1e-12)


def test_the_source_shows_the_call_once(plain):
    text = sg.source(sg.grad(made_inside), 0.7, A)
    assert len(re.findall(r"# g = sg.grad\(energy\)\(w, a\)  \(line \d+\)", text)) == 1


def test_single_precision_stays(plain):
    def f(w, a):
        g = sg.grad(energy, argnums=1)(w, a)
        return np.sum(g * g)

    assert sg.grad(f, argnums=1)(np.float32(0.7), A.astype(np.float32)).dtype == np.float32


def scaled(x, w):
    return np.sum(x * w) ** 2


def repeated_axis(w, x):
    return np.sum(sg.grad(scaled)(x, w) ** 2)


def test_axes_of_length_one_are_repeated(plain):
    x, w = np.ones((2, 3)), np.arange(3.0).reshape(1, 3)
    by_w = sg.grad(repeated_axis)(w, x)
    h = 1e-5
    moved = np.array([0.0, h, 0.0]).reshape(1, 3)
    expected = (repeated_axis(w + moved, x) - repeated_axis(w - moved, x)) / (2 * h)
    assert by_w[0, 1] == pytest.approx(expected, rel=1e-7)


def rounded(x):
    return x * x + np.floor(3.0 * x)


def test_pitfalls_are_those_of_the_lines_of_the_user(plain):
    with pytest.warns(sg.PitfallWarning) as caught:
        sg.grad(lambda w: sg.grad(rounded)(w) ** 2)(0.7)
    assert len(caught) == 1
    assert "return x * x + np.floor(3.0 * x)" in str(caught[0].message)


# ---- what is refused


def refused(f, *args):
    return refused_by(lambda: sg.grad(f)(*args))


def refused_by(call):
    with pytest.raises(sg.SrcgradError) as caught:
        call()
    return str(caught.value)


def test_a_kind_that_becomes_wider_is_refused(plain):
    def f(w, n):
        x = np.float32(1.0)
        for i in range(n):
            x = x - force(x, A) * w
        return x

    message = refused(f, 0.7, 3)
    assert "an argument of a derivative is float32 at first, and float64 in a later trip" in message
    assert "x = x - force(x, A) * w" in message


def test_an_integer_argument_is_refused_by_line(plain):
    def f(w):
        return force(2, A) * w

    message = refused(f, 0.7)
    assert "the argument 'w' is of kind int64, not a float" in message


def test_wrong_arguments_are_refused_by_line(plain):
    assert "sg.grad(energy) misses argument 'a'" in refused(lambda w: sg.grad(energy)(w), 0.7)
    assert "force is called with other arguments than it takes" in refused(lambda w: force(w, A, 1.0), 0.7)
    assert "primals and tangents must be tuples" in refused(lambda w: sg.jvp(energy, w, w)[1], 0.7)
    assert "sg.jvp misses the tangents" in refused(lambda w: sg.jvp(energy, (w, A))[1], 0.7)
    assert "sg.grad is not given a function" in refused(lambda w: sg.grad(w)(w), 0.7)
    assert "an option of sg.grad is not a constant" in refused(lambda w: sg.grad(energy, w)(w, A), 0.7)
    assert "there is no argument 'c'" in refused(lambda w: sg.grad(energy, "c")(w, A), 0.7)
    assert "a pullback takes one adjoint" in refused(lambda w: sg.vjp(energy, w, A)[1](w, w)[0], 0.7)
    assert "does not have the axes of its value" in refused(lambda w: sg.vjp(energy, w, A)[1](A)[0], 0.7)
    assert "sg.vjp misses argument 'a'" in refused(lambda w: sg.vjp(energy, w)[0], 0.7)
    assert "an integer has a tangent" in refused(lambda w: sg.jvp(energy, (w, 3), (w, 2))[1], 0.7)


def test_a_tangent_of_another_shape_is_an_error(plain):
    def f(w, t):
        return sg.jvp(curve, (A * w, w), (t, 1.0))[1][0]

    with pytest.raises(ValueError, match="a tangent does not have the shape of its value"):
        sg.grad(f)(0.7, np.ones(4))


def test_a_problem_inside_names_its_own_line(plain):
    def broken(x):
        with open("file"):
            return x

    message = refused(lambda w: sg.grad(broken)(w), 0.7)
    assert 'with open("file"):' in message


def test_a_list_around_is_refused(plain):
    def f(w, n):
        items = []
        for i in range(n):
            items.append(w * i)
        return sg.grad(lambda x: x * items[0])(w)

    assert "'items' is used by a function defined inside, of which a derivative is called" in refused(f, 0.7, 3)


def test_a_pullback_made_outside_is_refused(plain):
    """The same in compiled code, which reads the function, and in Python, which calls it."""

    def f(w, a):
        _, pull = sg.vjp(energy, w, a)
        return sg.grad(lambda s: pull(s)[0] ** 2)(w)

    for message in (refused(f, 0.7, A), refused_by(lambda: f(0.7, A))):
        assert "return sg.grad(lambda s: pull(s)[0] ** 2)(w)" in message
        assert "call vjp inside the function that calls the pullback" in message


def test_pullback_of_a_gradient_with_branches(plain):
    """A size that is bound in one branch is a residual: on other paths it has no value."""
    c = np.array([0.3, -0.2, 0.9, 1.4, -0.7])

    def hankel(c):
        return np.linalg.det(c[np.add.outer(np.arange(3), np.arange(3))])

    slope = sg.grad(hankel)
    out, pullback = sg.vjp(lambda c: slope(c), c)
    assert out == pytest.approx(slope(c))
    assert pullback(np.ones(5))[0] == pytest.approx(sum(sg.hessian(hankel)(c)), abs=1e-12)


@pytest.mark.parametrize("x", [0.7, 0.3])
def test_second_derivative_of_what_a_branch_keeps(plain, x):
    """What one path keeps of a loop, and arrays that it makes, have sizes that no other path knows."""
    counts = np.array([5, 3])

    def slope(a):
        return sg.grad(size_known_in_a_branch, argnums=(0, 1))(x, a, counts)[1]

    def along(a, v):
        return sg.jvp(sg.grad(size_known_in_a_branch, argnums=(0, 1)), (x, a, counts), (0.0, v, None))[1][1]

    a, v, h = np.array([0.8, 0.6, 0.3, 0.9]), np.array([0.3, -0.2, 0.5, 1.0]), 1e-5
    assert along(a, v) == pytest.approx((slope(a + h * v) - slope(a - h * v)) / (2 * h), rel=1e-6, abs=1e-8)
    loss = sg.grad(lambda a: np.sum(v * sg.grad(size_known_in_a_branch, argnums="a")(x, a, counts)))
    assert loss(a) == pytest.approx(along(a, v))


# ---- the store


PROGRAM = """
import numpy as np, srcgrad as sg
def f(x, k): return k * x ** POWER
df = sg.grad(f, argnums=WHICH)
def loss(x, k): return df(x, k) ** 2
print(sg.grad(loss)(1.5, 2.0))
"""


def test_an_edited_inner_function_is_differentiated_anew(tmp_path):
    def result(power, which):
        path = tmp_path / "program.py"
        path.write_text(PROGRAM.replace("POWER", power).replace("WHICH", which), "utf-8")
        code = f"import runpy; runpy.run_path({str(path)!r})"
        return float(run_python(code, tmp_path, NUMBA_DISABLE_JIT="1", SRCGRAD_CACHE_DIR=str(tmp_path / "cache")))

    assert result("3", "0") == pytest.approx(2 * 6 * 1.5**2 * 12 * 1.5)
    assert result("2", "0") == pytest.approx(2 * 4 * 1.5 * 4)
    assert result("2", "1") == pytest.approx(2 * 1.5**2 * 2 * 1.5)
