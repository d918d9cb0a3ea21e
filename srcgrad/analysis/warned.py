"""Warn of pitfalls: once in every process that makes a gradient with them, or loads it compiled by another one."""

from __future__ import annotations

import dataclasses
import json
import linecache
import os
import sys
import warnings
from collections.abc import Iterable, Sequence

from .. import store
from ..errors import WARNINGS, Problem

_shown: set[Problem] = set()


def to_text(problems: Sequence[Problem]) -> str:
    """Return problems as JSON; files are named in full, for processes that run elsewhere."""
    full = {p.file: os.path.abspath(p.file) if os.path.exists(p.file) else p.file for p in problems}
    return json.dumps([dataclasses.astuple(dataclasses.replace(p, file=full[p.file])) for p in problems])


def from_text(text: str) -> tuple[Problem, ...]:
    """Return the problems of a JSON text; none where it is not such a text.

    >>> from_text(to_text([Problem("what", "way out", "/file.py", 3, 0, 4, "line")]))[0].line
    3
    >>> from_text("[[1], {}]")
    ()
    """
    try:
        return tuple(Problem(*fields) for fields in json.loads(text))
    except (ValueError, TypeError):
        return ()


def warn(problems: Iterable[Problem]):
    """Issue a warning of its category for each problem, at the user's line; once, unless a filter makes it an error."""
    for problem in problems:
        # numba sets filters aside when it compiles, and with that forgets what was shown: the registry does not serve
        if problem not in _shown:
            now = _where_it_is_now(problem)
            warnings.warn_explicit(f"\n{now}", WARNINGS[now.category], now.file, now.line, _module(now.file))
            _shown.add(problem)


def warn_and_note(key: str, problems: Iterable[Problem]):
    """Warn, and leave a note by which later processes warn that only load compiled code."""
    problems = tuple(problems)
    if not problems:
        return
    noted = noted_problems(key)
    new = tuple(p for p in problems if p not in noted)
    if new:
        store.save_note(key, to_text((*noted, *new)))
    warn(problems)


def noted_problems(key: str) -> tuple[Problem, ...]:
    """Return the problems that an earlier process noted under a key."""
    return from_text(store.load_note(key) or "[]")


def _where_it_is_now(problem: Problem) -> Problem:
    """Return the problem with the line on which its text stands now: the function may have moved in its file."""
    lines = [line.rstrip("\n") for line in linecache.getlines(problem.file)]
    same = [k for k, line in enumerate(lines, 1) if line.strip() == problem.text.strip()]
    nearest = min(same, key=lambda k: abs(k - problem.line), default=problem.line)
    return dataclasses.replace(problem, line=nearest)


def _module(file: str) -> str:
    """Return the name by which filters know a file: its module's, else the path without its ending."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == file:
            return name
    return file.removesuffix(".py")
