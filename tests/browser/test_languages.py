"""Pages in a language that runs from left to right and in one from right to left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauthprov.records import Account
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID

pytestmark = pytest.mark.browser

CALLBACK = "https://app.example/callback"
LANGUAGES = {"de": "ltr", "he": "rtl"}
NAMES = ("Demo", "\u05d3\u05de\u05d5")
"""What apps are called, in either direction: Latin, and the same in Hebrew."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID, languages="en de he") as served:
        yield served


@pytest.fixture(params=LANGUAGES)
def alice(request, visit, provider) -> Visitor:
    """Alice, whose browser asks for a language; she looks at every page in the dark too."""
    visitor = visit(dark=True, language=request.param)
    visitor.page.goto(provider.url("/signup"))
    look(visitor)
    visitor.page.locator("#name").fill("alice")
    visitor.page.locator("#password").fill("correct horse battery")
    visitor.page.locator("main button[type=submit]").click()
    visitor.page.locator("h1 .name").wait_for()
    return visitor


def look(visitor: Visitor) -> None:
    """Judge a page: it is in the language of the browser, and written in its direction."""
    html = visitor.page.locator("html")
    language = html.get_attribute("lang")
    assert html.get_attribute("dir") == LANGUAGES[language]
    visitor.look()


def test_pages_of_an_account(alice, provider):
    pages = ("profile", "password", "email/new", "security", "passkeys", "export", "delete")
    for path in ("/", "/account", *(f"/account/{page}" for page in pages), "/choose", "/logout"):
        alice.page.goto(provider.url(path))
        look(alice)


def test_errors(alice, provider):
    for path in ("/nowhere", "/consent", "/oauth/authorize?client_id=nobody"):
        alice.page.goto(provider.url(path))
        look(alice)


@pytest.mark.parametrize("name", NAMES)
def test_consent(alice, provider, name):
    client_id, _ = provider.register(CALLBACK, name)
    alice.page.goto(provider.authorization_url(client_id, CALLBACK))
    look(alice)
    shown = alice.page.locator("h1 bdi")
    assert shown.inner_text() == name
    assert alice.page.locator("#destination strong").inner_text() == "app.example"


def test_the_console(alice, provider):
    alice.page.goto(provider.url("/clients/new/web"))
    look(alice)
    alice.page.locator("#redirect_uris").fill("http://not.secure.example/")
    alice.page.locator("form button").click()
    alice.page.locator("#problem").wait_for()
    look(alice)
    alice.page.locator("#name").fill("Demo")
    alice.page.locator("#redirect_uris").fill(CALLBACK)
    alice.page.locator("input[name='scope.openid']").check()
    alice.page.locator("form button").click()
    alice.page.locator("#client-id").wait_for()
    look(alice)
    client = alice.page.url.partition("?")[0]
    for path in ("/edit", "/remove", "/about", "/connect"):
        alice.page.goto(client + path)
        look(alice)


def test_trying_a_client(alice, provider):
    [account] = provider.storage.find(Account).items
    client, _ = provider.registrar.register(
        type="web",
        name="Demo",
        owner=account.record.account_id,
        redirect_uris=(CALLBACK,),
        scopes=("openid", "profile:read"),
    )
    alice.page.goto(provider.url(f"/clients/{client.client_id}/try"))
    look(alice)
    alice.page.locator("button[value=add]").click()
    alice.page.locator("#begin").wait_for()
    look(alice)
    alice.page.locator("#begin button").click()
    alice.page.locator("button[value=allow]").click()
    alice.page.locator("#redeem").wait_for()
    look(alice)


def test_addresses_run_from_left_to_right(alice, provider):
    """In a page from right to left too, or their parts would change places."""
    alice.page.goto(provider.url("/clients/new/web"))
    field = alice.page.locator("#redirect_uris")
    assert field.evaluate("field => getComputedStyle(field).direction") == "ltr"


def test_the_page_is_mirrored(alice, provider):
    """What begins a line stands at the side where lines begin."""
    alice.page.goto(provider.url("/account"))
    width = alice.page.viewport_size["width"]
    box = alice.page.locator(".wordmark").bounding_box()
    middle = box["x"] + box["width"] / 2
    direction = alice.page.locator("html").get_attribute("dir")
    assert (middle < width / 2) == (direction == "ltr")
