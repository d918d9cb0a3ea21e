"""Systems of linear equations as SciPy solves them: by triangles of rows that change places, bands, matrix equations.

What `overwrite_a` and `overwrite_b` allow is not done, and `check_finite` is not: values that are not finite go on.
"""

from __future__ import annotations

import numpy as np

from .axes import known_option, one_of, refuse
from .pages import page
from .scipy_linalg import circulant, solve_triangular, toeplitz


@page("scipy.linalg.lu_factor", cases=("A(3, 3)", "A(3, 2)", "A(2, 3), check_finite=False"))
def lu_factor(a, overwrite_a=False, check_finite=True):
    """Both triangles of `lu` in one matrix, and the row that each row changed places with.

    The derivative keeps every step: n**3 / 3 numbers.
    """
    if a.ndim != 2:
        refuse("scipy.linalg.lu_factor of other than a matrix is not supported", "write a loop over a stack")
    lu = np.array(a, dtype=np.result_type(np.mean(a)))
    steps = min(a.shape[0], a.shape[1])
    places = np.arange(steps, dtype=np.int32)
    for k in range(steps):
        at = k
        for i in range(k + 1, a.shape[0]):
            if np.abs(lu[i, k]) > np.abs(lu[at, k]):
                at = i
        places[k] = at
        if at != k:
            for j in range(a.shape[1]):
                held = lu[k, j]
                lu[k, j] = lu[at, j]
                lu[at, j] = held
        if np.abs(lu[k, k]) > 0.0 or np.isnan(lu[k, k]):
            for i in range(k + 1, a.shape[0]):
                lu[i, k] = lu[i, k] / lu[k, k]
                for j in range(k + 1, a.shape[1]):
                    lu[i, j] -= lu[i, k] * lu[k, j]
    return lu, places


@page("scipy.linalg.lu_solve", cases=(
    "scipy.linalg.lu_factor(A(3, 3)), A(3)", "scipy.linalg.lu_factor(A(3, 3)), A(3, 2), 1",
))  # fmt: skip
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """The x of a x = b for an a given by its `lu_factor`; of a.T x = b with `trans`."""
    one_of(trans, "trans", 0, 1, 2)
    lu, places = lu_and_piv
    if lu.shape[0] != b.shape[0]:
        raise ValueError("lu_solve: the factors and b differ in length")
    if trans == 0:
        x = swapped(b, places, False)
        return solve_triangular(lu, solve_triangular(lu, x, 0, True, True), 0, False)
    return swapped(solve_triangular(lu, solve_triangular(lu, b, 1, False), 1, True, True), places, True)


def swapped(b, places, backward):
    """A copy whose rows have changed places one after the other, from the last to the first if `backward`."""
    x = b.copy()
    for step in range(places.shape[0]):
        k = places.shape[0] - 1 - step if backward else step
        held = x[k] + 0.0
        x[k] = x[places[k]]
        x[places[k]] = held
    return x


@page("scipy.linalg.lu", cases=("A(3, 3)", "A(3, 2), True", "A(2, 3)"))
def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """A permutation, a lower triangle with ones and an upper one, whose product is a; with `permute_l` the last two."""
    if known_option(p_indices):
        refuse("p_indices=True is not supported", "scipy.linalg.lu_factor, or the matrix that lu gives")
    both, places = lu_factor(a)
    n, steps = a.shape[0], places.shape[0]
    order = np.arange(n)
    for k in range(steps):
        held = order[k]
        order[k] = order[places[k]]
        order[places[k]] = held
    moved = np.zeros((n, n), dtype=both.dtype)
    for i in range(n):
        moved[order[i], i] = 1.0
    lower, upper = np.tril(both[:, :steps], -1) + np.eye(n, steps, dtype=both.dtype), np.triu(both[:steps])
    return (moved @ lower, upper) if known_option(permute_l) else (moved, lower, upper)


@page("scipy.linalg.solve_banded", cases=(
    "(1, 1), A(3, 5) + 1.0, A(5)", "(2, 1), A(4, 5), A(5, 2)", "(0, 1), A(2, 4) + 2.0, A(4), check_finite=False",
))  # fmt: skip
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """The x of a x = b, ab[u + i - j, j] being a[i, j]: l diagonals below the main one, and u above it."""
    below, above = l_and_u
    n = b.shape[0]
    if ab.shape[0] != below + above + 1 or ab.shape[1] != n:
        raise ValueError("solve_banded: l + u + 1 is not the number of rows of ab, or ab and b differ in length")
    # a row from its first number on, with room for those that rows from below bring with them
    rows = np.zeros((n, 2 * below + above + 1), dtype=np.result_type(np.mean(ab), np.mean(b)))
    for i in range(n):
        for j in range(max(0, i - below), min(n, i + above + 1)):
            rows[i, j - i + below] = ab[above + i - j, j]
    x = np.array(b, dtype=rows.dtype)
    for k in range(n):
        at = k
        for i in range(k + 1, min(n, k + below + 1)):
            if np.abs(rows[i, k - i + below]) > np.abs(rows[at, k - at + below]):
                at = i
        if rows[at, k - at + below] == 0.0:
            raise ValueError("solve_banded: singular matrix")
        if at != k:
            for j in range(k, min(n, k + below + above + 1)):
                number = rows[k, j - k + below]
                rows[k, j - k + below] = rows[at, j - at + below]
                rows[at, j - at + below] = number
            held = x[k] + 0.0
            x[k] = x[at]
            x[at] = held
        for i in range(k + 1, min(n, k + below + 1)):
            factor = rows[i, k - i + below] / rows[k, below]
            for j in range(k + 1, min(n, k + below + above + 1)):
                rows[i, j - i + below] -= factor * rows[k, j - k + below]
            x[i] = x[i] - factor * x[k]
    for k in range(n - 1, -1, -1):
        rest = x[k] + 0.0
        for j in range(k + 1, min(n, k + below + above + 1)):
            rest = rest - rows[k, j - k + below] * x[j]
        x[k] = rest / rows[k, below]
    return x


@page("scipy.linalg.solveh_banded", cases=(
    "np.vstack((A(1, 4), P(1, 4) + 4.0)), A(4)", "np.vstack((P(1, 4) + 4.0, A(1, 4))), A(4, 2), lower=True",
))  # fmt: skip
def solveh_banded(ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True):
    """The x of a x = b for a symmetric a that is positive definite, of which one triangle is given by its diagonals."""
    apart, n = ab.shape[0] - 1, ab.shape[1]
    whole = np.zeros((2 * apart + 1, n), dtype=ab.dtype)
    for d in range(apart + 1):
        for j in range(n - d):
            number = ab[d, j] if known_option(lower) else ab[apart - d, j + d]
            whole[apart + d, j] = number
            whole[apart - d, j + d] = number
    return solve_banded((apart, apart), whole, b)


@page("scipy.linalg.solve_toeplitz", cases=("A(3) + np.array([3.0, 0.0, 0.0]), A(3)", "(A(3), A(3)), A(3, 2)"))
def solve_toeplitz(c_or_cr, b, check_finite=True):
    """The x of toeplitz(c, r) x = b, as np.linalg.solve finds it."""
    if isinstance(c_or_cr, tuple):
        c, r = c_or_cr
        return np.linalg.solve(toeplitz(c, r), b)
    return np.linalg.solve(toeplitz(c_or_cr), b)


@page("scipy.linalg.solve_circulant", cases=("A(3), A(3)",))
def solve_circulant(c, b):
    """The x of circulant(c) x = b, as np.linalg.solve finds it."""
    return np.linalg.solve(circulant(c), b)


@page("scipy.linalg.solve_sylvester", cases=("D(3, 3), D(2, 2), A(3, 2)",))
def solve_sylvester(a, b, q):
    """The x of a x + x b = q, as one system: (m n)**3 operations."""
    n, m = a.shape[0], b.shape[0]
    system = np.kron(a, np.eye(m)) + np.kron(np.eye(n), b.T)
    return np.linalg.solve(system, np.ravel(q)).reshape(n, m)


@page("scipy.linalg.solve_continuous_lyapunov", cases=("D(3, 3), A(3, 3)",))
def solve_continuous_lyapunov(a, q):
    """The x of a x + x a.T = q, as one system: n**6 operations."""
    return solve_sylvester(a, a.T, q)


@page("scipy.linalg.solve_discrete_lyapunov", cases=("0.3 * A(3, 3), A(3, 3)",))
def solve_discrete_lyapunov(a, q, method=None):
    """The x of a x a.T - x + q = 0, as one system: n**6 operations."""
    one_of(method, "method", None, "direct", "bilinear")
    n = a.shape[0]
    return np.linalg.solve(np.eye(n * n) - np.kron(a, a), np.ravel(q)).reshape(n, n)


@page("scipy.linalg.qr", cases=("A(3, 3)", 'A(3, 2), mode="economic"'))
def qr(a, overwrite_a=False, lwork=None, mode="full", pivoting=False, check_finite=True):
    """Orthogonal columns and an upper triangle whose product is a."""
    one_of(mode, "mode", "full", "economic")
    if known_option(pivoting):
        refuse("qr with columns that change places is not supported", "leave pivoting out")
    return np.linalg.qr(a, "reduced" if mode == "economic" else "complete")
