"""Which mode computes a Jacobian in less time: said by numbers of entries, before either mode is written.

Those of the result are the sizes that its arrays are made with; of the function nothing is left that they do not need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..differentiation.prepare import name_results, own_written_params
from ..differentiation.widths import FEWER, FEWER_LINES
from ..language import ir
from ..language.affine import affine, simplify_index
from ..language.calls import is_call, operation
from ..language.ir import Block, Const, Expr, Function, Kind, Name, Op, Stmt
from ..language.kinds import infer_kinds
from ..optimisation.simplify import simplify
from ..rules import draws
from ..rules.externals import BY_SPELLING, is_external
from .passes import Lowered

ZERO, ONE = Const(0), Const(1)


def shape(name: str, axis: int) -> Expr:
    """Return the size of an axis."""
    return Op("shape", (Name(name),), (("axis", axis),))


def size_of(name: str, rank: int) -> Expr:
    """Return the number of entries of a number or an array."""
    return ONE if not rank else shape(name, 0) if rank == 1 else Op("size", (Name(name),))


def draws_numbers(low: Lowered) -> bool:
    """Return whether a run of a function draws random numbers; routines never do."""
    exprs = (e for s in ir.statements(low.function.body) for part in ir.exprs_of(s) for e in ir.walk(part))
    return any(isinstance(e, Op) and draws.is_draw(e.fn) for e in exprs)


def result_kinds(low: Lowered) -> list[Kind]:
    """Return the kinds of the results of a lowered function."""
    kinds = dict(low.kinds)
    _, outs = name_results(low.function, kinds, ir.Fresh(ir.all_names(low.function)))
    return [kinds[o] for o in outs]


def forward_is_cheaper(low: Lowered, names: tuple[str, ...]) -> bool | Function:
    """Return whether forward mode by some parameters takes less time, or the function of the arguments that tells.

    A mode that rules of functions do not serve is not chosen.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.generation.passes import USUAL
    >>> from srcgrad.tree import LEAF
    >>> f = parse_text("def f(x, A):\\n    y = np.empty(A.shape[0])\\n    y[0] = np.sin(x[0])\\n    return y")
    >>> kinds = {"x": Kind("float64", 1), "A": Kind("float64", 2), "y": Kind("float64", 1)}
    >>> low = Lowered(f, kinds, {"y": (shape("A", 0),)}, LEAF, USUAL)
    >>> print(emit(forward_is_cheaper(low, ("x",)), comments=False).splitlines()[-1].strip())
    return x.shape[0] <= 2 * A.shape[0]
    >>> forward_is_cheaper(low, ())
    True
    """
    kinds = dict(low.kinds)
    ahead, back = (not _has(low.function, without) for without in (_has_no_tangent, _has_no_adjoint))
    if ahead != back:
        return ahead
    if draws_numbers(low) or not any(k.rank for k in result_kinds(low)):
        return False
    if not any(kinds[n].rank for n in names):
        return True
    function, _ = own_written_params(low.function, kinds, ir.Fresh(ir.all_names(low.function)), numbers=False)
    function, outs = name_results(function, kinds, ir.Fresh(ir.all_names(function)))
    entries = _total([size_of(n, kinds[n].rank) for n in names])
    count = _total([size_known(entries_of(o, kinds[o].rank), function, low.sizes) for o in outs if kinds[o].is_float])
    rate = FEWER_LINES if _is_lines(low.function.body) else FEWER
    room = affine(Op("mul", (Const(rate), count))) - affine(entries)
    least = room.const + sum(c * _least(atom, low.function.body) for atom, c in room.terms.items())
    coefficients = [*room.terms.values(), least]
    if all(_is_size(atom) for atom in room.terms) and (min(coefficients) >= 0 or max(coefficients) < 0):
        return min(coefficients) >= 0
    few = Op("le", (entries, simplify_index(Op("mul", (Const(rate), count)))))
    body = (*_needed(function.body[:-1], ir.names_in(few)), replace(function.body[-1], value=few))
    function = Function(f"{function.name}_forward_is_cheaper", low.function.params, body, function.loc,
                        f"Whether forward mode takes less time for the Jacobians of {function.name}.",
                        captured=function.captured)  # fmt: skip
    return simplify(function, infer_kinds(function, {n: kinds[n] for n in (*low.function.params, *_captured(low))}))


def _has(function: Function, wanted: Callable[[Stmt], bool]) -> bool:
    """Return whether a statement of a function, or of a routine that it calls, is of a kind."""
    stmts = list(ir.statements(function.body))
    routines = (operation(s).option("routine") for s in stmts if is_call(s))
    return any(map(wanted, stmts)) or any(r.has(wanted) for r in routines)


def _has_no_tangent(stmt: Stmt) -> bool:
    """Return whether a statement calls a function whose rule does not serve forward mode."""
    if is_call(stmt):
        rule = operation(stmt).option("routine").rule
        return rule is not None and rule.tangent is None
    return _lacks_pages(stmt, "results", "dot")


def _has_no_adjoint(stmt: Stmt) -> bool:
    """Return whether a statement calls a function whose rule does not serve reverse mode."""
    return _lacks_pages(stmt, "operands", "bar")


def _lacks_pages(stmt: Stmt, of: str, ending: str) -> bool:
    if not isinstance(stmt, ir.Let | ir.Unpack) or not is_external(stmt.value):
        return False
    row = BY_SPELLING[stmt.value.fn]
    return not any(row.page(f"{name}_{ending}") for name in getattr(row, of))


def _captured(low: Lowered) -> tuple[str, ...]:
    return tuple(n for n, _ in low.function.captured)


def _total(counts: list[Expr]) -> Expr:
    total: Expr = ZERO
    for c in counts:
        total = Op("add", (total, c))
    return simplify_index(total)


def entries_of(name: str, rank: int) -> Expr:
    """Return the number of entries as a product of sizes, which those that an array is made with can stand in for."""
    total: Expr = ONE
    for d in range(rank):
        total = shape(name, d) if total == ONE else Op("mul", (total, shape(name, d)))
    return total


def _is_lines(block: Block) -> bool:
    """Return whether a function has neither loops nor calls nor products of arrays."""
    gone = (ir.For, ir.While, ir.Unpack)
    stmts = list(ir.statements(block))
    calls = (s.value for s in stmts if isinstance(s, ir.Let) and isinstance(s.value, Op))
    return not any(isinstance(s, gone) for s in stmts) and not any(e.fn == "np.dot" or is_external(e) for e in calls)


def _least(size: Expr, block: Block) -> int:
    """Return how long an axis is at least, as checks at the head of a function tell."""
    stops = [s for s in block if isinstance(s, ir.If) and any(isinstance(e, ir.Raise) for e in s.then)]
    tests = [s.test for s in stops if isinstance(s.test, Op) and s.test.fn == "lt" and s.test.args[0] == size]
    known = (e.value for t in tests for e in t.args[1:] if isinstance(e, Const))
    return max((int(n) for n in known), default=0)


def _is_size(atom: Expr) -> bool:
    """Return whether a term cannot be negative."""
    if isinstance(atom, Op) and atom.fn == "mul":
        return all(map(_is_size, atom.args))
    return isinstance(atom, Op) and atom.fn in ("shape", "size", "len")


def size_known(size: Expr, function: Function, sizes: dict[str, tuple[Expr, ...]]) -> Expr:
    """Return a size in terms of the arguments, as far as it is known when arrays are made."""
    bound = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))

    def stays(e: Expr) -> bool:
        return all(bound[n] + (n in function.params) <= 1 for n in ir.names_in(e))

    while True:
        table: dict[Expr, Expr] = {}
        for e in ir.walk(size):
            if isinstance(e, Op) and e.fn == "shape" and isinstance(e.args[0], Name) and e.args[0].id in sizes:
                made = sizes[e.args[0].id][int(e.option("axis"))]
                if made != e and stays(made) and e not in ir.walk(made):
                    table[e] = made
        if not table:
            return size
        size = ir.substitute(size, table)


def _needed(block: Block, wanted: set[str]) -> Block:
    """Return what a block does for the values of some names; what stops the run or prints is left out."""
    while True:
        kept = _what_binds(block, wanted)
        more = wanted | ir.names_in(*(e for s in ir.statements(kept) for e in ir.exprs_of(s)))
        if more == wanted:
            return kept
        wanted = more


def _what_binds(block: Block, wanted: set[str]) -> Block:
    def kept(stmt: Stmt) -> bool:
        base = {stmt.base} if isinstance(stmt, ir.Store | ir.Grow) else set()
        return any(ir.blocks_of(stmt)) or isinstance(stmt, ir.Break) or not wanted.isdisjoint({*ir.binds(stmt), *base})

    stmts = (ir.with_blocks(s, lambda b: _what_binds(b, wanted)) for s in block)
    return tuple(s for s in stmts if kept(s))
