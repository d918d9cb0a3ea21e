"""Keep the order of evaluation: what was read before a statement is held where that statement changes it."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..analysis.aliases import writes_beyond
from ..language import ir
from ..language.ir import Const, Name, Slice
from .expressions import COMPLEX, ExpressionReader, List, Struct


class EvaluationReader(ExpressionReader):
    """Reads expressions in the order in which Python computes them."""

    def in_order(self, nodes) -> list:
        """Return the values of expressions, each as it is before those after it are computed; a star gives several."""
        values: list = []
        for node in nodes:
            start = len(self.out)
            new = self.starred_items(node) if isinstance(node, ast.Starred) else [self.expr(node)]
            values = [*self.as_before(start, values, node), *new]
        return values

    def starred_items(self, node: ast.Starred) -> list:
        """Return the items of a tuple that a star spreads."""
        made = self.as_generator(node.value)
        if isinstance(made, ast.ListComp | ast.GeneratorExp):
            own = self.with_its_own_names(made)
            # how many items a star spreads has to be known: ranges of known length are run through here
            inner = self.comprehension(own, lambda: self.expr(own.elt), unrolled=True)
        else:
            inner = self.opened(self.gone_through(self.expr(made), node), node)
        if not isinstance(inner, Struct) or inner.kind in ("dict", COMPLEX):
            self.fail(node, "only tuples known when the function is read can be starred here", "name the items")
        return list(inner.items)

    def as_before(self, start: int, values: list, node) -> list:
        """Return values that were read before statement `start` of this block, held there if it changed since then."""
        since = tuple(self.out[start:])
        bound = ir.bound_in(since)
        writes = writes_beyond(since, self.shared.ranks.kinds)
        held: list[ir.Stmt] = []

        def settled(value):
            if self.is_cell(value):
                return self.now(value)  # it is one list or dict, whatever is written into it
            if isinstance(value, Struct):
                items = tuple(map(settled, value.items))
                same = all(a is b for a, b in zip(items, value.items, strict=True))
                return value if same else replace(value, items=items)
            if isinstance(value, Slice):
                return Slice(*(None if e is None else settled(e) for e in (value.lo, value.hi, value.step)))
            if isinstance(value, List) and value.part is not None and (writes or ir.names_in(value.part) & bound):
                return self.slice_before(value, held, node)
            if not isinstance(value, ir.Expr) or isinstance(value, ir.NewAxis | ir.Dots):
                return value
            # the name of an array stands for the array, whatever is written into it; all else may read what is written
            written = writes and not isinstance(value, Name)
            if isinstance(value, Const) or not (written or ir.names_in(value) & bound):
                return value
            name = self.fresh("before")
            held.append(ir.Let(name, value, self.source.loc(node)))
            self.shared.ranks.note(held[-1])
            return Name(name)

        values = [settled(v) for v in values] if since or self.shared.cells else values
        self.out[start:start] = held
        return values
