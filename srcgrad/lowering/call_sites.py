"""Lower calls of routines: arguments as names and elements, arrays as they stand in memory; sizes of the results."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.aliases import returns_memory
from ..language import ir
from ..language.calls import ReadInPlace, Routine, operation
from ..language.ir import Const, Expr, Kind, Let, Name, Op, Sub, Unpack
from .pull import is_contiguous
from .pull_ops import ArrayReader


class CallWriter(ArrayReader):
    """Writes calls; `lowered` gives the routine that is called, lowered for the kinds of the arguments."""

    # what `Lowerer` sets up
    multi: set[str]
    stored: set[str]
    loops: int

    def lowered(self, routine: Routine, kinds: tuple[Kind, ...]):
        raise NotImplementedError

    def let(self, stmt: Let):
        raise NotImplementedError

    def call(self, stmt: Unpack):
        value, routine = operation(stmt), operation(stmt).option("routine")
        assert isinstance(routine, Routine)
        kinds = tuple(map(self.kind, value.args))
        if returns_memory(routine, kinds) and self.stored & {*stmt.targets, *ir.names_in(value)}:
            raise ReadInPlace(routine)
        args = tuple(map(self.argument, value.args, routine.function.params))
        low = self.lowered(routine, kinds)
        static = tuple((k, kinds if k == "kinds" else v) for k, v in value.static)
        raw, lets = [], []
        results = _results(low[0]) if low else (Const(0.0),) * len(stmt.targets)
        for target, result in zip(stmt.targets, results, strict=True):
            rank, own = self.kinds[target].rank, target
            kept = target in self.multi or target in self.state.storage
            if self.loops or kept or not rank:
                # what reverse may want again, of every round of a loop, stands under a name of its own
                own = self.fresh(f"{target}_value" if rank else target)
                self.kinds[own] = self.kinds[target]
                lets.append(Let(target, Name(own) if kept or not rank else Op("copy", (Name(own),)), stmt.loc))
            raw.append(own)
            if rank:
                self.state.dims[own] = self.result_sizes(own, result, low, args)
        self.emit(replace(stmt, targets=tuple(raw), value=replace(value, args=args, static=static)))
        for let in lets:
            self.let(let)

    def argument(self, expr: Expr, name: str) -> Expr:
        """Return an argument as a name, a number or an element; an array as a name or a part without gaps."""
        kind = self.kind(expr)
        if kind.rank:
            p = self.pull(expr)
            if p.array is not None and is_contiguous(p.array):
                return p.array
            return self.materialise(p, kind, self.fresh(name))
        value = self.scalar(expr)
        return value if _is_element(value) else self.hold(value, name)

    def result_sizes(self, target: str, result: Expr, low, args) -> tuple[Expr, ...]:
        """Return the sizes of a result by those of the arguments where the routine tells, else as they stand."""
        if not isinstance(result, Name):
            return tuple(_size(target, d) for d in range(self.kinds[target].rank))
        function, kinds, sizes, _ = low
        unchanging = set(function.params) - ir.bound_in(function.body)
        table: dict[Expr, Expr] = {}
        for p, a in zip(function.params, args, strict=True):
            if kinds[p].rank:
                table |= {_size(p, d): n for d, n in enumerate(self.pull(a).dims)}
            elif p in unchanging:
                table[Name(p)] = a
        known = sizes.get(result.id)
        found = [_size(target, d) for d in range(self.kinds[target].rank)]
        for d, size in enumerate(known or ()):
            blank = ir.substitute(size, dict.fromkeys(table, Const(0)))
            if not ir.names_in(blank) and not any(isinstance(e, Sub) for e in ir.walk(ir.substitute(size, table))):
                found[d] = self.hold_size(self.canonical(ir.substitute(size, table)))
        return tuple(found)


def _is_element(value: Expr) -> bool:
    """Return whether a value is an element of an array at a place that needs no other array to be found."""
    place = isinstance(value, Sub) and isinstance(value.base, Name)
    return place and not any(isinstance(e, Sub) for i in ir.children(value)[1:] for e in ir.walk(i))


def _size(name: str, axis: int) -> Expr:
    return Op("shape", (Name(name),), (("axis", axis),))


def _results(function: ir.Function) -> tuple[Expr, ...]:
    last = function.body[-1]
    assert isinstance(last, ir.Return)
    return last.value.items if isinstance(last.value, ir.Tuple) else (last.value,)
