"""Links between the repository's documents, as they must be on the site.

A document links to others and to files by relative paths, which a reader of the repository can
follow. The site has only the pages of ``docs`` and the documents of ``PAGES``. Other files are
named there, or linked to where ``project_urls`` in setup.cfg has a ``Source``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

from setup import link_to_file

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
PAGES = {"CHANGELOG.md": "changes", "CONTRIBUTING.md": "contributing", "SECURITY.md": "reporting"}
"""The documents beside ``docs`` that are pages of the site, with the names of these."""

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?![\w+.-]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def rebased(text: str, folder: Path, page: Path) -> str:
    """Return ``text`` with its links made for ``page``; now they are relative to ``folder``."""

    def link(found: re.Match[str]) -> str:
        words, path, heading = found.group(1), found.group(2), found.group(3) or ""
        target = Path(os.path.normpath(folder / path))
        name = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else ""
        if name in PAGES:
            target = DOCS / f"{PAGES[name]}.md"
        elif name == "README.md":
            target = DOCS / "index.md"
        if target.is_relative_to(DOCS):
            return f"[{words}]({os.path.relpath(target, page.parent)}{heading})"
        return link_to_file("", words, name, heading)

    return _LINK.sub(link, text)


def _rebase(app: Sphinx, docname: str, source: list[str]) -> None:
    page = Path(app.srcdir, f"{docname}.md")
    outside = {name: document for document, name in PAGES.items()}.get(docname)
    if outside is None:
        source[0] = rebased(source[0], page.parent, page)
    else:
        app.env.note_dependency(str(ROOT / outside))
        source[0] = rebased((ROOT / outside).read_text("utf-8"), ROOT, page)


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite links when a page is read."""
    app.connect("source-read", _rebase)
    return {"parallel_read_safe": True}
