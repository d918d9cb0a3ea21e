"""Array functions of the language: spelling, NumPy object, operands, options. What they mean is in `lower`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NONE = object()


@dataclass(frozen=True)
class ArrayFunction:
    """How a call of an array function is read: parameters in order, and which of them are static options.

    Operands have between `least` and `most` axes; of others the function's page in the library is read.
    """

    spelling: str
    params: tuple[str, ...]
    static: tuple[str, ...]
    least: int = 0
    most: int = 99


BY_SPELLING: dict[str, ArrayFunction] = {}
BY_OBJECT: dict[object, str] = {}
METHODS: dict[str, str] = {}


def _function(spelling, params, method=None, alias=(), least=0, most=99):
    """Register a function; options follow a bar: 'a | axis keepdims'."""
    operands, _, static = params.partition("|")
    entry = ArrayFunction(spelling, tuple((operands + " " + static).split()), tuple(static.split()), least, most)
    BY_SPELLING[spelling] = entry
    target = np
    for part in spelling.split(".")[1:]:
        target = getattr(target, part)
    for obj in (target, *alias):
        BY_OBJECT[obj] = spelling
    if method:
        METHODS[method] = spelling


_function("np.sum", "a | axis dtype keepdims", method="sum")
_function("np.mean", "a | axis dtype keepdims", method="mean")
_function("np.max", "a | axis keepdims", method="max", alias=(np.amax,))
_function("np.min", "a | axis keepdims", method="min", alias=(np.amin,))
_function("np.argmax", "a | axis", method="argmax")
_function("np.argmin", "a | axis", method="argmin")
_function("np.dot", "a b", method="dot", most=2)
_function("np.matmul", "a b", most=2)
_function("np.outer", "a b", least=1, most=1)
_function("np.copy", "a", method="copy")
_function("np.ascontiguousarray", "a")
_function("np.where", "condition x y")
_function("np.clip", "a a_min a_max", method="clip")
_function("np.zeros_like", "a | dtype")
_function("np.ones_like", "a | dtype")
_function("np.empty_like", "a | dtype")
_function("np.full_like", "a fill_value | dtype")
_function("np.arange", "start stop step | dtype")
_function("np.size", "a")
_function("np.shape", "a")
_function("np.ravel", "a", method="ravel")

# these take a shape, which the parser spreads into operands
SHAPED = {
    np.zeros: "np.zeros", np.ones: "np.ones", np.empty: "np.empty", np.ndarray: "np.empty", np.full: "np.full",
}  # fmt: skip
RESHAPES = {np.reshape: "np.reshape"}
ALLOCATIONS = frozenset({"np.zeros", "np.ones", "np.empty", "np.full"})
REDUCTIONS = frozenset({"np.sum", "np.mean", "np.max", "np.min", "np.argmax", "np.argmin"})

DTYPES = {
    np.float64: "float64", np.float32: "float32", np.int64: "int64", np.int32: "int32", np.bool_: "bool",
    np.intp: "int64", float: "float64", int: "int64", bool: "bool", np.uint8: "uint8", np.int8: "int8",
    np.int16: "int16", np.uint16: "uint16", np.uint32: "uint32", np.uint64: "uint64",
}  # fmt: skip
