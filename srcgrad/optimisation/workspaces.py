"""Arrays that live within a trip of a loop are made once, before it: every trip works in the same memory.

To make an array and give it back takes some 20 ns, which is most of the time of a loop over time with a few numbers in
vectors. Where every trip needs another size, as in triangular loops, all work in the greatest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeGuard

from ..analysis.access import SIZES_ONLY
from ..analysis.dead_code import escaping_counters
from ..language import ir
from ..language.affine import Affine, affine, nonnegative, not_negative
from ..language.blocks import by_section, count_touching, may_end_early, resized_in
from ..language.ir import Block, Const, Expr, For, Function, Kind, Let, Name, Op, Slice, Stmt, Store, Sub, While
from ..switches import is_on
from .adjoint_joins import Sizes, made_sizes
from .contractions import made_with, rank_in

ZERO, ONE = Const(0), Const(1)
NOT_PLACES = (Slice, ir.NewAxis, ir.Dots)
MAKING = frozenset({"np.empty", "np.zeros", "np.empty_like", "np.zeros_like"})


class _Making(Let):
    """A statement that makes an array."""

    value: Op


def keep_workspaces(function: Function, kinds: dict[str, Kind], sizes: Sizes) -> Function:
    """Return the function with arrays that each trip of a loop makes for itself made before the loop.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(x, n):
    ...     s = 0.0
    ...     for t in range(n):
    ...         y = np.empty(len(x))
    ...         for i in range(len(x)):
    ...             y[i] = s * x[i]
    ...         s += y[t] * y[0]
    ...     return s''')
    >>> print(emit(keep_workspaces(f, dict.fromkeys("xy", Kind("float64", 1)), {})))
    def f(x, n):
        s = 0.0
        y = np.empty(len(x))
        for t in range(n):
            for i in range(len(x)):
                y[i] = s * x[i]
            s += y[t] * y[0]
        return s
    >>> f = parse_text('''
    ... def f(x):
    ...     s = 0.0
    ...     for t in range(len(x)):
    ...         y = np.empty(t)
    ...         for i in range(t):
    ...             y[i] = x[i] * x[t]
    ...         for i in range(t):
    ...             s += y[t - i - 1] * x[i]
    ...     return s''')
    >>> print("\\n".join(emit(keep_workspaces(f, dict.fromkeys("xy", Kind("float64", 1)), {})).splitlines()[2:4]))
        y = np.empty(max(len(x) - 1, 0))
        for t in range(len(x)):
    """
    if not is_on("workspaces"):
        return function
    shown = {n for s in ir.statements(function.body) for e in ir.exprs_of(s) for n in _shown(e, kinds)}
    own = {n for n in _local(function) - shown if rank_in(n, kinds)}
    read_later, fresh = escaping_counters(function.body), ir.Fresh(ir.all_names(function))
    by_elements = own - _whole(function.body, kinds)
    lifter = _Lifter(own, by_elements, kinds, made_sizes(function.body, kinds, sizes), read_later, fresh)
    return by_section(function, lifter.block)


@dataclass(frozen=True)
class _Lifter:
    """Takes arrays out of loops: those in `own`, which are used in the trips that make them only."""

    own: set[str]
    by_elements: set[str]  # of these, arrays whose sizes nothing asks for
    kinds: dict[str, Kind]
    sizes: Sizes
    read_later: set[str]  # counters that are read after their loops
    fresh: ir.Fresh

    def block(self, stmts: Block, around: tuple[For, ...] = ()) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for stmt in stmts:
            inside = (*around, stmt) if isinstance(stmt, For) else around
            stmt = ir.with_blocks(stmt, partial(self.block, around=inside))
            if isinstance(stmt, While | For) and not (isinstance(stmt, For) and stmt.parallel):
                made, body = self.lifted(stmt, around)
                out += made
                stmt = replace(stmt, body=body)
            out.append(stmt)
        return tuple(out)

    def lifted(self, loop: For | While, around: tuple[For, ...]) -> tuple[list[Let], Block]:
        """Return (what makes arrays before a loop, the body that is left)."""
        changing = resized_in((loop,))
        made: list[Let] = []
        body: list[Stmt] = []
        for stmt in loop.body:
            let = self.steady(stmt, changing, loop, around) if _makes(stmt) and stmt.target in self.own else None
            if let is None:
                body.append(stmt)
                continue
            changing -= {let.target}
            made.append(let)
            body += [self.cleared(let, loop)] if _makes(stmt) and "zeros" in stmt.value.fn else []
        return made, tuple(body)

    def steady(self, let: _Making, changing: set[str], loop: For | While, around: tuple[For, ...]) -> Let | None:
        """Return what makes the array of all trips; None where there is no such size, or making it may fail."""
        value = let.value
        if value.fn.endswith("_like") and ir.names_in(value) & changing and let.target in self.sizes:
            made = made_with(let, self.sizes[let.target], self.kinds[let.target].dtype).value
            assert isinstance(made, Op)
            value = made
        if ir.names_in(value) & changing:
            if value.fn != "np.empty" or let.target not in self.by_elements or not isinstance(loop, For):
                return None
            if may_end_early(loop.body):
                return None  # perhaps long before the greatest is needed
            found = (_greatest(size, loop, (*around, loop), changing) for size in value.args)
            sizes = tuple(size for size in found if size is not None)
            return replace(let, value=replace(value, args=sizes)) if len(sizes) == len(value.args) else None
        fits = value.fn.endswith("_like") or all(nonnegative(affine(size)) or _clipped(size) for size in value.args)
        return replace(let, value=replace(value, fn=value.fn.replace("zeros", "empty"))) if fits else None

    def cleared(self, let: Let, loop: For | While) -> Stmt:
        """Return the loops that fill an array with zeros."""
        kind = self.kinds[let.target]
        counters = list(islice(self.counters(loop), kind.rank))
        zero = Const(0.0 if kind.is_float else 0 if kind.is_int else False)
        stmt: Stmt = Store(let.target, tuple(map(Name, counters)), zero, "=", let.loc)
        for axis, counter in reversed(list(enumerate(counters))):
            size = Op("shape", (Name(let.target),), (("axis", axis),))
            stmt = For(counter, ZERO, size, ONE, (stmt,), (), let.loc, made=True)
        return stmt

    def counters(self, loop: For | While) -> Iterator[str]:
        """Yield names for counters, first those of loops in a loop, where only these loops read them."""
        inner = dict.fromkeys(s.var for s in ir.statements(loop.body) if isinstance(s, For))
        yield from (n for n in inner if n not in self.read_later)
        while True:
            yield self.fresh("i")


def _local(function: Function) -> set[str]:
    """Return the names of arrays that are used in the trips that make them only, after that."""
    made: Counter[str] = Counter()

    def visit(stmts: Block, inside: bool):
        for k, stmt in enumerate(stmts):
            if _makes(stmt) and inside:
                made[stmt.target] += 1 + count_touching(stmts[k + 1 :], stmt.target)
            for inner in ir.blocks_of(stmt):
                visit(inner, isinstance(stmt, For | While))

    visit(function.body, False)
    return {n for n, count in made.items() if count == count_touching(function.body, n)}


def _makes(stmt: Stmt) -> TypeGuard[_Making]:
    return isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn in MAKING


def _greatest(size: Expr, loop: For, around: tuple[For, ...], changing: set[str]) -> Expr | None:
    """Return the greatest of the sizes of a loop's trips; None where it is not known, or one may be negative."""
    inner = size.args[0] if isinstance(size, Op) and _clipped(size) and size.args[1] == ZERO else size
    form = affine(inner)
    if inner is size and not not_negative(form, around) or loop.step not in (ONE, Const(-1)):
        return None
    c = form.coefficient(loop.var)
    rest = form - Affine({Name(loop.var): c})
    rises = (c > 0) == (loop.step == ONE)
    end = affine(loop.hi) - affine(loop.step) if rises else affine(loop.lo)
    found = rest + end * c if c else rest
    if found.names & changing or any(isinstance(e, Sub) for t in found.terms for e in ir.walk(t)):
        return None
    return found.expr() if nonnegative(found) else Op("max", (found.expr(), ZERO))


def _whole(block: Block, kinds: dict[str, Kind]) -> set[str]:
    """Return the arrays of which a block does more than read and write single elements: asks for sizes, for one."""
    found: set[str] = set()

    def visit(e: Expr):
        if isinstance(e, Name):
            found.add(e.id)
        elif isinstance(e, Sub) and isinstance(e.base, Name) and _is_element(e.base.id, e.index, kinds):
            for i in e.index:
                visit(i)
        else:
            for part in ir.children(e):
                visit(part)

    for stmt in ir.statements(block):
        if isinstance(stmt, Store) and not _is_element(stmt.base, stmt.index, kinds) or isinstance(stmt, ir.Grow):
            found.add(stmt.base)
        for e in ir.exprs_of(stmt):
            visit(e)
    return found


def _is_element(name: str, index: tuple[Expr, ...], kinds: dict[str, Kind]) -> bool:
    return len(index) == rank_in(name, kinds) and not any(isinstance(i, NOT_PLACES) for i in index)


def _clipped(size: Expr) -> bool:
    return isinstance(size, Op) and size.fn == "max" and ZERO in size.args


def _shown(e: Expr, kinds: dict[str, Kind]) -> Iterator[str]:
    """Yield the arrays that an expression gives away: it does more with them than read elements and multiply them."""
    if isinstance(e, Op) and (e.fn in SIZES_ONLY or e.fn.endswith("_like")):
        return
    if isinstance(e, Name):
        yield from [e.id] if rank_in(e.id, kinds) else []
        return
    parts = ir.children(e)
    if isinstance(e, Op) and e.fn == "np.dot":
        parts = tuple(a for a in e.args if not isinstance(_turned(a), Name))
    elif isinstance(e, Sub) and isinstance(e.base, Name):
        whole = len(e.index) < rank_in(e.base.id, kinds) or any(isinstance(i, NOT_PLACES) for i in e.index)
        parts = parts if whole else e.index
    for part in parts:
        yield from _shown(part, kinds)


def _turned(e: Expr) -> Expr:
    """Return what a product reads: a matrix, or the one whose transpose it is given."""
    return e.args[0] if isinstance(e, Op) and e.fn == "np.transpose" else e
