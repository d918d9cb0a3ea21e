"""Learning rates as functions of time: t counts steps or epochs, as the caller likes, whole or fractional.

The other lengths are in the unit of t. All are compiled functions of numbers that can be differentiated by rates.
"""

from __future__ import annotations

import math

import srcgrad as sg


@sg.differentiable
def constant(t, lr):
    """Return lr at any time."""
    return lr


@sg.differentiable
def halve_every(t, lr, every):
    """Return lr halved once at the end of each stretch of length `every`: lr 0.5^floor(t / every)."""
    return lr * 0.5 ** (sg.stop_gradient(t) // every)


@sg.differentiable
def exponential(t, lr, rate):
    """Return lr exp(-rate t)."""
    return lr * math.exp(-rate * t)


@sg.differentiable
def cosine(t, lr, length, lowest=0.0):
    """Return a rate that falls from lr at 0 to `lowest` at t = length as half a cosine, and stays there.

    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts (ICLR 2017), equation 5.
    """
    return lowest + 0.5 * (lr - lowest) * (1.0 + math.cos(math.pi * min(max(t / length, 0.0), 1.0)))


@sg.differentiable
def warm_up(t, lr, length):
    """Return a rate that rises in proportion to t + 1, from lr / length at t = 0 to lr at t = length - 1, and stays.

    Multiply another schedule by warm_up(t, 1.0, length) to begin it gently.

    P. Goyal et al., Accurate, large minibatch SGD (2017), section 2.2.
    """
    return lr * min(1.0, (t + 1.0) / length)


@sg.differentiable
def cyclic(t, lowest, highest, half):
    """Return a rate that goes from `lowest` to `highest` in a time `half`, back in as long, and so on: a triangle.

    L. N. Smith, Cyclical learning rates for training neural networks (WACV 2017), the triangular policy.
    """
    cycle = sg.stop_gradient(t) // (2.0 * half)
    return lowest + (highest - lowest) * (1.0 - abs(t / half - 2.0 * cycle - 1.0))


@sg.differentiable
def one_cycle(t, highest, length, rising=0.3, start=25.0, end=1e4):
    """Return a rate that rises as half a cosine, falls as half a cosine, and stays.

    From highest / start at 0 to `highest` at t = rising * length, then to highest / (start * end) at t = length.

    L. N. Smith and N. Topin, Super-convergence (2019), with the shape and defaults of PyTorch's OneCycleLR.
    """
    if not 0.0 <= rising <= 1.0:
        raise ValueError("one_cycle: rising is a share of the length, from 0 to 1")
    top = rising * length
    first = highest / start
    if t < top:
        u, a, b = t / top, first, highest
    elif top < length:
        u, a, b = (t - top) / (length - top), highest, first / end
    else:
        u, a, b = 1.0, highest, first / end
    return b + 0.5 * (a - b) * (1.0 + math.cos(math.pi * min(max(u, 0.0), 1.0)))
