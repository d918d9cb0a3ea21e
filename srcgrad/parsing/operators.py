"""Read what functions stand for that Python makes of other things: `operator.add`, `functools.partial(f, x)`."""

from __future__ import annotations

import ast
import functools
import operator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from ..language import ir
from ..library import page_of
from .expressions import NOT_HERE, OBJECT, ExpressionReader, Obj, Struct
from .members import member_of

_BINARY: dict[object, type[ast.operator]] = {
    operator.add: ast.Add, operator.sub: ast.Sub, operator.mul: ast.Mult, operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv, operator.mod: ast.Mod, operator.pow: ast.Pow, operator.matmul: ast.MatMult,
    operator.and_: ast.BitAnd, operator.or_: ast.BitOr, operator.xor: ast.BitXor, operator.lshift: ast.LShift,
    operator.rshift: ast.RShift,
}  # fmt: skip
_UNARY: dict[object, type[ast.unaryop]] = {
    operator.neg: ast.USub, operator.pos: ast.UAdd, operator.invert: ast.Invert, operator.not_: ast.Not,
}  # fmt: skip
_TESTS: dict[object, type[ast.cmpop]] = {
    operator.lt: ast.Lt, operator.le: ast.LtE, operator.eq: ast.Eq, operator.ne: ast.NotEq, operator.ge: ast.GtE,
    operator.gt: ast.Gt,
}  # fmt: skip
# how the methods are called that say what operators do
_METHODS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.Mod: "mod", ast.FloorDiv: "floordiv", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip


@dataclass(frozen=True)
class Partial:
    """A function with some of its arguments, made by `functools.partial` in the function that is read."""

    function: object
    args: tuple
    keywords: tuple[tuple[str, object], ...]
    reader: object  # a function of what stands around it, as an inner function is

    def __call__(self):
        raise NotImplementedError  # known by `callable`, called where it is read


@dataclass(frozen=True)
class Frozen:
    """A distribution of `scipy.stats` with its parameters: `norm(0.0, 2.0)`."""

    distribution: Any
    parameters: tuple[tuple[str, object], ...]
    reader: object

    def __getattr__(self, name: str) -> Partial:
        """Return a function of the distribution with these parameters."""
        if name.startswith("_") or not callable(getattr(self.distribution, name, None)):
            raise AttributeError(name)
        return Partial(getattr(self.distribution, name), (), self.parameters, self.reader)


class OperatorReader(ExpressionReader):
    """Reads calls of them as what they stand for."""

    def operator_call(self, node, f):
        """Return the value of a call of a function of `operator`, of `partial`, or of what that has made."""
        if f is functools.partial:
            return self.made_partial(node)
        if f is np.vectorize:
            return self.made_by_elements(node)
        if _is_distribution(f):
            return self.frozen(node, f)
        if isinstance(f, Partial | functools.partial):
            return self.expr(self.completed(node, f))
        stands_for = next((made for table, made in _MADE if any(f is g for g in table)), None)
        if stands_for is None or node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            return NOT_HERE
        if len(node.args) != (1 if f in _UNARY else 2):
            self.fail(node, f"{ast.unparse(node.func)}() of {len(node.args)} arguments", "correct the call")
        return self.expr(ast.copy_location(stands_for(f, *node.args), node))

    def by_class(self, node, op: type, *operands):
        """Return what an operator gives where the class of an operand says it; NOT_HERE for other operands."""
        name = _METHODS.get(op)
        for k, value in enumerate(operands):
            cls = value.make if isinstance(value, Struct) else None
            member = member_of(cls, f"__{'r' * k}{name}__") if cls and name else None
            first = operands[0]
            if k and isinstance(member, FunctionType) and isinstance(first, ir.Expr) and self.shared.ranks.rank(first):
                self.fail(node, "NumPy asks an object beside an array for every element", "put the object first")
            if isinstance(member, FunctionType):
                return self.user_call(node, member, ([value, *operands[:k], *operands[k + 1 :]], {}))
        for value in operands:
            if isinstance(value, Struct) and value.kind in (OBJECT, "dataclass"):
                of = value.make.__name__ if value.make else "dataclass"
                self.fail(node, f"{of} has no method for this operator", "compute with its fields")
        return NOT_HERE

    def made_partial(self, node) -> Obj:
        """Return a function with some of its arguments, as they are now."""
        (function, *args), keywords = self.values_of(node)
        if not isinstance(function, Obj):
            self.fail(node, f"{ast.unparse(node)} is not one of a function", "pass a function")
        held = tuple((k, self.hold(v, node)) for k, v in keywords.items())
        return Obj(Partial(function.value, tuple(self.hold(v, node) for v in args), held, self))

    def bound_method(self, node, value: Struct, method) -> Obj:
        """Return a method that is not called here: a function with the object as its first argument."""
        if isinstance(method, staticmethod):
            return Obj(method.__func__)
        return Obj(Partial(method, (self.hold(value, node),), (), self))

    def made_by_elements(self, node) -> Obj:
        """Return what np.vectorize makes of a function: its page, with the function as the first argument."""
        known = [k.value for k in node.keywords if k.arg == "otypes"]
        if len(node.args) != 1 or len(known) < len(node.keywords):
            self.fail(node, "np.vectorize with other options than otypes is not supported", "write the loop")
        function, *options = self.in_order([*node.args, *known])
        if not isinstance(function, Obj):
            self.fail(node, f"{ast.unparse(node)} is not one of a function", "pass a function")
        try:
            made = np.vectorize(callable, otypes=self.known_value(options[0], node) if options else None)
        except (TypeError, ValueError) as e:
            self.fail(node, f"np.vectorize: {e}", "correct the call")
        page, given = self.by_elements(node, made, function)
        return Obj(Partial(page, tuple(given), (), self))

    def in_place_by_class(self, node: ast.AugAssign, value):
        """Return what `value += other` binds where the class of the value says it; NOT_HERE for other values."""
        name, cls = _METHODS.get(type(node.op)), value.make if isinstance(value, Struct) else None
        member = member_of(cls, f"__i{name}__") if cls and name else None
        if not isinstance(member, FunctionType):
            return NOT_HERE
        return self.user_call(node, member, ([value, self.expr(node.value)], {}))

    def frozen(self, node, distribution) -> Obj:
        """Return a distribution with its parameters, as they are now."""
        shapes = getattr(distribution, "shapes", None)
        names = [*(shapes.split(", ") if shapes else ()), "loc", "scale"]
        names = ["mean", "cov"] if hasattr(distribution, "_dist") or not hasattr(distribution, "shapes") else names
        positional, keywords = self.values_of(node)
        if len(positional) > len(names) or any(k not in names for k in keywords):
            self.fail(node, f"{ast.unparse(node.func)}() takes {', '.join(names)}", "correct the call")
        given = dict(zip(names, positional, strict=False)) | keywords
        return Obj(Frozen(distribution, tuple((k, self.hold(v, node)) for k, v in given.items()), self))

    def completed(self, node, f) -> ast.Call:
        """Return a call of a partial function as one of its function, with all arguments."""

        def named(value) -> ast.Name:
            name = self.fresh("given")
            self.env[name] = value
            return ast.copy_location(ast.Name(name, ast.Load()), node)

        function = f.function if isinstance(f, Partial) else f.func
        own = dict(f.keywords)
        args = [named(self.lift(v, node)) for v in f.args]
        given = {k.arg for k in node.keywords}
        kept = [ast.copy_location(ast.keyword(k, named(self.lift(v, node))), node) for k, v in own.items()
                if k not in given]  # fmt: skip
        call = ast.Call(named(Obj(function)), [*args, *node.args], [*kept, *node.keywords])
        return ast.copy_location(call, node)


_MADE = (
    (_BINARY, lambda f, a, b: ast.BinOp(a, _BINARY[f](), b)),
    (_UNARY, lambda f, a: ast.UnaryOp(_UNARY[f](), a)),
    (_TESTS, lambda f, a, b: ast.Compare(a, [_TESTS[f]()], [b])),
    ((operator.getitem,), lambda f, a, b: ast.Subscript(a, b, ast.Load())),
    ((operator.contains,), lambda f, a, b: ast.Compare(b, [ast.In()], [a])),
)


def _is_distribution(f) -> bool:
    """Return whether an object is a distribution of `scipy.stats`, some function of which can be read."""
    of_stats = type(f).__module__.startswith("scipy.stats.")
    return of_stats and page_of(getattr(f, "logpdf", None) or getattr(f, "logpmf", None)) is not None
