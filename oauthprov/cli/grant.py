"""``oauthprov grant``: list grants, and revoke one.

A grant is one authorization of a client by an account. Revoking it revokes all its tokens at once;
resources that verify the signature of a JWT access token accept that until it expires. ``oauthprov
token`` revokes all grants of a user or client, and the tokens that a client got for itself. With
``--json``, ``list`` prints ``{"grants": [GRANT, ...]}`` and ``revoke`` a GRANT: the fields of the
record and its ``state``.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_facts, show_json, show_table
from oauthprov.cli.users.naming import account_id_of, add_account
from oauthprov.protocol.admin.access import revoke
from oauthprov.records import Grant
from oauthprov.storage.interface import Stored

_TIMES = ("created_at", "last_used_at", "expires_at", "auth_time")


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    every = verbs.add_parser("list", help="list grants")
    add_ini(every)
    which = every.add_mutually_exclusive_group()
    add_account(which, "--user", "--account-id")
    which.add_argument(
        "--client", metavar="CLIENT_ID", help="only those of one client; reads all grants"
    )
    every.set_defaults(run=_list)

    revoke = verbs.add_parser("revoke", help="revoke a grant with all its tokens")
    add_ini(revoke)
    revoke.add_argument("grant_id")
    revoke.set_defaults(run=_revoke)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        now, found = on.clock(), _grants(on, arguments)
        if arguments.json:
            show_json({"grants": (_document(stored, now) for stored in found)})
            return
        head = ("GRANT", "STATE", "CLIENT", "ACCOUNT", "CREATED", "LAST USED", "SCOPES")
        show_table(head, (_row(stored, now) for stored in found))


def _grants(on: Opened, arguments: argparse.Namespace) -> Iterator[Stored[Grant]]:
    account_id = account_id_of(on, arguments.user, arguments.account_id)
    index = {} if account_id is None else {"account_id": account_id}
    for stored in on.storage.walk(Grant, **index):
        if arguments.client in (None, stored.record.client_id):
            yield stored


def _revoke(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        stored = _grant(on, arguments.grant_id)
        before = stored.state(on.clock())
        revoke(on.storage, stored, on.clock())
        stored, now = _grant(on, arguments.grant_id), on.clock()
    if arguments.json:
        show_json(_document(stored, now))
    else:
        show_facts(
            _document(stored, now)
            | {name: moment(getattr(stored.record, name)) for name in _TIMES}
        )
    done = "The grant is revoked, with all its tokens."
    note(done if before == "live" else f"The grant was {before} already.")


def _grant(on: Opened, grant_id: str) -> Stored[Grant]:
    stored = on.storage.get(Grant, grant_id)
    if stored is None:
        raise Refused(f"There is no grant {grant_id}.")
    return stored


def _document(stored: Stored[Grant], now: int) -> dict[str, object]:
    facts = dataclasses.asdict(stored.record) | {"state": stored.state(now)}
    del facts["session_key"]
    return facts


def _row(stored: Stored[Grant], now: int) -> tuple[str, ...]:
    grant = stored.record
    return (
        grant.grant_id,
        stored.state(now),
        grant.client_id,
        grant.account_id,
        moment(grant.created_at),
        moment(grant.last_used_at),
        " ".join(grant.scopes),
    )
