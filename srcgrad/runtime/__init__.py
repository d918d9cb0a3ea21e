"""The few compiled helpers that generated code calls; NumPy and numba only."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def grow(buffer, height):
    """Return the buffer, twice as long if `height` has reached its end; what it holds is kept."""
    if height < buffer.shape[0]:
        return buffer
    longer = np.empty((2 * buffer.shape[0],) + buffer.shape[1:], buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer
