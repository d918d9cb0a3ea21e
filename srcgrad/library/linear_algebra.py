"""Linear algebra: stacks of matrices, norms, powers, and what follows from factors of a matrix."""

from __future__ import annotations

import numpy as np

from .axes import axes_first, axis_of, binary, norm_rule, one_of, refuse
from .pages import page
from .statistics import with_axes


def require_matrices(a):
    """An error for other than matrices, alone or in a stack."""
    if a.ndim < 2:
        raise ValueError("array must be at least two-dimensional")


@page(np.linalg.solve, "scipy.linalg.solve", cases=(
    "D(3, 3), A(3)", "A(3, 3), A(3, 2)", "A(2, 3, 3), A(2, 3, 2)", "A(2, 3, 3), A(3)", "A(3, 3), A(2, 3, 1)",
))  # fmt: skip
def solve(a, b):
    """The x of a x = b; an error where a is singular."""
    require_matrices(a)
    if a.ndim == 2 and b.ndim < 3:
        return np.linalg.solve(a, b)
    right = b[:, None] if b.ndim == 1 else b
    lead = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(a, (*lead, *a.shape[-2:]))
    given = np.broadcast_to(right, (*lead, *right.shape[-2:]))
    out = np.empty((*lead, *right.shape[-2:]), dtype=np.mean(a).dtype)
    for at in np.ndindex(lead):
        out[at] = np.linalg.solve(a if a.ndim == 2 else left[at], right if right.ndim == 2 else given[at])
    return out[..., 0] if b.ndim == 1 else out


@page(np.linalg.inv, "scipy.linalg.inv", cases=("A(3, 3)", "A(2, 3, 3)", "A(2, 2, 2, 2)"))
def inv(a):
    """The inverse; an error where a is singular."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.inv(a)
    out = np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.inv(a[at])
    return out


@page(np.linalg.det, "scipy.linalg.det", cases=("A(3, 3)", "A(2, 3, 3)", "Z(3, 3)"))
def det(a):
    """The determinant."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.det(a)
    out = np.empty(a.shape[:-2], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.det(a[at])
    return out


@page(np.linalg.slogdet, cases=("A(3, 3)", "D(2, 3, 3)"))
def slogdet(a):
    """The sign of the determinant and the logarithm of its size."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.slogdet(a)
    signs, logs = np.empty(a.shape[:-2], dtype=np.mean(a).dtype), np.empty(a.shape[:-2], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        signs[at], logs[at] = np.linalg.slogdet(a[at])
    return signs, logs


@page(np.linalg.cholesky, cases=("D(3, 3)", "D(2, 2, 2)", "D(3, 3), upper=True"))
def cholesky(a, upper=False):
    """The lower triangle L with L L^T = a, of a symmetric a that is positive definite: an error otherwise."""
    require_matrices(a)
    if upper:
        return np.swapaxes(np.linalg.cholesky(np.swapaxes(a, -1, -2)), -1, -2)
    if a.ndim == 2:
        return np.linalg.cholesky(a)
    out = np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.cholesky(a[at])
    return out


@page("scipy.linalg.cholesky", cases=("D(3, 3)", "D(3, 3), lower=True"))
def cholesky_upper(a, lower=False):
    """The triangle of a symmetric matrix that is positive definite, the upper one if `lower` is not set."""
    return np.linalg.cholesky(a) if lower else np.linalg.cholesky(a.T).T


@page(np.linalg.eigh, cases=("Y(3, 3)", "Y(2, 3, 3)"))
def eigh(a, UPLO="L"):
    """Eigenvalues, in ascending order, and eigenvectors of a symmetric matrix."""
    one_of(UPLO, "UPLO", "L", "U")
    require_matrices(a)
    x = a if UPLO == "L" else np.swapaxes(a, -1, -2)
    if a.ndim == 2:
        return np.linalg.eigh(x)
    values, vectors = np.empty(a.shape[:-1], dtype=np.mean(a).dtype), np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        values[at], vectors[at] = np.linalg.eigh(x[at])
    return values, vectors


@page(np.linalg.eigvalsh, cases=("Y(3, 3)", "Y(2, 3, 3)", 'Y(3, 3), UPLO="U"'))
def eigvalsh(a, UPLO="L"):
    """The eigenvalues of a symmetric matrix in ascending order."""
    one_of(UPLO, "UPLO", "L", "U")
    require_matrices(a)
    x = a if UPLO == "L" else np.swapaxes(a, -1, -2)
    if a.ndim == 2:
        return np.linalg.eigvalsh(x)
    values = np.empty(a.shape[:-1], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        values[at] = np.linalg.eigvalsh(x[at])
    return values


@page(np.linalg.svd, cases=(
    "A(3, 3), full_matrices=False", "A(4, 2), full_matrices=False", "A(2, 4), full_matrices=False",
    "A(4, 3), compute_uv=False", "A(2, 3, 2), full_matrices=False",
))  # fmt: skip
def svd(a, full_matrices=True, compute_uv=True):
    """Singular vectors and values."""
    require_matrices(a)
    if not compute_uv:
        return np.linalg.svdvals(a)
    if full_matrices:
        refuse("np.linalg.svd with full_matrices=True has no derivative", "np.linalg.svd(a, full_matrices=False)")
    if a.ndim == 2:
        return np.linalg.svd(a, full_matrices=False)
    n, m = a.shape[-2:]
    k, kind = min(n, m), np.mean(a).dtype
    left, values = np.empty((*a.shape[:-1], k), dtype=kind), np.empty((*a.shape[:-2], k), dtype=kind)
    right = np.empty((*a.shape[:-2], k, m), dtype=kind)
    for at in np.ndindex(a.shape[:-2]):
        left[at], values[at], right[at] = np.linalg.svd(a[at], full_matrices=False)
    return left, values, right


@page(np.linalg.svdvals, cases=("A(3, 2)", "A(2, 3, 3)"))
def svdvals(x):
    """The singular values in descending order."""
    left, values, right = np.linalg.svd(x, full_matrices=False)
    return values


@page(np.linalg.qr, cases=("A(3, 3)", "A(4, 2)", "A(2, 4)", 'A(4, 3), mode="r"', "A(2, 3, 2)"))
def qr(a, mode="reduced"):
    """Orthonormal columns and a triangle whose product is the matrix."""
    one_of(mode, "mode", "reduced", "r")
    require_matrices(a)
    if mode == "r":
        return np.linalg.qr(a)[1]
    if a.ndim == 2:
        return np.linalg.qr(a)
    n, m = a.shape[-2:]
    k, kind = min(n, m), np.mean(a).dtype
    columns, triangles = np.empty((*a.shape[:-1], k), dtype=kind), np.empty((*a.shape[:-2], k, m), dtype=kind)
    for at in np.ndindex(a.shape[:-2]):
        columns[at], triangles[at] = np.linalg.qr(a[at])
    return columns, triangles


@page(np.linalg.pinv, cases=("A(4, 2)", "A(2, 3)", "A(2, 3, 2)", "A(3, 1) @ A(1, 3), 1e-8"))
def pinv(a, rcond=1e-15):
    """The pseudoinverse, small singular values taken as zero; the derivative is that while the rank stays."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.pinv(a, rcond)
    out = np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.pinv(a[at], rcond)
    return out


@page(np.linalg.lstsq, cases=("A(4, 2), A(4)", "A(4, 2), A(4, 3)", "A(2, 3), A(2)", "A(4, 2), A(4), rcond=1e-8"))
def lstsq(a, b, rcond=None):
    """The x of least |a x - b|, the squares of the distances, the rank and the singular values."""
    least = np.finfo(np.mean(a).dtype).eps * max(a.shape[0], a.shape[1]) if rcond is None else rcond
    x, residuals, rank, s = np.linalg.lstsq(a, b, least)
    return x, residuals, rank, s


@page(np.linalg.matrix_rank, cases=("A(3, 2)", "A(3, 1) @ A(1, 3)", "A(3, 3), 0.5", "A(2, 3, 2)"))
def matrix_rank(A, tol=None):
    """How many singular values are not zero but for rounding."""
    require_matrices(A)
    if A.ndim == 2 and tol is not None:
        return np.linalg.matrix_rank(A, tol)
    s = np.linalg.svdvals(A)
    least = np.finfo(s.dtype).eps * max(A.shape[-2], A.shape[-1]) * s[..., 0] if tol is None else np.asarray(tol)
    return np.sum(s > (least if least.ndim == 0 else least[..., None]), axis=-1)


@page(np.linalg.norm, "scipy.linalg.norm", cases=(
    "A(3)", "A(2, 3)", "A(2, 3, 2)", "A(3), 1", "A(3), np.inf", "A(3), -np.inf", "A(4), 3", "A(3), 0", "A(3), -1",
    "P(3), 0.5", "A(2, 3), axis=1", "A(2, 3), 1, 0", "A(2, 3), np.inf, axis=-1, keepdims=True",
    "A(3, 3), 'fro'", "A(3, 2), 'nuc'",
    "A(3, 2), 2", "A(3, 3), -2", "A(3, 2), 1", "A(3, 2), -1", "A(3, 2), np.inf", "A(3, 2), -np.inf",
    "A(2, 3, 2), axis=(1, 2)", "A(2, 3, 2), 2, axis=(1, 2)", "A(2, 3, 2), 1, (0, -1)",
    "A(2, 3, 2), 'nuc', (0, 2), keepdims=True",
    "A(2, 3), keepdims=True", "A(2, 3), 3, axis=0",
))  # fmt: skip
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices; where it is 0 its derivative is 0."""
    a = np.asarray(x) * 1.0
    kind, axes = norm_rule(ord, axis, a.ndim)
    if kind == "vector":
        return vector_norm(a, ord, axes if len(axes) < a.ndim else None, keepdims)
    rows, columns = axes
    matrices = np.transpose(a, (*axes_first(axes, a.ndim)[2:], rows, columns))
    if kind == "values":
        s = np.linalg.svdvals(matrices)
        if ord == "nuc":
            value = np.sum(s, axis=-1)
        else:
            value = s[..., 0] if ord > 0 else s[..., s.shape[-1] - 1]
    else:
        sums = np.sum(np.abs(matrices), axis=-2 if ord == 1 or ord == -1 else -1)
        value = np.max(sums, axis=-1) if ord > 0 else np.min(sums, axis=-1)
    return with_axes(value, axes, a.ndim, a.dtype) if keepdims else value


def vector_norm(a, ord, axis, keepdims):
    """The norm of the elements along axes."""
    if ord is None or ord == "fro" or ord == 2:
        return np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims))
    if ord == np.inf:
        return np.max(np.abs(a), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(a), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(a != 0, axis=axis, keepdims=keepdims) * 1.0
    if ord == 1:
        return np.sum(np.abs(a), axis=axis, keepdims=keepdims)
    total = np.sum(np.abs(a) ** ord, axis=axis, keepdims=keepdims)
    return np.where(total > 0.0, total ** (1.0 / ord), 0.0)


@page(np.linalg.cond, cases=("A(3, 3)", "A(3, 2)", 'A(3, 3), "fro"', "A(3, 3), 1", "A(3, 3), -2"))
def cond(x, p=None):
    """The condition of a matrix."""
    if p is None or p == 2 or p == -2:
        s = np.linalg.svdvals(x)
        return s[..., s.shape[-1] - 1] / s[..., 0] if p == -2 else s[..., 0] / s[..., s.shape[-1] - 1]
    return np.linalg.norm(x, p) * np.linalg.norm(np.linalg.inv(x), p)


@page(np.linalg.matrix_power, cases=(
    "A(3, 3), 3", "A(2, 2), 0", "A(3, 3), -2", "A(2, 2, 2), 2", "A(2, 2), 1", "A(2, 2), 7",
))  # fmt: skip
def matrix_power(a, n):
    """The matrix times itself, so many times."""
    require_matrices(a)
    if a.shape[-1] != a.shape[-2]:
        raise ValueError("matrix_power: the matrix is not square")
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    square = a if n > 0 else np.linalg.inv(a)
    result = square
    for bit in binary(abs(n))[1:]:
        result = result @ result
        if bit:
            result = result @ square
    return np.array(result)


@page(np.linalg.multi_dot, cases=("[A(2, 3), A(3, 4), A(4, 2)]", "[A(3), A(3, 2), A(2)]", "[A(2, 3), A(3, 2)]",
                                  "[A(2, 1), A(1, 3), A(3, 2), A(2, 2)]"))  # fmt: skip
def multi_dot(arrays):
    """The product of several matrices, of three in the order that costs less, of more from the left."""
    a, b, *others = arrays
    if len(others) == 0:
        return np.dot(a, b)
    if len(others) == 1 and a.ndim == 2 and others[0].ndim == 2:
        c = others[0]
        left = a.shape[0] * b.shape[1] * (a.shape[1] + c.shape[1])
        right = a.shape[1] * c.shape[1] * (b.shape[1] + a.shape[0])
        out = np.empty((a.shape[0], c.shape[1]), dtype=np.result_type(*arrays))
        if left < right:
            out[...] = np.dot(np.dot(a, b), c)
        else:
            out[...] = np.dot(a, np.dot(b, c))
        return out
    product = np.dot(a, b)
    for c in others:
        product = np.dot(product, c)
    return product


@page("scipy.linalg.solve_triangular", cases=(
    "L(3, 3), A(3), lower=True", "L(3, 3).T, A(3, 2)", "L(3, 3), A(3, 2), trans=1, lower=True", "L(3, 3).T, A(3), 'T'",
    "L(3, 3), A(3), lower=True, unit_diagonal=True",
))  # fmt: skip
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False):
    """The x of a x = b, where a is a triangle; what stands outside of it is not read."""
    one_of(trans, "trans", 0, 1, "N", "T")
    turned = trans == 1 or trans == "T"
    t = a.T if turned else a
    n = t.shape[0]
    if n != t.shape[1] or n != b.shape[0]:
        raise ValueError("solve_triangular: a is not square, or a and b differ in length")
    x = np.empty(b.shape, dtype=np.mean(t).dtype)
    for k in range(n):
        i = k if lower != turned else n - 1 - k
        known = slice(0, i) if lower != turned else slice(i + 1, n)
        row = b[i] - np.dot(t[i, known], x[known])
        if not unit_diagonal:
            if t[i, i] == 0:
                raise ValueError("solve_triangular: singular matrix")
            row = row / t[i, i]
        x[i] = row
    return x


@page("scipy.linalg.cho_factor", cases=("D(3, 3)", "D(3, 3), lower=True"))
def cho_factor(a, lower=False):
    """The triangle of `scipy.linalg.cholesky`, the rest of the matrix beside it, and which one it is."""
    if lower:
        return np.linalg.cholesky(a) + np.triu(a, 1), True
    return np.linalg.cholesky(a.T).T + np.tril(a, -1), False


@page("scipy.linalg.cho_solve", cases=("scipy.linalg.cho_factor(D(3, 3)), A(3)",
                                       "scipy.linalg.cho_factor(D(3, 3), lower=True), A(3, 2)"))  # fmt: skip
def cho_solve(c_and_lower, b):
    """The x of a x = b for an a given by its `cho_factor`."""
    c, lower = c_and_lower
    if lower:
        return solve_triangular(c, solve_triangular(c, b, 0, True), 1, True)
    return solve_triangular(c, solve_triangular(c, b, 1, False), 0, False)


@page("scipy.linalg.block_diag", cases=("A(2, 2), A(1, 3)", "A(2), A(2, 1)"))
def block_diag(*arrs):
    """A matrix of blocks along its diagonal."""
    blocks = [np.atleast_2d(a) for a in arrs]
    shape = (sum([a.shape[0] for a in blocks]), sum([a.shape[1] for a in blocks]))
    out = np.zeros(shape, dtype=np.result_type(*blocks))
    row = column = 0
    for a in blocks:
        out[row : row + a.shape[0], column : column + a.shape[1]] = a
        row += a.shape[0]
        column += a.shape[1]
    return out


@page("scipy.linalg.expm", cases=("A(3, 3)", "A(2, 2) * 9.0", "A(3, 3) * 1e-3"))
def expm(A):
    """The exponential of a matrix, by a quotient of polynomials and squaring (N. J. Higham (2005))."""
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


@page(np.linalg.vector_norm, cases=("A(3)", "A(2, 3)", "A(2, 3), axis=1", "A(2, 3), keepdims=True", "A(3), ord=1"))
def norm_of_vectors(x, axis=None, keepdims=False, ord=2):
    """The norm of all elements as one vector, or along an axis."""
    a = np.asarray(x)
    if axis is None:
        whole = np.linalg.norm(np.ravel(a), ord)
        return np.full((1,) * a.ndim, whole) if keepdims else whole
    return np.linalg.norm(a, ord, axis=axis_of(axis, a.ndim), keepdims=keepdims)


@page(np.linalg.matrix_norm, cases=("A(2, 3)", "A(2, 3, 2)", "A(3, 2), ord=1", "A(2, 2, 2), keepdims=True"))
def norm_of_matrices(x, keepdims=False, ord="fro"):
    """The norm of the matrices in the last two axes."""
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


@page(np.linalg.trace, cases=("A(3, 3)", "A(2, 3, 3), offset=1"))
def trace_of_matrices(x, offset=0, dtype=None):
    """The sum of the diagonal of the matrices in the last two axes."""
    return np.trace(x, offset, -2, -1)


@page(np.linalg.diagonal, cases=("A(3, 3)", "A(2, 3, 3), offset=-1"))
def diagonal_of_matrices(x, offset=0):
    """The diagonal of the matrices in the last two axes."""
    return np.diagonal(x, offset, -2, -1)


@page(np.linalg.matrix_transpose, cases=("A(2, 3)", "A(2, 3, 2)"))
def matrix_transpose(x):
    """The matrices in the last two axes, turned."""
    return np.matrix_transpose(x)
