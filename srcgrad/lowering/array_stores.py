"""Lower stores of array values: broadcast, detached from the memory they write, in the target's own index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..analysis.access import root_of
from ..analysis.aliases import shown_by
from ..analysis.inequalities import sums_sizes
from ..errors import OTHER_SIZE
from ..language import ir
from ..language.affine import affine, simplify_index, unclipped
from ..language.ir import Const, Expr, If, Kind, Name, Op, Store, Sub
from ..language.lists import PUT
from .lists_apart import SizesDiffer
from .pull import ONE, ZERO, Index, Pull, cell_of, single, stepped
from .pull_ops import ArrayReader


class StoreWriter(ArrayReader):
    """Writes stores into elements, slices, gathered places and places under a mask.

    'out' is '=' of values that fit the dtype, 'diagonal' np.fill_diagonal, 'at fn' np.add.at and its like.
    """

    # what `Lowerer` sets up
    put: dict[str, tuple[Expr, ...] | None]
    lists: set[str]
    counted: set[str]
    one_size: set[str]
    rooms: dict[str, Expr]
    bound_in_loops: set[str]
    spelled_out: Callable[[Expr], Expr]
    read_only: set[str]
    sharing: dict[str, set[str]]

    def store(self, stmt: Store):
        p = self.named(stmt.base)
        if stmt.base in self.counted and isinstance(stmt.index[0], Name):
            self.places_made.add((root_of(cell_of(p, _marks(p.rank))).id, stmt.index[0].id))  # room was made for it
        if root_of(cell_of(p, _marks(p.rank))).id in self.captured:
            self.refuse(stmt.loc, f"{stmt.base!r} is a captured array, and is written", "pass it as an argument")
        if stmt.base in self.read_only:
            self.refuse(stmt.loc, f"{stmt.base!r} shows a diagonal or repeated elements, and is read-only",
                        "np.fill_diagonal, or copy it first")  # fmt: skip
        if stmt.op in ("out", PUT):
            stmt = replace(stmt, op="=")
        if stmt.op == "diagonal":
            return self.store_diagonal(stmt, p)
        if stmt.op.startswith("at "):
            return self.store_each(stmt, p)
        if self.kind(Sub(Name(stmt.base), stmt.index)).rank == 0:
            return self.store_element(stmt, p)
        items = tuple(i for i in stmt.index if not isinstance(i, ir.Slice | ir.NewAxis | ir.Dots))
        if any(self.kind(i).rank for i in items):
            if self.store_masked(stmt, p):
                return None
            return self.store_gathered(replace(stmt, index=self.unmasked(stmt.index, p.dims)), p)
        if isinstance(stmt.value, Op) and stmt.value.fn == "np.dot" and self.kind(stmt.value).rank == 0:
            stmt = replace(stmt, value=self.scalar(stmt.value))
        target = self.indexer.apply(p, stmt.index, self.lift)
        value = self.pull(stmt.value)
        if not value.rank:
            self.evaluated(value.at(()))
        if self.put.get(stmt.base, ()) is None:
            self.put[stmt.base] = tuple(map(self.canonical, value.dims))
        if self.puts(stmt) and value.rank == target.rank:  # as an item of a list an array is not repeated
            for own, size in zip(target.dims, value.dims, strict=True):
                old, new = (self.spelled_out(self.canonical(e)) for e in (own, size))
                if stmt.base not in self.one_size and (self.is_resized(old, new) or self.stretch and old != new):
                    raise SizesDiffer(stmt.base)
                self.require(own, size, OTHER_SIZE)
        self.assign(target, value, stmt.value, stmt.op)

    def puts(self, stmt: Store) -> bool:
        """Return whether a store puts an array into a list, as an item of it."""
        if stmt.op == PUT:
            return True
        whole = stmt.op == "=" and len(stmt.index) == 1 and self.kinds[stmt.base].rank > 1
        return whole and stmt.base in self.lists and not isinstance(stmt.index[0], ir.Slice | ir.Dots | ir.NewAxis)

    def is_resized(self, old: Expr, new: Expr) -> bool:
        """Return whether what has one size where an array is made surely has another one later."""
        longer = affine(new) - affine(old)
        of_itself = not isinstance(old, Const) and old in ir.walk(new)
        made_here = ir.bound_in(tuple(self.out)) if self.loops else set()
        of_a_trip = (ir.names_in(new) - ir.names_in(old)) & (set(self.enclosing) | self.bound_in_loops | made_here)
        of_few = isinstance(old, Const) and old.value <= 1  # what grows from one number, or none
        of_choices = ir.names_in(new) & self.rooms.keys()
        told = of_few or of_itself or of_a_trip or of_choices or sums_sizes(longer)
        return bool(longer.const != 0 if longer.is_const else told)

    def store_element(self, stmt: Store, p: Pull):
        if self.kind(stmt.value).rank:
            self.refuse(stmt.loc, "an array is stored in one element", "index it, or store it in a slice")
        element = cell_of(self.indexer.apply(p, stmt.index, self.lift), ())
        value = self.scalar(stmt.value)
        index = element.index if isinstance(p.array, Name) else tuple(map(self.checked_place, element.index))
        self.emit(Store(root_of(element).id, index, value, stmt.op, stmt.loc))

    def checked_place(self, index: Expr) -> Expr:
        """Return an index that has been checked against a view, under a name where it tells negative ones apart."""
        if not any(isinstance(e, ir.Select) for e in ir.walk(index)):
            return index
        held = self.hold(index, "place")
        assert isinstance(held, Name), held
        self.places_made.add(held.id)
        return held

    def store_diagonal(self, stmt: Store, p: Pull):
        """Lower `np.fill_diagonal(a, v)`."""
        n, *others = p.dims
        if not others:
            self.refuse(stmt.loc, "np.fill_diagonal of an array with one axis", "pass an array with two axes")
        shown = shown_by(stmt.value, self.kinds) if self.kind(stmt.value).rank else set()
        if self.sharing.get(stmt.base, {stmt.base}) & shown:
            self.refuse(stmt.loc, "np.fill_diagonal reads the array while it writes it", "copy the values: .copy()")
        if len(others) > 1:
            for m in others:
                self.require(n, m, "all dimensions of the array must be of equal length: lengths")
        elif self.canonical(n) != self.canonical(others[0]):
            n = self.hold(Op("min", (n, others[0])), "n")
        self.assign(Pull((n,), lambda idx: p.at(idx * p.rank)), self.pull(stmt.value), stmt.value, "=")

    def store_each(self, stmt: Store, p: Pull):
        """Lower `np.add.at(a, idx, v)`: element by element, so that repeated places take part again."""
        fn = stmt.op.removeprefix("at ")
        items = self.settled_places(self.unmasked(stmt.index, p.dims), p)
        value = self.pull(stmt.value)
        target = self.indexer.apply(p, items, self.lift)
        idx = self.loop_names_for(target.rank)
        names = tuple(map(Name, idx))
        cell = cell_of(target, names)
        root = root_of(cell).id
        pad = target.rank - value.rank
        if pad < 0:
            self.refuse(stmt.loc, "the value has more axes than the places", "index or reshape it")
        value = self.fitted(self.apart_from(value, root, self.kind(stmt.value).dtype), target.dims[pad:])
        own = tuple(ZERO if n == ONE else e for n, e in zip(value.dims, names[pad:], strict=True))
        element = value.at(own)
        if fn in ("add", "sub"):
            store = Store(root, cell.index, element, "+=" if fn == "add" else "-=", stmt.loc)
        else:
            store = Store(root, cell.index, Op(fn, (cell, element), (), stmt.loc), "=", stmt.loc)
        self.nest(idx, self.whole_ranges(target), [store])

    def store_masked(self, stmt: Store, p: Pull) -> bool:
        """Lower `a[mask] = v` to a loop with an if; False where the values have to be lined up before."""
        if not self.is_choice(Sub(Name(stmt.base), stmt.index)):
            return False
        saved, self.state = self.state, self.state.fork()
        body, before = self.apart(lambda: self.masked_body(stmt, p))
        if not body:
            self.state = saved
            return False
        self.out.extend((*before, *body))
        return True

    def masked_body(self, stmt: Store, p: Pull) -> list:
        """Return the loop of a store under a mask; empty where it does not do."""
        mask, value, rank = stmt.index[0], stmt.value, self.kind(stmt.value).rank
        m = self.pull(mask)
        self.require_mask(m, p.dims[: m.rank])
        if rank > p.rank - m.rank:
            found = self.masked(value)
            if found is None or found[0] != mask or self.kind(found[1]).rank != p.rank:
                return []
            value = found[1]
        v = self.pull(value)
        v = self.fitted(v, p.dims[p.rank - v.rank :])
        idx = self.loop_names_for(p.rank)
        names = tuple(map(Name, idx))
        cell = cell_of(p, names)
        root = root_of(cell).id
        own = tuple(ZERO if n == ONE else e for n, e in zip(v.dims, names[p.rank - v.rank :], strict=True))
        if not self.reads_only(v.at(own), root, cell):
            if v.rank:
                return []
            v = single(self.hold(v.at(()), "value", always=True))
        if not self.reads_only(m.at(names[: m.rank]), root, cell):
            m = self.named(self.materialise(m, self.kind(mask), self.fresh("mask")).id)
        ranges, r = self.whole_ranges(p), m.rank
        inner = self.nested(idx[r:], ranges[r:], [Store(root, cell.index, v.at(own), stmt.op, stmt.loc)])
        return self.nested(idx[:r], ranges[:r], [If(m.at(names[:r]), tuple(inner), (), stmt.loc)])

    def reads_only(self, element: Expr, root: str, cell: Sub, counters=()) -> bool:
        """Return whether an element expression reads, of what is written by a nest, only the cell itself."""
        reads = [e for e in ir.walk(element) if isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id == root]
        return all(
            _same_index(r.index, cell.index)
            or _in_step(r.index, cell.index, counters)
            or self.is_beside(r.index, cell.index, counters)
            for r in reads
        )

    def is_beside(self, read, cell, counters) -> bool:
        """Return whether two cells differ on an axis that the counters of a nest do not move along."""
        for d, (mine, other) in enumerate(zip(read, cell, strict=True)):
            apart = affine(mine) - affine(other)
            if not apart.is_const or not apart.const or ir.names_in(mine, other) & set(counters):
                continue
            rest = _same_index((*read[:d], *read[d + 1 :]), (*cell[:d], *cell[d + 1 :]))
            # -1 is the last place: of an axis of one element the same place
            if rest or self.is_nonneg(mine) and self.is_nonneg(other):
                return True
        return False

    def store_gathered(self, stmt: Store, p: Pull):
        """Lower `a[idx] = v`: in order, so that the last write wins, as in NumPy."""
        right = stmt.value
        if stmt.op != "=":
            right = Op("add" if stmt.op == "+=" else "sub", (Sub(Name(stmt.base), stmt.index), right))
        value = self.pull(right)
        target = self.indexer.apply(p, self.settled_places(stmt.index, p), self.lift)
        value = self.apart_from(value, root_of(cell_of(target, _marks(target.rank))).id, self.kinds[stmt.base].dtype)
        self.assign(target, value, Const(0), "=")

    def settled_places(self, items: Index, p: Pull) -> Index:
        """Return the items of a subscript with copies of index arrays that the store into `p` would change."""
        root = root_of(cell_of(p, _marks(p.rank))).id

        def settled(item: Expr) -> Expr:
            if isinstance(item, ir.Slice | ir.NewAxis | ir.Dots) or not self.kind(item).rank:
                return item
            places = self.pull(item)
            if root not in ir.names_in(places.at(_marks(places.rank))):
                return item
            return self.materialise(places, Kind("int64", places.rank), self.fresh("places"))

        return tuple(map(settled, items))

    def apart_from(self, value: Pull, root: str, dtype: str) -> Pull:
        """Return a value that is computed before an array is written: itself where it does not read that array."""
        if root not in ir.names_in(value.at(_marks(value.rank))):
            return value
        if not value.rank:
            return single(self.hold(value.at(()), "value", always=True))
        return self.named(self.materialise(value, Kind(dtype, value.rank), self.fresh("values")).id)

    def assign(self, target: Pull, value: Pull, source: Expr, op: str, exact: bool = False):
        """Write a nest that stores `value`, broadcast, into `target`."""
        pad = target.rank - value.rank
        if pad < 0:
            extra, value = value.dims[: -target.rank or None], self.drop_axes(value, -pad)
            if any(e != ONE for e in extra):
                self.refuse(None, "the value has more axes than its target", "index or reshape it")
            pad = 0
        steps: tuple[Expr | None, ...] = (None,) * value.rank
        if not exact:
            steps, value = self.steps_into(value, target.dims[pad:]), self.settled(value)
        idx = self.loop_names_for(target.rank)
        root = root_of(cell_of(target, tuple(Name(i) for i in idx))).id
        whole = repeated(value, steps)
        reads = root in ir.names_in(source) or root in ir.names_in(whole.at(tuple(Name(i) for i in idx[pad:])))
        if reads and not self.is_apart(target, whole, root, idx, pad):
            whole = repeated(self.set_apart(value, root), steps)
        value = whole
        ranges, at, own = self.own_axes(target, idx, plain_reads(value.at(tuple(map(Name, idx[pad:]))), root))
        element = value.at(tuple(ZERO if n == ONE else e for n, e in zip(value.dims, own[pad:], strict=True)))
        cell = cell_of(target, at)
        self.nest(idx, ranges, [Store(root, cell.index, element, op)])

    def fitted(self, value: Pull, dims) -> Pull:
        """Return the value with its sizes checked against its target's, axes of length one repeated."""
        steps = self.steps_into(value, dims)
        return repeated(self.settled(value), steps)

    def steps_into(self, value: Pull, dims) -> tuple[Expr | None, ...]:
        """Return the index steps at which a value's axes go along those of its target, which they are checked to fit.
        """
        pairs = zip(dims, value.dims, strict=True)
        return tuple(None if own == ONE else self.resolve_target(size, own) for size, own in pairs)

    def drop_axes(self, p: Pull, count: int) -> Pull:
        return Pull(p.dims[count:], lambda idx: p.at((ZERO,) * count + tuple(idx)))

    def is_apart(self, target: Pull, value: Pull, root: str, idx, pad) -> bool:
        """Return whether no store into `root` changes a value: it reads only the element written."""
        names = tuple(Name(i) for i in idx)
        own = tuple(ZERO if n == ONE else e for n, e in zip(value.dims, names[pad:], strict=True))
        return self.reads_only(value.at(own), root, cell_of(target, names), idx)

    def set_apart(self, value: Pull, root: str) -> Pull:
        """Return a value computed before `root` is written."""
        if value.rank:
            name = self.materialise(value, Kind(self.kinds[root].dtype, value.rank), self.fresh(f"{root}_new"))
            return self.named(name.id)
        held = self.hold(value.at(()), "value", always=True)
        return Pull((), lambda _: held)

    def own_axes(self, target: Pull, idx, plain: set[str]):
        """Return (ranges, index of the target, offset-free index): loops run over the target's own index.

        Those named in `plain` run over the value's, which is read at the counter itself.
        """
        ranges: list[tuple[Expr, Expr]] = []
        at: list[Expr] = []
        own: list[Expr] = []
        names = tuple(Name(i) for i in idx)
        cell = cell_of(target, names)
        for name, n in zip(names, target.dims, strict=True):
            starts = [affine(e) - affine(name) for e in cell.index if affine(e).coefficient(name.id) == 1]
            shift = starts[0] if len(starts) == 1 and name.id not in ir.names_in(starts[0].expr()) else None
            loop_free = shift is not None and not any(t == Name(i) for t in shift.terms for i in idx)
            if shift is None or not loop_free or (shift.is_const and shift.const == 0) or name.id in plain:
                ranges.append((ZERO, unclipped(n)))
                at.append(name)
                own.append(name)
            else:
                lo = shift.expr()
                ranges.append((lo, simplify_index(Op("add", (unclipped(n), lo)))))
                at.append(Op("sub", (name, lo)))
                own.append(simplify_index(Op("sub", (name, lo))))
        return ranges, tuple(at), tuple(own)


def _in_step(read: Index, cell: Index, counters) -> bool:
    """Return whether cells that different trips read and write are apart: each counter tells places of an axis.

    >>> i, j, k = map(Name, "ijk")
    >>> _in_step((i, k), (j, k), ["k"]), _in_step((i, k), (j, Op("sub", (k, ONE))), ["k"])
    (True, False)
    """
    along = [affine(mine) for mine, other in zip(read, cell, strict=True) if affine(mine) == affine(other)]
    told = {n for a in along for n in counters if abs(a.coefficient(n)) == 1 and a.names & set(counters) == {n}}
    return bool(counters) and told == set(counters)


def plain_reads(element: Expr, root: str) -> set[str]:
    """Return the counters at which arrays other than the one written are read, never beside them.

    >>> sorted(plain_reads(Sub(Name("b"), (Name("i"), Op("add", (Name("j"), ONE)))), "a"))
    ['i']
    """
    found: set[str] = set()
    beside: set[str] = set()
    for e in ir.walk(element):
        if isinstance(e, Sub):
            own = {i.id for i in e.index if isinstance(i, Name)}
            others = ir.names_in(*(i for i in e.index if not isinstance(i, Name)))
            found |= own if e.base != Name(root) else set()
            beside |= others if e.base != Name(root) else own | others
    return found - beside


def repeated(value: Pull, steps: tuple[Expr | None, ...]) -> Pull:
    """Return a value whose axes of length one are repeated along others: those with an index step of 0 or 1."""
    if all(step is None for step in steps):
        return value

    def at(idx) -> Expr:
        return value.at(tuple(i if s is None else stepped(s, i) for i, s in zip(idx, steps, strict=True)))

    return Pull(value.dims, at)


def _marks(rank: int) -> tuple[Name, ...]:
    """Return names that stand for an index."""
    return tuple(Name(f"_{d}") for d in range(rank))


def _same_index(a, b) -> bool:
    return len(a) == len(b) and all(affine(x) == affine(y) for x, y in zip(a, b, strict=True))
