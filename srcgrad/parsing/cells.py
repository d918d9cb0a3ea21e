"""Read lists and dicts to which there are several ways: what is written on one of them is seen on all the others.

A list or dict in a field, under two names or in a callee that is never written is its items. One that is written is a
cell: names, parameters and fields have its token, and what it is by now is looked up wherever text reads it. Its items
have variables, as the fields of objects have; one that grows in a branch or loop, or is written at places known only at
run time, is a buffer from its beginning. Which is which is found out by reading: the text is read again with what that
has shown.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Store
from ..language.lists import AS_LIST
from .columns import ReadAgain, counter_of
from .expressions import OBJECT, ExpressionReader, List, Obj, Struct, is_text, regular
from .parts import has_form_of, is_any_list, is_list, is_plain, parts_of

# what has turned out of a list or dict in a field: its items are written, at places known only at run time, it grows
WRITTEN, STORED, GROWN = "written", "stored", "grown"


@dataclass(eq=False)
class Cell:
    """A list or dict that an object holds, and what it is by now."""

    where: tuple  # the class, the field, and the keys that lead to it
    label: str
    paths: tuple[int, ...]  # the blocks in which it is made
    value: Struct | List
    perhaps: set = field(default_factory=set)  # keys that it has on some paths


class CellReader(ExpressionReader):
    """Makes, reads and writes cells."""

    # what `Reader` sets up
    env: dict
    entered: list[set[str]]
    looked_into_found: set[int] | None

    # -- which they are
    def now(self, value):
        """Return a value with what the cells in it are by now."""
        if not isinstance(value, Struct) or value.kind == OBJECT:
            return value
        cell = self.shared.cells.get(value.token) if is_list(value) else None
        if cell is not None and cell.value is not value:
            return self.now(cell.value)
        items = tuple(map(self.now, value.items))
        same = all(a is b for a, b in zip(items, value.items, strict=True))
        return value if same else replace(value, items=items)

    def born(self, value, node):
        """Return a value, which is a cell from here on if that has turned out; where it is made is taken notice of."""
        if not is_list(value) or isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return value
        if value.token in self.shared.born:
            return value
        where = "list", (self.source.file, node.lineno, node.col_offset)
        self.shared.born[value.token] = self.blocks_around, where
        if not self.is_told_of(where):
            return value
        return self.cell(where, self.wanted_name or "items", value, node)

    @property
    def blocks_around(self) -> tuple[int, ...]:
        """The branches and loops that what is read stands in."""
        return tuple(p for p in self.shared.paths if p > 0)

    def runs_with(self, made) -> bool:
        """Return whether what is read runs whenever an object or list that is there was made, once for each."""
        now = self.shared.paths
        return made.paths[: len(now)] == now

    def is_captured(self, value: Struct) -> bool:
        """Return whether a list or dict is not made by what is read: captured, or an argument."""
        return any(self.is_same(value, v) for v in self.shared.lifted) or value.token in self.shared.given_lists

    def read_born(self, value, what=WRITTEN):
        """Have the text read again with a list or dict as a cell from where it is made, unless that was done."""
        if is_list(value) and value.token in self.shared.born and not self.is_captured(value):
            self.read_anew(self.shared.holders.get(value.token, self.shared.born[value.token][1]), what)

    def alone(self, name: str, value, what=WRITTEN):
        """Have the text read again if another name shows a list or dict that a name owns, and that is written."""
        if any(k != name and self.is_same(part, value) for k, v in self.env.items() for part in parts_of(v)):
            self.read_born(value, what)

    def is_cell(self, value) -> bool:
        """Return whether a value is a list or dict that an object holds, and that is written."""
        if isinstance(value, List):
            return value.buffer.id in self.shared.held_lists and value.part is None
        return is_list(value) and value.token in self.shared.cells

    def cell_of(self, value) -> Cell | None:
        """Return the cell of a list or dict that is to be written; None where no object holds it."""
        where = self.shared.holders.get(value.token) if is_list(value) else None
        if where is None or value.token not in self.shared.born or self.is_captured(value):
            return None
        if value.token not in self.shared.cells:
            self.read_anew(where, WRITTEN)
        return self.shared.cells.get(value.token)

    def read_anew(self, where: tuple, what: str):
        """Have the text read again with what has turned out of a list or dict in a field, unless that was done."""
        cls, name, *keys = where
        key = (OBJECT, cls, name, what, tuple(keys))
        if key not in self.shared.rebound:
            raise ReadAgain(key)

    def is_told_of(self, where: tuple) -> bool:
        return any(self.is_told(where, what) for what in (WRITTEN, STORED, GROWN))

    def is_told(self, where: tuple, what: str) -> bool:
        cls, name, *keys = where
        return (OBJECT, cls, name, what, tuple(keys)) in self.shared.rebound

    def which_cells(self, value) -> list:
        """Return which cells stand in a value, in order."""
        return [self.mark_of(part) for part in parts_of(value) if self.is_cell(part)]

    def mark_of(self, value):
        """Return what tells a list or dict from all others."""
        if isinstance(value, Struct):
            cell = self.shared.cells.get(value.token)
            value = value if cell is None else cell.value
        if isinstance(value, List) and value.part is not None:
            return id(value)  # a slice is a list of its own
        return value.buffer.id if isinstance(value, List) else self.which(value.token)

    # -- made
    def noted_in(self, made: Struct):
        """Take notice that an object that is not written holds lists or dicts."""
        if made.kind == "dataclass":
            for name, value in zip(made.keys, made.items, strict=True):
                self.noted(value, (made.make, name))

    def noted(self, value, where: tuple):
        if is_list(value):
            self.shared.holders.setdefault(value.token, where)
        if isinstance(value, Struct) and value.kind != OBJECT:
            for key, item in zip(value.keys, value.items, strict=True):
                self.noted(item, (*where, key))

    def cell(self, where: tuple, label: str, value: Struct, node) -> Struct | List:
        """Return the list or dict that a field, or an item of one, holds from here on."""
        token = value.token
        if token in self.shared.cells:
            return value
        where = self.shared.holders.setdefault(token, where)
        if not self.is_told_of(where):
            return self.in_variables(where, label, value, node, False)
        if token not in self.shared.born or self.is_captured(value):
            return self.in_variables(where, label, value, node, False)
        blocks, birth = self.shared.born[token]
        if blocks != self.blocks_around:
            self.read_anew(birth, next(what for what in (GROWN, STORED, WRITTEN) if self.is_told(where, what)))
            self.fail(node, f"a {value.kind} made outside of this branch or loop is held by an object and written",
                      f"copy it: {value.kind}(...)")  # fmt: skip
        if value.kind == "list" and not (self.is_told(where, GROWN) or self.is_told(where, STORED)):
            made: Struct | List = self.in_variables(where, label, value, node, True)
        elif value.kind == "list":
            made = self.held_buffer(where, label, value, node, self.is_told(where, GROWN))
        else:
            made = self.in_variables(where, label, value, node, True)
        self.shared.cells[token] = Cell(where, label, self.shared.paths, made)
        return made

    def in_variables(self, where: tuple, label: str, value: Struct, node, varies: bool) -> Struct:
        """Return a list, dict or tuple with variables for its items."""
        items = (self.in_variable((*where, k), f"{label}_{k}", v, node, varies)
                 for k, v in zip(value.keys, value.items, strict=True))  # fmt: skip
        return replace(value, items=tuple(items))

    def held_buffer(self, where: tuple, label: str, value: Struct, node, grown: bool) -> List:
        """Return the buffer that stands for a list from its beginning."""
        label = self.fresh(label) if label in self.locals else label
        shape, leaves = regular(value)
        table = value.items and all(map(self.is_number, value.items)) or self.is_table(value)
        if table and not grown:
            inner = [p for v in value.items for p in parts_of(v) if is_list(p)]
            twice = len({self.which(p.token) for p in inner}) < len(inner)
            if twice or any(self.shown_elsewhere(p, None, value) for p in inner):
                self.fail(node, "lists that have names are items of a list that an object holds, and are written",
                          "put copies into it: list(...)")  # fmt: skip
            leaves = [self.held_item(v, node) for v in leaves]
            made = self.table_of(self.fresh(label), shape, self.depth > 0, node)
            self.fill_table(made, shape, leaves, node)
        else:
            made = self.new_list(label, value, node, own=False)
        return self.held_list(made, where)

    def read_as_table(self, node: ast.expr):
        """Have the text read again if it writes into a list in a list that an object holds: they are one array, then.
        """
        root = node
        while isinstance(root, ast.Subscript):
            root = root.value
        value = self.expr(root) if root is not node and is_plain(root) else None
        where = self.shared.holders.get(value.token) if isinstance(value, Struct) and value.kind == "list" else None
        if where is not None and self.is_table(value):
            self.read_anew(where, STORED)

    def held_list(self, made: List, where: tuple) -> List:
        """Take notice that an object holds a list that is a buffer."""
        self.shared.held_lists.add(made.buffer.id)
        self.shared.holders.setdefault(made.buffer.id, where)
        self.spoken.known.setdefault(made.buffer.id, ".".join(map(str, where[1:])))
        return made

    def list_in_field(self, where: tuple, label: str, value: List, node) -> List:
        """Return a list of a length known only at run time that a field holds: a slice is a list of its own."""
        if value.part is not None:
            value = self.shown_list((label,), value, node)
        if value.full and self.is_told(self.shared.holders.get(value.buffer.id, where), GROWN):
            if self.shown_elsewhere(value, None):
                self.fail(node, "a list that has another name is held by an object and grows", "copy it: list(...)")
            made = self.new_list(label, Struct((), (), "list"), node, own=False)
            self.append_all(made, value, node)
            value = made
        return self.held_list(value, where)

    # -- bound
    def bind_cell(self, name: str, value: Struct | List, node):
        """Bind a name to a list or dict that an object holds: it is another way to it."""
        before = self.env.get(name)
        again = self.inside and name in self.entered[-1]
        if again and not (self.is_cell(before) and self.is_cell(value) and self.mark_of(before) == self.mark_of(value)):
            self.fail(node, f"{name!r} becomes another list or dict inside a branch or loop", "use two names")
        if self.mark_of(value) in self.shared.restarted:
            self.fail(node, f"{name!r} becomes another name of what a field is bound to anew in a branch or loop",
                      "copy it: list(...)")  # fmt: skip
        self.env[name] = value

    def shown_elsewhere(self, value, field_of: tuple | None, around: Struct | None = None) -> bool:
        """Return whether a name, or another field than `field_of`, shows a list or dict, or one with it in it.

        That it is in `around` does not count.
        """
        which = self.mark_of(value)

        def shows(found) -> bool:
            if around is not None and self.is_same(found, around):
                return False
            if (isinstance(found, List) or is_list(found)) and self.mark_of(found) == which:
                return True
            return isinstance(found, Struct) and any(map(shows, found.items))

        named = any(shows(v) for reader in self.live_readers() for v in reader.env.values())
        held = [v for f in self.shared.objects for name, v in f.values.items() if (f, name) != field_of]
        inner = [cell.value for cell in self.shared.cells.values() if self.mark_of(cell.value) != which]
        return named or any(map(shows, [*held, *inner]))

    def live_readers(self) -> Iterator[Any]:
        """Yield the readers of all functions whose names may be read again."""
        seen: list = []
        waiting = [*self.shared.reading, self]
        while waiting:
            reader = waiting.pop()
            if reader is None or any(reader is r for r in seen):
                continue
            seen.append(reader)
            yield reader
            inside = [v.value.reader for v in reader.env.values() if isinstance(v, Obj) and hasattr(v.value, "reader")]
            waiting += [reader.outer, *inside]

    # -- written
    def store_in_cell(self, cell: Cell, target, value, op: str, node):
        """Assign to an item of a list or dict that an object holds."""
        base = cell.value
        assert isinstance(base, Struct), base
        if base.kind == "dict":
            key, there = self.known_key(target.slice), base.keys
        else:
            key, there = self.integer(self.as_place(self.scalar(target.slice))), base.keys
            if key is None:
                self.read_anew(cell.where, STORED)
                self.fail(target, "an item of this list is assigned at a place known only at run time", "use an array")
            if not -len(there) <= key < len(there):
                self.fail(target, f"no item {key} in this list", f"it has {len(there)} items")
            key %= len(there)
        old = base.items[there.index(key)] if key in there else None
        if op != "=" and old is None:
            self.fail(target, f"no item {key!r} in this dict", f"items: {', '.join(map(str, there))}")
        if op != "=":
            value = Op({"+=": "add", "-=": "sub"}[op], (self.leaf(old, node), self.leaf(value, node)))
        self.written_meanwhile(base, there.index(key) if key in there else None)
        parts = (*parts_of(old), *parts_of(value)) if not self.runs_with(cell) else ()
        if any(is_list(p) or isinstance(p, List) for p in parts):
            self.fail(target, f"a list or dict becomes an item of a {base.kind} in a branch or loop", "use two fields")
        if not self.runs_with(cell) and old is not None:
            return self.write_parts(old, value, f"an item of this {base.kind}", target, node)
        if not self.runs_with(cell):
            if not isinstance(value, ir.Expr) or is_text(value):
                self.fail(target, f"the key {key!r} is new in a branch or loop", "begin with all keys, say at 0.0")
            cell.perhaps.add(key)
        else:
            cell.perhaps.discard(key)
        made = self.in_variable((*cell.where, key), f"{cell.label}_{key}", value, node, True)
        pairs = dict(zip(there, base.items, strict=True)) | {key: made}
        cell.value = replace(base, items=tuple(pairs.values()), keys=tuple(pairs))
        return None

    def write_parts(self, old, value, what: str, target, node):
        """Give the variables of an item or field that is older than the block around the numbers of another one."""
        old = self.now(old)
        alike = isinstance(value, Struct) and has_form_of(old, value) and not self.which_cells(value)
        pairs = list(zip(parts_of(old), parts_of(value), strict=False)) if alike else []
        if isinstance(old, ir.Expr) and isinstance(value, ir.Expr):
            pairs = [(old, value)]
        leaves = [(a, b) for a, b in pairs if not isinstance(a, Struct)]
        same = [(a, b) for a, b in leaves if not isinstance(a, ir.Expr)]
        own = [(a.id, b) for a, b in leaves if isinstance(a, Name) and a.id in self.shared.fields]
        if not pairs and old != value or any(a != b for a, b in same) or len(own) + len(same) < len(leaves):
            self.fail(target, f"{what} changes its form in a branch or loop", "use two fields")
        return self.assign_together(own, node)

    def grow_cell(self, cell: Cell, node, name: str, args):
        """Return the value of a method that changes a list of known length that an object holds."""
        assert isinstance(cell.value, Struct), cell
        found, items = self.known_grown(node, cell.value, name, args)
        self.written_meanwhile(cell.value)
        there, made = list(cell.value.items), []
        for k, item in enumerate(items):
            at = next((j for j, v in enumerate(there) if v is item), None)
            if at is None:
                item = self.in_variable((*cell.where, k), f"{cell.label}_{k}", item, node, True)
            else:
                del there[at]
            made.append(item)
        cell.value = replace(cell.value, items=tuple(made), keys=tuple(range(len(made))))
        return found

    def without_cell_key(self, cell: Cell, node, key, found):
        """Return an item of a dict that an object holds, which loses its key."""
        assert isinstance(cell.value, Struct), cell
        if not self.runs_with(cell):
            self.fail(node, "a dict loses a key in a branch or loop", "read the item, and leave the key")
        self.written_meanwhile(cell.value)
        items = {k: v for k, v in zip(cell.value.keys, cell.value.items, strict=True) if k != key}
        cell.value = replace(cell.value, items=tuple(items.values()), keys=tuple(items))
        return found

    def require_keys(self, value, node):
        """Refuse to look at a dict as a whole where it has some of its keys on some paths only."""
        cell = self.shared.cells.get(value.token) if is_list(value, "dict") else None
        if cell is None or not cell.perhaps or id(node) in self.looked_into:
            return
        key = min(map(repr, cell.perhaps))
        self.fail(node, f"this dict has the key {key} on some paths only", "begin with all keys, say at 0.0")

    @property
    def looked_into(self) -> set[int]:
        """The expressions in the text of which an item is read or bound, or that a name is bound to."""
        if self.looked_into_found is None:
            every = [n for n in self.nodes if isinstance(n, ast.Subscript | ast.Assign)]
            self.looked_into_found = {id(n.value) for n in every}
        return self.looked_into_found

    # -- a field that is bound anew
    def bind_field_anew(self, fields: Any, name: str, old, value, target, node, handed=None):
        """Give a list or dict in a field that is older than the block around the items of another one.

        That is right where nothing else shows either of them: in Python it is another list from here on. `handed` is
        the object and the field that had them, if that is left.
        """
        if kind_of_list(old) != kind_of_list(value):
            self.fail(target, f"the field {name!r} changes its form in a branch or loop", "use two fields")
        if self.mark_of(old) == self.mark_of(value):
            return None
        way_out = f"write into it: {ast.unparse(target)}.{'update' if is_list(old, 'dict') else 'extend'}(...)"
        if self.shown_elsewhere(old, (fields, name)):
            self.fail(node, f"the field {name!r} is bound anew in a branch or loop, and what it was has another name",
                      way_out)  # fmt: skip
        shown = self.shown_elsewhere(value, handed) and not self.is_list_left(node)
        if shown or handed is None and self.is_cell(value):
            self.fail(node, f"the field {name!r} becomes another name in a branch or loop of a {kind_of_list(old)}",
                      f"copy it: {kind_of_list(old)}(...)")  # fmt: skip
        if isinstance(old, Struct):
            where = self.shared.holders[old.token]
            self.cell_of(old)
            if isinstance(value, List) or old.kind == "list" and len(old.items) != len(value.items):
                self.read_anew(where, GROWN)
            self.shared.restarted.add(self.mark_of(old))
            return self.write_parts(old, value, f"the field {name!r}", target, node)
        self.shared.restarted.add(self.mark_of(old))
        self.written_meanwhile(old)
        return self.filled_anew(old, value, target, node)

    def is_list_left(self, node) -> bool:
        """Return whether the name that a field is bound to is not read any more."""
        given = node.value if isinstance(node, ast.Assign) else None
        return isinstance(given, ast.Name) and (
            self.is_new_in_each_trip(given.id, node) or self.is_last_line_of(given.id, node))

    def filled_anew(self, own: List, value, target, node):
        """Give a list that is a buffer the items of another one."""
        loc = self.source.loc(node)
        if own.full and isinstance(value, Struct):
            shape, leaves = regular(value)
            if shape == self.shared.row_shapes.get(own.buffer.id) and all(map(self.is_number, leaves)):
                return self.fill_table(own, shape, [self.hold(v, node) for v in leaves], node)
        if own.full:
            if not (isinstance(value, List) and self.is_as_long(own, value)):
                self.read_anew(self.shared.holders[own.buffer.id], GROWN)
                self.fail(target, "a list in a field gets another length in a branch or loop", "use a list that grows")
            return self.emit(Store(own.buffer.id, (ir.Dots(),), self.array_of_list(value, node), "=", loc))
        if isinstance(value, List):
            if value.part is not None or value.buffer == own.buffer:
                copied = self.hold(Op("copy", (self.array_of_list(value, node),), AS_LIST, loc), node)
                value = List(copied, Op("len", (copied,)), full=True)
            self.emit(Let(counter_of(own), Const(0), loc))
            return self.append_all(own, value, node, copied=True)
        held = [self.held_item(v, node) for v in value.items]
        self.emit(Let(counter_of(own), Const(0), loc))
        for item in held:
            self.push(own, item, node)
        return None


def kind_of_list(value) -> str:
    """Return what a list or dict is called."""
    return "list" if is_any_list(value) else "dict" if is_list(value) else "other"
