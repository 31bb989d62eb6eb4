"""``oauthprov token``: revoked tokens are dead at a server on the same database."""

import time

import pytest

from tests import site as sites
from tests.cli.conftest import write_ini


@pytest.fixture
def server(command):
    """A server over the command's database, which goes by the real time as the command does."""
    made = sites.standalone(sites.ini(command.url))
    made.clock.now = int(time.time())
    yield made
    made.close()


@pytest.fixture
def granted(server):
    """An application with a grant of alice, its access token, and alice's browser."""
    alice = server.browser().sign_up("alice")
    app = server.app(name="Printer")
    return app, app.tokens(alice)["access_token"], alice


@pytest.fixture
def machine(server):
    """A machine and the access token that it got for itself."""
    app = server.app("machine", name="Job")
    answer = app.post("token", {"grant_type": "client_credentials"})
    return app, answer.json["access_token"]


def lives(server, app, token):
    """Whether introspection, which reads the storage, calls the token active."""
    return app.introspect(token)["active"]


def grant_ids(command, *options):
    document = command("token", "list", "--json", *options).json
    return [grant["grant_id"] for grant in document["grants"]]


def test_list_shows_grants_and_the_tokens_of_machines(command, granted, machine):
    app, token, alice = granted
    done = command("token", "list", "--json")
    [grant] = done.json["grants"]
    [own] = done.json["client_tokens"]
    assert grant["client_id"] == app.client.client_id
    assert grant["account_id"] == alice.account_id()
    assert (grant["state"], own["state"]) == ("live", "live")
    assert own["client_id"] == machine[0].client.client_id
    assert "key" not in own
    assert token.partition(".")[2] not in done.out
    assert "profile:read" in command("token", "list").out


@pytest.mark.parametrize("by", ["user", "client"])
def test_revoking_ends_unredeemed_codes(command, server, granted, by):
    app, _, alice = granted
    code, bobs = alice.connect(app)["code"], server.browser().sign_up("bob").connect(app)["code"]
    named = {"user": "alice", "client": app.client.client_id}
    assert command("token", "revoke", f"--{by}", named[by]).code == 0
    assert app.exchange(code).json["error"] == "invalid_grant"
    assert app.exchange(bobs).status_int == (200 if by == "user" else 400)


def test_list_by_user_and_by_client(command, granted, machine):
    app = granted[0]
    assert len(grant_ids(command, "--user", "ALICE")) == 1
    assert len(grant_ids(command, "--client", app.client.client_id)) == 1
    assert grant_ids(command, "--client", machine[0].client.client_id) == []
    assert grant_ids(command, "--account-id", "nobody") == []


@pytest.mark.parametrize("by", ["user", "grant", "client"])
def test_revoked_tokens_are_dead_at_the_server(command, server, granted, machine, by):
    app, token, _ = granted
    assert lives(server, app, token)
    which = {
        "user": "alice",
        "grant": grant_ids(command)[0],
        "client": app.client.client_id,
    }[by]
    done = command("token", "revoke", f"--{by}", which, "--json")
    assert done.json == {"grants": 1, "client_tokens": 0}
    assert not lives(server, app, token)
    assert lives(server, *machine)
    again = command("token", "revoke", f"--{by}", which, "--json")
    assert again.json == {"grants": 0, "client_tokens": 0}


def test_a_machine_loses_its_own_tokens(command, server, granted, machine):
    app, token = machine
    done = command("token", "revoke", "--client", app.client.client_id, "--json")
    assert done.json == {"grants": 0, "client_tokens": 1}
    assert "read: 3" in done.err
    assert not lives(server, app, token)
    assert lives(server, *granted[:2])


@pytest.mark.parametrize("option", ["--user", "--grant"])
def test_an_unknown_user_client_or_token_is_reported(command, option):
    done = command("token", "revoke", option, "nobody")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith("There is no ")


def test_revoke_needs_an_argument(command):
    assert command("token", "revoke").code == 2


def test_everything_ends_at_once(command, server, granted, machine):
    """What an old backup brought back to life, too."""
    app, token, alice = granted
    code = alice.connect(app)["code"]
    done = command("token", "revoke", "--all", "--json")
    assert done.json == {"grants": 1, "client_tokens": 1, "sessions": 1}
    assert not lives(server, app, token)
    assert not lives(server, *machine)
    assert app.exchange(code).status_int == 400
    assert "/login" in alice.get("/account").location
    again = command("token", "revoke", "--all")
    assert again.code == 0
    assert "sessions" in again.out
    server.browser().sign_in("alice")
    events = [one["event"] for one in command("audit", "list", "--json").json["events"]]
    assert {"session.ended", "grant.revoked", "token.revoked"} <= set(events)


def test_list_and_revoke_say_that_tokens_of_machines_may_be_jwts(command, server, machine):
    client_id = machine[0].client.client_id
    assert "JWT" not in command("token", "list").err
    api = "https://api.example/v1 | profile:read | An API | jwt"
    write_ini(command.ini, sites.ini(command.url, resources=api))
    for verb in ("list", "revoke"):
        done = command("token", verb, "--client", client_id, "--json")
        assert "JWT access tokens that clients got for themselves aren't stored" in done.err
        assert done.json["client_tokens"]
    server.browser().sign_up("alice")
    assert "JWT" not in command("token", "list", "--user", "alice").err
