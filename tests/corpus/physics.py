"""Mechanics and fields: time steps, energies, wave and heat equations."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def pendulum(theta, n, dt):
    x, v, k, c = theta[0], theta[1], theta[2], theta[3]
    for i in range(n):
        a = -k * math.sin(x) - c * v
        v = v + dt * a
        x = x + dt * v
    return (x - 1.0) ** 2


def gravitational_energy(position, mass, softening):
    n = mass.size
    e = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            r2 = softening * softening
            for k in range(3):
                d = position[i, k] - position[j, k]
                r2 += d * d
            e -= mass[i] * mass[j] / math.sqrt(r2)
    return e


def n_body_steps(position, velocity, mass, dt, steps):
    n = mass.size
    force = np.zeros((n, 2))
    for t in range(steps):
        force[:, :] = 0.0
        for i in range(n):
            for j in range(n):
                if i != j:
                    dx = position[j, 0] - position[i, 0]
                    dy = position[j, 1] - position[i, 1]
                    r2 = dx * dx + dy * dy + 0.05
                    w = mass[j] / (r2 * math.sqrt(r2))
                    force[i, 0] += w * dx
                    force[i, 1] += w * dy
        velocity += dt * force
        position += dt * velocity
    return np.sum(position**2)


def heat_two_buffers(u0, steps, r):
    u = u0.copy()
    new = u0.copy()
    for t in range(steps):
        for i in range(1, u.size - 1):
            new[i] = u[i] + r * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, u.size - 1):
            u[i] = new[i]
    return np.sum(u * u)


def nonlinear_heat(u, k, dt, steps):
    for t in range(steps):
        conductivity = k * (1.0 + 0.1 * u**2)
        flux = -0.5 * (conductivity[1:] + conductivity[:-1]) * (u[1:] - u[:-1])
        u[1:-1] -= dt * (flux[1:] - flux[:-1])
    return np.sum(u**2)


def lorenz(x, y, z, sigma, rho, beta, dt, n):
    for _ in range(n):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x, y, z = x + dt * dx, y + dt * dy, z + dt * dz
    return x * x + y * y + z * z


def verlet_oscillator(x0, v0, omega, dt, n):
    x = np.empty(n + 1)
    x[0] = x0
    x[1] = x0 + dt * v0 - 0.5 * dt**2 * omega**2 * x0
    for i in range(1, n):
        x[i + 1] = 2.0 * x[i] - x[i - 1] - dt * dt * omega * omega * x[i]
    return x[n] ** 2 + 0.1 * np.sum(x)


def wave_equation(u, c, dt, dx, steps):
    old = u.copy()
    new = np.zeros_like(u)
    r = (c * dt / dx) ** 2
    for t in range(steps):
        for i in range(1, u.size - 1):
            new[i] = 2.0 * u[i] - old[i] + r * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        for i in range(u.size):
            old[i] = u[i]
            u[i] = new[i]
    return np.sum(u[2:5] ** 2)


def runge_kutta_predator_prey(prey, predator, rates, dt, n):
    for _ in range(n):
        k1 = prey * (rates[0] - rates[1] * predator)
        l1 = predator * (rates[2] * prey - rates[3])
        p, q = prey + 0.5 * dt * k1, predator + 0.5 * dt * l1
        k2 = p * (rates[0] - rates[1] * q)
        l2 = q * (rates[2] * p - rates[3])
        prey += dt * k2
        predator += dt * l2
    return prey - predator


def lennard_jones(r, epsilon, sigma, cutoff):
    energy = 0.0
    for i in range(r.size):
        if r[i] > cutoff:
            continue
        s6 = (sigma / r[i]) ** 6
        energy += 4.0 * epsilon * (s6 * s6 - s6)
    return energy


def burgers_upwind(u, dt, dx, steps):
    for t in range(steps):
        before = u.copy()
        for i in range(1, u.size - 1):
            if before[i] > 0.0:
                slope = (before[i] - before[i - 1]) / dx
            else:
                slope = (before[i + 1] - before[i]) / dx
            u[i] = before[i] - dt * before[i] * slope
    return np.sum(u * u)


def projectile_with_bounces(v, angle, restitution, dt, n):
    x, y = 0.0, 1.0
    vx, vy = v * math.cos(angle), v * math.sin(angle)
    for i in range(n):
        vy -= 9.81 * dt
        x += vx * dt
        y += vy * dt
        if y < 0.0:
            y = -restitution * y
            vy = -restitution * vy
    return x + 0.1 * y


def radiating_plate(u0, source, d, k, steps):
    """Stencils through a scalar, beside a term of the place itself."""
    u, new = u0.copy(), u0.copy()
    for t in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                spread = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                new[i, j] = u[i, j] + d * spread - k * u[i, j] ** 4 + source[i, j]
        u, new = new, u
    return np.sum(u**2)


def gray_scott(u, v, feed, kill, steps):
    """Two fields on a ring of slices: each one's stencil, and what they do to each other."""
    for t in range(steps):
        reaction = u[1:-1] * v[1:-1] ** 2
        left = u[1:-1] + 0.2 * (u[:-2] - 2.0 * u[1:-1] + u[2:]) - reaction + feed * (1.0 - u[1:-1])
        right = v[1:-1] + 0.1 * (v[:-2] - 2.0 * v[1:-1] + v[2:]) + reaction - (feed + kill) * v[1:-1]
        u[1:-1] = left
        v[1:-1] = right
    return np.sum(u * v)


def burgers_equation(u, nu, dt, dx, steps):
    u = u.copy()
    for _ in range(steps):
        v = u.copy()
        u[1:-1] = v[1:-1] - v[1:-1] * dt / dx * (v[1:-1] - v[:-2]) + nu * dt / dx**2 * (v[2:] - 2 * v[1:-1] + v[:-2])
    return np.sum(u**2)


def waves_in_a_medium(u0, c, dt, h, steps):
    u, before = u0.copy(), u0.copy()
    n, m = u.shape
    for _ in range(steps):
        new = np.zeros((n, m))
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                lap = u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4 * u[i, j]
                new[i, j] = 2 * u[i, j] - before[i, j] + (c[i, j] * dt / h) ** 2 * lap
        before = u
        u = new
    return np.sum(u**2)


def diffusion_in_a_medium(T, kappa, dt, h, steps):
    for _ in range(steps):
        flux_x = 0.5 * (kappa[1:, :] + kappa[:-1, :]) * (T[1:, :] - T[:-1, :]) / h
        flux_y = 0.5 * (kappa[:, 1:] + kappa[:, :-1]) * (T[:, 1:] - T[:, :-1]) / h
        T = T.copy()
        T[1:-1, 1:-1] += dt / h * (flux_x[1:, 1:-1] - flux_x[:-1, 1:-1] + flux_y[1:-1, 1:] - flux_y[1:-1, :-1])
    return np.sum(T**2)


def heat_with_a_moving_pressure(p, b, dx, dy, steps):
    p = p.copy()
    for _ in range(steps):
        q = p.copy()
        p[1:-1, 1:-1] = ((q[1:-1, 2:] + q[1:-1, :-2]) * dy**2 + (q[2:, 1:-1] + q[:-2, 1:-1]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 1:-1]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
    return np.sum(p**2)


CASES = [
    Case(burgers_equation, (sample(7), 0.07, 0.02, 0.3, 3)),
    Case(waves_in_a_medium, (sample(5, 4), sample(5, 4, seed=1), 0.2, 0.7, 3)),
    Case(diffusion_in_a_medium, (sample(4, 5), sample(4, 5, seed=1, low=0.5), 0.1, 0.8, 2)),
    Case(heat_with_a_moving_pressure, (sample(5, 4), sample(5, 4, seed=1), 0.4, 0.6, 2)),
    Case(pendulum, (np.array([0.3, 0.1, 1.3, 0.2]), 40, 0.05)),
    Case(gravitational_energy, (sample(4, 3), sample(4, seed=1, low=0.5), 0.1)),
    Case(n_body_steps, (sample(3, 2), sample(3, 2, seed=1), sample(3, seed=2, low=0.5), 0.05, 4)),
    Case(heat_two_buffers, (np.sin(np.linspace(0.0, 3.0, 12)), 6, 0.2)),
    Case(nonlinear_heat, (sample(8), 0.7, 0.1, 4)),
    Case(lorenz, (1.0, 0.5, 20.0, 10.0, 28.0, 8.0 / 3.0, 0.005, 12)),
    Case(verlet_oscillator, (0.8, -0.3, 1.9, 0.1, 15)),
    Case(wave_equation, (sample(9), 0.9, 0.05, 0.1, 6)),
    Case(runge_kutta_predator_prey, (1.2, 0.7, np.array([1.1, 0.4, 0.3, 0.5]), 0.1, 10)),
    Case(lennard_jones, (sample(6, low=0.95, high=2.8), 0.7, 1.0, 2.2)),
    Case(burgers_upwind, (sample(8), 0.02, 0.1, 5)),
    Case(radiating_plate, (sample(5, 6), sample(5, 6, seed=1), 0.1, 0.05, 3)),
    Case(gray_scott, (sample(7), sample(7, seed=1), 0.04, 0.06, 3)),
    Case(projectile_with_bounces, (3.0, 0.6, 0.8, 0.03, 30)),
]
