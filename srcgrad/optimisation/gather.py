"""Adjoint stencils as gathers: one pass that reads neighbours instead of several that add to them.

`for i in [lo, hi): X[i + o_k] += w_k * q[i]` for three and more offsets o_k (q: an array, or a number of the trip)
becomes a copy of q into a buffer g with a border of zeros, and `X[u] += sum_k w_k * g[u - o_k]` over all u that any
term reaches. The buffer is allocated once, outside the loops; its border stays zero, so that no element needs a case
of its own. What else is added to X, at one place of a trip, stays in the first loop, and so do sums.

Along an axis that goes round, `X[(i + o_k) % n] += ...` over all n, there is no border: `X[i] += ... q[(i - o_k) % n]`,
of q itself where nothing else is left for the first loop to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..language import ir
from ..language.affine import affine, clipped, simplify_index
from ..language.blocks import readers
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.sum_order import only_summed
from .perfect_nests import Nest, each_has_a_trip, in_loops, perfect_nest

# operations and names of a term, written out, up to which a gather is worth it: numbers that are read twice double it
LONGEST = 200


@dataclass(frozen=True)
class _Shift:
    """How far an index is from the counter of its loop, and the number it is taken modulo if it goes round."""

    by: int
    modulus: Expr | None = None


@dataclass(frozen=True)
class _Term:
    """An addition to an element at a constant offset: its value without scalars between, and where that is read."""

    store: Store
    offset: tuple[_Shift, ...]
    value: Expr
    first: int
    last: int


@dataclass(frozen=True)
class _Stencil:
    """Additions of multiples of one element, or of one number of a trip, to one array at constant offsets."""

    array: str
    source: Sub | Name
    start: int  # the statement before which the source is known
    terms: tuple[_Term, ...]

    def moduli(self) -> list[Expr | None]:
        """Return for each axis what indices are taken modulo, None where they do not go round."""
        axes = zip(*(t.offset for t in self.terms), strict=True)
        return [next((shift.modulus for shift in axis if shift.modulus is not None), None) for axis in axes]

    def reach(self) -> list[tuple[int, int]]:
        """Return for each axis the least and the greatest distance beyond the loop; none where indices go round."""
        axes = zip(*(t.offset for t in self.terms), self.moduli(), strict=True)
        return [(0, 0) if modulus is not None else (min(s.by for s in axis), max(s.by for s in axis))
                for *axis, modulus in axes]  # fmt: skip

    def has_border(self) -> bool:
        """Return whether the gather reads beyond what the loop runs through."""
        return any(beyond != (0, 0) for beyond in self.reach())

    def reads_source(self, nest: Nest) -> bool:
        """Return whether the gather can read the array of the source: no border, and the nest does not write it."""
        base = self.source.base if isinstance(self.source, Sub) else None
        return isinstance(base, Name) and not self.has_border() and base.id not in ir.stored_in(nest.body)

    def origin(self) -> str:
        """Return the name of the source, or of its array."""
        origin = self.source.base if isinstance(self.source, Sub) else self.source
        assert isinstance(origin, Name)
        return origin.id


def gather_stencils(
    block, kinds: dict[str, Kind], is_free: Callable[[For], bool], same: Callable[[Expr, Expr], bool], fresh: ir.Fresh
) -> tuple[Stmt, ...]:
    """Return the block of the backward part with adjoint stencils written as gathers.

    `is_free(loop)` tells whether the iterations of a loop may run in any order, `same` whether two sizes are equal.
    """
    reads = readers(block)

    def is_open(nest: Nest) -> bool:
        own, sums = readers(nest.body), only_summed(nest.body)
        scalars = [s for s in nest.body if isinstance(s, Let) and s.target not in sums]
        return all(own[s.target] == reads[s.target] for s in scalars) and all(map(is_free, nest.loops))

    out: list[Stmt] = []
    for stmt in block:
        buffers: list[Stmt] = []
        new = _visit(stmt, (), kinds, is_open, same, fresh, buffers)
        out += [*buffers, *new]
    return tuple(out)


def _visit(stmt: Stmt, around: tuple[Stmt, ...], kinds, is_open, same, fresh, buffers) -> list[Stmt]:
    nest = perfect_nest(stmt)
    if nest is not None and is_open(nest):
        return _gathered(nest, kinds, same, fresh, buffers) if _invariant(nest, around) else [stmt]
    if isinstance(stmt, If):
        return [stmt]
    inner = (*around, stmt)
    return [
        ir.with_blocks(stmt, lambda b: [n for s in b for n in _visit(s, inner, kinds, is_open, same, fresh, buffers)])
    ]


def _gathered(nest: Nest, kinds, same, fresh, buffers) -> list[Stmt]:
    """Return a nest with all its stencils as gathers behind it."""
    stencil = _stencil(nest, same)
    if stencil is None:
        return [nest.loops[0]]
    *first, gather = _rewrite(nest, stencil, kinds, same, fresh, buffers)
    left = perfect_nest(first[0]) if first else None
    return [*(_gathered(left, kinds, same, fresh, buffers) if left is not None else first), gather]


def _stencil(nest: Nest, same) -> _Stencil | None:
    names = [loop.var for loop in nest.loops]
    reads = [e for s in nest.body for v in ir.exprs_of(s) for e in _elements(v)]
    added = ir.names_in(*(s.value for s in nest.body if isinstance(s, Store) and s.op != "="))
    bound = Counter(s.target for s in nest.body if isinstance(s, Let))
    for kept in (None, *(n for n, times in bound.items() if times == 1 and n in added)):
        found = _terms(nest, names, kept, same)
        for array in dict.fromkeys(t.store.base for t in found):
            own = [s for s in nest.body if isinstance(s, Store) and s.base == array]
            terms = [t for t in found if t.store.base == array and _steady(t, names, kept)]
            # what is added at one place may be anything: it stays where it is
            others = [s for s in own if not any(s is t.store for t in terms)]
            places = {None if s.op == "=" else _offset(s.index, names) for s in others}
            if None in places or len(places) > 1 or len({t.offset for t in terms}) < 2:
                continue
            if any(e.base == Name(array) for e in reads):
                continue
            source, start = _source(nest, terms, names, kept)
            if source is None:
                continue
            stencil = _Stencil(array, source, start, tuple(terms))
            enough = len({t.offset for t in terms}) > 2 or not stencil.has_border()
            if enough and _goes_all_round(nest, stencil, same):
                return stencil
    return None


def _goes_all_round(nest: Nest, stencil: _Stencil, same) -> bool:
    """Return whether all that goes round along an axis does so by one number, through which the loop runs."""
    for d, (loop, modulus) in enumerate(zip(nest.loops, stencil.moduli(), strict=True)):
        if modulus is None:
            continue
        if loop.lo != Const(0) or not same(loop.hi, modulus):
            return False
        shifts = [t.offset[d] for t in stencil.terms]
        if not all(s.by == 0 if s.modulus is None else same(s.modulus, modulus) for s in shifts):
            return False
    return True


def _source(nest: Nest, terms: list[_Term], names, kept: str | None) -> tuple[Sub | Name | None, int]:
    """Return what all terms are multiples of, if anything, and before which statement it is known."""
    if kept is not None:
        return Name(kept), 1 + next(k for k, s in enumerate(nest.body) if isinstance(s, Let) and s.target == kept)
    source, *others = {q for t in terms for q in _elements(t.value)}
    start = min(t.first for t in terms)
    between = nest.body[start : max(t.last for t in terms)]
    # the terms would not all read the same value
    written = any(isinstance(s, Store) and Name(s.base) == source.base for s in between)
    return (None if others or written or source.index != tuple(map(Name, names)) else source), start


def _terms(nest: Nest, names, kept: str | None, same) -> list[_Term]:
    """Return the additions at constant offsets, in terms of elements and of a number that is kept, if not too long."""
    found: list[_Term] = []
    lengths: dict[Expr, int] = {}
    scalars: dict[Expr, Expr] = {}
    read_at: dict[Expr, int] = {}
    sums = only_summed(nest.body)
    for k, s in enumerate(nest.body):
        if isinstance(s, Let) and (s.target in sums or s.target == kept):
            continue
        used = [read_at[n] for n in map(Name, sorted(ir.names_in(s.value))) if n in read_at]
        first, last = min([*used, k]), max([*used, k] if _elements(s.value) else used or [k])
        length = sum(lengths.get(e, 1) for e in ir.walk(s.value))
        if length > LONGEST:
            if isinstance(s, Let):
                lengths[Name(s.target)] = length
            continue
        value = ir.substitute(s.value, scalars)
        if isinstance(s, Let):
            scalars[Name(s.target)], read_at[Name(s.target)], lengths[Name(s.target)] = value, first, length
        elif s.op != "=" and (offset := _offset(s.index, names)) is not None:
            shifts = enumerate(zip(nest.loops, offset, strict=True))
            offset = tuple(_round_if_negative(s.base, d, loop, shift, same) for d, (loop, shift) in shifts)
            found.append(_Term(s, offset, value, first, last))
    return found


def _round_if_negative(array: str, axis: int, loop: For, shift: _Shift, same) -> _Shift:
    """Return a shift as one that goes round if it leads to negative indices, which count from the end of the array."""
    size = Op("shape", (Name(array),), (("axis", axis),))
    negative = shift.modulus is None and shift.by < 0 and loop.lo == Const(0)
    return _Shift(shift.by, loop.hi) if negative and same(size, loop.hi) else shift


def _steady(term: _Term, names, kept: str | None) -> bool:
    """Return whether a term is a multiple of one element, or of the number that is kept, by what stays in all trips."""
    elements: set[Expr] = {e for e in ir.walk(term.value) if isinstance(e, Sub) or e == Name(kept or "")}
    rest = ir.substitute(term.value, dict.fromkeys(elements, Const(0.0)))
    return len(elements) == 1 and (kept is None or Name(kept) in elements) and not ir.names_in(rest) & set(names)


def _offset(index, names) -> tuple[_Shift, ...] | None:
    if len(index) != len(names):
        return None
    found = []
    for e, name in zip(index, names, strict=True):
        modulus = None
        if isinstance(e, Op) and e.fn == "mod" and not ir.names_in(e.args[1]) & set(names):
            e, modulus = e.args
        a = affine(e) - affine(Name(name))
        if not a.is_const:
            return None
        found.append(_Shift(a.const, modulus))
    return tuple(found)


def _elements(e: Expr):
    return [x for x in ir.walk(e) if isinstance(x, Sub)]


def _invariant(nest: Nest, around) -> bool:
    bound = {n for s in around for n in ir.bound_in((s,))} | {loop.var for loop in nest.loops}
    return not any(ir.names_in(loop.lo, loop.hi) & bound for loop in nest.loops)


def _rewrite(nest: Nest, stencil: _Stencil, kinds, same, fresh, buffers) -> list[Stmt]:
    """Return what the nest still does, if anything, and the gather; where that reads is allocated in `buffers`."""
    loc = stencil.terms[0].store.loc
    cell = nest.cell()
    same_trips = [(loop.lo, loop.hi) for loop in nest.loops]
    if stencil.reads_source(nest):
        add = Store(stencil.array, cell, *_total(stencil, _Buffer(stencil.origin(), nest.loops, stencil)), loc)
        kept = _left(nest, stencil, None)
        if all(s.index == cell for s in kept if isinstance(s, Store) and s.base == stencil.array):
            return [*in_loops(nest.loops, same_trips, (*kept, add))]
        return [s for body in (kept, (add,)) for s in in_loops(nest.loops, same_trips, body)]
    at = _Buffer(fresh(f"{stencil.origin()}_{'pad' if stencil.has_border() else 'all'}"), nest.loops, stencil)
    kind = Kind(kinds[stencil.array].dtype, len(cell))
    kinds[at.name] = kind
    made = "np.zeros" if stencil.has_border() else "np.empty"
    buffers.append(Let(at.name, Op(made, at.sizes(), dtype_option(kind.dtype)), loc))
    own = at.index(tuple(_Shift(0) for _ in cell))
    kept = _left(nest, stencil, Store(at.name, own, stencil.source, "=", loc))
    (first,) = in_loops(nest.loops, same_trips, kept)
    add = Store(stencil.array, cell, *_total(stencil, at), loc)
    boxes = [
        (simplify_index(Op("add", (loop.lo, Const(low)))), simplify_index(Op("add", (loop.hi, Const(high)))))
        for loop, (low, high) in zip(nest.loops, stencil.reach(), strict=True)
    ]
    (gather,) = in_loops(nest.loops, boxes, (add,))
    sizes = (Op("shape", (Name(stencil.array),), (("axis", d),)) for d in range(len(cell)))
    whole = all(low == Const(0) and same(high, size) for (low, high), size in zip(boxes, sizes, strict=True))
    if whole and not any(e != stencil.source for t in stencil.terms for e in _elements(t.value)):
        return [first, gather]  # where the nest has no trip it adds zeros
    return [first, If(each_has_a_trip(same_trips), (gather,), (), loc)]


@dataclass(frozen=True)
class _Buffer:
    """Where a gather reads: an array with a border, or without one the source itself."""

    name: str
    loops: tuple[For, ...]
    stencil: _Stencil

    def pads(self) -> list[int]:
        return [high - low for low, high in self.stencil.reach()]

    def sizes(self) -> tuple[Expr, ...]:
        return tuple(
            simplify_index(Op("add", (clipped(Op("sub", (loop.hi, loop.lo))), Const(2 * pad))))
            for loop, pad in zip(self.loops, self.pads(), strict=True)
        )

    def index(self, offset: tuple[_Shift, ...]) -> tuple[Expr, ...]:
        """Return the place that adds to the cell of a trip by an offset."""
        idx = []
        for loop, shift, modulus, pad in zip(self.loops, offset, self.stencil.moduli(), self.pads(), strict=True):
            place = Op("sub", (Const(pad - shift.by), Const(0) if modulus is not None else loop.lo))
            e = simplify_index(Op("add", (Name(loop.var), place)))
            idx.append(e if shift.modulus is None or modulus is None else Op("mod", (e, modulus)))
        return tuple(idx)


def _total(stencil: _Stencil, buffer: _Buffer) -> tuple[Expr, str]:
    """Return (the sum of all terms, those of one factor together, whether it is added or taken away)."""
    sign = "-=" if all(t.store.op == "-=" for t in stencil.terms) else "+="
    total: Expr | None = None
    alike: dict[tuple[Expr, str], list[tuple[_Shift, ...]]] = {}
    for t in sorted(stencil.terms, key=lambda t: [s.by for s in t.offset], reverse=True):
        alike.setdefault((t.value, t.store.op), []).append(t.offset)
    for (value, op), offsets in alike.items():
        first, *others = (Sub(Name(buffer.name), buffer.index(offset)) for offset in offsets)
        cells: Expr = first
        for other in others:
            cells = Op("add", (cells, other))
        term = ir.substitute(value, {stencil.source: cells})
        if total is None:
            total = term if op == sign else Op("neg", (term,))
        else:
            total = Op("add" if op == sign else "sub", (total, term))
    assert total is not None
    return total, sign


def _left(nest: Nest, stencil: _Stencil, copy: Store | None) -> list[Let | Store]:
    """Return what the nest still does, the copy of the source where it is first read, without scalars of no use."""
    left = [s for s in nest.body if not any(s is t.store for t in stencil.terms)]
    kept: list[Let | Store] = []
    used = only_summed(nest.body) | ({stencil.source.id} if isinstance(stencil.source, Name) else set())
    for k in range(len(nest.body) - 1, -1, -1):
        s = nest.body[k]
        if any(s is other for other in left) and (isinstance(s, Store) or s.target in used):
            kept.insert(0, s)
            used |= ir.names_in(*ir.exprs_of(s))
        if k == stencil.start and copy is not None:
            kept.insert(0, copy)
    return kept
