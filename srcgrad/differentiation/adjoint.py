"""The adjoint code of every statement, with adjoints that are zero never written down.

Walks backward with the set of live adjoints: the first contribution assigns, later ones add, a definition kills its
own. Where no adjoint is live there is no code: this is activity analysis. Primal values are named as they stand when
the statement has been undone (or, for a late step, before it is); `record` sees to it that they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..analysis.access import element_of, rank_of, root_of
from ..analysis.activity import takes_names
from ..analysis.dead_code import escaping_counters
from ..analysis.writes import first_writes
from ..language import ir
from ..language.calls import is_call
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.kinds import as_float
from ..language.sum_order import UNORDERED
from ..rules import externals
from ..switches import is_on
from .adjoint_calls import CallAdjoint
from .adjoint_externals import ExternalAdjoint
from .adjoint_products import ProductAdjoint
from .linear import LinearForm
from .scaled import guard, multiple, negative
from .sine_pairs import are_pair, with_names

ZERO, ONE = Const(0), Const(1)


@dataclass
class Step:
    """A statement with its adjoint code and, once `record` has run, what is kept for it and brought back."""

    stmt: Stmt
    code: list[Stmt] = field(default_factory=list)
    late: bool = False
    body: list[Step] = field(default_factory=list)
    other: list[Step] = field(default_factory=list)
    before: list[Stmt] = field(default_factory=list)
    end: list[Stmt] = field(default_factory=list)
    end_other: list[Stmt] = field(default_factory=list)
    kept: object = None
    kept_after: dict = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    entry: list = field(default_factory=list)
    loads: list[Let] = field(default_factory=list)
    rebuilds: list[Stmt] = field(default_factory=list)
    allocations: list[Stmt] = field(default_factory=list)
    height: str | None = None
    stacks: list[str] = field(default_factory=list)
    trips: str | None = None
    trips_slot: Any = None
    state: list[str] = field(default_factory=list)
    checkpoints: Any = None

    @property
    def is_checkpointed(self) -> bool:
        return isinstance(self.stmt, For) and self.stmt.schedule is not None and self.has_reverse

    def recorded_in(self, loops: tuple[Step, ...]) -> tuple[Step, ...]:
        """Return the loops whose trips records of this step's body are kept for, given those around it."""
        if not self.is_checkpointed:
            return (*loops, self) if self.is_loop else loops
        assert isinstance(self.stmt, For)
        assert self.stmt.schedule is not None
        return () if self.stmt.schedule[0] == "binomial" else (self,)

    @property
    def recorded(self) -> Stmt:
        """Return the loop that records are made in: of a checkpointed one, the stretch between two checkpoints."""
        return self.checkpoints.stretch if self.checkpoints is not None else self.stmt

    @property
    def is_loop(self) -> bool:
        return isinstance(self.stmt, For | ir.While)

    @property
    def has_reverse(self) -> bool:
        inside = any(s.has_reverse for s in (*self.body, *self.other))
        return bool(self.code or self.end or self.end_other or self.kept or self.entry or inside)


class AdjointBuilder(CallAdjoint, ExternalAdjoint, ProductAdjoint):
    """Builds the steps of a function's body for the adjoints that reach its end."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], active: frozenset[str], fresh: ir.Fresh, dims,
                 pages=None, named: Callable[[Stmt, list[Stmt]], list[Stmt]] | None = None):  # fmt: skip
        self.pages, self.named = pages, named or (lambda stmt, code: code)  # adjoint code with tests by name
        self.function, self.kinds, self.active, self.fresh, self.dims = function, kinds, active, fresh, dims
        loops = [s for s in ir.statements(function.body) if isinstance(s, For | ir.While)]
        self.growing = {s.base for s in ir.statements(function.body) if isinstance(s, ir.Grow)}
        self.born_in_loop = {n for s in loops for n in ir.bound_in(s.body) if kinds[n].rank}
        self.bars: dict[str, str] = {}
        self.bar_kinds: dict[str, Kind] = {}
        self.forms: dict[int, LinearForm] = {}
        self.first_writes = first_writes(function.body)
        self.read: set[str] = set()
        self.enclosing: list[str] = []
        # results of calls: where `lower` gives one another name at once, the two have one adjoint
        self.called = {n for s in ir.statements(function.body) if is_call(s) for n in ir.binds(s)}
        others = {n for s in ir.statements(function.body) if not isinstance(s, For) for n in ir.binds(s)}
        counters = {s.var for s in ir.statements(function.body) if isinstance(s, For)}
        self.counters = counters - others - set(function.params) - escaping_counters(function.body)

    # -- names
    def bar(self, name: str) -> str:
        """Return the name of the adjoint of `name`."""
        if name not in self.bars:
            self.bars[name] = self.fresh(f"{name}_bar")
            self.bar_kinds[self.bars[name]] = self.kinds[name]
        return self.bars[name]

    def is_active(self, leaf: Expr) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in self.active

    def zero(self, name: str) -> Let:
        """Return the statement that starts the adjoint of `name` at zero."""
        kind = self.kinds[name]
        if kind.rank and name in self.born_in_loop and name in self.dims:
            return Let(self.bar(name), Op("np.zeros", self.dims[name], dtype_option(kind.dtype)))
        if kind.rank:
            return Let(self.bar(name), Op("np.zeros_like", (Name(name),)))
        return Let(self.bar(name), Const(0.0))

    # -- blocks
    def block(self, stmts, live: set[str]) -> tuple[list[Step], set[str]]:
        """Return (steps in program order, names whose adjoint is live at the start)."""
        live = set(live)
        steps: list[Step] = []
        for stmt in reversed(stmts):
            step, live = self.step(stmt, live)
            if steps and is_on("pairs") and are_pair(stmt, steps[-1].stmt):
                steps[-1].code = with_names([*steps[-1].code, *step.code], stmt, steps[-1].stmt)
                step.code = []
                steps[-1].late = True
            steps.append(step)
        return steps[::-1], live

    def step(self, stmt: Stmt, live: set[str]) -> tuple[Step, set[str]]:
        if isinstance(stmt, If):
            return self.branch(stmt, live)
        if isinstance(stmt, For | ir.While):
            return self.loop(stmt, live)
        step = Step(stmt)
        if isinstance(stmt, Let):
            if self.kinds[stmt.target].rank:
                live = self.array(step, stmt, live)
            else:
                live = self.scalar(step, stmt, live)
        elif isinstance(stmt, Store):
            live = self.store(step, stmt, live)
        elif is_call(stmt):
            live = self.call(step, stmt, live)
        elif isinstance(stmt, ir.Unpack) and isinstance(stmt.value, Op):
            live = self.external(step, stmt.targets, stmt.value, live)
        step.code = self.named(stmt, step.code)
        step.code = [replace(s, loc=stmt.loc) if s.loc is None else s for s in step.code]
        self.read |= ir.read_in(tuple(step.code))
        return step, live

    def flow(self, stmts, live: set[str]) -> set[str]:
        """Return the names whose adjoint may be live at the start of a block, without building code."""
        for stmt in reversed(stmts):
            if isinstance(stmt, If):
                live = self.flow(stmt.then, live) | self.flow(stmt.other, live)
            elif isinstance(stmt, For | ir.While):
                live = self.loop_entry(stmt, live)
            elif is_call(stmt):
                live = self.call_flow(stmt, live)
            elif isinstance(stmt, ir.Unpack) and isinstance(stmt.value, Op):
                live = self.external_flow(stmt.targets, stmt.value, live)
            elif isinstance(stmt, Let) and stmt.target in live:
                live = (live - {stmt.target}) | self.reached(stmt, Name(stmt.target))
            elif isinstance(stmt, Store) and stmt.base in live:
                live = live | self.reached(stmt, Sub(Name(stmt.base), stmt.index))
        return live

    def reached(self, stmt, target: Expr) -> set[str]:
        if takes_names(stmt.value):
            return {n for n in ir.names_in(stmt.value) if n in self.active}
        leaves = self.form(stmt, target, stmt.value).leaves
        return {root_of(leaf).id for leaf in leaves}

    def loop_entry(self, stmt, live: set[str]) -> set[str]:
        born = {n for n in ir.bound_in(stmt.body) if self.kinds[n].rank}
        while True:
            wider = live | (self.flow(stmt.body, live) - born)
            if wider == live:
                return live
            live = wider

    def branch(self, stmt: If, live: set[str]) -> tuple[Step, set[str]]:
        live_then, live_other = self.flow(stmt.then, live), self.flow(stmt.other, live)
        step = Step(stmt)
        arrays = {n for n in (live_then | live_other) - live if self.kinds[n].rank}
        step.before = [replace(self.zero(n), loc=stmt.loc) for n in sorted(arrays)]
        step.body, live_then = self.block(stmt.then, live | arrays)
        step.other, live_other = self.block(stmt.other, live | arrays)
        union = live_then | live_other
        step.end = [self.zero(n) for n in sorted(union - live_then)]
        step.end_other = [self.zero(n) for n in sorted(union - live_other)]
        return step, union

    def loop(self, stmt, live: set[str]) -> tuple[Step, set[str]]:
        born = {n for n in ir.bound_in(stmt.body) if self.kinds[n].rank}
        entry = self.loop_entry(stmt, set(live))
        self.enclosing.append(stmt.var if isinstance(stmt, For) else "")
        steps, start = self.block(stmt.body, entry)
        self.enclosing.pop()
        step = Step(stmt, body=steps)
        step.before = [replace(self.zero(n), loc=stmt.loc) for n in sorted(entry - live)]
        step.end = [self.zero(n) for n in sorted((entry - start) - born)]
        if not step.end and not any(s.has_reverse for s in steps):
            step.before = []
            return step, live
        return step, entry

    # -- statements
    def form(self, stmt, target: Expr, value: Expr) -> LinearForm:
        if isinstance(value, Op) and value.fn == "print_grad":
            value = value.args[0]
        if id(stmt) not in self.forms:
            result = target if isinstance(stmt, Let) or stmt.op == "=" else None
            self.forms[id(stmt)] = LinearForm(result, value, self.is_active, self.kinds)
        return self.forms[id(stmt)]

    def scalar(self, step: Step, stmt: Let, live: set[str]) -> set[str]:
        name, value = stmt.target, stmt.value
        if name not in live or name not in self.active:
            return live - {name}
        if isinstance(value, Name) and value.id in self.called:
            self.bars[value.id] = self.bar(name)
            return (live - {name}) | {value.id}
        if isinstance(value, Op) and value.fn in externals.BY_SPELLING:
            return self.external(step, (name,), value, live)
        live = set(live)
        seed = Name(self.bar(name))
        step.code += printed(value, seed)
        form = self.form(stmt, Name(name), value)
        temps, pushes = form.pushes(seed, self.fresh, name in self.read, False, bool(self.enclosing))
        step.late = form.uses_result
        step.code += [Let(t, e) for t, e in temps]
        own = None
        for push in pushes:
            if push.leaf == Name(name):
                own = push
            else:
                self.contribute(step, push.leaf, push.sign, push.value, live, value)
        if own is None:
            live.discard(name)
        elif not (own.sign > 0 and own.value == seed):
            value = own.value if own.sign > 0 else negative(own.value, self.kinds)
            step.code.append(Let(seed.id, multiple(value, seed)))
        return live

    def contribute(self, step: Step, leaf: Expr, sign: int, value: Expr, live: set[str], source: Expr):
        """Add `sign * value` to the adjoint of a leaf of `source`; the first contribution to a scalar assigns."""
        kinds = self.kinds | {b: self.kinds[n] for n, b in self.bars.items()}
        value = as_float(value, kinds)
        if isinstance(leaf, Name):
            bar = self.bar(leaf.id)
            if leaf.id in live:
                op = Op("add" if sign > 0 else "sub", (Name(bar), value), UNORDERED)
                step.code.append(Let(bar, op))
            else:
                step.code.append(Let(bar, value if sign > 0 else negative(value, kinds)))
                live.add(leaf.id)
            return
        assert isinstance(leaf, Sub), leaf
        root = root_of(leaf).id
        if root not in live:
            step.code.append(self.zero(root))
            live.add(root)
        adds: Stmt = Store(self.bar(root), leaf.index, value, "+=" if sign > 0 else "-=", unordered=True)
        test = guard(leaf, source)
        if test is not None:
            if isinstance(value, Select) and value.test == test:
                adds = replace(adds, value=value.then)
            adds = If(test, (adds,))
        step.code.append(adds)

    def store(self, step: Step, stmt: Store, live: set[str]) -> set[str]:
        name = stmt.base
        if name not in live or name not in self.active:
            return live
        live = set(live)
        target = Sub(Name(name), stmt.index)
        cell = Sub(Name(self.bar(name)), stmt.index)
        reads_own = [leaf for leaf in self.form(stmt, target, stmt.value).leaves if isinstance(leaf, Sub)]
        reads_own = [leaf for leaf in reads_own if root_of(leaf).id == name]
        form = self.form(stmt, target, stmt.value)
        first = id(stmt) in self.first_writes
        elsewhere = not first and any(leaf.index != stmt.index for leaf in reads_own)
        seed: Expr = cell
        many = len(form.leaves) > 1 or (stmt.op != "=" and reads_own)
        if elsewhere or (many and _heavy(stmt.index)):
            seed = Name(self.fresh(f"{name}_bar_old" if elsewhere else "seed"))
            self.bar_kinds[seed.id] = Kind(self.kinds[name].dtype)
            step.code.append(Let(seed.id, cell))
            if stmt.op == "=" and elsewhere:
                step.code.append(Store(self.bar(name), stmt.index, Const(0.0)))
        temps, pushes = form.pushes(seed, self.fresh, True, first, bool(self.enclosing))
        step.late = form.uses_result
        step.code += [Let(t, e) for t, e in temps]
        flip = -1 if stmt.op == "-=" else 1
        own = None
        for push in pushes:
            if push.leaf == target and not elsewhere:
                own = push
            else:
                self.contribute(step, push.leaf, push.sign * flip, push.value, live, stmt.value)
        self.finish_store(step, stmt, cell, seed, own, elsewhere or first, flip)
        return live

    def finish_store(self, step, stmt, cell, seed, own, cleared, flip):
        """Write what the store leaves of its own adjoint: nothing, a multiple, or all of it."""
        from .symbolic import negated

        if own is not None and stmt.op != "=":
            sign = own.sign * flip
            step.code.append(Store(cell.base.id, stmt.index, own.value, "+=" if sign > 0 else "-=", unordered=True))
        elif own is not None:
            if own.sign > 0 and own.value == seed:
                return
            value = own.value if own.sign > 0 else negated(own.value)
            step.code.append(Store(cell.base.id, stmt.index, multiple(value, seed)))
        elif stmt.op == "=" and not cleared:
            step.code.append(Store(cell.base.id, stmt.index, Const(0.0)))

    # -- arrays
    def array(self, step: Step, stmt: Let, live: set[str]) -> set[str]:
        name, value = stmt.target, stmt.value
        if name not in live:
            return live
        if isinstance(value, Op) and value.fn in externals.BY_SPELLING:
            return self.external(step, (name,), value, live)
        live = live - {name}
        if name not in self.active or not isinstance(value, Op):
            return live
        step.code += printed(value, Name(self.bar(name)))
        if value.fn in ("copy", "print_grad") and self.is_active(value.args[0]):
            copied = value.args[0]
            assert isinstance(copied, Name), copied
            source = copied.id
            if source in live or name in self.growing:  # of what has grown since, only what was copied
                self.nest(step, self.bar(name), self.kinds[name].rank, value.args[0], live)
            else:
                step.code.append(Let(self.bar(source), Name(self.bar(name))))
                live.add(source)
        elif value.fn == "np.dot":
            self.dot(step, value, Name(self.bar(name)), live)
        return live

    def rank(self, expr: Expr) -> int:
        return rank_of(expr, lambda n: self.kinds[n].rank)

    def nest(self, step: Step, addend: str, rank: int, array: Expr, live: set[str], scale: Expr | None = None):
        """Add an array, element by element, to the adjoint of an array expression."""
        root = root_of(array).id
        if root not in live:
            step.code.append(self.zero(root))
            live.add(root)
        idx = self.loop_names(step.stmt, rank)
        names = tuple(map(Name, idx))
        cell = element_of(array, names, lambda n: self.kinds[n].rank)
        element: Expr = Sub(Name(addend), names)
        if scale is not None:
            element = Op("mul", (element, scale))
        stmts: tuple[Stmt, ...] = (Store(self.bar(root), cell.index, element, "+=", unordered=True),)
        sizes = self.own_sizes(array)
        for d in reversed(range(rank)):
            size = sizes[d] or Op("shape", (Name(addend),), (("axis", d),))
            stmts = (For(idx[d], ZERO, size, ONE, tuple(replace(s, loc=step.stmt.loc) for s in stmts)),)
        step.code += stmts

    def loop_names(self, stmt: Stmt, rank: int) -> list[str]:
        used = set(self.enclosing) | ir.names_in(*ir.exprs_of(stmt))
        names: list[str] = []
        for base in ("i", "j", "k", "l"):
            if len(names) < rank and base not in used and (base in self.counters or base not in self.fresh.taken):
                names.append(base)
        self.fresh.taken |= set(names)
        names += [self.fresh("i") for _ in range(rank - len(names))]
        self.counters |= set(names)
        self.fresh.taken |= set(names)
        return names


def printed(value: Expr, seed: Expr) -> list[Stmt]:
    """Return the statements that print the adjoint of a value that asks for it."""
    if not isinstance(value, Op) or value.fn != "print_grad":
        return []
    label = value.option("label")
    return [ir.Print((Const(label), seed) if label else (seed,))]




def _heavy(index) -> bool:
    return any(isinstance(e, Sub) for i in index for e in ir.walk(i))
