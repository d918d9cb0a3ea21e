"""Random numbers: what may be drawn, from where, with which parameters.

A draw moves a stream along, so that it is done once, where it stands, and never left out. Its value is a constant of
the derivative; a parameter that depends on a differentiated argument is refused, with a form that is smooth in it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draw:
    """A distribution: its parameters with their defaults (None: must be given), its dtype, and a smooth form of it.

    A dtype of '' says that elements of the argument are drawn: of an array's, or of the numbers below an integer.
    """

    name: str
    params: tuple[str, ...]
    defaults: tuple[object, ...]
    dtype: str
    smooth: str


DRAWS: dict[str, Draw] = {}
BY_OBJECT: dict[object, str] = {}
METHODS: dict[str, str] = {}
SEEDS = {np.random.seed: "np.random.seed", random.seed: "random.seed"}

_HOMES = {"np": ("np.random.", np.random), "rng": (".", np.random.Generator), "random": ("random.", random)}


def _draw(homes: str, name: str, params: str = "", dtype: str = "float64", smooth: str = ""):
    """Register a distribution at its homes: np (the functions), rng (a Generator's methods), random (the module)."""
    pairs = [p.partition("=") for p in params.split()]
    defaults = tuple(float(value) if value else None for _, _, value in pairs)
    for home in homes.split():
        prefix, owner = _HOMES[home]
        DRAWS[prefix + name] = Draw(name, tuple(p[0] for p in pairs), defaults, dtype, smooth)
        if home == "rng":
            METHODS[name] = prefix + name
        else:
            BY_OBJECT[getattr(owner, name)] = prefix + name


_draw("np rng", "random")
_draw("np rng", "standard_normal")
_draw("np rng", "standard_exponential")
_draw("np rng", "standard_cauchy")
_draw("np rng", "uniform", "low=0 high=1", smooth="low + (high - low) * random()")
_draw("np rng", "normal", "loc=0 scale=1", smooth="loc + scale * standard_normal()")
_draw("np rng", "lognormal", "mean=0 sigma=1", smooth="np.exp(mean + sigma * standard_normal())")
_draw("np rng", "exponential", "scale=1", smooth="scale * standard_exponential()")
_draw("np rng", "gamma", "shape scale=1", smooth="scale * standard_gamma(shape), with a shape that is a constant")
_draw("np rng", "standard_gamma", "shape")
_draw("np rng", "beta", "a b")
_draw("np rng", "chisquare", "df")
_draw("np rng", "f", "dfnum dfden")
_draw("np rng", "pareto", "a", smooth="np.expm1(standard_exponential() / a)")
_draw("np rng", "weibull", "a", smooth="standard_exponential() ** (1.0 / a)")
_draw("np rng", "power", "a", smooth="(1.0 - random()) ** (1.0 / a)")
_draw("np rng", "laplace", "loc=0 scale=1", smooth="loc + scale * laplace()")
_draw("np rng", "logistic", "loc=0 scale=1", smooth="loc + scale * logistic()")
_draw("np", "gumbel", "loc=0 scale=1", smooth="loc + scale * gumbel(0.0, 1.0)")
_draw("np rng", "rayleigh", "scale=1", smooth="scale * rayleigh()")
_draw("np rng", "standard_t", "df")
_draw("np rng", "wald", "mean scale")
_draw("np rng", "triangular", "left mode right")
_draw("np", "vonmises", "mu kappa", smooth="mu + vonmises(0.0, kappa), with a kappa that is a constant")
_draw("np rng", "poisson", "lam=1", "int64")
_draw("np rng", "binomial", "n p", "int64")
_draw("np rng", "negative_binomial", "n p", "int64")
_draw("np rng", "geometric", "p", "int64")
_draw("np rng", "logseries", "p", "int64")
_draw("np rng", "zipf", "a", "int64")
_draw("np", "hypergeometric", "ngood nbad nsample", "int64")
_draw("np", "randint", "low high", "int64")
_draw("rng", "integers", "low high", "int64")
_draw("np rng", "permutation", "x", "", smooth="x[np.random.permutation(x.shape[0])]")
_draw("np", "choice", "a", "", smooth="a[np.random.randint(0, a.size)]")
_draw("random", "random")
_draw("random", "uniform", "a b", smooth="a + (b - a) * random.random()")
_draw("random", "gauss", "mu=0 sigma=1", smooth="mu + sigma * random.gauss(0.0, 1.0)")
_draw("random", "normalvariate", "mu=0 sigma=1", smooth="mu + sigma * random.normalvariate(0.0, 1.0)")
_draw("random", "expovariate", "lambd", smooth="random.expovariate(1.0) / lambd")
_draw("random", "betavariate", "alpha beta")
_draw("random", "gammavariate", "alpha beta", smooth="beta * random.gammavariate(alpha, 1.0), alpha a constant")
_draw("random", "randint", "a b", "int64")

# other names of the same draws, and those that take sizes alone
for _name in ("random_sample", "ranf", "sample"):
    BY_OBJECT[getattr(np.random, _name)] = "np.random.random"
BY_SIZES = {np.random.rand: "np.random.random", np.random.randn: "np.random.standard_normal"}


def is_draw(fn: str) -> bool:
    """Return whether an operation draws random numbers or seeds them: it stays where it is, and is done once."""
    return fn in DRAWS or fn in SEEDS.values()
