"""Read loops over the indices of an array, `np.ndindex` and `np.ndenumerate`, as one loop for each axis."""

from __future__ import annotations

import ast
import contextlib

import numpy as np

from ..language import ir
from ..language.ir import Const, Name
from ..language.kinds import INT
from .expressions import ExpressionReader, ShapeOf, Struct, stored_names
from .source import leaves_loop


class IndexLoopReader(ExpressionReader):
    """Reads them; the index is a tuple known when the text is read."""

    def indices_looped_over(self, node) -> tuple | None:
        """Return (sizes, the array whose elements are wanted as well) of such a loop; None for other loops."""
        f = self.called_object(node)
        if f is np.ndindex:
            sizes = self.shape_operands(node, [self.opened(v, node) for v in self.positional(node)])
            if isinstance(sizes, ShapeOf):
                self.fail(node, "the number of axes is not known here", "write a loop for each axis")
            return tuple(sizes), None
        if f is np.ndenumerate:
            array = self.hold(self.scalar(node.args[0]), node)
            whole = self.opened(ShapeOf(array), node)
            if not isinstance(whole, Struct):
                self.fail(node, "the number of axes is not known here", "write a loop for each axis")
            return whole.items, array
        return None

    def for_indices(self, node, sizes, array, index: tuple):
        """Read the loop for the axis that follows those of `index`, or the body."""
        if not index and isinstance(node.target, ast.Name) and self.is_of_loops(node.target.id):
            self.env.pop(node.target.id, None)  # no name of an index of another loop
        if len(index) == len(sizes):
            value = _tuple(index) if array is None else _tuple(_tuple(index), ir.Sub(array, index))
            return self.body_at(node, value)
        if sizes[len(index)] == Const(1):
            return self.for_indices(node, sizes, array, (*index, Const(0)))
        if node.orelse or len(sizes) > 1 and any(map(leaves_loop, node.body)):
            self.fail(node, "break or else of a loop over indices is not supported", "write a loop for each axis")
        self.before_block(node)
        loc, var = self.source.loc(node), self.counter()
        with self.counted_by(var):
            body = self.nested(lambda: self.for_indices(node, sizes, array, (*index, Name(var))))
        self.emit(ir.For(var, Const(0), sizes[len(index)], Const(1), body, (), loc))

    def body_at(self, node, value: Struct):
        """Read the body with its target bound to an index."""
        stored = {name for s in node.body for name in stored_names(s)}
        name = node.target.id if isinstance(node.target, ast.Name) else None
        if name is not None and name not in stored and self.is_of_loops(name):
            self.env[node.target.id] = value
        else:
            self.assign(node.target, value, node)
        self.block(node.body)

    def is_of_loops(self, name: str) -> bool:
        """Return whether a name is read only in loops that it is the target of."""
        loops = [n for n in self.nodes if isinstance(n, ast.For) and getattr(n.target, "id", None) == name]
        inside = {id(n) for loop in loops for s in loop.body for n in ast.walk(s)}
        return all(id(n) in inside for n in self.nodes if is_read(n, name))

    def counter(self) -> str:
        """Return a name for the counter of a loop: i, j, k where no loop around it counts with that."""
        for name in ("i", "j", "k", "l"):
            if name not in self.shared.counting and (name in self.shared.counters or name not in self.fresh.taken):
                break
        else:
            name = self.fresh("i")
        self.fresh.taken.add(name)
        self.shared.counters.add(name)
        return name

    @contextlib.contextmanager
    def counted_by(self, var: str):
        """Read what stands in a loop that counts with a name."""
        self.shared.ranks.bind(var, INT)
        before = self.shared.counting
        self.shared.counting = before | {var}
        try:
            yield
        finally:
            self.shared.counting = before


def _tuple(*items) -> Struct:
    items = items[0] if len(items) == 1 else items
    return Struct(tuple(items), tuple(range(len(items))))


def is_read(node: ast.AST, name: str) -> bool:
    """Return whether a piece of text is a name that is read."""
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
