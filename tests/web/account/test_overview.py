"""The account page: connected apps, and taking back what they were allowed."""

from __future__ import annotations

from oauthprov.records import Consent, consent_key
from tests.site import ISSUER


def words(element) -> str:
    return " ".join(element.text.split())


def removal(browser, app):
    return browser.get(f"/account/apps/{app.client.client_id}/remove")


def test_an_app_is_listed_with_its_scopes_and_days(site, alice):
    app = site.app(name="Printer")
    assert "No app has access to your account." in alice.get("/account").text
    alice.connect(app, scope="profile:read photos:read")
    site.clock.pass_by(60)
    shown = alice.get("/account").html.select_one(".entries li")
    for explanation in shown.select(".doubt p"):
        explanation.extract()
    entry = words(shown)
    assert entry.startswith(
        "P Printer Not verified See your name See photos Connected since 15 January 2027."
    )
    assert "Last used 15 January 2027, 08:00 UTC." in entry


def test_removing_an_app_asks_first(site, alice):
    app = site.app(name="Printer")
    alice.connect(app)
    link = alice.get("/account").html.find("a", href=lambda href: href.endswith("/remove"))
    assert words(link) == "Remove access of Printer"
    page = alice.get(link["href"])
    assert "Printer loses access to your account at once" in words(page.html.main)
    assert len(list(site.storage.walk(Consent))) == 1


def test_removing_kills_every_token_at_once(site, alice):
    app = site.app(name="Printer")
    tokens = app.tokens(alice)
    assert app.me(tokens["access_token"]).status_int == 200
    done = alice.follow(removal(alice, app).form.submit())
    assert "The app no longer has access." in done.html.find(role="status").text
    assert "No app has access to your account." in done.text
    assert app.me(tokens["access_token"]).status_int == 401
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert "asks for access" in alice.authorize(app).text


def test_a_removed_app_can_still_be_disconnected(site, alice):
    app = site.app()
    alice.connect(app)
    site.registrar.remove(app.client.client_id)
    assert removal(alice, app).form.submit().location == f"{ISSUER}/account?done=removed"
    [consent] = site.storage.walk(Consent)
    assert consent.record.withdrawn_at == site.clock()


def test_a_person_cannot_disconnect_the_app_of_another(site, alice):
    app = site.app()
    alice.connect(app)
    allowed_by = alice.account_id()
    bob = site.browser().sign_up("bob")
    assert removal(bob, app).status_int == 404
    token = bob.get("/logout").form["csrf_token"].value
    path = site.url(f"/account/apps/{app.client.client_id}/remove")
    bob.page.post(path, {"csrf_token": token})
    key = consent_key(allowed_by, app.client.client_id)
    assert site.storage.get(Consent, key).record.withdrawn_at is None


def test_a_visitor_is_sent_to_sign_in(site):
    for path in ("/account", "/account/apps/x/remove"):
        assert site.get(path).location == f"{ISSUER}/login?page=account"
    for path in ("/account/sessions/end", "/account/sessions/end-all"):
        assert site.post(path, {}).location == f"{ISSUER}/login?page=account"
    for asked in (site.get("/account/password"), site.post("/account/password", {})):
        assert asked.location == f"{ISSUER}/login?page=password"


def test_only_known_notices_are_shown(site, alice):
    assert "hello" not in alice.get("/account?done=hello").text
