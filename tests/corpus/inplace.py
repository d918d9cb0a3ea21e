"""Arrays written in place: programs that other systems get silently wrong are among them."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def overwrite_each(a):
    for i in range(a.size):
        a[i] = math.sin(a[i])
    total = 0.0
    for i in range(a.size):
        total += a[i] ** 2
    return total


def increment_then_use(arr):
    for i in range(arr.size):
        arr[i] = arr[i] + 1
    return np.sum(arr * arr * arr)


def geometric_recurrence(x, n):
    f = np.zeros(n)
    f[0] = 1.0
    for i in range(1, n):
        f[i] = f[i - 1] * x
    return np.sum(f)


def read_overwritten_read(a, n):
    s = 0.0
    for step in range(n):
        for i in range(a.size):
            s += a[i] ** 2
            a[i] = a[i] * a[(i + 1) % a.size]
    return s + a[0]


def scratch_allocated(x, y):
    buffer = np.empty(3)
    buffer[0] = x * y
    buffer[1] = buffer[0] * x
    buffer[2] = buffer[1] + buffer[0] ** 2
    return buffer[2] * buffer[1]


def scratch_passed_in(x, buffer):
    for i in range(buffer.size):
        buffer[i] = x ** (i + 1)
    total = 0.0
    for i in range(buffer.size):
        total += buffer[i] * (i + 1)
    return total


def plastic_return_map(strain, stiffness, limit):
    plastic = 0.0
    work = 0.0
    for i in range(strain.size):
        stress = stiffness * (strain[i] - plastic)
        over = abs(stress) - limit
        if over > 0.0:
            flow = over / stiffness
            if stress > 0.0:
                plastic += flow
            else:
                plastic -= flow
            stress = stiffness * (strain[i] - plastic)
        work += stress * strain[i]
    return work


def cumulative_sum(x):
    for i in range(1, x.size):
        x[i] += x[i - 1]
    return np.sum(x**2)


def bubble_pass(x):
    for i in range(x.size - 1):
        if x[i] > x[i + 1]:
            x[i], x[i + 1] = x[i + 1], x[i]
    total = 0.0
    for i in range(x.size):
        total += (i + 1) * x[i] ** 2
    return total


def histogram_of_weights(weights, bins, count):
    totals = np.zeros(count)
    for i in range(weights.size):
        totals[bins[i]] += weights[i]
    entropy = 0.0
    for k in range(count):
        entropy -= totals[k] * math.log(1.0 + totals[k])
    return entropy


def integer_steps(x, steps):
    position = 0
    value = 0.0
    for k in range(steps.size):
        position = (position + steps[k]) % x.size
        value += x[position] * (position + 1)
        x[position] *= 0.5
    return value


def reassigned_parameter(x, y):
    x = x * y
    x = x + math.sin(x)
    y = x - y
    return x * y


def thomas(lower, diagonal, upper, rhs):
    n = rhs.size
    c = np.zeros(n)
    d = np.zeros(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / m
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / m
    for i in range(n - 2, -1, -1):
        d[i] = d[i] - c[i] * d[i + 1]
    return np.sum(d**2)


def gauss_seidel(u, f, h, sweeps):
    for sweep in range(sweeps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - h * h * f[i, j])
    return np.sum(u * u)


def pascal_triangle(p, n):
    T = np.zeros((n, n))
    for i in range(n):
        T[i, 0] = 1.0
        for j in range(1, i + 1):
            T[i, j] = p * T[i - 1, j] + (1.0 - p) * T[i - 1, j - 1]
    return np.sum(T[n - 1] ** 2)


def edit_by_slices(a, b):
    a[1:] = a[:-1] * b[1:]
    a[0] = b[0]
    a[:] += b
    a *= 2.0
    return np.sum(a * b)


def smooth_in_place(u, r, steps):
    for t in range(steps):
        u[1:-1] = u[1:-1] + r * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u[0] = u[1]
        u[-1] = u[-2] ** 2
    return np.sum(u**2)


def iterate_over_expression(x):
    total = 1.0
    for v in x * 2.0:
        total = total * 0.5 + v * v
    return total


def pushes_of_two_statements(u, k):
    new = np.zeros_like(u)
    for _ in range(k):
        for i in range(1, u.size - 1):
            new[i] = u[i] + 0.3 * u[i + 1]
            new[i] = 0.5 * new[i] + 0.2 * u[i - 1]
        for i in range(1, u.size - 1):
            u[i] = new[i]
    return np.sum(u**2)


def recurrence_from_the_end(x, n):
    y = np.zeros(n)
    for i in range(n):
        y[i] = np.sin(y[i - 1] * x[i]) + x[i] * (y[i - 1] + 0.5)
    return np.sum(y * y)


def first_before_and_after(x, n):
    y = np.empty(n)
    y[0] = x[0] * x[0]
    for i in range(1, n):
        y[i] = y[i - 1] * x[i] + y[0] * y[0]
        y[0] = np.sin(y[0])
    return y[n - 1] * y[0]


def binomial_tree(p, r, n):
    values = np.empty((n + 1, n + 1))
    for j in range(n + 1):
        values[n, j] = max(np.exp(p * (2 * j - n)) - 1.0, 0.0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            values[i, j] = r * values[i + 1, j] * values[i + 1, j + 1] + values[i + 1, j]
    return values[0, 0]


def rows_of_two(x, n):
    y = np.empty((n, 2))
    s = 0.0
    for i in range(n):
        y[i, 0] = x[i] * x[i]
        y[i, 1] = y[i, 0] * s
        s += y[i, 1] * y[i, 0] + x[i]
        y[i, 0] = s * y[i, 1]
    return s + y[n - 1, 0]


def last_but_one(x, n):
    y = np.zeros(n)
    y[0] = x * x
    y[n - 2] = np.sin(y[0]) * x
    return np.sum(y * y) + y[n - 2] * x


def cholesky_by_columns(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for j in range(n):
        s = A[j, j]
        for k in range(j):
            s -= L[j, k] * L[j, k]
        L[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            L[i, j] = s / L[j, j]
    return np.sum(L * L * L)


def leapfrog_of_three_levels(u0, r, steps):
    before, now, after = u0.copy(), u0.copy(), np.zeros_like(u0)
    for _ in range(steps):
        for i in range(1, now.size - 1):
            after[i] = 2.0 * now[i] - before[i] + r * (now[i + 1] - 2.0 * now[i] + now[i - 1])
        before, now, after = now, after, before
    return np.sum(now**2)


def rows_of_a_matrix_bound_anew(A, steps):
    M = A.copy()
    for _ in range(steps):
        for i in range(1, M.shape[0]):
            row = M[i]
            row[0] = M[i - 1, 1] * row[1]
        M = 0.5 * M
    return np.sum(M**2)


def written_after_the_swap(u0, steps):
    u, v = u0.copy(), np.zeros_like(u0)
    for _ in range(steps):
        v[1:-1] = u[1:-1] + 0.1 * (u[:-2] - u[2:])
        u, v = v, u
    edge = u[:2]
    edge *= u[-1]
    return np.sum(u**3)


CASES = [
    Case(recurrence_from_the_end, (sample(5), 5)),
    Case(first_before_and_after, (sample(5), 5)),
    Case(binomial_tree, (0.3, 0.9, 4)),
    Case(rows_of_two, (sample(4), 4)),
    Case(last_but_one, (0.7, 1)),
    Case(last_but_one, (0.7, 3)),
    Case(cholesky_by_columns, (np.eye(3) * 2.0 + 0.3 * sample(3, 3),)),
    Case(leapfrog_of_three_levels, (sample(7), 0.3, 4)),
    Case(rows_of_a_matrix_bound_anew, (sample(4, 3), 3)),
    Case(written_after_the_swap, (sample(6), 3)),
    Case(pushes_of_two_statements, (sample(8), 3)),
    Case(overwrite_each, (sample(5),)),
    Case(increment_then_use, (sample(4),)),
    Case(geometric_recurrence, (0.8, 6)),
    Case(read_overwritten_read, (sample(4), 3)),
    Case(scratch_allocated, (1.3, -0.7)),
    Case(scratch_passed_in, (0.9, np.zeros(4)), (0,)),
    Case(plastic_return_map, (np.array([0.1, 0.4, 0.9, 0.3, -0.5, -1.1, 0.2]), 2.0, 0.5)),
    Case(cumulative_sum, (sample(6),)),
    Case(bubble_pass, (sample(6),)),
    Case(histogram_of_weights, (sample(8, low=0.1), np.array([0, 2, 1, 2, 2, 0, 1, 2]), 3)),
    Case(integer_steps, (sample(5), np.array([2, 3, 5, 1, 4, 2]))),
    Case(reassigned_parameter, (0.7, 1.2)),
    Case(
        thomas,
        (sample(6), sample(6, seed=1, low=3.0, high=4.0), sample(6, seed=2), sample(6, seed=3)),
    ),
    Case(gauss_seidel, (sample(5, 4), sample(5, 4, seed=1), 0.3, 3)),
    Case(pascal_triangle, (0.3, 6)),
    Case(edit_by_slices, (sample(5), sample(5, seed=1))),
    Case(smooth_in_place, (sample(7), 0.2, 4)),
    Case(iterate_over_expression, (sample(5),)),
]
