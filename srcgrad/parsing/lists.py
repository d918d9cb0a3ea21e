"""Read lists: of known length as tuples; grown in a loop or branch as a buffer and the number of its items."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Select
from ..language.lists import AS_LIST
from ..language.sum_order import INPLACE
from .cells import GROWN
from .columns import NO_ITEM, counter_of, is_same_for_all
from .expressions import OBJECT, RESERVED, List, ShapeOf, Struct, is_text, regular
from .handed import HandedReader
from .list_bindings import ListBindingReader
from .list_places import PlaceReader
from .looped import MANY, bound_by, grows, grows_inside, item_of_name, lengthened, root_of
from .parts import has_form_of, is_list, is_plain, parts_of


class ListReader(PlaceReader, HandedReader, ListBindingReader):
    """Reads what grows lists and assigns to their items."""

    # what `Reader` sets up
    env: dict
    grown_names: set[str] | None
    written_names: set[str]
    buffers: set[str]
    entered: list[set[str]]
    own_lists: dict[str, List]
    taking: set[str]  # names that lists are handed over to
    callers: set[str]
    read_early: set[str]

    # -- lists that grow
    def grown(self) -> set[str]:
        """Return the names of this function that are grown or written like lists somewhere in its text."""
        if self.grown_names is None:
            grown = {name for n in self.nodes for name in grows(n)}
            self.taking = {t.id for n in self.nodes if isinstance(n, ast.Assign)
                           for t, v in bound_by(n.targets[0], n.value)
                           if v.id in grown and self.is_handed_over([v.id], n)}  # fmt: skip
            rebound = {name for name in self.locals if self.key_of_list(name) in self.shared.rebound}
            self.grown_names = grown | self.taking | rebound
            self.written_names = grown | self.taking | {k for n in self.nodes for k in grows_inside(n)}
        return self.grown_names

    def before_block(self, node):
        """Turn lists of known length that a branch or loop grows into buffers, before it."""
        inside = [n for s in ast.iter_child_nodes(node) for n in ast.walk(s)]
        grown = {name for n in inside for name in grows(n)}
        bound = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.named_again(bound & set(self.env), node)
        self.rebound_structs(bound & set(self.env) - grown, node)
        self.without_none(bound & set(self.env), node)
        for name in sorted((grown | bound) & self.grown() & set(self.env)):
            value = self.env[name]
            if name in grown:
                self.cell_of(value)
            if is_list(value) and value.token in self.shared.holders:
                continue
            if isinstance(value, Struct) and value.kind == "list" and (self.owns(name) or self.only_rebinds(name)):
                if name in grown:
                    self.alone(name, value, GROWN)
                else:
                    self.refuse_shared(name, value, node)
                apart = name not in grown and (name in self.callers or self.names_for(value) != {name})
                makes = self.new_list if apart else self.turned_into_buffer
                self.env[name] = makes(name, value, node)
                self.callers.discard(name)
        for name, where in [(k, n) for n in inside for k in grows_inside(n) if k in self.env]:
            self.let_parts_grow(name, node, where)
        for name in sorted(bound & set(self.env)):
            self.let_it_change(name, self.env[name], node)

    def let_parts_grow(self, name: str, node, where: ast.Attribute | ast.Subscript):
        """Turn the lists in a dict, list or tuple into buffers: `where` grows or writes one of them."""
        value = self.env[name]
        if not isinstance(value, Struct) or not self.owns(name):
            return
        items = list(value.items)
        longer: list[Any] = [n for n in self.nodes if lengthened(n) is not None and name in grows_inside(n)]
        grown = {key for n in longer for key in _key_of(n, value)}
        for k, (key, item) in enumerate(zip(value.keys, value.items, strict=True)):
            if is_list(item, "list") and key in _key_of(where, value) and self.cell_of(item) is None:
                self.refuse_other_names(f"{name}[{key!r}]", item, where)
                fixed = key not in grown and not self.escapes(name)
                made = items[k] = self.turned_into_buffer(f"{name}_{key}", item, node, fixed)
                self.spoken.known[made.buffer.id] = f"{name}[{key!r}]"
        self.env[name] = replace(value, items=tuple(items))

    def refuse_other_names(self, name: str, value: Struct, node):
        """Refuse to grow a list that stands in one place if it stands in others, which show it as it is."""
        places = sum(self.is_same(part, value) for v in self.env.values() for part in parts_of(v))
        if places > 1 or self.shown_outside(value):
            self.read_born(value, GROWN)
            self.fail(node, f"{name} is another name of a list that is written here", "copy it: list(...)")

    def append_all(self, into: List, value: List, node, copied=False):
        """Emit the loop that appends the items of another list, which may be tuples; with `copied`, copies of rows."""
        loc, var = self.source.loc(node), self.counter_of_items()
        item = self.item_read(value, ir.Sub(value.buffer, (Name(var),), loc))
        count = self.first_column(value, value.count)
        if copied and self.is_row(item):
            self.shared.lists_of_lists.add(into.buffer.id)
            item = Op("copy", (item,), AS_LIST, loc)
        body = self.nested(lambda: self.push(into, item, node))
        self.emit(ir.For(var, Const(0), count, Const(1), body, (), loc))

    def turned_into_buffer(self, name: str, items: Struct, node, fixed=None) -> List:
        """Return the buffer that a list becomes; what still shows the list as it was is the buffer too.

        With `fixed` it keeps its length; left out, that is found out.
        """
        self.shared.held |= {item.id for item in items.items if isinstance(item, Name)} & {*self.components.values()}
        made = self.new_list(name, items, node, fixed=self.keeps_length(name) if fixed is None else fixed)
        self.shared.buffers.append((items, made))
        for found in self.shared.looped:
            found.value = made if self.is_same(found.value, items) else found.value
        return made

    def new_list(self, name: str, items: Struct, node, own=True, fixed=False) -> List:
        """Return a buffer with its number of items, allocated before all loops; with `own` it is that of the name.

        With `fixed` the list keeps its length.
        """
        loc = self.source.loc(node)
        buffer = self.buffer_name(name)
        if fixed and items.items and (self.is_table(items) or all(map(self.is_number, items.items))):
            shape, leaves = regular(items)
            found = self.own_lists[name] = self.table_of(buffer, shape, self.depth > 0, node)
            self.note_place(found, name, node)
            self.fill_table(found, shape, leaves, node)
            return found
        count = self.fresh(f"{buffer}_count")
        made = Let(buffer, Op("list", (), (), loc), loc)
        if self.depth:
            self.shared.heads.append(made)
            self.shared.ranks.note(made)
        else:
            self.emit(made)
        self.emit(Let(count, Const(0), loc))
        found = List(Name(buffer), Name(count))
        if own:
            self.own_lists[name] = found
        self.note_place(found, name, node)
        for item in items.items:
            self.push(found, item, node)
        return found

    def buffer_name(self, name: str) -> str:
        """Return a name for the buffer of a list: the list's own, where no other name can show it."""
        given = {a.arg for a in ast.walk(self.node.args) if isinstance(a, ast.arg)}
        own = name in self.locals - given - RESERVED - self.buffers - self.read_early
        taken = self.is_callee or not own or self.escapes(name)
        self.buffers.add(name)
        made = self.fresh(name) if taken else name
        if name in self.locals and name in self.names_written_inside():
            self.shared.with_rows.add(made)
        if taken and name in self.locals:
            self.spoken.known[made] = name
        return made

    def push(self, into: List, value, node):
        """Emit the statements that append a value."""
        count = Name(counter_of(into))
        self.note_list_inside(into, value)
        value = self.item_of_list(value, node, into)
        self.room(into, value, node)
        self.put(into, count, value, node)
        self.emit(Let(count.id, Op("add", (count, Const(1)), INPLACE), self.source.loc(node)))

    def held_item(self, value, node):
        """Return an item under names, which nothing that follows can change."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.held_item(v, node) for v in value.items))
        return self.hold(value, node) if isinstance(value, ir.Expr) and not isinstance(value, Const | Name) else value

    def item_of_list(self, value, node, into: List | None = None):
        """Return what is put into the buffer for an item, or its parts into theirs."""
        if self.which_cells(value):
            self.fail(node, "a list or dict with several names is an item of a list that grows", "copy it: list(...)")
        if into is not None and is_list(value, "list") and into.buffer.id in self.shared.with_rows:
            value = self.row_of_known(value, into, node)
        if is_list(value, "list") and self.stays_as_it_is(value, into):
            if into is not None and all(map(self.is_number, value.items)):
                self.shared.of_known_lists.add(into.buffer.id)
            value = replace(value, kind="tuple")
        if isinstance(value, List):
            others = self.names_that_show(value)
            new = others and all(self.is_new_in_each_trip(k, node) for k in others) and not self.shown_around(value)
            array = self.array_of_list(value, node)
            return Op("copy", (array,), AS_LIST) if new else array
        if isinstance(value, Struct) and value.kind in ("list", "dict"):
            what = f"a {value.kind}, which could be written, is an item of a list that grows"
            self.fail(node, what, "use a tuple, or an array: np.zeros((n, m))")
        if isinstance(value, Struct) and value.kind != OBJECT and not all(map(is_same_for_all, value.items)):
            items = (v if is_same_for_all(v) else self.item_of_list(v, node, into) for v in value.items)
            return replace(value, items=tuple(items))
        if isinstance(value, Struct) and value.kind == OBJECT:
            self.fail(node, "an object that is written is an item of a list that grows", "keep arrays of its fields")
        if isinstance(value, Struct) and not value.items and value.kind == "tuple":
            self.fail(node, "empty lists or tuples are the items of a list of a length known only at run time",
                      "keep pairs (place, item) in one list, or an array: np.zeros((n, m))")  # fmt: skip
        if not isinstance(value, ir.Expr) or isinstance(value, ir.Slice) or is_text(value):
            self.fail(node, NO_ITEM, "use a list for each part")
        return value

    # -- items
    def may_grow_inside(self, base: ast.expr) -> bool:
        """Return whether a list is in a dict that no branch or loop around has begun with."""
        name = root_of(base) if isinstance(base, ast.Subscript) else ""
        return name in self.env and not (self.inside and name in self.entered[-1])

    def takes_the_place(self, own: Struct, value, name: str) -> bool:
        """Return whether the numbers of a new list can be given to the names of those in one that nothing else shows.
        """
        if not isinstance(value, Struct) or not has_form_of(own, value) or own.kind != value.kind:
            return False
        others = [v for k, v in self.env.items() if k != name for v in parts_of(v)]
        shown = any(self.is_same(v, part) for v in others for part in (*parts_of(own), *parts_of(value)))
        inner = [p for p in (*parts_of(own), *parts_of(value)) if is_list(p)]
        plain = all(isinstance(a, Name) and self.is_number(b) if not isinstance(a, Struct) else isinstance(b, Struct)
                    for a, b in zip(parts_of(own), parts_of(value), strict=False))  # fmt: skip
        return plain and not shown and not any(map(self.shown_outside, inner))

    def hold_item(self, name, k, value, node, spoken=None):
        """Return an item under a name of its own, which nothing else binds; of a tuple or new list, its items."""
        self.require_unmoved(value, node)
        spoken = spoken or f"{name}[{k!r}]"
        if isinstance(value, Struct) and not (is_list(value) and self.is_shown(value)):
            parts = enumerate(zip(value.keys, value.items, strict=True))
            items = (self.hold_item(name, f"{k}_{j}", v, node, f"{spoken}[{key!r}]") for j, (key, v) in parts)
            return replace(value, items=tuple(items))
        if isinstance(value, List):
            return self.shown_list((name, k), value, node)
        if isinstance(value, ShapeOf) and isinstance(value.array, Name) and self.rebinds(value.array.id):
            return ShapeOf(self.hold(value.array, node))
        if not isinstance(value, ir.Expr) or isinstance(value, Const):
            return value
        if isinstance(value, ir.Slice):
            return self.hold(value, node)
        held = self.fresh(f"{name}_{k}")
        self.shared.held.add(held)
        self.spoken.known[held] = spoken
        self.emit(Let(held, self.undone(value), self.source.loc(node)))
        return Name(held)

    def parts_of_list(self, node: ast.List) -> list | None:
        """Return the parts of a list display in which stars spread what is known only at run time, else None."""
        stars = [e for e in node.elts if isinstance(e, ast.Starred)]
        if not any(is_plain(s.value) and isinstance(self.expr(s.value), List | ir.Expr) for s in stars):
            return None
        parts: list = []
        for item in node.elts:
            start = len(self.out)
            if isinstance(item, ast.Starred):
                value = self.opened(self.expr(item.value), item)
                whole = isinstance(value, List) and not self.is_of_numbers(value)
                if isinstance(value, List) and not whole:
                    value = self.array_of_list(value, item)
                if isinstance(value, ir.Expr) and self.shared.ranks.rank(value) != 1:
                    self.fail(item, "a star spreads an array that has not one axis", "name the items")
                known = whole or isinstance(value, Struct)
                new = value if known else self.copied_items(self.leaf(value, item), node)
            else:
                new = Struct((self.expr(item),), (0,), "list")
            parts = [*self.as_before(start, parts, item), replace(new, kind="list") if isinstance(new, Struct) else new]
        return parts

    def slice_before(self, value: List, held: list[ir.Stmt], node) -> List:
        """Return a slice of a list as it is before what follows writes the list: `held` takes the copy."""
        part, name = self.array_of_list(value, node), self.fresh("before")
        if self.shared.ranks.rank(part) != 1:
            self.fail(node, "what follows a slice of a list of arrays writes them", "give the slice a name before")
        held.append(Let(name, Op("copy", (part,), AS_LIST), self.source.loc(node)))
        return List(Name(name), Op("len", (Name(name),)), full=True)

    def joined_lists(self, parts: list, node) -> List:
        """Return the list that several make together, some of a length known only at run time."""
        if any(isinstance(v, Struct) and v.kind != "list" for v in parts):
            self.fail(node, "a list and a tuple are joined", "list(...) of the tuple")
        made = self.new_list("items", Struct((), (), "list"), node, own=False)
        for part in parts:
            if isinstance(part, Struct):
                for item in part.items:
                    self.push(made, item, node)
            elif part.part is not None and self.has_tuples(part):
                self.append_all(made, self.copied_columns(part, node), node)
            elif part.part is not None:
                self.extend(made, self.hold(part.part, node), node)
            else:
                self.append_all(made, part, node)
        return made

    def extend(self, into: List, array: ir.Expr, node):
        """Emit the loop that appends the items of an array."""
        loc, var = self.source.loc(node), self.counter_of_items()
        body = self.nested(lambda: self.push(into, ir.Sub(array, (Name(var),), loc), node))
        self.emit(ir.For(var, Const(0), Op("len", (array,)), Const(1), body, (), loc))

    def array_of_list(self, value: List, node) -> ir.Expr:
        """Return the items of a list as an array: those of its buffer that count."""
        if self.has_tuples(value):
            self.fail(node, "a list of tuples stands where one of numbers is needed", "use a list for each part")
        return self.whole(value)

    def rows_of_list(self, value: List, node) -> ir.Expr:
        """Return the items of a list as NumPy makes an array of them: tuples are rows."""
        if not self.has_tuples(value):
            return self.whole(value)
        columns = self.item_read(value, self.whole(value))
        if not all(isinstance(c, ir.Expr) for c in columns.items) or columns.kind == "dict":
            self.fail(node, "a list of tuples of tuples stands where an array is needed", "use a list for each part")
        held = tuple(self.hold(c, node) for c in columns.items)
        return self.user_call(node, np.stack, ([Struct(held, tuple(range(len(held))))], {"axis": Const(1)}))

    def whole(self, value: List) -> ir.Expr:
        """Return the part of its buffer that a list is."""
        whole = value.buffer if value.full else Op("head", (value.buffer, value.count))
        return whole if value.part is None else value.part

    def item_at(self, value: List, node):
        """Return an element or slice of a list."""
        index = tuple(map(self.as_place, self.index(node.slice)))
        if self.has_tuples(value) and not isinstance(node.slice, ast.Slice):
            index = tuple(self.held_item(e, node) for e in index)
        items = ir.Sub(self.whole(value), index, self.source.loc(node))
        if not isinstance(node.slice, ast.Slice):
            return self.item_read(value, items)
        return List(value.buffer, Op("len", (self.first_column(value, items),)), part=items)

    def as_place(self, index: ir.Expr) -> ir.Expr:
        """Return the place in a list that an index names: a truth value is 0 or 1, not a mask."""
        plain = isinstance(index, ir.Slice | ir.NewAxis | ir.Dots)
        return Select(index, Const(1), Const(0)) if not plain and self.is_truth(index) else index

    def store_item(self, target, base, value, op: str, node):
        """Assign to an item of a list."""
        base = self.now(base)
        cell = self.cell_of(base)
        known = isinstance(base, Struct) and base.kind == "list"
        if isinstance(target.slice, ast.Slice) and op == "=" and (known or isinstance(base, List) and not base.full):
            return self.assign_part(target, base, value, node)
        if cell is not None:
            return self.store_in_cell(cell, target, value, op, node)
        tuples = isinstance(base, List) and self.has_tuples(base)
        if isinstance(base, List) and base.buffer.id in self.shared.lists_of_lists and op == "=":
            several = isinstance(value, List) or is_list(value, "list")
            value = self.as_array(value, node) if several else value
        if isinstance(base, List) and (base.full and not tuples or isinstance(target.slice, ast.Slice)):
            array = base.buffer if base.full else self.fail(target, "a slice of a list is assigned", "use an array")
            part = tuple(map(self.as_place, self.index(target.slice)))
            value = self.as_long_as(ir.Sub(array, part), value, node) if isinstance(target.slice, ast.Slice) else value
            return self.store(array, part, self.leaf(value, node), op, node)
        if isinstance(base, Struct) and base.kind == "dict":
            return self.store_known(target, base, None, value, op, node)
        index = self.as_place(self.scalar(target.slice))
        place = self.integer(index)
        if isinstance(base, Struct):
            return self.store_known(target, base, place, value, op, node)
        self.written_meanwhile(base, MANY if place is None or place < 0 else place)
        loc, count = self.source.loc(node), base.count
        if tuples:
            if op != "=":
                self.fail(target, "an item of a list of tuples is updated", "assign a new tuple")
            value = self.held_item(self.item_of_list(value, node), node)
        if tuples and base.full:
            return self.put(base, index, value, node)
        if place is None:
            index = self.hold(index, node)
        low, high = Op("lt", (index, Op("neg", (count,)))), Op("ge", (index, count))
        outside = ir.Raise("IndexError", (Const(f"list assignment index out of range ({loc.place})"),), loc)
        self.emit(ir.If(Op("or", (low, high)), (outside,), (), loc))
        if place is None:
            index = Select(Op("lt", (index, Const(0))), Op("add", (index, count)), index)
        elif place < 0:
            index = Op("sub", (count, Const(-place)))
        if tuples:
            return self.put(base, index, value, node)
        return self.store(base.buffer, (index,), self.leaf(value, node), op, node)

    def store_known(self, target, base: Struct, place, value, op: str, node):
        """Assign to an item of a list or dict of known length: the name stands for another one from here on."""
        name = target.value.id if isinstance(target.value, ast.Name) else None
        if base.kind == "list" and self.may_grow_inside(target.value):
            self.let_parts_grow(root_of(target.value), node, target)
            made = self.expr(target.value)
            if isinstance(made, List):
                return self.store_item(target, made, value, op, node)
            if isinstance(made, ir.Expr):
                return self.store(made, self.index(target.slice), self.leaf(value, node), op, node)
        own = name is not None and self.owns(name) and not self.escapes(name, self.left(name))
        if name is None or not own or base.kind not in ("list", "dict"):
            self.read_born(base)
            self.fail(target, f"an item of this {base.kind} cannot be assigned", "use an array, or build a new one")
        self.alone(name, base)
        key = Const(self.known_key(target.slice) if base.kind == "dict" else place)
        if base.kind == "list" and (place is None or self.inside):
            self.env[name] = self.turned_into_buffer(name, base, node)
            return self.store_item(target, self.env[name], value, op, node)
        keys, inside = list(base.keys), self.inside and name in self.entered[-1]
        if inside and key.value not in keys:
            self.read_born(base)
            self.fail(target, f"the key {key.value!r} is new in a branch or loop", "begin with all keys, say at 0.0")
        if base.kind == "list" and not -len(keys) <= key.value < len(keys):
            self.fail(target, f"no item {key.value} in this list", f"it has {len(keys)} items")
        at = key.value % len(keys) if base.kind == "list" else key.value
        if op != "=" and at in keys:
            old = base.items[keys.index(at)]
            value = Op({"+=": "add", "-=": "sub"}[op], (self.leaf(old, node), self.leaf(value, node)))
        items = dict(zip(keys, base.items, strict=True))
        place = keys.index(at) if at in keys else None
        if inside:
            self.written_meanwhile(base, place)
            own = base.items[keys.index(at)]
            if isinstance(own, Struct) and self.takes_the_place(own, value, name):
                pairs = zip(parts_of(own), parts_of(value), strict=True)
                return self.assign_together([(a.id, b) for a, b in pairs if isinstance(a, Name)], node)
            if not isinstance(own, Name) or not isinstance(value, ir.Expr):
                self.fail(target, f"an item of this {base.kind} changes its form", "use two names")
            return self.emit(Let(own.id, value, self.source.loc(node)))
        items[at] = self.hold_item(name, at, value, node)
        self.env[name] = replace(base, items=tuple(items.values()), keys=tuple(items))
        self.written_meanwhile(base, place, self.env[name])
        return None


def _key_of(where: ast.Attribute | ast.Subscript, value: Struct) -> tuple:
    """Return the key of the item of a dict, list or tuple that a piece of text grows or writes; all if it may be any.
    """
    owner = item_of_name(where.value)
    key = owner.slice if owner is not None else None
    return (key.value,) if isinstance(key, ast.Constant) and key.value in value.keys else value.keys
