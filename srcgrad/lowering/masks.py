"""Read boolean masks as indices: as a loop with an if where that is all it takes, else as the places they choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..language import ir
from ..language.axes import axes_of
from ..language.ir import ONE, ZERO, Const, Expr, If, Kind, Let, Name, Op, Select, Slice, Store, Sub
from ..language.kinds import is_mask
from ..language.sum_order import INPLACE, UNORDERED
from ..rules import elementwise
from .nests import NestWriter
from .pull import Index, Pull, whole

_SIZES = "boolean index did not match indexed array: lengths"


class MaskReader(NestWriter):
    """Reads `a[mask]`: `places` for any use of it, `masked` where every place is used by itself."""

    # what `ArrayReader` has
    pull: Callable[..., Pull]
    # how many a count of chosen places can be at most
    rooms: dict[str, Expr]

    def is_mask(self, item: Expr) -> bool:
        return is_mask(item, self.kinds, self.loc)

    # -- masks as arrays of places
    def unmasked(self, items: Index, dims) -> Index:
        """Return the items of a subscript with every mask replaced by the places it chooses, as np.nonzero does."""
        if not any(self.is_mask(i) for i in items):
            return items
        taken = [self.kind(i).rank if self.is_mask(i) else not isinstance(i, ir.NewAxis | ir.Dots) for i in items]
        found: list[Expr] = []
        d = 0
        for item, axes in zip(items, taken, strict=True):
            if self.is_mask(item):
                mask = self.pull(item)
                self.require_mask(mask, dims[d : d + axes])
                places = self.chosen_places(mask)
                self.fitting |= {name.id for name in places}
                found += places
            else:
                found.append(item)
            d += len(dims) - sum(taken) if isinstance(item, ir.Dots) else axes
        return tuple(found)

    def require_mask(self, mask: Pull, dims):
        for n, own in zip(dims, mask.dims, strict=True):
            self.require(n, own, _SIZES, "IndexError")

    def chosen_places(self, mask: Pull) -> list[Name]:
        """Return names of the indices along each axis where a mask is true, in order.

        The arrays that hold them have room for every place: their size does not change from trip to trip of a loop.
        """
        count = self.fresh("count")
        self.kinds[count] = Kind("int64")
        total: Expr = ONE
        for n in mask.dims:
            total = n if total == ONE else Op("mul", (total, n))
        buffers, shown = [self.fresh("where") for _ in mask.dims], [self.fresh("places") for _ in mask.dims]
        for buffer, name in zip(buffers, shown, strict=True):
            self.kinds[buffer] = self.kinds[name] = Kind("int64", 1)
            self.allocate(buffer, (total,), self.kinds[buffer], "np.empty")
            self.state.views[name] = replace(whole(buffer, (Name(count),)), array=None)
        self.places_made |= {*buffers, *((buffer, count) for buffer in buffers)}
        self.reach.update(zip(buffers, mask.dims, strict=True))
        self.emit(Let(count, ZERO))
        idx = self.loop_names_for(mask.rank)
        body = [Store(b, (Name(count),), Name(i), "=", self.loc) for b, i in zip(buffers, idx, strict=True)]
        test = mask.at(tuple(map(Name, idx)))
        self.nest(idx, self.whole_ranges(mask), [If(test, (*body, self.one_more(count)), (), self.loc)])
        self.rooms[count] = total
        self.stable.add(count)
        self.state.nonneg.add(count)
        return list(map(Name, shown))

    def bind_chosen(self, target: str, p: Pull):
        """Bind a name to elements chosen in a loop, in memory whose size does not change from trip to trip."""
        buffer = self.fresh(f"{target}_all")
        kind = self.kinds[buffer] = self.kinds[target]
        room = [self.rooms.get(n.id, n) if isinstance(n, Name) else n for n in p.dims]
        self.allocate(buffer, room, kind, "np.empty")
        idx = [self.fresh("k") for _ in p.dims]
        self.kinds.update(dict.fromkeys(idx, Kind("int64")))
        self.places_made.update(idx)
        names = tuple(map(Name, idx))
        self.nest(idx, self.whole_ranges(p), [Store(buffer, names, p.at(names), "=", self.loc)])
        self.state.views[target] = replace(whole(buffer, p.dims), array=None)

    def one_more(self, count: str) -> Let:
        return Let(count, Op("add", (Name(count), ONE), INPLACE), self.loc)

    # -- masks as tests
    def masked(self, expr: Expr) -> tuple[Expr, Expr] | None:
        """Return (mask, expression over all places) for an elementwise expression of arrays under one mask.

        None where it is something else: then the chosen elements have to be lined up.
        """
        chosen = list(self.choices(expr))
        if not chosen or any(e.index[0] != chosen[0].index[0] for e in chosen):
            return None
        ranks = {self.kind(e.base).rank for e in chosen}
        mask = chosen[0].index[0]
        rest = max(ranks) - self.kind(mask).rank
        if len(ranks) > 1 or not self.is_by_place(expr, rest):
            return None
        return mask, self.everywhere(expr, self.pull(mask))

    def choices(self, expr: Expr) -> Iterator[Sub]:
        """Yield the subscripts `a[mask]` that an expression takes element by element."""
        if isinstance(expr, Sub) and self.is_choice(expr):
            yield expr
        elif is_by_element(expr):
            for e in ir.children(expr):
                yield from self.choices(e)

    def is_choice(self, expr: Sub) -> bool:
        """Return whether a subscript is `a[mask]`, or `a[mask, :]`."""
        return bool(expr.index) and self.is_mask(expr.index[0]) and all(i == Slice() for i in expr.index[1:])

    def is_by_place(self, expr: Expr, rest: int) -> bool:
        """Return whether every place of the mask is computed by itself; arrays of the `rest` axes are repeated."""
        if not any(True for _ in self.choices(expr)):
            return self.kind(expr).rank <= rest
        return isinstance(expr, Sub) or all(self.is_by_place(e, rest) for e in ir.children(expr))

    def everywhere(self, expr: Expr, mask: Pull) -> Expr:
        """Return the expression with `a[mask]` read as the whole of `a`."""
        if not any(True for _ in self.choices(expr)):
            return expr
        if isinstance(expr, Sub):
            p = self.named_array(self.pull(expr.base), self.kind(expr.base))
            around, self.loc = self.loc, expr.loc or self.loc
            self.require_mask(mask, p.dims[: mask.rank])
            self.loc = around
            return self.alias(p, self.kind(expr.base))
        return ir.rebuild(expr, lambda e: self.everywhere(e, mask))

    def masked_sum(self, expr: Op, into: str | None) -> Pull | None:
        """Lower `np.sum(a[mask] * ...)` and means of this kind to a loop with an if; None if it is something else."""
        operand = expr.args[0]
        axes = axes_of(expr.option("axis"), self.kind(operand).rank, expr.loc)
        if expr.option("keepdims") or 0 not in axes:
            return None
        found = self.masked(operand)
        if found is None:
            return None
        mask, p, kind = self.pull(found[0]), self.pull(found[1]), self.kind(expr)
        kept = [d - 1 + mask.rank for d in range(1, self.kind(operand).rank) if d not in axes]
        target = into if into not in (None, "out") and self.kinds.get(into, kind).rank == len(kept) else None
        target = target or self.fresh("sums" if kept else "total")
        self.kinds[target] = Kind(kind.dtype, len(kept))
        idx = self.loop_names_for(p.rank)
        names = tuple(map(Name, idx))
        element, cell = p.at(names), tuple(names[d] for d in kept)
        if kept:
            self.allocate(target, [p.dims[d] for d in kept], self.kinds[target], "np.zeros")
            adds: ir.Stmt = Store(target, cell, element, "+=")
        else:
            self.emit(Let(target, Const(0.0) if kind.is_float else ZERO))
            adds = Let(target, Op("add", (Name(target), element), UNORDERED if kind.is_float else INPLACE))
        ranges, r = self.whole_ranges(p), mask.rank
        inner = self.nested(idx[r:], ranges[r:], [adds])
        count: Expr = ONE
        if expr.fn == "np.mean":
            chosen = self.fresh("count")
            self.kinds[chosen] = Kind("int64")
            self.emit(Let(chosen, ZERO))
            inner.append(self.one_more(chosen))
            count = Name(chosen)
            for d in range(r, p.rank):
                count = count if d in kept else Op("mul", (count, p.dims[d]))
        self.nest(idx[:r], ranges[:r], [If(mask.at(names[:r]), tuple(inner), (), self.loc)])
        return self.divided(target, count, kept, p)

    def divided(self, target: str, count: Expr, kept, p: Pull) -> Pull:
        """Return sums divided by how many terms they have; by one, they are as they stand."""
        if not kept:
            total = Name(target) if count == ONE else Op("div", (Name(target), count))
            return Pull((), lambda _: total)
        if count != ONE:
            idx = self.loop_names_for(len(kept))
            cell = tuple(map(Name, idx))
            mean = Op("div", (Sub(Name(target), cell), count))
            self.nest(idx, [(ZERO, p.dims[d]) for d in kept], [Store(target, cell, mean)])
        return self.named(target)


def is_by_element(expr: Expr) -> bool:
    """Return whether an expression combines its operands element by element."""
    return isinstance(expr, Select) or (
        isinstance(expr, Op) and (elementwise.is_elementwise(expr.fn) or expr.fn == "np.where")
    )
