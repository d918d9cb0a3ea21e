"""Random program: seed 1949, level 1."""


def f(y, x, M):
    for l in range(M.shape[1]):
        if M[1, l]:
            if 1.0 + 0.2 < 0.1:
                pass
            elif l:
                continue
            y = 0.5  # noqa: F841
        x = 0.9 * x
    return x
