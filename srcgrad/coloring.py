"""Greedy colouring of the columns of a sparse matrix, such that columns of one colour have no row in common."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def color_columns(by_column_start, rows, by_row_start, columns):
    """Return a colour for every column, from 0 on: columns that meet in a row have different ones.

    Each column in turn gets the first colour that no neighbour has (A. R. Curtis, M. J. D. Powell and J. K. Reid, "On
    the estimation of sparse Jacobian matrices", 1974), in the order "smallest last" (D. W. Matula and L. L. Beck, 1983;
    T. F. Coleman and J. J. More, 1983): from the end, the column with the fewest neighbours among those left.

    Parameters
    ----------
    by_column_start, rows : int arrays
        The rows of column j are `rows[by_column_start[j]:by_column_start[j + 1]]`: indptr and indices of a CSC matrix.
    by_row_start, columns : int arrays
        The columns of every row: indptr and indices of the same matrix in CSR.
    """
    n = by_column_start.size - 1
    order = smallest_last(by_column_start, rows, by_row_start, columns)
    colors = np.full(n, -1, np.int64)
    taken = np.full(n, -1, np.int64)  # the last column that met this colour
    for j in order:
        for k in range(by_column_start[j], by_column_start[j + 1]):
            row = rows[k]
            for i in range(by_row_start[row], by_row_start[row + 1]):
                color = colors[columns[i]]
                if color >= 0:
                    taken[color] = j
        color = 0
        while taken[color] == j:
            color += 1
        colors[j] = color
    return colors


@numba.njit(cache=True)
def smallest_last(by_column_start, rows, by_row_start, columns):
    """Return the columns in the order "smallest last".

    The number of neighbours of a column is counted with multiplicity: the sum of what its rows hold beside it.
    """
    n, m = by_column_start.size - 1, by_row_start.size - 1
    left = np.empty(m, np.int64)
    for row in range(m):
        left[row] = by_row_start[row + 1] - by_row_start[row]
    degree = np.zeros(n, np.int64)
    for j in range(n):
        for k in range(by_column_start[j], by_column_start[j + 1]):
            degree[j] += left[rows[k]] - 1
    # buckets of columns by degree, each a list through `after` and `before`
    most = degree.max() if n else 0
    first, after, before = np.full(most + 1, -1, np.int64), np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    for j in range(n):
        d = degree[j]
        after[j] = first[d]
        if first[d] >= 0:
            before[first[d]] = j
        first[d] = j
    order, done, lowest = np.empty(n, np.int64), np.zeros(n, np.bool_), 0
    for place in range(n - 1, -1, -1):
        while first[lowest] < 0:
            lowest += 1
        j = first[lowest]
        first[lowest] = after[j]
        if after[j] >= 0:
            before[after[j]] = -1
        order[place], done[j] = j, True
        for k in range(by_column_start[j], by_column_start[j + 1]):
            row = rows[k]
            for i in range(by_row_start[row], by_row_start[row + 1]):
                other = columns[i]
                if done[other]:
                    continue
                d = degree[other]
                if before[other] >= 0:
                    after[before[other]] = after[other]
                else:
                    first[d] = after[other]
                if after[other] >= 0:
                    before[after[other]] = before[other]
                d -= 1
                degree[other], before[other], after[other] = d, -1, first[d]
                if first[d] >= 0:
                    before[first[d]] = other
                first[d] = other
                lowest = min(lowest, d)
    return order
