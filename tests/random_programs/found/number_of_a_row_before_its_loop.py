"""Random program: seed 49401212, level 4."""

import numpy as np


def f(M):
    M_bar = abs((0.5 + np.sin(M[1, ::1]).reshape(M.shape[1], 1)) ** 1.5 * np.sin(M[1]))
    return M_bar[0, 0]
