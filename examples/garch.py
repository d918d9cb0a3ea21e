"""How uncertain is inflation? A GARCH(1,1) model of consumer prices in the United States, 1959-2009.

What to see here: the variance of each quarter follows from the last one and the last surprise, so the likelihood is a
loop whose every trip depends on the one before. Three derivatives of it are used: the gradient fits, `jacfwd` of the
quarters' log-likelihoods gives their scores, and `hessian` the curvature; the last two make standard errors that hold
even if surprises are not normal.

T. Bollerslev, Generalized autoregressive conditional heteroskedasticity, J. Econometrics 31 (1986), fits such a model
to inflation; the robust errors are those of T. Bollerslev and J. M. Wooldridge, Econometric Reviews 11 (1992).

`--series sunspots` takes three centuries of sunspots instead: what the nine years before do not tell of the square
root of their number, by an autoregression that least squares fits beforehand; the standard errors leave its own out.
"""
import numpy as np
from scipy.optimize import minimize
from statsmodels.datasets import macrodata, sunspots

import srcgrad as sg
from showing import BLUE, ORANGE, RED, Clock, panels, parser, save

NAMES = ["mu", "phi: of last value", "omega", "alpha: of last surprise squared", "beta: of last variance"]


@sg.differentiable
def filtered(p, y):
    """Return the surprise and the variance at each time, for parameters mu, phi, omega, alpha, beta."""
    mu, phi, omega, alpha, beta = p
    n = len(y)
    surprises, variances = np.zeros(n), np.zeros(n)
    variances[0] = omega / (1.0 - alpha - beta)
    for t in range(1, n):
        surprises[t] = y[t] - mu - phi * y[t - 1]
        variances[t] = omega + alpha * surprises[t - 1] ** 2 + beta * variances[t - 1]
    return surprises, variances


@sg.differentiable
def log_densities(p, y):
    """Return the log-likelihood of each value but the first, given those before."""
    surprises, variances = filtered(p, y)
    return -0.5 * (np.log(2.0 * np.pi * variances[1:]) + surprises[1:] ** 2 / variances[1:])


@sg.differentiable
def loss(p, y):
    """Return minus the mean log-likelihood."""
    return -np.mean(log_densities(p, y))


def inflation():
    """Return times, what was measured, and what a model made beforehand expects: nothing."""
    data = macrodata.load_pandas().data[1:]
    y = data["infl"].to_numpy()
    return (data["year"] + (data["quarter"] - 1.0) / 4.0).to_numpy(), y, np.zeros(len(y))


def roots_of_sunspots(order=9):
    """Return years, square roots of the number of sunspots, and what an autoregression expects of them."""
    data = sunspots.load_pandas().data
    roots, n = np.sqrt(data["SUNACTIVITY"].to_numpy()), len(data) - order
    before = np.column_stack([np.ones(n), *(roots[order - k : order - k + n] for k in range(1, order + 1))])
    weights = np.linalg.lstsq(before, roots[order:], rcond=None)[0]
    return data["YEAR"].to_numpy()[order:], roots[order:], before @ weights


SERIES = {  # how it is read, a time, the title, what is drawn, its unit, limits
    "inflation": (inflation, "quarter", "consumer prices in the United States", "inflation", "% a year", (-17.0, 19.0)),
    "sunspots": (roots_of_sunspots, "year", "sunspots", "measured", "root of the number", (-6.5, 16.5)),
}


def main(arguments=None):
    """Fit, report, and draw."""
    add = parser(__doc__, "garch.png")
    add.add_argument("--series", choices=SERIES, default="inflation", help="which to fit (default inflation)")
    options = add.parse_args(arguments)
    read, step, *_ = SERIES[options.series]
    time, measured, beforehand = read()
    y = measured - beforehand
    clock = Clock()

    start = np.array([0.5, 0.8, 0.5, 0.2, 0.6])
    value_and_grad = sg.value_and_grad(loss)
    value_and_grad(start, y)
    clock("wrote and compiled the adjoint")
    fit = minimize(value_and_grad, start, args=(y,), jac=True, method="SLSQP", options={"ftol": 1e-12, "maxiter": 500},
                   bounds=[(None, None), (-0.999, 0.999), (1e-6, None), (0.0, None), (0.0, None)],
                   constraints={"type": "ineq", "fun": lambda p: 0.999 - p[3] - p[4]})  # fmt: skip
    clock(f"fitted with {fit.nfev} values and gradients")

    n = len(y) - 1
    inverse = np.linalg.inv(sg.hessian(loss)(fit.x, y))
    scores = sg.jacfwd(log_densities)(fit.x, y)
    usual = np.sqrt(np.diag(inverse) / n)
    robust = np.sqrt(np.diag(inverse @ (scores.T @ scores / n) @ inverse) / n)
    print(f"{'':34}{'':8}  usual  robust error")
    for name, value, a, b in zip(NAMES, fit.x, usual, robust, strict=True):
        print(f"{name:34}{value:8.3f}  {a:.3f}  {b:.3f}")
    surprises, variances = filtered(fit.x, y)
    far = np.abs(surprises[1:]) > 2.0 * np.sqrt(variances[1:])
    print(f"log-likelihood {-n * fit.fun:.2f}; {far.sum()} of {n} {step}s outside two standard deviations")
    found = time[1:], measured[1:], surprises[1:], np.sqrt(variances[1:]), far
    save(drawn(*found, *SERIES[options.series][1:]), options.picture)


def drawn(time, y, surprises, deviation, far, step, title, name, unit, limits):
    """Return the picture: the series with what was expected one step before, and the standard deviation."""
    figure, (top, below) = panels(2, 1, size=(8.2, 2.3), sharex=True, height_ratios=[3, 2])
    expected = y - surprises
    top.fill_between(time, expected - 2.0 * deviation, expected + 2.0 * deviation, color=BLUE, alpha=0.2, linewidth=0,
                     label=f"expected a {step} before, two standard deviations")  # fmt: skip
    top.plot(time, y, color="0.25", linewidth=1.0, label=name)
    top.plot(time[far], y[far], "o", color=RED, markersize=4, label="outside")
    top.set(title=title, ylabel=unit, ylim=limits)
    top.legend(ncols=3, loc="lower left")
    below.plot(time, deviation, color=ORANGE)
    below.set(title=f"standard deviation of the next {step}", ylabel=unit, xlabel="year", ylim=(0.0, None),
              xlim=(time[0], time[-1]))  # fmt: skip
    return figure


if __name__ == "__main__":
    main()
