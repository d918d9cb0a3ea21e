"""Generated source as it is shown: forward and backward side by side, highlighted, lines of one origin linked."""

from __future__ import annotations

import hashlib
import html
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest

from .emit import Line

_STYLE = """
#{id} {{ font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  color: #1f2328; background: #fff; width: fit-content; max-width: 100%; overflow: hidden;
  border: 1px solid #d0d7de; border-radius: 6px; }}
#{id} .sg-whole {{ padding: 6px 10px; }}
#{id} .sg-pair {{ display: grid; border-top: 1px solid #d0d7de;
  grid-template-columns: fit-content(56em) fit-content(56em); }}
#{id} .sg-side {{ padding: 2px 0 8px 0; min-width: 0; overflow-x: auto; }}
#{id} .sg-side + .sg-side {{ border-left: 1px solid #d0d7de; }}
#{id} .sg-head {{ padding: 2px 10px; color: #57606a; font-family: sans-serif; font-size: 11px; }}
#{id} .sg-line {{ white-space: pre; padding: 0 10px 0 0; min-height: 1.5em; }}
#{id} .sg-line i {{ display: inline-block; width: 3.2em; padding-right: 1em; text-align: right; color: #afb8c1;
  font-style: normal; user-select: none; }}
""".strip()


class Source(str):
    """Generated source text; a str that Jupyter shows with forward and backward side by side.

    Two lines that come from the same line of the function light up together. With Pygments installed the text is
    highlighted, there and in `show`.
    """

    _listing: Callable[[], Sequence[Sequence[Line]]] | None = None

    def __new__(cls, text: str, listing: Callable[[], Sequence[Sequence[Line]]] | None = None):
        made = super().__new__(cls, text)
        made._listing = listing
        return made

    def __reduce__(self):
        return Source, (str(self),)

    def __repr__(self):
        return str(self)

    def show(self, color: bool | None = None, file=None, side_by_side: bool = False) -> None:
        """Print the text, in colours where it goes to a terminal.

        Parameters
        ----------
        color : bool, optional
            Whether to use colours; by default where `file` is a terminal, NO_COLOR is not set and Pygments is there.
        file : text stream, optional
            Where to; by default standard output.
        side_by_side : bool
            Whether forward and backward stand beside each other where there is room, each line with the number of the
            line of the function that it comes from.
        """
        file = file or sys.stdout
        if color is None:
            color = "NO_COLOR" not in os.environ and getattr(file, "isatty", lambda: False)()
        listed = self._listing() if side_by_side and self._listing is not None else ()
        if listed:
            width = shutil.get_terminal_size((160, 24)).columns
            print("\n\n".join(_columns(lines, width, color) for lines in listed), file=file)
        else:
            print(_for_terminal(str(self)) if color else str(self), file=file)

    def page(self) -> str:
        """Return a whole HTML page that shows forward and backward side by side."""
        head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        return f"{head}<title>{html.escape(self._title())}</title>{self._repr_html_()}\n"

    def _title(self) -> str:
        return next((line for line in self.splitlines() if line.startswith("def ")), "source").rstrip(":")

    def _repr_html_(self) -> str:
        listed = self._listing() if self._listing is not None else ()
        return page(str(self), listed)


def _for_terminal(text: str) -> str:
    try:
        from pygments import highlight
        from pygments.formatters import TerminalFormatter
        from pygments.lexers import PythonLexer
    except ImportError:
        return text
    return highlight(text, PythonLexer(stripnl=False), TerminalFormatter()).rstrip("\n") + "\n"


def _columns(lines: Sequence[Line], width: int, color: bool) -> str:
    """Return a function with its parts beside each other, or below where they are wider than the terminal.

    >>> lines = [Line("def f_grad(x):", 1), Line("    # forward", 0, "forward"), Line("    y = x * x", 2, "forward"),
    ...          Line("    # backward", 0, "backward"), Line("    x_bar = 2.0 * x", 2, "backward")]
    >>> print(_columns(lines, 60, False))
     1  def f_grad(x):
            # forward       │        # backward
     2      y = x * x       │ 2      x_bar = 2.0 * x
    """
    digits = max(len(str(line.origin)) for line in lines)
    titles = dict.fromkeys(line.section for line in lines)
    parts = [[line for line in lines if line.section == title] for title in titles]
    sides = [part for part in parts if part[0].section]
    room = max((len(line.text) for part in sides for line in part), default=0) + digits + 3
    rows = [_numbered(line, digits, color, 0) for line in parts[0] if not line.section]
    if len(sides) < 2 or len(sides) * (room + 1) > width:
        return "\n".join(rows + [_numbered(line, digits, color, 0) for part in sides for line in part])
    for row in zip_longest(*sides):
        cells = [_numbered(line or Line(""), digits, color, room) for line in row]
        rows.append(" │".join(cells).rstrip())
    return "\n".join(rows)


def _numbered(line: Line, digits: int, color: bool, room: int) -> str:
    """Return a line behind the number of its origin, in the colour of this number, filled up to a width."""
    number = str(line.origin or "").rjust(digits)
    marked = _for_terminal(line.text).rstrip("\n") if color else line.text
    if color and line.origin:
        number = f"\x1b[{31 + line.origin % 6}m{number}\x1b[39m"
    return f" {number}  {marked}{' ' * (room - digits - 3 - len(line.text))}"


def _for_page(text: str) -> list[str]:
    """Return the lines of a text as HTML."""
    try:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer
    except ImportError:
        return html.escape(text, quote=False).split("\n")
    made = highlight(text, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True, noclasses=True))
    return made.removesuffix("\n").split("\n") if len(made.split("\n")) > len(text.split("\n")) else made.split("\n")


def page(text: str, functions: Sequence[Sequence[Line]]) -> str:
    """Return the HTML of a source: its functions one below the other, each with its two parts side by side.

    >>> lines = [Line("def f_grad(x):", 1), Line("    # forward", 0, "forward"), Line("    y = x * x", 2, "forward"),
    ...          Line("    # backward", 0, "backward"), Line("    x_bar = 2.0 * x", 2, "backward")]
    >>> made = page("def f_grad(x):", [lines])
    >>> made.count("sg-side"), made.count("sg-2")
    (5, 4)
    """
    name = f"sg-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
    functions = functions or [[Line(line) for line in text.rstrip().split("\n")]]
    origins = sorted({line.origin for lines in functions for line in lines if line.origin})
    links = "\n".join(
        f"#{name}:has(.sg-{n}:hover) .sg-{n} {{ background: #fff3bf; }}" for n in origins
    )  # fmt: skip
    blocks = "".join(map(_function, functions))
    return f'<style>{_STYLE.format(id=name)}\n{links}</style><div id="{name}">{blocks}</div>'


def _function(lines: Sequence[Line]) -> str:
    marked = _for_page("\n".join(line.text for line in lines))
    pairs = list(zip(lines, marked, strict=True))
    whole = [p for p in pairs if not p[0].section]
    sides = [
        (title, [p for p in pairs if p[0].section == title and p[0].text.strip() != f"# {title}"])
        for title in dict.fromkeys(line.section for line in lines if line.section)
    ]
    out = f'<div class="sg-whole">{"".join(map(_line, whole))}</div>'
    if sides:
        columns = "".join(
            f'<div class="sg-side"><div class="sg-head">{title}</div>{"".join(map(_line, part))}</div>'
            for title, part in sides
        )
        out += f'<div class="sg-pair">{columns}</div>'
    return out


def _line(pair: tuple[Line, str]) -> str:
    line, marked = pair
    link = f" sg-{line.origin}" if line.origin else ""
    return f'<div class="sg-line{link}"><i>{line.origin or ""}</i>{marked}</div>'
