"""Turn `continue`, `break` and early `return` into structured control flow.

Afterwards: no `Continue`; a `Break` is last on its path; one result, given back beside the block. A flag appears only
where a branch that jumps sometimes falls through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..language import ir
from ..language.blocks import updates
from ..language.ir import Break, Const, Continue, For, If, Let, Name, Op, Return, Stmt, Unrolled, While

Jump = Callable[[Any], list[Stmt]]  # takes the jump: a `Return`, or None


@dataclass(frozen=True)
class _Exits:
    """What each kind of jump becomes at the place where it stands."""

    on_break: Jump
    on_continue: Jump
    on_return: Jump


def structure(block: ir.Block, fresh: ir.Fresh) -> tuple[ir.Block, ir.Expr | None]:
    """Return the block in structured form without `Return`, and the expression of its result (None if it has none)."""
    returns = [s for s in ir.statements(block) if isinstance(s, Return)]
    result: ir.Expr | None = None
    if len(returns) == 1 and block[-1] is returns[0]:
        block, result = block[:-1], returns[0].value
        return tuple(_Structurer(fresh, None).nest(list(block), _outside(None))), result
    slots = None
    if returns:
        # where the end may be reached nothing has been returned, which shows in a name that no path but a return binds
        kept = set[str]() if _may_end(block) else _kept(block)
        result = slots = _slots([r.value for r in returns], "out", kept, fresh)
    return tuple(_Structurer(fresh, slots).nest(list(block), _outside(slots))), result


def _may_end(block: ir.Block) -> bool:
    """Return whether the end of a block may be reached, as far as its text tells."""
    for stmt in block:
        if isinstance(stmt, Return | ir.Raise):
            return False
        if isinstance(stmt, If) and not _may_end(stmt.then) and not _may_end(stmt.other):
            return False
        if isinstance(stmt, While) and stmt.test == Const(True) and Break not in _left_by(stmt.body):
            return False
    return True


def _left_by(block: ir.Block) -> set[type]:
    return {kind for s in block for kind in _escapes(s)}


def _kept(block: ir.Block) -> set[str]:
    """Return the names that show one array throughout, or one that is written: it needs no second name.

    Of what is bound anew, and never written, every path may return an array of another size.
    """
    stmts = tuple(ir.statements(block))
    written = ir.stored_in(block).union(*(ir.binds(s) for s in stmts if updates(s)))
    return written | (ir.read_in(block) - ir.bound_in(block))


def _slots(values: list[Any], base: str, kept: set[str], fresh: ir.Fresh) -> ir.Expr:
    """Return names, arranged as the result is, that early returns assign, or that hold what all of them give."""
    first = values[0]
    if isinstance(first, ir.Tuple):
        parts = ([v.items[k] for v in values] for k in range(len(first.items)))
        return ir.Tuple(tuple(_slots(part, f"{base}_{k}", kept, fresh) for k, part in enumerate(parts)))
    same = isinstance(first, Name) and first.id in kept and all(v == first for v in values)
    return first if same else Name(fresh(base))


def _assign(slots: ir.Expr | None, value: ir.Expr, loc) -> list[Stmt]:
    if isinstance(slots, ir.Tuple):
        assert isinstance(value, ir.Tuple)
        return [s for slot, v in zip(slots.items, value.items, strict=True) for s in _assign(slot, v, loc)]
    assert isinstance(slots, Name)
    return [] if slots == value else [Let(slots.id, value, loc)]


def _outside(slots) -> _Exits:
    """Return the exits outside loops: there is none to leave, and a return assigns the result."""
    return _Exits(lambda _: [], lambda _: [], lambda r: _assign(slots, r.value, r.loc))


def _escapes(stmt: Stmt) -> set[type]:
    """Return the kinds of jump that can leave a statement."""
    if isinstance(stmt, Break | Continue | Return):
        return {type(stmt)}
    found = {kind for block in ir.blocks_of(stmt) for s in block for kind in _escapes(s)}
    if isinstance(stmt, For | While | Unrolled):
        of_else = {kind for s in stmt.other for kind in _escapes(s)}
        return (found & {Return}) | of_else
    return found


def _always_jumps(block) -> bool:
    if not block:
        return False
    last = block[-1]
    if isinstance(last, Break | Continue | Return | ir.Raise):
        return True
    return any(
        isinstance(s, If) and _always_jumps(s.then) and _always_jumps(s.other) for s in block
    )


class _Structurer:
    def __init__(self, fresh: ir.Fresh, slots):
        self.fresh = fresh
        self.slots = slots

    def nest(self, block: list[Stmt], exits: _Exits) -> list[Stmt]:
        """Return the block with every statement after a possible jump nested where it is still reached."""
        out: list[Stmt] = []
        for k, stmt in enumerate(block):
            rest = list(block[k + 1 :])
            if isinstance(stmt, Break):
                return out + exits.on_break(None)
            if isinstance(stmt, Continue):
                return out + exits.on_continue(None)
            if isinstance(stmt, Return):
                return out + exits.on_return(stmt)
            kinds = _escapes(stmt)
            if isinstance(stmt, If) and kinds:
                return out + self.branch(stmt, rest, kinds, exits)
            if isinstance(stmt, Unrolled) and not _jumps_inside(stmt):
                return out + self.nest([s for b in ir.blocks_of(stmt) for s in b] + rest, exits)
            if isinstance(stmt, For | While | Unrolled):
                prefix, loop, suffix = self.loop(stmt, exits)
                out += [*prefix, *loop]
                if suffix is not None:
                    return out + suffix(rest)
                continue
            out.append(ir.with_blocks(stmt, lambda b: self.nest(list(b), exits)))
        return out

    def branch(self, stmt: If, rest: list[Stmt], kinds: set[type], exits: _Exits) -> list[Stmt]:
        then, other = list(stmt.then), list(stmt.other)
        if _always_jumps(then):
            return [_if(stmt, self.nest(then, exits), self.nest(other + rest, exits))]
        if _always_jumps(other):
            return [_if(stmt, self.nest(then + rest, exits), self.nest(other, exits))]
        if not rest:
            return [_if(stmt, self.nest(then, exits), self.nest(other, exits))]
        # a branch that sometimes jumps and sometimes falls through: remember which
        stop, skip = self.fresh("stop"), self.fresh("skip")
        leaves = bool(kinds & {Break, Return})
        inner = _Exits(
            lambda _: [Let(stop, Const(True))],
            lambda _: [Let(skip, Const(True)), *exits.on_continue(None)],
            lambda r: [*_assign(self.slots, r.value, r.loc), *self.mark_returned(exits), Let(stop, Const(True))],
        )
        body = [_if(stmt, self.nest(then, inner), self.nest(other, inner))]
        head = [Let(stop, Const(False))] if leaves else []
        tail = self.nest(rest, exits)
        if Continue in kinds:
            head.append(Let(skip, Const(False)))
            tail = [If(Op("not", (Name(skip),)), tuple(tail))]
        if leaves:
            tail = [If(Name(stop), tuple(exits.on_break(None)), tuple(tail))]
        return head + body + tail

    def mark_returned(self, exits: _Exits) -> list[Stmt]:
        """Return the flags that a return sets where it stands, without the jump itself."""
        return [s for s in self.leave_return(exits) if isinstance(s, Let) and isinstance(s.value, Const)]

    def leave_return(self, exits: _Exits) -> list[Stmt]:
        """Return what a return does besides assigning the result."""
        marker = Return(self.slots if self.slots is not None else Const(None))
        lets = exits.on_return(marker)
        return [s for s in lets if not (isinstance(s, Let) and _is_slot(s, self.slots))]

    def loop(self, stmt, exits: _Exits):
        """Return (prefix, loop, suffix): suffix places what follows a loop that may return or has an else."""
        bodies = stmt.bodies if isinstance(stmt, Unrolled) else (stmt.body,)
        returns = any(isinstance(s, Return) for b in bodies for s in ir.statements(b))
        returned = self.fresh("returned") if returns else None
        broke = self.fresh("broke") if stmt.other else None

        leave = [] if isinstance(stmt, Unrolled) else [Break()]

        def on_break(_):
            return ([Let(broke, Const(True))] if broke else []) + leave

        def on_return(r):
            return [*_assign(self.slots, r.value, r.loc), Let(returned, Const(True)), *on_break(None)]

        inside = _Exits(on_break, lambda _: [], on_return)
        if isinstance(stmt, Unrolled):
            loop = self.trips(list(bodies), inside)
        else:
            loop = [replace(stmt, body=tuple(self.nest(list(stmt.body), inside)), other=())]
        prefix = [Let(name, Const(False)) for name in (returned, broke) if name]
        if not returns and not broke:
            return prefix, loop, None

        def suffix(rest):
            after = list(stmt.other) + rest if broke else rest
            if broke and not returns:
                otherwise = If(Op("not", (Name(broke),)), tuple(stmt.other))
                return self.nest([otherwise, *rest], exits)
            if broke:
                after = [If(Op("not", (Name(broke),)), tuple(stmt.other)), *rest]
            again = self.leave_return(exits)
            if not again:
                return [If(Op("not", (Name(returned),)), tuple(self.nest(after, exits)))] if after else []
            return [If(Name(returned), tuple(again), tuple(self.nest(after, exits)))]

        return prefix, loop, suffix


    def trips(self, bodies: list, exits: _Exits) -> list[Stmt]:
        """Return unrolled bodies in sequence: one that is left by `continue` goes on with the next."""
        if not bodies:
            return []
        first, later = list(bodies[0]), self.trips(bodies[1:], exits)
        kinds = {kind for s in first for kind in _escapes(s)}
        if Continue not in kinds:
            return self.nest(first + later, exits)
        if kinds == {Continue}:
            return self.nest(first, exits) + later
        stop = self.fresh("stop")
        mark = Let(stop, Const(True))
        inner = _Exits(
            lambda j: [*exits.on_break(j), mark],
            exits.on_continue,
            lambda r: [*exits.on_return(r), mark],
        )
        body = self.nest(first, inner)
        return [Let(stop, Const(False)), *body, *([If(Op("not", (Name(stop),)), tuple(later))] if later else [])]


def _jumps_inside(stmt: Unrolled) -> bool:
    """Return whether `break` or `continue` leaves one of the bodies."""
    return any(_escapes(s) & {Break, Continue} for b in stmt.bodies for s in b)


def _is_slot(stmt: Let, slots) -> bool:
    return slots is not None and any(isinstance(e, Name) and e.id == stmt.target for e in ir.walk(slots))


def _if(stmt: If, then, other) -> If:
    if not then and other:
        return If(Op("not", (stmt.test,)), tuple(other), (), stmt.loc)
    return If(stmt.test, tuple(then), tuple(other), stmt.loc)
