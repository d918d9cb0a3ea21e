"""The loop kernels in JAX: value and gradient under jit, lax.scan over time, float64 on one thread."""

import numpy as np


def pendulum(theta, n, dt):
    import jax

    def step(state, _):
        x, v = state
        v = v + dt * (-theta[2] * jax.numpy.sin(x) - theta[3] * v)
        return (x + dt * v, v), None

    (x, _), _ = jax.lax.scan(step, (theta[0], theta[1]), None, length=n)
    return (x - 1.0) ** 2


def thomas(lower, diagonal, upper, rhs):
    import jax
    import jax.numpy as jnp

    def down(before, row):
        c, d = before
        a, b, u, r = row
        pivot = b - a * c
        now = u / pivot, (r - a * d) / pivot
        return now, now

    def up(after, row):
        c, d = row
        x = d - c * after
        return x, x

    first = upper[0] / diagonal[0], rhs[0] / diagonal[0]
    _, (c, d) = jax.lax.scan(down, first, (lower[1:], diagonal[1:], upper[1:], rhs[1:]))
    c, d = jnp.append(first[0], c), jnp.append(first[1], d)
    _, x = jax.lax.scan(up, d[-1], (c[:-1], d[:-1]), reverse=True)
    return jnp.sum(x * x) + d[-1] ** 2


def kalman(y, F, h, Q, r, P0):
    import jax
    import jax.numpy as jnp

    def step(state, seen):
        m, P = state
        m = F @ m
        P = F @ P @ F.T + Q
        v = P @ h
        e = seen - h @ m
        s = h @ v + r
        P = P - jnp.outer(v, v) / s
        return (m + v * (e / s), P), 0.5 * (jnp.log(2.0 * np.pi * s) + e * e / s)

    _, terms = jax.lax.scan(step, (jnp.zeros(h.size), P0), y)
    return -jnp.sum(terms)


def hmm(start, transition, emission, seen):
    import jax
    import jax.numpy as jnp

    def step(alpha, t):
        new = (alpha @ transition) * emission[:, t]
        total = jnp.sum(new)
        return new / total, jnp.log(total)

    alpha = start * emission[:, seen[0]]
    total = jnp.sum(alpha)
    _, terms = jax.lax.scan(step, alpha / total, seen[1:])
    return jnp.log(total) + jnp.sum(terms)


def garch(theta, returns):
    import jax
    import jax.numpy as jnp

    def step(variance, seen):
        return theta[0] + theta[1] * seen**2 + theta[2] * variance, variance

    _, variances = jax.lax.scan(step, jnp.mean(returns**2), returns)
    return jnp.sum(0.5 * (jnp.log(variances) + returns**2 / variances))


def n_body(position, velocity, mass, dt, steps):
    import jax
    import jax.numpy as jnp

    i, j = np.triu_indices(mass.size, 1)

    def step(state, _):
        x, v = state
        d = x[i] - x[j]
        d2 = jnp.sum(d * d, axis=1)
        pull = dt / (d2 * jnp.sqrt(d2))
        v = v.at[i].add(-d * (mass[j] * pull)[:, None]).at[j].add(d * (mass[i] * pull)[:, None])
        return (x + dt * v, v), None

    (x, v), _ = jax.lax.scan(step, (position, velocity), None, length=steps)
    d = x[i] - x[j]
    return 0.5 * jnp.sum(mass[:, None] * v**2) - jnp.sum(mass[i] * mass[j] / jnp.sqrt(jnp.sum(d * d, axis=1)))


def lstm(W, U, b, xs, targets):
    import jax
    import jax.numpy as jnp

    def step(state, now):
        h, c = state
        x, target = now
        into, keep, out, new = jnp.split(W @ x + U @ h + b, 4)
        c = jax.nn.sigmoid(keep) * c + jax.nn.sigmoid(into) * jnp.tanh(new)
        h = jax.nn.sigmoid(out) * jnp.tanh(c)
        return (h, c), jnp.sum((h - target) ** 2)

    zero = jnp.zeros(U.shape[1])
    _, terms = jax.lax.scan(step, (zero, zero), (xs, targets))
    return jnp.sum(terms)


KERNELS = {f.__name__: f for f in (pendulum, thomas, kalman, hmm, garch, n_body, lstm)}
