"""Recurrent cells: one step in time, for one example or a batch."""

from __future__ import annotations

import numpy as np

import srcgrad as sg

from .activations import logistic


@sg.differentiable
def lstm_cell(x, h, c, input_weights, hidden_weights, bias):
    """Return (h, c), the output and the memory of an LSTM cell after one step.

    Parameters
    ----------
    x : array of shape (examples, inputs) or (inputs,)
    h, c : arrays of shape (examples, units) or (units,)
    input_weights, hidden_weights, bias : arrays of shape (inputs, 4 units), (units, 4 units) and (4 units,)
        For the gates i, f, g, o, one after the other. A bias of 1 for f helps at the start.

    Notes
    -----
    i, f, o = logistic and g = tanh of x @ input_weights + h @ hidden_weights + bias; c <- f c + i g; h = o tanh(c).
    S. Hochreiter and J. Schmidhuber, Long short-term memory (1997), with the forget gate of F. Gers et al. (2000).
    """
    n = h.shape[-1]
    z = x @ input_weights + h @ hidden_weights + bias
    i, f = logistic(z[..., :n]), logistic(z[..., n : 2 * n])
    g, o = np.tanh(z[..., 2 * n : 3 * n]), logistic(z[..., 3 * n :])
    c = f * c + i * g
    return o * np.tanh(c), c


@sg.differentiable
def gru_cell(x, h, input_weights, hidden_weights, input_bias, hidden_bias):
    """Return h, the state of a gated recurrent unit after one step.

    Parameters
    ----------
    x : array of shape (examples, inputs) or (inputs,)
    h : array of shape (examples, units) or (units,)
    input_weights, hidden_weights : arrays of shape (inputs, 3 units) and (units, 3 units)
    input_bias, hidden_bias : arrays of shape (3 units,)
        For r, z and n, one after the other.

    Notes
    -----
    With a = x @ input_weights + input_bias and b = h @ hidden_weights + hidden_bias: r = logistic(a_r + b_r),
    z = logistic(a_z + b_z), n = tanh(a_n + r b_n), h <- (1 - z) n + z h. K. Cho et al., Learning phrase representations
    using RNN encoder-decoder (EMNLP 2014), in the form where r acts after the product, as in PyTorch and cuDNN.
    """
    k = h.shape[-1]
    a = x @ input_weights + input_bias
    b = h @ hidden_weights + hidden_bias
    r = logistic(a[..., :k] + b[..., :k])
    z = logistic(a[..., k : 2 * k] + b[..., k : 2 * k])
    n = np.tanh(a[..., 2 * k :] + r * b[..., 2 * k :])
    return (1.0 - z) * n + z * h
