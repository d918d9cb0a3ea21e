"""Random program: seed 1463, level 3."""

import numpy as np


def f(x, M, n, b):
    ii = 1
    b[ii] = np.square(M[ii, 0])
    step = 0
    while step < n:
        step += 1
        x = 0.45 * np.tanh(M[1, 1])
        if M[-1, step % M.shape[1]] >= 0.2:
            M[1, :] += 1
    return np.sum(b) + x
