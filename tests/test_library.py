"""Array functions, case by case: values, gradients in both modes, dtypes and layouts, what is refused, compiled code.

The generated source is run as plain Python; a few functions that make many calls at once are compiled.
"""

import importlib

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal

import srcgrad as sg
from srcgrad.library import CASES, KNOWN
from tests.helpers import loaded
from tests.library_cases import call_of, every_call, total_of
from tests.random_programs.compare import directions, disagreement, plain_run, plain_tangent
from tests.random_programs.differences import copied, mismatch, reference

pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning", "ignore::RuntimeWarning")
CALLS = every_call()
HEAD = "import numpy as np\nimport numpy, scipy.integrate, scipy.linalg, scipy.signal, scipy.stats, statistics\n\n\n"
# what NumPy leaves open: the order of equal elements
OPEN = {("np.argsort", "np.argsort(a)")}


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """A module with a function for every case, by name and number."""
    folder = tmp_path_factory.mktemp("library")
    lines, texts = HEAD, []
    for name, calls in CALLS.items():
        texts += [total_of(call, own_name(name, k)) for k, call in enumerate(calls)]
    return loaded(lines + "\n\n".join(texts), folder, "library_functions")


def own_name(name, k):
    """Return the name of the function for a case."""
    return f"{name.replace('.', '_')}_{k}"


def gradient_of(f, args, wrt):
    """Return (value, gradients) from the generated source run as plain Python."""
    found = plain_run(f, args, wrt)[2]
    value, *gradients = found if wrt else (found,)
    return value, gradients


def equal(found, right, exact=1e-12):
    """Return whether two arrays, or tuples of them, are equal in shape, dtype and, but for rounding, in value."""
    if isinstance(right, tuple | list):
        return len(found) == len(right) and all(equal(a, b, exact) for a, b in zip(found, right, strict=True))
    found, right = np.asarray(found), np.asarray(right)
    close = np.allclose(found, right, rtol=exact, atol=exact, equal_nan=True)
    return found.shape == right.shape and found.dtype == right.dtype and close


@pytest.mark.parametrize("name", [n for n, calls in CALLS.items() if any(c.page for c in calls)])
def test_page_gives_what_its_namesake_gives(name):
    for call in CALLS[name]:
        if call.page is None or (call.name, call.text) in OPEN and call.args[0].dtype.kind == "i":
            continue
        own = f"page({call.text.removeprefix(name + '(')}"
        namespace = {"np": np, "numpy": np, "scipy": scipy, "page": call.page}
        found = eval(own, namespace, dict(zip(call.parameters, copied(call.args), strict=True)))
        assert equal(found, call.value(copied(call.args))), call.text


def spread():
    """Yield for every function the numbers of two cases or one, the first of them, and those of the others."""
    for name, calls in CALLS.items():
        every, step = range(len(calls)), -(-len(calls) // 2)
        yield pytest.param(name, every[::step], id=name)
        if step > 1:
            yield pytest.param(name, [k for k in every if k % step], id=f"{name}-rest", marks=pytest.mark.long)


@pytest.mark.parametrize(("name", "numbers"), list(spread()))
def test_value_gradient_and_tangent(name, numbers, functions):
    for k in numbers:
        call = CALLS[name][k]
        f, wrt = getattr(functions, own_name(name, k)), call.floats
        before = copied(call.args)
        if not wrt or np.isnan(np.concatenate([np.ravel(a) for a in call.args])).any():
            value, _ = gradient_of(f, call.args, ())
            assert equal(value, f(*call.args)), call.text
            continue
        expected = reference(f, call.args, wrt)
        value, gradients = gradient_of(f, call.args, wrt)
        assert abs(value - expected.value) <= 1e-11 * max(1.0, abs(expected.value)), call.text
        wrong = mismatch(expected, gradients, call.args, wrt)
        assert wrong is None or not expected.smooth, f"{call.text}: {wrong}"
        for old, new in zip(before, call.args, strict=True):
            assert np.asarray(old).tobytes() == np.asarray(new).tobytes(), f"{call.text}: an argument was written"
        if k == 0 or "linalg" in name:
            dots = directions(call.args, wrt, k)
            _, tangent = plain_tangent(f, call.args, wrt, dots)
            wrong = disagreement(tangent, tuple(gradients), dots)
            assert wrong is None, f"{call.text}: {wrong}"


def narrow(a):
    return a.astype(np.float32) if np.asarray(a).dtype.kind == "f" and np.ndim(a) else a


def turned(a):
    return np.asfortranarray(a) if np.ndim(a) > 1 else a


def strided(a):
    if not np.ndim(a):
        return a
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


# one of eight in every run, the others with `-m long`
SOME = [pytest.param(name, marks=pytest.mark.long if k % 8 or ".stats." in name else ())
        for k, name in enumerate(CALLS)]  # fmt: skip


@pytest.mark.parametrize("name", SOME)
def test_float32_and_layouts(name, functions):
    """One case of each function with elements of single precision, one in columns, one with gaps."""
    numbered = list(enumerate(CALLS[name]))
    calls = [(n, c) for n, c in numbered if c.floats and not any(np.isnan(a).any() for a in c.args)]
    for k, ((n, call), change) in enumerate(zip(calls * 3, (narrow, turned, strided), strict=False)):
        f = getattr(functions, own_name(name, n))
        args = tuple(change(a) for a in call.args)
        if k == 0 and ("eig" in name or "svd" in name and "compute_uv" not in call.text):
            continue  # the signs of vectors are not those of double precision
        value, gradients = gradient_of(f, call.args, call.floats)
        other, others = gradient_of(f, args, call.floats)
        exact = 2e-3 if k == 0 else 1e-9
        assert abs(value - other) <= exact * max(1.0, abs(value)), call.text
        for right, found, at in zip(gradients, others, call.floats, strict=True):
            if np.ndim(args[at]):
                assert found.dtype == args[at].dtype, call.text
            size = max(1.0, float(np.max(np.abs(right), initial=0.0)))
            np.testing.assert_allclose(found, right, rtol=0.0, atol=exact * size, err_msg=call.text)


TWICE = ("np.linalg.solve", "np.linalg.inv", "np.linalg.det", "np.linalg.slogdet", "np.linalg.cholesky",
         "np.linalg.eigh", "np.linalg.eigvalsh", "np.linalg.svd", "np.linalg.qr", "np.linalg.pinv", "np.linalg.lstsq",
         "np.prod", "np.var", "np.einsum", "np.sort", "np.convolve", "np.interp", "scipy.linalg.expm")  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_second_derivative(name, functions, tmp_path):
    """The gradient that is generated, along a direction, is differentiated again."""
    call = CALLS[name][0]
    f, wrt = getattr(functions, own_name(name, 0)), call.floats
    made, text, _ = plain_run(f, call.args, wrt)
    parts = [f"{p}_bar" for p in call.parameters]
    along = " + ".join(f"np.sum(np.cos({p}) * {p}_bar)" for p in (call.parameters[k] for k in wrt))
    wanted = [parts[k] for k in wrt]
    given = ", ".join(call.parameters)
    lines = [f"def slopes({given}):", f"    value, {', '.join(wanted)} = {made.functions[0].name}({given})"]
    lines = [text, *lines, f"    return value + {along}", ""]
    again = loaded("\n".join(lines), tmp_path, f"twice_{own_name(name, 0)}")
    expected = reference(again.slopes, call.args, wrt)
    value, gradients = gradient_of(again.slopes, call.args, wrt)
    assert value == pytest.approx(expected.value, rel=1e-11)
    wrong = mismatch(expected, gradients, call.args, wrt, 1e-6)
    assert wrong is None, wrong


# --- methods, and functions that write ------------------------------------------------------------------------------

METHODS = ("a.cumsum(axis=0)", "a.cumprod()", "a.prod(axis=1)", "a.var(ddof=1)", "a.std(axis=0)", "a.argsort(axis=0)",
           "a.repeat(2, axis=1)", "a[:, :1].squeeze(axis=1)", "a.any()", "a.all(axis=0)", "a.max(axis=0, initial=0.3)",
           "a.sum(where=a > 0.0)", "a[0].searchsorted(0.1)", "a.dot(a.T)", "a.trace()", "a.diagonal()")  # fmt: skip


@pytest.mark.parametrize("text", METHODS)
def test_methods(text, tmp_path):
    a = call_of("np.sum", "A(2, 3)").args[0]
    module = loaded(f"{HEAD}def f(a):\n    return np.sum(np.sin({text} + 0.3))\n", tmp_path, "method")
    expected = reference(module.f, (a,), (0,))
    value, gradients = gradient_of(module.f, (a,), (0,))
    assert value == pytest.approx(expected.value, rel=1e-12)
    assert mismatch(expected, gradients, (a,), (0,)) is None


@pytest.mark.parametrize("low", ["True", "a[0, 0] > 100.0"])
def test_which_triangle_may_be_known_at_run_time(low, tmp_path):
    call = call_of("scipy.linalg.cho_solve", "D(3, 3), A(3)")
    lines = (f"low = {low}", "factor = scipy.linalg.cho_factor(a, low)", "x = scipy.linalg.cho_solve(factor, b)",
             "return np.sum(np.sin(x)) + np.sum(scipy.linalg.cholesky(a, lower=low)[:, 1])")  # fmt: skip
    text = "".join(f"    {line}\n" for line in lines)
    module = loaded(f"{HEAD}def f(c, b):\n    a = 0.5 * (c + c.T)\n{text}", tmp_path, "triangle")
    expected = reference(module.f, call.args, (0, 1))
    value, gradients = gradient_of(module.f, call.args, (0, 1))
    assert value == pytest.approx(expected.value, rel=1e-12)
    assert mismatch(expected, gradients, call.args, (0, 1)) is None


def likelihood(K, y):
    return y @ np.linalg.solve(K, y) + 2.0 * np.sum(np.log(np.diag(np.linalg.cholesky(K))))


def test_a_cholesky_factor_of_more_than_one_block(rng):
    n = 70  # the adjoint goes through the factor in blocks of 64 rows
    X = rng.normal(size=(n, n))
    K, y = X @ X.T / n + np.eye(n), rng.normal(size=n)
    K_bar, y_bar = gradient_of(likelihood, (K, y), (0, 1))[1]
    x, inverse = np.linalg.solve(K, y), np.linalg.inv(K)
    determinant = np.tril(2.0 * inverse, -1) + np.diag(np.diag(inverse))  # one triangle is read
    assert np.allclose(K_bar, determinant - np.outer(x, x), rtol=1e-11, atol=1e-11)
    assert np.allclose(y_bar, 2.0 * x, rtol=1e-12)
    K_dot, y_dot = rng.normal(size=(n, n)), rng.normal(size=n)
    _, tangent = plain_tangent(likelihood, (K, y), (0, 1), (K_dot, y_dot))
    assert np.isclose(tangent, np.sum(K_bar * K_dot) + y_bar @ y_dot, rtol=1e-11)


GRIDS = ("np.mgrid[0:3, 1:5:2]", "np.mgrid[:4]", "np.ogrid[0:2, 0:3][1]", "np.mgrid[-1:1:5j, 0:2]", "np.ogrid[0:1:3j]")


@pytest.mark.parametrize("text", GRIDS)
def test_grids(text, tmp_path):
    module = loaded(f"{HEAD}def f(s):\n    return np.sum(np.sin(s * {text}))\n", tmp_path, "grid")
    expected = reference(module.f, (0.7,), (0,))
    value, gradients = gradient_of(module.f, (0.7,), (0,))
    assert value == pytest.approx(expected.value, rel=1e-12)
    assert mismatch(expected, gradients, (0.7,), (0,)) is None


WRITING = {
    "sort": "    b = a * 1.0\n    b.sort()\n",
    "flatten": "    c = a.flatten(order='F')\n    c[0] *= 3.0\n"
    "    b = np.reshape(c + a.flatten('C') * a.ravel('F'), (2, 3))\n",
    "sort along": "    b = a * 1.0\n    b.sort(axis=0)\n",
    "put_along_axis": "    b = a * 1.0\n"
    "    np.put_along_axis(b, np.argmax(a, axis=1)[:, None], 2.0 * a[:, :1], axis=1)\n",
    "put_along_axis of itself": "    b = a * 1.0\n"
    "    np.put_along_axis(b, np.argsort(a, axis=1), b[:, ::-1], axis=1)\n",
    "put_along_axis of one": "    b = a * 1.0\n    np.put_along_axis(b, np.array([[1]]), a[:, :1] ** 2, axis=1)\n",
    "lists": "    b = a * 1.0\n    np.put(b, [0, 3], [a[1, 1], 2.0])\n    np.fill_diagonal(b, [a[0, 2], 1.0])\n"
    "    np.copyto(b, [1.0, 2.0, a[0, 0]], where=[True, False, False])\n",
    "putmask": "    b = a * 1.0\n    np.putmask(b, a > 0.0, a[0, :2] ** 2)\n    np.putmask(b, a < -0.5, 0.5)\n",
    "place": "    b = a * 1.0\n    np.place(b, a > 0.0, b[1, :2])\n    np.place(b[0], a[1] < 0.0, [a[0, 0]])\n",
    "ix_ of masks": "    b = a * 1.0\n    b[np.ix_(np.array([True, False]), [0, 2])] = a[1:, :2]\n"
    "    b = b + np.sum(b[np.ix_(a[:, 0] < 9.0, a[0] < 9.0)] ** 2)\n",
    "s_": "    b = a * 1.0\n    part = np.s_[:, ::-2]\n    b[part] = a[np.s_[:, 1:]]\n    b[np.index_exp[0]] *= 2.0\n",
    "choose is a copy": "    c = a * 1.0\n    b = np.choose(np.zeros(3, dtype=np.int64), [c])\n    c[0, 0] = 3.0\n"
    "    b = b * c\n",
    "parts of flat are copies": "    c = a * 1.0\n    b = a * 1.0\n    d = c.flat[1:4]\n    e = c.flat[[0, 1, 2]]\n"
    "    c[0] = 2.0\n    d[0] *= 3.0\n    b[1] = c[1] * d * e\n",
    "a cast to its own dtype": "    c = a * 1.0\n    b = np.float64(c)\n    c[0] = a[1] ** 2\n",
    "nothing": "    b = a * 1.0\n    b[:, []] = 3.0\n    b[0] = b[0] + np.sum(b[1, []]) + np.sum(np.array([]))\n",
    "into a part": "    b = np.zeros((2, 3))\n    np.split(b, [1])[0][0] = a[1]\n",
    "add.at": "    b = a * 1.0\n    np.add.at(b, (np.array([0, 0]), np.array([1, 1])), a[0, :2])\n",
    "ix_": "    b = a * 1.0\n    b[np.ix_(np.array([1, 0]), np.array([0, 2]))] *= a[:, 1:]\n",
    "nonzero": "    b = a * 1.0\n    rows, columns = np.nonzero(a > 0.0)\n"
    "    b[rows, columns] = a[rows, columns] ** 3\n",
}


@pytest.mark.parametrize("case", WRITING)
def test_functions_that_write(case, tmp_path):
    a = call_of("np.sum", "A(2, 3)").args[0]
    module = loaded(f"{HEAD}def f(a):\n{WRITING[case]}    return np.sum(np.sin(b * np.arange(1, 4)))\n", tmp_path, "w")
    expected = reference(module.f, (a,), (0,))
    value, gradients = gradient_of(module.f, (a,), (0,))
    assert value == pytest.approx(expected.value, rel=1e-12)
    assert mismatch(expected, gradients, (a,), (0,)) is None


# --- what is refused, and errors at run time ------------------------------------------------------------------------

REFUSED = {
    "np.linalg.svd(X, full_matrices=k > 1)": "must be known",
    "np.linalg.qr(X, mode='raw')": "mode='raw' is not supported",
    "scipy.linalg.solve_triangular(X, x, lower=k > 1)": "must be known",
    "scipy.linalg.eigh(X)": "eigenvectors of scipy.linalg.eigh are not supported",
    "np.trapezoid(x, dx=X)": "distances with more axes",
    "scipy.linalg.expm(x)": "other than a matrix",
    "np.linalg.eig(X)": "np.linalg.eig()",
    "np.linalg.norm(X, 5)": "invalid order 5",
    "np.linalg.norm(X, 'fro', axis=0)": "'fro'",
    "np.concatenate((X, x))": "differ in the number of axes",
    "np.concatenate((X, X), axis=2)": "axis 2 of an array with 2 axes",
    "np.stack((x, x), axis=k)": "must be known",
    "np.cumsum(X, axis=3)": "axis 3 of an array with 2 axes",
    "np.einsum('ij,jk', X)": "2 terms for 1 arrays",
    "np.einsum('ij->', X > 0.0) * s": "einsum of truth values",
    "np.einsum('ijk', X)": "'ijk' for an array with 2 axes",
    "np.tensordot(X, X, axes=([0, 1], [0]))": "do not make pairs",
    "np.pad(X, 1, mode='empty')": "mode='empty' is not supported",
    "np.quantile(x, 0.5, method='inverted_cdf')": "method='inverted_cdf' is not supported",
    "np.sort(x, order='a')": "option order of np.sort is not supported",
    "np.choose(np.array([0, 1]), X)": "choices as one array",
    "np.piecewise(x[0], [x[0] > 0.5], [2.0])": "np.piecewise of a number",
    "np.polyval(X, x)": "coefficients with other than one axis",
    "np.diff(x, n=k)": "must be known",
    "np.unwrap(np.arange(4) * 100, period=360)": "whole numbers by a whole period",
    "np.reciprocal(np.arange(1, 3))": "write 1.0 / x",
    "np.arange(3, dtype=complex)": "does not give complex numbers here",
    "scipy.linalg.block_diag()": "no blocks",
    "np.nan_to_num(x, False, 0.5)": "copy=False is not supported",
    "np.meshgrid(x, x, indexing='yx')": "indexing='yx' is not supported",
    "np.convolve(x, x, 'half')": "mode='half' is not supported",
    "np.fft.hfft(x)": "one axis after the other",
    "np.delete(x, np.nonzero(x > 5.0))": "index it: np.nonzero(mask)[0]",
    "np.insert(x, [1], 2.0)": "a list of one place",
    "np.take(x, [1], mode='round')": "mode='round' is not supported",
    "np.moveaxis(X, (0, 0), (0, 1))": "stands twice",
    "np.linalg.eigh(X, UPLO='X')": "UPLO='X' is not supported",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_by_name_and_line(text, tmp_path):
    module = loaded(f"{HEAD}def f(X, x, k):\n    y = {text}\n    return np.sum(X)\n", tmp_path, "refused")
    with pytest.raises(sg.SrcgradError) as caught:
        plain_run(module.f, (np.eye(2), np.ones(2), 1), (0,))
    assert REFUSED[text] in str(caught.value)
    assert "line 6" in str(caught.value)
    assert text in str(caught.value)
    assert str(caught.value).count("line 6") == 1


STOPPED = {
    "np.concatenate((X, X[:, :1]))": "joined along one axis",
    "np.stack((x, x[:1]))": "same shape",
    "np.split(x, 2)": "equal division",
    "np.einsum('ij,jk->ik', X, X[:1])": "differ in length",
    "np.matmul(X[None], X[:2])": "differ in length",
    "np.linalg.inv(X[:2])": "lengths",
    "np.linalg.svd(X[:2])": "full_matrices=True has no derivative where a is not square",
    "np.linalg.qr(X[:, :2], 'complete')": "has no derivative where a has more rows",
    "np.linalg.solve(X[:2], x[:2])": "lengths",
    "np.polymul(x, x[1:])": "write np.convolve",
    "np.quantile(x[:0], 0.5)": "no elements",
    "np.trapezoid(x, x[:2])": "differ in number",
    "scipy.integrate.simpson(x[:1], np.arange(4.0))": "differ in number",
    "np.squeeze(X, axis=0)": "not equal to one",
    "np.squeeze(np.vstack([x]))": "one more axis has one element",
    "X.item()": "array of size 1",
    "np.nanargmax(X * np.nan, axis=0)": "All-NaN slice",
    "np.cross(X[:, :2], X[:, :2])": "three elements",
    "np.quantile(x, 1.5)": "range [0, 1]",
    "np.choose(np.array([0, 3]), (x[:2], x[1:]))": "invalid entry",
    "np.take_along_axis(X, np.array([[0], [1]]), axis=1)": "broadcast",
    "np.take_along_axis(X, x > 1.0, axis=0)": "dtype bool",
    "np.unravel_index(9, (3, 3))": "out of bounds",
    "np.unravel_index(np.array([1, -1]), X.shape)": "out of bounds",
    "np.ravel_multi_index((np.array([1, 3]), np.array([0, 1])), X.shape)": "out of bounds",
    "np.ravel_multi_index((-1, 0), X.shape)": "out of bounds",
    "np.partition(x, 3)": "kth is out of bounds",
    "np.argpartition(X, (0, -4), axis=0)": "kth is out of bounds",
    "np.bincount(np.array([1, 1]), x)": "differ in length",
    "np.histogram(x, 2, weights=X)": "differ in shape",
    "np.histogram(x, np.array([0.0, 2.0, 1.0]))": "must ascend",
    "np.repeat(x, np.array([1, -1, 2]))": "negative",
    "np.delete(x, [0, 3])": "out of bounds",
    "np.add.reduceat(x, np.array([0, 3]))": "out of bounds",
    "np.diag_indices_from(X[:2])[0]": "equal length",
    "scipy.linalg.solve_triangular(0.0 * X, x, lower=True)": "singular",
    "np.geomspace(-1.0, 2.0, 3)": "positive",
    "np.bincount(np.array([1, -1]))": "negative",
}


@pytest.mark.parametrize("text", STOPPED)
def test_errors_at_run_time(text, tmp_path):
    module = loaded(f"{HEAD}def f(X, x):\n    y = {text}\n    return np.sum(X)\n", tmp_path, "stopped")
    with pytest.raises((ValueError, IndexError, sg.SrcgradError), match=STOPPED[text].replace("[", r"\[")):
        plain_run(module.f, (np.arange(9.0).reshape(3, 3), np.arange(3.0)), (0,))


def test_an_error_of_a_page_names_the_call(tmp_path):
    module = loaded(f"{HEAD}def f(x):\n    return np.sum(np.split(x, 2)[0])\n", tmp_path, "named")
    with pytest.raises(ValueError, match=r"equal division: np\.split\(x, 2\) \(named\.py:6\)"):
        plain_run(module.f, (np.arange(3.0),), (0,))


FACTORS_IN_A_LOOP = """
def f(X, x):
    for k in range(3):
        values, vectors = np.linalg.eigh(X + X.T)
        Q, R = np.linalg.qr(X)
        sign, log = np.linalg.slogdet(X)
        X = 0.9 * X + np.outer(x, x)
    return values @ x + vectors[0, 0] ** 2 + R[0, 1] ** 2 + log
"""


def test_factors_are_used_after_the_loop_that_makes_them(tmp_path):
    f = loaded(f"{HEAD}{FACTORS_IN_A_LOOP}", tmp_path, "factors").f
    args = (np.array([[2.0, 0.3, -0.4], [0.1, 1.0, 0.7], [0.5, -0.2, 3.0]]), np.array([0.3, -0.4, 0.8]))
    value, gradients = gradient_of(f, args, (0, 1))
    assert value == pytest.approx(f(*args), rel=1e-12)
    assert mismatch(reference(f, args, (0, 1)), gradients, args, (0, 1)) is None


SINGULAR = {
    "np.sum(np.linalg.eigh(X)[1])": "eigenvectors and singular vectors have no derivative",
    "np.sum(np.linalg.svd(X, full_matrices=False)[0])": "eigenvectors and singular vectors have no derivative",
    "np.sum(np.linalg.svd(0.0 * X[:, :1], full_matrices=False)[0])": "where a singular value is zero",
}


@pytest.mark.parametrize("text", SINGULAR)
def test_vectors_of_equal_values_are_an_error_in_the_gradient(text, tmp_path):
    module = loaded(f"{HEAD}def f(X):\n    return {text}\n", tmp_path, "singular")
    with pytest.raises(ValueError, match=SINGULAR[text]):
        plain_run(module.f, (np.eye(3),), (0,))


def test_values_at_singular_matrices(tmp_path):
    """Equal eigenvalues and singular values, and a determinant of zero, have derivatives."""
    text = "np.sum(np.linalg.eigvalsh(X)) + np.sum(np.linalg.svdvals(X)) + np.linalg.det(X - 1.0)"
    module = loaded(f"{HEAD}def f(X):\n    return {text}\n", tmp_path, "singular_values")
    value, (gradient,) = gradient_of(module.f, (np.eye(3),), (0,))
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(module.f(np.eye(3)))
    X = np.ones((3, 3)) + np.diag([0.0, 0.0, 1.0])
    det = loaded(f"{HEAD}def f(X):\n    return np.linalg.det(X)\n", tmp_path, "d").f
    value, (gradient,) = gradient_of(det, (X,), (0,))
    np.testing.assert_allclose(gradient, [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-12)


# --- functions made by np.vectorize -----------------------------------------------------------------------------------


VECTORIZED = """
bumped = np.vectorize(lambda v: v * v if v > 0.0 else np.sin(v))
joined = np.vectorize(lambda v, w: v * w + w)
typed = np.vectorize(lambda v: 1 if v > 0.0 else v, otypes=[float])
several = np.vectorize(lambda v: (v, v), otypes=[float, float])


def f(x, y):
    return np.sum(bumped(x) * joined(x, y[:, None])) + bumped(x[0]) * joined(2.0, y[1]) + typed(x[2])


def none(x):
    return np.sum(bumped(x[:0]))


def made_inside(x, y):
    def clipped(v, low):
        return max(v * y[0], low)

    bent = np.vectorize(clipped, otypes=["float64"])
    signs = np.vectorize(lambda v: v > 0.0, otypes=[int])
    return np.sum(bent(x, -0.1) * np.vectorize(np.cos)(x) * typed(x)) + np.sum(typed(x[:0])) + x[0] * np.sum(signs(x))


def refused(x):
    return np.sum(several(x)[0])
"""


def test_functions_made_by_vectorize(tmp_path):
    module = loaded(f"{HEAD}{VECTORIZED}", tmp_path, "vectorized")
    x, y = np.array([0.3, -0.4, 1.4]), np.array([0.5, -1.2])
    _, _, (value, *gradients) = plain_run(module.f, (x, y), (0, 1))
    assert value == pytest.approx(module.f(x, y), rel=1e-14)
    assert mismatch(reference(module.f, (x, y), (0, 1)), gradients, (x, y), (0, 1)) is None
    _, _, (value, *gradients) = plain_run(module.made_inside, (x, y), (0, 1))
    assert value == pytest.approx(module.made_inside(x, y), rel=1e-14)
    assert mismatch(reference(module.made_inside, (x, y), (0, 1)), gradients, (x, y), (0, 1)) is None
    with pytest.raises(ValueError, match="size 0"):
        plain_run(module.none, (x,), (0,))
    with pytest.raises(sg.SrcgradError, match=r"several is made by np\.vectorize with excluded"):
        plain_run(module.refused, (x,), (0,))


# --- the table, and compiled code -----------------------------------------------------------------------------------


def test_every_page_has_cases():
    # test_functions_that_write has these
    written_into = {"flatten", "put_along_axis", "putmask", "place", "sort_in_place"}
    # test_numbers, test_special and the corpus call the others
    elsewhere = ("numbers", "special", "ufuncs", "integrals", "initial_values", "brackets", "scipy_common")
    named = {p.__name__ for p, cases in CASES.items() if not cases and p.__module__.split(".")[-1] not in elsewhere}
    assert named == written_into


def test_known_functions_are_called_with_what_is_known():
    modules = ("library.axes", "library.einsum_plan", "library.quadrature", "implicit", "odes", "train.refused",
               "integrals", "initial_values", "brackets", "scipy_common")  # fmt: skip
    assert {f.__module__ for f in KNOWN} <= {f"srcgrad.{name}" for name in modules}
    assert importlib.import_module("srcgrad.library.axes").axes_moved(3, (0, 1), (-1, 0)) == (1, 2, 0)


MANY = {
    "assembly": ("np.concatenate", "np.stack", "np.tile", "np.roll", "np.repeat", "np.pad", "np.meshgrid", "np.split",
                 "np.kron", "np.tril", "np.linspace", "np.take_along_axis", "np.rot90", "np.reshape"),
    "algebra": ("np.linalg.solve", "np.linalg.inv", "np.linalg.det", "np.linalg.slogdet", "np.linalg.cholesky",
                "np.linalg.eigh", "np.linalg.svd", "np.linalg.qr", "np.linalg.pinv", "np.linalg.lstsq",
                "np.matmul", "np.einsum", "scipy.linalg.solve_triangular"),
    "order": ("np.sort", "np.median", "np.quantile", "np.interp", "np.convolve", "np.gradient", "np.cumsum",
              "np.cumprod", "np.prod", "np.var", "np.histogram", "np.searchsorted", "np.linalg.norm", "np.cov"),
}  # fmt: skip


@pytest.mark.parametrize(
    "group", ["assembly", *(pytest.param(group, marks=pytest.mark.long) for group in ("order", "algebra"))]
)
def test_compiled_as_in_plain_python(group, tmp_path):
    """One function that calls many, compiled, gives what its source gives as plain Python."""
    lines, args, calls = [], [], []
    for name in MANY[group]:
        call = CALLS[name][0]
        names = [f"x{len(args) + k}" for k in range(len(call.args))]
        renamed = dict(zip(call.parameters, names, strict=True))
        body = total_of(call, f"part_{len(calls)}")
        lines.append(body)
        calls.append(f"part_{len(calls)}({', '.join(renamed.values())})")
        args += call.args
    given = ", ".join(f"x{k}" for k in range(len(args)))
    text = HEAD + "\n\n".join(lines) + f"\n\ndef f({given}):\n    return {' + '.join(calls)}\n"
    module = loaded(text, tmp_path, f"compiled_{group}")
    wrt = tuple(k for k, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
    value, gradients = gradient_of(module.f, tuple(args), wrt)
    found, compiled = sg.value_and_grad(module.f, argnums=wrt)(*args)
    assert found == pytest.approx(value, rel=1e-12)
    for right, own in zip(gradients, compiled, strict=True):
        np.testing.assert_allclose(own, right, rtol=1e-8, atol=1e-9)
