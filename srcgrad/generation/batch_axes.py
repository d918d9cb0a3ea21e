"""Along which axes the items of batches lie, and what becomes of the results for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .. import tree
from ..errors import ArgumentError, Problem

WAYS = (None, "sum", "mean")


@dataclass(frozen=True)
class Options:
    """How a function is batched.

    Attributes
    ----------
    in_axes, out_axes
        The axis of the items: an int, for arguments None, or a structure of these.
    reduce : {None, "sum", "mean"}
        Whether results are added up.
    parallel : bool
        Whether the loop runs on several cores.
    apart : bool
        Whether the function stays one of its own, as is best for what is differentiated further.
    """

    in_axes: object
    out_axes: object
    reduce: str | None = None
    parallel: bool = False
    apart: bool = False


def flat_axes(axes, structure: tree.Structure, name: str) -> Iterator[int | None]:
    """Yield the axis of each leaf of a structure; an axis stands for all leaves below it."""
    if isinstance(structure, tree.Known):
        return
    if axes is None or isinstance(axes, int) and not isinstance(axes, bool):
        yield from (axes for _ in range(tree.count(structure)))
        return
    given = dict(axes) if isinstance(axes, dict) else dict(enumerate(axes)) if isinstance(axes, tuple | list) else {}
    keys = structure.keys if isinstance(structure, tree.Node) else ()
    by_name = isinstance(axes, dict) and set(axes) == set(keys)
    if not isinstance(structure, tree.Node) or not by_name and (isinstance(axes, dict) or len(given) != len(keys)):
        what = f"{name} has {axes!r} in the place of {_described(structure)}"
        raise ArgumentError(Problem(what, "give an axis, None, or the same structure of these"))
    for k, (key, child) in enumerate(zip(keys, structure.children, strict=True)):
        yield from flat_axes(given[key if by_name else k], child, name)


def _described(structure: tree.Structure) -> str:
    if isinstance(structure, tree.Node):
        return f"a {structure.kind} of {', '.join(map(str, structure.keys))}"
    return "one argument"
