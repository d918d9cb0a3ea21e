"""The two parts of a reverse with calls between their statements that watch values as they are computed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..language import ir
from ..language.blocks import exposed_reads, surely_bound
from ..language.emit import expr_text
from ..language.ir import Block, Const, Do, Expr, For, Let, Loc, Name, Op, Select, Stmt, Store, Sub, While
from ..shown import norm

BEFORE, AFTER, TRIP, LEAVE, NORM, KEEP = "see_before", "see_after", "see_trip", "see_leave", "see_norm", "see_kept"


def _hook(name: str, *args: Expr) -> Do:
    return Do(Op("call", args, (("name", name),)))


@dataclass(frozen=True)
class Watched:
    """A statement that is watched: what it sets, what it reads, and in which part it stands."""

    loc: Loc | None
    section: str
    target: str
    text: str
    reads: tuple[str, ...]


@dataclass
class Instrument:
    """Puts calls of hooks into blocks, and knows what their numbers stand for; `names` are shown for others."""

    names: dict[str, str]
    norms: dict[Loc, tuple[tuple[str, str], ...]]
    statements: list[Watched] = field(default_factory=list)
    loops: list[tuple[Loc | None, str]] = field(default_factory=list)

    def block(self, block: Block, section: str) -> Block:
        """Return the block with a call before and after every statement that computes something.

        >>> from srcgrad.parsing.function import parse_text
        >>> from srcgrad.language.emit import emit
        >>> f = parse_text("def f(x):\\n    y = 1.0 / x\\n    return y")
        >>> body = Instrument({}, {}).block(f.body[:-1], "forward")
        >>> print(emit(ir.Function("f", ("x",), body)))
        def f(x):
            see_before(0, x)
            y = 1.0 / x
            see_after(0, y)
        """
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For | While):
                out += self.loop(stmt, section)
                continue
            value = stmt.value if isinstance(stmt, Let | Store) else None
            if value is None or isinstance(value, Const) or _is_empty(value):
                out.append(ir.with_blocks(stmt, lambda b: self.block(b, section)))
                continue
            assert isinstance(stmt, Let | Store)
            target: Expr = Name(stmt.target) if isinstance(stmt, Let) else Sub(Name(stmt.base), stmt.index)
            reads = _reads(value)
            if isinstance(stmt, Store) and stmt.op != "=":
                reads[expr_text(target)] = target
            number = Const(len(self.statements))
            words = self.text(target), self.text(value)
            self.statements.append(Watched(stmt.loc, section, *words, tuple(map(self.text, reads.values()))))
            out += [_hook(BEFORE, number, *reads.values()), stmt, _hook(AFTER, number, target)]
        return tuple(out)

    def text(self, expr: Expr) -> str:
        return expr_text(ir.rename_expr(expr, self.names))

    def loop(self, stmt: For | While, section: str) -> list[Stmt]:
        number = Const(len(self.loops))
        self.loops.append((stmt.loc, section))
        body = self.block(stmt.body, section)
        var = Name(stmt.var) if isinstance(stmt, For) else Const(-1)
        norms: list[Stmt] = []
        if section == "backward" and stmt.loc in self.norms and not _again_inside(stmt):
            there = surely_bound(stmt.body) | exposed_reads(stmt.body)
            pairs = [(n, b) for n, b in self.norms[stmt.loc] if b in there]
            norms = [_hook(NORM, number, Const(n), Name(b)) for n, b in pairs]
        whole = replace(stmt, body=(_hook(TRIP, number, var), *body, *norms))
        return [whole, _hook(LEAVE, number)]


def _again_inside(stmt: For | While) -> bool:
    return any(isinstance(s, For | While) and s.loc == stmt.loc for s in ir.statements(stmt.body))


def _is_empty(value: Expr) -> bool:
    return isinstance(value, Op) and value.fn in ("np.empty", "np.empty_like", "stack", "unset", "call")


def _reads(value: Expr) -> dict[str, Expr]:
    """Return the names and elements that a value surely reads, by their text."""
    found: dict[str, Expr] = {}

    def visit(e: Expr):
        if isinstance(e, Name | Sub):
            found.setdefault(expr_text(e), e)
        elif isinstance(e, Op) and e.fn not in ("and", "or", "shape", "len", "size"):
            for a in e.args:
                visit(a)
        elif isinstance(e, Select):
            visit(e.test)

    visit(value)
    return found


@dataclass(frozen=True)
class Birth:
    """Where a value that is not finite comes from finite ones.

    Attributes
    ----------
    loc : Loc or None
        The user's line.
    section : {"forward", "backward"}
        The part of the generated source.
    target, text : str
        What was computed there, and from what.
    value : float
        inf, -inf or nan.
    reads : tuple of (str, value)
        The values that it was computed from.
    trips : tuple of (Loc or None, int)
        The loops around it and their counters.
    """

    loc: Loc | None
    section: str
    target: str
    text: str
    value: float
    reads: tuple[tuple[str, Any], ...]
    trips: tuple[tuple[Loc | None, int], ...]


class Observer:
    """What the hooks call: finds births of values that are not finite, and keeps norms."""

    def __init__(self, instrument: Instrument, most: int = 20):
        self.instrument, self.most = instrument, most
        self.births: list[Birth] = []
        self.before: dict[int, tuple] = {}
        self.trips: dict[int, int] = {}
        self.counts: dict[int, int] = {}
        self.norms: dict[tuple[Loc | None, str], list[list[float]]] = {}
        self.open: set[tuple[int, str]] = set()
        self.seen: set[tuple[int, str]] = set()
        self.kept: dict[str, int] = {}

    def hooks(self) -> dict[str, Any]:
        """Return the functions by the names under which the instrumented text calls them."""
        return {BEFORE: self.see_before, AFTER: self.see_after, TRIP: self.see_trip, LEAVE: self.see_leave,
                NORM: self.see_norm, KEEP: self.see_kept}  # fmt: skip

    def see_before(self, number: int, *values):
        self.before[number] = values

    def see_after(self, number: int, value):
        if _finite(value):
            return
        values = self.before.get(number, ())
        if not all(map(_finite, values)) or len(self.births) >= self.most:
            return
        bad = _first_bad(value)
        if (number, repr(bad)) in self.seen:
            return
        self.seen.add((number, repr(bad)))
        watched = self.instrument.statements[number]
        trips = tuple((self.instrument.loops[k][0], at) for k, at in self.trips.items())
        reads = tuple(zip(watched.reads, map(_shown, values), strict=True))
        self.births.append(Birth(watched.loc, watched.section, watched.target, watched.text, bad, reads, trips))

    def see_trip(self, number: int, at: int):
        self.counts[number] = self.counts.get(number, -1) + 1
        self.trips[number] = self.counts[number] if at == -1 else int(at)

    def see_leave(self, number: int):
        self.trips.pop(number, None)
        self.counts.pop(number, None)
        self.open = {key for key in self.open if key[0] != number}

    def see_norm(self, number: int, name: str, value):
        loc = self.instrument.loops[number][0]
        runs = self.norms.setdefault((loc, name), [])
        if (number, name) not in self.open:
            self.open.add((number, name))
            runs.append([])
        runs[-1].append(norm(value))

    def see_kept(self, name: str, value):
        self.kept[name] = int(np.asarray(value).nbytes)


def _finite(value) -> bool:
    a = np.asarray(value)
    return a.dtype.kind != "f" or bool(np.all(np.isfinite(a)))


def _first_bad(value) -> float:
    a = np.asarray(value, dtype=float).ravel()
    return float(a[~np.isfinite(a)][0])


def _shown(value):
    if np.ndim(value):
        return f"array {np.shape(value)}"
    return value.item() if isinstance(value, np.generic) else value
