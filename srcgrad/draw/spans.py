"""Statements that a drawing cannot take apart: those that write memory which another name shows as a view."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.aliases import SHAPES, TURNS, shown_by
from ..language import ir
from ..language.ir import Block, Expr, Let, Name, Op, Select, Slice, Store, Sub


class Entangled(Exception):
    """Names that share memory are written where one is still read: what is around must be drawn as one node."""


def view_of(value: Expr, kinds, is_stored: bool) -> set[str]:
    """Return the names of whose memory a value shows a part; without kinds, as far as the text tells."""
    if isinstance(value, Name):
        return set()  # the same memory under two names: the drawing follows that
    if kinds is not None:
        return shown_by(value, kinds)
    if isinstance(value, Sub) and isinstance(value.base, Name):
        cut = any(isinstance(i, Slice | ir.NewAxis | ir.Dots) for i in value.index)
        return {value.base.id} if cut or is_stored else set()
    if isinstance(value, Op) and value.fn in SHAPES | TURNS:
        return view_of(value.args[0], kinds, is_stored)
    return {value.id} if isinstance(value, Name) else set()


def writes(stmt: ir.Stmt) -> set[str]:
    """Return the names that a statement, or one inside it, writes into."""
    inplace = {s.target for s in ir.statements((stmt,)) if isinstance(s, Let) and _in_place(s)}
    return ir.stored_in((stmt,)) | inplace


def _in_place(stmt: Let) -> bool:
    return isinstance(stmt.value, Op) and bool(stmt.value.option("inplace"))


def mentions(stmt: ir.Stmt) -> set[str]:
    """Return all names that a statement, or one inside it, reads, binds or writes."""
    return ir.read_in((stmt,)) | ir.bound_in((stmt,))


def _shown_in(stmt: Let, kinds, written: set[str]) -> set[str]:
    """Return the names whose memory a name that is bound shows, whole or in part."""
    return view_of(stmt.value, kinds, stmt.target in written) | (
        {stmt.value.id} if isinstance(stmt.value, Name) else set())  # fmt: skip


def span_from(block: Block, k: int, kinds, after: set[str], written: set[str]) -> int:
    """Return where the statements end that must stay together from number `k` on: the next one, mostly.

    Raises
    ------
    Entangled
        If they do not end in this block.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a):\\n    b = a * 1.0\\n    v = b[1:]\\n    v[0] = 2.0\\n    s = b[1]\\n    return s")
    >>> span_from(f.body, 1, None, set(), {"v"}), span_from(f.body, 0, None, set(), {"v"})
    (3, 1)
    """
    stmt = block[k]
    if not isinstance(stmt, Let):
        return k + 1
    shown = view_of(stmt.value, kinds, stmt.target in written)
    if not shown or not (shown | {stmt.target}) & written:
        return k + 1
    group = {stmt.target, *shown}
    last = k
    for j in range(k + 1, len(block)):
        following = block[j]
        if mentions(following) & (group - shown):
            last = j
        if isinstance(following, Let) and _shown_in(following, kinds, written) & group:
            group.add(following.target)
    if (group - shown) & after:
        if group & written:
            raise Entangled
        return k + 1
    inside = set().union(*(writes(s) for s in block[k : last + 1])) if last > k else set()
    return last + 1 if inside & group else k + 1


def spread_selects(block: Block, fresh) -> Block:
    """Return the block with conditional expressions whose sides compute something as branches.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x):\\n    y = 2.0 * x if x > 0 else x\\n    return y")
    >>> print(emit(ir.Function("f", ("x",), spread_selects(f.body, ir.Fresh({"x", "y"}))), comments=False))
    def f(x):
        if x > 0:
            y = 2.0 * x
        else:
            y = x
        return y
    """
    out: list[ir.Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, lambda b: spread_selects(b, fresh))
        whole = stmt.value if isinstance(stmt, Let) else None
        if isinstance(stmt, Let) and isinstance(whole, Select) and not _is_plain(whole):
            then, other = (spread_selects((replace(stmt, value=e),), fresh) for e in (whole.then, whole.other))
            out.append(ir.If(whole.test, then, other, whole.loc or stmt.loc))
        elif isinstance(stmt, Let | Store | ir.Return):
            value = _without_selects(stmt.value, out, fresh, stmt.loc)
            out.append(replace(stmt, value=value))
        else:
            out.append(stmt)
    return tuple(out)


def _without_selects(expr: Expr, out: list[ir.Stmt], fresh, loc) -> Expr:
    if isinstance(expr, Select) and not _is_plain(expr):
        name = fresh("side")
        where = expr.loc or loc
        then, other = (spread_selects((Let(name, side, where),), fresh) for side in (expr.then, expr.other))
        out.append(ir.If(expr.test, then, other, where))
        return Name(name, where)
    if isinstance(expr, Sub | Slice) or isinstance(expr, Op) and expr.fn in ("and", "or"):
        return expr
    return ir.rebuild(expr, lambda e: _without_selects(e, out, fresh, loc))


def _is_plain(expr: Select) -> bool:
    return _is_leaf(expr.then) and _is_leaf(expr.other)


def _is_leaf(expr: Expr) -> bool:
    return isinstance(expr, Name | ir.Const) or isinstance(expr, Sub) and all(
        isinstance(i, Name | ir.Const) for i in expr.index
    )
