"""Random program: seed 7500143, level 5, single precision."""


def f(M):
    for _ in (0.5, 0.3, 0.3):
        M[0][1] += M[0][1]
    return (0.5 * M).sum()
