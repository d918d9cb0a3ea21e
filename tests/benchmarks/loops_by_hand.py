"""Value and gradient of every loop kernel, a joint function each, as an expert writes them for numba.

What reverse needs is kept in arrays of exact size, nothing twice; one reciprocal serves all divisions by one number;
adjoints that live for one iteration are scalars.
"""

import math

import numpy as np
from numba import njit


@njit(error_model="numpy")
def thomas(lower, diagonal, upper, rhs):
    n = rhs.size
    c = np.empty(n)
    d = np.empty(n)
    inverse = np.empty(n)
    inverse[0] = 1.0 / diagonal[0]
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        inverse[i] = 1.0 / pivot
        c[i] = upper[i] / pivot
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / pivot
    x = np.empty(n)
    x[n - 1] = d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    out = 0.0
    for i in range(n):
        out += x[i] * x[i]
    c_bar = np.empty(n)
    d_bar = np.empty(n)
    x_bar = 2.0 * x[0]
    for i in range(n - 1):
        d_bar[i] = x_bar
        c_bar[i] = -x[i + 1] * x_bar
        x_bar = 2.0 * x[i + 1] - c[i] * x_bar
    lower_bar = np.empty(n)
    diagonal_bar = np.empty(n)
    upper_bar = np.empty(n)
    rhs_bar = np.empty(n)
    d_next, c_next = x_bar, 0.0
    for i in range(n - 1, 0, -1):
        t = d_next * inverse[i]
        u = c_next * inverse[i]
        pivot_bar = -(d[i] * t + c[i] * u)
        rhs_bar[i] = t
        upper_bar[i] = u
        diagonal_bar[i] = pivot_bar
        lower_bar[i] = -(d[i - 1] * t + c[i - 1] * pivot_bar)
        d_next = d_bar[i - 1] - lower[i] * t
        c_next = c_bar[i - 1] - lower[i] * pivot_bar
    lower_bar[0] = 0.0
    rhs_bar[0] = d_next * inverse[0]
    upper_bar[0] = c_next * inverse[0]
    diagonal_bar[0] = -(d[0] * rhs_bar[0] + c[0] * upper_bar[0])
    return out, (lower_bar, diagonal_bar, upper_bar, rhs_bar)


@njit(error_model="numpy")
def kalman(y, F, h, Q, r, P0):
    n = h.size
    steps = y.size
    m_rec = np.empty((steps + 1, n))
    ahead_rec = np.empty((steps, n))
    FP_rec = np.empty((steps, n, n))
    v_rec = np.empty((steps, n))
    e_rec = np.empty(steps)
    s_rec = np.empty(steps)
    prior_rec = np.empty((steps, n, n))
    P_rec = np.empty((steps + 1, n, n))
    for i in range(n):
        m_rec[0, i] = 0.0
        for j in range(n):
            P_rec[0, i, j] = P0[i, j]
    loglik = 0.0
    for t in range(steps):
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += F[i, j] * m_rec[t, j]
            ahead_rec[t, i] = total
        for i in range(n):
            for j in range(n):
                total = 0.0
                for k in range(n):
                    total += F[i, k] * P_rec[t, k, j]
                FP_rec[t, i, j] = total
        for i in range(n):
            for j in range(n):
                total = Q[i, j]
                for k in range(n):
                    total += FP_rec[t, i, k] * F[j, k]
                prior_rec[t, i, j] = total
        e = y[t]
        s = r
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += prior_rec[t, i, j] * h[j]
            v_rec[t, i] = total
            s += h[i] * total
            e -= h[i] * ahead_rec[t, i]
        e_rec[t] = e
        s_rec[t] = s
        for i in range(n):
            m_rec[t + 1, i] = ahead_rec[t, i] + v_rec[t, i] * e / s
            for j in range(n):
                P_rec[t + 1, i, j] = prior_rec[t, i, j] - v_rec[t, i] * v_rec[t, j] / s
        loglik -= 0.5 * (math.log(2.0 * math.pi * s) + e * e / s)
    F_bar = np.zeros((n, n))
    h_bar = np.zeros(n)
    Q_bar = np.zeros((n, n))
    r_bar = 0.0
    m_bar = np.zeros(n)
    ahead_bar = np.empty(n)
    v_bar = np.empty(n)
    P_bar = np.zeros((n, n))
    prior_bar = np.empty((n, n))
    FP_bar = np.empty((n, n))
    for t in range(steps - 1, -1, -1):
        e = e_rec[t]
        q = 1.0 / s_rec[t]
        s_bar = -0.5 * (q - e * e * q * q)
        e_bar = -e * q
        for i in range(n):
            v_bar[i] = 0.0
        for i in range(n):
            v = v_rec[t, i]
            g = m_bar[i] * q
            e_bar += v * g
            s_bar -= v * e * q * g
            total = e * g
            for j in range(n):
                w = P_bar[i, j] * q
                total -= v_rec[t, j] * w
                v_bar[j] -= v * w
                s_bar += v * v_rec[t, j] * q * w
            v_bar[i] += total
        r_bar += s_bar
        for i in range(n):
            g = v_bar[i] + h[i] * s_bar
            h_bar[i] += v_rec[t, i] * s_bar - ahead_rec[t, i] * e_bar
            ahead_bar[i] = m_bar[i] - h[i] * e_bar
            for j in range(n):
                prior_bar[i, j] = P_bar[i, j] + h[j] * g
                h_bar[j] += prior_rec[t, i, j] * g
        for i in range(n):
            for k in range(n):
                FP_bar[i, k] = 0.0
            for j in range(n):
                g = prior_bar[i, j]
                Q_bar[i, j] += g
                for k in range(n):
                    FP_bar[i, k] += F[j, k] * g
                    F_bar[j, k] += FP_rec[t, i, k] * g
        for i in range(n):
            m_bar[i] = 0.0
            for j in range(n):
                P_bar[i, j] = 0.0
        for i in range(n):
            for k in range(n):
                total = ahead_bar[i] * m_rec[t, k]
                for j in range(n):
                    total += FP_bar[i, j] * P_rec[t, k, j]
                    P_bar[k, j] += F[i, k] * FP_bar[i, j]
                F_bar[i, k] += total
                m_bar[k] += F[i, k] * ahead_bar[i]
    return loglik, (F_bar, h_bar, Q_bar, r_bar)


@njit(error_model="numpy")
def hmm(start, transition, emission, seen):
    states = start.size
    steps = seen.size
    alpha = np.empty((steps, states))
    reached_rec = np.empty((steps, states))
    scale = np.empty(steps)
    total = 0.0
    for i in range(states):
        alpha[0, i] = start[i] * emission[i, seen[0]]
        total += alpha[0, i]
    scale[0] = total
    for i in range(states):
        alpha[0, i] /= total
    loglik = math.log(total)
    for t in range(1, steps):
        total = 0.0
        for j in range(states):
            reached = 0.0
            for i in range(states):
                reached += alpha[t - 1, i] * transition[i, j]
            reached_rec[t, j] = reached
            alpha[t, j] = reached * emission[j, seen[t]]
            total += alpha[t, j]
        scale[t] = total
        for j in range(states):
            alpha[t, j] /= total
        loglik += math.log(total)
    start_bar = np.empty(states)
    transition_bar = np.zeros((states, states))
    emission_bar = np.zeros(emission.shape)
    alpha_bar = np.zeros(states)
    reached_bar = np.empty(states)
    for t in range(steps - 1, 0, -1):
        q = 1.0 / scale[t]
        total_bar = 1.0
        for j in range(states):
            total_bar -= alpha[t, j] * alpha_bar[j]
        total_bar *= q
        seen_t = seen[t]
        for j in range(states):
            new_bar = alpha_bar[j] * q + total_bar
            emission_bar[j, seen_t] += reached_rec[t, j] * new_bar
            reached_bar[j] = emission[j, seen_t] * new_bar
        for i in range(states):
            total = 0.0
            a = alpha[t - 1, i]
            for j in range(states):
                total += transition[i, j] * reached_bar[j]
                transition_bar[i, j] += a * reached_bar[j]
            alpha_bar[i] = total
    q = 1.0 / scale[0]
    total_bar = 1.0
    for i in range(states):
        total_bar -= alpha[0, i] * alpha_bar[i]
    total_bar *= q
    for i in range(states):
        g = alpha_bar[i] * q + total_bar
        start_bar[i] = emission[i, seen[0]] * g
        emission_bar[i, seen[0]] += start[i] * g
    return loglik, (start_bar, transition_bar, emission_bar)


@njit(error_model="numpy")
def garch(theta, returns):
    omega, alpha, beta = theta[0], theta[1], theta[2]
    n = returns.size
    total = 0.0
    for t in range(n):
        total += returns[t] ** 2
    variance = total / n
    rec = np.empty(n)
    loss = 0.0
    for t in range(n):
        rec[t] = variance
        loss += 0.5 * (math.log(variance) + returns[t] ** 2 / variance)
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    omega_bar, alpha_bar, beta_bar, bar = 0.0, 0.0, 0.0, 0.0
    for t in range(n - 1, -1, -1):
        square = returns[t] * returns[t]
        omega_bar += bar
        alpha_bar += square * bar
        beta_bar += rec[t] * bar
        q = 1.0 / rec[t]
        bar = beta * bar + 0.5 * q * (1.0 - square * q)
    return loss, (np.array([omega_bar, alpha_bar, beta_bar]),)


@njit(error_model="numpy")
def n_body(position, velocity, mass, dt, steps):
    n = mass.size
    x_rec = np.empty((steps + 1, n, 3))
    pull_rec = np.empty((steps, n, n))
    v = velocity.copy()
    for i in range(n):
        for k in range(3):
            x_rec[0, i, k] = position[i, k]
    for step in range(steps):
        x = x_rec[step]
        for i in range(n):
            for j in range(i + 1, n):
                dx = x[i, 0] - x[j, 0]
                dy = x[i, 1] - x[j, 1]
                dz = x[i, 2] - x[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                pull = dt / (d2 * math.sqrt(d2))
                pull_rec[step, i, j] = pull
                v[i, 0] -= dx * mass[j] * pull
                v[i, 1] -= dy * mass[j] * pull
                v[i, 2] -= dz * mass[j] * pull
                v[j, 0] += dx * mass[i] * pull
                v[j, 1] += dy * mass[i] * pull
                v[j, 2] += dz * mass[i] * pull
        for i in range(n):
            for k in range(3):
                x_rec[step + 1, i, k] = x[i, k] + dt * v[i, k]
    x = x_rec[steps]
    x_bar = np.zeros((n, 3))
    v_bar = np.empty((n, 3))
    mass_bar = np.zeros(n)
    energy = 0.0
    for i in range(n):
        speed2 = v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2
        energy += 0.5 * mass[i] * speed2
        mass_bar[i] += 0.5 * speed2
        for k in range(3):
            v_bar[i, k] = mass[i] * v[i, k]
        for j in range(i + 1, n):
            dx = x[i, 0] - x[j, 0]
            dy = x[i, 1] - x[j, 1]
            dz = x[i, 2] - x[j, 2]
            near = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
            energy -= mass[i] * mass[j] * near
            mass_bar[i] -= mass[j] * near
            mass_bar[j] -= mass[i] * near
            g = mass[i] * mass[j] * near * near * near
            x_bar[i, 0] += dx * g
            x_bar[i, 1] += dy * g
            x_bar[i, 2] += dz * g
            x_bar[j, 0] -= dx * g
            x_bar[j, 1] -= dy * g
            x_bar[j, 2] -= dz * g
    for step in range(steps - 1, -1, -1):
        x = x_rec[step]
        for i in range(n):
            for k in range(3):
                v_bar[i, k] += dt * x_bar[i, k]
        for i in range(n):
            for j in range(i + 1, n):
                dx = x[i, 0] - x[j, 0]
                dy = x[i, 1] - x[j, 1]
                dz = x[i, 2] - x[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                pull = pull_rec[step, i, j]
                at_i = dx * v_bar[i, 0] + dy * v_bar[i, 1] + dz * v_bar[i, 2]
                at_j = dx * v_bar[j, 0] + dy * v_bar[j, 1] + dz * v_bar[j, 2]
                mass_bar[j] -= at_i * pull
                mass_bar[i] += at_j * pull
                # twice the adjoint of d2
                d2_bar = -3.0 * pull / d2 * (mass[i] * at_j - mass[j] * at_i)
                dx_bar = (mass[i] * v_bar[j, 0] - mass[j] * v_bar[i, 0]) * pull + dx * d2_bar
                dy_bar = (mass[i] * v_bar[j, 1] - mass[j] * v_bar[i, 1]) * pull + dy * d2_bar
                dz_bar = (mass[i] * v_bar[j, 2] - mass[j] * v_bar[i, 2]) * pull + dz * d2_bar
                x_bar[i, 0] += dx_bar
                x_bar[i, 1] += dy_bar
                x_bar[i, 2] += dz_bar
                x_bar[j, 0] -= dx_bar
                x_bar[j, 1] -= dy_bar
                x_bar[j, 2] -= dz_bar
    return energy, (x_bar, v_bar, mass_bar)


@njit(error_model="numpy")
def lstm(W, U, b, xs, targets):
    n, d, steps = U.shape[1], W.shape[1], xs.shape[0]
    h = np.empty((steps + 1, n))
    c = np.empty((steps + 1, n))
    gates = np.empty((steps, 4 * n))
    tanh_c = np.empty((steps, n))
    z = np.empty(4 * n)
    h[0] = 0.0
    c[0] = 0.0
    loss = 0.0
    for t in range(steps):
        for j in range(4 * n):
            total = b[j]
            for k in range(d):
                total += W[j, k] * xs[t, k]
            for k in range(n):
                total += U[j, k] * h[t, k]
            z[j] = total
        for j in range(n):
            into = 1.0 / (1.0 + math.exp(-z[j]))
            keep = 1.0 / (1.0 + math.exp(-z[n + j]))
            out = 1.0 / (1.0 + math.exp(-z[2 * n + j]))
            new = math.tanh(z[3 * n + j])
            gates[t, j] = into
            gates[t, n + j] = keep
            gates[t, 2 * n + j] = out
            gates[t, 3 * n + j] = new
            c[t + 1, j] = keep * c[t, j] + into * new
            tanh_c[t, j] = math.tanh(c[t + 1, j])
            h[t + 1, j] = out * tanh_c[t, j]
            loss += (h[t + 1, j] - targets[t, j]) ** 2
    W_bar = np.zeros(W.shape)
    U_bar = np.zeros(U.shape)
    b_bar = np.zeros(b.shape)
    h_bar = np.zeros(n)
    c_bar = np.zeros(n)
    z_bar = z
    for t in range(steps - 1, -1, -1):
        for j in range(n):
            into, keep, out, new = gates[t, j], gates[t, n + j], gates[t, 2 * n + j], gates[t, 3 * n + j]
            g = h_bar[j] + 2.0 * (h[t + 1, j] - targets[t, j])
            s = tanh_c[t, j]
            cell = c_bar[j] + out * g * (1.0 - s * s)
            z_bar[j] = into * (1.0 - into) * new * cell
            z_bar[n + j] = keep * (1.0 - keep) * c[t, j] * cell
            z_bar[2 * n + j] = out * (1.0 - out) * s * g
            z_bar[3 * n + j] = into * (1.0 - new * new) * cell
            c_bar[j] = keep * cell
            h_bar[j] = 0.0
        for j in range(4 * n):
            g = z_bar[j]
            b_bar[j] += g
            for k in range(d):
                W_bar[j, k] += xs[t, k] * g
            for k in range(n):
                U_bar[j, k] += h[t, k] * g
            for k in range(n):
                h_bar[k] += U[j, k] * g
    return loss, (W_bar, U_bar, b_bar)
