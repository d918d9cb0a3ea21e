"""The tangent code of calls: tangent forms of routines, and the pages of rules of functions called as they are."""

from __future__ import annotations

import inspect
from typing import Any

from . import ir
from .access import root_of
from .activity import varied_results
from .calls import Tangent, call, operation
from .errors import UnsupportedError, problem_at
from .ir import Expr, Kind, Let, Name, Op, Stmt, Unpack
from .kinds import kind_of
from .rules import externals


class TangentCalls:
    """The part of `TangentBuilder` that differentiates calls."""

    # what `TangentBuilder` sets up
    kinds: dict[str, Kind]
    active: frozenset[str]
    pages: Any
    dot: Any
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
        dots = tuple(self.shadow(made.args[k]) for k in wrt)
        targets = (*stmt.targets, *(self.dot(stmt.targets[k]) for k in results))
        form = Tangent(wrt, results)
        return call(targets, made.option("routine"), (*made.args, *dots), stmt.loc, form, made.option("kinds"))

    def external(self, stmt: Unpack | Let) -> list[Stmt]:
        """Return the call of a function as it is, and for each active result the call of the page of its tangent."""
        value = stmt.value
        assert isinstance(value, Op)
        row = externals.BY_SPELLING[value.fn]
        targets = (stmt.target,) if isinstance(stmt, Let) else stmt.targets
        operands = dict(zip(row.operands, value.args, strict=True))
        dots = {o: self.shadow(a) for o, a in operands.items() if ir.names_in(a) and self.is_active(root_of(a))}
        given: dict[str, Expr | None] = {**operands, **{f"{o}_dot": dots.get(o) for o in row.operands}}
        given |= {r: Name(t) for r, t in zip(row.results, targets, strict=True)}
        out: list[Stmt] = [stmt]
        for result, target in zip(row.results, targets, strict=True):
            if target in self.active and dots:
                out.append(self.page(row, f"{result}_dot", given, self.dot(target), stmt))
            elif target in self.active:
                out.append(self.nothing(target, stmt))
        return out

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
        return call((target,), routine, present, stmt.loc, None, kinds)

    def nothing(self, target: str, stmt: Stmt) -> Let:
        """Return the statement that makes the tangent of a name zero."""
        zero = Op("np.zeros_like", (Name(target),)) if self.kinds[target].rank else ir.Const(0.0)
        return Let(self.dot(target), zero, stmt.loc)
