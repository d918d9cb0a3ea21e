"""Complex numbers inside of functions of real ones: oscillations, circuits, waves, spectra, quantum mechanics."""

import cmath
import math
from dataclasses import dataclass

import numpy as np

from tests.corpus.case import Case, sample


def phasors(k, x):
    s = 0.0
    for i in range(len(x)):
        z = np.exp(1j * k * x[i])
        s += (z * z.conjugate()).real * x[i] + z.imag
    return s


def escape(cr, ci):
    c = complex(cr, ci)
    z = 0
    for _ in range(5):
        z = z * z + c
    return abs(z)


def impedance(R, L, C, w):
    Z = R + 1j * w * L + 1 / (1j * w * C)
    return abs(1 / Z) + cmath.phase(Z)


def of_arrays(x, y):
    z = x + 1j * y
    w = np.exp(-z) * (2 - 1j) / (1 + z)
    return np.sum(np.abs(w) ** 2) + np.sum(w).real + np.mean(w * x).imag


def parts_are_new(x):
    z = x + 0j
    w = z.conj()
    z *= 2.0
    w[0] = 1j
    z.imag = x
    z.real[1] = 5.0
    return np.sum(z.real * x + z.imag * w.imag + w.real)


def written_by_elements(x):
    out = np.zeros(len(x), dtype=complex)
    for i in range(len(x)):
        out[i] = x[i] * np.exp(1j * i)
    out[1:] += out[:-1] * 2j
    out[::2] *= x[::2] - 0.5j
    out *= 1.5 - 0.5j
    out[0] /= 2j
    out -= x
    return np.sum(out.real**2 - out.imag) + abs(out[0])


def turned_and_sliced(A):
    Z = A + 1j * A.T[::-1]
    row = Z[1, ::-1]
    B = Z.T[:, 1:] * row[None, 1:]
    return np.sum(B.imag * B.real) + np.sum(abs(Z[0]) ** 2) + Z.shape[0] * B.ndim


def quadratic_roots(a, b):
    d = cmath.sqrt(b * b - 4 * a)
    first, second = (-b + d) / 2, (-b - d) / 2
    return abs(first) + second.imag + (first * second).real


def roots_on_the_axes(w, c):
    k = np.sqrt(1j * w)
    return (k * np.exp(-k)).real + np.sqrt(c + 0j).real + cmath.sqrt(-c).imag


def sums_over_exponentials(x):
    n = len(x)
    t = 0.0
    for k in range(n):
        s = 0j
        for j in range(n):
            s += x[j] * cmath.exp(-2j * math.pi * k * j / n)
        t += abs(s) ** 1.5
    return t


def matrices(A, x):
    M = A + 1j * A.T
    v = M @ x
    w = x @ M + np.dot(M, v).conj()
    return np.vdot(v, v).real + np.linalg.norm(M @ (x * 1j)) + np.sum(w).imag + np.trace(M @ M).real


def solved(A, x):
    M = A + 2j * np.eye(3)
    return np.sum(np.abs(np.linalg.solve(M, x + 0j))) + np.linalg.inv(M)[0, 1].imag


def two_levels(t, detuning):
    H = np.array([[detuning, t + 2j], [t - 2j, -detuning]])
    psi = np.array([1.0, 0j])
    for _ in range(3):
        psi = psi - 0.1j * (H @ psi)
        psi = psi / np.sqrt(np.sum(np.abs(psi) ** 2))
    return (np.conj(psi) @ (H @ psi)).real + abs(psi[1]) ** 2 + psi[0].imag


def thin_film(n, d, wavelength):
    M = np.eye(2, dtype=complex)
    for k in range(len(n)):
        phase = 2 * np.pi * n[k] * d[k] / wavelength
        layer = np.array([[np.cos(phase), 1j * np.sin(phase) / n[k]], [1j * n[k] * np.sin(phase), np.cos(phase)]])
        M = M @ layer
    top = M[0, 0] + 1.5 * M[0, 1] - M[1, 0] - 1.5 * M[1, 1]
    bottom = M[0, 0] + 1.5 * M[0, 1] + M[1, 0] + 1.5 * M[1, 1]
    return abs(top / bottom) ** 2


def heston_call(kappa, theta, sigma, rho, v0):
    """A call by the characteristic function of Heston (1993), by the trapezoidal rule."""
    total, du, T, x = 0.0, 0.5, 1.0, 0.05
    for k in range(1, 12):
        u = k * du
        xi = kappa - sigma * rho * 1j * u
        d = np.sqrt(xi**2 + sigma**2 * (u**2 + 1j * u))
        g = (xi + d) / (xi - d)
        C = kappa * theta / sigma**2 * ((xi + d) * T - 2 * np.log((1 - g * np.exp(d * T)) / (1 - g)))
        D = (xi + d) / sigma**2 * (1 - np.exp(d * T)) / (1 - g * np.exp(d * T))
        total += (np.exp(C + D * v0 + 1j * u * x) / (1j * u)).real * du
    return total


def transfer_function(b, a, w):
    H = 0.0
    for k in range(len(w)):
        z = np.exp(-1j * w[k])
        num, den = 0, 1
        for i in range(len(b)):
            num += b[i] * z**i
        for i in range(len(a)):
            den += a[i] * z ** (i + 1)
        H += np.log(abs(num / den))
    return H


def complex_in_a_branch(x, y):
    z = x
    if x > y:
        z = 1j * y
    w = z * 2 if y > 0 else 1j
    return abs(z + w) ** 2 + (z.real if x > 0 else z.imag)


def functions_of_complex(x, y):
    z = complex(x, y)
    w = np.sin(z) + np.cos(z) * np.tan(z / 3) - np.sinh(z) / np.cosh(z) + np.tanh(z)
    w = w + np.log(z) + z ** (1.5 + 0.5j) + z**-2 + 2**z + z**0.5 + z**3 + cmath.rect(x, y) + np.square(z)
    r, angle = cmath.polar(w)
    return w.real + 0.3 * w.imag + r * angle + np.angle(w)


def callee(z, w):
    return z * w - 1j, abs(z)


def through_callees(x, y):
    z = x + 1j * y
    a, r = callee(z, x)
    b, q = callee(a, z)
    pair = (a, (b, r))
    return pair[1][0].real + pair[0].imag * q + pair[1][1]


@dataclass
class Wave:
    """An amplitude and a wave number."""

    amplitude: complex
    k: float

    def at(self, x):
        """The value at a place."""
        return self.amplitude * np.exp(1j * self.k * x)


def sum_of_waves(a, k, x):
    waves = [Wave(a + 1j, k), Wave(2 - 1j * a, 2 * k)]
    field = sum(w.at(x) for w in waves)
    return np.sum(np.abs(field) ** 2)


def loops_over_arrays(x):
    zs = np.exp(1j * x) * x
    total = 0
    for i, z in enumerate(zs):
        total += z * i
    for z, y in zip(zs[1:], x[:-1]):
        total -= z.conjugate() * y
    return abs(total) + len(zs)


def put_together(x):
    z = np.concatenate((x + 1j, np.ones(2), 1j * x[:2]))
    w = np.stack([z[:3], z[3:6]])
    z = np.where(z.real > 0.2, z, 1j * x[0])
    return np.sum(abs(w) ** 2) + np.sum(np.roll(z, 1) * z).imag + np.einsum("ij,kj->ik", w, w)[0, 1].real


def of_the_form_of_others(x):
    z = x * 1j
    size = np.zeros_like(z, dtype=float)
    for i in range(len(z)):
        size[i] = abs(z[i]) * i
    other = np.full_like(z, 2 - 1j) + np.ones_like(z, float) * x + np.ones_like(z)
    return np.sum(size * x) + np.sum(other * z).real


def power_of_zero(x):
    z = complex(x, 0.0)
    return (z**2 + 3 * z + 1).real + abs(z * (1 + 1j)) ** 2


def powers_known_in_a_loop(x, p):
    z, total = complex(x, 0.0), 0j
    for k in range(4):
        total += (k + 1) * z**k + (z + 2.0) ** (-k)
    return total.real + (z**p).real + (z**2.0).real


def right_side_that_binds(x):
    z, s = 1j * x, x * 1.0
    s += (s := 5.0 * x)
    return s + z.imag


def spectrum(x):
    X = np.fft.fft(x)
    power = np.abs(X) ** 2 / len(x)
    return np.sum(power * np.arange(len(x)))


def low_pass(x):
    X = np.fft.rfft(x)
    f = np.fft.rfftfreq(len(x), 0.1)
    y = np.fft.irfft(X * np.exp(-0.5 * f), n=len(x))
    return np.sum(y**3)


def split_step(psi0, V, dt):
    """Schroedinger's equation by the split-step method."""
    psi = psi0 + 0j
    k = 2 * np.pi * np.fft.fftfreq(len(psi0), 0.5)
    for _ in range(3):
        psi *= np.exp(-0.5j * dt * V)
        psi = np.fft.ifft(np.exp(-0.5j * dt * k**2) * np.fft.fft(psi))
        psi *= np.exp(-0.5j * dt * V)
    return np.sum(np.abs(psi) ** 2 * V) + psi[1].real


def heat_on_a_torus(a, t):
    F = np.fft.fft2(a)
    k2 = np.fft.fftfreq(a.shape[0])[:, None] ** 2 + np.fft.fftfreq(a.shape[1])[None, :] ** 2
    u = np.fft.ifft2(F * np.exp(-t * k2)).real
    return np.sum(u**2 * a)


def lengths_and_norms(x):
    a = np.fft.fft(x, n=8, norm="ortho")
    b = np.fft.ifft(a[:6], norm="forward")
    c = np.fft.irfft(b, norm="ortho")
    d = np.fft.rfft(np.outer(x, x), axis=0, n=3) + np.fft.fft2(np.outer(x, x), s=(2, len(x)))[:2]
    d += np.fft.rfft2(np.outer(x, x), s=(2, 2 * len(x) - 1))
    d *= np.fft.irfft2(d, s=(2, len(x)))
    return np.sum(c**2) + np.sum(np.abs(np.fft.fftshift(b)) * np.arange(6)) + np.sum(np.abs(d))


def halves_of_two_axes(a):
    return np.sum(np.fft.irfft2(np.fft.rfft2(a) * 1j, axes=(0, 1)) ** 3) + abs(np.fft.fftn(a)[1, 1])


def convolved(x, h):
    n = len(x) + len(h) - 1
    y = np.fft.ifft(np.fft.fft(x, n) * np.fft.fft(h, n))
    return np.sum(y.real**2) + np.max(np.abs(y.imag)) * 0.0


def envelope(x):
    """The magnitude of the analytic signal."""
    n = len(x)
    X = np.fft.fft(x)
    X[1 : n // 2] *= 2
    X[n // 2 + 1 :] = 0
    return np.sum(np.abs(np.fft.ifft(X)) * np.arange(n))


def rows_of_spectra(A):
    total = 0.0
    for row in A:
        total += np.sum(np.abs(np.fft.rfft(row * np.hanning(len(row)))) ** 2 * np.arange(len(row) // 2 + 1))
    return total + np.sum(np.abs(np.fft.fft(A, axis=0)) ** 3)


def energy_bands(t, phase):
    energy = 0.0
    for k in (0.1, 1.9):
        hop = t * np.exp(1j * k)
        H = np.array([[0.3, hop + phase * 1j, 0], [0, 1.1, np.conj(hop)], [0.2j, 0, -0.4]])
        w = np.linalg.eigvalsh(H + H.conj().T)
        energy += w[0] * w[2] ** 2 + w[1]
    return energy


def lists_of_complex(x):
    zs = [x * 1j, 2.0 + x]
    zs[0] *= 2
    zs[0] += x
    rows = {"a": np.ones(2) * 1j * x}
    rows["a"] *= x
    rows["a"][1] = 2
    ws = []
    for k in range(4):
        ws.append(np.exp(1j * k * x) * (k + 1))
    W = np.array(ws)
    ws[1] = 2j * x
    sizes = abs(sum(zs)) + abs(sum(ws)) + np.sum(np.abs(rows["a"]) ** 2)
    return sizes + np.sum(W * W).imag + ws[1].imag + np.mean(ws).real


def circuit_of_gates(angles):
    X, Z, one = np.array([[0, 1], [1, 0]], dtype=complex), np.diag([1.0 + 0j, -1]), np.eye(2)
    psi = np.zeros(4, dtype=complex)
    psi[0] = 1
    for angle in angles:
        turn = math.cos(angle / 2) * one - 1j * math.sin(angle / 2) * X
        psi = np.kron(turn, one) @ np.kron(one, turn) @ psi
        psi = np.array([psi[0], psi[1], psi[3], psi[2]])
    H = np.kron(Z, Z) + 0.5 * np.kron(X, one)
    return (psi.conj() @ H @ psi).real


def korteweg_de_vries(u, dt):
    n, t = len(u), 0.0
    k = 2 * np.pi * np.fft.fftfreq(n, 1.0 / n)
    turn = 1e-4j * k**3

    def slope(v, t):
        return -0.5j * k * np.exp(-t * turn) * np.fft.fft(np.real(np.fft.ifft(np.exp(t * turn) * v)) ** 2) * 0.01

    v = np.fft.fft(u)
    for _ in range(3):
        a = dt * slope(v, t)
        b = dt * slope(v + a / 2, t + dt / 2)
        v = v + (a + 2 * b) / 3
        t += dt
    return np.sum(np.real(np.fft.ifft(np.exp(t * turn) * v)) ** 3)


def adaptive_filter(x, wanted, rate):
    w, total = np.zeros(3, dtype=np.complex128), 0.0
    for n in range(3, len(x)):
        u = x[n - 3 : n][::-1] * np.exp(0.3j * n)
        e = wanted[n] - np.vdot(w, u)
        w = w + rate * u * np.conj(e)
        total += abs(e) ** 2
    return total


def wave(x):
    return np.exp(1j * x)


def waves(x):
    return wave(x), wave(2.0 * x)


def of_callees_alone(x, y):
    overlap = np.vdot(wave(x), waves(y)[1]).imag * np.sum(np.abs(wave(x) + 1.0))
    sums = np.cumsum(wave(x))[2].imag + np.array([wave(x[0]), wave(y[1])]).sum().real
    return overlap + sums + np.linalg.norm(wave(x) + 2.0) + np.array([v * v for v in wave(y)]).sum().real


def lists_in_functions(x, y):
    a, b = [x[0] + 1j, y[0] * 2j], [y[1] + 1j, x[0] * 2j]
    total = np.sum(np.exp(a)).imag + np.dot(a, b).real + np.outer(a, b).imag.sum() + np.abs(np.fft.fft(a))[1]
    total += np.sum(x[:2] * a).real + np.sum(a + np.ones(2)).imag + np.power(a, 2).real.sum()
    return total + np.linalg.norm([x[0] + 1j, y[0]]) + abs((y * [np.exp(1j * t) for t in x]).sum())


def pages_as_they_stand(x, y):
    z = x + 1j * y
    total = np.average(z, weights=y).imag + np.polyval([1.0, 0.5j, x[0]], z).real.sum() + np.cumprod(z)[2].real
    total += np.insert(z, 1, 2.0).imag.sum() + np.split(z, 2)[1].real.sum() + np.gradient(z).imag.sum()
    return total + np.sum((z**0).real * y)


X, Y = sample(6, seed=1), sample(6, seed=2)
CASES = [
    Case(of_callees_alone, (X, Y)),
    Case(lists_in_functions, (X, Y)),
    Case(pages_as_they_stand, (X, Y**2 + 0.1)),
    Case(phasors, (0.7, X)),
    Case(escape, (0.1, 0.3)),
    Case(impedance, (1.0, 2.0, 3.0, 0.5)),
    Case(of_arrays, (X, Y)),
    Case(parts_are_new, (X,)),
    Case(written_by_elements, (X,)),
    Case(turned_and_sliced, (sample(3, 3, seed=3),)),
    Case(quadratic_roots, (1.2, 0.7)),
    Case(quadratic_roots, (0.1, 0.7)),
    Case(roots_on_the_axes, (0.8, 0.6)),
    Case(sums_over_exponentials, (X,)),
    Case(matrices, (sample(3, 3, seed=4), sample(3, seed=5))),
    Case(solved, (sample(3, 3, seed=6), sample(3, seed=7))),
    Case(two_levels, (0.4, 0.3)),
    Case(thin_film, (np.array([1.4, 2.3, 1.4]), np.array([0.1, 0.07, 0.12]), 0.6)),
    Case(heston_call, (1.5, 0.04, 0.3, -0.6, 0.05)),
    Case(transfer_function, (sample(3, seed=8), 0.3 * sample(2, seed=9), np.array([0.3, 1.1, 2.0]))),
    Case(complex_in_a_branch, (0.7, 0.4)),
    Case(complex_in_a_branch, (0.3, 0.4)),
    Case(functions_of_complex, (0.7, 0.4)),
    Case(functions_of_complex, (-0.7, -0.4)),
    Case(through_callees, (0.7, 0.4)),
    Case(sum_of_waves, (0.3, 0.9, X)),
    Case(loops_over_arrays, (X,)),
    Case(put_together, (X,)),
    Case(of_the_form_of_others, (X,)),
    Case(energy_bands, (0.5, 0.2)),
    Case(lists_of_complex, (0.6,)),
    Case(circuit_of_gates, (sample(3, seed=4),)),
    Case(korteweg_de_vries, (np.cos(X), 0.1)),
    Case(adaptive_filter, (X, Y, 0.1)),
    Case(power_of_zero, (0.0,)),
    Case(powers_known_in_a_loop, (0.0, 1.0), (0,)),
    Case(powers_known_in_a_loop, (0.4, 1.7)),
    Case(right_side_that_binds, (0.4,)),
    Case(spectrum, (X,)),
    Case(low_pass, (X,)),
    Case(low_pass, (sample(7, seed=3),)),
    Case(split_step, (X, Y**2, 0.1)),
    Case(heat_on_a_torus, (sample(3, 4, seed=3), 0.7)),
    Case(lengths_and_norms, (X,)),
    Case(halves_of_two_axes, (sample(3, 4, seed=3),)),
    Case(convolved, (X, Y[:3])),
    Case(envelope, (X,)),
    Case(rows_of_spectra, (sample(3, 5, seed=3),)),
]
