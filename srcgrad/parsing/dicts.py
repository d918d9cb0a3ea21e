"""Read methods of dicts whose keys are known, and of namedtuples."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..language.ir import Const
from .expressions import ExpressionReader, Obj, Struct

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
                name = self.expr(key)
                if not isinstance(name, Const):
                    self.fail(key, "a key known only at run time is not supported", "use constant keys, or an array")
                pairs = [(name.value, self.expr(value))]
            items = self.as_before(start, items, node)
            for k, v in pairs:
                if k in keys:
                    items[keys.index(k)] = v
                else:
                    keys.append(k)
                    items.append(v)
        return Struct(tuple(items), tuple(keys), "dict")

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
        if value.kind == "dict" and name in CHANGING:
            return self.changed_dict(node, value, name)
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
        key, *default = self.positional(node)
        if not isinstance(key, Const) or node.keywords:
            self.fail(node, "a key known only at run time is not supported", "use constant keys, or an array")
        if key.value in value.keys:
            found = value.items[value.keys.index(key.value)]
            return self.without_key(node, value, key.value, found) if name == "pop" else found
        if name == "pop":
            return default[0] if default else self.fail(node, f"no item {key.value!r} in this dict",
                                                        f"items: {', '.join(map(str, value.keys))}")  # fmt: skip
        self.set_item(base, key.value, default[0] if default else Obj(None), node)
        return self.item_of(base, key.value, node)

    def is_dict(self, node: ast.expr) -> bool:
        """Return whether a name stands for a dict."""
        value = self.env.get(node.id) if isinstance(node, ast.Name) else None
        return isinstance(value, Struct) and value.kind == "dict"

    def without_item(self, target: ast.Subscript):
        """Read `del d[key]`."""
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
        if not isinstance(base, ast.Name) or not self.owns(base.id) or self.escapes(base.id):
            self.fail(node, "an item of this dict cannot be taken out", "copy it first: dict(...)")
        if self.inside:
            self.fail(node, "a dict loses a key in a branch or loop", "read the item, and leave the key")
        items = {k: v for k, v in zip(value.keys, value.items, strict=True) if k != key}
        self.env[base.id] = replace(value, items=tuple(items.values()), keys=tuple(items))
        self.written_meanwhile(value)
        return found
