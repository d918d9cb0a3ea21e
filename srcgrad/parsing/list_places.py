"""Read what moves the items of a list that grows: taken out, put between others, turned round."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Select
from ..language.kinds import INT
from ..language.sum_order import INPLACE
from .columns import counter_of
from .expressions import List, Obj, Struct
from .list_rows import RowReader


class PlaceReader(RowReader):
    """Emits loops over the places of a list, of each part of its items."""

    def place_of(self, index, count: Name, node) -> ir.Expr:
        """Return the place that an index of an item names, after a check that there is one."""
        index, loc = self.leaf(index, node), self.source.loc(node)
        index = index if isinstance(index, Const) else self.hold(index, node)
        outside = ir.Raise("IndexError", (Const(f"pop index out of range ({loc.place})"),), loc)
        low, high = Op("lt", (index, Op("neg", (count,)))), Op("ge", (index, count))
        self.emit(ir.If(Op("or", (low, high)), (outside,), (), loc))
        return self.hold(self.counted_from_the_end(index, count), node)

    def counted_from_the_end(self, index: ir.Expr, count: Name) -> ir.Expr:
        whole = self.integer(index)
        if whole is not None:
            return index if whole >= 0 else Op("sub", (count, Const(-whole)))
        return Select(Op("lt", (index, Const(0))), Op("add", (index, count)), index)

    def clipped(self, index: ir.Expr, count: Name) -> ir.Expr:
        """Return the place before which an item is inserted: one beyond the ends is the end."""
        place = self.counted_from_the_end(index, count)
        place = place if isinstance(place, Const) else Op("max", (place, Const(0)))
        return Op("min", (place, count))

    def moved(self, value: List, first: ir.Expr, last: ir.Expr, step: Const, node):
        """Emit the loop that gives each place from `first` to before `last` the item behind it, `step` away."""
        loc, var = self.source.loc(node), self.counter_of_items()
        at = Op("add", (Name(var), step)) if step.value > 0 else Op("sub", (Name(var), Const(-step.value)))
        item = self.item_read(value, ir.Sub(value.buffer, (at,), loc))
        body = self.nested(lambda: self.put(value, Name(var), item, node))
        self.emit(ir.For(var, first, last, step, body, (), loc))

    def taken_out(self, value: List, place: ir.Expr, node):
        """Return the item at a place, those behind it moved up."""
        loc, count = self.source.loc(node), counter_of(value)
        item = self.copied_item(self.item_read(value, ir.Sub(value.buffer, (place,), loc)), node)
        self.emit(Let(count, Op("sub", (Name(count), Const(1)), INPLACE), loc))
        self.moved(value, place, Name(count), Const(1), node)
        return item

    def copied_item(self, item, node):
        """Return an item under names of its own: its place in the list takes another one."""
        if isinstance(item, Struct):
            return replace(item, items=tuple(self.copied_item(v, node) for v in item.items))
        return self.hold(item, node)

    def turned_round(self, value: List, count: Name, node):
        """Emit the loop that exchanges the items of both ends."""
        loc, var, other = self.source.loc(node), self.counter_of_items(), self.fresh("other")

        def exchange():
            self.emit(Let(other, Op("sub", (Op("sub", (count, Const(1))), Name(var))), loc))
            first, last = (self.item_read(value, ir.Sub(value.buffer, (Name(n),), loc)) for n in (var, other))
            first = self.copied_item(first, node)
            self.put(value, Name(var), last, node)
            self.put(value, Name(other), first, node)

        body = self.nested(exchange)
        self.emit(ir.For(var, Const(0), Op("floordiv", (count, Const(2))), Const(1), body, (), loc))

    def sort_list(self, node, base, value):
        """Bring the numbers of a list into order: they are taken out, and put back in the order of `sorted`."""
        ordered = self.sorted_items(ast.copy_location(ast.Call(node.func, [base], node.keywords), node))
        if isinstance(value, List):
            self.emit(Let(counter_of(value), Const(0), self.source.loc(node)))
            self.append_all(value, ordered, node)
            return Obj(None)
        if not isinstance(base, ast.Name) or not self.owns(base.id) or self.inside:
            self.fail(node, f"{ast.unparse(base)} cannot be sorted here", "sorted(...), under another name")
        if not isinstance(ordered, List):
            self.env[base.id] = replace(value, items=ordered.items)
            return Obj(None)
        places = [ir.Sub(ordered.buffer, (Const(k),)) for k in range(len(value.items))]
        items = tuple(self.copied_item(self.item_read(ordered, place), node) for place in places)
        self.env[base.id] = replace(value, items=items)
        return Obj(None)

    def counter_of_items(self) -> str:
        """Return a name for the counter of a loop over the items of a list."""
        var = self.fresh("i")
        self.shared.ranks.bind(var, INT)
        return var
