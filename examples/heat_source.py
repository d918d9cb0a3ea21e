"""Where is the plate heated? A map of heat sources found from a few thermometers.

What to see here: the model is the loop one writes for the heat equation, a plate updated in place a few hundred
times, with radiation (the fourth power of the temperature), so that it is not linear. The adjoint runs this loop
backward: the gradient by all pixels of the source map, here 2304 numbers, costs about as much as two or three runs of
the model.
"""
import numpy as np
from scipy.optimize import minimize

import srcgrad as sg
from showing import Clock, panels, parser, save


@sg.differentiable
def heated(source, steps, diffusion, radiation):
    """Return the temperature of a plate that starts cold and whose rim is kept at 0, after some explicit steps."""
    u = np.zeros_like(source)
    new = np.zeros_like(source)
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                spread = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                new[i, j] = u[i, j] + diffusion * spread - radiation * u[i, j] ** 4 + source[i, j]
        u[:] = new
    return u


@sg.differentiable
def misfit(source, rows, columns, readings, roughness, steps, diffusion, radiation):
    """Return how far the thermometers are off, plus a penalty on a rough map: readings come with noise."""
    u = heated(source, steps, diffusion, radiation)
    off = u[rows, columns] - readings
    down = source[1:, :] - source[:-1, :]
    across = source[:, 1:] - source[:, :-1]
    return np.sum(off**2) + roughness * (np.sum(down**2) + np.sum(across**2))


def truth(n):
    """Return the map to be found: a heating coil bent to a ring, and a spot."""
    y, x = np.mgrid[0:n, 0:n] / (n - 1.0)
    ring = np.exp(-(((np.hypot(x - 0.36, y - 0.42) - 0.17) / 0.05) ** 2))
    spot = np.exp(-((x - 0.74) ** 2 + (y - 0.72) ** 2) / 0.09**2)
    return 0.01 * (ring + 1.2 * spot)


def main(arguments=None):
    """Heat a plate, read the thermometers, find the sources again, and draw."""
    add = parser(__doc__, "heat_source.png")
    add.add_argument("--thermometers", type=int, default=250, help="how many, at random places (default 250)")
    add.add_argument("--noise", type=float, default=0.002, help="of a reading, in degrees (default 0.002)")
    add.add_argument("--roughness", type=float, default=2.0, help="how much a rough map is penalised (default 2)")
    options = add.parse_args(arguments)
    n, steps, most = (10, 30, 5) if options.quick else (48, 300, 300)
    rng = np.random.default_rng(options.seed)
    clock = Clock()

    source, physics = truth(n), (steps, 0.2, 0.05)
    plate = heated(source, *physics)
    rows, columns = rng.integers(1, n - 1, (2, options.thermometers))
    readings = plate[rows, columns] + options.noise * rng.normal(size=options.thermometers)

    loss = sg.value_and_grad(misfit)
    known = rows, columns, readings, options.roughness, *physics
    loss(np.zeros((n, n)), *known)
    clock("wrote and compiled the adjoint")

    def flat(x):
        value, gradient = loss(x.reshape(n, n), *known)
        return value, gradient.ravel()

    fit = minimize(flat, np.zeros(n * n), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * (n * n),
                   options={"maxiter": most, "maxfun": 10 * most, "maxcor": 20, "ftol": 1e-9})  # fmt: skip
    found = fit.x.reshape(n, n)
    clock(f"{fit.nfev} values and gradients by {n * n} pixels")
    off = heated(found, *physics)[rows, columns] - readings
    print(f"thermometers off by {np.sqrt(np.mean(off**2)):.4f} degrees, noise {options.noise:g}")
    print(f"correlation of the map with the true one: {np.corrcoef(found.ravel(), source.ravel())[0, 1]:.3f}")
    save(drawn(source, plate, rows, columns, found), options.picture)


def drawn(source, plate, rows, columns, found):
    """Return the picture: the true map, the plate with its thermometers, the map that was found."""
    figure, axes = panels(1, 3, size=(3.1, 3.2))
    top = 1000.0 * source.max()
    for k, (image, title, cmap, highest) in enumerate([
        (1000.0 * source, "heat put in, mK per step", "magma", top),
        (plate, "temperature, with thermometers", "inferno", None),
        (1000.0 * found, "heat found from the readings", "magma", top),
    ]):  # fmt: skip
        shown = axes[k].imshow(image, cmap=cmap, vmin=0.0, vmax=highest, interpolation="bilinear", origin="lower")
        axes[k].set(title=title, xticks=[], yticks=[])
        axes[k].grid(visible=False)
        figure.colorbar(shown, ax=axes[k], orientation="horizontal", shrink=0.8, pad=0.03, aspect=30)
    axes[1].plot(columns, rows, "o", color="white", markersize=1.6, alpha=0.7)
    return figure


if __name__ == "__main__":
    main()
