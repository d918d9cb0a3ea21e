"""What is known at one point of a random program: its names, their ranges and shapes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

# Names a transformer likes to invent itself are among them on purpose: a clash would lose a value silently.
FLOAT_NAMES = (
    "s",
    "t",
    "u",
    "v",
    "z",
    "p",
    "q",
    "r",
    "g",
    "out",
    "x_bar",
    "s_1",
    "s_rec",
    "total",
    "acc",
    "h",
    "e",
)
INT_NAMES = ("j", "c", "d", "count", "step", "n_1")
LOOP_NAMES = ("i", "l", "ii", "row", "i_1", "_")
VECTOR_NAMES = ("w", "f1", "a_bar", "vec", "buf", "tmp", "w_1", "res")
MATRIX_NAMES = ("W", "A", "B", "M_bar", "G", "T")

# The arguments drawn for a program keep to these: every constant index and slice below relies on them.
SMALLEST = {"n": 4, "m": 2, "1": 1}


@dataclass(frozen=True)
class Dim:
    """The extent `base - less` of one dimension, base being "n", "m" or "1"."""

    base: str
    less: int = 0

    @property
    def smallest(self) -> int:
        """The least extent that the arguments allow."""
        return SMALLEST[self.base] - self.less


@dataclass(frozen=True)
class Span:
    """Of an integer: low <= value <= base - 1 - high."""

    base: str
    low: int = 0
    high: int = 0


N, M, ONE = Dim("n"), Dim("m"), Dim("1")
Shape = tuple[Dim, ...]
PARAMETERS: dict[str, Shape] = {
    "a": (N,),
    "b": (N,),
    "M": (N, M),
    "S": (N,),  # strided
    "F": (N, M),  # columns contiguous
    "V": (N, M, M),
}


@dataclass
class Scope:
    """Names that are surely bound at a point; a block works on a copy, so that its own names end with it."""

    rng: random.Random
    features: dict[str, float]
    floats: list[str] = field(default_factory=list)
    ints: dict[str, Span | None] = field(default_factory=dict)
    arrays: dict[str, Shape] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)
    helpers: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    loops: tuple[str, ...] = ()

    def inner(self, loop: str | None = None) -> Scope:
        """A copy for a nested block, inside one more loop if `loop` names its kind."""
        return Scope(
            self.rng,
            self.features,
            list(self.floats),
            dict(self.ints),
            dict(self.arrays),
            set(self.read_only),
            self.helpers,
            self.depth + 1,
            (*self.loops, loop) if loop else self.loops,
        )

    def on(self, feature: str) -> bool:
        """Whether this feature strikes now: its weight is a probability, 0 switches it off."""
        weight = self.features.get(feature, 0.0)
        return weight > 0.0 and self.rng.random() < weight

    def fresh(self, pool: tuple[str, ...]) -> str | None:
        """A name of the pool that is not bound here, None if all are taken."""
        free = [
            name
            for name in pool
            if name not in self.floats and name not in self.ints and name not in self.arrays
        ]
        return self.rng.choice(free[:5]) if free else None

    def assignable(self) -> list[str]:
        """Floating scalars that may be assigned."""
        return [name for name in self.floats if name not in self.read_only]

    def writable(self, rank: int | None = None) -> list[str]:
        """Arrays that may be stored into; parameters only where the feature allows it."""
        names = [name for name in self.arrays if name not in self.read_only]
        if not self.on("write_parameters"):
            names = [name for name in names if name not in PARAMETERS]
        return [name for name in names if rank is None or len(self.arrays[name]) == rank]
