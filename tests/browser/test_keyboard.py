"""Signing in and consenting by keyboard alone, and what a screen reader would say."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SHOWS_ITS_FOCUS = """at => {
    const look = () => getComputedStyle(at).outline + getComputedStyle(at).boxShadow;
    const focused = look();
    at.blur();
    const changed = look() !== focused;
    at.focus();
    return changed;
}"""


def stops(page: Page, count: int) -> list[str]:
    """Press Tab ``count`` times; return where each led, as the accessibility tree has it."""
    found = []
    for _ in range(count):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        found.append(focused.aria_snapshot().splitlines()[0].removeprefix("- ").rstrip(":"))
        assert focused.evaluate(SHOWS_ITS_FOCUS), f"nobody sees that {found[-1]} has the focus"
    return found


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_signing_in_works_with_the_keyboard(visitor: Visitor, visit, provider):
    visit().sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/login"))
    expect(visitor.field("User name")).to_be_focused()
    visitor.page.keyboard.type("alice")
    assert stops(visitor.page, 1) == ['textbox "Password"']
    visitor.page.keyboard.type("wrong horse battery")
    press(visitor.page, "Enter")
    expect(visitor.alert()).to_be_focused()
    expect(visitor.field("Password")).to_have_accessible_description(visitor.alert().inner_text())
    assert stops(visitor.page, 5) == [
        'textbox "User name" [invalid]: alice',
        'textbox "Password" [invalid]',
        "'button \"Show password: Password\"': Show password",
        'button "Sign in"',
        'link "Create one"',
    ]


def test_consent_can_be_given_with_the_keyboard(visitor: Visitor, provider, demo):
    page = visitor.page
    visitor.sign_up(provider.issuer, "alice")
    page.goto(f"{demo.root}/connect")
    assert stops(page, 8) == [
        'link "Skip to content"',
        'link "oauthprov"',
        'link "alice"',
        'link "Sign out"',
        "text: Not verified",
        'button "Cancel"',
        'button "Allow"',
        'link "Use another account"',
    ]
    press(page, "Shift+Tab", "Enter")
    visitor.look("Connected")


def test_the_first_tab_stop_skips_to_the_content(visitor: Visitor, provider, demo):
    page = visitor.page
    visitor.sign_up(provider.issuer, "alice")
    page.goto(f"{demo.root}/connect")
    press(page, "Tab")
    expect(visitor.link("Skip to content")).to_be_in_viewport()
    press(page, "Enter")
    expect(page.get_by_role("main")).to_be_focused()
    assert stops(page, 2) == ["text: Not verified", 'button "Cancel"']
    press(page, "Enter")
    page.get_by_text("access_denied").wait_for()


def test_a_screen_reader_reads_the_consent_page_in_order(visitor: Visitor, provider, demo):
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(f"{demo.root}/connect")
    expect(visitor.page).to_have_title("Allow Demo? · oauthprov")
    host = demo.root.removeprefix("http://")
    expect(visitor.button("Allow")).to_have_accessible_description(
        f"You will be sent to an app on this device ({host})"
    )
    expect(visitor.page.get_by_role("main")).to_match_aria_snapshot("""
        - main:
          - heading "Demo asks for access" [level=1]
          - paragraph:
            - text: to your account
            - strong: alice
          - heading "If you allow it, Demo can:" [level=2]
          - list "If you allow it, Demo can:":
            - listitem: See your name
          - paragraph
          - button "Cancel"
          - button "Allow"
    """)
    expect(visitor.page.get_by_role("navigation", name="Account")).to_be_visible()


def test_a_client_can_be_registered_with_the_keyboard(visitor: Visitor, provider):
    page = visitor.page
    visitor.sign_up(provider.issuer, "alice")
    page.goto(provider.url("/clients/new/web"))
    visitor.field("Name").focus()
    press(page, "Enter")
    expect(visitor.alert()).to_be_focused()
    assert stops(page, 2) == [
        'textbox "Name" [invalid]',
        'textbox "Redirect URIs" [invalid]',
    ]
    expect(visitor.field("Redirect URIs")).to_have_accessible_description(
        "Give the address to which people are sent back, one a line. "
        "Where people return to the app, one a line, compared character by character. "
        "Example: https://photos.example/callback"
    )
