"""The adjoint code of a call: a call of the routine's pullback, its results added to adjoints."""

from __future__ import annotations

from typing import Any

from . import ir
from .access import rank_of, root_of
from .calls import Form, call, operation
from .ir import Kind, Name, Unpack


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
        bars = tuple(Name(self.bar(stmt.targets[k])) for k in seeds)
        form, kinds = Form(tuple(wrt), seeds), operation(stmt).option("kinds")
        step.code.append(call(tuple(targets), routine, (*args, *bars), stmt.loc, form, kinds))
        for leaf, name in pushes:
            if self.bar_kinds[name].rank:
                self.nest(step, name, self.bar_kinds[name].rank, leaf, live)
            else:
                self.contribute(step, leaf, 1, Name(name), live, leaf)
        return live
