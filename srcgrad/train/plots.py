"""Pictures of a training: the history, and the learning-rate sweep. They need matplotlib."""

from __future__ import annotations

import numpy as np


def plot_history(history, path=None):
    """Return a matplotlib Figure of what `fit` recorded: the loss, and the metrics beside it, against epochs.

    Parameters
    ----------
    history : dict of arrays
        `Fitted.history`.
    path : str or Path, optional
        Where to save the picture.
    """
    others = [name for name in history if name not in ("loss", "lr")]
    figure, axes = _figure(1 + bool(others))
    epochs = np.arange(1, len(history["loss"]) + 1)
    axes[0].plot(epochs, history["loss"])
    axes[0].set(title="training loss", xlabel="epoch", yscale="log" if np.min(history["loss"]) > 0.0 else "linear")
    for name in others:
        axes[1].plot(epochs, history[name], label=name)
    if others:
        axes[1].set(title="metrics", xlabel="epoch")
        axes[1].legend(frameon=False)
    return _saved(figure, path)


def plot_sweep(rates, losses, path=None):
    """Return a matplotlib Figure of what `sweep_rates` found: the loss against the learning rate, crosses for inf.

    Parameters
    ----------
    rates, losses : sequences of float
    path : str or Path, optional
        Where to save the picture.
    """
    rates, losses = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    finite = np.isfinite(losses)
    figure, (axes,) = _figure(1)
    axes.plot(rates[finite], losses[finite], "o-")
    if not finite.all():
        top = losses[finite].max() if finite.any() else 1.0
        axes.plot(rates[~finite], np.full(np.sum(~finite), top), "x", color="tab:red", label="diverged")
        axes.legend(frameon=False)
    axes.set(title="learning rates", xlabel="learning rate", ylabel="loss", xscale="log")
    return _saved(figure, path)


def _figure(columns: int):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(4.5 * columns, 3.6), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for one in axes:
        one.grid(alpha=0.25)
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _saved(figure, path):
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure
