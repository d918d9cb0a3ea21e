"""Find out from the text of functions whether a list or dict may come under another name, which would have to see
what is written into it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import SourceNotFoundError
from .expressions import ExpressionReader, Obj, Struct
from .looped import grows, grows_inside
from .makers import reading_of
from .source import find_source, python_function

# builtins that read the items of what they are given, and keep no list or dict itself
_READERS = frozenset({
    len, sum, max, min, range, enumerate, zip, reversed, any, all, list, dict, tuple, sorted, print, isinstance,
})  # fmt: skip
# how many calls deep a list that is handed on is followed
DEEPEST = 4

Called = Callable[[ast.expr], Any]  # the object that an expression of a call stands for, None where that is not known
Known = dict[Any, Any]  # what was found of the names of functions, by how deep they are followed; texts of functions


class HandedReader(ExpressionReader):
    """Follows the lists and dicts of a function into the functions that it calls."""

    # what `Reader` sets up
    env: dict
    locals: frozenset[str]

    def escapes(self, name: str, but=()) -> bool:
        """Return whether a list may come under another name, elsewhere than in `but`: both must see what is appended.
        """
        return _kept(self.node, name, self.called_as, {}, own=True, but=but)

    def called_as(self, f: ast.expr):
        """Return the object that an expression stands for, None where that is not known."""
        if hasattr(f, "function"):
            return f.function
        if isinstance(f, ast.Attribute):
            return _attribute(self.called_as(f.value), f.attr)
        if not isinstance(f, ast.Name):
            return None
        value = self.env.get(f.id)
        if value is None and f.id not in self.locals:
            value = self.resolve(f.id)[1]
        return value.value if isinstance(value, Obj) else value


def is_kept(reader, name: str, but=()) -> bool:
    """Return whether a function may bring a list under another name, elsewhere than in `but`, or return it."""
    return _kept(reader.node, name, reader.called_as, {}, own=False, but=but)


def gives_back_only(reader, call: ast.Call, name: str) -> bool:
    """Return whether a call neither writes nor keeps a list of this name that it is given; it may return it."""
    known: Known = {}
    found = text_called(reader.called_as(call.func), call, known)
    if found is None:
        return False
    node, around, pairs = found
    names = [k for k, a in pairs if isinstance(a, ast.Name) and a.id == name]
    return all(k is not None and _is_only_given_back(node, k, around, known, set()) for k in names)


def _is_only_given_back(node, name: str, called: Called, known: Known, seen: set[str]) -> bool:
    if any(name in (*grows(n), *grows_inside(n)) for n in ast.walk(node)):
        return False
    binds = [n for n in ast.walk(node) if isinstance(n, ast.Assign) and getattr(n.value, "id", "") == name]
    others = {getattr(t, "id", "") for n in binds for t in n.targets} - seen - {name}
    if "" in others or _kept(node, name, called, known, own=True, but=[n.value for n in binds]):
        return False
    return all(_is_only_given_back(node, k, called, known, {*seen, name}) for k in others)


def _attribute(owner, name: str):
    return getattr(owner, name, None) if isinstance(owner, ModuleType) else None


def _kept(node, name: str, called: Called, known: Known, own: bool, deep: int = DEEPEST, but=()) -> bool:
    """Return whether a function may bring a list under another name, or with `own` only its callers may."""
    key = node, name, own, deep
    if key not in known:
        known[key] = True  # of names that are bound to each other
        plain: set[int] = set(map(id, but))
        found = list(_in_scope(node, name))
        for n, inside in found:
            # a function inside reads the items that there are when it is called
            reads = not inside or isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)
            plain |= {id(e) for e in _only_read(n, name, called, known, own, deep)} if reads else set()
        plain |= set() if own else {id(n) for n in _only_named(node, name, called, known, deep)}
        loads = [n for n, _ in found if isinstance(n, ast.Name) and n.id == name]
        known[key] = any(isinstance(n.ctx, ast.Load) and id(n) not in plain for n in loads)
    return known[key]


def _only_named(node, name: str, called: Called, known: Known, deep: int) -> Iterator[ast.AST]:
    """Yield where a function binds other names of its own to a list which it neither writes nor keeps under these."""
    written = {k for n in ast.walk(node) for k in (*grows(n), *grows_inside(n))}
    for n in ast.walk(node):
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id == name:
            names = [t.id if isinstance(t, ast.Name) else "" for t in n.targets]
            if not any(not t or t in written or _kept(node, t, called, known, False, deep) for t in names):
                yield n.value


def _in_scope(node, name: str, inside=False) -> Iterator[tuple[Any, bool]]:
    """Yield the parts of a function where a name is its own, and whether they stand in a function inside."""
    yield node, inside
    for n in ast.iter_child_nodes(node):
        args = n.args if isinstance(n, ast.FunctionDef | ast.Lambda) else None
        if args is not None and name in {a.arg for a in ast.walk(args) if isinstance(a, ast.arg)}:
            yield from _in_scope(args, name, inside)
        else:
            yield from _in_scope(n, name, inside or args is not None)


def _only_read(n: ast.AST, name: str, called: Called, known: Known, own: bool, deep: int) -> Iterator[ast.AST]:
    """Yield the parts of a text whose items are read, if they are lists, and no more; of a call, those of this name."""
    if isinstance(n, ast.Attribute | ast.Subscript | ast.Starred):
        yield n.value
    elif isinstance(n, ast.Call):
        yield from _only_read_by_call(n, name, called, known, deep)
    elif isinstance(n, ast.For | ast.comprehension):
        yield n.iter
    elif isinstance(n, ast.IfExp):
        yield n.test
    elif isinstance(n, ast.Dict):
        yield from (v for k, v in zip(n.keys, n.values, strict=True) if k is None)
    elif isinstance(n, ast.UnaryOp | ast.If | ast.While | ast.Compare) or own and isinstance(n, ast.BoolOp):
        yield from ast.iter_child_nodes(n)
    elif own and isinstance(n, ast.Return) and n.value is not None:
        yield n.value
        yield from n.value.elts if isinstance(n.value, ast.Tuple) else ()


def _only_read_by_call(n: ast.Call, name: str, called: Called, known: Known, deep: int) -> Iterator[ast.AST]:
    yield from (k.value for k in n.keywords if k.arg is None)
    every = [*n.args, *(k.value for k in n.keywords)]
    f = n.func
    target = called(f)
    if any(target is g for g in _READERS) or isinstance(f, ast.Attribute) and called(f.value) is np:
        yield from every
    elif isinstance(f, ast.Call):
        yield from every if reading_of(called(f.func)) is not None else ()
    elif is_derivative(target):
        yield from every
        yield from (e for a in every if isinstance(a, ast.Tuple) for e in a.elts)
    elif not any(isinstance(a, ast.Starred) for a in n.args) and deep and name in {getattr(a, "id", "") for a in every}:
        yield from _not_kept_by(target, n, name, known, deep)


def is_derivative(target) -> bool:
    """Return whether an object is a derivative, or makes one and calls it: what it gives are new arrays."""
    if reading_of(target) is not None or getattr(target, "_transform", "primal") != "primal":
        return True
    return hasattr(target, "reader") and hasattr(target, "make") and not isinstance(target, Struct)


def text_called(target, call: ast.Call, known: Known) -> tuple[Any, Called, list[tuple[str | None, ast.expr]]] | None:
    """Return the text that a call runs, what tells the objects of its names, and what is given to which parameter.

    None where it has no text.
    """
    if hasattr(target, "reader") and hasattr(target, "node"):
        node, around = target.node, target.reader.called_as
    elif python_function(target) is not None:
        try:
            known[target] = source = known.get(target) or find_source(target)
        except SourceNotFoundError:
            return None
        node, around = source.node, _outside(source)
    else:
        return None
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    return node, around, [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]


def _not_kept_by(target, call: ast.Call, own_name: str, known: Known, deep: int) -> Iterator[ast.AST]:
    """Yield where a call hands a list of this name to a function with text that neither keeps nor writes it."""
    found = text_called(target, call, known)
    if found is None:
        return
    node, around, pairs = found
    written = {name for n in ast.walk(node) for name in (*grows(n), *grows_inside(n))}
    for name, argument in pairs:
        if not isinstance(argument, ast.Name) or argument.id != own_name or name is None:
            continue
        first = next((s for s in _body(node) if any(getattr(n, "id", None) == name for n in ast.walk(s))), node)
        anew = isinstance(first, ast.Assign) and [ast.unparse(t) for t in first.targets] == [name]
        # what a parameter is bound to anew at once is all that is done to it from there on
        if (anew or name not in written) and not _kept(first if anew else node, name, around, known, False, deep - 1):
            yield argument


def _body(node) -> list:
    return [node.body] if isinstance(node, ast.Lambda) else node.body


def _outside(source) -> Called:
    """Return what tells the objects that names stand for in the text of a function of a module."""
    given = {n.arg for n in ast.walk(source.node) if isinstance(n, ast.arg)}
    bound = {n.id for n in ast.walk(source.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} | given

    def called(f: ast.expr):
        if isinstance(f, ast.Attribute):
            return _attribute(called(f.value), f.attr)
        return source.resolve(f.id)[1] if isinstance(f, ast.Name) and f.id not in bound else None

    return called
