"""Integers of the data that are not of 64 bits, or large: derivatives combine them as floats."""

import math

import numpy as np

from tests.corpus.case import Case, sample

PIXELS = np.array([100, 200, 7], dtype=np.uint8)


def minus_a_pixel(a, u):
    return 3.0 - a * u[0]


def between_pixels(t, u):
    return (1.0 - t) * u[0] + t * u[1]


def inside_a_function(a, u):
    return math.exp(-(a * u[0] - 3.0) / 100.0)


def side_by_side(a, u):
    return np.sum(np.where(u > 150, a * u, -a * u)) + np.sum(a * u - a * u[::-1])


def of_two_numbers(a, u, w):
    return a * u - a * w


def products_of_large_numbers(a, k):
    return a * k[0] * k[1] * k[1] / k[2] / k[1] + a / k[0] / k[1] / k[2]


def as_ints(x, u):
    far = abs(int(u[0]) - int(u[1]))
    return x * -int(u[2]) + x * far + (x if int(u[2]) - int(u[1]) < 0 else -x) + x**2 * math.exp(-int(u[2]) / 100)


def remainders(x, k):
    return math.fmod(k, 5) * x + np.fmod(k, 3) * x**2 + np.sum(np.fmod(np.array([-7, 5]), 3) * x)


def bools_as_numbers(x):
    return np.sum(x * (x > 0.0) - x * (x < 0.0)) + np.sum(x * -1.0 * (x > 0.5))


def filled_with_integers(x, k):
    a = np.full_like(k, 2.7) * x
    b = np.full(3, 2.7, dtype=int) * x[:3]
    return np.sum(a) + np.sum(b) + np.sum(np.full_like(x > 0.0, 2) * x)


def chosen_out_of_range(x, u):
    return np.sum(np.where(u > 50, u, -1) * x)


def counted_without_a_sign(x, u):
    y = np.zeros(u[0])
    y[: u[1]] += x[: u[1]] ** 2
    for i in range(u[1], u[0]):
        for j in range(u[2], u[0], u[1]):
            y[i] += x[j] * x[i]
    return np.sum(y) * x[u[0] - u[1]]


CASES = [
    Case(filled_with_integers, (sample(5), np.arange(5))),
    Case(chosen_out_of_range, (sample(3), PIXELS)),
    Case(minus_a_pixel, (0.5, PIXELS)),
    Case(between_pixels, (0.3, PIXELS)),
    Case(inside_a_function, (0.5, PIXELS)),
    Case(side_by_side, (sample(3), PIXELS)),
    Case(side_by_side, (sample(3), np.array([-128, 5, 90], dtype=np.int8))),
    Case(of_two_numbers, (0.5, np.uint32(5), np.uint32(9))),
    Case(products_of_large_numbers, (0.5, np.array([10**6, 10**7, 10**8]) * 10**3)),
    Case(as_ints, (1.5, PIXELS)),
    Case(as_ints, (1.5, PIXELS.astype(np.uint64))),
    Case(counted_without_a_sign, (sample(5), np.array([4, 2, 1], dtype=np.uint64))),
    Case(remainders, (1.5, -7)),
    Case(bools_as_numbers, (sample(5),)),
]
