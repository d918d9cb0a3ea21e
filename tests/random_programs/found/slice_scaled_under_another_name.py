"""Random program: seed 50119, level 3."""

import numpy as np


def f(x, n, b):
    buf = b
    buf[:n] *= x
    return np.sum(buf)
