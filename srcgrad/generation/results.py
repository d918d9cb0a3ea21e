"""Results with a structure: compiled code gives tuples, of which Python gets dicts, lists and dataclasses."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from .. import tree


class OfStructure:
    """What puts the result of a compiled function together, from what the generated module says of its structure."""

    # what `Transformed` sets up
    _bind: Any
    _count: int
    _made_for: Any

    def __call__(self, *args, **kwargs):
        """Return the value of the compiled function."""
        result = super().__call__(*args, **kwargs)
        if not self._is_nested(result):
            return result
        args = self._bind(args, kwargs) if kwargs or len(args) != self._count else args
        known, key = self.__dict__.setdefault("_structures", {}), tuple(map(_kind_key, args))
        if key not in known:
            found = self._structure_for(args)
            known[key] = None if _is_of_tuples(found) else found
        structure = known[key]
        return result if structure is None else tree.retyped(structure, result)

    def _is_nested(self, result) -> bool:
        """Return whether a result may have another structure than compiled code gives."""
        return isinstance(result, tuple)

    def _structure_for(self, args) -> tree.Structure:
        """Return the structure of the result for such arguments."""
        made, types = self._made_for(args)
        return made.module(types)[1]


def _kind_key(value):
    """Return what of an argument the structure of a result follows from, for little time."""
    kind = type(value)
    if kind is np.ndarray:
        return value.dtype, value.ndim
    if isinstance(value, tuple | list):
        return kind, *map(_kind_key, value)
    if isinstance(value, dict):
        return kind, *((k, _kind_key(v)) for k, v in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        return kind, *(_kind_key(getattr(value, f.name)) for f in fields(value))
    return value if value is None or kind is str else kind


def _is_of_tuples(structure: tree.Structure) -> bool:
    """Return whether compiled code gives a structure as it is."""
    if isinstance(structure, tree.Node):
        return structure.kind in ("tuple", "namedtuple") and all(map(_is_of_tuples, structure.children))
    return True
