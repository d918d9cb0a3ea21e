"""Random program: seed 610036, level 5, second order."""

import numpy as np


def f(a, idx, S, y, b, M, x, n):
    for ii in range(n):
        j = 0
        while j < 4:
            j += 1
            s = np.minimum(np.dot(M, np.sin(M[ii, ::-1] ** 2)), b[:])
            y = np.tanh(((1.5 + 0.5 * np.sin(0.2 * s)) ** np.cos(M[idx[ii], 1])).sum())
    return np.sum(np.sin(M)) + y + b[ii] * 1.5
