"""Find the source of a function and what its free names stand for."""

from __future__ import annotations

import ast
import builtins
import os
import textwrap
import types
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ..errors import Problem, SourceNotFoundError
from ..language.ir import Call, Loc
from ..language.places import Spoken
from ..travel import python_function as python_function
from .definitions import FunctionNode, find_definition


@dataclass(frozen=True)
class Source:
    """A function's definition: its ast node, where it stands, and the objects its free names stand for.

    `calls` are the calls through which it is read in place, outermost first.
    """

    node: FunctionNode
    name: str
    file: str
    first_line: int
    lines: tuple[str, ...]
    indent: int
    function: types.FunctionType
    text: str = field(repr=False)
    # where a page of the library is called: its statements belong to that line of the user's
    called_at: Loc | None = None
    # whether it is generated: what there is to say of its lines was said of those that it was made from
    derived: bool = False
    calls: tuple[Call, ...] = field(default=(), compare=False, repr=False)
    spoken: Spoken | None = field(default=None, compare=False, repr=False)

    def loc(self, node: Any) -> Loc:
        """Return the location of an ast node of this function."""
        if self.called_at is not None:
            return replace(self.called_at, calls=self.calls, derived=self.derived)
        line = node.lineno
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        end = node.end_col_offset if node.end_lineno == line else len(text)
        return Loc(self.file, self.first_line + line - 1, node.col_offset, end, text, self.calls, spoken=self.spoken)

    def resolve(self, name: str):
        """Return (found, object) for a free name: closure, then globals, then builtins."""
        function = self.function
        if function.__closure__ and name in function.__code__.co_freevars:
            cell = function.__closure__[function.__code__.co_freevars.index(name)]
            try:
                return True, cell.cell_contents
            except ValueError:
                return False, None
        if name in function.__globals__:
            return True, function.__globals__[name]
        if hasattr(builtins, name):
            return True, getattr(builtins, name)
        return False, None


def find_source(f) -> Source:
    """Return the `Source` of a function.

    Raises
    ------
    SourceNotFoundError
        If `f` has no Python source: a C function, or one made by exec without a file.
    """
    function = python_function(f)
    if function is None:
        name = getattr(f, "__qualname__", type(f).__name__)
        raise SourceNotFoundError(
            Problem(f"{name!r} is not a Python function with source", "pass a function written in Python")
        )
    code = function.__code__
    if isinstance(known := getattr(function, "__srcgrad_source__", None), Source):
        return known
    found = find_definition(function)
    shown = shown_file(code.co_filename)
    name = function.__name__ if function.__name__ != "<lambda>" else "function"
    text = ast.unparse(found.node)
    return Source(found.node, name, shown, found.first_line, found.lines, found.indent, function, text)


def shown_file(name: str) -> str:
    """Return the name of a file as messages show it: from the working directory on where it lies there."""
    shown = name if not os.path.isabs(name) else os.path.relpath(name)
    return name if shown.startswith("..") else shown


def source_from_text(text: str, namespace: dict, name: str | None = None) -> Source:
    """Return the `Source` of a function given as text; its free names are looked up in `namespace`."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    tree = ast.parse(text)
    nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    node = nodes[-1] if name is None else next(n for n in nodes if n.name == name)
    exec(compile(tree, "<text>", "exec"), namespace)
    function = namespace[node.name]
    return Source(node, node.name, "<text>", 1, tuple(text.splitlines()), 0, function, ast.unparse(node))


@lru_cache(maxsize=256)
def names_in_text(node: ast.AST) -> frozenset[str]:
    """Return the names, fields and texts in a piece of text."""
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name | ast.FunctionDef):
            found.add(n.id if isinstance(n, ast.Name) else n.name)
        elif isinstance(n, ast.arg | ast.keyword | ast.Attribute):
            found.add(n.attr if isinstance(n, ast.Attribute) else n.arg or "")
        elif isinstance(n, ast.Constant) and isinstance(n.value, str):
            found.add(n.value)
    return frozenset(found)


def own_nodes(node):
    """Yield the ast nodes of a function without those of functions defined inside it."""
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    stack = list(body)
    while stack:
        n = stack.pop()
        yield n
        if not isinstance(n, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp):
            stack.extend(ast.iter_child_nodes(n))


@lru_cache(maxsize=256)
def assigned_names(node) -> frozenset[str]:
    """Return the names that a function binds, other than its parameters."""
    found = set()
    for n in own_nodes(node):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
            found.add(n.id)
        elif isinstance(n, ast.MatchAs | ast.FunctionDef) and n.name:
            found.add(n.name)
    return frozenset(found)


def leaves_loop(node: ast.AST) -> bool:
    """Return whether a statement leaves the loop that it stands in by `break`."""
    if isinstance(node, ast.For | ast.While):
        return any(map(leaves_loop, node.orelse))
    inside = not isinstance(node, ast.FunctionDef | ast.Lambda)
    return isinstance(node, ast.Break) or inside and any(map(leaves_loop, ast.iter_child_nodes(node)))
