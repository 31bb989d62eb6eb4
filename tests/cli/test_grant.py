"""``oauthprov grant``: a revoked grant is dead at a server on the same storage."""

from __future__ import annotations

import time

import pytest

from oauthprov.records import Grant
from oauthprov.storage import open_storage
from tests import site as sites


@pytest.fixture
def run(on_each):
    """The command, on each engine."""
    return on_each


@pytest.fixture
def server(run):
    """A server on the command's storage, which goes by the real time as the command does."""
    made = sites.standalone(sites.ini(run.url))
    made.clock.now = int(time.time())
    yield made
    made.close()


@pytest.fixture
def granted(server):
    """Two applications, each with a token, the first of alice and the second of bob."""
    alice, bob = server.browser().sign_up("alice"), server.browser().sign_up("bob")
    printer, editor = server.app(name="Printer"), server.app(name="Editor")
    return (
        (printer, printer.tokens(alice)["access_token"]),
        (editor, editor.tokens(bob)["access_token"]),
    )


def listed(run, *options):
    return run("grant", "list", "--json", *options).json["grants"]


def test_list_shows_grants_of_all_of_a_user_and_of_a_client(run, granted):
    (printer, token), (editor, _) = granted
    assert len(listed(run)) == 2
    [alices] = listed(run, "--user", "ALICE")
    assert alices["client_id"] == printer.client.client_id
    assert (alices["state"], alices["scopes"]) == ("live", ["profile:read"])
    [editors] = listed(run, "--client", editor.client.client_id)
    assert editors["client_id"] == editor.client.client_id
    assert listed(run, "--account-id", alices["account_id"]) == [alices]
    assert listed(run, "--client", "nobody") == []
    out = run("grant", "list").out
    assert alices["grant_id"] in out
    assert token.partition(".")[2] not in out
    assert "session_key" not in alices


def test_a_revoked_grant_is_dead_and_others_live(run, granted):
    (printer, token), (editor, other) = granted
    [alices] = listed(run, "--user", "alice")
    done = run("grant", "revoke", alices["grant_id"], "--json")
    assert (done.code, done.json["state"]) == (0, "revoked")
    assert printer.introspect(token)["active"] is False
    assert editor.introspect(other)["active"] is True
    again = run("grant", "revoke", alices["grant_id"])
    assert (again.code, again.err) == (0, "The grant was revoked already.\n")
    assert alices["grant_id"] in again.out


def test_an_unknown_grant_or_user_is_refused(run):
    done = run("grant", "revoke", "nothing")
    assert (done.code, done.out, done.err) == (1, "", "There is no grant nothing.\n")
    assert run("grant", "list", "--user", "alice").err == "There is no user alice.\n"


def test_a_list_without_grants_is_empty(run):
    assert listed(run) == []
    storage = open_storage(run.url)
    assert list(storage.walk(Grant)) == []
    storage.close()
