"""Products of arrays of any number of axes: matrix products where these do the work."""

from __future__ import annotations

import numpy as np

from .axes import axes_first, axes_of, axis_of, no_products_of_truth, paired_axes
from .einsum_plan import contraction_plan, summed_last, within
from .pages import page


@page(np.matmul, cases=("A(2, 3, 4), A(2, 4, 2)", "A(2, 3, 4), A(4, 2)", "A(3, 4), A(2, 4, 2)", "A(2, 3, 4), A(4)",
                        "A(3), A(2, 3, 4)", "A(2, 1, 3, 2), A(2, 2, 3)", "I(2, 2, 2), A(2, 2, 2)"))  # fmt: skip
def matmul(x1, x2):
    """Matrix products over the leading axes, which are broadcast."""
    if x1.ndim < 3 and x2.ndim < 3:
        return np.dot(x1, x2)
    if x1.shape[-1] != x2.shape[-2 if x2.ndim > 1 else 0]:
        raise ValueError("matmul: the axes that are summed over differ in length")
    if x2.ndim < 3:
        return contracted(x1, x2, 1)
    if x1.ndim == 1:
        rows = np.empty((*x2.shape[:-2], x2.shape[-1]), dtype=np.result_type(x1, x2))
        for at in np.ndindex(x2.shape[:-2]):
            rows[at] = np.dot(x1, x2[at])
        return rows
    lead = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    a = np.broadcast_to(x1, (*lead, *x1.shape[-2:]))
    b = np.broadcast_to(x2, (*lead, *x2.shape[-2:]))
    out = np.empty((*lead, x1.shape[-2], x2.shape[-1]), dtype=np.result_type(x1, x2))
    for at in np.ndindex(lead):
        out[at] = np.dot(x1 if x1.ndim == 2 else a[at], b[at])
    return out


@page(np.dot, method="dot", cases=("A(2, 3, 4), A(4)", "A(2, 3, 4), A(4, 2)", "A(2, 3), A(2, 3, 2)",
                                    "A(2, 3, 2), S()", "A(2, 2, 3), [1.0, S(), 2]"))  # fmt: skip
def dot(a, b):
    """The products of the last axis with the last but one."""
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if x.ndim < 3 and y.ndim < 3:
        return np.dot(x, y)
    return np.tensordot(x, y, axes=(x.ndim - 1, max(y.ndim - 2, 0)))


@page(np.inner, cases=("A(3), A(3)", "A(2, 3), A(3)", "A(2, 3), A(4, 3)", "S(), A(3)", "A(2, 2, 3), A(3)"))
def inner(a, b):
    """The products of the last axes."""
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if x.ndim < 3 and y.ndim < 3:
        return np.dot(x, y.T)
    return np.tensordot(x, y, axes=(-1, -1))


@page(np.vdot, cases=("A(3), A(3)", "A(2, 3), A(2, 3)"))
def vdot(a, b):
    """The product of two arrays as vectors."""
    return np.dot(np.ravel(np.asarray(a)), np.ravel(np.asarray(b)))


@page(np.outer, cases=("A(2, 2), A(3)", "S(), A(2)"))
def outer(a, b):
    """The products of all pairs of elements."""
    return np.ravel(np.asarray(a))[:, None] * np.ravel(np.asarray(b))[None, :]


@page(np.tensordot, cases=("A(2, 3), A(3, 4), 1", "A(2, 3, 4), A(3, 4, 2)", "A(2, 3), A(2, 3), axes=([0, 1], [0, 1])",
                           "A(2, 3, 4), A(4, 2), axes=(0, 1)", "A(2), A(3), axes=0"))  # fmt: skip
def tensordot(a, b, axes=2):
    """The product of two arrays summed over pairs of axes."""
    x, y = np.asarray(a), np.asarray(b)
    mine, other = paired_axes(axes, x.ndim, y.ndim)
    n = len(mine)
    left = np.transpose(x, axes_first(mine, x.ndim)[n:] + mine)
    right = np.transpose(y, axes_first(other, y.ndim))
    return contracted(left, right, n)


def contracted(left, right, n):
    """The product of two arrays summed over the last n axes of one and the first n of the other."""
    for k in axes_of(None, n):
        if left.shape[left.ndim - n + k] != right.shape[k]:
            raise ValueError("shape-mismatch for sum: axes that are summed over differ in length")
    rows, columns = left.shape[: left.ndim - n], right.shape[n:]
    count = 1
    for size in right.shape[:n]:
        count = count * size
    flat = np.dot(as_matrix(left, rows, count, True), as_matrix(right, columns, count, False))
    return flat if len(rows) < 2 and len(columns) < 2 else np.reshape(flat, (*rows, *columns))


def as_matrix(x, kept, count, rows):
    """The array with the axes that are summed over as one, last or first, and the others as one or none."""
    n = 1
    for size in kept:
        n = n * size
    if len(kept) == 0:
        return x if x.ndim == 1 else np.reshape(x, (count,))
    if x.ndim == 2 and len(kept) == 1:
        return x
    return np.reshape(x, (n, count)) if rows else np.reshape(x, (count, n))


@page(np.einsum, cases=(
    '"ij,jk->ik", A(2, 3), A(3, 4)', '"ij,j", A(2, 3), A(3)', '"ii", A(3, 3)', '"ii->i", A(3, 3)', '"ij->ji", A(2, 3)',
    '"ij->", A(2, 3)', '"i,j->ij", A(2), A(3)', '"bij,bjk->bik", A(2, 3, 2), A(2, 2, 4)',
    '"i,ij,j->", A(2), A(2, 3), A(3)',
    '"ij,ij->i", A(2, 3), A(2, 3)', '"...i,...i->...", A(2, 3), A(2, 3)',
    '"bhqd,bhkd->bhqk", A(1, 2, 3, 2), A(1, 2, 4, 2)',
    '"ij,jk,kl->il", A(2, 3), A(3, 2), A(2, 2)', '"ji,jk", A(3, 2), A(3, 2)', '"ijk,ijk", A(2, 2, 2), A(2, 2, 2)',
    '"i,i->i", A(3), A(3)', '"...ij,jk->...ik", A(2, 2, 3), A(3, 2)', '"ij,ij->", A(2, 3), I(2, 3)',
    '",i->i", S(), A(3)', '"ij,->ji", A(2, 3), S()', '",->", S(), S()',
))  # fmt: skip
def einsum(subscripts, *operands, optimize=False):
    """The product of arrays summed over the indices that the result does not have, two arrays at a time."""
    arrays = [np.asarray(a) for a in operands]
    no_products_of_truth(tuple([a.dtype for a in arrays]))
    first, steps = contraction_plan(subscripts, tuple([a.ndim for a in arrays]))
    return product_with(single_term(arrays[0], *first), arrays[1:], steps)


def product_with(value, arrays, steps):
    """The product with one array after the other."""
    if len(steps) == 0:
        return value
    own, ahead, kind, rows_first, summed_first, order = steps[0]
    term = single_term(arrays[0], *own)
    left, right = (term, value) if ahead else (value, term)
    joined = pair_term(turned(left, rows_first), turned(right, summed_first), *kind, order)
    return product_with(joined, arrays[1:], steps[1:])


def single_term(a, pairs, summed, order):
    """An operand with diagonals for repeated indices, sums over those that no other operand or result has."""
    if len(pairs) > 0:
        first, second = pairs[0]
        if a.shape[first] != a.shape[second]:
            raise ValueError("einsum: an index stands for axes that differ in length")
        return single_term(np.diagonal(a, axis1=first, axis2=second), pairs[1:], summed, order)
    return turned(np.sum(a, axis=summed) if len(summed) > 0 else a, order)


def turned(x, order):
    """The array with its axes in another order."""
    return x if x.ndim < 2 else np.transpose(x, order)


def pair_term(left, right, batch, rows, columns, n, order):
    """The product of (batch, rows, summed) and (batch, summed, columns), each so many axes, in the order of the result.
    """
    for k in axes_of(None, batch):
        if left.shape[k] != right.shape[k]:
            raise ValueError("einsum: an index stands for axes that differ in length")
    for k in axes_of(None, n):
        if left.shape[batch + rows + k] != right.shape[batch + k]:
            raise ValueError("einsum: an index stands for axes that differ in length")
    if n == 0 or rows + columns == 0:
        whole = (slice(None),)
        x = left[(*whole * (batch + rows), *(None,) * columns, *whole * n)]
        y = turned(right, summed_last(batch, n, columns))
        y = y[(*whole * batch, *(None,) * rows, *whole * (columns + n))]
        return turned(np.sum(x * y, axis=tuple(range(-n, 0))) if n > 0 else x * y, order)
    if batch == 0:
        return turned(contracted(left, right, n), order)
    sizes = (*left.shape[: batch + rows], *right.shape[batch + n :])
    out = np.empty([sizes[k] for k in order], dtype=np.result_type(left, right))
    for at in np.ndindex(left.shape[:batch]):
        part = turned(contracted(left[at], right[at], n), within(order, batch))
        out[tuple([at[k] if k < batch else slice(None) for k in order])] = part
    return out


@page(np.kron, cases=("A(2, 2), A(2, 3)", "A(2), A(3)", "A(2, 2), A(2)", "S(), A(2)", "S(), S()"))
def kron(a, b):
    """The products of all elements of one array with the whole of the other, put together."""
    given, other = np.asarray(a), np.asarray(b)
    if given.ndim == 0 and other.ndim == 0:
        return given * other
    x = given[(None,) * max(other.ndim - given.ndim, 0)]
    y = other[(None,) * max(given.ndim - other.ndim, 0)]
    out = np.empty([n * m for n, m in zip(x.shape, y.shape)], dtype=np.result_type(x, y))
    for at in np.ndindex(x.shape):
        out[tuple([slice(k * n, (k + 1) * n) for k, n in zip(at, y.shape)])] = x[at] * y
    return out


@page(np.cross, cases=("A(3), A(3)", "A(2, 3), A(2, 3)", "A(3, 2), A(3, 2), axis=0", "A(2, 3), A(3)",
                      "A(3), [1, 0, S()]"))  # fmt: skip
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector products of three-dimensional vectors."""
    given, other = np.asarray(a), np.asarray(b)
    if given.ndim == 1 or other.ndim == 1:
        kind = np.result_type(given, other)  # that numbers out of them do not tell
        given, other = np.asarray(given, dtype=kind), np.asarray(other, dtype=kind)
    x = np.moveaxis(given, axisa if axis is None else axis, -1)
    y = np.moveaxis(other, axisb if axis is None else axis, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ValueError("cross: the vectors must have three elements")
    first = x[..., 1] * y[..., 2] - x[..., 2] * y[..., 1]
    second = x[..., 2] * y[..., 0] - x[..., 0] * y[..., 2]
    third = x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    last = first.ndim
    return np.stack((first, second, third), axis=axis_of(axisc if axis is None else axis, last + 1))


@page(np.vecdot, np.linalg.vecdot, cases=("A(3), A(3)", "A(2, 3), A(3)", "A(2, 3), A(2, 3), axis=0"))
def vecdot(x1, x2, axis=-1):
    """The products of vectors along an axis."""
    return np.sum(np.asarray(x1) * np.asarray(x2), axis=axis)


@page("numpy.matvec", cases=("A(2, 3), A(3)", "A(2, 3, 2), A(2, 2)", "A(3, 2), A(4, 2)"))
def matvec(x1, x2):
    """The products of matrices and vectors in the last axes."""
    return np.matmul(x1, x2[..., None])[..., 0]


@page("numpy.vecmat", cases=("A(2), A(2, 3)", "A(2, 3), A(2, 3, 2)"))
def vecmat(x1, x2):
    """The products of vectors and matrices in the last axes."""
    return np.matmul(x1[..., None, :], x2)[..., 0, :]


@page(np.linalg.matmul, cases=("A(2, 3), A(3, 2)",))
def matmul_of_linalg(x1, x2):
    """As np.matmul."""
    return np.matmul(x1, x2)


@page(np.linalg.outer, cases=("A(2), A(3)",))
def outer_of_linalg(x1, x2):
    """As np.outer, of vectors."""
    return np.outer(x1, x2)


@page(np.linalg.tensordot, cases=("A(2, 3), A(2, 3)", "A(2, 3), A(3, 2), axes=1"))
def tensordot_of_linalg(x1, x2, axes=2):
    """As np.tensordot."""
    return np.tensordot(x1, x2, axes=axes)


@page(np.linalg.cross, cases=("A(3), A(3)", "A(2, 3), A(2, 3)"))
def cross_of_linalg(x1, x2, axis=-1):
    """As np.cross, of vectors with three elements."""
    return np.cross(x1, x2, axis=axis)
