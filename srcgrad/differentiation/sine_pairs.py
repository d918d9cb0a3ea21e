"""Sines and cosines of one angle side by side: each is the other's derivative, which the way back has by name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from ..language import ir
from ..language.dependence import differentiable_leaves
from ..language.ir import Block, Expr, For, Kind, Let, Name, Op, Sub, While
from ..language.kinds import kind_of
from ..rules import elementwise
from .transcendentals import unguarded_calls

_PARTNERS = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}


@dataclass
class _Pair:
    """The calls of both functions of one angle, by their places in a block, between statements that change it."""

    calls: dict[int, list[Op]] = field(default_factory=dict)

    def functions(self) -> dict[str, Op]:
        """Return a call of each function, by name, in the order in which they are called first."""
        found: dict[str, Op] = {}
        for e in (e for calls in self.calls.values() for e in calls):
            found.setdefault(_name(e), e)
        return found


def name_pairs(function: ir.Function, kinds: dict[str, Kind], active, fresh: ir.Fresh):
    """Return (function, active names) with sine and cosine of one angle in statements one behind the other, in loops.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''def f(x, s, n):
    ...     for i in range(n):
    ...         c = np.cos(x)
    ...         x = x * 0.5
    ...         s += c * np.sin(x) - np.cos(x)
    ...     return s''')
    >>> kinds = dict.fromkeys(("x", "s", "c"), Kind("float64"))
    >>> print(emit(name_pairs(f, kinds, {"x", "s", "c"}, ir.Fresh(ir.all_names(f)))[0]))
    def f(x, s, n):
        for i in range(n):
            c = np.cos(x)
            x = x * 0.5
            sin = np.sin(x)
            cos = np.cos(x)
            s += c * sin - cos
        return s
    """
    active = set(active)
    bound = [n for s in ir.statements(function.body) for n in ir.binds(s)]

    def is_active(leaf: Expr) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in active

    def block(stmts: Block, inside: bool) -> Block:
        stmts = tuple(ir.with_blocks(s, partial(block, inside=inside or isinstance(s, For | While))) for s in stmts)
        before: dict[int, list[Let]] = {}
        tables: dict[int, dict[Expr, Expr]] = {}
        moved: set[int] = set()
        for pair in _pairs(stmts, is_active) if inside else []:
            first = next(iter(pair.calls))
            names: dict[str, str] = {}
            for name, e in pair.functions().items():
                at = next((k for k in pair.calls if _may_move(stmts, first, k, e, bound)), None)
                let = stmts[at] if at is not None else own(name, e, stmts[first].loc)
                assert isinstance(let, Let)
                moved |= {at} if at is not None else set()
                names[name] = let.target
                before.setdefault(first, []).append(let)
            for k, calls in pair.calls.items():
                tables.setdefault(k, {}).update({e: Name(names[_name(e)]) for e in calls})
        out: list[ir.Stmt] = []
        for k, stmt in enumerate(stmts):
            out += before.get(k, [])
            if k not in moved:
                out.append(ir.with_exprs(stmt, partial(ir.substitute, table=tables[k])) if k in tables else stmt)
        return tuple(out)

    def own(name: str, e: Op, loc) -> Let:
        target = fresh(name)
        kinds[target] = kind_of(e, kinds)
        active.add(target)
        return Let(target, e, loc)

    return replace(function, body=block(function.body, False)), frozenset(active)


def _pairs(stmts: Block, is_active) -> list[_Pair]:
    """Return the pairs of a block: the active angles both of whose functions are called."""
    found: list[_Pair] = []
    known: dict[Expr, _Pair] = {}
    for k, stmt in enumerate(stmts):
        for e in unguarded_calls(stmt.value) if isinstance(stmt, Let | ir.Store) else []:
            angle = e.args[0]
            if _name(e) in _PARTNERS and not unguarded_calls(angle) and differentiable_leaves(e, is_active):
                if angle not in known:
                    found.append(known.setdefault(angle, _Pair()))
                known[angle].calls.setdefault(k, []).append(e)
        changed = ir.bound_in((stmt,)) | ir.stored_in((stmt,))
        known = {angle: pair for angle, pair in known.items() if not ir.names_in(angle) & changed}
    return [pair for pair in found if len(pair.functions()) == 2]


def _may_move(stmts: Block, first: int, at: int, e: Op, bound: list[str]) -> bool:
    """Return whether the statement there gives a call a name, for good, and may stand before the first one."""
    let, between = stmts[at], stmts[first:at]
    if not isinstance(let, Let) or let.value != e or bound.count(let.target) > 1:
        return False
    return let.target not in ir.read_in(between) | ir.bound_in(between)


def _call(let: Let) -> tuple:
    """Return the name and the angle of the call that a statement gives a name; nothing of another statement."""
    name = _name(let.value)
    return (name, *let.value.args) if name in _PARTNERS and isinstance(let.value, Op) else ()


def _name(e: Expr) -> str:
    """Return the name of the function that is called, however it is spelled."""
    row = elementwise.BY_SPELLING.get(e.fn) if isinstance(e, Op) else None
    return row.name if row is not None else ""


def are_pair(one: ir.Stmt, other: ir.Stmt) -> bool:
    """Return whether two statements are sine and cosine of one angle."""
    if not isinstance(one, Let) or not isinstance(other, Let):
        return False
    same = bool(_call(one)) and _call(one)[1:] == _call(other)[1:]
    partners = same and _PARTNERS.get(_call(one)[0]) == _call(other)[0]
    return partners and not {one.target, other.target} & ir.names_in(one.value)


def with_names(code: list[ir.Stmt], *pair: ir.Stmt) -> list[ir.Stmt]:
    """Return adjoint code that reads the values of a pair by their names."""
    names = {_call(let): Name(let.target) for let in pair if isinstance(let, Let)}

    def one(e: Expr) -> Expr:
        known = names.get((_name(e), *e.args)) if isinstance(e, Op) else None
        return ir.rebuild(e, one) if known is None else known

    def inside(stmts: Block) -> Block:
        return tuple(ir.with_blocks(ir.with_exprs(s, one), inside) for s in stmts)

    return list(inside(tuple(code)))
