"""Stores that overwrite nothing which reverse reads: what stood there needs no record.

Elimination writes below the pivots of the steps before, whose values are all that its reverse asks for. So what reverse
reads of an array, and when, is compared with each store into it: by the ranges that the counters run through.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.writes import Touch, from_the_start, meets_nothing_earlier, touches
from ..language import ir
from ..language.ir import Block, For, Store
from .adjoint import Step


def unread_writes(body: Block, steps: list[Step]) -> set[int]:
    """Return the ids of stores into elements that the reverse of no earlier statement reads.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(a, n):
    ...     for k in range(n):
    ...         for i in range(k + 1, n):
    ...             a[i] -= a[k] * a[k]
    ...             a[k] += a[i]
    ...     return a''')
    >>> outer, inner = f.body[0], f.body[0].body[0]
    >>> reads = parse_text("def f(a, b, k):\\n    b[k] = a[k]\\n    return b").body[:1]
    >>> steps = [Step(outer, body=[Step(inner, body=[Step(inner.body[0], list(reads)), Step(inner.body[1])])])]
    >>> [id(s) in unread_writes(f.body, steps) for s in inner.body]
    [True, False]
    """
    if any(step.is_checkpointed for step in _every(steps)):
        return set()
    code = [s for step in _every(steps) for s in _code(step)]
    bound = ir.bound_in(body) | ir.bound_in(tuple(code))
    found: set[int] = set()
    for array in sorted(ir.stored_in(body)):
        order = [from_the_start(t) for t in _touches(steps, array, ())]
        varying = {id(loop): ir.bound_in(loop.body) for t in order for loop in t.loops}
        reads = [(k, t) for k, t in enumerate(order) if t.store is None]
        for k, write in enumerate(order):
            if write.store is not None and all(
                meets_nothing_earlier(write, t, j < k, bound, varying) for j, t in reads
            ):
                found.add(id(write.store))
    return found


def _every(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(step.body)
        yield from _every(step.other)


def _code(step: Step) -> list[ir.Stmt]:
    return [*step.rebuilds, *step.code, *step.before, *step.end, *step.end_other]


def _touches(steps: list[Step], array: str, loops: tuple[For | ir.While, ...]) -> Iterator[Touch]:
    """Yield what reverse reads of an array, and the stores into it, each where its statement stands."""
    for step in steps:
        stmt = step.stmt
        store = [Touch(stmt.index, loops, stmt)] if isinstance(stmt, Store) and stmt.base == array else []
        reads = [Touch(t.index, t.loops) for t in touches(tuple(_code(step)), array, loops)]
        if isinstance(stmt, Store):
            reads += [Touch(t.index, t.loops) for e in stmt.index for t in touches((ir.Do(e),), array, loops)]
        elif stmt is not None and (step.body or step.other):
            reads += [Touch(t.index, t.loops) for e in ir.exprs_of(stmt) for t in touches((ir.Do(e),), array, loops)]
        yield from (*store, *reads) if step.late else (*reads, *store)
        inside = (*loops, stmt) if isinstance(stmt, For | ir.While) else loops
        yield from _touches(step.body, array, inside)
        yield from _touches(step.other, array, inside)
