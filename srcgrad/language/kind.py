"""What a name holds: dtype and number of axes; what operands hold together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name holds: dtype ('float64', 'int64', 'bool', ...) and rank (0 for a scalar).

    A whole number that is NumPy's, an element or a sum, say, has in `numpy` the dtype that it has there: it widens
    narrower arrays, where a number of Python takes theirs.
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

    def __str__(self):
        return self.dtype if self.rank == 0 else f"{self.dtype}[{', '.join(':' * self.rank)}]"


def promote(*dtypes: str) -> str:
    """Return NumPy's common dtype."""
    if len(set(dtypes)) == 1:
        return dtypes[0]
    return str(np.result_type(*dtypes))


def common(kinds) -> Kind:
    """Return the kind of an elementwise result: broadcast rank, promoted dtype, scalars weak against arrays.

    A whole number of NumPy's widens an array of narrower ones.
    """
    kinds = list(kinds)
    rank = max(k.rank for k in kinds)
    arrays_ = [k.dtype for k in kinds if k.rank]
    scalars = [k.dtype for k in kinds if not k.rank]
    if not arrays_:
        return Kind(promote(*scalars), 0, in_numpy(*kinds))
    dtype = promote(*arrays_)
    if any(s.startswith("float") for s in scalars) and not dtype.startswith(("float", "complex")):
        dtype = "float64"
    elif dtype == "bool" and any(s != "bool" for s in scalars):
        dtype = in_numpy(*(k for k in kinds if not k.rank)) or "int64"
    elif dtype.startswith(("int", "uint")):
        dtype = promote(dtype, in_numpy(*(k for k in kinds if not k.rank)) or dtype)
    return Kind(dtype, rank)


def in_numpy(*kinds: Kind) -> str:
    """Return the dtype that whole numbers have in NumPy together; '' where all are Python's."""
    own = [k.numpy or k.dtype for k in kinds if k.is_int and (k.numpy or k.dtype != "int64")]
    return promote(*own) if own and all(k.is_int or k.dtype == "bool" for k in kinds) else ""


def of_array(kind: Kind) -> Kind:
    """Return the kind of what NumPy gives: a whole number has its dtype."""
    return Kind(kind.dtype, 0, kind.dtype) if kind.is_int and not kind.rank else kind
