"""Read assignments to names, elements and tuples of these."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import lru_cache
from typing import NoReturn

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Store
from ..language.lists import AS_LIST
from ..language.sum_order import INPLACE, WRITTEN
from ..runtime.unordered import unordered
from .array_calls import VIEWS
from .expressions import NOT_HERE, OBJECT, List, Lost, Obj, Places, ShapeOf, Struct, is_text, stored_names
from .none import is_maybe
from .parts import PartReader, has_list, is_list, is_plain

_AUGMENTED = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv", ast.MatMult: "np.dot", ast.BitAnd: "bitand", ast.BitOr: "bitor",
    ast.BitXor: "bitxor", ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip


class AssignmentReader(PartReader):
    """Reads `=`, `: T =` and `op=`."""

    def stmt_assign(self, node):
        single = node.targets[0] if len(node.targets) == 1 else None
        if isinstance(single, ast.Name) and self.chooses_none(single.id, node.value):
            return self.stmt_if(self.as_branch(node))
        self.wanted_name = single.id if isinstance(single, ast.Name) else None
        value = self.unpacked(node.value) if isinstance(single, ast.Tuple | ast.List) else self.expr(node.value)
        self.wanted_name = None
        if len(node.targets) > 1 and isinstance(value, Name):
            self.temporary.discard(value.id)
        if len(node.targets) > 1 and isinstance(value, ir.Expr) and not isinstance(value, Const | Name):
            name = self.fresh("value")
            self.emit(Let(name, value, self.source.loc(node)))
            value = Name(name)
        elif len(node.targets) > 1 and isinstance(value, Struct):
            value = self.hold(value, node)
        for target in node.targets:
            self.assign(target, value, node)
            if isinstance(target, ast.Name) and has_list(value):
                value = self.env[target.id]  # the next name shows the list that this one shows
        return None

    def unpacked(self, node):
        """Return what is unpacked: the items of a generator, of `map` or of `filter` as a list."""
        made = self.as_generator(node)
        if isinstance(made, ast.GeneratorExp):
            made = ast.copy_location(ast.ListComp(made.elt, made.generators), node)
        return self.expr(made)

    def stmt_annassign(self, node):
        if node.value is not None:
            self.assign(node.target, self.expr(node.value), node)

    def stmt_augassign(self, node):
        fn = _AUGMENTED.get(type(node.op))
        if fn is None:
            self.fail(node, "this augmented assignment is not supported", "write it out")
        if self.meets_complex():
            return self.complex_update(node)
        return self.update(node)

    def update(self, node):
        """Read an augmented assignment of real numbers."""
        fn, loc = _AUGMENTED[type(node.op)], self.source.loc(node)
        if isinstance(node.target, ast.Name):
            before = self.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            if fn == "add" and (isinstance(before, List) or self.cell_of(before) is not None):
                return self.extended(node.target, before, node)
            if fn == "mul" and (isinstance(before, List) or is_list(before, "list") and self.cell_of(before)):
                return self.repeated_in_place(node.target, before, node)
            if self.cell_of(before) is not None:
                return self.updated_dict(node.target, before, node, fn)
            found = self.in_place_by_class(node, before)
            if found is not NOT_HERE:
                return self.assign_name(node.target.id, found, node)
            if isinstance(before, Struct):
                if before.kind in ("list", "dict") and not self.owns(node.target.id):
                    self.fail(node, f"{node.target.id} cannot grow here",
                              "build the list where it is made, or return it")  # fmt: skip
                value = self.expr_binop(ast.copy_location(ast.BinOp(node.target, node.op, node.value), node))
                return self.assign_name(node.target.id, value, node)
            self.refuse_joined(node, fn, before, None, fn in ("add", "mul"))
            self.refuse_captured_number(node)
            static, added = (WRITTEN, node.value.args[0]) if self.adds_unordered(node, fn) else (INPLACE, node.value)
            start, before = len(self.out), self.leaf(before, node)
            given = self.scalar(added)
            (old,) = self.as_before(start, [before], node)
            if old is not before:
                self.require_number(before, node)
                static = ()
            return self.assign_name(node.target.id, Op(fn, (old, given), static, loc), node)
        if isinstance(node.target, ast.Attribute):
            return self.update_field(node, fn)
        if not isinstance(node.target, ast.Subscript):
            self.fail(node, "this augmented assignment is not supported", "write it out")
        base = self.stored_into(node.target)
        if self.item_method(base, "__setitem__") is not None:
            target = self.index_read(node.target)
            old = ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), node.target)
            value = self.expr(ast.copy_location(ast.BinOp(old, node.op, node.value), node))
            return self.stored_by_class(target, base, value, node)
        if isinstance(base, List | Struct):
            return self.update_item(node, base, fn)
        index = self.index(node.target.slice)
        element = ir.Sub(self.leaf(base, node), index, loc)
        start = len(self.out)
        value = self.scalar(node.value)
        before, *index = self.as_before(start, [element, *index], node)
        index = tuple(index)
        if fn in ("add", "sub") and before is element:
            return self.store(base, index, value, "+=" if fn == "add" else "-=", node)
        element = before
        self.store(base, index, Op(fn, (element, value), (), loc), "=", node)

    def refuse_captured_number(self, node):
        """Refuse to write a captured array without axes under another name: what stands for it here is a number."""
        name = node.target.id
        for n in self.nodes:
            if not (isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id not in self.locals):
                continue
            if any(isinstance(t, ast.Name) and t.id == name for t in n.targets):
                value = self.resolve(n.value.id)[1]
                if isinstance(value, np.ndarray) and not value.ndim:
                    self.fail(node, f"{name!r} is the captured array {n.value.id!r}, and is written",
                              f"write {name} = {name} + ...")  # fmt: skip

    def update_item(self, node, base, fn: str):
        """Read an augmented assignment to an item of a list or dict; an array there is written in place."""
        binds = any(isinstance(n, ast.NamedExpr) for n in ast.walk(node.value))
        target = self.index_read(node.target, binds)
        base = self.unchanged(target, base, node)
        old_node = ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
        if isinstance(target.slice, ast.Slice):
            value = self.expr(ast.copy_location(ast.BinOp(old_node, node.op, node.value), node))
            return self.store_item(target, self.now(base), value, "=", node)
        known = isinstance(base, Struct) and (base.kind == "dict" or self.integer(self.expr(target.slice)) is not None)
        own = self.expr(old_node) if known else None
        if isinstance(own, Name) and self.shared.ranks.rank(own) != 0 and base.kind in ("list", "dict"):
            loc = self.source.loc(node)
            return self.emit(Let(own.id, Op(fn, (own, self.scalar(node.value)), INPLACE, loc), loc))
        if isinstance(base, List) and not self.has_tuples(base):
            element = self.expr(old_node)
            if self.shared.ranks.rank(element) and not self.is_row(element):
                own, loc = self.hold(element, node, "item"), self.source.loc(node)
                return self.emit(Let(own.id, Op(fn, (own, self.scalar(node.value)), INPLACE, loc), loc))
        if fn not in ("add", "sub"):
            value = self.scalar(ast.copy_location(ast.BinOp(old_node, node.op, node.value), node))
            return self.store_item(target, self.unchanged(target, base, node), value, "=", node)
        start = len(self.out)
        value = self.scalar(node.value)
        base = self.unchanged(target, base, node)
        if isinstance(base, List) and len(self.out) > start:
            element = self.expr(old_node)
            (before,) = self.as_before(start, [element], node)
            if before is not element:
                return self.store_item(target, base, Op(fn, (before, value)), "=", node)
        return self.store_item(target, base, value, "+=" if fn == "add" else "-=", node)

    def unchanged(self, target: ast.Subscript, base, node):
        """Return the list or dict of an item that is bound, unless its index or the new value has changed it."""
        if isinstance(base, Struct) and is_plain(target.value) and self.expr(target.value) != base:
            self.fail(node, f"{ast.unparse(target.value)} is changed by the index or the new value of an item",
                      "use two statements")  # fmt: skip
        return base

    def require_number(self, value: ir.Expr, node):
        """Refuse an array whose name what is added to it binds anew: it is written, and shown no longer."""
        if self.shared.ranks.rank(value) != 0:
            self.fail(node, "the array is bound anew in what is added to it", "use two statements")

    def index_read(self, target: ast.Subscript, held=False) -> ast.Subscript:
        """Return a subscript whose index can be read again: a call in it is read now, once; with `held`, any name."""
        if not held and not any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(target.slice)):
            return target
        if isinstance(target.slice, ast.Constant | ast.Slice):
            return target
        index = self.hold(self.scalar(target.slice), target.slice)
        name = self.fresh("at")
        self.env[name] = index
        at = ast.copy_location(ast.Name(name, ast.Load()), target.slice)
        return ast.copy_location(ast.Subscript(target.value, at, target.ctx), target)

    def adds_unordered(self, node, fn: str) -> bool:
        """Return whether what an augmented assignment adds is marked as being in any order."""
        call = node.value
        named = isinstance(call, ast.Call) and len(call.args) == 1 and isinstance(call.func, ast.Name)
        return fn in ("add", "sub") and named and self.resolve(call.func.id)[1] is unordered

    def stored_into(self, target: ast.Subscript):
        """Return what a subscript is an item of that is assigned."""
        self.read_as_table(target.value)
        self.storing, before = True, self.storing
        try:
            return self.expr(target.value)
        finally:
            self.storing = before

    def assign(self, target, value, node):
        """Bind a target (name, element, tuple of these) to a value."""
        if isinstance(target, ast.Tuple | ast.List):
            return self.assign_tuple(target, value, node)
        if isinstance(target, ast.Name):
            return self.assign_name(target.id, value, node)
        if isinstance(target, ast.Subscript):
            start = len(self.out)
            base = self.stored_into(target)
            if self.stored_by_class(target, base, value, node):
                return None
            if isinstance(base, List) or isinstance(base, Struct) and base.kind in ("list", "dict"):
                target = self.index_read(target)
                base = self.unchanged(target, base, node)
                (value,) = self.as_before(start, [value], node)
                return self.store_item(target, base, value, "=", node)
            if self.is_complex(base):
                index = self.index(target.slice)
                (value,) = self.as_before(start, [value], node)
                return self.complex_store(base, index, value, "=", node)
            if isinstance(base, Struct | Obj | ShapeOf):
                self.fail(target, "only elements of arrays can be assigned", "build a new tuple")
            several = isinstance(value, List) or isinstance(value, Struct) and value.kind in ("tuple", "list")
            index = self.index(target.slice)
            (value,) = self.as_before(start, [value], node)
            values = self.as_array(value, node) if several else self.leaf(value, node)
            return self.store(base, index, values, "=", node)
        if isinstance(target, ast.Attribute) and target.attr in ("real", "imag"):
            part = self.expr(target)
            if isinstance(part, Name) and self.is_complex(self.expr(target.value)):
                return self.store(part, (ir.Dots(),), self.leaf(value, node), "=", node)
        if isinstance(target, ast.Attribute):
            return self.set_field(target, value, node)
        self.fail(target, f"cannot assign to {ast.unparse(target)}", "assign to names and array elements")

    def assign_name(self, name, value, node):
        if isinstance(value, Struct) and value.kind == OBJECT:
            return self.bind_object(name, value, node)
        if self.is_cell(value) or self.is_cell(self.env.get(name)) and self.inside and name in self.entered[-1]:
            return self.bind_cell(name, value, node)
        if is_maybe(value):
            return self.bind_given(name, value, node)
        if self.may_be_none(name):
            return self.bind_maybe(name, self.undone(value), node)
        value = self.as_complex_if_it_must(name, value, node)
        if isinstance(self.env.get(name), Name) and not isinstance(value, ir.Expr) and self.inside:
            kinds = " and ".join(map(self.spoken_kind, (self.env[name], value)))
            self.fail(node, f"{name!r} changes between {kinds}", "use two names")
        known = self.assign_slice(name, value, node) if isinstance(value, ir.Slice) else self.seen_through(value)
        if known is not None:
            self.env[name] = known
            return None
        if isinstance(value, ir.Expr) and not is_text(value):
            old = self.env.get(name)
            if isinstance(old, Lost):
                old = None
            if old is not None and not isinstance(old, ir.Expr) and self.inside:
                self.changes(node, name, old)
            target = self.local_name(name)
            self.env[name] = Name(target)
            value = self.undone(value)
            if isinstance(value, ir.Select) and isinstance(value.then, Op) and value.then.fn == "grow":
                assert isinstance(value.test, Op), value
                upto = len(value.then.args) > 1
                return self.emit(ir.Grow(target, value.test.args[0], upto, self.source.loc(node)))
            if not self.gives_back(target, value):
                self.emit(Let(target, value, self.source.loc(node)))
            self.note_whole(name, target, value, node)
        elif isinstance(value, Struct) and self.in_library and self.is_seen(value):
            self.env[name] = value
        else:
            self.env[name] = self.assign_struct(name, value, node)

    def gives_back(self, target: str, value) -> bool:
        """Return whether a value is what the name has been: functions may give back the arrays they are given.

        The buffer of a list is not yet the array that the name stands for from here on.
        """
        return value == Name(target) and target not in self.buffers and not self.in_library

    def note_whole(self, name: str, target: str, value, node):
        """Note the integer that a name stands for in the rest of the block, bound by the only statement that binds it.

        `target` is the name itself, or that of a part of the tuple which it is bound to.
        """
        self.shared.whole.pop(target, None)
        whole = None if self.source.derived else self.integer(value)
        if whole is not None and isinstance(node, ast.Assign) and times_bound(self.node, name) == 1:
            self.shared.whole[target] = whole

    def changes(self, node, name: str, old) -> NoReturn:
        """Refuse a name that is no number before a branch or loop binds it to one."""
        if isinstance(old, Obj) and old.value is None:
            self.fail(node, f"{name!r} is None before it is bound to a number here",
                      "begin with a number: np.inf, np.nan, -1")  # fmt: skip
        self.fail(node, f"{name!r} changes between {self.spoken_kind(old)} and a number", "use two names")

    def spoken_kind(self, value) -> str:
        """Return what a value is called in messages."""
        if isinstance(value, ir.Expr):
            return "an array" if self.shared.ranks.rank(value) else "a number"
        kind = "list" if isinstance(value, List) else value.kind if isinstance(value, Struct) else "tuple"
        return f"a {kind if kind in ('list', 'dict') else 'tuple'}"

    def undone(self, value):
        """Return what was bound to a temporary name just before, the binding taken back; else the value itself."""
        last = self.out[-1] if self.out else None
        if isinstance(last, Let) and value == Name(last.target) and last.target in self.temporary:
            self.out.pop()
            return last.value
        return value

    def assign_tuple(self, target, value, node):
        starred = any(isinstance(t, ast.Starred) for t in target.elts)
        value = self.opened(value, node) if starred else value
        if starred and isinstance(value, List | ir.Expr):
            items = self.items_at_star(target, value, node)
            value = Struct(tuple(items), tuple(range(len(items))))
        else:
            items = self.items_unpacked(target, value, node)
        targets = target.elts
        given = getattr(node, "value", None)
        if isinstance(given, ast.Tuple) and _same_places(targets, given.elts):
            # rows of a list of lists change places
            items = [Op("copy", (v,), AS_LIST, v.loc) if self.is_row(v) else v for v in items]
        if isinstance(value, Struct):
            targets = [t.value if isinstance(t, ast.Starred) else t for t in targets]
        if len(items) != len(targets):
            self.fail(node, f"{len(items)} values for {len(targets)} names", "give as many names as values")
        rebound = self.objects_rebound(targets, items)
        if rebound is not None:
            return self.rebind_objects(rebound, node)
        simple = all(isinstance(t, ast.Name) for t in targets) and not self.in_library
        simple = simple and not any(isinstance(i, ir.Slice) or is_text(i) for i in items)
        simple = simple and not any(self.may_be_none(n) or self.must_be_complex(n) for n in stored_names(target))
        if simple and all(isinstance(i, ir.Expr) for i in items):
            names = [t.id for t in targets]
            self.assign_together([(self.local_name(n), i) for n, i in zip(names, items, strict=True)], node)
            for n, item in zip(names, items, strict=True):
                self.env[n] = Name(self.local_name(n))
                self.note_whole(n, self.local_name(n), item, node)
            return None
        if not simple:
            names = [t.id if isinstance(t, ast.Name) else "value" for t in targets]
            bound = {self.local_name(n) for t in targets for n in stored_names(t)}
            items = [
                item if not self.in_library and _stays(item, bound) else self.hold(item, node, name)
                for item, name in zip(items, names, strict=True)
            ]
        for k, t in enumerate(targets):
            items[k + 1 :] = [self.before_it_starts(t, item, node) for item in items[k + 1 :]]
            start = len(self.out)
            self.assign(t, items[k], node)
            items[k + 1 :] = self.as_before(start, items[k + 1 :], node)
            if isinstance(t, ast.Name) and is_list(items[k]):  # a list that stands there twice is one list
                items[k + 1 :] = [self.in_its_place(item, items[k], self.env[t.id]) for item in items[k + 1 :]]

    def in_its_place(self, value, was: Struct, now):
        """Return a value in which one list takes the place of another wherever that stands in it."""
        if self.is_same(value, was):
            return now
        if not isinstance(value, Struct):
            return value
        return replace(value, items=tuple(self.in_its_place(v, was, now) for v in value.items))

    def starred(self, target, items: list) -> list:
        """Return the items with those that a starred name takes put into a list."""
        stars = [k for k, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
        more = len(items) - len(target.elts)
        if len(stars) != 1 or more < -1:
            return items
        k = stars[0]
        taken = tuple(items[k : k + more + 1])
        return [*items[:k], Struct(taken, tuple(range(len(taken))), "list"), *items[k + more + 1 :]]

    def items_unpacked(self, target, value, node) -> list:
        """Return what the names of a tuple are bound to, after a check that there are as many."""
        count, loc, value = len(target.elts), self.source.loc(node), self.gone_through(value, node)
        if isinstance(value, ShapeOf):
            return [Op("shape", (value.array,), (("axis", k),), loc) for k in range(count)]
        if isinstance(value, Places):
            mask = self.hold(value.mask, node)
            return [Op("np.nonzero", (mask,), (("axis", k),), loc) for k in range(count)]
        if self.is_complex(value) and self.axes_of(value.items[0]):
            real, imag = (self.hold(v, node) for v in self.whole_number(value).items)
            self.require_length(Op("len", (real,)), count, node)
            trips = self.complex_trips(self.number(real, imag), node)
            return [trips.item(Const(k)) for k in range(count)]
        if isinstance(value, Struct) and not self.is_complex(value):
            return self.starred(target, list(value.items))
        if isinstance(value, List):
            whole = self.whole(value)
            self.require_length(self.first_column(value, value.count), count, node)
            return [self.item_read(value, ir.Sub(whole, (Const(k),), loc)) for k in range(count)]
        if not isinstance(value, ir.Expr):
            self.fail(node, "this cannot be unpacked", "unpack tuples, shapes and arrays")
        value = self.of_length(value, count, node)
        return [ir.Sub(value, (Const(k),), loc) for k in range(count)]

    def of_length(self, value: ir.Expr, count: int, node) -> ir.Expr:
        """Return an array that is unpacked, after a check that it has as many items as there are names."""
        if self.shared.ranks.rank(value) == 0:
            self.fail(node, "a number is unpacked", "unpack tuples, shapes and arrays")
        value = self.hold(value, node) if not isinstance(value, Name) else value
        self.require_length(Op("len", (value,)), count, node)
        return value

    def require_length(self, length: ir.Expr, count: int, node):
        """Emit a check that there are as many values to unpack as names."""
        loc, message = self.source.loc(node), Const("values to unpack and names differ in number:")
        stop = ir.Raise("ValueError", (message, length, Const(count), Const(loc.place)), loc)
        self.emit(ir.If(Op("ne", (length, Const(count))), (stop,), (), loc))

    def hold(self, value, node, base="value"):
        """Return the value under a name of its own, so that later stores do not change it."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.hold(v, node, base) for v in value.items))
        if not isinstance(value, ir.Expr) or isinstance(value, Const) or self.seen_through(value) is not None:
            return value
        if isinstance(value, ir.Slice):
            parts = (value.lo, value.hi, value.step)
            return ir.Slice(*(e if e is None or self.stays(e) else self.hold(e, node) for e in parts))
        name = self.fresh(base)
        self.emit(Let(name, value, self.source.loc(node)))
        return Name(name)

    def copied(self, value: ir.Expr) -> ir.Expr:
        """Return what is returned on one of several paths: an array of the function's own, which nobody writes then."""
        shown = isinstance(value, Name | ir.Sub) and self.shared.ranks.rank(value)
        return Op("copy", (value,), (), value.loc) if shown else value

    def assign_together(self, pairs, node):
        """Bind several names at once: a right side that reads a name bound before it is held first."""
        loc = self.source.loc(node)
        pairs = [(t, value) for t, value in pairs if not self.gives_back(t, value)]
        targets = [t for t, _ in pairs]
        held = []
        for k, (_, value) in enumerate(pairs):
            if ir.names_in(value) & set(targets[:k]):
                name = self.fresh(f"{targets[k]}_new")
                self.emit(Let(name, value, loc))
                value = Name(name)
            held.append(value)
        for target, value in zip(targets, held, strict=True):
            self.emit(Let(target, value, loc))

    def store(self, base, index, value, op, node):
        if isinstance(base, ir.Sub) or (isinstance(base, Op) and base.fn in VIEWS):
            name = self.fresh("row" if isinstance(base, ir.Sub) else "view")
            self.emit(Let(name, base, self.source.loc(node)))
            base = Name(name)
        if not isinstance(base, Name):
            self.fail(node, "only elements of named arrays can be assigned", "give the array a name")
        if base.id in self.shared.captured:
            self.fail(node, f"the captured array {base.id!r} is written", "pass it as an argument")
        self.emit(Store(base.id, index, value, op, self.source.loc(node)))


def _same_places(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    """Return whether an assignment gives elements the values of the same elements in another order."""
    said = [sorted(map(ast.unparse, part)) for part in (targets, values)]
    return said[0] == said[1] and len({*said[0]}) == len(said[0])


def _stays(value, bound: set[str]) -> bool:
    """Return whether a value is made of names and constants, none of which is among the names that are being bound."""
    if isinstance(value, Struct):
        return all(_stays(v, bound) for v in value.items)
    return isinstance(value, Const) or (isinstance(value, Name) and value.id not in bound)


def times_bound(function: ast.AST, name: str) -> int:
    """Return how often the text of a function binds a name."""
    return _bindings(function).count(name)


@lru_cache(maxsize=64)
def _bindings(function: ast.AST) -> tuple[str, ...]:
    """Return the names that a function binds, as often as it does; so do functions and comprehensions inside it."""
    nodes = list(ast.walk(function))
    stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return (*stored, *(n.name for n in nodes if isinstance(n, ast.MatchAs | ast.MatchStar) and n.name))
