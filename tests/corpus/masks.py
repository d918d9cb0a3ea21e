"""Boolean masks: read, written, computed from values that are differentiated."""

import numpy as np

from tests.corpus.case import Case, sample


def sum_of_positives(a):
    return np.sum(a[a > 0.0] ** 2)


def mean_of_chosen_and_others(a, chosen):
    return np.sum(a[chosen] * 2.0) + np.mean(a[~chosen])


def constant_stored(a, chosen, value):
    a[chosen] = value
    return np.sum(a**2)


def array_stored(a, b):
    a[a > 0] = b[a > 0] * 2.0
    return np.sum(a**2)


def values_lined_up(a, chosen, b):
    a[chosen] = b
    a[chosen] += b * a[0]
    return np.sum(a**3)


def updated_twice(a):
    a[a > 0] *= 2
    a[a < 0] += 1.0
    return np.sum(a**2)


def rows_chosen(A, chosen):
    return np.sum(A[chosen] ** 2) + np.sum(A[chosen, 0]) + np.sum(A[0, :2] * A[chosen][:, :2])


def elements_of_a_matrix(A, v):
    total = np.sum(A[A > 0.0] ** 2)
    A[A > 0.0] = 0.5
    A[A < -0.5] = v[A < -0.5] * v[0, 0]
    return total + np.sum(A**2)


def matrix_elements_lined_up(A, v):
    A[A > 0.0] = v
    return np.sum(A**2 * np.arange(A.size).reshape(A.shape))


def under_a_name(a):
    b = a[a > 0.0]
    c = b * 2.0
    return np.sum(c) * b.size + b[-1]


def divided_where_it_can_be(a, b):
    ratio = np.divide(a, b, out=np.zeros_like(a), where=b > 0.0)
    return np.sum(ratio**2) + np.sum(np.multiply(a, b, out=a * b[0], where=a > 0.0))


def nearest_centre(A, chosen):
    centre = A[chosen].mean(axis=0)
    return np.sum((A[~chosen] - centre) ** 2)


def sums_along_axes(A, chosen):
    down = np.sum(A[chosen] * A[0], axis=0)
    across = np.sum(A[chosen], axis=1)
    return np.sum(down**3) + np.sum(across**2) + np.sum(np.sum(A[chosen], axis=0, keepdims=True) ** 2)


def extremes_of_chosen(a, chosen):
    return np.max(a[chosen]) + a[chosen].min() + np.argmax(a[chosen]) * a[0]


def masks_in_a_loop(a, n):
    s = 0.0
    for _ in range(n):
        a[a > 0.2] *= 0.5
        s += np.sum(a[a > 0.1] ** 2)
        a += 0.05
    return s


def chosen_array_in_a_loop(a, n):
    s = 0.0
    for _ in range(n):
        b = a[a > 0.1]
        s += np.sum(b * b[0])
        a *= 1.1
    return s


def places_in_a_loop(a, n):
    s = 0.0
    for _ in range(n):
        places = np.nonzero(a > 0.1)[0]
        s += np.sum(a[places] ** 2)
        a *= 1.1
    return s


def stores_what_it_reads(a, chosen):
    a[chosen] = a[0] * 2.0
    a[chosen] = a[::-1][chosen]
    a[a > a[::-1]] = 0.25
    return np.sum(a**2 * np.arange(a.size))


def rows_stored(A, chosen, row, rows):
    A[chosen] = row
    A[chosen] *= row[0]
    A[chosen, 1] += 1.0
    A[chosen] = A[chosen] ** 2 + row
    A[chosen] += rows
    A[chosen, 1:] *= 0.5
    return np.sum(A**2)


def columns_stored(A, chosen):
    A[:, chosen] = 0.3 * A[0, 0]
    A[:, chosen] *= 2.0
    return np.sum(A**2) + np.sum(A[:, chosen])


def through_views(a, A):
    v = a[1:]
    v[v > 0] = 0.5
    v[v < 0] *= v[0]
    A[0][A[0] > 0] = 0.5
    A[1, A[1] > 0] *= 3.0
    return np.sum(a**2) + np.sum(A**2)


def logarithm_where_it_exists(a):
    total = np.sum(np.log(a[a > 0]))
    a[a > 0] = np.log(a[a > 0])
    return total + np.sum(a)


def counted(a):
    return np.count_nonzero(a > 0) * a[0] + np.sum(a > 0) * a[1]


def pairs_of_chosen(a, chosen):
    return np.sum(a[chosen][:, None] * a[chosen]) + np.sum(a[[True, False, True, False, True]])


def places_of_a_matrix(A):
    where = np.nonzero(A > 0)
    A[where] *= 2.0
    return np.sum(A[where[0], where[1]]) + np.sum(A[where] ** 2) + len(where[0]) * A[0, 0]


def places_by_every_name(a, A):
    (places,) = np.where(a > 0.0)
    rows, columns = np.nonzero(A > 0.0)
    flat = np.flatnonzero(a > 0.2)
    return np.sum(a[places] ** 2) + np.sum(A[rows, columns] ** 3) + np.sum(a[flat]) * a[0]


def compressed_and_extracted(a, A):
    first = np.sum(np.compress(a > 0.0, a) ** 2) + np.sum(np.extract(a < 0, a) ** 3)
    return first + np.sum(np.compress(A[0] > 0, A, axis=1) ** 2)


def masks_of_integers(a, k):
    return np.sum(a[k == 1]) + np.sum(a[(k == 0) | (k > 1)] ** 2) + np.sum(a[(k > 0) & (a > 0)])


def masks_built_and_changed(a, places):
    mask = np.zeros(a.size, dtype=bool)
    mask[places] = True
    mask ^= a > 0.5
    mask[0] = False
    a[mask] *= 2.0
    keep = a > 0.0
    keep[1] = True
    keep &= ~mask
    keep |= mask
    return np.sum(a[keep] ** 2)


def nothing_chosen(a):
    a[a > 100.0] = a[0]
    return np.sum(a[a > 100.0]) + np.sum(a**2)


MASKS = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1]], dtype=bool)
CHOSEN = np.array([True, False, True, True, False])
SIGNS = np.array([[1.0, -1.0, 2.0], [3.0, -4.0, -5.0]])

def clipped_again_and_again(x):
    for _ in range(3):
        x = x[np.abs(x - x.mean()) < 1.3 * x.std()]
    return x.mean() + x.var()


def chosen_and_shortened(x, M):
    total = 0.0
    for i in range(3):
        a = x[M[i]]
        while len(a) > 1:
            a = a[1:] * np.sin(a[:-1])
        total += np.sum(a)
    return total


def chosen_and_bound_anew(x, M):
    total = 0.0
    for i in range(3):
        A = x[M[i]]
        for _ in range(2):
            A = A * np.sin(A)
        total += np.sum(A)
    return total


def longer_than_the_argument(x, n):
    for k in range(n):
        x = np.concatenate(([x[0] * 2.0], x)) if k % 2 else np.append(x, x.mean())
    return x @ np.arange(len(x))


CASES = [
    Case(sum_of_positives, (sample(5),)),
    Case(mean_of_chosen_and_others, (sample(5), CHOSEN)),
    Case(constant_stored, (sample(5), CHOSEN, 0.7)),
    Case(array_stored, (sample(5), sample(5, seed=2))),
    Case(values_lined_up, (sample(5), CHOSEN, sample(3))),
    Case(updated_twice, (sample(5),)),
    Case(rows_chosen, (sample(5, 3), CHOSEN)),
    Case(elements_of_a_matrix, (sample(4, 3), sample(4, 3, seed=1))),
    Case(matrix_elements_lined_up, (SIGNS, sample(3))),
    Case(under_a_name, (sample(5),)),
    Case(divided_where_it_can_be, (sample(5), sample(5, seed=2))),
    Case(nearest_centre, (sample(5, 3), CHOSEN)),
    Case(sums_along_axes, (sample(5, 3), CHOSEN)),
    Case(extremes_of_chosen, (sample(5), CHOSEN)),
    Case(masks_in_a_loop, (sample(6), 4)),
    Case(chosen_array_in_a_loop, (sample(6), 4)),
    Case(places_in_a_loop, (sample(6), 4)),
    Case(stores_what_it_reads, (sample(5), CHOSEN)),
    Case(rows_stored, (sample(5, 3), CHOSEN, sample(3, seed=1), sample(3, 3, seed=2))),
    Case(columns_stored, (sample(3, 5), CHOSEN)),
    Case(through_views, (sample(6), sample(3, 4, seed=1))),
    Case(logarithm_where_it_exists, (sample(5),)),
    Case(counted, (sample(5),)),
    Case(pairs_of_chosen, (sample(5), CHOSEN)),
    Case(places_of_a_matrix, (sample(3, 4),)),
    Case(places_by_every_name, (sample(5), sample(3, 4, seed=1))),
    Case(compressed_and_extracted, (sample(5), sample(3, 4, seed=1))),
    Case(masks_of_integers, (sample(5), np.array([0, 1, 2, 1, 0]))),
    Case(masks_built_and_changed, (sample(5), np.array([1, 3]))),
    Case(nothing_chosen, (sample(5),)),
    Case(clipped_again_and_again, (sample(12, low=-2.0, high=1.0, seed=4),)),
    Case(chosen_and_shortened, (sample(5), MASKS)),
    Case(chosen_and_bound_anew, (sample(5, 2), MASKS)),
    Case(longer_than_the_argument, (sample(5), 4)),
]
