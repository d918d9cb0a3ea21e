"""What the access of an element needs: one side of a check, and the loop that may make it for all its trips."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..language import ir
from ..language.affine import Affine, affine
from ..language.ir import Const, Expr, For, Op
from .inequalities import loaded

ONE = Const(1)
# names and arrays of indices that are inside; of one array only, as (array, name), or in what is added to it: (.., ON)
Inside = set[str | tuple[str, ...]]
ON = "on"


@dataclass(frozen=True)
class Need:
    """One side of a check: `index` must not pass the end ('high') or lie before the start ('low') of an axis.

    Of a loop from a negative index on, the last of `guards`, the trips must not be more than an axis has elements
    ('turn'): `index` is how much the greatest one is above the least.
    """

    side: str
    index: Affine
    size: Affine
    guards: tuple[Expr, ...]
    axis: int
    loc: ir.Loc | None

    def goal(self) -> Affine:
        """Return what must not be negative."""
        return self.index + self.size if self.side == "low" else self.size - self.index - affine(ONE)

    def side_of(self) -> tuple[str, Affine, Affine]:
        """Return what is compared, whoever asks and wherever."""
        return self.side, self.index, self.size

    def same_place(self, other: Need) -> bool:
        """Return whether two needs are of one access: they differ in nothing but the index and the side."""
        if "turn" in (self.side, other.side):
            return self == other
        return replace(self, index=other.index, side=other.side) == other and (self.side != other.side or self == other)

    def fails(self) -> Expr:
        """Return the test that finds the index outside."""
        if self.side == "low" and self.index.is_const:
            return Op("lt", (self.size.expr(), Const(-self.index.const)))
        if self.side == "low":
            return Op("lt", (self.index.expr(), Op("neg", (self.size.expr(),))))
        if self.index.is_const:
            return Op("lt", (self.size.expr(), Const(self.index.const + 1)))
        if self.index.const < 0:
            return Op("gt", ((self.index + affine(ONE)).expr(), self.size.expr()))
        return Op("ge", (self.index.expr(), self.size.expr()))


@dataclass(frozen=True)
class Around:
    """The loop whose body a block is, where every statement of the block runs in every trip."""

    stmt: For
    bound: frozenset[str]
    stored: frozenset[str]
    known: frozenset[str]  # names made later are bound inside

    def keeps(self, e: Expr | Affine) -> bool:
        """Return whether an expression has one value in all trips, but for the loop's own variable."""
        atoms = e.terms if isinstance(e, Affine) else (e,)
        names = {n for t in atoms for n in ir.names_in(t)}
        return names <= self.known - self.bound and not loaded(atoms) & self.stored
