"""Deleting the account: confirmed by its name, and taken back by signing in within the grace."""

from __future__ import annotations

import re

import pytest

from oauthprov.accounts import removal
from oauthprov.protocol.purging import HOUR
from oauthprov.records import (
    Account,
    AuthorizationCode,
    Client,
    Consent,
    Grant,
    LogoutDelivery,
    Session,
    Sweep,
)
from oauthprov.storage.interface import Add, Remove
from tests import site as sites
from tests.site import ISSUER, PASSWORD, arrived
from tests.web.account.mailing import ADDRESS, confirmed, prompt_site, settled
from tests.web.openid import openid_site, relying_party

GRACE = 14 * 86_400


@pytest.fixture
def site():
    made = openid_site(console="everyone")
    yield made
    made.close()


def words(element) -> str:
    return " ".join(element.text.split())


def delete(browser, name="alice"):
    form = browser.get("/account/delete").form
    form["name"] = name
    return form.submit(expect_errors=True)


def enter(browser, page=None):
    """Sign in as alice on a sign-in page; return what is shown in the end."""
    form = (page or browser.get("/login")).forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    return browser.follow(form.submit())


def answer(page, decision):
    return page.form.submit("decision", value=decision)


def purge(site) -> int:
    return sum(removal.remove_due(site.storage, site.clock()))


def test_the_page_says_what_happens_and_asks_for_the_user_name(alice):
    page = alice.get("/account/delete")
    said = words(page.html.main)
    assert "Until 29 January 2027, 08:00 UTC you can still keep the account" in said
    assert "Type your user name, alice, to confirm" in said
    wrong = delete(alice, "bob")
    assert wrong.status_int == 422
    assert words(wrong.html.find(id="problem")) == "This isn't your user name."
    assert alice.get("/account").status_int == 200


@pytest.mark.parametrize("name", ["alice", "ALICE", " Alice "])
def test_a_user_who_deletes_the_account_is_signed_out_everywhere(site, alice, name):
    elsewhere = site.browser().sign_in("alice")
    done = delete(alice, name)
    assert (done.status_int, words(done.html.h1)) == (200, "Your account is deleted")
    assert "29 January 2027, 08:00 UTC" in words(done.html.main)
    for browser in (alice, elsewhere):
        assert browser.get("/account").location == f"{ISSUER}/login?page=account"
    assert list(site.storage.walk(Session)) == []


def test_every_app_loses_access_at_once_offline_too(site, alice):
    app = relying_party(site)
    tokens = app.tokens(alice, scope="openid profile:read offline_access", prompt="consent")
    delete(alice)
    assert app.me(tokens["access_token"]).status_int == 401
    assert app.userinfo(tokens["access_token"]).status_int == 401
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert all(stored.revoked_at for stored in site.storage.walk(Grant))


def test_a_code_from_before_is_not_redeemed(site, alice):
    app = relying_party(site)
    code = alice.connect(app)["code"]
    delete(alice)
    assert app.exchange(code).json["error"] == "invalid_grant"


def test_a_code_that_an_authorization_stores_after_the_removal_is_not_redeemed(site, alice):
    app = relying_party(site)
    code = alice.connect(app)["code"]
    [stored] = site.storage.walk(AuthorizationCode)
    sum(removal.remove(site.storage, stored.record.account_id, site.clock()))
    site.storage.commit(Add(stored.record), now=site.clock())
    assert app.exchange(code).json["error"] == "invalid_grant"
    assert list(site.storage.walk(Grant)) == []


def test_a_grant_of_a_removed_account_gives_no_further_token(site, alice):
    app = relying_party(site)
    tokens = app.tokens(alice, scope="openid profile:read offline_access", prompt="consent")
    [stored] = site.storage.walk(Account)
    site.storage.commit(Remove(Account, stored.record.account_id), now=site.clock())
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_asking_twice_is_asking_once(site, alice):
    first, second = alice.get("/account/delete"), alice.get("/account/delete")
    for page in (first, second):
        page.form["name"] = "alice"
    first.form.submit(status=200)
    site.clock.pass_by(60)
    assert second.form.submit(status="*").location == f"{ISSUER}/login?page=delete"
    [stored] = site.storage.walk(Account)
    assert stored.record.remove_at == site.clock() - 60 + GRACE


def test_signing_in_leads_to_the_question_whether_to_keep_it_and_nowhere_else(site, alice):
    delete(alice)
    page = enter(alice)
    assert (page.request.path, words(page.html.h1)) == ("/account/keep", "Keep your account?")
    for path in ("/account", "/account/profile", "/clients"):
        assert words(alice.follow(alice.get(path)).html.h1) == "Keep your account?"
    assert "alice" not in alice.get("/").text
    app = relying_party(site)
    assert (
        "login_required"
        in alice.get(app.authorization_url(prompt="none", scope="openid")).location
    )


def test_who_keeps_the_account_goes_on_and_apps_ask_again(site, alice):
    app = relying_party(site)
    app.tokens(alice, scope="openid profile:read")
    delete(alice)
    page = enter(alice, alice.authorize(app))
    assert page.request.path == "/account/keep"
    consent = alice.follow(answer(page, "keep"))
    assert "Printer asks for access" in words(consent.html.h1)
    assert app.exchange(arrived(alice.decide(consent))["code"]).status_int == 200
    assert words(alice.get("/account").html.h1) == "Your account"
    site.clock.pass_by(GRACE)
    assert purge(site) == 0


def test_who_sends_the_form_twice_at_once_stays_signed_in(site, alice, monkeypatch):
    people = site.wsgi.registry["oauthprov"].people
    take_back = people.take_back

    def after_another_request(account_id):
        take_back(account_id)
        return take_back(account_id)

    delete(alice)
    page = enter(alice)
    monkeypatch.setattr(people, "take_back", after_another_request)
    assert answer(page, "keep").location == f"{ISSUER}/account"
    [stored] = site.storage.walk(Account)
    assert not stored.record.closed


def test_a_token_whose_sweep_did_not_come_is_over_when_the_account_is_kept(site, alice):
    app = relying_party(site)
    asked = "openid profile:read offline_access"
    tokens = app.tokens(alice, scope=asked, prompt="consent")
    account_id = alice.account_id()
    site.wsgi.registry["oauthprov"].people.close(account_id, site.clock() + GRACE)
    for kind in (Sweep, Consent):
        for stored in list(site.storage.walk(kind)):
            site.storage.commit(Remove(kind, stored.record.storage_key), now=site.clock())
    answer(enter(alice), "keep")
    assert app.refresh(tokens["refresh_token"]).status_int == 400


def test_who_does_not_keep_it_is_signed_out_and_the_app_is_told(site, alice):
    app = relying_party(site)
    delete(alice)
    page = enter(alice, alice.authorize(app))
    assert arrived(answer(page, "leave"))["error"] == "access_denied"
    assert alice.get("/account/keep").location == f"{ISSUER}/"
    assert answer(enter(alice), "leave").location == f"{ISSUER}/"
    [stored] = site.storage.walk(Account)
    assert stored.record.remove_at is not None


def test_another_user_can_sign_in_beside_it(site, alice):
    site.browser().sign_up("bob")
    delete(alice)
    page = enter(alice)
    form = alice.get(page.html.find("a", string="Use another account")["href"]).forms[0]
    form["name"], form["password"] = "bob", PASSWORD
    assert alice.follow(form.submit()).request.path == "/"
    assert "bob" in alice.get("/account").text


def test_it_cannot_be_kept_when_the_grace_is_over(site, alice):
    delete(alice)
    site.clock.pass_by(GRACE - 1)
    page = enter(alice)
    site.clock.pass_by(1)
    assert answer(page, "keep").location == f"{ISSUER}/"
    assert purge(site) > 0
    assert list(site.storage.walk(Account)) == []
    wrong = alice.get("/login").forms[0]
    wrong["name"], wrong["password"] = "alice", PASSWORD
    assert wrong.submit(status="*").status_int == 401


def test_the_same_name_gets_another_subject(site, alice):
    app = relying_party(site)
    said = app.userinfo(app.tokens(alice, scope="openid profile")["access_token"]).json
    delete(alice)
    site.clock.pass_by(GRACE)
    purge(site)
    another = site.browser().sign_up("alice")
    again = app.userinfo(app.tokens(another, scope="openid profile")["access_token"]).json
    assert again["preferred_username"] == said["preferred_username"] == "alice"
    assert again["sub"] != said["sub"]


def test_an_account_that_the_operator_disables_meanwhile_is_not_kept(site, alice):
    account_id = alice.account_id()
    delete(alice)
    page = enter(alice)
    site.wsgi.registry["oauthprov"].people.disable(account_id)
    assert answer(page, "keep").location == f"{ISSUER}/"
    [stored] = site.storage.walk(Account)
    assert None not in (stored.record.remove_at, stored.record.disabled_at)


def test_an_account_with_clients_is_not_deleted(site, alice):
    form = alice.get("/account/delete").form
    form["name"] = "alice"
    site.app(name="Printer", owner=alice.account_id())
    for page in (alice.get("/account/delete"), form.submit(status=409)):
        assert "Remove these clients first" in words(page.html.main)
        assert "Printer" in words(page.html.main.ul)
        assert page.html.main.form is None
    [client] = site.storage.walk(Client)
    site.registrar.remove(client.record.client_id)
    assert delete(alice).status_int == 200


def test_a_form_without_its_csrf_token_deletes_nothing(site, alice):
    assert (
        alice.page.post(
            site.url("/account/delete"), {"name": "alice"}, expect_errors=True
        ).status_int
        == 403
    )
    assert alice.get("/account").status_int == 200


def test_taking_back_needs_the_csrf_token(site, alice):
    delete(alice)
    enter(alice)
    sent = alice.page.post(site.url("/account/keep"), {"decision": "keep"}, expect_errors=True)
    assert sent.status_int == 403
    [stored] = site.storage.walk(Account)
    assert stored.record.remove_at is not None


def test_where_users_cannot_delete_accounts_there_is_no_page():
    made = sites.standalone(
        sites.ini("sqlite://", development="true", **{"account.deletion": "false"})
    )
    alice = made.browser().sign_up("alice")
    assert alice.get("/account/delete").status_int == 404
    assert "/account/delete" not in alice.get("/account")
    made.close()


def test_relying_parties_are_notified():
    site = openid_site()
    alice = site.browser().sign_up("alice")
    app = relying_party(site, backchannel_logout_uri="https://app.example/logout")
    app.tokens(alice, scope="openid")
    delete(alice)
    [delivery] = site.storage.walk(LogoutDelivery)
    assert delivery.record.client_id == app.client.client_id
    site.close()


@pytest.fixture
def mailing(settings):
    made = prompt_site(**settings)
    yield made
    made.close()


def test_a_mail_says_that_it_is_deleted_and_another_that_it_is_kept(mailing, mail_server):
    alice = confirmed(mailing, "alice")
    delete(alice)
    settled()
    [mail] = mail_server.mails
    assert mail.recipients == (ADDRESS,)
    assert mail.message["Subject"] == "Your account at oauthprov is deleted"
    assert "Until 29 January 2027, 08:00 UTC you can still keep it" in mail.text
    alice.follow(answer(enter(alice), "keep"))
    settled()
    assert mail_server.mails[-1].message["Subject"] == "Your account at oauthprov is kept"


def test_an_address_that_is_not_confirmed_gets_no_mail(mailing, mail_server):
    alice = mailing.browser().sign_up("alice")
    people = mailing.wsgi.registry["oauthprov"].people
    people.set_email(alice.account_id(), ADDRESS)
    delete(alice)
    settled()
    assert mail_server.mails == []


def test_a_mail_says_that_it_is_removed(mailing, mail_server):
    alice = confirmed(mailing, "alice")
    delete(alice)
    settled()
    mailing.clock.pass_by(GRACE)
    purging = mailing.wsgi.registry["oauthprov"].provider.purging
    for _ in range(2):
        while purging.work() is not None:
            pass
        settled()
        mailing.clock.pass_by(HOUR)
    mails = [mail.message["Subject"] for mail in mail_server.mails]
    assert mails == [
        "Your account at oauthprov is deleted",
        "Your account at oauthprov is removed",
    ]
    assert mail_server.mails[-1].recipients == (ADDRESS,)
    assert list(mailing.storage.walk(Account)) == []


def test_a_forgotten_password_is_reset_to_keep_the_account(mailing, mail_server):
    alice = confirmed(mailing, "alice")
    delete(alice)
    form = alice.get("/login/reset").form
    form["name"] = "alice"
    form.submit()
    settled()
    token = re.search(r"/login/new-password#(\S+)", mail_server.mails[-1].text)[1]
    form = alice.get("/login/new-password").form
    form["code"], form["password"] = token, "six unrelated words of hers"
    assert form.submit().status_int == 303
    form = alice.get("/login").forms[0]
    form["name"], form["password"] = "alice", "six unrelated words of hers"
    page = alice.follow(form.submit())
    assert words(page.html.h1) == "Keep your account?"
    assert words(alice.follow(answer(page, "keep")).html.h1) == "Your account"
