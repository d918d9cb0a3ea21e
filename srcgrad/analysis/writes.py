"""Which stores write an element for the first time since its array was allocated.

What such a store overwrites nobody has read or will read: reverse neither keeps the old value nor has to clear the
adjoint. Told from the ranges that the indices of two accesses run through, axis by axis, where they are surely not
negative: -1 is the last element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..language import ir
from ..language.affine import Affine, affine, nonnegative, times
from ..language.ir import Block, Const, Expr, For, Let, Name, Op, Store, Sub
from .access import SIZES_ONLY

Index = tuple[Expr, ...]


@dataclass(frozen=True)
class Touch:
    """An access to an array: its index (None where unknown), the loops around it, and its store if it is one."""

    index: tuple[Expr | None, ...] | None
    loops: tuple[For | ir.While, ...]
    store: Store | None = None


def first_writes(body: Block) -> set[int]:
    """Return the ids of stores that write elements which nothing in the program touches before them.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(a, n):
    ...     x = np.empty(n)
    ...     x[0] = a
    ...     for i in range(1, n):
    ...         x[i] = x[i - 1] * a
    ...         x[0] = a
    ...     return x''')
    >>> found = first_writes(f.body)
    >>> [id(s) in found for s in ir.statements(f.body) if isinstance(s, Store)]
    [True, True, False]
    """
    found: set[int] = set()

    def scan(block: Block):
        for k, stmt in enumerate(block):
            value = stmt.value if isinstance(stmt, Let) else None
            if isinstance(stmt, Let) and isinstance(value, Op) and value.fn.startswith(("np.empty", "np.zeros")):
                found.update(_firsts(block[k + 1 :], stmt.target, value))
            for inner in ir.blocks_of(stmt):
                scan(inner)

    scan(body)
    return found


def _firsts(block: Block, array: str, made: Op) -> set[int]:
    bound = ir.bound_in(block)
    found = set()
    seen = [_plain(t, made, bound) for t in touches(block, array, ())]
    varying = {id(loop): ir.bound_in(loop.body) for t in seen for loop in t.loops}
    for k, touch in enumerate(seen):
        others = enumerate(seen)
        if touch.store is not None and all(
            meets_nothing_earlier(touch, other, j < k, bound, varying) for j, other in others
        ):
            found.add(id(touch.store))
    return found


def _plain(touch: Touch, made: Op, bound: set[str]) -> Touch:
    """Return the access with an unknown place on the axes where its index may be negative."""
    if touch.index is None:
        return touch
    own = made.fn in ("np.empty", "np.zeros")
    sizes = made.args if own else tuple(Op("shape", made.args, (("axis", d),)) for d in range(len(touch.index)))
    return from_the_start(touch, sizes if not ir.names_in(*sizes) & bound else ())


def from_the_start(touch: Touch, sizes: tuple[Expr, ...] = ()) -> Touch:
    """Return the access with an unknown place on the axes where its index may be negative, and is not the last one.

    `sizes` are those of the axes.
    """
    if touch.index is None:
        return touch
    index = []
    for d, e in enumerate(touch.index):
        least = extreme(affine(e), touch.loops, -1) if e is not None and not _loads(e) else None
        last = affine(sizes[d]) - Affine(const=1) if d < len(sizes) else None
        index.append(e if least is not None and (nonnegative(least) or least == last) else None)
    return replace(touch, index=tuple(index))


def _loads(e: Expr) -> bool:
    return any(isinstance(x, Sub) for x in ir.walk(e))


def touches(block, array: str, loops: tuple[For | ir.While, ...]) -> Iterator[Touch]:
    """Yield the accesses to an array in textual order; what a store reads comes before what it writes."""
    for stmt in block:
        for e in ir.exprs_of(stmt):
            yield from _reads(e, array, loops)
        if isinstance(stmt, Store) and stmt.base == array:
            yield Touch(stmt.index, loops, stmt)
        inside = (*loops, stmt) if isinstance(stmt, For | ir.While) else loops
        for inner in ir.blocks_of(stmt):
            yield from touches(inner, array, inside)


def _reads(e: Expr, array: str, loops):
    if isinstance(e, Sub) and e.base == Name(array):
        plain = not any(isinstance(i, ir.Slice | ir.NewAxis | ir.Dots) for i in e.index)
        yield Touch(e.index if plain else None, loops)
        for i in e.index:
            yield from _reads(i, array, loops)
    elif isinstance(e, Op) and e.fn in SIZES_ONLY:
        return
    elif e == Name(array):
        yield Touch(None, loops)
    else:
        for c in ir.children(e):
            yield from _reads(c, array, loops)


def meets_nothing_earlier(
    write: Touch, other: Touch, before: bool, bound: set[str], varying: dict[int, set[str]]
) -> bool:
    """Return whether a write meets no element that `other`, which may stand `before` it, has touched earlier.

    `bound` are the names bound around them, `varying` those in the body of each loop, by its id.
    """
    shared = 0
    while shared < min(len(write.loops), len(other.loops)) and write.loops[shared] is other.loops[shared]:
        shared += 1
    if before and not _apart(write, other, shared, None, varying[id(write.loops[shared - 1])] if shared else bound):
        return False
    return all(_apart(write, other, k + 1, write.loops[k], varying[id(write.loops[k])]) for k in range(shared))


def never_meet(first: Index, second: Index, loop: For, around: tuple[For | ir.While, ...]) -> bool:
    """Return whether no two trips of a loop touch one element by these indices, nor one trip by both.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(n):\\n for k in range(n):\\n  for j in range(k + 1, n):\\n   n = n\\n return n")
    >>> i, j, k, outer = Name("i"), Name("j"), Name("k"), f.body[0]
    >>> never_meet((i, k), (i, j), outer.body[0], (outer,)), never_meet((i, k), (j, k), outer.body[0], (outer,))
    (True, False)
    """
    loops = (*around, loop)
    one, two = (from_the_start(Touch(index, loops)) for index in (first, second))
    return _apart(one, two, len(around), None, ir.bound_in(loop.body))


def _apart(write: Touch, other: Touch, shared: int, loop, unknown: set[str]) -> bool:
    """Return whether two accesses in the same trips of the first `shared` loops never meet.

    Of `loop`, the last of them, `other` stands in an earlier trip, if it is given. Names in `unknown` may differ.
    """
    if write.index is None or other.index is None:
        return False
    for mine, theirs in zip(write.index, other.index, strict=False):
        if mine is None or theirs is None:
            continue
        if isinstance(mine, Const) and isinstance(theirs, Const):
            if mine != theirs:
                return True
            continue
        for start in range(shared, -1, -1):
            low, high = (extreme(affine(mine), write.loops[start:], sign) for sign in (-1, 1))
            least, most = (extreme(affine(theirs), other.loops[start:], sign) for sign in (-1, 1))
            if loop is not None and start == shared:
                least, most = _earlier(least, loop, -1), _earlier(most, loop, 1)
            if _below(most, low, unknown) or _below(high, least, unknown):
                return True
    return False


def _below(a: Affine | None, b: Affine | None, unknown: set[str]) -> bool:
    """Return whether a is surely less than b, names in `unknown` having any value."""
    if a is None or b is None or ir.names_in(a.expr(), b.expr()) & unknown:
        return False
    difference = b - a
    return difference.is_const and difference.const > 0


def _earlier(value: Affine | None, loop, sign: int) -> Affine | None:
    """Return the extreme of a value over the trips of a loop before the present one."""
    if value is None or not isinstance(loop, For) or not _mentions(value, loop.var):
        return value
    last = Affine({Name(loop.var): 1}, -loop.step.value) if isinstance(loop.step, Const) else None
    return _at_end(value, loop, sign, affine(loop.lo), last)


def extreme(value: Affine | None, loops, sign: int) -> Affine | None:
    """Return the greatest (sign 1) or least (-1) value over the trips of some nested loops; None if unknown."""
    for loop in reversed(loops):
        if value is not None and isinstance(loop, For) and _mentions(value, loop.var):
            up = isinstance(loop.step, Const) and loop.step.value > 0
            value = _at_end(value, loop, sign, affine(loop.lo), affine(loop.hi) + Affine(const=-1 if up else 1))
    return value


def _at_end(value: Affine, loop: For, sign: int, first: Affine, last: Affine | None) -> Affine | None:
    """Return the extreme of a value while the counter of a loop goes from `first` to `last`; None if unknown."""
    slope = value.slope(loop.var)
    if slope is None or last is None or not isinstance(loop.step, Const) or not loop.step.value:
        return None
    rises, falls = nonnegative(slope), nonnegative(slope * -1)
    if not rises and not falls:
        return None
    end = last if (rises == (sign > 0)) == (loop.step.value > 0) else first
    return value - times(slope, affine(Name(loop.var))) + times(slope, end)


def _mentions(value: Affine, name: str) -> bool:
    return any(name in ir.names_in(atom) for atom in value.terms)
