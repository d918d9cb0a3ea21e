"""Forward mode, Jacobians and second derivatives over the primal; JAX and CasADi beside them where installed."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from scipy.sparse import csr_array

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


@njit
def blocks(cameras, points, weights, seen):
    """The blocks of the Jacobian for every observation: 2 x 11, 2 x 3 and 2 numbers."""
    n = len(weights)
    by_camera, by_point, by_weight = np.empty((n, 2, 11)), np.empty((n, 2, 3)), np.empty((n, 2))
    for k in range(n):
        by_camera[k], by_point[k], by_weight[k] = residual_jacobian(cameras[k], points[k], weights[k], seen[k])
    return by_camera, by_point, by_weight


residual_primal = sg.differentiable(residual)
residual_jacobian = sg.jacobian(residual, argnums=(0, 1, 2))


@njit
def values(cameras, points, weights, seen):
    """The residuals of all observations."""
    out = np.empty((len(weights), 2))
    for k in range(len(weights)):
        out[k] = residual_primal(cameras[k], points[k], weights[k], seen[k])
    return out


def residuals(cameras, points, weights, seen):
    """The residuals of all observations, of one function of everything."""
    out = np.empty((weights.size, 2))
    for k in range(weights.size):
        out[k] = residual(cameras[k], points[k], weights[k], seen[k])
    return out


def assembled(by_camera, by_point, by_weight):
    """The blocks of all observations as one sparse array."""
    n = len(by_weight)
    whole = np.arange(n)[:, None]
    columns = np.hstack([11 * whole + np.arange(11), 11 * n + 3 * whole + np.arange(3), 14 * n + whole])
    entries = np.concatenate([by_camera, by_point, by_weight[..., None]], axis=2)
    return csr_array((entries.ravel(), np.repeat(columns, 2, axis=0).ravel(), np.arange(0, 30 * n + 1, 15)))


def sample_loss(W1, b1, W2, b2, x, label):
    """The loss of one sample of the perceptron."""
    s = np.tanh(x @ W1 + b1) @ W2 + b2
    m = np.max(s)
    return m + np.log(np.sum(np.exp(s - m))) - s[label]


Calls = dict[str, Callable[[], object]]


def rows() -> list[tuple[str, Calls, dict[str, Callable[[Any], Callable[[], object]]]]]:
    """Return (what, the calls by name, by name of a rival what makes the same for it, given its module)."""
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
    axes = (None, None, None, None, 0, 0)
    samples = sg.vmap(sg.differentiable(sample_loss), axes)
    per_sample = sg.vmap(sg.grad(sample_loss, argnums=(0, 1, 2, 3)), axes)
    given, sparse = bundle(), sg.sparse_jacobian(residuals, argnums=(0, 1, 2))
    return [
        ("pendulum, 1000 steps: jvp", {
            "primal": lambda: pendulum(theta, 1000, 0.01),
            "srcgrad": lambda: pendulum_jvp((theta, 1000, 0.01), (along, None, None))}, {}),
        ("mlp, 64-32-10, batch of 128: jvp", {
            "primal": lambda: mlp(*weights), "srcgrad": lambda: mlp_jvp(weights, direction)}, {}),
        ("mlp: hvp", {
            "primal": lambda: mlp(*weights), "srcgrad": lambda: mlp_hvp(weights, direction)},
            {"JAX": lambda jax: jax_hvp(jax, weights)}),
        ("mlp: gradient of each sample", {
            "primal": lambda: samples(*weights[:6]), "srcgrad": lambda: per_sample(*weights[:6])},
            {"JAX": lambda jax: jax_per_sample(jax, weights[:6])}),
        ("Rosenbrock, 100 variables: Hessian", {
            "primal": lambda: rosen(x), "srcgrad": lambda: hessian(x)}, {"JAX": lambda jax: jax_hessian(jax, x)}),
        ("logistic regression, 20 parameters, 1000 rows: Hessian", {
            "primal": lambda: fit(*data), "srcgrad": lambda: fit_hessian(*data)},
            {"JAX": lambda jax: jax_fit(jax, data)}),
        (f"bundle adjustment, {OBSERVATIONS} observations: blocks 2 x 15", {
            "primal": lambda: values(*given), "srcgrad": lambda: blocks(*given)},
            {"JAX": jax_bundle, "CasADi": lambda casadi: casadi_bundle(casadi, sparse=False)}),
        ("the same as one sparse array, from blocks", {
            "primal": lambda: values(*given), "srcgrad": lambda: assembled(*blocks(*given))},
            {"JAX": lambda jax: jax_bundle(jax, lambda blocks: assembled(*map(np.asarray, blocks))),
             "CasADi": lambda casadi: casadi_bundle(casadi, sparse=True)}),
        ("the same, sparse_jacobian", {
            "primal": lambda: values(*given), "srcgrad": lambda: sparse(*given)}, {}),
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


def jax_network(jax, W1, b1, W2, b2, x):
    return jax.numpy.tanh(x @ W1 + b1) @ W2 + b2


def jax_hvp(jax, weights):
    jnp = jax.numpy
    labels, lam = jnp.asarray(weights[5]), weights[6]

    def f(p, X):
        S = jax_network(jax, *p, X)
        lost = jax.nn.logsumexp(S, axis=1) - S[jnp.arange(S.shape[0]), labels]
        return jnp.mean(lost) + lam * (jnp.sum(p[0] ** 2) + jnp.sum(p[2] ** 2))

    p, X = tuple(map(jnp.asarray, weights[:4])), jnp.asarray(weights[4])
    made = jax.jit(lambda p, X, v: jax.jvp(lambda p: jax.grad(f)(p, X), (p,), (v,))[1])
    return lambda: jax.block_until_ready(made(p, X, p))


def jax_per_sample(jax, given):
    def f(W1, b1, W2, b2, x, label):
        s = jax_network(jax, W1, b1, W2, b2, x)
        return jax.nn.logsumexp(s) - s[label]

    made = jax.jit(jax.vmap(jax.grad(f, argnums=(0, 1, 2, 3)), (None, None, None, None, 0, 0)))
    arrays = tuple(map(jax.numpy.asarray, given))
    return lambda: jax.block_until_ready(made(*arrays))


def jax_bundle(jax, then=lambda blocks: blocks):
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
    return lambda: then(jax.block_until_ready(made(*given)))


# ---- the same in CasADi


def casadi_bundle(casadi, sparse):
    """The blocks of all observations; compiled where there is a compiler, else by its virtual machine."""
    camera, point, weight, seen = (casadi.SX.sym(n, k) for n, k in (("c", 11), ("p", 3), ("w", 1), ("s", 2)))
    r, x = camera[:3], point - camera[3:6]
    theta = casadi.sqrt(casadi.sumsqr(r))
    c, s, axis = casadi.cos(theta), casadi.sin(theta), r / theta
    p = x * c + casadi.cross(axis, x) * s + axis * casadi.dot(axis, x) * (1.0 - c)
    uv = p[:2] / p[2]
    r2 = casadi.sumsqr(uv)
    out = weight * (camera[6] * (1.0 + camera[9] * r2 + camera[10] * r2**2) * uv + camera[7:9] - seen)
    # what it returns is column by column: as blocks of 15 x 2, each observation's stand row by row
    jacobian = casadi.jacobian(out, casadi.vertcat(camera, point, weight)).T
    one = casadi.Function("one", [camera, point, weight, seen], [casadi.densify(jacobian)])
    options = {"jit": True, "compiler": "shell", "jit_options": {"flags": ["-O3", "-march=native"]}}
    symbols = [casadi.MX.sym(n, k, OBSERVATIONS) for n, k in (("c", 11), ("p", 3), ("w", 1), ("s", 2))]
    mapped = [one.map(OBSERVATIONS)(*symbols)]
    every = casadi.Function("every", symbols, mapped, options if shutil.which("gcc") else {})
    given = bundle()  # an observation behind the other, as it wants them
    found = np.empty((OBSERVATIONS, 2, 15))
    buffer, run = every.buffer()  # which copies nothing
    for k, a in enumerate(given):
        buffer.set_arg(k, memoryview(a))
    buffer.set_res(0, memoryview(found))
    kept = every, buffer, given  # what the buffers point to
    if not sparse:
        return lambda: (run(), kept, found)
    return lambda: (run(), kept, assembled(found[..., :11], found[..., 11:14], found[..., 14]))


def table(seconds: float = 1.0) -> None:
    """Prints it."""
    modules = {name: rival(module) for name, module in RIVALS.items()}
    lines = []
    for what, calls, others in rows():
        given = dict(calls)
        given |= {name: make(modules[name]) for name, make in others.items() if modules[name] is not None}
        times = fastest(given, seconds)
        beside = [f"{times[n] / times['srcgrad']:.2f}" if n in times else "-" for n in RIVALS]
        ratio = f"{times['srcgrad'] / times['primal']:.1f}"
        lines.append([what, short(times["primal"]), short(times["srcgrad"]), ratio, *beside])
    print_table("Derivatives along directions, Jacobians and second derivatives, fastest of many runs",
                ["", "primal", "srcgrad", "srcgrad / primal", *(f"{n} / srcgrad" for n in RIVALS)], lines)  # fmt: skip


RIVALS = {"JAX": "jax", "CasADi": "casadi"}


def rival(module: str) -> Any:
    """Return a module where it is installed, else None."""
    if importlib.util.find_spec(module) is None:
        return None
    found = importlib.import_module(module)
    if module == "jax":
        found.config.update("jax_enable_x64", True)
    return found
