"""Array kernels in JAX, as an expert rewrites them for XLA; where there is nothing to rewrite, the port is the best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.arrays_in_jax_ports import durbin, floyd_warshall, jacobi_1d, jacobi_2d


def repeated(step: Callable[[Any], Any], start: Any, times: int) -> Any:
    """A loop that can be reversed."""
    import jax

    return jax.lax.scan(lambda state, _: (step(state), None), start, None, length=times)[0]


def heat_3d(TSTEPS, A, B):
    import jax.numpy as jnp

    def spread(A):
        middle = A[1:-1, 1:-1, 1:-1]
        around = A[2:, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1] + A[1:-1, 2:, 1:-1] + A[1:-1, :-2, 1:-1]
        return 0.125 * (around + A[1:-1, 1:-1, 2:] + A[1:-1, 1:-1, :-2]) + 0.25 * middle

    def step(state):
        A, B = state
        B = B.at[1:-1, 1:-1, 1:-1].set(spread(A))
        return A.at[1:-1, 1:-1, 1:-1].set(spread(B)), B

    return jnp.sum(repeated(step, (A, B), TSTEPS - 1)[0])


def seidel_2d(TSTEPS, A):
    import jax
    import jax.numpy as jnp

    def line(above, rows):
        row, below = rows
        known = above[:-2] + above[1:-1] + above[2:] + row[1:-1] + row[2:] + below[:-2] + below[1:-1] + below[2:]

        def along(left, value):
            new = (value + left) / 9.0
            return new, new

        _, middle = jax.lax.scan(along, row[0], known)
        new = jnp.concatenate([row[:1], middle, row[-1:]])
        return new, new

    def step(A):
        _, rows = jax.lax.scan(line, A[0], (A[1:-1], A[2:]))
        return jnp.concatenate([A[:1], rows, A[-1:]])

    return jnp.sum(repeated(step, A, TSTEPS - 1))


def fdtd_2d(TMAX, ex, ey, hz, _fict_):
    import jax
    import jax.numpy as jnp

    def step(state, first):
        ex, ey, hz = state
        ey = ey.at[0, :].set(first)
        ey = ey.at[1:, :].add(-0.5 * (hz[1:, :] - hz[:-1, :]))
        ex = ex.at[:, 1:].add(-0.5 * (hz[:, 1:] - hz[:, :-1]))
        hz = hz.at[:-1, :-1].add(-0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1]))
        return (ex, ey, hz), None

    (ex, ey, hz), _ = jax.lax.scan(step, (ex, ey, hz), _fict_[:TMAX])
    return jnp.sum(ex) + jnp.sum(ey) + jnp.sum(hz)


def hdiff(in_field, out_field, coeff):
    import jax.numpy as jnp

    f = in_field
    lap = 4.0 * f[1:-1, 1:-1] - (f[2:, 1:-1] + f[:-2, 1:-1] + f[1:-1, 2:] + f[1:-1, :-2])
    res = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = jnp.where(res * (f[2:-1, 2:-2] - f[1:-2, 2:-2]) > 0, 0, res)
    res = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = jnp.where(res * (f[2:-2, 2:-1] - f[2:-2, 1:-2]) > 0, 0, res)
    return jnp.sum(f[2:-2, 2:-2] - coeff * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1]))


def vadv(utens_stage, u_stage, wcon, u_pos, utens, dtr_stage):
    import jax
    import jax.numpy as jnp

    w = 0.25 * (wcon[1:] + wcon[:-1])
    levels = tuple(jnp.moveaxis(a, 2, 0) for a in (w, u_stage, dtr_stage * u_pos + utens + utens_stage, u_pos))
    w, u, rhs, u_pos = levels
    nothing = jnp.zeros_like(w[:1])
    below, above = jnp.concatenate([nothing, -0.5 * w[1:]]), jnp.concatenate([0.5 * w[1:], nothing])
    down = jnp.concatenate([nothing, u[:-1] - u[1:]])
    up = jnp.concatenate([u[1:] - u[:-1], nothing])
    rhs = rhs - below * down - above * up
    pivot = dtr_stage - below - above

    def forward(state, level):
        c, d = state
        a, b, c_new, r = level
        divided = 1.0 / (b - c * a)
        new = c_new * divided, (r - d * a) * divided
        return new, new

    def backward(x, level):
        c, d = level
        x = d - c * x
        return x, x

    zero = jnp.zeros_like(w[0])
    _, (c, d) = jax.lax.scan(forward, (zero, zero), (below, pivot, above, rhs))
    _, x = jax.lax.scan(backward, zero, (c, d), reverse=True)
    return jnp.sum(dtr_stage * (x - u_pos))


def gemver(alpha, beta, A, u1, v1, u2, v2, w, x, y, z):
    import jax.numpy as jnp

    A = A + jnp.outer(u1, v1) + jnp.outer(u2, v2)
    x = x + beta * (y @ A) + z
    return jnp.sum(A) + jnp.sum(x) + jnp.sum(w + alpha * (A @ x))


def gesummv(alpha, beta, A, B, x):
    import jax.numpy as jnp

    return jnp.sum(alpha * (A @ x) + beta * (B @ x))


def atax(A, x):
    import jax.numpy as jnp

    return jnp.sum((A @ x) @ A)


def bicg(A, p, r):
    import jax.numpy as jnp

    return jnp.sum(r @ A) + jnp.sum(A @ p)


def mvt(x1, x2, y_1, y_2, A):
    import jax.numpy as jnp

    return jnp.sum(x1 + A @ y_1) + jnp.sum(x2 + y_2 @ A)


def gemm(alpha, beta, C, A, B):
    import jax.numpy as jnp

    return jnp.sum(alpha * (A @ B) + beta * C)


def k2mm(alpha, beta, A, B, C, D):
    import jax.numpy as jnp

    return jnp.sum(alpha * (A @ B @ C) + beta * D)


def k3mm(A, B, C, D):
    import jax.numpy as jnp

    return jnp.sum(A @ B @ C @ D)


def syrk(alpha, beta, C, A):
    import jax.numpy as jnp

    lower = np.tril(np.ones(C.shape, bool))
    return jnp.sum(jnp.where(lower, beta * C + alpha * (A @ A.T), C))


def syr2k(alpha, beta, C, A, B):
    import jax.numpy as jnp

    lower = np.tril(np.ones(C.shape, bool))
    return jnp.sum(jnp.where(lower, beta * C + alpha * (A @ B.T + B @ A.T), C))


def symm(alpha, beta, C, A, B):
    import jax.numpy as jnp

    lower = jnp.tril(A)
    return jnp.sum(beta * C + alpha * ((lower + jnp.tril(A, -1).T) @ B))


def trmm(alpha, A, B):
    import jax.numpy as jnp

    return jnp.sum(alpha * (B + jnp.tril(A, -1).T @ B))


def trisolv(L, x, b):
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular

    return jnp.sum(solve_triangular(L, b, lower=True))


def cholesky(A):
    import jax.numpy as jnp

    lower = jnp.tril(A)
    L = jnp.linalg.cholesky(lower + jnp.tril(A, -1).T, symmetrize_input=False)
    return jnp.sum(jnp.tril(L)) + jnp.sum(jnp.triu(A, 1))


def lu(A):
    import jax
    import jax.numpy as jnp

    n = A.shape[0]
    rows = jnp.arange(n)

    def step(A, k):
        factor = jnp.where(rows > k, A[:, k] / A[k, k], 0.0)
        A = A - jnp.outer(factor, jnp.where(rows > k, A[k], 0.0))
        return A.at[:, k].set(jnp.where(rows > k, factor, A[:, k])), None

    return jnp.sum(jax.lax.scan(step, A, rows)[0])


def gramschmidt(A):
    import jax.numpy as jnp

    Q, R = jnp.linalg.qr(A)
    signs = jnp.sign(jnp.diagonal(R))
    return jnp.sum(Q * signs) + jnp.sum(R * signs[:, None])


def doitgen(A, C4):
    import jax.numpy as jnp

    return jnp.sum(A @ C4)


def covariance(M, float_n, data):
    import jax.numpy as jnp

    data = data - jnp.mean(data, axis=0)
    return jnp.sum(data.T @ data / (float_n - 1.0))


def correlation(M, float_n, data):
    import jax.numpy as jnp

    stddev = jnp.std(data, axis=0)
    stddev = jnp.where(stddev <= 0.1, 1.0, stddev)
    data = (data - jnp.mean(data, axis=0)) / (jnp.sqrt(float_n) * stddev)
    corr = data.T @ data
    return jnp.sum(corr) - jnp.trace(corr) + M


def spmv(A_row, A_col, A_val, x):
    import jax.numpy as jnp

    rows = jnp.repeat(jnp.arange(x.size), jnp.diff(A_row), total_repeat_length=A_val.size)
    return jnp.sum(jnp.zeros(x.size).at[rows].add(A_val * x[A_col], indices_are_sorted=True))


def go_fast(a):
    import jax.numpy as jnp

    return jnp.sum(a + jnp.sum(jnp.tanh(jnp.diagonal(a))))


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    import jax.numpy as jnp

    temp = (
        jnp.sin((theta_2 - theta_1) / 2) ** 2 + jnp.cos(theta_1) * jnp.cos(theta_2) * jnp.sin((phi_2 - phi_1) / 2) ** 2
    )
    return jnp.sum(2 * jnp.arctan2(jnp.sqrt(temp), jnp.sqrt(1 - temp)))


def softmax(x):
    import jax
    import jax.numpy as jnp

    return jnp.sum(jax.nn.softmax(x, axis=-1) ** 2)


def mlp(input, w1, b1, w2, b2, w3, b3):
    import jax
    import jax.numpy as jnp

    x = jax.nn.relu(input @ w1 + b1)
    x = jax.nn.relu(x @ w2 + b2)
    return jnp.sum(jax.nn.softmax(x @ w3 + b3, axis=-1) ** 2)


def convolved(input, weights):
    import jax

    return jax.lax.conv_general_dilated(input, weights, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def conv2d(input, weights, bias):
    import jax.numpy as jnp

    return jnp.sum(convolved(input, weights) + bias)


def lenet(input, conv1, conv1bias, conv2, conv2bias, fc1w, fc1b, fc2w, fc2b, fc3w, fc3b, N, C_before_fc1):
    import jax
    import jax.numpy as jnp

    def pooled(x):
        h, w = x.shape[1] // 2, x.shape[2] // 2
        return jnp.max(x[:, : 2 * h, : 2 * w].reshape(x.shape[0], h, 2, w, 2, x.shape[3]), axis=(2, 4))

    x = pooled(jax.nn.relu(convolved(input, conv1) + conv1bias))
    x = pooled(jax.nn.relu(convolved(x, conv2) + conv2bias)).reshape(N, C_before_fc1)
    x = jax.nn.relu(x @ fc1w + fc1b)
    x = jax.nn.relu(x @ fc2w + fc2b)
    return jnp.sum(x @ fc3w + fc3b)


def nbody(mass, pos, vel, Nt, dt, G, softening):
    import jax
    import jax.numpy as jnp

    off = 1.0 - np.eye(pos.shape[0])

    def acc(pos):
        d = pos[None, :, :] - pos[:, None, :]
        inv_r3 = (jnp.sum(d * d, axis=2) + softening**2) ** (-1.5)
        return G * jnp.einsum("ijk,ij,j->ik", d, inv_r3, mass[:, 0])

    def energy(pos, vel):
        d = pos[None, :, :] - pos[:, None, :]
        square = jnp.sum(d * d, axis=2)
        inv_r = off / jnp.sqrt(jnp.where(off > 0.0, square, 1.0))
        return 0.5 * jnp.sum(mass * vel**2) - 0.5 * G * jnp.sum(mass * mass.T * inv_r)

    def step(state, _):
        pos, vel, a = state
        vel = vel + a * dt / 2.0
        pos = pos + vel * dt
        a = acc(pos)
        vel = vel + a * dt / 2.0
        return (pos, vel, a), energy(pos, vel)

    vel = vel - jnp.mean(mass * vel, axis=0) / jnp.mean(mass)
    _, energies = jax.lax.scan(step, (pos, vel, acc(pos)), None, length=Nt)
    return energy(pos, vel) + jnp.sum(energies)


def log_gamma_distribution(a, p):
    from math import lgamma, log, pi

    return 0.25 * p * (p - 1) * log(pi) + sum(lgamma(a - 0.5 * j) for j in range(p))


def mixture(alphas, means, icf, x, gamma, m):
    import jax
    import jax.numpy as jnp

    K, d = means.shape
    n = x.shape[0]
    Qdiags, sum_qs = jnp.exp(icf[:, :d]), jnp.sum(icf[:, :d], axis=1)
    columns, rows = np.triu_indices(d, 1)
    Q = jnp.zeros((K, d, d)).at[:, rows, columns].set(icf[:, d:]) + jax.vmap(jnp.diag)(Qdiags)
    # one product of matrices for all points
    Qx = (x @ Q.reshape(K * d, d).T).reshape(n, K, d) - jnp.einsum("kij,kj->ki", Q, means)
    main_term = alphas + sum_qs - 0.5 * jnp.sum(Qx**2, axis=2)
    slse = jnp.sum(jax.scipy.special.logsumexp(main_term, axis=1))
    prior = 0.5 * gamma * gamma * (jnp.sum(Qdiags**2) + jnp.sum(icf[:, d:] ** 2)) - m * jnp.sum(sum_qs)
    wishart = m + d + 1
    constant = wishart * d * (jnp.log(gamma) - 0.5 * np.log(2.0)) - log_gamma_distribution(0.5 * wishart, d)
    lse_alphas = jax.scipy.special.logsumexp(alphas)
    return -n * d * 0.5 * np.log(2.0 * np.pi) + slse - n * lse_alphas + prior - K * constant


def mixture_of_places(alphas, means, icf, rows, columns, x, gamma, m):
    return mixture(alphas, means, icf, x, gamma, m)


def lstm(main_params, extra_params, state, sequence):
    import jax
    import jax.numpy as jnp

    b = sequence.shape[1]
    weights, biases = main_params[::2].reshape(-1, 4, b), main_params[1::2].reshape(-1, 4, b)

    def step(states, now):
        x, target = now
        x = x * extra_params[0]
        out = []
        for (hidden, cell), w, bias in zip(states, weights, biases):
            forget = jax.nn.sigmoid(x * w[0] + bias[0])
            into = jax.nn.sigmoid(hidden * w[1] + bias[1])
            leave = jax.nn.sigmoid(x * w[2] + bias[2])
            cell = cell * forget + into * jnp.tanh(hidden * w[3] + bias[3])
            x = leave * jnp.tanh(cell)
            out.append((x, cell))
        y = x * extra_params[1] + extra_params[2]
        return out, jnp.sum(target * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))

    states = [(state[i], state[i + 1]) for i in range(0, state.shape[0], 2)]
    _, terms = jax.lax.scan(step, states, (sequence[:-1], sequence[1:]))
    return -jnp.sum(terms) / terms.size / b


def bundle(cams, X, w, obs, feats):
    import jax.numpy as jnp

    cam = cams[obs[:, 0]]
    x = X[obs[:, 1]] - cam[:, 3:6]
    theta = jnp.sqrt(jnp.sum(cam[:, :3] ** 2, axis=1, keepdims=True))
    axis = cam[:, :3] / theta
    along = jnp.sum(axis * x, axis=1, keepdims=True)
    p = x * jnp.cos(theta) + jnp.cross(axis, x) * jnp.sin(theta) + axis * along * (1.0 - jnp.cos(theta))
    uv = p[:, :2] / p[:, 2:]
    rsq = jnp.sum(uv**2, axis=1, keepdims=True)
    bent = uv * (1.0 + cam[:, 9:10] * rsq + cam[:, 10:] * rsq**2)
    errors = w[:, None] * (bent * cam[:, 6:7] + cam[:, 7:9] - feats)
    return jnp.sum(errors**2) + jnp.sum((1.0 - w**2) ** 2)


KERNELS = {
    f.__name__: f
    for f in (
        jacobi_1d, jacobi_2d, heat_3d, seidel_2d, fdtd_2d, hdiff, vadv, gemver, gesummv, atax, bicg, mvt, gemm, k2mm,
        k3mm, syrk, syr2k, symm, trmm, trisolv, cholesky, lu, gramschmidt, durbin, doitgen, covariance, correlation,
        floyd_warshall, spmv, go_fast, arc_distance, softmax, mlp, conv2d, lenet, nbody,
    )
} | {
    "gmm_loops": mixture, "gmm_arrays": mixture_of_places, "adbench_lstm_loops": lstm, "adbench_lstm_arrays": lstm,
    "bundle_loops": bundle, "bundle_arrays": bundle,
}  # fmt: skip
