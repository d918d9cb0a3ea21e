"""Innermost loops that a compiler vectorises although they call elementary functions.

A call of the C library keeps a loop running element by element, and so does a sum, whose order is fixed. Where the
trips of an innermost loop do not depend on each other, and all its calls are of functions that `srcgrad.runtime.simd`
has, these are called, and its sums are taken in any order. Other loops, and code outside of loops, keep what they have:
there a call is no slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..language import ir
from ..language.blocks import exposed_reads
from ..language.ir import Const, Expr, For, Function, Let, Op, Stmt, Store, While
from ..language.sum_order import WRITTEN, adds_to_itself, is_instruction
from ..rules.elementwise import BY_SPELLING
from ..rules.rows import SIMD
from .parallel import arrays_of, obstacle

# the functions that vectorise, with NumPy's
_NUMPY = {vector: BY_SPELLING[vector].spellings[0] for vector in SIMD.values()}


def use_vector_functions(function: Function) -> Function:
    """Return the function with elementary functions and sums as they vectorise, in the loops that do then.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, n):
    ...     total = 0.0
    ...     for i in range(n):
    ...         b[i] = np.exp(a[i])
    ...         total += b[i]
    ...     return total / np.exp(b[0])''')
    >>> print(emit(use_vector_functions(f)))
    def f(a, b, n):
        total = 0.0
        for i in range(n):
            b[i] = simd.exp(a[i])
            total += unordered(b[i])
        return total / np.exp(b[0])
    """
    arrays = arrays_of(function)

    def block(stmts: ir.Block, later: set[str]) -> ir.Block:
        return tuple(one(s, exposed_reads(stmts[k + 1 :]) | later) for k, s in enumerate(stmts))

    def one(stmt: Stmt, later: set[str]) -> Stmt:
        if isinstance(stmt, For) and _is_elementary(stmt) and _is_free(stmt, arrays, later):
            return replace(stmt, body=_with_vector_functions(stmt.body, not stmt.parallel))
        around = exposed_reads((stmt,)) if isinstance(stmt, For | While) else set()
        return ir.with_blocks(stmt, lambda b: block(b, later | around)) if ir.blocks_of(stmt) else stmt

    if not any(isinstance(s, For) and _is_elementary(s) for s in ir.statements(function.body)):
        return function
    return replace(function, body=block(function.body, set()))


def without_vector_functions(function: Function) -> Function:
    """Return a function that has been generated with NumPy's functions in all loops."""
    if not any(isinstance(e, Op) and e.fn in _NUMPY for e in _exprs(function.body)):
        return function

    def one(e: Expr) -> Expr:
        e = ir.rebuild(e, one)
        return replace(e, fn=_NUMPY.get(e.fn, e.fn)) if isinstance(e, Op) else e

    def block(stmts: ir.Block) -> ir.Block:
        return tuple(ir.with_blocks(ir.with_exprs(s, one), block) for s in stmts)

    return replace(function, body=block(function.body))


def _exprs(block: ir.Block) -> Iterator[Expr]:
    """Yield all expressions of a block."""
    for stmt in ir.statements(block):
        yield from ir.walk(*ir.exprs_of(stmt))


def _is_elementary(loop: For) -> bool:
    """Return whether a loop has neither loops nor branches in it, and calls functions that vectorise and no others."""
    if not all(isinstance(s, Let | Store) for s in loop.body):
        return False
    called = {e.fn for e in _exprs(loop.body) if isinstance(e, Op) and not is_instruction(e)}
    return bool(called) and called <= SIMD.keys()


def _is_free(loop: For, arrays: set[str], later: set[str]) -> bool:
    """Return whether the trips of a loop can run in any order."""
    upward = replace(loop, step=Const(1)) if loop.step == Const(-1) else loop
    return obstacle(upward, arrays, later) is None


def _with_vector_functions(block: ir.Block, sums: bool) -> ir.Block:
    """Return the statements with calls of vector functions, and sums in any order."""

    def called(e: Expr) -> Expr:
        e = ir.rebuild(e, called)
        return replace(e, fn=SIMD[e.fn]) if isinstance(e, Op) and e.fn in SIMD else e

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, called)
        if sums and isinstance(stmt, Let) and adds_to_itself(stmt):
            assert isinstance(stmt.value, Op)
            return replace(stmt, value=replace(stmt.value, static=WRITTEN))
        return stmt

    return tuple(map(one, block))
