"""What a function depends on: a digest of its text, of all it calls, of its rules and of the constants it captures."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
import sysconfig
import types as pytypes
import uuid
import weakref
from collections.abc import Callable, Iterator
from enum import Enum, EnumMeta
from pathlib import Path
from typing import Any

import numpy as np

from .. import tree
from ..custom import Custom
from ..parsing.members import call_of, is_users_class, member_of
from ..parsing.source import python_function
from ..primitives import Primitive
from ..rules import externals
from ..switches import switched_off
from ..travel import lines_of

_DIGESTS: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
MANY = 3000  # functions and objects that a digest goes through: more hang on what no function that can be read calls
_KNOWN = frozenset({"numpy", "math", "numba", "builtins", "scipy", "srcgrad"})


def described(structures) -> tuple[str, ...]:
    """Return canonical texts of structures, for keys: what a function does may depend on the classes in them."""
    return tuple(tree.describe(s) + "".join((*map(_class_digest, _classes(s)), *_objects(s))) for s in structures)


def _objects(structure: tree.Structure) -> Iterator[str]:
    """Yield digests of the functions and members of enumerations in a structure."""
    if isinstance(structure, tree.Node):
        for child in structure.children:
            yield from _objects(child)
    elif isinstance(structure, tree.Known) and tree.is_object(structure.value):
        yield f" {_digest_by(lambda h, seen: _digest_value(structure.value, h, seen, set()))}"


def _classes(structure: tree.Structure) -> Iterator[type]:
    if isinstance(structure, tree.Node):
        if structure.make is not None:
            yield structure.make
        for child in structure.children:
            yield from _classes(child)


def _class_digest(cls: type) -> str:
    """Return a digest of the name of a class and of what it has besides its fields, as it is when first asked for."""
    if cls not in _DIGESTS:
        _DIGESTS[cls] = f" {_digest_by(lambda h, seen: _digest_class(cls, h, seen))}"
    return _DIGESTS[cls]


def _digest_class(cls: type, h, seen):
    """Digest a class by its name and by the members that are read with it."""
    h.update(f"{cls.__module__}.{cls.__qualname__}".encode())
    if cls in seen:
        return
    seen.add(cls)
    for f in dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ():
        h.update(f"{f.name} {f.compare},".encode())  # what is in order by them all
    for name in sorted({name for c in cls.__mro__ for name in vars(c)}):  # `dir` leaves out methods of enumerations
        value = member_of(cls, name)
        if value is not None:
            h.update(f".{name}=".encode())
            _digest_value(value, h, seen, set())


def function_digest(f) -> str:
    """Return a digest of a function's source, of all it calls, and of the constants it captures."""

    def write(h, seen):
        h.update("".join(f"{name}\0" for name in switched_off()).encode())
        _digest_transform(f, h)
        _digest_function(python_function(f), h, seen)
        _digest_rule(f, h, seen)

    return _digest_by(write)


def _digest_by(write: Callable[[Any, set], None]) -> str:
    """Return the digest of what is written into it.

    Where it goes through too much it is one that nothing else has: nothing is found again that was made by it.
    """
    h = hashlib.sha256()
    try:
        write(h, set())
    except (_TooManyError, RecursionError):
        h.update(uuid.uuid4().bytes)
    return h.hexdigest()


class _TooManyError(Exception):
    pass


def _see(thing, seen: set):
    """Take notice that something is digested."""
    if len(seen) >= MANY:
        raise _TooManyError
    seen.add(thing)


def _digest_function(function, h, seen):
    if function is None or id(function) in seen:
        return
    _see(id(function), seen)
    try:
        text = "".join(lines_of(function)[0])
    except (OSError, TypeError):
        text = ""
    code = function.__code__
    # its line too: comments and messages of the generated module name lines
    h.update(f"{function.__qualname__}\0{code.co_firstlineno}\0{text}\0".encode())
    _digest_code(code, h)
    for value in (*(function.__defaults__ or ()), *sorted((function.__kwdefaults__ or {}).items())):
        _digest_value(value, h, seen, set())
    for name, value in sorted(_captured(function, code).items()):
        h.update(f"{name}=".encode())
        _digest_value(value, h, seen, _attribute_names(code))


def _digest_code(code, h):
    h.update(code.co_code)
    h.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    for const in code.co_consts:
        if isinstance(const, pytypes.CodeType):
            _digest_code(const, h)
        else:
            _digest_value(const, h, set(), set())


def _attribute_names(code) -> set[str]:
    names = set(code.co_names)
    for const in code.co_consts:
        if isinstance(const, pytypes.CodeType):
            names |= _attribute_names(const)
    return names


def _names_in(f) -> set[str]:
    function = python_function(f)
    return set() if function is None or _stands_still(function.__module__) else _attribute_names(function.__code__)


def _stands_still(module: str | None) -> bool:
    """Return whether a module is known by its name: a library, Python's own among them, whose text nothing reads."""
    name = (module or "").split(".")[0]
    return name in _KNOWN or name in sys.stdlib_module_names and _is_python_s(name)


@functools.cache
def _is_python_s(name: str) -> bool:
    """Return whether a module is the one of Python's library: a file of the user's may have its name."""
    file = getattr(sys.modules.get(name), "__file__", None)
    own, installed = (Path(sysconfig.get_path(place)).resolve() for place in ("stdlib", "purelib"))
    path = None if file is None else Path(file).resolve()
    return path is None or path.is_relative_to(own) and not path.is_relative_to(installed)


def _captured(function, code) -> dict:
    found = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    for name in _attribute_names(code):
        if name in function.__globals__:
            found.setdefault(name, function.__globals__[name])
    return found


def _digest_transform(value, h):
    """Digest which derivative an object is, and of a derivative of what."""
    while getattr(value, "_transform", "primal") != "primal":
        h.update(f"{value._transform}{value._positions}{value._single}{value._options}".encode())
        value = value._base


def _digest_rule(f, h, seen):
    """Digest the pages of a function's own rule."""
    for name, page in f.rule.items() if isinstance(f, Custom) else ():
        h.update(f"{f.maker} {name}=".encode())
        _digest_value(page, h, seen, set())


def _digest_pages(value, h, seen):
    """Digest the rule of a function without text, and where the function stands."""
    row = externals.found(value)
    if row is None or row.place is None:
        return
    h.update(repr((row.place, row.operands, row.results, row.signatures, row.dtypes)).encode())
    for name, page in sorted(vars(row.rule).items()):
        if callable(page):
            h.update(f"{name}=".encode())
            _digest_value(page, h, seen, set())


def _digest_value(value, h, seen, attributes):
    _digest_pages(value, h, seen)
    if isinstance(value, property | staticmethod):
        value = value.fget if isinstance(value, property) else value.__func__
    if isinstance(value, Enum):
        h.update(f"{value.name}=".encode())
        _digest_value(value.value, h, seen, attributes)
        _digest_attributes(value, h, seen, attributes)
        if not _stands_still(type(value).__module__):
            _digest_class(type(value), h, seen)
    elif isinstance(value, np.ndarray):
        h.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Primitive):
        h.update(value.text.encode())
    elif isinstance(value, tuple | list | dict | set | frozenset | functools.partial | np.vectorize):
        _digest_items(value, h, seen, attributes)
    elif isinstance(value, pytypes.ModuleType):
        h.update(value.__name__.encode())
        if not _stands_still(value.__name__):
            _digest_attributes(value, h, seen, attributes)
    elif (function := python_function(value)) is not None:
        h.update(type(value).__name__.encode())
        _digest_transform(value, h)
        if not _stands_still(function.__module__):
            _digest_function(function, h, seen)
            _digest_rule(value, h, seen)
        else:
            h.update(f"{function.__module__}.{function.__qualname__}".encode())
    elif isinstance(value, pytypes.MethodType):
        # what it reads of its object is named by its own text
        _digest_value(value.__func__, h, seen, attributes)
        _digest_value(value.__self__, h, seen, attributes | _names_in(value.__func__))
    elif isinstance(value, type):
        h.update(f"{value.__module__}.{value.__qualname__}{getattr(value, '_fields', '')}".encode())
        for _, default in sorted(getattr(value, "_field_defaults", {}).items()):
            _digest_value(default, h, seen, attributes)
        for member in value if isinstance(value, EnumMeta) else ():  # a loop over it is unrolled
            _digest_value(member, h, seen, attributes)
        # operators, `__init__` and properties are read though no text names them
        if hasattr(value, "_fields") or dataclasses.is_dataclass(value) or is_users_class(value):
            _digest_class(value, h, seen)
        if not _stands_still(value.__module__):
            _digest_attributes(value, h, seen, attributes)
    elif isinstance(value, bool | int | float | complex | str | bytes | np.generic | range | slice) or value is None:
        h.update(repr(value).encode())
    else:
        # a function in C is its name, a method of one, as np.add.at, what it is a method of as well
        h.update(f"{type(value).__qualname__} {getattr(value, '__name__', '')}".encode())
        owner = getattr(value, "__self__", None)
        if owner is not None and owner is not value:
            _digest_value(owner, h, seen, attributes)
        if type(value).__module__.split(".")[0] not in _KNOWN:
            method = call_of(value)
            if method is not value:
                attributes = attributes | _names_in(method.__func__)
                _digest_value(method.__func__, h, seen, attributes)
            _digest_attributes(value, h, seen, attributes)


def _digest_items(value, h, seen, attributes):
    """Digest what holds other values, and where each of them ends."""
    items = value
    if isinstance(value, functools.partial):
        items = value.func, value.args, value.keywords
    elif isinstance(value, np.vectorize):
        items = value.pyfunc, value.otypes, value.signature, value.excluded
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, set | frozenset):
        items = sorted(value, key=repr)  # in the same order in every process
    h.update(f"{type(value).__qualname__} {len(items)}(".encode())
    if hasattr(value, "_fields"):
        _digest_value(type(value), h, seen, attributes)
    for v in items:
        _digest_value(v, h, seen, attributes)
        h.update(b",")
    h.update(b")")


def _digest_attributes(value, h, seen, attributes):
    """Digest those attributes of a module, class or object that the function's code names."""
    key = (id(value), frozenset(attributes))
    if key in seen:
        return
    _see(key, seen)
    for name in sorted(attributes):
        try:
            found = getattr(value, name)
        except Exception:  # whatever an attribute that is asked for its value raises: it has none
            continue
        h.update(f".{name}=".encode())
        _digest_value(found, h, seen, attributes)
