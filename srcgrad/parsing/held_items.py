"""Items of lists that became buffers: stored at once, not under the names that they had until then."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..language import ir
from ..language.ir import Block, Let, Name, Store


def put_items_in_place(block: Block, held: set[str]) -> Block:
    """Return a block in which a list takes its items as they are, where it is the only one that reads their names.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n):
    ...     L_0 = 2.0 * x
    ...     L = np.empty(3)
    ...     L[0] = L_0
    ...     return L''')
    >>> print(emit(ir.Function("f", ("x", "n"), put_items_in_place(f.body, {"L_0"}))))
    def f(x, n):
        L = np.empty(3)
        L[0] = 2.0 * x
        return L
    """
    if not held:
        return block
    times = Counter(n for s in ir.statements(block) for n in ir.binds(s) if n in held)
    reads = Counter(e.id for s in ir.statements(block) for top in ir.exprs_of(s) for e in ir.walk(top)
                    if isinstance(e, Name) and e.id in held)  # fmt: skip
    return _placed(block, {n for n in held if times[n] == reads[n] == 1})


def _placed(block: Block, once: set[str]) -> Block:
    out: list[ir.Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, lambda b: _placed(b, once))
        if isinstance(stmt, Store) and isinstance(stmt.value, Name) and stmt.value.id in once:
            lets = [(k, s) for k, s in enumerate(out) if isinstance(s, Let) and Name(s.target) == stmt.value]
            for at, let in lets:
                if all(_leaves_alone(s, let) for s in out[at + 1 :]):
                    del out[at]
                    stmt = replace(stmt, value=let.value)
        out.append(stmt)
    return tuple(out)


def _leaves_alone(stmt: ir.Stmt, let: Let) -> bool:
    """Return whether a statement changes nothing that the value of a name is made of."""
    changed = {*ir.binds(stmt), *((stmt.base,) if isinstance(stmt, Store | ir.Grow) else ())}
    return isinstance(stmt, Let | Store | ir.Grow) and not changed & {let.target, *ir.names_in(let.value)}
