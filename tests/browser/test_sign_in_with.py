"""Signing in to the demo with the provider, and out of both, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.place import Demo, Provider, demo_of, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser

SETTINGS = {"scopes": OPENID, "fetch.allow": "127.0.0.0/8 ::1/128"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", **SETTINGS) as served:
        yield served


@pytest.fixture
def demo(provider: Provider) -> Iterator[Demo]:
    with demo_of(provider.issuer) as client:
        provider.register_demo(client)
        yield client


@pytest.fixture
def alice(visit, provider: Provider) -> Visitor:
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    return visitor


def sign_in(visitor: Visitor, demo: Demo) -> None:
    visitor.page.goto(demo.root)
    visitor.button("Sign in with oauthprov").click()


def claims(visitor: Visitor) -> dict[str, str]:
    """The table of what the ID token says."""
    table = visitor.page.get_by_role("region", name="Claims in the ID token")
    rows = table.locator("tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td span").inner_text() for row in rows}


def test_the_demo_signs_in_and_out_with_the_provider(alice, provider, demo):
    alice.page.goto(demo.root)
    alice.look("Not connected")
    sign_in(alice, demo)
    alice.look("Demo asks for access")
    alice.button("Allow").click()
    alice.look("Signed in as alice")
    assert claims(alice)["iss"] == provider.issuer
    assert {"sub", "aud", "nonce", "auth_time", "sid", "at_hash"} <= claims(alice).keys()

    alice.button("Sign in again (prompt=login)").click()
    alice.look("Sign in again")
    alice.field("Password").fill(PASSWORD)
    alice.button("Sign in").click()
    alice.look("Signed in as alice")

    alice.button("Sign out here").click()
    alice.page.get_by_role("heading", name="Signed out here").wait_for()
    sign_in(alice, demo)
    alice.look("Signed in as alice")

    alice.button("Sign out everywhere").click()
    alice.page.get_by_role("heading", name="Signed out", exact=True).wait_for()
    alice.look("Not connected")
    alice.page.goto(f"{provider.issuer}/account")
    alice.look("Sign in")


def test_a_session_that_the_provider_ends_is_over_at_the_demo(alice, visit, provider, demo):
    """From her other browser, and that one stays signed in: it is another session."""
    other = visit()
    other.page.goto(f"{provider.issuer}/login")
    other.enter("alice")
    other.button("Sign in").click()
    other.heading("Hello, alice").wait_for()
    sign_in(other, demo)
    other.button("Allow").click()
    other.heading("Signed in as alice").wait_for()
    sign_in(alice, demo)
    alice.heading("Signed in as alice").wait_for()

    other.page.goto(f"{provider.issuer}/account")
    where = other.page.get_by_role("region", name="Where you are signed in")
    where.get_by_role("button", name="Sign out", exact=False).first.click()
    expect(where.get_by_role("listitem")).to_have_count(1)
    assert provider.backchannel.deliver().notified == 1

    alice.page.reload()
    alice.look("Not connected")
    alice.button("Sign in with oauthprov").wait_for()
    other.page.goto(f"{demo.root}/signed-in")
    other.look("Signed in as alice")
