"""Random program: seed 50613, level 2."""


def f(a, M, k, n, x):
    for ii in range(n):
        a[ii] = 0.5 if a[ii] < 0.5 else x
    W = M.copy()
    for ii in range(1, k + 1):
        for row in range(2):
            W[row, 1] = x
        x = a[ii]
    return W[0, 1]
