"""Random program: seed 2436, level 5."""


def f(a, b):
    s = 0.0
    for i in range(a.size):
        s += a[i] * b[i]
        s += a[i] * b[i]
    return s
