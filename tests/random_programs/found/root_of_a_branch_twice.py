"""Random program: seed 7650286, level 5, second order."""
import math


def f(x):
    u = math.sqrt(x) if x > 0.05 else 0.5
    return u * u
