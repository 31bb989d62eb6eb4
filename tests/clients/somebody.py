"""Somebody who signs in at the provider with the settings for certification."""

from __future__ import annotations

from tests.conformance.browser import Arrival, Browser
from tests.conformance.provider import Certified

ELSEWHERE = "https://elsewhere.example"
"""Where a relying party of another sector is. Nothing is there: browsers stop before it."""


class Somebody:
    """alice in a browser of her own, who signs in and allows, up to the relying party."""

    def __init__(self, provider: Certified) -> None:
        self._browser = Browser(provider.ca_file, (provider.suite_url, ELSEWHERE))
        pages = provider.plan["browser"][0]["tasks"][:2]
        self._entries = [{"match": "*", "tasks": pages}]

    def close(self) -> None:
        self._browser.close()

    def go(self, url: str) -> Arrival:
        """Follow an authorization request to the relying party."""
        arrival = self._browser.visit(url, self._entries)
        assert isinstance(arrival, Arrival), arrival.text
        return arrival

    def sign_out(self, url: str) -> Arrival:
        """Follow a logout request to the relying party: one that needs no question."""
        arrival = self._browser.open(url)
        assert isinstance(arrival, Arrival), arrival.text
        return arrival
