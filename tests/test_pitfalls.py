"""Warnings of pitfalls: which line, which words; no false alarm; filters, caches and processes."""

import re
import types
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import entry, pipeline
from tests import ordinary_programs
from tests.helpers import loaded, run_python
from tests.ordinary_programs import MATRIX, VECTOR

ROOT = Path(__file__).parents[1]
HEAD = "import math\n\nimport numpy as np\n\nimport srcgrad as sg\n\nTABLE = np.arange(10.0) ** 2\n\n\n"


def pitfalls(f, args, positions=(0,)):
    """Return the problems found in a function, without compiling it."""
    structures = tuple(tree.structure_of(a) for a in args)
    flat = [leaf for s, a in zip(structures, args, strict=True) for leaf in tree.leaves(s, a)]
    kinds = tuple(entry.kind_of_type(numba.typeof(a), "x") for a in flat)
    starts = np.cumsum([0, *(tree.count(s) for s in structures)])
    wrt = tuple(int(starts[k]) + j for k in positions for j in range(tree.count(structures[k])))
    return pipeline.plan(f, structures, kinds, wrt)[0].pitfalls


def program(text, folder):
    """Return (function of a program text, [(line in the file, text between « and »)])."""
    if not text.startswith(("def ", "@")):
        text = "def f(x, n=3):\n" + "".join(f"    {line}\n" for line in text.splitlines())
    text = HEAD + text
    places = [(k, found) for k, line in enumerate(text.splitlines(), 1) for found in re.findall("«(.*?)»", line)]
    return loaded(text.replace("«", "").replace("»", ""), folder, "program").f, places


# what is said begins with this, for this argument, of these lines of a function f(x)
ROUNDED, DECIDES = " of a value that is differentiated", "a value that is differentiated decides between constants"
COMPARED, EQUAL = "a comparison of a value", "equality with a value that is differentiated"
WARNS = {
    "int": ("int()" + ROUNDED, 2.5, "return TABLE[«int(x)»]"),
    "int of an expression": ("int()" + ROUNDED, 2.5, "k = «int(x * x)» + 1\nreturn 2.0 * TABLE[k]"),
    "int beside the value": ("int()" + ROUNDED, 2.5, "return x * TABLE[«int(x)»]"),
    "int in a sum": ("int()" + ROUNDED, 2.5, "return x + «int(x)»"),
    "int of an element": ("int()" + ROUNDED, VECTOR, "s = 0.0\nfor v in x:\n    s += TABLE[«int(v)»]\nreturn s"),
    "histogram": (
        "int()" + ROUNDED, VECTOR, "h = np.zeros(4)\nfor v in x:\n    h[«int(v)»] += 1.0\nreturn np.sum(h * h)",
    ),
    "stored as an integer": (
        "a value that is differentiated is stored in an array of integers", VECTOR,
        "k = np.zeros(2, dtype=np.int64)\n«k[0] = 10.0 * x[0]»\nreturn np.sum(k * 0.1)",
    ),
    "index of a slice": ("int()" + ROUNDED, 2.5, "return np.sum(TABLE[: «int(x)»])"),
    "round": ("round()" + ROUNDED, 2.5, "return «round(x)» * 2.0"),
    "astype": ("np.int64()" + ROUNDED, VECTOR, "return np.sum(2.0 * «x.astype(np.int64)»)"),
    "gather": ("np.int64()" + ROUNDED, VECTOR, "k = «x.astype(np.int64)»\nreturn np.sum(TABLE[k])"),
    "floor": ("np.floor()" + ROUNDED, 2.5, "return «np.floor(x)» * np.sin(x)"),
    "floor of an array": ("np.floor()" + ROUNDED, VECTOR, "y = «np.floor(x)»\nz = 2.0 * y\nreturn np.sum(z)"),
    "math.floor": ("math.floor()" + ROUNDED, 2.5, "return «math.floor(x)» * 1.5"),
    "ceil": ("np.ceil()" + ROUNDED, 2.5, "return «np.ceil(x)» + x"),
    "trunc": ("math.trunc()" + ROUNDED, 2.5, "return 1.0 * «math.trunc(x)»"),
    "rint": ("np.rint()" + ROUNDED, VECTOR, "return np.sum(«np.rint(x)» @ x)"),
    "//": ("//" + ROUNDED, 2.5, "return «x // 0.5»"),
    "floor_divide": ("//" + ROUNDED, VECTOR, "return np.sum(«np.floor_divide(x, 0.5)»)"),
    "trips": ("int()" + ROUNDED, 2.5, "s = 0.0\nfor i in range(«int(x)»):\n    s += i\nreturn s"),
    "sign": ("np.sign()" + ROUNDED, VECTOR, "return np.sum(«np.sign(x)»)"),
    "sign in a sum": ("np.sign()" + ROUNDED, VECTOR, "return np.sum(«np.sign(x)» + x)"),
    "argmax": ("np.argmax()" + ROUNDED, VECTOR, "return float(«np.argmax(x)»)"),
    "argmin of an expression": ("np.argmin()" + ROUNDED, VECTOR, "return TABLE[«np.argmin(2.0 * x)»]"),
    "argmax along an axis": ("np.argmax()" + ROUNDED, MATRIX, "return np.sum(TABLE[«np.argmax(x, axis=1)»])"),
    "argmax of a matrix": ("argmax or argmin" + ROUNDED, MATRIX, "return TABLE[«np.argmax(x)»]"),
    "comparison": (COMPARED, VECTOR, "return np.sum(«x > 0.5») * 1.0"),
    "comparison as a float": (DECIDES, 2.5, "return float(«x > 0.5»)"),
    "choice": (DECIDES, 2.5, "return 1.0 if «x > 0.5» else 0.0"),
    "where": (DECIDES, VECTOR, "return np.sum(np.where(«x > 0.5», 1.0, 0.0))"),
    "branch": (DECIDES, 2.5, "if «x > 0.5»:\n    y = 1.0\nelse:\n    y = 0.0\nreturn y"),
    "branch over a default": (DECIDES, 2.5, "y = 0.0\nif «x > 0.5»:\n    y = n * 2.0\nreturn y"),
    "early return": (DECIDES, 2.5, "if «x > 0.5»:\n    return 1.0\nreturn 0.0"),
    "penalty": (DECIDES, 2.5, "c = x * x\nif «x > 2.0»:\n    c += 100.0\nreturn c"),
    "penalty in an array": (DECIDES, VECTOR, "x[0] = x[1]\nif «x[1] > 0.5»:\n    x[0] -= 1.0\nreturn np.sum(x)"),
    "counting": (DECIDES, VECTOR, "k = 0\nfor v in x:\n    if «v > 0.5»:\n        k += 1\nreturn k * 1.0"),
    "a flag decides": (DECIDES, 2.5, "big = x > 0.5 and n > 2\ny = 0.0\nif «big»:\n    y = 1.0\nreturn y"),
    "counted trips": (DECIDES, 2.5, "k = 0\nwhile «x > TABLE[k]»:\n    k += 1\nreturn TABLE[k]"),
    "search": (
        DECIDES, 2.5,
        "k = 0\nfor i in range(len(TABLE)):\n    if «TABLE[i] > x»:\n        break\n    k = i\nreturn TABLE[k]",
    ),
    "equality": (EQUAL, 2.5, "if «x == 1»:\n    return x\nreturn x * x"),
    "inequality": (EQUAL, 2.5, "y = 1.0\nif «x != 0.0»:\n    y = np.sin(x) / x\nreturn y"),
    "equality in an expression": (EQUAL, 2.5, "return 1.0 if «x == 0.0» else np.sin(x) / x"),
    "equality in where": (EQUAL, VECTOR, "return np.sum(np.where(«x == 0.0», 1.0, x * x))"),
    "equality of two": (
        EQUAL, VECTOR, "if «x[0] == x[1]»:\n    return x[0]\nreturn (x[0] - x[1]) / np.log(x[0] / x[1])",
    ),
    "skipped zeros": (
        EQUAL, VECTOR, "s = 0.0\nfor v in x:\n    if «v == 0.0»:\n        continue\n    s += 3.0 * v\nreturn s",
    ),
    "in a function called": (
        "int()" + ROUNDED, 2.5, "def g(t):\n    return TABLE[«int(t)»]\n\n\ndef f(x):\n    return g(2.0 * x)",
    ),
    "in a tuple": ("int()" + ROUNDED, (2.5, VECTOR), "def f(p):\n    t, _ = p\n    return TABLE[«int(t)»]"),
}  # fmt: skip

@pytest.mark.parametrize("name", WARNS)
def test_pitfalls_are_found(name, tmp_path):
    what, argument, text = WARNS[name]
    f, places = program(text, tmp_path)
    found = pitfalls(f, (argument,) if f.__code__.co_argcount == 1 else (argument, 3))
    assert [(p.line, p.text[p.col : p.end_col]) for p in found] == places
    assert all(p.what.startswith(what) and p.way_out and p.file.endswith("program.py") for p in found)


@pytest.mark.parametrize("f", ordinary_programs.PROGRAMS, ids=lambda f: f.__name__)
def test_ordinary_code_gives_no_warning(f):
    assert pitfalls(f, f.__defaults__) == ()


@pytest.mark.parametrize("name", WARNS)
def test_constants_give_no_warning(name, tmp_path):
    """The same programs, differentiated by an argument that the steps do not depend on."""
    _, argument, text = WARNS[name]
    f, _ = program(text, tmp_path)

    def scaled(x, n, z):
        return z * f(x, n)

    def scaled_alone(x, n, z):
        return z * f(x)

    outer = scaled_alone if f.__code__.co_argcount == 1 else scaled
    assert pitfalls(outer, (argument, 3, 2.0), (2,)) == ()


def test_the_page_says_what_is_found(tmp_path):
    text = (ROOT / "docs" / "pitfalls.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    module = loaded("\n\n".join(blocks), tmp_path, "page")
    functions = [f for f in vars(module).values() if isinstance(f, types.FunctionType)]
    lines = Path(module.__file__).read_text("utf-8").splitlines()
    stated = {k: line.partition("# warns: ")[2] for k, line in enumerate(lines, 1) if "# warns: " in line}
    found = {p.line: p.what for f in functions for p in pitfalls(f, f.__defaults__)}
    assert len(functions) > 15
    assert found.keys() == stated.keys()
    assert all(found[k].startswith(stated[k]) for k in stated)


# ---- how it reaches the user

def test_warning_points_to_the_line(tmp_path):
    f = program(WARNS["int"][2], tmp_path)[0]
    with pytest.warns(sg.PitfallWarning, match=r"int\(\) of a value that is differentiated") as caught:
        slopes = sg.grad(f)(2.5), sg.grad(f)(3.5), sg.value_and_grad(f)(3.5)
    assert slopes == (0.0, 0.0, (9.0, 0.0))
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (f.__code__.co_filename, f.__code__.co_firstlineno + 1)
    shown = str(warning.message)
    assert "    return TABLE[int(x)]\n                 ^^^^^^\n" in shown
    assert f', line {warning.lineno}\n' in shown


def test_ignored(tmp_path):
    f = program(WARNS["round"][2], tmp_path)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sg.PitfallWarning)
        assert sg.grad(f)(2.5) == 0.0


def test_as_an_error_it_is_raised_at_every_call(tmp_path):
    f = program(WARNS["//"][2], tmp_path)[0]
    derivative = sg.grad(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error", sg.PitfallWarning)
        for call in (derivative, derivative, sg.grad(f), sg.grad(derivative)):
            with pytest.raises(sg.PitfallWarning, match="// of a value"):
                call(2.5)
        with pytest.raises(sg.PitfallWarning, match="// of a value"):
            sg.vjp(f, 2.5)
    with pytest.warns(sg.PitfallWarning):
        assert derivative(2.5) == 0.0
    assert sg.grad(derivative)(2.5) == 0.0


def test_a_pullback_warns(tmp_path):
    f = program(WARNS["sign"][2], tmp_path)[0]
    with pytest.warns(sg.PitfallWarning, match="sign"):
        assert np.array_equal(sg.vjp(f, VECTOR)[1](1.0)[0], np.zeros(4))


def test_a_second_derivative_warns_of_the_users_line_only(tmp_path):
    f = program("return abs(x) * np.hypot(x, 1.0) + «np.floor(x)» + max(x, 0.0)", tmp_path)[0]
    with pytest.warns(sg.PitfallWarning) as caught:
        sg.grad(sg.grad(f))(2.5)
    assert [Path(w.filename).name for w in caught] == ["program.py"]


def test_inside_njit(tmp_path):
    derivative = sg.grad(program(WARNS["choice"][2], tmp_path)[0])

    @njit
    def inside(x):
        return derivative(x, 3)

    with pytest.warns(sg.PitfallWarning, match="decides between constants"):
        assert inside(2.5) == 0.0


SCRIPT = """
import sys, warnings
sys.path.insert(0, {folder!r})
from lookup import f
import srcgrad as sg

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert sg.grad(f)(2.5) == 0.0
print([(w.category.__name__, w.lineno) for w in caught])
print("srcgrad.generation.pipeline" in sys.modules)
warnings.filterwarnings("error", module="lookup")
import srcgrad.analysis.warned
srcgrad.analysis.warned._shown.clear()
try:
    sg.grad(f)(2.5)
except sg.PitfallWarning as e:
    print(str(e).splitlines()[2].strip())
"""


def test_a_process_that_loads_compiled_code_warns_as_well(tmp_path):
    """A function that has moved in its file is generated again: comments and messages name its lines."""
    text = HEAD + "def f(x):\n    return TABLE[int(x)]\n"
    printed = []
    for blank in ("", "", "\n\n\n"):
        (tmp_path / "lookup.py").write_text(blank + text, "utf-8")
        cache = str(tmp_path / "cache")
        printed.append(run_python(SCRIPT.format(folder=str(tmp_path)), tmp_path, SRCGRAD_CACHE_DIR=cache).splitlines())
    line = len(HEAD.splitlines()) + 2
    cold = [f"[('PitfallWarning', {line})]", "True", "return TABLE[int(x)]"]
    warm = [f"[('PitfallWarning', {line})]", "False", "return TABLE[int(x)]"]
    moved = [f"[('PitfallWarning', {line + 3})]", "True", "return TABLE[int(x)]"]
    assert printed == [cold, warm, moved]


def test_clear_cache_removes_the_notes(tmp_path):
    code = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom lookup import f\nimport os, warnings\n"
        "import srcgrad as sg\nwarnings.simplefilter('ignore', sg.PitfallWarning)\nsg.grad(f)(2.5)\n"
        "home = os.environ['SRCGRAD_CACHE_DIR']\nprint(sum(n.startswith('note_') for n in os.listdir(home)))\n"
        "sg.clear_cache()\nprint(sum(n.startswith('note_') for n in os.listdir(home)))"
    )
    (tmp_path / "lookup.py").write_text(HEAD + "def f(x):\n    return TABLE[int(x)]\n", "utf-8")
    assert run_python(code, tmp_path, SRCGRAD_CACHE_DIR=str(tmp_path / "cache")).split() == ["1", "0"]
