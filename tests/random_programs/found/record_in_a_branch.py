"""Random program: seed 7650119, level 5."""
import numpy as np


def turn(u, w):
    s = u
    return (0.5, s * w)


def f(n, a, x):
    if x:
        t = 1
        for l in range(n):
            _, t = turn(a[l], t)
    w = np.sqrt(np.abs(a))
    return t + np.sum(w)
