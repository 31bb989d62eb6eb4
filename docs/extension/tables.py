"""Names in tables that are too long for their column, such as those of tests: they wrap."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 34
"""The longest word, in characters, that keeps a column of its width."""


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    for cell in doctree.findall(nodes.entry):
        for literal in cell.findall(nodes.literal):
            if max(map(len, literal.astext().split()), default=0) > LONGEST:
                literal["classes"].append("wraps")


def setup(app: Sphinx) -> dict[str, bool]:
    """Mark the names when a page is read; ``site.css`` wraps what is marked."""
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True}
