"""Adam on those rows of a table that a batch has read: all other rows, and their moments, stay as they are."""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import overload_method

from .optimizers import Adam, AdamState, adam
from .stepping import SHAPES, not_its_state, require_floats, require_state
from .structures import is_left_out

ROWS = "give the numbers of the rows read, an array of int"


class SparseAdam(Adam):
    """Adam for tables of which a step reads a few rows: `update_rows` applies the rule of `Adam` at these alone.

    The moments of a row do not decay in steps that do not read it; the bias is corrected for all steps made, as in
    PyTorch's SparseAdam. `init`, and `update` with a gradient of the whole table, are those of `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> from srcgrad import train
    >>> words, optimizer = np.array([2, 0, 2]), train.SparseAdam(lr=0.1)
    >>> table = np.zeros((4, 2))
    >>> table, state = optimizer.update_rows(table, words, np.ones((3, 2)), optimizer.init(table))
    >>> table[:, 0].round(6).tolist()
    [-0.1, 0.0, -0.1, 0.0]
    """

    __slots__ = ()

    def update_rows(self, table, rows, grads, state, lr=None):
        """Return (table, state) after one step; the arguments stay as they are, the whole table is copied.

        Parameters
        ----------
        table : array of shape (vocabulary, ...)
            C-contiguous, of floats.
        rows : array of int
            The rows read, in any shape; from Python also lists. The gradients of rows that are repeated are summed.
        grads : array of shape (*rows.shape, *table.shape[1:])
            The gradient of the loss by what was read: by `table[rows]`.
        state : AdamState
            What `init` or the last step returned.
        lr : float, optional
            The learning rate of this step; by default that of the optimiser.

        Raises
        ------
        IndexError
            If there is no such row.
        ValueError
            If `grads` has another shape, or the state is that of another optimiser.
        TypeError
            If rows are no integers, or the table is not one of floats; inside njit code numba's TypingError.
        """
        require_state(self, state)
        table, state = table.copy(), AdamState(state.step, state.m.copy(), state.v.copy())
        return table, self.update_rows_in_place(table, rows, grads, state, lr)

    def update_rows_in_place(self, table, rows, grads, state, lr=None):
        """Return the state after one step, which is written into the rows of `table` and of the moments.

        Arguments and errors as for `update_rows`; no other row is looked at.
        """
        require_state(self, state)
        require_floats(table)
        return adam_at_rows(table, row_numbers(rows), np.asarray(grads), state, self[0] if lr is None else lr, self)


def row_numbers(rows) -> np.ndarray:
    """Return an array of rows, which is what lists are made; raise where they are no integers."""
    numbers = np.asarray(rows)
    if numbers.size == 0:
        return numbers.astype(np.int64)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"rows are of {numbers.dtype}: {ROWS}")
    return numbers


@njit
def adam_at_rows(table, rows, grads, state, lr, optimizer):
    """Return the state after a step of Adam that is written into some rows of the table and its moments."""
    count = table.shape[0]
    if rows.shape + table.shape[1:] != grads.shape:
        raise ValueError(SHAPES)
    if rows.size == 0:
        return AdamState(state.step + 1, state.m, state.v)
    given, where = rows.flatten(), np.empty(rows.size, np.int64)
    for k in range(where.size):
        if given[k] < -count or given[k] >= count:
            raise IndexError("a row is not in the table: number the rows from 0")
        where[k] = np.int64(given[k]) % count  # wide: the number of rows may be none of the given dtype
    size, step = table.size // count, state.step + 1
    w, g = table.reshape((count, size)), grads.ravel().reshape((where.size, size))
    m, v = state.m.reshape((count, size)), state.v.reshape((count, size))
    order = np.argsort(where, kind="mergesort")
    total = np.empty(size, table.dtype)
    k = 0
    while k < order.size:
        row = where[order[k]]
        total[:] = 0.0
        while k < order.size and where[order[k]] == row:
            total += g[order[k]]
            k += 1
        adam(w[row], total, m[row], v[row], step, lr, optimizer.beta1, optimizer.beta2, optimizer.eps)
    return AdamState(step, state.m, state.v)


# --- the same inside compiled code --------------------------------------------------------------------------------


def _require_types(self, rows, state):
    if not isinstance(rows, types.Array) or not isinstance(rows.dtype, types.Integer):
        raise TypingError(f"rows are of type {rows}: {ROWS}")
    if not isinstance(state, types.BaseNamedTuple) or state.instance_class is not AdamState:
        raise TypingError(not_its_state(self.instance_class, state))


@overload_method(types.BaseNamedTuple, "update_rows_in_place")
def _update_rows_in_place(self, table, rows, grads, state, lr=None):
    if not issubclass(self.instance_class, SparseAdam):
        return None
    _require_types(self, rows, state)
    if is_left_out(lr):
        return lambda self, table, rows, grads, state, lr=None: adam_at_rows(table, rows, grads, state, self.lr, self)
    return lambda self, table, rows, grads, state, lr=None: adam_at_rows(table, rows, grads, state, lr, self)


@overload_method(types.BaseNamedTuple, "update_rows")
def _update_rows(self, table, rows, grads, state, lr=None):
    if not issubclass(self.instance_class, SparseAdam):
        return None
    _require_types(self, rows, state)

    def impl(self, table, rows, grads, state, lr=None):
        new = table.copy()
        copy = AdamState(state.step, state.m.copy(), state.v.copy())
        return new, self.update_rows_in_place(new, rows, grads, copy, lr)

    return impl
