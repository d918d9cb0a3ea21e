"""The computation graph of a function: to be looked at, evaluated forward and backward, exported."""

from __future__ import annotations

import html
import inspect
from pathlib import Path

import numpy as np

from .. import tree
from ..api import Transformed
from ..differentiation.prepare import check_draws
from ..errors import ArgumentError, Problem
from ..generation import entry
from ..generation.callables import with_text
from ..generation.generate import place
from ..generation.layouts import known_if_need_be
from ..generation.pipeline import Reading, read
from . import exports, layout, picture, raster
from .build import Drawing, build
from .model import Box, Edge, Node
from .run import Evaluation, plain


class Graph:
    """The computation graph of a function; made by `graph`.

    Attributes
    ----------
    nodes : tuple of Node
        Inputs, operations and results in topological order.
    edges : tuple of Edge
        From the node that gives a value to the one that uses it.
    boxes : tuple of Box
        Loops, branches and calls: what happens in them is drawn once.
    """

    def __init__(self, f):
        self._f = f = with_text(f)
        self._signature = inspect.signature(f) if isinstance(f, Transformed) else entry.parameters(f)
        self._name = getattr(getattr(f, "_base", f), "__name__", "function").replace("<lambda>", "function")
        self._evaluation: Evaluation | None = None
        self._known: tuple | None = None
        self._reading: Reading
        self._drawing: Drawing
        self._structures: tuple[tree.Structure, ...] | None = None

    def _draw(self, structures=None, kinds=None):
        if (structures, kinds) == self._known:
            return
        if kinds is None and getattr(self._f, "_transform", "primal") != "primal":
            raise ArgumentError(Problem("the graph of a derivative depends on the types of its arguments",
                                        "give example arguments: graph(f, *args)", place(self._f)))  # fmt: skip
        self._reading = read(self._f, structures, kinds)
        self._drawing = build(self._reading.function, self._reading.kinds)
        if kinds is not None:
            active = frozenset(n.name for n in self._drawing.nodes if n.active and n.name)
            check_draws(self._reading.function, active)
        self._known, self._structures, self._evaluation = (structures, kinds), structures, None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes in topological order."""
        return self._drawing.nodes

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, in the order of the nodes that they lead to."""
        return self._drawing.edges

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The loops, branches and calls."""
        return self._drawing.boxes

    def __getitem__(self, id: str) -> Node:
        """Return the node with this id."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)

    # -- evaluation
    def forward(self, *args, **kwargs):
        """Return the value of the function, visiting the nodes in topological order and keeping every value.

        Parameters
        ----------
        *args, **kwargs
            The arguments of the function.
        """
        given = entry.arguments_of(self._signature, args, kwargs)
        return known_if_need_be(self._signature, args, kwargs, given, self._run)[0]

    def _run(self, given: entry.Arguments):
        """Return the value for arguments taken apart."""
        self._draw(given.structures, given.kinds)
        captured = [a for _, a in self._reading.function.captured]
        evaluation = Evaluation(self._drawing, self._name)
        found = evaluation.forward([*(leaf.copy() if np.ndim(leaf) else leaf for leaf in given.flat), *captured])
        self._evaluation = evaluation
        return tree.unflatten(self._reading.result, iter(found))

    def backward(self, gradient=1.0):
        """Return the gradient of every argument, going back through the nodes that `forward` visited.

        Parameters
        ----------
        gradient : float, array or tuple of these
            What comes back to the result, in its structure; 1 for a number.

        Returns
        -------
        tuple
            One gradient for each argument, in its structure; None for integers, and for what flows into a function that
            is declared nondifferentiable.

        Raises
        ------
        ArgumentError
            If `forward` has not run, or `gradient` has not the shape of the result.
        """
        if self._evaluation is None:
            raise ArgumentError(Problem("backward() goes through what forward() has kept", "call forward(...) before"))
        given = list(tree.leaves(self._reading.result, gradient)) if self._drawing.outputs else []
        for node, bar in zip(self._drawing.outputs, given, strict=True):
            if np.shape(bar) != np.shape(node.value):
                what = f"the gradient has shape {np.shape(bar)}, the result {np.shape(node.value)}"
                raise ArgumentError(Problem(what, "give a gradient of the result's shape"))
        given = [_as_float(b) if n.active else None
                 for n, b in zip(self._drawing.outputs, given, strict=True)]  # fmt: skip
        self._evaluation.backward(given)
        params = self._drawing.inputs[: len(self._reading.function.params)]
        found = [n.gradient if n.gradient is not None or not _is_float(n) else _zero_like(n.value) for n in params]
        flat = iter(g if _is_float(n) else None for n, g in zip(params, found, strict=True))
        assert self._structures is not None
        return tuple(tree.unflatten(s, flat) for s in self._structures)

    # -- pictures and exports
    def to_svg(self) -> str:
        """Return the picture as SVG: values above the edges, gradients below."""
        return picture.svg(layout.arranged(self._drawing, self._name))

    def to_dot(self) -> str:
        """Return the graph in the language of Graphviz."""
        return exports.dot(self._drawing, self._name)

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart."""
        return exports.mermaid(self._drawing)

    def to_networkx(self):
        """Return the graph as a `networkx.MultiDiGraph`; without the edges back to the next trip it has no cycle.

        Nodes have the attributes op, label, text, name, box (the titles around them), line, value and gradient; edges
        slot, value, upstream, local (None where it has more than 4096 numbers), downstream, active and back.

        Raises
        ------
        ImportError
            If networkx is not installed.
        """
        return exports.networkx_graph(self._drawing)

    def __str__(self):
        return exports.text(self._drawing, place(getattr(self._f, "_base", self._f)))

    def __repr__(self):
        return f"<srcgrad graph of {place(getattr(self._f, '_base', self._f))}: {len(self.nodes)} nodes>"

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.to_svg()}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "image/svg+xml": self.to_svg(), "text/plain": str(self)}

    def save(self, path) -> Path:
        """Return the path of a file with the picture, written in the format that its ending names.

        Parameters
        ----------
        path : str or Path
            Ends in .svg, .html, .dot, .mmd (Mermaid), .txt, or, drawn by matplotlib, in .png or .pdf.

        Raises
        ------
        ArgumentError
            If the ending is another one.
        ImportError
            If matplotlib is needed and not installed.
        """
        path = Path(path)
        if path.suffix in (".png", ".pdf"):
            raster.save(self.to_svg(), path)
            return path
        page = '<!doctype html><meta charset="utf-8"><title>{}</title>{}'
        makers = {
            ".svg": self.to_svg, ".dot": self.to_dot, ".gv": self.to_dot, ".mmd": self.to_mermaid,
            ".txt": self.__str__, ".html": lambda: page.format(html.escape(self._name), self._repr_html_()),
        }  # fmt: skip
        if path.suffix not in makers:
            known = ", ".join(sorted([*makers, ".pdf", ".png"]))
            raise ArgumentError(Problem(f"no format is known by the ending {path.suffix!r}", f"use one of {known}"))
        path.write_text(makers[path.suffix](), "utf-8")
        return path


def _is_float(node: Node) -> bool:
    return node.kind is not None and node.kind.is_float and node.active


def _as_float(gradient):
    return np.asarray(gradient, dtype=float) if np.ndim(gradient) else np.float64(gradient)


def _zero_like(value):
    return np.zeros_like(value) if np.ndim(value) else plain(np.float64(0.0))


def graph(f, args: tuple, kwargs: dict) -> Graph:
    """Return the graph of a function, evaluated where there are arguments."""
    made = Graph(f)
    if not args and not kwargs and made._signature.parameters:
        made._draw()
        return made
    made.forward(*args, **kwargs)
    outputs = made._drawing.outputs
    if len(outputs) == 1 and _is_float(outputs[0]) and not np.ndim(outputs[0].value):
        made.backward()
    return made
