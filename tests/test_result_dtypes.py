"""Value, shape and dtype of what calls of NumPy give, for options and for elements of other dtypes than float64."""

import ast
import math

import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import entry, generate, pipeline
from tests.helpers import loaded
from tests.random_programs.compare import executed, plain_run
from tests.random_programs.differences import copied

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
RNG = np.random.default_rng(3)
WIDE, INTEGERS = RNG.normal(size=(3, 4)), RNG.integers(-4, 5, size=(3, 4))
ARGS = {
    "a": WIDE, "g": WIDE.astype(np.float32), "i": INTEGERS, "j": INTEGERS.astype(np.int32), "m": INTEGERS > 0, "k": 2,
    "h": np.array([[0.3, np.nan, 1.0], [np.nan, 0.5, np.nan]]), "x": 0.7, "w": np.array([-1.0, -0.2, 0.1, 0.8]),
}  # fmt: skip


def result_of(text, tmp_path):
    """Return what NumPy gives, and what the generated source gives as plain Python."""
    used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    names = sorted(set(ARGS) & used)
    args = tuple(ARGS[n] for n in names)
    whole = f"import math, scipy.linalg\nimport numpy as np\n\ndef f({', '.join(names)}):\n    return {text}\n"
    module = loaded(whole, tmp_path, "result")
    found = plain_result(module.f, args)
    return module.f(*copied(args)), found


def plain_result(f, args):
    """Return what the generated source gives as plain Python."""
    kinds = tuple(entry.kind_of_type(numba.typeof(a), "argument") for a in args)
    made = pipeline.primal(f, (tree.LEAF,) * len(args), kinds)
    return executed(generate.module_text("plain", made), made.functions[0].name)(*copied(args))


RESULTS = (
    # sums in another dtype
    "np.sum(a, axis=0, dtype=np.float32)", "np.sum(i, axis=1, dtype=np.float64)", "np.sum(a, dtype=np.int64)",
    "np.sum(g, 0, np.float64)", "i.sum(0, np.float32)", "np.mean(i, axis=0, dtype=np.float32)", "np.sum(m, 1, i.dtype)",
    "np.mean(g, 1, np.float64)", "np.mean(a, axis=0, dtype=np.float32, where=m)", "np.nansum(i, 0, np.float32)",
    "np.cumsum(i, axis=0, dtype=np.float32)", "np.prod(i, axis=0, dtype=np.float32)", "np.add.reduce(g, 0, np.float64)",
    "np.nanvar(i, axis=0, dtype=np.float32)",
    # float32 stays
    "np.prod(g, keepdims=True)", "np.median(g, keepdims=True)", "np.quantile(g, 0.3, keepdims=True)",
    "np.nanmean(g, axis=0)", "np.nanvar(g, axis=1, keepdims=True)", "np.nanstd(g, axis=0)", "np.mean(g, 0, where=m)",
    "np.linalg.norm(g, keepdims=True)", "np.nanmedian(g, keepdims=True)", "np.linspace(g[0], g[1], 3)",
    "np.histogram(g, 3)[1]", "np.histogram(g, 3, (-1, 1), density=True)[0]", "np.geomspace(g[0]**2 + 1, 9.0, 3)",
    # whole numbers stay, truth values count
    "np.nanmax(i, axis=0)", "np.nanmin(j, axis=1, keepdims=True)", "np.nanmax(m, axis=0)", "np.median(m, axis=1)",
    "np.round(i, 1)", "np.round(j[0])", "np.round(i, -1) * 1.0", "np.vander(g[0], 3)", "np.vander(i[0])",
    "np.mean(k)", "np.count_nonzero(x)", "np.nanmedian(m)",
    "np.quantile(i, 0.3, axis=0, method='nearest')", "np.quantile(g, 0.3, method='lower')", "np.round(j, -1)",
    "np.setdiff1d(w, w[:2], assume_unique=True)", "np.isin(k, i)", "np.prod(x)", "np.nanvar(x)", "np.median(x)",
    "np.nan_to_num(h, True, 0.5)", "np.linalg.vector_norm(np.array([a, a]), axis=(0, 2), keepdims=True)",
    # the first NaN
    "np.argmax(h)", "np.argmin(h)", "np.argmax(h, axis=0)", "np.nanargmax(h, axis=0)", "np.nanargmin(h)",
    "np.argmax(a, axis=1, keepdims=True)", "h.argmin(keepdims=True)",
    # what a reduction begins with has the dtype of its result
    "np.sum(i, initial=2.5)", "np.prod(j, axis=0, initial=2.5)", "np.max(i, axis=0, initial=1.5, where=m)",
    "np.min(j, initial=-0.5)", "np.sum(m, axis=0, initial=2.5)",
    "np.quantile(g, [0.2, 0.5], axis=0)", "np.quantile(g, 0.2, axis=0)", "np.quantile(g, [0.2, 0.5])",
    # whole numbers that are NumPy's widen, those of Python do not
    "j * i[0, 1]", "j + i.sum()", "np.maximum(j, i.max())", "j * np.int64(3)", "j * int(i[0, 1])", "j * i.size",
    "j + k", "np.where(m, j, i[1, 1])", "m * j[0, 0]", "m * k", "(m + j[0, 0] * 2)[0] * j[0]", "j + np.argmax(a)",
    # floats that are NumPy's widen as well
    "g * np.sqrt(2.0)", "g / np.sum(a)", "g * w[0]", "g - a.mean()", "np.maximum(g, w[1])", "np.where(m, g, w[0])",
    "g * np.float64(2.5)", "g / np.sqrt(a.shape[0])", "g * (i[0, 0] / 2)", "g * np.asarray(0.3)", "g * (w @ w)",
    "g * np.array([x, 0.5])[0]", "g * np.linalg.norm(w)", "g * max(w[3], 0.0)", "g**w[3]", "g * np.median(w)",
    "g * np.array([0.5 * k for k in range(3)])[1]", "j[0] * g[0, 0]", "g * np.linalg.slogdet(a[:, :3])[1]",
    "np.dot(0.5, g)", "np.inner(w[0], g[0])",
    # those of Python, and of single precision, do not
    "np.select([m, g > 0.0], [g, 2.0], -1.0)", "np.poly(g[0])", "np.poly(i[0])", "np.select([m], [i], x)",
    "g * math.sqrt(2.0)", "g * float(w[0])", "g * w[0].item()", "g * math.fmod(w[0], 0.2)", "g * math.modf(w[3])[0]",
    "g * (x * 2)", "g * [0.1, 0.2][k - 1]", "g * sum([0.1, x])", "g * (g[0, 0] * 2.0)", "g * np.sqrt(g[0, 0]**2 + x)",
    "g * (g.sum() / 3)", "np.full(3, g[0, 0] * 2.0)", "np.array([g[0, 0] * 2.0, g[0, 1]])", "g * np.percentile(g, 30)",
    "g / math.sqrt(a.shape[0])", "g * (a.shape[0] / 2)", "np.clip(g, 0.1, x)", "np.where(m, 0.5, g)", "g * np.pi",
    # beside wider arrays, and numbers that do not widen
    "np.linalg.solve(g[:, :3], np.stack((a[:, :3], a[:, 1:])))", "np.cross(g[:, :3], w[1:])", "np.cov(g)",
    "np.corrcoef(g)", "np.linalg.pinv(g, 0.5)", "np.linalg.pinv(i, 0.5)", "np.linalg.lstsq(g.T, g[0], 0.5)[0]",
    "np.gradient(j.astype(np.uint8), axis=0)", "np.interp(w, w, i[0])", "np.interp(0.3, w, m[0])",
    "np.polyfit(w, a.T, 1)", "np.linalg.norm(w[:0], -1)",
    "np.linalg.norm(h, 3, axis=0)",
    "np.linalg.trace(np.array([a, a]), dtype=np.float32)",
    "scipy.linalg.det(np.array([g[:, :3] > 0.0, g[:, 1:] < 0.5], dtype=np.float32))",
    "np.r_[g[0], 0.5, j[0]]", "np.r_[g[0], 1, x]", "np.r_[g, a]",
    "np.r_[g[0], w[1]]", "np.r_[g[0], 0:3]", "np.c_[g, g]", "np.c_[g[0], j[0]]", "np.c_[g, 0:3]",
    # of no elements there is what a reduction begins with
    "np.max(g[:0], axis=0, initial=0.5)", "np.min(w[:0], initial=2.5)", "np.max(i[:, :0], axis=1, initial=3)",
    "np.max(g, axis=1, initial=w[0])", "np.min(g[:, :0], axis=(0, 1), initial=0.5, keepdims=True)",
    # one place or several, whole numbers times floats, dtypes as text
    "np.delete(w, slice(1, 3))", "np.delete(a, [0, -1], axis=1)",
    "np.insert(w, 1, [x, 2.0])", "np.insert(a, 1, a[:2], axis=0)", "np.insert(a, 4, w[:3], axis=1)",
    "i[0] @ w", "j[0] @ g[1]", "m[0] @ w", "np.zeros(3, 'f4')", "np.array([w, w], dtype=np.float32)", "a.astype('i4')",
    "np.sum(i, axis=0, dtype='f4')",
    # whole numbers are counted as NumPy counts them
    "np.linspace(-3, 3, 5, dtype=int)", "np.arange(0.5, 4.5, 0.5, dtype=int)", "np.arange(4.5, 0.5, -1.5, dtype=int)",
    "np.histogram(m, 2)[1]", "np.choose(i[0] * 0, [g[1]])", "np.add.reduceat(j[0], [0, 2])", "np.float64(a)",
    # fewer elements than degrees of freedom
    "np.nanvar(h, axis=1, ddof=2)", "np.nanstd(i, ddof=20)", "np.nanvar(h, axis=0, ddof=1)",
    # options by place
    "np.add.reduce(a, 0, None, None, True)", "np.multiply.reduce(g, 0, np.float32)",
    "np.add.reduce(a, axis=1, initial=2.0, where=m)", "np.maximum.reduce(a, 1, None, None, True, 0.5)",
    "a.sum(0, None, None, True)", "a.sum(0, None, None, True, 2.0)", "a.max(0, None, True)", "a.any(0, None)",
    "a.mean(1, None, None, True)", "a.var(0, None, None, 1, True)",
)  # fmt: skip


@pytest.mark.parametrize("text", RESULTS)
def test_value_shape_and_dtype(text, tmp_path):
    right, found = map(np.asarray, result_of(text, tmp_path))
    assert found.shape == right.shape
    # numbers computed from elements are widened by numba
    assert found.dtype == right.dtype or not right.ndim and {found.dtype.kind, right.dtype.kind} == {"f"}
    single = "float32" in text or "(g" in text or right.dtype == np.float32
    np.testing.assert_allclose(found, right, rtol=1e-5 if single else 1e-12)


REFUSED = {
    "np.sum(a, axis=())": "axis=() names no axis",
    "np.max(a, axis=(0, 0))": "axis=(0, 0) names no axis, or one twice",
    "np.argmax(a, axis=(0, 1))": "np.argmax along axes (0, 1)",
    "np.sum(i, dtype=np.int32)": "dtype=int32 of np.sum is not supported",
    "np.mean(a, dtype=np.int64)": "dtype=int64 of np.mean is not supported",
    "np.var(a, dtype=int)": "dtype=int64 is not supported here",
    "np.prod(a, dtype=np.int32)": "dtype=int32 of sums and products",
    "np.cumsum(i, dtype=np.int8)": "dtype=int8 of sums and products",
    "np.max(m, initial=2)": "initial with truth values is not supported",
    "np.max(a, where=m)": "where without initial is not supported",
    "np.diff(a, n=-1)": "no differences of negative order",
    "np.trapezoid(w, a)": "points with more axes than the values",
    "np.roll(a, (1, 2, 3), axis=(0, 1))": "as many distances as axes",
    "np.bitwise_and(a, i)": "& of float64[:, :] and int64[:, :]",
    "~x": "~ of float64",
    "m[0] @ m[1]": "a product of truth values",
    "np.gcd(a, i)": "np.gcd of float64[:, :] and int64[:, :]",
    "np.ldexp(a, a)": "np.ldexp of float64[:, :] and float64[:, :]",
    "m << m": "<< of bool[:, :] and bool[:, :]",
    "np.full((3, 4), w)": "np.full of float64[:]",
    "np.zeros(3, 'f2')": "the dtype float16 is not supported",
    "np.array([[w, w], [w, w]])": "rows of arrays are not supported",
    "np.insert(w, slice(1, 2), x)": "before a slice or a list of one place",
    "m - m": "NumPy does not subtract truth values",
    "-m": "NumPy does not subtract truth values",
}


@pytest.mark.parametrize("text", ["np.delete(w, 4)", "np.delete(w, -5)", "np.insert(w, 5, x)"])
def test_places_that_do_not_exist(text, tmp_path):
    with pytest.raises(IndexError, match="out of bounds"):
        result_of(text, tmp_path)


def test_gradient_of_whole_numbers_times_floats(tmp_path):
    module = loaded("def f(i, w):\n    return i @ w\n", tmp_path, "product")
    args = (ARGS["i"][0], ARGS["w"])
    _, gradient = plain_run(module.f, args, (1,))[2]
    np.testing.assert_array_equal(gradient, args[0].astype(float))


@pytest.mark.parametrize("text", REFUSED)
def test_refused_with_its_line(text, tmp_path):
    with pytest.raises(sg.SrcgradError) as caught:
        result_of(text, tmp_path)
    assert REFUSED[text] in str(caught.value)
    assert "line 5" in str(caught.value)


def scaled_again(a, b, n):
    for _ in range(n):
        a = a * b
    return a


def added_up(a, b, n):
    total = a.copy()
    for k in range(n):
        total = total + b[k]
    return total


@pytest.mark.parametrize("f", [scaled_again, added_up])
@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("int8", "int64"), ("int16", "int32")])
def test_an_array_that_a_loop_binds_to_a_wider_one_begins_as_wide(f, dtypes):
    if f is added_up and dtypes[0] == "float32":
        return
    a, b = (np.array([100, 3, 7]).astype(d) for d in dtypes)
    args = a, b / np.float64(3.0) if dtypes[1] == "float64" else b, 2
    expected, found = f(*args), plain_result(f, args)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


HALF, TENTHS, WIDE_TENTHS = np.float64(0.5), (0.1, 0.2, 0.3), np.array([0.1, 0.2, 0.3])


def captured(g, n):
    return HALF * g


def from_a_tuple(g, n):
    y = g * 1.0
    for k in range(n):
        y = y + TENTHS[k] * g
    for tenth in TENTHS:
        y = y + tenth * g
    return y


def from_an_array(g, n):
    y = g * 1.0
    for k in range(n):
        y = y + WIDE_TENTHS[k] * g
    return y


def from_a_list(g, n):
    items = []
    for k in range(n):
        items.append(0.3 * k)
    return items[1] * g


def from_a_list_of_elements(g, n):
    items = []
    for k in range(n):
        items.append(0.3 * WIDE_TENTHS[k])
    return items[1] * g


def of_numpy_in_the_end(g, n):
    s, y = 1.0, g
    for _ in range(n):
        y = g * s
        s = WIDE_TENTHS.sum()
    return y


def damped(x, s):
    total = 0.0
    for k in range(3):
        total = total + s * k
        if total > 1.0:
            total = total * 0.5
    for _ in range(2):
        x = x * s
    return x + total


def called_with_both(g, n):
    return damped(g, 0.3) + 0, damped(g, WIDE_TENTHS[2]) + 0, damped(g, math.sin(WIDE_TENTHS[2])) + 0


@pytest.mark.parametrize("f", [captured, from_a_tuple, from_an_array, from_a_list, from_a_list_of_elements,
                               of_numpy_in_the_end, called_with_both])  # fmt: skip
def test_numbers_of_python_and_numpy_beside_single_precision(f):
    args = np.array([0.3, 1.7, -0.2], dtype=np.float32), 3
    expected, found = f(*args), plain_result(f, args)
    several = isinstance(expected, tuple)
    for right, value in zip(expected if several else (expected,), found if several else (found,), strict=True):
        assert value.dtype == right.dtype
        np.testing.assert_allclose(value, right, rtol=1e-6 if right.dtype == np.float32 else 1e-14)


def test_gradient_through_a_wider_array():
    def f(g, w):
        return np.sum(np.sin(g * w[0])) + np.sum(g * 2.0)

    g, w = np.array([0.3, 1.7, -0.2], dtype=np.float32), np.array([0.4])
    _, g_bar, w_bar = plain_run(f, (g, w), (0, 1))[2]
    assert g_bar.dtype == np.float32
    np.testing.assert_allclose(g_bar, np.cos(g * w[0]) * w[0] + 2.0, rtol=1e-6)
    np.testing.assert_allclose(w_bar, [np.sum(np.cos(g * w[0]) * g)], rtol=1e-14)


def powers(a, s, n):
    if n == 0:
        return a
    return powers(a * s, s, n - 1)


def test_a_number_of_numpy_given_to_a_recursion_of_single_precision():
    g, w = np.array([0.3, 1.7], dtype=np.float32), np.array([0.5])
    assert plain_result(lambda g, n: powers(g, 0.5, n) * 1.0, (g, 3)).dtype == np.float32
    assert plain_result(lambda g, w, n: powers(g, float(w[0]), n) * 1.0, (g, w, 3)).dtype == np.float32
    with pytest.raises(sg.KindError, match="a number of NumPy given to it widens its arrays"):
        plain_result(lambda g, w, n: powers(g, w[0], n) * 1.0, (g, w, 3))


def filled_then_less(x, k):
    a = np.zeros(3, dtype=k.dtype)
    a[:] = k
    a -= 100
    a -= 100
    return np.sum(a * x)


def masked_in_place(x, k):
    a = np.empty_like(k)
    a[:] = k
    a[a > 40] -= 100
    return np.sum(a * x) + np.sum(np.outer(k, k) * x)


def truth_joined(x, k):
    a = x > 1.0
    a += k > 40
    return np.sum(a * x)


def single_in_place(x, k):
    a = x.astype(np.float32)
    a -= x + 1e-9 * k
    return np.sum(a * x)


NARROW = [filled_then_less, masked_in_place, truth_joined, single_in_place]


@pytest.mark.parametrize("f", NARROW, ids=lambda f: f.__name__)
def test_arrays_that_become_numbers_of_a_loop_compute_in_their_dtype(f):
    x, k = np.array([0.5, 1.5, 2.0]), np.array([100, 50, 30], dtype=np.uint8)
    value, (slope,) = sg.value_and_grad(f, argnums=(0,))(x, k)
    assert value == pytest.approx(f(x, k), rel=1e-12)
    assert sg.differentiable(f)(x, k) == pytest.approx(f(x, k), rel=1e-12)
    if f is not single_in_place:
        other = np.array([0.6, 1.7, 1.9])
        assert f(other, k) - f(x, k) == pytest.approx(slope @ (other - x), rel=1e-9)
