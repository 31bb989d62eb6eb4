"""A person's browser that follows the plan's own entries, as the suite's browser does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import requests
from bs4 import BeautifulSoup, Tag

PICTURE = "update-image-placeholder"


def trusting(ca_file: str) -> requests.Session:
    """An HTTP client that trusts these certificates, whatever the environment says."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file
    return session


@dataclass(frozen=True)
class Arrival:
    """What a browser brought to an address of the suite."""

    url: str
    method: str = "GET"
    form: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        return once(urlsplit(self.url).query)

    @property
    def fragment(self) -> dict[str, str]:
        return once(urlsplit(self.url).fragment)

    def beside(self, uri: str) -> Arrival:
        """Return it without the query that ``uri``, where it must be, has itself."""
        place, _, own = uri.partition("?")
        assert re.split("[?#]", self.url, maxsplit=1)[0] == place
        if not own:
            return self
        parts = urlsplit(self.url)
        assert parts.query == own or parts.query.startswith(f"{own}&"), self.url
        added = parts.query.removeprefix(own).removeprefix("&")
        return replace(self, url=parts._replace(query=added).geturl())


@dataclass(frozen=True)
class Page:
    """A page of the provider, as it is shown."""

    url: str
    status: int
    html: BeautifulSoup

    def element(self, name: str) -> Tag:
        found = self.html.find(id=name)
        assert isinstance(found, Tag), f"no element {name} on {self.url}: {self.text}"
        return found

    @property
    def text(self) -> str:
        return self.html.get_text(" ", strip=True)


class Browser:
    """One cookie jar. ``seen`` are the tasks that were done, ``shown`` what was photographed."""

    def __init__(self, ca_file: str, suite_url: str | tuple[str, ...]) -> None:
        self._session = trusting(ca_file)
        self._suite_url = suite_url
        self._pictured = self._ended = False
        self.seen: list[str] = []
        self.shown: list[str] = []

    def close(self) -> None:
        self._session.close()

    def visit(
        self, url: str, entries: list[dict[str, Any]], method: str = "GET"
    ) -> Arrival | Page:
        """Go there and do the tasks of the first entry that matches; return where that ends."""
        self._pictured = self._ended = False
        return self._follow(url, entries, method)

    def look(self, url: str, entries: list[dict[str, Any]]) -> Page:
        """Visit for a module that ends as soon as its picture is taken; return the page."""
        self._pictured, self._ended = True, False
        page = self._follow(url, entries, "GET")
        assert self._ended, f"no picture was taken on the way to {page.url}"
        assert isinstance(page, Page)
        return page

    def _follow(self, url: str, entries: list[dict[str, Any]], method: str) -> Arrival | Page:
        [entry] = [entry for entry in entries if matches(entry["match"], url)][:1]
        self.seen.clear()
        self.shown.clear()
        here = self.open(url, method)
        for task in entry["tasks"]:
            if matches(task.get("match", "*"), here.url):
                here = self._done(here, task)
            else:
                assert task.get("optional"), f"{here.url} is no page for: {task['task']}"
        return here

    def open(
        self, url: str, method: str = "GET", form: dict[str, str] | None = None
    ) -> Arrival | Page:
        """Follow redirects to a page, or to the suite."""
        if method == "POST" and form is None:
            url, _, query = url.partition("?")
            form = once(query)
        while not url.startswith(self._suite_url):
            response = self._session.request(method, url, data=form, allow_redirects=False)
            if not response.is_redirect:
                return self._shown(response)
            assert method == "GET" or response.status_code == 303, "a POST would be repeated"
            url, method, form = urljoin(url, response.headers["Location"]), "GET", None
        return Arrival(url, method, form or {})

    def image(self, page: Page, source: str) -> bytes:
        """Fetch an image of a page, which is from where the page is."""
        url = urljoin(page.url, source)
        assert urlsplit(url).netloc == urlsplit(page.url).netloc, "it is hot-linked"
        response = self._session.get(url)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("image/")
        return response.content

    def submit(self, page: Page, form: Tag, button: Tag | None = None) -> Arrival | Page:
        """Send a form as it is filled in."""
        assert form["method"] == "post"
        inputs = form.find_all("input", attrs={"name": True})
        values = {field["name"]: field.get("value", "") for field in inputs}
        if button is not None and button.get("name"):
            values[button["name"]] = button.get("value", "")
        return self.open(urljoin(page.url, form.get("action", page.url)), "POST", values)

    def _shown(self, response: requests.Response) -> Arrival | Page:
        assert response.headers["Content-Type"].startswith("text/html"), response.text
        html = BeautifulSoup(response.text, "html.parser")
        page = Page(response.url, response.status_code, html)
        scripts = [script.get("src", "") for script in html.find_all("script")]
        if any(src.partition("?")[0].endswith("form_post.js") for src in scripts):
            return self.submit(page, page.element("form-post"))
        return page

    def _done(self, here: Arrival | Page, task: dict[str, Any]) -> Arrival | Page:
        self.seen.append(task["task"])
        for verb, *arguments in task.get("commands", ()):
            assert not self._ended, f"{verb} of {task['task']} would interrupt what has ended"
            if isinstance(here, Arrival):
                assert verb == "wait", f"the suite's page has nothing for {verb}"
            else:
                here = getattr(self, f"_{verb}")(here, *arguments)
        return here

    def _text(self, page: Page, by: str, name: str, value: str) -> Page:
        page.element(name)["value"] = value
        return page

    def _click(self, page: Page, by: str, name: str) -> Arrival | Page:
        button = page.element(name)
        return self.submit(page, button.find_parent("form"), button)

    def _wait(self, page: Page, by: str, name: str, seconds: int, *more: str) -> Page:
        assert by == "id", "an address that is waited for may be in the query of another"
        element = page.element(name)
        if more:
            pattern, action = more
            assert re.search(pattern, element.get_text()), page.text
            assert action in (PICTURE, f"{PICTURE}-optional")
            assert self._pictured or action != PICTURE, "this module has no place for a picture"
            self.shown.append(name)
            self._ended = self._pictured
        return page


def matches(pattern: str, url: str) -> bool:
    """Tell whether a URL is what ``match`` says, where a star is any number of characters."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), url))


def with_query(endpoint: str, asked: dict[str, str]) -> str:
    """Return a URL with parameters, encoded no more than RFC 3986 section 3.4 demands."""
    encoded = urlencode(asked, quote_via=quote, safe="/:?@!$'()*,;")
    return f"{endpoint}?{encoded}" if asked else endpoint


def once(encoded: str) -> dict[str, str]:
    """Decode form parameters; each may be there once."""
    pairs = parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(encoded))
    assert len(dict(pairs)) == len(pairs), f"a parameter repeats: {encoded}"
    return dict(pairs)
