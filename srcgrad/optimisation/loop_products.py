"""Sums over three counters in adjoints, as products of matrices.

Where a user's loops multiply matrices, so do those of the derivative, which has a sum for each factor. The sums of an
adjoint may be added up in any order: here they are products for BLAS, of what the inner loop multiplies with, kept for
all trips, and of matrices that the loops leave as they are. What the user's own loops add up stays as it is.
"""

from __future__ import annotations

import builtins
import keyword
from dataclasses import dataclass, replace
from functools import reduce

from ..analysis.access import transposed
from ..language import ir
from ..language.affine import trips_from_zero
from ..language.blocks import has_jumps, touches
from ..language.calls import is_call
from ..language.ir import ONE, ZERO, Block, Expr, For, Function, If, Kind, Let, Name, Op, Slice, Stmt, Store, Sub
from ..language.kind import dtype_option
from .planned_products import Operand, Plan, Planned, Sizes, Whole, nests_in
from .product_terms import product_of


def multiply_in_adjoints(function: Function, kinds: dict[str, Kind], sizes: Sizes) -> Function:
    """Return the function with sums over three counters of its backward part as products of matrices.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(A, B, C_bar):
    ...     if A.shape[1] != B.shape[0]:
    ...         raise ValueError('sizes')
    ...     A_bar = np.zeros_like(A)
    ...     B_bar = np.zeros_like(B)
    ...     for i in range(A.shape[0] - 1, -1, -1):
    ...         for j in range(B.shape[1] - 1, -1, -1):
    ...             s_bar = 2.0 * C_bar[i, j]
    ...             for k in range(A.shape[1] - 1, -1, -1):
    ...                 A_bar[i, k] += B[k, j] * s_bar
    ...                 B_bar[k, j] += A[i, k] * s_bar
    ...     return A_bar, B_bar''')
    >>> kinds = {n: Kind("float64", 2) for n in ("A", "B", "C_bar", "A_bar", "B_bar")} | {"s_bar": Kind("float64")}
    >>> backward = replace(f, sections=((1, "backward"),))
    >>> print(emit(multiply_in_adjoints(backward, kinds, {}), comments=False))
    def f(A, B, C_bar):
        if A.shape[1] != B.shape[0]:
            raise ValueError('sizes')
        s_bars = np.empty((A.shape[0], B.shape[1]))
        for i in range(A.shape[0] - 1, -1, -1):
            for j in range(B.shape[1] - 1, -1, -1):
                s_bar = 2.0 * C_bar[i, j]
                s_bars[i, j] = s_bar
        A_bar = s_bars @ B.T
        B_bar = A.T @ s_bars
        return A_bar, B_bar
    """
    start = {title: k for k, title in function.sections}.get("backward")
    if start is None:
        return function
    whole: Whole | None = None
    out: list[Stmt] = []
    for stmt in function.body[start:]:
        nests = list(nests_in(stmt)) if isinstance(stmt, For) and _is_plain(stmt) else []
        if nests and isinstance(stmt, For):
            whole = whole or Whole(function, kinds, sizes)
            plan = Plan(whole, stmt, nests)
            out = _Written(whole, plan).after(out) if plan.found else [*out, stmt]
        else:
            out.append(stmt)
    return replace(function, body=(*function.body[:start], *out))


def _is_plain(loop: For) -> bool:
    """Return whether all trips of a loop run, counted from zero, and all that they change is in sight."""
    inside = list(ir.statements(loop.body))
    whole = not (loop.parallel or loop.schedule or loop.other or has_jumps(loop.body))
    hidden = any(is_call(s) or isinstance(s, ir.While | ir.Grow) for s in inside)
    return whole and not hidden and trips_from_zero(loop) is not None


class _Written:
    """A loop without the sums that are products, and what stands around it."""

    def __init__(self, whole: Whole, plan: Plan):
        self.whole, self.plan = whole, plan
        self.kept: dict[tuple[int, Expr], Expr] = {}  # (a nest, what is kept of its trips) -> the array of all of it
        self.first: list[Stmt] = []
        self.behind: list[Stmt] = []

    def after(self, before: list[Stmt]) -> list[Stmt]:
        """Return all statements: those before, of which zeros may go, the loop, and the products behind it."""
        keeps: dict[int, list[Stmt]] = {}
        for _, p in self.plan.found:
            for operand in p.operands:
                self.keep(p, operand, keeps)
        moved = {id(stmt) for stmt, _ in self.plan.found}
        rest = self.without((self.plan.outer,), moved, keeps)
        for nest in {id(p.nest): p.nest for _, p in self.plan.found}.values():
            planned = [p for _, p in self.plan.found if p.nest is nest]
            before = self.write_nest(before, rest, sorted(planned, key=lambda p: not p.to.index))
        return [*before, *self.with_names([*self.first, *rest, *self.behind])]

    def with_names(self, stmts: list[Stmt]) -> list[Stmt]:
        """Return statements with names for how many values counters have where that is the larger of two numbers."""
        nests = [p.nest for _, p in self.plan.found]
        axes = dict.fromkeys(self.plan.axis(nest, Name(c)) for nest in nests for c in nest.counters)
        used = [e for e in axes if isinstance(e, Op) and e.fn == "max"
                and any(e in ir.walk(x) for s in ir.statements(tuple(stmts)) for x in ir.exprs_of(s))]  # fmt: skip
        table: dict[Expr, Expr] = {e: Name(self.whole.fresh("end")) for e in used}

        def named(block: Block) -> tuple[Stmt, ...]:
            return tuple(ir.with_blocks(ir.with_exprs(s, lambda e: ir.substitute(e, table)), named) for s in block)

        lets = [Let(name.id, e, self.plan.outer.loc) for e, name in table.items() if isinstance(name, Name)]
        return [*lets, *named(tuple(stmts))]

    def without(self, block: Block, moved: set[int], keeps: dict[int, list[Stmt]]) -> tuple[Stmt, ...]:
        """Return a block without the statements moved, and with those that keep what their products need."""
        out: list[Stmt] = []
        for stmt in block:
            out += keeps.get(id(stmt), ())
            if id(stmt) not in moved:
                stmt = ir.with_blocks(stmt, lambda b: self.without(b, moved, keeps))
                out += [] if isinstance(stmt, For) and not stmt.body else [stmt]
        return tuple(out)

    # --- what trips keep --------------------------------------------------------------------------------------------

    def keep(self, p: Planned, operand: Operand, keeps: dict[int, list[Stmt]]):
        """Note what a trip has to keep of an operand: nothing where all of it is in an array already."""
        inner, cell = id(p.nest.loops[2]), operand.counters
        if not operand.kept or (inner, operand.element) in self.kept:
            return
        shape = tuple(self.plan.axis(p.nest, c) for c in cell)
        array = self.held(p.nest.within(operand.element), cell, shape, p)
        if array is None:
            dtype = self.whole.kinds[p.to.target].dtype
            array = Name(self.whole.fresh(_plural(operand.element)))
            self.whole.kinds[array.id], self.whole.sizes[array.id] = Kind(dtype, 2), shape
            self.first.append(Let(array.id, Op("np.empty", shape, dtype_option(dtype)), p.nest.loops[0].loc))
            place, store = self.kept_at(p, operand, array.id)
            keeps.setdefault(id(place), []).append(store)
        self.kept[inner, operand.element] = array

    def kept_at(self, p: Planned, operand: Operand, array: str) -> tuple[For, Stmt]:
        """Return (before which loop an operand is kept, the statement that does): where its elements are read at all.
        """
        _, middle, last = p.nest.loops
        cell, loc = operand.counters, p.to.stmt.loc
        store: Stmt = Store(array, cell, operand.element, "=", loc)
        row = cell[1] == Name(last.var)
        elements = [e for e in ir.walk(operand.element) if isinstance(e, Sub)]
        known = [self.plan.is_whole(p.nest, e) for e in elements]
        if row:
            store = For(last.var, *p.nest.range_of(cell[1]), ONE, (store,), (), loc)
        place = middle if row else last
        if not all(known):
            _, trips = p.nest.range_of(Name(place.var))
            store = If(Op("lt", (ZERO, trips)), (store,), (), loc)
        return place, store

    def held(self, weights: Expr, cell: tuple[Expr, ...], shape: tuple[Expr, ...], p: Planned) -> Expr | None:
        """Return the array whose elements weights are, each in its place or that of the transpose; None if none is."""
        if not (isinstance(weights, Sub) and isinstance(weights.base, Name) and set(weights.index) == set(cell)):
            return None
        kind, wanted = self.whole.kinds[weights.base.id], self.whole.kinds[p.to.target]
        sizes = [self.whole.size(weights, c) for c in cell]
        alike = kind == Kind(wanted.dtype, 2) and all(map(self.whole.same, sizes, shape))
        if not alike or self.plan.depends(weights.base):
            return None
        return weights.base if weights.index == cell else transposed(weights.base)

    # --- products ---------------------------------------------------------------------------------------------------

    def write_nest(self, before: list[Stmt], loop, planned: list[Planned]) -> list[Stmt]:
        """Add the products of a nest to what stands behind the loop; return what stands before it.

        Where an array may be shorter than its counter comes up to, a test tells whether the nest has read it at all.
        """
        sides = [[self.side(p, o) for o in p.operands] for p in planned]
        tests = [side.test for some in sides for side in some if side.test is not None]
        tests = list(dict.fromkeys([*tests, *(t for p in planned for t in self.tests(p))]))
        made: dict[tuple, tuple[Name, tuple[Expr, ...]]] = {}
        out: list[Stmt] = []
        for p, some in zip(planned, sides, strict=True):
            shorter = None if tests else self.without_zeros(before, [*self.first, *loop, *self.behind, *out], p, some)
            if shorter is None:
                out += self.added(p, some, made)
            else:
                before = shorter
                out.append(Let(p.to.target, _product(p, some), p.to.stmt.loc))
        test = reduce(lambda a, b: Op("and", (a, b)), tests) if tests else None
        self.behind += [If(test, tuple(out), (), out[0].loc)] if test is not None else out
        return before

    def tests(self, p: Planned) -> list[Expr]:
        """Return whether the counter that a product has no more has any values, if only then all else is surely there.
        """
        elements = [e for f in p.factors for e in ir.walk(f) if isinstance(e, Sub)]
        elements += [Sub(Name(p.to.target), p.to.index)] if p.to.index else []
        matrices = [o.element for o in p.operands if isinstance(o.element, Sub) and not o.kept]
        there = all(self.plan.is_whole(p.nest, e) for e in elements)
        there = there and all(self.plan.is_whole(p.nest, e, p.over) for e in matrices)
        return [] if there else [Op("lt", p.nest.range_of(p.over))]

    def added(self, p: Planned, sides: list[_Side], made) -> list[Stmt]:
        """Return what adds a product to the target, and what makes it where it is not made yet."""
        key = (p.over, *((side.array, *side.counters) for side in sides))
        out: list[Stmt] = []
        if key not in made:
            name = Name(self.whole.fresh("product"))
            self.whole.kinds[name.id] = Kind(self.whole.kinds[p.to.target].dtype, 2)
            out.append(Let(name.id, _product(p, sides), p.to.stmt.loc))
            made[key] = name, p.counters
        product, counters = made[key]
        value = product_of((*p.factors, Sub(product, counters)))
        assert value is not None
        body: tuple[Stmt, ...] = (_added(p.to.stmt, value, p.sign),)
        for counter in reversed(counters):
            assert isinstance(counter, Name)
            body = (For(counter.id, *p.nest.range_of(counter), ONE, body, (), p.to.stmt.loc),)
        return [*out, *body]

    def side(self, p: Planned, operand: Operand) -> _Side:
        """Return an operand as what stands in a product: as much of an array as the nest goes through."""
        end = self.plan.axis(p.nest, p.over)
        if operand.kept:
            array = self.kept[id(p.nest.loops[2]), operand.element]
            return _Side(array, operand.counters, None, tuple(self.plan.axis(p.nest, c) for c in operand.counters))
        element = operand.element
        assert isinstance(element, Sub)
        sizes = tuple(self.whole.size(element, c) for c in element.index)
        size = sizes[element.index.index(p.over)]
        if self.whole.same(size, end):
            return _Side(element.base, element.index, None, sizes)
        places = tuple(Slice(None, end) if c == p.over else Slice() for c in element.index)
        part: Expr = Sub(element.base, places[:1])
        if element.index[0] != p.over:
            part = Op("np.ascontiguousarray", (Sub(element.base, places),))
        return _Side(part, element.index, Op("le", (end, size)), sizes)

    def without_zeros(self, before, rest: list[Stmt], p: Planned, sides: list[_Side]) -> list[Stmt] | None:
        """Return what stands before the loop without the zeros of the target, where the product is all of it so far."""
        target, same = p.to.target, self.whole.same
        if p.factors or p.sign != 1 or p.to.index != p.counters or any(touches(s, target) for s in rest):
            return None
        at = max((k for k, s in enumerate(before) if touches(s, target)), default=0)
        zeros = before[at] if before else None
        value = zeros.value if isinstance(zeros, Let) and zeros.target == target else None
        for counter in p.counters:
            (side,) = [side for side in sides if counter in side.counters]
            _, end = p.nest.range_of(counter)
            wanted = self.whole.size(Sub(Name(target), p.to.index), counter)
            if not same(end, wanted) or not same(side.sizes[side.counters.index(counter)], wanted):
                return None
        made = isinstance(value, Op) and value.fn.startswith("np.zeros")
        return [*before[:at], *before[at + 1 :]] if made else None


@dataclass(frozen=True)
class _Side:
    """One of the matrices of a product, by the counters of its axes; what has to hold for it to have all of them."""

    array: Expr
    counters: tuple[Expr, ...]
    test: Expr | None
    sizes: tuple[Expr, ...]

    def turned(self, counter: Expr, axis: int) -> Expr:
        """Return the matrix, or its transpose, with a counter along an axis."""
        return self.array if self.counters[axis] == counter else transposed(self.array)


def _product(p: Planned, sides: list[_Side]) -> Expr:
    """Return the product of the two sides, its axes in the order of the counters that it has."""
    left, right = sorted(sides, key=lambda side: p.counters[0] not in side.counters)
    return Op("np.dot", (left.turned(p.over, 1), right.turned(p.over, 0)))


def _added(stmt: Stmt, value: Expr, sign: int) -> Stmt:
    """Return an addition like a statement's, of another value."""
    if isinstance(stmt, Store):
        return replace(stmt, value=value, op="+=" if sign == 1 else "-=")
    assert isinstance(stmt, Let)
    assert isinstance(stmt.value, Op)
    return replace(stmt, value=replace(stmt.value, fn="add" if sign == 1 else "sub", args=(stmt.value.args[0], value)))


def _plural(weights: Expr) -> str:
    """Return a name for what is kept of all trips."""
    if isinstance(weights, Name):
        plural = f"{weights.id}s"
        return f"{weights.id}_kept" if keyword.iskeyword(plural) or hasattr(builtins, plural) else plural
    return f"{weights.base.id}_kept" if isinstance(weights, Sub) and isinstance(weights.base, Name) else "weights"
