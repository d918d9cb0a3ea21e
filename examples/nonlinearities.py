"""Six nonlinearities: where their units saturate or die in training, and what each costs.

What to see here: a unit learns through the slope of its nonlinearity. Where the slope is next to zero for one image
it is saturated there; where it is so for all images the unit is dead, and hardly anything moves it any more. One
hidden layer learns to read handwritten digits, first with biases that start too low, then with a learning rate that
is too large. Slopes are derivatives taken by srcgrad, as are the gradients that train; each parametric ReLU learns
the slope of its left half with the weights.
"""
import time
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Clock, lighter, panels, parser, plain_numbers, save
from srcgrad import train

COLOURS = {"logistic": GREY, "tanh": PURPLE, "hard tanh": BLUE, "ReLU": RED, "leaky ReLU": ORANGE,
           "parametric ReLU": GREEN}  # fmt: skip


class Params(NamedTuple):
    """A hidden layer, the slopes of its parametric ReLUs for negative numbers, and ten scores."""

    W: np.ndarray
    b: np.ndarray
    slope: np.ndarray
    V: np.ndarray
    c: np.ndarray


@sg.differentiable
def nonlinearity(name, z, slope):
    """Return the nonlinearity of this name; only the parametric ReLU uses the slopes, one for each column."""
    if name == "logistic":
        return train.logistic(z)
    if name == "tanh":
        return train.tanh(z)
    if name == "hard tanh":
        return train.hard_tanh(z)
    if name == "ReLU":
        return train.relu(z)
    if name == "leaky ReLU":
        return train.leaky_relu(z)
    return train.prelu(z, slope)


@sg.differentiable
def total(name, z, slope):
    """Return the sum over all elements: its gradient by z holds the slope at each."""
    return np.sum(nonlinearity(name, z, slope))


@sg.differentiable
def loss(p, name, X, labels):
    """Return the mean cross-entropy of a network with one hidden layer."""
    h = nonlinearity(name, train.dense(X, p.W, p.b), p.slope)
    return train.softmax_cross_entropy(train.dense(h, p.V, p.c), labels)


slopes = sg.grad(total, "z")
value_and_grad = sg.value_and_grad(loss)


def trained(name, bias, rate, X, labels, width, steps, seed):
    """Return losses, shares of saturated places and of dead units at each step of gradient descent, and the end."""
    rng = np.random.default_rng(seed)
    p = Params(train.xavier_normal(rng, (X.shape[1], width)), np.full(width, bias), np.full(width, 0.25),
               train.xavier_normal(rng, (width, 10)), np.zeros(10))  # fmt: skip
    steepest = 0.25 if name == "logistic" else 1.0
    rows = []
    for _ in range(steps):
        flat = np.abs(slopes(name, train.dense(X, p.W, p.b), p.slope)) < 0.005 * steepest
        value, gradient = value_and_grad(p, name, X, labels)
        rows.append((value, np.mean(flat), np.mean(np.all(flat, axis=0))))
        p = Params(*(a - rate * g for a, g in zip(p, gradient, strict=True)))
    return np.array(rows).T, p


def nanoseconds(f, name, z, least):
    """Return the fastest time of f for one number of z, in billionths of a second, after `least` seconds of trying."""
    slope = np.full(z.shape[1], 0.25)
    f(name, z, slope)
    best, end = np.inf, time.perf_counter() + least
    while time.perf_counter() < end:
        begin = time.perf_counter()
        f(name, z, slope)
        best = min(best, time.perf_counter() - begin)
    return 1e9 * best / z.size


def main(arguments=None):
    """Train from low biases and with a large rate, time each nonlinearity, and draw."""
    add = parser(__doc__, "nonlinearities.png")
    add.add_argument("--bias", type=float, default=-3.0, help="of hidden units at the start (default -3)")
    add.add_argument("--rate", type=float, default=2.0, help="the learning rate that is too large (default 2)")
    options = add.parse_args(arguments)
    images, width, steps = (40, 6, 4) if options.quick else (600, 64, 300)
    digits, clock = load_digits(), Clock()
    X, labels = digits.data[:images] / 8.0 - 1.0, digits.target[:images]
    z = np.random.default_rng(options.seed).normal(scale=2.0, size=(images, width))

    low, fast, costs = {}, {}, {}
    print(f"{'':17}  biases {options.bias:g}, rate 0.1          biases 0, rate {options.rate:g}        a number, ns")
    print(f"{'':17}  saturated   dead    loss   saturated   dead    loss   value  slope")
    for name in COLOURS:
        low[name], _ = trained(name, options.bias, 0.1, X, labels, width, steps, options.seed)
        fast[name], _ = trained(name, 0.0, options.rate, X, labels, width, steps, options.seed)
        costs[name] = [nanoseconds(f, name, z, 0.01 if options.quick else 0.3) for f in (nonlinearity, slopes)]
        shares = "  ".join(f"{100.0 * run[1, -1]:7.1f} % {100.0 * run[2, -1]:4.0f} % {run[0, -1]:7.3f}"
                           for run in (low[name], fast[name]))  # fmt: skip
        print(f"{name:17}{shares}  {costs[name][0]:6.2f} {costs[name][1]:6.2f}", flush=True)
    clock("trained and timed all")
    save(drawn(low, fast, costs, options), options.picture)


def drawn(low, fast, costs, options):
    """Return the picture: curves, slopes and costs above, dead units and losses below."""
    figure, ((curve, slope, cost), (low_loss, dead, fast_loss)) = panels(2, 3, size=(3.3, 2.5))
    z, quarter = np.linspace(-4.0, 4.0, 401)[:, None], np.array([0.25])
    for name, colour in COLOURS.items():
        curve.plot(z, nonlinearity(name, z, quarter), color=colour, linewidth=1.3, label=name)
        slope.plot(z, slopes(name, z, quarter), color=colour, linewidth=1.3)
        low_loss.plot(low[name][0], color=colour, linewidth=1.3)
        dead.plot(100.0 * fast[name][2], color=colour, linewidth=1.3)
        shown = np.where(fast[name][0] < 1e3, fast[name][0], np.nan)
        fast_loss.semilogy(shown, color=colour, linewidth=1.3)
    rows = np.arange(len(costs))
    values, gradients = np.array(list(costs.values())).T
    cost.barh(rows - 0.2, values, 0.35, color=[lighter(c) for c in COLOURS.values()])
    cost.barh(rows + 0.2, gradients, 0.35, color=list(COLOURS.values()))
    cost.set(title="ns a number: value (light), slope", yticks=rows, yticklabels=list(costs))
    cost.invert_yaxis()
    curve.set(title="value", ylim=(-1.6, 2.5))
    slope.set(title="slope", ylim=(-0.05, 1.1))
    low_loss.set(title=f"loss: biases start at {options.bias:g}", xlabel="step", ylim=(0.0, 3.7))
    dead.set(title=f"dead units, %: learning rate {options.rate:g}", xlabel="step", ylim=(-3, 103))
    fast_loss.set(title=f"loss: learning rate {options.rate:g}", xlabel="step")
    plain_numbers(fast_loss.yaxis)
    figure.legend(loc="outside lower center", ncols=6)
    return figure


if __name__ == "__main__":
    main()
