"""``oauthprov audit``: what has happened, and why a request was refused."""

from __future__ import annotations

from oauthprov.events import Reason, RequestRefused
from oauthprov.events.entry import entry_of
from oauthprov.events.event import Origin
from oauthprov.storage.interface import Add


def refuse(command, request_id="0" * 24, **more):
    """Store what the server stores of a refused request."""
    origin = Origin(command_now(command), request_id, "192.0.2.1")
    event = RequestRefused(
        endpoint="token",
        error="invalid_grant",
        reason=Reason.REDIRECT_URI_MISMATCH,
        compared="sent 'https://app.example:8443/', authorization request had 'https://app.example/'",
        origin=origin,
        **more,
    )
    storage = command.storage()
    storage.commit(Add(entry_of(event, 1, 30)), now=origin.at)
    storage.close()


def command_now(command) -> int:
    from oauthprov.cli.ini import Opened

    return Opened.clock()


def test_what_the_operator_does_is_in_the_audit(on_each):
    alice = on_each.user("alice")
    on_each("user", "disable", "alice")
    done = on_each("audit", "list", "--user", "alice", "--json").json["events"]
    assert [(one["event"], one["actor"]) for one in done] == [
        ("account.changed", "operator"),
        ("account.created", "operator"),
    ]
    assert {one["account_id"] for one in done} == {alice["account_id"]}
    assert done[0]["changed"] == "disabled sessions"
    table = on_each("audit", "list", "--user", "alice").out
    assert table.count("actor=operator") == 2
    assert "actor=operator changed=disabled sessions" in table


def test_a_client_is_found_by_its_id_and_an_event_by_its_name(command):
    client = command.client()["client_id"]
    command("client", "rotate-secret", client)
    listed = command("audit", "list", "--client", client)
    assert listed.out.count(client) == 2
    assert "changed=client_secret" in listed.out
    only = command("audit", "list", "--event", "client.registered", "--json").json["events"]
    assert [one["event"] for one in only] == ["client.registered"]
    assert command("audit", "list", "--limit", "1", "--json").json["events"][0]["changed"]


def test_a_refused_request_is_explained_with_the_values_compared(command):
    refuse(command, client_id="app")
    said = command("audit", "explain", "0" * 24)
    assert said.code == 0
    assert "The redirect_uri differs from that of the authorization request." in said.out
    assert "sent 'https://app.example:8443/'" in said.out
    assert "error: invalid_grant" in said.out
    document = command("audit", "explain", "0" * 24, "--json").json
    assert document["events"][0]["reason"] == "redirect_uri_mismatch"


def test_a_request_that_left_nothing_is_said_to_be_unknown(command):
    said = command("audit", "explain", "f" * 24)
    assert said.code == 1
    assert "oauthprov.audit.keep" in said.err


def test_what_a_stranger_sent_can_t_command_the_terminal(command):
    refuse(command, client_id="a\x1b[2J\u202e\nb")
    for said in (command("audit", "list"), command("audit", "explain", "0" * 24)):
        assert all(line.isprintable() for line in said.out.splitlines())
        assert "\\x1b[2J" in said.out


def test_an_event_that_doesn_t_exist_is_wrong_usage(command):
    said = command("audit", "list", "--event", "sign_in.fialed")
    assert said.code == 2
    assert "sign_in.failed" in said.err


def test_without_an_audit_the_command_says_so(command):
    with command.ini.open("a", encoding="utf-8") as ini:
        ini.write("oauthprov.audit.keep = 0\n")
    command.user("alice")
    listed = command("audit", "list", "--json")
    assert (listed.code, listed.json) == (0, {"events": []})
    assert "oauthprov.audit.keep is 0" in listed.err
    assert "oauthprov.audit.keep is 0" in command("audit", "explain", "f" * 24).err
