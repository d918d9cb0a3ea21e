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
        if not starts or len(starts) == len(lets) or name in function.params:
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


def _replaced(block: Block, table: dict[int, Let]) -> Block:
    return tuple(ir.with_blocks(table.get(id(s), s), lambda b: _replaced(b, table)) for s in block)


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
        if not self.needed:
            return function
        return replace(function, body=body)

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
        if not sure and any(self.tells(e) for e in ir.exprs_of(stmt)):
            raise _Told
        if isinstance(stmt, Let) and stmt.target == self.name:
            begins = isinstance(stmt.value, Op) and stmt.value.fn == "begun"
            return [stmt, Let(self.flag, Const(not begins), stmt.loc)], not begins
        if isinstance(stmt, ir.Store) and stmt.base == self.name and not sure:
            raise _Told
        inner = list(ir.blocks_of(stmt))
        if not any(self.name in ir.bound_in(b) | ir.read_in(b) for b in inner):
            return [stmt], sure
        found: list[tuple[Block, bool]] = [self.block(b, sure) for b in inner]
        blocks = iter([b for b, _ in found])
        stmt = ir.with_blocks(stmt, lambda _: next(blocks))
        if isinstance(stmt, ir.If):
            return [stmt], all(after for _, after in found)
        if sure or not found[0][1] and not self.binds_array(inner[0]) or not self.is_read_later():
            return [stmt], sure and all(after for _, after in found)
        self.needed = True
        where = (Const(f"{self.name!r} {MESSAGE} ({stmt.loc.place})" if stmt.loc else f"{self.name!r} {MESSAGE}"),)
        stop = ir.Raise("ValueError", where, stmt.loc)
        return [stmt, ir.If(Op("not", (Name(self.flag),)), (stop,), (), stmt.loc)], True

    def binds_array(self, block: Block) -> bool:
        lets = (s for s in ir.statements(block) if isinstance(s, Let) and s.target == self.name)
        return any(not (isinstance(s.value, Op) and s.value.fn == "begun") for s in lets)

    def is_read_later(self) -> bool:
        return any(self.name in ir.read_in(b) for b in self.later)

    def tells(self, e: Expr) -> bool:
        """Return whether an expression tells a number from an array of it, wherever it reads the name."""
        if e == Name(self.name):
            return True
        if isinstance(e, Op) and self.takes_elements(e):
            leaves = list(self.leaves(e))
            if any(leaf == Name(self.name) for leaf in leaves):
                others = [leaf for leaf in leaves if self.name not in ir.names_in(leaf)]
                rank = self.kinds[self.name].rank
                if not any(kind_of(leaf, self.kinds).rank >= rank for leaf in others):
                    return True
            return any(self.tells(leaf) for leaf in leaves if leaf != Name(self.name))
        return any(map(self.tells, ir.children(e)))

    def takes_elements(self, e: Op) -> bool:
        return elementwise.is_elementwise(e.fn)

    def leaves(self, e: Expr) -> Iterator[Expr]:
        """Yield what a tree of operations on elements takes."""
        if isinstance(e, Op) and self.takes_elements(e):
            for a in e.args:
                yield from self.leaves(a)
        else:
            yield e
