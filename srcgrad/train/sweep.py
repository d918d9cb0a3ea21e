"""The learning-rate range sweep: how far training gets with each of several rates."""

from __future__ import annotations

import math

import numpy as np

import srcgrad as sg

from ..api import ValueAndGrad
from .fit import fit


def sweep_rates(loss, params, data, optimizer, rates, *, epochs=1, size=32, seed=0, args=(), limit=None) -> np.ndarray:
    """Return the loss of the last epoch of short trainings from the same start, one for each learning rate.

    Parameters
    ----------
    loss, params, data, optimizer, epochs, size, args, limit
        As for `fit`; a generator among `args` is not brought back between the trainings.
    rates : sequence of float
        For instance powers of ten: 10.0 ** np.arange(-6, 1).
    seed : int
        The order of the minibatches, the same for all.

    Returns
    -------
    array of float
        inf where the loss stops to be finite.

    Notes
    -----
    The right order of magnitude is a little below the rate from which on the loss grows again: L. N. Smith, Cyclical
    learning rates for training neural networks (WACV 2017), section 3.3. `plot_sweep` draws it.
    """
    gradient = loss if isinstance(loss, ValueAndGrad) else sg.value_and_grad(loss)

    def last_loss(rate: float) -> float:
        try:
            fitted = fit(gradient, params, data, optimizer, epochs=epochs, size=size, rng=seed, args=args, limit=limit,
                         schedule=lambda t: rate, progress=False)  # fmt: skip
        except FloatingPointError:
            return math.inf
        return float(fitted.history["loss"][-1])

    return np.array([last_loss(float(rate)) for rate in rates])
