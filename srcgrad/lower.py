"""Lower array statements to loop nests over elements: the only pass that knows what array expressions mean.

In: statements over whole arrays. Out: scalar statements, element reads and stores, loops, allocations, copies and
library products. Views disappear into the index expressions; a name rebound to another array becomes a store into
its own memory, so that afterwards every array name is bound once.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace

from . import ir
from .access import root_of
from .affine import unclipped
from .aliases import is_view, sharing, shown_by, written
from .array_stores import StoreWriter
from .call_sites import CallWriter
from .calls import ReadInPlace, Routine
from .errors import Problem, SrcgradError, UnsupportedError
from .ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from .kinds import infer_kinds
from .nests import State
from .parameters import apart_checks, binds_anew, own_rebound_params, updates
from .pull import ZERO, Indexer, cell_of, whole
from .rules.arrays import ALLOCATIONS
from .simplify import escaping_counters


def lower(function: ir.Function, params: dict[str, Kind], stretch: bool = False) -> ir.Function:
    """Return the function with array statements as loop nests.

    `stretch` says whether an axis of unknown size may turn out to be 1 and be repeated; without it such an axis must
    match exactly, which is checked at run time.

    >>> from srcgrad.parse import parse_text
    >>> from srcgrad.emit import emit
    >>> f = parse_text("def f(a, b):\\n    c = 2.0 * a + b\\n    return np.sum(c)")
    >>> print(emit(lower(f, {"a": Kind("float64", 1), "b": Kind("float64", 1)}), comments=False))
    def f(a, b):
        if a.shape[0] != b.shape[0]:
            raise ValueError('operands could not be broadcast together: lengths', a.shape[0], b.shape[0])
        c = np.empty_like(a)
        for i in range(a.shape[0]):
            c[i] = 2.0 * a[i] + b[i]
        out = 0.0
        for i in range(a.shape[0]):
            out += c[i]
        return out
    """
    return lower_with_kinds(function, params, stretch, False)[0]


def lower_with_kinds(function: ir.Function, params: dict[str, Kind], stretch: bool, keep_args: bool):
    """Return (lowered function, kinds of all its names, sizes of its arrays, index arrays known to be inside)."""
    function = own_rebound_params(function, infer_kinds(function, params), keep_args)
    kinds = infer_kinds(function, params)
    lowerer = Lowerer(function, kinds, stretch)
    body = lowerer.block(function.body)
    lowered = replace(function, body=(*apart_checks(function, kinds), *lowerer.checks, *body))
    return lowered, lowerer.kinds, dict(lowerer.state.dims), lowerer.places_made


class Lowerer(StoreWriter, CallWriter):
    """Lowers statements; `ArrayReader` reads the expressions in them, `StoreWriter` writes the stores."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], stretch: bool):
        self.kinds = kinds
        self.stretch = stretch
        self.fresh = ir.Fresh(ir.all_names(function))
        self.enclosing: list[str] = []
        self.loops = self.depth = 0
        self.rooms: dict[str, Expr] = {}
        bound = Counter(n for s in ir.statements(function.body) if not isinstance(s, For) for n in ir.binds(s))
        loops = {s.var for s in ir.statements(function.body) if isinstance(s, For)}
        self.counters = {n for n in loops if not bound[n] and n not in function.params}
        self.counters -= escaping_counters(function.body)  # a nest must not count with what is read later
        self.out: list[Stmt] = []
        self.loc = None
        arrays = {n for n, k in kinds.items() if k.rank}
        self.state = State({}, {}, {}, set(arrays & {*function.params, *(n for n, _ in function.captured)}), set())
        defined = Counter(n for s in ir.statements(function.body) if binds_anew(s) for n in ir.binds(s))
        for p in (*function.params, *(n for n, _ in function.captured)):
            defined[p] += 1
        self.multi = {n for n in arrays if defined[n] > 1}
        inplace = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and updates(s)}
        self.sharing = sharing(function, kinds)
        self.stored = written(function, kinds)
        self.contiguous_if: dict[str, str | None] = {p: p for p in function.params if p in arrays}
        self.checks: list[Stmt] = []
        self.captured = {n for n, _ in function.captured}
        self.places_made: set[str] = set()
        self.stable = {n for n, c in defined.items() if c == 1 and n not in inplace}
        self.indexer = Indexer(self.is_nonneg, self.pull, self.hold, self.within, self.places, self.stop_if)
        self.reads = _read_counts(function.body)
        self.grows: set[str] = set()
        self.put: dict[str, tuple[Expr, ...] | None] = {}
        self.rest: tuple[tuple[Stmt, ...], tuple[Stmt, ...]] = ((), ())

    # -- statements
    def block(self, block) -> tuple[Stmt, ...]:
        saved, self.out = self.out, []
        self.depth += 1
        problems: list[Problem] = []
        outer, skip = self.rest, 0
        for k, stmt in enumerate(block):
            if skip:
                skip -= 1
                continue
            self.loc = stmt.loc or self.loc
            self.products: set[str] = set()
            self.indexer.steps = {}
            self.rest = tuple(block[: k + 1]), tuple(block[k + 1 :])
            try:
                exchanged = self.exchanged(block[k:])
                if exchanged is not None:
                    skip, source = exchanged
                    self.exchange(source)
                else:
                    self.stmt(stmt)
            except SrcgradError as e:
                problems += e.problems
        self.rest = outer
        self.depth -= 1
        if problems:
            raise UnsupportedError(*problems)
        result, self.out = tuple(self.out), saved
        return result

    def scoped(self, block, nonneg=()) -> tuple[Stmt, ...]:
        """Lower a nested block; what its checks establish holds inside it only."""
        saved = self.state
        self.state = saved.fork()
        self.state.nonneg |= set(nonneg)
        try:
            return self.block(block)
        finally:
            inner, self.state = self.state, saved
            for name, dims in inner.dims.items():
                self.state.dims.setdefault(name, dims)

    def looped(self, block, nonneg=()) -> tuple[Stmt, ...]:
        """Lower the body of a loop."""
        self.loops += 1
        try:
            return self.scoped(block, nonneg)
        finally:
            self.loops -= 1

    def stmt(self, stmt: Stmt):
        if isinstance(stmt, Let):
            self.let(stmt)
        elif isinstance(stmt, Store):
            self.store(stmt)
        elif isinstance(stmt, If):
            self.hoist_storage(stmt)
            test = self.scalar(stmt.test)
            self.emit(If(test, self.scoped(stmt.then), self.scoped(stmt.other), stmt.loc))
        elif isinstance(stmt, For):
            self.hoist_storage(stmt)
            lo, hi, step = map(self.scalar, (stmt.lo, stmt.hi, stmt.step))
            upward = isinstance(step, Const) and step.value > 0 and self.is_nonneg(lo)
            downward = isinstance(step, Const) and step.value < 0 and (self.is_nonneg(hi) or hi == Const(-1))
            self.enclosing.append(stmt.var)
            body = self.looped(stmt.body, [stmt.var] if upward or downward else [])
            self.enclosing.pop()
            schedule = (stmt.schedule[0], self.scalar(stmt.schedule[1])) if stmt.schedule else None
            self.emit(replace(stmt, lo=lo, hi=hi, step=step, body=body, schedule=schedule))
        elif isinstance(stmt, ir.While):
            self.hoist_storage(stmt)
            test, before = self.apart(lambda: self.scalar(stmt.test))
            body = self.looped(stmt.body)
            if before:
                leave = If(Op("not", (test,)), (ir.Break(),), (), stmt.loc)
                body, test = (*before, *_else_nest(leave, body)), Const(True)
            self.emit(replace(stmt, test=test, body=body))
        elif isinstance(stmt, ir.Return):
            self.emit(replace(stmt, value=self.returned(stmt.value)))
        elif isinstance(stmt, ir.Unpack):
            self.call(stmt)
        else:
            self.emit(ir.with_exprs(stmt, self.shown))

    def shown(self, e: Expr) -> Expr:
        """Return what print or raise shows: text as it is, arrays as they stand in memory."""
        if isinstance(e, Const):
            return e
        if not self.kind(e).rank:
            return self.scalar(e)
        p = self.pull(e)
        return p.array if p.array is not None else self.materialise(p, self.kind(e), self.fresh("shown"))

    def returned(self, value: Expr) -> Expr:
        if isinstance(value, ir.Tuple):
            return replace(value, items=tuple(self.returned(v) for v in value.items))
        if self.kind(value).rank:
            p = self.pull(value)
            return p.array if isinstance(p.array, Name) else self.materialise(p, self.kind(value), self.fresh("out"))
        return self.scalar(value, into="out")

    def let(self, stmt: Let):
        if self.kinds[stmt.target].rank:
            self.let_array(stmt)
        else:
            self.let_scalar(stmt)

    def let_scalar(self, stmt: Let):
        free = stmt.target not in ir.names_in(stmt.value)
        value = self.scalar(stmt.value, into=stmt.target if free else None)
        if value != Name(stmt.target):
            self.emit(replace(stmt, value=value))
        if self.is_nonneg(value) and stmt.target in self.stable:
            self.state.nonneg.add(stmt.target)

    def lowered(self, routine: Routine, kinds: tuple[Kind, ...]):
        return lower_routine(routine, kinds, self.stretch)

    # -- arrays under names
    def let_array(self, stmt: Let):
        target, value = stmt.target, stmt.value
        if isinstance(value, Op) and value.fn == "list":
            return self.bind_list(target, value)
        if updates(stmt):
            assert isinstance(value, Op)
            index = (ir.Dots(),)
            op = {"add": "+=", "sub": "-="}.get(value.fn)
            right = value.args[1] if op else replace(value, args=(Name(target), value.args[1]), static=())
            return self.store(Store(target, index, right, op or "=", stmt.loc))
        if target in self.multi or target in self.state.storage:
            return self.rebind(stmt)
        if is_view(value, self.kinds):
            return self.bind_view(stmt)
        self.bind_array(target, value)

    def bind_array(self, target: str, value: Expr):
        """Give a name an array of its own: allocation, copy or product as it stands, else a nest that fills it."""
        if self.bind_shape(target, value):
            return
        direct = self.allocation(target, value)
        if direct is not None:
            self.note_order(target, value)
            return
        p = self.pull(value, into=target)
        if isinstance(value, Op) and value.fn == "np.nonzero" and target not in self.stored:
            self.state.views[target] = p
        elif self.loops and any(isinstance(n, Name) and n.id in self.rooms for n in p.dims):
            self.bind_chosen(target, p)
        else:
            self.materialise(p, self.kinds[target], target, value)
            if isinstance(value, Op) and value.fn in ALLOCATIONS:
                self.note_order(target, value)

    def bind_list(self, target: str, value: Op):
        """Allocate the buffer of a list: as long as it gets, or, where that is not known, to grow."""
        kind = self.kinds[target]
        if target in self.state.storage:
            count = self.scalar(value.args[0])
            return self.require(self.sizes(target)[0], count, f"{target} changes its length: lengths")
        rows = self.row_sizes(target) if kind.rank > 1 else ()
        if value.args:
            return self.allocate(target, (self.hold_size(value.args[0]), *rows), kind, "np.empty")
        static = () if kind.dtype == "float64" else (("dtype", kind.dtype),)
        self.emit(Let(target, Op("np.empty", (Const(8), *rows), static)))
        self.state.dims[target] = (Op("shape", (Name(target),), (("axis", 0),)), *rows)
        self.grows.add(target)

    def row_sizes(self, target: str) -> tuple[Expr, ...]:
        """Return the sizes of the arrays put into a list, found by lowering on trial what follows."""
        trial = self.fork()
        trial.put = {target: None}
        trial.state.dims[target] = tuple(Name(f"{target} {d}") for d in range(self.kinds[target].rank))
        _, after = self.rest
        trial.block(after)
        found = trial.put[target]
        bound = ir.bound_in(after) | {n for n in trial.kinds if n not in self.kinds}
        if found is None or any(n in bound for d in found for n in ir.names_in(d)):
            self.refuse(self.loc, f"the arrays in the list {target!r} have a size known only where they are made",
                        "make an array before, and write its rows")  # fmt: skip
        return found

    def bind_view(self, stmt: Let):
        target, value = stmt.target, stmt.value
        base = next(e for e in ir.walk(value) if isinstance(e, Name))
        if base.id in self.state.views:
            base = root_of(cell_of(self.named(base.id), (ZERO,) * self.kinds[base.id].rank))
        if base.id in self.multi and not (target in self.stored and self.shows_one_array(target, base.id)):
            if target in self.stored or base.id in self.stored:
                self.refuse(stmt.loc, f"{target!r} shares memory with {base.id!r}, which is bound anew and written",
                            f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        self.state.views[target] = self.pull(self.frozen(value))

    def bind_shape(self, target: str, value: Expr) -> bool:
        """Bind a name to another shape of memory that is written; False where it is a copy."""
        sources = shown_by(value, self.kinds)
        if not sources or not self.writes_matter({target, *sources}):
            return False
        p = self.shaped(value) if target not in self.multi and not sources & self.multi else None
        if p is not None:
            self.state.views[target] = p
            return True
        what = "is" if is_view(value, self.kinds) else "may be"
        self.refuse(value.loc, f"{target!r} {what} another name of an array that is written",
                    "copy it: .copy(), or write the loop over the original")  # fmt: skip

    def shows_one_array(self, target: str, base: str) -> bool:
        """Return whether a view is used only in this block, and only before its base is bound anew."""
        _, after = self.rest
        uses = [k for k, s in enumerate(after) if target in ir.read_in((s,))]
        if not uses or _read_counts(after)[target] != self.reads[target]:
            return False
        until = after[: uses[-1] + 1]
        return not any(isinstance(s, Let) and s.target == base and not updates(s) for s in ir.statements(until))

    def writes_matter(self, names: set[str]) -> bool:
        """Return whether memory that these names may share is written, from here on if nothing repeats this place."""
        if self.depth > 1:
            return bool(names & self.stored)
        after = {s.base for s in ir.statements(self.rest[1]) if isinstance(s, Store)}
        after |= {s.target for s in ir.statements(self.rest[1]) if isinstance(s, Let) and updates(s)}
        return any(self.sharing.get(n, {n}) & after for n in names)

    def note_order(self, target: str, value: Expr):
        """Note which memory is laid out row by row for sure, or if an argument is."""
        assert isinstance(value, Op)
        like = value.args[0] if value.fn == "copy" or value.fn.endswith("_like") else None
        if target not in self.multi and like is None:
            self.contiguous_if[target] = None
        elif target not in self.multi and isinstance(like, Name) and like.id in self.contiguous_if:
            self.contiguous_if[target] = self.contiguous_if[like.id]

    def rebind(self, stmt: Let):
        """Lower `x = e` for a name bound before: its memory takes the new values."""
        target, value = stmt.target, stmt.value
        if not is_view(value, self.kinds):
            self.bind_shape(target, value)
        moved = isinstance(value, Name) and self.is_last_use(value.id)
        if target in self.stored and is_view(value, self.kinds) and not moved:
            self.refuse(stmt.loc, f"{target!r} becomes another name of an array, and is written",
                        f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
        if is_view(value, self.kinds) and ir.names_in(value) & self.stored and not moved:
            self.refuse(stmt.loc, f"{target!r} becomes another name of an array that is written",
                        f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
        if target not in self.state.storage:
            self.state.storage.add(target)
            if not is_view(value, self.kinds):
                return self.bind_array(target, value)
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        p = self.pull(value)
        own = whole(target, self.sizes(target))
        for a, b in zip(own.dims, p.dims, strict=True):
            self.require(a, b, f"{target} changes its shape: lengths")
        self.assign(own, p, value, "=", exact=True)

    def is_last_use(self, name: str) -> bool:
        """Return whether an array is bound and used in this block only, and not after the present statement."""
        before, after = self.rest
        here = _read_counts(before)[name] == self.reads[name] and name not in ir.read_in(after)
        return here and any(name in ir.binds(s) for s in before)

    def exchanged(self, stmts) -> tuple[int, dict[str, str]] | None:
        """Return (further statements, new from old names) where arrays change places: `t = a; a = b; b = t`."""
        held: dict[str, str] = {}
        source: dict[str, str] = {}
        for k, s in enumerate(stmts):
            if not (isinstance(s, Let) and isinstance(s.value, Name) and self.kinds[s.target].rank):
                return None
            if not source and self.reads[s.target] == 1 and s.target not in self.state.storage:
                held[s.target] = s.value.id
                continue
            if not held or s.target in source or s.value.id in source or s.target not in self.state.storage:
                return None
            source[s.target] = held.get(s.value.id, s.value.id)
            if set(source) == set(source.values()):
                return k, source
        return None

    def exchange(self, source: dict[str, str]):
        """Exchange the contents of arrays that nothing else shows."""
        first = next(iter(source))
        for name in source:
            for x, y in zip(self.sizes(first), self.sizes(name), strict=True):
                self.require(x, y, f"{first} and {name} are exchanged: lengths")
        idx = self.loop_names_for(self.kinds[first].rank)
        cell = tuple(map(Name, idx))
        body: list[Stmt] = []
        waiting = dict(source)
        while waiting:
            start = name = next(iter(waiting))
            held = self.fresh(f"{start}_held")
            self.kinds[held] = Kind(self.kinds[start].dtype)
            body.append(Let(held, Sub(Name(start), cell)))
            while (other := waiting.pop(name)) != start:
                body.append(Store(name, cell, Sub(Name(other), cell)))
                name = other
            body.append(Store(name, cell, Name(held)))
        self.nest(idx, [(ZERO, unclipped(n)) for n in self.sizes(first)], body)

    def fork(self) -> Lowerer:
        """Return a lowerer in the present state, to lower a block on trial."""
        trial = copy.copy(self)
        trial.state, trial.out, trial.kinds = self.state.fork(), [], dict(self.kinds)
        trial.fresh = ir.Fresh(self.fresh.taken)
        trial.stable, trial.counters = set(self.stable), set(self.counters)
        trial.rooms = dict(self.rooms)
        trial.enclosing = list(self.enclosing)
        trial.indexer = Indexer(
            trial.is_nonneg, trial.pull, trial.hold, trial.within, trial.places, trial.stop_if
        )
        return trial

    def hoist_storage(self, stmt: Stmt):
        """Allocate before a branch or loop the arrays first bound inside it that outlive it."""
        inner = {n for b in ir.blocks_of(stmt) for s in ir.statements(b) if binds_anew(s) for n in ir.binds(s)}
        inside = _read_counts((stmt,))
        wanted = [
            n
            for n in sorted(inner)
            if self.kinds[n].rank
            and n not in self.state.storage
            and ((n in self.multi and self.leaves_branch(n, stmt)) or self.reads[n] > inside[n])
        ]
        for name in wanted:
            trial = self.fork()
            for b in ir.blocks_of(stmt):
                trial.scoped(b, [stmt.var] if isinstance(stmt, For) else [])
            dims = trial.state.dims.get(name)
            bound = ir.bound_in((stmt,)) | {n for n in trial.kinds if n not in self.kinds}
            if dims is None or any(n in bound for d in dims for n in ir.names_in(d)):
                self.refuse(stmt.loc, f"the array {name!r} is first assigned inside a branch or loop and used after it",
                            f"allocate {name!r} before")  # fmt: skip
            self.allocate(name, dims, self.kinds[name], "np.zeros")
            self.state.storage.add(name)

    def leaves_branch(self, name: str, stmt: Stmt) -> bool:
        if isinstance(stmt, If):
            return True
        inside = sum(name in ir.binds(s) for b in ir.blocks_of(stmt) for s in b if not isinstance(s, For))
        return inside == 0 or self.reads[name] > _read_counts((stmt,))[name]


def lower_routine(routine: Routine, kinds: tuple[Kind, ...], stretch: bool):
    """Return a routine lowered for these kinds of its arguments, as `lower_with_kinds` does; None while that goes on.

    Raises
    ------
    ReadInPlace
        If it writes into an argument.
    """
    key = ("lowered", kinds, stretch)
    if key not in routine.facts:
        routine.facts[key] = None
        params = dict(zip(routine.function.params, kinds, strict=True))
        if written(routine.function, routine.facts["names", kinds]) & set(params):
            raise ReadInPlace(routine)
        routine.facts[key] = lower_with_kinds(routine.function, params, stretch, True)
        routine.facts["function", kinds] = routine.facts[key][:2]
    return routine.facts[key]


def _read_counts(block) -> Counter:
    counts: Counter = Counter()
    for stmt in ir.statements(block):
        for e in ir.exprs_of(stmt):
            counts.update(n.id for n in ir.walk(e) if isinstance(n, Name))
        if isinstance(stmt, Store):
            counts[stmt.base] += 1
    return counts


def _else_nest(leave: If, body):
    return (replace(leave, other=tuple(body)),)


def _shown(value: Expr) -> str:
    return next(e.id for e in ir.walk(value) if isinstance(e, Name)) if not isinstance(value, Name) else value.id
