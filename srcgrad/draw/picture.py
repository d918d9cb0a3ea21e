"""A scene as SVG: values above the lines, gradients below them."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from . import labels
from .layout import HEIGHT, NAME, Line, Scene, Shape, has_name, size_of, title_of
from .model import CARRY, CONSTANT, EXIT, INPUT, OUTPUT, PORTS, Box, Edge, Node

INK, GREEN, RED, PINK = "#1f2328", "#1a7f37", "#cf222e", "#e39aa0"
MARGIN, LEGEND = 24.0, 30.0
FRAMES = {
    "for": ("#fff9ec", "#d9b44a"), "while": ("#fff9ec", "#d9b44a"), "if": ("#f7f3ff", "#b196e0"),
    "then": ("#fdfbff", "#d3c3ee"), "else": ("#fdfbff", "#d3c3ee"), "call": ("#f2f7f7", "#86b3b3"),
}  # fmt: skip
_SANS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
_SERIF = "Georgia,'Times New Roman','Liberation Serif',serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
# every rule begins with the class of the picture, so that it styles nothing else on a page
STYLE = "\n".join(
    f".sg-graph {rule}"
    for rule in (
        f"text{{font-family:{_SANS};fill:{INK}}}",
        f".code{{font-family:{_MONO};font-size:12px;fill:#57606a}}",
        f".name{{font-style:italic;font-family:{_SERIF};font-size:14px;fill:#57606a}}",
        ".op{font-size:17px;text-anchor:middle}",
        ".word{font-size:13px;text-anchor:middle}",
        f".in{{font-family:{_SERIF};font-size:17px;font-style:italic;text-anchor:middle}}",
        f".v{{font-size:12px;fill:{GREEN};text-anchor:middle}}",
        f".g{{font-size:12px;fill:{RED};text-anchor:middle}}",
        f".f{{fill:{PINK};font-size:10px}}",
        ".legend{font-size:12px}",
        ".e{fill:none;stroke:#57606a;stroke-width:1.3}",
        ".q{stroke:#c0c6cd;stroke-dasharray:3 3}",
        ".back{stroke:#d9b44a;stroke-dasharray:4 3}",
        ".off{opacity:.38}",
    )
)


def svg(scene: Scene) -> str:
    """Return the SVG text of a scene; the same drawing gives the same bytes."""
    legend = LEGEND if scene.annotated else 0.0
    width, height = scene.width + 2 * MARGIN, scene.height + 2 * MARGIN + legend
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" class="sg-graph" role="img">',
        f"<title>computation graph of {escape(scene.title)}</title>",
        f"<style>{escape(STYLE, quote=False)}</style>",
        f"<defs>{_arrow('sg-arrow', '#57606a')}{_arrow('sg-back', '#d9b44a')}</defs>",
        f'<rect width="{_n(width)}" height="{_n(height)}" rx="6" fill="#ffffff"/>',
        f'<g transform="translate({_n(MARGIN)},{_n(MARGIN)})">',
    ]
    out += [line for s in scene.shapes if isinstance(s.what, Box) for line in _frame(s, scene)]
    out += [line for x in scene.lines for line in _line(x, scene)]
    out += [line for s in scene.shapes if isinstance(s.what, Node) for line in _node(s, scene)]
    out += [line for x in scene.lines for line in _numbers(x)]
    out.append("</g>")
    if legend:
        out += _legend(height)
    return "\n".join([*out, "</svg>"]) + "\n"


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _arrow(name: str, color: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0.5,0.8 L7.5,4 L0.5,7.2 z" fill="{color}"/></marker>'
    )


def _legend(height: float) -> list[str]:
    y = _n(height - 16.0)
    return [
        f'<text x="24" y="{y}" class="legend"><tspan fill="{GREEN}">value</tspan>'
        f'<tspan dx="14" fill="{RED}">gradient</tspan><tspan fill="{PINK}"> = upstream · local</tspan></text>'
    ]


def _text(x: float, y: float, text: str, style: str, extra: str = "") -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" class="{style}"{extra}>{escape(text)}</text>'


def _frame(shape: Shape, scene: Scene) -> list[str]:
    box = shape.what
    assert isinstance(box, Box)
    fill, stroke = FRAMES[box.kind]
    off = ' class="off"' if scene.annotated and not box.runs and box.kind != "call" else ""
    return [
        f"<g{off}><title>{escape(_about_box(box))}</title>"
        f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}" rx="8" '
        f'fill="{fill}" stroke="{stroke}"/>',
        _text(shape.x + 12.0, shape.y + 17.0, title_of(box), "code") + "</g>",
    ]


def _about_box(box: Box) -> str:
    where = f"\nline {box.loc.line}: {box.loc.text.strip()}" if box.loc else ""
    runs = f"\nentered {box.runs} times" if box.runs else ""
    return f"{box.title}{where}{runs}"


def _node(shape: Shape, scene: Scene) -> list[str]:
    node, x, y = shape.what, shape.x, shape.y
    assert isinstance(node, Node)
    off = ' class="off"' if scene.annotated and not node.values else ""
    out = [f"<g{off}><title>{escape(about(node))}</title>"]
    if node.op in PORTS:
        return [*out, *_port(shape), "</g>"]
    width, height = size_of(node)
    x += (shape.width - width) / 2
    if has_name(node):
        out.append(_text(x + width / 2, y + 11.0, node.name, "name", ' text-anchor="middle"'))
        y += NAME
    middle = x + width / 2, y + height / 2
    if node.op == OUTPUT:
        out.append(_text(x + 6.0, middle[1] + 5.0, node.label, "in", ' style="text-anchor:start"'))
    elif node.op in (INPUT, CONSTANT):
        out += _source(node, x, y, width, height, scene)
    else:
        out += _operation(node, x, y, width, height)
    return [*out, "</g>"]


def _source(node: Node, x, y, width, height, scene: Scene) -> list[str]:
    middle = x + width / 2
    fill, stroke = ("#eaf3ff", "#86b0e8") if node.op == INPUT and node.active else ("#f6f8fa", "#d0d7de")
    style = "in" if node.op == INPUT else "word"
    out = [
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="7" fill="{fill}" '
        f'stroke="{stroke}"/>',
        _text(middle, y + height / 2 + 5.0, node.label, style),
    ]
    if node.op == INPUT and node.gradient is not None:
        out.append(_text(middle, y + height + 13.0, scene.totals.get(node, ""), "g"))
    return out


def _operation(node: Node, x, y, width, height) -> list[str]:
    fill, stroke = ("#ffffff", "#4f6f9f") if node.active else ("#f6f8fa", "#afb8c1")
    shape = (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(HEIGHT / 2)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="1.4"/>'
    )
    style = "op" if len(node.label) <= 2 else "word"
    drop = 6.0 if style == "op" else 4.5
    return [shape, _text(x + width / 2, y + height / 2 + drop, node.label, style)]


def _port(shape: Shape) -> list[str]:
    node, y = shape.what, shape.y + 11.0
    assert isinstance(node, Node)
    if node.op == CARRY:
        dot, text, anchor = shape.x, shape.x + 9.0 + shape.aside, "start"
    else:
        dot = shape.x + shape.width
        text, anchor = dot - 9.0 - shape.aside, "end"
    fill = "#d9b44a" if node.op in (CARRY, EXIT) else "#b196e0"
    return [
        f'<circle cx="{_n(dot)}" cy="{_n(y)}" r="4.5" fill="{fill}"/>',
        _text(text, y + 4.5, node.name, "name", f' text-anchor="{anchor}"'),
    ]


def about(node: Node) -> str:
    """Return what a tooltip says of a node."""
    lines = [f"{node.name} = {node.text}" if node.name and node.name != node.text else node.text or node.label]
    if node.loc is not None:
        lines.append(f"line {node.loc.line}: {node.loc.text.strip()}")
    if node.kind is not None:
        lines.append(str(node.kind))
    if node.values:
        lines.append(f"value {labels.full(node.value)}")
    if node.gradient is not None:
        lines.append(f"gradient {labels.full(node.gradient)}")
    return "\n".join(lines)


def _line(line: Line, scene: Scene) -> list[str]:
    off = " off" if scene.annotated and not any(e.passages for e in line.edges) else ""
    if line.back:
        return [f'<path class="e back{off}" marker-end="url(#sg-back)" d="{_angular(line.points)}"/>']
    quiet = " q" if not any(e.active for e in line.edges) else ""
    marker = ' marker-end="url(#sg-arrow)"' if line.arrow and not quiet else ""
    return [f'<path class="e{quiet}{off}"{marker} d="{_smooth(line.points)}"/>']


def _smooth(points: list[tuple[float, float]]) -> str:
    """Return a path that is level at every point: straight pieces, joined by curves."""
    parts = [f"M{_n(points[0][0])},{_n(points[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(y1 - y0) < 0.05:
            parts.append(f"L{_n(x1)},{_n(y1)}")
        else:
            half = (x1 - x0) / 2
            parts.append(f"C{_n(x0 + half)},{_n(y0)} {_n(x1 - half)},{_n(y1)} {_n(x1)},{_n(y1)}")
    return " ".join(parts)


def _angular(points: list[tuple[float, float]], radius: float = 6.0) -> str:
    """Return a path of straight pieces with rounded corners."""
    parts = [f"M{_n(points[0][0])},{_n(points[0][1])}"]
    for (x0, y0), (x1, y1), (x2, y2) in zip(points, points[1:], points[2:], strict=False):
        before, after = abs(x1 - x0) + abs(y1 - y0), abs(x2 - x1) + abs(y2 - y1)
        r = min(radius, before / 2, after / 2)
        a = x1 + (x0 - x1) * r / max(before, 1e-9), y1 + (y0 - y1) * r / max(before, 1e-9)
        b = x1 + (x2 - x1) * r / max(after, 1e-9), y1 + (y2 - y1) * r / max(after, 1e-9)
        parts.append(f"L{_n(a[0])},{_n(a[1])} Q{_n(x1)},{_n(y1)} {_n(b[0])},{_n(b[1])}")
    parts.append(f"L{_n(points[-1][0])},{_n(points[-1][1])}")
    return " ".join(parts)


def _numbers(line: Line) -> list[str]:
    if not (line.value or line.gradient):
        return []
    x, y = line.at
    out = [f"<g><title>{escape(about_edge(line.edges))}</title>"]
    if line.value:
        out.append(_text(x, y - 5.0, line.value, "v"))
    if line.gradient:
        more = f'<tspan class="f">{escape(line.factors)}</tspan>' if line.factors else ""
        out.append(f'<text x="{_n(x)}" y="{_n(y + 14.0)}" class="g">{escape(line.gradient)}{more}</text>')
    return [*out, "</g>"]


def about_edge(edges: list[Edge]) -> str:
    """Return what a tooltip says of the value on an edge, and of the gradient that comes back."""
    edge = edges[0]
    source = edge.source.name or edge.source.id
    lines = [f"{source} to {' and '.join(dict.fromkeys(e.target.name or e.target.label for e in edges))}"]
    if edge.value is not None:
        lines.append(f"value {labels.full(edge.value)}")
    if len(edges) == 1 and edge.downstream is not None:
        if edge.upstream is not None:
            lines.append(f"upstream gradient {labels.full(edge.upstream)}")
            if not labels.shape(edge.upstream):
                lines.append(f"local gradient {labels.full(edge.local)}")
        lines.append(f"downstream gradient {labels.full(edge.downstream)}")
    return "\n".join(lines)
