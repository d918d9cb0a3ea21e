"""The functions that make derivatives, as reading a function knows them where it meets a call of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

# how a call of one is read: what it gives is called with the function's arguments, or it is given them at once, or it
# is given them at once and gives a pullback
OF_FUNCTION, AT_ONCE, PULLBACK = "of a function", "at once", "pullback"
MAKERS: dict[Callable, str] = {}


def maker(reading: str):
    """Return a decorator that lets calls of a function be read inside differentiated functions."""

    def register(function):
        MAKERS[function] = reading
        return function

    return register


def with_surroundings(f):
    """Return `(f, ())`.

    Where a call of it is read it gives instead of a function defined inside the one being read one that could stand
    outside, which takes what it uses from around as further arguments, and a tuple of these.
    """
    return f, ()


def note_surroundings(function, taken: Iterable[str], defaults: Iterable[str]):
    """Note which parameters of a function stand for what it takes from around, and which have defaults there."""
    function.__dict__["__srcgrad_surroundings__"] = frozenset(taken), frozenset(defaults)


def surroundings_noted(function) -> tuple[frozenset[str], frozenset[str]]:
    """Return what `note_surroundings` has noted of a function, or of the one that a derivative is made of."""
    while hasattr(function, "_unwrapped"):
        function = function._unwrapped
    return getattr(function, "__srcgrad_surroundings__", (frozenset(), frozenset()))


def reading_of(function) -> str | None:
    """Return how calls of a function that makes derivatives are read; None of any other object."""
    try:
        return MAKERS.get(function)
    except TypeError:
        return None
