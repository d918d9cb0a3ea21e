"""Decide which loops over `prange` run on several cores: those whose trips are known not to depend on each other.

Each trip may write elements of arrays that no other trip touches, and add to numbers, which numba sums core by core.
What else a trip does (raise, print, draw, call, carry a number on) keeps the loop on one core, and is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..analysis.access import SIZES_ONLY, accesses, iteration_offset
from ..errors import SERIAL, Problem, problem_at
from ..language import ir
from ..language.blocks import defined_first, exposed_reads, rename_block
from ..language.ir import Break, Const, Expr, For, Function, If, Let, Name, Op, Stmt, Store, Sub, While
from ..language.sum_order import INPLACE, adds_to_itself, read_otherwise
from ..rules import draws

WAY_OUT = "let each trip write its own elements, or write range"


def settle(function: Function) -> tuple[Function, tuple[Problem, ...]]:
    """Return the function with loops that stay on one core written `range`, and what keeps them there, by line.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(a, n):\\n    for i in range(n):\\n        a[i] = a[i] + a[0]\\n    return a")
    >>> marked = replace(f, body=(replace(f.body[0], parallel=True), f.body[1]))
    >>> found, problems = settle(marked)
    >>> found.body[0].parallel, [p.what for p in problems]
    (False, ["this loop over prange runs on one core: trips may meet in elements of 'a'"])
    """
    if not any(isinstance(s, For) and s.parallel for s in ir.statements(function.body)):
        return function, ()
    found: dict[Problem, None] = {}
    start = {title: k for k, title in function.sections}.get("backward", len(function.body))
    settler = Settler(arrays_of(function), found, _zeros(function), ir.Fresh(ir.all_names(function)))
    body = [settler.settled(s, exposed_reads(function.body[k + 1 :]), k >= start) for k, s in enumerate(function.body)]
    return replace(function, body=tuple(body)), tuple(found)


class Settler:
    """Visits the statements of a function that uses some names as arrays, and notes what it finds."""

    def __init__(self, arrays: set[str], found: dict[Problem, None], zeros: dict[str, Const], fresh: ir.Fresh):
        self.arrays, self.found, self.zeros, self.fresh = arrays, found, zeros, fresh

    def settled(self, stmt: Stmt, later: set[str], backward: bool) -> Stmt:
        """Return a statement after which `later` is read."""
        if isinstance(stmt, For) and stmt.parallel:
            why = obstacle(stmt, self.arrays, later)
            if why is None:
                return self.with_own_sums(replace(stmt, body=serial(stmt.body)))
            if stmt.loc is not None:
                which = "the reverse of this loop" if backward else "this loop"
                problem = problem_at(stmt.loc, f"{which} over prange runs on one core: {why}", WAY_OUT)
                self.found[replace(problem, category=SERIAL)] = None
            stmt = replace(stmt, parallel=False)
        again = exposed_reads((stmt,)) if isinstance(stmt, For | While) else set()

        def block(stmts: ir.Block) -> Iterator[Stmt]:
            for k, s in enumerate(stmts):
                yield self.settled(s, exposed_reads(stmts[k + 1 :]) | later | again, backward)

        return ir.with_blocks(stmt, block)


    def with_own_sums(self, loop: For) -> For:
        """Return a loop whose trips sum up in a number of their own what inner loops add to one.

        The sums that numba keeps for the cores lie side by side in memory: cores that add to them all the time wait for
        each other.
        """
        inner = ir.statements(tuple(s for s in ir.statements(loop.body) if isinstance(s, For | While)))
        added = {s.target for s in inner if isinstance(s, Let) and adds_to_itself(s)}
        summed = [n for n in self.zeros if n in added and not defined_first(loop.body, n)]
        own = {n: self.fresh(f"{n}_sum") for n in summed}
        starts = [Let(name, self.zeros[n]) for n, name in own.items()]
        ends = [Let(n, Op("add", (Name(n), Name(name)), INPLACE)) for n, name in own.items()]
        return replace(loop, body=(*starts, *rename_block(loop.body, own), *ends)) if own else loop


def _zeros(function: Function) -> dict[str, Const]:
    """Return the names that start as a number, with zeros of their kinds."""
    found = {}
    for stmt in ir.statements(function.body):
        if isinstance(stmt, Let) and isinstance(stmt.value, Const) and type(stmt.value.value) in (int, float):
            found[stmt.target] = Const(type(stmt.value.value)(0))
    return found


def serial(block: ir.Block) -> ir.Block:
    """Return the block with all loops on one core."""
    return tuple(ir.with_blocks(replace(s, parallel=False) if isinstance(s, For) else s, serial) for s in block)


def arrays_of(function: Function) -> set[str]:
    """Return the names that a function uses as arrays."""
    found = ir.stored_in(function.body)
    for stmt in ir.statements(function.body):
        for e in ir.walk(*ir.exprs_of(stmt)):
            if isinstance(e, Sub) and isinstance(e.base, Name):
                found.add(e.base.id)
            elif isinstance(e, Op) and e.fn in SIZES_ONLY and isinstance(e.args[0], Name):
                found.add(e.args[0].id)
    return found


def obstacle(loop: For, arrays: set[str], read_later: set[str]) -> str | None:
    """Return what keeps a loop on one core; None if nothing does. `read_later` is read after the loop."""
    if loop.other or loop.var in read_later:
        return "it has an else" if loop.other else f"{loop.var!r} is read after it"
    every = list(ir.statements(loop.body))
    for stmt in every:
        why = _does_more(stmt, arrays)
        if why is not None:
            return why
    if _leaves(loop.body):
        return "it has a break"
    lets = [s for s in every if isinstance(s, Let)]
    for name in dict.fromkeys(s.target for s in lets):
        own = [s for s in lets if s.target == name]
        if all(map(adds_to_itself, own)) and not read_otherwise(loop.body, name):
            continue
        if name in read_later or not defined_first(loop.body, name):
            return f"{name!r} is carried from trip to trip"
    varying = ir.bound_in(loop.body)
    for array in dict.fromkeys(s.base for s in every if isinstance(s, Store)):
        writes, reads, plain = accesses(loop.body, array)
        offsets = (iteration_offset(w, o, loop, varying) for w in writes for o in writes + reads)
        if not plain or any(k not in (0, 10**9) for k in offsets):
            return f"trips may meet in elements of {array!r}"
    return None if loop.step == Const(1) else "its step is not 1"


def _does_more(stmt: Stmt, arrays: set[str]) -> str | None:
    """Return what a statement does besides numbers and elements."""
    if isinstance(stmt, ir.Raise | ir.Assert | ir.Within):
        return "a trip may raise an error"
    if isinstance(stmt, ir.Print | ir.Do | ir.Unpack):
        return "a trip prints, or calls a function"
    if not isinstance(stmt, Let | Store | If | For | While | Break) or isinstance(stmt, Let) and stmt.target in arrays:
        return "a trip makes an array"
    for e in ir.exprs_of(stmt):
        if any(isinstance(x, Op) and draws.is_draw(x.fn) for x in ir.walk(e)):
            return "a trip draws random numbers"
        if _whole(e, arrays):
            return "a trip uses a whole array"
    return None


def _whole(e: Expr, arrays: set[str]) -> bool:
    """Return whether an expression uses more of an array than an element or its sizes."""
    if isinstance(e, Sub):
        return any(isinstance(i, ir.Slice | ir.NewAxis | ir.Dots) or _whole(i, arrays) for i in e.index)
    if isinstance(e, Op) and e.fn in SIZES_ONLY:
        return False
    if isinstance(e, Name):
        return e.id in arrays
    return any(_whole(c, arrays) for c in ir.children(e))


def _leaves(block: ir.Block) -> bool:
    """Return whether a block leaves the loop that it is the body of."""
    return any(isinstance(s, Break) or isinstance(s, If) and (_leaves(s.then) or _leaves(s.other)) for s in block)
