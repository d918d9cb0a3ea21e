"""Lower lists: the buffer their items stand in, with room for as many as there will be, or growing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..analysis.needs import ON
from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.affine import simplify_index
from ..language.blocks import updates
from ..language.ir import Const, Expr, For, Let, Name, Op, Slice, Stmt, Sub
from ..language.kind import dtype_option
from ..language.kinds import INT
from .lists_apart import SizesDiffer
from .pull import Index, Pull, single
from .pull_ops import ArrayReader
from .views import flat_place, product


class ListWriter(ArrayReader):
    """Allocates the buffers of lists; what is put into them are stores as any."""

    # what `Lowerer` sets up
    put: dict[str, tuple[Expr, ...] | None]
    counted: set[str]
    assign: Callable[..., None]
    rest: tuple[tuple[Stmt, ...], tuple[Stmt, ...]]
    fork: Callable[[], Any]

    def bind_list(self, target: str, value: Op):
        """Allocate the buffer of a list: as long as it gets, or, where that is not known, to grow."""
        kind = self.kinds[target]
        if target in self.state.storage:
            count = self.scalar(value.args[0])
            return self.require(self.sizes(target)[0], count, f"{target} changes its length: lengths")
        if target in self.multi:  # bound anew later: its memory takes the new values
            self.state.storage.add(target)
        if len(value.args) > 1:
            return self.allocate(target, tuple(map(self.hold_size, value.args)), kind, "np.empty")
        rows = self.row_sizes(target) if kind.rank > 1 else ()
        if not value.args or value.option("chosen"):
            self.counted.add(target)
        if value.args:
            return self.allocate(target, (self.hold_size(value.args[0]), *rows), kind, "np.empty")
        self.emit(Let(target, Op("np.empty", (Const(8), *rows), dtype_option(kind.dtype))))
        self.state.dims[target] = (Op("shape", (Name(target),), (("axis", 0),)), *rows)

    def pull_part(self, expr: Op) -> Pull:
        """Return the pull of an item of a list of arrays of different sizes, which lies where it was put."""
        elements, start, *sizes = expr.args
        assert isinstance(elements, Name), expr
        begin = self.scalar(start)
        begin = self.hold(begin, "start", always=not (isinstance(begin, Name) and begin.id in self.stable))
        assert isinstance(begin, Name), begin
        dims = tuple(map(self.hold_size, sizes))
        self.state.nonneg |= {e.id for e in (begin, *dims) if isinstance(e, Name) and e.id in self.stable}
        self.places_made.add((elements.id, begin.id, ON))
        base = self.named(elements.id)
        part = Sub(elements, (Slice(begin, Op("add", (begin, product(dims)))),))

        def at(idx: Index) -> Expr:
            return base.at((simplify_index(Op("add", (flat_place(idx, dims), begin))),))

        return Pull(dims, at, part if len(dims) == 1 else None)

    def bind_begun(self, target: str, value: Op):
        """Make a number an array, in the shape of the first array that the name is bound to."""
        number = self.scalar(value.args[0])
        if target in self.state.storage:
            return self.assign(self.named(target), single(number), value.args[0], "=")
        found = self.sizes_ahead(target, self.kinds[target].rank)
        if found is None:
            self.refuse(self.loc, f"{target!r} begins as a number, and the size of its arrays is known only there",
                        "begin with an array: np.zeros(...)")  # fmt: skip
        self.state.storage.add(target)
        return self.materialise(Pull(found, lambda _: number), self.kinds[target], target)

    def row_sizes(self, target: str) -> tuple[Expr, ...]:
        """Return the sizes of the arrays put into a list."""
        found = self.sizes_ahead(target, self.kinds[target].rank)
        if found is None:
            what = f"the arrays in the list {target!r} have a size known only where they are made"
            way_out = "make an array before, and write its rows"
            raise SizesDiffer(target, UnsupportedError(problem_at(self.loc, what, way_out)))
        return found

    def sizes_ahead(self, target: str, rank: int) -> tuple[Expr, ...] | None:
        """Return the sizes of what is first put into a list, or bound to a name, by lowering on trial what follows."""
        trial = self.fork()
        trial.put = {target: None}
        unknown = [f"{target} {d}" for d in range(rank)]
        trial.kinds.update(dict.fromkeys(unknown, INT))
        trial.state.dims[target] = tuple(map(Name, unknown))
        trial.state.storage.add(target)
        before, after = self.rest
        trial.depth -= 1  # what follows belongs to the block it is in
        lowered = trial.block(after, before)
        found = trial.put[target]
        if found is not None:
            found = tuple(at_first(d, target, lowered, ir.bound_in(before)) for d in found)
        # what an array holds may change, its sizes do not
        writes = [s for s in ir.statements(after) if updates(s) and self.kinds[ir.binds(s)[0]].rank]
        bound = {n for s in ir.statements(after) if s not in writes for n in ir.binds(s)}
        bound |= {n for n in trial.kinds if n not in self.kinds}
        return None if found is None or any(n in bound for d in found for n in ir.names_in(d)) else found


def at_first(size: Expr, target: str, block: ir.Block, before: set[str]) -> Expr:
    """Return a size as it is when a block first puts something into a list, in what is known ahead of the block.

    Only names that the block binds once are followed, and counters of the loops around; none that is bound before.
    """
    times = Counter(n for s in ir.statements(block) for n in ir.binds(s))
    values: dict[Expr, Expr] = {
        Name(s.target): s.value
        for s in ir.statements(block)
        if isinstance(s, Let) and times[s.target] == 1 and s.target not in before
    }
    values |= {Name(loop.var): loop.lo for loop in loops_around(target, block) if loop.var not in before}
    for _ in range(len(values)):
        size = ir.substitute(size, values)
    return size


def loops_around(target: str, block: ir.Block) -> list[For]:
    """Return the loops around the first store into an array."""
    for stmt in block:
        if target in ir.stored_in((stmt,)):
            inner = [loop for b in ir.blocks_of(stmt) for loop in loops_around(target, b)]
            return [stmt, *inner] if isinstance(stmt, For) else inner
    return []
