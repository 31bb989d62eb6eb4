"""A client's page in a browser: what can be copied, and how it looks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.place import Provider, provider_on
from tests.certificates import Authority
from tests.protocol import certified
from tests.site import OPENID

pytestmark = pytest.mark.browser

SCOPES = f"{OPENID}\nphotos:delete | Delete photos | delete"


@pytest.fixture
def provider(either_storage):
    with provider_on(either_storage, scopes=SCOPES) as served:
        yield served


def register(visitor, provider: Provider, kind: str = "Web server") -> None:
    visitor.page.goto(provider.url("/clients/new"))
    visitor.link(kind).click()
    visitor.field("Name").fill("Album")
    visitor.field("Redirect URIs").fill("https://album.example/callback")
    visitor.button("Register").click()
    visitor.heading("Album").wait_for()


def test_a_client_s_page_is_judged_with_everything_open(visit, provider):
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(provider.url("/clients/new/web"))
    visitor.page.get_by_text("More", exact=True).click()
    visitor.look("Register a client")
    register(visitor, provider)
    for summary in visitor.page.locator("summary").all():
        summary.click()
    visitor.look("Album")
    visitor.page.goto(provider.url("/clients?q=album"))
    visitor.look("Your clients")


def test_a_button_copies_what_stands_before_it(visit, provider):
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.sign_up(provider.issuer, "alice")
    register(visitor, provider)
    client_id = visitor.page.locator("#client-id").inner_text()
    button = visitor.button("Copy: Client ID")
    button.click()
    expect(button).to_have_text("Copied")
    expect(visitor.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert visitor.page.evaluate("navigator.clipboard.readText()") == client_id
    visitor.button("Copy: Token").click()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == provider.url("/oauth/token")
    visitor.page.get_by_text("curl", exact=True).click()
    visitor.button("Copy: curl").click()
    assert client_id in visitor.page.evaluate("navigator.clipboard.readText()")
    assert visitor.faults == []


def test_without_scripts_there_is_no_button_and_all_is_text(visit, provider):
    visitor = visit(scripts=False)
    visitor.sign_up(provider.issuer, "alice")
    register(visitor, provider)
    assert visitor.page.get_by_role("button", name="Copy").count() == 0
    expect(visitor.page.get_by_text(provider.url("/oauth/token"), exact=True)).to_be_visible()


@pytest.mark.parametrize("language", ["de", "he"])
def test_a_client_s_page_in_another_language(visit, language):
    with provider_on("sqlite://", scopes=SCOPES, languages="en de he") as provider:
        visitor = visit(dark=True, language=language)
        visitor.page.goto(provider.url("/signup"))
        visitor.page.locator("[name=name]").fill("alice")
        visitor.page.locator("[type=password]").first.fill("correct horse battery")
        visitor.page.locator("main [type=submit]").click()
        visitor.page.locator("h1 .name").wait_for()
        visitor.page.goto(provider.url("/clients/new/web"))
        visitor.page.locator("[name=name]").fill("Album")
        visitor.page.locator("[name=redirect_uris]").fill("https://album.example/callback")
        visitor.page.locator("main [type=submit]").click()
        visitor.page.locator("#client-id").wait_for()
        page = visitor.page.url.partition("?")[0]
        for summary in visitor.page.locator("summary").all():
            summary.click()
        visitor.look("Album")
        visitor.page.goto(f"{page}/connect")
        for summary in visitor.page.locator("summary").all():
            summary.click()
        visitor.look()
        visitor.page.goto(f"{page}/try")
        visitor.look()
        visitor.page.locator("button[value=add]").click()
        visitor.page.locator("#begin").wait_for()
        visitor.look()
        visitor.page.goto(provider.issuer)
        visitor.look()


@pytest.mark.parametrize("language", ["en", "de", "he"])
def test_a_client_registers_for_a_certificate(visit, tmp_path, language):
    mtls = certified.settings(Authority().file(tmp_path / "ca.pem"))
    with provider_on("sqlite://", scopes=SCOPES, languages="en de he", **mtls) as provider:
        visitor = visit(dark=language == "de", language=language)
        visitor.page.goto(provider.url("/signup"))
        visitor.page.locator("[name=name]").fill("alice")
        visitor.page.locator("[type=password]").first.fill("correct horse battery")
        visitor.page.locator("main [type=submit]").click()
        visitor.page.goto(provider.url("/clients/new/web"))
        visitor.page.locator("[name=name]").fill("Album")
        visitor.page.locator("[name=redirect_uris]").fill("https://album.example/callback")
        for summary in visitor.page.locator("summary").all():
            summary.click()
        visitor.page.locator("[value=tls_client_auth]").check()
        visitor.page.locator("[name=tls_client_auth_san_ip]").fill("everywhere")
        visitor.look(visitor.page.locator("h1").inner_text())
        visitor.page.locator("main form [type=submit]").first.click()
        wrong = visitor.page.locator("[name=tls_client_auth_san_ip]")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        wrong.fill("192.0.2.7")
        visitor.page.locator("main form [type=submit]").first.click()
        visitor.heading("Album").wait_for()
        for summary in visitor.page.locator("summary").all():
            summary.click()
        visitor.look("Album")
        expect(visitor.page.get_by_text(f"{certified.BASE}/oauth/token").first).to_be_visible()
