"""Compiled functions in layouts for Python callers: found by function and argument kinds, given flat arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from . import entry, generate, store, tree, warned
from .api import Differentiable, worded
from .errors import BROADCAST
from .ir import Kind


@dataclass(frozen=True)
class Arguments:
    """The arguments of a function, taken apart.

    Attributes
    ----------
    structures : tuple of Structure
        That of every argument.
    flat, names, kinds : tuple
        Of all leaves their values, names and kinds.
    """

    structures: tuple[tree.Structure, ...]
    flat: tuple[Any, ...]
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]

    def leaves_of(self, positions) -> tuple[int, ...]:
        """Return the positions of the float leaves of some arguments."""
        starts = np.cumsum([0, *map(tree.count, self.structures)])
        return tuple(k for p in positions for k in range(starts[p], starts[p + 1]) if self.kinds[k].is_float)


def arguments(f, args) -> Arguments:
    """Return the arguments of a call taken apart, with the defaults of those left out."""
    signature = entry.parameters(f._base if isinstance(f, Differentiable) else f)
    if len(args) != len(signature.parameters):
        bound = signature.bind(*args)
        bound.apply_defaults()
        args = tuple(bound.arguments.values())
    structures = tuple(tree.structure_of(a) for a in args)
    flat = [leaf for s, a in zip(structures, args, strict=True) for leaf in tree.leaves(s, a)]
    flat = [leaf[()] if isinstance(leaf, np.ndarray) and leaf.ndim == 0 else leaf for leaf in flat]
    names = [n for s, p in zip(structures, signature.parameters, strict=True) for n in tree.leaf_names(s, p)]
    kinds = tuple(entry.kind_of_type(numba.typeof(a), n) for a, n in zip(flat, names, strict=True))
    return Arguments(structures, tuple(flat), tuple(names), kinds)


@dataclass(frozen=True)
class Made:
    """The compiled functions of a layout, and the structure of the result."""

    functions: tuple[Callable[..., Any], ...]
    result: tree.Structure


class Layout:
    """The compiled functions of one transform, by function and kinds of the arguments."""

    def __init__(self, transform: str):
        self.transform = transform
        self.made: dict[object, Made] = {}
        self.lock = threading.RLock()

    def run(self, f, args: Arguments, wrt: tuple[int, ...], call: Callable[[Made], Any], digest: str | None = None):
        """Return `call(made)`; with axes of length one repeated where they turn out to be.

        `wrt` are the positions of the leaves differentiated by; `digest` is that of the function, where it is known.
        """
        base = f._base if isinstance(f, Differentiable) else f
        digest = digest or entry.function_digest(base)
        try:
            return call(self.get(f, args, wrt, False, digest))
        except IndexError as e:
            raise worded(e) from None
        except ValueError as e:
            if not (e.args and e.args[0] == BROADCAST):
                raise worded(e) from None
        try:
            return call(self.get(f, args, wrt, True, digest))
        except ValueError as e:
            raise worded(e) from None

    def get(self, f, args: Arguments, wrt: tuple[int, ...], stretch: bool, digest: str) -> Made:
        base = f._base if isinstance(f, Differentiable) else f
        boundscheck = getattr(f, "_boundscheck", True)
        described = tuple(map(tree.describe, args.structures))
        key = store.digest(self.transform, store.package_digest(), digest, repr([str(k) for k in args.kinds]),
                           repr(described), repr((stretch, boundscheck, wrt)))  # fmt: skip
        with self.lock:
            if key not in self.made:
                name = getattr(base, "__name__", "function").replace("<lambda>", "function")
                params = tuple(entry.parameters(base).parameters)
                request = entry.Request(base, name, self.transform, (), False, params, digest, args.structures, stretch,
                                        boundscheck)  # fmt: skip
                label, build = generate.builder(request, args.kinds, args.structures, wrt)
                module, result = generate.module_for(label, key, build)
                warned.warn(generate.pitfalls_of(module))
                functions = tuple(entry.compiled(getattr(module, n), module) for n in module.NAMES)
                self.made[key] = Made(functions, result)
            return self.made[key]


PAIRS, DIRECTIONS = Layout("pair"), Layout("jvps")
