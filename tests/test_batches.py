"""Batches: items one by one, derivatives of them and in them, sums, axes, structures, several cores, errors."""

import pickle
from collections import namedtuple

import numpy as np
import pytest
from numba import get_num_threads, njit, set_num_threads

import srcgrad as sg
from srcgrad import store
from srcgrad.generation import entry
from srcgrad.vmap import as_calls_on_one_core
from tests.helpers import loaded, run_python, same_bits

Params = namedtuple("Params", "w b")


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def loss(W, x, y):
    h = np.tanh(W @ x)
    return np.sum((h - y) ** 2)


@pytest.fixture
def data(rng):
    return rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))


def each(f, W, X, Y):
    return [f(W, x, y) for x, y in zip(X, Y)]


def test_values_and_derivatives_of_each_item(plain, data):
    W, X, Y = data
    assert same_bits(sg.vmap(loss, (None, 0, 0))(W, X, Y), np.array(each(sg.differentiable(loss), W, X, Y)))
    per_sample = sg.vmap(sg.grad(loss), in_axes=(None, 0, 0))(W, X, Y)
    assert same_bits(per_sample, np.array(each(sg.grad(loss), W, X, Y)))
    values, gradients = sg.vmap(sg.value_and_grad(loss, argnums=("W", "y")), in_axes=(None, 0, 0))(W, X, Y)
    right = each(sg.value_and_grad(loss, argnums=("W", "y")), W, X, Y)
    assert same_bits(values, np.array([v for v, _ in right]))
    assert same_bits(gradients[1], np.array([g for _, (_, g) in right]))


def test_directions_of_each_item(plain, data):
    W, X, Y = data
    dX = X[::-1].copy()
    value, along = sg.vmap(sg.jvp(loss), in_axes=((None, 0, 0), (None, 0, None)))((W, X, Y), (W, dX, None))
    right = [sg.jvp(loss, (W, x, y), (W, d, None)) for x, y, d in zip(X, Y, dX)]
    assert same_bits(value, np.array([v for v, _ in right]))
    assert same_bits(along, np.array([d for _, d in right]))
    products = sg.vmap(sg.jacobian(lambda x: np.array([np.sum(x**2), x[0]])))(X)
    np.testing.assert_allclose(products[:, 0], 2.0 * X)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_sums_and_means(reduce, parallel, plain, data):
    W, X, Y = data
    value, gradient = sg.vmap(sg.value_and_grad(loss), (None, 0, 0), reduce=reduce, parallel=parallel)(W, X, Y)
    values, gradients = zip(*each(sg.value_and_grad(loss), W, X, Y))
    np.testing.assert_allclose(value, getattr(np, reduce)(values), rtol=1e-14)
    np.testing.assert_allclose(gradient, getattr(np, reduce)(gradients, axis=0), rtol=1e-14)


def test_derivatives_of_batches(plain, data):
    W, X, Y = data
    batched = sg.vmap(loss, (None, 0, 0))
    several = sg.vmap(loss, (None, 0, 0), parallel=True)
    mean = sg.vmap(loss, (None, 0, 0), reduce="mean")
    right = np.mean(each(sg.grad(loss), W, X, Y), axis=0)

    def outside(W, X, Y):
        return np.mean(batched(W, X, Y))

    def inside(W, X, Y):
        return np.mean(sg.vmap(loss, (None, 0, 0))(W, X, Y))

    def on_cores(W, X, Y):
        return np.mean(several(W, X, Y))

    for f in (outside, inside, on_cores, mean):
        np.testing.assert_allclose(sg.grad(f)(W, X, Y), right, rtol=1e-13)
    by_x = sg.jacobian(batched, argnums="x")(W, X, Y)
    np.testing.assert_allclose(by_x[2, 2], sg.grad(loss, argnums="x")(W, X[2], Y[2]), rtol=1e-13)
    assert np.count_nonzero(by_x[2, [0, 1, 3, 4]]) == 0
    V = X[:3, :4]
    second = sg.hvp(mean, (W, X, Y), (V, None, None))
    ends = [sg.grad(mean)(W + h * V, X, Y) for h in (1e-6, -1e-6)]
    np.testing.assert_allclose(second, (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-7)


def test_nested(plain, data):
    _, X, _ = data

    def k(x, y):
        return np.exp(-np.sum((x - y) ** 2))

    K = sg.vmap(sg.vmap(k, (None, 0)), (0, None))
    np.testing.assert_allclose(K(X, X[:2]), np.exp(-np.sum((X[:, None] - X[:2]) ** 2, axis=-1)))


def scaled_norm(x, scale=2.0, power=2):
    return scale * np.sum(x**power)


def test_arguments_with_defaults_may_be_left_out(plain, rng):
    X = rng.normal(size=(3, 4))
    slopes = sg.vmap(sg.grad(scaled_norm), in_axes=(0,))
    assert np.allclose(slopes(X), 4.0 * X)
    assert np.allclose(slopes(X, 1.0, power=3), 3.0 * X**2)


def test_axes(plain, rng):
    X = rng.normal(size=(2, 3, 4))

    def f(x):
        return x.T.copy(), x.sum()

    for axis in (0, 1, 2, -1, -2):
        for out in (0, 1, 2, -1):
            a, b = sg.vmap(f, axis, (out, 0))(X)
            items = [np.take(X, k, axis) for k in range(X.shape[axis])]
            np.testing.assert_array_equal(a, np.stack([x.T for x in items], axis=out))
            np.testing.assert_allclose(b, [x.sum() for x in items])
    np.testing.assert_array_equal(sg.vmap(lambda x: 2.0 * x)(X[:, :, ::2]), 2.0 * X[:, :, ::2])
    np.testing.assert_array_equal(sg.vmap(lambda x: 2.0 * x)(np.asfortranarray(X)), 2.0 * X)


def test_structures(plain):
    def f(p, x):
        return {"y": p.w * x + p.b, "n": x.size, "positive": p.b > 0.0}

    p = Params(np.arange(4.0), np.array([1.0, -2.0, 3.0]))
    found = sg.vmap(f, in_axes=(Params(None, 0), 1))(p, np.ones((4, 3)))
    np.testing.assert_array_equal(found["y"], p.w + p.b[:, None])
    assert same_bits(found["n"], np.array([4, 4, 4]))
    assert same_bits(found["positive"], np.array([True, False, True]))
    one = sg.vmap(lambda p, x: p["a"] * x, in_axes=({"a": 0}, None))({"a": np.array([1.0, 2.0])}, 3.0)
    np.testing.assert_array_equal(one, [3.0, 6.0])


def test_dtypes_and_empty_batches(plain):
    found = sg.vmap(lambda x, n: x * n)(np.ones((3, 2), np.float32), np.array([1, 2, 3], np.int32))
    assert found.dtype == sg.differentiable(lambda x, n: x * n)(np.ones(2, np.float32), np.int32(1)).dtype
    halves = sg.vmap(sg.value_and_grad(lambda x: np.sum(x**2)), reduce="sum")(np.ones((3, 2), np.float32))
    assert [h.dtype for h in halves] == [np.float32, np.float32]
    for parallel in (False, True):
        assert sg.vmap(lambda x: np.exp(x), parallel=parallel)(np.ones((0, 3))).shape == (0, 3)
        assert sg.vmap(lambda x: np.sum(x), reduce="sum", parallel=parallel)(np.ones((0, 3))) == 0.0


def test_an_argument_that_is_written_stays(plain):
    def scaled(x):
        x *= 2.0
        return np.sum(x)

    X = np.ones((3, 2))
    np.testing.assert_array_equal(sg.vmap(scaled)(X), 4.0)
    np.testing.assert_array_equal(X, 1.0)


def last_of_running_sum(row, scale):
    row[0] *= scale
    for i in range(1, row.size):
        row[i] += row[i - 1]
    return row[-1]


def test_the_result_may_be_an_element_of_an_argument_that_is_written(plain):
    rows = np.arange(12.0).reshape(3, 4) + 1.0
    batch = sg.vmap(last_of_running_sum, in_axes=(0, None))
    assert batch(rows, 2.0).tolist() == [last_of_running_sum(row.copy(), 2.0) for row in rows]
    assert sg.grad(lambda rows, scale: np.sum(batch(rows, scale)), argnums=1)(rows, 2.0) == rows[:, 0].sum()
    assert rows.ravel().tolist() == list(range(1, 13))


def test_functions_defined_inside_take_what_stands_around_as_it_is(plain, rng):
    M, a = rng.uniform(0.5, 1.5, (3, 4)), rng.uniform(0.5, 1.5, 4)

    def batches(M, a, t):
        def cube(row, scale=2.0):
            return np.sum(row**3 * a) * t * scale

        first = sg.vmap(lambda row: row * a[0] + t)(M)
        second = sg.vmap(sg.grad(cube), in_axes=(0,))(M)
        third = sg.vmap(sg.vmap(lambda x, s: x * s * t, in_axes=(0, None)), in_axes=(1, None))(M, a[1])
        return np.sum(first * second) + np.sum(third**2) + sg.vmap(cube, in_axes=(0, None), reduce="mean")(M, t)

    def by_hand(M, a, t):
        third = M * a[1] * t
        cubes = np.sum(M**3 * a) * t * t / M.shape[0]
        return np.sum((M * a[0] + t) * 3.0 * M**2 * a * t * 2.0) + np.sum(third**2) + cubes

    found, expected = (sg.value_and_grad(f, argnums=(0, 1, 2))(M, a, 0.7) for f in (batches, by_hand))
    assert found[0] == pytest.approx(expected[0], rel=1e-13)
    for x, y in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_results_whose_sizes_the_items_tell(plain):
    def positive(x):
        return x[x > 0.0] + np.random.uniform(0.0, 0.5)

    np.random.seed(1)
    draws = np.random.uniform(0.0, 0.5, 2)
    np.random.seed(1)
    found = sg.vmap(positive)(np.array([[1.0, -1.0], [-2.0, 3.0]]))
    np.testing.assert_array_equal(found, np.array([[1.0], [3.0]]) + draws[:, None])
    with pytest.raises(ValueError, match="items of positive give arrays of lengths 1 and 0"):
        sg.vmap(positive)(np.array([[1.0, -1.0], [-2.0, -3.0]]))
    with pytest.raises(ValueError, match="an empty batch does not tell the sizes"):
        sg.vmap(positive)(np.ones((0, 2)))


def mixed(x, n, c):
    """A branch, names that the loop over items has as well, results of all kinds, and one that is an argument."""
    i = n * c[0]
    out = np.zeros((2, x.size))
    for k in range(x.size):
        out[0, k] = x[k] * i
        if x[k] > 0.0:
            out[1, k] += out[0, k] + c[1]
    x_all = np.empty_like(x)
    for k in range(x.size):
        x_all[k] = out[1, k]
    return out, x, x_all, i, n > 0.0, x.size


def overwritten(x):
    x *= 2.0
    y = x + 1.0
    y = np.concatenate((y, y))
    return y, y[::-1] * 1.0


INSIDE = [
    (mixed, (0, 0, None), None),
    (mixed, (0, 0, 0), None),
    (overwritten, 0, None),
    (lambda x: np.outer(x, x), 0, None),
    (lambda x: (x.T.sum(), x.shape[0] * x), 0, None),
    (lambda x: np.array([x[0] * x[1], x[0]]), 0, "sum"),
    (lambda x, A: np.tanh(A @ x), (0, None), "mean"),
]


@pytest.mark.parametrize(("f", "axes", "reduce"), INSIDE)
def test_a_short_function_stands_in_the_loop(f, axes, reduce, plain, rng):
    X, N = rng.normal(size=(4, 3)), rng.normal(size=4)
    given = {1: (X,), 2: (X, rng.normal(size=(3, 3))), 3: (X, N, rng.normal(size=(4, 4)) if axes == (0, 0, 0) else N)}
    args = given[f.__code__.co_argcount]
    for batch in (args, (X.astype(np.float32), *args[1:]), (X[:0], *args[1:])):
        batch = tuple(a[: len(batch[0])] if axes in (0, (0, 0, 0)) or k == 1 and len(args) == 3 else a
                      for k, a in enumerate(batch))  # fmt: skip
        if reduce == "mean" and not len(batch[0]):
            continue
        made = sg.vmap(f, axes, reduce=reduce)
        text = sg.source(made, *batch)
        assert " for n" in text
        assert text.count("def ") == 1
        right = as_calls_on_one_core(made)(*batch)
        found = made(*batch)
        for one, other in zip(*((r if isinstance(r, tuple) else (r,)) for r in (found, right)), strict=True):
            assert same_bits(one, other)


def test_results_are_written_where_they_stay(plain, data):
    W, X, _ = data
    text = sg.source(sg.vmap(sg.jacrev(lambda x, y: np.array([x * y[0], y[1]]), argnums=(0, 1))), W[:, 0], X[:3])
    assert "y_jac_all = np.zeros((x.shape[0], 2, y.shape[1]))" in text
    assert "y_jac_all[n, row, 1] += array_bar[1]" in text
    assert "loss_vmap" in sg.source(sg.grad(lambda w: np.sum(sg.vmap(loss, (None, 0, 0))(w, X, X @ W.T))), W)


def test_the_source_is_read_again(tmp_path, plain, data):
    W, X, Y = data
    f = sg.vmap(sg.grad(loss), (None, 0, 0))
    text = sg.source(f, W, X, Y)
    assert "W_bar_all[n, i, j] = x[n, j] * total_bar" in text
    again = sg.differentiable(loaded(text, tmp_path, "read_back_vmap").loss_grad_vmap)
    assert same_bits(again(W, X, Y), f(W, X, Y))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sg.vmap(loss, (None, 0)), sg.ArgumentError, "in_axes has 2 items for 3 arguments"),
        (lambda: sg.vmap(loss, reduce="max"), sg.ArgumentError, "reduce='max'"),
        (lambda: sg.vmap(lambda x: x, (None,))(1.0), sg.ArgumentError, "no argument has an axis of items"),
        (lambda: sg.vmap(lambda x: x)(1.0), sg.KindError, "axis 0 for an argument with 0 axes"),
        (lambda: sg.vmap(lambda x: x, 2)(np.ones((2, 2))), sg.KindError, "axis 2 for an argument with 2 axes"),
        (lambda: sg.vmap(lambda x: x, 0, 1)(np.ones(2)), sg.ArgumentError, "out_axes has axis 1 for a result with 0"),
        (lambda: sg.vmap(lambda x: x, 0, None)(np.ones(2)), sg.ArgumentError, "out_axes has axis None"),
        (lambda: sg.vmap(lambda x: x, ((0, 0),))(np.ones(2)), sg.ArgumentError, "in the place of one argument"),
        (
            lambda: sg.vmap(lambda p: p["a"], ({"b": 0},))({"a": np.ones(2)}), sg.ArgumentError,
            "in the place of a dict of a",
        ),
        (lambda: sg.vmap(lambda x, y: x + y)(np.ones(2), np.ones(3)), ValueError, "batches of lengths 2 and 3"),
        (lambda: sg.vmap(lambda x: x, reduce="mean")(np.ones(0)), ValueError, "an empty batch has no mean"),
        (lambda: sg.vmap(lambda x: x > 0.0, reduce="sum")(np.ones(2)), sg.ArgumentError, "is no float"),
        (lambda: sg.vmap(lambda x: x[x > 0.0], reduce="sum")(np.ones((2, 2))), sg.UnsupportedError, "not known before"),
        (
            lambda: sg.vmap(lambda x: x * np.random.uniform(), parallel=True)(np.ones(2)), sg.UnsupportedError,
            "draws random numbers",
        ),
    ],
)  # fmt: skip
def test_errors(call, error, message, plain):
    with pytest.raises(error, match=message):
        call()


def test_pickled():
    again = pickle.loads(pickle.dumps(summed))
    assert again._options == summed._options
    assert again._unwrapped._base is guarded


# ---- compiled


def guarded(w, x):
    if x > 3.0:
        raise ValueError("x is too large")
    return w * x**2


summed = sg.vmap(sg.value_and_grad(guarded), (None, 0), reduce="sum", parallel=True)


def test_on_several_cores_inside_njit_with_any_number_of_threads(tmp_path):
    @njit
    def descent(w, x, f):
        for _ in range(3):
            value, slope = f(w, x)
            w -= 1e-5 * slope
        return w, value

    x = np.random.default_rng(0).uniform(size=999)
    found = descent(2.0, x, summed)
    threads = get_num_threads()
    try:
        set_num_threads(1)
        assert descent(2.0, x, summed) == found
    finally:
        set_num_threads(threads)
    value, slope = summed(2.0, x)
    np.testing.assert_allclose([value, slope], [2.0 * np.sum(x**2), np.sum(x**2)], rtol=1e-13)
    for call in (lambda x: summed(2.0, x), lambda x: descent(2.0, x, summed)):
        with pytest.raises(ValueError, match="x is too large"):
            call(np.array([1.0, 2.0, 4.0]))
    assert "for part in prange(parts):" in sg.source(summed)
    code = "from tests.test_batches import *; print(summed(2.0, np.arange(3.0))[1])"
    assert run_python(code, tmp_path) == "5.0"


def test_defaults_go_to_every_item():
    def scaled(x, k=2.0, c=1.0):
        return x * k + c

    f, xs = sg.vmap(scaled), np.arange(3.0)
    assert f(xs).tolist() == [1.0, 3.0, 5.0]
    assert f(xs, xs).tolist() == f(xs, k=xs).tolist() == [1.0, 2.0, 5.0]
    assert f(xs, c=xs).tolist() == [0.0, 3.0, 6.0]
    assert f(xs, xs, xs).tolist() == [0.0, 2.0, 6.0]
