"""PolyBench's, NPBench's and ADBench's kernels as NumPy writes them: their gradients against differences."""

import numpy as np
import pytest

import srcgrad as sg
from tests.benchmarks import (
    arrays_by_hand,
    arrays_in_autograd,
    arrays_in_jax,
    arrays_in_jax_ports,
    arrays_in_torch,
    physics_kernels,
    rivals,
)
from tests.benchmarks.agreement import assert_agree
from tests.benchmarks.array_kernels import KERNELS
from tests.random_programs.compare import bits, compiled_gradient, plain_gradient
from tests.random_programs.differences import along, copied

pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")
# their texts are hundreds of lines
LARGE = {"vadv", "channel_flow", "nbody", "resnet", "lenet", "adi", "bundle_arrays"}
COMPILED = {"jacobi_1d", "spmv", "floyd_warshall"}
ALL = [pytest.param(k, id=k.name, marks=pytest.mark.long if k.name in LARGE else ()) for k in KERNELS]


def check(kernel, gradient) -> None:
    """Asserts value and gradient, the latter along two directions, and that no argument was written."""
    args = kernel.args(kernel.tiny)
    argnums, before = kernel.argnums(args), copied(args)
    value, gradients = gradient(kernel.function, args, argnums)
    assert bits(args) == bits(before)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    rng = np.random.default_rng(1)
    for _ in range(2):
        ways = {k: rng.normal(size=np.shape(args[k])) for k in argnums}

        def shifted(step, ways=ways):
            given = copied(args)
            return float(kernel.function(*(a + step * ways[k] if k in ways else a for k, a in enumerate(given))))

        middle = shifted(0.0)
        right = next((d for h in (1e-3, 1e-4, 1e-5) if (d := along(shifted, middle, h)).smooth), None)
        assert right is not None, "a kink near the point"
        parts = [g * ways[k] for k, g in zip(argnums, gradients, strict=True)]
        found, size = sum(float(np.sum(p)) for p in parts), sum(float(np.sum(np.abs(p))) for p in parts)
        assert abs(value - middle) <= 1e-10 * max(1.0, abs(middle))
        assert abs(found - right.value) <= 1e-7 * (size + 1e-2) + 20 * right.error


@pytest.mark.parametrize("kernel", ALL)
def test_gradient_in_plain_python(kernel):
    check(kernel, plain_gradient)


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.name in COMPILED], ids=lambda k: k.name)
def test_gradient_compiled(kernel):
    check(kernel, compiled_gradient)


SLOW_BY_HAND = LARGE | {"jacobi_2d", "gmm_loops", "heat_3d", "mlp", "adbench_lstm_loops"}
BY_HAND = [pytest.param(k, id=k.name, marks=pytest.mark.long if k.name in SLOW_BY_HAND else ()) for k in KERNELS
           if k.name in arrays_by_hand.KERNELS]  # fmt: skip


@pytest.mark.parametrize("kernel", BY_HAND)
def test_gradient_by_hand_is_ours(kernel):
    args = kernel.args(kernel.tiny)
    ours = plain_gradient(kernel.function, args, kernel.argnums(args))
    assert_agree(kernel.name, arrays_by_hand.KERNELS[kernel.name](*copied(args)), ours, rtol=1e-12)


@pytest.mark.long
def test_kernel_with_complex_numbers_is_that_with_real_ones():
    rng = np.random.default_rng(0)
    x = rng.normal(size=16) + 1j * rng.normal(size=16)
    by_complex = sg.value_and_grad(physics_kernels.stockham_fft_complex, argnums=3)
    value, x_bar = by_complex(16, 2, 4, x, np.zeros(16, complex))
    by_parts = sg.value_and_grad(physics_kernels.stockham_fft, argnums=(3, 4))
    same, (re_bar, im_bar) = by_parts(16, 2, 4, x.real.copy(), x.imag.copy())
    assert value == pytest.approx(same, rel=1e-13)
    assert x_bar == pytest.approx(re_bar + 1j * im_bar, rel=1e-12)


RIVALS = (arrays_by_hand, arrays_in_autograd, arrays_in_jax, arrays_in_jax_ports, arrays_in_torch)


@pytest.mark.parametrize("rival", RIVALS, ids=lambda m: m.__name__.rpartition(".")[2])
def test_kernels_of_rivals_are_ours(rival):
    assert set(rival.KERNELS) <= {k.name for k in KERNELS}


@pytest.mark.long
@pytest.mark.parametrize("rival", rivals.RIVALS)
def test_gradients_of_rivals_are_ours(rival):
    compared = 0
    for kernel in KERNELS:
        args = kernel.args(kernel.tiny)
        argnums = kernel.argnums(args)
        call = rivals.RIVALS[rival](kernel.name, args, argnums)
        if call is not None:
            ours = plain_gradient(kernel.function, args, argnums)
            assert_agree(f"{kernel.name} {rival}", call(), ours, rtol=1e-10)
            compared += 1
    if compared == 0:
        pytest.skip(f"{rival} is not installed")
