"""The page of an account, and what an admin does there."""

from __future__ import annotations

import pytest

from oauthprov.accounts import removal
from oauthprov.records import Account, AuditEntry, Consent, Grant, Session
from tests.done import in_words
from tests.site import PASSWORD
from tests.web.admin.conftest import account, forge, id_of, is_gone, press
from tests.web.factors.conftest import Owner, answer


@pytest.fixture
def there(bob_id):
    return f"/admin/people/{bob_id}"


def signs_in(site, name="bob") -> bool:
    browser = site.browser()
    form = browser.get("/login").forms[0]
    form["name"], form["password"] = name, PASSWORD
    return form.submit(expect_errors=True).status_int == 303


def is_signed_in(browser) -> bool:
    return browser.get("/account").status_int == 200


def test_a_disabled_account_is_out_until_it_is_enabled(site, alice, bob, there):
    app = site.app()
    tokens = app.tokens(bob)
    shown = alice.follow(press(alice.get(there), "disable"))
    assert "The account is disabled" in shown.text
    assert not is_signed_in(bob)
    assert not signs_in(site)
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    shown = alice.follow(press(alice.get(there), "enable"))
    assert "The account is enabled" in shown.text
    assert signs_in(site)
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_an_account_is_signed_out_everywhere(alice, bob, there):
    press(alice.get(there), "sign_out")
    assert not is_signed_in(bob)


def test_one_session_is_ended_and_the_others_stay(site, alice, bob, there):
    second = site.browser().sign_in("bob")
    page = alice.get(there)
    assert len(page.html.select("section[aria-labelledby=sessions] li")) == 2
    press(page, "end_session")
    assert sorted([is_signed_in(bob), is_signed_in(second)]) == [False, True]


def test_the_session_of_another_account_is_not_ended(site, alice, bob, there):
    [mine] = site.storage.find(Session, account_id=id_of(site, "alice")).items
    sent = forge(alice, there, action="end_session", session=mine.record.key)
    assert sent.status_int == 404
    assert is_signed_in(alice)


def test_a_session_that_has_ended_already_is_not_ended_again(site, alice, bob, there):
    page = alice.get(there)
    assert "The session has ended." in alice.follow(press(page, "end_session")).text
    again = press(page, "end_session")
    assert again.status_int == 404
    assert "this session has ended already" in again.text


def test_an_app_loses_its_access_and_must_ask_again(site, alice, bob, there):
    app = site.app()
    tokens = app.tokens(bob)
    page = alice.get(there)
    assert "Printer" in page.html.find("section", {"aria-labelledby": "apps"}).text
    shown = alice.follow(press(page, "withdraw"))
    assert "Printer" not in shown.html.find("section", {"aria-labelledby": "apps"}).text
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert "asks for access" in bob.authorize(app).text
    assert forge(alice, there, action="withdraw", client=app.client.client_id).status_int == 303


def test_a_grant_is_revoked_and_the_consent_stays(site, alice, bob, there, bob_id):
    app = site.app()
    tokens = app.tokens(bob)
    shown = alice.follow(press(alice.get(there), "revoke"))
    assert "The grant is revoked" in shown.text
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    [consent] = site.storage.find(Consent, account_id=bob_id).items
    assert consent.record.withdrawn_at is None
    assert "There are none" in shown.html.find("section", {"aria-labelledby": "grants"}).text


def test_a_grant_that_is_revoked_twice_is_revoked_once(site, alice, bob, there):
    site.app().tokens(bob)
    page = alice.get(there)
    for _ in range(2):
        assert press(page, "revoke").status_int == 303
    events = [stored.record.event for stored in site.storage.walk(AuditEntry)]
    assert events.count("grant.revoked") == 1


def test_a_grant_of_another_account_is_not_revoked(site, alice, bob, there):
    site.app().tokens(alice)
    [mine] = site.storage.find(Grant, account_id=id_of(site, "alice")).items
    assert forge(alice, there, action="revoke", grant=mine.record.grant_id).status_int == 404
    stored = site.storage.get(Grant, mine.record.grant_id)
    assert stored.state(site.clock()) == "live"


def test_second_factors_are_removed_and_the_sessions_end(site, alice):
    bob = Owner(site, "bob")
    browser = bob.sign_in()
    shown = alice.follow(press(alice.get(f"/admin/people/{bob.account_id}"), "reset_factors"))
    assert "The second factors are removed" in shown.text
    assert account(site, bob.account_id).factors == ()
    assert not is_signed_in(browser)
    assert signs_in(site)


def test_an_account_is_removed_once_its_name_is_typed(site, alice, bob, there, bob_id):
    page = alice.get(there).click("Remove", href="remove")
    page.form["name"] = "alice"
    again = page.form.submit(expect_errors=True)
    assert again.status_int == 422
    assert not account(site, bob_id).closed
    again.form["name"] = "Bob"
    shown = alice.follow(again.form.submit())
    assert "closed for good" in shown.text
    assert not is_signed_in(bob)
    assert account(site, bob_id).remove_at == site.clock()
    site.clock.pass_by(1)
    assert sum(removal.remove_due(site.storage, site.clock())) > 0
    assert site.storage.get(Account, bob_id) is None
    assert is_gone(site, "bob")
    assert alice.get(there).status_int == 404


def test_an_account_that_its_user_has_deleted_is_removed_sooner(site, alice, bob_id):
    people = site.wsgi.registry["oauthprov"].people
    people.close(bob_id, site.clock() + 1000)
    page = alice.get(f"/admin/people/{bob_id}/remove")
    page.form["name"] = "bob"
    page.form.submit()
    assert account(site, bob_id).remove_at == site.clock()
    assert not people.can_be_kept(account(site, bob_id))


def test_an_account_with_clients_is_not_removed(site, alice, bob_id):
    page = alice.get(f"/admin/people/{bob_id}/remove")
    site.app(owner=bob_id)
    page.form["name"] = "bob"
    refused = page.form.submit(expect_errors=True)
    assert refused.status_int == 409
    assert "Remove them first" in refused.text
    assert not account(site, bob_id).closed
    assert "Printer" in refused.click("The clients that it registered").text


def test_a_deleted_account_is_kept_and_its_apps_ask_again(site, alice, bob, there, bob_id):
    app = site.app()
    app.tokens(bob)
    site.wsgi.registry["oauthprov"].people.close(bob_id, site.clock() + 1000)
    shown = alice.follow(press(alice.get(there), "keep"))
    assert "The account is kept" in shown.text
    assert not account(site, bob_id).closed
    assert "asks for access" in site.browser().sign_in("bob").authorize(app).text
    # The page of another admin still has the button.
    assert forge(alice, there, action="keep").status_int == 404


def test_an_account_that_its_user_has_deleted_is_enabled_and_still_deleted(
    site, alice, bob_id, there
):
    press(alice.get(there), "disable")
    site.wsgi.registry["oauthprov"].people.close(bob_id, site.clock() + 1000)
    shown = alice.follow(press(alice.get(there), "enable"))
    assert "The account is enabled. It is still deleted" in shown.text
    assert "can sign in again" not in shown.text
    assert account(site, bob_id).closed


@pytest.mark.parametrize("action", ["disable", "reset_factors"])
def test_an_account_with_the_admin_role_is_not_locked_out(site, alice, owner, action):
    there = f"/admin/people/{owner.account_id}"
    buttons = [button["value"] for button in alice.get(there).html.select("button[name=action]")]
    assert action not in buttons
    before = account(site, owner.account_id)
    refused = forge(alice, there, action=action)
    assert refused.status_int == 409
    assert "has the admin role" in refused.text
    assert account(site, owner.account_id) == before


def test_an_account_with_the_admin_role_is_not_removed(site, alice, owner):
    there = f"/admin/people/{owner.account_id}/remove"
    assert forge(alice, there, name="alice").status_int == 409
    assert not account(site, owner.account_id).closed


def test_an_admin_may_sign_out_of_everywhere(alice, owner):
    sent = press(alice.get(f"/admin/people/{owner.account_id}"), "sign_out")
    assert sent.status_int == 303
    assert not is_signed_in(alice)


def test_an_account_whose_removal_has_begun_is_not_enabled(site, alice, bob_id, there):
    steps = removal.remove(site.storage, bob_id, site.clock())
    next(steps)
    assert forge(alice, there, action="enable").status_int == 404
    assert account(site, bob_id).disabled_at is not None


def test_a_sign_in_that_waits_for_its_second_step_ends_too(site, alice):
    bob = Owner(site, "bob")
    _, waiting = bob.password()
    press(alice.get(f"/admin/people/{bob.account_id}"), "sign_out")
    assert in_words(answer(waiting, bob.code()).location).endswith("/login?done=over")


def test_no_secret_is_on_the_page(site, alice):
    bob = Owner(site, "bob")
    bob.sign_in()
    page = alice.get(f"/admin/people/{bob.account_id}").text
    stored = account(site, bob.account_id)
    for secret in (stored.password_hash, bob.secret, *bob.codes):
        assert secret not in page
