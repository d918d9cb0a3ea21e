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
from ..travel import lines_of
from ..travel import python_function as python_function


@dataclass(frozen=True)
class Source:
    """A function's definition: its ast node, where it stands, and the objects its free names stand for.

    `calls` are the calls through which it is read in place, outermost first.
    """

    node: ast.FunctionDef | ast.Lambda
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
    try:
        lines, first = lines_of(function)
    except (OSError, TypeError) as e:
        raise _not_found(function) from e
    raw = "".join(lines)
    text = textwrap.dedent(raw)
    indent = len(lines[0]) - len(lines[0].lstrip())
    node = _definition(text, function, first)
    shown = code.co_filename if not os.path.isabs(code.co_filename) else os.path.relpath(code.co_filename)
    if shown.startswith(".."):
        shown = code.co_filename
    dedented = tuple(text.splitlines())
    name = function.__name__ if function.__name__ != "<lambda>" else "function"
    return Source(node, name, shown, first, dedented, indent, function, ast.unparse(node))


def source_from_text(text: str, namespace: dict, name: str | None = None) -> Source:
    """Return the `Source` of a function given as text; its free names are looked up in `namespace`."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    tree = ast.parse(text)
    nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    node = nodes[-1] if name is None else next(n for n in nodes if n.name == name)
    exec(compile(tree, "<text>", "exec"), namespace)
    function = namespace[node.name]
    return Source(node, node.name, "<text>", 1, tuple(text.splitlines()), 0, function, ast.unparse(node))


def _not_found(function: types.FunctionType) -> SourceNotFoundError:
    return SourceNotFoundError(
        Problem(
            f"the source of {function.__qualname__!r} cannot be found",
            "define it in a file (or a notebook cell): srcgrad reads the text of the function",
            function.__code__.co_filename,
            function.__code__.co_firstlineno,
        )
    )


def _definition(text: str, function: types.FunctionType, first: int):
    tree = _parse_fragment(text, function, first)
    name = function.__code__.co_name
    if name != "<lambda>":
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return node
        raise _not_found(function)
    lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda)]
    matching = [n for n in lambdas if _same_parameters(n, function)]
    if len({ast.dump(n) for n in matching}) > 1:
        matching = [n for n in matching if _same_code(n, function)] or matching
    if len(matching) > 1:
        wanted = _column(function)
        matching = [n for n in matching if n.body.col_offset <= wanted < (n.body.end_col_offset or 0)] or matching
        if len({ast.dump(n) for n in matching}) > 1:
            matching = []
    if not matching:
        raise SourceNotFoundError(
            Problem("this lambda cannot be told apart from others on its line", "give it a line or a name of its own",
                    function.__code__.co_filename, function.__code__.co_firstlineno)
        )  # fmt: skip
    return matching[0]


def _parse_fragment(text: str, function, first: int) -> ast.AST:
    """Return the parsed text; a lambda's lines may be a fragment of a longer statement."""
    candidates = [text, text.rstrip().rstrip(","), "(" + text.strip().rstrip(",") + ")"]
    at = text.find("lambda")
    while at >= 0:
        for end in range(len(text), at, -1):
            if text[end - 1] in ")],\n" or end == len(text):
                candidates.append("(" + text[at:end] + ")")
        at = text.find("lambda", at + 1)
    for candidate in candidates:
        try:
            return ast.parse(candidate)
        except SyntaxError:
            continue
    raise SourceNotFoundError(
        Problem(f"the source of {function.__qualname__!r} cannot be parsed on its own",
                "define it with def on lines of its own", function.__code__.co_filename, first)
    )  # fmt: skip


def _same_parameters(node: ast.Lambda, function) -> bool:
    code = function.__code__
    return [a.arg for a in (*node.args.posonlyargs, *node.args.args)] == list(code.co_varnames[: code.co_argcount])


def _same_code(node: ast.Lambda, function) -> bool:
    code = function.__code__
    frees = code.co_freevars
    outer = f"def _({', '.join(frees)}):\n  return {ast.unparse(node)}" if frees else ast.unparse(node)
    module = compile(outer, "<lambda>", "exec" if frees else "eval")
    inner = _code_objects(module)
    return any(
        c.co_code == code.co_code and c.co_consts == code.co_consts and c.co_names == code.co_names for c in inner
    )


def _code_objects(code):
    found = []
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            if const.co_name == "<lambda>":
                found.append(const)
            found += _code_objects(const)
    return found


def _column(function) -> int:
    positions = [p[2] for p in function.__code__.co_positions() if p[2] is not None and p[0] is not None]
    return max(positions, default=0)


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
