"""What names stand for: aliases, windows, helpers that write, values kept from trip to trip."""

import numpy as np

import srcgrad as sg
from tests.corpus.case import Case, sample


def two_names_bound_at_once(a):
    x = y = np.zeros(3)
    x[0] = a[0] * 2
    y[1] = a[1] * 3
    return x[0] * y[0] + x[1] * y[1]


def added_in_place_under_two_names(a):
    b = a
    a += 1.0
    return np.sum(b * b)


def bound_anew_under_one_of_two_names(a):
    b = a
    a = a + 1.0
    a[0] = 5.0
    return np.sum(b * b) + a[0] * a[1]


def helper_that_binds_its_argument_anew(a, x):
    w = scale_local(a, x)
    return np.sum(a * w)


def written_through_the_view_a_helper_returns(a):
    t = tail(a)
    t[0] = a[0] * a[2]
    return np.sum(a * a)


def state_in_a_tuple(u, v, n):
    state = (u, v)
    for _ in range(n):
        state = step(state, 0.1)
    return np.sum(state[0] * state[1])


def one_variable_for_two_loops(a):
    s = 0.0
    for i in range(3):
        for i in range(2):
            s += a[i]
        s += i * a[i]
    return s


def loop_variable_bound_anew(a):
    s = 0.0
    for i in range(4):
        i = i * 2 % 3
        s += a[i] * (i + 1)
    return s + i


def wrapped_around(a):
    s = 0.0
    for i in range(4):
        s += a[i - 2] * a[i - 1]
    return s


def last_element_before_the_first(a):
    s = 0.0
    for i in range(a.size):
        a[i] = a[i - 1] * 2.0
        s += a[i] * a[i - 1]
    return s


def last_element_before_the_first_of_two_loops(a):
    e = np.zeros(a.size)
    s = 0.0
    for i in range(a.size):
        e[i] = np.exp(a[i])
        s += e[i - 1] * e[i]
    for i in range(a.size):
        e[i - 1] = e[i - 1] * np.exp(a[i])
        s += e[i - 1] * e[i]
    return s


def round_and_round(a, lo, hi):
    s = 0.0
    for i in range(lo + 3, hi + 3):
        a[i - 3] = a[i - 3] * a[i - 3] * 1.1
        s += a[i - 3]
    for i in range(-3, 2):
        a[i] = a[i] * a[i] * 1.2
        s += a[i]
    return s


def even_places_by_odd_indices(a):
    e = np.zeros(5)
    s = 0.0
    for i in range(3):
        e[2 * i] = a[i] * a[i]
        s += e[2 * i - 3] * a[i]
        e[2 * i] = e[2 * i] * a[i + 1]
        s += np.sin(e[2 * i - 3])
    return s


def window_between_run_time_bounds(a, lo, hi):
    v = a[lo:hi]
    v[0] = v[-1] * 2
    return np.sum(a * a) + v.size


def gathered_rows_written(M, idx):
    M[idx, 0] = M[idx, 1] * 2
    M[:, 1] *= M[0, 0]
    return np.sum(M**2)


def repeated_places_count_once(a, idx):
    a[idx] += a
    return np.sum(a * a)


def places_taken_from_left_to_right(a, x):
    i = 0
    i, a[i] = 1, x * 2
    a[i], i = x * 3, 0
    return a[0] + a[1] * a[i]


def rows_of_a_loop_written(M):
    s = 0.0
    for row in M:
        row[0] = row[1] * 2
        for v in row:
            s += v * v
    return s + M[0, 0]


def window_of_a_row(a, k):
    w = np.zeros((3, a.size))
    w[0] = a
    for i in range(1, 3):
        w[i] = w[i - 1] * np.cos(w[i - 1])
        w[i, k:] = w[i, : a.size - k]
    return np.sum(w[-1] * w[0])


def segments_between_a_count_and_itself(a, x):
    top, s = 0, 0.0
    for i in range(3):
        lo = top
        top = top + i + 1
        segment = np.sin(a[lo:top] * x) * a[lo]
        s += np.sum(np.exp(segment)) ** 2
    return s


def as_long_as_a_count_grew(a, x):
    top = 0
    for i in range(3):
        lo = top
        top += i + 1
        n = top - lo
        w = np.zeros(n)
        for j in range(n):
            w[j] = a[lo + j] * x
            x = np.sin(w[j]) + x
        x += np.sum(w**2) * 0.1
    return x


def as_long_as_since_an_even_trip(a, x):
    for i in range(a.size):
        if i % 2 == 0:
            start = i
        w = a[: i - start + 1] * x
        w[0] = w[-1] * np.cos(x)
        x = np.sum(np.exp(w) * w) * 0.2
    return x


def rows_between_a_count_and_itself(M, x):
    row = 0
    for i in range(2):
        first = row
        row += 2
        block = M[first:row] * x
        x = np.sum(np.sin(block) * block) * 0.1
    return x


def from_the_lesser_of_two(a, x, p, q):
    k = 0
    while k < 3 and x < 5.0:
        k += 1
        w = np.sin(a[min(p, q) : p + 2] * x) * a[min(p, q)]
        x = np.sum(np.sin(w) * w) * 0.1 + 0.5 * x
    return x


def joined_and_squared(a, x):
    out = np.zeros(0)
    for i in range(3):
        out = np.concatenate((out, a[: i + 1] * x))
        out = out * out
    return np.sum(out)


def closure_that_writes(a, x):
    def g(v):
        v[0] += x
        return v.sum()

    s = g(a)
    s += g(a)
    return s * a[0]


def halves_exchanged(a):
    a = np.asarray(a)
    n = len(a)
    half = n // 2
    lo, hi = a[:half], a[half : 2 * half]
    lo[:], hi[:] = lo + hi, lo - hi
    return np.sum(a**3)


def bound_changed_in_its_loop(x, n):
    for i in range(n):
        n -= 1
        x = x * x + 0.1 * n
    return x * n


def array_bound_anew_in_its_loop(a):
    s = 0.0
    for i in range(len(a)):
        a = a * 0.9
        s += a[i] ** 2
    return s


def run_time_steps(a, step):
    s = 1.0
    for i in range(0, a.size, step):
        s = s * a[i] + i
    for i in range(a.size - 1, -1, -step):
        s = s + a[i] * s
    return s


def place_where_two_loops_stopped(M):
    found = False
    s = 0.0
    for i in range(M.shape[0]):
        for j in range(M.shape[1]):
            if M[i, j] > 0.9:
                found = True
                break
            s += M[i, j] * (i - j)
        if found:
            s *= M[i, j]
            break
    return s


def swap_with_a_product(a):
    s = a[0]
    for i in range(1, a.size):
        s, p = s * a[i], s
        a[i] = p - s
        a[i - 1] = a[i] * s
    return s + np.sum(a)


def permuted_twice(a, p):
    n = a.size
    b = np.empty_like(a)
    for i in range(n):
        b[p[i]] = a[i] ** 2
    for i in range(n):
        a[i] = b[p[p[i]]] * a[i]
    return np.dot(a, b)


def packed_to_the_front(a):
    k = 0
    total = 0.0
    for i in range(a.size):
        if a[i] > 0:
            a[k] = a[i]
            k += 1
    for i in range(k):
        total += a[i] ** 2 / (i + 1)
    return total + a[-1]


def loop_over_a_view_that_is_written(a):
    s = 0.0
    a2 = a[::2]
    for i, v in enumerate(a2):
        w = a[2 * i]
        a[2 * i] = v * w
        s += a2[i] * v
    return s


def copies_shifted_and_subtracted(a, b):
    a[:] = b
    b[0] = 9.0
    a[1:] = a[:-1] + b[1:]
    b -= a
    return np.sum(a * b)


def scale_local(v, s):
    v = v * s
    v[0] = 1.0
    return v


def tail(v):
    return v[1:]


def step(state, dt):
    u, v = state
    return u + dt * v, v - dt * u


def first_above(r, y):
    for v in r:
        if v > y:
            return v
    return 2.0 * y


def early_return_in_a_checkpointed_loop(a, x, n):
    c = x
    for i in sg.checkpoint(range(n), "binomial", slots=2):
        c = c * first_above(a, 0.2 * x * i)
        for _ in sg.checkpoint(range(i)):
            c += 0.1 * first_above(a, c) * x
    return c * x


def checkpointed_loops_in_branches(a, x, n):
    c = x
    if x > 0.2:
        for _ in range(2):
            for i in sg.checkpoint(range(n)):
                c = c * a[i] + np.sin(c)
                a[i] *= c
    else:
        for i in sg.checkpoint(range(n), "binomial", slots=n - 2):
            c = c * a[i] + np.sin(c)
            a[i] *= c
    return c * x + np.sum(a)


def covariances_of_groups(x, label, groups):
    total = 0.0
    for g in range(groups):
        own = x[label == g]
        centred = own - own.mean(axis=0)
        S = centred.T @ centred / len(own)
        total += np.sum(np.tanh(S) @ S)
    return total


def products_of_slices(image, taps):
    H, W = image.shape[1] - 1, image.shape[2] - 1
    out = np.zeros((H * W, taps.shape[3]))
    for i in range(2):
        for j in range(2):
            part = image[:, i : i + H, j : j + W].reshape(image.shape[0], -1)
            out += part.T @ taps[:, i, j]
    return np.sum(out**2)


def sizes_that_an_array_tells(x, sizes):
    total = 0.0
    for n in sizes:
        A = np.outer(x[:n], x[1 : n + 1])
        k = 0
        while k < 3:
            A = np.sin(A @ A)
            A[0] *= A[1]
            k += 1
        total += np.sum(A)
    return total


def equations_of_what_is_seen(F, H, y, seen):
    m, P = np.zeros(2), np.eye(2)
    total = 0.0
    for t in range(len(y)):
        m, P = F @ m, F @ P @ F.T + 0.3 * np.eye(2)
        if not seen[t].any():
            continue
        there = np.flatnonzero(seen[t])
        C = H[there]
        v = y[t, there] - C @ m
        S = C @ P @ C.T + 0.5 * np.eye(len(there))
        K = (C @ P).T / np.trace(S)
        m = m + K @ v
        P -= K @ S @ K.T
        total += v @ S @ v
    return total


def shown_before_it_gets_shorter(x):
    v = np.exp(x)
    first = v
    total = 0.0
    for i in range(3):
        old, tail = v, v[1:]
        v = v[1:] * v[:-1]
        total += old[0] * old[-1] + np.sum(tail * tail) * (i + 1)
    return total + v[0] + first[0]


def chosen_in_one_trip_and_kept(x, M):
    total = 0.0
    for i in range(3):
        v = x[M[i]]
        if i == 1:
            kept = v
        elif i == 0:
            kept = v[1:]
        total += np.sum(kept) * np.sum(v)
    return total + kept[0]


def buffers_of_a_step(y0, n):
    y, k1, k2, mid = y0.copy(), np.empty(3), np.empty(3), np.empty(3)
    for _ in range(n):
        for i in range(3):
            k1[i] = np.sin(y[i]) * y[(i + 1) % 3]
        for i in range(3):
            mid[i] = y[i] + 0.05 * k1[i]
        for i in range(3):
            k2[i] = np.sin(mid[i]) * mid[(i + 1) % 3]
        for i in range(3):
            y[i] += 0.05 * (k1[i] + k2[i])
    return np.sum(y * y)


def buffer_filled_in_part(x, n):
    w, s = np.zeros(4), 0.3
    for t in range(n):
        for i in range(3):
            w[i] = x[i] * s + t
        s = s * 0.5 + w[0] * w[3] + w[1]
        w[3] = s * 0.1
    return s


def buffer_read_after_the_loop(x, n):
    w, s = np.zeros(3), 1.0
    for _ in range(n):
        for i in range(3):
            w[i] = x[i] * s * 0.5
        s = w[0] * w[1] + w[2]
    return s + np.sum(w)


def buffer_filled_until_something(x, n):
    w, s = np.zeros(3), 0.3
    for t in range(n):
        if s > 0.9 + t:
            continue
        for i in range(3):
            w[i] = x[i] * s * 0.5
            if w[i] > 0.2:
                break
        s = s + w[0] * w[1] + w[2]
    return s


def buffer_filled_from_itself(x, n):
    w, s = np.zeros(3), 0.3
    for _ in range(n):
        for i in range(3):
            w[i] = x[i] * s + (w[i - 1] if i > 0 else 0.0)
        s = s + w[0] * w[1] + w[2]
    return s


def buffer_filled_in_loops_without_trips(x, n, m):
    w, s = np.zeros(3), 1.0
    for _ in range(n):
        for j in range(m):
            for i in range(3):
                w[i] = x[i] * s * (j + 1)
        s = s * 0.5 + w[0] * w[1] + w[2] + 0.1 * x[0]
    return s


def buffer_inside_of_stretches(x, n):
    w, s = np.zeros(3), 0.3
    for _ in sg.checkpoint(range(n), "binomial", slots=2):
        for i in range(3):
            w[i] = np.sin(x[i] * s)
        s = s + w[0] * w[1] * 0.3 + w[2] * 0.1
    return s


def buffers_in_loops_of_loops(x, means):
    total, off, terms = 0.0, np.empty(means.shape[1]), np.empty(len(means))
    for p in range(len(x)):
        for k in range(len(means)):
            for i in range(means.shape[1]):
                off[i] = x[p, i] - means[k, i]
            s = 0.0
            for i in range(means.shape[1]):
                s += off[i] * off[i] * (off[0] + 2.0)
            terms[k] = np.exp(-0.3 * s)
        total += np.log(np.sum(terms) + terms[0])
    return total


def rows_appended(x, n):
    rows = np.empty((0, x.shape[0]))
    for _ in range(n):
        x = 1.2 * np.sin(x)
        rows = np.concatenate((rows, x[None]))
    rows = np.vstack((rows, rows[-1] * rows[0]))
    return np.sum(rows**2 * np.arange(len(rows))[:, None])


def rows_chosen_again_and_again(A, n):
    total = 0.0
    for _ in range(n):
        old = A
        A = A[np.abs(A[:, 0] - A[:, 0].mean()) < 1.3 * A[:, 0].std()] * 1.1
        total += old[0] @ A[-1]
    return total + A.mean() + A.var()


def halved_until_one_row_is_left(A):
    total = 0.0
    while A.shape[0] > 1:
        A = 0.5 * (A[::2] + A[1::2]) ** 2
        total += np.sum(A * A)
    return total


CASES = [
    Case(buffers_of_a_step, (sample(3, seed=1), 4)),
    Case(buffer_filled_in_part, (sample(3, seed=1), 4)),
    Case(buffer_read_after_the_loop, (sample(3, seed=1), 4)),
    Case(buffer_filled_until_something, (sample(3, seed=2, low=0.1), 4)),
    Case(buffer_filled_from_itself, (sample(3, seed=1), 3)),
    Case(buffer_filled_in_loops_without_trips, (sample(3, seed=1), 3, 0)),
    Case(buffer_filled_in_loops_without_trips, (sample(3, seed=1), 3, 2)),
    Case(buffer_inside_of_stretches, (sample(3, seed=1), 9)),
    Case(buffers_in_loops_of_loops, (sample(4, 3, seed=1), sample(2, 3, seed=2))),
    Case(checkpointed_loops_in_branches, (np.array([0.3, 0.5, -0.45, 0.7]), 0.7, 4)),
    Case(checkpointed_loops_in_branches, (np.array([0.3, 0.5, -0.45, 0.7]), 0.1, 4)),
    Case(early_return_in_a_checkpointed_loop, (np.array([0.3, 0.5, -0.45, 0.7]), 0.7, 5)),
    Case(two_names_bound_at_once, (np.array([0.0, 0.3, -0.27]),)),
    Case(added_in_place_under_two_names, (np.array([-0.89, -0.45, -0.99]),)),
    Case(bound_anew_under_one_of_two_names, (np.array([0.06, 1.34, -0.49]),)),
    Case(helper_that_binds_its_argument_anew, (np.array([-0.62, 0.49, 0.36]), 0.4)),
    Case(written_through_the_view_a_helper_returns, (np.array([0.16, -0.19, -2.52, -0.54]),)),
    Case(state_in_a_tuple, (np.array([-0.05, 0.11, -1.53]), np.array([-0.48, -0.98, -0.81]), 3)),
    Case(one_variable_for_two_loops, (np.array([0.86, 0.12, -0.64, 2.0]),)),
    Case(loop_variable_bound_anew, (np.array([0.76, -1.2, 0.07, 0.58]),)),
    Case(wrapped_around, (np.array([-0.19, 0.68, -0.07, 0.67]),)),
    Case(last_element_before_the_first, (np.array([-0.19, 0.68, -0.07, 0.67]),)),
    Case(last_element_before_the_first_of_two_loops, (np.array([0.3, -0.5, 0.45, -0.2]),)),
    Case(round_and_round, (np.array([0.9, -0.8, 1.1, 0.7]), 0, 4)),
    Case(even_places_by_odd_indices, (np.array([0.4, 0.7, -0.9, 1.2]),)),
    Case(window_between_run_time_bounds, (np.array([1.44, -0.68, 0.2, -0.46, 0.13]), 1, -1)),
    Case(window_between_run_time_bounds, (np.array([-1.19, -0.58, -0.2, 0.9, 1.15]), -4, 9)),
    Case(
        gathered_rows_written,
        (
            np.array([[-1.32, -0.79, 0.65], [-1.99, -0.46, -0.1], [1.26, 0.69, -0.33], [-0.37, -0.25, 1.52]]),
            np.array([2, 0, 2, 1]),
        ),
    ),
    Case(repeated_places_count_once, (np.array([-0.83, -0.62, 0.21, 0.49]), np.array([2, 0, 2, 1]))),
    Case(places_taken_from_left_to_right, (np.array([-0.85, 0.78, 0.13]), 0.7)),
    Case(rows_of_a_loop_written, (np.array([[-0.69, -0.33], [-0.56, 0.01], [-0.38, -0.3]]),)),
    Case(window_of_a_row, (np.array([-1.11, -1.22, 1.34, -0.51]), 1)),
    Case(segments_between_a_count_and_itself, (np.array([0.3, -0.5, 0.45, -0.2, 0.7, 0.1]), 0.7)),
    Case(as_long_as_a_count_grew, (np.array([0.3, -0.5, 0.45, -0.2, 0.7, 0.1]), 0.7)),
    Case(as_long_as_since_an_even_trip, (np.array([0.3, -0.5, 0.45, -0.2, 0.7]), 0.7)),
    Case(rows_between_a_count_and_itself, (np.array([[0.3, 0.6], [-0.5, 0.1], [0.4, -0.3], [0.2, 0.9]]), 0.7)),
    Case(from_the_lesser_of_two, (np.array([0.3, -0.5, 0.45, -0.2, 0.7]), 0.7, 3, 1)),
    Case(joined_and_squared, (np.array([0.3, -0.5, 0.45, -0.2]), 0.7)),
    Case(closure_that_writes, (np.array([1.88, 1.48, -1.15]), 0.3)),
    Case(halves_exchanged, (np.array([-0.97, -1.64, 0.51, -0.06, 0.41, -0.99]),)),
    Case(bound_changed_in_its_loop, (0.6, 5)),
    Case(array_bound_anew_in_its_loop, (np.array([0.03, 1.36, 1.22, -0.51]),)),
    Case(run_time_steps, (np.array([-0.3, -0.53, 0.57, -0.06, 0.75, -1.85]), 2)),
    Case(
        place_where_two_loops_stopped,
        (np.array([[0.93, -0.23, -0.74], [0.38, 0.72, -0.3], [0.54, 1.04, -0.21], [-0.81, 0.35, 0.25]]),),
    ),
    Case(swap_with_a_product, (np.array([0.82, 0.63, 0.4, 0.96]),)),
    Case(permuted_twice, (np.array([1.79, -1.57, 0.88, 0.47]), np.array([2, 0, 3, 1]))),
    Case(packed_to_the_front, (np.array([1.21, -0.19, -1.44, 1.33, 0.53, 2.11]),)),
    Case(loop_over_a_view_that_is_written, (np.array([0.54, 1.32, 0.81, 1.02, -0.11, -0.7]),)),
    Case(
        copies_shifted_and_subtracted,
        (np.array([-0.73, -0.49, -1.13, -0.55]), np.array([-0.09, 0.25, -0.34, -1.92])),
    ),
    Case(covariances_of_groups, (sample(5, 2), np.array([0, 1, 0, 1, 2]), 3)),
    Case(products_of_slices, (sample(2, 4, 5), sample(2, 2, 2, 3, seed=1))),
    Case(sizes_that_an_array_tells, (sample(7), np.array([2, 4, 3]))),
    Case(
        equations_of_what_is_seen,
        (sample(2, 2), sample(3, 2, seed=1), sample(3, 3, seed=2), np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]], bool)),
    ),
    Case(shown_before_it_gets_shorter, (sample(5),)),
    Case(chosen_in_one_trip_and_kept, (sample(4), np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]]) > 0)),
    Case(rows_appended, (sample(3), 3)),
    Case(rows_chosen_again_and_again, (sample(9, 2, seed=3), 2)),
    Case(halved_until_one_row_is_left, (sample(4, 3),)),
]
