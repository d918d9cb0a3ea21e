"""Rules of linear algebra, after M. B. Giles, "Collected matrix derivative results" (2008), by section."""

from __future__ import annotations

import numpy as np

from .externals import external


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
    """c = det A (Giles 2.2.4); of a singular matrix the adjoint is an error, as its inverse is."""

    def A_bar(A, c, c_bar):
        return c_bar * c * np.linalg.inv(A).T

    def c_dot(A, c, A_dot):
        return c * np.trace(np.linalg.solve(A, A_dot))


@external("np.linalg.cholesky", "A", "L", "(n,n)->(n,n)")
class Cholesky:
    """A = L L^T, A symmetric (I. Murray, "Differentiation of the Cholesky decomposition" (2016), eq. 10)."""

    def A_bar(L, L_bar):
        n = L.shape[0]
        P = L.T @ L_bar
        for i in range(n):
            P[i, i] *= 0.5
            P[i, i + 1 :] = 0.0
        S = np.linalg.solve(L.T, np.linalg.solve(L.T, P.T).T)
        return 0.5 * (S + S.T)

    def L_dot(L, A_dot):
        n = L.shape[0]
        P = np.linalg.solve(L, np.linalg.solve(L, A_dot.T).T)
        for i in range(n):
            P[i, i] *= 0.5
            P[i, i + 1 :] = 0.0
        return L @ P


@external("np.linalg.eigh", "A", "w V", "(n,n)->(n),(n,n)")
class Eigh:
    """A V = V diag(w) (Giles 3.1), A symmetric; eigenvectors need eigenvalues that differ."""

    def A_bar(w, V, w_bar, V_bar):
        n = w.shape[0]
        M = np.zeros((n, n))
        if V_bar is not None:
            M = V.T @ V_bar
            for i in range(n):
                for j in range(n):
                    M[i, j] = M[i, j] / (w[j] - w[i]) if i != j else 0.0
        if w_bar is not None:
            for i in range(n):
                M[i, i] = w_bar[i]
        S = V @ M @ V.T
        return 0.5 * (S + S.T)

    def w_dot(V, A_dot):
        return np.diag(V.T @ (0.5 * (A_dot + A_dot.T)) @ V).copy()

    def V_dot(w, V, A_dot):
        n = w.shape[0]
        M = V.T @ (0.5 * (A_dot + A_dot.T)) @ V
        for i in range(n):
            for j in range(n):
                M[i, j] = M[i, j] / (w[j] - w[i]) if i != j else 0.0
        return V @ M
