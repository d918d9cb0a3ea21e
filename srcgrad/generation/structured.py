"""Derivatives whose results have a structure of their own, made once for each function that they are asked of."""

from __future__ import annotations

import threading
import weakref

from ..api import Transformed
from .digests import function_digest
from .results import OfStructure


class Structured(OfStructure, Transformed):
    """A compiled function whose result has a structure of its own."""


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
