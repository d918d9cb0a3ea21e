"""Read calls of functions that have rules of their own: they stay calls, and their pages are read as routines.

What is known when the text is read (integers, flags, functions) is known to the pages as well; numbers and arrays
become parameters, so that a generated module says all there is to say of a rule in names and positions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from types import FunctionType
from typing import Any

import numpy as np

from ..custom import Custom, CustomVjp
from ..language import ir
from ..language.blocks import rename_block, verify
from ..language.calls import Routine, Rule
from ..language.ir import Const, Expr, Kind, Op
from .expressions import NOT_HERE, ExpressionReader, Obj, Stop, Struct
from .function_calls import LocalFunction
from .routines import Made, apart, arguments_in, call_routine, form_of, is_plain_result, results_in
from .source import find_source, python_function

UNKNOWN = Kind("unknown")


@dataclass(frozen=True)
class Told:
    """A function of a generated module with its rule, as the module tells it: all parameters are numbers and arrays."""

    function: FunctionType
    rule: dict[str, Any]

    def page(self, name: str) -> FunctionType | None:
        """Return a page of the rule."""
        return python_function(self.function.__globals__[self.rule[name]]) if name in self.rule else None


@dataclass
class Page:
    """A page as it was read: its flat parameters, its value, and what is known of the names in it."""

    name: str
    params: list[str]
    body: tuple[ir.Stmt, ...]
    value: Any
    shared: Any
    loc: Any

    def kinds(self, values) -> tuple[Kind, ...]:
        """Return the kinds of values in it."""
        return tuple(self.shared.ranks.kind(e) or UNKNOWN for e in values)

    def routine(self, key, captured: list[np.ndarray], results, checks=()) -> Routine:
        """Return the page as a routine that gives these results, and takes the arrays captured by any page."""
        ids = self.shared.captured_ids
        names = tuple(ids.get(id(a)) or self.shared.fresh("captured") for a in captured)
        end = ir.Return(ir.Tuple(tuple(results)) if len(results) > 1 else results[0], self.loc)
        body = (*self.shared.heads, *self.body, *checks, end)
        function = unpacked_at_once(ir.Function(self.name, (*self.params, *names), body, self.loc))
        return Routine(self.name, verify(function), key)


@dataclass
class Ruled:
    """A function with a rule as its callers see it."""

    made: Made
    captured: list[np.ndarray]


def rule_of(f) -> Custom | Told | None:
    """Return the rule of a function, None where it has none."""
    if isinstance(f, Custom):
        return f
    function = python_function(f)
    if function is None or "NAMES" not in function.__globals__:
        return None
    told = function.__globals__.get("RULES", {}).get(function.__name__)
    return None if told is None else Told(function, told)


class RuleReader(ExpressionReader):
    """Reads them."""

    def ruled_call(self, node, f, values=None):
        """Return the value of a call of a function with a rule; `NOT_HERE` where it has none."""
        rule = rule_of(f)
        if rule is None:
            return NOT_HERE
        return self.call_by_rule(node, rule, *(values or self.values_of(node)))

    def call_by_rule(self, node, rule: Custom | Told, positional: list, keywords: dict):
        """Read the call of a function with a rule."""
        function: Any = python_function(rule.function if isinstance(rule, Told) else rule)
        if isinstance(rule, Custom) and not rule.rule:
            self.fail(node, f"{rule.__name__} is declared {rule.maker} and has no rule", f"call {rule.missing} on it")
        source = self.page_source(function)
        reader: Any = type(self)
        given = self.arguments_of(node, reader(source, self.shared, {}), function, positional, keywords)
        given = {k: self.defined_outside(node, source.name, v) for k, v in given.items()}
        forms = tuple(map(_form, given.values()))
        for name, form in zip(given, forms, strict=True):
            if form is None:
                self.fail(node, f"the argument {name!r} of {source.name} cannot be passed to a function with a rule",
                          "pass numbers, arrays and tuples of them")  # fmt: skip
        args = [e for v in given.values() for e in arguments_in(v)]
        kinds = tuple(self.known_kind(e, node) for e in args)
        if any(k.dtype != "float64" for k in kinds):
            self.emit(ir.ReadFor(tuple(args), kinds, self.source.loc(node)))
        key = (function, tuple(zip(given, forms, strict=True)), kinds)
        if key not in self.shared.ruled:
            self.read_rule(node, rule, source, given, kinds, key)
        return call_routine(self, node, self.shared.ruled[key].made, given)

    def defined_outside(self, node, name: str, value):
        """Return an argument; of a function defined inside the one being read, one that could stand outside."""
        local = value.value if isinstance(value, Obj) else None
        if not isinstance(local, LocalFunction):
            return value
        function, around = self.closed_function(node, local)
        if around:
            what = f"a function passed to {name} uses {', '.join(map(repr, around))} from around it"
            self.fail(node, what, "give it these as arguments")
        return Obj(function)

    def page_source(self, page: Callable):
        """Return the source of a function with a rule, or of a page of it."""
        source = find_source(page)
        return replace(source, called_at=self.source.called_at, derived=True) if self.source.derived else source

    def read_rule(self, node, rule: Custom | Told, source, given: dict, kinds, key):
        """Read a function with a rule and its pages.

        A page may call the function itself, and captures what it takes from around: if there is any, all are read again
        with these arrays as further parameters.
        """
        captured: list[np.ndarray] = []
        while True:
            values = list(given.values())
            primal = self.read_page(node, source, [(v, self.shared) for v in values])
            results = results_in(primal.value)
            result_kinds = primal.kinds(results)
            if not is_plain_result(primal.value) or UNKNOWN in result_kinds or not results:
                self.fail(node, f"{source.name} has a rule, and returns other than numbers and arrays known here",
                          "return numbers, arrays or tuples of them")  # fmt: skip
            routine = primal.routine(key, captured, results)
            named = tuple((routine.function.params[len(primal.params) + k], a) for k, a in enumerate(captured))
            found = Made(routine, primal.value, named, tuple(values), result_kinds)
            self.shared.ruled[key] = Ruled(found, captured)
            seeds = tuple(k for k, kind in enumerate(result_kinds) if kind.is_float)
            taken = tuple(Kind(str(a.dtype), a.ndim) for a in captured)
            own = Rule(source.name, len(kinds), len(captured), (), seeds, kinds={"function": (*kinds, *taken)})
            routine.rule = own
            reader = _Pages(self, node, rule, own, captured, (values, kinds), primal, taken)
            pages = [primal, *(reader.told() if isinstance(rule, Told) else reader.read())]
            every = {id(a): a for p in pages for a in p.shared.captured.values()}
            if set(every) <= {id(a) for a in captured}:
                self.shared.callees += [s for p in pages for s in p.shared.callees]
                return
            captured = list(every.values())

    def read_page(self, node, source, given: list) -> Page:
        """Return a function read as one of its own; `given` are its arguments, each with what is known around it."""
        args = source.node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        if len(names) != len(given) or args.vararg or args.kwarg:
            self.fail(node, f"{source.name} takes {len(names)} arguments, and its rule gives it {len(given)}",
                      "correct the rule")  # fmt: skip
        reader, params = apart(self, source, dict(zip(names, given, strict=True)), self.shared.routines)
        if len(params) != sum(len(list(arguments_in(v))) for v, _ in given):
            self.fail(node, f"{source.name} assigns to an argument that is known when it is read", "use another name")
        reader.is_page = True
        body, value = reader.read_body()
        if reader.shared.problems:
            first, *others = reader.shared.problems
            self.problems.extend(others)
            raise Stop(first)
        return Page(source.name, params, body, value, reader.shared, reader.return_loc)


@dataclass
class _Pages:
    """Reads the pages of one rule into `own`."""

    reader: Any
    node: Any
    rule: Custom | Told
    own: Rule
    captured: list[np.ndarray]
    given: tuple[list, tuple[Kind, ...]]
    primal: Page
    taken: tuple[Kind, ...]

    def fail(self, what: str, way_out: str):
        self.reader.fail(self.node, what, way_out)

    def page(self, name: str, given: list) -> Page:
        function = self.rule.rule[name] if isinstance(self.rule, Custom) else self.rule.page(name)
        try:
            source = self.reader.page_source(function)
        except AttributeError:
            self.fail(f"the rule of {self.own.name} is no function", "pass functions in Python")
        return self.reader.read_page(self.node, source, given)

    def read(self) -> list[Page]:
        """Read what a user's rule gives."""
        return self.reverse_pages() if isinstance(self.rule, CustomVjp) else self.tangent_page()

    def reverse_pages(self) -> list[Page]:
        own, (values, kinds) = self.own, self.given
        forward = self.page("forward", [(v, self.reader.shared) for v in values])
        if not isinstance(forward.value, Struct) or len(forward.value.items) != 2:
            self.fail(f"{forward.name} does not return a pair of value and residuals", "return out, residuals")
        out, residuals = forward.value.items
        self.require_same(forward, out)
        if not is_plain_result(residuals):
            self.fail(f"the residuals of {forward.name} are not numbers, arrays, None and tuples of them",
                      "name their parts")  # fmt: skip
        bars = _only_floats(self.primal.value, self.primal)
        backward = self.page("backward", [(residuals, forward.shared), (bars, self.primal.shared)])
        adjoints = backward.value
        if not isinstance(adjoints, Struct) or adjoints.kind == "dict" or len(adjoints.items) != len(values):
            self.fail(f"{backward.name} does not return a tuple with one adjoint for each argument of {own.name}",
                      "return (x_bar,) for one argument, None for those without")  # fmt: skip
        found = [e for v, bar in zip(values, adjoints.items, strict=True) for e in self.matched(v, bar, backward)]
        own.wrt = tuple(k for k, kind in enumerate(kinds) if found[k] is not None and kind.is_float)
        if not own.wrt:
            self.fail(f"{backward.name} returns no adjoint", "declare the function nondifferentiable instead")
        results = [self.cast(found[k], kinds[k], backward, "adjoint") for k in own.wrt]
        own.residuals, results_of_page = _places(forward, results_in(out), results_in(residuals))
        own.forward = forward.routine(None, self.captured, results_of_page)
        own.forward.rule = own
        own.backward = backward.routine(None, self.captured, results)
        kept, seeds = forward.kinds(results_in(residuals)), self.primal.kinds(arguments_in(bars))
        own.kinds |= {"forward": (*kinds, *self.taken), "backward": (*kept, *seeds, *self.taken)}
        if UNKNOWN in own.kinds["backward"]:
            self.fail(f"the dtype or the axes of a residual of {forward.name} are not known",
                      "convert it, or leave it out")  # fmt: skip
        return [forward, backward]

    def tangent_page(self) -> list[Page]:
        own, (values, kinds) = self.own, self.given
        around = self.reader.shared
        own.wrt = tuple(k for k, kind in enumerate(kinds) if kind.is_float)
        dots = _tuple([_only_floats(v, self.reader) for v in values])
        tangent = self.page("tangent", [(_tuple(values), around), (dots, around)])
        if not isinstance(tangent.value, Struct) or len(tangent.value.items) != 2:
            self.fail(f"{tangent.name} does not return a pair of value and tangent", "return out, out_dot")
        out, out_dot = tangent.value.items
        self.require_same(tangent, out)
        outs = results_in(out)
        found = list(self.matched(out, out_dot, tangent))
        results = []
        for k in own.seeds:
            if found[k] is None:
                self.fail(f"a float that {tangent.name} returns has no tangent", "return zeros where it is zero")
            results.append(self.cast(found[k], tangent.kinds(outs)[k], tangent, "tangent"))
        checks = [c for k, dot in zip(own.seeds, results, strict=True) for c in self.shape_check(tangent, outs[k], dot)]
        own.tangent = tangent.routine(None, self.captured, [*outs, *results], checks)
        own.kinds |= {"tangent": (*kinds, *(kinds[k] for k in own.wrt), *self.taken)}
        return [tangent]

    def told(self) -> list[Page]:
        """Read what a generated module tells."""
        own, (values, kinds), rule = self.own, self.given, self.rule
        assert isinstance(rule, Told)
        own.arguments, own.captured = rule.rule["arguments"], rule.rule["captured"]
        own.wrt, own.seeds = tuple(rule.rule["wrt"]), tuple(rule.rule["seeds"])
        around, captured = self.reader.shared, values[own.arguments :]
        pages: list[Page] = []
        if "forward" in rule.rule:
            forward = self.page("forward", [(v, around) for v in values])
            every = results_in(forward.value)
            own.residuals = tuple(tuple(r) for r in rule.rule["residuals"])
            around_it = {"argument": (values, around), "result": (every, forward.shared)}
            residuals = [(around_it[place][0][k], around_it[place][1]) for place, k in own.residuals]
            bars = [results_in(self.primal.value)[k] for k in own.seeds]
            given = [*residuals, *((e, self.primal.shared) for e in bars)]
            backward = self.page("backward", [*given, *((v, around) for v in captured)])
            own.forward = forward.routine(None, [], every)
            own.backward = backward.routine(None, [], results_in(backward.value))
            own.forward.rule = own
            after = kinds[own.arguments :]
            kept = tuple(shared.ranks.kind(e) or UNKNOWN for e, shared in residuals)
            own.kinds |= {"forward": kinds, "backward": (*kept, *self.primal.kinds(bars), *after)}
            pages = [forward, backward]
        if "tangent" in rule.rule:
            dots = [values[k] for k in own.wrt]
            tangent = self.page("tangent", [(v, around) for v in (*values[: own.arguments], *dots, *captured)])
            own.tangent = tangent.routine(None, [], results_in(tangent.value))
            dot_kinds = tuple(kinds[k] for k in own.wrt)
            own.kinds |= {"tangent": (*kinds[: own.arguments], *dot_kinds, *kinds[own.arguments :])}
            pages = [tangent]
        return pages

    def require_same(self, page: Page, out):
        """Raise where a page gives a value of another form than the function."""
        ours, others = (p.kinds(results_in(v)) for p, v in ((self.primal, self.primal.value), (page, out)))
        if not _same_form(self.primal.value, out) or ours != others:
            self.fail(f"the value that {page.name} returns is not of the form of that of {self.own.name}",
                      "return the same numbers and arrays, of the same dtypes and axes")  # fmt: skip

    def matched(self, value, other, page: Page):
        """Yield for each number or array in a value the part of its adjoint or tangent, None where there is none."""
        if isinstance(other, Obj) and other.value is None:
            yield from (None for _ in arguments_in(value))
        elif isinstance(value, Struct) and isinstance(other, Struct) and value.keys == other.keys:
            for v, o in zip(value.items, other.items, strict=True):
                yield from self.matched(v, o, page)
        elif isinstance(value, Expr) and isinstance(other, Expr):
            yield from (other for _ in arguments_in(value))
        elif not isinstance(value, Obj):
            self.fail(f"what {page.name} returns does not have the structure of what it belongs to",
                      "give it the same structure, with None where there is no derivative")  # fmt: skip

    def cast(self, value: Expr, kind: Kind, page: Page, what: str) -> Expr:
        """Return an adjoint or tangent in the dtype of what it belongs to."""
        found = page.shared.ranks.kind(value)
        if found is None or found.rank != kind.rank:
            axes = "an unknown number of" if found is None else found.rank
            self.fail(f"the {what} that {page.name} returns has {axes} axes, what it belongs to has {kind.rank}",
                      "give it the same shape")  # fmt: skip
        if found.dtype == kind.dtype:
            return value
        return Op("astype", (value,), (("dtype", kind.dtype),)) if kind.rank else Op(f"np.{kind.dtype}", (value,))

    def shape_check(self, page: Page, out: Expr, dot: Expr) -> list[ir.Stmt]:
        """Return the test that a tangent has the shape of its value."""
        rank = page.shared.ranks.rank(out)
        sizes = [Op("ne", tuple(Op("shape", (e,), (("axis", d),)) for e in (dot, out))) for d in range(rank)]
        if not sizes or dot == out:
            return []
        what = Const(f"the tangent that {page.name} returns does not have the shape of its value")
        test = reduce(lambda a, b: Op("or", (a, b)), sizes)
        return [ir.If(test, (ir.Raise("ValueError", (what,), page.loc),), (), page.loc)]


def unpacked_at_once(function: ir.Function) -> ir.Function:
    """Return the function with parameters under the names that its first lines give them.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> print(emit(unpacked_at_once(parse_text("def f(args_0):\\n    x = args_0\\n    return x * x"))))
    def f(x):
        return x * x
    """
    bound = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    names: dict[str, str] = {}
    kept: list[ir.Stmt] = []
    for stmt in function.body:
        value = stmt.value if isinstance(stmt, ir.Let) else None
        once = isinstance(value, ir.Name) and value.id in function.params and value.id not in names
        if isinstance(stmt, ir.Let) and isinstance(value, ir.Name) and once and not bound[value.id] and (
            bound[stmt.target] == 1 and stmt.target not in function.params):  # fmt: skip
            names[value.id] = stmt.target
        else:
            kept.append(stmt)
    params = tuple(names.get(p, p) for p in function.params)
    return replace(function, params=params, body=rename_block(tuple(kept), names))


def _form(value):
    """Return what a function with a rule is read for of an argument: containers are not written."""
    if isinstance(value, Struct):
        items = tuple(map(_form, value.items))
        return None if None in items else (value.kind, value.keys, value.make, items)
    return form_of(value)


def _same_form(a, b) -> bool:
    """Return whether two values have the same structure."""
    if isinstance(a, Struct) and isinstance(b, Struct):
        return a.keys == b.keys and all(map(_same_form, a.items, b.items))
    return isinstance(a, Expr) and isinstance(b, Expr) or a == b


def _only_floats(value, around):
    """Return a value with 0 in the place of what is no float."""
    if isinstance(value, Struct):
        return replace(value, items=tuple(_only_floats(v, around) for v in value.items))
    kind = around.shared.ranks.kind(value) if isinstance(value, Expr) and not isinstance(value, Const) else None
    is_float = kind is not None and kind.is_float or isinstance(value, Const) and isinstance(value.value, float)
    return value if is_float or isinstance(value, Obj) else Const(0)


def _tuple(items) -> Struct:
    return Struct(tuple(items), tuple(range(len(items))))


def _places(page: Page, outs: list[Expr], residuals: list[Expr]):
    """Return (where each residual stands, results of the page): arguments and values are not given once more."""
    changed = ir.bound_in(page.body) | ir.stored_in(page.body)
    results, places = list(outs), []
    for e in residuals:
        if isinstance(e, ir.Name) and e.id in page.params and e.id not in changed:
            places.append(("argument", page.params.index(e.id)))
            continue
        if e not in results:
            results.append(e)
        places.append(("result", results.index(e)))
    return tuple(places), results
