"""Check that a function keeps to the grammar of the IR: run between all passes."""

from __future__ import annotations

from dataclasses import fields

from .ir import Block, Break, Continue, Expr, For, Function, Stmt, While, blocks_of, exprs_of, walk


def verify(function: Function) -> Function:
    """Return the function; raise AssertionError where it breaks the grammar."""

    def check(block: Block, in_loop: bool):
        for stmt in block:
            assert isinstance(stmt, Stmt), stmt
            assert in_loop or not isinstance(stmt, Break | Continue), stmt
            for expr in exprs_of(stmt):
                for e in walk(expr):
                    assert isinstance(e, Expr), (stmt, e)
                    assert all(not isinstance(getattr(e, f.name), list) for f in fields(e)), e
            for inner in blocks_of(stmt):
                check(inner, in_loop or isinstance(stmt, For | While))

    assert len(set(function.params)) == len(function.params), function.params
    check(function.body, False)
    return function
