"""Order, split and start adjoint loops so that they vectorise.

Where the iterations of a loop do not depend on each other (each touches its own elements, or only adds), its order is
free: such loops run upward, and a wide body is split so that an innermost loop adds to one array at a time. An adjoint
whose first contribution covers it is assigned, not filled with zeros first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..analysis.access import accesses
from ..analysis.equalities import Known
from ..language import ir
from ..language.affine import Affine, affine, simplify_index, times, trips_from_zero, unclipped
from ..language.blocks import touches
from ..language.ir import Block, Const, Expr, For, Kind, Let, Name, Op, Stmt, Store
from ..switches import is_on
from .adjoint_joins import join_nests, made_sizes
from .cleared import scratch_to_scalars
from .ends import ends_apart
from .frames import stay_in_frames
from .free_order import Around, free_order_in, order_free
from .gather import gather_stencils
from .handed_back import keep_adjoints
from .interchange import walk_rows
from .interiors import assign_interiors
from .kept_rows import keep_rows
from .loop_sums import sum_in_scalars
from .split import split_loop
from .sums import join_additions


def schedule(function: ir.Function, kinds: dict[str, Kind], sizes: dict[str, tuple[Expr, ...]]) -> ir.Function:
    """Return the function with the loops of its backward part in the order and form that runs fastest.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a_bar, g, n):
    ...     for i in range(n - 1, -1, -1):
    ...         a_bar[i] += g[i]
    ...         a_bar[i + 1] -= g[i]
    ...     return a_bar''')
    >>> print(emit(schedule(replace(f, sections=((0, "backward"),)), {"a_bar": Kind("float64", 1)}, {})))
    def f(a_bar, g, n):
        # backward
        for i in range(n):
            a_bar[i] += g[i]
        for i in range(n):
            a_bar[i + 1] -= g[i]
        return a_bar
    """
    start = {title: k for k, title in function.sections}.get("backward")
    if start is None:
        return function
    forward, body = function.body[:start], function.body[start:]
    fresh = ir.Fresh(ir.all_names(function))

    def arrays() -> set[str]:
        return {n for n, k in kinds.items() if k.rank}

    def is_free(loop: For) -> bool:
        return order_free(loop, arrays(), set())

    def gathered(b: Block) -> Block:
        whole = (*forward, *b)
        b = gather_stencils(b, kinds, is_free, Known(whole, made_sizes(whole, kinds, sizes)).same, fresh)
        return steps["first"](b) if is_on("first") else b  # what goes round covers its array

    steps: dict[str, Callable[[Block], Block]] = {
        "upward": lambda b: turn_upward(b, arrays(), set()),
        "first": lambda b: assign_first(b, sizes, Known(forward, sizes)),
        "rows": lambda b: walk_rows(b, kinds, fresh),
        "gather": gathered,
        "adjoint joins": lambda b: join_nests(replace(function, body=(*forward, *b)), b, kinds, sizes),
        "handed back": lambda b: keep_adjoints(replace(function, body=(*forward, *b)), start, kinds, sizes),
        "frames": lambda b: stay_in_frames(replace(function, body=(*forward, *b)), start, kinds, sizes),
        "scratch": lambda b: scratch_to_scalars(b, fresh),
        "interiors": lambda b: assign_interiors(replace(function, body=(*forward, *b)), start, kinds, sizes),
        "additions": join_additions,
        "scalars": lambda b: sum_in_scalars(replace(function, body=(*forward, *b)), start, kinds, sizes),
        "ends": lambda b: ends_apart(b, Known((*forward, *b), sizes).same, free_order_in(b, arrays())),
        "split": lambda b: split_wide(b, arrays(), set()),
        "kept rows": lambda b: keep_rows(b, free_order_in(b, arrays()), kinds, fresh),
    }
    for name, step in steps.items():
        body = step(body) if is_on(name) else body
    return replace(function, body=(*forward, *body))


# --- order ------------------------------------------------------------------------------------------------------


def _with_later(block, read_later: set[str], in_loop: bool) -> Iterator[tuple[Stmt, set[str]]]:
    """Yield the statements of a block, each that has blocks with the names that may be read after it has run."""
    reads = [ir.read_in((s,)) for s in block]
    counts = Counter(n for names in reads for n in names)
    passed: Counter[str] = Counter()
    for stmt, own in zip(block, reads, strict=True):
        passed.update(own)
        if not ir.blocks_of(stmt):
            yield stmt, set()
        elif in_loop:
            yield stmt, read_later | {n for n, c in counts.items() if c > (n in own)}
        else:
            yield stmt, read_later | {n for n, c in counts.items() if c > passed[n]}


def turn_upward(block, arrays, read_later: set[str], around: Around = ()) -> tuple[Stmt, ...]:
    """Return the block with downward loops whose order is free running upward."""
    out: list[Stmt] = []
    for stmt, later in _with_later(block, read_later, bool(around)):
        if isinstance(stmt, For) and stmt.step == Const(-1) and order_free(stmt, arrays, later, around):
            lo, hi = (simplify_index(Op("add", (e, Const(1)))) for e in (stmt.hi, stmt.lo))
            stmt = replace(stmt, lo=lo, hi=hi, step=Const(1))
        inside = (*around, stmt) if isinstance(stmt, For | ir.While) else around
        out.append(ir.with_blocks(stmt, partial(turn_upward, arrays=arrays, read_later=later, around=inside)))
    return tuple(out)


# --- first contributions ----------------------------------------------------------------------------------------


def assign_first(block, sizes, known: Known) -> tuple[Stmt, ...]:
    """Return the block with zero-filled adjoints assigned by the nest that covers them first."""
    out = [ir.with_blocks(s, lambda b: assign_first(b, sizes, known)) for s in block]
    for k, stmt in enumerate(out):
        if not (isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn.startswith("np.zeros")):
            continue
        for j in range(k + 1, len(out)):
            if not touches(out[j], stmt.target):
                continue
            covered = _covering(out[j], stmt, sizes, known)
            if covered is not None:
                out[j] = covered
                empty = stmt.value.fn.replace("zeros", "empty")
                out[k] = replace(stmt, value=replace(stmt.value, fn=empty))
            break
    return tuple(out)


def _covering(stmt: Stmt, alloc: Let, sizes, known: Known) -> Stmt | None:
    """Return the nest with its first addition to the array as an assignment, if that reaches every element once.

    What else of the array a trip touches has to be what the addition has reached in the same trip.
    """
    name = alloc.target
    loops: list[For] = []
    beside: list[tuple[set[str], list[Stmt]]] = []  # (counters around, further statements that touch the array)
    inner: Stmt = stmt
    while isinstance(inner, For):
        loops.append(inner)
        touching = [s for s in inner.body if touches(s, name)]
        if not touching:
            return None
        beside.append(({loop.var for loop in loops}, touching[1:]))
        inner = touching[0]
    if not isinstance(inner, Store) or inner.base != name or inner.op == "=":
        return None
    if name in ir.names_in(inner.value, *inner.index):
        return None
    dims = _dims(alloc, sizes)
    ranges = {loop.var: trips for loop in loops if (trips := trips_from_zero(loop)) is not None}
    if dims is None or len(ranges) < len(loops):
        return None
    own: dict[Expr, Expr] = {Op("shape", (Name(name),), (("axis", d),)): n for d, n in enumerate(dims)}
    ranges = {var: ir.substitute(trips, own) for var, trips in ranges.items()}
    for e, size in zip(inner.index, dims, strict=True):
        if not _run_through(affine(e), ranges, size, known):
            return None
    if ranges:
        return None
    for around, others in beside:
        writes, reads, plain = accesses(tuple(others), name)
        places = [(d, e) for d, e in enumerate(inner.index) if not isinstance(e, Name) or e.id in around]
        if not plain or any(index[d] != e for index in (*writes, *reads) for d, e in places):
            return None
    value = inner.value if inner.op == "+=" else Op("neg", (inner.value,))
    return _replaced(stmt, inner, replace(inner, op="=", value=value))


def _run_through(index: Affine, ranges: dict[str, Expr], size: Expr, known: Known) -> bool:
    """Return whether an index runs through all places of an axis, once each; its counters are taken out of `ranges`.

    It does as `i` below the size, and as `i * m + j` with `j` below `m`, where the size is that of `i` times `m`.
    """
    width, place = affine(Const(1)), affine(Const(0))
    while index != place:
        slopes = {v: index.slope(v) for v in ranges}
        across = known.form(width.expr())
        var = next((v for v, s in slopes.items() if s is not None and known.form(s.expr()) == across), None)
        if var is None:
            return False
        trips = ranges.pop(var)
        place = place + times(width, affine(Name(var)))
        if index == place:
            last = Op("mul", (width.expr(), trips)) if width != affine(Const(1)) else trips
            return _same_size(last, size, known)
        width = times(width, known.form(trips))
    return False


def _dims(alloc: Let, sizes):
    value = alloc.value
    assert isinstance(value, Op)
    if value.fn == "np.zeros":
        return value.args
    like = value.args[0]
    assert isinstance(like, Name)
    return sizes.get(like.id) or None


def _same_size(hi: Expr, size: Expr, known: Known) -> bool:
    # a range stops below zero as a clipped size does
    return known.same(hi, unclipped(size))


def _replaced(stmt: Stmt, old: Stmt, new: Stmt) -> Stmt:
    if stmt is old:
        return new
    return ir.with_blocks(stmt, lambda b: [_replaced(s, old, new) for s in b])


# --- splitting --------------------------------------------------------------------------------------------------


def split_wide(block, arrays, read_later: set[str], around: Around = ()) -> tuple[Stmt, ...]:
    """Return the block with innermost loops that add to several arrays split into one loop for each."""
    out: list[Stmt] = []
    for stmt, later in _with_later(block, read_later, bool(around)):
        if isinstance(stmt, For) and all(isinstance(s, Let | Store) for s in stmt.body):
            out += split_loop(stmt, partial(order_free, arrays=arrays, read_later=later, around=around))
            continue
        inside = (*around, stmt) if isinstance(stmt, For | ir.While) else around
        out.append(ir.with_blocks(stmt, partial(split_wide, arrays=arrays, read_later=later, around=inside)))
    return tuple(out)
