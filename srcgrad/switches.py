"""Switches in the environment: optimisations off, to compare what is generated without them, or on where not said."""

from __future__ import annotations

import os

VARIABLE = "SRCGRAD_SKIP"
SIMD = "SRCGRAD_SIMD"
SWITCHES = (
    "joins", "repeated checks", "columns", "levels", "choices", "trip arrays", "transcendentals", "pairs", "tests",
    "records", "loop products", "upward", "first", "rows", "gather", "adjoint joins", "handed back", "frames",
    "scratch", "interiors", "additions", "scalars", "ends", "split", "kept rows", "sweeps", "one pass", "rebind",
    "turns", "from zero", "workspaces", "small products", "sums", "in place", "products", "list lengths",
)  # fmt: skip


def switched_off() -> tuple[str, ...]:
    """Return the optimisations that `SRCGRAD_SKIP` names, in their order.

    Raises
    ------
    ValueError
        If it names one that there is not.
    """
    named = set(filter(None, (part.strip() for part in os.environ.get(VARIABLE, "").split(","))))
    unknown = sorted(named - set(SWITCHES))
    if unknown:
        raise ValueError(f"{VARIABLE} names {', '.join(unknown)}; there are {', '.join(SWITCHES)}")
    return tuple(name for name in SWITCHES if name in named)


def simd_unless_said() -> bool:
    """Return whether functions of which nothing is said are made with `simd=True`: `SRCGRAD_SIMD` is 1."""
    return os.environ.get(SIMD, "") not in ("", "0")


def is_on(name: str) -> bool:
    """Return whether an optimisation is done."""
    assert name in SWITCHES, name
    return name not in switched_off()
