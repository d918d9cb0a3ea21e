"""Special functions in compiled code: found by object, called by name in any process, refused where there is no rule.

Their values and derivatives are tested row by row in `test_rules`.
"""

import math
import os
import sys
import threading
from pathlib import Path

import mpmath
import numba
import numpy as np
import pytest
import scipy.special
from scipy import special
from scipy.special import digamma, jn
from scipy.special import erf as gauss

import srcgrad as sg
from srcgrad.runtime import addresses
from srcgrad.runtime.special import _external
from tests.helpers import loaded, run_python
from tests.random_programs.compare import plain_run

# ---- recognised as objects


def by_many_names(x):
    return gauss(x) + scipy.special.gammaln(x) * special.jv(2, x) + jn(1, x) + digamma(x) + special.psi(x)


def of_numpy_and_math(x):
    return np.i0(x) + special.sinc(x) + math.lgamma(x) + math.cbrt(x) + special.exp2(x) + special.cbrt(x) + np.fix(x)


@pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")
@pytest.mark.parametrize("f", [by_many_names, of_numpy_and_math])
def test_functions_are_known_by_identity(f):
    value, slope = sg.value_and_grad(f)(1.3)
    assert value == pytest.approx(f(1.3), rel=1e-14)
    assert slope == pytest.approx((f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6, rel=1e-8)


def named_special(special, x):
    return special * gauss(x * special)


def test_a_function_of_that_name_gets_another_one(tmp_path):
    text = "from scipy.special import gammaln\n\n\ndef special(x):\n    return gammaln(x)\n"
    f = loaded(text, tmp_path, "named").special
    assert sg.differentiable(f)(1.3) == pytest.approx(math.lgamma(1.3), rel=1e-13)
    assert sg.grad(f)(1.3) == pytest.approx(digamma(1.3), rel=1e-13)


def test_a_variable_of_that_name_gets_another_one():
    gradient = sg.grad(named_special, argnums=(0, 1))
    for found, right in zip(gradient(0.7, 1.1), sg.grad(lambda s, x: s * math.erf(x * s), argnums=(0, 1))(0.7, 1.1)):
        assert found == pytest.approx(right, rel=1e-14)


def likelihood(theta, y):
    return np.sum(special.xlogy(y, theta) - special.gammaln(y + theta) + np.log(special.ndtr(theta) + 0.5))


def test_over_arrays_twice_and_inside_njit():
    theta, y = np.linspace(0.2, 2.0, 7), np.arange(7.0)
    sg.check_grads(likelihood, (theta, y))
    gradient = sg.grad(likelihood)

    @numba.njit
    def steps(theta, y):
        for _ in range(3):
            theta = theta + 0.01 * gradient(theta, y)
        return theta

    right = theta
    for _ in range(3):
        right = right + 0.01 * gradient(right, y)
    np.testing.assert_allclose(steps(theta, y), right, rtol=1e-14)
    second = sg.grad(sg.grad(by_many_names))(1.3)
    h = 1e-5
    first = sg.grad(by_many_names)
    assert second == pytest.approx((first(1.3 + h) - first(1.3 - h)) / (2 * h), rel=1e-8)


def test_changing_the_function_that_a_name_stands_for_changes_the_gradient(tmp_path):
    text = "from {} import {} as g\n\n\ndef f(x):\n    return g(x)\n"
    for module, name, right in (
        ("scipy.special", "erf", 2 / math.sqrt(math.pi) * math.exp(-0.09)),
        ("scipy.special", "erfc", -2 / math.sqrt(math.pi) * math.exp(-0.09)),
        ("numpy", "sin", math.cos(0.3)),
        ("numpy", "cos", -math.sin(0.3)),
        ("math", "exp", math.exp(0.3)),
    ):
        assert sg.grad(loaded(text.format(module, name), tmp_path, "renamed").f)(0.3) == pytest.approx(right)


# ---- refused

HEAD = "import numpy as np\nfrom scipy import special\n\n\n"


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("special.jv(a, x)", "the derivative of special.jv by its first argument is not known"),
        ("special.betainc(a, 2.0, x)", "the derivative of special.betainc by its first argument is not known"),
        ("special.ellipkinc(x, a)", "the derivative of special.ellipkinc by its second argument is not known"),
        ("special.lambertw(x)", "there is no rule for special.lambertw()"),
        ("special.mathieu_a(2, x)", "there is no rule for special.mathieu_a()"),
        ("special.gammainc(a)", "special.gammainc takes 2 arguments, 1 given"),
    ],
)
@pytest.mark.parametrize("arrays", [False, True])
def test_what_is_not_known_is_refused_with_its_line(call, what, arrays, tmp_path):
    module = loaded(f"{HEAD}def f(a, x):\n    y = 2.0 * x\n    return np.sum({call}) * y\n", tmp_path, "refused")
    a = np.ones(3) if arrays else 1.5
    with pytest.raises(sg.SrcgradError) as caught:
        sg.grad(module.f, argnums=(0, 1))(a, 0.5)
    (problem,) = caught.value.problems
    assert what in problem.what
    assert (problem.line, problem.text[problem.col : problem.end_col]) == (7, call)
    assert problem.way_out


def test_an_argument_without_a_partial_may_be_constant():
    def f(a, x):
        n = int(sg.stop_gradient(a))
        return special.gammainc(sg.stop_gradient(a), x) + special.jv(n, x)

    by_a, by_x = sg.grad(f, argnums=(0, 1))(2.0, 0.5)
    assert by_a == 0.0
    assert by_x == pytest.approx(0.5 * math.exp(-0.5) + (special.jv(1, 0.5) - special.jv(3, 0.5)) / 2, rel=1e-14)


EDGES = [f"special.eval_{name}({n}, x)" for name in ("chebyt", "chebyu", "legendre") for n in (-4, -2.0, -1, -1.5)]
EDGES += ["np.sum(special.multigammaln(np.array([x, 2.0]) + 3.0, 2))"]
EDGES += ["special.eval_laguerre(-1.5, x)", "special.eval_gegenbauer(-0.5, 0.7, x)", "special.yn(0.5, x)",
          "special.eval_jacobi(-0.5, 0.7, 0.4, x)", "special.pseudo_huber(0.0, x)", "special.kn(1.9, x)"]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", EDGES)
def test_orders_and_degrees_outside_the_domain_of_the_table(call, tmp_path):
    f = loaded(f"{HEAD}def f(x):\n    return {call}\n", tmp_path, "edges").f
    found = plain_run(f, (0.3,), (0,))[2][1]
    assert found == pytest.approx((f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6, rel=1e-7, abs=1e-9)


# ---- the C functions


def test_an_address_is_that_of_a_function_of_real_numbers():
    import ctypes

    betainc = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * 3, ctypes.c_int)(addresses.betainc)
    assert betainc(2.0, 3.0, 0.4, 0) == scipy.special.betainc(2.0, 3.0, 0.4)
    for name in ("wofz", "airy", "no_such_function"):
        with pytest.raises(AttributeError, match=f"no {name} of such numbers"):
            getattr(addresses, name)


def test_a_function_that_scipy_does_not_export_is_an_error_of_the_call():
    missing = _external("no_such_function", 1)
    call = numba.njit(lambda x: missing(x) + 1.0)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no no_such_function of such numbers"):
            call(0.5)


def test_threads_that_call_at_once_without_the_lock():
    from srcgrad.runtime import special as compiled

    @numba.njit(nogil=True)
    def total(x, start):
        s = 0.0
        for i in range(start, start + 1000):
            s += compiled.ndtri((i + 1.0) / 10000.0) * x
        return s

    total.compile("(float64, int64)")
    found = {}
    barrier = threading.Barrier(4)

    def work(k):
        barrier.wait()
        found[k] = total(1.0, 1000 * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    right = [scipy.special.ndtri(np.arange(1000 * k + 1, 1000 * k + 1001) / 10000).sum() for k in range(4)]
    np.testing.assert_allclose([found[k] for k in range(4)], right, rtol=1e-12)


PROGRAM = """
import math
import sys

import srcgrad as sg


def f(x, n):
    t = 0.0
    for i in range(n):
        t += math.lgamma(x + i)
    return t


gradient = sg.grad(f)
early = "scipy.special" in sys.modules
value = gradient(1.5, 3)
from srcgrad.runtime import addresses

loaded = [name for name in ("sympy", "srcgrad.parsing.function") if name in sys.modules]
print(repr(value), addresses.psi, early, *loaded)
"""


def test_compiled_code_on_disk_finds_the_functions_in_the_next_process(tmp_path):
    """Addresses differ from process to process; the second one loads compiled code, and SciPy with the first call."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, "utf-8")
    run = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    environment = {"SRCGRAD_CACHE_DIR": str(tmp_path / "cache")}
    cold, *warm = (run_python(run, tmp_path, **environment).split() for _ in range(3))
    right = sum(map(scipy.special.digamma, (1.5, 2.5, 3.5)))
    assert [float(found[0]) for found in (cold, *warm)] == pytest.approx([right] * 3, rel=1e-14)
    assert cold[2:] == ["False", "sympy", "srcgrad.parsing.function"]
    assert [found[2:] for found in warm] == [["False"]] * 2
    randomized = sys.platform == "linux" and Path("/proc/sys/kernel/randomize_va_space").read_text().strip() == "2"
    if randomized and not os.environ.get("LD_BIND_NOW"):
        assert len({cold[1], *(found[1] for found in warm)}) > 1


def test_plain_python_gives_the_same(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, "utf-8")
    run = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    found = run_python(run, tmp_path, NUMBA_DISABLE_JIT="1", SRCGRAD_CACHE_DIR=str(tmp_path / "cache")).split()
    assert float(found[0].removeprefix("np.float64(").rstrip(")")) == pytest.approx(
        sum(map(scipy.special.digamma, (1.5, 2.5, 3.5))), rel=1e-14)  # fmt: skip


def test_a_normal_tail_has_all_its_derivatives_far_out():
    curvature = sg.grad(sg.grad(lambda x: special.log_ndtr(x)))
    for x in (-1e3, -5.0, 0.0, 5.0, 30.0, 40.0, 1e5):
        with mpmath.workdps(60):
            slope = mpmath.npdf(x) / mpmath.ncdf(x)
            assert curvature(x) == pytest.approx(float(-slope * (x + slope)), rel=1e-9, abs=1e-300)
