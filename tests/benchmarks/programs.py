"""The functions that are timed, as a user writes them."""

import math

import numpy as np


def gate(x, y, z):
    a = x + y
    b = max(y, z)
    return a * b


def pendulum(theta, n, dt):
    x, v, k, c = theta[0], theta[1], theta[2], theta[3]
    for i in range(n):
        a = -k * math.sin(x) - c * v
        v = v + dt * a
        x = x + dt * v
    return (x - 1.0) ** 2


def heat(u0, steps, r):
    u = u0.copy()
    new = u0.copy()
    for t in range(steps):
        for i in range(1, u.size - 1):
            new[i] = u[i] + r * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, u.size - 1):
            u[i] = new[i]
    return np.sum(u * u)


def mlp_loss(W1, b1, W2, b2, X, labels, lam):
    H = np.tanh(X @ W1 + b1)
    S = H @ W2 + b2
    loss = 0.0
    for i in range(S.shape[0]):
        m = S[i].max()
        loss += m + np.log(np.sum(np.exp(S[i] - m))) - S[i, labels[i]]
    return loss / S.shape[0] + lam * (np.sum(W1 * W1) + np.sum(W2 * W2))


def cube_root(a, x0):
    x = x0
    while True:
        step = (x * x * x - a) / (3.0 * x * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


def three_scalars(x, y, z):
    return math.sin(x) * y + z * z
