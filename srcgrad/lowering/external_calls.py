"""Lower calls of functions that compiled code calls as they are: operands in memory, without gaps and of one dtype."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Expr, Let, Name, Op
from ..rules import externals
from .nests import NestWriter
from .pull import Pull


class ExternalCaller(NestWriter):
    """Writes them; the sizes of the results are those that the signature tells."""

    # what `ArrayReader` has
    pull: Callable[..., Pull]
    scalar: Callable[..., Expr]
    operand: Callable[..., Expr]
    # what `Lowerer` sets up
    multi: set[str]
    stored: set[str]
    loops: int

    def external(self, expr: Op, into: str | None) -> Pull:
        """Emit a call with one result."""
        kind = self.kind(expr)
        row = externals.BY_SPELLING[expr.fn]
        free = into and into not in self.multi and into not in self.state.storage and into != "out"
        target = into if into and free and self.kinds.get(into) == kind else self.fresh(row.results[0])
        self.kinds[target] = kind
        args, (sizes,) = self.prepared(row, expr, (target,))
        self.emit(Let(target, replace(expr, args=args), expr.loc))
        self.require_sizes(row, target, sizes)
        if expr.fn == "np.argsort" and target not in self.stored:
            self.positions.add(target)
        return self.result(target, sizes)

    def external_results(self, stmt: ir.Unpack):
        """Emit a call with several results."""
        expr = stmt.value
        assert isinstance(expr, Op)
        row = externals.BY_SPELLING[expr.fn]
        own: list[str] = []
        for target in stmt.targets:
            # a number that a loop binds anew has to be kept, which is done where it gets its name
            number = self.loops and not self.kinds[target].rank
            kept = target in self.multi or target in self.state.storage or number
            own.append(self.fresh(target) if kept else target)
            self.kinds[own[-1]] = self.kinds[target]
        args, sizes = self.prepared(row, expr, tuple(own))
        self.emit(replace(stmt, targets=tuple(own), value=replace(expr, args=args)))
        for name, target, dims in zip(own, stmt.targets, sizes, strict=True):
            self.require_sizes(row, name, dims)
            self.result(name, dims)
            if name != target:
                self.let(Let(target, Name(name), stmt.loc))

    def let(self, stmt: Let):
        raise NotImplementedError

    def result(self, target: str, sizes) -> Pull:
        if not sizes:
            return Pull((), lambda _: Name(target))
        self.note_sizes(target, tuple(map(self.canonical, sizes)))
        return self.named(target)

    def require_sizes(self, row: externals.External, target: str, sizes):
        """Emit the test that a result of a user's function has the sizes that its signature promises."""
        for d, size in enumerate(sizes if row.place is not None else ()):
            shown = Op("shape", (Name(target),), (("axis", d),))
            if size != shown:
                self.require(size, shown, f"{row.spelling}: lengths promised and found")

    def prepared(self, row: externals.External, expr: Op, targets: tuple[str, ...]) -> tuple[tuple[Expr, ...], list]:
        """Return (operands as the call takes them, sizes of each result), after checks that the sizes fit."""
        kinds = tuple(map(self.kind, expr.args))
        found = row.signature(kinds)
        assert found is not None, expr
        dtype = row.dtype(kinds)
        known: dict[str, Expr] = {}
        args: list[Expr] = []
        for arg, kind, names in zip(expr.args, kinds, found[0], strict=True):
            if not kind.rank:
                value = self.scalar(arg)
                args.append(value if row.place is None else self.hold(value, row.operands[len(args)]))
                continue
            p = self.pull(arg)
            for name, size in zip(names, p.dims, strict=True):
                if name in known:
                    self.require(known[name], size, f"{row.spelling}: lengths")
                known.setdefault(name, size)
            args.append(self.operand(p, kind, dtype))
        shapes = zip(targets, found[1], strict=True)
        return tuple(args), [tuple(self.size_named(n, known, t, d) for d, n in enumerate(names)) for t, names in shapes]

    def size_named(self, name: str, known: dict[str, Expr], target: str, axis: int) -> Expr:
        """Return the size that a name of a signature stands for: `k` is the smaller one of `m` and `n`.

        What no operand has shows in the result itself.
        """
        if name == "k" and "k" not in known:
            shorter = Op("min", (known["m"], known["n"]))
            known["k"] = self.hold(shorter, "k")
            self.lengths_named[known["k"]] = shorter
        if name.isdigit():
            return Const(int(name))
        return known.get(name) or Op("shape", (Name(target),), (("axis", axis),))

