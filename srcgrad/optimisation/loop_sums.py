"""Sum up in scalars what innermost loops add to one element: loads and stores leave the loop, which vectorises."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.access import accesses
from ..analysis.inequalities import Facts, forget, loaded
from ..language import ir
from ..language.affine import Affine, simplify_index
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store
from ..language.sum_order import INPLACE, UNORDERED
from ..lowering.bounds import Checker

ONE = Affine(const=1)
Cell = tuple[str, tuple[Expr, ...]]


def sum_in_scalars(function: ir.Function, start: int, kinds: dict[str, Kind], sizes) -> tuple[Stmt, ...]:
    """Return what follows `start` of a function with what an innermost loop adds to one element summed up first.

    Where the loop may have no trip, and the element may then be outside its array, only if there is one: its own
    check, in the forward part, was not made otherwise.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, g, k, n):
    ...     for i in range(n):
    ...         a[k] += g[i]
    ...     for j in range(b.shape[0]):
    ...         for i in range(n):
    ...             b[j] += g[i]
    ...     return a, b''')
    >>> kinds = {n: Kind("float64", 1) for n in "abg"} | {n: Kind("int64") for n in "knij"}
    >>> print(emit(replace(f, body=sum_in_scalars(f, 0, kinds, {}))))
    def f(a, b, g, k, n):
        a_sum = 0.0
        for i in range(n):
            a_sum += g[i]
        if 0 < n:
            a[k] += a_sum
        for j in range(b.shape[0]):
            b_sum = 0.0
            for i in range(n):
                b_sum += g[i]
            b[j] += b_sum
        return a, b
    """
    bindings = (s for s in ir.statements(function.body) if isinstance(s, Let))
    made = {s.target: like for s in bindings if (like := _like(s, sizes, kinds))}
    # what scheduling has named itself counts nothing
    kinds = dict.fromkeys(ir.bound_in(function.body), Kind("float64")) | kinds
    summer = _Summer(kinds, made | sizes, ir.Fresh(ir.all_names(function)))
    facts = Facts()
    for stmt in function.body[:start]:
        facts = summer.checker.after(stmt, facts)
    return summer.block(function.body[start:], facts)


class _Summer:
    def __init__(self, kinds: dict[str, Kind], sizes, fresh: ir.Fresh):
        self.fresh = fresh
        self.checker = Checker(kinds, sizes, fresh, set())

    def block(self, stmts, facts: Facts) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            if isinstance(stmt, For) and all(isinstance(s, Let | Store) for s in stmt.body):
                out += self.summed(stmt, facts)
            else:
                out.append(self.inside(stmt, facts))
            facts = self.checker.after(stmt, facts)
        return tuple(out)

    def inside(self, stmt: Stmt, facts: Facts) -> Stmt:
        """Return a statement with its blocks done."""
        if isinstance(stmt, If):
            then = facts.plus(*self.checker.of_test(stmt.test))
            other = facts.plus(*self.checker.of_test(stmt.test, False))
            return replace(stmt, then=self.block(stmt.then, then), other=self.block(stmt.other, other))
        facts = forget(facts, (stmt,))
        if isinstance(stmt, For):
            facts = facts.plus(*self.checker.of_range(stmt))
        return ir.with_blocks(stmt, lambda b: self.block(b, facts))

    def summed(self, loop: For, facts: Facts) -> list[Stmt]:
        """Return a loop with what it adds to elements that do not move with it in scalars, and their additions."""
        bound, stored = ir.bound_in((loop,)), ir.stored_in(loop.body)
        varying, runs = bound | stored, _runs(loop)
        if runs is None or ir.names_in(runs) & bound or loaded((runs,)) & stored:
            return [loop]
        trips = forget(facts, (loop,)).plus(*self.checker.of_range(loop))
        cells: dict[Cell, str] = {}
        body: list[Stmt] = []
        for stmt in loop.body:
            fixed = isinstance(stmt, Store) and stmt.op != "=" and not ir.names_in(*stmt.index) & varying
            if not (fixed and isinstance(stmt, Store) and self.is_only_added((stmt.base, stmt.index), loop, trips)):
                body.append(stmt)
                continue
            cell = stmt.base, stmt.index
            if cell not in cells:
                cells[cell] = self.fresh(f"{stmt.base}_sum")
            name = cells[cell]
            fn, order = "add" if stmt.op == "+=" else "sub", UNORDERED if stmt.unordered else INPLACE
            body.append(Let(name, Op(fn, (Name(name), stmt.value), order), stmt.loc))
        starts = [Let(name, Const(0.0)) for name in cells.values()]
        return [*starts, replace(loop, body=tuple(body)), *self.ends(cells, runs, facts)]

    def is_only_added(self, cell: Cell, loop: For, trips: Facts) -> bool:
        """Return whether nothing in a loop does other than add to an element, by what is known in its trips."""
        array, index = cell
        _, reads, plain = accesses(loop.body, array)
        for stmt in loop.body:
            if isinstance(stmt, Store) and stmt.base == array and stmt.op != "=":
                reads.remove(stmt.index)  # as an addition reads what it adds to
            elif isinstance(stmt, Store) and stmt.base == array:
                reads.append(stmt.index)
        return plain and all(self.are_apart(index, other, trips) for other in reads)

    def are_apart(self, one: tuple[Expr, ...], other: tuple[Expr, ...], facts: Facts) -> bool:
        """Return whether two indices differ on an axis, on which neither counts from the end."""
        for a, b in ((self.checker.normal(a), self.checker.normal(b)) for a, b in zip(one, other, strict=True)):
            if (facts.prove(a - b - ONE) or facts.prove(b - a - ONE)) and facts.prove(a) and facts.prove(b):
                return True
        return False

    def ends(self, cells: dict[Cell, str], runs: Expr, facts: Facts) -> list[Stmt]:
        """Return the additions of sums to their elements, those under a test that may be outside without a trip."""
        always: list[Stmt] = []
        after_trips: list[Stmt] = []
        for cell, name in cells.items():
            safe = self.is_inside(cell, facts) or self.holds(runs, facts)
            (always if safe else after_trips).append(Store(*cell, Name(name), "+="))
        return [*always, If(runs, tuple(after_trips), ())] if after_trips else always

    def holds(self, test: Expr, facts: Facts) -> bool:
        return all(map(facts.prove, self.checker.of_test(test)))

    def is_inside(self, cell: Cell, facts: Facts) -> bool:
        """Return whether an element is known to be inside its array."""
        base, index = cell
        needs = []
        for axis, item in enumerate(index):
            if not self.checker.integer(item):
                return False
            size = self.checker.normal(self.checker.size_of(base, axis))
            needs += self.checker.both(item, self.checker.normal(item), size, (), axis, None)
        return all(self.checker.proved(n, facts) for n in needs)


def _like(stmt: Let, sizes, kinds: dict[str, Kind]) -> tuple[Expr, ...]:
    """Return the sizes of an array that is made like another one; none of any other value."""
    value = stmt.value
    if not isinstance(value, Op) or not value.fn.endswith("_like") or not isinstance(value.args[0], Name):
        return ()
    array = value.args[0].id
    return sizes.get(array) or tuple(Op("shape", (Name(array),), (("axis", d),)) for d in range(kinds[array].rank))


def _runs(loop: For) -> Expr | None:
    """Return the test that a loop has a trip, None where the sign of its step is not known."""
    if not isinstance(loop.step, Const):
        return None
    if loop.step.value > 0:
        return Op("lt", (loop.lo, loop.hi))
    return Op("lt", tuple(simplify_index(Op("add", (e, Const(1)))) for e in (loop.hi, loop.lo)))
