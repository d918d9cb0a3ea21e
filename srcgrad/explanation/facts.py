"""What the passes know of a function's lines: what is active, linear, kept for the way back or computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..analysis.access import root_of
from ..differentiation.adjoint import Step
from ..differentiation.record import carried
from ..differentiation.reverse import Plan
from ..differentiation.slots import Ragged, Slot
from ..language import ir
from ..language.blocks import exposed_reads
from ..language.ir import If, Let, Loc, Op, Store


@dataclass(frozen=True)
class Kept:
    """A value that is kept for the way back.

    Attributes
    ----------
    name : str
        The variable.
    place : str
        Where it is kept: a variable of the generated source.
    why : str
        Why it is kept, and not computed again.
    readers : tuple of int
        The lines whose reverse reads it.
    """

    name: str
    place: str
    why: str
    readers: tuple[int, ...]


@dataclass(frozen=True)
class Again:
    """A value that is computed again on the way back, for the reverse of these lines."""

    name: str
    readers: tuple[int, ...]


@dataclass(frozen=True)
class StatementFact:
    """What is known of a statement of the lowered function.

    Attributes
    ----------
    loc : Loc or None
        Where it stands in the user's file.
    name : str
        The variable that it sets, '' for a loop or branch.
    active : bool
        Whether that depends differentiably on the arguments asked for.
    linear, mixed, curved : tuple of str
        The active variables in which its value is linear with a constant factor, with one that depends on other active
        variables, and those in which it is not linear.
    kept : tuple of Kept
        What is kept here.
    again : tuple of Again
        Which of its values are computed again.
    """

    loc: Loc | None
    name: str
    active: bool
    linear: tuple[str, ...]
    mixed: tuple[str, ...]
    curved: tuple[str, ...]
    kept: tuple[Kept, ...]
    again: tuple[Again, ...]


@dataclass(frozen=True)
class LoopFact:
    """A loop with the adjoints, by the variables they belong to, that go from one trip to the one before."""

    loc: Loc | None
    adjoints: tuple[tuple[str, str], ...]


def copies(plan: Plan) -> dict[str, str]:
    """Return the parameters that stand under other names, where a function writes them or binds them anew."""
    lets = [s for s in plan.function.body if isinstance(s, Let) and s.loc == plan.function.loc]
    sources = {s.target: ir.names_in(s.value) & set(plan.function.params) for s in lets}
    return {own: next(iter(params)) for own, params in sources.items() if len(params) == 1}


def statement_facts(plan: Plan) -> list[StatementFact]:
    """Return the facts of all statements, in the order of the text; not of the copies of parameters."""
    every = [s for s in _flat(plan.analysis.steps) if s.stmt.loc != plan.function.loc]
    names = copies(plan)
    return [_renamed(_fact(step, plan, every), names) for step in every]


def _renamed(fact: StatementFact, names: dict[str, str]) -> StatementFact:
    """Return a fact in the user's names."""
    linear, mixed, curved = (tuple(names.get(n, n) for n in group) for group in (fact.linear, fact.mixed, fact.curved))
    kept = tuple(replace(k, name=names.get(k.name, k.name), why=_in_names(k.why, names)) for k in fact.kept)
    again = tuple(replace(a, name=names.get(a.name, a.name)) for a in fact.again)
    name = names.get(fact.name, fact.name)
    return replace(fact, name=name, linear=linear, mixed=mixed, curved=curved, kept=kept, again=again)


def _in_names(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)


def loop_facts(plan: Plan) -> list[LoopFact]:
    """Return the loops that reverse goes through, and whose state is active."""
    found = []
    names = copies(plan)
    bars = plan.analysis.builder.bars
    for step in _flat(plan.analysis.steps):
        if step.is_loop and step.has_reverse:
            state = sorted({f.removesuffix("[]") for f in _carried(step.stmt, plan.kinds)} & plan.analysis.active)
            pairs = tuple((names.get(n, n), bars[n]) for n in state if n in bars)
            found.append(LoopFact(step.stmt.loc, pairs))
    return found


def _carried(stmt, kinds) -> set[str]:
    if isinstance(stmt, ir.For):
        return carried(stmt, kinds)
    bound = ir.bound_in(stmt.body)
    again = exposed_reads(stmt.body) | ir.names_in(stmt.test)
    return {n for n in bound & again if not kinds[n].rank} | (ir.stored_in(stmt.body) - bound)


def _flat(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _flat(step.body)
        yield from _flat(step.other)


def _fact(step: Step, plan: Plan, every: list[Step]) -> StatementFact:
    stmt, active = step.stmt, plan.analysis.active
    name = stmt.target if isinstance(stmt, Let) else stmt.base if isinstance(stmt, Store) else ""
    by_bend = _linearity(step, plan)
    again = tuple(
        Again(name, (reader.stmt.loc.line,))
        for reader in every for let in reader.rebuilds
        if isinstance(let, Let) and isinstance(stmt, Let) and let.target == name
        if let.loc == stmt.loc and reader.stmt.loc
    )  # fmt: skip
    return StatementFact(stmt.loc, name, name in active, *by_bend, tuple(_kept(step, plan, every)), again)


def _linearity(step: Step, plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the active names that a value is linear in, those that it is so beside others, and the remaining ones."""
    stmt, builder = step.stmt, plan.analysis.builder
    if not isinstance(stmt, Let | Store):
        return (), (), ()
    if isinstance(stmt.value, Op) and stmt.value.fn in ("np.dot", "copy"):
        names = tuple(sorted(ir.names_in(stmt.value) & plan.analysis.active))
        return ((), names, ()) if len(names) > 1 else (names, (), ())
    form = builder.forms.get(id(stmt))
    bends: dict[str, int] = {}
    for leaf, bend in zip(form.leaves, form.bends(), strict=True) if form is not None else ():
        name = root_of(leaf).id
        bends[name] = max(bend, bends.get(name, 0))
    return tuple(tuple(n for n, bend in bends.items() if bend == k) for k in range(3))  # type: ignore[return-value]


def _kept(step: Step, plan: Plan, every: list[Step]) -> Iterator[Kept]:
    stmt = step.stmt
    if isinstance(step.kept, Slot) and isinstance(stmt, Let | Store):
        name = stmt.target if isinstance(stmt, Let) else stmt.base
        yield Kept(name, step.kept.name, "it is overwritten here", _readers(name, plan, every, step))
    for name, slot in step.kept_after.items():
        why = step.reasons.get(name, "") or "the next trip sets it anew"
        yield Kept(name, _place(slot), why, _readers(name, plan, every, step))
    for fact, slot in step.entry:
        name = fact.removesuffix("[]")
        why = "this loop overwrites it: a copy from before it"
        yield Kept(name, _place(slot), why, _readers(name, plan, every, step))
    if step.trips_slot is not None:
        yield Kept("trips", _place(step.trips_slot), "the loop ends where it finds out", ())
    if step.checkpoints is not None:
        for fact, place in step.checkpoints.kept.items():
            yield Kept(fact.removesuffix("[]"), place, "a state from which trips are run again", ())


def _place(slot: Slot | Ragged) -> str:
    return slot.name


def _readers(name: str, plan: Plan, every: list[Step], own: Step) -> tuple[int, ...]:
    """Return the lines whose reverse reads a variable as it was before it changed."""
    recorder = plan.analysis.recorder
    wanted = {f"{name}[]"} if name in plan.kinds and plan.kinds[name].rank else {name}
    found = set()
    for step in every:
        facts = set(recorder.reads[id(step)]) | {f for r in step.rebuilds for f in ir.read_in((r,)) if f in plan.kinds}
        if isinstance(step.stmt, If) or step.is_loop:
            facts |= recorder.header(step)
        if facts & wanted and step.stmt.loc and step is not own or step is own and recorder.reads[id(step)] & wanted:
            found.add(step.stmt.loc.line if step.stmt.loc else 0)
    return tuple(sorted(found - {0}))
