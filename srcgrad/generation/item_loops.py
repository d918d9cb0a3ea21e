"""A function inside the loop over the items of a batch, where it is short: results are written where they will stay.

Arguments become elements of their batches. A result that the function makes as an array, and writes by elements, is a
part of the batch of results from the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from ..language import ir
from ..language.calls import is_call
from ..language.ir import Block, Expr, Function, Let, Name, Op, Stmt, Store, Sub

LONG = 150
MAKES = {"np.empty": "np.empty", "np.zeros": "np.zeros", "np.empty_like": "np.empty", "np.zeros_like": "np.zeros"}


def can_stand_inside(item: Function, along: Mapping[str, int]) -> bool:
    """Return whether a function is short and calls no other, and the items of its arguments come first."""
    stmts = list(ir.statements(item.body))
    bound = ir.bound_in(item.body) | ir.stored_in(item.body)
    if len(stmts) > LONG or any(along.values()) or not bound.isdisjoint(item.params):
        return False
    if any(is_call(s) or isinstance(s, ir.While | ir.Try) or isinstance(s, ir.For) and s.parallel for s in stmts):
        return False
    ops = (e for s in stmts for part in ir.exprs_of(s) for e in ir.walk(part) if isinstance(e, Op))
    return not any(e.fn in ("in_order", "overlap", "flat", "head") for e in ops)


def written_in_place(item: Function, results: list[str]) -> dict[str, str]:
    """Return the results that are arrays made once and used by elements, with what makes the room for them.

    >>> from srcgrad.parsing.function import parse_text
    >>> lines = "y = np.zeros(2)", "z = np.empty(2)", "z[0] = y @ x", "return y, z"
    >>> written_in_place(parse_text("def f(x):\\n    " + "\\n    ".join(lines)), ["y", "z"])
    {'z': 'np.empty'}
    """
    *body, _ = item.body
    counts = Counter(n for s in ir.statements(tuple(body)) for n in ir.binds(s))
    made = {s.target: MAKES[s.value.fn] for s in body
            if isinstance(s, Let) and isinstance(s.value, Op) and s.value.fn in MAKES}  # fmt: skip
    whole = {n for s in ir.statements(tuple(body)) for e in ir.exprs_of(s) for n in _whole_in(e)}
    return {r: made[r] for r in results if counts[r] == 1 and r in made and r not in whole}


def _whole_in(e: Expr) -> set[str]:
    """Return the names that an expression uses other than by elements and sizes."""
    if isinstance(e, Name):
        return {e.id}
    if isinstance(e, Sub) and isinstance(e.base, Name) and not any(isinstance(i, ir.Slice) for i in e.index):
        return set().union(*map(_whole_in, e.index))
    if isinstance(e, Op) and e.fn == "shape" and isinstance(e.args[0], Name):
        return set()
    return set().union(*map(_whole_in, ir.children(e)))


def inside(item: Function, along: Mapping[str, int], wholes: Mapping[str, str], at: Expr) -> Block:
    """Return what a function does with item number `at`; results among `wholes` are parts of these.

    `along` are the arguments that are items of batches, with the number of axes of an item.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> lines = "y = np.empty(x.shape[0])", "y[0] = x[0] * c.size", "s = c @ x", "return y"
    >>> f = parse_text("def f(x, c):\\n    " + "\\n    ".join(lines))
    >>> made = inside(f, {"x": 1, "c": 1}, {"y": "y_all"}, Name("n"))
    >>> print(emit(replace(f, body=made, params=("x", "c", "y_all", "n")), comments=False))
    def f(x, c, y_all, n):
        y_all[n, 0] = x[n, 0] * c.shape[1]
        s = c[n] @ x[n]
    """

    def expr(e: Expr) -> Expr:
        if isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id in (*along, *wholes):
            return Sub(Name(wholes.get(e.base.id, e.base.id)), (at, *map(expr, e.index)))
        if isinstance(e, Op) and e.fn in ("shape", "len", "size") and isinstance(e.args[0], Name):
            name = e.args[0].id
            if name in along or name in wholes:
                axes = range(along[name]) if e.fn == "size" else (int(e.option("axis", 0)),)
                sizes = (Op("shape", (Name(wholes.get(name, name)),), (("axis", d + 1),)) for d in axes)
                return reduce(lambda a, b: Op("mul", (a, b)), sizes)
        if isinstance(e, Name):
            return Sub(e, (at,)) if e.id in along else e
        return ir.rebuild(e, expr)

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, expr)
        if isinstance(stmt, Store) and stmt.base in wholes:
            stmt = replace(stmt, base=wholes[stmt.base], index=(at, *stmt.index))
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    body = (s for s in item.body[:-1] if not (isinstance(s, Let) and s.target in wholes))
    return tuple(map(one, body))
