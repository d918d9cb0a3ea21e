"""What the names of a function hold while it is being read: dtype and rank, as far as the text so far tells."""

from __future__ import annotations

from dataclasses import replace

from ..errors import SrcgradError
from ..language import ir
from ..language.blocks import updates
from ..language.ir import For, Kind, Let, Store, Unpack
from ..language.kinds import INT, Unknown, call_kinds, kind_of
from ..language.lists import holds_items, is_list, of_items
from ..language.one_element import axes_of_one
from ..rules import externals


class Ranks:
    """The kinds of names as statements are emitted, in the order of the text.

    A name has as many axes on every path (`infer_kinds` sees to that later), so that what the text before a place says
    of a rank holds there. A dtype may still become wider.

    >>> known = Ranks({"a": Kind("float64", 2)})
    >>> known.note(Let("b", ir.Sub(ir.Name("a"), (ir.Const(0),))))
    >>> known.rank(ir.Name("b")), known.rank(ir.Name("c"))
    (1, None)
    """

    def __init__(self, kinds: dict[str, Kind] | None = None):
        self.kinds = dict(kinds or {})
        self.lists: set[str] = set()  # what holds the items of lists
        self.of_one: dict[str, frozenset[int]] = {}  # axes of arrays that have one element
        self.copies: set[str] = set()  # those of them that are arrays made of such items

    def note(self, stmt: ir.Stmt):
        """Take notice of what a statement binds."""
        if isinstance(stmt, Let):
            if not (updates(stmt) and stmt.target in self.kinds and self.kinds[stmt.target].rank):
                # both are said of the value, which may have the name's old array in it
                kind, ones = self.kind(stmt.value), self.ones(stmt.value)
                self.bind(stmt.target, kind)
                self.of_one[stmt.target] = ones
            if holds_items(stmt):
                self.lists.add(stmt.target)
                self.copies |= set() if is_list(stmt) else {stmt.target}
        elif isinstance(stmt, Store):
            if stmt.base in self.lists and stmt.base not in self.kinds and stmt.op == "=":
                item = self.kind(stmt.value)
                kind = item and of_items(item, stmt.base in self.copies)
                self.bind(stmt.base, kind and replace(kind, rank=kind.rank + len(stmt.index) - 1))
        elif isinstance(stmt, For):
            self.bind(stmt.var, INT)
        elif isinstance(stmt, Unpack):
            for name, kind in zip(stmt.targets, self.results(stmt), strict=True):
                self.bind(name, kind)

    def results(self, stmt: Unpack) -> tuple[Kind | None, ...]:
        """Return the kinds of what a call with several results gives, as far as they are known."""
        if externals.is_external(stmt.value):
            try:
                return call_kinds(stmt.value, self.kinds)
            except (Unknown, SrcgradError):
                pass
        return (None,) * len(stmt.targets)

    def bind(self, name: str, kind: Kind | None):
        """Let a name hold a kind from here on; None where it is not known."""
        if kind is None:
            self.kinds.pop(name, None)
        else:
            self.kinds[name] = kind

    def kind(self, expr: ir.Expr) -> Kind | None:
        """Return the kind of an expression; None where the text read so far does not tell."""
        try:
            return kind_of(expr, self.kinds)
        except (Unknown, SrcgradError):
            return None

    def ones(self, expr: ir.Expr) -> frozenset[int]:
        """Return the axes of an expression that have one element, as far as the text so far tells."""
        return axes_of_one(expr, self.kinds, self.of_one)

    def rank(self, expr: ir.Expr) -> int | None:
        """Return the number of axes of an expression; None where the text read so far does not tell."""
        kind = self.kind(expr)
        return None if kind is None else kind.rank
