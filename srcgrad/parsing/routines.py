"""Read functions that are called again and again as routines: once each, as functions of their own.

What a call passes is split in two: numbers and arrays become arguments, everything known when the function is read
(functions, integers, flags, the forms of tuples) belongs to the routine, so that other such values make another one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Problem
from ..language import ir
from ..language.blocks import verify
from ..language.calls import Routine, call, is_call, operation, reachable, routines_in
from ..language.ir import Const, Expr, Kind, Name
from ..rules import draws
from .expressions import Obj, ShapeOf, Stop, Struct
from .source import Source

# statements of a callee up to which it is read in place also where calls stay calls
SHORT = 40
# how often a function may call itself with other forms of arguments, as one of a tree of tuples does
DEEP = 8


class Expansion(Exception):
    """Reading every call in place makes a function too long: calls must stay calls."""


@dataclass(frozen=True)
class Made:
    """A routine as its callers see it: the form of its result, and the arrays it captures."""

    routine: Routine
    result: object  # the caller's value, but for the names
    captured: tuple[tuple[str, np.ndarray], ...]
    given: tuple  # keeps alive what the key names by identity
    kinds: tuple[Kind | None, ...] = ()  # of the results, where they are known


@dataclass
class _Building:
    """A routine that is being read: what its own calls are told about it."""

    routine: Routine
    result: object = Const(0.0)
    given: tuple = ()
    asked: bool = False
    kinds: tuple[Kind | None, ...] = ()  # of the arrays among the results, as far as they are known


class Routines:
    """The routines of one function, made as calls are met; those in `inline` are read in place."""

    def __init__(self, inline=frozenset()):
        self.inline = inline
        self.made: dict[tuple, Made | None] = {}
        self.building: dict[tuple, _Building] = {}
        self.endless: set[object] = set()  # functions that call themselves with ever other forms of arguments
        self.told: set[object] = set()  # functions that are read inside themselves, and do not end
        self.ending: set[tuple] = set()  # what calls itself with other forms only, if at all, and comes to an end
        self.problems: dict[tuple, list[Problem]] = {}  # of what was read

    def key_of(self, caller, callee, given: dict) -> tuple:
        """Return what tells apart the routines of calls: the function, the forms of its arguments, and their axes."""
        forms = tuple((name, form_of(v, name in callee.locals)) for name, v in given.items())
        args = [e for name, v in given.items() for e in arguments_in(v, dict(forms)[name] == "*")]
        return callee.source.function, forms, tuple(caller.shared.ranks.rank(e) for e in args)

    def find(self, caller, callee, given: dict) -> Made | None:
        """Return the routine for a call of what the reader `callee` reads, None where it is read in place."""
        key = self.key_of(caller, callee, given)
        again = callee.source.function.__code__ in caller.shared.stack
        if any(form is None for _, form in key[1]) or key in self.inline and not again:
            return None
        own = next((b for k, b in self.building.items() if _fits(key, k)), None)
        if own is not None:
            own.asked = True
            return Made(own.routine, own.result, (), own.given, own.kinds)
        if key not in self.made:
            code = callee.source.function.__code__
            if caller.shared.stack.count(code) > DEEP:
                self.endless.add(code)
            self.made[key] = self.read(caller, callee.source, given, key) if code not in self.endless else None
        return None if key in self.inline else self.made[key]

    def read(self, caller, source: Source, given: dict, key) -> Made | None:
        """Return a function as a routine; None where it is short, or no function of its own."""
        own = _Building(Routine(source.name, ir.Function(source.name, (), ()), key), given=tuple(given.values()))
        known = set(self.made)
        while True:
            self.building[key], own.asked = own, False
            try:
                made = self.attempt(caller, source, given, own)
            finally:
                del self.building[key]
            if made is None or not own.asked or made.routine.function.body and (
                form_of_result(own.result) == form_of_result(made.result)):  # fmt: skip
                return made
            # its own calls were read for another form of result: again, now that it is known
            own.result, own.kinds = made.result, made.kinds
            self.made = {k: v for k, v in self.made.items() if k in known}

    def attempt(self, caller, source: Source, given: dict, own: _Building) -> Made | None:
        reader, params = apart(caller, source, {name: (v, caller.shared) for name, v in given.items()}, self)
        shared = reader.shared
        try:
            body, value = reader.read_body()
        except Stop:
            return None  # a page that must know more, as it does in place
        if shared.problems and own.asked and reader.template is not None:
            value = reader.template
            kinds = tuple(map(_of_array, map(shared.ranks.kind, results_in(value))))
            if form_of_result(value) != form_of_result(own.result) or own.kinds != kinds and any(kinds):
                return Made(own.routine, value, (), own.given, kinds)
        leaves = results_in(value)
        short = sum(1 for _ in ir.statements(body)) <= SHORT and not own.asked
        # a function that returns nothing is no routine, and right in place
        head = source.loc(source.node).line
        self.problems[own.routine.key] = [p for p in shared.problems if p.line != head]
        if not shared.problems and not own.asked:
            self.ending.add(own.routine.key)
        if shared.problems or not leaves or short or draws_numbers(body) or not is_plain_result(value):
            return None
        caller.shared.callees += shared.callees
        caller.shared.pitfalls += shared.pitfalls
        captured = tuple(shared.captured.items())
        names = tuple(n for n, _ in captured)
        end = ir.Return(ir.Tuple(tuple(leaves)) if len(leaves) > 1 else leaves[0], reader.return_loc)
        body = _handed_on((*shared.heads, *body, end), own.routine, names)
        own.routine.function = verify(ir.Function(source.name, (*params, *names), body, source.loc(source.node)))
        return Made(own.routine, value, captured, own.given, tuple(map(shared.ranks.kind, leaves)))

    def called_once(self, block: ir.Block) -> frozenset:
        """Return the keys of the routines that a function with this body and all it calls call at one place only."""
        routines = reachable(block)
        sites = Counter(r.key for b in (block, *(r.function.body for r in routines)) for r in routines_in(b))
        return frozenset(key for key, count in sites.items() if count == 1)


def apart(caller, source: Source, given: dict, routines: Routines | None):
    """Return (reader of a function that is read as one of its own, its flat parameters).

    `given` are its arguments by name, each with what is known where its names stand.
    """
    shared = type(caller.shared)(source)
    shared.routines, shared.sources = routines, caller.shared.sources
    shared.base, shared.stretch = len(caller.shared.stack), caller.shared.stretch
    shared.stack = [*caller.shared.stack, source.function.__code__]
    shared.ruled, shared.rebound = caller.shared.ruled, caller.shared.rebound
    reader = type(caller)(source, shared, {})
    params: list[str] = []
    for name, (value, around) in given.items():
        before = len(params)
        reader.env[name] = _inside(value, name, reader, params)
        args = arguments_in(value, name in reader.locals or before < len(params))
        for param, arg in zip(params[before:], args, strict=True):
            shared.ranks.bind(param, around.ranks.kind(arg))
    return reader, params


def call_routine(caller, node, made: Made, given: dict):
    """Emit the call of a routine and return its result as the caller's value."""
    forms = dict(made.routine.key[1])
    args = [e for name, v in given.items() for e in arguments_in(v, forms[name] == "*")]
    args += [Name(caller.capture(name, array)) for name, array in made.captured]
    leaves = results_in(made.result)
    base = made.routine.name
    targets = tuple(caller.fresh(f"{base}_value") for _ in leaves)
    loc = caller.source.loc(node)
    caller.emit(call(targets, made.routine, tuple(args), loc))
    for target, kind in zip(targets, made.kinds or (None,) * len(targets), strict=True):
        caller.shared.ranks.bind(target, kind)
    return _renamed(made.result, iter(targets), loc)


def _of_array(kind: Kind | None) -> Kind | None:
    """Return the kind of an array of floats, None for any other: one path does not tell the dtype of all."""
    return kind if kind is not None and kind.rank and kind.is_float else None


def _fits(key, other) -> bool:
    """Return whether two keys name one routine, ranks that are not known fitting any."""
    ranks = zip(key[2], other[2], strict=False)
    return key[:2] == other[:2] and all(a == b or None in (a, b) for a, b in ranks)


def _handed_on(block, routine: Routine, captured: tuple[str, ...]) -> ir.Block:
    """Return the body of a routine with the captured arrays among the arguments of its calls of itself."""

    def one(stmt: ir.Stmt) -> ir.Stmt:
        if is_call(stmt) and operation(stmt).option("routine") is routine:
            value = operation(stmt)
            return replace(stmt, value=replace(value, args=(*value.args, *map(Name, captured))))
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    return tuple(one(s) for s in block) if captured else tuple(block)


def draws_numbers(body: ir.Block) -> bool:
    """Return whether a body draws random numbers: its reverse, which runs it again, would draw others."""
    every = (e for s in ir.statements(body) for part in ir.exprs_of(s) for e in ir.walk(part))
    return any(isinstance(e, ir.Op) and draws.is_draw(e.fn) for e in every)


def form_of_result(value) -> object:
    """Return the form of a result."""
    if isinstance(value, Struct):
        return value.kind, value.keys, tuple(map(form_of_result, value.items))
    return len(results_in(value))


def _is_static(value, assigned: bool) -> bool:
    """Return whether an argument belongs to the routine: known when it is read, and no float."""
    return isinstance(value, Const) and not isinstance(value.value, float) and not assigned


def form_of(value, assigned: bool = False):
    """Return what a routine is made for of an argument: '*' for a number or array, None for what cannot be passed."""
    if _is_static(value, assigned):
        return "constant", type(value.value).__name__, value.value
    if isinstance(value, Expr):
        return "*"
    if isinstance(value, ShapeOf):
        return "shape"
    if isinstance(value, Obj):
        return None if hasattr(value.value, "reader") else ("object", id(value.value))
    if isinstance(value, Struct) and value.kind in ("tuple", "namedtuple"):
        items = tuple(map(form_of, value.items))
        return None if None in items else (value.kind, value.keys, value.make, items)
    return None


def _inside(value, name: str, reader, params: list[str]):
    """Return what stands for an argument inside the routine; its numbers and arrays become parameters."""
    top = name in reader.locals
    if isinstance(value, Struct):
        return _struct_inside(value, name, reader, params)
    if isinstance(value, ShapeOf):
        return ShapeOf(_parameter(reader.fresh(name), params))
    if not isinstance(value, Expr) or _is_static(value, top):
        return value
    own = reader.local_name(name)
    reader.renamed[name] = own
    return _parameter(own, params)


def _struct_inside(value: Struct, name: str, reader, params: list[str]) -> Struct:
    items: list[object] = []
    for key, item in zip(value.keys, value.items, strict=True):
        part = f"{name}_{key}"
        if isinstance(item, Struct):
            items.append(_struct_inside(item, part, reader, params))
        elif isinstance(item, ShapeOf):
            items.append(ShapeOf(_parameter(reader.fresh(part), params)))
        elif isinstance(item, Expr) and not _is_static(item, False):
            items.append(_parameter(reader.fresh(part), params))
        else:
            items.append(item)
    return replace(value, items=tuple(items))


def _parameter(name: str, params: list[str]) -> Name:
    params.append(name)
    return Name(name)


def arguments_in(value, assigned: bool = False):
    """Yield the numbers and arrays of an argument, in the order of the parameters they become."""
    if isinstance(value, Struct):
        for item in value.items:
            yield from arguments_in(item)
    elif isinstance(value, ShapeOf):
        yield value.array
    elif isinstance(value, Expr) and not _is_static(value, assigned):
        yield value


def is_plain_result(value) -> bool:
    """Return whether a result is made of numbers, arrays and what is known anyway, not of what lives in the routine."""
    if isinstance(value, Struct):
        return all(map(is_plain_result, value.items))
    return isinstance(value, Expr) or (isinstance(value, Obj) and not hasattr(value.value, "reader"))


def results_in(value) -> list[Expr]:
    """Return the results that a call must give; what is known when the routine is read is not among them."""
    if isinstance(value, Struct):
        return [e for item in value.items for e in results_in(item)]
    return [value] if isinstance(value, Expr) and not _is_static(value, False) else []


def _renamed(value, names, loc):
    if isinstance(value, Struct):
        return replace(value, items=tuple(_renamed(v, names, loc) for v in value.items), token=object())
    return Name(next(names), loc) if results_in(value) else value
