"""Arrays of integers as indices: reads, stores with repeated places, np.add.at and its like."""

import numpy as np

from tests.corpus.case import Case, sample


def read_from_both_ends(a, i, back):
    return np.sum(a[i] ** 2) + np.sum(a[back] ** 3) + np.sum(a[i.reshape(2, 2)] ** 2)


def last_write_wins(a, i, b):
    a[i] = b
    a[i] += b * a[0]
    a[i] *= b
    return np.sum(a**2)


def every_term_counts(a, i, b, s):
    np.add.at(a, i, b)
    np.subtract.at(a, i, b * a[0])
    np.add.at(a, i, s)
    np.add.at(a, i, a[:4] * a[i])
    return np.sum(a**3)


def products_and_maxima_at(a, i, b):
    np.multiply.at(a, i, b)
    np.maximum.at(a, i, 0.1)
    return np.sum(a**2)


def adds_at_pairs_rows_and_masks(A, i, j, b, rows, chosen):
    np.add.at(A, (i, j), b)
    np.add.at(A, i, rows)
    np.add.at(A, chosen, 2.0 * rows[0])
    return np.sum(A**2)


def pairs(A, i, j, b):
    first = np.sum(A[i, j] ** 2) + np.sum(A[i[:, None], j]) + np.sum(A[np.ix_(i, j)] ** 2)
    A[i, j] = b
    A[i, j] += b
    return first * A[0, 0] + np.sum(A**2)


def rows_and_columns(A, i, b):
    first = np.sum(A[:, i] ** 2) + np.sum(A[i, 0] ** 2) + np.sum(A[0, i] ** 3)
    A[:, i] = b
    A[i] = b.T * A[0, 0]
    A[i] += b.T * A[0]
    return first + np.sum(A**2)


def integers_between_slices(A, i, k):
    table = np.arange(12).reshape(4, 3)
    first = np.sum(A[0, :, i] * table) + np.sum(A[i - 2, :, 0] * table)
    A[0, :, i] *= table
    A[k, :, i] = 0.25 * A[k, 0, 0]
    return first + np.sum(A**2)


def taken(a, A, i):
    along = np.sum(np.take(A, i, axis=1) ** 2) + np.sum(A.take(i, axis=0) ** 3) + np.sum(np.take(A, i, axis=-1))
    return along + np.sum(np.take(a, i) ** 2) + np.sum(A.take(i)) + np.take(a, 2)


def taken_is_a_copy(A, i, a):
    row, rows = np.take(A, 1, axis=0), A.take(i, axis=0)
    row[i] += a
    rows[0] = row
    A[1] = 2.0
    return np.sum(A**2) + np.sum(row**2) + np.sum(rows**2)


def constants_in_a_list(a, b):
    first = np.sum(a[[0, 2]] ** 2) * a[[1, -1]][1]
    a[[0, 2]] = b
    a[[1, 1]] += 2.0 * b
    return first + np.sum(a**2)


def tuple_as_an_index(A):
    at = (1, 2)
    A[at] *= 3.0
    return A[at] * A[0, 0] + np.sum(A**2)


def reads_what_it_writes(a, i):
    a[i] = a[::-1][:4]
    return np.sum(a**2 * np.arange(a.size))


def places_written_through_themselves(a, i):
    i[i] = i + 1
    first = np.sum(a[i] ** 2)
    np.add.at(i, i[::-1] - 1, i)
    i[i[1:] % 4] = np.array([1, 0, 2])
    return first + np.sum(a[i % 5] ** 3)


def small_integers(a, k):
    return np.sum(a[k]) + k[0] * a[0] + a[k[1]]


PLACES, OTHERS = np.array([2, 0, 3, 2]), np.array([1, 0, 2, 1])
CHOSEN = np.array([True, False, False, True])

def lists_as_indices(A, b, slack):
    n = len(b)
    kept = [i for i in range(n) if i != slack]
    A[:, kept] *= 2.0
    A[np.ix_(kept, kept)] += b[slack]
    x = np.zeros(n)
    x[kept] = A[kept][:, kept] @ b[kept]
    near = []
    for i, v in enumerate(x):
        if v > 0.0:
            near.append(i)
    return x @ x + b[near].sum() * A[slack, kept[-1]]


def seen_or_not(w, fixed):
    seen, node, s = [], 0, 0.0
    while node not in seen:
        seen.append(node)
        s += 0.0 if node in fixed else w[node] ** 2 * len(seen)
        node = (node * 2 + 1) % len(w)
    rest = [k for k in range(len(w)) if k not in seen]
    return s + np.sum(w[rest] ** 3) + (w[0] in w[1:]) * w[1]


CASES = [
    Case(lists_as_indices, (sample(4, 4) + 3.0 * np.eye(4), sample(4), 1)),
    Case(seen_or_not, (sample(5), np.array([1, 3]))),
    Case(read_from_both_ends, (sample(5), PLACES, np.array([-1, 0, -2]))),
    Case(last_write_wins, (sample(5), PLACES, sample(4, seed=3))),
    Case(every_term_counts, (sample(5), PLACES, sample(4, seed=3), 0.7)),
    Case(products_and_maxima_at, (sample(5), PLACES, sample(4, seed=3))),
    Case(
        adds_at_pairs_rows_and_masks,
        (sample(4, 3), PLACES, OTHERS, sample(4, seed=3), sample(4, 3, seed=4), CHOSEN),
    ),
    Case(pairs, (sample(4, 3), PLACES, OTHERS, sample(4, seed=3))),
    Case(rows_and_columns, (sample(4, 4), PLACES, sample(4, 4, seed=1))),
    Case(integers_between_slices, (sample(2, 3, 5), np.array([0, 2, 1, 2]), 1)),
    Case(taken, (sample(5), sample(4, 4, seed=1), PLACES)),
    Case(taken_is_a_copy, (sample(4, 5), PLACES, sample(4, seed=1))),
    Case(constants_in_a_list, (sample(5), sample(2, seed=1))),
    Case(tuple_as_an_index, (sample(2, 3),)),
    Case(reads_what_it_writes, (sample(5), PLACES)),
    Case(places_written_through_themselves, (sample(5), np.array([3, 1, 2, 0]))),
    Case(small_integers, (sample(4), np.array([1, 2], np.int32))),
]
