"""Mails as events: who caused them, from where, in which request, and why one wasn't sent."""

from __future__ import annotations

import threading

import pytest

from oauthprov.events import trail
from oauthprov.records import AuditEntry
from oauthprov.web.site import site_of
from tests.site import Site
from tests.web.account.mailing import ADDRESS, confirmed, prompt_site, settled
from tests.web.account.test_email_verification import send, with_address
from tests.web.account.test_password_reset import ask, change, tokens

STRANGER = "192.0.2.7"


@pytest.fixture
def site(settings):
    made = prompt_site(**settings)
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return confirmed(site, "alice")


def of_request(site: Site, answer) -> list[AuditEntry]:
    """The entries of the audit that belong to the request of this answer, in their order."""
    settled()
    site_of(site.wsgi.registry).events.recorder.join(60)
    return trail.of_request(site.storage, answer.headers["X-Request-Id"])


def account_id(site: Site, name: str) -> str:
    return site_of(site.wsgi.registry).people.by_name(name).record.account_id


def told(entries: list[AuditEntry]) -> list[tuple]:
    return [(one.event, one.account_id, one.address, trail.details(one)) for one in entries]


@pytest.mark.parametrize("entered", ["alice", ADDRESS])
def test_a_password_reset_belongs_to_the_request_that_asked_for_it(
    site, alice, mail_server, entered
):
    answer = ask(site, entered, REMOTE_ADDR=STRANGER)
    whose = account_id(site, "alice")
    assert told(of_request(site, answer)) == [
        ("password_reset.requested", whose, STRANGER, {}),
        ("mail.sent", whose, STRANGER, {"mail": "password_reset"}),
    ]
    assert len(mail_server.mails) == 1


def test_a_password_reset_for_nobody_is_an_event_too(site, mail_server):
    site.browser().sign_up("alice")  # without an address
    for entered in ("nobody", "alice"):
        answer = ask(site, entered, REMOTE_ADDR=STRANGER)
        assert told(of_request(site, answer)) == [("password_reset.requested", None, STRANGER, {})]


def test_each_account_of_an_address_has_its_own_events(site, alice, mail_server):
    confirmed(site, "bob")
    events = [(one.event, one.account_id) for one in of_request(site, ask(site, ADDRESS))]
    both = {account_id(site, name) for name in ("alice", "bob")}
    assert len(mail_server.mails) == 1
    for name in ("password_reset.requested", "mail.sent"):
        assert {whose for event, whose in events if event == name} == both


@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ({"RCPT": f"550 no {ADDRESS}"}, "the mail server refused the recipient with 550"),
        ({"TAKEN": "451 later"}, "the mail server answered with 451 (SMTPDataError)"),
    ],
)
def test_the_audit_explains_why_no_reset_arrived(site, alice, mail_server, replies, problem):
    mail_server.replies |= replies
    [requested, failed] = told(of_request(site, ask(site, "alice")))
    assert requested[0] == "password_reset.requested"
    assert failed[0] == "mail.not_sent"
    assert failed[3] == {"mail": "password_reset", "how": "failed", "problem": problem}


def test_a_mail_beyond_the_limit_of_its_recipient_is_an_event(settings, mail_server):
    site = prompt_site(**settings | {"mail.limit_recipient": "1 per hour"})
    confirmed(site, "alice")
    ask(site, "alice")
    [requested, refused] = told(of_request(site, ask(site, ADDRESS)))
    assert requested[:2] == ("password_reset.requested", account_id(site, "alice"))
    assert refused[0] == "mail.not_sent"
    assert (refused[3]["mail"], refused[3]["how"]) == ("password_reset", "limit")
    assert len(mail_server.mails) == 1
    site.close()


def test_the_mail_about_a_new_password_belongs_to_the_request_that_set_it(
    site, alice, mail_server
):
    ask(site, "alice")
    [token] = tokens(mail_server)
    events = told(of_request(site, change(site, token)))
    assert [(event, whose) for event, whose, *_ in events] == [
        ("account.changed", account_id(site, "alice")),
        ("mail.sent", account_id(site, "alice")),
    ]
    assert events[-1][3] == {"mail": "password_changed"}


def test_a_confirmation_mail_is_an_event_sent_or_not(site, mail_server):
    alice = with_address(site.browser().sign_up("alice"))
    mail_server.replies["RCPT"] = "550 no"
    refused = send(alice)
    [failed] = told(of_request(site, refused))
    assert failed[:2] == ("mail.not_sent", account_id(site, "alice"))
    assert (failed[3]["mail"], failed[3]["how"]) == ("email_verification", "failed")
    del mail_server.replies["RCPT"]
    [sent] = told(of_request(site, send(alice)))
    assert sent[:2] == ("mail.sent", account_id(site, "alice"))
    assert sent[3] == {"mail": "email_verification"}


def test_work_in_the_background_never_takes_the_events_of_its_request(site, alice, mail_server):
    """The request may still have events that wait for its next commit."""
    held, go_on = threading.Event(), threading.Event()
    outbox = site_of(site.wsgi.registry).outbox

    def pause(seconds: float) -> None:
        held.set()
        go_on.wait(30)

    outbox.pause = pause
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    answers = [form.submit() for _ in range(3)]
    assert held.wait(30)
    go_on.set()
    for answer in answers:
        entries = of_request(site, answer)
        assert [one.event for one in entries] == ["password_reset.requested", "mail.sent"]
        assert len({one.key for one in entries}) == 2
