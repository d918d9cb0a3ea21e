"""Loops over the rows of one matrix that follow each other become one: a row is read while it is in the cache."""

from __future__ import annotations

from collections import Counter
from functools import partial

from ..analysis.equalities import Known
from ..language import ir
from ..language.blocks import by_section
from ..language.ir import Block, For, Function, Kind, Let, Name, Stmt, Store, Sub
from ..switches import is_on
from .adjoint_joins import effects, made_sizes
from .joins import Rearranging
from .sums import join_additions

Sizes = dict[str, tuple[ir.Expr, ...]]


def join_sweeps(function: Function, kinds: dict[str, Kind], sizes: Sizes) -> Function:
    """Return the function with loops over rows of one matrix as one loop, which has their inner loops one by one.

    Of the forward part only those that array expressions have become: the user's loops stay as they are.

    >>> from dataclasses import replace
    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(A, x, y, u, v):
    ...     for i in range(A.shape[0]):
    ...         for j in range(A.shape[1]):
    ...             u[i] += A[i, j] * x[j]
    ...     for i in range(A.shape[0]):
    ...         for j in range(A.shape[1]):
    ...             v[j] += A[i, j] * y[i]
    ...     return u, v''')
    >>> kinds = {"A": Kind("float64", 2)}
    >>> print(emit(join_sweeps(replace(f, sections=((0, "backward"),)), kinds, {})))
    def f(A, x, y, u, v):
        # backward
        for i in range(A.shape[0]):
            for j in range(A.shape[1]):
                u[i] += A[i, j] * x[j]
            for j in range(A.shape[1]):
                v[j] += A[i, j] * y[i]
        return u, v
    """
    if not is_on("sweeps"):
        return function
    made = made_sizes(function.body, kinds, sizes)
    bound = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    titles = iter(("", *(title for _, title in function.sections)))
    before: list[Stmt] = []

    def block(stmts: Block) -> Block:
        # what is checked later does not hold yet
        known = Known(tuple(before), made)
        known.equal = {e: n for e, n in known.equal.items() if all(bound[x] < 2 for x in ir.names_in(e, n))}
        before.extend(stmts)
        wanted = partial(_is_sweep, anyone=next(titles) == "backward")
        return _SweepJoiner(kinds, wanted, lambda e: known.form(e).expr()).block(stmts)

    return by_section(function, block)


class _SweepJoiner(Rearranging):
    def feeds(self, first: For, second: For) -> bool:
        return bool(self.matrices(first) & self.matrices(second))

    def joint(self, body: Block) -> Block:
        rows = _RowJoiner(self.kinds, _only_stores, self.size, self.local)
        return join_additions(rows.block(body), in_loop=True)

    def matrices(self, loop: For) -> set[str]:
        """Return the arrays that an inner loop of a loop reads or writes in the row of the trip."""
        row, found = Name(loop.var), set()
        for inner in loop.body:
            if not isinstance(inner, For):
                continue
            for stmt in ir.statements(inner.body):
                touched = [e for x in ir.exprs_of(stmt) for e in ir.walk(x) if isinstance(e, Sub)]
                touched += [Sub(Name(stmt.base), stmt.index)] if isinstance(stmt, Store) else []
                found |= {name for e in touched for name in self.in_row(e, row, Name(inner.var))}
        return found

    def in_row(self, e: Sub, row: Name, column: Name) -> list[str]:
        """Return the name of the array, if an element lies in the row."""
        lies = len(e.index) > 1 and e.index[0] == row and column in e.index[1:]
        return [e.base.id] if isinstance(e.base, Name) and lies else []


class _RowJoiner(Rearranging):
    """Joins inner loops where the second adds to the elements that the first one assigns."""

    def feeds(self, first: For, second: For) -> bool:
        assigned = {(s.base, s.index) for s in first.body if isinstance(s, Store) and s.op == "="}
        return any(isinstance(s, Store) and s.op == "+=" and (s.base, s.index) in assigned for s in second.body)


def _only_stores(loop: For) -> bool:
    """Return whether a loop is an innermost one that sums nothing."""
    return all(isinstance(s, Let | Store) for s in loop.body) and not effects(loop)[1]


def _is_sweep(loop: For, anyone: bool) -> bool:
    """Return whether a loop has innermost loops beside single statements, and is an array expression's or anyone's."""
    if not (loop.made or anyone):
        return False
    inner = [s for s in loop.body if ir.blocks_of(s)]
    return bool(inner) and all(isinstance(s, For) and not any(map(ir.blocks_of, s.body)) for s in inner)
