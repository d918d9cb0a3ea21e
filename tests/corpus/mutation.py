"""Arrays written by functions and operators: out=, np.copyto, diagonals, every augmented assignment."""

import numpy as np

from tests.corpus.case import Case, sample


def diagonal_filled(A, v, s):
    np.fill_diagonal(A, v)
    np.fill_diagonal(A[:2], s)
    return np.sum(A**2) * A[0, 1]


def diagonals_read(A, a):
    own = np.sum(np.diag(A) ** 2) + np.sum(np.diag(A, 1) ** 3) + np.sum(A.diagonal() ** 2) + np.trace(A**2)
    return own + np.sum(np.diag(A, -5)) + np.sum(np.diag(a) @ a) + np.sum(np.diag(a, -1) ** 2)


def diagonal_is_a_view(A):
    d = np.diag(A)
    A[0, 0] = 5.0 * A[1, 1]
    return np.sum(d**2)


def filled(a, A, v):
    a.fill(v)
    a[0] *= 2.0
    A[1].fill(v * v)
    return np.sum(a**2) + np.sum(A**2)


def whole_array(a, b):
    a[:] = b * 2.0
    a[...] = a * b
    return np.sum(a**2)


def operators_on_elements(a, i):
    a[1] **= 2
    a[2] //= 0.3
    a[3] %= 0.4
    a[i] -= a[0]
    a[4] /= 2.0
    return np.sum(a**3)


def operators_on_arrays(a, b):
    a **= 2
    a += b
    a -= 0.3 * b
    a /= 1.0 + b * b
    a *= b
    a %= 0.7
    a //= 0.1
    return np.sum(a * b**3)


def operators_on_rows(A, s, i):
    A[i, :] *= s
    A[i] -= A[0]
    A[:, 0] += A[:, 1]
    A[i] **= 3
    A[1:, 1] %= 0.3
    A[0] //= 0.2
    return np.sum(A**2)


def results_into_arrays(a, b):
    c = np.empty_like(a)
    np.add(a, b, out=c)
    np.exp(c, out=c)
    np.multiply(c, a, c)
    d = np.sqrt(a * a + 1.0, out=b)
    return np.sum(c) + np.sum(d * b)


def products_into_arrays(A, B):
    C = np.zeros((A.shape[0], B.shape[1]))
    np.dot(A, B, out=C)
    first = np.sum(C**2)
    np.matmul(A, 2.0 * B, out=C)
    return first + np.sum(C**3)


def reductions_into_arrays(A):
    down, across = np.empty(A.shape[1]), np.empty(A.shape[0])
    np.sum(A, axis=0, out=down)
    A.max(axis=1, out=across)
    return np.sum(down**2) + np.sum(across**3)


def results_into_rows(A, a):
    np.sin(a, out=A[1])
    np.add(A[1:], 1.0, out=A[:-1])
    return np.sum(A**2)


def copied_into(a, b):
    np.copyto(a, b * 2.0)
    np.copyto(b, a**2, where=b > 0)
    return np.sum(a**2) + np.sum(b**3)


def flat_and_put(A, a, i, b, x):
    A.flat[4] = x * A.flat[1]
    A.flat[i] *= 2.0
    A.T.flat[2] += x
    np.put(A, i, b)
    a.put([0, 2], x)
    s = 0.0
    for v in A.flat:
        s += v * v
    return s + np.sum(A.flat[::2] * 1.5) + np.sum(a**2)


def operators_on_integers(a, k):
    j = k.copy()
    j <<= 1
    j ^= 1
    j >>= 1
    j %= a.size
    j[0] ^= 1
    return np.sum(a[j] ** 2)


def stored_backward(a, b):
    a[::-1] = b
    a[::2] *= b[0]
    a[:] = a[::-1]
    a[::-1] = a
    return np.sum(a * np.arange(a.size))


def one_element_along_its_own_array(a, m, k):
    a[::-1][::2] = np.sin(a[-1:])
    a[1:] += a[k : k + 2][1::2][-1:]
    m[2::-1, k % 2 :] += m[k - 2 :: -1, 1] ** 2
    m[:, 1:] *= m[1:2, 1:] + m[:, k : k + 1]
    return np.sum(a**2) * np.sum(m**3)


def turned(A, B, a):
    first = np.sum(np.swapaxes(A, 0, 1) * B) + np.sum(np.flip(a) * a[0]) + np.flip(a)[1]
    second = np.sum(np.flipud(A) * A) + np.sum(np.fliplr(A) * A[0]) + np.sum(np.flip(A, axis=-1)[0] ** 3)
    return first + second + np.sum(np.flip(A)[0] ** 2)


def permuted(A):
    moved = np.sum(np.moveaxis(A, 0, -1) * np.arange(24).reshape(3, 4, 2))
    return moved + np.sum(A.transpose(2, 0, 1)[0] ** 2) + np.sum(np.transpose(A, (1, 0, 2))[0] ** 3)


def float32_array(x):
    a = np.zeros(3, dtype=np.float32)
    a[0] = 0.5
    a += np.ones(3)
    return np.sum(a * 2.0) * x


def three_levels_in_turn(u0, k):
    u, before = u0.copy(), u0.copy()
    for _ in range(k):
        after = np.zeros(u.size)
        for i in range(1, u.size - 1):
            after[i] = 2.0 * u[i] - before[i] + 0.1 * (u[i + 1] - u[i - 1])
        before = u
        u = after
    return np.sum(u**2)


def rows_of_a_list_in_turn(x, k):
    rows = [x * m for m in range(1, 4)]
    before, now = rows[0], rows[1]
    for _ in range(k):
        before, now = now, before + 0.5 * np.cos(now)
    return now @ before


def handed_over_and_written(a, steps):
    x = 2.0 * a
    for t in range(steps):
        y = x
        x = np.zeros_like(x)
        y[0] *= a[t]
        x[1:] += y[:-1] * y[1:]
        x[0] = y[-1]
    return np.sum(x**2)


def through_three_names(a, b, steps):
    now, before, oldest = a.copy(), b.copy(), a * b
    for _ in range(steps):
        new = now * before - 0.3 * oldest
        oldest = before
        before = now
        now = new
        now[0] = before[1] * oldest[2]
    return np.sum(now * before + oldest)


def exchanged_by_hand(a, b, steps):
    a, b = a.copy(), b.copy()
    for _ in range(steps):
        held = a
        a = b
        b = held
        b[0] = a[1] * b[2]
        a *= b
    return np.sum(a - b**2)


def counter_of_a_copy(a, steps):
    u = a.copy()
    for _ in range(steps):
        new = np.empty(a.size)
        for i in range(a.size):
            new[i] = u[i] * u[-i]
        for i in range(a.size):
            u[i] = new[i]
    return np.sum(u) * i


def values_with_more_axes_than_places(A, b):
    A[::-1, :] = np.sum(b[None], axis=None, keepdims=True)[None]
    A[0] = 2.0 * np.max(A, axis=0, keepdims=True)[None]
    A[:, 1] = b[None, None]
    return np.sum(A**3)


def written_where_its_size_is_that_of_a_table(b):
    c = np.cumulative_sum(b, include_initial=True)
    c[::-1][1:3] *= 0.17
    return np.sum(c**2)


CASES = [
    Case(counter_of_a_copy, (sample(4), 2)),
    Case(handed_over_and_written, (sample(4), 3)),
    Case(through_three_names, (sample(4), sample(4, seed=1), 3)),
    Case(exchanged_by_hand, (sample(4), sample(4, seed=1), 3)),
    Case(three_levels_in_turn, (sample(6), 4)),
    Case(rows_of_a_list_in_turn, (sample(4), 3)),
    Case(diagonal_filled, (sample(4, 3), sample(3, seed=1), 0.7)),
    Case(diagonals_read, (sample(3, 4), sample(3, seed=1))),
    Case(diagonal_is_a_view, (sample(3, 3),)),
    Case(filled, (sample(3), sample(2, 2, seed=1), 0.5)),
    Case(whole_array, (sample(3), sample(3, seed=1))),
    Case(operators_on_elements, (sample(6), 5)),
    Case(operators_on_arrays, (sample(6), sample(6, seed=1))),
    Case(operators_on_rows, (sample(3, 4), 0.3, 1)),
    Case(results_into_arrays, (sample(3), sample(3, seed=1))),
    Case(products_into_arrays, (sample(3, 2), sample(2, 4, seed=1))),
    Case(reductions_into_arrays, (sample(3, 2),)),
    Case(results_into_rows, (sample(3, 2), sample(2, seed=4))),
    Case(copied_into, (sample(3), sample(3, seed=1))),
    Case(flat_and_put, (sample(2, 3), sample(4, seed=1), np.array([3, 1, 3]), sample(3, seed=2), 0.3)),
    Case(operators_on_integers, (sample(5), np.array([1, 3, 2]))),
    Case(stored_backward, (sample(4), sample(4, seed=1))),
    Case(one_element_along_its_own_array, (sample(6), sample(4, 3, seed=1), 2)),
    Case(turned, (sample(3, 2), sample(2, 3, seed=1), sample(4, seed=2))),
    Case(permuted, (sample(2, 3, 4),)),
    Case(float32_array, (0.75,), expected=(7.0,)),
    Case(values_with_more_axes_than_places, (sample(3, 2), sample(3, seed=1))),
    Case(written_where_its_size_is_that_of_a_table, (sample(4),)),
]
