"""Sizes that are known to be equal: one of them stands for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..language import ir
from ..language.affine import Affine, affine
from ..language.ir import Const, Expr, For, If, Let, Name, Op, Stmt

Equal = dict[Expr, Expr]  # what stands for an atom of the normal form of a size
SIZES = ("len", "size", "shape")
_COMPOUND = ("mul", "max", "min", "floordiv", "mod")


def representative(size: Expr, equal: Equal, made_with: Callable[[Op], Expr | None] = lambda atom: None) -> Expr:
    """Return what stands for a size; `made_with` tells the size an array was made with.

    >>> from srcgrad.language.emit import expr_text
    >>> n, m = Name("n"), Op("len", (Name("a"),))
    >>> expr_text(representative(Op("add", (m, Const(1))), {m: n}))
    'n + 1'
    """
    return _represented(size, equal, made_with, frozenset())


def _represented(size: Expr, equal: Equal, made_with, on_the_way: frozenset[Expr]) -> Expr:
    """Return what stands for a size; atoms `on_the_way` stay, since what stands for them leads back to them."""
    a = affine(size)
    total = affine(Const(a.const))
    for atom, c in a.terms.items():
        new = None if atom in on_the_way else equal.get(atom)
        if new is None and isinstance(atom, Op) and atom not in on_the_way:
            new = _within(atom, equal, made_with, on_the_way) if atom.fn in _COMPOUND else made_with(atom)
        found = atom if new is None else _represented(new, equal, made_with, on_the_way | {atom})
        total = total + affine(found) * c
    return total.expr()


def _within(atom: Op, equal: Equal, made_with, on_the_way: frozenset[Expr]) -> Expr | None:
    """Return a product, quotient or choice of sizes with what stands for these; None where that is the atom itself."""
    args = tuple(_represented(e, equal, made_with, on_the_way | {atom}) for e in atom.args)
    return None if args == atom.args else replace(atom, args=args)


def unify(a: Expr, b: Expr, equal: Equal):
    """Note that two sizes are equal."""
    fa, fb = affine(a), affine(b)
    local = len(fa.terms) == 1 and isinstance(next(iter(fa.terms)), Name)
    for x, y in ((fa, b), (fb, a)) if local else ((fb, a), (fa, b)):
        atom = _alone(x)
        if atom is not None and atom not in ir.walk(y):
            equal[atom] = y
            return


def _alone(form: Affine) -> Expr | None:
    """Return the atom that a form is, None where it is more or another."""
    if len(form.terms) != 1 or form.const:
        return None
    ((atom, c),) = form.terms.items()
    return atom if c == 1 else None


def learn(stmt: Stmt, equal: Equal):
    """Note what holds after a check that two sizes are equal."""
    check = isinstance(stmt, If) and bool(stmt.then) and all(isinstance(s, ir.Raise) for s in stmt.then)
    if isinstance(stmt, If) and check and isinstance(stmt.test, Op) and stmt.test.fn == "ne":
        if any(isinstance(x, ir.Sub) for x in ir.walk(stmt.test)):
            return
        a, b = (representative(e, equal) for e in stmt.test.args)
        if a != b:
            unify(a, b, equal)


def told_in_loops(block: ir.Block) -> dict[ir.Loc, Equal]:
    """Return what the checks in loops tell of sizes, by the places of the loops: it holds where one of them has a trip.

    So it does in the loop that goes back through these trips.
    """
    loops = [s for s in ir.statements(block) if isinstance(s, For) and s.loc is not None]
    places = Counter(s.loc for s in loops)
    found: dict[ir.Loc, Equal] = {}
    for loop in loops:
        equal: Equal = {}
        for stmt in loop.body:
            if isinstance(stmt, If) and not _numbers(stmt.test):
                learn(stmt, equal)
        if equal and loop.loc is not None and places[loop.loc] == 1:
            found[loop.loc] = equal
    return found


def with_told_sizes(block: ir.Block, told: dict[ir.Loc, Equal], known: Known, equal: Equal | None = None) -> ir.Block:
    """Return a block in whose loops one size of an array stands for all that checks in them have told to be equal."""
    equal = equal or {}

    def size(e: Expr) -> Expr:
        if not (isinstance(e, Op) and e.fn in SIZES):
            return ir.rebuild(e, size)
        found = representative(e, equal, known.made_with)
        return e if _numbers(found) else found  # a number may be another one by now

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, size) if equal else stmt
        more = told.get(stmt.loc, {}) if isinstance(stmt, For) and stmt.loc is not None else {}
        return ir.with_blocks(stmt, lambda b: with_told_sizes(b, told, known, equal | more))

    return tuple(map(one, block))


class Known:
    """What the checks of a block tell of sizes, and its names of these; `sizes` are those arrays were made with.

    `equal` is what is known besides.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(a, b):
    ...     if a.shape[0] != b.shape[0]:
    ...         raise ValueError('lengths')
    ...     n = b.shape[0]
    ...     return n''')
    >>> Known(f.body, {}).same(Name("n"), Op("shape", (Name("a"),), (("axis", 0),)))
    True
    """

    def __init__(self, block, sizes: dict[str, tuple[Expr, ...]], equal: Equal | None = None):
        self.equal: Equal = dict(equal or {})
        self.sizes = sizes
        bound = Counter(n for s in ir.statements(block) for n in ir.binds(s))
        before: set[str] = set()
        for stmt in block:
            changing = {n for n in _numbers(stmt.test) if bound[n] - (n in before)} if isinstance(stmt, If) else set()
            if not changing:
                learn(stmt, self.equal)
            if isinstance(stmt, Let) and bound[stmt.target] == 1 and _is_size(stmt.value):
                self.equal[Name(stmt.target)] = stmt.value
            before |= {n for n in ir.binds(stmt) if bound[n] == 1}

    def form(self, size: Expr) -> Affine:
        """Return the normal form of what stands for a size."""
        return affine(representative(size, self.equal, self.made_with))

    def same(self, a: Expr, b: Expr) -> bool:
        """Return whether two sizes are surely equal."""
        return self.form(a) == self.form(b)

    def made_with(self, atom: Op) -> Expr | None:
        """Return what an array was made with along an axis; None where that is not known, or the atom itself."""
        if atom.fn not in SIZES or not isinstance(atom.args[0], Name):
            return None
        axis = atom.option("axis", 0)
        known = self.sizes.get(atom.args[0].id)
        if atom.fn == "size":
            return known[0] if known and len(known) == 1 else None
        size = known[axis] if known else Op("shape", atom.args, (("axis", axis),))
        return size if size != atom else None


def _numbers(e: Expr) -> set[str]:
    """Return the names whose values an expression reads; the sizes of an array never change."""
    if isinstance(e, Op) and e.fn in SIZES:
        return set()
    return {e.id} if isinstance(e, Name) else {n for c in ir.children(e) for n in _numbers(c)}


def _is_size(e: Expr) -> bool:
    return isinstance(e, Op) and e.fn in SIZES and isinstance(e.args[0], Name)
