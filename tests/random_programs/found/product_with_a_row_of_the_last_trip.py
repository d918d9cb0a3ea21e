"""Random program: seed 20078, level 5."""
import numpy as np


def f(M, n, b, F):
    a_bar = b.copy()
    for l in range(n):
        pass
    a_bar[:] = F @ M[l]
    return np.mean(a_bar)
