"""Lists and dicts with several ways to them: in fields of objects, under two names, written by the functions called."""

from dataclasses import dataclass, field

import numpy as np

from tests.corpus.case import Case, sample


class Oscillator:
    def __init__(self, x, v):
        self.x, self.v = x, v
        self.history = []
        self.extremes = {"low": x, "high": x}

    def step(self, dt):
        self.v -= dt * self.x
        self.x += dt * self.v
        self.history.append(self.x)
        if self.x > self.extremes["high"]:
            self.extremes["high"] = self.x
        return self

    def __len__(self):
        return len(self.history)


def histories(x, v, n):
    a, b = Oscillator(x, v), Oscillator(v, 0.5)
    seen, range_of_a = a.history, a.extremes
    for k in range(n):
        a.step(0.1).step(0.2)
        if k % 2:
            b.step(0.3)
            seen.append(b.x * k)
    s = a.history[-1] * range_of_a["high"] + sum(b.history) * len(b)
    for k, value in enumerate(a.history):
        s += (k + 1) * value
    return s


@dataclass
class Portfolio:
    weights: list
    log: dict = field(default_factory=dict)
    trades: list = field(default_factory=list)
    value: float = field(init=False)
    count: int = field(init=False, default=0)

    def __post_init__(self):
        self.value = sum(self.weights)
        self.log["start"] = self.value

    def rebalance(self, r):
        for k in range(len(self.weights)):
            self.weights[k] *= 1.0 + r * (k + 1)
        self.trades.append((r, self.value))
        self.value = sum(self.weights)
        self.log["last"] = self.value
        self.count += 1


def rebalanced(r, x, n):
    p = Portfolio([x[0], x[1], x[2]])
    p.rebalance(0.5 * r)
    for _ in range(n):
        p.rebalance(r)
    return p.value * p.log["start"] + p.weights[0] * p.count + sum(a * b for a, b in p.trades) + p.log["last"]


class Net:
    def __init__(self, sizes, scale):
        self.weights = []
        for n, m in zip(sizes, sizes[1:]):
            self.weights.append(scale * np.ones((m, n)) / n)
        self.losses = []
        self.cache = {}

    def predict(self, x):
        for w in self.weights:
            x = np.tanh(w @ x)
        self.cache["out"] = x
        return x[0]

    def fit(self, x, steps):
        for _ in range(steps):
            y = self.predict(x)
            self.losses.append((y - 0.3) ** 2)
            for k in range(len(self.weights)):
                self.weights[k] = self.weights[k] - 0.1 * self.cache["out"][0] * self.weights[k]


def trained(scale, x, steps):
    net = Net((3, 2, 1), scale)
    net.fit(x, steps)
    return sum(net.losses) + net.losses[-1] * net.cache["out"][0]


class Window:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.sums = []
        self.last = [0.0, 1.0]

    def push(self, v):
        self.items.append(v)
        if len(self.items) > self.size:
            self.items = self.items[1:]
        self.last = [self.last[1], v * self.last[0] + 1.0]
        if not self.sums:
            self.sums.append(sum(self.items))
        else:
            self.sums.append(0.5 * self.sums[-1] + sum(self.items))


def windows(x):
    w = Window(2)
    for v in x:
        w.push(v)
        w.sums[0] += v * w.last[1]
    w.items.reverse()
    return sum(w.sums) * w.items[0] + w.last[0]


class Grid:
    def __init__(self, n):
        self.cells = [[0.0, 1.0, 0.5], [2.0, 0.0, 1.0]]
        self.row = [0.0] * n

    def put(self, i, j, v):
        self.cells[i][j] += v
        self.row[j] = v * self.row[j - 1] + 1.0


def table_in_a_field(x):
    g = Grid(3)
    top = g.cells[0]
    for i in range(2):
        for j in range(3):
            g.put(i, j, x[i] * x[j])
    top[1] = 2.0 * top[0]
    return g.cells[0][1] * g.cells[1][2] + g.row[2]


def copies_of_what_is_written(x):
    a = Oscillator(x[0], x[1])
    a.step(0.5)
    before, limits = list(a.history), dict(a.extremes)
    pair = a.extremes["high"], a.history[-1]
    for v in x:
        a.step(v)
        a.extremes["low"] = min(a.extremes["low"], v)
    before.append(1.0)
    return sum(before) * sum(a.history) + limits["low"] * pair[0] - a.extremes["low"] * pair[1]


def given_to_several(x):
    shared = [x[0]]
    totals = {"a": x[1], "b": 1.0}
    s = 0.0
    for v in x:
        o = Oscillator(v, 0.1)
        o.history = shared
        o.extremes = totals
        totals["high"] = v
        o.step(0.1)
        shared.append(v)
        s += sum(o.history)
    return s * len(shared) + totals["high"]


def written_by_callees(x):
    def put(memo, items, v):
        memo["sum"] = memo["sum"] * v + 1.0
        memo["pair"] = (memo["pair"][1], v)
        items.append(v * memo["sum"])
        if len(items) > 3:
            items.pop(0)
        memo["inside"]["n"] += 1

    memo = {"sum": 1.0, "pair": (x[0], 0.0), "inside": {"n": 0}}
    other, items = memo, [x[0]]
    for v in x:
        put(memo, items, v)
        other["sum"] += v
    return memo["sum"] * sum(items) + other["pair"][0] * memo["inside"]["n"]


def made_in_each_trip(x):
    s = 0.0
    for v in x:
        o = Oscillator(v, 1.0)
        for w in x:
            o.step(w)
            if o.x > 3.0:
                break
        s += sum(o.history) * o.extremes["high"] * len(o)
        if s > 40.0:
            return s * o.history[0]
    return s


def read_while_it_is_written(x):
    def doubled(items):
        items[0] = items[0] * 2.0
        items.append(1.0)
        return items[0]

    a = [x[0], x[1]]
    y = a[0] + doubled(a) * a[0]
    b = a + [doubled(a)]
    return y * sum(b) * len(b)


CASES = [
    Case(histories, (1.0, 0.5, 5)),
    Case(rebalanced, (0.03, sample(3), 4)),
    Case(trained, (0.8, sample(3), 3)),
    Case(windows, (sample(5),)),
    Case(table_in_a_field, (sample(3),)),
    Case(copies_of_what_is_written, (sample(4),)),
    Case(given_to_several, (sample(4),)),
    Case(written_by_callees, (sample(4),)),
    Case(made_in_each_trip, (sample(4, low=0.2),)),
    Case(read_while_it_is_written, (sample(2),)),
]
