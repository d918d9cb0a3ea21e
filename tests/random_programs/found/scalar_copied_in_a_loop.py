"""Random program: seed 1294, level 1."""

import numpy as np


def f(y, x):
    for i_1 in range(2):
        y = x
        x = np.cos(y)
    return x
