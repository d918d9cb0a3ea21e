"""Checks of computed indices that a loop would repeat in every trip, once before it, in a nest of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ..analysis.dead_code import escaping_counters
from ..analysis.inequalities import SIZES
from ..language import ir
from ..language.affine import affine
from ..language.blocks import may_end_early
from ..language.dependence import both
from ..language.ir import Block, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Sub
from ..rules.elementwise import ARITHMETIC, CASTS, COMPARISONS, LOGIC, STEPS

_PLAIN = ARITHMETIC | STEPS | COMPARISONS | LOGIC | CASTS | {"min", "max", "abs", *SIZES}


def lift_repeated_checks(function: ir.Function, kinds: dict[str, Kind]) -> ir.Function:
    """Return the function with checks of indices before loops all of whose trips would make the same ones.

    An index that is no linear function of loop variables is checked where it stands. In a loop that changes nothing of
    it, such a check leaves the innermost loop, for a nest before the outer one that has the loops it depends on.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''def f(x, n, d):
    ...     s = 0.0
    ...     for t in range(n):
    ...         for i in range(d):
    ...             at = i * i
    ...             if at >= x.shape[0]:
    ...                 raise IndexError('out of bounds: x[i * i]', at)
    ...             s += x[at]
    ...     return s''')
    >>> print(emit(lift_repeated_checks(f, {"at": Kind("int64")}), comments=False))
    def f(x, n, d):
        s = 0.0
        if 0 < n:
            for i in range(d):
                at_1 = i * i
                if at_1 >= x.shape[0]:
                    raise IndexError('out of bounds: x[i * i]', at_1)
        for t in range(n):
            for i in range(d):
                at = i * i
                s += x[at]
        return s
    """
    lifter = _Lifter(kinds, ir.Fresh(ir.all_names(function)), escaping_counters(function.body))
    return replace(function, body=lifter.block(function.body, ()))


@dataclass
class _Frame:
    """A loop around a statement, what its body holds before that statement, and the checks to stand before the loop."""

    stmt: For
    prior: list[Stmt]
    bound: Counter[str]
    steady: bool
    before: list[tuple[tuple[For | Let, ...], Block]] = field(default_factory=list)


class _Lifter:
    def __init__(self, kinds: dict[str, Kind], fresh: ir.Fresh, read_later: set[str]):
        self.kinds, self.fresh, self.read_later = kinds, fresh, read_later

    def block(self, block: Block, around: tuple[_Frame, ...]) -> Block:
        """Return a block whose statements all run in every trip of the loops `around`."""
        out = around[-1].prior if around else []
        for stmt in block:
            if isinstance(stmt, For):
                steady = stmt.step in (Const(1), Const(-1)) and stmt.var not in self.read_later
                frame = _Frame(stmt, [], _bound(stmt.body), steady and not may_end_early(stmt.body))
                stmt = replace(stmt, body=self.block(stmt.body, (*around, frame)))
                for heads, check in frame.before:
                    out += _nest(heads, check)
                out.append(stmt)
            elif not (around and _is_check(stmt) and self.lifted(stmt, around)):
                out.append(ir.with_blocks(stmt, lambda b: self.block(b, ())))
        return tuple(out)

    def lifted(self, check: Stmt, around: tuple[_Frame, ...]) -> bool:
        """Return whether a check was handed on to a loop that would repeat it."""
        place, heads = self.outermost(check, around)
        if place is None:
            return False
        table: dict[Expr, Expr] = {}
        moved: list[For | Let] = []
        for head in heads:
            head = _with_names(head, table)
            if isinstance(head, Let):
                name = self.fresh(head.target)
                self.kinds[name] = self.kinds[head.target]
                table[Name(head.target)] = Name(name)
                head = replace(head, target=name)
            moved.append(head)
        place.before.append((tuple(moved), (_with_names(check, table),)))
        return True

    def outermost(self, check: Stmt, around) -> tuple[_Frame | None, list[For | Let]]:
        """Return the outermost loop that changes nothing of what a check needs; loops and bindings of the nest."""
        needed = {n for s in ir.statements((check,)) for e in ir.exprs_of(s) for n in ir.names_in(e)}
        if not _is_plain(check):
            return None, []
        heads: list[For | Let] = []
        found: tuple[_Frame | None, list[For | Let]] = None, []
        for frame in reversed(around):
            loop = frame.stmt
            for s in reversed(frame.prior):
                if isinstance(s, Let) and s.target in needed and frame.bound[s.target] == 1 and _is_plain(s):
                    needed = needed - {s.target} | ir.names_in(s.value)
                    heads.insert(0, s)
            ends = Let("", ir.Tuple((loop.lo, loop.hi)))
            if not frame.steady or needed & (set(frame.bound) | self.read_later) or not _is_plain(ends):
                break
            bare = loop.var not in needed
            heads.insert(0, replace(loop, var="" if bare else loop.var, body=(), parallel=False, schedule=None))
            needed = needed - {loop.var} | ir.names_in(ends.value)
            if bare:
                found = frame, list(heads)
        return found


def _bound(block: Block) -> Counter[str]:
    """Return how often names are bound in a block, and what grows in it; none of its loop variables."""
    loops = {s.var for s in ir.statements(block) if isinstance(s, For)}
    names = (n for s in ir.statements(block) for n in (*ir.binds(s), *((s.base,) if isinstance(s, ir.Grow) else ())))
    return Counter(n for n in names if n not in loops)


def _is_plain(stmt: Stmt) -> bool:
    """Return whether all that a statement reads is arithmetic of numbers and the sizes of arrays."""
    parts = (e for s in ir.statements((stmt,)) for part in ir.exprs_of(s) for e in ir.walk(part))
    return not any(isinstance(e, Sub) or isinstance(e, Op) and e.fn not in _PLAIN for e in parts)


def _nest(heads: tuple[For | Let, ...], body: Block) -> Block:
    """Return a body inside loops and behind bindings; a loop without a variable only asks whether it has a trip."""
    for head in reversed(heads):
        if isinstance(head, Let):
            body = (head, *body)
        elif head.var:
            body = (replace(head, body=body),)
        else:
            less, more = (head.lo, head.hi) if head.step == Const(1) else (head.hi, head.lo)
            trips = affine(more) - affine(less)
            if trips.is_const and trips.const <= 0:
                return ()
            if trips.is_const:
                continue
            runs: Expr = Op("lt" if head.step == Const(1) else "gt", (head.lo, head.hi))
            if len(body) == 1 and isinstance(body[0], If):
                runs, body = both(runs, body[0].test), body[0].then
            body = (If(runs, body, (), head.loc),)
    return body


def _is_check(stmt: Stmt) -> bool:
    """Return whether a statement is the check of an index."""
    if not isinstance(stmt, If) or stmt.other or len(stmt.then) != 1 or not isinstance(stmt.then[0], ir.Raise):
        return False
    stop = stmt.then[0]
    said = stop.args[0] if stop.args else None
    return stop.exception == "IndexError" and isinstance(said, Const) and str(said.value).startswith("out of bounds")


def _with_names(stmt, table: dict[Expr, Expr]):
    stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, table))
    return ir.with_blocks(stmt, lambda b: tuple(_with_names(s, table) for s in b))
