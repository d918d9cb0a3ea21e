"""Read methods of lists: what appends to them, takes from them, brings them into another order."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.sum_order import INPLACE
from .cells import GROWN
from .columns import counter_of
from .expressions import ExpressionReader, List, Obj, Struct, is_text
from .looped import GROWING, root_of
from .parts import is_plain

PART = "the part of a list that is assigned"  # beside the names of methods that change lists


class ListMethodReader(ExpressionReader):
    """Reads calls of them; a list of known length has its name stand for another one from there on."""

    # what `Reader` sets up
    env: dict

    def list_method(self, node, target, name):
        """Return the value of a call of a list's method."""
        base = target.value
        value = self.expr(base)
        cell = self.cell_of(value) if name in GROWING else None
        if name in GROWING and cell is None and isinstance(value, Struct) and self.may_grow_inside(base):
            self.let_parts_grow(root_of(base), node, target)
            value = self.expr(base)
        if name == "copy":
            return self.container(ast.copy_location(ast.Call(target, [base], []), node), list)
        if name in ("index", "count"):
            return self.place_in_list(node, value, name)
        if name not in GROWING:
            self.fail(node, f"method .{name}() of a list is not supported",
                      "use append, extend, insert, pop, reverse, sort, clear, or arrays")  # fmt: skip
        if cell is not None and (not self.runs_with(cell) or name == "sort"):
            self.read_anew(cell.where, GROWN)
        if name == "sort":
            return self.sort_list(node, base, value)
        if any(isinstance(n, ast.NamedExpr) for a in node.args for n in ast.walk(a)):
            self.fail(node, f"a name is bound in what .{name}() is given", "bind it in a statement of its own")
        args = [self.unpacked(a) if name == "extend" else self.expr(a) for a in node.args]
        value = self.expr(base) if args and is_plain(base) else value  # what is given may have come from the list
        return self.changed_list(node, base, value, name, args)

    def changed_list(self, node, base: ast.expr, value: List | Struct, name: str, args: list):
        """Return the value of a method that changes a list."""
        if isinstance(value, List):
            return self.grow_list(node, value, name, args)
        cell = self.cell_of(value)
        run_time = name == "extend" and not isinstance(args[0], Struct)
        if name == PART:
            run_time = not isinstance(args[1], Struct | None) or self.known_slice(args[0]) is None
        if cell is not None and run_time:
            self.read_anew(cell.where, GROWN)
        if cell is not None:
            return self.grow_cell(cell, node, name, args)
        if not isinstance(base, ast.Name) or not self.owns(base.id) or self.inside:
            self.read_born(value)
            self.fail(node, f"{ast.unparse(base)} cannot grow here", "build the list where it is made, or return it")
        self.alone(base.id, value)
        if run_time:
            made = self.env[base.id] = self.turned_into_buffer(base.id, value, node)
            return self.grow_list(node, made, name, args)
        found, items = self.known_grown(node, value, name, args)
        kept = items[: len(value.items)] == value.items
        new = tuple(self.hold_item(base.id, k, v, node) if not kept or k >= len(value.items) else v
                    for k, v in enumerate(items))  # fmt: skip
        self.written_meanwhile(value)
        self.env[base.id] = replace(value, items=new, keys=tuple(range(len(new))))
        return found

    def known_grown(self, node, value: Struct, name: str, args: list) -> tuple:
        """Return the value of a method that changes a list of known length, and the items that it has from there on."""
        items = value.items
        if name in ("append", "extend"):
            return Obj(None), (*items, *(args if name == "append" else args[0].items))
        if name == "pop":
            place = self.integer(args[0]) if args else -1
            if place is None or not -len(items) <= place < len(items):
                self.fail(node, "pop from a list that has no such item", "append first, or pop the last item")
            place %= len(items)
            return items[place], items[:place] + items[place + 1 :]
        if name == "insert":
            place = self.integer(args[0])
            if place is None:
                self.fail(node, "an item is inserted at a place known only at run time", "append in a loop")
            return Obj(None), (*items[:place], args[1], *items[place:])
        if name == PART:
            there, part = list(items), self.known_slice(args[0])
            assert part is not None, args
            try:
                if args[1] is None:
                    del there[part]
                else:
                    there[part] = args[1].items
            except ValueError as e:
                self.fail(node, str(e), "give as many items as the part has")
            return Obj(None), tuple(there)
        return Obj(None), items[::-1] if name == "reverse" else ()

    def known_slice(self, part: ir.Slice) -> slice | None:
        """Return a slice whose ends are known when the text is read; None for any other."""
        ends = [None if e is None else self.integer(e) for e in (part.lo, part.hi, part.step)]
        told = all(e is None or k is not None for e, k in zip((part.lo, part.hi, part.step), ends, strict=True))
        return slice(*ends) if told else None

    def assign_part(self, target: ast.Subscript, base: List | Struct, value, node):
        """Read `list[i:j] = items`, after which the list may have another length; of no items, `del list[i:j]`."""
        part = self.index(target.slice)[0]
        if value is not None:
            self.require_items(value, node)
        return self.changed_list(node, target.value, base, PART, [part, value])

    def require_items(self, value, node):
        """Refuse to put other things than lists and arrays in the place of a part of a list."""
        known = isinstance(value, Struct) and value.kind in ("list", "tuple")
        number = isinstance(value, ir.Expr) and self.shared.ranks.rank(value) == 0
        if not known and not isinstance(value, List | ir.Expr) or number or is_text(value):
            self.fail(node, "what is assigned to a part of a list is no list", "make it one: list(...)")

    def as_long_as(self, part: ir.Expr, value, node) -> ir.Expr:
        """Return the items for a part of a list that keeps its length as an array, after a check of their number."""
        self.require_items(value, node)
        array = self.leaf(value, node) if isinstance(value, ir.Expr) else self.as_array(value, node)
        made, loc = self.hold(array, node), self.source.loc(node)
        message = Const("a part of a list gets another number of items, which list(...) of it allows:")
        count, there = Op("len", (made,), (), loc), Op("len", (part,), (), loc)
        stop = ir.Raise("ValueError", (message, count, Const(loc.place)), loc)
        self.emit(ir.If(Op("ne", (count, there)), (stop,), (), loc))
        return made

    def replaced(self, value: List, part: ir.Slice, given: Any, node):
        """Put items in the place of a part of a list: what stands behind it is moved to their end."""
        count, loc = Name(counter_of(value)), self.source.loc(node)
        if part.step is not None and self.integer(part.step) != 1:
            self.fail(node, "a part of a list that grows is assigned in steps", "assign its items in a loop")
        begin = self.hold(Const(0) if part.lo is None else self.clipped(self.leaf(part.lo, node), count), node)
        end = count if part.hi is None else self.clipped(self.leaf(part.hi, node), count)
        behind = ir.Sub(self.whole(value), (ir.Slice(Op("max", (begin, end))),), loc)
        rest = self.shown_list(("rest",), List(value.buffer, Op("len", (behind,)), part=behind), node)
        given = Struct((), (), "list") if given is None else given
        if isinstance(given, Struct):
            given = replace(given, items=tuple(self.held_item(v, node) for v in given.items))
        elif isinstance(given, ir.Expr):
            given = self.hold(Op("copy", (given,), (), loc), node)
        elif given.part is not None or given.buffer == value.buffer:
            whole = ir.Sub(self.whole(given), (ir.Slice(),), loc)
            given = self.shown_list(("items",), replace(given, part=given.part or whole), node)
        self.emit(Let(count.id, begin, loc))
        for items in (given, rest):
            self.grow_list(node, value, "extend", [items])
        return Obj(None)

    def extended(self, target: ast.expr, before: List | Struct, node):
        """Read `list += items`."""
        given = self.unpacked(node.value)
        if isinstance(given, ir.Expr) and self.shared.ranks.rank(given) != 0 and not self.is_row(given):
            self.fail(node, "a list and an array are added, which gives an array", "a.extend(b), or np.array(a) + b")
        cell = self.cell_of(before)
        if cell is not None and not self.runs_with(cell):
            self.read_anew(cell.where, GROWN)
        self.changed_list(node, target, self.now(before), "extend", [given])

    def repeated_in_place(self, target: ast.expr, before: List | Struct, node):
        """Read `list *= n`."""
        times = self.integer(self.scalar(node.value))
        if times is None:
            self.fail(node, "a list is repeated here, as often as is known only at run time",
                      "make another one: [v for _ in range(n) for v in items]")  # fmt: skip
        if times < 1:
            return self.changed_list(node, target, self.now(before), "clear", [])
        given = before
        if isinstance(before, List):
            whole = ir.Sub(self.whole(before), (ir.Slice(),), self.source.loc(node))
            given = self.shown_list(("items",), replace(before, part=whole), node)
        for _ in range(times - 1):
            self.changed_list(node, target, self.now(before), "extend", [self.now(given)])
        return None

    def grow_list(self, node, value: List, name: str, args):
        loc = self.source.loc(node)
        if value.full and name == PART and args[1] is not None and not self.has_tuples(value):
            items = self.as_long_as(ir.Sub(value.buffer, (args[0],), loc), args[1], node)
            return self.store(value.buffer, (args[0],), items, "=", node)
        if value.full:
            self.fail(node, "a list that the caller made grows here", "return it, and grow it where it was made")
        count = Name(counter_of(value))
        self.written_meanwhile(value)
        if name == "append":
            self.push(value, args[0], node)
        elif name == PART:
            return self.replaced(value, args[0], args[1], node)
        elif name == "clear":
            self.emit(Let(count.id, Const(0), loc))
        elif name == "pop":
            empty = ir.Raise("IndexError", (Const(f"pop from empty list ({loc.place})"),), loc)
            self.emit(ir.If(Op("eq", (count, Const(0))), (empty,), (), loc))
            if args and args[0] != Const(-1):
                return self.taken_out(value, self.place_of(args[0], count, node), node)
            self.emit(Let(count.id, Op("sub", (count, Const(1)), INPLACE), loc))
            return self.held_item(self.item_read(value, ir.Sub(value.buffer, (count,))), node)
        elif name == "insert":
            place = self.hold(self.clipped(self.leaf(args[0], node), count), node)
            item = self.held_item(args[1], node)
            self.push(value, item, node)
            last = Op("sub", (count, Const(1)))
            self.moved(value, last, place, Const(-1), node)
            self.put(value, place, self.item_of_list(item, node), node)
        elif name == "reverse":
            self.turned_round(value, count, node)
        elif isinstance(args[0], Struct):
            for item in [self.held_item(v, node) for v in args[0].items]:
                self.push(value, item, node)
        else:
            given = args[0]
            if isinstance(given, List) and self.has_tuples(given) and given.buffer != value.buffer:
                given = self.copied_columns(given, node) if given.part is not None else given
                self.append_all(value, given, node)
                return Obj(None)
            source = self.array_of_list(given, node) if isinstance(given, List) else self.leaf(given, node)
            own = isinstance(given, List) and given.buffer == value.buffer
            self.extend(value, self.hold(Op("copy", (source,), (), loc) if own else source, node), node)
        return Obj(None)
