"""The tangent code of calls: tangent forms of routines, and the pages of rules of functions called as they are."""

from __future__ import annotations

import inspect
from functools import reduce
from typing import Any

from ..analysis.access import root_of
from ..analysis.activity import is_active_operand, varied_results
from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.calls import Rule, Tangent, call, operation
from ..language.ir import Const, Expr, Kind, Let, Name, Op, Stmt, Unpack
from ..language.kinds import kind_of
from ..rules import externals


class TangentCalls:
    """The part of `TangentBuilder` that differentiates calls."""

    # what `TangentBuilder` sets up
    kinds: dict[str, Kind]
    active: frozenset[str]
    fresh: ir.Fresh
    many: bool
    pages: Any
    dot: Any
    zero: Any
    shadow: Any
    is_active: Any

    def call(self, stmt: Unpack) -> Stmt:
        """Return the call of a routine's tangent form in the place of a call, where tangents go in and are wanted."""
        made = operation(stmt)
        wrt = tuple(k for k, a in enumerate(made.args) if ir.names_in(a) and self.is_active(root_of(a)))
        given = {root_of(made.args[k]).id for k in wrt}
        results = tuple(k for k in sorted(varied_results(made, given)) if stmt.targets[k] in self.active)
        if not results:
            return stmt
        if made.option("routine").rule is not None:
            return self.by_rule(stmt, made.option("routine").rule, wrt, results)
        dots = tuple(self.shadow(made.args[k]) for k in wrt)
        targets = (*stmt.targets, *(self.dot(stmt.targets[k]) for k in results))
        form = Tangent(wrt, results, self.many)
        return call(targets, made.option("routine"), (*made.args, *dots), stmt.loc, form, made.option("kinds"))

    def by_rule(self, stmt: Unpack, rule: Rule, wrt: tuple[int, ...], results: tuple[int, ...]) -> Stmt:
        """Return the call of the tangent page of a rule; of many directions, of its derivative by the tangents."""
        if rule.tangent is None:
            raise UnsupportedError(problem_at(stmt.loc, f"{rule.name}() has a rule for reverse mode only (custom_vjp)",
                                              "give it a custom_jvp, which serves both modes"))  # fmt: skip
        args = operation(stmt).args
        first, captured = args[: rule.arguments], args[rule.arguments :]
        kinds = rule.kinds["tangent"]
        zeros = {k: Op("np.zeros_like", (args[k],)) if kinds[k].rank else Const(0.0) for k in rule.wrt}
        dots = {k: self.shadow(args[k]) for k in wrt if k in rule.wrt}
        targets = tuple(self.dot(stmt.targets[k]) if k in results else self.fresh("unused") for k in rule.seeds)
        if not self.many:
            given = tuple((zeros | dots)[k] for k in rule.wrt)
            return call((*stmt.targets, *targets), rule.tangent, (*first, *given, *captured), stmt.loc, None, kinds)
        at = tuple(rule.arguments + rule.wrt.index(k) for k in dots)
        form = Tangent(at, tuple(len(stmt.targets) + n for n in range(len(rule.seeds))), True)
        nothing = tuple(self.fresh("unused") for _ in rule.seeds)
        every = (*first, *zeros.values(), *captured, *dots.values())
        return call((*stmt.targets, *nothing, *targets), rule.tangent, every, stmt.loc, form, kinds)

    def external(self, stmt: Unpack | Let) -> list[Stmt]:
        """Return the call of a function as it is, and for each active result the call of the page of its tangent."""
        value = stmt.value
        assert isinstance(value, Op)
        row = externals.BY_SPELLING[value.fn]
        targets = (stmt.target,) if isinstance(stmt, Let) else stmt.targets
        operands = dict(zip(row.operands, value.args, strict=True))
        if not any(t in self.active for t in targets):
            return [stmt]
        active = {o: a for o, a in operands.items() if is_active_operand(a, self.kinds, self.active)}
        dots = {o: self.shadow(a) for o, a in active.items()}
        given: dict[str, Expr | None] = {**operands, **{f"{o}_dot": dots.get(o) for o in row.operands}}
        given |= {r: Name(t) for r, t in zip(row.results, targets, strict=True)}
        out: list[Stmt] = [stmt]
        for result, target in zip(row.results, targets, strict=True):
            if target in self.active and dots:
                out += self.external_tangent(row, f"{result}_dot", given, target, stmt)
            elif target in self.active:
                out.append(self.nothing(target, stmt))
        return out

    def external_tangent(self, row: externals.External, name: str, given: dict, target: str, stmt: Stmt) -> list[Stmt]:
        """Return the tangent code of one result, which the page `name` of a rule gives."""
        dot = self.dot(target)
        return [self.page(row, name, given, dot, stmt), *self.require_shape(row, dot, target, stmt)]

    def require_shape(self, row: externals.External, tangent: str, target: str, stmt: Stmt) -> list[Stmt]:
        """Return the test that a tangent which a user's page gives has the shape of its value."""
        if row.place is None or not self.kinds[target].rank:
            return []
        names, axes = (Name(tangent), Name(target)), range(self.kinds[target].rank)
        sizes = [Op("ne", tuple(Op("shape", (n,), (("axis", d),)) for n in names)) for d in axes]
        what = Const(f"the tangent that the rule of {row.place[1]} gives does not have the shape of its value")
        test = reduce(lambda a, b: Op("or", (a, b)), sizes)
        return [ir.If(test, (ir.Raise("ValueError", (what,), stmt.loc),), (), stmt.loc)]

    def page(self, row: externals.External, name: str, given: dict, target: str, stmt: Stmt) -> Stmt:
        """Return the call of a page of a rule."""
        page = row.page(name)
        if page is None:
            way = "pass stop_gradient(...) of its arguments, or write it out"
            what = f"there is no derivative of {row.spelling} in forward mode"
            raise UnsupportedError(problem_at(stmt.loc, what, way))
        args = [given[p] for p in inspect.signature(page).parameters]
        present = tuple(a for a in args if a is not None)
        kinds = tuple(kind_of(a, self.kinds) for a in present)
        base, known = row.spelling.rpartition(".")[2], iter(kinds)
        places = tuple(None if a is None else next(known) for a in args)
        routine = self.pages.read(page, f"{base}_{name}", places, stmt.loc)
        alone = externals.call_alone(target, routine.function, present, stmt.loc)
        return alone or call((target,), routine, present, stmt.loc, None, kinds)

    def nothing(self, target: str, stmt: Stmt) -> Stmt:
        """Return the statement that makes the tangent of a name zero."""
        return Let(self.dot(target), self.zero(target), stmt.loc)
