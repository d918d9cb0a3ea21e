"""Linear algebra of SciPy: its options, and what NumPy does not have.

What `overwrite_a` allows is not done, and `check_finite` is not: values that are not finite go on.
"""

from __future__ import annotations

import numpy as np

from .axes import known_option, one_of, refuse
from .pages import page

_SYMMETRIC = ("sym", "symmetric", "her", "hermitian", "pos", "positive definite")


@page("scipy.linalg.solve", cases=(
    "D(3, 3), A(3)", "A(3, 3), A(3, 2), check_finite=False", "A(3, 3), A(3), transposed=True",
    'D(3, 3), A(3), assume_a="pos"', 'D(3, 3), A(3), lower=True, assume_a="sym", overwrite_b=True',
))  # fmt: skip
def solve(
    a, b, lower=False, overwrite_a=False, overwrite_b=False, check_finite=True, assume_a=None, transposed=False
):
    """The x of a x = b; of an `a` that is assumed to be symmetric one triangle is read."""
    one_of(assume_a, "assume_a", None, "gen", "general", *_SYMMETRIC)
    if a.ndim > 2 or b.ndim > 2:
        refuse("scipy.linalg.solve of stacks of matrices is not supported", "np.linalg.solve, or a loop")
    x = a if assume_a is None or assume_a == "gen" or assume_a == "general" else mirrored(a, lower)
    return np.linalg.solve(x.T if known_option(transposed) else x, b)


def mirrored(a, lower):
    """The symmetric matrix of one triangle."""
    if lower:
        return np.tril(a) + np.tril(a, -1).T
    return np.triu(a) + np.triu(a, 1).T


@page("scipy.linalg.inv", cases=("A(3, 3)", "A(2, 3, 3), check_finite=False"))
def inv(a, overwrite_a=False, check_finite=True):
    """The inverse; an error where a is singular."""
    return np.linalg.inv(a)


@page("scipy.linalg.det", cases=("A(3, 3)", "A(2, 3, 3), check_finite=False"))
def det(a, overwrite_a=False, check_finite=True):
    """The determinant."""
    return np.linalg.det(np.asarray(a, dtype=np.float64))


@page("scipy.linalg.norm", cases=("A(3)", "A(3, 2), 'fro', check_finite=False", "A(2, 3), 1, 0, True"))
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    """As np.linalg.norm."""
    return np.linalg.norm(a, ord, axis, keepdims)


@page("scipy.linalg.cholesky", cases=("D(3, 3)", "D(3, 3), lower=True, check_finite=False", "D(2, 3, 3)"))
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """The triangle of a symmetric matrix that is positive definite, the upper one if `lower` is not set."""
    return np.linalg.cholesky(a) if lower else np.linalg.cholesky(a, upper=True)


@page("scipy.linalg.svd", cases=("A(3, 2), full_matrices=False", "A(3, 3)", "A(2, 3), compute_uv=False"))
def svd(a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True):
    """Singular vectors and values."""
    return np.linalg.svd(a, full_matrices=full_matrices, compute_uv=compute_uv)


@page("scipy.linalg.svdvals", cases=("A(3, 2)", "A(3, 3), check_finite=False"))
def svdvals(a, overwrite_a=False, check_finite=True):
    """The singular values in descending order."""
    return np.linalg.svdvals(a)


@page("scipy.linalg.eigh", cases=("Y(3, 3), eigvals_only=True",))
def eigh(a, b=None, lower=True, eigvals_only=False, overwrite_a=False, check_finite=True):
    """The eigenvalues of a symmetric matrix in ascending order; the signs of vectors are not NumPy's."""
    if not known_option(eigvals_only):
        refuse("eigenvectors of scipy.linalg.eigh are not supported", "np.linalg.eigh")
    return eigvalsh(a, b, lower)


@page("scipy.linalg.eigvalsh", cases=("Y(3, 3)", "Y(3, 3), lower=False"))
def eigvalsh(a, b=None, lower=True, overwrite_a=False, check_finite=True):
    """The eigenvalues of a symmetric matrix in ascending order."""
    if b is not None:
        refuse("eigenvalues of two matrices are not supported",
               "L = np.linalg.cholesky(b), then those of inv(L) @ a @ inv(L).T")  # fmt: skip
    return np.linalg.eigvalsh(a, "L" if known_option(lower) else "U")


@page("scipy.linalg.solve_triangular", cases=(
    "L(3, 3), A(3), lower=True", "L(3, 3).T, A(3, 2)", "L(3, 3), A(3, 2), trans=1, lower=True", "L(3, 3).T, A(3), 'T'",
    "L(3, 3), A(3), lower=True, unit_diagonal=True", "L(3, 3).T, A(3), 'C', check_finite=False",
))  # fmt: skip
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    """The x of a x = b, where a is a triangle; what stands outside of it is not read."""
    one_of(trans, "trans", 0, 1, 2, "N", "T", "C")
    if a.ndim > 2 or b.ndim > 2:
        refuse("scipy.linalg.solve_triangular of stacks of matrices is not supported", "write a loop")
    turned = trans != 0 and trans != "N"
    below = known_option(lower) != turned
    t = a.T if turned else a
    n = t.shape[0]
    if n != t.shape[1] or n != b.shape[0]:
        raise ValueError("solve_triangular: a is not square, or a and b differ in length")
    x = np.empty(b.shape, dtype=np.result_type(np.mean(t), np.mean(b)))
    for k in range(n):
        i = k if below else n - 1 - k
        known = slice(0, i) if below else slice(i + 1, n)
        row = b[i] - np.dot(t[i, known], x[known])
        if not known_option(unit_diagonal):
            if t[i, i] == 0:
                raise ValueError("solve_triangular: singular matrix")
            row = row / t[i, i]
        x[i] = row
    return x


@page("scipy.linalg.cho_factor", cases=("D(3, 3)", "D(3, 3), lower=True", "D(3, 3), True, check_finite=False"))
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The triangle of `scipy.linalg.cholesky`, the rest of the matrix beside it, and which one it is."""
    if a.ndim > 2:
        refuse("scipy.linalg.cho_factor of stacks of matrices is not supported", "np.linalg.cholesky, or a loop")
    if lower:
        return np.linalg.cholesky(a) + np.triu(a, 1), True
    return np.linalg.cholesky(a.T).T + np.tril(a, -1), False


@page("scipy.linalg.cho_solve", cases=(
    "scipy.linalg.cho_factor(D(3, 3)), A(3)", "scipy.linalg.cho_factor(D(3, 3), lower=True), A(3, 2), True, False",
    "(L(3, 3), True), A(3)",
))  # fmt: skip
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """The x of a x = b for an a given by its `cho_factor`."""
    c, lower = c_and_lower
    if lower:
        return solve_triangular(c, solve_triangular(c, b, 0, True), 1, True)
    return solve_triangular(c, solve_triangular(c, b, 1, False), 0, False)


@page("scipy.linalg.block_diag", cases=("A(2, 2), A(1, 3)", "A(2), A(2, 1)"))
def block_diag(*arrs):
    """A matrix of blocks along its diagonal."""
    if len(arrs) == 0:
        refuse("no blocks are given", "give one or more")
    blocks = [np.atleast_2d(a) for a in arrs]
    shape = (sum([a.shape[0] for a in blocks]), sum([a.shape[1] for a in blocks]))
    out = np.zeros(shape, dtype=np.result_type(*blocks))
    row = column = 0
    for a in blocks:
        out[row : row + a.shape[0], column : column + a.shape[1]] = a
        row += a.shape[0]
        column += a.shape[1]
    return out


@page("scipy.linalg.toeplitz", cases=("A(3)", "A(3), A(4)"))
def toeplitz(c, r=None):
    """The matrix with the same number along every diagonal: c is its first column, r its first row but for r[0]."""
    column = np.ravel(np.asarray(c))
    row = column if r is None else np.ravel(np.asarray(r))
    n, m = column.shape[0], row.shape[0]
    out = np.empty((n, m), dtype=np.result_type(column, row))
    for i in range(n):
        for j in range(m):
            out[i, j] = column[i - j] if i >= j else row[j - i]
    return out


@page("scipy.linalg.hankel", cases=("A(3)", "A(3), A(4)"))
def hankel(c, r=None):
    """The matrix with the same number along every anti-diagonal: c is its first column, r its last row but for r[0]."""
    column = np.ravel(np.asarray(c))
    row = np.zeros_like(column) if r is None else np.ravel(np.asarray(r))
    n, m = column.shape[0], row.shape[0]
    out = np.empty((n, m), dtype=np.result_type(column, row))
    for i in range(n):
        for j in range(m):
            out[i, j] = column[i + j] if i + j < n else row[i + j - n + 1]
    return out


@page("scipy.linalg.circulant", cases=("A(4)",))
def circulant(c):
    """The matrix whose columns are the first one, moved round."""
    n = c.shape[0]
    out = np.empty((n, n), dtype=c.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = c[i - j]
    return out


@page("scipy.linalg.pinv", cases=("A(3, 2)",))
def pinv(a, check_finite=True):
    """The pseudoinverse, as np.linalg.pinv."""
    return np.linalg.pinv(a, np.finfo(np.float64).eps * max(a.shape[0], a.shape[1]))


@page("scipy.linalg.expm", cases=("A(3, 3)", "A(2, 2) * 9.0", "A(3, 3) * 1e-3"))
def expm(A):
    """The exponential of a matrix, by a quotient of polynomials and squaring (N. J. Higham (2005))."""
    if A.ndim != 2:
        refuse("scipy.linalg.expm of other than a matrix is not supported", "write a loop over a stack")
    largest = np.max(np.sum(np.abs(A), axis=0))
    halvings = 0
    while largest > 5.371920351148152 * 2.0**halvings:
        halvings += 1
    x = A / 2.0**halvings
    one = np.eye(A.shape[0], dtype=A.dtype)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    odd = x6 @ (x6 + 16380.0 * x4 + 40840800.0 * x2) + 33522128640.0 * x6
    u = x @ (odd + 10559470521600.0 * x4 + 1187353796428800.0 * x2 + 32382376266240000.0 * one)
    even = x6 @ (182.0 * x6 + 960960.0 * x4 + 1323241920.0 * x2) + 670442572800.0 * x6
    v = even + 129060195264000.0 * x4 + 7771770303897600.0 * x2 + 64764752532480000.0 * one
    result = np.linalg.solve(v - u, v + u)
    for _ in range(halvings):
        result = result @ result
    return result
