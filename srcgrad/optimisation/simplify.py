"""Make code shorter without changing what it computes: constants, single-use temporaries, dead statements."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..analysis.dead_code import draws_random, drop_dead
from ..language import ir
from ..language.blocks import by_section, rename_block
from ..language.calls import is_call, joined
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, Sub, While
from ..language.kinds import BOOL, FLOAT, INT, as_float, kind_of
from ..rules import elementwise
from .known_tests import settle_tests

_OPPOSITE = {"+=": "-=", "-=": "+="}


def simplify(function: ir.Function, kinds: dict[str, Kind] | None = None) -> ir.Function:
    """Return the function with constants propagated and unused statements removed.

    Products with one are folded where `kinds` tell that the other side is a float: an integer must stay a float.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x):\\n    s = 1.0\\n    t = x * s\\n    u = x + 2.0\\n    return t")
    >>> print(emit(simplify(f)))
    def f(x):
        s = 1.0
        t = x * s
        return t
    """
    while True:
        before = function
        function = propagate_constants(function, kinds)
        function = join_quotients(forward_copies(rename_results(function)))
        function = drop_dead(settle_tests(function))
        function = join_stores(join_tests(function))
        if function == before:
            return function


def propagate_constants(function: ir.Function, kinds: dict[str, Kind] | None) -> ir.Function:
    """Return the function with adjoints bound once, to a number, replaced by it; products with 1 folded."""
    counts = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    stored = ir.stored_in(function.body)
    table: dict[Expr, Expr] = {
        Name(s.target): s.value
        for s in ir.statements(function.body)
        if isinstance(s, Let) and counts[s.target] == 1 and s.target not in stored and s.target not in function.params
        and isinstance(s.value, Const) and s.target.split("_bar")[0] != s.target
    }  # fmt: skip

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, lambda e: fold(ir.substitute(e, table) if table else e, kinds))
        if isinstance(stmt, Store) and stmt.op in _OPPOSITE and isinstance(stmt.value, Op) and stmt.value.fn == "neg":
            stmt = replace(stmt, op=_OPPOSITE[stmt.op], value=stmt.value.args[0])
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    return replace(function, body=tuple(one(s) for s in function.body))


def forward_copies(function: ir.Function) -> ir.Function:
    """Return the function without adjoints inside loops and branches that are another name of a number next to them."""
    counts = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    readers = Counter(n for s in ir.statements(function.body) for n in _reads(s))

    def block(stmts):
        stmts = [ir.with_blocks(s, block) for s in stmts]
        k = 0
        while k < len(stmts):
            stmt, rest = stmts[k], tuple(stmts[k + 1 :])
            k += 1
            if not (isinstance(stmt, Let) and _is_place(stmt.value) and "_bar" in stmt.target):
                continue
            name, value = stmt.target, stmt.value
            uses = [j for j, s in enumerate(rest) if name in ir.read_in((s,))]
            here = sum(name in _reads(s) for s in ir.statements(rest))
            if counts[name] > 1 or here < readers[name] or not uses:
                continue
            if isinstance(value, Sub) and (ir.stored_in(rest[: uses[-1]]) or isinstance(rest[uses[-1]], For | While)):
                continue  # after a store, and in a loop, it would be loaded again
            until = rest[: uses[-1] + 1]
            if not ir.names_in(value) & (ir.bound_in(until) | ir.stored_in(until)):
                k -= 1
                stmts[k:] = _read_for(rest, name, value)
        return tuple(stmts)

    return replace(function, body=tuple(ir.with_blocks(s, block) for s in function.body))


def _is_place(value: Expr) -> bool:
    """Return whether an expression is a name, or an element at names and numbers."""
    if isinstance(value, Sub):
        return isinstance(value.base, Name) and all(isinstance(i, Name | Const) for i in value.index)
    return isinstance(value, Name)


def _read_for(block, name: str, value: Expr) -> tuple[Stmt, ...]:
    """Return a block that reads a place in place of a name for it."""
    if isinstance(value, Name):
        return rename_block(block, {name: value.id})

    def one(stmt: Stmt) -> Stmt:
        stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, {Name(name): value}))
        return ir.with_blocks(stmt, lambda b: tuple(map(one, b)))

    return tuple(map(one, block))


def rename_results(function: ir.Function) -> ir.Function:
    """Return the function with results of calls under the names that are given to them behind the call, for good.

    >>> from srcgrad.language.calls import Routine, call
    >>> from srcgrad.language.emit import emit
    >>> both = call(("u",), Routine("g", ir.Function("g", ("x",), ())), (Name("x"),), None)
    >>> body = (both, Let("v", Name("u")), ir.Return(Op("mul", (Name("u"), Name("v")))))
    >>> print(emit(rename_results(ir.Function("f", ("x",), body))))
    def f(x):
        v = g(x)
        return v * v
    """
    counts = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    stored = ir.stored_in(function.body) | set(function.params)
    names: dict[str, str] = {}

    def block(stmts):
        out: list[Stmt] = []
        results: set[str] = set()
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            named = isinstance(stmt, Let) and isinstance(stmt.value, Name) and stmt.value.id in results
            if named and counts[stmt.target] == counts[stmt.value.id] == 1 and (
                not {stmt.target, stmt.value.id} & stored and stmt.value.id not in names):  # fmt: skip
                names[stmt.value.id] = stmt.target
                continue
            results = set(stmt.targets) if is_call(stmt) else results if named else set()
            out.append(stmt)
        return tuple(out)

    if not any(is_call(s) for s in ir.statements(function.body)):
        return function
    made = by_section(function, block)
    return replace(made, body=rename_block(made.body, names))


def join_quotients(function: ir.Function) -> ir.Function:
    """Return the function with `a * (1.0 / b)` of the backward part as `a / b` where `a` is no adjoint."""
    start = {title: k for k, title in function.sections}.get("backward", len(function.body))

    def one(expr: Expr) -> Expr:
        expr = ir.rebuild(expr, one)
        if isinstance(expr, Op) and expr.fn == "mul" and not any("_bar" in n for n in ir.names_in(expr.args[0])):
            a, b = expr.args
            if isinstance(b, Op) and b.fn == "div" and _is(b.args[0], 1):
                return Op("div", (a, b.args[1]))
        return expr

    def block(stmts):
        return tuple(ir.with_blocks(ir.with_exprs(s, one), block) for s in stmts)

    return replace(function, body=(*function.body[:start], *block(function.body[start:])))


def _reads(stmt: Stmt) -> set[str]:
    return ir.names_in(*ir.exprs_of(stmt)) | ({stmt.base} if isinstance(stmt, Store) else set())


def join_tests(function: ir.Function) -> ir.Function:
    """Return the function with `test = e; if test:` as `if e:` where nothing else reads the name."""
    reads = Counter(n for s in ir.statements(function.body) for x in ir.exprs_of(s) for n in ir.names_in(x))

    def block(stmts):
        out: list[Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            last = out[-1] if out else None
            once = isinstance(last, Let) and reads[last.target] == 1
            if once and isinstance(stmt, If) and isinstance(last, Let) and stmt.test == Name(last.target):
                stmt = replace(stmt, test=last.value)
                out.pop()
            both = joined(last, stmt, reads)
            if both is not None:
                stmt = both
                out.pop()
            out.append(stmt)
        return tuple(out)

    return by_section(function, block)


def join_stores(function: ir.Function) -> ir.Function:
    """Return the function with `a[i] = 0.0` and then `a[i] += e` as one store, and without values replaced at once.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(a, x):\\n    a[0] = 0.0\\n    a[0] -= x\\n    return a")
    >>> print(emit(join_stores(f), comments=False))
    def f(a, x):
        a[0] = -x
        return a
    """

    def block(stmts):
        out: list[Stmt] = []
        for stmt in stmts:
            stmt = ir.with_blocks(stmt, block)
            last = out[-1] if out else None
            if isinstance(last, Store) and isinstance(stmt, Store) and _starts(last, stmt):
                value = stmt.value if stmt.op == "+=" else Op("neg", (stmt.value,))
                stmt = replace(stmt, op="=", value=value)
                out.pop()
            elif isinstance(last, Let) and isinstance(stmt, Let) and _replaces(last, stmt):
                out.pop()
            elif isinstance(last, Let) and (last.target, last.value) == _exchanged(stmt):
                continue  # kept and put back at once
            out.append(stmt)
        return tuple(out)

    return by_section(function, block)


def _starts(first: Store, second: Store) -> bool:
    """Return whether a store adds to the zero that the store before it has written."""
    same = (first.base, first.index) == (second.base, second.index) and second.op in ("+=", "-=")
    zero = first.op == "=" and first.value == Const(0.0)
    return same and zero and first.base not in ir.names_in(second.value, *second.index)


def _exchanged(stmt: Stmt) -> tuple[str, Expr] | None:
    """Return (name, value) of the statement that `stmt`, which gives a name the value of another, would undo."""
    return (stmt.value.id, Name(stmt.target)) if isinstance(stmt, Let) and isinstance(stmt.value, Name) else None


def _replaces(first: Let, second: Let) -> bool:
    """Return whether a binding takes the place of the one just before, whose value nothing reads."""
    if first.target != second.target or first.target in ir.names_in(second.value) or is_call(first):
        return False
    parts = list(ir.walk(first.value))
    plain = all(isinstance(e, Name | Const | Op | ir.Sub) for e in parts)
    return plain and not any(isinstance(e, Op) and (draws_random(e) or e.fn == "print_grad") for e in parts)


def fold(expr: Expr, kinds: dict[str, Kind] | None) -> Expr:
    """Return the expression without multiplications by one and differences from zero, a sign in place of factors -1."""
    if kinds is None:
        return expr
    expr = ir.rebuild(expr, lambda e: fold(e, kinds))
    if isinstance(expr, Op):
        if expr.fn == "mul":
            a, b = expr.args
            if _is(a, 1):
                return as_float(b, kinds)
            if _is(b, 1):
                return as_float(a, kinds)
            if _is(b, -1):
                return Op("neg", (as_float(a, kinds),))
        if expr.fn == "add" and all(_is_truth(e, kinds) for e in expr.args):
            # where a partial is a test: NumPy joins truth values by `or` where they are added as such
            return replace(expr, args=(Select(expr.args[0], Const(1), Const(0)), expr.args[1]))
        if expr.fn == "sub" and expr.args[1] == Const(0.0):
            return as_float(expr.args[0], kinds)  # a sum with zero is another one where it is -0.0
        if expr.fn in ("add", "sub") and expr.args[1] == Const(0) and _is_whole(expr.args[0], kinds):
            return expr.args[0]
        if expr.fn == "add" and expr.args[0] == Const(0) and _is_whole(expr.args[1], kinds):
            return expr.args[1]
        if expr.fn in ("min", "max") and expr.args[0] == expr.args[1]:
            return expr.args[0]
        if expr.fn == "div" and _is(expr.args[1], 1):
            return as_float(expr.args[0], kinds)
        if expr.fn == "neg" and isinstance(expr.args[0], Const) and not isinstance(expr.args[0].value, bool):
            return Const(-expr.args[0].value)
    if isinstance(expr, Select) and expr.then == expr.other:
        return expr.then
    return expr


def _is_truth(expr: Expr, kinds: dict[str, Kind]) -> bool:
    """Return whether an expression is a test, or the name of what one gave."""
    if isinstance(expr, Name):
        return kinds.get(expr.id) == BOOL
    return isinstance(expr, Op) and (expr.fn in elementwise.COMPARISONS or expr.fn == "not")


def _is_whole(expr: Expr, kinds: dict[str, Kind]) -> bool:
    """Return whether an expression is a whole number; names that are not known are none."""
    return kind_of(expr, {n: kinds.get(n, FLOAT) for n in ir.names_in(expr)}) == INT


def _is(expr: Expr, value: float) -> bool:
    return isinstance(expr, Const) and isinstance(expr.value, float) and expr.value == value


__all__ = ["While", "fold", "propagate_constants", "simplify"]
