"""Jacobians and Hessians, dense and sparse: against differences, against each other, inside njit."""

import inspect
from collections import namedtuple
from itertools import product

import numpy as np
import pytest
from numba import njit
from scipy.sparse import csr_array, eye_array, random_array

import srcgrad as sg
from srcgrad import runtime, store
from srcgrad.coloring import color_columns
from srcgrad.differentiation.widths import FEWER
from srcgrad.generation import entry
from srcgrad.generation.digests import function_digest
from srcgrad.generation.entry import arguments_of, parameters
from srcgrad.generation.structured import Structured
from srcgrad.jacobian import CHOICES
from srcgrad.language.repeats import ANYWHERE
from tests.helpers import ROOT, loaded, run_python, same_bits

MODES = (sg.jacfwd, sg.jacrev, sg.jacobian)
Pose = namedtuple("Pose", "angle shift")


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python; what it calls of the library is compiled before."""
    color_columns(*(np.zeros(n, np.int64) for n in (1, 0, 1, 0)))
    for rank in range(1, 7):
        runtime.unset(np.zeros((0,) * rank))
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


def differences(f, args, k, h=1e-6):
    """Return the Jacobian of a function of arrays by one argument, by two-sided differences."""
    x = np.asarray(args[k], dtype=float)
    found = np.zeros(np.shape(f(*args)) + x.shape)
    for at in np.ndindex(x.shape):
        values = []
        for sign in (1.0, -1.0):
            moved = x.copy()
            moved[at] += sign * h
            given = [*args[:k], moved if x.ndim else float(moved), *args[k + 1 :]]
            values.append(np.asarray(f(*given)))
        found[(..., *at)] = (values[0] - values[1]) / (2.0 * h)
    return found


def chain(x):
    y = np.empty_like(x)
    for i in range(x.size):
        before = x[i - 1] if i > 0 else 0.0
        y[i] = np.sin(x[i]) * before + x[i] ** 2
    return y


def linked(A, x):
    return A @ x * np.sum(A), np.sum(x**2)


# ---- dense, every mode


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [0, 1, 5, 16, 17, 40])
def test_of_a_vector_by_a_vector(mode, n, plain):
    x = np.random.default_rng(n).normal(size=n)
    found = mode(chain)(x)
    assert found.shape == (n, n)
    np.testing.assert_allclose(found, differences(chain, (x,), 0), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
def test_of_several_results_by_several_arguments(mode, plain):
    rng = np.random.default_rng(1)
    args = rng.normal(size=(5, 4)), rng.normal(size=4)
    (a, b), (c, d) = mode(linked, argnums=("A", "x"))(*args)
    assert (a.shape, b.shape, c.shape, d.shape) == ((5, 5, 4), (5, 4), (5, 4), (4,))
    for found, part, k in ((a, 0, 0), (b, 0, 1), (c, 1, 0), (d, 1, 1)):
        right = differences(lambda *given, part=part: linked(*given)[part], args, k)
        np.testing.assert_allclose(found, right, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("mode", MODES)
def test_of_matrices(mode, plain):
    rng = np.random.default_rng(2)
    for A in (rng.normal(size=(3, 2)), np.asfortranarray(rng.normal(size=(3, 2))), rng.normal(size=(3, 4))[:, ::2]):
        found = mode(lambda A: np.tanh(A.T @ A))(A)
        assert found.shape == (2, 2, 3, 2)
        np.testing.assert_allclose(found, differences(lambda A: np.tanh(A.T @ A), (A,), 0), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("product", [
    lambda A, x: A @ x,
    lambda A, x: x @ A,
    lambda A, x: A.T @ x,
    lambda A, x: A[1] @ A,
    lambda A, x: x[1:] @ A[1:, :2],
    lambda A, x: A @ A[:, 1] + A[1:, 1:] @ x[1:] @ A[:2],
    lambda A, x: np.tanh(A @ A) @ x,
    lambda A, x: A * (x @ (A @ x)),
])  # fmt: skip
def test_products_along_many_directions(product, plain):
    rng = np.random.default_rng(3)
    args = rng.normal(size=(3, 3)), rng.normal(size=3)
    by_both = sg.jacfwd(product, argnums=(0, 1))(*args)
    for k, found in enumerate(by_both):
        np.testing.assert_allclose(found, differences(product, args, k), rtol=1e-7, atol=1e-7)


def test_a_matrix_times_tangents_is_one_product():
    X, y = np.ones((4, 2)), np.zeros(4)
    text = sg.source(sg.hessian(lambda p, X, y: np.sum(np.exp(X @ p) - y)), np.ones(2), X, y)
    assert "z_dot = X @ p_dot" in text or "product_dot = X @ p_dot" in text
    assert "p_bar_dot = X.T @ " in text


@pytest.mark.parametrize("mode", MODES)
def test_numbers(mode, plain):
    assert mode(lambda x: x**3)(2.0) == 12.0
    assert mode(lambda x, y: (x * y, x), argnums=(0, 1))(2.0, 3.0) == ((3.0, 2.0), (1.0, 0.0))
    by_x = mode(lambda x, y: np.array([x * y, x + y]))(2.0, 3.0)
    np.testing.assert_array_equal(by_x, [3.0, 1.0])
    np.testing.assert_array_equal(mode(lambda x: np.sum(x**2))(np.array([1.0, 2.0])), [2.0, 4.0])


@pytest.mark.parametrize("mode", MODES)
def test_structures(mode, plain):
    def moved(p, x):
        return {"x": np.cos(p["pose"].angle) * x + p["pose"].shift, "n": x.size}

    p = {"pose": Pose(0.3, np.array([1.0, 2.0]))}
    x = np.array([0.5, -1.0])
    found = mode(moved)(p, x)
    assert found["n"] is None
    by_p = found["x"]
    assert isinstance(by_p["pose"], Pose)
    np.testing.assert_allclose(by_p["pose"].angle, -np.sin(0.3) * x)
    np.testing.assert_allclose(by_p["pose"].shift, np.eye(2))


def test_the_structure_of_results_is_looked_up_once(plain, monkeypatch):
    asked = []
    once = Structured._structure_for
    monkeypatch.setattr(Structured, "_structure_for", lambda self, args: asked.append(args) or once(self, args))
    by_both = sg.jacfwd(lambda p, x: {"y": p["k"] * x, "n": x.size}, argnums=(0, 1))
    for k in (2.0, 3.0):
        found = by_both({"k": k}, A)["y"]
        np.testing.assert_array_equal(found[0]["k"], A)
        np.testing.assert_array_equal(found[1], k * np.eye(3))
    assert len(asked) == 1
    assert by_both({"k": np.float32(2.0)}, A.astype(np.float32))["y"][1].dtype == np.float32
    along = sg.jvp(lambda x, y: (x * y, x))
    assert along((2.0, 3.0), (1.0, None)) == ((6.0, 2.0), (3.0, 1.0))
    assert along((2.0, 3.0), (None, 1.0)) == ((6.0, 2.0), (2.0, 0.0))


A = np.array([0.3, -0.2, 0.9])


@pytest.mark.parametrize("mode", MODES)
def test_float32_and_written_arguments(mode, plain):
    def scaled(x):
        x *= 2.0
        return x * x

    x = np.array([1.0, 2.0], dtype=np.float32)
    found = mode(scaled)(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.diag([8.0, 16.0]))
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("mode", MODES)
def test_an_axis_of_length_one_that_is_repeated(mode, plain):
    found = mode(lambda a, b: a * b, argnums=1)(np.arange(6.0).reshape(2, 3), np.ones((2, 1)))
    assert found.shape == (2, 3, 2, 1)
    np.testing.assert_array_equal(found[1, 2], [[0.0], [5.0]])


def test_errors():
    with pytest.raises(sg.ArgumentError, match="not a float"):
        sg.jacfwd(lambda x, n: x * n, argnums="n")(np.ones(2), 3)
    for mode in MODES:
        with pytest.raises(sg.ArgumentError, match="returns no float"):
            mode(lambda x: x > 0.0)(np.ones(2))


def test_random_numbers_are_drawn_once(plain):
    def noisy(x):
        return x * np.random.standard_normal(x.size)

    with pytest.raises(sg.UnsupportedError, match="draws random numbers"):
        sg.jacfwd(noisy)(np.ones(3))
    found = sg.jacobian(noisy)(np.ones(3))
    assert np.count_nonzero(found) == 3
    assert len({*np.diag(found)}) == 3


# ---- the source, and which mode


def test_the_source_shows_loops_and_tangents():
    text = sg.source(sg.jacfwd(chain), np.ones(3))
    assert "def chain_jacfwd(x):" in text
    assert "def chain_jvps(x, x_dot):" in text
    text = sg.source(sg.jacrev(chain), np.ones(3))
    assert "def chain_jacrev(x):" in text
    assert "def chain_backward(" in text
    assert "def rosenbrock_hessian(x):" in sg.source(sg.hessian(rosenbrock), np.ones(3))


def test_the_mode_with_fewer_evaluations():
    assert "_jacfwd" in sg.source(sg.jacobian(lambda x: np.array([x, x])), 1.0)
    assert "_grad(" in sg.source(sg.jacobian(np_sum), np.ones(2))
    assert "_jacfwd" in sg.source(sg.jacobian(chain), np.ones(3))  # as many rows as columns, whatever the size


def test_one_mode_is_written_for_the_sizes_given(plain):
    jac = sg.jacobian(layer, argnums="x")
    tall, wide = (np.ones((4, 3)), np.ones(3)), (np.ones((1, FEWER + 1)), np.ones(FEWER + 1))
    assert "def layer_jacfwd(" in sg.source(jac, *tall)
    assert "backward" not in sg.source(jac, *tall)
    assert "def layer_jacrev(" in sg.source(jac, *wide)
    for args in (tall, wide):
        right = (1.0 - layer(*args)[:, None] ** 2) * args[0]
        np.testing.assert_allclose(jac(*args), right, rtol=1e-13)
    assert sg.source(jac).count("def layer_jac") == 2
    with pytest.raises(ValueError, match="mismatch in the inner dimension"):
        jac(np.ones((4, 3)), np.ones(2))


def test_the_mode_is_chosen_by_sizes_alone(plain):
    """What tells the mode has none of the work of the function, unless sizes depend on it."""
    tells = lambda f, *args: inspect.getsource(CHOICES.get(
        f, arguments_of(parameters(f), args), (len(args) - 1,), ANYWHERE, function_digest(f)).functions[0])  # fmt: skip
    assert f"    return x.shape[0] <= {FEWER} * A.shape[0]\n" in tells(layer, np.ones((4, 3)), np.ones(3))
    assert "tanh" not in tells(layer, np.ones((4, 3)), np.ones(3))
    found = tells(lambda A, x: (A @ x)[A @ x > 0.0], np.ones((4, 3)), np.ones(3))
    assert "count += 1" in found


def test_both_modes_are_compiled_where_sizes_are_not_known():
    def squared(A, x):
        out = np.empty(A.shape[0])
        for i in range(A.shape[0]):
            out[i] = A[i, 0] * x[0] ** 2
        return out

    jac = sg.jacobian(squared, argnums="x")

    @njit
    def inside(A, x):
        return jac(A, x)

    for args in ((np.eye(3)[:2], np.ones(3)), (np.ones((1, FEWER + 1)), np.ones(FEWER + 1))):
        found = inside(*args)
        np.testing.assert_array_equal(found[:, 0], 2.0 * args[0][:, 0])
        assert not found[:, 1:].any()
    assert f"if x.shape[0] <= {FEWER} * A.shape[0]:" in sg.source(jac)


def layer(A, x):
    return np.tanh(A @ x)


def np_sum(x):
    return np.sum(x)


def test_the_source_is_accepted_input(tmp_path, plain):
    x = np.random.default_rng(4).normal(size=20)
    for mode in (sg.jacfwd, sg.jacrev):
        text = sg.source(mode(chain), x)
        module = loaded(text, tmp_path, f"read_back_{mode.__name__}")
        again = sg.differentiable(getattr(module, f"chain_{mode.__name__}"))(x)
        np.testing.assert_array_equal(again, mode(chain)(x))


# ---- functions of a few lines


def turned(x, s, k):
    """Two results; a name bound anew, a branch, an argument that is written, an integer."""
    r = x[0] * s
    r = np.sin(r) * r
    if r > 0.1:
        r = r * x[1]
    x[1] = x[1] * r + x[k]
    out = np.empty((1, 2))
    out[0, 0] = r * x[1]
    out[0, 1] = out[0, 0] * out[0, 0] + s
    out[0, 0] *= x[0]
    return out


def corner(M, x):
    return np.array([M[0, 0] * x[0] + M[1, 0], np.exp(M[1, 1]) * x[1], x[0]])


@pytest.mark.parametrize("args", [(0.5, 0.7, 1), (-0.5, 0.7, 0)])
def test_rows_of_a_few_lines(args, plain):
    x = np.array([args[0], 0.4, 0.9])
    by_x, by_s = sg.jacrev(turned, argnums=("x", "s"))(x, *args[1:])
    assert (by_x.shape, by_s.shape) == ((1, 2, 3), (1, 2))
    copied = lambda x, s, k: turned(x.copy(), s, k)
    for found, k in ((by_x, 0), (by_s, 1)):
        np.testing.assert_allclose(found, differences(copied, (x, *args[1:]), k), rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(x, [args[0], 0.4, 0.9])
    by_M, by_x = sg.jacrev(corner, argnums=(0, 1))(np.eye(2, order="F"), np.ones(2))
    for found, k in ((by_M, 0), (by_x, 1)):
        np.testing.assert_allclose(found, differences(corner, (np.eye(2), np.ones(2)), k), rtol=1e-7, atol=1e-9)
    single = sg.jacrev(corner)(np.eye(2, dtype=np.float32), np.ones(2, dtype=np.float32))
    assert single.dtype == np.float32
    third = sg.jacfwd(sg.jacrev(corner, argnums=0), argnums=1)(np.eye(2), np.ones(2))
    np.testing.assert_allclose(third, sg.jacfwd(sg.jacfwd(corner, argnums=0), argnums=1)(np.eye(2), np.ones(2)))


def test_a_few_lines_stand_in_the_loop_over_rows():
    jac = sg.jacobian(corner, argnums=1)
    text = sg.source(sg.jacrev(corner, argnums=1), np.eye(2), np.ones(2))
    assert "for row in range(3):" in text
    assert "x_jac[row, 1] += " in text
    assert "_backward" not in text
    few = sg.jacobian(lambda x: np.array([x[15] * x[0], x[1]]))  # by 16 and more, which a check says
    assert "_jacrev" in sg.source(few, np.ones(16))
    assert "_jacfwd" in sg.source(jac, np.eye(2), np.ones(2))


# ---- second order and further


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_hessian():
    x = np.random.default_rng(5).normal(size=20)
    found = sg.hessian(rosenbrock)(x)
    n = x.size
    right = np.zeros((n, n))
    for i in range(n - 1):
        right[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        right[i, i + 1] = right[i + 1, i] = -400.0 * x[i]
        right[i + 1, i + 1] += 200.0
    np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-10)
    v = np.random.default_rng(6).normal(size=n)
    np.testing.assert_allclose(sg.hvp(rosenbrock, (x,), (v,)), found @ v, rtol=1e-12, atol=1e-9)


def test_hessian_of_structures_and_of_arrays(plain):
    def f(p, c):
        return c * np.sum(p["a"] ** 2) * p["b"]

    p = {"a": np.array([1.0, 3.0]), "b": 2.0}
    found = sg.hessian(f)(p, 0.5)
    np.testing.assert_allclose(found["a"]["a"], 2.0 * np.eye(2))
    np.testing.assert_allclose(found["a"]["b"], p["a"])
    np.testing.assert_allclose(found["b"]["a"], p["a"])
    assert found["b"]["b"] == 0.0
    x = np.array([0.3, 0.8, 1.2])
    second = sg.hessian(chain)(x)
    assert second.shape == (3, 3, 3)
    np.testing.assert_allclose(second, differences(sg.jacrev(chain), (x,), 0), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("outer", "middle", "inner"), [
    pytest.param(*modes, marks=() if k in (1, 2, 4, 7) else pytest.mark.long)  # of any two, both ways at any place
    for k, modes in enumerate(product((sg.jacfwd, sg.jacrev), repeat=3))
])  # fmt: skip
def test_any_mode_of_any_mode_of_any_mode(outer, middle, inner, plain):
    """The third derivatives of x0**2 x1 exp(x2) and of a product, whichever way they are computed."""

    def f(x):
        out = np.empty(2)
        out[0] = x[0] ** 2 * x[1] * np.exp(x[2])
        out[1] = x[0] * x[1] * x[2]
        return out

    x = np.array([1.5, 0.5, 0.2])
    third = outer(middle(inner(f)))(x)
    assert third.shape == (2, 3, 3, 3)
    e = np.exp(0.2)
    assert third[0, 0, 0, 1] == pytest.approx(2.0 * e)
    assert third[0, 0, 2, 2] == pytest.approx(2.0 * 1.5 * 0.5 * e)
    assert third[0, 2, 2, 2] == pytest.approx(1.5**2 * 0.5 * e)
    assert third[1, 0, 1, 2] == third[1, 2, 0, 1] == pytest.approx(1.0)
    for axes in ((0, 2, 1, 3), (0, 1, 3, 2), (0, 3, 2, 1)):
        np.testing.assert_allclose(third, third.transpose(axes), rtol=1e-13, atol=1e-14)


def test_forward_and_reverse_of_jacobians(plain):
    x, v = np.array([0.3, 0.8, 1.2]), np.array([1.0, -1.0, 0.5])
    right = sg.hessian(chain)(x) @ v
    np.testing.assert_allclose(sg.jvp(sg.jacfwd(chain), (x,), (v,))[1], right, rtol=1e-12)
    out, pullback = sg.vjp(sg.jacrev(chain), x)
    assert np.sum(pullback(np.ones_like(out))[0] * v) == pytest.approx(np.sum(right), rel=1e-12)


# ---- inside njit


def test_inside_njit():
    forward, reverse = sg.jacfwd(chain), sg.jacrev(chain)

    @njit
    def inside(x):
        return forward(x), reverse(x)

    x = np.random.default_rng(7).normal(size=20)
    for found, mode in zip(inside(x), (forward, reverse), strict=True):
        assert same_bits(found, mode(x))
    np.testing.assert_allclose(inside(x)[0], inside(x)[1], rtol=1e-13)


def test_a_second_process_imports_no_sympy(tmp_path):
    code = (
        "import sys, numpy as np, srcgrad as sg\n"
        "from tests.test_jacobians import chain\n"
        "print(sg.jacfwd(chain)(np.arange(3.0)).sum(), 'sympy' in sys.modules)"
    )
    first, second = (run_python(code, ROOT, SRCGRAD_CACHE_DIR=str(tmp_path)) for _ in "ab")
    assert first.endswith("True")
    assert second.endswith("False")
    assert first.removesuffix("True") == second.removesuffix("False")


# ---- sparse


@pytest.mark.parametrize("mode", ["auto", "fwd", "rev"])
def test_sparse_is_dense_where_there_is_something(mode, plain):
    x = np.random.default_rng(8).normal(size=30)
    jac = sg.sparse_jacobian(chain, mode=mode)
    found = jac(x)
    assert isinstance(found, csr_array)
    np.testing.assert_allclose(found.toarray(), sg.jacfwd(chain)(x), rtol=1e-13)
    assert found.nnz == 59
    assert jac.pattern.count == 2
    assert jac.pattern.forward == (mode != "rev")


def test_entries_that_were_zero_at_first_are_found(plain):
    jac = sg.sparse_jacobian(chain)
    assert jac(np.zeros(30)).nnz == 0
    x = np.random.default_rng(9).normal(size=30)
    np.testing.assert_allclose(jac(x).toarray(), sg.jacfwd(chain)(x), rtol=1e-13)
    assert jac.pattern.rows.size == 59
    longer = np.random.default_rng(10).normal(size=40)
    np.testing.assert_allclose(jac(longer).toarray(), sg.jacfwd(chain)(longer), rtol=1e-13)


def test_branches_that_change_the_pattern(plain):
    def f(x):
        y = np.empty(x.size - 1)
        for i in range(x.size - 1):
            y[i] = x[i] * 2.0 if x[0] > 0.0 else x[i + 1] * x[0]
        return y

    jac = sg.sparse_jacobian(f)
    for x in (np.arange(1.0, 8.0), -np.arange(1.0, 8.0)):
        np.testing.assert_allclose(jac(x).toarray(), sg.jacfwd(f)(x), rtol=1e-13)


def test_arrays_without_elements(plain):
    assert sg.sparse_jacobian(lambda x: x**2)(np.zeros(0)).shape == (0, 0)
    assert sg.sparse_jacobian(lambda x: x[:0] ** 2)(np.ones(3)).shape == (0, 3)


def test_given_sparsity(plain):
    x = np.random.default_rng(11).normal(size=12)
    band = np.eye(12) + np.eye(12, k=-1)
    for sparsity in (band, csr_array(band), band > 0.0):
        for mode in ("fwd", "rev"):
            found = sg.sparse_jacobian(chain, sparsity=sparsity, mode=mode)(x)
            np.testing.assert_allclose(found.toarray(), sg.jacfwd(chain)(x), rtol=1e-13)
            assert found.nnz == 23
    with pytest.raises(sg.SparsityError, match=r"11 entries of the Jacobian are not in the sparsity .* \(1, 0\)"):
        sg.sparse_jacobian(chain, sparsity=eye_array(12))(x)
    with pytest.raises(sg.ArgumentError, match=r"the sparsity has shape \(11, 11\), the Jacobian \(12, 12\)"):
        sg.sparse_jacobian(chain, sparsity=np.eye(11))(x)


def test_sparse_by_structures_and_of_several_results(plain):
    def f(p, x):
        return {"a": p["s"] * x, "b": np.sum(x), "n": 3}

    jac = sg.sparse_jacobian(f, argnums=("p", "x"))
    found = jac({"s": 2.0}, np.array([1.0, 3.0])).toarray()
    np.testing.assert_array_equal(found, [[1.0, 2.0, 0.0], [3.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(
        sg.sparse_jacobian(f, argnums=("p", "x"), mode="rev")({"s": 2.0}, np.array([1.0, 3.0])).toarray(), found
    )


def test_sparse_errors():
    with pytest.raises(sg.ArgumentError, match="mode='both'"):
        sg.sparse_jacobian(chain, mode="both")
    with pytest.raises(sg.ArgumentError, match="no argument differentiated by is a float"):
        sg.sparse_jacobian(lambda x, n: x * n, argnums="n")(np.ones(2), 3)


def test_a_second_derivative_that_is_sparse(plain):
    x = np.random.default_rng(12).normal(size=30)
    jac = sg.sparse_jacobian(sg.grad(rosenbrock))
    np.testing.assert_allclose(jac(x).toarray(), sg.hessian(rosenbrock)(x), rtol=1e-12)
    assert jac.pattern.count == 3


def colored(matrix):
    """Return the colours of the columns of a CSR array."""
    ways = matrix.tocsc(), matrix
    return color_columns(*(np.asarray(a, np.int64) for m in ways for a in (m.indptr, m.indices)))


@pytest.mark.parametrize("seed", range(20))
def test_columns_of_one_colour_have_no_row_in_common(seed):
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 40)), int(rng.integers(1, 40))
    matrix = (random_array(shape, density=rng.uniform(0.0, 0.3), rng=rng) != 0).tocsr()
    colors = colored(matrix)
    dense = matrix.toarray()
    assert set(colors) == set(range(colors.max() + 1))
    for color in range(colors.max() + 1):
        assert dense[:, colors == color].sum(axis=1).max() <= 1
    assert colors.max() + 1 >= dense.sum(axis=1).max(), "fewer colours than entries in a row"


def test_colours_of_bands_and_arrows():
    n = 50
    band = csr_array(sum(np.eye(n, k=k) for k in (-1, 0, 1)))
    arrow = np.eye(n)
    arrow[:, 0] = 1.0
    for matrix, right in ((band, 3), (csr_array(arrow), 2), (csr_array(np.ones((3, n))), n)):
        assert colored(matrix).max() + 1 == right


def one_of_two_products(x, b, t):
    return x * b if t else x + b


def sum_of_one(x, b, t):
    y = x * b if t else x + b
    return np.sum(y)


@pytest.mark.parametrize("t", [0, 1])
@pytest.mark.parametrize("n", [1, 3])
def test_a_choice_between_arrays_where_axes_may_be_repeated(t, n):
    x, b = np.array([1.0, 2.0, 3.0]), np.linspace(0.5, 1.0, n)
    np.testing.assert_allclose(sg.jacobian(one_of_two_products)(x, b, t), np.diag(np.ones(3) * (b if t else 1.0)))
    outer = sg.grad(lambda x, b: np.sum(sg.grad(sum_of_one)(x, b, t) ** 2), argnums=1)
    np.testing.assert_allclose(outer(x, b), (6.0 if n == 1 else 2.0) * b * t)
