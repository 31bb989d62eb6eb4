"""Confirming an e-mail address by what is mailed to it: OpenID Connect Core section 5.1."""

from __future__ import annotations

import logging
import re

import pytest
from pyramid.config import Configurator

from oauthprov.credentials import digest
from oauthprov.mail import Mailer, Message
from oauthprov.records import EmailVerification
from oauthprov.web.site import site_of
from tests import site as sites
from tests.done import in_words
from tests.site import ISSUER, OPENID, Browser
from tests.smtp import SmtpServer
from tests.web.openid import openid_site, relying_party

ADDRESS, OTHER = "alice@example.org", "alice@example.com"
UNPROVEN = "This link was used, has expired"
LINK = re.compile(rf"^{re.escape(ISSUER)}/account/email#([\w-]{{43}})$", re.MULTILINE)


@pytest.fixture
def site(settings):
    made = openid_site(**settings)
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return with_address(site.browser().sign_up("alice"))


def with_address(browser: Browser, address: str = ADDRESS) -> Browser:
    """Store an address, which no mail has confirmed yet."""
    account_id = browser.page.cookies["__Host-oauthprov_sid"].partition(".")[0]
    site_of(browser.site.wsgi.registry).people.set_email(account_id, address)
    return browser


def send(browser: Browser):
    """Press the button that sends a link."""
    return browser.get("/account/email").forms[0].submit(expect_errors=True)


def mailed(mail_server: SmtpServer) -> str:
    """The token of the last mail."""
    return LINK.search(mail_server.mails[-1].text.replace("\r\n", "\n"))[1]


def confirm(browser: Browser, code: str):
    """Fill in the code and press the button, as the script does when the link is opened."""
    form = browser.get("/account/email").forms[1]
    form["code"] = code
    return form.submit(expect_errors=True)


def is_confirmed(browser: Browser) -> bool:
    page = browser.get("/account").text
    assert (">confirmed<" in page) != (">not confirmed<" in page)
    return ">confirmed<" in page


def test_a_link_confirms_the_address(site, alice, mail_server):
    assert not is_confirmed(alice)
    sent = send(alice)
    assert sent.status_int == 303
    assert in_words(sent.location) == f"{ISSUER}/account/email?done=sent"
    assert "We have sent you a link." in alice.follow(sent).text
    done = confirm(alice, mailed(mail_server))
    assert done.status_int == 303
    assert in_words(done.location) == f"{ISSUER}/account?done=email"
    assert "Your e-mail address is confirmed." in alice.follow(done).text
    assert is_confirmed(alice)
    assert f"{ADDRESS} is confirmed." in " ".join(
        alice.get("/account/email").html.main.text.split()
    )


def test_apps_get_email_verified(site, alice, mail_server):
    app = relying_party(site)
    token = app.tokens(alice, scope="openid profile email")["access_token"]
    assert app.userinfo(token).json["email_verified"] is False
    send(alice)
    site.clock.pass_by(60)
    confirm(alice, mailed(mail_server))
    said = app.userinfo(token).json
    assert (said["email"], said["email_verified"]) == (ADDRESS, True)
    assert said["updated_at"] == site.clock.now


def test_the_mail_names_sender_subject_and_expiry(site, alice, mail_server):
    send(alice)
    [mail] = mail_server.mails
    assert (mail.sender, mail.recipients) == ("id@example.org", (ADDRESS,))
    assert mail.message["Subject"] == "Confirm your e-mail address for oauthprov"
    assert "until 16 January 2027, 08:00 UTC" in mail.text


def test_the_mail_contains_no_text_from_the_account(site, mail_server):
    """Otherwise anybody could send any text to strangers in our name."""
    mallory = site.browser().sign_up("You won: call 555")
    form = with_address(mallory).get("/account/profile").form
    form["name"] = form["nickname"] = "You won: call 555"
    form.submit()
    send(mallory)
    # Not the digits: the Message-ID of the mail may have them too.
    assert "You won" not in mail_server.mails[0].message.as_string()


def test_fetching_the_link_confirms_nothing(site, alice, mail_server):
    send(alice)
    token = mailed(mail_server)
    assert alice.get(f"/account/email?code={token}").status_int == 200
    assert alice.get(f"/account/email#{token}").status_int == 200
    assert not is_confirmed(alice)


def test_the_page_has_the_headers_of_every_page(site, alice):
    for browser in (alice, site.browser()):
        page = browser.get("/account/email")
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert not page.html.select("[style], style, script:not([src])")


def test_a_link_works_once(site, alice, mail_server):
    send(alice)
    token = mailed(mail_server)
    confirm(alice, token)
    with_address(with_address(alice, OTHER), ADDRESS)
    assert not is_confirmed(alice)
    again = confirm(alice, token)
    assert (again.status_int, UNPROVEN in again.text) == (422, True)
    assert not is_confirmed(alice)


def test_a_link_expires(site, mail_server, settings):
    patient = openid_site(**settings | {"mail.link_lifetime": "600"})
    alice = with_address(patient.browser().sign_up("alice"))
    send(alice)
    patient.clock.pass_by(600)
    assert confirm(alice, mailed(mail_server)).status_int == 422
    assert not is_confirmed(alice)
    patient.close()


def test_a_new_link_ends_the_earlier_one(alice, mail_server):
    send(alice)
    earlier = mailed(mail_server)
    send(alice)
    assert confirm(alice, earlier).status_int == 422
    assert confirm(alice, mailed(mail_server)).status_int == 303


def test_a_link_does_not_confirm_another_address(alice, mail_server):
    send(alice)
    with_address(alice, OTHER)
    assert confirm(alice, mailed(mail_server)).status_int == 422
    assert not is_confirmed(alice)


def test_another_address_is_unconfirmed(alice, mail_server):
    send(alice)
    confirm(alice, mailed(mail_server))
    assert not is_confirmed(with_address(alice, OTHER))


def test_a_link_does_not_confirm_for_another_account(site, alice, mail_server):
    """Even if another account has the same address and opens the link."""
    send(alice)
    bob = with_address(site.browser().sign_up("bob"))
    assert confirm(bob, mailed(mail_server)).status_int == 422
    assert not is_confirmed(bob)
    assert confirm(alice, mailed(mail_server)).status_int == 303


def test_a_visitor_signs_in_first(site, alice):
    visitor = site.browser()
    page = visitor.get("/account/email")
    assert page.status_int == 200
    leads_to = page.html.find(id="sign-in-first")["href"]
    assert leads_to == f"{ISSUER}/login?page=email"
    form = visitor.get(leads_to).form
    form["name"], form["password"] = "alice", sites.PASSWORD
    assert form.submit().location == f"{ISSUER}/account/email"
    for path in ("/account/email", "/account/email/link"):
        assert site.post(path, {}).location == leads_to


def test_storage_has_a_digest_alone(site, alice, mail_server):
    send(alice)
    [stored] = site.storage.walk(EmailVerification)
    assert stored.record.key == f"{stored.record.account_id}.{digest(mailed(mail_server))}"
    assert mailed(mail_server) not in repr(stored)


def test_the_log_contains_neither_code_nor_address(site, alice, mail_server, caplog):
    caplog.set_level(logging.DEBUG)
    send(alice)
    token = mailed(mail_server)
    confirm(alice, token[:-1])
    confirm(alice, token)
    assert "an account changed" in caplog.text
    assert "changed=email_verified" in caplog.text
    assert token[:-1] not in caplog.text
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize("code", ["", " ", "x" * 1000, "\u202e", "%00", "a\nb"])
def test_a_malformed_code_is_refused(alice, code):
    page = confirm(alice, code)
    assert (page.status_int, UNPROVEN in page.text) == (422, True)


@pytest.mark.parametrize("path", ["/account/email", "/account/email/link"])
def test_a_forged_form_does_nothing(site, alice, mail_server, path):
    send(alice)
    url, code = site.url(path), mailed(mail_server)
    assert alice.page.post(url, {"code": code}, expect_errors=True).status_int == 403
    assert (len(mail_server.mails), is_confirmed(alice)) == (1, False)


@pytest.mark.parametrize("address", [None, ADDRESS])
def test_nothing_is_mailed_where_nothing_is_to_be_confirmed(site, mail_server, address):
    """Without an address, and once it is confirmed."""
    alice = site.browser().sign_up("alice")
    if address is not None:
        send(with_address(alice, address))
        confirm(alice, mailed(mail_server))
    before = len(mail_server.mails)
    token = alice.get("/account").form["csrf_token"].value
    answer = alice.page.post(site.url("/account/email/link"), {"csrf_token": token})
    assert answer.location == f"{ISSUER}/account/email"
    assert len(mail_server.mails) == before
    assert alice.get("/account/email").html.find("form") is None


def test_the_number_of_mails_to_one_account_is_limited(settings, mail_server):
    site = openid_site(**settings | {"mail.limit_account": "2 per hour"})
    alice = with_address(site.browser().sign_up("alice"))
    for address in (ADDRESS, OTHER):
        assert send(with_address(alice, address)).status_int == 303
    refused = send(alice)
    assert (refused.status_int, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert "Too many attempts." in refused.text
    assert len(mail_server.mails) == 2
    site.close()


@pytest.mark.parametrize("limit", ["limit_recipient", "limit_address"])
def test_mails_to_one_address_or_from_one_network_are_limited(settings, mail_server, limit):
    """Mails to one address, in any spelling, and requests of one network."""
    site = openid_site(**settings | {f"mail.{limit}": "1 per hour"})
    send(with_address(site.browser().sign_up("alice")))
    refused = send(with_address(site.browser().sign_up("bob"), ADDRESS.upper()))
    assert (refused.status_int, len(mail_server.mails)) == (429, 1)
    site.close()


def test_a_mail_refused_to_an_account_isn_t_counted_against_the_recipient(settings, mail_server):
    limits = {"mail.limit_account": "1 per hour", "mail.limit_recipient": "2 per hour"}
    site = openid_site(**settings | limits)
    bob = with_address(site.browser().sign_up("bob"))
    assert [send(bob).status_int for _ in range(4)] == [303, 429, 429, 429]
    assert send(with_address(site.browser().sign_up("alice"))).status_int == 303
    site.close()


@pytest.mark.parametrize(
    "replies", [{"RCPT": f"550 no {ADDRESS}"}, {"CONNECT": "421 busy"}, {"TAKEN": "451 later"}]
)
def test_a_refusing_mail_server_is_reported_on_the_page(alice, mail_server, caplog, replies):
    mail_server.replies |= replies
    page = send(alice)
    assert page.status_int == 503
    assert "The e-mail couldn't be sent." in page.text
    assert 'problem="the mail server' in caplog.text
    assert ADDRESS not in caplog.text


def test_links_follow_the_issuer(site, alice, mail_server):
    token = alice.get("/account/email").forms[0]["csrf_token"].value
    name = "__Host-oauthprov_sid"
    headers = {"Host": "evil.example", "Cookie": f"{name}={alice.page.cookies[name]}"}
    site.post("/account/email/link", {"csrf_token": token}, headers=headers)
    assert mailed(mail_server)
    assert "evil.example" not in mail_server.mails[0].message.as_string()


@pytest.mark.parametrize(
    "more",
    [
        {"mail.url": ""},
        {"scopes": OPENID.replace("email |", "mail |")},
        {"scopes": OPENID.replace("openid |", "openly |")},
    ],
    ids=["no mail", "no scope email", "no openid"],
)
def test_without_mail_or_openid_there_is_no_page(settings, more):
    site = openid_site(**settings | more)
    alice = site.browser().sign_up("alice")
    for path in ("/account/email", "/account/email/link"):
        assert alice.get(path).status_int == 404
    assert "onfirm" not in alice.get("/account").text
    assert alice.get("/account/email/new").status_int == (404 if "scopes" in more else 200)
    site.close()


class Kept(Mailer):
    """A host's mailer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


def test_a_host_can_use_its_own_mailer():
    mailer = Kept()
    with Configurator(
        settings=sites.ini("sqlite://", development="true", scopes=OPENID)
    ) as config:
        config.include("oauthprov")
        config.set_oauth_mailer(mailer)
        site = sites.assembled(config, ISSUER)
    alice = with_address(site.browser().sign_up("alice"))
    send(alice)
    [message] = mailer.messages
    assert message.to == ADDRESS
    assert confirm(alice, LINK.search(message.text)[1]).status_int == 303
    assert is_confirmed(alice)
    site.close()
