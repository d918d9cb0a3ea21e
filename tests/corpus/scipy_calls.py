"""Integrals, roots and distributions as SciPy has them, with what they depend on from around."""

from functools import partial

import numpy as np
from scipy import integrate, optimize, stats
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import gamma, norm, poisson

from tests.corpus.case import Case


def of_a_closure(x, n):
    return quad(lambda t: np.exp(-x * t * t), 0.0, 2.0)[0]


def between_moving_ends(x, n):
    def f(t, a):
        return np.sin(a * t) / (1 + t)
    value, error = quad(f, 0, x, args=(x,))
    return value + 0.0 * error


def over_all_numbers(x, n):
    return quad(lambda t: np.exp(-x * t * t), -np.inf, np.inf)[0]


def to_infinity(x, n):
    return quad(lambda t: np.exp(-x * t), x, np.inf)[0] + quad(lambda t: np.exp(x * t), -np.inf, x)[0]


def moments(x, n):
    return sum(quad(lambda t: t ** k * x, 0, 1)[0] for k in range(3))


def of_an_integral(x, n):
    return quad(lambda t: quad(lambda s: np.exp(-x * s * t), 0, t)[0], 0, 1)[0]


def gauss_legendre(x, n):
    return integrate.fixed_quad(lambda t: np.exp(-x * t), 0, x, n=7)[0]


def of_a_function_of_numpy(x, n):
    return quad(np.sin, x, 0)[0]


def cube_root_in_a_bracket(x, n):
    return optimize.brentq(lambda t: t ** 3 - x, 0.0, 3.0)


def root_of_a_function_of_numpy(x, n):
    nothing = ()
    return optimize.brentq(np.subtract, 0.0, 3.0, args=(x,)) ** 2 + optimize.newton(np.cos, x, *nothing) * np.exp(
        x, *nothing)


def power_of_numpy(x, n):
    return quad(np.power, 0.5, 2.0, args=x)[0]


def cube_root_near_one(x, n):
    return optimize.newton(lambda t: t ** 3 - x, 1.0)


def field_of_a_result(x, n):
    return optimize.root_scalar(lambda t, a: t ** 3 - a, args=(x,), bracket=[0, 3]).root


def near_a_start(x, n):
    return optimize.root_scalar(lambda t: np.cos(t) - x * t, x0=0.5).root


def system_of_two(x, n):
    def F(z):
        return [z[0] ** 2 + z[1] - x, z[0] - z[1] * x]
    z = optimize.fsolve(F, [1.0, 1.0])
    return z[0] * z[1]


def system_with_arguments(x, n):
    def F(z, a):
        return np.array([z[0] ** 2 + z[1] - a, z[0] - z[1] * a])
    sol = optimize.root(F, np.array([1.0, 1.0]), args=(x,))
    return sol.x[0]


def maturity(x, n):
    def price(s):
        return 5.0 * np.exp(-x * s) - 2.0
    return optimize.bisect(price, 0.0, 10.0) ** 2


def root_in_every_trip(x, n):
    tot = 0.0
    for i in range(1, n):
        tot += optimize.brentq(lambda t: t ** 3 - x * i, 0.0, 10.0)
    return tot


def frozen_at_once(x, n):
    return stats.norm(0.0, 2.0).logpdf(x) + stats.norm(loc=x, scale=2.0).cdf(1.0)


def frozen_as_it_was(x, n):
    d = norm(x, x ** 2)
    x = 3.0 * x
    return d.logpdf(0.5) + d.cdf(x) * d.sf(0.1)


def frozen_shapes(x, n):
    return gamma(2.5, scale=x).logpdf(1.5) + stats.gamma(a=x).pdf(0.5)


def frozen_counts(x, n):
    return np.sum(poisson(x).logpmf(np.arange(n)))


def frozen_in_the_plane(x, n):
    p = stats.multivariate_normal(np.array([x, 1.0]), np.array([[2.0, 0.3], [0.3, x]]))
    return p.logpdf(np.array([0.1, 0.2]))


class Model:
    def __init__(self, s):
        self.prior = norm(0, s)

    def density(self, x):
        return self.prior.logpdf(x)


def frozen_in_a_field(x, n):
    return Model(2 * x).density(x)


class Offset:
    def __init__(self, size):
        self.size = size


class Curve:
    def __init__(self, a, b):
        self.a, self.b = a, b
        self.inside = Offset(a * b)

    def height(self, t, power=2):
        return self.a * t**power - self.b

    def over_another(self, t):
        return self.height(t) - self.inside.size


def cubic(t, a, b=0.3):
    return a * t**3 + t - b


def of_methods_and_parts(x, n):
    curve = Curve(x, 0.7)
    first = brentq(curve.height, 0.0, 5.0)
    curve.b = 1.5 * curve.b * x
    curve.inside.size = 0.1 * x
    area = quad(curve.over_another, 0.0, first)[0]
    area *= brentq(partial(cubic, a=x), 0.0, 5.0)
    return area * brentq(partial(cubic, a=x, b=curve.b), 0.0, 5.0) + brentq(lambda t: curve.height(t) - first, 0.0, 9.0)


CASES = [
    Case(of_methods_and_parts, (1.3, 4)),
    Case(root_of_a_function_of_numpy, (1.3, 4)),
    Case(power_of_numpy, (1.3, 4)),
    Case(of_a_closure, (1.3, 4)),
    Case(between_moving_ends, (1.3, 4)),
    Case(over_all_numbers, (1.3, 4)),
    Case(to_infinity, (1.3, 4)),
    Case(moments, (1.3, 4)),
    Case(of_an_integral, (1.3, 4)),
    Case(gauss_legendre, (1.3, 4)),
    Case(of_a_function_of_numpy, (1.3, 4)),
    Case(cube_root_in_a_bracket, (1.3, 4)),
    Case(cube_root_near_one, (1.3, 4)),
    Case(field_of_a_result, (1.3, 4)),
    Case(near_a_start, (1.3, 4)),
    Case(system_of_two, (1.3, 4)),
    Case(system_with_arguments, (1.3, 4)),
    Case(maturity, (1.3, 4)),
    Case(root_in_every_trip, (1.3, 4)),
    Case(frozen_at_once, (1.3, 4)),
    Case(frozen_as_it_was, (1.3, 4)),
    Case(frozen_shapes, (1.3, 4)),
    Case(frozen_counts, (1.3, 4)),
    Case(frozen_in_the_plane, (1.3, 4)),
    Case(frozen_in_a_field, (1.3, 4)),
]
