"""Roots of functions, as `scipy.optimize` finds them: text that is read in place of a call.

A root is found from values without derivatives; it has those of the implicit function theorem (`implicit`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .hints import stop_gradient
from .implicit import root_by_newton, slope
from .library.pages import RefusedError, known, page, part
from .scipy_common import plain, with_all


class RootResults(NamedTuple):
    """What `root_scalar` and `root` give: the root under both of their names for it, and that it was found."""

    root: object
    x: object
    converged: bool
    success: bool


@known
def has_brackets(bracket, x0):
    """Return whether a root is to be found between two numbers; raise where nothing says where it is."""
    if bracket is None and x0 is None:
        raise RefusedError("root_scalar needs a bracket or x0", "root_scalar(f, bracket=(a, b))")
    return bracket is not None


@part
def root_between(f, a, b, args, xtol, rtol, maxiter):
    """Return a root between a and b by Brent's method.

    R. P. Brent: Algorithms for minimization without derivatives, 1973, chapter 4.
    """
    ends = np.array([1.0 * a, 1.0 * b])
    heights = np.zeros(2)
    for k in range(2):
        heights[k] = f(ends[k], *args)
    x, y = ends[0], ends[1]
    fx, fy = heights[0], heights[1]
    if fx == 0.0:
        return x
    if fy == 0.0:
        return y
    if not fx * fy < 0.0:
        raise ValueError("f(a) and f(b) must have different signs")
    z, fz = x, fx
    before = step = y - x
    for tries in range(maxiter + 1):
        if tries == maxiter:
            raise RuntimeError("the search for a root does not converge")
        if abs(fz) < abs(fy):
            x, y, z = y, z, y
            fx, fy, fz = fy, fz, fy
        near = 0.5 * (xtol + rtol * abs(y))
        half = 0.5 * (z - y)
        if abs(half) <= near or fy == 0.0:
            break
        if abs(before) < near or abs(fx) <= abs(fy):
            before = step = half
        else:
            s = fy / fx
            if x == z:
                p, q = 2.0 * half * s, 1.0 - s
            else:
                r, w = fx / fz, fy / fz
                p, q = s * (2.0 * half * r * (r - w) - (y - x) * (w - 1.0)), (r - 1.0) * (w - 1.0) * (s - 1.0)
            q = -q if p > 0.0 else q
            p = abs(p)
            if 2.0 * p < min(3.0 * half * q - abs(near * q), abs(before * q)):
                before = step
                step = p / q
            else:
                before = step = half
        x, fx = y, fy
        y = y + (step if abs(step) > near else near if half > 0.0 else -near)
        fy = f(y, *args)
        if (fy > 0.0) == (fz > 0.0):
            z, fz = x, fx
            before = step = y - x
    return y


@part
def root_from(f, x0, args, tol, rtol, maxiter):
    """Return a root near x0 by Newton's method."""
    x = 1.0 * x0
    for tries in range(maxiter + 1):
        if tries == maxiter:
            raise RuntimeError("the search for a root does not converge")
        step = f(x, *args) / slope(f, np.asarray(x), args)
        x = x - step
        if abs(step) <= tol + rtol * abs(x):
            break
    return x


@page("scipy.optimize.brentq", "scipy.optimize.brenth", "scipy.optimize.bisect", "scipy.optimize.ridder")
def brentq(f, a, b, args=(), xtol=2e-12, rtol=8.881784197001252e-16, maxiter=100, full_output=False, disp=True):
    """The root of a function between a and b, by Brent's method."""
    plain("a search for a root", full_output)
    function, every = with_all(f, args)
    x = root_between(function, stop_gradient(a), stop_gradient(b), stop_gradient(every), xtol, rtol, maxiter)
    return root_by_newton(function, stop_gradient(x), every, np.inf, 0)


@page("scipy.optimize.newton")
def newton(func, x0, fprime=None, args=(), tol=1.48e-8, maxiter=50, fprime2=None, x1=None, rtol=0.0,
           full_output=False, disp=True):  # fmt: skip
    """The root of a function near a number, by Newton's method with the function's own derivative."""
    plain("a search for a root", full_output)
    function, every = with_all(func, args)
    x = root_from(function, stop_gradient(x0), stop_gradient(every), tol, rtol, maxiter)
    return root_by_newton(function, stop_gradient(x), every, np.inf, 0)


@page("scipy.optimize.root_scalar")
def root_scalar(f, args=(), method=None, bracket=None, fprime=None, fprime2=None, x0=None, x1=None, xtol=None,
                rtol=None):  # fmt: skip
    """The root of a function, as the field `root`: in a bracket, or near x0."""
    if has_brackets(bracket, x0):
        a, b = bracket
        found = brentq(f, a, b, args, 2e-12 if xtol is None else xtol, 8.9e-16 if rtol is None else rtol, 100)
    else:
        found = newton(f, x0, None, args, 1.48e-8 if xtol is None else xtol, 50)
    return RootResults(found, found, True, True)


@page("scipy.optimize.fsolve")
def fsolve(func, x0, args=(), fprime=None, full_output=0, col_deriv=0, xtol=1.49012e-8, maxfev=0):
    """Where a function of an array is zero, near x0, by Newton's method."""
    plain("fsolve", full_output, col_deriv)
    function, every = with_all(func, args)
    start = np.atleast_1d(np.asarray(x0, dtype=np.float64))
    x = root_by_newton(function, stop_gradient(start), stop_gradient(every), 1e-10, 200)
    return root_by_newton(function, x, every, 1e-10, 200)


@page("scipy.optimize.root")
def root(fun, x0, args=(), method="hybr", jac=None, tol=None):
    """Where a function of an array is zero, as the field `x`."""
    x = fsolve(fun, x0, args)
    return RootResults(x, x, True, True)
