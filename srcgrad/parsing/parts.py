"""Bind names to what is no number: a tuple is kept as one name per part, all of which are bound at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

from .. import tree
from ..language import ir
from ..language.ir import Name
from .expressions import ExpressionReader, List, Obj, Places, ShapeOf, Struct, is_text

Path = tuple  # the name of a tuple, and the keys that lead to a part of it


class PartReader(ExpressionReader):
    """Binds names to tuples, lists, dicts, functions, text, shapes and slices."""

    # what `Reader` sets up
    env: dict
    components: dict[Path, str]
    callers: set[str]

    def assign_struct(self, name: str, value, node):
        """Return what a name stands for that is bound to anything but a number or an array."""
        self.require_unmoved(value, node)
        value = self.own_list(name, value, node)
        if isinstance(value, List) or self.is_cell(value):
            return value
        if not self.inside:
            self.callers.discard(name)
        before = self.env.get(name) if self.inside and name in self.entered[-1] else None
        pending: list[tuple[str, ir.Expr]] = []
        made = self.part((name,), value, before, node, pending)
        self.assign_together(pending, node)
        if self.stays_known(name, value):
            for target, item in pending:
                self.note_whole(name, target, item, node)
        return made

    def stays_known(self, name: str, value) -> bool:
        """Return whether nothing takes the place of an item of a tuple, or of a list of numbers and tuples."""
        if not isinstance(value, Struct) or value.kind not in ("tuple", "namedtuple", "list"):
            return False
        inner = [part for item in value.items for part in parts_of(item) if isinstance(part, Struct)]
        unwritten = value.kind != "list" or name not in self.grown() | self.written_names and not self.escapes(name)
        return unwritten and all(part.kind in ("tuple", "namedtuple") for part in inner)

    def part(self, path: Path, value, before, node, pending: list):
        """Return what a part stands for; the names that are to be bound for it are added to `pending`.

        `before` is what it stands for where a branch or loop around may leave it as it is: then it keeps its form.
        """
        if self.is_complex(value):
            value = self.whole_number(value)
        if isinstance(value, Struct) and not self.is_cell(value):
            if before is not None and not has_form_of(before, value):
                self.changes_form(path, value, before, node)
            parts = before.items if isinstance(before, Struct) else (None,) * len(value.items)
            items = tuple(self.part((*path, key), item, was, node, pending)
                          for key, item, was in zip(value.keys, value.items, parts, strict=True))  # fmt: skip
            return replace(value, items=items)
        if isinstance(value, Places):
            pending.append((self.component((*path, "mask")), value.mask))
            return Places(Name(pending[-1][0]))
        if isinstance(value, ShapeOf):
            return self.bound_shape(path, value, before, node)
        if isinstance(value, ir.Expr) and not is_text(value) and not isinstance(value, ir.Slice):
            if before is not None and (not isinstance(before, ir.Expr) or is_text(before)):
                self.changes_form(path, value, before, node)
            pending.append((self.component(path), value))
            return Name(pending[-1][0])
        if isinstance(value, ir.Slice):
            value = self.hold(value, node)
        elif isinstance(value, List) or is_list(value):
            value = self.shown_list(path, value, node)
        if before is not None and before != value:
            self.changes_form(path, value, before, node)
        return value

    def changes_form(self, path: Path, value, before, node) -> NoReturn:
        """Refuse a name that stands for one thing or another, depending on the path taken."""
        name = path[0]
        if len(path) == 1 and (isinstance(value, Obj) or is_text(value)):
            what = "a text" if is_text(value) else "a function"
            self.fail(node, f"{name!r} is bound anew to {what} inside a branch or loop", "use two names")
        if len(path) == 1 and isinstance(value, Struct):
            if is_any_list(value) and is_any_list(before):
                self.read_as_buffer(name)
            what = value.kind if value.kind in ("list", "dict") else "object" if value.make is not None else "tuple"
            keys = before.keys if isinstance(before, Struct) else ()
            if keys != value.keys and sorted(map(str, keys)) == sorted(map(str, value.keys)):
                self.fail(node, f"the {what} {name!r} gets its keys in another order",
                          "keep the order, or use two names")  # fmt: skip
            self.fail(node, f"the {what} {name!r} changes its form", "use two names")
        what = "slice" if isinstance(value, ir.Slice) else "part"
        self.fail(node, f"a {what} in {name!r} changes its form inside a branch or loop", "use two names")

    def bound_shape(self, path: Path, value: ShapeOf, before, node) -> ShapeOf:
        """Return a shape under a name: of the array as it is now, whatever its name is bound to later."""
        if before is not None and before != value:
            self.fail(node, f"the shape {path[0]!r} is bound anew inside a branch or loop", "use two names")
        if isinstance(value.array, Name) and self.rebinds(value.array.id):
            return ShapeOf(self.hold(value.array, node))
        return value

    def assign_slice(self, name, value: ir.Slice, node) -> ir.Slice:
        """Return a slice under a name: its bounds stay, or have names of their own where the name is bound anew."""
        if self.in_library or not self.rebinds(self.local_name(name)):
            return self.hold(value, node)
        parts = {"start": value.lo, "stop": value.hi, "step": value.step}
        names = {key: self.component((name, key)) for key, e in parts.items() if e is not None}
        known = ir.Slice(*(Name(names[key]) if key in names else None for key in parts))
        before = self.env.get(name)
        if self.inside and before not in (None, known):
            self.fail(node, f"the slice {name!r} changes its form inside a branch or loop", "use two names")
        self.assign_together([(names[key], parts[key]) for key in names], node)
        return known

    # -- which list is which
    def is_same(self, one, other) -> bool:
        """Return whether two values are one list or dict, or may be."""
        both = isinstance(one, Struct) and isinstance(other, Struct)
        return both and self.which(one.token) is self.which(other.token)

    def which(self, token: object) -> object:
        while token in self.shared.joined:
            token = self.shared.joined[token]
        return token

    def joined(self, one, other):
        """Take notice that a list or dict is one or another, depending on the path taken."""
        if isinstance(one, Struct) and isinstance(other, Struct):
            if is_list(one) and is_list(other) and not self.is_same(one, other):
                self.shared.joined[self.which(one.token)] = self.which(other.token)
            for a, b in zip(one.items, other.items, strict=False):
                self.joined(a, b)

    # -- names of parts
    def component(self, path: Path) -> str:
        """Return the name of a part; no variable of the user's has it."""
        if path not in self.components:
            self.components[path] = self.fresh("_".join(map(str, path)))
            self.spoken.known[self.components[path]] = path[0] + "".join(_access(key) for key in path[1:])
        return self.components[path]

    def own_parts(self, path: Path, structure: tree.Structure, flat: Iterator[str]):
        """Let the parts of a parameter stand under the names that they have: binding it anew binds these."""
        if isinstance(structure, tree.Leaf):
            self.components[path] = next(flat)
        elif isinstance(structure, tree.Node):
            for key, child in zip(structure.keys, structure.children, strict=True):
                self.own_parts((*path, key), child, flat)

    def rebound_structs(self, names, node):
        """Give the parts of tuples that a branch or loop binds anew names of their own, which it binds then."""
        for name in sorted(names):
            value = self.env[name]
            if self.which_cells(value):
                continue
            self.refuse_shared(name, value, node)
            if isinstance(value, Struct | Places) and not self.has_own_parts((name,), value):
                self.env[name] = self.assign_struct(name, value, node)

    def has_own_parts(self, path: Path, value) -> bool:
        """Return whether the parts of a tuple stand under the names that binding it anew binds."""
        if isinstance(value, Struct):
            return all(self.has_own_parts((*path, k), v) for k, v in zip(value.keys, value.items, strict=True))
        if isinstance(value, Places):
            return value.mask == Name(self.components.get((*path, "mask"), ""))
        if not isinstance(value, ir.Expr) or is_text(value) or isinstance(value, ir.Slice):
            return True
        return value == Name(self.components.get(path, ""))


def _access(key) -> str:
    """Return how text reads an item of a tuple or dict, or a part of a complex number."""
    return f".{key}" if key in ("real", "imag") else f"[{key!r}]"


def parts_of(value):
    """Yield a value and all that is in it."""
    yield value
    if isinstance(value, Struct):
        for item in value.items:
            yield from parts_of(item)


def has_form_of(before, value: Struct) -> bool:
    """Return whether a tuple may take the place of another value: the same keys, both dicts or neither."""
    alike = isinstance(before, Struct) and (before.kind == "dict") == (value.kind == "dict")
    return alike and before.keys == value.keys


def is_list(value, *kinds: str) -> bool:
    """Return whether a value is a list or dict of known items, which may be written through all of its names."""
    return isinstance(value, Struct) and value.kind in (kinds or ("list", "dict"))


def is_any_list(value) -> bool:
    """Return whether a value is a list, of known length or not."""
    return isinstance(value, List) or isinstance(value, Struct) and value.kind == "list"


def has_list(value) -> bool:
    """Return whether a list or dict is a value, or an item of it."""
    return isinstance(value, List) or is_list(value) or isinstance(value, Struct) and any(map(has_list, value.items))


def is_known_object(value) -> bool:
    """Return whether a value stands for something that run time knows nothing of: a function, text, shape or list.

    A tuple does where another trip of a loop may change such a part of it.
    """
    if isinstance(value, Struct):
        return any(is_known_object(v) and not is_text(v) and (not isinstance(v, Obj) or hasattr(v.value, "reader"))
                   for v in value.items)  # fmt: skip
    return isinstance(value, Obj | ShapeOf | List | ir.Slice) or is_text(value)


def is_plain(node) -> bool:
    """Return whether an expression is a name, a field, or an element or slice of one by constants."""
    if isinstance(node, ast.Subscript):
        return is_plain(node.value) and not any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(node.slice))
    return isinstance(node, ast.Name) or isinstance(node, ast.Attribute) and is_plain(node.value)
