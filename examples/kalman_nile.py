"""The level of the Nile: a Kalman filter fitted by maximum likelihood, and its smoother as a gradient.

What to see here: the filter is a loop over the years, and its log-likelihood is a function of two variances and of
the measured flows. The gradient by the variances fits the model. The gradient by the flows is the smoother, which
textbooks derive as a second, backward recursion: reverse mode writes it. With e the error of measurement of variance
s, the likelihood of normal data has

    E[e_t | all years] = -s dlogL/dy_t    and    Var[e_t | all years] = s + s^2 d^2 logL/dy_t^2.

J. Durbin and S. J. Koopman, Time Series Analysis by State Space Methods (2nd edition, 2012), chapter 2, find the
variances 15099 and 1469.1.
"""
import numpy as np
from scipy.optimize import minimize
from statsmodels.datasets import nile

import srcgrad as sg
from showing import BLUE, GREY, ORANGE, PURPLE, Clock, panels, parser, save


@sg.differentiable
def log_likelihood(logs, flows):
    """Return that of a level which wanders as a random walk and is measured with errors; the first year starts it."""
    measuring, wandering = np.exp(logs)
    level, variance = flows[0], measuring
    total = 0.0
    for t in range(1, len(flows)):
        variance += wandering
        surprise = flows[t] - level
        spread = variance + measuring
        total -= 0.5 * (np.log(2.0 * np.pi * spread) + surprise**2 / spread)
        gain = variance / spread
        level += gain * surprise
        variance *= 1.0 - gain
    return total


@sg.differentiable
def loss(logs, flows):
    """Return minus the log-likelihood."""
    return -log_likelihood(logs, flows)


def main(arguments=None):
    """Fit the variances, smooth the level, and draw."""
    options = parser(__doc__, "kalman_nile.png").parse_args(arguments)
    data = nile.load_pandas().data
    years, flows = data["year"].to_numpy(), data["volume"].to_numpy()  # at Aswan, 10^8 cubic metres a year
    clock = Clock()

    value_and_grad = sg.value_and_grad(loss)
    value_and_grad(np.zeros(2), flows)
    clock("wrote and compiled the adjoint")
    path = [np.log([1000.0, 1000.0])]
    fit = minimize(value_and_grad, path[0], args=(flows,), jac=True, method="BFGS", callback=lambda x: path.append(x))
    clock(f"fitted with {fit.nfev} values and gradients")
    measuring, wandering = np.exp(fit.x)
    errors = np.exp(fit.x) * np.sqrt(np.diag(np.linalg.inv(sg.hessian(loss)(fit.x, flows))))
    print(f"variance of a measurement:        {measuring:8.1f} +- {errors[0]:.1f}")
    print(f"variance of a step of the level:  {wandering:8.1f} +- {errors[1]:.1f}")
    print(f"log-likelihood {-fit.fun:.2f}")

    smooth = flows + measuring * sg.grad(log_likelihood, "flows")(fit.x, flows)
    curvature = np.diag(sg.hessian(log_likelihood, "flows")(fit.x, flows))
    deviation = np.sqrt(measuring + measuring**2 * curvature)
    clock("smoothed the level")
    fall = smooth[years < 1899].mean() - smooth[years >= 1899].mean()
    print(f"the mean level falls by {fall:.0f} in 1899, when the dam at Aswan is begun")
    save(drawn(years, flows, smooth, deviation, np.array(path), 12 if options.quick else 60), options.picture)


def drawn(years, flows, smooth, deviation, path, n):
    """Return the picture: flows and level, and the path of the fit over the likelihood."""
    figure, (left, right) = panels(1, 2, width_ratios=[2, 1])
    left.plot(years, flows, ".-", color=GREY, linewidth=0.6, markersize=4, label="measured flow")
    low, high = smooth - 2.0 * deviation, smooth + 2.0 * deviation
    left.fill_between(years, low, high, color=BLUE, alpha=0.2, linewidth=0, label="two standard deviations")
    left.plot(years, smooth, color=BLUE, label="level, a gradient of the likelihood")
    left.axvline(1899, color=ORANGE, linewidth=1.0, linestyle=":")
    left.set(title="the Nile at Aswan", xlabel="year", ylabel="$10^8$ cubic metres a year", ylim=(430, 1420))
    left.legend(loc="upper right")
    x, y = np.linspace(6.5, 11.0, n), np.linspace(3.5, 11.0, n)
    heights = np.array([[loss(np.array([a, b]), flows) for a in x] for b in y])
    levels = heights.min() + 2.0 ** np.arange(-1, 8)
    right.contour(x, y, heights, levels, colors="0.7", linewidths=0.8)
    right.plot(*path.T, ".-", color=PURPLE, linewidth=1.2, markersize=5)
    right.plot(*path[-1], "*", color=ORANGE, markersize=11)
    right.set(title="the way to the best variances", xlabel="log variance of a measurement",
              ylabel="log variance of a step")  # fmt: skip
    return figure


if __name__ == "__main__":
    main()
