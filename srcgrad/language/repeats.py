"""Axes of one element that are repeated: those that arguments are known to have, or any that turns out to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import BROADCAST, OTHER_SIZE, SQUEEZED


@dataclass(frozen=True)
class Repeats:
    """How far a function allows for axes of one element that other arrays repeat.

    Attributes
    ----------
    axes : tuple
        (argument, axis) for those of the arguments' axes that have one element; the function checks it.
    anywhere : bool
        Whether any other axis may turn out to have one element, and the arrays in a list other sizes; costs a test for
        each broadcast, and readable source.
    """

    axes: tuple[tuple[int, int], ...] = ()
    anywhere: bool = False

    def axes_of(self, argument: int) -> frozenset[int]:
        """Return the axes of one element of an argument."""
        return frozenset(axis for k, axis in self.axes if k == argument)


NOWHERE, ANYWHERE = Repeats(), Repeats(anywhere=True)


def is_about_lengths(e: Exception) -> bool:
    """Return whether an error says that lengths do not fit, of a function that can be run again."""
    return bool(e.args) and e.args[0] in (BROADCAST, OTHER_SIZE) or is_squeezed(e)


def is_squeezed(e: Exception) -> bool:
    """Return whether an error says that `squeeze` would have to take away an axis that has turned out to be one."""
    return bool(e.args) and str(e.args[0]).startswith(SQUEEZED)


def has_axis_of_one(args: Iterable[object]) -> bool:
    """Return whether an array has an axis of one element.

    >>> has_axis_of_one([2.0, np.zeros((3, 1))])
    True
    """
    return any(isinstance(a, np.ndarray) and 1 in a.shape for a in args)


def every_axis(kinds: Iterable) -> tuple[tuple[int, int], ...]:
    """Return (argument, axis) of all axes: what to compare where a function does not fit without repeated axes."""
    return tuple((k, axis) for k, kind in enumerate(kinds) for axis in range(kind.rank))


def in_turn(args: list, compared: Iterable[tuple[int, int] | None]) -> tuple[Repeats, ...]:
    """Return what to allow for at a call, the likeliest first; `compared` are the axes that have to fit others.

    >>> [r.axes for r in in_turn([np.zeros((4, 3)), np.zeros((1, 3))], [(0, 0), (1, 0)])]
    [((1, 0),), ()]
    """
    known = [place for place in compared if place is not None and place[0] < len(args)]
    axes = tuple((k, d) for k, d in known if np.shape(args[k])[d] == 1)
    return Repeats(axes) if axes else NOWHERE, ANYWHERE
