"""A failing program made smaller for as long as it fails in the same way."""

from __future__ import annotations

import ast
import copy
import time
import warnings
from collections.abc import Callable, Iterator

BLOCKS = ("body", "orelse")


def shrink(text: str, still_fails: Callable[[str], bool], seconds: float = 120.0) -> str:
    """The smallest text found within the time for which `still_fails` holds; the header with its seed stays.

    >>> print(shrink("def f(x):\\n    y = x + 1\\n    return x * y", lambda t: "x" in t and "f" in t))
    def f(x):
        pass
    """
    deadline = time.monotonic() + seconds
    tree, best, at = ast.parse(text), text, 0
    while time.monotonic() < deadline:
        for number, candidate in rotated(tree, at):
            if time.monotonic() > deadline:
                return best
            smaller = ast.unparse(ast.fix_missing_locations(candidate))
            if size(candidate) < size(tree) and compiles(smaller) and still_fails(smaller):
                tree, best, at = ast.parse(smaller), smaller, number
                break
        else:
            return best
    return best


def rotated(tree: ast.Module, start: int) -> Iterator[tuple[int, ast.Module]]:
    """Every candidate with its number, from `start` round to it again: cuts before it have just failed."""
    early = []
    for number, candidate in enumerate(candidates(tree)):
        if number >= start:
            yield number, candidate
        else:
            early.append((number, candidate))
    yield from early


def size(tree: ast.AST) -> int:
    """How large a program counts: its nodes, loops and branches more than once."""
    weights = {ast.For: 6, ast.While: 9, ast.If: 4, ast.Call: 2, ast.Name: 2, ast.AugAssign: 2}
    return sum(weights.get(type(node), 1) for node in ast.walk(tree))


def compiles(text: str) -> bool:
    """Whether Python takes the text at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, "<shrunk>", "exec")
    except (SyntaxError, SyntaxWarning, ValueError):
        return False
    return True


def candidates(tree: ast.Module) -> Iterator[ast.Module]:
    """Smaller programs, the boldest cuts first."""
    yield from without_statements(tree)
    yield from unwrapped(tree)
    yield from with_smaller_expressions(tree)
    yield from without_parameters(tree)


def blocks(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    """All statement lists but docstrings and imports, as (owner, field)."""
    return [
        (node, name)
        for node in ast.walk(tree)
        for name in BLOCKS
        if isinstance(getattr(node, name, None), list) and getattr(node, name)
    ]


def without_statements(tree: ast.Module) -> Iterator[ast.Module]:
    """Runs of statements left out, long ones first."""
    longest = max((len(getattr(owner, name)) for owner, name in blocks(tree)), default=0)
    length = longest
    while length >= 1:
        for number, (owner, name) in enumerate(blocks(tree)):
            for start in range(0, len(getattr(owner, name)) - length + 1, max(1, length // 2)):
                cut = copy.deepcopy(tree)
                holder, _ = blocks(cut)[number]
                block = getattr(holder, name)
                kept = [s for k, s in enumerate(block) if not start <= k < start + length or keeps(s)]
                if len(kept) < len(block) and not all(isinstance(s, ast.Pass) for s in block):
                    setattr(holder, name, kept if kept or name == "orelse" or holder is cut else [ast.Pass()])
                    yield cut
        length //= 2


def keeps(statement: ast.stmt) -> bool:
    """Whether the statement must stay: imports, the docstring, the function itself."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name == "f"
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text or isinstance(statement, ast.Import | ast.ImportFrom)


def unwrapped(tree: ast.Module) -> Iterator[ast.Module]:
    """Loops and branches replaced by their contents."""
    for number, (owner, name) in enumerate(blocks(tree)):
        for k, statement in enumerate(getattr(owner, name)):
            for inside in contents(statement):
                cut = copy.deepcopy(tree)
                holder, _ = blocks(cut)[number]
                getattr(holder, name)[k : k + 1] = copy.deepcopy(inside)
                yield cut


def contents(statement: ast.stmt) -> list[list[ast.stmt]]:
    """What a statement may be replaced by."""
    if isinstance(statement, ast.If):
        flat = ast.If(statement.test, statement.body, [])
        return [
            side for side in (statement.body, statement.orelse, [flat] if statement.orelse else []) if side
        ]
    if isinstance(statement, ast.For):
        first: ast.expr = ast.Constant(1)
        if not isinstance(statement.iter, ast.Call):
            first = ast.Subscript(statement.iter, ast.Constant(0), ast.Load())
        return [statement.body, [ast.Assign([statement.target], first, lineno=1), *statement.body]]
    if isinstance(statement, ast.While):
        return [statement.body]
    if isinstance(statement, ast.AugAssign):
        return [[ast.Assign([statement.target], statement.value, lineno=1)]]
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
        targets = statement.targets[0]
        if isinstance(targets, ast.Tuple) and len(targets.elts) == len(statement.value.elts):
            pairs = zip(targets.elts, statement.value.elts, strict=True)
            return [[ast.Assign([target], value, lineno=1)] for target, value in pairs]
    return []


def slots(tree: ast.AST) -> list[tuple[ast.AST, str, int | None]]:
    """All places that hold an expression which is read, as (owner, field, position in a list)."""
    found: list[tuple[ast.AST, str, int | None]] = []
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if name in ("func", "targets", "target", "decorator_list", "args") and not isinstance(
                node, ast.Call
            ):
                continue
            if name == "func" or (name == "value" and isinstance(node, ast.Attribute | ast.Subscript)):
                continue
            if isinstance(value, list):
                found += [(node, name, k) for k, item in enumerate(value) if isinstance(item, ast.expr)]
            elif isinstance(value, ast.expr):
                found.append((node, name, None))
    return found


def held(owner: ast.AST, name: str, k: int | None) -> ast.expr:
    """The expression in a slot."""
    value = getattr(owner, name)
    return value if k is None else value[k]


def with_smaller_expressions(tree: ast.Module) -> Iterator[ast.Module]:
    """Expressions replaced by one of their operands, or by a constant."""
    places = slots(tree)
    order = sorted(range(len(places)), key=lambda at: -size(held(*places[at])))
    for at in order:
        for smaller in replacements(held(*places[at])):
            cut = copy.deepcopy(tree)
            owner, name, k = slots(cut)[at]
            if k is None:
                setattr(owner, name, copy.deepcopy(smaller))
            else:
                getattr(owner, name)[k] = copy.deepcopy(smaller)
            yield cut


def replacements(node: ast.expr) -> list[ast.expr]:
    """Smaller expressions to try in the place of this one."""
    if isinstance(node, ast.Constant | ast.Slice | ast.Tuple):
        return []
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if isinstance(node, ast.Call):
        inner = [child for child in node.args if not isinstance(child, ast.Starred)]
        if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
            inner.append(node.func.value)
        if isinstance(node.func, ast.Name) and node.func.id == "range":
            inner = []
            return [ast.Call(node.func, [ast.Constant(2)], [])] if len(node.args) > 1 else []
    inner = [child for child in inner if not isinstance(child, ast.Slice)]
    if isinstance(node, ast.Name):
        return [ast.Constant(0.5)]
    return [*inner, ast.Constant(0.5), ast.Constant(1)]


def without_parameters(tree: ast.Module) -> Iterator[ast.Module]:
    """Parameters that no statement of `f` reads left out."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == "f":
            used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            for k, parameter in enumerate(function.args.args):
                if parameter.arg not in used:
                    cut = copy.deepcopy(tree)
                    same = next(s for s in cut.body if isinstance(s, ast.FunctionDef) and s.name == "f")
                    del same.args.args[k]
                    yield cut
