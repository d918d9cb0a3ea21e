"""Likelihoods and filters."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def logistic_regression(w, b, X, labels, lam):
    z = X @ w + b
    loss = 0.0
    for i in range(z.size):
        margin = z[i] if labels[i] == 1 else -z[i]
        loss += np.log1p(np.exp(-margin))
    return loss / z.size + lam * np.sum(w * w)


def garch_likelihood(omega, alpha, beta, returns):
    variance = np.mean(returns**2)
    total = 0.0
    for t in range(returns.size):
        total += 0.5 * (math.log(2.0 * math.pi * variance) + returns[t] ** 2 / variance)
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    return total


def kalman_local_level(y, level, p, q, r):
    loglik = 0.0
    for t in range(len(y)):
        p = p + q
        s = p + r
        v = y[t] - level
        gain = p / s
        level = level + gain * v
        p = (1.0 - gain) * p
        loglik -= 0.5 * (np.log(2.0 * np.pi * s) + v * v / s)
    return loglik


def kalman_two_states(y, F, Q, h, r):
    m = np.zeros(2)
    P = np.zeros((2, 2)) + Q
    loglik = 0.0
    for t in range(y.size):
        m = F @ m
        P = F @ P @ F.T + Q
        Ph = P @ h
        s = h @ Ph + r
        v = y[t] - h @ m
        m = m + Ph * (v / s)
        P = P - Ph.reshape(2, 1) * Ph / s
        loglik -= 0.5 * (np.log(s) + v * v / s)
    return loglik


def hmm_forward(start, transition, emission, observed):
    states = start.size
    alpha = np.empty(states)
    new = np.empty(states)
    for s in range(states):
        alpha[s] = start[s] * emission[s, observed[0]]
    loglik = 0.0
    for t in range(1, observed.size):
        norm = 0.0
        for s in range(states):
            total = 0.0
            for r in range(states):
                total += alpha[r] * transition[r, s]
            new[s] = total * emission[s, observed[t]]
            norm += new[s]
        for s in range(states):
            alpha[s] = new[s] / norm
        loglik += math.log(norm)
    return loglik


def gaussian_log_likelihood(x, mu, A):
    n = x.size
    L = np.zeros((n, n))
    z = np.zeros(n)
    half = 0.0
    for i in range(n):
        for j in range(i):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            L[i, j] = s / L[j, j]
        d = A[i, i]
        r = x[i] - mu[i]
        for k in range(i):
            d -= L[i, k] ** 2
            r -= L[i, k] * z[k]
        L[i, i] = math.sqrt(d)
        z[i] = r / L[i, i]
        half += math.log(L[i, i]) + 0.5 * z[i] ** 2
    return -half - 0.5 * n * math.log(2.0 * math.pi)


def poisson_regression(beta, X, counts):
    eta = X @ beta
    return np.sum(np.exp(eta) - counts * eta)


def gaussian_mixture(x, weights, means, log_scales):
    total = 0.0
    for i in range(x.size):
        best = -1e300
        terms = np.empty(means.size)
        for k in range(means.size):
            z = (x[i] - means[k]) / np.exp(log_scales[k])
            terms[k] = weights[k] - log_scales[k] - 0.5 * z * z
            best = max(best, terms[k])
        total += best + np.log(np.sum(np.exp(terms - best)))
    return total - x.size * np.log(np.sum(np.exp(weights)))


def student_t_log_density(x, nu, scale):
    z = x / scale
    return np.sum(-0.5 * (nu + 1.0) * np.log1p(z**2 / nu)) - x.size * np.log(scale)


def autoregressive_residuals(phi, y):
    total = 0.0
    for t in range(phi.size, y.size):
        prediction = 0.0
        for lag in range(phi.size):
            prediction += phi[lag] * y[t - 1 - lag]
        total += (y[t] - prediction) ** 2
    return total / (y.size - phi.size)


def correlation(x, y):
    dx, dy = x - np.mean(x), y - np.mean(y)
    return np.sum(dx * dy) / np.sqrt(np.sum(dx**2) * np.sum(dy**2))


def gaussian_process_kernel(x, length, noise):
    K = np.exp(-0.5 * ((x.reshape(x.size, 1) - x) / length) ** 2)
    for i in range(x.size):
        K[i, i] += noise
    return np.sum(K @ K)


def rows_that_sum_to_one(A):
    """The matrix with every row divided by its sum."""
    return A / A.sum(axis=1, keepdims=True)


COVARIANCE = sample(4, 4) @ sample(4, 4).T + np.eye(4)

CASES = [
    Case(
        logistic_regression,
        (sample(3), 0.2, sample(6, 3, seed=1), np.array([0, 1, 1, 0, 1, 0]), 0.01),
        (0, 1, 2),
    ),
    Case(garch_likelihood, (0.05, 0.1, 0.8, sample(12)), (0, 1, 2)),
    Case(kalman_local_level, (sample(8), 0.0, 1.0, 0.3, 0.5)),
    Case(
        kalman_two_states,
        (
            sample(5),
            np.array([[1.0, 0.1], [-0.2, 0.9]]),
            np.array([[0.3, 0.05], [0.05, 0.2]]),
            sample(2),
            0.4,
        ),
    ),
    Case(
        hmm_forward,
        (
            np.array([0.5, 0.3, 0.2]),
            rows_that_sum_to_one(sample(3, 3, low=0.1)),
            rows_that_sum_to_one(sample(3, 4, seed=1, low=0.1)),
            np.array([0, 3, 1, 2, 2, 0]),
        ),
    ),
    Case(gaussian_log_likelihood, (sample(4, seed=1), sample(4, seed=2), COVARIANCE)),
    Case(poisson_regression, (sample(3), sample(5, 3, seed=1), np.array([0, 2, 1, 4, 1])), (0, 1)),
    Case(gaussian_mixture, (sample(5), sample(3, seed=1), sample(3, seed=2), sample(3, seed=3))),
    Case(student_t_log_density, (sample(6), 4.0, 0.8)),
    Case(autoregressive_residuals, (sample(2), sample(9, seed=1))),
    Case(correlation, (sample(6), sample(6, seed=1))),
    Case(gaussian_process_kernel, (sample(5), 0.7, 0.1)),
]
