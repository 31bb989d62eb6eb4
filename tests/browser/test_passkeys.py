"""Passkeys in a real browser, with Chromium's virtual authenticator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from oauthprov.protocol.keys import jose
from tests.browser.openid import Client, client_of
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor, wait_until
from tests.engines import engines
from tests.servers import empty
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser

ESSENTIAL = '{"id_token": {"acr": {"essential": true, "value": "phr"}}}'


ENGINES = pytest.mark.parametrize(
    "provider", engines(["sqlite", "redis"], "sqlite"), indirect=True
)


@pytest.fixture
def provider(request) -> Iterator[Provider]:
    url = "sqlite://"
    if getattr(request, "param", "sqlite") == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    with provider_on(url, host="localhost", scopes=OPENID, languages="en de he") as served:
        yield served


@pytest.fixture
def client(provider: Provider) -> Iterator[Client]:
    with client_of(provider) as served:
        yield served


class Device:
    """The authenticator of a visitor's browser, with somebody who touches it."""

    def __init__(self, visitor: Visitor, *, verifies: bool = True, touched: bool = True) -> None:
        self._cdp = visitor.context.new_cdp_session(visitor.page)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": touched,
        }
        added = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = added["authenticatorId"]

    def touches(self, enabled: bool) -> None:
        """Whether somebody agrees to what the browser asks, without a word."""
        told = {"authenticatorId": self._id, "enabled": enabled}
        self._cdp.send("WebAuthn.setAutomaticPresenceSimulation", told)

    def verifies(self, enabled: bool) -> None:
        """Whether the device finds its user to be the right one."""
        told = {"authenticatorId": self._id, "isUserVerified": enabled}
        self._cdp.send("WebAuthn.setUserVerified", told)

    def credentials(self) -> list[dict]:
        """What the device holds, with the private keys."""
        found = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return found["credentials"]

    def take(self, credentials: list[dict]) -> None:
        """Hold copies of another device's passkeys."""
        for one in credentials:
            told = {"authenticatorId": self._id, "credential": one}
            self._cdp.send("WebAuthn.addCredential", told)


@pytest.fixture
def owner(visit: Callable[..., Visitor], provider: Provider) -> Visitor:
    """Alice in a browser whose device has a passkey of hers; she doesn't touch it yet."""
    alice = visit(dark=True)
    alice.device = Device(alice)
    alice.sign_up(provider.issuer, "alice")
    add_passkey(alice, provider)
    alice.device.touches(False)
    return alice


def add_passkey(visitor: Visitor, provider: Provider) -> None:
    """Go from the account page to the first passkey and its recovery codes."""
    visitor.page.goto(provider.url("/account"))
    visitor.link("Security").click()
    visitor.look("Security")
    visitor.button("Manage your passkeys").click()
    visitor.look("Your passkeys")
    visitor.button("Add a passkey").click()
    visitor.look("Your recovery codes")
    visitor.button("I have kept them").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("The passkey was added")
    visitor.look("Your passkeys")


NO_OFFER = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
"""Keeps the browser from offering passkeys by itself: the virtual device would agree at once."""

WATCH_ASKED = """
const get = navigator.credentials.get.bind(navigator.credentials);
navigator.credentials.get = (options) => { window.asked = options.signal; return get(options); };
"""
"""Shows the signal that would end what the page last asked the device for."""


def sign_out(visitor: Visitor, provider: Provider) -> None:
    visitor.page.goto(provider.url("/logout"))
    visitor.page.locator("main button").first.click()
    visitor.heading("oauthprov").wait_for()


@ENGINES
def test_a_button_signs_in_without_name_and_password(owner, provider):
    sign_out(owner, provider)
    owner.page.goto(provider.url("/login?page=account"))
    owner.look("Sign in")
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    owner.look("Your account")


def test_the_browser_offers_the_passkey_by_itself(owner, provider):
    sign_out(owner, provider)
    owner.page.goto(provider.url("/login?page=account"))
    owner.look("Sign in")
    expect(owner.field("User name")).to_have_attribute("autocomplete", "username webauthn")
    owner.device.touches(True)
    owner.page.reload()
    owner.look("Your account")


def test_a_refusal_on_the_device_is_told_in_words_and_the_password_still_works(owner, provider):
    sign_out(owner, provider)
    owner.page.goto(provider.url("/login?page=account"))
    owner.heading("Sign in").wait_for()
    owner.device.verifies(False)
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    expect(owner.alert()).to_contain_text("No passkey was used")
    expect(owner.alert()).to_be_focused()
    owner.look("Sign in")
    owner.enter("alice")
    owner.button("Sign in").click()
    owner.look("Second step")


def test_a_button_that_is_pressed_twice_asks_once_more(owner, provider):
    sign_out(owner, provider)
    owner.page.add_init_script(NO_OFFER)
    owner.page.add_init_script(WATCH_ASKED)
    owner.page.goto(provider.url("/login?page=account"))
    owner.heading("Sign in").wait_for()
    owner.button("Sign in with a passkey").click(click_count=3)
    # The last press has asked: were the device touched before, it would sign in without another.
    wait_until(owner.page, "window.asked && !window.asked.aborted")
    expect(owner.alert()).to_have_count(0)
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    owner.look("Your account")


def test_who_comes_back_to_the_page_signs_in_by_password(owner, provider):
    """The form of the page isn't left as the passkey needed it."""
    sign_out(owner, provider)
    owner.page.add_init_script(NO_OFFER)
    owner.page.goto(provider.url("/login?page=account"))
    owner.heading("Sign in").wait_for()
    # The page stays, as one that the browser shows again after "back".
    owner.page.evaluate("HTMLFormElement.prototype.submit = () => { sent = true }")
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    wait_until(owner.page, "window.sent")
    owner.enter("alice")
    owner.button("Sign in").click()
    owner.heading("Second step").wait_for()


@ENGINES
def test_a_passkey_is_the_second_step_after_the_password(owner, provider):
    sign_out(owner, provider)
    owner.page.goto(provider.url("/login?page=account"))
    owner.enter("alice")
    owner.button("Sign in").click()
    owner.look("Second step")
    owner.device.touches(True)
    owner.button("Use a passkey").click()
    owner.look("Your account")


def test_an_app_that_asks_for_it_gets_a_sign_in_that_cannot_be_phished(visit, provider, client):
    """Alice, who has no passkey yet, sets one up on the way; later she proves it."""
    alice = visit(dark=True)
    alice.device = Device(alice)
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(client.ask(acr_values="phr", claims=ESSENTIAL))
    alice.look("Set up a second step")
    alice.button("Add a passkey").click()
    alice.look("Your recovery codes")
    alice.button("I have kept them").click()
    alice.look("Reader asks for access")
    alice.button("Allow").click()
    alice.heading("/callback code iss state").wait_for()
    assert signed_in(client) == ("phr", ["pwd", "pop", "user", "mfa"])
    sign_out(alice, provider)
    alice.device.touches(False)
    alice.page.goto(client.ask(acr_values="phr", claims=ESSENTIAL))
    alice.heading("Sign in").wait_for()
    alice.page.evaluate(NO_OFFER)
    alice.enter("alice")
    alice.button("Sign in").click()
    alice.look("Second step")
    alice.device.touches(True)
    alice.button("Use a passkey").click()
    alice.heading("/callback code iss state").wait_for()
    assert signed_in(client) == ("phr", ["pwd", "pop", "user", "mfa"])


def test_who_is_signed_in_already_proves_the_passkey_alone(visit, provider, client):
    """Alice's tablet was signed in before her laptop made a passkey, which they share."""
    tablet, laptop = visit(dark=True), visit()
    tablet.sign_up(provider.issuer, "alice")
    laptop.device = Device(laptop)
    laptop.page.goto(provider.url("/login?page=account"))
    laptop.enter("alice")
    laptop.button("Sign in").click()
    laptop.heading("Your account").wait_for()
    add_passkey(laptop, provider)
    tablet.device = Device(tablet)
    tablet.device.take(laptop.device.credentials())
    tablet.page.goto(client.ask(acr_values="phr", claims=ESSENTIAL))
    tablet.look("Second step")
    expect(tablet.field("Password")).to_have_count(0)
    tablet.button("Use a passkey").click()
    tablet.look("Reader asks for access")
    tablet.button("Allow").click()
    tablet.heading("/callback code iss state").wait_for()
    assert signed_in(client) == ("phr", ["pwd", "pop", "user", "mfa"])


def signed_in(client: Client) -> tuple[str, list[str]]:
    """The level and the methods of the last sign-in, as the client learns them."""
    claims = jose.unverified_claims(client.id_token())
    return claims["acr"], claims["amr"]


def test_another_device_of_hers_is_told_that_its_passkey_is_not_known(owner, visit, provider):
    """As a device does that keeps a passkey which was removed here."""
    owner.page.goto(provider.url("/account/passkeys"))
    owner.page.get_by_role("button", name="Change").first.click()
    owner.look("Passkey")
    owner.button("Remove").click()
    expect(owner.page.get_by_role("status")).to_contain_text("Delete it on your device, too")
    owner.look("Your passkeys")
    sign_out(owner, provider)
    owner.page.add_init_script(NO_OFFER)
    owner.page.goto(provider.url("/login"))
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    expect(owner.alert()).to_contain_text("isn't known here")
    owner.look("Sign in")


def test_a_device_makes_one_passkey_for_an_account(owner, provider):
    owner.page.goto(provider.url("/account/passkeys"))
    owner.device.touches(True)
    owner.button("Add a passkey").click()
    expect(owner.alert()).to_contain_text("has a passkey for your account already")
    expect(owner.alert()).to_be_focused()
    owner.look("Your passkeys")
    assert len(owner.device.credentials()) == 1


def test_a_copy_of_a_passkey_is_noticed(owner, visit, provider):
    thief = visit()
    thief.page.goto(provider.url("/"))
    thief.device = Device(thief, touched=False)
    thief.device.take(owner.device.credentials())
    sign_out(owner, provider)
    for person in (thief, owner):
        person.page.add_init_script(NO_OFFER)
        person.page.goto(provider.url("/login?page=account"))
        person.heading("Sign in").wait_for()
        person.device.touches(True)
        person.button("Sign in with a passkey").click()
        person.page.wait_for_url(lambda url: not url.endswith("/login?page=account"))
    thief.heading("Your account").wait_for()
    expect(owner.alert()).to_contain_text("a copy of it was used")
    owner.look("Sign in")


def test_a_passkey_is_renamed(owner, provider):
    owner.page.goto(provider.url("/account/passkeys"))
    owner.page.get_by_role("button", name="Change").first.click()
    owner.field("Name").fill("My phone")
    owner.button("Save").click()
    owner.look("Your passkeys")
    expect(owner.page.get_by_role("heading", name="My phone")).to_be_visible()


def test_the_challenge_of_an_open_page_is_renewed(owner, provider):
    """A page may be open for hours before somebody chooses the passkey that is offered there."""
    sign_out(owner, provider)
    asked: list[str] = []
    owner.context.on("request", lambda request: asked.append(request.url))
    url = provider.url("/login/passkey/options")
    owner.page.clock.install()
    with owner.page.expect_response(url):
        owner.page.goto(provider.url("/login?page=account"))
    for _ in range(3):
        with owner.page.expect_response(url):
            owner.page.clock.run_for(240_000)
    assert asked.count(url) == 4
    owner.look("Sign in")


def test_without_scripts_the_password_works_and_the_page_says_what_is_missing(visit, provider):
    visitor = visit(scripts=False)
    visitor.sign_up(provider.issuer, "bob")
    visitor.page.goto(provider.url("/account/passkeys"))
    visitor.look("Your passkeys")
    expect(visitor.page.get_by_text("This browser can't make passkeys")).to_be_visible()
    expect(visitor.button("Add a passkey")).to_be_hidden()
    other = visit(scripts=False)
    other.page.goto(provider.url("/login?page=account"))
    expect(other.button("Sign in with a passkey")).to_be_hidden()
    other.enter("bob")
    other.button("Sign in").click()
    other.look("Your account")


def test_a_browser_without_passkeys_shows_no_button(visitor, provider):
    visitor.page.add_init_script("delete window.PublicKeyCredential")
    visitor.page.goto(provider.url("/login"))
    visitor.look("Sign in")
    expect(visitor.button("Sign in with a passkey")).to_be_hidden()


def test_a_page_whose_form_has_expired_says_so_in_words(owner, provider):
    sign_out(owner, provider)
    owner.page.add_init_script(NO_OFFER)
    owner.page.goto(provider.url("/login"))
    owner.heading("Sign in").wait_for()
    owner.context.clear_cookies()
    owner.device.touches(True)
    owner.button("Sign in with a passkey").click()
    expect(owner.alert()).to_contain_text("Reload the page and try again")
    owner.faults.clear()  # the response of 403
    owner.look("Sign in")


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("he", "rtl")])
def test_pages_in_other_languages(visit, provider, language, direction):
    person = visit(dark=True, language=language)
    person.device = Device(person)
    person.page.goto(provider.url("/signup"))
    person.page.locator("#name").fill("alice")
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("form button[type=submit]").click()
    person.page.wait_for_url(lambda url: not url.endswith("/signup"))
    person.page.goto(provider.url("/account/passkeys"))
    person.look()
    assert person.page.locator("html").get_attribute("dir") == direction
    person.page.locator(".passkey button").click()
    person.page.locator("#go-on").wait_for()
    person.look()
    person.device.touches(False)
    person.page.goto(provider.url("/account/passkeys"))
    person.look()
    person.page.locator(".entries a").click()
    person.look()
    person.page.goto(provider.url("/logout"))
    person.page.locator("main button").first.click()
    person.page.goto(provider.url("/login"))
    person.look()
    person.page.locator("#name").fill("alice")
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("#sign-in").click()
    person.page.locator(".passkey button").wait_for()
    person.look()
    assert person.page.locator("html").get_attribute("dir") == direction
