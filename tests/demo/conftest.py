"""The demo against the stand-in provider: a browser, a clock, and one page of evidence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
from webtest import TestApp, TestResponse

from oauthprov.demo import make_app
from oauthprov.demo.settings import Settings
from tests.demo.standin_openid_provider import StandInOpenIDProvider
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
        answer = requests.get(request, allow_redirects=False, timeout=60)
        assert answer.status_code == 303, answer.text
        return path_and_query(answer.headers["Location"])

    def connect(self, address: str = "/connect") -> TestResponse:
        """Connect and return the page that this ends on."""
        return self.home_after(self.get(self.authorization_response(address)))

    def sign_in(self, address: str = "/sign-in") -> TestResponse:
        """Sign in and return the page that this ends on."""
        return self.get_following(self.authorization_response(address))


@dataclass
class Clock:
    """A clock in epoch seconds that tests advance."""

    now: int = 1_800_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve() -> Iterator[Callable[..., StandInProvider]]:
    """Return how to start a stand-in provider; all are stopped in the end."""
    started: list[StandInProvider] = []

    def start(**options) -> StandInProvider:
        started.append(StandInProvider(**options))
        return started[-1]

    yield start
    for provider in started:
        provider.close()


@pytest.fixture
def open_browser(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[..., Browser]]:
    """Return how to visit a demo that is set up for a given provider.

    In the end no code, token or client secret may be in any page, header or log line.
    """
    caplog.set_level(logging.DEBUG)
    browsers: list[Browser] = []

    def visit(provider: StandInProvider, **changes: str) -> Browser:
        app = make_app(settings_for(provider, **changes), clock=clock)
        browsers.append(Browser(TestApp(app, {"HTTP_HOST": "localhost:8000"}), provider))
        return browsers[-1]

    yield visit
    for browser in browsers:
        shown = caplog.text + "".join(f"{page.headers}{page.text}" for page in browser.pages)
        for secret in browser.provider.secrets_seen:
            assert secret not in shown


@pytest.fixture
def provider(serve) -> StandInProvider:
    return serve()


@pytest.fixture
def browser(open_browser, provider: StandInProvider) -> Browser:
    return open_browser(provider)


def settings_for(provider: StandInProvider, **changes: str) -> Settings:
    """Return settings for ``provider``; ``changes`` are keys of the section without prefix."""
    section = {
        "issuer": provider.issuer,
        "scope": "profile",
        "client_id": provider.client_id,
        "client_secret": provider.client_secret or "",
    }
    return Settings.read({}, {}, {f"demo.{k}": v for k, v in (section | changes).items()})


@pytest.fixture
def openid(clock: Clock) -> Iterator[StandInOpenIDProvider]:
    made = StandInOpenIDProvider(clock)
    yield made
    made.close()


@pytest.fixture
def person(open_browser, openid: StandInOpenIDProvider) -> Browser:
    """A browser whose provider signs people in."""
    return open_browser(openid)
