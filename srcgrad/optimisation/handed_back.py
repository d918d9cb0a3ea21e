"""Adjoints that an array hands to its copy and gets back: one array for both.

Going back through `new = u.copy(); ...; u = new`, the adjoint of u becomes that of the copy, and is cleared; in the
end, after all else that u has given to, it gets what is left of it. It might as well have kept it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..analysis.equalities import Known
from ..language import ir
from ..language.blocks import count_touching, has_jumps, rename_block, touches
from ..language.ir import Block, Function, Kind, Let, Name, Op, Stmt, Store, Sub
from .adjoint_joins import made_sizes
from .interiors import Gathers, Sizes, clears, ranges_of
from .perfect_nests import Nest, covers, in_loops, perfect_nest

MADE = frozenset({"np.empty", "np.zeros", "np.empty_like", "np.zeros_like"})


def keep_adjoints(function: Function, start: int, kinds: dict[str, Kind], sizes: Sizes) -> Block:
    """Return the backward part, which starts at a statement, without arrays for adjoints that are handed back.

    >>> from dataclasses import replace
    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(u0, g, n, steps):
    ...     u_bar = np.zeros(n)
    ...     for t in range(steps):
    ...         new_bar = np.empty(n)
    ...         for i in range(n):
    ...             new_bar[i] = u_bar[i]
    ...             u_bar[i] = 0.0
    ...         s = new_bar[0]
    ...         new_bar[0] = 0.0
    ...         u_bar[n - 1] += 2.0 * s
    ...         for i in range(n):
    ...             u_bar[i] += new_bar[i]
    ...     return u_bar''')
    >>> kinds = {n: Kind("float64", 1) for n in ("u0", "u_bar", "new_bar")}
    >>> print(emit(replace(f, body=keep_adjoints(f, 0, kinds, {})), comments=False))
    def f(u0, g, n, steps):
        u_bar = np.zeros(n)
        for t in range(steps):
            s = u_bar[0]
            u_bar[0] = 0.0
            u_bar[n - 1] += 2.0 * s
        return u_bar
    """
    known = Gathers.of(function, start, kinds, sizes)
    same = Known(function.body, made_sizes(function.body, kinds, sizes)).same
    return _Keeping(known, same).block(function.body[start:])


@dataclass(frozen=True)
class _Loan:
    """What hands the adjoint of an array to that of its copy in a block, and what gives it back."""

    array: str
    copy: str
    made: int
    handed: int
    used: int  # the first statement that adds to the array then
    back: int

    def without(self, block: Block) -> Block:
        """Return the block with one array for both."""
        between = rename_block(block[self.handed + 1 : self.used], {self.copy: self.array})
        nest = perfect_nest(block[self.back])
        assert nest is not None
        left = [s for s in nest.body if s is not _gives_back(nest, self.array, self.copy)]
        last = in_loops(nest.loops, ranges_of(nest), left) if left else ()
        head = (*block[: self.made], *block[self.made + 1 : self.handed])
        return (*head, *between, *block[self.used : self.back], *last, *block[self.back + 1 :])


@dataclass(frozen=True)
class _Keeping:
    """Finds such adjoints in the blocks of a function."""

    known: Gathers
    same: Callable[[ir.Expr, ir.Expr], bool]

    def block(self, block: Block) -> Block:
        """Return a block with adjoints kept where they would be handed back."""
        made = [k for k, s in enumerate(block) if isinstance(s, Let) and isinstance(s.value, Op) and s.value.fn in MADE]
        for k in reversed(made):
            loan = self.loan(block, k)
            block = block if loan is None else loan.without(block)
        return tuple(ir.with_blocks(s, self.block) for s in block)

    def loan(self, block: Block, made: int) -> _Loan | None:
        """Return the loan to an array that a statement of a block makes; None where there is none."""
        let = block[made]
        assert isinstance(let, Let)
        copy = let.target
        touching = [k for k, s in enumerate(block) if touches(s, copy) and k != made]
        if len(touching) < 2 or touching[0] < made:
            return None
        handed, back = touching[0], touching[-1]
        first, last = perfect_nest(block[handed]), perfect_nest(block[back])
        array = _hands_over(first, copy) if first is not None else None
        if first is None or last is None or array is None or _gives_back(last, array, copy) is None:
            return None
        used = next(k for k in range(handed + 1, back + 1) if touches(block[k], array))
        loan = _Loan(array, copy, made, handed, used, back)
        whole = all(covers(nest.loops, name, self.same) for nest in (first, last) for name in (array, copy))
        return loan if whole and self.is_alone(block, loan, touching) else None

    def is_alone(self, block: Block, loan: _Loan, touching: list[int]) -> bool:
        """Return whether nothing sees that the array has kept its adjoint."""
        function, kinds = self.known.function, self.known.kinds
        if any(loan.used <= k < loan.back for k in touching) or kinds.get(loan.array) != kinds.get(loan.copy):
            return False
        if count_touching(function.body, loan.copy) != count_touching(block, loan.copy):
            return False
        between = block[loan.handed + 1 : loan.back + 1]
        if has_jumps(between):
            return False
        added = block[loan.used : loan.back + 1]
        if not all(_only_adds(s, loan.array) for s in ir.statements(added)):
            return False
        return not self.known.is_shown({loan.array, loan.copy}, block[loan.handed])


def _hands_over(nest: Nest, copy: str) -> str | None:
    """Return the array that a nest copies and clears, and does nothing else."""
    stores = [s for s in nest.body if isinstance(s, Store)]
    if len(stores) != 2 or len(nest.body) != 2:
        return None
    put, clear = stores
    array = clear.base
    moved = (put.base, put.op, put.index, put.value) == (copy, "=", nest.cell(), Sub(Name(array), nest.cell()))
    return array if moved and array != copy and clears(nest, array) else None


def _gives_back(nest: Nest, array: str, copy: str) -> Store | None:
    """Return what adds the elements of the copy to the array; None where a nest does more with the copy."""
    touching = [s for s in nest.body if touches(s, copy)]
    store = touching[0] if len(touching) == 1 else None
    if not isinstance(store, Store) or (store.base, store.op, store.index) != (array, "+=", nest.cell()):
        return None
    return store if store.value == Sub(Name(copy), nest.cell()) else None


def _only_adds(stmt: Stmt, array: str) -> bool:
    """Return whether a statement itself at most adds to elements of an array."""
    if isinstance(stmt, Store) and stmt.base == array and stmt.op == "=":
        return False
    return array not in ir.binds(stmt) and array not in ir.names_in(*ir.exprs_of(stmt))
