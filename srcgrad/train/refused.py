"""What layers and losses refuse when they are read: dtypes and numbers of axes, which are known then."""

from __future__ import annotations

import numpy as np

from ..library import RefusedError
from ..library.pages import known


@known
def only_truth(dtype):
    """Return nothing; refuse a mask that is not of truth values, as one of 0 and -inf that is to be added to scores."""
    if dtype is not None and np.dtype(dtype).kind != "b":
        what = f"the mask is of {np.dtype(dtype)}, and has to be of bool: True where a query sees a key"
        raise RefusedError(what, "compare it: mask == 0.0 if it holds -inf to be added, mask != 0 if it holds 0 and 1")


@known
def same_axes(first, second, names, way_out):
    """Return nothing; refuse arrays of different numbers of axes, which would be paired each with each."""
    if first != second:
        one, other = names
        raise RefusedError(f"{one} with {_axes(first)} and {other} with {_axes(second)}", way_out)


def _axes(count: int) -> str:
    return f"{count} axis" if count == 1 else f"{count} axes"
