"""ADBench's objectives: Gaussian mixture, LSTM and bundle adjustment, as loops and as arrays."""

import math

import numpy as np


def log_gamma_distribution(a, p):
    out = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(p):
        out += math.lgamma(a + 0.5 * (1 - (j + 1)))
    return out


def gmm_loops(alphas, means, icf, x, gamma, m):
    """Log likelihood of a mixture with a Wishart prior; a row of icf: logarithms of a diagonal, a lower triangle."""
    K, d = means.shape
    n = x.shape[0]
    Qdiags = np.empty((K, d))
    sum_qs = np.empty(K)
    for k in range(K):
        total = 0.0
        for i in range(d):
            total += icf[k, i]
            Qdiags[k, i] = math.exp(icf[k, i])
        sum_qs[k] = total
    main_term = np.empty(K)
    xc = np.empty(d)
    slse = 0.0
    for ix in range(n):
        for k in range(K):
            for i in range(d):
                xc[i] = x[ix, i] - means[k, i]
            sqnorm = 0.0
            for i in range(d):
                Qxc = Qdiags[k, i] * xc[i]
                for j in range(i):
                    # the triangle stands by columns
                    Qxc += icf[k, d + j * (2 * d - j - 1) // 2 + i - j - 1] * xc[j]
                sqnorm += Qxc * Qxc
            main_term[k] = alphas[k] + sum_qs[k] - 0.5 * sqnorm
        largest = main_term[0]
        for k in range(1, K):
            largest = max(largest, main_term[k])
        total = 0.0
        for k in range(K):
            total += math.exp(main_term[k] - largest)
        slse += math.log(total) + largest
    total = 0.0
    for k in range(K):
        total += math.exp(alphas[k])
    lse_alphas = math.log(total)
    prior = 0.0
    for k in range(K):
        frobenius = 0.0
        for i in range(d):
            frobenius += Qdiags[k, i] ** 2
        for i in range(d, icf.shape[1]):
            frobenius += icf[k, i] ** 2
        prior += 0.5 * gamma * gamma * frobenius - m * sum_qs[k]
    wishart = m + d + 1
    constant = wishart * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distribution(0.5 * wishart, d)
    return -n * d * 0.5 * math.log(2.0 * math.pi) + slse - n * lse_alphas + prior - K * constant


def gmm_arrays(alphas, means, icf, rows, columns, x, gamma, m):
    """The same; rows and columns: places of a triangle's elements."""
    K, d = means.shape
    n = x.shape[0]
    Qdiags = np.exp(icf[:, :d])
    sum_qs = np.sum(icf[:, :d], axis=1)
    Q = np.zeros((K, d, d))
    Q[:, rows, columns] = icf[:, d:]
    xc = x[:, None, :] - means[None, :, :]
    Qxc = Qdiags * xc + np.einsum("kij,nkj->nki", Q, xc)
    main_term = alphas + sum_qs - 0.5 * np.sum(Qxc**2, axis=2)
    largest = np.max(main_term, axis=1)
    slse = np.sum(np.log(np.sum(np.exp(main_term - largest[:, None]), axis=1)) + largest)
    lse_alphas = np.log(np.sum(np.exp(alphas)))
    prior = 0.5 * gamma * gamma * (np.sum(Qdiags**2) + np.sum(icf[:, d:] ** 2)) - m * np.sum(sum_qs)
    wishart = m + d + 1
    constant = wishart * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distribution(0.5 * wishart, d)
    return -n * d * 0.5 * math.log(2.0 * math.pi) + slse - n * lse_alphas + prior - K * constant


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def adbench_lstm_loops(main_params, extra_params, state, sequence):
    """Mean negative log likelihood of a sequence; two rows of main_params and of state belong to a layer."""
    layers = state.shape[0] // 2
    n = sequence.shape[0]
    b = sequence.shape[1]
    s = state.copy()
    x = np.empty(b)
    y = np.empty(b)
    total = 0.0
    for t in range(n - 1):
        for j in range(b):
            x[j] = sequence[t, j] * extra_params[0, j]
        for i in range(layers):
            for j in range(b):
                forget = 1.0 / (1.0 + math.exp(-(x[j] * main_params[2 * i, j] + main_params[2 * i + 1, j])))
                into = 1.0 / (
                    1.0 + math.exp(-(s[2 * i, j] * main_params[2 * i, b + j] + main_params[2 * i + 1, b + j]))
                )
                out = 1.0 / (
                    1.0 + math.exp(-(x[j] * main_params[2 * i, 2 * b + j] + main_params[2 * i + 1, 2 * b + j]))
                )
                change = math.tanh(s[2 * i, j] * main_params[2 * i, 3 * b + j] + main_params[2 * i + 1, 3 * b + j])
                s[2 * i + 1, j] = s[2 * i + 1, j] * forget + into * change
                s[2 * i, j] = out * math.tanh(s[2 * i + 1, j])
                x[j] = s[2 * i, j]
        norm = 2.0
        for j in range(b):
            y[j] = x[j] * extra_params[1, j] + extra_params[2, j]
            norm += math.exp(y[j])
        log_norm = math.log(norm)
        for j in range(b):
            total += sequence[t + 1, j] * (y[j] - log_norm)
    return -total / ((n - 1) * b)


def lstm_cell(weight, bias, hidden, cell, x):
    b = x.size
    forget = sigmoid(x * weight[:b] + bias[:b])
    into = sigmoid(hidden * weight[b : 2 * b] + bias[b : 2 * b])
    out = sigmoid(x * weight[2 * b : 3 * b] + bias[2 * b : 3 * b])
    change = np.tanh(hidden * weight[3 * b :] + bias[3 * b :])
    cell = cell * forget + into * change
    return out * np.tanh(cell), cell


def adbench_lstm_arrays(main_params, extra_params, state, sequence):
    s = state.copy()
    total = 0.0
    for t in range(sequence.shape[0] - 1):
        x = sequence[t] * extra_params[0]
        for i in range(0, state.shape[0], 2):
            hidden, cell = lstm_cell(main_params[i], main_params[i + 1], s[i], s[i + 1], x)
            s[i] = hidden
            s[i + 1] = cell
            x = hidden
        y = x * extra_params[1] + extra_params[2]
        total += np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2.0)))
    return -total / ((sequence.shape[0] - 1) * sequence.shape[1])


def bundle_loops(cams, X, w, obs, feats):
    """Sum of squared reprojection errors and weight errors; a camera: rotation, centre, focus, middle, distortion."""
    total = 0.0
    for i in range(obs.shape[0]):
        cam = cams[obs[i, 0]]
        point = X[obs[i, 1]]
        x0 = point[0] - cam[3]
        x1 = point[1] - cam[4]
        x2 = point[2] - cam[5]
        r0 = cam[0]
        r1 = cam[1]
        r2 = cam[2]
        square = r0 * r0 + r1 * r1 + r2 * r2
        if square > 0.0:
            theta = math.sqrt(square)
            cosine = math.cos(theta)
            sine = math.sin(theta)
            a0 = r0 / theta
            a1 = r1 / theta
            a2 = r2 / theta
            along = (a0 * x0 + a1 * x1 + a2 * x2) * (1.0 - cosine)
            p0 = x0 * cosine + (a1 * x2 - a2 * x1) * sine + a0 * along
            p1 = x1 * cosine + (a2 * x0 - a0 * x2) * sine + a1 * along
            p2 = x2 * cosine + (a0 * x1 - a1 * x0) * sine + a2 * along
        else:
            p0 = x0 + r1 * x2 - r2 * x1
            p1 = x1 + r2 * x0 - r0 * x2
            p2 = x2 + r0 * x1 - r1 * x0
        u = p0 / p2
        v = p1 / p2
        rsq = u * u + v * v
        bend = 1.0 + cam[9] * rsq + cam[10] * rsq * rsq
        e0 = w[i] * (u * bend * cam[6] + cam[7] - feats[i, 0])
        e1 = w[i] * (v * bend * cam[6] + cam[8] - feats[i, 1])
        e2 = 1.0 - w[i] * w[i]
        total += e0 * e0 + e1 * e1 + e2 * e2
    return total


def bundle_arrays(cams, X, w, obs, feats):
    """The same without the limit of no rotation."""
    cam = cams[obs[:, 0]]
    x = X[obs[:, 1]] - cam[:, 3:6]
    theta = np.sqrt(np.sum(cam[:, :3] ** 2, axis=1, keepdims=True))
    axis = cam[:, :3] / theta
    along = np.sum(axis * x, axis=1, keepdims=True)
    p = x * np.cos(theta) + np.cross(axis, x) * np.sin(theta) + axis * along * (1.0 - np.cos(theta))
    uv = p[:, :2] / p[:, 2:]
    rsq = np.sum(uv**2, axis=1, keepdims=True)
    bent = uv * (1.0 + cam[:, 9:10] * rsq + cam[:, 10:] * rsq**2)
    errors = w[:, None] * (bent * cam[:, 6:7] + cam[:, 7:9] - feats)
    return np.sum(errors**2) + np.sum((1.0 - w**2) ** 2)
