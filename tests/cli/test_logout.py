"""``oauthprov logout``: delivering logout tokens from cron."""

from __future__ import annotations

import time

from oauthprov.protocol.logout.backchannel import delivery
from oauthprov.records import Grant, LogoutDelivery
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples


def leave_behind(command, *options: str) -> None:
    """Register a client and end one of its sessions."""
    client = command(
        "client", "add", "--type=web", "--name=Printer", "--json",
        "--redirect-uri=https://app.example/callback", *options,
    ).json  # fmt: skip
    now = int(time.time())
    storage = command.storage()
    grant = samples.fill(Grant, "grant", bare=True)
    made = samples.replace(grant, client_id=client["client_id"], account_id="alice", sid="s")
    storage.commit(Add(delivery(now, made, "s", made.account_id)), now=now)
    storage.close()


def left(command) -> int:
    storage = command.storage()
    found = list(storage.walk(LogoutDelivery))
    storage.close()
    return len(found)


def test_deliver_with_nothing_due_delivers_nothing(command):
    done = command("logout", "deliver", "--json")
    assert (done.code, done.json) == (0, {"notified": 0, "left": 0})


def test_a_client_that_cannot_be_reached_stays_in_the_queue(command):
    leave_behind(command, "--backchannel-logout-uri=https://app.invalid/logout")
    done = command("logout", "deliver")
    assert (done.code, done.err) == (0, "0 logouts delivered, 1 left for later.\n")
    assert left(command) == 1


def test_a_client_without_a_logout_uri_is_dropped_from_the_queue(command):
    leave_behind(command)
    assert command("logout", "deliver", "--json").json == {"notified": 1, "left": 0}
    assert left(command) == 0


def test_client_commands_store_the_logout_fields(command):
    after = "https://app.example/bye"
    told = "https://app.example/logout"
    made = command(
        "client", "add", "--type=web", "--name=Printer", "--json",
        "--redirect-uri=https://app.example/callback", f"--post-logout-redirect-uri={after}",
        f"--backchannel-logout-uri={told}", "--backchannel-logout-session-required",
    ).json  # fmt: skip
    assert made["post_logout_redirect_uris"] == [after]
    assert made["backchannel_logout_uri"] == told
    assert made["backchannel_logout_session_required"] is True


def test_a_delivery_is_an_event_of_the_operator(command, receiver):
    with command.ini.open("a", encoding="utf-8") as ini:
        ini.writelines(
            f"oauthprov.{name} = {value}\n" for name, value in receiver.settings.items()
        )
    leave_behind(command, f"--backchannel-logout-uri={receiver.uri}")
    assert command("logout", "deliver", "--json").json == {"notified": 1, "left": 0}
    [delivered] = command("audit", "list", "--event=logout.delivered", "--json").json["events"]
    assert delivered["actor"] == "operator"
