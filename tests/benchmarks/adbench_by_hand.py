"""Value and gradient of ADBench's objectives, a joint function each, as an expert writes them for numba.

The reverse of a point or of an observation stands behind its forward part in the same loop, so that nothing of it is
kept. The mixture takes points in blocks, whose innermost loop vectorises; the recurrent network keeps its gates and its
states, each once.
"""

import math

import numpy as np
from numba import njit

from tests.benchmarks.adbench_kernels import log_gamma_distribution

expert = njit(error_model="numpy", fastmath={"reassoc", "nsz"})  # sums in any order, as in NumPy's
log_gamma = njit(log_gamma_distribution)

BLOCK = 32


@expert
def centred(points, mean, out):
    """A block of points, by coordinates, less a mean."""
    for i in range(points.shape[0]):
        for p in range(BLOCK):
            out[i, p] = points[i, p] - mean[i]


@expert
def gmm_loops(alphas, means, icf, x, gamma, m):
    K, d = means.shape
    n = x.shape[0]
    Qdiags = np.empty((K, d))
    sum_qs = np.empty(K)
    sum_alphas = 0.0
    for k in range(K):
        sum_alphas += math.exp(alphas[k])
        total = 0.0
        for i in range(d):
            total += icf[k, i]
            Qdiags[k, i] = math.exp(icf[k, i])
        sum_qs[k] = total
    alphas_bar = np.zeros(K)
    means_bar = np.zeros((K, d))
    icf_bar = np.zeros(icf.shape)
    x_bar = np.empty((n, d))
    points = np.empty((d, BLOCK))
    xc = np.empty((d, BLOCK))
    Qxc = np.empty((K, d, BLOCK))
    main_term = np.empty((K, BLOCK))
    largest = np.empty(BLOCK)
    total = np.empty(BLOCK)
    points_bar = np.empty((d, BLOCK))
    bar = np.empty(BLOCK)
    slse = 0.0
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        for i in range(d):
            for p in range(BLOCK):
                points[i, p] = x[start + p, i] if p < size else 0.0
                points_bar[i, p] = 0.0
        for k in range(K):
            centred(points, means[k], xc)
            for p in range(BLOCK):
                main_term[k, p] = alphas[k] + sum_qs[k]
            for i in range(d):
                for p in range(BLOCK):
                    Qxc[k, i, p] = Qdiags[k, i] * xc[i, p]
            at = d
            for j in range(d):
                for i in range(j + 1, d):
                    factor = icf[k, at]
                    for p in range(BLOCK):
                        Qxc[k, i, p] += factor * xc[j, p]
                    at += 1
                for p in range(BLOCK):
                    main_term[k, p] -= 0.5 * Qxc[k, j, p] * Qxc[k, j, p]
        for p in range(BLOCK):
            largest[p] = main_term[0, p]
            total[p] = 0.0
        for k in range(1, K):
            for p in range(BLOCK):
                largest[p] = max(largest[p], main_term[k, p])
        for k in range(K):
            for p in range(BLOCK):
                main_term[k, p] = math.exp(main_term[k, p] - largest[p])
                total[p] += main_term[k, p]
        for p in range(BLOCK):
            if p < size:
                slse += math.log(total[p]) + largest[p]
            total[p] = 1.0 / total[p] if p < size else 0.0
        for k in range(K):
            centred(points, means[k], xc)
            for p in range(BLOCK):
                main_term[k, p] *= total[p]
                alphas_bar[k] += main_term[k, p]
            for i in range(d):
                for p in range(BLOCK):
                    Qxc[k, i, p] *= -main_term[k, p]
            at = d
            for j in range(d):
                dot = 0.0
                for p in range(BLOCK):
                    dot += xc[j, p] * Qxc[k, j, p]
                    bar[p] = Qdiags[k, j] * Qxc[k, j, p]
                icf_bar[k, j] += Qdiags[k, j] * dot
                for i in range(j + 1, d):
                    factor = icf[k, at]
                    dot = 0.0
                    for p in range(BLOCK):
                        dot += xc[j, p] * Qxc[k, i, p]
                        bar[p] += factor * Qxc[k, i, p]
                    icf_bar[k, at] += dot
                    at += 1
                dot = 0.0
                for p in range(BLOCK):
                    points_bar[j, p] += bar[p]
                    dot += bar[p]
                means_bar[k, j] -= dot
        for i in range(d):
            for p in range(size):
                x_bar[start + p, i] = points_bar[i, p]
    prior = 0.0
    gamma_bar = 0.0
    square = gamma * gamma
    for k in range(K):
        frobenius = 0.0
        for i in range(d):
            q = Qdiags[k, i] ** 2
            frobenius += q
            icf_bar[k, i] += alphas_bar[k] - m + square * q
        for i in range(d, icf.shape[1]):
            frobenius += icf[k, i] ** 2
            icf_bar[k, i] += square * icf[k, i]
        prior += 0.5 * square * frobenius - m * sum_qs[k]
        gamma_bar += gamma * frobenius
    for k in range(K):
        alphas_bar[k] -= n * math.exp(alphas[k]) / sum_alphas
    wishart = m + d + 1
    constant = wishart * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma(0.5 * wishart, d)
    gamma_bar -= K * wishart * d / gamma
    value = -n * d * 0.5 * math.log(2.0 * math.pi) + slse - n * math.log(sum_alphas) + prior - K * constant
    return value, (alphas_bar, means_bar, icf_bar, x_bar, gamma_bar)


@expert
def gmm_arrays(alphas, means, icf, rows, columns, x, gamma, m):
    return gmm_loops(alphas, means, icf, x, gamma, m)


@expert
def adbench_lstm_loops(main_params, extra_params, state, sequence):
    layers = state.shape[0] // 2
    n, b = sequence.shape
    gates = np.empty((n - 1, layers, 4, b))
    states = np.empty((n, 2 * layers, b))
    tanhs = np.empty((n - 1, layers, b))
    powers = np.empty((n - 1, b))
    norms = np.empty(n - 1)
    x = np.empty(b)
    y = np.empty(b)
    states[0] = state
    total = 0.0
    for t in range(n - 1):
        for j in range(b):
            x[j] = sequence[t, j] * extra_params[0, j]
        for i in range(layers):
            w = main_params[2 * i]
            bias = main_params[2 * i + 1]
            for j in range(b):
                hidden = states[t, 2 * i, j]
                forget = 1.0 / (1.0 + math.exp(-(x[j] * w[j] + bias[j])))
                into = 1.0 / (1.0 + math.exp(-(hidden * w[b + j] + bias[b + j])))
                out = 1.0 / (1.0 + math.exp(-(x[j] * w[2 * b + j] + bias[2 * b + j])))
                change = math.tanh(hidden * w[3 * b + j] + bias[3 * b + j])
                cell = states[t, 2 * i + 1, j] * forget + into * change
                squashed = math.tanh(cell)
                gates[t, i, 0, j] = forget
                gates[t, i, 1, j] = into
                gates[t, i, 2, j] = out
                gates[t, i, 3, j] = change
                tanhs[t, i, j] = squashed
                states[t + 1, 2 * i + 1, j] = cell
                x[j] = out * squashed
                states[t + 1, 2 * i, j] = x[j]
        norm = 2.0
        for j in range(b):
            y[j] = x[j] * extra_params[1, j] + extra_params[2, j]
            powers[t, j] = math.exp(y[j])
            norm += powers[t, j]
        norms[t] = norm
        log_norm = math.log(norm)
        for j in range(b):
            total += sequence[t + 1, j] * (y[j] - log_norm)
    scale = -1.0 / ((n - 1) * b)
    main_bar = np.zeros(main_params.shape)
    extra_bar = np.zeros(extra_params.shape)
    s_bar = np.zeros(state.shape)
    sequence_bar = np.zeros(sequence.shape)
    x_bar = np.empty(b)
    for t in range(n - 2, -1, -1):
        log_norm = math.log(norms[t])
        aims = 0.0
        for j in range(b):
            aims += sequence[t + 1, j]
        top = states[t + 1, 2 * layers - 2]
        for j in range(b):
            y_j = top[j] * extra_params[1, j] + extra_params[2, j]
            sequence_bar[t + 1, j] += scale * (y_j - log_norm)
            y_bar = scale * (sequence[t + 1, j] - aims * powers[t, j] / norms[t])
            extra_bar[1, j] += top[j] * y_bar
            extra_bar[2, j] += y_bar
            x_bar[j] = extra_params[1, j] * y_bar
        for i in range(layers - 1, -1, -1):
            w = main_params[2 * i]
            w_bar = main_bar[2 * i]
            bias_bar = main_bar[2 * i + 1]
            for j in range(b):
                forget, into = gates[t, i, 0, j], gates[t, i, 1, j]
                out, change = gates[t, i, 2, j], gates[t, i, 3, j]
                hidden, squashed = states[t, 2 * i, j], tanhs[t, i, j]
                below = states[t + 1, 2 * i - 2, j] if i > 0 else sequence[t, j] * extra_params[0, j]
                hidden_bar = s_bar[2 * i, j] + x_bar[j]
                cell_bar = s_bar[2 * i + 1, j] + out * (1.0 - squashed * squashed) * hidden_bar
                f = forget * (1.0 - forget) * states[t, 2 * i + 1, j] * cell_bar
                g = into * (1.0 - into) * change * cell_bar
                o = out * (1.0 - out) * squashed * hidden_bar
                c = into * (1.0 - change * change) * cell_bar
                w_bar[j] += below * f
                w_bar[b + j] += hidden * g
                w_bar[2 * b + j] += below * o
                w_bar[3 * b + j] += hidden * c
                bias_bar[j] += f
                bias_bar[b + j] += g
                bias_bar[2 * b + j] += o
                bias_bar[3 * b + j] += c
                s_bar[2 * i, j] = w[b + j] * g + w[3 * b + j] * c
                s_bar[2 * i + 1, j] = forget * cell_bar
                x_bar[j] = w[j] * f + w[2 * b + j] * o
        for j in range(b):
            sequence_bar[t, j] += extra_params[0, j] * x_bar[j]
            extra_bar[0, j] += sequence[t, j] * x_bar[j]
    return total * scale, (main_bar, extra_bar, s_bar, sequence_bar)


@expert
def bundle_loops(cams, X, w, obs, feats):
    cams_bar = np.zeros(cams.shape)
    X_bar = np.zeros(X.shape)
    w_bar = np.empty(w.size)
    feats_bar = np.empty(feats.shape)
    total = 0.0
    for i in range(obs.shape[0]):
        cam, point = cams[obs[i, 0]], X[obs[i, 1]]
        cam_bar, point_bar = cams_bar[obs[i, 0]], X_bar[obs[i, 1]]
        x0, x1, x2 = point[0] - cam[3], point[1] - cam[4], point[2] - cam[5]
        r0, r1, r2 = cam[0], cam[1], cam[2]
        square = r0 * r0 + r1 * r1 + r2 * r2
        turned = square > 0.0
        theta, inverse, cosine, sine, dot = 0.0, 0.0, 1.0, 0.0, 0.0
        a0, a1, a2 = r0, r1, r2
        if turned:
            theta = math.sqrt(square)
            cosine, sine = math.cos(theta), math.sin(theta)
            inverse = 1.0 / theta
            a0, a1, a2 = r0 * inverse, r1 * inverse, r2 * inverse
            dot = a0 * x0 + a1 * x1 + a2 * x2
            c0, c1, c2 = a1 * x2 - a2 * x1, a2 * x0 - a0 * x2, a0 * x1 - a1 * x0
            along = dot * (1.0 - cosine)
            p0 = x0 * cosine + c0 * sine + a0 * along
            p1 = x1 * cosine + c1 * sine + a1 * along
            p2 = x2 * cosine + c2 * sine + a2 * along
        else:
            c0, c1, c2 = 0.0, 0.0, 0.0
            along = 0.0
            p0, p1, p2 = x0 + r1 * x2 - r2 * x1, x1 + r2 * x0 - r0 * x2, x2 + r0 * x1 - r1 * x0
        depth = 1.0 / p2
        u, v = p0 * depth, p1 * depth
        rsq = u * u + v * v
        bend = 1.0 + cam[9] * rsq + cam[10] * rsq * rsq
        s0 = u * bend * cam[6] + cam[7] - feats[i, 0]
        s1 = v * bend * cam[6] + cam[8] - feats[i, 1]
        e0, e1, e2 = w[i] * s0, w[i] * s1, 1.0 - w[i] * w[i]
        total += e0 * e0 + e1 * e1 + e2 * e2
        w_bar[i] = 2.0 * (e0 * s0 + e1 * s1) - 4.0 * w[i] * e2
        g0, g1 = 2.0 * e0 * w[i], 2.0 * e1 * w[i]
        feats_bar[i, 0], feats_bar[i, 1] = -g0, -g1
        cam_bar[7] += g0
        cam_bar[8] += g1
        through = u * g0 + v * g1
        cam_bar[6] += bend * through
        bend_bar = cam[6] * through
        cam_bar[9] += rsq * bend_bar
        cam_bar[10] += rsq * rsq * bend_bar
        rsq_bar = 2.0 * (cam[9] + 2.0 * cam[10] * rsq) * bend_bar
        q0 = (bend * cam[6] * g0 + u * rsq_bar) * depth
        q1 = (bend * cam[6] * g1 + v * rsq_bar) * depth
        q2 = -(u * q0 + v * q1)
        if turned:
            along_bar = a0 * q0 + a1 * q1 + a2 * q2
            dot_bar = (1.0 - cosine) * along_bar
            t0, t1, t2 = sine * q0, sine * q1, sine * q2
            y0 = cosine * q0 + a0 * dot_bar + t1 * a2 - t2 * a1
            y1 = cosine * q1 + a1 * dot_bar + t2 * a0 - t0 * a2
            y2 = cosine * q2 + a2 * dot_bar + t0 * a1 - t1 * a0
            b0 = along * q0 + x0 * dot_bar + x1 * t2 - x2 * t1
            b1 = along * q1 + x1 * dot_bar + x2 * t0 - x0 * t2
            b2 = along * q2 + x2 * dot_bar + x0 * t1 - x1 * t0
            cosine_bar = x0 * q0 + x1 * q1 + x2 * q2 - dot * along_bar
            sine_bar = c0 * q0 + c1 * q1 + c2 * q2
            theta_bar = cosine * sine_bar - sine * cosine_bar - (a0 * b0 + a1 * b1 + a2 * b2) * inverse
            cam_bar[0] += b0 * inverse + a0 * theta_bar
            cam_bar[1] += b1 * inverse + a1 * theta_bar
            cam_bar[2] += b2 * inverse + a2 * theta_bar
        else:
            y0, y1, y2 = q0 + r2 * q1 - r1 * q2, q1 + r0 * q2 - r2 * q0, q2 + r1 * q0 - r0 * q1
            cam_bar[0] += x1 * q2 - x2 * q1
            cam_bar[1] += x2 * q0 - x0 * q2
            cam_bar[2] += x0 * q1 - x1 * q0
        cam_bar[3] -= y0
        cam_bar[4] -= y1
        cam_bar[5] -= y2
        point_bar[0] += y0
        point_bar[1] += y1
        point_bar[2] += y2
    return total, (cams_bar, X_bar, w_bar, feats_bar)
