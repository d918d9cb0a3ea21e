"""Array kernels in PyTorch, as its users write them: eager, float64 on one thread of the CPU, stores in place kept."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(name: str, args: tuple[Any, ...], argnums: tuple[int, ...]) -> Callable[[], Any] | None:
    """A call of the kernel's value and gradient; None where PyTorch is absent or the kernel is not written for it."""
    if importlib.util.find_spec("torch") is None or name not in KERNELS:
        return None
    import torch

    torch.set_num_threads(1)
    given = [a if isinstance(a, int) else torch.tensor(np.asarray(a)) for a in args]
    leaves = [given[k].requires_grad_() for k in argnums]

    def call():
        value = KERNELS[name](*given)
        return value.item(), torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)

    return call


def jacobi_1d(TSTEPS, A, B):
    A, B = A.clone(), B.clone()
    for _ in range(1, TSTEPS):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])
    return A.sum() + B.sum()


def jacobi_2d(TSTEPS, A, B):
    A, B = A.clone(), B.clone()
    for _ in range(1, TSTEPS):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A[1:-1, 1:-1] = 0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1])
    return A.sum() + B.sum()


def spread_3d(A):
    middle = A[1:-1, 1:-1, 1:-1]
    around = A[2:, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1] + A[1:-1, 2:, 1:-1] + A[1:-1, :-2, 1:-1]
    return 0.125 * (around + A[1:-1, 1:-1, 2:] + A[1:-1, 1:-1, :-2]) + 0.25 * middle


def heat_3d(TSTEPS, A, B):
    A, B = A.clone(), B.clone()
    for _ in range(1, TSTEPS):
        B[1:-1, 1:-1, 1:-1] = spread_3d(A)
        A[1:-1, 1:-1, 1:-1] = spread_3d(B)
    return A.sum()


def fdtd_2d(TMAX, ex, ey, hz, _fict_):
    ex, ey, hz = ex.clone(), ey.clone(), hz.clone()
    for t in range(TMAX):
        ey[0, :] = _fict_[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return ex.sum() + ey.sum() + hz.sum()


def hdiff(in_field, out_field, coeff):
    import torch

    f = in_field
    lap = 4.0 * f[1:-1, 1:-1] - (f[2:, 1:-1] + f[:-2, 1:-1] + f[1:-1, 2:] + f[1:-1, :-2])
    res = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = torch.where(res * (f[2:-1, 2:-2] - f[1:-2, 2:-2]) > 0, 0.0, res)
    res = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = torch.where(res * (f[2:-2, 2:-1] - f[2:-2, 1:-2]) > 0, 0.0, res)
    return (f[2:-2, 2:-2] - coeff * (flx[1:] - flx[:-1] + fly[:, 1:] - fly[:, :-1])).sum()


def gemver(alpha, beta, A, u1, v1, u2, v2, w, x, y, z):
    import torch

    A = A + torch.outer(u1, v1) + torch.outer(u2, v2)
    x = x + beta * y @ A + z
    w = w + alpha * A @ x
    return A.sum() + x.sum() + w.sum()


def trisolv(L, x, b):
    import torch

    return torch.linalg.solve_triangular(L, b[:, None], upper=False).sum()


def cholesky(A):
    import torch

    lower = torch.tril(A)
    L = torch.linalg.cholesky(lower + torch.tril(A, -1).T)
    return L.sum() + torch.triu(A, 1).sum()


def durbin(r):
    import torch

    y, alpha, beta = -r[:1], -r[0], 1.0
    for k in range(1, r.shape[0]):
        beta = beta * (1.0 - alpha * alpha)
        alpha = -(r[k] + torch.dot(torch.flip(r[:k], (0,)), y)) / beta
        y = torch.cat([y + alpha * torch.flip(y, (0,)), alpha[None]])
    return y.sum()


def covariance(M, float_n, data):
    data = data - data.mean(axis=0)
    return (data.T @ data / (float_n - 1.0)).sum()


def floyd_warshall(path):
    import torch

    for k in range(path.shape[0]):
        path = torch.minimum(path, path[:, k, None] + path[k, :])
    return path.sum()


def spmv(A_row, A_col, A_val, x):
    import torch

    rows = torch.repeat_interleave(torch.arange(x.shape[0]), torch.diff(A_row))
    return torch.zeros_like(x).index_add(0, rows, A_val * x[A_col]).sum()


def go_fast(a):
    import torch

    return (a + torch.tanh(torch.diagonal(a)).sum()).sum()


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    import torch

    temp = (
        torch.sin((theta_2 - theta_1) / 2) ** 2
        + torch.cos(theta_1) * torch.cos(theta_2) * torch.sin((phi_2 - phi_1) / 2) ** 2
    )
    return (2 * torch.arctan2(torch.sqrt(temp), torch.sqrt(1 - temp))).sum()


def softmax(x):
    import torch

    return (torch.softmax(x, -1) ** 2).sum()


def mlp(input, w1, b1, w2, b2, w3, b3):
    import torch

    x = torch.relu(input @ w1 + b1)
    x = torch.relu(x @ w2 + b2)
    return (torch.softmax(x @ w3 + b3, -1) ** 2).sum()


def convolved(input, weights, bias):
    """Images with channels first, from weights with channels last."""
    import torch

    return torch.nn.functional.conv2d(input, weights.permute(3, 2, 0, 1), bias)


def conv2d(input, weights, bias):
    return convolved(input.permute(0, 3, 1, 2), weights, bias).sum()


def lenet(input, conv1, conv1bias, conv2, conv2bias, fc1w, fc1b, fc2w, fc2b, fc3w, fc3b, N, C_before_fc1):
    import torch

    x = torch.nn.functional.max_pool2d(torch.relu(convolved(input.permute(0, 3, 1, 2), conv1, conv1bias)), 2)
    x = torch.nn.functional.max_pool2d(torch.relu(convolved(x, conv2, conv2bias)), 2)
    x = x.permute(0, 2, 3, 1).reshape(N, C_before_fc1)
    x = torch.relu(x @ fc1w + fc1b)
    x = torch.relu(x @ fc2w + fc2b)
    return (x @ fc3w + fc3b).sum()


def gmm_arrays(alphas, means, icf, rows, columns, x, gamma, m):
    import torch

    K, d = means.shape
    n = x.shape[0]
    Qdiags, sum_qs = torch.exp(icf[:, :d]), icf[:, :d].sum(1)
    Q = torch.diag_embed(Qdiags)
    Q[:, rows, columns] = icf[:, d:]
    Qxc = torch.einsum("kij,nkj->nki", Q, x[:, None, :] - means)
    main_term = alphas + sum_qs - 0.5 * (Qxc**2).sum(2)
    slse = torch.logsumexp(main_term, 1).sum()
    prior = 0.5 * gamma * gamma * ((Qdiags**2).sum() + (icf[:, d:] ** 2).sum()) - m * sum_qs.sum()
    wishart = m + d + 1
    constant = wishart * d * (torch.log(gamma) - 0.5 * np.log(2.0))
    constant = constant - torch.special.multigammaln(torch.tensor(0.5 * wishart, dtype=torch.float64), d)
    lse_alphas = torch.logsumexp(alphas, 0)
    return -n * d * 0.5 * np.log(2.0 * np.pi) + slse - n * lse_alphas + prior - K * constant


def adbench_lstm_arrays(main_params, extra_params, state, sequence):
    import torch

    b = sequence.shape[1]
    layers = [[w.reshape(4, b) for w in main_params[i : i + 2]] for i in range(0, state.shape[0], 2)]
    states = [(state[i], state[i + 1]) for i in range(0, state.shape[0], 2)]
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        x = sequence[t] * extra_params[0]
        for i, (weight, bias) in enumerate(layers):
            hidden, cell = states[i]
            forget = torch.sigmoid(x * weight[0] + bias[0])
            into = torch.sigmoid(hidden * weight[1] + bias[1])
            out = torch.sigmoid(x * weight[2] + bias[2])
            cell = cell * forget + into * torch.tanh(hidden * weight[3] + bias[3])
            x = out * torch.tanh(cell)
            states[i] = x, cell
        y = x * extra_params[1] + extra_params[2]
        total = total + (sequence[t + 1] * (y - torch.log(torch.exp(y).sum() + 2.0))).sum()
    return -total / ((sequence.shape[0] - 1) * b)


def bundle_arrays(cams, X, w, obs, feats):
    import torch

    cam = cams[obs[:, 0]]
    x = X[obs[:, 1]] - cam[:, 3:6]
    theta = torch.sqrt((cam[:, :3] ** 2).sum(1, keepdim=True))
    axis = cam[:, :3] / theta
    along = (axis * x).sum(1, keepdim=True)
    p = x * torch.cos(theta) + torch.linalg.cross(axis, x) * torch.sin(theta) + axis * along * (1.0 - torch.cos(theta))
    uv = p[:, :2] / p[:, 2:]
    rsq = (uv**2).sum(1, keepdim=True)
    bent = uv * (1.0 + cam[:, 9:10] * rsq + cam[:, 10:] * rsq**2)
    errors = w[:, None] * (bent * cam[:, 6:7] + cam[:, 7:9] - feats)
    return (errors**2).sum() + ((1.0 - w**2) ** 2).sum()


KERNELS = {
    f.__name__: f
    for f in (
        jacobi_1d, jacobi_2d, heat_3d, fdtd_2d, hdiff, gemver, trisolv, cholesky, durbin, covariance, floyd_warshall,
        spmv, go_fast, arc_distance, softmax, mlp, conv2d, lenet, gmm_arrays, adbench_lstm_arrays, bundle_arrays,
    )
}  # fmt: skip
