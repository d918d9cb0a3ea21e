"""The table of pages: which text stands for which function."""

from __future__ import annotations

from collections.abc import Callable

from ..rules.rows import SCIPY, special_name

PAGES: dict[object, Callable] = {}
METHODS: dict[str, Callable] = {}


def page(*functions, method: str | None = None):
    """Return a decorator that makes a function the page of these functions, and of the array method of that name.

    SciPy's functions are given by name, so that SciPy is not imported here.
    """

    def register(text):
        PAGES.update(dict.fromkeys(functions, text))
        if method is not None:
            METHODS[method] = text
        return text

    return register


def page_of(function) -> Callable | None:
    """Return the page of a function; None where it has none."""
    try:
        found = PAGES.get(function)
    except TypeError:
        return None
    return found or PAGES.get(f"{SCIPY}.{special_name(function)}")


def is_ours(function) -> bool:
    """Return whether a function is a page, or stands beside pages and serves them."""
    return (getattr(function, "__module__", None) or "").startswith(__package__)
