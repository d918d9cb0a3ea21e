"""Loop kernels as a user writes them; `kernels` times them, a pendulum and Newton's iteration."""

import math

import numpy as np


def thomas(lower, diagonal, upper, rhs):
    n = rhs.size
    c = np.empty(n)
    d = np.empty(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / pivot
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / pivot
    x = np.empty(n)
    x[n - 1] = d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return np.sum(x * x)


def kalman(y, F, h, Q, r, P0):
    n = h.size
    m = np.zeros(n)
    P = P0.copy()
    ahead = np.empty(n)
    FP = np.empty((n, n))
    v = np.empty(n)
    loglik = 0.0
    for t in range(y.size):
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += F[i, j] * m[j]
            ahead[i] = total
        for i in range(n):
            for j in range(n):
                total = 0.0
                for k in range(n):
                    total += F[i, k] * P[k, j]
                FP[i, j] = total
        for i in range(n):
            for j in range(n):
                total = Q[i, j]
                for k in range(n):
                    total += FP[i, k] * F[j, k]
                P[i, j] = total
        e = y[t]
        s = r
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += P[i, j] * h[j]
            v[i] = total
            s += h[i] * total
            e -= h[i] * ahead[i]
        for i in range(n):
            m[i] = ahead[i] + v[i] * e / s
            for j in range(n):
                P[i, j] -= v[i] * v[j] / s
        loglik -= 0.5 * (math.log(2.0 * math.pi * s) + e * e / s)
    return loglik


def hmm(start, transition, emission, seen):
    states = start.size
    alpha = np.empty(states)
    new = np.empty(states)
    total = 0.0
    for i in range(states):
        alpha[i] = start[i] * emission[i, seen[0]]
        total += alpha[i]
    for i in range(states):
        alpha[i] /= total
    loglik = math.log(total)
    for t in range(1, seen.size):
        total = 0.0
        for j in range(states):
            reached = 0.0
            for i in range(states):
                reached += alpha[i] * transition[i, j]
            new[j] = reached * emission[j, seen[t]]
            total += new[j]
        for j in range(states):
            alpha[j] = new[j] / total
        loglik += math.log(total)
    return loglik


def garch(theta, returns):
    omega, alpha, beta = theta[0], theta[1], theta[2]
    variance = np.mean(returns**2)
    loss = 0.0
    for t in range(returns.size):
        loss += 0.5 * (np.log(variance) + returns[t] ** 2 / variance)
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    return loss


def n_body(position, velocity, mass, dt, steps):
    n = mass.size
    x = position.copy()
    v = velocity.copy()
    for step in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = x[i, 0] - x[j, 0]
                dy = x[i, 1] - x[j, 1]
                dz = x[i, 2] - x[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                pull = dt / (d2 * math.sqrt(d2))
                v[i, 0] -= dx * mass[j] * pull
                v[i, 1] -= dy * mass[j] * pull
                v[i, 2] -= dz * mass[j] * pull
                v[j, 0] += dx * mass[i] * pull
                v[j, 1] += dy * mass[i] * pull
                v[j, 2] += dz * mass[i] * pull
        for i in range(n):
            for k in range(3):
                x[i, k] += dt * v[i, k]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * mass[i] * (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2)
        for j in range(i + 1, n):
            dx = x[i, 0] - x[j, 0]
            dy = x[i, 1] - x[j, 1]
            dz = x[i, 2] - x[j, 2]
            energy -= mass[i] * mass[j] / math.sqrt(dx * dx + dy * dy + dz * dz)
    return energy


def lstm(W, U, b, xs, targets):
    n = U.shape[1]
    h = np.zeros(n)
    c = np.zeros(n)
    z = np.empty(4 * n)
    loss = 0.0
    for t in range(xs.shape[0]):
        for j in range(4 * n):
            total = b[j]
            for k in range(xs.shape[1]):
                total += W[j, k] * xs[t, k]
            for k in range(n):
                total += U[j, k] * h[k]
            z[j] = total
        for j in range(n):
            into = 1.0 / (1.0 + math.exp(-z[j]))
            keep = 1.0 / (1.0 + math.exp(-z[n + j]))
            out = 1.0 / (1.0 + math.exp(-z[2 * n + j]))
            c[j] = keep * c[j] + into * math.tanh(z[3 * n + j])
            h[j] = out * math.tanh(c[j])
            loss += (h[j] - targets[t, j]) ** 2
    return loss
