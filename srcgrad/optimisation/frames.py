"""Adjoints that stand in the frame that a gather reads, as long as a loop runs.

A loop that goes back through the steps of a stencil moves an adjoint into a frame of zeros, for its neighbours to read,
and clears it; later in the trip, or in the next one, another gather adds to it. Inside it adds to zeros. So what is
gathered there can be put into the frame at once, and nothing is moved; only the border is added to the array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..analysis.equalities import Equal
from ..language import ir
from ..language.blocks import count_touching, has_jumps, touches
from ..language.ir import Block, Expr, For, Function, If, Kind, Name, Op, Stmt, Store, Sub
from .interiors import ZERO, Gather, Gathers, Sizes, at_one_distance, clears, ranges_of
from .perfect_nests import Nest, in_loops, perfect_nest


def stay_in_frames(function: Function, start: int, kinds: dict[str, Kind], sizes: Sizes) -> Block:
    """Return the backward part, which starts at a statement, with adjoints in their frames all through a loop.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(g, h, n, steps):
    ...     u_bar = np.zeros(n)
    ...     v_bar = np.zeros(n)
    ...     u_pad = np.zeros(n + 2)
    ...     for t in range(steps):
    ...         for i in range(1, n - 1):
    ...             u_pad[i + 1] = u_bar[i]
    ...             u_bar[i] = 0.0
    ...         for i in range(n):
    ...             v_bar[i] += u_pad[i] + u_pad[i + 1] + u_pad[i + 2]
    ...         if 1 < n - 1:
    ...             for i in range(n):
    ...                 u_bar[i] += g * v_bar[i]
    ...     return u_bar''')
    >>> kinds = {n: Kind("float64", 1) for n in ("u_bar", "v_bar", "u_pad")}
    >>> print(emit(replace(f, body=stay_in_frames(f, 0, kinds, {})), comments=False))
    def f(g, h, n, steps):
        u_bar = np.zeros(n)
        v_bar = np.zeros(n)
        u_pad = np.zeros(n + 2)
        for i in range(1, n - 1):
            u_pad[i + 1] = u_bar[i]
        for t in range(steps):
            for i in range(n):
                v_bar[i] += u_pad[i] + u_pad[i + 1] + u_pad[i + 2]
            if 1 < n - 1:
                for i in range(1, n - 1):
                    u_pad[i + 1] = g * v_bar[i]
                u_bar[0] += g * v_bar[0]
                u_bar[n - 1] += g * v_bar[n - 1]
        for i in range(1, n - 1):
            u_bar[i] = u_pad[i + 1]
        return u_bar
    """
    before, done = function.body[:start], function.body[start:]
    body: Block = ()
    known = Gathers.of(function, start, kinds, sizes)
    while done != body:
        body = done
        done = _Frames(replace(known, function=replace(function, body=(*before, *body)))).block(body, {})
    return body


@dataclass(frozen=True)
class _Move:
    """A nest that copies an array into a frame and clears it."""

    nest: Nest
    array: str
    frame: str
    place: tuple[Expr, ...]  # where in the frame the element of a trip is
    loc: ir.Loc | None

    def framed(self, cell: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """Return where in the frame an element of the array is."""
        table = dict(zip(self.nest.cell(), cell, strict=True))
        return tuple(ir.substitute(e, table) for e in self.place)

    def over(self, *body: Stmt) -> Block:
        """Return a nest with the same trips."""
        return in_loops(self.nest.loops, ranges_of(self.nest), body)

    def others(self) -> Block:
        """Return what else the nest does, which reads the frame now."""
        table: dict[Expr, Expr] = {Sub(Name(self.array), self.nest.cell()): Sub(Name(self.frame), self.place)}
        left = [s for s in self.nest.body if not (isinstance(s, Store) and s.base in (self.array, self.frame))]
        return self.over(*(ir.with_exprs(s, lambda e: ir.substitute(e, table)) for s in left)) if left else ()


def _moves_in(block: Block) -> Iterator[tuple[int, _Move]]:
    """Yield the nests of a block that move an array into a frame, with their places."""
    for k, stmt in enumerate(block):
        nest = perfect_nest(stmt)
        stores = [s for s in nest.body if isinstance(s, Store)] if nest is not None else []
        for clear in stores:
            if nest is None or not clears(nest, clear.base):
                continue
            cell = Sub(Name(clear.base), nest.cell())
            copies = [s for s in stores if (s.op, s.value) == ("=", cell) and s.base != clear.base]
            if copies and at_one_distance(copies[0].index, nest) and not _is_used(copies[0], nest):
                yield k, _Move(nest, clear.base, copies[0].base, copies[0].index, copies[0].loc)


def _is_used(copy: Store, nest: Nest) -> bool:
    """Return whether a nest does more with an array than to copy into it."""
    return any(touches(s, copy.base) for s in nest.body if s is not copy)


@dataclass(frozen=True)
class _Frames:
    """Puts adjoints into frames, one of a loop at a time."""

    known: Gathers

    def block(self, block: Block, equal: Equal) -> Block:
        """Return a block in whose loops adjoints stay in frames; `equal` tells of sizes around."""
        out: list[Stmt] = []
        for stmt in block:
            more = equal | self.known.told_by(stmt) if isinstance(stmt, For) else equal
            found = self.loop(stmt, more) if isinstance(stmt, For) else None
            out += found if found is not None else [ir.with_blocks(stmt, partial(self.block, equal=more))]
        return tuple(out)

    def loop(self, loop: For, equal: Equal) -> list[Stmt] | None:
        """Return a loop with one of its adjoints in a frame, what goes before and behind it; None if it has none."""
        body = loop.body
        if has_jumps(body) or loop.other or loop.parallel or loop.var in ir.bound_in(body):
            return None
        for m, move in _moves_in(body):
            touching = [k for k, s in enumerate(body) if touches(s, move.array) and k != m]
            if len(touching) != 1 or not self.is_apart(loop, move):
                continue
            (g,) = touching
            gather = self.known.find(body[g], move.nest, equal)
            if gather is None or touches(body[g], move.frame):
                continue
            if m < g and not any(touches(s, move.frame) for s in (*body[:m], *body[g:])):
                return _all_the_time(loop, m, g, move, gather)
            if g < m and not any(touches(s, move.frame) for s in body[g:m]):
                return _from_the_first_trip_on(loop, m, g, move, gather)
        return None

    def is_apart(self, loop: For, move: _Move) -> bool:
        """Return whether the loop alone uses the frame, and neither array has another name while it runs."""
        kinds, function = self.known.kinds, self.known.function
        fixed = ir.names_in(loop.lo, *(e for o in move.nest.loops for e in (o.lo, o.hi)))
        if fixed & (ir.bound_in(loop.body) | {loop.var}) or kinds[move.array] != kinds[move.frame]:
            return False
        if count_touching(function.body, move.frame) != count_touching((loop,), move.frame) + 1:  # where it is made
            return False
        return not self.known.is_shown({move.array, move.frame}, loop)


def _all_the_time(loop: For, m: int, g: int, move: _Move, gather: Gather) -> list[Stmt]:
    """Return a loop that moves an array before it gathers: the frame has the array before the loop and after it."""
    cell, loc = move.nest.cell(), move.loc
    put = Store(move.frame, move.place, Sub(Name(move.array), cell), "=", loc)
    back = Store(move.array, cell, Sub(Name(move.frame), move.place), "=", loc)
    body = (*loop.body[:m], *move.others(), *loop.body[m + 1 : g], _framed(gather, move), *loop.body[g + 1 :])
    return [*move.over(put), replace(loop, body=body), *move.over(back)]


def _from_the_first_trip_on(loop: For, m: int, g: int, move: _Move, gather: Gather) -> list[Stmt]:
    """Return a loop that moves an array after it gathers: in the first trip the frame gets what it had before, too."""
    cell, loc = move.nest.cell(), move.loc
    add = Store(move.frame, move.place, Sub(Name(move.array), cell), "+=", loc)
    first = If(Op("eq", (Name(loop.var), loop.lo)), move.over(add, Store(move.array, cell, ZERO, "=", loc)), (), loc)
    body = (*loop.body[:g], _framed(gather, move), *loop.body[g + 1 : m], first, *move.others(), *loop.body[m + 1 :])
    return [replace(loop, body=body)]


def _framed(gather: Gather, move: _Move) -> Stmt:
    """Return a gather with its inside in the frame."""
    return gather.assigned(move.frame, move.framed(gather.nest.cell()))
