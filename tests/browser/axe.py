"""What axe says of a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPT = Axe().axe_script
JUDGE = """async options => {
    const asked = {...options, resultTypes: ["violations"], preload: false};
    return (await axe.run(document, asked)).violations;
}"""
"""Loading style sheets and media anew helps two rules: one is off, the other is about audio."""


def violations(page: Page, **options: Any) -> list[tuple[str, str, list[str]]]:
    """The URL, the rule and the elements of everything that axe finds wrong with the page.

    A document gets axe once, however often it is judged, and sends back only what is wrong: both
    take longer than axe itself.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(SCRIPT)
    found = page.evaluate(JUDGE, options)
    return [(page.url, one["id"], [node["html"] for node in one["nodes"]]) for one in found]
