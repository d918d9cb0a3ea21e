"""Loops over tuples, zip, enumerate and reversed; match; conditions known when the text is read."""

import math
from collections import namedtuple
from enum import IntEnum

import numpy as np

from tests.corpus.case import Case, sample

Layer = namedtuple("Layer", "weight bias")


def broken_off(x, y):
    total = 0.0
    for c in (1.0, 2.0, 3.0):
        if x * c > 0.9:
            break
        total += c * x * y
    else:
        total = total * 100.0
    return total


def skipped_and_broken_off(x):
    total = 1.0
    for c in (1.0, 2.0, 3.0, 4.0):
        if c == 2.0:
            continue
        total *= x * c
        if total > 3.0:
            break
        total += 1.0
    return total


def returned_early(x):
    for c in (1.0, 2.0, 3.0):
        if c == 2.0:
            continue
        if x > 10.0:
            break
        if x < c:
            return x * c
    else:
        return x**3
    return x**2


def half_a_branch_jumps(x):
    total = 0.0
    for c in (1.0, 2.0, 3.0):
        if x > c:
            total += c * x
            if total > 3.5:
                break
            if c == 2.0:
                continue
        total += 0.5 * x
    return total


def tuple_loop_in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        for c in (1.0, 2.0):
            if i % 2 == 0:
                continue
            if total > 4.0:
                break
            total += c * x * i
        else:
            if i > 5:
                break
            total += 0.1
    return total


def counted(x):
    total = 0.0
    for i, v in enumerate(x, start=1):
        total += i * v * v
    for i, (a, b) in enumerate(zip(x, x[::-1])):
        total += i * a * b
    for k, c in enumerate((2.0, 3.0), 5):
        total += k * c * x[0]
    return total


def backward(x, n):
    total = 0.0
    for v in reversed(x):
        total = total * 0.5 + v
    for i in reversed(range(0, n, 2)):
        total = total * 0.9 + x[i % 3]
    for i in reversed(range(n, 0, -3)):
        total = total * 0.9 + i * x[i % 3]
    for i, j in zip(range(n), range(10, 0, -1)):
        total = total * 0.9 + i * j * x[i % 3]
    for i, v in zip(range(1, 10), reversed(x)):
        total = total * i + v
    return total


def rows(A):
    total = 1.0
    for row in A:
        total = total * row[0] + row[1]
    for i, row in enumerate(A):
        total += i * np.sum(row**2)
    for (a, b), c in zip(((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)), A[0]):
        total += a * c + b
    return total


def items_by_number(x):
    powers = (x * 2.0, x**2, x + 1.0)
    total = 0.0
    for i in range(len(powers)):
        total += powers[i] * i
    for i in range(len(powers) - 1):
        total += powers[i] * powers[i + 1]
    table = (0.1, 0.2, 0.3)
    for i in range(7):
        total += table[i % 3] * x
    return total


def network(x, U, V, b):
    layers = [Layer(U, b), Layer(V, 2.0 * b)]
    for i, (weight, bias) in enumerate(layers):
        x = np.tanh(weight @ x + bias)
        if i == len(layers) - 1:
            x = x * 2.0
    return np.sum(x)


def chained(x, k):
    y = x
    if k in (1, 2):
        y *= 3.0
    if k not in (3, 4):
        y *= x
    if 0 < k <= 2 < 5:
        y += x
    if 0.0 < math.sin(x) < 1.0:
        y = y * x
    return y


def interpolated(x, kind="linear", scale=None):
    y = x if kind == "linear" else x * x
    if scale is not None and kind != "cubic":
        y = y * scale
    return y


def by_option(x):
    total = interpolated(x)
    for kind in ("linear", "square", "cubic"):
        total += interpolated(x, kind, 2.0 * x)
    return total


def functions_in_turn(x):
    y = x
    for f in (np.sin, np.cos, lambda t: t * t):
        y = f(y)
    return y


def values_of_and_or(x):
    a, b = (x, 2.0) if x > 0.5 else (3.0, x)
    c = d = a * b
    (e, f), g = (c, d), a
    y = 0.0 or x
    z = x and 2.0 * x
    return e * f + g + y * z


def until_small(x):
    while (err := x * x) > 0.1:
        x = x * 0.7 + 0.01 * err
    return x + err


def shape_before(A):
    s = A.shape
    A = A[1:] * 2.0
    return np.sum(A) * s[0]


def matched(x, k):
    match k:
        case 0:
            y = x
        case 1 | 2:
            y = x * x
        case n if n > 10:
            y = x * n
        case 7 if x > 0.5:
            y = 9.0 * x
        case -1 as sign:
            y = math.sin(x) * sign
        case _:
            y = x**3
    return y


def matched_pair(x, k):
    match (k, 2):
        case (1, 2):
            return x
        case (a, 2) if a > 3:
            return x * x * a
        case (a, b):
            return x * a * b


def remarks(x):
    """A docstring, annotations, del, pass and print leave no trace in the derivative."""
    y: float = x * 2.0
    z: float
    z = y * x
    del y
    assert z < 100.0, f"too large: {z}"
    if z > 100.0:
        print(f"z = {z:.3f}", z)
        print("step %d: %g" % (1, z) + ", x = {:.3f}".format(x), str(x))  # noqa: UP031, UP032
        raise ValueError("too large: %g" % z)  # noqa: UP031
    if z > 90.0:
        raise ValueError("too large: " + str(z))
    assert z < 80.0, "too large: {}".format(z)  # noqa: UP032
    pass
    return z


SIDES = [("call", 1.0, 2.0), ("put", 0.5, 1.5)]


def texts_among_numbers(x):
    total = 0.0
    for position in SIDES:
        side, strike, count = position
        sign = {"call": 1, "put": -1}[side]
        total += count * max(sign * (x - strike), 0.0) ** 2
    return total


def local_import(x):
    import math as m

    from numpy import sin

    return m.cos(x) * sin(x)


def replaced_fields(x, b):
    layer = Layer(2.0 * x, b)
    other = layer._replace(bias=layer.bias * x)
    total = 0.0
    for name, value in other._asdict().items():
        if name == "weight":
            total += value * 3.0
        else:
            total += value * value
    weight, bias = layer
    return total * weight + (layer + other)[3] + len(layer[1:]) * bias


def first_rest_last(x):
    first, *rest, last = x[0], x[1] * 2.0, x[2], x[3]
    (a, b), *_ = (x[:2], x[1:3])
    return first * last * len(rest) + sum(rest) + a * b


def default_by_keyword_only(x):
    scaled = lambda t, *, factor=x: t * factor
    return scaled(2.0) + scaled(x, factor=3.0)


def numbers_picked(x, n):
    steps, weights, s = [0.3, -0.2, 0.5, 0.1], (x, 2.0 * x, 3.0), 0.0
    for i in range(n):
        s = s * x + steps[i] * weights[i % 3]
        weights = (weights[1], s, weights[0])
    places = [0, n - 2, 1]
    return s * [x, s][x < s] * steps[places[n - 3]] + (s, 2.0)[-1]


def stepped(state, n):
    for _ in range(n):
        state = (state[1] * 0.9, state[0] + state[1])
    return state


def tuples_bound_anew(x, y):
    state = stepped((x, y), 3)
    if x > 0.0:
        state = (state[0] * 2.0, x)
    while state[1] < 2.0:
        state = (state[1] * y, state[1] + state[0] ** 2 + 0.5)
    before = state
    for _ in range(2):
        state = (state[1], state[0] * 0.5)
    return state[0] * before[0] + np.sum(stepped((x * np.ones(2), y * np.ones(2)), 2)[0])


def parts_bound_at_once(x, n):
    s = ((x[:2], x[2]), (x[3], x[1:3]))
    for _ in range(n):
        s = ((s[1][1], s[0][1] * 1.1), (s[0][1], s[0][0] + s[1][0]))
    p, q = (x[0], x[1]), (x[2], x[3])
    for k in range(n):
        q = (q[0] * p[1], q[1] + k)
        p, q = q, p
    d = {"a": x[0], "b": x[3]}
    for k in range(n):
        d["a"], d["b"] = d["b"] * 0.9, d["a"] + k
    return np.sum(s[0][0] * s[1][1]) * s[1][0] + p[0] * 2.0 + p[1] * q[0] - q[1] + d["a"] * 3.0 + d["b"]


def parts_called_as_other_tuples(x, y):
    s = ((x, y), x * y)
    s_0 = (5.0 * x, 6.0)
    for _ in range(2):
        s = ((s[0][1], s[0][0] * s_0[0]), s[1] * 2.0)
        s_0 = (s_0[1], s_0[0])
    return s[0][0] * s[0][1] + s[1] * s_0[0]


def places_bound_anew(x, n):
    chosen, many = np.nonzero(x > 0.0), np.nonzero(x > -2.0)
    for k in range(n):
        x[chosen] *= 1.1
        if k == 2:
            chosen = np.nonzero(x < 0.0)
    if n > 9:
        many = np.nonzero(x > 0.9)
    return np.sum(x[chosen] ** 2) + len(chosen[0]) * x[0] + np.sum(x[many])


def dicts_by_keywords_and_joined(x, n):
    d = dict(a=x[0], b=2.0 * x[1])
    e = dict(d, b=d["a"], **{"c": x[2]})
    for k in range(n):
        d = d | {"b": d["a"] * e["c"] + k}
        e |= dict(a=e["b"] + d["b"])
    return (d | e)["a"] * e["a"] + len(d | e) * d["b"]


class Part(IntEnum):
    """Places in an array, by name."""

    FIRST = 0
    LAST = 2


def members_of_an_enumeration(x):
    s = x[Part.FIRST] * Part.LAST
    for i in range(len(x))[::-1]:
        s = s * 0.5 + x[i] if i != Part.LAST else s * x[Part.LAST]
    return s * (x[0], x[1] * s, 3.0)[Part.LAST]


Body = namedtuple("Body", "x v m")


def bodies_that_attract_each_other(x, m):
    bodies = [Body(x[0], x[1], m), Body(x[2], x[3], 2.0 * m)]
    places = [b.x.copy() for b in bodies]
    moves = [b.v.copy() for b in bodies]
    for _ in range(2):
        for i, b in enumerate(bodies):
            pull = np.zeros(2)
            for j, other in enumerate(bodies):
                if i == j:
                    continue
                d = places[j] - places[i]
                pull += other.m * d / (d @ d + 0.1) ** 1.5
            moves[i] = moves[i] + 0.1 * pull
            b = b._replace(m=b.m * 0.5)
            places[i] = places[i] + 0.1 * moves[i] * b.m
    return sum(b.m * v @ v for b, v in zip(bodies, moves)) + places[0] @ places[1]


def layers_by_formatted_names(W, V, x):
    p, which = {"W0": W, "b0": W[:, 0], "W1": V, "b1": x}, "tanh"
    layers = len(p) // 2
    for k in range(layers):
        x = p[f"W{k}"] @ x + p["b" + str(k)]
        if f"{which}{k}" != "tanh1":
            x = np.tanh(x)
    return np.sum(x**2) + sum(np.sum(p[f"W{k}"] ** 2) for k in range(2))


CASES = [
    Case(layers_by_formatted_names, (sample(3, 2), sample(2, 3, seed=1), sample(2, seed=2))),
    Case(tuples_bound_anew, (0.3, 0.5)),
    Case(dicts_by_keywords_and_joined, (sample(3), 3)),
    Case(parts_bound_at_once, (sample(4), 4)),
    Case(parts_called_as_other_tuples, (0.3, 0.7)),
    Case(places_bound_anew, (sample(6), 4)),
    Case(members_of_an_enumeration, (sample(3),)),
    Case(numbers_picked, (1.3, 4)),
    Case(bodies_that_attract_each_other, (sample(4, 2), 1.2)),
    Case(first_rest_last, (sample(4),)),
    Case(default_by_keyword_only, (0.7,)),
    Case(texts_among_numbers, (1.3,)),
    Case(local_import, (0.4,)),
    Case(replaced_fields, (0.4, 0.7)),
    *(Case(broken_off, (x, 2.0)) for x in (0.4, 0.2)),
    *(Case(skipped_and_broken_off, (x,)) for x in (0.6, 1.6)),
    *(Case(returned_early, (x,)) for x in (0.5, 2.5, 4.5, 14.5)),
    *(Case(half_a_branch_jumps, (x,)) for x in (0.5, 1.5, 2.5)),
    Case(tuple_loop_in_a_loop, (0.3, 9)),
    Case(counted, (sample(4),)),
    Case(backward, (sample(3), 7)),
    Case(rows, (sample(3, 2),)),
    Case(items_by_number, (0.3,)),
    Case(network, (sample(3), sample(4, 3, seed=1), sample(4, 4, seed=2), sample(4, seed=3))),
    *(Case(chained, (0.3, k)) for k in (1, 3)),
    Case(by_option, (0.3,)),
    Case(functions_in_turn, (0.3,)),
    *(Case(values_of_and_or, (x,)) for x in (0.3, 0.7)),
    Case(until_small, (2.0,)),
    Case(shape_before, (sample(3, 2),)),
    *(Case(matched, (x, k)) for x, k in ((0.4, 0), (0.4, 2), (0.4, 11), (0.4, 7), (0.6, 7), (0.4, -1), (0.4, 5))),
    *(Case(matched_pair, (0.4, k)) for k in (1, 2, 5)),
    Case(remarks, (0.7,)),
]
