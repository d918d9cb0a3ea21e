"""Vectors and matrices: every shape of the dot product, power iteration, hand-written solvers."""

import numpy as np

from tests.corpus.case import Case, sample


def quadratic_form(x, A):
    return x @ A @ x


def rayleigh_quotient(v, A):
    return np.dot(v, np.dot(A, v)) / np.dot(v, v)


def least_squares(A, x, b):
    r = A @ x - b
    return 0.5 * np.dot(r, r)


def row_times_matrix(x, A, B):
    return np.sum((x @ A) * (B @ x[: B.shape[1]]))


def gram_matrix_energy(X):
    G = X @ X.T
    return np.sum(G * G) - 2.0 * np.sum(X.T @ X)


def power_iteration(A, v, n):
    for _ in range(n):
        w = A @ v
        v = w / np.sqrt(w @ w)
    return v @ (A @ v)


def triple_product(A, B, C):
    return np.sum(np.tanh(A @ B) @ C)


def matrix_power_trace(A, n):
    P = A.copy()
    for _ in range(n):
        P = P @ A
    total = 0.0
    for i in range(A.shape[0]):
        total += P[i, i]
    return total


def low_rank(U, V, target):
    E = U @ V.T - target
    return np.mean(E**2) + 0.1 * np.sum(U**2)


def columns_one_by_one(A, x):
    total = 0.0
    for j in range(A.shape[1]):
        total += np.dot(A[:, j], x) ** 2 * np.dot(A[:, j], A[:, 0])
    return total


def cholesky_log_determinant(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    total = 0.0
    for i in range(n):
        total += 2.0 * np.log(L[i, i])
    return total


def lu_solve_by_hand(A, b):
    n = b.size
    for k in range(n):
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            for j in range(k, n):
                A[i, j] -= factor * A[k, j]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        s = b[i]
        for j in range(i + 1, n):
            s -= A[i, j] * x[j]
        x[i] = s / A[i, i]
    return np.sum(x**2)


def gram_schmidt(A):
    Q = A.copy()
    for k in range(A.shape[1]):
        for j in range(k):
            Q[:, k] -= (Q[:, j] @ A[:, k]) * Q[:, j]
        Q[:, k] /= np.sqrt(np.sum(Q[:, k] ** 2))
    return np.sum(Q**3)


def power_of_one_is_the_matrix_itself(A, x):
    P = np.linalg.matrix_power(A, 1)
    P[0, 0] = x
    return np.sum(P * A[0])


def positive(n, seed=0):
    """A positive definite matrix."""
    A = sample(n, n, seed=seed)
    return A @ A.T + n * np.eye(n)


RATE = np.array(0.7)


def diagonal_times_matrix(A, v):
    if A.shape[0] != A.shape[1]:
        raise ValueError("square, please")
    d = np.diagonal(A)
    return RATE * (d @ A) @ v + np.sum(np.einsum("ii,ij->j", A, A) * v)


def cut_off_by_the_sizes(A, b):
    x = np.linalg.pinv(A, np.finfo(np.float64).eps * max(A.shape)) @ b
    y = np.linalg.lstsq(A.T, x * A.shape[1], rcond=1e-12 * len(b))[0]
    return x @ x + y @ b


CASES = [
    Case(cut_off_by_the_sizes, (sample(4, 3), sample(4, seed=1))),
    Case(quadratic_form, (sample(4), sample(4, 4, seed=1))),
    Case(rayleigh_quotient, (sample(3), positive(3))),
    Case(least_squares, (sample(5, 3), sample(3, seed=1), sample(5, seed=2))),
    Case(row_times_matrix, (sample(4), sample(4, 3, seed=1), sample(3, 2, seed=2))),
    Case(gram_matrix_energy, (sample(4, 3),)),
    Case(power_iteration, (positive(3), sample(3, seed=1), 4)),
    Case(triple_product, (sample(2, 3), sample(3, 4, seed=1), sample(4, 2, seed=2))),
    Case(
        triple_product,
        (np.asfortranarray(sample(2, 3)), sample(4, 3, seed=1).T, sample(4, 4, seed=2)[:, ::2]),
    ),
    Case(matrix_power_trace, (sample(3, 3), 3)),
    Case(low_rank, (sample(4, 2), sample(3, 2, seed=1), sample(4, 3, seed=2)), (0, 1)),
    Case(columns_one_by_one, (sample(4, 3), sample(4, seed=1))),
    Case(cholesky_log_determinant, (positive(4),)),
    Case(lu_solve_by_hand, (positive(4), sample(4, seed=1))),
    Case(gram_schmidt, (sample(4, 3),)),
    Case(power_of_one_is_the_matrix_itself, (sample(3, 3), 0.7)),
    Case(diagonal_times_matrix, (sample(3, 3), sample(3, seed=1))),
]
