"""What is found once for an object that never changes: expressions are keys everywhere, and deeply nested."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Of = TypeVar("Of")
Found = TypeVar("Found")


def found_once(slot: str) -> Callable[[Callable[[Of], Found]], Callable[[Of], Found]]:
    """Return a decorator of a function of one object, which then keeps what the function gives in a slot of its own."""

    def decorate(compute: Callable[[Of], Found]) -> Callable[[Of], Found]:
        @wraps(compute)
        def found(of: Of) -> Found:
            value = getattr(of, slot, None)
            if value is None:
                object.__setattr__(of, slot, value := compute(of))
            return value

        return found

    return decorate


def hashed_once(cls):
    """Return the same class, whose objects keep their hash; they have to be immutable."""
    cls.__hash__ = found_once("known_hash")(cls.__hash__)
    return cls
