"""Which sizes of arrays a program has found equal: it goes on after `if n != m: raise ...` only where they are."""

from __future__ import annotations

from collections import Counter

from . import ir
from .affine import Affine, affine
from .ir import Expr, If, Let, Name, Op

_SIZES = ("shape", "len", "size")


class Agreements:
    """What the checks of a block tell of sizes, which never change: an array has one name.

    `sizes` are those that arrays were made with.

    >>> from srcgrad.parse import parse_text
    >>> f = parse_text('''
    ... def f(a, b):
    ...     if a.shape[0] != b.shape[0]:
    ...         raise ValueError('lengths')
    ...     return a[b.shape[0] - 1] + b[a.shape[0] - 1]''')
    >>> one, other = (e for e in ir.walk(f.body[-1].value) if isinstance(e, Op) and e.fn == "sub")
    >>> Agreements(f.body).same(one, other), Agreements(()).same(one, other)
    (True, False)
    """

    def __init__(self, block: ir.Block, sizes: dict[str, tuple[Expr, ...]] | None = None):
        self.table: dict[Expr, Affine] = {}
        self.sizes = sizes or {}
        bound = Counter(n for s in ir.statements(block) for n in ir.binds(s))
        for stmt in block:
            if isinstance(stmt, Let) and bound[stmt.target] == 1 and _is_size(stmt.value):
                self.note(Name(stmt.target), stmt.value)
            test = stmt.test if isinstance(stmt, If) else None
            stops = isinstance(stmt, If) and stmt.then and isinstance(stmt.then[-1], ir.Raise) and not stmt.other
            if stops and isinstance(test, Op) and test.fn == "ne" and all(map(_is_size, test.args)):
                self.note(*test.args)

    def note(self, a: Expr, b: Expr):
        """Take notice that two sizes are equal."""
        for one, other in ((a, b),) if isinstance(a, Name) else ((b, a), (a, b)):
            mine, theirs = self.form(one), self.form(other)
            if len(mine.terms) == 1 and not mine.const and mine != theirs:
                atom, factor = next(iter(mine.terms.items()))
                if factor == 1 and not theirs.coefficient_of(atom):
                    self.table = {k: _put(v, atom, theirs) for k, v in self.table.items()} | {atom: theirs}
                    return

    def form(self, size: Expr) -> Affine:
        """Return a size in terms of as few others as possible."""
        return self.normal(affine(size))

    def normal(self, found: Affine) -> Affine:
        for atom in list(found.terms):
            value = self.table.get(atom) or self.made_with(atom)
            if value is not None:
                found = _put(found, atom, value)
        return found

    def made_with(self, atom: Expr) -> Affine | None:
        """Return what an array was made with along an axis; None where that is the atom itself."""
        if not isinstance(atom, Op) or atom.fn != "shape" or not isinstance(atom.args[0], Name):
            return None
        known = self.sizes.get(atom.args[0].id)
        size = known[atom.option("axis")] if known else atom
        return None if size == atom else self.form(size)

    def same(self, a: Expr, b: Expr) -> bool:
        """Return whether two sizes are surely equal."""
        return self.form(a) == self.form(b)


def _put(form: Affine, atom: Expr, value: Affine) -> Affine:
    c = form.coefficient_of(atom)
    return form - Affine({atom: c}) + value * c if c else form


def _is_size(e: Expr) -> bool:
    own = isinstance(e, Op) and e.fn in _SIZES and isinstance(e.args[0], Name)
    inner = isinstance(e, Op) and e.fn in ("add", "sub", "mul", "neg", "floordiv") and all(map(_is_size, e.args))
    return own or inner or isinstance(e, ir.Const)
