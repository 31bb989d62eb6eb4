"""A second step in a real browser: set up, used to sign in, and proven for an app."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pyotp
import pytest
from playwright.sync_api import expect

from oauthprov.records import Session
from oauthprov.storage.interface import Replace
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.engines import engines
from tests.servers import empty
from tests.site import OPENID

pytestmark = pytest.mark.browser

SET_UP, CODES, STEP = "Set up an authenticator app", "Your recovery codes", "Second step"


@pytest.fixture(params=engines(["sqlite", "redis"], "sqlite"))
def provider(request) -> Iterator[Provider]:
    url = "sqlite://"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    with provider_on(url, scopes=OPENID, languages="en de he") as served:
        yield served


class App:
    """The authenticator app of a person who has scanned the page."""

    def __init__(self, visitor: Visitor) -> None:
        key = visitor.page.locator("#key").text_content()
        self._app = pyotp.TOTP("".join(key.split()))

    def code(self, steps: int = 0) -> str:
        """What it shows, ``steps`` of 30 seconds from now."""
        return self._app.at(int(time.time()) + 30 * steps)


def set_up(visitor: Visitor, provider: Provider) -> tuple[App, list[str]]:
    """Go from the account page to an app that is set up; return it and the recovery codes."""
    visitor.page.goto(provider.url("/account"))
    visitor.link("Security").click()
    visitor.look("Security")
    visitor.page.locator("#main .entries [href$='/account/authenticator']").click()
    visitor.look(SET_UP)
    visitor.picture("second-step-app", whole=True)
    app = App(visitor)
    visitor.field("Code from your authenticator app").fill("000000")
    visitor.button("Set it up").click()
    expect(visitor.alert()).to_be_visible()
    visitor.look(SET_UP)
    visitor.field("Code from your authenticator app").fill(app.code())
    visitor.button("Set it up").click()
    visitor.look(CODES)
    codes = visitor.page.locator("#codes").text_content().split()
    visitor.picture("recovery-codes", whole=True)
    return app, codes


def password(visitor: Visitor, provider: Provider) -> None:
    """Give the password on the sign-in page."""
    visitor.page.goto(provider.url("/login"))
    visitor.enter("alice")
    visitor.button("Sign in").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_app_is_set_up_and_signs_in(visit, provider, scripts):
    alice = visit(dark=True, scripts=scripts)
    alice.sign_up(provider.issuer, "alice")
    app, codes = set_up(alice, provider)
    alice.button("I have kept them").click()
    alice.look("Security")
    phone = visit(dark=True, scripts=scripts)
    password(phone, provider)
    phone.look(STEP)
    phone.picture("second-step", whole=True)
    phone.field("Code from your authenticator app").fill("000000")
    phone.button("Sign in").click()
    expect(phone.alert()).to_contain_text("This code is wrong")
    phone.look(STEP)
    phone.field("Code from your authenticator app").fill(app.code(1))
    phone.button("Sign in").click()
    phone.heading("Hello, alice").wait_for()
    lost = visit(dark=True, scripts=scripts)
    password(lost, provider)
    lost.link("Use a recovery code").click()
    lost.look(STEP)
    lost.field("Recovery code").fill(codes[0].upper().replace("-", " "))
    lost.button("Sign in").click()
    lost.heading("Hello, alice").wait_for()


def test_recovery_codes_are_saved_as_a_file(visit, provider):
    alice = visit()
    alice.sign_up(provider.issuer, "alice")
    _, codes = set_up(alice, provider)
    with alice.page.expect_download() as saved:
        alice.link("Save them as a file").click()
    assert saved.value.suggested_filename == "recovery-codes.txt"
    assert saved.value.path().read_text("utf-8").split() == codes
    assert alice.faults == []


def test_recovery_codes_are_copied_and_printed(visit, provider):
    alice = visit()
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    alice.sign_up(provider.issuer, "alice")
    _, codes = set_up(alice, provider)
    alice.button("Copy: Your recovery codes").click()
    assert alice.page.evaluate("navigator.clipboard.readText()").split() == codes
    alice.page.evaluate("window.print = () => { document.title = 'printed'; }")
    alice.button("Print them").click()
    assert alice.page.title() == "printed"
    alice.page.emulate_media(media="print")
    expect(alice.page.locator("#codes")).to_be_visible()
    for hidden in ("#print", "#download", "#go-on", ".copy"):
        expect(alice.page.locator(hidden)).to_be_hidden()
    assert alice.faults == []


def test_without_scripts_recovery_codes_are_text_and_a_link(visit, provider):
    alice = visit(scripts=False)
    alice.sign_up(provider.issuer, "alice")
    set_up(alice, provider)
    assert alice.page.get_by_role("button", name="Copy").count() == 0
    assert alice.page.get_by_role("button", name="Print").count() == 0
    expect(alice.link("Save them as a file")).to_be_visible()


def test_new_codes_are_made_and_the_app_is_removed(visit, provider):
    alice = visit(dark=True)
    alice.sign_up(provider.issuer, "alice")
    _, codes = set_up(alice, provider)
    alice.button("I have kept them").click()
    alice.button("Make new codes").click()
    alice.look("Make new recovery codes?")
    alice.button("Make new codes").click()
    alice.look(CODES)
    assert not set(codes) & set(alice.page.locator("#codes").text_content().split())
    alice.button("I have kept them").click()
    alice.page.locator("#main .entries [href$='/account/authenticator']").click()
    alice.look("Remove the authenticator app?")
    alice.button("Remove it").click()
    expect(alice.page.get_by_role("status")).to_have_text("It was removed.")
    alice.look("Security")
    password(visit(), provider)


def test_a_signed_in_person_steps_up_for_an_app(visit, provider):
    alice = visit(dark=True)
    alice.sign_up(provider.issuer, "alice")
    app, _ = set_up(alice, provider)
    forget_the_factor(provider)
    callback = provider.url("/healthz")
    client, _ = provider.registrar.register(
        type="web", name="Printer", redirect_uris=(callback,), scopes=("openid",)
    )
    more = {"scope": "openid", "acr_values": "mfa"}
    asked = provider.authorization_url(client.client_id, callback, **more)
    alice.page.goto(asked)
    alice.look(STEP)
    alice.picture("step-up", whole=True)
    alice.field("Code from your authenticator app").fill(app.code(1))
    alice.button("Continue").click()
    alice.button("Allow").click()
    alice.page.wait_for_url(f"{callback}?code=*")
    alice.page.goto(asked)
    alice.page.wait_for_url(f"{callback}?code=*")


def forget_the_factor(provider: Provider) -> None:
    """Let every session look as if it had begun with a password alone."""
    for stored in provider.storage.walk(Session):
        if stored.claimed_at is None:
            session = replace(stored.record, amr=("pwd",))
            provider.storage.commit(Replace(session, expecting=stored), now=int(time.time()))


def test_a_required_factor_is_set_up_before_the_account_is_seen(visit):
    settings = {"scopes": OPENID, "factors.required": "everyone"}
    with provider_on("sqlite://", **settings) as provider:
        alice = visit(dark=True)
        alice.page.goto(provider.url("/signup"))
        alice.enter("alice")
        alice.button("Create account").click()
        alice.look("Set up a second step")
        alice.picture("set-up-required", whole=True)
        alice.page.goto(provider.url("/account"))
        alice.heading("Sign in").wait_for()
        alice.page.go_back()
        app = App(alice)
        alice.field("Code from your authenticator app").fill(app.code())
        alice.button("Set it up").click()
        alice.look(CODES)
        alice.button("I have kept them").click()
        alice.heading("Hello, alice").wait_for()


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("he", "rtl")])
def test_every_page_is_in_the_language_of_the_browser(visit, language, direction):
    with provider_on("sqlite://", scopes=OPENID, languages="en de he") as provider:
        english = visit()
        english.sign_up(provider.issuer, "alice")
        cookies = english.context.cookies()
        alice = visit(dark=True, language=language)
        alice.context.add_cookies(cookies)

        def seen(path: str | None = None) -> None:
            if path is not None:
                alice.page.goto(provider.url(path))
            html = alice.page.locator("html")
            expect(html).to_have_attribute("lang", language)
            expect(html).to_have_attribute("dir", direction)
            alice.look()
            alice.picture(f"{language}-{alice.page.url.rpartition('/')[2]}", whole=True)

        seen("/account/security")
        seen("/account/authenticator")
        app = App(alice)
        alice.page.locator("#answer").fill(app.code())
        alice.page.locator("#set-up").click()
        alice.page.locator("#codes").wait_for()
        seen()
        for path in ("/account/security", "/account/authenticator", "/account/recovery"):
            seen(path)
        alice.context.clear_cookies()
        alice.page.goto(provider.url("/login"))
        alice.page.locator("#name").fill("alice")
        alice.page.locator("#password").fill("correct horse battery")
        alice.page.locator("#sign-in").click()
        alice.page.locator("#answer").wait_for()
        seen()
        alice.page.locator(".ways a").click()
        seen()
