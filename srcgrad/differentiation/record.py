"""To-be-recorded analysis: which primal values reverse needs, and how each comes back.

Invariant: where a statement is reversed, every primal name and array has the value it had just before the statement
(just after it, for a late step). In this order: not needed; rebuilt from what stands there; kept in a slot.
"""

from __future__ import annotations

from collections.abc import Set

from ..analysis.access import SIZES_ONLY, never_rereads, repeats
from ..analysis.writes import first_writes
from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.blocks import exposed_reads
from ..language.calls import is_call
from ..language.costs import cost
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, Sub, Unpack
from ..rules import draws
from .adjoint import Step
from .slots import Slots
from .unread import unread_writes

CHEAP = 8
PLACES = (Name, Const, Op, Select)
FRESH = ("np.empty", "np.empty_like")


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
        elif isinstance(e, Op) and e.fn in SIZES_ONLY:
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
    """Decides for every step what is kept, and where, and what is rebuilt."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], bars: set[str], fresh: ir.Fresh, dims,
                 tests: Set[str] = frozenset()):  # fmt: skip
        self.function, self.kinds, self.bars, self.tests = function, kinds, bars, tests
        counts: dict[str, int] = {}
        for s in ir.statements(function.body):
            for n in ir.binds(s):
                counts[n] = counts.get(n, 0) + 1
        self.growing = {contents(s.base) for s in ir.statements(function.body) if isinstance(s, ir.Grow)}
        self.single = {n for n, c in counts.items() if c == 1 and n not in function.params}
        self.called = {n for s in ir.statements(function.body) if is_call(s) for n in ir.binds(s)}
        self.first_writes = first_writes(function.body)
        self.unread: set[int] = set()
        self.temps: set[str] = set()
        grown = {fact.removesuffix("[]") for fact in self.growing}
        self.slots = Slots(kinds, fresh, dims, self.single - grown, self.integers_bound_once())

    def integers_bound_once(self) -> dict[str, Expr]:
        """Return what integer names that are bound once stand for, where that is arithmetic on names."""
        lets = [s for s in ir.statements(self.function.body) if isinstance(s, Let) and s.target in self.single]
        lets = [s for s in lets if self.kinds[s.target] == Kind("int64")]
        pure = [s for s in lets if all(isinstance(e, PLACES) and not _is_drawn(e) for e in ir.walk(s.value))]
        return {s.target: s.value for s in pure}

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
            self.unread = unread_writes(self.function.body, steps)
            self.settle(steps)
            if self.reversal(steps) == reversed_before:
                break
        self.slots.fill(steps)

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
            step.loads, step.rebuilds, step.kept_after, step.reasons = [], [], {}, {}
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
            if step.is_checkpointed:
                found |= self.run_again(step)
            for inner in (*step.body, *step.other):
                found |= self.needs(inner)
            if isinstance(step.stmt, For):
                found.discard(step.stmt.var)
        return found | facts_of_code(step.rebuilds, self.kinds, self.bars)

    def header(self, step: Step) -> set[str]:
        if not step.has_reverse:
            return set()
        if isinstance(step.stmt, If):
            return facts_of(step.stmt.test, self.kinds, self.bars)
        if isinstance(step.stmt, For):
            found = set()
            for e in ir.exprs_of(step.stmt):
                found |= facts_of(e, self.kinds, self.bars)
            return found
        return set()

    def kills(self, stmt: Stmt, harmless: Set[int] = frozenset()) -> set[str]:
        """Return the facts that a statement changes, but for what `harmless` stores overwrite."""
        found = set()
        for s in ir.statements((stmt,)):
            found |= set(ir.binds(s))
            if not isinstance(s, For):
                found |= {contents(n) for n in ir.binds(s) if self.kinds[n].rank}
            if isinstance(s, Store) and id(s) not in self.first_writes | harmless:
                found.add(contents(s.base))
        return found

    # -- temporaries of a loop body: rebuilt or kept after their definition
    def plan_temps(self, steps: list[Step], loops):
        for step in steps:
            inner = step.recorded_in(loops)
            self.plan_temps(step.body, inner)
            self.plan_temps(step.other, inner)
        if not loops:
            return
        for k in reversed(range(len(steps))):
            stmt = steps[k].stmt
            if isinstance(stmt, Unpack):
                for name in stmt.targets:
                    if name in self.single and self.is_local(name, steps, k):
                        self.plan_temp(steps, k, name, None)
            if not isinstance(stmt, Let):
                continue
            if stmt.target in self.single and self.is_local(stmt.target, steps, k):
                self.plan_temp(steps, k, stmt.target, stmt)
            elif stmt.target not in self.temps and stmt.target not in ir.names_in(stmt.value):
                self.plan_sum(steps, k, stmt.target)

    def is_local(self, name: str, steps, k) -> bool:
        """Return whether all uses of a name are in the block of its definition, after it."""
        inside = sum(name in ir.read_in((s.stmt,)) for s in steps[k + 1 :])
        everywhere = [s for s in ir.statements(self.function.body) if _reads_directly(s, name)]
        here = [s for st in steps[k + 1 :] for s in ir.statements((st.stmt,)) if _reads_directly(s, name)]
        return len(everywhere) == len(here) and inside >= 0

    def plan_temp(self, steps, k, name: str, let: Let | None):
        """Keep or rebuild a name that a statement binds; one of several results is not rebuilt."""
        rank = self.kinds[name].rank
        wanted = {name, contents(name)} if rank else {name}
        readers = [j for j in range(k, len(steps)) if self.needs(steps[j]) & wanted]
        if rank:
            if not readers:
                return
            self.temps.add(name)
            making = self.making(steps, k, name)
            why_not = "its elements cost more than one cheap nest" if making is None else self.changed(
                steps, k, readers[-1], facts_of_code(making, self.kinds, self.bars) - wanted, name
            )
            if making is not None and not why_not:
                steps[readers[-1]].rebuilds[:0] = making
            else:
                steps[k].kept_after[name] = True
                steps[k].reasons[name] = why_not
            return
        if not readers:
            self.temps.add(name)
            return
        self.temps.add(name)
        j = readers[-1]
        why_not = self.obstacle(steps, k, j, let)
        if let is not None and not why_not:
            steps[j].rebuilds.insert(0, Let(name, let.value, let.loc))
        else:
            steps[k].kept_after[name] = True
            steps[k].reasons[name] = why_not
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

    def obstacle(self, steps, k, j, stmt: Let | None) -> str:
        """Return why what step k sets cannot be computed again before the reverse of step j; '' where it can."""
        if stmt is None or ir.names_in(stmt.value) & self.called:
            return "it comes from a call"
        if j == k:
            return "its own reverse reads it"
        if stmt.target in self.tests:
            return "it takes less room than what it compares"
        if isinstance(stmt.value, Op) and draws.is_draw(stmt.value.fn):
            return "random numbers are drawn once"
        # arithmetic of places is cheaper than the memory that keeps them
        place = self.kinds[stmt.target] == Kind("int64") and all(isinstance(e, PLACES) for e in ir.walk(stmt.value))
        if cost(stmt.value) > (4 * CHEAP if place else CHEAP):
            return "it costs more to compute again than to keep"
        killed: set[str] = set()
        for s in steps[k + 1 : j + 1]:
            simple = not s.late and not s.is_loop and not isinstance(s.stmt, If)
            if s is steps[j] and simple and not self.is_address(s.stmt, stmt.target, steps, k):
                continue
            killed |= self.kills(s.stmt)
        return _changed(facts_of(stmt.value, self.kinds, self.bars) & killed)

    def making(self, steps, k, name: str) -> list[Stmt] | None:
        """Return the statements that make an array of a trip: an allocation and a nest of one cheap store."""
        made = steps[k].stmt
        writers = [s.stmt for s in steps[k + 1 :] if name in ir.stored_in((s.stmt,))]
        fresh = isinstance(made, Let) and isinstance(made.value, Op) and made.value.fn in FRESH
        if not fresh or len(writers) != 1 or ir.stored_in(tuple(writers)) != {name}:
            return None
        inner, counters = writers[0], []
        while isinstance(inner, For) and len(inner.body) == 1 and not inner.other and inner.schedule is None:
            counters.append(Name(inner.var))
            inner = inner.body[0]
        if not isinstance(inner, Store) or inner.op != "=" or cost(inner.value) > CHEAP:
            return None
        each = len(counters) == self.kinds[name].rank and set(inner.index) == set(counters)
        return [made, writers[0]] if each and name not in ir.names_in(inner.value) else None

    def changed(self, steps, k, j, facts: set[str], name: str) -> str:
        """Return which of the facts that make an array are no longer there where step j is reversed; '' if all are."""
        killed = set().union(*(self.kills(s.stmt) for s in steps[k + 1 : j + 1])) - {name, contents(name)}
        return _changed(facts & killed)

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
        for r in step.rebuilds:
            found = (found - (set(ir.binds(r)) or {contents(a) for a in ir.stored_in((r,))})) | facts_of_code(
                (r,), self.kinds, self.bars
            )
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
                    self.check_rebound(step, name, earlier, loops)
                else:
                    step.kept = name in earlier or None
            return (earlier - own) | (reads & own if step.late else set())
        if isinstance(stmt, Unpack):
            own = {fact for n in stmt.targets for fact in (n, contents(n))}
            earlier = needed | (reads - own if step.late else reads)
            for name in set(stmt.targets) - self.temps:
                self.check_rebound(step, name, earlier, loops)
            return (earlier - own) | (reads & own if step.late else set())
        if isinstance(stmt, Store):
            fact = contents(stmt.base)
            earlier = needed | (reads - {fact} if step.late else reads)
            step.kept = (fact in earlier and id(stmt) not in self.first_writes | self.unread) or None
            # an element that it alone reads again it puts back itself: later stores need not keep it
            own = {fact} if step.kept and not step.late and reads_own_element(step) else set()
            result = needed | (reads - own)
            if step.kept or step.code:
                for e in stmt.index:
                    result |= facts_of(e, self.kinds, self.bars) - self.temps
            return result
        return needed | reads

    def check_rebound(self, step: Step, name: str, earlier, loops):
        if loops and ({name, contents(name)} & earlier):
            raise UnsupportedError(
                problem_at(step.stmt.loc, f"the array {name!r} made in a loop is needed after the loop in reverse",
                           f"allocate {name!r} before the loop and write into it")
            )  # fmt: skip

    def loop(self, step: Step, needed: set[str], loops) -> set[str]:
        if step.is_checkpointed:
            return self.checkpointed_loop(step, needed, loops)
        stmt, around = step.stmt, tuple(s.stmt for s in loops)
        inner = (*loops, step)
        own: set[str] = set()
        safe = set()
        if isinstance(stmt, For):
            arrays = ir.stored_in(stmt.body)
            safe = {contents(a) for a in arrays if never_rereads(stmt, a, around)}
        killed = self.kills(stmt, self.unread)
        # elements written once each, and those of an array that gets longer, are kept one by one; what else is written
        # again and again is copied before the loop
        inherited = needed & (safe | self.growing)
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


    # -- loops that are run again from the states kept of them
    def checkpointed_loop(self, step: Step, needed: set[str], loops) -> set[str]:
        stmt, around = step.stmt, tuple(s.stmt for s in loops)
        assert isinstance(stmt, For)
        check_repeatable(stmt)
        safe = {contents(a) for a in ir.stored_in(stmt.body) if repeats(stmt, a, around)}
        own: set[str] = set()
        while True:
            out = self.block(step.body, own - safe, step.recorded_in(loops)) - {stmt.var}
            if out <= own:
                break
            own |= out
        killed = self.kills(stmt)
        step.state = sorted(carried(stmt, self.kinds) - safe)
        # inside other loops the state on entry is kept, and the loop run again on the way back to keep the others
        step.entry = sorted((needed & killed - self.temps) | (set(step.state) if loops else set()))
        again = (own | self.run_again(step) | safe) - (killed - safe)
        return (needed - set(step.entry)) | again | (self.header(step) - self.temps)

    def run_again(self, step: Step) -> set[str]:
        """Return the facts that a run of a loop's body reads, but for what the body sets."""
        assert isinstance(step.stmt, For)
        found = {f for s in ir.statements(step.stmt.body) for e in ir.exprs_of(s) for f in facts_of(e, self.kinds, ())}
        return found | ir.stored_in(step.stmt.body) - self.kills(step.stmt)


def _changed(facts: set[str]) -> str:
    lost = sorted({f.removesuffix("[]") for f in facts})
    return f"{', '.join(lost)} changed before it is read again" if lost else ""


def reads_own_element(step: Step) -> bool:
    """Return whether the adjoint of a store reads no element of its array but the one stored."""
    stmt = step.stmt
    assert isinstance(stmt, Store)
    found = [stmt.base not in ir.read_in((r,)) for r in step.rebuilds]

    def visit(e: Expr):
        if isinstance(e, Sub) and e.base == Name(stmt.base):
            found.append(e.index == stmt.index and stmt.base not in ir.names_in(*e.index))
        elif e == Name(stmt.base):
            found.append(False)
        elif not (isinstance(e, Op) and e.fn in SIZES_ONLY):
            for c in ir.children(e):
                visit(c)

    for s in ir.statements(tuple(step.code)):
        for e in ir.exprs_of(s):
            visit(e)
    return all(found)


def carried(stmt: For, kinds: dict[str, Kind]) -> set[str]:
    """Return the facts that a trip of a loop may take over from the trip before."""
    bound = ir.bound_in(stmt.body)
    names = {n for n in bound & exposed_reads(stmt.body) if not kinds[n].rank} - {stmt.var}
    return names | {contents(a) for a in ir.stored_in(stmt.body) - bound}


def check_repeatable(stmt: For):
    """Raise where a loop cannot be run again: it draws random numbers, or makes an array longer."""
    for s in ir.statements(stmt.body):
        drawn = any(_is_drawn(e) for x in ir.exprs_of(s) for e in ir.walk(x))
        if drawn or isinstance(s, ir.Do):
            raise UnsupportedError(problem_at(s.loc, "random numbers are drawn in a checkpointed loop",
                                              "draw them before the loop, into an array"))  # fmt: skip
        if isinstance(s, ir.Grow):
            raise UnsupportedError(problem_at(s.loc, "a list grows in a checkpointed loop",
                                              "write into an array made before the loop"))  # fmt: skip


def _is_drawn(e: Expr) -> bool:
    return isinstance(e, Op) and draws.is_draw(e.fn)


def _reads_directly(stmt: Stmt, name: str) -> bool:
    return name in ir.names_in(*ir.exprs_of(stmt)) or (isinstance(stmt, Store) and stmt.base == name)
