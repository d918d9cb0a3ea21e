"""Methods, properties, operators and constants of dataclasses and namedtuples."""

from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass, field
from functools import cached_property, total_ordering
from typing import ClassVar, NamedTuple

import numpy as np

from tests.corpus.case import Case, sample


def doubled(x):
    return 2.0 * x


@dataclass
class Beam:
    E: float
    loads: np.ndarray
    gravity: ClassVar[float] = 9.81
    shape = 3.0

    @property
    def stiffness(self):
        return self.E * self.shape + doubled(self.E)

    @cached_property
    def weight(self):
        return self.loads.sum() * self.gravity

    @staticmethod
    def squared(x):
        return x * x

    def deflection(self, at=1.0, *, power=1):
        return (self.weight * at / self.stiffness) ** power

    def at_most(self, n):
        s = 0.0
        for k in range(n):
            if k > 2:
                return s
            s += self.deflection(self.loads[k], power=2)
        return self.squared(s)


class Stiffer(Beam):
    def deflection(self, at=1.0, *, power=1):
        return self.E * at * power


def beams(E, loads):
    return sum(b.deflection(0.7) * b.at_most(2) + b.at_most(5) for b in (Beam(E, loads), Stiffer(2.0 * E, loads)))


@dataclass
class Vector:
    x: float
    y: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, other):
        if isinstance(other, Vector):
            return self.x * other.x + self.y * other.y
        return Vector(self.x * other, self.y * other)

    __rmul__ = __mul__

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __call__(self, t):
        return self.x + self.y * t

    def norm(self):
        return math.sqrt(self * self)


def orbit(x, y, n):
    position, velocity = Vector(x, 0.2), Vector(0.1, y)
    for _ in range(n):
        velocity += -position * (0.1 / position.norm() ** 3)
        position += 0.1 * velocity
    return position.norm() + velocity(2.0)


class Dual(NamedTuple):
    value: float
    slope: float = 0.0

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, n: int):
        result = Dual(1.0)
        for _ in range(n):
            result = result * self
        return result


def dual_numbers(x):
    d = 3.0 * Dual(x, 1.0) ** 3 + Dual(x, 1.0) * 2.0 + 1.0
    return d.slope * d[0]


class Spring(namedtuple("Spring", "m k")):
    __slots__ = ()

    def omega(self):
        return np.sqrt(self.k / self.m)


def swings(m, t):
    return np.sum(np.cos(Spring(m, k=3.0).omega() * t))


class Kernel:
    def __init__(self, kind):
        self.kind = kind

    def __call__(self, r, length):
        return np.exp(-0.5 * (r / length) ** 2) if self.kind == "smooth" else np.exp(-np.abs(r) / length)


class Field:
    jitter = 1e-3

    def __init__(self, x, y, kernel):
        self.x, self.y, self.kernel = x, y, kernel

    @property
    def size(self):
        return len(self.x)

    def covariance(self, length):
        return self.kernel(self.x[:, None] - self.x, length) + self.jitter * np.eye(self.size)

    def energy(self, length, weight=2.0):
        return weight * self.y @ self.covariance(length) @ self.y


SMOOTH, ROUGH = (Field(sample(3), sample(3, seed=1), Kernel(kind)) for kind in ("smooth", "rough"))


def fields(length):
    return SMOOTH.energy(length) * ROUGH.energy(2.0 * length, weight=0.5)


@dataclass
class Polar:
    radius: float
    angle: float

    @classmethod
    def of(cls, x, y):
        return cls(np.hypot(x, y), np.arctan2(y, x))

    @classmethod
    def turned(cls, other, by):
        return cls.of(other.radius * np.cos(other.angle + by), other.radius * np.sin(other.angle + by))


class Square(namedtuple("Square", "side area")):
    @classmethod
    def of(cls, side):
        return cls(side, side * side)


def made_by_classes(x, y):
    p = Polar.turned(Polar.of(x, y), 0.3)
    s = Square.of(p.radius)
    return p.angle * s.area + s.side


class Force:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return type(self)(self.x + other.x, self.y + other.y)

    def turned(self):
        return self.__class__(-self.y, self.x)

    def work(self):
        return self.x * self.y


class Drag(Force):
    def work(self):
        return math.hypot(self.x, self.y)


def made_by_the_class_of_an_object(x):
    whole = Drag(x[0], x[1]) + Force(x[2], 0.5)
    name = type(whole).__name__
    return whole.work() + (Force(x[1], x[2]) + whole).turned().work() * (2.0 if name == "Drag" else 3.0)


class Money:
    def __init__(self, amount, rate):
        self.amount, self.rate = amount, rate

    def __abs__(self):
        return math.hypot(self.amount, self.rate)

    def __float__(self):
        return float(self.amount * self.rate)

    def __lt__(self, other):
        return float(self) < float(other)

    def __ge__(self, other):
        return float(self) >= (other if isinstance(other, float) else float(other))

    def __add__(self, other):
        return Money(self.amount + other.amount * other.rate / self.rate, self.rate)

    def __radd__(self, other):
        return self if isinstance(other, int) else Money(other + self.amount, self.rate)


def sums_and_order_of_objects(x):
    purse = [Money(x[0], 1.0), Money(x[1], 2.0), Money(x[2], 3.0)]
    total = sum(purse)
    same = sum((Money(v, 2.0) for v in (x[0], x[1])), Money(x[2], 3.0))
    less = total if total < same else same
    more = 2.0 if total > same else 3.0
    return abs(less) * more + (float(total) if 0.5 <= total else float(same) ** 2) + (x[0] if same >= total else x[1])


class Coil:
    def __init__(self, stiffness, rest):
        self.stiffness, self.rest, self.used = stiffness, rest, 0
        self.law = self.force

    def force(self, at):
        return self.stiffness * (at - self.rest) ** 2

    def harden(self, by):
        self.stiffness = self.stiffness + by
        self.used += 1
        return self.stiffness

    @staticmethod
    def halved(at):
        return 0.5 * at

    def __call__(self, at):
        return self.law(at) + self.force(2.0 * at)


def applied(f, xs):
    return sum(f(x) for x in xs)


def methods_as_arguments(x):
    coil = Coil(x[0], x[1])
    beam = Beam(x[2], x)
    return applied(coil.force, x) * applied(coil.halved, x) + applied(beam.squared, x) + applied(coil, x[:2])


def methods_under_names(x):
    coil, other = Coil(x[0], x[1]), Coil(x[2], x[1])
    force, harden = coil.force, coil.harden
    coil.stiffness = 3.0 * coil.stiffness
    s = 0.0
    for v in map(harden, x):
        s += v * force(v)
        if s > 1.0:
            coil.stiffness = 0.5 * coil.stiffness
    chosen = coil.force if x[0] > 0.0 else other.force
    return s * chosen(2.0) + coil.used * other.stiffness


def methods_in_lists(x):
    coil = Coil(x[0], x[1])
    found = {"force": coil.force, "half": Coil.halved}
    first = sum(f(x[2]) for f in [coil.force, coil.halved, np.sin, coil.harden])
    ends = sorted(x, key=coil.force)[0] * max(x, key=found["force"])
    return first * found["force"](x[1]) + found["half"](x[2]) + ends


class Polynomial:
    """Coefficients, the constant one first."""

    def __init__(self, *coefficients):
        self.coefficients = list(coefficients)

    def __len__(self):
        return len(self.coefficients)

    def __add__(self, other):
        n = max(len(self), len(other))
        a = self.coefficients + [0.0] * (n - len(self))
        b = other.coefficients + [0.0] * (n - len(other))
        return Polynomial(*[p + q for p, q in zip(a, b, strict=True)])

    def __mul__(self, other):
        found = [0.0] * (len(self) + len(other) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(other.coefficients):
                found[i + j] += a * b
        return Polynomial(*found)

    def __call__(self, x):
        total = 0
        for c in reversed(self.coefficients):
            total = total * x + c
        return total

    def derivative(self):
        return Polynomial(*(k * c for k, c in enumerate(self.coefficients) if k > 0))


def polynomials(a, x):
    p = Polynomial(1.0, a, a * x)
    q = p + Polynomial(a, 2.0)
    for _ in range(2):
        q = q + Polynomial(*[x * k for k in range(2)])
    return (p * q)(x) * q.derivative()(a) + q.derivative().derivative()(0.0)


@total_ordering
class Bid:
    """Is in order of its price, whatever else it has."""

    def __init__(self, volume, price):
        self.volume, self.price = volume, price

    def cost(self):
        return self.price**2

    def __le__(self, other):
        """Compare by cost."""
        if not isinstance(other, Bid):
            return NotImplemented
        return other.cost() >= self.cost()

    def __eq__(self, other):
        return self.price == other.price


class Urgent:
    """The greatest comes first, as in heaps."""

    def __init__(self, gain, rank):
        self.gain, self.rank = gain, rank

    def __lt__(self, other):
        return (self.rank, self.gain) > (other.rank, other.gain)


@dataclass(order=True)
class Job:
    name_length: float = field(compare=False)
    cost: float
    value: float = 1.0


def objects_by_their_class(x):
    bids = [Bid(x[0], 2.0), Bid(x[1], -1.0), Bid(x[2], 1.5)]
    first, other = bids[0], bids[1]
    urgent = [Urgent(v, 1.0) for v in x] + [Urgent(x[0] * x[1], 3.0)]
    urgent.sort()
    jobs = [Job(-float(k), v**2, v) for k, v in enumerate(x)]
    total = sorted(bids)[0].volume + 3.0 * max(bids).volume + 5.0 * min(first, other).volume
    total += sum(k * item.gain for k, item in enumerate(urgent)) + sorted(urgent, reverse=True)[0].gain ** 2
    return total * min(jobs).value + max(jobs).name_length * x[0]


CASES = [
    Case(methods_as_arguments, (np.array([0.4, -0.7, 0.9]),)),
    Case(methods_under_names, (np.array([0.4, -0.7, 0.9]),)),
    Case(methods_in_lists, (np.array([0.4, -0.7, 0.9]),)),

    Case(objects_by_their_class, (np.array([0.5, 1.5, -0.7]),)),
    Case(polynomials, (0.7, 1.3)),
    Case(sums_and_order_of_objects, (np.array([0.4, -0.7, 0.9]),)),
    Case(sums_and_order_of_objects, (np.array([0.4, 0.2, -0.3]),)),
    Case(made_by_the_class_of_an_object, (np.array([0.4, -0.7, 0.9]),)),
    Case(fields, (0.7,)),
    Case(beams, (1.3, sample(3, low=0.2))),
    Case(orbit, (1.1, 0.9, 4)),
    Case(dual_numbers, (0.7,)),
    Case(swings, (1.2, sample(3))),
    Case(made_by_classes, (1.3, 0.4)),
]
