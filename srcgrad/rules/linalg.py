"""Rules of linear algebra, after M. B. Giles, "Collected matrix derivative results" (2008), by section."""

from __future__ import annotations

import numpy as np

from ..library.pages import part
from .externals import external

BLOCK = 64  # rows of a triangle that are solved for one by one


@part
def inverse_differences(w):
    """1 / (w[j] - w[i]), 0 on the diagonal; an error where two of them are equal but for rounding."""
    n = w.shape[0]
    F = np.zeros((n, n), dtype=w.dtype)
    for i in range(n):
        for j in range(n):
            gap = w[j] - w[i]
            if i != j:
                if abs(gap) <= 16.0 * np.finfo(w.dtype).eps * (abs(w[i]) + abs(w[j])):
                    raise ValueError("eigenvectors and singular vectors have no derivative where two values are equal")
                F[i, j] = 1.0 / gap
    return F


@external("np.linalg.solve", "A b", "x", "(n,n),(n)->(n)", "(n,n),(n,m)->(n,m)")
class Solve:
    """A x = b (Giles 2.3.1)."""

    def b_bar(A, x_bar):
        return np.linalg.solve(A.T, x_bar)

    def A_bar(x, b_bar):
        if x.ndim == 1:
            return -np.outer(b_bar, x)
        return -(b_bar @ x.T)

    def x_dot(A, x, A_dot, b_dot):
        if A_dot is None:
            return np.linalg.solve(A, b_dot)
        if b_dot is None:
            return np.linalg.solve(A, -(A_dot @ x))
        return np.linalg.solve(A, b_dot - A_dot @ x)


@external("np.linalg.inv", "A", "C", "(n,n)->(n,n)")
class Inv:
    """C = A^-1 (Giles 2.2.3)."""

    def A_bar(C, C_bar):
        return -(C.T @ C_bar @ C.T)

    def C_dot(C, A_dot):
        return -(C @ A_dot @ C)


@external("np.linalg.det", "A", "c", "(n,n)->()")
class Det:
    """c = det A (Giles 2.2.4); of a singular matrix by its cofactors, from its singular value decomposition."""

    def A_bar(A, c, c_bar):
        return c_bar * cofactors(A, c)

    def c_dot(A, c, A_dot):
        return np.sum(cofactors(A, c) * A_dot)


@part
def cofactors(A, c):
    """The derivative of the determinant c by each element."""
    C, sure = np.zeros_like(A), False
    if c != 0.0:
        C = c * np.linalg.inv(A).T
        sure = np.max(np.abs(A), initial=0.0) * np.max(np.abs(C), initial=0.0) < 1e7 * abs(c)
    if not sure:
        U, s, Vh = np.linalg.svd(A, full_matrices=False)
        sign = np.linalg.det(U) * np.linalg.det(Vh)
        others = np.empty_like(s)
        for i in range(s.shape[0]):
            others[i] = sign
            for j in range(s.shape[0]):
                if j != i:
                    others[i] *= s[j]
        C = (U * others) @ Vh
    return C


@external("np.linalg.slogdet", "A", "sign logdet", "(n,n)->(),()", fields="sign logabsdet")
class Slogdet:
    """The sign and the logarithm of the determinant; the latter is infinite for a singular matrix: an error."""

    constant = ("sign",)

    def A_bar(A, logdet_bar):
        if logdet_bar is None:
            return np.zeros_like(A)
        return logdet_bar * np.linalg.inv(A).T

    def sign_dot(sign):
        return 0.0 * sign

    def logdet_dot(A, A_dot):
        return np.trace(np.linalg.solve(A, A_dot))


@part
def from_lower(A):
    """The symmetric matrix that is meant where only the lower triangle of A is read."""
    S = A.copy()
    for i in range(A.shape[0]):
        for j in range(i):
            S[j, i] = A[i, j]
    return S


@part
def onto_lower(S_bar):
    """The adjoint of A by that of S = from_lower(A)."""
    A_bar = np.zeros_like(S_bar)
    for i in range(S_bar.shape[0]):
        A_bar[i, i] = S_bar[i, i]
        for j in range(i):
            A_bar[i, j] = S_bar[i, j] + S_bar[j, i]
    return A_bar


@part
def solve_below(L, b):
    """The x of L x = b, of which the lower triangle is read; by blocks of rows, so that most of it is products."""
    x = b.copy()
    n = L.shape[0]
    for begin in range(0, n, BLOCK):
        end = min(begin + BLOCK, n)
        for i in range(begin, end):
            x[i] /= L[i, i]
            for k in range(i + 1, end):
                x[k] -= L[k, i] * x[i]
        x[end:] -= L[end:, begin:end] @ x[begin:end]
    return x


@part
def solve_above(L, b):
    """The x of L.T x = b, of which the lower triangle is read; by blocks of rows."""
    x = b.copy()
    for end in range(L.shape[0], 0, -BLOCK):
        begin = max(end - BLOCK, 0)
        for i in range(end - 1, begin - 1, -1):
            x[i] /= L[i, i]
            for k in range(begin, i):
                x[k] -= L[i, k] * x[i]
        x[:begin] -= L[begin:end, :begin].T @ x[begin:end]
    return x


@external("np.linalg.cholesky", "A", "L", "(n,n)->(n,n)")
class Cholesky:
    """A = L L^T, A symmetric (I. Murray, "Differentiation of the Cholesky decomposition" (2016), eq. 10).

    Only the lower triangle of A is read: the adjoint of what is above its diagonal is 0.
    """

    def A_bar(L, L_bar):
        n = L.shape[0]
        if L.shape[1] != n or L_bar.shape[0] != n or L_bar.shape[1] != n:
            raise ValueError("the adjoint of a Cholesky factor is not square")
        P = np.zeros_like(L_bar)
        for begin in range(0, n, BLOCK):
            end = min(begin + BLOCK, n)
            P[begin:end, :end] = L[begin:, begin:end].T @ L_bar[begin:, :end]
        for i in range(n):
            P[i, i] *= 0.5
            P[i, i + 1 :] = 0.0
        return onto_lower(solve_above(L, solve_above(L, P.T).T))

    def L_dot(L, A_dot):
        n = L.shape[0]
        P = solve_below(L, solve_below(L, from_lower(A_dot)).T)
        for i in range(n):
            P[i, i] *= 0.5
            P[i, i + 1 :] = 0.0
        return L @ P


@external("np.linalg.eigh", "A", "w V", "(n,n)->(n),(n,n)", fields="eigenvalues eigenvectors", UPLO=("L",))
class Eigh:
    """A V = V diag(w) (Giles 3.1), A symmetric, of which the lower triangle is read; eigenvectors need eigenvalues
    that differ.
    """

    def A_bar(w, V, w_bar, V_bar):
        n = w.shape[0]
        if V_bar is None:
            S = (V * w_bar) @ V.T
        else:
            M = (V.T @ V_bar) * inverse_differences(w)
            if w_bar is not None:
                for i in range(n):
                    M[i, i] = w_bar[i]
            S = V @ M @ V.T
        return onto_lower(S)

    def w_dot(V, A_dot):
        return np.sum(V * (from_lower(A_dot) @ V), axis=0)

    def V_dot(w, V, A_dot):
        return V @ ((V.T @ from_lower(A_dot) @ V) * inverse_differences(w))


@external("np.linalg.eigvalsh", "A", "w", "(n,n)->(n)", UPLO=("L",))
class Eigvalsh:
    """The eigenvalues of a symmetric matrix (Giles 3.1); of equal ones those of the eigenvectors that LAPACK gives."""

    def A_bar(A, w_bar):
        w, V = np.linalg.eigh(A)
        return onto_lower((V * w_bar) @ V.T)

    def w_dot(A, A_dot):
        w, V = np.linalg.eigh(A)
        return np.sum(V * (from_lower(A_dot) @ V), axis=0)


@external("np.linalg.svd", "A", "U s Vh", "(m,n)->(m,k),(k),(k,n)", fields="U S Vh", full_matrices=False)
class Svd:
    """A = U diag(s) Vh (J. Townsend, "Differentiating the singular value decomposition" (2016)).

    Singular vectors need singular values that differ, and that are not zero where A is not square.
    """

    def A_bar(A, U, s, Vh, U_bar, s_bar, Vh_bar):
        M = np.zeros((s.shape[0], s.shape[0]), dtype=s.dtype)
        if s_bar is not None:
            M += np.diag(s_bar)
        if U_bar is not None:
            J = U.T @ U_bar
            M += ((J - J.T) * inverse_differences(s * s)) * s
        if Vh_bar is not None:
            K = Vh @ Vh_bar.T
            M += s[:, None] * ((K - K.T) * inverse_differences(s * s))
        A_bar = U @ M @ Vh
        if U_bar is not None and A.shape[0] > s.shape[0]:
            R = U_bar / nonzero(s)
            A_bar += (R - U @ (U.T @ R)) @ Vh
        if Vh_bar is not None and A.shape[1] > s.shape[0]:
            R = Vh_bar / nonzero(s)[:, None]
            A_bar += U @ (R - (R @ Vh.T) @ Vh)
        return A_bar

    def U_dot(A, U, s, Vh, A_dot):
        P = U.T @ A_dot @ Vh.T
        U_dot = U @ ((P * s + (P * s).T) * inverse_differences(s * s))
        if A.shape[0] > s.shape[0]:
            R = A_dot @ Vh.T / nonzero(s)
            U_dot += R - U @ (U.T @ R)
        return U_dot

    def s_dot(U, Vh, A_dot):
        return np.sum(U * (A_dot @ Vh.T), axis=0)

    def Vh_dot(A, U, s, Vh, A_dot):
        P = U.T @ A_dot @ Vh.T
        Q = s[:, None] * P
        Vh_dot = ((Q + Q.T) * inverse_differences(s * s)).T @ Vh
        if A.shape[1] > s.shape[0]:
            R = (U.T @ A_dot) / nonzero(s)[:, None]
            Vh_dot += R - (R @ Vh.T) @ Vh
        return Vh_dot


@part
def nonzero(s):
    """The singular values, after a check that none is zero."""
    for i in range(s.shape[0]):
        if s[i] <= np.finfo(s.dtype).eps * s[0]:
            raise ValueError("singular vectors have no derivative where a singular value is zero")
    return s


@external("np.linalg.qr", "A", "Q R", "(m,n)->(m,k),(k,n)", mode=("reduced",))
class Qr:
    """A = Q R (S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010)).

    The columns of A that are left of its last row must not depend on each other linearly.
    """

    def A_bar(A, Q, R, Q_bar, R_bar):
        n, k = R.shape[1], R.shape[0]
        S, T = np.zeros_like(Q), np.zeros((k, k), dtype=Q.dtype)
        Q_own, R_own = Q.copy(), R[:, :k].copy()  # numba's are no contiguous arrays
        if Q_bar is not None:
            S += Q_bar
            T -= Q_bar.T @ Q_own
        if R_bar is not None:
            T += R_own @ R_bar[:, :k].T
            if n > k:
                S += A[:, k:] @ R_bar[:, k:].T
                T -= R_bar[:, k:] @ (A[:, k:].T @ Q_own)
        for i in range(k):
            T[i, i + 1 :] = T[i + 1 :, i]
        A_bar = np.zeros_like(A)
        A_bar[:, :k] = np.linalg.solve(R_own, (S + Q_own @ T).T).T
        if R_bar is not None and n > k:
            A_bar[:, k:] = Q_own @ R_bar[:, k:]
        return A_bar

    def Q_dot(Q, R, A_dot):
        k, Q_own = R.shape[0], Q.copy()
        D = np.linalg.solve(R[:, :k].T, A_dot[:, :k].T).T
        return turning(Q_own, D) + D - Q_own @ (Q_own.T @ D)

    def R_dot(A, Q, R, A_dot):
        k, Q_own = R.shape[0], Q.copy()
        D = np.linalg.solve(R[:, :k].T, A_dot[:, :k].T).T
        Q_dot = turning(Q_own, D) + D - Q_own @ (Q_own.T @ D)
        R_dot = Q_own.T @ A_dot + Q_dot.T @ A
        for i in range(k):
            R_dot[i, :i] = 0.0
        return R_dot


@part
def turning(Q, D):
    """Q times the skew matrix whose part below the diagonal is that of Q^T D."""
    T = Q.T @ D
    for i in range(T.shape[0]):
        T[i, i] = 0.0
        T[i, i + 1 :] = -T[i + 1 :, i]
    return Q @ T


@part
def truncated(A, rcond):
    """Whether singular values that are not zero are taken as zero: A P A is not A then."""
    U, s, Vh = np.linalg.svd(A, full_matrices=False)
    kept = dropped = 0.0
    for i in range(s.shape[0]):
        if s[i] > rcond * s[0]:
            kept = s[i]
        else:
            dropped = max(dropped, s[i])
    return dropped > np.finfo(s.dtype).eps ** 0.5 * kept


@part
def change_of_truncated(A, rcond, D):
    """The change of P^T along a change D of A; the adjoint of this map is the map itself.

    The pseudoinverse is a function of the singular values, 1 / s or 0 (Hawkins and Ben-Israel (1973)): what mixes two
    values has their divided differences, for the symmetric and the skew part.
    """
    U, s, Vh = np.linalg.svd(A, full_matrices=False)
    n = s.shape[0]
    least = rcond * s[0]
    E, M, squares = U.T @ D @ Vh.T, np.zeros((n, n), dtype=s.dtype), np.zeros_like(s)
    for i in range(n):
        if s[i] > least:
            squares[i] = 1.0 / (s[i] * s[i])
        for j in range(n):
            if s[i] > least and s[j] > least:
                M[i, j] = -E[j, i] / (s[i] * s[j])
            elif s[i] > least or s[j] > least:
                large, small = max(s[i], s[j]), min(s[i], s[j])
                even, odd = (E[i, j] + E[j, i]) / (large - small), (E[i, j] - E[j, i]) / (large + small)
                M[i, j] = 0.5 * (even + odd) / large
    below, beside = D - U @ (U.T @ D), D - (D @ Vh.T) @ Vh
    return U @ M @ Vh + ((below @ Vh.T) * squares) @ Vh + U @ (squares[:, None] * (U.T @ beside))


@external("np.linalg.pinv", "A rcond", "P", "(m,n),()->(n,m)")
class Pinv:
    """The pseudoinverse, while the rank stays (G. H. Golub and V. Pereyra (1973), eq. 4.12)."""

    def A_bar(A, rcond, P, P_bar):
        if truncated(A, rcond):
            return change_of_truncated(A, rcond, P_bar.T)
        W = P_bar.T - A @ (P @ P_bar.T)
        Z = P_bar.T - (P_bar.T @ P) @ A
        return W @ P @ P.T + P.T @ P @ Z - P.T @ P_bar @ P.T

    def P_dot(A, rcond, P, A_dot):
        if truncated(A, rcond):
            return change_of_truncated(A, rcond, A_dot).T
        W = A_dot.T - (A_dot.T @ A) @ P
        Z = A_dot.T - P @ (A @ A_dot.T)
        return P @ P.T @ W + Z @ P.T @ P - P @ A_dot @ P


@external("np.linalg.lstsq", "A b rcond", "x residuals rank s",
          "(m,n),(m),()->(n),(r),(),(k)", "(m,n),(m,q),()->(n,q),(r),(),(k)", dtypes=". . int64 .")
class Lstsq:
    """The x of least |A x - b|, the least norm among such, while the rank stays; and the squares of the distances."""

    def b_bar(A, b, rcond, x, x_bar, residuals_bar):
        b_bar = np.zeros_like(b)
        if x_bar is not None:
            b_bar += np.linalg.pinv(A, rcond).T @ x_bar
        if residuals_bar is not None:
            b_bar += 2.0 * of_columns(b - A @ x, residuals_bar)
        return b_bar

    def A_bar(A, b, rcond, x, x_bar, residuals_bar, s_bar):
        A_bar = np.zeros_like(A)
        if s_bar is not None:
            U, s, Vh = np.linalg.svd(A, full_matrices=False)
            A_bar += (U * s_bar) @ Vh
        r = as_columns(b - A @ x)
        y = as_columns(x)
        if x_bar is not None:
            g = as_columns(x_bar)
            if truncated(A, rcond):
                A_bar += change_of_truncated(A, rcond, as_columns(b) @ g.T)
            else:
                P = np.linalg.pinv(A, rcond)
                h = P.T @ g
                A_bar += r @ (P @ h).T + (P.T @ y) @ (g - A.T @ h).T - h @ y.T
        if residuals_bar is not None:
            A_bar -= 2.0 * of_columns(r, residuals_bar) @ y.T
        return A_bar

    def x_dot(A, b, rcond, x, A_dot, b_dot):
        P = np.linalg.pinv(A, rcond)
        x_dot = np.zeros_like(x)
        if b_dot is not None:
            x_dot += P @ b_dot
        if A_dot is not None and truncated(A, rcond):
            x_dot += change_of_truncated(A, rcond, A_dot).T @ b
        elif A_dot is not None:
            u = A_dot.T @ (P.T @ x)
            x_dot += P @ (P.T @ (A_dot.T @ (b - A @ x)) - A_dot @ x) + u - P @ (A @ u)
        return x_dot

    def residuals_dot(A, b, x, residuals, A_dot, b_dot):
        r = as_columns(b - A @ x)
        change = np.zeros_like(r)
        if b_dot is not None:
            change += as_columns(b_dot)
        if A_dot is not None:
            change -= A_dot @ as_columns(x)
        return np.sum(2.0 * r * change, axis=0)[: residuals.shape[0]]

    def s_dot(A, s, A_dot):
        if A_dot is None:
            return np.zeros_like(s)
        U, values, Vh = np.linalg.svd(A, full_matrices=False)
        return np.sum(U * (A_dot @ Vh.T), axis=0)


@part
def as_columns(x):
    """The array as a matrix, a vector as one column."""
    return x if x.ndim == 2 else x[:, None]


@part
def of_columns(r, weights):
    """The columns with a weight each, of which there may be none."""
    out = np.zeros_like(r)
    for j in range(weights.shape[0]):
        if r.ndim == 1:
            out += weights[j] * r
        else:
            out[:, j] = weights[j] * r[:, j]
    return out


external("np.linalg.matrix_rank", "A tol", "rank", "(m,n),()->()", dtypes="int64")(None)
