"""Read loops whose counter is floored, as generated source has them: the floor changes nothing and is left out."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..language.ir import Const, Expr


def without_floor(loop: ast.For, bounds: tuple[Expr, Expr, Expr], called: Callable[[ast.expr], object]) -> ast.For:
    """Return a loop over a range without a first line `k = max(k, least)` that its counter is never below.

    >>> loop = ast.parse("for k in range(n - 1, -1, -1):\\n    k = max(k, 0)\\n    f(k)").body[0]
    >>> print(ast.unparse(without_floor(loop, (Const(9), Const(-1), Const(-1)), lambda node: max)))
    for k in range(n - 1, -1, -1):
        f(k)
    """
    _, end, step = bounds
    first, *rest = loop.body
    if not (rest and step == Const(-1) and isinstance(end, Const) and isinstance(loop.target, ast.Name)):
        return loop
    name = loop.target.id
    floor = f"{name} = max({name}, {end.value + 1})"
    if not (isinstance(first, ast.Assign) and isinstance(first.value, ast.Call) and ast.unparse(first) == floor):
        return loop
    return loop if called(first.value) is not max else ast.copy_location(
        ast.For(loop.target, loop.iter, rest, loop.orelse), loop)  # fmt: skip
