"""Arrays that change places under their names: `a, b = b, a` exchanges what they hold."""

from __future__ import annotations

from collections import Counter

from ..language.affine import unclipped
from ..language.ir import Kind, Let, Name, Stmt, Store, Sub
from .nests import NestWriter
from .pull import ZERO


class SwapWriter(NestWriter):
    """Writes them, where nothing else shows the arrays."""

    # what `Lowerer` sets up
    reads: Counter

    def exchanged(self, stmts) -> tuple[int, dict[str, str]] | None:
        """Return (further statements, new from old names) where arrays change places: `t = a; a = b; b = t`."""
        held: dict[str, str] = {}
        source: dict[str, str] = {}
        for k, s in enumerate(stmts):
            if not (isinstance(s, Let) and isinstance(s.value, Name) and self.kinds[s.target].rank):
                return None
            if not source and self.reads[s.target] == 1 and s.target not in self.state.storage:
                held[s.target] = s.value.id
                continue
            if not held or s.target in source or s.value.id in source or s.target not in self.state.storage:
                return None
            source[s.target] = held.get(s.value.id, s.value.id)
            if set(source) == set(source.values()):
                return k, source
        return None

    def exchange(self, source: dict[str, str]):
        """Exchange the contents of arrays that nothing else shows."""
        first = next(iter(source))
        for name in source:
            for x, y in zip(self.sizes(first), self.sizes(name), strict=True):
                self.require(x, y, f"{first} and {name} are exchanged: lengths")
        idx = self.loop_names_for(self.kinds[first].rank)
        cell = tuple(map(Name, idx))
        body: list[Stmt] = []
        waiting = dict(source)
        while waiting:
            start = name = next(iter(waiting))
            held = self.fresh(f"{start}_held")
            self.kinds[held] = Kind(self.kinds[start].dtype)
            body.append(Let(held, Sub(Name(start), cell)))
            while (other := waiting.pop(name)) != start:
                body.append(Store(name, cell, Sub(Name(other), cell)))
                name = other
            body.append(Store(name, cell, Name(held)))
        self.nest(idx, [(ZERO, unclipped(n)) for n in self.sizes(first)], body)
