"""Optimisers: published update rules, one loop each, over structured parameters, from Python and inside compiled code.

An optimiser is a namedtuple of its numbers. `init` makes its state, `update` returns new parameters and a new state and
leaves what it was given as it was; `update_in_place` writes into the arrays instead. Gradients are those of the loss
to be made small; `g` is the gradient, `w` the parameter, `t` counts the steps from 1.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

import srcgrad as sg

from .stepping import Optimizer


SGDState = namedtuple("SGDState", "step")
MomentumState = namedtuple("MomentumState", "step velocity")
NesterovState = namedtuple("NesterovState", "step velocity")
AdagradState = namedtuple("AdagradState", "step squares")
RMSpropState = namedtuple("RMSpropState", "step mean_square")
AdamState = namedtuple("AdamState", "step m v")
AdamWState = namedtuple("AdamWState", "step m v")


@sg.differentiable
def sgd(w, g, t, lr):
    """The rule of `SGD`."""
    for i in range(w.size):
        w[i] -= lr * g[i]
    return t


@sg.differentiable
def momentum(w, g, velocity, t, lr, beta):
    """The rule of `Momentum`."""
    for i in range(w.size):
        velocity[i] = beta * velocity[i] + g[i]
        w[i] -= lr * velocity[i]
    return t


@sg.differentiable
def nesterov(w, g, velocity, t, lr, beta):
    """The rule of `Nesterov`."""
    for i in range(w.size):
        velocity[i] = beta * velocity[i] + g[i]
        w[i] -= lr * (g[i] + beta * velocity[i])
    return t


@sg.differentiable
def adagrad(w, g, squares, t, lr, eps):
    """The rule of `Adagrad`."""
    for i in range(w.size):
        squares[i] += g[i] * g[i]
        w[i] -= lr * g[i] / (np.sqrt(squares[i]) + eps)
    return t


@sg.differentiable
def rmsprop(w, g, mean_square, t, lr, beta, eps):
    """The rule of `RMSprop`."""
    for i in range(w.size):
        mean_square[i] = beta * mean_square[i] + (1.0 - beta) * g[i] * g[i]
        w[i] -= lr * g[i] / (np.sqrt(mean_square[i]) + eps)
    return t


@sg.differentiable
def adam(w, g, m, v, t, lr, beta1, beta2, eps):
    """The rule of `Adam`."""
    rest1, rest2 = 1.0 - beta1**t, 1.0 - beta2**t
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1.0 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i]
        w[i] -= lr * (m[i] / rest1) / (np.sqrt(v[i] / rest2) + eps)
    return t


@sg.differentiable
def adamw(w, g, m, v, t, lr, beta1, beta2, eps, decay):
    """The rule of `AdamW`."""
    rest1, rest2 = 1.0 - beta1**t, 1.0 - beta2**t
    for i in range(w.size):
        m[i] = beta1 * m[i] + (1.0 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i]
        w[i] -= lr * ((m[i] / rest1) / (np.sqrt(v[i] / rest2) + eps) + decay * w[i])
    return t


class SGD(Optimizer, namedtuple("SGD", "lr", defaults=(1e-2,))):
    """Gradient descent, on a minibatch stochastic: w <- w - lr g.

    H. Robbins and S. Monro, A stochastic approximation method, Ann. Math. Statist. 22 (1951).
    """

    __slots__ = ()
    rule, state = sgd, SGDState


class Momentum(Optimizer, namedtuple("Momentum", "lr beta", defaults=(1e-2, 0.9))):
    """Heavy ball: v <- beta v + g, w <- w - lr v.

    B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comput. Math. 4 (1964), in the
    form that keeps the learning rate out of v; PyTorch's `SGD(momentum=beta)`.
    """

    __slots__ = ()
    rule, state = momentum, MomentumState


class Nesterov(Optimizer, namedtuple("Nesterov", "lr beta", defaults=(1e-2, 0.9))):
    """Nesterov's accelerated gradient: v <- beta v + g, w <- w - lr (g + beta v).

    Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2), Soviet Math. Dokl. 27
    (1983), in the form of I. Sutskever et al., On the importance of initialization and momentum in deep learning (ICML
    2013), where w stands for the point looked ahead to; PyTorch's `SGD(momentum=beta, nesterov=True)`.
    """

    __slots__ = ()
    rule, state = nesterov, NesterovState


class Adagrad(Optimizer, namedtuple("Adagrad", "lr eps", defaults=(1e-2, 1e-10))):
    """Rates by the squares so far: s <- s + g^2, w <- w - lr g / (sqrt(s) + eps).

    J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR
    12 (2011), equation 1 with a diagonal matrix.
    """

    __slots__ = ()
    rule, state = adagrad, AdagradState


class RMSprop(Optimizer, namedtuple("RMSprop", "lr beta eps", defaults=(1e-3, 0.9, 1e-8))):
    """Rates by the recent squares: s <- beta s + (1 - beta) g^2, w <- w - lr g / (sqrt(s) + eps).

    T. Tieleman and G. Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012). PyTorch has other defaults (lr
    0.01, beta 0.99).
    """

    __slots__ = ()
    rule, state = rmsprop, RMSpropState


class Adam(Optimizer, namedtuple("Adam", "lr beta1 beta2 eps", defaults=(1e-3, 0.9, 0.999, 1e-8))):
    """Moments with their bias corrected.

    m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2,
    w <- w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).

    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization (ICLR 2015), algorithm 1.
    """

    __slots__ = ()
    rule, state = adam, AdamState


class AdamW(Optimizer, namedtuple("AdamW", "lr beta1 beta2 eps decay", defaults=(1e-3, 0.9, 0.999, 1e-8, 1e-2))):
    """Adam with decoupled weight decay: Adam's step, and w <- w - lr decay w at the same time.

    I. Loshchilov and F. Hutter, Decoupled weight decay regularization (ICLR 2019), algorithm 2 with lr for the product
    of its step size and schedule, as in PyTorch.
    """

    __slots__ = ()
    rule, state = adamw, AdamWState
