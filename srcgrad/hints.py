"""What a program says about its own derivative: where it stops, where it is printed, what has none.

In a differentiated function these calls are operations of the language; outside they run as what stands here.
"""

from __future__ import annotations

import functools

import numba
import numpy as np
from numba.core import types
from numba.extending import overload

from . import travel


def stop_gradient(x):
    """Return the value of `x`, with derivative zero.

    Parameters
    ----------
    x : float, array, or tuple, namedtuple, list or dict of these
        An array is copied: the result is a value of its own, which later writes into `x` do not change.

    Notes
    -----
    Works in plain Python, in functions that are differentiated, and inside njit code. Higher derivatives through it are
    zero as well.

    Examples
    --------
    >>> import srcgrad as sg
    >>> sg.grad(lambda x: x * sg.stop_gradient(x))(3.0)
    3.0
    """
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, dict):
        return {key: stop_gradient(value) for key, value in x.items()}
    if isinstance(x, tuple | list):
        items = [stop_gradient(item) for item in x]
        if hasattr(x, "_fields"):
            return type(x)(*items)
        return items if isinstance(x, list) else tuple(items)
    return x


def print_grad(x, label=""):
    """Return the value of `x`; where a derivative is computed, its adjoint is printed as it passes here.

    Parameters
    ----------
    x : float or array
        An array is copied: the result is a value of its own.
    label : str
        Text printed before the adjoint; a constant.

    Notes
    -----
    In a loop it prints once for each trip, the last trip first. Nothing is printed where no adjoint arrives: on a path
    that was not taken, or where the result does not depend on it.

    Examples
    --------
    >>> import srcgrad as sg
    >>> def f(x):
    ...     y = sg.print_grad(x * x, "adjoint of y:")
    ...     return 3.0 * y
    >>> sg.grad(f)(2.0)
    adjoint of y: 3.0
    12.0
    """
    return x.copy() if isinstance(x, np.ndarray) else x


def nondifferentiable(f):
    """Return `f`, declared to have no derivative; usable as a decorator.

    Parameters
    ----------
    f : function
        A plain Python function or an njit function with source.

    Returns
    -------
    Nondifferentiable
        Callable as `f` is, from Python and inside njit. Its results are constants of a function that calls it. A value
        that depends on a differentiated argument must not flow into it: that is an error that names the line. Where a
        derivative of zero is meant, say so: `f(stop_gradient(x))`.

    Examples
    --------
    >>> import srcgrad as sg
    >>> @sg.nondifferentiable
    ... def bin_of(t):
    ...     return int(10.0 * t)
    >>> sg.grad(lambda x, t: x * bin_of(t))(2.0, 0.35)
    3.0
    """
    return f if isinstance(f, Nondifferentiable) else Nondifferentiable(f)


class Nondifferentiable:
    """A function that no derivative may flow through; made by `nondifferentiable`."""

    __name__: str
    __qualname__: str

    def __init__(self, f):
        functools.update_wrapper(self, getattr(f, "py_func", f))
        self.__wrapped__ = f

    def __call__(self, *args, **kwargs):
        """Return the value of the function."""
        return self.__wrapped__(*args, **kwargs)

    @functools.cached_property
    def _dispatcher(self):
        f = self.__wrapped__
        return f if hasattr(f, "py_func") else numba.njit(f)

    @property
    def _numba_type_(self):
        return self._dispatcher._numba_type_

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self):
        return travel.reduced(self, self, nondifferentiable, (self.__wrapped__,))

    def __repr__(self):
        return f"<srcgrad nondifferentiable {self.__wrapped__!r}>"


def checkpoint(iterable, schedule="sqrt", every=None, slots=None):
    """Return `iterable`, a loop over which reverse keeps the state of a few trips instead of records of all.

    Parameters
    ----------
    iterable : range or array
        What the loop runs over.
    schedule : {"all", "periodic", "sqrt", "binomial"}
        What is kept. "all": records of every trip, as without `checkpoint`. "periodic": the state after each `every`
        trips; reverse runs each such stretch once more, recording it. "sqrt": the same with `every` the square root of
        the number of trips. "binomial": the state at no more than `slots` trips at a time, placed so that the fewest
        trips are run again.
    every : int
        Trips between two states, for "periodic".
    slots : int
        States kept at a time, for "binomial".

    Notes
    -----
    For n trips, "sqrt" needs memory of the order of sqrt(n) and one more run of the loop. "binomial" with s slots runs
    at most r n trips more, where r is the smallest number with (s + r)! / (s! r!) >= n; no schedule runs fewer (A.
    Griewank and A. Walther, Algorithm 799: revolve, ACM TOMS 26 (2000) 19-45). Checkpointed loops may be nested. The
    value is that of the plain loop, bit by bit. A `break` or `return` cannot leave such a loop, and random
    numbers cannot be drawn in it.

    Examples
    --------
    >>> import srcgrad as sg
    >>> def decay(x, n):
    ...     for i in sg.checkpoint(range(n), schedule="binomial", slots=5):
    ...         x = x - 0.1 * x * x
    ...     return x
    >>> round(sg.grad(decay)(1.0, 1000), 12) == round(sg.grad(lambda x, n: decay(x, n))(1.0, 1000), 12)
    True
    """
    return iterable


def require_constant(name, *values):
    """Do nothing: stands in generated source where values flow into or out of the nondifferentiable function `name`."""


# --- the same inside compiled code ------------------------------------------------------------------------------


@overload(stop_gradient)
def _stop_gradient(x):
    namespace: dict = {}
    exec(f"def impl(x):\n    return {_rebuilt(x, 'x', namespace)}", namespace)
    return namespace["impl"]


def _rebuilt(t, place: str, namespace: dict) -> str:
    """Return the expression of a value of numba type `t` that shares no memory with the one at `place`."""
    if isinstance(t, types.Array):
        return f"{place}.copy()"
    if not isinstance(t, types.BaseTuple):
        return place
    parts = ", ".join(_rebuilt(c, f"{place}[{k}]", namespace) for k, c in enumerate(t))
    if isinstance(t, types.BaseNamedTuple):
        name = f"make_{len(namespace)}"
        namespace[name] = t.instance_class
        return f"{name}({parts})"
    return f"({parts},)" if parts else "()"


@overload(print_grad)
def _print_grad(x, label=""):
    if isinstance(x, types.Array):
        return lambda x, label="": x.copy()
    return lambda x, label="": x


@overload(require_constant)
def _require_constant(name, *values):
    return lambda name, *values: None


@overload(checkpoint)
def _checkpoint(iterable, schedule="sqrt", every=None, slots=None):
    return lambda iterable, schedule="sqrt", every=None, slots=None: iterable
