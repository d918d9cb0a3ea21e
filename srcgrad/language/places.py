"""Where something stands in the user's files, and through which calls it was reached."""

from __future__ import annotations

from dataclasses import dataclass, field


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

    @property
    def place(self) -> str:
        """The file, without its folder, and the line: 'demo.py:6'."""
        return f"{self.file.rpartition('/')[2]}:{self.line}"

    def __str__(self):
        """Return 'x[i] (demo.py:6)': the text, where it is one line, and its place."""
        return f"{self.text[self.col : self.end_col].strip() or self.text.strip()} ({self.place})"
