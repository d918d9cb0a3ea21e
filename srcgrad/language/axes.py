"""Which axes a reduction takes, and in which order a transposed array has those of the array."""

from __future__ import annotations

from ..errors import KindError, problem_at
from .ir import Op


def axes_of(axis, rank: int, loc=None) -> tuple[int, ...]:
    """Return the reduced axes, non-negative and sorted; None means all."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, tuple) else (axis,)
    for a in given:
        if not isinstance(a, int) or not -rank <= a < rank:
            raise KindError(problem_at(loc, f"axis {a} of an array with {rank} axes", "name an axis that exists"))
    axes = {a % rank for a in given}
    if len(axes) < max(len(given), 1):
        raise KindError(problem_at(loc, f"axis={axis} names no axis, or one twice", "name different axes"))
    return tuple(sorted(axes))


def permutation(expr: Op, rank: int, loc=None) -> tuple[int, ...]:
    """Return for every axis of swapaxes, moveaxis or a transpose which axis of the array it is.

    >>> permutation(Op("permuted", (), (("move", (0, -1)),)), 3)
    (1, 2, 0)
    """
    ((way, given),) = expr.static
    assert isinstance(given, tuple)
    if any(not -rank <= a < rank for a in given) or (way == "axes" and len(given) != rank):
        raise KindError(problem_at(loc, f"axes {given} of an array with {rank} axes", "name axes that exist"))
    axes = [a % rank for a in given]
    if way == "axes":
        return tuple(axes)
    order = list(range(rank))
    if way == "swap":
        order[axes[0]], order[axes[1]] = axes[1], axes[0]
    else:
        order.insert(axes[1], order.pop(axes[0]))
    return tuple(order)
