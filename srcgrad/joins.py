"""Loops over one range that follow each other become one, and arrays that live within a trip of it become scalars.

An array expression is lowered to a nest of its own; a chain of them is then one pass over memory, without the arrays
between. Only loops that lowering or reverse has written are joined: those of the user's stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import ir
from .access import SIZES_ONLY, accesses, iteration_offset
from .affine import affine, unclipped
from .blocks import rename_block
from .ir import Block, Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from .kinds import kind_of
from .rules import draws

FAR = 10**9  # the offset of accesses that never meet
NEAR = 60  # statements that a loop is looked for in


class Joiner:
    """Joins loops that `wanted` tells, in blocks of names of these kinds; `size` brings sizes to a normal form."""

    def __init__(self, kinds: dict[str, Kind], wanted: Callable[[For], bool], size: Callable[[Expr], Expr]):
        self.kinds, self.wanted, self.size = kinds, wanted, size

    def block(self, stmts: Block) -> Block:
        """Return a block with its loops joined, inner blocks included."""
        out: list[Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, self.block)
            if not (isinstance(stmt, For) and self.joinable(stmt)) or not self.join(out, stmt):
                out.append(stmt)
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
                    joint = replace(before, body=self.block((*before.body, *second.body)))
                    out[k:] = [*above, joint, *below]
                    return True
        return False

    # -- which loops
    def joinable(self, loop: For) -> bool:
        """Return whether a loop is wanted, runs upward and does nothing but compute numbers and elements."""
        plain = loop.step == Const(1) and not loop.other and loop.schedule is None
        return plain and self.wanted(loop) and all(map(self.computes, ir.statements(loop.body)))

    def computes(self, stmt: Stmt) -> bool:
        if isinstance(stmt, Let):
            return not self.kinds[stmt.target].rank and not any(map(_is_call, ir.walk(stmt.value)))
        return isinstance(stmt, Store | If) or isinstance(stmt, For) and not stmt.other and stmt.schedule is None

    def alike(self, a: For, b: For) -> bool:
        """Return whether two loops have the same range."""
        ends = zip((a.lo, a.hi), (b.lo, b.hi), strict=True)
        return all(affine(self.size(unclipped(x))) == affine(self.size(unclipped(y))) for x, y in ends)

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
        if one & (ir.read_in(second.body) | two) or two & ir.read_in(first.body):
            return False
        varying = ir.bound_in(first.body) | ir.bound_in(second.body)
        touched = [ir.read_in(b) | ir.stored_in(b) for b in (first.body, second.body)]
        shared = (ir.stored_in(first.body) & touched[1]) | (ir.stored_in(second.body) & touched[0])
        return all(self.same_trip(first, second, array, varying) for array in shared)

    def same_trip(self, first: For, second: For, array: str, varying: set[str]) -> bool:
        """Return whether two loops touch an element, one of them writing it, in the same trip only."""
        (writes, reads, plain), (writes_2, reads_2, plain_2) = (accesses(x.body, array) for x in (first, second))
        pairs = [(w, o) for w in writes for o in (*writes_2, *reads_2)] + [(r, w) for r in reads for w in writes_2]
        return plain and plain_2 and all(iteration_offset(a, b, first.var, varying) in (0, FAR) for a, b in pairs)

    # -- what stands between
    def rearranged(self, first: For, between: list[Stmt], second: For) -> tuple[list[Stmt], list[Stmt]] | None:
        """Return (statements to go before both loops, statements to go behind both), None where some can do neither."""
        above: list[Stmt] = []
        below: list[Stmt] = []
        for stmt in between:
            if _is_movable(stmt) and _independent(stmt, first) and all(_independent(stmt, b) for b in below):
                above.append(stmt)
            elif _independent(stmt, second):
                below.append(stmt)
            else:
                return None
        return above, below


def _is_call(e: Expr) -> bool:
    return isinstance(e, Op) and (e.fn == "np.dot" or draws.is_draw(e.fn) or e.fn == "print_grad")


def _is_movable(stmt: Stmt) -> bool:
    """Return whether a statement may run earlier: it computes a number, makes an array, or checks a size."""
    if isinstance(stmt, Let):
        return not any(map(_is_call, ir.walk(stmt.value)))
    return isinstance(stmt, If) and not stmt.other and all(isinstance(s, ir.Raise) for s in stmt.then)


def _independent(a: Stmt, b: Stmt) -> bool:
    """Return whether two statements may change places."""
    if not all(isinstance(s, Let | Store | If | For | ir.Raise) for x in (a, b) for s in ir.statements((x,))):
        return False
    writes = [ir.bound_in((x,)) | ir.stored_in((x,)) for x in (a, b)]
    reads = [_contents_read((x,)) for x in (a, b)]
    raising = [any(isinstance(s, ir.Raise) for s in ir.statements((x,))) for x in (a, b)]
    bound = [ir.bound_in((x,)) for x in (a, b)]
    sized = [ir.read_in((x,)) for x in (a, b)]
    clash = writes[0] & (writes[1] | reads[1]) | writes[1] & reads[0] | bound[0] & sized[1] | bound[1] & sized[0]
    loops = {s.var for x in (a, b) for s in ir.statements((x,)) if isinstance(s, For)}
    return not clash - (loops if isinstance(a, For) and isinstance(b, For) else set()) and not all(raising)


def _contents_read(block: Block) -> set[str]:
    """Return the names whose values a block reads; the sizes of an array never change."""
    found: set[str] = set()

    def visit(e: Expr):
        if isinstance(e, Op) and e.fn in SIZES_ONLY:
            return
        if isinstance(e, Name):
            found.add(e.id)
        for c in ir.children(e):
            visit(c)

    for stmt in ir.statements(block):
        for e in ir.exprs_of(stmt):
            visit(e)
        if isinstance(stmt, Store) and stmt.op != "=":
            found.add(stmt.base)
    return found


# --- arrays of one trip -------------------------------------------------------------------------------------------


def contract(block: Block, kinds: dict[str, Kind], sizes, kept: set[str]) -> Block:
    """Return the block with arrays as scalars that every trip of one nest writes first and no other trip reads.

    Arrays in `kept` stay; `kinds` and `sizes` are brought up to date.
    """
    out: list[Stmt | None] = [ir.with_blocks(s, lambda b: contract(b, kinds, sizes, kept)) for s in block]
    for k, stmt in reversed(list(enumerate(out))):
        if not (isinstance(stmt, Let) and isinstance(stmt.value, Op) and kinds[stmt.target].rank):
            continue
        name = stmt.target
        if not stmt.value.fn.startswith(("np.empty", "np.zeros")) or name in kept:
            continue
        alike = [j for j, s in enumerate(out) if s is not None and name in sizes and _made_like(s, name)]
        touching = [j for j, s in enumerate(out) if s is not None and j != k and j not in alike and _mentions(s, name)]
        nest = out[touching[0]] if len(touching) == 1 and touching[0] > k else None
        if isinstance(nest, For) and _lives_in_a_trip(nest, name):
            kind = kinds[name] = Kind(kinds[name].dtype)
            for j in alike:
                out[j] = _made_with(out[j], sizes[name])
            sizes.pop(name, None)
            (out[touching[0]],) = _scalars((nest,), name, kind, kinds)
            out[k] = None
    return tuple(s for s in out if s is not None)


def _made_like(stmt: Stmt, array: str) -> bool:
    """Return whether a statement makes an array of the size of another one."""
    value = stmt.value if isinstance(stmt, Let) else None
    return isinstance(value, Op) and value.fn.endswith("_like") and value.args == (Name(array),)


def _made_with(stmt, dims) -> Let:
    """Return the statement that makes an array of these sizes."""
    return replace(stmt, value=replace(stmt.value, fn=stmt.value.fn.removesuffix("_like"), args=tuple(dims)))


def _mentions(stmt: Stmt, array: str) -> bool:
    return array in ir.read_in((stmt,)) | ir.stored_in((stmt,)) | ir.bound_in((stmt,))


def _lives_in_a_trip(nest: Stmt, array: str) -> bool:
    """Return whether all accesses to an array are in one block of a nest, of one element, the first a store."""
    inner = [s for b in ir.blocks_of(nest) for s in b if _mentions(s, array)]
    if len(inner) == 1 and isinstance(inner[0], For):
        return not _mentions_in(nest, array) and _lives_in_a_trip(inner[0], array)
    first = inner[0]
    if _mentions_in(nest, array) or not isinstance(first, Store) or first.base != array or first.op != "=":
        return False
    if isinstance(nest, If) or array in ir.names_in(first.value, *first.index):
        return False
    writes, reads, plain = accesses(tuple(inner), array)
    sized = any(isinstance(e, Op) and e.fn in SIZES_ONLY and array in ir.names_in(e)
                for s in ir.statements(tuple(inner)) for x in ir.exprs_of(s) for e in ir.walk(x))  # fmt: skip
    moved = ir.names_in(*first.index) & ir.bound_in(tuple(inner))
    return plain and not sized and not moved and all(e == first.index for e in (*writes, *reads))


def _mentions_in(stmt: Stmt, array: str) -> bool:
    """Return whether a statement itself, not what its blocks hold, mentions an array."""
    return array in ir.names_in(*ir.exprs_of(stmt)) or isinstance(stmt, Store) and stmt.base == array


def _scalars(block: Block, array: str, kind: Kind, kinds: dict[str, Kind]) -> Block:
    def cast(value: Expr) -> Expr:
        if kind.dtype == "float64" or kind_of(value, kinds).dtype == kind.dtype:
            return value
        return Op("bool" if kind.dtype == "bool" else f"np.{kind.dtype}", (value,))

    def read(e: Expr) -> Expr:
        if isinstance(e, Sub) and e.base == Name(array):
            return Name(array)
        return ir.rebuild(e, read)

    out: list[Stmt] = []
    for stmt in block:
        stmt = ir.with_blocks(ir.with_exprs(stmt, read), lambda b: _scalars(b, array, kind, kinds))
        if isinstance(stmt, Store) and stmt.base == array:
            fn = {"+=": "add", "-=": "sub"}.get(stmt.op)
            value = cast(stmt.value) if fn is None else Op(fn, (Name(array), cast(stmt.value)), (("inplace", True),))
            stmt = Let(array, value, stmt.loc)
        out.append(stmt)
    return tuple(out)


def join_made(function: ir.Function, kinds: dict[str, Kind], sizes) -> ir.Function:
    """Return the lowered function with the nests of its array expressions joined where one feeds the next.

    >>> from srcgrad.lower import lower_with_kinds
    >>> from srcgrad.parse import parse_text
    >>> from srcgrad.emit import emit
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

    def size(e: Expr) -> Expr:
        if isinstance(e, Op) and e.fn == "shape" and isinstance(e.args[0], Name):
            known = sizes.get(e.args[0].id)
            axis = e.option("axis")
            return known[axis] if known and known[axis] != e else e
        return ir.rebuild(e, size) if isinstance(e, Op) else e

    body = Joiner(kinds, lambda loop: loop.made, size).block(function.body)
    returned = (s.value for s in body if isinstance(s, ir.Return))
    kept = set(function.params) | ir.names_in(*returned)
    return replace(function, body=contract(body, kinds, sizes, kept))
