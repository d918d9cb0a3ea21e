"""Batches: a loop over the items of a batch around a function, as generated source, on one core or on all.

What the function returns for each item is stored in arrays with an axis more, or added up. The loop is a function of
its own where it runs on several cores: each of these takes parts of the items, and adds up in memory of its own. A loop
on several cores cannot raise, so what fails there is run again where it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .. import tree
from ..differentiation.prepare import name_results, own_written_params
from ..differentiation.widths import PARTS, SUMMED_PARTS
from ..errors import ArgumentError, KindError, Problem, UnsupportedError, problem_at
from ..language import ir
from ..language.ir import Const, Expr, For, Function, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.sum_order import INPLACE
from ..optimisation.parallel import serial
from ..optimisation.simplify import simplify
from .batch_axes import Options, flat_axes
from .item_loops import can_stand_inside, inside, written_in_place
from .jacobians import ONE, ZERO, allocate, around, called, nest
from .modes import draws_numbers, shape
from .passes import USUAL, Lowered, Variant
from .pipeline import Generated, front, generated


def vmap(f, structures, kinds: tuple[Kind, ...], options: Options, variant: Variant = USUAL) -> Generated:
    """Return the function that takes batches of some arguments of `f`, and gives batches of its results."""
    axes = list(flat_axes(options.in_axes, tree.tuple_of(structures), "in_axes"))
    items = tuple(map(_item_kind, kinds, axes))
    low = front(f, structures, items, variant, True)
    params = low.function.params
    along = {p: a % k.rank for p, a, k in zip(params, axes, kinds, strict=True) if a is not None}
    if not along:
        raise ArgumentError(Problem("no argument has an axis of items", "give one in in_axes"))
    base = low.function.name
    if options.parallel and draws_numbers(low):
        what = f"{base} draws random numbers, whose order several cores would change"
        raise UnsupportedError(problem_at(low.function.loc, what, "leave out parallel=True, or pass the numbers drawn"))
    known = dict(low.kinds)
    item, outs = name_results(value_of(low, known), known, ir.Fresh(ir.all_names(low.function)))
    if options.parallel:
        item = replace(item, body=serial(item.body))
    to = list(flat_axes(options.out_axes, low.result, "out_axes"))
    results = [Result(o, known[o], _out_axis(a, known[o])) for o, a in zip(outs, to, strict=True)]
    if options.reduce and not all(r.kind.is_float for r in results):
        raise ArgumentError(problem_at(low.function.loc, f"a result of {base} is no float, and cannot be added up",
                                       "return floats, or leave out reduce"))  # fmt: skip
    ranks = {p: known[p].rank for p in along}
    loops = Batch(item, params, along, ranks, results, {**_of_copies(item, known, low.sizes), **low.sizes}, options)
    called_by_it = () if loops.is_inside else (item,)
    return around(loops.functions(), generated(called_by_it, replace(low, pitfalls=low.pitfalls or ())), low.result)


def value_of(low: Lowered, kinds: dict[str, Kind]) -> Function:
    """Return a function as it is compiled, with copies of the arguments that it writes, whose `kinds` are noted."""
    own, _ = own_written_params(low.function, kinds, ir.Fresh(ir.all_names(low.function)), numbers=False)
    return simplify(own)


def _of_copies(item: Function, kinds, sizes) -> dict[str, tuple[Expr, ...]]:
    """Return the sizes of arrays that a function makes as copies of others."""
    copied = {s.target: s.value.args[0].id for s in item.body if isinstance(s, Let) and isinstance(s.value, Op)
              and s.value.fn == "copy" and isinstance(s.value.args[0], Name)}  # fmt: skip
    return {n: sizes.get(c) or tuple(shape(c, d) for d in range(kinds[c].rank)) for n, c in copied.items()}


def _item_kind(kind: Kind, axis: int | None) -> Kind:
    if axis is None:
        return kind
    if not -kind.rank <= axis < kind.rank:
        raise KindError(Problem(f"in_axes has axis {axis} for an argument with {kind.rank} axes",
                                "give an axis that it has, or None to pass it to each item"))  # fmt: skip
    return replace(kind, rank=kind.rank - 1)


def _out_axis(axis: int | None, kind: Kind) -> int:
    if axis is None or not -kind.rank - 1 <= axis <= kind.rank:
        raise ArgumentError(Problem(f"out_axes has axis {axis} for a result with {kind.rank} axes for each item",
                                    f"give an axis from 0 to {kind.rank}"))  # fmt: skip
    return axis % (kind.rank + 1)


@dataclass(frozen=True)
class Result:
    """A result of the function for one item: its name and kind there, and the axis of the items in the batch."""

    name: str
    kind: Kind
    axis: int

    @property
    def zero(self) -> Expr:
        return Const(0.0) if self.kind.dtype == "float64" else Op(f"np.{self.kind.dtype}", (Const(0.0),))

    @property
    def static(self) -> tuple:
        return dtype_option(self.kind.dtype)


class Batch:
    """What the loop over the items of a batch is written with."""

    def __init__(self, item: Function, params, along, ranks, results: list[Result], sizes, options: Options):
        self.item, self.params, self.results, self.options = item, params, results, options
        self.along: dict[str, int] = along
        self.ranks: dict[str, int] = ranks
        self.is_inside = not options.apart and can_stand_inside(item, along)
        own = ir.all_names(item) if self.is_inside else ()
        self.fresh = ir.Fresh({*params, item.name, *(r.name for r in results), *own})
        self.ending = "_all" if options.reduce is None else "_sum"
        self.wholes = {r.name: self.fresh(f"{r.name}{self.ending}") for r in results}
        self.n, self.p, self.parts, self.failed = map(self.fresh, ("n", "part", "parts", "failed"))
        most = max((r.kind.rank for r in results), default=0)
        self.i = [self.fresh(n) for n in ("i", "j", "k", "l", "m", "o", "p", "q")[:most]]
        leader = next(iter(along))
        self.count = shape(leader, along[leader])
        self.sizes = {r.name: self.known_sizes(r, sizes) for r in results}
        self.is_inside = self.is_inside and self.all_known
        self.placed: dict[str, str] = {}  # results that are written where they will stay, and how room is made
        if self.is_inside and options.reduce is None:
            self.placed = written_in_place(item, [r.name for r in results if r.axis == 0])

    # -- what is known before the loop
    def known_sizes(self, result: Result, sizes) -> tuple[Expr, ...] | None:
        """Return the sizes of a result in terms of the batch; None where they depend on the items themselves."""
        found = sizes.get(result.name, ()) if result.kind.rank else ()
        if len(found) != result.kind.rank:
            return None
        try:
            return tuple(self.in_batch(e) for e in found)
        except LookupError:
            return None

    def in_batch(self, size: Expr) -> Expr:
        """Return a size of what belongs to an item as one of the batch."""
        if isinstance(size, Op) and size.fn in ("shape", "size") and isinstance(size.args[0], Name):
            name = size.args[0].id
            if name not in self.params:
                raise LookupError
            if name not in self.along:
                return size
            if size.fn == "shape":
                axis = size.option("axis")
                return shape(name, axis if axis < self.along[name] else axis + 1)
            raise LookupError
        if isinstance(size, Name) and (size.id not in self.params or size.id in self.along):
            raise LookupError
        if isinstance(size, Sub):
            raise LookupError
        return ir.rebuild(size, self.in_batch)

    @property
    def all_known(self) -> bool:
        return all(s is not None for s in self.sizes.values())

    def checks(self) -> list[Stmt]:
        """Return the tests that all batches have the same length."""
        leader, *others = self.along
        out: list[Stmt] = []
        for name in others:
            size = shape(name, self.along[name])
            text = Const(f"vmap: {leader} and {name} have batches of lengths")
            out.append(If(Op("ne", (self.count, size)), (ir.Raise("ValueError", (text, self.count, size)),)))
        return out

    # -- the loop
    def call(self, at: Expr) -> Stmt:
        args = [Name(p) if p not in self.along else _item_of(p, self.along[p], at) for p in self.params]
        return called([r.name for r in self.results], self.item.name, args)

    def indices(self, result: Result) -> tuple[Expr, ...]:
        return tuple(map(Name, self.i[: result.kind.rank]))

    def store(self, result: Result, at: Expr, op: str = "=") -> Stmt:
        """Return the statement that stores a result, or adds it up."""
        whole, index = self.wholes[result.name], self.indices(result)
        value: Expr = Sub(Name(result.name), index) if index else Name(result.name)
        sizes = self.sizes[result.name] or tuple(shape(result.name, d) for d in range(result.kind.rank))
        if self.options.reduce is None:
            index = (*index[: result.axis], at, *index[result.axis :])
        elif not index:
            return _added(whole, value)
        else:
            op = "+="
        return nest(self.i[: result.kind.rank], sizes, Store(whole, index, value, op))

    def allocations(self) -> list[Stmt]:
        """Return the statements that make room for all results, or zeros for their sums."""
        out: list[Stmt] = []
        for r in self.results:
            sizes = self.sizes[r.name] or tuple(shape(r.name, d) for d in range(r.kind.rank))
            if self.options.reduce is None:
                makes = self.placed.get(r.name, "np.empty")
                sizes = (*sizes[: r.axis], self.count, *sizes[r.axis :])
                out.append(Let(self.wholes[r.name], Op(makes, sizes, r.static)))
            elif r.kind.rank:
                out.append(Let(self.wholes[r.name], Op("np.zeros", sizes, r.static)))
            else:
                out.append(Let(self.wholes[r.name], r.zero))
        return out

    def same_sizes(self, result: Result) -> list[Stmt]:
        """Return the tests that a result has the sizes that it had for the first item."""
        out: list[Stmt] = []
        for d in range(result.kind.rank if self.sizes[result.name] is None else 0):
            own = shape(result.name, d)
            whole = shape(self.wholes[result.name], d if d < result.axis else d + 1)
            text = Const(f"vmap: items of {self.item.name} give arrays of lengths")
            out.append(If(Op("ne", (own, whole)), (ir.Raise("ValueError", (text, whole, own)),)))
        return out

    def loop(self, lo: Expr, hi: Expr, again: bool = True) -> For:
        """Return the loop over items; the first of them is computed already, unless `again`."""
        at = Name(self.n)
        if self.is_inside:
            placed = {r: self.wholes[r] for r in self.placed}
            stores = [self.store(r, at) for r in self.results if r.name not in placed]
            return For(self.n, lo, hi, ONE, (*inside(self.item, self.ranks, placed, at), *stores))
        item: list[Stmt] = [self.call(at), *(c for r in self.results for c in self.same_sizes(r))]
        if not again:
            item = [If(Op("gt", (at, ZERO)), tuple(item))]
        return For(self.n, lo, hi, ONE, (*item, *(self.store(r, at) for r in self.results)))

    def functions(self) -> tuple[Function, ...]:
        """Return the function of the batch, and the loop where it is one of its own."""
        start: list[Stmt] = [*self.checks()]
        if self.options.reduce == "mean" or not self.all_known:
            what = "has no mean" if self.options.reduce == "mean" else "does not tell the sizes of the results"
            text = Const(f"vmap: an empty batch {what}")
            start.append(If(Op("eq", (self.count, ZERO)), (ir.Raise("ValueError", (text,)),)))
        if not self.all_known:
            if self.options.reduce:
                what = f"the sizes of what {self.item.name} returns are not known before it is called"
                raise UnsupportedError(problem_at(self.item.loc, what, "leave out reduce, and add up what is returned"))
            start.append(self.call(ZERO))
        if self.options.parallel:
            return self.parallel_functions(start)
        body = [*start, *self.allocations(), self.loop(ZERO, self.count, self.all_known), *self.ends()]
        return (self.function(self.name, self.params, body, self.doc),)

    def ends(self) -> list[Stmt]:
        """Return the division of sums, and the return of results."""
        out: list[Stmt] = []
        for r in self.results if self.options.reduce == "mean" else ():
            whole, index = self.wholes[r.name], self.indices(r)
            if not index:
                out.append(Let(whole, _divided(Name(whole), self.count, r)))
                continue
            cell = Sub(Name(whole), index)
            sizes = self.sizes[r.name]
            assert sizes is not None
            out.append(nest(self.i[: r.kind.rank], sizes, Store(whole, index, _divided(cell, self.count, r))))
        wholes = tuple(map(Name, self.wholes.values()))
        return [*out, ir.Return(wholes[0] if len(wholes) == 1 else ir.Tuple(wholes))]

    @property
    def name(self) -> str:
        return f"{self.item.name}_vmap"

    @property
    def doc(self) -> str:
        return f"{self.what(self.options.reduce)}."

    def what(self, reduce: str | None) -> str:
        over = ", ".join(f"{p}" if not a else f"{p} (axis {a})" for p, a in self.along.items())
        what = {None: "Results", "sum": "Sums of the results", "mean": "Means of the results"}[reduce]
        return f"{what} of {self.item.name} for the items of {over}"

    def function(self, name: str, params, body, doc: str | None = None) -> Function:
        return Function(name, tuple(params), tuple(body), self.item.loc, doc)

    # -- on several cores
    def parallel_functions(self, start: list[Stmt]) -> tuple[Function, ...]:
        """Return the function that runs parts of the batch at once, and the one that runs a part."""
        most = Const(SUMMED_PARTS if self.options.reduce else PARTS)
        room: list[Stmt] = [Let(self.parts, Op("min", (most, self.count)))]
        shared = dict(self.wholes)
        if self.options.reduce is None:
            room += self.allocations()
        else:
            for r in self.results:
                shared[r.name] = self.fresh(f"{r.name}_parts")
                room.append(allocate(shared[r.name], (Name(self.parts), *(self.sizes[r.name] or ())), r.static))
        room.append(Let(self.failed, Op("np.zeros", (Name(self.parts),), (("dtype", "bool"),))))
        part, name, trial = Name(self.p), f"{self.item.name}_part", f"{self.item.name}_part_fails"
        names = (self.p, self.parts, *self.params, *shared.values())
        run, tried = (Op("call", tuple(map(Name, names)), (("name", n),)) for n in (name, trial))
        at_once = For(self.p, ZERO, Name(self.parts), ONE, (Store(self.failed, (part,), tried),), parallel=True)
        again = If(Sub(Name(self.failed), (part,)), (ir.Do(run),))
        body = [*start, *room, at_once, For(self.p, ZERO, Name(self.parts), ONE, (again,))]
        if self.options.reduce:
            body += [*self.allocations(), *(self.added(r, shared[r.name]) for r in self.results)]
        driver = self.function(self.name, self.params, [*body, *self.ends()], self.doc)
        doc = f"Whether {name} raises, which a loop on several cores cannot do."
        steps = (ir.Try((ir.Do(run),), (ir.Return(Const(True)),)), ir.Return(Const(False)))
        return driver, self.function(trial, names, steps, doc), self.part(name, shared)

    def part(self, name: str, shared: dict[str, str]) -> Function:
        """Return the function that runs the items of one part."""
        start, stop = (Op("floordiv", (Op("mul", (self.count, k)), Name(self.parts)))
                       for k in (Name(self.p), Op("add", (Name(self.p), ONE))))  # fmt: skip
        steps: list[Stmt] = [self.loop(start, stop)]
        if self.options.reduce:
            steps = [*self.allocations(), *steps]
            for r in self.results:
                index, own = self.indices(r), self.wholes[r.name]
                value: Expr = Sub(Name(own), index) if index else Name(own)
                store = Store(shared[r.name], (Name(self.p), *index), value)
                steps.append(nest(self.i[: r.kind.rank], self.sizes[r.name] or (), store))
        doc = f"{self.what(self.options.reduce and 'sum')}, one of {self.parts} parts."
        return self.function(name, (self.p, self.parts, *self.params, *shared.values()), steps, doc)

    def added(self, result: Result, shared: str) -> Stmt:
        """Return the loop that adds up what the parts have added up."""
        whole, index = self.wholes[result.name], self.indices(result)
        value = Sub(Name(shared), (Name(self.p), *index))
        step = Store(whole, index, value, "+=") if index else _added(whole, value)
        body = nest(self.i[: result.kind.rank], self.sizes[result.name] or (), step)
        return For(self.p, ZERO, Name(self.parts), ONE, (body,))


def _item_of(name: str, axis: int, at: Expr) -> Expr:
    return Sub(Name(name), (*(ir.Slice() for _ in range(axis)), at))


def _added(name: str, value: Expr) -> Stmt:
    return Let(name, Op("add", (Name(name), value), INPLACE))


def _divided(value: Expr, count: Expr, result: Result) -> Expr:
    divisor = count if result.kind.dtype == "float64" else Op(f"np.{result.kind.dtype}", (count,))
    return Op("div", (value, divisor))
