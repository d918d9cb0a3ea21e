"""Every row of the elementwise table, by every spelling: value, gradient, dtype, second derivative, ends of domains.

One function of a matrix holds all spellings, one for each column, so that the whole table is compiled a few times only:
entry k of the result depends on column k alone, and a pullback of ones gives all derivatives at once. Derivatives of
special functions are compared with differences of many digits, others with a complex step or differences.
"""

import contextlib
import importlib
import itertools
import math

import numpy as np
import pytest
import scipy.special

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import pipeline
from srcgrad.language.ir import Kind
from srcgrad.rules.elementwise import ARGUMENTS, ROWS
from tests import special_references
from tests.helpers import loaded

# steps are rows as well; NumPy warns of what it cannot compute at the ends of domains
pytestmark = [
    pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
HEAD = """import math

import numpy as np

from srcgrad import stop_gradient
from srcgrad.runtime import simd, special


"""
POINTS = 4
SPELLINGS = [(row, spelling) for row in ROWS.values() for spelling in row.spellings]
SMOOTH = [(row, s) for row, s in SPELLINGS if row.differentiable]
TESTS = [(row, s) for row, s in SPELLINGS if not row.differentiable]
ARRAYS = [(row, next(s for s in row.spellings if s.startswith("np.")))
          for row in ROWS.values() if row.differentiable and "np." in " ".join(row.spellings)]  # fmt: skip
ARRAYS += [(ROWS[name], ROWS[name].spellings[-1]) for name in ("erf", "expit", "jv", "xlogy", "betainc")]
SOME = ARRAYS[::3]
CALLS = [(row, s) for row, s in SMOOTH if s.startswith("special.")]
# of the calls of C functions, a few derivatives are compiled: they are calls again
COMPILED = [(row, s) for k, (row, s) in enumerate(SMOOTH) if not s.startswith("special.") or k % 12 == 0]


def call(row, spelling, entry, whole="int({})"):
    """Return the text of a call of a row: `entry(j)` is that of its argument j, none that has no partial is varied.

    `whole` is how text makes an argument whole.
    """
    texts = [entry(j) for j in range(row.arity)]
    fixed = [f"stop_gradient({t})" if j in row.constant_arguments else t for j, t in enumerate(texts)]
    given = [whole.format(t) if isinstance(d[0], int) else f
             for t, f, d in zip(texts, fixed, row.domains, strict=True)]  # fmt: skip
    return f"{spelling}({', '.join(given)})"


def entries(rows, whole="int({})"):
    """Return the texts of the calls of rows, each on its column of X."""
    return [call(row, s, lambda j, k=k: f"X[{j}, {k}]", whole) for k, (row, s) in enumerate(rows)]


def module_text():
    """Return functions over rows: one of each by entry, or by row of arrays, their sum, and tests."""
    of_rows = {"by_entry": SMOOTH, "calls": CALLS, "compiled": COMPILED, "by_row": ARRAYS, "some": SOME}
    texts = [HEAD.rstrip()]
    for name, rows in of_rows.items():
        whole = "{}.astype(np.int64)" if name in ("by_row", "some") else "int({})"
        lines = [f"out[{k}] = {text}" for k, text in enumerate(entries(rows, whole))]
        texts.append("\n    ".join([f"def {name}(X):", "out = np.empty_like(X[0])", *lines, "return out"]))
    sums = {
        "total": [f"t += {text}" for text in entries(SMOOTH)],
        "tests": [f"t += X[0, {k}] if {text} else X[1, {k}]" for k, text in enumerate(entries(TESTS))],
    }
    texts += ["\n    ".join([f"def {name}(X):", "t = 0.0", *lines, "return t"]) for name, lines in sums.items()]
    return "\n\n\n".join(texts) + "\n"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The module with the functions over all rows."""
    return loaded(module_text(), tmp_path_factory.mktemp("rules"), "rules_table")


def in_python(function, rank, folder):
    """Return the value and the slopes of a function of all rows by its generated source, run without numba."""
    made = pipeline.pair(function, (tree.LEAF,), (Kind("float64", rank),), (0,))
    module = vars(loaded(HEAD + made.text(), folder, f"{function.__name__}_plain"))
    forward, backward = (module[f"{function.__name__}_{part}"] for part in ("forward", "backward"))

    def value_and_slopes(X):
        out, residuals = forward(X)
        out = out.copy()  # backward undoes the stores in the array itself
        return out, backward(residuals, np.ones_like(out))[0]

    return value_and_slopes


@pytest.fixture(scope="module")
def plain(table, tmp_path_factory):
    """Value and slopes of all rows, by entry, in plain Python."""
    return in_python(table.by_entry, 2, tmp_path_factory.mktemp("rules"))


def arguments(rows, points=POINTS):
    """Return (points, 4, rows) arrays of arguments inside the domains of the rows, clear of kinks."""
    domains = [[*row.domains, *[(0.5, 1.5)] * (len(ARGUMENTS) - row.arity)] for row, _ in rows]
    low, high = np.array(domains, float).transpose(2, 1, 0)
    rng = np.random.default_rng(3)
    drawn = low + (high - low) * rng.uniform(0.03, 0.97, (points, *low.shape))
    drawn = np.where(np.abs(drawn - np.round(drawn)) < 0.02, drawn + 0.03, drawn)
    whole = np.array([[isinstance(d[0], int) for d in of_row] for of_row in domains]).T
    return np.where(whole, np.round(drawn), np.clip(drawn, low, high))


def reference(spelling):
    """Return the function that a spelling names in the user's code."""
    module, _, name = spelling.rpartition(".")
    return getattr({"np": np, "math": math, "special": scipy.special, "": importlib.import_module("builtins")}[module],
                   name)  # fmt: skip


def own(row, column):
    """Return the arguments of a row among the entries of its column, integers where it takes these."""
    return [int(v) if isinstance(d[0], int) else v for d, v in zip(row.domains, column, strict=False)]


def values(rows, X):
    """Return what NumPy, math or SciPy compute."""
    return np.array([np.asarray(reference(s)(*own(row, X[:, k]))) for k, (row, s) in enumerate(rows)])


def slope(row, spelling, j, column):
    """Return the partial derivative by argument j."""
    point = own(row, column)
    f = reference(spelling)
    if row.name in special_references.REFERENCES or row.name in special_references.INVERSES:
        return special_references.slope(row.name, j, point, f(*point))

    def along(t):
        return f(*point[:j], t, *point[j + 1 :])

    x = point[j]
    if row.transcendental:
        with contextlib.suppress(TypeError):
            value = along(complex(x, 1e-30))
            if isinstance(value, complex | np.complexfloating):
                return value.imag / 1e-30
    steps = (1e-3, 5e-4, 2.5e-4)
    first, second, third = ((along(x + h) - along(x - h)) / (2 * h) for h in steps)
    coarse, fine = (4 * second - first) / 3, (4 * third - second) / 3
    return (16 * fine - coarse) / 15


def varied(row):
    """Return the positions of the arguments that have a partial and are no integers."""
    return [j for j in range(row.arity) if j not in row.constant_arguments and not isinstance(row.domains[j][0], int)]


def slopes(rows, X):
    """Return the partial derivatives of every row at one point, zero by what does not vary."""
    found = np.zeros_like(X)
    for k, (row, s) in enumerate(rows):
        for j in varied(row):
            found[j, k] = slope(row, s, j, X[:, k])
    return found


def assert_close(rows, found, right, rtol, what):
    """Fail naming every spelling whose number is off."""
    bad = [
        f"{s}: {f!r}, expected {r!r}"
        for (_, s), f, r in zip(rows, np.asarray(found).T.tolist(), np.asarray(right).T.tolist(), strict=True)
        if not np.all(np.abs(np.subtract(f, r)) <= rtol * np.maximum(1.0, np.abs(r)))
    ]
    assert not bad, f"{what} of\n" + "\n".join(bad)


def test_value_and_gradient_in_plain_python(plain):
    for X in arguments(SMOOTH):
        out, bars = plain(X)
        assert_close(SMOOTH, out, values(SMOOTH, X), 1e-15, "value")
        assert_close(SMOOTH, bars, slopes(SMOOTH, X), 1e-9, "slope")


def test_compiled_calls_are_those_of_scipy(table):
    for X in arguments(CALLS, 2):
        assert_close(CALLS, sg.differentiable(table.calls)(X), values(CALLS, X), 1e-12, "value")


def test_compiled_code_is_equal_to_plain_python(table, plain):
    places = [SMOOTH.index(pair) for pair in COMPILED]
    for X in arguments(SMOOTH):
        right, right_bars = (a[..., places] for a in plain(X))
        X = X[:, places]
        before = X.copy()
        out, pullback = sg.vjp(table.compiled, X)
        np.testing.assert_array_equal(X, before)
        np.testing.assert_allclose(out, right, rtol=1e-13)
        np.testing.assert_allclose(pullback(np.ones_like(out))[0], right_bars, rtol=1e-12, atol=1e-14)


def test_forward_mode(table, tmp_path):
    """The tangent form, run as plain Python, has the slopes of every row."""
    made = pipeline.jvp(table.by_entry, (tree.LEAF,), (Kind("float64", 2),), (0,))
    tangent = loaded(HEAD + made.text(), tmp_path, "by_entry_plain_jvp").by_entry_jvp
    for X in arguments(SMOOTH, 2):
        right = slopes(SMOOTH, X)
        for dots in (*np.eye(len(ARGUMENTS)), (0.3, -0.7, 0.2, 0.5)):
            X_dot = np.outer(dots, np.ones(len(SMOOTH)))
            _, found = tangent(X, X_dot)
            assert_close(SMOOTH, found, dots @ right, 1e-9, "derivative along a tangent")


def test_value_and_gradient_over_arrays(table, tmp_path):
    X = arguments(ARRAYS).transpose(1, 2, 0)
    out, bars = in_python(table.by_row, 3, tmp_path)(X)
    for k in range(POINTS):
        np.testing.assert_allclose(out[:, k], values(ARRAYS, X[..., k]), rtol=4e-15, atol=1e-15)
        assert_close(ARRAYS, bars[..., k], slopes(ARRAYS, X[..., k]), 1e-9, "slope")


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-9), (np.float32, 2e-5)])
def test_compiled_code_over_arrays_keeps_the_dtype(table, dtype, digits):
    X = arguments(SOME, 2).transpose(1, 2, 0).astype(dtype)
    out, pullback = sg.vjp(table.some, X)
    bars = pullback(np.ones_like(out))[0]
    assert out.dtype == bars.dtype == dtype
    for k in range(2):
        exact = X[..., k].astype(float)
        assert_close(SOME, out[:, k], values(SOME, exact), digits / 10, "value")
        assert_close(SOME, bars[..., k].astype(float), slopes(SOME, exact), digits, "slope")


# where a function or its slope is not what double precision or SciPy can hold
_ALL, _NOT_NEGATIVE, _SURELY_POSITIVE = (-np.inf, np.inf), (0.0, np.inf), (1e-9, np.inf)
NATURAL = {
    "rgamma": [(-150.0, np.inf)], "ellipk": [(-1e200, 1.0)], "ellipkm1": [(0.0, 1e200)], "cotdg": [(1.0, 179.0)],
    "xlogy": [_ALL, _NOT_NEGATIVE], "xlog1py": [_ALL, (-1.0, np.inf)], "beta": [_SURELY_POSITIVE] * 2,
    "betaln": [_SURELY_POSITIVE] * 2, "boxcox": [_NOT_NEGATIVE, _ALL], "boxcox1p": [(-1.0, np.inf), _ALL],
    "power": [_NOT_NEGATIVE, _ALL], "powm1": [_NOT_NEGATIVE] * 2,
}  # fmt: skip
ENDS = [(row, next((s for s in row.spellings[::-1] if not s.startswith("math.")), None)) for row in ROWS.values()]
ENDS = [(row, s) for row, s in ENDS if s and row.differentiable and not row.name.startswith("hyp")]


def ends(row):
    """Return points at the ends of a row's domain, and far out: of one argument infinite, of several finite ones."""
    near = [0.0, -0.0, 1e-50, -1e-50, 1e-8, -1e-8, 0.5, -0.5, 1.0, -1.0, 2.0, 30.0, -30.0, 1e8, -1e8]
    far = [1e200, -1e200, np.inf, -np.inf] if row.arity == 1 else []
    choices = []
    for j, domain in enumerate(row.domains):
        low, high = NATURAL[row.name][j] if row.name in NATURAL else _ALL
        points = [p for p in (near + far if row.arity == 1 else near[::2]) if low <= p <= high]
        parameters = [0, 1, 2, 3] if isinstance(domain[0], int) else [0.5, 1.0, 2.0, 30.0]
        choices.append(points if j in varied(row) else parameters)
    return list(itertools.product(*choices))


@pytest.fixture(scope="module")
def at_ends(tmp_path_factory):
    """Value and slopes of one spelling of each row, in plain Python: what NumPy and SciPy have, which do not raise."""
    lines = [f"out[{k}] = {text}" for k, text in enumerate(entries(ENDS))]
    text = "\n    ".join([HEAD + "def one_each(X):", "out = np.empty_like(X[0])", *lines, "return out\n"])
    folder = tmp_path_factory.mktemp("ends")
    return in_python(loaded(text, folder, "ends_table").one_each, 2, folder)


def test_a_derivative_is_finite_wherever_the_value_is(at_ends):
    cases = [ends(row) for row, _ in ENDS]
    columns = np.ones((max(map(len, cases)), len(ARGUMENTS), len(ENDS)))
    for k, points in enumerate(cases):
        columns[: len(points), : ENDS[k][0].arity, k] = points
        columns[len(points) :, : ENDS[k][0].arity, k] = points[0]
    bad = set()
    for X in columns:
        out, bars = at_ends(X)
        for k in np.flatnonzero(np.isfinite(out) & ~np.isfinite(bars).all(axis=0)):
            row, spelling = ENDS[k]
            bad.add(f"{spelling}{tuple(X[: row.arity, k].tolist())} = {out[k]}, slopes {bars[: row.arity, k]}")
    assert not bad, "\n".join(sorted(bad))


@pytest.mark.parametrize("x", [1e-8, 20.0, -20.0])
def test_slopes_of_special_functions_keep_their_digits_far_out(at_ends, x):
    X = arguments(ENDS, 1)[0]
    rows = [k for k, (row, _) in enumerate(ENDS) if row.arity == 1 and row.name in special_references.REFERENCES]
    rows = [k for k in rows if ENDS[k][0].name not in ("cotdg", "gammasgn")]
    X[0, rows] = x
    out, bars = at_ends(X)
    rows = [k for k in rows if np.isfinite(out[k])]
    right = np.array([special_references.slope(ENDS[k][0].name, 0, (x,), out[k]) for k in rows])
    bad = {ENDS[k][1]: (bars[0, k], r) for k, r in zip(rows, right) if not abs(bars[0, k] - r) < 1e-10 * abs(r) + 1e-15}
    assert bad == {}


@pytest.mark.long
def test_second_derivative(table, tmp_path):
    """The gradient, generated as source, is itself differentiated, and compared with differences of it."""
    kinds, structures = (Kind("float64", 2),), (tree.LEAF,)
    made = pipeline.value_and_grad(table.total, structures, kinds, (0,), value=False)
    text = f"{HEAD}{made.text()}\n\n\ndef slopes(X):\n    return np.sum(total_grad(X))\n"
    module = loaded(text, tmp_path, "rules_slopes")
    second = pipeline.value_and_grad(module.slopes, structures, kinds, (0,), value=False)
    differentiated = loaded(HEAD + second.text(), tmp_path, "rules_second").slopes_grad
    h = 1e-4
    for X in arguments(SMOOTH, 2):
        found = differentiated(X)
        for j in range(len(ARGUMENTS)):
            # each column of the gradient depends on its own column of X only
            step = np.zeros_like(X)
            step[j, [j in varied(row) for row, _ in SMOOTH]] = h
            wide = [module.total_grad(X + n * step) - module.total_grad(X - n * step) for n in (1, 2)]
            right = np.sum(8 * wide[0] - wide[1], axis=0) / (12 * h)
            assert_close(SMOOTH, found[j], right, 1e-6, f"second derivative by argument {j}")


def test_functions_without_a_derivative_steer_branches(table):
    X = np.zeros((len(ARGUMENTS), len(TESTS)))
    X[0], X[1] = np.linspace(-0.5, 1.5, len(TESTS)), np.linspace(2.0, 3.0, len(TESTS))
    value, bars = sg.value_and_grad(table.tests)(X)
    chosen = values(TESTS, X).astype(bool)
    assert value == pytest.approx(np.sum(np.where(chosen, X[0], X[1])))
    np.testing.assert_array_equal(bars[0], chosen)
    np.testing.assert_array_equal(bars[1], ~chosen)


def test_rows_that_keep_the_dtype_keep_integers():
    """Where a row says 'same', NumPy gives integers for integers too."""
    rows = [row for row in ROWS.values() if row.result == "same" and row.differentiable]
    wrong = [
        row.name
        for row in rows
        if np.asarray(reference(row.spellings[0])(*np.array([[3], [2]])[: row.arity])).dtype.kind != "i"
    ]
    assert wrong == []
