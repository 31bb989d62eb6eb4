"""A browser small enough to sign in with: cookies, redirects and forms."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS = (302, 303)
HOPS = 15
FORM = "application/x-www-form-urlencoded"


class Lost(Exception):
    """The server answered otherwise than expected."""


class Form(HTMLParser):
    """The first form of a page: where it is sent, its fields, and its last named button."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.action is None:
            self.action, self._open = given.get("action") or "", True
        elif self._open and tag in ("input", "button") and (name := given.get("name")):
            self.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


@dataclass
class Browser:
    """One browser at one server; ``port`` is where it is, whatever host its URLs name."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def visit(self, url: str, password: str) -> str:
        """Go to ``url`` as alice, sign in and allow; return the URL with the code.

        Raises Lost when that leads elsewhere.
        """
        method, body = "GET", ""
        for _ in range(HOPS):
            status, location, page = self._send(method, url, body)
            if status in REDIRECTS:
                method, body, url = "GET", "", urljoin(url, location)
                if urlsplit(url).path == "/callback":
                    return url
                continue
            form = Form(page)
            if status != 200 or form.action is None:
                raise Lost(f"{url} answered {status}: {page[:500]}")
            method, url, body = "POST", urljoin(url, form.action), _filled(form, password)
        raise Lost(f"no code after {HOPS} requests, the last to {url}")

    def header(self) -> str:
        """Return the Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _send(self, method: str, url: str, body: str) -> tuple[int, str, str]:
        parts = urlsplit(url)
        target = parts._replace(scheme="", netloc="", fragment="").geturl()
        headers = {"Host": parts.netloc}
        if self.cookies:
            headers["Cookie"] = self.header()
        if method == "POST":
            headers |= {"Content-Type": FORM, "Origin": f"{parts.scheme}://{parts.netloc}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            page = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return response.status, response.getheader("Location", ""), page


def _filled(form: Form, password: str) -> str:
    fields = dict(form.fields)
    for name in fields:
        if name in ("username", "name"):
            fields[name] = "alice"
        elif name == "password":
            fields[name] = password
    return urlencode(fields)
