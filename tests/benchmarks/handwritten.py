"""Value and gradient of every benchmark function, a joint function each, as an expert writes them for numba.

`*_restructured` goes beyond the statement-by-statement adjoint: another arrangement of the same numbers,
which a transformer has to find by analysis. It shows what is left to gain.
"""

import math

import numpy as np
from numba import njit


@njit
def gate(x, y, z):
    a = x + y
    b = max(y, z)
    b_bar = a
    if y >= z:
        return a * b, (b, b + b_bar, 0.0)
    return a * b, (b, b, b_bar)


@njit
def pendulum(theta, n, dt):
    x, v, k, c = theta[0], theta[1], theta[2], theta[3]
    x_rec = np.empty(n)
    v_rec = np.empty(n)
    sin_rec = np.empty(n)
    for i in range(n):
        s = math.sin(x)
        x_rec[i] = x
        v_rec[i] = v
        sin_rec[i] = s
        v = v + dt * (-k * s - c * v)
        x = x + dt * v
    x_bar = 2.0 * (x - 1.0)
    v_bar = 0.0
    k_bar = 0.0
    c_bar = 0.0
    for i in range(n - 1, -1, -1):
        v_bar += dt * x_bar
        a_bar = dt * v_bar
        k_bar -= sin_rec[i] * a_bar
        c_bar -= v_rec[i] * a_bar
        x_bar -= k * math.cos(x_rec[i]) * a_bar
        v_bar -= c * a_bar
    theta_bar = np.zeros_like(theta)
    theta_bar[0] = x_bar
    theta_bar[1] = v_bar
    theta_bar[2] = k_bar
    theta_bar[3] = c_bar
    return (x - 1.0) ** 2, (theta_bar,)


@njit
def heat(u0, steps, r):
    n = u0.size
    u = u0.copy()
    new = u0.copy()
    for t in range(steps):
        for i in range(1, n - 1):
            new[i] = u[i] + r * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, n - 1):
            u[i] = new[i]
    out = 0.0
    for i in range(n):
        out += u[i] * u[i]
    u_bar = np.empty(n)
    new_bar = np.zeros(n)
    for i in range(n):
        u_bar[i] = 2.0 * u[i]
    for t in range(steps):
        # new_bar keeps zeros at both ends, so that one gather serves all points within.
        for i in range(1, n - 1):
            new_bar[i] = u_bar[i]
        for i in range(1, n - 1):
            u_bar[i] = (1.0 - 2.0 * r) * new_bar[i] + r * (new_bar[i - 1] + new_bar[i + 1])
        u_bar[0] += r * new_bar[1]
        u_bar[n - 1] += r * new_bar[n - 2]
    return out, (u_bar,)


@njit
def heat_restructured(u0, steps, r):
    n = u0.size
    u = u0.copy()
    new = u0.copy()
    for t in range(steps):
        for i in range(1, n - 1):
            new[i] = u[i] + r * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, new = new, u
    out = 0.0
    for i in range(n):
        out += u[i] * u[i]
    left, right = 2.0 * u[0], 2.0 * u[n - 1]
    bar, other = new, np.zeros(n)
    for i in range(n):
        bar[i] = 2.0 * u[i]
    bar[0] = 0.0
    bar[n - 1] = 0.0
    for t in range(steps):
        left += r * bar[1]
        right += r * bar[n - 2]
        for i in range(1, n - 1):
            other[i] = (1.0 - 2.0 * r) * bar[i] + r * (bar[i - 1] + bar[i + 1])
        bar, other = other, bar
    bar[0] = left
    bar[n - 1] = right
    return out, (bar,)


@njit
def mlp_loss(W1, b1, W2, b2, X, labels, lam):
    rows, hidden, classes = X.shape[0], b1.size, b2.size
    H = np.dot(X, W1)
    for i in range(rows):
        for j in range(hidden):
            H[i, j] = math.tanh(H[i, j] + b1[j])
    S = np.dot(H, W2)
    b2_bar = np.zeros(classes)
    loss = 0.0
    for i in range(rows):
        m = -np.inf
        for c in range(classes):
            S[i, c] += b2[c]
            m = max(m, S[i, c])
        right = S[i, labels[i]]
        total = 0.0
        for c in range(classes):
            S[i, c] = math.exp(S[i, c] - m)
            total += S[i, c]
        loss += m + math.log(total) - right
        # From here on S holds its own adjoint.
        scale = 1.0 / (rows * total)
        for c in range(classes):
            S[i, c] *= scale
        S[i, labels[i]] -= 1.0 / rows
        for c in range(classes):
            b2_bar[c] += S[i, c]
    W2_bar = np.dot(H.T, S)
    penalty = 0.0
    for i in range(hidden):
        for c in range(classes):
            penalty += W2[i, c] * W2[i, c]
            W2_bar[i, c] += 2.0 * lam * W2[i, c]
    Z_bar = np.dot(S, W2.T)
    b1_bar = np.zeros(hidden)
    for i in range(rows):
        for j in range(hidden):
            Z_bar[i, j] *= 1.0 - H[i, j] * H[i, j]
            b1_bar[j] += Z_bar[i, j]
    W1_bar = np.dot(X.T, Z_bar)
    for i in range(W1.shape[0]):
        for j in range(hidden):
            penalty += W1[i, j] * W1[i, j]
            W1_bar[i, j] += 2.0 * lam * W1[i, j]
    return loss / rows + lam * penalty, (W1_bar, b1_bar, W2_bar, b2_bar)


@njit
def cube_root(a, x0):
    x = x0
    x_rec = np.empty(8)
    n = 0
    while True:
        if n == x_rec.size:
            longer = np.empty(2 * n)
            longer[:n] = x_rec
            x_rec = longer
        x_rec[n] = x
        n += 1
        step = (x * x * x - a) / (3.0 * x * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    x_bar = 1.0
    a_bar = 0.0
    for i in range(n - 1, -1, -1):
        t = 1.0 / x_rec[i]
        s = x_bar * t * t * (1.0 / 3.0)
        a_bar += s
        x_bar = 2.0 * (x_bar * (1.0 / 3.0) - a * t * s)
    return x, (a_bar, x_bar)


@njit
def cube_root_restructured(a, x0):
    x = x0
    x_rec = np.empty(8)
    n = 0
    going = True
    # The record grows between runs of the inner loop: inside it would cost a reference count every step.
    while going:
        room = x_rec.size
        while n < room:
            x_rec[n] = x
            n += 1
            step = (x * x * x - a) / (3.0 * x * x)
            x = x - step
            if abs(step) < 1e-12:
                going = False
                break
        if going:
            longer = np.empty(2 * n)
            longer[:n] = x_rec
            x_rec = longer
    x_bar = 1.0
    a_bar = 0.0
    for i in range(n - 1, -1, -1):
        t = 1.0 / x_rec[i]
        s = x_bar * t * t * (1.0 / 3.0)
        a_bar += s
        x_bar = 2.0 * (x_bar * (1.0 / 3.0) - a * t * s)
    return x, (a_bar, x_bar)
