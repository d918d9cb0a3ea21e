"""Lower calls of routines: arguments as names and elements, arrays as they stand in memory; sizes of the results."""

from __future__ import annotations

from dataclasses import replace

from . import ir
from .calls import ReadInPlace, Routine, is_call, operation
from .ir import Const, Expr, Kind, Let, Name, Op, Select, Sub, Unpack
from .kinds import kind_of
from .pull_ops import ArrayReader
from .reductions import is_contiguous

_VIEWS = ("np.transpose", "reshape", "reshape_like", "np.ravel", "np.ascontiguousarray", "np.expand_dims")


class CallWriter(ArrayReader):
    """Writes calls; `lowered` gives the routine that is called, lowered for the kinds of the arguments."""

    # what `Lowerer` sets up
    body: ir.Block
    multi: set[str]
    stored: set[str]
    looping: int

    def lowered(self, routine: Routine, kinds: tuple[Kind, ...]):
        raise NotImplementedError

    def let(self, stmt: Let):
        raise NotImplementedError

    def call(self, stmt: Unpack):
        value, routine = operation(stmt), operation(stmt).option("routine")
        assert isinstance(routine, Routine)
        kinds = tuple(map(self.kind, value.args))
        if returns_memory(routine, kinds):
            shown = {*stmt.targets, *ir.names_in(value)}
            if any(group & self.stored for group in sharing(self.body, self.kinds) if group & shown):
                raise ReadInPlace(routine)
        args = tuple(map(self.argument, value.args, routine.function.params))
        low = self.lowered(routine, kinds)
        static = tuple((k, kinds if k == "kinds" else v) for k, v in value.static)
        raw, lets = [], []
        results = _results(low[0]) if low else (Const(0.0),) * len(stmt.targets)
        for target, result in zip(stmt.targets, results, strict=True):
            rank, own = self.kinds[target].rank, target
            kept = target in self.multi or target in self.state.storage
            if self.looping or kept or not rank:
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


def sharing(body: ir.Block, kinds: dict[str, Kind]) -> list[set[str]]:
    """Return groups of arrays that may share memory because one is bound to another, or to a part of it."""
    groups: list[set[str]] = []
    for stmt in ir.statements(body):
        if is_call(stmt):
            value = operation(stmt)
            operands = tuple(kind_of(a, kinds) for a in value.args)
            shares = returns_memory(value.option("routine"), operands)
            together = {*stmt.targets, *ir.names_in(value)} if shares else set()
        elif isinstance(stmt, Let):
            together = {stmt.target, *_memory_of(stmt.value)}
        else:
            continue
        together = {n for n in together if kinds[n].rank}
        if len(together) > 1:
            apart = [g for g in groups if not g & together]
            groups = [*apart, together.union(*(g for g in groups if g & together))]
    return groups


def returns_memory(routine: Routine, kinds: tuple[Kind, ...]) -> bool:
    """Return whether a result may share memory with an argument, or with another result."""
    key = ("memory", kinds)
    if key not in routine.facts:
        routine.facts[key] = True  # what it is for itself, while that is not known
        own = routine.facts["names", kinds]
        groups = sharing(routine.function.body, own)
        params = [{p} for p in routine.function.params if own[p].rank]
        results = [_memory_of(e) for e in routine.results]
        places = [*params, *(r for r in results if r)]
        wide = [p.union(*(g for g in groups if g & p)) for p in places]
        routine.facts[key] = any(
            wide[k] & wide[j] for k in range(len(params), len(places)) for j in range(k)
        )  # fmt: skip
    return routine.facts[key]


def _memory_of(value: Expr) -> set[str]:
    """Return the names whose memory an array expression may show instead of a copy."""
    if isinstance(value, Name):
        return {value.id}
    if isinstance(value, Sub):
        return _memory_of(value.base)
    if isinstance(value, Select):
        return _memory_of(value.then) | _memory_of(value.other)
    if isinstance(value, Op) and value.fn in _VIEWS:
        return _memory_of(value.args[0])
    return set()


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
