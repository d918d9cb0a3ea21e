"""Random program: seed 10, level 5."""


def f(y):
    for s in (0.5, y, 0.3):
        y += s
    return y
