"""Forward mode, Jacobians and second derivatives over the primal; JAX beside them where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

import srcgrad as sg
from tests.benchmarks import programs
from tests.benchmarks.emitted import network
from tests.benchmarks.timing import fastest, print_table, short

OBSERVATIONS = 1000


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def likelihood(p, X, y):
    """Logistic regression with 20 parameters."""
    z = X @ p
    return np.sum(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0) - y * z)


def residual(camera, point, weight, seen):
    """The reprojection error of one observation of bundle adjustment."""
    a, b, d = camera[0], camera[1], camera[2]
    x, y, z = point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]
    theta = np.sqrt(a * a + b * b + d * d)
    a, b, d, c, s = a / theta, b / theta, d / theta, np.cos(theta), np.sin(theta)
    along = (a * x + b * y + d * z) * (1.0 - c)
    px = x * c + (b * z - d * y) * s + a * along
    py = y * c + (d * x - a * z) * s + b * along
    pz = z * c + (a * y - b * x) * s + d * along
    u, v = px / pz, py / pz
    r2 = u * u + v * v
    distortion = 1.0 + camera[9] * r2 + camera[10] * r2 * r2
    out = np.empty(2)
    out[0] = weight * (camera[6] * distortion * u + camera[7] - seen[0])
    out[1] = weight * (camera[6] * distortion * v + camera[8] - seen[1])
    return out


def bundle() -> tuple[np.ndarray, ...]:
    """Cameras, points, weights and places in pictures, one of each for every observation."""
    rng = np.random.default_rng(0)
    n = OBSERVATIONS
    points = rng.normal(size=(n, 3)) + np.array([0.0, 0.0, 6.0])
    return rng.normal(size=(n, 11)) * 0.3, points, rng.uniform(0.5, 1.5, n), rng.normal(size=(n, 2))


def over_observations(f) -> Callable[..., Any]:
    """Return a compiled loop over all observations of a function that gives one array or three."""

    @njit
    def run(cameras, points, weights, seen):
        total = 0.0
        for k in range(len(weights)):
            total += f(cameras[k], points[k], weights[k], seen[k])[0][0, 0]
        return total

    return run


def bundle_calls() -> dict[str, Callable[[], object]]:
    """The residuals of all observations, and their 2 x 15 Jacobians."""
    given = bundle()
    primal = sg.differentiable(residual)

    @njit
    def values(cameras, points, weights, seen):
        total = 0.0
        for k in range(len(weights)):
            total += primal(cameras[k], points[k], weights[k], seen[k])[0]
        return total

    jacobians = over_observations(sg.jacfwd(residual, argnums=(0, 1, 2)))
    return {"primal": lambda: values(*given), "srcgrad": lambda: jacobians(*given)}


def rows() -> list[tuple[str, dict[str, Callable[[], object]], Callable[[Any], Any] | None]]:
    """Return (what, the calls by name, the same for JAX given its modules)."""
    theta, along = np.array([0.3, 0.1, 1.3, 0.2]), np.array([1.0, -1.0, 0.5, 0.0])
    weights = network(64, 32, 10, 128)
    direction = tuple(np.ones_like(w) if k < 4 else None for k, w in enumerate(weights))
    x = np.linspace(-1.0, 1.0, 100)
    rng = np.random.default_rng(1)
    data = rng.normal(size=20) * 0.1, rng.normal(size=(1000, 20)), rng.integers(0, 2, 1000).astype(float)
    pendulum, mlp = sg.differentiable(programs.pendulum), sg.differentiable(programs.mlp_loss)
    pendulum_jvp, mlp_jvp = sg.jvp(programs.pendulum), sg.jvp(programs.mlp_loss)
    mlp_hvp = sg.hvp(programs.mlp_loss, argnums=(0, 1, 2, 3))
    rosen, hessian = sg.differentiable(rosenbrock), sg.hessian(rosenbrock)
    fit, fit_hessian = sg.differentiable(likelihood), sg.hessian(likelihood)
    return [
        ("pendulum, 1000 steps: jvp", {
            "primal": lambda: pendulum(theta, 1000, 0.01),
            "srcgrad": lambda: pendulum_jvp((theta, 1000, 0.01), (along, None, None))}, None),
        ("mlp, 64-32-10, batch of 128: jvp", {
            "primal": lambda: mlp(*weights), "srcgrad": lambda: mlp_jvp(weights, direction)}, None),
        ("mlp: hvp", {"primal": lambda: mlp(*weights), "srcgrad": lambda: mlp_hvp(weights, direction)}, None),
        ("Rosenbrock, 100 variables: Hessian", {
            "primal": lambda: rosen(x), "srcgrad": lambda: hessian(x)}, lambda jax: jax_hessian(jax, x)),
        ("logistic regression, 20 parameters, 1000 rows: Hessian", {
            "primal": lambda: fit(*data), "srcgrad": lambda: fit_hessian(*data)}, lambda jax: jax_fit(jax, data)),
        (f"bundle adjustment, {OBSERVATIONS} observations: Jacobians 2 x 15", bundle_calls(), jax_bundle),
    ]  # fmt: skip


# ---- the same in JAX


def jax_hessian(jax, x):
    def f(x):
        return jax.numpy.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    made, given = jax.jit(jax.hessian(f)), jax.numpy.asarray(x)
    return lambda: jax.block_until_ready(made(given))


def jax_fit(jax, data):
    def f(p, X, y):
        z = X @ p
        return jax.numpy.sum(jax.nn.softplus(z) - y * z)

    made, given = jax.jit(jax.hessian(f)), tuple(map(jax.numpy.asarray, data))
    return lambda: jax.block_until_ready(made(*given))


def jax_bundle(jax):
    """The faster of the two modes for two results: reverse."""
    jnp = jax.numpy

    def f(camera, point, weight, seen):
        r, x = camera[:3], point - camera[3:6]
        theta = jnp.sqrt(jnp.sum(r**2))
        c, s, axis = jnp.cos(theta), jnp.sin(theta), r / theta
        p = x * c + jnp.cross(axis, x) * s + axis * jnp.dot(axis, x) * (1.0 - c)
        uv = p[:2] / p[2]
        r2 = jnp.sum(uv**2)
        return weight * (camera[6] * (1.0 + camera[9] * r2 + camera[10] * r2**2) * uv + camera[7:9] - seen)

    given = tuple(map(jnp.asarray, bundle()))
    made = jax.jit(jax.vmap(jax.jacrev(f, argnums=(0, 1, 2))))
    return lambda: jax.block_until_ready(made(*given))


def table(seconds: float = 1.0) -> None:
    """Prints it."""
    jax = None
    if importlib.util.find_spec("jax") is not None:
        import jax

        jax.config.update("jax_enable_x64", True)
    lines = []
    for what, calls, rival in rows():
        given = dict(calls)
        if jax is not None and rival is not None:
            given["JAX"] = rival(jax)
        times = fastest(given, seconds)
        beside = f"{times['JAX'] / times['srcgrad']:.2f}" if "JAX" in times else "-"
        ratio = f"{times['srcgrad'] / times['primal']:.1f}"
        lines.append([what, short(times["primal"]), short(times["srcgrad"]), ratio, beside])
    print_table("Derivatives along directions, Jacobians and second derivatives, fastest of many runs",
                ["", "primal", "srcgrad", "srcgrad / primal", "JAX / srcgrad"], lines)  # fmt: skip
