"""Read functions defined inside that call themselves: as functions outside, which take what they use from around."""

from __future__ import annotations

import ast
import copy
from types import FunctionType
from typing import NoReturn

from ..language.ir import Const
from .closures import lifted
from .expressions import NOT_HERE, ExpressionReader, Stop

# what a function is read again with, with the place of such a definition
LIFTED, MAY_BE_LIFTED = "lifted", "may be lifted"
INNER = "calls itself, and is defined inside"
MANY = 256  # functions made of definitions that are kept, with the objects that they know
_MADE: dict[tuple, tuple[FunctionType, dict[str, object]]] = {}


def to_be_lifted(rebound: set[tuple], problems) -> set[tuple]:
    """Return what a function is to be read again with that was refused, if it is for definitions inside of it."""
    found = {(LIFTED, *key[1:]) for key in rebound if key[0] == MAY_BE_LIFTED} - rebound
    return found if any(p.what.endswith(INNER) for p in problems) else set()


class InnerRecursionReader(ExpressionReader):
    """Reads calls of them, in which the values are those that their names have now."""

    def refuse_inner(self, node, local) -> NoReturn:
        """Refuse a local function that calls itself; note that the whole may be read again with it outside."""
        if not isinstance(local.node, ast.Lambda) and _constants(local.defaults) is not None:
            self.shared.rebound.add((MAY_BE_LIFTED, *local.reader.where_it_stands(local.node)))
        self.fail(node, f"{self.name_of(node)} {INNER}", "define it outside of the function")

    def lifted_call(self, node, local, values=None):
        """Return the value of a call of a local function that stands outside; NOT_HERE for all others."""
        if (LIFTED, *local.reader.where_it_stands(local.node)) not in self.shared.rebound:
            return NOT_HERE
        positional, keywords = values or self.values_of(node)
        around: dict[str, object] = {}
        known: dict[str, object] = {}
        inner: dict[str, ast.stmt] = {local.node.name: local.node}
        try:
            self.taken_from_around(node, local, around, known, inner)
        except Stop:
            self.fail(node, f"{self.name_of(node)} calls itself, and uses a list from around it",
                      "define it outside of the function, and pass arrays and tuples")  # fmt: skip
        del inner[local.node.name]
        function = _outside(local, around, known, list(inner.values())[::-1])
        return self.user_call(node, function, (positional, keywords | around))


def _outside(local, around: dict[str, object], known: dict[str, object], inner: list[ast.stmt]) -> FunctionType:
    """Return a local function as one outside, whose calls of itself hand on what it takes from around.

    It is the same function whenever it is made of the same: what is known of a function is known by that.
    """
    source = local.reader.source
    texts = tuple(map(ast.unparse, (local.node, *inner)))
    key = (source.function.__code__, local.node.lineno, local.node.col_offset, texts, tuple(around),
           tuple((name, id(value)) for name, value in known.items()))  # fmt: skip
    if key not in _MADE:
        if len(_MADE) >= MANY:
            _MADE.clear()
        _MADE[key] = _made_outside(local, around, known, inner), known
    return _MADE[key][0]


def _made_outside(local, around, known, inner: list[ast.stmt]) -> FunctionType:
    handed = _HandedOn(local.node.name, tuple(around))
    definition = handed.visit(copy.deepcopy(local.node))
    function = lifted(definition, local.reader.source, around, known, [handed.visit(copy.deepcopy(d)) for d in inner])
    defaults, args = _constants(local.defaults) or {}, definition.args
    names = [a.arg for a in (*args.posonlyargs, *args.args) if a.arg in defaults]
    function.__defaults__ = tuple(defaults[n] for n in names)
    function.__kwdefaults__ = {a.arg: defaults[a.arg] for a in args.kwonlyargs if a.arg in defaults}
    return function


def _constants(defaults: dict) -> dict | None:
    """Return the defaults of a function as Python's objects; None where one is no constant of the text."""
    known = all(isinstance(v, Const) for v in defaults.values())
    return {k: v.value for k, v in defaults.items()} if known else None


class _HandedOn(ast.NodeTransformer):
    """Adds arguments by keyword to the calls of a function."""

    def __init__(self, name: str, extra: tuple[str, ...]):
        self.name, self.extra = name, extra

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == self.name:
            own = [ast.keyword(n, ast.Name(n, ast.Load())) for n in self.extra]
            node.keywords = [*node.keywords, *own]
            for part in own:
                ast.fix_missing_locations(ast.copy_location(part, node))
        return node
