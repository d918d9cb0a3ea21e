"""Split innermost loops that add to several elements, so that each of what is left vectorises.

A compiler takes the trips of a loop in lanes if it sees that they do not meet: `X[i - 1] += a; X[i + 1] += b` do. As
loops of their own they do not. What both need is computed in both, if that is cheaper than one number after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.costs import cost
from ..language.ir import Const, Expr, For, Let, Op, Stmt, Store, Sub
from ..language.sum_order import in_lanes, is_computed, is_free, only_summed, pairs_compared
from ..switches import is_on

LANES = 3.0  # how much less a trip costs in lanes
SLOW, SLOW_LANES = {"div": 4, "np.sqrt": 7, "math.sqrt": 7}, 1.5  # what is dearer than the rest, and gains less
TRIP = 1.0  # what a trip of one more loop costs beside its statements
MOST_AGAIN = 1.7  # how much more than the loop all of its parts may compute: they are read as well
CHECKS = 8  # pairs of arrays that LLVM compares before a loop, at most, to know that they lie apart


def split_loop(loop: For, is_free_order: Callable[[For], bool]) -> list[Stmt]:
    """Return a loop of numbers and stores as one loop, or as several over the same range.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x_bar, y_bar, x, n):
    ...     for i in range(1, n):
    ...         t = 3.0 * x[i]
    ...         x_bar[i] += t * y_bar[i]
    ...         x_bar[i - 1] -= t * y_bar[i]
    ...         y_bar[i] = 0.0
    ...     return x_bar''')
    >>> print(emit(replace(f, body=(*split_loop(f.body[0], lambda loop: True), f.body[1]))))
    def f(x_bar, y_bar, x, n):
        for i in range(1, n):
            t = 3.0 * x[i]
            x_bar[i] += t * y_bar[i]
        for i in range(1, n):
            t = 3.0 * x[i]
            x_bar[i - 1] -= t * y_bar[i]
            y_bar[i] = 0.0
        return x_bar
    """
    parts = Parts(loop)
    if not any(isinstance(s, Store) and (s.op != "=" or parts.sums) for s in loop.body):
        return [loop]
    groups = parts.groups()
    if len(groups) < 2 or not is_free_order(loop):
        return [loop]
    bodies = [parts.body(group) for group in groups]
    if sum(map(parts.work, bodies)) > MOST_AGAIN * parts.work(loop.body):
        return [loop]
    if sum(parts.price(body) + TRIP for body in bodies) >= parts.price(loop.body) + TRIP:
        return [loop]
    steady = parts.steady()
    return [*steady, *(replace(loop, body=tuple(s for s in body if s not in steady)) for body in bodies)]


class Parts:
    """What a loop does, by what may stand in one loop."""

    def __init__(self, loop: For):
        self.loop = loop
        self.sums = only_summed(loop.body)
        self.stored = ir.stored_in(loop.body)
        self.lets = [s for s in loop.body if isinstance(s, Let) and s.target not in self.sums]
        self.places: dict[int, dict[int, set[str]]] = {}
        self.at = {id(s): k for k, s in enumerate(loop.body)}
        self.varying = {loop.var}
        for let in self.lets:
            if self.varies(let.value):
                self.varying.add(let.target)

    def varies(self, value: Expr) -> bool:
        """Return whether a value is another one in every trip."""
        return bool(ir.names_in(value) & (self.varying | self.stored))

    def steady(self) -> list[Let]:
        """Return the numbers that are the same in all trips, and can be computed before them even if there are none."""
        found: list[Let] = []
        bound = Counter(s.target for s in self.lets)
        for let in self.lets:
            inside = ir.names_in(let.value) & bound.keys() - {s.target for s in found}
            elements = any(isinstance(e, Sub) for e in ir.walk(let.value))
            if bound[let.target] == 1 and not (inside or elements or self.varies(let.value)):
                found.append(let)
        return found

    def groups(self) -> list[list[Stmt]]:
        """Return what the loop does in groups, each of which vectorises if it can; none if its order does not allow."""
        groups: list[list[Stmt]] = []
        for unit in self.in_order(self.units()):
            low, high = 0, len(groups)
            for k, group in enumerate(groups):
                low = k if self.waits(unit, group) else low
                high = min(high, k) if self.waits(group, unit) else high
            fit = next((k for k in range(low, min(high + 1, len(groups))) if self.fit([*groups[k], *unit])), None)
            if fit is not None:
                groups[fit] += unit
            elif high == len(groups):
                groups.append(unit)
            else:
                return []
        return groups

    def in_order(self, units: list[list[Stmt]]) -> list[list[Stmt]]:
        """Return units with those first that others have to wait for, else as they stand."""
        waiting, out = list(units), []
        while waiting:
            free = (u for u in waiting if not any(self.waits(u, v) and not self.waits(v, u) for v in waiting))
            unit = next(free, waiting[0])
            waiting = [u for u in waiting if u is not unit]
            out.append(unit)
        return out

    def waits(self, unit: list[Stmt], other: list[Stmt]) -> bool:
        """Return whether a unit may stand no earlier than another one."""
        return any(self.before(s, u) for s in other for u in unit)

    def units(self) -> list[list[Stmt]]:
        """Return what has an effect, in units: stores of an assigned array, and sums in order, are one each."""
        stores = [s for s in self.loop.body if isinstance(s, Store)]
        assigned = {s.base for s in stores if s.op == "="}
        units: dict[object, list[Stmt]] = {}
        for s in self.loop.body:
            if isinstance(s, Store):
                units.setdefault(s.base if s.base in assigned else id(s), []).append(s)
            elif isinstance(s, Let) and s.target in self.sums:
                units.setdefault(id(s) if self.are_free([s]) else "in order", []).append(s)
        return list(units.values())

    def before(self, first: Stmt, second: Stmt) -> bool:
        """Return whether a statement has to stay before another one: one of them reads what the other one stores."""
        after = isinstance(first, Store) and any(k > self.at[id(first)] for k in self.readers(second, first.base))
        ahead = isinstance(second, Store) and any(k <= self.at[id(second)] for k in self.readers(first, second.base))
        return after or ahead

    def readers(self, stmt: Stmt, array: str) -> list[int]:
        """Return the places of a statement and of the numbers that it needs, as far as they read an array."""
        found = self.places.get(id(stmt))
        if found is None:
            found = self.places[id(stmt)] = {self.at[id(s)]: ir.names_in(*ir.exprs_of(s)) for s in self.body([stmt])}
        return [k for k, names in found.items() if array in names]

    def fit(self, group: list[Stmt]) -> bool:
        """Return whether a compiler may see that the trips of a group do not meet."""
        stores: dict[str, set] = {}
        for s in group:
            if isinstance(s, Store):
                stores.setdefault(s.base, set()).add(s.index)
        # of one array it does not compare the rows that are stored
        if any(len(places) > 1 for places in stores.values()) or not self.are_free(group):
            return False
        body = self.body(group)
        summing = any(isinstance(s, Let) for s in group)
        return all(map(self.is_along_row, body)) and pairs_compared(body) <= (0 if summing else CHECKS)

    def is_along_row(self, stmt: Stmt) -> bool:
        """Return whether the elements of a statement stand side by side from trip to trip, or stay the same."""
        places = [e.index for e in ir.walk(*ir.exprs_of(stmt)) if isinstance(e, Sub)]
        places += [stmt.index] if isinstance(stmt, Store) else []
        computed = isinstance(stmt, Store) and is_computed(stmt.index, self.varying - {self.loop.var})
        return not computed and not any(self.loop.var in ir.names_in(*index[:-1]) for index in places)

    def body(self, group: list[Stmt]) -> tuple[Stmt, ...]:
        """Return the statements of a group with all that it needs, in the order of the loop."""
        wanted = ir.names_in(*(e for s in group for e in ir.exprs_of(s)))
        chosen = {id(s) for s in group}
        for let in reversed(self.lets):
            if let.target in wanted:
                chosen.add(id(let))
                wanted |= ir.names_in(let.value)
        return tuple(s for s in self.loop.body if id(s) in chosen)

    def work(self, body) -> int:
        """Return how many simple operations a trip is."""
        effects = sum(isinstance(s, Store) or s.target in self.sums for s in body)
        return effects + sum(cost(self.part(e)) for s in body for e in ir.exprs_of(s))

    def price(self, body) -> float:
        """Return what a trip costs."""
        effects: list[Stmt] = [s for s in body if isinstance(s, Store) or s.target in self.sums]
        exprs = [self.part(e) for s in body for e in ir.exprs_of(s)]
        cheap = self.work(body)
        dear = sum(SLOW.get(e.fn, 0) for e in ir.walk(*exprs) if isinstance(e, Op))
        return cheap / LANES + dear / SLOW_LANES if in_lanes(*exprs) and self.fit(effects) else cheap + dear

    def are_free(self, effects: list[Stmt]) -> bool:
        """Return whether all sums among some statements may be done in any order."""
        sums = [s.value for s in effects if isinstance(s, Let)]
        return not sums or is_on("sums") and all(isinstance(v, Op) and is_free(v) for v in sums)

    def part(self, value: Expr) -> Expr:
        """Return a value with constants for what is the same in all trips."""
        return ir.rebuild(value, self.part) if self.varies(value) else Const(1)
