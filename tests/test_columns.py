"""Array code over columns, turned where trips are independent, against differences and loops that are not turned."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.switches import VARIABLE
from tests.random_programs.compare import plain_run
from tests.random_programs.differences import mismatch, reference


def projections(A, x):
    for j in range(A.shape[1]):
        x[j] += A[:, j] @ A[:, j] - A[:, 0] @ A[:, j]
    return np.sum(np.sin(x))


def eliminated(A, x):
    for k in range(A.shape[1] - 1, -1, -1):
        for j in range(k + 1, A.shape[1]):
            A[:, j] -= 0.3 * x[j] * A[:, k]
            x[j] *= 1.5
    return np.sum(A * A) + np.sum(x)


def below_the_diagonal(A, x):
    for k in range(A.shape[1]):
        for j in range(k, A.shape[1]):
            A[k, j] -= A[k, :k] @ A[:k, j]
    return np.sum(np.cos(A)) * x[0]


def recurrence(A, x):
    for j in range(1, A.shape[1]):
        A[:, j] += 0.5 * A[:, j - 1] * x[j]
    return np.sum(A * A)


def last_sum(A, x):
    s = 0.0
    for j in range(A.shape[1]):
        s = A[:, j] @ A[:, j]
        x[j] = x[j] * s
    return np.sum(x) + s


def nonlinear_in_the_sum(A, x):
    for j in range(A.shape[1]):
        x[j] = np.exp(0.1 * (A[:, j] @ A[:, j]))
    return np.sum(x * x)


TURNED = (projections, eliminated, below_the_diagonal)
KEPT = (recurrence, last_sum, nonlinear_in_the_sum)
ARGS = (np.linspace(-0.9, 1.1, 9).reshape(3, 3) ** 3, np.array([0.4, -0.7, 1.2]))


@pytest.mark.parametrize("function", [*TURNED, *KEPT], ids=lambda f: f.__name__)
def test_gradient_is_that_of_loops_as_they_stand(function, monkeypatch):
    _, text, (value, *gradients) = plain_run(function, ARGS, (0, 1))
    assert value == pytest.approx(function(*(a.copy() for a in ARGS)), rel=1e-13)
    assert mismatch(reference(function, ARGS, (0, 1)), gradients, ARGS, (0, 1)) is None
    monkeypatch.setenv(VARIABLE, "columns, from zero")
    _, other, (same, *unturned) = plain_run(function, ARGS, (0, 1))
    assert value == same  # every sum is taken in its order
    assert all(np.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(gradients, unturned, strict=True))
    assert ("_row[" in text or "for j in range(A_1.shape[1] - k - 1)" in text) == (function in TURNED)
    assert "_row[" not in other


def triangular(A, B):
    for i in range(B.shape[0]):
        for j in range(B.shape[1]):
            B[i, j] += A[i + 1 :, i] @ B[i + 1 :, j]
    return np.sum(B)


def test_sizes_are_checked_where_there_are_trips():
    A, B = np.eye(4), np.ones((3, 2))
    with pytest.raises(ValueError, match="inner dimension"):
        plain_run(triangular, (A, B), (0, 1))
    value, *gradients = plain_run(triangular, (A, B[:, :0]), (0, 1))[2]
    assert value == 0.0
    assert [g.shape for g in gradients] == [(4, 4), (3, 0)]


def test_compiled_as_in_plain_python():
    plain = plain_run(eliminated, ARGS, (0, 1))[2]
    value, gradients = sg.value_and_grad(eliminated, argnums=(0, 1))(*ARGS)
    assert value == pytest.approx(plain[0], rel=1e-14)
    assert all(np.allclose(a, b, rtol=1e-13) for a, b in zip(gradients, plain[1:], strict=True))
