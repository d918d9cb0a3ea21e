"""Names for the tests of extremes that overwrite one of their arguments: a byte is kept, not the numbers compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from ..analysis.writes import first_writes
from ..language import ir
from ..language.ir import Block, Expr, For, Function, Kind, Let, Name, Op, Stmt, Store, Sub, While
from ..rules import elementwise

TESTS = {"minimum": "le", "maximum": "ge"}  # as the rows of their partials have them


@dataclass
class KeptTests:
    """The tests that were named: of each store, by its identity, what it compares and the name of that."""

    of: dict[int, tuple[Expr, str]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.of.values()}

    def used(self, stmt: Stmt, code: list[Stmt]) -> list[Stmt]:
        """Return the adjoint code of a statement with its test by name."""
        if id(stmt) not in self.of:
            return code
        test, name = self.of[id(stmt)]
        table: dict[Expr, Expr] = {test: Name(name)}

        def named(s: Stmt) -> Stmt:
            return ir.with_blocks(ir.with_exprs(s, lambda e: ir.substitute(e, table)), lambda b: map(named, b))

        return [named(s) for s in code]


def name_tests(function: Function, kinds: dict[str, Kind], active, fresh: ir.Fresh) -> tuple[Function, KeptTests]:
    """Return (function, tests) with the test of `a[i] = min(a[i], b)` in loops as a statement before it.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text('''
    ... def f(a, b, n):
    ...     for k in range(n):
    ...         for i in range(n):
    ...             a[i] = np.minimum(a[i], b[i] + a[k])
    ...     return a''')
    >>> kinds = {"a": Kind("float64", 1), "b": Kind("float64", 1)}
    >>> print(emit(name_tests(f, kinds, {"a", "b"}, ir.Fresh(ir.all_names(f)))[0]))
    def f(a, b, n):
        for k in range(n):
            for i in range(n):
                test = a[i] <= b[i] + a[k]
                a[i] = np.minimum(a[i], b[i] + a[k])
        return a
    """
    first = first_writes(function.body)
    tests = KeptTests()

    def block(stmts: Block, inside: bool) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            deeper = inside or isinstance(stmt, For | While)
            stmt = ir.with_blocks(stmt, partial(block, inside=deeper))
            test = compared(stmt) if inside and isinstance(stmt, Store) and id(stmt) not in first else None
            if test is not None and isinstance(stmt, Store) and stmt.base in active:
                name = fresh("test")
                kinds[name] = Kind("bool")
                out.append(Let(name, test, stmt.loc))
                tests.of[id(stmt)] = test, name
            out.append(stmt)
        return tuple(out)

    return replace(function, body=block(function.body, False)), tests


def compared(stmt: Store) -> Op | None:
    """Return the test that decides an extreme of what a store overwrites and something else, None of other stores."""
    value = stmt.value
    row = elementwise.BY_SPELLING.get(value.fn) if isinstance(value, Op) else None
    if not isinstance(value, Op) or row is None or row.name not in TESTS or stmt.op != "=" or len(value.args) != 2:
        return None
    own = Sub(Name(stmt.base), stmt.index)
    return Op(TESTS[row.name], value.args) if own in value.args and value.args[0] != value.args[1] else None
