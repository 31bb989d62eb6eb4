"""The page that shows a new client secret, under the reload and back buttons of a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from oauthprov.records import Client
from tests.browser.place import Provider
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def alice(visitor: Visitor, provider: Provider) -> Visitor:
    """Alice, who has just registered a client."""
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/clients/new/web"))
    visitor.field("Name").fill("Printer")
    visitor.field("Redirect URIs").fill("https://printer.example/callback")
    visitor.button("Register").click()
    visitor.look("Printer")
    return visitor


def clients(provider: Provider) -> list[Client]:
    return [stored.record for stored in provider.storage.walk(Client)]


def expect_no_secret(alice: Visitor) -> None:
    """It is neither on the page, nor in its address, nor in a cookie, nor kept by a script."""
    expect(alice.page.locator("#client-secret")).to_have_count(0)
    assert "ops_" not in alice.page.content() + alice.page.url
    assert not [one for one in alice.context.cookies() if "secret" in one["name"]]


def secret_of(alice: Visitor) -> str:
    return alice.page.locator("#client-secret").inner_text()


def test_a_new_secret_is_shown_and_nothing_of_it_stays_in_the_browser(alice, provider):
    assert secret_of(alice).startswith("ops_")
    assert "ops_" not in alice.page.url
    assert not [one for one in alice.context.cookies() if "secret" in one["name"]]
    assert alice.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_reload_registers_nothing_and_shows_no_secret(alice, provider):
    alice.page.reload()
    alice.look("Printer")
    expect_no_secret(alice)
    assert len(clients(provider)) == 1


def test_back_leads_to_the_form_and_forward_shows_no_secret(alice, provider):
    alice.page.go_back()
    alice.heading("Register a client").wait_for()
    alice.page.go_forward()
    alice.look("Printer")
    expect_no_secret(alice)
    assert len(clients(provider)) == 1


def test_back_from_the_next_page_shows_no_secret(alice, provider):
    alice.link("Your clients").click()
    alice.look("Your clients")
    alice.page.go_back()
    alice.look("Printer")
    expect_no_secret(alice)


def test_a_reload_after_a_rotation_makes_no_further_secret(alice, provider):
    first = secret_of(alice)
    alice.button("Make a new secret").click()
    alice.page.get_by_text("Two secrets are valid").wait_for()
    alice.look("Printer")
    assert secret_of(alice) != first
    [before] = clients(provider)
    alice.page.reload()
    alice.look("Printer")
    expect_no_secret(alice)
    assert clients(provider) == [before]
    assert len(before.secrets) == 2


def test_another_tab_shows_no_secret(alice):
    other = alice.context.new_page()
    other.goto(alice.page.url)
    other.get_by_role("heading", level=1, name="Printer", exact=True).wait_for()
    assert "ops_" not in other.content()
    assert secret_of(alice).startswith("ops_")
