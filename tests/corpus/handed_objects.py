"""Names and fields that become other objects in branches and loops; copies of objects."""

import copy
import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.corpus.case import Case, sample


@dataclass(frozen=True)
class State:
    x: float
    v: float
    t: float = 0.0

    def step(self, dt):
        v = self.v - dt * self.x
        return State(self.x + dt * v, v, self.t + dt)

    @property
    def energy(self):
        return 0.5 * (self.x**2 + self.v**2)


class Pair(NamedTuple):
    a: float
    b: float


def states_that_are_never_written(x, v, n):
    s, p, best = State(x, v), Pair(x, v), None
    while s.t < 0.75:
        s = s.step(0.1)
        if s.x < 0.2:
            s = dataclasses.replace(s, x=0.2 + s.v**2)
        p = p._replace(a=p.a * s.x + p.b)
        candidate = State(p.a * s.x, s.v)
        if best is None or candidate.energy < best.energy:
            best = candidate
    for k in range(n):
        s = State(s.x * x, s.v) if k % 2 else s.step(v)
    return s.energy * p.a + best.x


class Walker:
    def __init__(self, x):
        self.x = x
        self.cost = x * x
        self.path = [x]

    def move(self, d):
        self.x += d
        self.cost = self.x**2 + math.sin(self.x)
        self.path.append(self.x)


class Body:
    def __init__(self, x):
        self.x = x
        self.v = 2.0 * x

    def kick(self, d):
        self.v = self.v - d * self.x
        self.x += 0.1 * self.v


def best_of_many(x, a):
    best, last = Body(a), Body(2.0 * a)
    for v in x:
        b = Body(v * a)
        b.kick(a)
        best = b if b.v < best.v else best
        best.kick(0.01)
        c = Body(v)
        c.kick(last.x)
        if c.x > last.x:
            last = c
    return best.x * best.v + last.x


def places_that_change(x):
    a, b, c = Body(x[0]), Body(x[1]), Body(x[2])
    for v in x:
        if v > 0.0:
            a, b, c = b, c, a
        a.kick(v)
        a, b = Body(b.x + v), a
    return a.x * b.v + c.x


def walkers_with_paths(x):
    w = Walker(x[0])
    s = 0.0
    for v in x:
        w.move(v)
        w = Walker(0.5 * w.x + sum(w.path))
        for u in x:
            w.move(u)
            if w.x > 2.0:
                break
        s += sum(w.path) * len(w.path)
    return s + w.path[-1] * w.cost


def until_it_stays(x):
    s = Body(x[0])
    while True:
        t = Body(0.5 * (s.x + x[1]))
        t.kick(0.01)
        if abs(t.x - s.x) < 0.05:
            break
        s = t
    return s.x * s.v


def made_on_all_paths(x):
    if x[0] > 1.0:
        b = Body(x[1])
        b.kick(0.5)
    elif x[0] > 0.0:
        b = Body(x[2] * 2.0)
    else:
        b = Body(x[2])
        b.x = x[0]
    for v in x:
        if v > 0.5:
            b.kick(v)
        c = Body(b.x)
        c.kick(v)
    for v in x:
        c.kick(v)
    return b.x * b.v + c.x


class Track:
    def __init__(self, x):
        self.body = Body(x)
        self.count = 0

    def advance(self, v):
        self.body = Body(self.body.x + v)
        self.body.kick(0.1)
        self.count += 1


def object_in_a_field(x):
    t = Track(x[0])
    for v in x:
        t.advance(v)
    return t.body.x * t.body.v * t.count


def copies(x):
    w = Walker(x[0])
    same_path, own = copy.copy(w), copy.deepcopy(w)
    best = copy.copy(own)
    u = np.array([x[0], x[1]])
    z = copy.deepcopy(u)
    for v in x:
        w.move(v)
        own.move(2.0 * v)
        z[0] += u[0] * v
        if own.cost < best.cost:
            best.x, best.cost = own.x, own.cost
    return sum(w.path) + 2.0 * sum(same_path.path) + 3.0 * sum(own.path) + same_path.x * own.x + best.cost + z[0] * u[0]


CASES = [
    Case(states_that_are_never_written, (1.0, 0.3, 3)),
    Case(best_of_many, (sample(5), 0.8)),
    Case(places_that_change, (sample(4),)),
    Case(walkers_with_paths, (sample(3),)),
    Case(until_it_stays, (sample(2),)),
    Case(made_on_all_paths, (sample(4, low=0.1),)),
    Case(object_in_a_field, (sample(4),)),
    Case(copies, (sample(3),)),
]
