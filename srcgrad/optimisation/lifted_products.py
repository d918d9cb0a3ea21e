"""Products of rows or columns that a loop goes through, as one product of matrices before the loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..analysis.aliases import sharing
from ..language import ir
from ..language.affine import affine
from ..language.blocks import has_jumps
from ..language.calls import is_call
from ..language.ir import ONE, Block, Const, Expr, For, Function, Kind, Let, Name, Op, Slice, Stmt, Store, Sub
from ..language.kinds import infer_kinds, kind_of

ZERO, ALL = Const(0), Slice()


def lift_products(function: Function, params: dict[str, Kind]) -> Function:
    """Return the function with the products of a loop whose one factor is a row or a column before the loop.

    The loop reads rows of the product then. That is done where all trips run, none of them writes what the product
    reads, and what they make of it is kept in an array for all of them: rows that are used up in a trip may be rows
    for lack of memory. The sums are NumPy's, whose order is free.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, n):
    ...     c = np.empty((n, n))
    ...     for i in range(n):
    ...         c[i, i:] = a[:, i] @ b[:, i:n]
    ...     return c''')
    >>> kinds = {"a": Kind("float64", 2), "b": Kind("float64", 2), "n": Kind("int64")}
    >>> print(emit(lift_products(f, kinds), comments=False))
    def f(a, b, n):
        c = np.empty((n, n))
        products = a[:, 0:n].T @ b[:, 0:n]
        for i in range(n):
            c[i, i:] = products[i, i:]
        return c
    """
    if not any(_has_product(s) for s in ir.statements(function.body) if isinstance(s, For)):
        return function
    kinds = infer_kinds(function, params)
    lifter = _Lifter(kinds, sharing(function, kinds), ir.Fresh(ir.all_names(function)))
    sections: list[tuple[int, str]] = []
    body: list[Stmt] = []
    titles = dict(function.sections)
    for k, stmt in enumerate(function.body):
        if k in titles:
            sections.append((len(body), titles[k]))
        body += lifter.block((stmt,))
    return replace(function, body=tuple(body), sections=tuple(sections))


def _has_product(loop: For) -> bool:
    return any(_is_product(e) for s in loop.body for part in ir.exprs_of(s) for e in ir.walk(part))


def _is_product(e: Expr) -> bool:
    return isinstance(e, Op) and e.fn == "np.dot" and len(e.args) == 2


@dataclass
class _Loop:
    """A loop, and the names whose values or elements its trips change."""

    stmt: For
    changed: set[str]

    def is_fixed(self, e: Expr) -> bool:
        """Return whether an expression is the same in all trips."""
        return not ir.names_in(e) & (self.changed | {self.stmt.var})

    def axis(self, size: Expr) -> Slice:
        """Return what the trips read of an axis, of an array of such a size."""
        return ALL if self.stmt.lo == ZERO and self.stmt.hi == size else Slice(self.stmt.lo, self.stmt.hi)

    def stores_of(self, stmt: Stmt) -> list[Store]:
        """Return the stores into places of a trip of its own that keep what a statement computes."""
        stores = [s for s in ir.statements(self.stmt.body) if isinstance(s, Store)]
        own = [s for s in stores if s is stmt or isinstance(stmt, Let) and stmt.target in ir.names_in(s.value)]
        return [s for s in own if self.stmt.var in ir.names_in(*s.index)]

    @property
    def trip(self) -> Expr:
        """The number of the trip."""
        var = Name(self.stmt.var)
        return var if self.stmt.lo == ZERO else Op("sub", (var, self.stmt.lo))


@dataclass
class _Lifter:
    kinds: dict[str, Kind]
    sharing: dict[str, set[str]]
    fresh: ir.Fresh

    def block(self, block: Block) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and stmt.step == ONE and isinstance(stmt.lo, Const) and stmt.lo.value >= 0:
                out += self.lifted(replace(stmt, body=self.block(stmt.body), other=self.block(stmt.other)))
            else:
                out.append(ir.with_blocks(stmt, self.block))
        return tuple(out)

    def lifted(self, stmt: For) -> Iterator[Stmt]:
        """Yield the products of a loop, and the loop that reads them."""
        inside = list(ir.statements(stmt.body))
        wrote = {n for s in inside for n in (*ir.binds(s), *([s.base] if isinstance(s, ir.Store | ir.Grow) else []))}
        changed = wrote.union(*(self.sharing.get(n, ()) for n in wrote))
        loop = _Loop(stmt, changed)
        plain = not (has_jumps(stmt.body) or any(map(is_call, inside)) or stmt.parallel or stmt.schedule)
        if not plain or stmt.var in changed or not self.is_fixed(stmt.hi, loop):
            yield stmt
            return
        found: dict[Expr, Let] = {}
        body = tuple(self.reading(s, loop, found) for s in stmt.body)
        yield from found.values()
        yield replace(stmt, body=body)

    def reading(self, stmt: Stmt, loop: _Loop, found: dict[Expr, Let]) -> Stmt:
        """Return a statement of the body that reads rows of products, which are added to those found."""
        if ir.blocks_of(stmt):
            return stmt
        rank = max((self.kinds[s.base].rank for s in loop.stores_of(stmt)), default=0)
        return ir.with_exprs(stmt, lambda e: self.read(e, loop, found, rank, stmt.loc)) if rank else stmt

    def read(self, e: Expr, loop: _Loop, found: dict[Expr, Let], rank: int, loc) -> Expr:
        """Return an expression that reads rows of products with so many axes at most."""
        if isinstance(e, ir.Select):
            return e
        made = self.product(e, loop) if isinstance(e, Op) and _is_product(e) else None
        if made is None or self.kinds_of(made[0]).rank > rank:
            return ir.rebuild(e, lambda part: self.read(part, loop, found, rank, loc))
        product, index = made
        if product not in found:
            name = self.fresh("products")
            self.kinds[name] = self.kinds_of(product)
            found[product] = Let(name, product, loc)
        return Sub(Name(found[product].target), index, e.loc)

    def product(self, e: Op, loop: _Loop) -> tuple[Expr, tuple] | None:
        """Return (the product of all trips, what of it one trip reads); None where there is none."""
        a, b = e.args
        if not all(k.is_float and k.rank <= 2 for k in map(self.kinds_of, e.args)):
            return None
        rows, columns = self.row(a, loop), self.row(b, loop)
        if rows is not None:
            rest, part = self.matrix(b, loop, -1)
            left = rows if rows.axis == 0 else replace(rows, whole=Op("np.transpose", (rows.whole,)))
            return None if rest is None else (replace(e, args=(left.whole, rest)), (loop.trip, *part))
        if columns is not None:
            rest, part = self.matrix(a, loop, 0)
            right = columns.whole if columns.axis == 1 else Op("np.transpose", (columns.whole,))
            lead = part or (ALL,) * (self.kinds_of(a).rank - 1)
            return None if rest is None else (replace(e, args=(rest, right)), (*lead, loop.trip))
        return None

    def kinds_of(self, e: Expr) -> Kind:
        return kind_of(e, self.kinds)

    def row(self, e: Expr, loop: _Loop) -> _Rows | None:
        """Return the rows or columns of a matrix that a loop goes through, if an expression is the one of a trip."""
        if not (isinstance(e, Sub) and isinstance(e.base, Name) and self.is_matrix(e.base, loop)):
            return None
        index = (*e.index, *(ALL,) * (2 - len(e.index)))
        at = [k for k, item in enumerate(index) if item == Name(loop.stmt.var)]
        if len(at) != 1 or len(index) != 2:
            return None
        summed = index[1 - at[0]]
        if not isinstance(summed, Slice) or not self.is_fixed_slice(summed, loop):
            return None
        span = loop.axis(Op("shape", (e.base,), (("axis", at[0]),)))
        items = tuple(span if k == at[0] else item for k, item in enumerate(index))
        return _Rows(at[0], _part(e.base, items))

    def matrix(self, e: Expr, loop: _Loop, axis: int) -> tuple[Expr | None, tuple]:
        """Return (a factor as all trips read it, what a trip reads of the product along its axis that is not summed).
        """
        if loop.is_fixed(e) and self.reads_only(e):
            return e, ()
        if not (isinstance(e, Sub) and isinstance(e.base, Name) and self.is_matrix(e.base, loop) and len(e.index) == 2):
            return None, ()
        moving, summed = e.index[axis], e.index[1 + axis]
        if not (isinstance(moving, Slice) and isinstance(summed, Slice) and self.is_fixed_slice(summed, loop)):
            return None, ()
        ahead = affine(moving.lo) - affine(Name(loop.stmt.var)) if moving.lo is not None else None
        if ahead is None or not ahead.is_const or ahead.const < 0 or moving.step is not None:
            return None, ()
        if moving.hi is not None and not self.is_fixed(moving.hi, loop):
            return None, ()
        first = (ahead + affine(loop.stmt.lo)).expr()
        whole = ALL if moving.hi is None and first == ZERO else Slice(first, moving.hi)
        items = (summed, whole) if axis else (whole, summed)
        return _part(e.base, items), (Slice(loop.trip, None),)

    def is_matrix(self, base: Name, loop: _Loop) -> bool:
        return self.kinds_of(base).rank == 2 and loop.is_fixed(base)

    def is_fixed(self, end: Expr, loop: _Loop) -> bool:
        """Return whether a bound is the same in all trips; elements of arrays are not looked into."""
        return loop.is_fixed(end) and not any(isinstance(x, Sub) for x in ir.walk(end))

    def is_fixed_slice(self, item: Slice, loop: _Loop) -> bool:
        return all(self.is_fixed(end, loop) for end in (item.lo, item.hi, item.step) if end is not None)

    def reads_only(self, e: Expr) -> bool:
        """Return whether an expression is an array, a part of one, or such transposed."""
        if isinstance(e, Op) and e.fn == "np.transpose":
            return self.reads_only(e.args[0])
        return isinstance(e, Name) or isinstance(e, Sub) and isinstance(e.base, Name)


@dataclass(frozen=True)
class _Rows:
    """The rows (axis 0) or columns (axis 1) of a matrix that a loop goes through."""

    axis: int
    whole: Expr


def _part(base: Name, items: tuple) -> Expr:
    """Return a part of an array, the array itself where that is all of it."""
    return base if all(item == ALL for item in items) else Sub(base, items)
