"""Prices, yields and their sensitivities."""

import math

import numpy as np

from tests.corpus.case import Case, sample


def black_scholes_call(s, k, r, sigma, t):
    d1 = (math.log(s / k) + (r + 0.5 * sigma**2) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
    n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
    return s * n1 - k * math.exp(-r * t) * n2


def american_put_binomial(s, k, r, sigma, t, n):
    dt = t / n
    up = math.exp(sigma * math.sqrt(dt))
    down = 1.0 / up
    p = (math.exp(r * dt) - down) / (up - down)
    value = np.empty(n + 1)
    for i in range(n + 1):
        value[i] = max(k - s * up ** (2 * i - n), 0.0)
    for step in range(n - 1, -1, -1):
        for i in range(step + 1):
            held = math.exp(-r * dt) * (p * value[i + 1] + (1.0 - p) * value[i])
            value[i] = max(held, k - s * up ** (2 * i - step))
    return value[0]


def bond_yield(price, coupon, face, years):
    y = coupon / face
    for _ in range(50):
        value, slope = 0.0, 0.0
        for t in range(1, years + 1):
            discount = (1.0 + y) ** (-t)
            value += coupon * discount
            slope -= t * coupon * discount / (1.0 + y)
        value += face * (1.0 + y) ** (-years)
        slope -= years * face * (1.0 + y) ** (-years - 1)
        step = (value - price) / slope
        y -= step
        if abs(step) < 1e-14:
            break
    return y


def discounted_cash_flows(flows, times, short, long, speed):
    total = 0.0
    for i in range(flows.size):
        rate = long + (short - long) * math.exp(-speed * times[i])
        total += flows[i] * math.exp(-rate * times[i])
    return total


def portfolio_risk(weights, covariance, returns, aversion):
    w = np.exp(weights) / np.sum(np.exp(weights))
    return aversion * (w @ covariance @ w) - returns @ w


def asian_option_on_paths(s0, sigma, r, strike, normals):
    paths, steps = normals.shape
    dt = 1.0 / steps
    payoff = 0.0
    for i in range(paths):
        s = s0
        mean = 0.0
        for t in range(steps):
            s *= math.exp((r - 0.5 * sigma**2) * dt + sigma * math.sqrt(dt) * normals[i, t])
            mean += s / steps
        payoff += max(mean - strike, 0.0)
    return math.exp(-r) * payoff / paths


def implied_volatility(price, s, k, t):
    sigma = 0.3
    for _ in range(8):
        d1 = (np.log(s / k) + 0.5 * sigma**2 * t) / (sigma * np.sqrt(t))
        d2 = d1 - sigma * np.sqrt(t)
        value = 0.5 * s * (1.0 + math.erf(d1 / math.sqrt(2.0))) - 0.5 * k * (
            1.0 + math.erf(d2 / math.sqrt(2.0))
        )
        vega = s * np.sqrt(t) * np.exp(-0.5 * d1**2) / np.sqrt(2.0 * np.pi)
        sigma = sigma - (value - price) / vega
    return sigma


def binomial_tree(spot, strike, rate, sigma, years, n):
    """An American put: two arrays that become shorter from step to step."""
    dt = years / n
    up = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    prices = spot * up ** (2.0 * np.arange(n + 1) - n)
    values = np.maximum(strike - prices, 0.0)
    for _ in range(n):
        values = np.exp(-rate * dt) * (p * values[1:] + (1.0 - p) * values[:-1])
        prices = prices[:-1] * up
        values = np.maximum(values, strike - prices)
    return values[0]


def halved(x):
    """Pairs are summed until one is left."""
    v = x * x
    s = 0.0
    while len(v) > 1:
        v = np.sin(v[::2]) + v[1::2]
        s += v[0] * v[-1]
    return s


def neville(x, y, at):
    """Interpolation by polynomials of ever higher degree."""
    p = y.copy()
    for k in range(1, len(x)):
        p = ((at - x[k:]) * p[:-1] + (x[:-k] - at) * p[1:]) / (x[:-k] - x[k:])
    return p[0]


def running_totals(x):
    """An array that becomes longer by one in every trip."""
    totals = np.zeros(1)
    for i in range(x.size):
        totals = np.append(totals, totals[-1] + x[i] ** 2)
    return np.sum(totals * totals)


def compounded(x):
    """A path that is appended to until it is high enough."""
    path = x[:1].copy()
    while path[-1] < 5.0:
        path = np.append(path, path[-1] * (1.0 + x[1]) + x[2])
    return np.mean(path * path)


def schedule_of_payments(x):
    """An array joined with others, some of them by a condition."""
    paid = np.array([1.0])
    for k in range(x.size):
        if x[k] > 0.5:
            paid = np.concatenate((paid, x * paid[-1], paid[:1]))
    return np.sum(np.sin(paid)) + paid.size


def heston(v0, kappa, theta, sigma, rho):
    """The chance that an option ends in the money, by its characteristic function (Heston 1993)."""
    S, K, T, r = 1.0, 1.05, 0.5, 0.02

    def characteristic(phi):
        d = np.sqrt((rho * sigma * phi * 1j - kappa) ** 2 + sigma**2 * (phi * 1j + phi**2))
        minus, plus = kappa - rho * sigma * phi * 1j - d, kappa - rho * sigma * phi * 1j + d
        g = minus / plus
        C = r * phi * 1j * T + kappa * theta / sigma**2 * (minus * T - 2 * np.log((1 - g * np.exp(-d * T)) / (1 - g)))
        D = minus / sigma**2 * (1 - np.exp(-d * T)) / (1 - g * np.exp(-d * T))
        return np.exp(C + D * v0 + 1j * phi * np.log(S))

    phi = np.linspace(1e-3, 60.0, 41)
    waves = np.real(np.exp(-1j * phi * np.log(K)) * characteristic(phi) / (1j * phi))
    return 0.5 + np.trapezoid(waves, phi) / np.pi


CASES = [
    Case(heston, (0.04, 1.5, 0.04, 0.3, -0.7)),
    Case(running_totals, (np.array([0.3, 0.9, 0.7]),)),
    Case(compounded, (np.array([0.3, 0.9, 0.7]),)),
    Case(schedule_of_payments, (np.array([0.3, 0.9, 0.7]),)),
    Case(binomial_tree, (1.0, 1.1, 0.03, 0.3, 0.5, 8)),
    Case(halved, (np.array([0.3, -0.5, 0.8, 1.1, -0.2, 0.6, 0.9, 0.1]),)),
    Case(neville, (np.linspace(0.0, 1.0, 4), np.array([0.2, 0.5, -0.3, 0.8]), 0.37)),
    Case(black_scholes_call, (101.0, 95.0, 0.03, 0.25, 0.8)),
    Case(american_put_binomial, (10.0, 10.5, 0.05, 0.3, 1.0, 7)),
    Case(bond_yield, (96.5, 4.0, 100.0, 8)),
    Case(discounted_cash_flows, (sample(5, low=1.0, high=5.0), np.arange(1.0, 6.0), 0.01, 0.04, 0.6)),
    Case(
        portfolio_risk,
        (sample(3), np.array([[0.2, 0.05, 0.0], [0.05, 0.3, 0.1], [0.0, 0.1, 0.25]]), sample(3, seed=1), 2.0),
    ),
    Case(asian_option_on_paths, (1.0, 0.3, 0.02, 0.9, sample(6, 4))),
    Case(implied_volatility, (8.0, 100.0, 105.0, 0.7)),
]
