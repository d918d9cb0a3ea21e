"""The exceptions and warnings of srcgrad: each names file, line and column, what is wrong and how to rewrite it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be differentiated: where, what, and the way out."""

    what: str
    way_out: str
    file: str = ""
    line: int = 0
    col: int = 0
    end_col: int = 0
    text: str = ""
    category: str = ""

    def __str__(self):
        if not self.file:
            return f"{self.what}\n  {self.way_out}"
        head = f'  File "{self.file}", line {self.line}' if self.line else f'  File "{self.file}"'
        if not self.text:
            return f"{head}\n{self.what}\n  {self.way_out}"
        shown = self.text.strip()
        start = self.col - (len(self.text) - len(self.text.lstrip()))
        carets = max(1, min(self.end_col - self.col, len(shown) - start))
        return f"{head}\n    {shown}\n    {' ' * max(0, start)}{'^' * carets}\n{self.what}\n  {self.way_out}"


# how an error of shapes begins that axes of length one, repeated, may not have
BROADCAST = "operands could not be broadcast together: lengths"
# the same where the function cannot be run again: it writes its arguments, or draws random numbers
BROADCAST_ONCE = "operands could not be broadcast together here: lengths"
# how an error begins of a list that was taken for an array with one more axis, and the same where it runs once
OTHER_SIZE = "the arrays in a list differ in size (write to an array that has room for all of them): lengths"
OTHER_SIZE_ONCE = "the arrays in a list differ in size here (write to an array that has room for all of them): lengths"
# what is said of sizes in functions that can be run again, and in others
ONCE = {BROADCAST: BROADCAST_ONCE, OTHER_SIZE: OTHER_SIZE_ONCE}
# of squeeze() without an axis and its like: they take those axes that the text, or what arguments have, tells
SQUEEZED = "one more axis has one element and is to be taken away, which the text does not say: name or index it"
# of a loop from a negative index on; reverse could not tell which trip met an element first
TURNS = "comes to elements from the end of the axis and again from its start; write its index as one % of the size"


class SrcgradError(Exception):
    """Base of all errors raised by srcgrad. `problems` lists every problem of the function."""

    def __init__(self, *problems: Problem | str):
        self.problems = tuple(p for p in problems if isinstance(p, Problem))
        super().__init__("\n".join(self._lines(problems)))

    @staticmethod
    def _lines(problems):
        if len(problems) > 1:
            yield f"{len(problems)} problems"
        for problem in problems:
            text = str(problem)
            yield "\n" + text if isinstance(problem, Problem) and problem.file else text


class UnsupportedError(SrcgradError):
    """The function uses something outside the language that srcgrad differentiates."""


def once_more(act: Callable[[], Any], error: UnsupportedError):
    """Return `act()`, another way to do what was refused; raise the error of the first way where it is as well."""
    try:
        return act()
    except UnsupportedError:
        raise error from None


class UnknownFunctionError(UnsupportedError):
    """The function calls something for which there is neither a rule nor source."""


class SourceNotFoundError(SrcgradError):
    """The source text of a function cannot be read."""


class KindError(SrcgradError, TypeError):
    """The kinds (dtype and rank) of arguments or operands do not fit."""


class ArgumentError(SrcgradError, TypeError):
    """A derivative was asked for with arguments it does not exist for: argnums, integer arguments, the call itself."""


class PitfallWarning(UserWarning):
    """A derivative is right and perhaps not what its reader expects: the line is a step, a jump, a test of equality."""


class SerialLoopWarning(PitfallWarning):
    """A loop over `prange` runs on one core: its trips are not known to be independent of each other."""


SERIAL = "serial"
WARNINGS = {"": PitfallWarning, SERIAL: SerialLoopWarning}


def problem_at(loc, what: str, way_out: str) -> Problem:
    """Return a `Problem` located at `loc`, which may be None."""
    if loc is None:
        return Problem(what, way_out)
    if loc.spoken is not None:
        what, way_out = loc.spoken.said(what), loc.spoken.said(way_out)
    return Problem(what, way_out, loc.file, loc.line, loc.col, loc.end_col, loc.text)
