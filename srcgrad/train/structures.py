"""Structured parameters: the same thing done at every leaf, from Python and inside compiled code.

A structure is a number, an array, or a tuple, namedtuple, list, dict or dataclass of structures; numba knows the first
four of these. Compiled code is written out leaf by leaf, from the types, when numba meets the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import overload

from .. import tree
from ..generation.tree_types import built, leaf_types, structure_of_type

BOOLS = "give True where a parameter is to stay, else False"


def tree_map(f, first, *rest):
    """Return a structure like `first` whose leaves are those of f.

    Parameters
    ----------
    f : function
        Called with one leaf of `first` and those at its place in the other structures. Inside njit code a compiled one.
    first, *rest : structures
        Numbers, arrays, and tuples, namedtuples (from Python also lists, dicts and dataclasses) of these, alike.

    Raises
    ------
    ValueError
        If the structures differ; inside njit code numba's TypingError.

    Examples
    --------
    >>> from srcgrad import train
    >>> train.tree_map(lambda w, g: w - 0.5 * g, {"a": 1.0, "b": (2.0, 3.0)}, {"a": 1.0, "b": (2.0, 0.0)})
    {'a': 0.5, 'b': (1.0, 3.0)}
    """
    structure = tree.structure_of(first)
    return tree.unflatten(structure, (f(*leaves) for leaves in leaves_of(structure, first, *rest)))


def copied(value):
    """Return a structure of the same numbers in arrays of its own, which stand row by row."""
    return tree_map(lambda a: np.array(a, order="C") if isinstance(a, np.ndarray) else a, value)


def leaves_of(structure: tree.Structure, *trees) -> Iterator[tuple]:
    """Return the leaves of trees of one structure, those at one place together.

    Raises
    ------
    ValueError
        If one of them has another structure.
    """
    for other in trees:
        found = tree.structure_of(other)
        if tree.describe(found) != tree.describe(structure):
            raise ValueError(different(tree.describe(structure), tree.describe(found)))
    return zip(*(tree.leaves(structure, t) for t in trees), strict=True)


def flags(structure: tree.Structure, given) -> list[bool]:
    """Return a flag for every leaf from a structure of bools, of which one holds for all below it; None is False.

    Raises
    ------
    ValueError
        If it has another structure, or a leaf that is no bool.
    """
    if given is None or isinstance(given, bool | np.bool_):
        return [bool(given)] * tree.count(structure)
    found = tree.structure_of(given)
    if not isinstance(found, tree.Node):
        raise ValueError(f"frozen has {given!r}: {BOOLS}")
    if not isinstance(structure, tree.Node) or found.keys != structure.keys:
        raise ValueError(f"frozen: {different(tree.describe(structure), tree.describe(found))}")
    parts = given if isinstance(given, tuple | list) else [_item(given, key) for key in structure.keys]
    return [flag for child, part in zip(structure.children, parts, strict=True) for flag in flags(child, part)]


def _item(value, key):
    return value[key] if isinstance(value, dict) else getattr(value, key)


def different(wanted: str, found: str) -> str:
    """Return the message for structures that are not alike."""
    return f"structures differ: {wanted} and {found}; give every leaf a partner at the same place"


# --- the same for numba's types -----------------------------------------------------------------------------------


def structure_of_parts(t, what: str = "a structure") -> tree.Structure:
    """Return the structure of a numba type.

    Raises
    ------
    TypingError
        If a leaf is neither a number nor an array.
    """
    for leaf in leaf_types(t):
        if not isinstance(leaf, types.Array | types.Number | types.Boolean):
            raise TypingError(f"{what} has a leaf of type {leaf}: use numbers, arrays, tuples and namedtuples of them")
    return structure_of_type(t)


def places(structure: tree.Structure, t, base: str, what: str) -> list[str]:
    """Return the expression of every leaf of the value at `base`, whose type must have this structure.

    Raises
    ------
    TypingError
        If it has another one.
    """
    found = structure_of_parts(t, what)
    if tree.describe(found) != tree.describe(structure):
        raise TypingError(f"{what}: {different(tree.describe(structure), tree.describe(found))}")
    return list(tree.index_expression(structure, base))


def is_left_out(t) -> bool:
    """Return whether the type of an argument says that it was left out, or is None."""
    return t is None or isinstance(t, types.NoneType) or isinstance(t, types.Omitted) and t.value is None


def flag_places(structure: tree.Structure, t, base: str) -> list[str]:
    """Return the expression of the flag of every leaf, as `flags` gives them; "False" where they are left out."""
    if is_left_out(t) or isinstance(t, types.Boolean):
        return ["False" if is_left_out(t) else base] * tree.count(structure)
    found = structure_of_parts(t, base)
    if not isinstance(found, tree.Node):
        raise TypingError(f"{base} is of type {t}: {BOOLS}")
    if not isinstance(structure, tree.Node) or found.keys != structure.keys:
        raise TypingError(f"{base}: {different(tree.describe(structure), tree.describe(found))}")
    return [flag for k, child in enumerate(structure.children) for flag in flag_places(child, t[k], f"{base}[{k}]")]


def leaf_expressions(t, base: str) -> list[str]:
    """Return the expression of every leaf of the structure at `base`, of a numba type."""
    return list(tree.index_expression(structure_of_parts(t, base), base))


def mapped(t, base: str, expression: str, namespace: dict) -> str:
    """Return the expression of the structure at `base`, of a numba type, with `expression` done at every leaf {}."""
    leaves = (expression.format(leaf) for leaf in leaf_expressions(t, base))
    return built(structure_of_parts(t, base), leaves, namespace)


def written(text: str, namespace: dict) -> Callable:
    """Return the function `impl` that a text defines."""
    exec(text, namespace)
    function: Callable = namespace["impl"]
    return function


@overload(tree_map)
def _tree_map(f, first, *rest):
    namespace = {"np": np}
    structure = structure_of_parts(first, "tree_map")
    others = [places(structure, t, f"rest[{k}]", "tree_map") for k, t in enumerate(rest)]
    rows = zip(tree.index_expression(structure, "first"), *others, strict=True)
    value = built(structure, (f"f({', '.join(row)})" for row in rows), namespace)
    return written(f"def impl(f, first, *rest):\n    return {value}\n", namespace)
