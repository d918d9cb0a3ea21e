"""Lists that get longer: in every trip of a loop, in some of them, backward and forward."""

import numpy as np

from tests.corpus.case import Case


def each_from_the_last(t, n):
    xs = [t]
    for i in range(n):
        xs.append(xs[-1] * t + i)
    return sum(xs)


def in_a_nest(t, n):
    xs = []
    for i in range(n):
        for j in range(3):
            xs.append(t * i + j)
    return np.array(xs).mean() + xs[4] * xs[-1]


def two_side_by_side(t, n):
    xs, vs = [1.0], [t]
    for _ in range(n):
        v = vs[-1] - 0.1 * xs[-1]
        vs.append(v)
        xs.append(xs[-1] + 0.1 * v)
    return xs[-1] + max(vs)


def anew_in_each_trip(t, n):
    out = []
    for i in range(n):
        acc = [t]
        for j in range(2):
            acc.append(acc[-1] * t + j * i)
        out.append(acc[-1] + acc[1])
    return sum(out)


def downward_and_once_more(t, n):
    xs = []
    for i in range(n, 0, -1):
        xs.append(t * i)
    xs.append(t * t)
    ys = xs[1:]
    for k in range(len(xs)):
        xs.append(xs[k])
    return sum(xs) * ys[0]


def up_to_a_break(t, n):
    xs = []
    for i in range(n):
        xs.append(t * i)
        if xs[-1] > 0.5:
            break
    return sum(xs)


def in_some_trips(t, n):
    xs = []
    for i in range(n):
        if i % 2 == 0:
            xs.append(t * i)
    return sum(xs) * len(xs)


def back_and_forth(t, n):
    stack = [t]
    for i in range(n):
        stack.append(t * i)
        stack.append(stack.pop() * 2)
    return sum(stack)


def arrays(t, n):
    states = []
    x = np.ones(2) * t
    for _ in range(n):
        x = x * t + 1
        states.append(x)
    table = np.array(states)
    return table[2, 1] * table[0, 0] + table.sum()


def of_ever_other_lengths(t, n):
    total = 0.0
    for k in range(n):
        xs = []
        for j in range(k):
            xs.append(t * j)
        total += sum(xs)
    return total


def with_an_end_that_moves(t, n):
    xs = []
    end = n
    for j in range(end):
        xs.append(t * j)
        end = 1
    return sum(xs) + end


def written_afterwards(t, n):
    xs = []
    for j in range(-3, n):
        xs.append(t * j)
    for j in range(0, n - 10):
        xs.append(t * j)
    for i in range(len(xs)):
        xs[i] += 1
    for i, v in enumerate(xs):
        xs[i] = v * t
    return sum(xs) / len(xs) + xs[-1]


def several_at_once(t, n):
    xs = []
    for j in range(n):
        xs += [t, t * j]
    xs.extend([t, 1.0])
    xs.extend(xs)
    return sum(xs) + xs[2 * n + 2] * xs[-2]


def pairs(t, n):
    found = []
    for i in range(n):
        found.append((t * i, t + i))
    s = 0.0
    for a, b in found:
        s += a * b
    return s


def by_a_closure(t, n):
    xs = []

    def push(v):
        xs.append(v * t)

    for i in range(n):
        push(i)
    return sum(xs)


def of_three(t, n):
    L = [t, 2.0, 3.0]
    for i in range(n):
        L[i % 3] += t * i
    return L[0] * L[1] * L[-1]


def batches(x, n):
    loss = 0.0
    for q in [x[i : i + n] for i in range(0, len(x), n)]:
        loss += np.sum(q**2) / len(q)
    for q in [x[i] for i in range(3)]:
        x[0] = q
        x[1:] *= 0.5
        loss += q
    return loss


def items_that_change_what_the_loop_reads(t, n):
    w = np.array([t, 1.0, 2.0])

    def item(i):
        w[0] += 1.0
        return w[0] * i

    s = 0.0
    for q in [item(i) for i in range(n)]:
        s += q * w[0]
    return s


CASES = [
    Case(batches, (np.arange(1.0, 6.0), 2)),
    *[
        Case(f, (0.3, n))
        for f, n in (
            (each_from_the_last, 4), (each_from_the_last, 0), (in_a_nest, 4), (two_side_by_side, 5),
            (anew_in_each_trip, 3),
            (downward_and_once_more, 4), (up_to_a_break, 5), (in_some_trips, 5), (back_and_forth, 4), (arrays, 3),
            (of_ever_other_lengths, 4), (with_an_end_that_moves, 4), (written_afterwards, 4), (written_afterwards, 13),
            (items_that_change_what_the_loop_reads, 3), (several_at_once, 3), (pairs, 4), (by_a_closure, 4),
            (of_three, 5),
        )
    ],
]  # fmt: skip
