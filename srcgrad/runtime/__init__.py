"""The few compiled helpers that generated code calls; NumPy and numba only."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def grow(buffer):
    """Return a buffer twice as long that begins with what `buffer` holds."""
    longer = np.empty((2 * buffer.shape[0],) + buffer.shape[1:], buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer
