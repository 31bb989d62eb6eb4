"""A pushed authorization request in a browser: reloads, another language, and going back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from oauthprov.records import AuthorizationCode
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.oauth import basic
from tests.servers.wsgi import Server
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser

USED = "The request has expired or was answered before. Begin again at the app."


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID, languages="en de he") as served:
        yield served


@pytest.fixture
def app() -> Iterator[Server]:
    """An app that shows the query of its callback."""
    server = Server("localhost")
    server.start(arrived)
    yield server
    server.close()


def arrived(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><html lang=en><title>App</title><h1>Back at the app</h1>"]


@pytest.fixture
def pushed(provider, app) -> str:
    """The URL to which the app sends a browser with a request that it has pushed."""
    callback = f"{app.root}/callback"
    client_id, secret = provider.register(callback)
    asked = parse_qs(urlsplit(provider.authorization_url(client_id, callback)).query)
    answer = requests.post(
        provider.url("/oauth/par"), asked, headers=basic(client_id, secret), timeout=30
    )
    assert answer.status_code == 201, answer.text
    query = {"client_id": client_id, "request_uri": answer.json()["request_uri"]}
    return provider.url("/oauth/authorize?" + urlencode(query))


@pytest.fixture
def alice(visit, provider) -> Visitor:
    """Alice, who has an account and isn't signed in."""
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    visitor.context.clear_cookies()
    return visitor


def speak(visitor: Visitor, language: str) -> None:
    """Let the browser ask for another language from now on."""
    visitor.context.set_extra_http_headers({"Accept-Language": language})


def codes(provider: Provider) -> int:
    return len(list(provider.storage.walk(AuthorizationCode)))


def test_it_goes_on_in_another_language_and_after_going_back(alice, provider, pushed):
    page = alice.page
    page.goto(pushed)
    alice.heading("Sign in").wait_for()
    page.reload()
    speak(alice, "de")
    page.goto(pushed)
    alice.heading("Anmelden").wait_for()
    page.locator("#name").fill("alice")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.locator("button[name=decision][value=allow]").wait_for()
    assert page.locator("html").get_attribute("lang") == "de"
    speak(alice, "he")
    page.reload()
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.go_back()
    page.go_forward()
    page.goto(pushed)
    page.locator("button[name=decision][value=allow]").click()
    alice.heading("Back at the app").wait_for()
    told = parse_qs(urlsplit(page.url).query)
    assert told["state"] == ["xyz"]
    assert codes(provider) == 1
    assert alice.faults == []


def test_going_back_after_the_answer_gives_no_second_code(alice, provider, pushed):
    page = alice.page
    page.goto(pushed)
    alice.enter("alice")
    alice.button("Sign in").click()
    alice.button("Allow").click()
    alice.heading("Back at the app").wait_for()
    page.go_back()
    alice.alert().wait_for()
    page.goto(pushed)
    assert alice.alert().inner_text() == USED
    alice.look("The request was refused")
    assert codes(provider) == 1


def test_in_two_browsers_the_later_one_learns_that_it_was_answered(alice, visit, provider, pushed):
    other = visit()
    other.sign_up(provider.issuer, "bob")
    other.page.goto(pushed)
    other.button("Allow").wait_for()
    alice.page.goto(pushed)
    alice.enter("alice")
    alice.button("Sign in").click()
    alice.button("Allow").click()
    alice.heading("Back at the app").wait_for()
    other.button("Allow").click()
    assert other.alert().inner_text() == USED
    other.look("The request was refused")
    assert codes(provider) == 1
