"""What a derivative does with every line of a function, and what happened in one evaluation of it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from .. import tree
from ..api import worded
from ..errors import ArgumentError, Problem, SrcgradError
from ..generation import entry, generate, pipeline
from ..generation.callables import with_text
from ..generation.layouts import known_if_need_be
from ..language import ir
from ..language.blocks import surely_bound
from ..language.ir import Const, Do, Loc, Name, Op
from ..language.plain import as_numpy, functions_of, with_numpy_constants
from ..language.repeats import ANYWHERE, NOWHERE, Repeats, every_axis, has_axis_of_one, in_turn, is_about_lengths
from ..lowering.parameters import compared_axes
from ..parsing.source import find_source
from .facts import StatementFact, copies, loop_facts, statement_facts
from .hooks import KEEP, Birth, Instrument, Observer
from .report import html_report, text_report


@dataclass
class LineReport:
    """A line of the function, or of one that it calls.

    Attributes
    ----------
    file, number, text
        Where it stands, and what it says.
    active : tuple of str
        The variables set there that depend differentiably on the arguments asked for.
    linear, mixed, curved : tuple of str
        The active variables in which the line is linear with a constant factor, with one that depends on other active
        variables, and those in which it is not linear.
    kept : tuple of (str, str)
        What is kept there for the way back, and why.
    again : tuple of (str, str)
        What is computed again on the way back, and for which lines.
    bytes : int
        The size of what was kept.
    one_pass : bool
        Whether its reverse follows at once, in the same loop: then nothing is kept or computed again.
    function : str
        The function called that it is a line of; '' for one of the function itself.
    """

    file: str
    number: int
    text: str
    active: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    curved: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    again: tuple[tuple[str, str], ...] = ()
    bytes: int = 0
    one_pass: bool = False
    function: str = ""


@dataclass(frozen=True)
class LoopReport:
    """The norms of the adjoints that a loop hands from trip to trip, at the beginning of each, in program order.

    Of a loop inside another one, those of the last time that it ran.
    """

    loc: Loc | None
    norms: dict[str, np.ndarray] = field(default_factory=dict)

    def growth(self, name: str) -> float:
        """Return how much the norm grew on the way back, from the last trip to the first; 1 where it stayed."""
        norms = self.norms[name]
        first, last = float(norms[-1]), float(norms[0])
        return last / first if first else float("inf") if last else 1.0


@dataclass(frozen=True)
class Explanation:
    """What `explain` found: `print` and Jupyter show it.

    Attributes
    ----------
    value : float
        The value of the function.
    gradients : dict
        The gradients, by the names of the arguments (of a dict or tuple, by those of its parts).
    lines : list of LineReport
        Every line of the function, then of those it calls.
    loops : list of LoopReport
        How the adjoints grew in loops.
    births : list of Birth
        Where inf and nan came from, in the order in which that happened.
    bytes : int
        The size of everything that was kept for the way back.
    """

    name: str
    value: float
    gradients: dict[str, object]
    lines: list[LineReport]
    loops: list[LoopReport]
    births: list[Birth]
    bytes: int

    def line(self, number: int) -> LineReport:
        """Return the report of a line of the function's own file."""
        return next(line for line in self.lines if line.number == number and line.file == self.lines[0].file)

    def __str__(self):
        return text_report(self)

    def __repr__(self):
        return str(self)

    def _repr_html_(self) -> str:
        return html_report(self)


def explain(f, args: tuple, argnums=None, kwargs: dict | None = None) -> Explanation:
    """Return what the derivative of a function does with each line, and what happened in one evaluation of it."""
    f = with_text(f)
    signature = inspect.signature(f) if hasattr(f, "_transform") else entry.parameters(f)

    def explained(given: entry.Arguments) -> Explanation:
        wrt = _wrt(argnums, signature, given.structures, given.kinds)
        return _Explainer(f, given.structures, given.kinds, wrt).run(given.flat)

    return known_if_need_be(signature, args, kwargs, entry.arguments_of(signature, args, kwargs), explained)[0]


def _wrt(argnums, signature, structures, kinds) -> tuple[int, ...]:
    """Return the positions of the flat parameters to differentiate by."""
    starts = np.cumsum([0, *map(tree.count, structures)]).tolist()
    if argnums is None:
        found = tuple(k for k, kind in enumerate(kinds) if kind.is_float)
    else:
        chosen, _ = entry.positions(argnums, signature)
        found = tuple(n for k in chosen for n in range(starts[k], starts[k + 1]))
    if not found:
        raise ArgumentError(Problem("no argument is a float", "pass what the derivative is by as floats"))
    return found


class _Explainer:
    def __init__(self, f, structures, kinds, wrt):
        self.f, self.structures, self.param_kinds, self.wrt = f, structures, kinds, wrt

    def run(self, flat) -> Explanation:
        for repeats in self.in_turn(flat):
            variant = pipeline.Variant(repeats)
            self.low, self.plan = pipeline.plan(self.f, self.structures, self.param_kinds, self.wrt, variant)
            pipeline.check_scalar(self.low, self.plan)
            try:
                observer, found = self.watched(flat)
                break
            except ValueError as e:
                if repeats.anywhere or not is_about_lengths(e):
                    raise worded(e) from None
        kept = self.measured(flat)
        params = self.low.function.params
        gradients = {params[k]: _plain(g) for k, g in zip(self.wrt, found[1:], strict=True)}
        loops = self.loops(observer)
        lines = self.lines(kept)
        total = sum(line.bytes for line in lines)
        return Explanation(self.low.function.name, float(found[0]), gradients, lines, loops, observer.births, total)

    def in_turn(self, flat) -> tuple[Repeats, ...]:
        """Return which axes of one element to allow for, the likeliest first."""
        if not has_axis_of_one(flat):
            return NOWHERE, ANYWHERE
        try:
            low = pipeline.front(self.f, self.structures, self.param_kinds, pipeline.Variant(), True)
        except SrcgradError:
            return in_turn(flat, every_axis(self.param_kinds))
        return in_turn(flat, compared_axes(low.function))

    # -- runs
    def call(self, function: ir.Function, flat, hooks):
        """Return what a function of the generated source gives, run as plain Python."""
        fresh = ir.Fresh(ir.all_names(function))
        body, numbers = with_numpy_constants(function.body, fresh)
        made = pipeline.generated((replace(function, body=body),), self.low)
        text = generate.module_text(function.name, made)
        (run,) = functions_of(text, (function.name,), {**hooks, **numbers})
        args = [as_numpy(a, kind) for a, kind in zip(flat, self.param_kinds, strict=True)]
        return run(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))

    def finished(self, scheduled: bool) -> ir.Function:
        """Return the two parts of the reverse as one function."""
        whole = pipeline.joined(self.low, self.plan, "explained")
        return pipeline.finish(whole, self.low, self.plan.kinds, self.plan.sizes, scheduled=scheduled)

    def watched(self, flat):
        """Return (what was observed, what the joined function gave)."""
        norms = {fact.loc: fact.adjoints for fact in loop_facts(self.plan) if fact.loc is not None}
        instrument = Instrument(copies(self.plan), norms)
        function = self.finished(scheduled=False)
        split = {title: k for k, title in function.sections}["backward"]
        forward, backward, last = function.body[:split], function.body[split:-1], function.body[-1]
        body = (*instrument.block(forward, "forward"), *instrument.block(backward, "backward"), last)
        function = replace(function, body=body, sections=())
        observer = Observer(instrument)
        found = self.call(function, flat, observer.hooks())
        return observer, found if isinstance(found, tuple) else (found,)

    def measured(self, flat) -> dict[str, int]:
        """Return the bytes of everything that the finished source keeps, by the name of its place."""
        function = self.finished(scheduled=True)
        *body, last = function.body
        bound = surely_bound(tuple(body))
        places = dict.fromkeys(k.place for fact in statement_facts(self.plan) for k in fact.kept if k.place in bound)
        ends = (Do(Op("call", (Const(n), Name(n)), (("name", KEEP),))) for n in places)
        observer = Observer(Instrument({}, {}))
        self.call(replace(function, body=(*body, *ends, last), sections=()), flat, observer.hooks())
        return observer.kept

    # -- reports
    def lines(self, kept: dict[str, int]) -> list[LineReport]:
        facts: dict[tuple[str, int], list[StatementFact]] = {}
        for fact in statement_facts(self.plan):
            if fact.loc is not None:
                facts.setdefault((fact.loc.file, fact.loc.line), []).append(fact)
        names = _Names(pipeline.read(self.f, self.structures, self.param_kinds).function)
        joint = _lines_of_both(self.finished(scheduled=True))
        found = {key: _line(key, of_line, names, kept, key in joint) for key, of_line in facts.items()}
        texts = _own_lines(self.f)
        every = dict.fromkeys((*texts, *sorted(found)))
        own = {key: replace(line, function="") for key, line in found.items() if key in texts}
        return [(found | own).get(key) or LineReport(*key, texts.get(key, "")) for key in every]

    def loops(self, observer: Observer) -> list[LoopReport]:
        function = pipeline.read(self.f, self.structures, self.param_kinds).function
        user = {s.loc for s in ir.statements(function.body) if isinstance(s, ir.For | ir.While) and not _of_library(s)}
        found: dict[Loc | None, LoopReport] = {}
        for (loc, name), runs in observer.norms.items():
            if loc in user:
                found.setdefault(loc, LoopReport(loc)).norms[name] = np.array(runs[0][::-1])
        return sorted(found.values(), key=lambda loop: loop.loc.line if loop.loc else 0)


def _of_library(stmt: ir.Stmt) -> bool:
    """Return whether a statement is one of a function that srcgrad has a page for."""
    return stmt.loc is not None and any(call.library for call in stmt.loc.calls)


class _Names:
    """The user's variables, and those that stand for a part of a line."""

    def __init__(self, function: ir.Function):
        own = [s for s in ir.statements(function.body) if not _of_library(s)]
        self.known = {*function.params, *(n for n, _ in function.captured), *(n for s in own for n in ir.binds(s))}
        # what a function of the library leaves gets its name at once
        lets = [s for s in own if isinstance(s, ir.Let) and isinstance(s.value, Name)]
        self.given = {s.value.id: s.target for s in lets if s.value.id not in self.known}  # type: ignore[attr-defined]

    def user(self, name: str) -> str:
        """Return the user's name of a variable, '' where there is none."""
        name = self.given.get(name, name)
        return name if name in self.known else ""


def _own_lines(f) -> dict[tuple[str, int], str]:
    """Return the lines of a function's text by file and number."""
    if getattr(f, "_transform", "primal") != "primal":
        return {}  # its lines are those of a generated file
    source = find_source(f)
    first = source.node.lineno
    last = source.node.end_lineno or first
    lines = enumerate(source.lines, source.first_line)
    wanted = range(source.first_line + first - 1, source.first_line + last)
    return {(source.file, k): line for k, line in lines if k in wanted}


def _lines_of_both(function: ir.Function) -> set[tuple[str, int]]:
    """Return the lines whose forward and backward code stands in one loop."""
    starts = [*function.sections, (len(function.body), "")]
    parts = ((title, function.body[at:end]) for (at, title), (end, _) in pairwise(starts))
    joint = [s for title, part in parts if title not in ("forward", "backward") for s in ir.statements(part)]
    return {(s.loc.file, s.loc.line) for s in joint if s.loc}


def _line(key, facts: list[StatementFact], names: _Names, kept: dict[str, int], joint: bool) -> LineReport:
    """Return what the statements that a line became say of it."""
    inner: dict[str, dict[str, int]] = {}
    whole: dict[str, int] = {}
    for fact in facts:
        own: dict[str, int] = {}
        for bend, group in enumerate((fact.linear, fact.mixed, fact.curved)):
            for name in group:
                # what another statement of this line has set stands for what that was computed from
                for n, before in inner.get(name, {name: 0}).items():
                    own[n] = max(own.get(n, 0), before, bend)
        if fact.name:
            inner[fact.name] = own
        for n, bend in own.items():
            if names.user(n):
                whole[names.user(n)] = max(whole.get(names.user(n), 0), bend)
    texts = sorted({fact.loc.text for fact in facts if fact.loc})
    places = {k.place: k for fact in facts for k in fact.kept if k.place in kept}
    linear, mixed, curved = (tuple(n for n, bend in whole.items() if bend == k) for k in range(3))
    file, number = key
    return LineReport(
        file,
        number,
        texts[0],
        active=tuple(dict.fromkeys(names.user(f.name) or "result" for f in facts if f.active)),
        linear=linear,
        mixed=mixed,
        curved=curved,
        kept=tuple((_called(k.name, names), _reason(k)) for k in places.values()),
        again=() if joint else tuple((_called(a.name, names), _for_lines(a.readers)) for f in facts for a in f.again),
        bytes=sum(kept[p] for p in places),
        one_pass=joint,
        function=next((fact.loc.calls[-1].name for fact in facts if fact.loc and fact.loc.calls), ""),
    )


def _called(name: str, names: _Names) -> str:
    return names.user(name) or (name if name == "trips" else f"{name}, a part of this line,")


def _reason(kept) -> str:
    needed = f"; read by the reverse of {_for_lines(kept.readers)}" if kept.readers else ""
    return f"{kept.why}{needed}"


def _for_lines(lines: tuple[int, ...]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


