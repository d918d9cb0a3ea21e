"""Remember what loops run through: in Python a loop sees what its body writes into the list it runs through."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np

from .expressions import ExpressionReader, List, Struct, stored_names

# a place behind all that a loop over known items has come to
MANY = 10**9
GROWING = frozenset({"append", "extend", "pop", "clear", "insert", "reverse", "sort"})
_OTHER = frozenset({"remove", "index", "count", "update", "setdefault"})
_COMPUTE = (range, len, abs, min, max, sum, float, int, zip, enumerate, round, pow)
_WRITE = (np.fill_diagonal, np.copyto, np.put, np.place, np.putmask)
LOOPS = (ast.For, ast.ListComp, ast.GeneratorExp, ast.DictComp)


@dataclass
class Looped:
    """A list or dict that a loop runs through, and how far the loop has come where its items are known."""

    value: List | Struct
    reader: Any
    node: ast.expr  # what the loop says
    loop: ast.AST
    known: bool  # whether the items are those that there were when the loop began
    place: int = -1
    in_order: bool = True

    def stands_for(self, value) -> bool:
        """Return whether a value is what the loop runs through."""
        if isinstance(value, List) and isinstance(self.value, List):
            return self.value.buffer == value.buffer
        if isinstance(value, Struct) and isinstance(self.value, Struct):
            return self.value.token is value.token
        return self.value is value


class LoopedReader(ExpressionReader):
    """Refuses what a loop would see in Python, and does not see here."""

    # what `Reader` sets up
    env: dict
    own_lists: dict[str, List]

    def looped_over(self, value, node, loop):
        """Note that a loop runs through a list, or through the values of a dict."""
        f = node.func if isinstance(node, ast.Call) else None
        if isinstance(f, ast.Attribute) and f.attr in ("items", "values"):
            value = self.expr(f.value)
        elif isinstance(value, Struct) and value.kind == "dict":
            return
        if isinstance(loop, LOOPS) and (isinstance(value, List) or value.kind in ("list", "dict")):
            self.shared.looped.append(Looped(value, self, node, loop, isinstance(value, Struct)))

    def trip_of(self, loop, place: int):
        """Note that a loop over known items has come to one of them."""
        for found in self.shared.looped:
            if found.loop is loop:
                found.place = place

    def not_in_order(self, since: int):
        """Note that what was found since then is not run through from its first item to its last."""
        for found in self.shared.looped[since:]:
            found.in_order = False

    def written_meanwhile(self, value, at: int | None = None, new=None):
        """Refuse to write item `at` of a list, or to change how many there are, where a loop has yet to see that.

        `new` is what stands for the list from here on.
        """
        for found in self.shared.looped:
            if not found.stands_for(value):
                continue
            passed = at is not None and found.in_order and at <= found.place
            if at is None or found.known and not passed:
                what = "grows or shrinks" if at is None else "is written"
                kind = "dict" if isinstance(found.value, Struct) and found.value.kind == "dict" else "list"
                way = "a range" if kind == "list" else f"list({ast.unparse(found.node)})"
                found.reader.fail(found.node, f"a {kind} {what} while it is looped over", f"loop over {way}")
            found.value = found.value if new is None else new

    def changes_of(self, value: List, loop) -> set[str]:
        """Return what the body of a loop does with a list: items are "grown" or "written", its name is "bound" anew."""
        found: set[str] = set()
        body = loop.body if isinstance(loop, ast.For | ast.While) else []
        for n in (n for s in body for n in ast.walk(s)):
            base = n.value if isinstance(n, ast.Attribute | ast.Subscript) else n
            now = self.env.get(base.id) if isinstance(base, ast.Name) else None
            if not isinstance(now, List) or now.buffer != value.buffer:
                continue
            if lengthened(n) is not None and not isinstance(n, ast.AugAssign):
                found.add("grown")
            elif isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store):
                found.add("written")
            elif isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and self.own_lists.get(n.id) == now:
                found.add("bound")
        return found

    def makes_as_it_goes(self, loop: ast.For, items: ast.ListComp) -> bool:
        """Return whether a list that a loop runs through may be made on the way, its items of sizes of their own.

        Nothing tells that from a list made before: neither changes what the other reads, and all items are made.
        """
        read = {n.id for n in ast.walk(items) if isinstance(n, ast.Name)}
        body = [n for s in loop.body for n in ast.walk(s)]
        calls = [n for n in (*body, *ast.walk(items)) if isinstance(n, ast.Call)]
        added = [n.target for n in body if isinstance(n, ast.AugAssign)]
        numbers = all(isinstance(t, ast.Name) and self.shared.ranks.rank(self.env.get(t.id)) == 0 for t in added)
        stored = any(isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store) for n in body)
        ends = any(isinstance(n, ast.Break | ast.Return | ast.Raise | ast.Assert) for n in body)
        bound = {n for s in loop.body for n in stored_names(s)}
        return numbers and all(map(self.only_computes, calls)) and not stored and not ends and not read & bound

    def only_computes(self, call: ast.Call) -> bool:
        """Return whether a call is one of a function that changes none of its arguments, and nothing else."""
        f = self.called_object(call)
        of_numbers = getattr(f, "__module__", None) in ("math", "numpy") or isinstance(f, np.ufunc)
        writes = any(k.arg == "out" for k in call.keywords) or any(f is g for g in _WRITE)
        return (of_numbers or any(f is g for g in _COMPUTE)) and not writes

    def has_functions_inside(self) -> bool:
        """Return whether functions are defined inside this one, which may write its lists."""
        return any(isinstance(n, ast.FunctionDef | ast.Lambda) for n in self.nodes if n is not self.node)


def grows_inside(node):
    """Yield the name of a dict or tuple in which a piece of text grows or writes a list: `history["x"].append(x)`."""
    written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
    grown = isinstance(node, ast.Attribute) and node.attr in GROWING
    if (written or grown) and item_of_name(node.value) is not None:
        yield root_of(node.value)


def lengthened(node) -> Any:
    """Return what a piece of text gives another length if it is a list; None where it does not."""
    if isinstance(node, ast.Attribute) and node.attr in GROWING:
        return node.value
    if isinstance(node, ast.AugAssign):
        return node.target
    if not isinstance(node, ast.Subscript):
        return None
    part = isinstance(node.slice, ast.Slice) and node.slice.step is None
    return node.value if isinstance(node.ctx, ast.Del) or part and isinstance(node.ctx, ast.Store) else None


def item_of_name(node: ast.expr) -> ast.Subscript | None:
    """Return the item of a name in which an expression is an item, or that it is itself; None where it is neither."""
    while isinstance(node, ast.Subscript):
        if isinstance(node.value, ast.Name):
            return node
        node = node.value
    return None


def root_of(node: ast.expr) -> str:
    """Return the name whose item, or item of an item, an expression is; nothing where it is of no name."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def grows(node):
    """Yield the name that a piece of text grows or writes like a list."""
    if isinstance(node, ast.Attribute) and node.attr in GROWING | _OTHER and isinstance(node.value, ast.Name):
        yield node.value.id
    written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
    if written and isinstance(node.value, ast.Name):
        yield node.value.id
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def bound_by(target, value):
    """Yield the pairs of names of which an assignment binds one to the other."""
    if isinstance(target, ast.Name) and isinstance(value, ast.Name):
        yield target, value
    elif isinstance(value, ast.IfExp):
        yield from bound_by(target, value.body)
        yield from bound_by(target, value.orelse)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for t, v in zip(target.elts, value.elts, strict=True):
            yield from bound_by(t, v)
