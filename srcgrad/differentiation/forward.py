"""Forward mode: beside every statement of a lowered function the tangents of what it binds or writes.

Values that depend on no differentiated argument, or that no result depends on, have no tangent. An array has a shadow
of its size. With a width, tangents are those of many directions at once: an axis more, behind the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..analysis.access import root_of
from ..analysis.activity import check_constants, useful, varied
from ..language import ir
from ..language.blocks import updates
from ..language.calls import is_call
from ..language.dependence import reading_tests
from ..language.ir import Block, Const, Expr, For, Grow, Kind, Let, Name, Op, Select, Stmt, Store, Sub, Unpack
from ..language.kinds import as_float
from ..language.sum_order import UNORDERED
from ..rules import externals
from .linear import LinearForm
from .prepare import check_draws, name_results, own_written_params
from .scaled import guard, multiple, negative
from .tangent_calls import TangentCalls
from .transcendentals import name_transcendentals


@dataclass(frozen=True)
class Tangents:
    """The tangent form of a function.

    Attributes
    ----------
    body : Block
        Primal and tangents, without the return.
    dots : tuple of str
        Names of the tangents of the parameters differentiated by, which become parameters.
    outs, out_dots : tuple of str
        Names of the results, and of their tangents ('' for a result that does not depend on the parameters).
    zero : callable
        Gives a tangent of zero for a name.
    """

    function: ir.Function
    body: Block
    dots: tuple[str, ...]
    outs: tuple[str, ...]
    out_dots: tuple[str, ...]
    kinds: dict[str, Kind]
    zero: Callable[[str], Expr]


def forward(function: ir.Function, kinds: dict[str, Kind], wrt: tuple[str, ...], pages=None, builder=None) -> Tangents:
    """Return the tangent form of a lowered function with respect to the parameters `wrt`.

    `pages` reads the pages of rules; `builder` is the class that writes tangents, by default along one direction.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x, n):\\n    y = x\\n    for i in range(n):\\n        y = y * np.sin(x)\\n    return y")
    >>> made = forward(f, {"x": Kind("float64"), "y": Kind("float64"), "n": Kind("int64")}, ("x",))
    >>> print(emit(replace(made.function, body=made.body), comments=False))
    def f(x, n):
        y = x
        y_dot = x_dot
        for i in range(n):
            sin = np.sin(x)
            sin_dot = np.cos(x) * x_dot
            y_dot = sin * y_dot + y * sin_dot
            y = y * sin
    """
    fresh = ir.Fresh(ir.all_names(function))
    kinds = dict(kinds)
    many = builder is not None and builder.many
    function, own = own_written_params(function, kinds, fresh, numbers=many)
    function, outs = name_results(function, kinds, fresh)
    found = varied(function, kinds, tuple(own.get(p, p) for p in wrt) + wrt)
    check_draws(function, found)
    check_constants(function, found)
    active = useful(function, found, outs)
    function, active = name_transcendentals(function, kinds, active, fresh, everywhere=True)
    writer = (builder or TangentBuilder)(kinds, active | set(wrt), fresh, pages)
    dots = tuple(map(writer.dot, wrt))
    anew = [p for p in function.params if p in active and p not in wrt]  # parameters that are bound anew
    body = writer.block(function.body[:-1])
    body = (*writer.heads(dots, outs, anew, function.loc), *body)
    out_dots = tuple(writer.dot(o) if o in active else "" for o in outs)
    return Tangents(function, body, dots, outs, out_dots, writer.kinds, writer.zero)


class TangentBuilder(TangentCalls):
    """Writes the tangents of statements, for the names that are active."""

    many = False

    def __init__(self, kinds: dict[str, Kind], active: frozenset[str], fresh: ir.Fresh, pages):
        self.kinds, self.active, self.fresh, self.pages = kinds, active, fresh, pages
        self.dots: dict[str, str] = {}

    def heads(self, dots: tuple[str, ...], outs: tuple[str, ...], anew: list[str], loc) -> list[Stmt]:
        """Return what stands at the head of the function; `anew` are parameters without a tangent, bound anew."""
        return [Let(self.dot(p), Const(0.0), loc) for p in anew]

    # -- names
    def dot(self, name: str) -> str:
        """Return the name of the tangent of `name`."""
        if name not in self.dots:
            self.dots[name] = self.fresh(f"{name}_dot")
            self.kinds[self.dots[name]] = self.kinds[name]
        return self.dots[name]

    def is_active(self, leaf: Expr) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in self.active

    def shadow(self, array: Expr) -> Expr:
        """Return the tangent of a name, an element, or a part or turn of an array."""
        if isinstance(array, Name):
            return Name(self.dot(array.id))
        if isinstance(array, Sub):
            return replace(array, base=self.shadow(array.base))
        assert isinstance(array, Op), array
        return replace(array, args=(self.shadow(array.args[0]), *array.args[1:]))

    # -- places of tangents, and what is written there
    def place(self, leaf: Expr) -> Expr:
        """Return the tangent of a number or an element."""
        return self.shadow(leaf)

    def put(self, leaf: Expr, value: Expr, op: str = "=") -> Stmt:
        """Return the statement that gives, or adds, a value to the tangent of a number or an element."""
        place = self.place(leaf)
        if isinstance(place, Sub):
            assert isinstance(place.base, Name)
            return Store(place.base.id, place.index, value, op)
        assert isinstance(place, Name)
        if op != "=":
            value = Op({"+=": "add", "-=": "sub"}[op], (place, value), UNORDERED)
        return Let(place.id, value)

    def each(self, *stmts: Stmt) -> list[Stmt]:
        """Return statements on tangents for every direction."""
        return list(stmts)

    # -- statements
    def block(self, stmts) -> Block:
        return tuple(new for stmt in stmts for new in self.statement(stmt))

    def statement(self, stmt: Stmt) -> list[Stmt]:
        """Return a statement with its tangent, before or behind it."""
        before: list[Stmt] = []
        behind: list[Stmt] = []
        if isinstance(stmt, For):
            return [replace(stmt, body=self.block(stmt.body), schedule=None)]
        if ir.blocks_of(stmt):
            return [ir.with_blocks(stmt, self.block)]
        if is_call(stmt):
            return [self.call(stmt)]
        if isinstance(stmt, Unpack | Let) and externals.is_external(stmt.value):
            return self.external(stmt)
        if isinstance(stmt, Let) and stmt.target in self.active:
            before, behind = self.array(stmt) if self.kinds[stmt.target].rank else self.number(stmt)
        elif isinstance(stmt, Store) and stmt.base in self.active:
            before, behind = self.store(stmt)
        elif isinstance(stmt, Grow) and stmt.base in self.active:
            behind = [replace(stmt, base=self.dot(stmt.base))]
        return [s if isinstance(s, For) else replace(s, loc=s.loc or stmt.loc) for s in (*before, stmt, *behind)]

    def number(self, stmt: Let) -> tuple[list[Stmt], list[Stmt]]:
        """Return (tangent code before, behind) the binding of a number."""
        target, value = Name(stmt.target), _unprinted(stmt.value)
        if isinstance(value, Op) and updates(stmt) and value.fn in ("add", "sub"):
            return self.assigned(target, value.args[1], {"add": "+=", "sub": "-="}[value.fn])
        return self.assigned(target, value, "=")

    def store(self, stmt: Store) -> tuple[list[Stmt], list[Stmt]]:
        """Return (tangent code before, behind) the store of an element."""
        return self.assigned(Sub(Name(stmt.base), stmt.index), stmt.value, stmt.op)

    def assigned(self, target: Name | Sub, value: Expr, op: str) -> tuple[list[Stmt], list[Stmt]]:
        """Return (tangent code before, behind) what assigns or adds a value to a number or an element."""
        form = LinearForm(target if op == "=" else None, value, self.is_active, self.kinds)
        if not form.leaves:
            return ([], []) if op != "=" else ([], self.each(self.put(target, Const(0.0))))
        temps, total = form.tangent(self.place, self.fresh, lambda e: negative(e, self.kinds), self.many)
        for leaf in form.leaves:
            test = guard(leaf, value) if isinstance(leaf, Sub) else None
            place = self.place(leaf)
            if test is not None and () in reading_tests(total, place):
                total = ir.substitute(total, {place: Select(test, place, Const(0.0))})
        total = as_float(total, self.kinds)
        if op == "=" and total == self.place(target):
            return [], []
        lets = [Let(t, e) for t, e in temps]
        code = [*lets, *self.each(self.put(target, multiple(total, self.place(target)) if op == "=" else total, op))]
        return self.placed(root_of(target).id, code, form.uses_result)

    def placed(self, written: str, code: list[Stmt], late=False) -> tuple[list[Stmt], list[Stmt]]:
        """Return (code before, code behind) a statement: behind, unless it reads what is overwritten."""
        return (code, []) if not late and written in ir.read_in(tuple(code)) else ([], code)

    # -- arrays
    def array(self, stmt: Let) -> tuple[list[Stmt], list[Stmt]]:
        """Return (tangent code before, behind) the binding of an array."""
        name, value = stmt.target, _unprinted(stmt.value)
        return [], [Let(self.dot(name), self.array_value(name, value))]

    def array_value(self, name: str, value: Expr) -> Expr:
        """Return the shadow that an array begins with."""
        if isinstance(value, Op):
            if value.fn in ("np.empty", "np.zeros", "np.empty_like", "np.zeros_like", "stack", "unset"):
                return value
            if value.fn == "np.ones":
                return replace(value, fn="np.zeros")
            if value.fn == "copy" and self.is_active(value.args[0]):
                return replace(value, args=(self.shadow(value.args[0]),))
            if value.fn == "np.dot" and (product := self.product(value)) is not None:
                return product
        assert not isinstance(value, Name), value
        return self.zero(name)

    def zero(self, name: str) -> Expr:
        """Return a tangent of zero for a name."""
        return Op("np.zeros_like", (Name(name),)) if self.kinds[name].rank else Const(0.0)

    def product(self, value: Op) -> Expr | None:
        """Return the tangent of a product of arrays: each factor's shadow times the other one; None for zero."""
        a, b = value.args
        terms: list[Expr] = []
        if self.is_active(root_of(a)):
            terms.append(replace(value, args=(self.shadow(a), b)))
        if self.is_active(root_of(b)):
            terms.append(replace(value, args=(a, self.shadow(b))))
        if not terms:
            return None
        return terms[0] if len(terms) == 1 else Op("add", tuple(terms))


def _unprinted(value: Expr) -> Expr:
    """Return the value without what only reverse mode does with it."""
    return value.args[0] if isinstance(value, Op) and value.fn == "print_grad" else value

