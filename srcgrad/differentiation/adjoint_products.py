"""The adjoint code of products of matrices: products again."""

from __future__ import annotations

from typing import Any

from ..analysis.access import root_of, sizes_of
from ..language import ir
from ..language.ir import Expr, Kind, Let, Name, Op


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
        """Push through a product of matrices."""
        a, b = value.args
        if self.is_active(root_of(a)):
            self.product(step, a, seed, transposed(b), live)
        if self.is_active(root_of(b)):
            self.product(step, b, transposed(a), seed, live)

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

    def own_sizes(self, leaf: Expr) -> list[Expr | None]:
        """Return the sizes of a leaf as those of the adjoint of its array, as far as these are the same."""
        return [s and ir.rename_expr(s, self.bars) for s in sizes_of(leaf, lambda n: self.kinds[n].rank)]


def transposed(expr: Expr) -> Expr:
    """Return the transpose of an array expression, without a double one."""
    if isinstance(expr, Op) and expr.fn == "np.transpose":
        return expr.args[0]
    return Op("np.transpose", (expr,))
