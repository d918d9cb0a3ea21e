"""Arguments of every dtype, layout and size, what a call leaves alone, and pullbacks."""

import math
import threading
from collections import namedtuple
from dataclasses import dataclass

import numba
import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.runtime import overlap
from tests.helpers import same_bits

Layer = namedtuple("Layer", "W b")


def energy(u, v):
    return np.sum(np.tanh(u) * v) + u[0, 0]


def in_place(a, k):
    for i in range(a.shape[0] - 1):
        a[i + 1] = a[i] * a[i + 1] + k
    a[0] = 7.0 * k
    return np.sum(a * a)


def scaled_outputs(x, y):
    total = np.sum(x) * y
    return total, (x * y, x[0] * x)


def mixed(p, x):
    return p["scale"] * np.sum(p["layer"].W @ x) + p["pair"][0] * p["pair"][1][0]


@dataclass
class Linear:
    a: float

    def __call__(self, x):
        return self.a * x


@dataclass
class Quadratic:
    a: float

    def __call__(self, x):
        return self.a * x**2


Metres, Feet = namedtuple("Metres", "a"), namedtuple("Feet", "a")


def called(p, x):
    return p(x)


def in_metres(p, x):
    return p.a * x if isinstance(p, Metres) else 0.3048 * p.a * x


def square(x):
    return x * x


energy_both = sg.value_and_grad(energy, argnums=(0, 1))
U = np.linspace(-1.0, 1.2, 6).reshape(2, 3)
V = np.linspace(0.5, 2.0, 6).reshape(2, 3)
# what `energy_both` must give at (U, V)
VALUE = float(np.sum(np.tanh(U) * V) + U[0, 0])
U_BAR = (1.0 - np.tanh(U) ** 2) * V + np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
V_BAR = np.tanh(U)


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
    for seed in (np.eye(2), np.eye(2, dtype=np.float32), None):  # nothing but the product takes the adjoint
        bars = sg.vjp(lambda a, b: a @ b, U[:, :2].astype(np.float32), U[:, 1:].astype(np.float32))[1](seed)
        assert [b.dtype for b in bars] == [np.float32, np.float32]


def test_float32_scalar_stays_float32_inside_njit():
    g = sg.grad(lambda x: x * x)

    @njit
    def bits(x):
        return np.array([g(x)])

    assert bits(np.float32(3.0)).dtype == np.float32
    assert bits(3.0).dtype == np.float64


def test_numpy_scalars_and_0d_arrays():
    for x in (np.float64(3.0), np.array(3.0), 3.0):
        slope = sg.grad(square)(x)
        assert slope == 6.0
        assert np.shape(slope) == ()
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


def test_axes_of_length_one_are_repeated_inside_njit():
    g = sg.grad(lambda u, v: np.sum(np.tanh(u) * v), argnums=(0, 1))

    @njit
    def inside(u, v):
        return g(u, v)

    for u, v in [(U, V), (U[:1], V), (U, V[:, :1])]:
        for bar, own in zip(inside(u, v), g(u, v), strict=True):  # two sources, which add up in orders of their own
            np.testing.assert_allclose(bar, own, rtol=1e-14)
    with pytest.raises(ValueError, match="broadcast"):
        inside(U[:, :2], V)


def test_second_derivative_with_an_axis_of_length_one():
    _, pullback = sg.vjp(sg.grad(lambda u, v: np.sum(u**2 * v)), U[:1], V)
    u_bar, v_bar = pullback(np.ones((1, 3)))
    np.testing.assert_allclose(u_bar, 2.0 * V.sum(axis=0, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(v_bar, 2.0 * np.broadcast_to(U[:1], (2, 3)), rtol=1e-14)


def test_small_integers_wrap_around_as_arrays_do():
    k = np.array([200, 100, 3], np.uint8)
    x_bar = sg.grad(lambda x, k: np.sum(x * (k + k)) + np.sum(x * ~k))(np.ones(3), k)
    np.testing.assert_array_equal(x_bar, (k + k).astype(float) + ~k)


def test_other_numbers_of_axes_after_axes_of_length_one(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    g = sg.grad(lambda x, y: np.sum(x * y), argnums=(0, 1))
    g(np.ones((2, 1)), np.ones((1, 3)))
    x_bar, y_bar = g(np.ones(3), np.full(3, 2.0))
    assert x_bar.tolist() == [2.0, 2.0, 2.0]
    assert y_bar.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("make", [np.matrix, np.ma.MaskedArray])
def test_arrays_with_operators_of_their_own_are_refused(make):
    slope = sg.grad(lambda x: np.sum(x * x))
    for _ in range(2):  # the second time after an array of the same type, as numba sees it
        with pytest.raises(sg.KindError, match=r"operators of its own\n.*np\.asarray"):
            slope(np.ones((1, 2)).view(make))
        assert slope(np.ones((1, 2))).tolist() == [[2.0, 2.0]]
    with pytest.raises(sg.KindError, match="operators of its own"):
        sg.grad(lambda p: np.sum(p["x"]))({"x": np.ones((1, 2)).view(make)})


def test_empty_list_as_an_argument():
    assert sg.grad(lambda x, more: x * x + len(more))(2.0, []) == 4.0


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


def diffuses_copies(a, n):
    for _ in range(n):
        a = a.copy()
        a[1:-1] += 0.1 * (a[2:] - 2.0 * a[1:-1] + a[:-2])
    return np.sum(a**2)


def writes_before_some_copies(a, n):
    for k in range(n):
        if k > 0:
            a = a.copy()
        a[0] *= 2.0
    return np.sum(a**2)


def writes_what_it_showed_first(a, n):
    before = a
    a = a.copy()
    a = before
    a[0] *= n
    return np.sum(a**2)


def test_copies_of_an_argument_may_be_written():
    a = np.linspace(0.5, 1.5, 5) ** 2
    before = a.copy()
    assert sg.differentiable(diffuses_copies)(a, 3) == pytest.approx(diffuses_copies(a, 3), rel=1e-14)
    assert same_bits(a, before)


def test_an_argument_may_be_written_before_it_is_bound_anew():
    a = np.linspace(0.5, 1.5, 5)
    with pytest.raises(sg.UnsupportedError, match=r"a\[0\] \*= 2.0\n(.|\n)*'a' is written and bound anew"):
        sg.differentiable(writes_before_some_copies)(a, 2)
    assert sg.value_and_grad(writes_before_some_copies)(a, 2)[0] == writes_before_some_copies(a.copy(), 2)


def test_an_argument_written_under_its_name_again():
    a, b = np.linspace(0.5, 1.5, 5), np.linspace(0.5, 1.5, 5)
    assert sg.differentiable(writes_what_it_showed_first)(a, 3) == writes_what_it_showed_first(b, 3)
    assert same_bits(a, b)


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


def writes_before_it_binds_anew(a, b):
    a[0] = 5.0 * b[1]
    r = b[0] * b[2]
    for _ in range(2):
        a = a * 2.0
    return r + np.sum(a)


def writes_through_a_view(a, b):
    v = a[1:]
    v[0] = 5.0 * b[0]
    return b[1] * b[2] + a[0]


@pytest.mark.parametrize("function", [writes_before_it_binds_anew, writes_through_a_view])
def test_every_way_to_write_an_argument_is_seen(function):
    x = np.array([2.0, 3.0, 4.0])
    sg.value_and_grad(function)(x, x.copy())
    with pytest.raises(ValueError, match="a is written and shares memory with b"):
        sg.value_and_grad(function)(x, x)


def test_overlap_is_exact():
    z, Z = np.zeros(20), np.zeros((7, 9))
    for a, b in [
        (z[::2], z[1::2]), (z[::2], z[2::2]), (z[:10], z[10:]), (z[3::3], z[::-2]), (z[::-2], z[::2]),
        (Z[:, ::2], Z[:, 1::2]), (Z[:, :4], Z[:, 4:]), (Z[:, 0], Z[:, 1]), (Z[:, 0], Z[2]), (Z.T, Z), (Z[:0], Z),
        (Z[::2].T, Z[1::2, ::-1]), (Z[1:, :5], Z[:-1, 4:]), (z[:9].reshape(3, 3).T, z[1:2]),
    ]:  # fmt: skip
        assert overlap(a, b) == overlap(b, a) == np.shares_memory(a, b)


def test_interleaved_arguments_are_apart():
    def f(a, b):
        a[0] = 5.0 * b[0]
        return b[0] * b[1] + a[0]

    z = np.arange(1.0, 7.0)
    value, (a_bar, b_bar) = sg.value_and_grad(f, argnums=(0, 1))(z[::2], z[1::2])
    assert value == 2.0 * 4.0 + 10.0
    np.testing.assert_array_equal(a_bar, [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(b_bar, [9.0, 2.0, 0.0])
    with pytest.raises(ValueError, match="shares memory"):
        sg.value_and_grad(f)(z[::2], z[2::2])


def test_same_array_twice_where_it_is_read():
    assert sg.grad(lambda a, b: np.sum(a * b), argnums=(0, 1))(V, V)[1].tolist() == V.tolist()


def test_reshape_of_an_argument_that_is_written():
    def f(A, x):
        v = A.ravel()
        v[1] = x
        return np.sum(A * A)

    g = sg.value_and_grad(f, argnums=(0, 1))
    value, (A_bar, x_bar) = g(U, 3.0)
    assert value == pytest.approx(np.sum(U**2) - U[0, 1] ** 2 + 9.0, rel=1e-14)
    assert (A_bar[0, 1], x_bar) == (0.0, 6.0)
    # of an array in another order NumPy copies: what is written is not seen in A
    with pytest.raises(ValueError, match="A is not contiguous"):
        g(np.asfortranarray(U), 3.0)


def test_same_call_gives_the_same_bits():
    first = energy_both(U, V)
    assert all(same_bits(first, energy_both(U, V)) for _ in range(3))
    assert same_bits(first, sg.value_and_grad(energy, argnums=(0, 1))(U, V))


def test_same_bits_after_an_exception_and_after_the_primal():
    def waves(x, k):
        a = x.copy()
        total = 0.0
        i = 0
        while total < 3.0:
            a[(i + 1) % a.size] += np.sin(a[i % a.size]) * x[k]
            total += abs(a[i % a.size])
            i += 1
        return total * a[k]

    f, g = sg.differentiable(waves), sg.value_and_grad(waves)
    x = np.array([0.4, 0.9, 1.3])
    first = g(x, 1)
    for _ in range(3):
        with pytest.raises(IndexError):
            g(x, 3)
        assert same_bits(first, g(x, 1))
        f(x, 2)
        assert same_bits(first, g(x, 1))


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


def moved(s):
    for _ in range(3):
        s = Layer(s.b * 0.9, s.W + s.b)
    return np.sum(s.W * s.b)


def trained(p):
    for _ in range(3):
        slopes = {"w": 2.0 * p["w"], "b": 3.0 * p["b"], "more": (1.0, p["w"][0])}
        p = {"w": p["w"] - 0.1 * slopes["w"], "b": p["b"] - 0.1 * slopes["b"], "more": (p["b"], p["more"][0])}
    if p["b"] < 1.0:
        p = {k: p[k] for k in ("w", "b", "more")}
    return np.sum(p["w"] ** 2) + p["b"] * p["more"][1]


@pytest.mark.parametrize(("f", "given"), [
    (moved, Layer(0.3, 0.5)), (moved, Layer(np.ones(2), np.array([0.3, 0.5]))),
    (trained, {"w": np.array([0.3, -0.2]), "b": 0.1, "more": (2.0, 3.0)}),
])  # fmt: skip
def test_structured_arguments_that_loops_and_branches_bind_anew(f, given, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    assert sg.value_and_grad(f)(given)[0] == pytest.approx(f(given), rel=1e-14)
    assert sg.check_grads(f, (given,)) < 1e-6


@pytest.mark.parametrize("bar", [(1.0,), (1.0, np.ones(2), 2.0), {"a": 1.0}, 3.0, ("a", None)])
def test_pullback_refuses_another_structure(bar, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    _, pull = sg.vjp(lambda x: (x[0] * 2.0, x * 2.0), np.ones(2))
    with pytest.raises(sg.ArgumentError, match="structure of the result"):
        pull(bar)
    _, pull = sg.vjp(lambda x: {"a": x, "b": x * 2.0}, 2.0)
    assert pull({"b": 1.0, "a": 5.0}) == (7.0,)
    with pytest.raises(sg.ArgumentError, match="structure of the result"):
        pull({"a": 1.0, "c": 5.0})


@pytest.mark.parametrize("result", [
    lambda x: (x,), lambda x: [x, 2.0 * x], lambda x: {"a": x, "b": (x, [x])}, lambda x: (x, ()), lambda x: {"a": x},
    lambda x: Layer(x, (x,)),
])  # fmt: skip
def test_results_have_the_structure_that_the_function_gives(result, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    for _ in range(2):
        assert sg.differentiable(result)(2.0) == result(2.0)
    assert sg.vjp(result, 2.0)[0] == result(2.0)
    assert sg.jvp(result, (2.0,), (1.0,))[0] == result(2.0)


@pytest.mark.parametrize("result", [lambda x: (x, None), lambda x: None, lambda x: (x, slice(1, 2))])
def test_results_that_no_variable_holds_are_refused(result):
    with pytest.raises(sg.UnsupportedError, match="this cannot be returned"):
        sg.differentiable(result)(2.0)


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


# ---- parameters taken by name only


def by_name(x, y=2.0, *, scale, shift=1.0):
    return np.sum(scale * x * y + shift)


DOORS = {
    "grad": lambda *args, **named: sg.grad(by_name, argnums=(0, 1, 2, 3))(*args, **named),
    "jacobian": lambda *args, **named: sg.jacobian(by_name, argnums=(0, 1, 2, 3))(*args, **named),
    "vjp": lambda *args, **named: sg.vjp(by_name, *args, **named)[1](1.0),
    "graph": lambda *args, **named: sg.graph(by_name, *args, **named).backward(),
    "forward": lambda *args, **named: (g := sg.graph(by_name), g.forward(*args, **named), g.backward())[2],
    "explain": lambda *args, **named: tuple(sg.explain(by_name, *args, **named).gradients.values()),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_parameters_taken_by_name_only(door, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    x = np.array([1.0, 2.0])
    for args, named in (((x,), {"scale": 3.0}), ((x, 2.0, 3.0), {}), ((x,), {"shift": 1.0, "scale": 3.0, "y": 2.0})):
        found = door(*args, **named)
        np.testing.assert_array_equal(found[0], [6.0, 6.0])
        assert found[1:] == (9.0, 6.0, 2.0)
    for args, named in (((x,), {}), ((x, 2.0, 3.0), {"scale": 3.0}), ((x, 2.0, 3.0, 1.0, 1.0), {}), ((x,), {"a": 1.0})):
        with pytest.raises(TypeError, match=r"missing a|multiple values|too many positional|unexpected keyword"):
            door(*args, **named)


def test_derivatives_of_functions_with_parameters_taken_by_name_are_checked(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    found = sg.check_grads(by_name, (U, 2.0, 3.0))
    assert list(found.by_argument) == ["x", "y", "scale", "shift"]
    assert found < 1e-13, "by complex steps"
    given = sg.grad(by_name)
    assert sg.source(given, U, scale=3.0) == sg.source(given, U, 2.0, 3.0)


def test_vjp_inside_gives_an_adjoint_for_each_parameter_too(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)

    def inside(x, w):
        k = w * w

        def own(x, y=3.0, *, s=2.0):
            return k * x * y * s

        out, pullback = sg.vjp(own, x)
        _, another = sg.vjp(own, x, 1.0, s=4.0)
        x_bar, y_bar, s_bar = pullback(1.0)
        _, of_sums = sg.vjp(by_name, np.full(2, x), scale=w)
        bars = of_sums(1.0)
        return out + x_bar + y_bar + s_bar + another(1.0)[0] + bars[0][1] + bars[2] + bars[3]

    assert inside(2.0, 3.0) == sg.differentiable(inside)(2.0, 3.0) == 288.0 + 6.0 + 8.0 + 2.0
    assert sg.grad(inside, (0, 1))(2.0, 3.0) == (99.0 + 4.0, 192.0 + 2.0)


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


def named_as_in_the_glue(impl, stub, r, single, x0):
    return impl * stub * r * single * x0


def test_parameters_may_have_any_name():
    args = (np.float32(2.0), 3.0, 5.0, np.float32(7.0), 1.0)
    slopes = sg.grad(named_as_in_the_glue, argnums=(0, 1, 2, 3, 4))
    assert slopes(*args) == (105.0, 70.0, 42.0, 30.0, 210.0)

    @numba.njit
    def called(impl, stub):
        return slopes(impl, stub, 5.0, 7.0, 1.0)[:2]

    assert called(2.0, 3.0) == (105.0, 70.0)


def test_classes_with_the_same_fields_are_told_apart():
    """What a function does may depend on the class of an argument: on its methods, or by a test of it."""
    of_called, of_metres = sg.grad(called, argnums=(0, 1)), sg.grad(in_metres)
    for _ in range(2):
        assert of_called(Linear(2.0), 3.0) == (Linear(3.0), 2.0)
        assert of_called(Quadratic(2.0), 3.0) == (Quadratic(9.0), 12.0)
        assert of_metres(Metres(2.0), 3.0) == Metres(3.0)
        assert of_metres(Feet(2.0), 3.0).a == pytest.approx(0.9144)
        _, tangent = sg.jvp(called, (Quadratic(2.0), 3.0), (Quadratic(1.0), None))
        assert tangent == 9.0
        _, pullback = sg.vjp(called, Linear(2.0), 3.0)
        assert pullback(1.0) == (Linear(3.0), 2.0)


def drop_first(P, t, n):
    for _ in range(n):
        P = P[1:]
    return P[0] ** 2 * t


def de_casteljau(P, t, n):
    while len(P) > n:
        P = [(1.0 - t) * a + t * b for a, b in zip(P, P[1:], strict=False)]
    return P[0] ** 2


def running(P, t, n):
    s = t
    for _ in range(n):
        P = [b - a * t for a, b in zip(P, P[1:], strict=False)]
        s += P[0]
    return s


def head_and_rest(P, t, n):
    while n > 0 and len(P) > 2:
        head, *P = P
        P[0] = P[0] + head * t if t > 5.0 else P[0]
        n -= 1
    return P[0] ** 2 * t


@pytest.mark.parametrize("f", [drop_first, de_casteljau, running], ids=lambda f: f.__name__)
def test_list_arguments_get_other_lengths_by_being_bound_anew(f):
    P, t, n = [1.0, 2.0, 5.0, 7.0], 0.3, 2
    value, (gradient, slope) = sg.value_and_grad(f, argnums=(0, 1))(P, t, n)
    assert value == pytest.approx(f(P, t, n), rel=1e-12)
    assert slope == pytest.approx(central(lambda s: f(P, s, n), t), rel=1e-6)
    for k in range(4):
        along = central(lambda s, k=k: f([s if j == k else p for j, p in enumerate(P)], t, n), P[k])
        assert gradient[k] == pytest.approx(along, rel=1e-6, abs=1e-9)
    assert P == [1.0, 2.0, 5.0, 7.0]


def test_list_arguments_that_are_written_too_are_refused():
    with pytest.raises(sg.UnsupportedError, match=r"changes its length|cannot be assigned"):
        sg.grad(head_and_rest, argnums=1)([1.0, 2.0, 5.0], 0.3, 2)


def central(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2.0 * h)
