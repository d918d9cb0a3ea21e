"""Loops of array expressions that walk down columns, turned so that memory is walked along rows.

`for j: A[:, j] -= Q[:, k] * R[k, j]` is lowered to an inner loop that walks down a column of A. Where the trips over j
touch elements of their own only, each inner loop may run for all of them at once, with j innermost: every element has
the same operations in the same order, so that all bits stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from ..analysis.access import accesses, iteration_offset
from ..language import ir
from ..language.affine import Affine, affine, clipped, not_negative
from ..language.blocks import defined_first, exposed_reads
from ..language.dependence import both
from ..language.ir import Block, Const, Expr, For, Function, If, Kind, Let, Name, Op, Raise, Stmt, Store, Sub
from ..language.sum_order import adds_to_itself
from .joins import FAR, is_call, values_read

ONE = Const(1)


def turn_columns(function: Function, kinds: dict[str, Kind], sizes: dict[str, tuple[Expr, ...]]) -> Function:
    """Return the lowered function with inner loops of array expressions turned where that walks along rows.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(A, x, y, n, m):
    ...     for j in range(n):
    ...         s = 0.0
    ...         for i in range(m):
    ...             s += A[i, j] * x[i]
    ...         y[j] = s
    ...     return y''')
    >>> kinds = {"A": Kind("float64", 2), "x": Kind("float64", 1), "y": Kind("float64", 1), "s": Kind("float64")}
    >>> loop = f.body[0]
    >>> loop = replace(loop, body=(loop.body[0], replace(loop.body[1], made=True), loop.body[2]))
    >>> print(emit(turn_columns(replace(f, body=(loop, f.body[1])), kinds, {}), comments=False))
    def f(A, x, y, n, m):
        s_row = np.empty(max(n, 0))
        for j in range(n):
            s_row[j] = 0.0
        for i in range(m):
            for j in range(n):
                s_row[j] += A[i, j] * x[i]
        for j in range(n):
            y[j] = s_row[j]
        return y
    """
    return replace(function, body=_Turner(function, kinds, sizes).block(function.body, ()))


class _Turner:
    def __init__(self, function: Function, kinds: dict[str, Kind], sizes):
        self.kinds, self.sizes = kinds, sizes
        self.fresh = ir.Fresh(ir.all_names(function))
        self.reads = read_counts(function.body)
        self.buffers: list[Stmt] = []

    def block(self, stmts: Block, around: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            self.buffers = [] if not around else self.buffers
            new = ir.with_blocks(stmt, partial(self.block, around=(*around, stmt)))
            cut = self.turned(new, stmt, around) if isinstance(new, For) and isinstance(stmt, For) else [new]
            out += [*([] if around else self.buffers), *cut]
        return tuple(out)

    def turned(self, loop: For, whole: For, around: Block) -> list[Stmt]:
        """Return the loop cut at the inner loops that are turned, or the loop itself; `whole` is how it was."""
        columns = any(isinstance(s, For) and _walks_down(s, loop) for s in loop.body)
        if not columns or not _is_upward(loop) or not not_negative(affine(loop.lo), around):
            return [loop]
        inside = read_counts((whole,))
        within = {n for n in ir.bound_in(loop.body) if self.reads[n] == inside[n] and defined_first(loop.body, n)}
        common, rest = part_invariant(loop, within)
        cut = replace(loop, body=rest)
        moving = [s for s in rest if isinstance(s, For) and _walks_down(s, cut) and _may_turn(s, cut)]
        sums = {n for s in moving for n in _summed(s)} & ir.bound_in(tuple(s for s in rest if isinstance(s, Let)))
        independent = bool(moving) and touch_their_own(cut, within, self.kinds, common, around)
        if not independent or not self.separable(cut, moving, sums):
            return [loop]
        return [*common, *self.cut(cut, moving, sums, around)]

    def separable(self, loop: For, moving: list[For], sums: set[str]) -> bool:
        """Return whether nothing but sums, which what follows is linear in, goes from part to part of a trip."""
        parts = _parts(loop, moving)
        for name in ir.bound_in(loop.body):
            using = [p for p in parts if name in ir.read_in(p) | ir.bound_in(p)]
            if len(using) > 1 and name not in sums and not _is_counter(name, using):
                return False
        return all(self.kinds[n] == Kind("float64") and _is_sum(n, loop, moving) for n in sums)

    def cut(self, loop: For, moving: list[For], sums: set[str], around: Block) -> list[Stmt]:
        rows = {name: self.buffer(name, loop, around) for name in sorted(sums)}
        local = [s for _, s in rows.values() if s is not None]
        table: dict[Expr, Expr] = {Name(name): Sub(Name(row), (Name(loop.var),)) for name, (row, _) in rows.items()}

        def stored(stmt: Stmt) -> Stmt:
            if isinstance(stmt, Let) and stmt.target in rows:
                value, op = stmt.value, "="
                if adds_to_itself(stmt):
                    assert isinstance(value, Op)
                    op, value = {"add": "+=", "sub": "-="}[value.fn], value.args[1]
                stmt = Store(rows[stmt.target][0], (Name(loop.var),), value, op, stmt.loc)
            stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, table))
            return ir.with_blocks(stmt, lambda b: map(stored, b))

        out: list[Stmt] = [*local]
        for part in _parts(loop, moving):
            (first, *_), body = part, tuple(map(stored, part))
            if any(first is s for s in moving):
                assert isinstance(body[0], For)
                out.append(replace(body[0], body=(replace(loop, body=body[0].body, loc=body[0].loc, made=True),)))
            else:
                out.append(replace(loop, body=body, loc=body[0].loc, made=True))
        return out

    def buffer(self, name: str, loop: For, around: Block) -> tuple[str, Let | None]:
        """Return (name of the row that holds a number of every trip, the statement that makes it in front of the loop).

        The latter is None where the row is made once, before all loops around.
        """
        row = self.fresh(f"{name}_row")
        size = clipped(loop.hi)
        self.kinds[row], self.sizes[row] = Kind("float64", 1), (size,)
        made = Let(row, Op("np.empty", (size,)), loop.loc)
        if around and values_read(size) & (ir.bound_in(around[:1]) | ir.stored_in(around[:1])):
            return row, made
        self.buffers.append(made)
        return row, None


# --- which loops --------------------------------------------------------------------------------------------------


def _is_upward(loop: For) -> bool:
    return loop.step == ONE and not loop.other and loop.schedule is None and not loop.parallel


def _walks_down(inner: For, outer: For) -> bool:
    """Return whether an inner loop of array code walks down more columns than the outer one would in its place."""
    if not (inner.made and _is_upward(inner) and all(isinstance(s, Let | Store) for s in inner.body)):
        return False
    return strides(inner.body, inner.var) > strides(inner.body, outer.var)


def strides(block: Block, var: str) -> int:
    """Return how many elements a block touches that are in another row from trip to trip of a loop."""
    touched = [e.index for s in block for x in ir.exprs_of(s) for e in ir.walk(x) if isinstance(e, Sub)]
    touched += [s.index for s in block if isinstance(s, Store)]
    return sum(var in ir.names_in(*index[:-1]) for index in touched)


def _may_turn(inner: For, outer: For) -> bool:
    """Return whether a loop has the same range in all trips of the outer one."""
    bounds = values_read(inner.lo, inner.hi)
    return not bounds & (ir.bound_in((outer,)) | ir.stored_in(outer.body)) and not has_load(inner.lo, inner.hi)


def has_load(*exprs: Expr) -> bool:
    """Return whether an expression reads an element of an array."""
    return any(isinstance(e, Sub) for x in exprs for e in ir.walk(x))


def part_invariant(loop: For, within: set[str]) -> tuple[Block, Block]:
    """Return (what is the same in all trips, sizes and checks, to stand before the loop; the rest of the body)."""
    common: list[Stmt] = []
    rest: list[Stmt] = []
    varying = ir.bound_in((loop,)) | ir.stored_in(loop.body)
    counts = Counter(n for s in ir.statements(loop.body) for n in ir.binds(s))
    for stmt in loop.body:
        same = not values_read(*ir.exprs_of(stmt)) & varying and not has_load(*ir.exprs_of(stmt))
        check = isinstance(stmt, If) and not stmt.other and all(isinstance(s, Raise) for s in stmt.then)
        if isinstance(stmt, Let) and same and stmt.target in within and counts[stmt.target] == 1 and _is_place(stmt):
            common.append(stmt)
            varying -= {stmt.target}
        elif isinstance(stmt, If) and same and check and not values_read(*_raised(stmt)) & varying:
            runs = Op("lt" if loop.step == ONE else "gt", (loop.lo, loop.hi))
            common.append(replace(stmt, test=both(runs, stmt.test)))
        else:
            rest.append(stmt)
    return tuple(common), tuple(rest)


def _is_place(stmt: Let) -> bool:
    """Return whether a statement computes a size or place, which it can whether it is needed or not."""
    fns = ("add", "sub", "mul", "min", "max", "neg", "shape", "len", "size")
    return all(not isinstance(e, Op) or e.fn in fns for e in ir.walk(stmt.value))


def _raised(check: If) -> list[Expr]:
    return [e for s in check.then for e in ir.exprs_of(s)]


def touch_their_own(loop: For, within: set[str], kinds: dict[str, Kind], common: Block, around: Block) -> bool:
    """Return whether the trips of a loop touch elements of their own, and numbers that nothing else reads."""
    for stmt in ir.statements(loop.body):
        if not isinstance(stmt, Let | Store | For) or any(is_call(e) for x in ir.exprs_of(stmt) for e in ir.walk(x)):
            return False
        if isinstance(stmt, For) and (stmt.other or stmt.schedule is not None or not isinstance(stmt.step, Const)):
            return False
        if isinstance(stmt, Let) and (stmt.target not in within or kinds[stmt.target].rank):
            return False
    varying = ir.bound_in(loop.body)
    for array in ir.stored_in(loop.body):
        writes, reads, plain = accesses(loop.body, array)
        pairs = [(w, o) for w in writes for o in (*writes, *reads)]
        if not plain or not all(_own_trip(w, o, loop, varying, common, around) for w, o in pairs):
            return False
    return True


def _own_trip(write, other, loop: For, varying: set[str], common: Block, around: Block) -> bool:
    """Return whether two accesses meet in one trip of a loop only, if at all; `common` binds sizes."""
    return iteration_offset(write, other, loop, varying, around) in (0, FAR) or _apart(
        write, other, loop, common, around
    )


def _apart(write: tuple[Expr, ...], other: tuple[Expr, ...], loop: For, common: Block, around: Block) -> bool:
    """Return whether two accesses never meet, as the ranges of the counters tell: both count from the start."""
    known: dict[Expr, Expr] = {Name(s.target): s.value for s in common if isinstance(s, Let)}
    varying = ir.bound_in((loop,)) | ir.stored_in(loop.body)
    loops = [s for s in ir.statements((loop,)) if isinstance(s, For)]
    ranges = {s.var: (s.lo, s.hi) for s in loops}
    if any(s.step != ONE or ranges[s.var] != (s.lo, s.hi) for s in loops):
        return False
    for w, o in zip(write, other, strict=False):  # a row is read whole
        for below, above in ((w, o), (o, w)):
            gaps = (
                a - b
                for a in _ends(above, ranges, known, varying, False)
                for b in _ends(below, ranges, known, varying, True)
            )
            inside = any(not_negative(e, around) for e in _ends(below, ranges, known, varying, False))
            if inside and not has_load(w, o) and any(gap.is_const and gap.const > 0 for gap in gaps):
                return True
    return False


def _ends(index: Expr, ranges, known: dict[Expr, Expr], varying: set[str], last: bool) -> list[Affine]:
    """Return bounds of an index, above its last value or below its first, in terms of what no loop changes."""
    forms = [affine(index)]
    for var in reversed(list(ranges)):
        lo, hi = ranges[var]
        for form in list(forms):
            c = form.coefficient(var)
            if not c:
                continue
            forms.remove(form)
            ends = [affine(hi) - Affine(const=1)] if (c > 0) == last else [affine(lo)]
            if c == 1 and last:
                whole = ir.substitute(hi, known)
                least = whole.args if isinstance(whole, Op) and whole.fn == "min" else (whole,)
                ends = [affine(e) - Affine(const=1) for e in least]
            forms += [form + (end - affine(Name(var))) * c for end in ends]
    return [form for form in forms if not values_read(*form.terms) & varying]


# --- parts of a trip ----------------------------------------------------------------------------------------------


def _parts(loop: For, moving: list[For]) -> list[Block]:
    """Return the body of a loop in parts: each loop that is turned, and what stands between them."""
    parts: list[list[Stmt]] = []
    alone = True
    for stmt in loop.body:
        turns = any(stmt is s for s in moving)
        if turns or alone:
            parts.append([])
        parts[-1].append(stmt)
        alone = turns
    return [tuple(p) for p in parts]


def _is_counter(name: str, using: list[Block]) -> bool:
    """Return whether all parts bind a name before they read it, as counters of loops."""
    return all(name not in exposed_reads(p) for p in using)


def _summed(loop: For) -> set[str]:
    return {s.target for s in loop.body if isinstance(s, Let) and adds_to_itself(s)}


def _is_sum(name: str, loop: For, moving: list[For]) -> bool:
    """Return whether a number starts anew in each trip, is added to in loops that turn, and then read once, linearly.

    So that the way back needs no value of it.
    """
    started = False
    for stmt in loop.body:
        if isinstance(stmt, For):
            own = [s for s in ir.statements(stmt.body) if name in {*ir.binds(s)} | ir.names_in(*ir.exprs_of(s))]
            turns = any(stmt is s for s in moving)
            if own and not (started and turns and all(isinstance(s, Let) and _updates_only(s, name) for s in own)):
                return False
        elif isinstance(stmt, Let) and stmt.target == name:
            if started or name in ir.names_in(stmt.value):
                return False
            started = True
        elif name in ir.names_in(*ir.exprs_of(stmt)):
            index = ir.names_in(*stmt.index) if isinstance(stmt, Store) else set()
            if not isinstance(stmt, Let | Store) or name in index or not _linear(stmt.value, name):
                return False
    return started


def _updates_only(stmt: Let, name: str) -> bool:
    return stmt.target == name and adds_to_itself(stmt)


def _linear(e: Expr, name: str) -> bool:
    """Return whether a name is only added, subtracted and scaled by constants in an expression."""
    if e == Name(name) or name not in ir.names_in(e):
        return True
    if isinstance(e, Op) and e.fn in ("add", "sub", "neg"):
        return all(_linear(a, name) for a in e.args)
    return (
        isinstance(e, Op)
        and e.fn == "mul"
        and any(isinstance(a, Const) for a in e.args)
        and all(_linear(a, name) for a in e.args)
    )


def read_counts(block: Block) -> Counter[str]:
    """Return how many statements read each name."""
    return Counter(n for s in ir.statements(block) for n in ir.names_in(*ir.exprs_of(s)))
