"""The shape of the house: levels, sizes, and who may touch `ast`, sympy and the inside of numba."""

import ast
import inspect
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import srcgrad as sg

ROOT = Path(sg.__file__).parent

# In each package, a module imports only from rows above its own, lazily or not.
LEVELS = {
    "": (
        ("coloring", "errors", "freed", "look", "shown", "store", "switches", "timings", "travel", "tree"),
        ("api", "custom", "flat", "hints", "primitives", "scipy_common"),
        ("integrals", "jacobian", "jvp", "odes", "opaque", "pullback", "sparse", "targets", "vmap"),
        ("check", "implicit", "initial_values", "scipy"),
        ("brackets", "check_calls", "command"),
        ("", "__main__"),
    ),
    "language": (
        ("", "hashing", "kind", "names", "places", "repeats"),
        ("ir",),
        ("affine", "axes", "blocks", "calls", "costs", "dependence", "emit", "lists", "plain", "unbound"),
        ("kinds", "listing", "sum_order"),
        ("one_element",),
    ),
    "rules": (
        ("arrays", "draws", "externals", "rows"),
        ("fourier", "linalg", "special"),
        ("elementwise",),
        ("",),
    ),
    "library": (
        ("pages",),
        ("axes", "einsum_plan", "ufuncs", "windows"),
        ("assembly", "choice", "complex_numbers", "construction", "distributions", "fourier", "numbers", "numeric",
         "polynomials", "products", "quadrature", "scans", "scipy_linalg", "scipy_signal", "sets", "special",
         "statistics", "tables"),
        ("further_distributions", "linear_algebra", "order", "scipy_statistics", "scipy_systems"),
        ("",),
    ),
    "runtime": (
        ("addresses", "packed", "products", "unordered"),
        ("angles",),
        ("", "fourier", "simd", "special"),
    ),
    "parsing": (
        ("", "complex_functions", "definitions", "floors", "held_items", "makers", "members", "ranks", "refused",
         "structure", "trips"),
        ("integer_keys", "source"),
        ("closures", "expressions", "key_tables", "queues"),
        ("array_calls", "builtin_calls", "checkpoint_loops", "columns", "combinations", "dicts", "effects",
         "evaluation", "externals", "index_loops", "library_calls", "looped", "match", "operations",
         "lookups", "operators", "parts", "random_draws", "routines", "shapes", "subscripts"),
        ("inner_recursion", "tabled"),
        ("cells", "none", "shared"),
        ("list_methods",),
        ("accumulated", "assignments", "complex_arrays", "complex_numbers", "function_calls", "handed", "loops",
         "returns", "sequences"),
        ("list_copies", "parted"),
        ("conditions", "list_bindings", "list_rows"),
        ("list_places",),
        ("comprehensions", "derivatives", "lists", "objects", "rule_calls"),
        ("handed_objects",),
        ("function",),
    ),
    "analysis": (
        ("", "access", "activity", "aliases", "dead_code", "equalities", "inequalities", "warned"),
        ("needs", "pitfalls", "writes"),
    ),
    "lowering": (
        ("", "begun_arrays", "bounds", "handed_over", "integer_calls", "lists_apart", "measure_lists", "parameters",
         "pull", "repeated_checks", "residuals", "resized"),
        ("nests",),
        ("choices", "external_calls", "masks", "swaps", "views"),
        ("reductions",),
        ("pull_ops",),
        ("array_stores", "call_sites", "list_buffers"),
        ("bindings",),
        ("lower",),
    ),
    "differentiation": (
        ("", "adjoint_calls", "adjoint_externals", "adjoint_products", "kept_tests", "prepare", "stand_ins",
         "symbolic_rows", "tangent_calls", "trip_arrays", "widths"),
        ("rule_pages", "symbolic"),
        ("directional", "scaled"),
        ("linear",),
        ("transcendentals",),
        ("sine_pairs",),
        ("adjoint",),
        ("forward", "slots", "unread"),
        ("checkpoints", "directions", "record"),
        ("reverse",),
    ),
    "optimisation": (
        ("", "chosen", "cleared", "contractions", "free_order", "from_zero", "interchange", "lifted_products",
         "loop_sums", "parallel", "known_tests", "perfect_nests", "product_terms", "read_once", "small_products",
         "split", "sums", "turns", "webs"),
        ("ends", "gather", "interiors", "joins", "kept_rows", "simplify", "sums_apart", "vector_loops"),
        ("adjoint_joins", "frames", "one_pass", "turn_columns"),
        ("handed_back", "planned_products"),
        ("fuse", "loop_products", "read_records", "rebind", "sweeps", "turn_levels", "workspaces"),
    ),
    "generation": (
        ("", "argument_types", "batch_axes", "callables", "digests", "item_loops", "known_integers", "passes",
         "results", "row_loops", "tree_types"),
        ("link", "modes", "structured"),
        ("pipeline",),
        ("jacobians",),
        ("batching",),
        ("generate",),
        ("entry",),
        ("layouts",),
    ),
    "explanation": (
        ("", "facts", "hooks", "report"),
        ("evaluation",),
    ),
    "draw": (
        ("", "gates", "labels", "layers", "model", "spans", "taken"),
        ("operands",),
        ("stores",),
        ("build",),
        ("layout", "run"),
        ("exports", "picture"),
        ("raster",),
        ("graph",),
    ),
    "train": (
        ("activations", "convolutions", "files", "initialisers", "layers", "penalties", "plots", "pointers",
         "progress", "refused", "schedules", "structures"),
        ("attention", "batches", "clipping", "losses", "recurrent", "stepping", "stopping"),
        ("epochs", "optimizers"),
        ("fit", "sparse"),
        ("sweep",),
        ("",),
    ),
}
# What a package imports from; "" stands for the modules beside the packages.
ARROWS = {
    "": {"language", "rules", "library", "runtime", "parsing", "differentiation", "generation", "explanation",
         "draw"},
    "language": {"", "rules"},
    "rules": {"language", "library"},
    "library": {"", "rules", "runtime"},
    "runtime": {"rules"},
    "parsing": {"", "language", "rules", "library", "runtime", "analysis"},
    "analysis": {"", "language", "rules"},
    "lowering": {"", "language", "rules", "analysis"},
    "differentiation": {"", "language", "rules", "library", "parsing", "analysis", "optimisation"},
    "optimisation": {"", "language", "rules", "analysis", "lowering"},
    "generation": {"", "language", "rules", "runtime", "parsing", "analysis", "lowering", "differentiation",
         "optimisation"},
    "explanation": {"", "language", "parsing", "analysis", "lowering", "differentiation", "generation"},
    "draw": {"", "language", "rules", "analysis", "differentiation", "generation"},
    "train": {"", "generation", "library"},
}
# what is used where it is installed
OPTIONAL = {"language.listing": ("pygments",), "draw.exports": ("networkx",), "draw.raster": ("matplotlib",),
            "train.plots": ("matplotlib",), "train.progress": ("tqdm",)}  # fmt: skip
_BUILDING_CODE = ("runtime.addresses", "runtime.fourier", "runtime.packed", "runtime.simd", "runtime.special")
MODULE_LINES, FUNCTION_LINES = 500, 60


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


def split(module):
    """Return the package of a module, "" for those beside the packages, and its name there."""
    package, _, name = module.partition(".")
    return (package, name) if package in LEVELS else ("", module)


def own_imports(module):
    """Yield (package, name, line) of every module of srcgrad that a module imports."""
    for name, line in imported(module):
        if name.split(".")[0] == "srcgrad":
            yield *split(name.removeprefix("srcgrad").removeprefix(".")), line


def test_every_module_has_a_level():
    placed = [(package, name) for package, rows in LEVELS.items() for row in rows for name in row]
    assert sorted(placed) == sorted(map(split, FILES))


@pytest.mark.parametrize("module", FILES)
def test_imports_come_from_lower_levels(module):
    package, name = split(module)
    level = {other: number for number, row in enumerate(LEVELS[package]) for other in row}
    for other_package, other, line in own_imports(module):
        if other_package == package:
            assert level[other] < level[name], f"{FILES[module].name}:{line} imports {other}"


@pytest.mark.parametrize("package", LEVELS)
def test_packages_import_from_those_they_may(package):
    modules = [module for module in FILES if split(module)[0] == package]
    assert {other for module in modules for other, _, _ in own_imports(module)} - {package} == ARROWS[package]


def test_no_import_leads_back():
    graph = {split(module): {(p, name) for p, name, _ in own_imports(module)} for module in FILES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)


@pytest.mark.parametrize("module", FILES)
def test_imports_beyond_the_package_are_dependencies(module):
    allowed = {"srcgrad", "numba", "numpy", "scipy", "sympy", *sys.stdlib_module_names, *OPTIONAL.get(module, ())}
    # numba hands its builder of LLVM code to those who register functions
    allowed |= {"llvmlite"} if module in _BUILDING_CODE else set()
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
    elsewhere = {module for module in using if split(module)[0] != "parsing"}
    assert elsewhere <= {"differentiation.symbolic_rows", "primitives"}


SYMBOLIC = ("differentiation.symbolic", "differentiation.symbolic_rows")


def test_only_symbolic_modules_import_sympy():
    using = {module for module in FILES if any(name.split(".")[0] == "sympy" for name, _ in imported(module))}
    assert using == set(SYMBOLIC)


def test_symbolic_is_imported_lazily():
    for module, tree in TREES.items():
        eager = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
        names = {alias.name for node in eager for alias in node.names}
        names |= {(node.module or "").split(".")[-1] for node in eager}
        assert "symbolic" not in names, module
        assert "symbolic_rows" not in names or module == "differentiation.symbolic", module


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


PASSES = {"sympy", "srcgrad.generation.pipeline", "srcgrad.parsing.function", "srcgrad.differentiation.symbolic"}


def test_import_is_light(tmp_path):
    loaded = modules_after("import srcgrad", tmp_path)
    assert "srcgrad.api" in loaded
    assert not loaded & PASSES


def test_warm_path_needs_neither_sympy_nor_the_passes(tmp_path):
    program = (
        "import numpy as np\nimport srcgrad as sg\n\n\n"
        "def f(x, a):\n    return x * np.sum(np.tanh(x * a))\n\n\n"
        "value, (x_bar, a_bar) = sg.value_and_grad(f, argnums=('x', 'a'))(0.5, np.arange(3.0))\n"
        "assert abs(value - 0.5 * np.sum(np.tanh(0.5 * np.arange(3.0)))) < 1e-12\n"
        "assert a_bar.shape == (3,)\n"
    )
    cold = modules_after(program, tmp_path)
    assert cold >= PASSES
    warm = modules_after(program, tmp_path)
    assert not warm & PASSES
