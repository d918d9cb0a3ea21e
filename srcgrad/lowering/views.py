"""Arrays that show another one's memory: turned, cut along the diagonal, given another shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..analysis.access import root_of
from ..analysis.aliases import SHAPES
from ..language import ir
from ..language.affine import clipped, simplify_index
from ..language.axes import permutation
from ..language.ir import ONE, ZERO, Const, Expr, If, Kind, Name, Op, Select, Slice, Store, Sub
from .nests import NestWriter
from .pull import Pull, is_contiguous, same, stepped, transpose

_BACKWARD = Slice(None, None, Const(-1))


class ViewReader(NestWriter):
    """Reads them as pulls, which see through to the memory they show."""

    # what `ArrayReader` has
    pull: Callable[..., Pull]
    indexed: Callable[[Pull, Sub], Pull]
    scalar: Callable[..., Expr]
    hold_size: Callable[[Expr], Expr]
    resolve_target: Callable[[Expr, Expr], Expr | None]
    # names of memory that is contiguous: for sure (None), or if the argument named is
    contiguous_if: dict[str, str | None]
    checks: list[ir.Stmt]
    # counters of loops that keep their values while the view that is being bound is in use
    steady: set[str]

    def pull_transpose(self, expr: Op) -> Pull:
        return transpose(self.pull(expr.args[0]))

    def pull_permuted(self, expr: Op) -> Pull:
        p = self.pull(expr.args[0])
        order = permutation(expr, p.rank)
        if order == tuple(range(p.rank)):
            return p
        if order == tuple(reversed(range(p.rank))):
            return transpose(p)
        places = [order.index(d) for d in range(p.rank)]
        return Pull(tuple(p.dims[d] for d in order), lambda idx: p.at(tuple(idx[k] for k in places)))

    def pull_flip(self, expr: Op) -> Pull:
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr))
        return self.indexed(p, Sub(expr.args[0], (_BACKWARD,) * p.rank))

    def pull_diag(self, expr: Op, into: str | None = None) -> Pull:
        """Return the diagonal of the last two axes, or the matrix with a vector on its diagonal."""
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr.args[0]))
        k = expr.option("k")
        below, right = Const(max(-k, 0)), Const(max(k, 0))

        def moved(i: Expr, by: Const) -> Expr:
            return simplify_index(Op("add", (i, by)))

        if p.rank == 1:
            name = into or self.fresh("diagonal")
            self.kinds[name] = self.kind(expr)
            n = moved(p.dims[0], Const(abs(k)))
            self.allocate(name, (n, n), self.kinds[name], "np.zeros")
            (i,) = self.loop_names_for(1)
            cell = (moved(Name(i), below), moved(Name(i), right))
            self.nest([i], self.whole_ranges(p), [Store(name, cell, p.at((Name(i),)))])
            return self.named(name)
        n, m = (simplify_index(Op("sub", (d, by))) for d, by in zip(p.dims[-2:], (below, right), strict=True))
        if self.canonical(n) == self.canonical(m):
            size = clipped(n)
        else:
            size = self.hold(Op("max", (Op("min", (n, m)), ZERO)), "n")
        lead = p.dims[:-2]
        return Pull((*lead, size), lambda idx: p.at((*idx[:-1], moved(idx[-1], below), moved(idx[-1], right))))

    def pull_broadcast_to(self, expr: Op) -> Pull:
        """Return the pull of an array whose axes of one element, and new ones before them, are repeated."""
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr.args[0]))
        dims = tuple(map(self.hold_size, expr.args[1:]))
        pad = len(dims) - p.rank
        maps: list[Callable[[Expr], Expr]] = []
        for size, own in zip(dims[pad:], self.settled(p).dims, strict=True):
            step = ZERO if own == ONE else self.resolve_target(size, own)
            maps.append(same if step is None else partial(stepped, step))
        as_it_is = not pad and all(m is same for m in maps)
        if as_it_is:
            return Pull(dims, p.at, p.array)
        return Pull(dims, lambda idx: p.at(tuple(m(i) for m, i in zip(maps, idx[pad:], strict=True))))

    def pull_windows(self, expr: Op) -> Pull:
        """Return the pull of all windows of an array: axes more, along which a place moves as along those of the array.
        """
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr.args[0]))
        sizes, axes, dims = tuple(map(self.hold_size, expr.args[1:])), expr.option("axes"), list(p.dims)
        for size, d in zip(sizes, axes, strict=True):
            if not isinstance(size, Const) or size.value < 0:
                self.stop_if(Op("lt", (size, ZERO)), "a window has a size below 0")
            count = simplify_index(Op("add", (Op("sub", (dims[d], size)), ONE)))
            self.stop_if(Op("lt", (count, ONE)), "a window is larger than the array")
            dims[d] = self.length(count)

        def at(idx):
            places = list(idx[: p.rank])
            for d, inside in zip(axes, idx[p.rank :], strict=True):
                places[d] = simplify_index(Op("add", (places[d], inside)))
            return p.at(tuple(places))

        return Pull((*dims, *sizes), at)

    def pull_flat(self, expr: Op) -> Pull:
        """Return `a.flat`: the elements in order, wherever they stand."""
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr.args[0]))
        if p.rank == 1:
            return p
        size = self.hold_size(product(p.dims))
        return Pull((size,), lambda idx: p.at(place_of(idx[0], p.dims)))

    # -- other shapes of the same elements in their order
    def shaped(self, value: Expr) -> Pull | None:
        """Return what shows memory in another shape as a pull of that memory; None if it may be a copy.

        An argument is taken for contiguous, which is checked where the function begins.
        """
        if isinstance(value, Name):
            return self.pull(value)
        if isinstance(value, Select):
            return None
        assert isinstance(value, Op | Sub), value
        base = value.args[0] if isinstance(value, Op) else value.base
        p = self.shaped(base)
        if p is None or not is_memory(p):
            return None
        if isinstance(value, Sub):
            return self.indexed(p, replace(value, index=tuple(map(self.freeze, value.index))))
        if value.fn not in SHAPES:
            return self.pull(replace(value, args=(self.alias(p, self.kind(base)), *value.args[1:])))
        if not (p.rank == 1 and value.fn.startswith("reshape")) and not self.is_in_order(p):
            return None
        if value.fn == "np.ascontiguousarray":
            return p
        total = product(p.dims)
        if value.fn == "np.ravel":
            sizes: tuple[Expr, ...] = (self.hold_size(total) if p.rank > 1 else total,)
        else:
            given = value.args[1:] if value.fn == "reshape" else self.pull(value.args[1]).dims
            sizes = self.new_sizes(total, given)
        return self.split(p, sizes, self.groups(p.dims, sizes))

    def frozen(self, view: Expr) -> Expr:
        """Return a view with every index in it frozen."""
        if isinstance(view, Op):
            return replace(view, args=(self.frozen(view.args[0]), *map(self.freeze, view.args[1:])))
        if isinstance(view, Sub):
            return replace(view, base=self.frozen(view.base), index=tuple(map(self.freeze, view.index)))
        return view

    def freeze(self, item: Expr) -> Expr:
        """Return an index item whose names cannot change while the view is in use."""
        if isinstance(item, Slice):
            return Slice(*(None if e is None else self.freeze(e) for e in (item.lo, item.hi, item.step)))
        if isinstance(item, ir.NewAxis | ir.Dots | Const) or self.kind(item).rank:
            return item
        if ir.names_in(item) <= self.stable | self.steady and not any(isinstance(e, Sub) for e in ir.walk(item)):
            return item
        return self.hold(self.scalar(item), "at", always=True)

    def is_in_order(self, p: Pull) -> bool:
        """Return whether memory is contiguous, row by row; for an argument a check sees to it."""
        if p.array is None or isinstance(p.array, Op) or not is_contiguous(p.array):
            return False
        root = root_of(p.array).id
        if root not in self.contiguous_if:
            return False
        param = self.contiguous_if[root]
        if param is not None and all(param not in ir.names_in(s.test) for s in self.checks if isinstance(s, If)):
            message = f"{param} is not contiguous: another shape of it is a copy, which is written here"
            message += f" ({self.loc.place})" if self.loc is not None else ""
            stop = ir.Raise("ValueError", (Const(message),), self.loc)
            self.checks.append(If(Op("not", (Op("in_order", (Name(param),)),)), (stop,), (), self.loc))
        return True

    def pull_ravel(self, expr: Op) -> Pull:
        p = self.named_array(self.pull(expr.args[0]), self.kind(expr.args[0]))
        if p.rank == 1:
            return p
        return self.flattened(p, self.kind(expr))

    def flattened(self, p: Pull, kind: Kind, into: str | None = None) -> Pull:
        name = into or self.fresh("flat")
        self.kinds[name] = Kind(kind.dtype, 1)
        self.allocate(name, (self.hold_size(product(p.dims)),), self.kinds[name], "np.empty")
        idx = self.loop_names_for(p.rank)
        sizes = [n if not isinstance(n, Op) or n.fn == "shape" else self.hold(n, "n") for n in p.dims]
        place = flat_place(tuple(map(Name, idx)), sizes)
        self.nest(idx, self.whole_ranges(p), [Store(name, (place,), p.at(tuple(map(Name, idx))))])
        return self.named(name)

    def pull_reshape(self, expr: Op) -> Pull:
        base = expr.args[0]
        p, kind = self.named_array(self.pull(base), self.kind(base)), self.kind(base)
        sizes = self.new_sizes(p.dims[0] if p.rank == 1 else self.hold_size(product(p.dims)), expr.args[1:])
        groups = self.groups(p.dims, sizes)
        if all(len(old) < 2 for old, _ in groups):
            return self.split(p, sizes, groups)
        if all(len(new) < 2 for _, new in groups):
            return self.merged(p, kind, sizes, groups)
        return self.split(self.flattened(p, kind), sizes, [([0], list(range(len(sizes))))])

    def groups(self, old, new) -> list[tuple[list[int], list[int]]]:
        """Return which old axes become which new ones, as far as their sizes tell; the last ones what is left over."""
        found, a, b = [], 0, 0
        while a < len(old) and b < len(new):
            for i, j in _ways(len(old) - a, len(new) - b):
                if self.canonical(product(old[a : a + i])) == self.canonical(product(new[b : b + j])):
                    found.append((list(range(a, a + i)), list(range(b, b + j))))
                    a, b = a + i, b + j
                    break
            else:
                break
        rest = list(range(a, len(old))), list(range(b, len(new)))
        return [*found, rest] if any(rest) else found

    def split(self, p: Pull, sizes, groups) -> Pull:
        """Return the pull of an array some axes of which become others, best each of them one or several."""

        def at(idx):
            places: list[Expr] = []
            for old, new in groups:
                place = flat_place([idx[k] for k in new], [sizes[k] for k in new])
                places += place_of(place, [p.dims[k] for k in old]) if old else ()
            return p.at(tuple(places))

        one_to_one = len(sizes) == p.rank and all(len(old) == len(new) == 1 for old, new in groups)
        return Pull(tuple(sizes), at, p.array if one_to_one else None)

    def merged(self, p: Pull, kind: Kind, sizes, groups) -> Pull:
        """Return a copy of an array some axes of which become one."""
        name = self.fresh("merged")
        self.kinds[name] = Kind(kind.dtype, len(sizes))
        self.allocate(name, sizes, self.kinds[name], "np.empty")
        idx = self.loop_names_for(p.rank)
        cell = tuple(flat_place([Name(idx[k]) for k in old], [p.dims[k] for k in old]) for old, new in groups if new)
        self.nest(idx, self.whole_ranges(p), [Store(name, cell, p.at(tuple(map(Name, idx))))])
        return self.named(name)

    def new_sizes(self, total: Expr, given) -> tuple[Expr, ...]:
        """Return the sizes of a reshape of `total` elements; one of them may be left out, as -1."""
        given = [self.hold_size(e) for e in given]
        sizes = [self.size_or_rest(k, given, total) for k in range(len(given))]
        if Const(-1) in sizes:
            known = product([n for n in sizes if n != Const(-1)])
            rest = total if known == ONE else Op("floordiv", (total, known))
            sizes[sizes.index(Const(-1))] = self.hold_size(rest)
        self.require(product(sizes), total, "cannot reshape array: sizes")
        return tuple(sizes)

    def size_or_rest(self, k: int, given: list[Expr], total: Expr) -> Expr:
        """Return a size of a reshape, which is what the others leave over if it turns out to be -1."""
        n, others = given[k], product(given[:k] + given[k + 1 :])
        if isinstance(n, Const) or self.is_nonneg(n):
            return n
        if Const(-1) in given:
            # two negative sizes have a product too, and there is no rest of a division by zero
            self.stop_if(Op("lt", (n, ONE)), "cannot reshape array: a size is below 1")
            if isinstance(n, Name) and n.id in self.stable:
                self.state.nonneg.add(n.id)
            return n
        left_out, negative = Op("eq", (n, Const(-1))), Op("lt", (n, Const(-1)))
        alone = others == ONE or isinstance(others, Const) and others.value > 0
        nothing = negative if alone else Op("or", (negative, Op("and", (left_out, Op("lt", (others, ONE))))))
        self.stop_if(nothing, "cannot reshape array: a size is below 0")
        rest = total if others == ONE else Op("floordiv", (total, others))
        name = self.held(Select(left_out, rest, n), "size")
        assert isinstance(name, Name), name
        self.state.nonneg.add(name.id)
        return name

    def pull_reshape_like(self, expr: Op) -> Pull:
        return self.pull_reshape(Op("reshape", (expr.args[0], *self.pull(expr.args[1]).dims), (), expr.loc))


def _ways(old: int, new: int):
    """Yield in how many old axes and new ones a group may begin, one of each first."""
    for total in range(2, old + new + 1):
        for i in range(1, min(total, old + 1)):
            if 1 <= total - i <= new and 1 in (i, total - i):
                yield i, total - i


def product(sizes) -> Expr:
    """Return the product of sizes as an expression."""
    total: Expr = ONE
    for n in sizes:
        total = n if total == ONE else total if n == ONE else Op("mul", (total, n))
    return total


def is_memory(p: Pull) -> bool:
    """Return whether the elements of a pull stand in memory as they are."""
    return isinstance(p.at(tuple(Name(f"_{d}") for d in range(p.rank))), Sub)


def place_of(place: Expr, sizes) -> tuple[Expr, ...]:
    """Return the index of the element that stands at a place in the order of a contiguous array.

    >>> from srcgrad.language.emit import expr_text
    >>> [expr_text(e) for e in place_of(Name("k"), (Name("n"), Name("m")))]
    ['k // m', 'k % m']
    """
    index: list[Expr] = []
    for n in reversed(sizes[1:]):
        index.insert(0, Op("mod", (place, n)))
        place = Op("floordiv", (place, n))
    return (place, *index)


def flat_place(idx, sizes) -> Expr:
    """Return where an element stands in the order of a contiguous array.

    >>> from srcgrad.language.emit import expr_text
    >>> expr_text(flat_place((Name("i"), Name("j")), (Name("n"), Const(3))))
    'i * 3 + j'
    """
    place: Expr = ZERO
    for i, n in zip(idx, sizes, strict=True):
        scaled = place if n == ONE or place == ZERO else Op("mul", (place, n))
        place = i if scaled == ZERO else scaled if i == ZERO else Op("add", (scaled, i))
    return place
