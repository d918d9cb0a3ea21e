"""Derivatives whose results have a structure of their own, made once for each function that they are asked of."""

from __future__ import annotations

import threading
import weakref

import numba

from . import tree
from .api import Transformed
from .digests import function_digest


class Structured(Transformed):
    """A compiled function whose result is put together from what the generated module says of its structure.

    Compiled code gives tuples; dicts, lists and dataclasses are made of them for Python.
    """

    def __call__(self, *args, **kwargs):
        """Return the value of the compiled function."""
        result = Transformed.__call__(self, *args, **kwargs)
        if not self._is_nested(result):
            return result
        return tree.retyped(self._structure_for(self._bind(args, kwargs)), result)

    def _is_nested(self, result) -> bool:
        """Return whether a result may have another structure than compiled code gives."""
        return isinstance(result, tuple)

    def _structure_for(self, args) -> tree.Structure:
        """Return the structure of the result for such arguments."""
        structures = None if all(map(tree.is_plain, args)) else tuple(map(tree.structure_of, args))
        given = list(args)
        if structures is not None:
            given = [leaf for s, a in zip(structures, args, strict=True) for leaf in tree.leaves(s, a)]
        return self._entry_for(structures, self._stretch).module(tuple(map(numba.typeof, given)))[1]


class Made:
    """The derivatives made by direct calls: by function where it is an object of ours, else by its digest."""

    def __init__(self):
        self.by_object: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
        self.by_digest: dict = {}
        self.lock = threading.RLock()

    def get(self, f, kind: str, make):
        """Return `make(f)`, or what it gave before for the same function."""
        with self.lock:
            if isinstance(f, Transformed):
                found = self.by_object.setdefault(f, {})
                key: object = kind
            else:
                found, key = self.by_digest, (kind, function_digest(f))
            if key not in found:
                found[key] = make(f)
            return found[key]


direct = Made()


def function_of(t):
    """Return the function behind a numba type: an object of ours, or an njit function; None of other types."""
    dispatcher = getattr(t, "dispatcher", None)
    return getattr(dispatcher, "srcgrad_function", dispatcher)
