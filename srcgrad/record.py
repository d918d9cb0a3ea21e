"""To-be-recorded analysis: which primal values reverse needs, and how each comes back.

Invariant: where a statement is reversed, every primal name and array has the value it had just before the statement
(just after it, for a late step). In this order: not needed; rebuilt from what stands there; kept in an array indexed
by the loop counters; kept on a growing stack.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import ir
from .access import never_rereads
from .adjoint import Step
from .affine import clipped, simplify_index
from .errors import UnsupportedError, problem_at
from .ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from .rules import elementwise

CHEAP = 4


@dataclass
class Slot:
    """Where kept values stand: an array over the trips of the enclosing loops, or a stack with its height."""

    name: str
    index: tuple[Expr, ...]
    height: str | None
    kind: Kind

    def keep(self, value: Expr) -> list[Stmt]:
        """Return the statements that keep a value."""
        if self.height is None:
            return [Store(self.name, self.index, value)] if self.index else [Let(self.name, value)]
        up = Let(self.height, Op("add", (Name(self.height), Const(1)), (("inplace", True),)))
        return [self.room(), Store(self.name, (Name(self.height),), value), up]

    def room(self) -> Stmt:
        """Return the statement that makes room on the stack where it is full."""
        assert self.height is not None
        full = Op("eq", (Name(self.height), Op("shape", (Name(self.name),), (("axis", 0),))))
        return If(full, (ir.Grow(self.name),))

    def descend(self) -> list[Stmt]:
        if self.height is None:
            return []
        return [Let(self.height, Op("sub", (Name(self.height), Const(1)), (("inplace", True),)))]

    def value(self) -> Expr:
        """Return the expression of the kept value, after `descend`."""
        if self.height is None:
            return Sub(Name(self.name), self.index) if self.index else Name(self.name)
        return Sub(Name(self.name), (Name(self.height),))


def contents(array: str) -> str:
    """Return the fact that stands for the contents of an array, as `a[]`; its binding and sizes are `a`."""
    return f"{array}[]"


def facts_of(expr: Expr, kinds, bars) -> set[str]:
    """Return the primal facts an expression reads."""
    found: set[str] = set()

    def visit(e: Expr):
        if isinstance(e, Name):
            if e.id in kinds and e.id not in bars:
                found.add(e.id)
                if kinds[e.id].rank:
                    found.add(contents(e.id))
        elif isinstance(e, Op) and e.fn in ("shape", "len", "size", "overlap", "np.zeros_like", "np.empty_like"):
            found.update(n for n in ir.names_in(*e.args) if n in kinds and n not in bars)
        else:
            for c in ir.children(e):
                visit(c)

    visit(expr)
    return found


def facts_of_code(code, kinds, bars) -> set[str]:
    """Return the primal facts that adjoint statements read."""
    found: set[str] = set()
    own = ir.bound_in(code)
    for stmt in ir.statements(code):
        for e in ir.exprs_of(stmt):
            found |= facts_of(e, kinds, bars)
    return found - own


class Recorder:
    """Decides for every step what is kept and what is rebuilt, and allocates the slots."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], bars: set[str], fresh: ir.Fresh, dims):
        self.function, self.kinds, self.bars, self.fresh, self.dims = function, kinds, bars, fresh, dims
        counts: dict[str, int] = {}
        for s in ir.statements(function.body):
            for n in ir.binds(s):
                counts[n] = counts.get(n, 0) + 1
        self.single = {n for n, c in counts.items() if c == 1 and n not in function.params}
        self.grown = {contents(s.base) for s in ir.statements(function.body) if isinstance(s, ir.Grow)}
        self.temps: set[str] = set()
        self.slot_kinds: dict[str, Kind] = {}

    def run(self, steps: list[Step]):
        """Fill in `kept`, `loads`, `rebuilds` and `entry` of all steps, and the allocations before outermost loops."""
        self.steps = steps
        self.reads: dict[int, set[str]] = {}
        self.collect(steps)
        for _ in range(10):
            # what is kept may give a branch or loop a reverse that it had not, and its test a reader
            reversed_before = self.reversal(steps)
            self.forget_temps(steps)
            self.plan_temps(steps, ())
            self.settle(steps)
            if self.reversal(steps) == reversed_before:
                break
        mark_trips(steps, self.fresh)
        self.assign_slots(steps, ())

    def settle(self, steps):
        """Decide what is kept until nothing changes: keeping a value reads the place it is kept from."""
        for _ in range(20):
            before = self.decisions(steps)
            self.block(steps, set(), ())
            if self.decisions(steps) == before:
                return

    def reversal(self, steps):
        return [(s.has_reverse, self.reversal(s.body), self.reversal(s.other)) for s in steps]

    def forget_temps(self, steps):
        self.temps = set()
        for step in steps:
            step.loads, step.rebuilds, step.kept_after = [], [], {}
            self.forget_temps(step.body)
            self.forget_temps(step.other)

    def collect(self, steps):
        for step in steps:
            code = (*step.code, *step.before, *step.end, *step.end_other)
            self.reads[id(step)] = facts_of_code(code, self.kinds, self.bars)
            self.collect(step.body)
            self.collect(step.other)

    def decisions(self, steps):
        return [(bool(s.kept), tuple(s.entry), self.decisions(s.body), self.decisions(s.other)) for s in steps]

    # -- what a step needs and kills
    def needs(self, step: Step) -> set[str]:
        """Return the facts a step's own reverse reads, its blocks included."""
        found = set(self.reads[id(step)])
        if isinstance(step.stmt, Store) and (step.kept or step.code):
            for e in step.stmt.index:
                found |= facts_of(e, self.kinds, self.bars)
        if step.stmt and (step.body or step.other):
            found |= self.header(step)
            for inner in (*step.body, *step.other):
                found |= self.needs(inner)
            if isinstance(step.stmt, For):
                found.discard(step.stmt.var)
        for rebuild in step.rebuilds:
            found |= facts_of(rebuild.value, self.kinds, self.bars)
        return found

    def header(self, step: Step) -> set[str]:
        if not step.has_reverse:
            return set()
        if isinstance(step.stmt, If):
            return facts_of(step.stmt.test, self.kinds, self.bars)
        if isinstance(step.stmt, For):
            found = set()
            for e in (step.stmt.lo, step.stmt.hi, step.stmt.step):
                found |= facts_of(e, self.kinds, self.bars)
            return found
        return set()

    def kills(self, stmt: Stmt) -> set[str]:
        found = set()
        for s in ir.statements((stmt,)):
            found |= set(ir.binds(s))
            if isinstance(s, Let) and self.kinds[s.target].rank:
                found.add(contents(s.target))
            if isinstance(s, Store):
                found.add(contents(s.base))
        return found

    # -- temporaries of a loop body: rebuilt or kept after their definition
    def plan_temps(self, steps: list[Step], loops):
        for step in steps:
            inner = (*loops, step) if step.is_loop else loops
            self.plan_temps(step.body, inner)
            self.plan_temps(step.other, inner)
        if not loops:
            return
        for k in reversed(range(len(steps))):
            stmt = steps[k].stmt
            if not isinstance(stmt, Let):
                continue
            if stmt.target in self.single and self.is_local(stmt.target, steps, k):
                self.plan_temp(steps, k, stmt)
            elif stmt.target not in self.temps and stmt.target not in ir.names_in(stmt.value):
                self.plan_sum(steps, k, stmt.target)

    def is_local(self, name: str, steps, k) -> bool:
        """Return whether all uses of a name are in the block of its definition, after it."""
        inside = sum(name in ir.read_in((s.stmt,)) for s in steps[k + 1 :])
        everywhere = [s for s in ir.statements(self.function.body) if _reads_directly(s, name)]
        here = [s for st in steps[k + 1 :] for s in ir.statements((st.stmt,)) if _reads_directly(s, name)]
        return len(everywhere) == len(here) and inside >= 0

    def plan_temp(self, steps, k, stmt: Let):
        name = stmt.target
        rank = self.kinds[name].rank
        wanted = {name, contents(name)} if rank else {name}
        readers = [j for j in range(k, len(steps)) if self.needs(steps[j]) & wanted]
        if rank:
            if readers or any(contents(name) in self.needs(s) for s in steps[k:]):
                self.temps |= wanted - {contents(name)}
                steps[k].kept_after[name] = True
            return
        if not readers:
            self.temps.add(name)
            return
        self.temps.add(name)
        j = readers[-1]
        if self.can_rebuild(steps, k, j, stmt):
            steps[j].rebuilds.insert(0, Let(name, stmt.value, stmt.loc))
        else:
            steps[k].kept_after[name] = True
            steps[j].loads.insert(0, Let(name, Name(name)))

    def plan_sum(self, steps, k, name: str):
        """Keep the final value of a name that a block starts anew, updates, and only then needs, as a sum."""
        if self.kinds[name].rank or not self.is_local(name, steps, k):
            return
        if any(name in ir.bound_in((s.stmt,)) for s in steps[:k]):
            return
        last = max(j for j in range(k, len(steps)) if name in ir.bound_in((steps[j].stmt,)))
        readers = [j for j in range(k, len(steps)) if name in self.needs(steps[j])]
        if last == k or any(j <= last for j in readers):
            return
        outside = sum(name in ir.binds(s) for s in ir.statements(self.function.body))
        if outside != sum(name in ir.binds(s) for st in steps[k:] for s in ir.statements((st.stmt,))):
            return
        self.temps.add(name)
        if readers:
            steps[last].kept_after[name] = True
            steps[readers[-1]].loads.insert(0, Let(name, Name(name)))

    def can_rebuild(self, steps, k, j, stmt: Let) -> bool:
        if j == k or cost(stmt.value) > CHEAP:
            return False
        killed: set[str] = set()
        for s in steps[k + 1 : j + 1]:
            simple = not s.late and not s.is_loop and not isinstance(s.stmt, If)
            if s is steps[j] and simple and not self.is_address(s.stmt, stmt.target, steps, k):
                continue
            killed |= self.kills(s.stmt)
        return not (facts_of(stmt.value, self.kinds, self.bars) & killed)

    def is_address(self, stmt: Stmt, name: str, steps, k) -> bool:
        """Return whether the place of a store depends on `name`: then it is rebuilt before the store is undone."""
        if not isinstance(stmt, Store):
            return False
        wanted = ir.names_in(*stmt.index)
        for s in reversed(steps[k:]):
            if isinstance(s.stmt, Let) and s.stmt.target in wanted:
                wanted |= ir.names_in(s.stmt.value)
        return name in wanted

    # -- forward over the program with the facts needed by what lies before
    def block(self, steps, needed: set[str], loops) -> set[str]:
        for step in steps:
            needed = self.step(step, needed, loops)
        return needed

    def own_reads(self, step: Step) -> set[str]:
        found = set(self.reads[id(step)])
        for e in step.rebuilds:
            found = (found - {e.target}) | facts_of(e.value, self.kinds, self.bars)
        return found - self.temps

    def step(self, step: Step, needed: set[str], loops) -> set[str]:
        stmt = step.stmt
        reads = self.own_reads(step)
        if step.is_loop:
            return self.loop(step, needed | reads, loops)
        if isinstance(stmt, If):
            then = self.block(step.body, needed | reads, loops)
            other = self.block(step.other, needed | reads, loops)
            return then | other | (self.header(step) - self.temps)
        if isinstance(stmt, Let):
            name = stmt.target
            own = {name, contents(name)} if self.kinds[name].rank else {name}
            earlier = needed | (reads - own if step.late else reads)
            if name not in self.temps:
                if self.kinds[name].rank:
                    self.check_rebound(step, earlier, loops)
                else:
                    step.kept = name in earlier or None
            return (earlier - own) | (reads & own if step.late else set())
        if isinstance(stmt, Store):
            fact = contents(stmt.base)
            earlier = needed | (reads - {fact} if step.late else reads)
            step.kept = fact in earlier or None
            result = earlier | reads
            if step.kept or step.code:
                for e in stmt.index:
                    result |= facts_of(e, self.kinds, self.bars) - self.temps
            return result
        return needed | reads

    def check_rebound(self, step: Step, earlier, loops):
        assert isinstance(step.stmt, Let)
        name = step.stmt.target
        if loops and ({name, contents(name)} & earlier):
            raise UnsupportedError(
                problem_at(step.stmt.loc, f"the array {name!r} made in a loop is needed after the loop in reverse",
                           f"allocate {name!r} before the loop and write into it")
            )  # fmt: skip

    def loop(self, step: Step, needed: set[str], loops) -> set[str]:
        stmt = step.stmt
        inner = (*loops, step)
        own: set[str] = set()
        safe = set()
        if isinstance(stmt, For):
            arrays = ir.stored_in(stmt.body)
            safe = {contents(a) for a in arrays if never_rereads(stmt, a)}
        killed = self.kills(stmt)
        # elements written once each are kept one by one, and those of an array that grows, whose copy has no size
        # known before; what is written again and again is copied before the loop
        inherited = needed & (safe | self.grown)
        while True:
            out = self.block(step.body, (own - safe) | inherited, inner)
            if isinstance(stmt, For):
                out.discard(stmt.var)
            if out <= own:
                break
            own |= out
        overwritten = (needed & killed) - (own & (killed - safe)) - self.temps - inherited
        step.entry = sorted(overwritten)
        result = (needed - set(step.entry)) | own
        return result | (self.header(step) - self.temps)

    # -- slots
    def assign_slots(self, steps, loops):
        for step in steps:
            inner = (*loops, step) if step.is_loop else loops
            self.assign_slots(step.body, inner)
            self.assign_slots(step.other, inner)
            stmt = step.stmt
            if step.kept is True:
                name = stmt.target if isinstance(stmt, Let) else stmt.base
                step.kept = self.slot(name, Kind(self.kinds[name].dtype), loops)
            for name in step.kept_after:
                step.kept_after[name] = self.slot(name, self.kinds[name], loops)
            if step.trips and loops:
                step.trips_slot = self.slot(step.trips, Kind("int64"), loops)
            step.entry = [(fact, self.entry_slot(fact, step, loops)) for fact in step.entry]

    def entry_slot(self, fact: str, step: Step, loops):
        name = fact.removesuffix("[]")
        kind = self.kinds[name]
        if fact == name and kind.rank:
            raise UnsupportedError(problem_at(step.stmt.loc, f"the array {name!r} is bound anew", "use two names"))
        if not kind.rank:
            return self.slot(name, kind, loops)
        return self.slot(name, kind, loops)

    def slot(self, name: str, kind: Kind, loops) -> Slot:
        """Return a slot for values kept inside the given loops."""
        base = self.fresh(f"{name}_rec" if loops else f"{name}_old")
        self.slot_kinds[base] = Kind(kind.dtype, kind.rank + len(loops))
        if not loops:
            return Slot(base, (), None, kind)
        counted = [trip_count(s.stmt, loops, self.kinds) for s in loops]
        trips = [t for t in counted if t is not None]
        rank = kind.rank
        if rank:
            sizes = self.invariant_sizes(name, loops)
        else:
            sizes = ()
        static = () if kind.dtype == "float64" else (("dtype", kind.dtype),)
        if len(trips) == len(loops):
            index = tuple(t[1] for t in trips)
            loops[0].allocations.append(Let(base, Op("np.empty", (*(t[0] for t in trips), *sizes), static)))
            return Slot(base, index, None, kind)
        height = self.fresh(f"{name}_n")
        self.slot_kinds[base], self.slot_kinds[height] = Kind(kind.dtype, 1 + rank), Kind("int64")
        loops[0].allocations.append(Let(base, Op("np.empty", (Const(8), *sizes), static)))
        loops[0].allocations.append(Let(height, Const(0)))
        return Slot(base, (), height, kind)

    def invariant_sizes(self, name: str, loops) -> tuple[Expr, ...]:
        """Return the sizes of an array as expressions known before the outermost loop."""
        outer = loops[0].stmt
        bound = ir.bound_in((outer,))
        sizes = []
        for d in range(self.kinds[name].rank):
            known = self.dims.get(name)
            size = known[d] if known else Op("shape", (Name(name),), (("axis", d),))
            if ir.names_in(size) & bound or contents(name) in self.grown:
                raise UnsupportedError(
                    problem_at(outer.loc, f"the array {name!r} changes its size in this loop and is needed in reverse",
                               f"allocate {name!r} before the loop, as large as it gets")
                )  # fmt: skip
            sizes.append(size)
        return tuple(sizes)


def cost(expr: Expr) -> int:
    """Return how much it costs to compute an expression again, in simple operations."""
    own = 0
    if isinstance(expr, Op):
        row = elementwise.BY_SPELLING.get(expr.fn)
        heavy = (
            (expr.fn == "pow" and not isinstance(expr.args[1], Const))
            or (row is not None and row.transcendental)
            or not elementwise.is_elementwise(expr.fn)
        )
        own = 10 if heavy and expr.fn not in ("shape", "len", "size") else 3 if expr.fn == "div" else 1
    return own + sum(cost(e) for e in ir.children(expr))


def trip_count(stmt, loops, kinds) -> tuple[Expr, Expr] | None:
    """Return (number of trips, number of the present trip) of a counted loop whose bounds do not change, else None."""
    if not isinstance(stmt, For) or not isinstance(stmt.step, Const) or stmt.step.value not in (1, -1):
        return None
    outer = loops[0].stmt
    bound = ir.bound_in((outer,))
    stored = ir.stored_in((outer,))
    for e in (stmt.lo, stmt.hi):
        if ir.names_in(e) & bound or any(isinstance(x, Sub) and ir.names_in(x) & stored for x in ir.walk(e)):
            return None
    lo, hi, var = stmt.lo, stmt.hi, Name(stmt.var)
    if stmt.step.value == 1:
        if isinstance(lo, Const) and 0 <= lo.value <= 2:
            return clipped(hi), var
        return clipped(Op("sub", (hi, lo))), simplify_index(Op("sub", (var, lo)))
    return clipped(Op("sub", (lo, hi))), simplify_index(Op("sub", (lo, var)))


def _reads_directly(stmt: Stmt, name: str) -> bool:
    return name in ir.names_in(*ir.exprs_of(stmt)) or (isinstance(stmt, Store) and stmt.base == name)


def mark_trips(steps: list[Step], fresh):
    """Give every loop whose trips are known only when it ends a counter."""
    for step in steps:
        mark_trips(step.body, fresh)
        mark_trips(step.other, fresh)
        stmt = step.stmt
        counted = isinstance(stmt, For) and not _breaks(stmt.body) and isinstance(stmt.step, Const)
        if step.is_loop and step.has_reverse and not counted:
            step.trips = fresh("trips")


def _breaks(block) -> bool:
    for stmt in block:
        if isinstance(stmt, ir.Break):
            return True
        if isinstance(stmt, If) and (_breaks(stmt.then) or _breaks(stmt.other)):
            return True
    return False
