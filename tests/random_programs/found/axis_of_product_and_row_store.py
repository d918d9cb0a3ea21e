"""Random program: seed 50006, level 3."""

import numpy as np


def f(a, M):
    vec = a
    M_bar = M.sum(axis=-2).reshape(M.shape[1], 1) * np.max(M, axis=0)
    buf = vec.copy()
    f1 = buf
    M[2:, :] *= np.exp(f1[1])
    count = 1
    M_bar[1, :] = M[count + 1]
    return np.mean(M_bar)
