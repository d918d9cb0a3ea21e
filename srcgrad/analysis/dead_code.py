"""Leave out what nothing reads: statements whose values no path uses, stores into arrays that are never read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..language import ir
from ..language.blocks import exposed_reads, updates
from ..language.calls import can_drop, is_call, reversed_in
from ..language.ir import Const, Expr, For, If, Let, Name, Op, Stmt, Store
from ..rules import draws, elementwise

Block = tuple[Stmt, ...]
Live = frozenset[str]


def drop_dead(function: ir.Function) -> ir.Function:
    """Return the function without bindings and stores that nothing reads.

    A number is dead where every path from there binds it anew, or ends, before it is read. An array is if no statement
    at all reads it: other names may show its memory.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> print(emit(drop_dead(parse_text('''
    ... def f(a, x):
    ...     for i in range(a.size):
    ...         t = 2.0 * a[i]
    ...     s = 0.0
    ...     for i in range(a.size):
    ...         t = x * a[i]
    ...         s = s + t
    ...     return s''')), comments=False))
    def f(a, x):
        s = 0.0
        for i in range(a.size):
            t = x * a[i]
            s = s + t
        return s
    """
    dropper = _Dropper(_read_in(function.body), frozenset(_numbers(function.body)), set(function.params),
                       escaping_counters(function.body), reversed_in(function.body))  # fmt: skip
    live: Live = frozenset()
    kept: list[tuple[int, Stmt]] = []
    for k in reversed(range(len(function.body))):
        part, live = dropper.block((function.body[k],), live)
        kept += [(k, s) for s in reversed(part)]
    places = [k for k, _ in reversed(kept)]
    sections = tuple((sum(p < at for p in places), title) for at, title in function.sections)
    return replace(function, body=tuple(s for _, s in reversed(kept)), sections=sections)


@dataclass
class _Dropper:
    """Goes backward through blocks with the numbers that are read further on.

    Attributes
    ----------
    read : set of str
        The names that are read at all.
    numbers : frozenset of str
        The names that surely stand for numbers.
    """

    read: set[str]
    numbers: Live
    params: set[str]
    escaping: set[str]
    repeated: set
    at_break: Live = frozenset()
    at_continue: Live = frozenset()

    def block(self, stmts: Block, live: Live) -> tuple[Block, Live]:
        """Return (what stays of a block, what is read from its start on), given what is read behind it."""
        kept: list[Stmt] = []
        for stmt in reversed(stmts):
            stmt, before = self.nested(stmt, live)
            if self.is_dead(stmt, live):
                continue
            if isinstance(stmt, If) and not stmt.then:
                stmt = replace(stmt, test=Op("not", (stmt.test,)), then=stmt.other, other=())
            kept.append(stmt)
            live = before
        return tuple(reversed(kept)), live

    def is_dead(self, stmt: Stmt, live: Live) -> bool:
        if isinstance(stmt, Let) and not draws_random(stmt.value):
            return stmt.target not in self.read or stmt.target in self.numbers and stmt.target not in live
        if is_call(stmt):
            return not self.read & set(ir.binds(stmt)) and can_drop(stmt, self.repeated)
        if isinstance(stmt, Store | ir.Grow):
            return stmt.base not in self.read and stmt.base not in self.params
        if isinstance(stmt, If):
            return not stmt.then and not stmt.other
        return isinstance(stmt, For) and not stmt.body and stmt.var not in self.escaping

    def nested(self, stmt: Stmt, live: Live) -> tuple[Stmt, Live]:
        """Return (a statement with what stays of its blocks, what is read from it on)."""
        own = frozenset(ir.names_in(*ir.exprs_of(stmt)))
        if isinstance(stmt, If):
            then, first = self.block(stmt.then, live)
            other, second = self.block(stmt.other, live)
            return replace(stmt, then=then, other=other), own | first | second
        if isinstance(stmt, For | ir.While):
            return self.loop(stmt, live, own)
        if isinstance(stmt, ir.Break):
            return stmt, self.at_break
        if isinstance(stmt, ir.Continue):
            return stmt, self.at_continue
        if isinstance(stmt, ir.Return | ir.Raise):
            return stmt, own
        if ir.blocks_of(stmt):
            # no path through what is not known is ruled out
            every = live | self.numbers
            return ir.with_blocks(stmt, lambda b: self.block(b, every)[0]), every
        return stmt, live - set(ir.binds(stmt)) | own

    def loop(self, stmt: For | ir.While, live: Live, own: Live) -> tuple[Stmt, Live]:
        """Return a loop with what stays of its body: what a trip reads may be what the one before it has bound."""
        outer = self.at_break, self.at_continue
        other, left = self.block(stmt.other, live)
        counted = {stmt.var} if isinstance(stmt, For) else set()
        head = left | own | (exposed_reads(stmt.body) - counted)
        self.at_break, self.at_continue = live, head
        body, _ = self.block(stmt.body, head)
        self.at_break, self.at_continue = outer
        return replace(stmt, body=body, other=other), head


def _read_in(block: Block) -> set[str]:
    """Return the names that are read, but to be updated themselves."""
    found: set[str] = set()
    for stmt in ir.statements(block):
        if isinstance(stmt, ir.Grow):
            continue
        if isinstance(stmt, Store):
            found |= ir.names_in(*stmt.index, stmt.value)
        elif isinstance(stmt, Let) and isinstance(stmt.value, Op) and updates(stmt):
            found |= ir.names_in(*stmt.value.args[1:])
        else:
            found |= ir.names_in(*ir.exprs_of(stmt))
    return found


def _numbers(block: Block) -> set[str]:
    """Return the names that arithmetic binds or reads: after lowering it is done on numbers."""
    found: set[str] = set()
    for stmt in ir.statements(block):
        if isinstance(stmt, Let) and (isinstance(stmt.value, Const) or _is_arithmetic(stmt.value)):
            found.add(stmt.target)
        for e in (part for whole in ir.exprs_of(stmt) for part in ir.walk(whole)):
            if isinstance(e, Op) and _is_arithmetic(e):
                found |= {a.id for a in e.args if isinstance(a, Name)}
    return found


def _is_arithmetic(e: Expr) -> bool:
    return isinstance(e, Op) and elementwise.is_elementwise(e.fn)


def escaping_counters(body) -> set[str]:
    """Return the loop variables that are read outside the loops that count them."""
    loops = {s.var for s in ir.statements(body) if isinstance(s, For)}
    found: set[str] = set()

    def visit(block, inside):
        for stmt in block:
            found.update((ir.names_in(*ir.exprs_of(stmt)) & loops) - inside)
            for inner in ir.blocks_of(stmt):
                visit(inner, inside | {stmt.var} if isinstance(stmt, For) else inside)

    visit(body, frozenset())
    return found


def draws_random(value: Expr) -> bool:
    """Return whether a value moves a stream of random numbers along, and is computed even if nothing reads it."""
    return isinstance(value, Op) and draws.is_draw(value.fn)
