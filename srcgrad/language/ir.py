"""The intermediate representation: the grammar of the programs that every pass reads and returns.

A `Function` is a list of statements over mutable names, as the user wrote it. Nothing in here knows Python's `ast`,
NumPy or sympy. Nodes are frozen; locations take no part in equality: functions are equal when their texts would be.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, field, replace
from typing import Any, ClassVar

from .hashing import found_once, hashed_once
from .kind import Kind as Kind
from .names import Fresh as Fresh
from .places import Call as Call
from .places import Loc as Loc


def _loc() -> Any:
    return field(default=None, compare=False, repr=False)


# --- expressions -----------------------------------------------------------------------------------------------


class Expr:
    """Base of all expressions, which are dataclasses."""

    __slots__ = ("known_affine", "known_hash", "known_names", "known_sound")
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    loc: Loc | None


@hashed_once
@dataclass(frozen=True, slots=True)
class Name(Expr):
    """A local name or a parameter."""

    id: str
    loc: Loc | None = _loc()


@hashed_once
@dataclass(frozen=True, slots=True, eq=False)
class Const(Expr):
    """A literal bool, int, float (also a float64) or string. `Const(1)`, `Const(1.0)` and `Const(True)` differ."""

    value: Any
    loc: Loc | None = _loc()

    def __eq__(self, other):
        return isinstance(other, Const) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        return type(self.value).__name__.removesuffix("64"), str(self.value)


@hashed_once
@dataclass(frozen=True, slots=True)
class Op(Expr):
    """An operation of the tables in `rules`, on expressions, with its static options as sorted pairs."""

    fn: str
    args: tuple[Expr, ...]
    static: tuple[tuple[str, object], ...] = ()
    loc: Loc | None = _loc()

    def option(self, name, default=None):
        return dict(self.static).get(name, default)


@hashed_once
@dataclass(frozen=True, slots=True)
class Select(Expr):
    """`then if test else other`: only the side taken is evaluated, and differentiated."""

    test: Expr
    then: Expr
    other: Expr
    loc: Loc | None = _loc()


@hashed_once
@dataclass(frozen=True, slots=True)
class Slice(Expr):
    """`lo:hi:step` inside an index."""

    lo: Expr | None = None
    hi: Expr | None = None
    step: Expr | None = None


@dataclass(frozen=True, slots=True)
class NewAxis(Expr):
    """`None` inside an index."""


@dataclass(frozen=True, slots=True)
class Dots(Expr):
    """`...` inside an index."""


@hashed_once
@dataclass(frozen=True, slots=True)
class Sub(Expr):
    """`base[index]`: an element when every index is a scalar, else a view or a gather."""

    base: Expr
    index: tuple[Expr, ...]
    loc: Loc | None = _loc()


@hashed_once
@dataclass(frozen=True, slots=True)
class Tuple(Expr):
    """A tuple display; only in `Return` and `Unpack`."""

    items: tuple[Expr, ...]
    loc: Loc | None = _loc()


# --- statements ------------------------------------------------------------------------------------------------


class Stmt:
    """Base of all statements, which are dataclasses."""

    __slots__ = ("known_effects", "known_exprs", "known_inside")
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    loc: Loc | None


@dataclass(frozen=True, slots=True)
class Let(Stmt):
    """`target = value`."""

    target: str
    value: Expr
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Store(Stmt):
    """`base[index] op value`, op '=', '+=' or '-='; before `lower` also those that `array_stores` names."""

    base: str
    index: tuple[Expr, ...]
    value: Expr
    op: str = "="
    loc: Loc | None = _loc()
    unordered: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If(Stmt):
    """`if test: then else: other`."""

    test: Expr
    then: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class For(Stmt):
    """`for var in range(...)` or `prange`; `schedule`: how kept, `made`: of arrays, `floored`: `var = max(var, 0)`."""

    var: str
    lo: Expr
    hi: Expr
    step: Expr
    body: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()
    loc: Loc | None = _loc()
    schedule: tuple[str, Expr] | None = None
    made: bool = field(default=False, compare=False, repr=False)
    parallel: bool = False
    floored: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class While(Stmt):
    """`while test: body`."""

    test: Expr
    body: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Try(Stmt):
    """`try: body`, and `other` if it raises; only in functions that run parts of a loop on several cores."""

    body: tuple[Stmt, ...]
    other: tuple[Stmt, ...]
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Unrolled(Stmt):
    """The bodies of a loop over items known when it is read, one after the other; gone after `structure`."""

    bodies: tuple[tuple[Stmt, ...], ...]
    other: tuple[Stmt, ...] = ()
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Break(Stmt):
    """`break`."""

    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Continue(Stmt):
    """`continue`; gone after `structure`."""

    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Return(Stmt):
    """`return value`; after `structure` one only, at the end."""

    value: Expr
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Raise(Stmt):
    """`raise exception(args)`; stays in the forward part."""

    exception: str
    args: tuple[Expr, ...]
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Assert(Stmt):
    """`assert test, message`; stays in the forward part."""

    test: Expr
    message: str | None = None
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Print(Stmt):
    """`print(args)`; stays in the forward part."""

    args: tuple[Expr, ...]
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Do(Stmt):
    """A call for its effect, as the seed of random numbers; stays in the forward part."""

    value: Expr
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Within(Stmt):
    """An index that must lie inside an axis of a view, negative ones counted from its end; gone after `bounds`."""

    index: Expr
    size: Expr
    axis: int
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class RequireConstant(Stmt):
    """`require_constant(name, args)`: no derivative may be asked for that flows through these; stays in forward."""

    args: tuple[Expr, ...]
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class ReadFor(Stmt):
    """What follows was generated for arguments of these kinds, which must be so in the end; gone after `lower`."""

    args: tuple[Expr, ...]
    kinds: tuple[Kind, ...]
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Grow(Stmt):
    """`base = grow(base) if at == base.shape[0] else base`: so said, it costs numba no counting of references.

    With `upto` to a length of at least `at`: `base = grow(base, at) if at > base.shape[0] else base`.
    """

    base: str
    at: Expr
    upto: bool = False
    loc: Loc | None = _loc()


@dataclass(frozen=True, slots=True)
class Unpack(Stmt):
    """`a, b, c = value`: the residuals of a pair, the results of a call."""

    targets: tuple[str, ...]
    value: Expr
    loc: Loc | None = _loc()


Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A whole function; `sections` are (index into body, title) headings of its text."""

    name: str
    params: tuple[str, ...]
    body: Block
    loc: Loc | None = _loc()
    doc: str | None = field(default=None, compare=False, repr=False)
    sections: tuple[tuple[int, str], ...] = field(default=(), compare=False, repr=False)
    captured: tuple[tuple[str, Any], ...] = field(default=(), compare=False, repr=False)


ZERO, ONE = Const(0), Const(1)


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct subexpressions of an expression."""
    if isinstance(expr, Op):
        return expr.args
    if isinstance(expr, Select):
        return expr.test, expr.then, expr.other
    if isinstance(expr, Sub):
        return expr.base, *expr.index
    if isinstance(expr, Slice):
        return tuple(e for e in (expr.lo, expr.hi, expr.step) if e is not None)
    return expr.items if isinstance(expr, Tuple) else ()


def rebuild(expr: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """Return `expr` with `f` applied to its direct subexpressions: itself, if that changes none of them."""
    before = children(expr)
    if not before or (after := _each(before, map(f, before))) is before:
        return expr
    if isinstance(expr, Op):
        return Op(expr.fn, after, expr.static, expr.loc)
    if isinstance(expr, Select):
        test, then, other = after
        return Select(test, then, other, expr.loc)
    if isinstance(expr, Sub):
        return Sub(after[0], after[1:], expr.loc)
    if isinstance(expr, Slice):
        given = iter(after)
        return Slice(*(None if e is None else next(given) for e in (expr.lo, expr.hi, expr.step)))
    assert isinstance(expr, Tuple)
    return Tuple(after, expr.loc)


def walk(*exprs: Expr) -> Iterator[Expr]:
    """Yield the expressions and all their subexpressions, parents first."""
    waiting = list(exprs[::-1])
    while waiting:
        e = waiting.pop()
        yield e
        if type(e) is not Name and type(e) is not Const:
            waiting += children(e)[::-1]


def names_in(*exprs: Expr) -> set[str]:
    """Return the names that occur in the expressions."""
    return set().union(*map(_names, exprs))


@found_once("known_names")
def _names(expr: Expr) -> frozenset[str]:
    return frozenset([expr.id] if isinstance(expr, Name) else []).union(*map(_names, children(expr)))


def substitute(expr: Expr, table: dict[Expr, Expr]) -> Expr:
    """Return `expr` with every subexpression that is a key of `table` replaced."""
    if expr in table:
        return table[expr]
    return rebuild(expr, lambda e: substitute(e, table))


def rename_expr(expr: Expr, names: dict[str, str]) -> Expr:
    """Return `expr` with names renamed."""
    if isinstance(expr, Name):
        return replace(expr, id=names.get(expr.id, expr.id))
    return rebuild(expr, lambda e: rename_expr(e, names))


# which fields of a statement are expressions that it evaluates itself, or tuples of them
_EVALUATED: dict[type, tuple[str, ...]] = {
    **dict.fromkeys((Let, Return, Unpack, Do), ("value",)), Store: ("index", "value"),
    **dict.fromkeys((If, While, Assert), ("test",)), For: ("lo", "hi", "step"),
    **dict.fromkeys((Raise, Print, RequireConstant, ReadFor), ("args",)), Within: ("index", "size"), Grow: ("at",),
}  # fmt: skip


@found_once("known_exprs")
def exprs_of(stmt: Stmt) -> tuple[Expr, ...]:
    """Return the expressions a statement evaluates itself (not those of its blocks)."""
    parts = [getattr(stmt, name) for name in _EVALUATED.get(type(stmt), ())]
    found = [e for part in parts for e in (part if isinstance(part, tuple) else (part,))]
    first = [Name(stmt.base)] if isinstance(stmt, Grow) else []
    return *first, *found, *(stmt.schedule[1:] if isinstance(stmt, For) and stmt.schedule else ())


def with_exprs(stmt: Stmt, f: Callable[[Expr], Expr]) -> Stmt:
    """Return the statement with `f` applied to the expressions it evaluates itself: itself, if that changes none."""
    changed: dict[str, Any] = {}
    for name in _EVALUATED.get(type(stmt), ()):
        before = getattr(stmt, name)
        after = _each(before, map(f, before)) if isinstance(before, tuple) else f(before)
        if after is not before:
            changed[name] = after
    if isinstance(stmt, For) and stmt.schedule:
        changed["schedule"] = stmt.schedule[0], f(stmt.schedule[1])
    return replace(stmt, **changed) if changed else stmt


def _each(before: tuple, made: Iterable) -> tuple:
    """Return what is made of a tuple: the tuple itself, if that has the same items."""
    after = tuple(made)
    return before if len(after) == len(before) and all(map(operator.is_, after, before)) else after


def blocks_of(stmt: Stmt) -> tuple[Block, ...]:
    """Return the blocks nested directly in a statement."""
    if isinstance(stmt, If):
        return stmt.then, stmt.other
    if isinstance(stmt, For | While | Try):
        return stmt.body, stmt.other
    return (*stmt.bodies, stmt.other) if isinstance(stmt, Unrolled) else ()


def with_blocks(stmt: Stmt, f: Callable[[Block], Iterable[Stmt]]) -> Stmt:
    """Return the statement with `f` applied to each of its blocks: itself, if that changes none."""
    before = blocks_of(stmt)
    if not before or (after := _each(before, (_each(block, f(block)) for block in before))) is before:
        return stmt
    if isinstance(stmt, Unrolled):
        return replace(stmt, bodies=after[:-1], other=after[-1])
    changed: dict[str, Any] = {"then" if isinstance(stmt, If) else "body": after[0], "other": after[1]}
    return replace(stmt, **changed)


def statements(block: Block) -> Iterator[Stmt]:
    """Yield all statements of a block, nested ones included, in textual order."""
    for stmt in block:
        yield stmt
        yield from _inside(stmt)


@found_once("known_inside")
def _inside(stmt: Stmt) -> tuple[Stmt, ...]:
    return tuple(s for block in blocks_of(stmt) for s in statements(block))


def binds(stmt: Stmt) -> tuple[str, ...]:
    """Return the names a statement itself binds (a store binds none)."""
    if isinstance(stmt, Let | For):
        return (stmt.target if isinstance(stmt, Let) else stmt.var,)
    return stmt.targets if isinstance(stmt, Unpack) else ()


def bound_in(block: Block) -> set[str]:
    """Return all names bound anywhere in a block."""
    return {name for stmt in statements(block) for name in binds(stmt)}


def stored_in(block: Block) -> set[str]:
    """Return all arrays written through a store anywhere in a block."""
    return {stmt.base for stmt in statements(block) if isinstance(stmt, Store)}


def read_in(block: Block) -> set[str]:
    """Return all names read anywhere in a block; a store reads the array it writes into."""
    return stored_in(block) | names_in(*(e for stmt in statements(block) for e in exprs_of(stmt)))


def all_names(function: Function) -> set[str]:
    """Return every name of a function."""
    return {*function.params, *(n for n, _ in function.captured)} | bound_in(function.body) | read_in(function.body)
