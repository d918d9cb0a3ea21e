"""Arrays that live within a trip of a loop become scalars, or as much smaller as one trip needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..analysis.access import SIZES_ONLY, accesses
from ..language import ir
from ..language.blocks import defined_first, rename_block, touch_counts, touches
from ..language.ir import Block, Expr, For, Function, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.kinds import kind_of
from ..language.sum_order import INPLACE


def contract(block: Block, kinds: dict[str, Kind], sizes, kept: set[str]) -> Block:
    """Return the block with arrays as scalars that every trip of one nest writes first and no other trip reads.

    Arrays in `kept` stay; `kinds` and `sizes` are brought up to date.
    """
    return tuple(s for s in _contracted(block, kinds, sizes, kept) if s is not None)


def contract_function(function: Function, kinds: dict[str, Kind], sizes, kept: set[str]) -> Function:
    """Return the function with arrays as scalars, or without axes, where they live within a trip of a loop."""
    found = _contracted(function.body, kinds, sizes, kept)
    body = contract_rows(tuple(s for s in found if s is not None), kinds, sizes, kept)
    sections = tuple((sum(s is not None for s in found[:k]), title) for k, title in function.sections)
    return replace(function, body=body, sections=sections)


def _contracted(
    block: Block, kinds: dict[str, Kind], sizes, kept: set[str], total: Counter[str] | None = None
) -> list[Stmt | None]:
    """Return the statements with arrays as scalars, None in place of those that made these."""
    total = touch_counts(block) if total is None else total

    def inner(b: Block) -> Block:
        outside = {n for n, count in touch_counts(b).items() if count < total[n]}
        return tuple(s for s in _contracted(b, kinds, sizes, kept | outside, total) if s is not None)

    out: list[Stmt | None] = [ir.with_blocks(s, inner) for s in block]
    for k, stmt in reversed(list(enumerate(out))):
        if not (isinstance(stmt, Let) and isinstance(stmt.value, Op) and rank_in(stmt.target, kinds)):
            continue
        name = stmt.target
        if not stmt.value.fn.startswith(("np.empty", "np.zeros")) or name in kept:
            continue
        if not _computes_as_numbers(kinds[name], name, block):
            continue
        alike = [j for j, s in enumerate(out) if s is not None and name in sizes and _made_like(s, name)]
        touching = [j for j, s in enumerate(out) if s is not None and j != k and j not in alike and touches(s, name)]
        nest = out[touching[0]] if len(touching) == 1 and touching[0] > k else None
        if isinstance(nest, For) and _lives_in_a_trip(nest, name):
            kinds[name] = Kind(kinds[name].dtype)
            for j in alike:
                out[j] = made_with(out[j], sizes[name], kinds[name].dtype)
            sizes.pop(name, None)
            (out[touching[0]],) = _scalars((nest,), name, kinds, total)
            out[k] = None
    return out


def _made_like(stmt: Stmt, array: str) -> bool:
    """Return whether a statement makes an array of the size of another one."""
    value = stmt.value if isinstance(stmt, Let) else None
    return isinstance(value, Op) and value.fn.endswith("_like") and value.args == (Name(array),)


def made_with(stmt, dims, dtype: str) -> Let:
    """Return the statement that makes an array of these sizes; of that dtype where it names none itself."""
    given = stmt.value.option("dtype", dtype)
    fn = stmt.value.fn.removesuffix("_like")
    return replace(stmt, value=replace(stmt.value, fn=fn, args=tuple(dims), static=dtype_option(given)))


def rank_in(name: str, kinds: dict[str, Kind]) -> int:
    """Return how many axes what a name holds has; none where nothing is known of it."""
    return kinds[name].rank if name in kinds else 0


def _lives_in_a_trip(nest: Stmt, array: str) -> bool:
    """Return whether all accesses to an array are in one block of a nest, of one element, the first a store."""
    inner = [s for b in ir.blocks_of(nest) for s in b if touches(s, array)]
    if len(inner) == 1 and isinstance(inner[0], For):
        return not _mentions_in(nest, array) and _lives_in_a_trip(inner[0], array)
    if not inner:
        return False  # only its size is asked for
    first = inner[0]
    if _mentions_in(nest, array) or not isinstance(first, Store) or first.base != array or first.op != "=":
        return False
    if isinstance(nest, If) or array in ir.names_in(first.value, *first.index):
        return False
    writes, reads, plain = accesses(tuple(inner), array)
    sized = any(isinstance(e, Op) and e.fn in SIZES_ONLY and array in ir.names_in(e)
                for s in ir.statements(tuple(inner)) for x in ir.exprs_of(s) for e in ir.walk(x))  # fmt: skip
    moved = ir.names_in(*first.index) & ir.bound_in(tuple(inner))
    return plain and not sized and not moved and all(e == first.index for e in (*writes, *reads))


def _mentions_in(stmt: Stmt, array: str) -> bool:
    """Return whether a statement itself, not what its blocks hold, mentions an array."""
    return array in ir.names_in(*ir.exprs_of(stmt)) or isinstance(stmt, Store) and stmt.base == array


def _scalars(block: Block, array: str, kinds: dict[str, Kind], total: Counter[str]) -> Block:
    dtype = kinds[array].dtype

    def cast(value: Expr) -> Expr:
        """Return a value as the array would hold it."""
        known = ir.names_in(value) <= kinds.keys()
        if (kind_of(value, kinds).dtype if known else "float64") == dtype:
            return value
        return Op({"bool": "bool", "float64": "float", "int64": "int"}.get(dtype, f"np.{dtype}"), (value,))

    def read(e: Expr) -> Expr:
        if isinstance(e, Sub) and e.base == Name(array):
            return Name(array)
        return ir.rebuild(e, read)

    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(ir.with_exprs(stmt, read), lambda b: _scalars(b, array, kinds, total))
        if isinstance(stmt, Store) and stmt.base == array:
            fn = {"+=": "add", "-=": "sub"}.get(stmt.op)
            value = cast(stmt.value) if fn is None else Op(fn, (Name(array), cast(stmt.value)), INPLACE)
            stmt = Let(array, value, stmt.loc)
        out.append(stmt)
    return _under_one_name(tuple(out), array, total)


def _under_one_name(block: Block, name: str, total: Counter[str]) -> Block:
    """Return the block with a number that a name takes over under that name from the start: `s += ...; name = s`."""
    for k, stmt in enumerate(block):
        if isinstance(stmt, Let) and stmt.target == name and isinstance(stmt.value, Name):
            old, after = stmt.value.id, block[k + 1 :]
            own = touch_counts(block)[old] == total[old]
            settled = not touch_counts(after)[old] or not {old, name} & ir.bound_in(after)
            if own and settled and not touch_counts(block[:k])[name] and defined_first(block, old):
                return rename_block((*block[:k], *after), {old: name})
    return block


# --- as much of an array as one trip needs ------------------------------------------------------------------------


def contract_rows(block: Block, kinds: dict[str, Kind], sizes, kept: set[str]) -> Block:
    """Return the block with arrays without the axes along which every trip of one nest has its own part.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n, m):
    ...     e = np.empty((n, m))
    ...     s = 0.0
    ...     for i in range(n):
    ...         t = 0.0
    ...         for j in range(m):
    ...             e[i, j] = np.exp(x[i, j])
    ...             t += e[i, j]
    ...         for j in range(m):
    ...             s += e[i, j] / t
    ...     return s''')
    >>> kinds = {"e": Kind("float64", 2), "x": Kind("float64", 2)}
    >>> print(emit(replace(f, body=contract_rows(f.body, kinds, {}, set()))))
    def f(x, n, m):
        e = np.empty(m)
        s = 0.0
        for i in range(n):
            t = 0.0
            for j in range(m):
                e[j] = np.exp(x[i, j])
                t += e[j]
            for j in range(m):
                s += e[j] / t
        return s
    """
    out = list(block)
    for k, stmt in enumerate(out):
        value = stmt.value if isinstance(stmt, Let) else None
        if not (isinstance(stmt, Let) and isinstance(value, Op) and value.fn in ("np.empty", "np.empty_like")):
            continue
        name = stmt.target
        rank = rank_in(name, kinds)
        dims = value.args if value.fn == "np.empty" else sizes.get(name)
        alike = [j for j, s in enumerate(out) if _made_like(s, name)]
        touching = [j for j, s in enumerate(out) if j != k and j not in alike and touches(s, name)]
        nest = out[touching[0]] if len(touching) == 1 else None
        if name in kept or rank < 2 or not dims or not isinstance(nest, For):
            continue
        axes = _own_axes(nest, name, rank)
        if axes:
            for j in alike:
                out[j] = made_with(out[j], dims, kinds[name].dtype)
            kinds[name] = Kind(kinds[name].dtype, rank - axes)
            sizes[name] = tuple(dims[axes:])
            out[k] = made_with(stmt, dims[axes:], kinds[name].dtype)
            (out[touching[0]],) = _without_axes((nest,), name, axes)
    return tuple(out)


def _own_axes(nest: For, array: str, rank: int) -> int:
    """Return along how many leading axes of an array a trip of the nest sees one place only, its own; less than all."""
    counters: list[str] = []
    while not _mentions_in(nest, array):
        counters.append(nest.var)
        inner = [s for s in nest.body if touches(s, array)]
        if len(inner) != 1 or not isinstance(inner[0], For):
            break
        nest = inner[0]
    writes, reads, plain = accesses(nest.body, array)
    every = [*writes, *reads]
    mentioned = any(isinstance(e, Op) and e.fn in SIZES_ONLY and array in ir.names_in(e)
                    for s in ir.statements(nest.body) for x in ir.exprs_of(s) for e in ir.walk(x))  # fmt: skip
    if not plain or mentioned or len(inner) < 2:
        return 0
    moved = ir.bound_in(nest.body)
    axes = 0
    while axes < rank - 1 and all(e[axes] == every[0][axes] for e in every):
        own = every[0][axes]
        if not isinstance(own, Name) or own.id not in counters or own.id in moved:
            break
        axes += 1
    return axes


def _without_axes(block: Block, array: str, axes: int) -> Block:
    def shorter(e: Expr) -> Expr:
        e = ir.rebuild(e, shorter)
        if not isinstance(e, Sub) or e.base != Name(array):
            return e
        return replace(e, index=e.index[axes:]) if len(e.index) > axes else e.base

    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(ir.with_exprs(stmt, shorter), lambda b: _without_axes(b, array, axes))
        if isinstance(stmt, Store) and stmt.base == array:
            stmt = replace(stmt, index=stmt.index[axes:])
        out.append(stmt)
    return tuple(out)


def _computes_as_numbers(kind: Kind, name: str, block: Block) -> bool:
    """Return whether the elements of an array are computed as numbers are.

    Those of narrow integers wrap around; what is added in place is rounded to float32, or joined by `or`.
    """
    if kind.wraps or kind.dtype in ("float64", "int64"):
        return not kind.wraps
    return not any(isinstance(s, Store) and s.base == name and s.op != "=" for s in ir.statements(block))
