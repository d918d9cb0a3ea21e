"""Elementwise functions that are pages, options of ufuncs, whole-number functions of math.

Each case in plain Python of the generated source: value, gradient against differences; then all of them compiled.
"""

import math
import re

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.library import PAGES
from srcgrad.rules import elementwise
from tests.helpers import loaded
from tests.random_programs.compare import plain_gradient
from tests.random_programs.differences import float_argnums, reference

pytestmark = [
    pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
A, B = np.array([-2.6, -0.7, 0.3, 1.24, 3.71]), np.array([1.5, -0.8, 2.2, 0.9, -1.1])
M, N = np.arange(6.0).reshape(2, 3) ** 0.7, np.arange(1, 6)
STEPS = np.array([np.nan, np.inf, -np.inf, 0.7, -1.2])
# expression of one number, arguments
CASES = {
    "heaviside": ("np.sum(np.heaviside(a, 0.5) * a)", A),
    "heaviside at 0": ("np.heaviside(0.0 * np.floor(a), b) * b", 0.3, 1.7),
    "round": ("np.sum(np.round(a, 1) * b + np.around(a) + np.round(a, decimals=-1) * b + a.round(2))", A, B),
    "round of a number": ("np.round(a, 2) * a", 1.2345),
    "divmod": ("np.sum(np.divmod(a, b)[0] * a + np.divmod(a, b)[1] ** 2)", A, B),
    "divmod of numbers": ("divmod(a, b)[0] * a + divmod(a, b)[1] ** 2", 7.3, -2.2),
    "modf": ("np.sum(np.modf(a)[0] ** 2 + np.modf(a)[1] * a)", A),
    "modf of a number": ("math.modf(a)[0] ** 2 + math.modf(a)[1] * a", -2.6),
    "modf of infinity": ("np.sum(np.where(np.isfinite(a), np.modf(a)[0], 2.0))", STEPS[1:]),
    "frexp": ("np.sum(np.frexp(a)[0] * a + np.frexp(a)[1] * b)", A * 1e5, B),
    "frexp of a number": ("math.frexp(a)[0] * a + math.frexp(a)[1]", 48.0),
    "remainder": ("math.remainder(a, b) ** 2", 7.9, 2.0),
    "remainder of a negative": ("math.remainder(a, b) ** 2", -7.9, 2.5),
    "nan_to_num": ("np.sum(np.nan_to_num(a)[3:] ** 2)", STEPS),
    "nan_to_num with values": ("np.sum(np.nan_to_num(a, nan=2.0, posinf=3.0, neginf=-4.0) ** 2)", STEPS),
    "float_power": ("np.sum(np.float_power(np.abs(a), b) + np.float_power(n, 2))", A, B, N),
    "round to decimals": ("round(a * 1.7, k) * a + round(number=b, ndigits=k) + round(9.3 * b, -k) * b", 1.2, 0.4, 2),
    "round to tens": ("round(a * 1.7, k) * a + round(1234, -2) * a + round(k, 1) * b + round(b, None)", 61.2, 0.4, -1),
    "round of elements": ("round(a[0], 2) * a[1] + round(float(np.sum(b)), 1) * b[0] + a.round(2)[1] * a[2]", A, B),
    "round half way": ("sum(round(v, 2) * a for v in (1.115, 2.675, -1.115, 0.145)) + round(25.0, -1) * a", 0.5),
    "round of large ones": ("round(1e300 * k, 2) * a + round(3e300 * k, -2) * a", 0.5, 1),
    "angle": ("np.sum(np.angle(a) * a + np.angle(a, deg=True))", A),
    "softplus": ("np.sum(special.softplus(a) * b)", A, B),
    "isclose": ("np.sum(np.where(np.isclose(a, np.round(a), atol=0.2), a, b))", A, B),
    "isclose of NaN": ("np.sum(np.where(np.isclose(a, a), 1.0, 2.0) + np.isclose(a, a, equal_nan=True))", STEPS),
    "isclose of numbers": ("a if math.isclose(a, b, rel_tol=1e-3) else b", 1.0, 1.0005),
    "isclose of infinity": ("a if math.isclose(b, math.inf) or math.isclose(math.inf, math.inf) else b", 1.0, 2.0),
    "dist": ("math.dist(a, b)", A, B),
    "dist of numbers": ("math.dist((a, b), (b, 2.0))", 1.2, 0.4),
    "prod": ("math.prod(a) + math.prod((b[0], b[1]), start=3.0)", A, B),
    "hypot of many": ("math.hypot(a, b, 2.0, a * b)", 1.2, 0.4),
    "cbrt": ("math.cbrt(a) + np.cbrt(b)", 1.2, 0.4),
    "lgamma": ("math.lgamma(a) + math.gamma(b) + math.erf(a) * math.erfc(b)", 1.2, 0.4),
    "ldexp": ("np.sum(np.ldexp(a, n)) + math.ldexp(b[1], 3)", A, B, N),
    "fix": ("np.sum(np.fix(a) * a + np.trunc(a) + np.real(a) * np.conj(a))", A),
    "signs": ("np.sum(np.where(np.signbit(a), b, a) + np.where(np.logical_xor(a > 0.0, b > 0.0), a, b))", A, B),
    "maxima of NaN": ("np.sum(np.fmax(a, b) * 2.0 + np.fmin(b, a))", A, np.where(A > 1.0, np.nan, B)),
    "outer": ("np.sum(np.subtract.outer(a, m) ** 2) + np.sum(np.hypot.outer(a, 2.0))", A, M),
    "reduce": ("np.sum(np.add.reduce(m) ** 2 + np.maximum.reduce(m, axis=0)) - np.minimum.reduce(a)", A, M),
    "accumulate": ("np.sum(np.add.accumulate(m, axis=1) ** 2)", M),
    "softmax": ("np.sum(special.softmax(m, axis=1) * m) + np.sum(special.softmax(a) * b)", A, B, M),
    "log_softmax": ("np.sum(special.log_softmax(m, axis=0) * m) + np.sum(special.log_softmax(a) * b)", A, B, M),
    "logsumexp": ("np.sum(special.logsumexp(m, axis=-1) ** 2) + special.logsumexp(a, b=np.abs(b))", A, B, M),
    "logsumexp, axes kept": ("np.sum(special.logsumexp(m, 0, keepdims=True) * special.logsumexp(m, keepdims=True))", M),
    "logsumexp far out": ("special.logsumexp(1e4 * a) + special.logsumexp(-1e4 * a) + special.softmax(1e4 * a)[0]", A),
    "logsumexp of nothing": (
        "np.exp(special.logsumexp(a[a > 99.0])) + special.logsumexp(a[a > 1.0]) + special.logsumexp(n)"
        " + np.sum(np.exp(special.logsumexp(m[:, :0], axis=1)) * m[:, 0])", A, M, N),
    "logsumexp of infinities": ("special.logsumexp(np.where(a > 0.0, a, -np.inf))", A),
    "whole numbers": ("a * (math.factorial(k) + math.comb(10, k) + math.perm(9, k) + math.isqrt(k * k + 3))", 0.5, 4),
    "nothing to choose": ("a * (math.comb(3, k) + math.perm(3, k) + math.factorial(0) + math.isqrt(0))", 0.5, 4),
    "divisors": ("a * (math.gcd(12, k, 30) + np.gcd(k, 6) + math.lcm(k, 6, 10))", 0.5, 4),
    "bits": ("a * (np.bitwise_and(k, 6) + np.bitwise_or(k, 3) * np.bitwise_xor(k, 7) - ~k + np.left_shift(k, 2))",
             0.5, 5),
    "bits of arrays": ("np.sum(a * (np.bitwise_and(n, 2) + np.right_shift(n, 1) + np.invert(n)))", A, N),
    "factorial": ("special.factorial(a) + np.sum(special.factorial(np.abs(m))) + special.factorial(-a)", 2.3, M),
    "multigammaln": ("special.multigammaln(a, 3) * b", 2.3, 0.4),
    "powers": ("a**b + np.power(b, a) + special.powm1(a, b)", 1.2, 0.4),
}  # fmt: skip


def parameters(args):
    """Return the names of arguments: a and b of floats, k of an integer, m of a matrix, n of whole numbers."""
    names, free = [], iter("ab")
    for arg in args:
        array = isinstance(arg, np.ndarray)
        whole = isinstance(arg, int) or array and arg.dtype.kind == "i"
        names.append(("n" if array else "k") if whole else "m" if array and arg.ndim == 2 else next(free))
    return names


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """The module with a function for each case, f0, f1, ..."""
    lines = ["import math\n\nimport numpy as np\nfrom scipy import special\n"]
    for k, (text, *args) in enumerate(CASES.values()):
        lines.append(f"\n\ndef f{k}({', '.join(parameters(args))}):\n    return {text}\n")
    return loaded("".join(lines), tmp_path_factory.mktemp("numbers"), "numbers_cases")


def expected(f, args):
    """Return value and gradients by differences; at NaN and infinities, which do not move, of the others only."""
    found = reference(f, args, float_argnums(args))
    return found.value, [np.nan_to_num(g, nan=0.0) for g in found.gradients]


@pytest.mark.parametrize("name", CASES)
def test_in_plain_python(name, functions):
    _, *args = CASES[name]
    f = getattr(functions, f"f{list(CASES).index(name)}")
    value, gradients = plain_gradient(f, tuple(args), float_argnums(args))
    right, slopes = expected(f, args)
    assert value == pytest.approx(right, rel=1e-14)
    for found, slope in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-7)


COMPILED = (
    "round to decimals", "round half way",
    "heaviside", "round", "divmod", "divmod of numbers", "modf of a number", "remainder", "nan_to_num with values",
    "isclose of NaN", "isclose of numbers", "dist", "hypot of many", "ldexp", "signs", "maxima of NaN", "reduce",
    "softmax", "logsumexp, axes kept", "whole numbers", "divisors", "bits of arrays",
)  # fmt: skip


def test_compiled(tmp_path):
    """Some of the cases in one function: numba knows what their pages say, and computes what Python does."""
    lines = ["import math\n\nimport numpy as np\nfrom scipy import special\n\n"]
    lines += ["def f(a, b, m, n, x, y, k):", "    t = 0.0"]
    for name in COMPILED:
        text, *args = CASES[name]
        if np.ndim(args[0]) == 0:
            text = re.sub(r"\b[ab]\b", lambda found: {"a": "x", "b": "y"}[found[0]], text)
        lines.append(f"    t += {text}")
    f = loaded("\n".join([*lines, "    return t\n"]), tmp_path, "numbers_compiled").f
    args = A, B, M, N, 2.3, 0.9, 4
    assert sg.differentiable(f)(*args) == pytest.approx(float(f(*args)), rel=1e-13)


OPTIONS = {
    "out": ("np.sqrt(a, out=y)", "np.sqrt(a)"),
    "out and where": ("np.sqrt(a, out=y, where=a > 1.0)", "np.where(a > 1.0, np.sqrt(a), b)"),
    "two arguments": ("np.hypot(a, b, out=y, where=b > 1.0)", "np.where(b > 1.0, np.hypot(a, b), b)"),
    "of scipy": ("special.erf(a, y)", "special.erf(a)"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_ufuncs(name, tmp_path):
    call, same = OPTIONS[name]
    text = "import numpy as np\nfrom scipy import special\n\n\n"
    text += f"def f(a, b):\n    y = b.copy()\n    {call}\n    return np.sum(y**2 * b)\n\n\n"
    text += f"def g(a, b):\n    return np.sum(({same})**2 * b)\n"
    module = loaded(text, tmp_path, "options")
    args = np.abs(A), np.abs(B)
    found, right = (plain_gradient(f, args, (0, 1)) for f in (module.f, module.g))
    assert found[0] == pytest.approx(float(module.f(*args)), rel=1e-15)
    assert found[0] == pytest.approx(right[0], rel=1e-15)
    for a, b in zip(found[1], right[1]):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_frexp_at_its_ends(tmp_path):
    x = np.array([0.0, 0.5, 1.0, 2.0**-1060, 8.0 - 2**-49, 2.0**1023, 1.7e308, np.inf, -np.inf])
    f = loaded("import numpy as np\n\n\ndef f(a, x, k):\n    return a * (np.frexp(x)[0][k] + np.frexp(x)[1][k])\n",
               tmp_path, "ends").f  # fmt: skip
    for k in range(len(x)):
        assert plain_gradient(f, (2.0, x, k), (0,))[0] == f(2.0, x, k)


REFUSED = {
    "np.sqrt(a, where=a > 0.0)": ("option where of np.sqrt is not supported", "out="),
    "np.sqrt(a, out=None, where=a > 0.0)": ("option where of np.sqrt is not supported", "out="),
    "np.add(a, a, dtype=np.float32)": ("option dtype of np.add is not supported", "astype"),
    "special.erf(a, casting='unsafe')": ("option casting of special.erf is not supported", "leave it out"),
    "np.nan_to_num(a, copy=False)": ("copy=False is not supported", "one of True"),
    "np.bitwise_count(n) * a": ("there is no rule for np.bitwise_count()", "write it in"),
}


def test_all_ufuncs_and_all_of_math_are_known():
    """Those of real numbers, by a row, an operator or a page, but for a few that are refused by name."""
    products = {"matmul", "matvec", "vecdot", "vecmat"}
    ufuncs = {f.__name__: f for f in vars(np).values() if isinstance(f, np.ufunc)}
    of_math = {f"math.{name}": f for name, f in vars(math).items() if callable(f) and not name.startswith("_")}
    tables = elementwise.OPERATOR_UFUNCS, PAGES, {math.fsum: "np.sum"}
    missing = [name for name, f in {**ufuncs, **of_math}.items()
               if elementwise.spelling_of(f) is None and not any(f in table for table in tables)]  # fmt: skip
    assert set(missing) - products - {"math.fma"} == {"bitwise_count", "isnat"}


@pytest.mark.parametrize("call", REFUSED)
def test_what_is_not_supported_says_so_by_name(call, tmp_path):
    module = loaded(f"import numpy as np\nfrom scipy import special\n\n\ndef f(a, n):\n    return np.sum({call})\n",
                    tmp_path, "refused")  # fmt: skip
    with pytest.raises(sg.SrcgradError) as caught:
        sg.grad(module.f)(A, N)
    (problem,) = caught.value.problems
    what, way_out = REFUSED[call]
    assert what in problem.what
    assert way_out in problem.way_out
    assert problem.line == 6


@pytest.mark.parametrize(
    ("call", "error"),
    [("math.factorial(k)", OverflowError), ("math.factorial(-k)", ValueError), ("math.comb(70, k)", OverflowError),
     ("math.perm(k, k)", OverflowError), ("math.isqrt(-k)", ValueError), ("math.comb(k, -k)", ValueError)],
)  # fmt: skip
def test_whole_numbers_too_large_or_negative_are_errors(call, error, tmp_path):
    f = loaded(f"import math\n\n\ndef f(a, k):\n    return a * {call}\n", tmp_path, "large").f
    with pytest.raises(error):
        plain_gradient(f, (0.5, 35), (0,))


def test_negative_powers_at_zero():
    def power(x, y):
        return x**y

    def reciprocals(x):
        return x**-1 + x**-3

    assert sg.grad(power)(0.0, -2.0) == -math.inf
    assert sg.jvp(power, (0.0, -2.0), (1.0, None)) == (math.inf, -math.inf)
    assert sg.hessian(power)(0.0, -2.0) == math.inf
    assert sg.differentiable(reciprocals)(0.0) == math.inf
    assert sg.value_and_grad(reciprocals)(2.0) == (0.625, -0.4375)


def test_round_gives_what_python_gives(tmp_path):
    """Python rounds a number of its own by its digits, one of NumPy as `np.round`."""
    f = loaded("def f(x, k):\n    return round(x, k)\n", tmp_path, "rounded").f
    for k, places in ((2, "1.115 1.005 2.675 0.285 -5.015 1e300"), (0, "0.5 1.5 -2.5"), (-1, "25 15 -35 1e17")):
        for x in map(float, places.split()):
            assert plain_gradient(f, (x, k), (0,)) == (round(x, k), (0.0,))
    g = loaded("def g(x):\n    return round(x[0], 2)\n", tmp_path, "rounded_element").g
    assert plain_gradient(g, (np.array([1.115]),), (0,))[0] == round(np.float64(1.115), 2) != round(1.115, 2)
