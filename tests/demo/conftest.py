"""The demo against the stand-in provider: a browser, a clock, and one page of evidence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
from webtest import TestApp, TestResponse

from oauthprov.demo import make_app
from oauthprov.demo.settings import Settings
from tests.demo.standin_provider import StandInProvider, path_and_query


@dataclass
class Browser:
    """One browser that visits the demo and follows its redirects to the provider."""

    app: TestApp
    provider: StandInProvider
    pages: list[TestResponse] = field(default_factory=list)

    def get(self, address: str, **options) -> TestResponse:
        page = self.app.get(address, **options)
        self.pages.append(page)
        return page

    def press(self, page: TestResponse, action: str) -> TestResponse:
        """Submit the form of ``page`` that posts to ``action`` and load what comes after."""
        form = next(f for f in page.forms.values() if f.action == action)
        return self.home_after(form.submit())

    def home_after(self, response: TestResponse) -> TestResponse:
        """Follow a redirect to the start page."""
        self.pages.append(response)
        assert response.status_code == 303
        assert path_and_query(response.location) == "/?"
        return self.get_following("/")

    def get_following(self, address: str) -> TestResponse:
        page = self.get(address)
        while page.status_code == 303:
            page = self.get(path_and_query(page.location))
        return page

    def authorization_response(self, connect: str = "/connect") -> str:
        """Go to the provider; return the address that it sends the browser back to."""
        request = self.get(connect, status=303).location
        answer = requests.get(request, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text
        return path_and_query(answer.headers["Location"])

    def connect(self, address: str = "/connect") -> TestResponse:
        """Connect and return the page that this ends on."""
        return self.home_after(self.get(self.authorization_response(address)))


@dataclass
class Clock:
    """Epoch seconds that pass when a test says so."""

    now: int = 1_800_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Iterator[StandInProvider]:
    stand_in = StandInProvider()
    yield stand_in
    stand_in.close()


@pytest.fixture
def settings(provider: StandInProvider) -> Settings:
    return settings_for(provider)


@pytest.fixture
def browser(provider: StandInProvider, settings: Settings, clock: Clock) -> Browser:
    return browser_for(provider, settings, clock)


@pytest.fixture(autouse=True)
def no_secret_is_shown(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Hold every test to it: no code or token in a page, a header, a cookie or the log."""
    caplog.set_level(logging.DEBUG)
    yield
    if "browser" not in request.fixturenames:
        return
    browser = request.getfixturevalue("browser")
    # The request line of the callback, which a browser sent, is the only place for a code.
    shown = caplog.text + "".join(f"{page.headers}{page.text}" for page in browser.pages)
    provider = browser.provider
    for secret in [*provider.secrets_seen, provider.client_secret or "(none)"]:
        assert secret not in shown


def settings_for(provider: StandInProvider, **changes: str) -> Settings:
    section = {
        "demo.issuer": provider.issuer,
        "demo.scope": "profile",
        "demo.client_id": provider.client_id,
        "demo.client_secret": provider.client_secret or "",
    }
    return Settings.read({}, {}, section | changes)


def browser_for(provider: StandInProvider, settings: Settings, clock: Clock) -> Browser:
    app = TestApp(make_app(settings, clock=clock), extra_environ={"HTTP_HOST": "localhost:8000"})
    return Browser(app, provider)
