"""Read lists of tuples that grow: a buffer for each part of an item, and one number of items for all.

A part that is None, a text or a function, the same in all items, is no buffer: it is part of the form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..language import ir
from ..language.ir import Let, Name, Op, Store
from ..language.lists import AS_LIST
from .expressions import ExpressionReader, List, Obj, Struct, is_text

# what a list of known items may have, and one that grows may not
NO_ITEM = "an item of a list that grows is neither a number nor an array"
NOT_ALIKE = "the items of a list that grows are not of one form"


class ReadAgain(Exception):
    """What a list is turns out where it was read before: the text is read again with `key`, which tells it."""

    def __init__(self, key: tuple):
        super().__init__(key)
        self.key = key


class ColumnReader(ExpressionReader):
    """Knows of every list whether its items are numbers and arrays, or tuples of one form."""

    def put(self, into: List, place: ir.Expr, value, node):
        """Emit the stores that make a value the item at a place."""
        for column, part in zip(_leaves(self.columns(into, value, node)), _leaves(value), strict=True):
            self.emit(Store(column.id, (place,), part, "=", self.source.loc(node)))

    def room(self, into: List, value, node):
        """Emit what makes room for one more item."""
        for column in _leaves(self.columns(into, value, node)):
            self.emit(ir.Grow(column.id, into.count, False, self.source.loc(node)))

    def columns(self, of: List, value, node):
        """Return the buffers of the parts of an item, put together as the item is; all items must have one form."""
        known, name = self.shared.columns, of.buffer.id
        if name not in known:
            if isinstance(value, Struct):
                self.read_with_form(name, value)
            known[name] = self.new_columns(name, value) if isinstance(value, Struct) else of.buffer
            self.shared.ranks.lists.update(c.id for c in _leaves(known[name]))
            if isinstance(value, Struct) and not of.full:
                made = self.made_columns(of, (), node)
                self.shared.heads += made
                for stmt in made:
                    self.shared.ranks.note(stmt)
        if not _same_form(known[name], value):
            self.read_with_rows(name)
            self.fail(node, NOT_ALIKE, "use a list for each form")
        return known[name]

    def new_columns(self, path: str, part):
        """Return the form of an item with the name of a new buffer for each part."""
        if is_same_for_all(part):
            return part
        if not isinstance(part, Struct):
            return Name(self.fresh(path))
        items = (self.new_columns(f"{path}_{key}", v) for key, v in zip(part.keys, part.items, strict=True))
        return replace(part, items=tuple(items))

    def made_columns(self, of: List, count: tuple[ir.Expr, ...], node, static=()) -> list[ir.Stmt]:
        """Return the statements that make the buffers of a list, of a known length or to grow."""
        loc = self.source.loc(node)
        return [Let(c.id, Op("list", count, static, loc), loc) for c in _leaves(self.shared.columns[of.buffer.id])]

    def item_read(self, of: List, expr: ir.Expr):
        """Return the item that an expression of the buffer reads, a tuple put together from its parts."""
        if of.buffer.id not in self.shared.columns:
            self.shared.read_before.add(of.buffer.id)
        return _renamed(self.shared.columns.get(of.buffer.id, of.buffer), of.buffer.id, expr)

    def note_place(self, made: List, name: str, node):
        """Take notice of where a list is made, and of the form of its items, where that is known from before."""
        place = *self.key_of_list(name)[:2], node.lineno, node.col_offset, name, "form"
        self.shared.made_at[made.buffer.id] = place
        if (*place[:-1], "rows") in self.shared.rebound:
            self.shared.with_rows.add(made.buffer.id)
        form = next((key[-1] for key in self.shared.rebound if key[:-1] == place), None)
        if form is not None:
            self.columns(made, form, node)

    def read_with_form(self, name: str, value: Struct):
        """Have the text read again if items of a list were read, as numbers, before a tuple is put into it."""
        place = self.shared.made_at.get(name)
        told = any(key[:-1] == place for key in self.shared.rebound)
        if place is not None and name in self.shared.read_before and not told:
            raise ReadAgain((*place, form_of(value, known=True)))

    def read_with_rows(self, name: str):
        """Have the text read again if lists of several lengths are items of a list: these are arrays, then."""
        place = self.shared.made_at.get(name)
        key = None if place is None else (*place[:-1], "rows")
        if key is not None and name in self.shared.of_known_lists and key not in self.shared.rebound:
            raise ReadAgain(key)

    def copied_columns(self, of: List, node) -> List:
        """Return a slice of a list of tuples as a list of its own."""
        assert of.part is not None, of
        made, loc = self.fresh(of.buffer.id), self.source.loc(node)
        form = self.shared.columns[made] = self.new_columns(made, self.shared.columns[of.buffer.id])
        for column, part in zip(_leaves(form), _leaves(self.item_read(of, of.part)), strict=True):
            numbers = self.shared.ranks.rank(part) == 1
            self.emit(Let(column.id, Op("copy", (part,), AS_LIST, loc) if numbers else part, loc))
        whole = List(Name(made), Op("len", (Name(made),)), full=True)
        whole = replace(whole, count=self.first_column(whole, whole.count))
        if all(self.shared.ranks.rank(column) == 1 for column in _leaves(form)):
            return whole
        # arrays that both lists have: item by item, so that it is seen where one of the two is written
        items = self.new_list(of.buffer.id, Struct((), (), "list"), node, own=False)
        self.append_all(items, whole, node)
        return items

    def first_column(self, of: List, expr: ir.Expr) -> ir.Expr:
        """Return an expression of the buffer as one of a buffer that is there: its length is that of all."""
        column = next(_leaves(self.shared.columns.get(of.buffer.id, of.buffer)))
        return ir.rename_expr(expr, {of.buffer.id: column.id})

    def has_tuples(self, value: List) -> bool:
        """Return whether the items of a list are tuples."""
        return isinstance(self.shared.columns.get(value.buffer.id), Struct)


def counter_of(value: List) -> str:
    """Return the name of the number of items of a list that grows."""
    assert isinstance(value.count, Name), value
    return value.count.id


def row_of(form, k: ir.Expr):
    """Return the item at a place, given the arrays of its parts."""
    if isinstance(form, Struct):
        return replace(form, items=tuple(row_of(v, k) for v in form.items))
    return form if is_same_for_all(form) else ir.Sub(form, (k,))


def form_of(value, known=False):
    """Return a tuple without what stands in it, other than what is the same for all where that is wanted."""
    if isinstance(value, Struct):
        return replace(value, items=tuple(form_of(v, known) for v in value.items))
    return value if known and is_same_for_all(value) else None


def is_same_for_all(part) -> bool:
    """Return whether a part of items may only be the same in all of them: None, a text, a function from outside."""
    return isinstance(part, Obj) and not hasattr(part.value, "reader") or is_text(part)


def _leaves(value) -> Iterator:
    if is_same_for_all(value):
        return
    if not isinstance(value, Struct):
        yield value
        return
    for item in value.items:
        yield from _leaves(item)


def _same_form(a, b) -> bool:
    if is_same_for_all(a) or is_same_for_all(b):
        return a == b
    if not isinstance(a, Struct) or not isinstance(b, Struct):
        return isinstance(a, Struct) == isinstance(b, Struct)
    same = (a.kind, a.keys, a.make) == (b.kind, b.keys, b.make)
    return same and all(_same_form(p, q) for p, q in zip(a.items, b.items, strict=True))


def _renamed(form, name: str, expr: ir.Expr):
    if isinstance(form, Struct):
        return replace(form, items=tuple(_renamed(v, name, expr) for v in form.items))
    return form if is_same_for_all(form) else ir.rename_expr(expr, {name: form.id})
