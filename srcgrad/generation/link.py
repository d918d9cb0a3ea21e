"""Put the routines that generated functions call into their module: primal, pullback, tangent form, by kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import tree
from ..analysis.pitfalls import find_pitfalls
from ..differentiation.directions import ManyTangents
from ..differentiation.forward import TangentBuilder, forward
from ..differentiation.reverse import reverse
from ..differentiation.rule_pages import RulePages
from ..errors import Problem
from ..language import ir
from ..language.calls import Form, Routine, Tangent, is_call, operation
from ..language.ir import Function, Kind, Let, Name, Op, Stmt, Unpack
from ..lowering.lower import lower_routine
from ..optimisation.simplify import simplify
from ..parsing.expressions import RESERVED
from .passes import Lowered, Variant, checked, finish

Key = tuple[Routine, Form | Tangent | None, tuple[Kind, ...]]


def linked(functions: tuple[Function, ...], captured: set[str], variant: Variant, rules: bool):
    """Return (functions, those of the routines that they call, directly or not, what is found in them, rules).

    All of them stand under names of their own; what is found are lines where a derivative is lost. With `rules` the
    pages by which a further derivative differentiates functions that have rules of their own are among them.
    """
    bodies: dict[Key, Function] = {}
    wanted = [key for f in functions for key in _calls(f)]
    while wanted:
        key = wanted.pop(0)
        if key not in bodies:
            bodies[key] = _MADE[type(key[1])](key, variant)
            wanted += _calls(bodies[key])
            wanted += _pages(key).values() if rules else ()
    if not bodies:
        return functions, (), (), ()
    taken = {n for f in (*functions, *bodies.values()) for n in ir.all_names(f)} | captured
    fresh = ir.Fresh(taken | {f.name for f in functions} | RESERVED)
    names = {key: fresh(_name(key)) for key in bodies}
    callees = tuple(_named(f, names[key], names) for key, f in bodies.items())
    pitfalls = [p for key in bodies for p in _pitfalls(key, variant)]
    told = tuple((names[key], _told(key, names)) for key in bodies if rules and _pages(key))
    return tuple(_named(f, f.name, names) for f in functions), callees, tuple(pitfalls), told


def _pages(key: Key) -> dict[str, Key]:
    """Return the pages of the rule of a function that is called as it is."""
    routine, form, _ = key
    rule = routine.rule
    if rule is None or form is not None or rule.forward is routine:
        return {}
    return {name: (page, None, rule.kinds[name]) for name, page in rule.pages.items()}


def _told(key: Key, names: dict[Key, str]) -> dict[str, object]:
    """Return what a generated module says of a function's rule."""
    rule = key[0].rule
    assert rule is not None
    pages: dict[str, object] = {name: names[page] for name, page in _pages(key).items()}
    counts = {"arguments": rule.arguments, "captured": rule.captured}
    return pages | counts | {"wrt": list(rule.wrt), "seeds": list(rule.seeds), "residuals": list(rule.residuals)}


def _key(stmt: Unpack) -> Key:
    value: Any = operation(stmt)
    return value.option("routine"), value.option("form"), value.option("kinds")


def _calls(function: Function) -> list[Key]:
    return [_key(s) for s in ir.statements(function.body) if is_call(s)]


def _name(key: Key) -> str:
    routine, form, _ = key
    return routine.name + (form.ending if form is not None else "")


def _named(function: Function, name: str, names: dict[Key, str]) -> Function:
    """Return the function under this name, its calls under the names chosen."""

    def one(stmt: Stmt) -> Stmt:
        if is_call(stmt):
            static = (("name", names[_key(stmt)]),)
            return replace(stmt, value=replace(operation(stmt), static=static))
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    return replace(function, name=name, body=tuple(one(s) for s in function.body))


def _lowered(key: Key, variant: Variant, reverse=False) -> Lowered:
    routine, _, kinds = key
    function, names, sizes, inside = lower_routine(routine, kinds, variant.repeats.anywhere, reverse)
    boundscheck = variant.boundscheck and routine.boundscheck
    function = checked(function, names, sizes, inside, replace(variant, boundscheck=boundscheck))
    return Lowered(function, names, sizes, tree.LEAF, variant)


def _pitfalls(key: Key, variant: Variant) -> tuple[Problem, ...]:
    form = key[1]
    if form is None:
        return ()
    low = _lowered(key, variant)
    return find_pitfalls(low.function, low.kinds, tuple(low.function.params[k] for k in form.wrt))


def _primal(key: Key, variant: Variant) -> Function:
    """Return the routine as it is compiled; no result is an argument itself, or another result."""
    low = _lowered(key, variant)
    function = low.function
    *body, last = function.body
    assert isinstance(last, ir.Return)
    fresh, seen = ir.Fresh(ir.all_names(function)), set(function.params)
    results = []
    for value in last.value.items if isinstance(last.value, ir.Tuple) else (last.value,):
        if isinstance(value, Name) and value.id in seen and low.kinds[value.id].rank:
            own = fresh("out")
            body.append(Let(own, Op("copy", (value,)), last.loc))
            value = Name(own)
        seen |= ir.names_in(value)
        results.append(value)
    value = ir.Tuple(tuple(results)) if isinstance(last.value, ir.Tuple) else results[0]
    return simplify(replace(function, body=(*body, replace(last, value=value))))


def _pullback(key: Key, variant: Variant) -> Function:
    """Return the function that takes the arguments and the adjoints of results, and gives the arguments' adjoints."""
    routine, form, _ = key
    assert isinstance(form, Form)
    low = _lowered(key, variant, True)
    f = low.function
    wrt = tuple(f.params[k] for k in form.wrt)
    p = reverse(f, low.kinds, low.sizes, wrt, RulePages(), form.seeds)
    fresh = ir.Fresh(ir.all_names(replace(f, body=(*p.forward, *p.backward))) | set(p.out_bars))
    kept = {e.id for s in ir.statements(p.backward) if isinstance(s, Let) for e in (s.value,) if isinstance(e, Name)}
    changed = ir.stored_in(p.backward) | ir.bound_in(p.backward) | kept
    incoming, copies, kinds = [], [], dict(p.kinds)
    for k in form.seeds:
        bar = given = p.out_bars[k] or fresh(f"{p.outs[k]}_bar")
        if p.kinds[p.outs[k]].rank and bar in changed:
            given = fresh(f"{bar}_given")
            copies.append(Let(bar, Op("copy", (Name(given),)), f.loc))
        kinds[given] = p.kinds[p.outs[k]]
        incoming.append(given)
    # what the call itself has printed, its reverse need not print again
    forward = _without_prints(p.forward)
    bars = tuple(map(Name, p.bars))
    end = ir.Return(bars[0] if len(bars) == 1 else ir.Tuple(bars))
    doc = f"Adjoints of {', '.join(wrt)} from {', '.join(incoming)}: reverse of {routine.name}."
    body = (*forward, *copies, *p.backward, end)
    function = Function(_name(key), (*f.params, *incoming), body, f.loc, doc,
                        ((0, "forward"), (len(forward), "backward")))  # fmt: skip
    return finish(function, low, kinds, p.sizes)


def _tangent(key: Key, variant: Variant) -> Function:
    """Return the function that takes the arguments and tangents of some, and gives the results and tangents of some."""
    form = key[1]
    assert isinstance(form, Tangent)
    low = _lowered(key, variant)
    wrt = tuple(low.function.params[k] for k in form.wrt)
    function, _ = tangent_form(low, _name(key), wrt, form.outs, many=form.many)
    return function


def tangent_form(low: Lowered, name: str, wrt: tuple[str, ...], wanted=None, value=True, many=False):
    """Return (tangent form of a lowered function, kinds of its results).

    It takes the parameters and the tangents of those in `wrt`; it returns the results, if asked for by `value`, and
    the tangents of those at the positions `wanted`, by default of all that are floats; with `many` along many
    directions.
    """
    f = low.function
    made = forward(f, low.kinds, wrt, RulePages(), ManyTangents if many else TangentBuilder)
    kinds = [made.kinds[o] for o in made.outs]
    fresh = ir.Fresh(ir.all_names(replace(made.function, body=made.body)) | set(made.dots))
    zeros, dots = [], []
    for k, (out, dot) in enumerate(zip(made.outs, made.out_dots, strict=True)):
        if k not in wanted if wanted is not None else not kinds[k].is_float:
            continue
        if not dot:
            dot = fresh(f"{out}_dot")
            zeros.append(Let(dot, made.zero(out), f.body[-1].loc))
        dots.append(dot)
    results = tuple(map(Name, (*(made.outs if value else ()), *dots)))
    end = ir.Return(results[0] if len(results) == 1 else ir.Tuple(results), f.body[-1].loc)
    what = f"{f.name} and its derivative" if value else f"Derivative of {f.name}"
    doc = f"{what} along {', '.join(made.dots)}."
    body = (*made.body, *zeros, end)
    function = Function(name, (*f.params, *made.dots), body, f.loc, doc)
    return finish(function, low, made.kinds, low.sizes, "forward"), kinds


def _without_prints(block: ir.Block) -> ir.Block:
    return tuple(ir.with_blocks(s, _without_prints) for s in block if not isinstance(s, ir.Print))


_MADE: dict[type, Any] = {type(None): _primal, Form: _pullback, Tangent: _tangent}
