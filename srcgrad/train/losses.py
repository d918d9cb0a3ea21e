"""Losses: the mean over all examples, one number, small where the prediction is good.

Scores ("logits") come before any softmax or logistic function: together with the loss these are computed so that scores
of 10,000 in size lose no digits. Predictions and targets of one shape; weights and penalties are added by the caller.
"""

from __future__ import annotations

import numpy as np

import srcgrad as sg

from .refused import same_axes

SHAPES = "a loss of predictions and targets of different shapes: bring both to one, prediction.reshape(target.shape)"


def alike(prediction, target):
    """Return nothing; raise where shapes differ, but for a number as the target of all.

    Subtracted, predictions of shape (n, 1) and targets of shape (n,) would be paired each with each.
    """
    if np.ndim(target) > 0:
        same_axes(np.ndim(prediction), np.ndim(target), ("a prediction", "a target"),
                  "bring both to one shape: prediction[:, 0] has one axis less")  # fmt: skip
        if np.shape(prediction) != np.shape(target):
            raise ValueError(SHAPES)


@sg.differentiable
def mse(prediction, target):
    """Return the mean of (prediction - target)^2 over all elements.

    Parameters
    ----------
    prediction, target : arrays of the same shape

    Raises
    ------
    ValueError
        If the shapes differ; an `UnsupportedError` where the numbers of axes do.
    """
    alike(prediction, target)
    return np.mean((prediction - target) ** 2)


@sg.differentiable
def softmax_cross_entropy(logits, labels):
    """Return the mean over the rows of -log softmax(row)[label].

    Parameters
    ----------
    logits : array of shape (examples, classes)
    labels : array of int, of shape (examples,)

    Raises
    ------
    ValueError
        If there are not as many labels as rows.
    IndexError
        If a label is below 0, or not below the number of classes.

    Notes
    -----
    Its gradient by a row is (softmax(row) - onehot(label)) / examples.
    """
    same_axes(labels.ndim, 1, ("labels", "rows of logits"), "give the class of each row: labels[:, 0]")
    if labels.shape[0] != logits.shape[0]:
        raise ValueError("softmax_cross_entropy needs one label for each row of logits")
    loss = 0.0
    for i in range(logits.shape[0]):
        if labels[i] < 0 or labels[i] >= logits.shape[1]:
            raise IndexError("softmax_cross_entropy: a label is no class; number the classes from 0")
        top = sg.stop_gradient(np.max(logits[i]))
        loss += top - logits[i, labels[i]] + np.log(np.sum(np.exp(logits[i] - top)))
    return loss / logits.shape[0]


@sg.differentiable
def binary_cross_entropy(logits, targets):
    """Return the mean of -t log p - (1 - t) log(1 - p), where p = logistic(logit).

    Parameters
    ----------
    logits : array
    targets : array of the same shape
        Probabilities of the positive class: 0, 1, or between.

    Raises
    ------
    ValueError
        As for `mse`.

    Notes
    -----
    Its gradient by a logit is (p - t) / number of elements.
    """
    alike(logits, targets)
    z, t = logits, targets
    return np.mean(np.where(z > 0.0, (1.0 - t) * z + np.log1p(np.exp(-z)), np.log1p(np.exp(z)) - t * z))


@sg.differentiable
def hinge(scores, targets):
    """Return the mean of max(0, 1 - t s) for targets t of -1 and 1; the derivative at t s = 1 is 0.

    C. Cortes and V. Vapnik, Support-vector networks, Machine Learning 20 (1995).
    """
    alike(scores, targets)
    return np.mean(np.maximum(0.0, 1.0 - targets * scores))


@sg.differentiable
def huber(prediction, target, delta=1.0):
    """Return the mean of r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2), with r = prediction - target.

    P. J. Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).
    """
    alike(prediction, target)
    r = prediction - target
    return np.mean(np.where(np.abs(r) <= delta, 0.5 * r * r, delta * (np.abs(r) - 0.5 * delta)))
