"""Signing out for a client, as a browser goes through it: RP-Initiated Logout 1.0."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.openid import Client, client_of
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(receiver) -> Iterator[Provider]:
    settings = {"scopes": OPENID, "logout.worker": "true"} | receiver.settings
    with provider_on("sqlite://", **settings) as served:
        yield served


@pytest.fixture
def client(provider, receiver) -> Iterator[Client]:
    with client_of(provider, backchannel_logout_uri=receiver.uri) as made:
        yield made


@pytest.fixture
def alice(visit, provider, client) -> Visitor:
    """Alice, who has signed in to the client."""
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(client.ask())
    visitor.button("Allow").click()
    visitor.heading("/callback code iss state").wait_for()
    return visitor


def told(provider: Provider, receiver) -> list[dict]:
    """The verified claims of the received logout tokens."""
    jwks = requests.get(provider.url("/oauth/jwks"), timeout=30).json()
    return [token.claims for token in receiver.told(jwks)]


def test_logout_without_a_hint_asks_first_and_returns_the_state(alice, provider, client, receiver):
    """Without a hint the client is notified by the browser and by the back channel."""
    client.id_token()
    alice.page.goto(client.log_out(client_id=client.client_id, state="a b&c"))
    alice.look("Sign out?")
    main = alice.page.get_by_role("main")
    expect(main).to_contain_text("Reader asks to sign you out here.")
    expect(main).to_contain_text("alice")
    alice.button("Sign out").click()
    alice.heading("/bye state").wait_for()
    assert client.came[-1] == {"state": "a b&c"}
    receiver.wait(1)
    [claims] = told(provider, receiver)
    assert claims["aud"] == client.client_id
    alice.page.goto(provider.url("/account"))
    alice.look("Sign in")


def test_stay_signed_in_keeps_the_session_and_notifies_no_client(
    alice, provider, client, receiver
):
    alice.page.goto(client.log_out(client_id=client.client_id))
    alice.button("Stay signed in").or_(alice.link("Stay signed in")).click()
    alice.look("Hello, alice")
    assert receiver.requests == []


def test_logout_with_an_id_token_hint_asks_nothing(alice, provider, client, receiver):
    token = client.id_token()
    alice.page.goto(client.log_out(id_token_hint=token, state="s"))
    alice.heading("/bye state").wait_for()
    receiver.wait(1)
    alice.page.goto(client.ask(prompt="none"))
    alice.heading("/callback error iss state").wait_for()
    assert client.came[-1]["error"] == "login_required"


def test_logout_with_a_hint_ends_only_the_account_that_the_hint_names(
    alice, visit, provider, client
):
    token = client.id_token()
    alice.page.goto(provider.url("/signup?account=another"))
    alice.enter("bob", PASSWORD)
    alice.button("Create account").click()
    alice.heading("Hello, bob").wait_for()
    alice.page.goto(client.log_out(id_token_hint=token, post_logout_redirect_uri=""))
    alice.look("You are signed out")
    expect(alice.page.get_by_role("main")).to_contain_text("alice is signed out.")
    alice.link("Choose an account").click()
    alice.look("Choose an account")
    expect(alice.button("bob in use")).to_be_visible()
    expect(alice.page.get_by_role("button", name="alice")).to_have_count(0)


def test_an_address_that_is_not_the_client_s_is_refused(alice, provider, client):
    elsewhere = {"post_logout_redirect_uri": "https://evil.example/"}
    alice.page.goto(client.log_out(client_id=client.client_id, **elsewhere))
    alice.look("The request was refused")
    alice.page.goto(provider.issuer)
    alice.look("Hello, alice")
