"""The calls that tests make of array functions: those of the pages of the library, and a table of all others.

A case is the arguments of a call as code writes them. A capital letter stands for an argument of the function that is
differentiated: `A(3, 4)` is an array of that shape, `S()` a number; the letters tell what it holds.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.library import CASES
from srcgrad.library.pages import functions_of

# functions that are read by tables of the parser, and their methods
OTHERS = {
    "np.sum": ("A(2, 3)", "A(2, 3), axis=0", "A(2, 3), axis=-1, keepdims=True", "A(2, 3, 2), axis=(0, -1)", "I(3)"),
    "np.mean": ("A(2, 3)", "A(2, 3), axis=1", "A(2, 3, 2), axis=(0, 1), keepdims=True", "I(2, 2), 0"),
    "np.max": ("A(4)", "A(2, 3), axis=1", "A(2, 3, 2), axis=(0, 2)", "A(2, 3), keepdims=True"),
    "np.min": ("A(4)", "A(2, 3), axis=0", "A(3, 2), axis=-1, keepdims=True"),
    "np.amax": ("A(4)",),
    "np.amin": ("A(4)",),
    "np.argmax": ("A(4)", "A(2, 3), axis=1", "A(2, 3)"),
    "np.argmin": ("A(4)", "A(2, 3), axis=0"),
    "np.dot": ("A(3), A(3)", "A(2, 3), A(3)", "A(2, 3), A(3, 2)", "S(), A(2)"),
    "np.matmul": ("A(3), A(3, 2)", "A(2, 3), A(3)", "I(2, 2), I(2, 2)"),
    "np.outer": ("A(2), A(3)",),
    "np.copy": ("A(2, 3)",),
    "np.where": ("M(3), A(3), A(3)", "A(2, 3) > 0.0, A(3), S()"),
    "np.clip": ("A(4), -0.5, 0.5", "A(3), S(), None"),
    "np.zeros_like": ("A(2, 3)",),
    "np.ones_like": ("A(2, 3), dtype=np.int64",),
    "np.full": ("(2, 3), S()",),
    "np.full_like": ("A(2, 3), 2.0",),
    "np.arange": ("3", "1, 7, 2"),
    "np.reshape": ("A(2, 3), (3, 2)", "A(2, 3), -1", "A(2, 3, 2), (6, 2)", "A(6, 2), (2, 3, 2)", "A(2, 6), (4, 3)"),
    "np.ravel": ("A(2, 3)",),
    "np.transpose": ("A(2, 3)", "[[S(), 1.0], [2.0, S()]]", "A(2, 3, 4), (1, 2, 0)", "A(2, 3, 4), axes=(0, -1, 1)"),
    "np.moveaxis": ("A(2, 3, 4), 0, -1", "A(2, 3, 4), (0, 1), (-1, 0)"),
    "np.rollaxis": ("A(2, 3, 4), 2", "A(2, 3, 4), 0, 2", "A(2, 3, 4), -1, 1"),
    "np.swapaxes": ("A(2, 3, 4), 0, 2",),
    "np.matrix_transpose": ("A(2, 3, 4)",),
    "np.expand_dims": ("A(2, 3), 1", "A(2, 3), (0, -1)"),
    "np.flip": ("A(2, 3)", "A(2, 3), 1", "A(2, 3), axis=(0, 1)"),
    "np.flipud": ("A(3, 2)",),
    "np.fliplr": ("A(3, 2)",),
    "np.broadcast_to": ("A(3), (2, 3)", "A(2, 1), (2, 3)", "S(), (2,)"),
    "np.broadcast_arrays": ("A(2, 1), A(3)", "A(3), S()"),
    "np.diag": ("A(3)", "A(3, 2)", "A(3, 3), 1", "A(2), -1", "[S(), 2.0]", "(S(), S()), 1",
                "A(3), N()", "A(3), -N()", "A(4, 3), N()", "A(3, 4), 1 - N()"),
    "np.diagonal": ("A(3, 3)", "A(3, 2, 2), 0, 1, 2", "A(2, 3, 2), axis1=0, axis2=-1", "A(3, 3), offset=-1",
                    "A(2, 4, 3), N(), 0, 1"),
    "np.trace": ("A(3, 3)", "[[S(), 1.0], [2.0, S()]]", "A(3, 3), 1", "A(2, 2, 3)", "A(4, 4), -N()"),
    "np.take": ("A(5), C(3)", "A(2, 4), C(2, 2), axis=1", "A(3, 2), 1, axis=0",
                'A(5), [7, -9, 1], mode="wrap"', 'A(2, 4), I(3) - 2, axis=-1, mode="clip"', 'A(2, 3), 8, mode="clip"',
                'A(3, 2), [-1, 5], 0, mode="wrap"'),
    "np.compress": ("M(3), A(3, 2), axis=0",),
    "np.extract": ("A(2, 3) > 0.0, A(2, 3)",),
    "np.ix_": ("C(2), C(3)",),
    "np.nonzero": ("I(2, 3)", "M(4)"),
    "np.flatnonzero": ("I(2, 3)",),
}
LETTERS = "abcdefgh"
SYMMETRIC = "DY"


@dataclass(frozen=True)
class Call:
    """A call in terms of the arguments of a function, and what these are."""

    name: str
    text: str
    parameters: tuple[str, ...]
    args: tuple[Any, ...]
    page: Callable | None

    @property
    def floats(self) -> tuple[int, ...]:
        """Positions of the arguments to differentiate by."""
        return tuple(k for k, a in enumerate(self.args) if np.asarray(a).dtype.kind == "f")

    def value(self, args=None):
        """Return what NumPy or SciPy gives."""
        for name in ("scipy.linalg", "scipy.signal", "scipy.stats", "scipy.integrate"):
            importlib.import_module(name)
        namespace = {"np": np, "numpy": np, **{n: importlib.import_module(n) for n in ("scipy", "statistics")}}
        return eval(self.text, namespace, dict(zip(self.parameters, args or self.args, strict=True)))


def drawn(letter: str, shape: tuple[int, ...], k: int) -> Any:
    """Return the array or number that a letter stands for as argument number k."""
    rng = np.random.default_rng(7 * len(shape) + sum(shape) + 13 * k)
    square = np.eye(shape[-1]) if len(shape) > 1 else 0.0
    makers: dict[str, Callable[[], Any]] = {
        "A": lambda: rng.normal(size=shape),
        "S": lambda: float(rng.normal()),
        "P": lambda: rng.uniform(0.2, 2.0, size=shape),
        "U": lambda: np.sort(rng.uniform(-2.0, 2.0, size=shape), axis=-1),
        "H": lambda: np.where(np.arange(int(np.prod(shape))).reshape(shape) == 0, np.nan, rng.normal(size=shape)),
        "L": lambda: np.tril(rng.normal(size=shape)) + 2.0 * square,
        "Z": lambda: rng.normal(size=shape) @ np.diag(np.arange(shape[0])) @ rng.normal(size=shape),
        "Y": lambda: rng.normal(size=shape),
        "D": lambda: rng.normal(size=shape) * 0.3 + 2.0 * square,
        "I": lambda: rng.integers(-3, 4, size=shape),
        "C": lambda: rng.integers(0, 3, size=shape),
        "J": lambda: rng.integers(0, 2, size=shape),
        "N": lambda: int(rng.integers(1, 4)),
        "M": lambda: rng.random(shape) < 0.6,
    }
    return makers[letter]()


class _Arguments(ast.NodeTransformer):
    """Replaces letters by parameters; a letter of a symmetric matrix by one made symmetric."""

    def __init__(self):
        self.args: list[Any] = []

    def visit_Call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if len(name) != 1 or not name.isupper():
            return self.generic_visit(node)
        self.args.append(drawn(name, tuple(map(ast.literal_eval, node.args)), len(self.args)))
        own = LETTERS[len(self.args) - 1]
        if name in SYMMETRIC:
            return ast.parse(f"0.5 * ({own} + np.swapaxes({own}, -1, -2))", mode="eval").body
        return ast.Name(own, ast.Load())


def call_of(name: str, case: str, page: Callable | None = None) -> Call:
    """Return the call of a function with the arguments of a case."""
    reader = _Arguments()
    tree = reader.visit(ast.parse(f"{name}({case})", mode="eval"))
    return Call(name, ast.unparse(tree), tuple(LETTERS[: len(reader.args)]), tuple(reader.args), page)


def every_call() -> dict[str, list[Call]]:
    """Return the calls of every function, by how code spells it; a page of several has its first name."""
    found = {}
    for page, cases in CASES.items():
        names = functions_of(page)
        if names and cases:
            found[names[0]] = [call_of(names[0], case, page) for case in cases]
    for name, cases in OTHERS.items():
        found[name] = [*found.get(name, []), *(call_of(name, case) for case in cases)]
    return found


def leaves(value: Any, text: str) -> list[tuple[str, Any]]:
    """Return (text, array) for all arrays in tuples and lists."""
    if isinstance(value, tuple | list):
        return [leaf for k, v in enumerate(value) for leaf in leaves(v, f"{text}[{k}]")]
    return [(text, value)]


def total_of(call: Call, name: str = "f") -> str:
    """Return the text of a function that takes the arguments of a call and gives a number made of all its results."""
    with np.errstate(all="ignore"):
        results = leaves(call.value(), "y")
    lines = [f"def {name}({', '.join(call.parameters)}):", f"    y = {call.text}", "    total = 0.0"]
    lines += [f"    total += np.sum(np.sin({text} + 0.{k + 3}))" for k, (text, _) in enumerate(results)]
    return "\n".join([*lines, "    return total"]) + "\n"
