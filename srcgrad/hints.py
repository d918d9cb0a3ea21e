"""What a program says about its own derivative: where it stops, where it is printed, what has none.

In a differentiated function these calls are operations of the language; outside they run as what stands here.
"""

from __future__ import annotations

import functools

import numba
import numpy as np
from numba.core import types
from numba.extending import overload


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

    def __repr__(self):
        return f"<srcgrad nondifferentiable {self.__wrapped__!r}>"


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
