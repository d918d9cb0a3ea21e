"""Sums over three counters in adjoints, as products of matrices.

Where a user's loops multiply matrices, so do those of the derivative, which has a sum for each factor. The sums of an
adjoint may be added up in any order: here they are products for BLAS, of what the inner loop multiplies with, kept for
all trips, and of matrices that the loops leave as they are. What the user's own loops add up stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from ..language import ir
from ..language.affine import trips_from_zero
from ..language.blocks import has_jumps
from ..language.calls import is_call
from ..language.ir import ONE, ZERO, Block, Expr, For, Function, If, Kind, Let, Name, Op, Slice, Stmt, Store, Sub
from .planned_products import Operand, Plan, Planned, Sizes, Whole, nests_in
from .product_terms import addition, product_of


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
        for _, planned in self.plan.found:
            for p in planned:
                for operand in p.operands:
                    self.keep(p, operand, keeps)
        moved = {id(stmt) for stmt, _ in self.plan.found}
        loop = ir.with_blocks(self.plan.outer, lambda b: self.without(b, moved, keeps))
        rest = [loop] if _does((loop,)) else []
        for nest in {id(p.nest): p.nest for _, planned in self.plan.found for p in planned}.values():
            terms = [p for _, planned in self.plan.found for p in planned if p.nest is nest]
            before = self.write_nest(before, rest, sorted(terms, key=lambda p: not p.to.index))
        return [*before, *self.with_names([*self.first, *rest, *self.behind])]

    def with_names(self, stmts: list[Stmt]) -> list[Stmt]:
        """Return statements with names for how far counters go where that is the least or largest of numbers."""
        ends = dict.fromkeys(e for e in self.plan.axes.values() if isinstance(e, Op) and e.fn in ("min", "max"))
        used = [e for e in ends if any(e in ir.walk(x) for s in ir.statements(tuple(stmts)) for x in ir.exprs_of(s))]
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
                if not isinstance(stmt, For) or stmt.body and _does(stmt.body):
                    out.append(stmt)
        return tuple(out)

    def keep(self, p: Planned, operand: Operand, keeps: dict[int, list[Stmt]]):
        """Note what a trip has to keep of an operand: nothing where all of it is in an array already."""
        inner, cell, loc = id(p.nest.loops[2]), operand.counters, p.to.stmt.loc
        if not operand.kept or (inner, operand.element) in self.kept:
            return
        axes = [self.plan.axis(p.nest, c) for c in cell]
        shape = tuple(n for n in axes if n is not None)
        ranges = [p.nest.range_of(c) for c in cell]
        whole = all(lo == ZERO and self.whole.same(hi, n) for (lo, hi), n in zip(ranges, shape, strict=True))
        array = self.held(p.nest.within(operand.element), cell, shape, p) if whole else None
        if array is None:
            dtype = self.whole.kinds[p.to.target].dtype
            name = self.whole.fresh(_plural(operand.element))
            self.whole.kinds[name], self.whole.sizes[name] = Kind(dtype, 2), shape
            static = () if dtype == "float64" else (("dtype", dtype),)
            self.first.append(Let(name, Op("np.empty" if whole else "np.zeros", shape, static), p.nest.loops[0].loc))
            store: Stmt = Store(name, cell, operand.element, "=", loc)
            middle, last = p.nest.loops[1:]
            if cell[1] == Name(last.var):
                store = For(last.var, *ranges[1], ONE, (store,), (), loc)
            keeps.setdefault(id(last if cell[1] == Name(middle.var) else middle), []).append(store)
            array = Name(name)
        self.kept[inner, operand.element] = array

    def held(self, weights: Expr, cell: tuple[Expr, ...], shape: tuple[Expr, ...], p: Planned) -> Expr | None:
        """Return the array whose elements weights are, each in its place or that of the transpose; None if none is."""
        if not (isinstance(weights, Sub) and isinstance(weights.base, Name) and set(weights.index) == set(cell)):
            return None
        kind, wanted = self.whole.kinds[weights.base.id], self.whole.kinds[p.to.target]
        sizes = [self.whole.size(weights, c) for c in cell]
        alike = kind == Kind(wanted.dtype, 2) and all(map(self.whole.same, sizes, shape))
        if not alike or self.plan.depends(weights.base):
            return None
        return weights.base if weights.index == cell else _turned(weights.base)

    def write_nest(self, before: list[Stmt], loop: list[Stmt], terms: list[Planned]) -> list[Stmt]:
        """Add the products of a nest to what stands behind the loop; return what stands before it.

        Where an array is too short for its counter, the nest has no trips: another loop of it is empty.
        """
        sides = [[self.side(p, o) for o in p.operands] for p in terms]
        tests = list(dict.fromkeys(side.test for some in sides for side in some if side.test is not None))
        made: dict[tuple, tuple[Name, tuple[Expr, ...]]] = {}
        out: list[Stmt] = []
        for p, some in zip(terms, sides, strict=True):
            shorter = None if tests else self.without_zeros(before, [*loop, *self.behind, *out], p, some)
            if shorter is None:
                out += self.added(p, some, made)
            else:
                before = shorter
                out.append(Let(p.to.target, _product(p, some), p.to.stmt.loc))
        test = reduce(lambda a, b: Op("and", (a, b)), tests) if tests else None
        self.behind += [If(test, tuple(out), (), out[0].loc)] if test is not None else out
        return before

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
        ranges = {c: self.plan.range_of(p, c) for c in counters}
        outer = Name(p.nest.counters[0])
        if any(outer in ir.walk(*ends) for ends in ranges.values()):
            counters = tuple(sorted(counters, key=lambda c: c != outer))
        for counter in reversed(counters):
            assert isinstance(counter, Name)
            body = (For(counter.id, *ranges[counter], ONE, body, (), p.to.stmt.loc),)
        return [*out, *body]

    def side(self, p: Planned, operand: Operand) -> _Side:
        """Return an operand as what stands in a product: as much of an array as the nest goes through."""
        end = self.plan.axis(p.nest, p.over)
        if operand.kept:
            array = self.kept[id(p.nest.loops[2]), operand.element]
            axes = [self.plan.axis(p.nest, c) for c in operand.counters]
            return _Side(array, operand.counters, None, tuple(n for n in axes if n is not None))
        element = operand.element
        assert isinstance(element, Sub)
        sizes = tuple(self.whole.size(element, c) for c in element.index)
        size = sizes[element.index.index(p.over)]
        if end is None or self.whole.same(size, end):
            return _Side(element.base, element.index, None, sizes)
        places = tuple(Slice(None, end) if c == p.over else Slice() for c in element.index)
        part: Expr = Sub(element.base, places[:1])
        if element.index[0] != p.over:
            part = Op("np.ascontiguousarray", (Sub(element.base, places),))
        least = end.args if isinstance(end, Op) and end.fn == "min" else ()
        fits = any(self.whole.same(size, e) for e in least)
        return _Side(part, element.index, None if fits else Op("le", (end, size)), sizes)

    def without_zeros(self, before, rest: list[Stmt], p: Planned, sides: list[_Side]) -> list[Stmt] | None:
        """Return what stands before the loop without the zeros of the target, where the product is all of it so far."""
        target, same = p.to.target, self.whole.same
        if p.factors or p.sign != 1 or p.to.index != p.counters or any(_mentions(s, target) for s in rest):
            return None
        at = max((k for k, s in enumerate(before) if _mentions(s, target)), default=0)
        zeros = before[at] if before else None
        value = zeros.value if isinstance(zeros, Let) and zeros.target == target else None
        for counter in p.counters:
            (side,) = [side for side in sides if counter in side.counters]
            lo, hi = self.plan.range_of(p, counter)
            wanted = self.whole.size(Sub(Name(target), p.to.index), counter)
            if lo != ZERO or not same(hi, wanted) or not same(side.sizes[side.counters.index(counter)], wanted):
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
        return self.array if self.counters[axis] == counter else _turned(self.array)


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


def _turned(e: Expr) -> Expr:
    """Return the transpose of a matrix, without a double one."""
    return e.args[0] if isinstance(e, Op) and e.fn == "np.transpose" else Op("np.transpose", (e,))


def _plural(weights: Expr) -> str:
    """Return a name for what is kept of all trips."""
    if isinstance(weights, Name):
        return f"{weights.id}s"
    return f"{weights.base.id}_kept" if isinstance(weights, Sub) and isinstance(weights.base, Name) else "weights"


def _does(block: Block) -> bool:
    """Return whether a block does more than name numbers."""
    for s in block:
        if ir.blocks_of(s):
            if any(map(_does, ir.blocks_of(s))):
                return True
        elif not isinstance(s, Let) or addition(s) is not None:
            return True
    return False


def _mentions(stmt: Stmt, name: str) -> bool:
    return name in ir.read_in((stmt,)) | ir.stored_in((stmt,)) | ir.bound_in((stmt,))
