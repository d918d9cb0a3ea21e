"""What a block reads and binds along its paths, a block under other names, and whether it is well formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from . import ir
from .hashing import found_once
from .ir import (
    Block,
    Break,
    Continue,
    Expr,
    For,
    Function,
    Grow,
    If,
    Let,
    Name,
    Op,
    Stmt,
    Store,
    Unpack,
    While,
    binds,
    blocks_of,
    bound_in,
    exprs_of,
    names_in,
    read_in,
    rename_expr,
    with_blocks,
    with_exprs,
)


def exposed_reads(block: Block) -> set[str]:
    """Return the names a block may read before it binds them itself."""
    bound: set[str] = set()
    found: set[str] = set()
    for stmt in block:
        read = names_in(*exprs_of(stmt))
        if isinstance(stmt, Store):
            read.add(stmt.base)
        found |= read - bound
        own = {stmt.var} if isinstance(stmt, For) else set()
        for inner in blocks_of(stmt):
            found |= exposed_reads(inner) - bound - own
        if isinstance(stmt, If):
            bound |= surely_bound(stmt.then) & surely_bound(stmt.other)
        elif not isinstance(stmt, For):
            bound |= set(binds(stmt))
    return found


def carried_over(stmt: Stmt) -> set[str]:
    """Return the names that a loop binds in one trip and may read in the next before it binds them again."""
    if not isinstance(stmt, For | While):
        return set()
    return bound_in(stmt.body) & (exposed_reads(stmt.body) | names_in(*exprs_of(stmt)))


def surely_bound(block: Block) -> set[str]:
    """Return the names that every path through a block binds."""
    found: set[str] = set()
    for stmt in block:
        if isinstance(stmt, If):
            found |= surely_bound(stmt.then) & surely_bound(stmt.other)
        elif not isinstance(stmt, For):
            found |= set(binds(stmt))
    return found


def rename_block(block: Block, names: dict[str, str]) -> Block:
    """Return the block with names renamed everywhere."""

    def one(stmt: Stmt) -> Stmt:
        stmt = with_exprs(stmt, lambda e: rename_expr(e, names))
        if isinstance(stmt, Let):
            stmt = replace(stmt, target=names.get(stmt.target, stmt.target))
        elif isinstance(stmt, Store | Grow):
            stmt = replace(stmt, base=names.get(stmt.base, stmt.base))
        elif isinstance(stmt, For):
            stmt = replace(stmt, var=names.get(stmt.var, stmt.var))
        elif isinstance(stmt, Unpack):
            targets = tuple(names.get(t, t) for t in stmt.targets)
            stmt = replace(stmt, targets=targets)
        return with_blocks(stmt, lambda b: [one(s) for s in b])

    return tuple(one(s) for s in block)


def touches(stmt: Stmt, name: str) -> bool:
    """Return whether a statement reads, writes or binds a name anywhere."""
    return name in read_in((stmt,)) or name in bound_in((stmt,))


def touch_counts(block: Block) -> Counter[str]:
    """Return how many statements of a block touch each name themselves."""
    found: Counter[str] = Counter()
    for s in ir.statements(block):
        base = {s.base} if isinstance(s, Store | Grow) else set()
        found.update(names_in(*exprs_of(s)) | {*binds(s)} | base)
    return found


def count_touching(block: Block, name: str) -> int:
    """Return how many statements of a block touch a name themselves."""
    return touch_counts(block)[name]


def verify(function: Function) -> Function:
    """Return the function; raise AssertionError where it breaks the grammar."""

    def check(block: Block, in_loop: bool):
        for stmt in block:
            assert isinstance(stmt, Stmt), stmt
            assert in_loop or not isinstance(stmt, Break | Continue), stmt
            assert _are_sound(exprs_of(stmt)), stmt
            for inner in blocks_of(stmt):
                check(inner, in_loop or isinstance(stmt, For | While))

    assert len(set(function.params)) == len(function.params), function.params
    check(function.body, False)
    return function


def _are_sound(exprs: tuple[Expr, ...]) -> bool:
    return isinstance(exprs, tuple) and all(isinstance(e, Expr) and _is_sound(e) for e in exprs)


@found_once("known_sound")
def _is_sound(expr: Expr) -> bool:
    return _are_sound(ir.children(expr))


def readers(block: Block) -> Counter[str]:
    """Return how many statements read each name."""
    return Counter(n for s in ir.statements(block) for n in ir.names_in(*ir.exprs_of(s)))


def read_counts(block: Block) -> Counter[str]:
    """Return how often a block reads each name; a store reads the array it writes into."""
    counts: Counter[str] = Counter()
    for stmt in ir.statements(block):
        for e in ir.exprs_of(stmt):
            counts.update(n.id for n in ir.walk(e) if isinstance(n, Name))
        if isinstance(stmt, Store):
            counts[stmt.base] += 1
    return counts


def updates(stmt: Stmt) -> bool:
    """Return whether a statement updates a name in place, as `a += b` does."""
    value = stmt.value if isinstance(stmt, Let) else None
    return (
        isinstance(stmt, Let)
        and isinstance(value, Op)
        and bool(value.option("inplace"))
        and value.args[0] == Name(stmt.target)
    )


def defined_first(block: Block, name: str) -> bool:
    """Return whether every iteration binds a name before it reads it."""
    for k, stmt in enumerate(block):
        if name in names_in(*exprs_of(stmt)):
            return False
        if isinstance(stmt, Let) and stmt.target == name:
            return True
        blocks = blocks_of(stmt)
        if any(name in read_in(b) or name in bound_in(b) for b in blocks):
            if isinstance(stmt, If) and name in surely_bound((stmt,)):
                return all(defined_first(b, name) for b in blocks)
            # a loop may have no trip, a test another outcome: what comes later has to bind the name itself
            return all(defined_first(b, name) for b in (*blocks, block[k + 1 :]))
    return True


def sorted_places(block: Block) -> set[str]:
    """Return the arrays of places that sorting gives: none of them is beyond the size of the array itself."""
    lets = [s for s in ir.statements(block) if isinstance(s, Let)]
    made = {s.target for s in lets if isinstance(s.value, Op) and s.value.fn == "np.argsort"}
    return made - ir.stored_in(block)


def resized_in(block: ir.Block) -> set[str]:
    """Return all names bound anywhere in a block, and buffers that grow in it: their sizes are not what they were."""
    return ir.bound_in(block) | {stmt.base for stmt in ir.statements(block) if isinstance(stmt, Grow)}


def may_end_early(block: ir.Block) -> bool:
    """Return whether a loop with this body may stop before its range ends."""
    for stmt in block:
        if isinstance(stmt, ir.Break | ir.Return):
            return True
        if isinstance(stmt, ir.If) and (may_end_early(stmt.then) or may_end_early(stmt.other)):
            return True
    return False


def has_jumps(block: ir.Block) -> bool:
    """Return whether a block has a statement that leaves it, or a loop in it, elsewhere than at the end."""
    return any(isinstance(s, ir.Break | ir.Continue | ir.Return) for s in ir.statements(block))


def is_innermost(loop: For) -> bool:
    """Return whether a loop has no loops in it."""
    return not any(isinstance(s, For | While) for s in ir.statements(loop.body))


def by_section(function: Function, block: Callable[[Block], Block]) -> Function:
    """Return the function with `block` applied to the statements of each section: none moves into another."""
    cuts = [k for k, _ in function.sections] + [len(function.body)]
    parts = [function.body[: cuts[0]], *(function.body[a:b] for a, b in pairwise(cuts))]
    sections: list[tuple[int, str]] = []
    body = block(parts[0])
    for (_, title), part in zip(function.sections, parts[1:], strict=True):
        sections.append((len(body), title))
        body += block(part)
    return replace(function, body=body, sections=tuple(sections))
