"""Members of dataclasses and namedtuples: methods, properties and constants, as the user wrote them in the class."""

from __future__ import annotations

import abc
import ast
import copy
import dataclasses
import functools
import inspect
import textwrap
from types import FunctionType, MethodType

import numpy as np

_WAYS_OF_ITS_OWN = ("__setattr__", "__getattr__", "__getattribute__", "__new__", "__init_subclass__")


def member_of(cls: type, name: str):
    """Return what a class has under a name besides its fields, and what its maker wrote; None where there is nothing.

    >>> class Pair:
    ...     scale = 2.0
    ...     def total(self):
    ...         return self.x
    >>> member_of(Pair, "scale"), member_of(Pair, "total").__name__, member_of(Pair, "mean")
    (2.0, 'total', None)
    """
    found = inspect.getattr_static(cls, name, None)
    if isinstance(found, functools.cached_property):
        found = property(found.func)
    made = found.fget if isinstance(found, property) else found
    made = made.__func__ if isinstance(made, staticmethod) else made
    if isinstance(made, FunctionType):
        # those that a namedtuple, a dataclass or `total_ordering` makes have no file, or that of Python's library
        by_maker = made.__module__ in ("collections", "typing", "dataclasses", "functools")
        return None if by_maker or made.__code__.co_filename == "<string>" else found
    return found if isinstance(found, bool | int | float | str | tuple | np.ndarray) else None


_ORDERS = ("__lt__", "__gt__", "__le__", "__ge__")
_STRICT = {
    "__lt__": (ast.Lt, ast.Gt), "__gt__": (ast.Gt, ast.Lt), "__le__": (ast.LtE, ast.GtE), "__ge__": (ast.GtE, ast.LtE),
}  # fmt: skip


def order_of(cls: type, method: str) -> ast.Lambda | None:
    """Return the key that puts objects of a class in the order of its `<` or `>`; None where no key is known.

    >>> @dataclasses.dataclass(order=True)
    ... class Job:
    ...     cost: float
    ...     name: str = dataclasses.field(compare=False, default="")
    >>> ast.unparse(order_of(Job, "__lt__"))
    'lambda self: self.cost'
    """
    own = [member_of(cls, name) for name in (method, *_ORDERS)]
    found = next((f for f in own if isinstance(f, FunctionType)), None)
    if found is not None:
        return _key_compared(found)
    owner = next((c for c in cls.__mro__ if "__lt__" in vars(c)), object)
    made = vars(owner).get("__dataclass_params__")
    if made is None or not made.order:
        return None
    names = [f"self.{f.name}" for f in dataclasses.fields(owner) if f.compare]
    return _lambda(ast.parse(names[0] if len(names) == 1 else f"({', '.join(names)})", mode="eval").body)


def _key_compared(method: FunctionType) -> ast.Lambda | None:
    """Return the key that a method compares of both objects, where that is all that it does."""
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0]
    except (OSError, SyntaxError):
        return None
    if not isinstance(node, ast.FunctionDef) or node.name not in _STRICT or len(node.args.args) != 2:
        return None
    last = node.body[-1]
    test = last.value if isinstance(last, ast.Return) else None
    before = [s for s in node.body[:-1] if not isinstance(s, ast.Expr)]  # its docstring
    guards = [isinstance(s, ast.If) and [ast.unparse(b) for b in s.body] == ["return NotImplemented"] for s in before]
    if not all(guards) or not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    first, second = (_of_self(side, node.args.args) for side in (test.left, test.comparators[0]))
    upward, downward = _STRICT[node.name]
    (own, key), (other, same) = first, second
    if {own, other} != {0, 1} or ast.unparse(key) != ast.unparse(same) or type(test.ops[0]) not in (upward, downward):
        return None
    if (own == 0) == isinstance(test.ops[0], upward):
        return _lambda(key)
    parts = [ast.UnaryOp(ast.USub(), e) for e in (key.elts if isinstance(key, ast.Tuple) else [key])]
    return _lambda(ast.Tuple(list(parts), ast.Load()) if isinstance(key, ast.Tuple) else parts[0])


def _of_self(side: ast.expr, params: list[ast.arg]) -> tuple[int | None, ast.expr]:
    """Return of which parameter alone a side of a comparison is, and the side as one of `self`."""
    side = copy.deepcopy(side)
    names = [n for n in ast.walk(side) if isinstance(n, ast.Name)]
    of = {next((k for k, p in enumerate(params) if p.arg == n.id), None) for n in names}
    for n in names:
        n.id = "self"
    return of.pop() if len(of) == 1 else None, side


def _lambda(body: ast.expr) -> ast.Lambda:
    args = ast.arguments(posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(args, body)


def keeps_fields(cls: type) -> bool:
    """Return whether the `__init__` of a dataclass is the one that was made for it, or for a class it inherits from."""
    made = inspect.getattr_static(cls, "__init__") is not vars(object)["__init__"]
    return made and member_of(cls, "__init__") is None


def is_users_class(cls) -> bool:
    """Return whether a class keeps its fields as Python's own do: it and its bases are text, with no ways of their own.

    >>> is_users_class(dict), is_users_class(ValueError)
    (False, False)
    """
    if not isinstance(cls, type) or type(cls) not in (type, abc.ABCMeta) or cls.__module__ == "builtins":
        return False
    bases = [c for c in cls.__mro__ if c not in (object, abc.ABC)]
    first = {c.__module__.split(".")[0] for c in bases}
    if first & {"builtins", "numpy", "scipy", "numba", "sympy", "srcgrad", "enum", "typing", "collections"}:
        return False
    return not any(name in vars(c) for c in bases for name in _WAYS_OF_ITS_OWN)


def call_of(f):
    """Return the method that a call of an object of the user's runs; anything else as it is.

    >>> call_of(len).__name__
    'len'
    """
    call = inspect.getattr_static(type(f), "__call__", None)
    ours = type(f).__module__.split(".")[0] in ("srcgrad", "numpy", "scipy", "numba", "sympy", "functools")
    return MethodType(call, f) if isinstance(call, FunctionType) and not ours else f


def plain_member(value) -> bool | int | float | str:
    """Return a number or text as one of Python's or a float64: a member of an enumeration of these is one of them."""
    plain = next(t for t in (bool, int, float, str) if isinstance(value, t))
    return value if isinstance(value, np.float64) else str.__str__(value) if plain is str else plain(value)
