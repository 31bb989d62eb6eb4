"""Signing in again for an app: by keyboard, and cancelling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.openid import Client, client_of
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID) as served:
        yield served


@pytest.fixture
def client(provider: Provider) -> Iterator[Client]:
    with client_of(provider) as served:
        yield served


@pytest.fixture
def asked(visit, provider, client) -> Visitor:
    """Alice, whom an app asks to sign in again."""
    alice = visit(dark=True)
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(client.ask(prompt="login"))
    alice.look("Sign in again")
    return alice


def test_the_password_field_has_the_focus_and_describes_the_reason(asked):
    expect(asked.field("Password")).to_be_focused()
    expect(asked.field("User name")).to_have_value("alice")
    expect(asked.field("Password")).to_have_accessible_description(
        "You are signed in as alice. The app asks you to sign in again."
    )


def test_the_enter_key_signs_in(asked):
    asked.page.keyboard.type(PASSWORD)
    asked.page.keyboard.press("Enter")
    asked.heading("Reader asks for access").wait_for()


def test_cancel_leads_back_to_the_app(asked, client):
    asked.button("Cancel").click()
    asked.page.wait_for_url(f"{client.root}/callback**")
    assert client.came[-1]["error"] == "access_denied"
    assert asked.faults == []


def test_going_back_after_cancel_gives_no_second_answer(asked, client):
    asked.button("Cancel").click()
    asked.page.wait_for_url(f"{client.root}/**")
    asked.page.go_back()
    asked.page.wait_for_load_state()
    assert len(client.came) == 1
    assert asked.page.get_by_role("button", name="Cancel").count() == 0


def test_tab_leads_from_the_password_to_cancel_and_the_button(asked):
    names = []
    for _ in range(3):
        asked.page.keyboard.press("Tab")
        names.append(asked.page.locator(":focus").inner_text())
    assert names == ["Show password", "Cancel", "Sign in"]
