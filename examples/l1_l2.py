"""L1 selects, L2 shrinks: ten real measurements and ten made of noise, asked to predict diabetes.

What to see here: with an L2 penalty all weights become small and none becomes zero. With an L1 penalty, a gradient
step of the error followed by `soft_threshold` sets weights to exactly zero, those of the noise first: features are
selected. The data are the 442 patients of B. Efron et al., Least angle regression, Ann. Statist. 32 (2004), inside
scikit-learn.
"""
import numpy as np
from numba import njit
from sklearn.datasets import load_diabetes

import srcgrad as sg
from showing import GREY, panels, parser, save
from srcgrad import train


@sg.differentiable
def error(w, X, y):
    """Return the mean squared error of a linear prediction."""
    return train.mse(X @ w, y)


@sg.differentiable
def ridge(w, X, y, strength):
    """Return the error plus an L2 penalty."""
    return error(w, X, y) + train.l2((w,), strength)


error_grad, ridge_grad = sg.grad(error), sg.grad(ridge)


@njit
def with_l1(X, y, strength, steps, lr):
    """Return the weights after proximal steps: down the error, then towards zero."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        w = train.soft_threshold(w - lr * error_grad(w, X, y), lr * strength)
    return w


@njit
def with_l2(X, y, strength, steps, lr):
    """Return the weights after gradient steps down the penalised error."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        w -= lr / (1.0 + 2.0 * lr * strength) * ridge_grad(w, X, y, strength)
    return w


def main(arguments=None):
    """Fit with penalties of many strengths, and draw the weights against the strength."""
    options = parser(__doc__, "l1_l2.png").parse_args(arguments)
    steps, count = (200, 4) if options.quick else (4000, 50)
    data = load_diabetes()
    rng = np.random.default_rng(options.seed)
    X = np.hstack([data.data, rng.normal(size=data.data.shape)])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (data.target - data.target.mean()) / data.target.std()

    strengths1, strengths2 = np.logspace(0.3, -2.6, count), np.logspace(3.0, -3.0, count)
    paths1 = np.array([with_l1(X, y, s, steps, 0.1) for s in strengths1])
    paths2 = np.array([with_l2(X, y, s, steps, 0.1) for s in strengths2])
    few = paths1[np.argmin(np.abs(strengths1 - 0.2))]
    kept = [data.feature_names[k] for k in np.flatnonzero(few[:10])]
    print(f"L1 of strength 0.2: {np.sum(few == 0.0)} of 20 weights are exactly 0; kept: {', '.join(kept)}, "
          f"and {np.sum(few[10:] != 0.0)} of the noise")  # fmt: skip
    print(f"L2: {np.sum(paths2 == 0.0)} weights are 0, at any strength; the smallest is {np.abs(paths2).min():.0e}")
    save(drawn(strengths1, paths1, strengths2, paths2, data.feature_names), options.picture)


def drawn(strengths1, paths1, strengths2, paths2, names):
    """Return the picture: weights against the strength of either penalty."""
    figure, axes = panels(1, 2, size=(4.6, 3.5), sharey=True)
    colours = dict(zip(names, ["#8c6d31", "#7b54a3", "#c0392b", "#2b6cb0", "#17a2a2", "#888800", "#3a8a4d", "#d16ba5",
                               "#dd7a1c", "#5b6ee1"], strict=True))  # fmt: skip
    for one, strengths, paths, title in (
        (axes[0], strengths1, paths1, "L1: weights end at exactly 0"),
        (axes[1], strengths2, paths2, "L2: weights only shrink"),
    ):
        one.plot(strengths, paths[:, 10:], color=GREY, linewidth=0.7)
        for k, name in enumerate(names):
            one.plot(strengths, paths[:, k], color=colours[name], linewidth=1.5)
        one.set(title=title, xscale="log", xlabel="strength of the penalty", xlim=(strengths[-1], strengths[0]))
    axes[0].set_ylabel("weight")
    largest = sorted(range(10), key=lambda k: -abs(paths1[-1, k]))[:6]
    for k in largest:
        axes[0].annotate(names[k], (strengths1[-1], paths1[-1, k]), (4, 2), textcoords="offset points",
                         color=colours[names[k]], fontsize=8)  # fmt: skip
    axes[0].text(0.97, 0.05, "grey: noise", color=GREY, ha="right", transform=axes[0].transAxes)
    return figure


if __name__ == "__main__":
    main()
