"""Which sums of a loop are products of matrices: the nests of three counters in it, and what each adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from ..analysis.aliases import sharing
from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import Affine, affine, nonnegative, simplify_index
from ..language.ir import ONE, ZERO, Block, Const, Expr, For, Function, Kind, Let, Name, Op, Stmt, Store, Sub
from .adjoint_joins import made_sizes
from .product_terms import MOST, Addition, Term, addition, at_counters, is_element, product_of, terms_of

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
                        yield Nest((outer, middle, inner), known)


class Plan:
    """The sums of a loop that are products, each with its nest and statement."""

    def __init__(self, whole: Whole, outer: For, nests: list[Nest]):
        self.whole, self.outer = whole, outer
        stored = ir.stored_in((outer,))
        self.bound = ir.bound_in((outer,))
        self.changed = self.bound | stored.union(*(whole.shared.get(n, ()) for n in stored))
        self.summed = self._only_summed()
        self.axes: dict[tuple[int, Expr], Expr | None] = {}  # (a nest, a counter) -> how far it goes
        self.found: list[tuple[Stmt, list[Planned]]] = []
        for nest in nests:
            for stmt in nest.loops[2].body:
                planned = self.planned(nest, stmt)
                if planned:
                    self.found.append((stmt, planned))

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

    def planned(self, nest: Nest, stmt: Stmt) -> list[Planned]:
        """Return a statement's sum as products; none where one of its terms is no product."""
        to = addition(stmt)
        if to is None or to.target not in self.summed or not self.fits(nest):
            return []
        places = [i.id for i in to.index if isinstance(i, Name) and i.id in nest.counters]
        terms = terms_of(to.value)
        if len({*places}) < len(to.index) or len(terms) > MOST:
            return []
        found = [self.term(nest, to, t) for t in terms]
        planned = [p for p in found if p is not None]
        return planned if len(planned) == len(found) else []

    def fits(self, nest: Nest) -> bool:
        """Return whether the inner loop is the same in all trips, and none of the loops is known to be short."""
        ranges = [nest.range_of(Name(c)) for c in nest.counters]
        short = any(isinstance(hi, Const) and hi.value <= FEW for _, hi in ranges)
        steps = all(loop.step in (ONE, Const(-1)) for loop in nest.loops)
        return steps and not short and ranges[2][0] == ZERO and not self.depends(ranges[2][1])

    def depends(self, e: Expr) -> bool:
        """Return whether an expression may have another value in another trip, or behind the loop."""
        if isinstance(e, Op) and e.fn in ("shape", "len", "size") and isinstance(e.args[0], Name):
            return e.args[0].id in self.bound
        return e.id in self.changed if isinstance(e, Name) else any(map(self.depends, ir.children(e)))

    def term(self, nest: Nest, to: Addition, term: Term) -> Planned | None:
        """Return a term of a sum as a product; None where it is none."""
        i, j, k = map(Name, nest.counters)
        own = ir.bound_in((nest.loops[2],))
        elements = [f for f in term.factors if ir.names_in(f) & own]
        others = [f for f in term.factors if f not in elements]
        outside = tuple(x for x in map(nest.within, others) if not self.depends(x))
        weights = product_of(tuple(f for f in others if self.depends(nest.within(f))))
        operands = [o for o in (self.operand(nest, e, to) for e in elements) if o is not None]
        if len(operands) < len(elements):
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
        if len(pair) != 2 or any(o.kept for o in rest):
            return None
        factors = (*outside, *(o.element for o in rest))
        planned = Planned(nest, to, to.sign * term.sign, (pair[0], pair[1]), over, factors)
        return planned if self.is_measured(planned) else None

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
        inside = ir.stored_in((nest.loops[1],)) | ir.bound_in((nest.loops[1],))
        together = {e.base.id} | self.whole.shared.get(e.base.id, set())
        if e.index != (Name(nest.counters[2]),) or together & inside:
            return None
        return Operand(e, (Name(nest.counters[0]), *e.index), kept=True)

    def is_measured(self, p: Planned) -> bool:
        """Return whether the nest tells the sizes of a product, and its ranges may be gone through behind the loop."""
        needed = {c for o in p.operands if o.kept for c in o.counters} | {p.over}
        if any(self.axis(p.nest, c) is None for c in needed):
            return False
        allowed = {Name(self.outer.var)} & set(p.counters)
        ends = [e for c in p.counters for e in self.range_of(p, c)]
        return not any(self.depends(ir.substitute(e, dict.fromkeys(allowed, ZERO))) for e in ends)

    def range_of(self, p: Planned, counter: Expr) -> tuple[Expr, Expr]:
        """Return what a counter of a product goes through behind the loop."""
        outer, middle, _ = map(Name, p.nest.counters)
        if counter == middle and outer not in p.counters:
            axis = self.axis(p.nest, counter)
            return (ZERO, counter) if axis is None else (ZERO, axis)
        return p.nest.range_of(counter)

    def axis(self, nest: Nest, counter: Expr) -> Expr | None:
        """Return how far a counter goes in all trips of the loops around it, from zero; None where that is not known.

        No further: what the loops do not read may be anything, of which zero times is not zero.
        """
        key = id(nest.loops[2]), counter
        if key not in self.axes:
            ends = self.ends(nest, counter)
            least = reduce(lambda a, b: Op("min", (a, b)), ends) if ends else None
            if least is not None and not all(nonnegative(self.whole.known.form(e)) for e in ends):
                least = Op("max", (least, ZERO))
            self.axes[key] = least
        return self.axes[key]

    def ends(self, nest: Nest, counter: Expr) -> list[Expr]:
        """Return of which numbers the least is how far a counter goes, if it begins at zero in all trips or rises."""
        first, end = nest.range_of(counter)
        outer = Name(self.outer.var)
        if counter != Name(nest.counters[1]):
            return [end] if first == ZERO else []
        if first not in (ZERO, outer):
            return []
        last = simplify_index(Op("sub", (nest.range_of(outer)[1], ONE)))
        found = []
        for e in end.args if isinstance(end, Op) and end.fn == "min" else (end,):
            form = affine(e)
            others = Affine({a: c for a, c in form.terms.items() if a != outer}).expr()
            if form.coefficient(self.outer.var) not in (0, 1) or self.depends(others):
                return []
            found.append(simplify_index(ir.substitute(e, {outer: last})))
        return found


def _next(e: Expr) -> Expr:
    return simplify_index(Op("add", (e, ONE)))
