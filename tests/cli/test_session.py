"""``oauthprov session``: ended sessions are over at a server on the same storage."""

from __future__ import annotations

import time

import pytest

from oauthprov.records import Account, Grant, LogoutDelivery, Session
from oauthprov.storage import open_storage
from tests import site as sites
from tests.cli.conftest import write_ini


@pytest.fixture
def run(on_each):
    """The command, on each engine."""
    return on_each


@pytest.fixture
def server(run):
    """A server of the command's .ini, which goes by the real time as the command does."""
    settings = sites.ini(run.url, scopes=sites.OPENID)
    write_ini(run.ini, settings)
    made = sites.standalone(settings)
    made.clock.now = int(time.time())
    yield made
    made.close()


def is_signed_in(browser):
    return browser.get("/account").status_int == 200


def listed(run, name="alice"):
    return run("session", "list", name, "--json").json["sessions"]


def test_list_shows_the_live_sessions_and_nothing_to_sign_in_with(run, server):
    browser = server.browser().sign_up("alice")
    [one] = listed(run)
    members = ["session_id", "created_at", "last_seen_at", "auth_time", "expires_at"]
    assert list(one) == [*members, "amr", "address", "user_agent"]
    assert one["session_id"] in run("session", "list", "alice").out
    storage = open_storage(run.url)
    [stored] = storage.walk(Session)
    storage.close()
    shown = run("session", "list", "alice", "--json").out
    assert stored.record.key not in shown
    assert str(stored.record.sid) not in shown
    assert is_signed_in(browser)


def test_one_session_ends_and_the_other_goes_on(run, server):
    first, second = server.browser().sign_up("alice"), server.browser()
    before = listed(run)[0]["session_id"]
    second.sign_in("alice")
    done = run("session", "end", "alice", before, "--json")
    assert [one["session_id"] for one in done.json["ended"]] == [before]
    assert done.err == "The session has ended.\n"
    assert (is_signed_in(first), is_signed_in(second)) == (False, True)
    assert len(listed(run)) == 1


def test_all_sessions_end(run, server):
    first, second = server.browser().sign_up("alice"), server.browser().sign_in("alice")
    other = server.browser().sign_up("bob")
    assert len(run("session", "end", "alice", "--all", "--json").json["ended"]) == 2
    assert listed(run) == []
    assert [is_signed_in(one) for one in (first, second, other)] == [False, False, True]


@pytest.mark.parametrize("everything", [False, True])
def test_clients_of_an_ended_session_are_notified(run, server, everything):
    browser = server.browser().sign_up("alice")
    app = server.app(
        name="Printer", scopes=("openid",), backchannel_logout_uri="https://app.example/logout"
    )
    app.tokens(browser, scope="openid")
    which = "--all" if everything else listed(run)[0]["session_id"]
    assert run("session", "end", "alice", which).code == 0
    storage = open_storage(run.url)
    [delivery] = storage.walk(LogoutDelivery)
    assert delivery.record.client_id == app.client.client_id
    assert [one.state(int(time.time())) for one in storage.walk(Grant)] == ["revoked"]
    [account] = storage.walk(Account)
    assert account.record.epoch == int(everything)
    storage.close()


def test_an_unknown_session_or_one_of_another_account_is_refused(run, server):
    server.browser().sign_up("alice")
    server.browser().sign_up("bob")
    [bobs] = listed(run, "bob")
    for wrong in (bobs["session_id"], "nothing", ""):
        done = run("session", "end", "alice", wrong)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"There is no session {wrong}")
    assert len(listed(run)) == len(listed(run, "bob")) == 1
    assert run("session", "list", "carol").err == "There is no user carol.\n"


def test_end_needs_one_session_or_all(run):
    assert run("session", "end", "alice").code == 2
    assert run("session", "end", "alice", "x", "--all").code == 2
