"""What a name holds: dtype and number of axes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name holds: dtype ('float64', 'int64', 'bool', ...) and rank (0 for a scalar)."""

    dtype: str
    rank: int = 0

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @property
    def is_int(self) -> bool:
        return self.dtype.startswith(("int", "uint"))

    def __str__(self):
        return self.dtype if self.rank == 0 else f"{self.dtype}[{', '.join(':' * self.rank)}]"
