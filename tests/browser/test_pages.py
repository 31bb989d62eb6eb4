"""The pages beside the walk, in light and dark, wide and narrow, with the longest names."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from bench import filling
from oauthprov.records import Account
from tests.browser.place import Demo, demo_of, provider_on
from tests.browser.visitor import Visitor
from tests.servers.wsgi import Server

pytestmark = pytest.mark.browser

LONG_PERSON = "W" * 64
LONG_CLIENT = "W" * 100
LONG_PATH = "/" + "w" * 200


@pytest.fixture
def alice(visit, provider) -> Visitor:
    """Alice, who is signed in and looks at every page in the dark too."""
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    return visitor


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/account/password", "Change password"),
        ("/clients/new/browser", "Register a client"),
        ("/clients/new/native", "Register a client"),
        ("/clients/new/machine", "Register a client"),
        ("/clients/new/api", "Register a client"),
        ("/nowhere" + LONG_PATH, "Page not found"),
        ("/clients/nobody", "Page not found"),
        ("/consent", "The request was refused"),
        ("/oauth/authorize?client_id=nobody", "The request was refused"),
        ("/%ff", "The request was refused"),
    ],
)
def test_every_page_looks_right(alice, provider, path, heading):
    alice.page.goto(provider.url(path))
    alice.look(heading)


def test_the_more_section_opens_when_a_field_in_it_is_wrong(alice, provider):
    alice.page.goto(provider.url("/clients/new/web"))
    alice.page.get_by_text("More", exact=True).click()
    alice.field("Home page").fill("javascript:alert(1)")
    alice.field("Name").fill("Demo")
    alice.field("Redirect URIs").fill("http://not.secure.example/callback")
    alice.button("Register").click()
    alice.field("Home page").wait_for()
    alice.look("Register a client")


def test_a_machine_client_can_be_registered(alice, provider):
    alice.page.goto(provider.url("/clients/new/machine"))
    alice.field("Name").fill("Nightly report")
    alice.button("Register").click()
    alice.look("Nightly report")


def test_an_api_can_be_registered(alice, provider):
    alice.page.goto(provider.url("/clients/new/api"))
    alice.field("Name").fill("Photos")
    alice.button("Register").click()
    alice.look("Photos")
    assert "only the tokens of your own clients" in alice.page.inner_text("main")


def test_the_password_form_refuses_a_wrong_current_one_and_takes_the_right_one(
    alice, provider, visit
):
    alice.page.goto(provider.url("/account"))
    alice.link("Change password").click()
    alice.field("Current password").fill("not it, I fear")
    alice.field("New password").fill("wrong horse battery")
    alice.button("Change it").click()
    alice.alert().wait_for()
    alice.look("Change password")
    alice.field("Current password").fill("correct horse battery")
    alice.field("New password").fill("wrong horse battery")
    alice.button("Change it").click()
    alice.page.get_by_role("status").wait_for()
    alice.look("Your account")


def test_many_apps_are_shown_in_pages(visit, either_storage):
    with provider_on(either_storage) as provider:
        alice = visit(dark=True)
        alice.sign_up(provider.issuer, "alice")
        [account] = provider.storage.find(Account).items
        now = int(time.time())
        made = filling.apps(range(70), now, account.record.account_id)
        filling.fill(provider.storage, made, now)
        alice.page.goto(provider.url("/account"))
        alice.look("Your account")
        expect(alice.page.get_by_role("button", name="Remove access")).to_have_count(50)
        alice.link("More apps").click()
        expect(alice.page.get_by_role("button", name="Remove access")).to_have_count(20)
        alice.look("Your account")
        alice.link("Back to your account").click()
        expect(alice.page.get_by_role("heading", name="Profile")).to_be_visible()


def test_people_see_what_has_happened_to_their_account(visit, either_storage):
    with provider_on(either_storage) as provider:
        alice = visit(dark=True)
        alice.sign_up(provider.issuer, "alice")
        alice.page.goto(provider.url("/account"))
        alice.link("See what has happened to your account").click()
        expect(alice.page.locator("ul.entries li")).to_have_count(2)
        alice.look("What has happened")


def test_one_browser_of_a_person_signs_out_another(alice, provider, visit):
    other = visit()
    other.page.goto(provider.url("/login"))
    other.enter("alice")
    other.button("Sign in").click()
    other.heading("Hello, alice").wait_for()
    alice.page.goto(provider.url("/account"))
    alice.look("Your account")
    alice.button("Sign out Chrome on Linux").click()
    alice.page.get_by_role("status").wait_for()
    other.page.goto(provider.url("/account"))
    other.look("Sign in")


def test_the_longest_client_and_user_names_fit(visit, provider):
    visitor, callback = visit(), f"http://localhost:9{LONG_PATH}"
    visitor.sign_up(provider.issuer, LONG_PERSON)
    visitor.look()
    client_id, _ = provider.register(callback, LONG_CLIENT)
    visitor.page.goto(provider.authorization_url(client_id, callback))
    visitor.look(f"{LONG_CLIENT} asks for access")
    visitor.page.goto(provider.url("/logout"))
    visitor.look("Sign out?")
    visitor.page.goto(provider.url("/clients/new/web"))
    visitor.field("Name").fill(LONG_CLIENT)
    visitor.field("Redirect URIs").fill(callback)
    visitor.button("Register").click()
    visitor.look(LONG_CLIENT)
    visitor.button("Remove").click()
    visitor.look(f"Remove {LONG_CLIENT}?")
    visitor.page.goto(provider.url("/clients"))
    visitor.look("Your clients")


def test_cookies_are_out_of_the_reach_of_scripts_and_of_other_sites(alice, demo):
    alice.page.goto(f"{demo.root}/connect")
    alice.button("Allow").click()
    alice.heading("Connected").wait_for()
    kept = {c["name"]: (c["httpOnly"], c["sameSite"]) for c in alice.context.cookies()}
    lax = dict.fromkeys(("oauthprov_sid", "oauthprov_bid", "demo_sid"), (True, "Lax"))
    assert kept == lax | {"oauthprov_device": (True, "Strict")}
    assert alice.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_broken_policy_is_noticed(alice):
    """A page that violates its policy is reported, so the other tests can fail."""
    alice.page.evaluate("document.body.setAttribute('style', 'color: red')")
    alice.page.evaluate("fetch('/nowhere')")
    with pytest.raises(AssertionError, match="Content Security Policy"):
        alice.look()


@pytest.mark.parametrize("path", ["/nowhere", "/callback?state=forged"])
def test_a_failure_of_the_demo_is_a_page(visit, demo: Demo, path):
    visitor = visit(dark=True)
    visitor.page.goto(demo.root + path)
    visitor.look()


def test_the_demo_shows_a_page_when_its_provider_is_down(visit):
    visitor, gone = visit(dark=True), Server()
    gone.close()
    with demo_of(gone.root) as demo:
        demo.start("some client", "some secret")
        visitor.page.goto(demo.root)
        visitor.page.get_by_text("can't be reached").wait_for()
        visitor.look("Not connected")
