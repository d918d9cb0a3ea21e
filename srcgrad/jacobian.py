"""Jacobians and Hessians, from Python and inside njit."""

from __future__ import annotations

import functools
from dataclasses import fields, is_dataclass

import numpy as np

from . import tree
from .api import Derivative
from .generation.entry import Arguments
from .generation.layouts import Layout, with_arguments
from .generation.structured import Structured
from .language.repeats import ANYWHERE, NOWHERE, Repeats
from .parsing.makers import OF_FUNCTION, maker


class JacFwd(Structured, Derivative):
    """A compiled function that returns Jacobians in forward mode; made by `jacfwd`."""

    _transform, _title = "jacfwd", "Jacobian in forward mode"


class JacRev(Structured, Derivative):
    """A compiled function that returns Jacobians in reverse mode; made by `jacrev`."""

    _transform, _title = "jacrev", "Jacobian in reverse mode"


class OneMode(Structured, Derivative):
    """A Jacobian whose mode is chosen when it is generated."""

    _transform, _title = "one_mode", "Jacobian"


class Jacobian(Structured, Derivative):
    """A compiled function that returns Jacobians in the cheaper mode; made by `jacobian`.

    Called from Python it chooses by the sizes of the arguments, once for each, and one mode is written and compiled.
    """

    _transform, _title = "jacobian", "Jacobian"

    def __init__(self, f, argnums=0, boundscheck=None):
        super().__init__(f, argnums, boundscheck)
        self._modes: dict[bool, Derivative] = {}
        self._chosen: dict[tuple, Derivative] = {}

    def __call__(self, *args, **kwargs):
        """Return the Jacobians."""
        if kwargs or len(args) != self._count:
            args = self._bind(args, kwargs)
        return self._called(args)(*args)

    def _called(self, args) -> Derivative:
        key = tuple(map(_sizes, args))
        found = self._chosen.get(key)
        if found is None:
            if len(self._chosen) >= KEPT:
                self._chosen.clear()
            found = self._chosen[key] = self._mode(self._forward(args))
        return found

    def _forward(self, args) -> bool:
        """Return whether forward mode takes less time for such arguments."""
        return with_arguments(self._base, args, None, self._tells_forward)

    def _tells_forward(self, given: Arguments, digest: str) -> bool:
        """Return what the choice says for arguments taken apart."""
        starts = np.cumsum([0, *map(tree.count, given.structures)])
        wrt = tuple(int(k) for p in self._positions for k in range(starts[p], starts[p + 1]))
        (tells,) = CHOICES.get(self._base, given, wrt, ANYWHERE, digest).functions
        try:
            return bool(tells(*given.flat))
        except (ArithmeticError, LookupError, ValueError):
            return True  # the mode that is called raises it with its line

    def _mode(self, forward: bool) -> Derivative:
        with self._lock:
            if forward not in self._modes:
                kind = JacFwd if forward else JacRev
                self._modes[forward] = kind(self._unwrapped, self._argnums, self._boundscheck)
            return self._modes[forward]

    def _compiled(self):
        return [*super()._compiled(), *(e for mode in self._modes.values() for e in mode._compiled())]

    def generated(self, kinds, structures, repeats: Repeats = NOWHERE, whole=False):
        """Return (generated function, structure of its result): what is differentiated further has one mode."""
        return OneMode(self._base, self._argnums, self._boundscheck).generated(kinds, structures, repeats, whole)


def _sizes(value):
    """Return what the number of entries of an argument follows from: its structure with the shape of each array."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, dict):
        return tuple((k, _sizes(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return "items", *map(_sizes, value)
    if isinstance(value, int):
        return "int", value
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), *(_sizes(getattr(value, f.name)) for f in fields(value))
    return type(value)


CHOICES = Layout("cheaper", compiled=False)
# sizes of arguments for which an object remembers its choice
KEPT = 1000


class Hessian(JacFwd):
    """A compiled function that returns second derivatives, forward over reverse; made by `hessian`."""

    _transform, _title = "hessian", "Hessian"


@maker(OF_FUNCTION)
def jacobian(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the Jacobian of `f`.

    Parameters
    ----------
    f : function
        Returns a number, an array, or a tuple, namedtuple, list or dict of these.
    argnums : int, str or tuple of these
        The arguments to differentiate by, as positions or names. One alone gives one Jacobian, a tuple a tuple.
    boundscheck : bool, optional
        Whether an index outside its array raises IndexError; by default as `f` was made, and True for a plain one.

    Returns
    -------
    Jacobian
        Takes the arguments of `f`. In the structure of its result, each number or array is replaced by the structure of
        the arguments differentiated by, and each leaf of that is an array whose shape is that of the result followed
        by that of the argument.

    Raises
    ------
    ArgumentError
        If an argument named is an integer, or `f` returns no float.
    UnsupportedError
        If `f` uses something outside the language; with every line.

    Notes
    -----
    `jacfwd` costs one evaluation of `f` for every 16 entries of the arguments, and half of one to one for each;
    `jacrev` one evaluation, and the reverse of one for each entry of the result. This one calls `jacfwd` where the
    arguments have at most eight times as many entries as the result (twice, if `f` has no loops), else `jacrev`. One of
    them is written and compiled; inside njit code both are, where sizes decide.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> def polar(x):
    ...     return np.array([x[0] * np.cos(x[1]), x[0] * np.sin(x[1])])
    >>> sg.jacobian(polar)(np.array([2.0, 0.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    if f is None:
        return functools.partial(jacobian, argnums=argnums, boundscheck=boundscheck)
    return Jacobian(f, argnums, boundscheck)


@maker(OF_FUNCTION)
def jacfwd(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the Jacobian of `f` in forward mode: best for few arguments and many results.

    Parameters, result and errors as for `jacobian`; a function that draws random numbers is refused, since it would be
    run several times.

    Examples
    --------
    >>> import srcgrad as sg
    >>> sg.jacfwd(lambda x, y: (x * y, x), argnums=("x", "y"))(2.0, 3.0)
    ((3.0, 2.0), (1.0, 0.0))
    """
    if f is None:
        return functools.partial(jacfwd, argnums=argnums, boundscheck=boundscheck)
    return JacFwd(f, argnums, boundscheck)


@maker(OF_FUNCTION)
def jacrev(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the Jacobian of `f` in reverse mode: best for many arguments and few results.

    Parameters, result and errors as for `jacobian`. Of a function that returns one number it is the gradient.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> sg.jacrev(lambda x: np.array([x[0] * x[1], np.sum(x)]))(np.array([2.0, 3.0, 4.0]))
    array([[3., 2., 0.],
           [1., 1., 1.]])
    """
    if f is None:
        return functools.partial(jacrev, argnums=argnums, boundscheck=boundscheck)
    return JacRev(f, argnums, boundscheck)


@maker(OF_FUNCTION)
def hessian(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the Hessian of `f`: `jacfwd(jacrev(f, argnums), argnums)`.

    Parameters
    ----------
    f : function
        Returns one float, or arrays, of each entry of which there is a Hessian.
    argnums : int, str or tuple of these
        The arguments to differentiate by.
    boundscheck : bool, optional
        As for `jacobian`.

    Returns
    -------
    Hessian
        Takes the arguments of `f`. In the structure of the Jacobian (of the gradient, where `f` returns a number) each
        leaf is replaced by the structure of the arguments differentiated by; shapes are those of result, first and
        second argument, one behind the other.

    Notes
    -----
    Cost: that of the gradient for every 16 entries of the arguments, and one to two times that for each. The product
    with one direction is `hvp`, at that cost once.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> sg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """
    if f is None:
        return functools.partial(hessian, argnums=argnums, boundscheck=boundscheck)
    return Hessian(JacRev(f, argnums, boundscheck), argnums, boundscheck)
