"""Pullbacks: the value of a function and the compiled reverse of that one evaluation."""

from __future__ import annotations

import threading

import numpy as np

from . import entry, generate, store, tree, warned
from .api import Differentiable, worded
from .errors import BROADCAST, ArgumentError, Problem


class Pullback:
    """The reverse of one evaluation: maps the adjoint of the result to the adjoints of the arguments.

    It keeps references to arrays of the evaluation: do not write into the arguments while it is in use.
    """

    def __init__(self, backward, residuals, result, args, wrt, name):
        self._backward, self._residuals, self._result = backward, residuals, result
        self._args, self._wrt, self._name = args, wrt, name

    def __call__(self, out_bar):
        """Return one adjoint per argument, None for integers; `out_bar` has the structure of the result."""
        flat = [np.asarray(b, dtype=float) if r else float(b)
                for b, r in zip(tree.leaves(self._result[0], out_bar), self._result[1], strict=True)]  # fmt: skip
        for bar, shape in zip(flat, self._result[2], strict=True):
            if np.shape(bar) != shape:
                raise ArgumentError(Problem(f"the adjoint has shape {np.shape(bar)}, the result {shape}",
                                            "give an adjoint of the result's shape"))  # fmt: skip
        bars = dict(zip(self._wrt, self._backward(self._residuals, *flat), strict=True))
        structures, count = self._args
        found = iter([bars.get(k) for k in range(count)])
        return tuple(tree.unflatten(s, found) for s in structures)

    def __repr__(self):
        return f"<srcgrad pullback of {self._name}>"


class _Pairs:
    """The compiled (forward, backward) pairs of functions, by function and argument kinds."""

    def __init__(self):
        self.made: dict = {}
        self.lock = threading.RLock()

    def get(self, f, structures, kinds, stretch):
        base = f._base if isinstance(f, Differentiable) else f
        boundscheck = getattr(f, "_boundscheck", True)
        digest = entry.function_digest(base)
        key = (digest, tuple(map(tree.describe, structures)), kinds, stretch, boundscheck)
        with self.lock:
            if key not in self.made:
                self.made[key] = self.make(base, digest, structures, kinds, stretch, boundscheck)
            return self.made[key]

    def make(self, base, digest, structures, kinds, stretch, boundscheck):
        name = getattr(base, "__name__", "function").replace("<lambda>", "function")
        params = tuple(entry.parameters(base).parameters)
        request = entry.Request(base, name, "pair", (), False, params, digest, structures, stretch, boundscheck)
        wrt = tuple(k for k, kind in enumerate(kinds) if kind.is_float)
        label, build = generate.builder(request, kinds, structures, wrt)
        key = store.digest("pair", store.package_digest(), digest, repr([str(k) for k in kinds]),
                           repr([tree.describe(s) for s in structures]), repr((stretch, boundscheck)))  # fmt: skip
        module, result = generate.module_for(label, key, build)
        warned.warn(generate.pitfalls_of(module))
        forward, backward = (entry.compiled(getattr(module, n), module) for n in module.NAMES)
        return forward, backward, result, wrt, module


_pairs = _Pairs()


def vjp(f, *args):
    """Return `(out, pullback)`: the value of `f` and the function that pulls an adjoint of it back to the arguments.

    Parameters
    ----------
    f : function
        May return a number, an array, or a tuple of these.
    *args
        Its arguments: numbers, arrays, tuples, namedtuples, dicts and lists of them.

    Returns
    -------
    out
        `f(*args)`.
    pullback : Pullback
        Takes an adjoint of `out` (same structure and shapes); returns a tuple with one adjoint per argument, None for
        arguments that are integers.

    Examples
    --------
    >>> import srcgrad as sg
    >>> out, pullback = sg.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    base = f._base if isinstance(f, Differentiable) else f
    given = entry.arguments_of(entry.parameters(base), args)
    structures, flat, kinds = given.structures, given.flat, given.kinds
    try:
        forward, backward, result, wrt, _ = _pairs.get(f, structures, kinds, False)
        *outs, residuals = forward(*flat)
    except IndexError as e:
        raise worded(e) from None
    except ValueError as e:
        if not (e.args and e.args[0] == BROADCAST):
            raise worded(e) from None
        forward, backward, result, wrt, _ = _pairs.get(f, structures, kinds, True)
        try:
            *outs, residuals = forward(*flat)
        except ValueError as again:
            raise worded(again) from None
    outs = [o.copy() if isinstance(o, np.ndarray) else o for o in outs]
    shapes = [np.shape(o) for o in outs]
    described = (result, [isinstance(o, np.ndarray) for o in outs], shapes)
    name = getattr(base, "__name__", "function")
    return tree.unflatten(result, iter(outs)), Pullback(
        backward, residuals, described, (structures, len(flat)), wrt, name
    )


__all__ = ["Pullback", "vjp"]
