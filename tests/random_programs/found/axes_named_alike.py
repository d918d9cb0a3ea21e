"""Random program: seed 10283, level 3."""

import numpy as np


def f(M, n, k):
    j = 0
    while True:
        j += 1
        if j > n:
            break
        l = 1  # noqa: F841
        z = np.tanh(M).mean()
    return z
