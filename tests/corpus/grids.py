"""Steps in time on grids with borders: in place, from one array into another and back, and into a new one each time."""

import numpy as np

from tests.corpus.case import Case, sample


def there_and_back(A, B, r, steps):
    for _ in range(steps):
        B[1:-1] = A[1:-1] + r * (A[2:] - 2.0 * A[1:-1] + A[:-2])
        A[1:-1] = B[1:-1] + r * (B[2:] - 2.0 * B[1:-1] + B[:-2])
    return np.sum(A**2) + np.sum(B)


def plate(A, r, steps):
    n, m = A.shape
    B = A.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                B[i, j] = A[i, j] + r * (A[i + 1, j] + A[i - 1, j] + A[i, j + 1] + A[i, j - 1] - 4.0 * A[i, j])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                A[i, j] = B[i, j] + r * (B[i + 1, j] + B[i - 1, j] + B[i, j + 1] + B[i, j - 1] - 4.0 * B[i, j])
    return np.sum(A**2) + np.sum(np.sin(B))


def wide_and_narrow(A, B, r, steps):
    for _ in range(steps):
        B[2:-2] = r * (A[:-4] + A[1:-3] + A[2:-2] + A[3:-1] + A[4:])
        A[1:-1] = 0.3 * (B[2:] + B[1:-1] + B[:-2]) * np.sin(r)
    return np.sum(A**2) + np.sum(B**3)


def steps_in_steps(A, B, r, steps):
    for _ in range(steps):
        for _ in range(2):
            B[1:-1] = r * (A[2:] + A[1:-1] + A[:-2])
            A[1:-1] = r * (B[2:] + B[1:-1] + B[:-2])
        A[0] = A[1]
    return np.sum(A**2) + np.sum(B**3)


def three_in_a_ring(A, r, steps):
    n = A.shape[0]
    B, C = np.zeros(n), np.zeros(n)
    for _ in range(steps):
        B[1:-1] = r * (A[2:] + A[1:-1] + A[:-2])
        C[1:-1] = r * (B[2:] + 2.0 * B[1:-1] + B[:-2])
        A[1:-1] = r * (C[2:] + C[1:-1] - C[:-2])
        B[0] = B[1]
    return np.sum(A**2) + np.sum(B**3)


def insulated(u, r, steps):
    for _ in range(steps):
        un = u.copy()
        u[1:-1, 1:-1] = un[1:-1, 1:-1] + r * (
            un[2:, 1:-1] + un[:-2, 1:-1] + un[1:-1, 2:] + un[1:-1, :-2] - 4.0 * un[1:-1, 1:-1]
        )
        u[0, :] = u[1, :]
    return np.sum(u**2)


def a_new_plate(u, r, steps):
    for _ in range(steps):
        new = u.copy()
        new[1:-1, 1:-1] = u[1:-1, 1:-1] + r * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        )
        u = new
    return np.sum(u**2)


def a_new_line(u, r, steps):
    for _ in range(steps):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + r * u[i] * (u[i + 1] - u[i - 1])
        new[0] = 0.5 * new[1] + u[-1]
        u = new
    return np.sum(u**3)


def kept_as_it_was(u, r, steps):
    # what is handed back has been read after others have added to the array
    first = u.copy()
    for _ in range(steps):
        new = u.copy()
        new[1:] += r * u[:-1] * first[1:]
        first = u * new
        u = new
    return np.sum(first * u)


def every_other_step(A, B, r, steps):
    for t in range(steps):
        B[1:-1, 1:-1] = r * (A[2:, 1:-1] + A[1:-1, 1:-1] + A[:-2, 1:-1])
        if t % 2 == 0:
            A[1:-1, 1:-1] = r * (B[1:-1, 2:] + B[1:-1, 1:-1] + B[1:-1, :-2])
    return np.sum(A**2) + np.sum(B**3)


def only_if_asked(A, B, asked, steps):
    n = len(A)
    for _ in range(steps):
        if 1 < n - 1 and asked:
            for i in range(n):
                B[i] += 0.5 * A[i]
        for i in range(1, n - 1):
            A[i] = 0.3 * B[i]
        if asked:
            for i in range(n):
                B[i] -= 0.2 * A[i]
        for i in range(1, n - 1):
            A[i] = 0.4 * B[i]
    return np.sum(A * A) + np.sum(B)


def along_each_axis(A, B, r, steps):
    for _ in range(steps):
        B[1:-1, :] = r * (A[2:, :] + A[1:-1, :] + A[:-2, :])
        A[:, 1:-1] = r * (B[:, 2:] + B[:, 1:-1] + B[:, :-2])
        A[1:-1, 1:-1] *= 1.1
    return np.sum(A**2) + np.sum(B**3)


def cube(A, B, r, steps):
    inside = (slice(1, -1),) * 3
    for _ in range(steps):
        B[1:-1, 1:-1, 1:-1] = A[1:-1, 1:-1, 1:-1] + r * (
            A[2:, 1:-1, 1:-1] - A[:-2, 1:-1, 1:-1] + A[1:-1, 2:, 1:-1] + A[1:-1, 1:-1, :-2]
        )
        A[1:-1, 1:-1, 1:-1] = B[1:-1, 1:-1, 1:-1] - r * (B[1:-1, :-2, 1:-1] + B[2:, 1:-1, 1:-1] + B[1:-1, 1:-1, 2:])
    return np.sum(A[inside]) + np.sum(A**2) + np.sum(B)


CASES = [
    *(Case(there_and_back, (sample(n), sample(n, seed=1), 0.3, 3)) for n in (1, 2, 3, 6)),
    Case(there_and_back, (sample(5), sample(5, seed=1), 0.3, 1)),
    Case(there_and_back, (sample(5), sample(5, seed=1), 0.3, 0)),
    *(Case(plate, (sample(n, m), 0.2, 2)) for n, m in ((4, 5), (3, 3), (2, 5), (1, 1))),
    *(Case(wide_and_narrow, (sample(n), sample(n, seed=1), 0.3, 2)) for n in (7, 4)),
    *(Case(steps_in_steps, (sample(n), sample(n, seed=1), 0.3, 2)) for n in (6, 2)),
    Case(three_in_a_ring, (sample(6), 0.3, 3)),
    *(Case(insulated, (sample(*shape), 0.2, 2)) for shape in ((4, 5), (2, 3))),
    *(Case(a_new_plate, (sample(*shape), 0.2, 2)) for shape in ((4, 5), (3, 2))),
    Case(a_new_line, (sample(5), 0.2, 3)),
    Case(kept_as_it_was, (sample(4), 0.2, 3)),
    *(Case(only_if_asked, (sample(5), sample(5, seed=1), asked, 3)) for asked in (True, False)),
    Case(every_other_step, (sample(4, 5), sample(4, 5, seed=1), 0.3, 4)),
    Case(along_each_axis, (sample(4, 5), sample(4, 5, seed=1), 0.3, 2)),
    *(Case(cube, (sample(*s), sample(*s, seed=1), 0.2, 2)) for s in ((4, 3, 5), (3, 2, 3))),
]
