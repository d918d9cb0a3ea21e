"""Raise UnboundLocalError where Python would: a name that only some paths bind is watched by a flag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

from ..errors import UnsupportedError, problem_at
from . import ir
from .ir import Block, Break, Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, While

ALWAYS = Const(True)


def guard_unbound(function: ir.Function) -> ir.Function:
    """Return the function with a check before each use of a name that may be unbound there.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x):\\n    if x > 1.0:\\n        z = x\\n    return z * 2.0")
    >>> print(emit(guard_unbound(f), comments=False))
    def f(x):
        z_bound = False
        if x > 1.0:
            z = x
            z_bound = True
        if not z_bound:
            raise UnboundLocalError('z is not bound on this path (<text>:4)')
        return z * 2.0
    """
    always = set(function.params) | {n for n, _ in function.captured}
    survey = _Survey()
    survey.block(function.body, frozenset(always), [])
    if not survey.doubtful:
        return function
    fresh = ir.Fresh(ir.all_names(function))
    flags = {n: fresh(f"{n}_bound") for n in sorted(survey.doubtful)}
    heads = [Let(flag, Const(False), function.loc) for flag in flags.values()]
    every = ir.all_names(function)
    maybe_none = {n for n in flags if f"{n}_is_none" in every}
    return replace(function, body=(*heads, *_flagged(function.body, flags, survey.uses, maybe_none)))


def with_beginnings(function: ir.Function, kinds: dict[str, Kind]) -> tuple[ir.Function, set[str]]:
    """Return (the function with values at its head for names that the text reads before it binds them, others).

    A loop has bound such a name in the trip before. Nothing reads the value, but numba must know its type, and reverse
    keeps what a name held before it is bound. The others are arrays of a size that is to be found out.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> loop = "for i in range(3):\\n        if i > 0:\\n            x *= y\\n        y = x"
    >>> f = parse_text(f"def f(x):\\n    {loop}\\n    return x")
    >>> print(emit(with_beginnings(f, {"x": Kind("float64"), "y": Kind("float64"), "i": Kind("int64")})[0]))
    def f(x):
        y = 0.0
        for i in range(3):
            if i > 0:
                x *= y
            y = x
        return x
    """
    bound = {*function.params, *(n for n, _ in function.captured)}
    early: dict[str, Stmt] = {}
    for stmt in ir.statements(function.body):
        read = ir.names_in(*ir.exprs_of(stmt)) | ({stmt.base} if isinstance(stmt, Store) else set())
        for name in sorted(read - bound):
            early.setdefault(name, stmt)
        bound |= set(ir.binds(stmt))
    sized = {n for n in early if kinds[n].rank > 1 or kinds[n].rank and n in fixed_in_size(function)}
    for name in sorted(sized - made_in_loops(function)):
        what = f"the array {name!r} is read in a line before the one that binds it"
        raise UnsupportedError(problem_at(early[name].loc, what, "make it before the loop: np.zeros(...)"))
    heads = [Let(n, nothing(kinds[n]), function.loc) for n in sorted(set(early) - sized)]
    return (replace(function, body=(*heads, *function.body)) if heads else function), sized


def fixed_in_size(function: ir.Function) -> set[str]:
    """Return the names of arrays that cannot begin with no elements: written, chosen by a test, or bound in a branch.
    """
    stored = {s.base for s in ir.statements(function.body) if isinstance(s, Store)}
    branches = (b for s in ir.statements(function.body) if isinstance(s, If) for b in (s.then, s.other))
    every = (e for s in ir.statements(function.body) for x in ir.exprs_of(s) for e in ir.walk(x))
    chosen = {n for e in every if isinstance(e, Select) for n in ir.names_in(e.then, e.other)}
    return stored | chosen | {n for b in branches for n in ir.bound_in(b)}


def made_in_loops(function: ir.Function) -> set[str]:
    """Return the names that are first bound inside a loop."""
    first: dict[str, Stmt] = {}
    for stmt in function.body:
        for name in ir.bound_in((stmt,)):
            first.setdefault(name, stmt)
    return {n for n, s in first.items() if isinstance(s, For | While)}


def nothing(kind: Kind) -> ir.Expr:
    """Return a value for a name of this kind on paths that do not bind it."""
    if kind.rank:
        return Op("np.empty", (Const(0),) * kind.rank, (("dtype", kind.dtype),) if kind.dtype != "float64" else ())
    value: dict[str, ir.Expr] = {"float64": Const(0.0), "int64": Const(0), "bool": Const(False)}
    return value.get(kind.dtype) or Op(f"np.{kind.dtype}", (Const(0),))


def negated(test: ir.Expr) -> ir.Expr:
    """Return the opposite of a test."""
    return test.args[0] if isinstance(test, Op) and test.fn == "not" else Op("not", (test,))


@dataclass
class _Survey:
    """Definite assignment: which names may be unbound where they are used."""

    doubtful: set[str] = field(default_factory=set)
    uses: dict[int, dict[str, list[Expr]]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)

    def block(self, block: Block, sure: frozenset[str], breaks: list) -> frozenset[str] | None:
        """Return the names surely bound at the end, None where the end is not reached."""
        self.bound |= ir.bound_in(block)
        for stmt in block:
            read = [r for e in ir.exprs_of(stmt) for r in _reads(e)]
            read += [(stmt.base, ())] if isinstance(stmt, Store) else []
            unsure = [(n, tests) for n, tests in read if n not in sure and n in self.bound]
            for name, tests in unsure:
                self.doubtful.add(name)
                found = self.uses.setdefault(id(stmt), {}).setdefault(name, [])
                where = reduce(lambda a, b: Op("and", (a, b)), tests) if tests else ALWAYS
                found.extend([where] if where not in found else [])
            after = self.after(stmt, sure | {n for n, tests in unsure if not tests}, breaks)
            if after is None:
                return None
            sure = after
        return sure

    def after(self, stmt: Stmt, sure: frozenset[str], breaks: list) -> frozenset[str] | None:
        if isinstance(stmt, If):
            ends = [self.block(b, sure, breaks) for b in (stmt.then, stmt.other)]
            reached = [e for e in ends if e is not None]
            return None if not reached else frozenset.intersection(*reached)
        if isinstance(stmt, For | While):
            inner: list = []
            start = sure | set(ir.binds(stmt))
            end = self.block(stmt.body, frozenset(start), inner)
            if not _surely_runs(stmt):
                return sure
            exits = [*inner, *([end] if end is not None and not _endless(stmt) else [])]
            return frozenset.intersection(*exits) if exits else sure
        if isinstance(stmt, Break):
            breaks.append(sure)
            return None
        if isinstance(stmt, ir.Raise):
            return None
        return sure | set(ir.binds(stmt))


def _reads(expr: Expr, tests: tuple[Expr, ...] = ()) -> Iterator[tuple[str, tuple[Expr, ...]]]:
    """Yield the names that an expression reads, each with the tests that must hold for it to be read."""
    if isinstance(expr, Name):
        yield expr.id, tests
    elif isinstance(expr, Select):
        yield from _reads(expr.test, tests)
        yield from _reads(expr.then, (*tests, expr.test))
        yield from _reads(expr.other, (*tests, negated(expr.test)))
    elif isinstance(expr, Op) and expr.fn in ("and", "or"):
        for arg in expr.args:
            yield from _reads(arg, tests)
            tests = (*tests, arg if expr.fn == "and" else negated(arg))
    else:
        for child in ir.children(expr):
            yield from _reads(child, tests)


def _endless(stmt) -> bool:
    return isinstance(stmt, While) and stmt.test == Const(True)


def _surely_runs(stmt) -> bool:
    if isinstance(stmt, While):
        return _endless(stmt)
    bounds = [e.value for e in (stmt.lo, stmt.hi, stmt.step) if isinstance(e, Const)]
    return len(bounds) == 3 and len(range(*bounds)) > 0


def _unset(name: str, stmt: Stmt, maybe_none: set[str]) -> str:
    """Return the message that a name has no value: what is returned has one that no text of the user's has."""
    place = f" ({stmt.loc.place})" if stmt.loc is not None else ""
    spoken = stmt.loc.spoken if stmt.loc is not None else None
    said = spoken.of(name) if spoken is not None else name
    unsaid = isinstance(stmt, ir.Return) and stmt.loc is not None and not _stands_in(said, stmt.loc.text)
    if unsaid or spoken is not None and said not in spoken.own:
        return f"nothing is returned on this path, where the others return numbers{place}"
    return f"{said} is {'None' if name in maybe_none else 'not bound'} on this path{place}"


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _flagged(
    block: Block, flags: dict[str, str], uses: dict[int, dict[str, list[Expr]]], maybe_none: set[str]
) -> Block:
    out: list[Stmt] = []
    for stmt in block:
        found = uses.get(id(stmt), {})
        for name, tests in sorted(found.items(), key=lambda n: (ALWAYS not in n[1], n[0])):
            message, unset = Const(_unset(name, stmt, maybe_none)), Op("not", (Name(flags[name]),))
            stop = ir.Raise("UnboundLocalError", (message,), stmt.loc)
            for test in [ALWAYS] if ALWAYS in tests else tests:
                out.append(If(unset if test == ALWAYS else Op("and", (test, unset)), (stop,), (), stmt.loc))
        new = ir.with_blocks(stmt, lambda b: _flagged(b, flags, uses, maybe_none))
        if isinstance(new, For) and new.var in flags:
            new = replace(new, body=(Let(flags[new.var], Const(True), stmt.loc), *new.body))
        out.append(new)
        if not isinstance(stmt, For):
            out += [Let(flags[n], Const(True), stmt.loc) for n in ir.binds(stmt) if n in flags]
    return tuple(out)
