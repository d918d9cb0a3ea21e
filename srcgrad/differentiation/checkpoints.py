"""Assemble checkpointed loops: states kept on the way forward, stretches run again and reversed on the way back.

"periodic" and "sqrt": the state before every stretch of `every` trips; a stretch is run again with its records, then
reversed. "binomial": a stack of at most so many states; before the last trip not yet reversed is, the loop is run again
from the state on top, leaving states on the way where `next_checkpoint` says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.affine import clipped, simplify_index
from ..language.blocks import rename_block
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..language.kind import dtype_option
from ..language.sum_order import INPLACE
from .adjoint import Step
from .slots import Checkpoints, Slot

ZERO, ONE = Const(0), Const(1)
INT = Kind("int64")


def _plus(name: str, k: int) -> Let:
    """Return `name += k` or `name -= -k`."""
    return Let(name, Op("add" if k > 0 else "sub", (Name(name), Const(abs(k))), INPLACE))


class CheckpointAssembly:
    """The part of the assembly that knows checkpointed loops."""

    # what the rest of the assembly sets up
    kinds: dict[str, Kind]
    keep_entry: Callable[[str, Slot], list[Stmt]]
    restore_entry: Callable[[str, Slot], list[Stmt]]

    def forward_checkpointed(self, step: Step, loops) -> list[Stmt]:
        """Return the forward part: the loop, keeping states, or inside other loops the state on entry only."""
        out = [s for fact, slot in step.entry for s in self.keep_entry(fact, slot)]
        return out + ([_plain(step)] if loops else self.sweep(step))

    def backward_checkpointed(self, step: Step, loops, again: list[Stmt], back) -> list[Stmt]:
        """Return the backward part; `again` runs a trip with its records, `back` reverses a stretch or a trip."""
        out: list[Stmt] = list(step.before)
        if loops:
            state = [(f, s) for f, s in step.entry if f in step.state]
            out += [s for fact, slot in state for s in self.restore_entry(fact, slot)]
            out += silent(self.sweep(step))
        points, again = step.checkpoints, silent(again)
        out += step.allocations
        out += self.back_by_trips(step, points, again, back) if points.binomial else self.back_by_stretches(
            step, points, again, back)  # fmt: skip
        return out + [s for fact, slot in reversed(step.entry) for s in self.restore_entry(fact, slot)]

    # -- on the way forward
    def sweep(self, step: Step) -> list[Stmt]:
        """Return the loop with what it keeps of its states."""
        loop, points = step.stmt, step.checkpoints
        assert isinstance(loop, For)
        for name in (points.at, points.stop, points.chunk, points.count, points.last):
            self.kinds[name] = INT
        if points.binomial:
            return self.sweep_binomial(step, loop, points)
        trips = Op("sub", (loop.hi, loop.lo))
        every: Expr = loop.schedule[1] if loop.schedule else ONE
        if loop.schedule and loop.schedule[0] == "sqrt":
            every = Op("int", (Op("np.ceil", (Op("np.sqrt", (clipped(trips),)),)),))
        named: list[Stmt] = []
        if isinstance(points.every, Name):
            self.kinds[points.every.id] = INT
            named = [Let(points.every.id, Op("max", (every, ONE)))]
        whole = Op("sub", (Op("add", (trips, points.every)), ONE))
        count = Op("max", (Op("floordiv", (simplify_index(whole), points.every)), ZERO))
        run = replace(_plain(step), lo=Name(points.at), hi=Name(points.stop))
        body = [*self.keep_state(step), *self.ends(loop, points), run]
        return [*named, Let(points.count, count), *self.make_room(step),
                For(points.chunk, ZERO, Name(points.count), ONE, tuple(body))]  # fmt: skip

    def ends(self, loop: For, points: Checkpoints) -> list[Stmt]:
        """Return the statements that name the ends of a stretch."""
        begin = Op("mul", (Name(points.chunk), points.every))
        begin = begin if loop.lo == ZERO else Op("add", (loop.lo, begin))
        end = Op("min", (Op("add", (Name(points.at), points.every)), loop.hi))
        return [Let(points.at, begin), Let(points.stop, end)]

    def sweep_binomial(self, step: Step, loop: For, points: Checkpoints) -> list[Stmt]:
        assert loop.schedule is not None
        self.kinds[points.place] = Kind("int64", 1)
        most = Op("max", (Op("min", (loop.schedule[1], simplify_index(Op("sub", (loop.hi, loop.lo))))), ONE))
        run = replace(_plain(step), lo=Name(points.at), hi=Name(points.stop))
        # the state before the last trip is kept as well: that trip is reversed first
        most_last = Op("min", (self.next_place(points, loop.hi), simplify_index(Op("sub", (loop.hi, ONE)))))
        stop = Let(points.stop, Op("max", (most_last, Op("add", (Name(points.at), ONE)))))
        body = [*self.push(step), stop, run, Let(points.at, Name(points.stop))]
        return [
            Let(points.count, most),
            Let(points.place, Op("np.empty", (self.rows(points),), (("dtype", "int64"),))),
            *self.make_room(step),
            Let(points.chunk, Const(-1)),
            Let(points.at, loop.lo),
            While(Op("lt", (Name(points.at), loop.hi)), tuple(body)),
        ]

    def next_place(self, points: Checkpoints, end: Expr) -> Expr:
        free = Op("sub", (Op("sub", (Name(points.count), ONE)), Name(points.chunk)))
        return Op("next_checkpoint", (Name(points.at), end, free))

    def push(self, step: Step) -> list[Stmt]:
        """Return the statements that put the present state on the stack."""
        points = step.checkpoints
        kept = Store(points.place, (Name(points.chunk),), Name(points.at))
        return [_plus(points.chunk, 1), kept, *self.keep_state(step)]

    # -- on the way back
    def back_by_stretches(self, step: Step, points: Checkpoints, again, back) -> list[Stmt]:
        loop = step.stmt
        assert isinstance(loop, For)
        stretch = replace(loop, lo=Name(points.at), hi=Name(points.stop), schedule=None)
        body = [*self.ends(loop, points), *self.bring_state(step), replace(stretch, body=tuple(again)), *back(stretch)]
        last = simplify_index(Op("sub", (Name(points.count), ONE)))
        return [For(points.chunk, last, Const(-1), Const(-1), tuple(body))]

    def back_by_trips(self, step: Step, points: Checkpoints, again, back) -> list[Stmt]:
        loop = step.stmt
        assert isinstance(loop, For)
        last = Name(points.last)
        after = simplify_index(Op("add", (last, ONE)))
        stop = Op("min", (self.next_place(points, after), last))
        (run,) = silent([replace(_plain(step), lo=Name(points.at), hi=Name(points.stop))])
        before = Op("lt", (Name(points.at), last))
        keep = If(before, tuple(self.push(step)))
        advance = [Let(points.stop, stop), run, Let(points.at, Name(points.stop)), keep]
        top = Sub(Name(points.place), (Name(points.chunk),))
        trip = rename_block((*again, *back(None)), {loop.var: points.last})
        body = [
            Let(points.at, top),
            *self.bring_state(step),
            While(before, tuple(advance)),
            If(Op("eq", (top, last)), (_plus(points.chunk, -1),)),
            *trip,
        ]
        first, end = simplify_index(Op("sub", (loop.hi, ONE))), simplify_index(Op("sub", (loop.lo, ONE)))
        return [For(points.last, first, end, Const(-1), tuple(body))]

    # -- states
    def places(self, step: Step) -> list[tuple[str, Slot]]:
        points = step.checkpoints
        found = []
        for fact, kept in points.kept.items():
            kind = self.kinds[fact.removesuffix("[]")]
            self.kinds[kept] = Kind(kind.dtype, kind.rank + 1)
            found.append((fact, Slot(kept, (Name(points.chunk),), kind)))
        return found

    def rows(self, points: Checkpoints) -> Expr:
        """Return how many states there is room for."""
        return Op("add", (Name(points.count), ONE)) if points.binomial else Name(points.count)

    def make_room(self, step: Step) -> list[Stmt]:
        out: list[Stmt] = []
        for fact, slot in self.places(step):
            name = Name(fact.removesuffix("[]"))
            sizes = tuple(Op("shape", (name,), (("axis", d),)) for d in range(slot.kind.rank))
            static = dtype_option(slot.kind.dtype)
            out.append(Let(slot.name, Op("np.empty", (self.rows(step.checkpoints), *sizes), static)))
        return out

    def keep_state(self, step: Step) -> list[Stmt]:
        return [s for fact, slot in self.places(step) for s in self.keep_entry(fact, slot)]

    def bring_state(self, step: Step) -> list[Stmt]:
        return [s for fact, slot in self.places(step) for s in self.restore_entry(fact, slot)]


def silent(stmts) -> list[Stmt]:
    """Return statements that are run again without what they print: it has been printed."""
    return [ir.with_blocks(s, silent) for s in stmts if not isinstance(s, ir.Print)]


def _plain(step: Step) -> For:
    """Return the loop without its schedule, and without those of the loops in it: what is run again keeps nothing."""
    assert isinstance(step.stmt, For)
    loop = _without_schedules(step.stmt)
    assert isinstance(loop, For)
    return loop


def _without_schedules(stmt: Stmt) -> Stmt:
    stmt = replace(stmt, schedule=None) if isinstance(stmt, For) else stmt
    return ir.with_blocks(stmt, lambda block: tuple(map(_without_schedules, block)))
