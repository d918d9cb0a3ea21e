"""Choose between arrays: `a if test else b` computes one of the two, np.where both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Self

from ..analysis.aliases import shown_by
from ..errors import UnsupportedError
from ..language import ir
from ..language.ir import Expr, If, Let, Name, Op, Select, Stmt, Sub
from ..rules import draws
from .nests import NestWriter
from .pull import Pull
from .resized import SizeChanges, SpelledOut

SIDES = "the two sides of a choice have different sizes: lengths"


class ChoiceReader(NestWriter):
    """Reads choices for `ArrayReader`, which reads everything else."""

    # what `Lowerer` sets up
    multi: set[str]
    spellable: set[Expr]  # choices that are whole right sides, or operands of them: they can be branches of their own
    lazy: bool  # whether the present expression stands in a choice `a if test else b`
    fork: Callable[[], Self]
    stmt: Callable[[Stmt], object]
    pull: Callable[..., Pull]

    def select(self, expr: Select) -> Pull:
        """Return the pull of one of two array expressions, element by element."""
        with self.choosing(lazy=True):
            test, then, other = map(self.pull, (expr.test, expr.then, expr.other))
            if len(then.dims) != len(other.dims):
                axes = f"{len(then.dims)} and {len(other.dims)} axes"
                self.refuse(expr.loc, f"the two sides of this choice have {axes}", "use if and else")
            for a, b in zip(then.dims, other.dims, strict=True):
                self.require(a, b, SIDES)
            return Pull(then.dims, lambda idx: Select(test.at(()), then.at(idx), other.at(idx), expr.loc))

    @contextmanager
    def choosing(self, lazy: bool):
        """Around the parts of a choice: `a if test else b` computes one of them, np.where all."""
        saved = self.lazy, self.eager
        self.lazy, self.eager = self.lazy or lazy, not self.lazy and not lazy
        try:
            yield
        finally:
            self.lazy, self.eager = saved

    def either(self, expr: Select) -> Pull:
        """Return the pull of `a if test else b`: in a branch where a side takes statements.

        These must not run for both sides, but for numbers alone.
        """
        trial = self.fork()
        taken = [s for e in (expr.then, expr.other) for s in trial.branched(partial(trial.pull, e))[1]]
        if all(map(_is_harmless, taken)):
            return self.select(expr)
        name = self.fresh("chosen")
        self.kinds[name] = self.kind(expr)
        self.multi.add(name)
        # what the name shows is read at once, and may be written then
        sides = (Op("copy", (e,), (), expr.loc) if shown_by(e, self.kinds) else e for e in (expr.then, expr.other))
        then, other = ((Let(name, e, expr.loc),) for e in sides)
        try:
            self.stmt(If(expr.test, then, other, expr.loc))
        except SizeChanges as e:
            if e.name == name and expr in self.spellable:
                raise SpelledOut(expr) from None
            raise
        except UnsupportedError as e:
            if not any(repr(name) in p.what for p in e.problems):
                raise
            self.refuse(expr.loc, "the size of an array that is chosen by a test is known only after it",
                        "write if and else, and use each array in its branch")  # fmt: skip
        return self.named(name)

    def evaluated(self, value: Expr) -> Expr:
        """Return a number that NumPy computes whether or not an element comes to use it: its places are checked here.

        Not in what is chosen by a test, where what is not chosen is not computed at all.
        """

        def demand(e: Expr):
            if isinstance(e, Sub) and e.loc is not None and isinstance(e.base, Name):
                for axis, (index, size) in enumerate(zip(e.index, self.sizes(e.base.id), strict=True)):
                    self.emit(ir.Within(index, size, axis, e.loc))
            elif not isinstance(e, Select) and not (isinstance(e, Op) and e.fn in ("and", "or")):
                for part in ir.children(e):
                    demand(part)

        if not self.lazy:
            demand(value)
        return value


def _is_harmless(stmt: Stmt) -> bool:
    """Return whether a statement computes a number from others and sizes."""
    parts = list(ir.walk(stmt.value)) if isinstance(stmt, Let) else []
    return bool(parts) and not any(isinstance(e, Sub) or isinstance(e, Op) and draws.is_draw(e.fn) for e in parts)
