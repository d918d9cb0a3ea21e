"""A random whole function as text, from a seed: the same seed gives the same text."""

from __future__ import annotations

import ast
import random
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType

import numpy as np

from tests.random_programs.carried import CARRIED, Carried
from tests.random_programs.idioms import IDIOMS, Idioms
from tests.random_programs.kept import CELL, KEPT, Kept
from tests.random_programs.listed import LISTED, Listed
from tests.random_programs.patterns import HELPERS, PATTERNS
from tests.random_programs.scope import PARAMETERS, Scope, Span
from tests.random_programs.statements import Statements, indented

# Weights of statements, and probabilities of what happens inside them. A level has all of the lower ones too.
SCALARS = {
    "assign": 5.0,
    "augment": 3.0,
    "together": 1.0,
    "integer": 0.8,
    "branch": 2.0,
    "counted": 2.2,
    "over_array": 0.5,
    "repeat": 0.8,
    "jump": 0.9,
    "return_early": 0.35,
    "select": 0.8,
    "call": 0.6,
    "constant": 0.5,
}
STORES = {"gather": 0.5, "allocate": 1.5, "store": 3.5, "sweep": 1.5, "write_parameters": 0.25}
ARRAYS = {"compute": 2.5, "rebind": 2.0, "in_place": 1.2, "slice_store": 2.0, "allocate": 0.8, "store": 1.5}
ALIASES = {
    "view": 2.0,
    "exchange": 1.0,
    "procedure": 1.0,
    "negative_step": 0.3,
    "chained": 0.5,
    "keyword": 0.5,
    "write_parameters": 0.4,
}
WIDE = ALIASES | {name: 0.7 for name in PATTERNS + IDIOMS} | {"again": 0.06}
LEVELS: dict[int, dict[str, float]] = {
    1: SCALARS,
    2: SCALARS | STORES,
    3: SCALARS | STORES | ARRAYS,
    4: SCALARS | STORES | ARRAYS | ALIASES,
    5: SCALARS | STORES | ARRAYS | WIDE,
    6: SCALARS | STORES | ARRAYS | WIDE | dict.fromkeys(CARRIED, 2.5),
    7: SCALARS | STORES | ARRAYS | WIDE | dict.fromkeys(CARRIED, 0.7) | dict.fromkeys(LISTED, 5.0),
    8: SCALARS | STORES | ARRAYS | WIDE | dict.fromkeys(CARRIED + LISTED, 0.7) | dict.fromkeys(KEPT, 5.0),
}

HEAD = (
    '"""Random program: seed {seed}, level {level}."""\nimport math\n\nimport numpy as np\n\nC = {constant}\n{table}'
)
# What `compare` does besides the gradient, for some seeds of the highest level.
SECOND, SINGLE = ", second order", ", single precision"
MARKS = {1: SECOND, 6: SECOND, 3: SINGLE}
PARAMETER_ORDER = ("x", "y", "a", "b", "M", "S", "F", "V", "n", "k", "idx", "labels")
TABLE = "TABLE = np.array([0.5, -1.25, 2.0])\n"
LARGEST = 1e3
STEEPEST = 1e4


def features(level: int, changes: Mapping[str, float] | None = None) -> dict[str, float]:
    """The weights of a level, some of them changed: `features(2, {"repeat": 0.0})` has no while loops.

    "size" multiplies the number of statements.
    """
    return LEVELS[level] | dict(changes or {})


def generate(seed: int, level: int, changes: Mapping[str, float] | None = None) -> str:
    """The text of a module whose function `f` runs on `arguments(f, seed)`: finite, and not too steep."""
    for attempt in range(200):
        text = write(random.Random(f"{seed} {level} {attempt}"), seed, level, features(level, changes))
        if tame(text, seed):
            return text
    raise AssertionError(f"no tame program for seed {seed}, level {level}")


def write(rng: random.Random, seed: int, level: int, weights: dict[str, float]) -> str:
    """One program, tame or not."""
    scope = Scope(rng, weights)
    scope.floats = ["x", "y"]
    scope.ints = {"n": None, "k": None}
    arrays = ["a"] + [name for name in ("b", "M") if level > 1 or rng.random() < 0.3]
    scope.arrays = {name: PARAMETERS[name] for name in arrays if level > 1 or rng.random() < 0.6}
    scope.read_only = {"n", "k"} | (set(scope.arrays) if level == 1 else set())
    if level > 4:
        scope.arrays |= {name: PARAMETERS[name] for name in ("S", "F", "V") if rng.random() < 0.35}
    helpers = write_helpers(rng, weights, scope)
    budget = rng.choice((2, 4, 6, 9, 13, 18)) * weights.get("size", 1.0)
    source = {5: Idioms, 6: Carried, 7: Listed, 8: Kept}.get(level, Statements)
    body = source(scope, [round(budget)]).block(round(budget))
    body.append(f"return {result(scope, level)}")
    used = set(re.findall(r"\w+", "\n".join(body)))
    parameters = [name for name in PARAMETER_ORDER if name in used]
    if not any(name in parameters for name in ("x", "y", *PARAMETERS)):
        parameters.insert(0, "x")
    rng.shuffle(parameters)
    lines = [f"def f({', '.join(parameters)}):", *indented(body)]
    mark = MARKS.get(seed % 10, "") if level > 4 else ""
    head = HEAD.format(seed=seed, level=f"{level}{mark}", constant=round(rng.uniform(0.2, 0.9), 2),
                       table=TABLE if level > 4 else "")  # fmt: skip
    helpers = [CELL, *helpers] if "Cell" in used else helpers
    return ast.unparse(ast.parse(head + "\n".join(helpers + lines))) + "\n"


def result(scope: Scope, level: int) -> str:
    """A scalar in which everything that is known at the end takes part."""
    rng, expressions = scope.rng, Statements(scope, [0]).expressions
    terms = []
    for name in scope.floats[-4:]:
        terms.append(rng.choice(("{}", "{} ** 2", "0.7 * {}", "math.sin({})", "{} * {}")).format(name, name))
    for name in list(scope.arrays)[-3:]:
        if level >= 3 and rng.random() < 0.8:
            terms.append(
                rng.choice(
                    ("np.sum({})", "np.mean({} ** 2)", "({} * {}).sum()", "np.sum(np.sin({}))")
                ).format(name, name)
            )
        elif level >= 2:
            terms += [f"{expressions.element(name)} * {expressions.constant()}" for _ in range(2)]
    terms.append(expressions.scalar(2)[0])
    rng.shuffle(terms)
    return " + ".join(f"({term})" for term in terms[:5])


def write_helpers(rng: random.Random, weights: dict[str, float], scope: Scope) -> list[str]:
    """Small functions that `f` may call; their names go into the scope."""
    lines: list[str] = []
    if weights.get("call", 0.0) <= 0.0 or rng.random() < 0.4:
        return lines
    for name, operands in rng.sample(
        (("bend", ["u"]), ("mix", ["u", "w"]), ("helper", ["u", "w"])), rng.randint(1, 2)
    ):
        inner = Scope(rng, weights | {"return_early": 0.5, "gather": 0.0, "constant": 0.2})
        inner.floats, inner.ints, inner.helpers = list(operands), {}, dict(scope.helpers)
        small = inner.features = {
            key: inner.features.get(key, 0.0)
            for key in ("assign", "augment", "branch", "together", "jump", "select", "return_early", "call")
        }
        source = Statements(inner, [rng.randint(0, 3)])
        body = source.block(3) if small else []
        lines += [
            f"def {name}({', '.join(operands)}):",
            *indented([*body, f"return np.tanh(u) * ({source.expressions.scalar(2, limit=2.5)[0]})"]),
            "",
        ]
        scope.helpers[name] = f"scalar{len(operands)}"
    if "compute" in weights and rng.random() < 0.5:
        lines += rng.choice(VECTOR_HELPERS).splitlines()
        scope.helpers["energy"] = "vector"
    if "procedure" in weights and rng.random() < 0.7:
        lines += rng.choice(WRITING_HELPERS).splitlines()
        scope.helpers["touch"] = "writes"
    if "helped" in weights:
        for kind, name, text in rng.sample(HELPERS, 2):
            if name not in scope.helpers:
                lines += text.splitlines()
                scope.helpers[name] = kind
    return lines


VECTOR_HELPERS = (
    "def energy(v):\n    e = 0.0\n    for i in range(v.size - 1):\n        e += (v[i + 1] - v[i]) ** 2\n"
    "    return 0.5 * e\n",
    "def energy(v):\n    w = np.tanh(v)\n    return np.sum(w * w) / len(v)\n",
    "def energy(v):\n    return np.sqrt(1.0 + v @ v)\n",
    "def energy(v):\n    m = v.max()\n    return m + np.log(np.sum(np.exp(v - m)))\n",
)
WRITING_HELPERS = (
    "def touch(v, s):\n    for i in range(1, v.size):\n        v[i] = 0.5 * v[i] + 0.3 * v[i - 1] * s\n",
    "def touch(v, s):\n    v[0] = v[0] * np.sin(s)\n    v[1:] += 0.1 * s\n",
)


@cache
def data(seed: int) -> dict[str, object]:
    """Every parameter a program may have, by name."""
    rng = np.random.default_rng(seed)
    n, m, k = int(rng.integers(4, 7)), int(rng.integers(2, 4)), int(rng.integers(0, 5))
    return {
        "n": n,
        "k": k,
        "x": float(rng.uniform(-1.5, 1.5)),
        "y": float(rng.uniform(-1.5, 1.5)),
        "a": rng.uniform(-1.5, 1.5, n),
        "b": rng.uniform(-1.5, 1.5, n),
        "M": rng.uniform(-1.5, 1.5, (n, m)),
        "idx": rng.integers(0, n, n),
        "labels": rng.integers(0, m, n),
        "S": rng.uniform(-1.5, 1.5, 2 * n)[::2],
        "F": np.asfortranarray(rng.uniform(-1.5, 1.5, (n, m))),
        "V": rng.uniform(-1.5, 1.5, (n, m, m)),
    }


def arguments(names: tuple[str, ...], seed: int) -> tuple[object, ...]:
    """Fresh arguments for parameters of these names, each array laid out as in `data`."""
    return tuple(laid_out(value) if isinstance(value, np.ndarray) else value for value in map(data(seed).get, names))


def laid_out(array: np.ndarray) -> np.ndarray:
    """A copy that is contiguous by rows or columns, or has gaps, as the array itself."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array.copy(order="K")
    gaps = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)[..., ::2]
    gaps[...] = array
    return gaps


def parameter_names(f: Callable[..., object]) -> tuple[str, ...]:
    """The names of a program's parameters, in order."""
    assert isinstance(f, FunctionType)
    return f.__code__.co_varnames[: f.__code__.co_argcount]


def tame(text: str, seed: int) -> bool:
    """Whether `f` runs without warning, and its value is finite, real and not too large or steep."""
    namespace: dict[str, FunctionType] = {}
    exec(compile(text, "<random program>", "exec"), namespace)
    f = namespace["f"]
    names = parameter_names(f)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        try:
            value = f(*arguments(names, seed))
            moved = f(
                *(
                    v + 1e-6 if isinstance(v, float) or getattr(v, "dtype", None) == np.float64 else v
                    for v in arguments(names, seed)
                )
            )
        except (ArithmeticError, Warning, ValueError, IndexError, NameError, TypeError):
            return False
    if not isinstance(value, float) or not np.isfinite(value):
        return False
    return abs(value) < LARGEST and abs(moved - value) < STEEPEST * 1e-6


__all__ = ["Span", "arguments", "data", "features", "generate", "parameter_names", "tame"]
