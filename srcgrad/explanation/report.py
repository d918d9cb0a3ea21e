"""Explanations as text and as HTML."""

from __future__ import annotations

import os
from html import escape

import numpy as np

from ..shown import number, size


def _notes(line) -> list[str]:
    """Return what is said of a line besides its activity: what it is linear in, what is kept, what is done again."""
    notes = []
    straight = (*line.linear, *line.mixed)
    if line.active and line.curved:
        rest = f"linear in {', '.join(straight)}, not in" if straight else "not linear in"
        notes.append(f"{rest} {', '.join(line.curved)}")
    elif line.active and line.mixed:
        notes.append(f"linear in each of {', '.join(straight)}")
    elif line.active and line.linear:
        notes.append("linear")
    notes += [f"{name} kept: {why}" for name, why in line.kept]
    notes += [f"{name} computed again for {where}" for name, where in line.again]
    notes += ["reversed in the same pass"] if line.one_pass and line.active else []
    return notes


def text_report(e) -> str:
    """Return an explanation as text."""
    home = e.lines[0].file if e.lines else ""
    out = [f"{e.name} = {number(e.value)}, differentiated by {', '.join(e.gradients)}", ""]
    widest = min(max((len(line.text) for line in e.lines), default=0), 60)
    indent = min((len(t.text) - len(t.text.lstrip()) for t in e.lines if t.text.strip()), default=0)
    inside = ""
    for line in e.lines:
        if line.function != inside:
            inside = line.function
            out.append(f"     in {inside}():")
        where = str(line.number) if line.file == home else f"{os.path.basename(line.file)}:{line.number}"
        notes = _notes(line)
        mark = "*" if line.active else " "
        kept = size(line.bytes) if line.bytes else ""
        head = f"{where:>4} {mark} {line.text[indent:]:<{widest}}  {kept:>9}  "
        out.append((head + (notes[0] if notes else "")).rstrip())
        out += [" " * len(head) + note for note in notes[1:]]
    out += ["", f"* active; kept for the way back: {size(e.bytes)}"]
    for loop in e.loops:
        for name, norms in loop.norms.items():
            out.append(f"line {loop.loc.line}, {len(norms)} trips: |{name}_bar| {_course(loop, name)}")
    out += ["", *map(_birth, e.births)] if e.births else ["no inf and no nan"]
    return "\n".join(out)


def _course(loop, name: str) -> str:
    norms = loop.norms[name]
    return f"{number(norms[-1])} at the last trip, {number(norms[0])} at the first (x {number(loop.growth(name))})"


def _birth(b) -> str:
    """Return the sentence on where inf or nan was born."""
    where = f"{os.path.basename(b.loc.file)}:{b.loc.line}" if b.loc else "?"
    trips = "".join(f", trip {k} of line {loc.line}" for loc, k in b.trips if loc)
    reads = ", ".join(f"{text} = {_value(v)}" for text, v in b.reads)
    from_what = f" from {reads}" if reads else ""
    return f"{b.value} born {b.section} at {where}{trips}: {b.target} = {b.text}{from_what}"


def _value(v) -> str:
    return v if isinstance(v, str) else number(v) if isinstance(v, float) else str(v)


_STYLE = (
    "font:13px/1.5 -apple-system,'Segoe UI',Helvetica,Arial,sans-serif;color:#1f2328;background:#fff;padding:8px 12px;"
    "border:1px solid #d0d7de;border-radius:6px;width:fit-content;max-width:100%;overflow-x:auto"
)
_CODE = "font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre"


def html_report(e) -> str:
    """Return an explanation as HTML: a table of lines, curves of norms, and births."""
    rows, inside = [], ""
    for line in e.lines:
        if line.function != inside:
            inside = line.function
            rows.append(f'<tr><td></td><td style="padding:3px 0;color:#57606a">in {escape(inside)}():</td></tr>')
        fill = "#fff" if not line.active else "#f0f7ff" if not (line.curved or line.mixed) else "#fff4e5"
        notes = "<br>".join(escape(n) for n in _notes(line))
        kept = size(line.bytes) if line.bytes else ""
        rows.append(
            f'<tr style="background:{fill};vertical-align:baseline">'
            f'<td style="color:#8a929c;text-align:right;padding:1px 10px">{line.number}</td>'
            f'<td style="{_CODE};text-align:left;padding:1px 16px 1px 0">{escape(line.text)}</td>'
            f'<td style="text-align:right;padding:1px 10px;color:#9a6700">{kept}</td>'
            f'<td style="text-align:left;padding:1px 10px;color:#57606a">{notes}</td></tr>'
        )
    head = f"<b>{escape(e.name)}</b> = {number(e.value)}, differentiated by {escape(', '.join(e.gradients))}"
    legend = (
        '<span style="background:#f0f7ff">&nbsp;active, linear&nbsp;</span> '
        '<span style="background:#fff4e5">&nbsp;active, not linear&nbsp;</span> '
        f"&nbsp; kept for the way back: {size(e.bytes)}"
    )
    loops = "".join(_curves(loop) for loop in e.loops)
    births = "".join(f'<div style="color:#cf222e">{escape(_birth(b))}</div>' for b in e.births) or "no inf and no nan"
    table = f'<table style="border-collapse:collapse;margin:6px 0;font:inherit">{"".join(rows)}</table>'
    return f'<div style="{_STYLE}"><div>{head}</div>{table}<div>{legend}</div>{loops}<div>{births}</div></div>'


def _curves(loop) -> str:
    """Return the norms of a loop's adjoints as small curves, on a logarithmic scale."""
    out = []
    for name, norms in loop.norms.items():
        title = f"line {loop.loc.line}, {len(norms)} trips: |{name}_bar| {_course(loop, name)}"
        out.append(f'<div style="margin:4px 0">{_curve(norms)} {escape(title)}</div>')
    return "".join(out)


def _curve(norms: np.ndarray, width: float = 160.0, height: float = 34.0) -> str:
    good = norms[np.isfinite(norms) & (norms > 0.0)]
    if len(norms) < 2 or not len(good):
        return ""
    logs = np.log10(np.clip(np.nan_to_num(norms, posinf=good.max()), good.min(), good.max()))
    low, high = float(logs.min()), float(logs.max())
    span = max(high - low, 1.0)
    middle = (low + high) / 2
    xs = np.linspace(2.0, width - 2.0, len(logs))
    ys = height / 2 - (logs - middle) / span * (height - 6.0)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    return (
        f'<svg width="{width:g}" height="{height:g}" '
        'style="vertical-align:middle;background:#f6f8fa;border-radius:3px">'
        f'<polyline points="{points}" fill="none" stroke="#cf222e" stroke-width="1.5"/></svg>'
    )
