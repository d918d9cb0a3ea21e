"""Branches in loops that only choose numbers, as conditional expressions.

`t = ...; if t > 2.0: t = 1.0 / t` binds a name twice in a trip, which the way back undoes: it needs what both bindings
have found, and the test. `t = 1.0 / t if t > 2.0 else t` is one more number of the trip, which can be computed again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from ..language import ir
from ..language.blocks import defined_first, rename_block, touch_counts
from ..language.costs import cost
from ..language.ir import Block, Expr, For, Function, If, Kind, Let, Name, Op, Select, Stmt, While
from ..language.kinds import kind_of
from ..language.sum_order import as_value
from ..rules.elementwise import is_elementwise

CHEAP = 8  # simple operations that both sides of a choice may take: what a derivative computes again for each factor


def choose_numbers(function: Function, kinds: dict[str, Kind]) -> Function:
    """Return the function with branches in loops as choices, where they bind numbers that each trip makes itself.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, s, n):
    ...     for i in range(n):
    ...         t = a[i]
    ...         if t > 2.0:
    ...             t = 1.0 / t
    ...         elif t < 0.0:
    ...             t = -t
    ...         s += t
    ...         if t > 1.0:
    ...             s = s * 2.0
    ...     return s''')
    >>> kinds = {"a": Kind("float64", 1), "s": Kind("float64"), "t": Kind("float64"), "n": Kind("int64")}
    >>> print(emit(choose_numbers(f, kinds), comments=False))
    def f(a, s, n):
        for i in range(n):
            t = a[i]
            t_1 = 1.0 / t if t > 2.0 else -t if t < 0.0 else t
            s += t_1
            if t_1 > 1.0:
                s = s * 2.0
        return s
    """
    return replace(function, body=_Chooser(function, kinds).block(function.body, False))


class _Chooser:
    def __init__(self, function: Function, kinds: dict[str, Kind]):
        self.function, self.kinds = function, kinds
        self.fresh = ir.Fresh(ir.all_names(function))
        self.touched = touch_counts(function.body)

    def block(self, stmts: Block, in_loop: bool) -> Block:
        """Return a block with choices; a number that was bound before one has a name of its own from there on."""
        out: list[Stmt] = []
        names: dict[str, str] = {}
        inside = touch_counts(stmts) if in_loop and any(isinstance(s, If) for s in stmts) else Counter[str]()
        own = {n for n in inside if inside[n] == self.touched[n] and defined_first(stmts, n)}
        for k, stmt in enumerate(stmts):
            (now,) = rename_block((stmt,), names)
            if in_loop and isinstance(now, If):
                before = {n for s in stmts[:k] for n in ir.binds(s) if n in own}
                choices = self.chosen(now, {names.get(n, n): n for n in before})
                if choices is not None:
                    names |= {n: choices[names.get(n, n)].target for n in before if names.get(n, n) in choices}
                    out += choices.values()
                    continue
            within = in_loop or isinstance(now, For | While)
            out.append(ir.with_blocks(now, partial(self.block, in_loop=within)))
        return tuple(out)

    def chosen(self, stmt: If, before: dict[str, str]) -> dict[str, Let] | None:
        """Return what a branch binds as choices, by its names for them; None where it does more, or they cost too much.

        `before` are names that are bound in the same trip and nothing else reads, with what the text calls them.
        """
        found = self.bindings((stmt,)) or {}
        here = touch_counts((stmt,))
        inside = {n for n in found if here[n] == self.touched[n]}
        sides = {n: e for n, e in found.items() if n not in inside and isinstance(e, Select)}
        unread = inside | sides.keys() - before.keys()
        if not sides or len(sides) + len(inside) < len(found) or unread & ir.names_in(*sides.values()):
            return None
        if not all(self.is_choice_of(n, e) for n, e in sides.items()) or sum(map(_cost, sides.values())) > CHEAP:
            return None
        out: dict[str, Let] = {}
        test = stmt.test
        if len(sides) > 1 or not _is_plain(test):
            test = Name(self.fresh("test"))
            self.kinds[test.id] = Kind("bool")
            out[test.id] = Let(test.id, stmt.test, stmt.loc)
        for n, e in sides.items():
            name = self.fresh(before[n]) if n in before else n
            self.kinds[name] = self.kinds[n]
            out[n] = Let(name, replace(e, test=test), stmt.loc)
        return out

    def bindings(self, block: Block) -> dict[str, Expr] | None:
        """Return what a block binds each name to, by what was there before it; None where it does anything else."""
        found: dict[str, Expr] = {}

        def now(e: Expr) -> Expr:
            return ir.substitute(e, {Name(n): value for n, value in found.items()})

        for stmt in block:
            if isinstance(stmt, Let):
                found[stmt.target] = now(as_value(stmt.value) if isinstance(stmt.value, Op) else stmt.value)
            elif isinstance(stmt, If):
                then, other = self.bindings(stmt.then), self.bindings(stmt.other)
                if then is None or other is None:
                    return None
                test = now(stmt.test)
                found |= {t: Select(test, now(then.get(t, Name(t))), now(other.get(t, Name(t))), stmt.loc)
                          for t in dict.fromkeys([*then, *other])}  # fmt: skip
            else:
                return None
        return found

    def is_choice_of(self, name: str, e: Expr) -> bool:
        """Return whether both sides of a choice are plain numbers of the kind that a name has."""
        if isinstance(e, Select):
            return all(not isinstance(x, Select) or _is_plain(x.test) for x in (e.then, e.other)) and (
                self.is_choice_of(name, e.then) and self.is_choice_of(name, e.other)
            )
        kind = self.kinds.get(name)
        return kind is not None and kind.is_float and not kind.rank and _is_plain(e) and kind_of(e, self.kinds) == kind


def _is_plain(e: Expr) -> bool:
    """Return whether an expression is made of operations on numbers, each of which gives the same when done again."""
    plain = ("shape", "len", "size", "and", "or", "not")
    return all(x.fn in plain or is_elementwise(x.fn) for x in ir.walk(e) if isinstance(x, Op))


def _cost(e: Expr) -> int:
    return _cost(e.then) + _cost(e.other) if isinstance(e, Select) else cost(e)
