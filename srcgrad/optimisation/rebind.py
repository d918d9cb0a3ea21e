"""Bind names to arrays again where the program did: lowering has copied elements, so that a name is one array.

`u = new` at the end of a trip, of an array that was made in the same trip, is a copy of all elements for the passes:
they know one array of each name. Where nothing reads `new` after it, what is compiled binds the name, as the text did.
So it does with arrays that change places, and with adjoints that are handed on and cleared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from ..analysis.access import accesses
from ..analysis.aliases import shown_by
from ..analysis.dead_code import escaping_counters
from ..analysis.equalities import Known
from ..language import ir
from ..language.blocks import by_section, count_touching, touches
from ..language.calls import is_call
from ..language.ir import Block, Const, Expr, For, Kind, Let, Name, Op, Stmt, Store, Sub
from .adjoint_joins import Sizes, made_sizes
from .perfect_nests import covers

MADE = frozenset({"copy", "np.empty", "np.zeros", "np.ones", "np.full"})  # C-contiguous arrays of their own
LIKE = frozenset({"np.empty_like", "np.zeros_like", "np.ones_like", "np.full_like"})
CLEARED = Const(0.0)
Moves = dict[str, str | None]  # array -> the one whose elements it takes; None for zeros


def rebind(function: ir.Function, kinds: dict[str, Kind], sizes: Sizes) -> ir.Function:
    """Return the function with names bound to arrays in place of copies of all their elements.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(u0, n):
    ...     u = u0.copy()
    ...     for t in range(n):
    ...         new = np.empty(u.shape[0])
    ...         for i in range(u.shape[0]):
    ...             new[i] = 2.0 * u[u.shape[0] - 1 - i]
    ...         for i in range(u.shape[0]):
    ...             u[i] = new[i]
    ...     return u''')
    >>> kinds = dict.fromkeys(("u0", "u", "new"), Kind("float64", 1))
    >>> print(emit(rebind(f, kinds, {}), comments=False))
    def f(u0, n):
        u = u0.copy()
        for t in range(n):
            new = np.empty(u0.shape[0])
            for i in range(u0.shape[0]):
                new[i] = 2.0 * u[u0.shape[0] - 1 - i]
            u = new
        return u
    """
    sizes = made_sizes(function.body, kinds, sizes)
    fresh = ir.Fresh(ir.all_names(function))
    own, known = _owned(function, kinds) & set(sizes), Known(function.body, sizes)
    names = _Names(function, own, kinds, known, fresh, escaping_counters(function.body))
    bound = by_section(function, partial(_block, names=names))
    counts = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    for_good = {n for s in function.body if isinstance(s, Let) for n in ir.binds(s) if counts[n] == 1}
    changing = set(counts) - for_good
    steady = {n: sizes[n] for n in _moved(function, bound) if not ir.names_in(*sizes[n]) & changing}
    return _with_steady_sizes(bound, steady)


def _moved(before: ir.Function, after: ir.Function) -> list[str]:
    """Return the arrays whose names a function binds more often than it did."""
    counts = [Counter(n for s in ir.statements(f.body) for n in ir.binds(s)) for f in (before, after)]
    return [n for n in counts[1] if counts[1][n] > counts[0][n] > 0]


def _with_steady_sizes(function: ir.Function, sizes: Sizes) -> ir.Function:
    """Return the function with sizes of such arrays as they were made with.

    A compiler sees that these stay the same; a loop over `len(a)` does not vectorise where `a` changes its memory.
    """

    def size(e: Expr) -> Expr:
        e = ir.rebuild(e, size)
        base = e.args[0] if isinstance(e, Op) and e.fn in ("len", "shape") else None
        if isinstance(e, Op) and isinstance(base, Name) and base.id in sizes:
            return sizes[base.id][e.option("axis", 0)]
        return e

    def block(stmts: Block) -> Block:
        return tuple(ir.with_blocks(ir.with_exprs(s, size), block) for s in stmts)

    return by_section(function, block) if sizes else function


@dataclass(frozen=True)
class _Names:
    """What is known of the names of a function: which arrays are their own, what kinds and sizes they have."""

    function: ir.Function
    own: set[str]
    kinds: dict[str, Kind]
    known: Known
    fresh: ir.Fresh
    read_later: set[str]  # counters that are read after their loops


def _owned(function: ir.Function, kinds: dict[str, Kind]) -> set[str]:
    """Return the arrays whose memory no other name shows, all of them C-contiguous."""
    made: set[str] = set()
    shared = {*function.params, *(name for name, _ in function.captured)}
    renamed = [s for k, s in enumerate(function.body) if _gives_up(s, function.body[k + 1 :])]
    for stmt in ir.statements(function.body):
        if isinstance(stmt, Let) and stmt.target in kinds and kinds[stmt.target].rank:
            if any(stmt is s for s in renamed) or isinstance(stmt.value, Op) and _is_made(stmt.value, made):
                made.add(stmt.target)
            else:
                shared |= {stmt.target, *shown_by(stmt.value, kinds)}
        elif is_call(stmt) or not isinstance(stmt, Let | Store | For | ir.While | ir.If | ir.Return | ir.Raise):
            shared |= {*ir.binds(stmt), *ir.names_in(*ir.exprs_of(stmt))}
    return made - shared


def _gives_up(stmt: Stmt, behind: Block) -> bool:
    """Return whether a statement gives an array another name, and its own one is not touched behind it."""
    if not (isinstance(stmt, Let) and isinstance(stmt.value, Name)):
        return False
    return not any(touches(s, stmt.value.id) for s in behind)


def _is_made(value: Op, made: set[str]) -> bool:
    if value.fn in LIKE:
        return isinstance(value.args[0], Name) and value.args[0].id in made
    return value.fn in MADE


def _block(stmts: Block, names: _Names) -> Block:
    out = [ir.with_blocks(s, partial(_block, names=names)) if _may_bind(s) else s for s in stmts]
    behind: list[Stmt] = []
    for k in range(len(out) - 1, -1, -1):
        behind = [*_rebound(out[k], out[:k], behind, names), *behind]
    return tuple(behind)


def _may_bind(stmt: Stmt) -> bool:
    """Return whether names of arrays may be bound inside a statement.

    Not on one of two paths, where a reader of the text would have to know which; and numba would take a name that is
    bound in a parallel loop for a sum.
    """
    return not (isinstance(stmt, ir.If) or isinstance(stmt, For) and stmt.parallel)


def _rebound(stmt: Stmt, before: list[Stmt], behind: list[Stmt], names: _Names) -> list[Stmt]:
    """Return a statement; of a nest that moves whole arrays, what else it does, and bindings of their names."""
    nest: list[For] = []
    inner = stmt
    while isinstance(inner, For) and not (inner.other or inner.parallel or inner.schedule):
        nest.append(inner)
        if len(inner.body) != 1:
            break
        inner = inner.body[0]
    if not nest or {loop.var for loop in nest} & names.read_later:
        return [stmt]
    for start, moves in _moves(nest, names):
        rest, moving = nest[-1].body[:start], nest[-1].body[start:]
        held = [s.target for s in moving if isinstance(s, Let)]
        if all(_reads_ahead(rest, array, nest) for array in {*moves, *filter(None, moves.values())}):
            kept = {n for n in moves.values() if n is not None} - set(moves)
            if all(_is_given_up(array, set(moves), before, stmt, behind, names) for array in kept):
                left = _with_body(stmt, nest[-1], rest)
                return [*([left] if rest else []), *_bindings(moves, moving, held, names.fresh)]
    return [stmt]


def _moves(nest: list[For], names: _Names) -> Iterator[tuple[int, Moves]]:
    """Yield (how many statements of the innermost loop stand before, which arrays the others move to which)."""
    cell = tuple(Name(loop.var) for loop in nest)
    body = nest[-1].body
    for start in range(len(body)):
        held: dict[str, str | None] = {}
        now: Moves = {}
        for s in body[start:]:
            value = s.value if isinstance(s, Let | Store) else None
            if isinstance(value, Sub) and value.index == cell and isinstance(value.base, Name):
                source = now.get(value.base.id, value.base.id)
            elif isinstance(value, Name) and value.id in held:
                source = held[value.id]
            elif value == CLEARED:
                source = None
            else:
                break
            if isinstance(s, Let):
                held[s.target] = source
            elif isinstance(s, Store) and (s.op, s.index) == ("=", cell):
                now[s.base] = source
            else:
                break
        else:
            if _may_move(now, held, nest, names):
                yield start, {n: source for n, source in now.items() if source != n}


def _may_move(now: Moves, held: dict[str, str | None], nest: list[For], names: _Names) -> bool:
    """Return whether arrays can take each other's places: all are alike, and no memory would have two names."""
    sources = [source for name, source in now.items() if source is not None]
    arrays = {*now, *sources}
    if not sources or len(set(sources)) < len(sources) or not arrays <= names.own:
        return False
    used = any(count_touching(names.function.body, n) != count_touching(nest[-1].body, n) for n in held)
    alike = len({names.kinds[n] for n in arrays}) == 1 and all(covers(nest, n, names.known.same) for n in arrays)
    return alike and not used and all(source != name for name, source in now.items())


def _reads_ahead(rest: Block, array: str, nest: list[For]) -> bool:
    """Return whether what stands before the moves reads an element of an array only in the trip that moves it."""
    writes, reads, plain = accesses(rest, array)
    cell = tuple(Name(loop.var) for loop in nest)
    return plain and not writes and all(place == cell for place in reads)


def _is_given_up(array: str, takers: set[str], before: list[Stmt], stmt: Stmt, behind: list[Stmt], names) -> bool:
    """Return whether the array of a name is no longer found by it behind a statement of a block.

    It was made in the block and is not touched any more; or the name is bound to another array, before which neither it
    nor one that has taken the array is written.
    """
    for later in behind:
        if isinstance(later, Let) and later.target == array and isinstance(later.value, Name):
            return True
        if (ir.bound_in((later,)) | ir.stored_in((later,))) & {array, *takers}:
            return False
    if any(touches(later, array) for later in behind):
        return False
    makes = [s for s in before if isinstance(s, Let) and s.target == array]
    return len(makes) == 1 and count_touching((*before, stmt), array) == count_touching(names.function.body, array)


def _bindings(moves: Moves, moving: Block, held: list[str], fresh: ir.Fresh) -> list[Stmt]:
    """Return the bindings that move arrays all at once; names in `held` are free for those that change places."""
    places = {s.base: s.loc for s in moving if isinstance(s, Store)}
    left = dict(moves)
    out: list[Stmt] = []
    while left:
        free = next((n for n in left if n not in left.values()), None)
        if free is None:
            free = next(iter(left))
            kept = held.pop() if held else fresh(f"{free}_held")
            out.append(Let(kept, Name(free), places[free]))
            left = {n: kept if source == free else source for n, source in left.items()}
        source = left.pop(free)
        value = Op("np.zeros_like", (Name(free),)) if source is None else Name(source)
        out.append(Let(free, value, places[free]))
    return out


def _with_body(stmt: Stmt, loop: For, body: Block) -> Stmt:
    """Return a nest with another body of one of its loops."""
    if stmt is loop:
        return replace(loop, body=body)
    return ir.with_blocks(stmt, lambda b: tuple(_with_body(s, loop, body) for s in b))
