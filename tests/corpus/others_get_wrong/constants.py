"""Captured values, integers, and names bound anew before they are captured."""

import numpy as np

from tests.corpus.case import Case, sample

TABLE = np.array([1.0, -2.0, 4.0])
RATE = 3.0


def captured_array(x):
    return np.sum(TABLE * x * x)


def captured_array_as_a_table(x, n):
    total = 0.0
    for i in range(n):
        total += TABLE[i % TABLE.size] * x**i
    return total


def captured_array_copied_and_written(x):
    own = TABLE.copy()
    for i in range(own.size):
        own[i] = own[i] * x
    return np.sum(own * own)


def captured_number_bound_anew_inside(x):
    rate = RATE * x
    rate = rate * x
    return rate


def closure_over_a_name_bound_anew(x):
    k = x

    def scaled(u):
        return u * k

    k = 2.0 * x
    return scaled(x)


def closure_over_the_loop_variable(x):
    total = 0.0
    for i in range(x.size):
        v = x[i]
        square = lambda: v * v
        v = 2.0 * v
        total += square()
    return total


def reassigned_capture():
    """A function whose captured number changed after it was defined."""
    factor = 2.0

    def f(x):
        return factor * x * x

    factor = 5.0
    return f


def weights_from_an_integer_array(x, counts):
    return np.sum(x * counts)


def integer_accumulator(x, steps):
    position, total = 0, 0.0
    for k in range(steps.size):
        position += steps[k]
        total += position * x
    return total


def integer_argument(x, n):
    return x * n + x**n


def integer_accumulator_that_becomes_a_float(x):
    total = 0
    for i in range(x.size):
        total += x[i] * x[i]
    return total


def integer_array_made_inside(x):
    counts = np.zeros(2, dtype=np.int64)
    for i in range(x.size):
        counts[i % 2] += i
    return x[0] * counts[0] + x[1] * counts[1]


def loop_over_an_expression(x):
    total = 0.0
    for v in x * 2.0:
        total += v * v
    return total


def loop_over_a_tuple_of_values(x, y):
    total = 0.0
    for v in (x, x * y, 3.0):
        x = x + v
        total += v * v
    return total + x


_X = np.array([2.0, 3.0, 5.0])

CASES = [
    Case(captured_array, (_X,), expected=(2.0 * TABLE * _X,)),
    Case(captured_array_as_a_table, (0.5, 5)),
    Case(captured_array_copied_and_written, (0.5,), expected=(2.0 * 0.5 * np.sum(TABLE**2),)),
    Case(captured_number_bound_anew_inside, (0.5,), expected=(2.0 * RATE * 0.5,)),
    Case(closure_over_a_name_bound_anew, (3.0,), expected=(12.0,)),
    Case(closure_over_the_loop_variable, (_X,), expected=(8.0 * _X,)),
    Case(reassigned_capture(), (3.0,), expected=(30.0,)),
    Case(weights_from_an_integer_array, (_X, np.array([4, 0, -1])), expected=(np.array([4.0, 0.0, -1.0]),)),
    Case(integer_accumulator, (0.3, np.array([1, 2, 4])), expected=(11.0,)),
    Case(integer_argument, (2.0, 3), expected=(15.0,)),
    Case(integer_accumulator_that_becomes_a_float, (_X,), expected=(2.0 * _X,)),
    Case(integer_array_made_inside, (sample(5),), expected=(np.array([6.0, 4.0, 0.0, 0.0, 0.0]),)),
    Case(loop_over_an_expression, (_X,), expected=(8.0 * _X,)),
    Case(loop_over_a_tuple_of_values, (3.0, 2.0), expected=(6.0 + 24.0 + 1.0 + 1.0 + 2.0, 36.0 + 3.0)),
]
