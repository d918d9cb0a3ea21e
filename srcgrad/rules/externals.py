"""Functions that compiled code calls as they are: LAPACK, sorting, searching; their shapes and the pages of rules.

A row has the signature that NumPy gives such a function, `(n,n),(n)->(n)`: which sizes are equal, and those of the
results. A rule is a class whose methods are text of the language, one for each adjoint or tangent: `b_bar(A, x_bar)`
takes operands, results and adjoints by name, so that its parameters say what has to be kept. An adjoint that no one
gave is None there.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np

from ..language.ir import Expr, Function, Kind, Let, Loc, Name, Op, Return


@dataclass(frozen=True)
class External:
    """How a function is called: its operands, its results, the sizes of both by number of axes, its rule.

    An option has one value, which a call has to give, or is one of several, the first where a call leaves it out.
    """

    spelling: str
    operands: tuple[str, ...]
    results: tuple[str, ...]
    signatures: tuple[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]], ...]
    dtypes: tuple[str, ...]
    rule: type | None
    options: tuple[tuple[str, object], ...] = ()
    fields: tuple[str, ...] = ()  # what NumPy calls the results
    # of a user's function: itself, its module and its name there
    function: object = None
    place: tuple[str, str] | None = None

    def signature(self, kinds: tuple[Kind, ...]):
        """Return (sizes of the operands, sizes of the results) for operands of these kinds; None where none fits."""
        ranks = tuple(k.rank for k in kinds)
        return next((s for s in self.signatures if tuple(map(len, s[0])) == ranks), None)

    def result_kinds(self, kinds: tuple[Kind, ...]) -> tuple[Kind, ...] | None:
        """Return the kinds of the results for operands of these kinds; None where it takes no such operands."""
        found = self.signature(kinds)
        if found is None:
            return None
        dtype = self.dtype(kinds)
        return tuple(Kind(d or dtype, len(sizes)) for d, sizes in zip(self.dtypes, found[1], strict=True))

    def dtype(self, kinds: tuple[Kind, ...]) -> str:
        """Return the dtype that the operands are converted to: a float where the rule needs one.

        It is the widest of arrays of floats, where there are any: numbers beside them do not widen them.
        """
        arrays = [k for k in kinds if k.rank and k.dtype.startswith("float")]
        common = str(np.result_type(*(k.dtype for k in kinds if not arrays or k.rank)))
        return common if common.startswith(("float", "complex")) or self.rule is None else "float64"

    def chosen(self, given: dict[str, object]) -> tuple[tuple[str, object], ...] | None:
        """Return the options of a call that have to stand in it; None where it takes no such options."""
        for name, value in given.items():
            allowed = dict(self.options).get(name, ())
            if value not in (allowed if isinstance(allowed, tuple) else (allowed,)):
                return None
        needed = {name for name, allowed in self.options if not isinstance(allowed, tuple)}
        usual = {name: allowed[0] for name, allowed in self.options if isinstance(allowed, tuple)}
        told = {name: value for name, value in given.items() if name in needed or usual[name] != value}
        return tuple(sorted(told.items())) if needed <= set(given) else None

    def page(self, name: str) -> Callable | None:
        """Return the text of the rule for an adjoint or tangent, as `A_bar`."""
        return inspect.getattr_static(self.rule, name, None) if self.rule is not None else None


def call_alone(target: str, page: Function, args: tuple[Expr, ...], loc: Loc | None) -> Let | None:
    """Return the statement that a call of a page comes to if all it does is to call such a function; None otherwise."""
    *before, last = page.body
    value = last.value if isinstance(last, Return) else None
    if len(before) == 1 and isinstance(before[0], Let) and value == Name(before[0].target):
        value = before[0].value
    if len(before) > 1 or not isinstance(value, Op) or value.args != tuple(map(Name, page.params)):
        return None
    alone = is_external(value) and len(BY_SPELLING[value.fn].results) == 1
    return Let(target, replace(value, args=args), loc) if alone else None


def is_external(value: Expr) -> TypeGuard[Op]:
    """Return whether a value is a call of such a function."""
    return isinstance(value, Op) and value.fn in BY_SPELLING


BY_SPELLING: dict[str, External] = {}
BY_OBJECT: dict[object, str] = {}
OWN: list[External] = []  # those of the user


def found(function) -> External | None:
    """Return the row of a function object, None where it has none."""
    try:
        return BY_SPELLING.get(BY_OBJECT.get(function, ""))
    except TypeError:
        return next((row for row in OWN if row.function is function), None)


def add(row: External):
    """Let calls of a user's function be read."""
    BY_SPELLING[row.spelling] = row
    OWN[:] = [*(r for r in OWN if r.spelling != row.spelling), row]
    with contextlib.suppress(TypeError):  # those of ctypes have no hash
        BY_OBJECT[row.function] = row.spelling


def external(
    spelling: str, operands: str, results: str, *signatures: str, dtypes: str = "", fields: str = "", **options
):
    """Return a decorator that registers the rule of a function; `dtypes` are those of the results, `.` as given."""
    names = tuple(results.split())
    given = tuple("" if d == "." else d for d in dtypes.split()) or ("",) * len(names)

    def register(rule):
        BY_SPELLING[spelling] = External(
            spelling, tuple(operands.split()), names, tuple(map(read_signature, signatures)), given, rule,
            tuple(options.items()), tuple(fields.split()) or names,
        )  # fmt: skip
        target = np
        for part in spelling.split(".")[1:]:
            target = getattr(target, part)
        BY_OBJECT[target] = spelling
        return rule

    return register


def read_signature(signature: str):
    """Return the sizes of operands and results that a signature names.

    >>> read_signature("(n,n),(n)->(n)")
    ((('n', 'n'), ('n',)), (('n',),))
    """
    sides = [re.findall(r"\(([^()]*(?:\([^()]*\))?)\)", side) for side in signature.split("->")]
    left, right = (tuple(tuple(filter(None, part.split(","))) for part in side) for side in sides)
    return left, right


# --- sorting and searching: integers, which have no derivative ----------------------------------------------------

# equal elements stay in their order: compiled code and NumPy agree on ties
external("np.argsort", "a", "order", "(n)->(n)", dtypes="int64", kind="mergesort")(None)
external("np.searchsorted", "a v", "places", "(n),()->()", "(n),(m)->(m)", dtypes="int64", side=("left", "right"))(None)
