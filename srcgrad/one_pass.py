"""Forward and backward part of a loop in one: where a trip needs nothing of later trips, nothing has to be kept."""

from __future__ import annotations

from dataclasses import replace

from . import ir
from .contractions import contract_function
from .dead_code import drop_dead
from .ir import Block, Expr, For, Function, If, Kind, Let, Name, Stmt, Store, Sub, While
from .joins import Joiner, by_making

TITLE = "forward and backward"
Known = dict[Expr, Expr]  # what names and elements hold


def join_parts(function: Function, kinds: dict[str, Kind], sizes) -> Function:
    """Return the function with the last loop of its forward part and the first of its backward part as one.

    That is done where the second reads what the first keeps, trip by trip, and where each trip of the first is
    complete without those after it: then what it keeps are scalars.

    >>> from srcgrad.parse import parse_text
    >>> from srcgrad.emit import emit
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
    places = _neighbours(function)
    if places is None:
        return function
    body, (a, b) = function.body, places
    first, second = body[a], body[b]
    others = tuple(s for s in body if s is not first and s is not second)
    local = (ir.bound_in((first,)) | ir.bound_in((second,))) - ir.read_in(others)
    out = list(body[a:b])
    if not ir.stored_in((first,)) & ir.read_in((second,)) - ir.read_in(others):
        return function
    joiner = Joiner(kinds, lambda loop: True, by_making(sizes), local)
    assert isinstance(second, For)
    if not joiner.joinable(second) or not joiner.join(out, second):
        return function
    at = next(k for k, s in enumerate(out) if isinstance(s, For))
    # a value that is not computed again may have kept two branches apart
    out[at] = ir.with_blocks(out[at], lambda b: without_repetition(join_branches(without_repetition(b, {})), {}))
    whole = (*body[:a], *out, *body[b + 1 :])
    place = a + at
    more = any(not isinstance(s, ir.Return) for s in whole[place + 1 :])
    sections = ((0, "forward"), (place, TITLE), *(((place + 1, "backward"),) if more else ()))
    function = replace(function, body=whole, sections=sections)
    returned = {n for s in body if isinstance(s, ir.Return) for n in ir.names_in(s.value)}
    return contract_function(drop_dead(function), kinds, sizes, set(function.params) | returned)


def _neighbours(function: Function) -> tuple[int, int] | None:
    """Return the places of the last loop of the forward part and of the first of the backward part."""
    starts = {title: k for k, title in function.sections}
    if list(starts) != ["forward", "backward"]:
        return None
    loops = [k for k, s in enumerate(function.body) if isinstance(s, For)]
    before = [k for k in loops if k < starts["backward"]]
    after = [k for k in loops if k >= starts["backward"]]
    return (before[-1], after[0]) if before and after else None


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
    """Return the block without bindings that give a name the value that it has, or that stands in an array."""
    known = dict(known)
    out: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            stored = isinstance(stmt.value, Sub) and known.get(stmt.value) == Name(stmt.target)
            if stored or known.get(Name(stmt.target)) == stmt.value:
                continue
        if isinstance(stmt, For | While):
            forget(known, (stmt,))
        stmt = ir.with_blocks(stmt, lambda b: without_repetition(b, known))
        forget(known, (stmt,))
        if isinstance(stmt, Let) and stmt.target not in ir.names_in(stmt.value):
            known[Name(stmt.target)] = stmt.value
        elif isinstance(stmt, Store) and stmt.op == "=" and isinstance(stmt.value, Name):
            known[Sub(Name(stmt.base), stmt.index)] = stmt.value
        out.append(stmt)
    return tuple(out)


def forget(known: Known, block: Block):
    """Take out of what is known of names and elements all that a block may change."""
    changed = ir.bound_in(block) | ir.stored_in(block)
    for place, value in list(known.items()):
        if ir.names_in(place, value) & changed:
            del known[place]
