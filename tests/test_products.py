"""Products of matrices and vectors: loops with a vector, `matmul` of matrices in loops, BLAS of large ones."""

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad.runtime import matmul


@njit
def compiled(a, b):
    return matmul(a, b)


@pytest.mark.parametrize(("m", "k", "n"), [(2, 2, 2), (5, 5, 5), (5, 5, 6), (1, 7, 3), (0, 2, 3), (3, 0, 2), (9, 8, 7)])
def test_small_and_large_products(rng, m, k, n):
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    for x, y in ((a, b), (np.asfortranarray(a), b), (a, np.asfortranarray(b))):
        np.testing.assert_allclose(compiled(x, y), x @ y, rtol=1e-14, atol=1e-15)
    single = compiled(a.astype(np.float32), b.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, a @ b, rtol=1e-5, atol=1e-6)


def powers(A, x, n):
    P = A
    for _ in range(n):
        P = A @ P
    return np.sum(P @ x)


@pytest.mark.parametrize("size", [2, 6])
def test_in_loops(rng, size):
    A, x = rng.normal(size=(size, size)), rng.normal(size=size)
    value, gradient = sg.value_and_grad(powers)(A, x, 3)
    assert value == pytest.approx(powers(A, x, 3), rel=1e-12)
    steps = [1e-6 * d.reshape(size, size) for d in np.eye(size * size)]
    right = [(powers(A + d, x, 3) - powers(A - d, x, 3)) / 2e-6 for d in steps]
    np.testing.assert_allclose(gradient.ravel(), right, rtol=1e-6, atol=1e-7)
    assert "P_push = matmul(A.T, product_bar)" in sg.source(sg.grad(powers), A, x, 3)


def test_once_in_a_call_the_text_stays():
    text = sg.source(sg.differentiable(lambda A, B: np.sum(A @ B)), np.ones((2, 2)), np.ones((2, 2)))
    assert "A @ B" in text
    assert "matmul(" not in text


def test_a_matrix_and_both_adjoints_in_one_sweep():
    def f(A, x, y):
        return np.sum(np.tanh(A @ x)) * np.sum(y @ A)

    text = sg.source(sg.grad(f, argnums=(0, 1, 2)), np.ones((2, 3)), np.ones(3), np.ones(2))
    assert " @ " not in "\n".join(line for line in text.splitlines() if "#" not in line)
    backward = text.partition("# backward\n")[2]
    assert backward.count("for i in range(y.shape[0]):") == 1
