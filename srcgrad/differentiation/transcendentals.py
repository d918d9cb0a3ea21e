"""Names for transcendental values inside loops that reverse needs again: kept once, not computed twice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..analysis.writes import first_writes
from ..language import ir
from ..language.dependence import differentiable_leaves
from ..language.ir import Block, Const, Expr, For, Kind, Let, Name, Op, Store, Sub, While
from ..rules import elementwise
from .linear import LinearForm

CHEAP = ("sqrt",)  # as dear as the division that goes with it, and as a load from memory


def name_transcendentals(function: ir.Function, kinds: dict[str, Kind], active, fresh: ir.Fresh, everywhere=False):
    """Return (function, active names) with calls in loops that an adjoint would repeat in statements of their own.

    `everywhere` says that calls outside of loops are named as well.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(a, x, n):\\n    for i in range(n):\\n        x = a * np.sin(x)\\n    return x")
    >>> kinds = {"a": Kind("float64"), "x": Kind("float64")}
    >>> print(emit(name_transcendentals(f, kinds, {"a", "x"}, ir.Fresh(ir.all_names(f)))[0]))
    def f(a, x, n):
        for i in range(n):
            sin = np.sin(x)
            x = a * sin
        return x
    """
    first = first_writes(function.body)
    active = set(active)

    def is_active(leaf: Expr) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in active

    def block(stmts: Block, inside: bool) -> Block:
        out: list[ir.Stmt] = []
        for stmt in stmts:
            deeper = inside or isinstance(stmt, For | While)
            stmt = ir.with_blocks(stmt, partial(block, inside=deeper))
            if inside and isinstance(stmt, Let) and not kinds[stmt.target].rank and stmt.target in active:
                out += split(stmt, Name(stmt.target), kinds[stmt.target], False)
            elif inside and isinstance(stmt, Store) and stmt.base in active:
                target = Sub(Name(stmt.base), stmt.index) if stmt.op == "=" else None
                out += split(stmt, target, Kind(kinds[stmt.base].dtype), id(stmt) in first)
            else:
                out.append(stmt)
        return tuple(out)

    def split(stmt, target: Expr | None, kind: Kind, apart: bool) -> list[ir.Stmt]:
        calls = [e for e in unguarded_calls(stmt.value) if e != stmt.value and differentiable_leaves(e, is_active)]
        if not calls:
            return [stmt]
        form = LinearForm(target, stmt.value, is_active)
        temps, pushes = form.pushes(Name(fresh("seed")), ir.Fresh(fresh.taken), isinstance(stmt, Store), apart)
        again = {_plain(e) for whole in _in_full(temps, pushes) for e in ir.walk(whole) if isinstance(e, Op)}
        calls = [e for e in calls if _plain(e) in again]
        table: dict[Expr, Expr] = {}
        lets: list[ir.Stmt] = []
        for e in calls:
            if e in table or any(e in ir.walk(other) for other in table):
                continue
            name = fresh("power" if e.fn == "pow" else elementwise.BY_SPELLING[e.fn].name)
            kinds[name] = kind
            active.add(name)
            table[e] = Name(name)
            lets += split(Let(name, e, stmt.loc), Name(name), kind, False)
        return [*lets, replace(stmt, value=ir.substitute(stmt.value, table))]

    return replace(function, body=block(function.body, everywhere)), frozenset(active)


def _in_full(temps, pushes) -> set[Expr]:
    """Return what adjoints compute, with the values of the names that it shares in their place."""
    shared: dict[Expr, Expr] = {}
    for name, value in temps:
        shared[Name(name)] = ir.substitute(value, shared)
    return {*shared.values(), *(ir.substitute(p.value, shared) for p in pushes)}


def unguarded_calls(expr: Expr) -> list[Op]:
    """Return the calls of transcendental functions that are evaluated whenever the expression is, outer ones first.

    Not those of 1 / (1 + exp(-x)): it is differentiated as a whole.
    """
    from .symbolic import logistic_parts

    if not isinstance(expr, Op) or expr.fn in ("and", "or"):
        return []
    if expr.fn == "div" and logistic_parts(expr) is not None:
        return unguarded_calls(expr.args[0])
    row = elementwise.BY_SPELLING.get(expr.fn)
    own = row is not None and row.transcendental and row.differentiable and row.name not in CHEAP
    own = own or expr.fn == "pow" and not isinstance(expr.args[1], Const)
    return [*([expr] if own else []), *(call for e in expr.args for call in unguarded_calls(e))]


def _plain(expr: Op) -> tuple:
    """Return what a call is, however its function is spelled."""
    row = elementwise.BY_SPELLING.get(expr.fn)
    return (row.name if row is not None else expr.fn), expr.args
