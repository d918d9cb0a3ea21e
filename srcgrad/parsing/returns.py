"""Read what a function returns: the same form on every path; a helper may give a number or None.

A helper that returns None on some paths gives a number and whether there is none. A name that is bound to what it gives
may be None then; elsewhere it is an error at run time if it is.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cached_property

from .. import tree
from ..language import ir
from ..language.ir import Const, Return
from .columns import ReadAgain, counter_of
from .effects import known_parts
from .expressions import ExpressionReader, List, Obj, Struct, is_text
from .none import is_maybe, maybe_of
from .source import own_nodes

NOTHING = Const(None)  # the number on paths that return None


class ReturnReader(ExpressionReader):
    """Reads returns, and what calls give that may be None."""

    # what `Reader` sets up
    env: dict

    def stmt_return(self, node):
        value = Obj(None) if node.value is None else self.as_result(self.expr(node.value), node)
        value = self.number_or_none(value, node) if self.may_give_none else value
        value = self.in_one_list(value, self.template, node)
        self.require_result(value, node)
        shape, flat = flatten_result(value)
        before = value if self.template is None else self.template
        if flatten_result(before)[0] != shape or list(known_parts(before)) != list(known_parts(value)):
            self.fail(node, "the returns of this function have different forms",
                      "return as many values on every path, numbers instead of text or None")  # fmt: skip
        if before is not value and self.which_cells(before) != self.which_cells(value):
            self.fail(node, "this function returns one list or dict of two that are written", "return its items")
        self.joined(before, value)
        axes = [[None if e == NOTHING else self.shared.ranks.rank(e) for e in flatten_result(v)[1]]
                for v in (before, value)]  # fmt: skip
        if different := next((p for p in zip(*axes, strict=True) if None not in p and p[0] != p[1]), None):
            self.fail(node, f"the returns of this function have {different[0]} and {different[1]} axes",
                      "return as many on every path: np.zeros_like(...) for 0.0")  # fmt: skip
        self.template = before
        several = sum(isinstance(n, ast.Return) for n in own_nodes(self.node)) > 1
        flat = tuple(map(self.copied, flat)) if several and not (self.is_callee or self.shared.base) else flat
        single = flat[0] if not isinstance(shape, tree.Node) else ir.Tuple(flat)
        self.emit(Return(single, self.source.loc(node)))

    # -- lists
    def in_one_list(self, value, before, node, place=""):
        """Return a list that a function gives on one of several paths: one buffer takes the items on all of them.

        That the lists differ shows where the second one is returned: then the text is read again. `before` is what
        the first path gives; the lists in a tuple are told apart by their `place`.
        """
        if isinstance(value, Struct) and value.kind == "tuple":
            same = isinstance(before, Struct) and len(before.items) == len(value.items)
            first = before.items if same else (None,) * len(value.items)
            parts = enumerate(zip(value.items, first, strict=True))
            items = tuple(self.in_one_list(v, b, node, f"{place}_{k}") for k, (v, b) in parts)
            changed = any(a is not b for a, b in zip(items, value.items, strict=True))
            return replace(value, items=items) if changed else value
        every = [n for n in own_nodes(self.node) if isinstance(n, ast.Return)]
        if not self.is_callee or len(every) < 2 or not _is_any_list(value) or self.is_cell(value):
            return value
        key = self.key_of_list(f"return of {getattr(self.node, 'name', '')}{place}")
        if _is_any_list(before) and before is not value and not self.is_same(before, value):
            self.refuse_given(before, node)
            self.refuse_given(value, node)
        if key not in self.shared.rebound or isinstance(value, Struct) and value.kind == "dict":
            known = isinstance(before, Struct) and isinstance(value, Struct) and len(before.items) == len(value.items)
            dicts = any(isinstance(v, Struct) and v.kind == "dict" for v in (before, value))
            if _is_any_list(before) and not known and not dicts and before != value:
                raise ReadAgain(key)
            return value
        self.refuse_given(value, node)
        if before is None:
            before = self.new_list(f"returned{place}", Struct((), (), "list"), node, own=False)
        self.emit(ir.Let(counter_of(before), Const(0), self.source.loc(node)))
        self.grow_list(node, before, "extend", [value])
        return before

    def refuse_given(self, value, node):
        """Refuse to return a caller's list or dict on one of several paths, if what is returned, or it, is written."""
        names = self.shown_by(set(), self.names_for(value))
        around = self.shown_outside(value) if isinstance(value, Struct) else self.shown_around(value)
        if not (around or names.every & self.callers):
            return
        if self.is_written_around(value) or not self.goes_apart_outside(names, value, returned=True):
            kind = value.kind if isinstance(value, Struct) else "list"
            what = f"this function returns one of several {kind}s, among them one that it was given, and one is written"
            self.fail(node, what, f"return a copy of it: {kind}(...)")

    # -- a number or None
    @cached_property
    def may_give_none(self) -> bool:
        """Whether a function that is called says `return None` on some paths, and returns something on others."""
        texts = [n.value for n in own_nodes(self.node) if isinstance(n, ast.Return)] if self.is_callee else []
        none = [v is None or isinstance(v, ast.Constant) and v.value is None for v in texts]
        return any(none) and not all(none)

    def number_or_none(self, value, node):
        """Return what is returned on one path of a function that gives None on others."""
        if isinstance(value, Obj) and value.value is None:
            return maybe_of(NOTHING, Const(True))
        if isinstance(value, ir.Expr) and not is_text(value) and self.shared.ranks.rank(value) == 0:
            kind = self.shared.ranks.kind(value)
            self.whole_numbers = self.whole_numbers and kind is not None and not kind.is_float
            return maybe_of(value, Const(False))
        return value

    def with_nothing(self, block: ir.Block) -> ir.Block:
        """Return the body with a number, which nothing reads, in the returns of None.

        Where the paths that are left all return None, or none does, that is what the function gives.
        """
        if not is_maybe(self.template):
            return block
        values = [s.value for s in ir.statements(block) if isinstance(s, Return)]
        pairs = [v.items for v in values if isinstance(v, ir.Tuple)]
        nothing = {none == Const(True) for _, none in pairs if isinstance(none, Const)}
        settled = len(nothing) == 1 and all(isinstance(none, Const) for _, none in pairs)
        if settled:
            self.template = Obj(None) if nothing == {True} else self.template.items[0]

        def one(stmt: ir.Stmt) -> ir.Stmt:
            if not (isinstance(stmt, Return) and isinstance(stmt.value, ir.Tuple)):
                return ir.with_blocks(stmt, lambda b: map(one, b))
            number, none = stmt.value.items
            if settled:
                return replace(stmt, value=ir.Tuple(()) if nothing == {True} else number)
            unread = Const(0) if self.whole_numbers else Const(0.0)
            return replace(stmt, value=ir.Tuple((unread if number == NOTHING else number, none)))

        return tuple(map(one, block))

    @cached_property
    def calls_that_may_give_none(self) -> set[int]:
        """The calls in the text whose results are bound to a name, compared with None, returned by such a function, or
        not used at all.
        """
        kept: list[ast.expr | None] = []
        for n in own_nodes(self.node):
            bound = isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Name)
            alone = isinstance(n, ast.Expr | ast.NamedExpr) or isinstance(n, ast.Return) and self.may_give_none
            if bound or alone:
                kept.append(n.value)
            elif isinstance(n, ast.Compare) and any(isinstance(op, ast.Is | ast.IsNot) for op in n.ops):
                kept += [n.left, *n.comparators]
        return {id(n) for n in kept if isinstance(n, ast.Call)}

    def given(self, node: ast.Call, value):
        """Return what a call gives: a number where it may be None and nothing asks whether it is."""
        if not is_maybe(value) or id(node) in self.calls_that_may_give_none:
            return value
        number, none = value.items
        loc = self.source.loc(node)
        stop = ir.Raise("TypeError", (Const(f"{ast.unparse(node)} gives None ({loc.place})"),), loc)
        self.emit(ir.If(none, (stop,), (), loc))
        return number


def _is_any_list(value) -> bool:
    return isinstance(value, List) or isinstance(value, Struct) and value.kind in ("list", "dict")


def flatten_result(value) -> tuple[tree.Structure, tuple[ir.Expr, ...]]:
    """Return (the structure of a result, its numbers and arrays in order)."""
    if isinstance(value, Struct):
        parts = [flatten_result(v) for v in value.items]
        node = tree.Node(value.kind, value.keys, tuple(p[0] for p in parts), value.make)
        return node, tuple(e for _, flat in parts for e in flat)
    if isinstance(value, ir.Expr):
        return tree.LEAF, (value,)
    return tree.Node("known", (), ()), ()


def leaves_of_result(result) -> list:
    """Return the numbers and arrays of what is returned."""
    return list(result.items) if isinstance(result, ir.Tuple) else [result]


def rebuilt(template, leaves):
    """Return a result of a form, of the next of these numbers and arrays."""
    if isinstance(template, Struct):
        return replace(template, items=tuple(rebuilt(v, leaves) for v in template.items))
    return next(leaves) if isinstance(template, ir.Expr) else template
