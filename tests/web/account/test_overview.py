"""The account page: connected apps, and taking back what they were allowed."""

from __future__ import annotations

import re

import pytest

from bench import filling
from oauthprov.records import Account, AuditEntry, Consent, consent_key
from tests.done import in_words
from tests.site import ISSUER

NAME = re.compile(r"App \d+")


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
    removed = removal(alice, app).form.submit()
    assert in_words(removed.location) == f"{ISSUER}/account?done=removed"
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
    refused = bob.page.post(path, {"csrf_token": token}, expect_errors=True)
    assert refused.status_int == 404
    assert "This app has no access to your account." in refused.text
    key = consent_key(allowed_by, app.client.client_id)
    assert site.storage.get(Consent, key).record.withdrawn_at is None


def test_an_app_is_disconnected_once(site, alice):
    app = site.app()
    alice.connect(app)
    form = removal(alice, app).form
    assert form.submit().status_int == 303
    assert form.submit(expect_errors=True).status_int == 404
    events = [stored.record.event for stored in site.storage.walk(AuditEntry)]
    assert events.count("consent.withdrawn") == 1


def test_a_visitor_is_sent_to_sign_in(site):
    for path in ("/account", "/account/apps/x/remove"):
        assert site.get(path).location == f"{ISSUER}/login?page=account"
    for path in ("/account/sessions/end", "/account/sessions/end-all"):
        assert site.post(path, {}).location == f"{ISSUER}/login?page=account"
    for asked in (site.get("/account/password"), site.post("/account/password", {})):
        assert asked.location == f"{ISSUER}/login?page=password"


def test_only_known_notices_are_shown(site, alice):
    assert "hello" not in alice.get("/account?done=hello").text


def fill_apps(site, name, many):
    now, [account] = (
        site.clock(),
        [a.record for a in site.storage.walk(Account) if a.record.name == name],
    )
    filling.fill(site.storage, filling.apps(range(many), now, account.account_id), now)


def more(page):
    """The link to the next page of apps, None on the last."""
    link = page.html.find("a", string="More apps")
    return link and link["href"]


def names(page):
    return {heading.text.strip() for heading in page.html.find_all("h3", string=NAME)}


def test_many_apps_are_shown_in_pages(site, alice):
    fill_apps(site, "alice", 120)
    page = alice.get("/account")
    pages = [names(page)]
    while more(page):
        page = alice.get(more(page))
        pages.append(names(page))
    assert [len(shown) for shown in pages] == [50, 50, 20]
    assert set().union(*pages) == {f"App {number}" for number in range(120)}
    assert page.html.find("a", string="Back to your account")["href"] == f"{ISSUER}/account"


def test_the_account_page_with_a_few_apps_costs_seven_reads(site, alice):
    fill_apps(site, "alice", 3)
    assert site.storage.trips(lambda: alice.get("/account")) == (7, 0)


def test_the_account_page_costs_no_more_however_many_apps_there_are(site, alice):
    fill_apps(site, "alice", 60)
    few = alice.get("/account")
    trips = site.storage.trips(lambda: alice.get("/account"))
    fill_apps(site, "alice", 450)
    site.clock.pass_by(6)
    pages = []
    many = site.storage.trips(lambda: pages.append(alice.get("/account")))
    assert (trips, many) == ((7, 0), (8, 0))  # the clients were in the cache before
    assert abs(len(pages[0].body) - len(few.body)) < 5000


def test_an_app_of_a_later_page_can_be_removed(site, alice):
    fill_apps(site, "alice", 60)
    second = alice.get(more(alice.get("/account")))
    link = second.html.find("a", href=lambda href: href.endswith("/remove"))
    question = alice.get(link["href"])
    assert link.find("bdi").text in question.html.main.text
    alice.follow(question.form.submit())
    assert len(names(alice.get(more(alice.get("/account"))))) == 9


@pytest.mark.parametrize(
    "after", ["x", "%00", "%ff", "%E2%80%AE", "a" * 3000, "YWZ0ZXI6eA", "&after=y"]
)
def test_a_wrong_cursor_shows_an_error_page(site, alice, after):
    shown = alice.page.get(site.url(f"/account/apps?after={after}"), expect_errors=True)
    assert shown.status_int in (200, 400, 404)


def test_a_cursor_of_another_account_shows_only_the_own_apps(site, alice):
    bob = site.browser().sign_up("bob")
    fill_apps(site, "bob", 60)
    alice.connect(site.app(name="Printer"))
    shown = alice.get(more(bob.get("/account")))
    assert names(shown) == set()
