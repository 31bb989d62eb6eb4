"""The pages about clients that nobody registered, light and dark, wide and narrow."""

from __future__ import annotations

import pytest

from tests.browser.place import provider_on

pytestmark = pytest.mark.browser

HOSTED = "https://app.example/callback"
ON_DEVICE = "http://localhost/callback"
HEADINGS = {
    "en": "localhost asks for access",
    "de": "localhost bittet um Zugriff",
    "he": None,
}


@pytest.fixture
def provider(publisher):
    with provider_on("sqlite://", languages="en de he", **publisher.settings) as served:
        yield served


@pytest.mark.parametrize("language", HEADINGS)
def test_the_pages_that_ask_for_it(visit, provider, publisher, language):
    visitor = visit(dark=True, language=language)
    visitor.page.goto(f"{provider.issuer}/signup")
    visitor.page.locator("#name").fill("alice")
    visitor.page.locator("#password").fill("correct horse battery")
    visitor.page.locator("form button[type=submit]").first.click()
    visitor.page.wait_for_load_state()
    for name, uri in (("W" * 100, HOSTED), ("\u0635\u0648\u0631 (123)", ON_DEVICE)):
        client_id = publisher.publish(f"/{len(name)}.json", client_name=name, redirect_uris=[uri])
        visitor.page.goto(provider.authorization_url(client_id, uri, scope="profile:read"))
        visitor.look(HEADINGS[language])
        assert visitor.page.locator("h1 bdi").inner_text() == "localhost"
        assert name in visitor.page.locator("main").inner_text()
        visitor.page.locator("#cancel").wait_for()


def test_the_sign_in_page_and_the_error_name_its_host(visit, provider, publisher):
    visitor = visit(dark=True)
    client_id = publisher.publish()
    visitor.page.goto(provider.authorization_url(client_id, HOSTED, scope="profile:read"))
    visitor.look("Sign in")
    assert "to continue to localhost" in visitor.page.locator("main").inner_text()
    missing = publisher.url("/missing.json")
    visitor.page.goto(provider.authorization_url(missing, HOSTED))
    visitor.look()
    assert missing in visitor.page.locator("main").inner_text()
