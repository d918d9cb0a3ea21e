"""Every row of the elementwise table, by every spelling: value, gradient, dtype, second derivative, ends of domains.

One function of a matrix holds all spellings, one for each column, so that the whole table is compiled a few times only:
entry k of the result depends on column k alone, and a pullback of ones gives all derivatives at once. Derivatives of
special functions are compared with differences of many digits, others with a complex step or differences.
"""

import contextlib
import importlib
import math

import numpy as np
import pytest
import scipy.special

import srcgrad as sg
from srcgrad import pipeline, tree
from srcgrad.ir import Kind
from srcgrad.rules.elementwise import ARGUMENTS, ROWS
from srcgrad.runtime import special
from tests import special_references
from tests.helpers import loaded

# steps are rows as well; NumPy warns of what it cannot compute at the ends of domains
pytestmark = [
    pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
HEAD = "import math\n\nimport numpy as np\n\nfrom srcgrad import stop_gradient\nfrom srcgrad.runtime import special\n\n\n"
POINTS = 4
SPELLINGS = [(row, spelling) for row in ROWS.values() for spelling in row.spellings]
SMOOTH = [(row, s) for row, s in SPELLINGS if row.differentiable]
TESTS = [(row, s) for row, s in SPELLINGS if not row.differentiable]
ARRAYS = [(row, next(s for s in row.spellings if s.startswith("np.")))
          for row in ROWS.values() if row.differentiable and "np." in " ".join(row.spellings)]  # fmt: skip
ARRAYS += [(ROWS[name], ROWS[name].spellings[-1]) for name in ("erf", "expit", "jv", "xlogy", "betainc")]
NARROW = ARRAYS[::3]


def call(row, spelling, entry):
    """Return the text of a call of a row: `entry(j)` is that of its argument j, none that has no partial is varied."""
    texts = [entry(j) for j in range(row.arity)]
    fixed = [f"stop_gradient({t})" if j in row.constant_arguments else t for j, t in enumerate(texts)]
    whole = [f"int({t})" if isinstance(d[0], int) else f for t, f, d in zip(texts, fixed, row.domains, strict=True)]
    return f"{spelling}({', '.join(whole)})"


def entries(rows):
    """Return the texts of the calls of rows, each on its column of X."""
    return [call(row, s, lambda j, k=k: f"X[{j}, {k}]") for k, (row, s) in enumerate(rows)]


def module_text():
    """Return functions over all rows: by entry, by column of arrays, their sum, and tests."""
    lines = [HEAD + "def by_entry(X):", f"    out = np.empty({len(SMOOTH)})"]
    lines += [f"    out[{k}] = {text}" for k, text in enumerate(entries(SMOOTH))]
    lines += ["    return out\n\n\ndef by_row(X):", "    out = np.empty_like(X[0])"]
    lines += [f"    out[{k}] = {text}" for k, text in enumerate(entries(ARRAYS))]
    lines += ["    return out\n\n\ndef narrow(X):", "    out = np.empty_like(X[0])"]
    lines += [f"    out[{k}] = {text}" for k, text in enumerate(entries(NARROW))]
    lines += ["    return out\n\n\ndef total(X):", "    t = 0.0"]
    lines += [f"    t += {text}" for text in entries(SMOOTH)]
    lines += ["    return t\n\n\ndef tests(X):", "    t = 0.0"]
    lines += [f"    t += X[0, {k}] if {text} else X[1, {k}]" for k, text in enumerate(entries(TESTS))]
    return "\n".join([*lines, "    return t\n"])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The module with the functions over all rows."""
    return loaded(module_text(), tmp_path_factory.mktemp("rules"), "rules_table")


@pytest.fixture(scope="module")
def plain(table, tmp_path_factory):
    """The generated forward and backward part over all rows, as plain Python."""
    made = pipeline.pair(table.by_entry, (tree.LEAF,), (Kind("float64", 2),), (0,))
    module = loaded(HEAD + made.text(), tmp_path_factory.mktemp("rules"), "rules_plain")

    def value_and_slopes(X):
        out, residuals = module.by_entry_forward(X)
        out = out.copy()  # backward undoes the stores in the array itself
        return out, module.by_entry_backward(residuals, np.ones_like(out))[0]

    return value_and_slopes


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


def test_compiled_code_is_equal_to_plain_python(table, plain):
    for X in arguments(SMOOTH):
        before = X.copy()
        out, pullback = sg.vjp(table.by_entry, X)
        plain_out, plain_bars = plain(X)
        np.testing.assert_array_equal(X, before)
        np.testing.assert_allclose(out, plain_out, rtol=1e-13)
        np.testing.assert_allclose(pullback(np.ones_like(out))[0], plain_bars, rtol=1e-12, atol=1e-14)


def test_value_and_gradient_over_arrays(table):
    X = arguments(ARRAYS).transpose(1, 2, 0).copy()
    out, pullback = sg.vjp(table.by_row, X)
    bars = pullback(np.ones_like(out))[0]
    for k in range(POINTS):
        np.testing.assert_allclose(out[:, k], values(ARRAYS, X[..., k]), rtol=4e-15, atol=1e-15)
        assert_close(ARRAYS, bars[..., k], slopes(ARRAYS, X[..., k]), 1e-9, "slope")


def test_float32_stays_float32(table):
    X = arguments(NARROW, 2).transpose(1, 2, 0).astype(np.float32)
    out, pullback = sg.vjp(table.narrow, X)
    bars = pullback(np.ones_like(out))[0]
    assert out.dtype == bars.dtype == np.float32
    for k in range(2):
        assert_close(NARROW, out[:, k], values(NARROW, X[..., k].astype(float)), 2e-6, "float32 value")
        assert_close(NARROW, bars[..., k].astype(float), slopes(NARROW, X[..., k].astype(float)), 2e-5, "float32 slope")


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
