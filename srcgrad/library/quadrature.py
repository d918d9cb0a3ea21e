"""Nodes and weights of quadrature rules: constants, for a number of nodes that is known when the text is read."""

from __future__ import annotations

import importlib

from .pages import known, page


@known
def nodes_and_weights(family: str, degree: int):
    """Return what `numpy.polynomial` has for a family of polynomials."""
    return getattr(importlib.import_module(f"numpy.polynomial.{family}"), _MAKERS[family])(degree)


_MAKERS = {"legendre": "leggauss", "chebyshev": "chebgauss", "laguerre": "laggauss", "hermite": "hermgauss",
           "hermite_e": "hermegauss"}  # fmt: skip


@page("numpy.polynomial.legendre.leggauss", cases=("4", "1"))
def leggauss(deg):
    """Nodes and weights of integrals from -1 to 1."""
    return nodes_and_weights("legendre", deg)


@page("numpy.polynomial.chebyshev.chebgauss", cases=("4",))
def chebgauss(deg):
    """Nodes and weights of integrals from -1 to 1 with the weight 1 / sqrt(1 - x**2)."""
    return nodes_and_weights("chebyshev", deg)


@page("numpy.polynomial.laguerre.laggauss", cases=("4",))
def laggauss(deg):
    """Nodes and weights of integrals from 0 with the weight exp(-x)."""
    return nodes_and_weights("laguerre", deg)


@page("numpy.polynomial.hermite.hermgauss", cases=("4",))
def hermgauss(deg):
    """Nodes and weights of integrals over all numbers with the weight exp(-x**2)."""
    return nodes_and_weights("hermite", deg)


@page("numpy.polynomial.hermite_e.hermegauss", cases=("4",))
def hermegauss(deg):
    """Nodes and weights of integrals over all numbers with the weight exp(-x**2 / 2)."""
    return nodes_and_weights("hermite_e", deg)
