"""Dicts with keys known only at run time, as lists of their keys and values: memo tables, sums by number.

A function is rewritten before it is read: `d[k] = v` looks for the place of the key, and appends it where there is
none. The keys stand in the order in which they came, as in Python; what lists cannot do leaves a dict as it is.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..library import tables
from .definitions import FunctionNode
from .integer_keys import key_of_loop, whole, with_lists

_READ_WHOLE = ("len", "sorted", "list", "tuple", "bool", "any", "all", "sum", "max", "min", "enumerate", "reversed")


def with_tables(node: FunctionNode) -> FunctionNode:
    """Return a function in which dicts with keys known only at run time are lists of keys and values.

    >>> print(ast.unparse(with_tables(ast.parse('''
    ... def f(x, keys):
    ...     d = {}
    ...     for k in keys:
    ...         d[k] = d.get(k, 0.0) + x
    ...     return sum(d.values())''').body[0])))
    def f(x, keys):
        d_keys = []
        d_values = []
        for k in keys:
            place_in_d = place_of(d_keys, k)
            if place_in_d == len(d_keys):
                d_values.append(0.0)
                d_keys.append(k)
            d_values[place_in_d] = d_values[place_in_d] + x
        return sum(d_values)
    """
    if isinstance(node, ast.Lambda):
        return node
    apart = _Apart().visit(copy.deepcopy(node))
    found = {t.name: t for t in (_Table(name, made, apart) for name, made in _made(apart).items()) if t.fits()}
    return ast.fix_missing_locations(_Rewriter(found).visit(copy.deepcopy(apart))) if found else node


def with_places(node: FunctionNode) -> FunctionNode:
    """Return a function in which dicts with keys known only at run time are lists: of values, or of keys as well."""
    return with_tables(with_lists(node))


def _made(node: ast.AST) -> dict[str, list[ast.expr]]:
    """Return the names that are bound to dicts, each with the dicts as they are made."""
    found: dict[str, list[ast.expr]] = {}
    for n in ast.walk(node):
        target = n.targets[0] if isinstance(n, ast.Assign) and len(n.targets) == 1 else None
        if isinstance(n, ast.Assign) and isinstance(target, ast.Name) and (
            isinstance(n.value, ast.Dict | ast.DictComp) or _factory(n.value) is not None):  # fmt: skip
            found.setdefault(target.id, []).append(n.value)
    return found


class _Apart(ast.NodeTransformer):
    """Binds names that are bound to dicts together one after the other: `sums, counts = {}, {}`."""

    def visit_Assign(self, node):
        (target, *others), value = node.targets, node.value
        both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
        if others or not both or not all(isinstance(v, ast.Dict) or _factory(v) is not None for v in value.elts):
            return node
        bound = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
        if bound & {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}:
            return node
        return [ast.copy_location(ast.Assign([t], v), node) for t, v in zip(target.elts, value.elts, strict=True)]


def _factory(value: ast.expr) -> tuple[str, ast.expr | None] | None:
    """Return which maker of dicts a call is, and what missing keys have there; None for any other expression."""
    if not isinstance(value, ast.Call) or value.keywords:
        return None
    name = ast.unparse(value.func).removeprefix("collections.")
    if name in ("dict", "Counter") and not value.args:
        return name, ast.Constant(0) if name == "Counter" else None
    if name == "defaultdict" and len(value.args) == 1:
        kind = value.args[0]
        if isinstance(kind, ast.Lambda) and not kind.args.args:
            return name, kind.body
        begun = {"float": 0.0, "int": 0}.get(ast.unparse(kind))
        return None if begun is None else (name, ast.Constant(begun))
    return None


@dataclass
class _Table:
    """A name that is bound to a dict, and how the function uses it."""

    name: str
    made: list[ast.expr]  # the dicts that it is bound to
    node: FunctionNode
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self):
        self.parents = {child: n for n in ast.walk(self.node) for child in ast.iter_child_nodes(n)}
        self.uses = [n for n in ast.walk(self.node) if isinstance(n, ast.Name) and n.id == self.name]
        self.keys = [*self.keys_given()]
        sizes = {len(k.elts) if isinstance(k, ast.Tuple) else 1 for k in self.keys}
        self.parts = sizes.pop() if len(sizes) == 1 else 0

    @property
    def lists(self) -> list[str]:
        """The names of the lists of keys."""
        return [f"{self.name}_keys"] if self.parts == 1 else [f"{self.name}_keys_{k}" for k in range(self.parts)]

    @property
    def values(self) -> str:
        return f"{self.name}_values"

    def keys_given(self) -> Iterator[ast.expr]:
        """Yield what the function says of keys."""
        for made in self.made:
            if isinstance(made, ast.Dict):
                yield from (k for k in made.keys if k is not None)
            elif isinstance(made, ast.DictComp):
                yield made.key
        for use in self.uses:
            owner = self.parents[use]
            if isinstance(owner, ast.Subscript) and owner.value is use:
                yield owner.slice
            elif isinstance(owner, ast.Compare):
                yield owner.left
            elif isinstance(owner, ast.Attribute) and isinstance(self.parents[owner], ast.Call):
                call = self.parents[owner]
                yield from call.args[:1] if isinstance(call, ast.Call) else ()

    @property
    def otherwise(self) -> ast.expr | None:
        """What a key has that is not there, for those that Python makes on being asked."""
        found = _factory(self.made[0])
        return None if found is None else found[1]

    def fits(self) -> bool:
        """Return whether nothing is done with the dict that lists of its keys and values do not do."""
        args = [a.arg for a in ast.walk(self.node) if isinstance(a, ast.arg)]
        names = {n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)}
        bound = [n for n in self.uses if not isinstance(n.ctx, ast.Load)]
        taken = names & {*self.lists, self.values, f"place_in_{self.name}", f"item_of_{self.name}"}
        if len(bound) != len(self.made) or self.name in args or taken or self.parts not in (1, 2):
            return False
        if any(isinstance(made, ast.Dict) and None in made.keys for made in self.made):
            return False
        own = [made for made in self.made if not (isinstance(made, ast.DictComp) and _has_own_keys(made))]
        if any(isinstance(n, ast.Name) and n.id == self.name for made in own for n in ast.walk(made)):
            return False
        if len({str(_factory(made)) for made in self.made if _factory(made) is not None}) > 1 or (
            len(self.made) > 1 and self.otherwise is not None):  # fmt: skip
            return False
        if any(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in self.keys):
            return False
        if any(isinstance(n, ast.Call | ast.NamedExpr) and ast.unparse(getattr(n, "func", n)) not in ("len", "int")
               for k in self.keys for n in ast.walk(k)):  # fmt: skip
            return False
        others = [n for n in self.uses if n not in bound]
        looked_at = [n for n in others if not self.is_item(n)]
        items = (self.parents[n] for n in others if self.is_item(n) and not self.is_there(n))
        asked = any(isinstance(item, ast.Subscript) and isinstance(item.ctx, ast.Load) for item in items)
        made_by_asking = "defaultdict" in ast.unparse(self.made[0])
        return all(map(self.is_plain, others)) and not (made_by_asking and asked and looked_at)

    def is_item(self, use: ast.Name) -> bool:
        owner = self.parents[use]
        return isinstance(owner, ast.Subscript) and owner.value is use

    def is_there(self, use: ast.Name) -> bool:
        """Return whether an item has the key of a loop around it that runs through the dict, and takes nothing out."""
        item = self.parents[use]
        key = ast.unparse(item.slice) if isinstance(item, ast.Subscript) else ""
        while item is not self.node:
            loops = [item] if isinstance(item, ast.For) else getattr(item, "generators", [])
            if key in [key_of_loop(loop, self.name, copied=True) for loop in loops]:
                return not any(isinstance(n, ast.Delete) or getattr(n, "attr", "") == "pop" for n in ast.walk(item))
            item = self.parents[item]
        return False

    def is_plain(self, use: ast.Name) -> bool:
        """Return whether the rewriter knows a use."""
        owner = self.parents[use]
        if self.is_item(use):
            assert isinstance(owner, ast.Subscript), owner
            above = self.parents[owner]
            alone = isinstance(above, ast.Assign) and above.targets == [owner] or isinstance(above, ast.AugAssign)
            deleted = isinstance(above, ast.Delete) and above.targets == [owner]
            return not isinstance(owner.slice, ast.Slice) and (alone or deleted or isinstance(owner.ctx, ast.Load))
        if isinstance(owner, ast.Compare):
            return len(owner.ops) == 1 and isinstance(owner.ops[0], ast.In | ast.NotIn) and owner.left is not use
        if isinstance(owner, ast.Attribute):
            return self.is_method(owner, self.parents[owner])
        whole_keys = self.parts == 1
        if isinstance(owner, ast.Call) and use in owner.args and ast.unparse(owner.func) in _READ_WHOLE:
            return not owner.keywords and (whole_keys or ast.unparse(owner.func) in ("len", "bool"))
        if isinstance(owner, ast.For | ast.comprehension) and owner.iter is use:
            return whole_keys or isinstance(owner.target, ast.Tuple)
        return isinstance(owner, ast.If | ast.While | ast.IfExp) and owner.test is use or (
            isinstance(owner, ast.UnaryOp) and isinstance(owner.op, ast.Not))

    def is_method(self, method: ast.Attribute, call: ast.AST) -> bool:
        if not isinstance(call, ast.Call) or call.func is not method or call.keywords:
            return False
        above, given = self.parents[call], len(call.args)
        alone = isinstance(above, ast.Expr)
        if method.attr == "pop":
            return given == 1 and (alone or isinstance(above, ast.Assign) and above.value is call)
        if method.attr == "items":
            if not isinstance(above, ast.For | ast.comprehension) or above.iter is not call:
                return False
            return given == 0 and isinstance(above.target, ast.Tuple) and len(above.target.elts) == 2
        if method.attr == "keys":
            return given == 0 and self.parts == 1
        return (method.attr, given) in (("values", 0), ("get", 2)) or (
            method.attr == "setdefault" and given == 2 and alone)


class _Rewriter(ast.NodeTransformer):
    """Replaces dicts by lists of keys and values; the tree is a copy of that in which the dicts were found."""

    def __init__(self, found: dict[str, _Table]):
        self.found = found
        self.there = set[tuple[str, str]]()  # keys of dicts that are there, since a loop runs through them
        self.new = set[ast.AST]()  # statements that give a dict a key that is not there

    def table(self, node) -> _Table | None:
        """Return the dict that a node is."""
        return self.found.get(node.id) if isinstance(node, ast.Name) else None

    def of_item(self, node) -> _Table | None:
        """Return the dict that a node is an item of."""
        return self.table(node.value) if isinstance(node, ast.Subscript) else None

    # -- expressions
    def search(self, function: Callable, table: _Table, key: ast.expr, *more: ast.expr) -> ast.expr:
        """Return a call of a function of the library with the keys of a dict, and the parts of one."""
        named = function if table.parts == 1 else getattr(tables, f"{function.__name__}_pair")
        parts = list(key.elts) if isinstance(key, ast.Tuple) else [key]
        values = [_load(table.values)] if function is tables.value_or else []
        return ast.Call(_function(named), [*map(_load, table.lists), *values, *parts, *more], [])

    def visit_Subscript(self, node):
        table = self.of_item(node)
        self.generic_visit(node)
        if table is None:
            return node
        if table.otherwise is not None and isinstance(node.ctx, ast.Load):
            return self.search(tables.value_or, table, node.slice, copy.deepcopy(table.otherwise))
        return ast.Subscript(_load(table.values), self.search(tables.found_at, table, node.slice), node.ctx)

    def visit_Name(self, node):
        return _load(node.id + "_keys" if self.table(node).parts == 1 else self.table(node).lists[0]) if (
            self.table(node)) else node

    def visit_Compare(self, node):
        table = self.table(node.comparators[0]) if len(node.ops) == 1 else None
        if table is None:
            return self.generic_visit(node)
        op = ast.Lt() if isinstance(node.ops[0], ast.In) else ast.Eq()
        return ast.Compare(self.search(tables.place_of, table, self.visit(node.left)), [op], [_length(table)])

    def visit_Call(self, node):
        table = self.table(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if table is None:
            return self.generic_visit(node)
        args = [self.visit(a) for a in node.args]
        if node.func.attr == "get":
            return self.search(tables.value_or, table, *args)
        if node.func.attr == "items":
            keys = list(map(_load, table.lists))
            first = keys[0] if len(keys) == 1 else ast.Call(_load("zip"), keys, [])
            return ast.Call(_load("zip"), [first, _load(table.values)], [])
        return _load(table.values if node.func.attr == "values" else table.lists[0])

    def visit_For(self, node):
        table, before = self.table(node.iter), set(self.there)
        if isinstance(node, ast.For):
            keys = {(name, key_of_loop(node, name)) for name in self.found}
            self.there |= {(name, key) for name, key in keys if key is not None}
        self.generic_visit(node)
        self.there = before
        if table is not None and table.parts > 1:
            node.iter = ast.Call(_load("zip"), list(map(_load, table.lists)), [])
        return node

    def visit_comprehension(self, node):
        return self.visit_For(node)

    # -- statements
    def visit_If(self, node):
        test, first = node.test, node.body[0]
        table = self.of_item(first.targets[0]) if isinstance(first, ast.Assign) else None
        if table is not None and ast.unparse(test) == f"{ast.unparse(first.targets[0].slice)} not in {table.name}":
            # nothing that gives the value may give the dict the key
            calls = [n for n in ast.walk(first.value) if isinstance(n, ast.Call)]
            names = [ast.unparse(n.func) for n in calls]
            plain = (*_READ_WHOLE, "float", "int", "abs")
            if all(name.startswith(("np.", "math.")) or name in plain for name in names):
                self.new.add(first)
        return self.generic_visit(node)

    def visit_Assign(self, node):
        target = node.targets[0]
        if self.table(target) is not None:
            return [_at(s, node) for s in self.made(self.table(target), node.value)]
        popped = self.popped(node.value)
        if popped is not None:
            table, place = popped
            node.value = _method(table.values, "pop", _load(f"place_in_{table.name}"))
            return [_at(s, node) for s in (place, node, *self.keys_popped(table))]
        table = self.of_item(target)
        if table is None:
            return self.generic_visit(node)
        if (table.name, ast.unparse(target.slice)) in self.there:
            return self.generic_visit(node)
        key, other = self.visit(copy.deepcopy(target.slice)), self.asks_for(node.value, table, target.slice)
        if node in self.new:
            return [_at(s, node) for s in self.appended(table, key, self.visit(node.value))]
        if other is not None:
            value = self.visit(_Found(table, target.slice).visit(copy.deepcopy(node.value)))
            stmts = self.ensured(table, key, self.visit(copy.deepcopy(other)))
            return [_at(s, node) for s in (*stmts, ast.Assign([self.value_at_place(table, ast.Store())], value))]
        return [_at(s, node) for s in self.stored(table, key, self.visit(node.value))]

    def visit_AugAssign(self, node):
        table = self.of_item(node.target)
        if table is None or table.otherwise is None:
            return self.generic_visit(node)
        key, node.value = self.visit(node.target.slice), self.visit(node.value)
        node.target = self.value_at_place(table, ast.Store())
        return [_at(s, node) for s in (*self.ensured(table, key, copy.deepcopy(table.otherwise)), node)]

    def visit_Delete(self, node):
        table = self.of_item(node.targets[0]) if len(node.targets) == 1 else None
        if table is None:
            return self.generic_visit(node)
        place = self.found_place(table, self.visit(node.targets[0].slice))
        value = ast.Expr(_method(table.values, "pop", _load(f"place_in_{table.name}")))
        return [_at(s, node) for s in (place, value, *self.keys_popped(table))]

    def visit_Expr(self, node):
        popped = self.popped(node.value)
        if popped is not None:
            table, place = popped
            value = ast.Expr(_method(table.values, "pop", _load(f"place_in_{table.name}")))
            return [_at(s, node) for s in (place, value, *self.keys_popped(table))]
        call = node.value if isinstance(node.value, ast.Call) else None
        table = self.table(call.func.value) if call is not None and isinstance(call.func, ast.Attribute) else None
        if call is None or table is None or ast.unparse(call.func) != f"{table.name}.setdefault":
            return self.generic_visit(node)
        key, value = self.visit(call.args[0]), self.visit(call.args[1])
        return [_at(s, node) for s in self.ensured(table, key, value)]

    def popped(self, value: ast.expr) -> tuple[_Table, ast.stmt] | None:
        """Return the dict that a call takes a key out of, and the statement that finds its place."""
        f = value.func if isinstance(value, ast.Call) else None
        table = self.table(f.value) if isinstance(f, ast.Attribute) and f.attr == "pop" else None
        if table is None or not isinstance(value, ast.Call):
            return None
        return table, self.found_place(table, self.visit(value.args[0]))

    def found_place(self, table: _Table, key: ast.expr) -> ast.stmt:
        return ast.Assign([_store(f"place_in_{table.name}")], self.search(tables.found_at, table, key))

    def keys_popped(self, table: _Table) -> list[ast.stmt]:
        return [ast.Expr(_method(keys, "pop", _load(f"place_in_{table.name}"))) for keys in table.lists]

    def made(self, table: _Table, value: ast.expr) -> list[ast.stmt]:
        """Return the statements that make a dict."""
        empty: list[ast.stmt] = [ast.Assign([_store(name)], ast.List([], ast.Load()))
                                 for name in (*table.lists, table.values)]  # fmt: skip
        if isinstance(value, ast.DictComp):
            loops, made = value.generators, value
            if table.parts == 1 and _has_own_keys(made):
                values, keys = (ast.ListComp(self.visit(copy.deepcopy(e)), [self.visit(copy.deepcopy(loops[0]))])
                                for e in (made.value, made.key))  # fmt: skip
                return [ast.Assign([_store(table.values)], values), ast.Assign([_store(table.lists[0])], keys)]
            body = self.stored(table, self.visit(copy.deepcopy(made.key)), self.visit(copy.deepcopy(made.value)))
            for loop in reversed(loops):
                loop = self.visit(copy.deepcopy(loop))
                for test in reversed(loop.ifs):
                    body = [ast.If(test, body, [])]
                body = [ast.For(loop.target, loop.iter, body, [])]
            return [*empty, *body]
        pairs = list(zip(value.keys, value.values, strict=True)) if isinstance(value, ast.Dict) else []
        known = [whole(k) for k, _ in pairs if k is not None]
        if len(pairs) > 1 and (None in known or len({*known}) < len(known)):
            visited = [(self.visit(k), self.visit(v)) for k, v in pairs if k is not None]
            return [*empty, *(s for k, v in visited for s in self.stored(table, k, v))]
        parts = [list(k.elts) if isinstance(k, ast.Tuple) else [k] for k, _ in pairs if k is not None]
        columns = [[self.visit(copy.deepcopy(p[k])) for p in parts] for k in range(table.parts)]
        columns.append([self.visit(copy.deepcopy(v)) for _, v in pairs])
        return [ast.Assign([_store(name)], ast.List(items, ast.Load()))
                for name, items in zip((*table.lists, table.values), columns, strict=True)]  # fmt: skip

    def stored(self, table: _Table, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Return the statements of `d[key] = value`."""
        item, place = f"item_of_{table.name}", f"place_in_{table.name}"
        put = ast.Assign([self.value_at_place(table, ast.Store())], _load(item))
        new = ast.Compare(_load(place), [ast.Eq()], [_length(table)])
        return [ast.Assign([_store(item)], value),
                ast.Assign([_store(place)], self.search(tables.place_of, table, key)),
                ast.If(new, self.appended(table, key, _load(item)), [put])]  # fmt: skip

    def ensured(self, table: _Table, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """Return the statements after which a dict has a key."""
        place = f"place_in_{table.name}"
        new = ast.Compare(_load(place), [ast.Eq()], [_length(table)])
        return [ast.Assign([_store(place)], self.search(tables.place_of, table, key)),
                ast.If(new, self.appended(table, key, value), [])]  # fmt: skip

    def appended(self, table: _Table, key: ast.expr, value: ast.expr) -> list[ast.stmt]:
        parts = list(key.elts) if isinstance(key, ast.Tuple) else [key]
        # the value comes first: it may ask how many keys there are
        pairs = [(table.values, value), *zip(table.lists, parts, strict=True)]
        return [ast.Expr(_method(name, "append", copy.deepcopy(part))) for name, part in pairs]

    def value_at_place(self, table: _Table, ctx: ast.expr_context) -> ast.expr:
        return ast.Subscript(_load(table.values), _load(f"place_in_{table.name}"), ctx)

    def asks_for(self, value: ast.expr, table: _Table, key: ast.expr) -> ast.expr | None:
        """Return what a new value has instead of an old one: `d.get(key, other)` is all that it says of the dict."""
        own = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id == table.name]
        calls = [n for n in ast.walk(value) if _Found(table, key).asks(n)]
        others = {ast.unparse(n.args[1]) for n in calls if isinstance(n, ast.Call)}
        plain = not any(isinstance(n, ast.IfExp | ast.BoolOp | ast.Lambda | ast.ListComp | ast.GeneratorExp)
                        for n in ast.walk(value))  # fmt: skip
        if not calls or len(own) != len(calls) or len(others) != 1 or not plain:
            return None
        other = calls[0].args[1] if isinstance(calls[0], ast.Call) else None
        return other if isinstance(other, ast.Constant) else None


class _Found(ast.NodeTransformer):
    """Replaces `d.get(key, other)` by the value at the place where the key was found."""

    def __init__(self, table: _Table, key: ast.expr):
        self.table, self.key = table, ast.unparse(key)

    def asks(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) != 2:
            return False
        return ast.unparse(node.func) == f"{self.table.name}.get" and ast.unparse(node.args[0]) == self.key

    def visit_Call(self, node):
        if self.asks(node):
            return ast.Subscript(_load(self.table.values), _load(f"place_in_{self.table.name}"), ast.Load())
        return self.generic_visit(node)


def _function(function: Callable) -> ast.Name:
    """Return the name of a function of the library, which stands for it wherever it is read."""
    named = ast.Name(function.__name__, ast.Load())
    named.function = function  # type: ignore[attr-defined]
    return named


def _has_own_keys(made: ast.DictComp) -> bool:
    """Return whether all keys of a comprehension differ: they are the numbers of a range."""
    (loop, *others) = made.generators
    counted = isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "range" and not loop.ifs
    return not others and counted and ast.unparse(made.key) == ast.unparse(loop.target)


def _at(stmt, node):
    for n in ast.walk(stmt):
        if not hasattr(n, "lineno"):
            ast.copy_location(n, node)
    return stmt


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _store(name: str) -> ast.expr:
    return ast.Name(name, ast.Store())


def _length(table: _Table) -> ast.expr:
    return ast.Call(_load("len"), [_load(table.lists[0])], [])


def _method(name: str, method: str, item: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(_load(name), method, ast.Load()), [item], [])
