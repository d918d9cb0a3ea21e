"""Read the pages of rules: text of the language, each a routine of its own for the kinds it is called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import tree
from .calls import Routine, name_results
from .ir import Kind, Loc
from .kinds import routine_kinds
from .parse import parse
from .source import find_source
from .unbound import guard_unbound
from .webs import split_webs


class RulePages:
    """The routines of the pages that one derivative needs."""

    def __init__(self):
        self.read_already: dict[tuple, Routine] = {}

    def read(self, page: Callable, name: str, kinds: tuple[Kind | None, ...], loc: Loc | None) -> Routine:
        """Return a page as a routine for parameters of these kinds; None stands for one that is not there.

        `loc` is the line of the user's that it is read for first.
        """
        key = page, kinds
        if key not in self.read_already:
            structures = tuple(tree.LEAF if k is not None else tree.Known(None) for k in kinds)
            given = tuple(k for k in kinds if k is not None)
            function = parse(replace(find_source(page), called_at=loc), structures, kinds=given).function
            routine = Routine(name, split_webs(guard_unbound(name_results(function))), key, False)
            routine_kinds(routine, given)
            self.read_already[key] = routine
        return self.read_already[key]
