"""Hashes that are computed once: expressions are keys everywhere, and deeply nested."""

from __future__ import annotations


def hashed_once(cls):
    """Return the same class, whose objects keep their hash in the slot `known_hash`; they have to be immutable."""
    compute = cls.__hash__

    def known(self):
        try:
            return self.known_hash
        except AttributeError:
            object.__setattr__(self, "known_hash", compute(self))
            return self.known_hash

    cls.__hash__ = known
    return cls
