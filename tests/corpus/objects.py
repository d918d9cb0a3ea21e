"""Objects that a function makes: what `__init__` gives them, methods that write their fields, names that share one."""

import math
from dataclasses import dataclass

import numpy as np

from tests.corpus.case import Case, sample


class Cell:
    """Is never written once it is made."""

    width = 2

    def __init__(self, a, b, scale=2.0):
        self.a, self.b = a, b
        self.bias = a * b * scale
        self.act = np.tanh

    def step(self, h):
        return self.act(self.a * h + self.bias) + self.b / self.width

    def __call__(self, h):
        return self.step(h) ** 2


def cell_over_time(a, x):
    cell = Cell(a, 0.5)
    h = 0.1
    for v in x:
        h = cell.step(h) + v
    return cell(h) + Cell(h, a, scale=1.0).bias


class Pendulum:
    def __init__(self, angle, speed=0.0):
        self.angle = angle
        self.speed = speed
        self.steps = 0

    def step(self, dt):
        self.speed -= dt * math.sin(self.angle)
        self.angle += dt * self.speed
        self.steps += 1
        return self

    @property
    def energy(self):
        return 0.5 * self.speed**2 - math.cos(self.angle)

    def reset(self, angle):
        old = self.angle
        self.angle = angle
        return old


def pendulum(angle, n):
    p = Pendulum(angle)
    for _ in range(n):
        p.step(0.1)
    return p.energy * p.steps + p.angle


def arguments_read_before(angle):
    p = Pendulum(angle, 0.3)

    def both(a, b, c):
        return a * b + c

    first = both(p.angle, p.step(0.5).angle, p.angle)
    second = p.angle * p.reset(2.0 * angle) + p.angle
    p.angle, p.speed = p.speed, p.angle
    return first * second + p.angle**2 * p.speed + p.reset(0.1) + p.angle


def given_to_what_writes(angle, n):
    p = Pendulum(angle)
    q = p

    def push(pendulum, by):
        before = pendulum.speed
        pendulum.speed = pendulum.speed + by
        return before

    total = 0.0
    for k in range(n):
        total += push(q, 0.1 * k * angle)
        if total > 0.2:
            p.step(0.2)
    return total + p.speed * q.angle


def two_of_a_kind(angle, n):
    pair = [Pendulum(angle), Pendulum(2.0 * angle, 0.5)]
    for _ in range(n):
        pull = pair[0].angle - pair[1].angle
        for p, sign in zip(pair, (1.0, -1.0)):
            p.speed -= 0.1 * sign * pull
        for p in pair:
            p.step(0.1)
    return pair[0].energy + pair[1].angle * pair[0].steps


@dataclass
class Body:
    mass: float
    place: np.ndarray
    speed: np.ndarray

    def kick(self, force, dt):
        self.speed = self.speed + dt * force / self.mass

    def drift(self, dt):
        self.place += dt * self.speed


def bodies(x, masses, n):
    found = [Body(masses[k], x[k].copy(), np.zeros(2)) for k in range(3)]
    for _ in range(n):
        for a in found:
            force = np.zeros(2)
            for b in found:
                if b is not a:
                    d = b.place - a.place
                    force += b.mass * d / (0.1 + np.sum(d**2)) ** 1.5
            a.kick(a.mass * force, 0.05)
        for a in found:
            a.drift(0.05)
    return sum(0.5 * b.mass * np.sum(b.speed**2) + np.sum(b.place) for b in found)


class Layer:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return self.activation(x @ self.w + self.b)

    def activation(self, z):
        return z


class Squashed(Layer):
    def __init__(self, w, b, slope):
        super().__init__(w, b)
        self.slope = slope

    def activation(self, z):
        return np.tanh(self.slope * super().activation(z))


class Network:
    def __init__(self, layers):
        self.layers = layers
        self.loss = 0.0

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def train(self, x, y, rate):
        for layer in self.layers:
            layer.b = layer.b - rate * (self.forward(x) - y).mean()
        self.loss = np.mean((self.forward(x) - y) ** 2)


def network(w, b, x, y):
    net = Network([Squashed(w, b, 0.7), Layer(w.T, 0.5 * b[0])])
    for _ in range(3):
        net.train(x, y, 0.1)
    return net.loss + np.sum(net.layers[0].x) + np.sum(net.layers[1].b)


class Momentum:
    def __init__(self, rate, decay=0.9):
        self.rate, self.decay = rate, decay
        self.velocity = None

    def step(self, w, g):
        if self.velocity is None:
            self.velocity = np.zeros_like(w)
        self.velocity = self.decay * self.velocity - self.rate * g
        return w + self.velocity


def optimised(w, rate):
    optimizer = Momentum(rate)
    w = optimizer.step(w, 2.0 * w)
    for _ in range(4):
        w = optimizer.step(w, 2.0 * w)
    return np.sum(w**2)


class Counter:
    def __init__(self):
        self.total = 0
        self.weights = (0.0, 1.0)

    def add(self, v):
        self.total = self.total + v
        self.weights = (self.weights[0] + v, 0.9 * self.weights[1])


def made_in_each_trip(x):
    found = 0.0
    for i in range(len(x)):
        c = Counter()
        for j in range(i + 1):
            c.add(x[j])
        found += c.total**2 + c.weights[0] * c.weights[1]
    return found


@dataclass
class Settings:
    rate: float
    steps: int = 3

    def __post_init__(self):
        self.whole = self.rate * self.steps


def made_after_its_fields(rate):
    s = Settings(rate)
    t = Settings(rate, 2)
    t.rate = 3.0 * t.rate
    return s.whole * t.whole + t.rate


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(k * self.x, k * self.y)

    def dot(self, other):
        return self.x * other.x + self.y * other.y


def vectors(a, n):
    v = Vector(a, 2.0)
    w = Vector(1.0, a)
    for _ in range(n):
        v = v + w * 0.1
    return v.dot(w)


def swarm(x, n):
    best = Pendulum(x[0], 0.0)
    for k in range(n):
        if x[k % len(x)] < best.angle:
            best.angle = x[k % len(x)]
            best.speed = best.speed + x[0] * k
    return best.angle * 2.0 + best.speed


class Holder:
    def __init__(self, x):
        self.x = x


def chosen_and_written(x, n):
    p = Holder(x)
    q = Holder(2 * x)
    r = p if x > 0 else q
    r.x = 3.0 * x
    return 5 * p.x + q.x ** 2


def in_a_list_twice(x, n):
    ps = [Holder(x), Holder(2 * x)]
    ps.append(ps[0])
    for i in range(3):
        ps[i].x += 1.0 * x
    a, b = ps[:2]
    a, b = b, a
    a.x = 7.0 * x ** 2
    return 5 * ps[0].x + ps[1].x ** 2 + ps[2].x ** 3


def in_a_dict(x, n):
    d = {"p": Holder(x)}
    e = dict(d)
    e["p"].x = x ** 3
    t = (d["p"], 1.0)
    t[0].x *= 2.0
    return d["p"].x


def read_by_a_closure(x, n):
    p = Holder(x)
    def f():
        return p.x

    p.x = x ** 2
    a = f()
    p = Holder(3 * x)
    return a * f()


def array_of_two_names(x, n):
    p = Holder(np.array([x, 2 * x]))
    w = p.x
    p.x[0] = 5.0 * x
    p.x += 1.0
    v = p.x
    p.x = p.x * 2.0
    return w[0] * v[1] + p.x.sum() ** 2


def until_it_is_large(x, n):
    p = Holder(x)
    while p.x < 50.0:
        p.x = p.x * 1.5
        if p.x > 30:
            break
    return p.x


def made_by_a_function(x, n):
    def make(a):
        p = Holder(a)
        p.x = p.x ** 2
        return p
    p, q = make(x), make(2 * x)
    return p.x * q.x


def read_before_it_was_written(x, n):
    p = Holder(x)
    xs = [p.x for _ in range(3)]
    p.x = 4 * x
    ys = [p.x * i for i in range(n)]
    return sum(xs) * sum(ys)


def default_of_a_function(x, n):
    p = Holder(x)
    def f(a=p.x):
        return a * p.x
    p.x = x ** 2
    return f() + (p.x if p.x > 100 else 2 * p.x)


def left_early(x, n):
    p = Holder(x)
    for i in range(n):
        if i == 2:
            continue
        p.x = p.x + i * x
        if p.x > 4 * x:
            return p.x ** 2
    return p.x


@dataclass
class Arrow:
    x: float
    y: float

    def __add__(self, other):
        return Arrow(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Arrow(self.x * k, self.y * k)


class Tally:
    def __init__(self, value):
        self.value, self.count = value, 0

    def __iadd__(self, other):
        self.value = self.value + other
        self.count += 1
        return self


class Track:
    def __init__(self, a, b):
        self.tally, self.at, self.ends = Tally(a), Arrow(a, b), (b,)

    def step(self, dt):
        self.tally += dt
        self.at += Arrow(dt, 1.0)
        self.at *= 2.0 - dt


def fields_updated(x, n):
    """Fields that hold objects: updated as their class says, or bound to another object."""
    track = Track(x, 0.5 * x)
    for _ in range(n):
        track.step(x)
    before = track.at
    track.step(0.1 * x)
    track.ends += (x, x * x)
    return track.tally.value * track.tally.count + track.at.x * before.y + sum(track.ends) * track.ends[2]


CASES = [
    Case(fields_updated, (0.7, 3)),
    Case(cell_over_time, (0.7, sample(4))),
    Case(pendulum, (0.8, 6)),
    Case(arguments_read_before, (0.8,)),
    Case(given_to_what_writes, (0.8, 5)),
    Case(two_of_a_kind, (0.8, 3)),
    Case(bodies, (sample(3, 2), np.array([1.0, 0.5, 0.8]), 2)),
    Case(network, (sample(3, 2), sample(2), sample(4, 3), sample(4, 3, seed=1))),
    Case(optimised, (sample(3), 0.1)),
    Case(made_in_each_trip, (sample(4),)),
    Case(made_after_its_fields, (0.7,)),
    Case(vectors, (0.7, 3)),
    Case(swarm, (np.array([0.3, -0.4, 0.9]), 5)),
    Case(chosen_and_written, (1.3, 5)),
    Case(in_a_list_twice, (1.3, 5)),
    Case(in_a_dict, (1.3, 5)),
    Case(read_by_a_closure, (1.3, 5)),
    Case(array_of_two_names, (1.3, 5)),
    Case(until_it_is_large, (1.3, 5)),
    Case(made_by_a_function, (1.3, 5)),
    Case(read_before_it_was_written, (1.3, 5)),
    Case(default_of_a_function, (1.3, 5)),
    Case(left_early, (1.3, 5)),
]
