"""Carbon dioxide over Mauna Loa, eleven years ahead: a Gaussian process fitted by maximum likelihood.

What to see here: the likelihood is written as in a textbook, with one Cholesky factor and one triangular solve, for a
sum of four covariances with ten parameters. Nobody derives its gradient: reverse mode goes back through the
factor, and L-BFGS-B finds all ten by it. Months after 1990 take no part in the fit; the 95 % band says beforehand
where they should lie.

The covariance is that of C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
section 5.4.3: a trend, a season whose shape drifts, irregularities of about a year, and noise that lasts for weeks.
The trend here is a rougher one, of Matern's kind. The book's is smoother, and more likely
(log-likelihood -89.8 against -93.6), but too sure of the years ahead: 46 % of the months fall into its band, here 89 %.
"""
import numpy as np
import scipy.linalg
from scipy.optimize import Bounds
from statsmodels.datasets import co2

import srcgrad as sg
from showing import BLUE, GREY, ORANGE, PURPLE, Clock, panels, parser, save

LAST_SEEN = 1991.0
START = {  # heights and noise in ppm, lengths in years
    "trend height": 50.0, "trend length": 50.0, "season height": 2.0, "season drift": 50.0, "season smoothness": 1.0,
    "irregular height": 0.5, "irregular length": 1.0, "weather height": 0.2, "weather length": 0.2,
    "noise": 0.2,
}  # fmt: skip


@sg.differentiable
def trend(logs, s, t):
    """Return the covariances of the slow rise between the times s and t."""
    height, length = np.exp(logs[:2])
    apart = np.sqrt(3.0) * np.abs(s[:, None] - t) / length
    return height**2 * (1.0 + apart) * np.exp(-apart)


@sg.differentiable
def signal(logs, s, t):
    """Return the covariances of all but the noise that each month has for itself."""
    _, _, season, drift, smooth, irregular, years, weather, weeks, _ = np.exp(logs)
    apart = s[:, None] - t
    square = apart**2
    waves = np.sin(np.pi * apart) ** 2
    return (
        trend(logs, s, t)
        + season**2 * np.exp(-0.5 * square / drift**2 - 2.0 * waves / smooth**2)
        + irregular**2 * np.exp(-0.5 * square / years**2)
        + weather**2 * np.exp(-0.5 * square / weeks**2)
    )


@sg.differentiable
def loss(logs, t, y):
    """Return minus the logarithm of the marginal likelihood of y, measured at the times t."""
    L = np.linalg.cholesky(signal(logs, t, t) + np.exp(2.0 * logs[-1]) * np.eye(t.size))
    z = scipy.linalg.solve_triangular(L, y, lower=True)
    return 0.5 * z @ z + np.sum(np.log(np.diag(L))) + 0.5 * t.size * np.log(2.0 * np.pi)


def predicted(logs, t, y, new, part=signal):
    """Return means and standard deviations at new times of a part of the signal, given y at t."""
    factor = scipy.linalg.cho_factor(signal(logs, t, t) + np.exp(2.0 * logs[-1]) * np.eye(t.size))
    across = part(logs, new, t)
    variance = np.diag(part(logs, new, new)) - np.sum(across * scipy.linalg.cho_solve(factor, across.T).T, axis=1)
    return across @ scipy.linalg.cho_solve(factor, y), np.sqrt(variance)


def main(arguments=None):
    """Fit the covariance to the months before 1991, predict those after, and draw."""
    options = parser(__doc__, "gaussian_process.png").parse_args(arguments)
    monthly = co2.load_pandas().data["co2"].resample("MS").mean().dropna()
    if options.quick:
        monthly = monthly[::7]
    time, ppm = (monthly.index.year + (monthly.index.month - 0.5) / 12.0).to_numpy(), monthly.to_numpy()
    seen = time < LAST_SEEN
    middle = ppm[seen].mean()
    t, y = time[seen], ppm[seen] - middle
    clock = Clock()

    start = np.log(list(START.values()))
    value_and_grad = sg.value_and_grad(loss)
    value_and_grad(start, t, y)
    clock("wrote and compiled the adjoint")
    fit = sg.scipy.minimize(loss, start, (t, y), "L-BFGS-B", bounds=Bounds(start - 4.0, start + 4.0),
                            options={"maxiter": 5 if options.quick else 200})  # fmt: skip
    clock(f"{t.size} months: log-likelihood {-loss(start, t, y):.2f} to {-fit.fun:.2f} in {fit.nfev} evaluations")
    for name, value in zip(START, np.exp(fit.x), strict=True):
        print(f"  {name:18}{value:9.3f}")

    mean, deviation = predicted(fit.x, t, y, time[~seen])
    band = 1.96 * np.hypot(deviation, np.exp(fit.x[-1]))
    off = ppm[~seen] - middle - mean
    inside = np.mean(np.abs(off) < band)
    print(f"{off.size} months held out: off by {np.sqrt(np.mean(off**2)):.2f} ppm, "
          f"{100.0 * inside:.0f} % of them within the 95 % band")  # fmt: skip
    slow = predicted(fit.x, t, y, time, trend)[0]
    save(drawn(time, ppm, seen, middle + mean, band, middle + slow), options.picture)


def drawn(time, ppm, seen, mean, band, slow):
    """Return the picture: the months with the trend, and those held out with their prediction."""
    figure, (left, right) = panels(1, 2, size=(4.6, 3.2))
    new = time[~seen]
    left.plot(time[seen], ppm[seen], ".", color=GREY, markersize=2, label="seen")
    left.plot(new, ppm[~seen], ".", color=ORANGE, markersize=2, label="held out")
    left.plot(time, slow, color=PURPLE, linewidth=1.2, label="trend")
    left.set(title="carbon dioxide over Mauna Loa", xlabel="year", ylabel="ppm")
    left.legend(loc="upper left", markerscale=3)
    right.fill_between(new, mean - band, mean + band, color=BLUE, alpha=0.2, linewidth=0, label="95 % band")
    right.plot(new, mean, color=BLUE, linewidth=1.0, label="predicted from the months before 1991")
    right.plot(new, ppm[~seen], ".", color=ORANGE, markersize=4, label="measured")
    right.set(title="months that took no part in the fit", xlabel="year", xlim=(new[0], new[-1]))
    right.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    main()
