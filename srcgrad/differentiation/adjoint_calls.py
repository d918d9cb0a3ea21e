"""The adjoint code of a call: a call of the routine's pullback, its results added to adjoints."""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..analysis.access import rank_of, root_of
from ..language import ir
from ..language.calls import Form, Rule, call, operation
from ..language.ir import Const, Kind, Name, Op, Unpack
from ..language.kinds import kind_of


class CallAdjoint:
    """The part of `AdjointBuilder` that reverses calls."""

    # what `AdjointBuilder` sets up
    kinds: dict[str, Kind]
    bar_kinds: dict[str, Kind]
    active: frozenset[str]
    fresh: ir.Fresh
    bar: Any
    contribute: Any
    nest: Any

    def call_flow(self, stmt: Unpack, live: set[str]) -> set[str]:
        """Return the names whose adjoint may be live before a call, without building code."""
        if not live & set(stmt.targets) & self.active:
            return live - set(stmt.targets)
        args = operation(stmt).args
        return (live - set(stmt.targets)) | {root_of(args[k]).id for k in self.differentiated(args)}

    def differentiated(self, args) -> list[int]:
        """Return the positions of the arguments that get an adjoint."""
        leaves = [(k, root_of(a).id) for k, a in enumerate(args) if not isinstance(a, ir.Const)]
        return [k for k, name in leaves if name in self.active]

    def call(self, step, stmt: Unpack, live: set[str]) -> set[str]:
        seeds = tuple(k for k, t in enumerate(stmt.targets) if t in live and t in self.active)
        live = live - set(stmt.targets)
        args = operation(stmt).args
        wrt = self.differentiated(args)
        if not seeds or not wrt:
            return live
        routine = operation(stmt).option("routine")
        rule = routine.rule
        if rule is not None:
            wrt = [k for k in wrt if k in rule.wrt]
        targets, pushes = self.adjoints_of(args, wrt, live)
        if rule is not None:
            self.by_rule(step, stmt, rule, seeds, wrt, targets)
        else:
            bars = tuple(Name(self.bar(stmt.targets[k])) for k in seeds)
            form, kinds = Form(tuple(wrt), seeds), operation(stmt).option("kinds")
            step.code.append(call(tuple(targets), routine, (*args, *bars), stmt.loc, form, kinds))
        for leaf, name in pushes:
            if self.bar_kinds[name].rank:
                self.nest(step, name, self.bar_kinds[name].rank, leaf, live)
            else:
                self.contribute(step, leaf, 1, Name(name), live, leaf)
        return live

    def adjoints_of(self, args, wrt: list[int], live: set[str]) -> tuple[list[str], list[tuple[Any, str]]]:
        """Return (names for the adjoints of arguments, those of them that are added to others, with the places)."""
        targets, pushes = [], []
        for k in wrt:
            leaf, root = args[k], root_of(args[k]).id
            if isinstance(leaf, Name) and root not in live:
                targets.append(self.bar(root))
                live.add(root)
                continue
            name = self.fresh(f"{root}_push")
            self.bar_kinds[name] = Kind(self.kinds[root].dtype, rank_of(leaf, lambda n: self.kinds[n].rank))
            targets.append(name)
            pushes.append((leaf, name))
        return targets, pushes

    def by_rule(self, step, stmt: Unpack, rule: Rule, seeds, wrt: list[int], targets: list[str]):
        """Write the call of the backward page of a rule, or of the reverse of its tangent page, which is linear."""
        args = operation(stmt).args
        captured = args[rule.arguments :]
        outs = {k: stmt.targets[k] for k in rule.seeds}
        if rule.backward is not None:
            step.late = True  # it reads what the forward page has given
            residuals = [args[k] if place == "argument" else Name(stmt.targets[k]) for place, k in rule.residuals]
            bars = [Name(self.bar(o)) if k in seeds else self.nothing(o) for k, o in outs.items()]
            given = dict(zip(wrt, targets, strict=True))
            every = tuple(given.get(k) or self.unused(args[k]) for k in rule.wrt)
            step.code.append(call(every, rule.backward, (*residuals, *bars, *captured), stmt.loc, None,
                                  rule.kinds["backward"]))  # fmt: skip
            for k, name in given.items():
                self.require_shape(step, name, args[k], rule.name, stmt.loc)
            return
        assert rule.tangent is not None
        dots = tuple(self.nothing(args[k]) for k in rule.wrt)
        at = tuple(rule.arguments + rule.wrt.index(k) for k in wrt)
        results = len(rule.tangent.results) - len(rule.seeds)
        form = Form(at, tuple(results + rule.seeds.index(k) for k in seeds))
        bars = [Name(self.bar(outs[k])) for k in seeds]
        given_all = (*args[: rule.arguments], *dots, *captured, *bars)
        step.code.append(call(tuple(targets), rule.tangent, given_all, stmt.loc, form, rule.kinds["tangent"]))

    def nothing(self, value: ir.Expr | str) -> ir.Expr:
        """Return an adjoint or tangent of zero for a result or an argument."""
        leaf = Name(value) if isinstance(value, str) else value
        return Op("np.zeros_like", (leaf,)) if kind_of(leaf, self.kinds).rank else Const(0.0)

    def unused(self, leaf: ir.Expr) -> str:
        """Return a name for an adjoint that nobody asks for."""
        name = self.fresh("unused")
        self.bar_kinds[name] = kind_of(leaf, self.kinds)
        return name

    def require_shape(self, step, name: str, leaf: ir.Expr, function: str, loc):
        """Write the test that an adjoint has the shape of its argument."""
        sizes = [Op("ne", (Op("shape", (Name(name),), (("axis", d),)), Op("shape", (leaf,), (("axis", d),))))
                 for d in range(self.bar_kinds[name].rank)]  # fmt: skip
        if sizes:
            what = Const(f"the adjoint of an argument that the rule of {function} gives does not have its shape")
            test = reduce(lambda a, b: Op("or", (a, b)), sizes)
            step.code.append(ir.If(test, (ir.Raise("ValueError", (what,), loc),), (), loc))
