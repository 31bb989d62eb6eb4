"""The admin pages in a browser: each is driven and judged, on SQLite and on Redis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyotp
import pytest
from playwright.sync_api import expect

from oauthprov.accounts.roles import set_admin
from oauthprov.credentials import name_key
from oauthprov.protocol.clients.documents import urls
from oauthprov.records import Client, DisabledHost, Login
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser

SETTINGS = {"scopes": OPENID, "languages": "en de he"}
CALLBACK = "https://album.example/callback"


@pytest.fixture
def provider(either_storage):
    with provider_on(either_storage, **SETTINGS) as served:
        yield served


@dataclass
class Admin:
    """Alice at her browser, who administers the provider."""

    visitor: Visitor
    provider: Provider

    def open(self, path: str) -> None:
        self.visitor.page.goto(self.provider.url(path))

    def id_of(self, name: str) -> str:
        stored = self.provider.storage.get(Login, name_key(name))
        assert stored is not None
        return stored.record.account_id

    def sign_in(self) -> None:
        """Sign up, get the role, and set up the second factor that it needs."""
        page, submit = self.visitor.page, "main [type=submit]"
        self.open("/signup")
        page.locator("[name=name]").fill("alice")
        page.locator("[type=password]").first.fill(PASSWORD)
        page.locator(submit).click()
        page.locator("h1 .name").wait_for()
        set_admin(self.provider.storage, self.id_of("alice"), True, 1)
        self.open("/admin")
        page.locator("[type=password]").first.fill(PASSWORD)
        page.locator("#sign-in").click()
        secret = "".join((page.locator("#key").text_content() or "").split())
        page.locator("[name=answer]").fill(pyotp.TOTP(secret).now())
        page.locator("#set-up").click()
        page.locator("#codes").wait_for()
        page.locator("#go-on").click()
        page.locator("ul.tiles").wait_for()


def admin_at(visit, provider: Provider, **options) -> Admin:
    made = Admin(visit(**options), provider)
    made.sign_in()
    return made


def with_bob(visit, admin: Admin) -> tuple[Visitor, str]:
    """Let bob sign up and allow an app; return his browser and the id of the app."""
    callback = admin.provider.url("/there")  # any address that a browser reaches
    client_id, _ = admin.provider.register(callback, "Album")
    bob = visit()
    bob.sign_up(admin.provider.issuer, "bob")
    bob.page.goto(admin.provider.authorization_url(client_id, callback))
    bob.button("Allow").click()
    bob.page.wait_for_url(f"{callback}?**")
    return bob, client_id


def test_people_are_found_and_acted_on(visit, provider):
    alice = admin_at(visit, provider, dark=True)
    bob, _ = with_bob(visit, alice)
    see = alice.visitor.look
    see("Administration")
    alice.visitor.page.get_by_role("navigation", name="Account").get_by_text(
        "Administration"
    ).click()
    see("Administration")
    alice.visitor.link("People").click()
    see("People")
    alice.visitor.page.get_by_role("searchbox").fill("bob")
    alice.visitor.button("Search").click()
    alice.visitor.link("bob").click()
    alice.visitor.page.get_by_role("heading", name="Sessions").wait_for()
    see("bob")
    for button, notice in (
        ("Remove access of Album", "The app no longer has access."),
        ("Sign out everywhere", "The account is signed out in every browser."),
        ("Disable", "The account is disabled."),
        ("Enable", "The account is enabled."),
    ):
        alice.visitor.button(button).click()
        expect(alice.visitor.page.get_by_role("status")).to_contain_text(notice)
        see()
    bob.page.goto(provider.url("/account"))
    bob.heading("Sign in").wait_for()
    alice.visitor.button("Remove").click()
    see("Remove bob?")
    alice.visitor.field("Type its user name to confirm").fill("alice")
    alice.visitor.button("Remove").click()
    expect(alice.visitor.alert()).to_contain_text("This isn't the user name")
    see("Remove bob?")
    alice.visitor.field("Type its user name to confirm").fill("bob")
    alice.visitor.button("Remove").click()
    expect(alice.visitor.page.get_by_role("status")).to_contain_text("closed for good")
    see()


def test_clients_are_found_and_marked(visit, provider):
    alice = admin_at(visit, provider, dark=True)
    _, client_id = with_bob(visit, alice)
    see, status = alice.visitor.look, alice.visitor.page.get_by_role("status")
    alice.open("/admin/clients")
    see("Clients")
    alice.visitor.page.get_by_role("searchbox").fill(client_id)
    alice.visitor.button("Search").click()
    see("Album")
    expect(alice.visitor.link("bob")).to_be_visible()
    for button, notice in (
        ("Mark as verified", "marked as verified"),
        ("Make it first-party", "is first-party"),
        ("No longer first-party", "no longer first-party"),
        ("Disable", "is disabled"),
        ("Enable", "is enabled"),
        ("Remove access to the account bob", "no longer has access"),
    ):
        alice.visitor.button(button).click()
        expect(status).to_contain_text(notice)
        see("Album")
    alice.visitor.button("Remove").click()
    see("Remove Album?")
    alice.visitor.field("Type its name to confirm").fill("Album")
    alice.visitor.button("Remove").click()
    expect(status).to_contain_text("The client was removed")
    see("Clients")


def test_registration_tokens_keys_and_health(visit, provider):
    alice = admin_at(visit, provider, dark=True)
    see = alice.visitor.look
    alice.open("/admin/registration-tokens")
    see("Registration tokens")
    alice.visitor.field("A note, such as who gets it").fill("For bob")
    alice.visitor.field("Days until it expires").fill("none")
    alice.visitor.button("Create a token").click()
    expect(alice.visitor.alert()).to_contain_text("whole number of days")
    see("Registration tokens")
    alice.visitor.field("Days until it expires").fill("3")
    alice.visitor.button("Create a token").click()
    expect(alice.visitor.page.locator("#token")).to_be_visible()
    see("Registration tokens")
    alice.visitor.page.reload()
    expect(alice.visitor.page.locator("#token")).to_have_count(0)
    alice.visitor.button("Revoke the token For bob").click()
    expect(alice.visitor.page.get_by_role("status")).to_contain_text("revoked")
    alice.visitor.page.request.get(provider.url("/oauth/jwks"))
    alice.open("/admin/keys")
    see("Signing keys")
    alice.visitor.button("Next key for RS256").click()
    expect(alice.visitor.page.get_by_role("status")).to_contain_text("published")
    see("Signing keys")
    alice.open("/admin/health")
    see("Health")


def test_the_audit_tells_what_has_happened_and_why_a_request_was_refused(visit, provider):
    alice = admin_at(visit, provider, dark=True)
    with_bob(visit, alice)
    see, page = alice.visitor.look, alice.visitor.page
    refused = page.request.post(
        provider.url("/oauth/token"),
        form={"grant_type": "authorization_code", "code": "opc_unknown.code"},
    )
    alice.open("/admin")
    alice.visitor.page.get_by_role("main").get_by_text("Audit").click()
    see("Audit")
    expect(page.get_by_text("An app was given access")).to_be_visible()
    alice.visitor.field("Account ID or client ID").fill(alice.id_of("bob"))
    alice.visitor.button("Show").click()
    expect(page.get_by_text("The account was created")).to_be_visible()
    see("Audit")
    alice.visitor.field("Account ID or client ID").fill("")
    alice.visitor.field("Request ID, from an error page or the header X-Request-Id").fill(
        refused.headers["x-request-id"]
    )
    alice.visitor.button("Show").click()
    expect(page.get_by_text("A request was refused")).to_be_visible()
    expect(page.get_by_text("invalid_client")).to_be_visible()
    see("Audit")


def test_who_is_no_admin_sees_a_page_that_says_so(visit, provider):
    bob = visit(dark=True)
    bob.sign_up(provider.issuer, "bob")
    bob.page.goto(provider.url("/admin/people"))
    bob.look("For admins")


def test_everything_works_without_scripts(visit, provider):
    alice = admin_at(visit, provider, scripts=False)
    with_bob(visit, alice)
    alice.open(f"/admin/people/{alice.id_of('bob')}")
    alice.visitor.button("Disable").click()
    expect(alice.visitor.page.get_by_role("status")).to_contain_text("is disabled")
    alice.open("/admin/registration-tokens")
    alice.visitor.button("Create a token").click()
    expect(alice.visitor.page.locator("#token")).to_be_visible()
    alice.visitor.look()


@pytest.mark.parametrize("language", ["de", "he"])
def test_the_pages_in_another_language_and_with_the_longest_names(visit, language):
    with provider_on("sqlite://", **SETTINGS) as provider:
        alice = admin_at(visit, provider, dark=True, language=language)
        bob = samples.account(name="W" * 64)
        app = replace(samples.client(name="W" * 100, owner=bob.account_id), client_type="web")
        host = f"{'w' * 60}.example"
        described = Client(f"https://{host}/w", "W" * 100, "browser", 1, fetched_at=1)
        provider.storage.commit(Add(bob), Add(app), Add(described), now=1)
        provider.storage.commit(Add(DisabledHost(host, 1)), now=1)
        client_id, _ = provider.register(CALLBACK, "W" * 100)
        for path in (
            "",
            "/people",
            f"/people/{bob.account_id}",
            f"/people/{bob.account_id}/remove",
            "/clients",
            f"/clients?owner={bob.account_id}",
            f"/clients/{client_id}",
            f"/clients/{client_id}/remove",
            f"/clients/{urls.in_path(described.client_id)}",
            "/client-hosts",
            "/registration-tokens",
            "/keys",
            "/health",
            "/audit",
        ):
            alice.open(f"/admin{path}")
            alice.visitor.look()
