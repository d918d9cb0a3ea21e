"""Names that begin as a number and become arrays in a loop, `m = 0` before `m = 0.9 * m + g`: arrays from the start.

A name holds as many axes on every path. The number is made an array in the shape that the first array has; where the
two could be told apart, in a sum or a product of matrices, the name is left as it is, and refused. A loop that may
have no trip leaves a number in Python: that is an error at run time here, where the name is read later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..errors import KindError
from ..language import ir
from ..language.ir import Block, Const, Expr, Function, Kind, Let, Name, Op, Stmt
from ..language.kinds import AxesDiffer, infer_kinds, kind_of
from ..rules import elementwise

MESSAGE = "is a number: no array was made of it"


class _Told(Exception):
    """A number and an array of it are not the same where the name is read."""


def begin_as_arrays(function: Function, params: dict[str, Kind], names: dict[str, Kind]) -> Function:
    """Return the function with such names as arrays of these kinds; itself where that does not do.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(g, n):
    ...     m = 0.0
    ...     for i in range(n):
    ...         m = 0.9 * m + g
    ...     return m[0]''')
    >>> vector = Kind("float64", 1)
    >>> print(emit(begin_as_arrays(f, {"g": vector, "n": Kind("int64")}, {"m": vector}), comments=False))
    def f(g, n):
        m = begun(0.0, dtype=np.float64, rank=1)
        m_is_array = False
        for i in range(n):
            same_shape(m, 0.9 * 1.0 + g)
            m = 0.9 * m + g
            m_is_array = True
        if not m_is_array:
            raise ValueError("'m' is a number: no array was made of it (<text>:3)")
        return m[0]
    """
    if not names:
        return function
    given = function
    for name, kind in names.items():
        lets = [s for s in ir.statements(function.body) if isinstance(s, Let) and s.target == name]
        starts = [s for s in lets if _is_number(s.value)]
        if name in function.params or not 0 < len(starts) < len(lets) or not all(_fits(s.value, kind) for s in starts):
            return given
        like = (("dtype", kind.dtype), ("rank", kind.rank))
        made = [replace(s, value=Op("begun", (s.value,), like, s.loc)) for s in starts]
        table = {id(s): m for s, m in zip(starts, made, strict=True)}
        function = replace(function, body=_replaced(function.body, table))
    try:
        kinds = infer_kinds(function, params)
    except AxesDiffer:
        return function  # another name does so as well
    except KindError:
        return given
    for name in names:
        fresh = ir.Fresh(ir.all_names(function))
        try:
            function = _Begun(name, kinds, fresh(f"{name}_is_array")).told(function)
        except _Told:
            return given
    return function


def begun_as_well(
    function: Function, params: dict[str, Kind], names: dict[str, Kind], found: AxesDiffer
) -> dict[str, Kind]:
    """Return the names that begin as arrays together with one more that has to.

    Raises
    ------
    KindError
        If that does not do.
    """
    more = names | {found.name: found.kind}
    if found.name in names or begin_as_arrays(function, params, more) is function:
        raise KindError(*found.problems) from None
    return more


def _is_number(value: Expr) -> bool:
    """Return whether a value is a number that the text writes out."""
    if isinstance(value, Op) and value.fn in ("neg", "float", "np.float64"):
        return _is_number(value.args[0])
    return isinstance(value, Const) and type(value.value) in (int, float)


def _fits(value: Expr, kind: Kind) -> bool:
    """Return whether a number is the same among numbers of the dtype that an array has."""
    while isinstance(value, Op):
        value = value.args[0]
    whole = isinstance(value, Const) and type(value.value) is int
    return kind.is_float or whole and kind.is_int and kind.dtype != "bool"


def _begins(stmt: Stmt) -> bool:
    """Return whether a statement makes an array of a number."""
    return isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn == "begun"


def _replaced(block: Block, table: dict[int, Let]) -> Block:
    return tuple(ir.with_blocks(table.get(id(s), s), lambda b: _replaced(b, table)) for s in block)


def _without(block: Block, name: str) -> Block:
    """Return a block without what is bound to a name that nothing reads."""
    kept = (s for s in block if not (isinstance(s, Let) and s.target == name))
    return tuple(ir.with_blocks(s, lambda b: _without(b, name)) for s in kept)


@dataclass
class _Begun:
    """One name, and that of whether it is an array by now."""

    name: str
    kinds: dict[str, Kind]
    flag: str
    needed: bool = False
    later: list[Block] = field(default_factory=list)  # what comes behind the blocks around

    def told(self, function: Function) -> Function:
        """Return the function with what tells at run time whether the name has become an array, where that is asked."""
        body, _ = self.block(function.body, False)
        return replace(function, body=body if self.needed else _without(body, self.flag))

    def block(self, block: Block, sure: bool) -> tuple[Block, bool]:
        """Return a block with what notes that the name becomes an array, and whether it surely is one behind it."""
        out: list[Stmt] = []
        for k, stmt in enumerate(block):
            self.later.append(block[k + 1 :])
            made, sure = self.stmt(stmt, sure)
            self.later.pop()
            out += made
        return tuple(out), sure

    def stmt(self, stmt: Stmt, sure: bool) -> tuple[list[Stmt], bool]:
        checks = [] if sure else list(dict.fromkeys(t for e in ir.exprs_of(stmt) for t in self.shaped_by_others(e)))
        before: list[Stmt] = [ir.Do(Op("same_shape", (Name(self.name), tree)), stmt.loc) for tree in checks]
        if before and isinstance(stmt, ir.While) or isinstance(stmt, ir.Store) and stmt.base == self.name and not sure:
            raise _Told
        if isinstance(stmt, Let) and stmt.target == self.name:
            begins = _begins(stmt)
            return [*before, stmt, Let(self.flag, Const(not begins), stmt.loc)], not begins
        inner = list(ir.blocks_of(stmt))
        if not any(self.name in ir.bound_in(b) | ir.read_in(b) for b in inner):
            return [*before, stmt], sure
        if isinstance(stmt, ir.If):
            found = [self.block(b, sure) for b in inner]
            blocks = iter([b for b, _ in found])
            return [*before, ir.with_blocks(stmt, lambda _: next(blocks))], all(after for _, after in found)
        made, sure = self.loop(stmt, inner, sure)
        return [*before, *made], sure

    def loop(self, stmt: Stmt, inner: list[Block], sure: bool) -> tuple[list[Stmt], bool]:
        """Return a loop with what tells behind it that the name is an array, and whether it surely is."""
        restarts = any(_begins(s) and self.name in ir.binds(s) for b in inner for s in ir.statements(b))
        sure = sure and not restarts  # at the head of any trip
        blocks = iter([self.block(b, sure)[0] for b in inner])
        stmt = ir.with_blocks(stmt, lambda _: next(blocks))
        if sure or not self.binds_array(inner[0]) or not self.is_read_later():
            return [stmt], sure
        self.needed = True
        where = (Const(f"{self.name!r} {MESSAGE} ({stmt.loc.place})" if stmt.loc else f"{self.name!r} {MESSAGE}"),)
        stop = ir.Raise("ValueError", where, stmt.loc)
        return [stmt, ir.If(Op("not", (Name(self.flag),)), (stop,), (), stmt.loc)], True

    def binds_array(self, block: Block) -> bool:
        lets = (s for s in ir.statements(block) if isinstance(s, Let) and s.target == self.name)
        return not all(map(_begins, lets))

    def is_read_later(self) -> bool:
        return any(self.name in ir.read_in(b) for b in self.later)

    def shaped_by_others(self, e: Expr) -> Iterator[Expr]:
        """Yield, for the operations on elements that read the name, the same with a number in its place.

        They are as many elements with a number as with an array of the shape that these have.

        Raises
        ------
        _Told
            If the name is read elsewhere, where a number and an array are told apart.
        """
        if e == Name(self.name):
            raise _Told
        if not isinstance(e, Op) or not self.takes_elements(e):
            for child in ir.children(e):
                yield from self.shaped_by_others(child)
            return
        leaves = list(self.leaves(e))
        if Name(self.name) in leaves:
            others = ir.substitute(e, {Name(self.name): Const(1.0)})
            if self.name in ir.names_in(others) or kind_of(others, self.kinds).rank != self.kinds[self.name].rank:
                raise _Told
            yield others
        for leaf in leaves:
            if leaf != Name(self.name):
                yield from self.shaped_by_others(leaf)

    def takes_elements(self, e: Op) -> bool:
        return elementwise.is_elementwise(e.fn)

    def leaves(self, e: Expr) -> Iterator[Expr]:
        """Yield what a tree of operations on elements takes."""
        if isinstance(e, Op) and self.takes_elements(e):
            for a in e.args:
                yield from self.leaves(a)
        else:
            yield e
