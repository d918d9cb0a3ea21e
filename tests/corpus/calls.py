"""Functions that call others: helpers, njit helpers, closures, lambdas, module constants."""

import math
import operator
from functools import partial, reduce, wraps
from math import exp, pi

import numpy
import numpy as np
from numba import njit

import srcgrad as sg
from tests.corpus.case import Case, sample

GRAVITY = 9.81
NODES = np.array([-0.7745966692414834, 0.0, 0.7745966692414834])
WEIGHTS = np.array([5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0])


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def two_sigmoids(w, x):
    return sigmoid(w[0] * x + w[1]) * sigmoid(w[2] * sigmoid(x))


@njit
def soft_plus(z):
    if z > 30.0:
        return z
    return math.log1p(math.exp(z))


def calls_compiled_helper(x):
    total = 0.0
    for v in x:
        total += soft_plus(3.0 * v)
    return total


@njit
def already_compiled(x, y):
    return math.sin(x) * y + x**2


def helper_with_loop(x, order):
    term, total = 1.0, 1.0
    for k in range(1, order + 1):
        term = term * x / k
        total += term
    return total


def series_of_series(x):
    return helper_with_loop(0.5 * x, 6) * helper_with_loop(-x, 5)


def potential(v):
    return np.sum(v**2) + 0.1 * np.sum(v**4)


def helper_over_arrays(q, p):
    return 0.5 * np.sum(p * p) + potential(q - p)


def integrand(x, a):
    return exp(-a * x) * math.cos(x)


def gauss_legendre(a, low, high):
    half, middle = 0.5 * (high - low), 0.5 * (high + low)
    total = 0.0
    for k in range(3):
        total += WEIGHTS[k] * integrand(middle + half * NODES[k], a)
    return half * total


def fall(t, height, mass):
    return mass * GRAVITY * (height - 0.5 * GRAVITY * t**2) * pi


def make_polynomial(a, b):
    def polynomial(x):
        y = a * x**2 + b * x
        return y * y

    return polynomial


def make_weighted(weights):
    def weighted(x):
        return np.sum(weights * np.tanh(x))

    return weighted


quadratic = lambda x, y: x**2 * y + numpy.sin(y)


def third_level(u):
    return u * math.exp(-u * u)


def second_level(u, v):
    return third_level(u) + third_level(u * v)


def call_tree(x):
    s = 0.0
    for i in range(3):
        s = second_level(x + 0.1 * i, s)
    return s


def other_spellings(x):
    return numpy.tanh(x) + math.tanh(x) * np.abs(x) + exp(-x) + abs(x) ** 1.5 + pow(x, 2.0)


@sg.nondifferentiable
def interval(t, knots):
    k = 0
    while k < len(knots) - 2 and knots[k + 1] < t:
        k += 1
    return k


def piecewise_cubic(x, knots, c):
    k = interval(sg.stop_gradient(x), knots)
    u = x - knots[k]
    return c[k, 0] + u * (c[k, 1] + u * (c[k, 2] + u * c[k, 3]))


def log_sum_exp(a):
    m = sg.stop_gradient(np.max(a))
    return m + np.log(np.sum(np.exp(a - m)))


def scaled_by_what_it_was(a):
    before = sg.stop_gradient(a)
    scale = 0.0
    for i in range(a.shape[0]):
        scale = scale + before[i] * before[i]
        a[i] = a[i] * a[i] * 0.5
    return np.sum(a) + np.sum(sg.stop_gradient(a)) * scale


def overwrite(a, v):
    a[0] = v
    return a[1]


def operands_in_order(a):
    s = a[0] * a[1] - overwrite(a, 3.0 * a[1]) * a[0]
    t = 2.0 * a + overwrite(a, a[1] ** 2)
    return s + np.sum(t * a)


def arguments_in_order(a):
    return np.hypot(a[0], overwrite(a, a[1])) + max(a[0], overwrite(a, 5.0 * a[1])) * a[0]


def tuples_in_order(a):
    u, v = 2.0 * a[0], overwrite(a, a[1])
    w = np.array([a[0], overwrite(a, 2.0 * a[1]), a[0]])
    return u * v * np.sum(w * w)


def elements_in_order(a):
    b = np.array([2.0, 3.0])
    b[0] += overwrite(b, 9.0) + a[0] * b[0]
    b[1] *= overwrite(b, a[1])
    return b[0] * a[0] + b[1]


def scaled_sum(u, v=0.0, w=0.0):
    return u * v + w


def keywords_in_order(a):
    s = scaled_sum(a[0], w=2.0 * a[0], v=overwrite(a, 3.0 * a[1])) + scaled_sum(a[0], w=overwrite(a, a[1] ** 2))
    return s * (2.0 * a).sum() * (3.0 * a).dot(a * overwrite(a, a[1]))


def tests_in_order(a):
    row = a[:1]
    s = np.sum(row * 1.0) + overwrite(a, 3.0 * a[1]) * np.sum(row)
    return s if a[0] < overwrite(a, 4.0 * a[1]) else s * a[0]


def halve(r):
    r *= 0.5
    return r[0]


def fill_view(r, value):
    v = r[::-1][:2]
    v[0] = value * r[0]
    return v


def reads_before_a_callee_writes_a_view(a):
    s = np.sum(a * a) + halve(a[1:]) * a[1]
    return s + np.sum(-a[:2] * fill_view(a, 3.0)) + np.dot(2.0 * a, a * halve(a))


def tuple_argument_of_a_call_that_writes(a):
    def inner(p, q):
        q[0] = 7.0 * q[1]
        return p[0] * p[1]

    return inner((1.0 * a[0], 2.0 * a[1]), a) + a[0]


def bound_on_the_way(x):
    return x + (x := 2.0 * x * x) + x


KNOTS = np.array([0.0, 0.4, 1.0, 1.5])

def product_of(x, *others):
    for y in others:
        x = x * y
    return x


def open_parameters(x, y):
    return product_of(x) + product_of(y, x, 2.0) * product_of(x, y)


def scaled(x, scale=None):
    if scale is None:
        return x
    return x * scale


def left_out(x, y):
    return scaled(x) * scaled(y, x) + scaled(x, scale=2.0)


def line_through(c):
    def line(t):
        return t * c + 1.0

    return line


def functions_returned(x, y):
    first, second = line_through(x), line_through(y)
    return first(y) * second(2.0) + first(x)


def simpson(f, a, b, n=4):
    h = (b - a) / n
    s = f(a) + f(b)
    for i in range(1, n):
        s += (4.0 if i % 2 else 2.0) * f(a + i * h)
    return s * h / 3.0


def integral_of_an_integral(a, b):
    return simpson(lambda x: simpson(lambda y: exp(-a * x * y), 0.0, x), 0.0, b)


def composed_of_composed(a, b):
    compose = lambda f, g: lambda x: f(g(x))
    twice = lambda f: compose(f, f)
    h = compose(lambda x: x * a, compose(math.sin, twice(twice(lambda t: t * b + 0.1))))
    return h(a)


def smaller(a, b, k=0.3):
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


SMALLER = partial(smaller, k=0.7)


def operators_as_functions(a, x):
    of = {"+": operator.add, "neg": operator.neg, "@": operator.matmul}
    product = reduce(operator.mul, [v + 1.0 for v in x], a)
    chosen = operator.getitem(x, 1) if operator.lt(a, 9.0) else 0.0
    return of["+"](product, of["neg"](a)) + of["@"](x, x) + sum(map(operator.mul, x, x[::-1])) + chosen


def functions_with_some_arguments(a, x):
    near = partial(smaller, k=a)
    scaled = [partial(pow, a), partial(np.dot, x), partial(lambda u, v, w: u * v - w, a, w=2.0)]
    y = x.copy()
    total = partial(np.sum, y)
    y[0] = 5.0 * a
    found = near(a, x[1]) + near(x[0], x[1], k=2.0) + SMALLER(a, x[0]) + partial(near, x[2])(a) + total()
    a = 3.0
    return found + scaled[0](2) + scaled[1](x) * scaled[2](x[0]) * a


def sum_of_all(t):
    if isinstance(t, dict):
        return sum(sum_of_all(v) for v in t.values())
    if isinstance(t, tuple | list):
        return sum(sum_of_all(v) for v in t)
    return np.sum(t**2)


def through_lists_and_dicts(x, y):
    return sum_of_all({"x": [x, (y, 2.0 * y)], "more": {"y": x * y}}) * sum_of_all([y])


def inner_function_that_ends(x):
    def power(n):
        return x if n == 1 else x * power(n - 1)

    return power(5) + power(2)


def turned(x, out=None, shape=None):
    if out is None:
        out = np.empty_like(x)
    shape = x.shape if shape is None else shape
    x = [x[k] * 2.0 for k in range(shape[0])]
    part = slice(1, None)
    out[part] = x[1:]
    part = slice(0, 1)
    out[part] = x[-1]
    x = {"first": out[0]}
    y = {"all": np.sum(out)}
    y["both"] = x["first"] * y["all"]
    return out, y


def parameters_that_become_something_else(x, n):
    s, room = 0.0, np.zeros(3)
    for k in range(n):
        new, found = turned(x * (k + 1.0))
        s += found["both"] * new[1]
        old, found = turned(new * x, room)
        s += found["all"] * np.sum(old * room)
    return s


def smoothed(u, f):
    if u.shape[0] < 3:
        return u
    for _ in range(2):
        u[1:-1] = 0.5 * (u[:-2] + u[2:] + f[1:-1])
        if u[1] > 0.4:
            return u
    return u


def array_given_back_by_every_return(f):
    u = np.zeros(f.shape[0])
    for _ in range(3):
        u = smoothed(u, f)
        u += 0.1 * f
        u = smoothed(u, f)
    return u @ u


def flipped_or_doubled(u, f):
    if u[0] > 0.3:
        u[1:] *= f[0]
        return u
    u = u * 2.0
    u[0] = f[1]
    return u


def pushed(u, v, f):
    for k in range(4):
        u += f * v
        if u[k] > 0.5:
            return u, v
        v[k] = u[k]
    return u, v


def arrays_given_back_in_another_order(f):
    u, v = np.sin(f), f * f
    for _ in range(3):
        v, u = pushed(u, v, f)
        v *= 0.5
        v = flipped_or_doubled(v, f)
    return u @ v


def scaled_and_raised(u, s):
    u *= s
    u[0] += 1.0
    return u


def array_of_the_caller_updated(a, b):
    a = a * b
    for _ in range(3):
        a = scaled_and_raised(a, 0.5)
        b = scaled_and_raised(b, a[1])
    u = scaled_and_raised(a[::-1][:2], 0.7)
    return a @ b + u @ u


def logged(f):
    @wraps(f)
    def inner(*args, **options):
        return f(*args, **options)

    return inner


@logged
def power_law(x, slope, offset=0.0):
    return np.sum(x**2) * slope + offset


def with_options(x, **options):
    scale = options.pop("scale", 2.0)
    options.setdefault("offset", x[0])
    options["slope"] *= scale
    total = sum(v * len(k) for k, v in options.items())
    return total + power_law(x, **options) if "slope" in options else total


def options_by_name(x):
    given = {"slope": x[1], "scale": x[2]}
    first = with_options(x, **given) + with_options(x, slope=0.5)
    return first + power_law(x, offset=x[2], slope=1.5) * len(given) + given["slope"]


def until_far_or_deep(x, a):
    """The depth alone tells that it ends; the other half of the test is known at run time."""

    def walk(p, depth):
        if p > 5.0 or depth == 0:
            return p * a
        return 0.5 * walk(p * x[depth], depth - 1) + p * p

    return walk(x[0], 3)


def quadrature(lo, hi, k):
    """Simpson's rule where it is needed: of defaults, and of another function inside that is called by both."""

    def f(t):
        return math.exp(-k * t) * math.sin(3.0 * t)

    def refined(a, b, fa, fm, fb, whole, tol=1e-3, depth=5):
        m = 0.5 * (a + b)
        lm, rm = f(0.5 * (a + m)), f(0.5 * (m + b))
        left, right = (m - a) / 6.0 * (fa + 4.0 * lm + fm), (b - m) / 6.0 * (fm + 4.0 * rm + fb)
        if depth <= 0 or abs(left + right - whole) < 15.0 * tol:
            return left + right + (left + right - whole) / 15.0
        return refined(a, m, fa, lm, fm, left, tol / 2.0, depth - 1) + refined(m, b, fm, rm, fb, right, depth=depth - 1)

    fa, fm, fb = f(lo), f(0.5 * (lo + hi)), f(hi)
    return refined(lo, hi, fa, fm, fb, (hi - lo) / 6.0 * (fa + 4.0 * fm + fb))


CASES = [
    Case(quadrature, (0.0, 1.3, 0.8)),
    Case(until_far_or_deep, (sample(4, low=0.5), 0.3)),
    Case(options_by_name, (sample(3),)),
    Case(parameters_that_become_something_else, (sample(3), 3)),
    Case(integral_of_an_integral, (1.3, 0.7)),
    Case(operators_as_functions, (1.3, sample(3))),
    Case(functions_with_some_arguments, (1.3, sample(3))),
    Case(composed_of_composed, (1.3, 0.4)),
    Case(through_lists_and_dicts, (sample(3), 0.4)),
    Case(inner_function_that_ends, (1.3,)),
    Case(open_parameters, (0.7, 1.2)),
    Case(left_out, (0.7, 1.2)),
    Case(functions_returned, (0.7, 1.2)),
    Case(two_sigmoids, (sample(3), 0.8)),
    Case(calls_compiled_helper, (sample(5),)),
    Case(already_compiled, (0.7, 1.3)),
    Case(series_of_series, (1.2,)),
    Case(helper_over_arrays, (sample(4), sample(4, seed=1))),
    Case(gauss_legendre, (0.9, 0.1, 1.4)),
    Case(fall, (0.4, 3.0, 1.2)),
    Case(make_polynomial(0.7, -1.2), (0.9,)),
    Case(make_weighted(np.array([0.3, -1.1, 2.0])), (sample(3),)),
    Case(quadratic, (0.6, 1.7)),
    Case(call_tree, (0.45,)),
    Case(other_spellings, (0.85,)),
    Case(operands_in_order, (np.array([0.7, 1.3]),)),
    Case(arguments_in_order, (np.array([0.7, 1.3]),)),
    Case(tuples_in_order, (np.array([0.7, 1.3]),)),
    Case(elements_in_order, (np.array([0.7, 1.3]),)),
    Case(keywords_in_order, (np.array([0.7, 1.3]),)),
    Case(reads_before_a_callee_writes_a_view, (sample(4),)),
    Case(tests_in_order, (np.array([0.7, 1.3]),)),
    Case(tuple_argument_of_a_call_that_writes, (np.array([0.7, 1.3]),)),
    Case(bound_on_the_way, (0.8,)),
    Case(piecewise_cubic, (0.7, KNOTS, sample(3, 4)), (0, 2)),
    Case(log_sum_exp, (sample(6, low=-800.0, high=800.0),)),
    Case(scaled_by_what_it_was, (sample(4, seed=2),), expected=(sample(4, seed=2),)),
    Case(array_given_back_by_every_return, (sample(6),)),
    Case(arrays_given_back_in_another_order, (sample(5),)),
    Case(array_of_the_caller_updated, (sample(3), sample(3, seed=1))),
]
