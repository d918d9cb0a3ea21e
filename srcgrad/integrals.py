"""Integrals of functions of one number, as `scipy.integrate` has them: text that is read in place of a call.

Where the rule is exact enough is found first, from values without derivatives. The integral is then a sum over places
that are known, and its derivative is that of the sum: by what the function depends on, and by both ends. What is asked
of the value is more than SciPy does, so that the derivative is exact where the function has kinks, too.
"""

from __future__ import annotations

import numpy as np

from .hints import stop_gradient
from .library.pages import known_or, page, part
from .library.quadrature import leggauss
from .scipy_common import plain, with_all

# R. Piessens et al.: QUADPACK, 1983: the rule of Gauss and Kronrod with 21 nodes, and that of Gauss with 10 of them
_NODES = (0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
          0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
          0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
          0.148874338981631210884826001129720)  # fmt: skip
_KRONROD = (0.011694638867371874278064396062192, 0.032558162307964727478818972459390,
            0.054755896574351996031381300244580, 0.075039674810919952767043140916190,
            0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
            0.123491976262065851077958109831074, 0.134709217311473325928054001771707,
            0.142775938577060080797094273138717, 0.147739104901338491374841515972068)  # fmt: skip
_MIDDLE = 0.149445554002916905664936468389821
_GAUSS = (0.066671344308688137593568809893332, 0.149451349150580593145776339657697, 0.219086362515982043995534934228163,
          0.269266719309996355091226921569469, 0.295524224714752870173892994651338)  # fmt: skip
_TENTH = [w for half in _GAUSS for w in (0.0, half)]
# on an interval of length 1
NODES = 0.5 + 0.5 * np.array([*(-x for x in _NODES), 0.0, *reversed(_NODES)])
KRONROD = 0.5 * np.array([*_KRONROD, _MIDDLE, *reversed(_KRONROD)])
GAUSS = 0.5 * np.array([*_TENTH, 0.0, *reversed(_TENTH)])
FINER = 1e-3  # than SciPy's


@known_or(0)
def infinite(end):
    """Return 1 or -1 for an end that the text says is infinite, else 0."""
    return int(np.sign(end)) if np.isinf(end) else 0


@part
def height(f, low, high, a, b, u, args):
    """Return what a step of u, which goes from 0 to 1 while x goes from a to b, adds to the integral."""
    if low == 0 and high == 0:
        return (b - a) * f(a + (b - a) * u, *args)
    if low == 0:
        return high * f(a + high * (1.0 - u) / u, *args) / u**2
    if high == 0:
        return -low * f(b + low * (1.0 - u) / u, *args) / u**2
    t = 2.0 * u - 1.0
    return (high - low) * f(t / (1.0 - t * t), *args) * (1.0 + t * t) / (1.0 - t * t) ** 2


@part
def pieces(f, low, high, a, b, args, epsabs, epsrel, limit):
    """Return the beginnings and the widths of parts of (0, 1), and how far the rule may be off on all of them."""
    starts, widths, parts, errors = np.zeros(limit), np.zeros(limit), np.zeros(limit), np.zeros(limit)
    heights = np.zeros(21)
    widths[0] = 1.0
    errors[0] = np.inf
    count = 1
    worst = 0
    begun = False
    while not begun or count < limit and np.sum(errors[:count]) > max(epsabs, epsrel * abs(np.sum(parts[:count]))):
        worst = np.argmax(errors[:count])
        halves = 2 if begun else 1
        widths[worst] = widths[worst] / halves
        for half in range(halves):
            at = worst if half == 0 else count
            starts[at] = starts[worst] + half * widths[worst]
            widths[at] = widths[worst]
            for k in range(21):
                heights[k] = height(f, low, high, a, b, starts[at] + widths[at] * NODES[k], args)
            mean = np.sum(KRONROD * heights)
            spread = np.sum(KRONROD * np.abs(heights - mean))
            off = abs(mean - np.sum(GAUSS * heights))
            off = spread * min(1.0, (200.0 * off / spread) ** 1.5) if spread > 0.0 and off > 0.0 else off
            parts[at] = widths[at] * mean
            errors[at] = widths[at] * max(off, 1.1e-14 * np.sum(KRONROD * np.abs(heights)))
            count += half
        begun = True
    return starts[:count], widths[:count], np.sum(errors[:count])


@page("scipy.integrate.quad")
def quad(func, a, b, args=(), full_output=0, epsabs=1.49e-8, epsrel=1.49e-8, limit=50, points=None, weight=None):
    """The integral of a function from a to b, and how far it may be off."""
    plain("quad", full_output, points, weight)
    function, every = with_all(func, args)
    low, high = infinite(a), infinite(b)
    fixed = stop_gradient(a), stop_gradient(b), stop_gradient(every)
    starts, widths, error = pieces(function, low, high, *fixed, FINER * epsabs, FINER * epsrel, 2 * limit)
    starts, widths = stop_gradient(starts), stop_gradient(widths)
    total = 0.0
    for i in range(starts.size):
        for k in range(21):
            u = starts[i] + widths[i] * NODES[k]
            total += widths[i] * KRONROD[k] * height(function, low, high, a, b, u, every)
    return total, stop_gradient(error)


@page("scipy.integrate.fixed_quad")
def fixed_quad(func, a, b, args=(), n=5):
    """The integral of a function of arrays by Gauss-Legendre quadrature of order n, and None."""
    nodes, weights = leggauss(n)
    return 0.5 * (b - a) * np.sum(weights * func(a + 0.5 * (b - a) * (nodes + 1.0), *args), axis=-1), None
