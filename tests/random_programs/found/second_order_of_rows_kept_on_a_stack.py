"""Random program: seed 50161, level 5, second order."""

def f(n, M):
    for ii in range(n):
        for d in range(ii, 1, -1):
            M *= M.sum(axis=0) * 0.1
    return (0.5 * M).sum()
