"""Confirming an e-mail address in a real browser: the link fills in the form, signed in or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Request, expect

from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD
from tests.smtp import SmtpServer

pytestmark = pytest.mark.browser

PAGE = "Your e-mail address"


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    made = SmtpServer()
    yield made
    made.close()


@pytest.fixture
def provider(mail_server: SmtpServer) -> Iterator[Provider]:
    settings = {
        "mail.url": f"smtp://localhost:{mail_server.port}?tls=off",
        "mail.sender": "id@example.org",
    }
    with provider_on("sqlite://", scopes=OPENID, **settings) as served:
        yield served


def send(visitor: Visitor, provider: Provider) -> None:
    """Sign up, name an address, and have a link sent to it once more."""
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/account"))
    visitor.link("Enter an e-mail address").click()
    visitor.field("E-mail address").wait_for()
    visitor.look(PAGE)
    visitor.field("E-mail address").fill("alice@example.org")
    visitor.button("Save").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("We have sent you a link")
    visitor.page.goto(provider.url("/account"))
    visitor.link("Confirm it").click()
    visitor.look(PAGE)
    visitor.button("Send a link").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("We have sent you a link")
    visitor.look(PAGE)


def link(mail_server: SmtpServer) -> str:
    return re.search(r"http://\S+#\S+", mail_server.mails[-1].text)[0]


def is_confirmed(visitor: Visitor) -> None:
    visitor.button("Confirm").click()
    visitor.look("Your account")
    expect(visitor.page.get_by_role("status")).to_contain_text("Your e-mail address is confirmed.")


def test_the_link_fills_in_the_form(visit, provider, mail_server):
    visitor = visit(dark=True)
    send(visitor, provider)
    visitor.page.goto(link(mail_server))
    expect(visitor.field("Code from the e-mail")).to_have_value(
        link(mail_server).partition("#")[2]
    )
    expect(visitor.button("Confirm")).to_be_focused()
    assert visitor.page.url == provider.url("/account/email")
    visitor.look(PAGE)
    is_confirmed(visitor)
    visitor.page.goto(provider.url("/account/email"))
    visitor.look(PAGE)


def test_a_visitor_signs_in_before_confirming(visitor, visit, provider, mail_server):
    send(visit(), provider)
    visitor.page.goto(link(mail_server))
    visitor.look(PAGE)
    visitor.button("Sign in").click()
    visitor.heading("Sign in").wait_for()
    visitor.enter("alice")
    visitor.button("Sign in").click()
    visitor.heading(PAGE).wait_for()
    is_confirmed(visitor)


def test_without_scripts_the_code_is_copied(visit, provider, mail_server):
    visitor = visit(scripts=False)
    send(visitor, provider)
    visitor.page.goto(link(mail_server))
    visitor.field("Code from the e-mail").fill(link(mail_server).partition("#")[2])
    is_confirmed(visitor)


def test_no_request_carries_the_code(visitor, provider, mail_server):
    """Neither the server nor a proxy before it can log what a browser doesn't send."""
    send(visitor, provider)
    place, _, code = link(mail_server).partition("#")
    requests: list[Request] = []
    visitor.context.on("request", lambda request: requests.append(request))
    visitor.page.goto(place)
    visitor.page.goto(link(mail_server))
    is_confirmed(visitor)
    assert len(requests) > 3
    for request in requests:
        # A browser doesn't send the fragment (RFC 9110 section 7.1), but records it.
        assert code not in request.url.partition("#")[0]
        assert code not in str(request.all_headers())


def test_consent_says_that_there_is_no_address_and_leads_there_and_back(visit, provider):
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    callback = "https://app.example/callback"
    registered, _ = provider.registrar.register(
        type="web", name="Reader", redirect_uris=(callback,), scopes=("openid", "email")
    )
    asked = provider.authorization_url(registered.client_id, callback, scope="openid email")
    visitor.page.goto(asked)
    visitor.look("Reader asks for access")
    visitor.link("Enter an e-mail address").click()
    visitor.look(PAGE)
    visitor.field("E-mail address").fill("alice@example.org")
    visitor.button("Save").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("We have sent you a link")
    visitor.look(PAGE)
    visitor.link("Back to the app's request").click()
    visitor.look("Reader asks for access")
    expect(visitor.page.locator("#address")).to_contain_text("isn't confirmed")


def test_sign_up_asks_for_an_address(visit, mail_server):
    settings = {
        "mail.url": f"smtp://localhost:{mail_server.port}?tls=off",
        "mail.sender": "id@example.org",
        "signup.email": "required",
    }
    with provider_on("sqlite://", scopes=OPENID, **settings) as provider:
        visitor = visit(dark=True)
        visitor.page.goto(provider.url("/signup"))
        visitor.look("Create an account")
        visitor.enter("alice")
        visitor.field("E-mail address").fill("a" * 65 + "@example.org")
        visitor.button("Create account").click()
        expect(visitor.alert()).to_have_text("This is not a valid e-mail address.")
        visitor.look("Create an account")
        visitor.field("Password").fill(PASSWORD)
        visitor.field("E-mail address").fill("alice@example.org")
        visitor.button("Create account").click()
        visitor.heading("Hello, alice").wait_for()
        visitor.page.goto(provider.url("/account"))
        expect(visitor.page.get_by_role("main")).to_contain_text("alice@example.org")
