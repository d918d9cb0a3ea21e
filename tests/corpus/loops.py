"""Loops: sums and products, run-time bounds, steps, recurrences of scalars, while loops."""

import itertools
import math

import numpy as np

from tests.corpus.case import Case, sample


def product_of_all(x, n):
    prod = 1.0
    for i in range(n):
        prod *= x[i]
    return prod


def norm_by_hand(x):
    total = 0.0
    for v in x:
        total += v * v
    return math.sqrt(total)


def horner(coefficients, x):
    value = 0.0
    for k in range(len(coefficients) - 1, -1, -1):
        value = value * x + coefficients[k]
    return value


def residuals_that_follow_each_other(mu, r):
    s = 0.5
    for t, value in enumerate(r):
        e = value - mu
        if t > 0:
            s = 0.3 + 0.2 * before**2 + s * mu  # noqa: F821
        before = e * s  # noqa: F841
    return s


def state_from_the_trip_before(x, r):
    k = 0
    while k < len(r):
        if k > 0:
            s += last * r[k] * s  # noqa: F821
        else:
            s = x
        last = s * r[k]  # noqa: F841
        k += 1
    return s


def read_where_it_is_bound(x, r):
    n, s = 0, 0.0
    for v in r:
        if n >= 2:
            s += (v - one) * (one - two) * x  # noqa: F821
        two = one if n >= 1 else 0.0  # noqa: F821
        one = v * x
        if n > 0 and large:  # noqa: F821
            s *= x
        large = v > 0.0  # noqa: F841
        n += 1
    return s + one * two


def array_from_the_trip_before(x, r):
    s = 0.0
    for t in range(3):
        row = r * x + s
        if t > 0:
            s += np.sum(before * row) * x  # noqa: F821
        before = row  # noqa: F841
    return s


def best_array_so_far(x, a, n):
    best = None
    for k in range(n):
        y = a * math.sin(x + k)
        if best is None or np.sum(y * y) > np.sum(best * best):
            best = y.copy()
    best[0] *= x
    return np.sum(best**3)


def arrays_from_the_trip_before(x):
    s = 1.0
    for k in range(4):
        s += np.sum(row if k > 1 else x)  # noqa: F821
        row = x * s  # noqa: F841
        if k > 2:
            s += np.sum(square) + written[0]  # noqa: F821
        if k > 1:
            square = np.outer(x, x) * s  # noqa: F841
            written = x * 1.0
            written[0] = s
    return s


def chebyshev(x, c):
    before, now = 1.0, x
    total = c[0] + c[1] * x
    for k in range(2, c.size):
        before, now = now, 2.0 * x * now - before
        total += c[k] * now
    return total


def fibonacci_like(a, b, n):
    for _ in range(n):
        a, b = b, 0.5 * (a + b) + 0.1 * a * b
    return a - b


def trapezoid_rule(a, b, n):
    h = (b - a) / n
    total = 0.5 * (math.exp(-a * a) + math.exp(-b * b))
    for i in range(1, n):
        x = a + i * h
        total += math.exp(-x * x)
    return h * total


def double_sum(A, n, m):
    outside = A[0, 0]
    total = 0.0
    for i in range(n):
        row = 0.0
        for j in range(i, m):
            row += A[i, j] * math.cos(A[j % n, i])
        total += row * row
    return total * outside


def every_third(x):
    even = 0.0
    for i in range(0, x.size, 3):
        even += x[i] ** 3
    for i in range(x.size - 1, 0, -2):
        even -= 0.5 * x[i] * x[i - 1]
    return even


def square_root_heron(a):
    x = a
    while abs(x * x - a) > 1e-13:
        x = 0.5 * (x + a / x)
    return x


def cube_root(a, x0):
    x = x0
    while True:
        step = (x * x * x - a) / (3.0 * x * x)
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


def continued_fraction(x, depth):
    value = 1.0
    for k in range(depth, 0, -1):
        value = 1.0 + k * x / value
    return 1.0 / value


def collatz_weights(x, start):
    total, n, weight = 0.0, start, 1.0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            total += weight * x
        else:
            n = 3 * n + 1
            weight *= 0.9 + 0.1 * math.sin(x)
    return total


def running_mean_and_variance(x):
    mean, m2 = 0.0, 0.0
    for i in range(len(x)):
        delta = x[i] - mean
        mean += delta / (i + 1)
        m2 += delta * (x[i] - mean)
    return m2 / (len(x) - 1) + mean


def arithmetic_geometric_mean(a, g, n):
    for _ in range(n):
        a, g = 0.5 * (a + g), np.sqrt(a * g)
    return a


def value_from_before_the_loop(x, n):
    scale = math.exp(-x)
    s = 0.0
    for i in range(n):
        s = 0.9 * s + math.sin(x * i)
    return scale * s + scale**2


def bound_in_a_loop_and_changed_after_it(x, n):
    for i in range(n):
        s = np.prod(x)
        x[i] *= math.sin(s)
    s *= x[0]
    return s


def bound_in_a_loop_of_a_branch(x, n):
    if n < 2:
        s = x[0]
    else:
        i = 0
        while i < n:
            s = x[i] * x[i + 1]
            x[i] *= math.sin(s)
            i += 1
    s **= 2
    return s * x[1]


def triangle_downward(x, n):
    s = x[0]
    for i in range(n - 1, -1, -1):
        for j in range(i, -1, -1):
            s = np.sin(s + x[i] * x[j])
    return s


def band(x, n):
    s = 0.3
    for i in range(n):
        for j in range(i, i + 3):
            s = s * np.cos(x[i] + 0.1 * j)
    return s


def three_deep_triangle(x, n):
    s = 1.0
    for i in range(n):
        for j in range(i + 1):
            for k in range(2, j):
                s = s * (1.0 + 0.1 * np.sin(x[i] + x[j] * x[k] * s))
    return s


def rows_by_pointer(start, values, x):
    out = 1.0
    for i in range(start.size - 1):
        row = 0.5
        for k in range(start[i], start[i + 1]):
            row = row * np.sin(values[k] * x[i]) + 0.2
        out = out * row + row
    return out


def roots_over_time(a, n):
    x, total = 1.0, 0.0
    for i in range(n):
        rounds = 0
        while abs(x * x - a * (1 + i)) > 1e-3 and rounds < 12:
            for k in range(2):
                x = x - 0.4 * (x * x - a * (1 + i)) / x
            rounds += 1
        total += x * x
    return total


def while_in_while(x, limit):
    s = 1.0
    while x < limit:
        y = x
        while y > 0.1:
            y = y * 0.6 * s
            s = s * (1.0 - 0.05 * y)
        x = x * 1.3 + 0.01 * s * y
    return s * x


def gravity_between_two(x, y, dt, n):
    v = 0.0
    for i in range(n):
        d2 = (x - y) * (x - y) + 0.1
        pull = dt / (d2 * math.sqrt(d2))
        v -= pull * (x - y)
        x += dt * v * pull
        y -= v / math.sqrt(d2) / d2
    return x * y + v


def quotients_in_a_chain(x, w):
    r = np.empty(x.size)
    s = 1.5
    for i in range(x.size):
        r[i] = (s - w[i]) / (x[i] * x[i] + s)
        s = s / (1.0 + r[i] * x[i]) + 1.0 / x[i]
        w[i] = w[i] * x[i] / (w[i] + 2.0) / s
    return s + np.sum(r * r) + np.sum(w)


def roots_of_all_powers(x):
    total = 0.0
    for i in range(x.size):
        z = x[i] * x[i] + 0.5
        total += z / np.sqrt(z) + 1.0 / (z * z * np.sqrt(z)) + np.sqrt(z) ** 3 / z**2 + z * np.sqrt(z) / (1.0 + x[i])
    return total


def column_sums(A, x):
    total = 0.0
    for j in range(A.shape[1]):
        s = 0.0
        for i in range(A.shape[0]):
            s += A[i, j] * x[i]
        total += np.sin(s) * s
    return total


def columns_upward_and_down(A, x, n, m):
    total = 1.0
    for t in range(2):
        for j in range(m - 1, -1, -1):
            s = 0.3 * t
            for i in range(n):
                s += A[i, j] * x[i]
            w = s * total
            for i in range(n):
                w += A[i, j] * A[i, j] * s
            total = total * 0.5 + np.cos(w) * s
    return total


def columns_of_a_triangle(A, n):
    y = np.zeros(n)
    for j in range(n):
        s = 1.0
        for i in range(j, n):
            s += A[i, j] * y[j]
        y[j] = s * s
        for i in range(n):
            y[i] = y[i] + A[i, j] * s
    return np.sum(y * y)


def sums_into_one_element(x, y, k):
    a = np.zeros(3)
    for t in range(3):
        for i in range(x.size):
            a[k] += x[i] * y[t] * x[t]
            a[1] += np.sin(x[i]) * y[i]
        y[t] = y[t] * a[1]
    return np.sum(a * a)


def pairs_by_tails(x):
    energy = 0.0
    for i in range(x.size - 1):
        d = x[i + 1 :] - x[i]
        r = np.sqrt(d * d + 0.1)
        energy += np.sum(1.0 / r) * d[0]
    return energy


def doubling_windows(x, w):
    total, k = 0.0, 1
    while k < x.size:
        v = x[:k] * w
        u = np.tanh(v)
        total += np.sum(u * v) * u[-1]
        k = 2 * k
    return total


def windows_of_a_list(x, widths):
    total = 1.0
    for width in widths:
        part = np.exp(-0.5 * x[:width] ** 2)
        if part.size > 1:
            weights = part / np.sum(part)
            total *= 1.0 + np.sum(weights * x[:width])
    return total


def growing_outer_products(x):
    total = 0.0
    for k in range(1, x.size + 1):
        table = np.outer(x[:k], x[:k]) + 1.0
        total += np.sum(np.log(table * table))
    return total


def pairs_of_charges(x, q):
    energy = 0.0
    n = len(x)
    for i, j in itertools.combinations(range(n), 2):
        n = 0
        energy += q[i] * q[j] / np.sqrt(1.0 + (x[i] - x[j]) ** 2)
    return energy * (i + j)


def triples(x):
    total = sum(x[i] * x[j] for i, j in itertools.permutations((0, 2, 3), 2))
    for t in itertools.combinations(range(1, x.size), 3):
        if t[0] == 2:
            continue
        total += x[t[0]] * x[t[1]] * np.sin(x[t[2]])
    return total + math.fsum(v * v for v in x)


def pairs_of_items(x, y, a):
    total = sum(np.hypot(p - q, r - s) for (p, r), (q, s) in itertools.combinations(zip(x, y), 2))
    total += sum(itertools.starmap(lambda p, q: p * q * a, itertools.pairwise(x)))
    for (i, p), (j, q) in itertools.combinations_with_replacement(enumerate(y), 2):
        if p > 2.0:
            continue
        total += p * q * (j - i + a)
    close = [abs(p - q) for p, q in itertools.permutations(x, 2) if p > a]
    return total * max(close) + sum(close)


def pairs_of_rows(x, a):
    far = max(np.linalg.norm(p - q) for p, q in itertools.combinations(x, 2))
    for p in itertools.combinations(x, 3):
        far += p[0] @ p[1] * p[2][0]
    return far * a + sum(v * v for v in itertools.chain.from_iterable(x))


def least_and_its_place(x):
    best, at = None, None
    for i, v in enumerate(x):
        if best is None or v < best:
            best, at = v, i
    return best * best + x[at]


def first_above(x, limit):
    hit = None
    for v in x:
        if v > limit:
            hit = v * v
            break
    return hit if hit is not None else 3.0 * x[0]


def runs_between_losses(x):
    last = None
    total = 0.0
    for v in x:
        if v < 0.0:
            last = None
        elif last == None:  # noqa: E711
            last = v
        else:
            total += last * v
            last = v
    return total


def place_if_any(x, limit):
    at = None
    for i, v in enumerate(x):
        if v > limit:
            at = i
    return x[at] ** 2 if at else x[1] * x[2]


def states_from_none(A):
    state = None
    total = 0.0
    for i in range(A.shape[0]):
        row = A[i] * 2.0
        if state is None:
            state = row
        else:
            state = state + row
        total += np.sum(state**2)
    return total


def counter_of_a_loop_that_does_nothing(x):
    for j in range(3):
        pass
    return j * x


CASES = [
    Case(pairs_of_items, (sample(5), sample(5, seed=1), 0.1)),
    Case(pairs_of_rows, (sample(4, 3), 0.3)),
    Case(counter_of_a_loop_that_does_nothing, (0.7,)),
    Case(pairs_of_charges, (np.array([0.7, 0.2, 1.4, -0.3]), np.array([1.0, -2.0, 1.5, 0.5]))),
    Case(triples, (np.array([0.7, 0.2, 1.4, -0.3, 0.8]),)),
    Case(least_and_its_place, (np.array([0.7, 0.2, 1.4, -0.3]),)),
    Case(first_above, (np.array([0.3, 0.9, 1.4]), 0.5)),
    Case(first_above, (np.array([0.3, 0.9, 1.4]), 50.0)),
    Case(place_if_any, (np.array([0.7, 0.2, 1.4]), 1.0)),
    Case(place_if_any, (np.array([0.7, 0.2, 0.4]), 0.5)),
    Case(place_if_any, (np.array([0.7, 0.2, 0.4]), 5.0)),
    Case(runs_between_losses, (np.array([0.7, 0.2, 1.4, -0.3]),)),
    Case(states_from_none, (sample(3, 2),)),
    Case(column_sums, (sample(4, 3), sample(4))),
    Case(columns_upward_and_down, (sample(4, 3), sample(4), 4, 3)),
    Case(columns_upward_and_down, (sample(4, 3), sample(4), 4, 0)),
    Case(columns_of_a_triangle, (sample(3, 3), 3)),
    Case(sums_into_one_element, (sample(4), sample(4), 1)),
    Case(sums_into_one_element, (sample(4), sample(4), 2)),
    Case(pairs_by_tails, (sample(5),)),
    Case(doubling_windows, (sample(9), 0.7)),
    Case(windows_of_a_list, (sample(6), np.array([3, 1, 6, 0, 2]))),
    Case(growing_outer_products, (sample(4),)),
    Case(gravity_between_two, (0.4, -0.3, 0.1, 5)),
    Case(quotients_in_a_chain, (sample(5) ** 2 + 1.0, sample(5) ** 2 + 0.3)),
    Case(roots_of_all_powers, (sample(5),)),
    Case(triangle_downward, (sample(5), 5)),
    Case(band, (sample(4), 4)),
    Case(three_deep_triangle, (sample(5), 5)),
    Case(rows_by_pointer, (np.array([0, 3, 3, 4, 15]), sample(15), sample(4))),
    Case(roots_over_time, (1.4, 5)),
    Case(while_in_while, (0.3, 1.5)),
    Case(while_in_while, (0.3, 0.1)),
    Case(product_of_all, (np.array([2.0, 1.0, 2.0]), 3), expected=(np.array([2.0, 4.0, 2.0]),)),
    Case(product_of_all, (np.array([0.5, 0.0, -2.0, 3.0]), 4), expected=(np.array([0.0, -3.0, 0.0, 0.0]),)),
    Case(norm_by_hand, (sample(5),)),
    Case(horner, (sample(6), 0.8)),
    Case(residuals_that_follow_each_other, (0.3, sample(5))),
    Case(state_from_the_trip_before, (0.3, sample(4))),
    Case(array_from_the_trip_before, (0.3, sample(4))),
    Case(read_where_it_is_bound, (0.3, sample(5))),
    Case(best_array_so_far, (0.3, sample(5), 4)),
    Case(arrays_from_the_trip_before, (sample(2),)),
    Case(chebyshev, (0.3, sample(7))),
    Case(fibonacci_like, (0.4, 0.7, 8)),
    Case(trapezoid_rule, (0.1, 1.9, 12)),
    Case(double_sum, (sample(4, 5), 4, 5)),
    Case(every_third, (sample(10),)),
    Case(square_root_heron, (7.3,)),
    Case(cube_root, (27.0, 5.0), (0,), (1.0 / 27.0,)),
    Case(continued_fraction, (0.6, 9)),
    Case(collatz_weights, (0.37, 11)),
    Case(collatz_weights, (0.37, 27)),
    Case(running_mean_and_variance, (sample(6),)),
    Case(arithmetic_geometric_mean, (1.7, 0.4, 4)),
    Case(bound_in_a_loop_and_changed_after_it, (sample(4), 3)),
    Case(bound_in_a_loop_of_a_branch, (sample(4), 3)),
    Case(bound_in_a_loop_of_a_branch, (sample(4), 1)),
    Case(value_from_before_the_loop, (0.9, 5)),
    Case(value_from_before_the_loop, (0.9, 0)),
]
