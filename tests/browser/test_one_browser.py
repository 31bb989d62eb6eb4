"""A consent belongs to the browser that it began in, is given once, and can't be framed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from oauthprov.records import AuthorizationCode, Grant
from tests.browser.visitor import Visitor
from tests.servers.wsgi import Server

pytestmark = pytest.mark.browser

REFUSED = "This request has expired, was answered, or began in another browser."


@pytest.fixture
def asked(visitor: Visitor, provider, demo) -> Visitor:
    """Alice, on the consent page."""
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(f"{demo.root}/connect")
    visitor.heading("Demo asks for access").wait_for()
    return visitor


@pytest.fixture
def framing() -> Iterator[Server]:
    """A page of the same site as the provider, as sites don't mind ports, that frames any URL."""
    server = Server()
    server.start(frame)
    yield server
    server.close()


def frame(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f'<iframe src="{environ["QUERY_STRING"]}" title="framed"></iframe>'.encode()]


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_the_sign_in_page_refuses_to_be_framed(visitor, provider, framing, path):
    assert_unframed(visitor, framing, provider.url(path))


def test_the_consent_page_refuses_to_be_framed(asked, framing):
    assert_unframed(asked, framing, asked.page.url)


def assert_unframed(visitor: Visitor, framing: Server, url: str) -> None:
    with visitor.context.expect_event("requestfailed") as refused:
        visitor.page.goto(f"{framing.root}/?{url}")
    assert (refused.value.url, refused.value.failure) == (url, "net::ERR_BLOCKED_BY_RESPONSE")


def test_another_browser_cannot_see_the_consent_page(asked, visit, provider):
    other = visit()
    other.sign_up(provider.issuer, "bob")
    other.page.goto(asked.page.url)
    assert other.alert().inner_text() == REFUSED
    other.look("The request was refused")


def test_another_browser_of_the_same_person_cannot_see_the_consent_page(asked, visit, provider):
    other = visit()
    other.page.goto(provider.url("/login"))
    other.enter("alice")
    other.button("Sign in").click()
    other.heading("Hello, alice").wait_for()
    other.page.goto(asked.page.url)
    assert other.alert().inner_text() == REFUSED


def test_another_browser_cannot_answer(asked, visit, provider, demo):
    interaction = asked.page.locator("[name=interaction]").first.input_value()
    other = visit()
    other.sign_up(provider.issuer, "bob")
    other.page.goto(f"{demo.root}/connect")
    field = other.page.locator("form:has(button[name=decision]) [name=interaction]")
    field.evaluate("(field, id) => { field.value = id }", interaction)
    other.button("Allow").click()
    assert other.alert().inner_text() == REFUSED
    assert count(provider, AuthorizationCode) == 0
    asked.button("Allow").click()
    asked.heading("Connected").wait_for()
    assert asked.faults == []


def test_going_back_after_allow_gives_no_second_code(asked, provider):
    asked.button("Allow").click()
    asked.heading("Connected").wait_for()
    asked.page.go_back()
    assert asked.alert().inner_text() == REFUSED
    asked.look("The request was refused")
    assert count(provider, AuthorizationCode) == count(provider, Grant) == 1


def test_one_request_in_two_tabs_is_answered_once(asked, provider):
    second = asked.context.new_page()
    second.goto(asked.page.url)
    allow(second)
    second.get_by_role("heading", name="Connected").wait_for()
    allow(asked.page)
    assert asked.alert().inner_text() == REFUSED
    assert count(provider, AuthorizationCode) == 1
    assert asked.faults == []


def test_two_requests_in_two_tabs_are_both_answered(asked, provider, demo):
    second = asked.context.new_page()
    second.goto(f"{demo.root}/connect")
    allow(asked.page)
    asked.heading("Connected").wait_for()
    allow(second)
    second.get_by_role("heading", name="Connected").wait_for()
    assert count(provider, AuthorizationCode) == 2
    assert asked.faults == []


def test_signing_in_to_another_account_keeps_the_request(asked, provider, visit):
    visit().sign_up(provider.issuer, "bob")
    asked.link("Use another account").click()
    asked.look("Choose an account")
    asked.link("Use another account").click()
    asked.look("Sign in")
    asked.enter("bob")
    asked.button("Sign in").click()
    asked.heading("Demo asks for access").wait_for()
    assert asked.page.get_by_text("to your account bob").is_visible()
    asked.button("Allow").click()
    asked.look("Connected")


def allow(page: Page) -> None:
    page.get_by_role("button", name="Allow").click()


def count(provider, kind) -> int:
    return len(provider.storage.find(kind).items)
