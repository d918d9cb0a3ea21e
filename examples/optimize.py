"""Four problems for SciPy's optimisers, with derivatives by srcgrad: a valley, a classifier, a curve and a process.

Rosenbrock's function and a logistic regression are minimised by L-BFGS-B and by trust-ncg, which takes products with
the Hessian; a curve is fitted by least squares, with standard errors from the Jacobian; the parameters of a Gaussian
process are those of the greatest likelihood. Run `python examples/optimize.py --help` for the options.
"""
import argparse
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np

import srcgrad as sg

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
except ImportError as error:
    sys.exit(f"optimize.py needs {error.name}: run pip install -e '.[examples]' in the project's folder")

METHODS = ("L-BFGS-B", "trust-ncg")
Curve = namedtuple("Curve", "height centre width slope")


# ---- the functions: plain NumPy, differentiated as they stand -----------------------------------------------


def rosenbrock(x):
    """Return Rosenbrock's function of any number of variables, least at (1, ..., 1)."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def logistic_loss(p, X, labels, l2):
    """Return the mean negative log-likelihood of labels -1 and 1, plus l2 times the sum of squared weights."""
    margins = labels * (X @ p["w"] + p["b"])
    return np.mean(np.logaddexp(0.0, -margins)) + l2 * np.sum(p["w"] ** 2)


def curve(p, t):
    """Return a peak on a slope."""
    return p.height * np.exp(-0.5 * ((t - p.centre) / p.width) ** 2) + p.slope * t


def curve_residuals(p, t, seen):
    """Return the distances of a curve from the points seen."""
    return curve(p, t) - seen


def covariance(p, s, t):
    """Return the covariances of a Gaussian process between the times s and t."""
    return np.exp(2.0 * p["log_height"]) * np.exp(-0.5 * ((s[:, None] - t) / np.exp(p["log_length"])) ** 2)


def process_loss(p, t, seen):
    """Return the negative logarithm of the likelihood of what was seen, under a Gaussian process with noise."""
    K = covariance(p, t, t) + np.exp(2.0 * p["log_noise"]) * np.eye(t.size)
    L = np.linalg.cholesky(K)
    return 0.5 * seen @ np.linalg.solve(K, seen) + np.sum(np.log(np.diag(L))) + 0.5 * t.size * np.log(2.0 * np.pi)


# ---- the problems: each is solved, reported, and drawn into its part of the picture ---------------------------


def by_both_methods(f, x0, args, axes):
    """Return what SciPy found by the second method, after drawing how each comes down."""
    for method in METHODS:
        values = []
        found = sg.scipy.minimize(f, x0, args, method, callback=lambda x, seen=values: seen.append(f(x, *args)),
                                  tol=1e-8)  # fmt: skip
        print(f"  {method}: {found.fun:.6g} after {found.nit} iterations, {found.nfev} evaluations")
        least = found.fun
        axes.semilogy(np.maximum(np.array(values) - least, 1e-16), marker=".", label=method)
    axes.set(xlabel="iteration", ylabel="above the minimum")
    axes.legend(frameon=False)
    return found


def solve_rosenbrock(rng, axes):
    """Minimise Rosenbrock's function of 20 variables."""
    found = by_both_methods(rosenbrock, rng.uniform(-1.0, 1.0, 20), (), axes)
    print(f"  farthest from 1: {np.max(np.abs(found.x - 1.0)):.1e}")
    axes.set_title("Rosenbrock, 20 variables")


def solve_logistic(rng, axes):
    """Fit a logistic regression to two clouds of points."""
    labels = rng.choice([-1.0, 1.0], 400)
    X = rng.normal(size=(400, 5)) + 0.8 * labels[:, None] * np.array([1.0, -1.0, 0.5, 0.0, 0.0])
    found = by_both_methods(logistic_loss, {"w": np.zeros(5), "b": 0.0}, (X, labels, 1e-3), axes)
    right = np.mean((X @ found.x["w"] + found.x["b"]) * labels > 0.0)
    print(f"  {100.0 * right:.1f} % of the points on their side")
    axes.set_title("logistic regression")


def solve_curve(rng, axes):
    """Fit a curve by least squares; print its parameters with their standard errors."""
    true, t = Curve(2.0, 4.0, 0.8, 0.1), np.linspace(0.0, 10.0, 80)
    seen = curve(true, t) + rng.normal(scale=0.1, size=t.size)
    start = Curve(1.0, 5.0, 1.0, 0.0)
    found = sg.scipy.least_squares(curve_residuals, start, (t, seen), bounds=Curve(None, (0.0, 10.0), (0.1, 5.0), None))
    variance = 2.0 * found.cost / (t.size - len(true))
    _, unflatten = sg.scipy.flatten(start)
    errors = unflatten(np.sqrt(variance * np.diag(np.linalg.inv(found.jac.T @ found.jac))))
    for name, value, error, known in zip(Curve._fields, found.x, errors, true, strict=True):
        print(f"  {name} {value:.3f} +- {error:.3f}   true {known}")
    axes.plot(t, seen, ".", color="0.6")
    axes.plot(t, curve(found.x, t), color="tab:red")
    axes.set(title="least squares", xlabel="t")


def solve_process(rng, axes):
    """Find length, height and noise of a Gaussian process; draw what it predicts."""
    t = np.sort(rng.uniform(0.0, 10.0, 40))
    seen = np.sin(t) + rng.normal(scale=0.2, size=t.size)
    start = {"log_length": 0.5, "log_height": 0.0, "log_noise": -1.0}
    found = sg.scipy.minimize(process_loss, start, (t, seen), "L-BFGS-B", bounds={"log_noise": (-5.0, None)})
    print(f"  -log likelihood {found.fun:.3f} after {found.nit} iterations")
    for name, value in found.x.items():
        print(f"  {name[4:]} {np.exp(value):.3f}")
    fine = np.linspace(0.0, 10.0, 200)
    K = covariance(found.x, t, t) + np.exp(2.0 * found.x["log_noise"]) * np.eye(t.size)
    across = covariance(found.x, fine, t)
    mean = across @ np.linalg.solve(K, seen)
    spread = np.exp(2.0 * found.x["log_height"]) - np.sum(across * np.linalg.solve(K, across.T).T, axis=1)
    spread = 2.0 * np.sqrt(np.maximum(spread, 0.0))
    axes.fill_between(fine, mean - spread, mean + spread, color="tab:blue", alpha=0.2, linewidth=0)
    axes.plot(fine, mean, color="tab:blue")
    axes.plot(t, seen, ".", color="0.4")
    axes.set(title="Gaussian process", xlabel="t")


PROBLEMS = {"rosenbrock": solve_rosenbrock, "logistic": solve_logistic, "curve": solve_curve, "process": solve_process}


# ---- the command line ---------------------------------------------------------------------------------------


def main(arguments=None):
    """Solve the problems, and save the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problem", choices=[*PROBLEMS, "all"], default="all", help="which to solve (default all)")
    parser.add_argument("--seed", type=int, default=0, help="of data and starting points (default 0)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="for the picture (default out)")
    parser.add_argument("--show-source", action="store_true", help="print the gradient of the likelihood")
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error(f"argument --seed: {options.seed} is not a whole number of at least 0")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --out: cannot use {str(options.out)!r} as a folder: {error.strerror}")

    chosen = list(PROBLEMS) if options.problem == "all" else [options.problem]
    figure, grid = plt.subplots(-(-len(chosen) // 2), min(2, len(chosen)), figsize=(9.0, 3.4 * -(-len(chosen) // 2)),
                                layout="constrained", squeeze=False)  # fmt: skip
    for name, axes in zip(chosen, grid.flat, strict=False):
        print(name)
        PROBLEMS[name](np.random.default_rng(options.seed), axes)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(options.out / "optimize.png", dpi=150)
    plt.close(figure)
    print(f"saved optimize.png in {options.out}")
    if options.show_source:
        start = {"log_length": 0.5, "log_height": 0.0, "log_noise": -1.0}
        print(sg.source(sg.value_and_grad(process_loss), start, np.arange(4.0), np.ones(4)))


if __name__ == "__main__":
    main()
