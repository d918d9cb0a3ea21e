"""Functions with rules of their own: `custom_vjp` and `custom_jvp`, by JAX's names and conventions."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numba

from . import travel


class Custom:
    """A function whose derivative is a rule of its own; callable as the function is, from Python and inside njit."""

    __name__: str
    __qualname__: str

    def __init__(self, f):
        functools.update_wrapper(self, getattr(f, "py_func", f))
        self.__wrapped__ = f
        self.rule: dict[str, Callable] = {}

    @property
    def maker(self) -> str:
        """The name of the decorator."""
        raise NotImplementedError

    @property
    def missing(self) -> str:
        """What has to be called to give the rule."""
        raise NotImplementedError

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
        return travel.reduced(self, self, _remake, (type(self), self.__wrapped__, self.rule))

    def __repr__(self):
        return f"<srcgrad {self.maker} {self.__wrapped__!r}>"


def _remake(cls, f, rule):
    made = cls(f)
    made.rule = rule
    return made


class CustomVjp(Custom):
    """A function with a rule for reverse mode; made by `custom_vjp`."""

    maker, missing = "custom_vjp", "defvjp(fwd, bwd)"

    def defvjp(self, fwd, bwd):
        """Give the rule: two functions in Python and NumPy.

        Parameters
        ----------
        fwd : function
            Takes the arguments of the function; returns a pair of its value and the residuals: numbers, arrays, None,
            and tuples of these, in whatever structure `bwd` expects.
        bwd : function
            Takes the residuals and the adjoint of the value, in its structure; returns a tuple with one adjoint for
            each argument, of its structure, shape and dtype. None is an adjoint of zero, and that of an integer.
        """
        self.rule = {"forward": fwd, "backward": bwd}


class CustomJvp(Custom):
    """A function with a rule for forward mode, which reverse mode transposes; made by `custom_jvp`."""

    maker, missing = "custom_jvp", "defjvp(jvp)"

    def defjvp(self, jvp):
        """Give the rule: a function in Python and NumPy; usable as a decorator.

        Parameters
        ----------
        jvp : function
            Takes the tuple of the arguments and the tuple of their tangents, which are zero where there is none;
            returns a pair of the value and its tangent, which must be linear in the tangents.
        """
        self.rule = {"tangent": jvp}
        return jvp


def custom_vjp(f):
    """Return `f` with a rule for reverse mode, given by `f.defvjp(fwd, bwd)`; usable as a decorator.

    Parameters
    ----------
    f : function
        A plain Python function or an njit function with source.

    Returns
    -------
    CustomVjp
        Callable as `f` is, from Python and inside njit. Where a function that calls it is differentiated in reverse
        mode, `fwd` is called in its place, and `bwd` on the way back. Forward mode refuses it.

    Notes
    -----
    The rule is parsed and compiled as any function, and a further derivative differentiates `fwd` and `bwd`. Where
    `fwd` calls `f`, that call has the rule again.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> @sg.custom_vjp
    ... def clipped(x, limit):
    ...     return x
    >>> def forward(x, limit):
    ...     return x, limit
    >>> def backward(limit, bar):
    ...     return np.minimum(np.maximum(bar, -limit), limit), None
    >>> clipped.defvjp(forward, backward)
    >>> sg.grad(lambda x: clipped(x, 1.0) ** 3)(2.0)
    1.0
    """
    return CustomVjp(f)


def custom_jvp(f):
    """Return `f` with a rule for both modes, given by `f.defjvp(jvp)`; usable as a decorator.

    Parameters
    ----------
    f : function
        A plain Python function or an njit function with source.

    Returns
    -------
    CustomJvp
        Callable as `f` is, from Python and inside njit. In forward mode `jvp` is called in its place; in reverse mode
        the reverse of `jvp` by the tangents, in which it is linear.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> @sg.custom_jvp
    ... def softplus(x):
    ...     return np.logaddexp(0.0, x)
    >>> @softplus.defjvp
    ... def softplus_jvp(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return softplus(x), x_dot / (1.0 + np.exp(-x))
    >>> sg.grad(softplus)(0.0), sg.jvp(softplus, (0.0,), (1.0,))[1]
    (0.5, 0.5)
    """
    return CustomJvp(f)
