"""Read sums that begin as a number and become arrays: `total = 0.0` ahead of a loop with `total += a * np.sin(k * x)`.

A name holds as many axes on every path. Before the loop the number is made an array in the shape of one that is added
up. Where no trip adds anything, Python has a number after the loop: that is an error at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.kind import common
from ..rules import elementwise
from .columns import ReadAgain
from .expressions import ExpressionReader, stored_names

MESSAGE = "is a number: nothing was added to it"


@dataclass(frozen=True)
class _Sum:
    """A name that holds an array from the beginning of a loop, and that of whether something was added to it."""

    name: str
    added: str


class AccumulatedReader(ExpressionReader):
    """Reads statements that add to a name, and the loops around them."""

    # what `Reader` sets up
    env: dict
    entered: list[set[str]]
    loops: list[ast.stmt]  # those around that are being read
    sums: list[_Sum]

    def read_accumulated(self, node: ast.stmt, read: Callable[[], object]):
        """Read a statement by `read()`; a loop after its sums have become arrays."""
        if isinstance(node, ast.For | ast.While):
            self.read_loop(node, read)
            return
        name = _adds_to(node)
        before = self.axes_of_name(name) if name and self.loops else None
        read()
        if name and before == 0 and self.inside and name in self.entered[-1] and self.axes_of_name(name):
            self.begin_as_array(name)
        for s in self.sums:
            if s.name == name:
                self.emit(Let(s.added, Const(True), self.source.loc(node)))

    def read_loop(self, node: ast.For | ast.While, read: Callable[[], object]):
        keys = [k for k in self.shared.rebound if k[:1] == ("sum",) and k[1:5] == self.where_it_stands(node)]
        mine = [self.made_array(name, like, node) for *_, name, like in sorted(keys)]
        self.loops.append(node)
        self.sums += mine
        try:
            read()
        finally:
            self.loops.pop()
            del self.sums[len(self.sums) - len(mine) :]
        loc = self.source.loc(node)
        for s in mine:
            stop = ir.Raise("ValueError", (Const(f"{s.name!r} {MESSAGE} ({loc.place})"),), loc)
            self.emit(ir.If(Op("not", (Name(s.added),)), (stop,), (), loc))

    def made_array(self, name: str, like: tuple[str, ...], node: ast.stmt) -> _Sum:
        """Emit what makes a number an array, in the shape that others have together."""
        loc, found = self.source.loc(node), _Sum(name, self.fresh(f"{name}_is_array"))
        value = self.leaf(self.env[name], node)
        for other in like:
            value = Op("add", (value, self.with_values(node, np.zeros_like, [self.env[other]], {})), (), loc)
        self.assign(ast.copy_location(ast.Name(name, ast.Store()), node), value, node)
        self.emit(Let(found.added, Const(False), loc))
        return found

    def begin_as_array(self, name: str):
        """Have the text read again with a sum as an array ahead of the loop that only adds to it.

        That is done where the arrays that the last statement emitted has as a whole tell its shape and dtype, and the
        loop leaves them bound as they are.
        """
        last = self.out[-1]
        whole = set(_whole_arrays(last.value)) if isinstance(last, Let) else set()
        for loop in self.loops:
            adding = [n for n in ast.walk(loop) if isinstance(n, ast.stmt) and _adds_to(n) == name]
            own = sum(n.id == name for s in adding for n in ast.walk(s) if isinstance(n, ast.Name))
            if own < sum(n.id == name for n in ast.walk(loop) if isinstance(n, ast.Name)):
                continue
            steady = {k: v for k, v in self.env.items() if isinstance(v, Name) and k not in stored_names(loop)}
            like = tuple(sorted(k for k, v in steady.items() if v.id in whole and self.axes_of_name(k)))
            kinds = [kind for k in like if (kind := self.shared.ranks.kind(steady[k])) is not None]
            made = self.shared.ranks.kind(self.env[name])
            if kinds and common(kinds) == made:
                raise ReadAgain(("sum", *self.where_it_stands(loop), name, like))
            return

    def where_it_stands(self, loop: ast.stmt) -> tuple:
        return self.source.file, self.source.first_line, loop.lineno, loop.col_offset

    def axes_of_name(self, name: str) -> int | None:
        value: Any = self.env.get(name)
        return self.shared.ranks.rank(value) if isinstance(value, ir.Expr) else None


def _whole_arrays(e: ir.Expr) -> Iterator[str]:
    """Yield the names of what an expression takes element by element."""
    if isinstance(e, Name):
        yield e.id
    elif isinstance(e, Op) and (e.fn in elementwise.ARITHMETIC or e.fn in elementwise.BY_SPELLING):
        for a in e.args:
            yield from _whole_arrays(a)


def _adds_to(node: ast.stmt) -> str | None:
    """Return the name that a statement adds something to, or takes something from."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.target, ast.Name):
        name, sides = node.target.id, [node.value]
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name, value = node.targets[0].id, node.value
        if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
            return None
        first = isinstance(value.left, ast.Name) and value.left.id == name
        last = isinstance(value.op, ast.Add) and isinstance(value.right, ast.Name) and value.right.id == name
        if first == last:
            return None
        sides = [value.right if first else value.left]
    else:
        return None
    return None if any(name in names for names in map(_names, sides)) else name


def _names(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
