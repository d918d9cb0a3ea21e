"""Loops over the last axis of arrays: along rows where nothing goes from row to row, along columns elsewhere."""

import numpy as np

from tests.corpus.case import Case, sample


def growth_by_columns(X, rate):
    for t in range(1, X.shape[1]):
        X[:, t] = X[:, t - 1] + rate * X[:, t - 1] * (1.0 - X[:, t - 1]) + 0.1 * X[:, t]
    return np.sum(X**2)


def back_and_forth(X, w):
    n, m = X.shape
    c = np.empty((n, m))
    last = np.zeros(n)
    for t in range(m):
        c[:, t] = X[:, t] * w[t] + last
        last[:] = c[:, t] ** 2
    for t in range(m - 2, -1, -1):
        X[:, t] = c[:, t] - 0.3 * X[:, t + 1] * last
        last[:] = X[:, t]
    return np.sum(X * c) + np.sum(last)


def levels_of_two_axes(u, wind, dt):
    for k in range(1, u.shape[2] - 1):
        flux = 0.5 * (wind[1:, :, k] + wind[:-1, :, k])
        u[:, :, k] = u[:, :, k] - dt * flux * (u[:, :, k + 1] - u[:, :, k - 1])
    return np.sum(u**3)


def from_the_row_above(X, a):
    for t in range(1, X.shape[1]):
        X[1:, t] = a * X[:-1, t - 1] + X[1:, t]
    return np.sum(X**2)


def from_the_row_below_now(X, a):
    for t in range(1, X.shape[1]):
        X[1:-1, t] = a * (X[:-2, t - 1] + X[2:, t - 1]) - X[1:-1, t]
    return np.sum(X**2)


def upside_down(X, a):
    for t in range(1, X.shape[1]):
        X[:, t] = a * X[::-1, t - 1] + X[:, t]
    return np.sum(X**2)


def from_the_other_end(X, a):
    m = X.shape[1]
    for t in range(m):
        X[:, t] += a * X[:, m - 1 - t] ** 2
    return np.sum(X**2)


def with_a_number_between(X, a):
    s = 0.0
    for t in range(1, X.shape[1]):
        X[:, t] = X[:, t - 1] * a + s
        s = s + np.sum(X[:, t]) * 0.1
    return s


def sums_of_columns(X, y):
    for t in range(X.shape[1]):
        y += X[:, t] * y
        X[:, t] = y
    return np.sum(X * X)


def a_row_for_all(X, y):
    out = np.zeros(X.shape[1])
    for t in range(X.shape[1]):
        for i in range(X.shape[0]):
            out[t] = out[t] * y[i] + X[i, t]
    return np.sum(out**2)


def a_triangle_of_columns(X):
    for t in range(1, X.shape[1]):
        X[:t, t] = X[:t, t - 1] * X[:t, t]
    return np.sum(X**2)


def columns_out_of_order(X, order):
    for t in range(1, order.size):
        X[:, order[t]] = X[:, order[t - 1]] * X[:, order[t]] + 0.2
    return np.sum(X**2)


def every_second_column(X, a):
    for t in range(2, X.shape[1], 2):
        X[:, t] = X[:, t - 2] * a + X[:, t - 1]
    return np.sum(X**2)


def until_it_is_large(X, a):
    for t in range(1, X.shape[1]):
        X[:, t] = X[:, t - 1] * a + X[:, t]
        if np.max(X[:, t]) > 3.0:
            break
    return np.sum(X**2)


def chosen_in_columns(X, a):
    for t in range(1, X.shape[1]):
        X[:, t] = np.where(X[:, t - 1] > 0.0, X[:, t - 1] * a, X[:, t] - a)
    return np.sum(X**3)


CASES = [
    Case(growth_by_columns, (sample(3, 5), 0.7)),
    Case(growth_by_columns, (sample(3, 1), 0.7)),
    Case(growth_by_columns, (sample(1, 4), 0.7)),
    Case(growth_by_columns, (np.empty((0, 3)), 0.7)),
    Case(growth_by_columns, (np.empty((2, 0)), 0.7)),
    Case(back_and_forth, (sample(3, 4), sample(4, seed=1))),
    Case(back_and_forth, (sample(3, 1), sample(1, seed=1))),
    Case(levels_of_two_axes, (sample(2, 3, 5), sample(3, 3, 5, seed=1), 0.2)),
    Case(from_the_row_above, (sample(4, 3), 0.6)),
    Case(from_the_row_below_now, (sample(4, 4), 0.6)),
    Case(upside_down, (sample(3, 4), 0.6)),
    Case(from_the_other_end, (sample(2, 5), 0.6)),
    Case(with_a_number_between, (sample(3, 4), 0.6)),
    Case(sums_of_columns, (sample(3, 4), sample(3, seed=1))),
    Case(a_row_for_all, (sample(3, 4), sample(3, seed=1))),
    Case(a_triangle_of_columns, (sample(4, 4),)),
    Case(columns_out_of_order, (sample(3, 5), np.array([2, 0, 4, 2, 1]))),
    Case(every_second_column, (sample(2, 6), 0.4)),
    Case(until_it_is_large, (sample(2, 5), 1.9)),
    Case(chosen_in_columns, (sample(3, 5), 0.8)),
]
