"""Products of matrices in loops, which may be small: then a call of BLAS takes longer than the product."""

from __future__ import annotations

from functools import partial

from ..language import ir
from ..language.blocks import by_section
from ..language.ir import Block, Expr, For, Function, Op, Stmt, While
from ..switches import is_on

SMALL = (("small", True),)


def expect_small_products(function: Function) -> Function:
    """Return the function with products of matrices in loops that ask first how large they are.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(A, x, n):
    ...     B = A @ A
    ...     for t in range(n):
    ...         B = B @ A
    ...     return np.sum(B)''')
    >>> print(emit(expect_small_products(f)))
    def f(A, x, n):
        B = A @ A
        for t in range(n):
            B = matmul(B, A)
        return np.sum(B)
    """
    if not is_on("small products"):
        return function

    def one(e: Expr) -> Expr:
        e = ir.rebuild(e, one)
        return Op(e.fn, e.args, SMALL, e.loc) if isinstance(e, Op) and e.fn == "np.dot" else e

    def block(stmts: Block, inside: bool) -> tuple[Stmt, ...]:
        out = []
        for stmt in stmts:
            stmt = ir.with_exprs(stmt, one) if inside else stmt
            out.append(ir.with_blocks(stmt, partial(block, inside=inside or isinstance(stmt, For | While))))
        return tuple(out)

    return by_section(function, partial(block, inside=False))
