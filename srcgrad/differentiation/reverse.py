"""Reverse mode: from a lowered function to its forward part, backward part, and the values that cross between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..analysis.activity import check_constants, varied
from ..language import ir
from ..language.affine import simplify_index
from ..language.blocks import exposed_reads, rename_block
from ..language.ir import Block, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..language.kind import dtype_option
from ..language.sum_order import INPLACE
from ..switches import is_on
from .adjoint import AdjointBuilder, Step
from .checkpoints import CheckpointAssembly
from .kept_tests import KeptTests, name_tests
from .prepare import check_draws, name_results, own_written_params
from .record import Recorder, facts_of
from .sine_pairs import name_pairs
from .slots import Ragged, Slot, next_trip
from .transcendentals import name_transcendentals
from .trip_arrays import make_in_trips

ZERO, ONE = Const(0), Const(1)


@dataclass(frozen=True)
class Analysis:
    """What the passes of a reverse have found out: what is active, each statement's step, what is kept and read."""

    active: frozenset[str]
    steps: list[Step]
    builder: AdjointBuilder
    recorder: Recorder


@dataclass(frozen=True)
class Plan:
    """The reverse of a function: everything the layouts in `pipeline` are printed from.

    Attributes
    ----------
    function : Function
        The lowered primal, its result under names.
    forward, backward : Block
        The two parts; `backward` reads what `forward` left in its names.
    outs : tuple of str
        Names of the results.
    out_bars : tuple of str
        Names under which backward expects the adjoints of the results ('' for an inactive result).
    bars : tuple of str
        For each differentiated parameter the name of its adjoint after backward.
    analysis : Analysis
        How it was decided.
    """

    function: ir.Function
    forward: Block
    backward: Block
    outs: tuple[str, ...]
    out_bars: tuple[str, ...]
    bars: tuple[str, ...]
    kinds: dict[str, Kind]
    sizes: dict[str, tuple[Expr, ...]]
    analysis: Analysis


def reverse(function: ir.Function, kinds: dict[str, Kind], sizes, wrt: tuple[str, ...], pages, seeds=None) -> Plan:
    """Return the plan of the reverse of a lowered function with respect to the parameters `wrt`.

    `pages` reads the pages of rules; `seeds` are the positions of the results whose adjoints are given, by default all.
    """
    fresh = ir.Fresh(ir.all_names(function))
    kinds = dict(kinds)
    function, own = own_written_params(function, kinds, fresh)
    sizes = {n: tuple(ir.rename_expr(d, own) for d in dims) for n, dims in sizes.items()}
    sizes |= {name: tuple(_shape(name, d) for d in range(kinds[p].rank)) for p, name in own.items()}
    function = hoist_tests(function, kinds, fresh)
    function = make_in_trips(function, sizes) if is_on("trip arrays") else function
    function, outs = name_results(function, kinds, fresh)
    active = varied(function, kinds, tuple(own.get(p, p) for p in wrt) + wrt)
    check_draws(function, active)
    check_constants(function, active)
    if is_on("pairs"):
        function, active = name_pairs(function, kinds, active, fresh)
    if is_on("transcendentals"):
        function, active = name_transcendentals(function, kinds, active, fresh)
    function, tests = name_tests(function, kinds, active, fresh) if is_on("tests") else (function, KeptTests())
    builder = AdjointBuilder(function, kinds, active, fresh, sizes, pages, tests.used)
    out_bars = tuple(builder.bar(o) if o in active else "" for o in outs)
    if len({b for b in out_bars if b}) < len([b for b in out_bars if b]):
        raise AssertionError("a result stands twice")
    seeded = {o for k, o in enumerate(outs) if o in active and (seeds is None or k in seeds)}
    steps, live = builder.block(function.body[:-1], seeded)
    recorder = Recorder(function, kinds, set(builder.bars.values()), fresh, sizes, tests.names)
    recorder.run(steps)
    assembly = _Assembly(kinds, recorder, fresh)
    forward = assembly.forward(steps, ())
    backward = assembly.backward(steps)
    for p in wrt:
        if p not in live:
            backward += [builder.zero(p)]
    bars = tuple(builder.bar(p) for p in wrt)
    forward = assembly.initialise(function, forward, backward)
    analysis = Analysis(active, steps, builder, recorder)
    return Plan(function, tuple(forward), tuple(backward), outs, out_bars, bars, kinds, sizes, analysis)


# --- preparation ------------------------------------------------------------------------------------------------


def _shape(name: str, axis: int) -> Expr:
    return Op("shape", (Name(name),), (("axis", axis),))


def hoist_tests(function: ir.Function, kinds, fresh) -> ir.Function:
    """Return the function with tests and loop bounds that their own block changes under names of their own."""

    def block(stmts):
        out = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            if isinstance(stmt, If) and changed(stmt, (stmt.test,)):
                name = fresh("test")
                kinds[name] = Kind("bool")
                out.append(Let(name, stmt.test, stmt.loc))
                stmt = replace(stmt, test=Name(name))
            if isinstance(stmt, For) and stmt.schedule and not isinstance(stmt.schedule[1], Const):
                name = fresh({"binomial": "most", "periodic": "period"}[stmt.schedule[0]])
                kinds[name] = Kind("int64")
                out.append(Let(name, stmt.schedule[1], stmt.loc))
                stmt = replace(stmt, schedule=(stmt.schedule[0], Name(name)))
            if isinstance(stmt, For):
                for part in ("lo", "hi", "step"):
                    value = getattr(stmt, part)
                    if changed(stmt, (value,)):
                        name = fresh({"lo": "start", "hi": "stop", "step": "step"}[part])
                        kinds[name] = Kind("int64")
                        out.append(Let(name, value, stmt.loc))
                        stmt = replace(stmt, **{part: Name(name)})
            out.append(stmt)
        return tuple(out)

    def changed(stmt, exprs) -> bool:
        inside = set()
        for b in ir.blocks_of(stmt):
            inside |= ir.bound_in(b) | {f"{a}[]" for a in ir.stored_in(b)}
        return any(facts_of(e, kinds, ()) & inside for e in exprs)

    return replace(function, body=block(function.body))


# --- assembly ---------------------------------------------------------------------------------------------------


class _Assembly(CheckpointAssembly):
    def __init__(self, kinds, recorder: Recorder, fresh: ir.Fresh):
        self.kinds, self.recorder, self.fresh = kinds, recorder, fresh

    # -- forward part: the primal and what is kept
    def forward(self, steps: list[Step], loops) -> list[Stmt]:
        out: list[Stmt] = []
        for step in steps:
            if step.is_loop or isinstance(step.stmt, If):
                if step.is_loop:
                    out += self.forward_loop(step, loops)
                else:
                    out += _at(step.allocations, step.stmt.loc)
                    then, other = self.forward(step.body, loops), self.forward(step.other, loops)
                    out.append(replace(step.stmt, then=tuple(then), other=tuple(other)))
                for name, slot in step.kept_after.items():
                    out += _at([slot.keep(Name(name))], step.stmt.loc)
            else:
                out += self.forward_simple(step)
        return out

    def forward_simple(self, step: Step) -> list[Stmt]:
        stmt = step.stmt
        before, after = [], []
        if isinstance(step.kept, Slot):
            assert isinstance(stmt, Let | Store)
            value = Name(stmt.target) if isinstance(stmt, Let) else Sub(Name(stmt.base), stmt.index)
            before = [step.kept.keep(value)]
        for name, slot in step.kept_after.items():
            if slot.kind.rank and isinstance(stmt, Let):
                return self.born_in_slot(stmt, slot)
            if slot.kind.rank:
                assert isinstance(stmt, ir.Unpack)
                made = self.made_anew(name)
                stmt = replace(stmt, targets=tuple(made if t == name else t for t in stmt.targets))
                after += [*slot.birth(name), *self.fill(name, self.elements_of(made))]
            else:
                after.append(slot.keep(Name(name)))
        return [*_at(before, stmt.loc), stmt, *_at(after, stmt.loc)]

    def made_anew(self, name: str) -> str:
        """Return a name for an array that is copied to where it is kept."""
        made = self.fresh(f"{name}_new")
        self.kinds[made] = self.kinds[name]
        return made

    def elements_of(self, array: str):
        return lambda idx: Sub(Name(array), idx)

    def born_in_slot(self, stmt: Let, slot: Slot | Ragged) -> list[Stmt]:
        """Return the definition of an array of a loop body as one row of its record."""
        name, value = stmt.target, stmt.value
        out: list[Stmt] = []
        fn = value.fn if isinstance(value, Op) else ""
        if isinstance(value, Op) and fn == "copy" and isinstance(value.args[0], Name):
            made = value.args[0].id
        elif not fn.startswith(("np.empty", "np.zeros", "np.ones")):
            made = self.made_anew(name)
            out.append(Let(made, value))
        out += slot.birth(name)
        fill: Expr | None = None
        if fn.startswith("np.zeros"):
            fill = Const(0.0)
        elif fn.startswith("np.ones"):
            fill = Const(1.0)
        if not fn.startswith("np.empty"):
            out += self.fill(name, lambda idx: fill if fill is not None else Sub(Name(made), idx))
        return _at(out, stmt.loc)

    def fill(self, name: str, element) -> list[Stmt]:
        idx = [self.fresh("i") for _ in range(self.kinds[name].rank)]
        names = tuple(map(Name, idx))
        stmts: tuple[Stmt, ...] = (Store(name, names, element(names)),)
        for d in reversed(range(len(idx))):
            stmts = (For(idx[d], ZERO, Op("shape", (Name(name),), (("axis", d),)), ONE, stmts),)
        return list(stmts)

    def forward_loop(self, step: Step, loops) -> list[Stmt]:
        stmt = step.stmt
        if step.is_checkpointed:
            return _at(self.forward_checkpointed(step, loops), stmt.loc)
        out = list(_at(step.allocations, stmt.loc))
        for fact, slot in step.entry:
            out += self.keep_entry(fact, slot)
        body = self.forward(step.body, step.recorded_in(loops))
        if step.height:
            self.kinds[step.height] = Kind("int64")
            body = _at(next_trip(step), stmt.loc) + body
        if step.trips:
            self.kinds[step.trips] = Kind("int64")
            if counts_on_stack(step):
                assert step.height is not None
                out.append(step.trips_slot.keep(Name(step.height)))
            else:
                out.append(Let(step.trips, ZERO))
                body.insert(0, Let(step.trips, Op("add", (Name(step.trips), ONE), INPLACE)))
        out.append(replace(stmt, body=tuple(body)))
        if step.trips_slot is not None and not counts_on_stack(step):
            assert step.trips is not None
            out.append(step.trips_slot.keep(Name(step.trips)))
        return out

    def keep_entry(self, fact: str, slot: Slot) -> list[Stmt]:
        name = fact.removesuffix("[]")
        if not slot.kind.rank:
            return [slot.keep(Name(name))]
        if not slot.index:
            return [Let(slot.name, Op("copy", (Name(name),)))]
        return self.copy_rows(slot, name, keep=True)

    def copy_rows(self, slot: Slot, name: str, keep: bool) -> list[Stmt]:
        idx = [self.fresh("i") for _ in range(slot.kind.rank)]
        names = tuple(map(Name, idx))
        kept, own = (slot.name, (*slot.index, *names)), (name, names)
        to, source = (kept, own) if keep else (own, kept)
        stmts: tuple[Stmt, ...] = (Store(to[0], to[1], Sub(Name(source[0]), source[1])),)
        for d in reversed(range(len(idx))):
            stmts = (For(idx[d], ZERO, Op("shape", (Name(name),), (("axis", d),)), ONE, stmts),)
        return list(stmts)

    def restore_entry(self, fact: str, slot: Slot) -> list[Stmt]:
        name = fact.removesuffix("[]")
        if not slot.kind.rank:
            return [Let(name, slot.value())]
        return self.copy_rows(slot, name, keep=False)

    # -- backward part
    def backward(self, steps: list[Step], loops: tuple[Step, ...] = ()) -> list[Stmt]:
        out: list[Stmt] = []
        kept = {n: (slot, s) for s in steps for n, slot in s.kept_after.items()}
        for name, (slot, step) in reversed([v for v in kept.items() if v[1][0].kind.rank]):
            out += _at(slot.recall(name), step.stmt.loc)
        for step in reversed(steps):
            for load in step.loads:
                slot, _ = kept[load.target]
                out += _at([Let(load.target, slot.value())], load.loc or step.stmt.loc)
            places = ir.names_in(*step.stmt.index) if isinstance(step.stmt, Store) else set()
            early, late = split_rebuilds(step.rebuilds, places)
            if step.is_loop or isinstance(step.stmt, If) or step.late:
                early, late = early + late, []
            out += _at(early, step.stmt.loc)
            if step.is_loop:
                out += self.backward_loop(step, loops)
            elif isinstance(step.stmt, If):
                out += self.backward_branch(step, loops)
            else:
                restore = self.restore(step)
                out += [*step.code, *restore] if step.late else [*restore, *_at(late, step.stmt.loc), *step.code]
        return out

    def restore(self, step: Step) -> list[Stmt]:
        if not isinstance(step.kept, Slot):
            return []
        stmt, value = step.stmt, step.kept.value()
        assert isinstance(stmt, Let | Store)
        back = Let(stmt.target, value) if isinstance(stmt, Let) else Store(stmt.base, stmt.index, value)
        return _at([back], stmt.loc)

    def backward_branch(self, step: Step, loops) -> list[Stmt]:
        then = [*self.backward(step.body, loops), *step.end]
        other = [*self.backward(step.other, loops), *step.end_other]
        if not then and not other:
            return list(step.before)
        stmt = step.stmt
        assert isinstance(stmt, If)
        if not then:
            return [*step.before, If(_negated(stmt.test), tuple(other), (), stmt.loc)]
        return [*step.before, If(stmt.test, tuple(then), tuple(other), stmt.loc)]

    def backward_loop(self, step: Step, loops) -> list[Stmt]:
        stmt = step.stmt
        body = [*self.backward(step.body, step.recorded_in(loops)), *step.end]
        if step.is_checkpointed:
            again = self.forward(step.body, step.recorded_in(loops))

            def back(stretch: For | None) -> list[Stmt]:
                return body if stretch is None else [self.reversed_range(stretch, body)]

            return _at(self.backward_checkpointed(step, loops, again, back), stmt.loc)
        out = list(step.before)
        if step.trips_slot is not None:
            assert step.trips is not None
            out.append(Let(step.trips, step.trips_slot.value()))
        if body and step.height and isinstance(stmt, While):
            out += self.down_the_stack(step, body)
        elif body:
            if step.height:
                body.append(Let(step.height, Op("sub", (Name(step.height), ONE), INPLACE)))
            out.append(self.reversed_loop(step, body))
        for fact, slot in reversed(step.entry):
            out += _at(self.restore_entry(fact, slot), stmt.loc)
        return out

    def down_the_stack(self, step: Step, body: list[Stmt]) -> list[Stmt]:
        """Return the reverse of a while loop that runs over what its trips have left on the stacks."""
        assert step.height is not None
        height, start = Name(step.height), Name(step.trips) if step.trips else Const(-1)
        trip = self.fresh("trip")
        down = rename_block(tuple(body), {step.height: trip})
        loop = For(trip, height, start, Const(-1), down, (), step.stmt.loc)
        return [loop, Let(step.height, start)] if step.trips else [loop]

    def reversed_loop(self, step: Step, body: list[Stmt]) -> Stmt:
        stmt = step.stmt
        if isinstance(stmt, While):
            assert step.trips is not None
            return For(self.fresh("trip"), ZERO, Name(step.trips), ONE, tuple(body), (), stmt.loc)
        assert isinstance(stmt, For)
        lo, hi, step_by = stmt.lo, stmt.hi, stmt.step
        if step.trips and step_by != ONE:
            k = self.fresh("trip")
            back = Op("sub", (Name(step.trips), ONE))
            var = Let(stmt.var, Op("add", (lo, Op("mul", (Name(k), step_by)))))
            return For(k, back, Const(-1), Const(-1), (var, *body), (), stmt.loc, parallel=stmt.parallel)
        if step.trips:
            hi = simplify_index(Op("add", (lo, Name(step.trips))))
        return self.reversed_range(replace(stmt, hi=hi), body)

    def reversed_range(self, loop: For, body: list[Stmt]) -> Stmt:
        """Return a loop over the same range in the other direction."""
        assert isinstance(loop.step, Const)
        last, stop, stride = _downward(loop.lo, loop.hi, loop.step)
        return For(loop.var, last, stop, stride, tuple(body), (), loop.loc, parallel=loop.parallel)

    # -- names that numba must know on every path
    def initialise(self, function: ir.Function, forward: list[Stmt], backward: list[Stmt]) -> list[Stmt]:
        """Return the forward part, headed by values for names that only some paths set and backward reads.

        And for those that it keeps before they are bound, as in the first trip of a loop that binds them.
        """
        read = exposed_reads(tuple(backward))
        sure = {n for s in forward for n in ir.binds(s) if not isinstance(s, For)}
        bound = ir.bound_in(tuple(forward)) - set(function.params)
        early = exposed_reads(tuple(forward)) & self.kept_by(forward)
        inits: list[Stmt] = []
        for name in sorted(read & (bound - sure) | early & bound):
            kind = self.recorder.slots.made.get(name) or self.kinds.get(name)
            if kind is None:
                continue
            inits.append(Let(name, nothing(kind), function.loc))
        return inits + forward

    def kept_by(self, forward: list[Stmt]) -> set[str]:
        """Return the names whose values the forward part keeps."""
        made = self.recorder.slots.made
        every = [s for s in ir.statements(tuple(forward)) if isinstance(s, Let | Store)]
        keeps = [s for s in every if (s.target if isinstance(s, Let) else s.base) in made]
        return {s.value.id for s in keeps if isinstance(s.value, Name)}


def counts_on_stack(step: Step) -> bool:
    """Return whether a nested while loop knows its trips from where its stacks stood before it."""
    return step.height is not None and step.trips is not None and isinstance(step.stmt, While)


def split_rebuilds(rebuilds, wanted: set[str]):
    """Return (rebuilds that the index of a restored element needs, all others), each in order."""
    wanted = set(wanted)
    early: list[Stmt] = []
    for r in reversed(rebuilds):
        if wanted & (ir.bound_in((r,)) | ir.stored_in((r,))):
            early.insert(0, r)
            wanted |= ir.read_in((r,))
    return early, [r for r in rebuilds if r not in early]


def nothing(kind: Kind) -> Expr:
    """Return a value for a name of this kind on paths that do not set it."""
    if kind.rank:
        return Op("unset", (Op("np.empty", (ZERO,) * kind.rank, dtype_option(kind.dtype)),))
    if kind.dtype == "bool":
        return Const(False)
    return Const(0.0) if kind.is_float else Const(0)


def _downward(lo: Expr, hi: Expr, step: Const) -> tuple[Expr, Expr, Const]:
    """Return (start, stop, step) of the range that runs the other way."""
    c = step.value
    if c in (1, -1):
        return simplify_index(Op("sub", (hi, Const(c)))), simplify_index(Op("sub", (lo, Const(c)))), Const(-c)
    d = abs(c)
    span = Op("sub", (hi, lo)) if c > 0 else Op("sub", (lo, hi))
    whole = Op("mul", (Op("floordiv", (simplify_index(Op("sub", (span, ONE))), Const(d))), Const(d)))
    last = Op("add" if c > 0 else "sub", (lo, whole))
    return last, simplify_index(Op("sub", (lo, Const(1 if c > 0 else -1)))), Const(-c)


def _negated(test: Expr) -> Expr:
    if isinstance(test, Op) and test.fn == "not":
        return test.args[0]
    return Op("not", (test,))


def _at(stmts, loc) -> list[Stmt]:
    return [replace(s, loc=loc) if s.loc is None else s for s in stmts]
