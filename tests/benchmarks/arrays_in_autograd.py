"""Array kernels in HIPS autograd, as its users write them: NumPy under its trace, which allows no stores."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy


def compiled(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Callable[[], Any] | None:
    """A call of the kernel's value and gradient; None where autograd is absent or the kernel is not written for it."""
    if importlib.util.find_spec("autograd") is None or name not in KERNELS:
        return None
    import autograd

    function = autograd.value_and_grad(KERNELS[name], argnum=argnums)
    return lambda: function(*args)


def framed(middle, frame):
    """The middle inside of the frame of another array."""
    import autograd.numpy as np

    for axis in reversed(range(middle.ndim)):
        inside = (slice(1, -1),) * axis
        first, last = frame[(*inside, slice(None, 1))], frame[(*inside, slice(-1, None))]
        middle = np.concatenate([first, middle, last], axis=axis)
    return middle


def jacobi_1d(TSTEPS, A, B):
    import autograd.numpy as np

    for _ in range(1, TSTEPS):
        B = framed(0.33333 * (A[:-2] + A[1:-1] + A[2:]), B)
        A = framed(0.33333 * (B[:-2] + B[1:-1] + B[2:]), A)
    return np.sum(A) + np.sum(B)


def jacobi_2d(TSTEPS, A, B):
    import autograd.numpy as np

    for _ in range(1, TSTEPS):
        B = framed(0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]), B)
        A = framed(0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1]), A)
    return np.sum(A) + np.sum(B)


def heat_3d(TSTEPS, A, B):
    import autograd.numpy as np

    def spread(A):
        middle = A[1:-1, 1:-1, 1:-1]
        around = A[2:, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1] + A[1:-1, 2:, 1:-1] + A[1:-1, :-2, 1:-1]
        return 0.125 * (around + A[1:-1, 1:-1, 2:] + A[1:-1, 1:-1, :-2]) + 0.25 * middle

    for _ in range(1, TSTEPS):
        B = framed(spread(A), B)
        A = framed(spread(B), A)
    return np.sum(A)


def hdiff(in_field, out_field, coeff):
    import autograd.numpy as np

    f = in_field
    lap = 4.0 * f[1:-1, 1:-1] - (f[2:, 1:-1] + f[:-2, 1:-1] + f[1:-1, 2:] + f[1:-1, :-2])
    res = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = np.where(res * (f[2:-1, 2:-2] - f[1:-2, 2:-2]) > 0, 0.0, res)
    res = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = np.where(res * (f[2:-2, 2:-1] - f[2:-2, 1:-2]) > 0, 0.0, res)
    return np.sum(f[2:-2, 2:-2] - coeff * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1]))


def gemver(alpha, beta, A, u1, v1, u2, v2, w, x, y, z):
    import autograd.numpy as np

    A = A + np.outer(u1, v1) + np.outer(u2, v2)
    x = x + beta * np.dot(y, A) + z
    w = w + alpha * np.dot(A, x)
    return np.sum(A) + np.sum(x) + np.sum(w)


def trisolv(L, x, b):
    import autograd.numpy as np
    from autograd.scipy.linalg import solve_triangular

    return np.sum(solve_triangular(L, b, lower=True))


def durbin(r):
    import autograd.numpy as np

    y, alpha, beta = -r[:1], -r[0], 1.0
    for k in range(1, r.shape[0]):
        beta = beta * (1.0 - alpha * alpha)
        alpha = -(r[k] + np.dot(r[:k][::-1], y)) / beta
        y = np.append(y + alpha * y[::-1], alpha)
    return np.sum(y)


def covariance(M, float_n, data):
    import autograd.numpy as np

    data = data - np.mean(data, axis=0)
    return np.sum(np.dot(data.T, data) / (float_n - 1.0))


def floyd_warshall(path):
    import autograd.numpy as np

    for k in range(path.shape[0]):
        path = np.minimum(path, path[:, k, None] + path[None, k, :])
    return np.sum(path)


def spmv(A_row, A_col, A_val, x):
    import autograd.numpy as np

    products = A_val * x[A_col]
    return sum(np.sum(products[a:b]) for a, b in zip(A_row[:-1], A_row[1:], strict=True))


def go_fast(a):
    import autograd.numpy as np

    return np.sum(a + np.sum(np.tanh(np.diag(a))))


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    import autograd.numpy as np

    temp = np.sin((theta_2 - theta_1) / 2) ** 2 + np.cos(theta_1) * np.cos(theta_2) * np.sin((phi_2 - phi_1) / 2) ** 2
    return np.sum(2 * np.arctan2(np.sqrt(temp), np.sqrt(1 - temp)))


def normalised(x):
    import autograd.numpy as np

    out = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return out / np.sum(out, axis=-1, keepdims=True)


def softmax(x):
    import autograd.numpy as np

    return np.sum(normalised(x) ** 2)


def mlp(input, w1, b1, w2, b2, w3, b3):
    import autograd.numpy as np

    x = np.maximum(np.dot(input, w1) + b1, 0.0)
    x = np.maximum(np.dot(x, w2) + b2, 0.0)
    return np.sum(normalised(np.dot(x, w3) + b3) ** 2)


def conv2d(input, weights, bias):
    import autograd.numpy as np

    K, height, width = weights.shape[0], input.shape[1] - weights.shape[0] + 1, input.shape[2] - weights.shape[0] + 1
    out = bias
    for a in range(K):
        for b in range(K):
            out = out + np.dot(input[:, a : a + height, b : b + width], weights[a, b])
    return np.sum(out)


def gmm_arrays(alphas, means, icf, rows, columns, x, gamma, m):
    import autograd.numpy as np
    from autograd.scipy.special import logsumexp, multigammaln

    K, d = means.shape
    n = x.shape[0]
    Qdiags, sum_qs = np.exp(icf[:, :d]), np.sum(icf[:, :d], axis=1)
    places = numpy.zeros((icf.shape[1] - d, d, d))  # there are no stores into Q
    places[numpy.arange(rows.size), rows, columns] = 1.0
    Q = np.einsum("kt,tij->kij", icf[:, d:], places) + Qdiags[:, :, None] * numpy.eye(d)
    Qxc = np.einsum("kij,nkj->nki", Q, x[:, None, :] - means)
    main_term = alphas + sum_qs - 0.5 * np.sum(Qxc**2, axis=2)
    slse = np.sum(logsumexp(main_term, axis=1))
    prior = 0.5 * gamma * gamma * (np.sum(Qdiags**2) + np.sum(icf[:, d:] ** 2)) - m * np.sum(sum_qs)
    wishart = m + d + 1
    constant = wishart * d * (np.log(gamma) - 0.5 * np.log(2.0)) - multigammaln(0.5 * wishart, d)
    return -n * d * 0.5 * np.log(2.0 * np.pi) + slse - n * logsumexp(alphas) + prior - K * constant


def adbench_lstm_arrays(main_params, extra_params, state, sequence):
    import autograd.numpy as np

    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-x))

    b = sequence.shape[1]
    states = [(state[i], state[i + 1]) for i in range(0, state.shape[0], 2)]
    layers = [
        [(w[k * b : (k + 1) * b], bias[k * b : (k + 1) * b]) for k in range(4)]
        for w, bias in ((main_params[i], main_params[i + 1]) for i in range(0, state.shape[0], 2))
    ]
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        x = sequence[t] * extra_params[0]
        for i, ((w0, b0), (w1, b1), (w2, b2), (w3, b3)) in enumerate(layers):
            hidden, cell = states[i]
            cell = cell * sigmoid(x * w0 + b0) + sigmoid(hidden * w1 + b1) * np.tanh(hidden * w3 + b3)
            x = sigmoid(x * w2 + b2) * np.tanh(cell)
            states[i] = x, cell
        y = x * extra_params[1] + extra_params[2]
        total = total + np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2.0)))
    return -total / ((sequence.shape[0] - 1) * b)


def crossed(a, b):
    return a[:, [1, 2, 0]] * b[:, [2, 0, 1]] - a[:, [2, 0, 1]] * b[:, [1, 2, 0]]


def bundle_arrays(cams, X, w, obs, feats):
    import autograd.numpy as np

    cam = cams[obs[:, 0]]
    x = X[obs[:, 1]] - cam[:, 3:6]
    theta = np.sqrt(np.sum(cam[:, :3] ** 2, axis=1, keepdims=True))
    axis = cam[:, :3] / theta
    along = np.sum(axis * x, axis=1, keepdims=True)
    p = x * np.cos(theta) + crossed(axis, x) * np.sin(theta) + axis * along * (1.0 - np.cos(theta))
    uv = p[:, :2] / p[:, 2:]
    rsq = np.sum(uv**2, axis=1, keepdims=True)
    bent = uv * (1.0 + cam[:, 9:10] * rsq + cam[:, 10:] * rsq**2)
    errors = w[:, None] * (bent * cam[:, 6:7] + cam[:, 7:9] - feats)
    return np.sum(errors**2) + np.sum((1.0 - w**2) ** 2)


KERNELS = {
    f.__name__: f
    for f in (
        jacobi_1d, jacobi_2d, heat_3d, hdiff, gemver, trisolv, durbin, covariance, floyd_warshall, spmv, go_fast,
        arc_distance, softmax, mlp, conv2d, gmm_arrays, adbench_lstm_arrays, bundle_arrays,
    )
}  # fmt: skip
