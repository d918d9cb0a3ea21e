"""Read long loops over known numbers as loops over tables of them: written out once an item they take long to compile.

`for i, j in EDGES:` has its body written once for each edge where that is short, or where an edge is asked for what
must be known when the text is read.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from ..language import ir
from ..language.ir import Const
from .columns import ReadAgain
from .expressions import ExpressionReader, Struct
from .trips import Trips

# what a function is read again with: a loop is one over a table, or none is
TABLED, UNROLLED = "tabled", "unrolled"
# statements that all items but the first add, up to which a loop is written out; one of arrays becomes loops
MANY_STATEMENTS = 100
OF_ARRAYS = 4


class TableReader(ExpressionReader):
    """Reads the items of a loop from tables, of which every column holds numbers of one kind."""

    def is_tabled(self, loop: ast.AST | None) -> bool:
        """Return whether a loop is read as one over a table."""
        return isinstance(loop, ast.For) and (TABLED, *self.where_it_stands(loop)) in self.shared.rebound

    def as_table(self, known: Struct, node) -> Trips | None:
        """Return known items as trips that read them from tables; None where they are not numbers of one kind each."""
        item = _columns([self.of_numbers(v) for v in known.items])
        if item is None:
            return None
        count = Const(len(known.items))
        return Trips(count, lambda k: self.row_of_tables(item, k, node))

    def of_numbers(self, item):
        """Return an item of a list as it is written, where its integers have names."""
        if isinstance(item, Struct):
            return replace(item, items=tuple(map(self.of_numbers, item.items)))
        whole = None if isinstance(item, Const) else self.integer(item)
        return item if whole is None else Const(whole)

    def row_of_tables(self, columns, k: ir.Expr, node):
        """Return the item at a place of tables, made as the items are."""
        if isinstance(columns, Struct):
            return Struct(tuple(self.row_of_tables(c, k, node) for c in columns.items), columns.keys)
        return self.of_python(columns, ir.Sub(self.constant_table(tuple(v.value for v in columns)), (k,),
                                              self.source.loc(node)))  # fmt: skip

    def require_short(self, loop: ast.For, items: Sequence, first: Sequence[ir.Stmt], whole: bool):
        """Have the function be read again with a table where a loop that is written out is long.

        `first` is what its first item is read as; all items are known numbers if it is `whole`.
        """
        key = (TABLED, *self.where_it_stands(loop))
        if self.in_library or self.source.derived or {key, (UNROLLED,)} & self.shared.rebound:
            return
        size = sum(OF_ARRAYS if self.makes_loops(s) else 1 for s in ir.statements(tuple(first)))
        if (len(items) - 1) * size < MANY_STATEMENTS or len(items) < 3:
            return
        numbers = not whole or _columns([self.of_numbers(v) for v in items]) is not None
        if not numbers or self.indexes_known(loop) or self.makes_written(loop):
            return
        raise ReadAgain(key)

    def makes_loops(self, stmt: ir.Stmt) -> bool:
        """Return whether a statement computes an array, or stores into a part of one."""
        if isinstance(stmt, ir.Store):
            return any(isinstance(e, ir.Slice) for e in stmt.index)
        return isinstance(stmt, ir.Let) and bool(self.shared.ranks.rank(ir.Name(stmt.target)))


def _columns(items: Sequence) -> Struct | tuple[Const, ...] | None:
    """Return the items of each part of several tuples, of which each holds numbers of one kind; None for others."""
    if all(isinstance(v, Const) and type(v.value) in (int, float) for v in items):
        return tuple(items) if len({type(v.value) for v in items}) == 1 else None
    if not items or not all(isinstance(v, Struct) and v.kind == "tuple" and v.keys == items[0].keys for v in items):
        return None
    parts = [_columns(part) for part in zip(*(v.items for v in items), strict=True)]
    return None if None in parts or not parts else Struct(tuple(parts), items[0].keys)
