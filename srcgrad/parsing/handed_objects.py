"""Read names that become other objects in branches and loops, and copies of objects.

Such a name keeps the variables of its first object, which take what the fields of the next one hold:
`state = state.step(dt)`. Nothing tells that from another object, as long as no other name shows either of them.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import replace
from typing import Any

from ..language import ir
from ..language.ir import Name, Op
from ..language.lists import AS_LIST
from .expressions import NOT_HERE, OBJECT, ExpressionReader, List, Obj, Struct
from .objects import Fields, fields_of
from .parts import is_list, parts_of


class HandedObjectReader(ExpressionReader):
    """Binds names to objects that are written, and copies them."""

    # what `Reader` sets up
    env: dict
    entered: list[set[str]]

    def bind_object(self, name: str, value: Struct, node):
        """Bind a name to an object that is written."""
        if self.env.get(name) == value:
            return None
        if self.inside and name in self.entered[-1]:
            return self.rebind_objects({name: value}, node)
        self.require_unmoved(value, node)
        self.env[name] = value
        return None

    def objects_rebound(self, targets: list[ast.expr], items: list) -> dict[str, Struct] | None:
        """Return what names are bound to together that stood for other objects before; None where they do not."""
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        made = all(isinstance(v, Struct) and v.kind == OBJECT for v in items)
        older = self.inside and any(name in self.entered[-1] for name in names)
        return dict(zip(names, items, strict=True)) if made and older and len({*names}) == len(targets) else None

    def rebind_objects(self, given: dict[str, Struct], node):
        """Give the objects of names what the fields of other ones hold: two may change places."""
        pairs: list[tuple[Fields, Fields]] = []
        for name, value in given.items():
            before, new = self.env.get(name), fields_of(value)
            if self.may_be_none(name):
                self.fail(node, f"{name!r} is None before it becomes an object that is written", "begin with an object")
            if not isinstance(before, Struct) or before.kind != OBJECT or fields_of(before).cls is not new.cls:
                self.fail(node, f"{name!r} becomes another object inside a branch or loop", "use two names")
            old = fields_of(before)
            if self.shows_object(old, set(given)):
                self.fail(node, f"{name!r} becomes another object, and the one that it was has another name",
                          "copy that: copy.copy(...)")  # fmt: skip
            if self.shows_object(new, set(given)) and not self.is_left(node, {*given}, new):
                self.fail(node, f"{name!r} becomes another name of an object inside a branch or loop",
                          "copy it: copy.copy(...)")  # fmt: skip
            pairs.append((old, new))
        if len({id(new) for _, new in pairs}) < len(pairs):
            self.fail(node, "two names become one object inside a branch or loop", "copy it: copy.copy(...)")
        self.move_fields(pairs, node)
        for old, _ in pairs:
            old.moved = True

    def bind_field_object(self, fields: Fields, name: str, before, value: Struct, node):
        """Give the object in a field that is older than the block around what the fields of another one hold."""
        new = fields_of(value)
        if not isinstance(before, Struct) or before.kind != OBJECT or fields_of(before).cls is not new.cls:
            self.fail(node, f"the field {name!r} changes its form in a branch or loop", "use two fields")
        old = fields_of(before)
        if old is new:
            return
        left = not self.shows_object(new, set()) or self.is_left(node, set(), new)
        if self.shows_object(old, set(), (fields, name)) or not left:
            self.fail(node, f"the field {name!r} becomes another object in a branch or loop, and one has another name",
                      "copy it: copy.copy(...)")  # fmt: skip
        self.move_fields([(old, new)], node)
        old.moved = True

    def is_left(self, node, names: set[str], new: Fields) -> bool:
        """Return whether the only other name of an object is not read any more once `node` has bound it."""
        given = node.value if isinstance(node, ast.Assign) else None
        if not isinstance(given, ast.Name) or self.shows_object(new, {*names, given.id}):
            return False
        return self.is_new_in_each_trip(given.id, node, anew) or self.is_last_line_of(given.id, node)

    def shows_object(self, fields: Fields, but: set[str], but_field: tuple | None = None) -> bool:
        """Return whether anything shows an object, but for some names of this function and a field."""
        def shows(value) -> bool:
            return any(isinstance(p, Obj) and p.value is fields for p in parts_of(value))

        named = any(shows(v) for reader in self.live_readers() for k, v in reader.env.items()
                    if reader is not self or k not in but)  # fmt: skip
        held = (v for f in self.shared.objects for name, v in f.values.items() if (f, name) != but_field)
        return named or any(map(shows, held)) or any(shows(cell.value) for cell in self.shared.cells.values())

    def move_fields(self, pairs: list[tuple[Fields, Fields]], node):
        """Have the variables of objects take what the fields of others hold, all at once."""
        numbers: list[tuple[str, ir.Expr]] = []
        others: list[tuple[Fields, Fields, str]] = []
        for old, new in pairs:
            if set(old.values) != set(new.values):
                self.fail(node, "an object with other fields takes the place of one in a branch or loop",
                          "give both the same fields, in __init__")  # fmt: skip
            for name, before in old.values.items():
                value = new.values[name]
                if before == value and not is_list(value) or value is before:
                    continue
                if not self.is_variable(old.cls, name):
                    self.read_field_anew(old.cls, name)
                if isinstance(before, Name) and isinstance(value, ir.Expr):
                    numbers.append((before.id, value))
                else:
                    others.append((old, new, name))
        if others and len(pairs) > 1:
            self.fail(node, "objects whose fields hold lists or tuples change places", "use one object for each place")
        self.assign_together(numbers, node)
        for old, new, name in others:
            target = ast.copy_location(ast.Attribute(ast.Name(old.label, ast.Load()), name, ast.Store()), node)
            self.write_handed(old, new, name, ast.fix_missing_locations(target), node)

    def write_handed(self, old: Fields, new: Fields, name: str, target, node):
        """Give a field what the same field of an object holds that is left."""
        before, value = self.now(old.values[name]), self.now(new.values[name])
        if any(is_list(v) or isinstance(v, List) for v in (before, value)):
            return self.bind_field_anew(old, name, before, value, target, node, (new, name))
        return self.written(old, name, value, target, node)

    def require_unmoved(self, value, node):
        """Refuse another name, or a place in a list or field, for an object whose name becomes others."""
        if any(isinstance(p, Obj) and isinstance(p.value, Fields) and p.value.moved for p in parts_of(value)):
            self.fail(node, "an object that becomes another one in a branch or loop gets another name",
                      "copy it: copy.copy(...)")  # fmt: skip

    def join_objects(self, made: dict[str, Any], node):
        """Have objects that a name is bound to on both sides of a branch be one: `made` are those of the first side."""
        for name, value in made.items():
            other = self.env.get(name)
            if not (isinstance(other, Struct) and isinstance(value, Struct) and value.kind == other.kind == OBJECT):
                continue
            if value == other:
                continue
            old, new = fields_of(value), fields_of(other)
            alike = old.cls is new.cls and set(old.values) == set(new.values)
            if not alike or self.shows_object(new, {name}) or self.shows_object(old, {name}):
                continue
            if [v for k, v in made.items() if k != name and any(p == value.items[0] for p in parts_of(v))]:
                continue
            self.move_fields([(old, new)], node)
            old.paths = self.shared.paths[:-1]
            self.env[name] = value

    # -- copies
    def copy_call(self, node, f):
        """Return `copy.copy(...)`, `copy.deepcopy(...)`, or what is looked for; NOT_HERE for any other call."""
        if f not in (copy.copy, copy.deepcopy):
            return self.lookup_call(node, f)
        (value,) = self.positional(node)[:1]
        own = self.by_special(node, value, "__copy__" if f is copy.copy else "__deepcopy__")
        return self.copied_value(value, f is copy.deepcopy, node, {}) if own is NOT_HERE else own

    def copied_value(self, value, deep: bool, node, known: dict):
        """Return a copy of an object, list, dict or array; numbers and tuples are what they are."""
        if isinstance(value, Struct) and value.kind == OBJECT:
            return self.copied_object(value, deep, node, known)
        if isinstance(value, List):
            if self.has_tuples(value) or self.shared.ranks.rank(self.whole(value)) != 1:
                made = self.new_list("items", Struct((), (), "list"), node, own=False)
                self.append_all(made, value, node, copied=True)
                return made
            array = self.hold(Op("copy", (self.whole(value),), AS_LIST, self.source.loc(node)), node, "items")
            return List(array, Op("len", (array,)), full=True)
        if isinstance(value, Struct):
            if value.token not in known:
                items = tuple(self.copied_value(v, deep, node, known) if deep else v for v in value.items)
                known[value.token] = replace(value, items=items, token=object())
            return known[value.token]
        shown = isinstance(value, ir.Expr) and bool(self.shared.ranks.rank(value))
        return self.hold(Op("copy", (value,), (), self.source.loc(node)), node) if shown else value

    def copied_object(self, value: Struct, deep: bool, node, known: dict) -> Struct:
        fields = fields_of(value)
        if fields not in known:
            made = Fields(fields.cls, self.wanted_name or fields.label, self.shared.paths)
            self.shared.objects.append(made)
            known[fields] = made
            for name, held in list(fields.values.items()):
                held = self.copied_value(self.now(held), True, node, known) if deep else held
                self.give(made, name, held, node)
            made.made = True
        return replace(value, items=(Obj(known[fields]),), token=object())


def anew(stmt: ast.Assign, name: str) -> bool:
    """Return whether a statement binds a name to what does not depend on it."""
    mentions = [n for n in ast.walk(stmt) if isinstance(n, ast.Name) and n.id == name]
    return len(mentions) == 1 and any(isinstance(t, ast.Name) and t.id == name for t in stmt.targets)
