"""Windows: weights that fall off from the middle to both ends."""

from __future__ import annotations

import numpy as np

from .pages import page


@page(np.bartlett, cases=("5", "1"))
def bartlett(M):
    """A triangle."""
    return 1.0 - np.abs(from_middle(M))


@page(np.hanning, cases=("5", "1", "0"))
def hanning(M):
    """A raised cosine."""
    return 0.5 + 0.5 * np.cos(np.pi * from_middle(M))


@page(np.hamming, cases=("4", "1"))
def hamming(M):
    """A raised cosine that ends above zero."""
    return 0.54 + 0.46 * np.cos(np.pi * from_middle(M))


@page(np.blackman, cases=("6", "1"))
def blackman(M):
    """A sum of two cosines."""
    at = np.pi * from_middle(M)
    return 0.42 + 0.5 * np.cos(at) + 0.08 * np.cos(2.0 * at)


@page(np.kaiser, cases=("5, S()", "4, 2.0", "1, S()"))
def kaiser(M, beta):
    """A Bessel function, which falls off the faster the larger `beta` is."""
    inside = np.maximum(1.0 - from_middle(M) ** 2, 0.0)
    return np.i0(beta * np.sqrt(inside)) / np.i0(beta)


def from_middle(count):
    """So many places from -1 to 1; one alone is in the middle."""
    return np.arange(1 - count, count, 2) / max(count - 1, 1)
