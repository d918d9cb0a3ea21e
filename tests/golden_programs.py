"""Small programs whose derivatives are kept as text in `goldens`, each for a construct of the language."""

import math

import numpy as np
from scipy import special

import srcgrad as sg
from tests.corpus import grids, lectures, loops, nets, physics, rings


def soft_clip(t, limit):
    if t > limit:
        return limit + math.log(1.0 + t - limit)
    return t


def clipped_power(x, w, limit):
    return w * soft_clip(x * x, limit) + soft_clip(w, 2.0 * limit)


def springs(q, k, n):
    e = 0.0
    for i in range(n):
        r = q[i + 1] - q[i]
        if r > 1.0:
            e += k * np.log(r)
        else:
            e += 0.5 * k * (r - 1.0) ** 2
    return e


def huber(theta, x, y, width):
    """Squared errors up to a width, and errors beyond it."""
    total = 0.0
    for i in range(y.shape[0]):
        error = y[i] - theta[0] - theta[1] * x[i]
        if error < 0.0:
            error = -error
        if error <= width:
            cost = 0.5 * error * error
        else:
            cost = width * (error - 0.5 * width)
        total += cost
    return total


def roughness(u):
    """Total variation of an image."""
    down = u[1:, :-1] - u[:-1, :-1]
    right = u[:-1, 1:] - u[:-1, :-1]
    return np.sum(np.sqrt(down**2 + right**2 + 1e-6))


def logistic_growth(start, rate, dt, steps):
    X = np.empty((start.size, steps))
    X[:, 0] = start
    for t in range(1, steps):
        X[:, t] = X[:, t - 1] + dt * rate * X[:, t - 1] * (1.0 - X[:, t - 1])
    return np.mean(X**2)


def packed_forms(L, x):
    s = 0.0
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            r = 0.0
            for j in range(i + 1):
                r += L[i * (i + 1) // 2 + j] * x[n, j]
            s += r * r
    return s


def orbit(r, v, dt, n):
    rs, energies = [r], []
    for _ in range(n):
        v = v - dt * rs[-1] / abs(rs[-1]) ** 3
        rs.append(rs[-1] + dt * v)
        energies.append(0.5 * v * v - 1.0 / abs(rs[-1]))
    return np.sum(np.array(energies) ** 2) + rs[-1]


def reach(lengths, turns):
    angle, x, y = 0.0, 0.0, 0.0
    for i in range(len(turns)):
        angle += turns[i]
        x += lengths[i] * np.cos(angle)
        y += lengths[i] * np.sin(angle)
    return np.sqrt(x * x + y * y)


def product(a):
    p = 1.0
    for i in range(a.size):
        p *= a[i]
    return p


def sines_in_place(a, turns):
    for t in range(turns):
        for i in range(a.shape[0]):
            a[i] = math.sin(a[i])
    return np.sum(a)


def standardised(X, gain, bias):
    centred = X - np.mean(X, axis=0)
    scale = np.sqrt(np.mean(centred**2, axis=0) + 1e-6)
    Z = gain * centred / scale + bias
    return np.sum(Z**2)


def attraction(pos, mass, softening):
    x, y = pos[:, 0:1], pos[:, 1:2]
    distance = np.sqrt((x.T - x) ** 2 + (y.T - y) ** 2 + softening**2)
    return -np.sum(np.triu(mass * mass.T / distance, 1))


def burgers(u, nu, dt, dx, steps):
    for _ in range(steps):
        v = u.copy()
        u[1:-1] = v[1:-1] - v[1:-1] * dt / dx * (v[1:-1] - v[:-2]) + nu * dt / dx**2 * (v[2:] - 2 * v[1:-1] + v[:-2])
    return np.sum(u**2)


def eliminated(A):
    U = A.copy()
    for k in range(len(U)):
        for i in range(k + 1, len(U)):
            U[i, k] /= U[k, k]
            for j in range(k + 1, len(U)):
                U[i, j] -= U[i, k] * U[k, j]
    return np.sum(np.log(np.abs(np.diag(U))))


def covariance(data):
    n, m = data.shape
    data = data - np.mean(data, axis=0)
    cov = np.zeros((m, m))
    for i in range(m):
        cov[i, i:] = cov[i:, i] = data[:, i] @ data[:, i:] / (n - 1)
    return np.sum(cov**2)


def gram(A, k):
    return np.sum((A[:, :k].T @ A[:, :k]) ** 2)


def norm(v):
    return np.sqrt(np.dot(v, v))


def mean_of_words(E, words, u):
    rows = E[words]
    return np.tanh(np.sum(rows, axis=0) @ u)


def both_ways(A, x, y):
    return np.sum(np.tanh(A @ x)) + np.sum(np.tanh(y @ A))


def transported(A, x, n):
    P = A
    for _ in range(n):
        P = A @ P
    return np.sum((P @ x) ** 2)


def halvings(x, low):
    y = 0.0
    while x > low:
        y = x * (1.0 - y)
        x = x * 0.5
    return y


def spread(A):
    return np.max(A) * np.sum(A.max(axis=1) - A.min(axis=1))


def mean_above(x, level):
    high = x[x > level]
    return high.mean() ** 2


def decay_binomial(x, rate, n):
    for _ in sg.checkpoint(range(n), "binomial", slots=4):
        x = x - rate * np.sin(x)
    return x * x


def diffusion_in_stretches(u0, r, n):
    u = u0.copy()
    for _ in sg.checkpoint(range(n), "periodic", every=10):
        for i in range(1, u.size):
            u[i] = u[i] + r * u[i] * (u[i - 1] - u[i])
    return np.sum(u)


def gamma_likelihood(shape, rate, x):
    t = x.size * (shape * np.log(rate) - special.gammaln(shape))
    return t + np.sum(special.xlogy(shape - 1.0, x) - rate * x)


def probit(a, b, dose, died):
    z = a + b * dose
    return -np.sum(died * special.log_ndtr(z) + (1.0 - died) * special.log_ndtr(-z))


def triangular_times(A, B):
    for i in range(B.shape[0]):
        for j in range(B.shape[1]):
            B[i, j] += A[i + 1 :, i] @ B[i + 1 :, j]
    return np.sum(B * B)


def layer_in_loops(W, b, X):
    Y = np.empty((X.shape[0], W.shape[0]))
    for n in range(X.shape[0]):
        for i in range(W.shape[0]):
            z = b[i]
            for j in range(W.shape[1]):
                z += W[i, j] * X[n, j]
            Y[n, i] = np.tanh(z)
    return np.sum(Y * Y)


def orthogonal(A):
    R = np.zeros((A.shape[1], A.shape[1]))
    for k in range(A.shape[1]):
        R[k, k] = np.sqrt(A[:, k] @ A[:, k])
        A[:, k] /= R[k, k]
        for j in range(k + 1, A.shape[1]):
            R[k, j] = A[:, k] @ A[:, j]
            A[:, j] -= A[:, k] * R[k, j]
    return np.sum(R)


def shortest_paths(path):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path, np.add.outer(path[:, k], path[k, :]))
    return np.sum(path)


def cohesion(x):
    energy = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            r2 = 0.0
            for k in range(3):
                d = x[i, k] - x[j, k]
                r2 += d * d
            s6 = 1.0 / r2**3
            energy += 4.0 * (s6 * s6 - s6)
    return energy


def string(u0, c, steps):
    n = u0.size
    u, before = u0.copy(), u0.copy()
    for t in range(steps):
        new = np.zeros(n)
        for i in range(1, n - 1):
            new[i] = 2.0 * u[i] - before[i] + c * u[i] ** 2 * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        before = u
        u = new
    return np.sum(u**2)


def gaussians(x, centres, a):
    return np.sum(np.exp(-a * (x[:, None] - centres) ** 2) * np.exp(x)[:, None] * np.log(centres))


# name -> (function, arguments, positions differentiated)
PROGRAMS = {
    "gate": (lectures.gate, (1.0, 2.0, 0.0), (0, 1, 2)),
    "neuron": (lectures.regression_neuron, (0.5, -1.0, 2.0, 1.0, 0.1), (0, 1)),
    "pendulum": (physics.pendulum, (np.array([0.3, 0.1, 1.3, 0.2]), 40, 0.05), (0,)),
    "heat": (physics.heat_two_buffers, (np.sin(np.linspace(0.0, 3.0, 9)), 5, 0.2), (0,)),
    "mlp": (
        nets.mlp_loss,
        (
            np.linspace(-0.6, 0.5, 12).reshape(3, 4),
            np.linspace(-0.1, 0.2, 4),
            np.linspace(-0.9, 0.8, 8).reshape(4, 2),
            np.array([0.1, -0.2]),
            np.linspace(-1.0, 1.0, 15).reshape(5, 3),
            np.array([0, 1, 1, 0, 1]),
            0.01,
        ),
        (0, 1, 2, 3),
    ),
    "cube_root": (loops.cube_root, (2.0, 1.5), (0,)),
    "springs": (springs, (np.array([0.0, 0.7, 2.2, 2.5]), 1.3, 3), (0, 1)),
    "reach": (reach, (np.array([1.5, 1.0, 0.5]), np.array([0.3, -0.8, 1.1])), (0, 1)),
    "product": (product, (np.array([1.5, -0.4, 0.9]),), (0,)),
    "sines_in_place": (sines_in_place, (np.array([0.3, 1.4, -0.8]), 3), (0,)),
    "standardised": (
        standardised,
        (np.linspace(-1.0, 2.0, 12).reshape(4, 3) ** 2, np.array([1.0, 0.5, 2.0]), np.array([0.1, 0.2, -0.3])),
        (0, 1, 2),
    ),
    "attraction": (
        attraction,
        (np.array([[0.3, -1.0], [1.5, 0.4], [-0.7, 0.9]]), np.array([[1.0], [0.5], [2.0]]), 0.1),
        (0, 1, 2),
    ),
    "covariance": (covariance, (np.array([[0.3, -1.0], [1.5, 0.4], [-0.7, 0.9]]),), (0,)),
    "gram": (gram, (np.array([[0.3, -1.0, 0.2], [1.5, 0.4, 0.8]]), 2), (0,)),
    "norm": (norm, (np.array([0.6, -0.8, 2.0]),), (0,)),
    "transported": (
        transported,
        (np.array([[0.3, -1.0], [1.5, 0.4]]), np.array([0.6, -0.8]), 3),
        (0, 1),
    ),
    "both_ways": (
        both_ways,
        (np.array([[0.3, -1.0, 0.2], [1.5, 0.4, 0.8]]), np.array([0.6, -0.8, 2.0]), np.array([1.1, 0.7])),
        (0, 1, 2),
    ),
    "mean_of_words": (
        mean_of_words,
        (np.linspace(-0.5, 0.6, 10).reshape(5, 2), np.array([4, 1, 4]), np.array([0.3, -0.7])),
        (0, 2),
    ),
    "mean_above": (mean_above, (np.array([0.3, 1.4, -0.2, 2.5]), 0.2), (0,)),
    "halvings": (halvings, (0.9, 0.05), (0,)),
    "decay_binomial": (decay_binomial, (1.2, 0.1, 9), (0, 1)),
    "diffusion_in_stretches": (diffusion_in_stretches, (np.array([1.0, 0.4, 0.2]), 0.3, 12), (0,)),
    "huber": (huber, (np.array([0.1, 0.8]), np.array([0.0, 1.0, 2.0]), np.array([0.3, 0.2, 4.0]), 1.0), (0,)),
    "roughness": (roughness, (np.sin(np.arange(12.0)).reshape(3, 4),), (0,)),
    "clipped_power": (clipped_power, (1.6, 0.8, 0.7), (0, 1)),
    "gamma_likelihood": (gamma_likelihood, (1.7, 0.8, np.array([0.3, 1.1, 2.6])), (0, 1)),
    "probit": (probit, (-1.0, 0.7, np.array([0.5, 1.0, 2.0, 4.0]), np.array([0.0, 0.0, 1.0, 1.0])), (0, 1)),
    "spread": (spread, (np.array([[0.3, -1.0, 2.0], [1.5, 0.4, 1.1]]),), (0,)),
    "triangular_times": (
        triangular_times,
        (np.linspace(-0.6, 0.5, 9).reshape(3, 3), np.linspace(-0.4, 0.9, 6).reshape(3, 2)),
        (0, 1),
    ),
    "layer_in_loops": (
        layer_in_loops,
        (np.linspace(-0.6, 0.5, 6).reshape(3, 2), np.array([0.1, -0.3, 0.2]), np.linspace(-0.4, 0.9, 8).reshape(4, 2)),
        (0, 1, 2),
    ),
    "orthogonal": (orthogonal, (np.array([[1.0, 0.3, -0.2], [0.4, 1.5, 0.1], [-0.3, 0.2, 0.8]]),), (0,)),
    "cohesion": (cohesion, (np.array([[0.0, 0.1, 0.9], [1.1, 0.3, -0.2], [0.2, 1.2, 0.1], [0.9, 1.0, 1.1]]),), (0,)),
    "gaussians": (gaussians, (np.array([0.3, -1.0, 0.2]), np.array([1.5, 0.4]), 0.7), (0, 1, 2)),
    "burgers": (burgers, (np.array([1.0, 1.4, 0.8, 1.9, 1.2]), 0.07, 0.02, 0.3, 3), (0, 1, 2, 3)),
    "eliminated": (eliminated, (np.array([[2.0, 0.3, -0.2], [0.4, 1.5, 0.1], [-0.3, 0.2, 1.8]]),), (0,)),
    "string": (string, (np.array([0.0, 0.4, 0.9, 0.3, 0.0]), 0.3, 3), (0, 1)),
    "spins": (rings.energy_of_spins, (np.array([[0.3, -1.0, 0.4], [1.5, 0.4, -0.2]]), 0.7, 0.2), (0, 1)),
    "torus": (rings.waves_on_a_torus, (np.array([[0.3, 1.0, 0.4], [1.5, 0.4, 0.2]]), 0.1, 3), (0,)),
    "logistic_growth": (logistic_growth, (np.array([0.1, 0.4, 0.7]), np.array([1.1, 0.9, 0.3]), 0.2, 5), (0, 1, 2)),
    "packed_forms": (packed_forms, (np.linspace(-0.6, 1.1, 6), np.array([[0.3, -1.0, 2.0], [1.5, 0.4, 1.1]])), (0, 1)),
    "orbit": (orbit, (1.0, 0.4, 0.1, 4), (0, 1, 2)),
    "plate": (grids.plate, (np.linspace(-0.6, 1.1, 20).reshape(4, 5), 0.2, 2), (0, 1)),
    "new_plate": (grids.a_new_plate, (np.linspace(-0.6, 1.1, 20).reshape(4, 5), 0.2, 2), (0,)),
    "shortest_paths": (shortest_paths, (np.array([[0.5, 3.1, 1.2], [0.7, 0.4, 2.9], [1.4, 0.6, 0.3]]),), (0,)),
}
# what is generated with an optimisation switched off
WITHOUT = (
    ("standardised", "joins"),
    ("triangular_times", "columns"),
    ("huber", "choices"),
    ("roughness", "kept rows"),
    ("triangular_times", "trip arrays"),
    ("pendulum", "transcendentals"),
    ("reach", "pairs"),
    ("shortest_paths", "tests"),
    ("layer_in_loops", "loop products"),
    ("springs", "upward"),
    ("heat", "first"),
    ("heat", "gather"),
    ("heat", "scratch"),
    ("string", "adjoint joins"),
    ("new_plate", "handed back"),
    ("plate", "frames"),
    ("heat", "interiors"),
    ("orthogonal", "scalars"),
    ("standardised", "split"),
    ("springs", "one pass"),
    ("orthogonal", "from zero"),
    ("triangular_times", "sums"),
    ("mean_above", "in place"),
    ("covariance", "products"),
    ("gram", "rows"),
    ("spins", "additions"),
    ("torus", "ends"),
    ("string", "rebind"),
    ("sines_in_place", "records"),
    ("spins", "turns"),
    ("both_ways", "sweeps"),
    ("burgers", "workspaces"),
    ("transported", "small products"),
    ("packed_forms", "repeated checks"),
    ("logistic_growth", "levels"),
    ("orbit", "list lengths"),
)
PAIRS = ("neuron", "heat")
TANGENTS = ("neuron", "springs", "cube_root", "sines_in_place", "mlp")
