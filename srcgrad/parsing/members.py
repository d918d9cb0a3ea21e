"""Members of dataclasses and namedtuples: methods, properties and constants, as the user wrote them in the class."""

from __future__ import annotations

import abc
import functools
import inspect
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
