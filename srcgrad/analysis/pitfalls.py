"""Find where a derivative is right and perhaps not what its reader expects: steps, jumps, tests of equality.

A step (`int`, `floor`, a comparison, a branch between constants) has derivative zero. That is ordinary where the value
also flows around it: `x - np.floor(x)`, a weight beside an index, `-1.0 if x < 0.0 else 1.0` as a factor. It is
reported where the step's value reaches the result without meeting an active one in such a way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import Problem, problem_at
from ..language import ir
from ..language.dependence import differentiable_leaves, passes
from ..language.ir import Break, Const, Expr, If, Kind, Let, Name, Op, Raise, Select, Stmt, Store, Sub, While
from ..language.kinds import kind_of
from ..rules import arrays, elementwise
from .activity import takes_names, varied

# how the value of a step meets an active one: in a difference or quotient, by an index, else; lost: it never does
APART, INDEX, SUM, OTHER, LOST, TRIPS = "difference", "index", "sum", "other", "lost", "trips"


@dataclass(frozen=True)
class Row:
    """A kind of step: what is said of it, what to do, and which meetings with an active value make it ordinary."""

    what: str
    way_out: str
    ordinary: frozenset[str]


_ANYWHERE = frozenset({APART, INDEX, OTHER, TRIPS})
_OF = "{} of a value that is differentiated: its derivative is zero"
ROUNDING = Row(_OF, "interpolate, or leave the rounding out; of stop_gradient(...) it is zero on purpose",
               frozenset({APART}))  # fmt: skip
SELECTING = Row(_OF, "use a smooth function; of stop_gradient(...) it is zero on purpose", _ANYWHERE)
COMPARISON = Row("a comparison of a value that is differentiated stands for a number: its derivative is zero",
                 "use a smooth function; with stop_gradient(...) in the comparison it is zero on purpose",
                 _ANYWHERE)  # fmt: skip
STORING = Row("a value that is differentiated is stored in an array of integers: its derivative is zero",
              "make the array one of floats; of stop_gradient(...) it is zero on purpose",
              frozenset({APART}))  # fmt: skip
JUMP = Row("a value that is differentiated decides between constants: the derivative is zero",
           "blend the sides smoothly; with stop_gradient(...) in the test it is zero on purpose",
           _ANYWHERE)  # fmt: skip
EQUALITY = (
    "equality with a value that is differentiated chooses a branch: at that one point the slope of the branch counts",
    "give the branch the slope of the curve around it; with stop_gradient(...) in the test it is meant so",
)

_ROUNDING = {"int", "np.int64", "np.int32", "round", "floordiv"}
_SIGNS = {"sign", "gammasgn"}
_ROUNDING_ROWS = {"floor", "ceil", "trunc", "rint", "floor_divide"}


def find_pitfalls(function: ir.Function, kinds: dict[str, Kind], wrt: tuple[str, ...]) -> tuple[Problem, ...]:
    """Return what a reader should know of the derivative of a lowered function by the parameters `wrt`, by line.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(x, table):\\n    k = int(x)\\n    return table[k]")
    >>> kinds = {"x": Kind("float64"), "k": Kind("int64"), "table": Kind("float64", 1)}
    >>> [p.what for p in find_pitfalls(f, kinds, ("x",))]
    ['int() of a value that is differentiated: its derivative is zero']
    """
    return _Linter(function, kinds, varied(function, kinds, wrt, passes_smoothly)).run()


def row_name(e: Op) -> str:
    """Return the name of an operation in the tables, under whatever spelling it is called."""
    row = elementwise.BY_SPELLING.get(e.fn)
    return row.name if row else e.fn


def is_rounding(e: Op) -> bool:
    """Return whether an operation maps numbers to whole numbers."""
    return e.fn in _ROUNDING or row_name(e) in _ROUNDING_ROWS


def passes_smoothly(e: Op) -> bool:
    """Return whether an operation passes a derivative on that is not zero everywhere."""
    return passes(e) and not is_rounding(e) and row_name(e) not in _SIGNS


class _Linter:
    def __init__(self, function: ir.Function, kinds: dict[str, Kind], active: frozenset[str]):
        self.function, self.kinds, self.active = function, kinds, active
        self.statements = list(ir.statements(function.body))
        self.live = self.reaching_result()
        self.flags = self.active_flags()
        self.readers: dict[str, list[Stmt]] = {}
        for stmt in self.statements:
            for name in {x.id for e in _values(stmt) for x in _carried(e) if isinstance(x, Name)}:
                self.readers.setdefault(name, []).append(stmt)
        self.found: dict[tuple, Problem] = {}

    def run(self) -> tuple[Problem, ...]:
        for stmt in self.statements:
            if isinstance(stmt, If | While):
                self.branch(stmt)
            elif isinstance(stmt, Store) and not self.kinds[stmt.base].is_float and self.leaves(stmt.value):
                self.judge(STORING, self.follow({stmt.base}), stmt.loc)
            for e in _values(stmt):
                if not isinstance(stmt, Let | Store) or _target(stmt) in self.live:
                    self.expression(e, stmt)
        return tuple(self.found.values())

    def report(self, loc, what: str, way_out: str):
        if loc is not None and loc.derived:
            return
        key = (loc.file, loc.line, loc.col) if loc else None
        self.found.setdefault((key, what), problem_at(loc, what, way_out))

    # -- facts
    def reaching_result(self) -> set[str]:
        """Return the names whose values go into the result, or into the number of a loop's trips."""
        live: set[str] = set()
        for stmt in self.statements:
            if isinstance(stmt, ir.Return | ir.For):
                live |= ir.names_in(*ir.exprs_of(stmt))
        while True:
            before = len(live)
            for stmt in reversed(self.statements):
                if isinstance(stmt, Let | Store) and _target(stmt) in live:
                    live |= ir.names_in(*ir.exprs_of(stmt))
            if len(live) == before:
                return live

    def active_flags(self) -> set[str]:
        """Return the truth values that an active value decides."""
        self.flags = set()
        truths = [s for s in self.statements if isinstance(s, Let) and self.kinds[s.target].dtype == "bool"]
        while True:
            before = len(self.flags)
            self.flags |= {s.target for s in truths if self.decides(s.value)}
            if len(self.flags) == before:
                return self.flags

    def is_active(self, leaf: Expr) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in self.active

    def leaves(self, e: Expr) -> list[Expr]:
        """Return the active leaves an expression depends on smoothly."""
        if takes_names(e):
            return [Name(n) for n in sorted(ir.names_in(e) & self.active)]
        return differentiable_leaves(e, self.is_active, passes_smoothly)

    def decides(self, test: Expr) -> bool:
        """Return whether the truth of an expression depends on an active value."""
        for e in ir.walk(test):
            if isinstance(e, Name) and e.id in self.flags:
                return True
            if isinstance(e, Op) and e.fn in elementwise.COMPARISONS and any(map(self.leaves, e.args)):
                return True
        return False

    # -- expressions
    def expression(self, e: Expr, stmt: Stmt):
        """Report the steps in a value; a test inside it is looked at with its choice."""
        if isinstance(e, Select):
            self.choice(e, stmt)
        elif isinstance(e, Op):
            self.operation(e, stmt)
        for c in _parts(e):
            self.expression(c, stmt)

    def operation(self, e: Op, stmt: Stmt):
        if e.fn in ("np.argmax", "np.argmin"):
            if ir.names_in(e.args[0]) & self.active:
                self.step(SELECTING, e, stmt)
        elif not any(map(self.leaves, e.args)):
            return
        elif is_rounding(e):
            self.step(ROUNDING, e, stmt)
        elif row_name(e) in _SIGNS:
            self.step(SELECTING, e, stmt)
        elif e.fn in elementwise.COMPARISONS:
            self.step(COMPARISON, e, stmt)

    def choice(self, e: Select, stmt: Stmt):
        loc = e.test.loc or e.loc or stmt.loc
        constant = e.then != e.other and not self.leaves(e.then) and not self.leaves(e.other)
        if not self.equality(e.test, loc) and constant and self.decides(e.test):
            self.step(JUMP, e, stmt, loc)

    def step(self, row: Row, e: Expr, stmt: Stmt, loc=None):
        reached: set[str] = set()
        meetings = self.pass_on(stmt, lambda x: x is e, reached) | self.follow(reached)
        fn = "" if not isinstance(e, Op) else "//" if row_name(e) in ("floordiv", "floor_divide") else f"{e.fn}()"
        self.judge(row, meetings, loc or e.loc or stmt.loc, fn)

    def judge(self, row: Row, meetings: set[str], loc, fn: str = ""):
        """Report a step unless it meets active values in a way that is ordinary, or does not go on at all."""
        if meetings and not meetings & row.ordinary:
            self.report(loc, row.what.format(fn), row.way_out)

    # -- branches
    def branch(self, stmt: If | While):
        changed = [s for b in ir.blocks_of(stmt) for s in ir.statements(b) if isinstance(s, Let | Store)]
        changed = [s for s in changed if _target(s) in self.live]
        loc = stmt.test.loc or stmt.loc
        leaves = isinstance(stmt, While) or any(b and isinstance(b[-1], Break | Raise) for b in ir.blocks_of(stmt))
        if not changed or (not leaves and self.equality(stmt.test, loc)) or not self.decides(stmt.test):
            return
        active = [s for s in changed if _target(s) in self.active]
        if not all(self.adds_constant(s) and _written_inside(s, stmt) for s in active):
            return
        meetings = self.follow({_target(s) for s in changed} - self.active) | ({SUM} if active else set())
        searched = any(isinstance(e, Op) and e.fn == "ne" and e.args[0] == e.args[1] for e in ir.walk(stmt.test))
        self.judge(SELECTING if searched else JUMP, meetings, loc, "argmax or argmin")

    def adds_constant(self, stmt: Let | Store) -> bool:
        """Return whether a statement moves an active value by a constant."""
        if isinstance(stmt, Store):
            return stmt.op != "=" and not self.leaves(stmt.value)
        value = stmt.value
        moves = isinstance(value, Op) and value.fn in ("add", "sub") and value.args[0] == Name(stmt.target)
        return moves and isinstance(value, Op) and not self.leaves(value.args[1])

    def equality(self, test: Expr, loc) -> bool:
        """Report a test of equality with an active value; return whether there is one."""
        for e in ir.walk(test):
            if not (isinstance(e, Op) and e.fn in ("eq", "ne") and any(map(self.leaves, e.args))):
                continue
            a, b = e.args
            if a != b and not any(isinstance(x, Const) and x.value in _INFINITE for x in (a, b)):
                self.report(e.loc or loc, *EQUALITY)
                return True
        return False

    # -- where a value goes
    def follow(self, names: set[str]) -> set[str]:
        """Return how the values of names meet active ones on the way to the result."""
        reached, waiting = set(names), sorted(names)
        meetings: set[str] = set()

        def is_reached(e: Expr) -> bool:
            return isinstance(e, Name) and e.id in reached

        while waiting:
            for stmt in self.readers.get(waiting.pop(), ()):
                new: set[str] = set()
                meetings |= self.pass_on(stmt, is_reached, new)
                waiting += sorted(new - reached)
                reached |= new
        return meetings

    def pass_on(self, stmt: Stmt, is_step: Callable[[Expr], bool], reached: set[str]) -> set[str]:
        """Return how a step in a statement meets an active value; `reached` gets the name that carries it on."""

        def touched(e: Expr) -> bool:
            return any(map(is_step, _carried(e)))

        if isinstance(stmt, ir.For):
            return {TRIPS}
        if isinstance(stmt, ir.Return):
            items = stmt.value.items if isinstance(stmt.value, ir.Tuple) else (stmt.value,)
            items = tuple(e for e in items if touched(e) and kind_of(e, self.kinds).is_float)
            return {self.meeting(e, touched) if self.leaves(e) else LOST for e in items}
        assert isinstance(stmt, Let | Store), stmt
        if _target(stmt) not in self.live:
            return set()
        if self.leaves(stmt.value):
            return {self.meeting(stmt.value, touched) if touched(stmt.value) else INDEX}
        if isinstance(stmt, Store) and stmt.op != "=" and stmt.base in self.active:
            return {SUM}
        reached.add(_target(stmt))
        return set()

    def meeting(self, value: Expr, touched) -> str:
        """Return how a step and an active value meet in an expression that has both."""
        for e in ir.walk(value):
            if not isinstance(e, Op) or e.fn not in ("sub", "div", "mod"):
                continue
            if any(touched(a) and self.leaves(b) for a, b in (e.args, e.args[::-1])):
                return APART
        if any(isinstance(e, Sub) and any(map(touched, e.index)) for e in self.leaves(value)):
            return INDEX
        return SUM if self.is_term(value, touched) else OTHER

    def is_term(self, e: Expr, touched) -> bool:
        """Return whether the step is a term of its own beside the active ones."""
        if not touched(e) or not self.leaves(e):
            return True
        return isinstance(e, Op) and e.fn in ("add", "sub", "neg") and all(self.is_term(a, touched) for a in e.args)


_SIZES = ("shape", "len", "size", "np.zeros_like", "np.empty_like", "np.ones_like")
_INFINITE = (float("inf"), float("-inf"))


def _written_inside(stmt: Stmt, branch: Stmt) -> bool:
    """Return whether a statement of a branch stood there in the source, and did not follow one that breaks off."""
    inner, outer = stmt.loc, branch.loc
    return inner is None or outer is None or inner.file != outer.file or inner.col > outer.col


def _target(stmt: Let | Store) -> str:
    return stmt.target if isinstance(stmt, Let) else stmt.base


def _values(stmt: Stmt) -> tuple[Expr, ...]:
    """Return the expressions of a statement whose values go on; tests do not."""
    return ir.exprs_of(stmt) if isinstance(stmt, Let | Store | ir.Return | ir.For) else ()


def _parts(e: Expr) -> tuple[Expr, ...]:
    """Return the subexpressions whose values go into the value: no tests, no arrays that are asked for their size."""
    if isinstance(e, Op) and (e.fn in _SIZES or e.fn in arrays.ALLOCATIONS):
        return ()
    return (e.then, e.other) if isinstance(e, Select) else ir.children(e)


def _carried(e: Expr) -> Iterator[Expr]:
    """Yield an expression and all parts of it that go into its value."""
    yield e
    for c in _parts(e):
        yield from _carried(c)
