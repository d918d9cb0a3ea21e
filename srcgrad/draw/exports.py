"""A drawing as text, for Graphviz, for Mermaid and for networkx."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import labels
from .build import Drawing
from .layout import title_of
from .model import CONSTANT, INPUT, OUTPUT, PORTS, TEST, Box, Edge, Node

MOST_NUMBERS = 4096
_FILLS = {"for": "#fff9ec", "while": "#fff9ec", "call": "#f2f7f7"}


def children(drawing: Drawing, box: Box | None) -> list[Node | Box]:
    """Return what stands directly in a box, nodes before boxes in the order of the first node in each."""
    found: dict[Node | Box, None] = {}
    depth = len(box.path) if box else 0
    for node in drawing.nodes:
        path = node.box.path if node.box else ()
        if path[:depth] == (box.path if box else ()):
            found.setdefault(path[depth] if len(path) > depth else node)
    return list(found)


# --- text ---------------------------------------------------------------------------------------------------------


def text(drawing: Drawing, where: str) -> str:
    """Return the nodes as a table: what each computes, its value, its gradient and what it hands back."""
    rows = [("", "value", "gradient", "upstream · local = downstream")]
    _text_rows(drawing, None, "", rows)
    if not any(n.values for n in drawing.nodes):
        rows = [(r[0], "", "", "") for r in rows[1:]]
    widths = [max(len(r[k]) for r in rows) for k in range(3)]
    lines = ["  ".join([r[0].ljust(widths[0]), *(r[k].rjust(widths[k]) for k in (1, 2)), r[3]]).rstrip() for r in rows]
    return "\n".join([f"graph of {where}", *lines])


def _text_rows(drawing: Drawing, box: Box | None, pad: str, rows: list):
    for child in children(drawing, box):
        if isinstance(child, Box):
            rows.append((f"{pad}{title_of(child)}:", "", "", ""))
            _text_rows(drawing, child, pad + "    ", rows)
        elif child.op not in (TEST, OUTPUT):
            rows.append((pad + _definition(child), *_numbers(child)))
    if box is None:
        for node in drawing.outputs:
            rows.append((f"return {node.text}", *_numbers(node)))


def _definition(node: Node) -> str:
    own = node.name or node.id
    if node.op == INPUT:
        return own
    if node.op in PORTS:
        sources = [e.source.name or e.source.id for e in node.edges]
        word = {"carry": "from the trip before", "exit": "for what follows", "merge": "from either side"}[node.op]
        return f"{own} = {' | '.join(dict.fromkeys(sources))}  ({word})"
    return node.text if node.op == "store" else f"{own} = {node.text}"


def _numbers(node: Node) -> tuple[str, str, str]:
    parts = []
    for edge in node.edges:
        if edge.active and edge.downstream is not None and node.op not in (*PORTS, OUTPUT):
            name, given = edge.source.name or edge.source.id, labels.value(edge.downstream)
            local = edge.local if not labels.shape(edge.upstream) and not labels.shape(edge.value) else None
            factors = f"{labels.value(edge.upstream)} · {labels.number(local)} = " if local is not None else ""
            parts.append(f"{name}: {factors}{given}")
    return labels.value(node.value), labels.value(node.gradient), ", ".join(parts)


# --- Graphviz -----------------------------------------------------------------------------------------------------


def _quoted(s: str) -> str:
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def dot(drawing: Drawing, title: str) -> str:
    """Return the graph in the language of Graphviz, boxes as clusters."""
    order = {n: f"n{k}" for k, n in enumerate(drawing.nodes)}
    lines = [
        f"digraph {_quoted(title)} {{",
        '  rankdir=LR; nodesep=0.35; ranksep=0.8; fontname="Helvetica";',
        '  node [fontname="Helvetica", fontsize=13, shape=ellipse, color="#4f6f9f", height=0.4];',
        '  edge [fontname="Helvetica", fontsize=11, color="#57606a", arrowsize=0.6];',
    ]
    clusters = {b: k for k, b in enumerate(drawing.boxes)}
    _dot_block(drawing, None, "  ", lines, order, clusters)
    lines += [f"  {order[e.source]} -> {order[e.target]} [{_dot_edge(e)}];" for e in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_block(drawing: Drawing, box: Box | None, pad: str, lines: list[str], order, clusters):
    for child in children(drawing, box):
        if isinstance(child, Box):
            lines.append(f"{pad}subgraph cluster_{clusters[child]} {{")
            title, fill = _quoted(title_of(child)), _quoted(_FILLS.get(child.kind, "#f7f3ff"))
            lines.append(f"{pad}  label={title}; labeljust=l; style=rounded; bgcolor={fill};")
            _dot_block(drawing, child, pad + "  ", lines, order, clusters)
            lines.append(pad + "}")
        else:
            lines.append(f"{pad}{order[child]} [{_dot_node(child)}];")


def _dot_node(node: Node) -> str:
    shape = {INPUT: "box", CONSTANT: "box", OUTPUT: "plaintext", TEST: "diamond"}.get(node.op, "ellipse")
    shape = "point" if node.op in PORTS else shape
    named = node.name and node.name != node.label
    label = f"{node.name} = {node.label}" if named else node.label
    outside = f", xlabel={_quoted(node.name)}" if node.op in PORTS else ""
    return f"label={_quoted(label)}, shape={shape}{outside}"


def _dot_edge(edge: Edge) -> str:
    parts = [f"label={_quoted(_edge_text(edge))}"]
    if not edge.active:
        parts.append('style=dotted, color="#afb8c1"')
    if edge.back:
        parts.append('style=dashed, constraint=false, color="#d9b44a"')
    return ", ".join(parts)


def _edge_text(edge: Edge) -> str:
    value, gradient = labels.value(edge.value), labels.value(edge.downstream)
    return f"{value}\n{gradient}" if gradient else value


# --- Mermaid ------------------------------------------------------------------------------------------------------


def mermaid(drawing: Drawing) -> str:
    """Return the graph as a Mermaid flowchart, boxes as subgraphs."""
    order = {n: f"n{k}" for k, n in enumerate(drawing.nodes)}
    numbers = {b: k for k, b in enumerate(drawing.boxes)}
    lines = ["flowchart LR"]
    _mermaid_block(drawing, None, "  ", lines, order, numbers)
    for edge in drawing.edges:
        label = _edge_text(edge).replace("\n", "<br/>")
        arrow = "-.->" if edge.back or not edge.active else "-->"
        shown = f'|"{_mermaid_text(label)}"|' if label else ""
        lines.append(f"  {order[edge.source]} {arrow}{shown} {order[edge.target]}")
    return "\n".join(lines) + "\n"


def _mermaid_text(s: str) -> str:
    return s.replace('"', "#quot;").replace("<br/>", "\0").replace("<", "#lt;").replace("\0", "<br/>")


def _mermaid_block(drawing: Drawing, box: Box | None, pad: str, lines: list[str], order, numbers):
    for child in children(drawing, box):
        if isinstance(child, Box):
            lines.append(f'{pad}subgraph b{numbers[child]}["{_mermaid_text(title_of(child))}"]')
            _mermaid_block(drawing, child, pad + "  ", lines, order, numbers)
            lines.append(f"{pad}end")
        else:
            left, right = {INPUT: ("[", "]"), CONSTANT: ("[", "]"), TEST: ("{{", "}}")}.get(child.op, ("([", "])"))
            named = child.name and child.name != child.label
            label = f"{child.name} = {child.label}" if named else child.label
            lines.append(f'{pad}{order[child]}{left}"{_mermaid_text(label)}"{right}')


# --- networkx -----------------------------------------------------------------------------------------------------


def _small_local(edge: Edge):
    """Return the local gradient of an edge, None where it has more than a few thousand numbers."""
    count = np.size(edge.value) * np.size(edge.target.value)
    return edge.local if count <= MOST_NUMBERS else None


def networkx_graph(drawing: Drawing):
    """Return the graph as a `networkx.MultiDiGraph`."""
    import networkx

    made: Any = networkx.MultiDiGraph()
    for node in drawing.nodes:
        made.add_node(
            node.id, op=node.op, label=node.label, text=node.text, name=node.name, active=node.active,
            box=tuple(b.title for b in node.box.path) if node.box else (), line=node.loc.line if node.loc else None,
            value=node.value, gradient=node.gradient,
        )  # fmt: skip
    for edge in drawing.edges:
        made.add_edge(
            edge.source.id, edge.target.id, slot=edge.slot, active=edge.active, back=edge.back, value=edge.value,
            upstream=edge.upstream, local=_small_local(edge), downstream=edge.downstream,
        )  # fmt: skip
    return made
