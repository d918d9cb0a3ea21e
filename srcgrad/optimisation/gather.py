"""Adjoint stencils as gathers: one pass that reads neighbours instead of several that add to them.

`for i in [lo, hi): X[i + o_k] += w_k * q[i]` for three and more offsets o_k (q: an array, or a number of the trip)
becomes a copy of q into a buffer g with a border of zeros, and `X[u] += sum_k w_k * g[u - o_k]` over all u that any
term reaches. The buffer is allocated once, outside the loops; its border stays zero, so that no element needs a case
of its own. What else is added to X, at one place of a trip, stays in the first loop, and so do sums.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from ..language import ir
from ..language.affine import affine, clipped, simplify_index
from ..language.blocks import readers, touches
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.sum_order import only_summed


@dataclass(frozen=True)
class _Nest:
    """A perfect nest: its loops from outside in, and what the innermost does: stores, and scalars they use."""

    loops: tuple[For, ...]
    body: tuple[Let | Store, ...]


@dataclass(frozen=True)
class _Term:
    """An addition to an element at a constant offset: its value without scalars between, and where that is read."""

    store: Store
    offset: tuple[int, ...]
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
    low: tuple[int, ...]
    high: tuple[int, ...]


def gather_stencils(block, kinds: dict[str, Kind], is_free, fresh: ir.Fresh) -> tuple[Stmt, ...]:
    """Return the block of the backward part with adjoint stencils written as gathers.

    `is_free(loop)` tells whether the iterations of a loop may run in any order.
    """
    reads = readers(block)

    def is_open(nest: _Nest) -> bool:
        own, sums = readers(nest.body), only_summed(nest.body)
        scalars = [s for s in nest.body if isinstance(s, Let) and s.target not in sums]
        return all(own[s.target] == reads[s.target] for s in scalars) and all(map(is_free, nest.loops))

    out: list[Stmt] = []
    for stmt in block:
        buffers: list[Stmt] = []
        new = _visit(stmt, (), kinds, is_open, fresh, buffers)
        out += [*buffers, *new]
    return tuple(out)


def _visit(stmt: Stmt, around: tuple[Stmt, ...], kinds, is_open, fresh, buffers) -> list[Stmt]:
    nest = _perfect(stmt) if isinstance(stmt, For) else None
    if nest is not None and is_open(nest):
        return _gathered(nest, kinds, fresh, buffers) if _invariant(nest, around) else [stmt]
    if isinstance(stmt, If):
        return [stmt]
    inner = (*around, stmt)
    return [
        ir.with_blocks(stmt, lambda b: [n for s in b for n in _visit(s, inner, kinds, is_open, fresh, buffers)])
    ]


def _perfect(stmt: For) -> _Nest | None:
    loops = [stmt]
    while len(loops[-1].body) == 1 and isinstance(loops[-1].body[0], For):
        loops.append(loops[-1].body[0])
    body = tuple(s for s in loops[-1].body if isinstance(s, Let | Store))
    if len(body) < len(loops[-1].body) or any(loop.step != Const(1) for loop in loops):
        return None
    return _Nest(tuple(loops), body)


def _gathered(nest: _Nest, kinds, fresh, buffers) -> list[Stmt]:
    """Return a nest with all its stencils as gathers behind it."""
    stencil = _stencil(nest)
    if stencil is None:
        return [nest.loops[0]]
    first, gather = _rewrite(nest, stencil, kinds, fresh, buffers)
    left = _perfect(first) if isinstance(first, For) else None
    return [*(_gathered(left, kinds, fresh, buffers) if left is not None else [first]), gather]


def _stencil(nest: _Nest) -> _Stencil | None:
    names = [loop.var for loop in nest.loops]
    reads = [e for s in nest.body for v in ir.exprs_of(s) for e in _elements(v)]
    added = ir.names_in(*(s.value for s in nest.body if isinstance(s, Store) and s.op != "="))
    bound = Counter(s.target for s in nest.body if isinstance(s, Let))
    for kept in (None, *(n for n, times in bound.items() if times == 1 and n in added)):
        found = _terms(nest, names, kept)
        for array in dict.fromkeys(t.store.base for t in found):
            own = [s for s in nest.body if isinstance(s, Store) and s.base == array]
            terms = [t for t in found if t.store.base == array and _steady(t, names, kept)]
            # what is added at one place may be anything: it stays where it is
            others = [s for s in own if not any(s is t.store for t in terms)]
            places = {None if s.op == "=" else _offset(s.index, names) for s in others}
            if None in places or len(places) > 1 or len({t.offset for t in terms}) < 3:
                continue
            if any(e.base == Name(array) for e in reads):
                continue
            source, start = _source(nest, terms, names, kept)
            if source is None:
                continue
            columns = list(zip(*(t.offset for t in terms), strict=True))
            return _Stencil(array, source, start, tuple(terms), tuple(map(min, columns)), tuple(map(max, columns)))
    return None


def _source(nest: _Nest, terms: list[_Term], names, kept: str | None) -> tuple[Sub | Name | None, int]:
    """Return what all terms are multiples of, if anything, and before which statement it is known."""
    if kept is not None:
        return Name(kept), 1 + next(k for k, s in enumerate(nest.body) if isinstance(s, Let) and s.target == kept)
    source, *others = {q for t in terms for q in _elements(t.value)}
    start = min(t.first for t in terms)
    between = nest.body[start : max(t.last for t in terms)]
    # the terms would not all read the same value
    written = any(isinstance(s, Store) and Name(s.base) == source.base for s in between)
    return (None if others or written or source.index != tuple(map(Name, names)) else source), start


def _terms(nest: _Nest, names, kept: str | None) -> list[_Term]:
    """Return the additions at constant offsets, in terms of elements and of a number that is kept."""
    found: list[_Term] = []
    scalars: dict[Expr, Expr] = {}
    read_at: dict[Expr, int] = {}
    sums = only_summed(nest.body)
    for k, s in enumerate(nest.body):
        if isinstance(s, Let) and (s.target in sums or s.target == kept):
            continue
        used = [read_at[n] for n in map(Name, sorted(ir.names_in(s.value))) if n in read_at]
        first, last = min([*used, k]), max([*used, k] if _elements(s.value) else used or [k])
        value = ir.substitute(s.value, scalars)
        if isinstance(s, Let):
            scalars[Name(s.target)], read_at[Name(s.target)] = value, first
        elif s.op != "=" and (offset := _offset(s.index, names)) is not None:
            found.append(_Term(s, offset, value, first, last))
    return found


def _steady(term: _Term, names, kept: str | None) -> bool:
    """Return whether a term is a multiple of one element, or of the number that is kept, by what stays in all trips."""
    elements: set[Expr] = {e for e in ir.walk(term.value) if isinstance(e, Sub) or e == Name(kept or "")}
    rest = ir.substitute(term.value, dict.fromkeys(elements, Const(0.0)))
    return len(elements) == 1 and (kept is None or Name(kept) in elements) and not ir.names_in(rest) & set(names)


def _offset(index, names) -> tuple[int, ...] | None:
    if len(index) != len(names):
        return None
    found = []
    for e, name in zip(index, names, strict=True):
        a = affine(e) - affine(Name(name))
        if not a.is_const:
            return None
        found.append(a.const)
    return tuple(found)


def _elements(e: Expr):
    return [x for x in ir.walk(e) if isinstance(x, Sub)]


def _invariant(nest: _Nest, around) -> bool:
    bound = {n for s in around for n in ir.bound_in((s,))} | {loop.var for loop in nest.loops}
    return not any(ir.names_in(loop.lo, loop.hi) & bound for loop in nest.loops)


def _rewrite(nest: _Nest, stencil: _Stencil, kinds, fresh, buffers) -> list[Stmt]:
    origin = stencil.source.base if isinstance(stencil.source, Sub) else stencil.source
    assert isinstance(origin, Name)
    buffer = fresh(f"{origin.id}_pad")
    loc = stencil.terms[0].store.loc
    pads = [h - lo for lo, h in zip(stencil.low, stencil.high, strict=True)]
    sizes = [
        simplify_index(Op("add", (clipped(Op("sub", (loop.hi, loop.lo))), Const(2 * pad))))
        for loop, pad in zip(nest.loops, pads, strict=True)
    ]
    kind = Kind(kinds[stencil.array].dtype, len(sizes))
    kinds[buffer] = kind
    static = () if kind.dtype == "float64" else (("dtype", kind.dtype),)
    buffers.append(Let(buffer, Op("np.zeros", tuple(sizes), static), loc))

    def at(offset) -> Sub:
        idx = []
        for loop, o, pad in zip(nest.loops, offset, pads, strict=True):
            shift = Op("sub", (Const(pad - o), loop.lo))
            idx.append(simplify_index(Op("add", (Name(loop.var), shift))))
        return Sub(Name(buffer), tuple(idx))

    kept = _left(nest, stencil, Store(buffer, at((0,) * len(pads)).index, stencil.source, "=", loc))
    total: Expr | None = None
    alike: dict[tuple[Expr, str], list[tuple[int, ...]]] = {}
    for t in sorted(stencil.terms, key=lambda t: t.offset, reverse=True):
        alike.setdefault((t.value, t.store.op), []).append(t.offset)
    for (value, op), offsets in alike.items():
        cells: Expr = at(offsets[0])
        for offset in offsets[1:]:
            cells = Op("add", (cells, at(offset)))
        term = ir.substitute(value, {stencil.source: cells})
        if total is None:
            total = term if op == "+=" else Op("neg", (term,))
        else:
            total = Op("add" if op == "+=" else "sub", (total, term))
    assert total is not None
    cell = tuple(Name(loop.var) for loop in nest.loops)
    add = Store(stencil.array, cell, total, "+=", loc)
    first = _wrapped(nest.loops, tuple(kept), [(loop.lo, loop.hi) for loop in nest.loops])
    boxes = [
        (simplify_index(Op("add", (loop.lo, Const(lo)))), simplify_index(Op("add", (loop.hi, Const(h)))))
        for loop, lo, h in zip(nest.loops, stencil.low, stencil.high, strict=True)
    ]
    second = _wrapped(nest.loops, (add,), boxes)
    test: Expr | None = None
    for loop in nest.loops:
        one = Op("lt", (loop.lo, loop.hi))
        test = one if test is None else Op("and", (test, one))
    assert test is not None
    return [first, If(test, (second,), (), loc)]


def _left(nest: _Nest, stencil: _Stencil, copy: Store) -> list[Stmt]:
    """Return what the nest still does, the copy of the source where it is first read, without scalars of no use."""
    left = [s for s in nest.body if not any(s is t.store for t in stencil.terms)]
    kept: list[Stmt] = []
    used = only_summed(nest.body) | ({stencil.source.id} if isinstance(stencil.source, Name) else set())
    for k in range(len(nest.body) - 1, -1, -1):
        s = nest.body[k]
        if any(s is other for other in left) and (isinstance(s, Store) or s.target in used):
            kept.insert(0, s)
            used |= ir.names_in(*ir.exprs_of(s))
        if k == stencil.start:
            kept.insert(0, copy)
    return kept


def _wrapped(loops, body, ranges) -> Stmt:
    for loop, (lo, hi) in zip(reversed(loops), reversed(ranges), strict=True):
        body = (replace(loop, lo=lo, hi=hi, body=tuple(body)),)
    return body[0]


def scratch_to_scalars(block, fresh: ir.Fresh) -> tuple[Stmt, ...]:
    """Return the block with adjoints that are zero before and after every use of one loop body kept in a scalar.

    `B[i] += e; ... B[i] ...; B[i] = 0.0`, where B was allocated as zeros and no other loop touches it.
    """
    out = list(block)
    for k, stmt in enumerate(out):
        if not (isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn.startswith("np.zeros")):
            continue
        touching = [j for j in range(k + 1, len(out)) if touches(out[j], stmt.target)]
        if touching and isinstance(out[touching[0]], For):
            out[touching[0]] = _scalarised(out[touching[0]], stmt.target, fresh)
    return tuple(out)


def _scalarised(stmt: For, array: str, fresh) -> For:
    touching = [s for s in stmt.body if touches(s, array)]
    if len(touching) == 1 and isinstance(touching[0], For):
        inner = _scalarised(touching[0], array, fresh)
        return replace(stmt, body=tuple(inner if s is touching[0] else s for s in stmt.body))
    stores = [s for s in touching if isinstance(s, Store)]
    if not all(isinstance(s, Store) for s in stmt.body) or len(stores) < 3:
        return stmt
    first, *between, last = stores
    opens = first.base == array and first.op == "+=" and Name(array) not in [*map(_base, _elements(first.value))]
    closes = last.base == array and last.op == "=" and last.value == Const(0.0)
    cells = {e.index for s in touching for v in ir.exprs_of(s) for e in _elements(v) if e.base == Name(array)}
    if not (opens and closes and cells <= {first.index} and last.index == first.index):
        return stmt
    if any(s.base == array for s in between):
        return stmt
    name = fresh("seed")
    cell = Sub(Name(array), first.index)
    body: list[Stmt] = []
    for s in stmt.body:
        if s is first:
            body.append(Let(name, s.value, s.loc))
        elif s is not last:
            body.append(ir.with_exprs(s, lambda e: ir.substitute(e, {cell: Name(name)})))
    return replace(stmt, body=tuple(body))


def _base(e: Sub) -> Expr:
    return e.base


def assign_interiors(block) -> tuple[Stmt, ...]:
    """Return the block with gathers assigned where the loop before them only cleared their target.

    `X[i] = 0.0` over [lo, hi), then `X[i] += e` over more: the interior becomes `X[i] = e`, the ends keep the sum.
    """
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, assign_interiors)
        before = out[-1] if out else None
        if isinstance(before, For) and isinstance(stmt, If):
            joined = _interior(before, stmt)
            if joined is not None:
                out[-1:] = joined
                continue
        out.append(stmt)
    return tuple(out)


def _interior(clear: For, guarded: If) -> list[Stmt] | None:
    gather = guarded.then[0] if len(guarded.then) == 1 and not guarded.other else None
    if not isinstance(gather, For) or len(gather.body) != 1 or guarded.test != Op("lt", (clear.lo, clear.hi)):
        return None
    add = gather.body[0]
    cell = (Name(clear.var),)
    if not isinstance(add, Store) or (add.op, add.index, gather.var) != ("+=", cell, clear.var):
        return None
    zeros = [s for s in clear.body if isinstance(s, Store) and s.base == add.base]
    reads = [e for s in clear.body for v in ir.exprs_of(s) for e in _elements(v) if e.base == Name(add.base)]
    plain = all(isinstance(s, Let | Store) for s in clear.body) and all(e.index == cell for e in reads)
    if len(zeros) != 1 or (zeros[0].op, zeros[0].value, zeros[0].index) != ("=", Const(0.0), cell) or not plain:
        return None
    if add.base in ir.names_in(add.value) or not _inside(clear, gather):
        return None
    after = clear.body[clear.body.index(zeros[0]) + 1 :]
    if any(add.base in ir.read_in((s,)) for s in after):
        return None
    interior = replace(gather, lo=clear.lo, hi=clear.hi, body=(replace(add, op="="),))
    ends = [replace(gather, hi=clear.lo), replace(gather, lo=clear.hi)]
    ends = [e for e in ends if e.lo != e.hi]
    cleared = replace(clear, body=tuple(s for s in clear.body if s is not zeros[0]))
    return [cleared, replace(guarded, then=(interior, *ends))]


def _inside(inner: For, outer: For) -> bool:
    low, high = affine(inner.lo) - affine(outer.lo), affine(outer.hi) - affine(inner.hi)
    return low.is_const and high.is_const and low.const >= 0 and high.const >= 0
