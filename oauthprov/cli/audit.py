"""``oauthprov audit``: list what has happened, and say why a request was refused.

``list`` prints the newest events first. With ``--json`` it prints ``{"events": [EVENT, ...]}``,
and ``explain`` ``{"request_id", "events"}``. An EVENT has ``event``, ``at`` (epoch seconds),
``request_id``, and what is known of ``account_id``, ``client_id``, ``grant_id``, ``address``,
``actor`` and the members of its kind.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_json, show_table
from oauthprov.cli.users.naming import account_id_of
from oauthprov.events import KINDS, Reason, trail
from oauthprov.records import AuditEntry

_NAMES = sorted(kind.name for kind in KINDS)
_MEANINGS = {reason.value: reason.meaning for reason in Reason}


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)

    listing = verbs.add_parser("list", help="list events, the newest first")
    add_ini(listing)
    whose = listing.add_mutually_exclusive_group()
    whose.add_argument("--user", metavar="NAME", help="only those of this account")
    whose.add_argument("--account-id", metavar="ID", help="the same, by the id of the account")
    whose.add_argument("--client", metavar="ID", help="only those of this client")
    listing.add_argument(
        "--event",
        choices=_NAMES,
        metavar="NAME",
        help="only this kind, such as sign_in.failed (docs/events.md)",
    )
    listing.add_argument(
        "--limit", type=int, default=100, metavar="N", help="how many at most (default: 100)"
    )
    listing.set_defaults(run=_list)

    explain = verbs.add_parser("explain", help="say what happened in a request, and why")
    add_ini(explain)
    explain.add_argument("request_id", metavar="REQUEST_ID", help="from the header X-Request-Id")
    explain.set_defaults(run=_explain)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        _note_if_off(on)
        found = islice(_wanted(on, arguments), max(arguments.limit, 0))
        if arguments.json:
            show_json({"events": map(document, found)})
            return
        head = ("TIME", "EVENT", "ACCOUNT", "CLIENT", "ADDRESS", "DETAILS", "REQUEST")
        show_table(head, map(_row, found))


def _note_if_off(on: Opened) -> None:
    if not on.settings.audit_keep:
        note("oauthprov.audit.keep is 0, so no events are stored any more.")


def _wanted(on: Opened, arguments: argparse.Namespace) -> Iterator[AuditEntry]:
    account_id = account_id_of(on, arguments.user, arguments.account_id)
    about = account_id or arguments.client
    for entry in trail.newest(on.storage, on.clock(), on.settings.audit_keep, about):
        if arguments.event in (None, entry.event):
            yield entry


def _explain(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        _note_if_off(on)
        found = trail.of_request(on.storage, arguments.request_id, on.clock())
    if not found:
        raise Refused(
            f"There is nothing about the request {arguments.request_id}: it changed nothing, and"
            " was refused at most for its address, its method or a missing token; or the server"
            " failed, which the log explains; or its events are older than oauthprov.audit.keep"
            " days; or too many came."
        )
    if arguments.json:
        events = [document(entry) for entry in found]
        show_json({"request_id": arguments.request_id, "events": events})
        return
    for entry in found:
        print("\n".join(_explained(entry)))
    if len(found) == trail.OF_A_REQUEST:
        note(f"Only the first {len(found)} events are shown: oauthprov audit list has all.")


def document(entry: AuditEntry) -> dict[str, object]:
    """Return the JSON document of an entry."""
    known = {
        "event": entry.event,
        "at": entry.at,
        "request_id": entry.key.partition(".")[0],
        "account_id": entry.account_id,
        "client_id": entry.client_id,
        "address": entry.address,
        "actor": entry.actor,
    }
    return {name: value for name, value in known.items() if value} | dict(trail.details(entry))


def _row(entry: AuditEntry) -> tuple[str, ...]:
    known = ({"actor": entry.actor} if entry.actor else {}) | dict(trail.details(entry))
    said = " ".join(f"{name}={trail.printable(value)}" for name, value in known.items())
    request_id = entry.key.partition(".")[0]
    who, client = entry.account_id or "", entry.client_id or ""
    return (moment(entry.at), entry.event, who, client, entry.address, said, request_id)


def _explained(entry: AuditEntry) -> Iterator[str]:
    known = document(entry)
    yield f"{moment(entry.at)}  {entry.event}"
    meaning = _MEANINGS.get(str(known.get("reason")))
    if meaning is not None:
        yield f"  {meaning}"
    for name, value in known.items():
        if name not in ("event", "at", "request_id"):
            yield f"  {name}: {trail.printable(str(value))}"
