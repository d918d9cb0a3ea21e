"""Arrays that a branch of a loop makes, and that later trips read before it is made again; fields that are None."""

import numpy as np

from tests.corpus.case import Case


def moments_from_none(x, n):
    m = None
    v = None
    w = np.array([x, 2 * x])
    for i in range(n):
        g = 2 * w * x
        if m is None:
            m = np.zeros_like(w)
            v = np.zeros_like(w)
        m = 0.9 * m + 0.1 * g
        v = 0.99 * v + 0.01 * g ** 2
        w = w - 0.1 * m / (np.sqrt(v) + 1e-8)
    return w.sum()


def made_in_the_first_trip(x, n):
    first = True
    w = np.array([x, 2 * x])
    for i in range(n):
        g = 2 * w * x
        if first:
            m = np.zeros_like(w)
            first = False
        m = 0.9 * m + 0.1 * g
        w = w - 0.1 * m
    return w.sum()


def made_where_the_counter_is_zero(x, n):
    w = np.array([x, 2 * x])
    for i in range(n):
        if i == 0:
            m = np.zeros_like(w)
        m = 0.9 * m + 0.1 * w
        w = w - 0.1 * m
    return w.sum()


def made_anew_now_and_then(x, n):
    w = np.array([x, 2 * x])
    s = 0.0
    for t in range(3):
        for i in range(n):
            if i == 0:
                m = np.ones_like(w) * t
            elif i % 2:
                m = 0.9 * m + 0.1 * w
            s += m.sum()
    return s + m[0]


def buffer_for_three_trips(x, n):
    s = 0.0
    for i in range(n):
        if i % 3 == 0:
            buf = np.zeros(4)
        buf[i % 4] += x * i
        s += np.sum(buf ** 2)
    return s


def made_in_two_trips_of_a_while(x, n):
    i = 0
    s = 0.0
    while i < n:
        if i < 2:
            v = np.array([x, i * x])
        s += v[0] * i + v[1]
        v *= 1.5
        i += 1
    return s


def covariance_from_the_first_trip(x, n):
    s = 0.0
    for i in range(n):
        if i == 0:
            P = np.eye(2) * x
        P = 0.9 * P @ P + np.eye(2) * 0.1
        s += np.trace(P)
    return s



def two_of_two_shapes(x, n):
    s = 0.0
    for i in range(n):
        if i == 0:
            y = np.full(3, x)
            z = np.zeros((2, 3))
        z[i % 2] = y * i
        y = y + z.sum(axis=0)
        if i == 2:
            z = np.ones((2, 3)) * x
        s += z.sum()
    return s


class Adam:
    def __init__(self, lr=0.1):
        self.lr = lr
        self.m = None
        self.v = None
        self.t = 0

    def step(self, w, g):
        if self.m is None:
            self.m = np.zeros_like(w)
            self.v = np.zeros_like(w)
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.99 * self.v + 0.01 * g ** 2
        mh = self.m / (1 - 0.9 ** self.t)
        vh = self.v / (1 - 0.99 ** self.t)
        return w - self.lr * mh / (np.sqrt(vh) + 1e-8)


def adam(x, n):
    opt = Adam()
    w = np.array([x, 2 * x])
    for i in range(n):
        w = opt.step(w, 2 * w * x)
    return w.sum()


class Pid:
    def __init__(self, kp, kd):
        self.kp, self.kd, self.prev = kp, kd, None

    def __call__(self, e, dt):
        d = 0.0 if self.prev is None else (e - self.prev) / dt
        self.prev = e
        return self.kp * e + self.kd * d


def controlled(x, n):
    pid = Pid(x, 0.1)
    y = 0.0
    for i in range(n):
        y += 0.1 * pid(1.0 - y, 0.1)
    return y


class Layer:
    def __init__(self, w):
        self.w, self.x = w, None

    def forward(self, x):
        self.x = x
        return np.tanh(self.w * x)

    def back(self):
        return self.x * self.w


def cached(x, n):
    layer = Layer(x)
    s = 0.0
    for i in range(n):
        s += layer.forward(s + 0.1)
    return s + layer.back()


class Ema:
    def __init__(self, a):
        self.a, self.value = a, None

    def update(self, v):
        if self.value is None:
            self.value = v
        else:
            self.value = self.a * v + (1 - self.a) * self.value
        return self.value


def averaged(x, n):
    e = Ema(0.3)
    out = 0.0
    for i in range(n):
        out += e.update(x * i)
    last = e.value
    if last is None:
        return 0.0 * x
    return out + e.value * last


class Tr:
    def __init__(self):
        self.best = None
        self.k = 0

    def see(self, v):
        if self.best is None or v < self.best:
            self.best = v
            self.k += 1
        if self.k > 2:
            self.best = None


def best_so_far(x, n):
    t = Tr()
    for i in range(n):
        t.see((x - i) ** 2)
    return (x if t.best is None else t.best) + t.k


A = np.array([[1, -1, 0], [0, 2, 1]])


def integers_times_an_expression(k):
    total = np.sum(A @ (k * 0.3)) + np.sum(A.T @ np.sin(k[:2])) ** 2
    order = (k[None, :] > k[:, None]).astype(int)
    return total + np.sum(np.dot(A, np.exp(k)) * 0.1) + np.sum(order @ np.exp(k))


def absolute_values_of_integers(x):
    w = np.fabs(np.array([3, -1, 4]))
    w[1:] = x[:2]
    f = np.floor(np.array([2.5, -1.5, 0.5]))
    return np.sum(w**2.0) + np.sum(f * x)


def shadowed_in_a_comprehension(x):
    p = (x, 1.0)
    s = [p[0] for p in [(1.0, 2.0), (x * x, 3.0)]]
    return p[0] * s[1] + s[0]


CASES = [
    Case(moments_from_none, (1.3, 4)),
    Case(made_in_the_first_trip, (1.3, 4)),
    Case(made_where_the_counter_is_zero, (1.3, 4)),
    Case(made_anew_now_and_then, (0.7, 5)),
    Case(buffer_for_three_trips, (0.7, 5)),
    Case(made_in_two_trips_of_a_while, (0.7, 5)),
    Case(covariance_from_the_first_trip, (0.7, 5)),
    Case(two_of_two_shapes, (0.7, 5)),
    Case(adam, (1.3, 5)),
    Case(controlled, (1.3, 5)),
    Case(cached, (1.3, 5)),
    Case(averaged, (1.3, 5)),
    Case(best_so_far, (1.3, 5)),
    Case(integers_times_an_expression, (np.array([0.3, -0.2, 0.8]),)),
    Case(absolute_values_of_integers, (np.array([0.3, -0.2, 0.8]),)),
    Case(shadowed_in_a_comprehension, (1.3,)),
]
