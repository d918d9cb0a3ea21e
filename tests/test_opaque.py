"""Functions without text, called as they are: from C, and compiled functions that cannot be read."""

import ctypes
import ctypes.util
import importlib
import math
import warnings

import numpy as np
import pytest
from numba import carray, cfunc, njit
from numba.extending import intrinsic

import srcgrad as sg
from srcgrad import opaque
from srcgrad.generation import entry
from tests.helpers import run_python

V = np.array([0.3, -0.2, 0.9])

libm = ctypes.CDLL(ctypes.util.find_library("m"))
cbrt = libm.cbrt
cbrt.argtypes, cbrt.restype = [ctypes.c_double], ctypes.c_double


@sg.rule(cbrt, "x", "y", "()->()")
class Cbrt:
    def x_bar(y, y_bar):
        return y_bar / (3.0 * y * y)

    def y_dot(y, x_dot):
        return x_dot / (3.0 * y * y)


@njit
def ordered(v, s):
    w = np.array(sorted([x for x in v])) * s
    return w[0] + s, w


@sg.rule(ordered, "v s", "least w", "(n),()->(),(n)")
class Ordered:
    def v_bar(v, s, least_bar, w_bar):
        order = np.argsort(v)
        bar = np.zeros_like(v)
        if w_bar is not None:
            for i in range(v.shape[0]):
                bar[order[i]] += s * w_bar[i]
        if least_bar is not None:
            bar[order[0]] += s * least_bar
        return bar

    def s_bar(v, least_bar, w_bar):
        order = np.argsort(v)
        bar = 0.0
        if least_bar is not None:
            bar += (v[order[0]] + 1.0) * least_bar
        if w_bar is not None:
            bar += np.sum(v[order] * w_bar)
        return bar

    def least_dot(v, s, v_dot, s_dot):
        order = np.argsort(v)
        dot = 0.0
        if v_dot is not None:
            dot += v_dot[order[0]] * s
        if s_dot is not None:
            dot += (v[order[0]] + 1.0) * s_dot
        return dot

    def w_dot(v, s, v_dot, s_dot):
        order = np.argsort(v)
        dot = np.zeros_like(v)
        if v_dot is not None:
            dot += v_dot[order] * s
        if s_dot is not None:
            dot += v[order] * s_dot
        return dot


def in_loop(x):
    y = x
    for i in range(3):
        y = cbrt(y * x + 1.0) * x
    return y


def of_elements(v):
    return cbrt(v[1] + 2.0) * v[0] + cbrt(v[0] + 2.0)


def of_arrays(v, s):
    least, w = ordered(v * s, s)
    return least * np.sum(w**2)


def one_result(v, s):
    return ordered(v, s)[0] * s


CASES = {in_loop: (0.7,), of_elements: (V,), of_arrays: (V, 0.5), one_result: (V, 0.5)}


@pytest.fixture
def plain(monkeypatch):
    """Generated source runs as plain Python; what it calls is compiled before."""
    ordered(V, 0.5), along(0.5)
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)


@pytest.mark.parametrize("f", [
    pytest.param(f, id=f.__name__, marks=pytest.mark.long if f is in_loop else ()) for f in CASES
])
def test_both_modes_to_second_order(f, plain):
    assert sg.check_grads(f, CASES[f], order=2) < 1e-6


def test_compiled_inside_njit_as_in_python():
    by_loop = sg.grad(in_loop)

    @njit
    def twice(x):
        return 2.0 * by_loop(x)

    slope = 0.5 * twice(0.7)
    h = 1e-6
    assert slope == pytest.approx((in_loop(0.7 + h) - in_loop(0.7 - h)) / (2 * h), rel=1e-8)
    assert slope == by_loop(0.7)


@cfunc("float64(float64, float64)")
def area(x, y):
    return math.sin(x) * y


@sg.rule(area, "x y", "a", "(),()->()")
class Area:
    def x_bar(x, y, a_bar):
        return a_bar * np.cos(x) * y

    def y_bar(x, a_bar):
        return a_bar * np.sin(x)


@intrinsic
def squared(typing, x):
    def product(context, builder, signature, args):
        return builder.fmul(args[0], args[0])

    return x(x), product


@sg.rule(squared, "x", "y", "()->()")
class Squared:
    def x_bar(x, y_bar):
        return 2.0 * x * y_bar


@cfunc("void(CPointer(float64), CPointer(float64), int64)")
def sums(source, target, n):
    v, out = carray(source, n), carray(target, n)
    total = 0.0
    for i in range(n):
        total += v[i]
        out[i] = total


sums_in_c = sums.ctypes


@njit
def running(v):
    out = np.empty_like(v)
    sums_in_c(v.ctypes, out.ctypes, v.size)
    return out


@sg.rule(running, "v", "w", "(n)->(n)")
class Running:
    def v_bar(v, w_bar):
        return np.cumsum(w_bar[::-1])[::-1].copy()


def by_doors(v):
    return np.sum(running(v) * v) + area(v[0], squared(v[1])) * squared(v[2])


def test_cfuncs_intrinsics_and_pointers_to_arrays():
    slope = sg.grad(by_doors)

    @njit
    def inside(v):
        return slope(v)

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numba would say that it cannot cache what holds an address
        found = slope(V)
    a, b, c = V
    right = np.sum(V) + V
    right += [np.cos(a) * b**2 * c**2, np.sin(a) * 2.0 * b * c**2, np.sin(a) * b**2 * 2.0 * c]
    np.testing.assert_allclose(found, right, rtol=1e-14)
    np.testing.assert_array_equal(inside(V), found)


def test_jacobian_takes_the_mode_that_rules_serve(plain):
    """`area` has adjoints only, `along` tangents only, `root` a custom_vjp."""
    of_areas = lambda v: np.array([area(v[0], v[1]), v[2] * v[0]])
    of_roots = lambda v: np.array([root(v[0]), v[1]])
    np.testing.assert_allclose(sg.jacobian(of_areas)(V)[0, :2], [np.cos(V[0]) * V[1], np.sin(V[0])])
    assert sg.jacobian(of_roots)(V)[0, 0] == pytest.approx(0.5 / np.sqrt(V[0]))
    assert sg.jacobian(lambda v: along(v[0]) * v[1])(V)[0] == pytest.approx(-np.sin(V[0]) * V[1])
    norm = lambda v: np.sum(sg.jacobian(of_areas)(v) ** 2)
    assert sg.check_grads(norm, (V,)) < 1e-6


@njit
def along(x):
    return np.cos(x)


@sg.rule(along, "x", "y", "()->()")
class Along:
    def y_dot(x, x_dot):
        return -x_dot * np.sin(x)


@sg.custom_vjp
def root(x):
    return np.sqrt(x)


def root_fwd(x):
    y = root(x)
    return y, y


def root_bwd(y, y_bar):
    return (0.5 * y_bar / y,)


root.defvjp(root_fwd, root_bwd)


def test_it_is_called_by_name(plain):
    text = sg.source(sg.grad(in_loop), 0.7)
    assert "own = primitives(cbrt=imported('tests.test_opaque', 'cbrt'))" in text
    assert "own.cbrt(" in text
    assert "def cbrt_x_bar(y, y_bar):" in text


def test_addresses_are_not_kept_on_disk():
    assert opaque.has_address(cbrt)
    assert opaque.has_address(area)
    assert opaque.has_address(running)
    assert not opaque.has_address(ordered)


# ---- what is refused


def refused(f, *args):
    with pytest.raises(sg.SrcgradError) as caught:
        f(*args)
    return str(caught.value)


def test_a_function_without_a_rule_is_pointed_to_the_door(plain):
    bare = libm.fabs
    message = refused(sg.grad(lambda x: bare(x)), 0.7)
    assert "there is no rule for bare() and no Python source" in message
    assert "sg.rule" in message


TEXT = """
import numpy as np, srcgrad as sg
from numba import carray, cfunc, njit
from numba.extending import intrinsic

@njit
def g(x):
    return x * 2.0

@njit
def doubled(v):
    return np.concatenate((v, v))

@sg.rule(doubled, "v", "w", "(n)->(n)")
class Doubled:
    def v_bar(v, w_bar):
        return w_bar[:1]
    def w_dot(v_dot):
        return v_dot

@njit
def same(v):
    return v * 1.0

@sg.rule(same, "v", "w", "(n)->(n)")
class Same:
    def v_bar(v, w_bar):
        return w_bar[:1]
    def w_dot(v_dot):
        return v_dot[:1]
"""


def imported_from(text, folder, name, monkeypatch):
    (folder / f"{name}.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module(name)


def test_what_does_not_keep_its_promise_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", False)
    m = imported_from(TEXT, tmp_path, "srcgrad_promises", monkeypatch)
    m.doubled(V), m.same(V)
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    with pytest.raises(ValueError, match=r"own\.doubled: lengths promised and found 3 and 6"):
        sg.grad(lambda v: np.sum(m.doubled(v)))(V)
    with pytest.raises(ValueError, match="does not have its shape"):
        sg.grad(lambda v: np.sum(m.same(v)))(V)
    with pytest.raises(ValueError, match="does not have the shape of its value"):
        sg.jvp(lambda v: np.sum(m.same(v)), (V,), (V,))


def test_wrong_rules_are_refused(tmp_path, monkeypatch):
    m = imported_from(TEXT, tmp_path, "srcgrad_wrong", monkeypatch)

    def attempt(body, *given):
        pages = type("Pages", (), {"__module__": "srcgrad_wrong", **body})
        return refused(sg.rule(m.g, *given), pages)

    assert "Pages.z_bar is no page of the rule" in attempt({"z_bar": lambda x: x}, "x", "y", "()->()")
    assert "Pages.x_bar takes 'q'" in attempt({"x_bar": lambda q: q}, "x", "y", "()->()")
    assert "do not fit its operands" in attempt({}, "x", "y", "(),()->()")
    pages = type("Pages", (), {"__module__": "srcgrad_wrong"})
    assert "has no name in srcgrad_wrong" in refused(sg.rule(lambda x: x, "x", "y", "()->()"), pages)


# ---- other processes


PROGRAM = """
import ctypes, ctypes.util, warnings
import srcgrad as sg
warnings.simplefilter("error")
cbrt = ctypes.CDLL(ctypes.util.find_library("m")).cbrt
cbrt.argtypes, cbrt.restype = [ctypes.c_double], ctypes.c_double

@sg.rule(cbrt, "x", "y", "()->()")
class Cbrt:
    def x_bar(y, y_bar):
        return FACTOR * y_bar / (3.0 * y * y)

def f(x):
    return cbrt(x) * 2.0
"""


def test_an_edited_page_is_read_anew(tmp_path):
    def result(factor):
        (tmp_path / "things.py").write_text(PROGRAM.replace("FACTOR", factor), "utf-8")
        code = "import things, srcgrad as sg; print(sg.grad(things.f)(8.0))"
        return float(run_python(code, tmp_path, SRCGRAD_CACHE_DIR=str(tmp_path / "cache")))

    assert result("1.0") == pytest.approx(1 / 6)
    assert result("3.0") == pytest.approx(1 / 2)
