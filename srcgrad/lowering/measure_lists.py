"""Lists that the text makes longer in every trip of its loops: arrays of the length that they get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from ..language import ir
from ..language.affine import Affine, affine, times
from ..language.blocks import may_end_early, rename_block
from ..language.ir import Block, Const, Expr, For, Function, Grow, Let, Name, Op, Stmt, Store, Sub
from ..language.lists import is_list


class _NotTold(Exception):
    """How many items a list has at some place depends on the path taken, or on what the text changes on the way."""


def measure_lists(function: Function) -> Function:
    """Return the function with lists that get an item in every trip of a loop as arrays of their length.

    The number of items at each place is written as what it is: a number, a loop variable, the trips of a loop. A list
    that grows in a branch, in a loop that may end early, or that gives items back stays a buffer that grows.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(x, n):
    ...     ys = []
    ...     ys.append(x)
    ...     for i in range(n):
    ...         ys.append(ys[-1] * x)
    ...     return np.array(ys)''')
    >>> print(emit(measure_lists(f), comments=False))
    def f(x, n):
        ys = list(max(n, 0) + 1)
        ys[0] = x
        for i in range(n):
            ys[i + 1] = ys[i] * x
        return ys.copy()
    """
    growing = {s.base: s.at for s in ir.statements(function.body) if isinstance(s, Grow)}
    made = [s.target for s in ir.statements(function.body) if isinstance(s, Let) and is_list(s)]
    for name, count in growing.items():
        if isinstance(count, Name) and made.count(name) == 1:
            try:
                function = _measured(function, name, count.id)
            except _NotTold:
                continue
    return function


def _measured(function: Function, name: str, count: str) -> Function:
    """Return the function with one list as an array of its length.

    Raises
    ------
    _NotTold
        If that length is not known where the list begins.
    """
    lets = [s for s in ir.statements(function.body) if isinstance(s, Let)]
    starts = [s for s in lets if s.target == count and not _adds(s)]
    made = next(s for s in lets if s.target == name)
    if any(s.value != Const(0) for s in starts):
        raise _NotTold
    fresh, found = ir.Fresh(ir.all_names(function)), dict[str, str]()

    def block(stmts: Block) -> Block:
        stmts = tuple(s for s in stmts if s is not made)
        places = [k for k, s in enumerate(stmts) if any(s is start for start in starts)]
        out = [ir.with_blocks(s, block) for s in stmts[: places[0] if places else None]]
        for at, end in pairwise([*places, len(stmts)]):
            part = stmts[at + 1 : end]
            whole = _Walk(name, count, None).length(part)
            if whole.names & ir.bound_in(part):
                raise _NotTold
            own = fresh(name)
            found[own] = own if found else name
            body, _ = _Walk(name, count, whole).block(part, _NONE)
            out += [replace(made, target=own, value=replace(made.value, args=(whole.expr(),)))]
            out += rename_block(body, {name: own})
        return tuple(out)

    body = block(function.body)
    if not found or {name, count} & _named(body):
        raise _NotTold
    return replace(function, body=rename_block(body, found))


def _named(block: Block) -> set[str]:
    stored = {s.base for s in ir.statements(block) if isinstance(s, Store | Grow)}
    return stored | {n for s in ir.statements(block) for n in (*ir.binds(s), *ir.names_in(*ir.exprs_of(s)))}


def _adds(stmt: Let) -> bool:
    """Return whether a statement counts one more item."""
    return isinstance(stmt.value, Op) and (stmt.value.fn, stmt.value.args) == ("add", (Name(stmt.target), Const(1)))


@dataclass(frozen=True)
class _Count:
    """How many items a list has at some place, and how many at least."""

    number: Affine
    least: int = 0

    def more(self, number: Affine, least: int = 0) -> _Count:
        return _Count(self.number + number, self.least + least)


_NONE = _Count(Affine())


@dataclass(frozen=True)
class _Walk:
    """A way through a text that knows of every place how many items a list has there; `whole` is what it gets to."""

    name: str
    count: str
    whole: Affine | None

    def length(self, block: Block) -> Affine:
        """Return how many items a block adds."""
        return self.block(block, _NONE)[1].number

    def block(self, block: Block, now: _Count) -> tuple[Block, _Count]:
        out: list[Stmt] = []
        for stmt in block:
            made, now = self.stmt(stmt, now)
            out += made
        return tuple(out), now

    def stmt(self, stmt: Stmt, now: _Count) -> tuple[list[Stmt], _Count]:
        """Return a statement in which the number of items is spelled out, and that number after it."""
        if isinstance(stmt, Grow) and stmt.base == self.name:
            return [], now
        if isinstance(stmt, Let) and stmt.target == self.count:
            if not _adds(stmt):
                raise _NotTold
            return [], now.more(Affine(const=1), 1)
        if isinstance(stmt, For) and self.grows_in(stmt):
            return self.loop(stmt, now)
        if self.grows_in(stmt) or now.number.names & ir.bound_in((stmt,)):
            raise _NotTold
        made = ir.with_exprs(stmt, lambda e: self.spelled(e, now))
        return [ir.with_blocks(made, lambda b: self.block(b, now)[0])], now

    def grows_in(self, stmt: Stmt) -> bool:
        return any(self.count in ir.bound_in(b) for b in ir.blocks_of(stmt))

    def loop(self, stmt: For, now: _Count) -> tuple[list[Stmt], _Count]:
        """Return a loop every trip of which adds as many items."""
        lo, hi = (self.spelled(e, now) for e in (stmt.lo, stmt.hi))
        up = stmt.step == Const(1)
        bound = ir.bound_in(stmt.body)
        kept = (ir.names_in(lo, hi) | now.number.names) & {*bound, stmt.var}
        if kept or stmt.var in bound or stmt.other or stmt.schedule or stmt.parallel or may_end_early(stmt.body):
            raise _NotTold
        if not up and stmt.step != Const(-1):
            raise _NotTold
        more = self.length(stmt.body)
        if more.names & {*bound, stmt.var}:
            raise _NotTold
        first, last, here = affine(lo), affine(hi), affine(Name(stmt.var))
        trip = here - first if up else first - here
        trips = _trips(last - first if up else first - last)
        body, _ = self.block(stmt.body, now.more(times(more, trip)))
        return [replace(stmt, lo=lo, hi=hi, body=body)], now.more(times(more, trips))

    def spelled(self, expr: Expr, now: _Count) -> Expr:
        """Return an expression with the number of items in place of its name; all of them are the array itself."""
        if expr == Name(self.count):
            return now.number.expr()
        expr = ir.rebuild(expr, lambda e: self.spelled(e, now))
        if isinstance(expr, Op) and expr.fn == "head" and expr.args[0] == Name(self.name):
            return expr.args[0] if now.number == self.whole else expr
        if isinstance(expr, Sub) and isinstance(expr.base, Op) and expr.base.args[:1] == (Name(self.name),):
            return self.element(expr, now)
        return expr

    def element(self, expr: Sub, now: _Count) -> Sub:
        """Return an item at a place that is known to be there as one of the array."""
        base, place = expr.base, expr.index[0]
        if not isinstance(base, Op) or base.fn != "head" or not isinstance(place, Const):
            return expr
        if type(place.value) is not int or not -now.least <= place.value < now.least:
            return expr
        at = place if place.value >= 0 else (now.number + affine(place)).expr()
        return replace(expr, base=base.args[0], index=(at, *expr.index[1:]))


def _trips(count: Affine) -> Affine:
    """Return the trips of a loop, given how far its ends are apart."""
    expr = count.expr()
    sized = isinstance(expr, Op) and expr.fn in ("len", "shape", "size", "max")
    return count if sized else affine(Op("max", (expr, Const(0))))
