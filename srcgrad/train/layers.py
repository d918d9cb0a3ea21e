"""Layers: functions over plain arrays, examples along the first axis, features or channels along the last.

The weights are arguments, so that the gradient of a loss can be taken by them. Convolutions stand in `convolutions`,
attention in `attention`, recurrent cells in `recurrent`.
"""

from __future__ import annotations

import numpy as np

import srcgrad as sg


@sg.differentiable
def dense(x, weights, bias):
    """Return x @ weights + bias, the fully connected layer.

    Parameters
    ----------
    x : array of shape (examples, inputs) or (inputs,)
    weights : array of shape (inputs, outputs)
    bias : array of shape (outputs,)
    """
    return x @ weights + bias


@sg.differentiable
def embedding(table, words):
    """Return the rows of `table` that `words` name: an array of shape (*words.shape, table.shape[1]).

    Parameters
    ----------
    table : array of shape (vocabulary, dimensions)
    words : array of int

    Notes
    -----
    The gradient by the table has its shape: rows named twice collect both contributions, rows never named are exactly
    0. For large tables differentiate by the rows instead, and let `SparseAdam` bring their gradient home.
    """
    return table[words]


@sg.differentiable
def residual(x, weights1, bias1, weights2, bias2):
    """Return relu(x + F(x)), where F(x) = relu(x @ weights1 + bias1) @ weights2 + bias2.

    Parameters
    ----------
    x : array of shape (examples, features)
    weights1, bias1 : arrays of shape (features, hidden) and (hidden,)
    weights2, bias2 : arrays of shape (hidden, features) and (features,)

    Notes
    -----
    K. He et al., Deep residual learning for image recognition (CVPR 2016), equation 1; `residual_conv` is the block of
    the paper.
    """
    hidden = np.maximum(0.0, x @ weights1 + bias1)
    return np.maximum(0.0, x + hidden @ weights2 + bias2)


@sg.differentiable
def dropout(x, rate, rng):
    """Return x with each element set to 0 with probability `rate`, the others divided by 1 - rate.

    Parameters
    ----------
    x : array
    rate : float
        From 0 to below 1. The expectation of the result is x: in use the layer is left out.
    rng : numpy.random.Generator
        Advanced by one draw for each element.

    Raises
    ------
    ValueError
        If the rate is below 0, or not below 1.

    Notes
    -----
    N. Srivastava et al., Dropout, JMLR 15 (2014), in the inverted form. What was dropped is kept for the derivative.
    """
    if not 0.0 <= rate < 1.0:
        raise ValueError("dropout: the rate has to be from 0 to below 1, the share of elements that are set to 0")
    return np.where(rng.random(x.shape) < rate, 0.0, x / (1.0 - rate))


@sg.differentiable
def layer_norm(x, gain, bias, eps=1e-5):
    """Return x with the features of each example brought to mean 0 and variance 1, times gain, plus bias.

    Parameters
    ----------
    x : array of shape (..., features)
    gain, bias : arrays of shape (features,)
    eps : float
        Added to the variance.

    Notes
    -----
    J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization (2016), equation 4. The variance is the mean square, not
    the estimate that divides by one less.
    """
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + eps) * gain + bias


@sg.differentiable
def batch_norm(x, gain, bias, eps=1e-5):
    """Return (y, mean, variance): x with each feature brought to mean 0 and variance 1 over the batch, and how.

    Parameters
    ----------
    x : array of shape (examples, ..., features)
        Mean and variance are taken over all axes but the last.
    gain, bias : arrays of shape (features,)
        y is the normalised x, times gain, plus bias.
    eps : float
        Added to the variance.

    Notes
    -----
    S. Ioffe and C. Szegedy, Batch normalization (ICML 2015), algorithm 1. Keep running averages of `mean` and
    `variance`, say running += 0.1 * (mean - running), for `batch_norm_fixed` in use.
    """
    count = x.size // x.shape[-1]
    mean = np.zeros(x.shape[-1], dtype=np.result_type(x, np.float32))
    for at in np.ndindex(x.shape[:-1]):
        mean += x[at] / count
    centred = x - mean
    variance = np.zeros(x.shape[-1], dtype=mean.dtype)
    for at in np.ndindex(x.shape[:-1]):
        variance += centred[at] ** 2 / count
    return centred / np.sqrt(variance + eps) * gain + bias, mean, variance


@sg.differentiable
def batch_norm_fixed(x, gain, bias, mean, variance, eps=1e-5):
    """Return x normalised by a given mean and variance of each feature, times gain, plus bias: `batch_norm` in use."""
    return (x - mean) / np.sqrt(variance + eps) * gain + bias
