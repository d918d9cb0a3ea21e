"""Generated source: how it is shown, that it is itself input, that it is the same everywhere and never stale."""

import doctest
import importlib
import pkgutil
import textwrap
from collections import namedtuple

import numba
import numpy as np
import pytest
from numba import typeof

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import pipeline
from srcgrad.generation.entry import kind_of_type, parameters
from tests.helpers import ROOT, run_python
from tests.test_corpus import CASES

Layer = namedtuple("Layer", "W b")
U = np.linspace(-1.0, 1.2, 6).reshape(2, 3)
V = np.linspace(0.5, 2.0, 6).reshape(2, 3)


def area(a, b=2.0, *, c=3.0):
    """Return a * b * c, squared in a."""
    return a * a * b * c


def energy(u, v):
    return np.sum(np.tanh(u) * v) + u[0, 0]


def mixed(p, x):
    return p["scale"] * np.sum(p["layer"].W @ x) + p["pair"][0] * p["pair"][1][0]


# ---- source


def test_source_forms():
    g = sg.grad(lambda u, v: np.sum(u * v) * 3.0, argnums=(0, 1))
    for_vectors = sg.source(g, U[0], V[0])
    assert isinstance(for_vectors, str)
    assert isinstance(for_vectors, sg.Source)
    g(U, V)
    assert "for j in range" in sg.source(g)
    assert "for j in range" not in for_vectors
    g(U[0], V[0])
    assert for_vectors.strip() in sg.source(g)
    assert sg.source(g, U[0].astype(np.float32), V[0].astype(np.float32)).count("def function_grad(u, v):") == 1
    compile(str(sg.source(g, U, V)), "<source>", "exec")
    assert "NAMES" not in for_vectors
    assert "RESULT" not in for_vectors


def test_source_of_defaults_and_structures():
    assert "def area_grad(a, b, c):" in sg.source(sg.grad(area), 2.0)
    text = sg.source(sg.grad(mixed), {"layer": Layer(U, V[0, :2]), "scale": 2.0, "pair": [3.0, (4.0,)]}, V[0])
    assert "p_layer_W" in text
    assert "p_pair_1_0" in text
    assert "def area(a, b, c):" in sg.source(sg.differentiable(area), 2.0)


def test_source_computes_the_gradient():
    namespace = {}
    exec(str(sg.source(sg.value_and_grad(energy, argnums=(0, 1)), U, V)), namespace)
    value, u_bar, v_bar = namespace["energy_value_and_grad"](U, V)
    assert value == pytest.approx(energy(U, V), rel=1e-14)
    np.testing.assert_allclose(u_bar - np.eye(2, 3) * [1.0, 0.0, 0.0], (1.0 - np.tanh(U) ** 2) * V, rtol=1e-13)
    np.testing.assert_allclose(v_bar, np.tanh(U), rtol=1e-14)


# ---- the same everywhere


def generated(case, layout=pipeline.value_and_grad):
    """Return the derivative of a corpus function as generated, before it becomes text."""
    structures = tuple(tree.structure_of(a) for a in case.args)
    flat = [leaf for s, a in zip(structures, case.args, strict=True) for leaf in tree.leaves(s, a)]
    names = [n for s, p in zip(structures, parameters(case.function).parameters, strict=True)
             for n in tree.leaf_names(s, p)]  # fmt: skip
    kinds = tuple(kind_of_type(typeof(a), n) for a, n in zip(flat, names, strict=True))
    return layout(case.function, structures, kinds, case.positions)


@pytest.mark.parametrize(("first", "step"), [
    (0, 144), *(pytest.param(k, 24, marks=pytest.mark.long) for k in range(0, 24, 4)),
])  # fmt: skip
def test_same_text_for_every_hash_seed(tmp_path, first, step):
    code = (
        "import hashlib, tests.test_source as t\n"
        "from srcgrad.generation import generate\n"
        f"for case in t.CASES[{first}::{step}]:\n"
        "    text = generate.module_text(case.name, t.generated(case))\n"
        "    print(case.name, hashlib.sha256(text.encode()).hexdigest())\n"
    )
    runs = [run_python(code, tmp_path, PYTHONHASHSEED=seed).splitlines() for seed in ("1", "2")]
    assert [a for a, b in zip(*runs, strict=True) if a != b] == []
    assert len(runs[0]) == len(CASES[first::step])


# ---- edits


# name -> (module with a function f, what its slope is before and after the number in it changes)
EDITS = {
    "method of a dataclass": """
        from dataclasses import dataclass

        def helper():
            return 3.0

        @dataclass
        class P:
            a: float

            @property
            def slope(self):
                return helper()

            def total(self, x):
                return self.slope * x + self.a

        def f(x):
            return P(1.0).total(x)
    """,
    "method of an object": """
        class K:
            def __call__(self, x):
                return 3.0 * x

        class M:
            def __init__(self):
                self.kernel = K()

            def inner(self, x):
                return self.kernel(x)

            def total(self, x):
                return self.inner(x)

        m = M()

        def f(x):
            return m.total(x)
    """,
    "field of an object": """
        class M:
            def __init__(self):
                self.rate = 3.0

            def total(self, x):
                return self.rate * x

        m = M()

        def f(x):
            return m.total(x)
    """,
    "source": """
        def f(x):
            return 3.0 * x
    """,
    "constant": """
        C = 3.0

        def f(x):
            return C * x
    """,
    "captured array": """
        import numpy as np

        C = np.array([3.0, 1.0])

        def f(x):
            return C[0] * x
    """,
    "callee": """
        def g(x):
            return 3.0 * x

        def f(x):
            return g(x)
    """,
    "njit callee": """
        from numba import njit

        @njit
        def g(x):
            return 3.0 * x

        def f(x):
            return g(x)
    """,
    "differentiable callee": """
        import srcgrad as sg

        @sg.differentiable
        def g(x):
            return 3.0 * x

        def f(x):
            return g(x)
    """,
    "default of a callee": """
        K = 3.0

        def g(x, k=K):
            return k * x

        def f(x):
            return g(x)
    """,
    "keyword default of a callee": """
        K = 3.0

        def g(x, *, k=K):
            return k * x

        def f(x):
            return g(x)
    """,
    "closure": """
        def make(k):
            def f(x):
                return k * x

            return f

        f = make(3.0)
    """,
    "function in a tuple": """
        def g(x):
            return 3.0 * x

        ALL = (g,)

        def f(x):
            return ALL[0](x)
    """,
    "field of a namedtuple": """
        from collections import namedtuple

        C = namedtuple("C", "k")(3.0)

        def f(x):
            return C.k * x
    """,
    "class attribute": """
        class C:
            k = 3.0

        def f(x):
            return C.k * x
    """,
    "attribute of an object": """
        class C:
            def __init__(self, k):
                self.k = k

        c = C(3.0)

        def f(x):
            return c.k * x
    """,
    "default array of a callee": """
        import numpy as np

        K = 1.0 + 1e-9 * np.ones(1)

        def g(x, k=K):
            return np.floor((k[0] - 1.0) * 1e9 + 0.5) * x + 2.0 * x

        def f(x):
            return g(x)
    """,
    "default of a namedtuple": """
        from collections import namedtuple

        K = 3.0
        P = namedtuple("P", "x k", defaults=(K,))

        def f(x):
            return P(x).x * P(x).k
    """,
    "argument of a partial": """
        import functools

        def scaled(k, x):
            return k * x

        triple = functools.partial(scaled, 3.0)

        def f(x):
            return triple(x)
    """,
    "function of a partial": """
        import functools

        def scaled(k, x):
            return 3.0 * k * x

        triple = functools.partial(scaled, k=1.0)

        def f(x):
            return triple(x=x)
    """,
    "item of a set": """
        CHOSEN = {3.0, 7.0}

        def f(x):
            return (6.0 / 2.0 if 6.0 / 2.0 in CHOSEN else 10.0 / 2.0) * x
    """,
    "where a list ends": """
        ROWS = [[1.0], [2.0]] if 3.0 < 4.0 else [[1.0, 2.0], []]

        def f(x):
            return (2.0 * len(ROWS[0]) + 1.0) * x
    """,
    "method of a namedtuple": """
        from typing import NamedTuple

        class Line(NamedTuple):
            level: float

            def at(self, x):
                return 3.0 * x + self.level

        LINE = Line(1.0)

        def f(x):
            return LINE.at(x)
    """,
    "module read by two functions": """
        import edited_settings as s

        def g(x):
            return s.SECOND * x

        def f(x):
            return s.FIRST * g(x)
    """,
}


@pytest.fixture(scope="module")
def slopes_before_and_after(tmp_path_factory):
    """The slopes of all programs in `EDITS` in one process, and after the edit in a second one."""
    folder = tmp_path_factory.mktemp("edited")
    code = "import sys, importlib, srcgrad\nfor name in sys.argv[1:]:\n"
    code += "    print(srcgrad.grad(importlib.import_module(name).f)(2.0))\n"
    names = [f"edited_{k}" for k in range(len(EDITS))]
    runs = []
    for after in (False, True):
        for name, text in zip(names, EDITS.values(), strict=True):
            text = textwrap.dedent(text).replace("1e-9 *", "3e-9 *" if after else "1e-9 *")
            (folder / f"{name}.py").write_text(text.replace("3.0", "5.0") if after else text, "utf-8")
        (folder / "edited_settings.py").write_text(f"FIRST, SECOND = {5.0 if after else 3.0}, 1.0\n", "utf-8")
        cache = str(folder / "cache")
        runs.append(run_python(code, folder, *names, SRCGRAD_CACHE_DIR=cache).splitlines())
    return dict(zip(EDITS, zip(*runs, strict=True), strict=True))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_a_new_gradient(name, slopes_before_and_after):
    """In a second process, the stored module of the first one must not be found."""
    assert slopes_before_and_after[name] == ("3.0", "5.0")


def test_a_changed_constant_in_the_same_process():
    captured = np.array([3.0])

    def f(x):
        return captured[0] * x

    assert sg.grad(f)(1.0) == 3.0
    captured[0] = 5.0
    assert sg.grad(f)(1.0) == 5.0
    assert sg.vjp(f, 1.0)[1](1.0) == (5.0,)


def test_a_derivative_keeps_the_constants_of_its_first_call(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    rate, table, settings = 3.0, np.array([3.0]), {"rate": 3.0}

    def slope(x):
        return rate * x

    def f(x):
        return slope(x) * table[0] * settings["rate"]

    called, waiting, primal = sg.grad(f), sg.grad(f), sg.differentiable(f)
    assert called(1.0) == primal(1.0) == 27.0
    rate, table[0], settings["rate"] = 5.0, 5.0, 5.0
    assert called(1.0) == primal(1.0) == 27.0
    assert called(2.0) == 27.0
    assert waiting(1.0) == sg.grad(f)(1.0) == 125.0
    assert sg.jvp(f, (1.0,), (1.0,)) == (125.0, 125.0)


def test_large_captured_arrays():
    table = np.linspace(0.0, 1.0, 1000)
    assert sg.grad(lambda x: np.sum(table * x))(2.0) == pytest.approx(500.0)


# ---- debugging


def test_dump_prints_the_passes(monkeypatch, capsys):
    monkeypatch.setenv("SRCGRAD_DUMP", "parse,lower")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 11.0), U[0], V[0])
    printed = capsys.readouterr().err
    assert printed.count("# --- after") == 2
    assert "# --- after parse\ndef function(a, b):\n    return np.sum(a * b) * 11.0\n" in printed
    assert "# --- after lower\n" in printed
    monkeypatch.setenv("SRCGRAD_DUMP", "all")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 12.0), U[0], V[0])
    printed = capsys.readouterr().err
    for name in ("parse", "webs", "lower", "reverse", "simplify", "schedule", "final"):
        assert f"# --- after {name}\n" in printed
    monkeypatch.setenv("SRCGRAD_DUMP", "")
    sg.source(sg.grad(lambda a, b: np.sum(a * b) * 13.0), U[0], V[0])
    assert capsys.readouterr().err == ""


def test_traceback_shows_the_generated_line():
    g = sg.grad(lambda a, b: np.sum(a * b) * 14.0)
    namespace = {}
    exec(compile(str(sg.source(g, U[0], V[0])), "<generated>", "exec"), namespace)
    with pytest.raises(ValueError, match="could not be broadcast"):
        namespace["function_grad"](U[0], V[0, :2])


# ---- examples in docstrings


MODULES = [module.name for module in pkgutil.walk_packages([str(ROOT / "srcgrad")], "srcgrad.")]


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_passes_have_doctests():
    finder = doctest.DocTestFinder()
    assert sum(bool(found.examples) for name in MODULES for found in finder.find(importlib.import_module(name))) > 20
