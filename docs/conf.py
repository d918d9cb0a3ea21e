"""The site: `python -m sphinx -W --keep-going docs out/site` builds it, warnings being errors."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import srcgrad  # noqa: E402

project = "srcgrad"
author = "The srcgrad authors"
project_copyright = "The srcgrad authors, Apache License 2.0"
version = release = srcgrad.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
nitpicky = True
default_role = "code"
pygments_style = "default"
pygments_dark_style = "monokai"

# ---- pages: the Markdown that the repository shows, with the anchors that its links use
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath"]

# ---- the reference: docstrings, in the order of the page
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False

# ---- looks
html_theme = "furo"
html_title = "srcgrad"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1a5fb4", "color-brand-content": "#1a5fb4"},
    "dark_css_variables": {"color-brand-primary": "#8ab8ff", "color-brand-content": "#8ab8ff"},
}


def escape(app, what, name, obj, options, lines):
    """Escape what a docstring means as it stands and reStructuredText would read as markup: |x|, 2 * x, *args."""
    for k, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = line.split("`")
            parts[::2] = [re.sub(r"\||(?<![\\*])\*(?!\*)", r"\\\g<0>", part) for part in parts[::2]]
            lines[k] = "`".join(parts)


def setup(app):
    """Register what this page adds to Sphinx."""
    app.connect("autodoc-process-docstring", escape, priority=100)  # before numpydoc
