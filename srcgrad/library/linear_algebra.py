"""Linear algebra: stacks of matrices, norms, powers, and what follows from factors of a matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .axes import axes_first, axes_of, binary, known_option, norm_rule, one_of, refuse
from .pages import page
from .statistics import with_axes


def require_matrices(a):
    """An error for other than matrices, alone or in a stack."""
    if a.ndim < 2:
        raise ValueError("array must be at least two-dimensional")


@page(np.linalg.solve, cases=(
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
    out = np.empty((*lead, *right.shape[-2:]), dtype=np.result_type(np.mean(a), np.mean(b)))
    for at in np.ndindex(lead):
        out[at] = np.linalg.solve(a if a.ndim == 2 else left[at], right if right.ndim == 2 else given[at])
    return out[..., 0] if b.ndim == 1 else out


@page(np.linalg.inv, cases=("A(3, 3)", "A(2, 3, 3)", "A(2, 2, 2, 2)"))
def inv(a):
    """The inverse; an error where a is singular."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.inv(a)
    out = np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.inv(a[at])
    return out


@page(np.linalg.det, cases=("A(3, 3)", "A(2, 3, 3)", "Z(3, 3)"))
def det(a):
    """The determinant."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.det(a)
    out = np.empty(a.shape[:-2], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.det(a[at])
    return out


class Determinant(NamedTuple):
    """What NumPy calls the results of `slogdet`."""

    sign: Any
    logabsdet: Any


@page(np.linalg.slogdet, cases=("A(3, 3)", "D(2, 3, 3)"))
def slogdet(a):
    """The sign of the determinant and the logarithm of its size."""
    require_matrices(a)
    if a.ndim == 2:
        return np.linalg.slogdet(a)
    signs, logs = np.empty(a.shape[:-2], dtype=np.mean(a).dtype), np.empty(a.shape[:-2], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        signs[at], logs[at] = np.linalg.slogdet(a[at])
    return Determinant(signs, logs)


@page(np.linalg.cholesky, cases=("D(3, 3)", "D(2, 2, 2)", "D(3, 3), upper=True", "D(2, 2, 2), upper=True"))
def cholesky(a, upper=False):
    """The lower triangle L with L L^T = a, of a symmetric a that is positive definite: an error otherwise."""
    require_matrices(a)
    if upper:
        return np.swapaxes(triangles_below(np.swapaxes(a, -1, -2)), -1, -2)
    return triangles_below(a)


def triangles_below(a):
    """The triangle of each matrix of a stack."""
    if a.ndim == 2:
        return np.linalg.cholesky(a)
    out = np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.cholesky(a[at])
    return out


class Eigen(NamedTuple):
    """What NumPy calls the results of `eigh`."""

    eigenvalues: Any
    eigenvectors: Any


@page(np.linalg.eigh, cases=("Y(3, 3)", "Y(2, 3, 3)"))
def eigh(a, UPLO="L"):
    """Eigenvalues, in ascending order, and eigenvectors of a symmetric matrix."""
    one_of(UPLO, "UPLO", "L", "U", "l", "u")
    require_matrices(a)
    x = a if UPLO == "L" or UPLO == "l" else np.swapaxes(a, -1, -2)
    if a.ndim == 2:
        return np.linalg.eigh(x)
    values, vectors = np.empty(a.shape[:-1], dtype=np.mean(a).dtype), np.empty(a.shape, dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        values[at], vectors[at] = np.linalg.eigh(x[at])
    return Eigen(values, vectors)


@page(np.linalg.eigvalsh, cases=("Y(3, 3)", "Y(2, 3, 3)", 'Y(3, 3), UPLO="U"', "Y(3, 3), 'u'"))
def eigvalsh(a, UPLO="L"):
    """The eigenvalues of a symmetric matrix in ascending order."""
    one_of(UPLO, "UPLO", "L", "U", "l", "u")
    require_matrices(a)
    x = a if UPLO == "L" or UPLO == "l" else np.swapaxes(a, -1, -2)
    if a.ndim == 2:
        return np.linalg.eigvalsh(x)
    values = np.empty(a.shape[:-1], dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        values[at] = np.linalg.eigvalsh(x[at])
    return values


class Svd(NamedTuple):
    """What NumPy calls the results of `svd`."""

    U: Any
    S: Any
    Vh: Any


@page(np.linalg.svd, cases=(
    "A(3, 3), full_matrices=False", "A(4, 2), full_matrices=False", "A(2, 4), full_matrices=False",
    "A(4, 3), compute_uv=False", "A(2, 3, 2), full_matrices=False", "A(3, 3)", "A(2, 3, 2), compute_uv=False",
))  # fmt: skip
def svd(a, full_matrices=True, compute_uv=True):
    """Singular vectors and values."""
    require_matrices(a)
    if not known_option(compute_uv):
        return np.linalg.svdvals(a)
    if known_option(full_matrices) and a.shape[-1] != a.shape[-2]:
        raise ValueError("svd: full_matrices=True has no derivative where a is not square: write full_matrices=False")
    return factors(a)


def factors(a):
    """The vectors and values of each matrix of a stack, of vectors as many as of values."""
    if a.ndim == 2:
        return np.linalg.svd(a, full_matrices=False)
    n, m = a.shape[-2:]
    k, kind = min(n, m), np.mean(a).dtype
    left, values = np.empty((*a.shape[:-1], k), dtype=kind), np.empty((*a.shape[:-2], k), dtype=kind)
    right = np.empty((*a.shape[:-2], k, m), dtype=kind)
    for at in np.ndindex(a.shape[:-2]):
        left[at], values[at], right[at] = np.linalg.svd(a[at], full_matrices=False)
    return Svd(left, values, right)


@page(np.linalg.svdvals, cases=("A(3, 2)", "A(2, 3, 3)"))
def svdvals(x):
    """The singular values in descending order."""
    left, values, right = factors(x)
    return values


class Qr(NamedTuple):
    """What NumPy calls the results of `qr`."""

    Q: Any
    R: Any


@page(np.linalg.qr, cases=("A(3, 3)", "A(4, 2)", "A(2, 4)", 'A(4, 3), mode="r"', "A(2, 3, 2)", 'A(2, 3, 2), "r"',
                           "A(3, 3), 'complete'"))  # fmt: skip
def qr(a, mode="reduced"):
    """Orthonormal columns and a triangle whose product is the matrix."""
    one_of(mode, "mode", "reduced", "r", "complete")
    require_matrices(a)
    if mode == "r":
        return columns_and_triangles(a)[1]
    if mode == "complete" and a.shape[-2] > a.shape[-1]:
        raise ValueError('qr: mode="complete" has no derivative where a has more rows than columns: write "reduced"')
    return columns_and_triangles(a)


def columns_and_triangles(a):
    """The columns and the triangle of each matrix of a stack."""
    if a.ndim == 2:
        return np.linalg.qr(a)
    n, m = a.shape[-2:]
    k, kind = min(n, m), np.mean(a).dtype
    columns, triangles = np.empty((*a.shape[:-1], k), dtype=kind), np.empty((*a.shape[:-2], k, m), dtype=kind)
    for at in np.ndindex(a.shape[:-2]):
        columns[at], triangles[at] = np.linalg.qr(a[at])
    return Qr(columns, triangles)


@page(np.linalg.pinv, cases=("A(4, 2)", "A(2, 3)", "A(2, 3, 2)", "A(3, 1) @ A(1, 3), 1e-8", "A(3, 2), 0.6",
                             "A(3, 4), rtol=0.4", "A(2, 3), rtol=None", "A(2, 3, 3), rcond=0.5"))  # fmt: skip
def pinv(a, rcond=None, rtol=1e-15):
    """The pseudoinverse, small singular values taken as zero; the derivative is that while the rank stays."""
    require_matrices(a)
    share = rtol if rcond is None else rcond
    least = np.finfo(np.mean(a).dtype).eps * max(a.shape[-1], a.shape[-2]) if share is None else share
    if a.ndim == 2:
        return np.linalg.pinv(a, least)
    if np.ndim(least) > 0:
        refuse("np.linalg.pinv with a cutoff for each matrix is not supported", "give one for all of them")
    out = np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), dtype=np.mean(a).dtype)
    for at in np.ndindex(a.shape[:-2]):
        out[at] = np.linalg.pinv(a[at], least)
    return out


@page(np.linalg.lstsq, cases=("A(4, 2), A(4)", "A(4, 2), A(4, 3)", "A(2, 3), A(2)", "A(4, 2), A(4), rcond=1e-8",
                              "A(4, 3), A(4), 0.6", "A(3, 4), A(3, 2), 0.5"))  # fmt: skip
def lstsq(a, b, rcond=None):
    """The x of least |a x - b|, the squares of the distances, the rank and the singular values."""
    least = np.finfo(np.mean(a).dtype).eps * max(a.shape[0], a.shape[1]) if rcond is None else rcond
    x, residuals, rank, s = np.linalg.lstsq(a, b, least)
    return x, residuals, rank, s


@page(np.linalg.matrix_rank, cases=("A(3, 2)", "A(3, 1) @ A(1, 3)", "A(3, 3), 0.5", "A(2, 3, 2)", "A(3, 3), rtol=0.3"))
def matrix_rank(A, tol=None, rtol=None):
    """How many singular values are not zero but for rounding."""
    if A.ndim < 2:
        return 1 if np.any(A != 0) else 0
    if A.ndim == 2 and tol is not None:
        return np.linalg.matrix_rank(A, tol)
    s = np.linalg.svdvals(A)
    share = np.finfo(s.dtype).eps * max(A.shape[-2], A.shape[-1]) if rtol is None else rtol
    least = share * s[..., 0] if tol is None else np.asarray(tol)
    return np.sum(s > (least if least.ndim == 0 else least[..., None]), axis=-1)


@page(np.linalg.norm, cases=(
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
    if ord is None or ord == "fro" or ord == "f" or ord == 2:
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
    return np.where(total <= 0.0, 0.0 if ord > 0 else np.inf, total ** (1.0 / ord))


@page(np.linalg.cond, cases=("A(3, 3)", "A(3, 2)", 'A(3, 3), "fro"', "A(3, 3), 1", "A(3, 3), -2",
                             "A(2, 3, 3), 1", "A(2, 3, 3), 'fro'"))  # fmt: skip
def cond(x, p=None):
    """The condition of a matrix."""
    if p is None or p == 2 or p == -2:
        s = np.linalg.svdvals(x)
        return s[..., s.shape[-1] - 1] / s[..., 0] if p == -2 else s[..., 0] / s[..., s.shape[-1] - 1]
    axes = (-2, -1)
    return np.linalg.norm(x, p, axis=axes) * np.linalg.norm(np.linalg.inv(x), p, axis=axes)


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
    if n == 1:
        return a
    square = a if n > 0 else np.linalg.inv(a)
    result = square
    for bit in binary(abs(n))[1:]:
        result = result @ result
        if bit:
            result = result @ square
    return result


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


@page(np.linalg.vector_norm, cases=("A(3)", "A(2, 3)", "A(2, 3), axis=1", "A(2, 3), keepdims=True", "A(3), ord=1"))
def norm_of_vectors(x, axis=None, keepdims=False, ord=2):
    """The norm of all elements as one vector, or along an axis."""
    a = np.asarray(x)
    if axis is None:
        whole = np.linalg.norm(np.ravel(a), ord)
        return np.full((1,) * a.ndim, whole) if keepdims else whole
    axes = axes_of(axis, a.ndim)
    if len(axes) == 1:
        return np.linalg.norm(a, ord, axis=axes[0], keepdims=keepdims)
    return vector_norm(a * 1.0, ord, axes, keepdims)


@page(np.linalg.matrix_norm, cases=("A(2, 3)", "A(2, 3, 2)", "A(3, 2), ord=1", "A(2, 2, 2), keepdims=True"))
def norm_of_matrices(x, keepdims=False, ord="fro"):
    """The norm of the matrices in the last two axes."""
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


@page(np.linalg.trace, cases=("A(3, 3)", "A(2, 3, 3), offset=1"))
def trace_of_matrices(x, offset=0, dtype=None):
    """The sum of the diagonal of the matrices in the last two axes."""
    return np.sum(np.diagonal(x, offset, -2, -1), axis=-1, dtype=dtype)


@page(np.linalg.diagonal, cases=("A(3, 3)", "A(2, 3, 3), offset=-1"))
def diagonal_of_matrices(x, offset=0):
    """The diagonal of the matrices in the last two axes."""
    return np.diagonal(x, offset, -2, -1)


@page(np.linalg.matrix_transpose, cases=("A(2, 3)", "A(2, 3, 2)"))
def matrix_transpose(x):
    """The matrices in the last two axes, turned."""
    return np.matrix_transpose(x)
