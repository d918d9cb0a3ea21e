"""Random program: seed 38, level 5."""


def f(M):
    part = M.T[1:]
    part[0] = 0.85
    return M[0, 1]
