"""Where something stands in the user's files, and through which calls it was reached."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class Spoken:
    """How the user's text calls what generated names stand for, for messages.

    >>> spoken = Spoken({"x", "p"})
    >>> spoken.known["p_w_1"] = "p['w']"
    >>> spoken.said("the array 'x_2' and 'p_w_1' of p: write x_2.copy()")
    "the array 'x' and 'p['w']' of p: write x.copy()"
    """

    def __init__(self, own: set[str]):
        self.own = own  # names in the user's text
        self.known: dict[str, str] = {}

    def said(self, text: str) -> str:
        """Return a message with the user's names."""
        return re.sub(r"\b[A-Za-z]\w*", lambda found: self.of(found.group()), text)

    def of(self, name: str) -> str:
        """Return what the user calls a name: it may have a number that tells it from others."""
        while name not in self.own:
            if name in self.known:
                return self.known[name]
            shorter = re.sub(r"_\d+$", "", name)
            if shorter == name:
                break
            name = shorter
        return name


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose function was read in place: its name, where it is called, and a number of its own.

    `library` says that it is a function that srcgrad has a page for, whose statements are not the user's.
    """

    name: str
    at: Loc | None
    number: int
    library: bool = False


@dataclass(frozen=True, slots=True)
class Loc:
    """Where a node came from: file, 1-based line, columns, the text of that line, and the calls it was read in.

    What is `derived` stands in generated source, called at that line.
    """

    file: str
    line: int
    col: int
    end_col: int
    text: str
    calls: tuple[Call, ...] = field(default=(), compare=False, repr=False)
    derived: bool = field(default=False, compare=False, repr=False)
    spoken: Spoken | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> str:
        """The file, without its folder, and the line: 'demo.py:6'."""
        return f"{self.file.rpartition('/')[2]}:{self.line}"

    def __str__(self):
        """Return 'x[i] (demo.py:6)': the text, where it is one line, and its place."""
        return f"{self.text[self.col : self.end_col].strip() or self.text.strip()} ({self.place})"
