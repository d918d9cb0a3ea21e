"""Arrays and names that are read, overwritten, and used again."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def element_by_its_own_function(a):
    for i in range(a.size):
        a[i] = math.exp(a[i])
    return np.sum(a * a)


def element_plus_one(arr):
    total = 0.0
    for i in range(arr.size):
        arr[i] = arr[i] + 1
        total += arr[i] * arr[i]
    return total


def read_before_and_after(a):
    total = 0.0
    for i in range(a.size):
        before = a[i]
        a[i] = before * before
        total += before * a[i]
    return total


def squared_again_and_again(a, n):
    for _ in range(n):
        for i in range(a.size):
            a[i] = a[i] * a[i]
    return np.sum(a)


def neighbour_already_overwritten(a):
    for i in range(1, a.size):
        a[i] = a[i] * a[i - 1]
    return a[a.size - 1]


def neighbour_not_yet_overwritten(a):
    for i in range(a.size - 1):
        a[i] = a[i] * a[i + 1]
    return np.sum(a)


def geometric(x, n):
    f = np.zeros(n)
    f[0] = 1.0
    for i in range(1, n):
        f[i] = f[i - 1] * x
    return np.sum(f)


def fibonacci_by_two(x, n):
    f = np.empty(n)
    f[0] = x
    f[1] = x
    for i in range(2, n):
        f[i] = f[i - 1] + f[i - 2] * x
    return f[n - 1]


def return_map(strain, stiffness, hardening, limit):
    plastic, back = 0.0, 0.0
    work = 0.0
    for i in range(strain.size):
        stress = stiffness * (strain[i] - plastic)
        trial = stress - back
        over = abs(trial) - limit
        if over > 0.0:
            step = over / (stiffness + hardening)
            side = 1.0 if trial > 0.0 else -1.0
            plastic += step * side
            back += hardening * step * side
            stress = stiffness * (strain[i] - plastic)
        work += stress * strain[i]
    return work


def state_in_an_array(x, n):
    state = np.zeros(2)
    state[0] = x
    for _ in range(n):
        old = state[0]
        state[0] = state[0] + 0.1 * state[1]
        state[1] = state[1] - 0.1 * old
    return state[0] * state[1]


def parameter_bound_anew(x, y):
    x = x * y
    x = x * x
    return x + y


def parameter_bound_in_a_loop(x, n):
    for _ in range(n):
        x = x * x
    return x


def exchanged(a):
    n = a.size
    for i in range(n // 2):
        a[i], a[n - 1 - i] = a[n - 1 - i], a[i]
    total = 0.0
    for i in range(n):
        total += (i + 1) * a[i]
    return total


def whole_array_over_itself(a):
    a[1:] = a[:-1]
    a[:] = a[::-1]
    return np.sum(a * np.arange(a.size))


_A = sample(4, low=0.5, high=1.5)

CASES = [
    Case(element_by_its_own_function, (_A,), expected=(2.0 * np.exp(2.0 * _A),)),
    Case(element_plus_one, (_A,), expected=(2.0 * (_A + 1.0),)),
    Case(read_before_and_after, (_A,), expected=(3.0 * _A**2,)),
    Case(squared_again_and_again, (_A, 3), expected=(8.0 * _A**7,)),
    Case(neighbour_already_overwritten, (_A,), expected=(np.prod(_A) / _A,)),
    Case(
        neighbour_not_yet_overwritten,
        (np.array([2.0, 3.0, 5.0]),),
        expected=(np.array([3.0, 7.0, 4.0]),),
    ),
    Case(geometric, (0.5, 4), expected=(1.0 + 2.0 * 0.5 + 3.0 * 0.25,)),
    Case(fibonacci_by_two, (0.5, 5), expected=(1.0 + 6.0 * 0.5 + 3.0 * 0.25,)),
    Case(return_map, (np.array([0.1, 0.4, 0.9, 0.3, -0.5, -1.1]), 2.0, 0.3, 0.5)),
    Case(state_in_an_array, (0.7, 5)),
    Case(parameter_bound_anew, (3.0, 2.0), expected=(24.0, 37.0)),
    Case(parameter_bound_in_a_loop, (1.1, 3), expected=(8.0 * 1.1**7,)),
    Case(exchanged, (_A,), expected=(np.array([4.0, 3.0, 2.0, 1.0]),)),
    Case(whole_array_over_itself, (_A,), expected=(np.array([5.0, 1.0, 0.0, 0.0]),)),
]
