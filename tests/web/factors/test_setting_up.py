"""The pages on which people set second factors up and remove them."""

from __future__ import annotations

import logging
import re

import pytest

from oauthprov.records import RecoveryCodes, Session, Totp
from oauthprov.web.site import site_of
from tests import site as sites
from tests.site import ISSUER, PASSWORD
from tests.web.account.test_password_reset import (
    NEW_PASSWORD,
    change,
    confirmed,
    prompt_site,
    reset_token,
    settled,
)
from tests.web.factors.conftest import Owner, answer, shown_code

AUTHENTICATOR = "/account/authenticator"


def set_up(site, browser):
    """Set an app up; return its codes, and what the app shows later."""
    page = browser.get(AUTHENTICATOR)
    codes = answer(page, shown_code(site, page))
    assert codes.status_int == 200
    return codes, lambda: shown_code(site, page)


def required_site(who: str):
    settings = {"development": "true", "factors.required": who}
    return sites.standalone(sites.ini("sqlite://", **settings))


def test_the_account_page_leads_to_setting_an_app_up(site, alice):
    security = alice.get("/account").click("Security")
    page = security.click("Set up")
    codes = answer(page, shown_code(site, page))
    assert len(codes.html.find(id="codes").text.split()) == 10
    there = codes.click("I have kept them")
    assert "asked for a second step" in there.html.find(class_="notice").text
    assert "Unused: 10" in there.text
    assert "On." in alice.get("/account").text


def test_the_next_sign_in_takes_the_second_step(site, alice):
    _, code = set_up(site, alice)
    site.clock.pass_by(30)
    browser = site.browser()
    form = browser.get("/login").forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    page = browser.follow(form.submit())
    assert page.request.path == "/login/factor"
    assert answer(page, code()).status_int == 303


def test_the_code_that_set_the_app_up_signs_nobody_in(site, alice):
    _, code = set_up(site, alice)
    browser = site.browser()
    form = browser.get("/login").forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    page = browser.follow(form.submit())
    assert answer(page, code()).status_int == 401


def test_a_wrong_code_sets_nothing_up_and_the_key_stays(site, alice):
    page = alice.get(AUTHENTICATOR)
    again = answer(page, "000000")
    assert again.status_int == 422
    assert again.html.find(id="key").text == page.html.find(id="key").text
    assert list(site.storage.walk(Totp)) == []
    assert answer(again, shown_code(site, again)).status_int == 200


def test_a_key_that_was_shown_too_long_ago_is_replaced(site, alice):
    page = alice.get(AUTHENTICATOR)
    for _ in range(3):
        site.clock.pass_by(600)
        form = alice.get("/login?account=another").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        form.submit()
    page.forms[0]["csrf_token"] = alice.get(AUTHENTICATOR).forms[0]["csrf_token"].value
    late = answer(page, shown_code(site, page))
    assert late.status_int == 422
    assert late.html.find(id="key").text != page.html.find(id="key").text


@pytest.mark.parametrize("sealed", ["", "x", "é", "A" * 200])
def test_a_key_that_this_server_never_showed_is_refused(site, alice, sealed):
    page = alice.get(AUTHENTICATOR)
    page.forms[0]["sealed"] = sealed
    assert answer(page, shown_code(site, page)).status_int == 422
    assert list(site.storage.walk(Totp)) == []


def test_the_key_of_another_account_is_refused(site, alice):
    hers = alice.get(AUTHENTICATOR)
    bob = site.browser().sign_up("bob")
    page = bob.get(AUTHENTICATOR)
    page.forms[0]["sealed"] = hers.forms[0]["sealed"].value
    assert answer(page, shown_code(site, hers)).status_int == 422


def test_the_key_is_shown_on_no_page_afterwards(site, alice, caplog):
    caplog.set_level(logging.DEBUG)
    page = alice.get(AUTHENTICATOR)
    key = "".join(page.html.find(id="key").text.split())
    codes = answer(page, shown_code(site, page))
    first = codes.html.find(id="codes").text.split()[0]
    later = [alice.get(path).text for path in ("/account/security", AUTHENTICATOR, "/account")]
    for secret in (key, first):
        assert secret not in "".join(later) + caplog.text
    [stored] = site.storage.walk(Totp)
    assert key not in repr(stored)
    assert page.headers["Cache-Control"] == codes.headers["Cache-Control"] == "no-store"


def test_an_app_can_be_set_up_once(site, alice):
    page = alice.get(AUTHENTICATOR)
    set_up(site, alice)
    page.forms[0]["csrf_token"] = alice.get(AUTHENTICATOR).forms[0]["csrf_token"].value
    again = answer(page, shown_code(site, page))
    assert again.location == f"{ISSUER}/account/security"
    assert "Remove the authenticator app?" in alice.get(AUTHENTICATOR).html.h1.text


def test_setting_up_renews_the_session_and_ends_no_other(site, alice):
    phone = site.browser().sign_in("alice")
    before = alice.page.cookies["__Host-oauthprov_sid"]
    set_up(site, alice)
    assert alice.page.cookies["__Host-oauthprov_sid"] != before
    assert phone.get("/account").status_int == 200
    live = [one for one in site.storage.walk(Session) if one.state(site.clock()) == "live"]
    assert sorted(one.record.amr for one in live) == [("pwd",), ("pwd", "otp", "mfa")]


def test_removing_the_app_leaves_the_password_alone(site):
    owner = Owner(site)
    browser = owner.sign_in()
    page = browser.get("/account/security").click("Remove")
    assert "your recovery codes are removed too" in page
    there = browser.follow(page.forms[0].submit())
    assert "It was removed." in there
    assert list(site.storage.walk(Totp)) == list(site.storage.walk(RecoveryCodes)) == []
    assert browser.get("/account").status_int == 200
    site.browser().sign_in("alice")
    assert "you have no second step" in browser.get("/account/recovery")


def test_an_app_that_is_gone_is_not_removed_again(site):
    browser = Owner(site).sign_in()
    page = browser.get("/account/security").click("Remove")
    assert page.forms[0].submit().status_int == 303
    again = page.forms[0].submit(expect_errors=True)
    assert again.status_int == 404
    assert "There is no authenticator app to remove." in again.text


def test_new_recovery_codes_replace_the_old_ones(site, owner):
    browser = owner.sign_in()
    page = browser.get("/account/security").click("Make new codes")
    codes = page.forms[0].submit().html.find(id="codes").text.split()
    assert len(codes) == 10
    _, page = owner.password()
    page = page.click("Use a recovery code")
    assert answer(page, owner.codes[0]).status_int == 401
    assert answer(page, codes[0]).status_int == 303


def test_few_recovery_codes_are_said_to_be_few(site, owner):
    factors = site_of(site.wsgi.registry).factors
    for used, code in enumerate(owner.codes[:7]):
        browser = owner.sign_in()
        page = browser.get("/account/security")
        assert f"Unused: {10 - used}" in page.text
        assert page.html.find(id="few") is None
        _, page = owner.password()
        answer(page.click("Use a recovery code"), code)
    assert factors.recovery.left(owner.account_id) == 3
    assert browser.get("/account/security").html.find(id="few") is not None


@pytest.mark.parametrize("path", [AUTHENTICATOR, "/account/recovery"])
def test_each_change_needs_a_csrf_token(site, owner, path):
    form = owner.sign_in().get(path).forms[0]
    form["csrf_token"] = "forged"
    assert form.submit(expect_errors=True).status_int == 403


@pytest.mark.parametrize("path", ["/account/security", AUTHENTICATOR, "/account/recovery"])
def test_only_a_signed_in_person_gets_there(site, path):
    page = path.rpartition("/")[2]
    assert site.browser().get(path).location == f"{ISSUER}/login?page={page}"


def test_a_site_may_offer_no_factor():
    site = sites.standalone(sites.ini("sqlite://", development="true", factors="none"))
    alice = site.browser().sign_up("alice")
    assert "There is nothing to set up here." in alice.get("/account/security")
    assert alice.get(AUTHENTICATOR).location == f"{ISSUER}/account/security"
    owner = Owner(site, "bob")
    browser = owner.sign_in()
    browser.get(AUTHENTICATOR).forms[0].submit()
    assert list(site.storage.walk(Totp)) == []
    site.close()


class TestRequired:
    """The operator requires a second factor."""

    def test_the_password_leads_to_setting_one_up_before_there_is_a_session(self):
        site = required_site("everyone")
        site_of(site.wsgi.registry).people.sign_up("alice", PASSWORD)
        browser = site.browser()
        form = browser.get("/login?page=account").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        assert page.request.path == "/login/factor/setup"
        assert list(site.storage.walk(Session)) == []
        codes = answer(page, shown_code(site, page))
        [session] = [stored.record for stored in site.storage.walk(Session)]
        assert session.amr == ("pwd", "otp", "mfa")
        assert "Your account" in browser.follow(codes.click("I have kept them"))
        site.close()

    def test_signing_up_leads_there_too(self):
        site = required_site("everyone")
        browser = site.browser()
        form = browser.get("/signup").form
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        assert page.request.path == "/login/factor/setup"
        assert answer(page, "000000").status_int == 422
        assert list(site.storage.walk(Session)) == []
        site.close()

    def test_only_developers_where_only_they_must(self):
        site = required_site("developers")
        people = site_of(site.wsgi.registry).people
        people.sign_up("alice", PASSWORD)
        people.sign_up("bob", PASSWORD, developer=True)
        site.browser().sign_in("alice")
        assert len(list(site.storage.walk(Session))) == 1
        browser = site.browser()
        form = browser.get("/login").forms[0]
        form["name"], form["password"] = "bob", PASSWORD
        assert browser.follow(form.submit()).request.path == "/login/factor/setup"
        site.close()

    def test_the_last_factor_cannot_be_removed(self):
        site = required_site("everyone")
        owner = Owner(site)
        browser = owner.sign_in()
        assert "Here you need a second step." in browser.get("/account/security")
        refused = browser.get(AUTHENTICATOR).forms[0].submit(expect_errors=True)
        assert refused.status_int == 409
        assert "Set up another one" in refused.html.find(id="problem").text
        assert len(list(site.storage.walk(Totp))) == 1
        site.close()

    def test_a_new_password_ends_the_setting_up(self):
        site = required_site("everyone")
        people = site_of(site.wsgi.registry).people
        account = people.sign_up("alice", PASSWORD)
        browser = site.browser()
        form = browser.get("/login").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        people.change_password(account.account_id, "staple of another horse")
        assert answer(page, shown_code(site, page)).location == f"{ISSUER}/login"
        assert list(site.storage.walk(Totp)) == []
        site.close()

    def test_cancel_leads_away_without_a_session(self):
        site = required_site("everyone")
        browser = site.browser()
        form = browser.get("/signup").form
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        assert page.forms["leave"].submit().location == f"{ISSUER}/"
        assert browser.get("/login/factor/setup").location == f"{ISSUER}/login"
        site.close()

    def test_nobody_sets_up_a_factor_for_an_account_that_has_one(self, site, owner):
        browser, _ = owner.password()
        there = browser.get("/login/factor/setup").location
        assert there == f"{ISSUER}/login/factor"


class TestMails:
    @pytest.fixture
    def site(self, settings):
        made = prompt_site(**settings)
        yield made
        made.close()

    def mails(self, mail_server) -> list[str]:
        settled()
        return [f"{mail.message['Subject']}\n{mail.text}" for mail in mail_server.mails]

    def test_each_change_is_mailed_to_the_confirmed_address(self, site, mail_server):
        alice = confirmed(site, "alice")
        codes, _ = set_up(site, alice)
        settled()  # mails are sent at once, in any order
        alice.get("/account/recovery").forms[0].submit()
        settled()
        alice.get(AUTHENTICATOR).forms[0].submit()
        sent = self.mails(mail_server)
        said = ["asks for a second step since", "got new recovery codes", "was removed on"]
        assert [words in mail for words, mail in zip(said, sent, strict=True)] == [True] * 3
        key = re.sub(r"\s", "", str(codes.html.find(id="codes").text))
        for mail in sent:
            assert f"{ISSUER}/account/security" in mail
            assert "alice" in mail
            assert key[:19] not in mail

    def test_a_used_recovery_code_is_mailed_with_what_is_left(self, site, mail_server):
        alice = confirmed(site, "alice")
        codes, _ = set_up(site, alice)
        browser = site.browser()
        form = browser.get("/login").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit()).click("Use a recovery code")
        answer(page, codes.html.find(id="codes").text.split()[0])
        last = self.mails(mail_server)[-1]
        assert "A recovery code" in last
        assert "Codes left: 9." in last

    def test_a_mailed_link_for_a_new_password_removes_no_factor(self, site, mail_server):
        alice = confirmed(site, "alice")
        _, code = set_up(site, alice)
        site.clock.pass_by(30)
        self.mails(mail_server)  # the one about the factor has come, and isn't the last one below
        assert change(site, reset_token(site, mail_server)).status_int == 303
        browser = site.browser()
        form = browser.get("/login").forms[0]
        form["name"], form["password"] = "alice", NEW_PASSWORD
        page = browser.follow(form.submit())
        assert page.request.path == "/login/factor"
        assert answer(page, code()).status_int == 303

    def test_wrong_codes_after_the_right_password_are_mailed(self, site, mail_server):
        alice = confirmed(site, "alice")
        set_up(site, alice)
        browser = site.browser()
        form = browser.get("/login").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        for _ in range(5):
            before = len(self.mails(mail_server))
            page = answer(page, "000000")
        assert len(self.mails(mail_server)) == before + 1
        last = self.mails(mail_server)[-1]
        assert "Somebody gave the password of the account alice" in last
        assert "change your password at once" in last

    def test_an_address_that_is_not_confirmed_gets_no_mail(self, site, mail_server):
        alice = site.browser().sign_up("alice")
        set_up(site, alice)
        assert self.mails(mail_server) == []
