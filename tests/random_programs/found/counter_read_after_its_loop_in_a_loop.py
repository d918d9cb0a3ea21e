"""Random program: seed 5, level 5."""


def f(M):
    s = 0.0
    for i in range(M.shape[0]):
        for j in range(M.shape[1]):
            s += M[i, j]
        s *= M[i, j]
    return s
