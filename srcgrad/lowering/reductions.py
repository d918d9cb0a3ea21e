"""Lower sums, extremes and matrix products: what takes whole arrays together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.axes import axes_of
from ..language.ir import Const, Expr, If, Kind, Let, Name, Op, Store, Sub
from ..language.sum_order import INPLACE, UNORDERED
from .masks import MaskReader
from .pull import ONE, ZERO, Pull, is_contiguous


class ReductionReader(MaskReader):
    """Reads the operations that need a loop or a library call of their own."""

    # what `ArrayReader` has
    elementwise: Callable[..., Pull]
    whole: bool

    def reduce(self, expr: Op, into: str | None) -> Pull:
        """Lower sum, mean, max, min, argmax, argmin over some axes."""
        found = self.masked_sum(expr, into) if expr.fn in ("np.sum", "np.mean") else None
        if found is not None:
            return found
        p, kind = self.pull(expr.args[0]), self.kind(expr.args[0])
        if not p.rank:
            if expr.fn in ("np.sum", "np.mean") and self.kind(expr).dtype[:3] != kind.dtype[:3]:
                cast = "float" if self.kind(expr).is_float else "int"
                return Pull((), lambda _: Op(cast, (p.at(()),)))
            return p if not expr.fn.startswith("np.arg") else Pull((), lambda _: ZERO)
        axes = axes_of(expr.option("axis"), p.rank, expr.loc)
        kept = tuple(d for d in range(p.rank) if d not in axes)
        if expr.fn in ("np.sum", "np.mean"):
            p = self.widened(p, kind, self.kind(expr))
            result = self.sum(expr, p, kept, axes, into if not expr.option("keepdims") else None)
        else:
            own = None if expr.option("keepdims") else into
            result = self.extreme(expr, self.named_array(p, kind), kept, axes, own)
        if not expr.option("keepdims"):
            return result
        dims = tuple(ONE if d in axes else p.dims[d] for d in range(p.rank))
        return Pull(dims, lambda idx: result.at(tuple(idx[d] for d in kept)))

    def widened(self, p: Pull, kind: Kind, total: Kind) -> Pull:
        """Return narrow integers as those that their sum is made of."""
        narrow = kind.is_int and total.is_int and kind.dtype != "bool" and kind.dtype != total.dtype
        return Pull(p.dims, lambda idx: Op(f"np.{total.dtype}", (p.at(idx),))) if narrow else p

    def sum(self, expr: Op, p: Pull, kept, axes, into, names=("total", "sums")) -> Pull:
        kind = self.kind(expr)
        zero = Const(0.0) if kind.is_float else Const(0)
        count: Expr = ONE
        for d in axes:
            count = p.dims[d] if count == ONE else Op("mul", (count, p.dims[d]))
        if not kept:
            own = into in self.kinds and into != "out" and expr.fn == "np.sum"
            name = into if own else self.fresh("out" if into == "out" else names[0])
            self.kinds.setdefault(name, Kind(kind.dtype))
            idx = self.loop_names_for(p.rank)
            element = p.at(tuple(map(Name, idx)))
            self.emit(Let(name, zero))
            self.nest(idx, self.whole_ranges(p), [_accumulate(name, element, kind)])
            value = Op("div", (Name(name), count)) if expr.fn == "np.mean" else Name(name)
            return Pull((), lambda _: value)
        target = into if into and self.kinds.get(into, kind).rank == len(kept) else self.fresh(names[1])
        self.kinds[target] = Kind(kind.dtype, len(kept))
        dims = tuple(p.dims[d] for d in kept)
        idx = self.loop_names_for(p.rank)
        place = tuple(map(Name, idx))
        element, cell = p.at(place), tuple(place[d] for d in kept)
        ranges = self.whole_ranges(p)
        if max(kept) < min(axes):
            self.allocate(target, dims, self.kinds[target], "np.empty")
            total = self.fresh("total")
            self.kinds[total] = Kind(kind.dtype)
            inner = self.nested(idx[len(kept) :], ranges[len(kept) :], [_accumulate(total, element, kind)])
            value = Op("div", (Name(total), count)) if expr.fn == "np.mean" else Name(total)
            body = [Let(total, zero), *inner, Store(target, cell, value)]
            self.nest(idx[: len(kept)], ranges[: len(kept)], body)
            return self.named(target)
        self.allocate(target, dims, self.kinds[target], "np.zeros")
        self.nest(idx, ranges, [Store(target, cell, element, "+=")])
        if expr.fn == "np.mean":
            own = idx[: len(kept)]
            cell = tuple(map(Name, own))
            mean = Op("div", (Sub(Name(target), cell), count))
            self.nest(own, [(ZERO, n) for n in dims], [Store(target, cell, mean)])
        return self.named(target)

    def extreme(self, expr: Op, p: Pull, kept, axes, into: str | None) -> Pull:
        """Lower max and min: find the place of the (first) winner, then read the element there."""
        fn = "gt" if expr.fn in ("np.max", "np.argmax") else "lt"
        places = [self.fresh("best") for _ in axes]
        for b in places:
            self.kinds[b] = Kind("int64")
        idx = self.loop_names_for(p.rank)
        names = tuple(map(Name, idx))
        winner = tuple(Name(places[axes.index(d)]) if d in axes else names[d] for d in range(p.rank))
        for d in axes:
            message = "zero-size array to reduction operation which has no identity"
            if not (isinstance(p.dims[d], Const) and p.dims[d].value > 0):
                size = self.canonical(p.dims[d])
                known = Op("max", (size, ONE))
                if known in self.state.equal:
                    continue
                self.state.equal[known] = size
                self.stop_if(Op("eq", (size, ZERO)), message)
        inner_idx = [idx[d] for d in axes]
        here, best = p.at(names), p.at(winner)
        none: Expr = Op("ne", (here, here))
        if expr.fn.startswith("np.arg"):
            none = Op("and", (none, Op("eq", (best, best))))  # the first NaN stays; of max any of them is the value
        test = Op("or", (Op(fn, (here, best)), none), (), expr.loc)
        found = tuple(Let(b, Name(i), self.loc) for b, i in zip(places, inner_idx, strict=True))
        search = If(test, found, (), self.loc)
        body = [Let(b, ZERO) for b in places]
        single = self.search_call(expr, p, names, kept, axes)
        if single is not None:
            body = [Let(places[0], single)]
        else:
            body += self.nested(inner_idx, [(ZERO, p.dims[d]) for d in axes], [search])
        return self.place_extreme(expr, p, kept, idx, names, winner, places, body, into)

    def search_call(self, expr: Op, p: Pull, names, kept, axes) -> Expr | None:
        """Return `np.argmax(row)` where one axis of an array that stands in memory is searched."""
        if len(axes) > 1 or p.array is None or not self.kind(p.array).is_float:
            return None
        call = "np.argmax" if expr.fn in ("np.max", "np.argmax") else "np.argmin"
        if not kept:
            return Op(call, (p.array,), (), expr.loc)
        if not isinstance(p.array, Name):
            return None
        items = tuple(ir.Slice() if d in axes else names[d] for d in range(p.rank))
        while items[-1] == ir.Slice() and len(items) > 1:
            items = items[:-1]
        return Op(call, (Sub(p.array, items),), (), expr.loc)

    def place_extreme(self, expr, p, kept, idx, names, winner, places, body, into) -> Pull:
        is_place = expr.fn.startswith("np.arg")
        if is_place and len(places) > 1:
            flat: Expr = Name(places[0])
            for b, n in zip(places[1:], p.dims[1:], strict=True):
                flat = Op("add", (Op("mul", (flat, n)), Name(b)))
        else:
            flat = Name(places[0])
        value = flat if is_place else p.at(winner)
        if not kept:
            for s in body:
                self.emit(s)
            return Pull((), lambda _: value)
        kind = self.kind(expr)
        own = into is not None and into != "out" and self.kinds.get(into) == Kind(kind.dtype, len(kept))
        target = into if own else self.fresh("best_of" if is_place else "extremes")
        self.kinds[target] = Kind(kind.dtype, len(kept))
        dims = tuple(p.dims[d] for d in kept)
        self.allocate(target, dims, self.kinds[target], "np.empty")
        outer = [idx[d] for d in kept]
        cell = tuple(names[d] for d in kept)
        body = [replace(s, loc=self.loc) if s.loc is None else s for s in body]
        self.nest(outer, [(ZERO, n) for n in dims], [*body, Store(target, cell, value)])
        return self.named(target)

    # -- products
    def product(self, expr: Op, into: str | None) -> Pull:
        """Lower a matrix product to a library call on arrays that stand in memory."""
        a, b = expr.args
        ka, kb = self.kind(a), self.kind(b)
        if not ka.rank or not kb.rank:
            return self.elementwise(expr, (a, b), lambda x, y: Op("mul", (x, y), (), expr.loc))
        kind = self.kind(expr)
        for k, operand in enumerate(expr.args):
            factor, matrix = self.unscaled(operand)
            if factor is not None:
                args = (matrix, b) if k == 0 else (a, matrix)
                return self.scaled(self.pull(factor).at(()), self.product(replace(expr, args=args), None), expr)
        pa, pb = self.pull(a), self.pull(b)
        self.require(pa.dims[-1], pb.dims[0], "matmul: mismatch in the inner dimension: lengths")
        if not kind.is_float:
            return self.integer_product(pa, pb, kind)
        vectors = (pa.rank == 1) + (pb.rank == 1)
        if vectors == 2 or vectors and not (self.whole and not self.enclosing):
            return self.vector_product(expr, pa, pb, into)
        xa, xb = self.operand(pa, ka, kind.dtype), self.operand(pb, kb, kind.dtype)
        call = Op("np.dot", (xa, xb), (), expr.loc)
        target = into if into and self.kinds.get(into) == kind else self.fresh("product")
        self.kinds[target] = kind
        self.emit(Let(target, call))
        if not kind.rank:
            return Pull((), lambda _: Name(target))
        self.note_sizes(target, tuple(self.canonical(d) for d in (*pa.dims[:-1], *pb.dims[1:])))
        if target != into:
            self.products.add(target)
        return self.named(target)

    def unscaled(self, operand: Expr) -> tuple[Expr | None, Expr]:
        """Return (the number that a matrix is multiplied by, the matrix); None where it is not multiplied by one.

        A product is scaled instead: what is multiplied has to stand in memory, a multiple of the matrix would be made.
        """
        kind = self.kind(operand)
        if not isinstance(operand, Op) or operand.fn not in ("mul", "np.dot") or kind.rank < 2 or not kind.is_float:
            return None, operand
        for k, part in enumerate(operand.args):
            other = operand.args[1 - k]
            if operand.fn == "mul" and not self.kind(part).rank and self.kind(other) == kind:
                return part, other
            factor, matrix = self.unscaled(part) if operand.fn == "np.dot" else (None, part)
            if factor is not None:
                return factor, replace(operand, args=(matrix, other) if k == 0 else (other, matrix))
        return None, operand

    def scaled(self, factor: Expr, p: Pull, expr: Op) -> Pull:
        """Return a product times a number."""
        factor = self.hold(factor, "scale")
        return Pull(p.dims, lambda idx: Op("mul", (factor, p.at(idx)), (), expr.loc))

    def vector_product(self, expr: Op, a: Pull, b: Pull, into: str | None) -> Pull:
        """Lower a product with a vector to sums, along the rows of a matrix.

        They read each element once, as BLAS does, and become one loop with what is done with the result; a call of BLAS
        takes as long as a sum of a hundred products.
        """
        left, right = map(self.kind, expr.args)
        if a.rank > 1 and self.is_turned(a):
            a, b, left, right = b, transposed(a), right, left
        elif b.rank > 1 and self.is_turned(b):
            a, b, left, right = transposed(b), a, right, left
        if a.rank != b.rank:
            a, b = (self.named_array(p, kind) if p.rank == 1 else p for p, kind in ((a, left), (b, right)))
        along = a.rank - 1
        dims = (*a.dims, *b.dims[1:])

        def element(idx):
            return Op("mul", (a.at(idx[: along + 1]), b.at(idx[along:])), (), expr.loc)

        kept = tuple(d for d in range(len(dims)) if d != along)
        total = Op("np.sum", (Op("mul", expr.args),), (), expr.loc)
        result = self.sum(total, Pull(dims, element), kept, (along,), into, ("product", "product"))
        if isinstance(result.array, Name) and result.array.id != into:
            self.products.add(result.array.id)
        return result

    def is_turned(self, p: Pull) -> bool:
        """Return whether a pull shows the transpose of the last axes of an array."""
        marks = tuple(Name(f"_{d}") for d in range(p.rank))
        cell = p.at(marks)
        return isinstance(cell, Sub) and cell.index[-p.rank :] == marks[::-1]

    def operand(self, p: Pull, kind: Kind, dtype: str) -> Expr:
        if p.array is not None and kind.dtype == dtype and is_contiguous(p.array):
            return p.array
        shown = self.part_of(p) if kind.dtype == dtype else None
        if shown is not None:
            return shown
        cast = f"np.{dtype}"
        q = p if kind.dtype == dtype else Pull(p.dims, lambda idx: Op(cast, (p.at(idx),)))
        return self.materialise(q, Kind(dtype, p.rank), self.fresh("operand"))

    def part_of(self, p: Pull) -> Expr | None:
        """Return the last axes of an array, or their transpose, where that is what a pull shows; else None."""
        marks = tuple(Name(f"_{d}") for d in range(p.rank))
        cell = p.at(marks)
        if not isinstance(cell, Sub) or not isinstance(cell.base, Name):
            return None
        fixed, last = cell.index[: -p.rank], cell.index[-p.rank :]
        sizes = self.sizes(cell.base.id)[-p.rank :]
        turned = last == marks[::-1] and p.rank > 1
        dims = p.dims[::-1] if turned else p.dims
        if not (turned or last == marks) or tuple(map(self.canonical, dims)) != tuple(map(self.canonical, sizes)):
            return None
        if any(not isinstance(e, Name | Const) or e in marks for e in fixed):
            return None  # of a diagonal they go along
        array: Expr = Sub(cell.base, fixed) if fixed else cell.base
        return Op("np.transpose", (array,)) if turned else array

    def integer_product(self, a: Pull, b: Pull, kind: Kind) -> Pull:
        a, b = (self.named_array(p, kind) for p in (a, b))
        left, right = a.rank - 1, b.rank - 1

        def element(idx):
            k = idx[-1]
            return Op("mul", (a.at((*idx[:left], k)), b.at((k, *idx[left : left + right]))))

        dims = (*a.dims[:-1], *b.dims[1:], a.dims[-1])
        p = Pull(dims, element)
        kept = tuple(range(len(dims) - 1))
        name = self.fresh("product")
        self.kinds[name] = kind
        total = Op("np.sum", (Name(name),))
        return self.sum(total, p, kept, (len(dims) - 1,), None)


def transposed(p: Pull) -> Pull:
    """Return the pull of a transposed array."""
    return Pull(p.dims[::-1], lambda idx: p.at(idx[::-1]))


def _accumulate(name: str, element: Expr, kind: Kind) -> Let:
    return Let(name, Op("add", (Name(name), element), UNORDERED if kind.is_float else INPLACE))
