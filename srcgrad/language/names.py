"""New names."""

from __future__ import annotations

from collections.abc import Iterable


class Fresh:
    """A source of names that clash with none given: `fresh("x_bar")` gives x_bar, x_bar_1, ..."""

    def __init__(self, taken: Iterable[str]):
        self.taken = set(taken)
        self.last: dict[str, int] = {}

    def __call__(self, base: str) -> str:
        k = self.last.get(base, 0)
        name = f"{base}_{k}" if k else base
        while name in self.taken:
            k += 1
            name = f"{base}_{k}"
        self.taken.add(name)
        self.last[base] = k
        return name
