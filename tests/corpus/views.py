"""Views: steps, chains, rows that callees write, reshapes and transposes that are written."""

import numpy as np

from tests.corpus.case import Case, sample


def constant_steps(a):
    return np.sum(a[::-2] ** 2) + np.sum(a[5:1:-1] ** 3) + np.sum(a[-2::-3]) * a[0]


def steps_at_run_time(a, k, back):
    up = np.sum(a[::k] ** 2) + np.sum(a[1:-1:k] ** 3) * np.sum(a[-3::k])
    down = a[::back] * np.arange(a[::back].size)
    return up + np.sum(down) + np.sum(a[4:1:back]) + np.sum(a[-2:-20:back])


def sieve(a, n):
    s = 0.0
    for k in range(1, n):
        s += np.sum(a[::k] ** 2)
        a[k::k] *= 0.5
    return s


def stored_with_steps(a, A, k):
    a[::k] = a[::k] * 2.0
    a[1::k] += 1.0
    v = a[::k]
    v[0] = a[1]
    A[:, ::k] *= a[0]
    return np.sum(a**2) + np.sum(A**2)


def bounds_at_run_time(a, lo, hi):
    return np.sum(a[lo:hi:-1] * np.arange(a[lo:hi:-1].size)) + np.sum(a[lo:hi]) + np.sum(a[hi::-2] ** 2)


def windows(a, A, k):
    b = a * 1.0
    w = np.lib.stride_tricks.sliding_window_view(b, k)
    s = np.sum(w.mean(axis=1) ** 2) + np.sum(w @ np.arange(1.0, k + 1.0))
    b[1] = a[0] * a[1]
    kernel = np.array([[1.0, 2.0], [0.5, -1.0]])
    sums = np.sum(np.lib.stride_tricks.sliding_window_view(A, (2, 2)) * kernel, axis=(2, 3))
    for row in np.lib.stride_tricks.sliding_window_view(b, 3)[::2]:
        s += row[0] * row[2]
    return s * np.max(w, axis=1)[0] + np.sum(sums**2) + np.sum(
        np.prod(np.lib.stride_tricks.sliding_window_view(A, 3, axis=0), axis=-1))


def new_axes(a):
    b = np.expand_dims(a, 0)
    a[0] = 5.0 * a[1]
    c = np.expand_dims(a, -1)
    c[1, 0] = 2.0
    return np.sum(a[None, :, None] * a[:, None, None]) + np.sum(a[..., None] * a) + np.sum(b**2)


def subscript_without_items(a):
    b = a * 1.0
    b[()] = 2.0 * a[()] ** 2
    return np.sum(b[()]) + np.sum(np.sin(a[()]))


def flat_shapes_of_new_arrays(a):
    b = a[::2] * 1.0
    c = b.ravel()
    c[0] *= 3.0
    d = np.sort(a)
    e = np.ravel(d)
    d[1] = a[0] ** 2
    f = a[[0, 2, 1]]
    g = np.ascontiguousarray(f)
    g[0] = a[1]
    return np.sum(b * c) + np.sum(d * e) + np.sum(f * g)


def flat_copies_used_before_the_write(a):
    A = np.outer(a, a)
    columns = np.sum(A.T.ravel() * np.arange(A.size))
    c = A.T.ravel()
    columns += c[1] ** 2
    A[1, 0] = 2.0 * a[0]
    b = np.roll(a, 1)
    a[0] = b[2] * columns
    x, y = np.meshgrid(a, b)
    b[1] = 0.5
    return np.sum(A * x * y) + np.sum(a * b)


def grids_that_show_memory(a):
    b = a * 1.0
    x, y = np.meshgrid(b, b, copy=False)
    b[0] = a[1] ** 2
    return np.sum(x * np.cos(y))


def chain(a):
    v = a[1:]
    w = v[::2]
    w[0] = 1.0
    w[1] *= a[0]
    return np.sum(a**2)


def fill_row(row, x):
    for i in range(row.size):
        row[i] = x * (i + 1)


def rows_written_by_callees(A, x):
    for i in range(A.shape[0]):
        fill_row(A[i], x * i)
    fill_row(A[0, 1:], x)
    fill_row(A[:, 0], x * x)
    return np.sum(A**2)


def transposes_written(A, x):
    A.T[1, 0] = x
    B = A.T
    B[1, 0] *= x
    B[0] += A[:, 1]
    return np.sum(A**2 * np.arange(A.size).reshape(A.shape))


def turned_and_written(A, a):
    B = np.swapaxes(A, 0, 2)
    B[0, 1] = 5.0
    B[:, 0] *= 2.0
    b = np.flip(a)
    b[0] = 5.0 * a[0]
    np.flipud(a)[1] *= 2.0
    return np.sum(A**2) + np.sum(a**2)


def flat_and_written(A, x):
    v = A.ravel()
    v[2] = x
    w = v[1:]
    w[0] = x * x
    A.reshape(6)[0] *= x
    return np.sum(A**2 * np.arange(6).reshape(2, 3))


def reshaped_and_written(a, x, n):
    B = a.reshape(n, -1)
    B[1, 1] *= 3.0
    B[0] = 2.0 * x
    a[5] = x * B[1, 0]
    return np.sum(a**2 * np.arange(6)) + np.sum(B[1])


def local_reshaped(x, n):
    A = np.zeros((n, 4))
    for i in range(n):
        B = A[i].reshape(2, 2)
        B[0, 1] = x * i
        B[1] += x
    C = np.full((n, n), x)
    d = C.ravel()[:: n + 1]
    d[:] = x * x
    d += 1.0
    E = np.zeros_like(A)
    E.ravel()[1] = x
    return np.sum(A**3) + np.sum(C**3) + np.sum(E * E)


def reshaped_after_the_writes(a, n):
    B = a * 2.0
    B[0] = B[1] * B[2]
    C = np.outer(B, a)
    C[0, 0] = 2.0 * C[1, 1]
    return np.sum(C.T.reshape(-1) * np.arange(C.size)) + np.sum(C.reshape(n, -1)[0] ** 2)


def flattened_is_a_copy(A):
    v = A.flatten()
    v[2] = 5.0
    A[0, 0] *= 2.0
    return np.sum(A**2) + np.sum(v**2)


def reshaped_value_is_fresh(a):
    b = (a * 2.0).reshape(2, 3)
    b[0] = 1.0
    a[1] = 2.0
    return np.sum(b**2) + np.sum(a)


def two_names(a):
    b = a
    b[0] = 3.0 * a[1]
    a[1] = b[2] * b[0]
    return np.sum(a * b)


def swapped_arguments(a, b, n):
    for _ in range(n):
        for i in range(1, a.size - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        a, b = b, a
    return np.sum(a**2)


def swapped_buffers(a, n):
    u = a.copy()
    v = np.zeros_like(a)
    for _ in range(n):
        for i in range(1, a.size - 1):
            v[i] = 0.5 * (u[i - 1] + u[i + 1])
        u, v = v, u
    return np.sum(u**2) + v[1]


def bound_in_branches(a, n):
    if n > 0:
        b = a * 2.0
        v = a[:2]
    else:
        b = np.zeros_like(a)
        v = a[1:3]
    b[0] = a[1]
    return np.sum(b**2) + np.sum(v)


def doubled_into(a, out):
    out[:] = a * 2.0
    return out


def result_is_the_buffer(a):
    buffer = np.empty_like(a)
    r = doubled_into(a, buffer)
    r[0] = 1.0
    return np.sum(buffer**2)


def subscripts_of_subscripts(A, i):
    A[i][1] = 2.0
    A[i][0] *= A[i][1]
    A[1:][0, 1] = A[0, 0]
    A[:, 1:][:, 0] += 1.0
    return np.sum(A**3)


def rows_in_a_loop(A):
    for i in range(A.shape[0]):
        r = A[i]
        r[1:] = r[:-1] * 2.0
        h = r[::2]
        h *= 0.5
    for row in A:
        row[0] = row[1] * 2.0
        row += 1.0
    return np.sum(A**2)


def views_updated(a, A):
    v = a[1:]
    v += a[:-1]
    w = A[1]
    w *= A[0]
    w **= 2
    return np.sum(a**2) + np.sum(A**2)


def slices_bound_anew(x):
    first, second = slice(0, 2), slice(2, 4)
    for k in range(3):
        x[first] *= x[second]
        first, second = second, slice(k, k + 2)
    return np.sum(x)


def slice_of_a_branch(x, late):
    if late:
        part = slice(3, None, 2)
    else:
        part = slice(1, None, 3)
    return np.sum(x[part] ** 3)


def run_backward(x, a):
    y = np.zeros_like(x)
    state = 0.0
    for i in range(x.size):
        state += a * (x[i] - state)
        y[i] = state
    return y


def filtered_both_ways(x, a, n):
    for _ in range(n):
        x = run_backward(x, a)
        x = run_backward(x[::-1], a)[::-1]
    return np.sum(x**2)


def the_array_itself_or_a_copy(x):
    a, b, c = np.asarray(x, dtype=np.float64), np.real(x), +x
    a[0] = x[1] * 2.0
    b[1] *= a[0]
    c[2] = 7.0 * x[0]
    return np.sum(x * c) + c[2] * a[1]


def last_row_that_a_loop_came_to(A):
    for row in A:
        y, z = row[1:], row[:-1]
        if row[0] > 0.0:
            break
    return np.sum(row**2) + np.sum(y * z)


def squeezed(x, a, column):
    total = np.sum(a, axis=0, keepdims=True).squeeze() * x
    rows = np.squeeze(x[None, 1:2]) + np.squeeze((x[None] @ a.T).T)
    return np.sum(total * (x[:, None]).squeeze()) * np.sum(rows * np.squeeze(column))


def shown_as_it_is(x):
    y = x + 1.0
    y = 2.0 * x
    rows = np.atleast_2d(y)
    return np.sum(rows**2 * y)


def shown_as_it_is_in_a_loop(x):
    y, total = x, 0.0
    for k in range(3):
        y = k * y + x
        rows = np.atleast_1d(y)
        y = y * rows
        total += np.sum(y) * rows[0, 1]
    return total


def numbers_with_axes(x):
    row = np.expand_dims(np.sum(x, axis=0)[1], -1)
    whole = np.broadcast_to(row, (2, *row.shape))
    return np.sum(whole**2) * np.sum(np.expand_dims(x[0, 0], (0, 1)) * x)


def like_another_shape(x):
    row = np.zeros_like(x.reshape(1, -1))
    row[0] = x[:, 0] ** 2
    return np.sum(row * (x + 0.5))


def like_a_number(x, y):
    total, factor = np.zeros_like(x), np.full_like(y, 3) + np.ones_like(x)
    for k in range(3):
        total += np.sin(k * x) * y
    return total * factor


def epidemic(beta, sigma, gamma, n):
    y = np.zeros((3, 2))
    y[0] = n - 1.0
    y[2] = 1.0
    peak = 0.0
    for _ in range(6):
        S, E, I = y
        new = beta * S * np.sum(I) / np.sum(n)
        y = y + 0.3 * np.stack((-new, new - sigma * E, sigma * E - gamma * I))
        peak = max(peak, np.sum(y[2]))
    return peak


def another_shape_used_up_before_it_is_written(A, b):
    v = A.ravel()
    w = v[1:]
    total = np.sum(w * w[::-1]) + np.sum(np.histogram(b, bins=3, weights=b)[0] ** 2)
    A[0] = total * b[:2]
    b = b * 2.0
    b[0] = A[1, 1]
    return np.sum(A**2) + b @ b


CASES = [
    Case(last_row_that_a_loop_came_to, (sample(4, 3),)),
    Case(the_array_itself_or_a_copy, (sample(3),)),
    Case(filtered_both_ways, (sample(6), 0.3, 2)),
    Case(constant_steps, (sample(8),)),
    Case(steps_at_run_time, (sample(8), 3, -2)),
    Case(sieve, (sample(8), 4)),
    Case(stored_with_steps, (sample(8), sample(2, 5, seed=1), 3)),
    Case(stored_with_steps, (sample(8), sample(2, 5, seed=1), -2)),
    Case(bounds_at_run_time, (sample(8), 5, -20)),
    Case(bounds_at_run_time, (sample(8), -20, 5)),
    *(Case(windows, (sample(6), sample(4, 3, seed=1), k)) for k in (1, 3, 6)),
    Case(new_axes, (sample(3),)),
    Case(subscript_without_items, (sample(3, 4),)),
    Case(flat_shapes_of_new_arrays, (sample(6),)),
    Case(flat_copies_used_before_the_write, (sample(4),)),
    Case(grids_that_show_memory, (sample(4),)),
    Case(chain, (sample(6),)),
    Case(rows_written_by_callees, (sample(3, 3), 0.7)),
    Case(transposes_written, (sample(2, 3), 0.7)),
    Case(turned_and_written, (sample(2, 3, 4), sample(4, seed=1))),
    Case(flat_and_written, (sample(2, 3), 0.7)),
    Case(reshaped_and_written, (sample(6), 0.7, 2)),
    Case(local_reshaped, (0.7, 3)),
    Case(reshaped_after_the_writes, (sample(4), 8)),
    Case(flattened_is_a_copy, (sample(2, 3),)),
    Case(reshaped_value_is_fresh, (sample(6),)),
    Case(two_names, (sample(3),)),
    Case(swapped_arguments, (sample(5), sample(5, seed=1), 3)),
    Case(swapped_buffers, (sample(5), 3)),
    Case(bound_in_branches, (sample(4), 1)),
    Case(result_is_the_buffer, (sample(3),)),
    Case(subscripts_of_subscripts, (sample(3, 3), 1)),
    Case(rows_in_a_loop, (sample(3, 4),)),
    Case(views_updated, (sample(4), sample(2, 3, seed=1))),
    Case(slices_bound_anew, (sample(6),)),
    Case(slice_of_a_branch, (sample(6), 1)),
    Case(slice_of_a_branch, (sample(6), 0)),
    Case(shown_as_it_is, (sample(3, 2),)),
    Case(shown_as_it_is_in_a_loop, (sample(3, 2),)),
    Case(numbers_with_axes, (sample(3, 2),)),
    Case(like_another_shape, (sample(3, 1),)),
    Case(like_a_number, (0.7, 0.3)),
    Case(squeezed, (sample(4), sample(3, 4, seed=1), sample(3, 1, seed=2))),
    Case(epidemic, (0.9, 0.5, 0.3, np.array([40.0, 25.0]))),
    Case(another_shape_used_up_before_it_is_written, (sample(2, 2), sample(4, seed=1))),
]
