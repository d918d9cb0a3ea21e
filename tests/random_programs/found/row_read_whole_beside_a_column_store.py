"""A column stored in a loop that reads whole rows: the accesses have indices of different lengths. Level 4."""

import numpy as np


def f(M, b, n):
    for j in range(2):
        for i in range(n):
            M[i, (j + 1) % M.shape[1]] = np.cos(0.3 * np.sin(np.dot(b, np.max(M, axis=-1))))
    return np.sum(M * M)
