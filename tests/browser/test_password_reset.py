"""Resetting a forgotten password in a real browser, and what people see who are locked out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Request, expect

from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.engines import engines
from tests.servers import empty
from tests.site import OPENID
from tests.smtp import SmtpServer

pytestmark = pytest.mark.browser

FORGOT, NEW, CHANGED = "Forgot your password?", "Set a new password", "Your password was changed"
NEW_PASSWORD = "staple battery horse"
ADDRESS = "alice@example.org"


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    made = SmtpServer()
    yield made
    made.close()


@pytest.fixture(params=engines(["sqlite", "redis"], "sqlite"))
def provider(request, mail_server: SmtpServer) -> Iterator[Provider]:
    url = "sqlite://"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    settings = {
        "mail.url": f"smtp://localhost:{mail_server.port}?tls=off",
        "mail.sender": "id@example.org",
        "languages": "en de he",
        "login.limit_account": "2 per 15 minutes",
    }
    with provider_on(url, scopes=OPENID, **settings) as served:
        yield served


@pytest.fixture
def alice(visit, provider, mail_server) -> Visitor:
    """Her first browser, in which she is signed in and has confirmed her address."""
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/account/email/new"))
    visitor.field("E-mail address").fill(ADDRESS)
    visitor.button("Save").click()
    expect(visitor.page.get_by_role("status")).to_be_visible()
    visitor.page.goto(link(mail_server))
    visitor.button("Confirm").click()
    visitor.heading("Your account").wait_for()
    return visitor


def link(mail_server: SmtpServer) -> str:
    """The link of the last mail, once everything in the background is done."""
    for thread in threading.enumerate():
        if thread.name == "oauthprov-outbox":
            thread.join(30)
    return re.search(r"http://\S+#\S+", mail_server.mails[-1].text)[0]


def request_link(visitor: Visitor, provider: Provider, entered: str = ADDRESS) -> None:
    """Go from the sign-in page to the form, and send it."""
    visitor.page.goto(provider.url("/login"))
    visitor.link(FORGOT).click()
    visitor.look(FORGOT)
    visitor.field("User name or e-mail address").fill(entered)
    visitor.button("Send a link").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("we have sent a link")
    visitor.look(FORGOT)


def sign_in(visitor: Visitor, password: str) -> None:
    visitor.enter("alice", password)
    visitor.button("Sign in").click()


def test_the_link_opens_in_another_browser_and_signs_nobody_in(
    alice, visit, provider, mail_server
):
    request_link(visit(dark=True), provider)
    phone = visit(dark=True)
    phone.page.goto(link(mail_server))
    expect(phone.field("Code from the e-mail")).to_have_value(link(mail_server).partition("#")[2])
    expect(phone.field("New password")).to_be_focused()
    assert phone.page.url == provider.url("/login/new-password")
    phone.look(NEW)
    phone.field("New password").fill("alice alice alice alice")
    phone.button("Change it").click()
    expect(phone.alert()).to_be_focused()
    phone.look(NEW)
    phone.field("New password").fill(NEW_PASSWORD)
    phone.button("Change it").click()
    phone.look(CHANGED)
    expect(phone.link("alice")).to_have_count(0)
    phone.button("Sign in").click()
    sign_in(phone, NEW_PASSWORD)
    phone.heading("Your account").wait_for()
    alice.page.goto(provider.url("/account"))
    alice.heading("Sign in").wait_for()


def test_a_used_link_says_so_and_leads_to_a_new_one(alice, visit, provider, mail_server):
    visitor = visit(dark=True)
    request_link(visitor, provider, "alice")
    used = link(mail_server)
    for heading in (CHANGED, NEW):
        visitor.page.goto(used)
        visitor.field("New password").fill(NEW_PASSWORD)
        visitor.button("Change it").click()
        visitor.look(heading)
    expect(visitor.alert()).to_contain_text("This link was used")
    visitor.link("Send a new link").click()
    visitor.look(FORGOT)


def test_without_scripts_the_code_is_copied(alice, visit, provider, mail_server):
    visitor = visit(scripts=False)
    request_link(visitor, provider)
    visitor.page.goto(link(mail_server))
    visitor.field("Code from the e-mail").fill(link(mail_server).partition("#")[2])
    visitor.field("New password").fill(NEW_PASSWORD)
    visitor.button("Change it").click()
    visitor.look(CHANGED)


def test_no_request_carries_the_code(alice, visitor, provider, mail_server):
    """Neither the server nor a proxy before it can log what a browser doesn't send."""
    request_link(visitor, provider)
    place, _, code = link(mail_server).partition("#")
    requests: list[Request] = []
    visitor.context.on("request", lambda request: requests.append(request))
    visitor.page.goto(place)
    visitor.page.goto(link(mail_server))
    visitor.field("New password").fill(NEW_PASSWORD)
    visitor.button("Change it").click()
    visitor.heading(CHANGED).wait_for()
    assert len(requests) > 3
    for request in requests:
        # A browser doesn't send the fragment (RFC 9110 section 7.1), but records it.
        assert code not in request.url.partition("#")[0]
        assert code not in str(request.all_headers())


def test_guesses_lock_a_new_browser_until_the_reset_and_no_known_one(
    alice, visit, provider, mail_server
):
    stranger, owner = visit(dark=True), visit(dark=True)

    def guess() -> None:
        for _ in range(3):
            stranger.page.goto(provider.url("/login"))
            sign_in(stranger, "not her password")
            stranger.alert().wait_for()

    guess()
    stranger.look("Sign in")
    alice.page.goto(provider.url("/logout"))
    alice.page.locator("main button").first.click()
    alice.page.goto(provider.url("/login"))
    sign_in(alice, "correct horse battery")
    alice.heading("Hello, alice").wait_for()
    owner.page.goto(provider.url("/login"))
    sign_in(owner, "correct horse battery")
    expect(owner.page.locator("#advice")).to_contain_text("after you have set a new password")
    owner.look("Sign in")
    request_link(owner, provider)
    owner.page.goto(link(mail_server))
    owner.field("New password").fill(NEW_PASSWORD)
    owner.button("Change it").click()
    owner.heading(CHANGED).wait_for()
    guess()
    owner.button("Sign in").click()
    sign_in(owner, NEW_PASSWORD)
    owner.heading("Your account").wait_for()


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("he", "rtl")])
def test_pages_in_other_languages(alice, visit, provider, mail_server, language, direction):
    visitor = visit(dark=True, language=language)
    visitor.page.goto(provider.url("/login/reset"))
    visitor.look()
    assert visitor.page.locator("html").get_attribute("dir") == direction
    visitor.page.locator("#name").fill("alice")
    visitor.page.locator("form button[type='submit']").click()
    visitor.page.get_by_role("status").wait_for()
    visitor.look()
    visitor.page.goto(link(mail_server))
    visitor.look()
    visitor.page.locator("#password").fill(NEW_PASSWORD)
    visitor.page.locator("form button[type='submit']").click()
    visitor.page.locator("#sign-in-now").wait_for()
    visitor.look()
    assert visitor.page.locator("html").get_attribute("dir") == direction
