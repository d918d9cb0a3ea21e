"""Arrays that one name hands over to another: `x = y`, and y is bound anew before either of them is written.

No array has two names then, whatever is written: x may as well be a copy of y, which is what the passes know. That is
tried where they would refuse two names of one array.
"""

from __future__ import annotations

from dataclasses import replace

from ..analysis.access import reads_elements
from ..analysis.aliases import sharing, shown_by
from ..language import ir
from ..language.blocks import count_touching, touches, updates
from ..language.calls import is_call
from ..language.ir import Block, Kind, Let, Name, Op, Stmt, Store
from ..language.kinds import kind_of
from ..language.lists import holds_items


def copy_handed_over(function: ir.Function, kinds: dict[str, Kind]) -> ir.Function:
    """Return the function with copies where arrays are handed over; itself where none is.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, n):
    ...     x = 2.0 * a
    ...     for t in range(n):
    ...         y = x
    ...         x = np.zeros_like(x)
    ...         y[0] = 0.0
    ...         x[1:] += y[:-1]
    ...     return x''')
    >>> print(emit(copy_handed_over(f, {n: Kind("float64", 1) for n in "axy"}), comments=False))
    def f(a, n):
        x = 2.0 * a
        for t in range(n):
            y = x.copy()
            x = np.zeros_like(x)
            y[0] = 0.0
            x[1:] += y[:-1]
        return x
    """
    handing = {id(s) for s in _handing(function.body, function.body)}
    if not handing:
        return function
    groups = sharing(function, kinds)
    lists = {n for s in ir.statements(function.body) if holds_items(s) for n in ir.binds(s)}
    aliases = [s for s in ir.statements(function.body) if _shows_another(s, kinds, lists)]
    kept = {n for s in aliases if id(s) not in handing for n in _names(s)}
    kept |= {*function.params, *(name for name, _ in function.captured)}

    def block(stmts: Block) -> Block:
        return tuple(ir.with_blocks(one(s), block) for s in stmts)

    def one(stmt: Stmt) -> Stmt:
        if id(stmt) not in handing or not isinstance(stmt, Let) or not kinds[stmt.target].rank:
            return stmt
        if groups.get(stmt.target, {stmt.target}) & kept:
            return stmt
        return replace(stmt, value=Op("copy", (stmt.value,), (), stmt.loc))

    body = block(function.body)
    return function if body == function.body else replace(function, body=body)


def _shows_another(stmt: Stmt, kinds: dict[str, Kind], lists: set[str]) -> bool:
    """Return whether the memory of an array may come under another name, or into a list."""
    if isinstance(stmt, Let):
        return bool(kinds[stmt.target].rank and shown_by(stmt.value, kinds))
    if isinstance(stmt, Store) and stmt.base in lists:
        return bool(kind_of(stmt.value, kinds).rank and shown_by(stmt.value, kinds))
    return is_call(stmt) or isinstance(stmt, ir.Grow)


def _names(stmt: Stmt) -> set[str]:
    return {*ir.binds(stmt), *ir.names_in(*ir.exprs_of(stmt))}


def _handing(stmts: Block, whole: Block) -> list[Stmt]:
    """Return the statements of a block that hand over what the name on their right has held."""
    found: list[Stmt] = []
    for k, stmt in enumerate(stmts):
        if isinstance(stmt, Let) and isinstance(stmt.value, Name):
            given, behind = stmt.value.id, stmts[k + 1 :]
            if _is_bound_anew(given, stmt.target, behind) or _is_used_up(given, stmts[: k + 1], behind, whole):
                found.append(stmt)
        for inner in ir.blocks_of(stmt):
            found += _handing(inner, whole)
    return found


def _is_bound_anew(given: str, taker: str, behind: Block) -> bool:
    """Return whether a name is bound anew before it is written, or read after the one that took its array was."""
    wrote = False
    for stmt in behind:
        if isinstance(stmt, Let) and stmt.target == given and not updates(stmt):
            return not reads_elements(stmt.value, given)
        changed = ir.bound_in((stmt,)) | ir.stored_in((stmt,))
        wrote |= taker in changed
        if given in changed or wrote and touches(stmt, given) or is_call(stmt):
            return False
    return False


def _is_used_up(given: str, before: Block, behind: Block, whole: Block) -> bool:
    """Return whether a name is bound in a block, and touched nowhere else than before a place in it."""
    if any(touches(s, given) for s in behind):
        return False
    first = next(s for s in before if touches(s, given))
    bound = isinstance(first, Let) and first.target == given and not updates(first)
    return bound and count_touching(before, given) == count_touching(whole, given)
