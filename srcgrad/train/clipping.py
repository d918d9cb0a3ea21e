"""Gradient clipping: bounds for the size of a gradient, over structures, from Python and inside compiled code."""

from __future__ import annotations

import math

import numpy as np
from numba.extending import overload, register_jitable

import srcgrad as sg

from .. import tree
from .structures import leaf_expressions, mapped, tree_map, written

# sums of squares of float32 and of float64 that lost nothing: no square was too large, or too small, for the dtype
SMALLEST, LARGEST = 1e-30, 1e38


@sg.differentiable
def sum_of_squares(g):
    """Return the sum of the squares of a number or an array."""
    return np.sum(g * g)


@sg.differentiable
def largest_and_share(g):
    """Return the largest size of an element, and how many times as large the square root of the sum of squares is."""
    top = np.max(np.abs(g), initial=0.0)
    if not 0.0 < top < np.inf:
        return top, 1.0
    return top, math.sqrt(np.sum((g / top) ** 2))


@register_jitable
def norm_of(g):
    """Return the square root of the sum of squares, whatever squares the dtype can hold."""
    top, share = largest_and_share(g)
    return np.float64(top) * np.float64(share)


@sg.differentiable
def scaled(g, factor):
    """Return a number or an array times a number, in the dtype of the first."""
    return g * factor


@sg.differentiable
def bounded(g, limit):
    """Return a number or an array with what is above `limit` or below -limit replaced by these."""
    return np.minimum(limit, np.maximum(-limit, g))


def global_norm(grads) -> float:
    """Return the square root of the sum of the squares of all elements of a structure."""
    leaves = tree.leaves_of((grads,))
    total = sum(sum_of_squares(g) for g in leaves)
    return math.sqrt(total) if is_exact(total) else math.hypot(*map(norm_of, leaves))


@register_jitable
def is_exact(total):
    """Return whether a sum of squares tells the norm; that of NaN is NaN."""
    return not (total < SMALLEST or total > LARGEST)


def clip_by_norm(grads, limit):
    """Return the gradient, times limit / norm where its norm over all parameters is above `limit`.

    Parameters
    ----------
    grads : structure
        Floats and arrays of floats, in tuples and namedtuples, from Python also lists, dicts and dataclasses.
    limit : float

    Notes
    -----
    R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks (ICML 2013), algorithm
    1. A gradient that is not finite stays so.
    """
    factor = clipping_factor(global_norm(grads), limit)
    return tree_map(lambda g: scaled(g, factor), grads)


def clip_by_value(grads, limit):
    """Return the gradient with every element brought between -limit and limit; `grads` as for `clip_by_norm`."""
    return tree_map(lambda g: bounded(g, limit), grads)


@sg.differentiable
def clipping_factor(norm, limit):
    """Return what a gradient of this norm is multiplied by: 1, or less where the norm is above the limit."""
    return limit / norm if norm > limit else 1.0


# --- the same inside compiled code --------------------------------------------------------------------------------


@overload(global_norm)
def _global_norm(grads):
    leaves = leaf_expressions(grads, "grads")
    lines = [f"total = {' + '.join(f'sum_of_squares({g})' for g in leaves) or '0.0'}",
             "if is_exact(total):\n        return math.sqrt(total)", "norm = 0.0",
             *(f"norm = math.hypot(norm, norm_of({g}))" for g in leaves)]  # fmt: skip
    body = "".join(f"    {line}\n" for line in lines)
    namespace = {"math": math, "sum_of_squares": sum_of_squares, "norm_of": norm_of, "is_exact": is_exact}
    return written(f"def impl(grads):\n{body}    return norm\n", namespace)


@overload(clip_by_norm)
def _clip_by_norm(grads, limit):
    namespace: dict = {"global_norm": global_norm, "clipping_factor": clipping_factor, "scaled": scaled}
    value = mapped(grads, "grads", "scaled({}, factor)", namespace)
    text = f"    factor = clipping_factor(global_norm(grads), limit)\n    return {value}\n"
    return written(f"def impl(grads, limit):\n{text}", namespace)


@overload(clip_by_value)
def _clip_by_value(grads, limit):
    namespace: dict = {"bounded": bounded}
    value = mapped(grads, "grads", "bounded({}, limit)", namespace)
    return written(f"def impl(grads, limit):\n    return {value}\n", namespace)
