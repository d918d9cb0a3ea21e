"""The backward part of a function inside the loop over the rows of its Jacobian, where it is lines without loops.

What does not change from row to row is then computed once, and adjoints of arguments are added up in the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..language import ir
from ..language.blocks import rename_block
from ..language.ir import Block, Const, Expr, For, Let, Name, Op, Stmt, Store, Sub
from ..rules import externals
from ..rules.arrays import ALLOCATIONS

MAKES_ARRAYS = {*ALLOCATIONS, "np.zeros_like", "np.ones_like", "np.empty_like", "np.full_like", "np.dot",
                "np.transpose", "copy", "reshape", "stack", "unset"}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """A backward part and what it is to fill.

    Attributes
    ----------
    second : tuple of Stmt
        The backward part, without the return.
    bars : tuple of Expr
        The adjoints that it returns.
    jacs : tuple of str
        The Jacobians that have these in their rows.
    given : str
        The adjoint of the result as the backward part is given it, an array.
    crossing : tuple of str
        What it reads of the forward part.
    """

    second: Block
    bars: tuple[Expr, ...]
    jacs: tuple[str, ...]
    given: str
    crossing: tuple[str, ...]


def row_loop(rows: Rows, zeros: Expr, place: tuple[Expr, ...], row: str, size: Expr, fresh: ir.Fresh) -> Block | None:
    """Return the loop over the rows, in which Jacobians begin as zeros; None where there is more than lines.

    `zeros` is the adjoint of the result before its element at `place`, that of the row, is one.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> lines = "b = given.copy()", "x_bar = np.zeros_like(x)", "x_bar[0] += x[1] * b[2]", "return x_bar"
    >>> f = parse_text("def f(x, given):\\n    " + "\\n    ".join(lines))
    >>> rows = Rows(f.body[:-1], (Name("x_bar"),), ("x_jac",), "given", ("x",))
    >>> loop = row_loop(rows, Op("np.zeros", (Const(3),)), (Name("row"),), "row", Const(3), ir.Fresh({"row", "b", "x"}))
    >>> print(emit(replace(f, body=loop, params=("x", "x_jac")), comments=False))
    def f(x, x_jac):
        b = np.zeros(3)
        for row in range(3):
            b[row] = 1.0
            x_jac[row, 0] += x[1] * b[2]
            b[row] = 0.0
    """
    bars = zip(rows.bars, rows.jacs, strict=True)
    arrays = {b.id: j for b, j in bars if isinstance(b, Name) and _zeros(rows.second, b.id)}
    given = Op("copy", (Name(rows.given),))
    seed = next((s.target for s in rows.second if isinstance(s, Let) and s.value == given), None)
    body = tuple(s for s in rows.second if not (isinstance(s, Let) and s.target in {seed, *arrays}))
    if not _is_short(body, arrays) or rows.given in ir.read_in(body):
        return None
    own = {n: fresh(n) for n in rows.crossing if n in ir.bound_in(body)}
    body = (*(Let(m, Name(n)) for n, m in own.items()), *rename_block(body, own))
    body = _stored_in_rows(body, arrays, row)
    for bar, jac in zip(rows.bars, rows.jacs, strict=True):
        if not (isinstance(bar, Name) and bar.id in arrays):
            body = (*body, Store(jac, (Name(row),), ir.rename_expr(bar, own)))
    if seed is None:
        return (For(row, Const(0), size, Const(1), body),)
    one, zero = (Store(seed, place, Const(v)) for v in (1.0, 0.0))
    if seed in ir.stored_in(body):
        return (For(row, Const(0), size, Const(1), (Let(seed, zeros), one, *body)),)
    return Let(seed, zeros), For(row, Const(0), size, Const(1), (one, *body, zero))


def _zeros(block: Block, name: str) -> bool:
    """Return whether a block makes an array of zeros under a name, and binds it nowhere else."""
    made = [s for s in block if isinstance(s, Let) and s.target == name]
    every = [s for s in ir.statements(block) if name in ir.binds(s)]
    return len(every) == len(made) == 1 and isinstance(made[0].value, Op) and made[0].value.fn == "np.zeros_like"


def _is_short(body: Block, arrays: dict[str, str]) -> bool:
    """Return whether there are neither loops, calls nor arrays, but for elements of the Jacobians."""
    for stmt in ir.statements(body):
        if not isinstance(stmt, Let | Store | ir.If):
            return False
        if isinstance(stmt, Let) and _makes_array(stmt.value):
            return False
        if any(_is_whole(e, arrays) for e in ir.exprs_of(stmt)):
            return False
    return True


def _makes_array(value: Expr) -> bool:
    return isinstance(value, Op) and (value.fn in MAKES_ARRAYS or externals.is_external(value))


def _is_whole(e: Expr, arrays: dict[str, str]) -> bool:
    """Return whether an expression reads one of the arrays other than by its elements."""
    if isinstance(e, Name):
        return e.id in arrays
    if isinstance(e, Sub) and isinstance(e.base, Name):
        return any(_is_whole(i, arrays) or isinstance(i, ir.Slice) for i in e.index)
    return any(_is_whole(c, arrays) for c in ir.children(e))


def _stored_in_rows(body: Block, arrays: dict[str, str], row: str) -> Block:
    """Return a block with elements of adjoints as elements of rows of Jacobians."""

    def expr(e: Expr) -> Expr:
        found: dict[Expr, Expr] = {}
        for s in ir.walk(e):
            if isinstance(s, Sub) and isinstance(s.base, Name) and s.base.id in arrays:
                found[s] = Sub(Name(arrays[s.base.id]), (Name(row), *s.index))
        return ir.substitute(e, found) if found else e

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, expr)
        if isinstance(stmt, Store) and stmt.base in arrays:
            stmt = replace(stmt, base=arrays[stmt.base], index=(Name(row), *stmt.index))
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    return tuple(map(one, body))
