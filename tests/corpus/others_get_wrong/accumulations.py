"""Products, sums of squares and nested loops with bounds known only at run time."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def product_upward(x, n):
    prod = 1.0
    for i in range(n):
        prod *= x[i]
    return prod


def product_downward(x):
    prod = 1.0
    for i in range(x.size - 1, -1, -1):
        prod = x[i] * prod
    return prod


def product_in_a_while(x, n):
    prod, i = 1.0, 0
    while i < n:
        prod *= x[i]
        i += 1
    return prod


def powers_by_repeated_products(x, n):
    total, power = 0.0, 1.0
    for _ in range(n):
        power *= x
        total += power
    return total


def root_of_squares(x, n):
    total = 0.0
    for i in range(n):
        total += x[i] * x[i]
    return math.sqrt(total)


def root_by_a_power(x):
    total = 0.0
    for v in x:
        total += v**2
    return total**0.5


def distances_between_neighbours(p):
    length = 0.0
    for i in range(p.shape[0] - 1):
        total = 0.0
        for j in range(p.shape[1]):
            total += (p[i + 1, j] - p[i, j]) ** 2
        length += np.sqrt(total)
    return length


def root_used_twice(x):
    total = 0.0
    for i in range(x.size):
        total += x[i] ** 2
    r = np.sqrt(total)
    return r + 1.0 / r


def normalised_then_summed(x):
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    r = math.sqrt(total)
    sum_ = 0.0
    for i in range(x.size):
        sum_ += x[i] / r
    return sum_


def value_from_before(x, n):
    start = x * x
    s = 0.0
    for _ in range(n):
        s += x
    return start * s


def array_from_before(x, n):
    weights = np.exp(x)
    s = 0.0
    for i in range(n):
        s += x[i % x.size]
    return s * np.sum(weights)


def value_passed_through(x, n):
    a = math.sin(x)
    b = a
    for i in range(n):
        b = 0.5 * b + i
    return a * b


def nested_bounds(x, n, m):
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += x * (i + j)
    return total


def triangle(x):
    total = 0.0
    for i in range(x.size):
        for j in range(i):
            total += x[i] * x[j]
    return total


def bounds_from_an_array(x, counts):
    total = 1.0
    for i in range(counts.size):
        for _ in range(counts[i]):
            total *= x[i]
    return total


def three_deep(x, n):
    total = 0.0
    for i in range(n):
        row = 0.0
        for j in range(i + 1):
            cell = x
            for _ in range(j):
                cell *= x
            row += cell
        total += row
    return total


_X = sample(5, low=0.5, high=1.5)
_P = sample(4, 3)


def _pulls(p):
    steps = np.diff(p, axis=0)
    unit = steps / np.linalg.norm(steps, axis=1)[:, None]
    pull = np.zeros_like(p)
    pull[1:] += unit
    pull[:-1] -= unit
    return pull


CASES = [
    Case(product_upward, (np.array([2.0, 2.0, 2.0]), 3), expected=(np.array([4.0, 4.0, 4.0]),)),
    Case(product_upward, (np.array([0.0, 3.0, 5.0]), 3), expected=(np.array([15.0, 0.0, 0.0]),)),
    Case(product_upward, (np.array([2.0, 3.0, 5.0]), 0), expected=(np.zeros(3),)),
    Case(product_downward, (np.array([2.0, 3.0, 5.0]),), expected=(np.array([15.0, 10.0, 6.0]),)),
    Case(product_in_a_while, (np.array([2.0, 3.0, 5.0]), 2), expected=(np.array([3.0, 2.0, 0.0]),)),
    Case(powers_by_repeated_products, (2.0, 4), expected=(1.0 + 4.0 + 12.0 + 32.0,)),
    Case(root_of_squares, (_X, 5), expected=(_X / np.linalg.norm(_X),)),
    Case(root_by_a_power, (_X,), expected=(_X / np.linalg.norm(_X),)),
    Case(distances_between_neighbours, (_P,), expected=(_pulls(_P),)),
    Case(root_used_twice, (_X,), expected=(_X / np.linalg.norm(_X) * (1.0 - 1.0 / (_X @ _X)),)),
    Case(
        normalised_then_summed,
        (_X,),
        expected=((1.0 - _X * np.sum(_X) / (_X @ _X)) / np.linalg.norm(_X),),
    ),
    Case(value_from_before, (1.5, 4), expected=(3.0 * 1.5**2 * 4,)),
    Case(array_from_before, (_X, 5), expected=(np.sum(np.exp(_X)) + np.sum(_X) * np.exp(_X),)),
    Case(value_passed_through, (0.4, 3)),
    Case(nested_bounds, (0.3, 3, 4), expected=(30.0,)),
    Case(nested_bounds, (0.3, 0, 4), expected=(0.0,)),
    Case(triangle, (_X,), expected=(np.sum(_X) - _X,)),
    Case(
        bounds_from_an_array,
        (np.array([2.0, 3.0, 5.0]), np.array([2, 0, 1])),
        expected=(np.array([20.0, 0.0, 4.0]),),
    ),
    Case(three_deep, (0.5, 3), expected=(3.0 + 2.0 * 2.0 * 0.5 + 3.0 * 0.25,)),
]
