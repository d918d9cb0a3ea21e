"""Read lists of lists of numbers, which stand in an array with as many axes: a list in them is a row of it."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op, Store
from ..language.lists import becomes_list
from .columns import ColumnReader
from .expressions import List, Struct, regular, stored_names
from .handed import DEEPEST, Called, Known, text_called
from .looped import grows, root_of
from .parts import is_list, parts_of


class RowReader(ColumnReader):
    """Reads lists of lists of known lengths as one array where the text writes into the lists inside."""

    # what `Reader` sets up
    env: dict
    own_lists: dict[str, List]
    locals: frozenset[str]
    written_inside: set[str] | None

    def has_rows(self, name: str, value) -> bool:
        """Return whether a list of lists stands in one array: of numbers, of equal lengths, and written inside."""
        if not is_list(value, "list") or name not in self.locals or not self.is_table(value):
            return False
        if self.key_of_list(name) in self.shared.rebound and all(is_list(v, "list") for v in value.items):
            return True
        return name in self.names_written_inside() and not self.appends(name)

    def is_table(self, value: Struct) -> bool:
        """Return whether a list is one of lists of numbers, all of one length."""
        shape, leaves = regular(value)
        if any(isinstance(p, Struct) and p.kind not in ("list", "tuple") for p in parts_of(value)):
            return False
        return shape is not None and len(shape) > 1 and 0 not in shape and all(map(self.is_number, leaves))

    def names_written_inside(self) -> set[str]:
        """Return the names of this function whose items are written by its text, as lists are."""
        if self.written_inside is None:
            self.written_inside = written_inside(self.node, self.called_as, {}, DEEPEST)
        return self.written_inside

    def list_of_rows(self, name: str, value: Struct, node) -> List:
        """Return the array of a list of lists, with its numbers in it: that of the name where it has one of the form.
        """
        self.require_own_lists(value, name, node)
        shape, leaves = regular(value)
        leaves = [self.held_item(v, node) for v in leaves]
        made = self.own_lists.get(name)
        before = None if made is None else self.shared.row_shapes.get(made.buffer.id)
        reused = made is not None and before == shape and not self.others_that_show(name, made)
        if self.inside and made is not None and not reused:
            self.fail(node, f"the list {name!r} changes its form, or starts anew while another name shows it",
                      "use two names")  # fmt: skip
        if made is None or not reused:
            made = self.own_lists[name] = self.table_of(self.buffer_name(name), shape, self.depth > 0, node)
        self.written_meanwhile(made)
        self.fill_table(made, shape, leaves, node)
        return made

    def require_own_lists(self, value: Struct, name: str, node):
        """Refuse items that are no lists, or lists that something else shows."""
        inner = [part for item in value.items for part in parts_of(item) if isinstance(part, Struct)]
        if any(part.kind != "list" for part in inner):
            self.fail(node, f"tuples, or lists that have other names, are items of {name!r}, which is written inside",
                      "put copies into it: list(...)")  # fmt: skip
        self.require_unshown(inner, {name}, name, node)

    def require_unshown(self, inner: list[Struct], takes: set[str], name: str, node):
        """Refuse lists that are put into one that is written inside where there is another way to them."""
        shown = [v for k, v in self.env.items() if k not in takes and not self.is_new_in_each_trip(k, node)
                 for v in parts_of(v)]  # fmt: skip
        twice = any(self.is_same(a, b) for k, a in enumerate(inner) for b in (*inner[:k], *shown))
        if twice or any(map(self.shown_outside, inner)):
            self.fail(node, f"a list is put into {name!r}, and one of the two is written", "copy it: list(...)")

    def row_of_known(self, value: Struct, into: List, node) -> List | Struct:
        """Return a list of known numbers that is put into one that is written inside, as one that is copied there."""
        if not value.items or not all(map(self.is_number, value.items)):
            return value
        takes = {k for k, v in self.own_lists.items() if v == into}
        self.require_unshown([value], takes, self.spoken.of(into.buffer.id), node)
        made = self.table_of(self.fresh("row"), (len(value.items),), False, node)
        self.fill_table(made, (len(value.items),), list(value.items), node)
        return made

    def table_of(self, name: str, shape: tuple[int, ...], early: bool, node) -> List:
        """Return an array for a list of lists, made here or, with `early`, before all loops."""
        loc = self.source.loc(node)
        made = Let(name, Op("list", tuple(map(Const, shape)), (), loc), loc)
        self.shared.row_shapes[name] = shape
        self.shared.list_sizes[name] = Const(shape[0])
        if len(shape) > 1:
            self.shared.lists_of_lists.add(name)
        if early:
            self.shared.heads.append(made)
            self.shared.ranks.note(made)
        else:
            self.emit(made)
        return List(Name(name), Const(shape[0]), full=True)

    def fill_table(self, made: List, shape: tuple[int, ...], leaves: list, node):
        for at, value in zip(np.ndindex(*shape), leaves, strict=True):
            self.emit(Store(made.buffer.id, tuple(map(Const, at)), value, "=", self.source.loc(node)))

    def taken_over(self, own: List, value: List, name: str, node) -> List:
        """Give a list of a known length the items of another one."""
        shapes = self.shared.row_shapes
        if shapes.get(value.buffer.id) != shapes[own.buffer.id] or value.part is not None:
            self.fail(node, f"the list {name!r} changes its length inside a branch or loop", "use two names")
        self.written_meanwhile(own)
        self.emit(Store(own.buffer.id, (ir.Dots(),), value.buffer, "=", self.source.loc(node)))
        return own

    def row_picked(self, value: Struct, key: ir.Expr, node) -> ir.Expr | Struct | List | None:
        """Return the row of known rows of numbers at a place known only at run time, to be read; None of other items.

        Rows of constants are in a table that is made before; shorter ones are filled up there.
        """
        rows = [v.items for v in value.items if isinstance(v, Struct) and v.kind in ("list", "tuple")]
        if len(rows) < len(value.items) or not any(rows) or not all(map(self.is_number, itertools.chain(*rows))):
            return None
        if root_of(node.value) in self.names_written_inside():
            return None  # what is written into the row that is picked has to be seen
        lengths, longest, loc = tuple(map(len, rows)), max(map(len, rows)), self.source.loc(node)
        key = self.hold(key, node) if not isinstance(key, Name) else key
        if len({*lengths}) == 1 and all(v.kind == "tuple" for v in value.items):
            keys = tuple(range(len(rows)))
            parts = (self.picked(Struct(column, keys), key, node) for column in zip(*rows, strict=True))
            return Struct(tuple(parts), tuple(range(longest)))  # each of the kind that its numbers have
        filled = [(*row, *(Const(0),) * (longest - len(row))) for row in rows]
        if all(isinstance(v, Const) for row in filled for v in row):
            table = self.constant_table(tuple(tuple(v.value for v in row) for row in filled))
        else:
            made = self.table_of(self.fresh("rows"), (len(rows), longest), False, node)
            self.fill_table(made, (len(rows), longest), list(itertools.chain(*filled)), node)
            table = made.buffer
        if len({*lengths}) == 1:
            return ir.Sub(table, (key,), loc)
        count = self.hold(ir.Sub(self.constant_table(lengths), (key,), loc), node, "count")
        whole = self.hold(ir.Sub(table, (key,), loc), node, "row")
        part = self.hold(Op("head", (whole, count), (), loc), node, "row")
        return List(part, Op("len", (part,)), full=True)

    def is_of_numbers(self, value: List) -> bool:
        """Return whether the items of a list are numbers, not arrays or tuples."""
        return not self.has_tuples(value) and self.shared.ranks.rank(self.whole(value)) == 1

    # -- which arrays are rows
    def note_row(self, stmt: ir.Stmt):
        """Take notice of a name that is bound to a row of a list of lists."""
        if isinstance(stmt, Let):
            (self.shared.rows.add if self.is_row(stmt.value) else self.shared.rows.discard)(stmt.target)

    def note_list_inside(self, into: List, value):
        """Take notice of a list that is put into another one."""
        known = is_list(value, "list") and into.buffer.id in self.shared.with_rows
        if isinstance(value, List) or known or self.is_row(value):
            self.shared.lists_of_lists.add(into.buffer.id)

    def is_row(self, value) -> bool:
        """Return whether an array stands for a list: a row of a list of lists, or a part of one."""
        if isinstance(value, Name):
            return value.id in self.shared.rows
        if becomes_list(value):
            return True
        if not isinstance(value, ir.Sub) or len(value.index) != 1:
            return False
        if isinstance(value.index[0], ir.Slice):
            return self.is_row(value.base)
        base = value.base.args[0] if isinstance(value.base, Op) and value.base.fn == "head" else value.base
        return isinstance(base, Name) and base.id in self.shared.lists_of_lists

    def refuse_joined(self, node, fn: str, a, b, inplace=False):
        """Refuse `+` and `*` that join or repeat lists where these are rows of an array here."""
        rows = [isinstance(v, List) or isinstance(v, Struct) and v.kind == "list" or self.is_row(v) for v in (a, b)]
        kinds = [self.shared.ranks.kind(v) if isinstance(v, ir.Expr) else None for v in (a, b)]
        counts = [k is not None and not k.rank and not k.is_float for k in kinds]
        if fn == "add" and all(rows) or fn == "mul" and any(rows) and any(counts) or inplace and rows[0]:
            if not any(map(self.is_row, (a, b))):
                self.fail(node, "a list is repeated here, as often as is known only at run time, or in place",
                          "make another one: [v for _ in range(n) for v in items]")  # fmt: skip
            self.fail(node, "rows of a list of lists are joined or repeated here, as lists are",
                      "make arrays of them, np.array(...), or a list of each")  # fmt: skip


def written_inside(node, called: Called, known: Known, deep: int) -> set[str]:
    """Return the names of a function whose items it writes as lists, itself or by functions that it calls."""
    if (node, deep) in known:
        return known[node, deep]
    every = list(ast.walk(node))
    plain = {name for n in every for name in grows(n)}
    found = {name for n in every for name in _written_by(n, plain)}
    for n in every:
        if isinstance(n, ast.Call) and deep:
            found |= set(_written_by_call(n, called, known, deep))
    pairs = [(n.targets[0].id, n.value.id) for n in every if isinstance(n, ast.Assign)
             and isinstance(n.targets[0], ast.Name) and isinstance(n.value, ast.Name)]  # fmt: skip
    for _ in pairs:
        found |= {a for a, b in pairs if b in found} | {b for a, b in pairs if a in found}
    known[node, deep] = found
    return found


def _written_by(n: ast.AST, plain: set[str]) -> Iterator[str]:
    """Yield the names into whose items a piece of text writes, given the names that are written themselves."""
    inner = n.value if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) else None
    if isinstance(inner, ast.Subscript):
        yield root_of(inner)
    if isinstance(n, ast.For) and stored_names(n.target) & plain:
        args = n.iter.args if isinstance(n.iter, ast.Call) else [n.iter]
        for e in args:
            yield root_of(e)
    if isinstance(n, ast.Assign) and isinstance(n.value, ast.Subscript) and any(
        isinstance(t, ast.Name) and t.id in plain for t in n.targets):  # fmt: skip
        yield root_of(n.value)


def _written_by_call(call: ast.Call, called, known: Known, deep: int) -> Iterator[str]:
    """Yield the names that a call hands to a function with text which writes into their items."""
    if not any(isinstance(a, ast.Name) for a in (*call.args, *(k.value for k in call.keywords))):
        return
    found = text_called(called(call.func), call, known)
    if found is None:
        return
    node, around, pairs = found
    inside = written_inside(node, around, known, deep - 1)
    yield from (a.id for name, a in pairs if isinstance(a, ast.Name) and name in inside)
