"""What a name holds: dtype and number of axes; what operands hold together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..errors import KindError, problem_at
from ..rules import elementwise


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name holds: dtype ('float64', 'int64', 'bool', ...) and rank (0 for a scalar).

    A number that is NumPy's, an element, a sum or a sine, say, has in `numpy` the dtype that it has there: it widens
    narrower arrays, where a number of Python takes theirs. A list of Python's numbers says so in the same place.
    """

    dtype: str
    rank: int = 0
    numpy: str = field(default="", compare=False)

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @property
    def is_int(self) -> bool:
        return self.dtype.startswith(("int", "uint"))

    @property
    def wraps(self) -> bool:
        """Whether arrays of it wrap around where numbers, which compiled code computes in 64 bits, do not."""
        return self.is_int and self.dtype != "int64"

    @property
    def own(self) -> str:
        """The dtype that NumPy has for it, which for a number may be narrower than what compiled code computes in."""
        return self.dtype if self.rank else self.numpy or self.dtype

    @property
    def is_numpy(self) -> bool:
        """Whether a number is NumPy's."""
        return bool(self.numpy) or self.dtype not in _OF_PYTHON

    def __str__(self):
        return self.dtype if self.rank == 0 else f"{self.dtype}[{', '.join(':' * self.rank)}]"


# elementwise functions of truth values that take these for numbers
_OF_NUMBERS = {"square", "power", "remainder", "fmod", "floor_divide", "positive"}
_CAST_DTYPE = {"float": "float64", "int": "int64", "bool": "bool", "np.float64": "float64", "np.float32": "float32",
               "round": "int64", **{f"np.{n}": n for n in elementwise.INTEGERS}}  # fmt: skip
_OF_PYTHON = ("bool", "int64", "float64")
OF_NUMBERS = "numbers"  # what a list of Python's numbers has in `numpy`


def dtype_option(dtype: str) -> tuple[tuple[str, object], ...]:
    """Return the options of an operation that makes an array of a dtype: none of float64, which arrays have unasked."""
    return () if dtype == "float64" else (("dtype", dtype),)


def promote(*dtypes: str) -> str:
    """Return NumPy's common dtype."""
    if len(set(dtypes)) == 1:
        return dtypes[0]
    return str(np.result_type(*dtypes))


def common(kinds) -> Kind:
    """Return the kind of an elementwise result: broadcast rank, promoted dtype.

    Numbers of NumPy take part in that as arrays do; those of Python make floats of integers, integers of truth values.
    """
    kinds = list(kinds)
    rank = max(k.rank for k in kinds)
    if not rank:
        return Kind(promote(*(k.dtype for k in kinds)), 0, in_numpy(*kinds))
    return Kind(_together(kinds), rank)


def in_numpy(*kinds: Kind) -> str:
    """Return the dtype that numbers have in NumPy together; '' where all are Python's."""
    return _together(kinds) if any(k.is_numpy for k in kinds) else ""


def _together(kinds) -> str:
    """Return the dtype that arrays and numbers have in NumPy together, one of them at least being NumPy's."""
    dtype = promote(*(k.own for k in kinds if k.rank or k.is_numpy))
    weak = [k for k in kinds if not k.rank and not k.is_numpy]
    if any(k.is_float for k in weak) and not dtype.startswith(("float", "complex")):
        return "float64"
    return "int64" if dtype == "bool" and any(k.is_int for k in weak) else dtype


def of_array(kind: Kind) -> Kind:
    """Return the kind of what NumPy gives: a number has its dtype."""
    return kind if kind.rank or kind.dtype == "bool" or kind.numpy else Kind(kind.dtype, 0, kind.dtype)


def elementwise_kind(fn: str, operands) -> Kind:
    """Return the kind of what an elementwise operation gives."""
    return _known_kind(fn, tuple((k.dtype, k.rank, k.numpy) for k in operands))


@lru_cache(maxsize=4096)
def _known_kind(fn: str, given: tuple[tuple[str, int, str], ...]) -> Kind:
    operands = [Kind(*kind) for kind in given]
    kind = _elementwise_dtype(fn, operands)
    if kind.rank or kind.dtype == "bool":
        return kind
    if fn.startswith("math.") or fn in _CAST_DTYPE and "." not in fn:
        return Kind(kind.dtype)
    own = in_numpy(*operands)
    if "." in fn and fn not in _CAST_DTYPE:
        own = own or kind.dtype
    if own and own.startswith("float") != kind.is_float:
        own = kind.dtype
    return Kind(kind.dtype, 0, kind.dtype if fn in _CAST_DTYPE else own)


def _elementwise_dtype(fn: str, operands) -> Kind:
    kind = common(operands)
    if fn in elementwise.COMPARISONS or fn == "not":
        return Kind("bool", kind.rank)
    if fn in elementwise.LOGIC or fn in elementwise.HINTS:
        return kind
    if fn in _CAST_DTYPE:
        return Kind(_CAST_DTYPE[fn], kind.rank)
    if fn == "div":
        return kind if kind.is_float else Kind("float64", kind.rank)
    if fn in ("add", "mul") and kind.dtype == "bool" and kind.rank:
        return kind
    if fn in elementwise.ARITHMETIC or fn in elementwise.STEPS:
        return Kind("int64", kind.rank) if kind.dtype == "bool" else kind
    if fn in ("math.floor", "math.ceil", "math.trunc"):
        return Kind("int64", kind.rank)
    result = elementwise.BY_SPELLING[fn].result
    if result == "first":
        kind = Kind(operands[0].dtype, kind.rank)
    if result in ("bool", "int"):
        return Kind("bool" if result == "bool" else "int64", kind.rank)
    if result in ("float", "first") and not kind.is_float:
        return Kind("float64", kind.rank)
    if kind.dtype == "bool" and elementwise.BY_SPELLING[fn].name in _OF_NUMBERS:
        return Kind("int64", kind.rank)
    return kind


def require_sizes(sizes: Iterable[Kind], loc):
    """Raise where an array is to be as large as a number says that is not whole."""
    for kind in sizes:
        if kind.is_float:
            raise KindError(problem_at(loc, f"a size must be an integer, not {kind}", "use int(), or // for /"))
