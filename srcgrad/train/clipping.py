"""Gradient clipping: bounds for the size of a gradient, over structures, from Python and inside compiled code."""

from __future__ import annotations

import math

import numpy as np
from numba.extending import overload

import srcgrad as sg

from .. import tree
from .structures import mapped, structure_of_type, tree_map, written


@sg.differentiable
def sum_of_squares(g):
    """Return the sum of the squares of a number or an array."""
    return np.sum(g * g)


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
    return math.sqrt(sum(sum_of_squares(g) for g in tree.leaves(tree.structure_of(grads), grads)))


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
    structure = structure_of_type(grads, "grads")
    total = " + ".join(f"sum_of_squares({g})" for g in tree.index_expression(structure, "grads"))
    namespace = {"math": math, "sum_of_squares": sum_of_squares}
    return written(f"def impl(grads):\n    return math.sqrt({total or '0.0'})\n", namespace)


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
