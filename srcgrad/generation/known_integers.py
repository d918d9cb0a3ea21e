"""Code for these very integers, where it cannot be written for any: an axis, an order, how many layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..errors import UnsupportedError, once_more


class WithIntegers:
    """The part of a compiled function that gives it the integers which have to be known when it is read.

    That is found out by what it is refused for without them. From then on small integers are part of the structure of
    the arguments: others have code of their own.
    """

    # what `Transformed` sets up
    _call_structured: Any
    _texts: bool
    _lock: Any

    _fixed = False  # whether integers among the arguments are known in what is generated

    def _structures_of(self, args) -> tuple[tree.Structure, ...]:
        """Return the structures of arguments, with small integers in them where the function has to know these."""
        structures = tuple(tree.structure_of(a) for a in args)
        return tree.with_integers(structures, args) if self._fixed else structures

    def _with_integers(self, args, error: Exception, fixed: bool, act: Callable[[Any], Any] | None = None):
        """Return the result by code for these very integers, or what else `act` does; raise the error if that fails.

        `fixed` says whether they were known to what has raised it. Another thread may have found out meanwhile.
        """
        if fixed or not isinstance(error, UnsupportedError):
            raise error from None
        with self._lock:
            first = not self._fixed
            before = self._structures_of(args)
            self._fixed = True
            if first and self._structures_of(args) == before:
                self._fixed = False
                raise error from None
            self._texts = True
        try:
            return once_more(lambda: (act or self._call_structured)(args), error)
        except UnsupportedError:
            self._fixed = self._fixed and not first
            raise
