"""Scratch memory, and two names for one piece of memory."""

import numpy as np

from tests.corpus.case import Case, sample


def scratch_passed_in(x, scratch):
    scratch[0] = x * x
    scratch[1] = scratch[0] * x
    return scratch[0] + scratch[1]


def scratch_filled_by_a_helper(x, scratch):
    fill(scratch, x)
    return np.sum(scratch * scratch)


def fill(target, x):
    for i in range(target.size):
        target[i] = x * (i + 1)


def scratch_used_again_each_trip(x):
    scratch = np.zeros(2)
    total = 0.0
    for i in range(x.size):
        scratch[0] = x[i] * x[i]
        scratch[1] = scratch[0] * x[i]
        total += scratch[1]
    return total


def scratch_that_keeps_its_content(x, n):
    scratch = np.zeros(1)
    for _ in range(n):
        scratch[0] += x * x
    return scratch[0] * x


def scratch_made_in_the_loop(x):
    total = 0.0
    for i in range(x.size):
        scratch = np.empty(2)
        scratch[0] = x[i]
        scratch[1] = scratch[0] * x[i]
        total += scratch[0] * scratch[1]
    return total


def written_through_a_view(a):
    tail = a[1:]
    tail[0] = a[0] * a[0]
    return a[0] + a[1] * a[2]


def written_under_a_view(a):
    tail = a[1:]
    a[1] = 2.0 * a[0]
    return tail[0] * tail[1]


def written_through_a_transpose(A):
    T = A.T
    T[0, 1] = A[0, 0] * A[0, 0]
    return A[1, 0] * A[1, 1]


def rows_written(A):
    for i in range(1, A.shape[0]):
        row = A[i]
        row += A[i - 1]
    return np.sum(A[A.shape[0] - 1])


def one_array_twice(a):
    return both(a, a)


def both(p, q):
    p[0] = p[0] * q[0]
    return p[0] * q[1]


def two_buffers_exchanged(x, n):
    old, new = x.copy(), np.zeros_like(x)
    for _ in range(n):
        for i in range(x.size):
            new[i] = old[i] * old[(i + 1) % x.size]
        old, new = new, old
    return old[0]


_X = np.array([2.0, 3.0, 5.0])

CASES = [
    Case(scratch_passed_in, (2.0, np.zeros(2)), (0,), expected=(4.0 + 12.0,)),
    Case(scratch_passed_in, (2.0, np.full(2, 9.0)), expected=(16.0, np.zeros(2))),
    Case(scratch_filled_by_a_helper, (0.6, np.zeros(3)), (0,), expected=(2.0 * 0.6 * 14.0,)),
    Case(scratch_used_again_each_trip, (_X,), expected=(3.0 * _X**2,)),
    Case(scratch_that_keeps_its_content, (1.5, 4), expected=(4.0 * 3.0 * 1.5**2,)),
    Case(scratch_made_in_the_loop, (_X,), expected=(3.0 * _X**2,)),
    Case(written_through_a_view, (_X,), expected=(np.array([1.0 + 2.0 * 2.0 * 5.0, 0.0, 4.0]),)),
    Case(written_under_a_view, (_X,), expected=(np.array([10.0, 0.0, 4.0]),)),
    Case(
        written_through_a_transpose,
        (np.array([[2.0, 3.0], [5.0, 7.0]]),),
        expected=(np.array([[28.0, 0.0], [0.0, 4.0]]),),
    ),
    Case(rows_written, (sample(3, 2),), expected=(np.ones((3, 2)),)),
    Case(one_array_twice, (_X,), expected=(np.array([12.0, 4.0, 0.0]),)),
    Case(two_buffers_exchanged, (_X, 2), expected=(np.array([45.0, 60.0, 18.0]),)),
]
