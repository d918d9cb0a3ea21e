"""The table of pages: which text stands for which function."""

from __future__ import annotations

from collections.abc import Callable

PAGES: dict[object, Callable] = {}
METHODS: dict[str, Callable] = {}


def page(*functions, method: str | None = None):
    """Return a decorator that makes a function the page of these functions, and of the array method of that name."""

    def register(text):
        PAGES.update(dict.fromkeys(functions, text))
        if method is not None:
            METHODS[method] = text
        return text

    return register


def page_of(function) -> Callable | None:
    """Return the page of a function; None where it has none."""
    try:
        return PAGES.get(function)
    except TypeError:
        return None
