"""Sums over three counters in adjoints as products of matrices: against differences, and where they have to stay."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.switches import VARIABLE
from tests.random_programs.compare import plain_run
from tests.random_programs.differences import mismatch, reference


def similarity(X, w):
    n, d = X.shape
    K = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = 0.0
            for k in range(d):
                s += w[k] * X[i, k] * X[j, k]
            K[i, j] = s
            K[j, i] = s
    return np.sum(K**3)


def by_rows(A, B):
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] -= A[i, k] * B[k, j]
    return np.sum(np.sin(C))


def updates(A, B, g):
    C = np.outer(B[:, 0], A[:, 0]).T * g
    for i in range(A.shape[0]):
        C[i, : i + 1] *= g
        for k in range(A.shape[1]):
            C[i, : i + 1] += g * A[i, k] * B[: i + 1, k] - A[i, k] * B[: i + 1, k] / 3.0
    return np.sum(C * C)


def vectors_made_anew(X, V, g):
    s = 0.0
    for n in range(X.shape[0]):
        h = np.empty(X.shape[1])
        for j in range(X.shape[1]):
            h[j] = np.tanh(g * X[n, j])
        for o in range(V.shape[0]):
            z = 0.0
            for j in range(X.shape[1]):
                z += V[o, j] * h[j]
            s += np.exp(-z * z)
    return s


def upper_triangle(X, Y):
    s = 0.0
    for i in range(X.shape[0]):
        for j in range(i, Y.shape[0]):
            d = 0.0
            for k in range(X.shape[1]):
                d += X[i, k] * (Y[j, k] - X[i, k])
            s += np.cos(d)
    return s


def downward(X, Y):
    s = 0.0
    for i in range(X.shape[0] - 1, -1, -1):
        for j in range(Y.shape[0] - 1, -1, -1):
            d = 1.0
            for k in range(X.shape[1] - 1, -1, -1):
                d += X[i, k] * Y[j, k]
            s += d * d
    return s


def a_matrix_that_changes(A, B):
    for i in range(A.shape[0]):
        for j in range(i + 1, A.shape[0]):
            for k in range(A.shape[1]):
                A[j, k] -= 0.1 * A[i, k] * B[i, j]
    return np.sum(A**2)


def few(X, Y):
    s = 0.0
    for i in range(3):
        for j in range(2):
            d = 0.0
            for k in range(X.shape[1]):
                d += X[i, k] * Y[j, k]
            s += d * d
    return s


def only_where(X, Y, ok):
    s = 0.0
    for i in range(X.shape[0]):
        if ok[i]:
            for j in range(Y.shape[0]):
                d = 0.0
                for k in range(X.shape[1]):
                    d += X[i, k] * Y[j, k]
                s += d * d
    return s


def leaky(A, B, d):
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] = C[i, j] * d + A[i, k] * B[k, j]
    return np.sum(C**2)


def carried(A, B, c):
    C, t, acc = np.zeros((A.shape[0], B.shape[1])), 0.0, 0.0
    for i in range(A.shape[0]):
        acc += A[i, 0] ** 2
        t += np.sin(c) * acc
        for j in range(B.shape[1]):
            acc = 0.0
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
            c = 0.5 * c
    return t + np.sum(C**2)


def names_of_python(A, B):
    C, a, ab = np.zeros((A.shape[0], B.shape[1])), 1.0, 1.0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            a = a * A[i, k]
            ab = abs(a) + 0.5 * ab
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]
                C[i, j] += ab * B[k, j]
    return np.sum(C**2)


def factors_from_elsewhere(A, B, w, q):
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j] * w[q] * w[0]
    return np.sum((C + 1.0) ** 2) + np.sum(A)


def differences(X, M, W):
    C = np.zeros((X.shape[0], W.shape[1]))
    for i in range(X.shape[0]):
        for j in range(W.shape[1]):
            for k in range(X.shape[1]):
                C[i, j] += (X[i, k] - M[i, k]) * W[k, j]
    return np.sum(C)


def far(*shape):
    return np.linspace(-0.8, 1.1, int(np.prod(shape))).reshape(shape) ** 3 + 0.2


X, Y = far(4, 3), far(5, 3)
W = far(3, 5)
MADE = [
    (by_rows, (X, W), (0, 1)),
    (vectors_made_anew, (X, Y, 0.6), (0, 1, 2)),
    (downward, (X, Y), (0, 1)),
    (carried, (X, W, 0.7), (0, 1, 2)),
    (names_of_python, (X, W), (0, 1)),
    (differences, (X, X + 0.1, W), (0, 1, 2)),
    (factors_from_elsewhere, (X, W, far(4), 2), (0, 1, 2)),
]
KEPT = [
    (similarity, (X, far(3)), (0, 1)),
    (updates, (far(4, 3), far(4, 3) + 0.1, 0.7), (0, 1, 2)),
    (upper_triangle, (X, Y), (0, 1)),
    (a_matrix_that_changes, (X, far(4, 4)), (0, 1)),
    (few, (X, Y), (0, 1)),
    (only_where, (X, Y, np.array([True, False, True, True])), (0, 1)),
    (leaky, (X, W, 0.7), (0, 1, 2)),
]


@pytest.mark.parametrize("case", [*MADE, *KEPT], ids=lambda case: case[0].__name__)
def test_gradient(case, monkeypatch):
    function, args, positions = case
    _, text, (value, *gradients) = plain_run(function, args, positions)
    assert (" @ " in text.partition("# backward")[2]) == (case in MADE)
    assert mismatch(reference(function, args, positions), gradients, args, positions) is None
    monkeypatch.setenv(VARIABLE, "loop products")
    _, text, (same, *others) = plain_run(function, args, positions)
    assert " @ " not in text.partition("# backward")[2]
    assert value == same
    for a, b in zip(gradients, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("case", MADE[1:3], ids=lambda case: case[0].__name__)
@pytest.mark.parametrize("size", [0, 1])
def test_loops_without_trips(case, size):
    function, args, positions = case
    cut = tuple(a[:size] if isinstance(a, np.ndarray) else a for a in args)
    _, _, (_, *gradients) = plain_run(function, cut, positions)
    assert mismatch(reference(function, cut, positions), gradients, cut, positions) is None


def up_to(A, B, n, m, p):
    C = np.zeros((3, 4))
    for i in range(n):
        for j in range(m):
            for k in range(p):
                C[i, j] += A[i, k] * B[k, j]
    return np.sum(C**2)


def test_nothing_is_read_that_the_loops_do_not_read():
    g = sg.grad(factors_from_elsewhere)
    np.testing.assert_array_equal(g(np.ones((3, 5)), np.ones((5, 0)), np.ones(2), 10**10), np.ones((3, 5)))
    np.testing.assert_array_equal(g(np.ones((3, 5)), np.ones((5, 0)), np.ones(0), 0), np.ones((3, 5)))
    A, B = far(3, 5), far(5, 4)
    made = sg.grad(up_to, argnums=(0, 1))
    for n, m, p in ((1, 10**8, 0), (10**8, 0, 5), (0, 10**8, 10**8), (-1, 4, 5), (3, 4, -2), (2, 3, 4)):
        by_a, by_b = made(A, B, n, m, p)
        right = np.zeros((3, 4))
        inside = n > 0 and m > 0 and p > 0
        if inside:
            right[:n, :m] = 2.0 * A[:n, :p] @ B[:p, :m]
        a_bar, b_bar = np.zeros((3, 5)), np.zeros((5, 4))
        if inside:
            a_bar[:n, :p], b_bar[:p, :m] = right[:n, :m] @ B[:p, :m].T, A[:n, :p].T @ right[:n, :m]
        np.testing.assert_allclose(by_a, a_bar, rtol=1e-12)
        np.testing.assert_allclose(by_b, b_bar, rtol=1e-12)
    for sizes in ((4, 4, 5), (3, 5, 5), (3, 4, 6)):
        with pytest.raises(IndexError, match="out of bounds"):
            made(A, B, *sizes)


def test_differences_keep_their_digits():
    x = 1e12 + np.arange(12.0).reshape(4, 3)
    m = x - 2.0**-10
    np.testing.assert_array_equal(sg.grad(differences, argnums=2)(x, m, W), np.full((3, 5), 4 * 2.0**-10))


def test_what_the_loops_do_not_read_may_be_anything():
    def rows(X, Y, n):
        s = 0.0
        for i in range(n):
            for j in range(min(n, 3)):
                d = 0.0
                for k in range(X.shape[1]):
                    d += X[i, k] * Y[j, k]
                s += d * d
        return s

    x, y = far(6, 4), far(6, 4)
    x[4:], y[3:] = np.nan, np.inf
    for n in (4, 2, 0, -1):
        by_x, by_y = sg.grad(rows, argnums=(0, 1))(x, y, n)
        whole = sg.grad(rows, argnums=(0, 1))(np.nan_to_num(x), np.where(np.isfinite(y), y, 0.0), n)
        np.testing.assert_allclose(by_x, whole[0], rtol=1e-13)
        np.testing.assert_allclose(by_y, whole[1], rtol=1e-13)


def test_in_single_precision_and_of_strided_arrays():
    made = sg.grad(by_rows, argnums=(0, 1))
    A, B = far(5, 4), far(4, 6)
    right = made(A, B)
    for a, b in ((np.asfortranarray(A), B), (np.repeat(A, 2, axis=0)[::2], np.repeat(B, 2, axis=1)[:, ::2])):
        for found, expected in zip(made(a, b), right, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13)
    single = made(A.astype(np.float32), B.astype(np.float32))
    assert [g.dtype for g in single] == [np.float32] * 2
    for found, expected in zip(single, right, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_second_derivatives():
    sg.check_grads(by_rows, (X[:2, :2], W[:2, :2]), order=2)
