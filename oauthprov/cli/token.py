"""``oauthprov token``: list and revoke grants and tokens.

A grant is one authorization of a client by an account; revoking it revokes all its tokens at once.
``revoke`` also removes authorization codes that could still become grants, without counting them.
With ``--all``, it revokes everything of all users and clients, and ends all sessions; clients
aren't notified of that.
Tokens of the client credentials grant belong to no grant and are revoked one by one. JWT access
tokens aren't stored: this server refuses one once its grant is revoked or its client disabled, and
resources that verify signatures accept it until it expires. Both verbs say so if a resource has
JWTs. With
``--json``, ``list`` prints ``{"grants": [...], "client_tokens": [...]}``: the fields of the
records and their ``state``, without the keys of tokens; ``revoke`` prints how many of each were
live, as ``{"grants": N, "client_tokens": N}``, with ``--all`` also the number of ``sessions``.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_facts, show_json, show_table
from oauthprov.cli.progress import counting, counting_beside_output
from oauthprov.cli.users.naming import account_id_of, add_account
from oauthprov.events import SessionEnded, TokenRevoked, on_commit
from oauthprov.protocol.admin.access import revoked
from oauthprov.records import AccessToken, AuthorizationCode, Grant, PendingSignIn, Session
from oauthprov.storage.interface import Claim, Conflict, Remove, Revoke, Stored, batches

Seen = Callable[[int], None]


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    every = verbs.add_parser(
        "list",
        help="list grants, and tokens of the client credentials grant that aren't JWTs",
    )
    add_ini(every)
    which = every.add_mutually_exclusive_group()
    add_account(which, "--user", "--account-id")
    which.add_argument(
        "--client",
        metavar="CLIENT_ID",
        help="only those of one client; reads all grants and tokens",
    )
    every.set_defaults(run=_list, grant=None)

    revoke = verbs.add_parser("revoke", help="revoke grants and tokens at once")
    add_ini(revoke)
    which = revoke.add_mutually_exclusive_group(required=True)
    add_account(which, "--user", "--account-id")
    which.add_argument("--grant", metavar="GRANT_ID", help="one grant")
    which.add_argument(
        "--client", metavar="CLIENT_ID", help="all of one client; reads all grants and tokens"
    )
    which.add_argument(
        "--all", action="store_true", help="everything of everybody, with all sessions"
    )
    revoke.set_defaults(run=_revoke)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on, counting_beside_output("Grants and tokens read") as seen:
        now = on.clock()
        _note_jwts(on, arguments)
        grants, tokens = _grants(on, arguments, seen), _client_tokens(on, arguments, seen)
        if arguments.json:
            document = partial(_document, now=now)
            show_json({"grants": map(document, grants), "client_tokens": map(document, tokens)})
            return
        row = partial(_row, now=now)
        head = ("GRANT", "STATE", "CLIENT", "ACCOUNT", "EXPIRES", "SCOPES")
        show_table(head, chain(map(row, grants), map(row, tokens)))


def _revoke(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        now = on.clock()
        grants = tokens = 0
        ended = {"sessions": _end_sessions(on, now)} if arguments.all else {}
        with counting("Grants and tokens read") as seen:
            # Codes before grants: a code redeemed meanwhile has a grant, which is then revoked.
            for codes in batches(_codes(on, arguments)):
                removed = [Remove(AuthorizationCode, code.record.key) for code in codes]
                on.storage.commit(*removed, now=now)
            for some in batches(_grants(on, arguments, seen)):
                live = [grant.record.grant_id for grant in some if grant.state(now) == "live"]
                if live:
                    for one in some:
                        if one.record.grant_id in live:
                            on_commit(revoked(one.record))
                    on.storage.commit(*map(Revoke, live), now=now)
                grants += len(live)
            for token in _client_tokens(on, arguments, seen):
                # It may have been revoked or have expired since it was read, which is fine.
                with contextlib.suppress(Conflict):
                    on_commit(TokenRevoked(client_id=token.record.client_id))
                    on.storage.commit(Claim(AccessToken, token.record.key), now=now)
                    tokens += 1
        _note_jwts(on, arguments)
    done = {"grants": grants, "client_tokens": tokens} | ended
    if arguments.json:
        show_json(done)
    else:
        show_facts(done)


def _end_sessions(on: Opened, now: int) -> int:
    """End every session, and every sign-in that could still become one."""
    for pending in batches(on.storage.walk(PendingSignIn)):
        on.storage.commit(*(Remove(PendingSignIn, one.record.key) for one in pending), now=now)
    count = 0
    for sessions in batches(on.storage.walk(Session)):
        for one in sessions:
            on_commit(SessionEnded(account_id=one.record.account_id))
        on.storage.commit(*(Remove(Session, one.record.key) for one in sessions), now=now)
        count += len(sessions)
    return count


def _note_jwts(on: Opened, arguments: argparse.Namespace) -> None:
    """Say that clients may have tokens that aren't stored, if grants alone aren't asked for."""
    if on.settings.jwt_resources and not _of_grants(arguments):
        note(
            "JWT access tokens that clients got for themselves aren't stored. To end those of a "
            "client at this server, disable it; APIs that verify signatures accept each until it "
            "expires."
        )


def _of_grants(arguments: argparse.Namespace) -> bool:
    return bool(arguments.grant or arguments.user or arguments.account_id)


def _grants(on: Opened, arguments: argparse.Namespace, seen: Seen) -> Iterator[Stored[Grant]]:
    if arguments.grant is not None:
        stored = on.storage.get(Grant, arguments.grant)
        if stored is None:
            raise Refused(f"There is no grant {arguments.grant}.")
        yield stored
        return
    account_id = account_id_of(on, arguments.user, arguments.account_id)
    index = {} if account_id is None else {"account_id": account_id}
    for stored in on.storage.walk(Grant, **index):
        seen(1)
        if arguments.client in (None, stored.record.client_id):
            yield stored


def _codes(on: Opened, arguments: argparse.Namespace) -> Iterator[Stored[AuthorizationCode]]:
    if arguments.grant is not None:
        return
    account_id = account_id_of(on, arguments.user, arguments.account_id)
    index = {} if account_id is None else {"account_id": account_id}
    for stored in on.storage.walk(AuthorizationCode, **index):
        if arguments.client in (None, stored.record.client_id):
            yield stored


def _client_tokens(
    on: Opened, arguments: argparse.Namespace, seen: Seen
) -> Iterator[Stored[AccessToken]]:
    if _of_grants(arguments):
        return
    for stored in on.storage.walk(AccessToken):
        seen(1)
        wanted = arguments.client in (None, stored.record.client_id)
        if stored.record.grant_id is None and wanted:
            yield stored


def _document(stored: Stored[Grant] | Stored[AccessToken], now: int) -> dict[str, object]:
    hidden = ("key", "session_key")
    facts = {k: v for k, v in dataclasses.asdict(stored.record).items() if k not in hidden}
    return facts | {"state": stored.state(now)}


def _row(stored: Stored[Grant] | Stored[AccessToken], now: int) -> tuple[str, ...]:
    token = stored.record
    return (
        token.grant_id or "-",
        stored.state(now),
        token.client_id,
        token.account_id or "-",
        moment(token.expires_at),
        " ".join(token.scopes),
    )
