"""Penalties on the size of weights, and the step that sets small weights to zero."""

from __future__ import annotations

import numpy as np

import srcgrad as sg


@sg.differentiable
def l2(weights, strength):
    """Return strength * sum of w^2, whose gradient is 2 * strength * w (there is no 1/2).

    Parameters
    ----------
    weights : array, or tuple of arrays
        Those parameters that the penalty holds for; biases are usually left out.
    strength : float
    """
    total = 0.0
    for w in weights:
        total += np.sum(w * w)
    return strength * total


@sg.differentiable
def l1(weights, strength):
    """Return strength * sum of |w|, whose derivative at 0 is 0.

    Parameters as for `l2`. Gradient steps bring weights near 0 and not to it: `soft_threshold` does.
    """
    total = 0.0
    for w in weights:
        total += np.sum(np.abs(w))
    return strength * total


@sg.differentiable
def soft_threshold(w, size):
    """Return w moved towards 0 by `size`, and 0 where it is nearer than that: sign(w) max(|w| - size, 0).

    Parameters
    ----------
    w : float or array
    size : float
        Learning rate times the strength of the L1 penalty, after each gradient step of the rest of the loss.

    Notes
    -----
    The proximal step of the L1 penalty: I. Daubechies, M. Defrise and C. De Mol, An iterative thresholding algorithm for
    linear inverse problems, Comm. Pure Appl. Math. 57 (2004). For structures, `tree_map` it.
    """
    return np.sign(w) * np.maximum(0.0, np.abs(w) - size)
