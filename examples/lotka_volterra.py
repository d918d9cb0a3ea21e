"""Hares and lynxes: the Lotka-Volterra equations fitted to the pelts that the Hudson's Bay Company bought, 1900-1920.

What to see here: a differential equation is solved by a loop of Runge-Kutta steps, and its fit needs the derivative
of that loop. `value_and_grad` gives it to the optimiser, `hessian` the standard errors of the parameters, `jacfwd`
the uncertainty of the curves, all from the one function that a modeller writes anyway.
"""
import numpy as np
from scipy.optimize import minimize

import srcgrad as sg
from showing import BLUE, ORANGE, PURPLE, Clock, panels, parser, save

# Thousands of pelts: E. P. Odum, Fundamentals of Ecology (Saunders, 1953), after D. A. MacLulich (1937), as used by B.
# Carpenter, Predator-prey population dynamics: the Lotka-Volterra model in Stan (2018): he finds 0.55 0.028 0.80 0.024.
YEARS = np.arange(1900, 1921)
HARES = np.array([30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5, 11.2,
                  7.6, 14.6, 16.2, 24.7])  # fmt: skip
LYNXES = np.array([4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8,
                   9.7, 10.1, 8.6])  # fmt: skip
NAMES = ["alpha: births of hares", "beta: hares eaten", "gamma: deaths of lynxes", "delta: lynxes born",
         "hares in 1900", "lynxes in 1900", "sigma: spread of counts"]  # fmt: skip


def growth(hares, lynxes, alpha, beta, gamma, delta):
    """Return the rates of change of both: prey is born and eaten, predators die and are born of what they eat."""
    return (alpha - beta * lynxes) * hares, (delta * hares - gamma) * lynxes


@sg.differentiable
def populations(logs, years, steps):
    """Return hares and lynxes, one row for each year, by the method of Runge and Kutta."""
    alpha, beta, gamma, delta, hare, lynx, _ = np.exp(logs)
    dt = 1.0 / steps
    out = np.empty((years, 2))
    for year in range(years):
        out[year, 0] = hare
        out[year, 1] = lynx
        for _ in range(steps):
            h1, l1 = growth(hare, lynx, alpha, beta, gamma, delta)
            h2, l2 = growth(hare + 0.5 * dt * h1, lynx + 0.5 * dt * l1, alpha, beta, gamma, delta)
            h3, l3 = growth(hare + 0.5 * dt * h2, lynx + 0.5 * dt * l2, alpha, beta, gamma, delta)
            h4, l4 = growth(hare + dt * h3, lynx + dt * l3, alpha, beta, gamma, delta)
            hare += dt / 6.0 * (h1 + 2.0 * h2 + 2.0 * h3 + h4)
            lynx += dt / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
    return out


@sg.differentiable
def surprise(logs, pelts, steps):
    """Return minus the log-likelihood of the pelts, each off by a factor exp(sigma times a normal number)."""
    sigma = np.exp(logs[6])
    off = np.log(pelts) - np.log(populations(logs, pelts.shape[0], steps))
    return np.sum(off**2) / (2.0 * sigma**2) + pelts.size * logs[6]


@sg.differentiable
def curves_of(logs, years, fine):
    """Return the logarithms of hares and lynxes `fine` times a year: years in longer units, rates in smaller ones."""
    slow = logs.copy()
    slow[:4] -= np.log(fine)
    return np.log(populations(slow, years * fine + 1, 1))


def main(arguments=None):
    """Fit, report, and draw."""
    add = parser(__doc__, "lotka_volterra.png")
    add.add_argument("--steps", type=int, default=40, help="Runge-Kutta steps a year (default 40)")
    options = add.parse_args(arguments)
    steps = 3 if options.quick else options.steps
    clock = Clock()

    pelts = np.column_stack([HARES, LYNXES])
    start = np.log([0.5, 0.02, 0.7, 0.02, 30.0, 4.0, 0.5])
    loss = sg.value_and_grad(surprise)
    loss(start, pelts, steps)
    clock("wrote and compiled the adjoint")
    fit = minimize(loss, start, args=(pelts, steps), jac=True, method="BFGS", options={"gtol": 1e-4})
    clock(f"fitted with {fit.nfev} values and gradients: {fit.message}")

    covariance = np.linalg.inv(sg.hessian(surprise)(fit.x, pelts, steps))
    best = np.exp(fit.x)
    for name, value, error in zip(NAMES, best, best * np.sqrt(np.diag(covariance)), strict=True):
        print(f"{name:24} {value:8.4f} +- {error:.4f}")
    print(f"at rest: {best[2] / best[3]:.1f} thousand hares, {best[0] / best[1]:.1f} thousand lynxes")

    fine = steps  # the same curves, `steps` times as dense
    years = np.arange(20 * fine + 1) / fine + 1900.0
    curves = curves_of(fit.x, 20, fine)
    J = sg.jacfwd(curves_of)(fit.x, 20, fine)
    clock("differentiated the curves")
    spread = np.sqrt(np.einsum("tsi,ij,tsj->ts", J, covariance, J))
    save(drawn(years, curves, spread, best), options.picture)


def drawn(years, curves, spread, best):
    """Return the picture: both populations in time, and one against the other."""
    figure, (left, right) = panels(1, 2, width_ratios=[2, 1])
    for k, (seen, name, colour) in enumerate([(HARES, "hares", BLUE), (LYNXES, "lynxes", ORANGE)]):
        left.fill_between(years, np.exp(curves[:, k] - 2.0 * spread[:, k]), np.exp(curves[:, k] + 2.0 * spread[:, k]),
                          color=colour, alpha=0.18, linewidth=0)  # fmt: skip
        left.plot(years, np.exp(curves[:, k]), color=colour, label=name)
        left.plot(YEARS, seen, "o", color=colour, markersize=4)
    left.set(title="pelts, the fitted equations, and two standard errors", xlabel="year", ylabel="thousands",
             xticks=range(1900, 1921, 4), ylim=(0.0, 105.0))  # fmt: skip
    left.legend(ncols=2, loc="upper right")
    right.plot(HARES, LYNXES, "o", color="0.6", markersize=3.5)
    right.plot(*np.exp(curves).T, color=PURPLE)
    right.plot(best[2] / best[3], best[0] / best[1], "k+", markersize=9)
    right.set(title="the cycle", xlabel="thousand hares", ylabel="thousand lynxes")
    return figure


if __name__ == "__main__":
    main()
