"""Loops over one range that follow each other become one.

An array expression is lowered to a nest of its own; a chain of them is then one pass over memory, without the arrays
between. Only loops that lowering or reverse has written are joined: those of the user's stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ..analysis.access import SIZES_ONLY, accesses, iteration_offset
from ..analysis.equalities import Equal, learn, representative
from ..language import ir
from ..language.affine import affine, clipped, nonnegative
from ..language.blocks import defined_first, rename_block
from ..language.hashing import found_once
from ..language.ir import Block, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..rules import draws
from .contractions import contract

FAR = 10**9  # the offset of accesses that never meet
OVERWRITING = {"=": None, "+=": "add", "-=": "sub"}
NEAR = 60  # statements that a loop is looked for in


class Joiner:
    """Joins loops that `wanted` tells, in blocks of names of these kinds.

    `size` brings sizes to a normal form; names in `local` are read in loops only.
    """

    def __init__(self, kinds: dict[str, Kind], wanted, size: Callable[[Expr], Expr], local: Iterable[str] = ()):
        self.kinds, self.wanted, self.size, self.local = kinds, wanted, size, local
        self.equal: Equal = {}

    def block(self, stmts: Block) -> Block:
        """Return a block with its loops joined, inner blocks included."""
        outer, self.equal = self.equal, dict(self.equal)
        out: list[Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, self.block)
            learn(ir.with_exprs(stmt, self.size) if isinstance(stmt, If) else stmt, self.equal)
            if not (isinstance(stmt, For) and self.joinable(stmt)) or not self.join(out, stmt):
                out.append(stmt)
        self.equal = outer
        return tuple(out)

    def join(self, out: list[Stmt], loop: For) -> bool:
        """Join a loop with one before it; False where it stays by itself."""
        for k in reversed(range(max(len(out) - NEAR, 0), len(out))):
            before = out[k]
            if isinstance(before, For) and self.joinable(before) and self.alike(before, loop):
                second = self.renamed(loop, before.var)
                places = self.rearranged(before, out[k + 1 :], loop)
                fits = second is not None and self.feeds(before, loop) and self.may_join(before, second)
                if second is not None and places is not None and fits:
                    above, below = places
                    joint = replace(before, body=self.joint((*before.body, *second.body)))
                    out[k:] = above
                    if not self.join(out, joint):
                        out.append(joint)
                    out += below
                    return True
        return False

    def joint(self, body: Block) -> Block:
        """Return the body of a joined loop with what it has to join in it."""
        return self.block(body)

    # -- which loops
    def joinable(self, loop: For) -> bool:
        """Return whether a loop is wanted, runs upward and does nothing but compute numbers and elements."""
        plain = loop.step == Const(1) and not loop.other and loop.schedule is None
        return plain and self.wanted(loop) and all(map(self.computes, ir.statements(loop.body)))

    def computes(self, stmt: Stmt) -> bool:
        if isinstance(stmt, Let):
            array = stmt.target in self.kinds and self.kinds[stmt.target].rank
            return not array and not any(map(is_call, ir.walk(stmt.value)))
        return isinstance(stmt, Store | If) or isinstance(stmt, For) and not stmt.other and stmt.schedule is None

    def alike(self, a: For, b: For) -> bool:
        """Return whether two loops have the same range, both on one core or both on several."""
        if a.parallel != b.parallel:
            return False
        if affine(self.size(a.lo)) != affine(self.size(b.lo)) or not nonnegative(affine(a.lo)):
            return False
        # a range from 0 on stops at once below zero, as one of length zero does
        x, y = (clipped(representative(self.size(clipped(loop.hi)), self.equal)) for loop in (a, b))
        return affine(x) == affine(y)

    def renamed(self, loop: For, var: str) -> For | None:
        """Return a loop that counts with another name; None where it uses that name itself."""
        if loop.var == var:
            return loop
        if var in ir.read_in(loop.body) | ir.bound_in(loop.body):
            return None
        return replace(loop, var=var, body=rename_block(loop.body, {loop.var: var}))

    def feeds(self, first: For, second: For) -> bool:
        """Return whether the second loop reads what the first one writes: to join them saves a pass over memory."""
        return bool(ir.stored_in(first.body) & ir.read_in(second.body))

    def may_join(self, first: For, second: For) -> bool:
        """Return whether a trip of the second may run right after the same trip of the first."""
        loops = {s.var for b in (first.body, second.body) for s in ir.statements(b) if isinstance(s, For)}
        one, two = ir.bound_in(first.body) - loops, ir.bound_in(second.body) - loops
        if any(not self.own(name, first, second) for name in one & (ir.read_in(second.body) | two)):
            return False
        if any(not self.own(name, first, second) for name in two & ir.read_in(first.body)):
            return False
        varying = ir.bound_in(first.body) | ir.bound_in(second.body)
        touched = [ir.read_in(b) | ir.stored_in(b) for b in (first.body, second.body)]
        shared = (ir.stored_in(first.body) & touched[1]) | (ir.stored_in(second.body) & touched[0])
        return all(self.same_trip(first, second, array, varying) for array in shared)

    def own(self, name: str, first: For, second: For) -> bool:
        """Return whether every trip of both loops binds a name before it reads it, and nothing reads it after them."""
        return name in self.local and defined_first(first.body, name) and defined_first(second.body, name)

    def same_trip(self, first: For, second: For, array: str, varying: set[str]) -> bool:
        """Return whether two loops touch an element, one of them writing it, in the same trip only."""
        (writes, reads, plain), (writes_2, reads_2, plain_2) = (accesses(x.body, array) for x in (first, second))
        pairs = [(w, o) for w in writes for o in (*writes_2, *reads_2)] + [(r, w) for r in reads for w in writes_2]
        return plain and plain_2 and all(iteration_offset(a, b, first, varying) in (0, FAR) for a, b in pairs)

    # -- what stands between
    def movable(self, stmt: Stmt) -> bool:
        """Return whether a statement may run earlier, as far as it goes by itself."""
        return _is_movable(stmt)

    def rearranged(self, first: For, between: list[Stmt], second: For) -> tuple[list[Stmt], list[Stmt]] | None:
        """Return (statements to go before both loops, statements to go behind both), None where some can do neither."""
        above: list[Stmt] = []
        below: list[Stmt] = []
        for stmt in between:
            if self.movable(stmt) and _independent(stmt, first) and all(_independent(stmt, b) for b in below):
                above.append(stmt)
            elif not may_stop(stmt) and _independent(stmt, second):
                below.append(stmt)  # a check stays ahead of what it guards
            else:
                return None
        return above, below


class Rearranging(Joiner):
    """Joins loops before which what stands between them may be done, stores and loops as well."""

    def movable(self, stmt: Stmt) -> bool:
        inside = list(ir.statements((stmt,)))
        kept = any(_keeps_order(e) for s in inside for x in ir.exprs_of(s) for e in ir.walk(x))
        return super().movable(stmt) or not kept and all(isinstance(s, Let | Store | For | If) for s in inside)


def _keeps_order(e: Expr) -> bool:
    """Return whether an expression shows a derivative or draws a number: others do so before and after it."""
    return isinstance(e, Op) and (e.fn == "print_grad" or draws.is_draw(e.fn))


def is_call(e: Expr) -> bool:
    """Return whether an expression is a product of arrays, a draw, or shows a derivative."""
    return isinstance(e, Op) and (e.fn == "np.dot" or draws.is_draw(e.fn) or e.fn == "print_grad")


def _is_movable(stmt: Stmt) -> bool:
    """Return whether a statement may run earlier: it computes a number, makes an array, or checks a size."""
    if isinstance(stmt, Let):
        return not any(map(is_call, ir.walk(stmt.value)))
    check = isinstance(stmt, If) and not stmt.other and all(isinstance(s, ir.Raise) for s in stmt.then)
    return check or all(isinstance(s, For | ir.Within) for s in ir.statements((stmt,)))


def may_stop(stmt: Stmt) -> bool:
    """Return whether a statement may find that something does not fit."""
    return _effects(stmt).stops


@dataclass(frozen=True)
class _Effects:
    """What decides whether a statement may change places with another one."""

    plain: bool
    stops: bool
    bound: frozenset[str]
    writes: frozenset[str]
    contents: frozenset[str]  # whose values it reads
    read: frozenset[str]  # whose values or sizes it reads
    loops: frozenset[str]


@found_once("known_effects")
def _effects(stmt: Stmt) -> _Effects:
    inside = list(ir.statements((stmt,)))
    bound = frozenset(ir.bound_in((stmt,)))
    return _Effects(
        all(isinstance(s, Let | Store | If | For | ir.Raise | ir.Within) for s in inside),
        any(isinstance(s, ir.Raise | ir.Within) for s in inside),
        bound,
        bound | ir.stored_in((stmt,)),
        frozenset(_contents_read((stmt,))),
        frozenset(ir.read_in((stmt,))),
        frozenset(s.var for s in inside if isinstance(s, For)),
    )


def _independent(first: Stmt, second: Stmt) -> bool:
    """Return whether two statements may change places."""
    a, b = _effects(first), _effects(second)
    if not (a.plain and b.plain) or a.stops and b.stops:
        return False
    clash = a.writes & (b.writes | b.contents) | b.writes & a.contents | a.bound & b.read | b.bound & a.read
    return not clash - (a.loops | b.loops if isinstance(first, For) and isinstance(second, For) else set())


def values_read(*exprs: Expr) -> set[str]:
    """Return the names whose values expressions read; the sizes of an array never change."""
    found: set[str] = set()

    def visit(e: Expr):
        if isinstance(e, Op) and e.fn in SIZES_ONLY:
            return
        if isinstance(e, Name):
            found.add(e.id)
        for c in ir.children(e):
            visit(c)

    for e in exprs:
        visit(e)
    return found


def _contents_read(block: Block) -> set[str]:
    """Return the names whose values a block reads."""
    found: set[str] = set()
    for stmt in ir.statements(block):
        found |= values_read(*ir.exprs_of(stmt))
        if isinstance(stmt, Store) and stmt.op != "=":
            found.add(stmt.base)
    return found


def by_making(sizes) -> Callable[[Expr], Expr]:
    """Return what replaces the sizes of arrays in an expression by those they were made with."""

    def size(e: Expr) -> Expr:
        if isinstance(e, Op) and e.fn == "shape" and isinstance(e.args[0], Name):
            known = sizes.get(e.args[0].id)
            axis = e.option("axis")
            return known[axis] if known and known[axis] != e else e
        return ir.rebuild(e, size) if isinstance(e, Op) else e

    return size


def stored_once(block: Block, kinds: dict[str, Kind]) -> Block:
    """Return the block without stores of a number into an element that the next statement overwrites.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(z, b, s, i):
    ...     z[i] = s
    ...     z[i] = np.tanh(z[i] + b[i])
    ...     return z''')
    >>> kinds = {"z": Kind("float64", 1), "b": Kind("float64", 1), "s": Kind("float64")}
    >>> print(emit(replace(f, body=stored_once(f.body, kinds))))
    def f(z, b, s, i):
        z[i] = np.tanh(s + b[i])
        return z
    """
    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(stmt, lambda b: stored_once(b, kinds))
        before = out[-1] if out else None
        if isinstance(stmt, Store) and isinstance(before, Store) and before.op == "=" and _is_number(before, kinds):
            place, number = Sub(Name(stmt.base), stmt.index), before.value
            value = ir.substitute(stmt.value, {place: number})
            same = (before.base, before.index) == (stmt.base, stmt.index) and stmt.op in OVERWRITING
            if same and stmt.base not in ir.names_in(value):
                fn = OVERWRITING[stmt.op]
                out[-1] = replace(stmt, op="=", value=Op(fn, (number, value)) if fn else value)
                continue
        out.append(stmt)
    return tuple(out)


def _is_number(store: Store, kinds: dict[str, Kind]) -> bool:
    """Return whether a store keeps a named number, as it is."""
    value = store.value
    if not isinstance(value, Name) or value.id not in kinds or store.base not in kinds:
        return False
    return kinds[value.id] == Kind(kinds[store.base].dtype)


def join_made(function: ir.Function, kinds: dict[str, Kind], sizes) -> ir.Function:
    """Return the lowered function with the nests of its array expressions joined where one feeds the next.

    >>> from srcgrad.lowering.lower import lower_with_kinds
    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(a):\\n    b = 2.0 * a\\n    c = np.sin(b)\\n    return np.sum(c)")
    >>> lowered, kinds, sizes, _ = lower_with_kinds(f, {"a": Kind("float64", 1)}, False, False)
    >>> print(emit(join_made(lowered, kinds, sizes), comments=False))
    def f(a):
        out = 0.0
        for i in range(a.shape[0]):
            b = 2.0 * a[i]
            c = np.sin(b)
            out += c
        return out
    """

    body = stored_once(Joiner(kinds, lambda loop: loop.made, by_making(sizes)).block(function.body), kinds)
    returned = (s.value for s in body if isinstance(s, ir.Return))
    kept = set(function.params) | ir.names_in(*returned)
    return replace(function, body=contract(body, kinds, sizes, kept))
