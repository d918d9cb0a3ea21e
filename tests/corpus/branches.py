"""Branches: piecewise functions, early exits, break and continue, conditional expressions."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def huber(r, delta):
    if abs(r) <= delta:
        return 0.5 * r**2
    return delta * (abs(r) - 0.5 * delta)


def spring_energy(q, k):
    e = 0.0
    for i in range(q.size - 1):
        r = q[i + 1] - q[i]
        if r > 1.0:
            e += k * np.log(r)
        else:
            e += 0.5 * k * (r - 1.0) ** 2
    return e


def tax(income, rates, limits):
    due = 0.0
    low = 0.0
    for i in range(limits.size):
        if income > limits[i]:
            due += rates[i] * (limits[i] - low)
            low = limits[i]
        else:
            due += rates[i] * (income - low)
            break
    return due


def positive_only(x):
    total = 0.0
    for v in x:
        if v <= 0.0:
            continue
        total += math.sqrt(v) * v
    return total


def first_crossing(x, level, dt):
    position, speed = 0.0, 1.0
    for i in range(x.size):
        speed += dt * x[i]
        position += dt * speed
        if position > level:
            return position * speed
        speed *= 0.99
    return position - level


def drag(v, rho, laminar, turbulent):
    reynolds = 100.0 * rho * abs(v)
    if reynolds < 10.0:
        c = laminar / (1.0 + reynolds)
    elif reynolds < 150.0:
        t = (reynolds - 10.0) / 140.0
        c = (1.0 - t) * laminar / 11.0 + t * turbulent
    else:
        c = turbulent
    return 0.5 * rho * c * v * abs(v)


def leaky_and_clipped(x, slope):
    y = x if x > 0.0 else slope * x
    return math.tanh(y) if y < 2.0 else 1.0 - math.exp(-y)


def smoothstep(edge0, edge1, x):
    t = (x - edge0) / (edge1 - edge0)
    if t <= 0.0:
        return 0.0 * x
    if t >= 1.0:
        return 1.0 + 0.0 * x
    return t * t * (3.0 - 2.0 * t)


def root_by_bisection_then_newton(a, low, high):
    for _ in range(8):
        middle = 0.5 * (low + high)
        if middle**3 + a * middle - 1.0 > 0.0:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    for _ in range(6):
        x -= (x**3 + a * x - 1.0) / (3.0 * x**2 + a)
    return x


def search_both_ways(x, target):
    best, found = 0.0, False
    for i in range(x.size):
        for j in range(x.size):
            if i == j:
                continue
            s = x[i] * x[j]
            if s > target and not found:
                best = s * x[i]
                found = True
                break
        if found:
            break
    return best + 0.1 * x[0]


def both_sides_of_and(x, y):
    z = 0.3 * x
    if x > 0.0 and y > 0.0:
        z = x * math.log(1.0 + y)
    elif x > 0.0 or y > 1.0:
        z = x - y**2
    if not z < 0.0:
        z = z * z
    return z


def neighbours_that_exist(a, n):
    s = 0.0
    for i in range(a.size):
        s += (a[i + 1] if i + 1 < a.size else 0.0) * a[i]
    for i in range(n):
        s += a[i] ** 2 if i < a.size and i != 1 else 1.0
        s *= a[i] if i < 1 else (a[i - n] if i > n - 1 else 1.0)
    return s


def while_loop_in_a_branch(a, t, most):
    s = t
    if s > 0.5:
        k = 0
        while k < most:
            s = np.sin(s * a[k]) + 1.0
            k += 1
    return s * a[0]


def sum_until_in_a_branch(x, limit):
    total, k = 0.0, 0
    if x[0] > 0.0:
        while k < x.size and total < limit:
            total += x[k] ** 2
            k += 1
    else:
        total = x[1] * x[2]
    return total**2


def size_known_in_a_branch(x, a, counts):
    if x > 0.5:
        m = counts[1]
        for i in range(m):
            for j in range(m + i):
                x = x * math.sin(x * a[j % a.size]) + 0.1
    elif x > 0.2:
        for v in a[a > 0.5]:
            x *= math.sin(v * x)
    return x


def made_on_one_path(x, a):
    scale = 1.0
    if x > 0.5:
        chosen = a[a > x] * x
        scale = np.sum(chosen)
    scale *= scale
    if x > 0.5:
        rest = chosen[1:]
        rest *= chosen[0] * scale
        scale += np.sum(chosen**2)
    return scale * x


def quotient_without_warnings(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(x > 0.0, np.log(x), 0.0)
        if x[0] > 100.0:
            return np.sum(y)
        for v in x:
            if v < -5.0:
                break
            with np.errstate(all="ignore"):
                z = v * 2.0
    return np.sum(y) * z


def filled_and_bound_anew_in_a_loop_without_trips(s, n):
    a = np.array([[i + j * s for i in range(3)] for j in range(2)])
    b = np.array([j * s for j in range(3)])
    for _ in range(n):
        a = a * s
        b = a[0]
    return np.sum(np.sin(a)) + np.sum(b**2)


def by_the_shape(x):
    match x.shape:
        case (n,):
            return n * np.mean(x**2)
        case (2, m):
            return m * np.sum(x[0] * x[1])
        case (n, m):
            return np.sum(x) ** 2 / (n * m)


CASES = [
    Case(by_the_shape, (sample(3),)),
    Case(by_the_shape, (sample(2, 3),)),
    Case(by_the_shape, (sample(3, 2),)),
    Case(size_known_in_a_branch, (0.7, np.array([0.8, 0.6, 0.3, 0.9]), np.array([5, 3]))),
    Case(size_known_in_a_branch, (0.3, np.array([0.8, 0.6, 0.3, 0.9]), np.array([5, 3]))),
    Case(made_on_one_path, (0.55, np.array([0.8, 0.6, 0.3, 0.9]))),
    Case(made_on_one_path, (0.4, np.array([0.8, 0.6, 0.3, 0.9]))),
    Case(quotient_without_warnings, (np.array([0.3, -0.2, 0.7]),)),
    Case(while_loop_in_a_branch, (np.array([0.6, 1.2, 0.9]), 0.7, 3)),
    Case(while_loop_in_a_branch, (np.array([0.6, 1.2, 0.9]), 0.3, 3)),
    Case(sum_until_in_a_branch, (np.array([0.6, 1.2, 0.9, 0.4]), 2.0)),
    Case(sum_until_in_a_branch, (np.array([-0.6, 1.2, 0.9, 0.4]), 2.0)),
    Case(neighbours_that_exist, (sample(4), 9)),
    Case(huber, (0.4, 1.0)),
    Case(huber, (-2.5, 1.0)),
    Case(spring_energy, (np.array([0.0, 0.7, 2.1, 2.9, 4.6]), 1.7)),
    Case(tax, (52.0, np.array([0.1, 0.2, 0.3, 0.45]), np.array([10.0, 25.0, 60.0, 1e3]))),
    Case(positive_only, (sample(7),)),
    Case(first_crossing, (sample(9), 0.35, 0.1)),
    Case(first_crossing, (sample(9), 8.0, 0.1)),
    Case(drag, (0.9, 1.2, 24.0, 0.44)),
    Case(drag, (-1.9, 1.2, 24.0, 0.44)),
    Case(leaky_and_clipped, (-1.3, 0.1)),
    Case(leaky_and_clipped, (2.6, 0.1)),
    Case(smoothstep, (0.2, 1.1, 0.5)),
    Case(root_by_bisection_then_newton, (1.4, 0.0, 2.0), (0,)),
    Case(search_both_ways, (np.array([0.3, -0.4, 0.9, 1.3]), 0.8), (0,)),
    Case(both_sides_of_and, (0.6, -0.4)),
    Case(both_sides_of_and, (0.6, 0.4)),
    Case(filled_and_bound_anew_in_a_loop_without_trips, (0.4, 0)),
    Case(filled_and_bound_anew_in_a_loop_without_trips, (0.4, 2)),
]
