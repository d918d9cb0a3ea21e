"""Structures of numba's types, and the expressions that make structured values in compiled code."""

from __future__ import annotations

from collections.abc import Iterator

from numba.core import types

from .. import tree


def structure_of_type(t) -> tree.Structure:
    """Return the structure of a numba type: tuples and namedtuples, nested; text and None that were left out."""
    if isinstance(t, types.NoneType) or isinstance(t, types.Omitted) and (t.value is None or isinstance(t.value, str)):
        return tree.Known(getattr(t, "value", None))
    if isinstance(t, types.BaseNamedTuple):
        children = tuple(structure_of_type(c) for c in t)
        return tree.Node("namedtuple", tuple(t.fields), children, t.instance_class)
    if isinstance(t, types.BaseTuple):
        return tree.tuple_of(tuple(structure_of_type(c) for c in t))
    return tree.LEAF


def leaf_types(t):
    """Yield the types of the leaves of a numba type."""
    if isinstance(t, types.BaseTuple):
        for c in t:
            yield from leaf_types(c)
    elif isinstance(structure_of_type(t), tree.Leaf):
        yield t


def built(structure: tree.Structure, leaves: Iterator[str], namespace: dict) -> str:
    """Return the expression that makes a structure out of the expressions of its leaves; classes go into `namespace`.

    >>> built(tree.structure_of(((1.0, 2.0), 3.0)), iter(["a", "b", "c"]), {})
    '((a, b,), c,)'
    """
    if isinstance(structure, tree.Known):
        return repr(structure.value)
    if isinstance(structure, tree.Leaf):
        return next(leaves)
    parts = ", ".join(built(c, leaves, namespace) for c in structure.children)
    if structure.kind == "namedtuple" and structure.make is not None:
        name = f"make_{len(namespace)}"
        namespace[name] = structure.make
        return f"{name}({parts})"
    return f"({parts},)" if parts else "()"
