"""docs/modules.md names every module and what it does; `--update-goldens` writes it anew."""

import ast
from pathlib import Path

from tests.test_architecture import ARROWS, LEVELS, TREES

PAGE = Path(__file__).parents[1] / "docs" / "modules.md"
HEAD = """# Modules

Where to look for what, written from the first lines of the modules. In a package, those that others import come first.
How the packages depend on each other, and why, is told in [the design](design.md).
"""


def first_line(module):
    """Return what a module says of itself."""
    return ast.get_docstring(TREES[module]).splitlines()[0].rstrip(".").replace("|", r"\|")


def page_text():
    """Return the page."""
    lines = [HEAD]
    for package, rows in LEVELS.items():
        title = f"`{package}/`: {first_line(package)}" if package else "Public functions, and what all packages share"
        others = ", ".join(f"`{other}/`" for other in sorted(ARROWS[package]) if other)
        lines += [f"## {title}", "", f"Imports from {others or 'no other package'}.", ""]
        lines += ["| module | does |", "|---|---|"]
        for name in (name for row in rows for name in row if name):
            lines.append(f"| `{name}` | {first_line(f'{package}.{name}' if package else name)} |")
        lines.append("")
    return "\n".join(lines)


def test_the_page_is_up_to_date(update_goldens):
    text = page_text()
    if update_goldens:
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "python -m pytest tests/test_modules_page.py --update-goldens"
