"""A small training loop: minibatches, a schedule, metrics, early stopping, checkpoints, a progress bar."""

from __future__ import annotations

import math
import os
from collections import namedtuple
from typing import Any

import numpy as np

import srcgrad as sg

from ..api import ValueAndGrad
from .batches import arrays_of, rows_in
from .epochs import as_tuple, batch_size, run_epoch, whole
from .files import generator_state, load_checkpoint, restore_generator, save_checkpoint
from .progress import Progress
from .stepping import Optimizer
from .stopping import EarlyStopping
from .structures import copied

Fitted = namedtuple("Fitted", "params state history")
Fitted.__doc__ = """What `fit` returns: parameters (after early stopping the best ones), state and history.

The history is a dict of arrays, a value for each epoch: "loss", the mean over the data as it was met; "lr", that of the
first step; and the metrics by their names.
"""


def fit(loss, params, data, optimizer, *, epochs, size=32, rng=0, schedule=None, per="epoch", args=(), limit=None,
        frozen=None, metrics=None, stopping=None, monitor="loss", augment=None, checkpoint=None, progress=True):
    """Return what training by minibatches makes of some parameters, as `Fitted`.

    Parameters
    ----------
    loss : function, or what `value_and_grad` made of it
        loss(params, *rows of data, *args) is the mean loss of a minibatch, penalties included.
    params : structure
        The first values. Tuples and namedtuples of arrays are trained in a compiled loop.
    data : tuple of arrays
        Examples along their first axis, as many in each; lists of numbers are made arrays.
    optimizer : Optimizer
    epochs, size : int
        Passes over the data, and rows of a minibatch.
    rng : int or numpy.random.Generator
        Draws the order of the rows, anew in each epoch.
    schedule : function, optional
        schedule(t) is the learning rate; by default that of the optimiser.
    per : {"epoch", "step"}
        What t counts, from 0.
    args : tuple
        Further arguments of the loss, among them generators for dropout.
    limit, frozen : optional
        Bound of the gradient's norm, and parameters that stay: see `clip_by_norm` and `Optimizer.update`.
    metrics : dict of functions, optional
        metric(params) is a number, computed after each epoch. No name is "loss" or "lr".
    stopping, monitor : EarlyStopping and str, optional
        When to end, by the value of "loss" or of the metric of that name.
    augment : function, optional
        augment(rng, *data) is the data of one epoch; it may have more or fewer examples.
    checkpoint : str or Path, optional
        A file written after each epoch. Where it is there already training goes on from it, to the same bits as those
        of a run that was not interrupted, asked for with the same metrics.
    progress : bool
        Whether to show how far it is.

    Raises
    ------
    FloatingPointError
        If the loss is not finite.
    ValueError, TypeError
        If one of the arguments is none that `fit` knows, or does not fit to the others.
    """
    options = Options(data, epochs, size, schedule, per, args, limit, frozen, metrics or {}, monitor, augment)
    run = Run(loss, copied(params), optimizer, stopping, np.random.default_rng(rng), options)
    if checkpoint is not None and os.path.exists(checkpoint):
        run.load(checkpoint)
    with Progress(epochs, run.epoch, progress) as shown:
        while not run.ended():
            shown.advance(run.one_epoch())
            if checkpoint is not None:
                run.save(checkpoint)
    return run.result()


class Options(namedtuple("Options", "data epochs size schedule per args limit frozen metrics monitor augment")):
    """What a run was asked for."""

    __slots__ = ()

    def check(self) -> Options:
        """Return these options, with tuples of arrays and of arguments for lists.

        Raises
        ------
        ValueError
            If one of them is none that `fit` knows, or the data have different lengths, or none.
        TypeError
            If the data are no tuple of arrays, the size is no integer, or another option is of another kind.
        """
        if not isinstance(self.metrics, dict):
            raise TypeError(f"metrics is {self.metrics!r}: give a dict of functions by their names")
        for name in ("loss", "lr"):
            if name in self.metrics:
                raise ValueError(f"a metric is named {name!r}, as is what the history has anyway: name it otherwise")
        if self.per not in ("epoch", "step"):
            raise ValueError(f'per is {self.per!r}: it has to be "epoch" or "step"')
        if self.monitor != "loss" and self.monitor not in self.metrics:
            raise ValueError(f"monitor is {self.monitor!r}: there is no metric of this name")
        checked = self._replace(data=arrays_of(self.data), epochs=whole(self.epochs, "epochs"),
                                size=batch_size(self.size), args=as_tuple(self.args))  # fmt: skip
        rows_of(checked.data)
        return checked

    def rates(self, rows: int, epoch: int, step: int, lr: float) -> np.ndarray:
        """Return the learning rates of the steps of an epoch through so many rows, after `step` steps before it."""
        steps = math.ceil(rows / self.size)
        if self.schedule is None:
            return np.full(steps, float(lr))
        if self.per == "epoch":
            return np.full(steps, float(self.schedule(epoch)))
        return np.array([float(self.schedule(step + k)) for k in range(steps)])


def rows_of(data) -> int:
    """Return how many examples the arrays of some data have.

    Raises
    ------
    ValueError
        If they have different numbers of them, or none.
    """
    rows = rows_in(data)
    if rows == 0:
        raise ValueError("the data have no examples: give arrays with at least one row")
    return rows


class Run:
    """A training run between two epochs: all that a checkpoint holds."""

    def __init__(self, loss, params, optimizer, stopping, rng, options: Options):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"the optimizer is {optimizer!r}: give one of the kit, as train.Adam()")
        if not isinstance(stopping, EarlyStopping | None):
            raise TypeError(f"stopping is {stopping!r}: give train.EarlyStopping(patience)")
        self.gradient = loss if isinstance(loss, ValueAndGrad) else sg.value_and_grad(loss)
        self.optimizer, self.stopping, self.rng, self.options = optimizer, stopping, rng, options.check()
        self.params, self.state, self.epoch = params, optimizer.init(params), 0
        self.history: dict[str, list[float]] = {name: [] for name in ("loss", "lr", *options.metrics)}
        self.watched: Any = None if stopping is None else stopping.init(params)

    def ended(self) -> bool:
        """Return whether there is no epoch to come."""
        stops = self.stopping is not None and self.stopping.stops(self.watched)
        return stops or self.epoch >= self.options.epochs

    def one_epoch(self) -> dict[str, float]:
        """Return the record of one more epoch."""
        o = self.options
        data = o.data if o.augment is None else arrays_of(o.augment(self.rng, *o.data))
        rows = rows_of(data)
        rates = o.rates(rows, self.epoch, int(self.state.step), self.optimizer.lr)
        order = self.rng.permutation(rows)
        options = data, order, o.size, rates, o.args, o.limit, o.frozen
        trained = run_epoch(self.gradient, self.optimizer, self.params, self.state, *options)
        self.params, self.state, loss = trained
        self.epoch += 1
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss of epoch {self.epoch} is {loss}: try a smaller learning rate")
        record = {"loss": loss, "lr": float(rates[0])}
        record |= {name: float(metric(self.params)) for name, metric in o.metrics.items()}
        for name, value in record.items():
            self.history[name].append(value)
        if self.stopping is not None:
            self.watched = self.stopping.update(self.watched, record[o.monitor], self.params)
        return record

    def result(self) -> Fitted:
        """Return what has come of it."""
        history = {name: np.array(values) for name, values in self.history.items()}
        return Fitted(self.params if self.watched is None else self.watched.params, self.state, history)

    # -- checkpoints
    def generators(self) -> list[np.random.Generator]:
        """Return the generators that the run advances, each once."""
        every = [self.rng, *(a for a in self.options.args if isinstance(a, np.random.Generator))]
        return list({id(g): g for g in every}.values())

    def save(self, path) -> None:
        """Return nothing; write all that the next epoch depends on."""
        notes = {"epoch": self.epoch, "history": self.history}
        notes["generators"] = [generator_state(g) for g in self.generators()]
        save_checkpoint(path, (self.params, self.state, self.watched), notes)

    def load(self, path) -> None:
        """Return nothing; go on from what was written."""
        (self.params, self.state, self.watched), notes = load_checkpoint(path, (self.params, self.state, self.watched))
        if not isinstance(notes, dict) or not {"epoch", "history", "generators"} <= set(notes):
            raise ValueError(f"{path} is a checkpoint that fit did not write: give another name")
        history, generators = notes["history"], notes["generators"]
        if set(history) != set(self.history):
            raise ValueError(f"{path} has the history {sorted(history)}, not {sorted(self.history)}: ask for the same "
                             "metrics, or begin anew with another file")  # fmt: skip
        if len(generators) != len(self.generators()):
            raise ValueError(f"{path} has the states of {len(generators)} generators, not of {len(self.generators())}: "
                             "give the same args")  # fmt: skip
        self.epoch, self.history = notes["epoch"], {name: history[name] for name in self.history}
        for generator, state in zip(self.generators(), generators, strict=True):
            restore_generator(generator, state)
