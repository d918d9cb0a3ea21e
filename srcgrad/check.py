"""Check gradients against two-sided differences."""

from __future__ import annotations

import numpy as np

from . import tree
from .api import Differentiable
from .entry import parameters, positions
from .errors import ArgumentError, Problem
from .pullback import vjp


def check_grads(f, args, argnums=None, rtol=None, atol=None, eps=None):
    """Return the largest deviation found between the gradient of `f` and two-sided differences.

    Parameters
    ----------
    f : function
        Returns a number, an array or a tuple of these (then a fixed random combination of its entries is checked).
    args : tuple
        Where to check.
    argnums : int, str or tuple, optional
        Arguments to check; all float arguments by default.
    rtol, atol : float
        Allowed deviation, relative to the largest entry of the argument's gradient (default 1e-5, with float32
        arguments 2e-2), and absolute (default `rtol * max(1, |f|) * 1e-3`).
    eps : float, optional
        Step of the differences, relative to max(1, |x|); default 1e-5, for float32 arguments 1e-2.

    Raises
    ------
    AssertionError
        Naming argument, index, both values and their difference for the worst entry.

    Notes
    -----
    Two evaluations per entry: for checking only. (f(x + h) - f(x - h)) / 2h.
    """
    base = f._base if isinstance(f, Differentiable) else f
    signature = parameters(base)
    names = list(signature.parameters)
    bound = signature.bind(*args)
    bound.apply_defaults()
    args = tuple(bound.arguments.values())
    structures = [tree.structure_of(a) for a in args]
    wanted = positions(argnums, signature)[0] if argnums is not None else _float_arguments(structures, args)
    for k in wanted:
        if k not in _float_arguments(structures, args):
            raise ArgumentError(Problem(f"the argument {names[k]!r} is not a float", "check float arguments"))
    value, bars, weigh = _reference(f, args)
    if rtol is None:
        rtol = 2e-2 if _has_float32(structures, args) else 1e-5
    worst = 0.0
    for k in wanted:
        flat, got = list(tree.leaves(structures[k], args[k])), list(tree.leaves(structures[k], bars[k]))
        labels = list(tree.leaf_names(structures[k], names[k]))
        expected = [
            np.zeros(()) if g is None else _differences(weigh, args, k, structures[k], flat, n, eps)
            for n, g in enumerate(got)
        ]
        scale = max([1e-300, *(float(np.max(np.abs(e), initial=0.0)) for e in expected)])
        floor = rtol * 1e-3 * max(1.0, abs(value)) if atol is None else atol
        for label, e, g in zip(labels, expected, got, strict=True):
            if g is None:
                continue
            worst = max(worst, _compared(label, e, g, rtol * scale + floor))
    return worst


def _compared(label: str, expected, got, allowed: float) -> float:
    """Return the largest deviation of one leaf; raise AssertionError where it is more than allowed."""
    if np.shape(got) != np.shape(expected):
        raise AssertionError(f"gradient of {label}: shape {np.shape(got)}, argument {np.shape(expected)}")
    deviation = np.abs(np.asarray(got) - expected)
    if not deviation.size:
        return 0.0
    at = np.unravel_index(np.argmax(np.where(np.isnan(deviation), np.inf, deviation)), deviation.shape)
    bad = float(deviation[at])
    if bad <= allowed:
        return bad
    place = f"{label}[{', '.join(map(str, at))}]" if deviation.shape else label
    ours, differences = float(np.asarray(got)[at]), float(np.asarray(expected)[at])
    raise AssertionError(
        f"gradient by {place}: {ours!r}, differences give {differences!r}, off by {bad:.3g} (allowed {allowed:.3g})"
    )


def _float_arguments(structures, args) -> tuple[int, ...]:
    return tuple(
        k
        for k, (s, a) in enumerate(zip(structures, args, strict=True))
        if any(np.asarray(leaf).dtype.kind == "f" for leaf in tree.leaves(s, a))
    )


def _has_float32(structures, args) -> bool:
    leaves = (v for s, a in zip(structures, args, strict=True) for v in tree.leaves(s, a))
    return any(np.asarray(v).dtype == np.float32 for v in leaves)


def _reference(f, args):
    """Return (value, adjoints of all arguments, scalar function of the arguments)."""
    out, pullback = vjp(f, *args)
    structure = tree.structure_of(out)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=np.shape(o)) if np.ndim(o) else 1.0 for o in tree.leaves(structure, out)]
    if isinstance(structure, tree.Node):
        weights = [w if np.ndim(w) else float(rng.normal()) for w in weights]

    def weigh(given) -> float:
        result, _ = vjp(f, *given)
        leaves = tree.leaves(structure, result)
        return float(sum(np.sum(w * o) for w, o in zip(weights, leaves, strict=True)))

    return weigh(args), pullback(tree.unflatten(structure, iter(weights))), weigh


def _differences(weigh, args, k, structure, flat, n, eps):
    """Return the two-sided differences of a scalar function by every entry of one leaf."""
    leaf = flat[n]
    x = np.array(leaf, dtype=np.asarray(leaf).dtype, copy=True)
    usual = 1e-5 if x.dtype != np.float32 else 1e-2
    step = eps if eps is not None else usual
    result = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        h = step * max(1.0, abs(float(x[at])))
        values = []
        for sign in (1.0, -1.0):
            moved = x.copy()
            moved[at] = x[at] + sign * h
            new = [moved if np.ndim(leaf) else moved[()] if x.dtype == np.float32 else float(moved), *()][0]
            leaves = [*flat[:n], new, *flat[n + 1 :]]
            given = (*args[:k], tree.unflatten(structure, iter(leaves)), *args[k + 1 :])
            values.append((weigh(given), float(moved[at])))
        (high, x_high), (low, x_low) = values
        result[at] = (high - low) / (x_high - x_low)
    return result


__all__ = ["check_grads"]
