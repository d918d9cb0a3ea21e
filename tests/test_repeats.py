"""Axes of one element: known ones have source of their own, which reads as if they stood in the text."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad import store
from srcgrad.language.repeats import ANYWHERE
from tests.random_programs.differences import copied

rng = np.random.default_rng(7)
X, W, ROW, COLUMN = rng.random((5, 3)), rng.random((3, 4)), rng.random((1, 4)), rng.random((5, 1))


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


def layer(x, w, b, y):
    h = np.tanh(x @ w + b)
    return np.mean((h - y) ** 2)


def variants(f):
    """What the compiled functions of `f` allow for."""
    return [repeats for _, repeats, _ in f._entries]


def without_compiling(f, args):
    """Source for example arguments: nothing is compiled for it."""
    return str(sg.source(f, *args))


def test_known_axes_of_one_element_have_plain_indices():
    text = without_compiling(sg.grad(layer, argnums=(0, 1, 2, 3)), (X, W, ROW, COLUMN))
    assert "b[0, j]" in text
    assert "b_bar[0, j] += " in text
    assert "y_bar[i, 0] += " in text
    assert "step" not in text


def test_the_usual_variant_is_not_compiled_where_it_cannot_fit():
    g = sg.value_and_grad(layer, argnums=(0, 1, 2, 3))
    sg.check_grads(layer, (X, W, ROW, COLUMN), modes=("rev",))
    value, bars = g(X, W, ROW, COLUMN)
    assert value == pytest.approx(layer(X, W, ROW, COLUMN), rel=1e-14)
    assert [b.shape for b in bars] == [(5, 3), (3, 4), (1, 4), (5, 1)]
    compiled = [repeats for (_, repeats, _), made in g._entries.items() if made.signatures()]
    assert [r.axes for r in compiled] == [((2, 0), (3, 1))]
    wide = np.repeat(ROW, 5, axis=0), np.repeat(COLUMN, 4, axis=1)
    again, wide_bars = g(X, W, *wide)
    assert again == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(bars[2][0], wide_bars[2].sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(bars[3][:, 0], wide_bars[3].sum(axis=1), rtol=1e-12)
    assert g(X, W, ROW, COLUMN)[0] == value
    with pytest.raises(ValueError, match=r"lengths 2 and 5 \(test_repeats.py:"):
        g(X, W, np.ones((2, 4)), COLUMN)


def test_after_several_sets_of_axes_one_variant_serves_all(plain):
    g = sg.grad(lambda a, b, c: np.sum(a * b + b * c * a))
    shapes = [(2, 3), (1, 3), (2, 1), (1, 1)]
    for first in shapes:
        for second in shapes:
            a, b, c = np.full(first, 2.0), np.full(second, 3.0), np.full((2, 3), 0.5)
            sizes = np.array([6.0, 3.0, 2.0, 1.0])[shapes.index(first)]
            np.testing.assert_allclose(g(a, b, c), np.full(first, (3.0 + 1.5) * 6.0 / sizes))
    assert ANYWHERE in variants(g)
    assert len(variants(g)) <= 8


def test_axes_of_parameters_in_dicts_and_tuples(plain):
    loss = lambda p, x, y: layer(x, p["w"], p["b"], y)
    bars = sg.grad(loss)({"w": W, "b": ROW}, X, COLUMN)
    right = sg.grad(layer, argnums=(1, 2))(X, W, ROW, COLUMN)
    assert np.array_equal(bars["w"], right[0])
    assert np.array_equal(bars["b"], right[1])
    g = sg.grad(lambda p, x, y: layer(x, *p, y))
    for bar, other in zip(g((W, ROW), X, COLUMN), right, strict=True):
        assert np.array_equal(bar, other)
    assert [r.axes for r in variants(g)] == [(), ((1, 0), (3, 1))]


def test_a_function_that_writes_its_arguments_is_right_at_the_first_run():
    def scaled(a, b):
        a *= b
        a += b[:, :1]
        return np.sum(a**2)

    f = sg.differentiable(scaled)
    ours, theirs = np.ones((3, 2)), np.ones((3, 2))
    assert f(ours, np.full((1, 2), 2.0)) == scaled(theirs, np.full((1, 2), 2.0))
    assert np.array_equal(ours, theirs)
    assert ANYWHERE not in variants(f)

    def inner(a, b):
        a += 1.0
        return np.sum(a * np.sum(b, axis=1)[: a.shape[0] - 2])  # a length that is 1 for three rows

    f = sg.differentiable(inner)
    args = np.full(3, 2.0), np.ones((3, 1))
    given = copied(args)
    assert f(*given) == inner(*copied(args))
    assert np.array_equal(given[0], args[0] + 1.0)


def test_slices_of_one_element_have_one_after_a_check(plain):
    def distances(pos):
        x, y = pos[:, 0:1], pos[:, 1:2]
        return np.sum(np.sqrt((x.T - x) ** 2 + (y - y.T) ** 2 + 1.0))

    pos = rng.random((4, 2))
    sg.check_grads(distances, (pos,), modes=("rev", "fwd"), order=2)
    text = without_compiling(sg.grad(distances), (pos,))
    assert "pos[j, 0] - pos[i, 0]" in text
    assert "step" not in text
    with pytest.raises(ValueError, match="lengths 0 and 1"):
        sg.grad(distances)(np.ones((4, 1)))

    def next_ones(x):
        total = 0.0
        for k in range(x.size):
            total += np.sum(x[k + 1 : k + 2]) * x[k]  # empty in the last trip
        return total

    assert np.array_equal(sg.grad(next_ones)(np.array([1.0, 2.0, 4.0])), [2.0, 5.0, 2.0])


def test_second_order_pullbacks_and_batches_with_known_axes(plain):
    h = sg.hessian(lambda b: layer(X, W, b, COLUMN))(ROW)
    assert h.shape == (1, 4, 1, 4)
    inner = sg.grad(layer, argnums=2)
    step = 1e-6 * rng.random((1, 4))
    moved = (inner(X, W, ROW + step, COLUMN) - inner(X, W, ROW - step, COLUMN)) / 2.0
    np.testing.assert_allclose(np.einsum("abcd,cd->ab", h, step), moved, rtol=1e-5)
    _, pullback = sg.vjp(layer, X, W, ROW, COLUMN)
    for bar, right in zip(pullback(2.0), sg.grad(layer, argnums=(0, 1, 2, 3))(X, W, ROW, COLUMN), strict=True):
        np.testing.assert_allclose(bar, 2.0 * right, rtol=1e-12)
    tangent = sg.jvp(layer, (X, W, ROW, COLUMN), (None, None, step, None))[1]
    assert tangent == pytest.approx(np.sum(inner(X, W, ROW, COLUMN) * step), rel=1e-10)
    rows = sg.vmap(lambda x, b: np.sum(x * b))(np.ones((3, 2, 2)), np.full((3, 1, 2), 2.0))
    assert np.array_equal(rows, [8.0, 8.0, 8.0])


def test_explain_takes_the_variant_of_a_call():
    found = sg.explain(layer, X, W, ROW, COLUMN)
    assert found.value == pytest.approx(layer(X, W, ROW, COLUMN), rel=1e-12)


def test_the_next_process_finds_the_variant(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, numpy as np, srcgrad as sg\n"
        "g = sg.grad(lambda x, b: np.sum(np.sin(x + b)))\n"
        "print(g(np.ones((3, 2)), np.ones((1, 2)))[0, 0], 'sympy' in sys.modules)\n"
    )
    runs = [subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True,
                           env={**os.environ, "SRCGRAD_CACHE_DIR": str(tmp_path / "cache")}).stdout.split()
            for _ in range(2)]  # fmt: skip
    assert float(runs[0][0]) == float(runs[1][0]) == pytest.approx(np.cos(2.0))
    assert runs[1][1] == "False"


def test_squeeze_takes_the_axes_that_arguments_are_known_to_have(plain):
    def weighted(h, w):
        y = (h @ w).squeeze()
        return np.sum(y * np.arange(y.shape[0]))

    g, w = sg.grad(weighted, argnums=1), np.ones((3, 1))
    np.testing.assert_allclose(g(X, w)[:, 0], X.T @ np.arange(5.0))
    wide = rng.random((3, 4))
    np.testing.assert_allclose(g(X[:1], wide), np.outer(X[0], np.arange(4.0)))
    assert [r.axes for r in variants(g)] == [(), ((1, 1),), ((0, 0),)]
    assert sg.differentiable(lambda a: a.squeeze())(np.ones((1, 1, 2))).shape == (2,)
    square = lambda h, w: np.sum((h @ w.squeeze()) ** 2)
    _, along = sg.jvp(square, (X, w), (None, w))
    assert along == pytest.approx(2.0 * np.sum((X @ w) ** 2), rel=1e-14)
    np.testing.assert_allclose(sg.hvp(square, (X, w), (None, w), argnums=1), 2.0 * X.T @ X @ w)


def test_what_fits_with_repeated_axes_only_is_read_so_from_the_start(plain):
    def beside(a, c):
        c = c * 1.0
        c += a
        c[:, 1:] -= a
        return np.sum(c**2)

    a, c = np.full((3, 1), 2.0), rng.random((3, 4))
    np.testing.assert_allclose(sg.grad(beside)(a, c)[:, 0], 2.0 * (c[:, 0] + 2.0))
    np.testing.assert_allclose(sg.grad(lambda a: a.squeeze()[1] ** 2)(np.ones((1, 3))), [[0.0, 2.0, 0.0]])
    with pytest.raises(ValueError, match="lengths 4 and 1"):
        sg.grad(beside)(np.ones((3, 4)), np.ones((3, 1)))
    assert np.asarray(sg.explain(beside, a, c).gradients["a"]).shape == (3, 1)


def squeezed(a):
    return a.squeeze() ** 2


@pytest.mark.parametrize("made", [sg.differentiable, sg.jacfwd, sg.jacrev, sg.jacobian, sg.hessian])
def test_arguments_of_other_shapes_are_squeezed_in_the_same_process(made, plain):
    f = made(squeezed)
    for shape in ((2, 3), (1, 3), (2, 3), (2, 1)):
        a = rng.random(shape)
        assert f(a).shape[: np.squeeze(a).ndim] == np.squeeze(a).shape
        value, slope = sg.jvp(squeezed, (a,), (a,))
        np.testing.assert_allclose((value, slope), (np.squeeze(a) ** 2, 2.0 * np.squeeze(a) ** 2))


def test_axes_that_turn_out_to_have_one_element_are_not_taken_away_in_silence(plain):
    f = lambda a: np.sum(np.squeeze(np.sum(a, axis=0)[1:]) ** 2)
    assert sg.grad(f)(X).shape == X.shape
    with pytest.raises(ValueError, match=r"one more axis has one element .*test_repeats.py"):
        sg.grad(f)(X[:, :2])


def test_the_covariance_of_one_row_is_a_number(plain):
    f = lambda a: np.cov(a) * 2.0
    assert sg.differentiable(f)(ROW).shape == ()
    assert sg.differentiable(f)(ROW) == pytest.approx(f(ROW), rel=1e-14)
    assert sg.differentiable(f)(X).shape == (5, 5)


def test_a_column_beside_rows_of_two_lengths(plain):
    def f(b, s):
        v = np.hypot(np.array([s, 1.43, 0.31]), b)
        return np.sum(v) + np.sum((s * b - np.array([s, 0.34])) ** 2)

    value, (b_bar, s_bar) = sg.value_and_grad(f, argnums=(0, 1))(COLUMN, 0.7)
    assert value == pytest.approx(f(COLUMN, 0.7))
    assert s_bar == pytest.approx((f(COLUMN, 0.7 + 1e-6) - f(COLUMN, 0.7 - 1e-6)) / 2e-6, rel=1e-6)
    assert np.sum(b_bar) == pytest.approx((f(COLUMN + 1e-6, 0.7) - f(COLUMN - 1e-6, 0.7)) / 2e-6, rel=1e-6)
