"""Six optimisers race down one valley, from the same start, with as many steps.

What to see here: a curved, narrow valley (Rosenbrock's) is what gradient descent finds hard: it falls in at once, and
then creeps along the bottom. Momentum rolls, rates for each coordinate change direction. An optimiser is a pair of
pure functions, `init` and `update`; the loop below, gradient and optimiser included, is compiled.
"""
import numpy as np
from numba import njit

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, panels, parser, save
from srcgrad import train

RUNNERS = {
    "gradient descent": (train.SGD(0.008), GREY),
    "momentum": (train.Momentum(0.003), BLUE),
    "Nesterov": (train.Nesterov(0.003), PURPLE),
    "Adagrad": (train.Adagrad(0.4), ORANGE),
    "RMSprop": (train.RMSprop(0.02), RED),
    "Adam": (train.Adam(0.1), GREEN),
}


@sg.differentiable
def valley(p):
    """Return H. H. Rosenbrock's function (1960), its wall 10 times as steep as its floor: least, 0, at (1, 1)."""
    return (1.0 - p[0]) ** 2 + 10.0 * (p[1] - p[0] ** 2) ** 2


slope = sg.grad(valley)


@njit
def run(optimizer, start, steps):
    """Return the points on the way, one row for each step."""
    path = np.empty((steps + 1, 2))
    path[0] = start
    p, state = start.copy(), optimizer.init(start)
    for k in range(steps):
        p, state = optimizer.update(p, slope(p), state)
        path[k + 1] = p
    return path


def main(arguments=None):
    """Let them run, say where they are, and draw the paths."""
    add = parser(__doc__, "optimizer_race.png")
    add.add_argument("--steps", type=int, default=200, help="of each optimiser (default 200)")
    options = add.parse_args(arguments)
    start = np.array([-1.6, 2.2])
    paths = {}
    for name, (optimizer, _) in RUNNERS.items():
        paths[name] = run(optimizer, start, 40 if options.quick else options.steps)
        x, y = paths[name][-1]
        print(f"{name:18} at ({x:6.3f}, {y:6.3f}), loss {valley(paths[name][-1]):.2e}", flush=True)
    save(drawn(paths), options.picture)


def drawn(paths):
    """Return the picture: paths over the contours, and the loss in time."""
    figure, (left, right) = panels(1, 2, width_ratios=[3, 2], size=(4.8, 3.7))
    x, y = np.meshgrid(np.linspace(-2.1, 1.9, 240), np.linspace(-0.7, 3.2, 240))
    height = (1.0 - x) ** 2 + 10.0 * (y - x**2) ** 2
    left.contourf(x, y, np.log10(height + 1e-3), 24, cmap="Blues_r", alpha=0.75)
    for name, (_, colour) in RUNNERS.items():
        left.plot(*paths[name].T, color=colour, linewidth=1.4, label=name)
        left.plot(*paths[name][-1], "o", color=colour, markersize=5, markeredgecolor="white", zorder=5)
        right.semilogy([valley(p) for p in paths[name]], color=colour, linewidth=1.4)
    left.plot(1.0, 1.0, "*", color="black", markersize=11, zorder=4)
    left.plot(*paths[name][0], "ko", markersize=5)
    left.set(title="paths", xlim=(-2.1, 1.9), ylim=(-0.7, 3.2), xticks=[], yticks=[])
    left.grid(visible=False)
    left.legend(loc="lower left", frameon=True, framealpha=0.8, edgecolor="none")
    right.set(title="loss", xlabel="step", ylim=(3e-5, None))
    return figure


if __name__ == "__main__":
    main()
