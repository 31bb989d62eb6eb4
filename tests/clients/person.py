"""A person who clicks through the provider's pages over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from bs4 import BeautifulSoup

from tests.site import CALLBACK


@dataclass
class Person:
    """Somebody with a browser that stops at what isn't on the provider's host, or on ``app``'s."""

    issuer: str
    app: str = ""
    browser: requests.Session = field(default_factory=requests.Session)

    def visit(self, url: str) -> requests.Response:
        return self._follow(self.browser.get(url, allow_redirects=False, timeout=30))

    def submit(self, page: requests.Response, **values: str) -> requests.Response:
        """Fill in the first form of ``page`` and send it."""
        form = BeautifulSoup(page.text, "html.parser").form
        fields = {
            i["name"]: i.get("value", "") for i in form.find_all("input", attrs={"name": True})
        }
        target = urljoin(page.url, form["action"])
        origin = urlunsplit((*urlsplit(target)[:2], "", "", ""))
        answer = self.browser.post(
            target, fields | values, allow_redirects=False, headers={"Origin": origin}, timeout=30
        )
        return self._follow(answer)

    def allow(self, url: str, callback: str = CALLBACK) -> str:
        """Visit an authorization URL and allow the request; return the final URL."""
        answer = self.visit(url)
        if not answer.is_redirect:
            answer = self.submit(answer, decision="allow")
        assert answer.headers["Location"].startswith(callback)
        return answer.headers["Location"]

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if not target.startswith((self.issuer, self.app or self.issuer)):
                break
            answer = self.browser.get(target, allow_redirects=False, timeout=30)
        return answer
