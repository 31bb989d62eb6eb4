"""What threads of the server do without a request is an event that says which of them did it."""

from __future__ import annotations

import json
import logging

import pytest

from oauthprov.events import trail
from oauthprov.protocol.purging import HOUR
from oauthprov.records import Account, AuditEntry
from oauthprov.web.site import site_of
from tests.receiver import Receiver
from tests.servers.run import until
from tests.site import Site
from tests.smtp import SmtpServer
from tests.web.account.mailing import ADDRESS, confirmed, prompt_site, settled
from tests.web.account.test_deletion import delete
from tests.web.openid import openid_site, register_itself, relying_party

GRACE = 14 * 86_400


def done_by(site: Site, actor: str) -> list[tuple[str, str | None, dict[str, str]]]:
    """What a worker has done, by event, account or client, and details; the oldest first."""
    site_of(site.wsgi.registry).events.recorder.join(60)
    entries = [*trail.newest(site.storage, site.clock(), 30)][::-1]
    assert all(one.address == "" for one in entries if one.actor == actor)
    return [
        (one.event, one.about, json.loads(one.details)) for one in entries if one.actor == actor
    ]


def purged(site: Site) -> None:
    """Take all steps of a pass of the purge."""
    while site_of(site.wsgi.registry).provider.purging.work() is not None:
        pass


def signed_out(receiver: Receiver, reply: str) -> tuple[Site, str]:
    """Let alice sign out of a client that gives this reply; return the site and the client."""
    site = openid_site(**receiver.settings | {"logout.worker": "true"})
    app = relying_party(site, backchannel_logout_uri=receiver.uri)
    alice = site.browser().sign_up("alice")
    app.tokens(alice, scope="openid")
    receiver.reply(reply)
    alice.get("/logout").form.submit()
    return site, app.client.client_id


def test_a_delivered_logout_is_the_worker_s(receiver):
    site, client_id = signed_out(receiver, "200 OK")
    site_of(site.wsgi.registry).provider.worker.join(30)
    [alice] = site.storage.walk(Account)
    whose = alice.record.account_id
    assert done_by(site, "worker:logout") == [("logout.delivered", whose, {})]
    [told] = [one.record for one in site.storage.walk(AuditEntry) if one.record.actor]
    assert (told.account_id, told.client_id) == (whose, client_id)
    site.close()


def test_the_log_of_a_refused_logout_names_the_work(receiver, caplog):
    site, _ = signed_out(receiver, "500 No")

    def refused() -> list[logging.LogRecord]:
        found = [one for one in caplog.records if "answered a logout token" in one.getMessage()]
        if not found:
            raise RuntimeError("no refusal is logged yet")
        return found

    until(refused)
    assert [len(line.request_id) for line in refused()] == [24]
    assert done_by(site, "worker:logout") == []
    site.close()


@pytest.fixture
def mails():
    made = SmtpServer()
    yield made
    made.close()


def test_the_removal_of_an_account_and_its_mail_are_the_purge_s(mails):
    url = f"smtp://localhost:{mails.port}?tls=off"
    site = prompt_site(**{"mail.url": url, "mail.sender": "id@example.org"})
    account_id = confirmed(site, "alice", ADDRESS).account_id()
    delete(site.browser().sign_in("alice"))
    site.clock.pass_by(GRACE + HOUR)
    purged(site)
    settled()
    assert sorted(done_by(site, "worker:purge"), key=str) == [
        ("account.removed", account_id, {}),
        ("mail.sent", account_id, {"mail": "account_removed"}),
    ]
    site.close()


def test_the_removal_of_an_unused_client_is_the_purge_s():
    site = openid_site()
    client_id = register_itself(site).json["client_id"]
    site.clock.pass_by(site_of(site.wsgi.registry).settings.registration_unused_lifetime + 1)
    purged(site)
    assert done_by(site, "worker:purge") == [("client.removed", client_id, {})]
    site.close()


def test_a_fetched_logo_changes_its_client(gallery):
    site = openid_site(**gallery.settings)
    client_id = register_itself(site, logo_uri=gallery.uri).json["client_id"]
    site_of(site.wsgi.registry).provider.logo_worker.join(30)
    changed = ("client.changed", client_id, {"changed": "logo"})
    assert done_by(site, "worker:logos") == [changed]
    site.close()
