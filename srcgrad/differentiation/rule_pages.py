"""The pages of rules: text of the language, each a routine of its own for the kinds it is called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .. import tree
from ..analysis.aliases import written
from ..errors import Problem, UnsupportedError, problem_at
from ..language import ir
from ..language.calls import Routine, Rule, name_results, reachable
from ..language.ir import Kind, Loc
from ..language.kinds import routine_kinds
from ..language.unbound import guard_unbound
from ..library import is_ours
from ..optimisation.webs import split_webs
from ..parsing.function import parse
from ..parsing.source import find_source
from .prepare import own_written_params


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
            source = replace(find_source(page), called_at=loc, derived=not is_ours(page))
            function = parse(source, structures, kinds=given).function
            routine = Routine(name, tidied(function), key, False)
            routine_kinds(routine, given)
            self.read_already[key] = routine
        return self.read_already[key]


def tidied(function: ir.Function) -> ir.Function:
    """Return the function of a routine as it is lowered: unbound names guarded, one name for one thing."""
    return split_webs(guard_unbound(name_results(function)))


def ready(block: ir.Block):
    """Make the routines that a block calls ready to be lowered, and the pages of their rules.

    Raises
    ------
    UnsupportedError
        If a function with a rule of its own writes its arguments.
    """
    every = reachable(block)
    for routine in every:
        routine.function = tidied(routine.function)
    for rule in dict.fromkeys(r.rule for r in every if r.rule is not None):
        for name, page in rule.pages.items():
            routine_kinds(page, rule.kinds[name])
            if name == "forward":
                continue
            # a page may write what it is given: copies
            known = dict(page.facts["names", rule.kinds[name]])
            page.function, own = own_written_params(page.function, known, ir.Fresh(ir.all_names(page.function)), False)
            if own:
                page.facts.clear()
                routine_kinds(page, rule.kinds[name])
    for routine in every:
        if routine.rule is not None and routine not in (routine.rule.backward, routine.rule.tangent):
            _require_unwritten(routine, routine.rule)


def _require_unwritten(routine: Routine, rule: Rule):
    routine_kinds(routine, rule.kinds["function"])
    names = routine.facts["names", rule.kinds["function"]]
    if written(routine.function, names) & set(routine.function.params):
        raise UnsupportedError(cannot_stay_a_call(routine))


def cannot_stay_a_call(routine: Routine) -> Problem:
    """Return what is wrong with a function that has a rule, and would have to be read in place."""
    what = f"{routine.name}() writes its arguments, or returns memory that is written later, and has a rule of its own"
    return problem_at(routine.function.loc, what, "copy what it writes or returns")
