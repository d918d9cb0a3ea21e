"""Functions of batches, from Python and inside njit."""

from __future__ import annotations

import functools
from dataclasses import replace

from .api import Transformed
from .errors import ArgumentError, Problem
from .generation.batch_axes import WAYS, Options
from .generation.structured import Structured
from .language.repeats import ANYWHERE, NOWHERE, Repeats
from .parsing.makers import OF_FUNCTION, maker, surroundings_noted


class Vmap(Structured):
    """A compiled function of batches; made by `vmap`."""

    _transform, _title, _as_given = "vmap", "Batches", False

    def __init__(self, f, options: Options, boundscheck=None):
        self._options = options
        self._fewer: dict[tuple, Vmap] = {}
        super().__init__(f, (), boundscheck)
        self._argnums = options  # what it is made of again, in another process
        if isinstance(f, Transformed):
            self.__name__ = f"{f.__name__}_vmap"
        self._options = self._argnums = replace(options, in_axes=self._in_axes(options.in_axes))

    def __call__(self, *args, **kwargs):
        """Return the results for a batch; of an argument that is left out, the default goes to every item."""
        if len(args) + len(kwargs) < self._count and isinstance(self._options.in_axes, int):
            return self._left_out(len(args), tuple(sorted(kwargs)))(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def _left_out(self, count: int, names: tuple[str, ...]) -> Vmap:
        """Return the same function where only some of its arguments, by position and by name, come in batches."""
        key = count, names
        if key not in self._fewer:
            o = self._options
            params = enumerate(self._signature.parameters)
            axes = tuple(o.in_axes if k < count or name in names else None for k, name in params)
            self._fewer[key] = Vmap(self._unwrapped, replace(o, in_axes=axes), self._boundscheck)
        return self._fewer[key]

    def _in_axes(self, given):
        """Return an axis or None for each parameter: what a function defined inside takes from around has none."""
        around, defaults = surroundings_noted(self._unwrapped)
        params = [p for p in self._signature.parameters.values() if p.name not in around]
        if isinstance(given, tuple | list) and len(given) == len(params) + len(around):
            return tuple(given)
        if isinstance(given, tuple | list):
            rest = params[len(given) :]
            if len(given) > len(params) or any(p.default is p.empty and p.name not in defaults for p in rest):
                what = f"in_axes has {len(given)} items for {len(params)} arguments"
                raise ArgumentError(Problem(what, f"give an axis or None for each of {[p.name for p in params]}"))
            return *given, *(None for _ in rest), *(None for _ in around)
        return (*(given for _ in params), *(None for _ in around)) if around else given

    def generated(self, kinds, structures, repeats: Repeats = NOWHERE, whole=False):
        """Return (generated function, structure of its result), for one core: what is differentiated further."""
        if not self._options.apart:
            return as_calls_on_one_core(self).generated(kinds, structures, repeats, whole)
        return super().generated(kinds, structures, ANYWHERE if repeats.axes else repeats, whole)


def as_calls_on_one_core(f: Vmap) -> Vmap:
    """Return the same function as calls for each item, without a loop on several cores."""
    o = f._options
    return Vmap(f._unwrapped, Options(o.in_axes, o.out_axes, o.reduce, apart=True), f._boundscheck)


@maker(OF_FUNCTION)
def vmap(f=None, in_axes=0, out_axes=0, *, reduce=None, parallel=False, boundscheck=None):
    """Return a function that evaluates `f` for each item of batches of its arguments.

    Parameters
    ----------
    f : function
        Takes one item of each batch. A plain function, or a derivative: `grad(f)`, `value_and_grad(f)`, `jvp(f)`, ...
    in_axes : int, None, or a tuple of these with an item for each argument
        The axis along which the items of an argument lie; None passes the argument whole to every item. For an argument
        with parts, one axis for all, or a structure of axes. The default of one that is left out goes to every item.
    out_axes : int, or a structure of these like the result
        The axis along which the items of a result will lie.
    reduce : {None, "sum", "mean"}
        Whether the results are added up: the gradient of a batch without an array of the gradients of its items.
    parallel : bool
        Whether the loop runs on all cores that numba has (`numba.set_num_threads`). The batch is cut into parts, each
        with sums of its own that are added in order: the bits are the same on any number of cores.
    boundscheck : bool, optional
        Whether an index outside its array raises IndexError; by default as `f` was made, and True for a plain one.

    Returns
    -------
    Vmap
        Takes the arguments of `f`; returns the result of `f`, its numbers and arrays with an axis more, or summed.

    Raises
    ------
    ArgumentError
        If axes do not fit the arguments, or what is to be added up is no float.
    KindError
        If an argument does not have the axis given for it.
    ValueError
        If batches have different lengths, items of a result different shapes, or an empty batch has no result.
    UnsupportedError
        With `parallel`, if `f` draws random numbers.

    Notes
    -----
    A loop in generated source around the function: items are computed one after the other, without arrays of what is in
    between. So a function of array operations for the whole batch can be faster, and needs more memory.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> def loss(w, x, y):
    ...     return (w @ x - y) ** 2
    >>> per_sample = sg.vmap(sg.grad(loss), in_axes=(None, 0, 0))
    >>> per_sample(np.ones(2), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2.0, 7.0]))
    array([[2., 4.],
           [0., 0.]])
    """
    if reduce not in WAYS:
        raise ArgumentError(Problem(f"reduce={reduce!r}", 'write "sum" or "mean", or leave it out'))
    options = Options(in_axes, out_axes, reduce, bool(parallel))
    if f is None:
        return functools.partial(Vmap, options=options, boundscheck=boundscheck)
    return Vmap(f, options, boundscheck)
