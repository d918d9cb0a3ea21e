"""Generated source as it is shown: forward and backward side by side, highlighted, lines of one origin linked."""

from __future__ import annotations

import hashlib
import html
import os
import sys
from collections.abc import Callable, Sequence

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

    def show(self, color: bool | None = None, file=None) -> None:
        """Print the text, in colours where it goes to a terminal.

        Parameters
        ----------
        color : bool, optional
            Whether to use colours; by default where `file` is a terminal, NO_COLOR is not set and Pygments is there.
        file : text stream, optional
            Where to; by default standard output.
        """
        file = file or sys.stdout
        if color is None:
            color = "NO_COLOR" not in os.environ and getattr(file, "isatty", lambda: False)()
        print(_for_terminal(str(self)) if color else str(self), file=file)

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
