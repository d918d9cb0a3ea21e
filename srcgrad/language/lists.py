"""What makes lists, and arrays that stand for lists: their dtype is wide enough for all that is put into them."""

from __future__ import annotations

from dataclasses import replace

from . import ir
from .ir import Kind, Let, Op
from .kind import OF_NUMBERS

AS_LIST = (("list", True),)  # said of what makes an array that stands for a list
PUT = "put"  # the operator of a store that lays an item of a list where its elements stand


def of_items(item: Kind, copies: bool) -> Kind:
    """Return the kind of a list that holds such items, or of an array that `copies` them."""
    numbers = not item.rank and not item.is_numpy and not copies
    return Kind(item.own if copies else item.dtype, item.rank + 1, OF_NUMBERS if numbers else "")


def holds_items(stmt) -> bool:
    """Return whether a statement makes a list, or an array of given items: its kind is that of what is put into it."""
    return isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn == "list"


def is_list(stmt) -> bool:
    """Return whether a statement makes a list: it holds the arrays put into it, not copies of them."""
    return holds_items(stmt) and not stmt.value.option("copies")


def becomes_list(value) -> bool:
    """Return whether a value is a list made of an array: its dtype is wide enough for all that is put into it."""
    return isinstance(value, Op) and bool(value.option("list"))


def as_array(stmt: ir.Stmt, name: str) -> ir.Stmt:
    """Return the statement that makes the list of this name as one that makes an array, any other as it is."""
    made = stmt.value if isinstance(stmt, Let) and stmt.target == name else None
    static = (("copies", True),)
    return replace(stmt, value=replace(made, static=static)) if isinstance(made, Op) and made.fn == "list" else stmt
