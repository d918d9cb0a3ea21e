"""The adjoint code of matrix products: products again, or loops where a vector takes part."""

from __future__ import annotations

from typing import Any

from ..analysis.access import element_of, root_of, sizes_of, transposed
from ..language import ir
from ..language.ir import Const, Expr, For, Kind, Let, Name, Op, Stmt, Store, Sub

ZERO, ONE = Const(0), Const(1)


class ProductAdjoint:
    """The part of `AdjointBuilder` that reverses them."""

    # what `AdjointBuilder` has
    kinds: dict[str, Kind]
    bar_kinds: dict[str, Kind]
    fresh: ir.Fresh
    bar: Any
    bars: dict[str, str]
    zero: Any
    rank: Any
    nest: Any
    is_active: Any
    loop_names: Any

    def dot(self, step, value: Op, seed: Expr, live: set[str]):
        """Push through a product of matrices, or of one with a vector."""
        a, b = value.args
        for mine, other, side in ((a, b, 0), (b, a, 1)):
            if not self.is_active(root_of(mine)):
                continue
            ranks = self.rank(mine), self.rank(other)
            if ranks == (2, 2):
                left, right = (seed, transposed(other)) if side == 0 else (transposed(other), seed)
                self.product(step, mine, left, right, live)
            elif ranks == (2, 1):
                self.rank_one(step, mine, other, seed, side, live)
            else:
                matrix = transposed(other) if side == 1 else other
                self.product(step, mine, matrix, seed, live)

    def product(self, step, mine: Expr, left: Expr, right: Expr, live: set[str]):
        """Add `left @ right` to the adjoint of an operand, or let it be the adjoint where that is still zero."""
        root = root_of(mine).id
        whole = mine if isinstance(mine, Name) else None
        flipped = isinstance(mine, Op) and isinstance(mine.args[0], Name)
        if root not in live and (whole is not None or flipped):
            call = Op("np.dot", (transposed(right), transposed(left))) if flipped else Op("np.dot", (left, right))
            step.code.append(Let(self.bar(root), call))
            live.add(root)
            return
        name = self.fresh(f"{root}_push")
        self.bar_kinds[name] = Kind(self.kinds[root].dtype, self.rank(mine))
        step.code.append(Let(name, Op("np.dot", (left, right))))
        self.nest(step, name, self.rank(mine), mine, live)

    def rank_one(self, step, matrix: Expr, vector: Expr, seed: Expr, side: int, live: set[str]):
        """Add the outer product that a matrix gets from a matrix-vector product."""
        root = root_of(matrix).id
        if root not in live:
            step.code.append(self.zero(root))
            live.add(root)
        i, j = self.loop_names(step.stmt, 2)
        row, column = (i, j) if side == 0 else (j, i)
        cell = element_of(matrix, (Name(i), Name(j)), lambda n: self.kinds[n].rank)
        v = element_of(vector, (Name(column),), lambda n: self.kinds[n].rank)
        term = Op("mul", (Sub(seed, (Name(row),)), v))
        store: Stmt = Store(self.bar(root), cell.index, term, "+=", step.stmt.loc, unordered=True)
        whole = dict(zip((i, j), self.own_sizes(matrix), strict=True))
        for name in (j, i):
            size = whole[name] or Op("shape", (seed if (name == row) else vector,), (("axis", 0),))
            store = For(name, ZERO, size, ONE, (store,), (), step.stmt.loc)
        step.code.append(store)

    def own_sizes(self, leaf: Expr) -> list[Expr | None]:
        """Return the sizes of a leaf as those of the adjoint of its array, as far as these are the same."""
        return [s and ir.rename_expr(s, self.bars) for s in sizes_of(leaf, lambda n: self.kinds[n].rank)]
