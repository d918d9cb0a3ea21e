"""Attention: scaled dot products, with masks, one head or several."""

from __future__ import annotations

import math

import numpy as np

import srcgrad as sg

from .refused import only_truth, same_axes

BATCHES = "attention: queries, keys and values have different shapes before the last two axes: make them the same"
KEYS = "attention: there are not as many values as keys: give one of each for each place"


@sg.differentiable
def softmax(x):
    """Return exp(x) / sum of exp(x) along the last axis, without overflow.

    Parameters
    ----------
    x : array of shape (..., n)
        May hold -inf, which gives 0; a row of nothing else gives zeros.
    """
    top = sg.stop_gradient(np.max(x, axis=-1, keepdims=True))
    e = np.exp(x - np.where(np.isfinite(top), top, 0.0))
    return e / np.maximum(np.sum(e, axis=-1, keepdims=True), 1e-30)


@sg.differentiable
def attention(queries, keys, values, mask=None):
    """Return softmax(queries @ keys.T / sqrt(d)) @ values.

    Parameters
    ----------
    queries : array of shape (..., n, d)
    keys : array of shape (..., m, d)
    values : array of shape (..., m, outputs)
    mask : array of bool, of shape (n, m), optional
        Which queries see which keys; one that sees none gets zeros.

    Returns
    -------
    array of shape (..., n, outputs)

    Raises
    ------
    ValueError
        If the first axes differ, or there are not as many values as keys.
    UnsupportedError
        If the mask is not of bool, or the numbers of axes differ.

    Notes
    -----
    A. Vaswani et al., Attention is all you need (NIPS 2017), equation 1.
    """
    for other in (keys, values):
        same_axes(queries.ndim, other.ndim, ("queries", "keys or values"), "give all of them the same axes")
        if queries.shape[:-2] != other.shape[:-2]:
            raise ValueError(BATCHES)
    if keys.shape[-2] != values.shape[-2]:
        raise ValueError(KEYS)
    if mask is not None:
        only_truth(mask.dtype)
    out = np.empty((*queries.shape[:-1], values.shape[-1]), dtype=np.result_type(queries, values, np.float32))
    for at in np.ndindex(queries.shape[:-2]):
        scores = queries[at] @ keys[at].T / math.sqrt(queries.shape[-1])
        if mask is not None:
            scores = np.where(mask, scores, -np.inf)
        out[at] = softmax(scores) @ values[at]
    return out


@sg.differentiable
def multi_head_attention(
    x, context, query_weights, key_weights, value_weights, output_weights, heads, mask=None
):
    """Return attention in several heads side by side, joined by a last product.

    Parameters
    ----------
    x : array of shape (..., n, inputs)
        What asks.
    context : array of shape (..., m, inputs)
        What is asked: x itself for self-attention.
    query_weights, key_weights : arrays of shape (inputs, heads * d)
    value_weights : array of shape (inputs, heads * e)
        Each head has its own columns, one head after the other.
    output_weights : array of shape (heads * e, outputs)
    heads : int
    mask : array of bool, of shape (n, m), optional
        Which places of x see which places of the context; for all heads.

    Returns
    -------
    array of shape (..., n, outputs)

    Notes
    -----
    A. Vaswani et al., Attention is all you need (NIPS 2017), section 3.2.2.
    """
    same_axes(x.ndim, context.ndim, ("x", "the context"), "give both the same axes")
    if x.shape[:-2] != context.shape[:-2]:
        raise ValueError(BATCHES)
    d, e = query_weights.shape[1] // heads, value_weights.shape[1] // heads
    out = np.empty((*x.shape[:-1], output_weights.shape[1]), dtype=np.result_type(x, output_weights))
    for at in np.ndindex(x.shape[:-2]):
        n, m = x[at].shape[0], context[at].shape[0]
        queries = (x[at] @ query_weights).reshape(n, heads, d)
        keys = (context[at] @ key_weights).reshape(m, heads, d)
        values = (context[at] @ value_weights).reshape(m, heads, e)
        joined = np.empty((n, heads, e), dtype=np.result_type(queries, values))
        for h in range(heads):
            joined[:, h] = attention(queries[:, h], keys[:, h], values[:, h], mask)
        out[at] = joined.reshape(n, heads * e) @ output_weights
    return out
