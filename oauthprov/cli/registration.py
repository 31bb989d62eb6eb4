"""``oauthprov registration``: manage initial access tokens.

An initial access token (RFC 7591) lets its holder register clients until it expires or is used up.
With ``--json``, ``token list`` prints ``{"initial_access_tokens": [TOKEN, ...]}`` and ``token
add`` one TOKEN: the fields of the record without its secret, and its ``state``: ``good``,
``expired`` or ``used up``. ``uses_left`` is null if the uses are unlimited. ``token add`` also
prints ``initial_access_token``, which is never shown again.
"""

from __future__ import annotations

import argparse
import dataclasses

from oauthprov.cli.ini import add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_facts, show_json, show_table
from oauthprov.protocol.registration import initial_access
from oauthprov.protocol.registration.initial_access import LIFETIME
from oauthprov.records import InitialAccessToken


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    things = group.add_subparsers(metavar="token", required=True)
    verbs = things.add_parser("token", help="initial access tokens").add_subparsers(
        metavar="VERB", required=True
    )
    add = verbs.add_parser("add", help="create a token; it is shown once")
    add_ini(add)
    uses = add.add_mutually_exclusive_group()
    uses.add_argument(
        "--uses", metavar="N", type=_count, default=1, help="clients it may register (default: 1)"
    )
    uses.add_argument(
        "--unlimited", dest="uses", action="store_const", const=None, help="any number of clients"
    )
    add.add_argument(
        "--lifetime",
        metavar="SECONDS",
        type=_count,
        default=LIFETIME,
        help=f"lifetime of the token (default: {LIFETIME}, a week)",
    )
    add.add_argument("--note", default="", help="a note for operators, such as who gets it")
    add.set_defaults(run=_add)

    every = verbs.add_parser("list", help="list the tokens")
    add_ini(every)
    every.set_defaults(run=_list)

    revoke = verbs.add_parser("revoke", help="revoke a token; clients registered with it stay")
    add_ini(revoke)
    revoke.add_argument("token_id", help="the TOKEN ID that list shows")
    revoke.set_defaults(run=_revoke)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError("must be a whole number above 0")
    return int(text)


def _add(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        try:
            record, token = initial_access.issue(
                on.storage,
                on.clock(),
                lifetime=arguments.lifetime,
                uses=arguments.uses,
                note=arguments.note,
            )
        except initial_access.WrongNote:
            most = initial_access.NOTE_LIMIT
            raise Refused(f"A note may have at most {most} characters, in one line.") from None
        mode = on.settings.registration
    if arguments.json:
        show_json(_document(record, "good") | {"initial_access_token": token})
    else:
        times = {name: moment(getattr(record, name)) for name in ("created_at", "expires_at")}
        show_facts(_document(record, "good") | times | {"initial_access_token": token})
        note("Save the token now: it can't be shown again.")
    if mode == "closed":
        note("oauthprov.registration is closed, so no client can register with this token yet.")
    if mode == "open":
        note("oauthprov.registration is open, so only machine clients need a token.")


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        now = on.clock()
        found = (
            (stored.record, initial_access.state(stored, now))
            for stored in initial_access.every(on.storage)
        )
        if arguments.json:
            show_json({"initial_access_tokens": (_document(*token) for token in found)})
            return
        rows = (
            (t.token_id, state, _uses(t), moment(t.created_at), moment(t.expires_at), t.note)
            for t, state in found
        )
        show_table(("TOKEN ID", "STATE", "USES LEFT", "CREATED", "EXPIRES", "NOTE"), rows)


def _revoke(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        if not initial_access.revoke(on.storage, arguments.token_id, on.clock()):
            raise Refused(f"There is no initial access token {arguments.token_id}.")
    if arguments.json:
        show_json({"revoked": arguments.token_id})
    note(f"Revoked {arguments.token_id}.")


def _document(record: InitialAccessToken, state: str) -> dict[str, object]:
    shown = {k: v for k, v in dataclasses.asdict(record).items() if k != "secret"}
    return shown | {"state": state}


def _uses(record: InitialAccessToken) -> str:
    return "any" if record.uses_left is None else str(record.uses_left)
