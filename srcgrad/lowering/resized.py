"""Arrays with one axis that a loop binds anew in another size: a buffer, and how many of its elements count."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from ..analysis.aliases import gives_memory, shown_by
from ..language import ir
from ..language.calls import is_call
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Slice, Stmt, Store
from ..language.kind import dtype_option
from ..language.lists import holds_items
from ..language.sum_order import as_value


class SizeChanges(Exception):
    """A name turns out to be bound anew to an array of another size than it held, a longer one or not."""

    def __init__(self, name: str, longer: bool):
        self.name, self.longer = name, longer


class SpelledOut(Exception):
    """A choice between arrays of sizes known at run time only has to be a branch."""

    def __init__(self, choice: Select):
        self.choice = choice


def choices_in(function: ir.Function) -> set[Expr]:
    """Return the choices that statements evaluate in any case: those that stand in no other choice or test."""

    def found(e: Expr):
        if isinstance(e, Select):
            yield e
        elif not isinstance(e, Op) or e.fn not in ("and", "or"):
            for part in ir.children(e):
                yield from found(part)

    plain = (s for s in ir.statements(function.body) if isinstance(s, Let | Store | ir.Return))
    return {e for s in plain for top in ir.exprs_of(s) for e in found(top)}


def spell_out(function: ir.Function, choice: Select) -> ir.Function:
    """Return the function with a choice between arrays as a branch before the statement that it stands in.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x, b, t):\\n    return 2.0 * (x * b if t else x)")
    >>> (choice,) = choices_in(f)
    >>> print(emit(spell_out(f, choice), comments=False))
    def f(x, b, t):
        if t:
            chosen = x * b
        else:
            chosen = x
        return 2.0 * chosen
    """
    name = ir.Fresh(ir.all_names(function))("chosen")

    def block(stmts) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            parts = [e for top in ir.exprs_of(stmt) for e in ir.walk(top)]
            if isinstance(stmt, Let | Store | ir.Return) and choice in parts:
                sides = (Let(name, choice.then, stmt.loc),), (Let(name, choice.other, stmt.loc),)
                out.append(If(choice.test, *sides, stmt.loc))
                stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, {choice: Name(name)}))
            out.append(stmt)
        return tuple(out)

    return replace(function, body=block(function.body))


def lengths(function: ir.Function) -> set[str]:
    """Return the names that are bound to lengths of arrays only: they are not negative."""
    bound: dict[str, bool] = dict.fromkeys(function.params, False)
    for stmt in ir.statements(function.body):
        length = isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn in ("len", "size")
        for name in ir.binds(stmt):
            bound[name] = bound.get(name, True) and length
    return {name for name, always in bound.items() if always}


def can_be_held(function: ir.Function, name: str, kinds: dict[str, Kind]) -> bool:
    """Return whether every binding of a name is an assignment, and nothing writes into its array, or gives it back.

    Of an array of several axes the other sizes have to be known before all loops and branches.
    """
    if kinds[name].rank > 1 and not isinstance(_first(function, name), Let):
        return False
    lets = (s.value for s in ir.statements(function.body) if isinstance(s, Let) and s.target == name)
    if any(isinstance(v, Op) and v.fn == "begun" for v in lets):
        return False
    stored = {s.base for s in ir.statements(function.body) if isinstance(s, Store | ir.Grow)}
    unpacked = any(isinstance(s, For | ir.Unpack) and name in ir.binds(s) for s in ir.statements(function.body))
    calls = [s for s in ir.statements(function.body) if is_call(s) and name in ir.names_in(s.value)]
    shared = any(gives_memory(s, kinds) for s in calls)
    return name not in stored and not unpacked and not shared and name not in function.params


def _first(function: ir.Function, name: str) -> Stmt | None:
    """Return the statement of the function's own block that binds a name first; None where it is an argument."""
    return next((s for s in function.body if name in ir.bound_in((s,))), None)


def hold_in_buffer(function: ir.Function, name: str, kinds: dict[str, Kind], longer: bool = False) -> ir.Function:
    """Return the function with a name that stands for the first elements of a buffer, as long as it was at first.

    An array that becomes `longer` makes the buffer grow; else it does not fit, which is an error at run time. A name
    that is first bound inside a loop or branch begins with nothing. Other names of the array get copies: it is theirs
    after the name is bound anew.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n):
    ...     v = np.exp(x)
    ...     for i in range(n):
    ...         v = v[1:] + v[:-1]
    ...     return v[0]''')
    >>> print(emit(hold_in_buffer(f, "v", {"v": Kind("float64", 1), "x": Kind("float64", 1)})))
    def f(x, n):
        v = np.exp(x).copy()
        v_size = len(v)
        for i in range(n):
            v_next = head(v, v_size)[1:] + head(v, v_size)[:-1]
            v_size = len(v_next)
            v[0:v_size] = v_next
        return head(v, v_size)[0]
    """
    fresh = ir.Fresh(ir.all_names(function))
    size = fresh(f"{name}_size")
    part = Op("head", (Name(name), Name(size)))
    first = _first(function, name)
    inside = not isinstance(first, Let)
    lists = {n for s in ir.statements(function.body) if holds_items(s) for n in ir.binds(s)}

    def shown(e: Expr) -> Expr:
        return part if e == Name(name) else ir.rebuild(e, shown)

    def block(stmts) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            begins, loc = stmt is first, stmt.loc
            if _gives_away(stmt, name, kinds, lists):
                stmt = replace(stmt, value=Op("copy", (stmt.value,), (), loc))
            stmt = ir.with_blocks(ir.with_exprs(stmt, shown), block)
            if not isinstance(stmt, Let) or stmt.target != name:
                out.append(stmt)
            elif begins:
                out += [Let(name, Op("copy", (stmt.value,), (), loc), loc), Let(size, Op("len", (Name(name),)), loc)]
            else:
                out += _held(stmt, size, longer or inside, kinds[name].rank, fresh)
        return tuple(out)

    heads: tuple[Stmt, ...] = ()
    if inside:
        dtype = kinds[name].dtype
        static = dtype_option(dtype)
        heads = Let(name, Op("np.empty", (Const(0),), static), function.loc), Let(size, Const(0), function.loc)
    return replace(function, body=(*heads, *block(function.body)))


def _gives_away(stmt: Stmt, name: str, kinds: dict[str, Kind], lists: set[str]) -> TypeGuard[Let | Store]:
    """Return whether a statement gives an array another name, or puts it into a list."""
    if isinstance(stmt, Let):
        return stmt.target != name and bool(kinds[stmt.target].rank) and name in shown_by(stmt.value, kinds)
    return isinstance(stmt, Store) and stmt.base in lists and name in shown_by(stmt.value, kinds)


def _held(stmt: Let, size: str, longer: bool, rank: int, fresh: ir.Fresh) -> list[Stmt]:
    """Return the statements that put an array into the buffer of its name."""
    value, loc = stmt.value, stmt.loc
    out: list[Stmt] = []
    if isinstance(value, Op) and value.option("inplace"):
        value = as_value(value)
    if not isinstance(value, Name):
        following = fresh(f"{stmt.target}_next")
        out.append(Let(following, value, loc))
        value = Name(following)
    for d in range(1, rank):
        sizes = tuple(Op("shape", (n,), (("axis", d),)) for n in (Name(stmt.target), value))
        place = (Const(loc.place),) if loc is not None else ()
        what = f"{stmt.target} changes its shape along axis {d}: lengths"
        what = what if loc is None or loc.spoken is None else loc.spoken.said(what)
        out.append(If(Op("ne", sizes), (ir.Raise("ValueError", (Const(what), *sizes, *place), loc),), (), loc))
    out.append(Let(size, Op("len", (value,)), loc))
    out += [ir.Grow(stmt.target, Name(size), True, loc)] if longer else []
    return [*out, Store(stmt.target, (Slice(Const(0), Name(size), None),), value, "=", loc)]
