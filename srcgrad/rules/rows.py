"""The table of elementwise functions: what a row is, and how a row is found by spelling and by object.

Partials are written in `x`, `y`, `z`, `w` (the arguments), `out` (the value), functions by the names of their rows, and
the constants below; a row without them is differentiated by sympy from `formula`.
"""

from __future__ import annotations

import builtins
import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

# stands for an infinite slope; in single precision too it can be multiplied with what is not astronomical
STEEP = 1e30
CONSTANTS = {
    "STEEP": STEEP,
    "PI": math.pi,
    "ROOT_PI": math.sqrt(math.pi),
    "ROOT_2PI": math.sqrt(2.0 * math.pi),
    "ROOT_HALF": math.sqrt(0.5),
}
ARGUMENTS = ("x", "y", "z", "w")
# the module that generated code calls `special`, and whose functions those are
SPECIAL, SCIPY = "srcgrad.runtime.special", "scipy.special"
# the module that generated code calls `simd`: functions that vectorise
VECTORS = "srcgrad.runtime.simd"


@dataclass(frozen=True)
class Row:
    """One elementwise function: spellings, partials, result dtype ('float', 'same', 'bool', 'int'), test domain.

    A partial of None is one that is not known: the argument must not depend on what is differentiated.
    """

    name: str
    spellings: tuple[str, ...]
    partials: tuple[str | None, ...] | None
    formula: str | None
    result: str
    domains: tuple[tuple[float, float], ...]
    transcendental: bool
    aliases: tuple[str, ...] = ()

    @property
    def arity(self) -> int:
        return len(self.domains)

    @property
    def differentiable(self) -> bool:
        return self.result not in ("bool", "int")

    @property
    def constant_arguments(self) -> tuple[int, ...]:
        """The positions of the arguments by which there is no partial."""
        return tuple(k for k, partial in enumerate(self.partials or ()) if partial is None)


ROWS: dict[str, Row] = {}
BY_SPELLING: dict[str, Row] = {}
BY_OBJECT: dict[object, str] = {}
# functions that vectorise, by all spellings of their rows
SIMD: dict[str, str] = {}
# the user's own, by what generated code calls them
OWN: dict[str, Any] = {}

_MODULES = {"np": np, "math": math, "": builtins}


def row(name, spellings, *partials, formula=None, result="float", domain=(-2.0, 2.0), more=(), cheap=False, alias=""):
    """Register an elementwise function.

    Parameters
    ----------
    name : str
        What partials of others call it; of a function of SciPy the name of its C function.
    spellings : str
        How code spells it, `special.name` for what stands in `scipy.special`; the first one stands in derivatives of
        others, or the one of NumPy in code of NumPy.
    partials : str or None
        One for each argument.
    domain, more : tuple
        The interval of the first argument and those of the others, from which tests draw; integers draw integers.
    alias : str
        Spellings that are read as the first one; and `simd.name`, where a function vectorises.
    """
    entry = Row(name, tuple(spellings.split()), partials or None, formula, result, (domain, *more), not cheap,
                tuple(alias.split()))
    assert formula or len(partials) == entry.arity or not entry.differentiable, name
    ROWS[name] = entry
    for spelling in entry.spellings:
        BY_SPELLING[spelling] = entry
        _found_by(spelling, spelling)
    for spelling in entry.aliases:
        vector = spelling.startswith("simd.")
        _found_by(spelling, spelling if vector else entry.spellings[0])
        if vector:
            BY_SPELLING[spelling] = entry
            SIMD.update(dict.fromkeys(entry.spellings, spelling))


def _found_by(spelling: str, read_as: str):
    """Let the object of a spelling be read; SciPy's objects are found by name, so that SciPy is not imported here."""
    module, _, attribute = spelling.rpartition(".")
    if module in _BY_NAME:
        _BY_NAME[module][attribute] = read_as
    elif hasattr(_MODULES[module], attribute):
        BY_OBJECT[getattr(_MODULES[module], attribute)] = read_as


_BY_NAME: dict[str, dict[str, str]] = {"special": {}, "simd": {}}


def special_name(function) -> str | None:
    """Return the name of an object in `scipy.special`, or in the module that stands for it; None of any other."""
    return _name_in((SCIPY, SPECIAL), function)


def _name_in(modules: tuple[str, ...], function) -> str | None:
    """Return the name of an object in one of some modules, which nobody has to have imported."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return None
    for module in modules:
        if module in sys.modules and getattr(sys.modules[module], name, None) is function:
            return name
    return None


def spelling_of(function) -> str | None:
    """Return how the rows spell a function object; None where there is no row."""
    try:
        if function in BY_OBJECT:
            return BY_OBJECT[function]
    except TypeError:
        return None
    for own, modules in (("special", (SCIPY, SPECIAL)), ("simd", (VECTORS,))):
        name = _name_in(modules, function)
        if name is not None:
            return _BY_NAME[own].get(name)
    return None
