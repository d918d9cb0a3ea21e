"""What a drawing is made of: nodes, edges and boxes, and the program that evaluates them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..language.ir import Expr, Function, Kind, Loc

# what a node can be besides an operation
INPUT, CONSTANT, TEST, CARRY, EXIT, MERGE, OUTPUT = "input", "constant", "test", "carry", "exit", "merge", "output"
PORTS = frozenset({CARRY, EXIT, MERGE})


@dataclass(eq=False)
class Box:
    """A loop, branch or call, drawn as a frame around what happens in it.

    Attributes
    ----------
    kind : {"for", "while", "if", "then", "else", "call"}
        What it is.
    title : str
        What is written on it.
    parent : Box or None
        The box it stands in.
    head : Node or None
        The test or range that decides how often it is entered.
    runs : int
        How often it was entered in the last evaluation.
    """

    kind: str
    title: str
    parent: Box | None
    loc: Loc | None = None
    head: Node | None = None
    runs: int = 0

    @property
    def path(self) -> tuple[Box, ...]:
        """The boxes around it, outermost first, and itself."""
        return (*self.parent.path, self) if self.parent else (self,)

    @property
    def is_loop(self) -> bool:
        """Whether what stands in it may happen several times."""
        return self.kind in ("for", "while")


@dataclass(eq=False)
class Node:
    """An operation, or a place where values come in, meet or go out.

    Attributes
    ----------
    id : str
        Its name in the graph, unique.
    op : str
        The operation ('add', 'np.tanh', 'store' ...), or one of 'input', 'constant', 'test', 'output', 'carry' (what a
        loop takes over from the trip before), 'exit' (what a trip leaves), 'merge' (what a branch leaves).
    label : str
        What is written on it.
    name : str
        The variable that it sets, '' for a part of an expression.
    text : str
        The expression, in the names of the nodes it reads.
    box : Box or None
        The innermost box it stands in.
    loc : Loc or None
        Its place in the user's file.
    kind : Kind or None
        Dtype and rank of its value, where the arguments are known.
    active : bool
        Whether a derivative passes through it.
    source : str
        The source of its two halves, forward and backward, once it was evaluated.
    """

    id: str
    op: str
    label: str
    name: str = ""
    text: str = ""
    box: Box | None = None
    loc: Loc | None = None
    kind: Kind | None = None
    active: bool = True
    source: str = ""
    gate: Function | None = None
    slots: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    result_kinds: tuple[Kind, ...] = ()
    edges: list[Edge] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)

    def __repr__(self):
        return f"<node {self.id}: {self.text or self.label}>"

    @property
    def value(self):
        """Its value in the last evaluation, None before one; of a node in a loop, that of the last trip."""
        return self.values[-1] if self.values else None

    @property
    def gradient(self):
        """The derivative of the result by its value: the sum of what comes back along its edges."""
        return self.gradients[-1] if self.gradients else None


@dataclass
class Passage:
    """One passage of a value along an edge, and what comes back along it."""

    value: Any
    upstream: Any = None
    downstream: Any = None
    jacobian: Any = None


@dataclass(eq=False)
class Edge:
    """A value on its way from the node that gives it to one that uses it.

    `slot` is the position among the inputs of the target, `result` that among the results of the source. An edge
    whose `active` is False carries no derivative: an index, a test. A `back` edge leads from one trip of a loop to the
    next one.
    """

    source: Node
    target: Node
    slot: int
    result: int = 0
    active: bool = True
    back: bool = False
    passages: list[Passage] = field(default_factory=list)

    def __repr__(self):
        return f"<edge {self.source.id} -> {self.target.id}>"

    @property
    def last(self) -> Passage | None:
        """The last passage, None where there was none."""
        return self.passages[-1] if self.passages else None

    @property
    def value(self):
        """The value that passes forward."""
        return self.last.value if self.last else None

    @property
    def upstream(self):
        """The gradient that arrives at the target: the derivative of the result by the target's value.

        None at a target of several values, to each of which a gradient comes back.
        """
        return self.last.upstream if self.last else None

    @property
    def downstream(self):
        """The gradient that goes back along this edge: upstream times local."""
        return self.last.downstream if self.last else None

    @property
    def local(self):
        """The local gradient: the derivative of the target's value by that of this edge.

        A number between numbers, else an array of the axes of the target's value followed by those of this value,
        computed when it is asked for, row by row; None at a target of several values.
        """
        return self.last.jacobian() if self.last and self.last.jacobian else None


# --- the program that evaluates a graph --------------------------------------------------------------------------


@dataclass
class Eval:
    """Evaluate a node from the values under `reads`; its results go under `targets`."""

    node: Node
    reads: tuple[str, ...]
    targets: tuple[str, ...]
    writes: tuple[str, ...] = ()  # arrays that it writes into: all their names show the new ones


@dataclass
class Alias:
    """Let a name stand for what another one stands for."""

    target: str
    source: str


@dataclass
class Grow:
    """Make a buffer longer where it is full."""

    base: str
    at: Eval
    upto: bool


@dataclass
class Branch:
    """Run one of two blocks; under each name in `merges` the values of both meet."""

    test: Eval
    then: list
    other: list
    merges: list[tuple[tuple[str, ...], Node]]
    boxes: tuple[Box | None, Box | None]


@dataclass
class Loop:
    """Run a block again and again."""

    head: Eval
    var: str | None
    body: list
    carries: list[tuple[str, Node]]
    exits: list[tuple[str, Node]]
    box: Box


@dataclass
class Leave:
    """Leave the loop."""


@dataclass
class Fail:
    """Raise an exception."""

    exception: str
    args: tuple[Expr, ...]
    loc: Loc | None
