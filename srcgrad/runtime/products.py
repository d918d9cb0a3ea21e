"""`matmul(a, b)`: a product of matrices in a loop, of small ones without a call of BLAS."""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload

SMALL = 125  # multiplications that take as long as to call BLAS, on the machine it was measured on


def matmul(a, b):
    """Return `a @ b` of two matrices whose inner dimensions are equal."""
    return a @ b


@overload(matmul)
def _matmul(a, b):
    if not isinstance(a, types.Array) or not isinstance(b, types.Array):
        return None
    if a.ndim != 2 or b.ndim != 2 or a.dtype != b.dtype:
        return lambda a, b: np.dot(a, b)

    def product(a, b):
        if a.shape[0] * a.shape[1] * b.shape[1] > SMALL:
            return np.dot(a, b)
        out = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        for i in range(a.shape[0]):
            for k in range(a.shape[1]):
                for j in range(b.shape[1]):
                    out[i, j] += a[i, k] * b[k, j]
        return out

    return product
