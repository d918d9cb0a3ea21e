"""First values of weights: small, random, and such that signals keep their size from layer to layer.

A dense layer has weights of shape (inputs, outputs), a convolution (height, width, inputs, outputs). `rng` is a
`numpy.random.Generator`. Hidden biases begin at 0; for those of the output there are three helpers below.
"""

from __future__ import annotations

import math

import numpy as np


def fans(shape) -> tuple[int, int]:
    """Return (n_in, n_out): how many values reach one output, and how many outputs one value reaches.

    Parameters
    ----------
    shape : tuple of int
        (inputs, outputs), or (..., inputs, outputs) for a convolution with a window of the first axes.

    Examples
    --------
    >>> fans((64, 10)), fans((3, 3, 16, 32))
    ((64, 10), (144, 288))
    """
    if len(shape) < 2:
        raise ValueError(f"weights of shape {tuple(shape)} have no inputs and outputs: give (inputs, outputs)")
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def uniform(rng, shape, r, dtype=np.float64):
    """Return numbers between -r and r, each as likely; their variance is r^2 / 3."""
    return rng.uniform(-r, r, shape).astype(dtype, copy=False)


def normal(rng, shape, std, dtype=np.float64):
    """Return normally distributed numbers of mean 0 and standard deviation `std`."""
    return (std * rng.standard_normal(shape)).astype(dtype, copy=False)


def xavier_uniform(rng, shape, dtype=np.float64):
    """Return uniform weights of variance 2 / (n_in + n_out), for tanh: between -r and r, r = sqrt(6 / (n_in + n_out)).

    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010),
    equation 16.
    """
    return uniform(rng, shape, math.sqrt(6.0 / sum(fans(shape))), dtype)


def xavier_normal(rng, shape, dtype=np.float64):
    """Return normal weights of variance 2 / (n_in + n_out), for tanh; source as for `xavier_uniform`, equation 12."""
    return normal(rng, shape, math.sqrt(2.0 / sum(fans(shape))), dtype)


def he_uniform(rng, shape, dtype=np.float64):
    """Return uniform weights of variance 2 / n_in, for ReLU; source as for `he_normal`."""
    return uniform(rng, shape, math.sqrt(6.0 / fans(shape)[0]), dtype)


def he_normal(rng, shape, dtype=np.float64):
    """Return normal weights of variance 2 / n_in, for ReLU.

    K. He et al., Delving deep into rectifiers (ICCV 2015), equation 10.
    """
    return normal(rng, shape, math.sqrt(2.0 / fans(shape)[0]), dtype)


def lecun_uniform(rng, shape, dtype=np.float64):
    """Return uniform weights of variance 1 / n_in; source as for `lecun_normal`."""
    return uniform(rng, shape, math.sqrt(3.0 / fans(shape)[0]), dtype)


def lecun_normal(rng, shape, dtype=np.float64):
    """Return normal weights of variance 1 / n_in.

    Y. LeCun et al., Efficient BackProp, in Neural Networks: Tricks of the Trade (1998), equation 16.
    """
    return normal(rng, shape, math.sqrt(1.0 / fans(shape)[0]), dtype)


# --- biases of the output: what would be best if all weights were 0 -------------------------------------------------


def mean_bias(targets):
    """Return the output bias for squared errors: the mean of the targets, for each output.

    Parameters
    ----------
    targets : array of shape (examples, ...)
    """
    return np.mean(targets, axis=0)


def logit_bias(targets):
    """Return the output bias for binary cross-entropy: the logit of the mean target, for each output.

    Parameters
    ----------
    targets : array of shape (examples, ...), of numbers from 0 to 1
        Where all are 0 or all are 1, half an example of the other kind is taken to be among them.
    """
    half = 0.5 / len(targets)
    p = np.clip(np.mean(targets, axis=0), half, 1.0 - half)
    return np.log(p) - np.log1p(-p)


def class_bias(labels, classes):
    """Return the output bias for softmax cross-entropy: the logarithm of the share of each class.

    Parameters
    ----------
    labels : array of int, of shape (examples,)
    classes : int
        A class without an example counts as half of one.
    """
    counts = np.bincount(labels, minlength=classes)
    if len(counts) > classes:
        raise ValueError(f"there is a label {len(counts) - 1}, and {classes} classes")
    return np.log(np.maximum(counts, 0.5) / len(labels))
