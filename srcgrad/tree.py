"""Flatten and unflatten structured values: tuples, namedtuples, dataclasses, lists and dicts, nested, of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import TypeGuard

import numpy as np

SMALL = 64  # integers that code may be generated for: orders, axes, numbers of layers


@dataclass(frozen=True)
class Leaf:
    """The place of one scalar or array."""


@dataclass(frozen=True)
class Known:
    """The place of a text, a function, a member of an enumeration or None: part of the structure.

    Generated code is made for it. Of a small integer too, where the code has to know it.
    """

    value: str | int | Callable | Enum | None


@dataclass(frozen=True)
class Node:
    """A tuple, namedtuple, dataclass, list or dict: its keys (fields, dict keys or positions) and children."""

    kind: str
    keys: tuple
    children: tuple[Node | Leaf | Known, ...]
    make: type | None = field(default=None, compare=False)


LEAF = Leaf()
Structure = Node | Leaf | Known
# a complex number, or an array of these: a pair of real ones
COMPLEX = Node("complex", ("real", "imag"), (LEAF, LEAF))


def tuple_of(children: tuple[Structure, ...]) -> Node:
    """Return the structure of a tuple."""
    return Node("tuple", tuple(range(len(children))), children)


def part_of(structures: tuple[Structure, ...], positions: tuple[int, ...], single: bool) -> Structure:
    """Return the structure of the arguments at some positions: of one alone, or of a tuple of them."""
    parts = tuple(structures[k] for k in positions)
    return parts[0] if single else tuple_of(parts)


def structure_of(value) -> Structure:
    """Return the structure of a value; anything that is no container, and not complex, is a leaf."""
    if is_complex(value):
        return COMPLEX
    if isinstance(value, tuple):
        children = tuple(structure_of(v) for v in value)
        if hasattr(value, "_fields"):
            return Node("namedtuple", tuple(value._fields), children, type(value))
        return tuple_of(children)
    if isinstance(value, dict):
        return Node("dict", tuple(value), tuple(structure_of(v) for v in value.values()))
    if isinstance(value, list):
        return Node("list", tuple(range(len(value))), tuple(structure_of(v) for v in value))
    if value is None or isinstance(value, str) or is_object(value):
        return Known(value)
    if is_dataclass(value) and not isinstance(value, type) and all(f.init for f in fields(value)):
        names = tuple(f.name for f in fields(value))
        return Node("dataclass", names, tuple(structure_of(getattr(value, n)) for n in names), type(value))
    return LEAF


def with_integers(structures: tuple[Structure, ...], values) -> tuple[Structure, ...]:
    """Return structures of arguments in which small integers, and tuples of these, are known.

    >>> describe(with_integers((LEAF,), (6,))[0]), describe(with_integers((LEAF,), (6.0,))[0])
    ('=6', '*')
    """
    return tuple(_known(s, v) if _is_small(v) else s for s, v in zip(structures, values, strict=True))


def without_integers(structure: Structure) -> Structure:
    """Return a structure with None in the place of known integers, which have no adjoints."""
    if isinstance(structure, Node):
        return replace(structure, children=tuple(map(without_integers, structure.children)))
    return Known(None) if isinstance(structure, Known) and isinstance(structure.value, int) else structure


def _known(structure: Structure, value) -> Structure:
    if isinstance(structure, Node):
        return replace(structure, children=tuple(map(_known, structure.children, value)))
    return Known(value if isinstance(value, bool) else int(value))


def _is_small(value) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(map(_is_small, value))
    return isinstance(value, bool) or isinstance(value, int | np.integer) and abs(int(value)) <= SMALL


def is_plain(value) -> bool:
    """Return whether numba takes a value apart itself: numbers, arrays, and tuples of these."""
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    return not (isinstance(value, dict | list | str) or is_dataclass(value) or is_complex(value) or is_object(value))


def is_function(value) -> bool:
    """Return whether a value is a function: one of Python's, of NumPy's, of numba's or of ours.

    >>> is_function(np.tanh), is_function(len), is_function(float), is_function(1.0)
    (True, True, False, False)
    """
    return callable(value) and not isinstance(value, type) and not is_dataclass(value)


def is_object(value) -> TypeGuard[Callable | Enum]:
    """Return whether a value is a function or a member of an enumeration."""
    return is_function(value) or isinstance(value, Enum)


def is_complex(value) -> bool:
    """Return whether a value is a complex number or an array of these."""
    return isinstance(value, complex) or isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "c"


def leaves_of(values) -> list:
    """Return the leaves of several values in order."""
    return [leaf for value in values for leaf in leaves(structure_of(value), value)]


def leaves(structure: Structure, value) -> Iterator:
    """Yield the leaves of `value` in order."""
    if isinstance(structure, Known):
        return
    if isinstance(structure, Leaf):
        yield value
    elif structure.kind in ("dataclass", "complex"):
        for key, child in zip(structure.keys, structure.children, strict=True):
            yield from leaves(child, getattr(value, key))
    elif structure.kind == "dict":
        for key, child in zip(structure.keys, structure.children, strict=True):
            yield from leaves(child, value[key])
    else:
        for child, item in zip(structure.children, value, strict=True):
            yield from leaves(child, item)


def unflatten(structure: Structure, flat: Iterator):
    """Return a value of that structure whose leaves are the next items of `flat`."""
    if isinstance(structure, Known):
        return structure.value
    if isinstance(structure, Leaf):
        return next(flat)
    items = [unflatten(child, flat) for child in structure.children]
    if structure.kind == "dict":
        return dict(zip(structure.keys, items, strict=True))
    if structure.kind == "list":
        return items
    if structure.kind == "complex":
        return complex_of(*items)
    if structure.kind == "namedtuple" and structure.make is not None:
        return structure.make(*items)
    if structure.kind == "dataclass" and structure.make is not None:
        return structure.make(**dict(zip(structure.keys, items, strict=True)))
    return tuple(items)


def complex_of(real, imag):
    """Return the complex number with these parts, or an array of these; None of parts that are None."""
    if real is None:
        return None
    if not isinstance(real, np.ndarray):
        return complex(real, imag)
    made = np.empty(real.shape, np.result_type(real.dtype, np.complex64))
    made.real, made.imag = real, imag
    return made


def has_complex(structure: Structure) -> bool:
    """Return whether a structure has a complex number in it.

    >>> has_complex(tuple_of((LEAF, COMPLEX))), has_complex(LEAF)
    (True, False)
    """
    return isinstance(structure, Node) and (structure.kind == "complex" or any(map(has_complex, structure.children)))


def retyped(structure: Structure, value):
    """Return a value of nested tuples as one of that structure."""
    if isinstance(structure, Known):
        return structure.value
    if isinstance(structure, Leaf):
        return value
    items = [retyped(c, v) for c, v in zip(structure.children, value, strict=True)]
    return unflatten(replace(structure, children=(LEAF,) * len(items)), iter(items))


def leaf_names(structure: Structure, base: str) -> Iterator[str]:
    """Yield a name for every leaf: `p` itself, `p_W` for a field, `p_0` for a position."""
    if isinstance(structure, Known):
        return
    if isinstance(structure, Leaf):
        yield base
        return
    for key, child in zip(structure.keys, structure.children, strict=True):
        part = "".join(c if c.isalnum() else "_" for c in str(key))
        yield from leaf_names(child, f"{base}_{part}")


def part_path(structure: Node, path: str, key) -> str:
    """Return the Python expression of a part: `p["W"]`, `p[0]`, `p.W`."""
    return f"{path}[{key!r}]" if structure.kind in ("tuple", "list", "dict") else f"{path}.{key}"


def leaf_paths(structure: Structure, path: str) -> Iterator[str]:
    """Yield the Python expression of every leaf: `p`, `p['W']`, `p[0].W`."""
    if isinstance(structure, Leaf):
        yield path
    elif isinstance(structure, Node):
        for key, child in zip(structure.keys, structure.children, strict=True):
            yield from leaf_paths(child, part_path(structure, path, key))


def count(structure: Structure) -> int:
    """Return the number of leaves."""
    if isinstance(structure, Node):
        return sum(map(count, structure.children))
    return int(isinstance(structure, Leaf))


def index_expression(structure: Structure, base: str) -> Iterator[str]:
    """Yield the Python expression of every leaf: `p`, `p[0]`, `p[0][1]` (fields by position)."""
    if isinstance(structure, Known):
        return
    if isinstance(structure, Leaf):
        yield base
        return
    for k, child in enumerate(structure.children):
        yield from index_expression(child, f"{base}[{k}]")


def pruned(structure: Structure, keep: Iterator[bool]) -> Structure:
    """Return the structure with None in the place of the leaves that are not kept.

    >>> pruned(Node("tuple", (0, 1), (LEAF, LEAF)), iter([True, False]))
    Node(kind='tuple', keys=(0, 1), children=(Leaf(), Known(value=None)), make=None)
    """
    return each(structure, keep, LEAF)


def each(structure: Structure, keep: Iterator[bool], inner: Structure) -> Structure:
    """Return the structure with another one in the place of the leaves that are kept, None in that of others.

    >>> describe(each(tuple_of((LEAF, LEAF)), iter([True, False]), tuple_of((LEAF,))))
    'tuple(0:tuple(0:*),1:=None)'
    """
    if isinstance(structure, Known):
        return structure
    if isinstance(structure, Leaf):
        return inner if next(keep) else Known(None)
    return replace(structure, children=tuple(each(c, keep, inner) for c in structure.children))


def describe(structure: Structure) -> str:
    """Return a canonical text of a structure, for keys."""
    if isinstance(structure, Leaf):
        return "*"
    if isinstance(structure, Known):
        return f"={getattr(structure.value, '__qualname__', repr(structure.value))}"
    inner = ",".join(f"{k!r}:{describe(c)}" for k, c in zip(structure.keys, structure.children, strict=True))
    return f"{structure.kind}({inner})"
