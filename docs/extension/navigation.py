"""The list of pages in the index: a page that no section names goes where ``OTHERS`` stands.

So a new page is on the site before somebody has decided on its place.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

OTHERS = "OTHER PAGES"
_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)


def completed(index: str, pages: set[str]) -> str:
    """Return the text of the index with a line for each of ``pages`` that it lacks."""
    named = {line for tree in _TOCTREE.findall(index) for line in tree.splitlines()}
    others = sorted(page for page in pages - named - {"index"} if "/" not in page)
    return re.sub(f"^{OTHERS}\n", "".join(f"{page}\n" for page in others), index, flags=re.M)


def _complete(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname == "index":
        app.env.note_reread()
        source[0] = completed(source[0], set(app.env.found_docs))


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete the index when it is read."""
    app.connect("source-read", _complete)
    return {"parallel_read_safe": True}
