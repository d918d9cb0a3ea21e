"""A picture in SVG as pixels or PDF, drawn by matplotlib: the shapes and classes that `picture` writes, no others."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .picture import STYLE

_FAMILIES = {
    "sans-serif": ("Helvetica Neue", "Helvetica", "Arial", "Liberation Sans"),
    "serif": ("Georgia", "Times New Roman", "Liberation Serif"),
    "monospace": ("Menlo", "Consolas", "DejaVu Sans Mono"),
}
_RULE = re.compile(r"^\.sg-graph (?:\.)?([\w-]+)\{(.*)\}$", re.MULTILINE)
_SHIFT = re.compile(r"translate\(([\d.]+),([\d.]+)\)")
QUARTER = 0.5522847  # how far a cubic curve's handles reach, of the radius, to follow a quarter of a circle
Attributes = dict[str, str]


def save(svg: str, path: Path, scale: float = 2.0) -> None:
    """Write a picture in the format that the ending of the path names, in pixels `scale` times as large.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    figure = Figure(figsize=(width / 72.0, height / 72.0), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    axes.set_ylim(height, 0.0)
    _Drawer(axes).children(root, {}, (0.0, 0.0))
    figure.savefig(path, dpi=72.0 * scale)


class _Drawer:
    """Adds the elements of a picture to axes whose units are those of the picture."""

    def __init__(self, axes):
        from matplotlib import font_manager

        self.axes = axes
        self.styles = {name: dict(p.split(":", 1) for p in body.split(";")) for name, body in _RULE.findall(STYLE)}
        known = {font.name for font in font_manager.fontManager.ttflist}
        self.fonts = {kind: next((n for n in names if n in known), kind) for kind, names in _FAMILIES.items()}

    def children(self, element, inherited: Attributes, at: tuple[float, float]):
        """Draw what is inside an element."""
        for child in element:
            tag = child.tag.rpartition("}")[2]
            own = inherited | self.attributes(child)
            if tag in ("svg", "g"):
                dx, dy = map(float, _SHIFT.fullmatch(child.get("transform", "translate(0,0)")).groups())  # type: ignore[union-attr]
                self.children(child, {k: v for k, v in own.items() if k == "opacity"}, (at[0] + dx, at[1] + dy))
            elif tag in ("rect", "circle", "path", "text"):
                getattr(self, tag)(child, own, at)

    def attributes(self, element) -> Attributes:
        """Return the attributes of an element with the properties of its classes and its style."""
        found = dict(element.attrib)
        for name in element.get("class", "").split():
            found |= self.styles.get(name, {})
        return found | dict(p.split(":", 1) for p in element.get("style", "").split(";") if p)

    def patch(self, made, a: Attributes, order: float, fill: str = "none"):
        """Add a patch in the colours of the attributes."""
        dashes = a.get("stroke-dasharray")
        line = (0.0, [float(d) / float(a.get("stroke-width", 1.0)) for d in dashes.split()]) if dashes else "solid"
        made.set(facecolor=a.get("fill", fill), edgecolor=a.get("stroke", "none"), linestyle=line)
        made.set(linewidth=float(a.get("stroke-width", 1.0)), alpha=float(a.get("opacity", 1.0)), zorder=order)
        self.axes.add_patch(made)

    def rect(self, element, a: Attributes, at: tuple[float, float]):
        """Draw a rectangle whose corners are quarters of a circle."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Curve

        x, y = float(a.get("x", 0.0)) + at[0], float(a.get("y", 0.0)) + at[1]
        width, height = float(a["width"]), float(a["height"])
        r = min(float(a.get("rx", 0.0)), width / 2, height / 2)
        points, codes = [(x + r, y)], [Curve.MOVETO]
        corners = ((x + width, y, 1, 0), (x + width, y + height, 0, 1), (x, y + height, -1, 0), (x, y, 0, -1))
        for cx, cy, u, v in corners:  # (u, v) is the direction in which a corner is reached; it turns to (-v, u)
            inner = r * (1.0 - QUARTER)
            points += [(cx - r * u, cy - r * v), (cx - inner * u, cy - inner * v),
                       (cx - inner * v, cy + inner * u), (cx - r * v, cy + r * u)]  # fmt: skip
            codes += [Curve.LINETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
        self.patch(PathPatch(Curve([*points, points[0]], [*codes, Curve.CLOSEPOLY])), a, self.next_order())

    def circle(self, element, a: Attributes, at: tuple[float, float]):
        """Draw a dot."""
        from matplotlib.patches import Circle

        centre = float(a["cx"]) + at[0], float(a["cy"]) + at[1]
        self.patch(Circle(centre, float(a["r"])), a, self.next_order())

    def path(self, element, a: Attributes, at: tuple[float, float]):
        """Draw a line, and the arrow at its end."""
        from matplotlib.patches import PathPatch, Polygon
        from matplotlib.path import Path as Curve

        kinds = {"M": (Curve.MOVETO,), "L": (Curve.LINETO,), "Q": (Curve.CURVE3,) * 2, "C": (Curve.CURVE4,) * 3}
        points: list[tuple[float, float]] = []
        codes: list[Any] = []
        for letter, numbers in re.findall(r"([MLQC])([^MLQC]*)", a["d"]):
            values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
            points += [(x + at[0], y + at[1]) for x, y in zip(values[::2], values[1::2], strict=True)]
            codes += kinds[letter]
        self.patch(PathPatch(Curve(points, codes)), a, self.next_order())
        if "marker-end" in a:
            x1, y1 = points[-1]
            x0, y0 = next(p for p in reversed(points) if p != points[-1])
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            u, v = (x1 - x0) / length, (y1 - y0) / length
            tip = [(x1 + s * u - t * v, y1 + s * v + t * u) for s, t in ((0.3, 0.0), (-7.6, 3.6), (-7.6, -3.6))]
            self.patch(Polygon(tip), {"fill": a["stroke"], "opacity": a.get("opacity", "1")}, self.next_order())

    def text(self, element, a: Attributes, at: tuple[float, float]):
        """Draw a text, and its parts in other colours behind one another."""
        from matplotlib.patches import PathPatch
        from matplotlib.textpath import TextPath, TextToPath
        from matplotlib.transforms import Affine2D

        runs = [(element.text or "", a, 0.0)]
        runs += [(t.text or "", a | self.attributes(t), float(t.get("dx", 0.0))) for t in element]
        fonts = [self.font(own) for _, own, _ in runs]
        widths = [
            gap + (TextToPath().get_text_width_height_descent(text, font, False)[0] if text else 0.0)
            for (text, _, gap), font in zip(runs, fonts, strict=True)
        ]
        share = {"middle": 0.5, "end": 1.0}.get(a.get("text-anchor", "start"), 0.0)
        x, y = float(a["x"]) + at[0] - share * sum(widths), float(a["y"]) + at[1]
        for (text, own, gap), font, before in zip(runs, fonts, accumulate(widths, initial=0.0), strict=False):
            if text:
                shape = TextPath((0, 0), text, prop=font)
                moved = shape.transformed(Affine2D().scale(1.0, -1.0).translate(x + before + gap, y))
                ink = {"fill": own.get("fill", "#1f2328"), "opacity": own.get("opacity", "1")}
                self.patch(PathPatch(moved), ink, self.next_order())

    def font(self, a: Attributes):
        """Return the font that attributes name."""
        from matplotlib.font_manager import FontProperties

        kind = a.get("font-family", self.styles["text"]["font-family"]).rpartition(",")[2]
        size = float(a.get("font-size", "16px").removesuffix("px"))
        return FontProperties(family=self.fonts[kind], style=a.get("font-style", "normal"), size=size)

    def next_order(self) -> float:
        """Return a number above all before: what comes later in the file is drawn above."""
        return len(self.axes.patches) + 1.0
