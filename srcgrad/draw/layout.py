"""Places for everything in a drawing: each box is laid out on its own, and stands as one item in the box around it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import labels
from .build import Drawing
from .layers import Item, Link, arrange
from .model import CARRY, CONSTANT, EXIT, INPUT, MERGE, OUTPUT, PORTS, TEST, Box, Edge, Node

CHARACTER, SMALL = 7.3, 6.3  # widths of a character of names and titles, and of labels
HEIGHT, NAME, ROUND = 38.0, 15.0, 4  # of a node, of the name above it, most characters in a circle
PAD, TITLE, LANE, STEP, PORT = 14.0, 24.0, 9.0, 6.0, 10.0


@dataclass(eq=False)
class Line:
    """A line of the picture: where it runs, the edges that it shows, and where their numbers stand."""

    points: list[tuple[float, float]]
    edges: list[Edge]
    value: str = ""
    gradient: str = ""
    factors: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    arrow: bool = True
    back: bool = False


@dataclass(eq=False)
class Shape:
    """A node, port or box with its place; `aside` is how far the name of a port stands from it."""

    what: Node | Box
    x: float
    y: float
    width: float
    height: float
    aside: float = 0.0


@dataclass
class Scene:
    """A drawing with places for all its parts."""

    title: str
    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    annotated: bool = False
    totals: dict[Node, str] = field(default_factory=dict)


def arranged(drawing: Drawing, title: str) -> Scene:
    """Return the scene of a drawing."""
    return _Arranger(drawing).run(title)


# an end of a piece of an edge within one level: the node or box there, and what of its border
End = tuple[object, object]


class _Level:
    """What stands directly in a box, or in none."""

    def __init__(self, box: Box | None):
        self.box = box
        self.items: dict[object, Item] = {}
        self.lefts: dict[object, dict[object, float]] = {}
        self.rights: dict[object, dict[object, float]] = {}
        self.pieces: dict[tuple[End, End], list[Edge]] = {}
        self.links: dict[tuple[End, End], Link] = {}
        self.width = self.height = 0.0


class _Arranger:
    def __init__(self, drawing: Drawing):
        self.drawing = drawing
        self.levels: dict[Box | None, _Level] = {None: _Level(None)} | {b: _Level(b) for b in drawing.boxes}
        self.annotated = any(n.values for n in drawing.nodes)
        self.totals = {n: self.total(n) for n in drawing.inputs if n.gradient is not None}

    def run(self, title: str) -> Scene:
        for edge in self.drawing.edges:
            # a test that reads what its own loop changes says so in its title
            if not edge.back and not (edge.target.op == TEST and edge.target.box in _path(edge.source)):
                self.split(edge)
        for box in reversed(self.order()):
            self.lay_out(self.levels[box])
        # once more, with values crossing the borders in the order in which they come from outside
        turns = {box: self.turns(box) for box in self.drawing.boxes}
        for box in reversed(self.order()):
            self.lay_out(self.levels[box], turns[box] if box is not None else None)
        whole = self.levels[None]
        scene = Scene(title, whole.width, whole.height, annotated=self.annotated, totals=self.totals)
        self.place(whole, 0.0, 0.0, scene)
        return scene

    def turns(self, box: Box) -> dict[object, float]:
        """Return how high what enters a box comes from."""
        around = self.levels[box.parent]
        found: dict[object, float] = {}
        for (_, (key, port)), link in around.links.items():
            if key is box and not (isinstance(port, Node) and port.op == TEST):
                inner = port if isinstance(port, Node) else ("left", *port)  # type: ignore[misc]
                found[inner] = link.points[0][1]
        return found

    def total(self, node: Node) -> str:
        """Return what is written below an input: its gradient, as a sum where that is short."""
        uses = [e for e in self.drawing.edges if e.source is node and e.active and e.downstream is not None]
        once = all(len(e.passages) == 1 for e in uses)
        return labels.total([e.downstream for e in uses] if once else [], node.gradient)

    def order(self) -> list[Box | None]:
        """Return no box, then all boxes, outer ones before those in them."""
        return [None, *sorted(self.drawing.boxes, key=lambda b: len(b.path))]

    # -- edges in pieces
    def split(self, edge: Edge):
        """Cut an edge where it crosses the border of a box."""
        source, target = edge.source, edge.target
        leaving, entering = _path(source), _path(target)
        if source.op in (EXIT, MERGE):
            leaving = leaving[:-1]
        if target.op in (TEST, CARRY):
            entering = entering[:-1]
        common = 0
        while common < min(len(leaving), len(entering)) and leaving[common] is entering[common]:
            common += 1
        at: End = (source, source) if source.op not in (EXIT, MERGE) else (source.box, source)
        for box in reversed(leaving[common:]):
            self.piece(box, at, (("right", source, edge.result), source), edge)
            at = (box, (source, edge.result))
        level = entering[common - 1] if common else None
        key = (source, edge.result)
        for box in entering[common:]:
            self.piece(level, at, (box, key), edge)
            at = (("left", source, edge.result), source)
            level = box
        if target.op in (TEST, CARRY):
            self.piece(level, at, (target.box, target), edge)
        else:
            self.piece(level, at, (target, edge), edge)

    def piece(self, box: Box | None, start: End, end: End, edge: Edge):
        self.levels[box].pieces.setdefault((start, end), []).append(edge)

    # -- one level
    def lay_out(self, level: _Level, turns: dict[object, float] | None = None):
        level.items, level.links = {}, {}
        sides = [self.levels[b] for b in self.drawing.boxes if b.parent is level.box and b.kind in ("then", "else")]
        for side in sides:
            self.widen(side, max(s.width for s in sides))
        for start, end in level.pieces:
            self.item(level, start[0])
            self.item(level, end[0])
        for node in self.drawing.nodes:
            if node.box is level.box and not (node.op in PORTS or node.op == TEST):
                self.item(level, node)
        for box in self.drawing.boxes:
            if box.parent is level.box:
                self.item(level, box)
        if level.box is not None:
            for node in self.drawing.nodes:
                if node.box is level.box and node.op in PORTS:
                    self.item(level, node)
        order = {id(n): k for k, n in enumerate(self.drawing.nodes)}
        items = sorted(level.items.items(), key=lambda found: _rank(found[0], order, level.box))
        level.items = dict(items)
        for key, y in (turns or {}).items():
            level.items[key].turn = y
        for (start, end), edges in level.pieces.items():
            link = Link(level.items[start[0]], level.items[end[0]], self.leaves(level, start), self.enters(level, end))
            link.label = self.label(end, edges)[1]
            level.links[start, end] = link
        width, height = arrange(list(level.items.values()), list(level.links.values()), 40.0)
        backs = len(self.backs(level))
        least = CHARACTER * len(self.title(level.box)) + 2 * PAD if level.box else 0.0
        level.width = width
        level.height = height + (TITLE + PAD + (LANE * backs + 4.0 if backs else 0.0) if level.box else 0.0)
        self.widen(level, least)

    def widen(self, level: _Level, least: float):
        """Make a level at least so wide: what comes in and goes out stays at its sides."""
        more = least - level.width
        if more <= 0.0:
            return
        level.width = least
        for item in level.items.values():
            item.x += more * {"first": 0.0, "last": 1.0}.get(item.pinned, 0.5)
        for link in level.links.values():
            self.shift(link, more / 2, level)

    def shift(self, link: Link, dx: float, level: _Level):
        inner = [(x + dx, y) for x, y in link.points[1:-1]]
        start = link.source.x + link.source.width, link.points[0][1]
        link.points = [start, *inner, (link.target.x, link.points[-1][1])]
        link.at = link.at[0] + dx, link.at[1]

    def title(self, box: Box | None) -> str:
        return "" if box is None else title_of(box)

    def backs(self, level: _Level) -> list[tuple[Node, Node]]:
        """Return the (exit, carry) pairs of a loop."""
        found = [n for n in self.drawing.nodes if n.box is level.box and n.op == CARRY]
        return [(e.source, n) for n in found for e in n.edges if e.back]

    def item(self, level: _Level, key) -> Item:
        if key in level.items:
            return level.items[key]
        if isinstance(key, Node):
            made = self.node_item(level, key)
        elif isinstance(key, Box):
            inner = self.levels[key]
            made = Item(inner.width, inner.height)
        else:
            made = Item(0.0, PORT, "first" if key[0] == "left" else "last")
        level.items[key] = made
        return made

    def node_item(self, level: _Level, node: Node) -> Item:
        if node.op in PORTS:
            width = CHARACTER * len(node.name) + 20.0 + self.lanes(level)
            return Item(width, 22.0, "first" if node.op == CARRY else "last")
        width, height = size_of(node)
        width = max(width, SMALL * len(self.totals.get(node, "")))
        return Item(width, height + (NAME if has_name(node) else 0.0) + self.below(node))

    def lanes(self, level: _Level) -> float:
        """Return how much room the lines to the next trip need beside the ports of a loop."""
        return STEP * len(self.backs(level))

    def below(self, node: Node) -> float:
        return 18.0 if node.op == INPUT and self.annotated and node.active else 0.0

    def leaves(self, level: _Level, end: End) -> float:
        key, port = end
        if isinstance(key, Box):
            return self.border(key, port, "right")
        return self.middle(key)

    def enters(self, level: _Level, end: End) -> float:
        key, port = end
        if isinstance(key, Box):
            return self.border(key, port, "left")
        if isinstance(key, Node) and isinstance(port, Edge) and key.op not in PORTS:
            count = len(key.edges)
            spread = min(22.0, 16.0 * (count - 1))
            at = (port.slot - (count - 1) / 2) * (spread / (count - 1)) if count > 1 else 0.0
            return self.middle(key) + at
        return self.middle(key)

    def inset(self, end: End, link: Link) -> float:
        """Return how far behind the left side of its item a round node begins, where a link meets it."""
        node, port = end
        if not isinstance(node, Node) or not isinstance(port, Edge) or node.op in (*PORTS, OUTPUT):
            return 0.0
        off, radius = link.enters - self.middle(node), HEIGHT / 2
        width = link.target.width - size_of(node)[0]
        return width / 2 + radius - (radius**2 - min(abs(off), radius) ** 2) ** 0.5

    def outset(self, start: End, link: Link) -> float:
        """Return how far before the right side of its item a node ends."""
        node, _ = start
        ends = isinstance(node, Node) and node.op not in PORTS
        return (link.source.width - size_of(node)[0]) / 2 if ends else 0.0  # type: ignore[arg-type]

    def middle(self, key) -> float:
        if isinstance(key, Node) and key.op in PORTS:
            return 11.0
        if isinstance(key, Node):
            return size_of(key)[1] / 2 + (NAME if has_name(key) else 0.0)
        return PORT / 2

    def border(self, box: Box, port, side: str) -> float:
        """Return how far below the top of a box a value crosses its border."""
        inner = self.levels[box]
        if isinstance(port, Node) and port.op == TEST:
            return TITLE / 2 + 2.0
        key = port if isinstance(port, Node) else (side, *port)
        found = inner.items.get(key)
        if found is None:
            return TITLE
        return TITLE + found.y + self.middle(key)

    # -- labels
    def label(self, end: End, edges: list[Edge]):
        """Return ((value, gradient, factors), (width, height)) of the label of a piece of edges."""
        texts = self.texts(end, edges)
        if not any(texts):
            return texts, (0.0, 0.0)
        below = SMALL * len(texts[1]) + 5.0 * len(texts[2])
        return texts, (max(SMALL * len(texts[0]), below) + 6.0, 34.0)

    def texts(self, end: End, edges: list[Edge]) -> tuple[str, str, str]:
        key, port = end
        edge = edges[0]
        loop = isinstance(key, Box) and key.is_loop and not isinstance(port, Node)
        final = isinstance(port, Edge) or isinstance(port, Node) and port.op in (CARRY, TEST)
        if not self.annotated or not (final or loop) or edge.source.value is None:
            return "", "", ""
        if loop:
            return self.into_loop(edges)
        if edge.last is None:
            return "", "", ""
        value = labels.value(edge.value)
        if not edge.active or edge.downstream is None:
            return value, "", ""
        gradient, factors = labels.value(edge.downstream), ""
        if edge.target.op not in (*PORTS, OUTPUT) and not gradient.startswith("("):
            local = edge.local
            if local is not None and not any(map(labels.shape, (edge.upstream, local))):
                factors = f" = {labels.number(edge.upstream)} · {labels.number(local)}"
        return value, gradient, factors

    def into_loop(self, edges: list[Edge]) -> tuple[str, str, str]:
        """Return what is written on a value that every trip of a loop uses: the gradient is that of all trips."""
        value = labels.value(edges[0].source.value)
        downs = [p.downstream for e in edges if e.active for p in e.passages if p.downstream is not None]
        if not downs or len({np.shape(d) for d in downs}) > 1:
            return value, "", ""
        return value, ("Σ " if len(downs) > 1 else "") + labels.value(sum(downs[1:], start=downs[0])), ""

    # -- absolute places
    def place(self, level: _Level, x: float, y: float, scene: Scene):
        top = y + (TITLE if level.box else 0.0)
        if level.box is not None:
            scene.shapes.append(Shape(level.box, x, y, level.width, level.height))
        for key, item in level.items.items():
            if isinstance(key, Box):
                self.place(self.levels[key], x + item.x, top + item.y, scene)
            elif isinstance(key, Node):
                lanes = self.lanes(level) if key.op in PORTS else 0.0
                scene.shapes.append(Shape(key, x + item.x, top + item.y, item.width, item.height, lanes))
        for (start, end), link in level.links.items():
            edges = level.pieces[start, end]
            value, gradient, factors = self.label(end, edges)[0]
            points = [(x + a, top + b) for a, b in link.points]
            points[-1] = points[-1][0] + self.inset(end, link), points[-1][1]
            points[0] = points[0][0] - self.outset(start, link), points[0][1]
            at = x + link.at[0], top + link.at[1]
            arrow = isinstance(end[1], Edge)
            scene.lines.append(Line(points, edges, value, gradient, factors, at, arrow and not _is_port(end[0])))
        for k, (leave, carry) in enumerate(self.backs(level)):
            scene.lines.append(self.back_line(level, leave, carry, k, x, y))

    def back_line(self, level: _Level, leave: Node, carry: Node, k: int, x: float, y: float) -> Line:
        """Return the line from the end of a trip to the beginning of the next one, along the bottom of the box."""
        a, b = level.items[leave], level.items[carry]
        bottom = y + level.height - 7.0 - LANE * k
        right, left = x + a.x + a.width - 8.0 - STEP * k, x + b.x + 8.0 + STEP * k
        points = [(right, y + TITLE + a.y + 12.0), (right, bottom), (left, bottom), (left, y + TITLE + b.y + 14.0)]
        return Line(points, [e for e in carry.edges if e.back], back=True)


def _is_port(key) -> bool:
    return isinstance(key, Node) and key.op in PORTS


def _path(node: Node) -> tuple[Box, ...]:
    return node.box.path if node.box else ()


def _rank(key, order: dict[int, int], box) -> tuple:
    if isinstance(key, Node):
        return (order[id(key)],)
    if isinstance(key, Box):
        head = key.head
        return (order[id(head)] if head is not None else min((v for v in order.values()), default=0),)
    return (order[id(key[1])],)


def has_name(node: Node) -> bool:
    """Return whether a node's variable is written above it."""
    return bool(node.name) and node.op not in (INPUT, OUTPUT, TEST, *PORTS) and node.name != node.label


def size_of(node: Node) -> tuple[float, float]:
    """Return the width and height of a node without its name."""
    if node.op == OUTPUT:
        return CHARACTER * len(node.label) + 10.0, HEIGHT
    if node.op in (INPUT, CONSTANT):
        return max(CHARACTER * len(node.label) + 18.0, 34.0), 30.0
    if len(node.label) <= ROUND:
        return HEIGHT, HEIGHT
    return CHARACTER * len(node.label) + 24.0, HEIGHT


def title_of(box: Box) -> str:
    """Return what is written on a box: what it is, and how often it was entered."""
    if box.kind == "call":
        where = f"  line {box.loc.line}" if box.loc else ""
        return f"{box.title}(){where}"
    if box.is_loop and box.runs:
        return f"{box.title}  · last of {box.runs} trips" if box.runs > 1 else f"{box.title}  · 1 trip"
    return box.title
