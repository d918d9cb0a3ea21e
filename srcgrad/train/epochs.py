"""An epoch: a pass over minibatches, as a compiled loop that calls the gradient through a pointer."""

from __future__ import annotations

import threading

import numba
from numba.core import types
from numba.extending import overload, register_jitable

from .. import store, tree
from ..api import ValueAndGrad
from .batches import take_rows
from .clipping import clip_by_norm
from .pointers import Pointer, call
from .structures import copied

_loops: dict = {}
_lock = threading.Lock()


def run_epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    """Return (params, state, mean loss) after one pass over some rows; from Python and inside njit code.

    Parameters
    ----------
    gradient : ValueAndGrad
        gradient(params, *rows of data, *args) is the mean loss of a minibatch, and its gradient by the parameters.
    optimizer : Optimizer
    params, state : structures
        Parameters, and what `optimizer.init` or the last step returned; they stay as they are.
    data : tuple of arrays
        Examples along their first axis.
    order : array of int
        The rows, in the order in which they are taken.
    size : int
        Rows of a minibatch.
    rates : array of float
        The learning rate of each step: one for each `size` rows begun.
    args : tuple
        Further arguments of the loss.
    limit : float, optional
        For `clip_by_norm`.
    frozen : structure of bool, optional
        As for `Optimizer.update`.

    Notes
    -----
    Called from Python the loop is compiled, and kept on disk, for the types of all this, whatever the gradient does;
    with dicts, lists or text among it, it runs in Python. Inside njit code it becomes part of that code.
    """
    options = data, order, size, rates, args, limit, frozen
    plain = all(map(tree.is_plain, (params, data, args)))
    compiled = isinstance(gradient, ValueAndGrad) or hasattr(gradient, "py_func")
    if numba.config.DISABLE_JIT or not plain or not compiled:
        return epoch(gradient, optimizer, params, state, *options)
    params, state = copied(params), type(state)(state[0], *map(copied, state[1:]))
    kinds = tuple(map(numba.typeof, (params, *take_rows(data, order[:0]), *args)))

    def run(dispatcher):
        given = (Pointer(dispatcher, kinds), optimizer, params, state, *options)
        return loop_of(tuple(map(numba.typeof, given)))(*given)

    first = [params, *take_rows(data, order[:size]), *args]
    return gradient.run_compiled(run, first) if isinstance(gradient, ValueAndGrad) else run(gradient)


@register_jitable
def epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    """Return what `run_epoch` does, the gradient called as what it is."""
    total = 0.0
    for k in range(rates.size):
        rows = order[k * size : (k + 1) * size]
        loss, grads = call(gradient, (params,) + take_rows(data, rows) + args)
        total += loss * rows.size
        if limit is not None:
            grads = clip_by_norm(grads, limit)
        params, state = optimizer.update(params, grads, state, rates[k], frozen)
    return params, state, total / max(order.size, 1)


@overload(run_epoch)
def _run_epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    return epoch


TEXT = '''"""An epoch: a pass over minibatches."""
from srcgrad.train.epochs import epoch


def run_epoch(gradient, optimizer, params, state, data, order, size, rates, args, limit, frozen):
    return epoch(gradient, optimizer, params, state, data, order, size, rates, args, limit, frozen)
'''


def loop_of(kinds: tuple):
    """Return the compiled loop for arguments of these types, kept on disk where another process can name the types."""
    with _lock:
        if kinds not in _loops:
            module = store.publish("epoch", store.digest("epoch", store.package_digest(), repr(kinds)), TEXT)
            cached = module.__srcgrad_cached__ and all(map(_is_importable, kinds))
            _loops[kinds] = store.guard(numba.njit(cache=cached)(module.run_epoch))
        return _loops[kinds]


def _is_importable(kind) -> bool:
    """Return whether another process finds the classes of the namedtuples in a type."""
    if isinstance(kind, types.BaseNamedTuple) and kind.instance_class.__module__ == "__main__":
        return False
    return not isinstance(kind, types.BaseTuple) or all(map(_is_importable, kind))
