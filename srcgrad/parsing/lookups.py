"""Read what looks for something: fields by name, items by the user's own methods, the first that a generator gives."""

from __future__ import annotations

import ast
from types import FunctionType

from ..language.ir import Const, Name
from ..library import tables
from .expressions import NOT_HERE, OBJECT, ExpressionReader, Obj, Struct, is_text, stored_names
from .members import member_of


class LookupReader(ExpressionReader):
    """Reads calls of `getattr`, `next` and their like, `.index()` and `.count()`, items of the user's objects."""

    def lookup_call(self, node, f):
        """Return the value of a call that looks for something; NOT_HERE for any other."""
        if f in (getattr, hasattr, setattr) and not node.keywords and len(node.args) > 1:
            return self.field_by_name(node, f)
        if f is iter and len(node.args) == 1:
            return self.expr(node.args[0])  # as what is run through, where it is
        if f is next and node.args and not node.keywords:
            return self.first_given(node)
        return NOT_HERE

    # -- fields
    def field_by_name(self, node, f):
        """Return `getattr(object, name)`, `hasattr(...)` or `setattr(...)` with a name that is known."""
        named = self.expr(node.args[1])
        if not is_text(named):
            self.fail(node.args[1], f"{f.__name__}() of a field whose name is not known", "write the name out")
        field = ast.copy_location(ast.Attribute(node.args[0], named.value, ast.Load()), node)
        if f is setattr:
            value = self.expr(node.args[2])
            self.set_field(ast.copy_location(ast.Attribute(node.args[0], named.value, ast.Store()), node), value, node)
            return Obj(None)
        if f is getattr and len(node.args) == 2:
            return self.expr(field)
        there = self.has_field(self.expr(node.args[0]), named.value, node)
        if f is hasattr:
            return Const(there)
        return self.expr(field if there else node.args[2])

    def with_named_method(self, node: ast.Call) -> ast.Call:
        """Return a call of `getattr(object, name)` as one of a method, if that is what it is."""
        f = node.func
        if not isinstance(f, ast.Call) or len(f.args) != 2 or self.called_object(f) is not getattr:
            return node
        named = self.expr(f.args[1])
        if not is_text(named):
            return node
        return ast.copy_location(ast.Call(ast.copy_location(ast.Attribute(f.args[0], named.value, ast.Load()), f),
                                          node.args, node.keywords), node)  # fmt: skip

    def has_field(self, value, name: str, node) -> bool:
        """Return whether an object has a field, or its class what is called so."""
        if isinstance(value, Obj):
            return hasattr(value.value, name)
        if not isinstance(value, Struct) or value.kind not in (OBJECT, "dataclass", "namedtuple"):
            self.fail(node, "fields are looked for in what is no object", "leave the question out")
        return self.field_of(value, name) is not NOT_HERE or hasattr(value.make, name)

    # -- items of objects
    def item_method(self, value, method: str):
        """Return a method for items that the class of an object has; None where it has none."""
        own = value.make if isinstance(value, Struct) and value.kind in (OBJECT, "dataclass") else None
        found = None if own is None else member_of(own, method)
        return found if isinstance(found, FunctionType) else None

    def gone_through(self, value, node):
        """Return what a loop over an object runs through: what `__iter__` of its class gives."""
        if not isinstance(value, Struct) or value.kind not in (OBJECT, "dataclass"):
            return value
        own = self.item_method(value, "__iter__")
        if own is None:
            self.fail(node, "an object is run through that has no __iter__", "name its fields")
        return self.user_call(node, own, ([value], {}))

    def item_by_class(self, node: ast.Subscript, value):
        """Return what `__getitem__` of a class gives; NOT_HERE where it has none."""
        own = self.item_method(value, "__getitem__")
        if own is None:
            return NOT_HERE
        start = len(self.out)
        key = self.expr(node.slice)
        return self.user_call(node, own, ([*self.as_before(start, [value], node), key], {}))

    def stored_by_class(self, target: ast.Subscript, base, value, node) -> bool:
        """Return whether `__setitem__` of a class was called to store an item."""
        own = self.item_method(base, "__setitem__")
        if own is not None:
            self.user_call(node, own, ([base, self.expr(target.slice), value], {}))
        return own is not None

    # -- the first that is found
    def first_given(self, node):
        """Return `next(generator)` or `next(generator, default)`: what a loop comes to first, which it is left with."""
        items = self.as_generator(node.args[0])
        if not isinstance(items, ast.GeneratorExp) or len(items.generators) != 1:
            self.fail(node, "next() of other than a generator with one `for` is not supported", "write the loop")
        own = stored_names(items.generators[0].target)
        items = self.with_own_names(items, {n: self.fresh(n) for n in own})
        default = self.expr(node.args[1]) if len(node.args) > 1 else None
        if default is not None and not self.is_number(default):
            self.fail(node.args[1], "what next() gives otherwise is no number", "write the loop")
        found = self.fresh("found")
        self.assign_name(found, Const(0) if default is None else default, node)
        (loop,) = items.generators
        body: list[ast.stmt] = [ast.Assign([ast.Name(found, ast.Store())], items.elt), ast.Break()]
        for test in reversed(loop.ifs):
            body = [ast.If(test, body, [])]
        stop: list[ast.stmt] = [ast.Raise(ast.Name("StopIteration", ast.Load()))] if default is None else []
        made = ast.For(loop.target, loop.iter, body, stop)
        for n in ast.walk(made):
            if not hasattr(n, "lineno"):
                ast.copy_location(n, node)
        self.stmt(made)
        return self.expr(ast.copy_location(ast.Name(found, ast.Load()), node))

    # -- places in lists
    def place_in_list(self, node, value, name: str):
        """Return `.index(item)` or `.count(item)` of a list or tuple."""
        items = value.items if isinstance(value, Struct) else None
        if len(node.args) != 1 or node.keywords:
            self.fail(node, f".{name}() between two places is not supported", "write the loop")
        (wanted,) = self.positional(node)
        if items is not None and isinstance(wanted, Const) and all(isinstance(v, Const) for v in items):
            known = [v.value for v in items]
            if name == "count":
                return Const(known.count(wanted.value))
            if wanted.value not in known:
                self.fail(node, f"{wanted.value!r} is not in this list", f"items: {', '.join(map(str, known))}")
            return Const(known.index(wanted.value))
        numbers = not self.has_tuples(value) if items is None else bool(items) and all(map(self.is_number, items))
        if not numbers or not self.is_number(wanted):
            self.fail(node, f".{name}() of a list of other than numbers is not supported", "write the loop")
        if items is not None:
            value = self.hold(self.as_array(value, node), node, "items")
        page = tables.first_place if name == "index" else tables.times_in
        found = self.user_call(node, page, ([value, wanted], {}))
        return found if isinstance(found, Name | Const) else self.hold(found, node, "place")
