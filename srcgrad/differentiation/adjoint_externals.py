"""The adjoint code of functions that are called as they are: calls of the pages of their rules."""

from __future__ import annotations

import inspect
from typing import Any

from ..analysis.access import rank_of, root_of
from ..analysis.activity import is_active_operand
from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.calls import call
from ..language.ir import Expr, Kind, Name, Op
from ..language.kinds import kind_of
from ..rules import externals


class ExternalAdjoint:
    """The part of `AdjointBuilder` that reverses them."""

    # what `AdjointBuilder` sets up
    kinds: dict[str, Kind]
    bar_kinds: dict[str, Kind]
    bars: dict[str, str]
    active: frozenset[str]
    fresh: ir.Fresh
    pages: Any
    bar: Any
    nest: Any
    contribute: Any
    require_shape: Any

    def external_flow(self, targets: tuple[str, ...], value: Op, live: set[str]) -> set[str]:
        """Return the names whose adjoint may be live before such a call, without building code."""
        wanted = bool(live & set(targets) & self.active)
        return (live - set(targets)) | ({root_of(a).id for a in self.active_operands(value)} if wanted else set())

    def active_operands(self, value: Op) -> list[Expr]:
        return [a for a in value.args if is_active_operand(a, self.kinds, self.active)]

    def external(self, step, targets: tuple[str, ...], value: Op, live: set[str]) -> set[str]:
        """Write the calls that give the adjoints of a function's operands."""
        row = externals.BY_SPELLING[value.fn]
        seeds = {r: t for r, t in zip(row.results, targets, strict=True) if t in live and t in self.active}
        live = live - set(targets)
        active = self.active_operands(value)
        if not seeds or not active:
            return live
        given: dict[str, Expr | None] = dict(zip(row.operands, value.args, strict=True))
        given |= {r: Name(t) for r, t in zip(row.results, targets, strict=True)}
        given |= {f"{r}_bar": Name(self.bar(seeds[r])) if r in seeds else None for r in row.results}
        # adjoints that the pages of others take come first
        order = [o for o in row.operands if f"{o}_bar" not in given and any(given[o] is a for a in active)]
        self.require_rule(step, row, seeds)
        order.sort(key=lambda o: sum(f"{p}_bar" in self.parameters(row, o, step) for p in row.operands))
        for operand in order:
            self.external_bar(step, row, operand, given, live)
        return live

    def require_rule(self, step, row: externals.External, seeds: dict[str, str]):
        """Refuse an adjoint that no page takes: left out, it would be a derivative of zero."""
        pages = [row.page(f"{o}_bar") for o in row.operands]
        taken = {p for page in pages if page is not None for p in inspect.signature(page).parameters}
        for result, field in zip(row.results, row.fields, strict=True):
            if result in seeds and f"{result}_bar" not in taken and result not in getattr(row.rule, "constant", ()):
                what = f"there is no derivative of {field} of {row.spelling}"
                raise UnsupportedError(problem_at(step.stmt.loc, what, "pass stop_gradient(...) of it"))

    def parameters(self, row: externals.External, operand: str, step) -> list[str]:
        page = row.page(f"{operand}_bar")
        if page is None:
            raise UnsupportedError(problem_at(step.stmt.loc, f"there is no derivative of {row.spelling} by {operand}",
                                              "pass stop_gradient(...) of it, or write it out"))  # fmt: skip
        return list(inspect.signature(page).parameters)

    def external_bar(self, step, row: externals.External, operand: str, given: dict, live: set[str]):
        """Write the call for the adjoint of one operand, and add that to the adjoint of the array it stands in."""
        leaf = given[operand]
        root = root_of(leaf).id
        parameters = self.parameters(row, operand, step)
        for p in parameters:
            if p not in given and p.removesuffix("_bar") in row.operands:
                self.external_bar_alone(step, row, p.removesuffix("_bar"), given)
        step.late |= bool(set(parameters) & set(row.results))
        rank = rank_of(leaf, lambda n: self.kinds[n].rank)
        direct = isinstance(leaf, Name) and root not in live
        target = self.bar(root) if direct else self.fresh(f"{root}_push")
        self.bar_kinds[target] = Kind(self.kinds[root].dtype, rank)
        self.call_page(step, row, f"{operand}_bar", parameters, given, target)
        given[f"{operand}_bar"] = Name(target)
        if row.place is not None:
            self.require_shape(step, target, leaf, row.place[1], step.stmt.loc)
        if direct:
            live.add(root)
        elif rank:
            self.nest(step, target, rank, leaf, live)
        else:
            self.contribute(step, leaf, 1, Name(target), live, leaf)

    def external_bar_alone(self, step, row: externals.External, operand: str, given: dict):
        """Write the call for the adjoint of an operand that only the page of another one asks for."""
        target = self.fresh(f"{operand}_bar")
        kind = kind_of(given[operand], self.kinds)
        self.bar_kinds[target] = kind
        self.call_page(step, row, f"{operand}_bar", self.parameters(row, operand, step), given, target)
        given[f"{operand}_bar"] = Name(target)

    def call_page(self, step, row: externals.External, name: str, parameters, given: dict, target: str):
        known = self.kinds | self.bar_kinds | {b: self.kinds[n] for n, b in self.bars.items()}
        args = [given[p] for p in parameters]
        kinds = tuple(None if a is None else kind_of(a, known) for a in args)
        base = row.spelling.rpartition(".")[2]
        routine = self.pages.read(row.page(name), f"{base}_{name}", kinds, step.stmt.loc)
        present = tuple(a for a in args if a is not None)
        known_kinds = tuple(k for k in kinds if k is not None)
        alone = externals.call_alone(target, routine.function, present, step.stmt.loc)
        step.code.append(alone or call((target,), routine, present, step.stmt.loc, None, known_kinds))
