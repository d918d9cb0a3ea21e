"""Every row of the elementwise table, by every spelling: value, gradient, dtype, second derivative.

One vector function holds all spellings, one per entry, so that the whole table is compiled a few times only: entry k
of the result depends on entry k of the arguments alone, and a pullback of ones gives all derivatives at once.
"""

import contextlib
import math

import numba
import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad import pipeline, tree
from srcgrad.ir import Kind
from srcgrad.rules.elementwise import ROWS
from tests.helpers import loaded

pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")  # steps are rows as well
POINTS = 5
SPELLINGS = [(row, spelling) for row in ROWS.values() for spelling in row.spellings]
SMOOTH = [(row, s) for row, s in SPELLINGS if row.differentiable]
TESTS = [(row, s) for row, s in SPELLINGS if not row.differentiable]
ARRAYS = [(row, next(s for s in row.spellings if s.startswith("np.")))
          for row in ROWS.values() if row.differentiable and "np." in " ".join(row.spellings)]  # fmt: skip
NARROW = ARRAYS[::3]


def call(row, spelling, x, y):
    """Return the text of a call of a row."""
    return f"{spelling}({x}, {y})" if row.arity == 2 else f"{spelling}({x})"


def module_text():
    """Return functions over all rows: by entry, by row of a matrix, and one for each spelling alone."""
    lines = ["import math\n\nimport numpy as np\n\n\ndef by_entry(x, y):", "    out = np.empty_like(x)"]
    for k, (row, s) in enumerate(SMOOTH):
        lines.append(f"    out[{k}] = {call(row, s, f'x[{k}]', f'y[{k}]')}")
    lines += ["    return out\n\n\ndef by_row(X, Y):", "    out = np.empty_like(X)"]
    lines += [f"    out[{k}] = {call(row, s, f'X[{k}]', f'Y[{k}]')}" for k, (row, s) in enumerate(ARRAYS)]
    lines += ["    return out\n\n\ndef narrow(x, y):", "    out = np.empty_like(x)"]
    lines += [f"    out[{k}] = {call(row, s, f'x[{k}]', f'y[{k}]')}" for k, (row, s) in enumerate(NARROW)]
    lines += ["    return out\n\n\ndef total(x, y):", "    t = 0.0"]
    for k, (row, s) in enumerate(SMOOTH):
        lines.append(f"    t += {call(row, s, f'x[{k}]', f'y[{k}]')}")
    lines += ["    return t\n\n\ndef tests(x, y):", "    t = 0.0"]
    lines += [
        f"    t += x[{k}] if {call(row, s, f'x[{k}]', f'y[{k}]')} else y[{k}]" for k, (row, s) in enumerate(TESTS)
    ]
    return "\n".join([*lines, "    return t\n"])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The module with the functions over all rows."""
    return loaded(module_text(), tmp_path_factory.mktemp("rules"), "rules_table")


def arguments(rows, points=POINTS):
    """Return (points, rows) arrays of arguments inside the domains of the rows, clear of kinks."""
    low = np.array([[d[0] for d in (*row.domains, (0.5, 1.5))][:2] for row, _ in rows])
    high = np.array([[d[1] for d in (*row.domains, (0.5, 1.5))][:2] for row, _ in rows])
    rng = np.random.default_rng(3)
    drawn = low + (high - low) * rng.uniform(0.03, 0.97, (points, len(rows), 2))
    near = np.abs(drawn - np.round(drawn)) < 0.02
    drawn = np.where(near, drawn + 0.03, drawn)
    return np.clip(drawn, low, high)[..., 0], np.clip(drawn, low, high)[..., 1]


def numpy_value(row, spelling, x, y):
    """Return what NumPy or math computes for one spelling."""
    module, _, name = spelling.rpartition(".")
    function = {"np": np, "math": math, "": __builtins__}[module]
    function = function[name] if isinstance(function, dict) else getattr(function, name)
    return function(x, y) if row.arity == 2 else function(x)


def slope(row, f, x):
    """Return f'(x): a complex step where f is analytic and takes one, else extrapolated differences."""
    if row.transcendental:
        with contextlib.suppress(TypeError):
            value = f(complex(x, 1e-30))
            if isinstance(value, complex | np.complexfloating):
                return value.imag / 1e-30
    steps = (1e-3, 5e-4, 2.5e-4)
    first, second, third = ((f(x + h) - f(x - h)) / (2 * h) for h in steps)
    coarse, fine = (4 * second - first) / 3, (4 * third - second) / 3
    return (16 * fine - coarse) / 15


def expected_slopes(rows, x, y):
    """Return the partial derivatives by x and by y of every row at one point."""
    by_x = [slope(r, lambda t, r=r, s=s, b=b: numpy_value(r, s, t, b), a)
            for (r, s), a, b in zip(rows, x, y, strict=True)]  # fmt: skip
    by_y = [slope(r, lambda t, r=r, s=s, a=a: numpy_value(r, s, a, t), b) if r.arity == 2 else 0.0
            for (r, s), a, b in zip(rows, x, y, strict=True)]  # fmt: skip
    return np.array(by_x), np.array(by_y)


def assert_close(rows, found, right, rtol, what):
    """Fail naming every spelling whose number is off."""
    bad = [
        f"{s}: {f!r}, expected {r!r}"
        for (_, s), f, r in zip(rows, found, right, strict=True)
        if not abs(f - r) <= rtol * max(1.0, abs(r))
    ]
    assert not bad, f"{what} of\n" + "\n".join(bad)


def test_value_and_gradient_by_entry(table):
    for x, y in zip(*arguments(SMOOTH), strict=True):
        out, pullback = sg.vjp(table.by_entry, x, y)
        assert_close(SMOOTH, out, [numpy_value(r, s, a, b) for (r, s), a, b in zip(SMOOTH, x, y, strict=True)],
                     4e-16 * 8, "value")  # fmt: skip
        by_x, by_y = pullback(np.ones_like(out))
        right_x, right_y = expected_slopes(SMOOTH, x, y)
        assert_close(SMOOTH, by_x, right_x, 1e-9, "slope by x")
        assert_close(SMOOTH, by_y, right_y, 1e-9, "slope by y")


def test_forward_mode(table):
    """The tangent form, run as plain Python, has the slopes of every row."""
    made = pipeline.jvp(table.by_entry, (tree.LEAF,) * 2, (Kind("float64", 1),) * 2, (0, 1))
    namespace = {"np": np, "math": math}
    exec(made.text(), namespace)
    for x, y in zip(*arguments(SMOOTH, 2), strict=True):
        by_x, by_y = expected_slopes(SMOOTH, x, y)
        for x_dot, y_dot in ((1.0, 0.0), (0.0, 1.0), (0.3, -0.7)):
            dots = np.full_like(x, x_dot), np.full_like(y, y_dot)
            _, found = namespace["by_entry_jvp"](x, y, *dots)
            assert_close(SMOOTH, found, by_x * x_dot + by_y * y_dot, 1e-9, "derivative along a tangent")


def test_value_and_gradient_over_arrays(table):
    X, Y = (a.T.copy() for a in arguments(ARRAYS))
    out, pullback = sg.vjp(table.by_row, X, Y)
    with np.errstate(all="ignore"):
        values = np.array([numpy_value(r, s, x, y) for (r, s), x, y in zip(ARRAYS, X, Y, strict=True)])
    np.testing.assert_allclose(out, values, rtol=4e-15, atol=1e-15)
    bars = pullback(np.ones_like(out))
    for k in range(POINTS):
        right = expected_slopes(ARRAYS, X[:, k], Y[:, k])
        for bar, slopes in zip(bars, right, strict=True):
            assert_close(ARRAYS, bar[:, k], slopes, 1e-9, "slope")


def test_float32_stays_float32(table):
    for x, y in zip(*arguments(NARROW, 2), strict=True):
        x, y = x.astype(np.float32), y.astype(np.float32)
        out, pullback = sg.vjp(table.narrow, x, y)
        bars = pullback(np.ones_like(out))
        assert [a.dtype for a in (out, *bars)] == [np.float32] * 3
        right = expected_slopes(NARROW, x.astype(float), y.astype(float))
        for found, slopes in zip(bars, right, strict=True):
            assert_close(NARROW, found.astype(float), slopes, 2e-5, "float32 slope")


def test_plain_python_of_the_generated_source(table, tmp_path):
    """The generated source, run without numba, gives what the compiled code gives."""
    made = pipeline.pair(table.by_entry, (tree.LEAF,) * 2, (Kind("float64", 1),) * 2, (0, 1))
    plain = loaded(f"import math\n\nimport numpy as np\n\n\n{made.text()}", tmp_path, "rules_plain")
    for x, y in zip(*arguments(SMOOTH), strict=True):
        out, pullback = sg.vjp(table.by_entry, x, y)
        plain_out, residuals = plain.by_entry_forward(x, y)
        plain_out = plain_out.copy()  # backward undoes the stores in the array itself
        bars = plain.by_entry_backward(residuals, np.ones_like(out))
        for found, right in zip((out, *pullback(np.ones_like(out))), (plain_out, *bars), strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-13, atol=1e-14)


def test_second_derivative(table, tmp_path):
    """The gradient, generated as source, is itself differentiated, and compared with differences of it."""
    kinds, structures = (Kind("float64", 1),) * 2, (tree.LEAF,) * 2
    made = pipeline.value_and_grad(table.total, structures, kinds, (0,), value=False)
    text = f"import math\n\nimport numpy as np\n\n\n{made.text()}\n\ndef slopes(x, y):\n"
    text += "    return np.sum(total_grad(x, y))\n"
    module = loaded(text, tmp_path, "rules_slopes")
    second = pipeline.value_and_grad(module.slopes, structures, kinds, (0, 1), value=False)
    namespace = {"np": np, "math": math}
    exec(second.text(), namespace)
    h = 1e-4
    for x, y in zip(*arguments(SMOOTH, 2), strict=True):
        by_xx, by_xy = namespace["slopes_grad"](x, y)
        grad = module.total_grad
        # each entry of the gradient depends on its own entry of x and y only
        for found, (dx, dy), what in ((by_xx, (1, 0), "xx"), (by_xy, (0, 1), "xy")):
            wide = [grad(x + k * h * dx, y + k * h * dy) - grad(x - k * h * dx, y - k * h * dy) for k in (1, 2)]
            right = (8 * wide[0] - wide[1]) / (12 * h)
            assert_close(SMOOTH, found, right, 1e-6, f"second derivative {what}")


def test_functions_without_a_derivative_steer_branches(table):
    x, y = np.linspace(-0.5, 1.5, len(TESTS)), np.linspace(2.0, 3.0, len(TESTS))
    value, (by_x, by_y) = sg.value_and_grad(table.tests, argnums=(0, 1))(x, y)
    chosen = np.array([bool(numpy_value(r, s, a, b)) for (r, s), a, b in zip(TESTS, x, y, strict=True)])
    assert value == pytest.approx(np.sum(np.where(chosen, x, y)))
    np.testing.assert_array_equal(by_x, chosen)
    np.testing.assert_array_equal(by_y, ~chosen)


def test_rows_that_keep_the_dtype_keep_integers():
    """Where a row says 'same', NumPy gives integers for integers too."""
    rows = [row for row in ROWS.values() if row.result == "same" and row.differentiable]
    wrong = [
        row.name
        for row in rows
        if np.asarray(numpy_value(row, row.spellings[0], *np.array([[3], [2]]))).dtype.kind != "i"
    ]
    assert wrong == []


def test_every_spelling_is_known_to_numba():
    missing = []
    for row, spelling in SPELLINGS:
        namespace = {"np": np, "math": math}
        exec(f"def one(x, y):\n    return {call(row, spelling, 'x', 'y')}", namespace)
        try:
            njit("(float64, float64)")(namespace["one"])
        except numba.core.errors.NumbaError:
            missing.append(spelling)
    assert missing == []
