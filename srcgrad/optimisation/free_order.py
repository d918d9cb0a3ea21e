"""Loops whose trips may run in any order: each touches its own elements, or only adds."""

from __future__ import annotations

from collections.abc import Callable

from ..analysis.access import accesses, iteration_offset
from ..analysis.writes import never_meet
from ..language import ir
from ..language.blocks import defined_first, readers
from ..language.ir import Const, For, If, Let, Op, Store
from ..language.sum_order import adds_to_itself, read_otherwise

Around = tuple[For | ir.While, ...]
IsFree = Callable[[For, Around], bool]


def free_order_in(block: ir.Block, arrays: set[str]) -> IsFree:
    """Return what tells of the loops of a block, each inside others, whether their trips may run in any order."""
    reads = readers(block)

    def is_free(loop: For, around: Around) -> bool:
        own = readers(loop.body)
        return order_free(loop, arrays, {n for n in ir.bound_in(loop.body) if reads[n] > own[n]}, around)

    return is_free


def order_free(loop: For, arrays: set[str], read_later: set[str], around: Around = ()) -> bool:
    """Return whether the iterations of a loop, inside others, may run in any order (sums may round differently)."""
    if not isinstance(loop.step, Const):
        return False
    bound: dict[str, bool] = {}  # scalar -> whether it only accumulates
    if not _plain(loop.body, arrays, bound):
        return False
    varying = ir.bound_in(loop.body)
    for name, accumulates in bound.items():
        if accumulates:
            if read_otherwise(loop.body, name):
                return False
        elif name in read_later or not defined_first(loop.body, name):
            return False
    return all(_own_elements(loop, array, varying, around) for array in ir.stored_in(loop.body))


def _plain(block, arrays, bound) -> bool:
    for stmt in block:
        if isinstance(stmt, Let):
            value = stmt.value
            if stmt.target in arrays or isinstance(value, Op) and value.fn == "np.dot":
                return False
            adds = adds_to_itself(stmt)
            bound[stmt.target] = bound.get(stmt.target, adds) and adds
        elif isinstance(stmt, For):
            if not _plain(stmt.body, arrays, bound):
                return False
        elif isinstance(stmt, If):
            if not (_plain(stmt.then, arrays, bound) and _plain(stmt.other, arrays, bound)):
                return False
        elif not isinstance(stmt, Store):
            return False
    return True


def _own_elements(loop: For, array: str, varying: set[str], around: Around) -> bool:
    writes, reads, plain = accesses(loop.body, array)
    if not plain:
        return False
    stores = [s for s in ir.statements(loop.body) if isinstance(s, Store) and s.base == array]
    added = [s.index for s in stores if s.op != "="]
    for index in added:
        reads.remove(index)  # as an addition reads what it adds to
    pairs = [(w, o) for w in writes for o in reads]
    pairs += [(s.index, w) for s in stores if s.op == "=" for w in writes]
    # what is only added to an element may be added in any order
    return all(
        iteration_offset(w, o, loop, varying) in (0, 10**9) or never_meet(w, o, loop, around) for w, o in pairs
    )
