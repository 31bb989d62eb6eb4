"""The same pages over HTTP in Chromium, each judged as the tests of pages judge it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser

from bench.pages.deployment import SETTINGS, Deployment
from bench.pages.results import Cell
from bench.pages.visits import TIMES
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor

SPENT = """() => {
    const [visit] = performance.getEntriesByType("navigation");
    return [visit.loadEventEnd / 1000, visit.decodedBodySize];
}"""
"""Seconds from the click to the end of loading, with styles and scripts; bytes of the page."""


@contextmanager
def visitors(browser: Browser, deployment: Deployment, *names: str) -> Iterator[list[InChromium]]:
    """Serve the same storage over HTTP, at an issuer of its own, and sign each account in."""
    with provider_on(deployment.url, **SETTINGS) as provider:
        opened = [Visitor(browser, dark=True) for _ in names]
        for visitor, name in zip(opened, names, strict=True):
            visitor.page.goto(provider.url("/login"))
            visitor.enter(name)
            visitor.button("Sign in").click()
            visitor.heading(f"Hello, {name}").wait_for()
        yield [InChromium(provider, visitor) for visitor in opened]
        for visitor in opened:
            visitor.leave()


@dataclass(frozen=True, slots=True)
class InChromium:
    """A visitor in a browser: no page may break the content security policy or fail axe, in both
    themes, or scroll sideways in 320 pixels."""

    provider: Provider
    visitor: Visitor

    def measure(self, path: str) -> Cell:
        spent = [self._visit(path) for _ in range(TIMES)]
        self.visitor.look()
        return min(spent, key=lambda cell: cell.seconds)

    def links(self, path: str) -> list[str]:
        self._visit(path)
        found = self.visitor.page.eval_on_selector_all("a", "all => all.map(a => a.href)")
        return [link.removeprefix(self.provider.issuer) for link in found]

    def _visit(self, path: str) -> Cell:
        answer = self.visitor.page.goto(self.provider.url(path))
        if answer is None or answer.status != 200:
            raise AssertionError(f"{path}: {answer and answer.status}")
        seconds, size = self.visitor.page.evaluate(SPENT)
        return Cell(seconds, size)
