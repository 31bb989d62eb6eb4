"""Changing the e-mail address: on its own, at sign-up, and on the way of an app's request."""

from __future__ import annotations

import re

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.settings import Settings
from oauthprov.web.signed_in import RECENT
from oauthprov.web.site import site_of
from tests import site as sites
from tests.done import in_words
from tests.site import ISSUER, OPENID, PASSWORD, arrived
from tests.web.account.mailing import ADDRESS, confirmed, prompt_site, settled
from tests.web.openid import openid_site, relying_party

ANOTHER = "alice@example.com"
TOKEN = re.compile(rf"{re.escape(ISSUER)}/account/email#(\S+)")


@pytest.fixture
def site(settings):
    made = prompt_site(**settings)
    yield made
    made.close()


@pytest.fixture
def quiet():
    """A site that sends no mail."""
    made = openid_site()
    yield made
    made.close()


def words(element) -> str:
    return " ".join(element.text.split())


def save(browser, email, path="/account/email/new"):
    form = browser.get(path).form
    form["email"] = email
    return form.submit(expect_errors=True)


def profile(site, browser):
    return site_of(site.wsgi.registry).people.profile(browser.account_id())


def test_a_new_address_gets_a_link_that_confirms_it(site, alice, mail_server):
    sent = save(alice, ADDRESS)
    assert in_words(sent.location) == f"{ISSUER}/account/email?done=sent"
    [mail] = mail_server.mails
    assert mail.recipients == (ADDRESS,)
    assert profile(site, alice)["email_verified"] is False
    form = alice.follow(sent).forms[1]
    form["code"] = TOKEN.search(mail.text.replace("\r\n", "\n"))[1]
    form.submit()
    assert profile(site, alice)["email_verified"] is True


def test_the_former_confirmed_address_is_told(site, mail_server):
    alice = confirmed(site, "alice")
    save(alice, ANOTHER)
    settled()
    told, [mail] = (
        {mail.recipients[0]: mail for mail in mail_server.mails},
        [mail for mail in mail_server.mails if mail.recipients == (ADDRESS,)],
    )
    assert told.keys() == {ADDRESS, ANOTHER}
    assert mail.message["Subject"] == (
        "The e-mail address of your account at oauthprov was changed"
    )
    assert ANOTHER not in mail.text


def test_the_same_address_again_stays_confirmed_and_nobody_is_told(site, mail_server):
    alice = confirmed(site, "alice")
    assert in_words(save(alice, ADDRESS).location) == f"{ISSUER}/account?done=address"
    settled()
    assert (mail_server.mails, profile(site, alice)["email_verified"]) == ([], True)


def test_an_invalid_address_is_shown_again(alice):
    page = save(alice, "<nobody>")
    assert page.status_int == 422
    assert words(page.html.find(id="problem")) == "This is not a valid e-mail address."
    assert page.form["email"].value == "<nobody>"
    assert "problem" in page.html.find(id="email")["aria-describedby"]


def test_without_mail_the_address_is_saved(quiet):
    alice = quiet.browser().sign_up("alice")
    page = alice.follow(save(alice, ADDRESS))
    assert "Your e-mail address was saved." in page.text
    assert ADDRESS in words(page.html.main)
    save(alice, "")
    assert "email" not in profile(quiet, alice)
    assert "Enter an e-mail address" in alice.get("/account").text


def test_a_mail_that_cannot_be_sent_leaves_the_address_to_be_confirmed_later(alice, mail_server):
    mail_server.replies["RCPT"] = "550 no"
    assert save(alice, ADDRESS).location == f"{ISSUER}/account/email"
    assert "Send a link" in alice.get("/account/email").text


def asking(site, browser, **more):
    app = relying_party(site)
    return app, browser.authorize(app, scope="openid email", **more)


def test_consent_says_that_there_is_no_address_and_leads_there_and_back(site, alice, mail_server):
    app, consent = asking(site, alice)
    note = consent.html.find(id="address")
    assert words(note) == (
        "Your account has no e-mail address. The app may not work without one. "
        "Enter an e-mail address"
    )
    page = alice.follow(save(alice, ADDRESS, note.a["href"]))
    back = page.html.find("a", string="Back to the app's request")["href"]
    consent = alice.follow(alice.get(back))
    assert "isn't confirmed. The app may not accept it." in words(consent.html.find(id="address"))
    form = alice.get(consent.html.find(id="address").a["href"]).forms[1]
    form["code"] = TOKEN.search(mail_server.mails[-1].text.replace("\r\n", "\n"))[1]
    consent = alice.follow(form.submit())
    assert consent.html.find(id="address") is None
    tokens = app.exchange(arrived(alice.decide(consent))["code"]).json
    said = app.userinfo(tokens["access_token"]).json
    assert (said["email"], said["email_verified"]) == (ADDRESS, True)


def test_a_sign_in_that_is_too_old_is_renewed_on_the_way(site, alice):
    _, consent = asking(site, alice)
    site.clock.pass_by(RECENT)
    sent = alice.get(consent.html.find(id="address").a["href"])
    login = alice.follow(sent)
    assert words(login.html.h1) == "Sign in again"
    form = login.forms[0]
    form["password"] = PASSWORD
    page = alice.follow(form.submit())
    assert page.request.path == "/account/email/new"
    cancel = page.html.find("a", string="Cancel")["href"]
    assert "asks for access" in alice.follow(alice.get(cancel)).text
    site.clock.pass_by(RECENT)
    login = alice.follow(alice.get(consent.html.find(id="address").a["href"]))
    assert "asks for access" in alice.follow(login.forms["leave"].submit()).text


def test_consent_without_the_scope_email_says_nothing_of_it(site, alice):
    app = relying_party(site)
    assert alice.authorize(app, scope="openid profile").html.find(id="address") is None


def test_where_nobody_can_confirm_an_address_consent_does_not_ask_for_it(quiet):
    alice = quiet.browser().sign_up("alice")
    save(alice, ADDRESS)
    assert asking(quiet, alice)[1].html.find(id="address") is None


def sign_up(site, email=None, name="alice"):
    browser = site.browser()
    form = browser.get("/signup").form
    form["name"], form["password"] = name, PASSWORD
    if email is not None:
        form["email"] = email
    return browser, form.submit(expect_errors=True)


def test_by_default_sign_up_asks_for_no_address(quiet):
    assert "email" not in quiet.browser().get("/signup").form.fields


@pytest.mark.parametrize("asks", ["optional", "required"])
def test_an_address_at_sign_up_is_stored_and_gets_a_link(settings, mail_server, asks):
    site = prompt_site(**settings, **{"signup.email": asks})
    browser, done = sign_up(site, ADDRESS)
    settled()
    assert done.status_int == 303
    assert profile(site, browser)["email"] == ADDRESS
    assert [mail.recipients for mail in mail_server.mails] == [(ADDRESS,)]
    site.close()


def test_only_a_required_address_may_not_be_missing():
    for asks, status in (("optional", 303), ("required", 422)):
        site = openid_site(**{"signup.email": asks})
        _, done = sign_up(site, " ")
        assert done.status_int == status
        site.close()


def test_a_wrong_address_at_sign_up_keeps_what_was_typed():
    site = openid_site(**{"signup.email": "required"})
    _, page = sign_up(site, "nobody")
    assert page.status_int == 422
    assert words(page.html.find(id="problem")) == "This is not a valid e-mail address."
    assert page.html.find(id="email")["aria-invalid"] == "true"
    assert (page.form["name"].value, page.form["email"].value) == ("alice", "nobody")
    site.close()


def test_asking_for_an_address_needs_the_scope_email():
    scopes = OPENID.replace("email |", "mail |")
    wrong = sites.ini("sqlite://", scopes=scopes, **{"signup.email": "optional"})
    with pytest.raises(
        ConfigurationError, match=r"signup\.email needs the scopes openid and email"
    ):
        Settings.from_ini(wrong)
