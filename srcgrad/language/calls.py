"""Calls that stay calls: the function called, which of its functions is meant, and what a call statement is.

A call is the statement `a, b = g(x, y)`, an `Unpack` of the operation "call". Its routine is the function as it was
read; its form says whether the function itself is called, or its pullback or tangent form, and by which arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from . import ir
from .ir import Expr, Function, Kind, Let, Name, Op, Unpack

CALL = "call"


@dataclass(frozen=True)
class Form:
    """A pullback: takes the arguments and the adjoints of the results `seeds`, returns those of the arguments `wrt`."""

    wrt: tuple[int, ...]
    seeds: tuple[int, ...]
    ending = "_pullback"

    def kinds(self, operands: tuple, results: Callable) -> tuple:
        """Return the kinds of what it gives, for those of what it is given."""
        return tuple(operands[k] for k in self.wrt)


@dataclass(frozen=True)
class Tangent:
    """A tangent form: takes the arguments and tangents of those in `wrt`, returns results and tangents of `outs`.

    With `many` the tangents are those of many directions, along an axis behind the others.
    """

    wrt: tuple[int, ...]
    outs: tuple[int, ...]
    many: bool = False

    @property
    def ending(self) -> str:
        """What the name of the function ends with."""
        return "_jvps" if self.many else "_jvp"

    def kinds(self, operands: tuple, results: Callable) -> tuple:
        """Return the kinds of what it gives, for those of what it is given; `results` has those of the function."""
        found = results(operands[: len(operands) - len(self.wrt)])
        return (*found, *(replace(found[k], rank=found[k].rank + self.many) for k in self.outs))


@dataclass(eq=False)
class Rule:
    """How a function that has a rule of its own is differentiated: by pages, which are routines themselves.

    Attributes
    ----------
    name : str
        The function's.
    arguments, captured : int
        How many arguments it takes, and how many arrays it or its pages capture, which all of them take behind them.
    wrt, seeds : tuple of int
        Positions of the arguments that have an adjoint or tangent, and of the results that are floats.
    forward : Routine or None
        Takes the arguments, gives the results and the residuals.
    backward : Routine or None
        Takes the residuals and the adjoints of the results `seeds`, gives those of the arguments `wrt`.
    residuals : tuple of (str, int)
        Where each residual stands: ("argument", position) or ("result", position among those of `forward`).
    tangent : Routine or None
        Takes the arguments and tangents of those in `wrt`, gives the results and tangents of those in `seeds`.
    kinds : dict
        Of the arguments of each page, by its attribute here.
    """

    name: str
    arguments: int
    captured: int = 0
    wrt: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    forward: Routine | None = None
    backward: Routine | None = None
    residuals: tuple[tuple[str, int], ...] = ()
    tangent: Routine | None = None
    kinds: dict[str, tuple[Kind, ...]] = field(default_factory=dict)

    @property
    def pages(self) -> dict[str, Routine]:
        """The pages by attribute."""
        named = {"forward": self.forward, "backward": self.backward, "tangent": self.tangent}
        return {name: page for name, page in named.items() if page is not None}


@dataclass(eq=False)
class Routine:
    """A function that keeps its own body: its parameters are scalars and arrays, its results as well.

    `facts` keeps what the passes find out about it, by the kinds of its arguments. Of the pages of rules, without
    `boundscheck`, the indices are known to be inside. One with a `rule` is differentiated by that.
    """

    name: str
    function: Function
    key: Any = None
    boundscheck: bool = True
    facts: dict[Any, Any] = field(default_factory=dict)
    rule: Rule | None = None

    def __repr__(self):
        return f"<{self.name}>"

    @property
    def results(self) -> tuple[Expr, ...]:
        """The expressions of the results."""
        last = self.function.body[-1]
        assert isinstance(last, ir.Return)
        value = last.value
        return value.items if isinstance(value, ir.Tuple) else (value,)

    def has(self, wanted: Callable[[ir.Stmt], bool]) -> bool:
        """Whether a statement of the routine, or of one that it calls, is of a kind."""
        every = (self, *reachable(self.function.body))
        lowered = [made[0].body for r in every for (fact, *_), made in r.facts.items() if fact == "function"]
        bodies = (*(r.function.body for r in every), *lowered)
        return any(wanted(s) for body in bodies for s in ir.statements(body))


class ReadInPlace(Exception):
    """A routine turns out to be no function of its own: it writes its arguments, or shares memory with them."""

    def __init__(self, routine: Routine):
        self.routine = routine


def call(targets: tuple[str, ...], routine: Routine, args: tuple[Expr, ...], loc, form=None, kinds=None) -> Unpack:
    """Return the statement that calls a routine, or its pullback, for arguments of these kinds, if known yet."""
    static = (("form", form), ("kinds", kinds), ("name", routine.name), ("routine", routine))
    return Unpack(targets, Op(CALL, args, static, loc), loc)


def is_call(stmt: ir.Stmt | None) -> TypeGuard[Unpack]:
    """Return whether a statement is a call."""
    return isinstance(stmt, Unpack) and isinstance(stmt.value, Op) and stmt.value.fn == CALL


def operation(stmt: Unpack) -> Op:
    """Return what a call evaluates: the operation with its arguments, routine and form."""
    assert isinstance(stmt.value, Op)
    return stmt.value


def routines_in(block: ir.Block) -> list[Routine]:
    """Return the routine of every call of a block, one for each call."""
    return [operation(s).option("routine") for s in ir.statements(block) if is_call(s)]


def called_in(block: ir.Block) -> set[str]:
    """Return the names of the functions that a block calls."""
    return {str(operation(s).option("name")) for s in ir.statements(block) if is_call(s)}


def reachable(block: ir.Block) -> list[Routine]:
    """Return the routines that a block calls, directly or not, each once, with the pages of their rules."""
    found: dict[Routine, None] = {}

    def visit(routines):
        for routine in routines:
            if routine not in found:
                found[routine] = None
                visit(routines_in(routine.function.body))
                visit(routine.rule.pages.values() if routine.rule is not None else ())

    visit(routines_in(block))
    return list(found)


def reversed_in(block: ir.Block) -> set[tuple[Routine, tuple[Expr, ...]]]:
    """Return (routine, arguments) of the calls of pullbacks in a block."""
    made = [operation(s) for s in ir.statements(block) if is_call(s)]
    every = [(c.option("routine"), c.args, c.option("form")) for c in made]
    return {(r, args[: len(args) - len(form.seeds)]) for r, args, form in every if isinstance(form, Form)}


def can_drop(stmt: Unpack, repeated: set) -> bool:
    """Return whether a call does nothing but give its results, or its pullback, one of `repeated`, does it again."""
    made = operation(stmt)
    routine = made.option("routine")
    if isinstance(made.option("form"), Form):
        return not routine.has(_prints_adjoint)
    again = (routine, made.args) in repeated and not routine.has(_prints)
    return again or not routine.has(_prints) and not routine.has(_raises)


def _prints(stmt: ir.Stmt) -> bool:
    return isinstance(stmt, ir.Print)


def _raises(stmt: ir.Stmt) -> bool:
    return isinstance(stmt, ir.Raise | ir.Assert | ir.Within)


def _prints_adjoint(stmt: ir.Stmt) -> bool:
    return any(isinstance(e, Op) and e.fn == "print_grad" for part in ir.exprs_of(stmt) for e in ir.walk(part))


def joined(stmt: ir.Stmt | None, let: ir.Stmt, reads: Counter[str]) -> Unpack | None:
    """Return a call joined with a statement that only gives its result another name, None where they do not join.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.language.ir import Function
    >>> g = Routine("g", Function("g", ("x",), ()))
    >>> both = call(("a", "b"), g, (Name("x"),), None)
    >>> print(emit(Function("f", ("x",), (joined(both, Let("c", Name("a")), Counter(["a"])),))))
    def f(x):
        c, b = g(x)
    """
    if not is_call(stmt) or not isinstance(let, Let) or not isinstance(let.value, Name):
        return None
    result = let.value.id
    if result not in stmt.targets or reads[result] != 1 or let.target in stmt.targets:
        return None
    return replace(stmt, targets=tuple(let.target if t == result else t for t in stmt.targets))


def name_results(function: Function) -> Function:
    """Return the function with the results of calls under the names that they are given at once."""
    reads = Counter(n for s in ir.statements(function.body) for e in ir.exprs_of(s) for n in ir.names_in(e))

    def block(stmts):
        out: list[ir.Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            both = joined(out[-1] if out else None, stmt, reads)
            if both is not None:
                out[-1] = both
            else:
                out.append(stmt)
        return tuple(out)

    return replace(function, body=block(function.body))
