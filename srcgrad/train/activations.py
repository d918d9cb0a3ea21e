"""Activations: elementwise functions of a number or an array of any shape.

All of them keep the dtype and can be differentiated, and are called from Python, inside njit code and inside functions
that are differentiated. Values and derivatives are finite wherever the argument is.
"""

from __future__ import annotations

import numpy as np
from scipy import special

import srcgrad as sg


@sg.differentiable
def logistic(x):
    """Return 1 / (1 + exp(-x)), the logistic function, also called sigmoid; its derivative is out (1 - out)."""
    return 1.0 / (1.0 + np.exp(-x))


@sg.differentiable
def tanh(x):
    """Return tanh(x) = 2 logistic(2 x) - 1."""
    return np.tanh(x)


@sg.differentiable
def hard_tanh(x):
    """Return x between -1 and 1, else -1 or 1; its derivative at -1 and 1 is 0.

    R. Collobert, Large scale machine learning (thesis, Paris VI, 2004).
    """
    return np.minimum(1.0, np.maximum(-1.0, x))


@sg.differentiable
def relu(x):
    """Return max(x, 0); its derivative at 0 is 0.

    V. Nair and G. Hinton, Rectified linear units improve restricted Boltzmann machines (ICML 2010).
    """
    return np.maximum(0.0, x)


@sg.differentiable
def leaky_relu(x, slope=0.01):
    """Return x where it is above 0, else slope * x; the derivative at 0 is `slope`.

    A. L. Maas, A. Y. Hannun and A. Y. Ng, Rectifier nonlinearities improve neural network acoustic models (2013).
    """
    return np.where(x > 0.0, x, slope * x)


@sg.differentiable
def prelu(x, slope):
    """Return x where it is above 0, else slope * x, with a slope that is learnt.

    Parameters
    ----------
    x : float or array of shape (..., channels)
    slope : float, or array of shape (channels,)
        Shared by all channels, or one for each. The first value was 0.25.

    Notes
    -----
    K. He et al., Delving deep into rectifiers (ICCV 2015), equation 1.
    """
    return np.where(x > 0.0, x, slope * x)


@sg.differentiable
def gelu(x):
    """Return x Phi(x), where Phi is the distribution function of the standard normal distribution.

    D. Hendrycks and K. Gimpel, Gaussian error linear units (2016); the exact form, without the tanh approximation.
    """
    return 0.5 * x * special.erfc(-0.7071067811865476 * x)


@sg.differentiable
def softplus(x):
    """Return log(1 + exp(x)); its derivative is the logistic function.

    C. Dugas et al., Incorporating second-order functional knowledge for better option pricing (NIPS 2000).
    """
    return np.logaddexp(0.0, x)


@sg.differentiable
def silu(x):
    """Return x logistic(x), also called swish.

    S. Elfwing, E. Uchibe and K. Doya, Sigmoid-weighted linear units (Neural Networks 107, 2018).
    """
    return x / (1.0 + np.exp(-x))
