"""Roots and fixed points: solved by iteration, differentiated by the implicit function theorem.

Where f(x, a) = 0, x moves with a by J dx = -df, with the Jacobian J of f by x: one linear solve with J for a direction,
one with its transpose for an adjoint (A. Griewank, A. Walther: Evaluating derivatives, 2nd edition, section 15.2).
The rule takes the root from the same function, so derivatives of any order are those of the root, not of the iteration.
"""

from __future__ import annotations

import functools

import numpy as np
from numba.extending import overload

from .api import Differentiable, grad
from .custom import custom_jvp
from .generation.structured import direct, function_of
from .hints import stop_gradient
from .jacobian import jacfwd
from .jvp import jvp
from .library.pages import RefusedError, known, part, reads_as
from .parsing.makers import with_surroundings


@known
def checked(name, axes):
    """Raise where an argument known when a call is read is not one of `root` or `fixed_point`."""
    if axes > 1:
        what = f"{name}: x0 has {axes} axes"
        raise RefusedError(what, "pass a number, or an array with one axis: x0.ravel()")


@part
def largest(r):
    """Return the largest absolute value."""
    return np.abs(r) if r.ndim == 0 else np.max(np.abs(r))


@part
def slope(f, x, args):
    """Return the derivative of f(x, *args) by x: a number, or the Jacobian."""
    return grad(f)(x, *args) if x.ndim == 0 else np.asarray(jacfwd(f)(x, *args))


@part
def solution(A, b):
    """Return x with A x = b, of numbers as of matrices."""
    return b / A if b.ndim == 0 else np.linalg.solve(A, b)


@custom_jvp
def root_by_newton(f, x0, args, tol, maxiter):
    """Return the root near x0 by Newton's method; steps that do not come nearer are halved."""
    x = 1.0 * x0
    r = np.asarray(f(x, *args))
    size = largest(r)
    tries = 1
    while not size <= tol:
        step = solution(slope(f, x, args), r)
        x = x - step
        r = np.asarray(f(x, *args))
        before = size
        size = largest(r)
        tries += 1
        while not size < before:
            step = 0.5 * step
            x = x + step
            r = np.asarray(f(x, *args))
            size = largest(r)
            tries += 1
            if tries > maxiter:
                raise ValueError("root: Newton's method does not converge")
        if tries > maxiter:
            raise ValueError("root: Newton's method does not converge")
    return x


@root_by_newton.defjvp
def root_rule(primals, tangents):
    """x_dot = -J^-1 f_dot, where f_dot is the derivative of f(x, *args) along the args alone."""
    f, x0, args, tol, maxiter = primals
    x = root_by_newton(f, x0, args, tol, maxiter)
    _, r_dot = jvp(f, (x, *args), (0.0 * x, *tangents[2]))
    return x, -solution(slope(f, x, args), np.asarray(r_dot))


@custom_jvp
def fixed_point_by_iteration(f, x0, args, tol, maxiter):
    """Return where the iteration x = f(x, *args) from x0 comes to rest."""
    x = 1.0 * x0
    change = np.inf
    tries = 0
    while not change <= tol:
        tries += 1
        if tries > maxiter:
            raise ValueError("fixed_point: the iteration does not converge")
        new = np.asarray(f(x, *args))
        change = largest(new - x)
        x = 1.0 * new
    return x


@fixed_point_by_iteration.defjvp
def fixed_point_rule(primals, tangents):
    """(I - J) x_dot = f_dot, where f_dot is the derivative of f(x, *args) along the args alone."""
    f, x0, args, tol, maxiter = primals
    x = fixed_point_by_iteration(f, x0, args, tol, maxiter)
    _, x_dot = jvp(f, (x, *args), (0.0 * x, *tangents[2]))
    J = slope(f, x, args)
    return x, solution(1.0 - J if x.ndim == 0 else np.eye(x.size) - J, np.asarray(x_dot))


def text_of_root(f, x0, *args, tol=1e-10, maxiter=50):
    """Return what `root` returns: read in its place."""
    x0 = np.asarray(x0)
    checked("root", x0.ndim)
    function, around = with_surroundings(f)
    every = (*args, *around)
    # found once: what has derivatives starts from there, forward and on the way back
    x = root_by_newton(function, stop_gradient(x0), stop_gradient(every), tol, maxiter)
    return root_by_newton(function, x, every, tol, maxiter)


def text_of_fixed_point(f, x0, *args, tol=1e-10, maxiter=1000):
    """Return what `fixed_point` returns: read in its place."""
    x0 = np.asarray(x0)
    checked("fixed_point", x0.ndim)
    function, around = with_surroundings(f)
    every = (*args, *around)
    x = fixed_point_by_iteration(function, stop_gradient(x0), stop_gradient(every), tol, maxiter)
    return fixed_point_by_iteration(function, x, every, tol, maxiter)


def _root(f, tol, maxiter):
    def root(x0, args):
        return text_of_root(f, x0, *args, tol=tol, maxiter=maxiter)

    return Differentiable(root)


def _fixed_point(f, tol, maxiter):
    def fixed_point(x0, args):
        return text_of_fixed_point(f, x0, *args, tol=tol, maxiter=maxiter)

    return Differentiable(fixed_point)


def root(f, x0, *args, tol=1e-10, maxiter=50):
    """Return x near x0 where f(x, *args) is zero, with the derivatives of the implicit function theorem.

    Parameters
    ----------
    f : function
        `f(x, *args)` returns a float, or an array like x, or a list or tuple of its numbers.
    x0 : float or float64 array of shape (n,)
        Where Newton's method starts: x does not depend on it.
    *args
        Numbers, arrays, and tuples of them, by which x has derivatives.
    tol : float
        How large the values of f may be, in the end.
    maxiter : int
        How often f may be evaluated.

    Returns
    -------
    float or array of shape (n,)

    Raises
    ------
    ValueError
        If no root is found.
    UnsupportedError
        If x0 has several axes.

    Notes
    -----
    A step of Newton's method takes the Jacobian of f by x (`jacfwd`) and a linear solve; one that does not come nearer
    is halved. Derivatives of any order, in both modes, solve one system more with the Jacobian or its transpose,
    however many steps there were; they are as exact as x is. Inside differentiated
    functions and inside njit it is called as from Python, inside njit with the options left as they are.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> def kepler(E, M, e):
    ...     return E - e * np.sin(E) - M
    >>> def anomaly(M, e):
    ...     return sg.root(kepler, M, M, e)
    >>> round(anomaly(1.0, 0.5), 6), round(sg.grad(anomaly)(1.0, 0.5), 6)
    (1.498701, 1.037362)
    """
    made = direct.get(f, f"root {tol!r} {maxiter!r}", functools.partial(_root, tol=tol, maxiter=maxiter))
    return made(_floats(x0), args)


def fixed_point(f, x0, *args, tol=1e-10, maxiter=1000):
    """Return x = f(x, *args), found by iterating from x0, with the derivatives of the implicit function theorem.

    Parameters
    ----------
    f : function
        `f(x, *args)` returns a float, or an array like x, or a list or tuple of its numbers.
    x0 : float or float64 array of shape (n,)
        Where the iteration starts: x does not depend on it.
    *args
        Numbers, arrays, and tuples of them, by which x has derivatives.
    tol : float
        How large the last change may be.
    maxiter : int
        How often f may be evaluated.

    Returns
    -------
    float or array of shape (n,)

    Raises
    ------
    ValueError
        If the iteration does not come to rest.
    UnsupportedError
        If x0 has several axes.

    Notes
    -----
    Derivatives as for `root`, of x - f(x, *args).

    Examples
    --------
    >>> import srcgrad as sg
    >>> def heron(x, a):
    ...     return 0.5 * (x + a / x)
    >>> def root_of(a):
    ...     return sg.fixed_point(heron, 1.0, a)
    >>> root_of(4.0), sg.grad(root_of)(4.0)
    (2.0, 0.25)
    """
    make = functools.partial(_fixed_point, tol=tol, maxiter=maxiter)
    return direct.get(f, f"fixed_point {tol!r} {maxiter!r}", make)(_floats(x0), args)


def _floats(x0):
    """Return a start as float64."""
    return np.asarray(x0, dtype=np.float64) if np.ndim(x0) else float(x0)


reads_as(root, text_of_root)
reads_as(fixed_point, text_of_fixed_point)


@overload(root, strict=False)
def _root_in_njit(f, x0, *args):
    function = function_of(f)
    if function is None:
        return None
    made = direct.get(function, "root in njit", lambda f: _root(f, 1e-10, 50))
    return lambda f, x0, *args: made(x0, args)


@overload(fixed_point, strict=False)
def _fixed_point_in_njit(f, x0, *args):
    function = function_of(f)
    if function is None:
        return None
    made = direct.get(function, "fixed_point in njit", lambda f: _fixed_point(f, 1e-10, 1000))
    return lambda f, x0, *args: made(x0, args)
