"""Adjoints that a loop clears: numbers where one trip does all with them, assigned where a gather covers them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

from ..language import ir
from ..language.affine import affine, simplify_index
from ..language.blocks import touches
from ..language.ir import Const, Expr, For, If, Let, Name, Op, Stmt, Store, Sub


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
    opens = first.base == array and first.op == "+=" and Name(array) not in [*map(_base, _elements_in(first.value))]
    closes = last.base == array and last.op == "=" and last.value == Const(0.0)
    cells = {e.index for s in touching for v in ir.exprs_of(s) for e in _elements_in(v) if e.base == Name(array)}
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


@dataclass(frozen=True)
class _Frames:
    """Arrays of a block that are zero but for what one statement stores, and the names that its loops bind."""

    arrays: frozenset[str]
    varying: frozenset[str]


def assign_interiors(block, frames: _Frames | None = None) -> tuple[Stmt, ...]:
    """Return the block with gathers assigned where the loop before them only cleared their target.

    `X[i] = 0.0` over [lo, hi), then `X[i] += e` over more: the interior becomes `X[i] = e`, the ends keep the sum.
    `frames` are those of the block around.
    """
    frames = _frames(block) if frames is None else frames
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, partial(assign_interiors, frames=frames))
        before = out[-1] if out else None
        parts = _interior(before, stmt, frames) if isinstance(before, For) else None
        out[-1:] = parts if parts is not None else [*out[-1:], stmt]
    return tuple(out)


def _frames(block) -> _Frames:
    """Return the arrays that are made of zeros, once, and stored into by one statement; what loops bind."""
    stmts = list(ir.statements(block))
    zeros = [s.target for s in stmts if isinstance(s, Let) and isinstance(s.value, Op) and s.value.fn == "np.zeros"]
    bound = Counter(n for s in stmts for n in ir.binds(s))
    stored = Counter(s.base for s in stmts if isinstance(s, Store))
    loops = [s for s in stmts if isinstance(s, For | ir.While)]
    arrays = frozenset(n for n in zeros if bound[n] == 1 and stored[n] == 1)
    return _Frames(arrays, frozenset(n for loop in loops for n in (*ir.binds(loop), *ir.bound_in(loop.body))))


def _interior(clear: For, stmt: Stmt, frames: _Frames) -> list[Stmt] | None:
    """Return (the first loop without what clears, the gather in its range and at both ends); None where that differs.

    The ends have no element twice, and none outside of the array, however short it is.
    """
    test = Op("lt", (clear.lo, clear.hi))
    guarded = isinstance(stmt, If) and len(stmt.then) == 1 and not stmt.other and stmt.test == test
    gather = stmt.then[0] if guarded and isinstance(stmt, If) else stmt
    if not isinstance(gather, For) or not _is_gather(gather, clear) or not _inside(clear, gather):
        return None
    (add,) = gather.body
    assert isinstance(add, Store)
    (zero,) = (s for s in clear.body if isinstance(s, Store) and s.base == add.base)
    cleared = replace(clear, body=tuple(s for s in clear.body if s is not zero))
    value = add.value if add.op == "+=" else Op("neg", (add.value,))
    interior = replace(gather, lo=clear.lo, hi=clear.hi, body=(replace(add, op="=", value=value),))
    # where the first loop never has a trip, what it stores into is zero, and so is what is gathered
    steady = not ir.names_in(clear.lo, clear.hi) & frames.varying
    own = frames.arrays & {s.base for s in clear.body if isinstance(s, Store)}
    if guarded or steady and _vanishes(add.value, own):
        ends = [_at_end(gather, gather.lo, clear.lo), _at_end(gather, clear.hi, gather.hi)]
        return [cleared, If(test, (interior, *(e for e in ends if e is not None)), (), stmt.loc)]
    before = [replace(gather, hi=Op("min", (clear.lo, gather.hi)))] if gather.lo != clear.lo else []
    behind = [replace(gather, lo=Op("max", (clear.hi, clear.lo)))] if gather.hi != clear.hi else []
    return [cleared, interior, *before, *behind]


def _at_end(gather: For, lo: Expr, hi: Expr) -> Stmt | None:
    """Return a loop over other trips: what it does, where it has one; nothing where it has none."""
    count = affine(hi) - affine(lo)
    if count == affine(Const(0)):
        return None
    if count != affine(Const(1)):
        return replace(gather, lo=lo, hi=hi)
    (add,) = gather.body
    return ir.with_exprs(add, lambda e: _settled(ir.substitute(e, {Name(gather.var): lo})))


def _settled(e: Expr) -> Expr:
    """Return an expression with its indices in their shortest form."""
    if isinstance(e, Sub):
        return replace(e, index=tuple(map(simplify_index, e.index)))
    return ir.rebuild(e, _settled)


def _is_gather(gather: For, clear: For) -> bool:
    """Return whether a loop adds to every element of an array of which the loop before reads and clears elements."""
    cell, add = (Name(clear.var),), gather.body[0] if len(gather.body) == 1 else None
    if not isinstance(add, Store) or add.op == "=" or (add.index, gather.var) != (cell, clear.var):
        return False
    stores = [s for s in clear.body if isinstance(s, Store) and s.base == add.base]
    if len(stores) != 1 or (stores[0].op, stores[0].value, stores[0].index) != ("=", Const(0.0), cell):
        return False
    reads = [e for s in clear.body for v in ir.exprs_of(s) for e in _elements_in(v) if e.base == Name(add.base)]
    plain = all(isinstance(s, Let | Store) for s in clear.body) and all(e.index == cell for e in reads)
    after = clear.body[clear.body.index(stores[0]) + 1 :]
    return plain and add.base not in ir.names_in(add.value).union(*(ir.read_in((s,)) for s in after))


def _vanishes(e: Expr, frames) -> bool:
    """Return whether an expression is zero where the elements of some arrays are."""
    if isinstance(e, Sub):
        return isinstance(e.base, Name) and e.base.id in frames
    if not isinstance(e, Op) or e.fn not in ("add", "sub", "mul", "neg"):
        return False
    found = [_vanishes(a, frames) for a in e.args]
    return any(found) if e.fn == "mul" else all(found)


def _inside(inner: For, outer: For) -> bool:
    if (inner.lo, inner.hi) == (outer.lo, outer.hi):
        return False
    low, high = affine(inner.lo) - affine(outer.lo), affine(outer.hi) - affine(inner.hi)
    return low.is_const and high.is_const and low.const >= 0 and high.const >= 0


def _elements_in(e: Expr) -> list[Sub]:
    return [x for x in ir.walk(e) if isinstance(x, Sub)]
