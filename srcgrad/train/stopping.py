"""Early stopping: the best parameters are kept, and training ends where they do not get better."""

from __future__ import annotations

import math
from collections import namedtuple

from .structures import copied

StoppingState = namedtuple("StoppingState", "best waited params")


class EarlyStopping(namedtuple("EarlyStopping", "patience least", defaults=(10, 0.0))):
    """Stop after `patience` values in a row that were not better than the best one by more than `least`.

    Small values are good. As for optimisers, `init` and `update` are pure.

    L. Prechelt, Early stopping - but when?, in Neural Networks: Tricks of the Trade (1998).

    Examples
    --------
    >>> from srcgrad import train
    >>> stopping = train.EarlyStopping(patience=2)
    >>> state = stopping.init(0)
    >>> for params, value in enumerate([3.0, 1.0, 2.0, 1.5, 0.0]):
    ...     state = stopping.update(state, value, params)
    ...     if stopping.stops(state):
    ...         break
    >>> state
    StoppingState(best=1.0, waited=2, params=1)
    """

    __slots__ = ()

    def init(self, params) -> StoppingState:
        """Return the state before the first value; it keeps a copy of the parameters."""
        return StoppingState(math.inf, 0, copied(params))

    def update(self, state: StoppingState, value: float, params) -> StoppingState:
        """Return the state after the value that these parameters have."""
        if value < state.best - self.least:
            return StoppingState(float(value), 0, copied(params))
        return state._replace(waited=state.waited + 1)

    def stops(self, state: StoppingState) -> bool:
        """Return whether training should end here."""
        return bool(state.waited >= self.patience)
