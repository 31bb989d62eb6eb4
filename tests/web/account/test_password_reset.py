"""Resetting a forgotten password by a link that is mailed to a confirmed address."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from oauthprov.mail.outbox import IN_BACKGROUND
from oauthprov.records import PasswordReset
from oauthprov.web.site import site_of
from tests.done import in_words
from tests.receiver import Receiver
from tests.site import ISSUER, OPENID, PASSWORD, Browser, Site
from tests.smtp import SmtpServer
from tests.web.account.mailing import ADDRESS, confirmed, prompt_site, settled
from tests.web.account.test_device_cookie import attack
from tests.web.account.test_login import enter
from tests.web.openid import relying_party

NEW_PASSWORD = "staple battery horse"
LINK = re.compile(rf"^{re.escape(ISSUER)}/login/new-password#([\w.-]{{66}})$", re.MULTILINE)
SENT = "If an account has this user name or confirmed e-mail address"
UNPROVEN = "This link was used or has expired, or the account has changed."


@pytest.fixture
def site(settings):
    made = prompt_site(**settings)
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return confirmed(site, "alice")


def ask(site: Site, entered: str, browser: Browser | None = None, query: str = "", **environ):
    """Send the form of the first page, and wait for the mails."""
    form = (browser or site.browser()).get("/login/reset" + query).form
    form["name"] = entered
    answer = form.submit(expect_errors=True, extra_environ=environ)
    settled()
    return answer


def tokens(mail_server: SmtpServer) -> list[str]:
    """The tokens of the last mail."""
    return LINK.findall(text(mail_server))


def text(mail_server: SmtpServer) -> str:
    return mail_server.mails[-1].text.replace("\r\n", "\n")


def change(site: Site, token: str, password: str = NEW_PASSWORD, browser: Browser | None = None):
    """Fill in the second page, as the script does when the link is opened, and send it."""
    form = (browser or site.browser()).get("/login/new-password").form
    form["code"], form["password"] = token, password
    answer = form.submit(expect_errors=True)
    settled()
    return answer


def reset_token(site: Site, mail_server: SmtpServer, entered: str = "alice") -> str:
    ask(site, entered)
    [token] = tokens(mail_server)
    return token


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_int == 200


@pytest.mark.parametrize("entered", ["alice", " ALICE ", ADDRESS, "Alice@Example.org"])
def test_a_mailed_link_sets_a_new_password(site, alice, mail_server, entered):
    browser = site.browser()
    sent = ask(site, entered, browser)
    assert sent.status_int == 303
    assert in_words(sent.location) == f"{ISSUER}/login/reset?done=sent"
    assert SENT in browser.follow(sent).text
    assert SENT not in site.browser().follow(sent).text
    [mail] = mail_server.mails
    assert mail.recipients == (ADDRESS,)
    assert mail.message["Subject"] == "Set a new password for oauthprov"
    assert "For the account alice:" in text(mail_server)
    assert "until 15 January 2027, 08:30 UTC" in text(mail_server)
    [token] = tokens(mail_server)
    done = change(site, token)
    assert done.status_int == 303
    assert in_words(done.location) == f"{ISSUER}/login/new-password?done=password"
    assert enter(site.browser(), "alice").status_int == 401
    assert enter(site.browser(), "alice", NEW_PASSWORD).status_int == 303


def test_the_user_signs_in_after_the_reset(site, alice, mail_server):
    """Whoever has the mail of another person's account isn't signed in by a click."""
    phone = site.browser()
    done = change(site, reset_token(site, mail_server), browser=phone)
    page = phone.follow(done)
    assert "Your password was changed" in page.text
    assert not is_in(phone)
    assert page.html.find(id="sign-in-now")["href"] == f"{ISSUER}/login?page=account"
    assert enter(phone, "alice", NEW_PASSWORD, query="?page=account").status_int == 303
    assert is_in(phone)


def test_all_sessions_end(site, alice, mail_server):
    phone = site.browser().sign_in("alice")
    change(site, reset_token(site, mail_server), browser=phone)
    assert not is_in(alice)
    assert not is_in(phone)


def test_other_accounts_of_the_browser_stay_signed_in(site, alice, mail_server):
    bob = site.browser().sign_up("bob")
    page = bob.follow(change(site, reset_token(site, mail_server), browser=bob))
    assert is_in(bob)
    form = bob.get(page.html.find(id="sign-in-now")["href"]).form
    form["name"], form["password"] = "alice", NEW_PASSWORD
    assert "alice" in bob.follow(form.submit()).text


def test_the_relying_parties_are_notified(settings, mail_server, receiver: Receiver):
    site = prompt_site(**settings | receiver.settings | {"logout.worker": "true"})
    app = relying_party(site, backchannel_logout_uri=receiver.uri)
    alice = confirmed(site, "alice")
    token = app.tokens(alice, scope="openid")["access_token"]
    change(site, reset_token(site, mail_server))
    site_of(site.wsgi.registry).provider.worker.join(30)
    assert len(receiver.tokens()) == 1
    assert app.introspect(token) == {"active": False}
    site.close()


def test_a_mail_says_that_the_password_was_changed(site, alice, mail_server):
    change(site, reset_token(site, mail_server))
    mail = mail_server.mails[-1]
    assert (len(mail_server.mails), mail.recipients) == (2, (ADDRESS,))
    assert mail.message["Subject"] == "Your password for oauthprov was changed"
    assert "account alice" in text(mail_server)
    assert f"{ISSUER}/login/reset\n" in text(mail_server)
    assert tokens(mail_server) == []


def test_a_mail_says_so_after_a_change_on_the_account_page(site, alice, mail_server):
    form = alice.get("/account/password").form
    form["current"], form["password"] = PASSWORD, NEW_PASSWORD
    assert form.submit().status_int == 303
    settled()
    [mail] = mail_server.mails
    assert mail.message["Subject"] == "Your password for oauthprov was changed"


def test_a_mail_says_so_where_passwords_are_not_reset_by_mail(settings, mail_server):
    site = prompt_site(**settings | {"mail.reset_lifetime": "0"})
    form = confirmed(site, "alice").get("/account/password").form
    form["current"], form["password"] = PASSWORD, NEW_PASSWORD
    assert form.submit().status_int == 303
    settled()
    assert f"{ISSUER}/account/password\n" in text(mail_server)
    site.close()


def test_an_account_without_a_confirmed_address_gets_no_mail(site, mail_server):
    browser = site.browser().sign_up("bob")
    site_of(site.wsgi.registry).people.set_email(browser.account_id(), ADDRESS)
    for entered in ("bob", ADDRESS):
        assert ask(site, entered).status_int == 303
    form = browser.get("/account/password").form
    form["current"], form["password"] = PASSWORD, NEW_PASSWORD
    form.submit()
    settled()
    assert mail_server.mails == []


def test_one_mail_names_each_account_of_an_address_with_its_own_link(site, alice, mail_server):
    confirmed(site, "bob")
    ask(site, ADDRESS)
    [_] = mail_server.mails
    parts = text(mail_server).split("For the account ")[1:]
    links = {part.partition(":")[0]: LINK.search(part)[1] for part in parts}
    assert sorted(links) == ["alice", "bob"]
    change(site, links["bob"])
    assert enter(site.browser(), "bob", NEW_PASSWORD).status_int == 303
    assert enter(site.browser(), "alice").status_int == 303


def page_of(answer) -> str:
    """A page without what is random in it."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


def test_the_answer_is_the_same_for_unknown_names_and_addresses(site, alice, mail_server):
    answers, pages = set(), set()
    for entered in ("alice", "nobody", ADDRESS, "nobody@example.org", "", "\u202e", "x" * 3000):
        browser = site.browser()
        answer = ask(site, entered, browser)
        answers.add((answer.status_int, in_words(answer.location), *sorted(answer.headers)))
        pages.add(page_of(browser.follow(answer)))
    assert len(answers) == len(pages) == 1
    assert len(mail_server.mails) == 2


def test_the_answer_waits_for_nothing_that_depends_on_the_account(site, alice, mail_server):
    """Neither the storage nor the mail server holds it up: both come after it."""
    mail_server.held = threading.Event()
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    assert form.submit().status_int == 303
    assert mail_server.mails == []
    mail_server.held.set()
    settled()
    assert len(mail_server.mails) == 1


@pytest.mark.parametrize("entered", ["alice", "nobody"])
def test_the_request_itself_reads_no_account(site, alice, mail_server, entered):
    """The work begins later: beside the answer it would slow that down for names that exist."""
    outbox, over, pauses = site_of(site.wsgi.registry).outbox, threading.Event(), []
    outbox.pause = lambda seconds: pauses.append(seconds) or over.wait(30)
    form = site.browser().get("/login/reset").form
    form["name"] = entered
    reads = site.storage.trips(lambda: [form.submit(), form.submit()])
    assert reads == (0, 0)
    over.set()
    settled()
    assert len(set(pauses)) == 2
    assert all(1 <= seconds <= 3 for seconds in pauses)
    assert len(mail_server.mails) == (2 if entered == "alice" else 0)


def test_a_storage_that_fails_in_the_background_is_logged(site, alice, caplog):
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    site.storage.close()
    vars(site_of(site.wsgi.registry).people)["_storage"] = Broken()
    assert form.submit().status_int == 303
    settled()
    assert "a password reset wasn't mailed: down" in caplog.text


class Broken:
    """A storage that is down."""

    def get(self, *arguments):
        from oauthprov.storage.interface import StorageError

        raise StorageError("down")


@pytest.mark.parametrize(
    "replies", [{"RCPT": f"550 no {ADDRESS}"}, {"CONNECT": "421 busy"}, {"TAKEN": "451 later"}]
)
def test_a_refusing_mail_server_is_in_the_log_alone(site, alice, mail_server, caplog, replies):
    mail_server.replies |= replies
    assert ask(site, "alice").status_int == 303
    assert "a mail wasn't sent" in caplog.text
    assert 'problem="the mail server' in caplog.text
    assert ADDRESS not in caplog.text


def test_a_link_works_once(site, alice, mail_server):
    token = reset_token(site, mail_server)
    assert change(site, token).status_int == 303
    again = change(site, token, PASSWORD)
    assert (again.status_int, UNPROVEN in again.text) == (422, True)
    assert again.html.find("a", href=f"{ISSUER}/login/reset") is not None
    assert enter(site.browser(), "alice", NEW_PASSWORD).status_int == 303


def test_a_link_lasts_thirty_minutes(site, alice, mail_server):
    token = reset_token(site, mail_server)
    site.clock.pass_by(1800)
    assert change(site, token).status_int == 422


def test_the_lifetime_of_a_link_is_a_setting(settings, mail_server):
    site = prompt_site(**settings | {"mail.reset_lifetime": "600"})
    confirmed(site, "alice")
    assert "within 10 minutes" in " ".join(site.browser().get("/login/reset").html.text.split())
    token = reset_token(site, mail_server)
    site.clock.pass_by(600)
    assert change(site, token).status_int == 422
    site.close()


def test_a_reset_ends_the_other_links(site, alice, mail_server):
    earlier, later = reset_token(site, mail_server), reset_token(site, mail_server)
    assert change(site, later).status_int == 303
    assert change(site, earlier).status_int == 422


def test_a_link_for_a_changed_address_is_refused(site, alice, mail_server):
    token = reset_token(site, mail_server)
    form = alice.get("/account/email/new").form
    form["email"] = "alice@example.com"
    form.submit()
    assert change(site, token).status_int == 422
    assert enter(site.browser(), "alice").status_int == 303


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "A password needs 15 characters or more."),
        ("", "A password needs 15 characters or more."),
        ("x" * 1025, "A password has at most 1024 characters."),
        ("alice-alice-alice", "A password can't consist of your user name"),
    ],
)
def test_a_refused_password_leaves_the_link_valid(site, alice, mail_server, password, says):
    token = reset_token(site, mail_server)
    page = change(site, token, password)
    assert (page.status_int, says in page.html.find(id="problem").text) == (422, True)
    assert page.form["code"].value == token
    page.form["password"] = NEW_PASSWORD
    assert page.form.submit().status_int == 303


@pytest.mark.parametrize("code", ["", " ", "x" * 1000, "\u202e", "%00", "a\nb", "a.b", "."])
def test_a_malformed_code_is_refused(site, alice, code):
    page = change(site, code)
    assert (page.status_int, UNPROVEN in page.text) == (422, True)


def test_fetching_the_link_changes_nothing(site, alice, mail_server):
    token = reset_token(site, mail_server)
    assert site.get(f"/login/new-password?code={token}").status_int == 200
    assert site.get(f"/login/new-password#{token}").status_int == 200
    assert token not in site.get(f"/login/new-password?code={token}").text
    assert enter(site.browser(), "alice").status_int == 303
    assert change(site, token).status_int == 303


@pytest.mark.parametrize("path", ["/login/reset", "/login/new-password"])
def test_a_forged_form_does_nothing(site, alice, mail_server, path):
    fields = {"name": "alice"}
    if path == "/login/new-password":
        fields = {"code": reset_token(site, mail_server), "password": NEW_PASSWORD}
    before = len(mail_server.mails)
    assert site.post(path, fields).status_int == 403
    settled()
    assert len(mail_server.mails) == before
    assert enter(site.browser(), "alice").status_int == 303


def test_storage_has_a_digest_alone(site, alice, mail_server):
    token = reset_token(site, mail_server)
    [stored] = site.storage.walk(PasswordReset)
    assert token.partition(".")[2] not in repr(stored)


def test_the_log_contains_neither_code_nor_address_nor_name(site, alice, mail_server, caplog):
    caplog.set_level(logging.DEBUG)
    for entered in (ADDRESS, "nobody@example.org", "alice"):
        ask(site, entered)
    [token] = tokens(mail_server)
    change(site, token[:-1])
    change(site, token)
    assert 'changed="password sessions"' in caplog.text
    for secret in (token[:-1], ADDRESS, "nobody", NEW_PASSWORD, "alice"):
        assert secret not in caplog.text


def test_links_follow_the_issuer(site, alice, mail_server):
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    form.submit(extra_environ={"HTTP_X_FORWARDED_HOST": "evil.example"})
    settled()
    assert tokens(mail_server)
    assert "evil.example" not in text(mail_server)


def test_the_mail_is_in_the_language_of_the_browser(settings, mail_server):
    site = prompt_site(**settings | {"languages": "en de"})
    confirmed(site, "alice")
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    form.submit(headers={"Accept-Language": "de"})
    settled()
    assert "Passwort" in text(mail_server)
    site.close()


def test_links_for_one_name_are_limited_whether_it_exists_or_not(settings, mail_server):
    site = prompt_site(**settings | {"mail.limit_account": "2 per hour"})
    confirmed(site, "alice")
    for entered in ("alice", "nobody"):
        statuses = [
            ask(site, name, REMOTE_ADDR=f"192.0.2.{number}").status_int
            for number, name in enumerate((entered, entered.upper(), entered))
        ]
        assert statuses == [303, 303, 429]
    assert len(mail_server.mails) == 2
    refused = ask(site, "alice")
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many attempts." in refused.html.find(id="problem").text
    site.close()


def test_links_requested_from_one_network_are_limited(settings):
    site = prompt_site(**settings | {"mail.limit_address": "2 per hour"})
    statuses = [ask(site, f"bob{number}", REMOTE_ADDR="192.0.2.1").status_int for number in "123"]
    assert statuses == [303, 303, 429]
    site.close()


def test_a_recipient_gets_a_limited_number_of_mails_and_the_page_does_not_show_it(
    settings, mail_server
):
    site = prompt_site(**settings | {"mail.limit_recipient": "2 per hour"})
    confirmed(site, "alice")
    confirmed(site, "bob")
    pages = {
        page_of(site.browser().follow(ask(site, entered)))
        for entered in ("alice", "bob", ADDRESS, "nobody")
    }
    assert (len(mail_server.mails), len(pages)) == (2, 1)
    # The earlier link still works, although no further one is sent.
    assert change(site, tokens(mail_server)[0]).status_int == 303
    site.close()


def test_more_requests_than_can_wait_are_refused_whether_the_name_exists_or_not(
    site, alice, mail_server
):
    outbox, held = site_of(site.wsgi.registry).outbox, threading.Event()
    for _ in range(IN_BACKGROUND):
        assert outbox.later(held.wait)
    forms = []
    for entered in ("alice", "nobody"):
        form = site.browser().get("/login/reset").form
        form["name"] = entered
        forms.append(form)
    answers = [form.submit(expect_errors=True) for form in forms]
    held.set()
    settled()
    for answer in answers:
        assert (answer.status_int, answer.headers["Retry-After"]) == (503, "60")
        assert "Too many e-mails are being sent." in answer.html.find(id="problem").text
    assert mail_server.mails == []
    assert ask(site, "alice").status_int == 303
    assert len(mail_server.mails) == 1


def test_the_sign_in_page_leads_to_it_and_back_to_the_request(site, alice, mail_server):
    app, browser = site.app(), site.browser()
    page = browser.follow(browser.get(app.authorization_url()))
    leads_to = page.html.find("a", string=re.compile("Forgot your password"))["href"]
    assert leads_to.startswith(f"{ISSUER}/login/reset?interaction=")
    form = browser.get(leads_to).form
    form["name"] = "alice"
    sent = browser.follow(form.submit())
    settled()
    change(site, tokens(mail_server)[0], browser=site.browser())
    back = browser.get(sent.html.find("a", string="Back to sign-in")["href"]).form
    back["name"], back["password"] = "alice", NEW_PASSWORD
    assert "/oauth/authorize?interaction=" in back.submit().location


@pytest.mark.parametrize(
    "more",
    [
        {"mail.url": ""},
        {"scopes": OPENID.replace("email |", "mail |")},
        {"scopes": OPENID.replace("openid |", "openly |")},
        {"mail.reset_lifetime": "0"},
    ],
    ids=["no mail", "no scope email", "no openid", "switched off"],
)
def test_without_mail_or_confirmed_addresses_there_is_no_page(settings, more):
    site = prompt_site(**settings | more)
    for path in ("/login/reset", "/login/new-password"):
        assert site.get(path).status_int == 404
    assert "Forgot" not in site.get("/login").text
    attack(site_with_name(site), "alice", guesses=11)
    page = enter(site.browser(), "alice")
    assert page.html.find(id="advice").text == (
        "You can sign in now in another browser where you have signed in before."
    )
    site.close()


def site_with_name(site: Site) -> Site:
    site.browser().sign_up("alice")
    return site


def test_a_lock_out_says_what_to_do_and_a_reset_ends_it(site, alice, mail_server):
    """In the browser of the reset even while the guesses go on; elsewhere once they stop."""
    attack(site, "alice", guesses=11)
    browser = site.browser()
    page = enter(browser, "alice")
    assert page.status_int == 429
    assert "after you have set a new password" in page.html.find(id="advice").text
    assert page.html.find(id="password")["aria-describedby"] == "problem advice"
    assert "Forgot your password?" in page.text
    change(site, reset_token(site, mail_server), browser=browser)
    assert enter(site.browser(), "alice", NEW_PASSWORD).status_int == 303
    attack(site, "alice", guesses=11)
    assert enter(site.browser(), "alice", NEW_PASSWORD).status_int == 429
    assert enter(browser, "alice", NEW_PASSWORD).status_int == 303


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a_lock_out_says_the_same_of_an_unknown_name(site, alice, name):
    attack(site, name, guesses=11)
    page = enter(site.browser(), name)
    assert (page.status_int, page.html.find(id="advice") is not None) == (429, True)


def test_pages_have_the_headers_of_every_page(site):
    for path in ("/login/reset", "/login/new-password"):
        page = site.get(path)
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert not page.html.select("[style], style, script:not([src])")


def test_a_reset_takes_effect_on_a_full_storage(small_redis, settings, mail_server):
    url, client = small_redis
    site = prompt_site(**settings | {"storage.url": url})
    alice = confirmed(site, "alice")
    token = reset_token(site, mail_server)
    form = site.browser().get("/login/new-password").form
    form["code"], form["password"] = token, NEW_PASSWORD
    client.config_set("maxmemory", "1")
    assert form.submit(expect_errors=True).status_int == 303
    client.config_set("maxmemory", "0")
    settled()
    assert not is_in(alice)
    assert enter(site.browser(), "alice", NEW_PASSWORD).status_int == 303
    assert change(site, token, PASSWORD).status_int == 422
    site.close()
