"""docs/functions.md says what the tables hold; `--update-goldens` writes it anew."""

from pathlib import Path

import numpy as np

from srcgrad.differentiation.symbolic import Converter, partials
from srcgrad.language.emit import expr_text
from srcgrad.language.ir import Name, Op
from srcgrad.library import CASES, METHODS
from srcgrad.library.pages import functions_of
from srcgrad.parsing.complex_functions import KNOWN
from srcgrad.rules import arrays
from srcgrad.rules.elementwise import ARGUMENTS, ROWS
from srcgrad.rules.externals import BY_SPELLING

PAGE = Path(__file__).parents[1] / "docs" / "functions.md"
HEAD = """# Functions

What is known by name, written from the tables of the source. A function is recognised as an object, however it was
imported; `special` is `scipy.special`. Anything made of these needs no rule.

## Elementwise functions

Of numbers and arrays. `x`, `y`, `z`, `w` are the arguments, `out` is the value; functions in a derivative are rows
themselves. `STEEP` is 1e30 and stands for an infinite slope ([kinks and ties](conventions.md#kinks-and-ties));
`ROOT_PI` is the square root of pi, `ROOT_2PI` that of 2 pi, `ROOT_HALF` that of 1/2. By an argument marked *constant*
no derivative is known: if it depends on what is differentiated, that is an error which names the line.
"""
MIDDLE = """
## Elementwise functions without a derivative

`{}`.

## Functions written in the language

Their derivatives are those of their text, in `srcgrad/library`.
"""
END = """
## Array functions that become loops

`{}`.

## Functions of libraries

Called as they are, with rules in `srcgrad/rules`: `{}`.

## Functions of complex numbers

[Conventions](conventions.md#complex-numbers) say what a derivative is: `{}`.
"""


def derivative(row, k):
    """Return the text of a partial derivative."""
    if row.partials is not None:
        return "*constant*" if row.partials[k] is None else f"`{row.partials[k]}`"
    call = Op(row.spellings[0], tuple(map(Name, ARGUMENTS[: row.arity])))
    found = Converter(lambda leaf: True)
    _, parts = partials(found, call, list(call.args))
    return f"`{expr_text(found.from_sympy(parts[k])).replace('np.', '')}`"


def spelling(f):
    """Return how code spells a function that takes complex numbers."""
    module = (f.__module__ or "").replace("builtins", "") if not isinstance(f, np.ufunc) else "numpy"
    return f"{module}.{f.__name__}".removeprefix(".").replace("numpy.", "np.")


def page_text():
    """Return the page."""
    rows = [row for row in ROWS.values() if row.differentiable]
    rows.sort(key=lambda row: (any(s.startswith("special.") for s in row.spellings), row.name))
    lines = [HEAD, "| function | derivative by its arguments |", "|---|---|"]
    for row in rows:
        own = (s for s in (*row.spellings, *row.aliases) if not s.startswith("simd."))  # what generated code calls
        names = ", ".join(f"`{s}`" for s in own)
        lines.append(f"| {names} | {'<br>'.join(derivative(row, k) for k in range(row.arity))} |")
    steps = sorted(s for row in ROWS.values() if not row.differentiable for s in (*row.spellings, *row.aliases))
    lines += [MIDDLE.format("`, `".join(steps)), "| function | is |", "|---|---|"]
    texts = {}
    for text in CASES:
        if names := functions_of(text):
            texts[text] = [name.removeprefix("scipy.") for name in names]
    for name, text in METHODS.items():
        texts.setdefault(text, []).append(f".{name}()")
    outer = {name.split(".")[1] for names in texts.values() for name in names if name.endswith(".outer")}
    for text, names in sorted(texts.items(), key=lambda item: item[1]):
        if not names[0].endswith(".outer"):
            what = (text.__doc__ or "").strip().splitlines()[0]
            lines.append(f"| {', '.join(f'`{n}`' for n in names)} | {what.replace('|', chr(92) + '|')} |")
    lines.append(f"| `np.ufunc.outer` of `{'`, `'.join(sorted(outer))}` | every element of the one array with every"
                 " element of the other |")  # fmt: skip
    loops = sorted(f"{f.spelling}({', '.join(f.params)})" for f in arrays.BY_SPELLING.values())
    called = sorted(s for s in BY_SPELLING if not s.startswith("own."))  # those that other tests registered
    of_complex = sorted(map(spelling, KNOWN))
    return "\n".join([*lines, END.format("`, `".join(loops), "`, `".join(called), "`, `".join(of_complex))])


def test_the_page_is_up_to_date(update_goldens):
    text = page_text()
    if update_goldens:
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "python -m pytest tests/test_functions_page.py --update-goldens"
