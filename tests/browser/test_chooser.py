"""Two accounts in one browser: choosing, switching and signing out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from oauthprov.protocol.keys import jose
from tests.browser.openid import Client, client_of
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID

pytestmark = pytest.mark.browser

LONG = "W" * 64


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID) as served:
        yield served


@pytest.fixture
def client(provider) -> Iterator[Client]:
    with client_of(provider) as made:
        yield made


@pytest.fixture
def both(visit, provider) -> Visitor:
    """A browser where alice has signed in, and then bob."""
    visit().sign_up(provider.issuer, "bob")
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/account"))
    visitor.button("Switch account").click()
    visitor.look("Choose an account")
    visitor.link("Use another account").click()
    visitor.look("Sign in")
    visitor.enter("bob")
    visitor.button("Sign in").click()
    visitor.heading("Your account").wait_for()
    expect(visitor.link("bob")).to_be_visible()
    return visitor


def choose(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("button", name=name).first.click()


def test_an_account_chosen_for_a_client_answers_its_request(both, client):
    both.page.goto(client.ask(prompt="select_account"))
    both.look("Choose an account")
    choose(both, "alice")
    both.look("Reader asks for access")
    expect(both.page.get_by_text("to your account alice")).to_be_visible()
    both.button("Allow").click()
    both.heading("/callback code iss state").wait_for()
    claims = jose.unverified_claims(client.id_token())
    both.page.goto(client.ask(prompt="none"))
    both.heading("/callback code iss state").wait_for()
    assert jose.unverified_claims(client.id_token())["sub"] == claims["sub"]


def test_use_another_account_on_the_consent_page_leads_to_the_chooser(both, client):
    both.page.goto(client.ask())
    expect(both.page.get_by_text("to your account bob")).to_be_visible()
    both.look("Reader asks for access")
    both.link("Use another account").click()
    both.look("Choose an account")
    choose(both, "alice")
    both.look("Reader asks for access")
    expect(both.page.get_by_text("to your account alice")).to_be_visible()
    both.button("Cancel").click()
    both.heading("/callback error iss state").wait_for()


def test_accounts_can_be_signed_out_one_by_one(both, provider):
    both.page.goto(provider.url("/choose"))
    both.button("Sign out bob").click()
    expect(both.page.get_by_role("status")).to_have_text("The account is signed out.")
    both.look("Choose an account")
    # No other account became active.
    both.page.goto(provider.issuer)
    both.look("oauthprov")
    both.link("Sign in").or_(both.button("Sign in")).click()
    both.look("Sign in")
    both.link("Choose an account that is signed in").click()
    choose(both, "alice")
    both.look("Hello, alice")


def test_the_sign_out_page_names_both_accounts_and_signs_both_out(both, provider):
    both.page.goto(provider.url("/logout"))
    main = both.page.get_by_role("main")
    expect(main).to_contain_text("alice")
    expect(main).to_contain_text("bob")
    both.look("Sign out?")
    both.button("Sign out").click()
    both.page.goto(provider.url("/choose"))
    both.look("Sign in")


def test_the_longest_account_names_fit_the_chooser(both, provider):
    both.page.goto(provider.url("/signup?account=another"))
    both.enter(LONG)
    both.button("Create account").click()
    both.page.goto(provider.url("/choose"))
    both.look("Choose an account")
    both.page.goto(provider.url("/logout"))
    both.look("Sign out?")


def test_an_account_can_be_chosen_with_the_keyboard(both, provider):
    both.page.goto(provider.url("/choose"))
    both.button("alice").focus()
    both.page.keyboard.press("Enter")
    both.look("Hello, alice")
