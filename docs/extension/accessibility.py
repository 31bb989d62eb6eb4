"""What the theme leaves out for readers who hear a page, or who have only a keyboard."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

REPLACED = {
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="This page" class="toc-drawer',
    # What is wider than the window scrolls, so it must be reached by the keyboard.
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
}
"""By what the theme writes: what stands there instead."""


def _complete(app: Sphinx, failure: Exception | None) -> None:
    if failure is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text("utf-8")
            for written, better in REPLACED.items():
                text = text.replace(written, better)
            page.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete the pages once all are written."""
    app.connect("build-finished", _complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
