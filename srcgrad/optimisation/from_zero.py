"""Innermost loops that count from zero.

Compiled code looks at every index whether it is negative, as it then counts from the end. A compiler proves that away,
and vectorises, where a loop counts from zero and what is added to its counter is seen not to be negative:
`for j in range(k + 1, n): a[j] += b[j]` becomes `for j in range(n - k - 1): a[j + k + 1] += b[j + k + 1]`. Of the
counter of a loop that runs downward nothing is seen, so that `k + 1` is given as `max(k + 1, 0)` there. Where such a
loop has others inside that go along rows, its counter is floored: `t = max(t, 0)` changes nothing, and `x[t, j]` needs
no test.
"""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.affine import affine, not_negative, simplify_index
from ..language.blocks import rename_block
from ..language.emit import least
from ..language.ir import Block, Const, Expr, For, Function, Let, Name, Op, Stmt, Store, Sub

ZERO, ONE = Const(0), Const(1)


def count_from_zero(function: Function) -> Function:
    """Return the function with innermost loops counting from zero: all of the backward part, those of array code else.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, n):
    ...     for k in range(n - 1, -1, -1):
    ...         for j in range(k + 1, n):
    ...             a[j] += b[j]
    ...     return a''')
    >>> print(emit(count_from_zero(replace(f, sections=((0, "backward"),))), comments=False))
    def f(a, b, n):
        for k in range(n - 1, -1, -1):
            first = max(k + 1, 0)
            for j in range(n - first):
                a[j + first] += b[j + first]
        return a
    """
    start = min((k for k, title in function.sections if title != "forward"), default=len(function.body))
    fresh = ir.Fresh(ir.all_names(function))
    body: list[Stmt] = []
    for k, stmt in enumerate(function.body):
        body += _Counting(fresh, k >= start).block((stmt,), ())[0]
    assert len(body) == len(function.body)
    return replace(function, body=tuple(body))


class _Counting:
    def __init__(self, fresh: ir.Fresh, every: bool):
        self.fresh, self.every = fresh, every

    def block(self, stmts: Block, around: tuple[For, ...]) -> tuple[list[Stmt], list[Let]]:
        """Return (the statements, what has to stand before the loop whose body they are)."""
        out: list[Stmt] = []
        before: list[Let] = []
        bound = ir.bound_in(stmts) | ({around[-1].var} if around else set())
        made: dict[Expr, str] = {}
        for stmt in stmts:
            new, wanted = self.stmt(stmt, around)
            for let in wanted:
                if not ir.names_in(let.value) & bound and around:
                    before.append(let)
                elif let.value in made:
                    new = _renamed(new, let.target, made[let.value])
                else:
                    out.append(let)
                    if not ir.names_in(let.value) & ir.bound_in(stmts):
                        made[let.value] = let.target
            out.append(new)
        return out, before

    def stmt(self, stmt: Stmt, around: tuple[For, ...]) -> tuple[Stmt, list[Let]]:
        if isinstance(stmt, For) and all(isinstance(s, Let | Store) for s in stmt.body):
            wanted = self.every or stmt.made
            return self.innermost(stmt, around) if wanted and _is_plain(stmt) else (stmt, [])
        found: list[Let] = []
        if isinstance(stmt, For) and least(stmt) is not None and _finds_rows(stmt):
            stmt = replace(stmt, floored=True)

        def inner(block: Block) -> Block:
            new, before = self.block(block, (*around, stmt) if isinstance(stmt, For) else around)
            found.extend(before)
            return tuple(new)

        return ir.with_blocks(stmt, inner), found

    def innermost(self, loop: For, around: tuple[For, ...]) -> tuple[Stmt, list[Let]]:
        names: dict[Expr, Let] = {}
        downward = {s.var for s in around if s.step != ONE}

        def seen(place: Expr) -> Expr:
            """Return a number that is not negative so that a compiler sees it."""
            if not ir.names_in(place) & downward:
                return place
            if place not in names:
                names[place] = Let(self.fresh("first"), Op("max", (place, ZERO)), loop.loc)
            return Name(names[place].target)

        if not isinstance(loop.lo, Const):
            if not not_negative(affine(loop.lo), around):
                return loop, []
            lo = seen(loop.lo)
            moved: dict[Expr, Expr] = {Name(loop.var): Op("add", (Name(loop.var), lo))}
            body = [_indexed(s, lambda e: simplify_index(ir.substitute(e, moved)), moved) for s in loop.body]
            loop = replace(loop, lo=ZERO, hi=simplify_index(Op("sub", (loop.hi, lo))), body=tuple(body))

        def offset(e: Expr) -> Expr:
            rest = affine(e) - affine(Name(loop.var))
            if loop.var in rest.names or not rest.names & downward or not not_negative(rest, around):
                return e
            return Op("add", (Name(loop.var), seen(rest.expr())))

        loop = replace(loop, body=tuple(_indexed(s, offset, {}) for s in loop.body))
        return loop, list(names.values())


def _finds_rows(loop: For) -> bool:
    """Return whether loops inside a loop go along rows that its counter finds."""
    inside = [s for s in ir.statements(loop.body) if isinstance(s, For)]
    if not inside:
        return False
    places = [i for s in ir.statements(loop.body) if isinstance(s, Store) for i in s.index]
    exprs = [e for s in ir.statements(loop.body) for e in ir.exprs_of(s)]
    places += [i for e in ir.walk(*exprs) if isinstance(e, Sub) for i in e.index]
    return any(loop.var in ir.names_in(i) for i in places)


def _is_plain(loop: For) -> bool:
    fixed = ir.names_in(loop.lo) & (ir.bound_in((loop,)) | ir.stored_in(loop.body))
    loads = any(isinstance(e, Sub) for e in ir.walk(loop.lo))
    views = any(
        isinstance(e, ir.Slice | ir.NewAxis | ir.Dots) for s in loop.body for x in ir.exprs_of(s) for e in ir.walk(x)
    )
    if views:
        return False
    return loop.step == ONE and not loop.other and not loop.schedule and not loop.parallel and not fixed and not loads


def _indexed(stmt: Stmt, index, table: dict[Expr, Expr]) -> Stmt:
    """Return a statement with its indices as `index` gives them, and names elsewhere from a table."""

    def visit(e: Expr) -> Expr:
        if isinstance(e, Sub):
            return replace(e, index=tuple(index(visit_index(i)) for i in e.index))
        return table.get(e, e) if isinstance(e, Name) else ir.rebuild(e, visit)

    def visit_index(e: Expr) -> Expr:
        return ir.rebuild(e, lambda x: visit(x) if isinstance(x, Sub) else visit_index(x))

    if isinstance(stmt, Store):
        places = tuple(index(visit_index(i)) for i in stmt.index)
        return replace(stmt, index=places, value=visit(stmt.value))
    return ir.with_exprs(stmt, visit)


def _renamed(stmt: Stmt, old: str, new: str) -> Stmt:
    return rename_block((stmt,), {old: new})[0]
