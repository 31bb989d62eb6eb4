"""How Sphinx makes a site of this folder: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import oauthprov  # noqa: E402 - found by the path above

project = "oauthprov"
author = "the oauthprov authors"
copyright = author
release = version = oauthprov.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "extension.accessibility",
    "extension.links",
    "extension.navigation",
    "extension.reference",
    "extension.tables",
]
exclude_patterns = ["extension"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
highlight_language = "text"
# Options such as --host stay as they are written.
smartquotes = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"
html_title = f"oauthprov {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
