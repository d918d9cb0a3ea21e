"""Adjoint nests over one range as one pass over memory: what one leaves for the next then is a number."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import simplify_index
from ..language.ir import Block, Const, Expr, For, Function, Kind, Let, Name, Op, Stmt, Store
from .contractions import contract
from .joins import Rearranging

Sizes = dict[str, tuple[Expr, ...]]


def join_nests(function: Function, body: Block, kinds: dict[str, Kind], sizes: Sizes) -> Block:
    """Return the backward part of a function with nests joined where one reads what the other leaves.

    Arrays that only carried a value from one to the other become scalars, in `kinds` too. Additions to an element are
    not brought into one innermost loop with others, and sums not in front of what vectorises.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(g, x, A, a):
    ...     t_bar = np.empty_like(A)
    ...     for i in range(t_bar.shape[0]):
    ...         for j in range(t_bar.shape[1]):
    ...             t_bar[i, j] = g[i] * x[j]
    ...     A_bar = np.empty_like(A)
    ...     for i in range(A.shape[0]):
    ...         for j in range(A.shape[1]):
    ...             A_bar[i, j] = a * t_bar[i, j]
    ...     return A_bar''')
    >>> kinds = {n: Kind("float64", 2) for n in ("A", "t_bar", "A_bar")}
    >>> print(emit(replace(f, body=join_nests(f, f.body, kinds, {}))))
    def f(g, x, A, a):
        A_bar = np.empty_like(A)
        for i in range(A.shape[0]):
            for j in range(A.shape[1]):
                t_bar = g[i] * x[j]
                A_bar[i, j] = a * t_bar
        return A_bar
    """
    made = made_sizes(body, kinds, sizes)
    body = with_sizes(body, made)
    known = Known(function.body, made)
    joined = _AdjointJoiner(kinds, _is_nest, lambda e: known.form(e).expr()).block(body)
    returned = {n for s in ir.statements(function.body) if isinstance(s, ir.Return) for n in ir.names_in(s.value)}
    return contract(joined, kinds, made, set(function.params) | returned)


class _AdjointJoiner(Rearranging):
    def feeds(self, first: For, second: For) -> bool:
        if _depth(first) != _depth(second) or not super().feeds(first, second):
            return False
        (adds, sums), (adds_2, sums_2) = effects(first), effects(second)
        return (adds + adds_2 <= 1 or not adds) and (sums_2 or not sums)


def _is_nest(loop: For) -> bool:
    """Return whether a loop is a perfect nest, of stores and sums."""
    if not loop.body or loop.step != Const(1):
        return False
    if len(loop.body) == 1 and isinstance(loop.body[0], For):
        return _is_nest(loop.body[0])
    return all(isinstance(s, Store | Let) for s in loop.body)


def _depth(loop: For) -> int:
    inner = loop.body[0] if len(loop.body) == 1 else None
    return 1 + (_depth(inner) if isinstance(inner, For) else 0)


def effects(loop: For) -> tuple[int, bool]:
    """Return (how many stores of a nest add to elements, whether it adds to scalars)."""
    inside = list(ir.statements((loop,)))
    adds = sum(isinstance(s, Store) and s.op != "=" for s in inside)
    return adds, any(isinstance(s, Let) and s.target in ir.names_in(s.value) for s in inside)


def made_sizes(block: Block, kinds: dict[str, Kind], sizes: Sizes) -> Sizes:
    """Return the sizes known of arrays, with those that a block makes; what grows has no size of its own."""
    found = dict(sizes)
    growing = {s.base for s in ir.statements(block) if isinstance(s, ir.Grow)}
    for stmt in ir.statements(block):
        value = stmt.value if isinstance(stmt, Let) else None
        if not isinstance(stmt, Let) or not isinstance(value, Op) or stmt.target in growing:
            continue
        if (value.fn.endswith("_like") or value.fn == "copy") and isinstance(value.args[0], Name):
            like = value.args[0].id
            rank = kinds[like].rank if like in kinds else 0
            own = tuple(Op("shape", (Name(like),), (("axis", d),)) for d in range(rank))
            found[stmt.target] = found.get(like) or own
        elif value.fn in ("np.empty", "np.zeros"):
            found[stmt.target] = value.args
    return found


def with_sizes(block: Block, made: Sizes) -> Block:
    """Return the block with loops over the sizes of arrays that it makes run over what these are made with."""
    own = {s.target for s in ir.statements(block) if isinstance(s, Let)}

    def size(e: Expr) -> Expr:
        if isinstance(e, Op) and e.fn == "shape" and isinstance(e.args[0], Name) and e.args[0].id in own & set(made):
            return made[e.args[0].id][e.option("axis")]
        return ir.rebuild(e, size) if isinstance(e, Op) else e

    def visit(stmt: Stmt) -> Stmt:
        if isinstance(stmt, For):
            stmt = replace(stmt, hi=simplify_index(size(stmt.hi)))
        return ir.with_blocks(stmt, lambda b: [visit(s) for s in b])

    return tuple(map(visit, block))

