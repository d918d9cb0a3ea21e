"""Programs with arrays cut short: what is raised is raised by a check that names the line, never by an access.

Compiled code would read and write on where the access itself raises here.
"""

from __future__ import annotations

import random
from types import FunctionType
from typing import Any

import numpy as np

from tests.random_programs.compare import executed, loaded, time_limit, written
from tests.random_programs.differences import copied, float_argnums
from tests.random_programs.generate import arguments, parameter_names

CUTS = 4


def shortened(args: tuple[Any, ...], rng: random.Random) -> tuple[Any, ...]:
    """The arguments with some axes of arrays cut, to nothing too, and some integers moved."""
    found = []
    for a in args:
        if isinstance(a, np.ndarray) and rng.random() < 0.6:
            a = a[tuple(slice(0, rng.choice([0, 1, max(n - 1, 0), n, n])) for n in a.shape)].copy()
        elif isinstance(a, int) and not isinstance(a, bool) and rng.random() < 0.5:
            a += rng.choice([-3, -1, 1, 2])
        found.append(a)
    return tuple(found)


def raised(f, args: tuple[Any, ...]) -> Exception | None:
    """What a function raises for copies of arguments."""
    try:
        with time_limit(5.0), np.errstate(all="ignore"):
            f(*copied(args))
    except Exception as error:
        return error
    return None


def accessed_outside(text: str, seed: int) -> str | None:
    """What an access raises, for some arguments of the program cut short, that no check has caught; None if none does.

    Raises
    ------
    SrcgradError
        If the program is refused.
    """
    with loaded(text) as module:
        f: FunctionType = module.f
        args, rng = arguments(parameter_names(f), seed), random.Random(seed)
        made, code = written(f, args, float_argnums(args))
        derivative = executed(code, made.functions[0].name)
        for _ in range(CUTS):
            cut = shortened(args, rng)
            mine, theirs = raised(derivative, cut), raised(f, cut)
            shapes = [getattr(a, "shape", a) for a in cut]
            if isinstance(mine, IndexError) and "out of bounds: " not in str(mine):
                return f"{mine} for {shapes}"
            if isinstance(theirs, IndexError) and mine is None:
                return f"nothing is raised for {shapes}; plain Python raises {theirs}"
    return None
