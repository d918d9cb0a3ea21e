"""Forward and backward part of a loop in one: where a trip needs nothing of later trips, nothing has to be kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..analysis.dead_code import drop_dead
from ..language import ir
from ..language.blocks import is_innermost
from ..language.costs import cost
from ..language.ir import Block, Expr, For, Function, If, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..language.sum_order import pairs_compared, vectorises
from ..rules import elementwise
from .contractions import contract_function
from .joins import NEAR, Joiner, by_making, may_stop
from .split import CHECKS, LANES

TITLE = "forward and backward"
WHILE_ADDING, CHOICE = 10, 5  # simple operations: done while one addition waits for another, lost by a choice
Known = dict[Expr, Expr]  # what names and elements hold


def join_parts(function: Function, kinds: dict[str, Kind], sizes) -> Function:
    """Return the function with the last loop of its forward part and the first of its backward part as one.

    That is done where the second reads what the first keeps, trip by trip, and where each trip of the first is
    complete without those after it: then what it keeps are scalars.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n):
    ...     s = 0.0
    ...     e_rec = np.empty(n)
    ...     for i in range(n):
    ...         e = np.exp(x[i])
    ...         e_rec[i] = e
    ...         s += e * e
    ...     x_bar = np.empty(n)
    ...     for i in range(n):
    ...         e = e_rec[i]
    ...         x_bar[i] = 2.0 * e * e
    ...     return s, x_bar''')
    >>> kinds = {n: Kind("float64", r) for n, r in (("x", 1), ("s", 0), ("e", 0), ("e_rec", 1), ("x_bar", 1))}
    >>> f = replace(f, sections=((0, "forward"), (3, "backward")))
    >>> print(emit(join_parts(f, kinds, {})))
    def f(x, n):
        # forward
        s = 0.0
        x_bar = np.empty(n)
        # forward and backward
        for i in range(n):
            e = np.exp(x[i])
            s += e * e
            x_bar[i] = 2.0 * e * e
        return s, x_bar
    """
    starts = {title: k for k, title in function.sections}
    if list(starts) != ["forward", "backward"]:
        return function
    body, split = function.body, starts["backward"]
    forward = {id(s) for s in body[:split]}
    joints: set[int] = set()
    for second in body[split:]:
        for first in reversed([s for s in body if id(s) in forward | joints]):
            joined = _joined(body, first, second, kinds, sizes)
            if joined is not None:
                made = {id(s) for s in joined} - {id(s) for s in body}
                body, joints = joined, joints | made
                break
    if not joints:
        return function
    at = [k for k, s in enumerate(body) if id(s) in joints]
    last = max(k for k, s in enumerate(body) if id(s) in forward | joints)
    more = any(not isinstance(s, ir.Return) for s in body[last + 1 :])
    sections = ((0, "forward"), (at[0], TITLE), *(((last + 1, "backward"),) if more else ()))
    returned = {n for s in body if isinstance(s, ir.Return) for n in ir.names_in(s.value)}
    function = replace(function, body=body, sections=sections)
    return contract_function(drop_dead(function), kinds, sizes, set(function.params) | returned)


def _joined(body: Block, first: Stmt, second: Stmt, kinds: dict[str, Kind], sizes) -> Block | None:
    """Return the body with two of its statements as one loop; None where they stay apart."""
    if not (isinstance(first, For) and isinstance(second, For)) or first.parallel or second.parallel:
        return None  # what one trip keeps for itself alone would be shared by all cores
    a, b = (next(k for k, s in enumerate(body) if s is stmt) for stmt in (first, second))
    kept = ir.stored_in((first,)) & ir.read_in((second,))
    again = _computed(first) & _computed(second)
    if a > b or not kept and not again or b - a > NEAR:
        return None
    read = ir.read_in(tuple(s for s in body if s is not first and s is not second))
    if not kept - read and not again or not _checked(first, second) or not kept and _gain_apart(first, second):
        return None
    local = (ir.bound_in((first,)) | ir.bound_in((second,))) - read
    joiner = _PartJoiner(kinds, lambda loop: not any(loop is s for s in body[a + 1 : b]), by_making(sizes), local)
    out = list(body[a:b])
    if not joiner.joinable(second) or not joiner.join(out, second):
        return None
    at = next(k for k, s in enumerate(out) if not any(s is x for x in body[a:b]))
    # a value that is not computed again may have kept two branches apart
    out[at] = ir.with_blocks(out[at], lambda b: without_repetition(join_branches(without_repetition(b, {})), {}))
    return (*body[:a], *out, *body[b + 1 :])


def _gain_apart(first: For, second: For) -> bool:
    """Return whether the second of two loops takes less time in lanes than the first would take longer with it.

    A sum in order is added one number after the other, and in the meantime a few other operations take no time.
    """
    inner = [[s for s in ir.statements((loop,)) if isinstance(s, For) and is_innermost(s)] for loop in (first, second)]
    if not all(vectorises(loop) and pairs_compared(loop.body) <= CHECKS for loop in inner[1]):
        return False
    if any(map(vectorises, inner[0])):
        # sums and stores in one loop are taken one after the other
        return all(map(vectorises, inner[0])) and not any(isinstance(s, Store) for s in ir.statements((first,)))
    alone, both = _work(*inner[0]), _work(*inner[0], *inner[1])
    return both > max(alone, WHILE_ADDING) + (both - alone) / LANES


def _work(*loops: For) -> int:
    """Return how many simple operations a trip of each loop takes, a value that several compute counted once."""
    values = {e for loop in loops for s in ir.statements(loop.body) for e in ir.exprs_of(s)}
    choices = sum(isinstance(x, ir.Select) for e in values for x in ir.walk(e))
    return sum(map(cost, values)) + CHOICE * choices


class _PartJoiner(Joiner):
    """Joins loops of which the second reads what the first keeps, or computes again what that computes."""

    def block(self, stmts: Block) -> Block:
        return super().block(without_repetition(stmts, {}))

    def feeds(self, first: For, second: For) -> bool:
        return super().feeds(first, second) or bool(_computed(first) & _computed(second))

    def rearranged(self, first: For, between: list[Stmt], second: For) -> tuple[list[Stmt], list[Stmt]] | None:
        places = super().rearranged(first, between, second)
        # nothing goes ahead of a check that it may rely on
        early = places is not None and may_stop(first) and any(isinstance(s, For) and _places(s) for s in places[0])
        return None if early else places

    def movable(self, stmt: Stmt) -> bool:
        plain = isinstance(stmt, For) and not may_stop(stmt)
        return super().movable(stmt) or plain and all(map(self.computes, ir.statements((stmt,))))

    def computes(self, stmt: Stmt) -> bool:
        return super().computes(stmt) or isinstance(stmt, ir.Raise)


def _checked(first: For, second: For) -> bool:
    """Return whether each trip of a loop finds its indices checked once the same trip of the first has run."""
    known = {(s.target, s.value) for s in ir.statements(first.body) if isinstance(s, Let)}
    kept = ir.stored_in(first.body)

    def checked(name: str, value: Expr) -> bool:
        return (name, value) in known or isinstance(value, Sub) and bool(ir.names_in(value.base) & kept)

    return not may_stop(second) and (not may_stop(first) or all(checked(*place) for place in _places(second)))


def _places(loop: For) -> set[tuple[str, Expr]]:
    """Return the names that indices and ranges in a loop are computed from, with their values; loads may have none."""
    inside = list(ir.statements(loop.body))
    places: list[tuple] = [e.index for s in inside for x in ir.exprs_of(s) for e in ir.walk(x) if isinstance(e, Sub)]
    places += [s.index for s in inside if isinstance(s, Store)] + [(s.lo, s.hi) for s in inside if isinstance(s, For)]
    exprs = [e for index in places for e in index]
    found: set[tuple[str, Expr]] = {("", e) for whole in exprs for e in ir.walk(whole) if isinstance(e, Sub)}
    asked: set[str] = set()
    while exprs:
        names = ir.names_in(*exprs) - asked
        asked |= names
        lets = [s for s in inside if isinstance(s, Let) and s.target in names]
        found |= {(s.target, s.value) for s in lets}
        exprs = [s.value for s in lets]
    return found


def _computed(loop: For) -> set[tuple[str, Expr]]:
    """Return the names that a loop binds to what it computes or loads, with what that is."""
    lets = [s for s in ir.statements(loop.body) if isinstance(s, Let) and isinstance(s.value, Op | Sub)]
    return {(s.target, s.value) for s in lets if s.target not in ir.names_in(s.value)}


def join_branches(block: Block) -> Block:
    """Return the block with branches on one test that follow each other as one."""
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, join_branches)
        before = out[-1] if out else None
        if isinstance(stmt, If) and isinstance(before, If) and before.test == stmt.test:
            inside = (*before.then, *before.other)
            if not ir.names_in(stmt.test) & (ir.bound_in(inside) | ir.stored_in(inside)):
                sides = zip((before.then, before.other), (stmt.then, stmt.other), strict=True)
                then, other = (join_branches((*a, *b)) for a, b in sides)
                out[-1] = replace(before, then=then, other=other)
                continue
        out.append(stmt)
    return tuple(out)


def without_repetition(block: Block, known: Known) -> Block:
    """Return the block without bindings to the value that a name has, or that stands in an array, and without calls
    whose value has a name.
    """
    known = dict(known)
    out: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            stored = isinstance(stmt.value, Sub) and known.get(stmt.value) == Name(stmt.target)
            if stored or known.get(Name(stmt.target)) == stmt.value:
                continue
        if isinstance(stmt, For | While):
            forget(known, (stmt,))
        stmt = ir.with_exprs(stmt, partial(ir.substitute, table={v: k for k, v in known.items() if takes_long(v)}))
        stmt = ir.with_blocks(stmt, lambda b: without_repetition(b, known))
        forget(known, (stmt,))
        if isinstance(stmt, Let) and stmt.target not in ir.names_in(stmt.value):
            known[Name(stmt.target)] = stmt.value
        elif isinstance(stmt, Store) and stmt.op == "=" and isinstance(stmt.value, Name):
            known[Sub(Name(stmt.base), stmt.index)] = stmt.value
        out.append(stmt)
    return tuple(out)


def takes_long(value: Expr) -> bool:
    """Return whether an expression is the call of a transcendental function."""
    row = elementwise.BY_SPELLING.get(value.fn) if isinstance(value, Op) else None
    return row is not None and row.transcendental


def forget(known: Known, block: Block):
    """Take out of what is known of names and elements all that a block may change."""
    changed = ir.bound_in(block) | ir.stored_in(block)
    for place, value in list(known.items()):
        if ir.names_in(place, value) & changed:
            del known[place]
