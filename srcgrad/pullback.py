"""Pullbacks: the value of a function and the compiled reverse of that one evaluation."""

from __future__ import annotations

import numpy as np

from . import tree
from .errors import ArgumentError, Problem
from .generation.callables import base_of, with_text
from .generation.digests import function_digest
from .generation.entry import Arguments
from .generation.generate import visible
from .generation.layouts import PAIRS, float_leaves, with_arguments
from .language.listing import Source
from .language.repeats import Repeats
from .parsing.makers import PULLBACK, maker


class Pullback:
    """The reverse of one evaluation: maps the adjoint of the result to the adjoints of the arguments.

    It keeps references to arrays of the evaluation: do not write into the arguments while it is in use.
    """

    is_pullback = True

    def __init__(self, backward, residuals, result, args, wrt, name):
        self._backward, self._residuals, self._result = backward, residuals, result
        self._args, self._wrt, self._name = args, wrt, name

    def __call__(self, out_bar):
        """Return one adjoint per argument, None for integers.

        `out_bar` has the structure of the result; None stands for zero, as for an integer.
        """
        structure, dtypes, shapes = self._result
        try:
            given = list(tree.leaves(structure, out_bar))
            full = [np.asarray(np.zeros(n) if b is None else b, t or float)
                    for b, n, t in zip(given, shapes, dtypes, strict=True)]  # fmt: skip
        except (TypeError, ValueError, KeyError, AttributeError):
            raise ArgumentError(Problem("the adjoint does not have the structure of the result, or is no number",
                                        "give the same structure, with None for zero")) from None  # fmt: skip
        for bar, shape in zip(full, shapes, strict=True):
            if bar.shape != shape:
                raise ArgumentError(Problem(f"the adjoint has shape {bar.shape}, the result {shape}",
                                            "give an adjoint of the result's shape"))  # fmt: skip
        flat = [float(bar) if t is None else bar for bar, t in zip(full, dtypes, strict=True)]
        bars = dict(zip(self._wrt, self._backward(self._residuals, *flat), strict=True))
        structures, count = self._args
        found = iter([bars.get(k) for k in range(count)])
        return tuple(tree.unflatten(s, found) for s in structures)

    @property
    def source(self) -> Source:
        """The source of both parts: the forward one, which gives the value and what it keeps, and the reverse."""
        backward = getattr(self._backward, "py_func", self._backward)
        return Source(visible(backward.__globals__["__srcgrad_text__"]))

    def __repr__(self):
        return f"<srcgrad pullback of {self._name}>"


def _generated(f, kinds, structures, count: int, repeats: Repeats):
    """Return (forward part, backward part, structure of the result, leaves with adjoints) for a call that is read.

    Only leaves of the first `count` arguments have adjoints.
    """
    given = Arguments(structures, [], kinds)
    wrt = float_leaves(given, range(count))
    if not wrt:
        raise ArgumentError(Problem("no argument is a float", "pass one as a float"))
    made = PAIRS.get(f, given, wrt, repeats, function_digest(base_of(f)))
    return *made.functions, made.result, wrt


@maker(PULLBACK)
def vjp(f, /, *args, **kwargs):
    """Return `(out, pullback)`: the value of `f` and the function that pulls an adjoint of it back to the arguments.

    Parameters
    ----------
    f : function
        May return a number, an array, or a tuple of these.
    *args, **kwargs
        Its arguments: numbers, arrays, tuples, namedtuples, dicts and lists of them.

    Returns
    -------
    out
        `f(*args, **kwargs)`.
    pullback : Pullback
        Takes an adjoint of `out` (same structure and shapes); returns a tuple with one adjoint per parameter, None for
        those that are integers. Its `source` is the generated text.

    Examples
    --------
    >>> import srcgrad as sg
    >>> out, pullback = sg.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    f = with_text(f)
    return with_arguments(f, args, kwargs, lambda given, digest: _evaluated(f, given, digest))


def _evaluated(f, given: Arguments, digest: str):
    """Return the value at arguments, and the pullback of this evaluation."""
    wrt = float_leaves(given, range(len(given.structures)))

    def forward(made):
        *outs, residuals = made.functions[0](*given.flat)
        return made, outs, residuals

    made, outs, residuals = PAIRS.run(f, given, wrt, forward, digest)
    outs = [o.copy() if isinstance(o, np.ndarray) else o for o in outs]
    shapes = [np.shape(o) for o in outs]
    described = (made.result, [_adjoint_dtype(o) if isinstance(o, np.ndarray) else None for o in outs], shapes)
    name = getattr(f, "__name__", "function")
    structures = tuple(map(tree.without_integers, given.structures))
    pullback = Pullback(made.functions[1], residuals, described, (structures, len(given.flat)), wrt, name)
    return tree.unflatten(made.result, iter(outs)), pullback


def _adjoint_dtype(out: np.ndarray) -> np.dtype:
    """Return the dtype of the adjoint of an array: its own, of one of integers that of floats."""
    return out.dtype if np.issubdtype(out.dtype, np.floating) else np.dtype(float)


vjp.generated = _generated

__all__ = ["Pullback", "vjp"]
