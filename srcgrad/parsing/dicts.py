"""Read dicts whose keys are known; methods, properties and constants of namedtuples and dataclasses."""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import inspect
from dataclasses import replace
from types import FunctionType

from ..language import ir
from ..language.ir import Const, Op
from .expressions import OBJECT, ExpressionReader, List, Obj, Stop, Struct
from .integer_keys import UNKNOWN_KEY, WAY_OUT
from .members import keeps_fields, member_of
from .trips import Trips

CHANGING = frozenset({"update", "setdefault", "pop"})


class DictReader(ExpressionReader):
    """Reads them: what changes a dict has its name stand for another one from there on."""

    # what `Reader` sets up
    env: dict

    def expr_dict(self, node):
        keys: list = []
        items: list = []
        for key, value in zip(node.keys, node.values, strict=True):
            start = len(self.out)
            if key is None:
                inner = self.expr(value)
                if not isinstance(inner, Struct) or inner.kind != "dict":
                    self.fail(value, "only dicts known when the function is read can be unpacked here", "name the keys")
                pairs = list(zip(inner.keys, inner.items, strict=True))
            else:
                pairs = [(self.known_key(key), self.expr(value))]
            items = self.as_before(start, items, node)
            for k, v in pairs:
                if k in keys:
                    items[keys.index(k)] = v
                else:
                    keys.append(k)
                    items.append(v)
        return Struct(tuple(items), tuple(keys), "dict")

    def known_key(self, node: ast.expr):
        """Return the key that an expression is, which has to be known when the text is read."""
        found = self.as_key(self.expr(node))
        return self.fail(node, UNKNOWN_KEY, WAY_OUT) if found is None else found.value

    def as_key(self, value) -> Const | None:
        """Return a value as a key of a dict: a constant, a tuple of these, None, a member of an enumeration."""
        if isinstance(value, Struct) and value.kind in ("tuple", "namedtuple"):
            parts = [self.as_key(v) for v in value.items]
            return None if None in parts else Const(tuple(part.value for part in parts if part is not None))
        if isinstance(value, Obj) and (value.value is None or isinstance(value.value, enum.Enum)):
            return Const(value.value)
        whole = self.integer(value) if isinstance(value, ir.Expr) else None
        return Const(whole) if whole is not None else value if isinstance(value, Const) else None

    def keys_of(self, value: Struct) -> tuple:
        """Return the keys of a dict as values."""
        return tuple(map(_of_key, value.keys))

    def dict_of(self, node):
        """Return `dict(...)` of a dict, or of pairs: the first of each is a key."""
        items = node.args[0]
        lazy = self.called_object(items) in (zip, enumerate)
        if isinstance(items, ast.GeneratorExp) and isinstance(items.elt, ast.Tuple) and len(items.elt.elts) == 2:
            return self.expr_dictcomp(ast.copy_location(ast.DictComp(*items.elt.elts, items.generators), items))
        value = None if lazy else self.expr(items)
        if isinstance(value, Struct) and value.kind == "dict":
            return Struct(value.items, value.keys, "dict")
        pairs = value.items if isinstance(value, Struct) else self.all_known(self.iterable(items, node), node)
        found: dict = {}
        for pair in pairs:
            if not isinstance(pair, Struct) or len(pair.items) != 2:
                self.fail(node, "a dict of other than pairs", "give a key and a value for each item")
            key = self.as_key(pair.items[0])
            if key is None:
                self.fail(node, UNKNOWN_KEY, WAY_OUT)
            found[key.value] = self.lasting(pair.items[1], node)
        return Struct(tuple(found.values()), tuple(found), "dict")

    def all_known(self, found: Struct | Trips, node) -> tuple:
        """Return the items that are run through, of which at least as many as are known before must be there."""
        if isinstance(found, Struct):
            return found.items
        if found.most is not None:
            loc, message = self.source.loc(node), Const("fewer values than keys:")
            stop = ir.Raise("ValueError", (message, found.count, Const(found.most), Const(loc.place)), loc)
            self.emit(ir.If(Op("lt", (found.count, Const(found.most))), (stop,), (), loc))
            return tuple(found.item(Const(k)) for k in range(found.most))
        if self.integer(found.count) is None:
            self.fail(node, "a dict of what is known only at run time is not supported", "use an array")
        return self.known(found, node).items

    def struct_method(self, node, value: Struct, name: str):
        """Return the value of a method of a dict or namedtuple."""
        if value.kind == "dict" and name in ("keys", "values", "items") and not node.args:
            self.looked_at_once(node)
            keys = self.keys_of(value)
            pairs = tuple(Struct((k, v), (0, 1)) for k, v in zip(keys, value.items, strict=True))
            items = {"keys": keys, "values": value.items, "items": pairs}[name]
            return Struct(items, tuple(range(len(items))))
        if value.kind == "dict" and name == "get":
            given, *default = [self.expr(a) for a in node.args]
            key, known = self.as_key(given), dict(zip(value.keys, value.items, strict=True))
            if key is not None:
                return known.get(key.value, default[0] if default else Obj(None))
            self.fail(node, UNKNOWN_KEY, WAY_OUT)
        if value.kind == "dict" and name == "copy":
            return replace(value, token=object())
        if value.kind == "dict" and name in CHANGING:
            return self.changed_dict(node, value, name)
        if value.kind == "namedtuple" and name == "_asdict":
            return Struct(value.items, value.keys, "dict")
        if value.kind == "namedtuple" and name == "_replace":
            return self.with_fields(node, value, self.keywords(node))
        member = None if value.make is None else member_of(value.make, name)
        if isinstance(member, staticmethod):
            return self.user_call(node, member.__func__)
        if isinstance(member, FunctionType):
            return self.user_call(node, member, self.values_of(node, [value]))
        if value.kind == "tuple" and name in ("index", "count"):
            return self.place_in_list(node, value, name)
        if name == "__call__":
            self.fail(node, f"{ast.unparse(node.func)} is not a function", "call functions")
        self.fail(node, f"method .{name}() of a {value.kind} is not supported", "build a new one")

    def member(self, node, value: Struct, name: str):
        """Return what a namedtuple or dataclass has besides its fields: a property, or a constant of its class."""
        member = None if value.make is None else member_of(value.make, name)
        cached = isinstance(inspect.getattr_static(value.make, name, None), functools.cached_property)
        if value.kind == OBJECT and cached:
            self.fail(node, f"{name!r} is computed once, and the object is written", "make it a plain property")
        if isinstance(member, property):
            return self.user_call(node, member.fget, ([value], {}))
        if isinstance(member, FunctionType | staticmethod):
            return self.bound_method(node, value, member)
        if member is not None:
            return self.lift(member, node, name)
        if self.shared.problems:  # what would have given it the field was refused
            raise Stop(self.shared.problems[-1])
        self.fail(node, f"no field {name!r} in this tuple", f"fields: {', '.join(map(str, value.keys))}")

    def construct(self, node, make, values=None):
        """Return a namedtuple or dataclass made of the arguments of a call, `values` where they are read already."""
        if dataclasses.is_dataclass(make):
            found = dataclasses.fields(make)
            if values is None and (hasattr(make, "__post_init__") or not keeps_fields(make) or self.is_written(make)):
                return self.made_object(node, make)
            fields, kind = tuple(f.name for f in found if f.init), "dataclass"
            defaults = {f.name: f.default for f in found if f.default is not dataclasses.MISSING}
            factories = {f.name: f.default_factory for f in found if f.default_factory is not dataclasses.MISSING}
            every = [f.name for f in found if f.init or f.name in (*defaults, *factories)]
        else:
            fields, kind, defaults, factories = make._fields, "namedtuple", make._field_defaults, {}
            every = list(fields)
        positional, keywords = values or self.values_of(node)
        given = dict(zip(fields, positional, strict=False)) | keywords
        missing = [f for f in fields if f not in given and f not in (*defaults, *factories)]
        if missing or len(positional) > len(fields) or any(k not in fields for k in given):
            what = f"missing fields {', '.join(missing)}" if missing else "too many fields"
            self.fail(node, what, "give every field")
        items = tuple(given[f] if f in given else self.lift(defaults[f], node) if f in defaults
                      else self.by_factory(factories[f], node) for f in every)  # fmt: skip
        made = Struct(items, tuple(every), kind, make)
        self.noted_in(made)
        return made

    def by_factory(self, factory, node):
        """Return what a field of a dataclass begins with, made by a function without arguments."""
        if factory in (list, dict):
            return self.born(Struct((), (), factory.__name__), node)
        bare = ast.copy_location(ast.Call(ast.copy_location(ast.Name(factory.__name__), node), [], []), node)
        return self.call_object(bare, factory)

    def replaced_fields(self, node):
        value = self.expr(node.args[0])
        if not isinstance(value, Struct) or value.kind != "dataclass":
            self.fail(node, "replace() of this is not supported", "replace fields of dataclasses")
        return self.with_fields(node, value, self.keywords(node))

    def looked_at_once(self, node):
        """Refuse to keep a view of a dict that is written: in Python it shows what is written later."""
        base = node.func.value
        if not self.is_cell(self.expr(base)) and not (isinstance(base, ast.Name) and base.id in self.grown()):
            return
        for n in self.nodes:
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

    def changed_dict(self, node, value: Struct, name: str):
        """Return the value of `update`, `setdefault` or `pop`."""
        base = node.func.value
        if name == "update":
            known = [self.expr(a) for a in node.args]
            if any(not isinstance(v, Struct) or v.kind != "dict" for v in known):
                self.fail(node, "a dict is updated by what is no dict known when the function is read", "name the keys")
            pairs = {k: v for d in known for k, v in zip(d.keys, d.items, strict=True)} | self.keywords(node)
            items = list(pairs.values())
            for k, key in enumerate(pairs):
                start = len(self.out)
                self.set_item(base, key, items[k], node)
                items[k + 1 :] = self.as_before(start, items[k + 1 :], node)
            return Obj(None)
        given, *default = self.positional(node)
        key = self.as_key(given)
        if key is None or node.keywords:
            self.fail(node, UNKNOWN_KEY, WAY_OUT)
        if key.value in value.keys:
            found = value.items[value.keys.index(key.value)]
            return self.without_key(node, value, key.value, found) if name == "pop" else found
        if name == "pop":
            return default[0] if default else self.fail(node, f"no item {key.value!r} in this dict",
                                                        f"items: {', '.join(map(str, value.keys))}")  # fmt: skip
        self.set_item(base, key.value, default[0] if default else Obj(None), node)
        return self.item_of(base, key.value, node)

    def updated_dict(self, target: ast.expr, before: Struct, node, fn: str):
        """Read `d |= other` for a dict with several names."""
        if before.kind != "dict" or fn != "bitor":
            self.fail(node, f"this operator does not change a {before.kind}", "write the new items out")
        method = ast.copy_location(ast.Attribute(target, "update", ast.Load()), node)
        return self.expr(ast.copy_location(ast.Call(method, [node.value], []), node))

    def without_item(self, target: ast.Subscript):
        """Read `del d[key]` of a dict or list, and `del a[i:j]`."""
        value = self.now(self.expr(target.value))
        if not isinstance(value, List) and not (isinstance(value, Struct) and value.kind in ("list", "dict")):
            self.fail(target, "del of an item of what is no list and no dict", "make another one: np.delete")
        if isinstance(target.slice, ast.Slice):
            return self.assign_part(target, value, None, target)
        taken = ast.copy_location(ast.Attribute(target.value, "pop", ast.Load()), target)
        self.expr(ast.copy_location(ast.Call(taken, [target.slice], []), target))

    def item_of(self, base: ast.expr, key, node):
        at = ast.copy_location(ast.Constant(key), node)
        return self.expr(ast.copy_location(ast.Subscript(base, at, ast.Load()), node))

    def set_item(self, base: ast.expr, key, item, node):
        """Give a dict an item."""
        at = ast.copy_location(ast.Constant(key), node)
        target = ast.copy_location(ast.Subscript(base, at, ast.Store()), node)
        self.store_item(target, self.expr(base), item, "=", node)

    def without_key(self, node, value: Struct, key, found):
        """Return an item of a dict, which loses its key."""
        base = node.func.value
        cell = self.cell_of(value)
        if cell is not None:
            return self.without_cell_key(cell, node, key, found)
        if not isinstance(base, ast.Name) or not self.owns(base.id) or self.escapes(base.id):
            self.read_born(value)
            self.fail(node, "an item of this dict cannot be taken out", "copy it first: dict(...)")
        if self.inside:
            self.fail(node, "a dict loses a key in a branch or loop", "read the item, and leave the key")
        items = {k: v for k, v in zip(value.keys, value.items, strict=True) if k != key}
        self.env[base.id] = replace(value, items=tuple(items.values()), keys=tuple(items))
        self.written_meanwhile(value)
        return found


def _of_key(key) -> Const | Struct | Obj:
    """Return a key as a value."""
    if isinstance(key, tuple):
        return Struct(tuple(map(_of_key, key)), tuple(range(len(key))))
    return Obj(key) if key is None or isinstance(key, enum.Enum) else Const(key)
