"""Read calls of derivatives: the source generated for the kinds of the arguments is read like any other function.

What makes a derivative (`grad(f)`) is called when the text is read. A function defined inside the one being read is
made one of its own first, with what it takes from around as further arguments.
"""

from __future__ import annotations

import ast
import copy
import inspect
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from .. import tree
from ..analysis.warned import from_text
from ..errors import Problem, SourceNotFoundError, SrcgradError
from ..language import ir
from ..language.ir import Const, Kind, Name, Op
from ..language.repeats import ANYWHERE, NOWHERE, Repeats
from .closures import free_names, lifted
from .effects import leaves_of
from .expressions import NOT_HERE, ExpressionReader, List, Lost, Obj, Places, ShapeOf, Stop, Struct, is_text, structured
from .function_calls import PULLBACK_INSIDE, LocalFunction
from .makers import AT_ONCE, PULLBACK, note_surroundings, reading_of, with_surroundings
from .operators import Partial
from .source import find_source, python_function

_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


class LocalDerivative:
    """What a maker gives of a function defined inside the one being read; made where it is called."""

    def __init__(self, make, local: LocalFunction | LocalDerivative, node, reader):
        self.make, self.local, self.node, self.reader = make, local, node, reader
        self.__name__ = ast.unparse(node)


@dataclass
class LocalPullback:
    """What `vjp` gives beside the value: the backward part, with what the forward part has left it."""

    backward: object
    residuals: object
    outs: list[ir.Expr]
    result: tree.Structure
    structures: tuple[tree.Structure, ...]  # of the arguments
    wrt: tuple[int, ...]
    reader: object
    __name__ = "the pullback"


class DerivativeReader(ExpressionReader):
    """Reads them."""

    def derivative_call(self, node, f, values=None):
        """Return the value of a call of a derivative, or of what makes one; `NOT_HERE` where it is neither."""
        if reading_of(f) is not None:
            return self.made_derivative(node, f, *(values or self.values_of(node)))
        if isinstance(f, LocalPullback):
            return self.pulled_back(node, f, *(values or self.values_of(node)))
        if isinstance(f, LocalDerivative):
            made, around = self.closed(node, f)
            return self.call_derivative(node, made, around, *(values or self.values_of(node)))
        if getattr(f, "_transform", "primal") != "primal":
            return self.call_derivative(node, f, {}, *(values or self.values_of(node)))
        return self.surroundings_of(node, values) if f is with_surroundings else NOT_HERE

    def made_derivative(self, node, maker, positional: list, keywords: dict):
        """Read a call of `grad` and its like; of `jvp(f, primals, tangents)` the call of what it makes as well."""
        positional, keywords = list(positional), dict(keywords)
        f = positional.pop(0) if positional else keywords.pop("f", None)
        if not isinstance(f, Obj):
            self.fail(node, f"{self.name_of(node)} is not given a function", "pass a function known when this is read")
        if reading_of(maker) == PULLBACK:
            return self.with_pullback(node, maker, f.value, positional, keywords)
        at_once: list = []
        if reading_of(maker) == AT_ONCE:
            names = [n for n in ("primals", "tangents") if n in keywords]
            at_once = [*positional[:2], *(keywords.pop(n) for n in names)]
            positional = positional[2:]
            if len(at_once) == 1:
                self.fail(node, f"{self.name_of(node)} misses the tangents", "give primals and tangents")
        given = [self.known_option(v, node) for v in positional]
        options = {k: self.known_option(v, node) for k, v in keywords.items()}
        if reading_of(maker) == AT_ONCE and given:
            options["argnums"] = given.pop(0)

        def make(function):
            return maker(function, *given, **options)

        if not isinstance(f.value, LocalFunction | LocalDerivative):
            made = self.attempted(node, lambda: make(f.value))
            return self.call_derivative(node, made, {}, at_once, {}) if at_once else Obj(made)
        local = LocalDerivative(make, f.value, node, self)
        if not at_once:
            return Obj(local)
        made, around = self.closed(node, local)
        return self.call_derivative(node, made, around, at_once, {})

    # -- vjp
    def with_pullback(self, node, maker, f, positional: list, keywords: dict):
        """Read `vjp(f, *args)`: the forward part is called here, the backward part where the pullback is called."""
        local = isinstance(f, LocalFunction | LocalDerivative)
        defaults = defaults_of(f) if local else {}
        f, around = self.closed_function(node, f) if local else (f, {})
        signature = self.attempted(node, lambda: signature_of(f))
        names = list(signature.parameters)
        own = len([n for n in names if n in defaults or n not in around])
        if len(positional) > own or any(n not in names[len(positional) : own] for n in keywords):
            self.fail(node, f"{self.name_of(node)} is called with other arguments than the function takes",
                      f"arguments: {', '.join(names[:own])}")  # fmt: skip
        values = self.all_values(node, signature, around | dict(zip(names, positional, strict=False)) | keywords)
        structures = tuple(map(structure_of_value, values))
        leaves = [self.as_array(e, node) for v, s in zip(values, structures, strict=True) for e in _leaves(v, s)]
        kinds = tuple(self.known_kind(e, node) for e in leaves)
        made = self.attempted(
            node, lambda: maker.generated(f, kinds, structures, own, self.repeats())
        )  # fmt: skip
        forward, backward, result, wrt = made
        *outs, residuals = self.generated_call(node, forward, leaves, leaves, kinds).items
        pullback = LocalPullback(backward, residuals, outs, result, structures[:own], wrt, self)
        return _tuple((structured(result, iter(outs)), Obj(pullback)))

    def pulled_back(self, node, pullback: LocalPullback, positional: list, keywords: dict):
        """Read the call of a pullback."""
        if len(positional) != 1 or keywords or structure_of_value(positional[0]) != pullback.result:
            self.fail(node, "a pullback takes one adjoint, of the structure of the value", "correct the call")
        bars = [self.as_array(e, node) for e in _leaves(positional[0], pullback.result)]
        for k, (bar, out) in enumerate(zip(bars, pullback.outs, strict=True)):
            rank = self.known_kind(out, node).rank
            if self.known_kind(bar, node).rank != rank:
                self.fail(node, "an adjoint does not have the axes of its value", "give it the same shape")
            if rank:
                bars[k] = self.named(bar, node)
                self.require_shape(bars[k], out, rank, node)
            elif isinstance(bar, Const):
                bars[k] = Const(float(bar.value))
        kinds = tuple(self.known_kind(e, node) for e in bars)
        value = self.generated_call(node, pullback.backward, [pullback.residuals, *bars], bars, kinds)
        found = dict(zip(pullback.wrt, leaves_of(value), strict=True))
        places = iter(range(sum(map(tree.count, pullback.structures))))
        return _tuple(tuple(_filled(s, places, found) for s in pullback.structures))

    def generated_call(self, node, function, args: list, leaves: list, kinds):
        """Read the call of a generated function, for arguments of these kinds."""
        loc = self.source.loc(node)
        if any(k.dtype != "float64" for k in kinds):
            self.emit(ir.ReadFor(tuple(leaves), kinds, loc))
        source = replace(find_source(function), called_at=loc, derived=True)
        self.shared.pitfalls += from_text(source.function.__globals__.get("PITFALLS", "[]"))
        self.shared.sources[source.function] = source
        return self.user_call(node, function, (args, {}))

    def known_option(self, value, node):
        """Return an option of what makes a derivative: a number, a name, or a tuple of these."""
        if isinstance(value, Struct):
            return tuple(self.known_option(v, node) for v in value.items)
        if isinstance(value, Obj):
            return value.value
        if isinstance(value, Const):
            return value.value
        self.fail(node, f"an option of {self.name_of(node)} is not a constant", "write a position or a name")

    def attempted(self, node, call):
        """Return what a call into the front gives; its problems are those of this line, or of the lines they name."""
        try:
            return call()
        except SrcgradError as e:
            first, *others = e.problems
            if not first.file:
                self.fail(node, first.what, first.way_out)
            self.problems.extend(others)
            raise Stop(first) from None

    # -- functions defined inside
    def surroundings_of(self, node, values) -> Struct:
        """Return what `with_surroundings` gives for a function: one to be called outside, and further arguments."""
        (given,), _ = values or self.values_of(node)
        local = given.value if isinstance(given, Obj) else None
        if isinstance(local, np.ufunc):  # it has no text, which what differentiates it needs
            names = [f"x{k}" for k in range(local.nin)]
            call = ast.Call(self.text_for(given, node, local.__name__), [ast.Name(n, ast.Load()) for n in names], [])
            taken = ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [])
            text = ast.copy_location(ast.Lambda(taken, call), node)
            local = LocalFunction(ast.fix_missing_locations(text), self)
        if isinstance(local, Partial):
            local = self.spelled_out(node, local)
        if not isinstance(local, LocalFunction):
            return _tuple((given, _tuple(())))
        function, around = self.closed_function(node, local, by_position=True)
        own = local.node.args
        if around and (local.defaults or own.vararg or own.kwonlyargs):
            self.fail(node, f"{local.__name__} uses {', '.join(map(repr, around))} from around it or by default",
                      "give it these as arguments")  # fmt: skip
        return _tuple((Obj(function), _tuple(tuple(around.values()))))

    def spelled_out(self, node, partial: Partial) -> LocalFunction:
        """Return a function with some of its arguments as a local one, which takes these from around it.

        Arguments with defaults keep these.
        """
        partial = replace(partial, args=tuple(map(self.as_it_is, partial.args)))
        call = self.completed(ast.copy_location(ast.Call(node.func, [], []), node), partial)
        of = getattr(partial.function, "node", None)
        of = of or self.attempted(node, lambda: find_source(partial.function)).node
        names = [a.arg for a in (*of.args.posonlyargs, *of.args.args)]
        needed = names[len(partial.args) : len(names) - len(of.args.defaults)]
        free = [n for n in needed if n not in dict(partial.keywords)]
        call.args += [ast.copy_location(ast.Name(n, ast.Load()), node) for n in free]
        taken = ast.arguments([], [ast.arg(n) for n in free], None, [], [], None, [])
        text = ast.copy_location(ast.Lambda(taken, call), node)
        return LocalFunction(ast.fix_missing_locations(text), self)

    def closed(self, node, derivative: LocalDerivative) -> tuple[object, dict[str, object]]:
        """Return the derivative of a local function, and the values that it takes from around, by name."""
        function, around = self.closed_function(node, derivative.local)
        return self.attempted(node, lambda: derivative.make(function)), around

    def closed_function(self, node, local, by_position=False) -> tuple[object, dict[str, object]]:
        """Return a local function as one of its own, and the values that it takes from around, by name."""
        if isinstance(local, LocalDerivative):
            return self.closed(node, local)
        around: dict[str, object] = {}
        known: dict[str, object] = {}
        inner: dict[str, ast.stmt] = {}
        self.taken_from_around(node, local, around, known, inner)
        own = tuple(local.defaults.items())
        function = lifted(local.node, local.reader.source, around, known, list(inner.values())[::-1], by_position)
        note_surroundings(function, around, local.defaults)
        return function, {**dict(own), **around}

    def taken_from_around(self, node, local, around, known, inner):
        """Sort the names that a local definition reads from around it into values, objects, and definitions."""
        of_call = isinstance(local, LocalDerivative)
        definition = ast.Lambda(_NO_ARGUMENTS, local.node) if of_call else local.node
        reader = type(self)(local.reader.source, self.shared, {}, local.reader, definition)
        for name in free_names(definition):
            found, value = reader.resolve(name)
            if not found or name in around or name in inner:
                continue
            value = self.as_it_is(self.lift(value, node, name) if isinstance(value, tuple | dict | list) else value)
            if isinstance(value, Obj):
                value = value.value
            if isinstance(value, LocalFunction | LocalDerivative):
                inner[name] = _defined(name, value)
                self.taken_from_around(node, value, around, known, inner)
            elif isinstance(value, Const):
                known[name] = value.value
            elif isinstance(value, ir.Expr) or isinstance(value, Struct) and _holds_values(value):
                around[name] = value
            elif isinstance(value, Struct):
                known[name] = self.known_option(value, node)
            elif isinstance(value, List | ShapeOf | Lost | Places | LocalPullback):
                what = f"{name!r} is used by a function defined inside, of which a derivative is called"
                way = "pass it as an argument, as a number or an array"
                self.fail(node, what, PULLBACK_INSIDE if isinstance(value, LocalPullback) else way)
            else:
                known[name] = value

    # -- calls
    def call_derivative(self, node, made, around: dict[str, object], positional: list, keywords: dict):
        """Read a call of a derivative, with what its function takes from around as arguments that stay as they are."""
        values = self.given_to(node, made, around, positional, keywords)
        structures = tuple(map(structure_of_value, values))
        leaves = [self.as_array(e, node) for v, s in zip(values, structures, strict=True) for e in _leaves(v, s)]
        kinds = tuple(self.known_kind(e, node) for e in leaves)
        function, result = self.attempted(node, lambda: made.generated(kinds, structures, self.repeats()))
        taken = self.attempted(node, lambda: made.taken(kinds, structures))
        args = [self.taken_as(leaves, kinds, k, like, node) for k, like in taken]
        if any(leaves[k] != Const(0) for k in set(range(len(leaves))) - {k for k, _ in taken}):
            self.fail(node, "an integer has a tangent", "give None, or zero, as its tangent")
        value = self.generated_call(node, function, args, leaves, kinds)
        return structured(result, iter(leaves_of(value)))

    def repeats(self) -> Repeats:
        """Return which axes of one element a derivative that is called has to allow for."""
        return ANYWHERE if self.shared.stretch else NOWHERE

    def given_to(self, node, made, around: dict[str, object], positional: list, keywords: dict) -> list:
        """Return the values of a derivative's arguments, in the order of its parameters."""
        parameters, arguments = made.__signature__.parameters, list(made.arguments)
        names = list(parameters)
        if len(positional) > len(names) or any(k not in names for k in keywords):
            self.fail(node, f"{self.name_of(node)} is called with other arguments than it takes",
                      f"arguments: {', '.join(names)}")  # fmt: skip
        given = {k: v for k, v in around.items() if k in names}
        given |= dict(zip(names, positional, strict=False)) | keywords
        values = self.all_values(node, made.__signature__, given)
        if names == arguments:
            return values
        primals, tangents = (self.as_tuple(v, node) for v in values)
        rest = [around[n] for n in arguments[len(primals) :] if n in around]
        return [_tuple((*primals, *rest)), _tuple((*tangents, *(Obj(None) for _ in rest)))]

    def all_values(self, node, signature: inspect.Signature, given: dict) -> list:
        """Return the values of all parameters, in their order, with the defaults of those not given."""
        for name, parameter in signature.parameters.items():
            if name not in given and parameter.default is parameter.empty:
                self.fail(node, f"{self.name_of(node)} misses argument {name!r}", "give it")
        return [given[n] if n in given else self.lift(p.default, node, n) for n, p in signature.parameters.items()]

    def as_tuple(self, value, node) -> tuple:
        """Return the items of primals or tangents, which must be a tuple."""
        value = self.opened(value, node)
        if not isinstance(value, Struct) or value.kind not in ("tuple", "list"):
            self.fail(node, "primals and tangents must be tuples", "write (x,) for one argument")
        return value.items

    def known_kind(self, value: ir.Expr, node) -> Kind:
        """Return the kind of an argument, for which the derivative is generated."""
        kind = self.shared.ranks.kind(value)
        if kind is None:
            self.fail(node, f"the dtype and the axes of an argument of {self.name_of(node)} are not known here",
                      "assign it before, or call the derivative outside")  # fmt: skip
        return kind

    def taken_as(self, leaves: list[ir.Expr], kinds, k: int, like: int, node) -> ir.Expr:
        """Return an argument of the generated function: a tangent has the dtype, and the shape, of its primal."""
        kind, wanted = kinds[k], kinds[like]
        if k == like:
            return leaves[k]
        if kind.rank:
            leaves[k], leaves[like] = (self.named(leaves[n], node) for n in (k, like))
            self.require_shape(leaves[k], leaves[like], kind.rank, node)
        if kind.dtype == wanted.dtype:
            return leaves[k]
        loc = self.source.loc(node)
        if kind.rank:
            return Op("astype", (leaves[k],), (("dtype", wanted.dtype),), loc)
        return Op(f"np.{wanted.dtype}", (leaves[k],), (), loc)

    def named(self, value: ir.Expr, node) -> ir.Expr:
        return value if isinstance(value, Name) else self.hold(value, node)

    def require_shape(self, tangent: ir.Expr, primal: ir.Expr, rank: int, node):
        """Emit the test that a tangent has the shape of its primal."""
        loc = self.source.loc(node)
        if tangent == primal:
            return
        sizes = [[Op("shape", (e,), (("axis", d),), loc) for e in (tangent, primal)] for d in range(rank)]
        test = reduce(lambda a, b: Op("or", (a, b), (), loc), [Op("ne", tuple(pair), (), loc) for pair in sizes])
        what = Const(f"{self.name_of(node)}: a tangent does not have the shape of its value")
        self.emit(ir.If(test, (ir.Raise("ValueError", (what,), loc),), (), loc))


def structure_of_value(value) -> tree.Structure:
    """Return the structure of an argument."""
    if isinstance(value, Struct):
        return tree.Node(value.kind, value.keys, tuple(map(structure_of_value, value.items)), value.make)
    if isinstance(value, Obj) and (value.value is None or tree.is_object(value.value)):
        return tree.Known(value.value)
    return tree.Known(value.value) if is_text(value) else tree.LEAF


def _leaves(value, structure: tree.Structure):
    """Yield the numbers and arrays of an argument."""
    if isinstance(structure, tree.Node):
        for item, child in zip(value.items, structure.children, strict=True):
            yield from _leaves(item, child)
    elif isinstance(structure, tree.Leaf):
        yield value


def defaults_of(local: LocalFunction | LocalDerivative) -> dict[str, object]:
    """Return the defaults of the parameters of a function defined inside, of which there may be derivatives."""
    return local.defaults if isinstance(local, LocalFunction) else defaults_of(local.local)


def signature_of(f) -> inspect.Signature:
    """Return the signature of a function whose pullback is asked for."""
    function = python_function(f)
    if function is None:
        name = getattr(f, "__name__", repr(f))
        raise SourceNotFoundError(Problem(f"{name!r} is not a Python function", "pass a function with source"))
    return getattr(f, "__signature__", None) or inspect.signature(function)


def _filled(structure: tree.Structure, places, found: dict[int, ir.Expr]):
    """Return the adjoint of an argument: None in the place of what has none."""
    if isinstance(structure, tree.Node):
        items = tuple(_filled(c, places, found) for c in structure.children)
        return Struct(items, structure.keys, structure.kind, structure.make)
    if isinstance(structure, tree.Known):
        return Obj(None)
    place = next(places)
    return found[place] if place in found else Obj(None)


def _tuple(items: tuple) -> Struct:
    return Struct(items, tuple(range(len(items))))


def _holds_values(value) -> bool:
    """Return whether a tuple holds numbers or arrays known at run time only."""
    return any(not isinstance(e, Const) for e in leaves_of(value))


def _defined(name: str, local: LocalFunction | LocalDerivative) -> ast.stmt:
    """Return the statement that defines a local function, or a derivative of one, under a name."""
    if not isinstance(local.node, ast.FunctionDef):
        return ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], local.node), local.node)
    made = copy.copy(local.node)
    made.name = name
    return made
