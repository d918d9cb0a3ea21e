"""Find the definition of a function in the text of its file.

A `def` has a name. A lambda is found by where its code stands in the file, which Python knows of each instruction;
where the file cannot be read as a whole, by its code.
"""

from __future__ import annotations

import ast
import copy
import linecache
import os
import textwrap
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..errors import Problem, SourceNotFoundError
from ..travel import SENT, lines_of

_LOADED = time.time()
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Place = tuple[int, int]  # line of the file, and offset in it


@dataclass(frozen=True)
class Definition:
    """The ast node of a function, its lines without the margin that they share, and where they stand in the file."""

    node: FunctionNode
    lines: tuple[str, ...]
    first_line: int
    indent: int


def find_definition(function: types.FunctionType) -> Definition:
    """Return the definition of a function written in Python.

    Raises
    ------
    SourceNotFoundError
        If there is no text of it, a lambda cannot be told from others, or the file was edited after it was loaded.
    """
    code = function.__code__
    whole = None if SENT in function.__dict__ else _parsed_file(_file_text(function))
    if whole is not None:
        _require_loaded_text(function, whole)
        found = _lambda_at(whole[1], code) if code.co_name == "<lambda>" else _def_at(whole[1], code)
        if found is not None:
            return _cut_out(found, whole[0])
    try:
        lines, first = lines_of(function)
    except (OSError, TypeError) as e:
        raise _not_found(function) from e
    text = textwrap.dedent("".join(lines))
    node = _in_fragment(text, function, first)
    return Definition(node, tuple(text.splitlines()), first, len(lines[0]) - len(lines[0].lstrip()))


def _not_found(function: types.FunctionType) -> SourceNotFoundError:
    return _problem(
        function,
        f"the source of {function.__qualname__!r} cannot be found",
        "define it in a file (or a notebook cell): srcgrad reads the text of the function",
    )


def _problem(function: types.FunctionType, what: str, way_out: str) -> SourceNotFoundError:
    code = function.__code__
    return SourceNotFoundError(Problem(what, way_out, code.co_filename, code.co_firstlineno))


# --- the whole file ---------------------------------------------------------------------------------------------


def _file_text(function: types.FunctionType) -> str:
    return "".join(linecache.getlines(function.__code__.co_filename, function.__globals__))


@lru_cache(maxsize=32)
def _parsed_file(text: str) -> tuple[str, ast.Module] | None:
    """Return a file's text and what it is read as; None where there is none, or it is no Python as it stands."""
    try:
        return (text, ast.parse(text)) if text else None
    except (SyntaxError, ValueError):
        return None


def _require_loaded_text(function: types.FunctionType, whole: tuple[str, ast.Module]):
    """Raise where the file was edited after this function was loaded: its text tells of another one."""
    file, code = function.__code__.co_filename, function.__code__
    try:
        edited = os.stat(file).st_mtime > _LOADED
    except (OSError, ValueError):
        edited = file.startswith("<")  # a cell, which may have been run again under its name
    rewritten = any(name.startswith("@py") for name in _names(code))  # by pytest, for its assertions
    if edited and not rewritten and not any(_stands_there(c, code) for c in _compiled(file, whole[0])):
        raise _problem(
            function,
            f"the file of {function.__qualname__!r} was edited after it was loaded",
            "load it again: importlib.reload, or a new process",
        )


def _stands_there(found: types.CodeType, code: types.CodeType) -> bool:
    """Return whether a code is another one, in the same place of the file."""
    return found.co_firstlineno == code.co_firstlineno and _same(found, code) and _places(found) == _places(code)


def _places(code: types.CodeType) -> list:
    return list(code.co_positions())


@lru_cache(maxsize=32)
def _compiled(file: str, text: str) -> tuple[types.CodeType, ...]:
    """Return the code of all functions in the text of a file."""
    return tuple(_code_objects(compile(text, file, "exec", dont_inherit=True)))


def _code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield const
            yield from _code_objects(const)


def _same(a: types.CodeType, b: types.CodeType) -> bool:
    """Return whether two functions do the same under one name."""
    parts = ("co_name", "co_code", "co_names", "co_varnames", "co_freevars", "co_argcount", "co_kwonlyargcount")
    if any(getattr(a, part) != getattr(b, part) for part in parts) or len(a.co_consts) != len(b.co_consts):
        return False
    return all(
        _same(x, y) if isinstance(x, types.CodeType) and isinstance(y, types.CodeType) else repr(x) == repr(y)
        for x, y in zip(a.co_consts, b.co_consts, strict=True)
    )


def _names(code: types.CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_varnames)


def _lambda_at(tree: ast.Module, code: types.CodeType) -> ast.Lambda | None:
    """Return the innermost lambda in whose body all instructions of a code stand."""
    begins, ends = set[_Place](), set[_Place]()
    for line, last_line, offset, last_offset in code.co_positions():
        if line and last_line and offset is not None and last_offset is not None and (offset, last_offset) != (0, 0):
            begins.add((line, offset))
            ends.add((last_line, last_offset))
    if not begins:
        return None
    lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and _same_parameters(n, code)]
    around = [n for n in lambdas if _begin(n.body) <= min(begins) and max(ends) <= _end(n.body)]
    return max(around, key=_begin, default=None)


def _def_at(tree: ast.Module, code: types.CodeType) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the definition that begins where a code does, decorators included."""
    return _defs_in(tree).get((code.co_name, code.co_firstlineno))


@lru_cache(maxsize=32)
def _defs_in(tree: ast.Module) -> dict[tuple[str, int], ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all definitions of a file by name and line, the first of those that share both."""
    every = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {(n.name, _first_line(n)): n for n in reversed(every)}


def _first_line(node: FunctionNode) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(d.lineno for d in decorators)])


def _begin(node: ast.expr) -> _Place:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> _Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _cut_out(node: FunctionNode, text: str) -> Definition:
    """Return a definition with the lines that it stands in."""
    first, last = _first_line(node), node.end_lineno or node.lineno
    lines = text.split("\n")[first - 1 : last]
    margin = min((len(s) - len(s.lstrip()) for s in lines if s.strip()), default=0)
    moved = copy.deepcopy(node)
    for n in ast.walk(moved):
        if isinstance(n, ast.expr | ast.stmt | ast.arg | ast.keyword | ast.pattern | ast.ExceptHandler):
            n.lineno, n.end_lineno = n.lineno - first + 1, (n.end_lineno or n.lineno) - first + 1
            n.col_offset, n.end_col_offset = n.col_offset - margin, (n.end_col_offset or 0) - margin
    return Definition(moved, tuple(s[margin:] for s in lines), first, margin)


# --- a part of a file -------------------------------------------------------------------------------------------


def _in_fragment(text: str, function: types.FunctionType, first: int) -> FunctionNode:
    """Return the definition in the lines that Python takes for those of a function."""
    code = function.__code__
    tree = _parse_fragment(text, function, first)
    if code.co_name != "<lambda>":
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
                return node
        raise _not_found(function)
    lambdas = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and _same_parameters(n, code)]
    if text.count("lambda") > 1:
        lambdas = [n for n in lambdas if _has_code(n, code)]
    if len({ast.dump(n) for n in lambdas}) != 1:
        raise _problem(
            function, "this lambda cannot be told apart from others on its line", "give it a line or a name of its own"
        )
    return lambdas[0]


def _parse_fragment(text: str, function: types.FunctionType, first: int) -> ast.AST:
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


def _same_parameters(node: ast.Lambda, code: types.CodeType) -> bool:
    return [a.arg for a in (*node.args.posonlyargs, *node.args.args)] == list(code.co_varnames[: code.co_argcount])


def _has_code(node: ast.Lambda, code: types.CodeType) -> bool:
    """Return whether a lambda, compiled alone, is a code."""
    frees = code.co_freevars
    outer = f"def _({', '.join(frees)}):\n  return {ast.unparse(node)}" if frees else ast.unparse(node)
    return any(_same(c, code) for c in _code_objects(compile(outer, "<lambda>", "exec")))
