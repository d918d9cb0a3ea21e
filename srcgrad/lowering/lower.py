"""Lower array statements to loop nests over elements: the only pass that knows what array expressions mean.

In: statements over whole arrays. Out: scalar statements, element reads and stores, loops, allocations, copies and
library products. Views disappear into the index expressions; a name rebound to another array becomes a store into
its own memory, so that afterwards every array name is bound once.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from itertools import permutations

from ..analysis.aliases import SHAPES, changed, check_arrays_without_axes, is_view, sharing, while_new
from ..analysis.dead_code import escaping_counters
from ..analysis.equalities import unify
from ..analysis.needs import Inside
from ..errors import Problem, SrcgradError, UnsupportedError
from ..language import ir
from ..language.blocks import carried_over, read_counts, updates
from ..language.calls import ReadInPlace, Routine, is_call
from ..language.dependence import disjuncts
from ..language.ir import ONE, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store
from ..language.kinds import INT, infer_kinds
from ..language.lists import is_list
from ..language.unbound import nothing, with_beginnings
from ..rules.arrays import ALLOCATIONS
from .bindings import BindingWriter
from .call_sites import CallWriter
from .handed_over import copy_handed_over
from .list_buffers import ListWriter
from .lists_apart import SizesDiffer, lay_apart
from .nests import State
from .parameters import apart_checks, binds_anew, own_rebound_params
from .pull import ZERO, Indexer
from .pull_ops import varying_names
from .residuals import with_residuals
from .resized import SizeChanges, SpelledOut, choices_in, hold_in_buffer, lengths, spell_out
from .swaps import SwapWriter


def lower(function: ir.Function, params: dict[str, Kind], stretch: bool = False) -> ir.Function:
    """Return the function with array statements as loop nests.

    `stretch` says whether an axis of unknown size may turn out to be 1 and be repeated; without it such an axis must
    match exactly, which is checked at run time.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(a, b):\\n    c = 2.0 * a + b\\n    return np.sum(c)")
    >>> print(emit(lower(f, {"a": Kind("float64", 1), "b": Kind("float64", 1)}), comments=False))
    def f(a, b):
        if a.shape[0] != b.shape[0]:
            raise ValueError('operands could not be broadcast together: lengths', a.shape[0], b.shape[0], '<text>:2')
        c = np.empty_like(a)
        for i in range(a.shape[0]):
            c[i] = 2.0 * a[i] + b[i]
        out = 0.0
        for i in range(a.shape[0]):
            out += c[i]
        return out
    """
    return lower_with_kinds(function, params, stretch, False)[0]


def lower_with_kinds(function: ir.Function, params: dict[str, Kind], stretch: bool, keep_args: bool, whole=False):
    """Return (lowered function, kinds of all its names, sizes of its arrays, index arrays known to be inside).

    `whole` says that products of matrices with vectors stay products, outside of loops.
    """
    try:
        return _lowered(function, params, stretch, keep_args, whole)
    except UnsupportedError:
        given = copy_handed_over(function, infer_kinds(function, params))
        if given is function:
            raise
        return _lowered(given, params, stretch, keep_args, whole)


def _lowered(function: ir.Function, params: dict[str, Kind], stretch: bool, keep_args: bool, whole: bool):
    function, early = with_beginnings(function, infer_kinds(function, params))
    kinds = infer_kinds(function, params)
    check_arrays_without_axes(function, kinds)
    function = own_rebound_params(function, kinds, keep_args)
    refused: UnsupportedError | None = None
    one_size = set[str]()  # lists whose items have to have one size: they are used as arrays
    while True:
        kinds = infer_kinds(function, params)
        lowerer = Lowerer(function, kinds, stretch, early, whole)
        lowerer.one_size = one_size
        try:
            body = lowerer.block(function.body)
            break
        except SizeChanges as found:
            function = hold_in_buffer(function, found.name, kinds, found.longer)
        except SizesDiffer as found:
            apart = lay_apart(function, found.name, kinds)
            refused = refused or found.error
            if apart is not None:
                function = apart
            elif found.error is not None:
                raise found.error from None
            else:
                one_size.add(found.name)
        except UnsupportedError:
            if refused is not None:
                raise refused from None
            raise
        except SpelledOut as found:
            function = spell_out(function, found.choice)
    heads = [Let(n, Op("unset", (nothing(lowerer.kinds[n]),)), function.loc) for n in lowerer.unmade]
    lowered = replace(function, body=(*heads, *apart_checks(function, kinds), *lowerer.checks, *body))
    return lowered, lowerer.kinds, dict(lowerer.state.dims), lowerer.places_made


class Lowerer(BindingWriter, ListWriter, SwapWriter, CallWriter):
    """Lowers statements; `ArrayReader` reads the expressions in them, `StoreWriter` writes the stores."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], stretch: bool, early: set[str], whole=False):
        self.kinds = kinds
        self.early = early  # arrays that the text reads before it binds them
        self.stretch, self.whole = stretch, whole
        self.single = any(k.dtype == "float32" for k in kinds.values())
        self.fresh = ir.Fresh(ir.all_names(function))
        self.enclosing: list[str] = []
        self.loops = self.depth = 0
        self.bound_in_loops: set[str] = set()
        self.lazy = self.eager = False
        self.spellable = choices_in(function)
        self.onward = self.body = function.body
        self.function = function
        self.rooms: dict[str, Expr] = {}
        self.read_only: set[str] = set()
        bound = Counter(n for s in ir.statements(function.body) if not isinstance(s, For) for n in ir.binds(s))
        loops = {s.var for s in ir.statements(function.body) if isinstance(s, For)}
        self.counters = {n for n in loops if not bound[n] and n not in function.params}
        self.counters -= escaping_counters(function.body)  # a nest must not count with what is read later
        self.out: list[Stmt] = []
        self.loc = None
        arrays = {n for n, k in kinds.items() if k.rank}
        given = arrays & {*function.params, *(n for n, _ in function.captured)}
        self.state = State({}, {}, {}, set(given), lengths(function), {})
        defined = Counter(n for s in ir.statements(function.body) if binds_anew(s) for n in ir.binds(s))
        for p in (*function.params, *(n for n, _ in function.captured)):
            defined[p] += 1
        self.multi = {n for n in arrays if defined[n] > 1} | early
        inplace = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and updates(s)}
        self.sharing = sharing(function, kinds)
        self.stored, self.unseen = changed(function, kinds), while_new(function, kinds)
        self.contiguous_if: dict[str, str | None] = {p: p for p in function.params if p in arrays}
        self.checks: list[Stmt] = []
        self.captured = {n for n, _ in function.captured}
        self.places_made: Inside = set()
        self.fitting: set[str] = set()
        self.reach: dict[str, Expr] = {}
        self.lists = {n for s in ir.statements(function.body) if is_list(s) for n in ir.binds(s)}
        self.positions: set[str] = set()
        self.lengths_named: dict[Expr, Expr] = {}
        self.growing = {s.base for s in ir.statements(function.body) if isinstance(s, ir.Grow)}
        self.stable = {n for n, c in defined.items() if c == 1 and n not in inplace}
        self.indexer = self.new_indexer()
        self.reads = read_counts(function.body)
        self.counted: set[str] = set()
        self.steady: set[str] = set()
        self.put: dict[str, tuple[Expr, ...] | None] = {}
        self.seen: dict[str, tuple[Expr, ...]] = {}
        self.rest: tuple[tuple[Stmt, ...], tuple[Stmt, ...]] = ((), ())
        self.unmade: dict[str, None] = {}  # arrays that one path makes, of sizes known there

    def new_indexer(self) -> Indexer:
        writers = self.hold, self.held, self.length, self.within, self.places, self.stop_if
        return Indexer(self.is_nonneg, self.pull, *writers)

    # -- statements
    def block(self, block, ahead=()) -> tuple[Stmt, ...]:
        """Lower a block, or the rest of one that begins with `ahead`."""
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
            self.rest = (*ahead, *block[: k + 1]), tuple(block[k + 1 :])
            if self.depth == 1:
                self.onward = tuple(block[k:])
            try:
                exchanged = self.exchanged(block[k:])
                if exchanged is not None:
                    skip, source = exchanged
                    self.exchange(source)
                else:
                    self.stmt(stmt)
            except SrcgradError as e:
                problems += e.problems
                # what is said of later statements takes for granted that the names are bound
                self.state.storage |= {n for n in ir.binds(stmt) if self.kinds[n].rank}
            except (SizeChanges, SizesDiffer):
                if not problems:
                    raise
        self.rest = outer
        self.depth -= 1
        if problems:
            raise UnsupportedError(*dict.fromkeys(problems))
        result, self.out = tuple(self.out), saved
        return result

    def scoped(self, block, nonneg=(), known=()) -> tuple[Stmt, ...]:
        """Lower a nested block; what its checks establish holds inside it only."""
        with self.branch():
            self.state.nonneg |= set(nonneg)
            self.state.known += tuple(known)
            return self.block(block)

    def looped(self, block, nonneg=(), known=()) -> tuple[Stmt, ...]:
        """Lower the body of a loop."""
        self.loops += 1
        around, self.bound_in_loops = self.bound_in_loops, self.bound_in_loops | ir.bound_in(block)
        try:
            return self.scoped(block, nonneg, known)
        finally:
            self.loops -= 1
            self.bound_in_loops = around

    def range_of(self, var: str, lo: Expr, hi: Expr, upward: bool) -> tuple[Expr, ...]:
        """Return what is not negative in the trips of a loop."""
        if var not in self.counters or not self.stays_in_trip(lo, hi):
            return ()
        from_first, to_end = ((Name(var), lo), (hi, Name(var))) if upward else ((lo, Name(var)), (Name(var), hi))
        return Op("sub", from_first), Op("sub", (Op("sub", to_end), ONE))

    def stays(self, *exprs: Expr, but: set[str] | frozenset[str] = frozenset()) -> bool:
        """Return whether integers have one value wherever they are read, `but` for names: no element is among them."""
        named = {n for e in exprs for n in varying_names(e)}
        return named <= self.stable | but and not any(isinstance(x, ir.Sub) for e in exprs for x in ir.walk(e))

    def stays_in_trip(self, *exprs: Expr) -> bool:
        """Return whether integers have one value until the end of this trip of the loops around."""
        return self.stays(*exprs, but=self.counters & set(self.enclosing))

    def stmt(self, stmt: Stmt):
        if isinstance(stmt, Let):
            self.let(stmt)
        elif isinstance(stmt, Store):
            self.check_item(stmt)
            self.store(stmt)
        elif isinstance(stmt, If):
            self.hoist_storage(stmt)
            test = self.scalar(stmt.test)
            tests = self.agreements(test, stmt)
            if tests and self.is_agreed(test):
                return
            self.emit(If(test, self.scoped(stmt.then), self.scoped(stmt.other), stmt.loc))
            for one in tests:
                if not self.is_agreed(one):
                    self.unify(*map(self.canonical, one.args))
        elif isinstance(stmt, For):
            self.hoist_storage(stmt)
            lo, hi, step = map(self.scalar, (stmt.lo, stmt.hi, stmt.step))
            upward = isinstance(step, Const) and step.value > 0 and self.is_nonneg(lo)
            downward = isinstance(step, Const) and step.value < 0 and (self.is_nonneg(hi) or hi == Const(-1))
            self.enclosing.append(stmt.var)
            inside = self.range_of(stmt.var, lo, hi, step.value > 0) if isinstance(step, Const) else ()
            body = self.looped(stmt.body, [stmt.var] if upward or downward else [], inside)
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
        elif is_call(stmt):
            self.call(stmt)
        elif isinstance(stmt, ir.Unpack):
            self.external_results(stmt)
        elif isinstance(stmt, ir.Do) and isinstance(stmt.value, Op) and stmt.value.fn == "same_shape":
            for own, size in zip(*(self.pull(e).dims for e in stmt.value.args), strict=True):
                self.require(own, size, "a number that becomes an array meets one of another shape: lengths")
        elif not isinstance(stmt, ir.ReadFor):
            self.emit(ir.with_exprs(stmt, self.shown))

    def agreements(self, test: Expr, stmt: If) -> list[Op]:
        """Return the tests in `if n != m or ...: raise ...` whose sides are equal behind it: sizes, numbers that stay.
        """
        stops = len(stmt.then) == 1 and isinstance(stmt.then[0], ir.Raise) and not stmt.other
        found = [e for e in disjuncts(test) if isinstance(e, Op) and e.fn == "ne"] if stops else []
        return [e for e in found if self.stays(e) and all(self.kind(a) == INT for a in e.args)]

    def is_agreed(self, test: Expr) -> bool:
        """Return whether a test of two sizes is known to fail."""
        sides = {self.canonical(a) for a in test.args} if isinstance(test, Op) and test.fn == "ne" else ()
        return len(sides) == 1

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
        if stmt.target in self.stable and not self.kinds[stmt.target].is_float and self.is_nonneg(value):
            self.state.nonneg.add(stmt.target)
        if not isinstance(value, Op) or stmt.target not in self.stable:
            return
        if value.fn in ("shape", "len", "size"):
            unify(Name(stmt.target), value, self.state.equal)
        elif value.fn in ("min", "max") and self.kind(value) == INT and self.stays_in_trip(value):
            # both ways: as long as one side stands for the other
            self.state.known += tuple(Op("sub", ends) for ends in permutations((Name(stmt.target), value)))

    def lowered(self, routine: Routine, kinds: tuple[Kind, ...]):
        return lower_routine(routine, kinds, self.stretch)

    # -- arrays under names
    def let_array(self, stmt: Let):
        target, value = stmt.target, stmt.value
        if isinstance(value, Op) and value.fn == "list":
            return self.bind_list(target, value)
        if isinstance(value, Op) and value.fn == "begun":
            return self.bind_begun(target, value)
        if self.put.get(target, ()) is None:  # on trial: a name that begins as a number becomes an array
            first = self.pull(ir.substitute(value, {Name(target): ZERO}))
            self.put[target] = tuple(map(self.canonical, first.dims))
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
        shown = self.pull(value) if isinstance(value, Op) and value.fn in SHAPES and not value.option("copy") else None
        here = read_counts(self.rest[1])[target] == self.reads[target]
        if shown is not None and isinstance(shown.array, Name) and here:
            self.state.views[target] = shown
            return
        direct = self.allocation(target, value)
        if direct is not None:
            self.note_order(target, value)
            return
        p = self.pull(value, into=target)
        if isinstance(value, Op) and value.fn == "np.nonzero" and target not in self.stored:
            self.state.views[target] = p
        elif self.loops and target not in self.multi and ir.names_in(*p.dims) & self.rooms.keys():
            self.bind_chosen(target, p)
        else:
            self.materialise(p, self.kinds[target], target, value)
            fn = value.fn if isinstance(value, Op) else ""
            # the indices of a matrix are columns of one array in NumPy
            if fn in ALLOCATIONS or self.kinds[target].rank == 1 and fn != "np.nonzero":
                self.note_order(target, value)


    def fork(self) -> Lowerer:
        """Return a lowerer in the present state, to lower a block on trial."""
        trial = copy.copy(self)
        trial.state, trial.out, trial.kinds = self.state.fork(), [], dict(self.kinds)
        trial.fresh = ir.Fresh(self.fresh.taken)
        trial.stable, trial.counters = set(self.stable), set(self.counters)
        trial.rooms, trial.seen, trial.lengths_named = dict(self.rooms), {}, dict(self.lengths_named)
        trial.unmade = dict(self.unmade)
        trial.enclosing = list(self.enclosing)
        trial.indexer = trial.new_indexer()
        return trial

    def hoist_storage(self, stmt: Stmt):
        """Allocate before a branch or loop the arrays first bound inside it that outlive it, or a trip of it."""
        inner = {n for b in ir.blocks_of(stmt) for s in ir.statements(b) if binds_anew(s) for n in ir.binds(s)}
        inside, kept = read_counts((stmt,)), self.early | carried_over(stmt)
        wanted = [
            n
            for n in sorted(inner)
            if self.kinds[n].rank
            and n not in self.state.storage
            and (n in kept or n in self.multi and self.leaves_branch(n, stmt) or self.reads[n] > inside[n])
        ]
        while wanted:
            known, inside_only = self.sizes_on_trial(stmt, wanted)
            for name, dims in known.items():
                self.allocate(name, dims, self.kinds[name], "np.zeros")
                self.state.storage.add(name)
            wanted = [n for n in wanted if n not in known]
            if not known:
                break
        for name in wanted:
            if name not in inside_only or not isinstance(stmt, If) or self.loops or name in self.multi:
                if self.kinds[name].rank == 1 and self.may_be_held(name):
                    raise SizeChanges(name, True)
                self.refuse(stmt.loc, f"the array {name!r} is first assigned inside a branch or loop and used after it",
                            f"allocate {name!r} before")  # fmt: skip
            self.unmade[name] = None

    def sizes_on_trial(self, stmt: Stmt, wanted: list[str]) -> tuple[dict[str, tuple[Expr, ...]], set[str]]:
        """Return the sizes, known ahead, of arrays first bound in a branch or loop, and what has sizes inside only.

        One trial is for all of them: in nested branches and loops there is one in each of another.
        """
        trial = self.fork()
        for b in ir.blocks_of(stmt):
            trial.scoped(b, [stmt.var] if isinstance(stmt, For) else [])
        bound = ir.bound_in((stmt,)) | {n for n in trial.kinds if n not in self.kinds}
        known, inside_only = {}, set()
        for name in wanted:
            dims = trial.state.dims.get(name) or trial.seen.get(name)
            dims = dims and tuple(trial.spelled_out(d) for d in dims)
            if dims and not any(n in bound for d in dims for n in ir.names_in(d)):
                known[name] = dims
            elif dims is not None:
                inside_only.add(name)
        return known, inside_only

    def spelled_out(self, size: Expr) -> Expr:
        """Return a size without the names that lengths have."""
        while any(e in self.lengths_named for e in ir.walk(size)):
            size = ir.substitute(size, self.lengths_named)
        return size

    def leaves_branch(self, name: str, stmt: Stmt) -> bool:
        if isinstance(stmt, If):
            return True
        inside = sum(name in ir.binds(s) for b in ir.blocks_of(stmt) for s in b if not isinstance(s, For))
        return inside == 0 or self.reads[name] > read_counts((stmt,))[name]


def lower_routine(routine: Routine, kinds: tuple[Kind, ...], stretch: bool, reverse: bool = False):
    """Return a routine lowered for these kinds of its arguments, as `lower_with_kinds` does; None while that goes on.

    For a `reverse` functions with rules of their own give their residuals as well.

    Raises
    ------
    ReadInPlace
        If it writes into an argument.
    """
    key = ("lowered", kinds, stretch, reverse)
    if key not in routine.facts:
        routine.facts[key] = None
        params = dict(zip(routine.function.params, kinds, strict=True))
        if changed(routine.function, routine.facts["names", kinds]) & set(params):
            raise ReadInPlace(routine)
        function = with_residuals(routine.function) if reverse else routine.function
        routine.facts[key] = lower_with_kinds(function, params, stretch, True)
        routine.facts.setdefault(("function", kinds), routine.facts[key][:2])
    return routine.facts[key]


def _else_nest(leave: If, body):
    return (replace(leave, other=tuple(body)),)
