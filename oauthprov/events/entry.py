"""Entries of the audit, made of events."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from oauthprov.events.event import Event
from oauthprov.records import AuditEntry, is_key

VALUE_LIMIT = 500
"""Characters of a value of an entry, at most."""

_DAY = 86_400


def entry_of(event: Event, number: int, keep: int) -> AuditEntry:
    """Return the entry of an event; ``number`` is unique in its request, ``keep`` are days."""
    origin = event.origin
    details = dict(event.details())
    if event.grant_id:
        details["grant_id"] = event.grant_id
    client_id = event.client_id
    if client_id is not None and not is_key(client_id):  # sent by somebody who isn't a client
        details["client_id"] = client_id
        client_id = None
    return AuditEntry(
        key=f"{origin.request_id}.{number}",
        event=event.name,
        at=origin.at,
        day=day_of(origin.at),
        expires_at=origin.at + keep * _DAY,
        details=json.dumps({name: _cut(text) for name, text in details.items()}),
        account_id=event.account_id,
        client_id=client_id,
        address=origin.address,
        actor=origin.actor,
    )


def day_of(at: int) -> str:
    """Return the date of a time in UTC, such as ``2027-01-31``."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"
