"""Kinds of arguments, by numba's types of them; what can be no argument is refused with its name."""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np
from numba.core import types

from .. import tree
from ..errors import KindError, Problem
from ..language.ir import Kind

OPERATORS_OF_THEIR_OWN = frozenset({np.matrix, np.ma.MaskedArray})
WANTED = "pass real numbers and arrays of them, in tuples"


def kind_of_type(t, name: str) -> Kind:
    """Return the kind of a numba type.

    Raises
    ------
    KindError
        If it is neither a real number nor an array of these.
    """
    if isinstance(t, types.Omitted):
        t = numba.typeof(t.value)
    t = types.unliteral(t)
    if isinstance(t, types.NumPyRandomGeneratorType):
        return Kind("generator")
    dtype = t.dtype if isinstance(t, types.Array) else t
    rank = t.ndim if isinstance(t, types.Array) else 0
    if isinstance(dtype, types.Boolean):
        return Kind("bool", rank)
    if isinstance(dtype, types.Float) and dtype.bitwidth in (32, 64) or isinstance(dtype, types.Integer):
        return Kind(str(dtype), rank)
    if isinstance(t, types.UnicodeType):
        raise KindError(Problem(f"the argument {name!r} is text, which compiled code cannot choose a source by",
                                "write a function that gives it, and pass real numbers there"))  # fmt: skip
    if isinstance(t, types.Callable):
        raise _function_given(name)
    raise KindError(Problem(f"the argument {name!r} is of type {t}", WANTED))


def _function_given(name: str) -> KindError:
    return KindError(Problem(f"the argument {name!r} is a function",
                             "differentiate a function that names it: lambda x: f(x, np.tanh)"))  # fmt: skip


def type_of(value, name: str):
    """Return numba's type of a number or array.

    Raises
    ------
    KindError
        If there is none.
    """
    try:
        return numba.typeof(value)
    except (ValueError, TypeError, numba.core.errors.NumbaError):
        if isinstance(value, int):
            too_large = Problem(f"the argument {name!r} is a whole number of more than 64 bits", "make it a float")
            raise KindError(too_large) from None
        if callable(value):
            raise _function_given(name) from None
        kind = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else f"type {type(value).__name__}"
        raise KindError(Problem(f"the argument {name!r} is of {kind}", WANTED)) from None


def untyped(names: Iterable[str], values: Iterable) -> KindError | None:
    """Return what is wrong with the first part of an argument that has no type, as `p['act']`; None if all have one."""
    names, values = list(names), list(values)
    if len(names) != len(values):
        wanted = f"{', '.join(names)}: {len(names)} of them"
        return KindError(Problem(f"{len(values)} arguments are given", f"the function takes {wanted}"))
    for name, value in zip(names, values, strict=True):
        structure = tree.structure_of(value)
        for leaf, path in zip(tree.leaves(structure, value), tree.leaf_paths(structure, name), strict=True):
            try:
                kind_of_type(type_of(leaf, path), path)
            except KindError as e:
                return e
    return None


def require_arrays(flat):
    """Raise where an argument is an array with operators of its own, which numba would take for one like others."""
    for value in flat:
        if isinstance(value, tuple(OPERATORS_OF_THEIR_OWN)):
            what = f"an argument is of type {type(value).__name__}, with operators of its own"
            raise KindError(Problem(what, "pass an array: np.asarray(...)"))
