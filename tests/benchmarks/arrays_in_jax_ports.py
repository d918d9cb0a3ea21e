"""Array kernels in JAX as ported statement by statement: the loops of the text as fori_loop, its stores as .at[].set.

Slices whose length the loop decides are masks here, since shapes have to be known when the loop is traced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def loop(start: int, end: int, body: Callable[[Any, Any], Any], state: Any) -> Any:
    """The state after a loop over a range; bounds are numbers, since only then it can be reversed."""
    import jax

    return jax.lax.fori_loop(start, end, body, state)


def jacobi_1d(TSTEPS, A, B):
    import jax.numpy as jnp

    def step(t, state):
        A, B = state
        B = B.at[1:-1].set(0.33333 * (A[:-2] + A[1:-1] + A[2:]))
        A = A.at[1:-1].set(0.33333 * (B[:-2] + B[1:-1] + B[2:]))
        return A, B

    A, B = loop(1, TSTEPS, step, (A, B))
    return jnp.sum(A) + jnp.sum(B)


def jacobi_2d(TSTEPS, A, B):
    import jax.numpy as jnp

    def step(t, state):
        A, B = state
        B = B.at[1:-1, 1:-1].set(0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]))
        A = A.at[1:-1, 1:-1].set(0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1]))
        return A, B

    A, B = loop(1, TSTEPS, step, (A, B))
    return jnp.sum(A) + jnp.sum(B)


def seidel_2d(TSTEPS, A):
    import jax.numpy as jnp

    N = A.shape[0]

    def row(i, A):
        above, here, below = A[i - 1], A[i], A[i + 1]
        A = A.at[i, 1:-1].add(above[:-2] + above[1:-1] + above[2:] + here[2:] + below[:-2] + below[1:-1] + below[2:])
        return loop(1, N - 1, lambda j, A: A.at[i, j].set((A[i, j] + A[i, j - 1]) / 9.0), A)

    return jnp.sum(loop(0, TSTEPS - 1, lambda t, A: loop(1, N - 1, row, A), A))


def syrk(alpha, beta, C, A):
    import jax.numpy as jnp

    columns = np.arange(C.shape[1])

    def row(i, C):
        C = C.at[i].multiply(jnp.where(columns <= i, beta, 1.0))
        return loop(0, A.shape[1], lambda k, C: C.at[i].add(jnp.where(columns <= i, alpha * A[i, k] * A[:, k], 0.0)), C)

    return jnp.sum(loop(0, A.shape[0], row, C))


def symm(alpha, beta, C, A, B):
    import jax.numpy as jnp

    rows = np.arange(C.shape[0])

    def row(i, C):
        before = jnp.where(rows < i, A[i], 0.0)

        def column(j, state):
            C, temp2 = state
            return C.at[:, j].add(alpha * B[i, j] * before), temp2.at[j].set(B[:, j] @ before)

        C, temp2 = loop(0, C.shape[1], column, (C, jnp.zeros(C.shape[1])))
        return C.at[i].add(alpha * B[i] * A[i, i] + alpha * temp2)

    return jnp.sum(loop(0, C.shape[0], row, C * beta))


def trmm(alpha, A, B):
    import jax.numpy as jnp

    rows = np.arange(B.shape[0])

    def row(i, B):
        below = jnp.where(rows > i, A[:, i], 0.0)
        return loop(0, B.shape[1], lambda j, B: B.at[i, j].add(below @ B[:, j]), B)

    return jnp.sum(loop(0, B.shape[0], row, B) * alpha)


def trisolv(L, x, b):
    import jax.numpy as jnp

    places = np.arange(x.shape[0])

    def row(i, x):
        return x.at[i].set((b[i] - L[i] @ jnp.where(places < i, x, 0.0)) / L[i, i])

    return jnp.sum(loop(0, x.shape[0], row, x))


def decomposed(A):
    """L and U in place of A."""
    import jax.numpy as jnp

    N = A.shape[0]
    places = np.arange(N)

    def element(i, j, A):
        before = places < jnp.minimum(i, j)
        left = A[i, j] - jnp.where(before, A[i], 0.0) @ jnp.where(before, A[:, j], 0.0)
        return A.at[i, j].set(jnp.where(j < i, left / A[j, j], left))

    return loop(0, N, lambda i, A: loop(0, N, lambda j, A: element(i, j, A), A), A)


def lu(A):
    import jax.numpy as jnp

    return jnp.sum(decomposed(A))


def ludcmp(A, b):
    import jax.numpy as jnp

    A = decomposed(A)
    N = A.shape[0]
    places = np.arange(N)

    def forward(i, y):
        return y.at[i].set(b[i] - A[i] @ jnp.where(places < i, y, 0.0))

    y = loop(0, N, forward, jnp.zeros_like(b))

    def backward(k, x):
        i = N - 1 - k
        return x.at[i].set((y[i] - A[i] @ jnp.where(places > i, x, 0.0)) / A[i, i])

    return jnp.sum(loop(0, N, backward, jnp.zeros_like(b))) + jnp.sum(y)


def cholesky(A):
    import jax.numpy as jnp

    N = A.shape[0]
    places = np.arange(N)

    def row(i, A):
        def element(j, A):
            left = A[i, j] - jnp.where(places < j, A[i], 0.0) @ jnp.where(places < j, A[j], 0.0)
            return A.at[i, j].set(jnp.where(j < i, left / A[j, j], A[i, j]))

        A = loop(0, N, element, A)
        before = jnp.where(places < i, A[i], 0.0)
        return A.at[i, i].set(jnp.sqrt(A[i, i] - before @ before))

    return jnp.sum(loop(0, N, row, A))


def gramschmidt(A):
    import jax.numpy as jnp

    n = A.shape[1]

    def column(k, state):
        A, Q, R = state
        length = jnp.sqrt(A[:, k] @ A[:, k])
        q = A[:, k] / length

        def later(j, state):
            A, R = state
            part = jnp.where(j > k, q @ A[:, j], R[k, j])
            return A.at[:, j].add(jnp.where(j > k, -q * part, 0.0)), R.at[k, j].set(part)

        A, R = loop(0, n, later, (A, R.at[k, k].set(length)))
        return A, Q.at[:, k].set(q), R

    _, Q, R = loop(0, n, column, (A, jnp.zeros_like(A), jnp.zeros((n, n))))
    return jnp.sum(Q) + jnp.sum(R)


def durbin(r):
    import jax.numpy as jnp

    n = r.size
    places = np.arange(n)

    def step(k, state):
        y, alpha, beta = state
        beta = beta * (1.0 - alpha * alpha)
        turned = jnp.where(places < k, jnp.roll(y[::-1], k), 0.0)
        alpha = -(r[k] + r @ turned) / beta
        return (y + alpha * turned).at[k].set(alpha), alpha, beta

    return jnp.sum(loop(1, n, step, (jnp.zeros(n).at[0].set(-r[0]), -r[0], jnp.ones(())))[0])


def covariance(M, float_n, data):
    import jax.numpy as jnp

    data = data - jnp.mean(data, axis=0)
    places = np.arange(M)

    def row(i, cov):
        products = data[:, i] @ data / (float_n - 1.0)
        cov = cov.at[i].set(jnp.where(places >= i, products, cov[i]))
        return cov.at[:, i].set(jnp.where(places >= i, products, cov[:, i]))

    return jnp.sum(loop(0, M, row, jnp.zeros((M, M))))


def floyd_warshall(path):
    import jax.numpy as jnp

    return jnp.sum(loop(0, path.shape[0], lambda k, path: jnp.minimum(path, path[:, k, None] + path[None, k, :]), path))


def deriche(alpha, imgIn):
    import jax.numpy as jnp

    e, e2 = jnp.exp(-alpha), jnp.exp(-2.0 * alpha)
    k = (1.0 - e) * (1.0 - e) / (1.0 + alpha * e - jnp.exp(2.0 * alpha))
    a1, a2, a3, a4 = k, k * e * (alpha - 1.0), k * e * (alpha + 1.0), -k * e2
    b1, b2 = 2.0 ** (-alpha), -e2

    def both_ways(img):
        """The sums along the last axis, forward and backward."""
        n = img.shape[1]
        y1 = jnp.zeros_like(img).at[:, 0].set(a1 * img[:, 0])
        y1 = y1.at[:, 1].set(a1 * img[:, 1] + a2 * img[:, 0] + b1 * y1[:, 0])

        def forward(j, y1):
            return y1.at[:, j].set(a1 * img[:, j] + a2 * img[:, j - 1] + b1 * y1[:, j - 1] + b2 * y1[:, j - 2])

        def backward(i, y2):
            j = n - 3 - i
            return y2.at[:, j].set(a3 * img[:, j + 1] + a4 * img[:, j + 2] + b1 * y2[:, j + 1] + b2 * y2[:, j + 2])

        y2 = jnp.zeros_like(img).at[:, -2].set(a3 * img[:, -1])
        return loop(2, n, forward, y1) + loop(0, n - 2, backward, y2)

    return jnp.sum(both_ways(both_ways(imgIn).T))


def adi(TSTEPS, N, u):
    import jax.numpy as jnp

    across = TSTEPS**-1 * N**2  # DT / DX**2
    a, b, d, e = -across, 1.0 + 2.0 * across, -0.5 * across, 1.0 + across

    def swept(of, before, after, w, z):
        """Both sweeps of a half step along the columns of its result."""
        p = jnp.zeros((N - 2, N))
        q = jnp.zeros((N - 2, N)).at[:, 0].set(1.0)

        def down(j, state):
            p, q = state
            pivot = w * p[:, j - 1] + z
            known = -before * of[j, :-2] + (1.0 + 2.0 * before) * of[j, 1:-1] - after * of[j, 2:]
            return p.at[:, j].set(-w / pivot), q.at[:, j].set((known - w * q[:, j - 1]) / pivot)

        p, q = loop(1, N - 1, down, (p, q))

        def up(k, out):
            j = N - 2 - k
            return out.at[j].set(p[:, j] * out[j + 1] + q[:, j])

        return loop(0, N - 2, up, jnp.zeros((N, N - 2)).at[0].set(1.0).at[N - 1].set(1.0))

    def step(t, state):
        u, v = state
        v = v.at[:, 1:-1].set(swept(u, d, d, a, b))
        return u.at[1:-1].set(swept(v.T, a, a, d, e).T), v

    return jnp.sum(loop(0, TSTEPS, step, (u, jnp.zeros_like(u)))[0])


def go_fast(a):
    import jax.numpy as jnp

    trace = loop(0, a.shape[0], lambda i, trace: trace + jnp.tanh(a[i, i]), 0.0)
    return jnp.sum(a + trace)


def azimint_naive(data, radius, npt):
    import jax.numpy as jnp

    rmax = radius.max()

    def ring(i, res):
        mask = jnp.logical_and(rmax * i / npt <= radius, radius < rmax * (i + 1) / npt)
        return res.at[i].set(jnp.sum(jnp.where(mask, data, 0.0)) / jnp.sum(mask))

    return jnp.sum(loop(0, npt, ring, jnp.zeros(npt)))


def conv2d(input, weights, bias):
    import jax
    import jax.numpy as jnp

    K, C_out = weights.shape[0], weights.shape[3]
    H, W = input.shape[1] - K + 1, input.shape[2] - K + 1

    def pixel(i, j, output):
        window = jax.lax.dynamic_slice(input, (0, i, j, 0), (input.shape[0], K, K, input.shape[3]))
        return output.at[:, i, j, :].set(jnp.sum(window[..., None] * weights[None], axis=(1, 2, 3)))

    start = jnp.zeros((input.shape[0], H, W, C_out))
    output = loop(0, H, lambda i, output: loop(0, W, lambda j, output: pixel(i, j, output), output), start)
    return jnp.sum(output + bias)


def adbench_lstm_loops(main_params, extra_params, state, sequence):
    import jax
    import jax.numpy as jnp

    n, b = sequence.shape

    def step(t, carried):
        s, total = carried
        x = sequence[t] * extra_params[0]
        for i in range(0, state.shape[0], 2):
            w, bias = main_params[i], main_params[i + 1]
            forget = jax.nn.sigmoid(x * w[:b] + bias[:b])
            into = jax.nn.sigmoid(s[i] * w[b : 2 * b] + bias[b : 2 * b])
            out = jax.nn.sigmoid(x * w[2 * b : 3 * b] + bias[2 * b : 3 * b])
            change = jnp.tanh(s[i] * w[3 * b :] + bias[3 * b :])
            s = s.at[i + 1].set(s[i + 1] * forget + into * change)
            s = s.at[i].set(out * jnp.tanh(s[i + 1]))
            x = s[i]
        y = x * extra_params[1] + extra_params[2]
        return s, total + jnp.sum(sequence[t + 1] * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))

    return -loop(0, n - 1, step, (state, 0.0))[1] / ((n - 1) * b)


def bundle_loops(cams, X, w, obs, feats):
    import jax.numpy as jnp

    def observation(i, total):
        cam, x = cams[obs[i, 0]], X[obs[i, 1]]
        x = x - cam[3:6]
        theta = jnp.sqrt(cam[:3] @ cam[:3])
        axis = cam[:3] / theta
        p = x * jnp.cos(theta) + jnp.cross(axis, x) * jnp.sin(theta) + axis * (axis @ x) * (1.0 - jnp.cos(theta))
        uv = p[:2] / p[2]
        rsq = uv @ uv
        errors = w[i] * (uv * (1.0 + cam[9] * rsq + cam[10] * rsq * rsq) * cam[6] + cam[7:9] - feats[i])
        return total + errors @ errors + (1.0 - w[i] ** 2) ** 2

    return loop(0, obs.shape[0], observation, 0.0)


KERNELS = {
    f.__name__: f
    for f in (
        jacobi_1d, jacobi_2d, seidel_2d, syrk, symm, trmm, trisolv, lu, ludcmp, cholesky, gramschmidt, durbin,
        covariance, floyd_warshall, deriche, adi, go_fast, azimint_naive, conv2d, adbench_lstm_loops, bundle_loops,
    )
}  # fmt: skip
