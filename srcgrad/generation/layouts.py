"""Compiled functions in layouts for Python callers: found by function and argument kinds, given flat arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import store, tree
from ..analysis import warned
from ..api import Differentiable, worded
from ..errors import SrcgradError, UnsupportedError, once_more
from ..language.repeats import ANYWHERE, NOWHERE, Repeats, every_axis, has_axis_of_one, in_turn, is_about_lengths
from ..switches import simd_unless_said
from . import entry, generate
from .digests import described, function_digest


def with_arguments(f, args, kwargs, call: Callable[[entry.Arguments, str], Any], digest: str | None = None):
    """Return `call(arguments, digest of f)` for arguments taken apart, with integers known where code has to know."""
    base = f._base if isinstance(f, Differentiable) else f
    signature, digest = entry.parameters(base), digest or function_digest(base)
    if digest in FIXED:
        return call(entry.arguments_of(signature, args, kwargs, fixed=True), digest)
    given = entry.arguments_of(signature, args, kwargs)
    result, known = known_if_need_be(signature, args, kwargs, given, lambda given: call(given, digest))
    if known:
        FIXED.add(digest)
    return result


def known_if_need_be(signature, args, kwargs, given: entry.Arguments, call: Callable[[entry.Arguments], Any]):
    """Return (`call(arguments)`, whether the integers among them have to be known for it)."""
    try:
        return call(given), False
    except UnsupportedError as error:
        known = entry.arguments_of(signature, args, kwargs, fixed=True)
        if known.structures == given.structures:
            raise
        return once_more(lambda: call(known), error), True


def float_leaves(args: entry.Arguments, positions) -> tuple[int, ...]:
    """Return the places, among all leaves, of the floats in some arguments."""
    starts = np.cumsum([0, *map(tree.count, args.structures)])
    return tuple(k for p in positions for k in range(starts[p], starts[p + 1]) if args.kinds[k].is_float)


FIXED = set[str]()  # digests of functions that have to know the integers among their arguments


@dataclass(frozen=True)
class Made:
    """The compiled functions of a layout, the structure of the result, and which axes of the arguments have to fit."""

    functions: tuple[Callable[..., Any], ...]
    result: tree.Structure
    compared: tuple[tuple[int, int] | None, ...]


class Layout:
    """The compiled functions of one transform, by function and kinds of the arguments; or left as Python."""

    def __init__(self, transform: str, compiled: bool = True):
        self.transform, self.compiled = transform, compiled
        self.made: dict[object, Made] = {}
        self.lock = threading.RLock()

    def run(self, f, args: entry.Arguments, wrt: tuple[int, ...], call: Callable[[Made], Any], digest=None):
        """Return `call(made)`; with axes of length one repeated where they turn out to be.

        `wrt` are the positions of the leaves differentiated by; `digest` is that of the function, where it is known.
        """
        base = f._base if isinstance(f, Differentiable) else f
        digest = digest or function_digest(base)
        for repeats in self.in_turn(f, args, wrt, digest):
            try:
                return call(self.get(f, args, wrt, repeats, digest))
            except (ValueError, IndexError) as e:
                if repeats.anywhere or not is_about_lengths(e):
                    raise worded(e) from None
        raise AssertionError

    def in_turn(self, f, args: entry.Arguments, wrt: tuple[int, ...], digest: str) -> tuple[Repeats, ...]:
        """Return which axes of one element to allow for, the likeliest first."""
        if not has_axis_of_one(args.flat):
            return NOWHERE, ANYWHERE
        try:
            return in_turn(args.flat, self.get(f, args, wrt, NOWHERE, digest).compared)
        except SrcgradError:
            return in_turn(args.flat, every_axis(args.kinds))

    def get(self, f, args: entry.Arguments, wrt: tuple[int, ...], repeats: Repeats, digest: str) -> Made:
        base = f._base if isinstance(f, Differentiable) else f
        boundscheck = getattr(f, "_boundscheck", True)
        simd = getattr(f, "_simd", simd_unless_said())
        key = store.digest(self.transform, store.package_digest(), digest, repr([str(k) for k in args.kinds]),
                           repr(described(args.structures)), repr((repeats, boundscheck, simd, wrt)))  # fmt: skip
        with self.lock:
            if key not in self.made:
                name = getattr(base, "__name__", "function").replace("<lambda>", "function")
                params = tuple(entry.parameters(base).parameters)
                request = entry.Request(base, name, self.transform, (), False, params, digest, args.structures, repeats,
                                        boundscheck, simd)  # fmt: skip
                label, build = generate.builder(request, args.kinds, args.structures, wrt)
                module, result = generate.module_for(label, key, build)
                warned.warn(generate.pitfalls_of(module))
                functions = tuple(getattr(module, n) for n in module.NAMES)
                if self.compiled:
                    functions = tuple(entry.compiled(f, module) for f in functions)
                self.made[key] = Made(functions, result, tuple(getattr(module, "COMPARED", ())))
            return self.made[key]


PAIRS, DIRECTIONS = Layout("pair"), Layout("jvps")
