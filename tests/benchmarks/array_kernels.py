"""The array kernels with arguments of every size: PolyBench, NPBench and ADBench as NumPy writes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.benchmarks import adbench_kernels as adbench
from tests.benchmarks import algebra_kernels as algebra
from tests.benchmarks import network_kernels as networks
from tests.benchmarks import physics_kernels as physics
from tests.benchmarks import stencil_kernels as stencils
from tests.random_programs.differences import float_argnums

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Kernel:
    """A function that returns a number, with what makes its arguments for a size."""

    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator, int], Arguments]
    tiny: int
    large: int
    constant: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    def args(self, size: int) -> Arguments:
        """The arguments of a size, the same in every run."""
        return self.arguments(np.random.default_rng(0), size)

    def argnums(self, args: Arguments) -> tuple[int, ...]:
        """Positions of what is differentiated by: all floats but step sizes that have to be constant."""
        return tuple(k for k in float_argnums(args) if k not in self.constant)


def definite(rng: np.random.Generator, n: int) -> np.ndarray:
    """A positive definite matrix."""
    A = rng.random((n, n))
    return A @ A.T + n * np.eye(n)


def arrays(*shapes: Callable[[int], tuple[int, ...]], before: Callable[[int], Arguments] = lambda n: ()):
    """What makes arrays of these shapes behind some numbers."""
    return lambda rng, n: (*before(n), *(rng.random(shape(n)) for shape in shapes))


def square(n: int) -> tuple[int, int]:
    """The shape of a matrix."""
    return n, n


def line(n: int) -> tuple[int]:
    """The shape of a vector."""
    return (n,)


def of_hdiff(rng: np.random.Generator, n: int) -> Arguments:
    """A field with a border of two, the result and coefficients."""
    return rng.random((n + 4, n + 4, n)), rng.random((n, n, n)), rng.random((n, n, n))


def of_vadv(rng: np.random.Generator, n: int) -> Arguments:
    """Fields of the wind in n levels, one of them wider."""
    fields = [rng.random((n + (k == 2), n, n)) for k in range(5)]
    return *fields, 20.0


def of_flow(rng: np.random.Generator, n: int) -> Arguments:
    """Two velocities at a time step that is stable."""
    return 0.1 * rng.random((n, n)), 0.1 * rng.random((n, n)), 0.1 / n, 2.0 / (n - 1), 2.0 / (n - 1)


def of_cavity(rng: np.random.Generator, n: int) -> Arguments:
    """A lid-driven cavity: sizes, steps, velocities, step sizes, pressure, density, viscosity."""
    u, v, dt, dx, dy = of_flow(rng, n)
    steps = 2 if n < 10 else 10
    return n, n, steps, steps, u, v, dt, dx, dy, rng.random((n, n)), 1.0, 0.1


def of_channel(rng: np.random.Generator, n: int) -> Arguments:
    """A channel that is pushed; it ends when the flow changes less than a thousandth in a step."""
    u, v, dt, dx, dy = of_flow(rng, n)
    return (2 if n < 10 else 20), u, v, dt, dx, dy, rng.random((n, n)), 1.0, 0.1, 1.0


def of_bodies(rng: np.random.Generator, n: int) -> Arguments:
    """Masses, places and velocities of n bodies."""
    steps = 2 if n < 10 else 20
    return 20.0 * np.ones((n, 1)) / n, rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), steps, 0.01, 1.0, 0.1


def of_rows(rng: np.random.Generator, n: int) -> Arguments:
    """A sparse matrix of n rows with a tenth of its elements, at least one in a row, and a vector."""
    columns = [np.sort(rng.choice(n, max(1, n // 10), replace=False)) for _ in range(n)]
    starts = np.cumsum([0, *(c.size for c in columns)])
    return starts, np.concatenate(columns), rng.random(starts[-1]), rng.random(n)


def of_scattering(rng: np.random.Generator, n: int) -> Arguments:
    """Neighbours of n atoms, gradients of the Hamiltonian, Green's functions and self energies."""
    near, orbitals, kz, energies, steps = 2, 3, 2, n, 2
    return (
        rng.integers(0, n, (n, near)),
        rng.random((n, near, 3, orbitals, orbitals)),
        rng.random((kz, energies, n, orbitals, orbitals)),
        rng.random((2, steps, n, near, 3, 3)),
        np.zeros((kz, energies, n, orbitals, orbitals)),
    )


def of_fft(rng: np.random.Generator, n: int) -> Arguments:
    """2**n numbers."""
    return 2**n, 2, n, rng.normal(size=2**n), rng.normal(size=2**n)


def of_contour(rng: np.random.Generator, n: int) -> Arguments:
    """Blocks of a Hamiltonian, points and a right-hand side; real, and as many columns as rows."""
    blocks = rng.random((3, n, n))
    blocks[1] += 3.0 * n * np.eye(n)
    return n, n, 2, blocks, rng.uniform(0.5, 1.5, 8), rng.random((n, n))


def of_convolution(rng: np.random.Generator, n: int) -> Arguments:
    """Images of n by n and four (then 16) kernels of 2 by 2."""
    out = 2 if n < 10 else 16
    return rng.random((2, n, n, 3)), rng.random((2, 2, 3, out)), rng.random(out)


def of_lenet(rng: np.random.Generator, n: int) -> Arguments:
    """Images and the weights of two convolutions and three layers."""
    k, a, b = (2, 2, 3) if n < 20 else (5, 6, 16)
    side = ((n - k + 1) // 2 - k + 1) // 2
    before, batch = side * side * b, (2 if n < 20 else 4)
    shapes = [(k, k, 1, a), (a,), (k, k, a, b), (b,), (before, 12), (12,), (12, 8), (8,), (8, 3), (3,)]
    return rng.random((batch, n, n, 1)), *(rng.normal(size=s) for s in shapes), batch, before


def of_resnet(rng: np.random.Generator, n: int) -> Arguments:
    """Images and the weights of a block."""
    wide, narrow = (2, 2) if n < 10 else (16, 8)
    shapes = [(1, 1, wide, narrow), (3, 3, narrow, narrow), (1, 1, narrow, wide)]
    return rng.random((4, n, n, wide)), *(rng.normal(size=s) for s in shapes)


def of_mlp(rng: np.random.Generator, n: int) -> Arguments:
    """Inputs of n and weights of three layers."""
    widths = (n, 2 * n, n, max(2, n // 4))
    layers = [p for a, b in zip(widths, widths[1:]) for p in (rng.normal(size=(a, b)) / math.sqrt(a), np.zeros(b))]
    return rng.normal(size=(n, n)), *layers


def of_mixture(rng: np.random.Generator, n: int, d: int = 10, K: int = 25) -> Arguments:
    """Parameters of a mixture of K Gaussians in d dimensions, n points and the prior."""
    if n < 10:
        d, K = 3, 2
    factors = rng.normal(size=(K, d * (d + 1) // 2))
    return rng.normal(size=K), rng.random((K, d)), factors, rng.normal(size=(n, d)), 1.0, 0


def of_mixture_arrays(rng: np.random.Generator, n: int) -> Arguments:
    """The same with the places of a triangle's elements, by columns."""
    alphas, means, icf, x, gamma, m = of_mixture(rng, n)
    columns, rows = np.triu_indices(means.shape[1], 1)
    return alphas, means, icf, rows, columns, x, gamma, m


def of_lstm(rng: np.random.Generator, n: int) -> Arguments:
    """Parameters of two layers and a sequence of n characters of 14 bits."""
    b, layers = (2 if n < 10 else 14), 2
    shapes = [(2 * layers, 4 * b), (3, b), (2 * layers, b)]
    return *(rng.normal(size=s) for s in shapes), (rng.random((n, b)) > 0.5).astype(float)


def of_bundle(rng: np.random.Generator, n: int) -> Arguments:
    """A few cameras that see n points, once each and a half twice."""
    cams = np.concatenate([rng.uniform(0.1, 0.3, (5, 3)), rng.normal(size=(5, 3)), rng.uniform(0.5, 1.0, (5, 1)),
                           0.1 * rng.normal(size=(5, 4))], axis=1)  # fmt: skip
    seen = n + n // 2
    points = rng.normal(size=(n, 3)) + np.array([0.0, 0.0, 20.0])
    obs = np.stack([rng.integers(0, 5, seen), np.arange(seen) % n], axis=1)
    return cams, points, rng.random(seen), obs, rng.normal(size=(seen, 2))


def wide(n: int) -> tuple[int, ...]:
    """The shape of a matrix with a column more than rows."""
    return n, n + 1


def cube(n: int) -> tuple[int, ...]:
    """The shape of a cube."""
    return n, n, n


KERNELS = (
    Kernel(stencils.jacobi_1d, arrays(line, line, before=lambda n: (max(3, n // 16),)), 6, 4000),
    Kernel(stencils.jacobi_2d, arrays(square, square, before=lambda n: (max(3, n // 10),)), 5, 200),
    Kernel(stencils.heat_3d, arrays(cube, cube, before=lambda n: (max(3, n // 5),)), 4, 50),
    Kernel(stencils.seidel_2d, arrays(square, before=lambda n: (max(3, n // 25),)), 5, 200),
    Kernel(stencils.fdtd_2d, arrays(square, square, square, line, before=lambda n: (max(2, n // 10),)), 4, 200),
    Kernel(stencils.hdiff, of_hdiff, 3, 64),
    Kernel(stencils.vadv, of_vadv, 4, 60),
    Kernel(stencils.adi, lambda rng, n: (max(2, n // 20), n, rng.random((n, n))), 5, 200),
    Kernel(algebra.gemm, arrays(square, square, square, before=lambda n: (1.5, 1.2)), 3, 300),
    Kernel(algebra.k2mm, arrays(square, square, square, square, before=lambda n: (1.5, 1.2)), 3, 250),
    Kernel(algebra.k3mm, arrays(square, square, square, square), 3, 200),
    Kernel(algebra.atax, arrays(square, line), 3, 1500),
    Kernel(algebra.bicg, arrays(square, line, line), 3, 1500),
    Kernel(algebra.mvt, arrays(line, line, line, line, square), 3, 1500),
    Kernel(algebra.gemver, arrays(square, *[line] * 8, before=lambda n: (1.5, 1.2)), 3, 1000),
    Kernel(algebra.gesummv, arrays(square, square, line, before=lambda n: (1.5, 1.2)), 3, 1000),
    Kernel(algebra.syrk, arrays(square, wide, before=lambda n: (1.5, 1.2)), 3, 150),
    Kernel(algebra.syr2k, arrays(square, wide, wide, before=lambda n: (1.5, 1.2)), 3, 120),
    Kernel(algebra.symm, arrays(wide, square, wide, before=lambda n: (1.5, 1.2)), 3, 150),
    Kernel(algebra.trmm, arrays(square, wide, before=lambda n: (1.5,)), 3, 150),
    Kernel(algebra.trisolv, lambda rng, n: (definite(rng, n), rng.random(n), rng.random(n)), 4, 1000),
    Kernel(algebra.lu, lambda rng, n: (definite(rng, n),), 4, 150),
    Kernel(algebra.ludcmp, lambda rng, n: (definite(rng, n), rng.random(n)), 4, 150),
    Kernel(algebra.cholesky, lambda rng, n: (definite(rng, n),), 4, 150),
    Kernel(algebra.gramschmidt, arrays(lambda n: (n + 2, n)), 3, 150),
    Kernel(algebra.durbin, lambda rng, n: (rng.random(n) / n,), 5, 1500),
    Kernel(algebra.doitgen, arrays(lambda n: (n, n + 1, n + 2), lambda n: (n + 2, n + 2)), 2, 60),
    Kernel(algebra.covariance, lambda rng, n: (n, float(n + 2), rng.random((n + 2, n))), 3, 250),
    Kernel(algebra.correlation, lambda rng, n: (n, float(n + 2), rng.random((n + 2, n))), 3, 250),
    Kernel(algebra.floyd_warshall, arrays(square), 4, 150),
    Kernel(algebra.spmv, of_rows, 5, 2000),
    Kernel(physics.deriche, lambda rng, n: (0.25, rng.random((n, n + 1))), 4, 400),
    Kernel(physics.cavity_flow, of_cavity, 5, 60),
    Kernel(physics.channel_flow, of_channel, 5, 40),
    Kernel(physics.nbody, of_bodies, 3, 60),
    Kernel(physics.go_fast, arrays(square), 3, 1500),
    Kernel(physics.arc_distance, arrays(line, line, line, line), 4, 100_000),
    Kernel(physics.azimint_naive, lambda rng, n: (rng.random(n), rng.random(n), max(2, n // 400)), 20, 40_000, (1,)),
    Kernel(physics.azimint_hist, lambda rng, n: (rng.random(n), rng.random(n), max(2, n // 400)), 20, 400_000, (1,)),
    Kernel(physics.scattering_self_energies, of_scattering, 2, 10),
    Kernel(physics.stockham_fft, of_fft, 3, 15),
    Kernel(physics.contour_integral, of_contour, 3, 60),
    Kernel(networks.softmax, arrays(lambda n: (2, 2, n, n)), 3, 300),
    Kernel(networks.mlp, of_mlp, 4, 200),
    Kernel(networks.conv2d, of_convolution, 4, 48),
    Kernel(networks.lenet, of_lenet, 10, 28),
    Kernel(networks.resnet, of_resnet, 4, 14),
    Kernel(adbench.gmm_loops, of_mixture, 3, 1000),
    Kernel(adbench.gmm_arrays, of_mixture_arrays, 3, 1000),
    Kernel(adbench.adbench_lstm_loops, of_lstm, 3, 1024),
    Kernel(adbench.adbench_lstm_arrays, of_lstm, 3, 1024),
    Kernel(adbench.bundle_loops, of_bundle, 4, 20_000),
    Kernel(adbench.bundle_arrays, of_bundle, 4, 20_000),
)
