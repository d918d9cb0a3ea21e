"""Loops that are left early, trips that are cut short."""

import numpy as np

from tests.corpus.case import Case


def skips_with_continue(x):
    total = 1.0
    for i in range(x.size):
        if i % 2 == 0:
            continue
        total *= x[i]
    return total


def skips_by_value(x):
    total = 0.0
    for v in x:
        scaled = 2.0 * v
        if scaled < 0.0:
            continue
        total += scaled * scaled
    return total


def leaves_with_break(x, limit):
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
        if total > limit:
            break
    return total


def break_and_continue(x, n):
    value = x
    for i in range(n):
        if i == 1:
            continue
        value *= x
        if value > 50.0:
            break
        value += 1.0
    return value


def break_of_the_inner_loop(A):
    total = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if A[i, j] < 0.0:
                break
            total += A[i, j] ** 2
    return total


def returns_from_a_loop(x, limit):
    value = x
    for k in range(20):
        if value > limit:
            return value * (k + 1)
        value = value * x
    return 0.0 * x


def while_with_break(x):
    value, n = x, 0
    while True:
        value = value * x
        n += 1
        if n >= 3:
            break
    return value


def for_else(x, wanted):
    total = 0.0
    for v in x:
        total += v
        if v == wanted:
            break
    else:
        total = total * total
    return total


_X = np.array([2.0, 3.0, -1.0, 4.0])

CASES = [
    Case(skips_with_continue, (_X,), expected=(np.array([0.0, 4.0, 0.0, 3.0]),)),
    Case(skips_by_value, (_X,), expected=(np.array([16.0, 24.0, 0.0, 32.0]),)),
    Case(leaves_with_break, (_X, 10.0), (0,), expected=(np.array([4.0, 6.0, 0.0, 0.0]),)),
    Case(leaves_with_break, (_X, 1e3), (0,), expected=(2.0 * _X,)),
    Case(break_and_continue, (2.0, 4), expected=(37.0,)),
    Case(
        break_of_the_inner_loop,
        (np.array([[1.0, -2.0, 3.0], [4.0, 5.0, 6.0]]),),
        expected=(np.array([[2.0, 0.0, 0.0], [8.0, 10.0, 12.0]]),),
    ),
    Case(returns_from_a_loop, (2.0, 9.0), (0,), expected=(4.0 * 4.0 * 8.0,)),
    Case(returns_from_a_loop, (0.5, 9.0), (0,), expected=(0.0,)),
    Case(while_with_break, (2.0,), expected=(32.0,)),
    Case(for_else, (_X, 3.0), (0,), expected=(np.array([1.0, 1.0, 0.0, 0.0]),)),
    Case(for_else, (_X, 9.0), (0,), expected=(np.full(4, 16.0),)),
]
