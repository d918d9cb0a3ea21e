"""Complex numbers: as arguments and results, in every mode; Fourier transforms as compiled code has them; refusals."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest

import srcgrad as sg
import srcgrad.scipy
from srcgrad.runtime import fourier

Z = np.array([0.3 + 0.4j, -0.7 + 0.1j, 0.2 - 0.9j])


def power(z, w):
    return np.sum(np.abs(z) ** 2 * w).real


def steps(z):
    return z * z + 2.0 * np.conj(z)


def magnitude(z):
    return abs(z * z)


def written(z, x):
    z[1:] *= x
    z += 1j
    return np.sum(np.abs(z))


class Field(NamedTuple):
    """Amplitudes, and what they are measured in."""

    z: np.ndarray
    unit: float


def of_field(field):
    return np.sum(np.abs(field.z) ** 2) * field.unit


def oscillation(t):
    return np.exp(1j * t)


def spectral(x):
    return np.sum(np.abs(np.fft.fft(x)) ** 3)


def by_differences(f, z, h=1e-6):
    """The derivative by the real part, plus i times that by the imaginary part."""
    found = np.empty(z.shape, complex)
    for k in range(len(z)):
        step = h * (np.arange(len(z)) == k)
        real, imag = ((f(z + s) - f(z - s)) / (2.0 * h) for s in (step, 1j * step))
        found[k] = real + 1j * imag
    return found


def test_gradient_by_complex_arguments():
    value, (of_z, of_w) = sg.value_and_grad(power, argnums=(0, 1))(Z, 1j * Z)
    assert value == pytest.approx(power(Z, 1j * Z))
    assert of_z == pytest.approx(by_differences(lambda z: power(z, 1j * Z), Z), rel=1e-8)
    assert of_w == pytest.approx(by_differences(lambda w: power(Z, w), 1j * Z), rel=1e-8)
    assert sg.grad(magnitude)(0.3 + 0.4j) == pytest.approx(2.0 * (0.3 + 0.4j))
    strided = np.stack((Z, Z), axis=1)[:, 0]
    assert np.array_equal(sg.grad(power)(strided, 1j * Z), of_z)


def test_results_and_tangents_and_pullbacks():
    z, dot, bar = 0.3 + 0.4j, 1.0 - 2.0j, 0.5 + 0.25j
    assert sg.differentiable(steps)(z) == pytest.approx(steps(z))
    assert sg.differentiable(steps)(Z) == pytest.approx(steps(Z))
    value, tangent = sg.jvp(steps)((z,), (dot,))
    assert (value, tangent) == pytest.approx((steps(z), 2.0 * z * dot + 2.0 * np.conj(dot)))
    _, pullback = sg.vjp(steps, z)
    (z_bar,) = pullback(bar)
    assert z_bar == pytest.approx(bar * np.conj(2.0 * z) + 2.0 * np.conj(bar))
    assert (np.conj(bar) * tangent).real == pytest.approx((np.conj(z_bar) * dot).real)
    assert sg.vmap(steps)(Z) == pytest.approx(steps(Z))


def quartic(z):
    return np.sum(np.abs(z) ** 4) + np.sum(z).real * np.sum(z).imag


def gradient_inside(x):
    g = sg.grad(quartic)(x + 2j * x)
    _, pullback = sg.vjp(quartic, 1j * x)
    (bar,) = pullback(1.0)
    return np.sum(g.real + 3.0 * g.imag) + np.sum(bar.imag)


def test_derivatives_of_derivatives_are_of_one_convention():
    dot, h = np.array([1.0 + 2.0j, -0.5j, 0.3]), 1e-6
    gradient = sg.grad(quartic)
    moved = (gradient(Z + h * dot) - gradient(Z - h * dot)) / (2.0 * h)
    assert sg.hvp(quartic)((Z,), (dot,)) == pytest.approx(moved, rel=1e-7)
    assert sg.jvp(gradient)((Z,), (dot,))[1] == pytest.approx(moved, rel=1e-7)
    x = np.array([0.3, -0.6, 0.9])
    g, (bar,) = gradient(x + 2j * x), sg.vjp(quartic, 1j * x)[1](1.0)
    assert sg.differentiable(gradient_inside)(x) == pytest.approx(np.sum(g.real + 3.0 * g.imag) + np.sum(bar.imag))
    assert sg.check_grads(quartic, (Z,)) < 1e-8


def distance(z):
    return np.sum(np.abs(z - (1.0 + 2.0j)) ** 2)


def test_descent_goes_along_the_gradient():
    assert sg.scipy.minimize(distance, Z).x == pytest.approx(np.full(3, 1.0 + 2.0j))


def test_structures_of_complex_numbers():
    gradient = sg.grad(of_field)(Field(Z, 2.0))
    assert isinstance(gradient, Field)
    assert gradient.z == pytest.approx(4.0 * Z)
    assert gradient.unit == pytest.approx(np.sum(np.abs(Z) ** 2))


def test_arguments_are_written_where_they_stand():
    plain, ours = Z.copy(), Z.copy()
    assert sg.differentiable(written)(ours, 2.0) == pytest.approx(written(plain, 2.0))
    assert ours == pytest.approx(plain)
    kept = Z.copy()
    sg.grad(written, argnums=1)(kept, 2.0)
    assert np.array_equal(kept, Z)


def test_single_precision():
    z = Z.astype(np.complex64)
    gradient = sg.grad(power)(z, np.ones(3, np.float32))
    assert gradient.dtype == np.complex64
    assert gradient == pytest.approx(2.0 * z, rel=1e-6)


@pytest.mark.parametrize("transform", [sg.jacobian, sg.jacfwd, sg.jacrev, sg.hessian])
@pytest.mark.parametrize("f", [steps, magnitude])
def test_jacobians_are_refused(transform, f):
    with pytest.raises(sg.ArgumentError, match="complex numbers, of which there is no Jacobian"):
        transform(f)(1j)


def test_complex_result_of_grad_is_refused():
    with pytest.raises(sg.ArgumentError, match="returns a complex number, grad needs a real one"):
        sg.grad(oscillation)(1.0)


def test_compiled_callers_get_no_complex_numbers():
    of_number, of_square = sg.differentiable(oscillation), sg.differentiable(magnitude)

    @numba.njit
    def result(t):
        return of_number(t)

    @numba.njit
    def argument(t):
        return of_square(t)

    with pytest.raises(sg.KindError, match="compiled callers do not get"):
        result(1.0)
    with pytest.raises(sg.KindError, match="is of type complex128"):
        argument(1j)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 12, 31, 64, 105])
def test_compiled_transforms_are_numpys(n):
    rng = np.random.default_rng(n)
    for shape in ((2, n), (2, 3, n), (2, 2, 3, n)):
        z = rng.normal(size=shape)
        for function, expected in ((fourier.forward, np.fft.fft), (fourier.backward, np.fft.ifft)):
            made = numba.njit(lambda z, function=function: function(z))(z)
            right = expected(z[0] + 1j * z[1], norm=None if function is fourier.forward else "forward")
            assert np.array_equal(made[0] + 1j * made[1], right)
            assert np.array_equal(function(z), made)


def test_transform_of_nothing():
    for f in (sg.differentiable(spectral), sg.grad(spectral)):
        with pytest.raises(ValueError, match="Fourier transform of no elements"):
            f(np.empty(0))


def test_transforms_in_another_process(tmp_path):
    """Compiled code on disk asks for the addresses of NumPy's loops where it runs."""
    program = "import sys, numpy as np, srcgrad as sg\nfrom tests.test_complex import spectral\n"
    program += "print(sg.grad(spectral)(np.arange(5.0)), 'sympy' in sys.modules)\n"
    given = os.environ | {"SRCGRAD_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    runs = [subprocess.run([sys.executable, "-c", program], env=given, cwd=Path(__file__).parents[1], check=True,
                           capture_output=True, text=True).stdout for _ in range(2)]  # fmt: skip
    first, second = (run.rsplit(maxsplit=1) for run in runs)
    assert first[0] == second[0]
    assert second[1] == "False"


REFUSED = {
    "comparison": ("return x if 1j * x < 2.0 else x", "a complex number stands where a real one is needed"),
    "test": ("return x if 1j * x else 2.0 * x", "a complex number is used as a test"),
    "float": ("return float(1j * x)", "a complex number stands where a real one is needed"),
    "operator": ("return (1j * x % 2.0).real", "this operator of a complex number"),
    "function": ("return np.cbrt(1j * x).real", "np.cbrt of complex numbers is not supported"),
    "page": ("return np.sort(np.array([1j * x, 2.0]))[0].real", "np.sort of complex numbers is not supported"),
    "product": ("return np.prod(1j * x * np.ones(2)).real", "np.prod of complex numbers is not supported"),
    "ufunc": ("return np.multiply.reduce(1j * x * np.ones(2)).real", "np.multiply.reduce of complex numbers"),
    "variance": ("return np.var([1j * x, 2.0])", "np.var of complex numbers is not supported"),
    "growing": ("a = []\nfor k in range(3):\n    a.append(1j * x * k)\nreturn np.prod(a).real", "np.prod of complex"),
    "second argument": ("return np.correlate(np.ones(2), 1j * x * np.ones(2))[0].imag", "np.correlate of complex"),
    "option": ("return np.sum(np.array([1j * x]), initial=3.0).real", "is not supported with these options"),
    "array in array": ("a = np.zeros(2)\na[0] = 1j * x\nreturn a[0]", "a complex number stands where a real one"),
    "in place": ("a = np.ones(2) * x\na += 1j\nreturn np.sum(a).real", "is added to a real array in place"),
    "loop": ("s = x\nfor z in 1j * x:\n    s += z.real\nreturn s", "a complex number is run through"),
    "length": ("return x * len(1j * x)", "len() of a number"),
    "arrays compared": ("z = np.ones(2) * 1j\nreturn x if (z == z)[0] else x", "arrays of complex numbers"),
    "dtype": ("return np.sum(np.arange(3, dtype=complex)).real * x", "does not give complex numbers here"),
    "method": ("return (1j * x).hex()", "method .hex() of a complex number"),
    "attribute": ("return (1j * x).flat", "attribute .flat of a complex number"),
    "argument": ("for _ in range(2):\n    x = x * 1j\nreturn x.real", "'x' is real before this branch or loop"),
    "axes": ("return np.sum(abs(np.fft.fftn(np.ones((2, 2)) * x, (3,), (0, 1))))", "have different lengths"),
    "unknown transform": ("return np.sum(np.fft.hfft(np.ones(3) * x))", "np.fft.hfft()"),
    "real transform": ("return np.sum(abs(np.fft.rfft(np.ones(3) * 1j * x)))", "np.fft.rfft of complex numbers"),
    "stack": ("return abs(np.linalg.inv(np.ones((2, 2, 2)) * 1j * x)[0, 0, 0])", "stacks of complex matrices"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name, tmp_path):
    lines, message = REFUSED[name]
    text = "import numpy as np\n\n\ndef f(x):\n" + "".join(f"    {line}\n" for line in lines.splitlines())
    path = tmp_path / "program.py"
    path.write_text(text, "utf-8")
    namespace: dict = {}
    exec(compile(text, str(path), "exec"), namespace)
    with pytest.raises(sg.SrcgradError) as caught:
        sg.grad(namespace["f"])(0.5)
    assert message in str(caught.value)
    assert f'File "{path}", line' in str(caught.value)
