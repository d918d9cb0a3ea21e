"""New names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


class Fresh:
    """A source of names that clash with none given: `fresh("x_bar")` gives x_bar, x_bar_1, ...

    What is made of a key of a dict need be no name: what cannot stand in one is left out.

    >>> fresh = Fresh({"x"})
    >>> fresh("x"), fresh("rates_k on"), fresh("c_H+"), fresh("2, y")
    ('x_1', 'rates_k_on', 'c_H', '_2_y')
    """

    def __init__(self, taken: Iterable[str]):
        self.taken = set(taken)
        self.last: dict[str, int] = {}

    def __call__(self, base: str) -> str:
        base = base if base.isascii() and base.isidentifier() else _as_name(base)
        k = self.last.get(base, 0)
        name = f"{base}_{k}" if k else base
        while name in self.taken:
            k += 1
            name = f"{base}_{k}"
        self.taken.add(name)
        self.last[base] = k
        return name


def _as_name(text: str) -> str:
    """Return the name nearest to a text, as Python reads it."""
    text = "".join(c if c == "_" or f"a{c}".isidentifier() else "_" for c in unicodedata.normalize("NFKC", text))
    text = re.sub("__+", "_", text).rstrip("_")
    return text if text.isidentifier() else f"_{text}"
