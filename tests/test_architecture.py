"""The shape of the house: levels, sizes, and who may touch `ast`, sympy and the inside of numba."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import srcgrad as sg

ROOT = Path(sg.__file__).parent

# A module imports only from rows above its own, lazily or not.
LEVELS = (
    ("coloring", "errors", "hashing", "kind", "names", "places", "rules.rows", "runtime.addresses",
     "runtime.simd", "runtime.unordered", "shown", "store", "switches", "travel", "tree", "widths"),
    ("batch_axes", "custom", "flat", "hints", "ir", "library.pages", "makers", "repeats", "results", "runtime",
     "tree_types", "warned", "rules.arrays", "rules.draws", "rules.special"),
    ("library.axes", "library.einsum_plan", "library.special", "library.ufuncs", "rules.elementwise",
     "rules.externals", "runtime.special"),
    ("primitives", "library.assembly", "library.choice", "library.construction", "library.numbers", "library.numeric",
     "library.products", "library.scans", "library.statistics"),
    ("opaque",),
    ("library.linear_algebra", "library.order", "library.polynomials", "library.scipy_linalg", "library.sets",
     "library.windows"),
    ("library", "rules.linalg"),
    ("blocks", "plain", "read_once", "report", "resized", "rules"),
    ("affine", "calls", "dependence", "emit", "kinds", "source", "structure", "sum_order", "symbolic_rows",
     "unbound"),
    ("access", "activity", "dead_code", "from_zero", "gather", "hooks", "inequalities", "interchange", "item_loops",
     "listing", "parse_expr", "pull", "ranks", "sums", "symbolic"),
    ("contractions", "directional", "equalities", "needs", "parse_columns", "simplify"),
    ("parse_list_places", "parse_looped", "parse_parts"),
    ("parse_handed",),
    ("adjoint_calls", "adjoint_externals", "adjoint_products", "aliases", "bounds", "joins", "linear", "nests",
     "parse_arrays", "parse_assign", "parse_builtins", "parse_checkpoints", "parse_closures", "parse_combinations",
     "parse_conditions",
     "parse_effects", "parse_externals", "parse_indices", "parse_library", "parse_lists", "parse_loops",
     "parse_match", "parse_none", "parse_operators", "parse_ops", "parse_random", "parse_routines", "parse_shapes",
     "parse_subscripts", "pitfalls", "residuals", "scaled",
     "tangent_calls", "webs", "writes"),
    ("external_calls", "lifted_products", "parse_calls", "parse_comprehensions", "masks", "swaps", "turn_columns",
     "views", "adjoint", "kept_tests", "transcendentals"),
    ("parse_derivatives", "parse_rules"),
    ("parse", "reductions", "slots", "loop_sums"),
    ("pull_ops", "prepare", "record", "checkpoints", "one_pass", "adjoint_joins"),
    ("array_stores", "call_sites", "list_buffers", "parameters", "forward", "reverse", "fuse", "rule_pages"),
    ("bindings", "directions", "facts", "parallel"),
    ("lower", "vector_loops"),
    ("passes",),
    ("modes",),
    ("link",),
    ("pipeline", "row_loops"),
    ("jacobians",),
    ("batching",),
    ("generate", "digests"),
    ("entry",),
    ("api",),
    ("layouts", "structured"),
    ("explanation", "jacobian", "jvp", "odes", "pullback", "sparse", "vmap"),
    ("check", "implicit", "scipy", "draw.labels", "draw.layers", "draw.model"),
    ("check_calls",),
    ("draw.gates", "draw.operands", "draw.spans"),
    ("draw.stores",),
    ("draw.build",),
    ("draw.layout", "draw.run"),
    ("draw.exports", "draw.picture"),
    ("draw.raster",),
    ("draw.graph",),
    ("draw",),
    ("look",),
    ("targets", "timings"),
    ("command",),
    ("__main__",),
    ("",),
    ("train.activations", "train.convolutions", "train.files", "train.initialisers", "train.layers", "train.losses",
     "train.penalties", "train.plots", "train.pointers", "train.progress", "train.schedules", "train.structures"),
    ("train.attention", "train.batches", "train.clipping", "train.recurrent", "train.stepping", "train.stopping"),
    ("train.epochs", "train.optimizers"),
    ("train.fit",),
    ("train.sparse", "train.sweep"),
    ("train",),
)
LEVEL = {module: level for level, row in enumerate(LEVELS) for module in row}
# what is used where it is installed
OPTIONAL = {"listing": ("pygments",), "draw.exports": ("networkx",), "draw.raster": ("matplotlib",),
            "train.plots": ("matplotlib",), "train.progress": ("tqdm",)}  # fmt: skip
MODULE_LINES, FUNCTION_LINES = 500, 60
READERS_OF_AST = {
    "parse", "parse_arrays", "parse_assign", "parse_builtins", "parse_calls", "parse_closures",
    "parse_combinations", "parse_comprehensions",
    "parse_conditions", "parse_derivatives", "parse_effects", "parse_expr", "parse_externals", "parse_handed",
    "parse_indices", "parse_list_places", "parse_lists", "parse_loops", "parse_match", "parse_none", "parse_operators",
    "parse_ops", "parse_random", "parse_subscripts", "source", "symbolic_rows",
}  # fmt: skip


def module_name(path):
    """Return the name below `srcgrad`: 'ir', 'rules.arrays', '' for the package itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(path.read_text("utf-8")) for module, path in FILES.items()}


def imported(module):
    """Yield (full name of an imported module, line) for every import anywhere in a module."""
    package = ["srcgrad", *FILES[module].relative_to(ROOT).parts[:-1]]
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}".removeprefix("srcgrad.")
                yield (f"srcgrad.{inner}" if inner in FILES else base), node.lineno


def functions(module):
    """Yield every function definition of a module, nested ones included."""
    yield from (n for n in ast.walk(TREES[module]) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_module_has_a_level():
    assert sorted(LEVEL) == sorted(FILES)


@pytest.mark.parametrize("module", FILES)
def test_imports_come_from_lower_levels(module):
    for name, line in imported(module):
        if name.split(".")[0] == "srcgrad":
            other = name.removeprefix("srcgrad").removeprefix(".")
            assert LEVEL[other] < LEVEL[module], f"{FILES[module].name}:{line} imports {name}"


@pytest.mark.parametrize("module", FILES)
def test_imports_beyond_the_package_are_dependencies(module):
    allowed = {"srcgrad", "numba", "numpy", "scipy", "sympy", *sys.stdlib_module_names, *OPTIONAL.get(module, ())}
    # numba hands its builder of LLVM code to those who register functions
    allowed |= {"llvmlite"} if module in ("runtime.simd", "runtime.special") else set()
    assert {name.split(".")[0] for name, _ in imported(module)} <= allowed


@pytest.mark.parametrize("module", FILES)
def test_module_is_short(module):
    lines = FILES[module].read_text("utf-8").count("\n")
    assert lines <= MODULE_LINES, f"{lines} lines"


@pytest.mark.parametrize("module", FILES)
def test_functions_are_short(module):
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(module)}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


def test_only_the_readers_of_source_use_ast():
    using = {module for module in FILES if any(name == "ast" for name, _ in imported(module))}
    assert {module for module in using if not module.startswith("parse")} <= {"source", "symbolic_rows", "primitives"}


def test_only_symbolic_modules_import_sympy():
    using = {module for module in FILES if any(name.split(".")[0] == "sympy" for name, _ in imported(module))}
    assert using == {"symbolic", "symbolic_rows"}


def test_symbolic_is_imported_lazily():
    for module, tree in TREES.items():
        eager = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
        names = {node.module or alias.name for node in eager for alias in node.names}
        assert "symbolic" not in names, module
        assert "symbolic_rows" not in names or module == "symbolic", module


# ---- documentation


def test_every_module_says_what_it_is():
    assert [module for module, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_public_functions_and_classes_have_docstrings():
    missing = [
        f"{module}.{node.name}"
        for module, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert missing == []


API = [name for name in sg.__all__ if inspect.isfunction(getattr(sg, name))]


@pytest.mark.parametrize("name", API)
def test_api_docstring_is_numpydoc(name):
    function = getattr(sg, name)
    doc = inspect.getdoc(function)
    first, rest = doc.split("\n", 1) if "\n" in doc else (doc, "")
    assert first.startswith("Return ")
    assert first.endswith((".", ";"))
    for title, line in re.findall(r"^(\w[\w ]*)\n(-{3,})$", doc, re.MULTILINE):
        assert len(title) == len(line), f"{title}: the line below has another length"
    parameters = list(inspect.signature(function).parameters)
    if parameters and "as for `" not in rest:
        section = doc.split("Parameters\n----------\n")[1].split("\n\n")[0]
        described = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)", section, re.MULTILINE)
        assert [n.strip("*") for d in described for n in d.split(", ")] == parameters


# ---- the inside of numba


def own_private_names():
    """Return every name with a leading underscore that srcgrad itself defines."""
    found = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                owner = node.value.id if isinstance(node.value, ast.Name) else ""
                found |= {node.attr} if owner in ("self", "cls") else set()
    return found


def test_private_attributes_of_others_are_touched_in_guard_only():
    public_of_namedtuples = {"_fields", "_field_defaults", "_replace", "_asdict", "_make"}
    known = own_private_names() | public_of_namedtuples
    (guard,) = (f for f in functions("store") if f.name == "guard")
    inside = {id(node) for node in ast.walk(guard)}
    contacts = [
        f"{module}:{node.lineno} .{node.attr}"
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in known
        and id(node) not in inside
    ]
    assert contacts == []


def test_numba_is_imported_through_its_public_doors():
    doors = {"numba", "numba.core", "numba.core.types", "numba.core.errors", "numba.extending"}
    doors |= {"numba._dispatcher"}  # the fingerprint, which `entry` can do without
    names = {name for module in FILES for name, _ in imported(module) if name.split(".")[0] == "numba"}
    assert names <= doors


# ---- what is imported when


def modules_after(code, folder):
    """Return the names of the modules that a fresh Python has imported after running the code."""
    script = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    path = folder / "program.py"
    path.write_text(script, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent), "SRCGRAD_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_import_is_light(tmp_path):
    loaded = modules_after("import srcgrad", tmp_path)
    assert "srcgrad.api" in loaded
    assert not loaded & {"sympy", "srcgrad.pipeline", "srcgrad.parse", "srcgrad.symbolic"}


def test_warm_path_needs_neither_sympy_nor_the_passes(tmp_path):
    program = (
        "import numpy as np\nimport srcgrad as sg\n\n\n"
        "def f(x, a):\n    return x * np.sum(np.tanh(x * a))\n\n\n"
        "value, (x_bar, a_bar) = sg.value_and_grad(f, argnums=('x', 'a'))(0.5, np.arange(3.0))\n"
        "assert abs(value - 0.5 * np.sum(np.tanh(0.5 * np.arange(3.0)))) < 1e-12\n"
        "assert a_bar.shape == (3,)\n"
    )
    cold = modules_after(program, tmp_path)
    assert {"sympy", "srcgrad.pipeline"} <= cold
    warm = modules_after(program, tmp_path)
    assert not warm & {"sympy", "srcgrad.pipeline", "srcgrad.parse", "srcgrad.symbolic"}
