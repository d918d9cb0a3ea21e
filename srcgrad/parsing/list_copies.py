"""Find out whether a name may have a copy of a list from a branch or loop on: nothing sees then that both were one."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from .expressions import ExpressionReader, List, Struct
from .handed import gives_back_only, is_kept
from .looped import bound_by, grows, grows_inside, root_of
from .parts import has_list, is_list, parts_of


class ListCopyReader(ExpressionReader):
    """Looks for what is written from there on, here and in what has called this function."""

    # what `Reader` sets up
    env: dict
    callers: set[str]
    called_by: tuple[Any, Any] | None  # the reader of the function that calls this one, and its call

    def may_go_apart(self, name: str, value: List | Struct, node) -> bool:
        """Return whether a list and the one that a branch or loop gives a name that shows it may be two from there on.
        """
        shown = self.names_for(value)
        names = self.shown_by({name, *(k for k in shown if self.is_whole(k, value))}, shown)
        if self.is_seen_apart(names, node) or self.is_written_around(value):
            return False
        return not names.every & self.callers or self.goes_apart_outside(names, value)

    def is_whole(self, name: str, value: List | Struct) -> bool:
        """Return whether a name stands for a list, not for what has it as a part."""
        own = self.env.get(name)
        return own == value if isinstance(own, List) else isinstance(own, Struct) and not any(
            self.is_same(p, value) for item in own.items for p in parts_of(item))  # fmt: skip

    def shown_by(self, whole: set[str], every: set[str]) -> _Names:
        """Return the names that these, or what is bound to them, are ever bound to."""
        found = _Names(set(whole), every - whole, [])
        size = -1
        while size < len(found.every):
            size, found.given = len(found.every), []
            for n in self.nodes:
                if isinstance(n, ast.Assign):
                    for t in n.targets:
                        found.take(t, n.value)
                    self.take_given_back(n, found)
                elif isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _PUTS:
                    found.put({root_of(n.func.value)}, n.args)
                elif isinstance(n, ast.For | ast.comprehension) and _names(n.iter) & found.inside:
                    found.whole |= _names(n.target)
        return found

    def take_given_back(self, node: ast.Assign, found: _Names):
        """Take notice of names that are bound to what a function gives back of a list."""
        call = node.value
        given = [a for a in getattr(call, "args", ()) if isinstance(a, ast.Name) and a.id in found.every]
        if isinstance(call, ast.Call) and given and all(isinstance(t, ast.Name) for t in node.targets) and all(
            gives_back_only(self, call, a.id) for a in given):  # fmt: skip
            found.whole |= {n for t in node.targets for n in _names(t)}
            found.given += given

    def is_seen_apart(self, names: _Names, node) -> bool:
        """Return whether a list is written from a statement on under one of these names, or comes under others."""
        written = any(self.is_written_from(n, node) for n in names.whole) or any(
            self.is_written_from(n, node, inside=True) for n in names.inside)
        # to compute with an item is to read it, and so is to take items of what a function gives
        read = [e for n in self.nodes if isinstance(n, ast.BinOp) for e in (n.left, n.right)]
        read += [a for n in self.nodes if isinstance(n, ast.Call) and _is_item_read(self.node, n) for a in n.args]
        return written or any(self.escapes(n, [*names.given, *read]) for n in names.every)

    def refuse_shared(self, name: str, value, node):
        """Refuse to bind a name anew in a branch or loop whose list or dict has other names, if one of them is written.
        """
        for part in filter(is_list, parts_of(value)):
            others = name in self.callers or self.names_for(part) - {name} or self.shown_outside(part)
            if others and not self.may_go_apart(name, part, node):
                what = f"{name!r} is bound anew in a branch or loop: its {part.kind} has other names, and is written"
                self.fail(node, what, f"copy it before: {part.kind}(...)")

    def is_written_from(self, name: str, node, inside=False) -> bool:
        """Return whether a list is written under a name in a statement, behind it, or in a loop around it.

        With `inside` that is one of the lists that are parts of what the name stands for.
        """
        loops = [n for n in self.nodes if isinstance(n, ast.For | ast.While) and n.lineno <= node.lineno <= _end(n)]
        begin = min([(n.lineno, n.col_offset) for n in (*loops, node)])
        inner = [n for n in self.nodes if isinstance(n, ast.FunctionDef | ast.Lambda) and n is not self.node]
        at_any_time = {id(m) for n in inner for m in ast.walk(n)}
        writes = [n for n in self.nodes if isinstance(n, ast.expr | ast.stmt) and (
                  name in grows_inside(n) or not inside and name in grows(n))]  # fmt: skip
        return any(id(n) in at_any_time or (n.lineno, n.col_offset) >= begin for n in writes)

    def is_written_around(self, value: List | Struct) -> bool:
        """Return whether a function around this one writes a list, as far as it may be seen after this one is called.
        """
        reader = self.outer
        while reader is not None:
            call = next((c.called_by[1] for c in self.shared.reading if c.called_by and c.called_by[0] is reader), None)
            shown = reader.names_for(value)
            names = reader.shown_by({k for k in shown if reader.is_whole(k, value)}, shown)
            begin = reader.node if call is None else call
            if any(reader.is_written_from(n, begin, n in names.inside - names.whole) for n in names.every):
                return True
            reader = reader.outer
        return False

    def names_for(self, value: List | Struct) -> set[str]:
        """Return the names that show a list, also where they stand for what it was before it became a buffer."""
        every = [value, *(struct for struct, made in self.shared.buffers if made is value or made == value)]
        every += [made for struct, made in self.shared.buffers if self.is_same(struct, value)]

        def shows(part) -> bool:
            return any(part == v if isinstance(v, List) else self.is_same(part, v) for v in every)

        own = self.locals | {a.arg for a in ast.walk(self.node.args) if isinstance(a, ast.arg)}
        return {k for k, v in self.env.items() if k in own and any(map(shows, parts_of(v)))}

    def goes_apart_outside(self, names: _Names, value: List | Struct, returned=False) -> bool:
        """Return whether callers do not see that a list of theirs and one that they may be given were one.

        `returned` says that it is given back.
        """
        if self.called_by is None or not returned and not any(is_kept(self, n, names.given) for n in names.every):
            return True
        caller, call = self.called_by
        stmts = [n for n in ast.walk(caller.node) if isinstance(n, ast.stmt) and _has(n, call)]
        stmt = stmts[-1] if stmts else caller.node
        given = [n for a in (*call.args, *call.keywords) for n in ast.walk(a)]
        shown: set[str] = {n.id for n in given if isinstance(n, ast.Name) and has_list(caller.env.get(n.id))}
        returned = isinstance(stmt, ast.Return) and stmt.value is call
        bound = getattr(stmt, "value", None) if isinstance(stmt, ast.Assign) else None
        if bound is call or isinstance(bound, ast.Tuple) and any(e is call for e in bound.elts):
            shown |= {n for t in getattr(stmt, "targets", ()) for n in _names(t)}
        elif not returned and not _is_item_read(stmt, call):
            return False
        there = caller.names_for(value)
        whole = {k for k in shown | there if k not in there or caller.is_whole(k, value)}
        every = caller.shown_by(whole, shown | there)
        every.given += call.args
        return not caller.is_seen_apart(every, stmt) and caller.goes_apart_outside(every, value, returned)


@dataclass
class _Names:
    """The names of a function that may show a list, whole or as a part, and where the text binds them to each other."""

    whole: set[str]
    inside: set[str]
    given: list[ast.expr]

    @property
    def every(self) -> set[str]:
        return self.whole | self.inside

    def take(self, target: ast.expr, value: ast.expr):
        """Take notice of what an assignment binds."""
        for t, v in bound_by(target, value):
            if v.id in self.every:
                (self.whole if v.id in self.whole else self.inside).add(t.id)
                self.given.append(v)
        if isinstance(value, ast.Subscript) and root_of(value) in self.inside:
            self.whole |= _names(target)
        if isinstance(target, ast.Name):
            displays = [n for n in ast.walk(value) if isinstance(n, ast.List | ast.Tuple)]
            self.put({target.id}, [e for n in displays for e in n.elts])
            self.put({target.id}, [e for n in ast.walk(value) if isinstance(n, ast.Dict) for e in n.values])

    def put(self, into: set[str], items: list[ast.expr]):
        """Take notice of what is put into a list, tuple or dict."""
        found = [e for e in items if isinstance(e, ast.Name) and e.id in self.every]
        self.given += found
        self.inside |= into if found else set()


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _end(node: ast.For | ast.While) -> int:
    return node.lineno if node.end_lineno is None else node.end_lineno


def _has(node: ast.AST, part: ast.AST) -> bool:
    return any(n is part for n in ast.walk(node))


def _is_item_read(stmt: ast.AST, call: ast.AST) -> bool:
    """Return whether no more is done with what a call gives than to read its items."""
    return any(
        isinstance(n, ast.Subscript | ast.Starred) and n.value is call and isinstance(n.ctx, ast.Load)
        or isinstance(n, ast.For | ast.comprehension) and n.iter is call
        or isinstance(n, ast.Call) and call in n.args and isinstance(n.func, ast.Name) and n.func.id in _READERS
        for n in ast.walk(stmt))  # fmt: skip


_PUTS = ("append", "insert")
_READERS = ("len", "sum", "max", "min", "any", "all", "list", "tuple", "sorted")
