"""Rules of the user's own: in both modes, nested, of any order, over structures; and what is refused."""

from collections import namedtuple

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.generation import entry
from tests.helpers import run_python

A = np.array([0.3, -0.2, 0.9])
TABLE = np.array([1.0, 2.0, 3.0])
Pair = namedtuple("Pair", "u v")


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def difference(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2.0 * h)


# ---- rules that are true


@sg.custom_vjp
def softplus(x):
    return np.log(1.0 + np.exp(x))


def softplus_fwd(x):
    return softplus(x), x


def softplus_bwd(x, bar):
    return (bar / (1.0 + np.exp(-x)),)


softplus.defvjp(softplus_fwd, softplus_bwd)


@sg.custom_vjp
def moments(p, x, order, flag=True):
    y = p["scale"] * x ** order
    if flag:
        return Pair(np.sum(y), y)
    return Pair(np.sum(y), 2.0 * y)


def moments_fwd(p, x, order, flag):
    out = moments(p, x, order, flag)
    return out, {"p": p, "x": x, "n": order, "nothing": None, "pair": (out.u, 3)}


def moments_bwd(res, bar):
    y_bar = bar.u + bar.v
    p, x, n = res["p"], res["x"], res["n"]
    x_bar = p["scale"] * n * x ** (n - 1) * y_bar
    return {"scale": np.sum(x**n * y_bar)}, x_bar, None, None


moments.defvjp(moments_fwd, moments_bwd)


@sg.custom_vjp
def looked_up(x):
    return np.sum(TABLE * x**2)


def looked_up_bwd(x, bar):
    bar = bar * TABLE
    bar *= 2.0
    return (bar * x,)


looked_up.defvjp(lambda x: (looked_up(x), x), looked_up_bwd)


@sg.custom_vjp
def root(a):
    x = 1.0
    while abs(x * x - a) > 1e-13:
        x = 0.5 * (x + a / x)
    return x


root.defvjp(lambda a: ((x := root(a)), x), lambda x, bar: (0.5 * bar / x,))


@sg.custom_jvp
def stable(x):
    return np.logaddexp(0.0, x)


@stable.defjvp
def stable_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return stable(x), x_dot / (1.0 + np.exp(-x))


@sg.custom_jvp
def both(x, a, n):
    return x * np.sum(a**n), a * x


@both.defjvp
def both_jvp(primals, tangents):
    x, a, n = primals
    x_dot, a_dot, _ = tangents
    total = x_dot * np.sum(a**n) + x * np.sum(n * a ** (n - 1) * a_dot)
    return both(x, a, n), (total, a_dot * x + a * x_dot)


def in_scalar(w):
    return softplus(w * 2.0) ** 2


def in_array(w):
    return np.sum(softplus(w * A) ** 2)


def in_loop(w):
    x = w
    for i in range(4):
        x = softplus(x) * w
    return x * A[0]


def in_array_loop(w):
    x = w * A
    for i in range(3):
        if i > 0:
            x = softplus(x) * w
    return np.sum(x)


def of_structures(w):
    m = moments({"scale": w}, w * A, 3)
    k = moments({"scale": 2.0}, w * A, order=2, flag=True)
    return m.u + np.sum(m.v * k.v) * k.u


def with_captured(w):
    return looked_up(w * A) * looked_up(A + w)


def with_root(w):
    return root(1.0 + w * w) * w


def of_tangents(w):
    return stable(w) * np.sum(stable(w * A))


def of_two(w):
    total, y = both(w, w * A, 3)
    return total * np.sum(y)


def callee(u):
    return softplus(u) * stable(u)


def in_callee(w):
    return callee(w) * callee(2.0 * w)


REVERSE = (in_scalar, in_array, in_loop, in_array_loop, of_structures, with_captured, with_root)
TANGENT = (of_tangents, of_two)
name = dict(ids=lambda f: f.__name__)


@pytest.mark.parametrize("f", [*REVERSE, *TANGENT, in_callee], **name)
def test_reverse(f, plain):
    value, slope = sg.value_and_grad(f)(0.7)
    assert value == pytest.approx(f(0.7), rel=1e-14)
    assert slope == pytest.approx(difference(f, 0.7), rel=1e-7)


@pytest.mark.parametrize("f", [*REVERSE[1:], *TANGENT], **name)
def test_second_order(f, plain):
    slope = sg.grad(f)
    assert sg.grad(slope)(0.7) == pytest.approx(difference(slope, 0.7), rel=1e-6)


@pytest.mark.parametrize("f", TANGENT, **name)
def test_forward(f, plain):
    slope = sg.grad(f)(0.7)
    assert sg.jvp(f, (0.7,), (1.0,))[1] == pytest.approx(slope, rel=1e-12)
    assert sg.jacfwd(f)(0.7) == pytest.approx(slope, rel=1e-12)
    assert sg.hessian(f)(0.7) == pytest.approx(difference(sg.grad(f), 0.7), rel=1e-6)


def test_third_order(plain):
    second = sg.grad(sg.grad(softplus))
    assert sg.grad(second)(0.7) == pytest.approx(difference(second, 0.7), rel=1e-6)


def test_a_rule_alone(plain):
    assert sg.grad(softplus)(0.0) == 0.5
    assert sg.differentiable(softplus)(0.7) == softplus(0.7)
    assert np.allclose(sg.vjp(softplus, A)[1](np.ones(3))[0], 1.0 / (1.0 + np.exp(-A)))
    assert np.allclose(sg.jacfwd(stable)(A), np.diag(1.0 / (1.0 + np.exp(-A))))
    assert np.allclose(sg.jacrev(stable)(A), np.diag(1.0 / (1.0 + np.exp(-A))))
    _, along = sg.jvp(both, (0.5, A, 2), (1.0, None, None))
    assert along[0] == pytest.approx(np.sum(A**2))


def test_compiled_inside_njit_as_in_python(plain, monkeypatch):
    expected = [sg.grad(f)(0.7) for f in (in_loop, of_tangents)]
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", False)
    by_loop, by_tangents = sg.grad(in_loop), sg.grad(of_tangents)

    @njit
    def several(w):
        return by_loop(w), by_tangents(w), softplus(w)

    found = several(0.7)
    assert found[:2] == pytest.approx(tuple(expected), rel=1e-14)
    assert found[2] == pytest.approx(softplus(0.7), rel=1e-15)


# ---- rules that are other than the derivative: it is the rule that counts


@sg.custom_vjp
def clipped(x, limit):
    return x


def clipped_bwd(limit, bar):
    return np.minimum(np.maximum(bar, -limit), limit), None


clipped.defvjp(lambda x, limit: (x, limit), clipped_bwd)


@sg.custom_jvp
def straight(x):
    return np.round(x)


straight.defjvp(lambda primals, tangents: (straight(primals[0]), tangents[0]))


def test_the_rule_counts_and_not_the_text(plain):
    assert sg.grad(lambda x: clipped(x, 1.0) ** 3)(2.0) == 1.0
    assert sg.grad(lambda x: clipped(x, 100.0) ** 3)(2.0) == 12.0
    assert sg.grad(lambda x: 3.0 * straight(x))(0.7) == 3.0
    assert sg.jvp(lambda x: 3.0 * straight(x), (0.7,), (1.0,))[1] == 3.0
    assert np.array_equal(sg.grad(lambda a: np.sum(clipped(a, 1.0) ** 2))(A * 2), np.clip(4 * A, -1, 1))


def test_the_rule_counts_in_further_derivatives(plain):
    # y = x**2 by a rule whose slope is 3 x: the second derivative of y**2 has 9 x**2 and 2 y times 3
    @sg.custom_vjp
    def wrong(x):
        return x * x

    wrong.defvjp(lambda x: (wrong(x), x), lambda x, bar: (3.0 * x * bar,))

    def f(x):
        return wrong(x) ** 2

    x = 1.5
    assert sg.grad(f)(x) == pytest.approx(2 * x**2 * 3 * x)
    assert sg.grad(sg.grad(f))(x) == pytest.approx(2 * 3 * x * 3 * x + 2 * x * x * 3)


@sg.custom_vjp
def weighed(x, y):
    return x - 2.0 * y


weighed.defvjp(lambda x, y: (weighed(x, y), None), lambda res, bar: (bar, -2.0 * bar))


@sg.custom_jvp
def weighed_too(x, y):
    return x - 2.0 * y


@weighed_too.defjvp
def weighed_jvp(primals, tangents):
    return weighed_too(*primals), tangents[0] - 2.0 * tangents[1]


def test_arguments_by_name_in_any_order(plain):
    assert sg.value_and_grad(lambda t: weighed(y=t, x=3.0))(2.0) == (-1.0, -2.0)
    assert sg.value_and_grad(lambda t: weighed_too(y=t, x=3.0))(2.0) == (-1.0, -2.0)


def test_single_precision_stays(plain):
    def f(w, a):
        return np.sum(softplus(w * a))

    by_w, by_a = sg.grad(f, argnums=(0, 1))(np.float32(0.5), A.astype(np.float32))
    assert by_w.dtype == by_a.dtype == np.float32


def test_arguments_stay_as_they_are(plain):
    a = A.copy()
    sg.grad(lambda a: np.sum(looked_up(a)))(a)
    assert np.array_equal(a, A)


def test_pages_are_called_by_name(plain):
    text = sg.source(sg.grad(in_scalar), 0.7)
    assert "softplus_fwd(" in text.split("# backward")[0]
    assert "softplus_bwd(" in text.split("# backward")[1]
    assert "def softplus_bwd(x, bar):" in text


# ---- check_rule


def test_check_rule_of_right_rules(plain):
    assert sg.check_rule(softplus, 0.7, order=2) < 1e-6
    assert sg.check_rule(softplus, A) < 1e-6
    assert sg.check_rule(moments, {"scale": 0.7}, A, 3, True) < 1e-6
    assert sg.check_rule(looked_up, A) < 1e-6
    found = sg.check_rule(both, 0.7, A, 2)
    assert found < 1e-6
    assert set(found.by_argument) == {"x", "a"}


def test_check_rule_names_what_is_off(plain):
    @sg.custom_vjp
    def f(x, a):
        return np.sum(a * x)

    f.defvjp(
        lambda x, a: (np.sum(a * x), (x, a)),
        lambda res, bar: (bar * np.sum(res[1]), 2.0 * bar * res[0] + np.zeros(3)),
    )
    with pytest.raises(AssertionError, match=r"gradient by a\[\d\]: 1.4"):
        sg.check_rule(f, 0.7, A)

    @sg.custom_jvp
    def g(x):
        return x * x

    g.defjvp(lambda primals, tangents: (primals[0] ** 2 + 0.1, 2.0 * primals[0] * tangents[0]))
    with pytest.raises(AssertionError, match="the value: the rule of g gives"):
        sg.check_rule(g, 0.7)
    with pytest.raises(sg.ArgumentError, match="in_scalar has no rule of its own"):
        sg.check_rule(in_scalar, 0.7)


# ---- what is refused


def refused(derivative, *args):
    with pytest.raises(sg.SrcgradError) as caught:
        derivative(*args)
    return str(caught.value)


def test_forward_mode_of_a_reverse_rule_is_refused(plain):
    message = refused(sg.jvp, in_scalar, (0.7,), (1.0,))
    assert "softplus() has a rule for reverse mode only (custom_vjp)" in message
    assert "return softplus(w * 2.0) ** 2" in message


def declared(forward, backward, f=lambda x: x * x):
    made = sg.custom_vjp(f)
    made.defvjp(forward, backward)
    return lambda x: made(x)


def ruled(jvp, f=lambda x: x * x):
    made = sg.custom_jvp(f)
    made.defjvp(jvp)
    return lambda x: made(x)


def square_fwd(x):
    return x * x, x


def not_a_tuple(r, bar):
    return bar


WRONG = {
    "does not return a pair of value and residuals": declared(lambda x: x * x, square_fwd),
    "is not of the form of that of": declared(lambda x: ((x, x), x), square_fwd),
    "does not return a tuple with one adjoint for each argument": declared(square_fwd, not_a_tuple),
    "does not have the structure of what it belongs to": declared(square_fwd, lambda r, bar: ((bar, bar),)),
    "returns no adjoint": declared(square_fwd, lambda r, bar: (None,)),
    "has 1 axes, what it belongs to has 0": declared(square_fwd, lambda r, bar: (np.ones(3) * bar,)),
    "takes 1 arguments, and its rule gives it 2": declared(square_fwd, lambda bar: (bar,)),
    "are not numbers, arrays, None and tuples": declared(lambda x: (x * x, lambda y: x), square_fwd),
    "does not return a pair of value and tangent": ruled(lambda primals, tangents: tangents[0]),
    "returns has no tangent": ruled(lambda primals, tangents: (primals[0] ** 2, None)),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_rules_are_refused(what, plain):
    assert what in refused(sg.grad(WRONG[what]), 0.7)


def test_a_function_without_its_rule_is_refused(plain):
    bare = sg.custom_vjp(in_scalar)
    assert "in_scalar is declared custom_vjp and has no rule" in refused(sg.grad(lambda x: bare(x)), 0.7)


def test_an_adjoint_of_another_shape_is_an_error(plain):
    made = sg.custom_vjp(lambda a: a * 2.0)
    made.defvjp(
        lambda a: (a * 2.0, None),
        lambda r, bar: (bar[1:],),
    )
    with pytest.raises(ValueError, match="does not have its shape"):
        sg.grad(lambda a: np.sum(made(a)))(A)
    made = sg.custom_jvp(lambda a: a * 2.0)
    made.defjvp(lambda primals, tangents: (made(primals[0]), tangents[0][1:]))
    with pytest.raises(ValueError, match="does not have the shape of its value"):
        sg.jvp(lambda a: np.sum(made(a)), (A,), (A,))


def test_a_function_that_writes_its_argument_is_refused(plain):
    def scaled(a):
        a *= 2.0
        return np.sum(a)

    made = sg.custom_vjp(scaled)
    made.defvjp(
        lambda a: (np.sum(a) * 2.0, None),
        lambda r, bar: (bar * np.ones(3),),
    )
    assert "scaled() writes its arguments" in refused(sg.grad(lambda a: made(a)), A.copy())


# ---- the store


PROGRAM = """
import numpy as np, srcgrad as sg
@sg.custom_vjp
def f(x): return x * x
def fwd(x): return f(x), x
def bwd(x, bar): return (FACTOR * x * bar,)
f.defvjp(fwd, bwd)
print(sg.grad(lambda x: f(x))(1.5))
"""


def test_an_edited_page_is_read_anew(tmp_path):
    def result(factor):
        path = tmp_path / "program.py"
        path.write_text(PROGRAM.replace("FACTOR", factor), "utf-8")
        code = f"import runpy; runpy.run_path({str(path)!r})"
        return float(run_python(code, tmp_path, NUMBA_DISABLE_JIT="1", SRCGRAD_CACHE_DIR=str(tmp_path / "cache")))

    assert result("2.0") == 3.0
    assert result("5.0") == 7.5
