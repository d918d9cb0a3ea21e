"""An epoch: a pass over minibatches, as a compiled loop that calls the gradient through a pointer."""

from __future__ import annotations

import math
import operator
import threading

import numba
import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from .. import store, tree
from ..api import ValueAndGrad
from .batches import NO_ROWS, arrays_of, require_rows, rows_in, taken
from .clipping import clip_by_norm
from .pointers import Pointer, call
from .stepping import Optimizer, require_state
from .structures import copied, flags, leaves_of

RATES = "there are not as many rates as steps: give one for each minibatch"
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
        Examples along their first axis, as many in each.
    order : sequence of int
        The rows, in the order in which they are taken.
    size : int
        Rows of a minibatch.
    rates : sequence of float
        The learning rate of each step: one for each `size` rows begun.
    args : tuple
        Further arguments of the loss.
    limit : float, optional
        For `clip_by_norm`.
    frozen : structure of bool, optional
        As for `Optimizer.update`.

    Raises
    ------
    IndexError
        If the order has a row that the data do not have.
    ValueError
        If the data have different lengths, a batch has no row, there are more or fewer rates than steps, or the state
        or `frozen` is not one for this optimiser and these parameters.
    TypeError
        If the data or `args` are no tuple, or the order, the size or the rates no numbers of their kind. Inside njit
        code, where sequences are arrays, numba's TypingError.

    Notes
    -----
    Called from Python the loop is compiled, and kept on disk, for the types of all this, whatever the gradient does;
    with dicts, lists or text among it, it runs in Python. Inside njit code it becomes part of that code.
    """
    data, args, size = arrays_of(data), as_tuple(args), batch_size(size)
    order = order_of(order, rows_in(data))
    rates = rates_of(rates, math.ceil(order.size / size))
    frozen = matched(optimizer, params, state, frozen)
    options = data, order, size, rates, args, limit, frozen
    plain = all(map(tree.is_plain, (params, data, args)))
    compiled = isinstance(gradient, ValueAndGrad) or hasattr(gradient, "py_func")
    if numba.config.DISABLE_JIT or not plain or not compiled:
        return epoch(gradient, optimizer, params, state, *options)
    params, state = copied(params), type(state)(state[0], *map(copied, state[1:]))
    kinds = tuple(map(numba.typeof, (params, *taken(data, order[:0]), *args)))

    def run(dispatcher):
        given = (Pointer(dispatcher, kinds), optimizer, params, state, *options)
        return loop_of(tuple(map(numba.typeof, given)))(*given)

    first = [params, *taken(data, order[:size]), *args]
    return gradient.run_compiled(run, first) if isinstance(gradient, ValueAndGrad) else run(gradient)


@register_jitable
def epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    """Return what `run_epoch` does, the gradient called as what it is and the arguments not looked at."""
    total = 0.0
    for k in range(rates.size):
        rows = order[k * size : (k + 1) * size]
        loss, grads = call(gradient, (params,) + taken(data, rows) + args)
        total += loss * rows.size
        if limit is not None:
            grads = clip_by_norm(grads, limit)
        params, state = optimizer.update(params, grads, state, rates[k], frozen)
    return params, state, total / max(order.size, 1)


@register_jitable
def checked_epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    """Return what `run_epoch` does inside njit code."""
    if size < 1:
        raise ValueError(NO_ROWS)
    require_rows(order, rows_in(data))
    if rates.size != (order.size + size - 1) // size:
        raise ValueError(RATES)
    return epoch(gradient, optimizer, params, state, data, order, size, rates, args, limit, frozen)


# --- what is given from Python ------------------------------------------------------------------------------------


def as_tuple(args) -> tuple:
    """Return further arguments as a tuple."""
    if not isinstance(args, tuple | list):
        raise TypeError(f"args is a {type(args).__name__}: give a tuple, (x,) for one argument x")
    return tuple(args) if isinstance(args, list) else args


def whole(number, name: str) -> int:
    """Return a number of rows or epochs, which is an integer."""
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{name} is {number!r}: give an integer") from None


def batch_size(size) -> int:
    """Return the rows of a minibatch."""
    found = whole(size, "size")
    if found < 1:
        raise ValueError(f"size is {found}: a minibatch has at least one row")
    return found


def order_of(order, count: int) -> np.ndarray:
    """Return the numbers of rows, of so many, as an array."""
    rows = np.asarray(order)
    if rows.ndim != 1 or rows.size and rows.dtype.kind not in "iu":
        raise TypeError(f"order is of {rows.dtype} with {rows.ndim} axes: give row numbers, as np.arange({count})")
    for row in (rows.min(), rows.max()) if rows.size else ():
        if not -count <= row < count:
            raise IndexError(f"order has the row {row}, and the data have {count} rows: number them from 0")
    return rows.astype(np.int64, copy=False)


def rates_of(rates, steps: int) -> np.ndarray:
    """Return the learning rates of so many steps as an array."""
    found = np.asarray(rates)
    if found.ndim != 1 or found.size and found.dtype.kind not in "fiu":
        raise TypeError(f"rates is {rates!r}: give one number for each step, as np.full({steps}, 0.1)")
    if found.size != steps:
        raise ValueError(f"there are {found.size} rates for {steps} steps: give one for each minibatch")
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def matched(optimizer, params, state, frozen):
    """Return `frozen` as compiled code takes it; raise where it or the state is not one for these parameters."""
    structure = tree.structure_of(params)
    if isinstance(optimizer, Optimizer):
        require_state(optimizer, state)
        leaves_of(structure, params, *state[1:])
    keep = flags(structure, frozen)
    return frozen if tree.is_plain(frozen) else tree.unflatten(structure, iter(keep))


@overload(run_epoch)
def _run_epoch(gradient, optimizer, params, state, data, order, size, rates, args=(), limit=None, frozen=None):
    return checked_epoch


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
