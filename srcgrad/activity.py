"""Which names depend differentiably on the arguments asked for."""

from __future__ import annotations

from . import ir
from .calls import is_call
from .dependence import differentiable_leaves
from .ir import Kind, Let, Name, Op, Store, Sub

ARRAY_OPS = frozenset({"np.dot", "copy"})


def varied(function: ir.Function, kinds: dict[str, Kind], wrt: tuple[str, ...]) -> frozenset[str]:
    """Return the float names that depend on the parameters `wrt`.

    >>> from srcgrad.parse import parse_text
    >>> f = parse_text("def f(x, n):\\n    k = n * 2\\n    y = x * k\\n    return y")
    >>> sorted(varied(f, {"x": Kind("float64"), "n": Kind("int64"), "k": Kind("int64"), "y": Kind("float64")}, ("x",)))
    ['x', 'y']
    """
    found = set(wrt)

    def active(leaf) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in found

    def depends(value) -> bool:
        if isinstance(value, Op) and value.fn in ARRAY_OPS:
            return bool(ir.names_in(value) & found)
        return bool(differentiable_leaves(value, active))

    changed = True
    while changed:
        changed = False
        for stmt in ir.statements(function.body):
            if isinstance(stmt, Let):
                name, value = stmt.target, stmt.value
            elif isinstance(stmt, Store):
                name, value = stmt.base, stmt.value
            elif is_call(stmt):
                results = {t for t in stmt.targets if kinds[t].is_float} - found
                if results and ir.names_in(stmt.value) & found:
                    found |= results
                    changed = True
                continue
            else:
                continue
            if name not in found and kinds[name].is_float and depends(value):
                found.add(name)
                changed = True
    return frozenset(found)
