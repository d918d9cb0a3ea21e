"""Random program: seed 20334, level 5."""


def f(a, n):
    for i in range(n):
        if a[i] > 0.5:
            break
    return i * a[0] + (0.5 * a).sum()
