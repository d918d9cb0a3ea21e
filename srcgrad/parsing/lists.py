"""Read lists: of known length as tuples; grown in a loop or branch as a buffer and the number of its items."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Select
from ..language.sum_order import INPLACE
from .expressions import RESERVED, List, Obj, Struct, is_text
from .handed import HandedReader
from .list_places import PlaceReader, counter_of
from .looped import GROWING, MANY, grows


class ListReader(PlaceReader, HandedReader):
    """Reads what grows lists and assigns to their items, and methods of dicts and namedtuples."""

    # what `Reader` sets up
    env: dict
    grown_names: set[str] | None
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
            grown = {name for n in ast.walk(self.node) for name in grows(n)}
            given = [n for n in ast.walk(self.node) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)
                     and n.value.id in grown and self.is_handed_over(n)]  # fmt: skip
            self.taking = {t.id for n in given for t in n.targets if isinstance(t, ast.Name)}
            self.grown_names = grown | self.taking
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
            if isinstance(value, Struct) and value.kind == "list" and self.owns(name):
                self.env[name] = self.turned_into_buffer(name, value, node)

    def own_list(self, name: str, value, node):
        """Return what a name is bound to that takes a list: a buffer where the list has to grow at run time."""
        before = self.env.get(name)
        value = self.shown_list((name,), value, node)
        known = isinstance(value, Struct) and value.kind == "list"
        if known and (isinstance(before, List) or name in self.grown() and (self.inside or self.escapes(name))):
            return self.started(name, value, node)
        if isinstance(value, List) and value.full and name in self.grown() and self.appends(name):
            made = self.started(name, Struct((), (), "list"), node)
            self.append_all(made, value, node)
            return made
        if isinstance(value, List) and before != value and name in self.entered[-1]:
            if before != self.own_lists.get(name) or not self.is_handed_over(node):
                self.fail(node, f"the list {name!r} is bound anew inside a branch or loop",
                          "copy it: list(...), or use two names")  # fmt: skip
            made = self.started(name, Struct((), (), "list"), node)
            self.append_all(made, value, node)
            return made
        return value

    def shown_list(self, path: tuple, value, node):
        """Return a list that gets a name, or becomes a part of what has one: the buffer that it is by now."""
        name = path[0] + "".join(f"[{key!r}]" for key in path[1:])
        value = next((now for was, now in self.shared.buffers if self.is_same(was, value)), value)
        if isinstance(value, List) and value.part is not None:
            copied = self.buffer_name(name) if len(path) == 1 else self.fresh("_".join(map(str, path)))
            self.emit(Let(copied, Op("copy", (value.part,), (), self.source.loc(node)), self.source.loc(node)))
            value = List(Name(copied), Op("len", (Name(copied),)), full=True)
        return self.one_of_two(name, value, node)

    def owns(self, name: str) -> bool:
        """Return whether a name stands for a list or dict of the function's own, not for that of a caller."""
        return name in self.locals and name not in self.callers

    def is_handed_over(self, node) -> bool:
        """Return whether a list that is bound to another name is new, or used under its own name no more.

        That is so at the end of a loop that makes it anew in each trip: nothing shows that the two are one list.
        """
        given = node.value if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(given, ast.Name):
            return isinstance(given, ast.ListComp)
        bodies = [n.body for n in ast.walk(self.node) if isinstance(n, ast.For | ast.While)]
        body = next((b for b in bodies if any(s is node for s in b)), [])
        inside = [s for s in body if _names(s, given.id)]
        everywhere = _names(self.node, given.id)
        if not inside or inside[-1] is not node or everywhere != sum(_names(s, given.id) for s in inside):
            return False
        first = inside[0]
        new = isinstance(first, ast.Assign) and isinstance(first.value, ast.List | ast.ListComp)
        return new and _names(first, given.id) == 1

    def append_all(self, into: List, value: List, node):
        """Emit the loop that appends the items of another list, which may be tuples."""
        loc, var = self.source.loc(node), self.counter_of_items()
        item = self.item_read(value, ir.Sub(value.buffer, (Name(var),), loc))
        count = self.first_column(value, value.count)
        body = self.nested(lambda: self.push(into, item, node))
        self.emit(ir.For(var, Const(0), count, Const(1), body, (), loc))

    def started(self, name: str, items: Struct, node) -> List:
        """Return the buffer of a name, with these items in it: the one it has, unless another name shows that."""
        made = self.own_lists.get(name)
        held = [self.held_item(v, node) for v in items.items]
        shown = made is not None and any(made in _parts(v) for k, v in self.env.items() if k != name)
        if shown and self.inside:
            self.fail(node, f"the list {name!r} starts anew while another name shows it", "use two names")
        if made is None or shown:
            return self.new_list(name, replace(items, items=tuple(held)), node)
        self.written_meanwhile(made)
        self.emit(Let(counter_of(made), Const(0), self.source.loc(node)))
        for item in held:
            self.push(made, item, node)
        return made

    def one_of_two(self, name: str, value, node):
        """Return what a second name of a list is bound to: where one of them is written both must see it."""
        if not isinstance(value, Struct) or value.kind not in ("list", "dict"):
            return value
        others = [k for k, v in self.env.items() if k != name and any(self.is_same(part, value) for part in _parts(v))]
        elsewhere = not all(map(self.owns, others)) or self.shown_outside(value)
        if not (others or elsewhere) or not {name, *others} & self.grown():
            return value
        hidden = elsewhere or self.inside or not all(self.is_same(self.env[k], value) for k in others)
        if value.kind == "dict" or hidden:
            self.fail(node, f"{name!r} becomes another name of a {value.kind} that is written",
                      f"copy it: {value.kind}(...)")  # fmt: skip
        made = self.turned_into_buffer(others[0], value, node)
        self.env.update(dict.fromkeys(others, made))
        return made

    def shown_outside(self, value) -> bool:
        """Return whether a list or dict is one of a function around this one, or of the module."""
        reader = self.outer
        while reader is not None:
            if any(self.is_same(part, value) for v in reader.env.values() for part in _parts(v)):
                return True
            reader = reader.outer
        return any(self.is_same(part, value) for part in self.shared.lifted)

    def appends(self, name: str) -> bool:
        """Return whether something appends to a list, or takes from it."""
        grown = [n for n in ast.walk(self.node) if isinstance(n, ast.Attribute) and n.attr in GROWING]
        longer = [n.target for n in ast.walk(self.node) if isinstance(n, ast.AugAssign)]
        named = any(isinstance(n, ast.Name) and n.id == name for n in (*longer, *(n.value for n in grown)))
        return named or name in self.taking

    def turned_into_buffer(self, name: str, items: Struct, node) -> List:
        """Return the buffer that a list becomes; what still shows the list as it was is the buffer too."""
        made = self.new_list(name, items, node)
        self.shared.buffers.append((items, made))
        for found in self.shared.looped:
            found.value = made if self.is_same(found.value, items) else found.value
        return made

    def new_list(self, name: str, items: Struct, node) -> List:
        """Return a buffer with its number of items, allocated before all loops."""
        loc = self.source.loc(node)
        buffer = self.buffer_name(name)
        count = self.fresh(f"{buffer}_count")
        made = Let(buffer, Op("list", (), (), loc), loc)
        if self.depth:
            self.shared.heads.append(made)
            self.shared.ranks.note(made)
        else:
            self.emit(made)
        self.emit(Let(count, Const(0), loc))
        found = self.own_lists[name] = List(Name(buffer), Name(count))
        for item in items.items:
            self.push(found, item, node)
        return found

    def buffer_name(self, name: str) -> str:
        """Return a name for the buffer of a list: the list's own, where no other name can show it."""
        given = {a.arg for a in ast.walk(self.node.args) if isinstance(a, ast.arg)}
        own = name in self.locals - given - RESERVED - self.buffers - self.read_early
        taken = self.is_callee or not own or self.escapes(name)
        self.buffers.add(name)
        return self.fresh(name) if taken else name

    def push(self, into: List, value, node):
        """Emit the statements that append a value."""
        count = Name(counter_of(into))
        self.note_list_inside(into, value)
        value = self.item_of_list(value, node)
        self.room(into, value, node)
        self.put(into, count, value, node)
        self.emit(Let(count.id, Op("add", (count, Const(1)), INPLACE), self.source.loc(node)))

    def held_item(self, value, node):
        """Return an item under names, which nothing that follows can change."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.held_item(v, node) for v in value.items))
        return self.hold(value, node) if isinstance(value, ir.Expr) and not isinstance(value, Const | Name) else value

    def item_of_list(self, value, node):
        """Return what is put into the buffer for an item, or its parts into theirs."""
        if isinstance(value, List):
            return self.array_of_list(value, node)
        if isinstance(value, Struct) and value.kind in ("list", "dict"):
            self.fail(node, f"a {value.kind}, which could be written, is an item of a list that grows",
                      "use a tuple, or an array: np.zeros((n, m))")  # fmt: skip
        if isinstance(value, Struct) and value.items:
            return replace(value, items=tuple(self.item_of_list(v, node) for v in value.items))
        if not isinstance(value, ir.Expr) or is_text(value):
            self.fail(node, "an item of a list that grows is neither a number nor an array", "use a list for each part")
        return value

    # -- methods and items
    def list_method(self, node, target, name):
        """Return the value of a call of a list's method."""
        base = target.value
        value = self.expr(base)
        if name == "copy":
            return self.container(ast.copy_location(ast.Call(target, [base], []), node), list)
        if name not in GROWING:
            self.fail(node, f"method .{name}() of a list is not supported",
                      "use append, extend, insert, pop, reverse, sort, clear, or arrays")  # fmt: skip
        if name == "sort":
            return self.sort_list(node, base, value)
        args = [self.expr(a) for a in node.args]
        if isinstance(value, List):
            return self.grow_list(node, value, name, args)
        if not isinstance(base, ast.Name) or not self.owns(base.id) or self.inside:
            self.fail(node, f"{ast.unparse(base)} cannot grow here", "build the list where it is made, or return it")
        items = value.items
        found = Obj(None)
        if name == "append":
            items = (*items, *args)
        elif name == "extend":
            if not isinstance(args[0], Struct):
                self.fail(node, "this list is extended by what is known only at run time", "append in a loop")
            items = (*items, *args[0].items)
        elif name == "pop":
            place = self.integer(args[0]) if args else -1
            if place is None or not -len(items) <= place < len(items):
                self.fail(node, "pop from a list that has no such item", "append first, or pop the last item")
            found = items[place]
            place %= len(items)
            items = items[:place] + items[place + 1 :]
        elif name == "insert":
            place = self.integer(args[0])
            if place is None:
                self.fail(node, "an item is inserted at a place known only at run time", "append in a loop")
            items = (*items[:place], args[1], *items[place:])
        else:
            items = items[::-1] if name == "reverse" else ()
        kept = items[: len(value.items)] == value.items
        new = tuple(self.hold_item(base.id, k, v, node) if not kept or k >= len(value.items) else v
                    for k, v in enumerate(items))  # fmt: skip
        self.written_meanwhile(value)
        self.env[base.id] = replace(value, items=new, keys=tuple(range(len(new))))
        return found

    def hold_item(self, name, k, value, node):
        """Return an item under a name of its own, which nothing else binds."""
        if not isinstance(value, ir.Expr) or isinstance(value, Const):
            return value
        held = self.fresh(f"{name}_{k}")
        self.emit(Let(held, self.undone(value), self.source.loc(node)))
        return Name(held)

    def grow_list(self, node, value: List, name: str, args):
        loc = self.source.loc(node)
        count = Name(counter_of(value))
        self.written_meanwhile(value)
        if name == "append":
            self.push(value, args[0], node)
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
            source = self.array_of_list(given, node) if isinstance(given, List) else self.leaf(given, node)
            own = isinstance(given, List) and given.buffer == value.buffer
            self.extend(value, self.hold(Op("copy", (source,), (), loc) if own else source, node), node)
        return Obj(None)

    def extend(self, into: List, array: ir.Expr, node):
        """Emit the loop that appends the items of an array."""
        loc, var = self.source.loc(node), self.counter_of_items()
        body = self.nested(lambda: self.push(into, ir.Sub(array, (Name(var),), loc), node))
        self.emit(ir.For(var, Const(0), Op("len", (array,)), Const(1), body, (), loc))

    def array_of_list(self, value: List, node) -> ir.Expr:
        """Return the items of a list as an array: those of its buffer that count."""
        if self.has_tuples(value):
            self.fail(node, "a list of tuples stands where an array is needed", "use a list for each part")
        return self.whole(value)

    def whole(self, value: List) -> ir.Expr:
        """Return the part of its buffer that a list is."""
        whole = value.buffer if value.full else Op("head", (value.buffer, value.count))
        return whole if value.part is None else value.part

    def item_at(self, value: List, node):
        """Return an element or slice of a list."""
        index = self.index(node.slice)
        if self.has_tuples(value) and not isinstance(node.slice, ast.Slice):
            index = tuple(self.held_item(e, node) for e in index)
        items = ir.Sub(self.whole(value), index, self.source.loc(node))
        if not isinstance(node.slice, ast.Slice):
            return self.item_read(value, items)
        return List(value.buffer, Op("len", (self.first_column(value, items),)), part=items)

    def store_item(self, target, base, value, op: str, node):
        """Assign to an item of a list."""
        tuples = isinstance(base, List) and self.has_tuples(base)
        if isinstance(base, List) and (base.full and not tuples or isinstance(target.slice, ast.Slice)):
            array = base.buffer if base.full else self.fail(target, "a slice of a list is assigned", "use an array")
            return self.store(array, self.index(target.slice), self.leaf(value, node), op, node)
        index = self.scalar(target.slice)
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
        if name is None or not self.owns(name) or base.kind not in ("list", "dict") or self.escapes(name):
            self.fail(target, f"an item of this {base.kind} cannot be assigned", "use an array, or build a new one")
        key = self.expr(target.slice) if base.kind == "dict" else Const(place)
        if base.kind == "list" and (place is None or self.inside):
            self.env[name] = self.turned_into_buffer(name, base, node)
            return self.store_item(target, self.env[name], value, op, node)
        keys = list(base.keys)
        if not isinstance(key, Const) or self.inside and key.value not in keys:
            self.fail(target, "a key known only at run time is not supported", "use constant keys, or an array")
        if base.kind == "list" and not -len(keys) <= key.value < len(keys):
            self.fail(target, f"no item {key.value} in this list", f"it has {len(keys)} items")
        at = key.value % len(keys) if base.kind == "list" else key.value
        if op != "=" and at in keys:
            old = base.items[keys.index(at)]
            value = Op({"+=": "add", "-=": "sub"}[op], (self.leaf(old, node), self.leaf(value, node)))
        items = dict(zip(keys, base.items, strict=True))
        place = keys.index(at) if at in keys else None
        if self.inside:
            self.written_meanwhile(base, place)
            own = base.items[keys.index(at)]
            if not isinstance(own, Name) or not isinstance(value, ir.Expr):
                self.fail(target, f"an item of this {base.kind} changes its form", "use two names")
            return self.emit(Let(own.id, value, self.source.loc(node)))
        items[at] = self.hold_item(name, at, value, node)
        self.env[name] = replace(base, items=tuple(items.values()), keys=tuple(items))
        self.written_meanwhile(base, place, self.env[name])
        return None

    # -- methods of dicts and namedtuples
    def struct_method(self, node, value: Struct, name: str):
        """Return the value of a method of a dict or namedtuple."""
        if value.kind == "dict" and name in ("keys", "values", "items") and not node.args:
            self.looked_at_once(node)
            keys = tuple(map(Const, value.keys))
            pairs = tuple(Struct((k, v), (0, 1)) for k, v in zip(keys, value.items, strict=True))
            items = {"keys": keys, "values": value.items, "items": pairs}[name]
            return Struct(items, tuple(range(len(items))))
        if value.kind == "dict" and name == "get":
            key, *default = [self.expr(a) for a in node.args]
            known = dict(zip(value.keys, value.items, strict=True))
            if isinstance(key, Const):
                return known.get(key.value, default[0] if default else Obj(None))
        if value.kind == "dict" and name == "copy":
            return replace(value, token=object())
        if value.kind == "namedtuple" and name == "_asdict":
            return Struct(value.items, value.keys, "dict")
        if value.kind == "namedtuple" and name == "_replace":
            return self.with_fields(node, value, self.keywords(node))
        self.fail(node, f"method .{name}() of a {value.kind} is not supported", "build a new one")

    def looked_at_once(self, node):
        """Refuse to keep a view of a dict that is written: in Python it shows what is written later."""
        base = node.func.value
        if not isinstance(base, ast.Name) or base.id not in self.grown():
            return
        for n in ast.walk(self.node):
            used = n.args if isinstance(n, ast.Call) else [getattr(n, "iter", None), *getattr(n, "comparators", ())]
            if node in used or isinstance(n, ast.Starred) and n.value is node:
                return
        self.fail(node, f"what {ast.unparse(node)} gives is kept, and the dict is written",
                  f"copy it: list({ast.unparse(node)})")  # fmt: skip

    def with_fields(self, node, value: Struct, given):
        """Return a namedtuple with some of its fields replaced."""
        unknown = [k for k in given if k not in value.keys]
        if unknown:
            self.fail(node, f"no field {unknown[0]!r} in this tuple", f"fields: {', '.join(map(str, value.keys))}")
        items = tuple(given.get(k, v) for k, v in zip(value.keys, value.items, strict=True))
        return replace(value, items=items)


def _names(node, name: str) -> int:
    """Return how often a piece of text says a name."""
    return sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _parts(value):
    yield value
    if isinstance(value, Struct):
        for item in value.items:
            yield from _parts(item)
