"""Quiet and restless decades: a hidden Markov model of the world's great earthquakes, 1900-2006.

What to see here: the forward algorithm is a loop over the years; its gradient by the parameters fits the model. Its
gradient by the logarithm of the probability of what was seen is, for each year and state, the probability that the
Earth was in that state given all years: reverse mode has written the backward algorithm (L. E. Baum's beta
recursion).
"""
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

import srcgrad as sg
from showing import BLUE, ORANGE, RED, Clock, panels, parser, save
from srcgrad import train

# Earthquakes of magnitude 7 or more in each year from 1900 to 2006 (US Geological Survey): W. Zucchini and I. L.
# MacDonald, Hidden Markov Models for Time Series (2009), table 1.1. They find -log L 342.3 with two states and 329.5
# with three, in a chain that begins in its stationary distribution.
COUNTS = np.array([
    13, 14, 8, 10, 16, 26, 32, 27, 18, 32, 36, 24, 22, 23, 22, 18, 25, 21, 21, 14, 8, 11, 14, 23, 18, 17, 19,
    20, 22, 19, 13, 26, 13, 14, 22, 24, 21, 22, 26, 21, 23, 24, 27, 41, 31, 27, 35, 26, 28, 36, 39, 21, 17,
    22, 17, 19, 15, 34, 10, 15, 22, 18, 15, 20, 15, 22, 19, 16, 30, 27, 29, 23, 20, 16, 21, 21, 25, 16, 18,
    15, 18, 14, 10, 15, 8, 15, 6, 11, 8, 7, 18, 16, 13, 12, 13, 20, 15, 16, 12, 18, 15, 16, 13, 15, 16, 11,
    11,
])  # fmt: skip


@sg.differentiable
def log_seen(log_rates, counts):
    """Return the log-probability of each year's count in each state: Poisson, up to the count's factorial."""
    out = np.empty((len(counts), len(log_rates)))
    for t in range(len(counts)):
        for k in range(len(log_rates)):
            out[t, k] = counts[t] * log_rates[k] - np.exp(log_rates[k])
    return out


@sg.differentiable
def log_likelihood(seen, log_moves):
    """Return the log-likelihood by the forward algorithm, which starts from all states alike."""
    moves = train.softmax(log_moves)
    n, states = seen.shape
    now = np.full(states, 1.0 / states)
    total = 0.0
    for t in range(n):
        top = sg.stop_gradient(np.max(seen[t]))
        joint = now * np.exp(seen[t] - top)
        likely = np.sum(joint)
        total += top + np.log(likely)
        now = (joint / likely) @ moves
    return total


@sg.differentiable
def loss(parameters, counts, states):
    """Return minus the log-likelihood: parameters are the log-rates, and the table of moves before its softmax."""
    log_moves = parameters[states:].reshape((states, states))
    return -log_likelihood(log_seen(parameters[:states], counts), log_moves)


def main(arguments=None):
    """Fit models of one to four states, say which is best, and draw that of three."""
    options = parser(__doc__, "hidden_markov.png").parse_args(arguments)
    rng, clock = np.random.default_rng(options.seed), Clock()
    value_and_grad = sg.value_and_grad(loss)
    value_and_grad(np.zeros(2), COUNTS, 1)
    clock("wrote and compiled the adjoint")

    fits = {}
    for states in (2, 3) if options.quick else (1, 2, 3, 4):
        best = None
        for _ in range(1 if options.quick else 10):  # there are several local optima
            rates = np.sort(rng.uniform(8.0, 32.0, states))
            moves = 2.0 * np.eye(states) + 0.3 * rng.normal(size=(states, states))
            start = np.concatenate([np.log(rates), moves.ravel()])
            fit = minimize(value_and_grad, start, args=(COUNTS, states), jac=True, method="BFGS")
            if best is None or fit.fun < best.fun:
                best = fit
        fits[states] = best.x
        minus = best.fun + np.sum(gammaln(COUNTS + 1.0))
        bic = 2.0 * minus + (states**2) * np.log(len(COUNTS))
        rates = ", ".join(f"{rate:.1f}" for rate in np.sort(np.exp(best.x[:states])))
        print(f"{states} states: -log L {minus:.1f}, BIC {bic:.1f}, rates {rates}")
    clock("fitted")

    order = np.argsort(fits[3][:3])
    log_rates, log_moves = fits[3][:3], fits[3][3:].reshape(3, 3)
    state_of_year = sg.grad(log_likelihood, "seen")(log_seen(log_rates, COUNTS), log_moves)
    print(f"the probabilities of a year's states add up to 1, within {np.ptp(state_of_year.sum(axis=1)):.0e}")
    save(drawn(np.exp(log_rates[order]), state_of_year[:, order]), options.picture)


def drawn(rates, probability):
    """Return the picture: counts with the expected rate, and the probability of each state."""
    years, colours = np.arange(1900, 1900 + len(COUNTS)), (BLUE, ORANGE, RED)
    figure, (top, below) = panels(2, 1, size=(8.2, 2.3), sharex=True, height_ratios=[3, 2])
    top.bar(years, COUNTS, color="0.82", width=0.85)
    top.step(years, probability @ rates, where="mid", color="0.2", linewidth=1.5)
    for rate, colour in zip(rates, colours, strict=True):
        top.axhline(rate, color=colour, linewidth=0.9, linestyle=":")
        top.text(2007.2, rate, f"{rate:.1f}", color=colour, va="center")
    top.set(title="earthquakes of magnitude 7 and more, and the rate expected", ylabel="a year")
    below.stackplot(years, probability.T, colors=colours, alpha=0.85, labels=["quiet", "usual", "restless"])
    below.set(title="probability of each state: the gradient of the likelihood by what was seen", xlim=(1899.5, 2006.5),
              ylim=(0.0, 1.0), xlabel="year")  # fmt: skip
    below.legend(ncols=3, loc="lower left", frameon=True, framealpha=0.85, edgecolor="none")
    return figure


if __name__ == "__main__":
    main()
