"""Which sums of a loop are products of matrices: the nests of three counters in it, and what each adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.aliases import sharing
from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import nonnegative, simplify_index
from ..language.ir import ONE, ZERO, Block, Const, Expr, For, Function, Kind, Let, Name, Op, Stmt, Store, Sub
from .adjoint_joins import made_sizes
from .product_terms import Addition, addition, at_counters, factors_of, is_element, product_of

FEW = 16  # trips known to be no more than these are no work for BLAS
Sizes = dict[str, tuple[Expr, ...]]


class Whole:
    """What is known of a whole function: kinds, sizes, and which arrays share their memory."""

    def __init__(self, function: Function, kinds: dict[str, Kind], sizes: Sizes):
        self.kinds, self.sizes = kinds, sizes
        self.known = Known(function.body, made_sizes(function.body, kinds, sizes))
        self.same = self.known.same
        self.shared = sharing(function, kinds, cautious=True)
        self.fresh = ir.Fresh(ir.all_names(function))

    def size(self, element: Sub, counter: Expr) -> Expr:
        """Return the size of an element's array along the axis that a counter stands in."""
        return Op("shape", (element.base,), (("axis", element.index.index(counter)),))


@dataclass(frozen=True)
class Nest:
    """Three loops in each other, and what numbers are that the outer two bind before the inner one, and once."""

    loops: tuple[For, For, For]
    locals: dict[str, Expr]
    inner: dict[str, Expr]  # the same of the inner loop

    def said_by(self, e: Expr, stmt: Stmt) -> Expr:
        """Return an expression of numbers that the inner loop binds before a statement as what these are made of."""
        before = self.loops[2].body[: next(k for k, s in enumerate(self.loops[2].body) if s is stmt)]
        bound = [s.target for s in before if isinstance(s, Let) and s.target in self.inner]
        for name in reversed(bound):
            e = ir.substitute(e, {Name(name): self.inner[name]})
        return e

    @property
    def counters(self) -> tuple[str, ...]:
        return tuple(loop.var for loop in self.loops)

    def loop_of(self, counter: Expr) -> For:
        """Return the loop that a counter is of."""
        return next(loop for loop in self.loops if Name(loop.var) == counter)

    def within(self, e: Expr) -> Expr:
        """Return an expression of local numbers as one of what these are made of."""
        table: dict[Expr, Expr] = {Name(n): v for n, v in self.locals.items()}
        for _ in self.locals:
            e = ir.substitute(e, table)
        return e

    def range_of(self, counter: Expr) -> tuple[Expr, Expr]:
        """Return the first value of a counter and the one behind the last, in upward order."""
        loop = self.loop_of(counter)
        lo, hi = (loop.lo, loop.hi) if loop.step == ONE else (_next(loop.hi), _next(loop.lo))
        return self.within(lo), self.within(hi)


@dataclass(frozen=True)
class Operand:
    """A matrix by the counters of its elements; what the loop changes has to be kept for all its trips."""

    element: Expr
    counters: tuple[Expr, ...]
    kept: bool = False


@dataclass(frozen=True)
class Planned:
    """A term of an addition as a product of two matrices over one counter, times other factors."""

    nest: Nest
    to: Addition
    sign: int
    operands: tuple[Operand, Operand]
    over: Expr
    factors: tuple[Expr, ...]

    @property
    def counters(self) -> tuple[Expr, Expr]:
        """Return the counters of the product, in the order of the target where it has both."""
        own = tuple(c for o in self.operands for c in o.counters if c != self.over)
        first, second = self.to.index if set(self.to.index) == set(own) else own
        return first, second


def nests_in(outer: For) -> Iterator[Nest]:
    """Yield the nests of three loops, the innermost without loops and branches of its own, that a loop begins."""
    bound = Counter(n for s in ir.statements((outer,)) for n in ir.binds(s))

    def lets(block: Block) -> dict[str, Expr]:
        return {s.target: s.value for s in block if isinstance(s, Let) and bound[s.target] == 1}

    for m, middle in enumerate(outer.body):
        if isinstance(middle, For) and not (middle.parallel or middle.other):
            for n, inner in enumerate(middle.body):
                if isinstance(inner, For) and not any(ir.blocks_of(s) for s in inner.body) and not inner.other:
                    known = lets(outer.body[:m]) | lets(middle.body[:n])
                    if len({outer.var, middle.var, inner.var}) == 3 and inner.body:
                        yield Nest((outer, middle, inner), known, lets(inner.body))


class Plan:
    """The sums of a loop that are products, each with its nest and statement."""

    def __init__(self, whole: Whole, outer: For, nests: list[Nest]):
        self.whole, self.outer = whole, outer
        self.bound = ir.bound_in((outer,))
        self.changed = self.bound | self.written((outer,))
        self.summed = self._only_summed()
        self.found: list[tuple[Stmt, Planned]] = []
        for nest in nests:
            for stmt in nest.loops[2].body:
                planned = self.planned(nest, stmt)
                if planned is not None:
                    self.found.append((stmt, planned))

    def written(self, block: Block) -> set[str]:
        """Return the arrays that a block may write, under all of their names."""
        stored = ir.stored_in(block)
        return stored.union(*(self.whole.shared.get(n, ()) for n in stored))

    def _only_summed(self) -> set[str]:
        """Return the names that the loop adds to, and does nothing else with."""
        adds, others = set(), {self.outer.var}
        for s in ir.statements(self.outer.body):
            to = addition(s)
            others |= ir.names_in(*(ir.exprs_of(s) if to is None else (to.value, *to.index)))
            if to is None:
                others |= {*ir.binds(s), *({s.base} if isinstance(s, Store) else ())}
            else:
                adds |= {to.target}
        return {n for n in adds - others if not self.whole.shared.get(n, set()) - {n}}

    def planned(self, nest: Nest, stmt: Stmt) -> Planned | None:
        """Return what a statement sums up as a product; None where it is none."""
        to = addition(stmt)
        if to is None or to.target not in self.summed or not self.fits(nest):
            return None
        places = {i.id for i in to.index if isinstance(i, Name) and i.id in nest.counters}
        return self.product(nest, to) if len(places) == len(to.index) else None

    def fits(self, nest: Nest) -> bool:
        """Return whether the loops count from zero to the same end in all trips, and none is known to be short.

        Where one goes as far as another says, zero would stand for what no trip reads, and zero times that may be nan.
        """
        ranges = [nest.range_of(Name(c)) for c in nest.counters]
        short = any(isinstance(hi, Const) and hi.value <= FEW for _, hi in ranges)
        steps = all(loop.step in (ONE, Const(-1)) for loop in nest.loops)
        return steps and not short and all(lo == ZERO and not self.depends(hi) for lo, hi in ranges)

    def depends(self, e: Expr) -> bool:
        """Return whether an expression may have another value in another trip, or behind the loop."""
        if isinstance(e, Op) and e.fn in ("shape", "len", "size") and isinstance(e.args[0], Name):
            return e.args[0].id in self.bound
        return e.id in self.changed if isinstance(e, Name) else any(map(self.depends, ir.children(e)))

    def product(self, nest: Nest, to: Addition) -> Planned | None:
        """Return what is added in all trips of a nest as a product; None where it is none."""
        i, j, k = map(Name, nest.counters)
        inner = (nest.loops[2],)
        own, (sign, factors) = ir.bound_in(inner), factors_of(nest.said_by(to.value, to.stmt))
        elements = [f for f in factors if ir.names_in(f) & own]
        others = [f for f in factors if f not in elements]
        outside = tuple(x for x in map(nest.within, others) if not self.depends(x))
        weights = product_of(tuple(f for f in others if self.depends(nest.within(f))))
        operands = [o for o in (self.operand(nest, e, to) for e in elements) if o is not None]
        if len(operands) < len(elements) or ir.names_in(*factors) & self.written(inner):
            return None
        matrices = [o for o in operands if len(o.counters) == 2]
        if weights is None:
            pair, over = matrices, k
            if {c for o in pair for c in o.counters} != {i, j, k} or k in to.index:
                return None
        else:
            if not ir.names_in(weights) & ir.bound_in((nest.loops[1],)):
                return None
            kept, pair, over = Operand(weights, (i, j), kept=True), [], j
            for gone, stays in ((j, i), (i, j)):
                made = [o for o in matrices if set(o.counters) == {gone, k}]
                left = {c for o in operands if o not in made for c in o.counters} | {*to.index}
                if len(made) == 1 and gone not in left and stays in left:
                    pair, over = [kept, *made], gone
                    break
        rest = [o for o in operands if o not in pair]
        if len(pair) != 2 or any(o.kept or over in o.counters for o in rest):
            return None
        rests = (*outside, *(o.element for o in rest))
        return Planned(nest, to, to.sign * sign, (pair[0], pair[1]), over, rests)

    def operand(self, nest: Nest, e: Expr, to: Addition) -> Operand | None:
        """Return an element as one of a matrix like the target, or of a vector; None where it is none.

        A vector that each trip of the outer loop makes anew is the row of a matrix.
        """
        if not is_element(e) or not at_counters(e) <= set(nest.counters):
            return None
        assert isinstance(e, Sub)
        assert isinstance(e.base, Name)
        kind, wanted = self.whole.kinds.get(e.base.id), self.whole.kinds[to.target]
        if kind is None or (kind.dtype, kind.rank) != (wanted.dtype, len(e.index)):
            return None
        if not self.depends(e.base):
            return Operand(e, e.index)
        together = {e.base.id} | self.whole.shared.get(e.base.id, set())
        inside = self.written((nest.loops[1],)) | ir.bound_in((nest.loops[1],))
        if e.index != (Name(nest.counters[2]),) or together & inside:
            return None
        return Operand(e, (Name(nest.counters[0]), *e.index), kept=True)

    def axis(self, nest: Nest, counter: Expr) -> Expr:
        """Return how many values a counter has."""
        _, end = nest.range_of(counter)
        return end if nonnegative(self.whole.known.form(end)) else Op("max", (end, ZERO))

    def is_whole(self, nest: Nest, element: Sub, but: Expr | None = None) -> bool:
        """Return whether an array has the sizes that counters come up to, `but` for one: nothing is read beyond it."""
        if not is_element(element) or not at_counters(element) <= set(nest.counters):
            return False
        counters = [c for c in element.index if c != but]
        return all(self.whole.same(self.whole.size(element, c), nest.range_of(c)[1]) for c in counters)


def _next(e: Expr) -> Expr:
    return simplify_index(Op("add", (e, ONE)))
