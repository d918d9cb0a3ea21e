"""Which field carries a wave packet across the barrier? A laser pulse found by its gradient.

What to see here: Schroedinger's equation as one writes it, with complex arrays and Fourier transforms, half a step of
the potential before and behind a whole step of the motion. The adjoint runs all of that backward: the gradient by the
field at every time, here 240 numbers, costs about as much as two or three runs.
"""
import numpy as np
from scipy.optimize import minimize

import srcgrad as sg
from showing import BLUE, ORANGE, Clock, panels, parser, save


@sg.differentiable
def evolved(psi, field, potential, x, dt):
    """Return the wave function after a step for each value of the field, which pushes along x (split-step method)."""
    k = 2.0 * np.pi * np.fft.fftfreq(len(x), x[1] - x[0])
    motion = np.exp(-0.5j * dt * k**2)
    for strength in field:
        half = np.exp(-0.5j * dt * (potential - strength * x))
        psi = half * np.fft.ifft(motion * np.fft.fft(half * psi))
    return psi


@sg.differentiable
def missed(field, start, target, potential, x, dt, price):
    """Return the probability of another end than the target, plus a price on the energy of the field."""
    psi = evolved(start, field, potential, x, dt)
    overlap = np.vdot(target, psi) * (x[1] - x[0])
    return 1.0 - abs(overlap) ** 2 + price * np.sum(field**2) * dt


def packet(x, centre, width):
    """Return a wave packet at rest: a Gaussian, of norm 1."""
    psi = np.exp(-(((x - centre) / width) ** 2) / 2.0) + 0j
    return psi / np.sqrt(np.sum(np.abs(psi) ** 2) * (x[1] - x[0]))


def main(arguments=None):
    """Find the pulse, and draw the way of the packet under it."""
    add = parser(__doc__, "wave_packet.png")
    add.add_argument("--price", type=float, default=2e-4, help="of the energy of the field (default 0.0002)")
    options = add.parse_args(arguments)
    n, steps, most = (32, 24, 4) if options.quick else (128, 240, 150)
    rng = np.random.default_rng(options.seed)
    clock = Clock()

    x, dt = np.linspace(-6.0, 6.0, n, endpoint=False), 12.0 / steps
    potential = 0.12 * (x**2 - 6.25) ** 2 / 6.25
    start, target = packet(x, -2.5, 0.8), packet(x, 2.5, 0.8)
    known = start, target, potential, x, dt, options.price
    loss = sg.value_and_grad(missed)
    loss(np.zeros(steps), *known)
    clock("wrote and compiled the adjoint")

    reached = []

    def kept(field):
        value, gradient = loss(field, *known)
        reached.append(1.0 - value + options.price * np.sum(field**2) * dt)
        return value, gradient

    fit = minimize(kept, 0.1 * rng.normal(size=steps), jac=True, method="L-BFGS-B",
                   options={"maxiter": most, "maxfun": 10 * most})  # fmt: skip
    clock(f"{fit.nfev} values and gradients by {steps} values of the field")
    print(f"probability to arrive: {reached[0]:.3f} with noise for a field, {reached[-1]:.3f} with the one found")
    save(drawn(fit.x, reached, known), options.picture)


def drawn(field, reached, known):
    """Return the picture: where the packet is in the course of time, the field, the probability in the search."""
    start, _, potential, x, dt, _ = known
    times = dt * np.arange(len(field) + 1)
    psi, density = start, [np.abs(start) ** 2]
    for strength in field:
        psi = evolved(psi, np.array([strength]), potential, x, dt)
        density.append(np.abs(psi) ** 2)
    figure, (way, pulse, search) = panels(1, 3, size=(3.1, 3.0))
    way.imshow(np.array(density).T, origin="lower", aspect="auto", cmap="magma", extent=(0.0, times[-1], x[0], x[-1]))
    way.set(title="where the packet is", xlabel="time", ylabel="x")
    way.grid(visible=False)
    pulse.step(times[:-1], field, where="post", color=BLUE)
    pulse.set(title="the field that was found", xlabel="time")
    search.plot(reached, color=ORANGE)
    search.set(title="probability to arrive", xlabel="values and gradients", ylim=(0.0, 1.02))
    return figure


if __name__ == "__main__":
    main()
