"""Points where a slope is infinite or a branch not taken is not a number."""

import math

import numpy as np

from tests.corpus.case import Case


def root_behind_where(x):
    return np.sum(np.where(x > 0.0, np.sqrt(x), 0.0))


def root_behind_if(x):
    return math.sqrt(x) if x > 0.0 else 0.0


def log_behind_where(x):
    return np.sum(np.where(x > 0.0, x * np.log(x), 0.0))


def quotient_behind_where(x):
    return np.sum(np.where(x != 0.0, np.sin(x) / x, 1.0))


def root_behind_an_inner_where(x):
    positive = np.where(x > 0.0, x, 1.0)
    return np.sum(np.where(x > 0.0, np.sqrt(positive), 0.0))


def norm_in_a_loop(v):
    total = 0.0
    for i in range(v.size):
        total += v[i] * v[i]
    return math.sqrt(total)


def norm_of_arrays(v):
    return np.sqrt(np.sum(v * v))


def norm_by_dot(v):
    return np.sqrt(np.dot(v, v))


def norm_by_a_power(v):
    return np.sum(v**2) ** 0.5


def norm_by_hypot(x, y):
    return math.hypot(x, y)


def root_of_a_square(x):
    return math.sqrt(x * x)


def distance_of_equal_points(p, q):
    return np.sqrt(np.sum((p - q) ** 2)) + p[0] * q[1]


def distances_some_of_them_zero(p):
    total = 0.0
    for i in range(p.shape[0] - 1):
        total += np.sqrt(np.sum((p[i + 1] - p[i]) ** 2))
    return total


def deviation_of_equal_values(x):
    return np.sqrt(np.mean((x - x.mean()) ** 2))


def root_times_itself(x):
    return math.sqrt(x) * math.sqrt(x)


def power(x, y):
    return x**y


def power_of_elements(x, y):
    return np.sum(x**y)


def integer_power(x, n):
    return x**n


def absolute_value(x):
    return np.sum(np.abs(x) * x + np.abs(x))


def relu(z):
    return np.sum(np.maximum(z, 0.0))


_Z = np.zeros(3)
_V = np.array([1.0, 2.0, 2.0])

CASES = [
    Case(root_behind_where, (np.array([4.0, 0.0, -1.0]),), expected=(np.array([0.25, 0.0, 0.0]),)),
    Case(root_behind_if, (0.0,), expected=(0.0,)),
    Case(log_behind_where, (np.array([1.0, 0.0, -1.0]),), expected=(np.array([1.0, 0.0, 0.0]),)),
    Case(quotient_behind_where, (np.array([0.0, math.pi]),), expected=(np.array([0.0, -1.0 / math.pi]),)),
    Case(root_behind_an_inner_where, (np.array([4.0, 0.0]),), expected=(np.array([0.25, 0.0]),)),
    Case(norm_in_a_loop, (_Z,), expected=(_Z,)),
    Case(norm_in_a_loop, (_V,), expected=(_V / 3.0,)),
    Case(norm_of_arrays, (_Z,), expected=(_Z,)),
    Case(norm_of_arrays, (_V,), expected=(_V / 3.0,)),
    Case(norm_by_dot, (_Z,), expected=(_Z,)),
    Case(norm_by_a_power, (_Z,), expected=(_Z,)),
    Case(norm_by_a_power, (_V,), expected=(_V / 3.0,)),
    Case(norm_by_hypot, (0.0, 0.0), expected=(0.0, 0.0)),
    Case(root_of_a_square, (0.0,), expected=(0.0,)),
    Case(root_of_a_square, (-2.0,), expected=(-1.0,)),
    Case(distance_of_equal_points, (_V, _V.copy()), expected=(np.array([2.0, 0, 0]), np.array([0, 1.0, 0]))),
    Case(
        distances_some_of_them_zero,
        (np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]]),),
        expected=(np.array([[-0.6, -0.8], [0.6, 0.8], [0.0, 0.0]]),),
    ),
    Case(deviation_of_equal_values, (np.full(3, 0.5),), expected=(_Z,)),
    Case(root_times_itself, (0.0,), expected=(1.0,)),
    Case(power, (0.0, 2.0), expected=(0.0, 0.0)),
    Case(power, (0.0, 1.0), expected=(1.0, 0.0)),
    Case(power, (0.0, 0.0), (0,), expected=(0.0,)),
    Case(power, (-2.0, 3.0), (0,), expected=(12.0,)),
    Case(power_of_elements, (np.array([0.0, 2.0]), np.array([2.0, 3.0])),
         expected=(np.array([0.0, 12.0]), np.array([0.0, 8.0 * math.log(2.0)]))),
    Case(integer_power, (0.0, 0), expected=(0.0,)),
    Case(integer_power, (0.0, 1), expected=(1.0,)),
    Case(integer_power, (0.0, 3), expected=(0.0,)),
    Case(absolute_value, (np.array([0.0, -1.0, 2.0]),), expected=(np.array([0.0, 1.0, 5.0]),)),
    Case(relu, (np.array([0.0, -1.0, 2.0]),), expected=(np.array([0.0, 0.0, 1.0]),)),
]
