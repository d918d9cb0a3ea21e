"""Join additions to one place: fewer loads and stores, and what the terms have in common is multiplied once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from ..language import ir
from ..language.emit import expr_text
from ..language.ir import Const, Expr, For, Let, Name, Op, Stmt, Store, While

LONG = 90


def join_additions(block, in_loop: bool = False) -> tuple[Stmt, ...]:
    """Return the block with additions to one element that follow each other, other things between them, as one.

    Inside loops also additions to a scalar, where their terms have factors in common.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, g, h, k, n):
    ...     a[k] += g
    ...     b[k] += g
    ...     a[k] += 2.0 * h
    ...     for i in range(n):
    ...         s += g * b[i]
    ...         t = b[i] * b[i]
    ...         s += h * t * g
    ...     return a, b''')
    >>> print(emit(replace(f, body=join_additions(f.body))))
    def f(a, b, g, h, k, n):
        b[k] += g
        a[k] += g + 2.0 * h
        for i in range(n):
            t = b[i] * b[i]
            s += g * (b[i] + h * t)
        return a, b
    """
    out: list[Stmt] = []
    for stmt in block:
        inside = in_loop or isinstance(stmt, For | While)
        stmt = ir.with_blocks(stmt, partial(join_additions, in_loop=inside))
        for j in reversed(range(len(out))):
            before = out[j]
            if not isinstance(before, Let | Store) or not isinstance(stmt, Let | Store):
                break
            both = _joined(before, stmt, in_loop)
            if both is not None and _may_move(before, tuple(out[j + 1 :])):
                out[j:] = out[j + 1 :]
                stmt = both
            if both is not None or _place(before) == _place(stmt):
                break
        out.append(stmt)
    return tuple(out)


def _joined(before: Stmt, after: Stmt, in_loop: bool) -> Stmt | None:
    """Return the one addition that stands for two, None where they are not to one place or better stay two."""
    value: Expr | None
    if isinstance(before, Store) and isinstance(after, Store):
        if after.base in ir.names_in(after.value):
            return None
        assigned = before.op == "=" and after.op in ("+=", "-=")
        if after.op == "=" or not assigned and replace(before, value=after.value) != after:
            return None
        if (before.base, before.index) != (after.base, after.index):
            return None
        fn = "sub" if assigned and after.op == "-=" else "add"
        value = common_factors(before.value, after.value, fn) or Op(fn, (before.value, after.value))
        if assigned and before.value == Const(0.0):
            value = after.value if fn == "add" else Op("neg", (after.value,))
        after = replace(after, op=before.op)
        return replace(after, value=value) if len(expr_text(value)) <= LONG else None
    if not (in_loop and isinstance(before, Let) and isinstance(after, Let) and before.target == after.target):
        return None
    second, first = _added(after), _added(before)
    if second is None or first is None and before.target in ir.names_in(before.value):
        return None
    fn = second[0] if first is None or first[0] == "add" else "add" if second[0] == "sub" else "sub"
    value = common_factors(before.value if first is None else first[1], second[1], fn)
    if value is None or len(expr_text(value)) > LONG:
        return None
    return replace(after, value=value if first is None else replace(before.value, args=(Name(after.target), value)))


def _added(stmt: Stmt) -> tuple[str, Expr] | None:
    """Return (add or sub, what is added) of a statement that adds to a scalar."""
    value = stmt.value if isinstance(stmt, Let) else None
    if isinstance(value, Op) and value.fn in ("add", "sub") and value.option("inplace"):
        assert isinstance(stmt, Let)
        if value.args[0] == Name(stmt.target) and stmt.target not in ir.names_in(value.args[1]):
            return value.fn, value.args[1]
    return None


def common_factors(a: Expr, b: Expr, fn: str = "add") -> Expr | None:
    """Return the sum (or difference) of two products as one product with it, None where no factor is in both.

    >>> x, y, z = map(Name, "xyz")
    >>> expr_text(common_factors(Op("mul", (Op("mul", (x, y)), z)), Op("mul", (z, x))))
    'x * z * (y + 1.0)'
    >>> expr_text(common_factors(Op("mul", (x, y)), Op("mul", (y, x))))
    '2.0 * x * y'
    """
    first, second = _factors(a), _factors(b)
    common = Counter(first) & Counter(second)
    if not any(not isinstance(e, Const) for e in common):
        return None
    left, right = (_product(_taken(factors, common, False)) for factors in (first, second))
    if isinstance(left, Const) and isinstance(right, Const):
        factor = left.value + right.value if fn == "add" else left.value - right.value
        return _product([Const(factor), *_taken(first, common, True)])
    return _product([*_taken(first, common, True), Op(fn, (left, right))])


def _factors(e: Expr) -> list[Expr]:
    return [f for arg in e.args for f in _factors(arg)] if isinstance(e, Op) and e.fn == "mul" else [e]


def _taken(factors: list[Expr], common: Counter, inside: bool) -> list[Expr]:
    """Return the factors that are among the common ones, or those that are not."""
    left, found = Counter(common), []
    for e in factors:
        if bool(left[e]) == inside:
            found.append(e)
        left[e] -= left[e] > 0
    return found


def _product(factors: list[Expr]) -> Expr:
    if not factors:
        return Const(1.0)
    product = factors[0]
    for e in factors[1:]:
        product = Op("mul", (product, e))
    return product


def _place(stmt: Stmt) -> str:
    assert isinstance(stmt, Let | Store)
    return stmt.target if isinstance(stmt, Let) else stmt.base


def _may_move(stmt: Stmt, over) -> bool:
    """Return whether an addition may as well stand after some statements."""
    read = ir.names_in(*ir.exprs_of(stmt)) - {_place(stmt)}
    return not (_place(stmt) in ir.read_in(over) or read & (ir.bound_in(over) | ir.stored_in(over)))
