"""Innermost loops that add to several elements, split at rows that keep what all of their parts need.

`t = f(x[j]); X[i, j + 1] += t; X[i, j] -= t` vectorises in parts (`split`), each of which computes t again. Where that
takes too long, a loop of its own puts it into a row, which stays in the cache, and the others read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.ir import Block, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..language.kind import dtype_option
from .free_order import Around, IsFree
from .interchange import length_outside
from .split import TRIP, Parts

ROWS = 4  # at most: LLVM compares each with all that is read
GAIN = 0.75  # what the parts may take of the time of the loop: what they take in truth is not known as well as that


def keep_rows(block: Block, is_free: IsFree, kinds: dict[str, Kind], fresh: Callable[[str], str]) -> Block:
    """Return the block of the backward part with such loops split at rows.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x_bar, x, n, m):
    ...     for i in range(m):
    ...         for j in range(n):
    ...             t = 1.0 / np.sqrt(x[i, j] * x[i, j] + 0.001)
    ...             x_bar[i, j + 1] += t
    ...             x_bar[i, j] -= t
    ...             x_bar[i + 1, j] += t
    ...     return x_bar''')
    >>> kinds = {"x_bar": Kind("float64", 2), "x": Kind("float64", 2), "t": Kind("float64")}
    >>> body = keep_rows(f.body, lambda loop, around: True, kinds, ir.Fresh(ir.all_names(f)))
    >>> print(emit(replace(f, body=body), comments=False))
    def f(x_bar, x, n, m):
        t_row = np.empty(max(n, 0))
        for i in range(m):
            for j in range(n):
                t = 1.0 / np.sqrt(x[i, j] * x[i, j] + 0.001)
                t_row[j] = t
            for j in range(n):
                x_bar[i, j + 1] += t_row[j]
            for j in range(n):
                x_bar[i, j] -= t_row[j]
            for j in range(n):
                x_bar[i + 1, j] += t_row[j]
        return x_bar
    """
    keeper = _Keeper(is_free, kinds, fresh)
    out: list[Stmt] = []
    for stmt in block:
        new = keeper.visited(stmt, ())
        out += [*keeper.rows, *new]
        keeper.rows = []
    return tuple(out)


class _Keeper:
    def __init__(self, is_free: IsFree, kinds: dict[str, Kind], fresh: Callable[[str], str]):
        self.is_free, self.kinds, self.fresh = is_free, kinds, fresh
        self.rows: list[Stmt] = []

    def visited(self, stmt: Stmt, around: Around) -> list[Stmt]:
        """Return a statement with the loops in it split; one that may not run makes no rows before it."""
        if isinstance(stmt, If):
            return [stmt]
        if isinstance(stmt, For) and all(isinstance(s, Let | Store) for s in stmt.body):
            return self.split(stmt, around) or [stmt]
        inside = (*around, stmt) if isinstance(stmt, For | While) else around
        return [ir.with_blocks(stmt, lambda b: [new for s in b for new in self.visited(s, inside)])]

    def split(self, loop: For, around: Around) -> list[Stmt] | None:
        """Return a loop that fills rows and those that read them; None where that takes no less time."""
        parts = Parts(loop)
        groups = parts.groups()
        size = length_outside(loop, around) if len(groups) > 1 else None
        if size is None or loop.parallel or not self.is_free(loop, around):
            return None
        effects = [s for group in groups for s in group]
        read = ir.names_in(*(e for s in effects for e in ir.exprs_of(s)))
        kept = {s.target: s for s in parts.lets if s.target in read & parts.varying}
        if not 0 < len(kept) <= ROWS or len(kept) < sum(s.target in kept for s in parts.lets):
            return None
        if not all(n in self.kinds and not self.kinds[n].rank for n in kept):
            return None  # a row of an array is no number
        needed = parts.body([*kept.values()])
        if ir.names_in(*(e for s in needed for e in ir.exprs_of(s))) & parts.stored:
            return None
        rows = {n: self.fresh(f"{n}_row") for n in kept}
        fill = (*needed, *(Store(row, (Name(loop.var),), Name(n), "=", kept[n].loc) for n, row in rows.items()))
        table: dict[Expr, Expr] = {Name(n): Sub(Name(row), (Name(loop.var),)) for n, row in rows.items()}
        loops = [replace(loop, body=body) for body in (fill, *(self.reading(parts, group, table) for group in groups))]
        if sum(p.price(p.loop.body) + TRIP for p in map(Parts, loops)) >= GAIN * (parts.price(loop.body) + TRIP):
            return None
        for n, row in rows.items():
            self.kinds[row] = Kind(self.kinds[n].dtype, 1)
            self.rows.append(Let(row, Op("np.empty", (size,), dtype_option(self.kinds[n].dtype)), loop.loc))
        return [*loops]

    def reading(self, parts: Parts, group: list[Stmt], table: dict[Expr, Expr]) -> Block:
        """Return what a group does with what rows have kept, and what is the same in all trips."""
        wanted = (s for s in parts.body(group) if s in group or isinstance(s, Let) and s.target not in parts.varying)
        return tuple(ir.with_exprs(s, lambda e: ir.substitute(e, table)) for s in wanted)
