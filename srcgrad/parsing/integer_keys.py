"""Dicts whose keys are whole numbers that follow each other, as lists: `h[-1] = start`, then `h[t] = f(h[t - 1])`.

A dict with keys known only at run time has no names for its items. One that is filled in order is a list by another
counting; what no list does (to be looped over, handed on, to lose a key) leaves it a dict.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

from .definitions import FunctionNode

OUT_OF_ORDER = "new keys of a dict with integer keys follow each other"
# why a dict as it stands cannot be read
UNKNOWN_KEY = "a key known only at run time is not supported"
UNKNOWN_ITEMS = "a dict comprehension over what is known only at run time is not supported"
UNKNOWN_ITEM = "a dict is indexed by a value known only at run time"
UNKNOWN_DICT = "a dict that makes its items on being asked is not supported here"
UNKNOWN = (UNKNOWN_KEY, UNKNOWN_ITEMS, UNKNOWN_ITEM, UNKNOWN_DICT)
WAY_OUT = "constant keys, an array, or no more than d[k] = v, d[k], k in d, d.get(k, v), d.items() in one function"

_COPIES = ("sorted", "list", "tuple", "reversed")


def with_lists(node: FunctionNode) -> FunctionNode:
    """Return a function in which dicts with such keys are lists.

    >>> print(ast.unparse(with_lists(ast.parse('''
    ... def f(x, n):
    ...     h = {}
    ...     h[-1] = x
    ...     for t in range(n):
    ...         h[t] = 2.0 * h[t - 1]
    ...     return h[n - 1]''').body[0])))
    def f(x, n):
        h = []
        h.append(x)
        for t in range(n):
            h.append(2.0 * h[t - 1 + 1])
        return h[n - 1 + 1 if n - 1 >= -1 else len(h)]
    """
    if isinstance(node, ast.Lambda) or not any(isinstance(n, ast.Dict | ast.DictComp) for n in ast.walk(node)):
        return node
    found = {k.name: k for k in (_Keyed(name, node) for name in _bound_to_dicts(node)) if k.fits()}
    return ast.fix_missing_locations(_Rewriter(found).visit(copy.deepcopy(node))) if found else node


def _bound_to_dicts(node: ast.AST) -> list[str]:
    """Return the names that are bound to dicts with whole numbers as keys, or without any."""
    pairs = (pair for n in ast.walk(node) if isinstance(n, ast.Assign) for pair in _pairs(n))
    return [t.id for t, v in pairs if isinstance(t, ast.Name) and keys_of(v) is not None]


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    (target, *others), value = node.targets, node.value
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    if not others and both and isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=True)
    elif not others:
        yield target, value


def keys_of(value: ast.expr) -> list[int] | None:
    """Return the keys of a dict that follow each other; None where it has others."""
    if isinstance(value, ast.Dict):
        keys = [whole(k) if k is not None else None for k in value.keys]
        known = [k for k in keys if k is not None]
        first = known[0] if known else 0
        return known if known == list(range(first, first + len(keys))) else None
    if isinstance(value, ast.DictComp) and len(value.generators) == 1:
        (loop,) = value.generators
        count = loop.iter
        counted = isinstance(count, ast.Call) and ast.unparse(count.func) == "range" and len(count.args) == 1
        same = isinstance(value.key, ast.Name) and isinstance(loop.target, ast.Name) and value.key.id == loop.target.id
        return [] if counted and same and not loop.ifs else None
    return None


def whole(e: ast.expr) -> int | None:
    """Return the integer that an expression is written as; None where it is none."""
    negative = isinstance(e, ast.UnaryOp) and isinstance(e.op, ast.USub)
    inner = e.operand if isinstance(e, ast.UnaryOp) and negative else e
    if not isinstance(inner, ast.Constant) or type(inner.value) is not int:
        return None
    return -inner.value if negative else inner.value


@dataclass
class _Keyed:
    """A name that is bound to a dict, and how the function uses it."""

    name: str
    node: FunctionNode
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self):
        self.parents = {child: n for n in ast.walk(self.node) for child in ast.iter_child_nodes(n)}
        self.uses = [n for n in ast.walk(self.node) if isinstance(n, ast.Name) and n.id == self.name]
        self.stores = [self.parents[n] for n in self.uses if self.is_stored_into(n)]

    def is_stored_into(self, use: ast.Name) -> bool:
        item = self.parents[use]
        return isinstance(item, ast.Subscript) and item.value is use and isinstance(item.ctx, ast.Store)

    def fits(self) -> bool:
        """Return whether nothing is done with the dict that a list does not do."""
        bindings = [n for n in self.uses if isinstance(n.ctx, ast.Store)]
        others = [n for n in self.uses if n not in bindings]
        run_time = [s for s in self.stores if isinstance(s, ast.Subscript) and whole(s.slice) is None]
        plain = len(bindings) == 1 and bool(run_time) and all(map(self.is_plain, others))
        return plain and all(map(self.is_in_order, run_time))

    def is_in_order(self, store: ast.Subscript) -> bool:
        """Return whether a store is of a key that is there, or may be expected to be the next one: it counts upward."""
        if isinstance(self.parents[store], ast.AugAssign) or self.is_next(store):
            return True
        names = [n.id for n in ast.walk(store.slice) if isinstance(n, ast.Name)]
        loop = self.loop_of(names[0], store) if len(names) == 1 else None
        if loop is None or self.start_of(store.slice, store) is None or ast.unparse(loop.iter).startswith("reversed"):
            return False
        return self.parents[store] in loop.body and not _jumps_before(loop, self.parents[store])

    def is_plain(self, use: ast.Name) -> bool:
        """Return whether a use reads or binds an item, or asks for a key or the number of items."""
        at: ast.AST = use
        while at is not self.node:
            at = self.parents[at]
            if at is not self.node and isinstance(at, ast.FunctionDef | ast.Lambda):
                return False
        parent = self.parents[use]
        if isinstance(parent, ast.Subscript) and parent.value is use:
            if isinstance(parent.slice, ast.Slice | ast.Tuple) or isinstance(parent.ctx, ast.Del):
                return False
            owner = self.parents[parent]
            alone = isinstance(owner, ast.Assign) and owner.targets == [parent] or isinstance(owner, ast.AugAssign)
            calls = [n for n in ast.walk(parent.slice) if isinstance(n, ast.Call | ast.NamedExpr)]
            once = all(isinstance(n, ast.Call) and ast.unparse(n.func) == "len" for n in calls)
            once = once and not any(isinstance(n, ast.NamedExpr) for n in ast.walk(owner))  # which may bind the key
            return once and (alone or isinstance(parent.ctx, ast.Load))
        if isinstance(parent, ast.Compare):
            return len(parent.ops) == 1 and isinstance(parent.ops[0], ast.In | ast.NotIn) and parent.left is not use
        return isinstance(parent, ast.Call) and ast.unparse(parent.func) == "len"

    # -- counting
    @property
    def beginning(self) -> ast.expr:
        """The dict as it is made."""
        pairs = (pair for n in ast.walk(self.node) if isinstance(n, ast.Assign) for pair in _pairs(n))
        return next(v for t, v in pairs if isinstance(t, ast.Name) and t.id == self.name)

    def literal(self) -> list[int]:
        """Return the keys that the dict begins with, where these are written out."""
        return keys_of(self.beginning) or []

    @property
    def first(self) -> int:
        """The least key: that of the first item of the list."""
        if isinstance(self.beginning, ast.DictComp):
            return 0
        given = [k for s in self.stores if isinstance(s, ast.Subscript) and (k := whole(s.slice)) is not None]
        starts = [k for s in self.stores if isinstance(s, ast.Subscript)
                  and whole(s.slice) is None and (k := self.start_of(s.slice, s)) is not None]  # fmt: skip
        return min([*self.literal(), *given, *starts], default=0)

    def loop_of(self, name: str, at: ast.AST) -> ast.For | None:
        """Return the loop around a node that counts with a name, which its body leaves alone."""
        while at is not self.node:
            at = self.parents[at]
            if isinstance(at, ast.For) and isinstance(at.target, ast.Name) and at.target.id == name:
                bound = {n.id for s in at.body for n in ast.walk(s)
                         if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
                return at if name not in bound else None
        return None

    def start_of(self, key: ast.expr, at: ast.AST) -> int | None:
        """Return the least value of a key that is the counter of a loop, or a number more or less than that."""
        if isinstance(key, ast.BinOp) and isinstance(key.op, ast.Add | ast.Sub):
            start, by = self.start_of(key.left, at), whole(key.right)
            sign = 1 if isinstance(key.op, ast.Add) else -1
            return None if start is None or by is None else start + sign * by
        loop = self.loop_of(key.id, at) if isinstance(key, ast.Name) else None
        count = loop.iter if loop is not None else None
        if isinstance(count, ast.Call) and ast.unparse(count.func) == "reversed" and len(count.args) == 1:
            count = count.args[0]
        if not isinstance(count, ast.Call) or ast.unparse(count.func) != "range" or not 1 <= len(count.args) <= 2:
            return None
        return whole(count.args[0]) if len(count.args) == 2 else 0

    def is_next(self, store: ast.Subscript) -> bool:
        """Return whether a store is surely of the key behind the last one: those before it stand in order."""
        binding = next(n for n in ast.walk(self.node) if isinstance(n, ast.Assign)
                       and any(isinstance(t, ast.Name) and t.id == self.name for t, _ in _pairs(n)))  # fmt: skip
        if isinstance(self.beginning, ast.DictComp):
            return False
        block = _block_of(self.parents[binding], binding)
        count, place = self.first + len(self.literal()), block.index(binding)
        for stmt in block[place + 1 :]:
            inside = [s for s in self.stores if any(n is s for n in ast.walk(stmt))
                      and not isinstance(self.parents[s], ast.AugAssign)]  # fmt: skip
            own = inside[0] if len(inside) == 1 and isinstance(inside[0], ast.Subscript) else None
            if own is None and inside:
                return False
            if own is None:
                continue
            loop = stmt if isinstance(stmt, ast.For) else None
            if loop is not None and own is store:
                key = own.slice
                counts = isinstance(key, ast.Name) and self.loop_of(key.id, own) is loop
                upward = not (isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "reversed")
                straight = self.parents[own] in loop.body and not _jumps_before(loop, self.parents[own])
                return counts and upward and straight and self.start_of(key, own) == count
            if self.parents[own] is not stmt or whole(own.slice) != count:
                return False
            if own is store:
                return True
            count += 1
        return False


def key_of_loop(node: ast.For | ast.comprehension, name: str, copied: bool = False) -> str | None:
    """Return the text of the key that a loop has in every trip where it runs through a dict, or `copied` keys of it.

    >>> loop = ast.parse("for k, v in d.items(): d[k] = 2.0 * v").body[0]
    >>> key_of_loop(loop, "d"), key_of_loop(loop, "c")
    ('k', None)
    """
    runs_through = node.iter
    if copied and isinstance(runs_through, ast.Call) and ast.unparse(runs_through.func) in _COPIES:
        runs_through = runs_through.args[0] if runs_through.args else runs_through
    method = runs_through.func if isinstance(runs_through, ast.Call) else None
    of = method.value if isinstance(method, ast.Attribute) else runs_through
    if ast.unparse(of) != name or isinstance(method, ast.Attribute) and method.attr == "values":
        return None
    items = isinstance(method, ast.Attribute) and method.attr == "items"
    key = node.target.elts[0] if items and isinstance(node.target, ast.Tuple) else node.target
    inside = [n for s in getattr(node, "body", ()) for n in ast.walk(s) if isinstance(n, ast.Name)]
    bound = {n.id for n in inside if isinstance(n.ctx, ast.Store)}
    own = {n.id for n in ast.walk(key) if isinstance(n, ast.Name)}
    return None if own & bound else ast.unparse(key)


def _block_of(parent: ast.AST, stmt: ast.stmt) -> list[ast.stmt]:
    """Return the block of a statement that a statement stands in."""
    blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
    return next(b for b in blocks if isinstance(b, list) and stmt in b)


def _jumps_before(loop: ast.For, stmt: ast.AST) -> bool:
    """Return whether a trip of a loop may end before a statement of its body."""
    before = loop.body[: next(k for k, s in enumerate(loop.body) if s is stmt)]
    return any(isinstance(n, ast.Continue | ast.Break) for s in before for n in ast.walk(s))


class _Rewriter(ast.NodeTransformer):
    """Replaces dicts by lists; the tree is a copy of that in which the dicts were found."""

    def __init__(self, found: dict[str, _Keyed]):
        self.found = found

    def keyed(self, node: ast.AST) -> _Keyed | None:
        """Return the dict that a node is an item of."""
        if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
            return None
        return self.found.get(node.value.id)

    def place(self, keyed: _Keyed, key: ast.expr, least: int | None) -> ast.expr:
        """Return the place of a key in the list; beyond its end where it may be less than all keys and is."""
        number = whole(key)
        if number is not None and number >= keyed.first:
            return ast.Constant(number - keyed.first)
        at = _plus(key, -keyed.first)
        if least is not None and least >= keyed.first:
            return at
        there = ast.Compare(key, [ast.GtE()], [_number(keyed.first)])
        return ast.IfExp(there, at, _length(keyed.name))

    def visit_Subscript(self, node):
        keyed, original = self.keyed(node), node
        self.generic_visit(node)
        if keyed is None:
            return node
        least = keyed.start_of(original.slice, self.twin(keyed, original))
        node.slice = ast.copy_location(self.place(keyed, node.slice, least), node.slice)
        return node

    def twin(self, keyed: _Keyed, node: ast.Subscript) -> ast.AST:
        """Return the item in the tree in which the dict was found that is this one."""
        at = node.lineno, node.col_offset, node.end_col_offset
        return next(n for n in keyed.parents if isinstance(n, ast.Subscript)
                    and (n.lineno, n.col_offset, n.end_col_offset) == at)  # fmt: skip

    def visit_Compare(self, node):
        keyed = self.found.get(getattr(node.comparators[0], "id", "")) if len(node.ops) == 1 else None
        self.generic_visit(node)
        if keyed is None or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return node
        ends = [_number(keyed.first), _plus(_length(keyed.name), keyed.first)]
        node.comparators = [ast.Call(ast.Name("range", ast.Load()), ends, [])]  # 0.5 is in neither, 1.0 in both
        return node

    def visit_Assign(self, node):
        keyed = self.keyed(node.targets[0])
        if keyed is None:
            for target, value in _pairs(node):
                if isinstance(target, ast.Name) and target.id in self.found:
                    node.value = _replaced(node.value, value)
            self.generic_visit(node)
            return node
        store = self.twin(keyed, node.targets[0])
        item, key = self.visit(node.value), self.visit(node.targets[0].slice)
        assert isinstance(store, ast.Subscript)
        if keyed.is_next(store):
            return _at(_append(keyed.name, item), node)
        at = ast.Name(f"place_in_{keyed.name}")
        ends = ast.Compare(_load(at), [ast.Eq()], [_length(keyed.name)])
        inside = ast.Compare(_number(0), [ast.LtE(), ast.Lt()], [_load(at), _length(keyed.name)])
        put = ast.Assign([ast.Subscript(ast.Name(keyed.name, ast.Load()), _load(at), ast.Store())], copy.deepcopy(item))
        stop = ast.Raise(ast.Call(ast.Name("KeyError", ast.Load()), [ast.Constant(OUT_OF_ORDER), _load(at)], []))
        other = ast.If(inside, [put], [stop])
        made = [ast.Assign([ast.Name(at.id, ast.Store())], _plus(key, -keyed.first)),
                ast.If(ends, [_append(keyed.name, item)], [other])]  # fmt: skip
        return [_at(s, node) for s in made]


def _replaced(whole_value: ast.expr, value: ast.expr) -> ast.expr:
    """Return a value, or a tuple of values, with the list for one of them that is a dict."""
    if isinstance(value, ast.DictComp):
        new: ast.expr = ast.ListComp(value.value, value.generators)
    else:
        assert isinstance(value, ast.Dict)
        new = ast.List(value.values, ast.Load())
    new = ast.copy_location(new, value)
    if whole_value is value:
        return new
    assert isinstance(whole_value, ast.Tuple)
    whole_value.elts = [new if e is value else e for e in whole_value.elts]
    return whole_value


def _at(stmt, node):
    for n in ast.walk(stmt):
        if not hasattr(n, "lineno"):
            ast.copy_location(n, node)
    return stmt


def _load(name: ast.Name) -> ast.Name:
    return ast.Name(name.id, ast.Load())


def _number(value: int) -> ast.expr:
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _plus(e: ast.expr, by: int) -> ast.expr:
    if not by:
        return e
    return ast.BinOp(e, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _length(name: str) -> ast.expr:
    return ast.Call(ast.Name("len", ast.Load()), [ast.Name(name, ast.Load())], [])


def _append(name: str, item: ast.expr) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load()), [item], []))
