"""What axe says of a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

LATER = "window.loadAxe = function () { let module, define;\n%s\n};" % Axe().axe_script  # noqa: UP031
"""A function that is compiled when it is called: pages that nobody judges don't pay for axe."""
JUDGE = """async options => {
    if (typeof axe === "undefined") loadAxe();
    const asked = {...options, resultTypes: ["violations"], preload: false, selectors: false};
    return (await axe.run(document, asked)).violations;
}"""
"""Loading style sheets and media anew helps two rules: one is off, the other is about audio."""


def bring(context: BrowserContext) -> None:
    """Give axe to a browser context, before its first page is opened.

    To send it to each page takes longer than axe itself.
    """
    context.add_init_script(LATER)


def violations(page: Page, **options: Any) -> list[tuple[str, str, list[str]]]:
    """The URL, the rule and the elements of everything that axe finds wrong with the page."""
    found = page.evaluate(JUDGE, options)
    return [(page.url, one["id"], [node["html"] for node in one["nodes"]]) for one in found]
